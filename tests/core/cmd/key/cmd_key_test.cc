// Keys of any type: existence, time to live, other names and databases, the keyspace as a whole.
#include "tests/core/cmd/cmd_fixture.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace
{

const char syntax[] = "-ERR syntax error";
const char not_an_integer[] = "-ERR value is not an integer or out of range";

using CmdKey = Commands;

TEST_F(CmdKey, DeleteExistsTouchType)
{
    play({{"mset a 1 b 2 c 3", "+OK"},
          {"exists a a none b", ":3", ""},
          {"touch a none", ":1", ""},
          {"type a", "+string"},
          {"type none", "+none"},
          {"del none", ":0", ""},
          {"del a a none", ":1", "del a a none"},
          {"unlink b c", ":2", "unlink b c"},
          {"dbsize", ":0"},
          {"del", "-ERR wrong number of arguments for 'del' command"}});
}

TEST_F(CmdKey, Expire)
{
    const char incompatible[] =
        "-ERR NX and XX, GT or LT options at the same time are not compatible";
    play({{"expire k 10", ":0", ""},
          {"set k v", "+OK"},
          {"expire k 10", ":1", "PEXPIREAT k 1700000010000"},
          {"ttl k", ":10"},
          {"pexpire k 1500", ":1", "PEXPIREAT k 1700000001500"},
          {"pttl k", ":1500"},
          {"ttl k", ":2"},
          {"expireat k 1700000020", ":1", "PEXPIREAT k 1700000020000"},
          {"expiretime k", ":1700000020"},
          {"pexpireat k 1700000020499", ":1"},
          {"expiretime k", ":1700000020"},
          {"pexpireat k 1700000020500", ":1"},
          {"expiretime k", ":1700000021"},
          {"pexpiretime k", ":1700000020500"},
          {"expire k 100 nx", ":0", ""},
          {"expire k 10 gt", ":0", ""},
          {"expire k 30 lt", ":0", ""},
          {"expire k 30 gt", ":1"},
          {"expire k 20 lt xx", ":1"},
          {"persist k", ":1", "persist k"},
          {"persist k", ":0", ""},
          {"persist none", ":0", ""},
          {"ttl k", ":-1"},
          {"ttl none", ":-2"},
          {"expire k 10 xx", ":0"},
          {"expire k 10 gt", ":0"},
          {"expire k 10 lt xx", ":0"},
          {"expire k 10 lt", ":1"},
          {"expire k 10 nx xx", incompatible},
          {"expire k 10 gt lt", "-ERR GT and LT options at the same time are not compatible"},
          {"expire k x foo", "-ERR Unsupported option foo"},
          {"expire k x", not_an_integer},
          {"expire k 9223372036854775807", "-ERR invalid expire time in 'expire' command"},
          {"pexpire k 9223372036854775807", "-ERR invalid expire time in 'pexpire' command"},
          {"pexpireat k 9223372036854775807", ":1"},
          {"expire k -1", ":1", "DEL k"},
          {"exists k", ":0"}});
}

TEST_F(CmdKey, AKeyGoesWhenItsTimeHasCome)
{
    run("set k v px 100");
    run("set p v px 100");
    effects();
    clock_fake_unix_ms(NOW + 99);
    EXPECT_EQ(run("pttl k"), ":1");
    // Set amid a millisecond, it lives through the whole of its last one.
    clock_fake_unix_ms(NOW + 100);
    play({{"pttl k", ":0"}, {"exists k", ":1"}, {"dbsize", ":2"}});
    clock_fake_unix_ms(NOW + 101);
    play({{"get k", "$-1"},
          {"append p x", ":1", "MULTI | DEL p | append p x | EXEC"},
          {"dbsize", ":1"}});
}

// Whoever wrote the log still saw the key: only its DEL takes it away.
TEST_F(CmdKey, ALogIsAppliedWhateverTheTimeIs)
{
    session_set(&session, SESSION_LOADING, true);
    play({{"set k v pxat 1", "+OK"},
          {"append k w", ":2"},
          {"persist k", ":1"},
          {"get k", "$2 vw"},
          {"pexpireat k 1", ":1"},
          {"getex k pxat 2", "$2 vw"},
          {"append k x", ":3"}});
    session_set(&session, SESSION_LOADING, false);
    EXPECT_EQ(run("get k"), "$-1");
}

TEST_F(CmdKey, Rename)
{
    play({{"rename a b", "-ERR no such key", ""},
          {"renamenx a a", "-ERR no such key", ""},
          {"set a 1 ex 10", "+OK"},
          {"rename a a", "+OK", ""},
          {"renamenx a a", ":0", ""},
          {"rename a b", "+OK", "rename a b"},
          {"ttl b", ":10"},
          {"exists a", ":0"},
          {"set c 3", "+OK"},
          {"renamenx b c", ":0", ""},
          {"renamenx b d", ":1", "renamenx b d"},
          {"rename c d", "+OK"},
          {"get d", "$1 3"},
          {"ttl d", ":-1"},
          {"dbsize", ":1"}});
}

TEST_F(CmdKey, CopyAndMove)
{
    play({{"copy a a", "-ERR source and destination objects are the same"},
          {"copy a b", ":0", ""},
          {"set a 1 ex 10", "+OK"},
          {"copy a b", ":1", "copy a b"},
          {"ttl b", ":10"},
          {"set b 2", "+OK"},
          {"copy a b", ":0", ""},
          {"copy a b replace", ":1"},
          {"get b", "$1 1"},
          {"copy a a db 1", ":1", "copy a a db 1"},
          {"copy a b db", syntax},
          {"copy a b foo", syntax},
          {"copy a b db x", not_an_integer},
          {"copy a b db 9999999999", "-ERR value is out of range, value must between "
                                     "-2147483648 and 2147483647"},
          {"copy a b db 16", "-ERR DB index is out of range"},
          {"copy a b db -1", "-ERR DB index is out of range"},
          {"move a 0", "-ERR source and destination objects are the same"},
          {"move a x", not_an_integer},
          {"move a 16", "-ERR DB index is out of range"},
          {"move none 1", ":0", ""},
          {"move a 1", ":0", ""},
          {"move a 2", ":1", "move a 2"},
          {"exists a", ":0"},
          {"get b", "$1 1"}});
    session.db = 2;
    play({{"get a", "$1 1"}, {"ttl a", ":10"}, {"dbsize", ":1"}});
}

TEST_F(CmdKey, SwapAndFlush)
{
    play({{"set a 0", "+OK"},
          {"swapdb x 1", "-ERR invalid first DB index"},
          {"swapdb 0 x", "-ERR invalid second DB index"},
          {"swapdb 0 9999999999", "-ERR invalid second DB index"},
          {"swapdb 0 16", "-ERR DB index is out of range"},
          {"swapdb 0 -1", "-ERR DB index is out of range"},
          {"swapdb 0 3", "+OK", "swapdb 0 3"},
          {"dbsize", ":0"},
          {"set b 0", "+OK"},
          {"flushdb foo", syntax},
          {"flushdb sync async", syntax},
          {"flushdb", "+OK", "flushdb"},
          {"dbsize", ":0"}});
    session.db = 3;
    play({{"dbsize", ":1"}, {"flushall async", "+OK"}, {"dbsize", ":0"}});
}

// SCAN in steps of count gives every key once.
std::multiset<std::string> bulks(const std::string &reply)
{
    std::istringstream in(reply);
    std::multiset<std::string> out;
    for (std::string word; in >> word;)
        if (word[0] == 'k')
            out.insert(word);
    return out;
}

TEST_F(CmdKey, ScanMeetsEveryKeyOnce)
{
    for (int i = 0; i < 500; i++)
        run("set k" + std::to_string(i) + " v");
    std::multiset<std::string> met;
    std::string cursor = "0";
    int calls = 0;
    do {
        const std::string reply = run("scan " + cursor + " count 7");
        std::istringstream in(reply);
        std::string word;
        in >> word >> word >> cursor;
        ASSERT_EQ(reply.substr(0, 3), "*2 ");
        met.merge(bulks(reply.substr(reply.find('*', 1))));
        ASSERT_LT(++calls, 1000);
    } while (cursor != "0");
    EXPECT_EQ(met.size(), 500u);
    EXPECT_EQ(std::set<std::string>(met.begin(), met.end()).size(), 500u);
    EXPECT_EQ(bulks(run("keys *")).size(), 500u);
    EXPECT_EQ(bulks(run("keys k4?")).size(), 10u);
    EXPECT_EQ(bulks(run("scan 0 count 100000 match k4?")).size(), 10u);
    EXPECT_EQ(bulks(run("scan 0 count 100000 type STRING")).size(), 500u);
    EXPECT_EQ(run("scan 0 count 100000 type list"), "*2 $1 0 *0");
}

TEST_F(CmdKey, TheEmptyKeyIsMetByFewPatterns)
{
    play({{"set \"\" x", "+OK"},
          {"keys *", "*1 $0 "},
          {"keys \"\"", "*1 $0 "},
          {"keys **", "*0"},
          {"scan 0 match *", "*2 $1 0 *1 $0 "},
          {"scan 0 match **", "*2 $1 0 *0"}});
}

TEST_F(CmdKey, ScanRefusesWhatItDoesNotKnow)
{
    play({{"scan x", "-ERR invalid cursor"},
          {"scan 1e", "-ERR invalid cursor"},
          {"scan \"1 \"", "-ERR invalid cursor"},
          {"scan \" 18446744073709551615\"", "*2 $1 0 *0"},
          {"scan 18446744073709551616", "-ERR invalid cursor"},
          {"scan 18446744073709551615", "*2 $1 0 *0"},
          {"scan \"\"", "-ERR invalid cursor"},
          {"scan 0 count 0", syntax},
          {"scan 0 count x", not_an_integer},
          {"scan 0 match", syntax},
          {"scan 0 foo bar", syntax}});
}

TEST_F(CmdKey, RandomKeyIsOneOfThem)
{
    EXPECT_EQ(run("randomkey"), "$-1");
    run("mset k1 a k2 b");
    std::set<std::string> met;
    for (int i = 0; i < 200; i++)
        met.insert(run("randomkey"));
    EXPECT_EQ(met, (std::set<std::string>{"$2 k1", "$2 k2"}));
}

// It drops the expired keys that it meets, as SCAN does: when none is alive, it has met them all.
TEST_F(CmdKey, RandomKeyDropsWhatHasExpired)
{
    run("set gone v px 10");
    effects();
    clock_fake_unix_ms(NOW + 11);
    play({{"dbsize", ":1", ""},
          {"randomkey", "$-1", "DEL gone"},
          {"dbsize", ":0", ""},
          {"set x y px 10", "+OK"}});
    effects();
    clock_fake_unix_ms(NOW + 22);
    play({{"multi", "+OK"},
          {"randomkey", "+QUEUED"},
          {"set z y", "+QUEUED"},
          {"exec", "*2 $-1 +OK", "MULTI | DEL x | set z y | EXEC"},
          {"randomkey", "$1 z", ""}});
}

TEST_F(CmdKey, Object)
{
    play({{"set k 12345678901234567890123456789012345678901234", "+OK"},
          {"object encoding k", "$6 embstr"},
          {"set k 123456789012345678901234567890123456789012345", "+OK"},
          {"object encoding k", "$3 raw"},
          {"object refcount k", ":1"},
          {"object idletime k", ":0"},
          {"object encoding none", "$-1"},
          {"object freq none", "$-1"},
          {"object", "-ERR wrong number of arguments for 'object' command"},
          {"object encoding", "-ERR wrong number of arguments for 'object|encoding' command"},
          {"object help x", "-ERR wrong number of arguments for 'object|help' command"},
          {"object foo k", "-ERR unknown subcommand 'foo'. Try OBJECT HELP."}});
    EXPECT_EQ(run("object freq k").substr(0, 44), "-ERR An LFU maxmemory policy is not selected");
    clock_fake_unix_ms(NOW + 25'000);
    EXPECT_EQ(run("object idletime k"), ":25");
    // Who looks at a key does not use it.
    for (const char *look : {"exists k", "type k", "ttl k", "pttl k", "expiretime k",
                             "object encoding k", "object refcount k"})
        run(look);
    EXPECT_EQ(run("object idletime k"), ":25");
    run("get k");
    EXPECT_EQ(run("object idletime k"), ":0");
    // A client with NO-TOUCH uses a key by TOUCH alone.
    clock_fake_unix_ms(NOW + 50'000);
    session_set(&session, SESSION_NO_TOUCH, true);
    run("get k");
    EXPECT_EQ(run("object idletime k"), ":25");
    EXPECT_EQ(run("touch k"), ":1");
    EXPECT_EQ(run("object idletime k"), ":0");
    config_.limits.lfu = true;
    EXPECT_EQ(run("object idletime k").substr(0, 40), "-ERR An LFU maxmemory policy is selected");
    EXPECT_EQ(run("object help").substr(0, 3), "*11");
}

// SCAN drops the expired keys that it would have told; others look away.
TEST_F(CmdKey, ScanDropsWhatHasExpired)
{
    run("mset alive 1 other 2");
    run("set gone1 v px 10");
    run("set gone2 v px 10");
    run("rpush list a");
    run("pexpire list 10");
    effects();
    clock_fake_unix_ms(NOW + 11);
    play({{"keys gone*", "*0", ""}, {"dbsize", ":5", ""}});
    EXPECT_EQ(run("scan 0 count 1000 match alive"), "*2 $1 0 *1 $5 alive");
    EXPECT_EQ(run("dbsize"), ":5");
    EXPECT_EQ(run("scan 0 count 1000 match g* type string"), "*2 $1 0 *0");
    EXPECT_EQ(run("dbsize"), ":3");
    const std::string dels = effects(); // each is a line of its own, in any order
    EXPECT_TRUE(dels == "DEL gone1 | DEL gone2" || dels == "DEL gone2 | DEL gone1") << dels;
    play({{"multi", "+OK"},
          {"scan 0 count 1000 type list", "+QUEUED"},
          {"set x y", "+QUEUED"},
          {"exec", "*2 *2 $1 0 *0 +OK", "MULTI | DEL list | set x y | EXEC"},
          {"dbsize", ":3"},
          {"scan 0 type nothing", "-ERR unknown type name 'nothing'"},
          {"scan -1", "-ERR invalid cursor"}});
}

TEST_F(CmdKey, MemoryUsageGrowsWithTheValue)
{
    run("set k v");
    const std::string small = run("memory-usage x k");
    call({"set", "k", std::string(1000000, 'v')});
    const std::string large = run("memory-usage x k samples 0");
    EXPECT_LT(std::stol(small.substr(1)), 100);
    EXPECT_GT(std::stol(large.substr(1)), 1000000);
    play({{"memory-usage x none", "$-1"},
          {"memory-usage x k samples", syntax},
          {"memory-usage x k samples -1", syntax},
          {"memory-usage x k samples x", not_an_integer},
          {"memory-usage x k foo 1", syntax}});
}

TEST_F(CmdKey, TellsOfItsEvents)
{
    run("mset a 1 b 2 c 3");
    listen();
    for (const char *c : {"expire a 9", "persist a", "expire a -1", "rename b d", "renamenx c e",
                          "copy d f", "copy d f db 1", "move d 2", "del e none", "unlink f"})
        run(c);
    const std::vector<std::string> want = {
        "0:expire a",      "0:persist a",   "0:del a",     "0:rename_from b", "0:rename_to d",
        "0:rename_from c", "0:rename_to e", "0:copy_to f", "1:copy_to f",     "0:move_from d",
        "2:move_to d",     "0:del e",       "0:del f"};
    EXPECT_EQ(events, want);
}

} // namespace
