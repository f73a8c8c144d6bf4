// The table against std::unordered_map, and views of it against copies made at the cut.
#include "core/base/hash.h"
#include "core/ds/table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{

bytes View(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string KeyOf(const entry *e)
{
    const bytes k = entry_key(e);
    return std::string(k.data, k.size);
}

std::string ValueOf(const entry *e)
{
    return std::string(entry_payload(e), entry_payload_size(e));
}

entry *NewEntry(const std::string &key, const std::string &value, int64_t deadline = -1)
{
    entry *e = entry_try_new(View(key), 7, value.size(), deadline);
    memcpy(entry_payload(e), value.data(), value.size());
    return e;
}

using Model = std::map<std::string, std::string>;

// A view of one table: what the shard does for the keyspace, in small.
struct TestView {
    cow base{};
    table_image image{};
    std::vector<std::pair<void *, size_t>> garbage;
    std::vector<entry *> entries;
    Model want, got;
    uint64_t cursor = 0;
    bool open = false;

    static void Defer(cow *c, void *p, size_t size)
    {
        reinterpret_cast<TestView *>(c)->garbage.emplace_back(p, size);
    }
    void Cut(table *t, uint32_t epoch, const Model &now)
    {
        want = now;
        got.clear();
        cursor = 0;
        base = cow{};
        base.epoch = epoch;
        base.defer = Defer;
        table_freeze(t, epoch, &image);
        t->epoch = epoch;
        open = true;
    }
    void Step()
    {
        table_image_step s;
        for (const entry *e = table_image_first(&s, &image, cursor); e; e = table_image_next(&s))
            EXPECT_TRUE(got.emplace(KeyOf(e), ValueOf(e)).second) << "twice: " << KeyOf(e);
        cursor = s.next;
        base.passed = cursor;
    }
    void Close()
    {
        table_image_release(&image, nullptr);
        for (auto &g : garbage)
            mem_free(g.first, g.second);
        garbage.clear();
        for (entry *e : entries)
            entry_free(e);
        entries.clear();
        open = false;
    }
};

struct Fixture {
    table t{};
    Model model;
    std::map<std::string, int64_t> deadlines;
    TestView view;

    explicit Fixture(uint8_t stagger = 0)
    {
        table_init(&t, 0, stagger);
    }
    ~Fixture()
    {
        if (view.open)
            view.Close();
        table_release(
            &t, [](void *, entry *e) { entry_free(e); }, nullptr);
    }
    cow *Cow()
    {
        return view.open ? &view.base : nullptr;
    }
    void Dispose(entry *e, bool seen)
    {
        if (seen)
            view.entries.push_back(e);
        else
            entry_free(e);
    }
    void Put(const std::string &k, const std::string &v, int64_t deadline = -1)
    {
        table_loc loc;
        const uint64_t h = hash_bytes(View(k));
        entry *fresh = NewEntry(k, v, deadline);
        if (table_find(&t, h, View(k), &loc)) {
            bool seen = false;
            entry *old = table_replace(&t, Cow(), &loc, fresh, &seen);
            Dispose(old, seen);
        } else {
            table_insert(&t, Cow(), h, fresh);
        }
        table_settle(&t, Cow());
        model[k] = v;
        if (deadline >= 0)
            deadlines[k] = deadline;
        else
            deadlines.erase(k);
    }
    bool Delete(const std::string &k)
    {
        table_loc loc;
        const uint64_t h = hash_bytes(View(k));
        if (!table_find(&t, h, View(k), &loc))
            return false;
        bool seen = false;
        entry *old = table_remove(&t, Cow(), &loc, &seen);
        Dispose(old, seen);
        table_settle(&t, Cow());
        model.erase(k);
        deadlines.erase(k);
        return true;
    }
    void ExpectEqual()
    {
        Model all;
        table_iter it;
        for (entry *e = table_iter_first(&it, &t); e; e = table_iter_next(&it))
            EXPECT_TRUE(all.emplace(KeyOf(e), ValueOf(e)).second) << "twice: " << KeyOf(e);
        EXPECT_EQ(table_iter_next(&it), nullptr); // the end stays the end
        EXPECT_EQ(all, model);
        EXPECT_EQ(t.count, model.size());
    }
};

TEST(Entry, HoldsKeyPayloadAndDeadlineInItsSizeClass)
{
    EXPECT_EQ(entry_size_for(16, 8, false), 31u);
    EXPECT_EQ(entry_size_for(20, 100, false), 127u);
    EXPECT_EQ(entry_size_for(20, 100, true), 133u);
    for (size_t key : {0u, 1u, 255u, 256u, 70000u})
        for (size_t payload : {0u, 8u, 255u, 256u, 300000u})
            for (int64_t deadline : {INT64_C(-1), INT64_C(0), ENTRY_DEADLINE_MAX}) {
                const std::string k(key, 'k'), v(payload, 'v');
                entry *e = NewEntry(k, v, deadline);
                EXPECT_EQ(KeyOf(e), k);
                EXPECT_EQ(ValueOf(e), v);
                EXPECT_EQ(entry_deadline(e), deadline);
                entry_touch(e, 0xabcdef);
                EXPECT_EQ(entry_lru(e), 0xabcdefu);
                entry *copy = entry_try_copy(e, payload, 77);
                EXPECT_EQ(KeyOf(copy), k);
                EXPECT_EQ(ValueOf(copy), v);
                EXPECT_EQ(entry_deadline(copy), 77);
                EXPECT_EQ(entry_lru(copy), 0xabcdefu);
                entry_free(copy);
                entry_free(e);
            }
}

TEST(Entry, IsResizedWithAllThatItHas)
{
    for (size_t key : {0u, 1u, 255u, 256u, 70000u})
        for (size_t from : {0u, 8u, 255u, 256u, 3000u})
            for (size_t to : {0u, 7u, 8u, 200u, 255u, 256u, 5000u})
                for (int64_t deadline : {INT64_C(-1), ENTRY_DEADLINE_MAX}) {
                    const std::string k(key, 'k'), v(from, 'v');
                    entry *e = NewEntry(k, v, deadline);
                    entry_touch(e, 0xabcdef);
                    entry_set_flag(e, ENTRY_INNER, true);
                    if (entry_keeps_form(e, to)) {
                        entry *copy = entry_try_resized(e, to);
                        EXPECT_EQ(entry_meta(copy), entry_meta(e));
                        EXPECT_EQ(copy->kind, e->kind);
                        EXPECT_EQ(KeyOf(copy), k);
                        EXPECT_EQ(entry_payload_size(copy), to);
                        EXPECT_EQ(ValueOf(copy).substr(0, from), v.substr(0, to));
                        EXPECT_EQ(entry_deadline(copy), deadline);
                        entry_free(copy);
                    } else {
                        EXPECT_NE(entry_wide(e), key > 255 || to > 255);
                    }
                    entry_free(e);
                }
}

// Where a key lies at home, two steps find it; where not, they find another or none.
TEST(Table, TwoStepsFindWhatIsAtHome)
{
    Fixture f;
    std::mt19937 rng(7);
    uint32_t met = 0, asked = 0;
    EXPECT_EQ(table_home(&f.t, hash_bytes(View("k"))), nullptr);
    for (int i = 0; i < 4000; i++) {
        f.Put("key:" + std::to_string(rng() % 3000), "v");
        const std::string k = "key:" + std::to_string(rng() % 3000);
        const uint64_t h = hash_bytes(View(k));
        const void *home = table_home(&f.t, h);
        const entry *e = home ? table_home_entry(home, h) : nullptr;
        table_loc loc;
        const entry *found = table_find(&f.t, h, View(k), &loc);
        if (e && KeyOf(e) == k) {
            EXPECT_EQ(e, found);
            met++;
        }
        asked += found != nullptr;
    }
    EXPECT_GT(met, asked / 4 * 3); // 97 of 100
    EXPECT_LE(met, asked);
}

TEST(Table, AnEntryMovesToAnotherBlock)
{
    Fixture f;
    for (int i = 0; i < 2000; i++)
        f.Put("key:" + std::to_string(i), "v", i % 3 == 0 ? 5000 + i : -1);
    for (int i = 0; i < 2000; i += 2) {
        const std::string k = "key:" + std::to_string(i);
        table_loc loc;
        entry *old = table_find(&f.t, hash_bytes(View(k)), View(k), &loc);
        ASSERT_NE(old, nullptr);
        entry *copy = entry_try_resized(old, 100);
        memset(entry_payload(copy), 'w', 100);
        table_move_entry(&loc, copy);
        entry_free(old);
        f.model[k] = std::string(100, 'w');
    }
    table_check(&f.t);
    f.ExpectEqual();
}

TEST(Table, FindsInsertsReplacesAndRemovesLikeAMap)
{
    for (unsigned seed = 1; seed <= 4; seed++) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937 rng(seed);
        Fixture f(static_cast<uint8_t>(seed * 3));
        const int keys = seed % 2 ? 300 : 6000;
        for (int i = 0; i < 60000; i++) {
            const std::string k = "key:" + std::to_string(rng() % keys);
            // Phases of growth and of shrinking.
            const bool grow = i / 15000 % 2 == 0;
            if (rng() % 10 < (grow ? 8u : 2u)) {
                f.Put(k, std::to_string(rng()));
            } else {
                const bool had = f.model.count(k);
                EXPECT_EQ(f.Delete(k), had);
            }
            if (i % 4000 == 0) {
                table_check(&f.t);
                f.ExpectEqual();
            }
        }
        table_check(&f.t);
        f.ExpectEqual();
        while (!f.model.empty())
            EXPECT_TRUE(f.Delete(f.model.begin()->first));
        table_check(&f.t);
        EXPECT_LE(table_page_bytes(&f.t), 4096u + 256u);
    }
}

