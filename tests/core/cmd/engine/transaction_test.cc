// MULTI, EXEC, WATCH: all or nothing, and exactly when a watched key has changed.
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/seed.h"

#include "core/store/reclaim.h"

using namespace lk;

namespace
{

struct Case {
    const char *name, *before, *meanwhile; // of the watcher, and of somebody else
    bool runs;
};

class Watch : public ::testing::TestWithParam<Case>
{
};

void script(Client &c, std::string lines)
{
    for (size_t from = 0; from < lines.size();) {
        const size_t end = std::min(lines.find(';', from), lines.size());
        if (lines.compare(from, 5, "WAIT ") == 0)
            clock_fake_unix_ms(clock_unix_ms() + std::stol(lines.substr(from + 5, end - from - 5)));
        else
            c.run(lines.substr(from, end - from));
        from = end + 1;
    }
}

TEST_P(Watch, IsExact)
{
    const Case &k = GetParam();
    Server server;
    Client c(server), other(server);
    script(c, k.before);
    c.run("MULTI");
    c.run("SET done 1");
    script(other, k.meanwhile);
    EXPECT_EQ(c.run("EXEC"), k.runs ? "*1 +OK" : "*-1");
    for (uint32_t i = 0; i < server.ks->count; i++)
        EXPECT_EQ(server.ks->shards[i].watched, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Histories, Watch,
    ::testing::Values(
        Case{"nothing", "SET k 1;WATCH k", "GET k", true},
        Case{"set", "SET k 1;WATCH k", "SET k 1", false},
        Case{"created", "WATCH k", "SET k 1", false},
        Case{"deleted_absent", "WATCH k", "DEL k", true},
        Case{"failed", "SET k x;WATCH k", "INCR k", true},
        Case{"other_key", "SET k 1;WATCH k", "SET l 1;DEL l", true},
        Case{"other_db", "SET k 1;WATCH k", "SELECT 1;SET k 2", true},
        Case{"own_before", "SET k 1;WATCH k;SET k 2", "", false},
        Case{"unwatched", "SET k 1;WATCH k;UNWATCH", "SET k 2", true},
        Case{"second_of_two", "WATCH a b", "SET b 1", false},
        Case{"renamed_over", "SET a 1;WATCH b", "RENAME a b", false},
        Case{"moved_to", "SELECT 1;WATCH k;SELECT 0", "SET k 1;MOVE k 1", false},
        Case{"deadline", "SET k 1;WATCH k", "EXPIRE k 100", false},
        Case{"flushed", "SET k 1;WATCH k", "FLUSHALL", false},
        Case{"flushed_absent", "WATCH k", "SET l 1;FLUSHALL", true},
        Case{"swapped_away", "SET k 1;WATCH k", "SWAPDB 0 1", false},
        Case{"swapped_in", "WATCH k", "SELECT 1;SET k 1;SWAPDB 0 1", false},
        Case{"swapped_elsewhere", "SET k 1;WATCH k", "SELECT 2;SET k 1;SWAPDB 2 3", true},
        Case{"stale_for_none", "WATCH k", "SELECT 1;SET k 1 PX 10;WAIT 20;SWAPDB 0 1", true},
        Case{"stale_for_stale", "SELECT 1;SET k 1 PX 10;SELECT 0;SET k 1 PX 10;WAIT 20;WATCH k",
             "SWAPDB 0 1", true},
        Case{"alive_for_stale", "SET k 1 PX 10;WAIT 20;WATCH k", "SELECT 1;SET k 1;SWAPDB 0 1",
             false},
        Case{"stale_for_alive", "SET k 1;WATCH k", "SELECT 1;SET k 1 PX 10;WAIT 20;SWAPDB 0 1",
             false},
        Case{"none_for_alive_later", "WATCH k", "SELECT 1;SET k 1 PX 10;SWAPDB 0 1;WAIT 20", false},
        Case{"flushed_stale", "SET k 1 PX 10;WAIT 20;WATCH k", "FLUSHALL", true},
        Case{"expired_meanwhile", "SET k 1 PX 10;WATCH k", "WAIT 20", false},
        Case{"expired_and_deleted", "SET k 1 PX 10;WATCH k", "WAIT 20;GET k", false},
        Case{"expired_before", "SET k 1 PX 10;WAIT 20;WATCH k", "GET k", true}),
    [](const auto &one) { return one.param.name; });

// Neither MULTI nor WATCH belongs into a transaction, and it ends without effect.
TEST(Transaction, IsAbortedByWhatMayNotBeInside)
{
    for (const char *line : {"MULTI", "WATCH k"}) {
        Server server;
        Client c(server);
        c.run("MULTI");
        c.run("SET k 1");
        EXPECT_EQ(c.run(line), "-ERR Command not allowed inside a transaction");
        EXPECT_EQ(c.run("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
        EXPECT_EQ(c.run("DBSIZE"), ":0");
    }
}

// A watch that found an expired key which nobody could delete: its end is no change, a write is.
TEST(Transaction, WatchOfAnExpiredKeyThatIsStillThere)
{
    for (const bool write : {false, true}) {
        Server server({.ring = 64, .slack = 32});
        Client c(server), other(server);
        other.run("SET k 1 PX 10");
        for (int i = 0; i < 31; i++)
            other.run("SET filler 1");
        clock_fake_unix_ms(NOW + 20);
        c.run("WATCH k");
        EXPECT_EQ(dump(server.ks).count({0, "k"}), 1u);
        server.effects();
        c.run("MULTI");
        c.run("PTTL k");
        EXPECT_EQ(other.run(write ? "SET k 2" : "GET k"), write ? "+OK" : "$-1");
        EXPECT_EQ(c.run("EXEC"), write ? "*-1" : "*1 :-2");
    }
}

TEST(Transaction, ErrorsWhileQueueingAbort)
{
    Server server;
    Client c(server);
    c.run("MULTI");
    EXPECT_EQ(c.run("SET k"), "-ERR wrong number of arguments for 'set' command");
    EXPECT_EQ(c.run("SET k v"), "+QUEUED");
    EXPECT_EQ(c.run("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    EXPECT_EQ(c.run("GET k"), "$-1");
    EXPECT_EQ(c.run("EXEC"), "-ERR EXEC without MULTI");
    EXPECT_EQ(c.run("DISCARD"), "-ERR DISCARD without MULTI");
    c.run("WATCH k");
    c.run("MULTI");
    EXPECT_EQ(c.run("MULTI").substr(0, 4), "-ERR");
    EXPECT_EQ(c.run("DISCARD"), "+OK");
    EXPECT_EQ(server.ks->shards[server.shard_of("k")].watched, 0u);
}

// A failing command inside does not stop those behind it.
TEST(Transaction, RunsOnBehindAFailure)
{
    Server server;
    Client c(server);
    for (const char *line : {"MULTI", "SET k x", "INCR k", "APPEND k y"})
        c.run(line);
    EXPECT_EQ(c.run("EXEC"), "*3 +OK -ERR value is not an integer or out of range :2");
    EXPECT_EQ(server.effects(), "SELECT 0 | MULTI | SET k x | APPEND k y | EXEC");
}

// Money moves between accounts in many shards; nobody sees it half moved, and optimistic counters
// lose no increment.
TEST(Transaction, ConcurrentTransfersAreAtomic)
{
    constexpr uint32_t WORKERS = 4;
    constexpr int ACCOUNTS = 12;
    Server server({.shards = 8, .workers = WORKERS, .logging = false});
    std::atomic<int> increments{0};
    std::vector<std::thread> threads;
    const uint64_t seed = test_seed();
    for (uint32_t w = 0; w < WORKERS; w++)
        threads.emplace_back([&, w] {
            Client c(server, w);
            std::mt19937 rng(seed + w);
            const auto account = [&] { return "acc" + std::to_string(rng() % ACCOUNTS); };
            for (int i = 0; i < scaled(4000); i++) {
                c.run("MULTI");
                if (rng() % 3 == 0) {
                    for (int a = 0; a < ACCOUNTS; a++)
                        c.run("INCRBY acc" + std::to_string(a) + " 0");
                    const std::string all = c.run("EXEC");
                    int sum = 0;
                    for (const std::string &word : split(all))
                        if (word[0] == ':')
                            sum += std::stoi(word.substr(1));
                    EXPECT_EQ(sum, 0) << all;
                } else {
                    const std::string amount = std::to_string(rng() % 50);
                    c.run("INCRBY " + account() + " " + amount);
                    c.run("DECRBY " + account() + " " + amount);
                    c.run("EXEC");
                }
                c.run("WATCH counter");
                const std::string old = c.run("GET counter");
                const int n = old == "$-1" ? 0 : std::stoi(old.substr(old.find(' ')));
                c.run("MULTI");
                c.run("SET counter " + std::to_string(n + 1));
                if (c.run("EXEC") == "*1 +OK")
                    increments++;
            }
            reclaim_flush();
        });
    for (std::thread &t : threads)
        t.join();
    Client c(server);
    const std::string end = c.run("GET counter");
    EXPECT_EQ(std::stoi(end.substr(end.find(' '))), increments.load());
    EXPECT_GT(increments.load(), 0);
}

// --- expiry on time
// -------------------------------------------------------------------------------------

bool expire(Server &s, uint32_t worker, uint32_t workers, int64_t *next_ms)
{
    dispatch_enter(s.worker(worker));
    const bool more = dispatch_expire(s.worker(worker), worker, workers, 1000000, next_ms);
    dispatch_leave(s.worker(worker));
    return more;
}

// Whoever ticks first, every worker hears of a deadline in its own shards.
TEST(Expire, EveryWorkerHearsOfTheFirstDeadline)
{
    for (const uint32_t first : {0u, 1u}) {
        Server server({.workers = 2});
        Client c(server);
        int64_t next_ms = 0;
        for (const uint32_t w : {0u, 1u})
            expire(server, w, 2, &next_ms);
        c.call({"SET", server.key_in(0), "v", "PX", "10"});
        c.call({"SET", server.key_in(1), "v", "PX", "10"});
        expire(server, first, 2, &next_ms);
        expire(server, 1 - first, 2, &next_ms);
        clock_fake_unix_ms(NOW + 11);
        expire(server, first, 2, &next_ms);
        EXPECT_LE(next_ms, NOW + 11 + 100);
        expire(server, 1 - first, 2, &next_ms);
        EXPECT_TRUE(dump(server.ks).empty());
    }
}

// Nothing that is due is left, nothing that is not goes, and each DEL is told.
TEST(Expire, TakesWhatIsDueAndNoMore)
{
    Server server({.shards = 8});
    Client c(server);
    std::mt19937_64 rng(test_seed());
    std::map<Place, int64_t> model;
    for (int i = 0; i < 3000; i++) {
        const uint32_t db = static_cast<uint32_t>(rng() % 3);
        c.run("SELECT " + std::to_string(db));
        const std::string key = "k" + std::to_string(rng() % 1000);
        const int64_t ms = 1 + static_cast<int64_t>(rng() % 2000);
        c.call({"SET", key, "v", "PX", std::to_string(ms)});
        model[{db, key}] = NOW + ms;
        if (rng() % 4 == 0) {
            c.call({"PERSIST", key});
            model[{db, key}] = INT64_MAX;
        }
        server.effects();
    }
    for (int64_t now = NOW; now < NOW + 2100; now += 1 + static_cast<int64_t>(rng() % 90)) {
        clock_fake_unix_ms(now);
        int64_t next_ms = 0;
        while (expire(server, 0, 1, &next_ms)) {
        }
        size_t gone = std::erase_if(model, [&](const auto &m) { return m.second < now; });
        for (const Words &words : Server::parse(server.take_stream()))
            gone -= words[0] == "DEL";
        EXPECT_EQ(gone, 0u);
        const Copy left = dump(server.ks);
        EXPECT_EQ(left.size(), model.size());
        for (const auto &[place, item] : left)
            EXPECT_TRUE(model.count(place));
    }
}

} // namespace
