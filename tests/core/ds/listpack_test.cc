// Listpacks are, byte for byte, what the published format says, and behave as std::deque does.
#include "core/ds/listpack.h"
#include "tests/support/seed.h"

#include "tests/core/ds/view_model.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string hex(const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    std::string out;
    for (size_t i = 0; i < n; i++) {
        out += digits[p[i] >> 4];
        out += digits[p[i] & 15];
    }
    return out;
}

std::string text(const unsigned char *p)
{
    char digits[INT64_CHARS];
    const bytes b = listpack_text(p, digits);
    return {b.data, b.size};
}

std::deque<std::string> all(const unsigned char *lp)
{
    std::deque<std::string> out;
    for (const unsigned char *p = listpack_first(lp); p; p = listpack_next(lp, p))
        out.push_back(text(p));
    return out;
}

// An exact copy on the heap, so that ASan sees any over-read.
bool validates(const std::string &s)
{
    const std::vector<unsigned char> copy(s.begin(), s.end());
    return listpack_validate(copy.data(), copy.size());
}

struct Golden {
    const char *name;
    const char *value;
    const char *want;
    bool number;
};

class ListpackBytes : public ::testing::TestWithParam<Golden>
{
};

// The bytes a Redis 7.0 server puts into DUMP for a list of one element.
TEST_P(ListpackBytes, AreThePublishedOnes)
{
    const Golden &g = GetParam();
    unsigned char *lp = listpack_new();
    listpack_append(&lp, bytes_cstr(g.value));
    EXPECT_EQ(hex(lp, listpack_bytes(lp)), g.want);
    EXPECT_EQ(listpack_get(listpack_first(lp)).is_number, g.number);
    EXPECT_EQ(text(listpack_first(lp)), g.value);
    EXPECT_TRUE(listpack_validate(lp, listpack_bytes(lp)));
    listpack_free(lp);
}

const Golden goldens[] = {
    {"Zero", "0", "090900000001000001ff", true},
    {"One", "1", "090900000001000101ff", true},
    {"SevenBits", "127", "090900000001007f01ff", true},
    {"FirstOf13", "128", "0a0a0000000100c08002ff", true},
    {"MinusOne", "-1", "0a0a0000000100dfff02ff", true},
    {"MostOf13", "4095", "0a0a0000000100cfff02ff", true},
    {"LeastOf13", "-4096", "0a0a0000000100d00002ff", true},
    {"FirstOf16", "4096", "0b0b0000000100f1001003ff", true},
    {"MinusFirstOf16", "-4097", "0b0b0000000100f1ffef03ff", true},
    {"MostOf16", "32767", "0b0b0000000100f1ff7f03ff", true},
    {"LeastOf16", "-32768", "0b0b0000000100f1008003ff", true},
    {"FirstOf24", "32768", "0c0c0000000100f200800004ff", true},
    {"MinusFirstOf24", "-32769", "0c0c0000000100f2ff7fff04ff", true},
    {"MostOf24", "8388607", "0c0c0000000100f2ffff7f04ff", true},
    {"LeastOf24", "-8388608", "0c0c0000000100f200008004ff", true},
    {"FirstOf32", "8388608", "0d0d0000000100f30000800005ff", true},
    {"MinusFirstOf32", "-8388609", "0d0d0000000100f3ffff7fff05ff", true},
    {"MostOf32", "2147483647", "0d0d0000000100f3ffffff7f05ff", true},
    {"LeastOf32", "-2147483648", "0d0d0000000100f30000008005ff", true},
    {"FirstOf64", "2147483648", "11110000000100f4000000800000000009ff", true},
    {"MinusFirstOf64", "-2147483649", "11110000000100f4ffffff7fffffffff09ff", true},
    {"MostOf64", "9223372036854775807", "11110000000100f4ffffffffffffff7f09ff", true},
    {"LeastOf64", "-9223372036854775808", "11110000000100f4000000000000008009ff", true},
    {"BeyondInt64", "9223372036854775808",
     "1c1c0000000100933932323333373230333638353437373538303814ff", false},
    {"MinusZero", "-0", "0b0b0000000100822d3003ff", false},
    {"LeadingZero", "01", "0b0b000000010082303103ff", false},
    {"Plus", "+1", "0b0b0000000100822b3103ff", false},
    {"Empty", "", "090900000001008001ff", false},
    {"Space", " 1", "0b0b000000010082203103ff", false},
    {"Word", "hello", "0e0e00000001008568656c6c6f06ff", false},
    {"Fraction", "1.5", "0c0c000000010083312e3504ff", false},
};

