#include "core/base/attr.h"

#include <csignal>
#include <gtest/gtest.h>
#include <unistd.h>

namespace
{

TEST(AssertDeathTest, NamesTheConditionAndThePlace)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const int two = 2;
    LK_ASSERT(two == 2);
    EXPECT_DEATH(LK_ASSERT(two == 3), "assert_test.cc:[0-9]+: assertion failed: two == 3");
}

TEST(AssertDeathTest, TheLogHasItToo)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    // The log goes to standard output, which is not looked at here unless it is the same.
    EXPECT_EXIT(
        {
            dup2(2, 1);
            LK_ASSERT(false);
        },
        testing::KilledBySignal(SIGABRT), "# === ASSERTION FAILED ===");
}

} // namespace
