// Commands that go through all shards, those that want several, and those that want to be alone:
// whatever is busy, no worker sleeps for it, and all of them come to their end (O2, O3).
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/slow_threads.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace
{

using namespace lk;

constexpr uint32_t SHARDS = 8;

class Walk : public ::testing::Test
{
  protected:
    // Two workers, so that they tell one another.
    Walk() : server_({.shards = SHARDS, .workers = 2, .logging = false})
    {
    }

    // n keys in each shard of the database that is selected.
    std::set<std::string> fill(Client &c, int n)
    {
        std::set<std::string> keys;
        for (uint32_t s = 0; s < SHARDS; s++)
            for (int i = 0; i < n; i++) {
                keys.insert(server_.key_in(s, i));
                c.run("SET " + server_.key_in(s, i) + " v");
            }
        return keys;
    }
    shard *busy(uint32_t i)
    {
        return &server_.ks->shards[i];
    }
    static bool parks(Client &c, const Words &words)
    {
        const bool parked = c.batch({words})[0] == PENDING_PARKED;
        c.session.parked = false;
        return parked;
    }

    Server server_;
};

// The bulks of an array reply that begin with k.
std::vector<std::string> keys_of(const std::string &reply)
{
    std::vector<std::string> out;
    for (const std::string &word : split(reply))
        if (word[0] == 'k')
            out.push_back(word);
    return out;
}

TEST_F(Walk, KeysGoesOnWhereAShardWasBusy)
{
    Client a(server_), other(server_);
    const std::set<std::string> keys = fill(other, 5);
    BusyShard held(busy(5));
    for (int i = 0; i < 3; i++) { // told for nothing it finds nothing twice
        EXPECT_TRUE(parks(a, {"KEYS", "*"}));
        EXPECT_EQ(other.run("GET " + server_.key_in(6)), "$1 v"); // the worker goes on
    }
    held.let_go();
    server_.wait_retry(0);
    const std::vector<std::string> found = keys_of(a.call({"KEYS", "*"}));
    EXPECT_EQ(found.size(), keys.size());
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), keys);
    EXPECT_EQ(a.session.slice.state, nullptr);
}

// In a database whose counts stand behind the locks.
TEST_F(Walk, DbsizeAndRandomkeySleepForNoShard)
{
    Client a(server_), other(server_);
    for (Client *c : {&a, &other})
        c->run("SELECT 1");
    const std::set<std::string> keys = fill(other, 3);
    for (const char *command : {"DBSIZE", "RANDOMKEY"}) {
        BusyShard held(busy(4));
        EXPECT_TRUE(parks(a, {command})) << command;
        EXPECT_EQ(other.run("GET " + server_.key_in(3)), "$1 v");
        held.let_go();
        server_.wait_retry(0);
        const std::string reply = a.call({command});
        if (reply[0] == ':')
            EXPECT_EQ(reply, ":24");
        else
            EXPECT_TRUE(keys.count(keys_of(reply).at(0))) << reply;
    }
    // The session may also end in between, with what it keeps.
    BusyShard held(busy(4));
    Client gone(server_);
    gone.run("SELECT 1");
    EXPECT_TRUE(parks(gone, {"DBSIZE"}));
    EXPECT_NE(gone.session.slice.state, nullptr);
}

TEST_F(Walk, RandomkeyDrawsFromAllShardsAlike)
{
    Client a(server_);
    a.run("SELECT 1");
    const std::set<std::string> keys = fill(a, 2);
    std::map<std::string, int> drawn;
    for (int i = 0; i < 4000; i++)
        drawn[keys_of(a.run("RANDOMKEY")).at(0)]++;
    EXPECT_EQ(drawn.size(), keys.size());
    for (const auto &[key, n] : drawn) { // 250 expected, the deviation is 15
        EXPECT_GT(n, 150) << key;
        EXPECT_LT(n, 350) << key;
    }
}

// What it has found it answers, with the cursor it reached; each key comes once.
TEST_F(Walk, ScanAnswersInFrontOfABusyShard)
{
    Client a(server_), other(server_);
    const std::set<std::string> keys = fill(other, 20);
    std::vector<std::string> found;
    std::string cursor = "0";
    const auto step = [&] {
        const std::string reply = a.call({"SCAN", cursor, "COUNT", "1000"});
        cursor = split(reply).at(2);
        for (const std::string &key : keys_of(reply))
            found.push_back(key);
    };
    {
        BusyShard held(busy(5));
        step();
        EXPECT_EQ(found.size(), 5u * 20);
        EXPECT_NE(cursor, "0");
        EXPECT_TRUE(parks(a, {"SCAN", cursor, "COUNT", "1000"}));
        EXPECT_TRUE(parks(a, {"SCAN", cursor, "COUNT", "1000"}));
    }
    server_.wait_retry(0);
    step();
    EXPECT_EQ(cursor, "0");
    EXPECT_EQ(found.size(), keys.size());
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), keys);
}

