// The small parts of io/admin that need no server.
#include "core/base/mem.h"
#include "core/types/str.h"
#include "io/admin/debug/digest.h"
#include "io/admin/info/human.h"
#include "io/admin/info/process.h"
#include "io/admin/info/rate.h"
#include "io/admin/info/totals.h"
#include "io/admin/lolwut.h"
#include "io/admin/memory/doctor.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string hex(const uint8_t *v)
{
    digest d{};
    char text[DIGEST_CHARS + 1];
    memcpy(d.v, v, sizeof d.v);
    digest_print(&d, text);
    return text;
}

std::string sha1_of(const std::string &message, size_t piece)
{
    sha1 s;
    uint8_t out[SHA1_BYTES];
    sha1_begin(&s);
    for (size_t at = 0; at < message.size(); at += piece)
        sha1_add(&s, of(message.substr(at, piece)));
    sha1_end(&s, out);
    return hex(out);
}

// The examples of FIPS 180, and the lengths around the padding's edges in pieces of any size.
TEST(Sha1, PublishedExamples)
{
    EXPECT_EQ(sha1_of("abc", 1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(sha1_of("", 1), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(sha1_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 64),
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    EXPECT_EQ(sha1_of(std::string(1000000, 'a'), 777), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(Sha1, PiecesDoNotMatter)
{
    for (size_t size = 50; size < 140; size++) {
        const std::string message(size, 'q');
        for (const size_t piece : {1, 3, 63, 64, 65, 200})
            EXPECT_EQ(sha1_of(message, piece), sha1_of(message, size)) << size << " in " << piece;
    }
}

std::string value_digest(const std::string &text, bool deadline)
{
    value v;
    digest d{};
    str_from_bytes(of(text), &v);
    digest_value(&d, &v, deadline);
    value_release(&v);
    return hex(d.v);
}

// Answers of a redis-server 7.0 to DEBUG DIGEST-VALUE.
TEST(Digest, EqualsRedisForStrings)
{
    EXPECT_EQ(value_digest("1", false), "b4fc66738120fba0b5aa500ab5c2bf89cea1c5da");
    EXPECT_EQ(value_digest("hello", true), "d037c4eb8a8b36b602fbced4000daeab0714c1e3");
}

TEST(Digest, OrderOfKeysDoesNotMatter)
{
    digest both[2] = {};
    for (int turn = 0; turn < 2; turn++) {
        digest_begin_database(&both[turn], 0);
        for (int i = 0; i < 2; i++) {
            const std::string key = (i ^ turn) ? "first" : "second";
            value v;
            digest one{};
            str_from_bytes(of(key), &v);
            digest_key(&one, of(key), &v, false);
            digest_fold(&both[turn], &one);
        }
    }
    EXPECT_EQ(hex(both[0].v), hex(both[1].v));
}

TEST(Human, TwoDecimalsAndALetter)
{
    const std::map<uint64_t, std::string> rows = {
        {0, "0B"},           {1023, "1023B"},         {1024, "1.00K"},       {1536, "1.50K"},
        {916232, "894.76K"}, {25276514304, "23.54G"}, {UINT64_MAX, "16.00E"}};
    for (const auto &[size, text] : rows) {
        char out[HUMAN_CHARS];
        EXPECT_EQ(human_bytes(size, out), text);
    }
}

TEST(Rate, AveragesOverTheLastSamples)
{
    rate r{};
    int64_t now = 1000;
    uint64_t counter = 500; // what was there before the first look is nobody's rate
    rate_sample(&r, counter, now);
    EXPECT_EQ(rate_read(&r), 0U);
    for (int i = 0; i < RATE_SAMPLES; i++)
        rate_sample(&r, counter += 100, now += 100);
    EXPECT_EQ(rate_read(&r), 1000U);
    rate_sample(&r, counter += 1000, now -= 50); // the clock was set back
    EXPECT_EQ(rate_read(&r), 1000U);
    for (int i = 0; i < RATE_SAMPLES; i++)
        rate_sample(&r, counter, now += 100);
    EXPECT_EQ(rate_read(&r), 0U);
}

TEST(Rate, CountersMayBeReset)
{
    rate r{};
    rate_sample(&r, 1'000'000, 1000);
    rate_sample(&r, 16, 2000);
    EXPECT_EQ(rate_read(&r), 1U);
}

TEST(Totals, PercentileIsTheUpperEndOfItsBucket)
{
    uint64_t histogram[HISTOGRAM_BUCKETS] = {};
    EXPECT_EQ(totals_percentile_ns(histogram, 50), 0U);
    histogram[histogram_bucket(8000)] = 99;
    histogram[histogram_bucket(1000000)] = 1;
    EXPECT_EQ(totals_percentile_ns(histogram, 50), 8063U);
    EXPECT_EQ(totals_percentile_ns(histogram, 99), 8063U);
    EXPECT_EQ(totals_percentile_ns(histogram, 99.9), 1007615U);
    EXPECT_EQ(totals_percentile_ns(histogram, 100), 1007615U);
}

TEST(Process, KnowsItself)
{
    EXPECT_GT(process_rss_bytes(), 100'000U);
    EXPECT_GT(process_machine_bytes(), process_rss_bytes());
    volatile double busy = 1;
    while (process_cpu_self().user_s + process_cpu_self().system_s <= 0)
        busy = busy * 1.0001;
    EXPECT_GE(process_cpu_main_thread().user_s, 0);
}

TEST(Lolwut, DrawsAsManyCellsAsAsked)
{
    for (const auto &[columns, rows] :
         std::vector<std::pair<int, int>>{{1, 1}, {60, 12}, {500, 3}}) {
        rng r;
        buf out{};
        rng_seed(&r, 1);
        lolwut_draw(&r, columns, rows, &out);
        const std::string text(out.data, out.size);
        buf_release(&out);
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), rows);
        const size_t cells = std::count_if(text.begin(), text.end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xc0) != 0x80 && c != '\n';
        });
        EXPECT_EQ(cells, static_cast<size_t>(columns) * rows);
    }
}

std::string doctor_says(const memory_report &m)
{
    buf out{};
    doctor_write(&m, &out);
    std::string text(out.data, out.size);
    buf_release(&out);
    return text;
}

TEST(Doctor, NamesWhatStandsOut)
{
    memory_report m{};
    m.used = 1 << 20;
    EXPECT_NE(doctor_says(m).find("too little data"), std::string::npos);
    m.used = m.peak = 100 << 20;
    EXPECT_NE(doctor_says(m).find("healthy"), std::string::npos);
    m.peak = 200 << 20;
    EXPECT_NE(doctor_says(m).find("* Peak"), std::string::npos);
    EXPECT_EQ(doctor_says(m).find("* Snapshot"), std::string::npos);
    m.view = 50 << 20;
    EXPECT_NE(doctor_says(m).find("* Snapshot"), std::string::npos);
}

} // namespace
