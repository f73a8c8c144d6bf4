/*
 * persist_test.cc — saving and loading as clients and scripts drive it.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>

namespace
{

using namespace lk;
namespace fs = std::filesystem;

class Persist : public testing::Test
{
  protected:
    static std::string quick(const std::function<bool()> &there)
    {
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!there()) {
            if (std::chrono::steady_clock::now() > end)
                return "it never came to be";
            std::this_thread::sleep_for(Milliseconds(5));
        }
        return "";
    }

    std::unique_ptr<Server> start(Server::Directives more = {}) const
    {
        more.insert(more.begin(), {"dir", dir.path()});
        more.push_back({"enable-debug-command", "yes"});
        auto server = Server::tested(more);
        Client c = server->connect();
        EXPECT_EQ(quick([&] { return c.call_raw({"PING"}) == "+PONG\r\n"; }), "");
        return server;
    }

    static bool has(Client &c, const std::string &line)
    {
        return c.call_raw({"INFO", "persistence"}).find(line) != std::string::npos;
    }

    /* A key of every type and of every shape that files tell apart, and deadlines. */
    static void fill(Client &c)
    {
        std::vector<Args> commands = {
            {"SET", "int", "12345"},
            {"SET", "text", "hello"},
            {"SET", "binary", std::string("\0\r\n\xff", 4)},
            {"SET", "big", std::string(300000, 'b')},
            {"SET", "due", "1", "PX", "100000000"},
            {"SETBIT", "bits", "1000", "1"},
            {"PFADD", "hll", "a", "b", "c"},
            {"GEOADD", "geo", "13.36", "38.11", "Palermo"},
            {"RPUSH", "list", "a", "1", "-5", std::string(100, 'x')},
            {"SADD", "intset", "1", "2", "300000"},
            {"SADD", "set", "a", "b"},
            {"ZADD", "zset", "1", "a", "2.5", "b", "inf", "c"},
            {"HSET", "hash", "f", "v", "g", "1"},
            {"HSET", "timed", "f", "v", "g", "1"},
            {"HPEXPIRE", "timed", "100000000", "FIELDS", "1", "f"},
        };
        for (int i = 0; i < 600; i++) {
            const std::string n = std::to_string(i);
            commands.push_back({"RPUSH", "long list", n});
            commands.push_back({"SADD", "large set", "m" + n});
            commands.push_back({"ZADD", "large zset", n, "m" + n});
            commands.push_back({"HSET", "large hash", "f" + n, n});
        }
        commands.push_back({"SELECT", "3"});
        commands.push_back({"SET", "elsewhere", "1"});
        commands.push_back({"SELECT", "0"});
        for (const Reply &reply : c.pipeline(commands))
            ASSERT_NE(reply.type, '-') << reply.text;
    }

    static std::string digest(Client &c)
    {
        return c.call_raw({"DEBUG", "DIGEST"});
    }

    TempDir dir;
};

TEST_F(Persist, ReloadLeadsBack)
{
    auto server = start();
    Client c = server->connect();
    fill(c);
    const std::string before = digest(c);
    EXPECT_EQ(c.call_raw({"DEBUG", "RELOAD"}), "+OK\r\n");
    EXPECT_EQ(digest(c), before);
    EXPECT_EQ(c.call_raw({"DEBUG", "RELOAD", "NOSAVE"}), "+OK\r\n");
    EXPECT_EQ(digest(c), before);
    c.call({"SET", "text", "other"});
    c.call({"SET", "new", "1"});
    EXPECT_EQ(c.call_raw({"DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE"}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"GET", "text"}), "$5\r\nhello\r\n");
    EXPECT_EQ(c.call_raw({"GET", "new"}), "$1\r\n1\r\n");
    c.call({"DEL", "new"});
    EXPECT_EQ(digest(c), before);
    EXPECT_EQ(c.call({"DEBUG", "RELOAD", "NOSAVE", "NOFLUSH"}).type, '-');
    EXPECT_EQ(c.call_raw({"DEBUG", "RELOAD", "SOON"}),
              "-ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.\r\n");
    EXPECT_EQ(server->stop(), 0);
}

