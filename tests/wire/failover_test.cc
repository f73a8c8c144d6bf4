/*
 * failover_test.cc — FAILOVER: a primary hands over to a replica of either kind, under writes, and
 * takes its role back when the other one does not come up or does not want it.
 */
#include "tests/support/info.h"
#include "tests/support/peer.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace
{

using namespace lk;

const Server::Directives kServer = {{"enable-debug-command", "yes"},
                                    {"repl-diskless-sync-delay", "0"},
                                    {"repl-ping-replica-period", "1"}};

/* The offset that is told may be a moment behind what the last answers showed. */
bool level(Client *up, Client *down)
{
    return wait_until([&] {
        return info(down, "master_link_status") == "up" &&
               info(up, "master_repl_offset") == info(down, "master_repl_offset") &&
               info(up, "master_replid") == info(down, "master_replid") &&
               up->call({"DEBUG", "DIGEST"}).text == down->call({"DEBUG", "DIGEST"}).text;
    });
}

bool state_is(Client *c, const std::string &state)
{
    return wait_until([&] { return info(c, "master_failover_state") == state; });
}

/* Not one of its threads runs when this returns. */
void stop(const Process &process)
{
    process.signal(SIGSTOP);
    const std::string tasks = "/proc/" + std::to_string(process.pid()) + "/task";
    EXPECT_TRUE(wait_until([&] {
        for (const auto &task : std::filesystem::directory_iterator(tasks)) {
            std::ifstream in(task.path() / "stat");
            const std::string line((std::istreambuf_iterator<char>(in)), {});
            const size_t end = line.rfind(')');
            if (end == std::string::npos || line.compare(end, 4, ") T ") != 0)
                return false;
        }
        return true;
    }));
}

/* Two servers, the second a replica of the first; named by what they are at the start. */
struct Two {
    std::unique_ptr<Server> primary, replica;
    Client p, r;
    Args to; /* FAILOVER TO the replica */

    Two(std::unique_ptr<Server> first, std::unique_ptr<Server> second)
        : primary(std::move(first)), replica(std::move(second)), p(primary->connect()),
          r(replica->connect()),
          to({"FAILOVER", "TO", "127.0.0.1", std::to_string(replica->port())})
    {
        r.call({"REPLICAOF", "127.0.0.1", std::to_string(primary->port())});
        EXPECT_TRUE(level(&p, &r));
        EXPECT_TRUE(wait_until(
            [&] { return info(&p, "slave0").find("state=online") != std::string::npos; }));
    }
    Args to_with(const Args &more) const
    {
        Args all = to;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
};

Two two_tested()
{
    return {Server::tested(kServer), Server::tested(kServer)};
}

TEST(Failover, WrongWords)
{
    const auto alone = Server::tested(), other = Server::oracle();
    Client a = alone->connect(), o = other->connect();
    const std::vector<Args> cases = {
        {"FAILOVER"},
        {"FAILOVER", "ABORT"},
        {"FAILOVER", "ABORT", "x"},
        {"FAILOVER", "FORCE"},
        {"FAILOVER", "FORCE", "FORCE"},
        {"FAILOVER", "TIMEOUT"},
        {"FAILOVER", "TIMEOUT", "0"},
        {"FAILOVER", "TIMEOUT", "-1"},
        {"FAILOVER", "TIMEOUT", "x"},
        {"FAILOVER", "TIMEOUT", "1", "TIMEOUT", "2"},
        {"FAILOVER", "TIMEOUT", "9223372036854775807"},
        {"FAILOVER", "TO", "a"},
        {"FAILOVER", "TO", "a", "x"},
        {"FAILOVER", "TO", "a", "-5"},
        {"FAILOVER", "TO", "", "5"},
        {"FAILOVER", "TO", "a", "1", "TO", "b", "2"},
        {"FAILOVER", "TO", "a", "1", "FORCE", "ABORT"},
        {"FAILOVER", "WHAT"},
        {"PSYNC", "abc", "1", "FAILOVER"},
    };
    for (const Args &c : cases)
        EXPECT_EQ(a.call_raw(c), o.call_raw(c)) << c[1];
}

TEST(Failover, WhatAReplicaAndAPrimaryRefuse)
{
    Two t = two_tested();
    EXPECT_EQ(t.r.call({"FAILOVER"}).raw,
              "-ERR FAILOVER is not valid when server is a replica.\r\n");
    EXPECT_EQ(t.r.call({"PSYNC", "abc", "1", "FAILOVER"}).raw,
              "-ERR PSYNC FAILOVER replid must match my replid.\r\n");
    EXPECT_EQ(t.p.call({"FAILOVER", "TO", "127.0.0.1", "1"}).raw,
              "-ERR FAILOVER target HOST and PORT is not a replica.\r\n");
    const std::string force = "-ERR FAILOVER with force option requires both a timeout and target "
                              "HOST and IP.\r\n";
    EXPECT_EQ(t.p.call({"FAILOVER", "FORCE"}).raw, force);
    EXPECT_EQ(t.p.call({"FAILOVER", "FORCE", "TIMEOUT", "5"}).raw, force);
    EXPECT_EQ(t.p.call(t.to_with({"FORCE"})).raw, force);
}

/* While it waits: writes are held back, reads are not, and what cannot be now is refused. */
TEST(Failover, WaitsAndIsAborted)
{
    Two t = two_tested();
    Client w = t.primary->connect();
    stop(t.replica->process());
    t.p.call({"SET", "k", "1"});
    EXPECT_EQ(t.p.call(t.to_with({"TIMEOUT", "600000"})).text, "OK");
    EXPECT_EQ(info(&t.p, "master_failover_state"), "waiting-for-sync");
    w.send({"SET", "k", "2"});
    EXPECT_EQ(t.p.call({"GET", "k"}).text, "1");
    EXPECT_EQ(t.p.call({"FAILOVER"}).raw, "-ERR FAILOVER already in progress.\r\n");
    EXPECT_EQ(t.p.call({"REPLICAOF", "NO", "ONE"}).raw,
              "-ERR REPLICAOF not allowed while failing over.\r\n");
    EXPECT_EQ(t.p.call({"PSYNC", "?", "-1"}).raw,
              "-NOMASTERLINK Can't SYNC while failing over\r\n");
    EXPECT_EQ(t.p.call({"CLIENT", "UNPAUSE"}).text, "OK");
    EXPECT_EQ(t.p.call({"GET", "k"}).text, "1");
    EXPECT_EQ(t.p.call({"FAILOVER", "ABORT"}).text, "OK");
    EXPECT_EQ(info(&t.p, "master_failover_state"), "no-failover");
    EXPECT_EQ(w.read().text, "OK");
    t.replica->process().signal(SIGCONT);
    ASSERT_TRUE(level(&t.p, &t.r));
    EXPECT_EQ(t.r.call({"GET", "k"}).text, "2");
    EXPECT_EQ(info(&t.p, "sync_full"), "1");
    EXPECT_EQ(info(&t.p, "sync_partial_ok"), "0");
}

TEST(Failover, GivesUpWhenTheTimeIsOver)
{
    Two t = two_tested();
    stop(t.replica->process());
    t.p.call({"SET", "k", "1"});
    EXPECT_EQ(t.p.call(t.to_with({"TIMEOUT", "50"})).text, "OK");
    EXPECT_TRUE(state_is(&t.p, "no-failover"));
    EXPECT_EQ(t.p.call({"SET", "k", "2"}).text, "OK");
    EXPECT_EQ(info(&t.p, "role"), "master");
    t.replica->process().signal(SIGCONT);
    ASSERT_TRUE(level(&t.p, &t.r));
    EXPECT_TRUE(
        t.primary->process().wait_output("aborted: Replica never caught up before timeout"));
}

/* Forced: it goes on without the replica's word; a replica that has its bytes takes them first. */
TEST(Failover, IsForced)
{
    Two t = two_tested();
    stop(t.replica->process());
    t.p.call({"SET", "k", "1"});
    EXPECT_EQ(t.p.call(t.to_with({"TIMEOUT", "50", "FORCE"})).text, "OK");
    EXPECT_TRUE(state_is(&t.p, "failover-in-progress"));
    EXPECT_EQ(info(&t.p, "role"), "slave");
    Client w = t.primary->connect();
    w.send({"SET", "k", "2"});
    t.replica->process().signal(SIGCONT);
    EXPECT_TRUE(state_is(&t.p, "no-failover"));
    EXPECT_EQ(w.read().raw, "-READONLY You can't write against a read only replica.\r\n");
    ASSERT_TRUE(level(&t.r, &t.p));
    EXPECT_EQ(info(&t.r, "role"), "master");
}

/* In progress and not to be reached: ABORT makes it a primary again, under a new id. */
TEST(Failover, IsAbortedOnItsWay)
{
    Two t = two_tested();
    stop(t.replica->process());
    const std::string id = info(&t.p, "master_replid");
    EXPECT_EQ(t.p.call(t.to_with({"TIMEOUT", "50", "FORCE"})).text, "OK");
    EXPECT_TRUE(state_is(&t.p, "failover-in-progress"));
    EXPECT_EQ(t.p.call({"FAILOVER", "ABORT"}).text, "OK");
    EXPECT_EQ(info(&t.p, "role"), "master");
    EXPECT_EQ(t.p.call({"SET", "k", "1"}).text, "OK");
    EXPECT_TRUE(wait_until([&] { return info(&t.p, "master_replid2") == id; }));
    t.replica->kill();
}

TEST(Failover, IsRefused)
{
    Two t = two_tested();
    t.r.call({"ACL", "SETUSER", "default", "-psync"});
    EXPECT_EQ(t.p.call(t.to).text, "OK");
    EXPECT_TRUE(state_is(&t.p, "no-failover"));
    EXPECT_EQ(info(&t.p, "role"), "master");
    EXPECT_EQ(t.p.call({"SET", "k", "1"}).text, "OK");
    t.r.call({"ACL", "SETUSER", "default", "+psync"});
    ASSERT_TRUE(level(&t.p, &t.r));
    EXPECT_EQ(t.r.call({"GET", "k"}).text, "1");
    EXPECT_EQ(info(&t.p, "sync_full"), "1");
    EXPECT_TRUE(
        t.primary->process().wait_output("aborted: Failover target rejected psync request"));
}

/* The second of the two is of either kind. */
class Handovers : public ::testing::TestWithParam<bool>
{
};

/*
 * To and fro under writes that wait for the replica: no acknowledged write is lost, each side has
 * the same data, and nobody asks for all of them again.
 */
TEST_P(Handovers, UnderWrites)
{
    Two t(Server::tested(kServer), GetParam() ? Server::tested(kServer) : Server::oracle(kServer));
    const int ports[2] = {t.primary->port(), t.replica->port()};
    std::atomic<bool> stop{false};
    std::atomic<int> at{0}; /* who is the primary */
    std::atomic<int64_t> kept{0};
    std::thread writer([&] {
        Server *servers[2] = {t.primary.get(), t.replica.get()};
        Client c[2] = {t.primary->connect(), t.replica->connect()};
        for (int64_t i = 1; !stop; i++) {
            const int to = at;
            try {
                const auto answers =
                    c[to].pipeline({{"SET", "n" + std::to_string(i % 50), std::to_string(i)},
                                    {"RPUSH", "l", std::to_string(i)},
                                    {"WAIT", "1", "10000"}});
                if (answers[1].type == ':' && answers[2].type == ':' && answers[2].text == "1")
                    kept = i; /* the list has it from here on, wherever it is read */
            } catch (const std::runtime_error &) {
                c[to] = servers[to]->connect(); /* who waited as the role changed is let go */
            }
        }
    });
    Client *c[2] = {&t.p, &t.r};
    for (int round = 0; round < 6; round++) {
        const int from = at, to = 1 - from;
        const int64_t before = kept;
        ASSERT_TRUE(wait_until([&] { return kept > before; })) << round;
        const Args any = {"FAILOVER"},
                   named = {"FAILOVER", "TO", "127.0.0.1", std::to_string(ports[to])};
        ASSERT_EQ(c[from]->call(round % 2 ? any : named).text, "OK") << round;
        ASSERT_TRUE(state_is(c[from], "no-failover")) << round;
        ASSERT_EQ(info(c[to], "role"), "master") << round;
        at = to;
        ASSERT_TRUE(wait_until([&] { return info(c[from], "master_link_status") == "up"; }));
    }
    stop = true;
    writer.join();
    Client &up = *c[at], &down = *c[1 - at];
    ASSERT_TRUE(level(&up, &down));
    EXPECT_NE(up.call({"LPOS", "l", std::to_string(kept)}).type, '-');
    EXPECT_FALSE(up.call({"LPOS", "l", std::to_string(kept)}).null);
    EXPECT_EQ(info(&t.p, "sync_full"), "1");
    EXPECT_EQ(info(&t.r, "sync_full"), "0");
}

INSTANTIATE_TEST_SUITE_P(Failover, Handovers, ::testing::Bool());

} // namespace
