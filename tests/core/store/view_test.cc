// A view equals a copy made at its cut, whatever is written later: S1 … S8, A1 … A7.
#include "core/ds/chunks.h"
#include "core/store/lazy_free.h"
#include "core/store/reclaim.h"
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/seed.h"

#include <functional>

using namespace lk;

namespace
{

struct Reader {
    Copy copy;
    uint64_t entries = 0, stop_after = UINT64_MAX;
    std::function<void()> between; // other people's work, while the view reads
};

// True if it has read the whole view.
bool run(const Server &s, view *v, Reader *r)
{
    std::pair<uint32_t, uint32_t> last{0, 0}; // shard and database
    uint32_t db;
    while (r->entries < r->stop_after) {
        const entry *e = view_next(v, &db);
        if (!e)
            break;
        const bytes key = entry_key(e);
        const std::pair<uint32_t, uint32_t> at{s.shard_of(std::string(key.data, key.size)), db};
        EXPECT_GE(at, last); // by shard, then database
        last = at;
        note(&r->copy, db, e);
        r->entries++;
        if (r->between)
            r->between();
    }
    return view_is_whole(v);
}

view *cut(Server &s, Copy *at_cut)
{
    gate_close(&s.ks->gate);
    *at_cut = dump(s.ks);
    view *v = view_cut(s.ks);
    gate_open(&s.ks->gate);
    return v;
}

// --- one thread, every interleaving drawn from the seed
// -------------------------------------------------

// The history of A1: a chunked value leaves the part that the view has still to read.
class ViewMoves : public ::testing::TestWithParam<const char *>
{
};

TEST_P(ViewMoves, ValueThatMovesStaysAsItWas)
{
    Server server({.shards = 8});
    Copy want;
    {
        Client c(server);
        const std::string early = server.key_in(0), late = server.key_in(7);
        c.call({"SET", late, std::string(400000, 'a')});
        c.call({"SET", early, "x"});
        view *v = cut(server, &want);
        Reader r;
        bool done = false;
        // The view stands in shard 0: the last shard is ahead of it, the first nearly behind.
        r.between = [&] {
            if (done)
                return;
            done = true;
            std::string script = GetParam();
            size_t at;
            while ((at = script.find("LATE")) != std::string::npos)
                script.replace(at, 4, late);
            while ((at = script.find("EARLY")) != std::string::npos)
                script.replace(at, 5, server.key_in(0, 1));
            size_t from = 0;
            while (from < script.size()) {
                const size_t end = std::min(script.find(';', from), script.size());
                Words words = split(script.substr(from, end - from));
                if (words.back() == "BIG")
                    words.back() = std::string(300000, 'b');
                c.call(words);
                from = end + 1;
            }
            lazy_free_wait(server.ks->lazy);
        };
        EXPECT_TRUE(run(server, v, &r));
        view_close(v);
        EXPECT_EQ(difference(r.copy, want), "");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Histories, ViewMoves,
    ::testing::Values("RENAME LATE EARLY;SETRANGE EARLY 10 zzz", "RENAME LATE EARLY;DEL EARLY",
                      "RENAME LATE EARLY;UNLINK EARLY", "RENAME LATE EARLY;SET EARLY BIG",
                      "MOVE LATE 2;SELECT 2;APPEND LATE zzz;DEL LATE", "RENAME LATE EARLY;FLUSHDB",
                      "RENAME LATE EARLY;APPEND EARLY zz;FLUSHALL",
                      "RENAME LATE EARLY;SWAPDB 0 1;SELECT 1;FLUSHDB",
                      "MOVE LATE 2;SELECT 2;FLUSHDB", "SWAPDB 0 1;SELECT 1;SETRANGE LATE 5 yy",
                      "COPY LATE EARLY;SETRANGE EARLY 0 zz;DEL LATE",
                      "APPEND LATE zz;RENAME LATE EARLY;RENAME EARLY LATE;DEL LATE",
                      "RENAME LATE EARLY;PEXPIRE EARLY 100;PERSIST EARLY;DEL EARLY",
                      "SET LATE small;SET LATE BIG;APPEND LATE zz;DEL LATE"));

TEST(View, EqualsTheCopyInRandomHistories)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < static_cast<uint64_t>(scaled(40)); round++) {
        SCOPED_TRACE("round " + std::to_string(round));
        Server server({.shards = 4, .logging = false});
        Draw draw(seed + round, 20 + static_cast<int>(round % 5) * 20, 3);
        Client c(server);
        for (int i = 0; i < 200; i++)
            draw.step(c, 1000);
        for (int views = 0; views < 3; views++) {
            Copy want;
            view *v = cut(server, &want);
            for (uint64_t i = draw.below(30); i > 0; i--)
                draw.step(c, 30);
            Reader r;
            const bool abort = draw.below(4) == 0;
            if (abort)
                r.stop_after = 1 + draw.below(40);
            r.between = [&] {
                for (uint64_t n = draw.below(4); n > 0; n--)
                    draw.step(c, 60);
                c.take_reply();
                if (draw.below(10) == 0) {
                    clock_fake_unix_ms(clock_unix_ms() + 50);
                    int64_t next_ms;
                    dispatch_enter(server.worker(0));
                    dispatch_expire(server.worker(0), 0, 1, 1000000, &next_ms);
                    dispatch_leave(server.worker(0));
                }
            };
            const bool whole = run(server, v, &r);
            for (uint64_t i = draw.below(10); i > 0; i--)
                draw.step(c, 30);
            view_close(v);
            EXPECT_EQ(view_held_bytes(server.ks), 0u);
            if (whole) {
                EXPECT_EQ(difference(r.copy, want), "");
            }
        }
        c.take_reply();
        dump(server.ks);
    }
}

