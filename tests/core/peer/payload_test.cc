/*
 * payload_test.cc — the RDB of a full sync, in both forms, in pieces of any size.
 */
#include "core/peer/payload.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace
{

const std::string kMark = "0123456789abcdefghijklmnopqrstuvwxyzABCD";

struct Got {
    std::string data, rest, error;
    payload_outcome outcome = PAYLOAD_MORE;
    bool by_mark = false;
};

/* Feeds the bytes in pieces of those sizes, as a link does: what was not used stays in front. */
template <typename Size> Got feed(const std::string &all, Size next)
{
    Got got;
    payload p;
    payload_begin(&p);
    std::string in;
    size_t come = 0;
    while (come < all.size() && got.outcome != PAYLOAD_END && got.outcome != PAYLOAD_ERROR) {
        const size_t n = std::min<size_t>(next(), all.size() - come);
        in += all.substr(come, n);
        come += n;
        do {
            size_t used = 0;
            bytes out;
            got.outcome = payload_take(&p, bytes_of(in.data(), in.size()), &used, &out);
            if (got.outcome == PAYLOAD_BYTES)
                got.data.append(static_cast<const char *>(out.data), out.size);
            in.erase(0, used);
        } while (got.outcome == PAYLOAD_BYTES || got.outcome == PAYLOAD_HEAD);
        EXPECT_LT(in.size(), size_t{PAYLOAD_HEAD_MAX} + 128) << "it leaves too much to its caller";
        if (got.outcome == PAYLOAD_MORE && p.by_mark) {
            EXPECT_LT(in.size(), size_t{PAYLOAD_MARK_CHARS});
        }
    }
    got.rest = in + all.substr(come);
    got.by_mark = p.by_mark;
    if (got.outcome == PAYLOAD_ERROR)
        got.error.assign(p.error.data, p.error.size);
    payload_end(&p);
    return got;
}

TEST(Payload, EverySizeOfPiece)
{
    const std::string data = "REDIS0011 some data\r\n with lines " + kMark.substr(0, 39) + "!";
    for (const bool by_mark : {false, true}) {
        const std::string head = by_mark ? "$EOF:" + kMark : "$" + std::to_string(data.size());
        const std::string all =
            "\n\n" + head + "\r\n" + data + (by_mark ? kMark : "") + "*1\r\n$4\r\nPING\r\n";
        for (size_t n = 1; n <= all.size(); n++) {
            const Got got = feed(all, [&] { return n; });
            EXPECT_EQ(got.outcome, PAYLOAD_END) << n;
            EXPECT_EQ(got.data, data) << n;
            EXPECT_EQ(got.rest, "*1\r\n$4\r\nPING\r\n") << n;
            EXPECT_EQ(got.by_mark, by_mark);
        }
    }
}

TEST(Payload, RandomDataFullOfBeginningsOfTheMark)
{
    std::mt19937_64 random(test_seed());
    for (int round = 0; round < 200; round++) {
        std::string data;
        while (data.size() < 2000)
            data += random() % 3 ? kMark.substr(0, random() % 40) : std::string(random() % 9, 'x');
        const std::string tail(random() % 50, 't');
        const Got got = feed("$EOF:" + kMark + "\r\n" + data + kMark + tail,
                             [&] { return 1 + random() % 300; });
        ASSERT_EQ(got.outcome, PAYLOAD_END);
        ASSERT_EQ(got.data, data);
        ASSERT_EQ(got.rest, tail);
    }
}

TEST(Payload, EmptyData)
{
    EXPECT_EQ(feed("$0\r\nx", [] { return 64; }).outcome, PAYLOAD_END);
    EXPECT_EQ(feed("$EOF:" + kMark + "\r\n" + kMark, [] { return 256; }).outcome, PAYLOAD_END);
}

struct Wrong {
    const char *head, *error;
};

TEST(Payload, WrongHeads)
{
    const Wrong all[] = {
        {"-ERR can't\r\n", "MASTER aborted replication with an error: ERR can't"},
        {"HTTP/1.1\r\n", "the first byte is not '$' (we received 'HTTP/1.1')"},
        {"$-1\r\n", "wrong length"},
        {"$12x\r\n", "wrong length"},
        {"$EOF:short\r\n", "wrong end mark"},
        {"$99999999999999999999999\r\n", "wrong length"},
    };
    for (const Wrong &w : all)
        for (size_t n = 1; n < 20; n++) {
            const Got got = feed(w.head, [&] { return n; });
            EXPECT_EQ(got.outcome, PAYLOAD_ERROR) << w.head;
            EXPECT_NE(got.error.find(w.error), std::string::npos) << got.error;
        }
    const std::string endless(4096, '$');
    EXPECT_EQ(feed(endless, [] { return 100; }).outcome, PAYLOAD_ERROR);
}

} // namespace
