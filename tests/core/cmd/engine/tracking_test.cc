// Clients that track what they read: nobody keeps a value that has changed, and no reply shows a
// state that is later than an invalidation still on its way.
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/push.h"
#include "core/cmd/engine/waiter.h"
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/seed.h"

#include <barrier>
#include <memory>
#include <optional>
#include <sstream>

namespace lk
{
namespace
{

const command *tracking_rows()
{
    static const std::vector<command> all = [] {
        std::vector<command> v;
        for (const command *from : {connection_commands, auth_commands, client_commands})
            for (; from->name; from++)
                v.push_back(*from);
        v.emplace_back();
        return v;
    }();
    return all.data();
}

class Tracking : public ::testing::Test
{
  protected:
    std::string heard(Client &c, uint32_t worker = 0)
    {
        server.deliver(worker);
        return c.take_reply();
    }
    void expire(int64_t ms)
    {
        clock_fake_unix_ms(NOW + ms);
        for (uint32_t w = 0; w < 2; w++) {
            int64_t next;
            dispatch_enter(server.worker(w));
            while (dispatch_expire(server.worker(w), w, 2, 1000, &next))
                ;
            dispatch_leave(server.worker(w));
        }
    }
    uint64_t keys()
    {
        return tracking_count_keys(server.engine.fixed.push->tracking);
    }

