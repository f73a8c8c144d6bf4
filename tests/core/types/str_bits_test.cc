// The bits of a string are those of its bytes, whatever its encoding.
#include "core/types/str_bits.h"
#include "tests/support/seed.h"

#include "core/ds/bits.h"
#include "tests/core/types/str_fixture.h"

namespace
{

struct BitsCase {
    const char *name;
    std::string text;
    int encoding;
};

class StrBits : public ::testing::TestWithParam<BitsCase>
{
};

TEST_P(StrBits, AreThoseOfTheBytes)
{
    const std::string &text = GetParam().text;
    const uint64_t size = text.size() * 8;
    const bits_pause never{nullptr, nullptr};
    value v;
    str_from_bytes(of(text), &v);
    ASSERT_EQ(v.encoding, GetParam().encoding);
    std::mt19937_64 rng(test_seed() + 7);
    for (int i = 0; i < 200; i++) {
        const uint64_t at = rng() % (size + 100);
        EXPECT_EQ(str_get_bit(&v, at), at < size && bits_get(text.data(), at)) << at;
        const uint64_t first = rng() % (size + 1), end = rng() % (size + 1);
        uint64_t got = 0;
        ASSERT_TRUE(str_count_bits(&v, first, end, &never, &got));
        EXPECT_EQ(got, bits_count_range(text.data(), first, end));
        ASSERT_TRUE(str_find_bit(&v, i % 2, first, end, &never, &got));
        EXPECT_EQ(got, bits_find(text.data(), i % 2, first, end));
    }
    EXPECT_FALSE(str_get_bit(&v, UINT32_MAX)) << "zeros go on for ever";
    value_release(&v);
}

const BitsCase cases[] = {
    {"number", "-1234567890123", ENC_INT},
    {"short_bytes", "hello", ENC_EMBSTR},
    {"empty", "", ENC_EMBSTR},
    {"long_bytes", std::string(100'000, '\xa5'), ENC_RAW},
    {"chunks", std::string(300'001, '\x81'), ENC_CHUNKS},
};
INSTANTIATE_TEST_SUITE_P(Str, StrBits, ::testing::ValuesIn(cases),
                         [](const auto &p) { return std::string(p.param.name); });

// A stopped count goes on where it was, and tells of what has changed in between.
TEST(StrBits, CountInTurns)
{
    const bits_pause always{[](void *) { return true; }, nullptr};
    value v;
    str_from_bytes(of(std::string(10 * CHUNK_BYTES, '\xff')), &v);
    KeptString k(v);
    uint64_t ones = 0;
    int turns = 1;
    for (value now = k.get(); !str_count_bits(&now, 0, str_size(&now) * 8, &always, &ones);
         now = k.get(), turns++)
        if (turns == 5) {
            ASSERT_EQ(k.set_range(0, std::string(1000, '\0')), LK_OK);
        }
    EXPECT_EQ(ones, uint64_t{10 * CHUNK_BYTES - 1000} * 8);
    EXPECT_EQ(turns, 11) << "one chunk was read twice";
}

} // namespace
