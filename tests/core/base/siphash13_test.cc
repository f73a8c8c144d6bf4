#include "core/base/hash.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>
#include <random>
#include <set>
#include <vector>

namespace
{

// The paper's description, byte by byte, with the rounds as parameters.
template <int word_rounds, int last_rounds>
uint64_t by_the_paper(hash_key key, const std::vector<unsigned char> &data)
{
    uint64_t v[4] = {key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,
                     key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573};
    const auto rotl = [](uint64_t x, int n) { return x << n | x >> (64 - n); };
    const auto rounds = [&](int n) {
        while (n-- > 0) {
            v[0] += v[1], v[1] = rotl(v[1], 13) ^ v[0], v[0] = rotl(v[0], 32);
            v[2] += v[3], v[3] = rotl(v[3], 16) ^ v[2];
            v[0] += v[3], v[3] = rotl(v[3], 21) ^ v[0];
            v[2] += v[1], v[1] = rotl(v[1], 17) ^ v[2], v[2] = rotl(v[2], 32);
        }
    };
    std::vector<unsigned char> padded = data;
    while (padded.size() % 8 != 7)
        padded.push_back(0);
    padded.push_back((unsigned char)data.size());
    for (size_t at = 0; at < padded.size(); at += 8) {
        uint64_t word = 0;
        for (int i = 7; i >= 0; i--)
            word = word << 8 | padded[at + i];
        v[3] ^= word;
        rounds(word_rounds);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    rounds(last_rounds);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

// Appendix A: key 00..0f, message 00..0e, two and four rounds.  It vouches for the model.
TEST(SipHash, TheModelGivesThePapersVector)
{
    std::vector<unsigned char> message;
    for (unsigned char i = 0; i < 15; i++)
        message.push_back(i);
    const hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    EXPECT_EQ((by_the_paper<2, 4>(key, message)), 0xa129ca6149be45e5u);
}

TEST(SipHash, AgreesWithTheModelAtEverySizeAndAlignment)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 random(seed);
    for (size_t size = 0; size < 100; size++)
        for (size_t shift = 0; shift < 8; shift++) {
            const hash_key key = {random(), random()};
            // An exact heap block, so that a read past it is seen.
            std::vector<unsigned char> block(shift + size);
            for (unsigned char &c : block)
                c = (unsigned char)random();
            const std::vector<unsigned char> data(block.begin() + (long)shift, block.end());
            EXPECT_EQ(siphash13(key, block.data() + shift, size), (by_the_paper<1, 3>(key, data)))
                << size;
        }
    const std::vector<unsigned char> big(1000, 0xab);
    EXPECT_EQ(siphash13({1, 2}, big.data(), big.size()), (by_the_paper<1, 3>({1, 2}, big)));
}

TEST(SipHash, TheProcessKeyIsDrawnAnew)
{
    const hash_key before = hash_process_key;
    std::set<uint64_t> seen;
    for (int i = 0; i < 16; i++) {
        hash_seed_random();
        seen.insert(hash_bytes(bytes_cstr("key")));
    }
    EXPECT_EQ(seen.size(), 16u);
    hash_process_key = before;
}

} // namespace
