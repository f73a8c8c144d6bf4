// Which locks a script has: those of its declared keys alone once it is known to keep to them; and
// what becomes of one that then does not.
#include "core/cmd/script/script_priv.h"
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/seed.h"
#include "tests/support/slow_threads.h"

#include <atomic>
#include <memory>
#include <random>
#include <thread>

namespace
{

using namespace lk;

class ScriptLocks : public ::testing::Test
{
  protected:
    explicit ScriptLocks(uint32_t workers = 2)
        : server_({.shards = 8, .workers = workers, .logging = workers == 2})
    {
        server_.engine.fixed.scripts = hub_.get();
        server_.engine.hooks.scripts = &script_engine_calls;
    }

    // Until it is taken for one that keeps to its keys.
    static void settle(Client &c, const Words &eval, int runs = SEEN_ENOUGH)
    {
        for (int i = 0; i < runs; i++)
            c.call(eval);
    }

    uint64_t tokens(uint32_t worker = 0)
    {
        return dispatcher_stats(server_.worker(worker))->token_waits;
    }

    static bool parks(Client &c, const Words &words)
    {
        const bool parked = c.batch({words})[0] == PENDING_PARKED;
        c.session.parked = false;
        return parked;
    }

    struct FreeHub {
        void operator()(script_hub *h) const
        {
            script_hub_free(h);
        }
    };