TEST_F(Persist, LoadAofLeadsBack)
{
    for (const char *preamble : {"yes", "no"}) {
        auto server = start({{"appendonly", "yes"}, {"aof-use-rdb-preamble", preamble}});
        Client c = server->connect();
        c.call({"FLUSHALL"});
        fill(c);
        const std::string before = digest(c);
        EXPECT_EQ(c.call_raw({"DEBUG", "LOADAOF"}), "+OK\r\n");
        EXPECT_EQ(digest(c), before);
        c.call({"BGREWRITEAOF"});
        EXPECT_EQ(quick([&] { return has(c, "aof_rewrites:1"); }), "");
        c.call({"SET", "behind", "1"});
        const std::string then = digest(c);
        EXPECT_EQ(c.call_raw({"DEBUG", "LOADAOF"}), "+OK\r\n");
        EXPECT_EQ(digest(c), then);
        c.call({"SET", "and on", "1"}); /* the log goes on behind it */
        const std::string last = digest(c);
        server->kill();
        server = start({{"appendonly", "yes"}, {"appendfsync", "always"}});
        Client again = server->connect();
        EXPECT_EQ(digest(again), last);
        EXPECT_EQ(server->stop(), 0);
    }
}

/* Others meet -LOADING or wait; none is answered from half of the data. */
TEST_F(Persist, ReloadBesideClients)
{
    auto server = start();
    Client c = server->connect();
    fill(c);
    std::atomic<bool> stop{false};
    std::thread beside([&] {
        Client other = server->connect();
        while (!stop) {
            const std::string got = other.call_raw({"GET", "text"});
            if (got.rfind("-LOADING", 0) != 0) {
                EXPECT_EQ(got, "$5\r\nhello\r\n");
            }
        }
    });
    std::thread writes([&] {
        Client other = server->connect();
        for (int64_t n = 1; !stop;) {
            const std::string got = other.call_raw({"INCR", "n"});
            if (got.rfind("-LOADING", 0) != 0) {
                EXPECT_EQ(got, ":" + std::to_string(n++) + "\r\n");
            }
        }
    });
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(c.call_raw({"DEBUG", "RELOAD"}), "+OK\r\n");
    stop = true;
    beside.join();
    writes.join();
    EXPECT_EQ(server->stop(), 0);
}

/* Of one field of INFO; -1: it is not there. */
static int64_t number(Client &c, const std::string &field)
{
    const std::string info = c.call_raw({"INFO", "persistence"});
    const size_t at = info.find("\n" + field + ":");
    return at == std::string::npos ? -1 : std::stoll(info.substr(at + field.size() + 2));
}

/* More than a window of the reader: threads share it, and tell how far they are. */
TEST_F(Persist, LoadingSaysHowFarItIs)
{
    const auto fill_and_load = [&](Server::Directives how, const char *load) {
        SCOPED_TRACE(load);
        auto server = start(how);
        Client c = server->connect();
        std::vector<Args> many;
        for (int i = 0; i < 3000; i++)
            many.push_back({"SET", "k" + std::to_string(i), std::string(400, 'v')});
        c.pipeline(many);
        if (number(c, "aof_enabled") == 1) {
            EXPECT_EQ(c.call({"BGREWRITEAOF"}).type, '+');
        }
        EXPECT_EQ(quick([&] { return number(c, "aof_rewrites") == number(c, "aof_enabled"); }), "");
        const std::string before = digest(c);
        EXPECT_EQ(c.call_raw({"CONFIG", "SET", "key-load-delay", "1000"}), "+OK\r\n");
        Client loads = server->connect();
        loads.send(Args{"DEBUG", load});
        EXPECT_EQ(quick([&] { return number(c, "loading") == 1; }), "");
        int64_t last = 0, total = 0, seen = 0;
        while (number(c, "loading") == 1) {
            const int64_t done = number(c, "loading_loaded_bytes");
            if (done < 0)
                continue; /* it ended in between */
            EXPECT_GE(done, last);
            seen += done > last;
            last = done;
            total = std::max(total, number(c, "loading_total_bytes"));
            EXPECT_LE(done, total);
        }
        EXPECT_GT(seen, 1);
        EXPECT_GT(total, 3000 * 400);
        EXPECT_EQ(loads.read_raw(), "+OK\r\n");
        EXPECT_EQ(digest(c), before);
        EXPECT_TRUE(server->process().wait_output("% read, "));
        EXPECT_EQ(server->stop(), 0);
    };
    fill_and_load({{"rdbcompression", "no"}}, "RELOAD");
    fill_and_load({{"rdbcompression", "no"}, {"appendonly", "yes"}}, "LOADAOF");
}

