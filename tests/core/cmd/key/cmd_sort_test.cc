// SORT: options, weights, what is locked, and what is logged.
#include "tests/core/cmd/cmd_fixture.h"
#include "tests/support/seed.h"

#include "core/cmd/key/sort_options.h"
#include "core/cmd/key/sort_order.h"
#include "core/cmd/key/sort_pattern.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace
{

const char bad_weight[] = "-ERR One or more scores can't be converted into double";
const char not_an_integer[] = "-ERR value is not an integer or out of range";
const char syntax[] = "-ERR syntax error";

using CmdSort = Commands;

// In a cluster no key may be looked up that could be another node's.
TEST(SortOptions, KeysThatFollowStayInTheSlot)
{
    const struct {
        std::vector<const char *> words;
        const char *astray; // nullptr: taken
    } rows[] = {
        {{"sort", "{a}list", "by", "{a}w*"}, nullptr},
        {{"sort", "{a}list", "by", "w*"}, "BY"},
        {{"sort", "{a}list", "by", "*{a}"}, "BY"}, // an element may have a tag of its own
        {{"sort", "{a}list", "by", "{a*}w"}, "BY"},
        {{"sort", "{a}list", "by", "{b}w*"}, "BY"},
        {{"sort", "{a}list", "by", "nosort"}, nullptr},
        {{"sort", "{a}list", "get", "{a}h*->f"}, nullptr},
        {{"sort", "{a}list", "get", "#"}, nullptr},
        {{"sort", "{a}list", "get", "{a}w*", "get", "w*"}, "GET"},
        {{"sort", "{a}list", "get", "other"}, "GET"},
        {{"sort", "a", "get", "a"}, nullptr},
    };
    for (const auto &row : rows) {
        std::vector<bytes> v;
        for (const char *word : row.words)
            v.push_back(bytes_cstr(word));
        const args a = {v.data(), static_cast<uint32_t>(v.size())};
        sort_options o{};
        o.one_slot = true;
        EXPECT_EQ(sort_parse(&a, true, &o), row.astray ? LK_ESYNTAX : LK_OK);
        EXPECT_STREQ(o.astray, row.astray) << row.words[3];
        o = {};
        EXPECT_EQ(sort_parse(&a, true, &o), LK_OK) << "outside of one all is well";
    }
}

TEST_F(CmdSort, Numbers)
{
    play({{"sadd s 3 1 10 -5 2.5", ":5"},
          {"sort s", "*5 $2 -5 $1 1 $3 2.5 $1 3 $2 10", ""},
          {"sort s desc", "*5 $2 10 $1 3 $3 2.5 $1 1 $2 -5"},
          {"sort s limit 1 2", "*2 $1 1 $3 2.5"},
          {"sort s desc limit 1 2", "*2 $1 3 $3 2.5"},
          {"sort s limit -3 1", "*1 $2 -5"},
          {"sort s limit 3 -1", "*2 $1 3 $2 10"},
          {"sort s limit 5 1", "*0"},
          {"sort s limit x 1", not_an_integer},
          {"sort s limit 1", syntax},
          {"sort s bogus", syntax},
          {"sort s by", syntax},
          {"sort_ro s store d", syntax},
          {"sort_ro s limit 0 1", "*1 $2 -5"},
          {"sort s alpha", "*5 $2 -5 $1 1 $2 10 $3 2.5 $1 3"},
          {"sort s alpha desc limit 0 2", "*2 $1 3 $3 2.5"},
          {"sort none", "*0"},
          {"sort none store none", ":0", ""},
          {"sadd w a 1", ":2"},
          {"sort w", bad_weight},
          {"sort w limit 0 0", bad_weight},
          {"sort w store d", bad_weight, ""},
          {"set str v", "+OK"},
          {"sort str", "-WRONGTYPE Operation against a key holding the wrong kind of value"}});
}

TEST_F(CmdSort, ByOtherKeys)
{
    play({{"sadd s 1 2 3", ":3"},
          {"mset w_1 30 w_2 10 w_3 20 v_1 one", "+OK"},
          {"sort s by w_*", "*3 $1 2 $1 3 $1 1", ""},
          {"sort s by w_* desc get # get v_* get w_*",
           "*9 $1 1 $3 one $2 30 $1 3 $-1 $2 20 $1 2 $-1 $2 10"},
          {"sort s by none_*", "*3 $1 1 $1 2 $1 3"},
          {"sort s get none", "*3 $-1 $-1 $-1"},
          {"set w_1 x", "+OK"},
          {"sort s by w_*", bad_weight},
          {"sort s by w_* alpha", "*3 $1 2 $1 3 $1 1"},
          {"sort s by w_* alpha desc", "*3 $1 1 $1 3 $1 2"},
          {"del w_3", ":1"},
          {"sort s by w_* alpha", "*3 $1 3 $1 2 $1 1"},
          {"sort s by w_* alpha desc", "*3 $1 1 $1 2 $1 3"},
          {"sort s by w_* alpha limit 0 1", "*1 $1 3"},
          {"hset h_1 f 2 g x", ":2"},
          {"hset h_2 f 1", ":1"},
          {"sort s by h_*->f", "*3 $1 3 $1 2 $1 1"},
          {"sort s by h_*->f get h_*->g get h_*->f get h_*",
           "*9 $-1 $-1 $-1 $-1 $1 1 $-1 $1 x $1 2 $-1"},
          {"sort s by w_*->f", "*3 $1 1 $1 2 $1 3"}});
}

// A weight whose time has come counts as missing, and its end is logged.
TEST_F(CmdSort, MeetsExpiredKeys)
{
    run("sadd s 1 2");
    run("set w_1 5 px 10");
    run("set w_2 1");
    effects();
    EXPECT_EQ(run("sort s by w_*"), "*2 $1 2 $1 1");
    clock_fake_unix_ms(NOW + 11);
    EXPECT_EQ(run("sort s by w_* get w_*"), "*2 $-1 $1 1");
    EXPECT_EQ(effects(), "DEL w_1");
}

TEST_F(CmdSort, InsideTransactions)
{
    play({{"sadd s 2 1", ":2"},
          {"mset w_1 9 w_2 8", "+OK"},
          {"multi", "+OK"},
          {"sort s by w_* get w_*", "+QUEUED"},
          {"sort s", "+QUEUED"},
          {"get w_1", "+QUEUED"},
          {"exec", "*3 *2 $1 8 $1 9 *2 $1 1 $1 2 $1 9"}});
}

// --- options and patterns ----------------------------------------------------------------------

args words(std::vector<std::string> &text, std::vector<bytes> &v)
{
    v.clear();
    for (const std::string &w : text)
        v.push_back(of(w));
    return {v.data(), static_cast<uint32_t>(v.size())};
}

TEST(SortOptions, SayWhetherKeysFollowFromElements)
{
    const struct {
        std::vector<std::string> line;
        bool want;
    } cases[] = {
        {{"sort", "k"}, false},
        {{"sort", "k", "by", "w_*"}, true},
        {{"sort", "k", "BY", "nosort"}, false},
        {{"sort", "k", "by", "nosort", "by", "w_*"}, false}, // nothing is sorted any more
        {{"sort", "k", "get", "#"}, false},
        {{"sort", "k", "get", "x"}, false},
        {{"sort", "k", "get", "#", "get", "w_*"}, true},
        {{"sort", "k", "store", "by", "desc"}, false},
        {{"sort", "k", "limit", "1", "1", "get", "v_*"}, true},
        {{"sort", "k", "by", "w_*", "bogus"}, false}, // refused before it looks
        {{"sort"}, false},
    };
    for (const auto &c : cases) {
        std::vector<std::string> line = c.line;
        std::vector<bytes> v;
        const args a = words(line, v);
        EXPECT_EQ(sort_looks_up(&a), c.want) << line.back();
    }
}

TEST(SortOptions, NameTheKeysOfTheCommand)
{
    const struct {
        std::vector<std::string> line;
        int want;
        uint32_t second;
    } cases[] = {
        {{"sort", "k"}, 1, 0},
        {{"sort", "k", "store", "d"}, 2, 3},
        {{"sort", "k", "store", "d", "desc", "store", "e"}, 2, 6},
        {{"sort", "k", "by", "store", "get", "store", "store", "d"}, 2, 7},
        {{"sort", "k", "limit", "1", "store", "store", "d"}, 2, 6}, // refused, but asked for
        {{"sort", "k", "store"}, 1, 0},
    };
    for (const auto &c : cases) {
        std::vector<std::string> line = c.line;
        std::vector<bytes> v;
        key_ref refs[2] = {};
        const args a = words(line, v);
        EXPECT_EQ(sort_keys(&a, refs, 2), c.want);
        EXPECT_EQ(refs[0].index, 1u);
        EXPECT_EQ(refs[1].index, c.second);
    }
}

std::string text(bytes b)
{
    return b.data ? std::string(b.data, b.size) : "-";
}

TEST(SortPattern, Parts)
{
    const struct {
        std::string pattern;
        bool star;
        const char *before, *behind, *field;
    } cases[] = {
        {"w_*", true, "w_", "", "-"},
        {"*", true, "", "", "-"},
        {"a*b*c", true, "a", "b*c", "-"},
        {"h_*->f", true, "h_", "", "f"},
        {"h_*x->f->g", true, "h_", "x", "f->g"},
        {"h_*->", true, "h_", "->", "-"},
        {"a->*", true, "a->", "", "-"},
        {"nothing", false, "-", "-", "-"},
        {"", false, "-", "-", "-"},
        {std::string("a\0*", 3), false, "-", "-", "-"},
    };
    for (const auto &c : cases) {
        sort_pattern p;
        sort_pattern_parse(of(c.pattern), &p);
        EXPECT_EQ(p.star, c.star) << c.pattern;
        EXPECT_FALSE(p.element);
        EXPECT_EQ(text(p.before), c.before) << c.pattern;
        EXPECT_EQ(text(p.behind), c.behind) << c.pattern;
        EXPECT_EQ(text(p.field), c.field) << c.pattern;
    }
    sort_pattern p;
    sort_pattern_parse(bytes_cstr("#"), &p);
    EXPECT_TRUE(p.element);
}

TEST(SortNumber, IsWhatClientsMayWrite)
{
    const struct {
        std::string text;
        bool good;
        double want;
    } cases[] = {
        {"1", true, 1},
        {"-2.5", true, -2.5},
        {"", true, 0},
        {" 7", true, 7},
        {"\t\n7", true, 7},
        {"7 ", false, 0},
        {"0x10", true, 16},
        {"1e3", true, 1000},
        {"+1", true, 1},
        {"inf", true, INFINITY},
        {"-INF", true, -INFINITY},
        {"nan", false, 0},
        {"1e400", false, 0},
        {"1e-320", false, 0},
        {"x", false, 0},
        {"1x", false, 0},
        {"-0", true, 0},
        {std::string("1\0abc", 5), true, 1},
        {std::string(200, '1'), true, 1.1111111111111112e199},
    };
    for (const auto &c : cases) {
        double got = -1;
        EXPECT_EQ(sort_number(of(c.text), &got), c.good) << c.text;
        if (c.good) {
            EXPECT_EQ(got, c.want) << c.text;
        }
    }
}

// --- order -------------------------------------------------------------------------------------

struct Bench {
    std::vector<std::string> texts, weights;
    std::vector<sort_element> elements;
    std::vector<bytes> weight;
    std::vector<order_item> items;
    sort_work work{};

    // Elements that are integers are given as such, as lists keep them.
    Bench(std::vector<std::string> t, bool ordered, bool descending) : texts(std::move(t))
    {
        for (const std::string &s : texts) {
            sort_element e{};
            if (!bytes_to_int64(of(s), &e.as.number)) {
                e.data = s.data();
                e.as.size = s.size();
            }
            elements.push_back(e);
        }
        items.resize(texts.size());
        work = {elements.data(), elements.size(), nullptr, ordered, descending, items.data()};
    }
    // "-" is none.
    void weigh(const std::vector<std::string> &w)
    {
        weights = w;
        for (const std::string &s : weights)
            weight.push_back(s == "-" ? bytes_of(nullptr, 0) : of(s));
        work.weight = weight.data();
    }
    std::vector<std::string> by_numbers(const std::vector<double> &w, size_t from, size_t to)
    {
        for (size_t i = 0; i < items.size(); i++)
            items[i] = {order_key_of_double(w[i]), static_cast<uint32_t>(i)};
        sort_by_numbers(&work, from, to);
        return result(from, to);
    }
    std::vector<std::string> by_texts(size_t from, size_t to)
    {
        for (size_t i = 0; i < items.size(); i++)
            items[i].index = static_cast<uint32_t>(i);
        sort_by_texts(&work, from, to);
        return result(from, to);
    }
    std::vector<std::string> result(size_t from, size_t to) const
    {
        std::vector<std::string> out;
        for (size_t i = from; i < to; i++)
            out.push_back(texts[items[i].index]);
        return out;
    }
};

std::vector<std::string> part(const std::vector<std::string> &v, size_t from, size_t to)
{
    return {v.begin() + static_cast<ptrdiff_t>(from), v.begin() + static_cast<ptrdiff_t>(to)};
}

std::string any_text(std::mt19937_64 &rng)
{
    switch (rng() % 5) {
    case 0:
        return std::to_string(static_cast<int64_t>(rng() % 2000) - 1000);
    case 1:
        return "element:" + std::to_string(rng() % 1000000);
    case 2:
        return "element:" + std::string(rng() % 12, 'x') + std::to_string(rng() % 20);
    case 3:
        return std::string(rng() % 4, '\0') + std::string(rng() % 3, '\xff');
    default:
        return std::string(1, static_cast<char>(rng())) + std::to_string(rng() % 10);
    }
}

TEST(SortOrder, NumbersAndThenTexts)
{
    std::mt19937_64 rng(test_seed() + 11);
    for (const size_t n : {1, 5, 100, 3000})
        for (int round = 0; round < 12; round++) {
            std::vector<std::string> texts(n);
            std::vector<double> weights(n);
            for (size_t i = 0; i < n; i++) {
                texts[i] = any_text(rng);
                weights[i] = static_cast<double>(rng() % (round % 3 ? 50 : 1000000)) - 25;
            }
            const bool descending = round % 2;
            std::vector<size_t> want(n);
            for (size_t i = 0; i < n; i++)
                want[i] = i;
            std::sort(want.begin(), want.end(), [&](size_t a, size_t b) {
                return weights[a] != weights[b] ? weights[a] < weights[b] : texts[a] < texts[b];
            });
            if (descending)
                std::reverse(want.begin(), want.end());
            std::vector<std::string> whole;
            for (const size_t i : want)
                whole.push_back(texts[i]);
            const size_t from = round < 4 ? 0 : rng() % n;
            const size_t to = round < 4 ? n : from + rng() % std::min<size_t>(n - from, 15) + 1;
            Bench b(texts, true, descending);
            EXPECT_EQ(b.by_numbers(weights, from, to), part(whole, from, to));
        }
}

TEST(SortOrder, ManyOfTheSameNumber)
{
    std::vector<std::string> texts;
    std::vector<double> weights;
    for (int i = 0; i < 1000; i++) {
        texts.push_back(i % 3 ? "5" : i % 2 ? "4" : "5.0");
        weights.push_back(i % 3 ? 5 : i % 2 ? 4 : 5);
    }
    std::vector<std::string> want = texts;
    std::sort(want.begin(), want.end());
    Bench b(texts, true, false);
    EXPECT_EQ(b.by_numbers(weights, 0, 1000), want);
}

TEST(SortOrder, TextsAsBytes)
{
    std::mt19937_64 rng(test_seed() + 12);
    for (const size_t n : {1, 5, 100, 3000})
        for (int round = 0; round < 12; round++) {
            std::vector<std::string> texts(n);
            for (std::string &t : texts)
                t = (round % 4 == 3 ? "https://host.example/a/long/path/" : "") + any_text(rng);
            const bool descending = round % 2;
            std::vector<std::string> want = texts;
            std::sort(want.begin(), want.end());
            if (descending)
                std::reverse(want.begin(), want.end());
            const size_t from = round < 4 ? 0 : rng() % n;
            const size_t to = round < 4 ? n : from + rng() % std::min<size_t>(n - from, 15) + 1;
            Bench b(texts, round % 3 == 0, descending);
            EXPECT_EQ(b.by_texts(from, to), part(want, from, to));
        }
}

// Equal weights: lists keep their order either way, sets have that of their members' bytes.
TEST(SortOrder, TextsThatTie)
{
    const std::vector<std::string> texts = {"d", "c", "b", "a", "f", "e"};
    const std::vector<std::string> weights = {"-", "x", "-", "x", "", "w"};
    const struct {
        bool ordered, descending;
        std::vector<std::string> want;
    } cases[] = {
        {true, false, {"d", "b", "f", "e", "c", "a"}},
        {true, true, {"c", "a", "e", "f", "d", "b"}},
        {false, false, {"b", "d", "f", "e", "a", "c"}},
        {false, true, {"c", "a", "e", "f", "d", "b"}},
    };
    for (const auto &c : cases)
        for (size_t from = 0; from <= 6; from++)
            for (size_t to = from; to <= 6; to++) {
                Bench b(texts, c.ordered, c.descending);
                b.weigh(weights);
                EXPECT_EQ(b.by_texts(from, to), part(c.want, from, to));
            }
}

} // namespace
