// What dispatch owes to sessions that are refused, to a log that is full, and to deadlines.
#include "core/cmd/engine/session_end.h"
#include "tests/core/cmd/cmd_fixture.h"
#include "tests/support/slow_threads.h"

#include <array>

namespace
{

class Dispatch : public Commands
{
  protected:
    // Lines of one session, handed over as one batch.
    std::vector<pending_state> batch(struct session *s, const std::vector<std::string> &lines)
    {
        std::vector<std::vector<std::string>> words;
        std::vector<std::vector<bytes>> argv(lines.size());
        std::array<pending, DISPATCH_BATCH> p{};
        for (const std::string &line : lines)
            words.push_back(split(line));
        for (size_t i = 0; i < lines.size(); i++) {
            for (const std::string &w : words[i])
                argv[i].push_back(of(w));
            p[i].session = s;
            p[i].args = {argv[i].data(), static_cast<uint32_t>(argv[i].size())};
        }
        dispatch_enter(dispatcher_);
        dispatch_run(dispatcher_, p.data(), static_cast<uint32_t>(lines.size()));
        dispatch_leave(dispatcher_);
        std::vector<pending_state> states;
        for (size_t i = 0; i < lines.size(); i++)
            states.push_back(p[i].state);
        return states;
    }

    // Two keys that lie in different shards.
    std::pair<std::string, std::string> apart()
    {
        const std::string a = "a";
        for (int i = 0;; i++) {
            std::string b = "b" + std::to_string(i);
            if (shard_of(a) != shard_of(b))
                return {a, b};
        }
    }

    shard *shard_of(const std::string &key)
    {
        return keyspace_shard(engine_.fixed.keyspace,
                              keyspace_hash(engine_.fixed.keyspace, of(key)));
    }

    static std::string drain(struct session *s)
    {
        std::string out;
        bytes run;
        while (reply_segments(&s->reply, &run, 1) == 1) {
            out.append(run.data, run.size);
            reply_sent(&s->reply, run.size);
        }
        return out;
    }
};

TEST_F(Dispatch, ExecOutOfMemoryBehindACommandOnAWatchedShard)
{
    run("WATCH k");
    run("MULTI");
    run("SET k v");
    config_.maxmemory = 1;
    struct session other;
    session_init(&other, 2);
    // The other session's GET keeps the shard's lock for the EXEC behind it.
    std::array<bytes, 2> get = {bytes_cstr("GET"), bytes_cstr("k")};
    bytes exec = bytes_cstr("EXEC");
    std::array<pending, 2> p{};
    p[0].session = &other;
    p[0].args = {get.data(), 2};
    p[1].session = &session;
    p[1].args = {&exec, 1};
    dispatch_enter(dispatcher_);
    dispatch_run(dispatcher_, p.data(), 2);
    dispatch_leave(dispatcher_);
    EXPECT_EQ(drain(&session).substr(0, 10), "-EXECABORT");
    config_.maxmemory = 0;
    session_release(&other);
}

TEST_F(Dispatch, ARejectedCommandGivesBackItsPlaceInTheTokensQueue)
{
    const auto [a, b] = apart();
    BusyShard busy(shard_of(b));
    struct session other;
    session_init(&other, 2);
    // Each of the two fails three times and queues; the first one holds the token.
    const std::string set = "MSET " + a + " 1 " + b + " 2";
    engine_.token.head = nullptr;
    token_node ahead{};
    ASSERT_TRUE(token_take(&engine_.token, &ahead, 0));
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(batch(&session, {set})[0], PENDING_PARKED);
        session.parked = false;
    }
    EXPECT_TRUE(session.token.queued);
    config_.maxmemory = 1;
    EXPECT_EQ(batch(&session, {set})[0], PENDING_DONE);
    config_.maxmemory = 0;
    EXPECT_FALSE(session.token.queued);
    EXPECT_EQ(drain(&session).substr(0, 4), "-OOM");
    token_leave(&engine_.token, &ahead);
    busy.let_go();
    EXPECT_EQ(batch(&other, {set})[0], PENDING_DONE);
    session_release(&other);
}

