// What the slow log keeps, cuts off and hides.
#include "core/base/mem.h"
#include "core/cmd/client/secret.h"
#include "core/cmd/client/session.h"
#include "core/cmd/client/slowlog.h"
#include "core/cmd/engine/session_end.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace
{

std::vector<bytes> words_of(const std::vector<std::string> &words)
{
    std::vector<bytes> v;
    for (const std::string &w : words)
        v.push_back(bytes_of(w.data(), w.size()));
    return v;
}

std::string text(bytes b)
{
    return {b.data, b.size};
}

class Slowlog : public ::testing::Test
{
  protected:
    Slowlog()
    {
        session_init(&session, 1);
        session.registry.peer = mem_strdup("1.2.3.4:5");
        session.registry.name = mem_strdup("me");
    }

    ~Slowlog() override
    {
        slowlog_free(log);
        session_release(&session);
    }

    static bool is_secret(bytes directive)
    {
        return bytes_is_word(directive, "requirepass") || bytes_is_word(directive, "masterauth");
    }

    // As if a row of that name had run, whatever the client called it.
    void add(const std::vector<std::string> &words, const std::string &row_name = "",
             bool (*secret)(bytes) = is_secret)
    {
        const std::string name = row_name.empty() ? words[0] : row_name;
        command row{};
        row.name = name.c_str();
        command_info info{};
        info.row = &row;
        const secret_rule rule = {&info, secret};
        const std::vector<bytes> v = words_of(words);
        const args a = {v.data(), static_cast<uint32_t>(v.size())};
        slowlog_add(log, &session, &rule, &a, 1000, 7);
    }

    // "id:word word", newest first.
    std::vector<std::string> entries(uint64_t max = UINT64_MAX)
    {
        std::vector<std::string> out;
        const uint64_t n = slowlog_each(log, max, note, &out);
        EXPECT_EQ(n, out.size());
        return out;
    }

    static void note(void *ctx, const slowlog_entry *e)
    {
        std::string line = std::to_string(e->id) + ":";
        for (uint32_t i = 0; i < e->argc; i++)
            line += (i > 0 ? " " : "") + text(e->argv[i]);
        EXPECT_EQ(text(e->peer), "1.2.3.4:5");
        EXPECT_EQ(text(e->name), "me");
        EXPECT_EQ(e->unix_s, 1000);
        EXPECT_EQ(e->us, 7u);
        static_cast<std::vector<std::string> *>(ctx)->push_back(line);
    }

    struct session session;
    slowlog *log = slowlog_new(3);
};

TEST_F(Slowlog, KeepsTheLatest)
{
    EXPECT_EQ(entries(), std::vector<std::string>{});
    for (int i = 0; i < 5; i++) {
        add({"get", std::to_string(i)});
        EXPECT_EQ(slowlog_count(log), static_cast<uint64_t>(i < 3 ? i + 1 : 3));
    }
    EXPECT_EQ(entries(), (std::vector<std::string>{"4:get 4", "3:get 3", "2:get 2"}));
    EXPECT_EQ(entries(1), (std::vector<std::string>{"4:get 4"}));
    slowlog_set_max_count(log, 1);
    EXPECT_EQ(entries(), (std::vector<std::string>{"4:get 4"}));
    slowlog_set_max_count(log, 2);
    add({"ping"});
    EXPECT_EQ(entries(), (std::vector<std::string>{"5:ping", "4:get 4"}));
    slowlog_reset(log);
    EXPECT_EQ(slowlog_count(log), 0u);
    EXPECT_EQ(entries(), std::vector<std::string>{});
    add({"ping"});
    EXPECT_EQ(entries(), (std::vector<std::string>{"6:ping"})); // numbers go on
    slowlog_set_max_count(log, 0);
    add({"ping"}); // and it takes none
    slowlog_set_max_count(log, 1);
    add({"ping"});
    EXPECT_EQ(entries(), (std::vector<std::string>{"7:ping"}));
    slowlog_set_max_count(log, 0);
    add({"ping"});
    EXPECT_EQ(slowlog_count(log), 0u);
}

TEST_F(Slowlog, CutsLongArguments)
{
    add({"set", std::string(128, 'a'), std::string(129, 'b'), std::string(1000, 'c')});
    EXPECT_EQ(entries()[0], "0:set " + std::string(128, 'a') + " " + std::string(128, 'b') +
                                "... (1 more bytes) " + std::string(128, 'c') +
                                "... (872 more bytes)");
}

TEST_F(Slowlog, CutsManyArguments)
{
    std::vector<std::string> words = {"del"};
    std::string want = "del";
    while (words.size() < 32) {
        words.push_back("k");
        want += " k";
    }
    add(words);
    EXPECT_EQ(entries()[0], "0:" + want);
    words.push_back("k");
    add(words);
    want.replace(want.size() - 1, 1, "... (2 more arguments)");
    EXPECT_EQ(entries()[0], "1:" + want);
}

TEST_F(Slowlog, HidesPasswords)
{
    const struct {
        std::vector<std::string> words;
        std::string shown;
    } cases[] = {
        {{"AUTH", "p"}, "AUTH (redacted)"},
        {{"auth", "u", "p"}, "auth (redacted) (redacted)"},
        {{"hello", "3", "auth", "u", "p", "setname", "x"},
         "hello 3 auth (redacted) (redacted) setname x"},
        {{"config", "set", "requirepass", "p", "port", "1"},
         "config set requirepass (redacted) port 1"},
        {{"config", "set", "port", "requirepass", "masterauth", "p"},
         "config set port requirepass masterauth (redacted)"},
        {{"config", "get", "requirepass"}, "config get requirepass"},
        {{"acl", "setuser", "u", ">p"}, "acl setuser (redacted) (redacted)"},
        {{"acl", "whoami"}, "acl whoami"},
        {{"migrate", "h", "1", "", "0", "9", "auth", "p", "keys", "k"},
         "migrate h 1  0 9 auth (redacted) keys k"},
        {{"migrate", "h", "1", "", "0", "9", "auth2", "u", "p", "keys", "k"},
         "migrate h 1  0 9 auth2 (redacted) (redacted) keys k"},
        {{"set", "auth", "p"}, "set auth p"},
    };
    uint64_t id = 0;
    for (const auto &c : cases) {
        add(c.words);
        EXPECT_EQ(entries()[0], std::to_string(id++) + ":" + c.shown);
    }
}

// rename-command gives CONFIG another name; what it carries stays as secret as it was.
TEST_F(Slowlog, HidesPasswordsOfRenamedCommands)
{
    add({"b840fc", "set", "requirepass", "p"}, "config");
    EXPECT_EQ(entries()[0], "0:b840fc set requirepass (redacted)");
    add({"enter", "p"}, "auth");
    EXPECT_EQ(entries()[0], "1:enter (redacted)");
    add({"config", "set", "requirepass", "p"}, "get"); // GET, renamed to config
    EXPECT_EQ(entries()[0], "2:config set requirepass p");
}

TEST_F(Slowlog, HidesAllSettingsWithoutAPredicate)
{
    add({"config", "set", "port", "1", "x", "2"}, "", nullptr);
    EXPECT_EQ(entries()[0], "0:config set port (redacted) x (redacted)");
}

} // namespace
