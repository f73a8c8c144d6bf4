#include "tests/core/cmd/dispatch_fixture.h"

#include "core/store/lazy_free.h"

using namespace lk;

namespace
{

using States = std::vector<pending_state>;

// A lock held from elsewhere parks the command and all behind it, in order, and nothing runs.
TEST(Dispatch, ParksTheSessionAndAllBehindIt)
{
    Server server;
    Client c(server), other(server);
    const std::string key = server.key_in(3), free = server.key_in(4);
    shard_lock(&server.ks->shards[3]);
    EXPECT_EQ(c.batch({{"SET", free, "1"}, {"SET", key, "1"}, {"SET", free, "2"}, {"GET", free}}),
              (States{PENDING_DONE, PENDING_PARKED, PENDING_PARKED, PENDING_PARKED}));
    EXPECT_EQ(c.take_reply(), "+OK");
    EXPECT_EQ(other.run("GET " + free), "$1 1"); // others go on, and no lock was kept
    EXPECT_EQ(c.batch({{"PING"}}), (States{PENDING_PARKED}));
    EXPECT_EQ(__atomic_load_n(&server.ks->shards[3].interested, __ATOMIC_SEQ_CST), 1u);
    shard_unlock(&server.ks->shards[3]);
    c.session.parked = false;
    EXPECT_EQ(c.batch({{"SET", key, "1"}, {"SET", free, "2"}, {"GET", free}}),
              (States{PENDING_DONE, PENDING_DONE, PENDING_DONE}));
    EXPECT_EQ(c.take_reply(), "+OK +OK $1 2");
    EXPECT_TRUE(server.unlocked());
}

// A set that cannot be had whole is given back whole.
TEST(Dispatch, FailedSetLeavesNothingLocked)
{
    Server server;
    Client c(server);
    const std::string low = server.key_in(2), high = server.key_in(60);
    shard_lock(&server.ks->shards[60]);
    EXPECT_EQ(c.batch({{"SET", low, "0"}, {"MSET", low, "1", high, "1"}, {"GET", low}}),
              (States{PENDING_DONE, PENDING_PARKED, PENDING_PARKED}));
    EXPECT_EQ(__atomic_load_n(&server.ks->shards[2].lock, __ATOMIC_SEQ_CST), 0u);
    shard_unlock(&server.ks->shards[60]);
    c.take_reply();
    c.session.parked = false;
    EXPECT_EQ(c.batch({{"MSET", low, "1", high, "1"}}), (States{PENDING_DONE}));
    EXPECT_TRUE(server.unlocked());
}

TEST(Dispatch, SessionsOfOneBatchDoNotParkEachOther)
{
    Server server;
    Client a(server), b(server);
    const std::string key = server.key_in(9), free = server.key_in(10);
    const std::string set = "SET", get = "GET", one = "1";
    const bytes va[] = {of(set), of(key), of(one)}, vb[] = {of(get), of(free)};
    pending p[3]{};
    p[0].session = &a.session;
    p[0].args = {va, 3};
    p[1].session = &b.session;
    p[1].args = {vb, 2};
    p[2] = p[0];
    shard_lock(&server.ks->shards[9]);
    dispatch_enter(server.worker(0));
    dispatch_run(server.worker(0), p, 3);
    dispatch_leave(server.worker(0));
    shard_unlock(&server.ks->shards[9]);
    EXPECT_EQ(p[0].state, PENDING_PARKED);
    EXPECT_EQ(p[1].state, PENDING_DONE);
    EXPECT_EQ(p[2].state, PENDING_PARKED);
    EXPECT_EQ(b.take_reply(), "$-1");
}

// Three failures, then the queue; whoever leaves it tells the next.
TEST(Dispatch, WideCommandTakesTheTokenAfterThreeFailures)
{
    Server server({.workers = 2});
    Client a(server), b(server, 1);
    const std::string low = server.key_in(2), high = server.key_in(60);
    token_node holder{};
    EXPECT_TRUE(token_take(&server.shared.token, &holder, 1)); // somebody else is at its head
    shard_lock(&server.ks->shards[60]);
    for (int i = 0; i < 5; i++) {
        a.session.parked = false;
        EXPECT_EQ(a.batch({{"MSET", low, "1", high, "1"}}), (States{PENDING_PARKED}));
        EXPECT_EQ(a.session.token.queued, i >= 2) << i;
    }
    shard_unlock(&server.ks->shards[60]);
    EXPECT_EQ(token_leave(&server.shared.token, &holder), 1u);
    a.session.parked = false;
    EXPECT_EQ(a.batch({{"MSET", low, "1", high, "1"}}), (States{PENDING_DONE}));
    EXPECT_FALSE(a.session.token.queued);
    EXPECT_EQ(server.shared.token.head, nullptr);
}

// A command that is refused after it has queued must not sit on the token: others wait behind it.
TEST(Dispatch, RefusedCommandLeavesTheTokenQueue)
{
    Server server;
    Client c(server);
    const std::string low = server.key_in(2), high = server.key_in(60);
    token_node holder{};
    EXPECT_TRUE(token_take(&server.shared.token, &holder, 0));
    shard_lock(&server.ks->shards[60]);
    for (int i = 0; i < 3; i++) {
        c.session.parked = false;
        EXPECT_EQ(c.batch({{"MSET", low, "1", high, "1"}}), (States{PENDING_PARKED}));
    }
    EXPECT_TRUE(c.session.token.queued);
    token_leave(&server.shared.token, &holder);
    shard_unlock(&server.ks->shards[60]);
    server.config.maxmemory = 1;
    c.session.parked = false;
    EXPECT_EQ(c.batch({{"MSET", low, "1", high, "1"}}), (States{PENDING_DONE}));
    EXPECT_EQ(c.take_reply().substr(0, 4), "-OOM");
    EXPECT_FALSE(c.session.token.queued);
    EXPECT_EQ(server.shared.token.head, nullptr);
}

// maxmemory refuses what takes memory; the rest goes on.
TEST(Dispatch, OutOfMemory)
{
    Server server;
    Client c(server);
    EXPECT_EQ(c.run("SET k v"), "+OK");
    server.config.maxmemory = 1;
    EXPECT_EQ(c.run("SET k w").substr(0, 4), "-OOM");
    EXPECT_EQ(c.run("GET k"), "$1 v");
    EXPECT_EQ(c.run("DEL k"), ":1");
    server.config.maxmemory = 0;
    EXPECT_EQ(c.run("SET k w"), "+OK");
}

// The lock of the command before is still held when EXEC is refused; dropping the watch needs it.
TEST(Dispatch, RefusedExecDropsItsWatchesUnderAKeptLock)
{
    Server server;
    Client c(server), other(server);
    server.config.maxmemory = 1;
    EXPECT_EQ(c.run("WATCH k"), "+OK");
    server.config.maxmemory = 0;
    EXPECT_EQ(c.run("MULTI"), "+OK");
    EXPECT_EQ(c.run("SET k v"), "+QUEUED");
    server.config.maxmemory = 1;
    const std::string get = "GET", k = "k", exec = "EXEC";
    const bytes vg[] = {of(get), of(k)}, ve[] = {of(exec)};
    pending p[2]{};
    p[0].session = &other.session;
    p[0].args = {vg, 2};
    p[1].session = &c.session;
    p[1].args = {ve, 1};
    dispatch_enter(server.worker(0));
    dispatch_run(server.worker(0), p, 2);
    dispatch_leave(server.worker(0));
    EXPECT_EQ(c.take_reply().substr(0, 10), "-EXECABORT");
    EXPECT_FALSE(session_has(&c.session, SESSION_MULTI));
    EXPECT_EQ(server.ks->shards[server.shard_of("k")].watched, 0u);
}

TEST(Dispatch, PauseHoldsWritesAndThenAll)
{
    Server server;
    Client c(server), reader(server);
    EXPECT_EQ(reader.run("MULTI"), "+OK");
    EXPECT_EQ(reader.run("SET k w"), "+QUEUED");
    server.shared.pause.until_ms = NOW + 100;
    EXPECT_EQ(c.batch({{"SET", "k", "v"}, {"GET", "k"}}), (States{PENDING_PARKED, PENDING_PARKED}));
    Client plain(server);
    EXPECT_EQ(plain.run("GET k"), "$-1");
    EXPECT_EQ(reader.batch({{"EXEC"}}), (States{PENDING_PARKED}));
    server.shared.pause.all = 1;
    reader.session.parked = false;
    Client third(server);
    EXPECT_EQ(third.batch({{"GET", "k"}}), (States{PENDING_PARKED}));
    clock_fake_unix_ms(NOW + 100);
    c.session.parked = third.session.parked = false;
    EXPECT_EQ(c.run("SET k v"), "+OK");
    EXPECT_EQ(third.run("GET k"), "$1 v");
    EXPECT_EQ(reader.run("EXEC"), "*1 +OK");
}

// Nothing expires during a pause, or the offset that it promises would move.
TEST(Dispatch, PausedReadOfAnExpiredKeyDeletesNothing)
{
    Server server;
    Client c(server);
    EXPECT_EQ(c.run("SET k v PX 10"), "+OK");
    server.effects();
    clock_fake_unix_ms(NOW + 20);
    server.shared.pause.until_ms = NOW + 100;
    EXPECT_EQ(c.run("GET k"), "$-1");
    EXPECT_EQ(server.effects(), "");
    clock_fake_unix_ms(NOW + 200);
    EXPECT_EQ(c.run("GET k"), "$-1");
    EXPECT_EQ(server.effects(), "DEL k");
}

TEST(Dispatch, KillFlagStopsBeforeTheNextCommand)
{
    Server server;
    Client c(server);
    c.session.kill = 1;
    EXPECT_EQ(c.batch({{"SET", "k", "v"}, {"SET", "k", "w"}}),
              (States{PENDING_CLOSE, PENDING_CLOSE}));
    Client other(server);
    EXPECT_EQ(other.run("GET k"), "$-1");
}

TEST(Dispatch, NothingRunsBehindACloseOrABlock)
{
    Server server;
    Client a(server), b(server), reader(server);
    EXPECT_EQ(a.batch({{"SET", "k", "1"}, {"CLOSE"}, {"SET", "k", "2"}}),
              (States{PENDING_DONE, PENDING_CLOSE, PENDING_CLOSE}));
    EXPECT_EQ(b.batch({{"BLOCK"}, {"SET", "k", "3"}, {"SET", "k", "4"}}),
              (States{PENDING_BLOCKED, PENDING_PARKED, PENDING_PARKED}));
    EXPECT_EQ(reader.run("GET k"), "$1 1");
}

// Alone in the gate: with no shard lock, and with everything the transaction queued.
TEST(Dispatch, ExclusiveCommandRunsWithoutLocks)
{
    Server server({.workers = 2});
    Client c(server), other(server, 1);
    EXPECT_EQ(c.batch({{"SET", "a", "1"}, {"ALONE", "b", "2"}, {"SET", "a", "3"}}),
              (States{PENDING_DONE, PENDING_DONE, PENDING_DONE}));
    EXPECT_EQ(server.effects(), "SELECT 0 | SET a 1 | SET b 2 | SET a 3");
    EXPECT_EQ(other.run("MGET a b"), "*2 $1 3 $1 2");
    EXPECT_TRUE(server.unlocked());
}

TEST(Dispatch, ExclusiveTransactionMayFlush)
{
    Server server;
    Client c(server);
    EXPECT_EQ(c.run("SET a 1"), "+OK");
    EXPECT_EQ(c.run("MULTI"), "+OK");
    c.run("ALONE b 2");
    c.run("SWAPDB 0 1");
    c.run("FLUSHALL");
    c.run("ALONE c 3");
    c.run("KEYS *");
    EXPECT_EQ(c.run("EXEC"), "*5 +OK +OK +OK +OK *1 $1 c");
    EXPECT_TRUE(server.unlocked());
}

// P4: a reply waits for the highest ticket among the shards that it shows.
TEST(Dispatch, RepliesRestOnTheHighestTicketTheyTouch)
{
    Server server;
    Client writer(server), one(server), wide(server), walk(server), alone(server);
    writer.run("SET a 1");
    writer.run("SET b 1");
    EXPECT_EQ(writer.session.ticket, 2u);
    one.run("GET a");
    EXPECT_EQ(one.session.ticket, 1u);
    wide.run("MGET a b");
    EXPECT_EQ(wide.session.ticket, 2u);
    walk.run("KEYS *");
    EXPECT_EQ(walk.session.ticket, 2u);
    alone.run("ALONE c 1");
    EXPECT_EQ(alone.session.ticket, 3u);
}

// Whoever opens the log does so in the gate, which the exclusive command has just left to others.
TEST(Dispatch, LoggingIsReadAgainAfterTheGateWasOpen)
{
    Server server({.logging = false});
    Client c(server);
    dispatch_enter(server.worker(0));
    dispatch_leave(server.worker(0));
    gate_close(&server.ks->gate);
    server.shared.log_active = 1;
    gate_open(&server.ks->gate);
    EXPECT_EQ(c.run("SET a 1"), "+OK");
    EXPECT_EQ(server.effects(), "SELECT 0 | SET a 1");
}

TEST(Dispatch, EffectsWithoutKeysAreLogged)
{
    Server server;
    Client c(server);
    EXPECT_EQ(c.run("SAY hello"), "+OK");
    EXPECT_EQ(server.effects(), "SELECT 0 | SAY hello");
}

// --- the log's room (P3)
// -----------------------------------------------------------------------------

uint64_t pending_slots(const Server &s)
{
    return log_ring_pending(s.shared.log);
}

TEST(Dispatch, WritesParkWhenTheLogIsFull)
{
    Server server({.ring = 64, .slack = 32});
    Client c(server), reader(server);
    for (int i = 0; i < 32; i++)
        EXPECT_EQ(c.run("SET k v"), "+OK");
    EXPECT_EQ(c.batch({{"SET", "k", "v"}}), (States{PENDING_PARKED}));
    EXPECT_EQ(reader.run("GET k"), "$1 v");
    EXPECT_EQ(log_ring_take_waiting(server.shared.log), 0u); // still full
    server.effects();
    EXPECT_EQ(log_ring_take_waiting(server.shared.log), 1u);
    EXPECT_EQ(log_ring_take_waiting(server.shared.log), 0u);
    c.session.parked = false;
    EXPECT_EQ(c.run("SET k v"), "+OK");
}

// EXEC is no write by its row, but its queue is.
TEST(Dispatch, TransactionsParkWhenTheLogIsFull)
{
    Server server({.ring = 64, .slack = 32});
    Client c(server);
    bool parked = false;
    for (int i = 0; i < 64 && !parked; i++) {
        c.run("MULTI");
        c.run("SET k v");
        parked = c.batch({{"EXEC"}})[0] == PENDING_PARKED;
        c.take_reply();
    }
    EXPECT_TRUE(parked);
    EXPECT_LE(pending_slots(server), 32u);
    server.effects();
    c.session.parked = false;
    EXPECT_EQ(c.run("EXEC"), "*1 +OK");
}

// Reads never wait for the log, so they leave an expired key alone when there is no room to tell.
TEST(Dispatch, ReadsOfExpiredKeysDoNotOverrunTheLog)
{
    Server server({.ring = 64, .slack = 32});
    Client c(server);
    for (int i = 0; i < 200; i++) {
        c.run("SET k" + std::to_string(i) + " v PX 10");
        server.effects();
    }
    clock_fake_unix_ms(NOW + 20);
    for (int i = 0; i < 200; i++)
        EXPECT_EQ(c.run("GET k" + std::to_string(i)), "$-1");
    EXPECT_LE(pending_slots(server), 32u);
    server.effects();
    EXPECT_EQ(c.run("GET k199"), "$-1"); // now there is room
    EXPECT_EQ(server.effects(), "DEL k199");
}

TEST(Dispatch, ExpiryDoesNotOverrunTheLog)
{
    Server server({.ring = 64, .slack = 32});
    Client c(server);
    for (int i = 0; i < 500; i++) {
        c.run("SET k" + std::to_string(i) + " v PX 10");
        server.effects();
    }
    clock_fake_unix_ms(NOW + 20);
    std::string all;
    for (int rounds = 0; rounds < 20; rounds++) {
        int64_t next_ms = 0;
        dispatch_enter(server.worker(0));
        dispatch_expire(server.worker(0), 0, 1, 1000000, &next_ms);
        dispatch_leave(server.worker(0));
        EXPECT_LE(pending_slots(server), 32u);
        all += server.effects();
    }
    EXPECT_TRUE(dump(server.ks).empty());
}

} // namespace
