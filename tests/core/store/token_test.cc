// The token of those that may wait: a queue, and turns that may go before who has not come.
#include "core/store/token.h"

#include "core/base/clock.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <thread>
#include <vector>

namespace
{

void wait_ns(int64_t ns)
{
    const int64_t end = clock_mono_ns() + ns;
    while (clock_mono_ns() < end)
        std::this_thread::yield();
}

uint64_t bit(uint32_t worker)
{
    return uint64_t{1} << worker;
}

// First come, first served; whoever gives up leaves from anywhere in the queue.
TEST(Token, IsAQueueThatCanBeLeftAnywhere)
{
    token t;
    token_init(&t);
    token_node n[4]{};
    EXPECT_TRUE(token_take(&t, &n[0], 10));
    for (uint32_t i = 1; i < 4; i++)
        EXPECT_FALSE(token_take(&t, &n[i], 10 + i));
    EXPECT_TRUE(token_take(&t, &n[0], 10)); // asking again is no second place
    EXPECT_FALSE(token_take(&t, &n[2], 12));
    EXPECT_EQ(token_leave(&t, &n[2]), 0u); // from the middle
    EXPECT_EQ(token_leave(&t, &n[2]), 0u);
    EXPECT_EQ(token_leave(&t, &n[3]), 0u); // from the end
    EXPECT_FALSE(token_take(&t, &n[2], 12));
    EXPECT_EQ(token_leave(&t, &n[0]), uint64_t{1} << 11);
    EXPECT_TRUE(token_take(&t, &n[1], 11));
    EXPECT_EQ(token_leave(&t, &n[1]), uint64_t{1} << 12);
    EXPECT_EQ(token_leave(&t, &n[2]), 0u);
    token_release(&t);
}

// Who was told and has not come is passed; who has come, and in vain, is not, for a while.
TEST(Token, ATurnGoesBeforeOneThatHasNotCome)
{
    token t;
    token_init(&t);
    token_node mine{}, other{}, third{};
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE);
    ASSERT_FALSE(token_take(&t, &other, 2));
    EXPECT_EQ(token_leave(&t, &mine), bit(2));
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE); // it has not come yet
    EXPECT_FALSE(token_take(&t, &third, 3));
    EXPECT_EQ(token_leave(&t, &mine), 0u); // it was told
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE);
    ASSERT_FALSE(token_take(&t, &other, 2)); // here it is
    EXPECT_EQ(token_leave(&t, &mine), bit(2));
    // In time it is not passed, neither by a turn nor by a session.
    const token_answer kept = token_take_turn(&t, &mine, 1);
    if (kept == TOKEN_MINE) { // this machine was slow: its time is over
        EXPECT_EQ(token_leave(&t, &mine), 0u);
    } else {
        EXPECT_EQ(kept, TOKEN_KEPT);
        EXPECT_EQ(token_leave(&t, &mine), 0u);
    }
    EXPECT_FALSE(token_take(&t, &third, 3));
    EXPECT_TRUE(token_take(&t, &other, 2));
    EXPECT_EQ(token_leave(&t, &other), bit(3));
    EXPECT_TRUE(token_take(&t, &third, 3));
    EXPECT_EQ(token_leave(&t, &third), 0u);
    token_release(&t);
}

TEST(Token, WhoHasComeIsPassedOnceItsTimeIsOver)
{
    token t;
    token_init(&t);
    token_node mine{}, other{};
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE);
    ASSERT_FALSE(token_take(&t, &other, 2));
    EXPECT_EQ(token_leave(&t, &mine), bit(2));
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE);
    ASSERT_FALSE(token_take(&t, &other, 2)); // it has come
    EXPECT_EQ(token_leave(&t, &mine), bit(2));
    wait_ns(2 * TOKEN_WAITED_NS);
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE);
    EXPECT_EQ(token_leave(&t, &mine), 0u); // told as it is
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE);
    EXPECT_EQ(token_leave(&t, &mine), 0u);
    EXPECT_TRUE(token_take(&t, &other, 2));
    EXPECT_EQ(token_leave(&t, &other), 0u);
    token_release(&t);
}

TEST(Token, ATurnIsOverWhenOthersWantItAndItsTimeIsUp)
{
    token t;
    token_init(&t);
    token_node mine{}, other{};
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE);
    wait_ns(2 * TOKEN_TURN_NS);
    EXPECT_FALSE(token_turn_is_over(&t)); // nobody wants it
    EXPECT_FALSE(token_take(&t, &other, 2));
    EXPECT_TRUE(token_turn_is_over(&t));
    EXPECT_EQ(token_leave(&t, &mine), bit(2));
    ASSERT_EQ(token_take_turn(&t, &mine, 1), TOKEN_MINE);
    EXPECT_FALSE(token_turn_is_over(&t)); // it was told, and will come
    EXPECT_FALSE(token_take(&t, &other, 2));
    EXPECT_TRUE(token_turn_is_over(&t)); // the same turn as before
    EXPECT_EQ(token_leave(&t, &mine), bit(2));
    EXPECT_TRUE(token_take(&t, &other, 2));
    EXPECT_EQ(token_leave(&t, &other), 0u);
    token_release(&t);
}

// Threads as workers: each sleeps until it is told, and one has the token at a time.
TEST(Token, IsOnesAtATimeAndComesToAll)
{
    constexpr uint32_t WORKERS = 4;
    constexpr int ROUNDS = 3000;
    token t;
    token_init(&t);
    std::atomic<uint32_t> told[WORKERS] = {};
    std::atomic<int> inside{0};
    const auto tell = [&](uint64_t mask) {
        for (uint32_t w = 0; w < WORKERS; w++)
            if (mask & bit(w)) {
                told[w]++;
                told[w].notify_one();
            }
    };
    std::vector<std::thread> threads;
    for (uint32_t w = 0; w < WORKERS; w++)
        threads.emplace_back([&, w] {
            token_node node{};
            for (int i = 0; i < ROUNDS; i++) {
                for (;;) {
                    const uint32_t seen = told[w];
                    const token_answer answer =
                        w == 0 ? token_take(&t, &node, w) ? TOKEN_MINE : TOKEN_TAKEN
                               : token_take_turn(&t, &node, w);
                    if (answer == TOKEN_MINE)
                        break;
                    if (answer == TOKEN_TAKEN)
                        told[w].wait(seen); // for ever, if nobody tells
                }
                EXPECT_EQ(inside++, 0);
                for (int k = i % 5; k > 0; k--)
                    if (!token_turn_is_over(&t))
                        sched_yield();
                EXPECT_EQ(--inside, 0);
                tell(token_leave(&t, &node));
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    EXPECT_EQ(t.head, nullptr);
    token_release(&t);
}

} // namespace
