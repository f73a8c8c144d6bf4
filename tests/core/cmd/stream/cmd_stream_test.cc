// What clients, the log and listeners see of the stream commands.
#include "tests/core/cmd/cmd_fixture.h"

namespace
{

const char *const wrong_type = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const char *const not_an_integer = "-ERR value is not an integer or out of range";
const char *const syntax = "-ERR syntax error";
const char *const bad_id = "-ERR Invalid stream ID specified as stream command argument";
const char *const not_above =
    "-ERR The ID specified in XADD is equal or smaller than the target stream top item";
const char *const exhausted =
    "-ERR The stream has exhausted the last possible ID, unable to add more items";
const char *const unbalanced = "-ERR Unbalanced 'xread' list of streams: for each stream key an ID "
                               "or '$' must be specified.";
const char *const unbalanced_group =
    "-ERR Unbalanced 'xreadgroup' list of streams: for each stream "
    "key an ID or '>' must be specified.";
const char *const last_of_all = "18446744073709551615-18446744073709551615";

// Blocks are of three entries, the clock stands at 1700000000000.
class CmdStream : public Commands
{
  protected:
    CmdStream()
    {
        config_.limits.types.stream_node_max_bytes = 4096;
        config_.limits.types.stream_node_max_entries = 3;
        run("set s x");
        effects();
    }
    // Adds entries 1-1, 2-1 ... n-1 of a field and its number.
    void fill(const std::string &key, int n)
    {
        for (int i = 1; i <= n; i++) {
            const std::string ms = std::to_string(i);
            run("xadd " + key + " " + ms + "-1 f " + ms);
            effects();
        }
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
    void resp3()
    {
        session_set_version(&session, 3);
    }
};

// --- XADD

TEST_F(CmdStream, IdsAreMadeFromTheClock)
{
    play({{"xadd k * a b", "$15 1700000000000-0", "XADD k 1700000000000-0 a b"},
          {"xadd k * a b", "$15 1700000000000-1", "XADD k 1700000000000-1 a b"},
          {"xadd k 1700000000005-* a b c d", "$15 1700000000005-0",
           "XADD k 1700000000005-0 a b c d"},
          {"xadd k * a b", "$15 1700000000005-1", "XADD k 1700000000005-1 a b"},
          {"xadd k 1700000000005-* a b", "$15 1700000000005-2", "XADD k 1700000000005-2 a b"},
          {"xadd k 1700000000006 a b", "$15 1700000000006-0", "xadd k 1700000000006 a b"},
          {"xadd k 1700000000005-* a b", not_above, ""},
          {"xlen k", ":6", ""},
          {"xadd n 0-* a b", "$3 0-1", "XADD n 0-1 a b"}});
    clock_fake_unix_ms(NOW + 10);
    play({{"xadd k * a b", "$15 1700000000010-0", "XADD k 1700000000010-0 a b"}});
}

TEST_F(CmdStream, IdsRise)
{
    play({{"xadd k 5-2 a b", "$3 5-2", "xadd k 5-2 a b"},
          {"xadd k 5-2 a b", not_above, ""},
          {"xadd k 5 a b", not_above, ""},
          {"xadd k 4-9 a b", not_above, ""},
          {"xadd k 4-* a b", not_above, ""},
          {"xadd k 5-18446744073709551615 a b", "$22 5-18446744073709551615"},
          {"xadd k 5-* a b", not_above},
          {"xadd k 0-0 a b", "-ERR The ID specified in XADD must be greater than 0-0", ""},
          {"xadd s 0 a b", "-ERR The ID specified in XADD must be greater than 0-0", ""},
          {"xadd none 0-0 a b", "-ERR The ID specified in XADD must be greater than 0-0", ""},
          {"exists none", ":0"},
          {"xadd k 18446744073709551615-18446744073709551615 a b",
           "$41 18446744073709551615-18446744073709551615"},
          {"xadd k * a b", exhausted, ""},
          {"xadd k 18446744073709551615-* a b", exhausted},
          {"xadd k 7 a b", exhausted}});
}

TEST_F(CmdStream, IdsAreReadLooselyAndStrictly)
{
    play({{"xadd k \" 7-1\" a b", "$3 7-1"},
          {"xadd k +8-+01 a b", "$3 8-1"},
          {"xadd k x a b", bad_id, ""},
          {"xadd k \"\" a b", bad_id},
          {"xadd k - a b", bad_id},
          {"xadd k + a b", bad_id},
          {"xadd k 9- a b", bad_id},
          {"xadd k -9 a b", bad_id},
          {"xadd k 9--1 a b", bad_id},
          {"xadd k 9-1-1 a b", bad_id},
          {"xadd k \"9 \" a b", bad_id},
          {"xadd k 0x9 a b", bad_id},
          {"xadd k 18446744073709551616 a b", bad_id},
          {"xadd k 9-18446744073709551616 a b", bad_id},
          {"xadd s x a b", bad_id},
          {"xadd s * a b", wrong_type, ""}});
    EXPECT_EQ(run("xadd k " + std::string(126, '0') + "9 a b"), "$3 9-0");
    EXPECT_EQ(run("xadd k " + std::string(126, '0') + "10 a b"), bad_id);
}

TEST_F(CmdStream, PairsAreComplete)
{
    const char *const arity = "-ERR wrong number of arguments for 'xadd' command";
    play({{"xadd k * a", arity},
          {"xadd k * a b c", arity, ""},
          {"xadd k maxlen 5 *", arity},
          {"xadd k maxlen 5 * a", arity},
          {"xadd k nomkstream maxlen 5", arity},
          {"xadd k 0-0 a b c", arity},
          {"xadd k x a b c", bad_id},
          {"xadd s * a b c", arity},
          {"exists k", ":0"}});
}

TEST_F(CmdStream, NothingIsMadeWhereNothingIs)
{
    play({{"xadd k nomkstream * a b", "$-1", ""},
          {"exists k", ":0"},
          {"xadd k nomkstream x a b", bad_id},
          {"xadd k nomkstream 0-0 a b", "-ERR The ID specified in XADD must be greater than 0-0"},
          {"xadd s nomkstream * a b", wrong_type},
          {"xadd k 1 a b", "$3 1-0"},
          {"xadd k NOMKSTREAM nomkstream 2 a b", "$3 2-0", "xadd k NOMKSTREAM nomkstream 2 a b"}});
    resp3();
    play({{"xadd none nomkstream * a b", "_"}});
}

TEST_F(CmdStream, OddWordsOfTrimming)
{
    const char *const both = "-ERR syntax error, MAXLEN and MINID options at the same time are not "
                             "compatible";
    const char *const no_tilde =
        "-ERR syntax error, LIMIT cannot be used without the special ~ option";
    const char *const no_strategy =
        "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
    play({{"xadd k maxlen x * a b", not_an_integer, ""},
          {"xadd k maxlen = x * a b", not_an_integer},
          {"xadd k maxlen = = * a b", not_an_integer},
          {"xadd k maxlen -1 * a b", "-ERR The MAXLEN argument must be >= 0."},
          {"xadd k maxlen 1 minid 5 * a b", both},
          {"xadd k maxlen 1 maxlen 5 * a b", both},
          {"xadd k minid x * a b", bad_id},
          {"xadd k minid - * a b", bad_id},
          {"xadd k minid 5-* * a b", bad_id},
          {"xadd k limit 5 * a b", no_strategy},
          {"xadd k limit x * a b", not_an_integer},
          {"xadd k maxlen 1 limit 5 * a b", no_tilde},
          {"xadd k maxlen ~ 1 limit -5 * a b", "-ERR The LIMIT argument must be >= 0."},
          {"xadd k keepref delref * a b", syntax},
          {"xadd k bogus 5 * a b", bad_id},
          {"xtrim k maxlen", "-ERR wrong number of arguments for 'xtrim' command"},
          {"xtrim k maxlen ~", not_an_integer},
          {"xtrim k maxlen ~ x", not_an_integer},
          {"xtrim k maxlen 5 bogus", syntax},
          {"xtrim k nomkstream 5", syntax},
          {"xtrim k maxlen ~ 5 limit", syntax},
          {"xtrim k limit 5", no_strategy},
          {"xtrim k minid = 5 limit 1", no_tilde},
          {"xtrim k maxlen 5 minid 1", both},
          {"xtrim k delref acked", "-ERR syntax error"},
          {"xtrim k acked maxlen 5 acked", syntax},
          {"xtrim s maxlen 5", wrong_type},
          {"xtrim s minid x", bad_id},
          {"xtrim k maxlen 5", ":0", ""},
          {"exists k", ":0"}});
}

// The log has how much is left, as elsewhere blocks may be of another size.
TEST_F(CmdStream, WhatTrimmingIsToldToTheLog)
{
    fill("k", 8); // blocks of 3, 3 and 2
    play({{"xadd k maxlen ~ 5 * a b", "$15 1700000000000-0",
           "XADD k MAXLEN = 6 1700000000000-0 a b"},
          {"xadd k maxlen 5 9999999999999 a b", "$15 9999999999999-0",
           "xadd k maxlen 5 9999999999999 a b"},
          {"xlen k", ":5"},
          {"xadd k minid ~ 8 limit 9 9999999999999-* a b", "$15 9999999999999-1",
           "XADD k MINID = 7-1 9999999999999-1 a b"},
          {"xadd k minid 8 nomkstream 9999999999999-* a b", "$15 9999999999999-2",
           "XADD k MINID = 8-0 9999999999999-2 a b"},
          {"xadd k maxlen ~ 100 9999999999999-* a b", "$15 9999999999999-3",
           "XADD k MAXLEN = 6 9999999999999-3 a b"},
          {"xadd k maxlen 0 9999999999999-* a b", "$15 9999999999999-4",
           "XADD k MAXLEN = 0 9999999999999-4 a b"},
          {"xlen k", ":0"},
          {"exists k", ":1"},
          {"xadd k maxlen ~ 5 acked 9999999999999-9 a b", "$15 9999999999999-9",
           "XADD k MAXLEN = 1 ACKED 9999999999999-9 a b"}});
    fill("l", 8);
    play({{"xtrim l maxlen ~ 7", ":0", ""},
          {"xtrim l maxlen ~ 4", ":3", "XTRIM l MAXLEN = 5"},
          {"xtrim l minid ~ 7", ":3", "XTRIM l MINID = 7-0"},
          {"xtrim l minid ~ 100", ":2", "XTRIM l MINID = 100-0"},
          {"xtrim l minid ~ 100", ":0", ""}});
    fill("m", 8);
    play({{"xtrim m maxlen 7", ":1", "xtrim m maxlen 7"},
          {"xtrim m minid = 4-1 delref", ":2", "xtrim m minid = 4-1 delref"},
          {"xtrim m minid ~ 8 delref limit 3", ":3", "XTRIM m MINID = 7-1 DELREF"},
          {"xtrim m maxlen ~ 0 acked", ":2", "XTRIM m MAXLEN = 0 ACKED"}});
}

TEST_F(CmdStream, ACallTrimsOfAHundredBlocksAtMost)
{
    fill("k", 400);
    play({{"xtrim k maxlen ~ 0", ":300", "XTRIM k MAXLEN = 100"},
          {"xtrim k maxlen ~ 0 limit 0", ":100"}});
    fill("l", 400);
    play({{"xadd l maxlen ~ 0 1000 a b", "$6 1000-0", "XADD l MAXLEN = 101 1000-0 a b"},
          {"xadd l maxlen ~ 0 limit 0 1001 a b", "$6 1001-0", "XADD l MAXLEN = 0 1001-0 a b"}});
}

TEST_F(CmdStream, EventsOfAddingAndTrimming)
{
    EXPECT_EQ(events_of({{"xadd k 1 a b", "$3 1-0"},
                         {"xadd k maxlen 1 2 a b", "$3 2-0"},
                         {"xadd k maxlen 5 3 a b", "$3 3-0"},
                         {"xdel k 3 9", ":1"},
                         {"xdel k 9", ":0"},
                         {"xdelex k ids 1 9-0", "*1 :-1"},
                         {"xdelex k ids 1 2-0", "*1 :1"},
                         {"xtrim k maxlen 0", ":0"},
                         {"xadd k 4 a b", "$3 4-0"},
                         {"xtrim k maxlen 0", ":1"},
                         {"xsetid k 9", "+OK"},
                         {"xadd none nomkstream * a b", "$-1"}}),
              "xadd k, xadd k, xtrim k, xadd k, xdel k, xdel k, xadd k, xtrim k, xsetid k");
}

// --- reading

TEST_F(CmdStream, Ranges)
{
    play({{"xadd k 1-1 a 1", "$3 1-1"},
          {"xadd k 1-2 a 2", "$3 1-2"},
          {"xadd k 2-0 b x c \"\"", "$3 2-0"},
          {"xadd k 3-5 a -7", "$3 3-5"},
          {"xrange k - +",
           "*4 *2 $3 1-1 *2 $1 a $1 1 *2 $3 1-2 *2 $1 a $1 2 *2 $3 2-0 *4 $1 b $1 x $1 c $0  *2 $3 "
           "3-5 *2 $1 a $2 -7",
           ""},
          {"xrange k 1 1", "*2 *2 $3 1-1 *2 $1 a $1 1 *2 $3 1-2 *2 $1 a $1 2"},
          {"xrange k (1-1 (2-0", "*1 *2 $3 1-2 *2 $1 a $1 2"},
          {"xrange k (1-2 2-0 count 1", "*1 *2 $3 2-0 *4 $1 b $1 x $1 c $0 "},
          {"xrange k - + COUNT 1 count 2", "*2 *2 $3 1-1 *2 $1 a $1 1 *2 $3 1-2 *2 $1 a $1 2"},
          {"xrevrange k + - count 2", "*2 *2 $3 3-5 *2 $1 a $2 -7 *2 $3 2-0 *4 $1 b $1 x $1 c $0 "},
          {"xrevrange k 1 1", "*2 *2 $3 1-2 *2 $1 a $1 2 *2 $3 1-1 *2 $1 a $1 1"},
          {"xrevrange k (1-2 -", "*1 *2 $3 1-1 *2 $1 a $1 1"},
          {"xrange k + -", "*0"},
          {"xrevrange k - +", "*0"},
          {"xrange k 4 +", "*0"},
          {"xrange none - +", "*0"},
          {"xrange none - + count 0", "*0"},
          {"xrange k - + count 0", "*-1"},
          {"xrange k - + count -5", "*-1"},
          {"xlen k", ":4"},
          {"xlen none", ":0"}});
    resp3();
    play({{"xrange k - + count 0", "_"}, {"xrange k 3 +", "*1 *2 $3 3-5 *2 $1 a $2 -7"}});
}

TEST_F(CmdStream, OddRanges)
{
    play({{"xrange k x +", bad_id},
          {"xrange k - x count x", bad_id},
          {"xrange k (- +", bad_id},
          {"xrange k ( +", bad_id},
          {"xrange k ((5 +", bad_id},
          {"xrange k 5-* +", bad_id},
          {"xrange k $ +", bad_id},
          {"xrange k (18446744073709551615-18446744073709551615 +",
           "-ERR invalid start ID for the interval"},
          {"xrange k (18446744073709551615 +", "*0"},
          {"xrange k - (0-0", "-ERR invalid end ID for the interval"},
          {"xrange k - (0", "*0"},
          {"xrevrange k (0-0 -", "-ERR invalid end ID for the interval"},
          {"xrange k - + count", syntax},
          {"xrange k - + count x", not_an_integer},
          {"xrange k - + bogus 1", syntax},
          {"xrange s - +", wrong_type},
          {"xrange s - x", bad_id},
          {"xrange s - + count x", not_an_integer},
          {"xlen s", wrong_type}});
    EXPECT_EQ(run(std::string("xrange k (") + last_of_all + " x"),
              "-ERR invalid start ID for the interval");
}

TEST_F(CmdStream, ReadsWhatIsAbove)
{
    fill("k", 5);
    fill("l", 1);
    play(
        {{"xread streams k 3-1", "*1 *2 $1 k *2 *2 $3 4-1 *2 $1 f $1 4 *2 $3 5-1 *2 $1 f $1 5", ""},
         {"xread count 1 streams k l 2 0",
          "*2 *2 $1 k *1 *2 $3 2-1 *2 $1 f $1 2 *2 $1 l *1 *2 $3 1-1 *2 $1 f $1 1"},
         {"xread count 0 streams k 4-1", "*1 *2 $1 k *1 *2 $3 5-1 *2 $1 f $1 5"},
         {"xread COUNT 1 COUNT -5 STREAMS k 4-1", "*1 *2 $1 k *1 *2 $3 5-1 *2 $1 f $1 5"},
         {"xread streams l l 0 0",
          "*2 *2 $1 l *1 *2 $3 1-1 *2 $1 f $1 1 *2 $1 l *1 *2 $3 1-1 *2 $1 f $1 1"},
         {"xread streams none l 0 0", "*1 *2 $1 l *1 *2 $3 1-1 *2 $1 f $1 1"},
         {"xread streams k 5-1", "*-1"},
         {"xread streams k 5-1", "*-1", ""},
         {"xread streams k $", "*-1"},
         {"xread streams none $", "*-1"},
         {"xread streams none +", "*-1"},
         {"xread count 3 streams k l + 0",
          "*2 *2 $1 k *1 *2 $3 5-1 *2 $1 f $1 5 *2 $1 l *1 *2 $3 1-1 *2 $1 f $1 1"},
         {"xdel k 5-1", ":1"},
         {"xread streams k +", "*1 *2 $1 k *1 *2 $3 4-1 *2 $1 f $1 4"},
         {"xread streams k 4-1", "*-1"},
         {"xtrim k maxlen 0", ":4"},
         {"xread streams k +", "*-1"},
         {"xread streams k 18446744073709551615-18446744073709551615", "*-1"}});
    resp3();
    play({{"xread streams l k l 0 0 0", "%2 $1 l *1 *2 $3 1-1 *2 $1 f $1 1 $1 l *1 *2 $3 1-1 *2 $1 "
                                        "f $1 1"},
          {"xread streams k 0", "_"}});
}

TEST_F(CmdStream, OddReads)
{
    play({{"xread streams k", "-ERR wrong number of arguments for 'xread' command"},
          {"xread count 1 streams", syntax},
          {"xread count 1 bogus", syntax},
          {"xread bogus streams k 0", syntax},
          {"xread block 9223372036854775807 streams k 0", "-ERR timeout is out of range"},
          {"xread streams k 0 1", unbalanced},
          {"xread count x streams k 0", not_an_integer},
          {"xread block x streams k 0", "-ERR timeout is not an integer or out of range"},
          {"xread block 1.5 streams k 0", "-ERR timeout is not an integer or out of range"},
          {"xread block -1 streams k 0", "-ERR timeout is negative"},
          {"xread noack streams k 0",
           "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."},
          {"xread group g c streams k 0",
           "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."},
          {"xread streams k >", "-ERR The > ID can be specified only when calling XREADGROUP using "
                                "the GROUP <group> <consumer> option."},
          {"xread streams k x", bad_id},
          {"xread streams k -", bad_id},
          {"xread streams k (5", bad_id},
          {"xread streams k 5-*", bad_id},
          {"xread streams s x", wrong_type},
          {"xread streams s $", wrong_type},
          {"xread streams k s x 0", bad_id},
          {"xread streams k s 0 0", wrong_type},
          {"xreadgroup group g c streams k", "-ERR wrong number of arguments for 'xreadgroup' "
                                             "command"},
          {"xreadgroup count 1 noack block 0 streams k >",
           "-ERR Missing GROUP option for XREADGROUP"},
          {"xreadgroup count 1 noack streams k k >", unbalanced_group}});
}

// Inside EXEC nobody waits.
TEST_F(CmdStream, ReadsInsideATransactionDoNotWait)
{
    play({{"multi", "+OK"},
          {"xread block 0 streams k $", "+QUEUED"},
          {"xadd k 1 a b", "+QUEUED"},
          {"xread block 0 streams k 0", "+QUEUED"},
          {"exec", "*3 *-1 $3 1-0 *1 *2 $1 k *1 *2 $3 1-0 *2 $1 a $1 b", "xadd k 1 a b"}});
}

// --- deleting

TEST_F(CmdStream, Deletes)
{
    fill("k", 5);
    play({{"xdel k 2-1 2-1 9 4-1", ":2", "xdel k 2-1 2-1 9 4-1"},
          {"xdel k 2-1", ":0", ""},
          {"xdel k 1-1 x", bad_id, ""},
          {"xdel k -", bad_id},
          {"xdel none 1", ":0"},
          {"xdel none x", ":0"},
          {"xdel s x", wrong_type},
          {"xlen k", ":3"},
          {"xdel k 1-1 3-1 5-1", ":3"},
          {"xlen k", ":0"},
          {"type k", "+stream"},
          {"xadd k 5-1 a b", not_above},
          {"xadd k 5-* a b", "$3 5-2"}});
}

TEST_F(CmdStream, DeletesWithAWord)
{
    const char *const not_positive = "-ERR Number of IDs must be a positive integer";
    const char *const no_match = "-ERR The `numids` parameter must match the number of arguments";
    fill("k", 5);
    play({{"xdelex k ids 2 2-1 9-1", "*2 :1 :-1", "xdelex k ids 2 2-1 9-1"},
          {"xdelex k KEEPREF IDS 1 2-1", "*1 :-1", ""},
          {"xdelex k ids 1 3-1 acked", "*1 :1"},
          {"xdelex k delref ids 1 4-1", "*1 :1", "xdelex k delref ids 1 4-1"},
          {"xdelex none ids 2 1-1 2-1", "*2 :-1 :-1", ""},
          {"xdelex s ids 1 1-1", wrong_type},
          {"xdelex k ids x 1-1", not_positive},
          {"xdelex k ids 0 1-1", not_positive},
          {"xdelex k ids -1 1-1", not_positive},
          {"xdelex k ids 2 1-1", no_match},
          {"xdelex k ids 1 1-1 2-1", syntax},
          {"xdelex k ids 1 x", bad_id, ""},
          {"xdelex s ids 1 x", bad_id},
          {"xdelex k keepref acked ids 1 1-1", syntax},
          {"xdelex k keepref acked delref", syntax},
          {"xdelex k ids 1 1-1 ids 1 1-1", syntax},
          {"xdelex k keepref ids", "-ERR wrong number of arguments for 'xdelex' command"},
          {"xlen k", ":2"}});
}

// --- XSETID

TEST_F(CmdStream, SetsTheLastId)
{
    play({{"xsetid none 5", "-ERR no such key", ""},
          {"xsetid none x", bad_id},
          {"xsetid s 5", wrong_type},
          {"xadd k 10 a b", "$4 10-0"},
          {"xsetid k 9", "-ERR The ID specified in XSETID is smaller than the target stream top "
                         "item"},
          {"xsetid k 20", "+OK", "xsetid k 20"},
          {"xadd k 15 a b", not_above},
          {"xsetid k 20 entriesadded 0", "-ERR The entries_added specified in XSETID is smaller "
                                         "than the target stream length"},
          {"xsetid k 20 entriesadded 7 maxdeletedid 20", "+OK"},
          {"xsetid k 20 entriesadded -1", "-ERR entries_added must be positive"},
          {"xsetid k 20 entriesadded x", not_an_integer},
          {"xsetid k 20 entriesadded", syntax},
          {"xsetid k 20 maxdeletedid x", bad_id},
          {"xsetid k 20 maxdeletedid 21", "-ERR The ID specified in XSETID is smaller than the "
                                          "provided max_deleted_entry_id"},
          {"xsetid k 20 bogus 1", syntax},
          {"xsetid k -", bad_id},
          {"xsetid k $", bad_id},
          {"xsetid k 15",
           "-ERR The ID specified in XSETID is smaller than current "
           "max_deleted_entry_id",
           ""},
          {"xsetid k 20 maxdeletedid 3 maxdeletedid 2", "+OK"},
          {"xsetid k 15", "+OK"},
          {"xadd k 16 a b", "$4 16-0"},
          {"xdel k 10 16", ":2"},
          {"xsetid k 15", "-ERR The ID specified in XSETID is smaller than current "
                          "max_deleted_entry_id"},
          {"xsetid k 16 maxdeletedid 0", "+OK"},
          {"xsetid k 1", "+OK"},
          {"xadd k 2 a b", "$3 2-0"}});
}

// --- groups of readers

TEST_F(CmdStream, AGroupDeliversEachEntryOnce)
{
    fill("k", 4);
    play(
        {{"xgroup create k g 0", "+OK", "xgroup create k g 0"},
         {"xreadgroup group g alice count 2 streams k >",
          "*1 *2 $1 k *2 *2 $3 1-1 *2 $1 f $1 1 *2 $3 2-1 *2 $1 f $1 2",
          "MULTI | XCLAIM k g alice 0 1-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1 "
          "| XCLAIM k g alice 0 2-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 2-1 | "
          "XGROUP SETID k g 2-1 ENTRIESREAD 2 | EXEC"},
         {"xreadgroup group g bob noack count 1 streams k >",
          "*1 *2 $1 k *1 *2 $3 3-1 *2 $1 f $1 3",
          "MULTI | XGROUP CREATECONSUMER k g bob | XGROUP SETID k g 3-1 ENTRIESREAD 3 | EXEC"},
         {"xreadgroup group g carol streams k >", "*1 *2 $1 k *1 *2 $3 4-1 *2 $1 f $1 4"},
         {"xreadgroup group g carol streams k >", "*-1", ""},
         {"xreadgroup group g dave streams k >", "*-1", "XGROUP CREATECONSUMER k g dave"},
         {"xreadgroup group g alice streams k 0",
          "*1 *2 $1 k *2 *2 $3 1-1 *2 $1 f $1 1 *2 $3 2-1 *2 $1 f $1 2",
          "MULTI | XCLAIM k g alice 0 1-1 TIME 1700000000000 RETRYCOUNT 2 FORCE JUSTID LASTID 4-1 "
          "| XCLAIM k g alice 0 2-1 TIME 1700000000000 RETRYCOUNT 2 FORCE JUSTID LASTID 4-1 | "
          "EXEC"},
         {"xreadgroup group g bob streams k 0", "*1 *2 $1 k *0", ""},
         {"xreadgroup group g alice count 1 streams k 1-1", "*1 *2 $1 k *1 *2 $3 2-1 *2 $1 f $1 2"},
         {"xdel k 1-1", ":1"},
         {"xreadgroup group g alice count 1 streams k 0", "*1 *2 $1 k *1 *2 $3 1-1 *-1", ""},
         {"xadd k 5-1 f 5", "$3 5-1"},
         {"xreadgroup group g bob streams k k > 0",
          "*2 *2 $1 k *1 *2 $3 5-1 *2 $1 f $1 5 *2 $1 k *1 *2 $3 5-1 *2 $1 f $1 5"}});
    resp3();
    play({{"xreadgroup group g dave streams k >", "_"},
          {"xreadgroup group g dave streams k 0", "%1 $1 k *0"},
          {"xreadgroup group g alice count 1 streams k 0", "%1 $1 k *1 *2 $3 1-1 _"}});
}

TEST_F(CmdStream, OddReadsOfGroups)
{
    const char *const no_group =
        "-NOGROUP No such key 'k' or consumer group 'h' in XREADGROUP with GROUP option";
    fill("k", 1);
    play(
        {{"xgroup create k g 0", "+OK"},
         {"xreadgroup group h c streams k >", no_group, ""},
         {"xreadgroup group h c streams k x", no_group},
         {"xreadgroup group g c streams none >",
          "-NOGROUP No such key 'none' or consumer group 'g' in XREADGROUP with GROUP option"},
         {"xreadgroup group g c streams s >", wrong_type},
         {"xreadgroup group g c streams k x", bad_id},
         {"xreadgroup group g c streams k -", bad_id},
         {"xreadgroup group g c streams k s > 0", wrong_type, ""},
         {"xreadgroup group h c group g c streams k 0", "*1 *2 $1 k *0"},
         {"xreadgroup group g c streams k $",
          "-ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history "
          "of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ "
          "ID would just return an empty result set."},
         {"xreadgroup group g c streams k +",
          "-ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history "
          "of this consumer by specifying a proper ID, or use the > ID to get new messages. The + "
          "ID would just return an empty result set."}});
}

// To watchers a stream is its entries.
TEST_F(CmdStream, WatchersDoNotSeeReaders)
{
    fill("k", 2);
    play({{"xgroup create k g 0", "+OK"},
          {"watch k", "+OK"},
          {"xreadgroup group g c count 1 streams k >", "*1 *2 $1 k *1 *2 $3 1-1 *2 $1 f $1 1"},
          {"multi", "+OK"},
          {"xreadgroup group g c count 1 streams k >", "+QUEUED"},
          {"exec", "*1 *1 *2 $1 k *1 *2 $3 2-1 *2 $1 f $1 2"}});
    EXPECT_EQ(events_of({{"xreadgroup group g d streams k >", "*-1"},
                         {"xreadgroup group g d streams k >", "*-1"},
                         {"xreadgroup group g c streams k 0",
                          "*1 *2 $1 k *2 *2 $3 1-1 *2 $1 f $1 1 *2 $3 2-1 *2 $1 f $1 2"}}),
              "xgroup-createconsumer k");
}

TEST_F(CmdStream, EntriesGoWithReferencesOrNot)
{
    fill("k", 5);
    play(
        {{"xgroup create k g 0", "+OK"},
         {"xreadgroup group g c noack count 1 streams k >", "*1 *2 $1 k *1 *2 $3 1-1 *2 $1 f $1 "
                                                            "1"},
         {"xreadgroup group g c count 2 streams k >",
          "*1 *2 $1 k *2 *2 $3 2-1 *2 $1 f $1 2 *2 $3 3-1 *2 $1 f $1 3"},
         {"xdelex k acked ids 5 1-1 2-1 4-1 9-1 1-1", "*5 :1 :2 :2 :-1 :-1"},
         {"xtrim k maxlen 0 acked", ":0", ""},
         {"xdelex k keepref ids 1 2-1", "*1 :1"},
         {"xreadgroup group g c streams k 0", "*1 *2 $1 k *2 *2 $3 2-1 *-1 *2 $3 3-1 *2 $1 f $1 3"},
         {"xdelex k delref ids 1 2-1", "*1 :-1", "xdelex k delref ids 1 2-1"},
         {"xtrim k maxlen 1 delref", ":2"},
         {"xreadgroup group g c streams k 0", "*1 *2 $1 k *0"},
         {"xadd k maxlen 0 acked 9 a b", "$3 9-0"},
         {"xlen k", ":2"}});
}

// --- what is told of streams elsewhere

TEST_F(CmdStream, GenericCommands)
{
    fill("k", 5);
    play({{"type k", "+stream"},
          {"object encoding k", "$6 stream"},
          {"copy k l", ":1"},
          {"xrange l 5 +", "*1 *2 $3 5-1 *2 $1 f $1 5"},
          {"xdel k 5-1", ":1"},
          {"xlen l", ":5"},
          {"rename l m", "+OK"},
          {"set m x", "+OK"},
          {"scan 0 type stream count 100", "*2 $1 0 *1 $1 k"},
          {"get k", wrong_type},
          {"del k m", ":2"}});
}

} // namespace
