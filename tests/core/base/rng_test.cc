#include "core/base/rng.h"

#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace
{

// Published: SplitMix64 from seed 1234567 begins so, and xoshiro256** from 1, 2, 3, 4 so.
TEST(Rng, SeedsAndStepsAsPublished)
{
    rng r;
    rng_seed(&r, 1234567);
    EXPECT_EQ(r.s[0], 6457827717110365317u);
    EXPECT_EQ(r.s[1], 3203168211198807973u);
    EXPECT_EQ(r.s[2], 9817491932198370423u);
    EXPECT_EQ(r.s[3], 4593380528125082431u);

    r = {{1, 2, 3, 4}};
    for (const uint64_t want : {11520u, 0u, 1509978240u})
        EXPECT_EQ(rng_next(&r), want);
    EXPECT_EQ(rng_next(&r), 1215971899390074240u);
}

TEST(Rng, BelowStaysBelowAndReachesAll)
{
    rng r;
    rng_seed(&r, 1);
    for (const uint64_t limit : {1u, 2u, 3u, 7u, 100u}) {
        std::vector<unsigned> hits(limit);
        const unsigned rounds = 2000 * (unsigned)limit;
        for (unsigned i = 0; i < rounds; i++)
            hits.at(rng_below(&r, limit))++;
        // 2000 expected, standard deviation below 45: six of them.
        for (const unsigned n : hits)
            EXPECT_NEAR(n, 2000, 270);
    }
    const uint64_t wide = ((uint64_t)1 << 63) + 1; // half of all products are rejected
    for (int i = 0; i < 1000; i++)
        EXPECT_LT(rng_below(&r, wide), wide);
}

TEST(Rng, UnitIsHalfOpen)
{
    rng r;
    rng_seed(&r, 2);
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        const double v = rng_unit(&r);
        ASSERT_GE(v, 0);
        ASSERT_LT(v, 1);
        sum += v;
    }
    EXPECT_NEAR(sum / 100000, 0.5, 0.006); // six standard deviations of 0.289 / sqrt(100000)
}

TEST(Rng, TheSystemFillsEveryByte)
{
    for (const size_t size : {0, 1, 7, 255, 1000}) {
        // Some byte that stays zero in 16 draws would be no chance.
        std::vector<unsigned char> any(size), draw(size);
        for (int i = 0; i < 16; i++) {
            rng_system(draw.data(), size);
            for (size_t at = 0; at < size; at++)
                any[at] |= draw[at];
        }
        for (const unsigned char c : any)
            EXPECT_NE(c, 0);
    }
}

} // namespace
