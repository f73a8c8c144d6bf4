/*
 * abuse_test.cc — clients that are broken, hostile or merely gone.
 *
 * Whatever one connection does, the others are served: every test ends by asking, on a connection
 * from before and on a new one.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <random>

namespace
{

using namespace lk;
using namespace std::string_literals;

class Abuse : public testing::Test
{
  protected:
    void start(const Server::Directives &directives = {})
    {
        server_ = Server::tested(directives);
        bystander_ = std::make_unique<Client>(server_->connect());
        ASSERT_EQ(bystander_->call_raw({"SET", "mine", "untouched"}), "+OK\r\n");
    }
    void TearDown() override
    {
        ASSERT_TRUE(bystander_);
        EXPECT_EQ(bystander_->call_raw({"GET", "mine"}), "$9\r\nuntouched\r\n");
        EXPECT_TRUE(server_->connect().ping());
        bystander_.reset();
    }

    uint64_t used_memory()
    {
        return figure("memory", "\nused_memory:");
    }

    uint64_t figure(const char *section, const std::string &before)
    {
        const std::string info = bystander_->call({"INFO", section}).text;
        const size_t at = info.find(before);
        if (at == std::string::npos)
            throw std::runtime_error("no " + before + " in " + info);
        return strtoull(info.c_str() + at + before.size(), nullptr, 10);
    }

    std::unique_ptr<Server> server_;
    std::unique_ptr<Client> bystander_;
};

/* The last words to a client that does not speak the protocol. */
TEST_F(Abuse, ProtocolErrorsAreNamedAndEndTheConnection)
{
    start();
    const std::pair<const char *, const char *> rows[] = {
        {"*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
        {"*1\r\nPING\r\n", "-ERR Protocol error: expected '$', got 'P'\r\n"},
        {"*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
        {"*1\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
        {"*1\r\n$536870913\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
        {"SET a \"b\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
    };
    for (const auto &[bytes, words] : rows) {
        Client client = server_->connect();
        client.send(bytes);
        EXPECT_EQ(client.read_to_end(), words) << printable(bytes);
    }
}

TEST_F(Abuse, AnyBytesLeaveTheServerStanding)
{
    start();
    const unsigned seed = 7;
    printf("seed %u\n", seed);
    std::mt19937 dice(seed);
    const std::string alphabet = "*$+-:\r\n\r\n0123456789 \"'\\GETSPIN\0\xff"s;
    for (int i = 0; i < 300; i++) {
        std::string bytes;
        for (unsigned n = dice() % 200; n > 0; n--)
            bytes += alphabet[dice() % alphabet.size()];
        Client client = server_->connect();
        try {
            client.send(bytes);
            client.shut_write();
            client.read_to_end();
        } catch (const std::exception &) {
            /* Closed while it was being sent to: as good an answer as any. */
        }
    }
}

TEST_F(Abuse, CommandsMayComeAByteAtATime)
{
    start();
    Client client = server_->connect();
    const std::string value = "a\r\nb$*\r\n";
    const std::string bytes = encode({"SET", "slow", value}) + "PING\r\n" +
                              encode({"GET", "slow"}) + "\r\n" + encode({"ECHO", ""});
    for (const char c : bytes)
        client.send(std::string_view(&c, 1));
    EXPECT_EQ(client.read_raw(), "+OK\r\n");
    EXPECT_EQ(client.read_raw(), "+PONG\r\n");
    EXPECT_EQ(client.read().text, value);
    EXPECT_EQ(client.read_raw(), "$0\r\n\r\n");
}

/* Cuts at every place, each piece in a segment of its own. */
TEST_F(Abuse, CommandsMayBeCutAnywhere)
{
    start();
    const std::string bytes = encode({"SET", "cut", "12345"}) + encode({"APPEND", "cut", "67"});
    Client client = server_->connect();
    for (size_t at = 1; at < bytes.size(); at++) {
        client.send(std::string_view(bytes).substr(0, at));
        ASSERT_TRUE(bystander_->ping()); /* the server has seen the first piece by now */
        client.send(std::string_view(bytes).substr(at));
        ASSERT_EQ(client.read_raw(), "+OK\r\n") << "cut at " << at;
        ASSERT_EQ(client.read_raw(), ":7\r\n") << "cut at " << at;
    }
}

TEST_F(Abuse, PipelinesOfMegabytesAreAnsweredInOrder)
{
    start();
    Client client = server_->connect();
    constexpr int kCommands = 100'000;
    std::string bytes;
    for (int i = 0; i < kCommands; i++)
        bytes += encode({"ECHO", "number " + std::to_string(i)});
    client.send(bytes);
    for (int i = 0; i < kCommands; i++)
        ASSERT_EQ(client.read().text, "number " + std::to_string(i));
}

TEST_F(Abuse, LargeValuesComeBackWhole)
{
    start();
    Client client = server_->connect();
    for (const size_t size :
         {16'383U, 16'384U, 65'536U, 262'144U, 262'145U, 1'000'003U, 20'000'000U}) {
        std::string value(size, 'x');
        for (size_t i = 0; i < size; i += 4096)
            value[i] = static_cast<char>('a' + i / 4096 % 26);
        ASSERT_EQ(client.call_raw({"SET", "large", value}), "+OK\r\n");
        const std::vector<Reply> twice = client.pipeline({{"GET", "large"}, {"GET", "large"}});
        ASSERT_TRUE(twice[0].text == value) << size;
        ASSERT_TRUE(twice[1].text == value) << size;
        ASSERT_EQ(client.call({"STRLEN", "large"}).text, std::to_string(size));
    }
}

TEST_F(Abuse, DisconnectsInTheMiddleOfAnything)
{
    start();
    const std::string halves[] = {
        "*3\r\n$3\r\nSET\r\n$4\r\nmine\r\n$100000000\r\nonly this",
        "*3\r\n$3\r\nSET\r\n$4\r\nmine\r\n$5\r\nbro",
        "*2\r\n",
        "*",
        "SET mine broken",
        encode({"MULTI"}) + encode({"SET", "mine", "broken"}),
        encode({"WATCH", "mine"}) + encode({"MULTI"}),
    };
    for (const std::string &half : halves) {
        for (int i = 0; i < 20; i++) {
            Client client = server_->connect();
            client.send(half);
            if (i % 2)
                client.shut_write();
            client.close();
        }
    }
    /* A command sent whole before the end does run. */
    Client client = server_->connect();
    client.send(encode({"SET", "last", "words"}));
    client.shut_write();
    EXPECT_EQ(client.read_to_end(), "+OK\r\n");
    EXPECT_EQ(bystander_->call({"GET", "last"}).text, "words");
}

/* Huge promises cost nothing until they are kept; the reference server does pay for them. */
TEST_F(Abuse, PromisedBytesAreNotReserved)
{
    start();
    std::vector<Client> clients;
    for (int i = 0; i < 100; i++) {
        clients.push_back(server_->connect());
        clients.back().send("*2\r\n$4\r\nECHO\r\n$536870912\r\nx");
    }
    EXPECT_TRUE(bystander_->ping());
    EXPECT_LT(used_memory(), 1'000'000'000U);
}

/* Asks for more and more and never reads, until the server hangs up or no longer listens. */
void ask_without_reading(Client &client, const std::string &question, size_t limit_bytes)
{
    size_t sent = 0;
    while (sent < limit_bytes) {
        const ssize_t n = ::send(client.fd(), question.data(), question.size(), MSG_NOSIGNAL);
        if (n > 0) {
            sent += static_cast<size_t>(n);
            continue;
        }
        if (errno != EAGAIN)
            return;
        pollfd room = {client.fd(), POLLOUT, 0};
        if (poll(&room, 1, 500) == 0 || (room.revents & (POLLHUP | POLLERR)))
            return;
    }
}

TEST_F(Abuse, ClientsThatNeverReadDoNotHoldUpOthers)
{
    start({{"client-output-buffer-limit", "normal", "1mb", "0", "0"}});
    ASSERT_EQ(bystander_->call_raw({"SET", "large", std::string(100'000, 'x')}), "+OK\r\n");
    std::vector<Client> deaf;
    for (int i = 0; i < 4; i++) {
        deaf.push_back(server_->connect());
        ask_without_reading(deaf.back(), encode({"GET", "large"}), 1 << 20);
        EXPECT_TRUE(bystander_->ping());
    }
    /* It had 4 MB of questions in hand, each worth 100 kB. */
    EXPECT_LT(used_memory(), 300'000'000U);
}

/* All its questions are there when the worker looks: what is over the limit is not made first. */
TEST_F(Abuse, RepliesAboveTheLimitAreNotMade)
{
    start({{"client-output-buffer-limit", "normal", "1mb", "0", "0"},
           {"io-threads", "1"},
           {"enable-debug-command", "yes"}});
    ASSERT_EQ(bystander_->call_raw({"SET", "large", std::string(100'000, 'x')}), "+OK\r\n");
    Client deaf = server_->connect();
    EXPECT_TRUE(deaf.ping());
    std::string questions;
    for (int i = 0; i < 10'000; i++)
        questions += encode({"GET", "large"});
    bystander_->send(Args{"DEBUG", "SLEEP", "0.3"});
    ask_without_reading(deaf, questions, 1);
    EXPECT_EQ(bystander_->read_raw(), "+OK\r\n");
    EXPECT_TRUE(bystander_->ping());
    EXPECT_LT(figure("commandstats", "\ncmdstat_get:calls="), 200U); // of 100 kB each
}

TEST_F(Abuse, AThousandIdleConnectionsCostTheOthersNothing)
{
    rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    start();
    std::vector<Client> idle;
    for (int i = 0; i < 1000; i++)
        idle.push_back(server_->connect());
    EXPECT_TRUE(bystander_->ping());
    for (size_t i = 0; i < idle.size(); i += 37)
        EXPECT_TRUE(idle[i].ping()) << i;
    const std::string info = bystander_->call({"INFO", "clients"}).text;
    EXPECT_NE(info.find("connected_clients:1001\r\n"), std::string::npos) << info;
}

TEST_F(Abuse, ClientsPastTheLimitAreToldSo)
{
    start({{"maxclients", "10"}});
    std::vector<Client> clients;
    for (int i = 0; i < 9; i++) {
        clients.push_back(server_->connect());
        ASSERT_TRUE(clients.back().ping()) << i;
    }
    Client extra = server_->connect();
    EXPECT_EQ(extra.read_to_end(), "-ERR max number of clients reached\r\n");
    /* Room again once one has gone, which the server may learn a moment later. */
    clients.pop_back();
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (!server_->connect().ping())
        ASSERT_LT(std::chrono::steady_clock::now(), limit);
}

TEST_F(Abuse, InlineCommandsServeTelnet)
{
    start();
    Client client = server_->connect();
    client.send("ping\r\nSET  a   \"two words\"\nget a\r\n\r\necho '\\n'\r\n");
    EXPECT_EQ(client.read_raw(), "+PONG\r\n");
    EXPECT_EQ(client.read_raw(), "+OK\r\n");
    EXPECT_EQ(client.read_raw(), "$9\r\ntwo words\r\n");
    EXPECT_EQ(client.read_raw(), "$2\r\n\\n\r\n");
}

TEST_F(Abuse, ConnectionsComeAndGo)
{
    start();
    for (int i = 0; i < 2000; i++) {
        Client client = server_->connect();
        if (i % 3 == 0) {
            ASSERT_TRUE(client.ping());
        } else if (i % 3 == 1) {
            client.send(Args{"PING"});
        }
    }
}

} // namespace
