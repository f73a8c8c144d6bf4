// Sorted sets of both encodings behave as a std::map that is sorted by its values.
#include "tests/core/types/zset_fixture.h"
#include "tests/support/seed.h"

#include <limits>
#include <optional>

namespace
{

const double inf = std::numeric_limits<double>::infinity();

class Zset : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        used_ = mem_used();
    }
    void TearDown() override
    {
        EXPECT_EQ(mem_used(), used_) << "leaked";
    }

  private:
    size_t used_ = 0;
};

std::string encoding(const KeptValue &k)
{
    const value v = k.get();
    return zset_type_ops.encoding_name(&v);
}

struct ScoreCase {
    const char *name;
    double score;
    const char *packed; // its text in a listpack
    size_t payload;     // its bytes in the table
};

class ZsetScore : public Zset, public ::testing::WithParamInterface<ScoreCase>
{
};

// Whatever the encoding, a score comes back with all its bits; but a small set makes -0 a 0.
TEST_P(ZsetScore, IsKeptExactly)
{
    const ScoreCase &c = GetParam();
    for (const uint64_t entries : {100, 0}) {
        const type_limits limits = limits_of(entries, 64);
        KeptValue k(TYPE_ZSET, &limits);
        add(k, "m", c.score);
        const value v = k.get();
        double got = 0;
        uint64_t rank = 7;
        ASSERT_TRUE(zset_rank(&v, bytes_cstr("m"), &rank, &got));
        const double want = entries && c.score == 0 ? 0 : c.score;
        EXPECT_EQ(memcmp(&got, &want, sizeof got), 0) << got;
        EXPECT_EQ(rank, 0u);
        check(v);
        zset_scan(
            &v, 0, 10,
            [](void *ctx, bytes, bytes score) {
                char digits[32];
                const double kept = *static_cast<double *>(ctx);
                snprintf(digits, sizeof digits, "%.17g", kept);
                EXPECT_EQ(strtod(text(score).c_str(), nullptr), kept);
                EXPECT_LE(score.size, strlen(digits));
            },
            &got);
        if (entries) {
            char digits[INT64_CHARS];
            const auto *lp = reinterpret_cast<const unsigned char *>(v.as.bytes.data);
            EXPECT_EQ(text(listpack_text(listpack_seek(lp, 1), digits)), c.packed);
        } else {
            entry *e = zset_entry_new(bytes_cstr("m"), c.score);
            EXPECT_EQ(entry_payload_size(e), c.payload);
            entry_free(e);
        }
    }
}

const ScoreCase score_cases[] = {
    {"zero", 0, "0", 4},
    {"minus_zero", -0.0, "0", 8},
    {"small", 7, "7", 4},
    {"negative", -100, "-100", 4},
    {"int32_min", -2147483648.0, "-2147483648", 4},
    {"int32_max", 2147483647.0, "2147483647", 4},
    {"beyond_int32", 2147483648.0, "2147483648", 8},
    {"milliseconds", 1700000000123.0, "1700000000123", 8},
    {"exact_max", 9007199254740992.0, "9007199254740992", 8},
    {"beyond_exact", 9007199254740994.0, "9007199254740994", 8},
    {"int64_border", 9223372036854775808.0, "9223372036854776000", 8},
    {"number_max", 4611686018427387904.0, "4611686018427387904", 8},
    {"beyond_number", 4611686018427388928.0, "4611686018427389000", 8},
    {"large", 1e20, "1e+20", 8},
    {"tenth", 0.1, "0.1", 8},
    {"third", 1.0 / 3, "0.3333333333333333", 8},
    {"tiny", 5e-324, "5e-324", 8},
    {"inf", inf, "inf", 8},
    {"minus_inf", -inf, "-inf", 8},
};
INSTANTIATE_TEST_SUITE_P(Zset, ZsetScore, ::testing::ValuesIn(score_cases),
                         [](const auto &p) { return std::string(p.param.name); });

struct FlagCase {
    const char *name;
    std::optional<double> old;
    double score;
    unsigned flags;
    zset_change change;
    double now;
};

class ZsetFlags : public Zset, public ::testing::WithParamInterface<FlagCase>
{
};

