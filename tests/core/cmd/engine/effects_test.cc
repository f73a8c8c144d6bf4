// What is logged, replayed elsewhere, gives the same keyspace: P1, P2, C2, A13.
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/seed.h"

#include "core/store/reclaim.h"
#include "persist/log_thread.h"

using namespace lk;

namespace
{

struct Step {
    const char *command, *effects;
};

// Nothing in the log depends on the clock, on chance, or on what was there.
TEST(Effects, AreDeterministic)
{
    Server server;
    Client c(server);
    c.run("SELECT 0");
    const Step steps[] = {
        {"SET a 1", "SELECT 0 | SET a 1"},
        {"GET a", ""},
        {"SETNX a 2", ""},
        {"EXPIRE a 10", "PEXPIREAT a 1700000010000"},
        {"GETEX a PX 5", "PEXPIREAT a 1700000000005"},
        {"PERSIST a", "PERSIST a"},
        {"SET a 1 PX 10", "SET a 1 PXAT 1700000000010"},
        {"DEL nothing", ""},
        {"EXPIRE a -1", "DEL a"},
        {"MSET a 1 b 2", "MSET a 1 b 2"},
        {"INCRBYFLOAT a 0.5", "SET a 1.5 KEEPTTL"},
        {"GETDEL a", "DEL a"},
        {"MOVE b 3", "MOVE b 3"},
        {"SELECT 3", ""},
        {"APPEND b x", "SELECT 3 | APPEND b x"},
        {"FLUSHALL", "FLUSHALL"},
    };
    for (const Step &s : steps) {
        SCOPED_TRACE(s.command);
        c.run(s.command);
        EXPECT_EQ(server.effects(), s.effects);
    }
}

// Replicas are told of messages, the file is not: a unit with both has two forms (O4).
TEST(Effects, MessagesAreForTheReplicasAlone)
{
    Server server;
    Client c(server);
    struct Slot {
        int to;
        std::string words;
    };
    const auto slots = [&] {
        std::vector<Slot> out;
        log_record r;
        while (log_ring_take(server.engine.fixed.log, &r)) {
            std::string line;
            for (const Words &command :
                 Server::parse(std::string(static_cast<char *>(r.data), r.size)))
                for (const std::string &w : command)
                    line += (line.empty() ? "" : " ") + w;
            out.push_back({r.to, line});
            log_record_done(&r);
        }
        return out;
    };
    c.run("PUBLISH ch 1");
    EXPECT_TRUE(slots().empty()); // nobody reads for the replicas
    server.engine.saving.log_active = LOG_TO_ALL;
    c.run("SET a 1");
    auto got = slots();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].to, LOG_TO_ALL);
    c.run("PUBLISH ch 1");
    c.run("SPUBLISH ch 2");
    got = slots();
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].to, LOG_TO_REPL);
    EXPECT_EQ(got[0].words, "PUBLISH ch 1");
    EXPECT_EQ(got[1].words, "SPUBLISH ch 2");
    for (const char *line : {"MULTI", "SET a 2", "PUBLISH ch 3", "SET b 4", "EXEC"})
        c.run(line);
    got = slots();
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].to, LOG_TO_AOF);
    EXPECT_EQ(got[0].words, "MULTI SET a 2 SET b 4 EXEC");
    EXPECT_EQ(got[1].to, LOG_TO_REPL);
    EXPECT_EQ(got[1].words, "MULTI SET a 2 PUBLISH ch 3 SET b 4 EXEC");
    for (const char *line : {"MULTI", "PUBLISH ch 5", "SET b 6", "EXEC"})
        c.run(line);
    got = slots();
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].words, "SET b 6");
    EXPECT_EQ(got[1].words, "MULTI PUBLISH ch 5 SET b 6 EXEC");
    server.engine.saving.log_active = LOG_TO_REPL;
    for (const char *line : {"MULTI", "PUBLISH ch 7", "SET b 8", "EXEC"})
        c.run(line);
    got = slots();
    ASSERT_EQ(got.size(), 1u); // there is no file
    EXPECT_EQ(got[0].to, LOG_TO_REPL);
    server.engine.saving.log_active = LOG_TO_ALL;
}

// A write on a key that has expired and is still there tells of the end first.
TEST(Effects, ExpiredKeyGoesBeforeTheWrite)
{
    Server server;
    Client c(server);
    c.run("SET a 1 PX 10");
    c.run("SET b 1 PX 10");
    server.effects();
    clock_fake_unix_ms(NOW + 11);
    EXPECT_EQ(c.run("APPEND a x"), ":1");
    EXPECT_EQ(server.effects(), "MULTI | DEL a | APPEND a x | EXEC");
    EXPECT_EQ(c.run("EXISTS b"), ":0");
    EXPECT_EQ(server.effects(), "DEL b");
}

// A transaction is one slot, and says in which databases it begins and ends.
TEST(Effects, TransactionIsOneSlotOverDatabases)
{
    Server server;
    Client c(server), other(server);
    for (const char *line :
         {"MULTI", "SET a 1", "SELECT 2", "SET b 2", "SELECT 5", "GET a", "EXEC"})
        c.run(line);
    EXPECT_EQ(log_ring_pending(server.engine.fixed.log), 1u);
    EXPECT_EQ(server.effects(), "SELECT 0 | MULTI | SET a 1 | SELECT 2 | SET b 2 | EXEC");
    other.run("SET c 3");
    EXPECT_EQ(server.effects(), "SELECT 0 | SET c 3");
    c.run("SET d 4"); // the session stayed in 5
    EXPECT_EQ(server.effects(), "SELECT 5 | SET d 4");
}