TEST(Table, OverflowsWhereThousandsOfKeysShareABucket)
{
    table t{};
    table_init(&t, 0, 0);
    std::vector<std::string> keys;
    for (int i = 0; i < 3000; i++) {
        keys.push_back("k" + std::to_string(i));
        // The hash given is not the key's own, so the table must not move: no table_settle.
        table_insert(&t, nullptr, 42, NewEntry(keys[i], "v"));
    }
    table_loc loc;
    for (auto &k : keys)
        EXPECT_NE(table_find(&t, 42, View(k), &loc), nullptr);
    EXPECT_EQ(table_find(&t, 42, View("absent"), &loc), nullptr);
    for (size_t i = 0; i < keys.size(); i += 2) {
        bool seen = false;
        ASSERT_NE(table_find(&t, 42, View(keys[i]), &loc), nullptr);
        entry_free(table_remove(&t, nullptr, &loc, &seen));
    }
    for (size_t i = 0; i < keys.size(); i++)
        EXPECT_EQ(table_find(&t, 42, View(keys[i]), &loc) != nullptr, i % 2 == 1);
    table_release(
        &t, [](void *, entry *e) { entry_free(e); }, nullptr);
}

TEST(Table, ScanVisitsWhatIsThereThroughoutExactlyOnce)
{
    for (unsigned seed = 1; seed <= 6; seed++) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937 rng(seed);
        Fixture f;
        for (int i = 0; i < 2000; i++)
            f.Put("stay:" + std::to_string(i), "s");
        std::map<std::string, int> times;
        uint64_t cursor = 0;
        int extra = 0;
        while (cursor < TABLE_POSITIONS) {
            table_step s;
            for (entry *e = table_step_first(&s, &f.t, cursor); e; e = table_step_next(&s))
                times[KeyOf(e)]++;
            ASSERT_GT(s.next, cursor);
            cursor = s.next;
            // Grows for odd seeds, shrinks for even ones, while the scan is under way.
            for (int i = 0; i < 20; i++)
                if (seed % 2)
                    f.Put("new:" + std::to_string(extra++), "n");
                else if (!f.model.empty() && f.model.size() > 200)
                    f.Delete("stay:" + std::to_string(200 + rng() % 1800));
        }
        for (int i = 0; i < 200; i++)
            EXPECT_EQ(times["stay:" + std::to_string(i)], 1) << i;
        for (auto &[k, n] : times)
            EXPECT_LE(n, 1) << k;
    }
}