    std::unique_ptr<script_hub, FreeHub> hub_{script_hub_new()}; // outlives the workers
    Server server_;
};

const char kWritesFirst[] = "local v = redis.call('incr', KEYS[1]) "
                            "if ARGV[1] then redis.call('set', ARGV[1], v) end return v";
const char kReadsFirst[] = "local v = redis.call('get', KEYS[1]) or '' "
                           "if ARGV[1] then v = v .. redis.call('get', ARGV[1]) end "
                           "redis.call('append', KEYS[1], 'x') return v";

/* While writes are paused a script runs if it says that it writes nothing, and others are held. */
TEST_F(ScriptLocks, APauseOfWritesHoldsThoseThatMayWrite)
{
    Client c(server_);
    const auto body = [](const char *first) { return std::string(first) + "return 7"; };
    const char reads[] = "#!lua flags=no-writes\n";
    c.run("SET k v");
    const std::string name = c.call({"SCRIPT", "LOAD", body(reads)}).substr(4);
    const std::string other = c.call({"SCRIPT", "LOAD", body("")}).substr(4);
    engine_pause(&server_.engine, PAUSE_BY_CLIENT, PAUSE_WRITES, INT64_MAX);
    EXPECT_EQ(c.call({"EVAL", body(reads), "0"}), ":7");
    EXPECT_EQ(c.call({"EVALSHA", name, "0"}), ":7");
    EXPECT_EQ(c.call({"EVAL_RO", "return redis.call('get', 'k')", "1", "k"}), "$1 v");
    const std::vector<Words> held = {
        {"EVAL", body(""), "0"}, {"EVAL", body("#!lua\n"), "0"}, {"EVALSHA", other, "0"}};
    for (const Words &words : held)
        EXPECT_TRUE(parks(c, words)) << words[0] << " " << words[1];
    c.run("MULTI");
    EXPECT_EQ(c.call({"EVAL", body(reads), "0"}), "+QUEUED");
    EXPECT_EQ(c.run("EXEC"), "*1 :7");
    engine_pause(&server_.engine, PAUSE_BY_CLIENT, PAUSE_ALL, INT64_MAX);
    EXPECT_TRUE(parks(c, {"EVAL", body(reads), "0"}));
    engine_pause_end(&server_.engine, PAUSE_BY_CLIENT);
    for (const Words &words : held)
        EXPECT_FALSE(parks(c, words)) << words[0] << " " << words[1];
}

TEST_F(ScriptLocks, OneThatKeepsToItsKeysNeedsNoToken)
{
    Client c(server_);
    const Words incr = {"EVAL", "return redis.call('incr', KEYS[1])", "1", "n"};
    settle(c, incr);
    EXPECT_EQ(tokens(), uint64_t{SEEN_ENOUGH});
    EXPECT_EQ(c.call(incr), ":" + std::to_string(SEEN_ENOUGH + 1));
    EXPECT_EQ(tokens(), uint64_t{SEEN_ENOUGH});
    const Words writes_on = {"EVAL",
                             "redis.call('incr', KEYS[1]) return redis.call('incr', ARGV[1])", "1",
                             server_.key_in(1), server_.key_in(2)};
    settle(c, writes_on, 2 * SEEN_ENOUGH_EARLY);
    EXPECT_EQ(tokens(), uint64_t{SEEN_ENOUGH + 2 * SEEN_ENOUGH_EARLY});
}

const char kEarly[] = "local v = redis.call('get', ARGV[1]) or '' redis.call('append', KEYS[1], v) "
                      "if ARGV[2] then redis.call('append', ARGV[2], v) end return v";

// Until its first write it can begin anew, so it needs no token for other keys.
TEST_F(ScriptLocks, OneThatHasItsKeysBeforeItWritesNeedsNoToken)
{
    Client c(server_);
    const std::string mine = server_.key_in(1), far = server_.key_in(5), more = server_.key_in(6);
    c.call({"SET", far, "F"});
    const Words early = {"EVAL", kEarly, "1", mine, far};
    settle(c, early, SEEN_ENOUGH_EARLY + 1);
    const uint64_t before = tokens();
    EXPECT_EQ(before, uint64_t{SEEN_ENOUGH_EARLY + 1});
    EXPECT_EQ(c.call(early), "$1 F");
    EXPECT_EQ(tokens(), before);
    {
        BusyShard held(&server_.ks->shards[5]);
        gate_busy_begin(&server_.ks->gate); // so that not even the token's holder waits
        EXPECT_TRUE(parks(c, early));       // begun anew, with the token
        gate_busy_end(&server_.ks->gate);
        held.let_go();
        server_.wait_retry(0);
    }
    EXPECT_EQ(c.call(early), "$1 F");
    EXPECT_EQ(c.call({"STRLEN", mine}), ":" + std::to_string(SEEN_ENOUGH_EARLY + 3));
    const uint64_t after = tokens();
    EXPECT_EQ(c.call(early), "$1 F");
    EXPECT_EQ(tokens(), after); // it is still trusted
    c.call({"EVAL", kEarly, "1", mine, far, more});
    EXPECT_EQ(tokens(), after);
    EXPECT_EQ(c.call(early), "$1 F");
    EXPECT_EQ(tokens(), after + 1); // and now it is not
}

TEST_F(ScriptLocks, ATransactionNeedsTheTokenForScriptsThatMayStray)
{
    Client c(server_);
    const std::string mine = server_.key_in(1), far = server_.key_in(5);
    const Words incr = {"EVAL", "return redis.call('incr', KEYS[1])", "1", mine};
    const Words early = {"EVAL", kEarly, "1", mine + "e", far};
    settle(c, incr);
    settle(c, early, SEEN_ENOUGH_EARLY + 1);
    uint64_t before = tokens();
    const auto exec = [&](const Words &script) {
        c.call({"MULTI"});
        c.call({"SET", mine + "s", "1"});
        c.call(script);
        return c.call({"EXEC"});
    };
    EXPECT_EQ(exec(incr), "*2 +OK :" + std::to_string(SEEN_ENOUGH + 1));
    EXPECT_EQ(tokens(), before);
    EXPECT_EQ(exec(early), "*2 +OK $0 ");
    EXPECT_EQ(tokens(), before + 1); // what comes before it has written
    EXPECT_FALSE(c.session.token.queued);
    // One that strays in a transaction for the first time waits with what it holds.
    settle(c, {"EVAL", kWritesFirst, "1", mine});
    before = tokens();
    BusyShard held(&server_.ks->shards[5]);
    std::thread lets_go([&] {
        while (!gate_is_busy(&server_.ks->gate))
            std::this_thread::yield();
        held.let_go();
    });
    const std::string count = std::to_string(2 * SEEN_ENOUGH + 2);
    EXPECT_EQ(exec({"EVAL", kWritesFirst, "1", mine, far}), "*2 +OK :" + count);
    lets_go.join();
    EXPECT_EQ(c.call({"GET", far}), "$" + std::to_string(count.size()) + " " + count);
    EXPECT_EQ(tokens(), before);
    EXPECT_FALSE(c.session.token.queued);
}

// It has written nothing, and begins anew: what it does is done once.
TEST_F(ScriptLocks, OneThatStraysBeginsAnewAndIsParked)
{
    Client c(server_), other(server_);
    const std::string mine = server_.key_in(1), far = server_.key_in(5);
    settle(c, {"EVAL", kReadsFirst, "1", mine});
    other.call({"SET", far, "F"});
    other.call({"SET", mine, "M"});
    server_.effects();
    const Words strays = {"EVAL", kReadsFirst, "1", mine, far};
    BusyShard held(&server_.ks->shards[5]);
    gate_busy_begin(&server_.ks->gate); // so that not even the token's holder waits
    for (int i = 0; i < 3; i++) {
        EXPECT_TRUE(parks(c, strays));
        EXPECT_EQ(server_.effects(), "");
        EXPECT_EQ(other.call({"GET", mine}), "$1 M"); // it holds nothing
    }
    gate_busy_end(&server_.ks->gate);
    held.let_go();
    server_.wait_retry(0);
    EXPECT_EQ(c.call(strays), "$2 MF");
    EXPECT_EQ(server_.effects(), "append " + mine + " x");
    EXPECT_FALSE(c.session.token.queued);
    const uint64_t before = tokens();
    c.call({"EVAL", kReadsFirst, "1", mine});
    EXPECT_EQ(tokens(), before + 1); // known now as one that strays
}

// It has written: it waits with what it holds, and nothing is done twice.
TEST_F(ScriptLocks, OneThatHasWrittenWaits)
{
    Client c(server_);
    const std::string mine = server_.key_in(1), far = server_.key_in(5);
    settle(c, {"EVAL", kWritesFirst, "1", mine});
    server_.effects();
    BusyShard held(&server_.ks->shards[5]);
    std::thread lets_go([&] {
        while (!gate_is_busy(&server_.ks->gate))
            std::this_thread::yield();
        held.let_go();
    });
    EXPECT_EQ(c.call({"EVAL", kWritesFirst, "1", mine, far}),
              ":" + std::to_string(SEEN_ENOUGH + 1));
    lets_go.join();
    EXPECT_EQ(server_.effects(), "MULTI | incr " + mine + " | set " + far + " " +
                                     std::to_string(SEEN_ENOUGH + 1) + " | EXEC");
    EXPECT_FALSE(c.session.token.queued);
}

// Two that have written want what the other one has: one of them ends, the other goes on.
TEST_F(ScriptLocks, OneOfTwoInACircleEnds)
{
    const char source[] = "redis.call('incr', KEYS[1]) "
                          "if ARGV[1] then redis.call('get', ARGV[1]) redis.call('incr', ARGV[2]) "
                          "end return 'done'";
    const std::string a = server_.key_in(1), b = server_.key_in(2), both = server_.key_in(5);
    Client c(server_, 0), d(server_, 1);
    settle(c, {"EVAL", source, "1", a});
    settle(d, {"EVAL", source, "1", b});
    std::string first, second;
    BusyShard held(&server_.ks->shards[5]);
    std::thread one([&] { first = c.call({"EVAL", source, "1", a, both, b}); });
    std::thread two([&] { second = d.call({"EVAL", source, "1", b, both, a}); });
    while (__atomic_load_n(&server_.ks->gate.busy, __ATOMIC_SEQ_CST) < 2)
        std::this_thread::yield(); // both have written
    held.let_go();
    one.join();
    two.join();
    const bool first_ended = first[0] == '-', second_ended = second[0] == '-';
    // The one that had the third shard first may have been done before the other one wanted it.
    EXPECT_LE(first_ended + second_ended, 1) << first << second;
    EXPECT_EQ(first_ended ? second : first, "$4 done");
    const auto count = [&](const std::string &key) {
        return std::stoi(c.call({"GET", key}).substr(3));
    };
    EXPECT_EQ(count(a) + count(b), 2 * SEEN_ENOUGH + 4 - (first_ended + second_ended));
}

class ScriptRaces : public ScriptLocks
{
  protected:
    static constexpr uint32_t WORKERS = 4, KEYS = 12;
    static constexpr long TOTAL = KEYS * 100;

