/*
 * acl_race_test.cc — a user goes, or loses what he had, while his clients are amid something:
 * behind the answer nothing of them has an effect.
 */
#include "tests/support/blocked.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace
{

using namespace lk;

const char kOk[] = "+OK\r\n";

class AclRace : public testing::Test
{
  protected:
    Client login(const char *rules = "+@all")
    {
        admin_.call({"ACL", "SETUSER", "eve", "on", ">p", "~*", "&*", rules});
        Client c = server_->connect();
        EXPECT_EQ(c.call_raw({"AUTH", "eve", "p"}), kOk);
        return c;
    }
    void remove()
    {
        EXPECT_EQ(admin_.call_raw({"ACL", "DELUSER", "eve"}), ":1\r\n");
    }
    /* A call that may find its connection closed already. */
    static std::string last(Client &c, const Args &call)
    {
        try {
            c.send(call);
            return c.read_to_end();
        } catch (const std::exception &) {
            return "";
        }
    }

    std::unique_ptr<Server> server_ = Server::tested({{"io-threads", "3"}});
    Client admin_ = server_->connect();
};

TEST_F(AclRace, WhoWaitsGetsNothing)
{
    Client eve = login();
    eve.send(Args{"BLPOP", "list", "0"});
    wait_blocked(admin_, 1);
    remove();
    EXPECT_EQ(admin_.call_raw({"RPUSH", "list", "v"}), ":1\r\n");
    EXPECT_EQ(eve.read_to_end(), "");
    EXPECT_EQ(admin_.call_raw({"LLEN", "list"}), ":1\r\n");
}

TEST_F(AclRace, WhatIsQueuedIsNotRun)
{
    Client eve = login();
    EXPECT_EQ(eve.call_raw({"MULTI"}), kOk);
    EXPECT_EQ(eve.call_raw({"SET", "queued", "1"}), "+QUEUED\r\n");
    remove();
    EXPECT_EQ(last(eve, {"EXEC"}), "");
    EXPECT_EQ(admin_.call_raw({"EXISTS", "queued"}), ":0\r\n");
    /* Of a name that is there again he is not. */
    Client again = login();
    EXPECT_EQ(again.call_raw({"ACL", "WHOAMI"}), "$3\r\neve\r\n");
}

TEST_F(AclRace, WhatIsQueuedMayBeForbiddenLater)
{
    Client eve = login();
    EXPECT_EQ(eve.call_raw({"MULTI"}), kOk);
    EXPECT_EQ(eve.call_raw({"SET", "queued", "1"}), "+QUEUED\r\n");
    EXPECT_EQ(admin_.call_raw({"ACL", "SETUSER", "eve", "-set"}), kOk);
    EXPECT_EQ(eve.call_raw({"EXEC"}),
              "*1\r\n-NOPERM ACLs rules changed between the moment the transaction was accumulated "
              "and the EXEC call. This command is no longer allowed for the following reason: no "
              "permission to execute the command or subcommand\r\n");
    EXPECT_EQ(admin_.call_raw({"EXISTS", "queued"}), ":0\r\n");
}

/* A script that runs is one command: the user goes before it or behind it. */
TEST_F(AclRace, AScriptIsWholeOrNot)
{
    for (int round = 0; round < 20; round++) {
        Client eve = login();
        admin_.call({"DEL", "{s}1", "{s}2"});
        eve.send(Args{"EVAL",
                      "redis.call('set', KEYS[1], '1') "
                      "for i = 1, tonumber(ARGV[1]) do end "
                      "redis.call('set', KEYS[2], '1')",
                      "2", "{s}1", "{s}2", std::to_string(round * 50000)});
        remove();
        const std::string after = admin_.call_raw({"MGET", "{s}1", "{s}2"});
        EXPECT_TRUE(after == "*2\r\n$-1\r\n$-1\r\n" || after == "*2\r\n$1\r\n1\r\n$1\r\n1\r\n")
            << printable(after);
        (void)eve.read_to_end();
        EXPECT_EQ(admin_.call_raw({"MGET", "{s}1", "{s}2"}), after);
    }
}

/* What is written behind a revocation is read by nobody who lost the key. */
TEST_F(AclRace, NobodyReadsBehindARevocation)
{
    std::atomic<bool> stop{false};
    std::atomic<int> leaks{0}, read{0}, refused{0};
    (void)login();
    admin_.call({"SET", "app:1", "open"});
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; i++)
        readers.emplace_back([&] {
            Client c = server_->connect();
            c.call({"AUTH", "eve", "p"});
            while (!stop)
                for (const Reply &r : c.pipeline(std::vector<Args>(20, Args{"GET", "app:1"}))) {
                    leaks += r.text == "secret";
                    read += r.text == "open";
                    refused += r.raw[0] == '-';
                }
        });
    const auto until_more = [](const std::atomic<int> &count) {
        const int before = count;
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (count == before && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
    };
    for (int round = 0; round < 30; round++) {
        EXPECT_EQ(admin_.call_raw({"SET", "app:1", "open"}), kOk);
        EXPECT_EQ(admin_.call_raw({"ACL", "SETUSER", "eve", "resetkeys", "~app:*"}), kOk);
        until_more(read);
        EXPECT_EQ(admin_.call_raw({"ACL", "SETUSER", "eve", "resetkeys", "~x:*"}), kOk);
        EXPECT_EQ(admin_.call_raw({"SET", "app:1", "secret"}), kOk);
        until_more(refused);
    }
    stop = true;
    for (auto &r : readers)
        r.join();
    EXPECT_EQ(leaks, 0);
}

/* Who logs in while his user goes is either not let in or closed. */
TEST_F(AclRace, NobodyLogsInAsNobody)
{
    for (int round = 0; round < 30; round++) {
        admin_.call({"ACL", "SETUSER", "eve", "on", ">p", "~*", "+@all"});
        std::vector<Client> many;
        for (int i = 0; i < 6; i++)
            many.push_back(server_->connect());
        for (Client &c : many)
            c.send(Args{"AUTH", "eve", "p"});
        remove();
        EXPECT_EQ(admin_.call({"CLIENT", "LIST"}).text.find("user=eve"), std::string::npos);
    }
}

/* A refusal amid somebody's script is the refused one's. */
TEST(AclLogWire, ARefusalAmidAScriptNamesItsOwnClient)
{
    const auto server = Server::tested({{"io-threads", "1"}, {"busy-reply-threshold", "1"}});
    Client runs = server->connect(), other = server->connect();
    runs.call({"CLIENT", "SETNAME", "runs"});
    other.call({"CLIENT", "SETNAME", "other"});
    runs.send(Args{"EVAL", "while true do end", "0"});
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (other.call_raw({"GET", "k"}).rfind("-BUSY ", 0) != 0 &&
           std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    EXPECT_EQ(other.call({"AUTH", "nobody", "p"}).text.rfind("WRONGPASS ", 0), 0u);
    EXPECT_EQ(other.call_raw({"SCRIPT", "KILL"}), kOk);
    (void)runs.read();
    const std::string client = other.call({"ACL", "LOG"}).items.at(0).items.at(13).text;
    EXPECT_NE(client.find(" name=other "), std::string::npos) << client;
}

} // namespace