    Server server{Shape{.workers = 2, .rows = tracking_rows()}};
    Client a{server}, b{server}, far{server, 1};
};

TEST_F(Tracking, WhatWasReadIsToldOnce)
{
    a.run("HELLO 3");
    far.run("HELLO 3");
    EXPECT_EQ(a.run("CLIENT TRACKING ON"), "+OK");
    EXPECT_EQ(far.run("CLIENT TRACKING ON"), "+OK");
    a.run("GET k");
    far.run("MGET k l");
    EXPECT_EQ(keys(), 2u);
    b.run("SET k 1");
    EXPECT_EQ(heard(a), ">2 $10 invalidate *1 $1 k");
    EXPECT_EQ(heard(far, 1), ">2 $10 invalidate *1 $1 k");
    b.run("SET k 2");
    EXPECT_EQ(heard(a), "");
    EXPECT_EQ(keys(), 1u);
    b.run("SELECT 3"); // names only: any database's key of that name
    b.run("SET l 1");
    EXPECT_EQ(heard(far, 1), ">2 $10 invalidate *1 $1 l");
    EXPECT_EQ(keys(), 0u);
}

// Before the reply what came before, behind it what it does itself, in EXEC behind the array.
TEST_F(Tracking, InvalidationsStandBetweenReplies)
{
    a.run("HELLO 3");
    a.run("CLIENT TRACKING ON");
    a.run("GET k");
    b.run("SET k 1");
    EXPECT_EQ(a.run("GET k"), ">2 $10 invalidate *1 $1 k $1 1");
    EXPECT_EQ(a.run("SET k 2"), "+OK");
    EXPECT_EQ(heard(a), ">2 $10 invalidate *1 $1 k");
    a.run("MULTI");
    a.run("GET k");
    a.run("SET k 3");
    a.run("GET k");
    a.run("GET l");
    EXPECT_EQ(a.run("EXEC"), "*4 $1 2 +OK $1 3 _");
    EXPECT_EQ(heard(a), ">2 $10 invalidate *1 $1 k");
    b.run("MSET k 1 l 1");
    const std::string both = heard(a);
    EXPECT_NE(both.find("$1 k"), std::string::npos);
    EXPECT_NE(both.find("$1 l"), std::string::npos);
    session_set(&a.session, SESSION_REPLY_OFF, true);
    a.run("GET k");
    EXPECT_EQ(a.run("SET k 1"), "");
    EXPECT_EQ(heard(a), ">2 $10 invalidate *1 $1 k");
}

TEST_F(Tracking, WhatWasReadIsForgottenWithAllKeysThoughNobodyTracksAnyMore)
{
    a.run("HELLO 3");
    a.run("CLIENT TRACKING ON");
    a.run("GET k");
    a.run("CLIENT TRACKING OFF");
    EXPECT_EQ(keys(), 1u);
    b.run("FLUSHALL");
    EXPECT_EQ(keys(), 0u);
    EXPECT_EQ(heard(a), "");
    a.run("CLIENT TRACKING ON");
    b.run("SET k 1");
    EXPECT_EQ(heard(a), "");
}

TEST_F(Tracking, EveryWayAKeyCanGo)
{
    far.run("HELLO 3");
    far.run("CLIENT TRACKING ON");
    const auto gone = [&](const std::string &what, const std::string &key = "k") {
        EXPECT_EQ(heard(far, 1), ">2 $10 invalidate *1 $1 " + key) << what;
    };
    for (const char *how :
         {"DEL k", "UNLINK k", "GETDEL k", "EXPIRE k 100", "PERSIST k", "RENAME k m", "MOVE k 1",
          "COPY other k REPLACE", "RENAME other k", "APPEND k x", "SETBIT k 1 1"}) {
        b.run("FLUSHALL");
        heard(far, 1);
        b.run("SET k 1 EX 1000");
        b.run("SET other 1");
        far.run("GET k");
        b.run(how);
        gone(how);
    }
    b.run("SET k 1 PX 50");
    far.run("GET k");
    expire(100);
    gone("expired by the tick");
    b.run("SET k 1 PX 50");
    far.run("GET k");
    clock_fake_unix_ms(NOW + 500);
    b.run("GET k");
    gone("expired by a reader");
    b.run("HSET h f 1 g 2");
    b.run("HPEXPIRE h 50 FIELDS 1 f");
    far.run("HGETALL h");
    expire(1000);
    gone("a field expired", "h");
    for (const char *how : {"FLUSHALL", "FLUSHDB"}) {
        far.run("GET k");
        b.run(how);
        EXPECT_EQ(heard(far, 1), ">2 $10 invalidate _") << how;
        EXPECT_EQ(keys(), 0u);
    }
}

TEST_F(Tracking, EvictedKeysAreTold)
{
    far.run("HELLO 3");
    far.run("CLIENT TRACKING ON");
    server.config.eviction.rule.by = EVICT_BY_CHANCE;
    server.config.eviction.samples = 5;
    server.config.eviction.tenacity = 100;
    b.run("SET k " + std::string(100000, 'x'));
    far.run("GET k");
    server.config.maxmemory = 1;
    b.run("APPEND l x");
    server.config.maxmemory = 0;
    EXPECT_EQ(heard(far, 1), ">2 $10 invalidate *1 $1 k");
}

TEST_F(Tracking, OptInAndOptOut)
{
    a.run("HELLO 3");
    EXPECT_EQ(a.run("CLIENT TRACKING ON OPTIN"), "+OK");
    a.run("GET k");
    EXPECT_EQ(keys(), 0u);
    EXPECT_EQ(a.run("CLIENT CACHING YES"), "+OK");
    a.run("CLIENT ID");
    a.run("GET k");
    a.run("GET l");
    EXPECT_EQ(keys(), 1u);
    a.run("CLIENT CACHING YES");
    a.run("MULTI");
    a.run("GET m");
    a.run("GET n");
    a.run("EXEC");
    a.run("GET o");
    EXPECT_EQ(keys(), 3u);
    a.run("CLIENT CACHING YES");
    a.run("NOSUCH k");
    a.run("GET p");
    EXPECT_EQ(keys(), 3u);
    a.run("CLIENT TRACKING OFF");
    a.run("CLIENT TRACKING ON OPTOUT");
    a.run("CLIENT CACHING NO");
    a.run("GET p");
    EXPECT_EQ(keys(), 3u);
    a.run("GET p");
    EXPECT_EQ(keys(), 4u);
    a.run("RESET");
    b.run("SET p 1");
    EXPECT_EQ(heard(a), "");
}

TEST_F(Tracking, NoLoopAndTheWaitersThatAreServed)
{
    for (const bool noloop : {true, false}) {
        b.run("DEL from to");
        heard(a);
        heard(b);
        for (Client *c : {&a, &b}) {
            c->run("HELLO 3");
            c->run(c == &a && noloop ? "CLIENT TRACKING ON NOLOOP" : "CLIENT TRACKING ON");
            c->run("LRANGE to 0 -1");
        }
        a.run("SET k 1");
        a.run("GET k");
        a.run("SET k 2");
        EXPECT_EQ(heard(a), noloop ? "" : ">2 $10 invalidate *1 $1 k");
        // far writes `from`, a's wait pops it and writes `to`: b hears of that, and a behind its
        // reply.
        ASSERT_EQ(a.batch({split("BLMOVE from to LEFT LEFT 0")})[0], PENDING_BLOCKED);
        inbox_node *served = nullptr;
        server.engine.hooks.served_ctx = &served;
        server.engine.hooks.served = [](void *ctx, uint32_t, inbox_node *n) {
            *static_cast<inbox_node **>(ctx) = n;
        };
        far.run("RPUSH from x");
        ASSERT_NE(served, nullptr);
        dispatch_enter(server.worker(0));
        waiter_finish(server.worker(0), served);
        dispatch_leave(server.worker(0));
        session_set(&a.session, SESSION_BLOCKED, false);
        EXPECT_EQ(heard(a), noloop ? "$1 x" : "$1 x >2 $10 invalidate *1 $2 to");
        EXPECT_EQ(heard(b), ">2 $10 invalidate *1 $2 to");
    }
}

TEST_F(Tracking, PrefixesGatherUntilTheBatchEnds)
{
    a.run("HELLO 3");
    far.run("HELLO 3");
    EXPECT_EQ(a.run("CLIENT TRACKING ON BCAST PREFIX u: PREFIX v:"), "+OK");
    EXPECT_EQ(far.run("CLIENT TRACKING ON BCAST NOLOOP"), "+OK");
    b.batch({split("SET u:2 x"), split("SET t:1 x"), split("SET v:1 x"), split("SET u:1 x"),
             split("SET u:2 y")});
    EXPECT_EQ(heard(a), ">2 $10 invalidate *2 $3 u:1 $3 u:2 >2 $10 invalidate *1 $3 v:1");
    EXPECT_EQ(heard(far, 1), ">2 $10 invalidate *4 $3 t:1 $3 u:1 $3 u:2 $3 v:1");
    far.run("SET u:1 x");
    EXPECT_EQ(heard(far, 1), "");
    EXPECT_EQ(heard(a), ">2 $10 invalidate *1 $3 u:1");
    b.run("SET u:5 x PX 10");
    heard(a);
    heard(far, 1);
    expire(100);
    EXPECT_EQ(heard(a), ">2 $10 invalidate *1 $3 u:5");
    EXPECT_EQ(keys(), 0u); // nothing is remembered for them
    a.run("CLIENT TRACKING OFF");
    b.run("SET u:1 x");
    EXPECT_EQ(heard(a), "");
    EXPECT_EQ(heard(far, 1), ">2 $10 invalidate *1 $3 u:5 >2 $10 invalidate *1 $3 u:1");
    far.run("CLIENT TRACKING OFF");
    EXPECT_EQ(server.engine.hooks.events, 0u);
}

TEST_F(Tracking, TheTableIsKeptSmall)
{
    a.run("HELLO 3");
    a.run("CLIENT TRACKING ON");
    server.config.tracking_table_max_keys = 10;
    uint64_t told = 0;
    const auto count = [&](const std::string &s) {
        for (size_t at = 0; (at = s.find("invalidate", at)) != std::string::npos; at++)
            told++;
    };
    for (int i = 0; i < 500; i++)
        count(a.run("GET k" + std::to_string(i)));
    for (int round = 1; round < 100 && keys() > 10; round++) {
        clock_fake_unix_ms(NOW + round * 200);
        for (uint32_t w = 0; w < 2; w++) {
            dispatch_enter(server.worker(w));
            dispatch_tracking_turn(server.worker(w), w, 2);
            dispatch_leave(server.worker(w));
        }
    }
    count(heard(a));
    EXPECT_LE(keys(), 10u);
    EXPECT_EQ(told + keys(), 500u);
}

TEST_F(Tracking, DeadReadersAreSwept)
{
    {
        Client dead{server};
        dead.run("HELLO 3");
        dead.run("CLIENT TRACKING ON");
        for (int i = 0; i < 5000; i++)
            dead.run("GET k" + std::to_string(i));
        EXPECT_EQ(keys(), 5000u);
    }
    const tracking *t = server.engine.fixed.push->tracking;
    EXPECT_TRUE(tracking_wants_sweep(t));
    for (int round = 1; round < 1000 && tracking_wants_sweep(t); round++) {
        clock_fake_unix_ms(NOW + round * 200);
        dispatch_enter(server.worker(0));
        dispatch_tracking_turn(server.worker(0), 0, 1);
        dispatch_leave(server.worker(0));
    }
    EXPECT_FALSE(tracking_wants_sweep(t));
    EXPECT_LT(keys(), 5000u); // a slow machine stops when little is left
}

// --- many at once
// ----------------------------------------------------------------------------------

// A client that keeps what it reads until it is told.
class Cache
{
  public:
    enum Mode { PLAIN, OPTIN, NOLOOP, BCAST, MODES };

