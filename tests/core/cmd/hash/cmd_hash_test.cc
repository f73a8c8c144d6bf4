// Hashes: replies, what is logged, and what is told.  What Redis 7.0 knows is also compared with it
// in tests/wire; deadlines of fields are told here after the documentation of 7.4 and 8.0.
#include "tests/core/cmd/cmd_fixture.h"

namespace
{

const char not_an_integer[] = "-ERR value is not an integer or out of range";
const char syntax[] = "-ERR syntax error";
const char wrong_type[] = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const char no_fields_word[] =
    "-ERR Mandatory argument FIELDS is missing or not at the right position";
const char bad_count[] = "-ERR Parameter `numFields` should be greater than 0";
const char count_mismatch[] = "-ERR The `numfields` parameter must match the number of arguments";

// Every row runs on a listpack and on a table.
class CmdHash : public Commands, public ::testing::WithParamInterface<bool>
{
  protected:
    CmdHash()
    {
        table_due_base(NOW);
        if (GetParam())
            config_.limits.types.hash_max_listpack_entries = 0;
    }

    void at(int64_t ms_from_now)
    {
        clock_fake_unix_ms(NOW + ms_from_now);
    }
};

INSTANTIATE_TEST_SUITE_P(Cmd, CmdHash, ::testing::Bool(), [](const auto &row) {
    return std::string(row.param ? "Table" : "Packed");
});

TEST_P(CmdHash, SetAndGet)
{
    play({{"hset h a 1", ":1", "hset h a 1"},
          {"hset h a 2 b x", ":1", "hset h a 2 b x"},
          {"hset h a 2", ":0", "hset h a 2"},
          {"HMSET h c 3 d 4", "+OK", "HMSET h c 3 d 4"},
          {"hset h c", "-ERR wrong number of arguments for 'hset' command", ""},
          {"hset h c 3 d", "-ERR wrong number of arguments for 'hset' command", ""},
          {"hmset h c 3 d", "-ERR wrong number of arguments for 'hmset' command", ""},
          {"hget h a", "$1 2", ""},
          {"hget h none", "$-1"},
          {"hget none a", "$-1"},
          {"hmget h b none a", "*3 $1 x $-1 $1 2"},
          {"hmget none a b", "*2 $-1 $-1"},
          {"hlen h", ":4"},
          {"hlen none", ":0"},
          {"hstrlen h b", ":1"},
          {"hstrlen h none", ":0"},
          {"hexists h a", ":1"},
          {"hexists h none", ":0"},
          {"hsetnx h a 7", ":0", ""},
          {"hsetnx h e 5", ":1", "hsetnx h e 5"},
          {"hsetnx n e 5", ":1", "hsetnx n e 5"},
          {"hdel h none", ":0", ""},
          {"hdel h a b none a", ":2", "hdel h a b none a"},
          {"hdel none a", ":0", ""},
          {"hdel n e", ":1", "hdel n e"},
          {"exists n", ":0"}});
}

TEST_P(CmdHash, WhatIsNoHashIsLeftAlone)
{
    play({{"set s x", "+OK"}});
    for (const char *line : {"hset s a 1",
                             "hmset s a 1",
                             "hsetnx s a 1",
                             "hget s a",
                             "hmget s a",
                             "hgetall s",
                             "hkeys s",
                             "hvals s",
                             "hlen s",
                             "hstrlen s a",
                             "hexists s a",
                             "hdel s a",
                             "hincrby s a 1",
                             "hincrbyfloat s a 1",
                             "hrandfield s",
                             "hrandfield s 2",
                             "hscan s 0",
                             "hexpire s 1 fields 1 a",
                             "httl s fields 1 a",
                             "hpersist s fields 1 a",
                             "hgetex s fields 1 a",
                             "hgetdel s fields 1 a",
                             "hsetex s fields 1 a 1"})
        play({{line, wrong_type, ""}});
    play({{"get s", "$1 x"}});
}

TEST_P(CmdHash, Counters)
{
    play({{"hincrby h n 5", ":5", "hincrby h n 5"},
          {"hincrby h n -7", ":-2", "hincrby h n -7"},
          {"hincrby h n x", not_an_integer, ""},
          {"hincrby h n 9223372036854775807", ":9223372036854775805"},
          {"hincrby h n 9", "-ERR increment or decrement would overflow", ""},
          {"hset h t abc", ":1"},
          {"hincrby h t 1", "-ERR hash value is not an integer", ""},
          {"hincrbyfloat h t 1", "-ERR hash value is not a float", ""},
          {"hincrbyfloat h f 10.5", "$4 10.5", "HSET h f 10.5"},
          {"hincrbyfloat h f -0.5", "$2 10", "HSET h f 10"},
          {"hincrbyfloat h f x", "-ERR value is not a valid float", ""},
          {"hincrbyfloat h f inf", "-ERR value is NaN or Infinity", ""},
          {"hset h i inf", ":1"},
          {"hincrbyfloat h i 1", "-ERR increment would produce NaN or Infinity", ""},
          {"hincrby none n x", not_an_integer, ""},
          {"exists none", ":0"}});
}

TEST_P(CmdHash, AllOfThem)
{
    play({{"hset h a 1 b two", ":2"},
          {"hgetall none", "*0"},
          {"hkeys none", "*0"},
          {"hvals none", "*0"},
          {"hrandfield none", "$-1"},
          {"hrandfield none 3", "*0"},
          {"hrandfield none -3 withvalues", "*0"},
          {"hrandfield h 0", "*0"},
          {"hrandfield h 1 values", syntax},
          {"hrandfield h 1 withvalues x", syntax},
          {"hrandfield h x", not_an_integer},
          {"hrandfield h -9223372036854775808",
           "-ERR value is out of range, value must between -9223372036854775807 and "
           "9223372036854775807"},
          {"hrandfield h -4611686018427387904 withvalues", "-ERR value is out of range"},
          {"hscan h x", "-ERR invalid cursor"},
          {"hscan h 0 count 0", syntax},
          {"hscan none 0 count 0", "*2 $1 0 *0"},
          {"hscan h 0 match a count 100", "*2 $1 0 *2 $1 a $1 1"},
          {"hscan h 0 match a novalues count 100", "*2 $1 0 *1 $1 a"},
          {"hdel h b", ":1"},
          {"hgetall h", "*2 $1 a $1 1"},
          {"hkeys h", "*1 $1 a"},
          {"hvals h", "*1 $1 1"},
          {"hrandfield h", "$1 a"},
          {"hrandfield h 5", "*1 $1 a"},
          {"hrandfield h -3", "*3 $1 a $1 a $1 a"},
          {"hrandfield h -2 withvalues", "*4 $1 a $1 1 $1 a $1 1"}});
    session_set_version(&session, 3);
    play({{"hgetall h", "%1 $1 a $1 1"},
          {"hgetall none", "%0"},
          {"hrandfield h 5 withvalues", "*1 *2 $1 a $1 1"},
          {"hrandfield none", "_"},
          {"hkeys h", "*1 $1 a"},
          {"hget h none", "_"}});
}

TEST_P(CmdHash, EventsAreToldInOrder)
{
    listen();
    for (const char *line :
         {"hset h a 1 b 2", "hmset h a 1", "hsetnx h c 1", "hsetnx h c 1", "hincrby h n 1",
          "hincrbyfloat h n 1", "hdel h none", "hexpire h 10 fields 1 a", "hpersist h fields 2 a b",
          "hgetex h ex 10 fields 1 a", "hgetex h persist fields 1 a", "hgetex h fields 1 a",
          "hsetex h ex 10 fields 1 a 1", "hsetex h fields 1 a 1", "hexpireat h 1 fields 1 a",
          "hgetdel h fields 1 b", "hdel h c n"})
        run(line);
    const std::vector<std::string> want = {
        "0:hset h",         "0:hset h",    "0:hset h",     "0:hincrby h",
        "0:hincrbyfloat h", "0:hexpire h", "0:hpersist h", "0:hexpire h",
        "0:hpersist h",     "0:hset h",    "0:hexpire h",  "0:hset h",
        "0:hdel h",         "0:hdel h",    "0:hdel h",     "0:del h"};
    EXPECT_EQ(events, want);
}

// --- deadlines of fields
// -------------------------------------------------------------------------

TEST_P(CmdHash, FieldsGetDeadlines)
{
    play({{"hset h a 1 b 2 c 3", ":3"},
          {"hexpire h 10 fields 3 a none b", "*3 :1 :-2 :1",
           "HPEXPIREAT h 1700000010000 FIELDS 2 a b"},
          {"hpexpire h 1500 fields 1 c", "*1 :1", "HPEXPIREAT h 1700000001500 FIELDS 1 c"},
          {"httl h fields 4 a b c none", "*4 :10 :10 :2 :-2", ""},
          {"hpttl h fields 2 a c", "*2 :10000 :1500"},
          {"hexpireat h 1700000020 fields 1 a", "*1 :1", "HPEXPIREAT h 1700000020000 FIELDS 1 a"},
          {"hpexpireat h 1700000020001 fields 1 b", "*1 :1",
           "HPEXPIREAT h 1700000020001 FIELDS 1 b"},
          {"hexpiretime h fields 2 a b", "*2 :1700000020 :1700000021"},
          {"hpexpiretime h fields 2 a b", "*2 :1700000020000 :1700000020001"},
          {"hset h d 4", ":1"},
          {"hpersist h fields 4 a d none b", "*4 :1 :-1 :-2 :1", "HPERSIST h FIELDS 2 a b"},
          {"hpttl h fields 3 a b c", "*3 :-1 :-1 :1500"},
          {"hpersist h fields 1 a", "*1 :-1", ""},
          {"hexpire none 10 fields 2 a b", "*2 :-2 :-2", ""},
          {"httl none fields 2 a b", "*2 :-2 :-2"},
          {"hpersist none fields 2 a b", "*2 :-2 :-2", ""}});
}

TEST_P(CmdHash, OnlyIf)
{
    play(
        {{"hset h a 1 b 2", ":2"},
         {"hexpire h 10 nx fields 1 a", "*1 :1"},
         {"hexpire h 20 nx fields 2 a b", "*2 :0 :1", "HPEXPIREAT h 1700000020000 FIELDS 1 b"},
         {"hset h c 3", ":1"},
         {"hexpire h 30 XX fields 2 a c", "*2 :1 :0", "HPEXPIREAT h 1700000030000 FIELDS 1 a"},
         {"hexpire h 25 gt fields 3 a b c", "*3 :0 :1 :0", "HPEXPIREAT h 1700000025000 FIELDS 1 b"},
         {"hexpire h 27 lt fields 3 a b c", "*3 :1 :0 :1",
          "HPEXPIREAT h 1700000027000 FIELDS 2 a c"},
         {"hexpire h 27 lt fields 1 a", "*1 :0", ""},
         {"hexpire h 27 gt fields 1 a", "*1 :0", ""},
         {"httl h fields 3 a b c", "*3 :27 :25 :27"}});
}

TEST_P(CmdHash, ATimeThatHasPassedDeletes)
{
    play({{"hset h a 1 b 2 c 3 d 4", ":4"},
          {"hexpire h 0 fields 2 a none", "*2 :2 :-2", "HDEL h a"},
          {"hexpireat h 1600000000 fields 2 b b", "*2 :2 :-2", "HDEL h b"},
          {"hpexpireat h 1700000000000 gt fields 1 c", "*1 :0", ""},
          {"hpexpireat h 1700000000000 fields 1 c", "*1 :2", "HDEL h c"},
          {"hlen h", ":1"},
          {"hpexpire h 0 lt fields 1 d", "*1 :2", "HDEL h d"},
          {"exists h", ":0"}});
}

TEST_P(CmdHash, WhatHexpireRefuses)
{
    play({{"hset h a 1", ":1"},
          {"hexpire h x fields 1 a", not_an_integer},
          {"hexpire h -1 fields 1 a", "-ERR invalid expire time, must be >= 0"},
          {"hexpire h 9223372036854775807 fields 1 a",
           "-ERR invalid expire time in 'hexpire' command"},
          {"hpexpireat h 70368744177664 fields 1 a",
           "-ERR invalid expire time in 'hpexpireat' command"},
          {"hpexpireat h 70368744177663 fields 1 a", "*1 :1"},
          {"hexpireat h 70368744178 fields 1 a", "-ERR invalid expire time in 'hexpireat' command"},
          {"hexpire h 10 nx 1 a a", no_fields_word},
          {"hexpire h 10 nx xx fields 1 a", no_fields_word},
          {"hexpire h 10 fields nx 1 a", bad_count},
          {"hexpire h 10 fields 0 a", bad_count},
          {"hexpire h 10 fields -1 a", bad_count},
          {"hexpire h 10 fields 2 a", count_mismatch},
          {"hexpire h 10 fields 1 a b", count_mismatch},
          {"hexpire h 10 fields 4294967297 a", count_mismatch},
          {"hexpire h 10 a b c d", no_fields_word},
          {"httl h fields 2 a", count_mismatch},
          {"httl h 1 a b", no_fields_word},
          {"hpersist h fields x a", bad_count},
          {"hexpire h 10 fields 1", "-ERR wrong number of arguments for 'hexpire' command"},
          {"httl h fields 1", "-ERR wrong number of arguments for 'httl' command"}});
}

TEST_P(CmdHash, WhatKeepsADeadlineAndWhatEndsIt)
{
    play({{"hset h a 1 b 2 c 3 d 4", ":4"},
          {"hpexpire h 5000 fields 4 a b c d", "*4 :1 :1 :1 :1"},
          {"hset h a 1", ":0"},
          {"hincrby h b 1", ":3", "hincrby h b 1"},
          {"hincrbyfloat h c 0.5", "$3 3.5",
           "MULTI | HSET h c 3.5 | HPEXPIREAT h 1700000005000 FIELDS 1 c | EXEC"},
          {"hpttl h fields 4 a b c d", "*4 :-1 :5000 :5000 :5000"},
          {"copy h i", ":1"},
          {"rename h j", "+OK"},
          {"hpttl i fields 4 a b c d", "*4 :-1 :5000 :5000 :5000"},
          {"hpttl j fields 4 a b c d", "*4 :-1 :5000 :5000 :5000"},
          {"move j 5", ":1"},
          {"hpersist i fields 3 b c d", "*3 :1 :1 :1"}});
    session.db = 5;
    play({{"hpttl j fields 4 a b c d", "*4 :-1 :5000 :5000 :5000"}});
}

TEST_P(CmdHash, ReadAndChange)
{
    play(
        {{"hset h a 1 b 2 c 3", ":3"},
         {"hgetex h fields 2 a none", "*2 $1 1 $-1", ""},
         {"hgetex h ex 10 fields 2 a none", "*2 $1 1 $-1", "HPEXPIREAT h 1700000010000 FIELDS 1 a"},
         {"hgetex h px 10 fields 1 b", "*1 $1 2", "HPEXPIREAT h 1700000000010 FIELDS 1 b"},
         {"hgetex h exat 1700000010 fields 1 b", "*1 $1 2",
          "HPEXPIREAT h 1700000010000 FIELDS 1 b"},
         {"hgetex h persist fields 2 b c", "*2 $1 2 $1 3", "HPERSIST h FIELDS 1 b"},
         {"hgetex h persist fields 2 b c", "*2 $1 2 $1 3", ""},
         {"hgetex h pxat 1 fields 1 b", "*1 $1 2", "HDEL h b"},
         {"hgetex none ex 10 fields 2 a b", "*2 $-1 $-1", ""},
         {"hgetex h ex 0 fields 1 a", "-ERR invalid expire time in 'hgetex' command", ""},
         {"hgetex h ex x fields 1 a", not_an_integer, ""},
         {"hgetex h ex 10 px 10 fields 1 a",
          "-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified", ""},
         {"hgetex h keepttl fields 1 a", no_fields_word, ""},
         {"hgetex h fields 2 a", count_mismatch, ""},
         {"hgetdel h fields 2 a none", "*2 $1 1 $-1", "HDEL h a"},
         {"hgetdel h fields 2 a none", "*2 $-1 $-1", ""},
         {"hgetdel none fields 1 a", "*1 $-1", ""},
         {"hgetdel h ex 10 fields 1", no_fields_word, ""},
         {"hgetdel h fields 1 c", "*1 $1 3", "HDEL h c"},
         {"exists h", ":0"}});
}

TEST_P(CmdHash, SetWithALifetime)
{
    play({{"hsetex h fields 2 a 1 b 2", ":1", "HSET h a 1 b 2"},
          {"hsetex h ex 10 fields 2 a 1 c 3", ":1",
           "MULTI | HSET h a 1 c 3 | HPEXPIREAT h 1700000010000 FIELDS 2 a c | EXEC"},
          {"hsetex h keepttl fields 3 a 7 b 8 d 9", ":1",
           "MULTI | HSET h a 7 b 8 d 9 | HPEXPIREAT h 1700000010000 FIELDS 1 a | EXEC"},
          {"hpttl h fields 4 a b c d", "*4 :10000 :-1 :10000 :-1"},
          {"hsetex h fnx fields 2 e 1 a 1", ":0", ""},
          {"hsetex h fnx fields 2 e 1 f 1", ":1", "HSET h e 1 f 1"},
          {"hsetex h fxx px 5 fields 2 e 2 g 1", ":0", ""},
          {"hsetex h px 5 fxx fields 2 e 2 f 2", ":1",
           "MULTI | HSET h e 2 f 2 | HPEXPIREAT h 1700000000005 FIELDS 2 e f | EXEC"},
          {"hsetex n fxx fields 1 a 1", ":0", ""},
          {"exists n", ":0"},
          {"hsetex h fields 1 a 1", ":1", "HSET h a 1"},
          {"httl h fields 1 a", "*1 :-1"},
          {"hsetex h exat 1600000000 fields 2 a 1 z 1", ":1", "HDEL h a"},
          {"hmget h a z", "*2 $-1 $-1"},
          {"hsetex n pxat 1 fields 1 a 1", ":1", ""},
          {"exists n", ":0"},
          {"hsetex h fnx fxx fields 1 a 1",
           "-ERR Only one of FXX or FNX arguments can be specified", ""},
          {"hsetex h fxx ex 60 keepttl fields 1 a 1",
           "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified", ""},
          {"hsetex h persist fields 1 a 1", no_fields_word, ""},
          {"hsetex h fields 2 a 1 b", count_mismatch, ""},
          {"hsetex h fields 1 a 1 b 2", count_mismatch, ""},
          {"hsetex h ex fields 1 a 1", not_an_integer, ""},
          {"hsetex h ex -5 fields 1 a 1", "-ERR invalid expire time in 'hsetex' command", ""}});
}

// --- fields whose time has come, before anybody has dropped them
// ---------------------------------

TEST_P(CmdHash, ADueFieldIsNotThere)
{
    play({{"hset h a 1 b 2", ":2"}, {"hpexpire h 10 fields 1 a", "*1 :1"}});
    at(9);
    play({{"hget h a", "$1 1"}, {"hpttl h fields 1 a", "*1 :1"}});
    at(11);
    play({{"hget h a", "$-1", ""},
          {"hmget h a b", "*2 $-1 $1 2"},
          {"hexists h a", ":0"},
          {"hstrlen h a", ":0"},
          {"hgetall h", "*2 $1 b $1 2"},
          {"hkeys h", "*1 $1 b"},
          {"hvals h", "*1 $1 2"},
          {"hrandfield h -2", "*2 $1 b $1 b"},
          {"hrandfield h 2", "*1 $1 b"},
          {"hscan h 0 count 100", "*2 $1 0 *2 $1 b $1 2"},
          {"hlen h", ":2"},
          {"httl h fields 1 a", "*1 :-2"},
          {"hpersist h fields 1 a", "*1 :-2", ""},
          {"hexpire h 100 fields 1 a", "*1 :-2", ""},
          {"hexpire h 0 fields 1 a", "*1 :-2", ""},
          {"hgetex h persist fields 1 a", "*1 $-1", ""},
          {"hgetdel h fields 1 a", "*1 $-1", ""}});
    session_set(&session, SESSION_MASTER, true);
    play({{"hget h a", "$1 1"},
          {"hpexpireat h 1 fields 1 a", "*1 :1"},
          {"hpersist h fields 1 a", "*1 :1"}});
}

TEST_P(CmdHash, WritingADueField)
{
    listen();
    const auto again = [&] {
        at(0);
        run("del h");
        play({{"hset h a 1 b 2", ":2"}, {"hpexpire h 10 fields 1 a", "*1 :1"}});
        at(11);
        events.clear();
    };
    again();
    play({{"hset h a 5", ":1", "hset h a 5"}, {"hpttl h fields 1 a", "*1 :-1"}});
    again();
    play({{"hsetnx h a 5", ":1", "HSET h a 5"}, {"hget h a", "$1 5"}});
    again();
    play({{"hincrby h a 5", ":5", "HSET h a 5"}, {"hpttl h fields 1 a", "*1 :-1"}});
    again();
    play({{"hincrbyfloat h a 5", "$1 5", "HSET h a 5"}, {"hpttl h fields 1 a", "*1 :-1"}});
    EXPECT_EQ(events, (std::vector<std::string>{"0:hexpired h", "0:hincrbyfloat h"}));
    again();
    play({{"hdel h a b", ":1", "hdel h a b"}, {"exists h", ":0"}});
    EXPECT_EQ(events, (std::vector<std::string>{"0:hexpired h", "0:hdel h", "0:del h"}));
    again();
    play({{"hdel h a", ":0", "hdel h a"}, {"hlen h", ":1"}});
    again();
    play({{"hsetex h fxx fields 1 a 1", ":0", ""},
          {"hsetex h fnx keepttl fields 1 a 1", ":1", "HSET h a 1"},
          {"hpttl h fields 1 a", "*1 :-1"}});
    again();
    play({{"hexpire h 0 fields 1 b", "*1 :2", "HDEL h b"}, {"hlen h", ":1"}});
}

TEST_P(CmdHash, MemoryUsageCountsTheNodes)
{
    play({{"hset h a 1 b 2", ":2"}});
    const std::string usage = run("memory-usage usage h");
    EXPECT_GT(std::stoi(usage.substr(1)), GetParam() ? 100 : 20);
    EXPECT_EQ(run("object encoding h"), GetParam() ? "$9 hashtable" : "$8 listpack");
    run("hexpire h 5 fields 1 a");
    EXPECT_EQ(run("object encoding h"), GetParam() ? "$9 hashtable" : "$10 listpackex");
}

} // namespace