/* Nobody waits for the end of a load to end the server. */
TEST_F(Persist, EndsAmidALoad)
{
    auto server = start();
    Client c = server->connect();
    std::vector<Args> many;
    for (int i = 0; i < 20000; i++)
        many.push_back({"SET", "k" + std::to_string(i), "1"});
    c.pipeline(many);
    c.call({"SAVE"});
    server->kill();
    for (const char *word : {"SHUTDOWN", ""}) {
        SCOPED_TRACE(word);
        server =
            Server::loading({{"dir", dir.path()}, {"key-load-delay", "5000"}, {"save", "1 1"}});
        Client during = server->connect();
        EXPECT_EQ(during.call_raw({"PING"}).rfind("-LOADING", 0), 0u);
        if (*word)
            during.send(Args{word});
        else
            server->process().signal(SIGTERM);
        EXPECT_EQ(server->process().wait_exit(), 0);
        EXPECT_NE(server->log().find("User requested shutdown..."), std::string::npos);
        EXPECT_EQ(server->log().find("DB loaded"), std::string::npos);
        server->stop();
    }
    server = start();
    Client again = server->connect();
    EXPECT_EQ(again.call_raw({"DBSIZE"}), ":20000\r\n");
    EXPECT_EQ(server->stop(), 0);
}

TEST_F(Persist, SavePointsSaveAndTheNextStartLoads)
{
    auto server = start({{"save", "1", "5"}});
    Client c = server->connect();
    fill(c);
    const std::string before = digest(c);
    EXPECT_EQ(quick([&] { return has(c, "rdb_changes_since_last_save:0"); }), "");
    EXPECT_TRUE(server->process().wait_output("changes in 1 seconds. Saving..."));
    server->kill();
    server = start();
    Client again = server->connect();
    EXPECT_EQ(digest(again), before);
    EXPECT_EQ(server->stop(), 0);
}

TEST_F(Persist, ShutdownSavesAsConfiguredAndAsAsked)
{
    const struct {
        const char *save;
        const char *word; /* nullptr: SIGTERM */
        bool saved;
    } rows[] = {{"", nullptr, false},
                {"1000 1000", nullptr, true},
                {"", "SAVE", true},
                {"1000 1000", "NOSAVE", false},
                {"1000 1000", "NOW", true}};
    for (const auto &row : rows) {
        fs::remove(dir.path() + "/dump.rdb");
        auto server = start({{"save", row.save}});
        Client c = server->connect();
        c.call({"SET", "k", "1"});
        if (row.word)
            c.send(Args{"SHUTDOWN", row.word});
        else
            server->process().signal(SIGTERM);
        EXPECT_EQ(server->process().wait_exit(), 0);
        EXPECT_EQ(fs::exists(dir.path() + "/dump.rdb"), row.saved) << row.save << row.word;
        server->stop();
    }
}

TEST_F(Persist, BackgroundSavesAnswerAsTheirState)
{
    auto server = start({{"rdb-key-save-delay", "200"}, {"appendonly", "yes"}});
    Client c = server->connect();
    std::vector<Args> many;
    for (int i = 0; i < 2000; i++)
        many.push_back({"SET", "k" + std::to_string(i), "1"});
    c.pipeline(many);
    EXPECT_EQ(c.call_raw({"BGSAVE"}), "+Background saving started\r\n");
    EXPECT_EQ(c.call_raw({"BGSAVE"}), "-ERR Background save already in progress\r\n");
    EXPECT_EQ(c.call_raw({"SAVE"}), "-ERR Background save already in progress\r\n");
    EXPECT_TRUE(has(c, "rdb_bgsave_in_progress:1"));
    EXPECT_EQ(quick([&] { return has(c, "current_save_keys_total:2000"); }), "");
    EXPECT_EQ(c.call_raw({"BGREWRITEAOF"}), "+Background append only file rewriting scheduled\r\n");
    EXPECT_EQ(quick([&] { return has(c, "aof_rewrites:1"); }), "");
    EXPECT_TRUE(has(c, "rdb_last_bgsave_status:ok"));

    /* A transaction hears that it is to come, whenever it begins. */
    EXPECT_EQ(c.call_raw({"MULTI"}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"BGREWRITEAOF"}), "+QUEUED\r\n");
    EXPECT_EQ(c.call_raw({"EXEC"}), "*1\r\n+Background append only file rewriting scheduled\r\n");
    EXPECT_EQ(quick([&] { return has(c, "aof_rewrites:2"); }), "");
    EXPECT_EQ(server->stop(), 0);
}

