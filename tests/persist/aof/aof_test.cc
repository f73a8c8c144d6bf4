// The append-only file on a disk that keeps only what was synced, and that fails wherever it can.
#include "persist/aof/aof.h"
#include "persist/aof/aof_chain.h"
#include "persist/aof/aof_load.h"
#include "tests/persist/fake_disk.h"

#include "core/base/crc64.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/shard.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace
{

std::string command(int n)
{
    const std::string text = std::to_string(n);
    return "*2\r\n$3\r\nADD\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// The first line of a file that goes on behind that one.
std::string after(int64_t seq, uint64_t bytes)
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

void until(const std::function<bool()> &there)
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

Loaded load(const FakeDisk &disk, bool truncated_ok = true, uint64_t tail_max = 0)
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

std::vector<int> first(int n)
{
    std::vector<int> out;
    for (int i = 1; i <= n; i++)
        out.push_back(i);
    return out;
}

class Aof : public ::testing::Test
{
  protected:
    Aof()
    {
        log_set_level(LOG_NOTHING);
    }
    ~Aof() override
    {
        EXPECT_EQ(disk.misused(), 0);
        log_set_level(LOG_NOTICE);
    }
    FakeDisk disk;
};

TEST_F(Aof, HoldsWhatWasAddedThroughRewrites)
{
    {
        Book book(disk, AOF_FSYNC_ALWAYS);
        ASSERT_TRUE(book.opened);
        for (int i = 1; i <= 30; i++) {
            EXPECT_TRUE(book.wait_durable(book.add(i)));
            if (i % 10 == 0) {
                EXPECT_EQ(book.rewrite(), LK_OK);
            }
        }
    }
    disk.after_crash();
    EXPECT_EQ(load(disk).numbers, first(30));
    EXPECT_FALSE(disk.exists("d/a.1.incr.aof"));
    EXPECT_TRUE(disk.exists("d/a.3.base.aof"));
}

// Checksums begin anew behind what an earlier life has left.
TEST_F(Aof, GoesOnBehindAnEarlierLife)
{
    int n = 0;
    for (int life = 0; life < 3; life++) {
        aof_manifest m{};
        buf error{};
        const std::string text = disk.contents("d/a.manifest");
        if (life > 0) {
            ASSERT_EQ(aof_manifest_parse(bytes_of(text.data(), text.size()), &m, &error), LK_OK);
        }
        {
            Book book(disk, AOF_FSYNC_EVERYSEC, life > 0 ? &m : nullptr);
            ASSERT_TRUE(book.opened);
            for (int i = 0; i < 20000; i++) {
                book.add(++n);
                if (i % 500 == 0)
                    book.wait_written();
            }
        }
        const Loaded got = load(disk);
        ASSERT_EQ(got.rc, LK_OK) << got.error;
        EXPECT_EQ(got.numbers, first(n));
        EXPECT_NE(disk.contents("d/a.1.incr.aof").find("#CRC:"), std::string::npos);
    }
}

// The power fails at every call in turn: what was durable is there, in order, and nothing else but
// what came right behind it.
void lose_nothing_durable(aof_fsync policy, const std::function<uint64_t(int64_t)> &mask,
                          const std::function<FakeDisk::Tail(int64_t)> &tail)
{
    for (int64_t n = 0;; n++) {
        SCOPED_TRACE("call " + std::to_string(n));
        FakeDisk d;
        int durable = 0, added = 0;
        d.fail_from(n);
        {
            Book book(d, policy);
            for (int i = 1; book.opened && i <= 12; i++) {
                added = i;
                if (!book.wait_durable(book.add(i)))
                    break;
                durable = i;
                if (i % 4 == 0 && book.rewrite() != LK_OK)
                    break;
            }
        }
        const bool failed = d.calls() > n;
        d.after_crash(mask(n), tail(n));
        const Loaded got = load(d);
        ASSERT_EQ(got.rc, LK_OK) << got.error;
        ASSERT_GE(got.numbers.size(), static_cast<size_t>(durable));
        ASSERT_LE(got.numbers.size(), static_cast<size_t>(added));
        ASSERT_EQ(got.numbers, first(static_cast<int>(got.numbers.size())));
        if (!failed)
            break;
    }
}

TEST_F(Aof, LosesNothingDurableWhereverThePowerFails)
{
    using Tail = FakeDisk::Tail;
    for (const Tail tail : {Tail::none, Tail::half, Tail::all, Tail::zeros})
        lose_nothing_durable(
            AOF_FSYNC_ALWAYS, [](int64_t) { return 0; }, [=](int64_t) { return tail; });
}

// The same where any of the names that were not synced may have changed.
TEST_F(Aof, LosesNothingDurableWhicheverNamesHaveChanged)
{
    for (uint64_t mask = 1; mask < 16; mask++) {
        SCOPED_TRACE("names " + std::to_string(mask));
        lose_nothing_durable(
            AOF_FSYNC_ALWAYS, [=](int64_t) { return mask; },
            [](int64_t n) { return static_cast<FakeDisk::Tail>(n % 4); });
    }
}

aof_manifest manifest_of(const FakeDisk &disk)
{
    aof_manifest m{};
    buf error{};
    const std::string text = disk.contents("d/a.manifest");
    EXPECT_EQ(aof_manifest_parse(bytes_of(text.data(), text.size()), &m, &error), LK_OK);
    return m;
}

// A rotation does not wait for syncs, so the disk may have the next file, and of the one before it
// any part: the start finds what was written, in order and without a hole, and goes on behind it.
TEST_F(Aof, LoadsNoHoleBetweenFiles)
{
    using Tail = FakeDisk::Tail;
    for (int tails = 0; tails < 64; tails++) {
        SCOPED_TRACE(tails);
        FakeDisk d;
        int n = 0;
        {
            Book book(d, AOF_FSYNC_EVERYSEC);
            ASSERT_TRUE(book.opened);
            d.stall("sync_data");
            for (int file = 0; file < 3; file++) {
                if (file > 0) {
                    ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
                    ASSERT_EQ(book.turn(), LK_OK);
                }
                for (int i = 0; i < 4; i++)
                    book.add(++n);
                book.wait_written();
            }
            d.fail_from(0);
            d.stall(nullptr);
        }
        d.after_crash(0, [tails](const std::string &name) {
            const int file = name.size() > 4 ? name[4] - '1' : 0; /* d/a.N.…, or another */
            return static_cast<Tail>(file >= 0 && file < 3 ? tails >> 2 * file & 3 : tails & 3);
        });
        const Loaded got = load(d);
        ASSERT_EQ(got.rc, LK_OK) << got.error;
        const int found = static_cast<int>(got.numbers.size());
        ASSERT_EQ(got.numbers, first(found));
        ASSERT_FALSE(load(d, false).truncated);
        aof_manifest m = manifest_of(d);
        {
            Book book(d, AOF_FSYNC_ALWAYS, &m);
            ASSERT_TRUE(book.opened);
            EXPECT_TRUE(book.wait_durable(book.add(found + 1)));
        }
        d.after_crash();
        EXPECT_EQ(load(d).numbers, first(found + 1));
    }
}

// What a killed process has written and not synced lies in files that nobody writes any more: who
// says that something behind it is durable must sync them.
TEST_F(Aof, SyncsTheFilesOfAKilledProcess)
{
    {
        Book book(disk, AOF_FSYNC_EVERYSEC);
        disk.stall("sync_data");
        book.add(1);
        book.wait_written();
        ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
        ASSERT_EQ(book.turn(), LK_OK);
        book.add(2);
        book.wait_written();
        disk.fail_from(0);
        disk.stall(nullptr);
    }
    disk.after_kill();
    aof_manifest m = manifest_of(disk);
    {
        Book book(disk, AOF_FSYNC_ALWAYS, &m);
        ASSERT_TRUE(book.opened);
        EXPECT_TRUE(book.wait_durable(book.add(3)));
        disk.fail_from(0);
    }
    disk.after_crash();
    EXPECT_EQ(load(disk).numbers, first(3));
}

// --- the file that is full, while the log goes on in the next

class AofLeaving : public Aof
{
  protected:
    void a_fault_of_it_is_one_of_all(aof_fsync policy);
    void a_fault_of_what_a_base_replaces_is_none(aof_fsync policy);

    // 1 lies in the first file, which does not get synced yet, 2 in the next, which is.
    uint64_t begin(Book &book)
    {
        disk.stall("sync_data", "d/a.1.incr.aof");
        book.add(1);
        book.wait_written();
        EXPECT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
        EXPECT_EQ(book.turn(), LK_OK);
        aof_set_fsync(book.file(), AOF_FSYNC_ALWAYS);
        const uint64_t ticket = book.add(2);
        book.wait_written();
        return ticket;
    }
};

// What the next file has is durable only with all of the one before it.
TEST_F(AofLeaving, HoldsBackWhatComesBehind)
{
    {
        Book book(disk, AOF_FSYNC_EVERYSEC);
        const uint64_t ticket = begin(book);
        EXPECT_FALSE(book.is_durable(ticket));
        EXPECT_FALSE(book.is_durable(ticket - 2));
        disk.stall(nullptr);
        EXPECT_TRUE(book.wait_durable(ticket)); // without another write
        EXPECT_NE(disk.contents("d/a.1.incr.aof").find("#CRC:"), std::string::npos); // it is whole
        disk.fail_from(0);
    }
    disk.after_crash();
    EXPECT_EQ(load(disk).numbers, first(2));
}

// Whether it is synced for its own sake already (everysec), or because it leaves.
TEST_F(AofLeaving, AFaultOfItIsAFaultOfAll)
{
    a_fault_of_it_is_one_of_all(AOF_FSYNC_EVERYSEC);
}

TEST_F(AofLeaving, AFaultOfItIsAFaultOfAllUnderNo)
{
    a_fault_of_it_is_one_of_all(AOF_FSYNC_NO);
}

TEST_F(AofLeaving, AFaultOfWhatABaseReplacesIsNone)
{
    a_fault_of_what_a_base_replaces_is_none(AOF_FSYNC_EVERYSEC);
}

TEST_F(AofLeaving, AFaultOfWhatABaseReplacesIsNoneUnderNo)
{
    a_fault_of_what_a_base_replaces_is_none(AOF_FSYNC_NO);
}

// The end of a process that goes well leaves nothing to the power, whatever waits for a sync.
TEST_F(AofLeaving, ACleanEndSyncsThemAll)
{
    {
        auto book = std::make_unique<Book>(disk, AOF_FSYNC_EVERYSEC);
        disk.stall("sync_data");
        for (int i = 1; i <= 3; i++) {
            book->add(i);
            book->wait_written();
            if (i < 3) {
                ASSERT_EQ(aof_prepare_turn(book->file(), AOF_TURN_ROTATE), LK_OK);
                ASSERT_EQ(book->turn(), LK_OK);
            }
        }
        std::thread end([&] { book.reset(); });
        std::this_thread::sleep_for(std::chrono::milliseconds(20)); // it is asked to end by then
        disk.stall(nullptr);
        end.join();
    }
    disk.after_crash();
    EXPECT_EQ(load(disk).numbers, first(3));
}

void AofLeaving::a_fault_of_it_is_one_of_all(aof_fsync policy)
{
    Book book(disk, policy);
    const uint64_t ticket = begin(book);
    disk.refuse("sync_data", EIO);
    disk.stall(nullptr);
    until([&] { return aof_fault_line(book.file()) != nullptr; });
    EXPECT_FALSE(book.is_durable(ticket));
    disk.refuse(nullptr, 0);
    EXPECT_FALSE(book.wait_durable(book.add(3))); // though this sync goes well
    EXPECT_EQ(book.rewrite(), LK_OK);
    EXPECT_EQ(aof_fault_line(book.file()), nullptr);
}

// A base stands for it: whether it gets to the disk is nobody's business any more.
void AofLeaving::a_fault_of_what_a_base_replaces_is_none(aof_fsync policy)
{
    Book book(disk, policy);
    const uint64_t ticket = begin(book);
    EXPECT_EQ(book.adopt(command(1)), LK_OK);
    EXPECT_TRUE(book.is_durable(ticket)); // nothing is held back
    disk.refuse("sync_data", EIO);
    disk.stall(nullptr);
    until([&] { return !aof_report_get(book.file()).syncing; });
    disk.refuse(nullptr, 0);
    EXPECT_TRUE(book.wait_durable(book.add(3)));
    EXPECT_EQ(aof_fault_line(book.file()), nullptr);
}

// Where a file says how much of it was synced, that holds for all before it, too.
TEST_F(AofLeaving, TheNextDoesNotSayThatItIsSynced)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    begin(book);
    const auto crc_lines = [&] {
        std::vector<std::string> synced; // the third number of each
        const std::string text = disk.contents("d/a.2.incr.aof");
        for (size_t at = 0; (at = text.find("#CRC:", at)) != std::string::npos; at++) {
            const std::string line = text.substr(at, text.find('\r', at) - at);
            synced.push_back(line.substr(line.rfind(' ') + 1));
        }
        return synced;
    };
    int n = 2;
    const auto fill = [&](size_t lines) {
        while (crc_lines().size() < lines) {
            for (int i = 0; i < 500; i++)
                book.add(++n);
            book.wait_written();
        }
    };
    fill(2);
    for (const std::string &synced : crc_lines())
        EXPECT_EQ(synced, "0");
    disk.stall(nullptr);
    EXPECT_TRUE(book.wait_durable(book.add(++n)));
    fill(crc_lines().size() + 1);
    EXPECT_NE(crc_lines().back(), "0");
}

// no-appendfsync-on-rewrite: nothing is synced meanwhile, and all of it afterwards.
TEST_F(Aof, RestsWhileItIsHeld)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    aof_hold_fsync(book.file(), true);
    disk.stall("sync_data");
    book.add(1);
    book.wait_written();
    std::this_thread::sleep_for(std::chrono::milliseconds(20)); // it would have begun by then
    EXPECT_FALSE(aof_report_get(book.file()).syncing);
    aof_hold_fsync(book.file(), false);
    until([&] { return aof_report_get(book.file()).syncing; });
    disk.stall(nullptr);
}

