/*
 * bound_test.cc — how much one client can make the server hold: what it has sent and is not run,
 * what is said to it and it does not read.
 *
 * A second client looks at used_memory all the while.
 */
#include "tests/support/server.h"
#include "tests/support/threads.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

namespace
{

using namespace lk;

constexpr uint64_t kMegabyte = 1 << 20;

class Bounds : public testing::Test
{
  protected:
    void start(const Server::Directives &directives = {})
    {
        server_ = Server::tested(directives);
    }

    uint64_t field(Client &client, const std::string &section, const std::string &name)
    {
        const std::string info = client.call({"INFO", section}).text;
        const size_t at = info.find("\n" + name + ":");
        if (at == std::string::npos)
            throw std::runtime_error("no " + name + " in " + info);
        return strtoull(info.c_str() + at + name.size() + 2, nullptr, 10);
    }

    /* How far used_memory rises while body runs; witness may ask. */
    uint64_t rise(Client &witness, const std::function<void()> &body)
    {
        const uint64_t before = field(witness, "memory", "used_memory");
        uint64_t most = before;
        std::atomic<bool> ended{false};
        run_threads(2, [&](int i) {
            if (i == 0) {
                struct At {
                    std::atomic<bool> &ended;
                    ~At()
                    {
                        ended = true;
                    }
                } at{ended};
                body();
                return;
            }
            while (!ended)
                most = std::max(most, field(witness, "memory", "used_memory"));
        });
        return most - before;
    }

