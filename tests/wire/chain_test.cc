/*
 * chain_test.cc — servers that follow one another: chains, failovers, restarts.  At equal offsets
 * the data are equal, and who has a history in common asks for no second full sync.
 */
#include "tests/support/info.h"
#include "tests/support/peer.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <csignal>
#include <random>

namespace
{

using namespace lk;

const Server::Directives kServer = {{"enable-debug-command", "yes"},
                                    {"repl-diskless-sync-delay", "0"},
                                    {"repl-ping-replica-period", "1"}};

bool follow(Client *c, int port)
{
    return c->call({"REPLICAOF", "127.0.0.1", std::to_string(port)}).type == '+';
}

std::string digest(Client *c)
{
    return c->call({"DEBUG", "DIGEST"}).text;
}

/* Both stand at the same offset of the same history, and have the same data. */
::testing::AssertionResult level(Client *up, Client *down)
{
    if (!wait_until([&] {
            return info(down, "master_link_status") == "up" &&
                   info(up, "master_repl_offset") == info(down, "master_repl_offset") &&
                   info(up, "master_replid") == info(down, "master_replid");
        }))
        return ::testing::AssertionFailure()
               << info(up, "master_replid") << ":" << info(up, "master_repl_offset") << " and "
               << info(down, "master_link_status") << " " << info(down, "master_replid") << ":"
               << info(down, "master_repl_offset");
    /* The offset that is told may be a moment behind what the last answers showed. */
    if (!wait_until([&] { return digest(up) == digest(down); }))
        return ::testing::AssertionFailure() << "the data differ";
    return ::testing::AssertionSuccess();
}

void write(Client *c, std::mt19937_64 *random, int n)
{
    for (int i = 0; i < n; i++) {
        c->call({"SELECT", std::to_string((*random)() % 8)});
        c->pipeline({{"INCR", "n" + std::to_string((*random)() % 100)},
                     {"MULTI"},
                     {"RPUSH", "l", std::to_string(i)},
                     {"HSET", "h", std::to_string((*random)() % 50), "v"},
                     {"EXEC"},
                     {"PUBLISH", "c", "m"},
                     {"SET", "t" + std::to_string(i), "v", "PX", "100000"}});
    }
}

/* The last of the chain is of either kind. */
class Chain : public ::testing::TestWithParam<bool>
{
};

TEST_P(Chain, TheSameBytesAllTheWay)
{
    std::mt19937_64 random(test_seed());
    const auto a = Server::tested(kServer), b = Server::tested(kServer);
    const auto c = GetParam() ? Server::tested(kServer) : Server::oracle(kServer);
    Client ca = a->connect(), cb = b->connect(), cc = c->connect();
    write(&ca, &random, 50);
    Proxy proxy(a->port());
    ASSERT_TRUE(follow(&cb, proxy.port()));
    ASSERT_TRUE(level(&ca, &cb));
    write(&ca, &random, 20);
    ASSERT_TRUE(follow(&cc, b->port()));
    ASSERT_TRUE(level(&ca, &cc));
    for (int round = 0; round < 4; round++) {
        proxy.cut();
        write(&ca, &random, 20);
        ASSERT_TRUE(level(&ca, &cb));
        ASSERT_TRUE(level(&ca, &cc));
    }
    EXPECT_EQ(info(&ca, "sync_full"), "1");
    EXPECT_EQ(info(&cb, "sync_full"), "1");

    /* A full sync of the middle one is one of the last, too. */
    cb.call({"REPLICAOF", "NO", "ONE"});
    write(&cb, &random, 5);
    ASSERT_TRUE(follow(&cb, a->port()));
    ASSERT_TRUE(level(&ca, &cb));
    write(&ca, &random, 5);
    ASSERT_TRUE(level(&ca, &cc));
}

INSTANTIATE_TEST_SUITE_P(Wire, Chain, ::testing::Bool());

/* A–B: B is promoted, A follows it, and so on: what both have had is not sent again. */
TEST(Chain, AFailoverCostsNoFullSync)
{
    std::mt19937_64 random(test_seed());
    /* A PING that the next primary has not applied would be bytes that it never had. */
    Server::Directives quiet = kServer;
    quiet.push_back({"repl-ping-replica-period", "3600"});
    std::unique_ptr<Server> servers[2] = {Server::tested(quiet), Server::tested(quiet)};
    Client clients[2] = {servers[0]->connect(), servers[1]->connect()};
    ASSERT_TRUE(follow(&clients[1], servers[0]->port()));
    int up = 0;
    for (int round = 0; round < 6; round++, up = 1 - up) {
        Client &old = clients[up], &fresh = clients[1 - up];
        write(&old, &random, 10);
        ASSERT_TRUE(level(&old, &fresh)) << round;
        ASSERT_EQ(fresh.call({"REPLICAOF", "NO", "ONE"}).text, "OK");
        if (round % 2)
            write(&fresh, &random, 5);
        ASSERT_TRUE(follow(&old, servers[1 - up]->port()));
        write(&fresh, &random, 5);
        ASSERT_TRUE(level(&fresh, &old)) << round;
    }
    EXPECT_EQ(info(&clients[0], "sync_full"), "1");
    EXPECT_EQ(info(&clients[1], "sync_full"), "0");
}

/* What the old primary wrote alone is not on the new one: it has to take all. */
TEST(Chain, AForkIsFound)
{
    std::mt19937_64 random(test_seed());
    const auto a = Server::tested(kServer), b = Server::tested(kServer);
    Client ca = a->connect(), cb = b->connect();
    ASSERT_TRUE(follow(&cb, a->port()));
    write(&ca, &random, 10);
    ASSERT_TRUE(level(&ca, &cb));
    cb.call({"REPLICAOF", "NO", "ONE"});
    write(&ca, &random, 3);
    write(&cb, &random, 7);
    ASSERT_TRUE(follow(&ca, b->port()));
    ASSERT_TRUE(level(&cb, &ca));
    EXPECT_EQ(info(&cb, "sync_full"), "1");
}

/* A replica that is started anew goes on from its file, in the database where the stream stood. */
TEST(Chain, ARestartOfAReplicaCostsNoFullSync)
{
    std::mt19937_64 random(test_seed());
    const auto a = Server::oracle(kServer);
    Client ca = a->connect();
    write(&ca, &random, 20);
    const TempDir dir;
    const int port = free_port();
    Args argv = tested_program();
    for (const Args &d : std::vector<Args>{{"--port", std::to_string(port)},
                                           {"--bind", "127.0.0.1"},
                                           {"--dir", dir.path()},
                                           {"--save", "100000", "100000000"},
                                           {"--enable-debug-command", "yes"},
                                           {"--replicaof", "127.0.0.1", std::to_string(a->port())}})
        argv.insert(argv.end(), d.begin(), d.end());
    for (int round = 0; round < 3; round++) {
        Process replica(argv);
        ASSERT_TRUE(replica.wait_output("eady to accept connections"));
        Client cr = Client::tcp(port);
        ASSERT_TRUE(level(&ca, &cr)) << round;
        ca.call({"SELECT", "5"});
        ca.call({"INCR", "where"});
        ASSERT_TRUE(level(&ca, &cr)) << round;
        replica.signal(SIGTERM);
        ASSERT_EQ(replica.wait_exit(), 0);
        ca.call({"INCR", "where"}); /* no SELECT goes before it */
    }
    EXPECT_EQ(info(&ca, "sync_full"), "1");
}

} // namespace
