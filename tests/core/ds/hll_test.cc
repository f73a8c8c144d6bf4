// HyperLogLogs count well, and the same in every form.
#include "tests/core/ds/hll_fixture.h"
#include "tests/support/seed.h"

#include <cmath>

namespace
{

using namespace std::string_literals;

struct MarkCase {
    const char *name;
    std::string element;
    unsigned index, rank;
};

class HllMark : public ::testing::TestWithParam<MarkCase>
{
};

// As PFDEBUG DECODE of a Redis 7.0 server shows.
TEST_P(HllMark, IsTheSameEverywhere)
{
    const MarkCase &c = GetParam();
    const Bytes exact(c.element.begin(), c.element.end());
    const hll_mark mark = hll_mark_of(of(exact));
    EXPECT_EQ(mark.index, c.index);
    EXPECT_EQ(mark.rank, c.rank);
}

const MarkCase mark_cases[] = {
    {"empty", "", 5938, 2},
    {"one", "a", 12711, 2},
    {"five", "hello", 9216, 1},
    {"seven", "sevenby", 1730, 3},
    {"a_word", "eight_by", 6825, 1},
    {"a_word_and_one", "nine byte", 11810, 1},
    {"a_word_and_seven", "fifteen bytes..", 4693, 3},
    {"two_words", "sixteen bytes...", 12006, 1},
    {"two_words_and_one", "seventeen bytes..", 10439, 6},
    {"many_words", std::string(100, 'x'), 15288, 1},
    {"nul", "\0"s, 8840, 2},
    {"nuls", std::string(8, '\0'), 849, 1},
    {"high_bytes", std::string(7, '\xff'), 4681, 1},
    {"control_bytes", "\r\n\0\xff"s, 11950, 5},
};
INSTANTIATE_TEST_SUITE_P(Hll, HllMark, ::testing::ValuesIn(mark_cases),
                         [](const auto &p) { return std::string(p.param.name); });

// The highest rank is of a hash whose upper bits are all zero.
TEST(Hll, RanksHaveTheirPlaces)
{
    std::array<uint32_t, HLL_RANKS> met{};
    const uint32_t elements = 1 << 16;
    for (uint64_t i = 0; i < elements; i++)
        met[mark_of(i).rank]++;
    EXPECT_EQ(met[0], 0u);
    for (unsigned rank = 1; rank <= 6; rank++) {
        const double expected = std::ldexp(elements, -static_cast<int>(rank));
        EXPECT_NEAR(met[rank], expected, 6 * std::sqrt(expected)) << rank;
    }
}

struct HeaderCase {
    const char *name;
    std::string bytes;
    bool is;
};

class HllHeader : public ::testing::TestWithParam<HeaderCase>
{
};

TEST_P(HllHeader, IsLookedAt)
{
    const std::string &s = GetParam().bytes;
    const Bytes exact(s.begin(), s.end());
    EXPECT_EQ(hll_is(of(exact)), GetParam().is);
}

const HeaderCase header_cases[] = {
    {"nothing", "", false},
    {"magic_alone", "HYLL", false},
    {"too_short", "HYLL\1"s + std::string(10, '\0'), false},
    {"no_runs", "HYLL\1"s + std::string(11, '\0'), true},
    {"unused_bytes_used", "HYLL\1abc"s + std::string(8, '\0'), true},
    {"small_letters", "hyll\1"s + std::string(20, '\0'), false},
    {"unknown_form", "HYLL\2"s + std::string(20, '\0'), false},
    {"dense", "HYLL\0"s + std::string(HLL_DENSE_BYTES - 5, '\0'), true},
    {"dense_too_short", "HYLL\0"s + std::string(HLL_DENSE_BYTES - 6, '\0'), false},
    {"dense_too_long", "HYLL\0"s + std::string(HLL_DENSE_BYTES - 4, '\0'), false},
};
INSTANTIATE_TEST_SUITE_P(Hll, HllHeader, ::testing::ValuesIn(header_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST(Hll, RemembersItsLastCountUntilItChanges)
{
    Bytes hll = empty_hll();
    uint64_t count = 7;
    EXPECT_FALSE(hll_last_count(of(hll), &count)) << "a new one was never counted";
    hll_set_last_count(hll.data(), 0x123456789a);
    EXPECT_TRUE(hll_last_count(of(hll), &count));
    EXPECT_EQ(count, 0x123456789au);
    EXPECT_EQ(Bytes(hll.begin() + 8, hll.begin() + 16),
              (Bytes{0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0, 0}));
    EXPECT_EQ(set(hll, {5, 3}), HLL_PATCH);
    EXPECT_FALSE(hll_last_count(of(hll), &count));
    hll_set_last_count(hll.data(), 1);
    EXPECT_EQ(set(hll, {5, 3}), HLL_KEEP);
    EXPECT_TRUE(hll_last_count(of(hll), &count)) << "nothing has changed";
    EXPECT_EQ(set(hll, {5, 60}), HLL_DENSIFY);
    EXPECT_FALSE(hll_last_count(of(hll), &count));
    hll_set_last_count(hll.data(), 2);
    EXPECT_EQ(set(hll, {5, 60}), HLL_KEEP);
    EXPECT_EQ(set(hll, {5, 61}), HLL_PATCH);
    EXPECT_FALSE(hll_last_count(of(hll), &count));
}

// Marks are set in every register of a dense one without touching its neighbours.
TEST(Hll, DenseRegistersAreApart)
{
    std::mt19937_64 rng(test_seed());
    Ranks model{};
    Bytes hll = dense_of(model);
    for (int step = 0; step < 40000; step++) {
        const unsigned near =
            step % 3 ? static_cast<unsigned>(rng()) : rng() % 2 * 16380 + rng() % 4;
        const hll_mark mark = {static_cast<uint16_t>(near % HLL_REGISTERS),
                               static_cast<uint8_t>(1 + rng() % 63)};
        ASSERT_EQ(set(hll, mark), model[mark.index] < mark.rank ? HLL_PATCH : HLL_KEEP);
        model[mark.index] = std::max(model[mark.index], mark.rank);
    }
    Ranks got{};
    ASSERT_EQ(ranks_of(hll, &got), LK_OK);
    EXPECT_EQ(got, model);
    EXPECT_EQ(hll, dense_of(model));
}

// Elements go into both forms and a sum; all three count alike at every size.
TEST(Hll, EveryFormCountsTheSame)
{
    const uint64_t seed = test_seed();
    Bytes sparse = empty_hll(), dense = dense_of(Ranks{});
    hll_sum sum;
    hll_sum_init(&sum);
    for (uint64_t i = 1, next = 1; i <= 5000; i++) {
        const hll_mark mark = mark_of(seed + i);
        const hll_step a = set(sparse, mark, 20000), b = set(dense, mark);
        hll_sum_raise(&sum, mark);
        ASSERT_EQ(a == HLL_KEEP, b == HLL_KEEP);
        if (i < next)
            continue;
        next += 1 + next / 4;
        uint64_t counts[2];
        ASSERT_EQ(hll_count(of(sparse), &counts[0]), LK_OK);
        ASSERT_EQ(hll_count(of(dense), &counts[1]), LK_OK);
        ASSERT_EQ(counts[0], counts[1]) << i;
        ASSERT_EQ(hll_sum_count(&sum), counts[0]) << i;
    }
}

// The root of the mean square of the error is 0.81 %, and no size is favoured.
TEST(Hll, ErrorIsAsPromised)
{
    const uint64_t seed = test_seed();
    const double promised = 1.04 / std::sqrt(double{HLL_REGISTERS});
    const std::vector<uint64_t> sizes = {100, 1000, 5000, 10000, 20000, 40000, 80000};
    const int trials = 25;
    std::vector<double> sums(sizes.size()), squares(sizes.size());
    for (uint64_t trial = 0; trial < trials; trial++) {
        hll_sum sum;
        hll_sum_init(&sum);
        uint64_t element = seed + (trial << 32);
        const uint64_t first = element;
        for (size_t i = 0; i < sizes.size(); i++) {
            for (; element < first + sizes[i]; element++)
                hll_sum_raise(&sum, mark_of(element));
            const double n = static_cast<double>(sizes[i]);
            const double error = (static_cast<double>(hll_sum_count(&sum)) - n) / n;
            sums[i] += error;
            squares[i] += error * error;
        }
    }
    for (size_t i = 0; i < sizes.size(); i++) {
        // Five deviations of what so many trials can show of a deviation and of a mean.
        EXPECT_LT(std::sqrt(squares[i] / trials), promised * (1 + 5 / std::sqrt(2.0 * trials)))
            << sizes[i];
        EXPECT_LT(std::abs(sums[i] / trials), promised * 5 / std::sqrt(double{trials})) << sizes[i];
    }
}

// What a Redis 7.0 server answers for the same elements.
TEST(Hll, CountsWhatTheReferenceCounts)
{
    Bytes hll = empty_hll();
    uint64_t count;
    for (int i = 1; i <= 100000; i++) {
        const std::string word = std::to_string(i);
        set(hll, hll_mark_of(bytes_of(word.data(), word.size())));
        if (i != 1000)
            continue;
        EXPECT_EQ(hll.size(), 1922u);
        ASSERT_EQ(hll_count(of(hll), &count), LK_OK);
        EXPECT_EQ(count, 1001u);
    }
    EXPECT_TRUE(hll_is_dense(of(hll)));
    ASSERT_EQ(hll_count(of(hll), &count), LK_OK);
    EXPECT_EQ(count, 99562u);
}

TEST(Hll, EndsOfTheScale)
{
    uint64_t count = 1;
    ASSERT_EQ(hll_count(of(empty_hll()), &count), LK_OK);
    EXPECT_EQ(count, 0u);
    ASSERT_EQ(hll_count(of(dense_of(Ranks{})), &count), LK_OK);
    EXPECT_EQ(count, 0u);
    Ranks full;
    full.fill(51);
    ASSERT_EQ(hll_count(of(dense_of(full)), &count), LK_OK);
    EXPECT_EQ(count, uint64_t{1} << 63);
    full.fill(63);
    ASSERT_EQ(hll_count(of(dense_of(full)), &count), LK_OK);
    EXPECT_EQ(count, uint64_t{1} << 63);
    full.fill(50);
    ASSERT_EQ(hll_count(of(dense_of(full)), &count), LK_OK);
    EXPECT_GT(count, uint64_t{1} << 62);
}

// A sum is the HyperLogLog of all elements together, whatever the forms and the order.
TEST(Hll, SumIsTheUnion)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    const std::vector<uint64_t> sizes = {0, 1, 10, 40, 300, 1200, 4000, 30000};
    for (int round = 0; round < 60; round++) {
        hll_sum sum;
        hll_sum_init(&sum);
        Ranks all{};
        for (size_t n = 1 + rng() % 6; n > 0; n--) {
            Bytes one = empty_hll();
            const uint64_t from = rng() % 50000, size = sizes[rng() % sizes.size()];
            for (uint64_t i = from; i < from + size; i++) {
                const hll_mark mark = mark_of(i);
                set(one, mark);
                all[mark.index] = std::max(all[mark.index], mark.rank);
            }
            ASSERT_EQ(hll_sum_add(&sum, of(one)), LK_OK);
        }
        uint64_t count;
        ASSERT_EQ(hll_count(of(dense_of(all)), &count), LK_OK);
        ASSERT_EQ(hll_sum_count(&sum), count);
        Bytes written = empty_hll();
        written.resize(HLL_DENSE_BYTES);
        hll_sum_write(&sum, written.data());
        ASSERT_EQ(written, dense_of(all));
        ASSERT_EQ(memcmp(hll_sum_ranks(&sum), all.data(), all.size()), 0);
        ASSERT_EQ(hll_sum_count(&sum), count);
    }
}

TEST(Hll, SelfTestFindsNothing)
{
    EXPECT_EQ(hll_selftest(), nullptr);
}

} // namespace
