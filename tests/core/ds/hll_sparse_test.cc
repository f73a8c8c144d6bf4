// Sparse HyperLogLogs hold the published runs, and broken ones do no harm.
#include "tests/core/ds/hll_fixture.h"
#include "tests/support/seed.h"

namespace
{

Bytes operator+(Bytes a, const Bytes &b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::string hex(const Bytes &b)
{
    static const char digits[] = "0123456789abcdef";
    std::string out;
    for (const unsigned char c : b) {
        out += digits[c >> 4];
        out += digits[c & 15];
    }
    return out;
}

// After PFADD of "0" to "29" to a Redis 7.0 server.
TEST(HllSparse, HasThePublishedBytes)
{
    Bytes hll = empty_hll();
    EXPECT_EQ(hex(hll), "48594c4c0100000000000000000000807fff");
    for (int i = 0; i < 30; i++) {
        const std::string word = std::to_string(i);
        set(hll, hll_mark_of(bytes_of(word.data(), word.size())));
    }
    EXPECT_EQ(hex(hll),
              "48594c4c01000000000000000000008041ee84441180441080443e8040e28040bc8c378842108042dc"
              "8041f68045719040db8042118441428042c184408e8c41108045248040928043e28441248443c08c1b"
              "80435680425d8040788042128c40b880158441bb804165");
}

// Every run that there is, alone in the middle.
TEST(HllSparse, EveryRunIsReadAndSplit)
{
    const uint32_t before = 100;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < ((first >> 6) == 1 ? 256u : 1u); second += 17) {
            const bool is_long = first >> 6 == 1, has_rank = first >> 7;
            const uint32_t length = (is_long    ? (first & 63) << 8 | second
                                     : has_rank ? first & 3
                                                : first & 63) +
                                    1;
            const unsigned rank = has_rank ? (first >> 2 & 31) + 1 : 0;
            const uint32_t behind = HLL_REGISTERS - before - length;
            if (before + length >= HLL_REGISTERS)
                continue;
            Bytes run = {static_cast<unsigned char>(first)};
            if (is_long)
                run.push_back(static_cast<unsigned char>(second));
            const Bytes hll = sparse_of(zeros(before) + run + zeros(behind));
            SCOPED_TRACE(words_of(hll));
            Ranks want{}, got{};
            std::fill_n(want.begin() + before, length, static_cast<unsigned char>(rank));
            ASSERT_EQ(ranks_of(hll, &got), LK_OK);
            ASSERT_EQ(got, want);
            for (const uint32_t at : {before, before + length / 2, before + length - 1}) {
                const hll_mark mark = {static_cast<uint16_t>(at), static_cast<uint8_t>(rank + 1)};
                Bytes changed = hll;
                ASSERT_EQ(set(changed, mark), rank == 32 ? HLL_DENSIFY : HLL_PATCH);
                Ranks raised = want;
                raised[at] = mark.rank;
                ASSERT_EQ(ranks_of(changed, &got), LK_OK);
                ASSERT_EQ(got, raised);
            }
        }
    }
}

struct StepCase {
    const char *name;
    Bytes runs;
    hll_mark mark;
    const char *words; // what PFDEBUG DECODE of a Redis 7.0 server shows then
};

class HllSparseStep : public ::testing::TestWithParam<StepCase>
{
};

TEST_P(HllSparseStep, IsThatOfTheReference)
{
    const StepCase &c = GetParam();
    Bytes hll = sparse_of(c.runs);
    EXPECT_EQ(set(hll, c.mark), HLL_PATCH);
    EXPECT_EQ(words_of(hll), c.words);
}

