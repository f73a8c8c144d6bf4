// PING to SELECT, AUTH and HELLO, as redis-server 7.0.15 answers.
#include "tests/core/cmd/server_fixture.h"

namespace
{

class Connection : public Server
{
  protected:
    // As requirepass before this client came.
    void set_password(bytes password)
    {
        acl_set_default_password(engine_.fixed.acl, password);
        run("reset");
    }
};

std::string greeting(int version, const char *head)
{
    const std::string proto = std::to_string(version);
    return std::string(head) + " $6 server $5 redis $7 version $5 7.4.0 $5 proto :" + proto +
           " $2 id :1 $4 mode $10 standalone $4 role $6 master $7 modules *0";
}

const char wrong[] = "-WRONGPASS invalid username-password pair or user is disabled.";

TEST_F(Connection, Answers)
{
    play({{"ping", "+PONG", ""},
          {"PING \"a b\"", "$3 a b"},
          {"ping a b", "-ERR wrong number of arguments for 'ping' command"},
          {"echo x", "$1 x"},
          {"echo", "-ERR wrong number of arguments for 'echo' command"},
          {"select 15", "+OK"},
          {"set k v", "+OK"},
          {"select 0", "+OK"},
          {"exists k", ":0"},
          {"select 16", "-ERR DB index is out of range"},
          {"select -1", "-ERR DB index is out of range"},
          {"select x", "-ERR value is not an integer or out of range"},
          {"select 4294967296", "-ERR value is out of range, value must between -2147483648 and "
                                "2147483647"}});
}

TEST_F(Connection, QuitClosesBehindItsAnswer)
{
    EXPECT_EQ(as(session, "quit", PENDING_CLOSE), "+OK");
    EXPECT_TRUE(session_has(&session, SESSION_CLOSE_AFTER));
}

TEST_F(Connection, QuitAndResetDoNotWaitForExec)
{
    run("multi");
    EXPECT_EQ(run("reset"), "+RESET");
    EXPECT_FALSE(session_has(&session, SESSION_MULTI));
    EXPECT_EQ(run("exec"), "-ERR EXEC without MULTI");
    run("multi");
    EXPECT_EQ(as(session, "quit", PENDING_CLOSE), "+OK");
}

TEST_F(Connection, ResetMakesNew)
{
    run("select 3");
    run("client setname me");
    run("client no-touch on");
    run("watch k");
    run("hello 3");
    EXPECT_EQ(run("reset"), "+RESET");
    EXPECT_EQ(session.db, 0u);
    EXPECT_EQ(session.reply.version, 2);
    EXPECT_EQ(session.watch, nullptr);
    EXPECT_FALSE(session_has(&session, SESSION_NO_TOUCH));
    EXPECT_EQ(run("client getname"), "$-1");
    EXPECT_TRUE(session_has(&session, SESSION_AUTHENTICATED));
}

TEST_F(Connection, AuthWithoutPassword)
{
    play({{"auth x", "-ERR AUTH <password> called without any password configured for the default "
                     "user. Are you sure your configuration is correct?"},
          {"auth default x", "+OK"},
          {"auth bob x", wrong},
          {"auth a b c", "-ERR syntax error"}});
}

TEST_F(Connection, AuthWithPassword)
{
    set_password(bytes_cstr("secret"));
    for (const char *bad : {"", "s", "secre", "secret1", "secretsecret", "Secret", "secreT"})
        EXPECT_EQ(run(std::string("auth default \"") + bad + "\""), wrong) << bad;
    play({{"get k", "-NOAUTH Authentication required."},
          {"auth bob secret", wrong},
          {"auth wrong", wrong},
          {"hello 3",
           "-NOAUTH HELLO must be called with the client already authenticated, otherwise the "
           "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and "
           "select the RESP protocol version at the same time"},
          {"hello 3 auth default wrong", wrong},
          {"get k", "-NOAUTH Authentication required."},
          {"auth secret", "+OK"},
          {"get k", "$-1"},
          {"reset", "+RESET"},
          {"get k", "-NOAUTH Authentication required."},
          {"auth default secret", "+OK"},
          {"get k", "$-1"}});
}

// A password is bytes: nothing of it is cut off at a NUL, on either side.
TEST_F(Connection, AuthComparesPasswordsWithNuls)
{
    const std::string password("p\0aa", 4);
    set_password(bytes_of(password.data(), password.size()));
    for (const std::string &bad :
         {std::string("p"), std::string("p\0", 2), std::string("p\0a", 3), std::string("p\0ab", 4),
          std::string("p\0aa\0", 5), std::string()})
        EXPECT_EQ(call({"auth", bad}), std::string(wrong) + "\r\n") << bad;
    EXPECT_EQ(call({"auth", password}), "+OK\r\n");
    set_password(bytes_of("\0", 1)); // one NUL is a password, too
    run("reset");
    EXPECT_EQ(run("get k"), "-NOAUTH Authentication required.");
    EXPECT_EQ(call({"auth", "x"}), std::string(wrong) + "\r\n");
    EXPECT_EQ(call({"auth", std::string(1, '\0')}), "+OK\r\n");
}

TEST_F(Connection, Hello)
{
    play({{"hello", greeting(2, "*14").c_str()},
          {"hello 3", greeting(3, "%7").c_str()},
          {"hello", greeting(3, "%7").c_str()},
          {"hello 2", greeting(2, "*14").c_str()},
          {"hello 4", "-NOPROTO unsupported protocol version"},
          {"hello 1", "-NOPROTO unsupported protocol version"},
          {"hello x", "-ERR Protocol version is not an integer or out of range"},
          {"hello 3 what", "-ERR Syntax error in HELLO option 'what'"},
          {"hello 3 auth default", "-ERR Syntax error in HELLO option 'auth'"},
          {"hello 3 setname", "-ERR Syntax error in HELLO option 'setname'"},
          {"hello 3 setname \"a b\"",
           "-ERR Client names cannot contain spaces, newlines or special characters."},
          {"hello 3 auth bob x setname me", wrong},
          {"client getname", "$-1"}});
    EXPECT_EQ(session.reply.version, 2);
    EXPECT_EQ(run("hello 3 auth default x setname me"), greeting(3, "%7"));
    EXPECT_EQ(run("client getname"), "$2 me");
}

} // namespace
