// The append-only file on a disk that keeps only what was synced, and that fails wherever it can.
#include "tests/persist/aof/aof_book.h"

namespace
{

using namespace lk_aof;

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

// -------------------------------------------------------------------------------------

} // namespace
