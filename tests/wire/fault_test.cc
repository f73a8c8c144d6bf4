/*
 * fault_test.cc — disks that are full, broken, slow or read-only, and files that are not whole:
 * what is kept, what the server says, and that it never begins with less than it can tell.
 *
 * The disk is bad in that a library is preloaded (tests/support/bad_disk.c); files are spoiled by
 * hand between two lives.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

namespace
{

using namespace lk;
namespace fs = std::filesystem;

#ifndef BAD_DISK_PATH
#define BAD_DISK_PATH ""
#endif

/* A directory with a server in it, in one life after the other. */
class Faults : public testing::Test
{
  protected:
    /* What the disk does from now on, as bad_disk.c says. */
    void disk(const std::string &text) const
    {
        const std::string path = control() + ".new";
        std::ofstream(path) << text;
        fs::rename(path, control());
    }

    void start(const Args &more = {})
    {
        launch(more);
        ASSERT_TRUE(server_->wait_output("eady to accept connections")) << log();
        /* It accepts before it has loaded. */
        until([&] { return Client::tcp(port_).call_raw({"PING"}) == "+PONG\r\n"; });
    }

    void launch(const Args &more = {})
    {
        port_ = free_port();
        Args argv = {"/usr/bin/env", std::string("LD_PRELOAD=") + BAD_DISK_PATH,
                     "LATCHKEY_BAD_DISK=" + control()};
        const char *asan = getenv("ASAN_OPTIONS");
        argv.push_back(std::string("ASAN_OPTIONS=") + (asan ? asan : "") +
                       ":verify_asan_link_order=0");
        const Args program = tested_program();
        argv.insert(argv.end(), program.begin(), program.end());
        argv.insert(argv.end(), {"--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir",
                                 path(), "--save", "", "--io-threads", "2"});
        argv.insert(argv.end(), more.begin(), more.end());
        server_ = std::make_unique<Process>(argv);
    }

    /* It must not start, and say this. */
    void refuses(const std::string &line, const Args &more = {})
    {
        launch(more);
        EXPECT_EQ(server_->wait_exit(), 1) << log();
        EXPECT_NE(log().find(line), std::string::npos) << log();
        EXPECT_EQ(log().find("Sanitizer"), std::string::npos) << log();
    }

    void kill()
    {
        server_->signal(SIGKILL);
        server_->wait_exit();
    }

    /* Under everysec a killed server may lose the millisecond in which a batch gathers. */
    void end()
    {
        server_->signal(SIGTERM);
        EXPECT_EQ(server_->wait_exit(), 0) << log();
    }

    Client client() const
    {
        return Client::tcp(port_);
    }

    std::string ask(const Args &command) const
    {
        return client().call_raw(command);
    }

    static void until(const std::function<bool()> &there)
    {
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!there()) {
            ASSERT_LT(std::chrono::steady_clock::now(), end);
            std::this_thread::sleep_for(Milliseconds(5));
        }
    }

    void until_log(const std::string &line) const
    {
        EXPECT_TRUE(server_->wait_output(line)) << line << "\n" << log();
    }

    bool info_has(const std::string &line) const
    {
        return ask({"INFO", "persistence"}).find(line) != std::string::npos;
    }

    std::string log() const
    {
        return server_->output();
    }
    std::string path() const
    {
        return directory_.path() + "/data";
    }
    std::string aof(const std::string &name) const
    {
        return path() + "/appendonlydir/" + name;
    }

    static std::string contents(const std::string &path)
    {
        std::ifstream in(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    }
    static void put(const std::string &path, const std::string &text)
    {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    }

    /* A life that leaves n keys in an INCR file behind it. */
    void live(int n)
    {
        start(kAlways);
        Client c = client();
        for (int i = 0; i < n; i++)
            EXPECT_EQ(c.call_raw({"SET", "k" + std::to_string(i), std::to_string(i)}), "+OK\r\n");
        kill();
    }

    const Args kAlways = {"--appendonly", "yes", "--appendfsync", "always"};
    const Args kEverysec = {"--appendonly", "yes", "--appendfsync", "everysec"};
    const std::string kFull =
        "-MISCONF Errors writing to the AOF file: No space left on device\r\n";
    const std::string kKept =
        "-MISCONF Errors writing to the AOF file: No space left on device. What this reply rests "
        "on is in memory, and will be written when the disk takes it again.\r\n";
    const std::string kBroken = "-MISCONF Errors writing to the AOF file: Input/output error\r\n";
    const std::string kIncr = "appendonly.aof.1.incr.aof";

    TempDir directory_;
    std::unique_ptr<Process> server_;
    int port_ = 0;

    Faults()
    {
        fs::create_directory(path());
    }

  private:
    std::string control() const
    {
        return directory_.path() + "/control";
    }
};

