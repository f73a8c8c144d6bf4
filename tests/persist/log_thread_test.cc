// The one reader of the log: order, SELECT, offsets, markers, and no lost wake-up.
#include "persist/log_thread.h"

#include "core/base/mem.h"
#include "core/store/shard.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace
{

struct Sink {
    std::string stream;
    uint64_t last_ticket = 0;
    std::vector<std::pair<uint64_t, uint64_t>> markers; // ticket, offset
    std::atomic<uint64_t> tickets{0};

    static void write(void *ctx, bytes b, uint64_t offset, uint64_t ticket)
    {
        Sink *s = static_cast<Sink *>(ctx);
        s->stream.append(b.data, b.size);
        EXPECT_EQ(s->stream.size(), offset);
        EXPECT_GT(ticket, s->last_ticket);
        s->last_ticket = ticket;
        s->tickets = ticket;
        s->tickets.notify_all();
    }
    static void marker(void *ctx, const log_record *m, uint64_t offset)
    {
        Sink *s = static_cast<Sink *>(ctx);
        EXPECT_EQ(s->stream.size(), offset); // everything before it is written
        s->markers.emplace_back(m->ticket, offset);
        if (m->kind == LOG_WAIT)
            static_cast<std::atomic<uint32_t> *>(m->data)->store(1);
    }
    static bool yes(void *)
    {
        return true;
    }
    static void passed(void *ctx, uint64_t ticket)
    {
        Sink *s = static_cast<Sink *>(ctx);
        EXPECT_GT(ticket, s->last_ticket);
        s->last_ticket = ticket;
        s->tickets = ticket;
        s->tickets.notify_all();
    }
    log_sink row(bool eager = false, log_to to = LOG_TO_AOF)
    {
        return {to, write, passed, marker, nullptr, eager ? yes : nullptr, this};
    }
    void wait_for(uint64_t ticket)
    {
        for (uint64_t now; (now = tickets.load()) < ticket;)
            tickets.wait(now);
    }
};

uint64_t put(log_ring *r, const std::string &text, uint32_t first, uint32_t last,
             log_to to = LOG_TO_ALL, bool raw = false)
{
    void *block = mem_alloc(text.size());
    memcpy(block, text.data(), text.size());
    const log_bytes b = {block, text.size(), LOG_HOLD_BLOCK, to};
    const uint64_t ticket =
        raw ? log_ring_put_raw(r, &b, first, last) : log_ring_put_bytes(r, &b, first, last);
    log_ring_poke(r);
    return ticket;
}

std::string select(int db)
{
    const std::string n = std::to_string(db);
    return "*2\r\n$6\r\nSELECT\r\n$" + std::to_string(n.size()) + "\r\n" + n + "\r\n";
}

// C2: a slot says where it begins and where it leaves the stream.
TEST(LogThread, PutsSelectWhereTheDatabaseChanges)
{
    log_ring *ring = log_ring_new(64, 8, 1 << 20);
    Sink sink;
    const log_sink row = sink.row();
    log_thread *t = log_thread_new(ring, &row, 1);
    put(ring, "a", 0, 0);
    put(ring, "b", 0, 7); // goes over to 7 by itself
    put(ring, "c", 7, 7);
    put(ring, "d", 0, 0);
    put(ring, "e", 12, 0);
    put(ring, "f", 0, 0);
    log_ring_put(ring, LOG_CUT, nullptr, 0, 0, 0);
    put(ring, "g", 0, 0); // a cut alone begins no new stream
    log_ring_put(ring, LOG_ROTATE, nullptr, 0, 0, 0);
    put(ring, "h", 0, 0);
    log_ring_put(ring, LOG_ATTACH, nullptr, 0, LOG_NO_DB, 0); // that is the replicas' affair
    put(ring, "i", 0, 0);
    log_thread_end(t);
    const std::string s0 = select(0);
    EXPECT_EQ(sink.stream, s0 + "abc" + s0 + "d" + select(12) + "efg" + s0 + "hi");
    ASSERT_EQ(sink.markers.size(), 3u);
    EXPECT_EQ(sink.markers[0].first, 7u);
    const char behind[] = "fgh";
    for (size_t i = 0; i < 3; i++)
        EXPECT_EQ(sink.stream.substr(0, sink.markers[i].second).back(), behind[i]);
    log_ring_free(ring);
}

// Two streams, each with a database and an offset of its own.
TEST(LogThread, TheReplicasHaveAStreamOfTheirOwn)
{
    log_ring *ring = log_ring_new(64, 8, 1 << 20);
    Sink file, repl;
    const log_sink rows[] = {file.row(), repl.row(false, LOG_TO_REPL)};
    log_thread *t = log_thread_new(ring, rows, 2);
    put(ring, "p", 3, 3, LOG_TO_REPL); // a PUBLISH in 3: the file has not gone there
    put(ring, "a", 3, 3);
    put(ring, "-", LOG_NO_DB, LOG_NO_DB, LOG_TO_REPL); // names no key
    put(ring, "b", 3, 3, LOG_TO_AOF);
    log_ring_put(ring, LOG_ATTACH, nullptr, 0, LOG_NO_DB, 0);
    put(ring, "c", 3, 3);
    log_ring_put(ring, LOG_ATTACH, nullptr, 0, 0, 0); // of a replica: the stream is its primary's
    put(ring, "d", 3, 3);
    put(ring, "r", 5, 6, LOG_TO_ALL, true); // goes as it is, and leaves in 6
    put(ring, "e", 6, 6);
    log_ring_put(ring, LOG_HISTORY, nullptr, 0, LOG_NO_DB, 0);
    put(ring, "f", 6, 6);
    const uint64_t last = put(ring, "q", 6, 6, LOG_TO_REPL);
    file.wait_for(last); // told, though it is none of its affair
    log_thread_end(t);
    EXPECT_EQ(file.stream, select(3) + "abcd" + select(5) + "ref");
    EXPECT_EQ(repl.stream, select(3) + "pa-" + select(3) + "cdre" + select(6) + "fq");
    EXPECT_EQ(file.last_ticket, last);
    ASSERT_EQ(repl.markers.size(), 3u);
    EXPECT_EQ(repl.markers[0].second, select(3).size() + 3);
    log_ring_free(ring);
}

TEST(LogThread, EverySinkGetsTheSame)
{
    log_ring *ring = log_ring_new(1 << 12, 8, 64 << 20);
    Sink a, b;
    const log_sink rows[] = {a.row(), b.row()};
    log_thread *t = log_thread_new(ring, rows, 2);
    uint64_t last = 0;
    for (int i = 0; i < 2000; i++)
        last = put(ring, std::string(static_cast<size_t>(i) * 3 + 1, 'x'), 0, 0);
    a.wait_for(last);
    log_thread_end(t);
    EXPECT_EQ(a.stream, b.stream);
    EXPECT_EQ(a.last_ticket, last);
    EXPECT_EQ(b.last_ticket, last);
    log_ring_free(ring);
}

// Ends at any moment: what was in the ring is dealt with, and the thread hears it even when it is
// only about to sleep.
TEST(LogThread, EndDrainsAndIsNeverMissed)
{
    for (int i = 0; i < 3000; i++) {
        log_ring *ring = log_ring_new(64, 8, 1 << 20);
        Sink sink;
        const log_sink row = sink.row(i % 2);
        log_thread *t = log_thread_new(ring, &row, 1);
        uint64_t last = 0;
        for (int n = 0; n < i % 4; n++)
            last = put(ring, "x", 0, 0);
        for (int spin = 0; spin < i % 97; spin++)
            std::this_thread::yield();
        log_thread_end(t);
        EXPECT_EQ(sink.last_ticket, last);
        log_ring_free(ring);
    }
}

// Many producers, each waiting for its own slot: idle or gathering, the thread is always woken.
TEST(LogThread, ConcurrentProducersAreAllServed)
{
    for (const bool eager : {true, false}) {
        log_ring *ring = log_ring_new(1 << 10, 64, 1 << 20);
        Sink sink;
        const log_sink row = sink.row(eager);
        log_thread *t = log_thread_new(ring, &row, 1);
        const int rounds = eager ? 3000 : 200;
        std::vector<std::thread> threads;
        for (int p = 0; p < 4; p++)
            threads.emplace_back([&] {
                for (int i = 0; i < rounds; i++) {
                    const uint64_t ticket = put(ring, "xyz", 0, 0);
                    if (i % 3 == 0)
                        sink.wait_for(ticket);
                }
            });
        std::atomic<uint32_t> reached{0};
        log_ring_put(ring, LOG_WAIT, &reached, 0, 0, 0);
        log_ring_poke(ring);
        for (std::thread &one : threads)
            one.join();
        log_thread_end(t);
        EXPECT_EQ(reached.load(), 1u);
        EXPECT_EQ(sink.stream.size(), select(0).size() + 4 * 3 * static_cast<size_t>(rounds));
        EXPECT_EQ(log_ring_pending(ring), 0u);
        EXPECT_EQ(log_ring_pending_bytes(ring), 0u);
        log_ring_free(ring);
    }
}

std::atomic<uint64_t> told{0};
void tell(void *, uint64_t workers)
{
    told.fetch_or(workers);
    told.notify_all();
}

// Producers that find no room park, and each is told when there is some.
TEST(LogThread, ConcurrentProducersWaitForRoomWithoutLoss)
{
    shard_set_retry_hook(tell, nullptr);
    log_ring *ring = log_ring_new(16, 8, 1 << 20);
    Sink sink;
    const log_sink row = sink.row(true);
    log_thread *t = log_thread_new(ring, &row, 1);
    std::vector<std::thread> threads;
    for (uint32_t p = 0; p < 4; p++)
        threads.emplace_back([&, p] {
            const uint64_t mine = uint64_t{1} << p;
            for (int i = 0; i < 20000; i++) {
                while (!log_ring_room_or_ask(ring, p)) {
                    for (uint64_t now; !((now = told.load()) & mine);)
                        told.wait(now);
                    told.fetch_and(~mine);
                }
                put(ring, "x", 0, 0);
            }
        });
    for (std::thread &one : threads)
        one.join();
    log_thread_end(t);
    EXPECT_EQ(sink.last_ticket, 80000u);
    log_ring_free(ring);
    shard_set_retry_hook(nullptr, nullptr);
}

} // namespace
