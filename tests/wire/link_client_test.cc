/*
 * link_client_test.cc — the link to a primary as a client of the replica: listed, and killed while
 * the stream runs.
 */
#include "tests/support/info.h"
#include "tests/support/peer.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace
{

using namespace lk;

const Server::Directives kPrimary = {{"enable-debug-command", "yes"},
                                     {"repl-diskless-sync-delay", "0"}};

std::string field_of(const std::string &line, const std::string &name)
{
    const size_t at = line.find(name + "=");
    if (at == std::string::npos)
        return "";
    const size_t begin = at + name.size() + 1;
    return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

std::string link_line(Client *r)
{
    return r->call({"CLIENT", "LIST", "TYPE", "MASTER"}).text;
}

bool is_up(Client *r)
{
    return wait_until([&] { return info(r, "master_link_status") == "up"; });
}

TEST(LinkClient, IsListedAndKilledByEachWord)
{
    const auto primary = Server::oracle(kPrimary);
    Client p = primary->connect();
    const std::string port = std::to_string(primary->port());
    const auto replica = Server::tested({{"enable-debug-command", "yes"}});
    Client r = replica->connect();
    EXPECT_EQ(link_line(&r), "");
    r.call({"REPLICAOF", "127.0.0.1", port});
    ASSERT_TRUE(is_up(&r));
    const std::string line = link_line(&r), id = field_of(line, "id");
    EXPECT_EQ(field_of(line, "addr"), "127.0.0.1:" + port);
    EXPECT_EQ(field_of(line, "flags"), "M");
    EXPECT_EQ(field_of(line, "user"), "(superuser)");
    EXPECT_NE(field_of(line, "fd"), "-1");
    EXPECT_EQ(info(&r, "connected_clients"), "2");
    EXPECT_NE(r.call({"CLIENT", "LIST"}).text.find(line.substr(0, line.find(" laddr"))),
              std::string::npos);
    EXPECT_EQ(r.call({"CLIENT", "UNBLOCK", id}).text, "0");
    EXPECT_EQ(r.call({"CLIENT", "TRACKING", "ON", "REDIRECT", id}).raw,
              "-ERR The client ID you want redirect to does not exist\r\n");

    p.pipeline({{"SELECT", "3"}, {"SET", "k", "v"}, {"LPUSH", "l", "e"}});
    ASSERT_TRUE(wait_until([&] { return field_of(link_line(&r), "cmd") == "lpush"; }));
    EXPECT_EQ(field_of(link_line(&r), "db"), "3");

    const std::vector<Args> kills = {{"CLIENT", "KILL", "ID", id},
                                     {"CLIENT", "KILL", "127.0.0.1:" + port},
                                     {"CLIENT", "KILL", "ADDR", "127.0.0.1:" + port},
                                     {"CLIENT", "KILL", "TYPE", "master"}};
    int done = 0;
    for (const Args &kill : kills) {
        const Reply answer = r.call(kill);
        EXPECT_EQ(answer.text, kill.size() == 3 ? "OK" : "1");
        done++;
        ASSERT_TRUE(
            wait_until([&] { return info(&p, "sync_partial_ok") == std::to_string(done); }));
        ASSERT_TRUE(wait_until([&] { return field_of(link_line(&r), "id") == id; }));
    }
    EXPECT_EQ(info(&p, "sync_full"), "1");
    r.call({"REPLICAOF", "NO", "ONE"});
    ASSERT_TRUE(wait_until([&] { return link_line(&r).empty(); }));
}

/* Killed again and again amid the stream: nothing is lost, doubled or asked for anew. */
TEST(LinkClient, KilledAmidTheStream)
{
    Server::Directives directives = kPrimary;
    directives.push_back({"repl-backlog-size", "512mb"}); /* of any machine's gap between links */
    const auto primary = Server::oracle(directives);
    Client p = primary->connect();
    const auto replica =
        Server::tested({{"enable-debug-command", "yes"},
                        {"replicaof", "127.0.0.1", std::to_string(primary->port())}});
    Client r = replica->connect();
    ASSERT_TRUE(is_up(&r));
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        Client w = primary->connect();
        while (!stop)
            w.pipeline({{"INCR", "n"},
                        {"MULTI"},
                        {"RPUSH", "l", "a"},
                        {"RPUSH", "m", "b"},
                        {"EXEC"},
                        {"APPEND", "s", "x"}});
    });
    int killed = 0;
    for (int round = 0; round < 20; round++) {
        ASSERT_TRUE(is_up(&r));
        killed += r.call({"CLIENT", "KILL", "TYPE", "master"}).text == "1";
    }
    stop = true;
    writer.join();
    EXPECT_GT(killed, 0);
    ASSERT_TRUE(wait_until([&] {
        return info(&r, "master_link_status") == "up" &&
               info(&p, "master_repl_offset") == info(&r, "slave_repl_offset");
    }));
    EXPECT_EQ(p.call({"DEBUG", "DIGEST"}).text, r.call({"DEBUG", "DIGEST"}).text);
    EXPECT_EQ(info(&p, "sync_full"), "1");
    EXPECT_EQ(info(&r, "slave_repl_offset"), info(&r, "slave_read_repl_offset"));
}

} // namespace