/* --- the log --------------------------------------------------------------------------------- */

TEST_F(Faults, DiskThatTakesNothingUnderEverysecRefusesWritesUntilItDoes)
{
    const std::pair<const char *, std::string> rows[] = {
        {"write ENOSPC\n", "No space left on device"}, {"write EIO\n", "Input/output error"}};
    for (const auto &[bad, reason] : rows) {
        start(kEverysec);
        ASSERT_EQ(ask({"SET", "before", "1"}), "+OK\r\n");
        until([&] { return contents(aof(kIncr)).find("before") != std::string::npos; });
        disk(bad);
        ask({"SET", "meets", "1"}); /* told or not: the next are not */
        until_log("Error writing to the AOF file: " + reason);
        const std::string refusal = "-MISCONF Errors writing to the AOF file: " + reason + "\r\n";
        until([&] { return ask({"SET", "k", "1"}) == refusal; }); /* told: kept, written later */
        EXPECT_EQ(ask({"GET", "before"}), "$1\r\n1\r\n");
        EXPECT_TRUE(info_has("aof_last_write_status:err"));
        disk("");
        until_log("AOF write error looks solved. The server can write again.");
        until([&] { return ask({"SET", "after", "1"}) == "+OK\r\n"; });
        until([&] { return info_has("aof_last_write_status:ok"); });
        const std::string there = ask({"EXISTS", "before", "meets", "k"});
        end();
        start(kEverysec);
        EXPECT_EQ(ask({"EXISTS", "before", "meets", "k"}), there);
        EXPECT_EQ(ask({"GET", "after"}), "$1\r\n1\r\n");
        kill();
        fs::remove_all(path() + "/appendonlydir");
    }
}

/*
 * Nobody is told that a write is done while it is not on the disk.  Whoever waits is told why, and
 * so are those who read what is not durable; all others are served.
 */
TEST_F(Faults, FullDiskTellsWhoeverWaitsAndServesTheOthers)
{
    for (const Args &policy : {kAlways, kEverysec}) {
        start(policy);
        ASSERT_EQ(ask({"MSET", "aside", "1", "before", "1"}), "+OK\r\n");
        until([&] { return contents(aof(kIncr)).find("before") != std::string::npos; });
        disk("write ENOSPC\n");
        std::vector<Client> waiting;
        std::string last;
        while (last != kFull) { /* the first ones are taken; then writes are refused */
            waiting.push_back(client());
            const std::string n = std::to_string(waiting.size());
            waiting.back().send(Args{"SET", "k" + n, "1"});
            pollfd poll_for{waiting.back().fd(), POLLIN, 0};
            if (poll(&poll_for, 1, 50) == 1)
                last = waiting.back().read_raw();
            ASSERT_LT(waiting.size(), 200u);
            if (last == "+OK\r\n") /* everysec: it was told before the disk was asked */
                waiting.pop_back();
        }
        waiting.pop_back();
        /* One of them may share a shard with what waits, and then waits, too. */
        const std::string other = ask({"GET", "before"}) == "$1\r\n1\r\n" ? "before" : "aside";
        EXPECT_EQ(ask({"GET", other}), "$1\r\n1\r\n");
        for (Client &c : waiting)
            EXPECT_EQ(c.read_raw(), kKept);
        if (!waiting.empty()) {
            EXPECT_EQ(ask({"GET", "k1"}), kKept);
            EXPECT_EQ(ask({"EXISTS", "k1", "before"}), kKept);
            Client c = client();
            EXPECT_EQ(c.call_raw({"GET", "k1"}), kKept);
            EXPECT_EQ(c.call_raw({"GET", other}), "$1\r\n1\r\n"); /* it waits for nothing more */
            EXPECT_EQ(c.call_raw({"ECHO", "x"}), "$1\r\nx\r\n");
        }
        EXPECT_EQ(ask({"SET", "k", "1"}), kFull);
        disk("");
        until([&] { return ask({"SET", "after", "1"}) == "+OK\r\n"; });
        const std::string there = ask({"DBSIZE"});
        for (Client &c : waiting)
            EXPECT_EQ(c.call_raw({"PING"}), "+PONG\r\n");
        end();
        start(policy);
        EXPECT_EQ(ask({"DBSIZE"}), there);
        kill();
        fs::remove_all(path() + "/appendonlydir");
    }
}

