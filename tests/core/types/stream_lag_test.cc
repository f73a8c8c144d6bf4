// What groups have read and still have before them: as a Redis server tells it, and where trimming
// misleads a 7.0, what is really there.
#include "core/types/stream_lag.h"

#include <gtest/gtest.h>

namespace
{

struct Case {
    const char *name;
    uint64_t length, first, last, max_deleted, added;
    uint64_t last_id;
    int64_t entries_read, lag;
};

stream_id id_of(uint64_t ms)
{
    return stream_id_of(ms, 0);
}

stream_state state_of(const Case &c)
{
    stream_state s{};
    s.length = c.length;
    s.first_id = id_of(c.first);
    s.last_id = id_of(c.last);
    s.max_deleted_id = id_of(c.max_deleted);
    s.entries_added = c.added;
    return s;
}

const Case cases[] = {
    {"nothing was ever added", 0, 0, 0, 0, 0, 0, -1, 0},
    {"nothing was ever added, whatever the group thinks", 0, 0, 0, 0, 0, 5, 3, 0},
    {"from the beginning", 5, 1, 5, 0, 5, 0, -1, 5},
    {"from the first", 5, 1, 5, 0, 5, 1, -1, 4},
    {"from the middle", 5, 1, 5, 0, 5, 2, -1, -1},
    {"from the middle, counted", 5, 1, 5, 0, 5, 2, 2, 3},
    {"from the middle, miscounted", 5, 1, 5, 0, 5, 2, 50, -1},
    {"from the middle, miscounted by one", 5, 1, 5, 0, 5, 2, 6, -1},
    {"from the first, miscounted", 5, 1, 5, 0, 5, 1, 50, 4},
    {"from the last, miscounted", 5, 1, 5, 0, 5, 5, 50, 0},
    {"from the last", 5, 1, 5, 0, 5, 5, -1, 0},
    {"from beyond the last", 5, 1, 5, 0, 5, 9, -1, -1},
    {"from what was the last", 6, 1, 7, 0, 6, 5, -1, -1},
    {"all deleted", 0, 0, 3, 3, 3, 0, -1, 0},
    {"all deleted, and one more", 1, 9, 9, 3, 4, 0, -1, 1},
    {"all deleted, one more, from the middle", 1, 9, 9, 3, 4, 2, -1, 1},
    {"all trimmed before they were read", 0, 0, 5, 0, 5, 2, 2, 0},
    {"all trimmed, from beyond the last", 0, 0, 5, 0, 5, 9, -1, -1},
    {"the first deleted", 4, 2, 5, 1, 5, 0, -1, 4},
    {"some trimmed before they were read", 2, 4, 5, 0, 5, 2, 2, 2},
    {"trimmed and deleted before the first", 2, 4, 5, 3, 5, 2, 2, 2},
    {"deleted before, counted", 4, 1, 5, 2, 5, 3, 3, 2},
    {"deleted before, not counted", 4, 1, 5, 2, 5, 3, -1, -1},
    {"deleted where it is", 4, 1, 5, 3, 5, 3, 3, -1},
    {"deleted behind", 4, 1, 5, 4, 5, 2, 2, -1},
    {"deleted behind, from the beginning", 4, 1, 5, 4, 5, 0, -1, -1},
};

TEST(StreamLag, IsWhatIsLeftWhereThatCanBeTold)
{
    for (const Case &c : cases) {
        const stream_state s = state_of(c);
        EXPECT_EQ(stream_lag(&s, id_of(c.last_id), c.entries_read), c.lag) << c.name;
    }
}

TEST(StreamLag, ReadersCountAgainWhereTheyCanTell)
{
    const struct {
        const char *name;
        uint64_t max_deleted;
        uint64_t first, last_id;
        int64_t entries_read;
        uint64_t id;
        int64_t want;
    } steps[] = {
        {"one more", 0, 1, 2, 2, 3, 3},
        {"the first, without a count", 0, 1, 0, -1, 1, 1},
        {"the second, without a count", 0, 1, 1, -1, 2, -1},
        {"the last, without a count", 0, 1, 1, -1, 10, 10},
        {"the first behind what was trimmed", 0, 4, 1, 1, 4, 4},
        {"before a hole", 5, 1, 2, 2, 3, -1},
        {"the last, behind a hole", 5, 1, 9, -1, 10, 10},
        {"behind a hole, with a count", 5, 1, 6, 6, 7, 7},
    };
    for (const auto &step : steps) {
        stream_state s{};
        s.length = 11 - step.first - (step.max_deleted > 0);
        s.first_id = id_of(step.first);
        s.last_id = id_of(10);
        s.max_deleted_id = id_of(step.max_deleted);
        s.entries_added = 10;
        EXPECT_EQ(stream_entries_read(&s, id_of(step.last_id), step.entries_read, id_of(step.id)),
                  step.want)
            << step.name;
    }
}

} // namespace
