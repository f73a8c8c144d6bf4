// Retired blocks live until everybody who was inside has left.
#include "core/store/reclaim.h"

#include "core/base/mem.h"

#include <gtest/gtest.h>

#include <thread>

namespace
{

enum { BLOCK = 1024 };

void retire_one()
{
    reclaim_retire(mem_alloc(BLOCK), BLOCK);
}

class ReclaimBlocks : public ::testing::Test
{
  protected:
    ReclaimBlocks()
    {
        reclaim_flush();
        before_ = mem_used();
    }
    ~ReclaimBlocks() override
    {
        reclaim_flush();
        EXPECT_EQ(mem_used(), before_);
    }
    size_t held() const
    {
        reclaim_flush();
        return mem_used() - before_;
    }

    size_t before_;
};

TEST_F(ReclaimBlocks, FreesAtOnceWhenNobodyIsInside)
{
    retire_one();
    EXPECT_EQ(held(), 0u);
}

TEST_F(ReclaimBlocks, KeepsWhatSomebodyInsideMayRead)
{
    const int slot = reclaim_slot_take();
    EXPECT_FALSE(reclaim_inside(slot));
    reclaim_enter(slot);
    EXPECT_TRUE(reclaim_inside(slot));
    retire_one();
    EXPECT_GE(held(), size_t{BLOCK});
    EXPECT_GE(held(), size_t{BLOCK}); // however often it is asked
    reclaim_leave(slot);
    EXPECT_EQ(held(), 0u);
    reclaim_slot_give(slot);
}

// Who enters after a block was retired cannot have seen it.
TEST_F(ReclaimBlocks, LaterEntrantsKeepNothing)
{
    const int early = reclaim_slot_take(), late = reclaim_slot_take();
    EXPECT_NE(early, late);
    reclaim_enter(early);
    retire_one();
    EXPECT_GE(held(), size_t{BLOCK}); // the look moved the epoch on
    reclaim_enter(late);
    reclaim_leave(early);
    EXPECT_EQ(held(), 0u);
    retire_one();
    EXPECT_GE(held(), size_t{BLOCK});
    reclaim_leave(late);
    EXPECT_EQ(held(), 0u);
    reclaim_slot_give(early);
    reclaim_slot_give(late);
}

// What a thread could not free before its end is anybody's.
TEST_F(ReclaimBlocks, ThreadsThatEndLeaveTheirBlocks)
{
    const int slot = reclaim_slot_take();
    reclaim_enter(slot);
    std::thread([] {
        for (int i = 0; i < 300; i++)
            retire_one();
        reclaim_flush();
    }).join();
    EXPECT_GE(held(), size_t{300} * BLOCK);
    reclaim_leave(slot);
    EXPECT_EQ(held(), 0u);
    reclaim_slot_give(slot);
}

// Orphans do not wait for the next thread that ends: whoever collects takes them, too.
TEST_F(ReclaimBlocks, WhoCollectsTakesWhatOthersHaveLeft)
{
    const int slot = reclaim_slot_take();
    reclaim_enter(slot);
    std::thread([] {
        retire_one();
        retire_one();
        reclaim_flush();
    }).join();
    reclaim_collect(0);
    EXPECT_EQ(reclaim_pending_bytes(), size_t{2} * BLOCK);
    reclaim_leave(slot);
    reclaim_collect(size_t{2} * BLOCK); // not for so little
    EXPECT_EQ(reclaim_pending_bytes(), size_t{2} * BLOCK);
    reclaim_collect(size_t{2} * BLOCK - 1);
    EXPECT_EQ(reclaim_pending_bytes(), 0u);
    reclaim_slot_give(slot);
}

// Without a flush a thread still frees from time to time.
TEST_F(ReclaimBlocks, CollectsOnTheWay)
{
    const size_t start = mem_used();
    for (int i = 0; i < 10000; i++)
        retire_one();
    EXPECT_LT(mem_used() - start, size_t{1000} * BLOCK);
}

TEST_F(ReclaimBlocks, SlotsAreTakenAgain)
{
    const int slot = reclaim_slot_take();
    reclaim_slot_give(slot);
    EXPECT_EQ(reclaim_slot_take(), slot);
    reclaim_enter(slot);
    EXPECT_DEATH(reclaim_slot_give(slot), "reclaim_inside");
    reclaim_leave(slot);
    reclaim_slot_give(slot);
}

} // namespace