/*
 * Once the disk has not taken a write nothing is acknowledged.  What was before that, in the
 * millisecond in which a batch gathers, may go with the process.
 */
TEST_F(Faults, KillOnAFullDiskUnderEverysecLosesNoMoreThanABatch)
{
    start(kEverysec);
    std::atomic<bool> stop{false};
    std::atomic<int64_t> told[4] = {}, refused[4] = {};
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; i++)
        writers.emplace_back([&, i] {
            try {
                Client c = client();
                while (!stop) {
                    const std::string got = c.call_raw({"RPUSH", "l" + std::to_string(i), "x"});
                    if (got[0] == ':')
                        told[i] = std::stoll(got.substr(1));
                    else
                        refused[i]++;
                }
            } catch (const std::exception &) {
            }
        });
    const auto all = [](std::atomic<int64_t> *v, int64_t n) {
        return std::all_of(v, v + 4, [=](const auto &one) { return one >= n; });
    };
    until([&] { return all(told, 100); });
    disk("write ENOSPC\n");
    until([&] { return all(refused, 1); });
    int64_t before[4];
    std::copy(told, told + 4, before);
    until([&] { return all(refused, 500); });
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(told[i], before[i]);
    kill();
    stop = true;
    for (std::thread &t : writers)
        t.join();
    disk("");
    start(kEverysec);
    for (int i = 0; i < 4; i++) {
        const int64_t there = std::stoll(ask({"LLEN", "l" + std::to_string(i)}).substr(1));
        printf("told %ld, there %ld\n", static_cast<long>(told[i]), static_cast<long>(there));
        EXPECT_GT(there, 0);
    }
}

/* With syncs of a second: neither they nor a rotation keep the log from being written. */
TEST_F(Faults, KillBesideSlowSyncsLosesNoMoreThanABatch)
{
    Args policy = kEverysec;
    policy.insert(policy.end(), {"--auto-aof-rewrite-percentage", "0"});
    start(policy);
    disk("fdatasync 1000000\nfsync 1000000\n");
    const auto now = [] { return std::chrono::steady_clock::now(); };
    std::atomic<bool> stop{false};
    std::vector<std::pair<std::chrono::steady_clock::time_point, int64_t>> told;
    std::thread writer([&] {
        try {
            Client c = client();
            for (int64_t n = 1; !stop; n++) {
                const std::string got = c.call_raw({"RPUSH", "l", "x"});
                if (got[0] == ':')
                    told.emplace_back(now(), std::stoll(got.substr(1)));
            }
        } catch (const std::exception &) {
        }
    });
    until([&] { return ask({"EXISTS", "l"}) == ":1\r\n"; });
    ask({"BGREWRITEAOF"});
    until([&] {
        return fs::exists(aof("appendonly.aof.2.incr.aof")) &&
               fs::file_size(aof("appendonly.aof.2.incr.aof")) > 10000;
    });
    const auto killed = now();
    kill();
    stop = true;
    writer.join();
    disk("");
    int64_t must = 0, last = 0;
    for (const auto &[when, n] : told) {
        last = n;
        if (when < killed - Milliseconds(300))
            must = n;
    }
    EXPECT_GT(must, 0);
    start(policy);
    const int64_t there = std::stoll(ask({"LLEN", "l"}).substr(1));
    EXPECT_GE(there, must);
    printf("acknowledged %ld, there %ld\n", static_cast<long>(last), static_cast<long>(there));
}

