// What the latency monitor keeps of slow events.
#include "core/cmd/client/latency.h"

#include <gtest/gtest.h>

namespace
{

class Latency : public ::testing::Test
{
  protected:
    ~Latency() override
    {
        latency_free(monitor);
    }

    latency_monitor *monitor = latency_new();
    latency_history h{};
};

TEST_F(Latency, KeepsTheSlowestOfASecond)
{
    EXPECT_FALSE(latency_get(monitor, LATENCY_COMMAND, &h));
    latency_add(monitor, LATENCY_COMMAND, 100, 5);
    latency_add(monitor, LATENCY_COMMAND, 100, 9);
    latency_add(monitor, LATENCY_COMMAND, 100, 7);
    latency_add(monitor, LATENCY_COMMAND, 101, 1);
    ASSERT_TRUE(latency_get(monitor, LATENCY_COMMAND, &h));
    EXPECT_STREQ(h.name, "command");
    ASSERT_EQ(h.count, 2U);
    EXPECT_EQ(h.samples[0].unix_s, 100);
    EXPECT_EQ(h.samples[0].ms, 9U);
    EXPECT_EQ(h.samples[1].ms, 1U);
    EXPECT_EQ(h.max_ms, 9U);
    EXPECT_FALSE(latency_get(monitor, LATENCY_FAST_COMMAND, &h));
}

TEST_F(Latency, KeepsTheLatestAndTheSlowestEver)
{
    for (int64_t s = 0; s < 3 * LATENCY_SAMPLES; s++)
        latency_add(monitor, LATENCY_EXPIRE_CYCLE, s, s == 0 ? 1000 : 10);
    ASSERT_TRUE(latency_get(monitor, LATENCY_EXPIRE_CYCLE, &h));
    ASSERT_EQ(h.count, unsigned{LATENCY_SAMPLES});
    for (uint32_t i = 0; i < h.count; i++)
        EXPECT_EQ(h.samples[i].unix_s, 2 * LATENCY_SAMPLES + i);
    EXPECT_EQ(h.max_ms, 1000U);
    EXPECT_TRUE(latency_reset(monitor, LATENCY_EXPIRE_CYCLE));
    EXPECT_FALSE(latency_reset(monitor, LATENCY_EXPIRE_CYCLE));
    EXPECT_FALSE(latency_get(monitor, LATENCY_EXPIRE_CYCLE, &h));
}

TEST_F(Latency, FindsEventsByName)
{
    EXPECT_EQ(latency_find(bytes_cstr("Fast-Command")), LATENCY_FAST_COMMAND);
    EXPECT_EQ(latency_find(bytes_cstr("nosuch")), LATENCY_EVENTS);
    EXPECT_FALSE(latency_get(monitor, LATENCY_EVENTS, &h));
    EXPECT_FALSE(latency_reset(nullptr, LATENCY_COMMAND));
}

} // namespace
