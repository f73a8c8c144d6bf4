// The words of SET and GETEX, and the deadlines they mean.
#include "core/cmd/engine/deadline.h"
#include "core/cmd/string/string_options.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace
{

struct Case {
    const char *words;
    unsigned allowed;
    int want;
    unsigned given;
};

class StringOptions : public ::testing::TestWithParam<Case>
{
};

TEST_P(StringOptions, AreTakenOrRefused)
{
    std::istringstream in(GetParam().words);
    std::vector<std::string> words{"set", "k", "v"};
    for (std::string w; in >> w;)
        words.push_back(w);
    std::vector<bytes> v;
    for (const std::string &w : words)
        v.push_back(bytes_of(w.data(), w.size()));
    const args a = {v.data(), static_cast<uint32_t>(v.size())};
    string_options o;
    EXPECT_EQ(string_options_parse(&a, 3, GetParam().allowed, &o), GetParam().want)
        << GetParam().words;
    if (GetParam().want == LK_OK) {
        EXPECT_EQ(o.given, GetParam().given) << GetParam().words;
    }
}

const Case cases[] = {
    {"", OPTIONS_OF_SET, LK_OK, 0},
    {"nx", OPTIONS_OF_SET, LK_OK, OPTION_NX},
    {"NX nX", OPTIONS_OF_SET, LK_OK, OPTION_NX},
    {"nx xx", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"xx ifeq a", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"ifeq a nx", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"ifeq", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"ifeq a get keepttl", OPTIONS_OF_SET, LK_OK, OPTION_IFEQ | OPTION_GET | OPTION_KEEPTTL},
    {"get nx px 10", OPTIONS_OF_SET, LK_OK, OPTION_GET | OPTION_NX | OPTION_PX},
    {"ex 10 ex 20", OPTIONS_OF_SET, LK_OK, OPTION_EX},
    {"ex 10 px 20", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"exat 10 keepttl", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"keepttl pxat 1", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"ex", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"persist", OPTIONS_OF_SET, LK_ESYNTAX, 0},
    {"persist", OPTIONS_OF_GETEX, LK_OK, OPTION_PERSIST},
    {"persist ex 1", OPTIONS_OF_GETEX, LK_ESYNTAX, 0},
    {"get", OPTIONS_OF_GETEX, LK_ESYNTAX, 0},
    {"keepttl", OPTIONS_OF_GETEX, LK_ESYNTAX, 0},
    {"pxat 5", OPTIONS_OF_GETEX, LK_OK, OPTION_PXAT},
    {"word", OPTIONS_OF_SET, LK_ESYNTAX, 0},
};
INSTANTIATE_TEST_SUITE_P(Words, StringOptions, ::testing::ValuesIn(cases));

TEST(StringOptions, KeepTheLastNumberAndItsForm)
{
    const bytes v[] = {bytes_cstr("getex"), bytes_cstr("k"),    bytes_cstr("exat"),
                       bytes_cstr("7"),     bytes_cstr("EXAT"), bytes_cstr("8")};
    const args a = {v, 6};
    string_options o;
    ASSERT_EQ(string_options_parse(&a, 2, OPTIONS_OF_GETEX, &o), LK_OK);
    EXPECT_TRUE(bytes_equal(o.when, bytes_cstr("8")));
    EXPECT_EQ(o.form, static_cast<unsigned>(DEADLINE_SECONDS | DEADLINE_ABSOLUTE));
}

TEST(Deadline, IsConvertedHeldOrRefused)
{
    const int64_t now = 1'700'000'000'000;
    int64_t ms = 0;
    EXPECT_EQ(deadline_from_number(10, DEADLINE_SECONDS, now, &ms), LK_OK);
    EXPECT_EQ(ms, now + 10'000);
    EXPECT_EQ(deadline_from_number(10, 0, now, &ms), LK_OK);
    EXPECT_EQ(ms, now + 10);
    EXPECT_EQ(deadline_from_number(10, DEADLINE_SECONDS | DEADLINE_ABSOLUTE, now, &ms), LK_OK);
    EXPECT_EQ(ms, 10'000);
    EXPECT_EQ(deadline_from_number(-5 - now, 0, now, &ms), LK_OK);
    EXPECT_EQ(ms, 0) << "before 1970";
    EXPECT_EQ(deadline_from_number(INT64_MIN, 0, now, &ms), LK_OK);
    EXPECT_EQ(ms, 0);
    EXPECT_EQ(deadline_from_number(INT64_MAX, DEADLINE_ABSOLUTE, now, &ms), LK_OK);
    EXPECT_EQ(ms, ENTRY_DEADLINE_MAX);
    EXPECT_EQ(deadline_from_number(INT64_MAX, 0, now, &ms), LK_EEXPIRE);
    EXPECT_EQ(deadline_from_number(INT64_MAX, DEADLINE_SECONDS, now, &ms), LK_EEXPIRE);
    EXPECT_EQ(deadline_from_number(INT64_MIN, DEADLINE_SECONDS, now, &ms), LK_EEXPIRE);
    EXPECT_EQ(deadline_from_word(bytes_cstr("0"), 0, now, &ms), LK_EEXPIRE);
    EXPECT_EQ(deadline_from_word(bytes_cstr("-1"), 0, now, &ms), LK_EEXPIRE);
    EXPECT_EQ(deadline_from_word(bytes_cstr("1x"), 0, now, &ms), LK_ENOTINT);
}

} // namespace