TEST_F(Faults, FailedSyncIsTrustedAgainOnlyAfterARewrite)
{
    for (const Args &policy : {kAlways, kEverysec}) {
        start(policy);
        ASSERT_EQ(ask({"SET", "before", "1"}), "+OK\r\n");
        disk("fdatasync EIO\n");
        Client c = client();
        c.send(Args{"SET", "meets", "1"});
        until_log(
            "AOF fsync error: Input/output error. Writes are refused until a rewrite succeeds.");
        disk("");
        until([&] { return ask({"SET", "k", "1"}) == kBroken || info_has("aof_rewrites:1"); });
        ask({"BGREWRITEAOF"}); /* or the server's own, which comes after some seconds */
        until([&] { return ask({"SET", "after", "1"}) == "+OK\r\n"; });
        end();
        start(policy);
        EXPECT_EQ(ask({"EXISTS", "before", "after"}), ":2\r\n");
        kill();
        fs::remove_all(path() + "/appendonlydir");
    }
}

/* A sync that does not end keeps nobody from working, nor does a write. */
TEST_F(Faults, SlowDiskUnderEverysecKeepsNobodyWaiting)
{
    for (const char *slow : {"fdatasync 3000000\n", "write 3000000\n"}) {
        start(kEverysec);
        Client c = client();
        disk(slow);
        ASSERT_EQ(c.call_raw({"SET", "first", "1"}), "+OK\r\n");
        std::vector<Args> many(500, Args{"INCR", "n"});
        for (int i = 0; i < 20; i++)
            c.pipeline(many);
        EXPECT_EQ(c.call_raw({"GET", "n"}), "$5\r\n10000\r\n");
        disk("");
        end();
        start(kEverysec);
        EXPECT_EQ(ask({"GET", "n"}), "$5\r\n10000\r\n"); /* what was gathered was written */
        kill();
        fs::remove_all(path() + "/appendonlydir");
    }
}

/* The latency monitor knows what replies, writes and rewrites have waited for. */
TEST_F(Faults, SlowDiskIsALatencyEvent)
{
    const auto events = [&] { return ask({"LATENCY", "LATEST"}); };
    start(kAlways);
    ask({"CONFIG", "SET", "latency-monitor-threshold", "30"});
    disk("fdatasync 40000\n");
    ask({"SET", "k", "1"});
    EXPECT_NE(events().find("\r\naof-fsync-always\r\n"), std::string::npos) << events();
    disk("write 40000\n");
    ask({"SET", "k", "2"});
    for (const char *name : {"\r\naof-write\r\n", "\r\naof-write-alone\r\n"})
        EXPECT_NE(events().find(name), std::string::npos) << events();
    EXPECT_EQ(events().find("pending"), std::string::npos) << events();
    disk("");
    kill();
    start(kEverysec);
    ask({"CONFIG", "SET", "latency-monitor-threshold", "30"});
    disk("fdatasync 2000000\nwrite 40000\n");
    until([&] {
        ask({"INCR", "n"});
        return events().find("\r\naof-write-pending-fsync\r\n") != std::string::npos;
    });
    disk("");
    end();
}

TEST_F(Faults, RewriteThatFailsLeavesTheOldFiles)
{
    for (const char *bad : {"fsync ENOSPC\n", "rename EIO\n", "create EROFS\n"}) {
        start(kAlways);
        ASSERT_EQ(ask({"SET", "k", "1"}), "+OK\r\n");
        disk(bad);
        ask({"BGREWRITEAOF"});
        until_log("Background AOF rewrite error");
        until([&] { return info_has("aof_last_bgrewrite_status:err"); });
        disk("");
        EXPECT_EQ(ask({"SET", "after", "1"}), "+OK\r\n") << bad;
        kill();
        start(kAlways);
        EXPECT_EQ(ask({"EXISTS", "k", "after"}), ":2\r\n") << bad;
        for (const auto &entry : fs::directory_iterator(path() + "/appendonlydir"))
            EXPECT_EQ(entry.path().filename().string().find("temp"), std::string::npos) << bad;
        kill();
        fs::remove_all(path() + "/appendonlydir");
    }
}

TEST_F(Faults, ReadOnlyDirectoryIsSaidAtTheStart)
{
    disk("create EROFS\n");
    refuses("Can't open the append-only file: Read-only file system", kAlways);
}

/* --- snapshots ------------------------------------------------------------------------------- */

