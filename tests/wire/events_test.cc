/*
 * events_test.cc — what is told of keys when nobody names them: deadlines that pass, and readers
 * that were waiting.
 *
 * Streams of commands are compared in differential_test.cc; these need time to pass, or two
 * connections in one order.  The reference says what is right here, too.
 */
#include "tests/support/blocked.h"
#include "tests/support/ear.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace
{

using namespace lk;
using Lines = std::vector<const char *>;

/* One of the two servers, and who listens to it. */
struct Heard {
    std::unique_ptr<Server> server;
    Ear ear;
    Client client;
    explicit Heard(std::unique_ptr<Server> s)
        : server(std::move(s)), ear(*server), client(server->connect())
    {
        ear.listen_for("KEAnm");
    }
    void call(const char *line)
    {
        client.call(split_line(line));
    }
};

const Server::Directives kDebugging = {{"enable-debug-command", "yes"}};

class EventsTest : public testing::Test
{
  protected:
    Heard want_{Server::oracle(kDebugging)};
    Heard got_{Server::tested(kDebugging)};
    const bool reference_is_7_0_ = is_7_0(*want_.server);

    /* The same to both, and all that both tell until then. */
    void expect_same(const std::string &title, const std::function<void(Heard &)> &run)
    {
        for (Heard *heard : {&want_, &got_})
            run(*heard);
        const Events want = want_.ear.hear(), got = got_.ear.hear();
        EXPECT_TRUE(same_events(want, got, {}, reference_is_7_0_))
            << title << "\n  reference:" << printable(want) << "\n  tested:" << printable(got);
        EXPECT_FALSE(want.empty()) << title;
    }
};

/* Two keys get a deadline one after the other; when the second is gone, that of the first is past.
 * Then it is the command that meets the first. */
TEST_F(EventsTest, WhoMeetsAnExpiredKeyTellsOfItFirst)
{
    const Lines meets = {
        "GET k",
        "EXISTS k",
        "SET k w",
        "SETNX k w",
        "INCR k",
        "APPEND k w",
        "DEL k",
        "UNLINK k",
        "TYPE k",
        "TOUCH k",
        "TTL k",
        "PERSIST k",
        "EXPIRE k 100",
        "RENAME k j",
        "RENAME other k",
        "COPY k j",
        "COPY other k",
        "MOVE k 1",
        "LPUSH k a",
        "HSET k f v",
        "SADD k a",
        "ZADD k 1 a",
        "XADD k * f v",
        "SUNIONSTORE d k s",
        "MGET k other k",
        "GETDEL k",
        "GETEX k",
        "OBJECT ENCODING k",
        "DUMP k",
        "SORT k",
        "SETRANGE k 0 x",
        "BITCOUNT k",
        "PFADD k a",
        "GETSET k w",
        "SET k w GET",
        "SET k w XX",
        "LPOP k",
        "LLEN k",
        "XLEN k",
        "STRLEN k",
        "KEYS *",
        "SCAN 0",
        "LMOVE k l LEFT LEFT",
    };
    for (Heard *heard : {&want_, &got_})
        heard->call("DEBUG SET-ACTIVE-EXPIRE 0");
    for (const char *meet : meets)
        expect_same(meet, [&](Heard &h) {
            /* Not PEXPIRE: the reference deletes at once if it was held up for so long. */
            for (const char *line :
                 {"FLUSHALL", "SET other v", "SADD s a", "SET k v PX 1", "SET watch v PX 1"})
                h.call(line);
            const auto until = std::chrono::steady_clock::now() + kPatience;
            while (h.client.call({"PTTL", "watch"}).text != "-2")
                ASSERT_LT(std::chrono::steady_clock::now(), until) << "it never expires";
            h.call(meet);
            h.call("GET k");
        });
}

TEST_F(EventsTest, KeysExpireWhileNobodyLooks)
{
    expect_same("active expiry", [](Heard &h) {
        h.call("SET k v PX 1");
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (h.client.call({"DBSIZE"}).text != "0")
            ASSERT_LT(std::chrono::steady_clock::now(), until) << "it never expires";
    });
}

/* A waiting command, and what is done meanwhile on another connection. */
struct Serves {
    const char *waits;
    Lines meanwhile;
};

TEST_F(EventsTest, WhoWasWaitingIsServedBehindTheCommand)
{
    const std::vector<Serves> all = {
        {"BLPOP k 0", {"RPUSH k a b"}},
        {"BRPOP k 0", {"LPUSH k a"}},
        {"BLPOP none k 0", {"RPUSH k a"}},
        {"BLPOP k 0", {"MULTI", "RPUSH k a", "DEL k", "RPUSH k b c", "SET n 1", "EXEC"}},
        {"BLPOP k 0", {"MULTI", "RPUSH k a", "RPUSH k b", "EXEC"}},
        {"BLPOP k 0", {"RPUSH l a", "RENAME l k"}},
        {"BLPOP k 0", {"RPUSH l a b", "COPY l k"}},
        {"BLPOP k 0", {"RPUSH l b a", "SORT l ALPHA STORE k"}},
        {"BLPOP k 0", {"SELECT 1", "RPUSH k a", "MOVE k 0", "SELECT 0"}},
        {"BLPOP k 0", {"SELECT 1", "RPUSH k a", "SWAPDB 0 1", "SELECT 0"}},
        {"BLMOVE k l LEFT RIGHT 0", {"RPUSH k a"}},
        {"BLMOVE k k LEFT RIGHT 0", {"RPUSH k a b"}},
        {"BRPOPLPUSH k l 0", {"RPUSH k a b"}},
        {"BLMPOP 0 2 none k RIGHT COUNT 2", {"RPUSH k a b c"}},
        {"BZPOPMIN k 0", {"ZADD k 1 a 2 b"}},
        {"BZPOPMAX k 0", {"ZADD k 1 a"}},
        {"BZMPOP 0 1 k MIN COUNT 3", {"ZADD k 1 a 2 b"}},
        {"BZPOPMIN k 0", {"ZADD l 1 a", "ZUNIONSTORE k 1 l"}},
        {"XREAD BLOCK 0 STREAMS k $", {"XADD k 1-1 f v"}},
    };
    for (const Serves &one : all)
        expect_same(one.waits, [&](Heard &h) {
            h.call("FLUSHALL");
            Client waiting = h.server->connect();
            waiting.send(split_line(one.waits));
            wait_blocked(h.client, 1);
            for (const char *line : one.meanwhile)
                h.call(line);
            EXPECT_FALSE(waiting.read().null) << one.waits;
        });
}

} // namespace
