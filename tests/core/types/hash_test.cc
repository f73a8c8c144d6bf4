// Hashes of all three encodings against a std::map, with views, deadlines and failing memory.
#include "core/types/hash.h"
#include "tests/support/seed.h"

#include "core/types/hash_priv.h"
#include "tests/core/types/kept_value.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

namespace
{

constexpr int64_t NOW = 1'700'000'000'000;
constexpr int64_t NONE = ENTRY_NO_DEADLINE;

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string text(bytes b)
{
    return std::string(b.data, b.size);
}

struct Field {
    std::string value;
    int64_t deadline = NONE;
    bool operator==(const Field &) const = default;
};
using Model = std::map<std::string, Field>;

std::ostream &operator<<(std::ostream &out, const Field &f)
{
    return out << f.value << " until " << f.deadline;
}

Model content(const value &v, int64_t now = -1)
{
    Model m;
    hash_each(
        &v, now,
        [](void *ctx, const hash_field *f) {
            const bool fresh = static_cast<Model *>(ctx)
                                   ->emplace(text(f->name), Field{text(f->value), f->deadline_ms})
                                   .second;
            EXPECT_TRUE(fresh) << "seen twice: " << text(f->name);
        },
        &m);
    return m;
}

int64_t earliest(const Model &m)
{
    int64_t first = NONE;
    for (const auto &[name, f] : m)
        if (f.deadline != NONE && (first == NONE || f.deadline < first))
            first = f.deadline;
    return first;
}

size_t due(const Model &m, int64_t now)
{
    size_t n = 0;
    for (const auto &[name, f] : m)
        n += f.deadline != NONE && f.deadline < now;
    return n;
}

class Hash : public ::testing::Test
{
  protected:
    Hash()
    {
        table_due_base(NOW);
        limits.hash_max_listpack_entries = 512;
        limits.hash_max_listpack_value = 64;
    }

    std::string encoding(const value &v)
    {
        return hash_type_ops.encoding_name(&v);
    }

    // What holds of any hash, and that it is what the model says.
    void check(const value &v, const Model &m, int64_t now)
    {
        ASSERT_EQ(content(v), m);
        EXPECT_EQ(hash_length(&v), m.size());
        EXPECT_EQ(hash_count(&v, now), m.size() - due(m, now));
        const int64_t next = value_next_deadline(&v), first = earliest(m);
        if (v.encoding == ENC_TABLE) {
            table_check(static_cast<const table *>(v.as.root));
            EXPECT_EQ(next < 0, first < 0);
            EXPECT_LT(next, first < 0 ? 0 : first + TABLE_DUE_MS);
        } else {
            EXPECT_EQ(next, first);
            const bytes lp = hash_packed_bytes(&v);
            EXPECT_TRUE(
                listpack_validate(reinterpret_cast<const unsigned char *>(lp.data), lp.size));
        }
    }

    // Fields with deadlines come first, in their order.
    void check_order(const value &v)
    {
        struct Order {
            int64_t last = 0;
        } o;
        if (v.encoding != ENC_LISTPACK_EX)
            return;
        hash_each(
            &v, -1,
            [](void *ctx, const hash_field *f) {
                Order *order = static_cast<Order *>(ctx);
                const int64_t d = f->deadline_ms == NONE ? INT64_MAX : f->deadline_ms;
                EXPECT_LE(order->last, d);
                order->last = d;
            },
            &o);
    }

    int set(KeptValue &k, const std::string &name, const std::string &value, int64_t deadline)
    {
        hash_was was;
        return k.edit(
            [&](value_edit *e) { return hash_set(e, of(name), of(value), deadline, &was); });
    }

    int expire(KeptValue &k, const std::string &name, int64_t deadline)
    {
        return k.edit([&](value_edit *e) { return hash_set_deadline(e, of(name), deadline); });
    }

    type_limits limits{};
};

// --- random operations
// ---------------------------------------------------------------------------

struct Shape {
    const char *name;
    uint64_t entries, value;
    int names;
    size_t longest;
    bool deadlines;
};

void PrintTo(const Shape &s, std::ostream *out)
{
    *out << s.name;
}

class HashModel : public Hash, public ::testing::WithParamInterface<Shape>
{
  protected:
    std::string any_name()
    {
        const uint64_t n = rng_() % static_cast<uint64_t>(GetParam().names);
        return n % 3 == 0 ? std::to_string(n) : "field:" + std::to_string(n);
    }

