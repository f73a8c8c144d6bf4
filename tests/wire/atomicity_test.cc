/*
 * atomicity_test.cc — what many clients at once may see.
 *
 * Commands run on many threads, so each promise that one thread would keep for free is tested from
 * the outside: nothing is lost, nothing is torn, and each key behaves as one register.
 *
 * Environment  LATCHKEY_TEST_SEED    seed of all choices
 *              LATCHKEY_TEST_ROUNDS  operations a client; smaller for slow builds
 */
#include "tests/support/history.h"
#include "tests/support/seed.h"
#include "tests/support/server.h"
#include "tests/support/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>

namespace
{

using namespace lk;

constexpr int kClients = 8;

uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, nullptr, 10) : otherwise;
}

/* Counts itself out however its client ends, so that the others do not wait for it. */
class Busy
{
  public:
    explicit Busy(std::atomic<int> &count) : count_(count)
    {
    }
    Busy(const Busy &) = delete;
    Busy &operator=(const Busy &) = delete;
    ~Busy()
    {
        count_--;
    }

  private:
    std::atomic<int> &count_;
};

class Atomicity : public testing::Test
{
  protected:
    void SetUp() override
    {
        seed_ = test_seed();
        rounds_ = static_cast<int>(number("LATCHKEY_TEST_ROUNDS", 500));
        /* More workers than this machine may have cores: they must take turns at any moment. */
        server_ = Server::tested({{"io-threads", "4"}});
    }
    std::mt19937_64 random(int client) const
    {
        return std::mt19937_64(seed_ * 1000 + static_cast<uint64_t>(client));
    }
    int64_t integer(Client &client, const std::string &key)
    {
        return strtoll(client.call({"GET", key}).text.c_str(), nullptr, 10);
    }

    uint64_t seed_ = 0;
    int rounds_ = 0;
    std::unique_ptr<Server> server_;
};

TEST_F(Atomicity, CountersLoseNothing)
{
    std::atomic<int64_t> sum{0};
    run_threads(kClients, [&](int me) {
        Client client = server_->connect();
        std::mt19937_64 dice = random(me);
        for (int i = 0; i < rounds_ / 10; i++) {
            std::vector<Args> batch;
            for (int n = 1 + static_cast<int>(dice() % 20); n > 0; n--) {
                const int64_t step = static_cast<int64_t>(dice() % 9) - 4;
                sum += step;
                batch.push_back({"INCR", "hot"});
                batch.push_back({"INCRBY", "sum", std::to_string(step)});
                batch.push_back({"APPEND", "text", "x"});
            }
            for (const Reply &reply : client.pipeline(batch))
                ASSERT_EQ(reply.type, ':') << printable(reply.raw);
        }
    });
    Client client = server_->connect();
    EXPECT_EQ(integer(client, "sum"), sum);
    EXPECT_EQ(client.call({"STRLEN", "text"}).text, client.call({"GET", "hot"}).text);
}

/* Each INCR's reply is its own: together they are 1 .. n without a gap. */
TEST_F(Atomicity, CountersAnswerEachNumberOnce)
{
    std::mutex mutex;
    std::vector<int64_t> seen;
    run_threads(kClients, [&](int) {
        Client client = server_->connect();
        std::vector<int64_t> mine;
        for (int i = 0; i < rounds_; i++)
            mine.push_back(strtoll(client.call({"INCR", "n"}).text.c_str(), nullptr, 10));
        ASSERT_TRUE(std::is_sorted(mine.begin(), mine.end()));
        const std::lock_guard<std::mutex> hold(mutex);
        seen.insert(seen.end(), mine.begin(), mine.end());
    });
    std::sort(seen.begin(), seen.end());
    for (size_t i = 0; i < seen.size(); i++)
        ASSERT_EQ(seen[i], static_cast<int64_t>(i) + 1);
}

TEST_F(Atomicity, MsetIsNeverSeenHalfDone)
{
    constexpr int kKeys = 12;
    Args get = {"MGET"};
    for (int k = 0; k < kKeys; k++)
        get.push_back("wide:" + std::to_string(k));
    std::atomic<int> writing{kClients / 2};
    run_threads(kClients, [&](int me) {
        Client client = server_->connect();
        if (me % 2 == 0) {
            const Busy busy(writing);
            for (int i = 0; i < rounds_; i++) {
                Args set = {"MSET"};
                for (int k = kKeys - 1; k >= 0; k--)
                    set.insert(set.end(), {"wide:" + std::to_string(k),
                                           std::to_string(me) + "." + std::to_string(i)});
                ASSERT_EQ(client.call_raw(set), "+OK\r\n");
            }
            return;
        }
        while (writing > 0) {
            const Reply all = client.call(get);
            ASSERT_EQ(all.items.size(), static_cast<size_t>(kKeys));
            for (const Reply &one : all.items)
                ASSERT_EQ(one.raw, all.items[0].raw) << printable(all.raw, 2000);
        }
    });
}

