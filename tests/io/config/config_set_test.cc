// CONFIG GET and CONFIG SET, the snapshots behind them, and the hooks between.
#include "tests/io/config/config_fixture.h"

#include <atomic>
#include <thread>

namespace
{

class ConfigSet : public ConfigTest
{
  protected:
    static std::string failed(const std::string &name, const std::string &why)
    {
        return "CONFIG SET failed (possibly related to argument '" + name + "') - " + why;
    }
};

const char number[] = "argument couldn't be parsed into an integer";
const char immutable[] = "can't set immutable config";

TEST_F(ConfigSet, GetsByNameAliasAndPattern)
{
    const struct {
        std::vector<std::string> patterns;
        Pairs found;
    } cases[] = {
        {{"hz"}, {{"hz", "10"}}},
        {{"HZ"}, {{"HZ", "10"}}},
        {{"nosuch"}, {}},
        {{""}, {}},
        {{"SlaveOf"}, {{"SlaveOf", ""}}},
        {{"[h]z"}, {{"hz", "10"}}},
        {{"MAXMEMORY-S*"}, {{"maxmemory-samples", "5"}}},
        {{"hz", "hz"}, {{"hz", "10"}}},
        {{"h?", "HZ"}, {{"hz", "10"}}},
        {{"HZ", "h?"}, {{"HZ", "10"}}},
        {{"slave-priority", "replica-priority"},
         {{"slave-priority", "100"}, {"replica-priority", "100"}}},
        {{"*-priority"}, {{"replica-priority", "100"}, {"slave-priority", "100"}}},
        {{"key-load-delay"}, {{"key-load-delay", "0"}}},
        {{"key-load-dela[y]"}, {}},
        {{"key-load-delay*", "WATCHDOG-period"}, {{"WATCHDOG-period", "0"}}},
        {{"timeou\\t"}, {}},
        {{"include"}, {}},
        {{"rename-command"}, {}},
        {{"user"}, {}},
    };
    for (const auto &c : cases)
        EXPECT_EQ(get_all(c.patterns), c.found) << c.patterns.size() << " from " << c.patterns[0];
}

TEST_F(ConfigSet, NamesAreJudgedBeforeValues)
{
    const struct {
        Pairs pairs;
        std::string reply;
    } cases[] = {
        {{{"nosuch", "1"}}, "Unknown option or number of arguments for CONFIG SET - 'nosuch'"},
        {{{std::string("time\0out", 8), "1"}},
         "Unknown option or number of arguments for CONFIG SET - 'time'"},
        {{{"include", "x"}}, "Unknown option or number of arguments for CONFIG SET - 'include'"},
        {{{"timeout", "bad"}, {"nosuch", "6"}},
         "Unknown option or number of arguments for CONFIG SET - 'nosuch'"},
        {{{"timeout", "1"}, {"timeout", "2"}}, failed("timeout", "duplicate parameter")},
        {{{"timeout", "3"}, {"TIMEOUT", "4"}}, failed("TIMEOUT", "duplicate parameter")},
        {{{"DATABASES", "5"}}, failed("DATABASES", immutable)},
        {{{"timeout", "bad"}, {"databases", "5"}}, failed("databases", immutable)},
        {{{"databases", "5"}, {"nosuch", "6"}}, failed("databases", immutable)},
        {{{"dir", "/"}}, failed("dir", "can't set protected config")},
        {{{"TIMEOUT", "5"}, {"Hz", "bad"}}, failed("hz", number)},
        {{{"Slave-Priority", "bad"}}, failed("slave-priority", number)},
        {{{"requirepass", "p"}, {"maxmemory", "x"}},
         failed("maxmemory", "argument must be a memory value")},
    };
    const struct config *before = now();
    for (const auto &c : cases)
        EXPECT_EQ(set(c.pairs), c.reply);
    EXPECT_EQ(now(), before) << "nothing was replaced";
    EXPECT_EQ(get("timeout"), "0");
    EXPECT_EQ(set({{"slave-priority", "1"}, {"replica-priority", "2"}}), "OK");
    EXPECT_EQ(get("replica-priority"), "2");
}

TEST_F(ConfigSet, ProtectedDirectives)
{
    const struct {
        const char *access;
        bool local, allowed;
    } cases[] = {
        {"no", true, false},  {"no", false, false},  {"yes", true, true},
        {"yes", false, true}, {"local", true, true}, {"local", false, false},
    };
    for (const auto &c : cases) {
        renew();
        ASSERT_EQ(load(std::string("enable-protected-configs ") + c.access), "");
        EXPECT_EQ(set({{"dbfilename", "x.rdb"}}, c.local),
                  c.allowed ? "OK" : failed("dbfilename", "can't set protected config"))
            << c.access << c.local;
    }
}

TEST_F(ConfigSet, DirIsGoneBackFromWhenTheCallFails)
{
    std::filesystem::create_directory("data");
    ASSERT_EQ(load("enable-protected-configs yes"), "");
    EXPECT_EQ(set({{"dir", "data"}, {"hz", "bad"}}), failed("hz", number));
    EXPECT_EQ(std::filesystem::current_path(), dir);
    EXPECT_EQ(get("dir"), dir);
    EXPECT_EQ(set({{"dir", "data"}}), "OK");
    EXPECT_EQ(std::filesystem::current_path(), dir + "/data");
    EXPECT_EQ(get("dir"), dir + "/data");
    EXPECT_EQ(set({{"dir", "none"}}), failed("dir", "No such file or directory"));
}

// What parts saw, one entry a call, and which call is to fail.
struct Seen {
    std::string calls, refuse;