// Growing and shrinking under an open view, asked in hash order (S2, A4, A5).
TEST(View, EqualsTheCopyWhileTablesGrowAndShrink)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < static_cast<uint64_t>(scaled(12)); round++) {
        Server server({.shards = 2, .logging = false});
        Draw draw(seed + round, 1, 1);
        Client c(server);
        uint64_t low = 0, high = 0;
        const auto step = [&](uint64_t adds_of_10) {
            if (draw.below(10) < adds_of_10)
                c.call({"SET", "k" + std::to_string(high++), draw.text(1 + draw.below(9))});
            else if (low < high)
                c.call({"DEL", "k" + std::to_string(low++)});
            c.take_reply();
        };
        for (uint64_t i = 1000 + draw.below(3000); i > 0; i--)
            step(9);
        for (uint64_t tendency : {9, 2, 6}) {
            Copy want;
            view *v = cut(server, &want);
            Reader r;
            r.between = [&] {
                for (uint64_t n = draw.below(4); n > 0; n--)
                    step(tendency);
            };
            EXPECT_TRUE(run(server, v, &r));
            view_close(v);
            EXPECT_EQ(difference(r.copy, want), "");
            EXPECT_EQ(dump(server.ks).size(), high - low);
        }
    }
}

// Reads are not writes: an entry that is only read is neither cloned nor kept (S4).
TEST(View, ReadsHoldNothing)
{
    Server server({.shards = 4});
    Client c(server);
    for (int i = 0; i < 200; i++)
        c.run("SET k" + std::to_string(i) + " v");
    Copy want;
    view *v = cut(server, &want);
    clock_fake_unix_ms(NOW + 60000); // another LRU second
    for (int i = 0; i < 200; i++)
        c.run("GET k" + std::to_string(i));
    c.run("KEYS *");
    c.run("SCAN 0 COUNT 1000");
    EXPECT_EQ(view_held_bytes(server.ks), 0u);
    c.run("SET k1 w");
    EXPECT_GT(view_held_bytes(server.ks), 0u);
    view_close(v); // without a run
    EXPECT_EQ(view_held_bytes(server.ks), 0u);
}

// One that is told to stop does so even in the last page of all.
TEST(View, StopsWhereverTheVisitorSays)
{
    Server server({.shards = 2});
    Client c(server);
    for (int i = 0; i < 20; i++)
        c.run("SET k" + std::to_string(i) + " v");
    for (uint64_t after = 1; after <= 20; after++) {
        Copy want;
        view *v = cut(server, &want);
        Reader r;
        r.stop_after = after;
        EXPECT_FALSE(run(server, v, &r));
        EXPECT_EQ(r.entries, after);
        view_close(v);
    }
}

// What only the view holds does not make maxmemory refuse anybody (S8, A2).
TEST(View, HeldBytesDoNotCountAgainstMaxmemory)
{
    Server server({.shards = 4, .logging = false});
    Client c(server);
    for (int i = 0; i < 64; i++)
        c.call({"SET", "k" + std::to_string(i), std::string(300000, 'a')});
    Copy want;
    view *v = cut(server, &want);
    server.config.maxmemory = mem_used() + (8 << 20);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 64; i++)
            EXPECT_EQ(c.call({"SET", "k" + std::to_string(i), std::string(300000, 'b')}), "+OK");
    EXPECT_GE(view_held_bytes(server.ks), 64u * 300000);
    view_close(v);
    EXPECT_EQ(view_held_bytes(server.ks), 0u);
}

// --- threads
// ---------------------------------------------------------------------------------------------

TEST(View, ConcurrentWritersDoNotDisturbIt)
{
    constexpr uint32_t WRITERS = 3;
    constexpr int STEPS = 2000; // of a writer a view: or the data outgrow whoever reads them
    const uint64_t seed = test_seed();
    Server server({.shards = 16, .workers = WRITERS, .logging = false});
    std::atomic<bool> stop{false};
    std::atomic<int> allowed{0};
    std::vector<std::thread> threads;
    for (uint32_t w = 0; w < WRITERS; w++)
        threads.emplace_back([&, w] {
            Client c(server, w);
            Draw draw(seed + w, 300, 3);
            int64_t next_ms = 0;
            for (int step = 0; !stop.load();) {
                if (step >= allowed.load()) {
                    std::this_thread::yield();
                    continue;
                }
                step++;
                draw.step(c, 400);
                c.take_reply();
                if (draw.below(100) == 0) {
                    dispatch_enter(server.worker(w));
                    dispatch_expire(server.worker(w), w, WRITERS, 200, &next_ms);
                    dispatch_leave(server.worker(w));
                }
            }
            reclaim_flush();
        });
    std::mt19937_64 rng(seed);
    for (int i = 0; i < scaled(60); i++) {
        clock_fake_unix_ms(clock_unix_ms() + static_cast<int64_t>(rng() % 40));
        allowed += STEPS;
        Copy want;
        view *v = cut(server, &want);
        Reader r;
        const unsigned fate = static_cast<unsigned>(rng() % 6);
        if (fate == 0)
            r.stop_after = 1 + rng() % 200;
        bool whole = false;
        if (fate == 1) {
            std::thread aborter([v] { view_abort(v); });
            whole = run(server, v, &r);
            aborter.join();
        } else if (fate != 2) {
            whole = run(server, v, &r);
        }
        view_close(v);
        EXPECT_EQ(view_held_bytes(server.ks), 0u);
        if (whole) {
            EXPECT_EQ(difference(r.copy, want), "") << "view " << i;
        }
    }
    stop = true;
    for (std::thread &t : threads)
        t.join();
}

} // namespace
