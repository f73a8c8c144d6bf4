// Bits in bytes: every row of loops gives the answers of a model that looks at one bit at a time.
#include "core/ds/bits_priv.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace
{

using Bytes = std::vector<unsigned char>; // an exact heap block, so that ASan sees any over-read

bool bit_of(const Bytes &b, uint64_t at)
{
    return at / 8 < b.size() && (b[at / 8] >> (7 - at % 8) & 1);
}

uint64_t ones_of(const Bytes &b, uint64_t first, uint64_t end)
{
    uint64_t n = 0;
    for (; first < end; first++)
        n += bit_of(b, first);
    return n;
}

uint64_t place_of(const Bytes &b, bool bit, uint64_t first, uint64_t end)
{
    while (first < end && bit_of(b, first) != bit)
        first++;
    return first < end ? first : end;
}

// What BITOP means, one bit at a time.
bool combined_bit(bits_op op, const std::vector<Bytes> &sources, uint64_t at)
{
    size_t set = 0, others = 0;
    for (size_t i = 0; i < sources.size(); i++) {
        set += bit_of(sources[i], at);
        others += i > 0 && bit_of(sources[i], at);
    }
    const bool first = bit_of(sources[0], at);
    switch (op) {
    case BITS_AND:
        return set == sources.size();
    case BITS_OR:
        return set > 0;
    case BITS_XOR:
        return set % 2 == 1;
    case BITS_NOT:
        return !first;
    case BITS_DIFF:
        return first && others == 0;
    case BITS_DIFF1:
        return !first && others > 0;
    case BITS_ANDOR:
        return first && others > 0;
    case BITS_ONE:
        return set == 1;
    }
    return false;
}

Bytes combined(bits_op op, const std::vector<Bytes> &sources, size_t n)
{
    Bytes out(n);
    for (size_t i = 0; i < n * 8; i++)
        if (combined_bit(op, sources, i))
            out[i / 8] = static_cast<unsigned char>(out[i / 8] | 0x80 >> i % 8);
    return out;
}

class Noise
{
  public:
    explicit Noise(uint64_t seed) : rng_(seed)
    {
    }
    size_t below(size_t n)
    {
        return rng_() % n;
    }
    Bytes bytes(size_t n)
    {
        Bytes b(n);
        for (unsigned char &c : b)
            c = static_cast<unsigned char>(rng_());
        return b;
    }
    // Mostly one kind of bit, with a few of the other.
    Bytes sparse(size_t n, bool bit)
    {
        Bytes b(n, bit ? 0xff : 0);
        for (size_t i = below(4); n > 0 && i > 0; i--)
            b[below(n)] ^= static_cast<unsigned char>(1 << below(8));
        return b;
    }

  private:
    std::mt19937_64 rng_;
};

std::vector<const bits_kernels *> rows_here()
{
    uint32_t count;
    const bits_kernels *const *rows = bits_rows(&count);
    std::vector<const bits_kernels *> out;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i]->supported())
            out.push_back(rows[i]);
    return out;
}

class BitsRow : public ::testing::TestWithParam<const bits_kernels *>
{
  protected:
    const bits_kernels *row = GetParam();
};

