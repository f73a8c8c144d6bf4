// Sorted sets: replies in both encodings and both protocols, what is logged, and what is told.
#include "tests/core/cmd/cmd_fixture.h"

#include "core/types/zset.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace
{

const char not_an_integer[] = "-ERR value is not an integer or out of range";
const char not_a_float[] = "-ERR value is not a valid float";
const char syntax[] = "-ERR syntax error";
const char wrong_type[] = "-WRONGTYPE Operation against a key holding the wrong kind of value";

// Every test runs with sets that are one listpack and with sets that never are.
class CmdZset : public Commands, public ::testing::WithParamInterface<uint64_t>
{
  protected:
    CmdZset()
    {
        config_.limits.types.zset_max_listpack_entries = GetParam();
        config_.limits.types.zset_max_listpack_value = 64;
    }
    bool packed() const
    {
        return GetParam() > 0;
    }
};

INSTANTIATE_TEST_SUITE_P(Encodings, CmdZset, ::testing::Values(128, 0), [](const auto &p) {
    return std::string(p.param ? "Listpack" : "Skiplist");
});

TEST_P(CmdZset, Add)
{
    play({{"zadd z 1 a 2 b 3 c", ":3", "zadd z 1 a 2 b 3 c"},
          {"object encoding z", packed() ? "$8 listpack" : "$8 skiplist"},
          {"type z", "+zset"},
          {"zadd z 1 a", ":0", ""},
          {"zadd z 1.5 a 9 d", ":1", "zadd z 1.5 a 9 d"},
          {"zadd z ch 2 a 9 d 4 e", ":2"},
          {"zadd z nx 5 a 6 f", ":1", "zadd z nx 5 a 6 f"},
          {"zadd z xx 5 a 6 g", ":0", "zadd z xx 5 a 6 g"},
          {"zadd z xx 6 g", ":0", ""},
          {"zadd none xx 6 g", ":0", ""},
          {"exists none", ":0"},
          {"zadd z gt ch 4 a 7 f 1 h", ":2"},
          {"zadd z lt ch 4 a 8 f", ":1"},
          {"zadd z incr 0.5 a", "$3 4.5", "zadd z incr 0.5 a"},
          {"zadd z incr nx 0.5 a", "$-1", ""},
          {"zadd z incr xx 0.5 none", "$-1", ""},
          {"zadd z incr gt -1 a", "$-1", ""},
          {"zadd z incr 0 a", "$3 4.5", ""},
          {"zincrby z 2 a", "$3 6.5", "zincrby z 2 a"},
          {"zincrby new -inf m", "$4 -inf", "zincrby new -inf m"},
          {"zincrby new inf m", "-ERR resulting score is not a number (NaN)", ""},
          {"zscore new m", "$4 -inf"}});
}

TEST_P(CmdZset, AddRefuses)
{
    play(
        {{"set s x", "+OK"},
         {"zadd s 1 a", wrong_type},
         {"zadd s x a", not_a_float, ""},
         {"zincrby s 1 a", wrong_type},
         {"zadd z nx xx 1 a", "-ERR XX and NX options at the same time are not compatible"},
         {"zadd z gt lt 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"},
         {"zadd z gt nx 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"},
         {"zadd z incr 1 a 2 b", "-ERR INCR option supports a single increment-element pair"},
         {"zadd z bogus 1 a", syntax},
         {"zadd z 1 a 2", syntax},
         {"zadd z incr xx", syntax},
         {"zadd z 1 a nan b", not_a_float},
         {"zadd z \"\" a", not_a_float},
         {"zincrby z x a", not_a_float},
         {"exists z", ":0"}});
}

TEST_P(CmdZset, Read)
{
    play({{"zadd z 1 a 2.5 b 3 10 -inf low", ":4"},
          {"zcard z", ":4", ""},
          {"zscore z b", "$3 2.5", ""},
          {"zscore z none", "$-1"},
          {"zmscore z a none low", "*3 $1 1 $-1 $4 -inf"},
          {"zmscore none a b", "*2 $-1 $-1"},
          {"zrank z b", ":2"},
          {"zrevrank z b", ":1"},
          {"zrank z none", "$-1"},
          {"zrank z b withscore", "*2 :2 $3 2.5"},
          {"zrevrank z low WITHSCORE", "*2 :3 $4 -inf"},
          {"zrank z none withscore", "*-1"},
          {"zrank none b withscore", "*-1"},
          {"zrank z b bogus", syntax},
          {"zrank z b withscore more", "-ERR wrong number of arguments for 'zrank' command"},
          {"zcount z -inf +inf", ":4"},
          {"zcount z (1 3", ":2"},
          {"zcount z (1 (3", ":1"},
          {"zcount z 3 1", ":0"},
          {"zcount z \"\" 1", ":1"},
          {"zcount z x 1", "-ERR min or max is not a float"},
          {"zcount z nan 1", "-ERR min or max is not a float"},
          {"zlexcount z x [a", "-ERR min or max not valid string range item"},
          {"set s x", "+OK"},
          {"zcard s", wrong_type},
          {"zscore s a", wrong_type},
          {"zmscore s a", wrong_type},
          {"zrank s a", wrong_type},
          {"zcount s 1 2", wrong_type},
          {"zscan s 0", wrong_type}});
    session.reply.version = 3;
    play({{"zscore z b", ",2.5"},
          {"zscore z none", "_"},
          {"zmscore z a none", "*2 ,1 _"},
          {"zrank z b withscore", "*2 :2 ,2.5"},
          {"zrank z none withscore", "_"},
          {"zincrby z 1 b", ",3.5"}});
}

TEST_P(CmdZset, Ranges)
{
    play({{"zadd z 1 a 2 b 3 c 4 d", ":4"},
          {"zrange z 0 1", "*2 $1 a $1 b", ""},
          {"zrange z -2 -1 withscores", "*4 $1 c $1 3 $1 d $1 4"},
          {"zrange z 3 1", "*0"},
          {"zrange z 1 100 rev", "*3 $1 c $1 b $1 a"},
          {"zrange z (1 3 byscore", "*2 $1 b $1 c"},
          {"zrange z 3 (1 byscore rev limit 1 5", "*1 $1 b"},
          {"zrange z 1 3 byscore rev", "*0"},
          {"zrange z -inf +inf byscore limit 1 2 withscores", "*4 $1 b $1 2 $1 c $1 3"},
          {"zrange z -inf +inf byscore limit -1 2", "*0"},
          {"zrange z -inf +inf byscore limit 2 -1", "*2 $1 c $1 d"},
          {"zrange z 0 1 limit 0 1",
           "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or "
           "BYLEX"},
          {"zrange z - + bylex withscores",
           "-ERR syntax error, WITHSCORES not supported in combination with BYLEX"},
          {"zrange z a 1", not_an_integer},
          {"zrange z a 1 byscore", "-ERR min or max is not a float"},
          {"zrange z a 1 bylex", "-ERR min or max not valid string range item"},
          {"zrange z 0 1 bogus", syntax},
          {"zrange z 0 1 rev rev", syntax},
          {"zrange z 0 1 byscore bylex", syntax},
          {"zrange none 0 -1", "*0"},
          {"zrevrange z 0 1 withscores", "*4 $1 d $1 4 $1 c $1 3"},
          {"zrangebyscore z 2 (4", "*2 $1 b $1 c"},
          {"zrevrangebyscore z (4 2", "*2 $1 c $1 b"},
          {"zadd lex 0 a 0 ab 0 b 0 10 0 9", ":5"},
          {"zrangebylex lex - +", "*5 $2 10 $1 9 $1 a $2 ab $1 b"},
          {"zrangebylex lex [a (b", "*2 $1 a $2 ab"},
          {"zrevrangebylex lex + [ab", "*2 $1 b $2 ab"},
          {"zrange lex + - bylex rev limit 1 2", "*2 $2 ab $1 a"},
          {"zlexcount lex [1 [9", ":2"},
          {"zrevrangebylex lex - +", "*0"},
          {"set s x", "+OK"},
          {"zrange s 0 1", wrong_type}});
    session.reply.version = 3;
    play({{"zrange z 0 0 withscores", "*1 *2 $1 a ,1"}, {"zrange z 0 1", "*2 $1 a $1 b"}});
}

TEST_P(CmdZset, Store)
{
    play({{"zadd z 1 a 2 7 3 c", ":3"},
          {"zrangestore out z 1 -1", ":2", "zrangestore out z 1 -1"},
          {"zrange out 0 -1 withscores", "*4 $1 7 $1 2 $1 c $1 3"},
          {"object encoding out", packed() ? "$8 listpack" : "$8 skiplist"},
          {"zrangestore z z 0 0 rev", ":1"},
          {"zrange z 0 -1 withscores", "*2 $1 c $1 3"},
          {"zrangestore out z 5 6", ":0", "zrangestore out z 5 6"},
          {"exists out", ":0"},
          {"zrangestore out none 0 1", ":0", ""},
          {"zrangestore out z 0 1 withscores", syntax},
          {"set s x ex 10", "+OK"},
          {"zrangestore s z 0 -1", ":1"},
          {"ttl s", ":-1"}});
}

TEST_P(CmdZset, Remove)
{
    play({{"zadd z 1 a 2 b 3 c 4 d 5 e 6 f 7 g", ":7"},
          {"zrem z none", ":0", ""},
          {"zrem z a none a", ":1", "zrem z a none a"},
          {"zremrangebyrank z 0 0", ":1", "zremrangebyrank z 0 0"},
          {"zremrangebyrank z 10 20", ":0", ""},
          {"zremrangebyrank z x 20", not_an_integer},
          {"zremrangebyscore z (3 4", ":1", "zremrangebyscore z (3 4"},
          {"zremrangebyscore z x 4", "-ERR min or max is not a float"},
          {"zrange z 0 -1", "*4 $1 c $1 e $1 f $1 g"},
          {"zremrangebylex z [f [f", ":1"},
          {"zremrangebylex z f f", "-ERR min or max not valid string range item"},
          {"zremrangebyrank z 0 -1", ":3", "zremrangebyrank z 0 -1"},
          {"exists z", ":0"},
          {"zadd z 1 a", ":1"},
          {"zrem z a b", ":1", "zrem z a b"},
          {"exists z", ":0"},
          {"zrem z a", ":0", ""},
          {"set s x", "+OK"},
          {"zrem s a", wrong_type},
          {"zremrangebyrank s 0 1", wrong_type}});
}

TEST_P(CmdZset, Pop)
{
    play({{"zadd z 1 a 2 b 3 c 4 d 5 e 6 f 7 g", ":7"},
          {"zpopmin z", "*2 $1 a $1 1", "zpopmin z"},
          {"zpopmax z 2", "*4 $1 g $1 7 $1 f $1 6", "zpopmax z 2"},
          {"zpopmin z 0", "*0", ""},
          {"zpopmin z -1", "-ERR value is out of range, must be positive"},
          {"zpopmin z x", "-ERR value is out of range, must be positive"},
          {"zpopmin z 1 2", syntax},
          {"zpopmin none", "*0", ""},
          {"zmpop 2 none z max count 2", "*2 $1 z *2 *2 $1 e $1 5 *2 $1 d $1 4", "ZPOPMAX z 2"},
          {"zmpop 1 none min", "*-1", ""},
          {"zmpop 0 z min", "-ERR numkeys should be greater than 0"},
          {"zmpop 1 z min count 0", "-ERR count should be greater than 0"},
          {"zmpop 2 z min", syntax},
          {"zmpop 1 z bogus", syntax},
          {"zmpop 1 z min count 1 count 1", syntax},
          {"bzpopmin none z 0", "*3 $1 z $1 b $1 2", "ZPOPMIN z"},
          {"bzmpop 0 1 z max", "*2 $1 z *1 *2 $1 c $1 3", "ZPOPMAX z 1"},
          {"exists z", ":0"},
          {"bzpopmax z x", "-ERR timeout is not a float or out of range"},
          {"bzpopmax z -1", "-ERR timeout is negative"},
          {"bzmpop x 0 z max", "-ERR timeout is not a float or out of range"},
          {"bzmpop 1 0 z max", "-ERR numkeys should be greater than 0"},
          {"set s x", "+OK"},
          {"zpopmin s", wrong_type},
          {"zpopmin s 0", wrong_type},
          {"zmpop 2 none s min", wrong_type},
          {"bzpopmin none s 1", wrong_type}});
    session.reply.version = 3;
    play({{"zadd z 1 a 2 b 3 c 4 d", ":4"},
          {"zpopmin z", "*2 $1 a ,1"},
          {"zpopmin z 1", "*1 *2 $1 b ,2"},
          {"bzpopmin z 1", "*3 $1 z $1 c ,3"},
          {"zmpop 1 z min", "*2 $1 z *1 *2 $1 d ,4"},
          {"zmpop 1 z min", "_"}});
}

TEST_P(CmdZset, Algebra)
{
    play({{"zadd a 1 x 2 y 3 z", ":3"},
          {"zadd b 10 y 20 z 30 w", ":3"},
          {"zunion 2 a b withscores", "*8 $1 x $1 1 $1 y $2 12 $1 z $2 23 $1 w $2 30", ""},
          {"zinter 2 a b", "*2 $1 y $1 z"},
          {"zdiff 2 a b withscores", "*2 $1 x $1 1"},
          {"zdiff 3 b none a", "*1 $1 w"},
          {"zintercard 2 a b", ":2"},
          {"zintercard 2 a b limit 1", ":1"},
          {"zintercard 2 a none", ":0"},
          {"zunionstore out 2 a b weights 2 0.5 aggregate max", ":4",
           "zunionstore out 2 a b weights 2 0.5 aggregate max"},
          {"zrange out 0 -1 withscores", "*8 $1 x $1 2 $1 y $1 5 $1 z $2 10 $1 w $2 15"},
          {"zinterstore out 2 a b aggregate min", ":2"},
          {"zrange out 0 -1 withscores", "*4 $1 y $1 2 $1 z $1 3"},
          {"zdiffstore a 2 a b", ":1"},
          {"zrange a 0 -1", "*1 $1 x"},
          {"zinterstore b 2 a b", ":0", "zinterstore b 2 a b"},
          {"exists b", ":0"},
          {"zadd i inf m", ":1"},
          {"zadd j -inf m", ":1"},
          {"zunion 2 i j withscores", "*2 $1 m $1 0"},
          {"zunion 1 i weights 0 withscores", "*2 $1 m $1 0"},
          {"zunion 0 a", "-ERR at least 1 input key is needed for 'zunion' command"},
          {"zunion x a", not_an_integer},
          {"zunion 2 a", syntax},
          {"zunion 1 a bogus", syntax},
          {"zunion 1 a weights x", "-ERR weight value is not a float"},
          {"zunion 1 a aggregate avg", syntax},
          {"zdiff 1 a weights 1", syntax},
          {"zunionstore out 1 a withscores", syntax},
          {"zintercard 1 a limit -1", "-ERR LIMIT can't be negative"},
          {"set s x", "+OK"},
          {"zunion 2 a s bogus", wrong_type}});
    session.reply.version = 3;
    play({{"zunion 1 out withscores", "*2 *2 $1 y ,2 *2 $1 z ,3"}});
}

TEST_P(CmdZset, ManyDifferences)
{
    for (int i = 0; i < 50; i++)
        run("zadd first 1 m" + std::to_string(i));
    for (int k = 0; k < 12; k++)
        run("zadd other" + std::to_string(k) + " 7 m" + std::to_string(4 * k));
    std::string command = "zdiff 13 first";
    for (int k = 0; k < 12; k++)
        command += " other" + std::to_string(k);
    EXPECT_EQ(run(command).substr(0, 3), "*38");
    EXPECT_EQ(run("zdiff 3 first other0 other1").substr(0, 3), "*48");
}

TEST_P(CmdZset, LargeUnion)
{
    std::string a = "zadd a", b = "zadd b";
    for (int i = 0; i < 600; i++) {
        a += " " + std::to_string(i * 7 % 600) + " m" + std::to_string(i);
        b += " 1000 m" + std::to_string(i + 300);
    }
    EXPECT_EQ(run(a), ":600");
    EXPECT_EQ(run(b), ":600");
    EXPECT_EQ(run("zunionstore out 2 a b"), ":900");
    EXPECT_EQ(run("zinterstore both 2 a b"), ":300");
    EXPECT_EQ(run("zdiffstore less 2 a b"), ":300");
    EXPECT_EQ(run("zcount out 1000 1000"), ":300") << "of b alone";
    EXPECT_EQ(run("zcount out (1000 +inf"), ":300");
    EXPECT_EQ(run("zscore out m301"), "$4 1307");
    EXPECT_EQ(run("zrank out m0"), ":0");
    EXPECT_EQ(run("zscore less m299"), "$3 293");
}

TEST_P(CmdZset, Random)
{
    play({{"zrandmember none", "$-1"},
          {"zrandmember none 5", "*0"},
          {"zadd z 1 a 2 b 3 c", ":3"},
          {"zrandmember z 0", "*0"},
          {"zrandmember z x", not_an_integer},
          {"zrandmember z 1 bogus", syntax},
          {"zrandmember z 1 withscores more", syntax},
          {"zrandmember z -9223372036854775808",
           "-ERR value is out of range, value must between -9223372036854775807 and "
           "9223372036854775807"},
          {"zrandmember z 4611686018427387904 withscores", "-ERR value is out of range"},
          {"zrandmember z 10 withscores", "*6 $1 a $1 1 $1 b $1 2 $1 c $1 3"},
          {"set s x", "+OK"},
          {"zrandmember s", wrong_type}});
    EXPECT_EQ(run("zrandmember z -5").substr(0, 2), "*5");
    session.reply.version = 3;
    EXPECT_EQ(run("zrandmember z 3 withscores"), "*3 *2 $1 a ,1 *2 $1 b ,2 *2 $1 c ,3");
}

// Each member is drawn as often as any other, and no call draws one twice.
TEST_P(CmdZset, RandomIsEven)
{
    const int members = 40;
    for (int i = 0; i < members; i++)
        run("zadd z " + std::to_string(i) + " " + std::to_string(100 + i));
    for (const int count : {5, 20, -5}) {
        std::map<std::string, int> seen;
        const int rounds = 2000;
        for (int i = 0; i < rounds; i++) {
            const std::vector<std::string> words =
                split(run("zrandmember z " + std::to_string(count)));
            std::vector<std::string> drawn;
            for (size_t w = 2; w < words.size(); w += 2)
                drawn.push_back(words[w]);
            ASSERT_EQ(drawn.size(), static_cast<size_t>(std::abs(count)));
            for (const std::string &m : drawn)
                seen[m]++;
            std::sort(drawn.begin(), drawn.end());
            if (count > 0) {
                ASSERT_EQ(std::unique(drawn.begin(), drawn.end()), drawn.end());
            }
        }
        ASSERT_EQ(seen.size(), static_cast<size_t>(members));
        const double mean = double(rounds) * std::abs(count) / members;
        for (const auto &[m, n] : seen)
            EXPECT_NEAR(n, mean, 7 * std::sqrt(mean)) << m;
    }
}

TEST_P(CmdZset, Scan)
{
    play({{"zscan none 0", "*2 $1 0 *0"},
          {"zscan none 0 bogus", "*2 $1 0 *0"},
          {"zscan none x", "-ERR invalid cursor"},
          {"zadd z 2.5 b", ":1"},
          {"zscan z 0", "*2 $1 0 *2 $1 b $3 2.5"},
          {"zscan z 0 noscores", "*2 $1 0 *1 $1 b"},
          {"zscan z 0 match a*", "*2 $1 0 *0"},
          {"zscan z 0 count 0", syntax},
          {"zscan z 0 count x", not_an_integer},
          {"zscan z 0 bogus", syntax}});
    session.reply.version = 3;
    EXPECT_EQ(run("zscan z 0"), "*2 $1 0 *2 $1 b $3 2.5") << "scores are text here";
}

TEST_P(CmdZset, Events)
{
    listen();
    play({{"zadd z 1 a 2 b 3 c 4 d 5 e 6 f", ":6"},
          {"zadd z xx 1 a", ":0"},
          {"zincrby z 1 a", "$1 2"},
          {"zrem z a none", ":1"},
          {"zpopmin z", "*2 $1 b $1 2"},
          {"zpopmax z", "*2 $1 f $1 6"},
          {"zremrangebyscore z 3 3", ":1"},
          {"zremrangebylex z [d [d", ":1"},
          {"zunionstore u 1 z", ":1"},
          {"zinterstore i 1 z", ":1"},
          {"zdiffstore d 1 z", ":1"},
          {"zrangestore r z 0 -1", ":1"},
          {"zrangestore r none 0 -1", ":0"},
          {"zremrangebyrank z 0 -1", ":1"},
          {"bzpopmax d 0", "*3 $1 d $1 e $1 5"},
          {"zrem i e", ":1"}});
    EXPECT_EQ(events, (std::vector<std::string>{
                          "0:zadd z", "0:zincr z", "0:zrem z", "0:zpopmin z", "0:zpopmax z",
                          "0:zremrangebyscore z", "0:zremrangebylex z", "0:zunionstore u",
                          "0:zinterstore i", "0:zdiffstore d", "0:zrangestore r", "0:del r",
                          "0:zremrangebyrank z", "0:del z", "0:zpopmax d", "0:del d", "0:zrem i",
                          "0:del i"}));
}

TEST_P(CmdZset, KeysMoveAndCopy)
{
    play({{"zadd z 1 a 2 b", ":2"},
          {"copy z c", ":1"},
          {"zadd z 3 c", ":1"},
          {"zrange c 0 -1", "*2 $1 a $1 b"},
          {"rename z r", "+OK"},
          {"zcard r", ":3"},
          {"move r 1", ":1"},
          {"zcard r", ":0"},
          {"expire c 100", ":1"},
          {"zadd c 5 z", ":1"},
          {"ttl c", ":100"},
          {"unlink c", ":1"}});
    EXPECT_NE(run("memory-usage none"), ":0");
}

} // namespace
