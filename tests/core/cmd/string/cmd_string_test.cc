// Strings: replies, what is logged, and what is told.
#include "tests/core/cmd/cmd_fixture.h"

#include "core/types/str.h"

namespace
{

const char not_an_integer[] = "-ERR value is not an integer or out of range";
const char syntax[] = "-ERR syntax error";

using CmdString = Commands;

TEST_F(CmdString, SetAndGet)
{
    play({{"get k", "$-1", ""},
          {"set k hello", "+OK", "set k hello"},
          {"GET k", "$5 hello", ""},
          {"set k \"\"", "+OK"},
          {"get k", "$0 "},
          {"set k -12", "+OK"},
          {"get k", "$3 -12"},
          {"strlen k", ":3"},
          {"strlen none", ":0"},
          {"get", "-ERR wrong number of arguments for 'get' command"},
          {"set k", "-ERR wrong number of arguments for 'set' command"}});
}

TEST_F(CmdString, SetWithOptions)
{
    play({{"set k v ex 10", "+OK", "SET k v PXAT 1700000010000"},
          {"set k v px 10", "+OK", "SET k v PXAT 1700000000010"},
          {"set k v exat 1700000001", "+OK", "SET k v PXAT 1700000001000"},
          {"set k w keepttl", "+OK", "set k w keepttl"},
          {"pttl k", ":1000", ""},
          {"set k x keepttl get", "$1 w", "SET k x KEEPTTL"},
          {"set k y", "+OK", "set k y"},
          {"pttl k", ":-1", ""},
          {"set k v nx", "$-1", ""},
          {"set k v nx get", "$1 y", ""},
          {"set k v xx", "+OK", "SET k v"},
          {"set n v xx", "$-1", ""},
          {"set n v xx get", "$-1", ""},
          {"set n v nx get", "$-1", "SET n v"},
          {"set k v nx ex 10", "$-1", ""},
          {"set k v pxat 1", "+OK", "DEL k"},
          {"get k", "$-1"},
          {"set k v pxat 1", "+OK", ""},
          {"set k v nx xx", syntax},
          {"set k v ex", syntax},
          {"set k v ex 10 px 10", syntax},
          {"set k v persist", syntax},
          {"set k v ex 0", "-ERR invalid expire time in 'set' command"},
          {"set k v ex 9223372036854775807", "-ERR invalid expire time in 'set' command"},
          {"set k v ex x", not_an_integer},
          {"get k", "$-1"}});
}

TEST_F(CmdString, SetIfEqual)
{
    play({{"set k v ifeq w", "$-1", ""},
          {"set k 7", "+OK"},
          {"set k v ifeq w", "$-1", ""},
          {"set k v ifeq w get", "$1 7", ""},
          {"set k v ifeq 7 ex 1", "+OK", "SET k v PXAT 1700000001000"},
          {"set k w ifeq v get", "$1 v", "SET k w"},
          {"get k", "$1 w"},
          {"set k w ifeq v nx", syntax}});
}

TEST_F(CmdString, SettersOfOldNames)
{
    play({{"setex k 10 v", "+OK", "SET k v PXAT 1700000010000"},
          {"psetex k 10 v", "+OK", "SET k v PXAT 1700000000010"},
          {"setex k 0 v", "-ERR invalid expire time in 'setex' command"},
          {"psetex k -1 v", "-ERR invalid expire time in 'psetex' command"},
          {"setex k x v", not_an_integer},
          {"setnx k w", ":0", ""},
          {"setnx n w", ":1", "setnx n w"},
          {"getset n x", "$1 w", "SET n x"},
          {"getset m y", "$-1", "SET m y"},
          {"ttl k", ":0"}});
}

TEST_F(CmdString, GetAndChange)
{
    play({{"getdel k", "$-1", ""},
          {"getex k", "$-1", ""},
          {"getex k ex x", "$-1", ""},
          {"set k v", "+OK"},
          {"getex k", "$1 v", ""},
          {"getex k ex 10", "$1 v", "PEXPIREAT k 1700000010000"},
          {"ttl k", ":10"},
          {"getex k persist", "$1 v", "PERSIST k"},
          {"getex k persist", "$1 v", ""},
          {"getex k ex 0", "-ERR invalid expire time in 'getex' command"},
          {"getex k px x", not_an_integer},
          {"getex k keepttl", syntax},
          {"getex k pxat 1", "$1 v", "DEL k"},
          {"exists k", ":0"},
          {"set k 12", "+OK"},
          {"getdel k", "$2 12", "DEL k"},
          {"exists k", ":0"}});
}

TEST_F(CmdString, Ranges)
{
    play({{"append k 12", ":2", "append k 12"},
          {"object encoding k", "$3 int"},
          {"append k 3", ":3", "append k 3"},
          {"object encoding k", "$3 raw"},
          {"append k \"\"", ":3"},
          {"setrange k 1 x", ":3", "setrange k 1 x"},
          {"get k", "$3 1x3"},
          {"setrange k -1 x", "-ERR offset is out of range"},
          {"setrange k x x", not_an_integer},
          {"setrange k 536870912 \"\"", ":3", ""},
          {"setrange none 5 \"\"", ":0", ""},
          {"setrange k 536870912 a",
           "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
          {"getrange k 0 -1", "$3 1x3"},
          {"getrange k -2 -1", "$2 x3"},
          {"getrange k -100 100", "$3 1x3"},
          {"getrange k 2 1", "$0 "},
          {"getrange k -1 -3", "$0 "},
          {"getrange none 0 -1", "$0 "},
          {"substr k 1 1", "$1 x"},
          {"getrange k a 1", not_an_integer}});
    EXPECT_EQ(call({"setrange", "z", "2", "a"}), ":3\r\n");
    EXPECT_EQ(call({"get", "z"}), std::string("$3\r\n\0\0a\r\n", 9));
}

TEST_F(CmdString, LongStringsAreChunks)
{
    const std::string large(STR_INLINE_MAX + 1, 'l');
    const std::string header = "$" + std::to_string(large.size()) + "\r\n";
    call({"set", "k", large});
    EXPECT_EQ(call({"get", "k"}), header + large + "\r\n");
    EXPECT_EQ(run("getrange k 0 3"), "$4 llll");
    EXPECT_EQ(run("append k end"), ":" + std::to_string(large.size() + 3));
    EXPECT_EQ(run("getrange k -4 -1"), "$4 lend");
    EXPECT_EQ(run("setrange k 1 X"), ":" + std::to_string(large.size() + 3));
    EXPECT_EQ(run("getrange k 0 2"), "$3 lXl");
    EXPECT_EQ(run("copy k c"), ":1");
    EXPECT_EQ(run("rename k r"), "+OK");
    EXPECT_EQ(run("getrange r -4 -1"), "$4 lend");
    EXPECT_EQ(run("object encoding c"), "$3 raw");
    EXPECT_EQ(run("incr c"), not_an_integer);
    EXPECT_EQ(run("strlen c"), ":" + std::to_string(large.size() + 3));
    // A reply that refers to chunks outlives the value.
    EXPECT_EQ(call({"getdel", "c"}).size(), large.size() + 3 + header.size() + 2);
    EXPECT_EQ(run("append r " + std::string(100, 'a')), ":" + std::to_string(large.size() + 103));
    call({"append", "s", std::string(STR_INLINE_MAX, 's')});
    EXPECT_EQ(run("append s t"), ":" + std::to_string(STR_INLINE_MAX + 1));
    EXPECT_EQ(run("getrange s -2 -1"), "$2 st");
}

TEST_F(CmdString, ManyAtOnce)
{
    play({{"mset a 1 b 2 a 3", "+OK", "mset a 1 b 2 a 3"},
          {"mget a none b", "*3 $1 3 $-1 $1 2"},
          {"mset a 1 b", "-ERR wrong number of arguments for 'mset' command", ""},
          {"msetnx a", "-ERR wrong number of arguments for 'msetnx' command", ""},
          {"msetnx c 1 a 2", ":0", ""},
          {"exists c", ":0"},
          {"msetnx c 1 d 2", ":1", "msetnx c 1 d 2"},
          {"mget c d", "*2 $1 1 $1 2"}});
    session.reply.version = 3;
    EXPECT_EQ(run("mget none"), "*1 _");
}

TEST_F(CmdString, Counters)
{
    play({{"incr n", ":1", "incr n"},
          {"incrby n 9", ":10", "incrby n 9"},
          {"decr n", ":9"},
          {"decrby n -1", ":10"},
          {"object encoding n", "$3 int"},
          {"decrby n -9223372036854775808", "-ERR decrement would overflow"},
          {"incrby n 9223372036854775807", "-ERR increment or decrement would overflow", ""},
          {"incrby n x", not_an_integer},
          {"set s abc ex 10", "+OK"},
          {"incr s", not_an_integer},
          {"set s 5 keepttl", "+OK"},
          {"incr s", ":6"},
          {"ttl s", ":10"},
          {"incrbyfloat s 0.5", "$3 6.5", "SET s 6.5 KEEPTTL"},
          {"ttl s", ":10"},
          {"incrbyfloat s 3.5", "$2 10"},
          {"object encoding s", "$6 embstr"},
          {"incrbyfloat s x", "-ERR value is not a valid float"},
          {"incrbyfloat s inf", "-ERR increment would produce NaN or Infinity"},
          {"incrbyfloat s nan", "-ERR value is not a valid float"},
          {"incrbyfloat new -1.25", "$5 -1.25", "SET new -1.25 KEEPTTL"}});
}

TEST_F(CmdString, Subsequences)
{
    play({{"mset a ohmytext b mynewtext", "+OK"},
          {"lcs a b", "$6 mytext"},
          {"lcs a b len", ":6"},
          {"lcs a b idx minmatchlen 4 withmatchlen",
           "*4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6"},
          {"lcs a none idx", "*4 $7 matches *0 $3 len :0"},
          {"lcs a none", "$0 "},
          {"lcs a b idx len", "-ERR If you want both the length and indexes, please just use IDX."},
          {"lcs a b minmatchlen", syntax},
          {"lcs a b minmatchlen x", not_an_integer}});
    session.reply.version = 3;
    EXPECT_EQ(run("lcs a b idx"),
              "%2 $7 matches *2 *2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1 $3 len :6");
    session.reply.version = 2;
    call({"set", "x", std::string(12000, 'x')});
    EXPECT_EQ(run("lcs x x"), "-ERR Insufficient memory, transient memory for LCS exceeds "
                              "proto-max-bulk-len");
}

TEST_F(CmdString, TellsOfItsEvents)
{
    listen();
    for (const char *c :
         {"set k v", "set k v nx", "set k v ex 9", "setex k 9 v", "setnx z 1", "getset z 2",
          "append z 3", "setrange z 0 9", "incr n", "decrby n 2", "incrbyfloat n 1", "mset a 1 b 2",
          "getex a ex 9", "getex a persist", "getdel a", "set q v pxat 1"})
        run(c);
    const std::vector<std::string> want = {
        "0:set k",     "0:set k",         "0:expire k", "0:set k",      "0:expire k",
        "0:set z",     "0:set z",         "0:append z", "0:setrange z", "0:incrby n",
        "0:incrby n",  "0:incrbyfloat n", "0:set a",    "0:set b",      "0:expire a",
        "0:persist a", "0:del a",         "0:set q",    "0:expire q",   "0:expired q"};
    EXPECT_EQ(events, want);
}

TEST_F(CmdString, LimitsAreThoseOfTheConfiguration)
{
    config_.limits.bulk_max = 10;
    play({{"set k 123456789", "+OK"},
          {"append k 0", ":10"},
          {"append k 1", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)", ""},
          {"setrange k 9 x", ":10"},
          {"setrange k 10 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"}});
}

} // namespace