// All short lengths at several alignments, then long ones.
template <class F> void each_run(const F &f)
{
    const uint64_t seed = test_seed();
    Noise noise(seed);
    for (size_t n = 0; n <= 600; n++)
        f(noise, n, n % 7);
    for (int i = 0; i < 20; i++)
        f(noise, 600 + noise.below(40'000), noise.below(64));
}

TEST_P(BitsRow, CountsOnes)
{
    each_run([&](Noise &noise, size_t n, size_t skip) {
        const Bytes b = noise.bytes(n + skip);
        ASSERT_EQ(row->count(b.data() + skip, n), ones_of(b, skip * 8, b.size() * 8)) << n;
    });
    const Bytes ones(100'000, 0xff);
    EXPECT_EQ(row->count(ones.data(), ones.size()), ones.size() * 8);
}

TEST_P(BitsRow, SeesHowFarABytesGoes)
{
    each_run([&](Noise &noise, size_t n, size_t skip) {
        for (const unsigned char byte : {0x00, 0xff, 0x5a}) {
            Bytes b(n + skip, byte);
            ASSERT_EQ(row->same(b.data() + skip, n, byte), n);
            if (n == 0)
                continue;
            const size_t other = noise.below(n);
            b[skip + other] ^= static_cast<unsigned char>(1 << noise.below(8));
            ASSERT_EQ(row->same(b.data() + skip, n, byte), other) << n;
        }
    });
}

TEST_P(BitsRow, FoldsTwo)
{
    using Model = unsigned char (*)(unsigned char, unsigned char);
    const Model models[FOLD_COUNT] = {
        [](unsigned char a, unsigned char b) { return static_cast<unsigned char>(a & b); },
        [](unsigned char a, unsigned char b) { return static_cast<unsigned char>(a | b); },
        [](unsigned char a, unsigned char b) { return static_cast<unsigned char>(a ^ b); },
        [](unsigned char a, unsigned char b) { return static_cast<unsigned char>(a & ~b); },
    };
    each_run([&](Noise &noise, size_t n, size_t skip) {
        for (int f = 0; f < FOLD_COUNT; f++) {
            Bytes a = noise.bytes(n + skip), b = noise.bytes(n), to(n, 0xaa), want(n);
            for (size_t i = 0; i < n; i++)
                want[i] = models[f](a[i + skip], b[i]);
            row->fold[f](to.data(), a.data() + skip, b.data(), n);
            ASSERT_EQ(to, want) << "fold " << f << " of " << n;
            row->fold[f](b.data(), a.data() + skip, b.data(), n);
            ASSERT_EQ(b, want) << "in place, fold " << f << " of " << n;
        }
    });
}

TEST_P(BitsRow, InvertsAndTakesOnce)
{
    each_run([&](Noise &noise, size_t n, size_t skip) {
        const Bytes a = noise.bytes(n + skip);
        Bytes to(n), want(n);
        row->invert(to.data(), a.data() + skip, n);
        for (size_t i = 0; i < n; i++)
            want[i] = static_cast<unsigned char>(~a[i + skip]);
        ASSERT_EQ(to, want) << n;

        Bytes any = noise.bytes(n), many = noise.bytes(n), any_want = any, many_want = many;
        row->once(any.data(), many.data(), a.data() + skip, n);
        for (size_t i = 0; i < n; i++) {
            many_want[i] |= any_want[i] & a[i + skip];
            any_want[i] |= a[i + skip];
        }
        ASSERT_EQ(any, any_want) << n;
        ASSERT_EQ(many, many_want) << n;
    });
}

const bits_op kOps[] = {BITS_AND,  BITS_OR,    BITS_XOR,   BITS_NOT,
                        BITS_DIFF, BITS_DIFF1, BITS_ANDOR, BITS_ONE};

// Sources of any lengths, shorter and longer than the result, some of them empty.
TEST_P(BitsRow, CombinesAsTheModel)
{
    const uint64_t seed = test_seed();
    Noise noise(seed);
    for (int round = 0; round < 400; round++) {
        const bits_op op = kOps[static_cast<size_t>(round) % std::size(kOps)];
        const size_t n = noise.below(8) ? noise.below(700) : noise.below(20'000);
        const size_t count = op == BITS_NOT ? 1 : 2 + noise.below(noise.below(8) ? 4 : 20);
        std::vector<Bytes> sources;
        std::vector<bytes> runs;
        for (size_t i = 0; i < count; i++)
            sources.push_back(noise.bytes(noise.below(3) ? n : noise.below(n + 50)));
        for (const Bytes &s : sources)
            runs.push_back(bytes_of(s.empty() ? nullptr : s.data(), s.size()));
        Bytes to(n, 0xaa);
        bits_combine_with(row, op, to.data(), n, runs.data(), static_cast<uint32_t>(count));
        ASSERT_EQ(to, combined(op, sources, n)) << "op " << op << ", " << count << " of " << n;
    }
}

TEST_P(BitsRow, OneSourceIsEnoughWhereOthersAreNotNeeded)
{
    const Bytes source = Noise(1).bytes(300);
    const bytes run = bytes_of(source.data(), source.size());
    for (const bits_op op : {BITS_AND, BITS_OR, BITS_XOR, BITS_ONE}) {
        Bytes to(310, 0xaa), want = source;
        want.resize(310);
        bits_combine_with(row, op, to.data(), to.size(), &run, 1);
        EXPECT_EQ(to, want) << op;
    }
}

INSTANTIATE_TEST_SUITE_P(Bits, BitsRow, ::testing::ValuesIn(rows_here()),
                         [](const auto &p) { return std::string(p.param->name); });

TEST(Bits, CountsAndFindsInAnyRange)
{
    const uint64_t seed = test_seed();
    Noise noise(seed);
    for (int round = 0; round < 3000; round++) {
        const size_t n = noise.below(10) ? noise.below(40) : noise.below(3000);
        const bool bit = noise.below(2);
        const Bytes b = noise.below(2) ? noise.bytes(n) : noise.sparse(n, !bit);
        const uint64_t first = noise.below(n * 8 + 1), end = noise.below(n * 8 + 1);
        ASSERT_EQ(bits_count_range(b.data(), first, end), ones_of(b, first, end))
            << first << " to " << end << " of " << n;
        ASSERT_EQ(bits_find(b.data(), bit, first, end), place_of(b, bit, first, end))
            << bit << ": " << first << " to " << end << " of " << n;
        if (n > 0) {
            const uint64_t at = noise.below(n * 8);
            ASSERT_EQ(bits_get(b.data(), at), bit_of(b, at));
        }
    }
}

// Every place and width, over zeros, ones and noise.
TEST(Bits, FieldsAreReadAndWritten)
{
    Noise noise(test_seed());
    for (unsigned shift = 0; shift < 8; shift++)
        for (unsigned width = 1; width <= 64; width++)
            for (int round = 0; round < 6; round++) {
                Bytes window = round == 0   ? Bytes(BITS_WINDOW, 0)
                               : round == 1 ? Bytes(BITS_WINDOW, 0xff)
                                            : noise.bytes(BITS_WINDOW);
                const Bytes before = window;
                const Bytes digits = noise.bytes(8);
                uint64_t value = 0, old = 0;
                for (unsigned i = 0; i < width; i++) {
                    value = value << 1 | (round == 0 || bit_of(digits, i));
                    old = old << 1 | bit_of(before, shift + i);
                }
                ASSERT_EQ(bits_field_get(window.data(), shift, width), old);
                bits_field_put(window.data(), shift, width, value);
                ASSERT_EQ(bits_field_get(window.data(), shift, width), value);
                for (uint64_t i = 0; i < BITS_WINDOW * 8; i++) {
                    if (i < shift || i >= shift + width) {
                        ASSERT_EQ(bit_of(window, i), bit_of(before, i))
                            << shift << "+" << width << " at " << i;
                    }
                }
                EXPECT_LE(bits_window_size(shift, width), size_t{BITS_WINDOW});
                EXPECT_GE(bits_window_size(shift, width) * 8, shift + width);
            }
}

} // namespace
