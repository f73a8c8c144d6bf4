#include "core/base/hash.h"
#include "tests/support/seed.h"

#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <set>
#include <string>

namespace
{

using Block = std::array<unsigned char, 16>;

unsigned char times(unsigned char a, unsigned char b)
{
    unsigned char product = 0;
    for (; b; b >>= 1, a = (unsigned char)(a << 1 ^ (a & 0x80 ? 0x1b : 0)))
        if (b & 1)
            product ^= a;
    return product;
}

// FIPS 197, 5.1.1: the inverse in the field, then an affine map.
unsigned char s_box(unsigned char x)
{
    unsigned char inverse = 0;
    for (int y = 1; x && y < 256; y++)
        if (times(x, (unsigned char)y) == 1)
            inverse = (unsigned char)y;
    unsigned char out = 0x63;
    for (int turn = 0; turn < 5; turn++)
        out ^= (unsigned char)(inverse << turn | inverse >> (8 - turn));
    return out;
}

Block round(const Block &in, const Block &key)
{
    Block shifted, out;
    for (int column = 0; column < 4; column++)
        for (int row = 0; row < 4; row++)
            shifted[4 * column + row] = s_box(in[4 * ((column + row) % 4) + row]);
    for (int column = 0; column < 4; column++)
        for (int row = 0; row < 4; row++) {
            const unsigned char *c = &shifted[4 * column];
            out[4 * column + row] =
                (unsigned char)(times(c[row], 2) ^ times(c[(row + 1) % 4], 3) ^ c[(row + 2) % 4] ^
                                c[(row + 3) % 4] ^ key[4 * column + row]);
        }
    return out;
}

Block words(uint64_t low, uint64_t high)
{
    Block b;
    memcpy(b.data(), &low, 8);
    memcpy(b.data() + 8, &high, 8);
    return b;
}

void add(Block &to, const Block &b)
{
    for (size_t i = 0; i < to.size(); i++)
        to[i] ^= b[i];
}

void four_rounds(Block &s, const Block &key)
{
    s = round(s, key);
    s = round(s, words(0x243f6a8885a308d3, 0x13198a2e03707344));
    s = round(s, key);
    s = round(s, words(0xa4093822299f31d0, 0x082efa98ec4e6c89));
}

uint64_t model(hash_key k, const std::string &data)
{
    const Block key = words(k.k0, k.k1);
    Block s = key, block{};
    add(s, words(data.size(), 0));
    four_rounds(s, key);
    const size_t n = data.size();
    if (n > 16) {
        for (size_t at = 0; at + 16 < n; at += 16) {
            memcpy(block.data(), &data[at], 16);
            add(s, block);
            four_rounds(s, key);
        }
        memcpy(block.data(), &data[n - 16], 16);
    } else if (n >= 8) {
        memcpy(block.data(), &data[0], 8);
        memcpy(block.data() + 8, &data[n - 8], 8);
    } else if (n >= 4) {
        memcpy(block.data(), &data[0], 4);
        memcpy(block.data() + 4, &data[n - 4], 4);
    } else if (n > 0) {
        block[0] = (unsigned char)data[0];
        block[1] = (unsigned char)data[n / 2];
        block[2] = (unsigned char)data[n - 1];
    }
    add(s, block);
    four_rounds(s, key);
    uint64_t out;
    memcpy(&out, s.data(), 8);
    return out;
}

// FIPS 197, appendix B: the first round of the example.  It vouches for the model.
TEST(HashAes, TheModelsRoundIsThatOfTheStandard)
{
    const Block in = {0x19, 0x3d, 0xe3, 0xbe, 0xa0, 0xf4, 0xe2, 0x2b,
                      0x9a, 0xc6, 0x8d, 0x2a, 0xe9, 0xf8, 0x48, 0x08};
    const Block key = {0xa0, 0xfa, 0xfe, 0x17, 0x88, 0x54, 0x2c, 0xb1,
                       0x23, 0xa3, 0x39, 0x39, 0x2a, 0x6c, 0x76, 0x05};
    const Block out = {0xa4, 0x9c, 0x7f, 0xf2, 0x68, 0x9f, 0x35, 0x2b,
                       0x6b, 0x5b, 0xea, 0x43, 0x02, 0x6a, 0x50, 0x49};
    EXPECT_EQ(round(in, key), out);
}

TEST(HashAes, AgreesWithTheModelAtEverySizeAndReadsNothingElse)
{
    if (!hash_has_aes)
        GTEST_SKIP() << "this CPU has no AES rounds";
    std::mt19937_64 random(test_seed());
    for (size_t size = 0; size <= 70; size++) {
        const hash_key key = {random(), random()};
        std::string data(size, 0);
        for (char &c : data)
            c = (char)random();
        // An exact block: a sanitizer sees a byte too far.
        const std::unique_ptr<char[]> exact(new char[size]);
        memcpy(exact.get(), data.data(), size);
        EXPECT_EQ(hash_aes(key, exact.get(), size), model(key, data)) << "size " << size;
    }
}

// By AES or not: one call for many gives what a call for each does.
TEST(HashAes, ManyAreHashedAsEachIs)
{
    std::mt19937_64 random(test_seed());
    std::vector<std::string> text;
    std::vector<bytes> v;
    for (int i = 0; i < 120; i++) {
        text.emplace_back(random() % 40, 0);
        for (char &c : text.back())
            c = (char)random();
    }
    for (const std::string &s : text)
        v.push_back(bytes_of(s.data(), s.size()));
    for (const size_t step : {1u, 2u, 3u}) {
        const uint32_t n = (uint32_t)(v.size() / step);
        std::vector<uint64_t> out(n + 1, 77);
        hash_bytes_each(v.data(), n, step, out.data());
        for (uint32_t i = 0; i < n; i++)
            EXPECT_EQ(out[i], hash_bytes(v[i * step]));
        EXPECT_EQ(out[n], 77u);
        hash_bytes_each(v.data(), 0, step, out.data() + n);
        EXPECT_EQ(out[n], 77u);
    }
}

TEST(HashAes, EveryBitOfAnInputReachesAllBitsOfTheHash)
{
    if (!hash_has_aes)
        GTEST_SKIP() << "this CPU has no AES rounds";
    std::mt19937_64 random(test_seed());
    for (size_t size : {1, 3, 5, 8, 13, 16, 17, 32, 33, 47}) {
        for (size_t bit = 0; bit < size * 8; bit++) {
            uint64_t changed = 0;
            for (int tries = 0; tries < 64; tries++) {
                const hash_key key = {random(), random()};
                std::string a(size, 0);
                for (char &c : a)
                    c = (char)random();
                std::string b = a;
                b[bit / 8] = (char)(b[bit / 8] ^ 1 << bit % 8);
                changed |= hash_aes(key, a.data(), size) ^ hash_aes(key, b.data(), size);
            }
            EXPECT_EQ(changed, ~UINT64_C(0)) << "size " << size << ", bit " << bit;
        }
    }
}

TEST(HashAes, NumbersHaveHashesOfTheirOwn)
{
    if (!hash_has_aes)
        GTEST_SKIP() << "this CPU has no AES rounds";
    std::set<uint64_t> seen;
    for (int i = 0; i < 100000; i++) {
        const std::string s = std::to_string(i);
        seen.insert(hash_aes({1, 2}, s.data(), s.size()));
    }
    EXPECT_EQ(seen.size(), 100000u);
}

} // namespace