TEST_F(Faults, FailedSnapshotKeepsTheOldFileAndRefusesWrites)
{
    const std::pair<const char *, const char *> rows[] = {
        {"write ENOSPC\n", "No space left on device"},
        {"fsync EIO\n", "Input/output error"},
        {"rename EIO\n", "Input/output error"},
        {"create EROFS\n", "Read-only file system"},
    };
    for (const auto &[bad, reason] : rows) {
        start({"--save", "100000 1"});
        ASSERT_EQ(ask({"SET", "k", "old"}), "+OK\r\n");
        ASSERT_EQ(ask({"SAVE"}), "+OK\r\n");
        ASSERT_EQ(ask({"SET", "k", "new"}), "+OK\r\n");
        const std::string saved = contents(path() + "/dump.rdb");
        disk(bad);
        EXPECT_EQ(ask({"SAVE"}), "-ERR\r\n");
        until_log("Background saving error");
        EXPECT_NE(log().find(reason), std::string::npos) << bad << log();
        EXPECT_TRUE(info_has("rdb_last_bgsave_status:err"));
        until([&] { return ask({"SET", "probe", "x"}).rfind("-MISCONF", 0) == 0; });
        EXPECT_EQ(contents(path() + "/dump.rdb"), saved) << bad;
        EXPECT_EQ(std::distance(fs::directory_iterator(path()), fs::directory_iterator()), 1)
            << "a temporary file stays";
        disk("");
        EXPECT_EQ(ask({"BGSAVE"}), "+Background saving started\r\n");
        until([&] { return info_has("rdb_last_bgsave_status:ok"); });
        until([&] { return ask({"SET", "k", "newer"}) == "+OK\r\n"; });
        kill();
        start();
        EXPECT_EQ(ask({"GET", "k"}), "$3\r\nnew\r\n");
        kill();
        fs::remove(path() + "/dump.rdb");
    }
}

TEST_F(Faults, ShutdownThatCannotSaveStays)
{
    start({"--save", "100000 1"});
    ASSERT_EQ(ask({"SET", "k", "1"}), "+OK\r\n");
    disk("write ENOSPC\n");
    EXPECT_EQ(ask({"SHUTDOWN"}), "-ERR Errors trying to SHUTDOWN. Check logs.\r\n");
    until_log("Error trying to save the DB, can't exit");
    EXPECT_EQ(ask({"GET", "k"}), "$1\r\n1\r\n");
    Client c = client();
    c.send(Args{"SHUTDOWN", "FORCE"});
    EXPECT_EQ(server_->wait_exit(), 0) << log();
}

/* --- files that are not whole ---------------------------------------------------------------- */

/* The old file of users stays whole, and beside it nothing is left. */
TEST_F(Faults, UsersThatCannotBeSavedLeaveTheOldFile)
{
    const std::string users = path() + "/users.acl";
    const std::string old = "user default on nopass sanitize-payload ~* &* +@all\n";
    put(users, old);
    start({"--aclfile", users});
    ASSERT_EQ(ask({"ACL", "SETUSER", "bob", "on", "+get"}), "+OK\r\n");
    const auto files = [&] {
        return std::distance(fs::directory_iterator(path()), fs::directory_iterator());
    };
    disk("");
    const auto before = files();
    for (const char *fault : {"write ENOSPC\n", "rename ENOSPC\n"}) {
        disk(fault);
        EXPECT_EQ(ask({"ACL", "SAVE"}), "-ERR There was an error trying to save the ACLs. Please "
                                        "check the server logs for more information\r\n")
            << fault;
        disk("");
        EXPECT_EQ(contents(users), old) << fault;
        EXPECT_EQ(files(), before) << fault;
    }
    EXPECT_EQ(ask({"ACL", "SAVE"}), "+OK\r\n");
    EXPECT_NE(contents(users).find("user bob "), std::string::npos);
    EXPECT_EQ(ask({"ACL", "LOAD"}), "+OK\r\n");
    end();
}

TEST_F(Faults, TornLastRecordIsCutOrRefusedAsAsked)
{
    live(10);
    const std::string whole = contents(aof(kIncr));
    put(aof(kIncr), whole.substr(0, whole.size() - 3));
    Args strict = kAlways;
    strict.insert(strict.end(), {"--aof-load-truncated", "no"});
    refuses("Unexpected end of file reading the append only file", strict);
    EXPECT_EQ(contents(aof(kIncr)), whole.substr(0, whole.size() - 3));
    start(kAlways);
    EXPECT_NE(log().find("truncating it at byte"), std::string::npos) << log();
    EXPECT_EQ(ask({"DBSIZE"}), ":9\r\n");
    EXPECT_EQ(ask({"SET", "k9", "9"}), "+OK\r\n");
    kill();
    start(kAlways);
    EXPECT_EQ(ask({"DBSIZE"}), ":10\r\n");
}