TEST_F(Atomicity, MsetnxSetsAllOrNothing)
{
    std::atomic<int> won{0};
    run_threads(kClients, [&](int me) {
        Client client = server_->connect();
        for (int i = 0; i < rounds_ / 4; i++) {
            const std::string tag = std::to_string(i);
            const std::string own = std::to_string(me);
            const Reply set = client.call(
                {"MSETNX", "x" + tag, own, "y" + std::to_string(i % 7) + "." + tag, own});
            won += set.text == "1";
            const Reply both =
                client.call({"MGET", "x" + tag, "y" + std::to_string(i % 7) + "." + tag});
            ASSERT_EQ(both.items[0].raw, both.items[1].raw);
        }
    });
    EXPECT_EQ(won, rounds_ / 4);
}

TEST_F(Atomicity, TransfersKeepTheSum)
{
    constexpr int kAccounts = 10;
    Args all = {"MGET"};
    Client setup = server_->connect();
    for (int i = 0; i < kAccounts; i++) {
        setup.call({"SET", "account:" + std::to_string(i), "100"});
        all.push_back("account:" + std::to_string(i));
    }
    std::atomic<int> moving{kClients / 2};
    run_threads(kClients, [&](int me) {
        Client client = server_->connect();
        std::mt19937_64 dice = random(me);
        if (me % 2 == 0) {
            const Busy busy(moving);
            for (int i = 0; i < rounds_; i++) {
                const std::string amount = std::to_string(dice() % 50);
                const std::vector<Reply> replies = client.pipeline({
                    {"MULTI"},
                    {"DECRBY", "account:" + std::to_string(dice() % kAccounts), amount},
                    {"INCRBY", "account:" + std::to_string(dice() % kAccounts), amount},
                    {"EXEC"},
                });
                ASSERT_EQ(replies[3].items.size(), 2U) << printable(replies[3].raw);
            }
            return;
        }
        while (moving > 0) {
            int64_t sum = 0;
            for (const Reply &account : client.call(all).items)
                sum += strtoll(account.text.c_str(), nullptr, 10);
            ASSERT_EQ(sum, 100 * kAccounts);
        }
    });
}

/* Every EXEC that succeeds has seen the counter that it replaces. */
TEST_F(Atomicity, WatchedCountersAreExact)
{
    std::atomic<int64_t> done{0}, refused{0};
    run_threads(kClients, [&](int) {
        Client client = server_->connect();
        for (int i = 0; i < rounds_; i++) {
            client.call({"WATCH", "counter", "elsewhere"});
            const int64_t old = integer(client, "counter");
            const std::vector<Reply> replies =
                client.pipeline({{"MULTI"},
                                 {"SET", "counter", std::to_string(old + 1)},
                                 {"INCR", "elsewhere"},
                                 {"EXEC"}});
            (replies[3].null ? refused : done)++;
        }
    });
    Client client = server_->connect();
    EXPECT_EQ(integer(client, "counter"), done);
    EXPECT_EQ(integer(client, "elsewhere"), done);
    EXPECT_EQ(done + refused, static_cast<int64_t>(kClients) * rounds_);
    EXPECT_GT(done, 0);
}

/* A few keys, all clients: each key's replies could have come from one register. */
TEST_F(Atomicity, EachKeyIsOneRegister)
{
    constexpr size_t kKeys = 3;
    using Clock = std::chrono::steady_clock;
    std::mutex mutex;
    std::vector<Operation> histories[kKeys];
    std::atomic<uint64_t> next_value{1};
    run_threads(kClients, [&](int me) {
        Client client = server_->connect();
        std::mt19937_64 dice = random(me);
        std::vector<Operation> mine[kKeys];
        for (int i = 0; i < rounds_; i++) {
            const size_t key = dice() % kKeys;
            const std::string name = "register:" + std::to_string(key);
            const unsigned kind = static_cast<unsigned>(dice() % 4);
            Operation o;
            Operation also; /* what a GETSET read while it wrote */
            o.write = kind < 2;
            o.value = o.write ? next_value++ : 0;
            const std::string value = std::to_string(o.value);
            o.begin = Clock::now().time_since_epoch().count();
            const Reply reply = kind == 0   ? client.call({"SET", name, value})
                                : kind == 1 ? client.call({"GETSET", name, value})
                                            : client.call({"GET", name});
            o.end = Clock::now().time_since_epoch().count();
            also = o;
            also.write = false;
            also.value = strtoull(reply.text.c_str(), nullptr, 10);
            if (kind == 0)
                ASSERT_EQ(reply.raw, "+OK\r\n");
            else
                mine[key].push_back(also);
            if (o.write)
                mine[key].push_back(o);
        }
        const std::lock_guard<std::mutex> hold(mutex);
        for (size_t k = 0; k < kKeys; k++)
            histories[k].insert(histories[k].end(), mine[k].begin(), mine[k].end());
    });
    for (const std::vector<Operation> &history : histories)
        EXPECT_EQ(explain(history), "");
}

