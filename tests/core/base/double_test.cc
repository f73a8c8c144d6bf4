#include "core/base/bytes.h"
#include "core/base/double_powers.h"
#include "tests/support/seed.h"

#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace
{

std::string printed(double v)
{
    char out[DOUBLE_CHARS];
    return std::string(out, double_to_chars(v, out));
}

std::string printed_long(long double v)
{
    static char out[LONG_DOUBLE_CHARS];
    return std::string(out, long_double_to_chars(v, out));
}

double of_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

// A natural number of any size, in 32-bit limbs, lowest first.
struct Big {
    std::vector<uint32_t> limbs;

    explicit Big(unsigned power_of_two)
    {
        limbs.assign(power_of_two / 32 + 1, 0);
        limbs.back() = 1u << power_of_two % 32;
    }
    void times10()
    {
        uint64_t carry = 0;
        for (uint32_t &l : limbs) {
            carry += (uint64_t)l * 10;
            l = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry)
            limbs.push_back((uint32_t)carry);
    }
    void divide10()
    {
        uint64_t rest = 0;
        for (size_t i = limbs.size(); i-- > 0;) {
            rest = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
        while (limbs.back() == 0)
            limbs.pop_back();
    }
    bool bit(size_t i) const
    {
        return i / 32 < limbs.size() && (limbs[i / 32] >> i % 32 & 1);
    }
    // The top 128 bits, and whether any bit below them is set.
    unsigned __int128 top(bool *rest) const
    {
        size_t size = limbs.size() * 32;
        while (!bit(size - 1))
            size--;
        unsigned __int128 v = 0;
        for (size_t i = 0; i < 128; i++)
            v = v << 1 | (i < size && bit(size - 1 - i));
        *rest = false;
        for (size_t i = 128; i < size; i++)
            *rest |= bit(size - 1 - i);
        return v;
    }
};

void expect_power(int exponent, unsigned __int128 want)
{
    const double_power &p = double_powers[exponent - DOUBLE_POWER_FIRST];
    EXPECT_EQ(p.high, (uint64_t)(want >> 64)) << exponent;
    EXPECT_EQ(p.low, (uint64_t)want) << exponent;
}

TEST(Double, TableIsWhatItSays)
{
    bool rest;
    Big up(0);
    for (int e = 0; e <= DOUBLE_POWER_LAST; e++, up.times10()) {
        const unsigned __int128 top = up.top(&rest);
        expect_power(e, top + rest);
    }
    // Dividing 2^2048 and dropping rests gives the floor; 10^-e has no end in binary.
    Big down(2048);
    for (int e = -1; e >= DOUBLE_POWER_FIRST; e--) {
        down.divide10();
        expect_power(e, down.top(&rest) + 1);
    }
}

TEST(Double, Layout)
{
    const double inf = std::numeric_limits<double>::infinity();
    const std::vector<std::pair<double, const char *>> rows = {
        {0, "0"},
        {-0.0, "-0"},
        {3, "3"},
        {-17, "-17"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e15, "1000000000000000"},
        {4503599627370495, "4503599627370495"},
        {4503599627370496, "4503599627370496"},
        {-4503599627370496, "-4503599627370496"},
        {9007199254740993, "9007199254740992"},
        {1e16, "10000000000000000"},
        {-1.5e17, "-150000000000000000"},
        {1.7e18, "1700000000000000000"},
        {4611686018427387904, "4611686018427387904"}, // 2^62: the last in all its digits
        {-4611686018427387904, "-4611686018427387904"},
        {4611686018427388928, "4611686018427389000"},
        {4.7e18, "4.7e+18"},
        {-9e18, "-9e+18"},
        {1e20, "1e+20"},
        {-1e20, "-1e+20"},
        {1.2345678901234567e19, "12345678901234567000"},
        {1e100, "1e+100"},
        {0.000001, "0.000001"},
        {0.0000012, "1.2e-6"},
        {1e-7, "1e-7"},
        {0.00123456789, "0.00123456789"},
        {0.000123456789, "1.23456789e-4"},
        {3.141592653589793, "3.141592653589793"},
        {1234.5678901234, "1234.5678901234"},
        {12345.678901234, "1.2345678901234e+4"},
        {12345.6789, "12345.6789"},
        {123456.789012, "123456.789012"},
        {123456.7890123, "1.234567890123e+5"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-DBL_MIN, "-2.2250738585072014e-308"},
        {inf, "inf"},
        {-inf, "-inf"},
        {std::nan(""), "nan"},
        {-std::nan(""), "nan"}};
    for (const auto &[v, want] : rows)
        EXPECT_EQ(printed(v), want);
}

// The digits alone, without leading and trailing zeros.
std::string significant(const std::string &s)
{
    std::string digits;
    for (const char c : s.substr(0, s.find('e')))
        if (c >= '0' && c <= '9' && (c != '0' || !digits.empty()))
            digits += c;
    while (!digits.empty() && digits.back() == '0')
        digits.pop_back();
    return digits;
}

void expect_shortest(double v)
{
    const std::string s = printed(v);
    ASSERT_LT(s.size(), (size_t)DOUBLE_CHARS);
    ASSERT_EQ(std::strtod(s.c_str(), nullptr), v) << s;
    double back = 0;
    ASSERT_TRUE(bytes_to_double(bytes_of(s.data(), s.size()), &back));
    ASSERT_EQ(back, v) << s;

    char tried[64];
    if (std::fabs(v) <= 4611686018427387904.0 && v == std::trunc(v)) {
        snprintf(tried, sizeof tried, "%.0f", v);
        ASSERT_EQ(s, tried);
        return;
    }
    int digits = 1;
    do
        snprintf(tried, sizeof tried, "%.*e", digits - 1, v);
    while (std::strtod(tried, nullptr) != v && digits++ < 17);
    // At a power of two the nearest of the shortest may lie outside the narrower half.
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    if ((bits & ((1ull << 52) - 1)) != 0) {
        ASSERT_EQ(significant(s), significant(tried)) << s;
    } else {
        ASSERT_LE(significant(s).size(), significant(tried).size()) << s;
    }
}

TEST(Double, IsShortestAndReadsBack)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 random(seed);
    for (int i = 0; i < 60000; i++) {
        const double v = of_bits(random());
        if (std::isfinite(v) && v != 0)
            expect_shortest(v);
        expect_shortest((double)(int64_t)(random() >> random() % 60 | 1) / 1000);
        // The neighbours of all powers of two and ten are where intervals are crooked.
        const double p = random() % 2 ? std::ldexp(1.0, (int)(random() % 2098) - 1074)
                                      : std::pow(10, (int)(random() % 630) - 322);
        for (const double near : {p, std::nextafter(p, 0), std::nextafter(p, INFINITY)})
            if (std::isfinite(near) && near != 0)
                expect_shortest(near);
    }
}

TEST(LongDouble, IsFixedPoint)
{
    EXPECT_EQ(printed_long(0), "0");
    EXPECT_EQ(printed_long(-0.0L), "0");
    EXPECT_EQ(printed_long(10.5L), "10.5");
    EXPECT_EQ(printed_long(3000), "3000");
    EXPECT_EQ(printed_long(-1e-30L), "0") << "no sign without a digit";
    EXPECT_EQ(printed_long(1e-17L), "0.00000000000000001");
    EXPECT_EQ(printed_long(1e20L), "100000000000000000000");
    EXPECT_EQ(printed_long(INFINITY), "inf");
    EXPECT_EQ(printed_long(-INFINITY), "-inf");
    EXPECT_EQ(printed_long(std::nan("")), "nan");
    EXPECT_LT(printed_long(-LDBL_MAX).size(), (size_t)LONG_DOUBLE_CHARS);
    if (LDBL_MANT_DIG >= 64) {
        EXPECT_EQ(printed_long(0.1L + 0.2L), "0.3");
    }
}

std::string with_printf(long double v, unsigned decimals)
{
    char out[LONG_DOUBLE_CHARS];
    snprintf(out, sizeof out, "%.*Lf", (int)decimals, v);
    return out;
}

std::string fixed(double v, unsigned decimals)
{
    char out[FIXED_CHARS];
    return std::string(out, double_to_fixed(v, decimals, out));
}

TEST(Fixed, IsWhatPrintfWrites)
{
    const double limit = std::ldexp(1.0, 62);
    for (const double v : {0.0,
                           -0.0,
                           0.5,
                           -0.00001,
                           0.00005,
                           0.00015,
                           0.99995,
                           0.99999,
                           -9.99996,
                           12.34565,
                           1e15,
                           5e-324,
                           DBL_MIN,
                           DBL_MAX,
                           -DBL_MAX,
                           limit,
                           std::nextafter(limit, 0),
                           -limit,
                           (double)INFINITY,
                           -(double)INFINITY})
        for (unsigned decimals = 1; decimals <= 17; decimals++)
            EXPECT_EQ(fixed(v, decimals), with_printf(v, decimals)) << v;
}

TEST(Fixed, IsWhatPrintfWritesOfAnyNumber)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 random(seed);
    for (int i = 0; i < 30000; i++) {
        const unsigned decimals = 1 + (unsigned)(random() % 17);
        const double any = of_bits(random());
        if (std::isfinite(any)) {
            ASSERT_EQ(fixed(any, decimals), with_printf(any, decimals)) << any;
        }
        // Halves of the last decimal are ties, or as near to one as a double can be.
        const double ties = std::ldexp((double)(int64_t)random(), -(int)(random() % 80));
        const double near = (double)(int64_t)(random() >> random() % 60 | 1) * 5 / 1e5;
        for (const double v : {ties, near, std::nextafter(near, 0)})
            ASSERT_EQ(fixed(v, decimals), with_printf(v, decimals)) << v;
        // All the bits that a long double has.
        const long double full = std::ldexp((long double)random(), -(int)(random() % 140));
        std::string want = with_printf(full, 17);
        want.resize(want.find_last_not_of('0') + 1);
        if (want.back() == '.')
            want.pop_back();
        ASSERT_EQ(printed_long(full), want);
    }
}

} // namespace
