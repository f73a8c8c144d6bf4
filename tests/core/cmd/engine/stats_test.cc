// Error statistics: a row a code, and how many codes scripts may make up.
#include "core/cmd/engine/stats.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace
{

class Stats : public ::testing::Test
{
  protected:
    Stats()
    {
        stats_init(&stats, 1);
    }

    ~Stats() override
    {
        stats_release(&stats);
    }

    void add(const std::string &line, bool made_up)
    {
        stats_error(&stats, bytes_of(line.data(), line.size()), made_up);
    }

    std::map<std::string, uint64_t> rows()
    {
        std::map<std::string, uint64_t> out;
        for (uint32_t i = 0; i < stats.error_count; i++)
            if (stats.errors[i].count > 0)
                out[stats.errors[i].code] += stats.errors[i].count;
        return out;
    }

    struct stats stats {
    };
};

TEST_F(Stats, CodesOfScriptsAreBounded)
{
    for (int i = 0; i < 1100; i++)
        add(std::to_string(i) + " of my own", true);
    add("ERR syntax error", false);
    add("0 of my own", true);
    EXPECT_EQ(rows()["ERRORSTATS_OVERFLOW"], 1100u - 128u);
    EXPECT_EQ(rows()["ERR"], 1u);
    EXPECT_EQ(rows()["0"], 2u);
    EXPECT_EQ(rows().size(), 128u + 2u);
    EXPECT_EQ(stats.error_replies, 1102u);
}

TEST_F(Stats, CodesOfCommandsAreBoundedToo)
{
    for (int i = 0; i < 1000; i++)
        add("C" + std::to_string(i), false);
    EXPECT_LE(stats.error_count, static_cast<uint32_t>(STATS_ERRORS_MAX));
    uint64_t sum = 0;
    for (const auto &row : rows())
        sum += row.second;
    EXPECT_EQ(sum, 1000u);
}

TEST_F(Stats, AResetMakesRoomForOtherCodes)
{
    for (int i = 0; i < 500; i++)
        add(std::to_string(i), true);
    stats_reset(&stats);
    EXPECT_EQ(rows().size(), 0u);
    add("MINE is new", true);
    EXPECT_EQ(rows(), (std::map<std::string, uint64_t>{{"MINE", 1}}));
}

} // namespace
