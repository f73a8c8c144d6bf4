// The file that is full, while the log goes on in the next.
#include "tests/persist/aof/aof_book.h"

#include <memory>

namespace
{

using namespace lk_aof;

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

} // namespace