    ScriptRaces() : ScriptLocks(WORKERS)
    {
        Client c(server_);
        for (uint32_t i = 0; i < KEYS; i++) {
            keys_.push_back("account:" + std::to_string(i));
            c.call({"SET", keys_.back(), "100"});
        }
    }

    std::vector<std::string> keys_;
    const uint32_t seed_ = static_cast<uint32_t>(test_seed());
};

// Workers move amounts from key to key by scripts of all kinds, and look at all of them at once.
TEST_F(ScriptRaces, KeepTheSum)
{
    const char declared[] = "redis.call('decrby', KEYS[1], 3) redis.call('incrby', KEYS[2], 3)";
    const char undeclared[] = "redis.call('decrby', ARGV[1], 3) redis.call('incrby', ARGV[2], 3)";
    const char half[] = "redis.call('decrby', KEYS[1], 3) redis.call('incrby', ARGV[1], 3)";
    const char early[] = "redis.call('get', ARGV[1]) redis.call('decrby', KEYS[1], 3) "
                         "redis.call('incrby', ARGV[1], 3)";
    const char sum[] = "local s = 0 for i = 1, #ARGV do s = s + redis.call('get', ARGV[i]) end "
                       "return s";
    // Each has a text of its own, which keeps to its keys for as long as it takes to be trusted.
    const char sneaks[] = "redis.call('decrby', KEYS[1], 3) "
                          "redis.call('incrby', ARGV[1] or KEYS[2], 3) --";
    {
        Client c(server_);
        settle(c, {"EVAL", early, "1", keys_[0], keys_[1]}, SEEN_ENOUGH_EARLY + 1);
        c.call({"MSET", keys_[0], "100", keys_[1], "100"});
    }
    std::atomic<long> ended{0};
    std::vector<std::thread> threads;
    for (uint32_t w = 0; w < WORKERS; w++)
        threads.emplace_back([&, w] {
            Client c(server_, w);
            std::mt19937 random(seed_ + w);
            for (int i = 0; i < 1500; i++) {
                const std::string from = keys_[random() % KEYS], to = keys_[random() % KEYS];
                const std::string sneak =
                    sneaks + std::to_string(w) + "." + std::to_string(i / 250);
                std::string reply;
                switch (random() % 10) {
                case 0:
                    reply = c.call({"EVAL", undeclared, "0", from, to});
                    break;
                case 1:
                    reply = c.call({"EVAL", half, "1", from, to});
                    break;
                case 2: {
                    Words all = {"EVAL", sum, "0"};
                    all.insert(all.end(), keys_.begin(), keys_.end());
                    reply = c.call(all);
                    EXPECT_GE(std::stol(reply.substr(1)), TOTAL - 3 * (ended + WORKERS));
                    EXPECT_LE(std::stol(reply.substr(1)), TOTAL);
                    break;
                }
                case 3: {
                    Words all = {"MGET"};
                    all.insert(all.end(), keys_.begin(), keys_.end());
                    reply = c.call(all);
                    break;
                }
                case 4:
                case 5:
                    reply = i % 250 < 230 ? c.call({"EVAL", sneak, "2", from, to})
                                          : c.call({"EVAL", sneak, "2", from, from, to});
                    break;
                case 6:
                    reply = c.call({"EVAL", early, "1", from, to});
                    break;
                case 7:
                    c.call({"MULTI"});
                    c.call({"EVAL", declared, "2", from, to});
                    c.call({"INCRBY", from, "0"});
                    reply = c.call({"EXEC"});
                    break;
                default:
                    reply = c.call({"EVAL", declared, "2", from, to});
                }
                ended += reply[0] == '-';
            }
        });
    for (std::thread &t : threads)
        t.join();
    Client c(server_);
    long total = 0;
    for (const std::string &key : keys_)
        total += std::stol(c.call({"GET", key}).substr(3));
    EXPECT_EQ(total, TOTAL - 3 * ended);
}

} // namespace