// --- who is told

// The workers that were told to ask again.
std::atomic<uint64_t> told_workers{0};

class AofTells : public Aof
{
  protected:
    AofTells()
    {
        told_workers = 0;
        shard_set_retry_hook([](void *, uint64_t workers) { told_workers |= workers; }, nullptr);
    }
    ~AofTells() override
    {
        shard_set_retry_hook(nullptr, nullptr);
    }
    static bool asks(Book &book, uint64_t ticket, uint32_t worker)
    {
        return !log_ring_is_durable_or_ask(book.ring(), ticket, worker);
    }
    static bool is_told(uint32_t worker)
    {
        return told_workers >> worker & 1;
    }
};

TEST_F(AofTells, WhoeverWaitsWhenNothingHasToBeWaitedForAnyMore)
{
    Book book(disk, AOF_FSYNC_ALWAYS);
    disk.stall("sync_data");
    const uint64_t ticket = book.add(1);
    EXPECT_TRUE(asks(book, ticket, 5));
    aof_set_fsync(book.file(), AOF_FSYNC_NO);
    EXPECT_TRUE(is_told(5));
    EXPECT_FALSE(asks(book, ticket, 5));
    disk.stall(nullptr);
}

TEST_F(AofTells, WhoeverWaitsWhenTheFileIsTurnedOff)
{
    Book book(disk, AOF_FSYNC_ALWAYS);
    disk.refuse("write", ENOSPC);
    const uint64_t ticket = book.add(1);
    until([&] { return aof_fault_line(book.file()) != nullptr; });
    EXPECT_TRUE(asks(book, ticket, 7));
    EXPECT_EQ(book.turn(AOF_TURN_END), LK_OK);
    EXPECT_TRUE(is_told(7));
    EXPECT_FALSE(asks(book, ticket, 7));
    EXPECT_EQ(aof_fault_line(book.file()), nullptr);
    disk.refuse(nullptr, 0);
}

