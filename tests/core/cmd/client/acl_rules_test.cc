// Rules of users: what each word does, and the texts that say it again, as valkey-server 8.0 and
// redis-server 7.2 print them.
#include "core/cmd/client/acl_rules.h"

#include "core/cmd/command/tables.h"
#include "core/cmd/command/tables_server.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace
{

bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

class AclRules : public ::testing::Test
{
  protected:
    AclRules() : index_(command_index_new())
    {
        uint32_t count;
        const command *const *tables = command_tables(&count);
        for (uint32_t i = 0; i < count; i++)
            command_index_add(index_, tables[i]);
        for (const command *rows :
             {connection_commands, auth_commands, acl_commands, client_commands, command_commands})
            command_index_add(index_, rows);
        basis.commands = index_;
        rules = acl_rules_new(&basis);
    }
    ~AclRules() override
    {
        acl_rules_free(rules);
        command_index_free(index_);
    }

    // Words parted by single spaces; "" is one word that is empty.
    std::string set(const std::string &line)
    {
        std::vector<std::string> words(1);
        for (const char c : line)
            if (c == ' ')
                words.emplace_back();
            else
                words.back() += c;
        std::vector<bytes> v;
        for (const std::string &w : words)
            v.push_back(of(w));
        buf bad{};
        const bytes *open = nullptr;
        const acl_fault fault = acl_rules_set_all(rules, &basis, v.data(), v.size(), &bad, &open);
        std::string out;
        if (open)
            out = "open: " + std::string(open->data, open->size);
        else if (fault != ACL_FINE)
            out = std::string(bad.data, bad.size) + ": " + acl_fault_text(fault);
        buf_release(&bad);
        return out;
    }

    std::string text(const acl_rules *r = nullptr) const
    {
        buf out{};
        acl_rules_append(&out, r ? r : rules);
        std::string s(out.data, out.size);
        buf_release(&out);
        return s;
    }

    bool allows(const char *name) const
    {
        const command_info *c = command_index_lookup(index_, bytes_cstr(name));
        EXPECT_NE(c, nullptr) << name;
        return acl_selector_has(&rules->selectors[0], c);
    }

    acl_basis basis{};
    acl_rules *rules;
    command_index *index_;
};

TEST_F(AclRules, ANewUserMayNothing)
{
    EXPECT_EQ(text(), "off sanitize-payload resetchannels -@all");
    EXPECT_FALSE(allows("get"));
    EXPECT_FALSE(acl_rules_allow_all(rules));
    basis.all_channels = true;
    acl_rules *other = acl_rules_new(&basis);
    EXPECT_EQ(text(other), "off sanitize-payload &* -@all");
    acl_rules_free(other);
}

TEST_F(AclRules, Texts)
{
    const struct {
        const char *rules, *text;
    } cases[] = {
        {"on nopass allkeys allchannels allcommands", "on nopass sanitize-payload ~* &* +@all"},
        {"ON NoPass ~* &* +@ALL", "on nopass sanitize-payload ~* &* +@all"},
        {"~a:* %R~b:* %w~c %rW~d &ch +get +client|list +select|0 -@dangerous",
         "off sanitize-payload ~a:* %R~b:* %W~c ~d resetchannels &ch -@all +get +client|list "
         "+select|0 -@dangerous"},
        {"%R~x %W~x", "off sanitize-payload ~x resetchannels -@all"},
        {"~x ~x &y &y", "off sanitize-payload ~x resetchannels &y -@all"},
        {"+@all -get -@read +acl|load",
         "off sanitize-payload resetchannels +@all -get -@read +acl|load"},
        {"+@all -get -@read +acl|load -acl",
         "off sanitize-payload resetchannels +@all -get -@read -acl"},
        {"+get -get +get", "off sanitize-payload resetchannels -@all +get"},
        {"+client +client|id -client|id",
         "off sanitize-payload resetchannels -@all +client -client|id"},
        {"+GET +Client|LIST +SELECT|A",
         "off sanitize-payload resetchannels -@all +get +client|list "
         "+select|a"},
        {"-@all +@ReAd", "off sanitize-payload resetchannels -@all +@read"},
        {"+@read nocommands +get", "off sanitize-payload resetchannels -@all +get"},
        {"(+get ~a) (+set %R~b)",
         "off sanitize-payload resetchannels -@all (~a resetchannels -@all "
         "+get) (%R~b resetchannels -@all +set)"},
        {"( +get  ~a ) (~*)", "off sanitize-payload resetchannels -@all (~a resetchannels -@all "
                              "+get) (~* resetchannels -@all)"},
        {"(+get) clearselectors ()",
         "off sanitize-payload resetchannels -@all (resetchannels -@all)"},
        {"on >p ~a skip-sanitize-payload (+get) reset", "off sanitize-payload resetchannels -@all"},
        {">p", "off sanitize-payload "
               "#148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940 resetchannels "
               "-@all"},
        {">p >p <p skip-sanitize-payload", "off skip-sanitize-payload resetchannels -@all"},
        {">p nopass", "off nopass sanitize-payload resetchannels -@all"},
        {"nopass resetpass", "off sanitize-payload resetchannels -@all"},
        {"nopass #148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940 "
         "!148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940",
         "off sanitize-payload resetchannels -@all"},
        {"allkeys resetkeys ~z", "off sanitize-payload ~z resetchannels -@all"},
        {"allchannels resetchannels &z", "off sanitize-payload resetchannels &z -@all"},
        {"", "off sanitize-payload resetchannels -@all"},
        // Redis has it, and this server not yet.
        {"+sentinel -failover", "off sanitize-payload resetchannels -@all +sentinel -failover"},
    };
    for (const auto &c : cases) {
        SCOPED_TRACE(c.rules);
        acl_rules_free(rules);
        rules = acl_rules_new(&basis);
        EXPECT_EQ(set(c.rules), "");
        EXPECT_EQ(text(), c.text);
        // What is printed makes the same rules, and so does a copy.
        acl_rules *before = acl_rules_copy(rules);
        EXPECT_EQ(text(before), c.text);
        acl_rules_free(rules);
        rules = acl_rules_new(&basis);
        EXPECT_EQ(set(text(before)), "");
        EXPECT_EQ(text(), c.text);
        EXPECT_EQ(memcmp(rules->selectors[0].commands, before->selectors[0].commands,
                         sizeof rules->selectors[0].commands),
                  0);
        acl_rules_free(before);
    }
}

TEST_F(AclRules, Faults)
{
    const std::string syntax = ": Syntax error";
    const std::string name = ": Unknown command or category name in ACL";
    const std::string hash = ": The password hash must be exactly 64 characters and contain only "
                             "lowercase hexadecimal characters";
    const std::string keys =
        ": Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not "
        "have any effect. Try 'resetkeys' to start with an empty list of patterns";
    const std::string none = ": The password you are trying to remove from the user does not exist";
    const struct {
        std::string rules, want;
    } cases[] = {
        {"foo", "foo" + syntax},
        {"+", "+" + name},
        {"+@", "+@" + name},
        {"+foo", "+foo" + name},
        {"+@foo", "+@foo" + name},
        {"-foo|bar", "-foo|bar" + name},
        {"+client|foo", "+client|foo" + name},
        {"+client|list|x", "+client|list|x: Allowing first-arg of a subcommand is not supported"},
        {"+get|", "+get|" + syntax},
        {"-get|x", "-get|x" + name},
        {"allkeys ~x", "~x" + keys},
        {"~* %R~x", "%R~x" + keys},
        {"%~x", "%~x" + syntax},
        {"%R", "%R" + syntax},
        {"%RR~x", "%RR~x" + syntax},
        {"%X~x", "%X~x" + syntax},
        {"~a\tb", "~a\tb" + syntax},
        {"&a\tb", "&a\tb" + syntax},
        {"<zz", "<zz" + none},
        {"#zz", "#zz" + hash},
        {"!zz", "!zz" + hash},
        {"#148DE9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940",
         "#148DE9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940" + hash},
        {"(+get", "open: (+get"},
        {"on (+get +foo)", "(+get +foo)" + name},
        {"(+get (+set)", "(+get (+set)" + syntax},
        {"(>p)", "(>p)" + syntax},
        {"+get (", "open: ("},
    };
    for (const auto &c : cases) {
        acl_rules_free(rules);
        rules = acl_rules_new(&basis);
        EXPECT_EQ(set(c.rules), c.want);
    }
}

TEST_F(AclRules, CommandsAndCategories)
{
    EXPECT_EQ(set("+@hash -hset +client -client|kill"), "");
    EXPECT_TRUE(allows("hget"));
    EXPECT_FALSE(allows("hset"));
    EXPECT_FALSE(allows("get"));
    EXPECT_TRUE(allows("client|list"));
    EXPECT_FALSE(allows("client|kill"));
    EXPECT_EQ(set("+@all"), "");
    EXPECT_TRUE(allows("hset"));
    EXPECT_TRUE(rules->selectors[0].flags & ACL_ALL_COMMANDS);
    EXPECT_EQ(set("-client|kill"), "");
    EXPECT_FALSE(rules->selectors[0].flags & ACL_ALL_COMMANDS);
    EXPECT_FALSE(allows("client|kill"));
}

TEST_F(AclRules, ARenamedCommandKeepsItsName)
{
    ASSERT_EQ(command_index_rename(index_, bytes_cstr("get"), bytes_cstr("fetch")), LK_OK);
    EXPECT_EQ(set("+get"), "");
    EXPECT_TRUE(allows("fetch"));
    EXPECT_EQ(set("+fetch"), "+fetch: Unknown command or category name in ACL");
}

TEST_F(AclRules, PasswordsAreBytes)
{
    uint8_t hash[SHA256_BYTES];
    const std::string password("p\0q ", 4), rule = ">" + password;
    EXPECT_EQ(acl_rules_set(rules, &basis, of(rule)), ACL_FINE);
    sha256_of(of(password), hash);
    EXPECT_TRUE(acl_rules_know_password(rules, hash));
    sha256_of(bytes_cstr("p"), hash);
    EXPECT_FALSE(acl_rules_know_password(rules, hash));
}

// Any words: no crash, and what they make is printed so that it makes the same again.
TEST_F(AclRules, RandomWords)
{
    static const char *const parts[] = {
        "on",      "off",       "nopass",
        "allkeys", "resetkeys", "~",
        "%R~",     "%W~",       "&",
        ">",       "<",         "#",
        "!",       "+",         "-",
        "@",       "all",       "get",
        "set",     "|",         "read",
        "client",  "list",      " (",
        ") ",      "*",         "a:*",
        "x",       "{",         "\t",
        "reset",   "channels",  "clearselectors",
        "select",  "0",         "\\",
        "[a-z]",   "?",         "dangerous",
        " ",
    };
    std::mt19937_64 random(test_seed());
    for (int round = 0; round < 20000; round++) {
        std::string line;
        for (uint64_t n = 1 + random() % 12; n > 0; n--)
            line += parts[random() % (sizeof parts / sizeof *parts)];
        acl_rules_free(rules);
        rules = acl_rules_new(&basis);
        if (set(line) != "")
            continue;
        const std::string first = text();
        acl_rules *before = rules;
        rules = acl_rules_new(&basis);
        EXPECT_EQ(set(first), "") << line << " gave " << first;
        EXPECT_EQ(text(), first) << line;
        for (uint32_t i = 0; i < before->selector_count; i++)
            EXPECT_EQ(memcmp(rules->selectors[i].commands, before->selectors[i].commands,
                             sizeof rules->selectors[i].commands),
                      0)
                << line;
        acl_rules_free(before);
    }
}

} // namespace
