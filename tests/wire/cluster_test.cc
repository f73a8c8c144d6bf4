/*
 * cluster_test.cc — a cluster of two of ours and a redis-server, from the first MEET to a node that
 * comes back after a kill.
 */
#include "tests/support/certificates.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

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
    EXPECT_EQ(c.call_raw({"CLUSTER", "SLOT-STATS", "ORDERBY", "key-count", "LIMIT", "1"}),
              "*1\r\n*2\r\n:12182\r\n*2\r\n$9\r\nkey-count\r\n:1\r\n");
    EXPECT_EQ(c.call_raw({"CLUSTER", "SLOT-STATS", "ORDERBY", "key-count", "LIMIT", "0"}),
              "-ERR Limit has to lie in between 1 and 16384 (maximum number of slots).\r\n");
    EXPECT_EQ(c.call_raw({"CLUSTER", "SLOT-STATS", "SLOTSRANGE", "9", "9"}),
              "*1\r\n*2\r\n:9\r\n*2\r\n$9\r\nkey-count\r\n:0\r\n");
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

    /* Messages reach subscribers of every node, from every node. */
    std::vector<Client> subscribers;
    for (auto &n : nodes) {
        subscribers.push_back(n->connect());
        subscribers.back().call({"SUBSCRIBE", "news"});
    }
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(clients[i].call_raw({"PUBLISH", "news", std::to_string(i)}), ":1\r\n");
    for (Client &c : subscribers) {
        std::multiset<std::string> heard;
        for (int i = 0; i < 3; i++)
            heard.insert(c.read().items.back().text);
        EXPECT_EQ(heard, (std::multiset<std::string>{"0", "1", "2"}));
    }
    Client reader = nodes[2]->connect(), blocked = nodes[2]->connect();
    EXPECT_EQ(reader.call({"SSUBSCRIBE", "foo"}).items.size(), 3u);
    EXPECT_EQ(clients[0].call_raw({"SPUBLISH", "foo", "m"}), third);
    EXPECT_EQ(clients[2].call_raw({"SPUBLISH", "foo", "m"}), ":1\r\n");
    EXPECT_EQ(reader.read().items.back().text, "m");

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
    blocked.send(Args{"BLPOP", "{foo}list", "0"}); /* asked for elsewhere by now */
    EXPECT_EQ(blocked.read_raw().substr(0, 4), "-ASK");
    EXPECT_EQ(clients[2].call_raw({"CLUSTER", "SETSLOT", "12182", "STABLE"}), "+OK\r\n");
    blocked.send(Args{"BLPOP", "{foo}list", "0"});
    EXPECT_TRUE(eventually([&] {
        return clients[2].call({"INFO", "clients"}).text.find("blocked_clients:1") !=
               std::string::npos;
    }));
    EXPECT_EQ(clients[0].call_raw({"CLUSTER", "SETSLOT", "12182", "NODE", to}), "+OK\r\n");
    EXPECT_EQ(clients[2].call_raw({"CLUSTER", "SETSLOT", "12182", "NODE", to}), "+OK\r\n");
    EXPECT_EQ(clients[0].call_raw({"GET", "foo"}), "$1\r\n2\r\n");
    const std::string first = "-MOVED 12182 127.0.0.1:" + std::to_string(nodes[0]->port()) + "\r\n";
    EXPECT_TRUE(eventually([&] { return clients[1].call_raw({"GET", "foo"}) == first; }));
    EXPECT_EQ(clients[2].call_raw({"GET", "foo"}), first);
    EXPECT_EQ(blocked.read_raw(), first) << "who waits for its key is told";
    EXPECT_EQ(reader.read().items.front().text, "sunsubscribe");

    /* One is killed: the others say so, and that the cluster is down. */
    nodes[2]->kill();
    for (int i = 0; i < 2; i++)
        EXPECT_TRUE(eventually([&] { return info_says(clients[i], "cluster_state:fail"); })) << i;
    EXPECT_EQ(clients[0].call_raw({"GET", "bar"}), "-CLUSTERDOWN The cluster is down\r\n");
}

