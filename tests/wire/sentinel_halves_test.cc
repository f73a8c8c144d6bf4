/*
 * sentinel_halves_test.cc — a network that is cut in two, by the kernel's own namespaces.
 *
 *   home half: the master, a Sentinel   <-- a cable that is pulled -->   away half: two replicas,
 *                                                                        two Sentinels
 *
 * Packets vanish as they do when a switch dies: nobody is told that a connection has ended.
 */
#include "tests/support/network.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <thread>
#include <unistd.h>

namespace
{

using namespace lk;

class SentinelHalves : public testing::Test
{
  protected:
    enum { HOME, AWAY, HALVES };

    void SetUp() override
    {
        for (int &ns : half_) {
            ns = new_network();
            if (ns < 0)
                GTEST_SKIP() << "network namespaces are not permitted here";
        }
        const Inside in(half_[HOME]);
        const std::string away =
            "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(half_[AWAY]);
        if (!ip({"link", "add", "here", "type", "veth", "peer", "name", "there", "netns", away}))
            GTEST_SKIP() << "no program `ip` here, or it may not make a cable";
        up("here", HOME);
        const Inside there(half_[AWAY]);
        up("there", AWAY);
    }
    ~SentinelHalves() override
    {
        for (const int ns : half_)
            if (ns >= 0)
                close(ns);
    }

    static bool ip(const Args &words)
    {
        Args argv = {"/usr/bin/env", "ip"};
        argv.insert(argv.end(), words.begin(), words.end());
        return run_program(argv).exit_code == 0;
    }
    static std::string address(int half)
    {
        return "10.77.0." + std::to_string(half + 1);
    }
    static void up(const char *end, int half)
    {
        EXPECT_TRUE(ip({"link", "set", "lo", "up"}));
        EXPECT_TRUE(ip({"addr", "add", address(half) + "/24", "dev", end}));
        EXPECT_TRUE(ip({"link", "set", end, "up"}));
    }
    void cable(bool whole)
    {
        const Inside in(half_[HOME]);
        EXPECT_TRUE(ip({"link", "set", "here", whole ? "up" : "down"}));
    }

    /* A server or a Sentinel, and where it is. */
    struct Node {
        int half, port;
        std::unique_ptr<TempDir> dir;
        std::unique_ptr<Process> process;
    };

    Node &node(int half, int port, const std::string &lines, bool sentinel)
    {
        const Inside in(half_[half]);
        nodes_.push_back({half, port, std::make_unique<TempDir>(), nullptr});
        Node &n = nodes_.back();
        const std::string file = n.dir->path() + "/conf";
        std::ofstream(file) << "port " << port << "\nbind " << address(half)
                            << " 127.0.0.1\nprotected-mode no\ndir " << n.dir->path() << "\n"
                            << lines;
        Args args = tested_program();
        args.insert(args.begin() + 1, file);
        if (sentinel)
            args.push_back("--sentinel");
        n.process = std::make_unique<Process>(args);
        EXPECT_TRUE(n.process->wait_output(sentinel ? "+monitor" : "Ready to accept"))
            << n.process->output();
        return n;
    }
    Node &server(int half, int port)
    {
        const std::string of = "replicaof " + address(HOME) + " 6379\n";
        return node(half, port,
                    "save \"\"\nrepl-diskless-sync-delay 0\nmin-replicas-to-write 1\n"
                    "min-replicas-max-lag 1\nrepl-timeout 5\n" +
                        (half == HOME ? std::string() : of),
                    false);
    }
    /* One that agrees with itself that the master is down: it is only the majority that it lacks.
     */
    Node &sentinel(int half, int port)
    {
        return node(half, port,
                    "sentinel monitor mymaster " + address(HOME) +
                        " 6379 1\nsentinel down-after-milliseconds mymaster 1000\n"
                        "sentinel failover-timeout mymaster 3000\n",
                    true);
    }

