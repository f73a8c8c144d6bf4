// A sorted set beside a std::map that says what it is to hold, and the checks of both.
#ifndef TESTS_CORE_TYPES_ZSET_FIXTURE_H
#define TESTS_CORE_TYPES_ZSET_FIXTURE_H

#include "core/types/zset_priv.h"
#include "tests/core/types/kept_value.h"

#include <cstdlib>
#include <map>
#include <random>
#include <string>

inline bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

inline std::string text(bytes b)
{
    return b.size ? std::string(b.data, b.size) : std::string();
}

using Element = std::pair<double, std::string>; // score, member

inline bool operator_less(const Element &a, const Element &b)
{
    return a.first != b.first ? a.first < b.first : a.second < b.second;
}

using Model = std::map<std::string, double>;

inline std::vector<Element> in_order(const Model &m)
{
    std::vector<Element> out;
    for (const auto &[member, score] : m)
        out.emplace_back(score, member);
    std::sort(out.begin(), out.end(), operator_less);
    return out;
}

inline std::vector<Element> all(const value &v, bool reverse = false)
{
    std::vector<Element> out;
    zset_iter it;
    const uint64_t n = zset_length(&v);
    bool on = n > 0 && zset_iter_at(&it, &v, reverse ? n - 1 : 0, reverse);
    for (; on; on = zset_iter_next(&it))
        out.emplace_back(it.score, text(it.member));
    return out;
}

// Asserts the invariants of the encoding.
inline void check(const value &v)
{
    if (v.encoding == ENC_LISTPACK) {
        const auto *lp = reinterpret_cast<const unsigned char *>(v.as.bytes.data);
        ASSERT_TRUE(listpack_validate(lp, v.as.bytes.size));
        ASSERT_TRUE(zset_packed_valid(lp));
        return;
    }
    const zset *z = zset_root(&v);
    ASSERT_STREQ(tree_check(z->order, zset_element_compare), nullptr);
    table_check(&z->members);
    ASSERT_EQ(tree_count(z->order), z->members.count);
    for (const auto &[score, member] : all(v)) {
        double got;
        ASSERT_TRUE(zset_tree_score(z, of(member), hash_bytes(of(member)), &got));
        ASSERT_EQ(got, score);
    }
}

inline void expect_equal(const value &v, const Model &m)
{
    check(v);
    const std::vector<Element> want = in_order(m);
    ASSERT_EQ(zset_length(&v), want.size());
    ASSERT_EQ(all(v), want);
    ASSERT_EQ(all(v, true), std::vector<Element>(want.rbegin(), want.rend()));
}

inline type_limits limits_of(uint64_t entries, uint64_t value_size)
{
    type_limits l{};
    l.zset_max_listpack_entries = entries;
    l.zset_max_listpack_value = value_size;
    return l;
}

inline zset_added add(KeptValue &k, const std::string &member, double score, unsigned flags = 0)
{
    zset_added out{};
    const int rc =
        k.edit([&](value_edit *e) { return zset_add(e, of(member), score, flags, &out); });
    EXPECT_EQ(rc, LK_OK);
    return out;
}

#endif
