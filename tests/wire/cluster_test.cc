/*
 * cluster_test.cc — a cluster of two of ours and a redis-server, from the first MEET to a node that
 * comes back after a kill.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <thread>

namespace
{

using namespace lk;

const Server::Directives kNode = {{"cluster-enabled", "yes"},
                                  {"cluster-node-timeout", "3000"},
                                  {"bind", "127.0.0.1"},
                                  {"save", ""}};

bool eventually(const std::function<bool()> &true_at_last)
{
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (!true_at_last()) {
        if (std::chrono::steady_clock::now() > limit)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return true;
}

bool info_says(Client &c, const std::string &line)
{
    return c.call({"CLUSTER", "INFO"}).text.find(line) != std::string::npos;
}

TEST(ClusterWire, OneNodeServesItsSlotsAndRefusesTheOthers)
{
    auto node = Server::tested(kNode);
    Client c = node->connect();
    EXPECT_EQ(c.call_raw({"GET", "foo"}), "-CLUSTERDOWN Hash slot not served\r\n");
    EXPECT_EQ(c.call_raw({"CLUSTER", "ADDSLOTSRANGE", "0", "12182"}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"CLUSTER", "ADDSLOTS", "5"}), "-ERR Slot 5 is already busy\r\n");
    EXPECT_EQ(c.call_raw({"CLUSTER", "ADDSLOTSRANGE", "12183", "16383"}), "+OK\r\n");
    EXPECT_TRUE(eventually([&] { return info_says(c, "cluster_state:ok"); }));
    EXPECT_EQ(c.call_raw({"SET", "foo", "1"}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"MGET", "foo", "bar"}),
              "-CROSSSLOT Keys in request don't hash to the same slot\r\n");
    EXPECT_EQ(c.call_raw({"CLUSTER", "COUNTKEYSINSLOT", "12182"}), ":1\r\n");
    EXPECT_EQ(c.call_raw({"CLUSTER", "GETKEYSINSLOT", "12182", "9"}), "*1\r\n$3\r\nfoo\r\n");
    EXPECT_EQ(c.call_raw({"SELECT", "1"}), "-ERR SELECT is not allowed in cluster mode\r\n");
    EXPECT_EQ(c.call_raw({"CLUSTER", "DELSLOTS", "12182"}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"GET", "foo"}), "-CLUSTERDOWN Hash slot not served\r\n");
}

TEST(ClusterWire, SecondServerWithTheSameFileDoesNotStart)
{
    auto node = Server::tested(kNode);
    const std::string conf = node->directory() + "/nodes.conf";
    Args program = tested_program();
    for (const Args &words :
         {Args{"--port", std::to_string(free_port())}, Args{"--cluster-enabled", "yes"},
          Args{"--cluster-config-file", conf}, Args{"--bind", "127.0.0.1"}})
        program.insert(program.end(), words.begin(), words.end());
    Process second(program);
    EXPECT_EQ(second.wait_exit(), 1);
    EXPECT_NE(second.output().find("already used by a different"), std::string::npos);
}

TEST(ClusterWire, NodesOfTwoKindsServeOneCluster)
{
    std::vector<std::unique_ptr<Server>> nodes;
    nodes.push_back(Server::tested(kNode));
    nodes.push_back(Server::oracle(kNode));
    nodes.push_back(Server::tested(kNode));
    std::vector<Client> clients;
    for (auto &n : nodes)
        clients.push_back(n->connect());
    const char *ranges[][2] = {{"0", "5460"}, {"5461", "10922"}, {"10923", "16383"}};
    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(clients[i].call_raw({"CLUSTER", "ADDSLOTSRANGE", ranges[i][0], ranges[i][1]}),
                  "+OK\r\n");
        ASSERT_EQ(clients[i].call_raw({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)}),
                  "+OK\r\n");
    }
    for (int i = 1; i < 3; i++)
        ASSERT_EQ(
            clients[i].call_raw({"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes[0]->port())}),
            "+OK\r\n");
    for (Client &c : clients)
        ASSERT_TRUE(eventually([&] {
            return info_says(c, "cluster_state:ok") && info_says(c, "cluster_known_nodes:3");
        }));

    /* "foo" is in 12182, of the third; "bar" in 5061, of the first; "hello" in 866. */
    const std::string third = "-MOVED 12182 127.0.0.1:" + std::to_string(nodes[2]->port()) + "\r\n";
    EXPECT_EQ(clients[0].call_raw({"SET", "foo", "1"}), third);
    EXPECT_EQ(clients[1].call_raw({"SET", "foo", "1"}), third);
    EXPECT_EQ(clients[2].call_raw({"SET", "foo", "1"}), "+OK\r\n");
    EXPECT_EQ(clients[0].call_raw({"SET", "bar", "1"}), "+OK\r\n");

    /* The slot of "foo" moves: asked for at its new place, and there for who says ASKING. */
    const std::string from = clients[2].call({"CLUSTER", "MYID"}).text;
    const std::string to = clients[0].call({"CLUSTER", "MYID"}).text;
    EXPECT_EQ(clients[0].call_raw({"CLUSTER", "SETSLOT", "12182", "IMPORTING", from}), "+OK\r\n");
    EXPECT_EQ(clients[2].call_raw({"CLUSTER", "SETSLOT", "12182", "MIGRATING", to}), "+OK\r\n");
    EXPECT_EQ(clients[2].call_raw({"GET", "{foo}2"}),
              "-ASK 12182 127.0.0.1:" + std::to_string(nodes[0]->port()) + "\r\n");
    EXPECT_EQ(clients[2].call_raw({"CLUSTER", "SETSLOT", "12182", "NODE", to}),
              "-ERR Can't assign hashslot 12182 to a different node while I still hold keys for "
              "this hash slot.\r\n");
    EXPECT_EQ(clients[2].call_raw({"DEL", "foo"}), ":1\r\n");
    EXPECT_EQ(clients[0].call_raw({"ASKING"}), "+OK\r\n");
    EXPECT_EQ(clients[0].call_raw({"SET", "foo", "2"}), "+OK\r\n");
    EXPECT_EQ(clients[0].call_raw({"CLUSTER", "SETSLOT", "12182", "NODE", to}), "+OK\r\n");
    EXPECT_EQ(clients[2].call_raw({"CLUSTER", "SETSLOT", "12182", "NODE", to}), "+OK\r\n");
    EXPECT_EQ(clients[0].call_raw({"GET", "foo"}), "$1\r\n2\r\n");
    const std::string first = "-MOVED 12182 127.0.0.1:" + std::to_string(nodes[0]->port()) + "\r\n";
    EXPECT_TRUE(eventually([&] { return clients[1].call_raw({"GET", "foo"}) == first; }));
    EXPECT_EQ(clients[2].call_raw({"GET", "foo"}), first);

    /* One is killed: the others say so, and that the cluster is down. */
    nodes[2]->kill();
    for (int i = 0; i < 2; i++)
        EXPECT_TRUE(eventually([&] { return info_says(clients[i], "cluster_state:fail"); })) << i;
    EXPECT_EQ(clients[0].call_raw({"GET", "bar"}), "-CLUSTERDOWN The cluster is down\r\n");
}

} // namespace