/* What a file system leaves behind the last sync. */
TEST_F(Faults, ZerosAndGarbageBehindTheLastCommandAreCut)
{
    live(10);
    const std::string whole = contents(aof(kIncr));
    for (const std::string &tail :
         {std::string(12, '\0'), std::string(5 << 20, '\0'), std::string(4000, '\xd7'),
          std::string("*3\r\n$3\r\nSE\0\0\0", 13)}) {
        put(aof(kIncr), whole + tail);
        start(kAlways);
        EXPECT_NE(log().find("its last " + std::to_string(tail.size()) + " bytes are not whole"),
                  std::string::npos)
            << log();
        EXPECT_EQ(ask({"DBSIZE"}), ":10\r\n");
        kill();
        EXPECT_EQ(contents(aof(kIncr)).find(whole), 0u);
        put(aof(kIncr), whole);
    }
}

/* A hole in a value, behind what was synced: the commands had been run when the checksum came. */
TEST_F(Faults, WrongChecksumBehindTheLastSyncIsCutAndLoadedAgain)
{
    Args never = {"--appendonly", "yes", "--appendfsync", "no"};
    start(never);
    Client c = client();
    for (int i = 0; i < 2000; i++)
        ASSERT_EQ(c.call_raw({"SET", "k" + std::to_string(i), std::string(50, 'v')}), "+OK\r\n");
    end();
    std::string text = contents(aof(kIncr));
    const size_t second = text.find("#CRC:", text.find("#CRC:") + 1);
    ASSERT_NE(second, std::string::npos);
    text.replace(text.rfind("vvvv", second), 4, 4, '\0');
    put(aof(kIncr), text);
    start(never);
    EXPECT_NE(log().find("Loading the append only file again"), std::string::npos) << log();
    const int64_t there = std::stoll(ask({"DBSIZE"}).substr(1));
    EXPECT_GT(there, 500);
    EXPECT_LT(there, 1000);
    EXPECT_EQ(ask({"GET", "k" + std::to_string(there - 1)}),
              "$50\r\n" + std::string(50, 'v') + "\r\n");
    EXPECT_EQ(ask({"EXISTS", "k" + std::to_string(there)}), ":0\r\n");
}

/* A server of another version may have let it pass, or a key that it met has expired since. */
TEST_F(Faults, CommandsThatAnswerWithAnErrorArePassedOver)
{
    live(3);
    const std::string whole = contents(aof(kIncr));
    const auto command = [](const Args &words) {
        std::string out = "*" + std::to_string(words.size()) + "\r\n";
        for (const std::string &w : words)
            out += "$" + std::to_string(w.size()) + "\r\n" + w + "\r\n";
        return out;
    };
    const std::string payload = [&] {
        start(kAlways);
        const Reply r = client().call({"DUMP", "k1"});
        kill();
        return r.text;
    }();
    put(aof(kIncr),
        whole + command({"LPUSH", "k0", "x"}) + command({"XCLAIM", "s", "g", "c", "0", "1-1"}) +
            command({"RESTORE", "k1", "0", payload}) + command({"HSET", "h", "f", "word"}) +
            command({"HINCRBY", "h", "f", "1"}) + command({"XADD", "s", "5-1", "a", "b"}) +
            command({"XADD", "s", "5-1", "a", "b"}) + command({"SHUTDOWN", "NOSAVE"}) +
            command({"MULTI"}) + command({"INCR", "h"}) + command({"SET", "in", "1"}) +
            command({"EXEC"}) + command({"SET", "last", "1"}));
    start(kAlways);
    EXPECT_EQ(ask({"EXISTS", "k0", "k1", "k2", "h", "s", "in", "last"}), ":7\r\n");
    EXPECT_EQ(ask({"XLEN", "s"}), ":1\r\n");
    EXPECT_NE(log().find("'LPUSH' of the append only file answers with an error"),
              std::string::npos)
        << log();
    EXPECT_NE(log().find("holds a 'SHUTDOWN', which is not obeyed"), std::string::npos) << log();
    EXPECT_NE(log().find("6 commands of the append only file answered"), std::string::npos)
        << log();
    kill();
    for (const Args &bad : {Args{"NOSUCH", "k"}, Args{"CONFIG", "NOSUCH"}, Args{"SET", "k"}}) {
        put(aof(kIncr), whole + command(bad) + command({"SET", "last", "1"}));
        refuses(bad[0] == "SET" ? "was refused: ERR wrong number of arguments"
                                : "Unknown command '" + bad[0] + "' reading the append only file",
                kAlways);
    }
}