// The first byte of each golden is the RDB length of what follows.
std::vector<Golden> without_length()
{
    std::vector<Golden> out(std::begin(goldens), std::end(goldens));
    for (Golden &g : out)
        g.want += 2;
    return out;
}

INSTANTIATE_TEST_SUITE_P(Values, ListpackBytes, ::testing::ValuesIn(without_length()),
                         [](const auto &param) { return param.param.name; });

// The last bytes of an entry, by the length of its body; as a Redis 7.0 server writes them.
TEST(Listpack, BackwardLengthsAreThePublishedOnes)
{
    const struct {
        size_t body;
        const char *want;
    } rows[] = {
        {1, "01ff"},
        {64, "40ff"},
        {127, "7fff"},
        {128, "0180ff"},
        {16382, "7ffeff"},
        {16383, "00ffffff"},
        {16384, "018080ff"},
        {2097150, "7ffffeff"},
        {2097151, "00ffffffff"},
        {2097152, "01808080ff"},
    };
    for (const auto &row : rows) {
        const size_t head = row.body <= 64 ? 1 : row.body <= 4097 ? 2 : 5;
        const std::string s(row.body - head, 'x');
        unsigned char *lp = listpack_new();
        listpack_append(&lp, bytes_cstr("before"));
        listpack_append(&lp, of(s));
        const size_t n = strlen(row.want) / 2;
        EXPECT_EQ(hex(lp + listpack_bytes(lp) - n, n), row.want);
        EXPECT_TRUE(listpack_validate(lp, listpack_bytes(lp)));
        EXPECT_EQ(text(listpack_last(lp)), s);
        EXPECT_EQ(text(listpack_prev(lp, listpack_last(lp))), "before");
        listpack_free(lp);
    }
}

TEST(Listpack, EmptyHasNoEntries)
{
    unsigned char *lp = listpack_new();
    EXPECT_EQ(hex(lp, listpack_bytes(lp)), "070000000000ff");
    EXPECT_EQ(listpack_first(lp), nullptr);
    EXPECT_EQ(listpack_last(lp), nullptr);
    EXPECT_EQ(listpack_seek(lp, 0), nullptr);
    EXPECT_EQ(listpack_seek(lp, -1), nullptr);
    EXPECT_EQ(listpack_count(lp), 0u);
    listpack_free(lp);
}

// 65535 and more entries cannot be stated, so they are counted.
TEST(Listpack, CountsBeyondTheHeader)
{
    unsigned char *lp = listpack_new();
    const std::vector<listpack_value> many(65534, listpack_from_number(7));
    (void)listpack_insert(&lp, nullptr, many.data(), many.size());
    EXPECT_EQ(listpack_count(lp), 65534u);
    for (size_t n = 65535; n < 65540; n++) {
        listpack_append_number(&lp, static_cast<int64_t>(n));
        EXPECT_EQ(listpack_count(lp), n);
        EXPECT_EQ(hex(lp + 4, 2), "ffff");
        EXPECT_EQ(listpack_get(listpack_seek(lp, -1)).number, static_cast<int64_t>(n));
        EXPECT_EQ(listpack_get(listpack_seek(lp, static_cast<int64_t>(n) - 1)).number,
                  static_cast<int64_t>(n));
        EXPECT_EQ(listpack_seek(lp, static_cast<int64_t>(n)), nullptr);
    }
    EXPECT_TRUE(listpack_validate(lp, listpack_bytes(lp)));
    (void)listpack_delete(&lp, listpack_first(lp), 65000);
    EXPECT_EQ(listpack_count(lp), 539u);
    EXPECT_TRUE(listpack_validate(lp, listpack_bytes(lp)));
    listpack_free(lp);
}

