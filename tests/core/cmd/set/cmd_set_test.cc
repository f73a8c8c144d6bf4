// Sets: replies, what is logged, and what is told.
#include "tests/core/cmd/cmd_fixture.h"

#include <set>

namespace
{

const char wrong_type[] = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const char not_an_integer[] = "-ERR value is not an integer or out of range";
const char not_positive[] = "-ERR value is out of range, must be positive";
const char syntax[] = "-ERR syntax error";

class CmdSet : public Commands
{
  protected:
    // The bulks of a reply, without their order.
    static std::multiset<std::string> bulks(const std::string &reply)
    {
        std::multiset<std::string> out;
        for (size_t at = reply.find("\r\n"); (at = reply.find('$', at)) != std::string::npos;) {
            const size_t end = reply.find("\r\n", at);
            const size_t n = std::stoul(reply.substr(at + 1, end - at - 1));
            out.insert(reply.substr(end + 2, n));
            at = end + 2 + n;
        }
        return out;
    }
    std::multiset<std::string> members(const std::string &key)
    {
        return bulks(call({"smembers", key}));
    }
    // SADD key prefix0 … prefix(n-1)
    void fill(const std::string &key, const std::string &prefix, int n, int from = 0)
    {
        std::vector<std::string> words = {"sadd", key};
        for (int i = from; i < from + n; i++)
            words.push_back(prefix + std::to_string(i));
        call(words);
        effects();
    }
};

using Words = std::multiset<std::string>;

TEST_F(CmdSet, AddAndRemove)
{
    play({{"sadd s a b a", ":2", "sadd s a b a"},
          {"sadd s a b", ":0", ""},
          {"scard s", ":2", ""},
          {"sismember s a", ":1", ""},
          {"sismember s c", ":0", ""},
          {"smismember s a c b", "*3 :1 :0 :1", ""},
          {"smismember none a", "*1 :0", ""},
          {"srem s c", ":0", ""},
          {"srem none c", ":0", ""},
          {"srem s a c", ":1", "srem s a c"},
          {"srem s b", ":1", "srem s b"},
          {"exists s", ":0"},
          {"scard s", ":0"},
          {"smembers s", "*0"},
          {"set str v", "+OK"},
          {"sadd str a", wrong_type, ""},
          {"srem str a", wrong_type, ""},
          {"scard str", wrong_type},
          {"sadd s", "-ERR wrong number of arguments for 'sadd' command"}});
}

TEST_F(CmdSet, Encodings)
{
    play({{"sadd i 1 2", ":2"},
          {"object encoding i", "$6 intset"},
          {"sadd i a", ":1"},
          {"object encoding i", "$8 listpack"},
          {"srem i a", ":1"},
          {"object encoding i", "$8 listpack"},
          {"sunionstore j i", ":2", "sunionstore j i"},
          {"object encoding j", "$6 intset"},
          {"copy i c", ":1"},
          {"object encoding c", "$8 listpack"},
          {"type i", "+set"}});
    fill("many", "", 513);
    EXPECT_EQ(run("object encoding many"), "$9 hashtable");
    fill("words", "w", 128);
    EXPECT_EQ(run("object encoding words"), "$8 listpack");
    fill("words", "w", 1, 128);
    EXPECT_EQ(run("object encoding words"), "$9 hashtable");
    // Sets of more members than fit are no packs from the first one on, whichever come twice.
    std::vector<std::string> twice = {"sadd", "twice"};
    for (int i = 0; i < 130; i++)
        twice.push_back("w" + std::to_string(i % 10));
    EXPECT_EQ(call(twice), ":10\r\n");
    EXPECT_EQ(run("object encoding twice"), "$9 hashtable");
    EXPECT_EQ(run("rename many moved"), "+OK");
    EXPECT_EQ(run("scard moved"), ":513");
    EXPECT_EQ(run("copy moved again"), ":1");
    EXPECT_EQ(run("del moved again"), ":2");
}

TEST_F(CmdSet, ManyMembersAtOnce)
{
    fill("s", "m", 1000);
    std::vector<std::string> asked = {"smismember", "s"};
    std::string want = "*200\r\n";
    for (int i = 0; i < 200; i++) {
        asked.push_back("m" + std::to_string(i * 10));
        want += i < 100 ? ":1\r\n" : ":0\r\n";
    }
    EXPECT_EQ(call(asked), want);
    EXPECT_EQ(members("s").size(), 1000u);
    std::vector<std::string> gone = {"srem", "s"};
    for (int i = 0; i < 999; i++)
        gone.push_back("m" + std::to_string(i));
    EXPECT_EQ(call(gone), ":999\r\n");
    EXPECT_EQ(members("s"), Words{"m999"});
}

TEST_F(CmdSet, Move)
{
    play({{"sadd a 1 2", ":2"},
          {"sadd b 2", ":1"},
          {"smove a b 1", ":1", "smove a b 1"},
          {"smove a b 1", ":0", ""},
          {"smove a a 2", ":1", ""},
          {"smove a a 3", ":0", ""},
          {"smove a b 2", ":1", "smove a b 2"},
          {"exists a", ":0"},
          {"smove a b 2", ":0", ""},
          {"smove b new 2", ":1", "smove b new 2"},
          {"smembers new", "*1 $1 2"},
          {"set str v", "+OK"},
          {"smove none str 2", ":0"},
          {"smove b str 1", wrong_type},
          {"smove str b 1", wrong_type},
          {"smembers b", "*1 $1 1"}});
}

TEST_F(CmdSet, Algebra)
{
    run("sadd a 1 2 3 4 x");
    run("sadd b 3 4 5 x");
    run("sadd c 4 x y");
    EXPECT_EQ(bulks(call({"sinter", "a", "b"})), (Words{"3", "4", "x"}));
    EXPECT_EQ(bulks(call({"sinter", "a", "b", "c"})), (Words{"4", "x"}));
    EXPECT_EQ(bulks(call({"sunion", "a", "c"})), (Words{"1", "2", "3", "4", "x", "y"}));
    EXPECT_EQ(bulks(call({"sunion", "none", "c"})), (Words{"4", "x", "y"}));
    EXPECT_EQ(bulks(call({"sdiff", "a", "b"})), (Words{"1", "2"}));
    EXPECT_EQ(bulks(call({"sdiff", "a", "none", "c"})), (Words{"1", "2", "3"}));
    effects();
    play({{"sinter a none", "*0", ""},
          {"sdiff none a", "*0"},
          {"sdiff a a", "*0"},
          {"sinterstore d a b c", ":2", "sinterstore d a b c"},
          {"expire d 100", ":1"},
          {"sdiffstore d a b", ":2", "sdiffstore d a b"},
          {"ttl d", ":-1"},
          {"sunionstore a a c", ":6"},
          {"scard a", ":6"},
          {"sinterstore d none a", ":0", "sinterstore d none a"},
          {"exists d", ":0"},
          {"sinterstore d none a", ":0", ""},
          {"sintercard 2 a b", ":3", ""},
          {"sintercard 2 a b limit 2", ":2"},
          {"sintercard 2 a none", ":0"},
          {"sintercard 2 a b limit -1", "-ERR LIMIT can't be negative"},
          {"sintercard 0 a", "-ERR numkeys should be greater than 0"},
          {"sintercard 3 a b", "-ERR Number of keys can't be greater than number of args"},
          {"set str v", "+OK"},
          {"sinter none str", wrong_type},
          {"sunionstore a str", wrong_type},
          {"sunionstore str b", ":4", "sunionstore str b"},
          {"type str", "+set"}});
    session.reply.version = 3;
    EXPECT_EQ(run("sinter a none"), "~0");
    EXPECT_EQ(run("sinter d"), "~0");
    run("sadd one 1");
    EXPECT_EQ(run("smembers one"), "~1 $1 1");
    EXPECT_EQ(run("sunion one none"), "~1 $1 1");
    EXPECT_EQ(run("srandmember one 2"), "*1 $1 1");
    EXPECT_EQ(run("spop one 2"), "~1 $1 1");
    EXPECT_EQ(run("spop one"), "_");
}

// Large sets, of which any two have about a half in common.
TEST_F(CmdSet, AlgebraOfTables)
{
    fill("a", "m", 3000);
    fill("b", "m", 3000, 1500);
    fill("c", "m", 300, 1400);
    EXPECT_EQ(run("sintercard 2 a b"), ":1500");
    EXPECT_EQ(run("sintercard 2 a b limit 100"), ":100");
    EXPECT_EQ(run("sinterstore d a b c"), ":200");
    EXPECT_EQ(bulks(call({"sinter", "a", "b", "c"})), members("d"));
    EXPECT_EQ(run("sunionstore d a b c"), ":4500");
    EXPECT_EQ(bulks(call({"sunion", "a", "b", "c"})), members("d"));
    EXPECT_EQ(run("sdiffstore d a b c"), ":1400");
    EXPECT_EQ(bulks(call({"sdiff", "a", "b", "c"})), members("d"));
    // More sets than members: what the others have is struck out.
    std::vector<std::string> many = {"sdiffstore", "d", "c"};
    for (int i = 0; i < 100; i++) {
        const std::string key = "single" + std::to_string(i);
        run("sadd " + key + " m" + std::to_string(1400 + i));
        many.push_back(key);
    }
    EXPECT_EQ(call(many), ":200\r\n");
    many[0] = "sunionstore";
    EXPECT_EQ(call(many), ":300\r\n");
    many[0] = "sinterstore";
    EXPECT_EQ(call(many), ":0\r\n");
}

TEST_F(CmdSet, PopIsLoggedAsWhatItTook)
{
    play({{"spop s", "$-1", ""},
          {"spop s 2", "*0", ""},
          {"sadd s a", ":1"},
          {"spop s 0", "*0", ""},
          {"spop s", "$1 a", "SREM s a"},
          {"exists s", ":0"},
          {"sadd s 7", ":1"},
          {"spop s 1", "*1 $1 7", "DEL s"},
          {"spop s -1", not_positive},
          {"spop s x", not_positive},
          {"spop s 1 2", syntax},
          {"set str v", "+OK"},
          {"spop str", wrong_type},
          {"spop str 0", wrong_type}});
    fill("s", "m", 100);
    Words all = members("s");
    for (const int n : {1, 10, 60, 1}) {
        Words popped = bulks(call({"spop", "s", std::to_string(n)}));
        ASSERT_EQ(popped.size(), static_cast<size_t>(n));
        std::string logged = effects();
        EXPECT_EQ(logged.substr(0, 7), "SREM s ");
        for (const std::string &word : split(logged.substr(7))) {
            EXPECT_EQ(popped.erase(word), 1u);
            EXPECT_EQ(all.erase(word), 1u);
        }
        EXPECT_TRUE(popped.empty());
        EXPECT_EQ(members("s"), all);
    }
}

// Long lists of members are logged in lines of bounded length.
TEST_F(CmdSet, PopOfThousandsIsLoggedInRuns)
{
    fill("s", "m", 4000);
    EXPECT_EQ(bulks(call({"spop", "s", "2500"})).size(), 2500u);
    const std::string logged = effects();
    size_t lines = 0;
    for (size_t at = logged.find("SREM s "); at != std::string::npos;
         at = logged.find("SREM s ", at + 1))
        lines++;
    EXPECT_EQ(lines, 3u);
    EXPECT_EQ(run("scard s"), ":1500");
    engine_.saving.log_active = 0;
    EXPECT_EQ(bulks(call({"spop", "s", "100"})).size(), 100u);
    EXPECT_EQ(bulks(call({"spop", "s", "100000"})).size(), 1400u);
    EXPECT_EQ(effects(), "");
    EXPECT_EQ(run("exists s"), ":0");
}

TEST_F(CmdSet, RandomMembers)
{
    play({{"srandmember s", "$-1", ""},
          {"srandmember s 3", "*0"},
          {"sadd s a", ":1"},
          {"srandmember s", "$1 a", ""},
          {"srandmember s -3", "*3 $1 a $1 a $1 a"},
          {"srandmember s 3", "*1 $1 a"},
          {"srandmember s 0", "*0"},
          {"srandmember s x", not_an_integer},
          {"srandmember s -9223372036854775808",
           "-ERR value is out of range, value must between -9223372036854775807 and "
           "9223372036854775807"},
          {"srandmember s -9223372036854775807",
           "-ERR value is out of range, value must between -4294967295 and 9223372036854775807"},
          {"srandmember s 1 2", syntax}});
    for (const int n : {50, 1000}) {
        fill("t", "m", n);
        const Words all = members("t");
        for (const int count : {1, 7, n / 2, n - 1, n, n + 1}) {
            const Words some = bulks(call({"srandmember", "t", std::to_string(count)}));
            EXPECT_EQ(some.size(), static_cast<size_t>(std::min(count, n)));
            for (const std::string &m : some) {
                EXPECT_EQ(some.count(m), 1u);
                EXPECT_EQ(all.count(m), 1u);
            }
        }
        EXPECT_EQ(bulks(call({"srandmember", "t", "-2500"})).size(), 2500u);
    }
}

TEST_F(CmdSet, Scan)
{
    play({{"sscan s x", "-ERR invalid cursor"},
          {"sscan s 0 bogus", "*2 $1 0 *0"},
          {"sadd s 1 2 a", ":3"},
          {"sscan s 0 bogus", syntax},
          {"sscan s 0 count 0", syntax},
          {"sscan s 0 count x", not_an_integer},
          {"sscan s 0 match 1", "*2 $1 0 *1 $1 1"},
          {"sscan s 0 match x count 100", "*2 $1 0 *0"},
          {"set str v", "+OK"},
          {"sscan str 0 bogus", wrong_type}});
    fill("t", "m", 1000);
    Words seen;
    std::string cursor = "0";
    int calls = 0;
    do {
        const std::string reply = call({"sscan", "t", cursor, "count", "20"});
        const size_t at = reply.find("\r\n", 4);
        cursor = reply.substr(reply.find("\r\n", 4) + 2);
        cursor = cursor.substr(0, cursor.find("\r\n"));
        Words some = bulks("x\r\n" + reply.substr(reply.find('*', at)));
        seen.insert(some.begin(), some.end());
        EXPECT_LT(some.size(), 60u);
        ASSERT_LT(++calls, 200);
    } while (cursor != "0");
    EXPECT_EQ(seen, members("t"));
    EXPECT_GT(calls, 20);
}

TEST_F(CmdSet, Events)
{
    listen();
    for (const char *line :
         {"sadd s a b", "sadd s a", "srem s x", "srem s a", "smove s t b", "sadd s b",
          "smove s t b", "sadd s c d", "smove s t c", "sunionstore u s t", "sinterstore u s t",
          "sdiffstore u none", "spop t", "spop t 1", "sadd v 1 2", "spop v 2", "sismember s a"})
        run(line);
    EXPECT_EQ(events,
              (std::vector<std::string>{"0:sadd s", "0:srem s", "0:srem s", "0:del s", "0:sadd t",
                                        "0:sadd s", "0:srem s", "0:del s", "0:sadd s", "0:srem s",
                                        "0:sadd t", "0:sunionstore u", "0:del u", "0:spop t",
                                        "0:spop t", "0:del t", "0:sadd v", "0:spop v", "0:del v"}));
}

// Every member is a change: save points count them.
TEST_F(CmdSet, ChangesAreCountedByMember)
{
    const auto changes = [&](const std::string &line) {
        const uint64_t before = dispatcher_stats(dispatcher_)->changes;
        run(line);
        return dispatcher_stats(dispatcher_)->changes - before;
    };
    EXPECT_EQ(changes("sadd s a b c d e"), 5u);
    EXPECT_EQ(changes("sadd s a b f"), 1u);
    EXPECT_EQ(changes("sadd s a"), 0u);
    EXPECT_EQ(changes("srem s a b x"), 2u);
    EXPECT_EQ(changes("smove s t c"), 2u);
    EXPECT_EQ(changes("sunionstore u s t"), 1u);
    EXPECT_EQ(changes("spop s 2"), 2u);
    EXPECT_EQ(changes("spop s"), 1u);
    EXPECT_EQ(changes("sinterstore u none"), 1u);
    EXPECT_EQ(changes("sinterstore u none"), 0u);
}

} // namespace
