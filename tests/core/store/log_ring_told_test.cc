// What may be told, and whom the ring names when it may: P4, and the asks that meet their answers.
#include "core/store/log_ring.h"

#include "core/base/clock.h"
#include "core/base/mem.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace
{

constexpr uint32_t WORKER = 5, OTHER = 63;
constexpr uint64_t NAMED = uint64_t{1} << WORKER;

class Told : public testing::Test
{
  protected:
    ~Told() override
    {
        log_ring_free(ring);
    }

    uint64_t put() const
    {
        return log_ring_put(ring, LOG_EFFECTS, mem_alloc(8), 8, 0, 0);
    }

    // Where it does not matter who is named.
    void publish_written(uint64_t ticket)
    {
        named_ |= log_ring_publish_written(ring, ticket);
    }

    void publish_durable(uint64_t ticket)
    {
        named_ |= log_ring_publish_durable(ring, ticket);
    }

    bool told(uint64_t ticket) const
    {
        return log_ring_is_durable_or_ask(ring, ticket, WORKER);
    }

    bool told_when_all_else_is_written()
    {
        publish_written(put());
        publish_written(put());
        return told(put());
    }

    // Longer than a reply may go out for what nobody has written.
    static void grow_late()
    {
        const int64_t since = clock_mono_ns();
        while (clock_mono_ns() - since <= LOG_LATE_NS)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }

    // A machine that stands still makes anything late; once in so many tries it does not.
    template <class Step> static bool once(Step step)
    {
        for (int i = 0; i < 50; i++)
            if (step())
                return true;
        return false;
    }

    log_ring *ring = log_ring_new(1 << 10, 16, SIZE_MAX);

  private:
    uint64_t named_ = 0;
};

TEST_F(Told, AwaitedWhenDurable)
{
    log_ring_set_awaited(ring, true);
    const uint64_t first = put(), second = put();
    EXPECT_FALSE(told(first));
    EXPECT_FALSE(log_ring_is_durable_or_ask(ring, second, OTHER));
    EXPECT_EQ(log_ring_publish_written(ring, second), 0u) << "written is not durable";
    EXPECT_FALSE(told(first));
    EXPECT_EQ(log_ring_publish_durable(ring, first), NAMED | uint64_t{1} << OTHER);
    EXPECT_EQ(log_ring_publish_durable(ring, first), 0u) << "once each";
    EXPECT_TRUE(told(first));
    EXPECT_FALSE(told(second));
    EXPECT_EQ(log_ring_publish_durable(ring, first - 1), NAMED);
    EXPECT_EQ(log_ring_durable(ring), first) << "it never goes back";
    EXPECT_TRUE(told(first));
}

TEST_F(Told, OthersAtOnceOrWhenWritten)
{
    EXPECT_TRUE(once([&] { return told_when_all_else_is_written(); }));
    const uint64_t late = put();
    grow_late();
    EXPECT_FALSE(told(late));
    EXPECT_EQ(log_ring_publish_written(ring, late - 1), NAMED) << "it looks again";
    EXPECT_FALSE(told(late));
    EXPECT_EQ(log_ring_publish_written(ring, late), NAMED);
    EXPECT_TRUE(told(late));
    EXPECT_EQ(log_ring_publish_written(ring, late), 0u);
}

TEST_F(Told, NothingThatCannotBeWritten)
{
    log_ring_set_failing(ring, true);
    const uint64_t ticket = put();
    EXPECT_FALSE(told(ticket));
    log_ring_set_failing(ring, false);
    EXPECT_EQ(log_ring_publish_written(ring, ticket), NAMED);
    EXPECT_TRUE(told(ticket));
}

TEST_F(Told, ARefusalNamesThoseWhoWait)
{
    static const char line[] = "-MISCONF\r\n";
    log_ring_set_awaited(ring, true);
    const uint64_t ticket = put();
    EXPECT_FALSE(told(ticket));
    EXPECT_EQ(log_ring_set_refusal(ring, line), NAMED);
    EXPECT_EQ(log_ring_refusal(ring), line);
    EXPECT_FALSE(told(ticket));
    EXPECT_EQ(log_ring_set_refusal(ring, line), 0u) << "they have been told that";
    EXPECT_EQ(log_ring_set_refusal(ring, nullptr), 0u) << "they wait on";
    EXPECT_EQ(log_ring_refusal(ring), nullptr);
    EXPECT_EQ(log_ring_publish_durable(ring, ticket), NAMED);
}

// The bound holds for each ticket, however the publications lie: a change counts from when it was
// put, not from when the consumer last wrote something.
TEST_F(Told, NoPublicationMakesAChangeYounger)
{
    for (int publications = 0; publications < 3; publications++) {
        const uint64_t ticket = put();
        const int64_t since = clock_mono_ns();
        for (int i = 0; i < publications; i++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(40));
            publish_written(ticket - 1);
        }
        while (clock_mono_ns() - since <= LOG_LATE_NS)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        EXPECT_FALSE(told(ticket)) << publications;
        publish_written(ticket);
    }
}

