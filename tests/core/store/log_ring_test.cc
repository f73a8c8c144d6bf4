// One order out of many threads: P1, P3, P5, C1.
#include "core/store/log_ring.h"

#include "core/base/mem.h"
#include "core/base/rng.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace
{

uint64_t put(log_ring *r, uint64_t value)
{
    void *block = mem_alloc(sizeof value);
    memcpy(block, &value, sizeof value);
    const uint64_t ticket = log_ring_put(r, LOG_EFFECTS, block, sizeof value, 0, 0);
    log_ring_poke(r);
    return ticket;
}

uint64_t value_of(const log_record &r)
{
    uint64_t value;
    memcpy(&value, r.data, sizeof value);
    log_record_done(&r);
    return value;
}

// Round and round: tickets from 1, in order, with every slot and byte accounted for.
TEST(Ring, KeepsOrderThroughManyTurns)
{
    log_ring *ring = log_ring_new(8, 2, 1 << 20);
    log_record r;
    EXPECT_FALSE(log_ring_take(ring, &r));
    uint64_t in = 0, out = 0;
    for (int turn = 0; turn < 100; turn++) {
        for (int n = turn % 8; n > 0; n--) {
            EXPECT_EQ(put(ring, in * 3), in + 1);
            in++;
        }
        EXPECT_EQ(log_ring_pending(ring), in - out);
        EXPECT_EQ(log_ring_pending_bytes(ring), (in - out) * 8);
        EXPECT_EQ(log_ring_last_ticket(ring), in);
        EXPECT_EQ(log_ring_has_room(ring), in - out < 6);
        while (log_ring_take(ring, &r)) {
            EXPECT_EQ(r.ticket, out + 1);
            EXPECT_EQ(value_of(r), out * 3);
            out++;
        }
        EXPECT_EQ(in, out);
    }
    put(ring, 1); // freed by log_ring_free
    log_ring_free(ring);
}

// Bytes are room as well as slots.
TEST(Ring, RefusesByBytes)
{
    log_ring *ring = log_ring_new(64, 8, 100);
    log_ring_put(ring, LOG_EFFECTS, mem_alloc(99), 99, 0, 0);
    EXPECT_TRUE(log_ring_has_room(ring));
    log_ring_put(ring, LOG_EFFECTS, mem_alloc(1), 1, 0, 0);
    EXPECT_FALSE(log_ring_has_room(ring));
    EXPECT_FALSE(log_ring_room_or_ask(ring, 5));
    EXPECT_EQ(log_ring_take_waiting(ring), 0u);
    log_record r;
    EXPECT_TRUE(log_ring_take(ring, &r));
    log_record_done(&r);
    EXPECT_EQ(log_ring_take_waiting(ring), uint64_t{1} << 5);
    EXPECT_EQ(log_ring_take_waiting(ring), 0u);
    log_ring_free(ring);
}

TEST(Ring, MarkersStandWhereTheyWerePut)
{
    log_ring *ring = log_ring_new(16, 4, 1 << 20);
    int owner = 0;
    put(ring, 1);
    log_ring_put(ring, LOG_CUT, &owner, 0, 3, 4);
    put(ring, 2);
    log_record r;
    EXPECT_TRUE(log_ring_take(ring, &r));
    EXPECT_EQ(value_of(r), 1u);
    EXPECT_TRUE(log_ring_take(ring, &r));
    EXPECT_EQ(r.kind, LOG_CUT);
    EXPECT_EQ(r.data, &owner);
    EXPECT_EQ(r.first_db, 3u);
    EXPECT_EQ(r.last_db, 4u);
    EXPECT_TRUE(log_ring_take(ring, &r));
    EXPECT_EQ(value_of(r), 2u);
    log_ring_free(ring);
}

// A wake before the sleep ends the sleep.
TEST(Ring, WakeIsRememberedUntilTheNextSleep)
{
    log_ring *ring = log_ring_new(16, 4, 1 << 20);
    log_ring_wake(ring);
    log_ring_rest(ring, -1);
    log_ring_wake(ring);
    log_ring_wake(ring);
    log_ring_gather(ring, UINT64_MAX, -1);
    put(ring, 1);
    log_ring_rest(ring, -1); // a filled slot is reason enough
    log_ring_free(ring);
}

// A sleep ends by what it waits for.  The timeout is there for a wake that is lost.
class Sleeper
{
  public:
    template <class Sleep>
    explicit Sleeper(Sleep sleep)
        : thread_([this, sleep] {
              const auto since = std::chrono::steady_clock::now();
              sleep(LOST_NS);
              const auto slept = std::chrono::steady_clock::now() - since;
              woken_ = slept < std::chrono::nanoseconds(LOST_NS);
          })
    {
        // Most probably it sleeps by now; if not, the test tells less.
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }

    bool woken()
    {
        thread_.join();
        return woken_;
    }

  private:
    static constexpr int64_t LOST_NS = 20'000'000'000;
    bool woken_ = false;
    std::thread thread_;
};

TEST(Ring, WhatAConsumerWaitsForWakesIt)
{
    log_ring *ring = log_ring_new(1 << 10, 16, SIZE_MAX);
    {
        Sleeper gathering([&](int64_t ns) { log_ring_gather(ring, 2, ns); });
        put(ring, 1);
        put(ring, 2);
        EXPECT_TRUE(gathering.woken()) << "its ticket";
    }
    {
        Sleeper gathering([&](int64_t ns) { log_ring_gather(ring, UINT64_MAX, ns); });
        log_ring_put(ring, LOG_EFFECTS, mem_alloc(256 << 10), 256 << 10, 0, 0);
        log_ring_poke(ring);
        EXPECT_TRUE(gathering.woken()) << "its bytes";
    }
    for (log_record r; log_ring_take(ring, &r);)
        log_record_done(&r);
    {
        Sleeper idle([&](int64_t ns) { log_ring_rest(ring, ns); });
        put(ring, 1);
        EXPECT_TRUE(idle.woken()) << "the first slot";
    }
    log_ring_free(ring);
}

// One that gathers sleeps on until there is enough, and a wake is good for one sleep.
TEST(Ring, SleepsLastAsLongAsTheyMay)
{
    constexpr int64_t NS = 20'000'000;
    log_ring *ring = log_ring_new(1 << 10, 16, SIZE_MAX);
    const auto lasts = [&](auto sleep) {
        const auto since = std::chrono::steady_clock::now();
        sleep();
        return std::chrono::steady_clock::now() - since >= std::chrono::nanoseconds(NS);
    };
    log_ring_wake(ring);
    log_ring_rest(ring, NS);
    EXPECT_TRUE(lasts([&] { log_ring_rest(ring, NS); }));
    put(ring, 1);
    EXPECT_TRUE(lasts([&] { log_ring_gather(ring, 2, NS); }));
    log_ring_free(ring);
}

TEST(Ring, ASlotSaysForWhomItIs)
{
    log_ring *ring = log_ring_new(16, 4, 1 << 20);
    log_record r;
    for (const log_to to : {LOG_TO_AOF, LOG_TO_REPL, LOG_TO_ALL}) {
        const log_bytes b = {mem_alloc(1), 1, LOG_HOLD_BLOCK, to};
        to == LOG_TO_REPL ? log_ring_put_raw(ring, &b, 1, 2) : log_ring_put_bytes(ring, &b, 1, 2);
        ASSERT_TRUE(log_ring_take(ring, &r));
        EXPECT_EQ(r.to, to);
        EXPECT_EQ(r.kind, to == LOG_TO_REPL ? LOG_RAW : LOG_EFFECTS);
        EXPECT_EQ(r.first_db, 1u);
        EXPECT_EQ(r.last_db, 2u);
        log_record_done(&r);
    }
    log_ring_free(ring);
}

// Each producer's slots come in its order, all of them, through a ring that is far too small.
TEST(Ring, ConcurrentProducersOneConsumer)
{
    constexpr uint64_t PRODUCERS = 4, EACH = 20000;
    log_ring *ring = log_ring_new(64, 16, 1 << 20);
    std::vector<std::thread> threads;
    for (uint64_t p = 0; p < PRODUCERS; p++)
        threads.emplace_back([&, p] {
            for (uint64_t i = 0; i < EACH; i++) {
                while (!log_ring_has_room(ring))
                    std::this_thread::yield();
                put(ring, p << 32 | i);
            }
        });
    uint64_t next[PRODUCERS] = {}, taken = 0;
    log_record r;
    while (taken < PRODUCERS * EACH) {
        if (!log_ring_take(ring, &r)) {
            taken % 3 == 0 ? log_ring_gather(ring, UINT64_MAX, 1000000)
                           : log_ring_rest(ring, 1000000);
            continue;
        }
        EXPECT_EQ(r.ticket, ++taken);
        const uint64_t v = value_of(r);
        EXPECT_EQ(v & UINT32_MAX, next[v >> 32]++);
    }
    for (std::thread &t : threads)
        t.join();
    EXPECT_EQ(log_ring_pending_bytes(ring), 0u);
    log_ring_free(ring);
}

/* Effects of every size, of two producers, taken with a delay: all arrive, and every chunk goes. */
TEST(LogArena, GivesBackItsChunksInOrder)
{
    log_ring *ring = log_ring_new(1024, 16, SIZE_MAX);
    log_arena arenas[2] = {};
    rng random;
    rng_seed(&random, 7);
    const auto fill = [](uint64_t i) { return static_cast<char>('a' + i % 23); };
    uint64_t put = 0, taken = 0;
    std::vector<size_t> sizes;
    const auto take = [&] {
        log_record r;
        ASSERT_TRUE(log_ring_take(ring, &r));
        const std::string got(static_cast<const char *>(r.data), r.size);
        ASSERT_EQ(got, std::string(sizes[taken], fill(taken)));
        log_record_done(&r);
        taken++;
    };
    const auto held = [&] { return mem_used() - log_ring_slot_bytes(ring); };
    sizes.reserve(20000);
    const size_t empty = held(), nothing = mem_used();
    while (put < 20000) {
        const size_t size =
            1 + (rng_below(&random, 50) ? rng_below(&random, 300) : rng_below(&random, 30000));
        const log_bytes b = log_arena_take(&arenas[rng_below(&random, 2)], size);
        ASSERT_EQ(b.size, size);
        memset(b.data, fill(put), size);
        EXPECT_EQ(log_ring_put_bytes(ring, &b, 0, 0), ++put);
        sizes.push_back(size);
        while (taken < put && (put - taken > 900 || rng_below(&random, 3) == 0))
            take();
        ASSERT_EQ(log_ring_memory_bytes(ring), mem_used() - nothing) << put;
    }
    while (taken < put)
        take();
    log_ring_set_held(ring, 1000);
    EXPECT_EQ(log_ring_memory_bytes(ring), mem_used() - nothing + 1000);
    log_ring_set_held(ring, 0);
    for (log_arena &a : arenas)
        log_arena_end(&a, ring);
    log_record r;
    while (log_ring_take(ring, &r)) {
        EXPECT_EQ(r.size, 0u);
        log_record_done(&r);
    }
    EXPECT_EQ(held(), empty);
    EXPECT_EQ(log_ring_memory_bytes(ring), log_ring_slot_bytes(ring));
    log_ring_free(ring);
}

/* What nobody took is freed with the ring. */
TEST(LogArena, IsFreedWithTheRing)
{
    const size_t before = mem_used();
    log_ring *ring = log_ring_new(1024, 16, SIZE_MAX);
    log_arena a{};
    for (int i = 0; i < 1000; i++) {
        const log_bytes b = log_arena_take(&a, 200);
        memset(b.data, 'x', b.size);
        log_ring_put_bytes(ring, &b, 0, 0);
    }
    log_arena_end(&a, ring);
    log_ring_free(ring);
    EXPECT_EQ(mem_used(), before);
}

// The ring is large, and counts only as far as somebody has written into it.
TEST(LogRing, CountsWhatIsTouched)
{
    const size_t before = mem_used();
    log_ring *ring = log_ring_new(1 << 14, 16, SIZE_MAX);
    const size_t fresh = mem_used();
    EXPECT_LT(fresh - before, 4096U);
    EXPECT_EQ(log_ring_slot_bytes(ring), 0U);
    log_record record;
    size_t wants = 0;
    for (uint64_t ticket = 1; ticket <= 3 << 14; ticket++) {
        if (ticket == 1 || (ticket < 1 << 14 && ticket % 4096 == 0))
            wants += 4096 * 32;
        ASSERT_EQ(log_ring_put(ring, LOG_WAIT, nullptr, 0, 0, 0), ticket);
        ASSERT_EQ(log_ring_slot_bytes(ring), wants) << ticket;
        ASSERT_TRUE(log_ring_take(ring, &record));
    }
    EXPECT_EQ(wants, size_t{32} << 14) << "all of it, and no more in the next rounds";
    EXPECT_EQ(mem_used() - fresh, wants);
    log_ring_free(ring);
    EXPECT_EQ(mem_used(), before);
}

} // namespace
