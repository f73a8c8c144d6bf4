// Replies that have no bound but a number of the client's.
#include "tests/core/cmd/engine/dispatch_fixture.h"

namespace
{

using namespace lk;

constexpr uint64_t LIMIT = 100'000;

class ReplyIsOver : public ::testing::TestWithParam<const char *>
{
  protected:
    ReplyIsOver() : server_({.logging = false}), c_(server_)
    {
        c_.run("HSET h field value");
        c_.run("SADD s member");
        c_.run("ZADD z 1 member");
    }
    bool closes() const
    {
        return session_has(&c_.session, SESSION_CLOSE_AFTER);
    }

    Server server_;
    Client c_;
};

TEST_P(ReplyIsOver, ItIsCutShortAndTheClientGoes)
{
    server_.config.output_hard = LIMIT;
    const std::string reply = c_.run(std::string(GetParam()) + " -2000000");
    EXPECT_EQ(reply.rfind("*2000000 ", 0), 0U);
    EXPECT_GT(reply.size(), LIMIT / 2);
    EXPECT_LT(reply.size(), 10 * LIMIT);
    EXPECT_TRUE(closes());
}

TEST_P(ReplyIsOver, BelowTheLimitAndWithoutOneItIsWhole)
{
    for (const uint64_t limit : {uint64_t{0}, LIMIT * 1000}) {
        server_.config.output_hard = limit;
        const std::string reply = c_.run(std::string(GetParam()) + " -20000");
        size_t strings = 0;
        for (const char byte : reply)
            strings += byte == '$';
        EXPECT_EQ(strings, 20000U);
        EXPECT_FALSE(closes());
    }
}

TEST_P(ReplyIsOver, InATransactionTheOtherCommandsRun)
{
    server_.config.output_hard = LIMIT;
    EXPECT_EQ(c_.run("MULTI"), "+OK");
    EXPECT_EQ(c_.run(std::string(GetParam()) + " -2000000"), "+QUEUED");
    EXPECT_EQ(c_.run("SET ran 1"), "+QUEUED");
    EXPECT_LT(c_.run("EXEC").size(), 10 * LIMIT);
    EXPECT_TRUE(closes());
    Client other(server_);
    EXPECT_EQ(other.run("GET ran"), "$1 1");
}

INSTANTIATE_TEST_SUITE_P(Slices, ReplyIsOver,
                         ::testing::Values("HRANDFIELD h", "SRANDMEMBER s", "ZRANDMEMBER z"));

} // namespace