// At any moment of a move, a walk and a scan from any position meet what is there, each once.
TEST(Table, IteratorsMeetEverythingAtEachStageOfAMove)
{
    for (const uint8_t stagger : {uint8_t{0}, uint8_t{15}}) {
        Fixture f(stagger);
        std::mt19937 rng(7u + stagger);
        f.ExpectEqual(); // no directory yet
        for (int i = 0; i < 3000; i++) {
            f.Put("k" + std::to_string(i), "v");
            if (i % 50 != 0)
                continue;
            f.ExpectEqual();
            const uint64_t from = rng() % TABLE_POSITIONS;
            std::map<std::string, int> below, above;
            uint64_t cursor = 0;
            while (cursor < TABLE_POSITIONS) {
                table_step s;
                for (entry *e = table_step_first(&s, &f.t, cursor); e; e = table_step_next(&s))
                    (hash_bytes(entry_key(e)) >> 32 < from ? below : above)[KeyOf(e)]++;
                cursor = s.next;
            }
            EXPECT_EQ(below.size() + above.size(), f.model.size());
            std::map<std::string, int> got;
            for (cursor = from; cursor < TABLE_POSITIONS;) {
                table_step s;
                for (entry *e = table_step_first(&s, &f.t, cursor); e; e = table_step_next(&s))
                    got[KeyOf(e)]++;
                cursor = s.next;
            }
            EXPECT_EQ(got, above);
            for (const auto &[k, n] : got)
                EXPECT_EQ(n, 1) << k;
        }
        table_step s;
        EXPECT_EQ(table_step_first(&s, &f.t, TABLE_POSITIONS), nullptr);
        EXPECT_EQ(s.next, TABLE_POSITIONS);
    }
}

