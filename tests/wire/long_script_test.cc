/*
 * long_script_test.cc — scripts that run for longer than busy-reply-threshold: who is refused, who
 * may end them, and what is left.
 *
 * With one worker the script's own thread serves the others amid it; with two, each connection is
 * served by whoever has it.  Both are the same to a client.
 */
#include "tests/support/peer.h"
#include "tests/support/server.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <poll.h>
#include <thread>

namespace
{

using namespace lk;

const char kEndless[] = "while true do end";
const char kBusy[] = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or "
                     "SHUTDOWN NOSAVE.";
const char kBusyFunction[] = "BUSY Redis is busy running a script. You can only call FUNCTION KILL "
                             "or SHUTDOWN NOSAVE.";
const char kWrote[] = "UNKILLABLE Sorry the script already executed write commands against the "
                      "dataset. You can either wait the script termination or kill the server in a "
                      "hard way using the SHUTDOWN NOSAVE command.";

class LongScript : public testing::TestWithParam<const char *>
{
  protected:
    void start(Server::Directives more = {})
    {
        more.push_back({"io-threads", GetParam()});
        more.push_back({"save", ""});
        more.push_back({"busy-reply-threshold", "10"});
        server_ = Server::tested(more);
        for (int i = 0; i < 6; i++)
            others_.push_back(Client::tcp(server_->port()));
    }

    // The script runs, and every connection is told so.
    void wait_till_long(const char *line = kBusy)
    {
        for (Client &c : others_)
            ASSERT_TRUE(wait_until([&] { return c.call({"PING"}).text == line; }));
    }

    void kill(Client &c, const char *what = "SCRIPT")
    {
        ASSERT_EQ(c.call({what, "KILL"}).text, "OK");
    }

    int exit_code()
    {
        return server_->process().wait_exit().value_or(-1);
    }

    void expect_killed(Client &c)
    {
        const Reply r = c.read();
        EXPECT_NE(r.text.find("Script killed by user with SCRIPT KILL..."), std::string::npos)
            << r.text;
    }

    std::unique_ptr<Server> server_;
    std::vector<Client> others_;
};

INSTANTIATE_TEST_SUITE_P(Workers, LongScript, testing::Values("1", "2"));

TEST_P(LongScript, IsKilledFromAnyConnectionAndRepliesKeepTheirOrder)
{
    start();
    for (Client &killer : others_) {
        Client c = server_->connect();
        c.send(encode({"INCR", "n"}) + encode({"EVAL", kEndless, "0"}) + encode({"INCR", "n"}));
        wait_till_long();
        EXPECT_EQ(killer.call({"GET", "n"}).text, kBusy);
        kill(killer);
        c.read();
        expect_killed(c);
        c.read();
    }
    EXPECT_EQ(others_[0].call({"GET", "n"}).text, std::to_string(2 * others_.size()));
    EXPECT_EQ(others_[0].call({"SCRIPT", "KILL"}).text,
              "NOTBUSY No scripts in execution right now.");
}

TEST_P(LongScript, IsKilledThroughPcall)
{
    start();
    for (const char *source :
         {"while true do pcall(redis.call, 'get', 'k') end",
          "while true do pcall(function() while true do end end) end",
          "local f = function() while true do end end while true do coroutine.wrap(function() "
          "pcall(f) end)() end",
          "while true do xpcall(function() while true do end end, function() return 1 end) end",
          "local n = 0 while true do n = n + #(('x'):rep(20000000) .. n) end"}) {
        Client c = server_->connect();
        c.send(Args{"EVAL", source, "1", "k"});
        wait_till_long();
        kill(others_[3]);
        expect_killed(c);
    }
}

TEST_P(LongScript, OthersInABatchRunOnce)
{
    start();
    std::string pipeline;
    for (int i = 0; i < 40; i++)
        pipeline += encode({"INCR", "n"});
    std::vector<Client> busy;
    for (int i = 0; i < 4; i++) {
        busy.push_back(server_->connect());
        busy.back().send(pipeline + encode({"EVAL", kEndless, "0"}) + pipeline);
    }
    // Whoever is not the first is refused from some command on, and may begin its own later.
    std::atomic<bool> over{false};
    std::thread killer([&] {
        while (!over)
            others_[0].call({"SCRIPT", "KILL"});
    });
    long done = 0;
    for (Client &c : busy)
        for (int i = 0; i < 81; i++)
            done += c.read().type == ':';
    over = true;
    killer.join();
    EXPECT_EQ(others_[0].call({"GET", "n"}).text, std::to_string(done));
}

TEST_P(LongScript, ThatHasWrittenCannotBeKilled)
{
    start({{"appendonly", "yes"}});
    Client c = server_->connect();
    c.send(Args{"EVAL", "redis.call('set', 'half', '1') while true do end", "0"});
    wait_till_long();
    EXPECT_EQ(others_[1].call({"SCRIPT", "KILL"}).text, kWrote);
    EXPECT_EQ(others_[2].call({"FUNCTION", "KILL"}).text, kWrote);
    EXPECT_EQ(others_[2].call({"SHUTDOWN"}).text, kBusy);
    others_[3].send(Args{"SHUTDOWN", "NOSAVE"});
    EXPECT_EQ(exit_code(), 0);
}

// The first AOF is not there yet, and waits for the script: it is never made of half of one.
TEST_P(LongScript, IsNotSavedByWhatWaitsForItsEnd)
{
    start();
    Client c = server_->connect();
    c.send(encode({"CONFIG", "SET", "appendonly", "yes"}) +
           encode({"EVAL", "redis.call('set', KEYS[1], 'v') while true do end", "1", "halfway"}));
    wait_till_long();
    others_[0].send(Args{"SHUTDOWN", "NOSAVE"});
    EXPECT_EQ(exit_code(), 0);
    for (const auto &f : std::filesystem::recursive_directory_iterator(server_->directory())) {
        if (!f.is_regular_file() || f.path().string().find("appendonly") == std::string::npos)
            continue;
        std::ifstream in(f.path(), std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(in)), {});
        EXPECT_EQ(text.find("halfway"), std::string::npos) << f.path();
    }
}