// However many it is asked for, it stops when its slice is over; the answer has them all.
TEST_F(Walk, ScanOfEverythingGoesInSlices)
{
    constexpr int KEYS = 20000;
    Client a(server_);
    for (int i = 0; i < KEYS; i++)
        a.call({"SET", "k" + std::to_string(i), "v"});
    if (parks(a, {"SCAN", "0", "COUNT", "1000000"}))
        server_.wait_retry(0);
    else
        a.take_reply(); /* a fast machine has it in one slice */
    const std::string reply = a.call({"SCAN", "0", "COUNT", "1000000"});
    EXPECT_EQ(split(reply).at(2), "0");
    const std::vector<std::string> found = keys_of(reply);
    EXPECT_EQ(found.size(), static_cast<size_t>(KEYS));
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), static_cast<size_t>(KEYS));
    EXPECT_GE(keys_of(a.call({"SCAN", "0", "COUNT", "10"})).size(), 10u);
}

// Inside a transaction all shards are its own: nothing is busy, and nothing goes in slices.
TEST_F(Walk, InsideExecItIsOneMoment)
{
    Client a(server_);
    fill(a, 2);
    a.run("MULTI");
    for (const char *line : {"DBSIZE", "RANDOMKEY", "SCAN 0 COUNT 1000", "KEYS *"})
        EXPECT_EQ(a.run(line), "+QUEUED");
    const std::string reply = a.run("EXEC");
    EXPECT_EQ(reply.substr(0, 7), "*4 :16 ");
    EXPECT_EQ(keys_of(reply).size(), 1u + 16 + 16);
}

// UN12: who has the token sleeps in slices, and lets go of all it holds for somebody who is long.
TEST_F(Walk, TheTokensHolderLetsGoWhileSomebodyIsLong)
{
    Client a(server_), other(server_);
    const Words mset = {"MSET", server_.key_in(2), "1", server_.key_in(5), "2"};
    BusyShard held(busy(5));
    for (int i = 0; i < 2; i++)
        EXPECT_TRUE(parks(a, mset));
    gate_busy_begin(&server_.ks->gate);
    for (int i = 0; i < 3; i++) {
        EXPECT_TRUE(parks(a, mset));
        EXPECT_TRUE(a.session.token.queued);
        EXPECT_TRUE(shard_try_lock(busy(2)));
        shard_unlock(busy(2));
        EXPECT_EQ(other.run("SET " + server_.key_in(2) + " x"), "+OK");
    }
    gate_busy_end(&server_.ks->gate);
    held.let_go();
    server_.wait_retry(0);
    EXPECT_EQ(a.call(mset), "+OK");
    EXPECT_FALSE(a.session.token.queued);
}

// UN13: it tries, and comes again; the others of its worker run meanwhile.
TEST_F(Walk, WhoWantsToBeAloneTriesAndComesAgain)
{
    Client a(server_), other(server_);
    SlowMember slow(&server_.ks->gate);
    int64_t last = 0;
    for (int i = 0; i < 4; i++) {
        EXPECT_TRUE(parks(a, {"ALONE", "k", "v"}));
        EXPECT_EQ(a.session.lock_failures, i + 1);
        EXPECT_EQ(other.run("SET k x"), "+OK");
        EXPECT_GT(dispatch_gate_again_ms(server_.worker(0)), NOW);
        clock_fake_unix_ms(dispatch_gate_again_ms(server_.worker(0)));
        other.run("GET k"); // a batch, and so another look at the clock
        EXPECT_TRUE(dispatch_gate_due(server_.worker(0)));
        EXPECT_FALSE(dispatch_gate_due(server_.worker(0)));
        EXPECT_GE(clock_unix_ms() - NOW, last + (2 << i)); // ten times 0.2 ms, then twice that
        last = clock_unix_ms() - NOW;
    }
    gate_busy_begin(&server_.ks->gate);
    EXPECT_TRUE(parks(a, {"ALONE", "k", "v"}));
    gate_busy_end(&server_.ks->gate);
    slow.let_go();
    EXPECT_EQ(a.call({"ALONE", "k", "v"}), "+OK");
    EXPECT_EQ(a.session.lock_failures, 0);
    EXPECT_EQ(other.run("GET k"), "$1 v");
}

} // namespace
