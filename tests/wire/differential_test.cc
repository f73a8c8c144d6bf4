/*
 * differential_test.cc — the same commands to a reference server and to ours.
 *
 * The reference says what is right, so nothing here has to be believed: replies are compared byte
 * for byte in both protocols, except where compare.cc gives a reason why they may differ.  So is
 * what a subscriber of all keyspace events hears, message by message (ear.cc).
 *
 * Environment  LATCHKEY_TEST_SEED    one seed in place of the fixed ones
 *              LATCHKEY_TEST_STEPS   commands a random stream
 */
#include "tests/support/pair.h"
#include "tests/support/raw_cases.h"
#include "tests/support/seed.h"
#include "tests/support/sessions.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace lk
{

/* A row's name is all that a failure needs to show of it. */
template <class Row>
concept NamedRow = std::is_same_v<Row, NamedSession> || std::is_same_v<Row, RawCase> ||
    std::is_same_v<Row, Family>;
template <NamedRow Row> void PrintTo(const Row &row, std::ostream *out)
{
    *out << row.name;
}

} // namespace lk

namespace
{

using namespace lk;

/* Both servers are started once for all tests of this file. */
class Shared
{
  public:
    static Pair &pair()
    {
        if (!pair_)
            pair_ = std::make_unique<Pair>();
        return *pair_;
    }
    static void stop()
    {
        pair_.reset();
    }

  private:
    static std::unique_ptr<Pair> pair_;
};
std::unique_ptr<Pair> Shared::pair_;

class StopsServers : public testing::Environment
{
  public:
    void TearDown() override
    {
        Shared::stop();
    }
};
const testing::Environment *const environment = testing::AddGlobalTestEnvironment(new StopsServers);

uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, nullptr, 10) : otherwise;
}

std::vector<uint64_t> seeds()
{
    if (const std::optional<uint64_t> seed = given_seed())
        return {*seed};
    return {1, 2, 3};
}

/* One at a time, and in batches, which take other ways through a server. */
const How kHows[] = {{2, 1}, {3, 1}, {2, 64, true}};

class DifferentialSession : public testing::TestWithParam<NamedSession>
{
};

TEST_P(DifferentialSession, AnswersAsTheReference)
{
    const NamedSession &session = GetParam();
    for (const How &how : kHows)
        Shared::pair().expect_same(session.steps, how, session.name + ", " + session.at);
}

INSTANTIATE_TEST_SUITE_P(Wire, DifferentialSession, testing::ValuesIn(all_sessions()),
                         [](const auto &row) { return row.param.name; });

class DifferentialRandom : public testing::TestWithParam<Family>
{
};

TEST_P(DifferentialRandom, AnswersAsTheReference)
{
    const Family &family = GetParam();
    const size_t steps = number("LATCHKEY_TEST_STEPS", 3000);
    for (const uint64_t seed : seeds()) {
        printf("seed %lu, %zu commands\n", static_cast<unsigned long>(seed), steps);
        const Session session = random_session(family, seed, steps);
        for (const How &how : kHows) {
            Shared::pair().expect_same(session, how,
                                       std::string(family.name) + ", seed " + std::to_string(seed));
            if (HasFailure())
                return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Wire, DifferentialRandom, testing::ValuesIn(families()),
                         [](const auto &row) { return std::string(row.param.name); });

class DifferentialRaw : public testing::TestWithParam<RawCase>
{
};

TEST_P(DifferentialRaw, AnswersAsTheReference)
{
    const RawCase &c = GetParam();
    Shared::pair().expect_same_raw(c.bytes, c.closes, c.name);
}

INSTANTIATE_TEST_SUITE_P(Wire, DifferentialRaw, testing::ValuesIn(raw_cases()),
                         [](const auto &row) { return std::string(row.param.name); });

/* A deadline of a few milliseconds passes, and then the key is gone in every way. */
TEST(Differential, ShortDeadlinesPass)
{
    for (const auto &server : {Server::oracle(), Server::tested()}) {
        Client client = server->connect();
        for (const Args &set : std::vector<Args>{{"SET", "k", "v", "PX", "5"},
                                                 {"PSETEX", "k", "5", "v"},
                                                 {"SET", "k", "v", "PXAT", "1"}}) {
            EXPECT_EQ(client.call_raw(set), "+OK\r\n");
            const auto limit = std::chrono::steady_clock::now() + kPatience;
            while (client.call_raw({"GET", "k"}) != "$-1\r\n")
                ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the key never expired";
            EXPECT_EQ(client.call_raw({"TTL", "k"}), ":-2\r\n");
            EXPECT_EQ(client.call_raw({"EXISTS", "k"}), ":0\r\n");
            EXPECT_EQ(client.call_raw({"DBSIZE"}), ":0\r\n");
            EXPECT_EQ(client.call_raw({"PERSIST", "k"}), ":0\r\n");
            EXPECT_EQ(client.call_raw({"RENAME", "k", "l"}), "-ERR no such key\r\n");
            EXPECT_EQ(client.call_raw({"SETNX", "k", "w"}), ":1\r\n");
            EXPECT_EQ(client.call_raw({"TTL", "k"}), ":-1\r\n");
            EXPECT_EQ(client.call_raw({"DEL", "k"}), ":1\r\n");
        }
    }
}

} // namespace
