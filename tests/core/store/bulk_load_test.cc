/*
 * bulk_load_test.cc — what comes of keys that are loaded many at a time.
 */
#include "core/store/bulk_load.h"

#include "core/base/rng.h"
#include "core/types/str.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace
{

enum { SHARDS = 64, DATABASES = 4 };

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

class BulkLoad : public ::testing::Test
{
  protected:
    ~BulkLoad() override
    {
        keyspace_free(ks);
    }

    int add(bulk_load *b, const std::string &key, const std::string &text, uint32_t db = 0,
            int64_t deadline_ms = ENTRY_NO_DEADLINE)
    {
        value v;
        str_from_bytes(of(text), &v);
        return bulk_load_add(b, db, of(key), &v, deadline_ms, 0);
    }

    std::string text_of(const std::string &key, uint32_t db = 0)
    {
        const uint64_t hash = hash_bytes(of(key));
        table *t = shard_table(keyspace_shard(ks, hash), db);
        table_loc loc;
        entry *e = t ? table_find(t, hash, of(key), &loc) : nullptr;
        if (!e)
            return "(none)";
        value v;
        buf scratch{};
        value_of_entry(e, &v);
        const bytes b = str_bytes(&v, &scratch);
        std::string out(b.data, b.size);
        buf_release(&scratch);
        return out;
    }

    uint64_t count(uint32_t db = 0)
    {
        uint64_t n = 0;
        for (uint32_t i = 0; i < ks->count; i++)
            if (const table *t = shard_table(&ks->shards[i], db)) {
                table_check(t);
                n += t->count;
            }
        return n;
    }

    keyspace *ks = keyspace_new(SHARDS, DATABASES);
};

/* Whatever was expected, far too little or far too much, the tables hold what came. */
TEST_F(BulkLoad, HoldsWhatCameWhateverWasExpected)
{
    for (const uint64_t expected : {0, 100, 20000, 2000000}) {
        keyspace_clear(ks);
        bulk_load b;
        bulk_load_begin(&b, ks, false);
        bulk_load_expect(&b, 0, expected);
        bulk_load_expect(&b, 2, expected);
        for (int i = 0; i < 20000; i++) {
            const uint32_t db = i % 5 == 0 ? 2 : 0;
            ASSERT_EQ(add(&b, "key" + std::to_string(i), std::to_string(i), db), LK_OK);
        }
        ASSERT_EQ(bulk_load_flush(&b), LK_OK);
        EXPECT_EQ(count(0), 16000u);
        EXPECT_EQ(count(2), 4000u);
        for (int i = 0; i < 20000; i += 7)
            ASSERT_EQ(text_of("key" + std::to_string(i), i % 5 == 0 ? 2 : 0), std::to_string(i));
        bulk_load_end(&b);
    }
}

TEST_F(BulkLoad, RefusesTheKeyThatIsThere)
{
    bulk_load b;
    bulk_load_begin(&b, ks, false);
    ASSERT_EQ(add(&b, "a", "1"), LK_OK);
    ASSERT_EQ(add(&b, "b", "2"), LK_OK);
    ASSERT_EQ(add(&b, "a", "3"), LK_OK); /* told with the flush */
    ASSERT_EQ(add(&b, "c", "4", 1), LK_OK);
    EXPECT_EQ(bulk_load_flush(&b), LK_EBUSY);
    const bytes key = entry_key(b.refused.e);
    EXPECT_EQ(std::string(key.data, key.size), "a");
    bulk_load_end(&b);
    EXPECT_EQ(text_of("a"), "1");
    EXPECT_EQ(text_of("b"), "2");
    EXPECT_EQ(text_of("c", 1), "(none)"); /* it came behind, and went with the load */
}

TEST_F(BulkLoad, ReplacesWhereItIsTo)
{
    for (const bool replace : {false, true}) {
        bulk_load b;
        bulk_load_begin(&b, ks, replace);
        for (int i = 0; i < 3 * BULK_LOAD_BATCH; i++)
            ASSERT_EQ(add(&b, "k" + std::to_string(i), replace ? "new" : "old"), LK_OK);
        ASSERT_EQ(bulk_load_flush(&b), LK_OK);
        bulk_load_end(&b);
    }
    EXPECT_EQ(count(), 3u * BULK_LOAD_BATCH);
    EXPECT_EQ(text_of("k0"), "new");
    EXPECT_EQ(text_of("k95"), "new");
}

TEST_F(BulkLoad, DeadlinesAreKnownToTheTable)
{
    bulk_load b;
    bulk_load_begin(&b, ks, false);
    ASSERT_EQ(add(&b, "a", "1", 0, 123456789), LK_OK);
    ASSERT_EQ(add(&b, "b", "2"), LK_OK);
    ASSERT_EQ(bulk_load_flush(&b), LK_OK);
    bulk_load_end(&b);
    uint64_t deadlines = 0;
    for (uint32_t i = 0; i < ks->count; i++)
        deadlines += ks->shards[i].first.deadlines;
    EXPECT_EQ(deadlines, 1u);
    EXPECT_EQ(ks->timed, UINT64_MAX);
}

} // namespace
