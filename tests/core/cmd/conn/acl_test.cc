// ACL, and what users may do: answers of valkey-server 8.0 (Redis 7.4's), which were asked for
// each.
#include "tests/core/cmd/server_fixture.h"

#include "core/cmd/client/acl_check.h"
#include "tests/support/seed.h"

#include <random>

namespace
{

class Acl : public Server
{
  protected:
    // Another client, which has logged in as that user.
    struct session &login(uint64_t id, const std::string &user)
    {
        struct session &s = connect(id, ("c:" + std::to_string(id)).c_str());
        EXPECT_EQ(as(s, "auth " + user + " p"), "+OK");
        return s;
    }

    std::string user(const std::string &rules)
    {
        return run("acl setuser bob on >p " + rules);
    }
};

const char wrong[] = "-WRONGPASS invalid username-password pair or user is disabled.";

TEST_F(Acl, Users)
{
    play({{"acl whoami", "$7 default"},
          {"acl users", "*1 $7 default"},
          {"acl list", "*1 $51 user default on nopass sanitize-payload ~* &* +@all"},
          {"acl setuser bob", "+OK"},
          {"acl setuser alice on +get", "+OK"},
          {"acl users", "*3 $5 alice $3 bob $7 default"},
          {"acl getuser nobody", "$-1"},
          {"acl getuser alice", "*12 $5 flags *2 $2 on $16 sanitize-payload $9 passwords *0 $8 "
                                "commands $10 -@all +get $4 keys $0  $8 channels $0  $9 selectors "
                                "*0"},
          {"acl setuser alice (~x +set)", "+OK"},
          {"acl list", "*3 $85 user alice on sanitize-payload resetchannels -@all +get (~x "
                       "resetchannels -@all +set) $49 user bob off sanitize-payload resetchannels "
                       "-@all $51 user default on nopass sanitize-payload ~* &* +@all"},
          {"acl setuser \"a b\" on", "-ERR Usernames can't contain spaces or null characters"},
          {"acl setuser bob on +get +foo",
           "-ERR Error in ACL SETUSER modifier '+foo': Unknown command or category name in ACL"},
          {"acl setuser bob (+get",
           "-ERR Unmatched parenthesis in acl selector starting at '(+get'."},
          {"acl deluser bob default", "-ERR The 'default' user cannot be removed"},
          {"acl deluser bob nobody", ":1"},
          {"acl users", "*2 $5 alice $7 default"},
          {"acl cat nothing", "-ERR Unknown category 'nothing'"},
          {"acl cat a b", "-ERR unknown subcommand or wrong number of arguments for 'cat'. Try ACL "
                          "HELP."},
          {"acl genpass 0", "-ERR ACL GENPASS argument must be the number of bits for the output "
                            "password, a positive number up to 4096"},
          {"acl genpass 4097", "-ERR ACL GENPASS argument must be the number of bits for the "
                               "output password, a positive number up to 4096"},
          {"acl genpass x", "-ERR value is not an integer or out of range"},
          {"acl log x", "-ERR value is not an integer or out of range"},
          {"acl log -1", "*0"},
          {"acl foo", "-ERR unknown subcommand 'foo'. Try ACL HELP."},
          {"acl load", "-ERR This Redis instance is not configured to use an ACL file. You may "
                       "want to specify users via the ACL SETUSER command and then issue a CONFIG "
                       "REWRITE (assuming you have a Redis configuration file set) in order to "
                       "store users in the Redis configuration."}});
    EXPECT_EQ(run("acl genpass").size(), 4 + 64u);
    EXPECT_EQ(run("acl genpass 5").size(), 3 + 2u);
    EXPECT_NE(run("acl genpass"), run("acl genpass"));
}

TEST_F(Acl, DryRun)
{
    EXPECT_EQ(user("+get +set +publish +client|id +select|0 ~r:* %R~o:* &c*"), "+OK");
    play(
        {{"acl dryrun bob get r:1", "+OK"},
         {"acl dryrun bob get o:1", "+OK"},
         {"acl dryrun bob set o:1 x", "$51 User bob has no permissions to access the 'o:1' key"},
         {"acl dryrun bob get x", "$49 User bob has no permissions to access the 'x' key"},
         {"acl dryrun bob del r:1", "$52 User bob has no permissions to run the 'del' command"},
         {"acl dryrun bob publish c1 x", "+OK"},
         {"acl dryrun bob publish d x",
          "$53 User bob has no permissions to access the 'd' channel"},
         {"acl dryrun bob client id", "+OK"},
         {"acl dryrun bob client list",
          "$60 User bob has no permissions to run the 'client|list' command"},
         {"acl dryrun bob select 0", "+OK"},
         {"acl dryrun bob select 1", "$55 User bob has no permissions to run the 'select' command"},
         {"acl dryrun bob quit", "+OK"},
         {"acl dryrun bob get", "-ERR wrong number of arguments for 'get' command"},
         {"acl dryrun bob foo", "-ERR Command 'foo' not found"},
         {"acl dryrun eve get x", "-ERR User 'eve' not found"}});
}

TEST_F(Acl, Refusals)
{
    EXPECT_EQ(user("+@all -del ~k* resetchannels &c"), "+OK");
    struct session &s = login(2, "bob");
    EXPECT_EQ(as(s, "acl whoami"), "$3 bob");
    EXPECT_EQ(as(s, "set k v"), "+OK");
    EXPECT_EQ(as(s, "set x v"), "-NOPERM No permissions to access a key");
    EXPECT_EQ(as(s, "del k"), "-NOPERM User bob has no permissions to run the 'del' command");
    EXPECT_EQ(as(s, "mget k k1 x"), "-NOPERM No permissions to access a key");
    EXPECT_EQ(as(s, "nosuch"), "-ERR unknown command 'nosuch', with args beginning with: ");
    EXPECT_EQ(as(s, "get"), "-ERR wrong number of arguments for 'get' command");
    EXPECT_EQ(as(s, "publish d x"), "-NOPERM No permissions to access a channel");
    // What the log tells of it.
    EXPECT_EQ(run("acl log 1")
                  .find("*1 *20 $5 count :1 $6 reason $7 channel $7 context $8 "
                        "toplevel $6 object $1 d $8 username $3 bob $11 age-seconds"),
              0u);
    EXPECT_NE(run("acl log 1").find("user=bob"), std::string::npos);
    EXPECT_EQ(run("acl log").substr(0, 3), "*3 "); // of the keys one and one
    EXPECT_EQ(run("acl log reset"), "+OK");
    EXPECT_EQ(run("acl log"), "*0");
    EXPECT_EQ(engine_.fixed.acl->denied[ACL_DENIED_KEY], 2u);
    EXPECT_EQ(engine_.fixed.acl->denied[ACL_DENIED_COMMAND], 1u);
    EXPECT_EQ(engine_.fixed.acl->denied[ACL_DENIED_CHANNEL], 1u);
}

TEST_F(Acl, Channels)
{
    EXPECT_EQ(user("+@pubsub &news &sport:*"), "+OK");
    const struct {
        const char *call;
        bool allowed;
    } cases[] = {
        {"publish news x", true},          {"publish sport:1 x", true},
        {"publish weather x", false},      {"spublish news x", true},
        {"spublish weather x", false},     {"subscribe news sport:1", true},
        {"subscribe news weather", false}, {"ssubscribe sport:2", true},
        {"ssubscribe weather", false},     {"psubscribe sport:*", true}, // the very pattern
        {"psubscribe sport:1", false},     {"psubscribe news", true},
        {"psubscribe *", false},           {"unsubscribe weather", true},
        {"punsubscribe weather", true},    {"sunsubscribe weather", true},
        {"pubsub channels", true},
    };
    for (const auto &c : cases)
        EXPECT_EQ(run(std::string("acl dryrun bob ") + c.call) == "+OK", c.allowed) << c.call;
}

// What a command does to a key is asked of the pattern: by COMMAND GETKEYSANDFLAGS of the server.
TEST_F(Acl, KeysForReadingAndWriting)
{
    EXPECT_EQ(user("+@all %R~r* %W~w*"), "+OK");
    const struct {
        const char *call;
        bool allowed;
    } cases[] = {
        {"get r", true},
        {"get w", false},
        {"set w x", true},
        {"set r x", false},
        {"set w x get", false},
        {"getset w x", false},
        {"append w x", true},
        {"exists r", true},
        {"exists w", true}, // neither reads nor writes: any pattern will do
        {"exists z", false},
        {"ttl w", false},
        {"copy r w", true},
        {"copy w r", false},
        {"rename r w", false},
        {"bitfield r get u8 0", true},
        {"bitfield w set u8 0 1", false},
        {"bitfield w get u8 0", false},
        {"bitfield r overflow wrap get u8 0", true},
        {"bitfield r get u8 0 overflow", false},
        {"sort r", true},
        {"sort r store w", true},
        {"sort w store w", false},
        {"sort r store r", false},
        {"zunionstore w 1 r", true},
        {"zunionstore w 2 r w", false},
        {"georadius r 1 1 1 m", true},
        {"georadius r 1 1 1 m store w", true},
        {"georadius r 1 1 1 m store r", false},
        {"xread streams r r2 0 0", true},
        {"xread streams r w 0 0", false},
        {"lmpop 1 r left", false},
        {"del w", true},
        {"del r", false},
        {"ping", true},
    };
    for (const auto &c : cases)
        EXPECT_EQ(run(std::string("acl dryrun bob ") + c.call) == "+OK", c.allowed) << c.call;
}

// What is asked of plain calls on their short way allows nothing that the whole check refuses; and
// it refuses only what reading without writing, or writing without reading, has to do with.
TEST_F(Acl, TheShortWayAsksTheSame)
{
    static const char *const rules[] = {"+@all",    "-@all",     "+get",      "+set",   "-set",
                                        "+@read",   "~*",        "~a:*",      "~a:b*c", "~a",
                                        "~a:*[bc]", "~",         "%R~b*",     "%W~b*",  "(~a:* ",
                                        "(+get ~",  "+hset %W~", "+bitfield "};
    static const char *const keys[] = {"", "a", "a:", "a:b", "a:bxc", "b", "b:1", "ab"};
    std::mt19937_64 random(test_seed());
    const auto any = [&random](const auto &v) { return v[random() % (sizeof v / sizeof *v)]; };
    uint64_t allowed = 0, refused = 0;
    for (int round = 0; round < 500; round++) {
        std::string line = "resetkeys clearselectors";
        bool half = false;
        for (uint64_t n = 1 + random() % 6; n > 0; n--) {
            std::string rule = any(rules);
            if (rule.back() == ' ' || rule.back() == '~')
                rule += rule[0] == '(' && rule.back() == '~' ? std::string(any(keys)) + ")"
                        : rule[0] == '('                     ? std::string(any(rules)) + ")"
                                                             : "";
            half |= rule.find('%') != std::string::npos;
            line += " " + rule;
        }
        if (user(line) != "+OK")
            continue;
        const acl_user *u = acl_find(engine_.fixed.acl, bytes_cstr("bob"));
        for (const char *text : {"get", "set", "hset", "del", "bitfield", "strlen", "getset"}) {
            const command_info *c = command_index_lookup(engine_.fixed.commands, bytes_cstr(text));
            if (!c->plain)
                continue;
            const std::string key = any(keys);
            bytes words[] = {bytes_cstr(text), of(key), bytes_cstr(any(keys)), bytes_cstr("get")};
            const args a = {words, static_cast<uint32_t>(2 + random() % 3)};
            uint32_t at;
            const bool may = acl_check_call(u, c, &a, &at) == ACL_ALLOWED;
            const bool plain = acl_allows_plain(u, c, of(key));
            EXPECT_TRUE(may || !plain) << line << ": " << text << " " << key;
            EXPECT_TRUE(half || plain == may) << line << ": " << text << " " << key;
            (may ? allowed : refused)++;
        }
    }
    EXPECT_GT(allowed, 100U);
    EXPECT_GT(refused, 100U);
}

// Plain calls of a user who may not do everything: each by the rules as they are then.
TEST_F(Acl, ThePlainCallsOfAUser)
{
    EXPECT_EQ(user("+get +set +acl ~a:* %R~r:*"), "+OK");
    struct session &bob = login(7, "bob");
    const char *const no_key = "-NOPERM No permissions to access a key";
    EXPECT_EQ(as(bob, "set a:1 x"), "+OK");
    EXPECT_EQ(as(bob, "get a:1"), "$1 x");
    EXPECT_EQ(as(bob, "get r:1"), "$-1");
    EXPECT_EQ(as(bob, "set r:1 x"), no_key);
    EXPECT_EQ(as(bob, "get b:1"), no_key);
    EXPECT_EQ(as(bob, "strlen a:1"),
              "-NOPERM User bob has no permissions to run the 'strlen' command");
    EXPECT_EQ(run("acl setuser bob resetkeys ~b:*"), "+OK");
    EXPECT_EQ(as(bob, "get a:1"), no_key);
    EXPECT_EQ(as(bob, "get b:1"), "$-1");
    EXPECT_EQ(run("acl setuser bob -get"), "+OK");
    EXPECT_EQ(as(bob, "get b:1"), "-NOPERM User bob has no permissions to run the 'get' command");
    EXPECT_EQ(as(bob, "set b:1 x"), "+OK");
    EXPECT_EQ(run("acl setuser bob allkeys allcommands allchannels"), "+OK");
    EXPECT_EQ(as(bob, "strlen a:1"), ":1");
}

TEST_F(Acl, Selectors)
{
    EXPECT_EQ(user("+get ~a (+set ~b) (+@read %R~c)"), "+OK");
    play({{"acl dryrun bob get a", "+OK"},
          {"acl dryrun bob set b x", "+OK"},
          {"acl dryrun bob strlen c", "+OK"},
          // The refusal is that of the selector which came furthest.
          {"acl dryrun bob get b", "$49 User bob has no permissions to access the 'b' key"},
          {"acl dryrun bob del a", "$52 User bob has no permissions to run the 'del' command"},
          {"acl dryrun bob mget c d", "$49 User bob has no permissions to access the 'd' key"}});
}

TEST_F(Acl, SortLooksUpOnlyWithAllKeys)
{
    EXPECT_EQ(user("+sort +rpush ~l"), "+OK");
    struct session &s = login(2, "bob");
    EXPECT_EQ(as(s, "rpush l a"), ":1");
    EXPECT_EQ(as(s, "sort l by w*"),
              "-ERR BY option of SORT denied due to insufficient ACL permissions.");
    EXPECT_EQ(as(s, "sort l get w*"),
              "-ERR GET option of SORT denied due to insufficient ACL permissions.");
    EXPECT_EQ(as(s, "sort l by nosort"), "*1 $1 a");
    run("acl setuser bob %R~*");
    EXPECT_EQ(as(s, "sort l by w* alpha get # get w*"), "*2 $1 a $-1");
}

TEST_F(Acl, RulesCountAtExecAgain)
{
    EXPECT_EQ(user("+@all ~*"), "+OK");
    struct session &s = login(2, "bob");
    EXPECT_EQ(as(s, "multi"), "+OK");
    EXPECT_EQ(as(s, "set a 1"), "+QUEUED");
    EXPECT_EQ(as(s, "set b 1"), "+QUEUED");
    EXPECT_EQ(as(s, "incr a"), "+QUEUED");
    run("acl setuser bob resetkeys ~a -incr");
    EXPECT_EQ(as(s, "exec"),
              "*3 +OK -NOPERM ACLs rules changed between the moment the transaction was "
              "accumulated and the EXEC call. This command is no longer allowed for the following "
              "reason: no permission to touch the specified keys -NOPERM ACLs rules changed "
              "between the moment the transaction was accumulated and the EXEC call. This command "
              "is no longer allowed for the following reason: no permission to execute the command "
              "or subcommand");
    EXPECT_EQ(run("mget a b"), "*2 $1 1 $-1");
    // Refused at once, it makes the transaction void.
    EXPECT_EQ(as(s, "multi"), "+OK");
    EXPECT_EQ(as(s, "get b"), "-NOPERM No permissions to access a key");
    EXPECT_EQ(as(s, "exec"), "-EXECABORT Transaction discarded because of previous errors.");
    EXPECT_NE(run("acl log 1").find("$7 context $5 multi"), std::string::npos);
    // EXEC itself.
    EXPECT_EQ(as(s, "multi"), "+OK");
    run("acl setuser bob -exec");
    EXPECT_EQ(as(s, "exec"), "-EXECABORT Transaction discarded because of: NOPERM User bob has no "
                             "permissions to run the 'exec' command");
}

// A script has no connection of its own.
TEST_F(Acl, ADenialInAScriptNamesItsCaller)
{
    user("+@all -set ~*");
    struct session &s = login(2, "bob");
    EXPECT_EQ(as(s, "eval return(redis.pcall('set','k','1')) 0").substr(0, 28),
              "-ERR ACL failure in script: ");
    const std::string log = run("acl log 1");
    EXPECT_NE(log.find("$7 context $3 lua"), std::string::npos) << log;
    EXPECT_NE(log.find("addr=c:2"), std::string::npos) << log;
    EXPECT_NE(log.find("cmd=eval"), std::string::npos) << log;
}

TEST_F(Acl, PasswordsAndUsers)
{
    struct session &s = connect(2, "c:2");
    run("acl setuser bob on >one >two");
    run("acl setuser eve >one");
    run("acl setuser any on nopass");
    EXPECT_EQ(as(s, "auth bob three"), wrong);
    EXPECT_EQ(as(s, "auth eve one"), wrong); // off
    EXPECT_EQ(as(s, "auth nobody one"), wrong);
    EXPECT_EQ(engine_.fixed.acl->denied[ACL_DENIED_AUTH], 3u);
    EXPECT_EQ(run("acl log 1")
                  .find("*1 *20 $5 count :1 $6 reason $4 auth $7 context $8 toplevel "
                        "$6 object $4 auth $8 username $6 nobody"),
              0u);
    EXPECT_EQ(as(s, "auth bob two"), "+OK");
    EXPECT_EQ(as(s, "auth any x"), "+OK");
    EXPECT_EQ(as(s, "acl whoami"), "-NOPERM User any has no permissions to run the 'acl|whoami' "
                                   "command");
    EXPECT_EQ(as(s, "hello 3 auth bob one").substr(0, 2), "%7");
    // The default user may be switched off: new clients must log in.
    run("acl setuser default off");
    EXPECT_EQ(run("ping"), "+PONG"); // this one is in
    struct session &late = connect(3, "c:3");
    EXPECT_EQ(as(late, "ping"), "-NOAUTH Authentication required.");
    EXPECT_EQ(as(late, "auth any x"), "+OK");
    run("acl setuser any +ping");
    EXPECT_EQ(as(late, "ping"), "+PONG");
    EXPECT_EQ(as(late, "reset"), "+RESET");
    EXPECT_EQ(as(late, "ping"), "-NOAUTH Authentication required.");
}

TEST_F(Acl, WhoIsDeletedIsClosedBeforeTheAnswer)
{
    EXPECT_EQ(user("+@all ~*"), "+OK");
    struct session &s = login(2, "bob"), &other = connect(3, "c:3");
    EXPECT_EQ(run("acl deluser bob"), ":1");
    EXPECT_TRUE(s.kill);
    EXPECT_FALSE(other.kill);
    EXPECT_EQ(as(s, "set k v", PENDING_CLOSE), "");
    EXPECT_EQ(run("get k"), "$-1");
    // Who deletes himself hears the answer.
    EXPECT_EQ(user("+@all ~*"), "+OK");
    struct session &self = login(4, "bob");
    EXPECT_EQ(as(self, "acl deluser bob", PENDING_CLOSE), ":1");
}

// The flag that spares whoever may do everything the question follows his rules.
TEST_F(Acl, FreedomComesAndGoes)
{
    EXPECT_EQ(user("allcommands allkeys allchannels"), "+OK");
    struct session &s = login(2, "bob");
    EXPECT_TRUE(session_has(&s, SESSION_FREE));
    run("acl setuser bob -get");
    EXPECT_FALSE(session_has(&s, SESSION_FREE));
    EXPECT_EQ(as(s, "get k"), "-NOPERM User bob has no permissions to run the 'get' command");
    run("acl setuser bob +@all");
    EXPECT_TRUE(session_has(&s, SESSION_FREE));
    run("acl setuser bob resetkeys");
    EXPECT_FALSE(session_has(&s, SESSION_FREE));
    run("acl setuser bob (+@all ~* &*)");
    EXPECT_TRUE(session_has(&s, SESSION_FREE));
    // The default user has it, too, and so has who comes back to him.
    run("acl setuser default -flushall");
    EXPECT_FALSE(session_has(&session, SESSION_FREE));
    EXPECT_EQ(as(s, "reset"), "+RESET");
    EXPECT_FALSE(session_has(&s, SESSION_FREE));
    EXPECT_EQ(as(s, "flushall"),
              "-NOPERM User default has no permissions to run the 'flushall' command");
}

TEST_F(Acl, ClientsOfAUser)
{
    EXPECT_EQ(user("+@all"), "+OK");
    struct session &s = login(2, "bob");
    EXPECT_NE(run("client list id 2").find(" user=bob "), std::string::npos);
    EXPECT_EQ(run("client kill user nobody"), "-ERR No such user 'nobody'");
    EXPECT_EQ(run("client kill user bob"), ":1");
    EXPECT_TRUE(s.kill);
}

} // namespace
