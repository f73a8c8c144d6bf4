/*
 * replication_test.cc — a reference server as a replica of ours, and the talk byte by byte.
 */
#include "tests/support/info.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <csignal>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

namespace
{

using namespace lk;

/* Bounded: until it is so, or patience ends. */
bool until(const std::function<bool()> &so)
{
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!so()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(Milliseconds(5));
    }
    return true;
}

std::string text(Client *c, const Args &args)
{
    return c->call_raw(args);
}

Server::Directives primary(Server::Directives more = {})
{
    more.push_back({"enable-debug-command", "yes"});
    more.push_back({"repl-diskless-sync-delay", "0"});
    return more;
}

Server::Directives replica_of(const Server &s)
{
    return {{"enable-debug-command", "yes"}, {"replicaof", "127.0.0.1", std::to_string(s.port())}};
}

bool linked(Client *replica)
{
    return until([&] { return info(replica, "master_link_status") == "up"; });
}

void fill(Client *c, uint64_t seed, int count)
{
    std::mt19937_64 rng(seed);
    const auto some = [&](const char *kind) { return kind + std::to_string(rng() % 50); };
    for (int i = 0; i < count; i++) {
        const std::string n = std::to_string(rng() % 1000);
        const std::vector<Args> choice = {
            {"SET", some("s"), n},
            {"SET", some("s"), std::string(rng() % 20000, 'x'), "PX", "100000"},
            {"INCRBY", some("n"), n},
            {"RPUSH", some("l"), n, "a"},
            {"LPOP", some("l")},
            {"SADD", some("S"), n, "m" + n},
            {"SPOP", some("S"), "2"},
            {"HSET", some("h"), "f" + n, n},
            {"ZADD", some("z"), n, "m" + n},
            {"ZPOPMIN", some("z")},
            {"XADD", some("x"), "*", "a", n},
            {"SELECT", std::to_string(rng() % 4)},
            {"DEL", some("s"), some("l")},
            {"PUBLISH", "channel", n},
        };
        if (rng() % 20 == 0)
            c->pipeline({{"MULTI"}, {"SET", some("s"), n}, {"INCR", some("n")}, {"EXEC"}});
        else
            c->call_raw(choice[rng() % choice.size()]);
    }
    c->call_raw({"SELECT", "0"});
}

void expect_same(Client *a, Client *b)
{
    /* Keys that are due go by and by, and each DEL moves the offset. */
    EXPECT_TRUE(until([&] {
        return info(a, "master_repl_offset") == info(b, "slave_repl_offset") &&
               text(a, {"DEBUG", "DIGEST"}) == text(b, {"DEBUG", "DIGEST"});
    })) << text(a, {"DEBUG", "DIGEST"})
        << text(b, {"DEBUG", "DIGEST"});
}

bool is_online(Client *primary)
{
    return info(primary, "slave0").find("state=online") != std::string::npos;
}

class Replicas : public testing::TestWithParam<const char *>
{
};

// A whole copy, then the stream, then a cut link and the stream from where it stood.
TEST_P(Replicas, AReferenceServerFollows)
{
    const uint64_t seed = test_seed();
    auto ours = Server::tested(primary({{"repl-diskless-sync", GetParam()}}));
    Client a = ours->connect();
    fill(&a, seed, 1500);
    auto one = Server::oracle(replica_of(*ours)), two = Server::oracle(replica_of(*ours));
    Client b = one->connect(), c = two->connect();
    fill(&a, seed + 1, 1500);
    ASSERT_TRUE(linked(&b) && linked(&c));
    fill(&a, seed + 2, 500);
    EXPECT_EQ(text(&a, {"WAIT", "2", "20000"}), ":2\r\n");
    expect_same(&a, &b);
    expect_same(&a, &c);
    EXPECT_EQ(info(&a, "connected_slaves"), "2");
    EXPECT_EQ(text(&a, {"CLIENT", "KILL", "TYPE", "replica"}), ":2\r\n") << ours->log();
    fill(&a, seed + 3, 500);
    ASSERT_TRUE(until([&] { return info(&a, "sync_partial_ok") == "2"; }));
    EXPECT_EQ(text(&a, {"WAIT", "2", "20000"}), ":2\r\n");
    expect_same(&a, &b);
    expect_same(&a, &c);
    EXPECT_EQ(info(&a, "sync_full"), "2");
    one->kill();
    EXPECT_TRUE(until([&] { return info(&a, "connected_slaves") == "1"; }));
}

