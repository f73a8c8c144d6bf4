/*
 * client_memory_test.cc — clients that take more than maxmemory-clients together: the largest go,
 * and no more of them than that takes.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <sstream>

namespace
{

using namespace lk;

constexpr int ASKED_AT_MOST = 20000; /* questions until what has to come about is there */
constexpr uint64_t LIMIT = 5 << 20;

/* The beginning of a command whose end never comes. */
std::string half_command(size_t bytes)
{
    return "*2\r\n$3\r\nGET\r\n$5000000\r\n" + std::string(bytes, 'x');
}

uint64_t figure(Client &control, const std::string &name)
{
    const std::string info = control.call({"INFO"}).text;
    const size_t at = info.find("\n" + name + ":");
    return at == std::string::npos ? 0 : std::stoull(info.substr(at + name.size() + 2));
}

struct Taken {
    uint64_t all = 0, largest = 0, clients = 0;
};

/* What CLIENT LIST shows, but for who asks. */
Taken taken(Client &control)
{
    Taken t;
    std::istringstream list(control.call({"CLIENT", "LIST"}).text);
    for (std::string line; std::getline(list, line);) {
        const size_t at = line.find(" tot-mem=");
        if (at == std::string::npos || line.find(" cmd=client|list ") != std::string::npos)
            continue;
        const uint64_t bytes = std::stoull(line.substr(at + 9));
        t.all += bytes;
        t.largest = std::max(t.largest, bytes);
        t.clients++;
    }
    return t;
}

TEST(ClientMemory, TheLargestGoAndNoMoreThanThat)
{
    const auto server = Server::tested({{"io-threads", "3"}});
    Client control = server->connect();
    control.call({"CLIENT", "NO-EVICT", "ON"});
    std::vector<Client> clients;
    for (int i = 0; i < 20; i++) {
        clients.push_back(server->connect());
        if (i >= 4)
            clients.back().send(half_command(400000));
    }
    Taken before = taken(control); // a worker may be about to meet one yet
    for (int i = 0; i < ASKED_AT_MOST && (before.all < 16 * 400000 || before.clients < 20); i++)
        before = taken(control);
    ASSERT_GE(before.all, LIMIT);
    ASSERT_EQ(before.clients, 20u);
    EXPECT_EQ(figure(control, "evicted_clients"), 0u);
    EXPECT_EQ(control.call_raw({"CONFIG", "SET", "maxmemory-clients", std::to_string(LIMIT)}),
              "+OK\r\n");
    Taken after;
    uint64_t evicted = 0;
    const auto settled = [&] {
        after = taken(control);
        evicted = figure(control, "evicted_clients");
        return after.all <= LIMIT && after.clients + evicted == before.clients;
    };
    for (int i = 0; i < ASKED_AT_MOST && !settled(); i++)
        ;
    EXPECT_LE(after.all, LIMIT);
    EXPECT_GE(after.all + before.largest, LIMIT) << "one too many";
    EXPECT_EQ(after.clients + evicted, before.clients);
    for (int i = 0; i < 4; i++)
        EXPECT_TRUE(clients[static_cast<size_t>(i)].ping()) << "the small ones are there";
}

/* A field of the client's line in CLIENT LIST; UINT64_MAX: it is not there. */
uint64_t field(Client &control, const std::string &client, const std::string &name)
{
    std::istringstream list(control.call({"CLIENT", "LIST"}).text);
    for (std::string line; std::getline(list, line);) {
        const size_t at = line.find(" " + name + "=");
        if (line.find(" name=" + client + " ") != std::string::npos && at != std::string::npos)
            return std::stoull(line.substr(at + name.size() + 2));
    }
    return UINT64_MAX;
}

/* What has come of a command is shown and held as its arguments and the one that comes now. */
TEST(ClientMemory, ACommandThatComesIsShownInItsParts)
{
    const auto server = Server::tested();
    Client control = server->connect(), half = server->connect();
    half.call({"CLIENT", "SETNAME", "half"});
    const std::string first(300000, 'a'), second(900000, 'b');
    half.send("*3\r\n$3\r\nSET\r\n$300000\r\n" + first + "\r\n$1000000\r\n" + second);
    for (int i = 0; i < ASKED_AT_MOST && field(control, "half", "qbuf") != second.size(); i++)
        ;
    EXPECT_EQ(field(control, "half", "qbuf"), second.size());
    EXPECT_GE(field(control, "half", "argv-mem"), first.size());
    EXPECT_LT(field(control, "half", "argv-mem"), first.size() + 100);
    EXPECT_GE(field(control, "half", "tot-mem"), first.size() + second.size());
    /* It was said how long it will be: there is no room for more than that and a size class. */
    EXPECT_LT(field(control, "half", "tot-mem"), 1300000u * 5 / 4);
    half.send(std::string(100000, 'b') + "\r\n");
    EXPECT_EQ(half.read_raw(), "+OK\r\n");
    EXPECT_EQ(field(control, "half", "qbuf"), 0u);
    EXPECT_EQ(field(control, "half", "argv-mem"), 0u);
}

