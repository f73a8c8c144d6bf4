// Orders against std::sort, whole and in part, and what ties are told.
#include "core/ds/order.h"
#include "tests/support/seed.h"

#include "tests/core/ds/view_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace
{

TEST(Order, KeysOfDoublesRiseWithThem)
{
    const double inf = std::numeric_limits<double>::infinity();
    const double v[] = {-inf,   -1e308, -2.5, -1,  -1e-308, -5e-324, 0,
                        5e-324, 1e-308, 1,    2.5, 1e308,   inf};
    for (size_t i = 1; i < sizeof v / sizeof *v; i++)
        EXPECT_LT(order_key_of_double(v[i - 1]), order_key_of_double(v[i])) << v[i];
    EXPECT_EQ(order_key_of_double(-0.0), order_key_of_double(0.0));
}

TEST(Order, KeysOfBytesAreTheFirstEight)
{
    const auto key = [](const std::string &s) { return order_key_of_bytes(s.data(), s.size()); };
    const std::string v[] = {"", "a", "a1", "aaaaaaaa", "aaaaaaab", "b", "\x7f", "\x80", "\xff"};
    for (size_t i = 1; i < sizeof v / sizeof *v; i++)
        EXPECT_LT(key(v[i - 1]), key(v[i])) << v[i];
    EXPECT_EQ(key("aaaaaaaab"), key("aaaaaaaac"));
    EXPECT_EQ(key("a"), key(std::string("a\0", 2)));
}

struct Told {
    std::vector<order_item> *v;
    size_t from, to, groups = 0;
};

// Ties are put in the order of their indices; all of a key come at once, with the wanted places.
void by_index(void *ctx, order_item *v, size_t n, size_t from, size_t to)
{
    Told *told = static_cast<Told *>(ctx);
    const size_t at = static_cast<size_t>(v - told->v->data());
    ASSERT_GE(n, 2u);
    ASSERT_LT(from, to);
    ASSERT_LE(to, n);
    EXPECT_EQ(at + from, std::max(at, told->from));
    EXPECT_EQ(at + to, std::min(at + n, told->to));
    for (size_t i = 1; i < n; i++)
        EXPECT_EQ(v[i].key, v[0].key);
    EXPECT_EQ(std::count_if(told->v->begin(), told->v->end(),
                            [&](const order_item &i) { return i.key == v[0].key; }),
              static_cast<ptrdiff_t>(n));
    std::sort(v, v + n, [](auto &a, auto &b) { return a.index < b.index; });
    told->groups++;
}

struct Shape {
    const char *name;
    uint64_t (*key)(std::mt19937_64 &rng, size_t i, size_t n);
};

class OrderSort : public ::testing::TestWithParam<Shape>
{
};

TEST_P(OrderSort, WantedPlacesAreThoseOfTheWholeOrder)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    for (const size_t n : {0, 1, 2, 24, 25, 100, 255, 256, 1000, 5000})
        for (int round = 0; round < 8; round++) {
            std::vector<order_item> v(n);
            for (size_t i = 0; i < n; i++)
                v[i] = {GetParam().key(rng, i, n), static_cast<uint32_t>(i)};
            std::vector<order_item> want = v;
            std::sort(want.begin(), want.end(), [](auto &a, auto &b) {
                return a.key != b.key ? a.key < b.key : a.index < b.index;
            });
            size_t from = 0, to = n;
            if (round > 1) {
                from = rng() % (n + 1);
                to = from + rng() % (round % 2 ? std::min<size_t>(n - from, 12) + 1 : n - from + 1);
            }
            const bool with_ties = round % 4 != 3;
            Told told = {&v, from, to};
            order_sort(v.data(), n, from, to, with_ties ? by_index : nullptr, &told);
            for (size_t i = from; i < to; i++) {
                ASSERT_EQ(v[i].key, want[i].key) << n << " " << from << " " << to;
                if (with_ties) {
                    ASSERT_EQ(v[i].index, want[i].index) << n << " " << from << " " << to;
                }
            }
            // Nothing was lost.
            std::vector<bool> seen(n);
            for (const order_item &i : v)
                seen[i.index] = true;
            EXPECT_EQ(std::count(seen.begin(), seen.end(), true), static_cast<ptrdiff_t>(n));
        }
}

const Shape shapes[] = {
    {"Random", [](std::mt19937_64 &rng, size_t, size_t) { return static_cast<uint64_t>(rng()); }},
    {"SmallNumbers",
     [](std::mt19937_64 &rng, size_t, size_t) {
         return order_key_of_double(static_cast<double>(rng() % 1000) - 500);
     }},
    {"FewDifferent", [](std::mt19937_64 &rng, size_t, size_t) -> uint64_t { return rng() % 3; }},
    {"AllTheSame", [](std::mt19937_64 &, size_t, size_t) -> uint64_t { return 7; }},
    {"Sorted", [](std::mt19937_64 &, size_t i, size_t) -> uint64_t { return i; }},
    {"Reversed", [](std::mt19937_64 &, size_t i, size_t n) -> uint64_t { return n - i; }},
    {"OrganPipe",
     [](std::mt19937_64 &, size_t i, size_t n) -> uint64_t { return std::min(i, n - i); }},
};

INSTANTIATE_TEST_SUITE_P(Ds, OrderSort, ::testing::ValuesIn(shapes),
                         [](const auto &row) { return std::string(row.param.name); });

} // namespace
