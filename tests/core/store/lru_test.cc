#include "core/store/lru.h"

#include <gtest/gtest.h>

namespace
{

constexpr int64_t NOW = 1'700'000'000'000;

TEST(Lru, IdleTimeSurvivesTheWrapOfItsClock)
{
    EXPECT_EQ(lru_idle_seconds(lru_clock(NOW), NOW), 0u);
    EXPECT_EQ(lru_idle_seconds(lru_clock(NOW), NOW + 5999), 5u);
    const int64_t ticks = int64_t{LRU_BITS_MASK} + 1;
    const int64_t wrap = (lru_ticks(NOW) / ticks + 1) * ticks / LRU_TICKS_A_SECOND * 1000;
    EXPECT_EQ(lru_idle_seconds(lru_clock(wrap - 3000), wrap + 4000), 7u);
    EXPECT_GT(lru_clock(wrap - 1), lru_clock(wrap));
    EXPECT_EQ(lru_idle_ticks(lru_clock(NOW), NOW + 63), 1u);
    EXPECT_EQ(lru_idle_seconds(lru_of_idle(NOW, 77), NOW), 77u);
}

TEST(Lfu, LosesOneADecayTimeAndNotBelowZero)
{
    const uint32_t bits = lfu_new(NOW);
    EXPECT_EQ(lfu_counter(bits, NOW, 1), 5u);
    EXPECT_EQ(lfu_counter(bits, NOW + 3 * 60000, 1), 2u);
    EXPECT_EQ(lfu_counter(bits, NOW + 3 * 60000, 3), 4u);
    EXPECT_EQ(lfu_counter(bits, NOW + 3000 * 60000, 1), 0u);
    EXPECT_EQ(lfu_counter(bits, NOW + 3000 * 60000, 0), 5u); // no decay at all
    const int64_t wrap = (NOW / 60000 / 65536 + 1) * 65536 * 60000;
    EXPECT_EQ(lfu_counter(lfu_new(wrap - 60000), wrap + 60000, 1), 3u);
}

// Grows by chance, ever more slowly, and stops at 255.
TEST(Lfu, GrowsLogarithmically)
{
    rng r;
    rng_seed(&r, 7);
    const auto after = [&](int uses, uint32_t factor) {
        uint32_t bits = lfu_new(NOW);
        for (int i = 0; i < uses; i++)
            bits = lfu_touch(bits, NOW, 1, factor, &r);
        return lfu_counter(bits, NOW, 1);
    };
    EXPECT_EQ(after(1, 10), 6u); // the first use always counts
    EXPECT_EQ(after(300, 0), 255u);
    const uint32_t hundred = after(100, 10), thousand = after(1000, 10);
    EXPECT_GT(hundred, 7u);
    EXPECT_LT(hundred, 14u);
    EXPECT_GT(thousand, hundred);
    EXPECT_LT(thousand, 30u);
    EXPECT_EQ(after(2000000, 10), 255u);
}

} // namespace
