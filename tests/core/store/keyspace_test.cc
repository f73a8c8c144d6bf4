// Shards, databases, and changes of whole tables.
#include "core/store/keyspace.h"

#include "core/base/mem.h"
#include "core/store/lazy_free.h"
#include "core/store/reclaim.h"
#include "core/store/view.h"
#include "tests/core/store/store_model.h"

#include <set>

using namespace store_model;

namespace
{

TEST(Keyspace, KeysAreSpreadByTheirHash)
{
    for (const uint32_t shards : {2u, 64u, 1024u}) {
        Keys keys(shards);
        std::map<uint32_t, int> met;
        for (int i = 0; i < 20000; i++)
            met[keys.shard_of("k" + std::to_string(i))->index]++;
        EXPECT_EQ(met.size(), shards);
        EXPECT_LT(met.rbegin()->first, shards);
        for (const auto &[index, n] : met) {
            EXPECT_EQ(keys.ks->shards[index].index, index);
            EXPECT_LT(n, 20000 * 4 / static_cast<int>(shards) + 20) << index;
        }
    }
}

TEST(Keyspace, DatabasesComeWhenTheyAreUsedAndInOrder)
{
    Keys keys(2, 16);
    shard *s = &keys.ks->shards[0];
    EXPECT_EQ(shard_db_count(s), 1u);
    EXPECT_EQ(shard_table(s, 0), &s->first);
    EXPECT_EQ(shard_table(s, 3), nullptr);
    std::map<uint32_t, table *> made;
    for (const uint32_t db : {9u, 3u, 15u, 1u, 3u, 0u})
        made[db] = shard_own_table(keys.ks, s, db);
    ASSERT_EQ(shard_db_count(s), made.size());
    uint32_t i = 0;
    for (const auto &[db, t] : made) { // the map is in order, and so are they
        EXPECT_EQ(shard_db_at(s, i).db, db);
        EXPECT_EQ(shard_db_at(s, i++).table, t);
        EXPECT_EQ(shard_table(s, db), t);
    }
    EXPECT_EQ(shard_db_count(&keys.ks->shards[1]), 1u);
}

// A flush empties one database of one shard, and says how many keys went.
TEST(Keyspace, FlushTakesADatabaseOutOfAShard)
{
    for (const bool lazy : {false, true}) {
        Keys keys(2);
        Model want;
        std::map<uint32_t, uint64_t> in_shard_0;
        for (int i = 0; i < 300; i++) {
            const std::string key = "k" + std::to_string(i);
            const uint32_t db = static_cast<uint32_t>(i) % 3;
            const bool gone = keys.shard_of(key)->index == 0 && db != 2;
            ASSERT_EQ(keys.put(db, key, "v", i % 5 ? ENTRY_NO_DEADLINE : NOW), LK_OK);
            in_shard_0[db] += keys.shard_of(key)->index == 0;
            if (!gone)
                want[{db, key}] = {"v", {}, i % 5 ? ENTRY_NO_DEADLINE : NOW, 0};
        }
        shard *s = &keys.ks->shards[0];
        EXPECT_EQ(shard_flush(keys.ks, s, 0, lazy), in_shard_0[0]);
        EXPECT_EQ(shard_flush(keys.ks, s, 1, lazy), in_shard_0[1]);
        EXPECT_EQ(shard_flush(keys.ks, s, 1, lazy), 0u);
        EXPECT_EQ(shard_flush(keys.ks, s, 3, lazy), 0u); // no table yet
        EXPECT_EQ(difference(keys.dump(), show(want)), "");
        EXPECT_EQ(s->first.deadlines, 0u);
        ASSERT_EQ(keys.put(0, "again", "v"), LK_OK);
        want[{0, "again"}] = {"v", {}, ENTRY_NO_DEADLINE, 0};
        EXPECT_EQ(difference(keys.dump(), show(want)), "");
        lazy_free_wait(keys.ks->lazy);
        EXPECT_EQ(lazy_free_done(keys.ks->lazy), lazy ? in_shard_0[0] + in_shard_0[1] : 0);
    }
}

// A flush that is not lazy has given the memory back when it returns; lists of many nodes may wait.
TEST(Keyspace, FlushGivesMemoryBackAtOnce)
{
    Keys keys(2);
    const auto flush = [&] {
        const uint64_t gone = shard_flush(keys.ks, &keys.ks->shards[0], 0, false) +
                              shard_flush(keys.ks, &keys.ks->shards[1], 0, false);
        reclaim_flush();
        return gone;
    };
    flush();
    const size_t before = mem_used();
    for (int i = 0; i < 1000; i++)
        ASSERT_EQ(keys.put(0, "k" + std::to_string(i), std::string(500, 'x')), LK_OK);
    EXPECT_GT(mem_used(), before + 500'000);
    EXPECT_EQ(flush(), 1000u);
    EXPECT_EQ(mem_used(), before);
    EXPECT_EQ(lazy_free_pending(keys.ks->lazy) + lazy_free_done(keys.ks->lazy), 0u);
}

TEST(Keyspace, ClearLeavesNothing)
{
    const size_t before = mem_used();
    {
        Keys keys(8);
        for (int i = 0; i < 1000; i++)
            ASSERT_EQ(keys.put(static_cast<uint32_t>(i) % 4, "k" + std::to_string(i),
                               std::string(static_cast<size_t>(i), 'x')),
                      LK_OK);
        keyspace_clear(keys.ks);
        EXPECT_TRUE(keys.dump().empty());
    }
    EXPECT_EQ(mem_used(), before);
}

// SWAPDB under a view: the view reads each database as it was at the cut.
TEST(Keyspace, SwapExchangesDatabasesAndNotTheViews)
{
    Keys keys(2);
    Model model;
    for (int i = 0; i < 200; i++) {
        const Place at{static_cast<uint32_t>(i) % 2, "k" + std::to_string(i)};
        ASSERT_EQ(keys.put(at.first, at.second, std::to_string(i)), LK_OK);
        model[at] = {std::to_string(i), {}, ENTRY_NO_DEADLINE, 0};
    }
    gate_close(&keys.ks->gate);
    view *v = view_cut(keys.ks);
    gate_open(&keys.ks->gate);
    const Shown at_cut = show(model);
    Model swapped;
    for (const auto &[at, item] : model)
        swapped[{at.first == 0 ? 3u : at.first, at.second}] = item;
    for (uint32_t i = 0; i < keys.ks->count; i++) {
        const uint8_t stagger = keys.ks->shards[i].first.stagger;
        shard_swap(keys.ks, &keys.ks->shards[i], 0, 3);
        EXPECT_EQ(keys.ks->shards[i].first.stagger, stagger);
    }
    EXPECT_EQ(difference(keys.dump(), show(swapped)), "");
    ASSERT_EQ(keys.put(3, "k0", "changed"), LK_OK);
    swapped[{3, "k0"}].text = "changed";
    ASSERT_EQ(keys.put(0, "new", "v"), LK_OK);
    swapped[{0, "new"}] = {"v", {}, ENTRY_NO_DEADLINE, 0};
    Shown got;
    uint32_t db;
    while (const entry *e = view_next(v, &db))
        got[{db, str(entry_key(e))}] = item_of(e).show();
    EXPECT_TRUE(view_is_whole(v));
    view_close(v);
    EXPECT_EQ(difference(got, at_cut), "");
    EXPECT_EQ(difference(keys.dump(), show(swapped)), "");
}

// A table that is flushed under a view is kept for it, and freed with it.
TEST(Keyspace, FlushUnderAViewKeepsWhatItReads)
{
    const size_t before = mem_used();
    {
        Keys keys(2);
        Model model;
        for (int i = 0; i < 200; i++) {
            const std::string key = "k" + std::to_string(i);
            ASSERT_EQ(keys.put(1, key, std::string(500, 'x')), LK_OK);
            model[{1, key}] = {std::string(500, 'x'), {}, ENTRY_NO_DEADLINE, 0};
        }
        gate_close(&keys.ks->gate);
        view *v = view_cut(keys.ks);
        gate_open(&keys.ks->gate);
        keyspace_clear(keys.ks);
        EXPECT_TRUE(keys.dump().empty());
        EXPECT_GT(view_held_bytes(keys.ks), 0u);
        Shown got;
        uint32_t db;
        while (const entry *e = view_next(v, &db))
            got[{db, str(entry_key(e))}] = item_of(e).show();
        EXPECT_TRUE(view_is_whole(v));
        view_close(v);
        EXPECT_EQ(difference(got, show(model)), "");
        EXPECT_EQ(view_held_bytes(keys.ks), 0u);
    }
    EXPECT_EQ(mem_used(), before);
}

} // namespace