TEST(Listpack, FindsWithSkip)
{
    unsigned char *lp = listpack_new();
    for (const char *s : {"a", "1", "1", "b", "-0", "2", "c", "2"})
        listpack_append(&lp, bytes_cstr(s));
    const struct {
        const char *s;
        size_t skip;
        int64_t want;
    } rows[] = {
        {"a", 0, 0}, {"1", 0, 1},  {"1", 1, 2}, {"b", 1, -1}, {"-0", 1, 4},
        {"2", 0, 5}, {"2", 1, -1}, {"c", 2, 6}, {"0", 0, -1}, {"", 0, -1},
    };
    for (const auto &row : rows) {
        const listpack_value v = listpack_from_bytes(bytes_cstr(row.s));
        const unsigned char *want = row.want < 0 ? nullptr : listpack_seek(lp, row.want);
        EXPECT_EQ(listpack_find(lp, listpack_first(lp), &v, row.skip), want) << row.s;
    }
    const listpack_value two = listpack_from_number(2);
    EXPECT_EQ(listpack_find(lp, listpack_first(lp), &two, 0), listpack_seek(lp, 5));
    EXPECT_GT(listpack_compare(listpack_first(lp), bytes_cstr("")), 0);
    EXPECT_LT(listpack_compare(listpack_seek(lp, 1), bytes_cstr("10")), 0);
    EXPECT_EQ(listpack_compare(listpack_seek(lp, 1), bytes_cstr("1")), 0);
    listpack_free(lp);
}

// A number that another program stored as a string still equals that number.
TEST(Listpack, EqualsWhateverTheEncoding)
{
    const unsigned char odd[] = {0x0b, 0, 0, 0, 1, 0, 0x82, '4', '2', 3, 0xff};
    ASSERT_TRUE(listpack_validate(odd, sizeof odd));
    const listpack_value number = listpack_from_number(42),
                         s = listpack_from_bytes(bytes_cstr("42")),
                         other = listpack_from_number(43);
    EXPECT_TRUE(listpack_equal(listpack_first(odd), &number));
    EXPECT_TRUE(listpack_equal(listpack_first(odd), &s));
    EXPECT_FALSE(listpack_equal(listpack_first(odd), &other));
}

TEST(Listpack, RefusesWhatItCannotHold)
{
    unsigned char *lp = listpack_new();
    const listpack_value v[2] = {listpack_from_bytes(bytes_of("", SIZE_MAX)),
                                 listpack_from_bytes(bytes_of("", UINT32_MAX - 30))};
    EXPECT_FALSE(listpack_fits(lp, &v[0], 1));
    EXPECT_TRUE(listpack_fits(lp, &v[1], 1));
    const listpack_value both[2] = {v[1], v[1]};
    EXPECT_FALSE(listpack_fits(lp, both, 2));
    listpack_free(lp);
}

std::string random_value(std::mt19937_64 &rng)
{
    switch (rng() % 6) {
    case 0:
        return std::to_string(static_cast<int64_t>(rng()) >> (rng() % 64));
    case 1:
        return std::to_string(rng() % 200);
    case 2:
        return std::string(rng() % 5000, static_cast<char>('a' + rng() % 26));
    case 3:
        return std::string(60 + rng() % 8, 'x');
    case 4:
        return std::string(rng() % 50 == 0 ? 16375 + rng() % 10 : 4090 + rng() % 10, 'x');
    default:
        return std::string(rng() % 20, static_cast<char>('a' + rng() % 26));
    }
}

