/*
 * blocking_test.cc — clients that wait for keys: nobody is forgotten, nothing is lost or given
 * twice.
 */
#include "tests/support/blocked.h"
#include "tests/support/peer.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"
#include "tests/support/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <set>

namespace
{

using namespace lk;
using Clock = std::chrono::steady_clock;

TEST(Blocking, FirstComeFirstServed)
{
    const auto server = Server::tested({{"io-threads", "3"}});
    Client control = server->connect();
    std::vector<Client> waiting;
    for (int i = 0; i < 20; i++) {
        waiting.push_back(server->connect());
        waiting.back().send(i % 2 ? Args{"BLPOP", "other", "list", "0"}
                                  : Args{"BRPOP", "list", "0"});
        wait_blocked(control, i + 1);
    }
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(control.call_raw({"RPUSH", "list", std::to_string(i)}), ":1\r\n");
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(waiting[static_cast<size_t>(i)].read_raw(),
                  encode({"list", std::to_string(i)})); /* an array of two bulks */
    wait_blocked(control, 0);
    EXPECT_EQ(control.call_raw({"EXISTS", "list"}), ":0\r\n");
}

// Who waits for an answer and not for a key cannot be let go: the answer would meet its next wait.
TEST(Blocking, ASaveIsNotUnblocked)
{
    const auto server =
        Server::tested({{"rdb-key-save-delay", "1000000000"}}); // it does not end by itself
    Client control = server->connect(), saver = server->connect();
    EXPECT_EQ(control.call_raw({"SET", "k", "v"}), "+OK\r\n");
    const std::string id = saver.call_raw({"CLIENT", "ID"});
    saver.send(Args{"SAVE"});
    saver.send(Args{"WAIT", "1", "0"});
    wait_blocked(control, 1);
    const std::string number = id.substr(1, id.size() - 3);
    for (const char *how : {"TIMEOUT", "ERROR"})
        EXPECT_EQ(control.call_raw({"CLIENT", "UNBLOCK", number, how}), ":0\r\n");
    EXPECT_EQ(control.call_raw({"FLUSHALL"}), "+OK\r\n"); // which nobody needs to save any more
    EXPECT_EQ(saver.read_raw(), "-ERR\r\n");
    // The one behind it, which waits for replicas, can.
    std::string unblocked;
    EXPECT_TRUE(wait_until([&] {
        unblocked = control.call_raw({"CLIENT", "UNBLOCK", number, "ERROR"});
        return unblocked == ":1\r\n";
    }));
    EXPECT_EQ(saver.read_raw(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    EXPECT_TRUE(saver.ping());
}

TEST(Blocking, TimeoutsHavePartsOfASecond)
{
    const auto server = Server::tested();
    Client client = server->connect();
    for (const char *timeout : {"0.01", "0.05", "0.2"}) {
        const auto begin = Clock::now();
        EXPECT_EQ(client.call_raw({"BLPOP", "none", timeout}), "*-1\r\n");
        /* Both moments are whole milliseconds of a clock. */
        EXPECT_GE(Clock::now() - begin,
                  std::chrono::duration<double>(std::stod(timeout)) - Milliseconds(1));
    }
    EXPECT_EQ(client.call_raw({"BLMOVE", "none", "other", "LEFT", "LEFT", "0.01"}), "*-1\r\n");
    EXPECT_EQ(client.call_raw({"BZPOPMIN", "none", "0.01"}), "*-1\r\n");
    EXPECT_EQ(client.call_raw({"BLMPOP", "0.01", "1", "none", "LEFT"}), "*-1\r\n");
    EXPECT_TRUE(client.ping());
}

TEST(Blocking, WhatStandsBehindACommandRunsWhenItIsServed)
{
    const auto server = Server::tested({{"io-threads", "2"}});
    Client client = server->connect(), control = server->connect();
    client.send(encode({"BLPOP", "list", "0"}) + encode({"INCR", "n"}) +
                encode({"BLPOP", "list", "0"}) + encode({"INCR", "n"}));
    wait_blocked(control, 1);
    EXPECT_EQ(control.call_raw({"EXISTS", "n"}), ":0\r\n");
    control.call({"RPUSH", "list", "a", "b"});
    EXPECT_EQ(client.read_raw(), encode({"list", "a"}));
    EXPECT_EQ(client.read_raw(), ":1\r\n");
    EXPECT_EQ(client.read_raw(), encode({"list", "b"}));
    EXPECT_EQ(client.read_raw(), ":2\r\n");
}

TEST(Blocking, UnblockedByOthers)
{
    const auto server = Server::tested({{"io-threads", "2"}});
    Client control = server->connect(), a = server->connect(), b = server->connect(),
           gone = server->connect();
    const std::string id_a = a.call({"CLIENT", "ID"}).text, id_b = b.call({"CLIENT", "ID"}).text;
    a.send(Args{"BLPOP", "list", "0"});
    b.send(Args{"BZPOPMAX", "zset", "0"});
    gone.send(Args{"BLPOP", "list", "0"});
    wait_blocked(control, 3);
    EXPECT_EQ(control.call_raw({"CLIENT", "UNBLOCK", id_a, "ERROR"}), ":1\r\n");
    EXPECT_EQ(a.read_raw(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    EXPECT_EQ(control.call_raw({"CLIENT", "UNBLOCK", id_a}), ":0\r\n");
    EXPECT_EQ(control.call_raw({"CLIENT", "UNBLOCK", id_b, "TIMEOUT"}), ":1\r\n");
    EXPECT_EQ(b.read_raw(), "*-1\r\n");
    gone.close();
    wait_blocked(control, 0);
    control.call({"RPUSH", "list", "x"});
    EXPECT_EQ(control.call_raw({"LRANGE", "list", "0", "-1"}), encode({"x"}));
}

TEST(Blocking, ServersEndWhileClientsWait)
{
    const auto server = Server::tested({{"io-threads", "2"}});
    Client control = server->connect(), a = server->connect(), b = server->connect();
    a.send(Args{"BLPOP", "list", "0"});
    b.send(Args{"BLMOVE", "list", "to", "LEFT", "RIGHT", "100"});
    wait_blocked(control, 2);
    EXPECT_EQ(server->stop(), 0);
    EXPECT_EQ(a.read_to_end(), "");
    EXPECT_EQ(b.read_to_end(), "");
}

/* --- storms ---------------------------------------------------------------------------------- */

constexpr int kConsumers = 10, kPushers = 4, kLists = 5;

size_t rounds()
{
    const char *text = getenv("LATCHKEY_TEST_ROUNDS");
    return text ? strtoull(text, nullptr, 10) : 1000;
}

struct Ledger {
    std::mutex mutex;
    std::multiset<std::string> pushed, popped;
    int killed = 0;

    void add(std::multiset<std::string> Ledger::*side, const std::string &word)
    {
        const std::scoped_lock lock(mutex);
        (this->*side).insert(word);
    }
};

std::string list_name(std::mt19937_64 &random)
{
    return "list:" + std::to_string(random() % kLists);
}

std::string zset_name(std::mt19937_64 &random)
{
    return "zset:" + std::to_string(random() % kLists);
}

/* The members that a reply of any of the popping commands holds. */
void note_popped(Ledger &ledger, const Reply &reply)
{
    for (const Reply &item : reply.items)
        note_popped(ledger, item);
    if (reply.type == '$' && !reply.null && reply.text.size() > 2 && reply.text[0] == 'w')
        ledger.add(&Ledger::popped, reply.text);
}

Args blocking_command(std::mt19937_64 &random)
{
    static const std::vector<std::string> waits = {"0.005", "0.02", "0.1"};
    const std::string timeout = waits[random() % waits.size()];
    switch (random() % 6) {
    case 0:
        return {"BLPOP", list_name(random), list_name(random), list_name(random), timeout};
    case 1:
        return {"BRPOP", list_name(random), timeout};
    case 2:
        return {"BLMPOP",          timeout, "2",     list_name(random),
                list_name(random), "RIGHT", "COUNT", "3"};
    case 3:
        return {"BZPOPMIN", zset_name(random), zset_name(random), timeout};
    case 4:
        return {"BZMPOP", timeout, "2", zset_name(random), zset_name(random), "MAX", "COUNT", "2"};
    default:
        return {"BLMOVE", list_name(random), list_name(random), "LEFT", "RIGHT", timeout};
    }
}

/* What is moved stays in the lists: only BLMOVE answers with a word that is not taken away. */
void consume(Server &server, Ledger &ledger, uint64_t seed, const std::atomic<bool> &done)
{
    std::mt19937_64 random(seed);
    Client client = server.connect();
    while (!done) {
        const Args command = blocking_command(random);
        const Reply reply = client.call(command);
        if (command[0] != "BLMOVE")
            note_popped(ledger, reply);
    }
}

/* Blocked clients that are killed: a word that was on its way to one is lost with it. */
void be_killed(Server &server, Ledger &ledger, uint64_t seed, const std::atomic<bool> &done)
{
    std::mt19937_64 random(seed);
    while (!done) {
        Client victim = server.connect(), killer = server.connect();
        const std::string id = victim.call({"CLIENT", "ID"}).text;
        victim.send(Args{"BLPOP", list_name(random), list_name(random), "1"});
        killer.call({"CLIENT", "KILL", "ID", id});
        const std::string rest = victim.read_to_end();
        const std::scoped_lock lock(ledger.mutex);
        ledger.killed++;
        if (reply_end(rest, 0)) {
            const Reply reply = parse_reply(rest);
            if (reply.items.size() == 2)
                ledger.popped.insert(reply.items[1].text);
        }
    }
}

void push(Server &server, Ledger &ledger, uint64_t seed, size_t count)
{
    std::mt19937_64 random(seed);
    Client client = server.connect();
    for (size_t i = 0; i < count; i++) {
        const std::string a = "w" + std::to_string(seed) + "." + std::to_string(i), b = a + "b";
        ledger.add(&Ledger::pushed, a);
        switch (random() % 5) {
        case 0:
            ledger.add(&Ledger::pushed, b);
            client.call({"LPUSH", list_name(random), a, b});
            break;
        case 1:
            client.call({"ZADD", zset_name(random), std::to_string(random() % 10), a});
            break;
        case 2:
            ledger.add(&Ledger::pushed, b);
            client.pipeline({{"MULTI"},
                             {"RPUSH", list_name(random), a},
                             {"ZADD", zset_name(random), "1", b},
                             {"EXEC"}});
            break;
        default:
            client.call({"RPUSH", list_name(random), a});
        }
    }
}

TEST(Blocking, StormsLoseNothing)
{
    const auto server = Server::tested({{"io-threads", "3"}});
    const uint64_t seed = test_seed();
    Ledger ledger;
    std::atomic<bool> done{false};
    std::vector<std::thread> consumers, pushers;
    for (uint64_t i = 0; i < kConsumers; i++)
        consumers.emplace_back([&, i] { consume(*server, ledger, seed + i, done); });
    consumers.emplace_back([&] { be_killed(*server, ledger, seed + 100, done); });
    for (uint64_t i = 0; i < kPushers; i++)
        pushers.emplace_back([&, i] { push(*server, ledger, seed + 200 + i, rounds()); });
    for (std::thread &t : pushers)
        t.join();
    done = true;
    for (std::thread &t : consumers)
        t.join();

    Client client = server->connect();
    EXPECT_EQ(clients_figure(client, "blocked_clients"), 0);
    EXPECT_EQ(clients_figure(client, "total_blocking_keys"), 0);
    for (int i = 0; i < kLists; i++) {
        note_popped(ledger, client.call({"LRANGE", "list:" + std::to_string(i), "0", "-1"}));
        note_popped(ledger, client.call({"ZRANGE", "zset:" + std::to_string(i), "0", "-1"}));
    }
    /* Nothing came twice or from nowhere; only what was on its way to the killed may be missing. */
    std::vector<std::string> extra, missing;
    std::set_difference(ledger.popped.begin(), ledger.popped.end(), ledger.pushed.begin(),
                        ledger.pushed.end(), std::back_inserter(extra));
    std::set_difference(ledger.pushed.begin(), ledger.pushed.end(), ledger.popped.begin(),
                        ledger.popped.end(), std::back_inserter(missing));
    EXPECT_TRUE(extra.empty()) << extra.size() << " too many, as " << extra[0];
    EXPECT_LE(missing.size(), static_cast<size_t>(ledger.killed));
    EXPECT_GE(ledger.pushed.size(), kPushers * rounds());
}

/* Monitors are shown a wait when it begins, and the worker goes on behind its end. */
TEST(Blocking, MonitorsSeeAWaitOnce)
{
    auto server = Server::tested();
    Client monitor = server->connect(), client = server->connect();
    ASSERT_EQ(monitor.call_raw({"MONITOR"}), "+OK\r\n");
    EXPECT_EQ(client.call_raw({"BLPOP", "nothing", "0.01"}), "*-1\r\n");
    EXPECT_EQ(client.call_raw({"ECHO", "behind"}), "$6\r\nbehind\r\n");
    EXPECT_NE(monitor.read_raw().find("\"BLPOP\" \"nothing\""), std::string::npos);
    EXPECT_NE(monitor.read_raw().find("\"ECHO\" \"behind\""), std::string::npos);
}

} // namespace
