// Bitmaps: replies, what is logged, what is told, and commands that go on in turns.
#include "tests/core/cmd/cmd_fixture.h"

#include "core/cmd/engine/session_end.h"
#include "core/types/str.h"

namespace
{

const char bad_offset[] = "-ERR bit offset is not an integer or out of range";
const char bad_bit[] = "-ERR bit is not an integer or out of range";
const char bad_type[] =
    "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not "
    "supported but i64 is.";
const char not_an_integer[] = "-ERR value is not an integer or out of range";
const char syntax[] = "-ERR syntax error";

class CmdBit : public Commands
{
  protected:
    std::string text(const std::string &key)
    {
        const std::string reply = call({"get", key});
        const size_t head = reply.find("\r\n") + 2;
        return reply.substr(head, reply.size() - head - 2);
    }
};

TEST_F(CmdBit, SetAndGet)
{
    play({{"setbit k 7 1", ":0", "setbit k 7 1"},
          {"getbit k 7", ":1", ""},
          {"getbit k 6", ":0"},
          {"getbit k 100000", ":0"},
          {"getbit none 0", ":0"},
          {"setbit k 7 1", ":1", ""},
          {"setbit k 7 0", ":1", "setbit k 7 0"},
          {"strlen k", ":1"},
          {"setbit k 23 0", ":0", "setbit k 23 0"},
          {"strlen k", ":3"},
          {"setbit k 0 2", bad_bit, ""},
          {"setbit k 0 01", bad_bit},
          {"setbit k -1 1", bad_offset},
          {"setbit k x y", bad_offset},
          {"setbit k #1 1", bad_offset},
          {"setbit k 4294967296 1", bad_offset},
          {"getbit k 4294967295", ":0"},
          {"getbit k 4294967296", bad_offset},
          {"getbit k \"\"", bad_offset},
          {"setbit k 1", "-ERR wrong number of arguments for 'setbit' command"}});
}

TEST_F(CmdBit, ANumberBecomesBytes)
{
    play({{"set n 12", "+OK"},
          {"getbit n 2", ":1"},
          {"object encoding n", "$3 int"},
          {"setbit n 3 1", ":1", ""},
          {"object encoding n", "$3 raw"},
          {"get n", "$2 12"},
          {"setbit n 6 1", ":0", "setbit n 6 1"},
          {"get n", "$2 32"}});
}

TEST_F(CmdBit, TheLimitIsThatOfBulks)
{
    config_.limits.bulk_max = 1024;
    play({{"setbit k 8191 1", ":0"},
          {"setbit k 8192 1", bad_offset},
          {"bitfield k set u8 8191 255", "*1 :128"},
          {"strlen k", ":1025"},
          {"bitfield k get u8 8191 get u8 8192", bad_offset}});
}

TEST_F(CmdBit, DeadlinesStay)
{
    play({{"set k a ex 10", "+OK"},
          {"setbit k 100 1", ":0"},
          {"bitfield k set u8 200 1", "*1 :0"},
          {"ttl k", ":10"},
          {"bitop or k k", ":26"},
          {"ttl k", ":-1"}});
}

TEST_F(CmdBit, Count)
{
    play({{"set k foobar", "+OK"},
          {"bitcount k", ":26", ""},
          {"bitcount k 0 0", ":4"},
          {"bitcount k 1 1 byte", ":6"},
          {"bitcount k 5 30 bit", ":17"},
          {"bitcount k -5 -1 BIT", ":2"},
          {"bitcount k -300 -200", ":4"},
          {"bitcount k -200 -300", ":0"},
          {"bitcount k -200 -300 bogus", syntax},
          {"bitcount k 5 3", ":0"},
          {"bitcount k 0 9223372036854775807 bit", ":26"},
          {"bitcount k 0", ":26"},
          {"bitcount k -1", ":4"},
          {"bitcount k x", not_an_integer},
          {"bitcount k 0 1 bits", syntax},
          {"bitcount k 0 1 bit x", syntax},
          {"bitcount k x 1 bits", not_an_integer},
          {"bitcount k 1 x bits", syntax},
          {"bitcount k 1 x bit", not_an_integer},
          {"bitcount none x", not_an_integer},
          {"bitcount none 0 1 bogus", syntax},
          {"bitcount none 0 1 bit x", syntax},
          {"bitcount none 0 1", ":0"},
          {"set n 123", "+OK"},
          {"bitcount n", ":10"},
          {"bitcount n 1 1", ":3"}});
}

TEST_F(CmdBit, Position)
{
    play({{"set k foobar", "+OK"},
          {"bitpos k 1", ":1", ""},
          {"bitpos k 0", ":0"},
          {"bitpos k 1 -1", ":41"},
          {"bitpos k 1 -1 -1 bit", ":-1"},
          {"bitpos k 0 -3 -1 bit", ":45"},
          {"bitpos k 1 -200 -300", ":1"},
          {"bitpos k 0 5 3", ":-1"},
          {"bitpos k 0 6", ":-1"},
          {"bitpos k x", not_an_integer},
          {"bitpos k 2 x", "-ERR The bit argument must be 1 or 0."},
          {"bitpos k 1 x 1 bits", not_an_integer},
          {"bitpos k 1 1 x bits", syntax},
          {"bitpos k 1 1 x bit", not_an_integer},
          {"bitpos k 1 1 2 bit x", syntax},
          {"bitpos none 1 x", not_an_integer},
          {"bitpos none 1 0 x", not_an_integer},
          {"bitpos none 0 0 1 z", syntax},
          {"bitpos none 0 0 1 bit z", syntax},
          {"set e \"\"", "+OK"},
          {"bitpos e 0", ":-1"}});
    call({"set", "ones", "\xff\xff\xff"});
    play({{"bitpos ones 0", ":24"},
          {"bitpos ones 0 2", ":24"},
          {"bitpos ones 0 3", ":-1"},
          {"bitpos ones 0 0 -1", ":-1"},
          {"bitpos ones 0 2 -1 bit", ":-1"},
          {"bitpos ones 1 7 15 bit", ":7"}});
}

TEST_F(CmdBit, Combine)
{
    play({{"mset a foobar b abc n 12", "+OK"},
          {"bitop or d a b", ":6", "bitop or d a b"},
          {"get d", "$6 goobar"},
          {"object encoding d", "$3 raw"},
          {"bitop AND d a a", ":6"},
          {"get d", "$6 foobar"},
          {"bitop not d a b", "-ERR BITOP NOT must be called with a single source key.", ""},
          {"bitop nand d a", syntax},
          {"bitop or d n", ":2"},
          {"get d", "$2 12"},
          {"object encoding d", "$3 raw"},
          {"bitop and d none nothing", ":0", "bitop and d none nothing"},
          {"exists d", ":0"},
          {"bitop and d none nothing", ":0", ""},
          {"bitop or d", "-ERR wrong number of arguments for 'bitop' command"}});
    run("bitop xor d a b");
    EXPECT_EQ(text("d"), "\x07\x0d\x0c"
                         "bar");
    run("bitop not d b");
    EXPECT_EQ(text("d"), "\x9e\x9d\x9c");
    run("bitop and d a b none");
    EXPECT_EQ(text("d"), std::string(6, '\0'));
}

// The operations of Redis 8.2.
TEST_F(CmdBit, CombineWithTheFirst)
{
    call({"mset", "x", "\xf0", "a", "\xcc\x01", "b", "\xaa\x03"});
    play({{"bitop diff d x a b", ":2"}, {"bitop diff1 d1 x a b", ":2"}});
    EXPECT_EQ(text("d"), std::string("\x10\x00", 2));
    EXPECT_EQ(text("d1"), "\x0e\x03");
    play({{"bitop ANDOR d x a b", ":2"}, {"bitop one d1 x a b", ":2"}});
    EXPECT_EQ(text("d"), std::string("\xe0\x00", 2));
    EXPECT_EQ(text("d1"), "\x16\x02");
    play({{"bitop one d x", ":1"},
          {"bitop diff d none a", ":2"},
          {"bitop diff d x", "-ERR BITOP DIFF must be called with at least two source keys."},
          {"bitop diff1 d x", "-ERR BITOP DIFF1 must be called with at least two source keys."},
          {"bitop andor d x", "-ERR BITOP ANDOR must be called with at least two source keys."}});
    EXPECT_EQ(text("d"), std::string(2, '\0'));
}

TEST_F(CmdBit, FieldsReadAndWritten)
{
    play({{"bitfield k", "*0"},
          {"bitfield k get u8 0 get i64 #3", "*2 :0 :0", ""},
          {"exists k", ":0"},
          {"bitfield k set u8 0 255 get i8 0 get u4 #1 incrby u8 0 2", "*4 :0 :-1 :15 :1",
           "bitfield k set u8 0 255 get i8 0 get u4 #1 incrby u8 0 2"},
          {"bitfield k set u8 0 1", "*1 :1", ""},
          {"bitfield k incrby i5 100 -1 get u5 100", "*2 :-1 :31"},
          {"strlen k", ":14"},
          {"bitfield k get u8 4294967295", "*1 :0"},
          {"bitfield k get u63 #68174084", "*1 :0"},
          {"bitfield k get", syntax},
          {"bitfield k get u8", syntax},
          {"bitfield k set u8 0", syntax},
          {"bitfield k overflow", syntax},
          {"bitfield k overflow none", "-ERR Invalid OVERFLOW type specified"},
          {"bitfield k get u64 0", bad_type},
          {"bitfield k get i65 0", bad_type},
          {"bitfield k get u0 0", bad_type},
          {"bitfield k get U8 0", bad_type},
          {"bitfield k get \"\" x", bad_type},
          {"bitfield k get u8 x", bad_offset},
          {"bitfield k get u8 #-1", bad_offset},
          {"bitfield k get u8 #536870912", bad_offset},
          {"bitfield k get u8 #", bad_offset},
          {"bitfield k set u8 0 x", not_an_integer},
          {"bitfield new set u8 0 1 get x8 0", bad_type, ""},
          {"exists new", ":0"},
          {"set n 12", "+OK"},
          {"bitfield n get u8 0", "*1 :49"},
          {"object encoding n", "$3 int"},
          {"bitfield n set u8 0 49", "*1 :49", ""},
          {"object encoding n", "$3 raw"},
          {"get n", "$2 12"}});
}

TEST_F(CmdBit, FieldsThatDoNotFit)
{
    play({{"bitfield k incrby u8 0 300", "*1 :44"},
          {"bitfield k overflow sat incrby u8 0 300", "*1 :255"},
          {"bitfield k overflow sat incrby u8 0 -300", "*1 :0"},
          {"bitfield k overflow sat incrby i8 0 200", "*1 :127"},
          {"bitfield k overflow sat incrby i8 0 -300", "*1 :-128"},
          {"bitfield k overflow fail incrby i8 0 -1 overflow wrap incrby i8 0 -1", "*2 $-1 :127"},
          {"bitfield k overflow fail set u8 0 256", "*1 $-1", ""},
          {"bitfield k overflow sat set u8 0 -1 get u8 0", "*2 :127 :255"},
          {"bitfield k overflow sat set i8 0 -129 get i8 0", "*2 :-1 :-128"},
          // A difference that wraps counts as one above.
          {"bitfield k overflow sat set i8 0 -9223372036854775808 get i8 0", "*2 :-128 :127"},
          {"bitfield k set i64 0 9223372036854775807", "*1 :9151314442816847872"},
          {"bitfield k incrby i64 0 1", "*1 :-9223372036854775808"},
          {"bitfield k overflow sat incrby i64 0 -1", "*1 :-9223372036854775808"},
          {"bitfield k overflow fail incrby i64 0 -1", "*1 $-1"},
          {"bitfield k set u63 0 -1 overflow sat incrby u63 0 1",
           "*2 :4611686018427387904 :9223372036854775807"}});
    session.reply.version = 3;
    EXPECT_EQ(run("bitfield k overflow fail incrby u63 0 1"), "*1 _");
}

// A string that grew is logged although every write was refused: it is not what it was.
TEST_F(CmdBit, RefusedWritesStillLengthen)
{
    listen();
    play({{"bitfield k overflow fail set u8 16 300", "*1 $-1",
           "bitfield k overflow fail set u8 16 300"},
          {"strlen k", ":3"}});
    EXPECT_TRUE(events.empty());
}

TEST_F(CmdBit, FieldsReadOnly)
{
    const char only[] = "-ERR BITFIELD_RO only supports the GET subcommand";
    play({{"setbit k 7 1", ":0"},
          {"bitfield_ro k get u8 0 get u4 #1", "*2 :1 :1", ""},
          {"bitfield_ro k", "*0"},
          {"bitfield_ro k overflow sat get u8 0", "*1 :1"},
          {"bitfield_ro k set u8 0 1", only},
          {"bitfield_ro k incrby u8 0 1", only},
          {"bitfield_ro k set u8 0 x", not_an_integer},
          {"bitfield_ro k set u8 0 1 get x8 0", bad_type}});
}

TEST_F(CmdBit, Events)
{
    listen();
    for (const char *line :
         {"setbit k 1 1", "setbit k 1 1", "setbit k 9 0", "getbit k 1", "bitfield k set u8 0 64",
          "bitfield k set u8 0 1 get u8 0", "bitfield k incrby u8 100 0", "bitop or d k",
          "bitop or d none", "bitop or d none"})
        run(line);
    EXPECT_EQ(events, (std::vector<std::string>{"0:setbit k", "0:setbit k", "0:setbit k",
                                                "0:setbit k", "0:set d", "0:del d"}));
}

TEST_F(CmdBit, LongStringsAreChunks)
{
    const std::string size = std::to_string(3 * STR_INLINE_MAX);
    const std::string last = std::to_string(24 * STR_INLINE_MAX - 1);
    play({{("setbit k " + last + " 1").c_str(), ":0"},
          {"strlen k", (":" + size).c_str()},
          {("getbit k " + last).c_str(), ":1"},
          {"bitpos k 1", (":" + last).c_str()},
          {"bitcount k", ":1"},
          {"bitop not n k", (":" + size).c_str()},
          {"bitpos n 0", (":" + last).c_str()},
          {"bitcount n", (":" + last).c_str()},
          {"bitop and d k n", (":" + size).c_str()},
          {"bitcount d", ":0"},
          {"bitop xor d k n", (":" + size).c_str()},
          {"bitpos d 0", (":" + std::to_string(24 * STR_INLINE_MAX)).c_str()},
          {"bitpos d 0 0 -1", ":-1"}});
    // A field over the border of two chunks.
    const std::string border = std::to_string((64 * 1024 - 32) * 8 - 30);
    play({{("bitfield k set u63 " + border + " 5764607523034234879").c_str(), "*1 :0"},
          {("bitfield k get u63 " + border).c_str(), "*1 :5764607523034234879"},
          {("bitfield k incrby u63 " + border + " 1").c_str(), "*1 :5764607523034234880"},
          {"bitcount k", ":3"}});
}

// So many bytes keep a worker for more than a turn, however fast it is; sanitized code is not.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr size_t kLong = size_t{12} << 20;
#else
constexpr size_t kLong = size_t{40} << 20;
#endif

class CmdBitTurns : public CmdBit
{
  protected:
    static constexpr size_t kBytes = kLong;
    static constexpr uint64_t kBits = kBytes * 8;

