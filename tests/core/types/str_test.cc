// Strings of every encoding behave as std::string does.
#include "tests/core/types/str_fixture.h"
#include "tests/support/seed.h"

#include "core/ds/chunks.h"

#include <vector>

namespace
{

value made(const std::string &s)
{
    value v;
    str_from_bytes(of(s), &v);
    return v;
}

struct EncodingCase {
    const char *name;
    std::string text;
    int encoding;
    const char *shown;
};

class StrEncoding : public ::testing::TestWithParam<EncodingCase>
{
};

TEST_P(StrEncoding, IsTheBestOne)
{
    const EncodingCase &c = GetParam();
    value v = made(c.text);
    EXPECT_EQ(v.encoding, c.encoding);
    EXPECT_STREQ(str_type_ops.encoding_name(&v), c.shown);
    EXPECT_EQ(str_size(&v), c.text.size());
    EXPECT_TRUE(str_equal(&v, of(c.text)));
    EXPECT_FALSE(str_equal(&v, of(c.text + "x")));
    EXPECT_EQ(str_type_ops.length(&v), c.text.size());
    value_release(&v);
}

const EncodingCase encoding_cases[] = {
    {"empty", "", ENC_EMBSTR, "embstr"},
    {"zero", "0", ENC_INT, "int"},
    {"number", "12345", ENC_INT, "int"},
    {"negative", "-7", ENC_INT, "int"},
    {"smallest", "-9223372036854775808", ENC_INT, "int"},
    {"largest", "9223372036854775807", ENC_INT, "int"},
    {"too_large", "9223372036854775808", ENC_EMBSTR, "embstr"},
    {"leading_zero", "007", ENC_EMBSTR, "embstr"},
    {"plus", "+7", ENC_EMBSTR, "embstr"},
    {"minus_zero", "-0", ENC_EMBSTR, "embstr"},
    {"space", " 7", ENC_EMBSTR, "embstr"},
    {"nul_inside", std::string("a\0b", 3), ENC_EMBSTR, "embstr"},
    {"longest_embstr", std::string(44, 'e'), ENC_EMBSTR, "embstr"},
    {"shortest_raw", std::string(45, 'r'), ENC_RAW, "raw"},
    {"longest_raw", std::string(STR_INLINE_MAX, 'r'), ENC_RAW, "raw"},
    {"shortest_chunks", std::string(STR_INLINE_MAX + 1, 'c'), ENC_CHUNKS, "raw"},
};
INSTANTIATE_TEST_SUITE_P(Str, StrEncoding, ::testing::ValuesIn(encoding_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST(Str, TextAndRawKeepTheirForms)
{
    value v;
    str_text_from_bytes(bytes_cstr("12"), &v);
    EXPECT_EQ(v.encoding, ENC_EMBSTR);
    str_raw_from_bytes(bytes_cstr("12"), &v);
    EXPECT_EQ(v.encoding, ENC_RAW);
    int64_t n = 0;
    EXPECT_EQ(str_to_int64(&v, &n), LK_OK) << "the form does not matter to a reader";
    EXPECT_EQ(n, 12);
}

struct NumberCase {
    const char *name, *text;
    int as_int, as_float;
};

class StrNumber : public ::testing::TestWithParam<NumberCase>
{
};

TEST_P(StrNumber, IsReadOrRefused)
{
    const std::string text = GetParam().text; // which the value borrows
    const value v = made(text);
    int64_t n;
    long double d;
    EXPECT_EQ(str_to_int64(&v, &n), GetParam().as_int);
    EXPECT_EQ(str_to_long_double(&v, &d), GetParam().as_float);
}

const NumberCase number_cases[] = {
    {"integer", "42", LK_OK, LK_OK},
    {"fraction", "1.5", LK_ENOTINT, LK_OK},
    {"exponent", "3e3", LK_ENOTINT, LK_OK},
    {"too_large", "9223372036854775808", LK_ENOTINT, LK_OK},
    {"word", "abc", LK_ENOTINT, LK_ENOTFLOAT},
    {"empty", "", LK_ENOTINT, LK_ENOTFLOAT},
    {"space", " 1", LK_ENOTINT, LK_ENOTFLOAT},
    {"nan", "nan", LK_ENOTINT, LK_ENOTFLOAT},
};
INSTANTIATE_TEST_SUITE_P(Str, StrNumber, ::testing::ValuesIn(number_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST(Str, ChunksAreNoNumber)
{
    value v = made(std::string(STR_INLINE_MAX + 1, '1'));
    int64_t n;
    long double d;
    EXPECT_EQ(str_to_int64(&v, &n), LK_ENOTINT);
    EXPECT_EQ(str_to_long_double(&v, &d), LK_ENOTFLOAT);
    value_release(&v);
}

TEST(Str, BytesAreBorrowedOrCopiedBehindTheScratch)
{
    buf scratch{};
    const std::string small = "small", large(STR_INLINE_MAX + 10, 'l');
    value v = made(small);
    EXPECT_EQ(str_bytes(&v, &scratch).data, small.data());
    EXPECT_EQ(scratch.size, 0u);
    str_from_int64(-12, &v);
    buf_reserve(&scratch, large.size() + 100);
    const bytes digits = str_bytes(&v, &scratch);
    v = made(large);
    const bytes whole = str_bytes(&v, &scratch);
    EXPECT_TRUE(bytes_equal(digits, bytes_cstr("-12")));
    EXPECT_TRUE(bytes_equal(whole, of(large)));
    value_release(&v);
    buf_release(&scratch);
}

TEST(Str, ACopyOutlivesItsOriginal)
{
    for (const std::string &s : {std::string("77"), std::string("hello"),
                                 std::string(3 * CHUNK_BYTES + STR_INLINE_MAX, 'k')}) {
        value v = made(s), copy;
        ASSERT_EQ(str_type_ops.copy(&v, &copy), LK_OK);
        value_release(&v);
        EXPECT_TRUE(str_equal(&copy, of(s)));
        value_release(&copy);
    }
}

TEST(Str, DescribesItsContentWhateverTheEncoding)
{
    const auto description = [](const value &v) {
        std::string out;
        str_type_ops.describe(
            &v,
            [](void *ctx, bytes piece, describe_end) {
                static_cast<std::string *>(ctx)->append(piece.data, piece.size);
            },
            &out);
        return out;
    };
    value number, text;
    str_from_int64(123, &number);
    str_raw_from_bytes(bytes_cstr("123"), &text);
    EXPECT_EQ(description(number), description(text));
    const std::string large(STR_INLINE_MAX + 1, 'd');
    value v = made(large);
    EXPECT_EQ(description(v), large);
    EXPECT_GT(str_type_ops.node_bytes(&v, 5), large.size());
    EXPECT_GT(str_type_ops.free_effort(&v), 1u);
    value_release(&v);
}

TEST(Str, SpansOfChunksLast)
{
    value v = made(std::string(STR_INLINE_MAX + 1, 's'));
    size_t total = 0;
    str_spans(
        &v, 10, STR_INLINE_MAX - 20,
        [](void *ctx, const str_span *s) {
            EXPECT_TRUE(s->lasting);
            *static_cast<size_t *>(ctx) += s->bytes.size;
        },
        &total);
    EXPECT_EQ(total, STR_INLINE_MAX - 20u);
    value_release(&v);

    str_from_int64(1234, &v);
    std::string got;
    str_spans(
        &v, 1, 2,
        [](void *ctx, const str_span *s) {
            EXPECT_FALSE(s->lasting) << "the digits are nowhere else";
            static_cast<std::string *>(ctx)->append(s->bytes.data, s->bytes.size);
        },
        &got);
    EXPECT_EQ(got, "23");
}

TEST(Str, FromRangeFillsTheGapWithZeros)
{
    buf scratch{};
    value v;
    str_from_range(3, bytes_cstr("ab"), &scratch, &v);
    EXPECT_EQ(v.encoding, ENC_RAW);
    EXPECT_TRUE(str_equal(&v, of(std::string("\0\0\0ab", 5))));
    str_from_range(size_t{300} << 20, bytes_cstr("end"), &scratch, &v);
    EXPECT_EQ(v.encoding, ENC_CHUNKS);
    EXPECT_EQ(str_size(&v), (size_t{300} << 20) + 3);
    EXPECT_LT(str_type_ops.node_bytes(&v, 0), size_t{1} << 20) << "a hole takes no memory";
    value_release(&v);
    buf_release(&scratch);
}

TEST(StrEdit, AppendTurnsANumberIntoBytes)
{
    value v;
    str_from_int64(12, &v);
    KeptString k(v);
    EXPECT_EQ(k.append("3"), LK_OK);
    EXPECT_EQ(k.text(), "123");
    EXPECT_EQ(k.get().encoding, ENC_RAW);
}

TEST(StrEdit, WithoutMemoryNothingChanges)
{
    for (const std::string &s : {std::string("12"), std::string("hello"), std::string(100, 'x')}) {
        for (const size_t grow : {size_t{1}, size_t{STR_INLINE_MAX}}) {
            KeptString k(made(s));
            const int encoding = k.get().encoding;
            k.fail = true;
            EXPECT_EQ(k.append(std::string(grow, 'y')), LK_ENOMEM);
            EXPECT_EQ(k.text(), s);
            EXPECT_EQ(k.get().encoding, encoding);
        }
    }
}

TEST(StrEdit, WritableBytesAreRawAndKeepTheirFront)
{
    for (const std::string &s : {std::string("small"), std::string(100, 'r')}) {
        KeptString k(made(s));
        const value before = k.get();
        EXPECT_EQ(str_is_raw(&before), s.size() > STR_EMBSTR_MAX);
        EXPECT_EQ(k.overwrite(s.size(), ""), LK_OK);
        EXPECT_EQ(k.text(), s) << "nothing but the form has changed";
        EXPECT_EQ(k.get().encoding, ENC_RAW);
        EXPECT_EQ(k.overwrite(3, "longer than it was"), LK_OK);
        EXPECT_EQ(k.text(), s.substr(0, 3) + "longer than it was");
        EXPECT_EQ(k.overwrite(2, ""), LK_OK);
        EXPECT_EQ(k.text(), s.substr(0, 2));
        k.fail = true;
        EXPECT_EQ(k.overwrite(2, "x"), LK_ENOMEM);
        EXPECT_EQ(k.text(), s.substr(0, 2));
    }
}

// Random appends and range writes against std::string, across all the borders of encodings.
TEST(StrEdit, BehavesAsStdString)
{
    const uint64_t seed = test_seed();
    for (unsigned round = 0; round < 60; round++) {
        std::mt19937_64 rng(seed + round);
        const auto below = [&](size_t n) { return static_cast<size_t>(rng() % n); };
        std::string model = round % 2 ? std::to_string(rng() % 1000) : std::string(below(90), 'm');
        KeptString k(made(model));
        for (unsigned step = 0; step < 25; step++) {
            const size_t span = size_t{1} << below(19);
            const std::string piece(1 + below(span), static_cast<char>(rng()));
            if (rng() % 2) {
                ASSERT_EQ(k.append(piece), LK_OK);
                model += piece;
            } else {
                const size_t offset = below(model.size() + span);
                ASSERT_EQ(k.set_range(offset, piece), LK_OK);
                if (model.size() < offset + piece.size())
                    model.resize(offset + piece.size(), '\0');
                model.replace(offset, piece.size(), piece);
            }
            ASSERT_EQ(k.text(), model) << "round " << round << " step " << step;
            const size_t from = below(model.size()), n = below(model.size() - from);
            std::string part(n, '?');
            const value v = k.get();
            ASSERT_EQ(str_read(&v, from, part.data(), n), n);
            ASSERT_EQ(part, model.substr(from, n));
        }
    }
}

} // namespace