    void note(const std::string &what, const struct config *before, const struct config *after)
    {
        calls += "[" + what + " " + std::to_string(before->port) + ">" +
                 std::to_string(after->port) + "]";
    }
};

template <char Name>
const char *prepare(void *ctx, const struct config *before, const struct config *after)
{
    Seen *seen = static_cast<Seen *>(ctx);
    seen->note(std::string(1, Name), before, after);
    return seen->refuse == std::string(1, Name) ? "not now" : nullptr;
}

template <char Name>
void applied(void *ctx, const struct config *before, const struct config *after)
{
    static_cast<Seen *>(ctx)->note(std::string(1, Name) + " applied", before, after);
}

class ConfigHooks : public ConfigSet
{
  protected:
    ConfigHooks()
    {
        const struct {
            config_hook_id id;
            config_hook hook;
        } parts[] = {
            {CONFIG_HOOK_ENGINE, {prepare<'e'>, applied<'e'>, &seen}},
            {CONFIG_HOOK_LISTEN, {prepare<'l'>, applied<'l'>, &seen}},
            {CONFIG_HOOK_CLIENTS, {prepare<'c'>, nullptr, &seen}},
            {CONFIG_HOOK_LOG, {prepare<'g'>, applied<'g'>, &seen}},
        };
        config_holder_free(holder);
        holder = config_holder_new();
        for (const auto &p : parts)
            config_register(holder, p.id, &p.hook);
    }

    std::string calls(const Pairs &pairs, const std::string &refuse, const std::string &reply)
    {
        seen.calls.clear();
        seen.refuse = refuse;
        EXPECT_EQ(set(pairs), reply);
        return seen.calls;
    }

