// Buckets of a constant relative width: every value lies in one, and its end is near.
#include "core/cmd/engine/histogram.h"

#include <gtest/gtest.h>

namespace
{

TEST(Histogram, BucketsFollowOneAnother)
{
    EXPECT_EQ(histogram_bucket(0), 0U);
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
        const uint64_t last = histogram_last_ns(b);
        EXPECT_EQ(histogram_bucket(last), b);
        EXPECT_EQ(histogram_bucket(last + 1), b + 1 < HISTOGRAM_BUCKETS ? b + 1 : b);
    }
    EXPECT_EQ(histogram_last_ns(HISTOGRAM_BUCKETS - 1), (UINT64_C(1) << 36) - 1);
    EXPECT_EQ(histogram_bucket(UINT64_MAX), unsigned{HISTOGRAM_BUCKETS - 1});
}

TEST(Histogram, AnEndIsWithinASixtyFourth)
{
    for (uint64_t ns = 1024; ns < UINT64_C(1) << 36; ns += 1 + ns / 97) {
        const uint64_t last = histogram_last_ns(histogram_bucket(ns));
        EXPECT_GE(last, ns);
        EXPECT_LE(last - ns, ns / 64) << ns;
    }
}

} // namespace
