/*
 * config_test.cc — files of other servers, what a server must refuse to be, and its passwords.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

namespace
{

using namespace lk;

Args program(const Args &more)
{
    Args args = tested_program();
    args.insert(args.end(), more.begin(), more.end());
    return args;
}

/* Every directive that Valkey 8 knows and Redis 7.0 does not, and old names beside new ones. */
const char valkey_conf[] = R"(
hide-user-data-from-log yes
enable-debug-assert no
debug-context ""
availability-zone "zone-1"
extended-redis-compatibility yes
primaryuser replica-user
primaryauth "a secret"
masteruser replica-user
masterauth "a secret"
replica-announce-ip 10.0.0.1
slave-announce-ip 10.0.0.1
replica-priority 90
slave-priority 90
replica-serve-stale-data yes
slave-serve-stale-data yes
replica-read-only yes
slave-read-only yes
replica-ignore-maxmemory yes
slave-ignore-maxmemory yes
replica-lazy-flush yes
slave-lazy-flush yes
min-replicas-max-lag 11
min-slaves-max-lag 11
repl-ping-replica-period 9
repl-ping-slave-period 9
cluster-replica-no-failover yes
cluster-slave-no-failover yes
cluster-replica-validity-factor 9
cluster-slave-validity-factor 9
dual-channel-replication-enabled yes
cluster-announce-client-ipv4 10.0.0.1
cluster-announce-client-ipv6 ::1
cluster-announce-hostname host
cluster-announce-human-nodename name
cluster-blacklist-ttl 50
cluster-ping-interval 100
cluster-manual-failover-timeout 4000
cluster-slot-stats-enabled yes
events-per-io-thread 3
prefetch-batch-max-size 8
max-new-connections-per-cycle 20
max-new-tls-connections-per-cycle 2
active-defrag-cycle-us 400
import-mode no
lua-enable-insecure-api no
lazyfree-lazy-eviction yes
lazyfree-lazy-expire yes
lazyfree-lazy-server-del yes
lazyfree-lazy-user-del yes
lazyfree-lazy-user-flush yes
commandlog-execution-slower-than 20000
commandlog-execution-max-len 64
commandlog-request-larger-than 1000
commandlog-large-request-max-len 64
commandlog-reply-larger-than 1000
commandlog-large-reply-max-len 64
user default on nopass sanitize-payload ~* &* +@all
rename-command EVAL ""
rename-command EVALSHA ""
rename-command SLAVEOF ""
rename-command CLUSTER hidden-cluster
rename-command FLUSHALL ""
)";

TEST(Config, AFileOfValkeyIsTaken)
{
    const TempDir dir;
    const int port = free_port();
    std::ofstream(dir.path() + "/valkey.conf") << valkey_conf;
    Args args = program({"--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "",
                         "--unixsocket", dir.path() + "/s"});
    args.insert(args.begin() + 1, "valkey.conf");
    Process process(args, {dir.path(), ""});
    ASSERT_TRUE(process.wait_output("eady to accept connections")) << process.output();
    Client client = Client::tcp(port);
    const std::pair<const char *, const char *> rows[] = {
        {"masterauth", "a secret"},      {"primaryauth", "a secret"},
        {"availability-zone", "zone-1"}, {"slowlog-log-slower-than", "20000"},
        {"slowlog-max-len", "64"},       {"hide-user-data-from-log", "yes"},
        {"enable-debug-assert", "no"},
    };
    for (const auto &[name, value] : rows)
        EXPECT_EQ(client.call({"CONFIG", "GET", name}).items.at(1).text, value) << name;
    EXPECT_NE(client.call_raw({"FLUSHALL"}).find("unknown command"), std::string::npos);
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait_exit(), 0);
    EXPECT_EQ(process.output().find("a secret"), std::string::npos) << "names alone are logged";
}

/* An operator who is let believe that he is protected is worse off than one who is told no. */
TEST(Config, WhatCannotBeKeptStopsTheStart)
{
    const TempDir dir;
    const std::pair<Args, const char *> rows[] = {
        {{"--loadmodule", "/x.so"}, "this server does not support modules"},
        {{"--rename-command", "NOSUCH", ""}, "No such command in rename-command"},
        {{"--rename-command", "EVAL", "GET"}, "Target command name already exists"},
        {{"--logfile", "/nonexistent/log"}, "Can't open the log file: No such file or directory"},
    };
    for (const auto &[args, words] : rows) {
        Args all = program({"--port", std::to_string(free_port()), "--save", ""});
        all.insert(all.end(), args.begin(), args.end());
        const Outcome outcome = run_program(all, {dir.path(), ""});
        EXPECT_EQ(outcome.exit_code, 1) << printable(args);
        EXPECT_NE(outcome.output.find("FATAL CONFIG FILE ERROR"), std::string::npos)
            << outcome.output;
        EXPECT_NE(outcome.output.find(words), std::string::npos) << outcome.output;
    }
}