    std::unique_ptr<Server> server_;
};

/* Sends text over and over, up to bytes, and reads nothing.  False: the server has hung up. */
bool send_deaf(const Client &client, const std::string &text, size_t bytes)
{
    for (size_t sent = 0; sent < bytes;) {
        const ssize_t n =
            ::send(client.fd(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            sent += static_cast<size_t>(n);
            continue;
        }
        if (errno != EAGAIN)
            return false;
        pollfd room = {client.fd(), POLLOUT, 0};
        if (poll(&room, 1, 1000) == 0)
            return true; /* it is not read any more */
        if (room.revents & (POLLHUP | POLLERR))
            return false;
    }
    return true;
}

/* Sends text count times and counts the replies, all of which are the one given. */
void load(Client &client, const std::string &text, size_t count, size_t commands_a_text,
          const std::string &reply)
{
    std::thread sender([&] {
        for (size_t i = 0; i < count; i++) {
            std::string_view rest = text;
            while (!rest.empty()) {
                const ssize_t n = ::send(client.fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
                if (n > 0) {
                    rest.remove_prefix(static_cast<size_t>(n));
                } else if (errno == EAGAIN) {
                    pollfd room = {client.fd(), POLLOUT, 0};
                    poll(&room, 1, 1000);
                } else {
                    return;
                }
            }
        }
    });
    const size_t want = count * commands_a_text * reply.size();
    size_t got = 0;
    bool same = true;
    char chunk[65536];
    while (got < want) {
        pollfd bytes = {client.fd(), POLLIN, 0};
        if (poll(&bytes, 1, static_cast<int>(kPatience.count())) == 0)
            break;
        const ssize_t n = recv(client.fd(), chunk, sizeof chunk, 0);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            same &= chunk[i] == reply[(got + static_cast<size_t>(i)) % reply.size()];
        got += static_cast<size_t>(n);
    }
    shutdown(client.fd(), SHUT_RDWR);
    sender.join();
    EXPECT_TRUE(same);
    EXPECT_EQ(got, want);
}

std::string many(const Args &command, size_t times)
{
    std::string text;
    for (size_t i = 0; i < times; i++)
        text += encode(command);
    return text;
}

TEST_F(Bounds, APipelineIsNotReadFarAheadOfWhatRuns)
{
    start();
    Client witness = server_->connect(), loader = server_->connect();
    const std::string text = many({"SET", "key", "value"}, 30'000);
    EXPECT_LT(rise(witness, [&] { load(loader, text, 64, 30'000, "+OK\r\n"); }), 12 * kMegabyte);
}

/* The limit is for a command that does not end, not for commands that can be run. */
TEST_F(Bounds, AWellBehavedLoaderIsNotCutOff)
{
    start({{"client-query-buffer-limit", "1mb"}});
    Client loader = server_->connect();
    load(loader, many({"SET", "key", "value"}, 30'000), 64, 30'000, "+OK\r\n");
    Client witness = server_->connect();
    EXPECT_EQ(field(witness, "stats", "client_query_buffer_limit_disconnections"), 0U);
}

TEST_F(Bounds, ACommandPastTheQueryBufferLimitEndsItsConnection)
{
    start({{"client-query-buffer-limit", "1mb"}});
    Client writer = server_->connect(), witness = server_->connect();
    EXPECT_EQ(writer.call_raw({"SET", "key", std::string(900'000, 'x')}), "+OK\r\n");
    writer.send("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$30000000\r\n");
    EXPECT_FALSE(send_deaf(writer, std::string(65536, 'x'), 29'000'000));
    EXPECT_EQ(field(witness, "stats", "client_query_buffer_limit_disconnections"), 1U);
}

/* Also if what is past it is the command's end, so that it could be run. */
TEST_F(Bounds, ACommandOverTheQueryBufferLimitIsNotRun)
{
    start({{"client-query-buffer-limit", "1mb"}});
    Client writer = server_->connect(), witness = server_->connect();
    EXPECT_THROW(writer.call({"SET", "key", std::string(kMegabyte, 'x')}), std::exception);
    EXPECT_EQ(witness.call_raw({"EXISTS", "key"}), ":0\r\n");
    EXPECT_EQ(field(witness, "stats", "client_query_buffer_limit_disconnections"), 1U);
}

/* Whom a pause holds back counts as blocked, until it ends or he goes. */
TEST_F(Bounds, WhomAPauseHoldsBackIsBlocked)
{
    start();
    Client witness = server_->connect(), writer = server_->connect(), leaver = server_->connect();
    const std::string id = leaver.call({"CLIENT", "ID"}).text;
    const auto wait_for = [&](uint64_t count) {
        while (field(witness, "clients", "blocked_clients") != count) {
        }
    };
    EXPECT_EQ(witness.call_raw({"CLIENT", "PAUSE", "100000", "WRITE"}), "+OK\r\n");
    writer.send(Args{"SET", "key", "1"});
    leaver.send(Args{"SET", "key", "2"});
    wait_for(2);
    EXPECT_EQ(witness.call_raw({"GET", "key"}), "$-1\r\n");
    witness.call({"CLIENT", "KILL", "ID", id});
    wait_for(1);
    EXPECT_EQ(witness.call_raw({"CLIENT", "UNPAUSE"}), "+OK\r\n");
    EXPECT_EQ(writer.read_raw(), "+OK\r\n");
    wait_for(0);
}

/* What waits behind a blocked command stays in the kernel, and runs when it is served. */
TEST_F(Bounds, ABlockedClientIsNotReadForEver)
{
    start({{"client-query-buffer-limit", "1mb"}});
    Client witness = server_->connect(), blocked = server_->connect();
    blocked.send(Args{"BLPOP", "list", "0"});
    while (field(witness, "clients", "blocked_clients") == 0) {
    }
    const std::string text = many({"SET", "key", "value"}, 30'000);
    std::atomic<bool> served{false};
    EXPECT_LT(rise(witness,
                   [&] {
                       std::thread pusher([&] {
                           Client other = server_->connect();
                           while (field(other, "stats", "total_net_input_bytes") < kMegabyte / 8) {
                           }
                           other.call({"RPUSH", "list", "element"});
                           served = true;
                       });
                       blocked.send(text + text + text + text);
                       pusher.join();
                       EXPECT_EQ(blocked.read().type, '*');
                       for (int i = 0; i < 120'000; i++)
                           ASSERT_EQ(blocked.read_raw(), "+OK\r\n");
                   }),
              4 * kMegabyte);
    EXPECT_TRUE(served);
}

TEST_F(Bounds, BeforeAuthWhatIsNotReadEndsTheConnection)
{
    start({{"requirepass", "secret"}});
    Client witness = server_->connect();
    ASSERT_EQ(witness.call_raw({"AUTH", "secret"}), "+OK\r\n");
    for (const char *text : {"PING\r\n", "*1\r\n$4\r\nPING\r\n"}) {
        Client stranger = server_->connect();
        const std::string pings = [&] {
            std::string all;
            for (int i = 0; i < 5000; i++)
                all += text;
            return all;
        }();
        bool stays = true;
        EXPECT_LT(rise(witness, [&] { stays = send_deaf(stranger, pings, 200 * kMegabyte); }),
                  8 * kMegabyte);
        EXPECT_FALSE(stays);
    }
}

/* Who reads what is said is told as often as it asks; and what stands behind AUTH is run. */
TEST_F(Bounds, BeforeAuthAnHonestPipelineIsAnswered)
{
    start({{"requirepass", "secret"}});
    Client asks = server_->connect();
    const std::string no = "-NOAUTH Authentication required.\r\n";
    load(asks, many({"PING"}, 1000), 1, 1000, no);
    Client loader = server_->connect();
    loader.send(encode({"AUTH", "secret"}) + many({"SET", "key", "value"}, 100'000));
    for (int i = 0; i < 100'001; i++)
        ASSERT_EQ(loader.read_raw(), "+OK\r\n") << i;
}

} // namespace