/* Whoever is told that the limit has been set sees nobody who is over it. */
TEST(ClientMemory, ALimitHoldsBeforeItIsAnswered)
{
    const auto server = Server::tested({{"io-threads", "3"}});
    Client control = server->connect();
    control.call({"CLIENT", "NO-EVICT", "ON"});
    for (int round = 0; round < 10; round++) {
        Client large = server->connect();
        large.call({"CLIENT", "SETNAME", "large"});
        large.send(half_command(1000000));
        for (int i = 0; i < ASKED_AT_MOST && field(control, "large", "qbuf") != 1000000; i++)
            ;
        ASSERT_EQ(field(control, "large", "qbuf"), 1000000u);
        control.call({"CONFIG", "SET", "maxmemory-clients", "900000"});
        EXPECT_EQ(field(control, "large", "qbuf"), UINT64_MAX) << "round " << round;
        control.call({"CONFIG", "SET", "maxmemory-clients", "0"});
    }
}

/* Who passes the limit by a command goes instead of having it run. */
TEST(ClientMemory, TheCommandThatIsTooMuchIsNotRun)
{
    const auto server = Server::tested({{"maxmemory-clients", "1mb"}});
    Client control = server->connect(), large = server->connect();
    control.call({"CLIENT", "NO-EVICT", "ON"});
    large.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1200000\r\n" + std::string(1200000, 'x') + "\r\n");
    for (int i = 0; i < ASKED_AT_MOST && figure(control, "evicted_clients") == 0; i++)
        ;
    EXPECT_EQ(figure(control, "evicted_clients"), 1u);
    EXPECT_EQ(control.call_raw({"EXISTS", "k"}), ":0\r\n");
}

/* What clients take above their own limit costs them, and no key. */
TEST(ClientMemory, ClientsGoBeforeKeys)
{
    const auto server = Server::tested(
        {{"io-threads", "2"}, {"maxmemory", "40mb"}, {"maxmemory-policy", "allkeys-lru"}});
    Client control = server->connect();
    control.call({"CLIENT", "NO-EVICT", "ON"});
    control.call({"CONFIG", "SET", "maxmemory-clients", "3mb"});
    for (int i = 0; i < 50; i++)
        control.call({"SETRANGE", std::to_string(i), "100000", "x"});
    std::string asks;
    for (int i = 0; i < 100; i++) // 10 MB each, of which the socket takes some
        asks += "*2\r\n$3\r\nGET\r\n$1\r\n1\r\n";
    std::vector<Client> clients;
    for (int i = 0; i < 20; i++)
        clients.push_back(server->connect());
    for (Client &c : clients)
        c.send(asks);
    for (int i = 0; i < ASKED_AT_MOST && figure(control, "evicted_clients") < 10; i++)
        ;
    EXPECT_GE(figure(control, "evicted_clients"), 10u);
    EXPECT_EQ(figure(control, "evicted_keys"), 0u);
    EXPECT_EQ(control.call_raw({"DBSIZE"}), ":50\r\n");
}

/* Connections are no data, idle ones neither. */
TEST(ClientMemory, IdleClientsAreShown)
{
    const auto server = Server::tested();
    Client control = server->connect();
    std::vector<Client> clients;
    for (int i = 0; i < 200; i++) {
        clients.push_back(server->connect());
        clients.back().ping();
    }
    for (int i = 0; i < ASKED_AT_MOST && figure(control, "mem_clients_normal") < 200 * 500; i++)
        ;
    EXPECT_GE(figure(control, "mem_clients_normal"), 200u * 500);
    EXPECT_GE(figure(control, "used_memory_overhead"),
              figure(control, "used_memory_startup") + 200 * 500);
}

TEST(ClientMemory, NobodyGoesWhoMayNot)
{
    const auto server = Server::tested({{"maxmemory-clients", "1mb"}});
    Client control = server->connect(), kept = server->connect();
    /* What those take whom nobody may evict counts, and the others would go for it. */
    control.call({"CLIENT", "NO-EVICT", "ON"});
    kept.call({"CLIENT", "NO-EVICT", "ON"});
    kept.send(half_command(2000000));
    for (int i = 0; i < ASKED_AT_MOST && figure(control, "evicted_clients") == 0; i++)
        if (taken(control).all >= 2000000)
            break;
    kept.send(std::string(3000000, 'x') + "\r\n");
    EXPECT_EQ(kept.read_raw(), "$-1\r\n");
}

} // namespace
