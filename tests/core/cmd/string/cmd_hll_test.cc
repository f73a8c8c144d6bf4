// HyperLogLogs: replies, what is logged, and strings that only look like one.
#include "tests/core/cmd/cmd_fixture.h"

#include "core/ds/hll.h"
#include "core/types/str.h"

namespace
{

using namespace std::string_literals;

const char not_one[] = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
const char broken[] = "-INVALIDOBJ Corrupted HLL object detected";

class CmdHll : public Commands
{
  protected:
    // A sparse one of these runs, counted as 0.
    static std::string sparse(const std::string &runs)
    {
        return "HYLL\1"s + std::string(11, '\0') + runs;
    }

    std::string value(const std::string &key)
    {
        const std::string reply = call({"get", key});
        const size_t at = reply.find("\r\n");
        return reply.substr(at + 2, reply.size() - at - 4);
    }

    void add(const std::string &key, int from, int to)
    {
        for (int i = from; i < to; i++) {
            call({"pfadd", key, std::to_string(i)});
            effects(); // the log must not fill up
        }
    }

    uint64_t changes()
    {
        return dispatcher_stats(dispatcher_)->changes;
    }
};

TEST_F(CmdHll, AddAndCount)
{
    play({{"pfadd k a b c", ":1", "pfadd k a b c"},
          {"pfadd k a", ":0", ""},
          {"pfadd k", ":0", ""},
          {"pfadd k d a", ":1", "pfadd k d a"},
          {"pfcount k", ":4", "pfcount k"},
          {"pfcount k", ":4", ""},
          {"pfadd none", ":1", "pfadd none"},
          {"pfcount none", ":0", "pfcount none"},
          {"pfcount nothing", ":0", ""},
          {"pfadd l c d e f", ":1"},
          {"pfcount k l nothing", ":6", ""},
          {"pfcount l", ":4", "pfcount l"},
          {"pfadd", "-ERR wrong number of arguments for 'pfadd' command"},
          {"pfcount", "-ERR wrong number of arguments for 'pfcount' command"}});
    EXPECT_EQ(call({"pfadd", "k", ""}), ":1\r\n");
    EXPECT_EQ(call({"pfadd", "k", "\0"s}), ":1\r\n");
}

// As a Redis 7.0 server keeps them.
TEST_F(CmdHll, ValuesHaveThePublishedBytes)
{
    const std::string header = "HYLL\1\0\0\0"s;
    run("pfadd k");
    EXPECT_EQ(value("k"), header + "\0\0\0\0\0\0\0\x80\x7f\xff"s);
    run("pfadd k a");
    EXPECT_EQ(value("k"), header + "\0\0\0\0\0\0\0\x80\x71\xa6\x84\x4e\x57"s);
    run("pfcount k");
    EXPECT_EQ(value("k"), header + "\1\0\0\0\0\0\0\0\x71\xa6\x84\x4e\x57"s);
    run("pfadd k hello");
    EXPECT_EQ(value("k"), header + "\1\0\0\0\0\0\0\x80\x63\xff\x80\x4d\xa5\x84\x4e\x57"s);
    run("pfmerge m k k");
    EXPECT_EQ(value("m"), header + "\0\0\0\0\0\0\0\x80\x63\xff\x80\x4d\xa5\x84\x4e\x57"s);
}

TEST_F(CmdHll, Merge)
{
    play({{"pfadd a 1 2 3", ":1"},
          {"pfadd b 3 4 5", ":1"},
          {"pfmerge c a b nothing", "+OK", "pfmerge c a b nothing"},
          {"pfcount c", ":5"},
          {"pfcount a", ":3"},
          {"pfmerge a b", "+OK", "pfmerge a b"},
          {"pfcount a", ":5", "pfcount a"},
          {"pfmerge a", "+OK", "pfmerge a"},
          {"pfcount a", ":5", "pfcount a"},
          {"pfmerge new", "+OK", "pfmerge new"},
          {"pfcount new", ":0"},
          {"pfdebug encoding c", "+sparse"},
          {"pfmerge", "-ERR wrong number of arguments for 'pfmerge' command"}});
    EXPECT_EQ(value("a").substr(16), value("c").substr(16));
}

TEST_F(CmdHll, MergesOfAnyForms)
{
    add("small", 0, 100);
    add("large", 50, 3000);
    EXPECT_EQ(run("pfdebug encoding large"), "+dense");
    const std::string both = run("pfcount small large"), small = value("small");
    EXPECT_EQ(run("pfmerge x small large"), "+OK");
    EXPECT_EQ(run("pfcount x"), both);
    EXPECT_EQ(run("pfmerge small large"), "+OK"); // a sparse one becomes dense
    EXPECT_EQ(run("pfcount small"), both);
    EXPECT_EQ(value("small").substr(16), value("x").substr(16));
    call({"set", "small", small});
    EXPECT_EQ(run("pfmerge large small"), "+OK");
    EXPECT_EQ(run("pfcount large"), both);
    EXPECT_EQ(value("large").substr(16), value("x").substr(16));
}

TEST_F(CmdHll, BecomesDenseAtTheLimit)
{
    config_.limits.hll_sparse_max_bytes = 30;
    add("k", 0, 4);
    EXPECT_EQ(run("pfdebug encoding k"), "+sparse");
    EXPECT_LE(value("k").size(), 30u);
    add("k", 4, 6);
    EXPECT_EQ(run("pfdebug encoding k"), "+dense");
    EXPECT_EQ(value("k").size(), size_t{HLL_DENSE_BYTES});
    EXPECT_EQ(run("pfcount k"), ":6");
    config_.limits.hll_sparse_max_bytes = 3000;
    add("l", 0, 6);
    EXPECT_EQ(run("pfdebug encoding l"), "+sparse");
    EXPECT_EQ(run("pfcount k l"), ":6");
    config_.limits.hll_sparse_max_bytes = 30;
    EXPECT_EQ(run("pfmerge m l"), "+OK"); // what is merged fits no longer
    EXPECT_EQ(run("pfdebug encoding m"), "+dense");
    EXPECT_EQ(value("m").substr(16), value("k").substr(16));
}

TEST_F(CmdHll, OneRegisterOfADenseOneChangesInPlace)
{
    add("k", 0, 5000);
    const std::string old = value("k");
    for (int i = 5000;; i++) {
        if (call({"pfadd", "k", std::to_string(i)}) == ":0\r\n")
            continue;
        const std::string now = value("k");
        size_t differ = 0;
        for (size_t at = 16; at < old.size(); at++)
            differ += old[at] != now[at];
        EXPECT_GE(differ, 1u);
        EXPECT_LE(differ, 2u);
        break;
    }
}

TEST_F(CmdHll, DeadlineStays)
{
    play({{"pfadd k a", ":1"},
          {"expire k 100", ":1"},
          {"pfadd k b", ":1"},
          {"ttl k", ":100"},
          {"pfcount k", ":2"},
          {"ttl k", ":100"},
          {"pfmerge k k", "+OK"},
          {"ttl k", ":100"},
          {"pfdebug todense k", ":1"},
          {"pfmerge k k", "+OK"},
          {"ttl k", ":100"},
          {"expire k -1", ":1"},
          {"pfadd k a", ":1"},
          {"ttl k", ":-1"}});
}

TEST_F(CmdHll, Debug)
{
    play({{"pfadd k a", ":1"},
          {"pfdebug encoding k", "+sparse", ""},
          {"pfdebug decode k", "$20 Z:12711 v:2,1 Z:3672", ""},
          {"pfcount k", ":1"},
          {"pfdebug TODENSE k", ":1", "pfdebug TODENSE k"},
          {"pfcount k", ":1", ""}, // the last count still holds
          {"pfdebug todense k", ":0", ""},
          {"pfdebug encoding k", "+dense", ""},
          {"pfdebug decode k", "-ERR HLL encoding is not sparse", ""},
          {"pfdebug odd k", "-ERR Unknown PFDEBUG subcommand 'odd'", ""},
          {"pfdebug odd none", "-ERR The specified key does not exist", ""},
          {"pfdebug getreg", "-ERR wrong number of arguments for 'pfdebug' command"},
          {"pfdebug getreg k x", "-ERR wrong number of arguments for 'pfdebug' command"},
          {"pfselftest", "+OK", ""}});
    run("pfadd l a");
    effects();
    std::string registers = "*16384";
    for (int i = 0; i < HLL_REGISTERS; i++)
        registers += i == 12711 ? " :2" : " :0";
    EXPECT_EQ(run("pfdebug getreg l"), registers);
    EXPECT_EQ(effects(), "pfdebug getreg l");
    EXPECT_EQ(run("pfdebug encoding l"), "+dense");
    EXPECT_EQ(run("pfdebug getreg l"), registers);
    EXPECT_EQ(effects(), "");
    EXPECT_EQ(value("l").substr(16), value("k").substr(16));
}

TEST_F(CmdHll, WritersLeaveRawBytesBehind)
{
    const std::string one = sparse("\x7f\xff");
    for (const char *command : {"pfadd k", "pfcount k", "pfmerge k", "pfdebug encoding k"}) {
        call({"set", "k", one});
        EXPECT_EQ(run("object encoding k"), "$6 embstr");
        run(command);
        EXPECT_EQ(run("object encoding k"), "$3 raw") << command;
    }
    call({"set", "k", one});
    run("pfcount k k");
    EXPECT_EQ(run("pfmerge l k"), "+OK");
    EXPECT_EQ(run("object encoding k"), "$6 embstr") << "it was only read";
}

struct LookAlike {
    const char *name;
    std::string value;
    const char *answer; // of whoever reads all registers
};

class CmdHllLookAlike : public CmdHll, public ::testing::WithParamInterface<LookAlike>
{
};

TEST_P(CmdHllLookAlike, IsRefusedAndStays)
{
    const LookAlike &c = GetParam();
    call({"set", "k", c.value});
    effects();
    for (const char *command :
         {"pfcount k k", "pfmerge k", "pfmerge other k", "pfdebug getreg k", "pfdebug todense k"}) {
        EXPECT_EQ(run(command), c.answer) << command;
        EXPECT_EQ(effects(), "") << command;
    }
    EXPECT_EQ(value("k"), c.value);
    EXPECT_EQ(run("exists other"), ":0");
}

const LookAlike look_alikes[] = {
    {"empty", "", not_one},
    {"number", "12345", not_one},
    {"magic_alone", "HYLL", not_one},
    {"unknown_form", "HYLL\2"s + std::string(20, '\0'), not_one},
    {"dense_too_short", "HYLL"s + std::string(HLL_DENSE_BYTES - 5, '\0'), not_one},
    {"no_runs", "HYLL\1"s + std::string(11, '\0'), broken},
    {"too_few_registers", "HYLL\1"s + std::string(11, '\0') + "\x7f\xfe", broken},
    {"too_many_registers", "HYLL\1"s + std::string(12, '\0') + "\x7f\xff", broken},
    {"values_behind_the_end", "HYLL\1"s + std::string(11, '\0') + "\x7f\xff\x80", broken},
    {"cut_off", "HYLL\1"s + std::string(11, '\0') + "\x7f", broken},
    {"chunks", "HYLL\1"s + std::string(STR_INLINE_MAX, '\0'), broken},
    {"chunks_of_dense", "HYLL"s + std::string(STR_INLINE_MAX, '\0'), not_one},
};
INSTANTIATE_TEST_SUITE_P(Cmd, CmdHllLookAlike, ::testing::ValuesIn(look_alikes),
                         [](const auto &p) { return std::string(p.param.name); });

// Whoever need not read all of it does not see that it is broken.
TEST_F(CmdHll, BrokenOnesAreMetWhereTheyAreRead)
{
    call({"set", "k", sparse("")});
    play({{"pfadd k", ":0", nullptr},
          {"pfadd k a", broken, ""},
          {"pfcount k", ":0", ""}, // the last count
          {"pfdebug encoding k", "+sparse"},
          {"pfdebug decode k", "$0 "}});
    call({"set", "k", sparse("\x7f\x00"s)}); // registers 0 to 16128
    effects();
    play({{"pfadd k a", ":1", "pfadd k a"},
          {"pfcount k", broken, ""},
          {"pfdebug decode k", "$20 Z:12711 v:2,1 Z:3417"}});
}

// What is done stays done, and is logged, so that who reads the log has the same.
TEST_F(CmdHll, ABrokenRunEndsAnAddHalfway)
{
    call({"set", "k", sparse("\x70\x00"s)}); // registers 0 to 12288
    effects();
    play({{"pfadd k hello a", broken, "pfadd k hello a"},
          {"pfdebug decode k", "$19 Z:9216 v:1,1 Z:3072"},
          {"pfadd k a", broken, ""}});
}

TEST_F(CmdHll, AChunkedLookAlikeIsNotChanged)
{
    call({"set", "k", sparse(std::string(STR_INLINE_MAX, '\0'))});
    effects();
    play({{"pfadd k a", broken, ""},
          {"pfadd k", ":0", ""},
          {"pfdebug encoding k", "+sparse", ""},
          {"strlen k", ":262160"}});
}

TEST_F(CmdHll, WatchersSeeACountThatIsKept)
{
    play({{"pfadd k a", ":1"},
          {"watch k", "+OK"},
          {"pfcount k k", ":1"},
          {"multi", "+OK"},
          {"exists k", "+QUEUED"},
          {"exec", "*1 :1"},
          {"watch k", "+OK"},
          {"pfcount k", ":1"},
          {"multi", "+OK"},
          {"exists k", "+QUEUED"},
          {"exec", "*-1"},
          {"watch k", "+OK"},
          {"pfcount k", ":1"}, // nothing new
          {"pfadd k a", ":0"},
          {"pfdebug todense k", ":1"}, // the same registers
          {"multi", "+OK"},
          {"exists k", "+QUEUED"},
          {"exec", "*1 :1"}});
}

TEST_F(CmdHll, TellsOfItsEvents)
{
    listen();
    for (const char *c : {"pfadd k", "pfadd k", "pfadd k a", "pfadd k a", "pfcount k",
                          "pfcount k k", "pfmerge l k", "pfdebug todense k"})
        run(c);
    EXPECT_EQ(events, (std::vector<std::string>{"0:pfadd k", "0:pfadd k", "0:pfadd l"}));
}

TEST_F(CmdHll, CountsItsChanges)
{
    const auto by = [&](const char *command) {
        const uint64_t before = changes();
        run(command);
        return changes() - before;
    };
    EXPECT_EQ(by("pfadd k"), 1u);
    EXPECT_EQ(by("pfadd k a b c"), 3u);
    EXPECT_EQ(by("pfadd l a b a"), 3u) << "the key and two registers";
    EXPECT_EQ(by("pfadd l a"), 0u);
    EXPECT_EQ(by("pfcount l"), 1u);
    EXPECT_EQ(by("pfcount l"), 0u);
    EXPECT_EQ(by("pfcount l k"), 0u);
    EXPECT_EQ(by("pfmerge l k"), 1u);
    EXPECT_EQ(by("pfdebug todense l"), 1u);
    EXPECT_EQ(by("pfdebug todense l"), 0u);
}

TEST_F(CmdHll, CountsHitsAndMissesOfReaders)
{
    const stats *s = dispatcher_stats(dispatcher_);
    run("pfadd k a");
    EXPECT_EQ(s->keyspace_hits + s->keyspace_misses, 0u);
    run("pfcount k");
    run("pfcount none k");
    EXPECT_EQ(s->keyspace_hits, 2u);
    EXPECT_EQ(s->keyspace_misses, 1u);
    run("pfmerge l k");
    EXPECT_EQ(s->keyspace_hits, 3u);
    EXPECT_EQ(s->keyspace_misses, 2u) << "the target is among the sources";
}

} // namespace
