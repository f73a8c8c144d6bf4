// A disk that is slow or refuses: who is held back, who is told, and when it is trusted again.
#include "tests/persist/aof/aof_book.h"

#include "core/store/shard.h"

namespace
{

using namespace lk_aof;

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

} // namespace
