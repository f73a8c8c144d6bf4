#include "core/base/bytes.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

int sign(int v)
{
    return (v > 0) - (v < 0);
}

// Every pair of short words over three bytes: the same answer as bytes_equal.
TEST(Bytes, ComparesSecretsWhole)
{
    std::vector<std::string> words = {""};
    for (size_t i = 0; words[i].size() < 4; i++) {
        for (const char c : {'\0', 'a', '\xff'})
            words.push_back(words[i] + c);
    }
    for (const std::string &a : words) {
        for (const std::string &b : words)
            ASSERT_EQ(bytes_equal_secret(of(a), of(b)), a == b) << a.size() << " " << b.size();
    }
}

// The order is that of unsigned bytes, a prefix before what it begins, NUL a byte as any.
TEST(Bytes, ComparesAsUnsignedBytes)
{
    const std::vector<std::string> ascending = {"",
                                                std::string(1, '\0'),
                                                std::string("\0a", 2),
                                                "A",
                                                "a",
                                                "a\x01",
                                                "ab",
                                                "b",
                                                "\x7f",
                                                "\x80",
                                                "\xff",
                                                "\xff\xff"};
    for (size_t i = 0; i < ascending.size(); i++)
        for (size_t j = 0; j < ascending.size(); j++) {
            const int want = (i > j) - (i < j);
            EXPECT_EQ(sign(bytes_compare(of(ascending[i]), of(ascending[j]))), want)
                << i << " " << j;
            EXPECT_EQ(bytes_equal(of(ascending[i]), of(ascending[j])), i == j);
        }
}

TEST(Bytes, EmptyRunsNeedNoPointer)
{
    EXPECT_EQ(bytes_compare(bytes_of(nullptr, 0), bytes_of(nullptr, 0)), 0);
    EXPECT_TRUE(bytes_equal(bytes_of(nullptr, 0), bytes_cstr("")));
    EXPECT_LT(bytes_compare(bytes_of(nullptr, 0), bytes_cstr("a")), 0);
    EXPECT_TRUE(bytes_is_word(bytes_of(nullptr, 0), ""));
}

TEST(Bytes, WordsFoldOnlyAsciiLetters)
{
    EXPECT_TRUE(bytes_is_word(bytes_cstr("GeT"), "get"));
    EXPECT_FALSE(bytes_is_word(bytes_cstr("ge"), "get"));
    EXPECT_FALSE(bytes_is_word(bytes_cstr("gets"), "get"));
    EXPECT_FALSE(bytes_is_word(bytes_cstr(""), "get"));
    EXPECT_FALSE(bytes_is_word(of(std::string("get\0", 4)), "get"));
    EXPECT_TRUE(bytes_is_word(bytes_cstr("CONFIG|SET"), "config|set"));
    // Bit 5 makes '[' of '{' and '@' of '`', which are no letters.
    EXPECT_FALSE(bytes_is_word(bytes_cstr("["), "{"));
    EXPECT_FALSE(bytes_is_word(bytes_cstr("@"), "`"));
}

} // namespace