// Under everysec, too, nobody is answered whose change the disk does not take; and then he is told.
TEST_F(AofTells, WhoeverWaitsWhenTheDiskTakesItAgain)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    disk.refuse("write", ENOSPC);
    const uint64_t ticket = book.add(1);
    until([&] { return aof_fault_line(book.file()) != nullptr; });
    EXPECT_TRUE(asks(book, ticket, 9));
    disk.refuse(nullptr, 0);
    until([&] { return is_told(9); });
    EXPECT_FALSE(asks(book, ticket, 9));
    EXPECT_EQ(aof_fault_line(book.file()), nullptr);
}

// A disk that takes writes again has still lost what it could not sync.
TEST_F(Aof, AWriteThatGoesWellMendsNoSync)
{
    Book book(disk, AOF_FSYNC_ALWAYS);
    disk.refuse("sync_data", EIO);
    book.add(1);
    until([&] { return aof_report_get(book.file()).sync_failed; });
    disk.refuse("write", ENOSPC);
    book.add(2);
    until([&] { return aof_report_get(book.file()).write_failed; });
    disk.refuse(nullptr, 0);
    until([&] { return !aof_report_get(book.file()).write_failed; });
    EXPECT_NE(aof_fault_line(book.file()), nullptr);
}

// A file into which nothing was written leaves no trace in the next.
TEST_F(Aof, NamesTheLastFileThatIsNotEmpty)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    book.add(1);
    book.wait_written();
    for (int i = 0; i < 2; i++) {
        ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
        ASSERT_EQ(book.turn(), LK_OK);
    }
    book.add(2);
    book.wait_written();
    EXPECT_EQ(disk.contents("d/a.2.incr.aof"), "");
    const std::string begins = disk.contents("d/a.3.incr.aof");
    const std::string line = after(1, disk.contents("d/a.1.incr.aof").size());
    EXPECT_EQ(begins.substr(0, line.size()), line);
}