    Cache(Server &server, uint32_t worker, Mode mode) : mode_(mode), client_(server, worker)
    {
        client_.run("HELLO 3");
        const char *words[] = {"", " OPTIN", " NOLOOP", " BCAST"};
        EXPECT_EQ(client_.run(std::string("CLIENT TRACKING ON") + words[mode]), "+OK");
    }

    void read(const std::string &key, const std::string &pair)
    {
        if (mode_ == OPTIN)
            hear(client_.run("CLIENT CACHING YES"), 1);
        const std::vector<std::string> values = hear(client_.run("GET " + key), 1);
        kept[key] = values[0];
        // Both halves of a pair change at once: who sees one new must have heard of the other.
        if (!pair.empty() && mode_ != BCAST && kept.count(pair)) {
            EXPECT_GE(number(kept[pair]), number(values[0])) << key;
        }
    }

    void write(const std::string &line, const Words &keys)
    {
        for (const std::string &key : keys)
            kept.erase(key); // its own changes are its own to know
        hear(client_.run(line), 1);
        for (const std::string &key : keys)
            kept.erase(key);
    }

    void write_pair(const std::string &one, const std::string &two)
    {
        for (const std::string &line : {std::string("MULTI"), "INCR " + one, "INCR " + two})
            hear(client_.run(line), 1);
        write("EXEC", {one, two});
    }

