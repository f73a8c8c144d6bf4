// The subsequence is common, as long as any, and the places spell it.
#include "core/cmd/string/lcs.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

size_t longest(const std::string &a, const std::string &b)
{
    std::vector<std::vector<size_t>> t(a.size() + 1, std::vector<size_t>(b.size() + 1));
    for (size_t i = 1; i <= a.size(); i++)
        for (size_t j = 1; j <= b.size(); j++)
            t[i][j] =
                a[i - 1] == b[j - 1] ? t[i - 1][j - 1] + 1 : std::max(t[i - 1][j], t[i][j - 1]);
    return t[a.size()][b.size()];
}

// Both strings read at the matches, from the last match to the first.
void check_places(const lcs &l, const std::string &a, const std::string &b)
{
    std::string spelt;
    for (size_t i = l.match_count; i-- > 0;) {
        const lcs_match &m = l.matches[i];
        ASSERT_LE(m.a_first, m.a_last);
        const size_t n = m.a_last - m.a_first + 1;
        ASSERT_EQ(m.b_last - m.b_first + 1, n);
        EXPECT_EQ(a.substr(m.a_first, n), b.substr(m.b_first, n));
        spelt += a.substr(m.a_first, n);
    }
    EXPECT_EQ(spelt, std::string(l.text ? l.text : "", l.length));
}

TEST(Lcs, OfTextbookStrings)
{
    lcs l;
    ASSERT_EQ(lcs_init(&l, bytes_cstr("ohmytext"), bytes_cstr("mynewtext")), LK_OK);
    EXPECT_EQ(std::string(l.text, l.length), "mytext");
    ASSERT_EQ(l.match_count, 2u);
    EXPECT_EQ(l.matches[0].a_first, 4u);
    EXPECT_EQ(l.matches[0].a_last, 7u);
    EXPECT_EQ(l.matches[0].b_first, 5u);
    EXPECT_EQ(l.matches[1].a_first, 2u);
    EXPECT_EQ(l.matches[1].b_last, 1u);
    lcs_release(&l);
}

TEST(Lcs, OfNothingIsNothing)
{
    lcs l;
    for (const auto &[a, b] :
         {std::pair<const char *, const char *>{"", ""}, {"a", ""}, {"", "a"}, {"abc", "xyz"}}) {
        ASSERT_EQ(lcs_init(&l, bytes_cstr(a), bytes_cstr(b)), LK_OK);
        EXPECT_EQ(l.length, 0u);
        EXPECT_EQ(l.match_count, 0u);
        lcs_release(&l);
    }
}

TEST(Lcs, IsAsLongAsTheTableSays)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    for (int round = 0; round < 300; round++) {
        std::string a(rng() % 150, ' '), b(rng() % 150, ' ');
        const unsigned letters = 1 + rng() % 5;
        for (char &c : a)
            c = static_cast<char>('a' + rng() % letters);
        for (char &c : b)
            c = static_cast<char>('a' + rng() % letters);
        lcs l;
        ASSERT_EQ(lcs_init(&l, of(a), of(b)), LK_OK);
        EXPECT_EQ(l.length, longest(a, b)) << a << " " << b;
        check_places(l, a, b);
        lcs_release(&l);
    }
}

} // namespace