TEST_F(Aof, WritesOnWhereADiskTakesLess)
{
    {
        Book book(disk, AOF_FSYNC_ALWAYS);
        disk.write_halves();
        for (int i = 1; i <= 20; i++)
            EXPECT_TRUE(book.wait_durable(book.add(i)));
        disk.fail_from(0);
    }
    disk.after_crash();
    EXPECT_EQ(load(disk).numbers, first(20));
    EXPECT_FALSE(load(disk, false).truncated);
}

// What INFO says and automatic rewrites go by: all of the files, and of the base.
TEST_F(Aof, KnowsItsSize)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    const auto size = [&] { return aof_report_get(book.file()).size; };
    book.add(1);
    book.wait_written();
    EXPECT_EQ(size(), disk.contents("d/a.1.incr.aof").size());
    EXPECT_EQ(book.rewrite(), LK_OK);
    const size_t base = command(1).size();
    EXPECT_EQ(size(), base); // all of it lies in the base now
    EXPECT_EQ(aof_report_get(book.file()).base_size, base);
    book.add(2);
    book.wait_written();
    EXPECT_EQ(size(), base + disk.contents("d/a.2.incr.aof").size());
}

TEST_F(Aof, ACleanEndWritesWhatWasKept)
{
    {
        Book book(disk, AOF_FSYNC_EVERYSEC);
        disk.refuse("write", ENOSPC);
        book.add(1);
        until([&] { return aof_fault_line(book.file()) != nullptr; });
        disk.refuse(nullptr, 0); // and it ends before the log tries again
    }
    disk.after_crash();
    EXPECT_EQ(load(disk).numbers, first(1));
}

// What could not be written is not durable because something before it was synced.
TEST_F(AofTells, NobodyOfWhatIsStillToBeWritten)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    disk.stall("sync_data");
    book.add(1);
    until([&] { return aof_report_get(book.file()).syncing; });
    const uint64_t written = book.add(2);
    book.wait_written();
    disk.refuse("write", ENOSPC);
    const uint64_t kept = book.add(3);
    until([&] { return aof_fault_line(book.file()) != nullptr; });
    disk.stall(nullptr);
    log_ring_set_awaited(book.ring(), true); // it is asked for what is synced alone
    until([&] { return book.is_durable(written); });
    EXPECT_FALSE(book.is_durable(kept));
    log_ring_set_awaited(book.ring(), false);
    disk.refuse(nullptr, 0);
}

TEST_F(Aof, TellsHowLongItWaitsForTheDisk)
{
    {
        Book book(disk, AOF_FSYNC_ALWAYS);
        EXPECT_TRUE(book.wait_durable(book.add(1)));
        EXPECT_EQ(book.stalls[STALL_AOF_WRITE], 1);
        EXPECT_EQ(book.stalls[STALL_AOF_SYNC], 1);
        EXPECT_EQ(book.stalls[STALL_AOF_RENAME], 0);
        EXPECT_EQ(book.rewrite(), LK_OK);
        EXPECT_EQ(book.stalls[STALL_AOF_RENAME], 1);
        EXPECT_EQ(book.stalls[STALL_AOF_WRITE_BESIDE_SYNC], 0);
    }
    disk.stall("sync_data");
    Book book(disk, AOF_FSYNC_EVERYSEC);
    book.add(1);
    until([&] { return aof_report_get(book.file()).syncing; });
    book.add(2);
    until([&] { return book.stalls[STALL_AOF_WRITE_BESIDE_SYNC] > 0; });
    EXPECT_EQ(book.stalls[STALL_AOF_SYNC], 0); // nobody waits for it
    disk.stall(nullptr);
}

TEST_F(Aof, GoesOnWhenTheDiskHasRoomAgain)
{
    {
        Book book(disk, AOF_FSYNC_ALWAYS);
        EXPECT_TRUE(book.wait_durable(book.add(1)));
        disk.refuse("write", ENOSPC);
        const uint64_t ticket = book.add(2);
        EXPECT_FALSE(book.wait_durable(ticket));
        EXPECT_STREQ(aof_fault_line(book.file()),
                     "MISCONF Errors writing to the AOF file: No space left on device");
        EXPECT_TRUE(aof_report_get(book.file()).write_failed);
        book.add(3);
        disk.refuse(nullptr, 0);
        while (!book.is_durable(ticket + 1)) // it tries now and then
            std::this_thread::yield();
        EXPECT_EQ(aof_fault_line(book.file()), nullptr);
    }
    disk.after_crash();
    EXPECT_EQ(load(disk).numbers, first(3));
}