    std::string any_value()
    {
        if (rng_() % 3 == 0)
            return std::to_string(static_cast<int64_t>(rng_()) >> rng_() % 64);
        return std::string(rng_() % (GetParam().longest + 1), static_cast<char>('a' + rng_() % 26));
    }

    int64_t any_deadline()
    {
        if (!GetParam().deadlines || rng_() % 2)
            return NONE;
        return now_ + 1 + static_cast<int64_t>(rng_() % 2000);
    }

    void change(KeptValue &k)
    {
        const std::string name = any_name(), value = any_value();
        const auto at = model_.find(name);
        const bool there = at != model_.end();
        hash_was was{};
        switch (rng_() % 10) {
        case 0:
        case 1:
        case 2: {
            const int64_t deadline = any_deadline();
            EXPECT_EQ(k.edit([&](value_edit *e) {
                return hash_set(e, of(name), of(value), deadline, &was);
            }),
                      LK_OK);
            EXPECT_EQ(was.kept, there);
            if (there) {
                EXPECT_EQ(was.deadline_ms, at->second.deadline);
            }
            model_[name] = {value, deadline};
            break;
        }
        case 3:
            EXPECT_EQ(k.edit([&](value_edit *e) {
                return hash_set(e, of(name), of(value), HASH_KEEP_DEADLINE, &was);
            }),
                      LK_OK);
            model_[name].value = value;
            break;
        case 4:
        case 5:
            change_pairs(k);
            break;
        case 6:
        case 7:
            EXPECT_EQ(k.edit([&](value_edit *e) { return hash_delete(e, of(name), &was); }), there);
            EXPECT_EQ(was.kept, there);
            if (there) {
                EXPECT_EQ(was.deadline_ms, at->second.deadline);
            }
            model_.erase(name);
            break;
        case 8:
            if (there && GetParam().deadlines) {
                const int64_t deadline = any_deadline();
                EXPECT_EQ(expire(k, name, deadline), LK_OK);
                at->second.deadline = deadline;
            }
            break;
        default:
            if (rng_() % 4 == 0)
                drop_due(k);
            break;
        }
    }

    void change_pairs(KeptValue &k)
    {
        std::vector<std::string> words;
        uint32_t n = 1 + static_cast<uint32_t>(rng_() % 40), done = 0, created = 0, fresh = 0;
        const int64_t deadline = any_deadline();
        for (uint32_t i = 0; i < n; i++) {
            words.push_back(any_name());
            words.push_back(any_value());
        }
        std::vector<bytes> pairs;
        for (uint32_t i = 0; i < n; i++) {
            pairs.push_back(of(words[2 * i]));
            pairs.push_back(of(words[2 * i + 1]));
            const auto at = model_.find(words[2 * i]);
            fresh +=
                at == model_.end() || (at->second.deadline != NONE && at->second.deadline < now_);
            model_[words[2 * i]] = {words[2 * i + 1], deadline};
        }
        EXPECT_EQ(k.edit([&](value_edit *e) {
            return hash_set_pairs(e, pairs.data(), n, deadline, now_, &done, &created);
        }),
                  LK_OK);
        EXPECT_EQ(done, n);
        EXPECT_EQ(created, fresh);
    }

    void drop_due(KeptValue &k)
    {
        now_ += static_cast<int64_t>(rng_() % 400);
        const uint32_t max = 1 + static_cast<uint32_t>(rng_() % 20);
        std::set<std::string> gone;
        const uint32_t n = k.edit([&](value_edit *e) {
            return hash_drop_due(
                e, now_, max,
                [](void *ctx, bytes name) {
                    static_cast<std::set<std::string> *>(ctx)->insert(text(name));
                },
                &gone);
        });
        EXPECT_EQ(gone.size(), n);
        EXPECT_EQ(n, std::min<size_t>(max, due(model_, now_)));
        for (const std::string &name : gone) {
            EXPECT_LE(model_[name].deadline, now_);
            EXPECT_NE(model_[name].deadline, NONE);
            model_.erase(name);
        }
        // A look that went to the end knows that another would be in vain, and asks for none.
        const value v = k.get();
        if (n < max) {
            EXPECT_TRUE(value_next_deadline(&v) < 0 || value_next_deadline(&v) >= now_);
        }
    }