    void hear_rest()
    {
        hear(client_.take_reply(), 0);
    }

    std::map<std::string, std::string> kept;

  private:
    static long number(const std::string &value)
    {
        return value == "_" ? 0 : std::stol(value);
    }

    // Takes pushes out of the words; returns the replies: values, or whatever they begin with.
    std::vector<std::string> hear(const std::string &text, size_t want)
    {
        std::istringstream in(text);
        std::string word, key;
        std::vector<std::string> replies;
        while (in >> word) {
            if (word[0] == '>') {
                in >> word >> word >> word; // $10 invalidate, and how many
                if (word == "_")
                    kept.clear();
                for (int n = word[0] == '*' ? std::stoi(word.substr(1)) : 0; n > 0; n--) {
                    in >> key >> key;
                    kept.erase(key);
                }
            } else if (word[0] == '$') {
                in >> word;
                replies.push_back(word);
            } else if (word[0] == '*') {
                replies.push_back(word);
                for (int n = std::stoi(word.substr(1)); n > 0; n--)
                    in >> word;
            } else {
                replies.push_back(word);
            }
        }
        EXPECT_EQ(replies.size(), want) << text;
        replies.resize(want);
        return replies;
    }

    Mode mode_;
    Client client_;
};

constexpr uint32_t WORKERS = 4, CLIENTS = 4; // so many of each
constexpr int PAIRS = 3, SINGLES = 4;

void random_step(Cache &c, std::mt19937_64 &rng)
{
    const std::string n = std::to_string(rng() % PAIRS), one = "a" + n, two = "b" + n;
    const std::string single = "s" + std::to_string(rng() % SINGLES);
    const unsigned what = rng() % 1000;
    if (what < 400)
        c.read(two, one);
    else if (what < 600)
        c.read(one, "");
    else if (what < 750)
        c.read(single, "");
    else if (what < 860)
        c.write_pair(one, two);
    else if (what < 930)
        c.write("INCR " + single, {single});
    else if (what < 960)
        c.write("SET " + single + " 1 PX 5", {single});
    else if (what < 997)
        c.write("DEL " + single, {single});
    else
        c.write("FLUSHALL", {});
}

// Nobody runs: what is kept must be what is there.
void expect_fresh(Server &server, std::vector<std::unique_ptr<Cache>> &caches, Client &plain)
{
    for (uint32_t w = 0; w < WORKERS; w++) {
        int64_t next;
        dispatch_enter(server.worker(w));
        while (dispatch_expire(server.worker(w), w, WORKERS, 1000, &next))
            ;
        dispatch_leave(server.worker(w));
    }
    for (uint32_t w = 0; w < WORKERS; w++)
        server.deliver(w);
    for (const auto &c : caches) {
        c->hear_rest();
        for (const auto &[key, value] : c->kept) {
            const std::string is = plain.run("GET " + key);
            EXPECT_EQ(value, is == "$-1" ? "_" : is.substr(is.find(' ') + 1)) << key;
        }
    }
}

// Each victim's name goes to all who know it, which takes more than the victim had: no reason for
// more.
TEST(TrackingEviction, InvalidationsEvictNobody)
{
    constexpr int KEYS = 300, TRACKERS = 10;
    constexpr size_t OVER = 40'000;
    Server server{Shape{.workers = 2, .logging = false, .rows = tracking_rows()}};
    const auto key = [](int i) { return std::to_string(i) + std::string(1000, 'x'); };
    std::vector<std::unique_ptr<Client>> trackers;
    for (int t = 0; t < TRACKERS; t++) {
        trackers.push_back(std::make_unique<Client>(server, static_cast<uint32_t>(t) % 2));
        trackers.back()->run("HELLO 3");
        trackers.back()->run("CLIENT TRACKING ON");
    }
    for (int i = 0; i < KEYS; i++) {
        trackers[0]->call({"SET", key(i), "v"});
        for (const auto &t : trackers)
            t->call({"GET", key(i)});
    }
    for (uint32_t w : {0u, 1u})
        server.deliver(w);
    for (const auto &t : trackers)
        t->take_reply();
    server.config.eviction.rule = {EVICT_BY_USE, false};
    server.config.eviction.samples = 5;
    server.config.eviction.tenacity = 100;
    server.config.maxmemory = dispatch_counted_bytes(&server.engine) - OVER;
    int turn = 0;
    for (uint32_t w : {0u, 1u, 0u}) {
        dispatcher *d = server.worker(w);
        dispatch_enter(d);
        clock_fake_unix_ms(NOW + turn++ * 10);
        EXPECT_FALSE(dispatch_evict_turn(d)); // it has paid what it owed
        dispatch_leave(d);
        server.deliver(0); // and what is told lies in the clients' replies
        server.deliver(1);
    }
    const uint64_t gone = dispatcher_stats(server.worker(0))->evicted_keys +
                          dispatcher_stats(server.worker(1))->evicted_keys;
    EXPECT_GE(gone, 5u);
    EXPECT_LE(gone, OVER / 1000);
    EXPECT_GT(dispatch_counted_bytes(&server.engine), server.config.maxmemory);
    for (const auto &t : trackers)
        EXPECT_NE(t->take_reply().find("invalidate"), std::string::npos);
}

TEST(TrackingRace, NobodyKeepsWhatHasChanged)
{
    Server server{Shape{.workers = WORKERS, .logging = false, .rows = tracking_rows()}};
    std::vector<std::unique_ptr<Cache>> caches;
    for (uint32_t i = 0; i < WORKERS * CLIENTS; i++)
        caches.push_back(std::make_unique<Cache>(
            server, i / CLIENTS, static_cast<Cache::Mode>(i % CLIENTS % Cache::MODES)));
    Client plain{server};
    const uint64_t seed = test_seed();
    for (int round = 0; round < scaled(40); round++) {
        std::vector<std::thread> threads;
        for (uint32_t w = 0; w < WORKERS; w++)
            threads.emplace_back([&, w] {
                std::mt19937_64 rng(seed + static_cast<uint64_t>(round) * WORKERS + w);
                for (int step = 0; step < 300; step++) {
                    random_step(*caches[w * CLIENTS + rng() % CLIENTS], rng);
                    if (rng() % 4 == 0)
                        server.deliver(w);
                }
            });
        for (std::thread &t : threads)
            t.join();
        clock_fake_unix_ms(NOW + (round + 1) * 10); // those with a deadline are due now
        expect_fresh(server, caches, plain);
        ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round;
    }
}

} // namespace
} // namespace lk
