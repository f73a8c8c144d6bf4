// Lines into words and words into quotes.
#include "core/base/rng.h"
#include "tests/io/config/config_fixture.h"

namespace
{

struct Case {
    const char *line;
    bool closed;
    std::vector<std::string> words;
};

const Case cases[] = {
    {"", true, {}},
    {"  \t ", true, {}},
    {"a b\tc", true, {"a", "b", "c"}},
    {"\f a\v", true, {"a\v"}},
    {"k \"a b\"", true, {"k", "a b"}},
    {"k 'a b'", true, {"k", "a b"}},
    {"k \"\"", true, {"k", ""}},
    {"''", true, {""}},
    {"k \"a\\x41\\n\\r\\t\\b\\a\\\"\\\\b\"", true, {"k", "aA\n\r\t\b\a\"\\b"}},
    {"k \"\\xzz\\x4\\q\"", true, {"k", "xzzx4q"}},
    {"k \"\\xFf\"", true, {"k", "\xff"}},
    {"k 'a\\'b\\n'", true, {"k", "a'b\\n"}},
    {"k a\"b c\" d", true, {"k", "ab c", "d"}},
    {"k \\x41", true, {"k", "\\x41"}},
    {"k a#b", true, {"k", "a#b"}},
    {"k \"a\"b", false, {}},
    {"k \"a", false, {}},
    {"k 'a", false, {}},
    {"k a'b", false, {}},
    {"k \"a\\\"", false, {}},
    {"k \"a\\", false, {}},
    {"k \"", false, {}},
};

std::vector<std::string> split(const std::string &line, bool *closed)
{
    struct config_words w = {};
    std::vector<std::string> words;
    // An exact heap block, so that a sanitizer sees any read past it.
    const std::vector<char> exact(line.begin(), line.end());

    *closed = config_words_split(&w, bytes_of(exact.data(), exact.size()));
    for (size_t i = 0; i < w.n; i++)
        words.push_back(text_of(w.v[i]));
    config_words_release(&w);
    return words;
}

std::string quote(const std::string &word)
{
    Text out;
    config_quote(view(word), &out.buf);
    return out.str();
}

TEST(ConfigWords, Splits)
{
    for (const Case &c : cases) {
        bool closed = false;
        EXPECT_EQ(split(c.line, &closed), c.words) << c.line;
        EXPECT_EQ(closed, c.closed) << c.line;
    }
}

TEST(ConfigWords, SplitsValuesAtEverySpace)
{
    const std::pair<const char *, std::vector<std::string>> values[] = {
        {"", {}},
        {"a", {"a"}},
        {"a b", {"a", "b"}},
        {"a  b", {"a", "", "b"}},
        {" a ", {"", "a", ""}},
        {"\"a b\"", {"\"a", "b\""}},
    };
    for (const auto &v : values) {
        struct config_words w = {};
        std::vector<std::string> words;
        config_words_split_value(&w, bytes_cstr(v.first));
        for (size_t i = 0; i < w.n; i++)
            words.push_back(text_of(w.v[i]));
        EXPECT_EQ(words, v.second) << v.first;
        config_words_release(&w);
    }
}

TEST(ConfigWords, QuotesAsRedis)
{
    EXPECT_EQ(quote(""), "\"\"");
    EXPECT_EQ(quote("plain"), "\"plain\"");
    EXPECT_EQ(quote("a b"), "\"a b\"");
    EXPECT_EQ(quote("a\x01\n\"'b\xff\\\t\r\a\b"), "\"a\\x01\\n\\\"'b\\xff\\\\\\t\\r\\a\\b\"");
}

// What is quoted splits into the same word, whatever its bytes.
TEST(ConfigWords, QuotedWordsComeBack)
{
    const uint64_t seed = 20240611;
    struct rng rng;
    rng_seed(&rng, seed);
    for (int round = 0; round < 2000; round++) {
        std::vector<std::string> words(rng_below(&rng, 4) + 1);
        std::string line;
        for (std::string &w : words) {
            for (uint64_t n = rng_below(&rng, 12); n > 0; n--)
                w.push_back((char)rng_below(&rng, 256));
            line += quote(w) + " ";
        }
        bool closed = false;
        ASSERT_EQ(split(line, &closed), words) << "seed " << seed << " round " << round;
        ASSERT_TRUE(closed);
    }
}

TEST(ConfigWords, TrimsBlanksOnly)
{
    EXPECT_EQ(text_of(config_trim(bytes_cstr(" \t a b \r\n"))), "a b");
    EXPECT_EQ(text_of(config_trim(bytes_cstr("\va\f"))), "\va\f");
    EXPECT_EQ(text_of(config_trim(bytes_cstr("  "))), "");
    EXPECT_EQ(text_of(config_trim(bytes_cstr(""))), "");
}

} // namespace
