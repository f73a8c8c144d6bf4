// The backlog against a model: what was appended is read from any place that is kept.
#include "persist/repl/backlog.h"

#include "core/base/mem.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace
{

struct Log {
    backlog *b;
    log_sink sink;
    std::string all; // since the first byte
    uint64_t ticket = 0, beyond = 0;

    explicit Log(uint64_t size)
    {
        backlog_options o{};
        o.size = size;
        o.beyond = &beyond;
        b = backlog_new(&o);
        sink = backlog_sink(b);
    }
    ~Log()
    {
        backlog_free(b);
    }
    void append(const std::string &text)
    {
        all += text;
        sink.write(sink.ctx, bytes_of(text.data(), text.size()), all.size(), ++ticket);
    }
    void step(backlog_step step, const std::string &id = "", int64_t end = 0)
    {
        backlog_change *c = mem_new(backlog_change);
        c->step = step;
        c->end = end;
        if (!id.empty())
            memcpy(c->id, id.c_str(), sizeof c->id);
        log_record r{};
        r.kind = LOG_HISTORY;
        r.data = c;
        r.ticket = ++ticket;
        sink.marker(sink.ctx, &r, 0);
    }
    backlog_state state() const
    {
        backlog_state s;
        backlog_state_get(b, &s);
        return s;
    }
    bool pin(backlog_pin *p, const std::string &id, int64_t wanted) const
    {
        return backlog_pin_from(b, p, bytes_of(id.data(), id.size()), wanted);
    }
};

std::string read(Log &log, backlog_pin *p, uint32_t max = BACKLOG_RUNS)
{
    backlog_hold hold{};
    bytes runs[BACKLOG_RUNS];
    std::string out;
    const uint32_t n = backlog_read(log.b, p, &hold, runs, max, 0);
    for (uint32_t i = 0; i < n; i++)
        out.append(runs[i].data, runs[i].size);
    backlog_drop(&hold);
    return out;
}

TEST(Backlog, IsOffUntilItsHistoryBegins)
{
    Log log(1 << 20);
    EXPECT_FALSE(log.state().on);
    backlog_pin p{};
    EXPECT_FALSE(log.pin(&p, log.state().history.id, 1));
    log.step(BACKLOG_START);
    EXPECT_TRUE(log.state().on);
    EXPECT_EQ(log.state().first, 1);
    EXPECT_EQ(log.state().end, 0);
    ASSERT_TRUE(log.pin(&p, log.state().history.id, 1));
    EXPECT_EQ(read(log, &p), "");
    log.append("abc");
    EXPECT_EQ(read(log, &p), "abc");
    log.step(BACKLOG_FORGET);
    EXPECT_TRUE(backlog_pin_is_broken(log.b, &p));
    EXPECT_FALSE(log.state().on);
    EXPECT_EQ(log.state().end, 3); // offsets never come again under a new id
    backlog_unpin(log.b, &p);
}

// RE28, RE30: each step says which ids are good from where on.
TEST(Backlog, StepsOfTheHistory)
{
    Log log(1 << 20);
    log.step(BACKLOG_START);
    const std::string first = log.state().history.id;
    log.append("0123456789");
    log.step(BACKLOG_PROMOTE);
    EXPECT_EQ(log.state().history.second_offset, 11);
    backlog_pin p{};
    EXPECT_TRUE(log.pin(&p, first, 11)); // what both know
    log.append("x");
    EXPECT_EQ(read(log, &p), "x");
    backlog_unpin(log.b, &p);
    EXPECT_FALSE(log.pin(&p, first, 12));
    const std::string given(40, 'c');
    log.step(BACKLOG_ADOPT, given, 5000);
    EXPECT_EQ(log.state().end, 5000);
    EXPECT_EQ(log.state().first, 5001);
    EXPECT_FALSE(log.pin(&p, given, 5000)); // not kept
    EXPECT_TRUE(log.pin(&p, given, 5001));
    const std::string next(40, 'd');
    log.step(BACKLOG_CONTINUE, next);
    EXPECT_TRUE(backlog_pin_is_spent(log.b, &p)); // nothing stood before the marker
    EXPECT_FALSE(backlog_pin_is_broken(log.b, &p));
    backlog_unpin(log.b, &p);
    EXPECT_EQ(std::string(log.state().history.id2), given);
}

// H18: who is let go gets what stands before the marker, all of it and nothing more.
TEST(Backlog, APinEndsAtTheMarkerOfAChange)
{
    for (const backlog_step step : {BACKLOG_PROMOTE, BACKLOG_CONTINUE, BACKLOG_FOLLOW}) {
        Log log(16384);
        log.step(BACKLOG_START);
        const std::string id = log.state().history.id;
        backlog_pin p{}, behind{}, copy{};
        ASSERT_TRUE(log.pin(&p, id, 1));
        ASSERT_TRUE(log.pin(&behind, id, 1));
        log.append(std::string(50000, 'a'));
        const std::string block = read(log, &p, 1);
        EXPECT_LT(block.size(), 4096u);
        log.append("b");
        EXPECT_FALSE(backlog_pin_is_spent(log.b, &p));
        log.step(step, std::string(40, 'c'));
        EXPECT_FALSE(backlog_pin_is_spent(log.b, &p));
        EXPECT_FALSE(backlog_pin_like(log.b, &copy, &p)); // no sync begins where it stands
        log.append(std::string(50000, 'x'));              // some of it in the same block
        log.step(step, std::string(40, 'd'));             // it has ended already
        EXPECT_EQ(backlog_pin_lag(log.b, &behind), 50001u);
        EXPECT_EQ(read(log, &behind), std::string(50000, 'a') + "b");
        EXPECT_EQ(block + read(log, &p), std::string(50000, 'a') + "b");
        for (backlog_pin *one : {&p, &behind}) {
            EXPECT_TRUE(backlog_pin_is_spent(log.b, one));
            EXPECT_EQ(backlog_pin_lag(log.b, one), 0u);
            EXPECT_EQ(read(log, one), "");
            backlog_unpin(log.b, one);
        }
        EXPECT_LE(log.state().end + 1 - log.state().first, 16384 + 4096);
        log.step(BACKLOG_FORGET);
    }
}

// A change that replaces the bytes leaves nothing to read, also for a pin that has ended.
TEST(Backlog, APinThatHasEndedIsBrokenByOtherBytes)
{
    Log log(1 << 20);
    log.step(BACKLOG_START);
    backlog_pin p{};
    ASSERT_TRUE(log.pin(&p, log.state().history.id, 1));
    log.append("abc");
    log.step(BACKLOG_FOLLOW);
    log.step(BACKLOG_ADOPT, std::string(40, 'c'), 5000);
    EXPECT_TRUE(backlog_pin_is_broken(log.b, &p));
    EXPECT_TRUE(backlog_pin_is_spent(log.b, &p));
    EXPECT_EQ(read(log, &p), "");
    backlog_unpin(log.b, &p);
}

// Random appends, readers at any pace, and a hold that outlives its pin: ASan watches the blocks.
TEST(Backlog, ReadersGetWhatWasAppended)
{
    std::mt19937_64 rng(test_seed());
    for (const uint64_t size : {UINT64_C(16384), UINT64_C(100000), UINT64_C(1) << 20}) {
        Log log(size);
        log.step(BACKLOG_START);
        const std::string id = log.state().history.id;
        struct Reader {
            backlog_pin pin{};
            size_t at = 0;
        };
        std::vector<Reader> readers(6);
        for (int i = 0; i < 3000; i++) {
            if (rng() % 2) {
                std::string text(1 + rng() % (rng() % 20 == 0 ? 200000 : 300), ' ');
                for (char &c : text)
                    c = static_cast<char>(rng());
                log.append(text);
            }
            Reader &r = readers[rng() % readers.size()];
            const backlog_state s = log.state();
            ASSERT_EQ(s.end, static_cast<int64_t>(log.all.size()));
            if (!r.pin.on) {
                const int64_t wanted =
                    s.first +
                    static_cast<int64_t>(rng() % static_cast<uint64_t>(s.end - s.first + 2));
                ASSERT_TRUE(log.pin(&r.pin, id, wanted));
                r.at = static_cast<size_t>(wanted - 1);
            } else if (rng() % 30 == 0) {
                backlog_unpin(log.b, &r.pin);
            } else {
                const std::string got = read(log, &r.pin, 1 + rng() % BACKLOG_RUNS);
                ASSERT_EQ(got, log.all.substr(r.at, got.size()));
                r.at += got.size();
                ASSERT_EQ(backlog_pin_lag(log.b, &r.pin), log.all.size() - r.at);
            }
        }
        for (Reader &r : readers)
            backlog_unpin(log.b, &r.pin);
        const backlog_state s = log.state();
        const uint64_t kept = static_cast<uint64_t>(s.end + 1 - s.first);
        EXPECT_GE(kept, std::min<uint64_t>(size, log.all.size()));
        EXPECT_LE(kept, size + 65536);
        backlog_pin p{};
        EXPECT_FALSE(log.pin(&p, id, s.first - 1));
        EXPECT_FALSE(log.pin(&p, id, s.end + 2));
    }
}

TEST(Backlog, AHoldOutlivesItsPinAndTheTrimming)
{
    Log log(16384);
    log.step(BACKLOG_START);
    backlog_pin p{};
    ASSERT_TRUE(log.pin(&p, log.state().history.id, 1));
    log.append(std::string(10000, 'a'));
    backlog_hold hold{};
    bytes runs[BACKLOG_RUNS];
    const uint32_t n = backlog_read(log.b, &p, &hold, runs, BACKLOG_RUNS, 0);
    ASSERT_GT(n, 0u);
    backlog_unpin(log.b, &p);
    log.append(std::string(200000, 'b'));
    log.step(BACKLOG_FORGET);
    size_t bytes_held = 0;
    for (uint32_t i = 0; i < n; i++) {
        EXPECT_EQ(std::string(runs[i].data, runs[i].size), std::string(runs[i].size, 'a'));
        bytes_held += runs[i].size;
    }
    EXPECT_EQ(bytes_held, 10000u);
    backlog_drop(&hold);
}

// What only a reader who lags holds is told at once, and is nothing when he has gone on or is gone.
TEST(Backlog, WhatPinsHoldBeyondItsSizeIsTold)
{
    constexpr size_t SIZE = 16384, MUCH = 4 << 20;
    Log log(SIZE);
    log.step(BACKLOG_START);
    log.append(std::string(MUCH, 'a'));
    EXPECT_EQ(log.beyond, 0u); // nobody lags
    for (const bool reads : {true, false}) {
        backlog_pin p{};
        ASSERT_TRUE(log.pin(&p, log.state().history.id, log.state().end + 1));
        for (int i = 0; i < 64; i++) {
            const uint64_t before = log.beyond;
            log.append(std::string(MUCH / 64, 'b'));
            EXPECT_GE(log.beyond, before);
        }
        EXPECT_GE(log.beyond, MUCH - 2 * SIZE);
        EXPECT_EQ(log.beyond, log.state().held - SIZE);
        if (reads) {
            while (!read(log, &p).empty())
                ;
            EXPECT_LT(log.beyond, MUCH / 4);
        }
        backlog_unpin(log.b, &p);
        EXPECT_EQ(log.beyond, 0u);
    }
}

TEST(Backlog, AMarkIsWhereItStands)
{
    Log log(1 << 20);
    log.step(BACKLOG_START);
    log.append("abc");
    backlog_mark mark{};
    mark.wants_pin = true;
    log_record r{};
    r.kind = LOG_ATTACH;
    r.data = &mark;
    r.last_db = 7;
    r.first_db = 0;
    r.ticket = ++log.ticket;
    log.sink.marker(log.sink.ctx, &r, 0);
    backlog_mark_wait(&mark);
    EXPECT_EQ(mark.end, 3);
    EXPECT_EQ(mark.db, 7u);
    log.append("def");
    backlog_pin p{};
    ASSERT_TRUE(backlog_pin_like(log.b, &p, &mark.pin));
    EXPECT_EQ(read(log, &p), "def");
    backlog_unpin(log.b, &mark.pin);
    EXPECT_FALSE(backlog_pin_like(log.b, &mark.pin, &mark.pin));
    backlog_unpin(log.b, &p);
}

} // namespace