    void look(const value &v)
    {
        for (int i = 0; i < 3; i++) {
            const std::string name = any_name();
            const auto at = model_.find(name);
            const bool there =
                at != model_.end() && (at->second.deadline == NONE || at->second.deadline >= now_);
            hash_value got;
            ASSERT_EQ(hash_get(&v, of(name), now_, &got), there) << name;
            if (there) {
                EXPECT_EQ(text(got.bytes), at->second.value);
                EXPECT_EQ(got.deadline_ms, at->second.deadline);
            }
        }
    }

    std::mt19937_64 rng_;
    Model model_;
    int64_t now_ = NOW;
};

TEST_P(HashModel, RandomOperationsWithViews)
{
    rng_.seed(test_seed());
    limits.hash_max_listpack_entries = GetParam().entries;
    limits.hash_max_listpack_value = GetParam().value;
    KeptValue k(TYPE_HASH, &limits);
    std::optional<Model> cut;
    for (int step = 0; step < 3000; step++) {
        SCOPED_TRACE(step);
        change(k);
        const value v = k.get();
        look(v);
        // Large ones are looked at as a whole now and then: it takes as long as they are.
        if (static_cast<size_t>(step) % (1 + model_.size() / 50) == 0) {
            check(v, model_, now_);
            check_order(v);
            if (cut) {
                EXPECT_EQ(content(k.frozen()), *cut);
            }
        }
        if (rng_() % 50 == 0) {
            k.cut();
            cut = model_;
        } else if (rng_() % 80 == 0) {
            k.close_view();
            cut.reset();
        }
        if (HasFailure())
            return;
    }
}

INSTANTIATE_TEST_SUITE_P(Types, HashModel,
                         ::testing::Values(Shape{"Packed", 1000, 64, 40, 64, false},
                                           Shape{"PackedTimed", 1000, 64, 40, 64, true},
                                           Shape{"Growing", 50, 64, 400, 64, true},
                                           Shape{"LongValues", 1000, 30, 60, 300, true},
                                           Shape{"Table", 0, 0, 3000, 40, false},
                                           Shape{"TableTimed", 0, 0, 3000, 400, true}),
                         [](const auto &row) { return std::string(row.param.name); });

// --- encodings
// -----------------------------------------------------------------------------------

TEST_F(Hash, LeavesTheListpackAtItsLimits)
{
    limits.hash_max_listpack_entries = 3;
    limits.hash_max_listpack_value = 5;
    struct Row {
        const char *name, *value, *encoding;
    };
    const std::vector<std::vector<Row>> rows = {
        {{"a", "1", "listpack"},
         {"b", "1", "listpack"},
         {"c", "1", "listpack"},
         {"c", "2", "listpack"},
         {"d", "1", "hashtable"}},
        {{"a", "12345", "listpack"}, {"a", "123456", "hashtable"}},
        {{"abcde", "1", "listpack"}, {"abcdef", "1", "hashtable"}},
    };
    for (const auto &steps : rows) {
        KeptValue k(TYPE_HASH, &limits);
        Model m;
        for (const Row &r : steps) {
            EXPECT_EQ(set(k, r.name, r.value, NONE), LK_OK);
            m[r.name].value = r.value;
            EXPECT_EQ(encoding(k.get()), r.encoding) << r.name;
            check(k.get(), m, NOW);
        }
        for (const auto &[name, f] : Model(m)) {
            hash_was was;
            EXPECT_TRUE(k.edit([&](value_edit *e) { return hash_delete(e, of(name), &was); }));
            EXPECT_EQ(encoding(k.get()), "hashtable");
        }
        check(k.get(), {}, NOW);
    }
}

TEST_F(Hash, GetsRoomForDeadlinesOnce)
{
    KeptValue k(TYPE_HASH, &limits);
    set(k, "a", "1", NONE);
    set(k, "b", "x", NONE);
    EXPECT_EQ(expire(k, "a", NONE), LK_OK);
    EXPECT_EQ(encoding(k.get()), "listpack");
    EXPECT_EQ(expire(k, "b", NOW + 5), LK_OK);
    EXPECT_EQ(encoding(k.get()), "listpackex");
    check(k.get(), {{"a", {"1"}}, {"b", {"x", NOW + 5}}}, NOW);
    EXPECT_EQ(expire(k, "b", NONE), LK_OK);
    EXPECT_EQ(encoding(k.get()), "listpackex");
    check(k.get(), {{"a", {"1"}}, {"b", {"x"}}}, NOW);
    limits.hash_max_listpack_entries = 2;
    EXPECT_EQ(set(k, "c", "2", NOW + 9), LK_OK);
    EXPECT_EQ(encoding(k.get()), "hashtable");
    check(k.get(), {{"a", {"1"}}, {"b", {"x"}}, {"c", {"2", NOW + 9}}}, NOW);
}

// The same moment: who came first stays first.
TEST_F(Hash, KeepsTheOrderOfEqualDeadlines)
{
    KeptValue k(TYPE_HASH, &limits);
    for (const char *name : {"a", "b", "c", "d", "e"})
        set(k, name, name, NONE);
    for (const char *name : {"d", "b", "e"})
        EXPECT_EQ(expire(k, name, NOW + 10), LK_OK);
    EXPECT_EQ(expire(k, "c", NOW + 5), LK_OK);
    std::string order;
    const value v = k.get();
    hash_each(
        &v, -1,
        [](void *ctx, const hash_field *f) { *static_cast<std::string *>(ctx) += text(f->name); },
        &order);
    EXPECT_EQ(order, "cdbea");
}

TEST_F(Hash, NumbersReadBackAsTheyWere)
{
    KeptValue k(TYPE_HASH, &limits);
    Model m;
    for (const char *s : {"0", "-1", "007", "+7", " 7", "-0", "9223372036854775807", "", "1e3",
                          "9223372036854775808", "4095", "4096", "-4096", "-4097"}) {
        EXPECT_EQ(set(k, s, s, NONE), LK_OK);
        m[s].value = s;
        hash_value got;
        const value v = k.get();
        ASSERT_TRUE(hash_get(&v, of(std::string(s)), NOW, &got));
        EXPECT_EQ(text(got.bytes), s);
    }
    check(k.get(), m, NOW);
}

// --- memory
// --------------------------------------------------------------------------------------

TEST_F(Hash, WhatFailsChangesNothing)
{
    for (const bool timed : {false, true}) {
        limits.hash_max_listpack_entries = 3;
        KeptValue k(TYPE_HASH, &limits);
        Model m;
        for (const char *name : {"a", "b", "c"}) {
            const int64_t deadline = timed && *name == 'b' ? NOW + 100 : NONE;
            ASSERT_EQ(set(k, name, "value", deadline), LK_OK);
            m[name] = {"value", deadline};
        }
        k.fail = true;
        EXPECT_EQ(set(k, "a", "longer value", NONE), LK_ENOMEM);
        EXPECT_EQ(set(k, "d", "value", NONE), LK_ENOMEM);
        EXPECT_EQ(set(k, "a", std::string(100, 'x'), NONE), LK_ENOMEM);
        EXPECT_EQ(expire(k, "a", NOW + 7), LK_ENOMEM);
        uint32_t done = 7, created = 7;
        const bytes pairs[4] = {bytes_cstr("a"), bytes_cstr("eulav"), bytes_cstr("d"),
                                bytes_cstr("v")};
        EXPECT_EQ(k.edit([&](value_edit *e) {
            return hash_set_pairs(e, pairs, 2, NONE, NOW, &done, &created);
        }),
                  LK_ENOMEM);
        m["a"].value = "eulav";
        EXPECT_EQ(done, 1u);
        EXPECT_EQ(created, 0u);
        check(k.get(), m, NOW);
        k.fail = false;
        EXPECT_EQ(set(k, "d", "value", NONE), LK_OK);
        m["d"].value = "value";
        check(k.get(), m, NOW);
        EXPECT_EQ(encoding(k.get()), "hashtable");
    }
}

class HashTable : public Hash
{
  protected:
    HashTable()
    {
        limits.hash_max_listpack_entries = 0;
        for (int i = 0; i < 5000; i++) {
            const std::string name = "field:" + std::to_string(i);
            const int64_t deadline = i % 7 ? NONE : NOW + i;
            set(k, name, std::string(static_cast<size_t>(i % 300), 'v'), deadline);
            m[name] = {std::string(static_cast<size_t>(i % 300), 'v'), deadline};
        }
    }