    Seen seen;
};

TEST_F(ConfigHooks, RunOnceForWhatChanged)
{
    EXPECT_EQ(calls({{"hz", "10"}, {"port", "6379"}}, "", "OK"), "") << "nothing has changed";
    EXPECT_EQ(calls({{"hz", "20"}}, "", "OK"), "[e applied 6379>6379]");
    EXPECT_EQ(calls({{"port", "1"}, {"bind", "::1"}, {"loglevel", "debug"}}, "", "OK"),
              "[l 6379>1][g 6379>1][e applied 6379>1][l applied 6379>1][g applied 6379>1]");
    EXPECT_EQ(calls({{"port", "bad"}, {"loglevel", "notice"}}, "",
                    failed("port", "argument couldn't be parsed into an integer")),
              "");
}

TEST_F(ConfigHooks, ARefusalUndoesWhatIsPrepared)
{
    EXPECT_EQ(calls({{"hz", "30"}, {"loglevel", "debug"}, {"maxclients", "7"}, {"port", "2"}}, "g",
                    failed("loglevel", "not now")),
              "[l 6379>2][c 6379>2][g 6379>2][c 2>6379][l 2>6379]");
    EXPECT_EQ(get("port"), "6379");
    EXPECT_EQ(get("hz"), "10");
    EXPECT_EQ(calls({{"hz", "30"}, {"bind", "::2"}}, "l", failed("bind", "not now")),
              "[l 6379>6379]");
}

TEST_F(ConfigHooks, APartThatIsNotThereRefuses)
{
    EXPECT_EQ(calls({{"port", "2"}, {"appendonly", "yes"}}, "",
                    failed("appendonly", "this server cannot change it while it runs")),
              "[l 6379>2][l 2>6379]");
    EXPECT_EQ(calls({{"appendonly", "no"}}, "", "OK"), "");
}

TEST_F(ConfigHooks, TheServersOwnChangesTellTheEngineAlone)
{
    Text error;
    EXPECT_EQ(config_put(holder, bytes_cstr("port"), bytes_cstr("7"), &error.buf), LK_OK);
    EXPECT_EQ(seen.calls, "[e applied 6379>7]");
}

TEST_F(ConfigSet, ReplacedSnapshotsStayAsTheyWere)
{
    ASSERT_EQ(set({{"requirepass", "one"}, {"bind", "127.0.0.1 ::1"}}), "OK");
    const struct config *first = now();
    ASSERT_EQ(set({{"requirepass", "two"}, {"save", ""}}), "OK");
    const struct config *second = now();
    ASSERT_EQ(set({{"requirepass", ""}}), "OK");
    EXPECT_EQ(text_of(first->dispatch.requirepass), "one");
    EXPECT_EQ(first->save.n, 3u);
    EXPECT_EQ(text_of(second->dispatch.requirepass), "two");
    EXPECT_EQ(second->save.n, 0u);
    EXPECT_EQ(now()->dispatch.requirepass.size, 0u);
    EXPECT_EQ(now()->bind.v, first->bind.v) << "what did not change is shared";
    EXPECT_EQ(set({{"requirepass", ""}, {"hz", "10"}}), "OK");
    EXPECT_EQ(config_replaced(holder), 3u);
    EXPECT_EQ(config_reclaim(holder), 3u) << "the first values, and two more";
    EXPECT_EQ(config_reclaim(holder), 0u);
    EXPECT_STREQ(now()->bind.v[1], "::1");
}

TEST_F(ConfigSet, TheServersOwnChangesPassAllFlags)
{
    Text error;
    EXPECT_EQ(config_put(holder, bytes_cstr("replicaof"), bytes_cstr("10.0.0.1 6380"), &error.buf),
              LK_OK);
    EXPECT_EQ(get("slaveof"), "10.0.0.1 6380");
    EXPECT_EQ(config_put(holder, bytes_cstr("replicaof"), bytes_cstr("no one"), &error.buf), LK_OK);
    EXPECT_EQ(get("slaveof"), "");
    EXPECT_EQ(config_put(holder, bytes_cstr("pidfile"), bytes_cstr("/run/x.pid"), &error.buf),
              LK_OK);
    EXPECT_STREQ(now()->pidfile, "/run/x.pid");
    EXPECT_EQ(error.str(), "");
    EXPECT_EQ(config_put(holder, bytes_cstr("nosuch"), bytes_cstr("1"), &error.buf), LK_ESYNTAX);
}

// A reader sees one state: the two directives are always set together.
TEST_F(ConfigSet, ReadersSeeWholeSnapshots)
{
    std::atomic<bool> stop = false;
    std::atomic<int> torn = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; i++) {
        readers.emplace_back([&] {
            while (!stop) {
                const struct config *c = config_current(holder);
                const std::string pass = text_of(c->dispatch.requirepass);
                if (!pass.empty() && pass != "p" + std::to_string(c->timeout_s))
                    torn++;
            }
        });
    }
    for (int i = 1; i <= 2000; i++) {
        const std::string n = std::to_string(i);
        ASSERT_EQ(set({{"timeout", n}, {"requirepass", "p" + n}}), "OK");
    }
    stop = true;
    for (std::thread &t : readers)
        t.join();
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(config_reclaim(holder), 2000u);
}

} // namespace
