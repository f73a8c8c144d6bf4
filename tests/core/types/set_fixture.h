// Sets beside std::set, and ways to read them.
#ifndef TESTS_CORE_TYPES_SET_FIXTURE_H
#define TESTS_CORE_TYPES_SET_FIXTURE_H

#include "core/types/set_gather.h"
#include "core/types/set_walk.h"
#include "tests/core/types/kept_value.h"

#include <cstdlib>
#include <random>
#include <set>
#include <string>

using Model = std::set<std::string>;

inline bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

inline type_limits set_limits(uint64_t ints, uint64_t entries, uint64_t value)
{
    type_limits l{};
    l.set_max_intset_entries = ints;
    l.set_max_listpack_entries = entries;
    l.set_max_listpack_value = value;
    return l;
}

inline std::string text_of(const set_member *m)
{
    char digits[INT64_CHARS];
    const bytes b = set_member_text(m, digits);
    return std::string(b.data, b.size);
}

// Collects visited members and sees to it that none comes twice.
inline void collect(void *ctx, const set_member *m)
{
    EXPECT_TRUE(static_cast<Model *>(ctx)->insert(text_of(m)).second) << "twice: " << text_of(m);
}

inline Model members(const value &v)
{
    Model out;
    set_each(&v, collect, &out);
    return out;
}

class KeptSet : public KeptValue
{
  public:
    explicit KeptSet(const type_limits *limits) : KeptValue(TYPE_SET, limits)
    {
    }

    // With the reply of set_add, and whether it was new in *added.
    int try_add(const std::string &m, bool *added)
    {
        return edit([&](value_edit *e) { return set_add(e, of(m), added); });
    }
    bool add(const std::string &m)
    {
        bool added = false;
        EXPECT_EQ(try_add(m, &added), LK_OK);
        return added;
    }
    bool remove(const std::string &m)
    {
        return edit([&](value_edit *e) { return set_remove(e, of(m)); });
    }
    void expect(const std::string &first, uint64_t more)
    {
        EXPECT_EQ(edit([&](value_edit *e) { return set_expect(e, of(first), more); }), LK_OK);
    }
    Model take(uint64_t n, rng *r)
    {
        Model out;
        edit([&](value_edit *e) {
            set_take(e, n, r, collect, &out);
            return 0;
        });
        EXPECT_EQ(out.size(), n);
        return out;
    }
    std::string encoding() const
    {
        const value v = get();
        return set_type_ops.encoding_name(&v);
    }
    // Every invariant of the table, if it is one.
    void check() const
    {
        const value v = get();
        if (v.encoding == ENC_TABLE)
            table_check(static_cast<const table *>(v.as.root));
    }
};

#endif
