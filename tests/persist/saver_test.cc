// The saver over a disk that fails: whatever goes wrong, counters and lists are exact afterwards.
#include "persist/saver.h"

#include "core/base/trace.h"
#include "tests/persist/aof/aof_fixture.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <thread>

namespace
{

using aof_test::Data;
using Tail = FakeDisk::Tail;

void until(const std::function<bool()> &there)
{
    while (!there())
        std::this_thread::yield();
}

// Keys, their log, and all that saves them.
class World
{
  public:
    std::atomic<int> unlinks{0}; // of temporary files, as the saver tells

    World(FakeDisk &disk, aof_fsync fsync, bool preamble = true) : preamble_(preamble)
    {
        ring_ = log_ring_new(1 << 10, 16, 1 << 24);
        aof_options options{};
        options.ops = disk.ops();
        options.directory = "d";
        options.filename = "a";
        options.fsync = fsync;
        aof_ = aof_new(&options, ring_);
        aof_manifest none{};
        opened = aof_open(aof_, &none, 0, 0) == LK_OK;
        const log_sink sink = aof_sink(aof_);
        log_ = log_thread_new(ring_, &sink, 1);
        saver_parts parts{};
        parts.ks = data.ks;
        parts.ring = ring_;
        parts.aof = aof_;
        parts.ops = disk.ops();
        parts.ctx = this;
        parts.settings = settings;
        parts.changes = count;
        parts.watch = {[](void *ctx, stall what, int64_t) {
                           static_cast<World *>(ctx)->unlinks += what == STALL_RDB_UNLINK;
                       },
                       this};
        saver = saver_new(&parts);
    }
    World(const World &) = delete;
    ~World()
    {
        saver_free(saver);
        log_thread_end(log_);
        aof_free(aof_);
        log_ring_free(ring_);
    }

    // One more in a counter and in a list, which have no other way to be told twice.
    uint64_t step()
    {
        changes += 2;
        data.run_logged({"INCR", "n"}, ring_);
        return data.run_logged({"RPUSH", "l", "x"}, ring_);
    }

    // False: a fault came first.
    bool wait_durable(uint64_t ticket)
    {
        until([&] { return log_ring_is_durable_or_ask(ring_, ticket, 0) || aof_fault_line(aof_); });
        return log_ring_is_durable_or_ask(ring_, ticket, 0);
    }

    bool job(saver_kind kind, saver_pace pace = SAVER_BESIDE)
    {
        const enum aof_turn turn = kind == SAVER_REWRITE ? AOF_TURN_ROTATE : AOF_TURN_NONE;
        EXPECT_EQ(saver_begin(saver, kind, turn, pace, SAVER_NOW), LK_OK);
        return saver_wait(saver, kind);
    }

    // Writes that failed are tried again; of a sync that failed only a rewrite makes good.
    void recover(uint64_t ticket)
    {
        until([&] { return !aof_report_get(aof_).write_failed; });
        while (!wait_durable(ticket))
            job(SAVER_REWRITE);
    }

    Data data;
    ::saver *saver;
    std::atomic<uint64_t> changes{0}, cuts{0};
    std::atomic<int> nice{0}; // of the thread that did the last job
    bool opened = false, hold_fsync = false;
    aof *file()
    {
        return aof_;
    }

  private:
    static void settings(void *ctx, saver_kind, saver_settings *out)
    {
        *out = saver_settings{};
        static_cast<World *>(ctx)->nice = getpriority(PRIO_PROCESS, 0);
        out->directory = mem_strdup("d");
        out->filename = mem_strdup("dump.rdb");
        out->aof_directory = mem_strdup("d");
        out->checksum = true;
        out->hold_fsync = static_cast<World *>(ctx)->hold_fsync;
        out->rdb_preamble = static_cast<World *>(ctx)->preamble_;
        out->redis_version = "7.4.0";
    }
    static uint64_t count(void *ctx)
    {
        World *w = static_cast<World *>(ctx);
        w->cuts++;
        return w->changes;
    }

