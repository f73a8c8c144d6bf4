// Intsets have the published bytes and behave as std::set does.
#include "core/ds/intset.h"
#include "tests/support/seed.h"

#include "tests/core/ds/view_model.h"

#include <set>
#include <string>

namespace
{

std::string hex(const unsigned char *set)
{
    static const char digits[] = "0123456789abcdef";
    std::string out;
    for (size_t i = 0; i < intset_bytes(set); i++) {
        out += digits[set[i] >> 4];
        out += digits[set[i] & 15];
    }
    return out;
}

// The bytes a Redis 7.0 server puts into DUMP.
TEST(Intset, HasThePublishedBytes)
{
    unsigned char *set = intset_new();
    for (int v : {5, -3, 7})
        EXPECT_TRUE(intset_add(&set, v));
    EXPECT_EQ(hex(set), "0200000003000000fdff05000700");
    EXPECT_TRUE(intset_add(&set, 40000));
    EXPECT_EQ(hex(set), "0400000004000000fdffffff0500000007000000409c0000");
    EXPECT_TRUE(intset_add(&set, -5000000000));
    EXPECT_EQ(hex(set), "0800000005000000000efad5fefffffffdffffffffffffff"
                        "05000000000000000700000000000000409c000000000000");
    EXPECT_TRUE(intset_remove(&set, -5000000000));
    EXPECT_EQ(hex(set), "0800000004000000fdffffffffffffff"
                        "05000000000000000700000000000000409c000000000000");
    intset_free(set);
}

// Inside a larger block: the bytes around it stay as they are.
TEST(Intset, ChangesInPlace)
{
    std::string block(200, '#');
    unsigned char *set = reinterpret_cast<unsigned char *>(block.data()) + 3;
    intset_init_in_place(set);
    std::set<int64_t> model;
    for (const int64_t v : {5, -3, 7, 40000, -5, 70000}) {
        size_t index;
        ASSERT_FALSE(intset_find(set, v, &index));
        const size_t bytes = intset_bytes_with(set, v);
        intset_insert_in_place(set, index, v);
        EXPECT_EQ(intset_bytes(set), bytes);
        model.insert(v);
    }
    EXPECT_EQ(intset_bytes_with(set, 1), intset_bytes(set) + 4);
    EXPECT_EQ(intset_bytes_with(set, INT64_MAX), INTSET_EMPTY_BYTES + 7 * 8u);
    for (const size_t index : {5u, 0u, 2u}) {
        model.erase(intset_get(set, index));
        intset_delete_in_place(set, index);
    }
    ASSERT_EQ(intset_count(set), model.size());
    size_t i = 0;
    for (const int64_t v : model)
        EXPECT_EQ(intset_get(set, i++), v);
    EXPECT_TRUE(intset_validate(set, intset_bytes(set)));
    EXPECT_EQ(block.substr(0, 3), "###");
    EXPECT_EQ(block.substr(3 + INTSET_EMPTY_BYTES + 6 * 4), std::string(165, '#'));
}

TEST(Intset, MatchesStdSet)
{
    const uint64_t seed = test_seed();
    const size_t used = mem_used();
    for (uint64_t round = 0; round < 30; round++) {
        std::mt19937_64 rng(seed + round);
        struct rng own;
        rng_seed(&own, seed + round);
        unsigned char *set = intset_new();
        std::set<int64_t> model;
        for (int step = 0; step < 600; step++) {
            // Widths grow step by step, and the borders of each width come up.
            const int bits = 1 + static_cast<int>(rng() % (step < 200 ? 7 : step < 400 ? 31 : 64));
            int64_t v = static_cast<int64_t>(rng()) >> (64 - bits);
            if (step > 400 && rng() % 20 == 0)
                v = rng() % 2 ? INT64_MIN : INT64_MAX;
            if (rng() % 3 == 0)
                EXPECT_EQ(intset_remove(&set, v), model.erase(v) == 1);
            else
                EXPECT_EQ(intset_add(&set, v), model.insert(v).second);
            ASSERT_TRUE(intset_validate(set, intset_bytes(set)));
            ASSERT_EQ(intset_count(set), model.size());
            size_t i = 0, at = 0;
            for (int64_t want : model) {
                ASSERT_EQ(intset_get(set, i), want);
                ASSERT_TRUE(intset_find(set, want, &at));
                ASSERT_EQ(at, i++);
            }
            EXPECT_EQ(intset_find(set, v, &at), model.count(v) == 1);
            EXPECT_EQ(at, static_cast<size_t>(std::distance(model.begin(), model.lower_bound(v))));
            if (!model.empty()) {
                EXPECT_EQ(intset_min(set), *model.begin());
                EXPECT_EQ(intset_max(set), *model.rbegin());
                EXPECT_EQ(model.count(intset_random(set, &own)), 1u);
            }
        }
        unsigned char *copy = intset_clone(set);
        EXPECT_EQ(hex(copy), hex(set));
        intset_free(copy);
        intset_free(set);
    }
    EXPECT_EQ(mem_used(), used) << "leaked";
}

TEST(Intset, ValidateRefuses)
{
    const struct {
        const char *name;
        std::vector<unsigned char> bytes;
        bool want;
    } rows[] = {
        {"empty", {2, 0, 0, 0, 0, 0, 0, 0}, true},
        {"one", {2, 0, 0, 0, 1, 0, 0, 0, 9, 9}, true},
        {"no header", {2, 0, 0, 0, 0, 0, 0}, false},
        {"width 3", {3, 0, 0, 0, 0, 0, 0, 0}, false},
        {"width 0", {0, 0, 0, 0, 0, 0, 0, 0}, false},
        {"short", {2, 0, 0, 0, 2, 0, 0, 0, 9, 9}, false},
        {"long", {2, 0, 0, 0, 1, 0, 0, 0, 9, 9, 9}, false},
        {"count wraps", {8, 0, 0, 0, 0, 0, 0, 0x20}, false},
        {"twice", {2, 0, 0, 0, 2, 0, 0, 0, 9, 9, 9, 9}, false},
        {"descending", {2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0}, false},
        {"signed order", {2, 0, 0, 0, 2, 0, 0, 0, 0xff, 0xff, 0, 0}, true},
    };
    for (const auto &row : rows)
        EXPECT_EQ(intset_validate(row.bytes.data(), row.bytes.size()), row.want) << row.name;
}

} // namespace