TEST(Table, RandomReachesEveryEntryEvenly)
{
    Fixture f;
    for (int i = 0; i < 1000; i++)
        f.Put(std::to_string(i), "v");
    rng r;
    rng_seed(&r, 5);
    std::map<std::string, int> times;
    for (int i = 0; i < 100000; i++)
        times[KeyOf(table_random(&f.t, &r))]++;
    EXPECT_EQ(times.size(), 1000u);
    double chi2 = 0;
    for (auto &[k, n] : times)
        chi2 += (n - 100.0) * (n - 100.0) / 100.0;
    EXPECT_LT(chi2, 1200); // 999 degrees of freedom: mean 999, 4.5 sigma
}

TEST(Table, ExpiresExactlyWhatIsDue)
{
    for (unsigned seed = 1; seed <= 3; seed++) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937 rng(seed);
        Fixture f;
        for (int i = 0; i < 5000; i++)
            f.Put("k" + std::to_string(i), "v",
                  rng() % 3 ? static_cast<int64_t>(rng() % 100000) : INT64_C(-1));
        for (int64_t now = 0; now < 110000; now += 1 + rng() % 3000) {
            auto pair = std::make_pair(&f, now);
            uint32_t n = 1;
            while (n)
                n = table_expire(
                    &f.t, now, 1 + rng() % 200,
                    [](void *c, entry *e, uint64_t) {
                        auto *p = static_cast<std::pair<Fixture *, int64_t> *>(c);
                        EXPECT_LT(entry_deadline(e), p->second);
                        const std::string k = KeyOf(e);
                        table_loc loc;
                        bool seen;
                        EXPECT_EQ(table_find(&p->first->t, hash_bytes(View(k)), View(k), &loc), e);
                        entry_free(table_remove(&p->first->t, nullptr, &loc, &seen));
                        p->first->model.erase(k);
                        p->first->deadlines.erase(k);
                        return true;
                    },
                    &pair);
            table_settle(&f.t, nullptr);
            for (auto &[k, d] : f.deadlines)
                EXPECT_GE(d, now) << k;
            table_check(&f.t);
        }
        EXPECT_EQ(f.t.deadlines, 0u);
        f.ExpectEqual();
    }
}

TEST(TableView, EqualsTheModelAtTheCutWhateverIsWrittenLater)
{
    for (unsigned seed = 1; seed <= 8; seed++) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937 rng(seed);
        Fixture f;
        const int keys = 100 << (seed % 4 * 2);
        uint32_t epoch = 0;
        for (int round = 0; round < 25; round++) {
            for (int i = 0; i < keys; i++) // grow and shrink between and during views
                if (rng() % 8 < (round % 4 < 2 ? 6u : 1u))
                    f.Put("k" + std::to_string(rng() % keys), std::to_string(rng()));
                else
                    f.Delete("k" + std::to_string(rng() % keys));
            f.view.Cut(&f.t, ++epoch, f.model);
            const unsigned pace = 1 + rng() % 200;
            while (f.view.cursor < TABLE_POSITIONS) {
                for (unsigned i = 0; i < pace; i++)
                    if (rng() % 8 < (round % 4 < 2 ? 6u : 1u))
                        f.Put("k" + std::to_string(rng() % keys), std::to_string(rng()));
                    else
                        f.Delete("k" + std::to_string(rng() % keys));
                f.view.Step();
            }
            EXPECT_EQ(f.view.got, f.view.want) << "round " << round;
            f.view.Close();
            table_check(&f.t);
            f.ExpectEqual();
        }
    }
}

} // namespace