    bool preamble_;
    log_ring *ring_;
    aof *aof_;
    log_thread *log_;
};

struct Found {
    int rc = LK_OK;
    std::string error;
    int64_t counter = 0, length = 0;
};

// The digest stands behind the value.
int64_t number_in(const std::string &told)
{
    return std::stoll(told.substr(0, told.rfind('@') - DIGEST_CHARS));
}

Found find(const FakeDisk &disk, const char *manifest_of_rdb = nullptr)
{
    Found out;
    if (!manifest_of_rdb && !disk.exists("d/a.manifest"))
        return out;
    FakeDisk alone;
    if (manifest_of_rdb) {
        alone.put("d/a.manifest", "file dump.rdb seq 1 type b\n");
        alone.put("d/dump.rdb", disk.contents("d/dump.rdb"));
    }
    Data d;
    out.rc = d.load(manifest_of_rdb ? alone : disk, &out.error, nullptr, true);
    for (const auto &[place, told] : d.dump()) {
        if (place.second == "n")
            out.counter = number_in(told);
        else /* one word an element */
            out.length =
                std::count(told.begin(), told.begin() + static_cast<long>(told.rfind('@')), 'x');
    }
    return out;
}

class Saver : public testing::Test
{
  protected:
    Saver()
    {
        trace_set_level(TRACE_NOTHING);
    }
    ~Saver() override
    {
        trace_set_level(TRACE_NOTICE);
    }
};

// A step now and then, two rewrites and a snapshot between them.
template <class Step> void live(World &w, Step step)
{
    for (int i = 1; w.opened && i <= 9; i++) {
        if (!step(w.step()))
            return;
        if (i == 3 || i == 6)
            w.job(SAVER_REWRITE);
        if (i == 5)
            w.job(SAVER_RDB);
    }
}

TEST_F(Saver, LosesAndDoublesNothingWhicheverCallFails)
{
    for (const bool preamble : {true, false})
        for (int64_t n = 0;; n++) {
            SCOPED_TRACE("call " + std::to_string(n));
            FakeDisk d;
            d.fail_only(n);
            int steps = 0;
            {
                World w(d, AOF_FSYNC_ALWAYS, preamble);
                uint64_t last = 0;
                live(w, [&](uint64_t ticket) {
                    steps++;
                    w.recover(last = ticket);
                    return true;
                });
            }
            const bool failed = d.calls() > n;
            EXPECT_EQ(d.misused(), 0);
            d.after_crash(static_cast<uint64_t>(n % 8), static_cast<Tail>(n % 4));
            const Found got = find(d);
            ASSERT_EQ(got.rc, LK_OK) << got.error;
            ASSERT_EQ(got.counter, steps);
            ASSERT_EQ(got.length, steps);
            if (!failed)
                break;
        }
}

TEST_F(Saver, LosesAndDoublesNothingWhereverThePowerFails)
{
    for (const aof_fsync fsync : {AOF_FSYNC_ALWAYS, AOF_FSYNC_EVERYSEC})
        for (int64_t n = 0;; n++) {
            SCOPED_TRACE("call " + std::to_string(n));
            FakeDisk d;
            d.fail_from(n);
            int durable = 0, steps = 0;
            {
                World w(d, fsync);
                live(w, [&](uint64_t ticket) {
                    steps++;
                    if (!w.wait_durable(ticket))
                        return false;
                    durable = fsync == AOF_FSYNC_ALWAYS ? steps : 0;
                    return true;
                });
            }
            const bool failed = d.calls() > n;
            d.after_crash(static_cast<uint64_t>(n % 8), static_cast<Tail>(n / 8 % 4));
            const Found got = find(d);
            ASSERT_EQ(got.rc, LK_OK) << got.error;
            ASSERT_GE(got.length, durable);
            ASSERT_LE(got.length, steps);
            ASSERT_LE(got.counter - got.length, 1); /* two slots a step */
            ASSERT_GE(got.counter, got.length);
            if (d.exists("d/dump.rdb")) { /* whole, or not there */
                const Found saved = find(d, "dump.rdb");
                EXPECT_EQ(saved.rc, LK_OK) << saved.error;
                EXPECT_EQ(saved.length, 5);
            }
            if (!failed)
                break;
        }
}

// A clean end syncs what everysec has not.
TEST_F(Saver, ACleanEndLeavesNothingToThePower)
{
    FakeDisk d;
    {
        World w(d, AOF_FSYNC_EVERYSEC);
        for (int i = 0; i < 100; i++)
            w.step();
        EXPECT_TRUE(w.job(SAVER_REWRITE));
        for (int i = 0; i < 50; i++)
            w.step();
    }
    d.after_crash();
    const Found got = find(d);
    EXPECT_EQ(got.rc, LK_OK) << got.error;
    EXPECT_EQ(got.counter, 150);
    EXPECT_EQ(got.length, 150);
}

// What is changed while a snapshot is written is not in it, and is not counted as saved.
TEST_F(Saver, CountsChangesAsOfTheCut)
{
    FakeDisk d;
    World w(d, AOF_FSYNC_NO);
    w.step();
    w.wait_durable(0);
    d.stall("rename");
    ASSERT_EQ(saver_begin(w.saver, SAVER_RDB, AOF_TURN_NONE, SAVER_BESIDE, SAVER_NOW), LK_OK);
    until([&] { return w.cuts == 1; });
    for (int i = 0; i < 10; i++)
        w.step();
    d.stall(nullptr);
    EXPECT_TRUE(saver_wait(w.saver, SAVER_RDB));
    const saver_report r = saver_report_get(w.saver);
    EXPECT_EQ(r.changes_at_last_save, 2u);
    EXPECT_EQ(r.saves, 1u);
    EXPECT_EQ(find(d, "dump.rdb").length, 1);
}

// Whoever aborts a job that has not cut yet finds that it never does.
TEST_F(Saver, AnAbortBeforeTheCutBeginsNothing)
{
    for (const saver_kind kind : {SAVER_RDB, SAVER_REWRITE}) {
        FakeDisk d;
        World w(d, AOF_FSYNC_NO);
        w.step();
        gate_close(&w.data.ks->gate);
        ASSERT_EQ(saver_begin(w.saver, kind, kind == SAVER_RDB ? AOF_TURN_NONE : AOF_TURN_ROTATE,
                              SAVER_BESIDE, SAVER_NOW),
                  LK_OK);
        saver_abort(w.saver, kind);
        gate_open(&w.data.ks->gate);
        EXPECT_FALSE(saver_wait(w.saver, kind));
        EXPECT_EQ(w.cuts, 0u);
        const saver_report r = saver_report_get(w.saver);
        EXPECT_FALSE(r.save_failed || r.rewrite_failed); /* it was asked for */
        EXPECT_FALSE(d.exists("d/dump.rdb"));
        w.step();
        EXPECT_TRUE(w.job(kind));
        w.step();
    }
}

// Under everysec a rotation between a write and its sync takes nothing of what both files hold.
TEST_F(Saver, RotatesBetweenAWriteAndItsSync)
{
    FakeDisk d;
    {
        World w(d, AOF_FSYNC_EVERYSEC);
        d.stall("sync_data");
        for (int i = 0; i < 20; i++)
            w.step();
        EXPECT_TRUE(w.job(SAVER_REWRITE));
        for (int i = 0; i < 20; i++)
            w.step();
        EXPECT_TRUE(w.job(SAVER_REWRITE));
        w.step();
        d.stall(nullptr);
    }
    d.after_crash();
    const Found got = find(d);
    EXPECT_EQ(got.rc, LK_OK) << got.error;
    EXPECT_EQ(got.counter, 41);
    EXPECT_EQ(got.length, 41);
}

// Who waits for a job stands still meanwhile, and is not made to wait for all other threads too.
TEST_F(Saver, TellsHowLongATemporaryFileTakesToGo)
{
    FakeDisk disk;
    World w(disk, AOF_FSYNC_NO);
    w.data.run({"SET", "k", "v"});
    ASSERT_EQ(saver_begin(w.saver, SAVER_RDB, AOF_TURN_NONE, SAVER_AWAITED, SAVER_NOW), LK_OK);
    EXPECT_TRUE(saver_wait(w.saver, SAVER_RDB));
    EXPECT_EQ(w.unlinks, 0);
    disk.refuse("rename", EIO);
    ASSERT_EQ(saver_begin(w.saver, SAVER_RDB, AOF_TURN_NONE, SAVER_AWAITED, SAVER_NOW), LK_OK);
    EXPECT_FALSE(saver_wait(w.saver, SAVER_RDB));
    EXPECT_EQ(w.unlinks, 1);
    disk.refuse(nullptr, 0);
}

// no-appendfsync-on-rewrite holds syncs for as long as the rewrite takes, also if it fails.
TEST_F(Saver, LetsSyncsGoOnAfterwards)
{
    for (const bool fails : {false, true}) {
        FakeDisk disk;
        World w(disk, AOF_FSYNC_EVERYSEC);
        w.hold_fsync = true;
        if (fails)
            disk.refuse("rename", EIO);
        EXPECT_EQ(w.job(SAVER_REWRITE), !fails);
        disk.refuse(nullptr, 0);
        disk.stall("sync_data");
        w.step();
        until([&] { return aof_report_get(w.file()).syncing; });
        disk.stall(nullptr);
    }
}

TEST_F(Saver, IsNiceOnlyWhereNobodyWaits)
{
    FakeDisk disk;
    World w(disk, AOF_FSYNC_NO);
    ASSERT_TRUE(w.opened);
    const int own = getpriority(PRIO_PROCESS, 0);
    for (const saver_kind kind : {SAVER_RDB, SAVER_REWRITE}) {
        EXPECT_TRUE(w.job(kind, SAVER_BESIDE));
        EXPECT_EQ(w.nice, std::max(own, 10));
        EXPECT_TRUE(w.job(kind, SAVER_AWAITED));
        EXPECT_EQ(w.nice, own);
    }
}

// What somebody else does with a view.
class Task
{
  public:
    explicit Task(World &w) : world_(w)
    {
        task.entry.kind = SAVER_SLOTS;
        task.ctx = this;
        task.cut = [](void *ctx) {
            Task *t = static_cast<Task *>(ctx);
            EXPECT_NE(t->world_.data.ks->gate.closed, 0u);
            t->at_cut = t->world_.changes;
        };
        task.write = [](void *ctx, const saver_cut *cut) {
            return static_cast<Task *>(ctx)->write(cut);
        };
        task.ended = [](void *ctx, int how) {
            Task *t = static_cast<Task *>(ctx);
            t->rc = how;
            t->ended++;
        };
    }
    int queue()
    {
        return saver_queue_task(world_.saver, &task);
    }

