// Which changes enough replicas have been given: who asks in vain is told.
#include "core/store/log_copies.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace
{

TEST(LogCopies, NobodyWaitsWhileItIsOff)
{
    log_copies c = {};
    EXPECT_FALSE(log_copies_is_on(&c));
    EXPECT_TRUE(log_copies_has_or_ask(&c, 7, 1));
    EXPECT_EQ(log_copies_off(&c), 0U);
    EXPECT_EQ(log_copies_publish(&c, 5), 0U);
    EXPECT_TRUE(log_copies_is_on(&c));
}

TEST(LogCopies, WhoAsksIsToldOnce)
{
    log_copies c = {};
    EXPECT_EQ(log_copies_publish(&c, 5), 0U);
    EXPECT_TRUE(log_copies_has_or_ask(&c, 5, 1));
    EXPECT_FALSE(log_copies_has_or_ask(&c, 6, 1));
    EXPECT_FALSE(log_copies_has_or_ask(&c, 9, 3));
    EXPECT_EQ(log_copies_publish(&c, 5), 0U);
    EXPECT_EQ(log_copies_publish(&c, 2), 0U); // a lower one changes nothing
    EXPECT_EQ(log_copies_publish(&c, 6), UINT64_C(1) << 1 | UINT64_C(1) << 3);
    EXPECT_FALSE(log_copies_has_or_ask(&c, 9, 3)); // it was told too early, and asks again
    EXPECT_EQ(log_copies_off(&c), UINT64_C(1) << 3);
    EXPECT_TRUE(log_copies_has_or_ask(&c, 9, 3));
    EXPECT_EQ(log_copies_off(&c), 0U);
}

// Nobody who was refused is forgotten, whatever meets what.
TEST(LogCopies, NoWakeIsLost)
{
    constexpr uint64_t kTickets = 2000;
    log_copies c = {};
    EXPECT_EQ(log_copies_publish(&c, 0), 0U);
    std::atomic<uint64_t> told{0}, asked{0};
    std::thread worker([&] {
        for (uint64_t ticket = 1; ticket <= kTickets; ticket++) {
            asked = ticket;
            while (!log_copies_has_or_ask(&c, ticket, 2)) {
                uint64_t was = told.exchange(0);
                while (was == 0) { // asleep: only its bit ends this
                    std::this_thread::yield();
                    was = told.exchange(0);
                }
            }
        }
        asked = kTickets + 1;
    });
    uint64_t turn = 0;
    while (asked <= kTickets) {
        const uint64_t ticket = asked;
        const uint64_t tell =
            turn++ % 50 == 0 ? log_copies_off(&c) : log_copies_publish(&c, ticket);
        if (tell)
            told.fetch_or(tell);
    }
    worker.join();
    SUCCEED();
}

} // namespace