/* Keys go from one to the other and back; what is written meanwhile is not lost. */
TEST(ClusterWire, MigrateMovesKeysBetweenTwoKindsOfServer)
{
    auto ours = Server::tested({{"save", ""}});
    auto other = Server::oracle({{"save", ""}});
    Client c = ours->connect(), o = other->connect();
    const std::string to = std::to_string(other->port()), back = std::to_string(ours->port());
    c.call({"RPUSH", "list", "a", "b", "c"});
    c.call({"SET", "string", "text", "PX", "100000"});
    EXPECT_EQ(c.call_raw({"MIGRATE", "127.0.0.1", to, "none", "0", "5000"}), "+NOKEY\r\n");
    EXPECT_EQ(
        c.call_raw({"MIGRATE", "127.0.0.1", to, "", "0", "5000", "KEYS", "list", "none", "string"}),
        "+OK\r\n");
    EXPECT_EQ(c.call_raw({"EXISTS", "list", "string"}), ":0\r\n");
    EXPECT_EQ(o.call({"LRANGE", "list", "0", "-1"}).items.size(), 3u);
    EXPECT_GT(std::stoll(o.call({"PTTL", "string"}).text), 1000);
    EXPECT_EQ(o.call_raw({"MIGRATE", "127.0.0.1", back, "list", "0", "5000", "COPY"}), "+OK\r\n");
    EXPECT_EQ(c.call({"LRANGE", "list", "0", "-1"}).items.size(), 3u);
    const std::string busy = c.call_raw({"MIGRATE", "127.0.0.1", to, "list", "0", "5000"});
    EXPECT_EQ(busy, "-ERR Target instance replied with error: BUSYKEY Target key name already "
                    "exists.\r\n");
    EXPECT_EQ(c.call_raw({"EXISTS", "list"}), ":1\r\n") << "what was refused stays";
    EXPECT_EQ(c.call_raw({"MIGRATE", "127.0.0.1", to, "list", "0", "5000", "REPLACE"}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"MIGRATE", "127.0.0.1", "1", "list", "0", "100"}), "+NOKEY\r\n")
        << "nothing is there to be sent";
    c.call({"SET", "x", "1"});
    EXPECT_EQ(c.call_raw({"MIGRATE", "127.0.0.1", std::to_string(free_port()), "x", "0", "500"}),
              "-IOERR error or timeout connecting to the client\r\n");
    EXPECT_EQ(c.call_raw({"GET", "x"}), "$1\r\n1\r\n");
}

TEST(ClusterWire, MigrateInATransaction)
{
    auto ours =
        Server::tested({{"save", ""}, {"appendonly", "yes"}, {"enable-debug-command", "yes"}});
    auto other = Server::oracle({{"save", ""}});
    Client c = ours->connect(), o = other->connect();
    const std::string to = std::to_string(other->port()), nobody = std::to_string(free_port());
    c.call({"RPUSH", "list", "a", "b"});
    c.call({"SET", "timed", "v", "PX", "1000000"});
    c.call({"MULTI"});
    c.call({"SET", "string", "2"});
    c.call(
        {"MIGRATE", "127.0.0.1", to, "", "0", "5000", "KEYS", "list", "string", "none", "timed"});
    c.call({"EXISTS", "list", "string", "timed"});
    c.call({"MIGRATE", "127.0.0.1", to, "list", "0", "5000"});
    c.call({"SET", "string", "3"});
    c.call({"MIGRATE", "127.0.0.1", to, "string", "0", "5000"});
    c.call({"MIGRATE", "127.0.0.1", nobody, "string", "0", "500"});
    EXPECT_EQ(c.call_raw({"EXEC"}),
              "*7\r\n+OK\r\n+OK\r\n:0\r\n+NOKEY\r\n+OK\r\n"
              "-ERR Target instance replied with error: BUSYKEY Target key name already exists.\r\n"
              "-IOERR error or timeout connecting to the client\r\n");
    EXPECT_EQ(o.call({"LRANGE", "list", "0", "-1"}).items.size(), 2u);
    EXPECT_EQ(o.call_raw({"GET", "string"}), "$1\r\n2\r\n");
    EXPECT_GT(std::stoll(o.call({"PTTL", "timed"}).text), 1000);
    c.call({"MULTI"});
    c.call({"MIGRATE", "127.0.0.1", to, "string", "0", "5000", "COPY", "REPLACE"});
    EXPECT_EQ(c.call_raw({"EXEC"}), "*1\r\n+OK\r\n");
    EXPECT_EQ(o.call_raw({"GET", "string"}), "$1\r\n3\r\n");
    EXPECT_EQ(c.call_raw({"DEBUG", "LOADAOF"}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"KEYS", "*"}), "*1\r\n$6\r\nstring\r\n") << "the file has the deletes";
}