/* What is gone need not be saved; with save points the next snapshot is of the empty data set. */
TEST_F(Persist, FlushAllEndsASave)
{
    for (const char *save : {"", "3600 1"}) {
        auto server = start({{"rdb-key-save-delay", "1000"}, {"save", save}});
        Client c = server->connect();
        std::vector<Args> many;
        for (int i = 0; i < 60000; i++)
            many.push_back({"SET", "k" + std::to_string(i), "1"});
        c.pipeline(many);
        EXPECT_EQ(c.call_raw({"BGSAVE"}), "+Background saving started\r\n");
        c.call({"FLUSHALL"});
        EXPECT_EQ(number(c, "rdb_changes_since_last_save") == 0, *save != 0);
        EXPECT_EQ(quick([&] { return has(c, "rdb_bgsave_in_progress:0"); }), "");
        EXPECT_TRUE(has(c, "rdb_last_bgsave_status:ok"));
        EXPECT_EQ(c.call_raw({"SET", "k", "1"}), "+OK\r\n");
        if (*save) {
            EXPECT_EQ(quick([&] { return number(c, "rdb_saves") == 1; }), "");
        }
        EXPECT_EQ(fs::exists(dir.path() + "/dump.rdb"), *save != 0);
        server->kill();
        fs::remove(dir.path() + "/dump.rdb");
    }
}

/* A server that starts with nothing names a base of nothing, in the form that is configured. */
TEST_F(Persist, StartsWithABaseOfNothing)
{
    for (const char *preamble : {"yes", "no"}) {
        for (int life = 0; life < 2; life++) {
            auto server = start({{"appendonly", "yes"}, {"aof-use-rdb-preamble", preamble}});
            Client c = server->connect();
            EXPECT_EQ(c.call_raw({"INCR", "n"}), ":" + std::to_string(life + 1) + "\r\n");
            EXPECT_EQ(number(c, "aof_rewrites"), 0);
            EXPECT_EQ(server->stop(), 0);
            std::ifstream in(dir.path() + "/appendonlydir/appendonly.aof.manifest");
            const std::string form = *preamble == 'y' ? "rdb" : "aof";
            EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}),
                      "file appendonly.aof.1.base." + form +
                          " seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n");
        }
        fs::remove_all(dir.path() + "/appendonlydir");
    }
}

/* A last save takes its time; somebody changes his mind. */
TEST_F(Persist, ShutdownIsUndone)
{
    auto server = start({{"rdb-key-save-delay", "1000"}});
    Client c = server->connect(), stops = server->connect();
    std::vector<Args> many;
    for (int i = 0; i < 20000; i++)
        many.push_back({"SET", "k" + std::to_string(i), "1"});
    c.pipeline(many);
    stops.send(Args{"SHUTDOWN", "SAVE"});
    EXPECT_EQ(quick([&] { return has(c, "rdb_bgsave_in_progress:1"); }), "");
    EXPECT_EQ(c.call_raw({"SHUTDOWN", "ABORT"}), "+OK\r\n");
    EXPECT_EQ(stops.read_raw(), "-ERR Errors trying to SHUTDOWN. Check logs.\r\n");
    EXPECT_EQ(c.call_raw({"SET", "k", "still here"}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"SHUTDOWN", "ABORT"}), "-ERR No shutdown in progress.\r\n");
    EXPECT_EQ(server->stop(), 0);
}

/* FLUSHALL ends a BGSAVE; the next one may be asked for at once. */
TEST_F(Persist, ASaveBeginsBehindOneThatEnds)
{
    auto server = start({{"save", "900 1000"}});
    Client c = server->connect();
    for (const char *key : {"a", "b", "c"})
        c.call({"SET", key, "v"});
    c.call({"CONFIG", "SET", "rdb-key-save-delay", "5000000"});
    EXPECT_EQ(c.call_raw({"BGSAVE"}), "+Background saving started\r\n");
    EXPECT_EQ(c.call_raw({"BGSAVE"}), "-ERR Background save already in progress\r\n");
    c.call({"CONFIG", "SET", "rdb-key-save-delay", "0"});
    c.call({"FLUSHALL"});
    EXPECT_EQ(c.call_raw({"BGSAVE"}), "+Background saving started\r\n");
    // The save that FLUSHALL asks for is this one, or was through before it.
    EXPECT_EQ(quick([&] { return number(c, "rdb_saves") >= 1; }), "");
    EXPECT_TRUE(has(c, "rdb_last_bgsave_status:ok"));
    EXPECT_EQ(server->stop(), 0);
}

