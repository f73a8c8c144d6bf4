// The gate and what is freed behind it: G1, G2, R1, A17.
#include "core/store/gate.h"

#include "core/base/mem.h"
#include "core/store/reclaim.h"
#include "tests/support/slow_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace
{

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int ROUNDS = 100;
#else
constexpr int ROUNDS = 200;
#endif

// Members come and go, join and part; whoever closed the gate is alone, and all go on behind it.
TEST(Gate, ConcurrentExclusiveIsAlone)
{
    gate g;
    gate_init(&g);
    std::atomic<bool> stop{false};
    std::atomic<int> inside{0};
    std::atomic<uint64_t> entered[4]{};
    uint64_t shared_word = 0; // plain: written alone, read inside
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&, t] {
            int slot = gate_join(&g);
            while (!stop.load()) {
                gate_enter(&g, slot);
                inside++;
                EXPECT_EQ(shared_word % 2, 0u);
                inside--;
                gate_leave(&g, slot);
                if (++entered[t] % 512 == 0) {
                    gate_part(&g, slot);
                    slot = gate_join(&g);
                }
            }
            gate_part(&g, slot);
        });
    std::vector<std::thread> closers;
    for (int c = 0; c < 2; c++)
        closers.emplace_back([&] {
            for (int i = 0; i < ROUNDS; i++) {
                gate_close(&g);
                EXPECT_EQ(inside.load(), 0);
                shared_word++;
                std::this_thread::yield();
                EXPECT_EQ(inside.load(), 0);
                shared_word++;
                gate_open(&g);
                std::this_thread::yield();
            }
        });
    for (std::thread &t : closers)
        t.join();
    // Nobody was left waiting at a gate that is open.
    for (auto &count : entered)
        for (const uint64_t seen = count.load(); count.load() == seen;)
            std::this_thread::yield();
    stop = true;
    for (std::thread &t : threads)
        t.join();
    EXPECT_EQ(shared_word, 4u * ROUNDS);
    gate_release(&g);
}

// G2: while somebody stays inside for long, the gate opens again and again for the others.
TEST(Gate, ConcurrentCloserReopensForASlowMember)
{
    gate g;
    gate_init(&g);
    const int slow = gate_join(&g), slot = gate_join(&g);
    gate_enter(&g, slow);
    std::atomic<bool> closed{false};
    std::atomic<uint64_t> passed{0};
    std::thread closer([&] {
        gate_close(&g);
        closed = true;
        gate_open(&g);
    });
    std::thread other([&] {
        while (!closed.load()) {
            gate_enter(&g, slot);
            passed++;
            gate_leave(&g, slot);
        }
    });
    while (passed.load() == 0 && !closed.load())
        std::this_thread::yield();
    EXPECT_FALSE(closed.load());
    gate_leave(&g, slow);
    closer.join();
    other.join();
    EXPECT_TRUE(closed.load());
    gate_part(&g, slow);
    gate_part(&g, slot);
    gate_release(&g);
}

TEST(Gate, RoundsGrow)
{
    EXPECT_EQ(gate_round_ns(0), GATE_ROUND_NS);
    EXPECT_EQ(gate_round_ns(1), 2 * GATE_ROUND_NS);
    for (uint32_t round = 6; round < 300; round++)
        EXPECT_EQ(gate_round_ns(round), GATE_ROUND_MAX_NS);
}

TEST(Gate, ATryIsOneRound)
{
    gate g;
    gate_init(&g);
    {
        SlowMember slow(&g);
        EXPECT_FALSE(gate_try_close(&g, 0));
        EXPECT_EQ(g.closed, 0u);
        EXPECT_FALSE(gate_try_close(&g, 3));
    }
    gate_busy_begin(&g);
    EXPECT_FALSE(gate_try_close(&g, 0));
    gate_busy_end(&g);
    EXPECT_TRUE(gate_try_close(&g, 0));
    std::thread other([&] { EXPECT_FALSE(gate_try_close(&g, 0)); }); // nor for another closer
    other.join();
    gate_open(&g);
    gate_release(&g);
}

// Each member counts, also when others have parted; and who has parted is not waited for.
TEST(Gate, WaitsForEachMember)
{
    gate g;
    gate_init(&g);
    int slots[3];
    for (int &slot : slots)
        slot = gate_join(&g);
    const auto closes_beside = [&](int slot) {
        SlowThread inside([&] { gate_enter(&g, slot); }, [&] { gate_leave(&g, slot); });
        const bool closed = gate_try_close(&g, 0);
        if (closed)
            gate_open(&g);
        return closed;
    };
    for (const int slot : slots)
        EXPECT_FALSE(closes_beside(slot));
    gate_part(&g, slots[0]);
    EXPECT_FALSE(closes_beside(slots[1]));
    EXPECT_FALSE(closes_beside(slots[2]));
    gate_part(&g, slots[2]);
    EXPECT_FALSE(closes_beside(slots[1]));
    gate_part(&g, slots[1]);
    EXPECT_TRUE(gate_try_close(&g, 0));
    gate_open(&g);
    gate_release(&g);
}

// All who stand before a closed gate go in when it opens, and none before.
TEST(Gate, ConcurrentAllWhoWaitGoIn)
{
    constexpr int WAITING = 8;
    gate g;
    gate_init(&g);
    for (int round = 0; round < 20; round++) {
        std::atomic<int> before{0}, inside{0};
        std::vector<int> slots;
        for (int i = 0; i < WAITING; i++)
            slots.push_back(gate_join(&g));
        gate_close(&g);
        std::vector<std::thread> threads;
        for (const int slot : slots)
            threads.emplace_back([&, slot] {
                before++;
                gate_enter(&g, slot);
                inside++;
                gate_leave(&g, slot);
            });
        while (before < WAITING)
            std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(1)); /* most of them sleep by now */
        EXPECT_EQ(inside, 0);
        gate_open(&g);
        for (std::thread &t : threads)
            t.join();
        EXPECT_EQ(inside, WAITING);
        for (const int slot : slots)
            gate_part(&g, slot);
    }
    gate_release(&g);
}

