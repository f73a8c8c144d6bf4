// Every set of kernels does what the plain loops say.
#include "tests/core/ds/hll_fixture.h"
#include "tests/support/seed.h"

namespace
{

const hll_kernels *all_kernels[] = {&hll_kernels_portable, hll_kernels_avx2()};

class HllKernels : public ::testing::TestWithParam<const hll_kernels *>
{
  protected:
    const hll_kernels *k = GetParam();
    const uint64_t seed = test_seed();
    std::mt19937_64 rng{seed};

    Ranks random_ranks(unsigned most)
    {
        Ranks r;
        for (unsigned char &rank : r)
            rank = static_cast<unsigned char>(rng() % (most + 1));
        return r;
    }

    // Six bits each, the first in the lowest: bit by bit.
    static Bytes packed(const Ranks &ranks)
    {
        Bytes out(HLL_PACKED_BYTES);
        for (size_t i = 0; i < HLL_REGISTERS * 6; i++)
            out[i / 8] =
                static_cast<unsigned char>(out[i / 8] | (ranks[i / 6] >> i % 6 & 1) << i % 8);
        return out;
    }
};

TEST_P(HllKernels, PackAndUnpack)
{
    for (const unsigned most : {0u, 1u, 20u, 63u, 63u}) {
        const Ranks ranks = random_ranks(most);
        const Bytes want = packed(ranks);
        Bytes got(HLL_PACKED_BYTES, 0xaa);
        k->pack(ranks.data(), got.data());
        EXPECT_EQ(got, want);
        Bytes back(HLL_REGISTERS, 0xaa);
        k->unpack(want.data(), back.data());
        EXPECT_TRUE(std::equal(back.begin(), back.end(), ranks.begin()));
    }
}

TEST_P(HllKernels, RaiseToTheHigher)
{
    const Ranks a = random_ranks(63), b = random_ranks(63);
    const Bytes in = packed(a);
    Bytes got(b.begin(), b.end());
    k->raise(in.data(), got.data());
    for (size_t i = 0; i < HLL_REGISTERS; i++)
        ASSERT_EQ(got[i], std::max(a[i], b[i])) << i;
}

TEST_P(HllKernels, CountRanks)
{
    for (const unsigned most : {0u, 1u, 7u, 20u, 63u}) {
        for (const unsigned least : {0u, 1u, 30u, 63u}) {
            Ranks ranks = random_ranks(most);
            std::array<uint32_t, HLL_RANKS> want{}, got;
            for (unsigned char &rank : ranks)
                want[rank = static_cast<unsigned char>(std::max<unsigned>(rank, least))]++;
            got.fill(0xaaaa);
            k->count(ranks.data(), got.data());
            ASSERT_EQ(got, want) << least << " to " << most;
        }
    }
}

// Runs of any kind, long ones in rows, cut off at the end or not; from every run on.
TEST_P(HllKernels, PassRuns)
{
    for (int round = 0; round < 3000; round++) {
        const unsigned long_ones = static_cast<unsigned>(rng() % 5);
        Bytes runs(rng() % 200);
        for (unsigned char &b : runs)
            b = static_cast<unsigned char>(rng() % 4 < long_ones ? 0x40 | rng() % 64 : rng());
        const Bytes hll = sparse_of(runs);
        std::vector<hll_cursor> begins;
        hll_cursor c = {HLL_HEADER_BYTES, 0};
        for (; c.at < hll.size(); c.at += hll_run_at(of(hll), c.at).size) {
            begins.push_back(c);
            c.first += hll_run_at(of(hll), c.at).length;
        }
        if (begins.empty())
            continue;
        const size_t from = rng() % std::min<size_t>(begins.size(), 20);
        const uint32_t index = begins[from].first + static_cast<uint32_t>(rng() % (c.first + 10));
        c = begins[from];
        size_t before = 12345;
        k->pass(of(hll), index, &c, &before);
        size_t at = from;
        while (at < begins.size() && begins[at].at < c.at)
            at++;
        if (at < begins.size()) {
            ASSERT_EQ(begins[at].at, c.at) << "not where a run begins";
            ASSERT_EQ(begins[at].first, c.first);
        } else {
            ASSERT_EQ(c.at, hll.size());
        }
        ASSERT_LE(c.first, index) << "passed too far";
        ASSERT_EQ(before, at > from ? begins[at - 1].at : 12345u);
        // Not much is left to pass one by one.
        size_t rest = at;
        while (rest + 1 < begins.size() && begins[rest + 1].first <= index)
            rest++;
        ASSERT_LE((rest < begins.size() ? begins[rest].at : hll.size()) - c.at, 9u);
    }
}

INSTANTIATE_TEST_SUITE_P(Hll, HllKernels,
                         ::testing::ValuesIn(std::vector<const hll_kernels *>(
                             all_kernels, all_kernels + (all_kernels[1] ? 2 : 1))),
                         [](const auto &p) { return std::string(p.param->name); });

} // namespace
