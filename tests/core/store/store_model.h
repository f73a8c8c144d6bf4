// store_model.h — the keyspace without commands: keys as plain data, read straight from the tables.
#ifndef LK_TESTS_STORE_MODEL_H
#define LK_TESTS_STORE_MODEL_H

#include "core/store/shard_write.h"
#include "core/types/hash.h"
#include "core/types/str.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <utility>

namespace store_model
{

constexpr int64_t NOW = 1'700'000'000'000;

inline bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

inline std::string str(bytes b)
{
    return std::string(b.data, b.size);
}

// Fixed unless LATCHKEY_SEED says otherwise, so that a failure can be had again.
inline uint64_t test_seed()
{
    const char *given = std::getenv("LATCHKEY_SEED");
    const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 20240229;
    ::testing::Test::RecordProperty("seed", std::to_string(seed));
    return seed;
}

using Place = std::pair<uint32_t, std::string>; // database, key

struct Field {
    std::string value;
    int64_t deadline;
};

// What a key is bound to: a string, or a hash if there are fields.
struct Item {
    std::string text;
    std::map<std::string, Field> fields;
    int64_t deadline = ENTRY_NO_DEADLINE;
    uint32_t lru = 0;

    // The earliest deadline among the fields.
    int64_t inner() const
    {
        int64_t least = ENTRY_NO_DEADLINE;
        for (const auto &[name, field] : fields)
            if (field.deadline >= 0 && (least < 0 || field.deadline < least))
                least = field.deadline;
        return least;
    }
    std::string show() const
    {
        std::ostringstream out;
        out << "deadline " << deadline << " use " << lru << ' ';
        if (fields.empty())
            out << text.size() << " bytes " << std::hash<std::string>{}(text);
        for (const auto &[name, field] : fields)
            out << name << '=' << field.value << '@' << field.deadline << ';';
        return out.str();
    }
};

inline Item item_of(const entry *e)
{
    Item out;
    value v;
    value_of_entry(e, &v);
    out.deadline = entry_deadline(e);
    out.lru = entry_lru(e);
    if (v.type == TYPE_HASH) {
        hash_each(
            &v, -1,
            [](void *ctx, const hash_field *f) {
                static_cast<Item *>(ctx)->fields[str(f->name)] = {str(f->value), f->deadline_ms};
            },
            &out);
    } else {
        buf scratch{};
        out.text = str(str_bytes(&v, &scratch));
        buf_release(&scratch);
    }
    return out;
}

using Shown = std::map<Place, std::string>;
using Model = std::map<Place, Item>;

inline Shown show(const Model &m)
{
    Shown out;
    for (const auto &[place, item] : m)
        out[place] = item.show();
    return out;
}

inline std::string difference(const Shown &got, const Shown &want)
{
    std::ostringstream out;
    for (const auto &[place, item] : want)
        if (const auto at = got.find(place); at == got.end())
            out << place.first << ':' << place.second << " is missing: " << item << '\n';
        else if (at->second != item)
            out << place.first << ':' << place.second << " should be " << item << "\n  and is "
                << at->second << '\n';
    for (const auto &[place, item] : got)
        if (!want.count(place))
            out << place.first << ':' << place.second << " should not be there\n";
    return out.str().substr(0, 2000);
}

// A keyspace and the locks that its calls ask for.
class Keys
{
  public:
    explicit Keys(uint32_t shards, uint32_t databases = 4)
    {
        table_due_base(NOW);
        limits.hash_max_listpack_entries = 4;
        limits.hash_max_listpack_value = 64;
        ks = keyspace_new(shards, databases);
    }
    Keys(const Keys &) = delete;
    ~Keys()
    {
        keyspace_free(ks);
    }

    shard *shard_of(const std::string &key) const
    {
        return keyspace_shard(ks, keyspace_hash(ks, of(key)));
    }
    place find(uint32_t db, const std::string &key) const
    {
        place at;
        const bool there = shard_find(ks, db, of(key), keyspace_hash(ks, of(key)), &at);
        EXPECT_EQ(there, at.entry != nullptr);
        return at;
    }

    // f(place *) under the lock of the key's shard.
    template <class F> auto at(uint32_t db, const std::string &key, F f)
    {
        shard *s = shard_of(key);
        shard_lock(s);
        place p = find(db, key);
        struct Unlock {
            shard *s;
            ~Unlock()
            {
                shard_unlock(s);
            }
        } unlock{s};
        return f(&p);
    }
    int put(uint32_t db, const std::string &key, const std::string &text,
            int64_t deadline = ENTRY_NO_DEADLINE, uint32_t lru = 0)
    {
        return at(db, key, [&](place *p) {
            value v;
            str_from_bytes(of(text), &v);
            return shard_put(p, &v, deadline, lru);
        });
    }
    int set_field(uint32_t db, const std::string &key, const std::string &name,
                  const std::string &text, int64_t deadline = ENTRY_NO_DEADLINE)
    {
        return edit(db, key, [&](value_edit *e) {
            hash_was was;
            return hash_set(e, of(name), of(text), deadline, &was);
        });
    }
    // f(value_edit *) returns a status; what fails has changed nothing.
    template <class F> int edit(uint32_t db, const std::string &key, F f)
    {
        return at(db, key, [&](place *p) {
            place_edit e{};
            e.edit.limits = &limits;
            int rc = shard_edit(p, &e);
            if (rc != LK_OK)
                return rc;
            rc = f(&e.edit);
            shard_edit_end(&e, rc == LK_OK);
            return rc;
        });
    }
    // An empty hash: what the first field comes into.
    int put_hash(uint32_t db, const std::string &key)
    {
        return at(db, key, [&](place *p) {
            value v;
            type_ops_get(TYPE_HASH)->empty(&v);
            return shard_put(p, &v, ENTRY_NO_DEADLINE, 0);
        });
    }
    void remove(uint32_t db, const std::string &key, dispose how = DISPOSE_NOW)
    {
        at(db, key, [&](place *p) { shard_remove(p, how); });
    }
    int move(uint32_t from_db, const std::string &from, uint32_t to_db, const std::string &to)
    {
        shard *a = shard_of(from), *b = shard_of(to);
        if (b < a)
            std::swap(a, b);
        shard_lock(a);
        if (a != b) {
            EXPECT_TRUE(shard_try_lock(b));
        }
        place source = find(from_db, from), target = find(to_db, to);
        const int rc = shard_move(&source, &target);
        if (rc == LK_OK) {
            EXPECT_EQ(source.shard, nullptr);
            EXPECT_EQ(target.shard, nullptr);
        }
        shard_unlock(a);
        if (a != b)
            shard_unlock(b);
        return rc;
    }

    // Everything, with every invariant of the tables checked on the way.
    Shown dump() const
    {
        Shown shown;
        for (uint32_t i = 0; i < ks->count; i++)
            for (uint32_t j = 0; j < shard_db_count(&ks->shards[i]); j++) {
                const shard_db db = shard_db_at(&ks->shards[i], j);
                uint32_t own = 0, inner = 0;
                table_iter it;
                table_check(db.table);
                for (entry *e = table_iter_first(&it, db.table); e; e = table_iter_next(&it)) {
                    const Item item = item_of(e);
                    own += item.deadline >= 0;
                    inner += item.inner() >= 0;
                    EXPECT_TRUE(shown.emplace(Place{db.db, str(entry_key(e))}, item.show()).second);
                }
                EXPECT_EQ(db.table->own, own);
                EXPECT_EQ(db.table->inner, inner);
            }
        return shown;
    }

    type_limits limits{};
    keyspace *ks;
};

} // namespace store_model

#endif