// Registers in the middle; runs that joining meets in odd places.
const uint32_t A = 12711, REST = HLL_REGISTERS - A - 1;
const StepCase step_cases[] = {
    {"in_the_middle", zeros(HLL_REGISTERS), {A, 2}, "Z:12711 v:2,1 Z:3672"},
    {"at_the_beginning", zeros(HLL_REGISTERS), {0, 2}, "v:2,1 Z:16383"},
    {"at_the_end", zeros(HLL_REGISTERS), {HLL_REGISTERS - 1, 2}, "Z:16383 v:2,1"},
    {"halves_short_and_long",
     zeros(A - 64) + zeros(64) + zeros(1 + REST),
     {A - 1, 2},
     "Z:12647 z:63 v:2,1 Z:3673"},
    {"short_is_64", zeros(HLL_REGISTERS), {64, 1}, "z:64 v:1,1 Z:16319"},
    {"long_is_65", zeros(HLL_REGISTERS), {65, 1}, "Z:65 v:1,1 Z:16318"},
    {"joins_the_one_before",
     zeros(A - 1) + Bytes{values(1, 2)} + zeros(1 + REST),
     {A, 2},
     "Z:12710 v:2,2 Z:3672"},
    {"joins_the_one_behind",
     zeros(A + 1) + Bytes{values(1, 2)} + zeros(REST - 1),
     {A, 2},
     "Z:12711 v:2,2 Z:3671"},
    {"joins_both",
     zeros(A - 1) + Bytes{values(1, 2), 0, values(2, 2)} + zeros(REST - 2),
     {A, 2},
     "Z:12710 v:2,4 Z:3670"},
    {"four_are_full",
     zeros(A - 4) + Bytes{values(4, 2)} + zeros(1 + REST),
     {A, 2},
     "Z:12707 v:2,4 v:2,1 Z:3672"},
    {"others_stay_apart",
     zeros(A - 1) + Bytes{values(1, 3)} + zeros(1 + REST),
     {A, 2},
     "Z:12710 v:3,1 v:2,1 Z:3672"},
    {"rises_in_place",
     zeros(A) + Bytes{values(1, 1)} + zeros(REST),
     {A, 2},
     "Z:12711 v:2,1 Z:3672"},
    {"rises_within_a_run",
     zeros(A - 1) + Bytes{values(3, 1)} + zeros(REST - 1),
     {A, 2},
     "Z:12710 v:1,1 v:2,1 v:1,1 Z:3671"},
    {"a_long_run_of_one_shrinks",
     zeros(A) + Bytes{0x40, 0} + zeros(REST),
     {A, 2},
     "Z:12711 v:2,1 Z:3672"},
    {"joins_five_steps_at_most",
     zeros(A - 1) + Bytes{0, values(1, 1), values(1, 1), 0, values(1, 3), values(1, 3)} +
         zeros(REST - 5),
     {A - 1, 2},
     "Z:12710 v:2,1 v:1,2 z:1 v:3,1 v:3,1 Z:3667"},
};
INSTANTIATE_TEST_SUITE_P(Hll, HllSparseStep, ::testing::ValuesIn(step_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST(HllSparse, SizeIsJudgedBeforeJoining)
{
    const Bytes hll = sparse_of(zeros(A - 1) + Bytes{values(1, 2)} + zeros(1 + REST));
    hll_patch p;
    // Two bytes more, of which joining takes one back.
    EXPECT_EQ(hll_plan(of(hll), {A, 2}, hll.size(), &p), HLL_DENSIFY);
    EXPECT_EQ(hll_plan(of(hll), {A, 2}, hll.size() + 1, &p), HLL_PATCH);
    EXPECT_EQ(hll_plan(of(hll), {A, 2}, 0, &p), HLL_DENSIFY);
    EXPECT_EQ(hll_plan(of(hll), {A - 1, 3}, 0, &p), HLL_PATCH) << "it does not grow";
    EXPECT_EQ(hll_plan(of(hll), {A - 1, 33}, 3000, &p), HLL_DENSIFY) << "no run has that rank";
    EXPECT_EQ(hll_plan(of(hll), {A - 1, 2}, 0, &p), HLL_KEEP);
}

// Random marks, in clusters so that runs join and split; every register after every step.
TEST(HllSparse, MatchesAnArray)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    for (int round = 0; round < 8; round++) {
        Bytes hll = empty_hll();
        Ranks model{};
        const uint32_t spread = round % 2 ? 200 : HLL_REGISTERS;
        const unsigned most = 1 + static_cast<unsigned>(rng() % 32);
        for (int step = 0; step < 400; step++) {
            const uint32_t at = static_cast<uint32_t>(rng() % spread + HLL_REGISTERS - spread);
            const hll_mark mark = {static_cast<uint16_t>(at),
                                   static_cast<uint8_t>(1 + rng() % most)};
            const size_t size = hll.size();
            const hll_step want = model[at] < mark.rank ? HLL_PATCH : HLL_KEEP;
            ASSERT_EQ(set(hll, mark, SIZE_MAX), want);
            ASSERT_LE(hll.size(), size + 4);
            model[at] = std::max(model[at], mark.rank);
            Ranks got{};
            ASSERT_EQ(ranks_of(hll, &got), LK_OK) << words_of(hll);
            ASSERT_EQ(got, model) << words_of(hll);
        }
    }
}

// All marks of a sum in one go leave the very bytes that one after the other leave.
TEST(HllSparse, RaisingBySumIsMarkByMark)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    for (int round = 0; round < 200; round++) {
        hll_sum sum;
        hll_sum_init(&sum);
        Bytes one_by_one = empty_hll();
        const uint32_t spread = round % 2 ? 100 : HLL_REGISTERS;
        const auto random_mark = [&] {
            return hll_mark{static_cast<uint16_t>(rng() % spread),
                            static_cast<uint8_t>(1 + rng() % 4)};
        };
        for (size_t n = rng() % 300; n > 0; n--)
            set(one_by_one, random_mark());
        buf b{};
        buf_append(&b, one_by_one.data(), one_by_one.size());
        for (size_t n = rng() % 300; n > 0; n--)
            hll_sum_raise(&sum, random_mark());
        const size_t max_bytes = rng() % 3 ? 3000 : 16 + rng() % 400;
        hll_step want = HLL_KEEP;
        Ranks ranks{};
        std::copy_n(hll_sum_ranks(&sum), HLL_REGISTERS, ranks.begin());
        for (uint32_t i = 0; i < HLL_REGISTERS && want == HLL_KEEP; i++)
            if (ranks[i] &&
                set(one_by_one, {static_cast<uint16_t>(i), ranks[i]}, max_bytes) == HLL_DENSIFY)
                want = HLL_DENSIFY;
        ASSERT_EQ(hll_sum_raise_sparse(&sum, max_bytes, &b), want);
        if (want == HLL_KEEP) {
            ASSERT_EQ(Bytes(b.data, b.data + b.size), one_by_one);
        }
        buf_release(&b);
    }
}