TEST_P(ZsetFlags, DecideWhatBecomesOfAMember)
{
    const FlagCase &c = GetParam();
    for (const uint64_t entries : {100, 0}) {
        const type_limits limits = limits_of(entries, 64);
        KeptValue k(TYPE_ZSET, &limits);
        add(k, "other", 1);
        if (c.old)
            add(k, "m", *c.old);
        const zset_added got = add(k, "m", c.score, c.flags);
        EXPECT_EQ(got.change, c.change);
        if (c.change != ZSET_REFUSED) {
            EXPECT_EQ(got.score, c.now);
        }
        Model m = {{"other", 1}};
        if (c.old || c.change == ZSET_ADDED)
            m["m"] = c.change == ZSET_REFUSED ? *c.old : c.now;
        expect_equal(k.get(), m);
    }
}

const FlagCase flag_cases[] = {
    {"fresh", {}, 5, 0, ZSET_ADDED, 5},
    {"same", 5, 5, 0, ZSET_KEPT, 5},
    {"other", 5, 6, 0, ZSET_MOVED, 6},
    {"nx_fresh", {}, 5, ZSET_NX, ZSET_ADDED, 5},
    {"nx_there", 5, 6, ZSET_NX, ZSET_REFUSED, 0},
    {"xx_fresh", {}, 5, ZSET_XX, ZSET_REFUSED, 0},
    {"xx_there", 5, 6, ZSET_XX, ZSET_MOVED, 6},
    {"gt_fresh", {}, 5, ZSET_GT, ZSET_ADDED, 5},
    {"gt_rises", 5, 6, ZSET_GT, ZSET_MOVED, 6},
    {"gt_same", 5, 5, ZSET_GT, ZSET_REFUSED, 0},
    {"gt_falls", 5, 4, ZSET_GT, ZSET_REFUSED, 0},
    {"lt_falls", 5, 4, ZSET_LT, ZSET_MOVED, 4},
    {"lt_same", 5, 5, ZSET_LT, ZSET_REFUSED, 0},
    {"lt_rises", 5, 6, ZSET_LT, ZSET_REFUSED, 0},
    {"incr_fresh", {}, 5, ZSET_INCR, ZSET_ADDED, 5},
    {"incr", 5, 2, ZSET_INCR, ZSET_MOVED, 7},
    {"incr_nothing", 5, 0, ZSET_INCR, ZSET_KEPT, 5},
    {"incr_gt", 5, -2, ZSET_INCR | ZSET_GT, ZSET_REFUSED, 0},
    {"incr_nx", 5, 2, ZSET_INCR | ZSET_NX, ZSET_REFUSED, 0},
    {"zero_is_minus_zero", 0, -0.0, 0, ZSET_KEPT, 0},
};
INSTANTIATE_TEST_SUITE_P(Zset, ZsetFlags, ::testing::ValuesIn(flag_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST_F(Zset, ASumThatIsNoNumberChangesNothing)
{
    for (const uint64_t entries : {100, 0}) {
        const type_limits limits = limits_of(entries, 64);
        KeptValue k(TYPE_ZSET, &limits);
        add(k, "m", inf);
        zset_added out;
        EXPECT_EQ(k.edit([&](value_edit *e) {
            return zset_add(e, bytes_cstr("m"), -inf, ZSET_INCR, &out);
        }),
                  LK_ENAN);
        expect_equal(k.get(), {{"m", inf}});
    }
}

TEST_F(Zset, LeavesTheListpackAtItsThresholdsAndNeverComesBack)
{
    const type_limits limits = limits_of(3, 8);
    KeptValue k(TYPE_ZSET, &limits);
    for (const char *m : {"a", "b", "c"})
        add(k, m, 1);
    EXPECT_EQ(encoding(k), "listpack");
    add(k, "c", 2);
    EXPECT_EQ(encoding(k), "listpack") << "an update adds nothing";
    add(k, "d", 1);
    EXPECT_EQ(encoding(k), "skiplist");
    expect_equal(k.get(), {{"a", 1}, {"b", 1}, {"c", 2}, {"d", 1}});
    for (const char *m : {"a", "b", "c"})
        EXPECT_TRUE(k.edit([&](value_edit *e) { return zset_remove(e, bytes_cstr(m)); }));
    EXPECT_EQ(encoding(k), "skiplist");
    expect_equal(k.get(), {{"d", 1}});

    KeptValue by_size(TYPE_ZSET, &limits);
    add(by_size, "12345678", 1);
    EXPECT_EQ(encoding(by_size), "listpack");
    add(by_size, "123456789", 1);
    EXPECT_EQ(encoding(by_size), "skiplist");
    expect_equal(by_size.get(), {{"12345678", 1}, {"123456789", 1}});
}

TEST_F(Zset, WithoutMemoryNothingChanges)
{
    const type_limits limits = limits_of(2, 8);
    KeptValue k(TYPE_ZSET, &limits);
    add(k, "a", 1);
    add(k, "b", 2.5);
    const auto refused = [&](const char *member, double score) {
        zset_added out;
        k.fail = true;
        const int rc =
            k.edit([&](value_edit *e) { return zset_add(e, bytes_cstr(member), score, 0, &out); });
        k.fail = false;
        expect_equal(k.get(), {{"a", 1}, {"b", 2.5}});
        return rc == LK_ENOMEM;
    };
    EXPECT_TRUE(refused("a", 12345678.5)) << "a longer score";
    EXPECT_TRUE(refused("b", 0.25)) << "to another place";
    EXPECT_TRUE(refused("c", 3)) << "past the threshold";
    EXPECT_TRUE(refused("longer than that", 3));
}

// --- random operations ---------------------------------------------------------------------

struct Mix {
    const char *name;
    uint64_t entries, value_size; // thresholds
    size_t members, steps;
    int scores; // 0: all equal; else integers below it, and some that are none
    size_t member_size;
};

const Mix mixes[] = {
    {"Packed", 1000, 1000, 40, 1500, 10, 0},  {"Converted", 20, 64, 60, 1500, 30, 0},
    {"Large", 0, 64, 3000, 12000, 100000, 0}, {"EqualScores", 0, 64, 2000, 8000, 0, 0},
    {"FewScores", 0, 64, 1000, 5000, 3, 0},   {"LongMembers", 0, 64, 200, 2000, 1000, 700},
};

class ZsetMix : public Zset, public ::testing::WithParamInterface<Mix>
{
  protected:
    void seed(uint64_t s)
    {
        rng_.seed(s);
    }
    size_t below(size_t n)
    {
        return static_cast<size_t>(rng_() % n);
    }
    double any_score()
    {
        const Mix &m = GetParam();
        if (m.scores == 0)
            return 0;
        const double score = static_cast<double>(below(static_cast<size_t>(m.scores)));
        switch (below(12)) {
        case 0:
            return -score;
        case 1:
            return score + 0.1;
        case 2:
            return score * 1e9;
        case 3:
            return below(2) ? inf : -inf;
        default:
            return score;
        }
    }
    std::string any_member()
    {
        const size_t n = below(GetParam().members);
        std::string m = n % 3 ? std::to_string(n) : "m" + std::to_string(n);
        if (GetParam().member_size && n % 5 == 0)
            m.append(below(2) ? 0 : n * 7 % GetParam().member_size, 'x');
        return n == 0 ? "" : m;
    }

    std::mt19937_64 rng_;
};

INSTANTIATE_TEST_SUITE_P(Zset, ZsetMix, ::testing::ValuesIn(mixes),
                         [](const auto &p) { return std::string(p.param.name); });

void remove_ranks(KeptValue &k, Model &m, uint64_t first, uint64_t n)
{
    const std::vector<Element> order = in_order(m);
    k.edit([&](value_edit *e) {
        zset_remove_ranks(e, first, n);
        return 0;
    });
    for (uint64_t i = first; i < first + n; i++)
        m.erase(order[i].second);
}

zset_bound bound_of(double score, bool open)
{
    zset_bound b{};
    b.edge = open ? ZSET_OPEN : ZSET_CLOSED;
    b.score = score;
    return b;
}

bool inside(const zset_range &r, const Element &e)
{
    const auto side = [&](const zset_bound &b) {
        if (b.edge >= ZSET_LOWEST)
            return b.edge == ZSET_LOWEST ? 1 : -1;
        if (r.by_member)
            return e.second.compare(text(b.member));
        return (e.first > b.score) - (e.first < b.score);
    };
    const int low = side(r.min), high = side(r.max);
    return (low > 0 || (low == 0 && r.min.edge == ZSET_CLOSED)) &&
           (high < 0 || (high == 0 && r.max.edge == ZSET_CLOSED));
}

void expect_range(const value &v, const std::vector<Element> &order, const zset_range &r,
                  uint64_t skip, uint64_t limit)
{
    std::vector<Element> want;
    for (const Element &e : order)
        if (inside(r, e))
            want.push_back(e);
    uint64_t first = 0, n = 0;
    zset_range_ranks(&v, &r, &first, &n);
    ASSERT_EQ(n, want.size());
    if (n > 0) {
        ASSERT_EQ(order[first], want[0]);
    }
    for (const bool reverse : {false, true}) {
        const uint64_t left = n > skip ? n - skip : 0, count = left < limit ? left : limit;
        zset_iter it;
        ASSERT_EQ(zset_range_iter(&it, &v, &r, reverse, skip, limit), count);
        for (uint64_t i = 0; i < count; i++) {
            const Element &e = reverse ? want[n - 1 - skip - i] : want[skip + i];
            ASSERT_EQ(Element(it.score, text(it.member)), e);
            zset_iter_next(&it);
        }
    }
}

TEST_P(ZsetMix, BehavesAsAModel)
{
    const Mix &mix = GetParam();
    const uint64_t s = test_seed();
    seed(s);
    const type_limits limits = limits_of(mix.entries, mix.value_size);
    KeptValue k(TYPE_ZSET, &limits);
    Model m;
    for (size_t step = 0; step < mix.steps; step++) {
        const std::string member = any_member();
        const size_t what = below(100);
        if (what < 60) {
            const double score = any_score();
            const auto old = m.find(member);
            const zset_added got = add(k, member, score);
            ASSERT_EQ(got.change, old == m.end()         ? ZSET_ADDED
                                  : old->second == score ? ZSET_KEPT
                                                         : ZSET_MOVED);
            m[member] = score;
        } else if (what < 75) {
            const bool there = k.edit([&](value_edit *e) { return zset_remove(e, of(member)); });
            ASSERT_EQ(there, m.erase(member) == 1);
        } else if (what < 76 && !m.empty()) {
            const size_t first = below(m.size());
            remove_ranks(k, m, first, below(std::min<size_t>(m.size() - first, 200) + 1));
        } else {
            const value v = k.get();
            uint64_t rank;
            double score;
            ASSERT_EQ(zset_rank(&v, of(member), &rank, &score), m.count(member) == 1);
            if (m.count(member)) {
                ASSERT_EQ(score, m[member]);
                zset_iter it;
                ASSERT_TRUE(zset_iter_at(&it, &v, rank, false));
                ASSERT_EQ(text(it.member), member);
            }
        }
        if (step % (mix.steps / 20) == 0)
            expect_equal(k.get(), m);
    }
    expect_equal(k.get(), m);
}

TEST_P(ZsetMix, FindsRanges)
{
    const Mix &mix = GetParam();
    const uint64_t s = test_seed();
    seed(s);
    const type_limits limits = limits_of(mix.entries, mix.value_size);
    KeptValue k(TYPE_ZSET, &limits);
    Model m;
    for (size_t i = 0; i < mix.members; i++) {
        const std::string member = any_member();
        const double score = any_score();
        add(k, member, score);
        m[member] = score;
    }
    const value v = k.get();
    const std::vector<Element> order = in_order(m);
    for (int i = 0; i < 300; i++) {
        zset_range r{};
        r.min = bound_of(below(8) ? any_score() : -inf, below(3) == 0);
        r.max = bound_of(below(8) ? any_score() : inf, below(3) == 0);
        expect_range(v, order, r, below(3) ? 0 : below(50), below(3) ? below(40) : UINT64_MAX);
    }
    if (mix.scores != 0)
        return; // by member only where all scores are equal
    for (int i = 0; i < 300; i++) {
        const std::string low = any_member(), high = any_member();
        zset_range r{};
        r.by_member = true;
        r.min = bound_of(0, below(3) == 0);
        r.max = bound_of(0, below(3) == 0);
        r.min.member = of(low);
        r.max.member = of(high);
        if (below(6) == 0)
            r.min.edge = below(4) ? ZSET_LOWEST : ZSET_HIGHEST;
        if (below(6) == 0)
            r.max.edge = below(4) ? ZSET_HIGHEST : ZSET_LOWEST;
        expect_range(v, order, r, below(3) ? 0 : below(50), below(3) ? below(40) : UINT64_MAX);
    }
}

TEST_P(ZsetMix, AViewEqualsTheModelAtTheCut)
{
    const Mix &mix = GetParam();
    const uint64_t s = test_seed();
    seed(s);
    const type_limits limits = limits_of(mix.entries, mix.value_size);
    KeptValue k(TYPE_ZSET, &limits);
    Model m;
    for (int round = 0; round < 6; round++) {
        for (size_t i = 0; i < mix.steps / 6; i++) {
            const std::string member = any_member();
            const double score = any_score();
            add(k, member, score);
            m[member] = score;
        }
        const Model cut = m;
        k.cut();
        for (size_t i = 0; i < mix.steps / 6; i++) {
            const std::string member = any_member();
            if (below(3)) {
                const double score = any_score();
                add(k, member, score);
                m[member] = score;
            } else if (below(20) == 0 && !m.empty()) {
                const size_t first = below(m.size());
                remove_ranks(k, m, first, below(std::min<size_t>(m.size() - first, 50) + 1));
            } else {
                k.edit([&](value_edit *e) { return zset_remove(e, of(member)); });
                m.erase(member);
            }
            if (i % 250 == 0)
                expect_equal(k.frozen(), cut);
        }
        expect_equal(k.frozen(), cut);
        expect_equal(k.get(), m);
        k.close_view();
        expect_equal(k.get(), m);
    }
}

// What a view may still read outlives the release of the live side.
TEST_P(ZsetMix, ReleasedBesideAView)
{
    const Mix &mix = GetParam();
    seed(1);
    const type_limits limits = limits_of(mix.entries, mix.value_size);
    KeptValue k(TYPE_ZSET, &limits);
    Model m;
    for (size_t i = 0; i < mix.steps / 4; i++)
        add(k, any_member(), 0);
    for (const Element &e : all(k.get()))
        m[e.second] = e.first;
    for (const size_t writes : {size_t{0}, size_t{1}, mix.steps / 8}) {
        const Model cut = m;
        k.cut();
        for (size_t i = 0; i < writes; i++) {
            const std::string member = any_member();
            add(k, member, static_cast<double>(i));
            m[member] = static_cast<double>(i);
        }
        value copy;
        const value live = k.get();
        std::string payload(live.encoding == ENC_LISTPACK ? text(live.as.bytes) : "");
        ASSERT_EQ(zset_type_ops.copy(&live, &copy), LK_OK);
        if (copy.encoding == ENC_LISTPACK)
            copy.as.bytes = of(payload);
        k.edit([&](value_edit *e) {
            if (value_has_root(e->value.encoding)) {
                value_release_cow(&e->value, e->cow);
                e->value = copy;
            }
            return 0;
        });
        expect_equal(k.frozen(), cut);
        k.close_view();
        expect_equal(k.get(), m);
    }
}

// --- whole sets ----------------------------------------------------------------------------

TEST_P(ZsetMix, IsMadeOfItemsInAnyOrder)
{
    const Mix &mix = GetParam();
    const uint64_t s = test_seed();
    seed(s);
    const type_limits limits = limits_of(mix.entries, mix.value_size);
    for (int round = 0; round < 5; round++) {
        Model m;
        for (size_t i = below(mix.members * 2) + 1; i > 0; i--)
            m[any_member()] = any_score();
        std::vector<zset_item> items;
        for (const auto &[member, score] : m)
            items.push_back(zset_item_of(of(member), score));
        std::shuffle(items.begin(), items.end(), rng_);
        buf scratch{};
        value v;
        ASSERT_EQ(zset_from_items(items.data(), items.size(), &limits, &scratch, &v), LK_OK);
        EXPECT_EQ(v.encoding == ENC_LISTPACK,
                  m.size() <= mix.entries && std::all_of(m.begin(), m.end(), [&](const auto &e) {
                      return e.first.size() <= mix.value_size;
                  }));
        expect_equal(v, m);
        value copy;
        ASSERT_EQ(zset_type_ops.copy(&v, &copy), LK_OK);
        const size_t before = mem_used();
        const size_t nodes = zset_type_ops.node_bytes(&v, SIZE_MAX);
        value_release(&v);
        EXPECT_NEAR(static_cast<double>(before - mem_used()), static_cast<double>(nodes), 128)
            << "node_bytes counts what release frees";
        expect_equal(copy, m);
        value_reaper r{};
        r.value = copy;
        int turns = 1;
        while (!value_reap(&r, 7))
            turns++;
        EXPECT_TRUE(m.size() < 500 || copy.encoding == ENC_LISTPACK || turns > 1);
        buf_release(&scratch);
    }
}

TEST_F(Zset, ItemsThatMakeNoSetAreRefused)
{
    for (const uint64_t entries : {100, 0}) {
        const type_limits limits = limits_of(entries, 64);
        buf scratch{};
        value v;
        zset_item twins[] = {zset_item_of(bytes_cstr("a"), 1), zset_item_of(bytes_cstr("b"), 2),
                             zset_item_of(bytes_cstr("a"), 3)};
        EXPECT_EQ(zset_from_items(twins, 3, &limits, &scratch, &v), LK_EFORMAT);
        zset_item nan[] = {zset_item_of(bytes_cstr("a"), std::nan(""))};
        EXPECT_EQ(zset_from_items(nan, 1, &limits, &scratch, &v), LK_EFORMAT);
        buf_release(&scratch);
    }
}

struct PackedCase {
    const char *name;
    std::vector<const char *> entries;
    bool valid;
};

class ZsetPacked : public ::testing::TestWithParam<PackedCase>
{
};

TEST_P(ZsetPacked, FromOutsideIsCheckedWhole)
{
    unsigned char *lp = listpack_new();
    for (const char *e : GetParam().entries)
        listpack_append(&lp, bytes_cstr(e));
    EXPECT_EQ(zset_packed_valid(lp), GetParam().valid);
    listpack_free(lp);
}

const PackedCase packed_cases[] = {
    {"Empty", {}, true},
    {"InOrder", {"a", "1", "b", "1", "12", "1.5", "c", "inf"}, true},
    {"Numbers", {"10", "1", "9", "1"}, true},
    {"Odd", {"a", "1", "b"}, false},
    {"NoNumber", {"a", "x"}, false},
    {"NotANumber", {"a", "nan"}, false},
    {"ScoresFall", {"a", "2", "b", "1"}, false},
    {"MembersFall", {"9", "1", "10", "1"}, false},
    {"Twice", {"a", "1", "a", "2"}, false},
    {"NumberTwice", {"7", "1", "b", "2", "7", "3"}, false},
    {"SameTwice", {"a", "1", "a", "1"}, false},
};
INSTANTIATE_TEST_SUITE_P(Zset, ZsetPacked, ::testing::ValuesIn(packed_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST_F(Zset, DescribesItsContentWhateverTheEncoding)
{
    std::string got[2];
    for (const uint64_t entries : {100, 0}) {
        const type_limits limits = limits_of(entries, 64);
        KeptValue k(TYPE_ZSET, &limits);
        add(k, "a", 0.1);
        add(k, "7", 3);
        add(k, "z", -inf);
        const value v = k.get();
        zset_type_ops.describe(
            &v,
            [](void *ctx, bytes piece, describe_end end) {
                *static_cast<std::string *>(ctx) +=
                    text(piece) + (end == DESCRIBE_PART ? "," : ";");
            },
            &got[entries == 0]);
    }
    EXPECT_EQ(got[0], "z,-inf;a,0.10000000000000001;7,3;");
    EXPECT_EQ(got[1], got[0]);
}

TEST_F(Zset, AScanReachesEveryMemberOnce)
{
    const type_limits limits = limits_of(0, 64);
    KeptValue k(TYPE_ZSET, &limits);
    for (int i = 0; i < 1000; i++)
        add(k, "m" + std::to_string(i), i);
    const value v = k.get();
    std::map<std::string, std::string> seen;
    uint64_t cursor = 0;
    int steps = 0;
    do {
        cursor = zset_scan(
            &v, cursor, 10,
            [](void *ctx, bytes member, bytes score) {
                auto *to = static_cast<std::map<std::string, std::string> *>(ctx);
                EXPECT_TRUE(to->emplace(text(member), text(score)).second);
            },
            &seen);
        steps++;
    } while (cursor != 0);
    EXPECT_EQ(seen.size(), 1000u);
    EXPECT_EQ(seen["m17"], "17");
    EXPECT_GT(steps, 20);
}

} // namespace
