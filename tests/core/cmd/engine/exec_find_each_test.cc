// Many keys read by one command: as many look-ups one behind the other would answer.
#include "tests/core/cmd/engine/dispatch_fixture.h"
#include "tests/support/seed.h"

#include <optional>

using namespace lk;

namespace
{

struct Value {
    std::string text;
    int64_t deadline = -1;
};

std::string bulk(const std::optional<std::string> &v)
{
    return v ? "$" + std::to_string(v->size()) + " " + *v : std::string("$-1");
}

// Short and long keys, that lie in one bucket and in many.
std::string some_key(std::mt19937_64 &rng, int keys)
{
    const uint64_t n = rng() % static_cast<uint64_t>(keys);
    return "k" + std::to_string(n) + std::string(n % 40 == 7 ? 300 : n % 7, 'x');
}

std::string some_text(std::mt19937_64 &rng)
{
    switch (rng() % 6) {
    case 0:
        return std::to_string(rng() % 1000000);
    case 1:
        return std::string(rng() % 600, 'w');
    default:
        return std::string(rng() % 40, 'v');
    }
}

class FindEach
{
  public:
    FindEach(uint64_t seed, int keys, uint32_t shards)
        : rng_(seed), keys_(keys), server_(Shape{.shards = shards}), client_(server_)
    {
    }

    void step()
    {
        const std::string key = some_key(rng_, keys_);
        switch (rng_() % 8) {
        case 0:
            client_.call(Words{"DEL", key});
            model_.erase(key);
            break;
        case 1:
            client_.call(Words{"DEL", key});
            client_.call(Words{"LPUSH", key, "element"});
            model_.erase(key);
            break;
        case 2: {
            const std::string text = some_text(rng_);
            const int64_t ms = 1 + static_cast<int64_t>(rng_() % 2000);
            client_.call(Words{"SET", key, text, "PX", std::to_string(ms)});
            model_[key] = {text, now_ + ms};
            break;
        }
        default: {
            const std::string text = some_text(rng_);
            client_.call(Words{"SET", key, text});
            model_[key] = {text};
        }
        }
        if (rng_() % 16 == 0)
            clock_fake_unix_ms(now_ += 100);
    }

    void ask()
    {
        const size_t n = 1 + rng_() % (rng_() % 8 == 0 ? 100 : 12);
        Words words{"MGET"};
        std::string want = "*" + std::to_string(n);
        for (size_t i = 0; i < n; i++) {
            const std::string key = i > 0 && rng_() % 8 == 0 ? words.back() : some_key(rng_, keys_);
            words.push_back(key);
            want += " " + bulk(text_of(key));
        }
        if (rng_() % 4 != 0) {
            ASSERT_EQ(client_.call(words), want);
            return;
        }
        client_.run("MULTI");
        client_.call(words);
        ASSERT_EQ(client_.run("EXEC"), "*1 " + want);
    }

  private:
    // A key lives through the millisecond of its deadline.
    std::optional<std::string> text_of(const std::string &key) const
    {
        const auto at = model_.find(key);
        if (at == model_.end() || (at->second.deadline >= 0 && at->second.deadline < now_))
            return std::nullopt;
        return at->second.text;
    }

    std::mt19937_64 rng_;
    int keys_;
    int64_t now_ = NOW;
    std::map<std::string, Value> model_;
    Server server_;
    Client client_;
};

TEST(ExecFindEach, AnswersAsAMapDoes)
{
    for (const uint32_t shards : {2u, 64u})
        for (const int keys : {5, 60, 2000}) {
            SCOPED_TRACE(testing::Message() << shards << " shards, " << keys << " keys");
            FindEach f(test_seed() + shards, keys, shards);
            for (int i = 0; i < scaled(400) && !testing::Test::HasFatalFailure(); i++) {
                for (int j = 0; j < 6; j++)
                    f.step();
                f.ask();
            }
        }
}

// One that goes takes its entry along: the same word again, and its neighbours, are looked up anew.
TEST(ExecFindEach, ExpiredKeysAmongTheOthers)
{
    Server server(Shape{.shards = 2});
    Client c(server);
    Words words{"MGET"};
    std::string want = "*60";
    for (int i = 0; i < 30; i++) {
        const std::string key = "k" + std::to_string(i);
        c.call(i % 2 ? Words{"SET", key, "v"} : Words{"SET", key, "v", "PX", "10"});
        for (int twice = 0; twice < 2; twice++) {
            words.push_back(key);
            want += i % 2 ? " $1 v" : " $-1";
        }
    }
    clock_fake_unix_ms(NOW + 11);
    const stats *s = dispatcher_stats(server.worker(0));
    EXPECT_EQ(c.call(words), want);
    EXPECT_EQ(s->keyspace_hits, 30u);
    EXPECT_EQ(s->keyspace_misses, 30u);
    EXPECT_EQ(s->expired_keys, 15u);
    EXPECT_EQ(dump(server.ks).size(), 15u);
}

TEST(ExecFindEach, OtherDatabasesAndOtherTypes)
{
    Server server;
    Client c(server);
    c.run("SET a 0");
    c.run("SELECT 3");
    c.run("SET a 3");
    c.run("LPUSH l x");
    EXPECT_EQ(c.run("MGET a l none a"), "*4 $1 3 $-1 $-1 $1 3");
    c.run("SELECT 7");
    EXPECT_EQ(c.run("MGET a l"), "*2 $-1 $-1");
}

TEST(ExecFindEach, CountsAUseOfEachKey)
{
    Server server;
    Client c(server);
    c.run("SET a 1");
    c.run("SET b 2");
    clock_fake_unix_ms(NOW + 5000);
    EXPECT_EQ(c.run("OBJECT IDLETIME a"), ":5");
    session_set(&c.session, SESSION_NO_TOUCH, true);
    c.run("MGET a b");
    EXPECT_EQ(c.run("OBJECT IDLETIME a"), ":5");
    session_set(&c.session, SESSION_NO_TOUCH, false);
    c.run("MGET a b");
    EXPECT_EQ(c.run("OBJECT IDLETIME a"), ":0");
    EXPECT_EQ(c.run("OBJECT IDLETIME b"), ":0");
}

} // namespace
