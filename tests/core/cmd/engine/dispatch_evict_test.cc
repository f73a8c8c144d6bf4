// Eviction: who may go under each policy, who goes first, that the limit holds, and who is told.
#include "tests/core/cmd/engine/dispatch_fixture.h"

#include "core/store/lazy_free.h"
#include "core/store/reclaim.h"
#include "persist/log_thread.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

namespace
{

using namespace lk;

const char oom[] = "-OOM command not allowed when used memory > 'maxmemory'.";

std::string name(int i)
{
    return "key:" + std::to_string(i);
}

size_t counted(const Server &s)
{
    return dispatch_counted_bytes(&s.engine);
}

// From here on nothing more fits.
void limit_here(Server *s, evict_rule rule, size_t more = 0)
{
    s->config.eviction.rule = rule;
    s->config.limits.lfu = rule.by == EVICT_BY_COUNT;
    s->config.eviction.samples = 5;
    s->config.eviction.tenacity = 100;
    s->config.limits.lfu_log_factor = 10;
    s->config.limits.lfu_decay_minutes = 1;
    s->config.maxmemory = counted(*s) + more;
}

uint64_t evicted(Server &s, uint32_t worker = 0)
{
    return dispatcher_stats(s.worker(worker))->evicted_keys;
}

std::set<std::string> keys(const Server &s)
{
    std::set<std::string> out;
    for (const auto &[place, item] : dump(s.ks))
        out.insert(place.second);
    return out;
}

// Few keys are freed before FLUSHALL answers, many and those of ASYNC behind it.
TEST(Flush, FewKeysAreFreedAtOnce)
{
    Server server({.logging = false});
    Client c(server);
    lazy_free *lazy = server.ks->lazy;
    const auto left_to_others = [&](int keys, const Words &flush) {
        for (int i = 0; i < keys; i++)
            c.call({"SET", name(i), "v"});
        const uint64_t before = lazy_free_done(lazy);
        EXPECT_EQ(c.call(flush), "+OK");
        EXPECT_EQ(c.call({"DBSIZE"}), ":0");
        lazy_free_wait(lazy);
        return lazy_free_done(lazy) - before;
    };
    EXPECT_EQ(left_to_others(4096, {"FLUSHALL"}), 0u);
    EXPECT_EQ(left_to_others(4096, {"FLUSHDB", "SYNC"}), 0u);
    EXPECT_EQ(left_to_others(4097, {"FLUSHALL", "SYNC"}), 4097u);
    EXPECT_EQ(left_to_others(3, {"FLUSHALL", "ASYNC"}), 3u);
}

// Far below the limit nobody looks, and yet it holds, also when it is lowered or raised.
TEST(Evict, TheLimitHoldsFromFarBelow)
{
    constexpr size_t MB = 1 << 20, ROOM = 16 * 1024; /* for a command that was let in */
    Server server({.logging = false});
    Client c(server);
    limit_here(&server, {.by = EVICT_BY_CHANCE, .timed_only = false}, 8 * MB);
    int i = 0;
    const auto fill = [&](size_t bytes) {
        size_t most = 0;
        for (size_t n = 0; n < bytes; n += 1000) {
            ASSERT_EQ(c.call({"SET", name(i++), std::string(1000, 'v')}), "+OK");
            most = std::max(most, counted(server));
        }
        EXPECT_LE(most, server.config.maxmemory + ROOM);
        EXPECT_GT(most, server.config.maxmemory - MB / 4);
    };
    fill(12 * MB);
    server.config.maxmemory += 4 * MB;
    fill(6 * MB);
    EXPECT_GT(evicted(server), 4000u);
    c.call({"FLUSHALL"});
    lazy_free_wait(server.ks->lazy);
    ASSERT_EQ(c.call({"SET", "far", "v"}), "+OK");
    for (int k = 0; k < 2000; k++)
        ASSERT_EQ(c.call({"SET", name(k), std::string(1000, 'v')}), "+OK");
    server.config.maxmemory = counted(server) - MB;
    ASSERT_EQ(c.call({"SET", "far", "w"}), "+OK");
    EXPECT_LE(counted(server), server.config.maxmemory + ROOM) << "it was near at once";
}

class Policy : public ::testing::TestWithParam<evict_rule>
{
};

/*
 * Every second key has a deadline.  Those of the first half are older, less used and due sooner:
 * but for the random policies, nearly all victims are theirs.
 */
TEST_P(Policy, TakesWhoMayGoAndTheRightOnesFirst)
{
    constexpr int KEYS = 4000, ADDED = 400;
    const evict_rule rule = GetParam();
    Server server({.logging = false});
    Client c(server);
    limit_here(&server, rule, size_t{1} << 40);
    const auto timed = [](int i) { return i % 2 == 1; };
    const auto early = [](int i) { return i < KEYS / 2; };
    for (int i = 0; i < KEYS; i++) {
        clock_fake_unix_ms(NOW + (early(i) ? 0 : 1'000'000));
        const std::string far = std::to_string(early(i) ? 50'000'000 : 90'000'000);
        Words set{"SET", name(i), std::string(100, 'v')};
        if (timed(i))
            set.insert(set.end(), {"PX", far});
        ASSERT_EQ(c.call(set), "+OK");
        for (int uses = 0; !early(i) && uses < 40; uses++)
            c.call({"GET", name(i)});
    }
    clock_fake_unix_ms(NOW + 1'000'000);
    const std::set<std::string> before = keys(server);
    limit_here(&server, rule);
    for (int i = 0; i < ADDED; i++)
        ASSERT_EQ(c.call({"SET", "new:" + std::to_string(i), std::string(100, 'v')}), "+OK") << i;
    const std::set<std::string> after = keys(server);
    int gone = 0, late = 0;
    for (int i = 0; i < KEYS; i++) {
        if (after.count(name(i)))
            continue;
        gone++;
        late += !early(i);
        EXPECT_TRUE(!rule.timed_only || timed(i)) << name(i) << " has no deadline";
    }
    EXPECT_GT(gone, ADDED / 4);
    EXPECT_EQ(before.size() + ADDED - after.size(), evicted(server));
    if (rule.by == EVICT_BY_CHANCE)
        EXPECT_GT(late, gone / 4);
    else
        EXPECT_LT(late, 1 + gone / 20);
    EXPECT_EQ(server.engine.eviction.claimed, 0);
    EXPECT_LE(counted(server), server.config.maxmemory + 4096);
}

INSTANTIATE_TEST_SUITE_P(
    Eviction, Policy,
    ::testing::Values(evict_rule{EVICT_BY_USE, false}, evict_rule{EVICT_BY_COUNT, false},
                      evict_rule{EVICT_BY_CHANCE, false}, evict_rule{EVICT_BY_USE, true},
                      evict_rule{EVICT_BY_COUNT, true}, evict_rule{EVICT_BY_CHANCE, true},
                      evict_rule{EVICT_BY_DEADLINE, true}));

/* Each key is older than the next one by so many ms: a random victim would be in the middle. */
void expect_the_oldest_to_go(int count, int step_ms)
{
    Server server({.logging = false});
    Client c(server);
    for (int i = 0; i < count; i++) {
        clock_fake_unix_ms(NOW + static_cast<int64_t>(i) * step_ms);
        c.call({"SET", name(i), std::string(100, 'v')});
    }
    limit_here(&server, {EVICT_BY_USE, false});
    for (int i = 0; i < count / 10; i++)
        c.call({"SET", "new:" + std::to_string(i), std::string(100, 'v')});
    const std::set<std::string> left = keys(server);
    double rank = 0;
    int gone = 0;
    for (int i = 0; i < count; i++)
        if (!left.count(name(i))) {
            rank += i;
            gone++;
        }
    ASSERT_GT(gone, count / 20);
    EXPECT_LT(rank / gone / count, 0.15) << "of " << gone;
}

TEST(Evict, ThePoolComesNearTheOldest)
{
    expect_the_oldest_to_go(5000, 1000);
}

/* A cache that turns over within a second still knows who was used last. */
TEST(Evict, TheOldestWithinASecondGoesFirst)
{
    expect_the_oldest_to_go(1000, 1);
}

/* None stays because of where it lies in its bucket. */
TEST(Evict, OfKeysOfTheSameAgeAnyoneGoes)
{
    constexpr int KEYS = 500;
    for (const evict_by by : {EVICT_BY_USE, EVICT_BY_COUNT}) {
        Server server({.logging = false});
        Client c(server);
        clock_fake_unix_ms(NOW);
        for (int i = 0; i < KEYS; i++)
            c.call({"SET", name(i), std::string(100, 'v')});
        limit_here(&server, {static_cast<uint8_t>(by), false});
        for (int i = 0; i < 30 * KEYS; i++)
            c.call({"SET", "new:" + std::to_string(i), std::string(100, 'v')});
        int stayed = 0;
        const std::set<std::string> left = keys(server);
        for (int i = 0; i < KEYS; i++)
            stayed += static_cast<int>(left.count(name(i)));
        EXPECT_EQ(stayed, 0) << "by " << by << ", of " << left.size();
    }
}

TEST(Evict, NoEvictionRefusesWhatTakesMemoryAndNothingElse)
{
    Server server({.logging = false});
    Client c(server);
    c.run("SET a 1");
    limit_here(&server, {EVICT_NOTHING, false});
    server.config.maxmemory = 1;
    EXPECT_EQ(c.run("SET b 1"), oom);
    EXPECT_EQ(c.run("GET a"), "$1 1");
    EXPECT_EQ(c.run("DEL a"), ":1");
    EXPECT_EQ(keys(server).size(), 0U);
    server.config.maxmemory = 0;
    EXPECT_EQ(c.run("SET b 1"), "+OK");
    EXPECT_EQ(evicted(server), 0U);
}

TEST(Evict, TransactionsAtTheLimit)
{
    Server server({.logging = false});
    Client c(server);
    c.run("SET a 1");
    limit_here(&server, {EVICT_NOTHING, false});
    const uint64_t room = uint64_t{1} << 50;
    /* Queueing takes memory, too. */
    server.config.maxmemory = 1;
    EXPECT_EQ(c.run("MULTI"), "+OK");
    EXPECT_EQ(c.run("GET a"), oom);
    EXPECT_EQ(c.run("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    /* Full between queueing and EXEC: asked as all of its commands together. */
    for (const char *command : {"SET b 1", "GET a"}) {
        server.config.maxmemory = room;
        EXPECT_EQ(c.run("MULTI"), "+OK");
        EXPECT_EQ(c.run(command), "+QUEUED");
        server.config.maxmemory = 1;
        EXPECT_EQ(c.run("EXEC"), *command == 'G' ? "*1 $1 1"
                                                 : std::string("-EXECABORT Transaction discarded "
                                                               "because of: ") +
                                                       (oom + 1));
    }
    EXPECT_EQ(c.run("MULTI"), "+OK");
    EXPECT_EQ(c.run("DISCARD"), "+OK");
    /* With keys to evict it runs. */
    server.config.maxmemory = room;
    for (int i = 0; i < 200; i++)
        c.call({"SET", name(i), std::string(100, 'v')});
    limit_here(&server, {EVICT_BY_USE, false});
    EXPECT_EQ(c.run("MULTI"), "+OK");
    EXPECT_EQ(c.call({"SET", "b", std::string(2000, 'b')}), "+QUEUED");
    EXPECT_EQ(c.call({"SET", "c", std::string(2000, 'b')}), "+QUEUED");
    EXPECT_EQ(c.run("EXEC"), "*2 +OK +OK");
    EXPECT_EQ(c.run("SET d 1"), "+OK");
    EXPECT_GT(evicted(server), 10U);
}

TEST(Evict, TheLimitHoldsForValuesOfAllSizes)
{
    constexpr size_t ROOM = 110u << 20;
    Server server({.logging = false});
    Client c(server);
    limit_here(&server, {EVICT_BY_USE, false}, ROOM);
    std::mt19937_64 rng(5);
    size_t worst = 0;
    for (int i = 0; i < 4000; i++) {
        const double log10 = 1 + 5 * static_cast<double>(rng() % 10000) / 10000;
        const auto size = static_cast<size_t>(std::pow(10, log10));
        ASSERT_EQ(c.call({"SET", name(i), std::string(size, 'v')}), "+OK");
        worst = std::max(worst, counted(server));
    }
    EXPECT_GT(evicted(server), 1000U);
    EXPECT_LE(worst, server.config.maxmemory + ROOM / 100);
    EXPECT_GE(counted(server), server.config.maxmemory - ROOM / 20) << "no more than needed went";
}

/* The tenacity ends a turn, but not before the worker has paid for what it has itself added. */
TEST(Evict, WithoutTenacityAWorkerPaysForItself)
{
    constexpr size_t ROOM = 8u << 20;
    Server server({.logging = false});
    Client c(server);
    limit_here(&server, {EVICT_BY_CHANCE, false}, ROOM);
    server.config.eviction.tenacity = 0;
    for (int i = 0; i < 40000; i++)
        ASSERT_EQ(c.call({"SET", name(i), std::string(300, 'v')}), "+OK");
    EXPECT_GT(evicted(server), 5000U);
    EXPECT_LE(counted(server), server.config.maxmemory + ROOM / 100);
}

TEST(Evict, ALoweredLimitIsReachedWithoutACommand)
{
    Server server({.logging = false});
    Client c(server);
    for (int i = 0; i < 20000; i++)
        c.call({"SET", name(i), std::string(100, 'v')});
    limit_here(&server, {EVICT_BY_COUNT, false});
    server.config.eviction.tenacity = 10;
    server.config.maxmemory -= 2u << 20;
    dispatcher *d = server.worker(0);
    bool more = true;
    for (int turns = 0; more && turns < 100000; turns++) {
        dispatch_enter(d);
        more = dispatch_evict_turn(d);
        dispatch_leave(d);
    }
    EXPECT_FALSE(more);
    EXPECT_LE(counted(server), server.config.maxmemory);
    EXPECT_GE(counted(server), server.config.maxmemory - (256u << 10));
    EXPECT_EQ(server.engine.eviction.since_ms, 0);
}

TEST(Evict, NothingGoesWhilePausedOrLoading)
{
    Server server({.logging = false});
    Client c(server);
    for (int i = 0; i < 100; i++)
        c.call({"SET", name(i), "v"});
    for (const evict_rule rule :
         {evict_rule{EVICT_BY_USE, false}, evict_rule{EVICT_NOTHING, false}}) {
        limit_here(&server, rule);
        server.config.maxmemory = 1;
        gate_close(&server.ks->gate);
        engine_pause(&server.engine, PAUSE_BY_CLIENT, PAUSE_WRITES, NOW + 1000);
        gate_open(&server.ks->gate);
        EXPECT_EQ(c.batch({{"SET", "b", "1"}})[0], PENDING_PARKED) << "held back, not refused";
        c.session.parked = false;
        engine_pause_end(&server.engine, PAUSE_BY_CLIENT);
        engine_set_loading(&server.engine, true);
        EXPECT_EQ(c.run("SET b 1"), "-LOADING Redis is loading the dataset in memory");
        engine_set_loading(&server.engine, false);
        EXPECT_EQ(keys(server).size(), 100U);
    }
    Client loader(server);
    session_set(&loader.session, SESSION_LOADING, true);
    EXPECT_EQ(loader.run("SET b 1"), "+OK");
    EXPECT_EQ(keys(server).size(), 101U);
    EXPECT_EQ(evicted(server), 0U);
}

/* One key that may go in one shard of many, in a database that nobody uses. */
TEST(Evict, TheOnlyVictimIsFoundAndThenThereIsNone)
{
    Server server({.shards = 256, .logging = false});
    Client c(server);
    for (int i = 0; i < 3000; i++)
        c.call({"SET", name(i), "v"});
    c.run("SELECT 9");
    c.call({"SET", "timed", std::string(30000, 'v'), "EX", "10000"});
    c.run("SELECT 0");
    limit_here(&server, {EVICT_BY_USE, true});
    server.config.maxmemory -= 20000;
    EXPECT_EQ(c.run("SET b 1"), "+OK");
    EXPECT_EQ(evicted(server), 1U);
    server.config.maxmemory = 1;
    EXPECT_EQ(c.run("SET b 1"), oom);
    EXPECT_EQ(c.run("EXPIRE b 100"), ":1");
    EXPECT_EQ(c.run("SET d 1"), oom) << "one more goes, and it is not enough";
    EXPECT_EQ(evicted(server), 2U);
    EXPECT_EQ(c.run("EXISTS b"), ":0");
}

/* Elements' deadlines are none of the key's. */
TEST(Evict, AHashWithDeadlinesInsideHasNoneOfItsOwn)
{
    Server server({.logging = false});
    Client c(server);
    c.run("HSET h f v");
    EXPECT_EQ(c.run("HEXPIRE h 1000 FIELDS 1 f"), "*1 :1");
    limit_here(&server, {EVICT_BY_DEADLINE, true});
    server.config.maxmemory = 1;
    EXPECT_EQ(c.run("SET b 1"), oom);
    EXPECT_EQ(keys(server).size(), 1U);
}

TEST(Evict, WatchersAndTheLogAreTold)
{
    for (const bool lazy : {false, true}) {
        Server server;
        Client c(server), watcher(server);
        server.config.eviction.lazy = lazy;
        c.run("SET a 1");
        watcher.run("WATCH a");
        server.effects();
        limit_here(&server, {EVICT_BY_USE, false});
        server.config.maxmemory = 1;
        EXPECT_EQ(c.run("SET b 1"), oom) << "all is gone, and it does not help";
        EXPECT_EQ(server.effects(), lazy ? "UNLINK a" : "DEL a");
        server.config.maxmemory = 0;
        watcher.run("MULTI");
        EXPECT_EQ(watcher.run("EXEC"), "*-1");
    }
}

TEST(Evict, SubscribersHearOfIt)
{
    Server server({.logging = false});
    Client c(server), ear(server);
    server.engine.hooks.events = EVENT_KEYEVENT | EVENT_EVICTED;
    c.run("SELECT 3");
    c.run("SET a 1");
    ear.run("SUBSCRIBE __keyevent@3__:evicted");
    ear.take_reply();
    limit_here(&server, {EVICT_BY_CHANCE, false});
    server.config.maxmemory = 1;
    EXPECT_EQ(c.run("SET b 1"), oom);
    server.deliver();
    EXPECT_EQ(ear.take_reply(), "*3 $7 message $22 __keyevent@3__:evicted $1 a");
}

/* A2: what a view keeps is not what is used, or evicting would free nothing, for ever. */
TEST(Evict, NothingEmptiesTheKeyspaceWhileAViewIsOpen)
{
    constexpr int KEYS = 6000, ADDED = 600;
    for (const char *large : {"no", "yes"}) {
        Server server({.logging = false});
        Client c(server);
        for (int i = 0; i < KEYS; i++) {
            Words push{"RPUSH", name(i)};
            for (int j = 0; j < (*large == 'y' ? 300 : 1); j++)
                push.push_back("element:" + std::to_string(j * 1000 + i));
            c.call(push);
        }
        limit_here(&server, {EVICT_BY_USE, false});
        gate_close(&server.ks->gate);
        view *v = view_cut(server.ks);
        gate_open(&server.ks->gate);
        for (int i = 0; i < ADDED; i++) {
            Words push{"RPUSH", "new:" + std::to_string(i)};
            for (int j = 0; j < (*large == 'y' ? 300 : 1); j++)
                push.push_back("element:" + std::to_string(j * 1000 + i));
            ASSERT_EQ(c.call(push), ":" + std::to_string(push.size() - 2));
        }
        EXPECT_GT(view_held_bytes(server.ks), 0U);
        EXPECT_GE(evicted(server), ADDED / 4);
        EXPECT_LE(evicted(server), ADDED * 3);
        uint32_t db;
        int seen = 0;
        while (view_next(v, &db))
            seen++;
        EXPECT_EQ(seen, KEYS) << "what was there at the cut";
        view_close(v);
    }
}

TEST(Evict, WhatIsBeingFreedIsNotCounted)
{
    Server server({.logging = false});
    Client c(server);
    const size_t empty = counted(server);
    for (int i = 0; i < 20000; i++)
        c.call({"SET", name(i), std::string(200, 'v')});
    Words big{"RPUSH", "big"};
    for (int i = 0; i < 50000; i++)
        big.push_back("an element of some bytes " + std::to_string(i));
    c.call(big);
    const size_t full = counted(server);
    /* The thread's own count of what it has freed comes a moment later than the other sums. */
    c.run("UNLINK big");
    lazy_free_wait(server.ks->lazy);
    EXPECT_LE(counted(server), full - 1'000'000);
    c.run("FLUSHALL");
    lazy_free_wait(server.ks->lazy);
    EXPECT_LE(counted(server), empty + (full - empty) / 5);
    EXPECT_EQ(lazy_free_pending_bytes(server.ks->lazy), 0U);
}

TEST(Evict, ReplayingTheLogGivesTheSameKeys)
{
    Server server;
    std::string stream;
    {
        Client c(server);
        limit_here(&server, {EVICT_BY_USE, false}, 700'000);
        Draw draw(11, 3000, 3);
        for (int i = 0; i < scaled(6000); i++) {
            draw.step(c, 400);
            c.take_reply();
            stream += server.take_stream();
        }
    }
    EXPECT_GT(evicted(server), 50U);
    Server second({.shards = 16});
    {
        Client loader(second);
        replay(second, loader, stream);
    }
    EXPECT_EQ(difference(dump(second.ks), dump(server.ks)), "");
}

void collect(void *ctx, bytes b, uint64_t, uint64_t)
{
    static_cast<std::string *>(ctx)->append(b.data, b.size);
}

/* Both evict in all shards, also those that the other is writing to. */
TEST(Evict, ConcurrentWorkersFreeTheExcessOnce)
{
    constexpr uint32_t WORKERS = 2;
    constexpr size_t ROOM = 1u << 20;
    Server server({.shards = 8, .workers = WORKERS, .ring = 1 << 9, .slack = 256});
    std::string stream;
    const log_sink sink{LOG_TO_AOF, collect, nullptr, nullptr, nullptr, nullptr, &stream};
    log_thread *log = log_thread_new(server.engine.fixed.log, &sink, 1);
    limit_here(&server, {EVICT_BY_USE, false}, ROOM);
    server.config.eviction.tenacity = 10;
    std::vector<std::thread> threads;
    for (uint32_t w = 0; w < WORKERS; w++)
        threads.emplace_back([&, w] {
            Client c(server, w);
            for (int i = 0; i < scaled(30000); i++) {
                c.call({"SET", name(static_cast<int>(w) * 1000000 + i), std::string(100, 'v')});
                c.call({"GET", name(i)});
            }
            reclaim_flush();
        });
    for (std::thread &t : threads)
        t.join();
    log_thread_end(log);
    const uint64_t gone = evicted(server, 0) + evicted(server, 1);
    EXPECT_GT(gone, 1000U);
    EXPECT_EQ(keys(server).size(), static_cast<size_t>(scaled(30000)) * WORKERS - gone);
    EXPECT_EQ(server.engine.eviction.claimed, 0);
    Server second({.shards = 16});
    {
        Client loader(second);
        replay(second, loader, stream);
    }
    EXPECT_EQ(difference(dump(second.ks), dump(server.ks)), "");
}

} // namespace