// The deadline of a replayed line may have passed; the next line may take it back.
TEST(Effects, ReplayLetsNoDeadlinePass)
{
    Server server;
    {
        Client c(server);
        c.run("SET a 1 PX 100");
        c.run("PERSIST a");
        c.run("SET b 1");
        c.run("PEXPIRE b 100");
        c.run("PERSIST b");
        c.run("SET c 1");
        c.run("GETEX c PX 100");
        c.run("GETEX c PERSIST");
        c.run("SET d 1 PX 100");
        c.run("APPEND d x");
    }
    const std::string stream = server.take_stream();
    clock_fake_unix_ms(NOW + 1000);
    Server second;
    clock_fake_unix_ms(NOW + 1000);
    second.config.maxmemory = 1; // what was accepted once is accepted again
    engine_pause(&second.engine, PAUSE_BY_CLIENT, PAUSE_ALL, NOW + 5000);
    {
        Client loader(second);
        replay(second, loader, stream);
    }
    EXPECT_EQ(difference(dump(second.ks), dump(server.ks)), "");
    EXPECT_EQ(second.effects(), ""); // applied, not logged once more
}

TEST(Effects, ABatchEndsAtItsFirstError)
{
    Server server;
    Client loader(server);
    const std::vector<std::vector<std::string>> commands = {
        {"SET", "a", "1"}, {"LPUSH", "l", "x"}, {"INCR", "l"}, {"SET", "b", "1"}};
    std::vector<std::vector<bytes>> words(commands.size());
    std::vector<args> a;
    for (size_t i = 0; i < commands.size(); i++) {
        for (const std::string &w : commands[i])
            words[i].push_back(of(w));
        a.push_back({words[i].data(), static_cast<uint32_t>(words[i].size())});
    }
    uint32_t done = 9;
    dispatch_enter(server.worker(0));
    EXPECT_EQ(dispatch_apply(server.worker(0), &loader.session, a.data(), 4, &done), LK_EFORMAT);
    dispatch_leave(server.worker(0));
    EXPECT_EQ(done, 2u);
    EXPECT_NE(loader.take_reply().find("WRONGTYPE"), std::string::npos);
    EXPECT_EQ(loader.run("GET a"), "$1 1");
    EXPECT_EQ(loader.run("GET b"), "$-1");
}

void expire_all(Server &s)
{
    int64_t next_ms = 0;
    dispatch_enter(s.worker(0));
    while (dispatch_expire(s.worker(0), 0, 1, 1000000, &next_ms)) {
    }
    dispatch_leave(s.worker(0));
}

// Random commands, transactions, databases and deadlines, with the clock going on.
TEST(Effects, ReplayGivesTheSameKeyspace)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < static_cast<uint64_t>(scaled(10)); round++) {
        SCOPED_TRACE("round " + std::to_string(round));
        Server server({.shards = 8}), second({.shards = 16});
        Draw draw(seed + round, 40, 4);
        {
            Client a(server), b(server), loader(second);
            for (int i = 0; i < 1500; i++) {
                draw.step(draw.below(2) ? a : b, 60);
                a.take_reply();
                b.take_reply();
                if (draw.below(20) == 0)
                    clock_fake_unix_ms(clock_unix_ms() + static_cast<int64_t>(draw.below(80)));
                if (draw.below(50) == 0)
                    expire_all(server);
                if (draw.below(10) == 0)
                    replay(second, loader, server.take_stream());
            }
            clock_fake_unix_ms(clock_unix_ms() + 10000);
            expire_all(server);
            replay(second, loader, server.take_stream());
        }
        const Copy want = dump(server.ks);
        EXPECT_EQ(difference(dump(second.ks), want), "");
        EXPECT_FALSE(want.empty());
    }
}

// --- many workers, the real log thread
// ---------------------------------------------------------------

void collect(void *ctx, bytes b, uint64_t offset, uint64_t)
{
    std::string *out = static_cast<std::string *>(ctx);
    out->append(b.data, b.size);
    EXPECT_EQ(out->size(), offset);
}

TEST(Effects, ConcurrentWorkersReplayToTheSameKeyspace)
{
    constexpr uint32_t WORKERS = 4;
    const uint64_t seed = test_seed();
    Server server({.shards = 8, .workers = WORKERS, .ring = 1 << 9, .slack = 256});
    std::string stream;
    const log_sink sink{LOG_TO_AOF, collect, nullptr, nullptr, nullptr, nullptr, &stream};
    log_thread *log = log_thread_new(server.engine.fixed.log, &sink, 1);
    std::vector<std::thread> threads;
    for (uint32_t w = 0; w < WORKERS; w++)
        threads.emplace_back([&, w] {
            Client c(server, w);
            Draw draw(seed + w, 40, 3);
            for (int i = 0; i < scaled(6000); i++) {
                draw.step(c, 200);
                c.take_reply();
            }
            reclaim_flush();
        });
    for (std::thread &t : threads)
        t.join();
    log_thread_end(log);
    Server second({.shards = 16});
    {
        Client loader(second);
        replay(second, loader, stream);
    }
    EXPECT_EQ(difference(dump(second.ks), dump(server.ks)), "");
    EXPECT_GT(log_ring_last_ticket(server.engine.fixed.log), 1000u);
}

} // namespace
