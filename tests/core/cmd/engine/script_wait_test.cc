// Scripts that wait for one another: who of a circle gives way.
#include "core/cmd/engine/script_wait.h"
#include "core/store/keyspace.h"

#include <gtest/gtest.h>
#include <list>

namespace
{

class ScriptWait : public ::testing::Test
{
  protected:
    ~ScriptWait() override
    {
        for (Waiter &w : waiters_) {
            script_wait_end(&w.wait);
            lock_set_free(w.held);
        }
        keyspace_free(ks_);
    }

    struct Waiter {
        script_wait wait{};
        lock_set *held = nullptr;
    };

    // It holds one shard and wants another.
    script_wait *waits(uint32_t holds, uint32_t wants)
    {
        Waiter &w = waiters_.emplace_back();
        w.held = lock_set_new(ks_);
        lock_set_clear(w.held);
        lock_set_add(w.held, holds);
        w.wait.ks = ks_;
        w.wait.held = w.held;
        w.wait.shard = wants;
        script_wait_begin(&w.wait);
        return &w.wait;
    }

    keyspace *ks_ = keyspace_new(8, 1);
    std::list<Waiter> waiters_;
};

TEST_F(ScriptWait, NobodyGivesWayInALine)
{
    script_wait *a = waits(1, 2), *b = waits(2, 3), *c = waits(3, 4);
    for (script_wait *w : {a, b, c})
        EXPECT_FALSE(script_wait_in_circle(w, false));
}

TEST_F(ScriptWait, TheLastOfACircleGivesWay)
{
    script_wait *a = waits(1, 2), *b = waits(2, 3), *c = waits(3, 1);
    EXPECT_FALSE(script_wait_in_circle(a, false));
    EXPECT_FALSE(script_wait_in_circle(b, false));
    EXPECT_TRUE(script_wait_in_circle(c, false));
}

TEST_F(ScriptWait, ButNotTheHolderOfTheToken)
{
    script_wait *a = waits(1, 2), *b = waits(2, 3), *c = waits(3, 1);
    EXPECT_FALSE(script_wait_in_circle(c, true));
    EXPECT_FALSE(script_wait_in_circle(a, false));
    EXPECT_TRUE(script_wait_in_circle(b, false));
}

TEST_F(ScriptWait, WhoWaitsForACircleIsInNone)
{
    waits(1, 2);
    script_wait *b = waits(2, 1), *c = waits(3, 1);
    EXPECT_FALSE(script_wait_in_circle(c, false));
    EXPECT_TRUE(script_wait_in_circle(b, false));
}

} // namespace
