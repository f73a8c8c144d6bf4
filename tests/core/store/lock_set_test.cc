// Shard locks and sets of them: L1, L5, B1, B2.
#include "core/store/lock_set.h"
#include "core/store/token.h"
#include "tests/support/seed.h"

#include "core/base/mem.h"

#include "tests/support/slow_threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

namespace
{

constexpr uint32_t SHARDS = 64;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int ROUNDS = 4000;
#else
constexpr int ROUNDS = 20000;
#endif

// Who is told to retry, as a worker's wake flag.  A lost retry hangs the test.
struct Retries {
    std::atomic<uint32_t> flag[64]{};

    Retries()
    {
        shard_set_retry_hook(hook, this);
    }
    ~Retries()
    {
        shard_set_retry_hook(nullptr, nullptr);
    }
    void wait(uint32_t worker)
    {
        flag[worker].wait(0);
        flag[worker].store(0);
    }
    static void hook(void *ctx, uint64_t workers)
    {
        Retries *r = static_cast<Retries *>(ctx);
        for (; workers; workers &= workers - 1) {
            auto &f = r->flag[__builtin_ctzll(workers)];
            f.store(1);
            f.notify_one();
        }
    }
};

struct Keys {
    keyspace *ks = keyspace_new(SHARDS, 16);
    ~Keys()
    {
        for (uint32_t i = 0; i < SHARDS; i++)
            EXPECT_EQ(ks->shards[i].lock, 0u);
        keyspace_free(ks);
    }
};

// Parking and sleeping threads on one lock: each increment happens alone, and nobody is forgotten.
TEST(ShardLock, ConcurrentParkedAndSleepingThreadsAllGetIt)
{
    Keys keys;
    Retries retries;
    shard *s = &keys.ks->shards[5];
    uint64_t counter = 0; // plain: the lock's
    std::vector<std::thread> threads;
    for (uint32_t w = 0; w < 6; w++)
        threads.emplace_back([&, w] {
            for (int i = 0; i < ROUNDS; i++) {
                if (w < 4)
                    while (!shard_lock_or_ask(s, w, w & 1 ? 500 : 0))
                        retries.wait(w);
                else
                    shard_lock(s);
                counter++;
                if (i % 64 == 0)
                    std::this_thread::yield(); // with the lock held
                shard_unlock(s);
            }
        });
    for (std::thread &t : threads)
        t.join();
    EXPECT_EQ(counter, 6u * ROUNDS);
}

TEST(LockSet, KnowsItsMembers)
{
    Keys keys;
    lock_set *l = lock_set_new(keys.ks);
    std::mt19937 rng(test_seed() + 1);
    for (int round = 0; round < 200; round++) {
        std::vector<bool> model(SHARDS);
        lock_set_clear(l);
        for (uint32_t n = rng() % (round % 2 ? 20 : 60); n > 0; n--) { // few are kept otherwise
            const uint32_t i = rng() % SHARDS;
            model[i] = true;
            lock_set_add(l, i);
        }
        uint32_t count = 0;
        for (uint32_t i = 0; i < SHARDS; i++) {
            EXPECT_EQ(lock_set_has(l, i), model[i]);
            count += model[i];
        }
        EXPECT_EQ(lock_set_count(l), count);
        std::vector<uint32_t> seen;
        lock_set_each(
            l, keys.ks,
            [](void *ctx, shard *s) {
                static_cast<std::vector<uint32_t> *>(ctx)->push_back(s->index);
            },
            &seen);
        EXPECT_EQ(seen.size(), count);
        EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    }
    lock_set_clear(l);
    lock_set_add_all(l, keys.ks);
    EXPECT_EQ(lock_set_count(l), SHARDS);
    lock_set_free(l);
}

// All or none, with the bit of the worker where it failed.
TEST(LockSet, TryIsAllOrNone)
{
    Keys keys;
    lock_set *l = lock_set_new(keys.ks);
    for (const uint32_t i : {3, 9, 40})
        lock_set_add(l, i);
    shard_lock(&keys.ks->shards[9]);
    EXPECT_FALSE(lock_set_try(l, keys.ks, 7));
    EXPECT_EQ(keys.ks->shards[3].lock, 0u);
    EXPECT_EQ(keys.ks->shards[40].lock, 0u);
    EXPECT_EQ(keys.ks->shards[9].interested, uint64_t{1} << 7);
    shard_unlock(&keys.ks->shards[9]);
    EXPECT_TRUE(lock_set_try(l, keys.ks, 7));
    for (const uint32_t i : {3, 9, 40})
        EXPECT_EQ(keys.ks->shards[i].lock, 1u);
    lock_set_unlock(l, keys.ks);
    lock_set_free(l);
}

// UN12: the token's holder sleeps in slices; for somebody who is long it lets all of them go.
TEST(LockSet, ConcurrentWaitLetsGoWhenSomebodyIsLong)
{
    Keys keys;
    lock_set *l = lock_set_new(keys.ks);
    for (const uint32_t i : {3, 9, 40})
        lock_set_add(l, i);
    BusyShard held(&keys.ks->shards[9]);
    std::atomic<int> had{-1};
    std::thread waiter([&] {
        had = lock_set_wait(l, keys.ks, 7);
        EXPECT_FALSE(had);
        while (gate_is_busy(&keys.ks->gate))
            std::this_thread::yield();
        EXPECT_TRUE(lock_set_wait(l, keys.ks, 7)); // it sleeps again
        lock_set_unlock(l, keys.ks);
    });
    while (__atomic_load_n(&keys.ks->shards[9].lock, __ATOMIC_SEQ_CST) != 2)
        std::this_thread::yield();
    EXPECT_EQ(had, -1);
    gate_busy_begin(&keys.ks->gate);
    while (had == -1)
        std::this_thread::yield();
    EXPECT_EQ(__atomic_load_n(&keys.ks->shards[9].interested, __ATOMIC_SEQ_CST), uint64_t{1} << 7);
    gate_busy_end(&keys.ks->gate);
    held.let_go();
    waiter.join();
    lock_set_free(l);
}

// Whoever hears "retry" finds the whole set free.
TEST(LockSet, TellsOnceWhenAllIsFree)
{
    struct Heard {
        keyspace *ks;
        std::vector<uint64_t> masks;
    };
    Keys keys;
    Heard heard{keys.ks, {}};
    shard_set_retry_hook(
        [](void *ctx, uint64_t workers) {
            Heard *h = static_cast<Heard *>(ctx);
            h->masks.push_back(workers);
            for (uint32_t i = 0; i < SHARDS; i++)
                EXPECT_EQ(h->ks->shards[i].lock, 0u) << i;
        },
        &heard);
    lock_set *l = lock_set_new(keys.ks);
    lock_set_add_all(l, keys.ks);
    EXPECT_TRUE(lock_set_try(l, keys.ks, 0));
    EXPECT_FALSE(shard_lock_or_ask(&keys.ks->shards[3], 2, 0));
    EXPECT_FALSE(shard_lock_or_ask(&keys.ks->shards[50], 5, 0));
    lock_set_unlock(l, keys.ks);
    EXPECT_EQ(heard.masks, std::vector<uint64_t>{1 << 2 | 1 << 5});
    shard_set_retry_hook(nullptr, nullptr);
    lock_set_free(l);
}

// Random sets, narrow and wide, tried and then waited for with the token, all at once.
TEST(LockSet, ConcurrentRandomSetsNeitherMeetNorDeadlock)
{
    constexpr uint32_t WORKERS = 6;
    Keys keys;
    Retries retries;
    token queue;
    token_init(&queue);
    std::vector<uint32_t> owner(SHARDS, UINT32_MAX); // plain: under the shard's lock
    std::atomic<uint64_t> with_token{0};
    std::vector<std::thread> threads;
    const uint64_t seed = test_seed();
    for (uint32_t w = 0; w < WORKERS; w++)
        threads.emplace_back([&, w] {
            std::mt19937 rng(seed + w);
            lock_set *l = lock_set_new(keys.ks);
            token_node node{};
            for (int i = 0; i < ROUNDS / 10; i++) {
                lock_set_clear(l);
                if (rng() % 50 == 0)
                    lock_set_add_all(l, keys.ks);
                else
                    for (uint32_t n = rng() % 8 ? rng() % 4 : rng() % 60; n > 0; n--)
                        lock_set_add(l, rng() % SHARDS);
                for (int tries = 1; !lock_set_try(l, keys.ks, w); tries++) {
                    if (tries == 3) {
                        while (!token_take(&queue, &node, w))
                            retries.wait(w);
                        with_token++;
                        EXPECT_TRUE(lock_set_wait(l, keys.ks, w));
                        break;
                    }
                    retries.wait(w);
                }
                for (uint32_t s = 0; s < SHARDS; s++)
                    if (lock_set_has(l, s)) {
                        EXPECT_EQ(owner[s], UINT32_MAX);
                        owner[s] = w;
                    }
                if (i % 4 == 0)
                    std::this_thread::yield();
                for (uint32_t s = 0; s < SHARDS; s++)
                    if (lock_set_has(l, s))
                        owner[s] = UINT32_MAX;
                lock_set_unlock(l, keys.ks);
                shard_tell_retry(token_leave(&queue, &node));
            }
            lock_set_free(l);
        });
    for (std::thread &t : threads)
        t.join();
    token_release(&queue);
    RecordProperty("with_token", std::to_string(with_token.load()));
}

} // namespace