/* It queued while somebody waited to move what the key gets to another shard, who is gone now. */
TEST_F(Dispatch, ACommandThatNeedsOneShardInTheEndGivesBackItsPlaceInTheTokensQueue)
{
    engine_.token.head = nullptr;
    ASSERT_TRUE(token_take(&engine_.token, &session.token, 0));
    EXPECT_EQ(batch(&session, {"SET k v"})[0], PENDING_DONE);
    EXPECT_FALSE(session.token.queued);
    EXPECT_EQ(drain(&session), "+OK\r\n");
    token_node next{};
    ASSERT_TRUE(token_take(&engine_.token, &next, 0));
    token_leave(&engine_.token, &next);
}

TEST_F(Dispatch, ATransactionWaitsForRoomInTheLog)
{
    run("MULTI");
    run("SET k v");
    for (int i = 0; i < 1024 - 64; i++)
        log_ring_put(engine_.fixed.log, LOG_WAIT, nullptr, 0, 0, 0);
    EXPECT_EQ(batch(&session, {"EXEC"})[0], PENDING_PARKED);
    session.parked = false;
    log_record r;
    while (log_ring_take(engine_.fixed.log, &r)) {
    }
    EXPECT_EQ(batch(&session, {"EXEC"})[0], PENDING_DONE);
    effects();
}

// Reads are not held back by a full log, so they may not put anything into it.
TEST_F(Dispatch, AReadLeavesAnExpiredKeyWhereTheLogIsFull)
{
    run("SET k v PX 10");
    effects();
    clock_fake_unix_ms(NOW + 20);
    for (int i = 0; i < 1024 - 64; i++)
        log_ring_put(engine_.fixed.log, LOG_WAIT, nullptr, 0, 0, 0);
    const uint64_t before = log_ring_last_ticket(engine_.fixed.log);
    EXPECT_EQ(run("GET k"), "$-1");
    EXPECT_EQ(log_ring_last_ticket(engine_.fixed.log), before);
    EXPECT_EQ(run("DBSIZE"), ":1");
    log_record r;
    while (log_ring_take(engine_.fixed.log, &r)) {
    }
    EXPECT_EQ(run("GET k"), "$-1");
    EXPECT_EQ(effects(), "DEL k");
    EXPECT_EQ(run("DBSIZE"), ":0");
}

TEST_F(Dispatch, EveryWorkerHearsOfADeadline)
{
    dispatcher *second = dispatcher_new(&engine_, 1);
    std::string key;
    for (int i = 0; key.empty() || shard_of(key)->index % 2 != 1; i++)
        key = "k" + std::to_string(i);
    run("SET " + key + " v PX 10");
    clock_fake_unix_ms(NOW + 1000);
    for (int round = 0; round < 50; round++) {
        int64_t next;
        dispatch_enter(dispatcher_);
        dispatch_expire(dispatcher_, 0, 2, 1000000, &next);
        dispatch_leave(dispatcher_);
        dispatch_enter(second);
        dispatch_expire(second, 1, 2, 1000000, &next);
        dispatch_leave(second);
    }
    EXPECT_EQ(run("DBSIZE"), ":0");
    dispatcher_free(second);
}

// The log is switched on by a command that runs alone; the ones behind it belong into it.
TEST_F(Dispatch, LoggingBeginsWithinABatch)
{
    engine_.saving.log_active = 0;
    EXPECT_EQ(batch(&session, {"switch-on", "SET k v"})[1], PENDING_DONE);
    EXPECT_EQ(effects(), "SET k v");
}

TEST_F(Dispatch, FlushBesideAnExclusiveCommandInATransaction)
{
    for (const char *line : {"SET k v", "MULTI", "FLUSHALL", "switch-on", "SWAPDB 0 1"})
        run(line);
    EXPECT_EQ(run("EXEC"), "*3 +OK +OK +OK");
    EXPECT_EQ(run("DBSIZE"), ":0");
}

} // namespace
