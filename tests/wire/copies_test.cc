/*
 * copies_test.cc — min-replicas-to-write: no write is acknowledged before the sockets of that many
 * replicas have it.
 *
 * A replica that does not read makes a socket that takes no more: what is written behind that many
 * bytes is not given to it.  There is one worker: once another client has been answered twice,
 * whatever could have been sent before has been.
 */
#include "tests/support/info.h"
#include "tests/support/peer.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <thread>

namespace
{

using namespace lk;

/* More than the two sockets hold: the receiver's has a bound, and the sender's the system's. */
size_t more()
{
    std::ifstream in("/proc/sys/net/ipv4/tcp_wmem");
    size_t least = 0, usual = 0, most = 0;
    in >> least >> usual >> most;
    return most + (4 << 20);
}

/* A replica that has all data, and reads when it is told to. */
class Deaf
{
  public:
    explicit Deaf(const Server &s) : c_(s.connect())
    {
        const int small = 65536;
        setsockopt(c_.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        c_.send(Args{"PSYNC", "?", "-1"});
        const std::string answer = line();
        offset_ = std::stoll(answer.substr(answer.rfind(' ')));
        take(std::stoul(line().substr(1)));
    }
    void acknowledge()
    {
        c_.send(Args{"REPLCONF", "ACK", std::to_string(offset_)});
    }
    /* The stream up to that offset. */
    void read_to(int64_t offset)
    {
        take(static_cast<size_t>(offset - offset_));
        offset_ = offset;
    }
    void close()
    {
        c_.close();
    }

  private:
    std::string line()
    {
        std::string out;
        while (out.find("\r\n") == std::string::npos || out[0] == '\n') {
            if (out == "\n") // what keeps the link alive
                out.clear();
            out += take(1);
        }
        return out;
    }
    std::string take(size_t n)
    {
        std::string out(n, 0);
        for (size_t at = 0; at < n;) {
            pollfd p = {c_.fd(), POLLIN, 0};
            if (poll(&p, 1, static_cast<int>(kPatience.count())) <= 0)
                throw std::runtime_error("nothing came");
            const ssize_t got = recv(c_.fd(), &out[at], n - at, 0);
            if (got <= 0)
                throw std::runtime_error("the stream ended");
            at += static_cast<size_t>(got);
        }
        return out;
    }
    Client c_;
    int64_t offset_ = 0;
};

class Copies : public testing::Test
{
  protected:
    void start(const std::string &wanted)
    {
        server_ = Server::tested({{"min-replicas-to-write", wanted},
                                  {"min-replicas-max-lag", "100000"},
                                  {"repl-diskless-sync-delay", "0"},
                                  {"client-output-buffer-limit", "replica", "0", "0", "0"},
                                  {"shutdown-timeout", "0"},
                                  {"io-threads", "1"}});
        witness_ = std::make_unique<Client>(server_->connect());
    }
    std::unique_ptr<Deaf> deaf()
    {
        auto d = std::make_unique<Deaf>(*server_);
        EXPECT_TRUE(wait_until([&] { return said("state=online"); }));
        return d;
    }
    void until_writable()
    {
        EXPECT_TRUE(wait_until([&] {
            return witness_->call_raw({"SET", "small", "1"}) == "+OK\r\n";
        }));
    }
    /* More than the sockets take, which is run when this returns. */
    Client write_much(const std::string &key = "much")
    {
        const int64_t before = offset();
        Client c = server_->connect();
        c.send(Args{"SET", key, std::string(more(), 'x')});
        EXPECT_TRUE(wait_until([&] { return offset() > before + static_cast<int64_t>(more()); }));
        return c;
    }
    /* True: there is a reply now.  What was due before has arrived. */
    bool answered(const Client &c)
    {
        EXPECT_EQ(witness_->call_raw({"PING"}), "+PONG\r\n");
        EXPECT_EQ(witness_->call_raw({"PING"}), "+PONG\r\n");
        pollfd bytes = {c.fd(), POLLIN, 0};
        return poll(&bytes, 1, 0) == 1;
    }
    /* Of what rests on no change. */
    bool said(const std::string &part)
    {
        return witness_->call({"INFO", "replication"}).text.find(part) != std::string::npos;
    }
    int64_t offset()
    {
        const std::string all = witness_->call({"INFO", "replication"}).text,
                          name = "master_repl_offset:";
        return std::stoll(all.substr(all.find(name) + name.size()));
    }