TEST_F(Aof, TrustsAFailedSyncAgainOnlyAfterARewrite)
{
    Book book(disk, AOF_FSYNC_ALWAYS);
    EXPECT_TRUE(book.wait_durable(book.add(1)));
    disk.refuse("sync_data", EIO);
    const uint64_t ticket = book.add(2);
    EXPECT_FALSE(book.wait_durable(ticket));
    EXPECT_TRUE(aof_report_get(book.file()).sync_failed);
    disk.refuse(nullptr, 0);
    const uint64_t later = book.add(3);
    book.wait_written();
    EXPECT_FALSE(book.is_durable(ticket));
    EXPECT_FALSE(book.is_durable(later));
    EXPECT_EQ(book.rewrite(), LK_OK);
    EXPECT_TRUE(book.is_durable(later));
    EXPECT_EQ(aof_fault_line(book.file()), nullptr);
    EXPECT_EQ(load(disk).numbers, first(3));
}

// --- what a killed process takes with it ---------------------------------------------------------

// Under everysec neither a batch nor a turn waits for a sync.
TEST_F(Aof, WritesBesideASyncThatHangs)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
    disk.stall("sync_data");
    book.add(1);
    until([&] { return aof_report_get(book.file()).syncing; });
    book.add(2);
    until([&] { return disk.contents("d/a.1.incr.aof").find(command(2)) != std::string::npos; });
    EXPECT_EQ(book.turn(), LK_OK);
    book.add(3);
    until([&] { return disk.contents("d/a.2.incr.aof").find(command(3)) != std::string::npos; });
    EXPECT_TRUE(aof_report_get(book.file()).syncing); /* all the while */
    EXPECT_EQ(load(disk).numbers, first(3));
    disk.stall(nullptr);
}

// What is acknowledged and not written is at most LOG_LATE_NS old.
TEST_F(Aof, HoldsRepliesWhileWritesAreSlow)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    const uint64_t written = book.add(1);
    book.wait_written();
    disk.stall("write");
    const uint64_t slow = book.add(2);
    until([&] { return !book.is_durable(slow); });
    EXPECT_FALSE(book.is_durable(book.add(3)));
    EXPECT_TRUE(book.is_durable(written)); /* nobody else waits */
    EXPECT_EQ(log_ring_refusal(book.ring()), nullptr);
    disk.stall(nullptr);
    book.wait_written();
    EXPECT_TRUE(book.is_durable(slow + 1));
}

// From the first write that fails on nothing is acknowledged, whatever the policy.
TEST_F(Aof, HoldsRepliesAtOnceWhenWritesFail)
{
    for (const aof_fsync fsync : {AOF_FSYNC_EVERYSEC, AOF_FSYNC_NO, AOF_FSYNC_ALWAYS}) {
        FakeDisk d;
        {
            Book book(d, fsync);
            EXPECT_TRUE(book.wait_durable(book.add(1)));
            book.wait_written();
            d.refuse("write", ENOSPC);
            const uint64_t ticket = book.add(2);
            until([&] { return book.told.load() != nullptr; });
            EXPECT_STREQ(book.told,
                         "MISCONF Errors writing to the AOF file: No space left on device");
            EXPECT_FALSE(book.is_durable(ticket));
            EXPECT_TRUE(book.is_durable(ticket - 1));
            until([&] {
                aof_tell_waiting(book.file());
                return log_ring_refusal(book.ring()) != nullptr;
            });
            EXPECT_STREQ(log_ring_refusal(book.ring()),
                         "MISCONF Errors writing to the AOF file: No space left on device. What "
                         "this reply rests on is in memory, and will be written when the disk "
                         "takes it again.");
            EXPECT_FALSE(book.is_durable(ticket));
            d.refuse(nullptr, 0);
            until([&] { return book.is_durable(ticket); });
            EXPECT_EQ(log_ring_refusal(book.ring()), nullptr);
        }
        EXPECT_EQ(load(d).numbers, first(2));
    }
}

// Bytes that the old file did not take are in no other: the turn fails, and nothing is missing.
TEST_F(Aof, TurnsOnlyWhenAllIsWritten)
{
    {
        Book book(disk, AOF_FSYNC_EVERYSEC);
        ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
        book.add(1);
        book.wait_written();
        disk.refuse("write", ENOSPC);
        book.add(2);
        until([&] { return aof_fault_line(book.file()) != nullptr; });
        EXPECT_EQ(book.turn(), LK_EIO);
        EXPECT_EQ(errno, ENOSPC);
        EXPECT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_EIO);
        EXPECT_EQ(errno, ENOSPC);
        book.add(3);
        disk.refuse(nullptr, 0);
        until([&] { return !aof_fault_line(book.file()); });
        book.add(4);
        EXPECT_EQ(book.rewrite(), LK_OK);
        book.add(5);
    }
    EXPECT_EQ(load(disk).numbers, first(5));
    EXPECT_TRUE(disk.exists("d/a.2.incr.aof")); /* that which was ready then */
    EXPECT_FALSE(disk.exists("d/a.3.incr.aof"));
}

