// Walks, sieves and what is gathered, against the algebra of std::set.
#include "tests/core/types/set_fixture.h"
#include "tests/support/seed.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace
{

const type_limits tables = set_limits(0, 0, 0);
const type_limits packs = set_limits(0, 5000, 100);
const type_limits ints = set_limits(5000, 0, 0);
const type_limits usual = set_limits(512, 128, 64);

struct Made {
    std::unique_ptr<KeptSet> set;
    Model model;
    value v{};
};

// Members of a common stock, so that sets have some in common.
Made make(const type_limits *limits, size_t count, size_t stock, std::mt19937_64 &rng,
          const char *prefix)
{
    Made m;
    m.set = std::make_unique<KeptSet>(limits);
    while (m.model.size() < count) {
        const std::string member = prefix + std::to_string(rng() % stock);
        m.set->add(member);
        m.model.insert(member);
    }
    m.v = m.set->get();
    return m;
}

Model sifted(const value &a, const value &b, bool present)
{
    Model out;
    set_walk w;
    set_run run;
    set_walk_begin(&w, &a);
    while (set_walk_next(&w, &run)) {
        EXPECT_LE(run.count, static_cast<uint32_t>(SET_RUN));
        set_run_sift(&run, &b, present);
        for (uint32_t i = 0; i < run.count; i++) {
            const set_member m = set_run_member(&run, i);
            collect(&out, &m);
        }
    }
    return out;
}

template <class Operation> Model combined(const Model &a, const Model &b, Operation operation)
{
    Model out;
    operation(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
    return out;
}

Model common(const Model &a, const Model &b)
{
    return combined(a, b, [](auto... x) { std::set_intersection(x...); });
}

Model without(const Model &a, const Model &b)
{
    return combined(a, b, [](auto... x) { std::set_difference(x...); });
}

// Each encoding against each, small against large, and tables in the midst of growth.
TEST(SetWalk, SievesKeepWhatIsThereOrNot)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    const type_limits *const all[] = {&tables, &packs, &ints};
    for (int round = 0; round < 120; round++) {
        const size_t sizes[] = {1, 3, 20, 200, 1000, 2500 + rng() % 500};
        const bool words = rng() % 2;
        const type_limits *la = all[rng() % (words ? 2 : 3)], *lb = all[rng() % (words ? 2 : 3)];
        const size_t na = sizes[rng() % (la == &tables ? 6 : 4)];
        const size_t nb = sizes[rng() % (lb == &tables ? 6 : 4)];
        const size_t stock = std::max(na, nb) * (1 + rng() % 3);
        const char *prefix = words ? "member:" : "";
        const Made a = make(la, na, stock, rng, prefix), b = make(lb, nb, stock, rng, prefix);
        EXPECT_EQ(sifted(a.v, b.v, true), common(a.model, b.model));
        EXPECT_EQ(sifted(a.v, b.v, false), without(a.model, b.model));
        EXPECT_EQ(sifted(a.v, a.v, false), Model{});
    }
}

TEST(SetWalk, SeveralSievesOneBehindTheOther)
{
    std::mt19937_64 rng(test_seed() + 5);
    const Made a = make(&tables, 4000, 6000, rng, "m"), b = make(&tables, 5000, 6000, rng, "m"),
               c = make(&tables, 300, 6000, rng, "m"), d = make(&packs, 100, 6000, rng, "m");
    set_walk w;
    set_run run;
    Model got;
    set_walk_begin(&w, &a.v);
    while (set_walk_next(&w, &run)) {
        set_run_sift(&run, &b.v, true);
        set_run_sift(&run, &c.v, false);
        set_run_sift(&run, &d.v, false);
        for (uint32_t i = 0; i < run.count; i++) {
            const set_member m = set_run_member(&run, i);
            collect(&got, &m);
        }
    }
    EXPECT_EQ(got, without(without(common(a.model, b.model), c.model), d.model));
}

TEST(SetWalk, AsksForManyAtOnce)
{
    std::mt19937_64 rng(test_seed() + 6);
    for (const type_limits *limits : {&tables, &packs}) {
        const Made a = make(limits, 200, 400, rng, "m");
        std::vector<std::string> texts;
        std::vector<bytes> asked;
        for (int i = 0; i < SET_RUN; i++)
            texts.push_back("m" + std::to_string(rng() % 400));
        for (const std::string &t : texts)
            asked.push_back(of(t));
        bool has[SET_RUN];
        set_has_many(&a.v, asked.data(), SET_RUN, has);
        for (int i = 0; i < SET_RUN; i++)
            EXPECT_EQ(has[i], a.model.count(texts[static_cast<size_t>(i)]) == 1);
    }
    KeptSet none(&usual);
    none.expect("a", 1000); // a table without members
    const value v = none.get();
    const bytes one = bytes_cstr("a");
    bool has = true;
    set_has_many(&v, &one, 1, &has);
    EXPECT_FALSE(has);
}

// A member that is there throughout comes once, whatever joins and leaves meanwhile.
TEST(SetWalk, ScanGivesEachMemberOnce)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < 10; round++) {
        std::mt19937_64 rng(seed + round);
        KeptSet s(&tables);
        Model stays;
        for (int i = 0; i < 1000; i++) {
            s.add("stays" + std::to_string(i));
            stays.insert("stays" + std::to_string(i));
        }
        std::map<std::string, int> seen;
        const auto count = [](void *ctx, const set_member *m) {
            (*static_cast<std::map<std::string, int> *>(ctx))[text_of(m)]++;
        };
        uint64_t cursor = 0;
        const bool grows = round % 2;
        if (!grows)
            for (int i = 0; i < 4000; i++)
                s.add("goes" + std::to_string(i));
        int calls = 0;
        do {
            const value v = s.get();
            cursor = set_scan(&v, cursor, 10, count, &seen);
            for (int i = 0; i < 20; i++) {
                if (grows)
                    s.add("comes" + std::to_string(rng() % 4000));
                else
                    s.remove("goes" + std::to_string(rng() % 4000));
            }
            ASSERT_LT(++calls, 5000);
        } while (cursor != 0);
        for (const std::string &m : stays)
            EXPECT_EQ(seen[m], 1) << m;
    }
}

