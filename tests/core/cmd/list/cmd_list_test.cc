// What clients, the log and listeners see of the list commands, in both encodings.
#include "tests/core/cmd/cmd_fixture.h"

namespace
{

const char *const wrong_type = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const char *const not_an_integer = "-ERR value is not an integer or out of range";
const char *const must_be_positive = "-ERR value is out of range, must be positive";
const char *const syntax = "-ERR syntax error";

// The parameter is list-max-listpack-size: one listpack, or a tree from the second element on.
class CmdList : public Commands, public ::testing::WithParamInterface<int64_t>
{
  protected:
    CmdList()
    {
        config_.limits.types.list_max_listpack_size = GetParam();
        run("set s x");
        effects();
    }
    // Plays the steps and returns the events that they caused, commas between.
    std::string events_of(const std::vector<Step> &steps)
    {
        events.clear();
        listen();
        play(steps);
        std::string out;
        for (const std::string &e : events)
            out += (out.empty() ? "" : ", ") + e.substr(2);
        return out;
    }
};
INSTANTIATE_TEST_SUITE_P(Encodings, CmdList, ::testing::Values(-2, 1), [](const auto &p) {
    return std::string(p.param == -2 ? "Listpack" : "Tree");
});

TEST_P(CmdList, PushesAtBothEnds)
{
    play({{"rpush l a b", ":2", "rpush l a b"},
          {"lpush l 1 2 3", ":5", "lpush l 1 2 3"},
          {"lrange l 0 -1", "*5 $1 3 $1 2 $1 1 $1 a $1 b", ""},
          {"lpushx l x", ":6", "lpushx l x"},
          {"rpushx l y z", ":8", "rpushx l y z"},
          {"lpushx none x", ":0", ""},
          {"rpushx none x", ":0", ""},
          {"exists none", ":0"},
          {"llen l", ":8", ""},
          {"llen none", ":0"},
          {"lpush s x", wrong_type, ""},
          {"rpushx s x", wrong_type, ""},
          {"llen s", wrong_type},
          {"lpush l", "-ERR wrong number of arguments for 'lpush' command"},
          {"object encoding l", GetParam() == 1 ? "$9 quicklist" : "$8 listpack"},
          {"type l", "+list"}});
    EXPECT_EQ(events_of({{"rpush m a", ":1"}, {"lpush m b", ":2"}, {"lpushx m c", ":3"}}),
              "rpush m, lpush m, lpush m");
}

TEST_P(CmdList, PopsFromBothEnds)
{
    play({{"rpush l a b c 4 5 6", ":6"},
          {"lpop l", "$1 a", "lpop l"},
          {"rpop l", "$1 6", "rpop l"},
          {"lpop l 2", "*2 $1 b $1 c", "lpop l 2"},
          {"rpop l 0", "*0", ""},
          {"rpop l 1", "*1 $1 5", "rpop l 1"},
          {"rpop l 100", "*1 $1 4", "rpop l 100"},
          {"exists l", ":0"},
          {"lpop l", "$-1", ""},
          {"lpop l 0", "*-1", ""},
          {"lpop l 3", "*-1", ""},
          {"lpop s", wrong_type, ""},
          {"lpop s 0", wrong_type, ""},
          {"lpop s -1", must_be_positive},
          {"lpop l x", must_be_positive},
          {"lpop l 1 2", "-ERR wrong number of arguments for 'lpop' command"}});
    EXPECT_EQ(
        events_of({{"rpush l a b c", ":3"}, {"lpop l", "$1 a"}, {"rpop l 9", "*2 $1 c $1 b"}}),
        "rpush l, lpop l, rpop l, del l");
}

TEST_P(CmdList, ReadsRangesAndIndexes)
{
    play({{"rpush l 0 1 2 3 4", ":5"},
          {"lrange l 1 2", "*2 $1 1 $1 2", ""},
          {"lrange l -2 100", "*2 $1 3 $1 4"},
          {"lrange l -100 0", "*1 $1 0"},
          {"lrange l 3 2", "*0"},
          {"lrange l 5 9", "*0"},
          {"lrange l 0 -6", "*0"},
          {"lrange l -9223372036854775808 9223372036854775807", "*5 $1 0 $1 1 $1 2 $1 3 $1 4"},
          {"lrange none 0 1", "*0"},
          {"lrange none 0 x", not_an_integer},
          {"lrange s 0 1", wrong_type},
          {"lindex l 0", "$1 0"},
          {"lindex l -1", "$1 4"},
          {"lindex l 5", "$-1"},
          {"lindex l -6", "$-1"},
          {"lindex l x", not_an_integer},
          {"lindex none x", "$-1"},
          {"lindex s x", wrong_type}});
}

TEST_P(CmdList, ReadsLongRanges)
{
    std::string want;
    for (int i = 0; i < 1000; i++) {
        const std::string n = std::to_string(i);
        run("rpush l " + n);
        effects(); // or the ring is full
        want += "$" + std::to_string(n.size()) + " " + n + (i < 999 ? " " : "");
    }
    EXPECT_TRUE(run("lrange l 0 -1") == "*1000 " + want);
}

TEST_P(CmdList, FindsPositions)
{
    play({{"rpush l a b c 1 2 c c 3", ":8"},
          {"lpos l c", ":2", ""},
          {"lpos l c rank 2", ":5"},
          {"lpos l c RANK -1", ":6"},
          {"lpos l c rank -2 count 2", "*2 :5 :2"},
          {"lpos l c count 0", "*3 :2 :5 :6"},
          {"lpos l c count 1 maxlen 2", "*0"},
          {"lpos l c maxlen 3", ":2"},
          {"lpos l c maxlen 0 count 0 rank 3", "*1 :6"},
          {"lpos l 1", ":3"},
          {"lpos l 01", "$-1"},
          {"lpos l x", "$-1"},
          {"lpos l x count 5", "*0"},
          {"lpos none x", "$-1"},
          {"lpos none x count 5", "*0"},
          {"lpos s x", wrong_type},
          {"lpos l c rank 0",
           "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
           "or use negative to start from the end of the list"},
          {"lpos s c count -1", "-ERR COUNT can't be negative"},
          {"lpos l c maxlen -1", "-ERR MAXLEN can't be negative"},
          {"lpos l c rank x", not_an_integer},
          {"lpos l c rank", syntax},
          {"lpos l c bogus 1", syntax}});
}

TEST_P(CmdList, ChangesInside)
{
    play({{"rpush l a b c", ":3"},
          {"lset l 1 B", "+OK", "lset l 1 B"},
          {"lset l -1 C", "+OK", "lset l -1 C"},
          {"lset l 3 x", "-ERR index out of range", ""},
          {"lset l -4 x", "-ERR index out of range"},
          {"lset l x x", not_an_integer},
          {"lset none x x", "-ERR no such key"},
          {"lset s x x", wrong_type},
          {"linsert l before B 1", ":4", "linsert l before B 1"},
          {"linsert l AFTER B 2", ":5", "linsert l AFTER B 2"},
          {"linsert l after C 3", ":6"},
          {"linsert l before nobody 4", ":-1", ""},
          {"linsert none before a 4", ":0", ""},
          {"linsert none beside a 4", syntax},
          {"linsert s before a 4", wrong_type},
          {"lrange l 0 -1", "*6 $1 a $1 1 $1 B $1 2 $1 C $1 3"}});
    EXPECT_EQ(events_of({{"lset l 0 x", "+OK"},
                         {"linsert l before x y", ":7"},
                         {"linsert l before nobody y", ":-1"}}),
              "lset l, linsert l");
}

TEST_P(CmdList, RemovesAndTrims)
{
    play({{"rpush l a x b x c x", ":6"},
          {"lrem l -2 x", ":2", "lrem l -2 x"},
          {"lrem l 0 nobody", ":0", ""},
          {"lrem l 9 x", ":1", "lrem l 9 x"},
          {"lrange l 0 -1", "*3 $1 a $1 b $1 c"},
          {"lrem none 0 x", ":0"},
          {"lrem none x x", not_an_integer},
          {"lrem s 0 x", wrong_type},
          {"ltrim l 0 -1", "+OK", ""},
          {"ltrim l 1 1", "+OK", "ltrim l 1 1"},
          {"lrange l 0 -1", "*1 $1 b"},
          {"ltrim none 0 1", "+OK", ""},
          {"ltrim none 0 x", not_an_integer},
          {"ltrim s 0 1", wrong_type}});
    EXPECT_EQ(events_of({{"rpush l b b", ":3"},
                         {"lrem l 1 b", ":1"},
                         {"lrem l 1 nobody", ":0"},
                         {"ltrim l 0 9", "+OK"},
                         {"lrem l 0 b", ":2"}}),
              "rpush l, lrem l, ltrim l, lrem l, del l");
    EXPECT_EQ(events_of({{"rpush l a b", ":2"}, {"ltrim l 5 9", "+OK"}, {"exists l", ":0"}}),
              "rpush l, ltrim l, del l");
    EXPECT_EQ(run("rpush l a b c d e"), ":5");
    EXPECT_EQ(run("ltrim l -3 -2"), "+OK");
    EXPECT_EQ(run("lrange l 0 -1"), "*2 $1 c $1 d");
}

// Watchers hear of a trim that trims nothing, too.
TEST_P(CmdList, TrimIsAlwaysAChange)
{
    run("rpush l a");
    play({{"watch l", "+OK"}, {"ltrim l 0 -1", "+OK", ""}, {"multi", "+OK"}, {"exec", "*-1"}});
    play({{"watch l", "+OK"}, {"lrem l 0 b", ":0", ""}, {"multi", "+OK"}, {"exec", "*0"}});
}

TEST_P(CmdList, MovesFromListToList)
{
    play({{"rpush a 1 2 3", ":3"},
          {"lmove a b left right", "$1 1", "lmove a b left right"},
          {"rpoplpush a b", "$1 3", "rpoplpush a b"},
          {"lmove a b RIGHT LEFT", "$1 2"},
          {"exists a", ":0"},
          {"lrange b 0 -1", "*3 $1 2 $1 3 $1 1"},
          {"lmove b b left right", "$1 2", "lmove b b left right"},
          {"rpoplpush b b", "$1 2"},
          {"lmove b b left left", "$1 2"},
          {"lrange b 0 -1", "*3 $1 2 $1 3 $1 1"},
          {"lmove none b left right", "$-1", ""},
          {"lmove none s left right", "$-1", ""},
          {"rpoplpush none b", "$-1", ""},
          {"lmove s b left right", wrong_type},
          {"lmove b s left right", wrong_type, ""},
          {"rpoplpush b s", wrong_type},
          {"lmove b c up right", syntax},
          {"lmove b c left down", syntax},
          {"llen b", ":3"}});
    EXPECT_EQ(events_of({{"rpush x 1", ":1"}, {"lmove x y left right", "$1 1"}}),
              "rpush x, rpush y, lpop x, del x");
    EXPECT_EQ(events_of({{"lmove y y left right", "$1 1"}, {"rpoplpush y y", "$1 1"}}),
              "rpush y, lpop y, lpush y, rpop y");
}

TEST_P(CmdList, MovesLongElements)
{
    const std::string longer(20000, 'q'), bulk = "$20000\r\n" + longer + "\r\n";
    EXPECT_EQ(call({"rpush", "l", "a", longer, "b"}), ":3\r\n");
    EXPECT_EQ(run("rpoplpush l l"), "$1 b");
    EXPECT_EQ(call({"rpoplpush", "l", "l"}), bulk);
    EXPECT_EQ(call({"lmove", "l", "m", "left", "left"}), bulk);
    EXPECT_EQ(call({"lrange", "m", "0", "-1"}), "*1\r\n" + bulk);
    EXPECT_EQ(run("lrange l 0 -1"), "*2 $1 b $1 a");
}

TEST_P(CmdList, PopsFromTheFirstOfSeveral)
{
    play({{"rpush b 1 2 3 4", ":4"},
          {"lmpop 2 a b left", "*2 $1 b *1 $1 1", "LPOP b 1"},
          {"lmpop 3 a b c RIGHT COUNT 2", "*2 $1 b *2 $1 4 $1 3", "RPOP b 2"},
          {"lmpop 2 a b left count 10", "*2 $1 b *1 $1 2", "LPOP b 1"},
          {"exists b", ":0"},
          {"lmpop 2 a b left", "*-1", ""},
          {"lmpop 2 s b left", wrong_type, ""},
          {"rpush b 1", ":1"},
          {"lmpop 2 b s left", "*2 $1 b *1 $1 1"},
          {"lmpop 0 a left", "-ERR numkeys should be greater than 0"},
          {"lmpop x a left", "-ERR numkeys should be greater than 0"},
          {"lmpop 2 a left", syntax},
          {"lmpop 9 a left", syntax},
          {"lmpop 1 a up", syntax},
          {"lmpop 1 a left count", syntax},
          {"lmpop 1 a left max 1", syntax},
          {"lmpop 1 a left count 1 count 1", syntax},
          {"lmpop 1 a left count 0", "-ERR count should be greater than 0"},
          {"lmpop 1 a left count x", "-ERR count should be greater than 0"}});
}

// With something to take, the blocking commands answer at once and are logged as what they did.
TEST_P(CmdList, BlockingCommandsTakeWhatIsThere)
{
    play({{"rpush b 1 2 3 4 5 6 7 8", ":8"},
          {"blpop a b 0", "*2 $1 b $1 1", "LPOP b"},
          {"brpop a b 0.5", "*2 $1 b $1 8", "RPOP b"},
          {"blmpop 0 2 a b left count 2", "*2 $1 b *2 $1 2 $1 3", "LPOP b 2"},
          {"brpoplpush b c 0", "$1 7", "RPOPLPUSH b c"},
          {"blmove b c left RIGHT 0", "$1 4", "LMOVE b c left RIGHT"},
          {"lrange c 0 -1", "*2 $1 7 $1 4"},
          {"blpop s b 0", wrong_type, ""},
          {"blmove b s left right 0", wrong_type, ""},
          {"blmove s b left right 0", wrong_type, ""},
          {"blpop b x", "-ERR timeout is not a float or out of range"},
          {"blpop b -1", "-ERR timeout is negative"},
          {"blmove b c up right x", syntax},
          {"blmove b c left right -1", "-ERR timeout is negative"},
          {"blmpop x 1 b left", "-ERR timeout is not a float or out of range"},
          {"blmpop x 0 b left", "-ERR numkeys should be greater than 0"},
          {"blmpop x 1 b left count 0", "-ERR count should be greater than 0"},
          {"blmpop x 1 b up", syntax},
          {"llen b", ":2"}});
}

TEST_P(CmdList, NothingBlocksInsideATransaction)
{
    play({{"multi", "+OK"},
          {"blpop a b 0", "+QUEUED"},
          {"brpop a 0", "+QUEUED"},
          {"brpoplpush a b 0", "+QUEUED"},
          {"blmove a b left right 0", "+QUEUED"},
          {"blmpop 0 1 a left", "+QUEUED"},
          {"exec", "*5 *-1 *-1 $-1 $-1 *-1", ""}});
    session_set_version(&session, 3);
    play({{"multi", "+OK"},
          {"blpop a b 0", "+QUEUED"},
          {"blmove a b left right 0", "+QUEUED"},
          {"exec", "*2 _ _", ""},
          {"lpop a", "_"},
          {"lpop a 1", "_"},
          {"lmpop 1 a left", "_"},
          {"lindex a 0", "_"},
          {"lpos a x", "_"},
          {"rpoplpush a b", "_"}});
}

TEST_P(CmdList, CopiesShareNothing)
{
    play({{"rpush l a b c", ":3"},
          {"copy l m", ":1"},
          {"lset m 0 x", "+OK"},
          {"rename l k", "+OK"},
          {"rpop k", "$1 c"},
          {"lrange m 0 -1", "*3 $1 x $1 b $1 c"},
          {"lrange k 0 -1", "*2 $1 a $1 b"},
          {"del k m", ":2"}});
}

TEST_P(CmdList, ElementsAreAnyBytes)
{
    const std::string zeros("\0\r\n\0", 4);
    EXPECT_EQ(call({"rpush", "l", zeros, "", "-0", "00"}), ":4\r\n");
    EXPECT_EQ(call({"lrange", "l", "0", "-1"}),
              "*4\r\n$4\r\n" + zeros + "\r\n$0\r\n\r\n$2\r\n-0\r\n$2\r\n00\r\n");
    EXPECT_EQ(call({"lpos", "l", ""}), ":1\r\n");
    EXPECT_EQ(call({"lrem", "l", "0", zeros}), ":1\r\n");
    EXPECT_EQ(call({"lpop", "l"}), "$0\r\n\r\n");
}

TEST_P(CmdList, DeadlinesStay)
{
    play({{"rpush l a b", ":2"},
          {"expire l 100", ":1"},
          {"lpush l c", ":3"},
          {"lset l 0 d", "+OK"},
          {"rpop l", "$1 b"},
          {"ttl l", ":100"},
          {"ltrim l 1 0", "+OK"},
          {"lpush l x", ":1"},
          {"ttl l", ":-1"}});
}

// The least number has no opposite to count from the other end with.
TEST_P(CmdList, TheLeastNumberIsNoCount)
{
    const char *const refused = "-ERR value is out of range, value must between "
                                "-9223372036854775807 and 9223372036854775807";
    play({{"rpush l a b a", ":3"},
          {"lpos l a rank -9223372036854775808", refused},
          {"lpos none a rank -9223372036854775808", refused},
          {"lpos l a rank -9223372036854775807", "$-1"},
          {"lrem l -9223372036854775808 a", refused, ""},
          {"lrem none -9223372036854775808 a", refused},
          {"llen l", ":3"},
          {"lrem l -9223372036854775807 a", ":2"}});
}

} // namespace
