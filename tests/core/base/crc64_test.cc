// The published check value, and two implementations that must agree with a third, bit by bit.
#include "core/base/crc64.h"
#include "core/base/crc64_priv.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace
{

uint64_t bit_by_bit(uint64_t crc, const std::string &s)
{
    for (const char c : s) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x95ac9329ac4bc9b5 : 0);
    }
    return crc;
}

std::string noise(size_t size)
{
    std::mt19937_64 random(size);
    std::string s(size, 0);
    for (char &c : s)
        c = static_cast<char>(random());
    return s;
}

TEST(Crc64, HasThePublishedCheckValue)
{
    EXPECT_EQ(crc64(0, "123456789", 9), 0xe9c6d914c4b8d9ca);
    EXPECT_EQ(crc64(0, "", 0), 0u);
    EXPECT_EQ(crc64(0x1234, "", 0), 0x1234u);
}

TEST(Crc64, BothWaysAgreeWithTheDefinition)
{
    const bool folding = crc64_folding_init();
    for (const size_t size : {0,   1,   7,   8,   9,   63,  64,  65,  127,  128,  129,  143,
                              144, 145, 191, 192, 193, 255, 256, 257, 1000, 4096, 10007}) {
        const std::string s = noise(size);
        for (const uint64_t begin : {UINT64_C(0), UINT64_C(0xfedcba9876543210)}) {
            const uint64_t want = bit_by_bit(begin, s);
            // An exact block, so that a read beyond it is seen.
            const std::vector<char> exact(s.begin(), s.end());
            EXPECT_EQ(crc64_by_tables(begin, exact.data(), size), want) << size;
            EXPECT_EQ(crc64(begin, exact.data(), size), want) << size;
            if (folding && size >= CRC64_FOLD_MIN) {
                EXPECT_EQ(crc64_by_folding(begin, exact.data(), size), want) << size;
            }
        }
    }
}

TEST(Crc64, AlignmentDoesNotMatter)
{
    const std::string s = noise(2000);
    for (size_t at = 0; at < 32; at++)
        EXPECT_EQ(crc64(7, s.data() + at, 900), bit_by_bit(7, s.substr(at, 900))) << at;
}

TEST(Crc64, MayBeCutAnywhere)
{
    const std::string s = noise(700);
    const uint64_t whole = crc64(0, s.data(), s.size());
    for (size_t cut = 0; cut <= s.size(); cut++) {
        const uint64_t front = crc64(0, s.data(), cut);
        EXPECT_EQ(crc64(front, s.data() + cut, s.size() - cut), whole) << cut;
        const uint64_t back = crc64(0, s.data() + cut, s.size() - cut);
        EXPECT_EQ(crc64_combine(front, back, s.size() - cut), whole) << cut;
    }
}

TEST(Crc64, CombinesOverDistancesThatNobodyWalks)
{
    // Two leaps in a row are one.
    const uint64_t a = 0x0123456789abcdef, n = UINT64_C(1) << 40, m = 12345;
    EXPECT_EQ(crc64_combine(crc64_combine(a, 0, n), 0, m), crc64_combine(a, 0, n + m));
    EXPECT_EQ(crc64_combine(a, 5, 0), a ^ 5);
}

} // namespace
