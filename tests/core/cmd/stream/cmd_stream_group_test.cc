// What clients, the log and listeners see of the commands on groups of a stream's readers.
#include "tests/core/cmd/cmd_fixture.h"

namespace
{

const char *const wrong_type = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const char *const not_an_integer = "-ERR value is not an integer or out of range";
const char *const syntax = "-ERR syntax error";
const char *const not_an_id = "-ERR Invalid stream ID specified as stream command argument";
const char *const needs_key =
    "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to "
    "use the MKSTREAM option to create an empty stream automatically.";
const char *const no_such_group = "-NOGROUP No such consumer group 'none' for key name 'x'";
const char *const nothing_there = "-NOGROUP No such key 'none' or consumer group 'g'";
const char *const not_there = "-NOGROUP No such key 'x' or consumer group 'none'";

// The log's line of an entry that is pending.
std::string claimed(const std::string &consumer, const std::string &id, int64_t ms, int deliveries,
                    const std::string &last)
{
    return "XCLAIM x g " + consumer + " 0 " + id + " TIME " + std::to_string(ms) + " RETRYCOUNT " +
           std::to_string(deliveries) + " FORCE JUSTID LASTID " + last;
}

class CmdStreamGroup : public Commands
{
  protected:
    CmdStreamGroup()
    {
        config_.limits.types.stream_node_max_bytes = 4096;
        config_.limits.types.stream_node_max_entries = 100;
        run("set s text");
        effects();
    }

    // Entries 1-1 to n-1 of x, all pending for alice of group g.
    void fill(int n)
    {
        run("xgroup create x g 0 mkstream");
        for (int i = 1; i <= n; i++)
            run("xadd x " + std::to_string(i) + "-1 f " + std::to_string(i));
        run("xreadgroup group g alice streams x >");
        effects();
    }