/* One token is renamed from place to place: at every moment it is in exactly one of them. */
TEST_F(Atomicity, RenamedKeysAreAlwaysInOnePlace)
{
    constexpr int kPlaces = 6;
    Client setup = server_->connect();
    setup.call({"SET", "place:0", "token"});
    Args all = {"EXISTS"};
    for (int i = 0; i < kPlaces; i++)
        all.push_back("place:" + std::to_string(i));
    std::atomic<int> moving{kClients / 2};
    std::atomic<int> moved{0};
    run_threads(kClients, [&](int me) {
        Client client = server_->connect();
        std::mt19937_64 dice = random(me);
        if (me % 2 == 0) {
            const Busy busy(moving);
            for (int i = 0; i < rounds_; i++) {
                const std::string from = "place:" + std::to_string(dice() % kPlaces);
                const std::string to = "place:" + std::to_string(dice() % kPlaces);
                const Reply reply = client.call({dice() % 2 ? "RENAME" : "RENAMENX", from, to});
                if (reply.type == '-')
                    ASSERT_EQ(reply.raw, "-ERR no such key\r\n");
                else
                    moved++;
            }
            return;
        }
        while (moving > 0)
            ASSERT_EQ(client.call_raw(all), ":1\r\n");
    });
    EXPECT_GT(moved, 0);
    EXPECT_EQ(setup.call_raw({"DBSIZE"}), ":1\r\n");
    EXPECT_EQ(setup.call_raw(all), ":1\r\n");
}

/* Whole databases change places and are emptied under readers that must see all or nothing. */
TEST_F(Atomicity, SwappedDatabasesAreSwappedWhole)
{
    Client setup = server_->connect();
    for (const char *db : {"0", "1"}) {
        setup.call({"SELECT", db});
        for (int i = 0; i < 20; i++)
            setup.call({"SET", "k" + std::to_string(i), db});
    }
    Args get = {"MGET"};
    for (int i = 0; i < 20; i++)
        get.push_back("k" + std::to_string(i));
    std::atomic<int> swapping{1};
    run_threads(kClients, [&](int me) {
        Client client = server_->connect();
        if (me == 0) {
            const Busy busy(swapping);
            for (int i = 0; i < rounds_; i++)
                ASSERT_EQ(client.call_raw({"SWAPDB", "0", "1"}), "+OK\r\n");
            return;
        }
        while (swapping > 0) {
            const Reply all = client.call(get);
            for (const Reply &one : all.items)
                ASSERT_EQ(one.raw, all.items[0].raw) << printable(all.raw, 2000);
        }
    });
}

/* What a client has been told, it and all others find. */
TEST_F(Atomicity, AnsweredWritesAreSeenByAll)
{
    std::atomic<int64_t> told[kClients] = {};
    run_threads(kClients, [&](int me) {
        Client client = server_->connect();
        std::mt19937_64 dice = random(me);
        for (int i = 1; i <= rounds_; i++) {
            ASSERT_EQ(client.call_raw({"SET", "by:" + std::to_string(me), std::to_string(i)}),
                      "+OK\r\n");
            told[me] = i;
            const int other = static_cast<int>(dice() % kClients);
            const int64_t least = told[other];
            ASSERT_GE(integer(client, "by:" + std::to_string(other)), least);
        }
    });
}

/* The checker itself: histories that one register can and cannot explain. */
TEST(AtomicityChecker, TellsRegistersFromOthers)
{
    const Operation w1{true, 1, 0, 10}, w2{true, 2, 20, 30};
    const auto read = [](uint64_t value, int64_t begin, int64_t end) {
        return Operation{false, value, begin, end};
    };
    EXPECT_EQ(explain({w1, w2, read(1, 5, 15), read(2, 25, 40)}), "");
    EXPECT_EQ(explain({w1, w2, read(0, 1, 5), read(1, 22, 28)}), "");
    EXPECT_NE(explain({w1, w2, read(1, 40, 50)}), "") << "a lost update";
    EXPECT_NE(explain({w1, w2, read(2, 5, 15)}), "") << "a read of the future";
    EXPECT_NE(explain({w1, w2, read(2, 21, 23), read(1, 24, 26)}), "") << "back in time";
    EXPECT_NE(explain({w1, read(0, 11, 12)}), "") << "an answered write that is not there";
    EXPECT_NE(explain({w1, read(3, 11, 12)}), "") << "a value from nowhere";
    const Operation wide1{true, 1, 0, 100}, wide2{true, 2, 0, 100};
    EXPECT_EQ(explain({wide1, wide2, read(2, 10, 20), read(1, 30, 40)}), "");
    EXPECT_NE(explain({wide1, wide2, read(2, 10, 20), read(1, 30, 40), read(2, 50, 60)}), "");
}

} // namespace