    /* Who is connected as roles change is sent away: "" then, and he asks again. */
    Reply ask(const Node &n, const Args &words)
    {
        const Inside in(half_[n.half]);
        try {
            return Client::tcp(n.port).call(words);
        } catch (const std::exception &) {
            return {};
        }
    }
    std::string master_of(const Node &s)
    {
        const Reply r = ask(s, {"sentinel", "get-master-addr-by-name", "mymaster"});
        return r.items.size() == 2 ? r.items[0].text + ":" + r.items[1].text : "";
    }
    std::string name_of(const Node &n)
    {
        return address(n.half) + ":" + std::to_string(n.port);
    }
    bool has(const Node &n, const char *section, const std::string &what)
    {
        return ask(n, {"info", section}).text.find(what) != std::string::npos;
    }
    template <class F> bool until(F &&condition)
    {
        const auto end = std::chrono::steady_clock::now() + 3 * kPatience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) {
                for (const Node &n : nodes_)
                    std::printf("--- %s\n%s\n", name_of(n).c_str(), n.process->output().c_str());
                return false;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return true;
    }
    static bool said(const Node &n, const char *words)
    {
        return n.process->output().find(words) != std::string::npos;
    }

    int half_[HALVES] = {-1, -1};
    std::deque<Node> nodes_;
};

TEST_F(SentinelHalves, OnlyTheMajorityElects)
{
    const Node &old = server(HOME, 6379);
    const Node *away[] = {&server(AWAY, 6380), &server(AWAY, 6381)};
    const Node &alone = sentinel(HOME, 26379);
    const Node *others[] = {&sentinel(AWAY, 26380), &sentinel(AWAY, 26381)};
    const std::vector<const Node *> all = {&alone, others[0], others[1]};
    for (const Node *s : all) {
        ask(*s, {"sentinel", "debug", "tilt-trigger", "100000"}); /* a slow machine is no reason */
        ASSERT_TRUE(until([&] { return has(*s, "sentinel", "slaves=2,sentinels=3"); }));
    }
    ASSERT_TRUE(until([&] { return ask(old, {"set", "before", "1"}).text == "OK"; }));
    ASSERT_TRUE(until([&] {
        for (const Node *n : away)
            if (ask(*n, {"get", "before"}).text != "1")
                return false;
        return true;
    }));

    /* The master is with one Sentinel; the other two find another one. */
    cable(false);
    ASSERT_TRUE(until([&] {
        return master_of(*others[0]) != name_of(old) &&
               master_of(*others[0]) == master_of(*others[1]);
    }));
    const std::string now = master_of(*others[0]);
    const Node &master = now == name_of(*away[0]) ? *away[0] : *away[1];
    ASSERT_EQ(now, name_of(master));
    EXPECT_TRUE(until([&] { return ask(master, {"set", "amid", "1"}).text == "OK"; }));
    /* The one that was cut off acknowledges nothing more, and its Sentinel knows nothing better. */
    EXPECT_TRUE(until([&] { return ask(old, {"set", "lost", "1"}).text.find("NOREPLICAS") == 0; }));
    EXPECT_EQ(master_of(alone), name_of(old));
    EXPECT_FALSE(said(alone, "+switch-master"));

    /* Whole again, the newer word wins, and the old master follows. */
    cable(true);
    EXPECT_TRUE(until([&] {
        return master_of(alone) == now && has(old, "replication", "role:slave") &&
               has(old, "replication", "master_link_status:up");
    }));
    EXPECT_TRUE(until([&] { return ask(old, {"get", "amid"}).text == "1"; }));
    EXPECT_EQ(ask(old, {"get", "before"}).text, "1");
    EXPECT_EQ(ask(old, {"exists", "lost"}).text, ask(master, {"exists", "lost"}).text);
    for (const Node *s : all)
        EXPECT_TRUE(until([&] {
            return has(*s, "sentinel", "status=ok") &&
                   ask(*s, {"sentinel", "ckquorum", "mymaster"}).text.find("OK 3 usable") == 0;
        }));

    /* Now the master is with the majority: the Sentinel that is alone tries, and is not elected. */
    cable(false);
    EXPECT_TRUE(until([&] { return said(alone, "-failover-abort-not-elected"); }));
    EXPECT_TRUE(has(old, "replication", "role:slave"));
    EXPECT_TRUE(has(master, "replication", "role:master"));
    cable(true);
    EXPECT_TRUE(until([&] {
        return has(alone, "sentinel", "status=ok") &&
               has(old, "replication", "master_link_status:up");
    }));
    for (const Node *s : all)
        EXPECT_TRUE(until([&] { return master_of(*s) == master_of(alone); }));
    EXPECT_FALSE(said(alone, "+elected-leader"));
    EXPECT_TRUE(until([&] { return ask(old, {"get", "amid"}).text == "1"; }));
}

} // namespace