// Several may be long at once: the last one's end is the end.
TEST(Gate, BusyNests)
{
    gate g;
    gate_init(&g);
    gate_busy_begin(&g);
    gate_busy_begin(&g);
    gate_busy_end(&g);
    EXPECT_TRUE(gate_is_busy(&g));
    EXPECT_FALSE(gate_try_close(&g, 0));
    gate_busy_end(&g);
    EXPECT_FALSE(gate_is_busy(&g));
    EXPECT_TRUE(gate_try_close(&g, 0));
    gate_open(&g);
    gate_release(&g);
}

// Its patience over, the closer holds the gate closed until the last one leaves; but for one who is
// long it opens at once.
TEST(Gate, ConcurrentCloserWithoutPatienceStaysClosed)
{
    for (const bool busy : {false, true}) {
        gate g;
        gate_init(&g);
        g.patience_ns = 0;
        const int slot = gate_join(&g);
        SlowMember slow(&g);
        std::atomic<bool> entered{false};
        std::thread closer([&] {
            gate_close(&g);
            gate_open(&g);
        });
        while (__atomic_load_n(&g.closed, __ATOMIC_SEQ_CST) == 0)
            std::this_thread::yield();
        std::thread other([&] {
            gate_enter(&g, slot);
            entered = true;
            gate_leave(&g, slot);
        });
        if (busy) {
            gate_busy_begin(&g);
            while (!entered)
                std::this_thread::yield();
            gate_busy_end(&g);
        } else {
            /* Several times as long as the longest round. */
            std::this_thread::sleep_for(std::chrono::nanoseconds(4 * int64_t{GATE_ROUND_MAX_NS}));
            EXPECT_FALSE(entered);
        }
        slow.let_go();
        other.join();
        closer.join();
        gate_part(&g, slot);
        gate_release(&g);
    }
}

// UN3: while somebody inside is long the gate is open for all others, though somebody closes it,
// before the flag rises or after; when it falls he has it.
TEST(Gate, ConcurrentCloserLeavesItOpenWhileSomebodyIsLong)
{
    for (const bool late : {false, true}) {
        gate g;
        gate_init(&g);
        const int slot = gate_join(&g);
        SlowMember slow(&g);
        std::atomic<bool> closed{false};
        if (!late)
            gate_busy_begin(&g);
        std::thread closer([&] {
            gate_close(&g);
            closed = true;
            gate_open(&g);
        });
        if (late) {
            while (__atomic_load_n(&g.closed, __ATOMIC_SEQ_CST) == 0)
                std::this_thread::yield();
            gate_busy_begin(&g);
        }
        for (int i = 0; i < 1000; i++) {
            gate_enter(&g, slot);
            gate_leave(&g, slot);
        }
        EXPECT_FALSE(closed);
        gate_busy_end(&g);
        slow.let_go();
        closer.join();
        EXPECT_TRUE(closed);
        gate_part(&g, slot);
        gate_release(&g);
    }
}

// --- reclaim
// ------------------------------------------------------------------------------------------

struct Block {
    uint64_t words[16];
};

// Readers follow a pointer without any lock; what they find is whole until they have left.
TEST(Reclaim, ConcurrentReadersNeverSeeAFreedBlock)
{
    std::atomic<Block *> shared{static_cast<Block *>(mem_alloc(sizeof(Block)))};
    for (uint64_t &w : shared.load()->words)
        w = 0;
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; t++)
        threads.emplace_back([&] {
            const int slot = reclaim_slot_take();
            while (!stop.load()) {
                reclaim_enter(slot);
                const Block *b = shared.load(std::memory_order_acquire);
                const uint64_t first = b->words[0];
                for (const uint64_t w : b->words)
                    EXPECT_EQ(w, first);
                reclaim_leave(slot);
            }
            reclaim_slot_give(slot);
        });
    std::vector<std::thread> writers;
    for (uint64_t t = 1; t <= 2; t++)
        writers.emplace_back([&, t] {
            for (uint64_t i = 0; i < 500u * ROUNDS / 10; i++) {
                Block *b = static_cast<Block *>(mem_alloc(sizeof(Block)));
                for (uint64_t &w : b->words)
                    w = i << 8 | t;
                reclaim_retire(shared.exchange(b), sizeof *b);
            }
            reclaim_flush();
        });
    for (std::thread &t : writers)
        t.join();
    stop = true;
    for (std::thread &t : threads)
        t.join();
    mem_free(shared.load(), sizeof(Block));
    reclaim_flush();
}

// What was retired while somebody is inside stays until that one has left, and no longer.
TEST(Reclaim, HoldsBlocksForThoseInside)
{
    reclaim_flush();
    const int slot = reclaim_slot_take();
    const size_t before = mem_used();
    EXPECT_FALSE(reclaim_inside(slot));
    reclaim_enter(slot);
    EXPECT_TRUE(reclaim_inside(slot));
    for (int i = 0; i < 1000; i++)
        reclaim_retire(mem_alloc(4096), 4096);
    reclaim_flush();
    EXPECT_GE(mem_used(), before + 1000 * 4096);
    reclaim_leave(slot);
    reclaim_flush();
    EXPECT_LE(mem_used(), before + 4096);
    reclaim_slot_give(slot);
}

} // namespace
