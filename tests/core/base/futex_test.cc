#include "core/base/clock.h"
#include "core/base/futex.h"
#include "core/base/inbox.h"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace
{

uint32_t load(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

TEST(Futex, AChangedWordDoesNotSleep)
{
    const uint32_t word = 1;
    EXPECT_TRUE(futex_wait(&word, 0, -1));
    EXPECT_TRUE(futex_wait(&word, 0, 0));
}

TEST(Futex, TimeRunsOut)
{
    const uint32_t word = 1;
    const int64_t limit_ns = 3 * 1000 * 1000, from = clock_mono_ns();
    while (futex_wait(&word, 1, limit_ns))
        ; // a signal
    EXPECT_GE(clock_mono_ns() - from, limit_ns);
    EXPECT_FALSE(futex_wait(&word, 1, 0));
}

TEST(Futex, NobodySleepsNobodyWakes)
{
    const uint32_t word = 0;
    EXPECT_EQ(futex_wake(&word, 100), 0);
}

// Two threads hand a number to and fro; a lost wake-up would hang it.
TEST(Futex, PingPong)
{
    enum { ROUNDS = 2000 };
    uint32_t turn = 0;
    const auto play = [&turn](uint32_t parity) {
        for (uint32_t i = parity; i < ROUNDS; i += 2) {
            for (uint32_t now; (now = load(&turn)) != i;)
                futex_wait(&turn, now, -1);
            __atomic_store_n(&turn, i + 1, __ATOMIC_SEQ_CST);
            futex_wake(&turn, 1);
        }
    };
    std::thread other(play, 1);
    play(0);
    other.join();
    EXPECT_EQ(turn, (uint32_t)ROUNDS);
}

TEST(Futex, WakesAll)
{
    uint32_t open = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&open] {
            while (load(&open) == 0)
                futex_wait(&open, 0, -1);
        });
    __atomic_store_n(&open, 1, __ATOMIC_SEQ_CST);
    futex_wake(&open, INT32_MAX);
    for (std::thread &t : threads)
        t.join();
}

// The way a receiver is to sleep beside its inbox: flag, look again, wait.
TEST(Futex, SleepingReceiverMissesNothing)
{
    enum { SENDERS = 3, EACH = 5000 };
    inbox in{};
    uint32_t sleeping = 0;
    std::vector<std::vector<inbox_node>> nodes(SENDERS, std::vector<inbox_node>(EACH));
    std::vector<std::thread> threads;
    for (auto &mine : nodes)
        threads.emplace_back([&] {
            for (inbox_node &n : mine) {
                inbox_push(&in, &n);
                if (load(&sleeping) && __atomic_exchange_n(&sleeping, 0, __ATOMIC_SEQ_CST))
                    futex_wake(&sleeping, 1);
            }
        });
    int got = 0;
    while (got < SENDERS * EACH) {
        for (inbox_node *n = inbox_drain(&in); n; n = n->next)
            got++;
        if (got == SENDERS * EACH)
            break;
        __atomic_store_n(&sleeping, 1, __ATOMIC_SEQ_CST);
        while (inbox_is_empty(&in) && load(&sleeping))
            futex_wait(&sleeping, 1, -1);
        __atomic_store_n(&sleeping, 0, __ATOMIC_SEQ_CST);
    }
    for (std::thread &t : threads)
        t.join();
    EXPECT_EQ(got, SENDERS * EACH);
}

} // namespace
