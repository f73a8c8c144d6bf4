// Walks in runs and matches between tables, against look-ups one by one.
#include "core/base/hash.h"
#include "core/ds/table_join.h"
#include "tests/support/seed.h"

#include "tests/core/ds/view_model.h"

#include <set>
#include <string>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

class Keys
{
  public:
    Keys()
    {
        table_init(&t, 0, 0);
    }
    ~Keys()
    {
        table_release(
            &t, [](void *, entry *e) { entry_free(e); }, nullptr);
    }
    Keys(const Keys &) = delete;

    void add(const std::string &k)
    {
        if (!model.insert(k).second)
            return;
        table_insert(&t, nullptr, hash_bytes(of(k)), entry_try_new(of(k), 0, 0, -1));
        table_settle(&t, nullptr);
    }
    void remove(const std::string &k)
    {
        table_loc loc;
        bool seen;
        if (model.erase(k) == 0)
            return;
        ASSERT_NE(table_find(&t, hash_bytes(of(k)), of(k), &loc), nullptr);
        entry_free(table_remove(&t, nullptr, &loc, &seen));
        table_settle(&t, nullptr);
    }
    bool moving() const
    {
        table_shape s;
        table_shape_get(&t, &s);
        return s.moving;
    }

    table t;
    std::set<std::string> model;
};

std::string key_of(const entry *e)
{
    const bytes k = entry_key(e);
    return std::string(k.data, k.size);
}

void expect_matches(const Keys &a, const Keys &b)
{
    table_walk w;
    table_run run;
    std::set<std::string> seen;
    table_walk_begin(&w, &a.t);
    for (table_walk_next(&w, &run); run.count > 0; table_walk_next(&w, &run)) {
        ASSERT_LE(run.count, static_cast<uint32_t>(TABLE_RUN));
        entry *like[TABLE_RUN];
        table_run_match(&run, &b.t, like);
        for (uint32_t i = 0; i < run.count; i++) {
            const std::string key = key_of(run.entry[i]);
            EXPECT_TRUE(seen.insert(key).second) << "twice: " << key;
            EXPECT_EQ(like[i] != nullptr, b.model.count(key) == 1) << key;
            if (like[i]) {
                EXPECT_EQ(key_of(like[i]), key);
            }
        }
    }
    EXPECT_EQ(seen, a.model);
    table_walk_next(&w, &run);
    EXPECT_EQ(run.count, 0u);
}

// Of any two sizes, at rest and while either grows or shrinks.
TEST(TableJoin, MatchesAsLookUpsDo)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    int moving = 0;
    for (int round = 0; round < 60; round++) {
        const size_t sizes[] = {0, 1, 7, 60, 500, 3000, 9000};
        Keys a, b;
        const size_t na = sizes[rng() % 7], nb = sizes[rng() % 7];
        const size_t stock = (na + nb + 1) * (1 + rng() % 2);
        for (size_t i = 0; i < na; i++)
            a.add("key:" + std::to_string(rng() % stock));
        for (size_t i = 0; i < nb; i++)
            b.add("key:" + std::to_string(rng() % stock));
        expect_matches(a, b);
        expect_matches(b, a);
        expect_matches(a, a);
        // On to where the larger one is in the midst of a move, if it comes to that.
        Keys &moved = na > nb ? a : b;
        for (int i = 0; i < 3000 && !moved.moving(); i++) {
            if (round % 2)
                moved.add("more:" + std::to_string(i));
            else if (!moved.model.empty())
                moved.remove(std::string(*moved.model.begin()));
        }
        moving += moved.moving();
        expect_matches(a, b);
        expect_matches(b, a);
        if (::testing::Test::HasFailure())
            return;
    }
    EXPECT_GT(moving, 5);
}

// Keys in the order of their hash crowd the first pages of a table that is yet to grow.
TEST(TableJoin, OverflowPagesAreWalkedAndSearched)
{
    Keys source, crowded, other;
    for (int i = 0; i < 20000; i++)
        source.add("key:" + std::to_string(i));
    table_walk w;
    table_run run;
    table_walk_begin(&w, &source.t);
    while (crowded.model.size() < 6000) {
        table_walk_next(&w, &run);
        for (uint32_t i = 0; i < run.count; i++)
            crowded.add(key_of(run.entry[i]));
    }
    table_shape shape;
    table_shape_get(&crowded.t, &shape);
    EXPECT_GT(shape.overflow_pages, 0u);
    for (int i = 0; i < 9000; i++)
        other.add("key:" + std::to_string(i * 2));
    expect_matches(crowded, other);
    expect_matches(other, crowded);
    expect_matches(crowded, source);
}

TEST(TableJoin, FindsManyAtOnce)
{
    Keys a, none;
    for (int i = 0; i < 1000; i += 2)
        a.add("key:" + std::to_string(i));
    std::vector<std::string> texts;
    std::vector<bytes> keys;
    for (int i = 0; i < TABLE_RUN; i++)
        texts.push_back("key:" + std::to_string(i));
    for (const std::string &t : texts)
        keys.push_back(of(t));
    entry *like[TABLE_RUN];
    table_find_many(&a.t, keys.data(), TABLE_RUN, like);
    for (size_t i = 0; i < TABLE_RUN; i++) {
        EXPECT_EQ(like[i] != nullptr, i % 2 == 0);
        if (like[i]) {
            EXPECT_EQ(key_of(like[i]), texts[i]);
        }
    }
    table_find_many(&none.t, keys.data(), TABLE_RUN, like);
    EXPECT_EQ(like[0], nullptr);
}

TEST(TableReserve, NothingMovesUntilTheCountIsPassed)
{
    for (const uint32_t count : {1u, 8u, 100u, 5000u, 40000u}) {
        Keys a;
        table_reserve(&a.t, count);
        const table_dir *const dir = a.t.live;
        for (uint32_t i = 0; i < count; i++) {
            const std::string k = "key:" + std::to_string(i);
            a.model.insert(k);
            table_insert(&a.t, nullptr, hash_bytes(of(k)), entry_try_new(of(k), 0, 0, -1));
        }
        table_settle(&a.t, nullptr);
        EXPECT_EQ(a.t.live, dir) << count;
        table_shape shape;
        table_shape_get(&a.t, &shape);
        EXPECT_LT(shape.buckets * TABLE_BUCKET_SLOTS, count * 3 / 2 + 16) << count;
        table_check(&a.t);
        expect_matches(a, a);
    }
}

} // namespace