// A crash between a rewrite and its deletions leaves history: the next life deletes it, if it may.
TEST_F(Aof, DeletesHistoryThatWasLeft)
{
    const std::string text = "file a.2.base.aof seq 2 type b\nfile a.1.base.aof seq 1 type h\n"
                             "file a.1.incr.aof seq 1 type h\nfile a.2.incr.aof seq 2 type i\n";
    for (const bool keep : {true, false}) {
        disk.put("d/a.manifest", text);
        for (const char *name :
             {"d/a.1.base.aof", "d/a.1.incr.aof", "d/a.2.base.aof", "d/a.2.incr.aof"})
            disk.put(name, "");
        aof_manifest m{};
        buf error{};
        ASSERT_EQ(aof_manifest_parse(bytes_of(text.data(), text.size()), &m, &error), LK_OK);
        Book book(disk, AOF_FSYNC_EVERYSEC, &m, keep);
        EXPECT_EQ(disk.exists("d/a.1.base.aof"), keep);
        EXPECT_EQ(disk.exists("d/a.1.incr.aof"), keep);
        EXPECT_EQ(disk.contents("d/a.manifest") == text, keep);
        EXPECT_EQ(book.rewrite(), LK_OK);
        EXPECT_EQ(disk.exists("d/a.2.base.aof"), keep);
        /* With a file that is ready the manifest goes on naming it. */
        ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
        aof_keep_history(book.file(), false);
        EXPECT_FALSE(disk.exists("d/a.2.base.aof"));
        EXPECT_EQ(disk.contents("d/a.manifest"),
                  "file a.3.base.aof seq 3 type b\nfile a.3.incr.aof seq 3 type i\n"
                  "file a.4.incr.aof seq 4 type i\n");
    }
}

// A base says nothing about a sync that failed behind its turn.
TEST_F(Aof, ABaseEndsNoFaultOfTheFileBehindIt)
{
    Book book(disk, AOF_FSYNC_ALWAYS);
    EXPECT_TRUE(book.wait_durable(book.add(1)));
    const std::string base = book.added();
    ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
    EXPECT_EQ(book.turn(), LK_OK);
    disk.refuse("sync_data", EIO);
    const uint64_t ticket = book.add(2);
    EXPECT_FALSE(book.wait_durable(ticket));
    disk.refuse(nullptr, 0);
    EXPECT_EQ(book.adopt(base), LK_OK);
    EXPECT_NE(aof_fault_line(book.file()), nullptr);
    EXPECT_FALSE(book.is_durable(ticket));
    EXPECT_EQ(book.rewrite(), LK_OK);
    EXPECT_EQ(aof_fault_line(book.file()), nullptr);
    EXPECT_TRUE(book.is_durable(ticket)); /* who waits is told */
}

// A turn that comes when the file is off already finds nothing to turn.
TEST_F(Aof, StaysOffWhenARewriteComesTooLate)
{
    Book book(disk, AOF_FSYNC_EVERYSEC);
    book.add(1);
    ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_ROTATE), LK_OK);
    EXPECT_EQ(book.turn(AOF_TURN_END), LK_OK);
    EXPECT_EQ(book.turn(), LK_EIO);
    EXPECT_EQ(errno, ECANCELED);
    EXPECT_FALSE(aof_report_get(book.file()).on);
    /* The file that was ready is named in the manifest: the next life takes another. */
    const std::string base = book.added();
    ASSERT_EQ(aof_prepare_turn(book.file(), AOF_TURN_BEGIN), LK_OK);
    EXPECT_EQ(book.turn(AOF_TURN_BEGIN), LK_OK);
    book.add(2);
    until([&] { return disk.contents("d/a.3.incr.aof").find(command(2)) != std::string::npos; });
    EXPECT_EQ(load(disk).numbers, first(1));
    EXPECT_EQ(book.adopt(base), LK_OK);
    EXPECT_EQ(load(disk).numbers, first(2));
    for (const char *name : {"d/a.1.incr.aof", "d/a.2.incr.aof"})
        EXPECT_FALSE(disk.exists(name));
}

// Answers under a policy that changes: what was told is not asked again, what was not waits.
TEST_F(Aof, PolicyChangesWhileItRuns)
{
    Book book(disk, AOF_FSYNC_ALWAYS);
    disk.stall("sync_data");
    const uint64_t ticket = book.add(1);
    EXPECT_FALSE(book.is_durable(ticket));
    aof_set_fsync(book.file(), AOF_FSYNC_NO);
    EXPECT_TRUE(book.is_durable(ticket));
    aof_set_fsync(book.file(), AOF_FSYNC_ALWAYS);
    EXPECT_FALSE(book.is_durable(ticket)); /* a read now must not show it */
    disk.stall(nullptr);
    EXPECT_TRUE(book.wait_durable(ticket));
    aof_set_fsync(book.file(), AOF_FSYNC_NO);
    const uint64_t later = book.add(2);
    book.wait_written();
    aof_set_fsync(book.file(), AOF_FSYNC_ALWAYS);
    EXPECT_TRUE(book.wait_durable(later)); /* without another write */
}

// --- what is loaded
// -------------------------------------------------------------------------------------

TEST_F(Aof, EndsWhereTheLastWholeUnitEnds)
{
    const std::string manifest = "file a.1.incr.aof seq 1 type i\n";
    const std::string whole = command(1) + command(2), multi = "*1\r\n$5\r\nMULTI\r\n";
    const std::string last = multi + command(3) + "*1\r\n$4\r\nEXEC\r\n";
    for (size_t cut = 0; cut < last.size(); cut++) {
        SCOPED_TRACE(cut);
        disk.put("d/a.manifest", manifest);
        disk.put("d/a.1.incr.aof", whole + last.substr(0, cut));
        const Loaded strict = load(disk, false);
        EXPECT_EQ(strict.rc, cut == 0 ? LK_OK : LK_EFORMAT);
        const Loaded got = load(disk);
        EXPECT_EQ(got.rc, LK_OK) << got.error;
        EXPECT_EQ(got.truncated, cut > 0);
        EXPECT_EQ(disk.contents("d/a.1.incr.aof"), whole);
    }
}

