/*
 * acl_test.cc — users over the wire: what several clients see of each other's rules, the files, and
 * the same questions to a reference server.
 */
#include "tests/support/blocked.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

namespace
{

using namespace lk;

const char kOk[] = "+OK\r\n";
const char kNoPerm[] = "-NOPERM No permissions to access a key\r\n";

Client login(const Server &server, const std::string &user)
{
    Client c = server.connect();
    EXPECT_EQ(c.call_raw({"AUTH", user, "p"}), kOk);
    return c;
}

std::string contents(const std::string &path)
{
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

void put_file(const std::string &path, const std::string &text)
{
    std::ofstream(path, std::ios::trunc) << text;
}

/* --- revocation ------------------------------------------------------------------------------ */

TEST(AclWire, AWaiterMayNoLongerHaveItsKey)
{
    const auto server = Server::tested();
    Client admin = server->connect();
    admin.call({"ACL", "SETUSER", "bob", "on", ">p", "~*", "+@all"});
    Client bob = login(*server, "bob");
    bob.send(Args{"BLPOP", "list", "0"});
    wait_blocked(admin, 1);
    EXPECT_EQ(admin.call_raw({"ACL", "SETUSER", "bob", "resetkeys", "~other"}), kOk);
    EXPECT_EQ(admin.call_raw({"RPUSH", "list", "v"}), ":1\r\n");
    EXPECT_EQ(bob.read_raw(), kNoPerm);
    EXPECT_EQ(admin.call_raw({"LLEN", "list"}), ":1\r\n");
    EXPECT_EQ(bob.call_raw({"GET", "other"}), "$-1\r\n");
}

TEST(AclWire, NothingOfADeletedUserRunsBehindTheAnswer)
{
    const auto server = Server::tested({{"io-threads", "3"}});
    Client admin = server->connect();
    for (int round = 0; round < 20; round++) {
        admin.call({"ACL", "SETUSER", "bob", "on", ">p", "~*", "+@all"});
        std::vector<Client> bobs;
        for (int i = 0; i < 6; i++)
            bobs.push_back(login(*server, "bob"));
        for (Client &bob : bobs)
            for (int i = 0; i < 50; i++)
                bob.send(Args{"INCR", "n"});
        EXPECT_EQ(admin.call_raw({"ACL", "DELUSER", "bob"}), ":1\r\n");
        const std::string after = admin.call_raw({"GET", "n"});
        for (Client &bob : bobs)
            bob.read_to_end();
        EXPECT_EQ(admin.call_raw({"GET", "n"}), after);
    }
    EXPECT_EQ(admin.call_raw({"ACL", "WHOAMI"}), "$7\r\ndefault\r\n");
}

/* Behind the answer neither a command nor a message. */
TEST(AclWire, ALostChannelIsSilentBehindTheAnswer)
{
    const auto server = Server::tested({{"io-threads", "3"}});
    Client admin = server->connect();
    for (int round = 0; round < 20; round++) {
        admin.call({"ACL", "SETUSER", "bob", "reset", "on", ">p", "&a", "&b*", "+@all"});
        std::vector<Client> bobs;
        for (int i = 0; i < 4; i++) {
            bobs.push_back(login(*server, "bob"));
            bobs.back().call({i % 2 ? "SUBSCRIBE" : "SSUBSCRIBE", "a"});
        }
        bobs.push_back(login(*server, "bob"));
        bobs.back().call({"PSUBSCRIBE", "b*"});
        Client keeps = login(*server, "bob");
        keeps.call({"SUBSCRIBE", "b1"});
        // What bob gains closes nobody.
        EXPECT_EQ(admin.call_raw({"ACL", "SETUSER", "bob", "&c"}), kOk);
        EXPECT_EQ(admin.call_raw({"PUBLISH", "a", "before"}), ":2\r\n");
        EXPECT_EQ(admin.call_raw({"ACL", "SETUSER", "bob", "resetchannels", "&b?"}), kOk);
        admin.call({"PUBLISH", "a", "behind"});
        admin.call({"SPUBLISH", "a", "behind"});
        admin.call({"PUBLISH", "b1", "behind"});
        for (Client &bob : bobs)
            EXPECT_EQ(bob.read_to_end().find("behind"), std::string::npos);
        EXPECT_EQ(keeps.read_raw(), "*3\r\n$7\r\nmessage\r\n$2\r\nb1\r\n$6\r\nbehind\r\n");
    }
}

/* --- secrets --------------------------------------------------------------------------------- */

TEST(AclWire, NoLogShowsAPassword)
{
    const auto server = Server::tested({{"slowlog-log-slower-than", "0"}});
    Client admin = server->connect(), watcher = server->connect();
    watcher.call({"MONITOR"});
    admin.call({"ACL", "SETUSER", "bob", "on", ">s3cret"});
    admin.call({"AUTH", "bob", "s3cret-wrong"});
    admin.call({"HELLO", "2", "AUTH", "bob", "s3cret-wrong"});
    admin.call({"CONFIG", "SET", "requirepass", "s3cret"});
    admin.call({"ACL", "DRYRUN", "bob", "AUTH", "bob", "s3cret"});
    admin.call({"MIGRATE", "127.0.0.1", "1", "k", "0", "10", "AUTH2", "bob", "s3cret"});
    for (const char *setting : {"masterauth", "tls-key-file-pass", "tls-client-key-file-pass"})
        admin.call({"CONFIG", "SET", "no-such-thing", "1", setting, "s3cret"});
    admin.call({"PING", "the-end"});
    std::string shown;
    while (shown.find("the-end") == std::string::npos)
        shown += watcher.read_raw();
    EXPECT_EQ(shown.find("s3cret"), std::string::npos) << shown;
    for (const Args &question : {Args{"SLOWLOG", "GET", "-1"}, Args{"ACL", "LOG"},
                                 Args{"ACL", "LIST"}, Args{"CLIENT", "LIST"}})
        EXPECT_EQ(admin.call_raw(question).find("s3cret"), std::string::npos) << question[0];
    EXPECT_EQ(server->log().find("s3cret"), std::string::npos);
}

/* --- files ----------------------------------------------------------------------------------- */

TEST(AclWire, TheFileIsTakenWholeOrNotAtAll)
{
    TempDir place;
    const std::string path = place.path() + "/users.acl";
    put_file(path, "user alice on >p ~a:* +@all\n\n  user default on nopass ~* &* +@all  \n");
    const auto server = Server::tested({{"aclfile", path}});
    Client admin = server->connect(), alice = login(*server, "alice");
    EXPECT_EQ(alice.call_raw({"GET", "a:1"}), "$-1\r\n");
    const std::string before = admin.call_raw({"ACL", "LIST"});
    const std::string none = " WARNING: ACL errors detected, no change to the previously active "
                             "ACL rules was performed\r\n";
    const std::map<std::string, std::string> faults = {
        {"foo bar\n", path + ":1 should start with user keyword followed by the username."},
        {"user\n", path + ":1 should start with user keyword followed by the username."},
        {"# x\n", path + ":1 should start with user keyword followed by the username."},
        {"user alice on foo bar\n", path + ":1: Syntax error."},
        {"\nuser a on\nuser a off\n", "WARNING: Duplicate user 'a' found on line 3."},
        {"user a +foo\nuser b +bar +baz\n",
         path +
             ":1: Error in applying operation '+foo': Unknown command or category name in ACL. " +
             path +
             ":2: Error in applying operation '+bar': Unknown command or category name in "
             "ACL. " +
             path +
             ":2: Error in applying operation '+baz': Unknown command or category name in ACL."},
        {"user a (+get\n",
         path + ":1: Unmatched parenthesis in selector definition starting at '(+get'."},
    };
    for (const auto &[text, why] : faults) {
        put_file(path, text);
        EXPECT_EQ(admin.call_raw({"ACL", "LOAD"}), "-ERR " + why + none) << text;
        EXPECT_EQ(admin.call_raw({"ACL", "LIST"}), before) << text;
    }
    // Alice goes and is closed; the default user is as at first.
    put_file(path, "user bob on nopass +@all\n");
    EXPECT_EQ(admin.call_raw({"ACL", "LOAD"}), kOk);
    EXPECT_EQ(alice.read_to_end(), "");
    EXPECT_EQ(admin.call_raw({"ACL", "USERS"}), "*2\r\n$3\r\nbob\r\n$7\r\ndefault\r\n");
    EXPECT_EQ(admin.call_raw({"ACL", "SAVE"}), kOk);
    EXPECT_EQ(contents(path), "user bob on nopass sanitize-payload resetchannels +@all\n"
                              "user default on nopass sanitize-payload ~* &* +@all\n");
    std::filesystem::remove(path);
    EXPECT_EQ(admin.call_raw({"ACL", "LOAD"}), "-ERR Error loading ACLs, opening file '" + path +
                                                   "': No such file or directory\r\n");
    EXPECT_EQ(server->stop(), 0);
}

/* Any bytes: an answer, and the users as before unless it was +OK. */
TEST(AclWire, TheFileMayHoldAnything)
{
    TempDir place;
    const std::string path = place.path() + "/users.acl";
    put_file(path, "");
    const auto server = Server::tested({{"aclfile", path}});
    Client admin = server->connect();
    const std::string good = "user default on nopass ~* &* +@all\nuser alice on >p ~a:* %R~b "
                             "resetchannels &c -@all +@read +config|get (+set ~x)\n";
    std::mt19937_64 random(test_seed());
    std::string before = admin.call_raw({"ACL", "LIST"});
    for (int round = 0; round < 400; round++) {
        std::string text = good;
        for (uint64_t n = random() % 4; n > 0; n--) {
            const size_t at = 35 + random() % (text.size() - 35);
            switch (random() % 3) {
            case 0:
                text[at] = static_cast<char>(random());
                break;
            case 1:
                text.erase(at, 1 + random() % 6);
                break;
            default:
                text.insert(at, 1, "()~%+-@&#<>! \n\t\r*"[random() % 17]);
            }
        }
        put_file(path, text);
        const std::string answer = admin.call_raw({"ACL", "LOAD"});
        const std::string after = admin.call_raw({"ACL", "LIST"});
        ASSERT_TRUE(answer == kOk || answer[0] == '-') << printable(answer);
        if (answer != kOk) {
            EXPECT_EQ(after, before) << printable(text);
        }
        before = after;
    }
    EXPECT_EQ(server->stop(), 0);
}

TEST(AclWire, LinesOfTheConfiguration)
{
    TempDir place;
    const std::string path = place.path() + "/l.conf";
    put_file(path, "requirepass first\nuser bob on >p ~b:* +@all\nacl-pubsub-default allchannels\n"
                   "user default on >second ~* &* +@all\n");
    Args args = tested_program();
    const int port = free_port();
    args.insert(args.begin() + 1, path);
    args.insert(args.end(), {"--port", std::to_string(port), "--save", "", "--dir", place.path()});
    {
        Process process(args);
        ASSERT_TRUE(process.wait_output("Ready to accept connections")) << process.output();
        Client c = Client::tcp(port);
        EXPECT_EQ(c.call_raw({"PING"}), "-NOAUTH Authentication required.\r\n");
        EXPECT_EQ(c.call({"AUTH", "first"}).type, '-') << "the user's line has the last word";
        EXPECT_EQ(c.call_raw({"AUTH", "second"}), kOk);
        c.call({"ACL", "SETUSER", "eve", "on", "+get", "(+set ~e)"});
        c.call({"ACL", "DELUSER", "bob"});
        EXPECT_EQ(c.call_raw({"CONFIG", "REWRITE"}), kOk);
        process.signal(SIGTERM);
        EXPECT_EQ(process.wait_exit(), 0);
    }
    const std::string text = contents(path);
    EXPECT_EQ(text.find("user bob"), std::string::npos) << text;
    EXPECT_NE(text.find("user eve on sanitize-payload &* -@all +get (~e &* -@all +set)\n"),
              std::string::npos)
        << text;
    Process process(args);
    ASSERT_TRUE(process.wait_output("Ready to accept connections")) << process.output();
    Client c = Client::tcp(port);
    EXPECT_EQ(c.call_raw({"AUTH", "second"}), kOk);
    EXPECT_EQ(c.call({"ACL", "USERS"}).items.size(), 2u);
    // A new user hears what acl-pubsub-default says.
    c.call({"CONFIG", "SET", "acl-pubsub-default", "resetchannels"});
    c.call({"ACL", "SETUSER", "late"});
    EXPECT_EQ(c.call({"ACL", "LIST"}).items.at(2).text,
              "user late off sanitize-payload resetchannels -@all");
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait_exit(), 0);
}

TEST(AclWire, WhatIsWrongStopsTheStart)
{
    TempDir place;
    const std::map<std::string, std::string> faults = {
        {"user bob on +foo\n",
         "Error in user declaration '+foo': Unknown command or category name in ACL"},
        {"user bob on\nuser bob off\n", "Error in user declaration 'bob': Duplicate user found. A "
                                        "user can only be defined once in config files"},
        {"user bob (+get\n", "Unmatched parenthesis in selector definition starting at '(+get'"},
        {"user \"b b\" on\n", "Spaces not allowed in ACL usernames"},
        {"aclfile nosuch.acl\n", "Aborting Redis startup because of ACL errors: Error loading "
                                 "ACLs, opening file 'nosuch.acl': No such file or directory"},
        {"aclfile x.acl\nuser bob on\n", "Please use one of the two, not both."},
    };
    for (const auto &[text, why] : faults) {
        const std::string path = place.path() + "/l.conf";
        put_file(path, text + "save \"\"\ndir " + place.path() + "\n");
        Args args = tested_program();
        args.insert(args.begin() + 1, path);
        args.insert(args.end(), {"--port", std::to_string(free_port())});
        const Outcome end = run_program(args);
        EXPECT_EQ(end.exit_code, 1) << text;
        EXPECT_NE(end.output.find(why), std::string::npos) << text << end.output;
    }
}

/* --- the same questions to a reference server ------------------------------------------------ */

/* Name to arity, and categories as one text, of commands and subcommands. */
std::map<std::string, std::pair<int, std::string>> command_rows(Client &client)
{
    std::map<std::string, std::pair<int, std::string>> rows;
    const auto add = [&rows](const Reply &info, const auto &self) -> void {
        std::set<std::string> categories;
        for (const Reply &c : info.items.at(6).items)
            categories.insert(c.text);
        std::string all;
        for (const std::string &c : categories)
            all += c + " ";
        rows[info.items.at(0).text] = {std::stoi(info.items.at(1).text), all};
        if (info.items.size() > 9)
            for (const Reply &sub : info.items.at(9).items)
                self(sub, self);
    };
    for (const Reply &info : client.call({"COMMAND"}).items)
        add(info, add);
    return rows;
}

/*
 * Where the reference, 7.0.15, is not asked, because it answers otherwise on purpose or by mistake:
 * pfmerge and the like of one key alone, whose second range it finds broken and then asks for no
 * key at all; keys of XREAD that it finds behind words that are no options.  For the same reason no
 * call here has a count of no keys.
 */
const std::set<std::string> kNotAsked = {"migrate", "pfmerge", "xread", "xreadgroup", "sintercard"};

Args random_rules(std::mt19937_64 &random, const std::vector<std::string> &commands, bool nested)
{
    static const std::vector<std::string> plain = {"allkeys",       "resetkeys",   "allchannels",
                                                   "resetchannels", "allcommands", "nocommands"};
    static const std::vector<std::string> categories = {
        "keyspace", "read",   "write",  "set",        "sortedset",   "list",       "hash",
        "string",   "pubsub", "admin",  "fast",       "slow",        "blocking",   "dangerous",
        "stream",   "geo",    "bitmap", "connection", "transaction", "hyperloglog"};
    static const std::vector<std::string> globs = {"a*",    "b",  "x:*", "x:?",
                                                   "[xy]*", "ab", "y",   "*b"};
    const auto pick = [&random](const std::vector<std::string> &from) {
        return from[random() % from.size()];
    };
    Args rules;
    for (uint64_t n = 1 + random() % 8; n > 0; n--)
        switch (random() % 8) {
        case 0:
            rules.push_back(pick(plain));
            break;
        case 1:
        case 2:
            rules.push_back((random() % 3 ? "+@" : "-@") + pick(categories));
            break;
        case 3:
        case 4:
            rules.push_back((random() % 3 ? "+" : "-") + pick(commands));
            break;
        case 5:
            rules.push_back("&" + pick(globs));
            break;
        default:
            rules.push_back(pick({"~", "~", "%R~", "%W~", "%RW~"}) + pick(globs));
        }
    if (nested && random() % 3 == 0) {
        rules.push_back("(");
        for (const std::string &rule : random_rules(random, commands, false))
            rules.back() += rule + " ";
        rules.back().back() = ')';
    }
    return rules;
}

Args random_call(std::mt19937_64 &random, const std::string &name, int arity)
{
    static const std::vector<std::string> words = {
        "a", "b",   "ab",      "x:1",   "x:2",     "y",   "yy",     "a",  "b",    "x:1",
        "1", "1",   "2",       "3",     "10",      "get", "store",  "by", "left", "count",
        "*", "set", "streams", "limit", "replace", "ex",  "incrby", "u8", "db",   "keys"};
    Args call = {"ACL", "DRYRUN", "u"};
    const size_t bar = name.find('|');
    call.push_back(name.substr(0, bar));
    if (bar != std::string::npos)
        call.push_back(name.substr(bar + 1));
    const size_t least = static_cast<size_t>(arity < 0 ? -arity : arity);
    const size_t count = 3 + least + (arity < 0 ? random() % 5 : 0);
    while (call.size() < count)
        call.push_back(words[random() % words.size()]);
    return call;
}

/* No rule lets through what the reference refuses, nor the other way round. */
TEST(AclWire, RandomRulesAllowWhatTheReferenceAllows)
{
    const auto reference = Server::oracle(), tested = Server::tested();
    Client want = reference->connect(), got = tested->connect();
    const auto rows = command_rows(want), ours = command_rows(got);
    std::vector<std::string> commands;
    for (const auto &[name, row] : rows) {
        const auto mine = ours.find(name);
        /* A row whose categories are 7.4's is not 7.0's to judge. */
        if (mine != ours.end() && mine->second == row && !kNotAsked.count(name))
            commands.push_back(name);
    }
    ASSERT_GT(commands.size(), 200u);
    /* The same rules each time unless a seed is given: new corners of the reference fail no build.
     */
    std::mt19937_64 random(given_seed() ? test_seed() : 1);
    for (int round = 0; round < 25; round++) {
        const Args rules = random_rules(random, commands, true);
        Args set = {"ACL", "SETUSER", "u", "reset", "on"};
        set.insert(set.end(), rules.begin(), rules.end());
        const std::string answer = want.call_raw(set);
        ASSERT_EQ(got.call_raw(set), answer) << printable(set);
        /* What was said of commands 7.0 tells from their bits, and 7.4 as it was said. */
        const Reply shown = got.call({"ACL", "GETUSER", "u"}),
                    due = want.call({"ACL", "GETUSER", "u"});
        for (const size_t field : {1, 3, 7, 9})
            ASSERT_EQ(shown.items.at(field).raw, due.items.at(field).raw) << printable(set);
        std::vector<Args> calls;
        for (const std::string &name : commands)
            calls.push_back(random_call(random, name, rows.at(name).first));
        const std::vector<Reply> right = want.pipeline(calls), mine = got.pipeline(calls);
        for (size_t i = 0; i < calls.size(); i++)
            ASSERT_EQ(mine[i].raw[0] == '+', right[i].raw[0] == '+')
                << printable(set) << "\n"
                << printable(calls[i]) << "\n"
                << printable(mine[i].raw) << printable(right[i].raw);
    }
}

} // namespace
