// Replies are read whole, in pieces, and refused when they are none.
#include "core/proto/resp_read.h"

#include "core/proto/resp_write.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace
{

using namespace std::string_literals;

std::string Print(const resp_value &v)
{
    buf out = {};
    resp_value_print(&v, &out);
    const std::string s(out.data, out.size);
    buf_release(&out);
    return s;
}

// Reads from an exact heap block, so that ASan sees any read behind it.
int Read(resp_reader *reader, const std::string &input, std::string *printed, size_t *consumed)
{
    std::unique_ptr<char[]> block(new char[input.size()]);
    memcpy(block.get(), input.data(), input.size());
    resp_value v = {};
    const int rc = resp_read(reader, block.get(), input.size(), &v, consumed);
    if (rc == LK_OK) {
        *printed = Print(v);
        resp_value_release(&v);
    }
    return rc;
}

struct Row {
    std::string input, printed;
};

const Row ROWS[] = {
    {"+OK\r\n", "OK"},
    {"+\r\n", ""},
    {"-ERR no such key\r\n", "(error) ERR no such key"},
    {":1000\r\n", "1000"},
    {":-7\r\n", "-7"},
    {":+7\r\n", "7"},
    {"$5\r\nhello\r\n", "\"hello\""},
    {"$0\r\n\r\n", "\"\""},
    {"$4\r\n\r\n\0\"\r\n"s, "\"\\r\\n\\x00\\\"\""},
    {"$-1\r\n", "nil"},
    {"*-1\r\n", "nil"},
    {"_\r\n", "nil"},
    {",1.23\r\n", "1.23"},
    {",10\r\n", "10"},
    {",+1.5e3\r\n", "+1.5e3"},
    {",inf\r\n", "inf"},
    {",-inf\r\n", "-inf"},
    {",nan\r\n", "nan"},
    {"#t\r\n", "true"},
    {"#f\r\n", "false"},
    {"(3492890328409238509324850943850943825024385\r\n",
     "3492890328409238509324850943850943825024385"},
    {"(-1\r\n", "-1"},
    {"!21\r\nSYNTAX invalid syntax\r\n", "(error) SYNTAX invalid syntax"},
    {"=15\r\ntxt:Some string\r\n", "\"Some string\""},
    {"=4\r\nmkd:\r\n", "\"\""},
    {"*0\r\n", "[]"},
    {"*2\r\n$5\r\nhello\r\n:1\r\n", "[\"hello\", 1]"},
    {"*3\r\n*1\r\n:1\r\n*0\r\n*2\r\n*0\r\n$-1\r\n", "[[1], [], [[], nil]]"},
    {"%2\r\n+first\r\n:1\r\n+second\r\n*1\r\n#t\r\n", "{first: 1, second: [true]}"},
    {"%0\r\n", "{}"},
    {"~3\r\n+a\r\n:1\r\n_\r\n", "~[a, 1, nil]"},
    {">2\r\n+message\r\n$2\r\nhi\r\n", ">[message, \"hi\"]"},
    {"|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n", "|{ttl: 3600} [1]"},
    {"*2\r\n:1\r\n|1\r\n+ttl\r\n:3\r\n:2\r\n", "[1, |{ttl: 3} 2]"},
    {"|0\r\n|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n:9\r\n", "|{a: 1, b: 2} 9"},
    {"|1\r\n+a\r\n|1\r\n+b\r\n:2\r\n:1\r\n*0\r\n", "|{a: |{b: 2} 1} []"},
    {"$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;2\r\nld\r\n;0\r\n", "\"Hello world\""},
    {"$?\r\n;0\r\n", "\"\""},
    {"*2\r\n$?\r\n;1\r\na\r\n;0\r\n:2\r\n", "[\"a\", 2]"},
    {"*?\r\n:1\r\n*?\r\n.\r\n:2\r\n.\r\n", "[1, [], 2]"},
    {"%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n", "{a: 1, b: 2}"},
    {"~?\r\n+a\r\n.\r\n", "~[a]"},
    {"|?\r\n+a\r\n:1\r\n.\r\n:2\r\n", "|{a: 1} 2"},
};

TEST(RespRead, WholeAndInPieces)
{
    for (const Row &row : ROWS) {
        SCOPED_TRACE(row.input);
        resp_reader fed = {};
        std::string printed;
        size_t consumed = 0;
        for (size_t cut = 0; cut < row.input.size(); cut++) {
            const std::string prefix = row.input.substr(0, cut);
            resp_reader fresh = {};
            ASSERT_EQ(Read(&fresh, prefix, &printed, &consumed), LK_EAGAIN) << "cut at " << cut;
            resp_reader_release(&fresh);
            ASSERT_EQ(Read(&fed, prefix, &printed, &consumed), LK_EAGAIN) << "cut at " << cut;
        }
        for (const char *behind : {"", "+next\r\n", "\xff"}) {
            // The reader that was fed first, and then once more as new.
            ASSERT_EQ(Read(&fed, row.input + behind, &printed, &consumed), LK_OK);
            EXPECT_EQ(printed, row.printed);
            EXPECT_EQ(consumed, row.input.size());
        }
    }
}

TEST(RespRead, RefusesWhatIsNoReply)
{
    const std::string wrong[] = {
        "\r\n",
        "x\r\n",
        "+a\rb",
        ":\r\n",
        ":1a\r\n",
        ":9223372036854775808\r\n",
        ":--1\r\n",
        ":+-1\r\n",
        "$a\r\n",
        "$-2\r\n",
        "$3\r\nabcde",
        "$3\r\nabc\rx",
        "$\r\n",
        "*x\r\n",
        "*-2\r\n",
        "~-1\r\n",
        "%-1\r\n",
        "_x\r\n",
        ",\r\n",
        ",x\r\n",
        "#\r\n",
        "#x\r\n",
        "#tt\r\n",
        "(\r\n",
        "(-\r\n",
        "(1.5\r\n",
        "=3\r\nabc\r\n",
        "=5\r\ntxt-a\r\n",
        "!-1\r\n",
        "=?\r\n",
        "*1\r\n>1\r\n",
        ">?\r\n",
        "|0\r\n>1\r\n",
        ".\r\n",
        ";0\r\n",
        "*1\r\n.\r\n",
        "$?\r\n+a\r\n",
        "$?\r\n;-1\r\n",
        "$?\r\n;1\r\nabc",
        "%?\r\n+a\r\n.\r\n",
        "*?\r\n.x\r\n",
        "*?\r\n|0\r\n.\r\n",
        "*2\r\n:1\r\nx\r\n",
        "\0\r\n"s,
        "+" + std::string(RESP_READ_LINE_MAX, 'a'),
    };
    for (const std::string &input : wrong) {
        resp_reader reader = {};
        std::string printed;
        size_t consumed = 0;
        EXPECT_EQ(Read(&reader, input, &printed, &consumed), LK_EFORMAT) << input.substr(0, 40);
        EXPECT_EQ(Read(&reader, "+OK\r\n", &printed, &consumed), LK_OK) << "the reader is new";
    }
}

TEST(RespRead, DepthIsBounded)
{
    for (const std::string &open : {"*1\r\n"s, "*?\r\n"s, "|1\r\n"s}) {
        std::string nested;
        for (int i = 0; i < RESP_READ_DEPTH; i++)
            nested += open;
        resp_reader reader = {};
        std::string printed;
        size_t consumed = 0;
        EXPECT_EQ(Read(&reader, nested, &printed, &consumed), LK_EAGAIN);
        EXPECT_EQ(Read(&reader, nested + open, &printed, &consumed), LK_EFORMAT);
    }
}

TEST(RespRead, AnnouncementsBuyNothing)
{
    for (const char *input : {"*9223372036854775807\r\n", "%9223372036854775807\r\n:1\r\n",
                              "$9223372036854775807\r\nabc", "*1000000000\r\n:1\r\n"}) {
        resp_reader reader = {};
        std::string printed;
        size_t consumed = 0;
        EXPECT_EQ(Read(&reader, input, &printed, &consumed), LK_EAGAIN);
        EXPECT_LE(reader.root.own.capacity, 4u);
        resp_reader_release(&reader);
    }
}

TEST(RespRead, FieldsOfTheTree)
{
    const std::string input =
        "%4\r\n+n\r\n:12\r\n+d\r\n,2.5\r\n+v\r\n=6\r\nmkd:hi\r\n+z\r\n*-1\r\n";
    resp_reader reader = {};
    resp_value v = {};
    size_t consumed = 0;
    ASSERT_EQ(resp_read(&reader, input.data(), input.size(), &v, &consumed), LK_OK);
    EXPECT_EQ(v.kind, RESP_KIND_MAP);
    EXPECT_EQ(v.n, 8u);
    EXPECT_EQ(resp_value_find(&v, "n")->integer, 12);
    EXPECT_EQ(resp_value_find(&v, "d")->number, 2.5);
    EXPECT_EQ(std::string(resp_value_find(&v, "v")->format, 3), "mkd");
    EXPECT_EQ(resp_value_find(&v, "v")->text.data, input.data() + input.find("hi"));
    EXPECT_EQ(resp_value_find(&v, "z")->kind, RESP_KIND_NULL);
    EXPECT_EQ(resp_value_find(&v, "z")->sign, '*');
    EXPECT_EQ(resp_value_find(&v, "nosuch"), nullptr);
    resp_value_release(&v);
}

// What the writer writes is what the reader reads, in both versions.
TEST(RespRoundTrip, WriterToReader)
{
    const char *want[] = {
        "[OK, (error) ERR x, -5, \"a\\r\\n\", nil, nil, \"1.5\", 1, \"123\", \"txt\", "
        "[\"k\", 1], [2], [\"last\"]]",
        "[OK, (error) ERR x, -5, \"a\\r\\n\", nil, nil, 1.5, true, 123, \"txt\", "
        "{\"k\": 1}, ~[2], [\"last\"]]"};
    for (int version : {2, 3}) {
        reply r;
        reply_init(&r, version);
        const size_t at = reply_begin_deferred(&r);
        reply_ok(&r);
        reply_error(&r, "ERR x");
        reply_int(&r, -5);
        reply_bulk(&r, bytes_cstr("a\r\n"));
        reply_null(&r);
        reply_null_array(&r);
        reply_double(&r, 1.5);
        reply_bool(&r, true);
        reply_big_number(&r, bytes_cstr("123"));
        reply_verbatim(&r, "txt", bytes_cstr("txt"));
        reply_map(&r, 1);
        reply_bulk_cstr(&r, "k");
        reply_int(&r, 1);
        reply_set(&r, 1);
        reply_int(&r, 2);
        reply_array(&r, 1);
        reply_bulk_cstr(&r, "last");
        reply_end_deferred(&r, at, REPLY_ARRAY, 13);
        resp_reader reader = {};
        std::string printed;
        size_t consumed = 0;
        ASSERT_EQ(Read(&reader, std::string(r.out.data, r.out.size), &printed, &consumed), LK_OK);
        EXPECT_EQ(printed, want[version - 2]);
        EXPECT_EQ(consumed, r.out.size);
        reply_release(&r);
    }
}

} // namespace