TEST(Listpack, RotatesAndRemovesInPlace)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    for (int round = 0; round < 300; round++) {
        unsigned char *lp = listpack_new();
        std::deque<std::string> model;
        for (size_t n = 1 + rng() % 12; n > 0; n--) {
            model.push_back(rng() % 3 ? std::to_string(rng() % 3) : random_value(rng));
            listpack_append(&lp, of(model.back()));
        }
        const bool last = rng() % 2;
        listpack_rotate_in_place(lp, last);
        if (last)
            std::rotate(model.begin(), model.end() - 1, model.end());
        else
            std::rotate(model.begin(), model.begin() + 1, model.end());
        ASSERT_TRUE(all(lp) == model);

        std::vector<listpack_value> read(model.size());
        const unsigned char *end = listpack_read(listpack_first(lp), read.data(), read.size());
        EXPECT_EQ(end, lp + listpack_bytes(lp) - 1);
        for (size_t i = 0; i < read.size(); i++)
            ASSERT_EQ(read[i].is_number ? std::to_string(read[i].number)
                                        : std::string(read[i].s.data, read[i].s.size),
                      model[i]);

        const std::string victim = model[rng() % model.size()];
        const size_t skip = rng() % 3, most = rng() % 4;
        size_t met = 0, gone = 0;
        for (auto at = model.begin(); at != model.end();) {
            const bool out = *at == victim && met++ >= skip && gone < most;
            gone += out;
            at = out ? model.erase(at) : at + 1;
        }
        const listpack_value v = listpack_from_bytes(of(victim));
        // An exact block: the header must say what is left, and nothing behind it is read.
        const size_t block = listpack_bytes(lp);
        ASSERT_EQ(listpack_remove_in_place(lp, &v, skip, most), gone);
        ASSERT_TRUE(listpack_validate(lp, listpack_bytes(lp)));
        ASSERT_EQ(listpack_count(lp), model.size());
        ASSERT_TRUE(all(lp) == model);
        mem_free(lp, block);
    }
}

TEST(Listpack, MatchesStdDeque)
{
    const uint64_t seed = test_seed();
    const size_t used = mem_used();
    for (uint64_t round = 0; round < 20; round++) {
        std::mt19937_64 rng(seed + round);
        unsigned char *lp = listpack_new();
        std::deque<std::string> model;
        for (int step = 0; step < 300; step++) {
            const std::string s = random_value(rng);
            const listpack_value v = listpack_from_bytes(of(s));
            const size_t at = model.empty() ? 0 : rng() % model.size();
            const unsigned char *p = listpack_seek(lp, static_cast<int64_t>(at));
            switch (rng() % 10) {
            case 0:
                listpack_append(&lp, of(s));
                model.push_back(s);
                break;
            case 1:
                listpack_prepend(&lp, of(s));
                model.push_front(s);
                break;
            case 2:
            case 3: {
                const std::string t = random_value(rng);
                const listpack_value two[2] = {v, listpack_from_bytes(of(t))};
                const unsigned char *q = listpack_insert(&lp, p, two, 2);
                EXPECT_EQ(text(q), s);
                model.insert(model.begin() + static_cast<long>(at), {s, t});
                break;
            }
            case 4:
            case 5:
                if (p) {
                    EXPECT_EQ(text(listpack_replace(&lp, p, &v)), s);
                    model[at] = s;
                }
                break;
            case 6:
            case 7:
                if (p) {
                    const size_t n = rng() % 4, left = std::min(n, model.size() - at);
                    const unsigned char *q = listpack_delete(&lp, p, n);
                    model.erase(model.begin() + static_cast<long>(at),
                                model.begin() + static_cast<long>(at + left));
                    EXPECT_EQ(q, listpack_seek(lp, static_cast<int64_t>(at)));
                }
                break;
            case 8:
                if (p) {
                    unsigned char *tail = listpack_split(&lp, p);
                    EXPECT_TRUE(listpack_validate(tail, listpack_bytes(tail)));
                    EXPECT_EQ(listpack_count(lp), at);
                    listpack_merge(&lp, tail);
                    listpack_free(tail);
                }
                break;
            default: {
                unsigned char *copy = listpack_clone(lp);
                listpack_free(lp);
                lp = copy;
            }
            }
            ASSERT_TRUE(listpack_validate(lp, listpack_bytes(lp)));
            ASSERT_EQ(listpack_count(lp), model.size());
            ASSERT_TRUE(all(lp) == model) << "round " << round << " step " << step;
            size_t back = model.size();
            for (p = listpack_last(lp); p; p = listpack_prev(lp, p))
                ASSERT_TRUE(text(p) == model[--back]);
            ASSERT_EQ(back, 0u);
            const int64_t n = static_cast<int64_t>(model.size());
            for (int64_t i : {int64_t{0}, n / 3, n / 2, n - 1}) {
                if (i < n && i >= 0) {
                    ASSERT_TRUE(text(listpack_seek(lp, i)) == model[static_cast<size_t>(i)]);
                    ASSERT_EQ(listpack_seek(lp, i), listpack_seek(lp, i - n));
                }
            }
            ASSERT_EQ(listpack_seek(lp, n), nullptr);
            ASSERT_EQ(listpack_seek(lp, -n - 1), nullptr);
        }
        listpack_free(lp);
    }
    EXPECT_EQ(mem_used(), used) << "leaked";
}

