/*
 * plain_base_test.cc — bases of the AOF as commands: written under traffic, found at the restart.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

namespace
{

using namespace lk;

std::string contents(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string manifest(const std::string &directory)
{
    return contents(directory + "/appendonlydir/appendonly.aof.manifest");
}

/* Of each type a key that grows, one that comes and goes, and some with deadlines. */
void write_until(const Server &server, const std::string &name, const std::atomic<bool> &stop)
{
    Client c = server.connect();
    c.call({"SELECT", name.size() % 2 ? "0" : "7"});
    for (int i = 0; !stop; i++) {
        const std::string n = std::to_string(i);
        c.pipeline({{"APPEND", name + ":string", n + ","},
                    {"RPUSH", name + ":list", n},
                    {"SADD", name + ":set", "m" + n},
                    {"ZADD", name + ":zset", n + ".5", "m" + n},
                    {"HSET", name + ":hash", "f" + n, n},
                    {"HPEXPIREAT", name + ":hash", "4102444800123", "FIELDS", "1", "f" + n},
                    {"SET", name + ":" + n, n, "PXAT", "4102444800123"},
                    {"DEL", name + ":" + std::to_string(i / 2)},
                    {"INCR", name + ":count"}});
        std::this_thread::sleep_for(Milliseconds(1)); // what is written must reach the disk, too
    }
}

void rewrite(Client &c)
{
    ASSERT_EQ(c.call({"BGREWRITEAOF"}).type, '+');
    const auto limit = std::chrono::steady_clock::now() + 4 * kPatience; // three writers beside it
    std::string info;
    do {
        ASSERT_LT(std::chrono::steady_clock::now(), limit) << info;
        info = c.call({"INFO", "persistence"}).text;
    } while (info.find("aof_rewrite_in_progress:1") != std::string::npos ||
             info.find("aof_rewrite_scheduled:1") != std::string::npos);
    EXPECT_NE(info.find("aof_last_bgrewrite_status:ok"), std::string::npos) << info;
}

TEST(PlainBase, IsWrittenUnderTrafficAndFoundAtTheRestart)
{
    const TempDir directory;
    const Server::Directives directives = {{"dir", directory.path()},
                                           {"appendonly", "yes"},
                                           {"auto-aof-rewrite-percentage", "0"},
                                           {"enable-debug-command", "yes"},
                                           {"io-threads", "2"},
                                           {"hash-max-listpack-entries", "64"}};
    std::string digest;
    {
        const auto server = Server::tested(directives);
        Client c = server->connect();
        std::atomic<bool> stop{false};
        std::vector<std::thread> writers;
        for (const char *name : {"a", "bb", "ccc"})
            writers.emplace_back(write_until, std::cref(*server), name, std::cref(stop));
        EXPECT_EQ(c.call({"CONFIG", "SET", "aof-use-rdb-preamble", "no"}).text, "OK");
        for (int i = 0; i < 3; i++)
            rewrite(c);
        EXPECT_NE(manifest(directory.path()).find("file appendonly.aof.4.base.aof seq 4 type b\n"),
                  std::string::npos)
            << manifest(directory.path());
        for (const char *name : {"a:count", "ccc:count"})
            while (c.call({"GET", name}).text.size() < 3)
                std::this_thread::yield();
        stop = true;
        for (std::thread &t : writers)
            t.join();
        digest = c.call({"DEBUG", "DIGEST"}).text;
    }
    const std::string base =
        contents(directory.path() + "/appendonlydir/appendonly.aof.4.base.aof");
    EXPECT_EQ(base.substr(0, 4), "*2\r\n") << printable(base);
    const auto server = Server::tested(directives);
    Client c = server->connect();
    EXPECT_EQ(c.call({"DEBUG", "DIGEST"}).text, digest);
    rewrite(c);
    EXPECT_NE(manifest(directory.path()).find("file appendonly.aof.5.base.rdb seq 5 type b\n"),
              std::string::npos)
        << manifest(directory.path());
}

/* An annotation says when it was written, and the file still ends where the writing ended. */
TEST(PlainBase, CarriesTheTime)
{
    const TempDir directory;
    const Server::Directives directives = {{"dir", directory.path()},
                                           {"appendonly", "yes"},
                                           {"aof-use-rdb-preamble", "no"},
                                           {"aof-timestamp-enabled", "yes"}};
    {
        const auto server = Server::tested(directives);
        Client c = server->connect();
        c.call({"SET", "k", "v"});
        rewrite(c);
    }
    const std::string base =
        contents(directory.path() + "/appendonlydir/appendonly.aof.2.base.aof");
    EXPECT_EQ(base.substr(0, 4), "#TS:");
    EXPECT_EQ(base.substr(base.find('*')), encode({"SELECT", "0"}) + encode({"SET", "k", "v"}));
    const auto server = Server::tested(directives);
    EXPECT_EQ(server->connect().call({"GET", "k"}).text, "v");
}

} // namespace
