// Sets of every encoding behave as std::set does, and views of them as copies.
#include "tests/core/types/set_fixture.h"
#include "tests/support/seed.h"

#include "core/types/set_priv.h"

#include <cmath>
#include <map>

namespace
{

const type_limits usual = set_limits(512, 128, 64);

struct EncodingCase {
    const char *name;
    type_limits limits;
    std::vector<std::string> members;
    uint64_t expected; // as SADD announces them; 0: it does not
    const char *want;
};

std::vector<std::string> numbers(int n)
{
    std::vector<std::string> out;
    for (int i = 0; i < n; i++)
        out.push_back(std::to_string(i * 7 - 100));
    return out;
}

std::vector<std::string> words(int n)
{
    std::vector<std::string> out;
    for (int i = 0; i < n; i++)
        out.push_back("w" + std::to_string(i));
    return out;
}

std::vector<std::string> with(std::vector<std::string> v, const std::string &last)
{
    v.push_back(last);
    return v;
}

class SetEncoding : public ::testing::TestWithParam<EncodingCase>
{
};

TEST_P(SetEncoding, FollowsFromMembersAndThresholds)
{
    const EncodingCase &c = GetParam();
    KeptSet s(&c.limits);
    if (c.expected)
        s.expect(c.members[0], c.expected);
    for (const std::string &m : c.members)
        s.add(m);
    EXPECT_STREQ(s.encoding().c_str(), c.want);
    EXPECT_EQ(members(s.get()), Model(c.members.begin(), c.members.end()));
}

const EncodingCase encoding_cases[] = {
    {"Integers", usual, {"1", "-5", "9223372036854775807"}, 0, "intset"},
    {"NotQuiteIntegers", usual, {"01"}, 0, "listpack"},
    {"AsManyIntegersAsMayBe", usual, numbers(512), 0, "intset"},
    {"OneIntegerMore", usual, numbers(513), 0, "hashtable"},
    {"IntegersThenWord", usual, with(numbers(127), "w"), 0, "listpack"},
    {"ManyIntegersThenWord", usual, with(numbers(128), "w"), 0, "hashtable"},
    {"IntegersThenLongWord", usual, with(numbers(3), std::string(65, 'x')), 0, "hashtable"},
    {"IntegersTooLongForPack", set_limits(512, 128, 3), with({"1234"}, "w"), 0, "hashtable"},
    {"LongestWord", usual, {std::string(64, 'x')}, 0, "listpack"},
    {"LongerWord", usual, {std::string(65, 'x')}, 0, "hashtable"},
    {"WordThenLongerWord", usual, {"a", std::string(65, 'x')}, 0, "hashtable"},
    {"AsManyWordsAsMayBe", usual, words(128), 0, "listpack"},
    {"OneWordMore", usual, words(129), 0, "hashtable"},
    {"WordThenIntegers", usual, with(words(1), "7"), 0, "listpack"},
    {"NoPacks", set_limits(512, 0, 64), {"a"}, 0, "hashtable"},
    {"NoIntsets", set_limits(0, 128, 64), {"1"}, 1, "listpack"},
    {"NoneOfThem", set_limits(0, 0, 0), {"1"}, 1, "hashtable"},
    {"ManyIntegersAnnounced", usual, numbers(512), 512, "intset"},
    {"TooManyIntegersAnnounced", usual, numbers(3), 513, "hashtable"},
    {"IntegersAnnouncedForPack", set_limits(2, 128, 64), numbers(3), 3, "listpack"},
    {"ManyWordsAnnounced", usual, words(3), 128, "listpack"},
    {"TooManyWordsAnnounced", usual, words(3), 129, "hashtable"},
};

INSTANTIATE_TEST_SUITE_P(Types, SetEncoding, ::testing::ValuesIn(encoding_cases),
                         [](const auto &row) { return std::string(row.param.name); });

TEST(Set, AnnouncementsCountForSetsThatExist)
{
    KeptSet ints(&usual), pack(&usual);
    ints.add("1");
    ints.expect("2", 512);
    EXPECT_EQ(ints.encoding(), "intset");
    ints.expect("2", 513);
    EXPECT_EQ(ints.encoding(), "hashtable");
    pack.add("a");
    pack.expect("b", 128);
    EXPECT_EQ(pack.encoding(), "listpack");
    pack.expect("b", 129);
    EXPECT_EQ(pack.encoding(), "hashtable");
    EXPECT_EQ(members(pack.get()), Model{"a"});
    EXPECT_TRUE(pack.remove("a"));
    EXPECT_EQ(pack.encoding(), "hashtable") << "there is no way back";
    EXPECT_EQ(members(pack.get()), Model{});
}

// What steps draw from: texts of all kinds, numbers of all widths.
std::string any_member(std::mt19937_64 &rng, int range)
{
    const int64_t n = static_cast<int64_t>(rng() % static_cast<uint64_t>(range)) - range / 2;
    switch (rng() % 8) {
    case 0:
        return std::string(rng() % 100, static_cast<char>('a' + n % 10));
    case 1:
        return std::to_string(n * 1'000'000'007);
    case 2:
        return "0" + std::to_string(n);
    case 3:
        return std::string("bin\0", 4) + std::to_string(n);
    default:
        return rng() % 2 ? std::to_string(n) : "member:" + std::to_string(n);
    }
}

struct Shape {
    const char *name;
    type_limits limits;
    int range, steps;
    bool numbers_only;
};

class SetModel : public ::testing::TestWithParam<Shape>
{
  protected:
    std::string any()
    {
        const Shape &shape = GetParam();
        return shape.numbers_only ? std::to_string(rng() % static_cast<uint64_t>(shape.range))
                                  : any_member(rng, shape.range);
    }
    void take(KeptSet &s)
    {
        const uint64_t n = model.empty() ? 0 : rng() % std::min<size_t>(model.size(), 9);
        for (const std::string &gone : s.take(n, &own))
            EXPECT_EQ(model.erase(gone), 1u) << gone;
    }
    void look_or_cut(KeptSet &s)
    {
        if (open) {
            EXPECT_EQ(members(s.frozen()), at_cut);
        }
        open = rng() % 3;
        at_cut = model;
        if (open)
            s.cut();
        else
            s.close_view();
    }
    void step(KeptSet &s, bool shrink)
    {
        const std::string m = any();
        const uint64_t dice = rng() % (GetParam().range > 1000 ? 512 : 64);
        if (dice == 0)
            look_or_cut(s);
        else if (dice < 4)
            take(s);
        else if (rng() % 3 < (shrink ? 2u : 1u))
            EXPECT_EQ(s.remove(m), model.erase(m) == 1) << m;
        else
            EXPECT_EQ(s.add(m), model.insert(m).second) << m;
        const value v = s.get();
        ASSERT_EQ(set_count(&v), model.size());
        EXPECT_EQ(set_has(&v, of(m)), model.count(m) == 1) << m;
    }

    std::mt19937_64 rng;
    struct rng own;
    Model model, at_cut;
    bool open = false;
};

// Random operations; now and then a view is cut, and must show the members of that moment.
TEST_P(SetModel, MatchesStdSetAndViewsCopies)
{
    const Shape &shape = GetParam();
    const uint64_t seed = test_seed();
    const size_t used = mem_used();
    for (uint64_t round = 0; round < 4 && !HasFailure(); round++) {
        rng.seed(seed + round);
        rng_seed(&own, seed + round);
        KeptSet s(&shape.limits);
        model.clear();
        open = false;
        for (int i = 0; i < shape.steps && !HasFailure(); i++) {
            step(s, i / 500 % 3 == 2);
            if (i % 197 == 0) {
                EXPECT_EQ(members(s.get()), model);
                s.check();
            }
        }
        EXPECT_EQ(members(s.get()), model);
        look_or_cut(s);
    }
    EXPECT_EQ(mem_used(), used);
}

const Shape shapes[] = {
    {"Intset", set_limits(512, 128, 64), 300, 3000, true},
    {"IntsetThatConverts", set_limits(50, 128, 64), 300, 3000, true},
    {"Listpack", set_limits(0, 1000, 1000), 60, 3000, false},
    {"AnyEncoding", set_limits(30, 60, 90), 60, 3000, false},
    {"Table", set_limits(0, 0, 0), 500, 6000, false},
    {"LargeTable", set_limits(0, 0, 0), 20000, 12000, true},
};

INSTANTIATE_TEST_SUITE_P(Types, SetModel, ::testing::ValuesIn(shapes),
                         [](const auto &row) { return std::string(row.param.name); });

TEST(Set, FailsWithoutMemoryAndStaysAsItWas)
{
    const struct {
        type_limits limits;
        std::vector<std::string> before;
        const char *member;
    } cases[] = {
        {set_limits(512, 128, 64), {"1", "2"}, "3"},     // an integer more
        {set_limits(512, 128, 64), {"1", "2"}, "70000"}, // a wider one
        {set_limits(512, 128, 64), {"1", "2"}, "a"},     // to a listpack
        {set_limits(2, 0, 64), {"1", "2"}, "3"},         // to a table
        {set_limits(512, 128, 64), {"a"}, "b"},          {set_limits(512, 1, 64), {"a"}, "b"},
    };
    for (const auto &c : cases) {
        KeptSet s(&c.limits);
        for (const std::string &m : c.before)
            s.add(m);
        const std::string encoding = s.encoding();
        s.fail = true;
        bool added;
        EXPECT_EQ(s.try_add(c.member, &added), LK_ENOMEM);
        EXPECT_EQ(members(s.get()), Model(c.before.begin(), c.before.end()));
        EXPECT_EQ(s.encoding(), encoding);
        EXPECT_EQ(s.try_add(c.before[0], &added), LK_OK) << "what is there needs no memory";
        EXPECT_FALSE(added);
        s.fail = false;
        EXPECT_TRUE(s.add(c.member));
    }
    // What is announced may need memory, too.
    const type_limits l = set_limits(512, 128, 64);
    for (const uint64_t more : {1, 1000}) {
        KeptSet s(&l);
        s.fail = true;
        EXPECT_EQ(s.edit([&](value_edit *e) { return set_expect(e, of("a"), more); }), LK_ENOMEM);
        EXPECT_EQ(members(s.get()), Model{});
    }
}

TEST(Set, CopiesShareNothing)
{
    const size_t used = mem_used();
    for (const int n : {3, 100, 3000}) {
        KeptSet s(&usual);
        for (int i = 0; i < n; i++)
            s.add("member:" + std::to_string(i));
        const Model before = members(s.get());
        const value v = s.get();
        value copy;
        ASSERT_EQ(set_type_ops.copy(&v, &copy), LK_OK);
        KeptSet other(&usual);
        other.put(copy);
        for (int i = 0; i < n; i += 2)
            s.remove("member:" + std::to_string(i));
        s.add("new");
        EXPECT_EQ(members(other.get()), before);
        other.check();
        EXPECT_EQ(other.encoding(), s.encoding());
    }
    EXPECT_EQ(mem_used(), used);
}

TEST(Set, IsFreedInTurns)
{
    const size_t used = mem_used();
    value_reaper r{};
    {
        KeptSet s(&usual);
        for (int i = 0; i < 5000; i++)
            s.add("member:" + std::to_string(i));
        value v = s.get();
        ASSERT_EQ(set_type_ops.copy(&v, &r.value), LK_OK);
        EXPECT_EQ(set_type_ops.free_effort(&v), 5000u);
    }
    int turns = 1;
    while (!value_reap(&r, 700))
        turns++;
    EXPECT_GE(turns, 5000 / (700 + 8 * TABLE_PAGE_BUCKETS));
    EXPECT_LE(turns, 9);
    EXPECT_EQ(mem_used(), used);
}

// What is released while a view is open is the view's until it closes.
TEST(Set, ReleaseLeavesTheViewWhatItReads)
{
    struct Kept : cow {
        std::vector<std::pair<void *, size_t>> blocks;
    };
    const size_t used = mem_used();
    for (const bool touched : {false, true}) {
        KeptSet s(&usual);
        Model model;
        for (int i = 0; i < 3000; i++) {
            s.add("member:" + std::to_string(i));
            model.insert("member:" + std::to_string(i));
        }
        value v = s.get(), copy, live;
        ASSERT_EQ(set_type_ops.copy(&v, &copy), LK_OK);
        Kept kept;
        kept.epoch = 7;
        kept.passed = 0;
        kept.defer = [](cow *c, void *p, size_t size) {
            static_cast<Kept *>(c)->blocks.emplace_back(p, size);
        };
        live = copy;
        if (touched) {
            value_edit e{};
            bool added;
            e.value = copy;
            e.cow = &kept;
            e.limits = &usual;
            for (int i = 0; i < 40; i++) {
                ASSERT_EQ(set_add(&e, of("later" + std::to_string(i)), &added), LK_OK);
                EXPECT_TRUE(set_remove(&e, of("member:" + std::to_string(i * 70))));
            }
            live = e.value;
        }
        set_type_ops.release(&live, &kept);
        EXPECT_EQ(members(copy), model);
        for (const auto &[p, size] : kept.blocks)
            mem_free(p, size);
    }
    EXPECT_EQ(mem_used(), used);
}

TEST(Set, NodeBytesAreWhatTheAllocatorGave)
{
    KeptSet s(&usual);
    for (int i = 0; i < 100; i++)
        s.add("member:" + std::to_string(i));
    value v = s.get();
    EXPECT_EQ(set_type_ops.node_bytes(&v, 5), 0u) << "all of it lies in the entry";
    const size_t used = mem_used();
    value copy;
    for (int i = 100; i < 4000; i++)
        s.add("member:" + std::to_string(i));
    v = s.get();
    ASSERT_EQ(set_type_ops.copy(&v, &copy), LK_OK);
    const size_t before = mem_used();
    const size_t told = set_type_ops.node_bytes(&copy, SIZE_MAX);
    const size_t sampled = set_type_ops.node_bytes(&copy, 5);
    set_type_ops.release(&copy, nullptr);
    EXPECT_EQ(told, before - mem_used());
    EXPECT_NEAR(static_cast<double>(sampled), static_cast<double>(told),
                static_cast<double>(told) / 4);
    EXPECT_GT(mem_used(), used);
}

TEST(Set, DescribesItsMembersWhateverTheEncoding)
{
    const auto told = [](const type_limits &limits) {
        KeptSet s(&limits);
        for (const char *m : {"1", "22", "-3"})
            s.add(m);
        const value v = s.get();
        Model out;
        set_type_ops.describe(
            &v,
            [](void *ctx, bytes piece, describe_end end) {
                EXPECT_EQ(end, DESCRIBE_ELEMENT);
                static_cast<Model *>(ctx)->emplace(piece.data, piece.size);
            },
            &out);
        return out;
    };
    EXPECT_EQ(told(set_limits(9, 9, 9)), (Model{"1", "22", "-3"}));
    EXPECT_EQ(told(set_limits(0, 9, 9)), (Model{"1", "22", "-3"}));
    EXPECT_EQ(told(set_limits(0, 0, 0)), (Model{"1", "22", "-3"}));
    EXPECT_TRUE(set_type_ops.unordered);
}

// --- at random -----------------------------------------------------------------------------------

struct RandomCase {
    const char *name;
    type_limits limits;
    int count;
    const char *prefix;
};

class SetRandom : public ::testing::TestWithParam<RandomCase>
{
  protected:
    SetRandom() : set(&GetParam().limits)
    {
        rng_seed(&rng, 1234);
        for (int i = 0; i < GetParam().count; i++) {
            set.add(GetParam().prefix + std::to_string(i));
            all.insert(GetParam().prefix + std::to_string(i));
        }
    }

    // No member is much rarer or more frequent than n draws of `each` members let one expect: the
    // sum of squares is chi-square distributed, so that a fixed seed and six sigmas are safe.
    void expect_even(const std::map<std::string, int> &seen, double expected)
    {
        double chi = 0;
        for (const std::string &m : all) {
            const auto found = seen.find(m);
            const double n = found == seen.end() ? 0 : found->second;
            chi += (n - expected) * (n - expected) / expected;
        }
        const double k = static_cast<double>(all.size());
        EXPECT_LT(chi, k + 6 * std::sqrt(2 * k));
    }

    KeptSet set;
    Model all;
    struct rng rng;
};

TEST_P(SetRandom, EveryMemberIsAsLikely)
{
    const value v = set.get();
    const int draws = 200 * GetParam().count;
    std::map<std::string, int> seen;
    for (int i = 0; i < draws; i++) {
        set_member m;
        set_random(&v, &rng, &m);
        seen[text_of(&m)]++;
    }
    expect_even(seen, 200);
}

TEST_P(SetRandom, DrawsMayRepeat)
{
    const value v = set.get();
    std::map<std::string, int> seen;
    const auto count = [](void *ctx, const set_member *m) {
        (*static_cast<std::map<std::string, int> *>(ctx))[text_of(m)]++;
    };
    set_draw(&v, 1, &rng, count, &seen);
    set_draw(&v, static_cast<uint64_t>(200 * GetParam().count - 1), &rng, count, &seen);
    expect_even(seen, 200);
}

TEST_P(SetRandom, SamplesDifferAndAreEven)
{
    const value v = set.get();
    const size_t n = all.size();
    for (const size_t wanted : {size_t{1}, n / 50 + 1, n / 2, n - 1, n}) {
        std::map<std::string, int> seen;
        const size_t rounds = 100 * n / wanted;
        for (size_t i = 0; i < rounds; i++) {
            Model once;
            set_sample(&v, wanted, &rng, collect, &once);
            ASSERT_EQ(once.size(), wanted);
            for (const std::string &m : once)
                seen[m]++;
        }
        // Sampled without putting back, the counts are more even still.
        expect_even(seen, static_cast<double>(rounds * wanted) / static_cast<double>(n));
    }
}

TEST_P(SetRandom, WhatIsTakenIsGone)
{
    for (const size_t wanted : {size_t{1}, all.size() / 60 + 2, all.size() / 2, size_t{3}}) {
        const value before = set.get();
        const size_t n = std::min(wanted, static_cast<size_t>(set_count(&before)) - 1);
        for (const std::string &m : set.take(n, &rng))
            EXPECT_EQ(all.erase(m), 1u);
        ASSERT_EQ(members(set.get()), all);
        set.check();
    }
    set.take(all.size(), &rng);
    const value v = set.get();
    EXPECT_EQ(set_count(&v), 0u);
}

const RandomCase random_cases[] = {
    {"Intset", set_limits(512, 128, 64), 300, ""},
    {"Listpack", set_limits(512, 128, 64), 100, "m"},
    {"SmallTable", set_limits(0, 0, 0), 20, "m"},
    {"Table", set_limits(0, 0, 0), 1200, "m"},
};

INSTANTIATE_TEST_SUITE_P(Types, SetRandom, ::testing::ValuesIn(random_cases),
                         [](const auto &row) { return std::string(row.param.name); });

} // namespace