// What a power cut leaves behind the last sync is cut; what was sound once is damage.
TEST_F(Aof, CutsWhatACrashHasLeft)
{
    const std::string one = command(1), two = command(2), bad = "*2\r\n$3\r\nADD\r\n$x\r\n1\r\n";
    const auto crc = [](const std::string &of, int synced) {
        char line[64];
        snprintf(line, sizeof line, "#CRC:%016llx %zu %d\r\n",
                 static_cast<unsigned long long>(crc64(0, of.data(), of.size())), of.size(),
                 synced);
        return std::string(line);
    };
    const std::string zeros(12, '\0'), many(3 << 20, '\0');
    const std::string summed = one + crc(one, 0);
    struct Case {
        const char *what;
        std::string text, left;
        int numbers; // -1: refused
        uint64_t tail_max;
    };
    for (const Case &c : {
             Case{"zeros", one + zeros, one, 1, 0},
             Case{"many zeros", one + many, one, 1, 0},
             Case{"nothing but zeros", zeros, "", 0, 0},
             Case{"garbage", one + std::string(70000, '\x80') + "*1\r\n$9", one, 1, 0},
             Case{"a torn value, then zeros", one + two.substr(0, 15) + zeros, one, 1, 0},
             /* The receiver was given what stands in it, and runs nothing without EXEC. */
             Case{"inside a transaction", one + "*1\r\n$5\r\nMULTI\r\n" + two + zeros, one, 2, 0},
             Case{"a command behind it", one + bad + two, "", -1, 0},
             Case{"a command right behind garbage", one + "!!!" + two, "", -1, 0},
             Case{"a command far behind it", one + many + "\r\n" + two, "", -1, 0},
             Case{"the same, as asked", one + bad + two, one, 1, 1000},
             Case{"not that much", one + bad + two, "", -1, 39},
             Case{"never synced", one + bad + two + crc(one, 0), one, 1, 0},
             Case{"synced before it", one + bad + two + crc(one, 20), one, 1, 0},
             Case{"synced", one + bad + two + crc(one, 21), "", -1, 0},
             Case{"synced, whatever is asked", one + bad + two + crc(one, 21), "", -1, 1000},
             Case{"a hole in a value", summed + two + crc(one, 0), summed, 1, 0},
             Case{"a hole in a value, commands behind it", summed + two + crc(one, 5) + two, summed,
                  1, 0},
             Case{"a value that was synced", summed + two + crc(one, 0) + two + crc(two, 99), "",
                  -1, 0},
         }) {
        SCOPED_TRACE(c.what);
        disk.put("d/a.manifest",
                 "file a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n");
        disk.put("d/a.1.incr.aof", c.text);
        disk.put("d/a.2.incr.aof", "");
        EXPECT_EQ(load(disk, false).rc, LK_EFORMAT);
        const Loaded got = load(disk, true, c.tail_max);
        EXPECT_EQ(got.rc, c.numbers < 0 ? LK_EFORMAT : LK_OK) << got.error;
        EXPECT_EQ(got.truncated, c.numbers >= 0);
        EXPECT_EQ(disk.contents("d/a.1.incr.aof"), c.numbers < 0 ? c.text : c.left);
        if (c.numbers >= 0) {
            EXPECT_EQ(got.numbers, first(c.numbers));
            EXPECT_EQ(got.error, "");
            EXPECT_FALSE(load(disk, false).truncated);
        }
    }
}

std::string crc_line(const std::string &of, int synced)
{
    char line[64];
    snprintf(line, sizeof line, "#CRC:%016llx %zu %d\r\n",
             static_cast<unsigned long long>(crc64(0, of.data(), of.size())), of.size(), synced);
    return line;
}

// Each file says how long the one before it was; where that has lost something the log ends, if
// nothing behind it was durable.
TEST_F(Aof, EndsWhereAFileHasLostItsEnd)
{
    const std::string one = command(1), two = command(2), three = command(3), zeros(50, '\0');
    const std::string both = one + two, torn = one + two.substr(0, 9);
    const std::string bad = "*2\r\n$3\r\nADD\r\n$x\r\n1\r\n";
    struct Case {
        const char *what;
        std::string files[3], left[3];
        int numbers; // -1: refused
    };
    for (const Case &c : {
             Case{"whole", {one, after(1, one.size()) + two, ""}, {}, 2},
             Case{"torn", {torn, after(1, both.size()) + three, ""}, {one, "", ""}, 1},
             Case{"short by a command", {one, after(1, both.size()) + three, ""}, {one, "", ""}, 1},
             Case{"nothing left", {"", after(1, one.size()) + two, ""}, {"", "", ""}, 0},
             Case{"zeros", {one + zeros, after(1, one.size() + 50) + two, ""}, {one, "", ""}, 1},
             Case{"the next is torn too",
                  {torn, (after(1, both.size()) + three).substr(0, 60), ""},
                  {one, "", ""},
                  1},
             Case{"half a line behind it", {torn, "#AFTER:1 ", ""}, {one, "", ""}, 1},
             Case{"zeros behind it", {torn, zeros, ""}, {one, "", ""}, 1},
             Case{"zeros, then another", {one, zeros, after(2, 50) + three}, {one, "", ""}, 1},
             Case{"two behind it",
                  {torn, after(1, both.size()) + three, after(2, 70) + one},
                  {one, "", ""},
                  1},
             Case{"the second is short",
                  {one, after(1, one.size()) + two, after(2, 500) + three},
                  {one, after(1, one.size()) + two, ""},
                  2},
             Case{"the second is gone", {one, "", after(2, 500) + three}, {one, "", ""}, 1},
             Case{"an empty one between", {one, "", after(1, one.size()) + two}, {}, 2},
             Case{"short, an empty one between",
                  {one, "", after(1, both.size()) + two},
                  {one, "", ""},
                  1},
             Case{"longer", {both, after(1, one.size()) + three, ""}, {}, -1},
             Case{"the next was synced",
                  {torn, after(1, both.size()) + three + crc_line(three, 9), ""},
                  {},
                  -1},
             Case{"the next was not",
                  {torn, after(1, both.size()) + three + crc_line(three, 0), ""},
                  {one, "", ""},
                  1},
             Case{"of another server", {torn, three, ""}, {}, -1},
             Case{"a line that was changed",
                  {torn, after(1, both.size()).replace(9, 1, "9") + three, ""},
                  {},
                  -1},
             Case{"synced itself",
                  {one + bad + three + crc_line(one, 25), after(1, 900) + three, ""},
                  {},
                  -1},
         }) {
        SCOPED_TRACE(c.what);
        disk.put("d/a.manifest", "file a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n"
                                 "file a.3.incr.aof seq 3 type i\n");
        const auto name = [](int i) { return "d/a." + std::to_string(i + 1) + ".incr.aof"; };
        const bool sound = c.numbers >= 0 && c.left[0].empty() && !c.files[0].empty();
        for (int i = 0; i < 3; i++)
            disk.put(name(i), c.files[i]);
        EXPECT_EQ(load(disk, false).rc, sound ? LK_OK : LK_EFORMAT);
        const Loaded got = load(disk);
        EXPECT_EQ(got.rc, c.numbers < 0 ? LK_EFORMAT : LK_OK) << got.error;
        if (got.rc == LK_OK) {
            EXPECT_EQ(got.truncated, !sound);
        }
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(disk.contents(name(i)), c.numbers < 0 || sound ? c.files[i] : c.left[i]);
        if (c.numbers >= 0) {
            EXPECT_EQ(got.numbers, first(c.numbers));
            EXPECT_FALSE(load(disk, false).truncated);
        }
    }
}

