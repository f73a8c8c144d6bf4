// Samples of a table against its walk, and pointers that are or are not in it.
#include "core/base/hash.h"
#include "core/ds/table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace
{

struct Sampled {
    table t{};
    std::vector<entry *> entries;

    Sampled()
    {
        table_init(&t, 0, 0);
    }
    ~Sampled()
    {
        table_release(
            &t, [](void *, entry *e) { entry_free(e); }, nullptr);
    }
    static uint64_t hash(const entry *e)
    {
        return hash_bytes(entry_key(e));
    }
    entry *add(int n, int64_t deadline)
    {
        const std::string key = "key:" + std::to_string(n);
        entry *e = entry_try_new(bytes_of(key.data(), key.size()), 1, 0, deadline);
        table_insert(&t, nullptr, hash(e), e);
        table_settle(&t, nullptr);
        entries.push_back(e);
        return e;
    }
};

TEST(TableSample, EveryEntryIsMetAndNoOther)
{
    for (const int count : {1, 7, 60, 500, 3000}) {
        Sampled s;
        rng r;
        rng_seed(&r, 7);
        std::map<entry *, int> met;
        for (int i = 0; i < count; i++)
            met[s.add(i, ENTRY_NO_DEADLINE)] = 0;
        for (int i = 0; i < count * 40; i++) {
            entry *v[TABLE_BUCKET_SLOTS];
            const uint32_t n = table_sample(&s.t, rng_next(&r), false, v);
            ASSERT_GE(n, 1U);
            ASSERT_LE(n, unsigned{TABLE_BUCKET_SLOTS});
            for (uint32_t j = 0; j < n; j++) {
                ASSERT_TRUE(met.count(v[j]));
                met[v[j]]++;
            }
        }
        for (const auto &[e, times] : met)
            EXPECT_GT(times, 0) << count;
        entry *v[TABLE_BUCKET_SLOTS];
        EXPECT_EQ(table_sample(&s.t, 1, true, v), 0U) << "none has a deadline";
    }
}

/* One with a deadline among thousands is found from everywhere, whatever moves. */
TEST(TableSample, TheOnlyTimedOneIsFoundWhileTheTableGrows)
{
    Sampled s;
    rng r;
    rng_seed(&r, 9);
    entry *timed = s.add(0, 1'700'000'000'000);
    entry *v[TABLE_BUCKET_SLOTS];
    for (int i = 1; i < 6000; i++) {
        s.add(i, ENTRY_NO_DEADLINE);
        ASSERT_EQ(table_sample(&s.t, rng_next(&r), true, v), 1U) << i;
        ASSERT_EQ(v[0], timed);
    }
}

TEST(TableSample, APointerIsHeldUntilItsEntryIsRemoved)
{
    Sampled s;
    for (int i = 0; i < 3000; i++)
        s.add(i, ENTRY_NO_DEADLINE);
    for (entry *e : s.entries) {
        const uint64_t h = Sampled::hash(e);
        ASSERT_TRUE(table_holds(&s.t, h, e));
        ASSERT_FALSE(table_holds(&s.t, h, s.entries[0] == e ? s.entries[1] : s.entries[0]));
    }
    for (entry *e : s.entries) {
        const uint64_t h = Sampled::hash(e);
        table_loc loc;
        bool seen;
        ASSERT_EQ(table_find(&s.t, h, entry_key(e), &loc), e);
        ASSERT_EQ(table_remove(&s.t, nullptr, &loc, &seen), e);
        ASSERT_FALSE(table_holds(&s.t, h, e));
        table_settle(&s.t, nullptr);
        entry_free(e);
    }
}

} // namespace
