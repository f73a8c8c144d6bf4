// The order of locks: what may be taken by whom (O11).
#include "core/base/rank.h"

#include <gtest/gtest.h>

namespace
{

// A thread in thought: takes what it may, and says what it may not.
class Thread
{
  public:
    bool Takes(rank r, uint32_t index = 0, rank_how how = RANK_SLEEPS)
    {
        if (rank_rule(&ranks_, r, index, how))
            return false;
        rank_note_taken(&ranks_, r, index);
        return true;
    }
    void LetsGo(rank r)
    {
        rank_note_let_go(&ranks_, r);
    }

  private:
    ranks ranks_ = {};
};

TEST(Rank, AllInOrder)
{
    Thread t;
    EXPECT_TRUE(t.Takes(RANK_GATE));
    EXPECT_TRUE(t.Takes(RANK_TOKEN));
    EXPECT_TRUE(t.Takes(RANK_SHARD, 3));
    EXPECT_TRUE(t.Takes(RANK_SHARD, 4));
    EXPECT_TRUE(t.Takes(RANK_STRIPE, 7));
    EXPECT_TRUE(t.Takes(RANK_STRIPE, 9));
    EXPECT_TRUE(t.Takes(RANK_LEAF));
    EXPECT_TRUE(t.Takes(RANK_RING));
}

// Every pair of ranks: the lower one behind the higher one is refused, and free again after it.
TEST(Rank, NoneBehindAHigherOne)
{
    for (int low = 0; low < RANKS; low++)
        for (int high = low + 1; high < RANKS; high++) {
            if (low == RANK_GATE && high == RANK_GATE_CLOSED)
                continue; // the same lock
            Thread t;
            ASSERT_TRUE(t.Takes(static_cast<rank>(high)));
            EXPECT_FALSE(t.Takes(static_cast<rank>(low), 1)) << low << " behind " << high;
            EXPECT_FALSE(t.Takes(static_cast<rank>(low), 1, RANK_TRIES)) << low << " " << high;
            t.LetsGo(static_cast<rank>(high));
            EXPECT_TRUE(t.Takes(static_cast<rank>(low), 1));
        }
}

TEST(Rank, GateIsEnteredOnceAndClosedFromOutside)
{
    Thread t;
    ASSERT_TRUE(t.Takes(RANK_GATE));
    EXPECT_FALSE(t.Takes(RANK_GATE));
    EXPECT_FALSE(t.Takes(RANK_GATE_CLOSED));
    t.LetsGo(RANK_GATE);
    ASSERT_TRUE(t.Takes(RANK_GATE_CLOSED));
    EXPECT_FALSE(t.Takes(RANK_GATE_CLOSED));
    EXPECT_FALSE(t.Takes(RANK_GATE));
    EXPECT_TRUE(t.Takes(RANK_SHARD, 5)); // alone, it may take what it likes
}

// L1: who holds a shard only tries others; L5: the token's holder waits, but upwards only.
TEST(Rank, WhoHoldsAShardSleepsForNoneWithoutTheToken)
{
    Thread t;
    ASSERT_TRUE(t.Takes(RANK_SHARD, 5));
    EXPECT_FALSE(t.Takes(RANK_SHARD, 6));
    EXPECT_TRUE(t.Takes(RANK_SHARD, 6, RANK_TRIES));
    EXPECT_TRUE(t.Takes(RANK_SHARD, 2, RANK_TRIES));
    t.LetsGo(RANK_SHARD);
    EXPECT_FALSE(t.Takes(RANK_SHARD, 7));
    t.LetsGo(RANK_SHARD);
    t.LetsGo(RANK_SHARD);
    EXPECT_TRUE(t.Takes(RANK_SHARD, 1));
    t.LetsGo(RANK_SHARD);

    ASSERT_TRUE(t.Takes(RANK_TOKEN));
    EXPECT_TRUE(t.Takes(RANK_SHARD, 5));
    EXPECT_FALSE(t.Takes(RANK_SHARD, 4));
    EXPECT_FALSE(t.Takes(RANK_SHARD, 5));
    EXPECT_TRUE(t.Takes(RANK_SHARD, 6));
}

TEST(Rank, StripesAscendAndLeavesAreHeldOneAtATime)
{
    Thread t;
    ASSERT_TRUE(t.Takes(RANK_STRIPE, 5));
    EXPECT_FALSE(t.Takes(RANK_STRIPE, 5));
    EXPECT_FALSE(t.Takes(RANK_STRIPE, 4));
    ASSERT_TRUE(t.Takes(RANK_LEAF));
    EXPECT_FALSE(t.Takes(RANK_LEAF));
    t.LetsGo(RANK_LEAF);
    EXPECT_TRUE(t.Takes(RANK_STRIPE, 6));
    t.LetsGo(RANK_STRIPE);
    t.LetsGo(RANK_STRIPE);
    EXPECT_TRUE(t.Takes(RANK_STRIPE, 0));
}

#ifdef LK_DEBUG
// The calling thread is really asked, and dies with the rule's words.
TEST(Rank, BreakingTheOrderEndsTheProcess)
{
    EXPECT_FALSE(rank_holds(RANK_LEAF));
    pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
    leaf_lock(&a);
    EXPECT_TRUE(rank_holds(RANK_LEAF));
    EXPECT_DEATH(leaf_lock(&b), "one of this rank is held already");
    EXPECT_DEATH(rank_take(RANK_SHARD, 1, RANK_TRIES), "behind one of a higher rank");
    leaf_unlock(&a);
    EXPECT_FALSE(rank_holds(RANK_LEAF));
    EXPECT_DEATH(rank_let_go(RANK_LEAF), "assertion failed");
}
#endif

} // namespace