TEST(SetWalk, ScanOfABlockIsOneStep)
{
    for (const char *first : {"1", "a"}) {
        KeptSet s(&usual);
        s.add(first);
        for (int i = 0; i < 50; i++)
            s.add(std::to_string(i));
        const value v = s.get();
        Model seen;
        EXPECT_EQ(set_scan(&v, 0, 1, collect, &seen), 0u);
        EXPECT_EQ(seen, members(v));
        EXPECT_EQ(set_scan(
                      &v, 12345, 1, [](void *, const set_member *) {}, nullptr),
                  0u);
    }
}

// --- gathering -----------------------------------------------------------------------------------

class Gather
{
  public:
    Gather()
    {
        set_gather_init(&g);
    }
    ~Gather()
    {
        set_gather_release(&g);
        buf_release(&scratch);
    }
    void take(const value &v, void (*how)(set_gather *, const set_run *))
    {
        set_walk w;
        set_run run;
        set_walk_begin(&w, &v);
        while (set_walk_next(&w, &run))
            how(&g, &run);
    }
    Model all() const
    {
        Model out;
        set_gather_each(&g, collect, &out);
        EXPECT_EQ(out.size(), set_gather_count(&g));
        return out;
    }
    set_gather g;
    buf scratch{};
};

TEST(SetGather, JoinsAndStrikes)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    const size_t used = mem_used();
    const type_limits *const all[] = {&tables, &packs, &ints};
    for (int round = 0; round < 60; round++) {
        Gather g;
        Model want;
        std::vector<Made> sets;
        for (int i = 0; i < 5; i++) {
            const type_limits *l = all[rng() % 3];
            const char *prefix = l == &ints || rng() % 2 ? "" : "m";
            sets.push_back(make(l, 1 + rng() % (l == &tables ? 2000 : 100), 3000, rng, prefix));
        }
        for (const Made &m : sets) {
            if (rng() % 3) {
                g.take(m.v, set_gather_join);
                want.insert(m.model.begin(), m.model.end());
            } else {
                g.take(m.v, set_gather_strike);
                want = without(want, m.model);
            }
        }
        EXPECT_EQ(g.all(), want);
        if (want.empty())
            continue;
        value v;
        ASSERT_EQ(set_gather_value(&g.g, &usual, &g.scratch, &v), LK_OK);
        EXPECT_EQ(members(v), want);
        value_release(&v);
    }
    EXPECT_EQ(mem_used(), used);
}

TEST(SetGather, MakesTheBestEncoding)
{
    const struct {
        const char *name;
        const type_limits *source;
        size_t count;
        const char *prefix;
        const char *want;
    } cases[] = {
        {"integers in a table", &tables, 300, "", "intset"},
        {"integers in a listpack", &packs, 100, "", "intset"},
        {"as many as may be", &tables, 512, "", "intset"},
        {"one more", &tables, 513, "", "hashtable"},
        {"words", &tables, 128, "w", "listpack"},
        {"one more", &tables, 129, "w", "hashtable"},
        {"long words", &tables, 5,
         "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww", "hashtable"},
        {"many words", &tables, 1000, "w", "hashtable"},
    };
    std::mt19937_64 rng(test_seed() + 7);
    for (const auto &c : cases) {
        SCOPED_TRACE(c.name);
        const Made m = make(c.source, c.count, c.count * 4, rng, c.prefix);
        Gather g;
        g.take(m.v, set_gather_append);
        buf_append_cstr(&g.scratch, "before");
        value v;
        ASSERT_EQ(set_gather_value(&g.g, &usual, &g.scratch, &v), LK_OK);
        EXPECT_STREQ(set_type_ops.encoding_name(&v), c.want);
        EXPECT_EQ(members(v), m.model);
        EXPECT_EQ(std::string(g.scratch.data, 6), "before");
        value_release(&v);
    }
}

} // namespace