// Whatever validates can be walked both ways, to the same entries.
TEST(Listpack, ValidateGuardsAgainstMutations)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    size_t accepted = 0;
    for (int round = 0; round < 20000; round++) {
        unsigned char *lp = listpack_new();
        for (size_t n = rng() % 8; n > 0; n--) {
            const std::string s = random_value(rng);
            listpack_append(&lp, of(s.substr(0, 200)));
        }
        std::string s(reinterpret_cast<char *>(lp), listpack_bytes(lp));
        listpack_free(lp);
        for (size_t n = 1 + rng() % 3; n > 0; n--) {
            const size_t at = rng() % (rng() % 2 ? s.size() : std::min<size_t>(s.size(), 12));
            switch (rng() % 5) {
            case 0:
                s[at] = static_cast<char>(rng());
                break;
            case 1:
                s[at] = static_cast<char>(s[at] ^ (1 << rng() % 8));
                break;
            case 2:
                s[at] = static_cast<char>(0xF0 + rng() % 16);
                break;
            case 3:
                s.resize(rng() % s.size() + 1);
                break;
            default:
                s.insert(at, 1, static_cast<char>(rng()));
            }
            // The size mostly fits, so that the entries are looked at.
            if (rng() % 4 && s.size() >= 4) {
                for (unsigned i = 0; i < 4; i++)
                    s[i] = static_cast<char>(s.size() >> (8 * i));
            }
        }
        if (!validates(s))
            continue;
        accepted++;
        const std::vector<unsigned char> copy(s.begin(), s.end());
        std::deque<std::string> backward;
        for (const unsigned char *p = listpack_last(copy.data()); p;
             p = listpack_prev(copy.data(), p))
            backward.push_front(text(p));
        EXPECT_TRUE(all(copy.data()) == backward);
        EXPECT_EQ(listpack_count(copy.data()), backward.size());
    }
    EXPECT_GT(accepted, 100u);
}

TEST(Listpack, EveryPrefixIsRefused)
{
    unsigned char *lp = listpack_new();
    for (const char *s : {"a", "1000", "100000", "-7000000000", "word"})
        listpack_append(&lp, bytes_cstr(s));
    listpack_append(&lp, of(std::string(5000, 'x')));
    const std::string s(reinterpret_cast<char *>(lp), listpack_bytes(lp));
    EXPECT_TRUE(validates(s));
    for (size_t n = 0; n < s.size(); n++) {
        std::string cut = s.substr(0, n);
        EXPECT_FALSE(validates(cut)) << n;
        // The same with a header and an end that claim to be whole.
        if (n > 7) {
            for (unsigned i = 0; i < 4; i++)
                cut[i] = static_cast<char>(n >> (8 * i));
            cut[4] = cut[5] = static_cast<char>(0xff);
            cut[n - 1] = static_cast<char>(0xff);
            (void)validates(cut);
        }
    }
    listpack_free(lp);
}

} // namespace