    std::unique_ptr<Server> server_;
    std::unique_ptr<Client> witness_;
};

/* Whoever has changed something is told then; a Sentinel's words wait for nobody. */
TEST_F(Copies, NobodyIsToldBeforeTheSocketHasIt)
{
    start("1");
    const auto replica = deaf();
    until_writable();
    Client subscriber = server_->connect(), waits = server_->connect();
    subscriber.call_raw({"SUBSCRIBE", "channel"});
    waits.send(Args{"BLPOP", "list", "0"});
    ASSERT_TRUE(wait_until([&] {
        return witness_->call({"INFO", "clients"}).text.find("blocked_clients:1") !=
               std::string::npos;
    }));
    Client writer = write_much(), reader = server_->connect(), pushes = server_->connect(),
           publishes = server_->connect(), executes = server_->connect(),
           scripts = server_->connect();
    pushes.send(Args{"RPUSH", "list", "e"});
    EXPECT_EQ(executes.call_raw({"MULTI"}), "+OK\r\n");
    EXPECT_EQ(executes.call_raw({"INCR", "n"}), "+QUEUED\r\n");
    executes.send(Args{"EXEC"});
    scripts.send(Args{"EVAL", "return redis.call('incr', KEYS[1])", "1", "s"});
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(publishes.call_raw({"PUBLISH", "channel", "m"}), ":1\r\n");
        EXPECT_EQ(subscriber.read().items.at(2).text, "m");
        EXPECT_EQ(publishes.call_raw({"PING"}), "+PONG\r\n");
    }
    EXPECT_NE(reader.call({"INFO"}).text.find("db0:keys="), std::string::npos);
    EXPECT_EQ(reader.call_raw({"STRLEN", "much"}), ":" + std::to_string(more()) + "\r\n");
    for (const Client *c : {&writer, &pushes, &waits, &executes, &scripts})
        EXPECT_FALSE(answered(*c));
    replica->read_to(offset());
    EXPECT_EQ(writer.read_raw(), "+OK\r\n");
    EXPECT_EQ(pushes.read_raw(), ":1\r\n");
    EXPECT_EQ(waits.read().items.at(1).text, "e");
    EXPECT_EQ(executes.read_raw(), "*1\r\n:1\r\n");
    EXPECT_EQ(scripts.read_raw(), ":1\r\n");
}

/* Nobody waits for replicas that are none any more, nor when nothing is asked for. */
TEST_F(Copies, WhatEndsAWait)
{
    const std::vector<Args> ways = {{},
                                    {"CONFIG", "SET", "min-replicas-to-write", "0"},
                                    {"CONFIG", "SET", "min-replicas-max-lag", "0"},
                                    {"CONFIG", "SET", "min-replicas-max-lag", "1"},
                                    {"CLIENT", "KILL", "TYPE", "replica"},
                                    {"REPLICAOF", "127.0.0.1", "1"}};
    for (const Args &way : ways) {
        SCOPED_TRACE(way.empty() ? "close" : way.back());
        start("1");
        const auto replica = deaf();
        until_writable();
        Client writer = write_much();
        EXPECT_FALSE(answered(writer));
        if (way.empty())
            replica->close();
        else
            EXPECT_NE(witness_->call_raw(way)[0], '-');
        EXPECT_EQ(writer.read_raw(), "+OK\r\n");
    }
}

/* It says that it lives, but takes nothing. */
TEST_F(Copies, AReplicaThatIsStuckCountsNot)
{
    start("1");
    const auto replica = deaf();
    until_writable();
    Client writer = write_much();
    EXPECT_FALSE(answered(writer));
    EXPECT_EQ(witness_->call_raw({"CONFIG", "SET", "min-replicas-max-lag", "3"}), "+OK\r\n");
    EXPECT_TRUE(wait_until([&] {
        replica->acknowledge();
        return answered(writer);
    }));
    EXPECT_EQ(writer.read_raw(), "+OK\r\n");
}

/* So many as are wanted must have it, and no more. */
TEST_F(Copies, OfSeveralReplicas)
{
    start("1");
    const auto slow = deaf();
    const auto fast = Server::tested({{"replicaof", "127.0.0.1", std::to_string(server_->port())}});
    ASSERT_TRUE(wait_until([&] {
        const std::string all = witness_->call({"INFO", "replication"}).text;
        const size_t first = all.find("state=online");
        return first != std::string::npos &&
               all.find("state=online", first + 1) != std::string::npos;
    }));
    until_writable();
    EXPECT_EQ(write_much("a").read_raw(), "+OK\r\n");
    EXPECT_EQ(witness_->call_raw({"CONFIG", "SET", "min-replicas-to-write", "2"}), "+OK\r\n");
    Client second = write_much("b");
    EXPECT_FALSE(answered(second));
    slow->read_to(offset());
    EXPECT_EQ(second.read_raw(), "+OK\r\n");
    Client third = write_much("c");
    EXPECT_FALSE(answered(third));
    EXPECT_EQ(witness_->call_raw({"CONFIG", "SET", "min-replicas-to-write", "1"}), "+OK\r\n");
    EXPECT_EQ(third.read_raw(), "+OK\r\n");
}

/* The end waits for nobody for long, and says nothing that may be lost. */
TEST_F(Copies, TheServerEndsAmidAWait)
{
    start("1");
    const auto replica = deaf();
    until_writable();
    Client writer = write_much();
    EXPECT_FALSE(answered(writer));
    witness_.reset();
    EXPECT_EQ(server_->stop(), 0);
    EXPECT_EQ(writer.read_to_end(), "");
}

/* What a primary that is killed has acknowledged is on its replica. */
TEST_F(Copies, AKillLosesNothing)
{
    constexpr int kRounds = 4, kWriters = 3;
    const uint64_t seed = test_seed();
    for (int round = 0; round < kRounds; round++) {
        start("1");
        const auto replica =
            Server::tested({{"replicaof", "127.0.0.1", std::to_string(server_->port())}});
        until_writable();
        std::atomic<int> written{0};
        std::vector<std::string> last(kWriters);
        std::vector<std::thread> writers;
        for (int k = 0; k < kWriters; k++)
            writers.emplace_back([&, k, c = server_->connect()]() mutable {
                try {
                    for (int i = 0;; i++) {
                        const std::string value = std::to_string(i);
                        if (c.call_raw({"SET", "k" + std::to_string(k), value}) == "+OK\r\n")
                            last[static_cast<size_t>(k)] = value;
                        written++;
                    }
                } catch (const std::exception &) { // it was killed
                }
            });
        std::mt19937_64 rng(seed + static_cast<uint64_t>(round));
        const int enough = 100 + static_cast<int>(rng() % 400);
        EXPECT_TRUE(wait_until([&] { return written >= enough; }));
        server_->kill();
        for (std::thread &t : writers)
            t.join();
        Client r = replica->connect();
        ASSERT_TRUE(wait_until([&] { return info(&r, "master_link_status") == "down"; }));
        for (int k = 0; k < kWriters; k++) {
            const std::string has = r.call({"GET", "k" + std::to_string(k)}).text;
            EXPECT_GE(std::stoll("0" + has), std::stoll("0" + last[static_cast<size_t>(k)]));
        }
    }
}

} // namespace
