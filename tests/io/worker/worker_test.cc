// Workers on a net without a kernel: whatever is cut, late or out of order, replies are right.
#include "core/base/clock.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/push.h"
#include "io/worker/worker_priv.h"
#include "tests/support/fake_net.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace
{

class WorkerOnFakeNet : public testing::Test
{
  protected:
    enum { WORKERS = 2, LISTENER_FD = 1 << 23 };

    ~WorkerOnFakeNet() override
    {
        stop();
    }

    static void wake(void *ctx, uint32_t worker)
    {
        worker_group_look(static_cast<WorkerOnFakeNet *>(ctx)->group, worker);
    }

    void start(std::optional<uint64_t> seed, const std::string &text = "")
    {
        fake = std::make_unique<lk::FakeNet>(seed);
        holder = config_holder_new();
        const std::string all = "protected-mode no\n" + text;
        buf error{};
        ASSERT_EQ(config_load_text(holder, bytes_of(all.data(), all.size()), &error), LK_OK)
            << std::string(error.data, error.size);
        engine = std::make_unique<struct engine>();
        engine->config = &config_current(holder)->dispatch;
        engine->fixed.keyspace = keyspace_new(64, 16);
        engine->fixed.commands = command_index_new();
        for (const command *rows :
             {string_commands, string_set_commands, counter_commands, connection_commands})
            command_index_add(engine->fixed.commands, rows);
        engine->fixed.push = push_hub_new();
        engine->fixed.registry = registry_new(WORKERS, wake, this);
        engine->fixed.all_stats = stats_;
        engine->fixed.worker_count = WORKERS;
        token_init(&engine->token);
        worker_setup setup{};
        setup.engine = engine.get();
        setup.config = holder;
        setup.net_new = lk::FakeNet::hook;
        setup.net_ctx = fake.get();
        group = worker_group_new(&setup, WORKERS);
        for (uint32_t i = 0; i < WORKERS; i++)
            stats_[i] = worker_group_stats(group, i);
        shard_set_retry_hook(worker_group_retry, group);
        group->listeners[0].fd = LISTENER_FD;
        group->listeners[0].kind = LISTENER_TCP;
        group->listeners[0].state = LISTENER_NEW;
        worker_group_start(group);
    }

    void stop()
    {
        if (!group)
            return;
        worker_group_stop(group);
        worker_group_join(group);
        shard_set_retry_hook(nullptr, nullptr);
        worker_group_free(group);
        group = nullptr;
        push_hub_free(engine->fixed.push);
        registry_free(engine->fixed.registry);
        token_release(&engine->token);
        keyspace_free(engine->fixed.keyspace);
        command_index_free(engine->fixed.commands);
        config_holder_free(holder);
    }

    static std::string request(const std::vector<std::string> &words)
    {
        std::string s = "*" + std::to_string(words.size()) + "\r\n";
        for (const std::string &w : words)
            s += "$" + std::to_string(w.size()) + "\r\n" + w + "\r\n";
        return s;
    }

    // Until the reply has come whole.
    void expect_reply(int fd, const std::string &want)
    {
        ASSERT_TRUE(fake->wait_received(fd, want.size()));
        EXPECT_EQ(fake->take(fd), want);
    }

    uint64_t refused() const
    {
        uint64_t sum = 0;
        for (const stats *s : stats_)
            sum += stats_read(&s->rejected_connections);
        return sum;
    }

    std::unique_ptr<lk::FakeNet> fake;
    config_holder *holder = nullptr;
    std::unique_ptr<struct engine> engine;
    worker_group *group = nullptr;

  private:
    stats *stats_[WORKERS] = {};
};

TEST_F(WorkerOnFakeNet, AnySchedule)
{
    enum { SEEDS = 6, CLIENTS = 9, COMMANDS = 300 };
    for (uint64_t round = 0; round < SEEDS; round++) {
        const uint64_t seed = test_seed() + round;
        start(seed);
        std::mt19937_64 random(seed);
        std::vector<int> fds;
        std::vector<std::string> want(CLIENTS);
        for (int i = 0; i < CLIENTS; i++)
            fds.push_back(fake->dial());
        for (int i = 0; i < CLIENTS; i++) {
            const std::string key = "k" + std::to_string(i);
            std::string text;
            for (int c = 1; c <= COMMANDS; c++) {
                const std::string value(random() % 400, 'v');
                switch (random() % 3) {
                case 0:
                    text += request({"set", key, value});
                    want[size_t(i)] += "+OK\r\n";
                    break;
                case 1:
                    text += request({"echo", value});
                    want[size_t(i)] += "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
                    break;
                default:
                    text += request({"incr", "n" + key + "-" + std::to_string(c)});
                    want[size_t(i)] += ":1\r\n";
                }
            }
            fake->send(fds[size_t(i)], text);
        }
        for (int i = 0; i < CLIENTS; i++) {
            expect_reply(fds[size_t(i)], want[size_t(i)]);
            switch (i % 3) {
            case 0:
                fake->end(fds[size_t(i)]);
                break;
            case 1:
                fake->cut(fds[size_t(i)], -ECONNRESET);
                break;
            default:
                fake->send(fds[size_t(i)], request({"quit"}));
            }
        }
        for (const int fd : fds)
            EXPECT_TRUE(fake->wait_closed(fd));
        stop();
    }
}

// A connection that breaks while its replies are on their way harms nobody else.
TEST_F(WorkerOnFakeNet, CutInTheMiddle)
{
    start({});
    const int other = fake->dial();
    for (int i = 0; i < 30; i++) {
        const int fd = fake->dial();
        fake->hold_sends(true);
        fake->send(fd, request({"echo", std::string(size_t(i) * 1000, 'x')}) + "*1\r\n$4");
        if (i % 2)
            fake->cut(fd, -ECONNRESET);
        else
            fake->end(fd);
        fake->hold_sends(false);
        EXPECT_TRUE(fake->wait_closed(fd));
        fake->send(other, request({"ping"}));
        expect_reply(other, "+PONG\r\n");
    }
}

// The time above the soft limit ends when all has been sent, and begins anew.
TEST_F(WorkerOnFakeNet, SoftLimitForgetsWhatIsOver)
{
    int64_t now = 1'700'000'000'000;
    clock_fake_unix_ms(now);
    start({}, "client-output-buffer-limit normal 0 1kb 2\n");
    const int fd = fake->dial();
    const std::string value(8000, 'x'), reply = "$8000\r\n" + value + "\r\n";
    for (int i = 0; i < 4; i++) {
        fake->hold_sends(true);
        fake->send(fd, request({"echo", value}));
        fake->send(fd, request({"incr", "seen" + std::to_string(i)}));
        const int other = fake->dial();
        /* Another's command behind it: what was asked first is in flight. */
        fake->send(other, request({"incr", "n"}));
        while (fake->in_flight(fd) == 0 && !fake->closed(fd))
            sched_yield();
        fake->hold_sends(false);
        ASSERT_TRUE(fake->wait_received(fd, reply.size() + 4)) << "closed in round " << i;
        fake->take(fd);
        now += 3000;
        clock_fake_unix_ms(now);
    }
    clock_fake_unix_ms(-1);
}

// More whole commands at once than one command may have, behind one that had begun.
TEST_F(WorkerOnFakeNet, WholeCommandsAreNoLargeCommand)
{
    start({}, "client-query-buffer-limit 1mb\n");
    fake->in_pieces(16 << 10);
    const int fd = fake->dial();
    const std::string set = request({"set", "key", std::string(100, 'v')});
    fake->send(fd, request({"ping"}) + set.substr(0, set.size() - 3));
    expect_reply(fd, "+PONG\r\n");
    std::string text = set.substr(set.size() - 3), want = "+OK\r\n";
    while (text.size() < (2 << 20)) {
        text += set;
        want += "+OK\r\n";
    }
    fake->send(fd, text);
    expect_reply(fd, want);
}

// Sockets are refused beyond maxclients, and the places of those who left are free again.
TEST_F(WorkerOnFakeNet, MaxClients)
{
    start({}, "maxclients 3\n");
    std::vector<int> in;
    for (int i = 0; i < 3; i++) {
        in.push_back(fake->dial());
        fake->send(in.back(), request({"ping"}));
        expect_reply(in.back(), "+PONG\r\n");
    }
    for (int round = 0; round < 5; round++) {
        fake->dial(); /* refused before it is the net's */
        while (refused() <= uint64_t(round))
            sched_yield();
        fake->end(in.front());
        ASSERT_TRUE(fake->wait_closed(in.front()));
        in.erase(in.begin());
        while (worker_group_connections(group) > 2)
            sched_yield();
        in.push_back(fake->dial());
        fake->send(in.back(), request({"ping"}));
        expect_reply(in.back(), "+PONG\r\n");
    }
}

} // namespace
