#include "core/base/bytes.h"
#include "tests/support/seed.h"

#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string printed(int64_t v)
{
    char out[INT64_CHARS];
    return std::string(out, int64_to_chars(v, out));
}

TEST(Number, Int64IsTakenInOneFormOnly)
{
    const std::vector<std::string> good = {
        "0", "1", "-1", "10", "99", "9223372036854775807", "-9223372036854775808"};
    for (const std::string &s : good) {
        int64_t v = 0;
        EXPECT_TRUE(bytes_to_int64(of(s), &v)) << s;
        EXPECT_EQ(v, std::strtoll(s.c_str(), nullptr, 10));
        EXPECT_EQ(printed(v), s);
    }
    const std::vector<std::string> bad = {"",
                                          "-",
                                          "+1",
                                          "-0",
                                          "00",
                                          "01",
                                          "-01",
                                          " 1",
                                          "1 ",
                                          "1.0",
                                          "1e3",
                                          "0x1",
                                          "--1",
                                          "a",
                                          "1a",
                                          "9223372036854775808",
                                          "-9223372036854775809",
                                          "18446744073709551616",
                                          "99999999999999999999",
                                          "100000000000000000000",
                                          std::string("1\0", 2),
                                          "/",
                                          ":",
                                          "1:"};
    for (const std::string &s : bad) {
        int64_t v = 42;
        EXPECT_FALSE(bytes_to_int64(of(s), &v)) << s;
        EXPECT_EQ(v, 42) << "a refusal changes nothing";
    }
}

TEST(Number, Uint64)
{
    uint64_t v = 0;
    EXPECT_TRUE(bytes_to_uint64(bytes_cstr("18446744073709551615"), &v));
    EXPECT_EQ(v, UINT64_MAX);
    EXPECT_TRUE(bytes_to_uint64(bytes_cstr("0"), &v));
    EXPECT_EQ(v, 0u);
    for (const char *s : {"", "-1", "18446744073709551616", "18446744073709551620",
                          "28446744073709551615", "000", "184467440737095516150"})
        EXPECT_FALSE(bytes_to_uint64(bytes_cstr(s), &v)) << s;
}

TEST(Number, Int64PrintsAsTheLibraryDoes)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 random(seed);
    std::vector<int64_t> values = {0, INT64_MAX, INT64_MIN};
    for (int64_t p = 1; p <= INT64_MAX / 10; p *= 10)
        for (int64_t d : {-1, 0, 1}) {
            values.push_back(p + d);
            values.push_back(-(p + d));
        }
    for (int i = 0; i < 20000; i++)
        values.push_back((int64_t)(random() >> (random() % 64)));
    for (const int64_t v : values) {
        EXPECT_EQ(printed(v), std::to_string(v));
        int64_t back = 0;
        EXPECT_TRUE(bytes_to_int64(of(std::to_string(v)), &back));
        EXPECT_EQ(back, v);
    }
}

// These are what a reference server takes and refuses as a score.
TEST(Number, DoubleForms)
{
    const double inf = std::numeric_limits<double>::infinity();
    const std::vector<std::pair<std::string, double>> good = {
        {"3", 3},
        {"+5", 5},
        {"5.", 5},
        {".5", .5},
        {"-.0", -0.0},
        {"1e5", 1e5},
        {"1E5", 1e5},
        {"0x10", 16},
        {"0x1p3", 8},
        {"inf", inf},
        {"+inf", inf},
        {"-Infinity", -inf},
        {"INFINITY", inf},
        {"00012", 12},
        {"4.9e-324", 5e-324},
        {"1e-320", 1e-320},
        {"9007199254740993", 9007199254740992.0},
        {"0.30000000000000004", 0.1 + 0.2},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {std::string(300, '1'), std::strtod(std::string(300, '1').c_str(), nullptr)},
        {"0." + std::string(2000, '3'), 1.0 / 3}};
    for (const auto &[s, want] : good) {
        double v = 0;
        EXPECT_TRUE(bytes_to_double(of(s), &v)) << s;
        EXPECT_EQ(v, want) << s;
        EXPECT_EQ(std::signbit(v), std::signbit(want)) << s;
    }
    for (const char *s :
         {"",    ".",    "+",      "-",     "-.",     "1e",     "1e+", "0x", "infin", "infinityx",
          "nan", "-nan", "nan(1)", "1e400", "-1e400", "1e-400", " 1",  "1 ", "\t1",   "\v1",
          "1\n", "1_0",  "1,5",    "1.2.3", "--1",    "1d",     "0b1", "e5"}) {
        double v = 42;
        EXPECT_FALSE(bytes_to_double(bytes_cstr(s), &v)) << s;
        EXPECT_EQ(v, 42);
    }
    double v = 42;
    EXPECT_FALSE(bytes_to_double(of(std::string("1\0", 2)), &v));
    EXPECT_FALSE(bytes_to_double(of(std::string(310, '1')), &v));
}

// The short way through a division and the long one through strtod give the same bits.
TEST(Number, DoubleAgreesWithStrtod)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 random(seed);
    for (int i = 0; i < 200000; i++) {
        std::string s = std::to_string(random() >> (random() % 64));
        const size_t point = random() % (s.size() + 1);
        if (random() % 4)
            s.insert(point, ".");
        if (random() % 2)
            s.insert(0, "-");
        double v = 0;
        ASSERT_TRUE(bytes_to_double(of(s), &v)) << s;
        ASSERT_EQ(v, std::strtod(s.c_str(), nullptr)) << s;
    }
}

TEST(Number, LongDoubleForms)
{
    long double v = 0;
    EXPECT_TRUE(bytes_to_long_double(bytes_cstr("3.0e3"), &v));
    EXPECT_EQ(v, 3000.0L);
    EXPECT_TRUE(bytes_to_long_double(bytes_cstr("-inf"), &v));
    EXPECT_TRUE(std::isinf(v));
    EXPECT_TRUE(bytes_to_long_double(of(std::string(LONG_DOUBLE_CHARS - 1, '0')), &v));
    EXPECT_EQ(v, 0.0L);
    v = 42;
    for (const char *s : {"", " 1", "1 ", "nan", "1e5000", "-1e5000", "1e-6000", "1x"})
        EXPECT_FALSE(bytes_to_long_double(bytes_cstr(s), &v)) << s;
    EXPECT_FALSE(bytes_to_long_double(of(std::string(LONG_DOUBLE_CHARS, '0')), &v));
    EXPECT_EQ(v, 42.0L);
}

} // namespace
