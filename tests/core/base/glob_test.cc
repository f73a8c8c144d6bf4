#include "core/base/bytes.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

struct Row {
    const char *pattern, *text;
    bool fold, want;
};

std::ostream &operator<<(std::ostream &out, const Row &r)
{
    return out << r.pattern << " ~ " << r.text << (r.fold ? " folded" : "");
}

class Glob : public testing::TestWithParam<Row>
{
};

TEST_P(Glob, Matches)
{
    const Row &r = GetParam();
    EXPECT_EQ(bytes_match_glob(bytes_cstr(r.pattern), bytes_cstr(r.text), r.fold), r.want);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Glob,
    testing::Values(Row{"", "", false, true}, Row{"", "a", false, false}, Row{"*", "", false, true},
                    Row{"***", "", false, true}, Row{"*", "anything", false, true},
                    Row{"?", "", false, false}, Row{"?", "a", false, true},
                    Row{"?", "ab", false, false}, Row{"a*c", "abbbc", false, true},
                    Row{"a*c", "abbbcd", false, false}, Row{"a**c*", "ac", false, true},
                    Row{"*ab*ab", "ababab", false, true}, Row{"*abc", "ababc", false, true},
                    Row{"h[ae]llo", "hallo", false, true}, Row{"h[ae]llo", "hillo", false, false},
                    Row{"h[^e]llo", "hello", false, false}, Row{"h[^e]llo", "hbllo", false, true},
                    Row{"h[a-c]llo", "hbllo", false, true}, Row{"h[a-c]llo", "hdllo", false, false},
                    Row{"[z-a]", "m", false, true}, Row{"[]", "a", false, false},
                    Row{"[^]", "a", false, true}, Row{"[]a]", "a]", false, false},
                    Row{"[abc", "b", false, true}, Row{"[abc", "d", false, false},
                    Row{"[", "[", false, false}, Row{"[^", "a", false, true},
                    Row{"[a-]", "a", false, true},
                    Row{"[a-]", "_", false, true}, // a range up to ']', and no end
                    Row{"[a-", "-", false, true}, Row{"[\\]]", "]", false, true},
                    Row{"[\\^]", "^", false, true}, Row{"[^^]", "^", false, false},
                    Row{"a\\*c", "a*c", false, true}, Row{"a\\*c", "abc", false, false},
                    Row{"a\\", "a\\", false, true}, Row{"\\\\", "\\", false, true},
                    Row{"\\a", "a", false, true}, Row{"ABC*", "abcd", true, true},
                    Row{"ABC*", "abcd", false, false}, Row{"[A-C]x", "bX", true, true},
                    Row{"\\A", "a", true, true}, Row{"[\\A]", "a", true, false}));

TEST(GlobAny, NulIsAByte)
{
    const std::string text("a\0b", 3);
    EXPECT_TRUE(bytes_match_glob(of("a?b"), of(text), false));
    EXPECT_TRUE(bytes_match_glob(of(text), of(text), false));
    EXPECT_FALSE(bytes_match_glob(of("a"), of(text), false));
}

// Without a bound on the backtracking this would not end.
TEST(GlobAny, NestedStarsAreBounded)
{
    std::string pattern;
    for (int i = 0; i < 200; i++)
        pattern += "a*";
    EXPECT_FALSE(bytes_match_glob(of(pattern + "b"), of(std::string(5000, 'a')), false));
    EXPECT_TRUE(bytes_match_glob(of(pattern), of(std::string(5000, 'a')), false));
}

// The definition, without classes: a star is any run of bytes.
bool model(const char *p, const char *pe, const char *t, const char *te)
{
    if (p == pe)
        return t == te;
    if (*p == '*')
        return model(p + 1, pe, t, te) || (t != te && model(p, pe, t + 1, te));
    return t != te && (*p == '?' || *p == *t) && model(p + 1, pe, t + 1, te);
}

TEST(GlobAny, AgreesWithTheDefinition)
{
    const uint64_t seed = test_seed();
    std::mt19937 random(seed);
    const auto word = [&](const char *alphabet, size_t letters, size_t max) {
        std::string s;
        for (size_t n = random() % (max + 1); n > 0; n--)
            s += alphabet[random() % letters];
        return s;
    };
    for (int i = 0; i < 50000; i++) {
        const std::string p = word("ab?**", 5, 8), t = word("ab", 2, 10);
        const bool want = model(p.data(), p.data() + p.size(), t.data(), t.data() + t.size());
        EXPECT_EQ(bytes_match_glob(of(p), of(t), false), want) << p << " ~ " << t;
    }
}

// Whatever the bytes of a pattern, nothing outside it is read: both are exact heap blocks.
TEST(GlobAny, StaysInside)
{
    const uint64_t seed = test_seed();
    std::mt19937 random(seed);
    const char letters[] = "a[]^-\\*?";
    for (int i = 0; i < 20000; i++) {
        std::vector<char> p(random() % 7), t(random() % 4);
        for (char &c : p)
            c = letters[random() % 8];
        for (char &c : t)
            c = letters[random() % 8];
        const bool a = bytes_match_glob(bytes_of(p.data(), p.size()), bytes_of(t.data(), t.size()),
                                        random() % 2);
        (void)a;
    }
}

} // namespace