INSTANTIATE_TEST_SUITE_P(Wire, Replicas, testing::Values("yes", "no"));

/* A replica that is a socket: data of a full sync are no reply, so it reads by itself. */
class Talk
{
  public:
    std::string id;
    long long offset = 0;

    explicit Talk(const Server &s) : c_(s.connect())
    {
    }
    void send(const Args &args)
    {
        c_.send(args);
    }
    std::string line()
    {
        size_t end;
        while ((end = in_.find("\r\n")) == std::string::npos && more()) {
        }
        std::string out = in_.substr(0, end);
        in_.erase(0, end == std::string::npos ? end : end + 2);
        out.erase(0, out.find_first_not_of('\n')); // what keeps the link alive
        return out;
    }
    std::string take(size_t n)
    {
        while (in_.size() < n && more()) {
        }
        const std::string out = in_.substr(0, n);
        in_.erase(0, n);
        return out;
    }
    // PSYNC to the end of the data, which it returns; the stream follows.
    std::string full_sync()
    {
        send({"PSYNC", "?", "-1"});
        const std::string answer = line();
        EXPECT_EQ(answer.substr(0, 12), "+FULLRESYNC ");
        id = answer.substr(12, 40);
        offset = std::stoll(answer.substr(53));
        const std::string size = line();
        EXPECT_EQ(size.substr(0, 1), "$");
        return take(std::stoul(size.substr(1)));
    }
    // The next one that is no PING: those come by the clock.
    std::string command()
    {
        std::string out = any_command();
        while (out == "PING")
            out = any_command();
        return out;
    }
    std::string any_command()
    {
        std::string out;
        for (size_t n = std::stoul("0" + line().substr(1)); n > 0; n--) {
            const size_t size = std::stoul("0" + line().substr(1));
            out += (out.empty() ? "" : " ") + take(size + 2).substr(0, size);
        }
        return out;
    }
    // All that comes yet but PINGs, to the end of the connection.
    std::string rest()
    {
        const std::string ping = "*1\r\n$4\r\nPING\r\n";
        while (more()) {
        }
        while (in_.compare(0, ping.size(), ping) == 0)
            in_.erase(0, ping.size());
        return in_;
    }
    bool ended()
    {
        while (more()) {
        }
        return true;
    }

  private:
    bool more()
    {
        char part[65536];
        pollfd p = {c_.fd(), POLLIN, 0};
        if (poll(&p, 1, static_cast<int>(kPatience.count())) <= 0)
            throw std::runtime_error("nothing came");
        const ssize_t n = recv(c_.fd(), part, sizeof part, 0);
        if (n > 0)
            in_.append(part, static_cast<size_t>(n));
        return n > 0;
    }

    Client c_;
    std::string in_;
};

// H18: who is let go at a change of role has been sent what was written before it.
TEST(Replication, WhatStandsBeforeAChangeOfRoleIsSent)
{
    auto ours = Server::tested(primary());
    Client a = ours->connect();
    for (size_t round = 0; round < 5; round++) {
        auto t = std::make_unique<Talk>(*ours);
        t->full_sync();
        ASSERT_TRUE(until([&] { return is_online(&a); }));
        const std::string value(100 + round * 200000, 'x');
        a.pipeline({{"SET", "k", value}, {"MULTI"}, {"REPLICAOF", "127.0.0.1", "1"}, {"EXEC"}});
        EXPECT_EQ(t->command(), "SELECT 0");
        EXPECT_EQ(t->command(), "SET k " + value);
        EXPECT_EQ(t->rest(), "");
        t.reset();
        EXPECT_TRUE(until([&] { return info(&a, "connected_slaves") == "0"; }));
        a.call_raw({"REPLICAOF", "NO", "ONE"});
    }
}