/* What CONFIG SET answers is so from then on: no rewrite is under way for a file that is off. */
TEST_F(Persist, ARewriteEndsWithTheFileThatItWasFor)
{
    auto server = start({{"appendonly", "yes"}});
    Client c = server->connect();
    for (const char *key : {"a", "b", "c"})
        c.call({"SET", key, "v"});
    c.call({"CONFIG", "SET", "rdb-key-save-delay", "5000000"});
    EXPECT_EQ(c.call_raw({"BGREWRITEAOF"}), "+Background append only file rewriting started\r\n");
    EXPECT_EQ(c.call_raw({"BGREWRITEAOF"}),
              "-ERR Background append only file rewriting already in progress\r\n");
    c.call({"CONFIG", "SET", "rdb-key-save-delay", "0"});
    EXPECT_EQ(c.call_raw({"CONFIG", "SET", "appendonly", "no"}), "+OK\r\n");
    EXPECT_TRUE(has(c, "aof_enabled:0"));
    EXPECT_TRUE(has(c, "aof_rewrite_in_progress:0"));
    EXPECT_EQ(c.call_raw({"BGREWRITEAOF"}), "+Background append only file rewriting started\r\n");
    EXPECT_EQ(quick([&] { return has(c, "aof_rewrite_in_progress:0"); }), "");
    EXPECT_TRUE(has(c, "aof_rewrites:1")); /* it was never said to be over before it had begun */
    EXPECT_EQ(c.call_raw({"CONFIG", "SET", "appendonly", "yes"}), "+OK\r\n");
    EXPECT_TRUE(has(c, "aof_enabled:1"));
    EXPECT_EQ(quick([&] { return has(c, "aof_rewrites:2"); }), "");
    EXPECT_EQ(server->stop(), 0);
    /* It is counted: so it is over, and the file has all. */
    EXPECT_EQ(server->log().find("can't exit"), std::string::npos);
}

/* Written to all the while, and nothing that was acknowledged is missing afterwards. */
TEST_F(Persist, AppendOnlyIsSwitchedWhileItRuns)
{
    int64_t n = 0;
    {
        auto server = start({{"appendfsync", "always"}});
        Client c = server->connect();
        std::atomic<bool> stop{false};
        std::thread writes([&] {
            Client w = server->connect();
            while (!stop)
                n = std::stoll(w.call({"INCR", "n"}).text);
        });
        for (int i = 0; i < 3; i++) {
            EXPECT_EQ(c.call_raw({"CONFIG", "SET", "appendonly", "yes"}), "+OK\r\n");
            EXPECT_EQ(quick([&] {
                          return has(c, "aof_enabled:1") && has(c, "aof_rewrite_in_progress:0");
                      }),
                      "");
            if (i < 2) {
                EXPECT_EQ(c.call_raw({"CONFIG", "SET", "appendonly", "no"}), "+OK\r\n");
                EXPECT_EQ(quick([&] { return has(c, "aof_enabled:0"); }), "");
            }
        }
        stop = true;
        writes.join();
        server->kill();
    }
    auto server = start({{"appendonly", "yes"}});
    Client c = server->connect();
    EXPECT_EQ(c.call({"GET", "n"}).text, std::to_string(n));
    EXPECT_EQ(server->stop(), 0);
}

TEST_F(Persist, AppendOnlyFileWinsOverTheSnapshot)
{
    {
        auto server = start({{"appendonly", "yes"}});
        Client c = server->connect();
        c.call({"SET", "k", "in both"});
        c.call({"SAVE"});
        c.call({"SET", "k", "in the log"});
        EXPECT_EQ(server->stop(), 0);
    }
    {
        auto server = start();
        EXPECT_EQ(server->connect().call({"GET", "k"}).text, "in both");
        EXPECT_EQ(server->stop(), 0);
    }
    auto server = start({{"appendonly", "yes"}});
    EXPECT_EQ(server->connect().call({"GET", "k"}).text, "in the log");
    EXPECT_EQ(server->stop(), 0);
}

TEST_F(Persist, SingleFileOfAnOldServerIsTakenOver)
{
    const std::string text =
        "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n7\r\n";
    std::ofstream(dir.path() + "/appendonly.aof") << text;
    for (int life = 0; life < 2; life++) {
        auto server = start({{"appendonly", "yes"}});
        Client c = server->connect();
        EXPECT_EQ(c.call({"INCR", "k"}).text, std::to_string(8 + life));
        EXPECT_FALSE(fs::exists(dir.path() + "/appendonly.aof"));
        EXPECT_TRUE(fs::exists(dir.path() + "/appendonlydir/appendonly.aof"));
        EXPECT_EQ(server->stop(), 0);
    }
}

} // namespace
