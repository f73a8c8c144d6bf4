// One writer, several readers at their own pace: each gets every byte, or knows that it did not.
#include "persist/repl/rdb_socket.h"

#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

namespace
{

struct Reader {
    rdb_reader r{};
    std::string got;
    rdb_read end = RDB_READ_MORE;

    // Until the end, or stop bytes have come; then it leaves with what it is sending.
    void run(size_t stop, uint64_t seed)
    {
        std::mt19937_64 rng(seed);
        while (end == RDB_READ_MORE) {
            bytes runs[RDB_READER_RUNS];
            uint32_t n = 0;
            end = rdb_reader_read(&r, runs, 1 + static_cast<uint32_t>(rng() % RDB_READER_RUNS), &n,
                                  0);
            for (uint32_t i = 0; i < n; i++)
                got.append(runs[i].data, runs[i].size);
            if (got.size() >= stop)
                break;
            if (n > 0)
                rdb_reader_sent(&r);
            else
                std::this_thread::yield();
        }
        rdb_reader_leave(&r);
    }
};

std::string write(rdb_window *w, size_t size, int *rc, uint64_t seed)
{
    std::mt19937_64 rng(seed);
    const rdb_sink sink = rdb_window_sink(w);
    std::string all;
    while (all.size() < size && *rc == LK_OK) {
        const std::string piece(1 + rng() % 200000, static_cast<char>(rng()));
        *rc = sink.write(sink.ctx, piece.data(), piece.size());
        all += piece;
    }
    rdb_window_end(w, *rc == LK_OK);
    return all;
}

TEST(RdbSocket, EachReaderGetsAllUnlessItLeaves)
{
    const uint64_t seed = test_seed();
    for (uint64_t round = 0; round < 20; round++) {
        rdb_window *w = rdb_window_new(256 * 1024);
        std::vector<Reader> readers(4);
        for (Reader &r : readers)
            rdb_window_join(w, &r.r);
        std::vector<std::thread> threads;
        for (size_t i = 0; i < readers.size(); i++)
            threads.emplace_back([&, i] {
                readers[i].run(i == 0 ? 100000 * round : SIZE_MAX, seed + round * 10 + i);
            });
        int rc = LK_OK;
        const std::string all = write(w, 3 << 20, &rc, seed + round);
        for (std::thread &t : threads)
            t.join();
        EXPECT_EQ(rc, LK_OK);
        for (size_t i = 1; i < readers.size(); i++) {
            EXPECT_EQ(readers[i].end, RDB_READ_WHOLE);
            EXPECT_TRUE(readers[i].got == all);
        }
        EXPECT_EQ(readers[0].got, all.substr(0, readers[0].got.size()));
    }
}

// RE8: who has nobody left to write for is told so, and does not wait.
TEST(RdbSocket, TheWriterEndsWhenNobodyIsLeft)
{
    rdb_window *w = rdb_window_new(256 * 1024);
    Reader a, b;
    rdb_window_join(w, &a.r);
    rdb_window_join(w, &b.r);
    std::thread t([&] {
        a.run(1, 1);
        b.run(100000, 2);
    });
    int rc = LK_OK;
    write(w, 64 << 20, &rc, test_seed());
    t.join();
    EXPECT_EQ(rc, LK_EAGAIN);
}

TEST(RdbSocket, AFailedWriteIsNoWholeFile)
{
    rdb_window *w = rdb_window_new(256 * 1024);
    Reader a;
    rdb_window_join(w, &a.r);
    const rdb_sink sink = rdb_window_sink(w);
    EXPECT_EQ(sink.write(sink.ctx, "abc", 3), LK_OK);
    rdb_window_end(w, false);
    a.run(SIZE_MAX, 1);
    EXPECT_EQ(a.got, "abc");
    EXPECT_EQ(a.end, RDB_READ_FAILED);
}

} // namespace