// A transaction in another database holds the SELECT itself.
TEST(Replication, ATransactionHoldsItsSelect)
{
    auto ours = Server::tested(primary());
    Client a = ours->connect();
    Talk t(*ours);
    t.full_sync();
    a.pipeline({{"SELECT", "3"}, {"MULTI"}, {"SET", "k", "1"}, {"SET", "l", "2"}, {"EXEC"}});
    a.pipeline({{"MULTI"}, {"SET", "k", "3"}, {"INCR", "k"}, {"EXEC"}});
    for (const char *c :
         {"MULTI", "SELECT 3", "SET k 1", "SET l 2", "EXEC", "MULTI", "SET k 3", "INCR k", "EXEC"})
        EXPECT_EQ(t.command(), c);
}

// What stands in the stream, and what WAIT and the others make of it.
TEST(Replication, TheStreamSaysItsDatabaseAndAsksForAcks)
{
    auto ours = Server::tested(primary({{"repl-diskless-sync", "no"}, {"appendonly", "yes"}}));
    Client a = ours->connect(), other = ours->connect();
    a.call_raw({"SET", "before", "1"});
    EXPECT_EQ(text(&a, {"WAIT", "0", "0"}), ":0\r\n");
    EXPECT_EQ(text(&a, {"WAIT", "1", "10"}), ":0\r\n");
    EXPECT_EQ(text(&a, {"WAITAOF", "1", "0", "0"}), "*2\r\n:1\r\n:0\r\n");
    Talk t(*ours);
    t.send({"REPLCONF", "listening-port", "1234", "ip-address", "10.0.0.9"});
    EXPECT_EQ(t.line(), "+OK");
    const std::string data = t.full_sync();
    EXPECT_EQ(data.substr(0, 5), "REDIS");
    EXPECT_NE(data.find(t.id), std::string::npos); // repl-id
    EXPECT_TRUE(
        until([&] { return info(&a, "slave0").find("ip=10.0.0.9,port=1234,state=online") == 0; }));
    EXPECT_NE(text(&a, {"ROLE"}).find("10.0.0.9"), std::string::npos);
    a.call_raw({"SET", "k", "1"});
    EXPECT_EQ(t.command(), "SELECT 0");
    EXPECT_EQ(t.command(), "SET k 1");
    a.call_raw({"PUBLISH", "c", "m"});
    EXPECT_EQ(t.command(), "PUBLISH c m");
    a.call_raw({"SELECT", "5"});
    a.send(Args{"SET", "k", "2"});
    a.send(Args{"WAIT", "1", "0"});
    EXPECT_EQ(t.command(), "SELECT 5");
    EXPECT_EQ(t.command(), "SET k 2");
    EXPECT_EQ(t.command(), "REPLCONF GETACK *");
    const std::string far = std::to_string(t.offset + 1'000'000);
    t.send({"REPLCONF", "ACK", far, "FACK", far});
    EXPECT_EQ(a.read_raw(), "+OK\r\n");
    EXPECT_EQ(a.read_raw(), ":1\r\n");
    EXPECT_EQ(text(&a, {"WAITAOF", "1", "1", "0"}), "*2\r\n:1\r\n:1\r\n");
    t.send({"PING"});
    EXPECT_TRUE(t.ended()); // an answer would stand amid the stream
}