TEST(ClusterWire, MigrateNamesAllItsKeys)
{
    auto server = Server::tested();
    Client c = server->connect();
    const Args head = {"COMMAND", "GETKEYS", "MIGRATE", "h", "1", "", "0", "1"};
    const auto keys = [&](const Args &rest) {
        Args words = head;
        words.insert(words.end(), rest.begin(), rest.end());
        return c.call_raw(words);
    };
    EXPECT_EQ(keys({"KEYS", "keys"}), "*1\r\n$4\r\nkeys\r\n");
    EXPECT_EQ(keys({"AUTH", "keys", "KEYS", "a"}), "*1\r\n$1\r\na\r\n");
    EXPECT_EQ(keys({"AUTH2", "keys", "keys", "KEYS", "a", "b"}), "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}

/* Counters that are added to without a pause while they travel: no step is lost. */
TEST(ClusterWire, MigrateLosesNoStepOfKeysThatAreWritten)
{
    auto from = Server::tested({{"save", ""}}), to = Server::tested({{"save", ""}});
    std::atomic<bool> stop{false};
    std::atomic<int64_t> added{0};
    std::thread writer([&] {
        Client c = from->connect();
        while (!stop)
            if (c.call({"INCR", "counter"}).type == ':')
                added++;
    });
    Client c = from->connect(), t = to->connect();
    int64_t arrived = 0;
    for (int i = 0; i < 30; i++) {
        const std::string answer = c.call_raw({"MIGRATE", "127.0.0.1", std::to_string(to->port()),
                                               "counter", "0", "5000", "REPLACE"});
        if (answer == "+OK\r\n")
            arrived += std::stoll(t.call({"GETDEL", "counter"}).text);
        else
            EXPECT_EQ(answer.substr(0, 6), answer[0] == '+' ? "+NOKEY" : "-IOERR");
    }
    stop = true;
    writer.join();
    const Reply left = c.call({"GET", "counter"});
    EXPECT_EQ(arrived + (left.text.empty() ? 0 : std::stoll(left.text)), added.load());
}

/* Our replica of another kind of master takes its place when it is killed. */
TEST(ClusterWire, ReplicaTakesOverFromAMasterOfAnotherKind)
{
    std::vector<std::unique_ptr<Server>> nodes;
    nodes.push_back(Server::oracle(kNode));
    nodes.push_back(Server::tested(kNode));
    nodes.push_back(Server::tested(kNode));
    nodes.push_back(Server::tested(kNode));
    std::vector<Client> clients;
    for (auto &n : nodes)
        clients.push_back(n->connect());
    const char *ranges[][2] = {{"0", "5460"}, {"5461", "10922"}, {"10923", "16383"}};
    for (int i = 0; i < 3; i++) {
        clients[i].call({"CLUSTER", "ADDSLOTSRANGE", ranges[i][0], ranges[i][1]});
        clients[i].call({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
    }
    for (int i = 1; i < 4; i++)
        clients[i].call({"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes[0]->port())});
    for (Client &c : clients)
        ASSERT_TRUE(eventually([&] {
            return info_says(c, "cluster_state:ok") && info_says(c, "cluster_known_nodes:4");
        }));
    for (int i = 0; i < 100; i++)
        ASSERT_EQ(clients[0].call_raw({"SET", "{bar}" + std::to_string(i), "v"}), "+OK\r\n");
    const std::string master = clients[0].call({"CLUSTER", "MYID"}).text;
    ASSERT_EQ(clients[3].call_raw({"CLUSTER", "REPLICATE", master}), "+OK\r\n");
    ASSERT_TRUE(eventually([&] { return clients[3].call({"DBSIZE"}).text == "100"; }));
    EXPECT_EQ(clients[3].call_raw({"GET", "{bar}1"}).substr(0, 6), "-MOVED");
    EXPECT_EQ(clients[3].call_raw({"READONLY"}), "+OK\r\n");
    EXPECT_EQ(clients[3].call_raw({"GET", "{bar}1"}), "$1\r\nv\r\n");
    nodes[0]->kill();
    EXPECT_TRUE(eventually([&] {
        return clients[3].call_raw({"SET", "{bar}1", "w"}) == "+OK\r\n";
    }));
    EXPECT_EQ(clients[3].call_raw({"GET", "{bar}2"}), "$1\r\nv\r\n");
    const std::string moved = "-MOVED 5061 127.0.0.1:" + std::to_string(nodes[3]->port()) + "\r\n";
    EXPECT_TRUE(eventually([&] { return clients[1].call_raw({"GET", "bar"}) == moved; }));
}

/* Two masters, ours and another, which know each other; ours has all slots. */
struct Two {
    explicit Two(const Server::Directives &ours, const char *timeout_ms = "3000")
    {
        Server::Directives both = kNode;
        both.push_back({"cluster-node-timeout", timeout_ms});
        both.push_back({"loglevel", "debug"});
        b = Server::oracle(both);
        both.insert(both.end(), ours.begin(), ours.end());
        a = Server::tested(both);
        Client c = a->connect();
        c.call({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
        c.call({"CLUSTER", "MEET", "127.0.0.1", std::to_string(b->port())});
        Client other = b->connect();
        EXPECT_TRUE(eventually([&] {
            return info_says(c, "cluster_state:ok") && info_says(other, "cluster_known_nodes:2") &&
                   info_says(other, "cluster_slots_assigned:16384");
        }));
    }
    std::unique_ptr<Server> a, b;
};

TEST(ClusterWire, KeysOfALostSlotGoAndComeBackLater)
{
    Two two(Server::Directives{{"appendonly", "yes"}, {"enable-debug-command", "yes"}});
    Client a = two.a->connect(), b = two.b->connect();
    for (int i = 0; i < 500; i++)
        ASSERT_EQ(a.call_raw({"SET", "{foo}" + std::to_string(i), "v"}), "+OK\r\n");
    a.call({"SET", "bar", "v"});
    const std::string id = b.call({"CLUSTER", "MYID"}).text;
    /* What came into a slot that is not imported any more may be the only copy. */
    ASSERT_EQ(a.call_raw({"CLUSTER", "DELSLOTS", "866"}), "+OK\r\n");
    ASSERT_EQ(b.call_raw({"CLUSTER", "DELSLOTS", "866"}), "+OK\r\n");
    ASSERT_EQ(b.call_raw({"CLUSTER", "ADDSLOTS", "866"}), "+OK\r\n");
    ASSERT_TRUE(eventually([&] { return a.call_raw({"GET", "hello"}).substr(0, 6) == "-MOVED"; }));
    a.call({"CLUSTER", "SETSLOT", "866", "IMPORTING", id});
    a.call({"ASKING"});
    ASSERT_EQ(a.call_raw({"SET", "hello", "v"}), "+OK\r\n");
    EXPECT_EQ(a.call_raw({"CLUSTER", "SETSLOT", "866", "STABLE"}), "+OK\r\n");
    /* The other takes the slot, with a greater epoch, though its keys are here. */
    ASSERT_EQ(b.call({"CLUSTER", "BUMPEPOCH"}).type, '+');
    ASSERT_EQ(b.call_raw({"CLUSTER", "SETSLOT", "12182", "NODE", id}), "+OK\r\n");
    ASSERT_TRUE(eventually([&] { return a.call_raw({"DBSIZE"}) == ":2\r\n"; }));
    EXPECT_EQ(a.call_raw({"CLUSTER", "COUNTKEYSINSLOT", "866"}), ":1\r\n");
    EXPECT_EQ(a.call_raw({"GET", "bar"}), "$1\r\nv\r\n");
    EXPECT_EQ(a.call_raw({"CLUSTER", "SETSLOT", "12182", "IMPORTING", id}), "+OK\r\n");
    a.call({"ASKING"});
    EXPECT_EQ(a.call_raw({"GET", "{foo}1"}), "$-1\r\n");
    a.call({"ASKING"});
    EXPECT_EQ(a.call_raw({"SET", "{foo}1", "new"}), "+OK\r\n");
    EXPECT_EQ(a.call_raw({"DEBUG", "LOADAOF"}), "+OK\r\n");
    EXPECT_EQ(a.call_raw({"DBSIZE"}), ":3\r\n") << "the file has the deletes";
}

/* Two, and a replica of the first, which is online. */
struct TwoAndAReplica : Two {
    TwoAndAReplica()
        : Two(Server::Directives{}), node(Server::tested(kNode)), replica(node->connect())
    {
        Client first = a->connect(), second = b->connect();
        id = second.call({"CLUSTER", "MYID"}).text;
        replica.call({"CLUSTER", "MEET", "127.0.0.1", std::to_string(a->port())});
        EXPECT_TRUE(eventually([&] { return info_says(replica, "cluster_known_nodes:3"); }));
        follow(first);
    }
    void follow(Client &first)
    {
        const std::string master = first.call({"CLUSTER", "MYID"}).text;
        EXPECT_TRUE(eventually([&] {
            return replica.call_raw({"CLUSTER", "REPLICATE", master}) == "+OK\r\n";
        }));
        EXPECT_TRUE(eventually([&] {
            return first.call({"INFO", "replication"}).text.find("state=online") !=
                   std::string::npos;
        }));
        /* It is shown so while it still loads; who acknowledges does not. */
        first.call({"SET", "foo", "1"});
        EXPECT_EQ(first.call_raw({"WAIT", "1", "60000"}), ":1\r\n");
    }
    bool sees(const std::string &mark)
    {
        return replica.call({"CLUSTER", "NODES"}).text.find(mark) != std::string::npos;
    }
    std::unique_ptr<Server> node;
    Client replica;
    std::string id; /* of b */
};

TEST(ClusterWire, ReplicasKnowOfSlotsThatMove)
{
    TwoAndAReplica w;
    Client a = w.a->connect();
    const std::string &id = w.id;
    /* They know it before the answer is there. */
    EXPECT_EQ(a.call_raw({"CLUSTER", "SETSLOT", "609", "MIGRATING", id, "TIMEOUT", "0"}),
              "+OK\r\n");
    EXPECT_TRUE(w.sees("[609->-" + id + "]"));
    a.call({"MULTI"});
    a.call({"CLUSTER", "SETSLOT", "610", "MIGRATING", id});
    a.call({"CLUSTER", "SETSLOT", "611", "MIGRATING", "nobody"});
    a.call({"CLUSTER", "SETSLOT", "609", "STABLE"});
    EXPECT_EQ(a.call_raw({"EXEC"}), "*3\r\n+OK\r\n-ERR I don't know about node nobody\r\n+OK\r\n");
    EXPECT_TRUE(eventually([&] { return w.sees("[610->-" + id + "]") && !w.sees("[609->-"); }));
    EXPECT_EQ(w.replica.call_raw({"CLUSTER", "SETSLOT", "610", "STABLE"}),
              "-ERR Please use SETSLOT only with masters.\r\n");
    /* A new replica hears of what is on the move with its data. */
    EXPECT_EQ(w.replica.call_raw({"CLUSTER", "RESET"}), "+OK\r\n");
    EXPECT_FALSE(w.sees("[610->-"));
    w.replica.call({"CLUSTER", "MEET", "127.0.0.1", std::to_string(w.a->port())});
    ASSERT_TRUE(eventually([&] { return info_says(w.replica, "cluster_known_nodes:3"); }));
    w.follow(a);
    EXPECT_TRUE(eventually([&] { return w.sees("[610->-" + id + "]"); }));
    EXPECT_EQ(a.call_raw({"CLUSTER", "SETSLOT", "610", "NODE", id, "TIMEOUT", "0"}), "+OK\r\n");
    EXPECT_FALSE(w.sees("[610->-"));
    EXPECT_EQ(w.node->log().find("CRITICAL"), std::string::npos);
}

TEST(ClusterWire, SlotsDoNotMoveBehindTheBackOfReplicas)
{
    TwoAndAReplica w;
    Client a = w.a->connect();
    const auto setslot = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"CLUSTER", "SETSLOT", "609"});
        return a.call_raw(words);
    };
    const std::string syntax =
        "-ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP\r\n";
    EXPECT_EQ(setslot({"MIGRATING", w.id, "TIMEOUT"}), "-ERR Missing timeout value\r\n");
    EXPECT_EQ(setslot({"STABLE", "TIMEOUT"}), "-ERR Missing timeout value\r\n");
    EXPECT_EQ(setslot({"STABLE", "TIMEOUT", "-1"}), "-ERR timeout is negative\r\n");
    EXPECT_EQ(setslot({"STABLE", "TIMEOUT", "x"}),
              "-ERR timeout is not an integer or out of range\r\n");
    EXPECT_EQ(setslot({"TIMEOUT", "5", "MIGRATING", w.id}), syntax);
    EXPECT_EQ(setslot({"STABLE", "TIMEOUT", "5", "6"}), syntax);
    w.node->process().signal(SIGSTOP); /* sooner or later it answers no more */
    EXPECT_TRUE(eventually([&] {
        return setslot({"MIGRATING", w.id, "TIMEOUT", "50"}) ==
               "-NOREPLICAS Not enough good replicas to write.\r\n";
    }));
    w.node->process().signal(SIGCONT);
    EXPECT_EQ(setslot({"STABLE", "TIMEOUT", "0"}), "+OK\r\n");
    EXPECT_FALSE(w.sees("[609->-"));
    /* One who goes while he waits leaves the slot to others. */
    w.node->process().signal(SIGSTOP);
    Client gone = w.a->connect();
    gone.send({"CLUSTER", "SETSLOT", "609", "MIGRATING", w.id, "TIMEOUT", "0"});
    gone.close();
    w.node->process().signal(SIGCONT);
    EXPECT_TRUE(eventually([&] { return setslot({"STABLE", "TIMEOUT", "0"}) == "+OK\r\n"; }));
}

TEST(ClusterWire, MarksOfSlotsOutliveAKill)
{
    auto node = Server::tested(kNode), other = Server::tested(kNode);
    Client c = node->connect(), o = other->connect();
    const std::string id = o.call({"CLUSTER", "MYID"}).text;
    ASSERT_EQ(c.call_raw({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "+OK\r\n");
    o.call({"CLUSTER", "MEET", "127.0.0.1", std::to_string(node->port())});
    /* Until the handshake is over it is known by another name. */
    ASSERT_TRUE(eventually([&] {
        return c.call({"CLUSTER", "NODES"}).text.find(id) != std::string::npos;
    }));
    ASSERT_TRUE(eventually([&] { return info_says(c, "cluster_state:ok"); }));
    /* Each beside others that ask for their own, and beside the bus. */
    enum { kAskers = 3, kSlots = 60 };
    const auto ask = [&](int asker) {
        Client mine = node->connect();
        for (int slot = asker; slot < kSlots; slot += kAskers) {
            const std::string number = std::to_string(slot);
            EXPECT_EQ(mine.call_raw({"CLUSTER", "SETSLOT", number, "MIGRATING", id}), "+OK\r\n");
            EXPECT_NE(mine.call({"CLUSTER", "NODES"}).text.find("[" + number + "->-" + id + "]"),
                      std::string::npos);
            if (slot % 4 != 0) {
                EXPECT_EQ(mine.call_raw({"CLUSTER", "SETSLOT", number, "STABLE"}), "+OK\r\n");
                EXPECT_EQ(mine.call({"CLUSTER", "NODES"}).text.find("[" + number + "->"),
                          std::string::npos);
            }
        }
    };
    std::vector<std::thread> askers;
    for (int i = 0; i < kAskers; i++)
        askers.emplace_back(ask, i);
    for (std::thread &t : askers)
        t.join();
    /* A slot on the move sends clients on, from the answer on. */
    EXPECT_EQ(c.call_raw({"CLUSTER", "SETSLOT", "12182", "MIGRATING", id}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"GET", "foo"}).substr(0, 11), "-ASK 12182 ");
    EXPECT_EQ(c.call_raw({"CLUSTER", "SETSLOT", "12182", "NODE", id}), "+OK\r\n");
    EXPECT_EQ(c.call_raw({"GET", "foo"}).substr(0, 13), "-MOVED 12182 ");
    node->kill();
    Server::Directives again = kNode;
    again.push_back({"cluster-config-file", node->directory() + "/nodes.conf"});
    auto back = Server::tested(again);
    const std::string nodes = back->connect().call({"CLUSTER", "NODES"}).text;
    for (int slot = 0; slot < kSlots; slot++)
        EXPECT_EQ(nodes.find("[" + std::to_string(slot) + "->-" + id) != std::string::npos,
                  slot % 4 == 0)
            << slot << " of " << nodes;
    EXPECT_NE(nodes.find("0-12181 12183-16383"), std::string::npos) << nodes;
}

/* Not one of its threads runs. */
bool is_stopped(const Process &process)
{
    for (const auto &task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(process.pid()) + "/task")) {
        std::ifstream in(task.path() / "stat");
        const std::string line((std::istreambuf_iterator<char>(in)), {});
        const size_t end = line.rfind(')');
        if (end == std::string::npos || line.compare(end, 4, ") T ") != 0)
            return false;
    }
    return true;
}

/* Until it is linked to its next master a replica's data may be another shard's: it tells 0. */
TEST(ClusterWire, OffsetOfAnotherShardIsNotTold)
{
    TwoAndAReplica w;
    Client a = w.a->connect(), b = w.b->connect();
    const std::string own = w.replica.call({"CLUSTER", "MYID"}).text;
    const auto told = [&] {
        const std::string shards = w.replica.call_raw({"CLUSTER", "SHARDS"});
        const std::string field = "replication-offset\r\n:";
        return std::stoll(shards.substr(shards.find(field, shards.find(own)) + field.size()));
    };
    EXPECT_EQ(a.call_raw({"SET", "foo", "1"}), "+OK\r\n");
    EXPECT_TRUE(eventually([&] { return told() > 0; }));
    w.b->process().signal(SIGSTOP);
    ASSERT_TRUE(eventually([&] { return is_stopped(w.b->process()); }));
    EXPECT_EQ(w.replica.call_raw({"CLUSTER", "REPLICATE", w.id}), "+OK\r\n");
    EXPECT_EQ(told(), 0);
    w.b->process().signal(SIGCONT);
}

TEST(ClusterWire, NodeWhoseWorkersHangIsSilent)
{
    Two two(Server::Directives{{"io-threads", "1"}, {"enable-debug-command", "yes"}}, "1000");
    Client sleeper = two.a->connect(), b = two.b->connect();
    const auto suspects = [&] {
        return b.call({"CLUSTER", "NODES"}).text.find("master,fail") != std::string::npos;
    };
    /* Both logs keep what was seen meanwhile, however late this test looks. */
    const auto seen = [&] {
        return two.a->log().find("Most workers hang") != std::string::npos &&
               two.b->log().find("possibly failing") != std::string::npos;
    };
    /* The other one must have had the CPU while this one slept: not each time, on a busy machine.
     */
    for (int i = 0; i < 5 && !seen(); i++)
        EXPECT_EQ(sleeper.call_raw({"DEBUG", "SLEEP", "4"}), "+OK\r\n");
    EXPECT_TRUE(seen()) << two.a->log() << two.b->log();
    EXPECT_TRUE(eventually([&] { return !suspects(); }));
}

TEST(ClusterWire, ChangesInATransactionAreMadeAtOnce)
{
    auto node = Server::tested(kNode);
    Client c = node->connect();
    c.call({"MULTI"});
    c.call({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
    c.call({"CLUSTER", "ADDSLOTS", "7"});
    c.call({"CLUSTER", "BUMPEPOCH"});
    EXPECT_EQ(c.call_raw({"EXEC"}), "*3\r\n+OK\r\n-ERR Slot 7 is already busy\r\n+BUMPED 1\r\n");
    EXPECT_TRUE(eventually([&] { return info_says(c, "cluster_state:ok"); }));
    EXPECT_EQ(c.call_raw({"SET", "foo", "1"}), "+OK\r\n");
}

TEST(ClusterWire, BusSpeaksTls)
{
    TempDir dir;
    const Certificates certificates(dir.path());
    std::vector<std::unique_ptr<Server>> nodes;
    std::vector<Client> clients;
    int port[2];
    for (int i = 0; i < 2; i++) {
        port[i] = free_port();
        Server::Directives all = kNode;
        for (const Args &d : {Args{"tls-port", std::to_string(port[i])}, Args{"tls-cluster", "yes"},
                              Args{"cluster-port", std::to_string(free_port())},
                              Args{"tls-cert-file", certificates.crt("server")},
                              Args{"tls-key-file", certificates.key("server")},
                              Args{"tls-ca-cert-file", certificates.crt("ca")}})
            all.push_back(d);
        nodes.push_back(Server::tested(all));
        clients.push_back(nodes[i]->connect());
    }
    const std::string bus = clients[1].call({"CONFIG", "GET", "cluster-port"}).items[1].text;
    clients[0].call({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
    EXPECT_EQ(clients[0].call_raw({"CLUSTER", "MEET", "127.0.0.1", std::to_string(port[1]), bus}),
              "+OK\r\n");
    for (Client &c : clients)
        EXPECT_TRUE(eventually([&] {
            return info_says(c, "cluster_state:ok") && info_says(c, "cluster_known_nodes:2");
        }));
    EXPECT_EQ(clients[1].call_raw({"GET", "foo"}),
              "-MOVED 12182 127.0.0.1:" + std::to_string(nodes[0]->port()) + "\r\n");
}

} // namespace