    std::string at(int64_t ms) const
    {
        return ":" + std::to_string(ms);
    }

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

// --- XGROUP

TEST_F(CmdStreamGroup, GroupsAreMade)
{
    play({{"xgroup create x g $", needs_key, ""},
          {"xgroup create x g bad mkstream", not_an_id, ""},
          {"exists x", ":0"},
          {"xgroup create x g $ MKSTREAM", "+OK", "xgroup create x g $ MKSTREAM"},
          {"type x", "+stream"},
          {"xgroup create x g 0", "-BUSYGROUP Consumer Group name already exists", ""},
          {"xgroup create x g bad", not_an_id, ""},
          {"xgroup create x h - ", not_an_id},
          {"xgroup create x h 5-5 entriesread 7", "+OK", "xgroup create x h 5-5 entriesread 7"},
          {"xgroup create x i 0 entriesread -2",
           "-ERR value for ENTRIESREAD must be positive or -1", ""},
          {"xgroup create x i 0 entriesread x", not_an_integer},
          {"xgroup create s i 0", wrong_type},
          {"xgroup create s i bad", wrong_type},
          {"xgroup CREATE x i 0 foo",
           "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP."},
          {"xgroup create x i 0 entriesread",
           "-ERR unknown subcommand or wrong number of arguments for 'create'. Try XGROUP HELP."},
          {"xgroup create x i 0 mkstream entriesread 1 mkstream",
           "-ERR unknown subcommand or wrong number of arguments for 'create'. Try XGROUP HELP."},
          {"xgroup create x", "-ERR wrong number of arguments for 'xgroup|create' command"},
          {"xadd x 3-3 a b", "$3 3-3"},
          {"xgroup create x j $", "+OK"},
          {"xinfo groups x",
           "*3 *12 $4 name $1 g $9 consumers :0 $7 pending :0 $17 last-delivered-id $3 0-0 "
           "$12 entries-read $-1 $3 lag :1 "
           "*12 $4 name $1 h $9 consumers :0 $7 pending :0 $17 last-delivered-id $3 5-5 "
           "$12 entries-read :7 $3 lag $-1 "
           "*12 $4 name $1 j $9 consumers :0 $7 pending :0 $17 last-delivered-id $3 3-3 "
           "$12 entries-read $-1 $3 lag :0",
           ""}});
    EXPECT_EQ(events_of({{"xgroup create x k 0", "+OK"},
                         {"xgroup create x k 0", "-BUSYGROUP Consumer Group name already exists"}}),
              "xgroup-create x");
}

TEST_F(CmdStreamGroup, GroupsAreMovedAndDestroyed)
{
    fill(3);
    play({{"xgroup setid none g 0", needs_key, ""},
          {"xgroup setid s g 0", wrong_type},
          {"xgroup setid x none 0", no_such_group},
          {"xgroup setid x none bad", no_such_group},
          {"xgroup setid x g bad", not_an_id},
          {"xgroup setid x none 0 entriesread x", not_an_integer},
          {"xgroup setid x g 0 mkstream",
           "-ERR unknown subcommand or wrong number of arguments for 'setid'. Try XGROUP HELP."},
          {"xgroup setid x g 2-1", "+OK", "xgroup setid x g 2-1"},
          {"xreadgroup group g bob streams x >", "*1 *2 $1 x *1 *2 $3 3-1 *2 $1 f $1 3"},
          {"xgroup setid x g 1 entriesread 1", "+OK", "xgroup setid x g 1 entriesread 1"},
          {"xgroup setid x g $", "+OK"},
          {"xreadgroup group g bob streams x >", "*-1"},
          {"xgroup destroy none g", needs_key, ""},
          {"xgroup destroy s g", wrong_type},
          {"xgroup destroy x none", ":0", ""},
          {"xgroup destroy x g", ":1", "xgroup destroy x g"},
          {"xgroup destroy x g", ":0", ""},
          {"xpending x g", "-NOGROUP No such key 'x' or consumer group 'g'"},
          {"xlen x", ":3"}});
    run("xgroup create x g 0");
    EXPECT_EQ(events_of({{"xgroup setid x g 1", "+OK"},
                         {"xgroup destroy x none", ":0"},
                         {"xgroup destroy x g", ":1"}}),
              "xgroup-setid x, xgroup-destroy x");
}

TEST_F(CmdStreamGroup, ConsumersComeAndGo)
{
    fill(3);
    play({{"xgroup createconsumer none g c", needs_key},
          {"xgroup createconsumer s g c", wrong_type},
          {"xgroup createconsumer x none c", no_such_group},
          {"xgroup createconsumer x g c", ":1", "xgroup createconsumer x g c"},
          {"xgroup createconsumer x g c", ":0", ""},
          {"xgroup delconsumer none g c", needs_key},
          {"xgroup delconsumer s g c", wrong_type},
          {"xgroup delconsumer x none c", no_such_group},
          {"xgroup delconsumer x g none", ":0", ""},
          {"xgroup delconsumer x g c", ":0", "xgroup delconsumer x g c"},
          {"xgroup delconsumer x g alice", ":3", "xgroup delconsumer x g alice"},
          {"xpending x g", "*4 :0 $-1 $-1 *-1", ""},
          {"xinfo consumers x g", "*0", ""}});
    EXPECT_EQ(events_of({{"xgroup createconsumer x g c", ":1"},
                         {"xgroup createconsumer x g c", ":0"},
                         {"xgroup delconsumer x g none", ":0"},
                         {"xgroup delconsumer x g c", ":0"}}),
              "xgroup-createconsumer x, xgroup-delconsumer x");
}

// What groups know is nothing that watchers of the stream look at.
TEST_F(CmdStreamGroup, OnlyNewStreamsAreSeenByWatchers)
{
    run("set none x");
    run("del none");
    fill(3);
    for (const char *command :
         {"xgroup create x h 0", "xgroup setid x g 1", "xgroup createconsumer x g c",
          "xgroup delconsumer x g c", "xack x g 1-1", "xclaim x g bob 0 2-1",
          "xautoclaim x g eve 0 0", "xgroup destroy x h"}) {
        SCOPED_TRACE(command);
        EXPECT_EQ(run("watch x none"), "+OK");
        run(command);
        EXPECT_EQ(run("multi"), "+OK");
        EXPECT_EQ(run("exec"), "*0");
    }
    play({{"watch none", "+OK"},
          {"xgroup create none g $ mkstream", "+OK"},
          {"multi", "+OK"},
          {"exec", "*-1"},
          {"watch x", "+OK"},
          {"xackdel x g ids 1 2-1", "*1 :1"},
          {"multi", "+OK"},
          {"exec", "*-1"}});
}

// --- XACK, XACKDEL

TEST_F(CmdStreamGroup, Acknowledges)
{
    fill(4);
    play({{"xack none g bad", ":0", ""},
          {"xack x none bad", ":0", ""},
          {"xack s g bad", wrong_type},
          {"xack x g 1-1 bad", not_an_id, ""},
          {"xack x g 9 1-1 1-1", ":1", "xack x g 9 1-1 1-1"},
          {"xack x g 1-1", ":0", ""},
          {"xack x g 4-1 2-1", ":2", "xack x g 4-1 2-1"},
          {"xpending x g", "*4 :1 $3 3-1 $3 3-1 *1 *2 $5 alice $1 1"},
          {"xack x g", "-ERR wrong number of arguments for 'xack' command"},
          {"xlen x", ":4"}});
    EXPECT_EQ(events_of({{"xack x g 3-1", ":1"}}), "");
}

TEST_F(CmdStreamGroup, AcknowledgesAndDeletes)
{
    fill(6);
    run("xgroup create x h 0");
    run("xreadgroup group h eve count 4 streams x >");
    effects();
    play({{"xackdel none g ids 2 1 2", "*2 :-1 :-1", ""},
          {"xackdel x none ids 1 1-1", "*1 :-1", ""},
          {"xackdel s g ids 1 1", wrong_type},
          {"xackdel x g ids 1 bad", not_an_id},
          {"xackdel x g bogus ids 1 1", syntax},
          {"xackdel x g ids 2 1-1 77", "*2 :1 :-1", "xackdel x g ids 2 1-1 77"},
          {"xpending x h - + 1", "*1 *4 $3 1-1 $3 eve :0 :1"}, // KEEPREF
          {"xackdel x g DELREF ids 1 2-1", "*1 :1", "xackdel x g DELREF ids 1 2-1"},
          {"xpending x h - + 9", "*3 *4 $3 1-1 $3 eve :0 :1 *4 $3 3-1 $3 eve :0 :1 "
                                 "*4 $3 4-1 $3 eve :0 :1"},
          {"xackdel x g ACKED ids 2 3-1 6-1", "*2 :2 :2"}, // pending for eve, not read by h
          {"xackdel x g ACKED ids 1 3-1", "*1 :-1", ""},
          {"xack x h 4-1", ":1"},
          {"xackdel x g acked ids 1 4-1", "*1 :1"},
          {"xdel x 5-1", ":1"},
          {"xackdel x g ids 1 5-1", "*1 :1", "xackdel x g ids 1 5-1"}, // it had gone before
          {"xpending x g", "*4 :0 $-1 $-1 *-1"},
          {"xrange x - +", "*2 *2 $3 3-1 *2 $1 f $1 3 *2 $3 6-1 *2 $1 f $1 6"}});
    EXPECT_EQ(events_of({{"xackdel x h ids 1 1-1", "*1 :1"}, {"xackdel x h ids 1 3-1", "*1 :1"}}),
              "xdel x");
}

// --- XPENDING

TEST_F(CmdStreamGroup, TellsWhatIsPending)
{
    fill(3);
    clock_fake_unix_ms(NOW + 1000);
    run("xclaim x g bob 0 2-1");
    effects();
    clock_fake_unix_ms(NOW + 1500);
    play(
        {{"xpending x g", "*4 :3 $3 1-1 $3 3-1 *2 *2 $5 alice $1 2 *2 $3 bob $1 1", ""},
         {"xpending x g - + 9", "*3 *4 $3 1-1 $5 alice :1500 :1 *4 $3 2-1 $3 bob :500 :2 "
                                "*4 $3 3-1 $5 alice :1500 :1"},
         {"xpending x g (1-1 (3-1 9", "*1 *4 $3 2-1 $3 bob :500 :2"},
         {"xpending x g 2 3 1", "*1 *4 $3 2-1 $3 bob :500 :2"},
         {"xpending x g - + 9 alice", "*2 *4 $3 1-1 $5 alice :1500 :1 *4 $3 3-1 $5 alice :1500 :1"},
         {"xpending x g - + 9 nobody", "*0"},
         {"xpending x g IDLE 501 - + 1", "*1 *4 $3 1-1 $5 alice :1500 :1"},
         {"xpending x g idle 500 2 + 9 bob", "*1 *4 $3 2-1 $3 bob :500 :2"},
         {"xpending x g idle 501 2 + 9 bob", "*0"},
         {"xpending x g - + 0", "*0"},
         {"xpending x g - + -1", "*0"},
         {"xpending x g + - 9", "*0"},
         {"xpending x g - + 9 alice extra",
          "*2 *4 $3 1-1 $5 alice :1500 :1 *4 $3 3-1 $5 alice :1500 :1"},
         {"xpending x g -", syntax},
         {"xpending x g - +", syntax},
         {"xpending x g idle 1", syntax},
         {"xpending x g idle x - +", not_an_integer},
         {"xpending x g idle 1 - +", syntax},
         {"xpending x g idle 1 - + 9 alice extra", syntax},
         {"xpending x g idle 1 bad bad bad", not_an_integer},
         {"xpending x g bad + 9", not_an_id},
         {"xpending x g - (0-0 9", "-ERR invalid end ID for the interval"},
         {"xpending s g", wrong_type},
         {"xpending s g - + x", not_an_integer},
         {"xpending none g", nothing_there},
         {"xpending x none", not_there}});
    session_set_version(&session, 3);
    EXPECT_EQ(run("xpending x g"), "*4 :3 $3 1-1 $3 3-1 *2 *2 $5 alice $1 2 *2 $3 bob $1 1");
    run("xack x g 1-1 2-1 3-1");
    EXPECT_EQ(run("xpending x g"), "*4 :0 _ _ _");
    EXPECT_EQ(run("xpending x g - + 9"), "*0");
}

// --- XCLAIM, XAUTOCLAIM

TEST_F(CmdStreamGroup, ClaimsWhatItIsGiven)
{
    fill(4);
    clock_fake_unix_ms(NOW + 1000);
    const std::string two = claimed("bob", "2-1", NOW + 1000, 2, "4-1"),
                      three = claimed("bob", "3-1", NOW + 1000, 2, "4-1"),
                      just = claimed("eve", "2-1", NOW + 1000, 2, "4-1"),
                      past = claimed("eve", "2-1", 5, 9, "4-1"),
                      idle = claimed("eve", "2-1", NOW - 1000, 10, "4-1");
    play({{"xclaim none g c 0 1", nothing_there},
          {"xclaim x none c x 1", not_there},
          {"xclaim s g c x 1", wrong_type},
          {"xclaim x g c x 1", "-ERR Invalid min-idle-time argument for XCLAIM"},
          {"xclaim x g c 0 bad", "-ERR Unrecognized XCLAIM option 'bad'"},
          {"xclaim x g c 0 1 idle", "-ERR Unrecognized XCLAIM option 'idle'"},
          {"xclaim x g c 0 1 idle x", "-ERR Invalid IDLE option argument for XCLAIM"},
          {"xclaim x g c 0 1 time x", "-ERR Invalid TIME option argument for XCLAIM"},
          {"xclaim x g c 0 1 retrycount x", "-ERR Invalid RETRYCOUNT option argument for XCLAIM"},
          {"xclaim x g c 0 1 lastid x", not_an_id, ""},
          {"xclaim x g bob 1001 2-1", "*0", "XGROUP CREATECONSUMER x g bob"},
          {"xclaim x g bob 1001 2-1", "*0", ""},
          {"xclaim x g bob 1000 2-1 77 3-1", "*2 *2 $3 2-1 *2 $1 f $1 2 *2 $3 3-1 *2 $1 f $1 3",
           ("MULTI | " + two + " | " + three + " | EXEC").c_str()},
          {"xclaim x g eve 0 2-1 justid", "*1 $3 2-1", just.c_str()},
          {"xclaim x g eve 0 2-1 retrycount 9 time 5", "*1 *2 $3 2-1 *2 $1 f $1 2", past.c_str()},
          {"xclaim x g eve 0 2-1 idle 2000 retrycount -1", "*1 *2 $3 2-1 *2 $1 f $1 2",
           idle.c_str()},
          {"xpending x g - + 9 eve", "*1 *4 $3 2-1 $3 eve :2000 :10"},
          {"xclaim x g eve 0 2-1 time 99999999999999 justid", "*1 $3 2-1"},
          {"xclaim x g eve 0 2-1 time -5 justid", "*1 $3 2-1"},
          {"xclaim x g eve 0 2-1 idle -9223372036854775808 justid", "*1 $3 2-1"},
          {"xpending x g - + 9 eve", "*1 *4 $3 2-1 $3 eve :0 :10"}});
}

TEST_F(CmdStreamGroup, ClaimsByForceAndForgetsWhatIsGone)
{
    fill(4);
    run("xack x g 1-1");
    run("xdel x 3-1");
    effects();
    const std::string forced = claimed("bob", "1-1", NOW, 2, "4-1"),
                      quiet = claimed("bob", "1-1", NOW, 1, "4-1"),
                      gone = claimed("alice", "3-1", NOW, 1, "4-1"),
                      last = claimed("bob", "2-1", NOW, 2, "7-7");
    play({{"xclaim x g bob 0 1-1", "*0"},
          {"xclaim x g bob 0 1-1 force", "*1 *2 $3 1-1 *2 $1 f $1 1", forced.c_str()},
          {"xack x g 1-1", ":1"},
          {"xclaim x g bob 0 1-1 FORCE JUSTID", "*1 $3 1-1", quiet.c_str()},
          {"xclaim x g bob 0 77 force", "*0", ""},
          {"xclaim x g bob 1000000 3-1", "*0", gone.c_str()},
          {"xclaim x g bob 0 3-1 force", "*0", ""},
          {"xclaim x g bob 0 2-1 lastid 7-7", "*1 *2 $3 2-1 *2 $1 f $1 2", last.c_str()},
          {"xclaim x g bob 0 lastid 8-8", "*0", "XGROUP SETID x g 8-8 ENTRIESREAD 4"},
          {"xclaim x g bob 0 lastid 3-3", "*0", ""},
          {"xpending x g", "*4 :3 $3 1-1 $3 4-1 *2 *2 $5 alice $1 1 *2 $3 bob $1 2"}});
    EXPECT_EQ(events_of({{"xclaim x g new 0 1-1 justid", "*1 $3 1-1"},
                         {"xclaim x g new 0 1-1 justid", "*1 $3 1-1"},
                         {"xclaim x g other 0 77", "*0"}}),
              "xgroup-createconsumer x, xgroup-createconsumer x");
}

TEST_F(CmdStreamGroup, ClaimsFromAnIdOn)
{
    fill(5);
    run("xdel x 2-1 5-1");
    effects();
    clock_fake_unix_ms(NOW + 1000);
    const std::string one = claimed("bob", "1-1", NOW + 1000, 2, "5-1"),
                      two = claimed("alice", "2-1", NOW, 1, "5-1"),
                      four = claimed("bob", "4-1", NOW + 1000, 1, "5-1"),
                      five = claimed("alice", "5-1", NOW, 1, "5-1");
    play({{"xautoclaim none g c 0 0", nothing_there},
          {"xautoclaim x none c 0 0", not_there},
          {"xautoclaim s g c 0 0", wrong_type},
          {"xautoclaim x none c x 0", "-ERR Invalid min-idle-time argument for XAUTOCLAIM"},
          {"xautoclaim x none c 0 bad", not_an_id},
          {"xautoclaim x none c 0 0 bogus", syntax},
          {"xautoclaim x none c 0 0 count", syntax},
          {"xautoclaim x none c 0 0 count 0", "-ERR COUNT must be > 0"},
          {"xautoclaim x none c 0 0 count x", "-ERR COUNT must be > 0"},
          {"xautoclaim x none c 0 0 count 576460752303423488", "-ERR COUNT must be > 0", ""},
          {"xautoclaim x g bob 1001 3", "*3 $3 0-0 *0 *1 $3 5-1",
           ("MULTI | " + five + " | XGROUP CREATECONSUMER x g bob | EXEC").c_str()},
          {"xautoclaim x g bob 0 - count 2", "*3 $3 3-1 *1 *2 $3 1-1 *2 $1 f $1 1 *1 $3 2-1",
           ("MULTI | " + one + " | " + two + " | EXEC").c_str()},
          {"xautoclaim x g bob 0 (3-1 justid", "*3 $3 0-0 *1 $3 4-1 *0", four.c_str()},
          {"xautoclaim x g bob 0 9", "*3 $3 0-0 *0 *0", ""},
          {"xpending x g - + 9", "*3 *4 $3 1-1 $3 bob :0 :2 *4 $3 3-1 $5 alice :1000 :1 "
                                 "*4 $3 4-1 $3 bob :0 :1"}});
    EXPECT_EQ(events_of({{"xautoclaim x g new 0 9", "*3 $3 0-0 *0 *0"}}),
              "xgroup-createconsumer x");
}

// It looks at ten entries for each that is wanted.
TEST_F(CmdStreamGroup, LooksAtSoManyEntriesOnly)
{
    fill(25);
    run("xclaim x g bob 0 24-1 time 1 justid");
    effects();
    play({{"xautoclaim x g eve 1000000 - count 1", "*3 $4 11-1 *0 *0"},
          {"xautoclaim x g eve 1000000 11-1 count 1", "*3 $4 21-1 *0 *0"},
          {"xautoclaim x g eve 1000000 21-1 count 1 justid", "*3 $4 25-1 *1 $4 24-1 *0"},
          {"xautoclaim x g eve 1000000 25-1 count 1 justid", "*3 $3 0-0 *0 *0"}});
}

// Whoever applies what was logged ends with the same.
TEST_F(CmdStreamGroup, TheLogMakesTheSame)
{
    fill(6);
    run("xdel x 3-1 5-1");
    effects();
    clock_fake_unix_ms(NOW + 7);
    std::string log;
    for (const char *command :
         {"xclaim x g bob 0 1-1 3-1 lastid 9-9", "xautoclaim x g eve 0 4 count 2",
          "xclaim x g eve 0 2-1 justid retrycount 5", "xclaim x g late 0 77"}) {
        run(command);
        log += " | " + effects();
    }
    const std::string want = run("xpending x g - + 99") + run("xinfo groups x");
    run("del x");
    clock_fake_unix_ms(NOW);
    fill(6);
    run("xdel x 3-1 5-1");
    clock_fake_unix_ms(NOW + 7);
    for (size_t from = 3, to; from < log.size(); from = to + 3) {
        to = std::min(log.find(" | ", from), log.size());
        const std::string line = log.substr(from, to - from);
        EXPECT_NE(run(line)[0], '-') << line;
    }
    EXPECT_EQ(run("xpending x g - + 99") + run("xinfo groups x"), want);
}

// --- XINFO

TEST_F(CmdStreamGroup, TellsAllThereIs)
{
    fill(3);
    run("xdel x 1-1");
    clock_fake_unix_ms(NOW + 500);
    run("xclaim x g bob 100000 2-1");
    clock_fake_unix_ms(NOW + 800);
    const std::string now = std::to_string(NOW), then = std::to_string(NOW + 500);
    play({{"xinfo stream none", "-ERR no such key"},
          {"xinfo stream none foo", "-ERR no such key"},
          {"xinfo stream s", wrong_type},
          {"xinfo stream x foo",
           "-ERR unknown subcommand or wrong number of arguments for 'stream'. Try XINFO HELP."},
          {"xinfo stream x full count",
           "-ERR unknown subcommand or wrong number of arguments for 'stream'. Try XINFO HELP."},
          {"xinfo stream x full foo 3",
           "-ERR unknown subcommand or wrong number of arguments for 'stream'. Try XINFO HELP."},
          {"xinfo stream x full count x", not_an_integer},
          {"xinfo groups none", "-ERR no such key"},
          {"xinfo groups s", wrong_type},
          {"xinfo consumers none g", "-ERR no such key"},
          {"xinfo consumers s g", wrong_type},
          {"xinfo consumers x none", no_such_group},
          {"xinfo foo", "-ERR unknown subcommand 'foo'. Try XINFO HELP."},
          {"xinfo stream x",
           "*20 $6 length :2 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 $17 last-generated-id "
           "$3 3-1 $20 max-deleted-entry-id $3 1-1 $13 entries-added :3 "
           "$23 recorded-first-entry-id $3 2-1 $6 groups :1 $11 first-entry *2 $3 2-1 *2 $1 f $1 2 "
           "$10 last-entry *2 $3 3-1 *2 $1 f $1 3"},
          {"xinfo consumers x g",
           "*2 *8 $4 name $5 alice $7 pending :3 $4 idle :800 $8 inactive :800 "
           "*8 $4 name $3 bob $7 pending :0 $4 idle :300 $8 inactive :-1"},
          {"xinfo stream x full count 1",
           ("*18 $6 length :2 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 "
            "$17 last-generated-id $3 3-1 $20 max-deleted-entry-id $3 1-1 $13 entries-added :3 "
            "$23 recorded-first-entry-id $3 2-1 $7 entries *1 *2 $3 2-1 *2 $1 f $1 2 "
            "$6 groups *1 *14 $4 name $1 g $17 last-delivered-id $3 3-1 $12 entries-read :3 "
            "$3 lag :0 $9 pel-count :3 $7 pending *1 *4 $3 1-1 $5 alice :" +
            now + " :1 $9 consumers *2 *10 $4 name $5 alice $9 seen-time :" + now +
            " $11 active-time :" + now + " $9 pel-count :3 $7 pending *1 *3 $3 1-1 :" + now +
            " :1 *10 $4 name $3 bob $9 seen-time :" + then +
            " $11 active-time :-1 $9 pel-count :0 $7 pending *0")
               .c_str()},
          {"del x", ":1"},
          {"xgroup create x g $ mkstream", "+OK"},
          {"xinfo stream x",
           "*20 $6 length :0 $15 radix-tree-keys :0 $16 radix-tree-nodes :1 $17 last-generated-id "
           "$3 0-0 $20 max-deleted-entry-id $3 0-0 $13 entries-added :0 "
           "$23 recorded-first-entry-id $3 0-0 $6 groups :1 $11 first-entry $-1 $10 last-entry "
           "$-1"}});
    session_set_version(&session, 3);
    EXPECT_EQ(run("xinfo stream x full"),
              "%9 $6 length :0 $15 radix-tree-keys :0 $16 radix-tree-nodes :1 "
              "$17 last-generated-id $3 0-0 $20 max-deleted-entry-id $3 0-0 $13 entries-added :0 "
              "$23 recorded-first-entry-id $3 0-0 $7 entries *0 $6 groups *1 %7 $4 name $1 g "
              "$17 last-delivered-id $3 0-0 $12 entries-read _ $3 lag :0 $9 pel-count :0 "
              "$7 pending *0 $9 consumers *0");
}

TEST_F(CmdStreamGroup, TellsTenOrAll)
{
    fill(30);
    const auto entries = [&](const std::string &command) {
        const std::string reply = run(command);
        const size_t at = reply.find("$7 entries *") + 12;
        return reply.substr(at, reply.find(' ', at) - at);
    };
    EXPECT_EQ(entries("xinfo stream x full"), "10");
    EXPECT_EQ(entries("xinfo stream x full count 12"), "12");
    EXPECT_EQ(entries("xinfo stream x full count 0"), "30");
    EXPECT_EQ(entries("xinfo stream x full count -7"), "10");
}

// Errors show names up to their first NUL.
TEST_F(CmdStreamGroup, NamesMayBeAnyBytes)
{
    const std::string name("a\0b", 3);
    EXPECT_EQ(call({"XGROUP", "CREATE", "x", name, "0", "MKSTREAM"}), "+OK\r\n");
    EXPECT_EQ(call({"XGROUP", "CREATECONSUMER", "x", name, ""}), ":1\r\n");
    EXPECT_EQ(call({"XGROUP", "SETID", "x", std::string("c\0d", 3), "0"}),
              "-NOGROUP No such consumer group 'c' for key name 'x'\r\n");
    EXPECT_EQ(call({"XPENDING", "", name}), "-NOGROUP No such key '' or consumer group 'a'\r\n");
    EXPECT_NE(call({"XINFO", "GROUPS", "x"}).find("$3\r\n" + name), std::string::npos);
}

} // namespace