TEST(Replication, ARefusedWordAndABadOffset)
{
    auto ours = Server::tested(primary());
    Client a = ours->connect();
    const std::pair<Args, const char *> rows[] = {
        {{"REPLCONF", "listening-port"}, "-ERR syntax error\r\n"},
        {{"REPLCONF", "nothing", "1"}, "-ERR Unrecognized REPLCONF option: nothing\r\n"},
        {{"REPLCONF", "listening-port", "x"}, "-ERR value is not an integer or out of range\r\n"},
        {{"REPLCONF", "capa", "eof", "capa", "whatever"}, "+OK\r\n"},
        {{"REPLCONF", "rdb-only", "2"},
         "-ERR value is out of range, value must between 0 and 1\r\n"},
        {{"WAIT", "x", "0"}, "-ERR value is not an integer or out of range\r\n"},
        {{"WAIT", "1", "-1"}, "-ERR timeout is negative\r\n"},
        {{"WAITAOF", "2", "0", "0"}, "-ERR value is out of range, value must between 0 and 1\r\n"},
        {{"WAITAOF", "1", "0", "0"},
         "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n"},
        {{"ROLE"}, "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"},
        {{"PSYNC", "?", "x"}, "-ERR value is not an integer or out of range\r\n"},
    };
    for (const auto &[args, want] : rows)
        EXPECT_EQ(text(&a, args), want) << args[0];
}

// H20, H15: the end waits for who lags; the next life goes on with the same replicas in part.
TEST(Replication, ARestartCostsNoFullSync)
{
    const uint64_t seed = test_seed();
    const int port = free_port();
    const TempDir dir;
    Args argv = tested_program();
    argv.insert(argv.end(), {"--bind", "127.0.0.1", "--save", "1000", "100000000",
                             "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0",
                             "--dir", dir.path(), "--port", std::to_string(port)});
    auto ours = std::make_unique<Process>(argv);
    ASSERT_TRUE(ours->wait_output("eady to accept connections"));
    Client a = Client::tcp(port);
    fill(&a, seed, 500);
    auto one = Server::oracle(
        {{"enable-debug-command", "yes"}, {"replicaof", "127.0.0.1", std::to_string(port)}});
    Client b = one->connect();
    ASSERT_TRUE(linked(&b));
    fill(&a, seed + 1, 500);
    a.call_raw({"SET", "short", "1", "PX", "50"});
    ours->signal(SIGTERM);
    EXPECT_TRUE(ours->wait_output("1 of 1 replicas are in sync when shutting down."));
    EXPECT_EQ(ours->wait_exit(), 0);
    ours = std::make_unique<Process>(argv);
    ASSERT_TRUE(ours->wait_output("eady to accept connections"));
    a = Client::tcp(port);
    ASSERT_TRUE(until([&] { return info(&a, "sync_partial_ok") == "1"; }));
    fill(&a, seed + 2, 500);
    EXPECT_EQ(text(&a, {"WAIT", "1", "20000"}), ":1\r\n");
    EXPECT_TRUE(until([&] { return text(&a, {"EXISTS", "short"}) == ":0\r\n"; }));
    EXPECT_EQ(text(&a, {"WAIT", "1", "20000"}), ":1\r\n");
    expect_same(&a, &b);
    EXPECT_EQ(info(&a, "sync_full"), "0");
}