    CmdBitTurns()
    {
        session_init(&other, 2);
        call({"set", "a", std::string(kBytes, '\x55')});
        effects();
    }
    ~CmdBitTurns() override
    {
        session_release(&other);
    }

    // One turn of a line on the second session.
    pending_state turn(const std::string &line)
    {
        const auto words = split(line);
        std::vector<bytes> v;
        for (const std::string &w : words)
            v.push_back(of(w));
        pending p{};
        p.session = &other;
        p.args = {v.data(), static_cast<uint32_t>(v.size())};
        other.parked = false;
        dispatch_enter(dispatcher_);
        dispatch_run(dispatcher_, &p, 1);
        dispatch_leave(dispatcher_);
        return p.state;
    }

    std::string reply_of_other()
    {
        std::string out;
        bytes run;
        while (reply_segments(&other.reply, &run, 1) == 1) {
            out.append(run.data, run.size);
            reply_sent(&other.reply, run.size);
        }
        return out;
    }

    void expect_complement(const char *one, const char *of_other)
    {
        EXPECT_EQ(run(std::string("bitop xor check ") + one + " " + of_other),
                  ":" + std::to_string(kBytes));
        EXPECT_EQ(run("bitcount check"), ":" + std::to_string(kBits));
    }

    struct session other;
};

// Every client sees the sources of one moment in it, and the log says the same.
TEST_F(CmdBitTurns, WritesInBetweenAreInTheResult)
{
    uint64_t writes = 0;
    while (turn("bitop not d a") == PENDING_PARKED) {
        EXPECT_EQ(run("exists d"), ":0");
        EXPECT_GT(other.slice.count, 0u);
        writes++;
        const std::string at = std::to_string(writes * 977 * 65'537 % kBits);
        run("setbit a " + at + " " + std::to_string((writes + 1) % 2));
    }
    EXPECT_GT(writes, 2u);
    EXPECT_EQ(reply_of_other(), ":" + std::to_string(kBytes) + "\r\n");
    EXPECT_EQ(other.slice.count, 0u);
    const std::string logged = effects();
    EXPECT_EQ(logged.substr(logged.size() - 15), "| bitop not d a");
    EXPECT_EQ(logged.find("bitop"), logged.size() - 13) << "once, behind all writes";
    expect_complement("a", "d");
}

TEST_F(CmdBitTurns, SourcesMayGo)
{
    ASSERT_EQ(turn("bitop not d a"), PENDING_PARKED);
    run("set d old");
    run("del a");
    while (turn("bitop not d a") == PENDING_PARKED) {
    }
    EXPECT_EQ(reply_of_other(), ":0\r\n");
    EXPECT_EQ(run("exists d"), ":0");
}

TEST_F(CmdBitTurns, SourcesMayBecomeOthers)
{
    ASSERT_EQ(turn("bitop or d a b"), PENDING_PARKED);
    run("set b hello");
    run("set a 12");
    while (turn("bitop or d a b") == PENDING_PARKED) {
    }
    EXPECT_EQ(reply_of_other(), ":5\r\n");
    EXPECT_EQ(run("get d"), "$5 ywllo");
}

TEST_F(CmdBitTurns, ARefusalEndsThem)
{
    ASSERT_EQ(turn("bitop not d a"), PENDING_PARKED);
    config_.maxmemory = 1;
    EXPECT_EQ(turn("bitop not d a"), PENDING_DONE);
    EXPECT_EQ(reply_of_other().substr(0, 4), "-OOM");
    EXPECT_EQ(other.slice.count, 0u);
    config_.maxmemory = 0;
    EXPECT_EQ(turn("bitop or d b"), PENDING_DONE);
    EXPECT_EQ(reply_of_other(), ":0\r\n");
}

TEST_F(CmdBitTurns, TheClientMayLeave)
{
    ASSERT_EQ(turn("bitop not d a"), PENDING_PARKED);
    run("del a");
    session_release(&other);
    session_init(&other, 3);
    EXPECT_EQ(run("exists d"), ":0");
}

TEST_F(CmdBitTurns, InsideATransactionOneIsAll)
{
    for (const char *line : {"multi", "bitop not d a", "bitcount d", "exec"})
        EXPECT_EQ(turn(line), PENDING_DONE) << line;
    expect_complement("a", "d");
}

TEST_F(CmdBitTurns, CountGoesOnWhereItWas)
{
    uint64_t set = 0;
    while (turn("bitcount a") == PENDING_PARKED)
        run("setbit a " + std::to_string(set++ * 2) + " 1");
    EXPECT_GT(set, 0u);
    EXPECT_EQ(reply_of_other(), ":" + std::to_string(kBits / 2 + set) + "\r\n");
    EXPECT_EQ(turn("bitcount a"), PENDING_DONE) << "all is known";
    EXPECT_EQ(reply_of_other(), ":" + std::to_string(kBits / 2 + set) + "\r\n");
}

TEST_F(CmdBitTurns, PositionGoesOnWhereItWas)
{
    call({"set", "ones", std::string(kBytes, '\xff')});
    const std::string last = std::to_string(kBits - 1);
    run("setbit ones " + last + " 0");
    int turns = 1;
    while (turn("bitpos ones 0") == PENDING_PARKED)
        turns++;
    EXPECT_GT(turns, 1);
    EXPECT_EQ(reply_of_other(), ":" + last + "\r\n");
    EXPECT_EQ(turn("bitpos ones 0"), PENDING_DONE) << "all is known";
    reply_of_other();
    run("setbit ones 3 0");
    EXPECT_EQ(run("bitpos ones 0"), ":3");
}

} // namespace
