// CLIENT: what it shows of clients, and what it does to them.
#include "tests/core/cmd/server_fixture.h"

namespace
{

using Client = Server;

TEST_F(Client, NamesItself)
{
    const char bad[] = "-ERR Client names cannot contain spaces, newlines or special characters.";
    play({{"client id", ":1"},
          {"client getname", "$-1"},
          {"client setname me", "+OK"},
          {"client getname", "$2 me"},
          {"client setname \"a b\"", bad},
          {"client setname \x7f", bad},
          {"client setname \"\"", "+OK"},
          {"client getname", "$-1"},
          {"client setinfo lib-name x-lib", "+OK"},
          {"client setinfo LIB-VER 1.2", "+OK"},
          {"client setinfo lib-ver \"1 2\"",
           "-ERR lib-ver cannot contain spaces, newlines or special characters."},
          {"client setinfo what x", "-ERR Unrecognized option 'what'"},
          {"client getredir", ":-1"},
          {"client trackinginfo", "*6 $5 flags *1 $3 off $8 redirect :-1 $8 prefixes *0"},
          {"client nothing", "-ERR unknown subcommand 'nothing'. Try CLIENT HELP."},
          {"client", "-ERR wrong number of arguments for 'client' command"},
          {"client id x", "-ERR wrong number of arguments for 'client|id' command"}});
    EXPECT_STREQ(session.registry.lib_name, "x-lib");
    EXPECT_STREQ(session.registry.lib_version, "1.2");
}

// Every field, in the order of 7.4.
TEST_F(Client, InfoIsOneLine)
{
    clock_fake_unix_ms(NOW + 5000);
    session.created_ms = NOW;
    session.last_used_ms = NOW + 2000;
    run("client setname me");
    run("client setinfo lib-name l");
    clock_fake_unix_ms(NOW + 9000);
    session.shown.fd = 8;
    session.shown.query_size = 26;
    session.shown.query_free = 100;
    const std::string line = run("client info");
    const std::string body = line.substr(line.find(' ') + 1);
    const std::string sum = std::to_string(sizeof(struct session) + 126);
    EXPECT_EQ(body,
              "id=1 addr=127.0.0.1:1001 laddr=127.0.0.1:6379 fd=8 name=me age=9 idle=4 flags=N "
              "db=0 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=26 qbuf-free=100 argv-mem=0 "
              "multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=" +
                  sum +
                  " events=r cmd=client|info user=default redir=-1 resp=2 lib-name=l lib-ver= "
                  "tot-net-in=0 tot-net-out=0 tot-cmds=2\n");
}

TEST_F(Client, FlagsAreLetters)
{
    struct session &s = connect(9, "1.1.1.1:1");
    const struct {
        uint32_t flags;
        const char *want;
    } cases[] = {
        {0, "flags=N "},
        {SESSION_MONITOR, "flags=O "},
        {SESSION_REPLICA, "flags=S "},
        {SESSION_MASTER, "flags=M "},
        {SESSION_MULTI, "flags=x "},
        {SESSION_BLOCKED | SESSION_UNIX, "flags=bU "},
        {SESSION_NO_EVICT | SESSION_NO_TOUCH | SESSION_CLOSE_AFTER, "flags=ceT "},
    };
    for (const auto &c : cases) {
        s.flags = c.flags;
        EXPECT_NE(run("client list id 9").find(c.want), std::string::npos) << c.want;
    }
    s.flags = 0;
    s.shown.patterns = 1;
    EXPECT_NE(run("client list id 9").find("flags=P "), std::string::npos);
}

// The ids in the order of the lines.
std::vector<std::string> ids(const std::string &reply)
{
    std::vector<std::string> out;
    for (size_t at = reply.find("id=");
         at != std::string::npos && (at == 0 || reply[at - 1] == ' ' || reply[at - 1] == '\n');
         at = reply.find("\nid=", at) == std::string::npos ? std::string::npos
                                                           : reply.find("\nid=", at) + 1)
        out.push_back(reply.substr(at + 3, reply.find(' ', at) - at - 3));
    return out;
}

TEST_F(Client, ListIsInTheOrderOfIds)
{
    connect(130, "c:3");
    connect(65, "c:2");
    connect(2, "c:1").shown.channels = 1;
    connect(64, "c:4").flags = SESSION_REPLICA;
    using Ids = std::vector<std::string>;
    EXPECT_EQ(ids(run("client list")), (Ids{"1", "2", "64", "65", "130"}));
    EXPECT_EQ(ids(run("client list id 130 5 2")), (Ids{"130", "2"}));
    EXPECT_EQ(ids(run("client list type normal")), (Ids{"1", "65", "130"}));
    EXPECT_EQ(ids(run("client list type PubSub")), (Ids{"2"}));
    EXPECT_EQ(ids(run("client list type replica")), (Ids{"64"}));
    EXPECT_EQ(ids(run("client list type slave")), (Ids{"64"}));
    play({{"client list type master", "$0 "},
          {"client list type x", "-ERR Unknown client type 'x'"},
          {"client list type", "-ERR syntax error"},
          {"client list type normal id 1", "-ERR syntax error"},
          {"client list id", "-ERR syntax error"},
          {"client list id x", "-ERR Invalid client ID"},
          {"client list x", "-ERR syntax error"}});
    run("hello 3");
    EXPECT_EQ(run("client list id 77"), "=4 txt:");
}

TEST_F(Client, KillsByAddress)
{
    struct session &a = connect(2, "1.1.1.1:1");
    play({{"client kill 9.9.9.9:9", "-ERR No such client"}, {"client kill 1.1.1.1:1", "+OK"}});
    EXPECT_EQ(a.kill, 1u);
    EXPECT_EQ(wakes, std::vector<uint32_t>{1});
    EXPECT_EQ(as(a, "set k v", PENDING_CLOSE), ""); // nothing of it is run any more
    EXPECT_EQ(run("exists k"), ":0");
}

TEST_F(Client, KillsItselfBehindTheAnswer)
{
    EXPECT_EQ(run("client kill skipme yes id 1"), ":0");
    EXPECT_EQ(as(session, "client kill id 1 skipme no", PENDING_CLOSE), ":1");
    EXPECT_EQ(session.kill, 0u);
}

TEST_F(Client, KillsByFilters)
{
    const struct {
        const char *command, *reply;
        std::vector<uint64_t> victims;
    } cases[] = {
        {"client kill id 2 skipme yes", ":1", {2}},
        {"client kill id 77 type normal", ":0", {}},
        {"client kill type normal user default", ":2", {2, 3}},
        {"client kill type pubsub skipme no", ":1", {4}},
        {"client kill addr c:2 type normal", ":1", {2}},
        {"client kill addr c:2 type pubsub", ":0", {}},
        {"client kill laddr 127.0.0.1:6379 addr c:4", ":1", {4}},
        {"client kill laddr 1:2 skipme yes", ":0", {}},
        {"client kill maxage 100 skipme yes", ":1", {3}},
        {"client kill skipme yes maxage 1000", ":0", {}},
    };
    for (uint64_t id = 2; id <= 4; id++)
        connect(id, ("c:" + std::to_string(id)).c_str());
    others[1]->created_ms = NOW - 100'000;
    others[2]->shown.channels = 1;
    for (const auto &c : cases) {
        SCOPED_TRACE(c.command);
        EXPECT_EQ(run(c.command), c.reply);
        std::vector<uint64_t> victims;
        for (auto &s : others) {
            if (s->kill)
                victims.push_back(s->id);
            s->kill = s->client->kill = 0;
        }
        EXPECT_EQ(victims, c.victims);
    }
    play({{"client kill id 0 skipme no", "-ERR client-id should be greater than 0"},
          {"client kill id x skipme no", "-ERR client-id should be greater than 0"},
          {"client kill maxage x skipme no", "-ERR maxage is not an integer or out of range"},
          {"client kill maxage 0 skipme no", "-ERR maxage should be greater than 0"},
          {"client kill id 1 skipme", "-ERR syntax error"},
          {"client kill id 1 skipme maybe", "-ERR syntax error"},
          {"client kill type x", "-ERR Unknown client type 'x'"},
          {"client kill user bob", "-ERR No such user 'bob'"},
          {"client kill what x", "-ERR syntax error"},
          {"client kill", "-ERR wrong number of arguments for 'client|kill' command"}});
}

TEST_F(Client, ReplyModes)
{
    play({{"client reply skip", ""},
          {"set k v", ""},
          {"get k", "$1 v"},
          {"client reply off", ""},
          {"get k", ""},
          {"client reply skip", ""},
          {"get k", ""},
          {"client reply on", "+OK"},
          {"get k", "$1 v"},
          {"client reply what", "-ERR syntax error"}});
}

TEST_F(Client, Switches)
{
    play({{"client no-evict on", "+OK"},
          {"client no-touch on", "+OK"},
          {"client no-touch what", "-ERR syntax error"}});
    EXPECT_TRUE(session_has(&session, SESSION_NO_EVICT));
    EXPECT_TRUE(session_has(&session, SESSION_NO_TOUCH));
    play({{"client no-evict off", "+OK"}, {"client no-touch off", "+OK"}});
    EXPECT_FALSE(session_has(&session, SESSION_NO_EVICT | SESSION_NO_TOUCH));
}

TEST_F(Client, Unblock)
{
    struct session &s = connect(2, "c:2");
    play({{"client unblock 2", ":0"},
          {"client unblock 77", ":0"},
          {"client unblock x", "-ERR value is not an integer or out of range"},
          {"client unblock 2 what", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"}});
    session_set(&s, SESSION_BLOCKED, true);
    EXPECT_EQ(run("client unblock 2 error"), ":1");
    EXPECT_EQ(s.client->unblock, static_cast<uint32_t>(UNBLOCK_ERROR));
    EXPECT_EQ(run("client unblock 2"), ":0");
}

TEST_F(Client, PauseHoldsBackWritesOrAll)
{
    struct session &other = connect(2, "c:2");
    play({{"client pause x", "-ERR timeout is not an integer or out of range"},
          {"client pause -1", "-ERR timeout is negative"},
          {"client pause 9223372036854775807", "-ERR timeout is out of range"},
          {"client pause 1 what", "-ERR CLIENT PAUSE mode must be WRITE or ALL"},
          {"client pause 1000 write", "+OK"}});
    EXPECT_EQ(as(other, "get k"), "$-1");
    EXPECT_EQ(as(other, "set k v", PENDING_PARKED), "");
    other.parked = false;
    EXPECT_EQ(run("client unpause"), "+OK");
    EXPECT_EQ(wakes, (std::vector<uint32_t>{0, 1}));
    EXPECT_EQ(as(other, "set k v"), "+OK");

    // A second pause neither shortens nor weakens the first.
    EXPECT_EQ(run("client pause 1000"), "+OK");
    EXPECT_EQ(as(other, "get k", PENDING_PARKED), "");
    other.parked = false;
    EXPECT_EQ(engine_.pause[PAUSE_BY_CLIENT].until_ms, NOW + 1000);
    clock_fake_unix_ms(NOW + 1000);
    EXPECT_EQ(as(other, "get k", PENDING_PARKED), ""); // the last millisecond may have just begun
    other.parked = false;
    clock_fake_unix_ms(NOW + 1001);
    EXPECT_EQ(as(other, "get k"), "$1 v"); // it is over by itself
}

TEST_F(Client, HelpNamesEverySubcommand)
{
    const std::string help = run("client help");
    const command_info *c = command_index_lookup(engine_.fixed.commands, bytes_cstr("client"));
    for (uint32_t i = 0; i < c->subcommand_count; i++) {
        std::string word = c->subcommands[i].name;
        for (char &ch : word)
            ch = static_cast<char>(toupper(ch));
        EXPECT_NE(help.find("+" + word), std::string::npos) << word;
    }
}

} // namespace