// A replica that has stopped reading holds the end up for shutdown-timeout, ABORT lets all go on.
/* CLIENT UNBLOCK of one who waits for replicas: as if the time were over, or an error. */
TEST(Replication, AWaitForReplicasIsEnded)
{
    auto ours = Server::tested(primary({{"appendonly", "yes"}}));
    Client a = ours->connect(), b = ours->connect();
    const std::string id = text(&a, {"CLIENT", "ID"});
    const std::string number = id.substr(1, id.size() - 3);
    const std::vector<std::pair<Args, std::string>> waits = {
        {{"WAIT", "1", "0"}, ":0\r\n"}, {{"WAITAOF", "0", "1", "0"}, "*2\r\n:"}};
    for (const auto &wait : waits)
        for (const char *how : {"TIMEOUT", "ERROR"}) {
            EXPECT_EQ(text(&a, {"SET", "k", "v"}), "+OK\r\n");
            a.send(wait.first);
            ASSERT_TRUE(until([&] { return info(&b, "blocked_clients") == "1"; }));
            EXPECT_EQ(text(&b, {"CLIENT", "UNBLOCK", number, how}), ":1\r\n");
            const std::string answer = a.read_raw();
            if (how[0] == 'T')
                EXPECT_EQ(answer.substr(0, wait.second.size()), wait.second);
            else
                EXPECT_EQ(answer, "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
            ASSERT_TRUE(until([&] { return info(&b, "blocked_clients") == "0"; }));
        }
    EXPECT_EQ(text(&b, {"CLIENT", "UNBLOCK", number}), ":0\r\n");
}

/* A file that nobody waits for is not written to its end. */
TEST(Replication, AFileForNobodyIsNotWritten)
{
    auto ours =
        Server::tested(primary({{"repl-diskless-sync", "no"}, {"rdb-key-save-delay", "10000000"}}));
    Client a = ours->connect();
    for (int i = 0; i < 20; i++)
        a.call_raw({"SET", "k" + std::to_string(i), "v"});
    auto one = std::make_unique<Talk>(*ours), two = std::make_unique<Talk>(*ours);
    for (Talk *t : {one.get(), two.get()})
        t->send({"PSYNC", "?", "-1"});
    ASSERT_TRUE(until([&] { return info(&a, "rdb_bgsave_in_progress") == "1"; }));
    one.reset();
    two.reset();
    EXPECT_TRUE(until([&] { return info(&a, "rdb_bgsave_in_progress") == "0"; }));
}

/* A file that is being written is for those, too, who come while it is: one pass for all. */
TEST(Replication, WhoComesAmidAFileHasItToo)
{
    auto ours =
        Server::tested(primary({{"repl-diskless-sync", "no"}, {"rdb-key-save-delay", "10000000"}}));
    Client a = ours->connect();
    for (int i = 0; i < 20; i++)
        a.call_raw({"SET", "k" + std::to_string(i), "v"});
    const auto first = Server::oracle(replica_of(*ours));
    ASSERT_TRUE(until([&] { return info(&a, "rdb_bgsave_in_progress") == "1"; }));
    a.call_raw({"INCR", "counted"});
    const auto second = Server::tested(replica_of(*ours));
    ASSERT_TRUE(until([&] {
        return ours->log().find("Waiting for end of BGSAVE for SYNC") != std::string::npos;
    }));
    a.call_raw({"INCR", "counted"});
    EXPECT_EQ(text(&a, {"CONFIG", "SET", "rdb-key-save-delay", "0"}), "+OK\r\n");
    Client one = first->connect(), two = second->connect();
    ASSERT_TRUE(linked(&one));
    ASSERT_TRUE(linked(&two));
    a.call_raw({"INCR", "counted"});
    EXPECT_EQ(text(&a, {"WAIT", "2", "60000"}), ":2\r\n");
    for (Client *c : {&one, &two}) {
        EXPECT_EQ(text(c, {"GET", "counted"}), "$1\r\n3\r\n");
        EXPECT_EQ(text(c, {"DEBUG", "DIGEST"}), text(&a, {"DEBUG", "DIGEST"}));
    }
    EXPECT_EQ(info(&a, "sync_full"), "2");
    const std::string log = ours->log(), begun = "Starting BGSAVE for SYNC";
    EXPECT_EQ(log.find(begun), log.rfind(begun)) << log;
}

/* Nobody waits for a file that is none any more. */
TEST(Replication, AWaitForTheFileEndsWithTheFile)
{
    auto ours = Server::tested(primary({{"appendonly", "yes"}, {"appendfsync", "no"}}));
    Client a = ours->connect(), b = ours->connect();
    EXPECT_EQ(text(&a, {"SET", "k", "v"}), "+OK\r\n");
    a.send({"WAITAOF", "1", "0", "0"});
    ASSERT_TRUE(until([&] { return info(&b, "blocked_clients") == "1"; }));
    EXPECT_EQ(text(&b, {"CONFIG", "SET", "appendonly", "no"}), "+OK\r\n");
    EXPECT_EQ(a.read_raw(), "-ERR WAITAOF cannot be used when numlocal is set but appendonly is "
                            "disabled.\r\n");
}

/* FACK: what a replica has in a file that is synced, and whole. */
TEST(Replication, AReplicaSaysWhatItsFileHas)
{
    auto ours = Server::tested(primary());
    auto directives = replica_of(*ours);
    directives.push_back({"appendonly", "yes"});
    auto other = Server::tested(directives);
    Client a = ours->connect(), b = other->connect();
    const Args for_ever = {"WAITAOF", "0", "1", "0"};
    EXPECT_EQ(text(&a, {"SET", "k", "1"}), "+OK\r\n");
    EXPECT_EQ(text(&a, for_ever), "*2\r\n:0\r\n:1\r\n"); // it syncs, and its first rewrite ends
    EXPECT_EQ(text(&b, {"CONFIG", "SET", "appendonly", "no"}), "+OK\r\n");
    EXPECT_EQ(text(&a, {"SET", "k", "2"}), "+OK\r\n");
    EXPECT_EQ(text(&a, {"WAIT", "1", "0"}), ":1\r\n");
    EXPECT_EQ(text(&a, {"WAITAOF", "0", "1", "50"}), "*2\r\n:0\r\n:0\r\n");
    EXPECT_EQ(text(&b, {"CONFIG", "SET", "appendfsync", "always"}), "+OK\r\n");
    EXPECT_EQ(text(&b, {"CONFIG", "SET", "appendonly", "yes"}), "+OK\r\n");
    EXPECT_EQ(text(&a, for_ever), "*2\r\n:0\r\n:1\r\n");
    EXPECT_EQ(text(&a, {"SET", "k", "3"}), "+OK\r\n");
    EXPECT_EQ(text(&a, for_ever), "*2\r\n:0\r\n:1\r\n");
}

/* In a script it counts replicas that have what the caller wrote, and waits for none. */
TEST(Replication, AWaitInAScriptAsksForItsCaller)
{
    auto ours = Server::tested(primary({{"repl-timeout", "3600"}}));
    Client a = ours->connect();
    Talk t(*ours);
    t.full_sync();
    ASSERT_TRUE(until([&] { return is_online(&a); }));
    const Args wait = {"EVAL", "return redis.call('wait', '2', '0')", "0"};
    EXPECT_EQ(text(&a, {"SET", "k", "v"}), "+OK\r\n");
    EXPECT_EQ(text(&a, wait), ":0\r\n");
    const std::string end = info(&a, "master_repl_offset");
    t.send({"REPLCONF", "ACK", end});
    EXPECT_TRUE(until([&] { return text(&a, wait) == ":1\r\n"; }));
}

/* Words that the replica does not know are logged there and change nothing. */
TEST(Replication, WordsThatTheReplicaDoesNotKnow)
{
    auto ours = Server::tested(primary());
    Client p = ours->connect();
    auto other = Server::tested(replica_of(*ours));
    Client r = other->connect();
    ASSERT_TRUE(until([&] { return info(&r, "master_link_status") == "up"; }));
    EXPECT_EQ(text(&p, {"DEBUG", "REPLICATE", "no-such-command", "x"}), "+OK\r\n");
    EXPECT_EQ(text(&p, {"SET", "k", "v"}), "+OK\r\n");
    EXPECT_EQ(text(&p, {"WAIT", "1", "100000"}), ":1\r\n");
    EXPECT_EQ(text(&r, {"GET", "k"}), "$1\r\nv\r\n");
    EXPECT_TRUE(other->process().wait_output("no-such-command"));
}

TEST(Replication, AShutdownThatWaitsCanBeAborted)
{
    auto ours = Server::tested(primary({{"shutdown-timeout", "60"}}));
    Client a = ours->connect(), other = ours->connect();
    auto one = Server::oracle(replica_of(*ours));
    Client b = one->connect();
    ASSERT_TRUE(linked(&b));
    one->process().signal(SIGSTOP);
    EXPECT_EQ(text(&a, {"SET", "k", "1"}), "+OK\r\n");
    a.send(Args{"SHUTDOWN"});
    ASSERT_TRUE(ours->process().wait_output("Waiting for replicas before shutting down."));
    EXPECT_EQ(text(&other, {"SHUTDOWN", "ABORT"}), "+OK\r\n");
    EXPECT_EQ(a.read_raw().substr(0, 4), "-ERR");
    EXPECT_EQ(text(&other, {"SET", "k", "2"}), "+OK\r\n");
    one->process().signal(SIGCONT);
    EXPECT_EQ(text(&other, {"SET", "k", "3"}), "+OK\r\n");
    EXPECT_EQ(text(&other, {"WAIT", "1", "20000"}), ":1\r\n");
    expect_same(&other, &b);
}

TEST(Replication, WritesAskForEnoughReplicas)
{
    auto ours = Server::tested(primary({{"min-replicas-to-write", "1"}}));
    Client a = ours->connect();
    const std::string refused = "-NOREPLICAS Not enough good replicas to write.\r\n";
    ASSERT_TRUE(until([&] { return text(&a, {"SET", "k", "1"}) == refused; }));
    EXPECT_EQ(text(&a, {"GET", "k"}).substr(0, 1), "$");
    EXPECT_EQ(info(&a, "min_slaves_good_slaves"), "0");
    auto one = Server::oracle(replica_of(*ours));
    EXPECT_TRUE(until([&] { return text(&a, {"SET", "k", "1"}) == "+OK\r\n"; }));
    EXPECT_EQ(text(&a, {"CONFIG", "SET", "min-replicas-to-write", "2"}), "+OK\r\n");
    EXPECT_EQ(text(&a, {"SET", "k", "1"}), refused);
    EXPECT_NE(
        text(&a, {"EVAL", "return redis.call('set', 'k', 1)", "0"}).find(refused.substr(0, 44)),
        std::string::npos);
    EXPECT_EQ(text(&a, {"EVAL", "return redis.call('get', 'k')", "0"}), "$1\r\n1\r\n");
    /* A replica refuses because it is one, or takes the write: its clients have to go elsewhere. */
    const std::string readonly = "READONLY You can't write against a read only replica.";
    EXPECT_EQ(text(&a, {"REPLICAOF", "127.0.0.1", "1"}), "+OK\r\n"); /* nobody is there */
    EXPECT_EQ(text(&a, {"SET", "k", "1"}), "-" + readonly + "\r\n");
    EXPECT_NE(text(&a, {"EVAL", "return redis.call('set', 'k', 1)", "0"}).find(readonly),
              std::string::npos);
    EXPECT_EQ(text(&a, {"CONFIG", "SET", "replica-read-only", "no"}), "+OK\r\n");
    EXPECT_EQ(text(&a, {"SET", "k", "1"}), "+OK\r\n");
    EXPECT_EQ(text(&a, {"REPLICAOF", "NO", "ONE"}), "+OK\r\n");
    EXPECT_TRUE(until([&] { return text(&a, {"SET", "k", "1"}) == refused; }));
    EXPECT_EQ(text(&a, {"CONFIG", "SET", "min-replicas-to-write", "0"}), "+OK\r\n");
    EXPECT_EQ(text(&a, {"SET", "k", "1"}), "+OK\r\n");
}

} // namespace
