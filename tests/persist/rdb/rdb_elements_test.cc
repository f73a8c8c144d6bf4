// Lengths, numbers and strings: the published bytes, round trips through any cut, and refusals.
#include "tests/persist/rdb/rdb_fixture.h"
#include "tests/support/seed.h"

#include <cmath>
#include <limits>

using namespace rdb;

namespace
{

// --- lengths and numbers

struct LengthCase {
    uint64_t length;
    const char *bytes;
};

const LengthCase length_cases[] = {
    {0, "00"},
    {63, "3f"},
    {64, "4040"},
    {16383, "7fff"},
    {16384, "8000004000"},
    {UINT32_MAX, "80ffffffff"},
    {uint64_t{UINT32_MAX} + 1, "810000000100000000"},
    {UINT64_MAX, "81ffffffffffffffff"},
};

TEST(RdbElements, LengthsHaveThePublishedBytes)
{
    for (const LengthCase &c : length_cases) {
        Out out;
        rdb_out_length(&out.o, c.length);
        EXPECT_EQ(hex(out.flushed()), c.bytes);
        EXPECT_EQ(out.o.version, c.length > UINT32_MAX ? 8u : 1u);
        for (const size_t step : {1, 100}) {
            In in(out.data, step);
            uint64_t back = 1;
            ASSERT_EQ(rdb_in_length(&in.in, &back), LK_OK) << in.in.error;
            EXPECT_EQ(back, c.length);
            EXPECT_EQ(rdb_in_left(&in.in), 0u);
        }
        for (size_t cut = 0; cut < out.data.size(); cut++) {
            In in(out.data.substr(0, cut));
            uint64_t back;
            EXPECT_EQ(rdb_in_length(&in.in, &back), LK_EFORMAT);
            EXPECT_EQ(std::string(in.in.error)
                          .rfind("at byte " + std::to_string(cut) + ": the data ends here", 0),
                      0u)
                << in.in.error;
        }
    }
}

TEST(RdbElements, LengthsThatAreNoneAreRefused)
{
    for (const char *bytes : {"c0", "c3", "ff", "82", "bf"}) {
        In in(unhex(bytes) + std::string(20, 0));
        uint64_t n;
        EXPECT_EQ(rdb_in_length(&in.in, &n), LK_EFORMAT) << bytes;
        EXPECT_EQ(std::string(in.in.error).rfind("at byte 1: ", 0), 0u) << in.in.error;
    }
}

TEST(RdbElements, CountsAreBoundedByWhatIsLeft)
{
    Out out;
    rdb_out_length(&out.o, 10);
    const std::string claim = out.flushed();
    uint64_t n;
    In enough(claim + std::string(20, 0)), short_of_one(claim + std::string(19, 0));
    EXPECT_EQ(rdb_in_count(&enough.in, 2, &n), LK_OK);
    EXPECT_EQ(n, 10u);
    EXPECT_EQ(rdb_in_count(&short_of_one.in, 2, &n), LK_EFORMAT);
    EXPECT_STREQ(short_of_one.in.error,
                 "at byte 1: 10 elements are said to follow, but only 19 bytes are left");
    // Nobody knows how much a socket will bring.
    In socket(claim + "x", SIZE_MAX, false);
    EXPECT_EQ(rdb_in_count(&socket.in, 2, &n), LK_OK);
}

TEST(RdbElements, DoublesComeBackBitByBit)
{
    const double huge = std::numeric_limits<double>::max();
    for (const double d : {0.0, -0.0, 1.0, 0.1, -2.5e-300, 1e17, 123456789.125, huge,
                           std::numeric_limits<double>::denorm_min(), HUGE_VAL, -HUGE_VAL}) {
        Out out;
        rdb_out_double(&out.o, d);
        rdb_out_double_text(&out.o, d);
        In in(out.flushed(), 3);
        double binary, ascii;
        ASSERT_EQ(rdb_in_double(&in.in, &binary), LK_OK);
        ASSERT_EQ(rdb_in_double_text(&in.in, &ascii), LK_OK) << in.in.error;
        EXPECT_EQ(memcmp(&binary, &d, sizeof d), 0) << d;
        EXPECT_EQ(memcmp(&ascii, &d, sizeof d), 0) << d;
    }
}

TEST(RdbElements, TextOfScoresHasThePublishedForm)
{
    Out out;
    rdb_out_double_text(&out.o, NAN);
    rdb_out_double_text(&out.o, HUGE_VAL);
    rdb_out_double_text(&out.o, -HUGE_VAL);
    rdb_out_double_text(&out.o, 1.5);
    EXPECT_EQ(hex(out.flushed()), "fdfeff03312e35");
    In in(out.data);
    double d;
    ASSERT_EQ(rdb_in_double_text(&in.in, &d), LK_OK);
    EXPECT_TRUE(std::isnan(d));
    In word("\x03"
            "one");
    EXPECT_EQ(rdb_in_double_text(&word.in, &d), LK_EFORMAT);
    EXPECT_STREQ(word.in.error, "at byte 4: a score is no number");
}

TEST(RdbElements, TimesAreLittleEndian)
{
    Out out;
    rdb_out_ms(&out.o, 0x0102030405060708);
    rdb_out_ms(&out.o, -2);
    EXPECT_EQ(hex(out.flushed()), "0807060504030201feffffffffffffff");
    In in(out.data);
    int64_t ms;
    ASSERT_EQ(rdb_in_ms(&in.in, &ms), LK_OK);
    EXPECT_EQ(ms, 0x0102030405060708);
    ASSERT_EQ(rdb_in_ms(&in.in, &ms), LK_OK);
    EXPECT_EQ(ms, -2);
    In seconds(unhex("ffffff7f 00000080"));
    int32_t s;
    ASSERT_EQ(rdb_in_seconds(&seconds.in, &s), LK_OK);
    EXPECT_EQ(s, INT32_MAX);
    ASSERT_EQ(rdb_in_seconds(&seconds.in, &s), LK_OK);
    EXPECT_EQ(s, INT32_MIN);
}

// --- strings

struct StringCase {
    const char *name;
    std::string text;
    const char *bytes; // "" if they are not of interest
};

const StringCase string_cases[] = {
    {"empty", "", "00"},
    {"letters", "abc", "03616263"},
    {"zero", "0", "c000"},
    {"smallest_int8", "-128", "c080"},
    {"largest_int8", "127", "c07f"},
    {"smallest_int16", "-32768", "c10080"},
    {"past_int8", "128", "c18000"},
    {"largest_int16", "32767", "c1ff7f"},
    {"past_int16", "32768", "c200800000"},
    {"smallest_int32", "-2147483648", "c200000080"},
    {"largest_int32", "2147483647", "c2ffffff7f"},
    {"past_int32", "2147483648", "0a32313437343833363438"},
    {"leading_zero", "012", "03303132"},
    {"minus_zero", "-0", "022d30"},
    {"plus", "+1", "022b31"},
    {"twenty_alike", std::string(20, 'a'), "146161616161616161616161616161616161616161"},
    {"longest_one_byte_length", noise(63), ""},
    {"shortest_two_byte_length", noise(64), ""},
    {"longest_two_byte_length", noise(16383), ""},
    {"shortest_four_byte_length", noise(16384), ""},
    {"prose", prose(1000), ""},
    {"zeros", std::string(100'000, '\0'), ""},
    {"mixed", prose(3000) + noise(3000) + prose(3000), ""},
    {"megabytes_of_prose", prose(3'000'001), ""},
    {"megabytes_of_noise", noise(3'000'001), ""},
    {"barely_packed", std::string(11, 'x') + noise(14), ""},
};

class RdbString : public ::testing::TestWithParam<StringCase>
{
};

TEST_P(RdbString, ComesBackThroughAnyCut)
{
    const StringCase &c = GetParam();
    for (const bool compress : {false, true}) {
        Out out;
        out.o.compress = compress;
        rdb_out_string(&out.o, of(c.text));
        rdb_out_byte(&out.o, 'E');
        out.flushed();
        if (*c.bytes) {
            EXPECT_EQ(hex(out.data), std::string(c.bytes) + "45");
        }
        for (const size_t step : {size_t{1}, size_t{7}, size_t{1000}, SIZE_MAX}) {
            if (step < 1000 && out.data.size() > 20'000)
                continue;
            for (const bool known : {false, true}) {
                In in(out.data, step, known);
                buf scratch{};
                bytes back;
                ASSERT_EQ(rdb_in_string(&in.in, &scratch, &back), LK_OK) << in.in.error;
                EXPECT_TRUE(bytes_equal(back, of(c.text)));
                unsigned end;
                ASSERT_EQ(rdb_in_byte(&in.in, &end), LK_OK);
                EXPECT_EQ(end, 'E'); // exactly its own bytes were taken
                EXPECT_EQ(rdb_in_crc(&in.in), crc64(0, out.data.data(), out.data.size()));
                buf_release(&scratch);
            }
        }
        In skipping(out.data, 100);
        unsigned end;
        ASSERT_EQ(rdb_in_skip_string(&skipping.in), LK_OK);
        ASSERT_EQ(rdb_in_byte(&skipping.in, &end), LK_OK);
        EXPECT_EQ(end, 'E');
    }
}

TEST_P(RdbString, IsRefusedWhereItIsCut)
{
    const StringCase &c = GetParam();
    Out out;
    rdb_out_string(&out.o, of(c.text));
    out.flushed();
    const size_t every = out.data.size() < 5000 ? 1 : out.data.size() / 200;
    for (size_t cut = 0; cut < out.data.size(); cut += every)
        for (const bool known : {false, true}) {
            In in(out.data.substr(0, cut), SIZE_MAX, known);
            buf scratch{};
            bytes back;
            EXPECT_EQ(rdb_in_string(&in.in, &scratch, &back), LK_EFORMAT) << cut;
            EXPECT_EQ(std::string(in.in.error).rfind("at byte ", 0), 0u) << in.in.error;
            // Everything fails from now on, with the first error.
            const std::string first = in.in.error;
            unsigned byte;
            EXPECT_EQ(rdb_in_byte(&in.in, &byte), LK_EFORMAT);
            EXPECT_EQ(in.in.error, first);
            buf_release(&scratch);
        }
}

INSTANTIATE_TEST_SUITE_P(Rdb, RdbString, ::testing::ValuesIn(string_cases),
                         [](const auto &p) { return std::string(p.param.name); });

TEST(RdbElements, StringsArePackedFrom21BytesOnIfThatSavesFour)
{
    const auto form = [](const std::string &s) {
        Out out;
        rdb_out_string(&out.o, of(s));
        return static_cast<unsigned char>(out.flushed()[0]);
    };
    EXPECT_EQ(form(std::string(20, 'a')), 20);
    EXPECT_EQ(form(std::string(21, 'a')), 0xC3);
    EXPECT_EQ(form(noise(40)), 40);
    // n equal bytes behind noise: it is the first gain of four that makes the packed form.
    size_t packed_from = 0;
    for (size_t n = 0; n < 30 && packed_from == 0; n++) {
        const std::string s = noise(30) + std::string(n, 'q');
        if (form(s) == 0xC3)
            packed_from = n;
    }
    ASSERT_GT(packed_from, 4u);
    Out out;
    rdb_out_string(&out.o, of(noise(30) + std::string(packed_from, 'q')));
    const size_t packed = static_cast<unsigned char>(out.flushed()[1]);
    EXPECT_LE(packed, 30 + packed_from - 4);
}

TEST(RdbElements, LzfOfOthersIsUnpacked)
{
    // Literals "abc", then a reference of 264 bytes to the byte just written, by hand.
    const std::string packed = unhex("02 616263 e0 ff 00");
    const std::string head = unhex("c3 07 410b"); // 7 packed, 267 unpacked
    In in(head + packed);
    buf scratch{};
    bytes back;
    ASSERT_EQ(rdb_in_string(&in.in, &scratch, &back), LK_OK) << in.in.error;
    EXPECT_EQ(text(back), "abc" + std::string(264, 'c'));
    buf_release(&scratch);
}

TEST(RdbElements, LzfThatLiesIsRefused)
{
    const struct {
        const char *name, *bytes, *message;
    } cases[] = {
        {"longer than it unpacks to", "c3 07 410c 02616263 e0ff00",
         "at byte 11: 7 packed bytes are not a string of 268"},
        {"shorter", "c3 07 410a 02616263 e0ff00",
         "at byte 11: 7 packed bytes are not a string of 266"},
        {"refers to what is before it", "c3 05 0c 0061 200500", // offset 6 at position 1
         "at byte 8: 5 packed bytes are not a string of 12"},
        {"empty", "c3 01 00 00", "at byte 3: 1 packed bytes cannot hold a string of 0"},
        {"a bomb", "c3 04 80ffffffff 00000000",
         "at byte 7: 4 packed bytes cannot hold a string of 4294967295"},
        {"a bomb of 64 bits", "c3 04 81ffffffffffffffff 00000000",
         "at byte 11: 4 packed bytes cannot hold a string of 18446744073709551615"},
        {"no packed bytes", "c3 00 05", "at byte 3: 0 packed bytes cannot hold a string of 5"},
        {"more than there are", "c3 3f 10 00",
         "at byte 3: 63 bytes are said to follow, but only 1 are left"},
        {"no such form", "c4 00", "at byte 1: no string has form 4"},
        {"a form for a length", "c3 c0 00 00",
         "at byte 2: a length is expected, not a string of form 0"},
    };
    for (const auto &c : cases) {
        In in(unhex(c.bytes));
        buf scratch{};
        bytes back;
        EXPECT_EQ(rdb_in_string(&in.in, &scratch, &back), LK_EFORMAT) << c.name;
        EXPECT_STREQ(in.in.error, c.message) << c.name;
        EXPECT_LT(scratch.capacity, 1000u) << c.name;
        buf_release(&scratch);
    }
}

TEST(RdbElements, MemoryGrowsAsBytesArrive)
{
    // A gigabyte is claimed, and nobody knows that only a few bytes will come.
    Out out;
    rdb_out_length(&out.o, 1 << 30);
    In in(out.flushed() + noise(10'000), 100, false);
    const size_t used = mem_used();
    buf scratch{};
    bytes back;
    EXPECT_EQ(rdb_in_string(&in.in, &scratch, &back), LK_EFORMAT);
    EXPECT_LT(mem_used() - used, 40'000u);
    buf_release(&scratch);
    // Where it is known, not even those are taken.
    In file(out.data + noise(10'000));
    EXPECT_EQ(rdb_in_string(&file.in, &scratch, &back), LK_EFORMAT);
    EXPECT_STREQ(file.in.error,
                 "at byte 5: 1073741824 bytes are said to follow, but only 10000 are left");
    EXPECT_EQ(scratch.capacity, 0u);
}

// Pieces of every size, also those too small for the library.
TEST(RdbElements, PiecesMakeOneString)
{
    std::mt19937_64 random(test_seed());
    for (int round = 0; round < 200; round++) {
        std::vector<std::string> parts;
        std::string whole;
        for (uint64_t n = random() % 8; n > 0; n--) {
            const size_t size = random() % 3 ? random() % 6 : random() % 40'000;
            parts.push_back(random() % 2 ? prose(size) : noise(size, random()));
            whole += parts.back();
        }
        const rdb_pieces pieces{whole.size(),
                                [](const void *owner, void (*piece)(void *, bytes), void *ctx) {
                                    for (const std::string &s :
                                         *static_cast<const std::vector<std::string> *>(owner))
                                        piece(ctx, of(s));
                                },
                                &parts};
        Out out(128);
        out.o.compress = round % 2;
        rdb_out_pieces(&out.o, &pieces);
        In in(out.flushed(), SIZE_MAX, true, 100'000);
        buf scratch{};
        bytes back;
        ASSERT_EQ(rdb_in_string(&in.in, &scratch, &back), LK_OK) << in.in.error;
        ASSERT_TRUE(bytes_equal(back, of(whole))) << "round " << round;
        EXPECT_EQ(rdb_in_left(&in.in), 0u);
        buf_release(&scratch);
    }
}

// --- the buffer and the sticky errors

TEST(RdbOut, CountsAndChecksWhateverTheBuffer)
{
    const std::string parts[] = {"a", noise(100), "", noise(5000), "bc", noise(64), noise(63)};
    std::string want;
    for (const std::string &s : parts)
        want += s;
    for (const size_t buffer : {64, 65, 128, 5000, 100'000}) {
        Out out(buffer);
        for (const std::string &s : parts)
            rdb_out_raw(&out.o, s.data(), s.size());
        EXPECT_EQ(rdb_out_offset(&out.o), want.size());
        EXPECT_EQ(rdb_out_crc(&out.o), crc64(0, want.data(), want.size()));
        EXPECT_EQ(out.flushed(), want);
        EXPECT_EQ(rdb_out_crc(&out.o), crc64(0, want.data(), want.size()));
    }
}

TEST(RdbOut, KeepsTheFirstErrorAndWritesNoMore)
{
    for (size_t fail_after = 0; fail_after < 1000; fail_after += 61) {
        Out out(64);
        out.fail_after = fail_after;
        for (int i = 0; i < 100; i++)
            rdb_out_string(&out.o, of(prose(40)));
        EXPECT_EQ(rdb_out_flush(&out.o), LK_EIO);
        const int writes = out.writes;
        rdb_out_string(&out.o, of(noise(10'000)));
        rdb_out_fail(&out.o, LK_ENOMEM);
        EXPECT_EQ(rdb_out_flush(&out.o), LK_EIO);
        EXPECT_EQ(out.writes, writes);
    }
}

TEST(RdbIn, SaysWhyTheSourceFailed)
{
    In in(noise(1000), 10);
    in.fail_after = 25;
    EXPECT_EQ(rdb_in_skip(&in.in, 900), LK_EIO);
    EXPECT_STREQ(in.in.error, "at byte 25: reading failed: Input/output error");
    unsigned b;
    EXPECT_EQ(rdb_in_byte(&in.in, &b), LK_EIO);
}

TEST(RdbIn, ReadsBytesWhereTheyAre)
{
    const std::string data = unhex("03 616263 c07f") + "rest";
    rdb_in in;
    rdb_in_init_bytes(&in, of(data));
    buf scratch{};
    bytes s;
    ASSERT_EQ(rdb_in_string(&in, &scratch, &s), LK_OK);
    EXPECT_EQ(s.data, data.data() + 1);
    ASSERT_EQ(rdb_in_string(&in, &scratch, &s), LK_OK);
    EXPECT_EQ(text(s), "127");
    EXPECT_EQ(rdb_in_crc(&in), crc64(0, data.data(), 6));
    EXPECT_EQ(text(rdb_in_rest(&in)), "rest");
    ASSERT_EQ(rdb_in_skip(&in, 4), LK_OK);
    EXPECT_EQ(rdb_in_length(&in, &(uint64_t &)s.size), LK_EFORMAT);
    EXPECT_STREQ(in.error, "at byte 10: the data ends here, and at least 1 more bytes must follow");
    buf_release(&scratch);
    rdb_in_release(&in);
}

} // namespace