/* In a value: the words would still be commands, only the checksum knows. */
TEST_F(Faults, FlippedByteInTheMiddleIsRefused)
{
    start(kAlways);
    Client c = client();
    for (int i = 0; i < 3000; i++)
        ASSERT_EQ(c.call_raw({"SET", "k" + std::to_string(i), std::string(50, 'v')}), "+OK\r\n");
    kill();
    std::string text = contents(aof(kIncr));
    ASSERT_NE(text.find("#CRC:"), std::string::npos);
    text[text.find("vvvv") + 1] = 'w';
    put(aof(kIncr), text);
    refuses("the bytes before this checksum are not those that were written", kAlways);
    EXPECT_NE(log().find("at byte"), std::string::npos) << log();
    EXPECT_EQ(contents(aof(kIncr)), text) << "nothing is cut";
}

TEST_F(Faults, MissingIncrementIsRefused)
{
    live(3);
    fs::rename(aof(kIncr), aof("away"));
    refuses("Unable to obtain the AOF file", kAlways);
    fs::rename(aof("away"), aof(kIncr));
    start(kAlways);
    EXPECT_EQ(ask({"DBSIZE"}), ":3\r\n");
}

TEST_F(Faults, ManifestThatLiesIsRefused)
{
    live(3);
    const std::string name = "appendonly.aof.manifest", good = contents(aof(name));
    const std::pair<const char *, const char *> rows[] = {
        {"file appendonly.aof.1.incr.aof seq 1 type x\n", "Bad AOF manifest"},
        {"file appendonly.aof.1.incr.aof seq one type i\n", "Bad AOF manifest"},
        {"file ../appendonly.aof.1.incr.aof seq 1 type i\n", "Bad AOF manifest"},
        {"file a seq 1 type b\nfile b seq 2 type b\n", "Bad AOF manifest"},
        {"file appendonly.aof.2.incr.aof seq 2 type i\nfile appendonly.aof.1.incr.aof seq 1 type "
         "i\n",
         "Bad AOF manifest"},
        {"file nothere.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n",
         "Unable to obtain the AOF file"},
        {"garbage\n", "Bad AOF manifest"},
    };
    for (const auto &[text, line] : rows) {
        put(aof(name), text);
        refuses(line, kAlways);
        EXPECT_EQ(contents(aof(name)), text) << "it stays for people to look at";
    }
    put(aof(name), good);
    start(kAlways);
    EXPECT_EQ(ask({"DBSIZE"}), ":3\r\n");
}

TEST_F(Faults, SnapshotThatIsNotWholeIsRefused)
{
    start();
    Client c = client();
    for (int i = 0; i < 100; i++)
        ASSERT_EQ(c.call_raw({"SET", "k" + std::to_string(i), std::string(100, 'v')}), "+OK\r\n");
    ASSERT_EQ(c.call_raw({"CONFIG", "SET", "rdbcompression", "no"}), "+OK\r\n");
    ASSERT_EQ(c.call_raw({"SAVE"}), "+OK\r\n");
    kill();
    const std::string whole = contents(path() + "/dump.rdb");
    std::string flipped = whole;
    flipped[whole.find("vvvv") + 1] = 'w';
    const std::pair<std::string, const char *> rows[] = {
        {whole.substr(0, whole.size() / 2), "Fatal error loading the DB"},
        {whole.substr(0, whole.size() - 1), "Fatal error loading the DB"},
        {flipped, "Fatal error loading the DB"},
        {"REDIS", "Fatal error loading the DB"},
        {"not an RDB at all, but long enough to look", "Fatal error loading the DB"},
        {"", "Fatal error loading the DB"},
    };
    for (const auto &[text, line] : rows) {
        put(path() + "/dump.rdb", text);
        refuses(line);
        EXPECT_NE(log().find("at byte"), std::string::npos) << log();
    }
    put(path() + "/dump.rdb", whole);
    start();
    EXPECT_EQ(ask({"DBSIZE"}), ":100\r\n");
}

} // namespace
