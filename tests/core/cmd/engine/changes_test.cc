// What INFO and save points call changes: as many as a reference server counts.
#include "tests/core/cmd/cmd_fixture.h"

namespace
{

class Changes : public Commands
{
  protected:
    uint64_t of(const std::string &line)
    {
        const uint64_t before = dispatcher_stats(dispatcher_)->changes;
        run(line);
        effects();
        return dispatcher_stats(dispatcher_)->changes - before;
    }
};

// Measured: rdb_changes_since_last_save of the reference server before and behind each.
TEST_F(Changes, AreCountedByElement)
{
    const struct {
        const char *line;
        uint64_t changes;
    } rows[] = {
        {"set s v", 1},
        {"mset a 1 b 2 c 3", 3},
        {"msetnx a 1 d 2", 0},
        {"rename a a2", 1},
        {"renamenx a2 a3", 1},
        {"renamenx b c", 0},
        {"move a3 1", 1},
        {"del b c none", 2},
        {"rpush l a b c d e f", 6},
        {"lpush l x y", 2},
        {"lpushx none z", 0},
        {"linsert l before c Q", 1},
        {"lset l 0 zz", 1},
        {"lrem l 0 none", 0},
        {"ltrim l 0 3", 5},
        {"ltrim l 0 100", 0},
        {"lpop l", 1},
        {"lpop l 2", 2},
        {"rpop l 0", 0},
        {"rpush l a b c d", 4},
        {"lmpop 1 l left count 2", 2},
        {"lmove l l2 left right", 1},
        {"rpoplpush l l", 1},
        {"lmove l2 l3 left right", 1}, // its last element: the key goes too
        {"lpop l 10", 2},
        {"hset h a 1 b 2 c 3", 3},
        {"hset h a 1", 1},
        {"hdel h a b none", 2},
        {"hdel h c", 1},
        {"zadd z 1 a 2 b 3 c", 3},
        {"zadd z 1 a", 0},
        {"zadd z 5 a 6 d", 2},
        {"zincrby z 1 a", 1},
        {"zrem z a none", 1},
        {"zremrangebyrank z 0 1", 2},
        {"zadd z 1 a 2 b 3 c", 3},
        {"zremrangebyscore z 2 3", 2},
        {"zpopmin z 5", 2},
        {"zadd z 1 a 2 b 3 c", 3},
        {"zmpop 1 z min count 2", 2},
        {"zrangestore d z 0 -1", 1},
        {"geoadd g 1 1 a 2 2 b", 2},
        {"geosearchstore gd g fromlonlat 1 1 byradius 1000 km", 2},
        {"sadd x 1 2 3 4", 4},
        {"sort x store sorted", 4},
        {"setbit bits 0 0", 1}, // it is made
        {"setbit bits 0 0", 0},
        {"bitfield field set i5 0 0", 1},
        {"bitfield field set i5 0 0", 0},
        {"bitfield field set u8 0 1 get u8 0 set u8 8 2 set u8 0 1", 3}, // longer: all of them
        {"bitfield field set u8 0 1 set u8 8 3", 1},
        {"bitfield other overflow fail set u8 0 256", 1}, // refused, but it is there now
    };
    for (const auto &row : rows)
        EXPECT_EQ(of(row.line), row.changes) << row.line;
}

} // namespace