    saver_task task{};
    std::atomic<int> ended{0}, writing{0}, rc{1};
    std::atomic<bool> wait{false};
    uint64_t at_cut = 0, keys = 0;

  private:
    int write(const saver_cut *cut)
    {
        writing = 1;
        while (wait)
            std::this_thread::yield();
        const entry *e;
        uint32_t db;
        while ((e = view_next(cut->view, &db)) != nullptr)
            keys++;
        EXPECT_STREQ(cut->settings->redis_version, "7.4.0");
        if (!view_is_whole(cut->view))
            return LK_EAGAIN;
        EXPECT_EQ(keys, cut->keys);
        return LK_OK;
    }

    World &world_;
};

TEST_F(Saver, ATaskReadsTheViewOfItsCut)
{
    FakeDisk d;
    World w(d, AOF_FSYNC_NO);
    w.step();
    Task t(w);
    t.wait = true;
    ASSERT_EQ(t.queue(), LK_OK);
    until([&] { return t.writing == 1; });
    const saver_report r = saver_report_get(w.saver);
    EXPECT_EQ(r.job, SAVER_SLOTS);
    w.step();
    t.wait = false;
    until([&] { return t.ended == 1; });
    EXPECT_EQ(t.rc, LK_OK);
    EXPECT_EQ(t.at_cut, 2u);
    EXPECT_EQ(t.keys, 2u);
    EXPECT_EQ(saver_report_get(w.saver).saves, 0u);
}

// While a task has its view the others wait, are not under way, and come in their order.
TEST_F(Saver, JobsWaitForTheirView)
{
    FakeDisk d;
    World w(d, AOF_FSYNC_NO);
    w.step();
    Task first(w), second(w);
    first.wait = true;
    ASSERT_EQ(first.queue(), LK_OK);
    until([&] { return first.writing == 1; });
    const auto begin = [&](saver_kind kind, enum aof_turn turn, saver_when when) {
        return saver_begin(w.saver, kind, turn, SAVER_BESIDE, when);
    };
    EXPECT_EQ(begin(SAVER_RDB, AOF_TURN_NONE, SAVER_NOW), LK_EBUSY);
    EXPECT_EQ(begin(SAVER_RDB, AOF_TURN_NONE, SAVER_QUEUED), LK_OK);
    EXPECT_EQ(begin(SAVER_RDB, AOF_TURN_NONE, SAVER_QUEUED), LK_EBUSY);
    EXPECT_EQ(begin(SAVER_REWRITE, AOF_TURN_ROTATE, SAVER_QUEUED), LK_OK);
    ASSERT_EQ(second.queue(), LK_OK);
    const saver_report r = saver_report_get(w.saver);
    EXPECT_EQ(r.job, SAVER_SLOTS);
    EXPECT_TRUE(saver_waits(&r, SAVER_RDB) && saver_waits(&r, SAVER_REWRITE) &&
                saver_waits(&r, SAVER_SLOTS));
    EXPECT_FALSE(saver_waits(&r, SAVER_SYNC));
    first.wait = false;
    EXPECT_TRUE(saver_wait(w.saver, SAVER_RDB));
    EXPECT_TRUE(saver_wait(w.saver, SAVER_REWRITE));
    until([&] { return second.ended == 1; });
    EXPECT_EQ(second.rc, LK_OK);
    EXPECT_EQ(saver_report_get(w.saver).rewrites, 1u);
    EXPECT_EQ(saver_report_get(w.saver).saves, 1u);
}

// Under way, waiting, and when the saver itself ends: each time the owner hears of it once.
TEST_F(Saver, ATaskThatIsAbortedIsToldSo)
{
    FakeDisk d;
    auto w = std::make_unique<World>(d, AOF_FSYNC_NO);
    w->step();
    Task running(*w), waiting(*w), never(*w);
    running.wait = true;
    ASSERT_EQ(running.queue(), LK_OK);
    until([&] { return running.writing == 1; });
    ASSERT_EQ(waiting.queue(), LK_OK);
    saver_abort_task(w->saver, &waiting.task);
    saver_abort_task(w->saver, &running.task);
    running.wait = false;
    until([&] { return running.ended + waiting.ended == 2; });
    EXPECT_EQ(running.rc, LK_EAGAIN);
    EXPECT_EQ(waiting.rc, LK_EAGAIN);
    EXPECT_EQ(waiting.writing, 0);

    saver_hold(w->saver, true);
    ASSERT_EQ(never.queue(), LK_OK);
    EXPECT_EQ(saver_begin(w->saver, SAVER_RDB, AOF_TURN_NONE, SAVER_BESIDE, SAVER_QUEUED),
              LK_EBUSY);
    EXPECT_EQ(saver_begin(w->saver, SAVER_RDB, AOF_TURN_NONE, SAVER_AWAITED, SAVER_QUEUED), LK_OK);
    EXPECT_TRUE(saver_wait(w->saver, SAVER_RDB));
    EXPECT_EQ(never.ended, 0);
    w.reset();
    EXPECT_EQ(never.ended, 1);
    EXPECT_EQ(never.rc, LK_EAGAIN);
    EXPECT_EQ(never.writing, 0);
}

} // namespace
