// Keys that clients have read: who is told, what is forgotten, and what the totals say.
#include "core/store/tracking.h"

#include "core/base/hash.h"
#include "core/store/gate.h"
#include "core/store/keyspace.h"
#include "core/store/reclaim.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace
{

bytes b(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

using Readers = std::set<uint64_t>;

class Tracking : public ::testing::Test
{
  protected:
    ~Tracking() override
    {
        keyspace_free(ks);
        tracking_free(t);
    }

    uint64_t add(uint64_t id, uint32_t flags = TRACKER_ON)
    {
        const tracker_state state{flags, aim_of(1, id), aim_of(1, id)};
        return trackers_add(t->trackers, &state);
    }
    bool read(const std::string &key, uint64_t who)
    {
        return tracking_remember(t, shard_of(key), hash(key), b(key), who);
    }
    static Readers readers(tracked_key *k)
    {
        if (!k)
            return {};
        Readers all(k->who, k->who + k->count);
        EXPECT_EQ(all.size(), k->count);
        tracked_key_free(k);
        return all;
    }
    Readers take(const std::string &key)
    {
        return readers(tracking_take(t, shard_of(key), hash(key), b(key)));
    }
    uint64_t hash(const std::string &key)
    {
        return keyspace_hash(ks, b(key));
    }
    shard *shard_of(const std::string &key)
    {
        return keyspace_shard(ks, hash(key));
    }

    tracking *t = tracking_new();
    keyspace *ks = keyspace_new(64, 16);
};

TEST_F(Tracking, ReadersAreToldOnce)
{
    const uint64_t one = add(1), two = add(2);
    EXPECT_TRUE(read("k", one));
    EXPECT_FALSE(read("k", one));
    EXPECT_FALSE(read("k", two));
    EXPECT_TRUE(read("other", two));
    EXPECT_EQ(t->keys, 2u);
    EXPECT_EQ(t->items, 3u);
    EXPECT_EQ(take("k"), (Readers{one, two}));
    EXPECT_EQ(take("k"), Readers{});
    EXPECT_EQ(t->keys, 1u);
    EXPECT_EQ(t->items, 1u);
    tracking_forget_client(t, one);
    tracking_forget_client(t, two);
    EXPECT_EQ(t->dead, 1u);
    EXPECT_EQ(take("other"), Readers{two}); // the trackers know that it has gone
    EXPECT_EQ(t->dead, 0u);
    EXPECT_EQ(shard_of("other")->tracked.buckets, nullptr);
}

TEST_F(Tracking, AnIndexIsUsedAgainUnderANewName)
{
    tracker_state state;
    const uint64_t one = add(1);
    tracking_forget_client(t, one);
    const uint64_t two = add(2);
    EXPECT_EQ(static_cast<uint32_t>(one), static_cast<uint32_t>(two));
    EXPECT_NE(one, two);
    EXPECT_FALSE(trackers_find(t->trackers, one, &state));
    ASSERT_TRUE(trackers_find(t->trackers, two, &state));
    EXPECT_EQ(aim_client(state.own), 2u);
    EXPECT_EQ(aim_worker(state.own), 1u);
    trackers_set(t->trackers, two, TRACKER_ON | TRACKER_NOLOOP, aim_of(59, 7));
    ASSERT_TRUE(trackers_find(t->trackers, two, &state));
    EXPECT_EQ(state.flags, static_cast<uint32_t>(TRACKER_ON | TRACKER_NOLOOP));
    EXPECT_EQ(aim_client(state.aim), 7u);
    EXPECT_EQ(aim_worker(state.aim), 59u);
    EXPECT_EQ(aim_client(state.own), 2u);
    tracking_forget_client(t, two);
}

TEST_F(Tracking, EachVisitsThoseThatAreOn)
{
    std::vector<uint64_t> all;
    Readers on, seen;
    for (uint64_t id = 1; id <= 2000; id++) { // more than a chunk
        all.push_back(add(id, id % 3 ? TRACKER_ON : 0));
        if (id % 3)
            on.insert(all.back());
    }
    tracking_forget_client(t, all[4]);
    on.erase(all[4]);
    trackers_each(
        t->trackers,
        [](void *ctx, uint64_t who, const tracker_state *) {
            static_cast<Readers *>(ctx)->insert(who);
        },
        &seen);
    EXPECT_EQ(seen, on);
}

TEST_F(Tracking, SweepDropsThoseWhoHaveGone)
{
    const uint64_t stays = add(1), goes = add(2);
    for (int i = 0; i < 10000; i++) {
        read("k" + std::to_string(i), goes);
        if (i % 10 == 0)
            read("k" + std::to_string(i), stays);
    }
    EXPECT_FALSE(tracking_wants_sweep(t));
    tracking_forget_client(t, goes);
    EXPECT_EQ(t->dead, 10000u);
    EXPECT_TRUE(tracking_wants_sweep(t));
    for (uint32_t i = 0; i < ks->count; i++)
        tracking_sweep(t, &ks->shards[i]);
    EXPECT_FALSE(tracking_wants_sweep(t));
    EXPECT_EQ(t->keys, 1000u);
    EXPECT_EQ(t->items, 1000u);
    EXPECT_EQ(t->dead, 0u);
    EXPECT_EQ(take("k10"), Readers{stays});
    for (uint32_t i = 0; i < ks->count; i++)
        tracking_clear(t, &ks->shards[i]);
    EXPECT_EQ(t->keys, 0u);
    EXPECT_EQ(t->items, 0u);
}

TEST_F(Tracking, AnyKeyButTheOneJustRead)
{
    const uint64_t who = add(1);
    std::vector<std::string> here; // of one shard
    for (int i = 0; here.size() < 3; i++)
        if (shard_of("k" + std::to_string(i)) == &ks->shards[5])
            here.push_back("k" + std::to_string(i));
    for (const std::string &key : here)
        read(key, who);
    for (uint64_t random = 0; random < 2; random++)
        EXPECT_EQ(readers(tracking_take_any(t, &ks->shards[5], random * 77, b(here[1]))),
                  Readers{who});
    EXPECT_EQ(tracking_take_any(t, &ks->shards[5], 3, b(here[1])), nullptr);
    EXPECT_EQ(take(here[1]), Readers{who});
}

// Random reads, changes, comings and goings against plain maps.
TEST_F(Tracking, Model)
{
    std::mt19937_64 rng(test_seed());
    std::map<std::string, Readers> keys;
    std::vector<uint64_t> alive;
    Readers gone;
    uint64_t ids = 0;
    for (int step = 0; step < 20000; step++) {
        const std::string key = "k" + std::to_string(rng() % 200);
        const unsigned what = rng() % 100;
        if (alive.empty() || (what < 3 && alive.size() < 300)) {
            alive.push_back(add(++ids));
        } else if (what < 5) {
            const size_t i = rng() % alive.size();
            tracking_forget_client(t, alive[i]);
            gone.insert(alive[i]);
            alive.erase(alive.begin() + static_cast<long>(i));
        } else if (what < 80) {
            const uint64_t who = alive[rng() % alive.size()];
            EXPECT_EQ(read(key, who), keys.count(key) == 0);
            keys[key].insert(who);
        } else if (what < 99) {
            Readers want = keys[key], got = take(key);
            for (const uint64_t who : gone) { // may be swept or not
                want.erase(who);
                got.erase(who);
            }
            EXPECT_EQ(got, want) << key;
            keys.erase(key);
        } else {
            for (uint32_t i = 0; i < ks->count; i++)
                tracking_sweep(t, &ks->shards[i]);
            for (auto at = keys.begin(); at != keys.end();) {
                for (const uint64_t who : gone)
                    at->second.erase(who);
                at = at->second.empty() ? keys.erase(at) : std::next(at);
            }
            uint64_t items = 0;
            for (const auto &[name, readers] : keys)
                items += readers.size();
            EXPECT_EQ(t->keys, keys.size());
            EXPECT_EQ(t->items, items);
            EXPECT_EQ(t->dead, 0u);
        }
    }
}

// --- prefixes
// ----------------------------------------------------------------------------------

class Prefixes : public ::testing::Test
{
  protected:
    Prefixes()
    {
        gate_init(&gate_);
        slot_ = gate_join(&gate_);
        gate_enter(&gate_, slot_);
    }
    ~Prefixes() override
    {
        for (const auto &[prefix, who] : added)
            EXPECT_TRUE(prefixes_remove(p, b(prefix), who));
        EXPECT_FALSE(prefixes_match(p, b("")));
        prefixes_free(p);
        gate_leave(&gate_, slot_);
        gate_part(&gate_, slot_);
        gate_release(&gate_);
        reclaim_flush();
    }

    void add(const std::string &prefix, uint64_t who)
    {
        EXPECT_EQ(prefixes_add(p, b(prefix), who), added.emplace(prefix, who).second);
    }
    // The clients of all prefixes of a key, once a prefix, the longest first.
    std::vector<uint64_t> hear(const std::string &key)
    {
        std::vector<uint64_t> all;
        prefixes_lock(p);
        for (int32_t i = prefixes_longest(p, b(key)); i >= 0; i = prefixes_shorter(p, i)) {
            uint32_t n;
            const uint64_t *who = prefixes_clients(p, i, &n);
            EXPECT_GT(n, 0u);
            all.insert(all.end(), who, who + n);
        }
        prefixes_unlock(p);
        EXPECT_EQ(prefixes_match(p, b(key)), !all.empty());
        return all;
    }

    prefixes *p = prefixes_new();
    std::set<std::pair<std::string, uint64_t>> added;

  private:
    gate gate_;
    int slot_;
};

TEST_F(Prefixes, TheLongestAndThenShorterOnes)
{
    EXPECT_EQ(hear("user:1"), std::vector<uint64_t>{});
    add("user:", 1);
    add("user:1", 2);
    add("user:12", 3);
    add("user:2", 4);
    add("vip:", 5);
    EXPECT_EQ(prefixes_count(p), 5u);
    EXPECT_EQ(hear("user:13"), (std::vector<uint64_t>{2, 1}));
    EXPECT_EQ(hear("user:123"), (std::vector<uint64_t>{3, 2, 1}));
    EXPECT_EQ(hear("user:"), std::vector<uint64_t>{1});
    EXPECT_EQ(hear("user"), std::vector<uint64_t>{});
    EXPECT_EQ(hear("user:9"), std::vector<uint64_t>{1});
    add("", 6);
    add("", 6);
    EXPECT_EQ(hear("zz"), std::vector<uint64_t>{6});
    EXPECT_EQ(hear(""), std::vector<uint64_t>{6});
    EXPECT_EQ(hear("user:13"), (std::vector<uint64_t>{2, 1, 6}));
    EXPECT_FALSE(prefixes_remove(p, b("user:1"), 9));
    EXPECT_FALSE(prefixes_remove(p, b("nobody's"), 1));
}

TEST_F(Prefixes, Model)
{
    std::mt19937_64 rng(test_seed());
    const auto word = [&] {
        std::string s;
        for (size_t n = rng() % 5; n > 0; n--)
            s += static_cast<char>("ab\0"[rng() % 3]);
        return s;
    };
    for (int step = 0; step < 5000; step++) {
        const std::string prefix = word();
        const uint64_t who = rng() % 4 + 1;
        if (rng() % 2)
            add(prefix, who);
        else
            EXPECT_EQ(prefixes_remove(p, b(prefix), who), added.erase({prefix, who}) == 1);
        const std::string key = word() + word();
        std::multiset<uint64_t> want;
        for (const auto &[name, one] : added)
            if (key.compare(0, name.size(), name) == 0)
                want.insert(one);
        const std::vector<uint64_t> got = hear(key);
        EXPECT_EQ(std::multiset<uint64_t>(got.begin(), got.end()), want);
    }
}

} // namespace