    Model m;
    KeptValue k{TYPE_HASH, &limits};
};

TEST_F(HashTable, ACopySharesNothing)
{
    const value v = k.get();
    value twin;
    ASSERT_EQ(hash_type_ops.copy(&v, &twin), LK_OK);
    const Model was = m;
    for (int i = 0; i < 5000; i += 2)
        set(k, "field:" + std::to_string(i), "other", NONE);
    check(twin, was, NOW);
    value_release(&twin);
}

TEST_F(HashTable, IsFreedInTurns)
{
    const value v = k.get();
    value_reaper r{};
    ASSERT_EQ(hash_type_ops.copy(&v, &r.value), LK_OK);
    int turns = 1;
    while (!value_reap(&r, 100))
        turns++;
    EXPECT_GT(turns, 10);
}

// Released while a view is open: the view reads on, and what is nobody's is freed at once.
TEST_F(HashTable, IsReleasedUnderAView)
{
    for (const bool changed : {false, true}) {
        KeptValue twin(TYPE_HASH, &limits);
        const value v = k.get();
        value copy;
        ASSERT_EQ(hash_type_ops.copy(&v, &copy), LK_OK);
        twin.edit([&](value_edit *e) {
            e->resize(e, sizeof copy.as.root);
            e->value = copy;
            return 0;
        });
        twin.cut();
        for (int i = 0; changed && i < 5000; i += 50)
            set(twin, "field:" + std::to_string(i), "other", NONE);
        twin.edit([&](value_edit *e) {
            value_release_cow(&e->value, e->cow);
            hash_type_ops.empty(&e->value);
            const std::string none = text(e->value.as.bytes);
            memcpy(e->resize(e, none.size()), none.data(), none.size());
            return 0;
        });
        EXPECT_EQ(content(twin.frozen()), m);
        EXPECT_EQ(content(twin.get()), Model{});
    }
}

TEST_F(HashTable, MemoryIsCounted)
{
    const value v = k.get();
    const size_t all = hash_type_ops.node_bytes(&v, SIZE_MAX),
                 few = hash_type_ops.node_bytes(&v, 5);
    size_t entries = 0;
    for (const auto &[name, f] : m)
        entries += mem_class(entry_size_for(name.size(), f.value.size(), f.deadline != NONE));
    EXPECT_GT(all, entries);
    EXPECT_LT(all, entries + 5000 * 20);
    EXPECT_GT(few, 0u);
    EXPECT_EQ(hash_type_ops.free_effort(&v), 5001u);
}

// --- walks
// ---------------------------------------------------------------------------------------

TEST_F(HashTable, AScanMeetsWhatStaysExactlyOnce)
{
    std::multiset<std::string> seen;
    const auto note = [](void *ctx, const hash_field *f) {
        static_cast<std::multiset<std::string> *>(ctx)->insert(text(f->name));
    };
    uint64_t cursor = 0;
    int round = 0;
    do {
        value v = k.get();
        cursor = hash_scan(&v, cursor, 20, NOW + 1, note, &seen);
        // Meanwhile it grows and shrinks.
        for (int i = 0; i < 60; i++)
            set(k, "more:" + std::to_string(round * 60 + i), "v", NONE);
        for (int i = 2500; round > 20 && i < 2600; i++) {
            hash_was was;
            const std::string name = "field:" + std::to_string(i + 100 * (round - 21));
            k.edit([&](value_edit *e) { return hash_delete(e, of(name), &was); });
        }
        round++;
    } while (cursor != 0);
    for (int i = 0; i < 2500; i++) {
        const bool gone = i == 0; // the next is due in 6 ms
        EXPECT_EQ(seen.count("field:" + std::to_string(i)), gone ? 0u : 1u) << i;
    }
    for (const std::string &name : seen)
        EXPECT_EQ(seen.count(name), 1u) << name;
}

TEST_F(HashTable, ManyAreLookedUpSideBySide)
{
    std::vector<std::string> names;
    for (int i = 0; i < 100; i++)
        names.push_back("field:" + std::to_string(i * 97 % 6000));
    std::vector<bytes> words;
    for (const std::string &n : names)
        words.push_back(of(n));
    std::vector<std::optional<std::string>> got;
    const value v = k.get();
    hash_get_many(
        &v, words.data(), 100, NOW + 2000,
        [](void *ctx, const hash_value *value) {
            auto *out = static_cast<std::vector<std::optional<std::string>> *>(ctx);
            out->push_back(value ? std::optional(text(value->bytes)) : std::nullopt);
        },
        &got);
    ASSERT_EQ(got.size(), 100u);
    for (size_t i = 0; i < 100; i++) {
        const auto at = m.find(names[i]);
        const bool there =
            at != m.end() && (at->second.deadline == NONE || at->second.deadline > NOW + 2000);
        ASSERT_EQ(got[i].has_value(), there) << names[i];
        if (there) {
            EXPECT_EQ(*got[i], at->second.value);
        }
    }
}

// --- picks
// ---------------------------------------------------------------------------------------

struct Picks {
    std::map<std::string, int> times;
    static void note(void *ctx, const hash_field *f)
    {
        static_cast<Picks *>(ctx)->times[text(f->name)]++;
    }
    int total() const
    {
        int n = 0;
        for (const auto &[name, t] : times)
            n += t;
        return n;
    }
};

class HashPick : public Hash, public ::testing::WithParamInterface<uint64_t>
{
  protected:
    // 100 fields, a fifth of which is due.
    HashPick()
    {
        rng_seed(&rng, 7);
        limits.hash_max_listpack_entries = GetParam();
        for (int i = 0; i < 100; i++)
            set(k, "f" + std::to_string(i), "v", i < 20 ? NOW - 1 - i : i < 40 ? NOW + 500 : NONE);
    }

