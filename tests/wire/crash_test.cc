/*
 * crash_test.cc — the server is killed under load, again and again, and must have kept its word.
 *
 * In each life each client has keys of its own, one of each type, and counts what it was told.
 * After a kill every key must hold at least what was acknowledged, and at most what was asked for;
 * the two keys that one transaction writes must be equal; and the next start must succeed.
 *
 * Environment  LATCHKEY_TEST_CRASHES  kills a case
 */
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <random>

namespace
{

using namespace lk;

constexpr int kClients = 6;

int crashes()
{
    const char *text = getenv("LATCHKEY_TEST_CRASHES");
    return text ? atoi(text) : 6;
}

/* What one client has asked for and been told, in steps; a step writes to all its keys. */
struct Word {
    int64_t asked = 0, told = 0;
};

/* A client in one of the server's lives. */
std::string name_of(int life, int client)
{
    return std::to_string(life) + "." + std::to_string(client);
}

std::string key(const std::string &client, const char *kind)
{
    return client + ":" + kind;
}

std::vector<Args> step(const std::string &client, int64_t n)
{
    const std::string number = std::to_string(n);
    return {{"SET", key(client, "string"), number},
            {"RPUSH", key(client, "list"), number},
            {"SADD", key(client, "set"), number},
            {"ZADD", key(client, "zset"), number, "m" + number},
            {"HSET", key(client, "hash"), "f" + number, number},
            {"XADD", key(client, "stream"), number + "-1", "f", number},
            {"MULTI"},
            {"INCR", key(client, "left")},
            {"INCR", key(client, "right")},
            {"EXEC"}};
}

/* Until the server is gone. */
void run_client(const Server &server, const std::string &client, Word *word)
{
    try {
        Client c = server.connect();
        for (;;) {
            word->asked++;
            c.pipeline(step(client, word->asked));
            word->told = word->asked;
        }
    } catch (const std::exception &) {
    }
}

/* Snapshots and rewrites are under way when the kill comes. */
void run_admin(const Server &server, uint64_t seed)
{
    std::mt19937_64 random(seed);
    try {
        Client c = server.connect();
        for (;;) {
            c.call({random() % 3 ? "BGREWRITEAOF" : "BGSAVE"});
            for (uint64_t n = random() % 200; n > 0; n--)
                c.call({"PING"});
        }
    } catch (const std::exception &) {
    }
}

int64_t count(Client &c, const Args &command)
{
    const Reply reply = c.call(command);
    return reply.null || reply.text.empty() ? 0 : std::stoll(reply.text);
}

void check(Client &c, const std::string &client, const Word &word, int64_t slack)
{
    const std::vector<std::pair<const char *, Args>> kinds = {
        {"string", {"GET", key(client, "string")}}, {"list", {"LLEN", key(client, "list")}},
        {"set", {"SCARD", key(client, "set")}},     {"zset", {"ZCARD", key(client, "zset")}},
        {"hash", {"HLEN", key(client, "hash")}},    {"stream", {"XLEN", key(client, "stream")}},
        {"counter", {"GET", key(client, "left")}}};
    for (const auto &[kind, command] : kinds) {
        const int64_t got = count(c, command);
        EXPECT_GE(got, word.told - slack) << kind << " of client " << client;
        EXPECT_LE(got, word.asked) << kind << " of client " << client;
    }
    EXPECT_EQ(c.call_raw({"GET", key(client, "left")}), c.call_raw({"GET", key(client, "right")}))
        << "half a transaction";
}

struct Policy {
    const char *fsync;
    int64_t slack; /* steps that may be missing: what the last moment's window holds */
};

class Crash : public testing::TestWithParam<Policy>
{
};

void PrintTo(const Policy &policy, std::ostream *out)
{
    *out << policy.fsync;
}

TEST_P(Crash, KeepsWhatItAcknowledged)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 random(seed);
    const TempDir directory;
    const Server::Directives directives = {{"dir", directory.path()},
                                           {"appendonly", "yes"},
                                           {"appendfsync", GetParam().fsync},
                                           {"auto-aof-rewrite-min-size", "64kb"},
                                           {"io-threads", "2"},
                                           {"hash-max-listpack-entries", "64"}};
    std::map<std::string, Word> words;
    for (int life = 0; life <= crashes(); life++) {
        const auto server = Server::tested(directives);
        {
            Client c = server->connect();
            for (const auto &[client, word] : words)
                check(c, client, word, GetParam().slack);
        }
        if (HasFailure() || life == crashes())
            return;
        std::vector<std::thread> threads;
        for (int i = 0; i < kClients; i++) {
            const std::string client = name_of(life, i);
            threads.emplace_back(
                [&server, client, word = &words[client]] { run_client(*server, client, word); });
        }
        threads.emplace_back([&, life] { run_admin(*server, seed + static_cast<uint64_t>(life)); });
        std::this_thread::sleep_for(Milliseconds(50 + random() % 500)); /* it works meanwhile */
        server->kill();
        for (std::thread &t : threads)
            t.join();
    }
}

/*
 * Under everysec the kernel has what was written, so a killed process loses only what was not: the
 * millisecond in which a batch gathers.  A step takes longer than that on any machine but a fast
 * one.
 */
INSTANTIATE_TEST_SUITE_P(Wire, Crash, testing::Values(Policy{"always", 0}, Policy{"everysec", 500}),
                         [](const auto &row) { return std::string(row.param.fsync); });

} // namespace
