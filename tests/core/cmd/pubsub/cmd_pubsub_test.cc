// Messages as clients see them: confirmations, modes, and where a message stands among replies.
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/exec.h"
#include "tests/core/cmd/engine/dispatch_fixture.h"

namespace lk
{
namespace
{

class PubSub : public ::testing::Test
{
  protected:
    std::string heard(Client &c, uint32_t worker = 0)
    {
        server.deliver(worker);
        return c.take_reply();
    }

    static const command *rows()
    {
        static const std::vector<command> all = [] {
            std::vector<command> v;
            for (const command *from : {connection_commands, auth_commands, monitor_commands})
                for (; from->name; from++)
                    v.push_back(*from);
            v.emplace_back();
            return v;
        }();
        return all.data();
    }

    Server server{Shape{.workers = 2, .rows = rows()}};
    Client a{server}, b{server}, far{server, 1};
};

TEST_F(PubSub, ConfirmationsCountChannelsAndPatternsTogether)
{
    EXPECT_EQ(a.run("SUBSCRIBE x y x"), "*3 $9 subscribe $1 x :1 *3 $9 subscribe $1 y :2 "
                                        "*3 $9 subscribe $1 x :2");
    EXPECT_EQ(a.run("PSUBSCRIBE p*"), "*3 $10 psubscribe $2 p* :3");
    EXPECT_EQ(a.run("SSUBSCRIBE x"), "*3 $10 ssubscribe $1 x :1");
    EXPECT_EQ(a.run("UNSUBSCRIBE none y"), "*3 $11 unsubscribe $4 none :3 "
                                           "*3 $11 unsubscribe $1 y :2");
    EXPECT_EQ(a.run("PUNSUBSCRIBE"), "*3 $12 punsubscribe $2 p* :1");
    EXPECT_EQ(a.run("SUNSUBSCRIBE"), "*3 $12 sunsubscribe $1 x :0");
    EXPECT_EQ(a.run("UNSUBSCRIBE"), "*3 $11 unsubscribe $1 x :0");
    EXPECT_EQ(a.run("UNSUBSCRIBE"), "*3 $11 unsubscribe $-1 :0");
    EXPECT_EQ(a.run("GET k"), "$-1"); // a client like any other again
}

TEST_F(PubSub, AMessageReachesSessionsOfEveryWorker)
{
    a.run("SUBSCRIBE news");
    far.run("PSUBSCRIBE n?ws *");
    EXPECT_EQ(b.run("PUBLISH news hello"), ":3");
    EXPECT_EQ(heard(a), "*3 $7 message $4 news $5 hello");
    const std::string got = heard(far, 1);
    EXPECT_NE(got.find("*4 $8 pmessage $4 n?ws $4 news $5 hello"), std::string::npos);
    EXPECT_NE(got.find("*4 $8 pmessage $1 * $4 news $5 hello"), std::string::npos);
    EXPECT_EQ(b.run("SPUBLISH news hello"), ":0");
    EXPECT_EQ(heard(a), "");
    EXPECT_EQ(b.run("PUBSUB CHANNELS"), "*1 $4 news");
    EXPECT_EQ(b.run("PUBSUB CHANNELS x*"), "*0");
    EXPECT_EQ(b.run("PUBSUB NUMSUB news none"), "*4 $4 news :1 $4 none :0");
    EXPECT_EQ(b.run("PUBSUB NUMPAT"), ":2");
}

TEST_F(PubSub, ASubscriberOfRespTwoMayDoLittleElse)
{
    a.run("SUBSCRIBE c");
    EXPECT_EQ(a.run("GET k"), "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / "
                              "PING / QUIT / RESET are allowed in this context");
    EXPECT_EQ(a.run("PUBLISH c x").substr(0, 23), "-ERR Can't execute 'pub");
    EXPECT_EQ(a.run("PING"), "*2 $4 pong $0 ");
    EXPECT_EQ(a.run("RESET"), "+RESET");
    EXPECT_EQ(a.run("GET k"), "$-1");
    EXPECT_EQ(b.run("PUBLISH c x"), ":0");
}

// What was published before a subscriber's command stands before its reply, its own message behind.
TEST_F(PubSub, MessagesStandBetweenReplies)
{
    session_set_version(&a.session, 3);
    a.run("SUBSCRIBE c");
    b.run("PUBLISH c before");
    EXPECT_EQ(a.run("GET k"), ">3 $7 message $1 c $6 before _");
    EXPECT_EQ(a.run("PUBLISH c own"), ":1");
    EXPECT_EQ(heard(a), ">3 $7 message $1 c $3 own");
    a.run("MULTI");
    a.run("PUBLISH c one");
    a.run("GET k");
    a.run("PUBLISH c two");
    b.run("PUBLISH c before");
    EXPECT_EQ(a.run("EXEC"), ">3 $7 message $1 c $6 before *3 :1 _ :1");
    EXPECT_EQ(heard(a), ">3 $7 message $1 c $3 one >3 $7 message $1 c $3 two");
}

// Whoever unsubscribes hears first what was counted for it.
TEST_F(PubSub, WhatWasCountedComesBeforeTheConfirmation)
{
    a.run("SUBSCRIBE c");
    a.run("PSUBSCRIBE *");
    EXPECT_EQ(b.run("PUBLISH c one"), ":2");
    EXPECT_EQ(a.run("UNSUBSCRIBE c"), "*3 $7 message $1 c $3 one *4 $8 pmessage $1 * $1 c $3 one "
                                      "*3 $11 unsubscribe $1 c :1");
    EXPECT_EQ(far.run("PUBLISH c two"), ":1");
    EXPECT_EQ(a.run("PUNSUBSCRIBE"), "*4 $8 pmessage $1 * $1 c $3 two *3 $12 punsubscribe $1 * :0");
    EXPECT_EQ(far.run("PUBLISH c three"), ":0");
}

TEST_F(PubSub, ClientReplySilencesRepliesAndNoMessages)
{
    session_set_version(&a.session, 3);
    session_set(&a.session, SESSION_REPLY_SKIP, true);
    EXPECT_EQ(a.run("SUBSCRIBE c"), ">3 $9 subscribe $1 c :1");
    session_set(&a.session, SESSION_REPLY_OFF, true);
    b.run("PUBLISH c x");
    EXPECT_EQ(a.run("GET k"), ">3 $7 message $1 c $1 x");
    EXPECT_EQ(a.run("PUBLISH c own"), "");
    EXPECT_EQ(heard(a), ">3 $7 message $1 c $3 own");
}

// A message rests on what its publisher has seen and done, also when it names no key.
TEST_F(PubSub, AMessageWaitsForWhatItTellsOf)
{
    a.run("SUBSCRIBE c");
    b.run("SET k v");
    EXPECT_NE(b.session.ticket, 0u);
    b.run("PUBLISH c k");
    heard(a);
    EXPECT_EQ(a.session.ticket, b.session.ticket);
}

TEST_F(PubSub, EventsOfKeysAreMessages)
{
    server.engine.hooks.events = EVENT_STRING | EVENT_GENERIC | EVENT_KEYSPACE | EVENT_KEYEVENT;
    a.run("PSUBSCRIBE __key*");
    b.run("SELECT 3");
    b.run("SET k v");
    EXPECT_EQ(heard(a), "*4 $8 pmessage $6 __key* $16 __keyspace@3__:k $3 set "
                        "*4 $8 pmessage $6 __key* $18 __keyevent@3__:set $1 k");
    server.engine.hooks.events = EVENT_GENERIC | EVENT_KEYEVENT;
    b.run("SET k v");
    b.run("MULTI");
    b.run("DEL k");
    b.run("SET k v");
    b.run("EXPIRE k 100");
    EXPECT_EQ(heard(a), "");
    b.run("EXEC");
    EXPECT_EQ(heard(a), "*4 $8 pmessage $6 __key* $18 __keyevent@3__:del $1 k "
                        "*4 $8 pmessage $6 __key* $21 __keyevent@3__:expire $1 k");
}

TEST_F(PubSub, AMonitorSeesEachCommandOnce)
{
    clock_fake_unix_ms(NOW);
    EXPECT_EQ(a.run("MONITOR"), "+OK");
    EXPECT_EQ(a.run("MONITOR"), ""); // said nothing: it is one already
    EXPECT_EQ(a.run("GET k"), "-ERR Replica can't interact with the keyspace");
    EXPECT_EQ(heard(a), ""); // it was refused
    const std::string head = "+1700000000.000000 [0 ?:0] ";
    b.call({"SET", "k", std::string("a\0\n\"\x7f", 5)});
    EXPECT_EQ(heard(a), head + R"("SET" "k" "a\x00\n\"\x7f")");
    b.run("AUTH user secret");
    EXPECT_EQ(heard(a), head + "\"AUTH\" \"(redacted)\" \"(redacted)\"");
    b.run("MULTI");
    b.run("GET k");
    heard(a);
    b.run("EXEC");
    EXPECT_EQ(heard(a), head + R"("GET" "k" )" + head + R"("EXEC")");
    EXPECT_EQ(b.batch({{"BLPOP", "list", "0"}})[0], PENDING_BLOCKED);
    EXPECT_EQ(heard(a), head + R"("BLPOP" "list" "0")");
    far.run("SELECT 2");
    EXPECT_EQ(heard(a), "+1700000000.000000 [2 ?:0] \"SELECT\" \"2\"");
    EXPECT_EQ(a.run("RESET"), "+RESET");
    far.run("GET k");
    EXPECT_EQ(heard(a), "");
    EXPECT_EQ(a.run("GET none"), "$-1");
}

// Words are looked at eight bytes at a time: every byte, at every place of a word.
TEST_F(PubSub, MonitorQuotesEveryByteWhereverItStands)
{
    const auto quoted = [](const std::string &word) {
        std::string out;
        for (const char c : word) {
            const std::string named = "\n\r\t\a\b\"\\", letters = "nrtab\"\\";
            const size_t at = named.find(c);
            char hex[8];
            snprintf(hex, sizeof hex, "\\x%02x", (unsigned char)c);
            out += at != std::string::npos         ? std::string("\\") + letters[at]
                   : (unsigned char)c - 32u >= 95u ? std::string(hex)
                                                   : std::string(1, c);
        }
        return "\"" + out + "\"";
    };
    clock_fake_unix_ms(NOW);
    a.run("MONITOR");
    for (int c = 0; c < 256; c++)
        for (const size_t size : {1, 8, 17})
            for (size_t at = 0; at < size; at++) {
                std::string word(size, 'z');
                word[at] = (char)c;
                b.call({"GET", word}); // writes would fill the log, which nobody reads here
                ASSERT_EQ(heard(a), "+1700000000.000000 [0 ?:0] \"GET\" " + quoted(word))
                    << "byte " << c << " at " << at << " of " << size;
            }
}

// One publisher after the other, two channels that one pattern hears: all in one order.
TEST_F(PubSub, ConcurrentPublishersHaveOneOrderAChannel)
{
    constexpr int COUNT = scaled(3000);
    a.run("SUBSCRIBE c");
    std::vector<std::thread> threads;
    std::atomic<int> running{1};
    threads.emplace_back([&] {
        for (int i = 0; i < COUNT; i++)
            EXPECT_EQ(far.run("PUBLISH c " + std::to_string(i)), ":1");
        running--;
    });
    std::string got;
    while (running > 0)
        got += heard(a) + " ";
    threads[0].join();
    got += heard(a) + " ";
    size_t at = 0;
    for (int i = 0; i < COUNT; i++) {
        const std::string n = std::to_string(i);
        at = got.find("$" + std::to_string(n.size()) + " " + n + " ", at);
        ASSERT_NE(at, std::string::npos) << i;
    }
}

} // namespace
} // namespace lk