// A consumer that writes keeps all young, however long it does, and so does one that has slept.
TEST_F(Told, AConsumerThatKeepsUpMakesNobodyWait)
{
    const auto keep_up = [&] {
        const int64_t since = clock_mono_ns();
        while (clock_mono_ns() - since <= 2 * int64_t{LOG_LATE_NS}) {
            publish_written(put());
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return once([&] { return told_when_all_else_is_written(); });
    };
    EXPECT_TRUE(keep_up());
    log_record r;
    EXPECT_TRUE(once([&] {
        while (log_ring_take(ring, &r))
            log_record_done(&r);
        grow_late();
        log_ring_rest(ring, 1);
        return told(put());
    })) << "it rested, for all was taken";
    EXPECT_TRUE(keep_up());
}

TEST_F(Told, WhoWakesTheConsumerIsNotLate)
{
    log_record r;
    EXPECT_TRUE(once([&] {
        while (log_ring_take(ring, &r))
            log_record_done(&r);
        std::thread consumer([&] { log_ring_rest(ring, 20'000'000'000); });
        grow_late(); /* it sleeps by now, or this try is in vain */
        const uint64_t ticket = put();
        log_ring_poke(ring);
        const bool at_once = told(ticket);
        consumer.join();
        return at_once;
    }));
}

TEST_F(Told, PublicationsRememberWhoCameBefore)
{
    put();
    publish_durable(0);
    EXPECT_EQ(log_ring_ticket_at_publication(ring), 1u);
    put();
    put();
    EXPECT_EQ(log_ring_ticket_at_publication(ring), 1u);
    publish_durable(1);
    EXPECT_EQ(log_ring_ticket_at_publication(ring), 3u);
}

// --- asks that race with their answers

class Named
{
  public:
    void name(uint64_t workers)
    {
        if (workers & NAMED)
            named_ = true;
    }

    // False: nobody named it, and nobody will.
    bool wait()
    {
        for (int spins = 0; spins < 1000; spins++) {
            if (named_.exchange(false))
                return true;
            std::this_thread::yield();
        }
        const auto since = std::chrono::steady_clock::now();
        while (!named_.exchange(false)) {
            if (std::chrono::steady_clock::now() - since > std::chrono::seconds(20))
                return false;
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
        return true;
    }

  private:
    std::atomic<bool> named_{false};
};

// So many races, or as many as two seconds allow.
class Races
{
  public:
    bool next()
    {
        return count_++ < 20'000 &&
               std::chrono::steady_clock::now() - since_ < std::chrono::seconds(2);
    }

  private:
    int count_ = 0;
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

// Takes all that is put, and hands each record to answer, which returns the workers to tell.
template <class Answer, class Producer>
void race(log_ring *ring, Named &named, Answer answer, Producer producer)
{
    std::atomic<bool> over{false};
    std::thread consumer([&] {
        log_record r;
        while (!over) {
            if (log_ring_take(ring, &r))
                named.name(answer(r));
            else
                std::this_thread::yield();
        }
    });
    producer();
    over = true;
    consumer.join();
    log_ring_free(ring);
}

TEST(Ring, ConcurrentAskForRoomIsAlwaysAnswered)
{
    log_ring *ring = log_ring_new(2, 1, SIZE_MAX); // one slot of room
    Named named;
    race(
        ring, named, [&](const log_record &) { return log_ring_take_waiting(ring); },
        [&] {
            for (Races races; races.next();) {
                while (!log_ring_room_or_ask(ring, WORKER))
                    ASSERT_TRUE(named.wait());
                log_ring_put(ring, LOG_WAIT, nullptr, 0, 0, 0);
            }
        });
}

TEST(Ring, ConcurrentAskForDurabilityIsAlwaysAnswered)
{
    for (const bool awaited : {true, false}) {
        log_ring *ring = log_ring_new(1 << 10, 16, SIZE_MAX);
        log_ring_set_awaited(ring, awaited);
        log_ring_set_failing(ring, true); /* so that all rests on what is written */
        Named named;
        race(
            ring, named,
            [&](const log_record &r) {
                return awaited ? log_ring_publish_durable(ring, r.ticket)
                               : log_ring_publish_written(ring, r.ticket);
            },
            [&] {
                for (Races races; races.next();) {
                    const uint64_t ticket = log_ring_put(ring, LOG_WAIT, nullptr, 0, 0, 0);
                    while (!log_ring_is_durable_or_ask(ring, ticket, WORKER))
                        ASSERT_TRUE(named.wait()) << awaited;
                }
            });
    }
}

} // namespace
