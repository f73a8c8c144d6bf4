// The append-only file on a disk that keeps only what was synced, and that fails wherever it can.
#include "persist/aof/aof.h"
#include "persist/aof/aof_load.h"
#include "tests/persist/fake_disk.h"

#include "core/base/log.h"
#include "core/base/mem.h"

#include <gtest/gtest.h>

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

// A server without keys: numbers are added to the log, a base is all that was added before.
class Book
{
  public:
    Book(FakeDisk &disk, aof_fsync fsync, aof_manifest *found = nullptr) : disk_(disk)
    {
        ring_ = log_ring_new(1 << 10, 16, 1 << 24);
        const aof_options options = {disk.ops(), "d", "a", fsync, false};
        aof_ = aof_new(&options, ring_);
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

    int rewrite()
    {
        aof_turn_request turn;
        const std::string base = added_;
        aof_turn(ring_, &turn, AOF_TURN_ROTATE);
        if (aof_turn_wait(&turn) != LK_OK)
            return LK_EIO;
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

    bool opened = false;

  private:
    FakeDisk &disk_;
    log_ring *ring_;
    aof *aof_;
    log_thread *log_;
    std::string added_;
};

struct Loaded {
    int rc = LK_OK;
    std::vector<int> numbers;
    std::string error;
    bool truncated = false;
};

Loaded load(const FakeDisk &disk, bool truncated_ok = true)
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
    aof_load_result result{};
    if (out.rc == LK_OK)
        out.rc = aof_load(&m, &options, &receiver, &result, &error);
    out.error.assign(error.data, error.size);
    out.truncated = result.truncated;
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
TEST_F(Aof, LosesNothingDurableWhereverThePowerFails)
{
    for (int64_t n = 0;; n++) {
        SCOPED_TRACE("call " + std::to_string(n));
        FakeDisk d;
        int durable = 0, added = 0;
        d.fail_from(n);
        {
            Book book(d, AOF_FSYNC_ALWAYS);
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
        d.after_crash();
        const Loaded got = load(d);
        ASSERT_EQ(got.rc, LK_OK) << got.error;
        ASSERT_GE(got.numbers.size(), static_cast<size_t>(durable));
        ASSERT_LE(got.numbers.size(), static_cast<size_t>(added));
        ASSERT_EQ(got.numbers, first(static_cast<int>(got.numbers.size())));
        if (!failed)
            break;
    }
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
        while (!book.is_durable(ticket + 1)) // it tries once a second
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
    disk.refuse("sync", EIO);
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

TEST_F(Aof, RefusesWhatIsWrongInTheMiddle)
{
    const std::string manifest = "file a.1.incr.aof seq 1 type i\nfile a.2.incr.aof seq 2 type i\n";
    struct Case {
        const char *what;
        std::string one, two, error;
    };
    const std::string flipped = "*2\r\n$3\r\nADD\r\n$x\r\n1\r\n";
    for (const Case &c : {
             Case{"a flipped byte", flipped, "", "at byte 0"},
             Case{"garbage", command(1) + "hello", "", "at byte 20"},
             Case{"an early end", command(1).substr(0, 10), command(2), "Unexpected end of file"},
             Case{"a wrong checksum", command(1) + "#CRC:0000000000000001 22\r\n", "", "checksum"},
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
    EXPECT_NE(missing.error.find("is missing"), std::string::npos) << missing.error;
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
             Case{"file \"a seq 1 type b\n", "can't be a path"},
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
