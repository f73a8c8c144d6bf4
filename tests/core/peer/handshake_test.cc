/*
 * handshake_test.cc — the talk of a replica with its master, answer by answer and byte by byte.
 */
#include "core/peer/handshake.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace
{

const std::string kId(40, 'a'), kOtherId(40, 'b');

bytes view(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string words(const std::vector<std::string> &argv)
{
    std::string out = "*" + std::to_string(argv.size()) + "\r\n";
    for (const auto &a : argv)
        out += "$" + std::to_string(a.size()) + "\r\n" + a + "\r\n";
    return out;
}

/* A talk: what was sent so far, what was said for the log, and how it went on. */
class Talk
{
  public:
    explicit Talk(const handshake_wish &wish)
    {
        handshake_begin(&h, &wish);
        take_output();
    }
    Talk(const Talk &) = delete;
    Talk &operator=(const Talk &) = delete;
    ~Talk()
    {
        handshake_end(&h);
    }

    /* Gives the answer a few bytes at a time, and returns the last outcome. */
    handshake_outcome hear(const std::string &answer, size_t step = SIZE_MAX)
    {
        handshake_outcome outcome = HANDSHAKE_MORE;
        size_t come = 0;
        while (outcome == HANDSHAKE_MORE && come < answer.size()) {
            const size_t n = std::min(step, answer.size() - come);
            in_ += answer.substr(come, n);
            come += n;
            size_t used = 1;
            while (outcome == HANDSHAKE_MORE && used > 0) {
                outcome = handshake_take(&h, view(in_), &used);
                for (uint32_t i = 0; i < h.said_count; i++)
                    log += std::string(h.said[i].text.data, h.said[i].text.size) + "\n";
                in_.erase(0, used);
                take_output();
            }
        }
        rest = in_ + answer.substr(come);
        return outcome;
    }

    handshake h{};
    std::string sent, log, rest;

  private:
    void take_output()
    {
        sent.append(h.out.data ? h.out.data : "", h.out.size);
        h.out.size = 0;
    }
    std::string in_;
};

handshake_wish plain()
{
    handshake_wish w{};
    w.port = 7000;
    return w;
}

TEST(Handshake, AsksForAllWithoutHistory)
{
    Talk t(plain());
    EXPECT_EQ(t.sent, words({"PING"}));
    EXPECT_EQ(t.hear("+PONG\r\n"), HANDSHAKE_MORE);
    EXPECT_EQ(t.sent, words({"PING"}) + words({"REPLCONF", "listening-port", "7000"}) +
                          words({"REPLCONF", "capa", "eof", "capa", "psync2"}));
    t.sent.clear();
    EXPECT_EQ(t.hear("+OK\r\n+OK\r\n"), HANDSHAKE_MORE);
    EXPECT_EQ(t.sent, words({"PSYNC", "?", "-1"}));
    EXPECT_EQ(t.hear("+FULLRESYNC " + kId + " 1234\r\n$5\r\nREDIS"), HANDSHAKE_FULL);
    EXPECT_EQ(t.h.replid, kId);
    EXPECT_EQ(t.h.offset, 1234);
    EXPECT_EQ(t.rest, "$5\r\nREDIS");
    EXPECT_NE(t.log.find("Full resync from master: " + kId + ":1234"), std::string::npos);
}

TEST(Handshake, SaysAllThatIsConfigured)
{
    const std::string user = "bob", password = "sesame", ip = "10.0.0.1", version = "7.4.0";
    handshake_wish w = plain();
    w.user = view(user);
    w.password = view(password);
    w.announce_ip = view(ip);
    w.version = view(version);
    w.replid = kId.c_str();
    w.next_offset = 77;
    Talk t(w);
    EXPECT_EQ(t.hear("-NOAUTH Authentication required.\r\n"), HANDSHAKE_MORE);
    EXPECT_EQ(t.hear("+OK\r\n+OK\r\n+OK\r\n+OK\r\n-ERR Unrecognized REPLCONF option: version\r\n"),
              HANDSHAKE_MORE);
    EXPECT_EQ(t.sent, words({"PING"}) + words({"AUTH", "bob", "sesame"}) +
                          words({"REPLCONF", "listening-port", "7000"}) +
                          words({"REPLCONF", "ip-address", "10.0.0.1"}) +
                          words({"REPLCONF", "capa", "eof", "capa", "psync2"}) +
                          words({"REPLCONF", "version", "7.4.0"}) + words({"PSYNC", kId, "77"}));
    EXPECT_EQ(t.hear("+CONTINUE\r\nxyz"), HANDSHAKE_CONTINUE);
    EXPECT_EQ(t.h.replid, kId);
    EXPECT_EQ(t.rest, "xyz");
}

struct Ending {
    const char *name;
    const char *answer; /* to PSYNC, with history */
    handshake_outcome outcome;
    const char *said;
};

class Endings : public ::testing::TestWithParam<Ending>
{
};

/* The answer in pieces of every size leads to the same end, and no byte behind it is taken. */
TEST_P(Endings, OfEveryAnswerToPsync)
{
    const std::string answer = std::string(GetParam().answer) + "\r\n";
    for (size_t step = 1; step < answer.size() + 4; step++) {
        handshake_wish w = plain();
        w.replid = kId.c_str();
        w.next_offset = 5;
        Talk t(w);
        EXPECT_EQ(t.hear("\n+PONG\r\n\n+OK\r\n-ERR what\r\n\n" + answer + "tail", step),
                  GetParam().outcome)
            << step;
        EXPECT_EQ(t.rest, "tail") << step;
        EXPECT_NE(t.log.find(GetParam().said), std::string::npos) << t.log;
    }
}

const Ending endings[] = {
    {"Full", "+FULLRESYNC bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 0", HANDSHAKE_FULL,
     "Full resync from master: bbbb"},
    {"FullWithoutOffset", "+FULLRESYNC bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", HANDSHAKE_FAILED,
     "wrong +FULLRESYNC syntax"},
    {"FullWithShortId", "+FULLRESYNC bbbb 17", HANDSHAKE_FAILED, "wrong +FULLRESYNC syntax"},
    {"FullWithNegativeOffset", "+FULLRESYNC bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb -7",
     HANDSHAKE_FAILED, "wrong +FULLRESYNC syntax"},
    {"Continue", "+CONTINUE", HANDSHAKE_CONTINUE, "Successful partial resynchronization"},
    {"ContinueWithId", "+CONTINUE bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", HANDSHAKE_CONTINUE,
     "Master replication ID changed to bbbb"},
    {"NoMasterLink", "-NOMASTERLINK Can't SYNC while not connected with my master", HANDSHAKE_LATER,
     "Master is currently unable to PSYNC"},
    {"Loading", "-LOADING Redis is loading the dataset in memory", HANDSHAKE_LATER,
     "Master is currently unable to PSYNC"},
    {"Unknown", "-ERR unknown command 'PSYNC'", HANDSHAKE_FULL, "Retrying with SYNC..."},
    {"Garbage", "HTTP/1.1 400 Bad Request", HANDSHAKE_FULL, "Unexpected reply to PSYNC"},
};

INSTANTIATE_TEST_SUITE_P(Handshake, Endings, ::testing::ValuesIn(endings),
                         [](const auto &of) { return of.param.name; });

/* FAILOVER is said, and whoever does not take the role has refused it. */
TEST(Handshake, AFailoverIsTakenOrRefused)
{
    for (const Ending &e : endings) {
        handshake_wish w = plain();
        w.replid = kId.c_str();
        w.next_offset = 5;
        w.failover = true;
        Talk t(w);
        const bool answered = strncmp(e.answer, "+FULL", 5) == 0 || e.answer[1] == 'C';
        EXPECT_EQ(t.hear(std::string("+PONG\r\n+OK\r\n+OK\r\n") + e.answer + "\r\ntail"),
                  answered ? e.outcome : HANDSHAKE_REFUSED)
            << e.name;
        EXPECT_NE(t.sent.find(words({"PSYNC", kId, "5", "FAILOVER"})), std::string::npos);
        EXPECT_EQ(t.sent.find("SYNC\r\n$"), t.sent.find("SYNC\r\n$40")) << e.name;
    }
}

TEST(Handshake, AWrongPasswordEndsIt)
{
    const std::string password = "no";
    handshake_wish w = plain();
    w.password = view(password);
    Talk t(w);
    EXPECT_EQ(t.hear("+PONG\r\n-WRONGPASS invalid username-password pair\r\n"), HANDSHAKE_FAILED);
    EXPECT_NE(t.log.find("Unable to AUTH to MASTER: -WRONGPASS"), std::string::npos) << t.log;
}

TEST(Handshake, AnErrorToPingEndsIt)
{
    Talk t(plain());
    EXPECT_EQ(t.hear("-ERR max number of clients reached\r\n"), HANDSHAKE_FAILED);
    EXPECT_NE(t.log.find("Error reply to PING from master: -ERR max"), std::string::npos);
}

TEST(Handshake, ALineWithoutEndEndsIt)
{
    Talk t(plain());
    EXPECT_EQ(t.hear(std::string(2 * HANDSHAKE_LINE_MAX, '+')), HANDSHAKE_FAILED);
}

TEST(Handshake, ContinueWithoutHistoryIsAnError)
{
    Talk t(plain());
    EXPECT_EQ(t.hear("+PONG\r\n+OK\r\n+OK\r\n+CONTINUE\r\n"), HANDSHAKE_FAILED);
}

} // namespace
