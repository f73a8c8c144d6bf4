// Requests: every row of the tables was asked of Redis 7.0.15 over a socket.
#include "core/proto/resp_parse.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace
{

using namespace std::string_literals;

constexpr size_t BULK_MAX = 512u << 20;
constexpr resp_limits OPEN = {BULK_MAX, true};
constexpr resp_limits CLOSED = {BULK_MAX, false};

struct Parsed {
    resp_outcome outcome = RESP_PARTIAL;
    std::vector<std::string> argv;
    size_t consumed = 0;
    std::string error;
};

// One connection's parser with room for three arguments, so that four make it grow.
class Parser
{
  public:
    explicit Parser(const resp_limits &limits = OPEN, uint32_t capacity = 3)
        : limits_(limits), storage_(capacity)
    {
        resp_args_init(&args_, storage_.data(), capacity);
    }
    ~Parser()
    {
        resp_args_release(&args_);
    }
    Parser(const Parser &) = delete;
    Parser &operator=(const Parser &) = delete;

    // The bytes are shown as an exact heap block, so ASan sees any read behind them.
    Parsed Parse(const std::string &input)
    {
        std::unique_ptr<char[]> block(new char[input.size()]);
        memcpy(block.get(), input.data(), input.size());
        Parsed got;
        const char *error = nullptr;
        got.outcome = resp_parse(&progress, block.get(), input.size(), &limits_, &args_,
                                 &got.consumed, &error);
        if (got.outcome == RESP_COMMAND)
            for (uint32_t i = 0; i < args_.n; i++)
                got.argv.emplace_back(args_.v[i].data, args_.v[i].size);
        if (got.outcome == RESP_ERROR)
            got.error = error;
        return got;
    }

    bool AtStart() const
    {
        return progress.pos == 0 && progress.line_seen == 0 && progress.missing == 0 &&
               progress.args == 0 && progress.args_left == 0;
    }

    resp_progress progress = {};
    resp_args args_ = {};

  private:
    resp_limits limits_;
    std::vector<bytes> storage_;
};

struct Case {
    const char *name;
    std::string input;
    resp_outcome want;
    std::vector<std::string> argv;
    std::string error;
    bool authenticated = true;
};

std::string Repeat(const std::string &s, size_t n)
{
    std::string all;
    for (size_t i = 0; i < n; i++)
        all += s;
    return all;
}

const std::string INVALID_COUNT = "ERR Protocol error: invalid multibulk length";
const std::string INVALID_BULK = "ERR Protocol error: invalid bulk length";
const std::string UNBALANCED = "ERR Protocol error: unbalanced quotes in request";

std::vector<Case> Cases()
{
    const std::string ping = "$4\r\nPING\r\n";
    const std::string line(RESP_LINE_MAX, 'a');
    return {
        {"one", "*1\r\n" + ping, RESP_COMMAND, {"PING"}, ""},
        {"get", "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", RESP_COMMAND, {"GET", "key"}, ""},
        {"any_bytes", "*2\r\n$3\r\n\r\n*\r\n$2\r\n\0$\r\n"s, RESP_COMMAND, {"\r\n*", "\0$"s}, ""},
        {"two_digits", "*1\r\n$12\r\nabcdefghijkl\r\n", RESP_COMMAND, {"abcdefghijkl"}, ""},
        {"long_bulk",
         "*1\r\n$70000\r\n" + std::string(70000, 'x') + "\r\n",
         RESP_COMMAND,
         {std::string(70000, 'x')},
         ""},
        {"grows", "*5\r\n" + Repeat("$1\r\na\r\n", 5), RESP_COMMAND, {"a", "a", "a", "a", "a"}, ""},
        {"empty_bulk", "*1\r\n$0\r\n\r\n", RESP_COMMAND, {""}, ""},
        {"tail_unread", "*1\r\n$4\r\nPINGxy", RESP_COMMAND, {"PING"}, ""},
        {"lf_unread", "*1\rx$4\ryPING\r\n", RESP_COMMAND, {"PING"}, ""},
        {"empty", "*0\r\n", RESP_EMPTY, {}, ""},
        {"minus_one", "*-1\r\n", RESP_EMPTY, {}, ""},
        {"minus_ten", "*-10\r\n", RESP_EMPTY, {}, ""},
        {"below_int", "*-2147483649\r\n", RESP_EMPTY, {}, ""},
        {"least", "*-9223372036854775808\r\n", RESP_EMPTY, {}, ""},
        {"below_least", "*-9223372036854775809\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"no_count", "*\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"plus", "*+1\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"leading_zero", "*01\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"space_before", "* 1\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"space_behind", "*1 \r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"letter", "*1a\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"minus_zero", "*-0\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"above_int", "*2147483648\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"above_int64", "*99999999999999999999\r\n", RESP_ERROR, {}, INVALID_COUNT},
        {"no_dollar", "*1\r\nx\r\n", RESP_ERROR, {}, "ERR Protocol error: expected '$', got 'x'"},
        {"cr_for_dollar",
         "*1\r\n\r\n",
         RESP_ERROR,
         {},
         "ERR Protocol error: expected '$', got ' '"},
        {"lf_for_dollar",
         "*1\r\n\n\r\n",
         RESP_ERROR,
         {},
         "ERR Protocol error: expected '$', got ' '"},
        {"high_for_dollar",
         "*1\r\n\xff\r\n",
         RESP_ERROR,
         {},
         "ERR Protocol error: expected '$', got '\xff'"},
        {"second_wrong",
         "*2\r\n$1\r\na\r\n:1\r\n",
         RESP_ERROR,
         {},
         "ERR Protocol error: expected '$', got ':'"},
        {"no_size", "*1\r\n$\r\n", RESP_ERROR, {}, INVALID_BULK},
        {"negative_size", "*1\r\n$-1\r\n", RESP_ERROR, {}, INVALID_BULK},
        {"plus_size", "*1\r\n$+4\r\n", RESP_ERROR, {}, INVALID_BULK},
        {"zero_size", "*1\r\n$04\r\n", RESP_ERROR, {}, INVALID_BULK},
        {"space_size", "*1\r\n$4 \r\n", RESP_ERROR, {}, INVALID_BULK},
        {"above_max", "*1\r\n$536870913\r\n", RESP_ERROR, {}, INVALID_BULK},
        {"size_int64", "*1\r\n$9223372036854775807\r\n", RESP_ERROR, {}, INVALID_BULK},
        {"size_above_int64", "*1\r\n$9223372036854775808\r\n", RESP_ERROR, {}, INVALID_BULK},
        {"long_count",
         "*" + std::string(RESP_LINE_MAX, '1'),
         RESP_ERROR,
         {},
         "ERR Protocol error: too big mbulk count string"},
        {"long_size",
         "*1\r\n$" + std::string(RESP_LINE_MAX, '1'),
         RESP_ERROR,
         {},
         "ERR Protocol error: too big bulk count string"},
        {"hidden_count",
         "*" + Repeat("\0*"s, RESP_LINE_MAX / 2),
         RESP_ERROR,
         {},
         "ERR Protocol error: too big mbulk count string"},

        {"closed_10", "*10\r\n" + Repeat("$1\r\na\r\n", 10), RESP_COMMAND,
         std::vector<std::string>(10, "a"), "", false},
        {"closed_11",
         "*11\r\n",
         RESP_ERROR,
         {},
         "ERR Protocol error: unauthenticated multibulk length",
         false},
        {"closed_bulk",
         "*1\r\n$16384\r\n" + std::string(16384, 'x') + "\r\n",
         RESP_COMMAND,
         {std::string(16384, 'x')},
         "",
         false},
        {"closed_big_bulk",
         "*1\r\n$16385\r\n",
         RESP_ERROR,
         {},
         "ERR Protocol error: unauthenticated bulk length",
         false},
        {"closed_invalid_first", "*2147483648\r\n", RESP_ERROR, {}, INVALID_COUNT, false},
        {"closed_bulk_invalid_first",
         "*1\r\n$99999999999\r\n",
         RESP_ERROR,
         {},
         INVALID_BULK,
         false},
        {"closed_inline",
         "PING" + Repeat(" a", 12) + "\n",
         RESP_COMMAND,
         {"PING", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a"},
         "",
         false},

        {"inline", "PING\r\n", RESP_COMMAND, {"PING"}, ""},
        {"inline_lf", "PING\n", RESP_COMMAND, {"PING"}, ""},
        {"inline_spaces", " \t GET   a\t b \v\f \r\n", RESP_COMMAND, {"GET", "a", "b"}, ""},
        {"blank", "\r\n", RESP_EMPTY, {}, ""},
        {"blank_lf", "\n", RESP_EMPTY, {}, ""},
        {"blank_spaces", "  \t \r\n", RESP_EMPTY, {}, ""},
        {"cr_separates", "PING\ra\r\n", RESP_COMMAND, {"PING", "a"}, ""},
        {"vt_does_not", "PING a\vb\fc\r\n", RESP_COMMAND, {"PING", "a\vb\fc"}, ""},
        {"many", Repeat("a ", 20) + "\r\n", RESP_COMMAND, std::vector<std::string>(20, "a"), ""},
        {"quoted", "SET \"a b\" 'c d'\r\n", RESP_COMMAND, {"SET", "a b", "c d"}, ""},
        {"quote_inside", "PING a\"b c\"\r\n", RESP_COMMAND, {"PING", "ab c"}, ""},
        {"quoted_empty", "\"\" ''\r\n", RESP_COMMAND, {"", ""}, ""},
        {"escapes",
         R"(PING "\x41\n\r\t\b\a\q\"\\" a\n)"
         "\r\n",
         RESP_COMMAND,
         {"PING", "A\n\r\t\b\aq\"\\", "a\\n"},
         ""},
        {"hex",
         R"(PING "\x00\xfF\xZZ\x4\X41")"
         "\n",
         RESP_COMMAND,
         {"PING", "\0\xffxZZx4X41"s},
         ""},
        {"single",
         R"(PING 'a\'b\n\x41"')"
         "\n",
         RESP_COMMAND,
         {"PING", R"(a'b\n\x41")"},
         ""},
        {"single_in_double", "PING \"a'b\"\n", RESP_COMMAND, {"PING", "a'b"}, ""},
        {"quote_then_vt", "PING \"a\"\v\n", RESP_COMMAND, {"PING", "a"}, ""},
        {"high_bytes", "PING\xa0 \x85\n", RESP_COMMAND, {"PING\xa0", "\x85"}, ""},
        {"open_double", "PING \"a\r\n", RESP_ERROR, {}, UNBALANCED},
        {"open_single", "PING 'a\r\n", RESP_ERROR, {}, UNBALANCED},
        {"open_late", "PING a'\r\n", RESP_ERROR, {}, UNBALANCED},
        {"sticks", "PING \"a\"b\r\n", RESP_ERROR, {}, UNBALANCED},
        {"sticks_single", "PING 'a''b'\r\n", RESP_ERROR, {}, UNBALANCED},
        {"escaped_close", "PING \"\\\"\r\n", RESP_ERROR, {}, UNBALANCED},
        {"escape_at_end", "PING \"ab\\\r\n", RESP_ERROR, {}, UNBALANCED},
        {"single_escaped_close", "PING '\\\\'\r\n", RESP_ERROR, {}, UNBALANCED},
        {"long_line", line + "\n", RESP_COMMAND, {line}, ""},
        {"too_long_line", line + "a", RESP_ERROR, {}, "ERR Protocol error: too big inline request"},
        {"hidden_line",
         Repeat("\0\n"s, RESP_LINE_MAX / 2) + "\n",
         RESP_ERROR,
         {},
         "ERR Protocol error: too big inline request"},
    };
}

std::string CaseName(const testing::TestParamInfo<Case> &i)
{
    return i.param.name;
}

class RespParse : public testing::TestWithParam<Case>
{
  protected:
    const resp_limits &Limits() const
    {
        return GetParam().authenticated ? OPEN : CLOSED;
    }
    void ExpectWanted(const Parsed &got) const
    {
        const Case &c = GetParam();
        ASSERT_EQ(got.outcome, c.want) << got.error;
        EXPECT_EQ(got.argv, c.argv);
        EXPECT_EQ(got.error, c.error);
        if (c.want != RESP_ERROR) {
            EXPECT_EQ(got.consumed, c.input.size());
        }
    }
};

INSTANTIATE_TEST_SUITE_P(, RespParse, testing::ValuesIn(Cases()), CaseName);

TEST_P(RespParse, Whole)
{
    Parser parser(Limits());
    ExpectWanted(parser.Parse(GetParam().input));
    EXPECT_TRUE(parser.AtStart());
}

TEST_P(RespParse, WholeWithRoomForAll)
{
    Parser parser(Limits(), 64);
    ExpectWanted(parser.Parse(GetParam().input));
}

// What follows a command does not change it.
TEST_P(RespParse, WithMoreBehind)
{
    if (GetParam().want == RESP_ERROR)
        return; // an error takes all
    for (const char *behind : {"*1\r\n$4\r\nQUIT\r\n", "\r", "\n", "x", "\"", "\xff"}) {
        Parser parser(Limits());
        Parsed got = parser.Parse(GetParam().input + behind);
        EXPECT_EQ(got.consumed, GetParam().input.size());
        EXPECT_EQ(got.outcome, GetParam().want);
        EXPECT_EQ(got.argv, GetParam().argv);
    }
}

// A fresh parser on every prefix, and one parser fed byte by byte: both ask for more until the
// end and then agree, and what is said to be missing is never too much.
TEST_P(RespParse, EveryPrefix)
{
    const Case &c = GetParam();
    const size_t step = c.input.size() > 500 ? 487 : 1; // long inputs: some of the cuts
    Parser fed(Limits());
    for (size_t cut = 0; cut < c.input.size(); cut += cut + 40 < c.input.size() ? step : 1) {
        const std::string prefix = c.input.substr(0, cut);
        Parser fresh(Limits());
        Parsed once = fresh.Parse(prefix);
        if (once.outcome == RESP_ERROR && c.want == RESP_ERROR) {
            EXPECT_EQ(once.error, c.error); // the rest of the input is not needed to see it
            Parsed again = fed.Parse(prefix);
            EXPECT_EQ(again.error, c.error);
            return;
        }
        ASSERT_EQ(once.outcome, RESP_PARTIAL) << "cut at " << cut;
        ASSERT_EQ(fed.Parse(prefix).outcome, RESP_PARTIAL) << "cut at " << cut;
        for (const Parser *p : {&fresh, &fed}) {
            EXPECT_GE(p->progress.missing, 1u);
            if (c.want == RESP_COMMAND) {
                EXPECT_LE(p->progress.missing, c.input.size() - cut);
            }
        }
    }
    ExpectWanted(fed.Parse(c.input));
    EXPECT_TRUE(fed.AtStart());
}

// Counts and sizes up to the limits only wait, and buy nothing.
TEST(RespParseLimits, WaitForWhatIsAllowed)
{
    struct {
        std::string input;
        size_t missing;
    } rows[] = {
        {"*2147483647\r\n", 1},
        {"*1048577\r\nx", 1},
        {"*1\r\n$536870912\r\n", 536870914},
        {"*1\r\n$536870912\r\nabc", 536870911},
        {"*2\r\n$4\r\nPI", 4},
        {"*1\r\n\0\r\n"s, 1},
        {"PING a\0b\r\n"s, 1},
        {"*" + std::string(RESP_LINE_MAX - 1, '1'), 1},
        {std::string(RESP_LINE_MAX, 'a'), 1},
    };
    for (const auto &row : rows) {
        Parser parser;
        EXPECT_EQ(parser.Parse(row.input).outcome, RESP_PARTIAL) << row.input.substr(0, 30);
        EXPECT_EQ(parser.progress.missing, row.missing) << row.input.substr(0, 30);
        EXPECT_EQ(parser.args_.capacity, 3u);
    }
}

TEST(RespParseLimits, BulkMaxIsTheCallers)
{
    const std::string five = "*1\r\n$5\r\nabcde\r\n";
    Parser small({4, true}), enough({5, true});
    EXPECT_EQ(small.Parse(five).error, INVALID_BULK);
    EXPECT_EQ(enough.Parse(five).argv, std::vector<std::string>{"abcde"});
    Parser master({SIZE_MAX, true});
    EXPECT_EQ(master.Parse("*1\r\n$9223372036854775807\r\n").outcome, RESP_PARTIAL);
}

// Arguments point into the caller's bytes; only quotes cost a copy.
TEST(RespParseMemory, NothingIsCopied)
{
    bytes storage[2];
    resp_args args;
    resp_args_init(&args, storage, 2);
    for (const std::string &input : {"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"s, "GET k\r\n"s}) {
        resp_progress p = {};
        size_t consumed = 0;
        const char *error = nullptr;
        ASSERT_EQ(resp_parse(&p, input.data(), input.size(), &OPEN, &args, &consumed, &error),
                  RESP_COMMAND);
        EXPECT_EQ(args.v, storage);
        EXPECT_GE(args.v[1].data, input.data());
        EXPECT_LT(args.v[1].data, input.data() + input.size());
        EXPECT_EQ(args.text, nullptr);
    }
}

TEST(RespParseMemory, ReleaseGoesBackToTheCallersStorage)
{
    Parser parser;
    bytes *const storage = parser.args_.v;
    EXPECT_EQ(parser.Parse("a b c d \"e\"\n").argv.size(), 5u);
    EXPECT_NE(parser.args_.v, storage);
    EXPECT_NE(parser.args_.text, nullptr);
    resp_args_release(&parser.args_);
    EXPECT_EQ(parser.args_.v, storage);
    EXPECT_EQ(parser.args_.capacity, 3u);
    EXPECT_EQ(parser.Parse("a b c \"d\"\n").argv.size(), 4u);
}

// A million arguments in pieces: the pieces' sizes differ, the result does not.
TEST(RespParseMemory, ManyArgumentsInPieces)
{
    constexpr size_t COUNT = 1024 * 1024 + 1;
    std::string input = "*" + std::to_string(COUNT) + "\r\n";
    for (size_t i = 0; i < COUNT; i++)
        input += i % 3 == 0 ? "$0\r\n\r\n" : i % 3 == 1 ? "$1\r\nb\r\n" : "$2\r\nab\r\n";
    bytes storage[1];
    resp_args args;
    resp_args_init(&args, storage, 1);
    resp_progress p = {};
    size_t consumed = 0;
    const char *error = nullptr;
    for (size_t shown = 0; shown < input.size(); shown += 4099)
        ASSERT_EQ(resp_parse(&p, input.data(), shown, &OPEN, &args, &consumed, &error),
                  RESP_PARTIAL);
    ASSERT_EQ(resp_parse(&p, input.data(), input.size(), &OPEN, &args, &consumed, &error),
              RESP_COMMAND);
    ASSERT_EQ(args.n, COUNT);
    EXPECT_EQ(consumed, input.size());
    for (size_t i = 0; i < COUNT; i++)
        ASSERT_EQ(args.v[i].size, i % 3);
    resp_args_release(&args);
}

} // namespace
