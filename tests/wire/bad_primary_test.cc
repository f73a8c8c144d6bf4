/*
 * bad_primary_test.cc — a replica of something that is no good primary: it says so in its log, asks
 * again, and lives; and what it had it keeps where its configuration promises that.
 */
#include "tests/support/peer.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

namespace
{

using namespace lk;

const std::string kId(40, 'f'), kMark(40, 'M');

std::string full() /* the answer to PSYNC */
{
    return "+FULLRESYNC " + kId + " 100\r\n";
}

std::string sized(const std::string &rdb)
{
    return full() + "$" + std::to_string(rdb.size()) + "\r\n" + rdb;
}

std::string marked(const std::string &rdb)
{
    return full() + "$EOF:" + kMark + "\r\n" + rdb + kMark;
}

/* A file with keys of every type. */
const std::string &good_rdb()
{
    static const std::string bytes = [] {
        const auto s = Server::tested();
        Client c = s->connect();
        Args list = {"RPUSH", "list"}, hash = {"HSET", "hash"}, zset = {"ZADD", "zset"};
        for (int i = 0; i < 300; i++) {
            list.push_back("e" + std::to_string(i));
            hash.insert(hash.end(), {"f" + std::to_string(i), "v"});
            zset.insert(zset.end(), {std::to_string(i), "m" + std::to_string(i)});
        }
        c.pipeline({{"SET", "new", "1"},
                    list,
                    hash,
                    zset,
                    {"XADD", "x", "1-1", "a", "b"},
                    {"SADD", "s", "1", "2", "3"},
                    {"SAVE"}});
        std::ifstream f(s->directory() + "/dump.rdb", std::ios::binary);
        std::stringstream all;
        all << f.rdbuf();
        return all.str();
    }();
    return bytes;
}

std::unique_ptr<Server> replica_of(const ScriptedPrimary &p, const char *load)
{
    auto s = Server::tested({{"repl-diskless-load", load}, {"repl-timeout", "5"}});
    Client c = s->connect();
    c.call({"SET", "old", "1"});
    c.call({"REPLICAOF", "127.0.0.1", std::to_string(p.port())});
    return s;
}

struct Case {
    const char *name;
    std::string answer;
    const char *log;
};

std::vector<Case> cases()
{
    std::string flipped = good_rdb(), cut = good_rdb().substr(0, good_rdb().size() / 2);
    flipped[flipped.size() / 2] ^= 0x55;
    return {
        {"NoAnswerToPsync", "hello\r\n-ERR no\r\n", "Retrying with SYNC"},
        {"WrongFullResync", "+FULLRESYNC 123 4\r\n", "wrong +FULLRESYNC syntax"},
        {"NoDollar", full() + "HTTP/1.1 200 OK\r\n", "the first byte is not '$'"},
        {"AnError", full() + "-ERR out of disk\r\n",
         "MASTER aborted replication with an error: ERR out of disk"},
        {"WrongLength", full() + "$-5\r\n", "wrong length"},
        {"NoRdb", sized("this is no RDB at all"), "Failed trying to load the MASTER"},
        {"FlippedByte", sized(flipped), "Failed trying to load the MASTER"},
        {"FlippedMarked", marked(flipped), "Failed trying to load the MASTER"},
        {"CutInside", sized(cut), "Failed trying to load the MASTER"},
        {"CutMarked", marked(cut), "Failed trying to load the MASTER"},
        {"Longer", sized(good_rdb() + "tail"), ""},
    };
}

class BadPrimary : public ::testing::TestWithParam<const char *>
{
};

TEST_P(BadPrimary, IsLogged)
{
    for (const Case &c : cases()) {
        ScriptedPrimary p([&](int) { return ScriptedPrimary::Answer{c.answer, false}; });
        const auto replica = replica_of(p, GetParam());
        ASSERT_TRUE(replica->process().wait_output(c.log)) << c.name << "\n" << replica->log();
        Client r = replica->connect();
        ASSERT_TRUE(wait_until([&] {
            return r.call({"REPLICAOF", "NO", "ONE"}).text == "OK";
        })) << c.name;
        /* The old data went where the new ones were to take their place, and only there. */
        const bool keeps = std::string(GetParam()) == "swapdb" || *c.log == 'N' ||
                           std::string(c.log).rfind("Failed", 0) != 0;
        if (*c.log && keeps) {
            EXPECT_EQ(r.call({"GET", "old"}).text, "1") << c.name;
        }
        EXPECT_EQ(r.call({"SET", "k", "v"}).text, "OK") << c.name;
        EXPECT_EQ(replica->stop(), 0) << c.name;
    }
}

INSTANTIATE_TEST_SUITE_P(Wire, BadPrimary, ::testing::Values("disabled", "swapdb"));

/* Any byte changed, any length: no crash, and no half of a data set. */
TEST(BadPrimaryFuzz, TamperedData)
{
    std::mt19937_64 random(test_seed());
    std::atomic<int> served{0};
    ScriptedPrimary p([&](int) {
        std::string rdb = good_rdb();
        const int edits = 1 + static_cast<int>(random() % 3);
        for (int i = 0; i < edits; i++)
            rdb[9 + random() % (rdb.size() - 9)] = static_cast<char>(random());
        if (random() % 4 == 0)
            rdb.resize(random() % rdb.size());
        served++;
        return ScriptedPrimary::Answer{random() % 2 ? sized(rdb) : marked(rdb), false};
    });
    const auto replica = replica_of(p, "swapdb");
    Client r = replica->connect();
    for (int round = 0; round < 25; round++) {
        const int before = served;
        /* To nobody, and back: it connects at once.  Amid a load it hears neither. */
        ASSERT_TRUE(wait_until([&] {
            r.call({"REPLICAOF", "NO", "ONE"});
            const std::string port = std::to_string(p.port());
            return r.call({"REPLICAOF", "127.0.0.1", port}).type == '+';
        }));
        ASSERT_TRUE(wait_until([&] { return served > before; }));
    }
    /* While it loads it says so, and to the order as well. */
    ASSERT_TRUE(wait_until([&] { return r.call({"REPLICAOF", "NO", "ONE"}).text == "OK"; }));
    EXPECT_EQ(r.call({"SET", "k", "v"}).text, "OK");
    EXPECT_EQ(replica->stop(), 0);
}

std::string words(const Args &argv)
{
    return encode(argv);
}

/* What no primary would send: it is refused, logged, and the stream goes on behind it. */
TEST(BadStream, OrdersAndNonsenseAreNotObeyed)
{
    std::string stream = words({"SELECT", "0"}) + words({"SET", "a", "1"});
    for (const Args &order : std::vector<Args>{{"SHUTDOWN", "NOSAVE"},
                                               {"REPLICAOF", "NO", "ONE"},
                                               {"CONFIG", "SET", "maxmemory", "1"},
                                               {"DEBUG", "SEGFAULT"},
                                               {"QUIT"},
                                               {"RESET"},
                                               {"SUBSCRIBE", "c"},
                                               {"MONITOR"},
                                               {"HELLO", "3"},
                                               {"AUTH", "x"},
                                               {"POST", "/"},
                                               {"nonsense", "1"},
                                               {"BLPOP", "none", "0"},
                                               {"SET", "a"},
                                               {"EXEC"},
                                               {"LPUSH", "a", "1"}})
        stream += words(order);
    stream += words({"MULTI"}) + words({"SET", "b", "1"}) + words({"REPLICAOF", "NO", "ONE"}) +
              words({"EXEC"}) + words({"SET", "c", "1"});
    /* A database that is not here: nothing of it may land in the one before. */
    stream += words({"SELECT", "9999"}) + words({"SET", "lost", "1"}) + words({"SELECT", "0"}) +
              words({"SET", "d", "1"});
    ScriptedPrimary p([&](int) {
        return ScriptedPrimary::Answer{sized(good_rdb()) + stream, true};
    });
    const auto replica = replica_of(p, "disabled");
    Client r = replica->connect();
    ASSERT_TRUE(wait_until([&] { return r.call({"GET", "d"}).text == "1"; })) << replica->log();
    EXPECT_EQ(r.call({"GET", "a"}).text, "1");
    EXPECT_EQ(r.call({"GET", "c"}).text, "1");
    EXPECT_TRUE(r.call({"GET", "lost"}).null);
    EXPECT_EQ(r.call({"ROLE"}).items[0].text, "slave");
    EXPECT_EQ(r.call({"ROLE"}).items[4].text, std::to_string(100 + stream.size()));
    EXPECT_TRUE(replica->process().wait_output(
        "== CRITICAL == This replica is sending an error to its master"));
    EXPECT_EQ(replica->stop(), 0);
}

/* The stream ends at every byte: the offset that is acknowledged is that of whole units. */
TEST(BadStream, CutAtEveryByte)
{
    const std::string units[] = {words({"SELECT", "2"}), words({"SET", "a", "1"}),
                                 words({"MULTI"}) + words({"INCR", "n"}) + words({"INCR", "n"}) +
                                     words({"EXEC"}),
                                 words({"PING"})};
    std::string stream;
    std::vector<size_t> ends = {0};
    for (const std::string &u : units) {
        stream += u;
        ends.push_back(stream.size());
    }
    std::atomic<size_t> cut{0};
    ScriptedPrimary p([&](int) {
        return ScriptedPrimary::Answer{sized(good_rdb()) + stream.substr(0, cut), false};
    });
    const auto replica = replica_of(p, "disabled");
    Client r = replica->connect();
    for (cut = 1; cut < stream.size(); cut += 5) {
        size_t last = 0;
        for (size_t e : ends)
            last = e <= cut ? e : last;
        const std::string asked = encode({"PSYNC", kId, std::to_string(100 + last + 1)});
        ASSERT_TRUE(wait_until([&] { return r.call({"REPLICAOF", "NO", "ONE"}).type == '+'; }));
        const size_t from = p.heard().size();
        ASSERT_TRUE(wait_until([&] {
            return r.call({"REPLICAOF", "127.0.0.1", std::to_string(p.port())}).type == '+';
        }));
        ASSERT_TRUE(wait_until([&] { return p.heard().find(asked, from) != std::string::npos; }))
            << "cut at " << cut << "\n"
            << p.heard().substr(from);
    }
    r.call({"REPLICAOF", "NO", "ONE"});
    EXPECT_EQ(replica->stop(), 0);
}

TEST(BadStream, AFailedSyncIsAskedForAgain)
{
    ScriptedPrimary p([&](int n) {
        return ScriptedPrimary::Answer{n == 0 ? sized("nonsense") : marked(good_rdb()), true};
    });
    const auto replica = replica_of(p, "swapdb");
    Client r = replica->connect();
    ASSERT_TRUE(wait_until([&] { return r.call({"ROLE"}).items[3].text == "connected"; }));
    EXPECT_EQ(r.call({"GET", "new"}).text, "1");
    EXPECT_TRUE(r.call({"GET", "old"}).null);
    EXPECT_EQ(replica->stop(), 0);
}

TEST(BadStream, AProtocolErrorAsksForAll)
{
    ScriptedPrimary p([&](int n) {
        return ScriptedPrimary::Answer{
            sized(good_rdb()) + (n == 0 ? words({"SET", "a", "1"}) + "*1\r\n!garbage\r\n" : ""),
            true};
    });
    const auto replica = replica_of(p, "disabled");
    ASSERT_TRUE(replica->process().wait_output("Protocol error from master"));
    ASSERT_TRUE(wait_until([&] { return p.connections() == 2; }));
    Client r = replica->connect();
    ASSERT_TRUE(wait_until([&] { return r.call({"ROLE"}).items[3].text == "connected"; }));
    EXPECT_EQ(r.call({"GET", "new"}).text, "1");
    EXPECT_EQ(replica->stop(), 0);
}

} // namespace
