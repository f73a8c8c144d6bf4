// Scripts: what is logged of them, what they leave behind, and what they may not do.
#include "tests/core/cmd/cmd_fixture.h"

#include "core/cmd/command/tables_server.h"
#include "core/cmd/script/script_priv.h"
#include "tests/support/seed.h"

#include <algorithm>
#include <random>

namespace
{

class Scripts : public Commands
{
  protected:
    std::string eval(const std::string &source, const std::vector<std::string> &keys = {},
                     const std::vector<std::string> &args = {})
    {
        std::vector<std::string> words = {"eval", source, std::to_string(keys.size())};
        words.insert(words.end(), keys.begin(), keys.end());
        words.insert(words.end(), args.begin(), args.end());
        return call(words);
    }

    script_report report()
    {
        script_report r;
        script_hub_report(engine_.fixed.scripts, &r);
        return r;
    }
};

// Effects are logged, in one unit, and never the source.
TEST_F(Scripts, LogsWhatItsCommandsChange)
{
    EXPECT_EQ(eval("return 1"), ":1\r\n");
    EXPECT_EQ(effects(), "");
    EXPECT_EQ(eval("return redis.call('set', KEYS[1], 'v')", {"a"}), "+OK\r\n");
    EXPECT_EQ(effects(), "set a v");
    eval("redis.call('incr', 'n') redis.call('expire', 'n', 100) redis.call('get', 'n')");
    EXPECT_EQ(effects(), "MULTI | incr n | PEXPIREAT n 1700000100000 | EXEC");
    eval("redis.call('set', 'x', '1') error('late')");
    EXPECT_EQ(effects(), "set x 1");
}

TEST_F(Scripts, LogsOnlyWhatItWantsToBeLogged)
{
    eval("redis.call('set', 'a', '1') redis.set_repl(redis.REPL_NONE) redis.call('set', 'b', '1') "
         "redis.set_repl(redis.REPL_AOF) redis.call('set', 'c', '1')");
    EXPECT_EQ(effects(), "MULTI | set a 1 | set c 1 | EXEC");
    EXPECT_EQ(run("exists a b c"), ":3");
}

TEST_F(Scripts, IsOneUnitWithItsTransaction)
{
    play({{"multi", "+OK"},
          {"set k 1", "+QUEUED"},
          {"eval \"redis.call('incr','k') return redis.call('incr','other')\" 0", "+QUEUED"},
          {"exec", "*2 +OK :1", "MULTI | set k 1 | incr k | incr other | EXEC"}});
}

TEST_F(Scripts, DeletesWhatItMeetsExpired)
{
    run("set k v px 10");
    effects();
    clock_fake_unix_ms(NOW + 20);
    EXPECT_EQ(eval("return redis.call('get', 'k')"), "$-1\r\n");
    EXPECT_EQ(effects(), "DEL k");
}

// lua-enable-deprecated-api: the environments of functions, for one run.
TEST_F(Scripts, HasWhatIsDeprecatedIfItIsToldSo)
{
    EXPECT_NE(eval("return newproxy").find("nonexistent global variable 'newproxy'"),
              std::string::npos);
    script_hub *with = script_hub_new(), *without = engine_.fixed.scripts;
    script_hub_keep_deprecated(with);
    dispatcher_free(dispatcher_);
    engine_.fixed.scripts = with;
    dispatcher_ = dispatcher_new(&engine_, 0);
    EXPECT_EQ(eval("return {type(newproxy(true)), type(getfenv(1)), type(setfenv)}"),
              "*3\r\n$8\r\nuserdata\r\n$5\r\ntable\r\n$8\r\nfunction\r\n");
    EXPECT_EQ(eval("local f = function() return foo end setfenv(f, {foo = 7}) return f()"),
              ":7\r\n");
    const std::string twice = "if ARGV[1] then setfenv(1, {v = ARGV[1]}) return v end return 'new'";
    EXPECT_EQ(eval(twice, {}, {"mine"}), "$4\r\nmine\r\n");
    EXPECT_EQ(eval(twice), "$3\r\nnew\r\n");
    EXPECT_EQ(eval("setfenv(0, {}) return 1")[0], '-');
    EXPECT_EQ(eval("getfenv(1).x = 1 return 1")[0], '-');
    EXPECT_EQ(eval("return type(setfenv)"), "$8\r\nfunction\r\n");
    // What a finalizer raises while the interpreter is cleaned between two runs is nobody's.
    EXPECT_EQ(eval("getmetatable(newproxy(true)).__gc = function() error('late') end return 1"),
              ":1\r\n");
    for (int i = 0; i < 2000; i++)
        ASSERT_EQ(eval("return 1"), ":1\r\n");
    dispatcher_free(dispatcher_);
    script_hub_free(with);
    engine_.fixed.scripts = without;
    dispatcher_ = dispatcher_new(&engine_, 0);
}

TEST_F(Scripts, WritesABigNumberAsOneLine)
{
    EXPECT_EQ(eval("return {big_number='12\\r\\n3'}"), "$5\r\n12  3\r\n");
    session_set_version(&session, 3);
    EXPECT_EQ(eval("return {big_number='12\\r\\n3'}"), "(12  3\r\n");
    session_set_version(&session, 2);
}

TEST_F(Scripts, AreNotShownAttributes)
{
    struct vm *vm = vm_of(dispatcher_, engine_.fixed.scripts);
    struct reply from, to;
    reply_init(&from, 3);
    reply_init(&to, 2);
    reply_array(&from, 2);
    reply_attribute(&from, 2);
    reply_bulk_cstr(&from, "popularity");
    reply_array(&from, 2);
    reply_bulk_cstr(&from, "k");
    reply_int(&from, 90);
    reply_bulk_cstr(&from, "ttl");
    reply_attribute(&from, 1);
    reply_int(&from, 1);
    reply_int(&from, 2);
    reply_int(&from, 3);
    reply_bulk_cstr(&from, "value");
    reply_int(&from, 7);
    lua_push_reply(vm->lua, &from, &vm->joined);
    lua_write_reply(vm->lua, &to, 3);
    EXPECT_EQ(std::string(to.out.data, to.out.size), "*2\r\n$5\r\nvalue\r\n:7\r\n");
    reply_release(&from);
    reply_release(&to);
    EXPECT_EQ(eval("return 1"), ":1\r\n");
}

// CLIENT LIST's tot-cmds: what a script has run, and not what it was refused.
TEST_F(Scripts, CommandsCountForTheirCaller)
{
    const uint64_t before = session.commands;
    eval("redis.call('get', 'k') redis.call('get', 'k')");
    EXPECT_EQ(session.commands, before + 3);
    eval("redis.pcall('get') redis.pcall('nosuch')");
    EXPECT_EQ(session.commands, before + 4);
}

// The interpreter is cleaned as they go: it stays near what it takes at first.
TEST_F(Scripts, LeaveLittleToBeCleaned)
{
    uint64_t most = 0;
    for (int i = 0; i < 2000; i++) {
        eval("return redis.call('get', KEYS[1])", {"k"}, {std::to_string(i)});
        most = std::max(most, report().vm_bytes);
    }
    EXPECT_LT(most, uint64_t{50 * 1024});
}

// DEBUG SET-DISABLE-DENY-SCRIPTS 1
TEST_F(Scripts, MayAskAboutClientsIfItIsToldSo)
{
    dispatcher_free(dispatcher_);
    command_index_add(engine_.fixed.commands, client_commands);
    dispatcher_ = dispatcher_new(&engine_, 0);
    const std::string ask = "return redis.pcall('client', ARGV[1])";
    const std::string denied = "-ERR This Redis command is not allowed from script";
    EXPECT_EQ(eval(ask, {}, {"id"}).substr(0, denied.size()), denied);
    engine_.scripts_may_debug = 1;
    EXPECT_EQ(eval(ask, {}, {"id"}), ":" + std::to_string(session.id) + "\r\n");
    EXPECT_EQ(eval(ask, {}, {"unpause"}).substr(0, denied.size()), denied);
    EXPECT_EQ(eval("return redis.pcall('multi')").substr(0, denied.size()), denied);
    engine_.scripts_may_debug = 0;
    EXPECT_EQ(eval(ask, {}, {"id"}).substr(0, denied.size()), denied);
}

TEST_F(Scripts, KeepsSourcesOfEvalWithinBounds)
{
    call({"script", "load", "return 'kept'"});
    for (int i = 0; i < 2 * SCRIPT_EVAL_MAX; i++) {
        EXPECT_EQ(eval("return " + std::to_string(i)), ":" + std::to_string(i) + "\r\n");
    }
    EXPECT_EQ(report().scripts, SCRIPT_EVAL_MAX + 1u);
    EXPECT_EQ(report().evicted, uint64_t{SCRIPT_EVAL_MAX});
    char sha[SCRIPT_NAME + 1];
    script_sha(of("return 'kept'"), sha);
    EXPECT_EQ(call({"evalsha", sha, "0"}), "$4\r\nkept\r\n");
    script_sha(of("return 0"), sha);
    EXPECT_EQ(call({"evalsha", sha, "0"}).substr(0, 9), "-NOSCRIPT") << "the oldest has gone";
}

/* The one that goes is the one that was used longest ago: as a list of uses, moved at each, says.
 */
TEST_F(Scripts, ForgetsTheOneUsedLongestAgo)
{
    std::vector<int> uses; // the latest last
    std::mt19937_64 random(test_seed());
    const auto use = [&](int i, bool by_name) {
        char sha[SCRIPT_NAME + 1];
        const std::string source = "return " + std::to_string(i);
        const auto at = std::find(uses.begin(), uses.end(), i);
        const bool known = at != uses.end();
        script_sha(of(source), sha);
        const std::string reply = by_name ? call({"evalsha", sha, "0"}) : eval(source);
        if (known || !by_name) {
            EXPECT_EQ(reply, ":" + std::to_string(i) + "\r\n");
        } else {
            EXPECT_EQ(reply.substr(0, 9), "-NOSCRIPT") << i;
            return;
        }
        if (known)
            uses.erase(at);
        uses.push_back(i);
        if (uses.size() > SCRIPT_EVAL_MAX)
            uses.erase(uses.begin());
    };
    for (int i = 0; i < SCRIPT_EVAL_MAX; i++)
        use(i, false);
    for (int step = 0; step < 3000 && !HasFailure(); step++)
        use(static_cast<int>(random() % (SCRIPT_EVAL_MAX + 100)), random() % 2 == 0);
    EXPECT_EQ(report().scripts, uint64_t{SCRIPT_EVAL_MAX});
    EXPECT_GT(report().evicted, 0u);
    script_hub_reset_stats(engine_.fixed.scripts);
    EXPECT_EQ(report().evicted, 0u);
}

/* What one script has taken is not held until others have run for long. */
TEST_F(Scripts, GivesBackWhatAGreedyOneHasTaken)
{
    const std::string bomb = "local t = {} for i = 1, 40 do t[i] = ('x'):rep(1000000) .. i end ";
    eval(bomb + "return #t");
    EXPECT_LT(report().vm_bytes, uint64_t{VM_SPARE_BYTES});
    eval(bomb + "error('no')");
    EXPECT_LT(report().vm_bytes, uint64_t{VM_SPARE_BYTES});
}

TEST_F(Scripts, ForgetsCompiledOnesWithTheirSource)
{
    EXPECT_EQ(eval("return 5"), ":5\r\n");
    char sha[SCRIPT_NAME + 1];
    script_sha(of("return 5"), sha);
    EXPECT_EQ(call({"evalsha", sha, "0"}), ":5\r\n");
    EXPECT_EQ(run("script flush"), "+OK");
    EXPECT_EQ(call({"evalsha", sha, "0"}).substr(0, 9), "-NOSCRIPT");
    EXPECT_EQ(eval("return 5"), ":5\r\n");
    EXPECT_EQ(call({"evalsha", sha, "0"}), ":5\r\n");
}

// Nothing that a script does to the language is there for the next one.
TEST_F(Scripts, LeavesNothingBehind)
{
    const char *const tries[] = {
        "redis.call = nil",
        "rawset(redis, 'x', 1)",
        "string.x = 1",
        "table.insert(string, 1)",
        "getmetatable('').__index = nil",
        "setmetatable(_G, nil)",
        "setmetatable(redis, {})",
        "local f, real = pairs(redis) real.x = 1",
        "local k, v = next(_G) v.x = 1 for a, b in pairs(_G) do if b ~= KEYS then b.x = 1 end end",
        "_G._G.x = 1",
        "x = 1",
    };
    const std::string listing =
        "local r = {} for n, t in pairs(_G) do r[#r + 1] = n if type(t) == 'table' and t ~= _G and "
        "n ~= 'KEYS' and n ~= 'ARGV' then for k in pairs(t) do r[#r + 1] = n .. '.' .. k end end "
        "end table.sort(r) return table.concat(r, ' ')";
    const std::string before = eval(listing);
    ASSERT_NE(before.find("redis.call"), std::string::npos);
    for (const char *source : tries) {
        eval(source);
        EXPECT_EQ(eval(listing), before) << source;
    }
}

TEST_F(Scripts, IsRefusedMemoryBeyondReason)
{
    vm_of(dispatcher_, engine_.fixed.scripts)->bytes_max = 4 << 20;
    const std::string reply =
        eval("local t = {} for i = 1, 64 do t[i] = ('x'):rep(2 ^ 20) .. i end");
    EXPECT_EQ(reply.substr(0, 23), "-ERR not enough memory\r") << reply.substr(0, 100);
    EXPECT_EQ(eval("return 1"), ":1\r\n");
}

TEST_F(Scripts, ConvertsWhatIsNestedDeeply)
{
    const std::string reply = eval("local t = {} t[1] = t return t");
    EXPECT_NE(reply.find("-ERR reached lua stack limit\r\n"), std::string::npos);
    EXPECT_EQ(eval("return 1"), ":1\r\n");
}

} // namespace
