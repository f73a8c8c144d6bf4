// Ziplists and zipmaps: what the published format says, and nothing that is not it.
#include "persist/rdb/rdb_ziplist.h"
#include "persist/rdb/rdb_zipmap.h"
#include "tests/persist/rdb/rdb_fixture.h"
#include "tests/support/seed.h"

using namespace rdb;

namespace
{

std::string shown(const listpack_value &v)
{
    return v.s.data ? "'" + text(v.s) + "'" : std::to_string(v.number);
}

std::string le(uint64_t n, int size)
{
    std::string s;
    for (int i = 0; i < size; i++)
        s += static_cast<char>(n >> (8 * i));
    return s;
}

// The bodies are encodings with their data; backward sizes and the header are put around them.
std::string ziplist(const std::vector<std::string> &bodies)
{
    std::string out;
    size_t previous = 0, last = 10;
    for (const std::string &body : bodies) {
        last = 10 + out.size();
        const std::string element =
            (previous < 254 ? le(previous, 1) : "\xfe" + le(previous, 4)) + body;
        out += element;
        previous = element.size();
    }
    return le(out.size() + 11, 4) + le(last, 4) + le(bodies.size(), 2) + out + "\xff";
}

// "" if it is refused.
std::string walked(const std::string &zl)
{
    const std::vector<char> exact(zl.begin(), zl.end()); // so that reads beyond it are seen
    const bytes b = bytes_of(exact.data(), exact.size());
    size_t count = 0, seen = 0;
    if (!rdb_ziplist_validate(b, &count))
        return "";
    struct Walk {
        std::string out;
        size_t *seen;
    } walk{"", &seen};
    EXPECT_TRUE(rdb_ziplist_each(
        b,
        [](void *ctx, const listpack_value *v) {
            Walk *w = static_cast<Walk *>(ctx);
            w->out += (w->out.empty() ? "" : " ") + shown(*v);
            ++*w->seen;
            return true;
        },
        &walk));
    EXPECT_EQ(seen, count);
    return "(" + walk.out + ")";
}

TEST(RdbZiplist, EveryEncodingIsRead)
{
    const std::string large(16384, 'l');
    const struct {
        std::string body, want;
    } cases[] = {
        {unhex("00"), "''"},
        {unhex("03 616263"), "'abc'"},
        {unhex("02 3132"), "'12'"},
        {"\x3f" + std::string(63, 'a'), "'" + std::string(63, 'a') + "'"},
        {unhex("4040") + std::string(64, 'b'), "'" + std::string(64, 'b') + "'"},
        {unhex("8000004000") + large, "'" + large + "'"},
        {unhex("8000000001 78"), "'x'"}, // longer than it need be
        {unhex("f1"), "0"},
        {unhex("fd"), "12"},
        {unhex("fe 80"), "-128"},
        {unhex("fe 7f"), "127"},
        {unhex("c0 0080"), "-32768"},
        {unhex("f0 ffff7f"), "8388607"},
        {unhex("f0 000080"), "-8388608"},
        {unhex("d0 00000080"), "-2147483648"},
        {unhex("e0 0000000000000080"), "-9223372036854775808"},
        {unhex("e0 ffffffffffffff7f"), "9223372036854775807"},
    };
    std::vector<std::string> all;
    std::string want;
    for (const auto &c : cases) {
        EXPECT_EQ(walked(ziplist({c.body})), "(" + c.want + ")");
        EXPECT_EQ(walked(ziplist({c.body, unhex("f2")})), "(" + c.want + " 1)");
        all.push_back(c.body);
        want += (want.empty() ? "" : " ") + c.want;
    }
    EXPECT_EQ(walked(ziplist(all)), "(" + want + ")");
    EXPECT_EQ(walked(ziplist({})), "()");
}

TEST(RdbZiplist, NumbersInStringsAreKnownAsSuch)
{
    const std::string zl = ziplist({unhex("02 3132")});
    rdb_ziplist_each(
        of(zl),
        [](void *, const listpack_value *v) {
            EXPECT_TRUE(v->is_number);
            EXPECT_EQ(v->number, 12);
            return true;
        },
        nullptr);
}

TEST(RdbZiplist, BackwardSizesMayBeWide)
{
    // A server leaves five bytes where one would do, when an element has shrunk.
    const std::string good = ziplist({unhex("f1"), unhex("f2")});
    std::string wide = good;
    wide.replace(12, 1, "\xfe" + le(2, 4));
    wide.replace(0, 4, le(wide.size(), 4));
    EXPECT_EQ(walked(wide), "(0 1)");
    wide[13] = 3;
    EXPECT_EQ(walked(wide), "");
}

TEST(RdbZiplist, TheCountMayBeUnknown)
{
    std::string zl = ziplist({unhex("f1"), unhex("f2")});
    zl.replace(8, 2, "\xff\xff");
    EXPECT_EQ(walked(zl), "(0 1)");
    zl.replace(8, 2, le(3, 2));
    EXPECT_EQ(walked(zl), "");
}

TEST(RdbZiplist, LiesAreRefused)
{
    const std::string good =
        ziplist({unhex("03 616263"), unhex("fe 80"), unhex("4040") + std::string(64, 'b')});
    ASSERT_NE(walked(good), "");
    const struct {
        const char *name;
        size_t at;
        std::string bytes;
    } cases[] = {
        {"size", 0, le(good.size() + 1, 4)},
        {"last element", 4, le(10, 4)},
        {"last element beyond", 4, le(good.size(), 4)},
        {"count", 8, le(2, 2)},
        {"size of the one before the first", 10, le(1, 1)},
        {"size of the one before", 15, le(4, 1)},
        {"the end too early", 10, "\xff"},
        {"string too long", 11, unhex("20")},
        {"no encoding", 16, unhex("c1")},
        {"no encoding either", 16, unhex("ff")},
        {"number too long", 16, unhex("e0")},
        {"no end", good.size() - 1, unhex("00")},
    };
    for (const auto &c : cases) {
        std::string bad = good;
        bad.replace(c.at, c.bytes.size(), c.bytes);
        EXPECT_EQ(walked(bad), "") << c.name;
    }
    for (size_t cut = 0; cut < good.size(); cut++)
        EXPECT_EQ(walked(good.substr(0, cut)), "") << cut;
    EXPECT_EQ(walked(good + "\xff"), "");
}

// --- zipmaps

std::string walked_map(const std::string &zm)
{
    const std::vector<char> exact(zm.begin(), zm.end());
    const bytes b = bytes_of(exact.data(), exact.size());
    size_t count = 0;
    if (!rdb_zipmap_validate(b, &count))
        return "";
    struct Walk {
        std::string out;
        size_t seen = 0;
    } walk;
    EXPECT_TRUE(rdb_zipmap_each(
        b,
        [](void *ctx, const listpack_value pair[2]) {
            Walk *w = static_cast<Walk *>(ctx);
            w->out += (w->out.empty() ? "" : " ") + shown(pair[0]) + "=" + shown(pair[1]);
            w->seen++;
            return true;
        },
        &walk));
    EXPECT_EQ(walk.seen, count);
    return "(" + walk.out + ")";
}

TEST(RdbZipmap, PairsAreRead)
{
    EXPECT_EQ(walked_map(unhex("00 ff")), "()");
    EXPECT_EQ(walked_map(unhex("01 01 61 02 00 6263 ff")), "('a'='bc')");
    EXPECT_EQ(walked_map(unhex("02 00 00 00  01 61 01 03 62 ffffff ff")), "(''='' 'a'='b')");
    // Long ones, and a count that is not known.
    const std::string field(253, 'f'), wide(254, 'w');
    EXPECT_EQ(
        walked_map("\xfe\xfd" + field + "\xfe" + le(254, 4) + std::string(1, 0) + wide + "\xff"),
        "('" + field + "'='" + wide + "')");
}

TEST(RdbZipmap, LiesAreRefused)
{
    const std::string good = unhex("02 01 61 02 00 6263  01 64 01 02 65 0000 ff");
    ASSERT_EQ(walked_map(good), "('a'='bc' 'd'='e')");
    for (size_t cut = 0; cut < good.size(); cut++)
        EXPECT_EQ(walked_map(good.substr(0, cut)), "") << cut;
    EXPECT_EQ(walked_map(good + "\xff"), "");
    const struct {
        const char *name;
        size_t at;
        std::string bytes;
    } cases[] = {
        {"count", 0, "\x03"},
        {"no count", 0, "\xff"},
        {"field too long", 1, "\x20"},
        {"value too long", 3, "\x20"},
        {"spare too long", 10, "\x03"},
        {"spare too short", 10, "\x01"},
        {"field that ends it", 1, "\xff"},
        {"value that ends it", 3, "\xff"},
        {"wide length that is cut", 9, "\xfe"},
        {"wide length too long", 1, "\xfe\xff\xff\xff\xff"},
        {"wide length of a short field", 1, std::string("\xfe\x01\0\0\0", 5)},
        {"wide length of a short value", 3, std::string("\xfe\x02\0\0\0", 5)},
    };
    for (const auto &c : cases) {
        std::string bad = good;
        bad.replace(c.at, c.bytes.size(), c.bytes);
        EXPECT_EQ(walked_map(bad), "") << c.name;
    }
}

// Whatever they are given, the walkers stay inside it, and what they accept they can walk.
TEST(RdbPacked, MutatedBytesAreHarmless)
{
    const std::string list =
        ziplist({unhex("03 616263"), unhex("fe 80"), unhex("4040") + std::string(64, 'b'),
                 unhex("f5"), unhex("e0 ffffffffffffff7f"), unhex("8000000001 78")});
    const std::string map = unhex("02 01 61 02 00 6263  01 64 01 02 65 0000 ff");
    std::mt19937_64 random(test_seed());
    int accepted = 0;
    for (int round = 0; round < 100'000; round++) {
        const bool is_list = round % 2;
        std::string bad = is_list ? list : map;
        for (uint64_t n = 1 + random() % 3; n > 0; n--) {
            const size_t at = random() % bad.size();
            if (random() % 2)
                bad[at] = static_cast<char>(random());
            else
                bad[at] = "\xff\xfe\x00\x80\xc0\xf0\x01"[random() % 7];
        }
        if (random() % 8 == 0)
            bad.resize(random() % (bad.size() + 1));
        accepted += (is_list ? walked(bad) : walked_map(bad)) != "";
    }
    EXPECT_GT(accepted, 1000);
}

} // namespace