TEST_P(LongScript, DoesNotKeepTheServerFromEnding)
{
    for (const char *source : {"while true do end", "redis.call('set', 'k', '1') while true do end",
                               "while true do redis.call('incr', KEYS[1]) end"}) {
        others_.clear();
        start();
        Client c = server_->connect();
        c.send(Args{"EVAL", source, "1", "k"});
        wait_till_long();
        server_->process().signal(SIGTERM);
        EXPECT_EQ(exit_code(), 0);
    }
}

TEST_P(LongScript, LeavesNothingOfItselfWhenTheServerEnds)
{
    start({{"appendonly", "yes"}});
    others_[0].call({"SET", "before", "1"});
    Client c = server_->connect();
    c.send(Args{"EVAL", "while true do redis.call('incr', 'n') end", "0"});
    wait_till_long();
    server_->process().signal(SIGTERM);
    EXPECT_EQ(exit_code(), 0);
    const std::string log = server_->log();
    EXPECT_NE(log.find("so nothing is saved"), std::string::npos) << log;
    std::ifstream file(server_->directory() + "/appendonlydir/appendonly.aof.1.incr.aof");
    const std::string aof((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_NE(aof.find("before"), std::string::npos);
    EXPECT_EQ(aof.find("incr"), std::string::npos);
}

TEST_P(LongScript, OfAFunctionHasItsOwnWords)
{
    start();
    EXPECT_EQ(others_[0]
                  .call({"FUNCTION", "LOAD",
                         "#!lua name=l\nredis.register_function('f', function() while true do end "
                         "end)"})
                  .text,
              "l");
    Client c = server_->connect();
    c.send(Args{"FCALL", "f", "1", "a", "b"});
    wait_till_long(kBusyFunction);
    EXPECT_EQ(others_[0].call({"SCRIPT", "KILL"}).text, kBusyFunction);
    const std::string stats = others_[1].call_raw({"FUNCTION", "STATS"});
    EXPECT_EQ(stats.rfind("*4\r\n$14\r\nrunning_script\r\n*6\r\n$4\r\nname\r\n$1\r\nf\r\n$7\r\n"
                          "command\r\n*5\r\n$5\r\nFCALL\r\n$1\r\nf\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\n"
                          "b\r\n$11\r\nduration_ms\r\n:",
                          0),
              0u)
        << stats;
    kill(others_[2], "FUNCTION");
    expect_killed(c);
}

TEST_P(LongScript, RefusesWhatIsQueuedAndTheRestOfItsOwnTransactionRuns)
{
    start();
    Client c = server_->connect(), m = server_->connect();
    EXPECT_EQ(m.call({"MULTI"}).text, "OK");
    EXPECT_EQ(m.call({"SET", "a", "1"}).text, "QUEUED");
    c.send(encode({"MULTI"}) + encode({"SET", "before", "1"}) + encode({"EVAL", kEndless, "0"}) +
           encode({"SET", "behind", "1"}) + encode({"EXEC"}));
    wait_till_long();
    EXPECT_EQ(m.call({"EXEC"}).text,
              std::string("EXECABORT Transaction discarded because of: ") + kBusy);
    EXPECT_EQ(m.call({"MULTI"}).text, "OK");
    EXPECT_EQ(m.call({"SET", "a", "1"}).text, kBusy);
    kill(others_[0]);
    for (int i = 0; i < 4; i++)
        c.read();
    const std::string exec = c.read_raw();
    EXPECT_EQ(exec.rfind("*3\r\n+OK\r\n-ERR Script killed", 0), 0u) << exec;
    EXPECT_EQ(exec.substr(exec.size() - 5), "+OK\r\n");
    EXPECT_EQ(m.call({"EXEC"}).text, "EXECABORT Transaction discarded because of previous errors.");
    EXPECT_EQ(m.call({"EXISTS", "a", "before", "behind"}).text, "2");
}

TEST_P(LongScript, OutlivesItsClient)
{
    start();
    {
        Client c = server_->connect();
        c.send(
            encode({"EVAL", "local t = redis.call('incr', KEYS[1]) while true do end", "1", "n"}));
        wait_till_long();
    }
    EXPECT_EQ(others_[0].call({"SCRIPT", "KILL"}).text, kWrote);
    Client d = server_->connect(); // it still accepts
    EXPECT_EQ(d.call({"PING"}).text, kBusy);
    d.send(Args{"SHUTDOWN", "NOSAVE"});
    EXPECT_EQ(exit_code(), 0);
}

TEST_P(LongScript, HoldsWhoWatchesItsKeys)
{
    start();
    Client c = server_->connect(), w = server_->connect();
    c.send(Args{"EVAL", "while true do redis.call('get', 'k') end", "1", "k"});
    wait_till_long();
    w.send(encode({"WATCH", "k"}) + encode({"PING"}));
    EXPECT_EQ(others_[0].call({"GET", "x"}).text, kBusy);
    kill(others_[1]);
    expect_killed(c);
    EXPECT_EQ(w.read().text, "OK");
    w.read();
    EXPECT_EQ(others_[1].call({"PING"}).text, "PONG");
}

// Time stands still in a script, for TIME too, and goes on behind it.
TEST_P(LongScript, SeesOneTime)
{
    start();
    const std::string now = "local t = redis.call('time') ";
    const std::string then = "local u = redis.call('time') return {t[1] .. t[2], u[1] .. u[2]}";
    std::string last;
    for (int i = 0; i < 3; i++) {
        const Reply r = others_[0].call({"EVAL", now + "for i = 1, 1000000 do end " + then, "0"});
        ASSERT_EQ(r.items.size(), 2u) << r.text;
        EXPECT_EQ(r.items[0].text, r.items[1].text);
        EXPECT_NE(r.items[0].text, last);
        last = r.items[0].text;
    }
}

// Before it is long, others go on: commands of one key are answered while it runs.
TEST_P(LongScript, LetsOthersOfItsWorkerGoOnBeforeItIsLong)
{
    start();
    EXPECT_EQ(others_[0].call({"CONFIG", "SET", "busy-reply-threshold", "0"}).text, "OK");
    others_[0].call({"SET", "mine", "before"});
    bool beside = false;
    // Where it was too fast to tell, it is given more to do.
    for (long steps = 5'000'000; !beside && steps < 50'000'000'000; steps *= 4) {
        Client c = server_->connect();
        c.send(encode({"EVAL",
                       "redis.call('set', KEYS[1], 'half') for i = 1, tonumber(ARGV[1]) do end "
                       "return redis.call('set', KEYS[1], 'done')",
                       "1", "mine", std::to_string(steps)}) +
               encode({"GET", "mine"}));
        Client seer = server_->connect(); // sees the script's key when it is done, and not before
        seer.send(Args{"GET", "mine"});
        /* Another key each time: it may share the shard of the script's, and then it waits. */
        const std::string key = "other:" + std::to_string(steps);
        for (Client &other : others_) {
            EXPECT_EQ(other.call({"SET", key, "1"}).text, "OK");
            EXPECT_EQ(other.call({"GET", key}).text, "1");
        }
        pollfd p = {c.fd(), POLLIN, 0};
        beside = poll(&p, 1, 0) == 0;
        EXPECT_EQ(c.read().text, "OK");
        EXPECT_EQ(c.read().text, "done");
        EXPECT_NE(seer.read().text, "half");
        EXPECT_EQ(others_[1].call({"MGET", "mine", key}).items.size(), 2u);
    }
    EXPECT_TRUE(beside);
}

} // namespace
