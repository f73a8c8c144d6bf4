/*
 * blocking_stream_test.cc — readers of streams that wait for entries.
 */
#include "tests/support/blocked.h"
#include "tests/support/server.h"
#include "tests/support/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>

namespace
{

using namespace lk;
using Clock = std::chrono::steady_clock;

/* What XREAD answers that found entries of a field "f" and these IDs and values in one stream. */
std::string entries(const std::string &key, const std::vector<std::pair<std::string, Args>> &list)
{
    std::string out = "*1\r\n*2\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n*" +
                      std::to_string(list.size()) + "\r\n";
    for (const auto &[id, pairs] : list)
        out += "*2\r\n$" + std::to_string(id.size()) + "\r\n" + id + "\r\n" + encode(pairs);
    return out;
}

TEST(BlockingStream, EveryReaderGetsANewEntry)
{
    const auto server = Server::tested({{"io-threads", "3"}});
    Client control = server->connect();
    std::vector<Client> waiting;
    control.call({"XADD", "k", "1", "f", "0"});
    for (int i = 0; i < 10; i++) {
        waiting.push_back(server->connect());
        waiting.back().send(i % 2 ? Args{"XREAD", "BLOCK", "0", "STREAMS", "other", "k", "$", "$"}
                                  : Args{"XREAD", "BLOCK", "0", "STREAMS", "k", "1-0"});
    }
    wait_blocked(control, 10);
    control.call({"XADD", "k", "2", "f", "1"});
    for (Client &client : waiting)
        EXPECT_EQ(client.read_raw(), entries("k", {{"2-0", {"f", "1"}}}));
    wait_blocked(control, 0);
    EXPECT_EQ(control.call_raw({"XLEN", "k"}), ":2\r\n");
}

/* Of a group each entry is for the consumer who came first. */
TEST(BlockingStream, ConsumersAreServedInOrder)
{
    const auto server = Server::tested({{"io-threads", "3"}});
    Client control = server->connect();
    std::vector<Client> waiting;
    control.call({"XGROUP", "CREATE", "k", "g", "$", "MKSTREAM"});
    for (int i = 0; i < 20; i++) {
        waiting.push_back(server->connect());
        Args args = {"XREADGROUP", "GROUP", "g", "c" + std::to_string(i), "BLOCK", "0"};
        if (i % 3 == 0)
            args.emplace_back("NOACK");
        args.insert(args.end(), {"STREAMS", "k", ">"});
        waiting.back().send(args);
        wait_blocked(control, i + 1);
    }
    for (int i = 0; i < 20; i++) {
        const std::string n = std::to_string(i);
        control.call({"XADD", "k", n + "-1", "f", n});
        EXPECT_EQ(waiting[static_cast<size_t>(i)].read_raw(), entries("k", {{n + "-1", {"f", n}}}));
        EXPECT_EQ(clients_figure(control, "blocked_clients"), 19 - i);
    }
    EXPECT_EQ(control.call({"XPENDING", "k", "g"}).items[0].text, "13");
}

/* What one transaction adds is shared out as it stands when it ends. */
TEST(BlockingStream, ATransactionServesWhenItEnds)
{
    const auto server = Server::tested({{"io-threads", "2"}});
    Client control = server->connect(), one = server->connect(), all = server->connect(),
           reader = server->connect();
    control.call({"XGROUP", "CREATE", "k", "g", "$", "MKSTREAM"});
    one.send(
        Args{"XREADGROUP", "GROUP", "g", "a", "COUNT", "1", "BLOCK", "0", "STREAMS", "k", ">"});
    wait_blocked(control, 1);
    all.send(Args{"XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "STREAMS", "k", ">"});
    wait_blocked(control, 2);
    reader.send(Args{"XREAD", "COUNT", "2", "BLOCK", "0", "STREAMS", "k", "$"});
    wait_blocked(control, 3);
    EXPECT_EQ(clients_figure(control, "total_blocking_keys"), 1);
    EXPECT_EQ(clients_figure(control, "total_blocking_keys_on_nokey"), 1);
    control.call({"MULTI"});
    for (const char *id : {"1-0", "2-0", "3-0"})
        control.call({"XADD", "k", id, "f", id});
    control.call({"EXEC"});
    EXPECT_EQ(one.read_raw(), entries("k", {{"1-0", {"f", "1-0"}}}));
    EXPECT_EQ(all.read_raw(), entries("k", {{"2-0", {"f", "2-0"}}, {"3-0", {"f", "3-0"}}}));
    EXPECT_EQ(reader.read_raw(), entries("k", {{"1-0", {"f", "1-0"}}, {"2-0", {"f", "2-0"}}}));
    EXPECT_EQ(clients_figure(control, "total_blocking_keys"), 0);
    EXPECT_EQ(clients_figure(control, "total_blocking_keys_on_nokey"), 0);
}

/* "$" is the last ID when the reader came, whatever becomes of the stream. */
TEST(BlockingStream, WhatIsNewIsDecidedAtTheBeginning)
{
    const auto server = Server::tested({{"io-threads", "2"}});
    Client control = server->connect(), client = server->connect();
    control.call({"XADD", "k", "5", "f", "0"});
    client.send(Args{"XREAD", "BLOCK", "0", "STREAMS", "k", "$"});
    wait_blocked(control, 1);
    control.call({"DEL", "k"});
    control.call({"XADD", "k", "3", "f", "1"});
    control.call({"XADD", "k", "5", "f", "2"});
    control.call({"DEL", "k"});
    control.call({"RPUSH", "k", "x"});
    control.call({"DEL", "k"});
    EXPECT_EQ(clients_figure(control, "blocked_clients"), 1);
    control.call({"XADD", "k", "5-1", "f", "3"});
    EXPECT_EQ(client.read_raw(), entries("k", {{"5-1", {"f", "3"}}}));
}

/* "+" is the last entry, of which there may be none yet. */
TEST(BlockingStream, TheLastEntryIsWaitedFor)
{
    const auto server = Server::tested();
    Client control = server->connect(), client = server->connect();
    client.send(Args{"XREAD", "BLOCK", "0", "STREAMS", "k", "+"});
    wait_blocked(control, 1);
    control.call({"XADD", "k", "1", "f", "0"});
    EXPECT_EQ(client.read_raw(), entries("k", {{"1-0", {"f", "0"}}}));
}

TEST(BlockingStream, TimeoutsAreMilliseconds)
{
    const auto server = Server::tested();
    Client client = server->connect(), other = server->connect(3);
    client.call({"XGROUP", "CREATE", "k", "g", "$", "MKSTREAM"});
    for (const char *timeout : {"10", "50", "200"}) {
        const auto begin = Clock::now();
        EXPECT_EQ(client.call_raw({"XREAD", "BLOCK", timeout, "STREAMS", "none", "0"}), "*-1\r\n");
        /* Both moments are whole milliseconds of a clock. */
        EXPECT_GE(Clock::now() - begin, Milliseconds(std::stol(timeout) - 1));
    }
    EXPECT_EQ(
        client.call_raw({"XREADGROUP", "GROUP", "g", "c", "BLOCK", "10", "STREAMS", "k", ">"}),
        "*-1\r\n");
    EXPECT_EQ(other.call_raw({"XREAD", "BLOCK", "10", "STREAMS", "k", "$"}), "_\r\n");
    EXPECT_EQ(client.call_raw({"XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "k", "0"}),
              entries("k", {})); /* history is never waited for */
    EXPECT_TRUE(client.ping());
}

struct End {
    const char *name;
    std::vector<Args> commands;
    const char *reply;
};

/* A consumer waits for entries of group g in k; the stream l is without a group. */
class EndsOfWaits : public testing::TestWithParam<End>
{
};
const char *const no_group = "-NOGROUP No such key 'k' or consumer group 'g' in XREADGROUP with "
                             "GROUP option\r\n";
const char *const wrong_type =
    "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
const End ends[] = {
    {"Del", {{"DEL", "k"}}, no_group},
    {"Unlink", {{"UNLINK", "k"}}, no_group},
    {"Set", {{"SET", "k", "x"}}, wrong_type},
    {"Rename", {{"RENAME", "k", "m"}}, no_group},
    {"RenamedOver", {{"RPUSH", "list", "x"}, {"RENAME", "list", "k"}}, wrong_type},
    {"FlushAll", {{"FLUSHALL"}}, no_group},
    {"FlushDb", {{"FLUSHDB"}}, no_group},
    {"Move", {{"MOVE", "k", "3"}}, no_group},
    {"Swapped", {{"SWAPDB", "0", "1"}, {"SWAPDB", "0", "1"}}, no_group},
    {"Expire", {{"PEXPIRE", "k", "1"}}, no_group},
    {"ExpireAtOnce", {{"EXPIRE", "k", "-1"}}, no_group},
    {"Destroy", {{"XGROUP", "DESTROY", "k", "g"}}, no_group},
    {"StreamOver", {{"COPY", "l", "k", "REPLACE"}}, no_group},
};
INSTANTIATE_TEST_SUITE_P(BlockingStream, EndsOfWaits, testing::ValuesIn(ends),
                         [](const auto &row) { return std::string(row.param.name); });

TEST_P(EndsOfWaits, AreTold)
{
    const auto server = Server::tested({{"io-threads", "2"}});
    Client control = server->connect(), client = server->connect(), reader = server->connect();
    control.call({"XGROUP", "CREATE", "k", "g", "$", "MKSTREAM"});
    control.call({"XADD", "l", "1", "f", "0"});
    client.send(Args{"XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "k", ">"});
    reader.send(Args{"XREAD", "BLOCK", "0", "STREAMS", "k", "7"});
    wait_blocked(control, 2);
    for (const Args &command : GetParam().commands)
        ASSERT_NE(control.call_raw(command)[0], '-');
    EXPECT_EQ(client.read_raw(), GetParam().reply);
    wait_blocked(control, 1); /* who only reads waits on */
    control.call({"DEL", "k"});
    control.call({"XADD", "k", "8", "f", "1"});
    EXPECT_EQ(reader.read_raw(), entries("k", {{"8-0", {"f", "1"}}}));
}

TEST(BlockingStream, UnblockedByOthers)
{
    const auto server = Server::tested({{"io-threads", "2"}});
    Client control = server->connect(), a = server->connect(), b = server->connect(),
           gone = server->connect();
    const std::string id_a = a.call({"CLIENT", "ID"}).text, id_b = b.call({"CLIENT", "ID"}).text;
    control.call({"XGROUP", "CREATE", "k", "g", "$", "MKSTREAM"});
    gone.send(Args{"XREADGROUP", "GROUP", "g", "gone", "BLOCK", "0", "STREAMS", "k", ">"});
    wait_blocked(control, 1);
    a.send(Args{"XREAD", "BLOCK", "0", "STREAMS", "k", "$"});
    b.send(Args{"XREADGROUP", "GROUP", "g", "b", "BLOCK", "0", "STREAMS", "k", ">"});
    wait_blocked(control, 3);
    EXPECT_EQ(control.call_raw({"CLIENT", "UNBLOCK", id_a, "ERROR"}), ":1\r\n");
    EXPECT_EQ(a.read_raw(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    EXPECT_EQ(control.call_raw({"CLIENT", "UNBLOCK", id_b, "TIMEOUT"}), ":1\r\n");
    EXPECT_EQ(b.read_raw(), "*-1\r\n");
    gone.close();
    wait_blocked(control, 0);
    control.call({"XADD", "k", "1", "f", "0"});
    EXPECT_EQ(control.call({"XPENDING", "k", "g"}).items[0].text, "0");
}

/* What a served reader took is in the log, and is so after a restart. */
TEST(BlockingStream, ServedReadersAreLogged)
{
    const TempDir directory;
    const Server::Directives directives = {
        {"dir", directory.path()}, {"appendonly", "yes"}, {"io-threads", "2"}};
    const Args pending = {"XPENDING", "k", "g", "-", "+", "10", "c"};
    std::string groups;
    size_t waiting = 0;
    {
        const auto server = Server::tested(directives);
        Client control = server->connect(), client = server->connect();
        control.call({"XGROUP", "CREATE", "k", "g", "$", "MKSTREAM"});
        client.send(
            Args{"XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "BLOCK", "0", "STREAMS", "k", ">"});
        wait_blocked(control, 1);
        control.call({"XADD", "k", "*", "f", "1"});
        EXPECT_EQ(client.read().items.size(), 1u);
        control.call({"XADD", "k", "MAXLEN", "~", "100", "*", "f", "2"});
        client.call({"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"});
        groups = control.call_raw({"XINFO", "GROUPS", "k"});
        waiting = control.call(pending).items.size();
        EXPECT_EQ(server->stop(), 0);
    }
    const auto server = Server::tested(directives);
    Client control = server->connect();
    EXPECT_EQ(control.call_raw({"XINFO", "GROUPS", "k"}), groups);
    EXPECT_EQ(control.call(pending).items.size(), waiting);
    EXPECT_EQ(waiting, 2u);
}

/* --- a storm --------------------------------------------------------------------------------- */

/* Every entry is read once by a group, whoever waits, adds, comes and goes. */
TEST(BlockingStream, NothingIsLostOrGivenTwice)
{
    constexpr int kReaders = 8, kWriters = 3;
    const char *text = getenv("LATCHKEY_TEST_ROUNDS");
    const int rounds = text ? atoi(text) : 700;
    const auto server = Server::tested({{"io-threads", "3"}});
    Client control = server->connect();
    for (const char *key : {"k", "l"})
        control.call({"XGROUP", "CREATE", key, "g", "0", "MKSTREAM"});
    std::atomic<int> writers = kWriters;
    std::mutex mutex;
    std::multiset<std::string> got;
    const auto write = [&](int w) {
        Client client = server->connect();
        for (int i = 0; i < rounds; i++)
            client.call(
                {"XADD", i % 2 ? "k" : "l", "*", "n", std::to_string(w) + ":" + std::to_string(i)});
        writers--;
    };
    const auto read = [&](int r) {
        Client client = server->connect();
        for (bool last = false; !last;) {
            last = writers == 0; /* then one more time finds what is left */
            const Reply reply =
                client.call({"XREADGROUP", "GROUP", "g", "c" + std::to_string(r), "COUNT",
                             std::to_string(1 + r), "BLOCK", "5", "STREAMS", "k", "l", ">", ">"});
            const std::scoped_lock lock(mutex);
            for (const Reply &stream : reply.items)
                for (const Reply &entry : stream.items[1].items) {
                    got.insert(entry.items[1].items[1].text);
                    last = false;
                }
        }
    };
    run_threads(kWriters + kReaders, [&](int i) { i < kWriters ? write(i) : read(i - kWriters); });
    EXPECT_EQ(got.size(), static_cast<size_t>(kWriters * rounds));
    EXPECT_EQ(std::set<std::string>(got.begin(), got.end()).size(), got.size());
    uint64_t pending = 0;
    for (const char *key : {"k", "l"})
        pending += std::stoull(control.call({"XPENDING", key, "g"}).items[0].text);
    EXPECT_EQ(pending, got.size());
}

} // namespace
