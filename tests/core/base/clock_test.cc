#include "core/base/clock.h"

#include <gtest/gtest.h>
#include <time.h>

namespace
{

TEST(Clock, TheFakeOneStandsStill)
{
    clock_fake_unix_ms(1234567890123);
    EXPECT_EQ(clock_unix_ms(), 1234567890123);
    EXPECT_EQ(clock_unix_us(), 1234567890123000);
    clock_fake_unix_ms(0);
    EXPECT_EQ(clock_unix_ms(), 0);
    clock_fake_unix_ms(-1);
    EXPECT_GT(clock_unix_ms(), 1600000000000);
}

TEST(Clock, WallClockIsTheSystems)
{
    timespec before, after;
    clock_gettime(CLOCK_REALTIME, &before);
    const int64_t us = clock_unix_us();
    clock_gettime(CLOCK_REALTIME, &after);
    EXPECT_GE(us, (int64_t)before.tv_sec * 1000000 + before.tv_nsec / 1000);
    EXPECT_LE(us, (int64_t)after.tv_sec * 1000000 + after.tv_nsec / 1000);
}

TEST(Clock, MonotonicAndTicksNeverGoBack)
{
    int64_t ns = clock_mono_ns();
    uint64_t ticks = clock_ticks();
    for (int i = 0; i < 10000; i++) {
        const int64_t ns_now = clock_mono_ns();
        const uint64_t ticks_now = clock_ticks();
        ASSERT_GE(ns_now, ns);
        ASSERT_GE(ticks_now, ticks);
        ns = ns_now;
        ticks = ticks_now;
    }
}

// A stretch of ticks lies between the inner and the outer stretch of the monotonic clock.
TEST(Clock, TicksHaveTheLengthTheySay)
{
    const int64_t outer_from = clock_mono_ns();
    const uint64_t from = clock_ticks();
    const int64_t inner_from = clock_mono_ns();
    while (clock_mono_ns() - inner_from < 20 * 1000 * 1000)
        ;
    const int64_t inner_to = clock_mono_ns();
    const uint64_t to = clock_ticks();
    const int64_t outer_to = clock_mono_ns();

    const double ns = (double)clock_ticks_to_ns(to - from);
    EXPECT_GE(ns, (double)(inner_to - inner_from) * 0.99);
    EXPECT_LE(ns, (double)(outer_to - outer_from) * 1.01);
    EXPECT_EQ(clock_ticks_to_ns(0), 0u);
    // Ten years of ticks do not overflow.
    const uint64_t year = clock_ticks_to_ns((uint64_t)3600 * 24 * 365 * 3000000000u);
    EXPECT_GT(clock_ticks_to_ns((uint64_t)3600 * 24 * 365 * 3000000000u * 10), year);
}

} // namespace