    struct rng rng;
    KeptValue k{TYPE_HASH, &limits};
};

TEST_P(HashPick, EveryFieldIsAsLikely)
{
    const value v = k.get();
    for (const bool distinct : {false, true}) {
        Picks p;
        for (int i = 0; i < 2000; i++)
            hash_pick(&v, 4, distinct, NOW, &rng, Picks::note, &p);
        for (int i = 0; i < 20; i++)
            EXPECT_EQ(p.times.count("f" + std::to_string(i)), 0u) << "due: " << i;
        EXPECT_EQ(p.total(), 8000);
        // 100 are expected; five deviations of ten.
        for (int i = 20; i < 100; i++)
            EXPECT_NEAR(p.times["f" + std::to_string(i)], 100, 50) << i << ", " << distinct;
    }
}

TEST_P(HashPick, AsManyAsAreAsked)
{
    const value v = k.get();
    for (const uint64_t n : {0, 1, 2, 5, 26, 27, 40, 79, 80, 81, 1000}) {
        Picks repeating, distinct;
        hash_pick(&v, n, false, NOW, &rng, Picks::note, &repeating);
        EXPECT_EQ(repeating.total(), static_cast<int>(n));
        hash_pick(&v, n, true, NOW, &rng, Picks::note, &distinct);
        EXPECT_EQ(distinct.times.size(), std::min<uint64_t>(n, 80));
        EXPECT_EQ(distinct.total(), static_cast<int>(std::min<uint64_t>(n, 80)));
    }
}

TEST_P(HashPick, NothingOrHardlyAnythingExists)
{
    for (int i = 40; i < 100; i++)
        ASSERT_EQ(expire(k, "f" + std::to_string(i), NOW - 1), LK_OK);
    const value v = k.get();
    for (const uint64_t n : {1, 3, 50}) {
        Picks last, none;
        hash_pick(&v, n, false, NOW + 500, &rng, Picks::note, &last);
        EXPECT_EQ(last.total(), static_cast<int>(n));
        hash_pick(&v, n, false, NOW + 501, &rng, Picks::note, &none);
        hash_pick(&v, n, true, NOW + 501, &rng, Picks::note, &none);
        EXPECT_EQ(none.total(), 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Types, HashPick, ::testing::Values(512, 0), [](const auto &row) {
    return std::string(row.param ? "Packed" : "Table");
});

// --- for digests
// ---------------------------------------------------------------------------------

TEST_F(Hash, IsDescribedAlikeInEveryEncoding)
{
    const auto told = [](const value &v) {
        std::pair<std::set<std::string>, std::string> out;
        hash_type_ops.describe(
            &v,
            [](void *ctx, bytes piece, describe_end ends) {
                auto *o = static_cast<std::pair<std::set<std::string>, std::string> *>(ctx);
                o->second += text(piece);
                if (ends != DESCRIBE_PIECE)
                    o->second += "|";
                if (ends == DESCRIBE_ELEMENT) {
                    o->first.insert(o->second);
                    o->second.clear();
                }
            },
            &out);
        return out.first;
    };
    const std::set<std::string> want = {"a|1|", "b|x|", "|0|"};
    for (const char *kind : {"listpack", "listpackex", "hashtable"}) {
        KeptValue k(TYPE_HASH, &limits);
        limits.hash_max_listpack_entries = *kind == 'h' ? 0 : 512;
        set(k, "a", "1", NONE);
        set(k, "b", "x", std::string(kind) == "listpackex" ? NOW : NONE);
        set(k, "", "0", NONE);
        EXPECT_EQ(encoding(k.get()), kind);
        EXPECT_EQ(told(k.get()), want);
    }
}

} // namespace
