// A file of numbers on the fake disk: what the tests of the append-only file write and load.
#ifndef LK_TESTS_PERSIST_AOF_BOOK_H
#define LK_TESTS_PERSIST_AOF_BOOK_H

#include "persist/aof/aof.h"
#include "persist/aof/aof_chain.h"
#include "persist/aof/aof_load.h"
#include "tests/persist/fake_disk.h"

#include "core/base/mem.h"
#include "core/base/trace.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace lk_aof
{

inline std::string command(int n)
{
    const std::string text = std::to_string(n);
    return "*2\r\n$3\r\nADD\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// The first line of a file that goes on behind that one.
inline std::string after(int64_t seq, uint64_t bytes)
{
    char line[AOF_AFTER_CHARS];
    return std::string(line, aof_chain_print(line, seq, bytes));
}

// A server without keys: numbers are added to the log, a base is all that was added before.
class Book
{
  public:
    Book(FakeDisk &disk, aof_fsync fsync, aof_manifest *found = nullptr, bool keep = false)
        : disk_(disk)
    {
        ring_ = log_ring_new(1 << 10, 16, 1 << 24);
        const stall_watch watch = {took, this};
        const aof_options options = {disk.ops(), "d", "a", fsync, false, faulted, this, watch};
        aof_ = aof_new(&options, ring_);
        aof_keep_history(aof_, keep);
        aof_manifest none{};
        opened = aof_open(aof_, found ? found : &none, 0, 0) == LK_OK;
        const log_sink sink = aof_sink(aof_);
        log_ = log_thread_new(ring_, &sink, 1);
    }
    Book(const Book &) = delete;
    ~Book()
    {
        log_thread_end(log_);
        aof_free(aof_);
        log_ring_free(ring_);
    }

    // Returns the ticket.
    uint64_t add(int n)
    {
        const std::string text = command(n);
        void *block = mem_alloc(text.size());
        memcpy(block, text.data(), text.size());
        added_ += text;
        const uint64_t ticket = log_ring_put(ring_, LOG_EFFECTS, block, text.size(), 0, 0);
        log_ring_poke(ring_);
        return ticket;
    }

    bool is_durable(uint64_t ticket)
    {
        return log_ring_is_durable_or_ask(ring_, ticket, 0);
    }

    // Until it is durable, or a fault is known.
    bool wait_durable(uint64_t ticket)
    {
        while (!is_durable(ticket) && !aof_fault_line(aof_))
            std::this_thread::yield();
        return is_durable(ticket);
    }

    void wait_written()
    {
        while (log_thread_ticket(log_) < log_ring_last_ticket(ring_))
            std::this_thread::yield();
    }

    int turn(enum aof_turn kind = AOF_TURN_ROTATE)
    {
        aof_turn_request turn;
        aof_turn(ring_, &turn, kind);
        return aof_turn_wait(&turn);
    }

    int rewrite()
    {
        const std::string base = added_;
        if (aof_prepare_turn(aof_, AOF_TURN_ROTATE) != LK_OK || turn() != LK_OK)
            return LK_EIO;
        return adopt(base);
    }

    int adopt(const std::string &base)
    {
        const file_ops *ops = disk_.ops();
        const int fd = ops->open(ops->ctx, "d/temp", O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0)
            return LK_EIO;
        int rc = file_write_all(ops, fd, base.data(), base.size());
        if (rc == LK_OK && ops->sync(ops->ctx, fd) != 0)
            rc = LK_EIO;
        ops->close(ops->ctx, fd);
        return rc == LK_OK ? aof_adopt_base(aof_, "temp", false, base.size()) : rc;
    }

    aof *file()
    {
        return aof_;
    }
    log_ring *ring()
    {
        return ring_;
    }
    const std::string &added() const
    {
        return added_;
    }

    bool opened = false;
    std::atomic<const char *> told{nullptr}; // by `faulted`
    std::atomic<int> stalls[STALL_RDB_UNLINK + 1]{};

  private:
    static void took(void *ctx, stall what, int64_t ns)
    {
        EXPECT_GE(ns, 0);
        static_cast<Book *>(ctx)->stalls[what]++;
    }
    static void faulted(void *ctx, const char *line)
    {
        static_cast<Book *>(ctx)->told = line;
    }
    FakeDisk &disk_;
    log_ring *ring_;
    aof *aof_;
    log_thread *log_;
    std::string added_;
};

inline void until(const std::function<bool()> &there)
{
    while (!there())
        std::this_thread::yield();
}

struct Loaded {
    int rc = LK_OK;
    std::vector<int> numbers;
    std::string error;
    bool truncated = false;
};

inline Loaded load(const FakeDisk &disk, bool truncated_ok = true, uint64_t tail_max = 0)
{
    Loaded out;
    aof_manifest m{};
    buf error{};
    const std::string text = disk.contents("d/a.manifest");
    if (!disk.exists("d/a.manifest"))
        return out;
    out.rc = aof_manifest_parse(bytes_of(text.data(), text.size()), &m, &error);
    const auto take = [](void *ctx, const aof_command *v, uint32_t n, uint32_t *done, buf *) {
        for (*done = 0; *done < n; ++*done) {
            const bytes *argv = v[*done].argv;
            if (argv[0].size == 3)
                static_cast<Loaded *>(ctx)->numbers.push_back(
                    std::stoi(std::string(argv[1].data, argv[1].size)));
        }
        return static_cast<int>(LK_OK);
    };
    const rdb_receiver rdb{};
    const aof_receiver receiver = {take, &rdb, nullptr, &out};
    aof_load_options options{};
    options.ops = disk.ops();
    options.directory = "d";
    options.truncated_ok = truncated_ok;
    options.corrupt_tail_max = tail_max;
    aof_load_result result{};
    do {
        out.numbers.clear();
        if (out.rc == LK_OK)
            out.rc = aof_load(&m, &options, &receiver, &result, &error);
        out.truncated |= result.truncated;
    } while (out.rc == LK_OK && result.again);
    out.error.assign(error.data, error.size);
    aof_manifest_release(&m);
    buf_release(&error);
    return out;
}

inline std::vector<int> first(int n)
{
    std::vector<int> out;
    for (int i = 1; i <= n; i++)
        out.push_back(i);
    return out;
}

inline aof_manifest manifest_of(const FakeDisk &disk)
{
    aof_manifest m{};
    buf error{};
    const std::string text = disk.contents("d/a.manifest");
    EXPECT_EQ(aof_manifest_parse(bytes_of(text.data(), text.size()), &m, &error), LK_OK);
    return m;
}

class Aof : public ::testing::Test
{
  protected:
    Aof()
    {
        trace_set_level(TRACE_NOTHING);
    }
    ~Aof() override
    {
        EXPECT_EQ(disk.misused(), 0);
        trace_set_level(TRACE_NOTICE);
    }
    FakeDisk disk;
};

} // namespace lk_aof

#endif
