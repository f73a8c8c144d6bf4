// Whose turn it is: by kind, by the order in which they came, and nobody is overtaken for ever.
#include "persist/saver_queue.h"

#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace
{

class SaverQueue : public testing::Test
{
  protected:
    saver_entry *add(saver_kind kind, bool awaited = false)
    {
        entries_.push_back({nullptr, kind, 9, awaited, true}); // stale figures are the queue's
        saver_queue_add(&q_, &entries_.back());
        return &entries_.back();
    }
    saver_entry *take(bool only_awaited = false)
    {
        return saver_queue_take(&q_, only_awaited);
    }

    saver_queue q_ = {};
    std::deque<saver_entry> entries_;
};

TEST_F(SaverQueue, TakesByKindAndThenInOrder)
{
    saver_entry *rdb = add(SAVER_RDB), *first = add(SAVER_SYNC), *rewrite = add(SAVER_REWRITE),
                *second = add(SAVER_SYNC), *slots = add(SAVER_SLOTS);
    EXPECT_TRUE(saver_queue_has(&q_, SAVER_SLOTS));
    EXPECT_EQ(take(), first);
    EXPECT_EQ(take(), second);
    EXPECT_EQ(take(), rdb) << "overtaken twice";
    EXPECT_EQ(take(), slots);
    EXPECT_FALSE(saver_queue_has(&q_, SAVER_SLOTS));
    EXPECT_EQ(take(), rewrite);
    EXPECT_EQ(take(), nullptr);
}

TEST_F(SaverQueue, WhomSomebodyAwaitsGoesFirst)
{
    add(SAVER_SYNC);
    saver_entry *save = add(SAVER_RDB, true);
    EXPECT_EQ(take(true), save);
    EXPECT_EQ(take(true), nullptr);
}

// One that is aborted ends at once, also while all others are held back, and overtakes nobody.
TEST_F(SaverQueue, WhatIsAbortedTakesNobodysTurn)
{
    saver_entry *rdb = add(SAVER_RDB);
    for (int i = 0; i < 10; i++) {
        saver_entry *gone = add(SAVER_SYNC);
        gone->aborted = true;
        EXPECT_EQ(take(true), gone);
    }
    EXPECT_EQ(rdb->overtaken, 0u);
    saver_entry *sync = add(SAVER_SYNC);
    EXPECT_EQ(take(), sync);
}

// Any stream of jobs: at most two that came later go before one, and of one kind none does.
TEST_F(SaverQueue, NobodyIsOvertakenMoreThanTwice)
{
    std::mt19937_64 rng(test_seed());
    struct Waiting {
        saver_entry *entry;
        size_t came, overtaken;
    };
    std::vector<Waiting> waiting;
    for (size_t i = 0; i < 4000; i++) {
        if (waiting.empty() || (waiting.size() < 12 && rng() % 2)) {
            waiting.push_back({add(static_cast<saver_kind>(1 + rng() % 4)), i, 0});
            continue;
        }
        saver_entry *e = take();
        const auto it = std::find_if(waiting.begin(), waiting.end(),
                                     [&](const Waiting &w) { return w.entry == e; });
        ASSERT_NE(it, waiting.end());
        for (Waiting &w : waiting)
            if (w.came < it->came) {
                EXPECT_LE(++w.overtaken, static_cast<size_t>(SAVER_OVERTAKEN_MOST));
                EXPECT_NE(w.entry->kind, e->kind);
            }
        waiting.erase(it);
    }
}

} // namespace