TEST_F(Aof, RefusesWhatIsWrongInTheMiddle)
{
    const std::string manifest = "file a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n";
    struct Case {
        const char *what;
        std::string one, two, error;
    };
    const std::string flipped = "*2\r\n$3\r\nADD\r\n$x\r\n1\r\n";
    for (const Case &c : {
             Case{"a flipped byte", flipped, command(2), "at byte 0"},
             Case{"garbage", command(1) + "hello", command(2), "at byte 20"},
             Case{"an early end", command(1).substr(0, 10), command(2), "Unexpected end of file"},
             Case{"a wrong checksum", command(1) + "#CRC:0000000000000001 22\r\n", command(2),
                  "checksum"},
         }) {
        SCOPED_TRACE(c.what);
        disk.put("d/a.manifest", manifest);
        disk.put("d/a.1.incr.aof", c.one);
        disk.put("d/a.2.incr.aof", c.two);
        const Loaded got = load(disk);
        EXPECT_EQ(got.rc, LK_EFORMAT);
        EXPECT_NE(got.error.find(c.error), std::string::npos) << got.error;
    }
    disk.put("d/a.manifest", manifest + "file a.9.incr.aof seq 9 type i\n");
    disk.put("d/a.1.incr.aof", "");
    const Loaded missing = load(disk);
    EXPECT_EQ(missing.rc, LK_EIO);
    EXPECT_EQ(missing.error, "Unable to obtain the AOF file a.9.incr.aof length. stat: No such "
                             "file or directory");
}

// --- manifests
// ------------------------------------------------------------------------------------------

TEST(AofManifest, PrintsWhatItParses)
{
    const std::string text = "file \"odd \\x01\\\"name\" seq 3 type b\n"
                             "file a.2.base.rdb seq 2 type h\n"
                             "file a.4.incr.aof seq 4 type i\nfile a.5.incr.aof seq 5 type i\n";
    aof_manifest m{};
    buf error{}, out{};
    ASSERT_EQ(aof_manifest_parse(bytes_of(text.data(), text.size()), &m, &error), LK_OK);
    EXPECT_STREQ(aof_manifest_base(&m)->name, "odd \x01\"name");
    EXPECT_STREQ(aof_manifest_last_incr(&m)->name, "a.5.incr.aof");
    aof_manifest_print(&m, &out);
    EXPECT_EQ(std::string(out.data, out.size), text);
    aof_manifest_release(&m);
    buf_release(&out);
}

TEST(AofManifest, RefusesWhatLies)
{
    struct Case {
        const char *text, *error;
    };
    for (const Case &c : {
             Case{"", "empty"},
             Case{"file a seq 1 type b", "unfinished line"},
             Case{"file a seq 1 type b\nfile b seq 2 type b\n", "duplicate base"},
             Case{"file a seq 2 type i\nfile b seq 1 type i\n", "non-monotonic"},
             Case{"file ../a seq 1 type b\n", "can't be a path"},
             Case{"file a seq x type b\n", "seq"},
             Case{"file a seq 1 type q\n", "Unknown AOF file type"},
             Case{"seq 1 type b\n", "Invalid AOF manifest"},
             Case{"file a seq 1 type b\n\nfile b seq 1 type i\n", "Invalid AOF manifest"},
             Case{"file a seq 1 type b odd\n", "Invalid AOF manifest"},
             Case{"file a type i\n", "Invalid AOF manifest"},
             Case{"file a seq 1\n", "Invalid AOF manifest"},
             Case{"filx a seq 1 type b\n", "Invalid AOF manifest"},
             Case{"file \"a seq 1 type b\n", "Invalid AOF manifest"},
         }) {
        aof_manifest m{};
        buf error{};
        EXPECT_EQ(aof_manifest_parse(bytes_of(c.text, strlen(c.text)), &m, &error), LK_EFORMAT)
            << c.text;
        EXPECT_NE(std::string(error.data, error.size).find(c.error), std::string::npos)
            << c.text << ": " << std::string(error.data, error.size);
        buf_release(&error);
        aof_manifest_release(&m);
    }
}

} // namespace
