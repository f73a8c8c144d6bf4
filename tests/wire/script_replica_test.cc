/*
 * script_replica_test.cc — what scripts and functions do, and libraries themselves, reach replicas
 * and the append-only file.
 */
#include "tests/support/peer.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

namespace
{

using namespace lk;

class ScriptReplica : public testing::Test
{
  protected:
    void follow(const char *load)
    {
        const std::string port = std::to_string(primary_->port());
        replica_ = Server::tested({{"save", ""}, {"repl-diskless-load", load}});
        r_ = std::make_unique<Client>(replica_->connect());
        EXPECT_EQ(r_->call({"FUNCTION", "LOAD",
                            "#!lua name=own\nredis.register_function('own', function() return 1 "
                            "end)"})
                      .text,
                  "own");
        EXPECT_EQ(r_->call({"REPLICAOF", "127.0.0.1", port}).text, "OK");
        ASSERT_TRUE(wait_until([&] {
            return r_->call_raw({"INFO", "replication"}).find("master_link_status:up") !=
                   std::string::npos;
        }));
    }

    // All that the primary has said is there.
    void catch_up()
    {
        const std::string mark = "mark" + std::to_string(++marks_);
        p_.call({"SET", mark, "1"});
        ASSERT_TRUE(wait_until([&] { return r_->call({"EXISTS", mark}).text == "1"; }));
    }

    std::string existing(Client &c, const std::string &keys)
    {
        std::string out;
        for (char k : keys)
            if (c.call({"EXISTS", std::string(1, k)}).text == "1")
                out += k;
        return out;
    }

    void load(const char *name, const char *value)
    {
        p_.call({"FUNCTION", "LOAD", "REPLACE",
                 std::string("#!lua name=") + name + "\nredis.register_function('" + name +
                     "', function(keys) return redis.call('set', keys[1], '" + value + "') end)"});
    }

    std::unique_ptr<Server> primary_ = Server::tested({{"save", ""},
                                                       {"appendonly", "yes"},
                                                       {"repl-diskless-sync-delay", "0"},
                                                       {"enable-debug-command", "yes"}});
    std::unique_ptr<Server> replica_;
    Client p_ = primary_->connect();
    std::unique_ptr<Client> r_;
    int marks_ = 0;
};

TEST_F(ScriptReplica, WritesOfScriptsGoToWhomTheySay)
{
    follow("disabled");
    p_.call({"EVAL",
             "redis.call('set', 'a', 1) redis.set_repl(redis.REPL_AOF) redis.call('set', 'b', 1) "
             "redis.set_repl(redis.REPL_REPLICA) redis.call('set', 'c', 1) "
             "redis.set_repl(redis.REPL_NONE) redis.call('set', 'd', 1) "
             "redis.set_repl(redis.REPL_ALL) redis.call('set', 'e', 1)",
             "0"});
    p_.call({"EVAL", "redis.set_repl(redis.REPL_AOF) redis.call('set', 'f', 1)", "0"});
    p_.call({"EVAL", "redis.set_repl(redis.REPL_REPLICA) redis.call('set', 'g', 1)", "0"});
    p_.pipeline({{"EVAL", "return 1", "0"}, {"SET", "h", "1"}});
    EXPECT_EQ(existing(p_, "abcdefgh"), "abcdefgh");
    catch_up();
    EXPECT_EQ(existing(*r_, "abcdefgh"), "acegh");
    EXPECT_EQ(p_.call({"DEBUG", "LOADAOF"}).text, "OK");
    EXPECT_EQ(existing(p_, "abcdefgh"), "abefh");
}

/* What would have kept it from its first write does not keep it from the rest. */
TEST_F(ScriptReplica, WhatHasWrittenGoesOnWithoutReplicas)
{
    follow("disabled");
    p_.call({"CONFIG", "SET", "min-replicas-to-write", "1", "busy-reply-threshold", "1"});
    ASSERT_TRUE(wait_until([&] { return p_.call({"SET", "x", "1"}).text == "OK"; }));
    Client runs = primary_->connect();
    runs.send(
        Args{"EVAL",
             "redis.call('set', KEYS[1], 2) "
             "while not redis.call('info', 'replication'):find('connected_slaves:0', 1, true) do "
             "end return redis.call('set', KEYS[1], 3)",
             "1", "x"});
    ASSERT_TRUE(wait_until([&] { return p_.call_raw({"PING"}).substr(0, 5) == "-BUSY"; }));
    EXPECT_EQ(r_->call({"REPLICAOF", "NO", "ONE"}).text, "OK");
    EXPECT_EQ(runs.read_raw(), "+OK\r\n");
    EXPECT_EQ(p_.call({"GET", "x"}).text, "3");
    EXPECT_EQ(p_.call_raw({"EVAL", "return redis.call('set', KEYS[1], 4)", "1", "x"}).substr(0, 11),
              "-NOREPLICAS");
}

TEST_F(ScriptReplica, LibrariesAreThePrimarys)
{
    for (const char *how : {"disabled", "swapdb"}) {
        load("first", "1");
        follow(how);
        EXPECT_EQ(r_->call({"FCALL", "own", "0"}).text, "ERR Function not found");
        load("first", "2");
        load("second", "3");
        p_.call({"FCALL", "first", "1", "a"});
        p_.call({"FCALL", "second", "1", "b"});
        catch_up();
        EXPECT_EQ(r_->call({"GET", "a"}).text, "2");
        EXPECT_EQ(r_->call({"GET", "b"}).text, "3");
        for (const char *name : {"first", "second"})
            EXPECT_EQ(r_->call_raw({"FUNCTION", "LIST", "LIBRARYNAME", name, "WITHCODE"}),
                      p_.call_raw({"FUNCTION", "LIST", "LIBRARYNAME", name, "WITHCODE"}));
        p_.pipeline({{"MULTI"}, {"FUNCTION", "DELETE", "second"}, {"SET", "c", "1"}, {"EXEC"}});
        catch_up();
        EXPECT_EQ(r_->call({"FCALL", "second", "0"}).text, "ERR Function not found");
        p_.call({"FUNCTION", "FLUSH"});
        catch_up();
        EXPECT_EQ(r_->call_raw({"FUNCTION", "LIST"}), "*0\r\n");
    }
}

} // namespace