TEST(Config, PasswordsAreComparedWhole)
{
    const auto server = Server::tested();
    const std::string password("p\0aa", 4);
    Client first = server->connect();
    EXPECT_EQ(first.call_raw({"CONFIG", "SET", "requirepass", password}), "+OK\r\n");
    EXPECT_EQ(first.call({"CONFIG", "GET", "requirepass"}).items.at(1).text, password);
    Client second = Client::tcp(server->port());
    for (const std::string &wrong : {std::string("p"), std::string("p\0ab", 4), std::string()})
        EXPECT_EQ(second.call_raw({"AUTH", wrong}),
                  "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    EXPECT_EQ(second.call_raw({"AUTH", password}), "+OK\r\n");
}

/* The kernel takes some milliseconds to close what a killed process has listened on. */
TEST(Config, AKilledServerIsStartedAgainAtOnce)
{
    const TempDir dir;
    const int port = free_port();
    const Args args =
        program({"--port", std::to_string(port), "--bind", "127.0.0.1", "--save", ""});
    for (int life = 0; life < 8; life++) {
        Process process(args, {dir.path(), ""});
        ASSERT_TRUE(process.wait_output("eady to accept connections")) << process.output();
        ASSERT_TRUE(Client::tcp(port).ping());
        process.signal(SIGKILL);
        ASSERT_EQ(process.wait_exit(), 128 + SIGKILL);
    }
}

uint64_t number_behind(const std::string &text, const std::string &name)
{
    const size_t at = text.find(name);
    return at == std::string::npos ? UINT64_MAX
                                   : std::stoull(text.substr(at + name.size()), nullptr, 10);
}

/* What is counted is what is touched: the room that the log may need one day is not. */
TEST(Config, AnEmptyServerTakesLittleMemory)
{
    const auto server = Server::tested({{"io-threads", "2"}, {"maxmemory", "4mb"}});
    Client client = server->connect();
    EXPECT_LE(number_behind(client.call({"INFO", "memory"}).text, "used_memory:"), 3U << 20);
    EXPECT_EQ(client.call_raw({"SET", "k", "v"}), "+OK\r\n");
}

/* An AOF that many commands have gone through has touched the whole ring; none of that is data. */
TEST(Config, TheLogsRoomIsNoData)
{
    const auto server = Server::tested(
        {{"io-threads", "2"}, {"appendonly", "yes"}, {"appendfsync", "no"}, {"maxmemory", "8mb"}});
    Client client = server->connect();
    const std::vector<Args> batch(1000, {"SET", "k", "v"});
    for (int i = 0; i < 300; i++)
        for (const Reply &r : client.pipeline(batch))
            ASSERT_EQ(r.text, "OK");
    const std::string memory = client.call({"INFO", "memory"}).text;
    EXPECT_GE(number_behind(memory, "used_memory:"), 8U << 20) << "it is shown all the same";
    EXPECT_GE(number_behind(memory, "mem_not_counted_for_evict:"), 8U << 20);
}

TEST(Config, ClientListShowsWhatAClientHasNotRead)
{
    const auto server = Server::tested();
    Client slow = server->connect(), client = server->connect();
    const std::string id = slow.call({"CLIENT", "ID"}).text;
    client.call({"SETRANGE", "big", "999999", "x"});
    for (int i = 0; i < 58; i++)
        slow.send(Args{"GET", "big"});
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    std::string line;
    do {
        line = client.call({"CLIENT", "LIST", "ID", id}).text;
        ASSERT_LT(std::chrono::steady_clock::now(), limit) << line;
    } while (number_behind(line, " omem=") < 30U << 20);
    const uint64_t blocks = number_behind(line, " oll="), memory = number_behind(line, " omem=");
    EXPECT_EQ(number_behind(line, " obl="), 16U << 10) << line;
    EXPECT_GE(blocks, (25U << 20) / (16U << 10)) << line;
    EXPECT_LE(memory, 100U << 20) << line;
    EXPECT_GE(number_behind(line, " tot-mem="), memory) << line;
    EXPECT_NE(line.find(" events=rw "), std::string::npos) << line;
    for (int i = 0; i < 58; i++)
        ASSERT_EQ(slow.read().text.size(), 1000000U);
    /* The client may have the last bytes before the server hears that they are sent. */
    do {
        line = client.call({"CLIENT", "LIST", "ID", id}).text;
        ASSERT_LT(std::chrono::steady_clock::now(), limit + kPatience) << line;
    } while (number_behind(line, " omem=") > 0);
}

} // namespace