// --- what clients may have made of it -----------------------------------------------------------

uint64_t registers_of(const Bytes &hll)
{
    uint64_t n = 0;
    for (size_t at = HLL_HEADER_BYTES; at < hll.size();) {
        const hll_run run = hll_run_at(of(hll), at);
        n += run.length;
        at += run.size;
    }
    return n;
}

// Any bytes behind a good header are read within their bounds, and counted only if they add up.
TEST(HllSparse, AnyBytesDoNoHarm)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    int whole = 0;
    for (int round = 0; round < 6000; round++) {
        Bytes runs(rng() % (round % 50 ? 60 : 20000));
        const unsigned kind = static_cast<unsigned>(rng() % 4);
        for (unsigned char &b : runs)
            b = static_cast<unsigned char>(kind == 0   ? rng()
                                           : kind == 1 ? 0x40 | rng() % 64
                                           : kind == 2 ? 0x80 | rng()
                                                       : rng() % 64);
        Bytes hll = sparse_of(runs);
        if (rng() % 4 == 0 && registers_of(hll) < HLL_REGISTERS)
            hll = hll + zeros(HLL_REGISTERS - static_cast<uint32_t>(registers_of(hll)));
        const bool adds_up = registers_of(hll) == HLL_REGISTERS;
        whole += adds_up;
        uint64_t count;
        Ranks ranks;
        ASSERT_EQ(hll_count(of(hll), &count), adds_up ? LK_OK : LK_EHLL);
        ASSERT_EQ(ranks_of(hll, &ranks), adds_up ? LK_OK : LK_EHLL);
        words_of(hll);
        for (int step = 0; step < 10; step++) {
            const hll_mark mark = {static_cast<uint16_t>(rng() % HLL_REGISTERS),
                                   static_cast<uint8_t>(1 + rng() % 40)};
            const bool covered = registers_of(hll) > mark.index;
            const bool was_dense = hll_is_dense(of(hll));
            const hll_step did = set(hll, mark, rng() % 2 ? 3000 : 30);
            if (was_dense || hll_is_dense(of(hll)))
                break;
            if (mark.rank <= 32 && !covered) {
                ASSERT_EQ(did, HLL_BROKEN);
            }
        }
    }
    EXPECT_GT(whole, 50) << "the test meets good ones as well";
}

TEST(HllSparse, ACutOffRunReadsAsIfAZeroFollowed)
{
    Bytes hll = sparse_of({0x7f});
    EXPECT_EQ(words_of(hll), "Z:16129");
    uint64_t count;
    EXPECT_EQ(hll_count(of(hll), &count), LK_EHLL);
    EXPECT_EQ(set(hll, {A, 2}), HLL_PATCH);
    EXPECT_EQ(hex(hll), "48594c4c010000000000000000000080"
                        "71a6844d")
        << "and is cut off again";
    hll = sparse_of(zeros(255) + Bytes{0x7f});
    EXPECT_EQ(hll_count(of(hll), &count), LK_OK) << "255 and 16129";
}

TEST(HllSparse, BrokenOnesAreNotRaised)
{
    hll_sum sum;
    hll_sum_init(&sum);
    hll_sum_raise(&sum, {A, 2});
    const Bytes broken = sparse_of(zeros(A));
    buf b{};
    buf_append(&b, broken.data(), broken.size());
    EXPECT_EQ(hll_sum_raise_sparse(&sum, 3000, &b), HLL_BROKEN);
    buf_release(&b);
}

} // namespace
