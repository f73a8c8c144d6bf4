/*
 * dump_test.cc — DUMP and RESTORE beside a reference server, and with bytes that are no value.
 */
#include "core/base/crc64.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <random>

namespace
{

using namespace lk;

const Server::Directives debugged = {{"enable-debug-command", "yes"}};

/* The bytes with a footer of their own. */
std::string sealed(std::string body, unsigned version = 10)
{
    body += static_cast<char>(version);
    body += static_cast<char>(version >> 8);
    uint64_t crc = crc64(0, body.data(), body.size());
    for (int i = 0; i < 8; i++, crc >>= 8)
        body += static_cast<char>(crc);
    return body;
}

std::string body_of(const std::string &dump)
{
    return dump.substr(0, dump.size() - 10);
}

/* Keys of every type and size of encoding. */
std::vector<Args> filling()
{
    std::vector<Args> all = {{"SET", "text", "hello"},
                             {"SET", "number", "-123"},
                             {"SET", "long", std::string(100'000, 'x')},
                             {"RPUSH", "list", "1", "a", std::string(50, 'b')},
                             {"RPUSH", "wide list", std::string(100'000, 'y'), "z"},
                             {"SADD", "numbers", "1", "2", "70000"},
                             {"SADD", "set", "a", "b"},
                             {"HSET", "hash", "a", "1", "b", "c"},
                             {"XADD", "stream", "1-1", "a", "1", "b", "c"},
                             {"XADD", "stream", "1-2", "a", "2", "b", "d"},
                             {"XADD", "stream", "5-0", "other", std::string(200, 'z')}};
    Args list = {"RPUSH", "many"}, set = {"SADD", "crowd"}, hash = {"HSET", "fields"};
    for (int i = 0; i < 3000; i++) {
        list.push_back("e" + std::to_string(i));
        set.push_back("m" + std::to_string(i));
        hash.insert(hash.end(), {"f" + std::to_string(i), std::to_string(i)});
    }
    all.insert(all.end(), {list, set, hash});
    return all;
}

std::string digest_at(Client *c, const std::string &key)
{
    return c->call({"DEBUG", "DIGEST-VALUE", key}).raw;
}

TEST(Dump, ValuesGoBothWays)
{
    const auto mine = Server::tested(debugged), theirs = Server::oracle(debugged);
    Client m = mine->connect(), t = theirs->connect();
    for (const Args &command : filling()) {
        const std::string &key = command[1];
        ASSERT_EQ(m.call(command).raw, t.call(command).raw) << key;
        const std::string digest = digest_at(&t, key);
        EXPECT_EQ(digest_at(&m, key), digest) << key;
        const std::string dump = m.call({"DUMP", key}).text;
        EXPECT_EQ(t.call({"RESTORE", "back", "0", dump, "REPLACE"}).text, "OK") << key;
        EXPECT_EQ(digest_at(&t, "back"), digest) << key;
        const std::string from = t.call({"DUMP", key}).text;
        EXPECT_EQ(m.call({"RESTORE", "back", "0", from, "REPLACE"}).text, "OK") << key;
        EXPECT_EQ(digest_at(&m, "back"), digest) << key;
        if (key != "set" && key != "crowd" && key != "many" && key != "fields" &&
            key != "wide list") {
            EXPECT_TRUE(dump == from) << key;
        }
    }
}

/* Groups, consumers and what is pending, which digests do not tell. */
TEST(Dump, StreamsGoWithTheirGroups)
{
    const auto mine = Server::tested(debugged), theirs = Server::oracle(debugged);
    Client m = mine->connect(), t = theirs->connect();
    const auto both = [&](const Args &a) {
        const std::string want = t.call(a).raw;
        EXPECT_EQ(m.call(a).raw, want) << printable(a);
    };
    for (int i = 1; i <= 500; i++)
        both({"XADD", "s", std::to_string(i) + "-1", "field", std::to_string(i), "x", "y"});
    both({"XGROUP", "CREATE", "s", "first", "0"});
    both({"XGROUP", "CREATE", "s", "second", "$"});
    for (int i = 0; i < 40; i++) {
        const std::string name = "consumer " + std::to_string(i % 7);
        both({"XREADGROUP", "GROUP", "first", name, "COUNT", "9", "STREAMS", "s", ">"});
        both({"XACK", "s", "first", std::to_string(i * 5) + "-1", std::to_string(i * 7) + "-1"});
    }
    both({"XDEL", "s", "1-1", "2-1", "17-1", "300-1", "500-1"});
    both({"XCLAIM", "s", "first", "late", "0", "11-1", "12-1", "TIME", "1000", "RETRYCOUNT", "77"});
    both({"XGROUP", "CREATE", "empty", "g", "$", "MKSTREAM"});
    for (const char *key : {"s", "empty"}) {
        for (Client *from : {&m, &t}) {
            Client *to = from == &m ? &t : &m;
            const std::string dump = from->call({"DUMP", key}).text;
            EXPECT_EQ(to->call({"RESTORE", "back", "0", dump, "REPLACE"}).text, "OK");
            const std::string again = to->call({"DUMP", "back"}).text;
            EXPECT_EQ(from->call({"RESTORE", "back", "0", again, "REPLACE"}).text, "OK");
            for (const Args &a : {Args{"XINFO", "STREAM", "", "FULL", "COUNT", "0"},
                                  Args{"XPENDING", "", key == std::string("s") ? "first" : "g"},
                                  Args{"XRANGE", "", "-", "+"}}) {
                Args there = a, here = a;
                const size_t at = a[0] == "XINFO" ? 2 : 1;
                here[at] = key;
                there[at] = "back";
                /* When consumers were active is not told by DUMP, and by XINFO only here. */
                if (from == &t || a[0] != "XINFO") {
                    EXPECT_EQ(from->call(there).raw, from->call(here).raw) << printable(a);
                }
            }
        }
    }
}

TEST(Dump, AnswersAreThoseOfAReferenceServer)
{
    const auto mine = Server::tested(), theirs = Server::oracle();
    Client m = mine->connect(), t = theirs->connect();
    const auto both = [&](const Args &a) {
        const std::string want = t.call(a).raw;
        EXPECT_EQ(m.call(a).raw, want) << printable(a);
    };
    both({"SET", "k", "hello"});
    const std::string d = t.call({"DUMP", "k"}).text, body = body_of(d);
    const std::string huge = "9223372036854775807";
    std::string wrong = d;
    wrong.back() ^= 1;
    const std::vector<Args> all = {
        {"DUMP", "none"},
        {"DUMP"},
        {"DUMP", "k", "k"},
        {"RESTORE", "b", "0"},
        {"RESTORE", "b", "-1", d},
        {"RESTORE", "b", "x", d},
        {"RESTORE", "b", "0", "x"},
        {"RESTORE", "b", "0", ""},
        {"RESTORE", "b", "0", wrong},
        {"RESTORE", "b", "0", sealed(body, 13)},
        {"RESTORE", "b", "0", sealed("")},
        {"RESTORE", "b", "0", sealed(std::string(1, 0))},
        {"RESTORE", "b", "0", sealed("\xff")},
        {"RESTORE", "b", "0", sealed("c")},
        {"RESTORE", "b", "0", sealed(std::string("\x01\x00", 2))},
        {"RESTORE", "b", "0", sealed(std::string("\x02\x00", 2))},
        {"RESTORE", "b", "0", sealed(std::string("\x04\x00", 2))},
        {"RESTORE", "b", "0",
         sealed("\x02\x02\x01"
                "a\x01"
                "a")},
        {"EXISTS", "b"},
        {"RESTORE", "b", "0", d, "FOO"},
        {"RESTORE", "b", "0", d, "IDLETIME"},
        {"RESTORE", "b", "0", d, "IDLETIME", "x"},
        {"RESTORE", "b", "0", d, "IDLETIME", "-1"},
        {"RESTORE", "b", "0", d, "IDLETIME", "5", "FREQ", "3"},
        {"RESTORE", "b", "0", d, "FREQ", "256"},
        {"RESTORE", "b", "0", d, "FREQ", "-1"},
        {"RESTORE", "b", "0", d, "FREQ", "x"},
        {"RESTORE", "b", "0", sealed(body, 1), "IDLETIME", "50", "idletime", "60000"},
        {"RESTORE", "b", "0", d},
        {"RESTORE", "b", "0", "x"},
        {"RESTORE", "b", "x", d},
        {"RESTORE", "b", "-1", "x", "IDLETIME", "-4"},
        {"RESTORE", "b", "-1", "x", "REPLACE", "FREQ", "3"},
        {"RESTORE", "b", "0", sealed(body + "zz"), "REPLACE"},
        {"GET", "b"},
        {"RESTORE", "b", "1", d, "absttl", "REPLACE"},
        {"EXISTS", "b"},
        {"RESTORE", "c", "1", d, "ABSTTL", "REPLACE"},
        {"EXISTS", "c"},
        {"RESTORE", "c", huge, d, "REPLACE"},
        {"EXISTS", "c"},
        {"RESTORE", "c", huge, d, "REPLACE", "ABSTTL"},
        {"EXISTS", "c"},
        {"RESTORE", "c", "0", d, "ABSTTL", "REPLACE"},
        {"PTTL", "c"},
        {"RESTORE", "c", "1000000", d, "REPLACE"},
        {"TTL", "c"},
        {"RESTORE-ASKING", "asked", "0", d},
        {"GET", "asked"},
        {"CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"},
        {"RESTORE", "b", "0", d, "REPLACE", "FREQ", "200"},
        {"OBJECT", "FREQ", "b"},
        {"RESTORE", "b", "0", d, "REPLACE", "IDLETIME", "200"},
        {"OBJECT", "FREQ", "b"},
        {"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"},
        {"RESTORE", "b", "0", d, "REPLACE", "FREQ", "200"},
    };
    for (const Args &a : all)
        both(a);
    EXPECT_EQ(m.call({"RESTORE", "b", "0", d, "REPLACE", "IDLETIME", "5000"}).text, "OK");
    EXPECT_NEAR(std::stod(m.call({"OBJECT", "IDLETIME", "b"}).text), 5000, 60);
}

TEST(Dump, WatchersAreTold)
{
    const auto mine = Server::tested(), theirs = Server::oracle();
    for (const Server *server : {mine.get(), theirs.get()}) {
        Client c = server->connect(), other = server->connect();
        c.call({"SET", "k", "v"});
        const std::string d = c.call({"DUMP", "k"}).text;
        c.call({"SET", "w", "1"});
        /* A key that a client watches has changed by RESTORE, and by one that has passed. */
        for (const Args &a : {Args{"RESTORE", "w", "0", d, "REPLACE"},
                              Args{"RESTORE", "w", "1", d, "REPLACE", "ABSTTL"}}) {
            other.call({"WATCH", "w"});
            EXPECT_EQ(c.call(a).text, "OK");
            other.call({"MULTI"});
            other.call({"PING"});
            EXPECT_TRUE(other.call({"EXEC"}).null);
        }
    }
}

TEST(Dump, WhatWasRestoredIsInTheLog)
{
    const TempDir directory;
    const Server::Directives directives = {
        {"enable-debug-command", "yes"}, {"dir", directory.path()}, {"appendonly", "yes"}};
    std::vector<std::string> keys, before;
    std::string deadline;
    {
        const auto server = Server::tested(directives);
        Client c = server->connect();
        for (const Args &command : filling()) {
            ASSERT_NE(c.call(command).type, '-');
            const std::string d = c.call({"DUMP", command[1]}).text;
            ASSERT_EQ(c.call({"RESTORE", "of " + command[1], "0", d, "REPLACE"}).text, "OK");
            keys.push_back("of " + command[1]);
        }
        const std::string d = c.call({"DUMP", "list"}).text;
        ASSERT_EQ(c.call({"RESTORE", "timed", "1000000000", d}).text, "OK");
        ASSERT_EQ(c.call({"RESTORE", "hash", "1", d, "ABSTTL", "REPLACE"}).text, "OK");
        deadline = c.call({"PEXPIRETIME", "timed"}).text;
        for (const std::string &key : keys)
            before.push_back(digest_at(&c, key));
        ASSERT_EQ(server->stop(), 0);
    }
    const auto server = Server::tested(directives);
    Client c = server->connect();
    for (size_t i = 0; i < keys.size(); i++)
        EXPECT_EQ(digest_at(&c, keys[i]), before[i]) << keys[i];
    EXPECT_EQ(c.call({"PEXPIRETIME", "timed"}).text, deadline);
    EXPECT_EQ(c.call({"EXISTS", "hash"}).text, "0");
}

TEST(Dump, TamperedBytesAreHarmless)
{
    const auto server = Server::tested(debugged);
    Client c = server->connect();
    std::vector<std::string> bodies;
    for (const Args &command : filling()) {
        ASSERT_NE(c.call(command).type, '-');
        bodies.push_back(body_of(c.call({"DUMP", command[1]}).text));
    }
    ASSERT_EQ(c.call({"HPEXPIRE", "hash", "1000000", "FIELDS", "1", "a"}).items.at(0).text, "1");
    bodies.push_back(body_of(c.call({"DUMP", "hash"}).text));
    ASSERT_EQ(c.call({"XGROUP", "CREATE", "stream", "g", "0"}).text, "OK");
    c.call({"XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", ">"});
    c.call({"XREADGROUP", "GROUP", "g", "d", "STREAMS", "stream", ">"});
    bodies.push_back(body_of(c.call({"DUMP", "stream"}).text));
    std::mt19937_64 random(test_seed());
    int accepted = 0;
    for (int round = 0; round < 1000; round++) {
        std::string bad = bodies[round % bodies.size()];
        for (uint64_t n = 1 + random() % 3; n > 0; n--) {
            const size_t near = random() % 2 ? bad.size() : std::min<size_t>(bad.size(), 40);
            bad[random() % near] = static_cast<char>(random());
        }
        const Reply r = c.call({"RESTORE", "k", "0", sealed(bad, 12), "REPLACE"});
        ASSERT_TRUE(r.text == "OK" || r.text == "ERR Bad data format") << r.text;
        if (r.text != "OK")
            continue;
        accepted++;
        ASSERT_EQ(c.call({"DUMP", "k"}).type, '$');
        ASSERT_EQ(c.call({"DEBUG", "DIGEST-VALUE", "k"}).type, '*');
    }
    EXPECT_GT(accepted, 100);
    EXPECT_TRUE(c.ping());
    EXPECT_EQ(c.call({"FLUSHALL"}).text, "OK");
}

} // namespace
