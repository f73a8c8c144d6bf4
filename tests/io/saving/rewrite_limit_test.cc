// Rewrites that fail are tried at once three times, then ever more seldom.
#include "io/saving/rewrite_limit.h"

#include "core/base/trace.h"

#include <gtest/gtest.h>

namespace
{

constexpr int64_t MINUTE = 60'000;

class RewriteLimit : public ::testing::Test
{
  protected:
    RewriteLimit()
    {
        trace_set_level(TRACE_NOTHING);
    }
    ~RewriteLimit() override
    {
        trace_set_level(TRACE_NOTICE);
    }
};

// Asks each second; returns after how many minutes a try is allowed.
int64_t rest(rewrite_limit *l, uint64_t failures, int64_t *now_ms)
{
    const int64_t began_ms = *now_ms;
    while (rewrite_limit_rests(l, failures, *now_ms))
        *now_ms += 1000;
    return (*now_ms - began_ms) / MINUTE;
}

TEST_F(RewriteLimit, DoublesUpToAnHour)
{
    rewrite_limit l{};
    int64_t now_ms = 1'700'000'000'000;
    for (uint64_t failures = 0; failures < 3; failures++)
        EXPECT_EQ(rest(&l, failures, &now_ms), 0);
    uint64_t failures = 3;
    for (const int64_t minutes : {1, 2, 4, 8, 16, 32, 60, 60})
        EXPECT_EQ(rest(&l, failures++, &now_ms), minutes);
    EXPECT_EQ(rest(&l, 0, &now_ms), 0); // it went well
    EXPECT_EQ(rest(&l, 3, &now_ms), 1);
}

} // namespace
