/*
 * tracking_test.cc — client-side caching as clients see it, byte for byte beside the reference
 * server.
 *
 * Every step is a command on one of a few connections.  Behind it each of them sends a PING, and
 * what stands before its answer is what that connection was told by then.  Ids of clients differ
 * and are written as #0, #1 ... by connection.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <deque>

namespace
{

using namespace lk;

struct Step {
    int on; /* the connection */
    const char *command;
};

/* Connections: 0 and 1 speak RESP3, 2 and 3 RESP2; %2 stands for the id of number 2. */
const std::vector<std::pair<const char *, std::vector<Step>>> scripts = {
    {"words",
     {{0, "CLIENT TRACKING ON REDIRECT"},
      {0, "CLIENT TRACKING ON REDIRECT x"},
      {0, "CLIENT TRACKING ON REDIRECT 99999"},
      {0, "CLIENT TRACKING ON REDIRECT %1 REDIRECT %1"},
      {0, "CLIENT TRACKING maybe"},
      {0, "CLIENT TRACKING off nonsense"},
      {0, "CLIENT TRACKING ON PREFIX a"},
      {0, "CLIENT TRACKING ON BCAST OPTIN"},
      {0, "CLIENT TRACKING ON OPTIN OPTOUT"},
      {0, "CLIENT TRACKING ON BCAST PREFIX foo PREFIX foobar"},
      {0, "CLIENT CACHING YES"},
      {0, "CLIENT GETREDIR"},
      {0, "CLIENT TRACKINGINFO"},
      {0, "CLIENT TRACKING ON"},
      {0, "CLIENT CACHING maybe"},
      {0, "CLIENT CACHING YES"},
      {0, "CLIENT TRACKING ON BCAST"},
      {0, "CLIENT TRACKING ON OPTIN NOLOOP"},
      {0, "CLIENT CACHING NO"},
      {0, "CLIENT CACHING YES"},
      {0, "CLIENT TRACKINGINFO"},
      {0, "PING"},
      {0, "CLIENT TRACKINGINFO"},
      {0, "CLIENT TRACKING ON OPTOUT"},
      {0, "CLIENT TRACKING OFF"},
      {0, "CLIENT TRACKING ON BCAST PREFIX b PREFIX a"},
      {0, "CLIENT TRACKING ON BCAST PREFIX abc"},
      {0, "CLIENT TRACKING ON BCAST PREFIX c REDIRECT %2"},
      {0, "CLIENT TRACKINGINFO"},
      {0, "CLIENT GETREDIR"},
      {0, "RESET"},
      {0, "CLIENT TRACKINGINFO"}}},
    {"reads",
     {{0, "CLIENT TRACKING ON"},
      {0, "GET k"},
      {2, "SET k 1"},
      {2, "SET k 2"},
      {0, "GET k"},
      {0, "SET k 3"},
      {0, "MGET k l"},
      {2, "MSET l 1 k 1"},
      {0, "GETEX k"},
      {2, "DEL k"},
      {0, "EXISTS k"},
      {2, "SELECT 1"},
      {2, "SET k other"},
      {2, "SELECT 0"},
      {0, "SORT_RO s"},
      {2, "RPUSH s 1"},
      {0, "XINFO STREAM st"},
      {2, "XADD st 1-1 a b"},
      {0, "WATCH k"},
      {2, "SET k 1"},
      {0, "UNWATCH"},
      {0, "GET k"},
      {0, "MULTI"},
      {0, "SET k 1"},
      {0, "GET k"},
      {0, "SET k 2"},
      {0, "GET l"},
      {0, "EXEC"},
      {2, "SET k 1"},
      {2, "SET l 1"},
      {0, "GET"},
      {0, "GET a b"},
      {2, "SET a 1"},
      {0, "GET k"},
      {2, "SWAPDB 0 1"},
      {2, "SET k 1"},
      {0, "CLIENT TRACKING OFF"},
      {0, "GET k"},
      {2, "SET k 1"}}},
    {"all",
     {{0, "CLIENT TRACKING ON NOLOOP"},
      {1, "CLIENT TRACKING ON BCAST PREFIX x"},
      {0, "GET k"},
      {2, "FLUSHDB"},
      {2, "SELECT 5"},
      {2, "FLUSHDB"},
      {0, "FLUSHALL"},
      {1, "FLUSHALL ASYNC"},
      {0, "MULTI"},
      {0, "GET k"},
      {0, "FLUSHALL"},
      {0, "GET l"},
      {0, "EXEC"},
      {2, "SET l 1"},
      {2, "SET k 1"}}},
    {"own",
     {{0, "CLIENT TRACKING ON NOLOOP"},
      {0, "GET k"},
      {0, "SET k 1"},
      {0, "GET k"},
      {2, "SET k 2"},
      {0, "GET k"},
      {0, "DEL k"},
      {1, "CLIENT TRACKING ON"},
      {1, "GET k"},
      {1, "SET k 1"},
      {1, "GET k"},
      {0, "GET k"},
      {0, "SET k 2"}}},
    {"some",
     {{0, "CLIENT TRACKING ON OPTIN"},
      {0, "GET x"},
      {2, "SET x 1"},
      {0, "CLIENT CACHING YES"},
      {0, "GET x"},
      {0, "GET y"},
      {2, "MSET x 1 y 1"},
      {0, "CLIENT TRACKING OFF"},
      {1, "CLIENT TRACKING ON OPTOUT"},
      {1, "GET x"},
      {2, "SET x 1"}}},
    {"prefixes",
     {{0, "CLIENT TRACKING ON BCAST PREFIX u: PREFIX v:"},
      {1, "CLIENT TRACKING ON BCAST NOLOOP"},
      {2, "MSET u:9 1 u:10 2 u:1 1 v:1 1 t:1 1"},
      {0, "SET u:1 z"},
      {1, "MSET u:1 1 q 2"},
      {2, "DEL u:1 none"},
      {2, "FLUSHALL"},
      {0, "CLIENT TRACKING OFF"},
      {2, "SET u:1 1"}}},
    {"redirects",
     {{2, "CLIENT TRACKING ON REDIRECT %3"},
      {2, "GET x"},
      {0, "SET x 1"}, /* 3 does not subscribe: nobody is told */
      {3, "SUBSCRIBE foo"},
      {2, "GET x"},
      {0, "SET x 2"},
      {3, "SUBSCRIBE __redis__:invalidate"},
      {2, "GET x"},
      {2, "SET x 3"},
      {0, "FLUSHALL"},
      {2, "HELLO 3"},
      {0, "FLUSHALL"},
      {2, "CLIENT TRACKING ON REDIRECT %1"},
      {2, "GET x"},
      {0, "SET x 3"},
      {2, "CLIENT TRACKING ON REDIRECT %3"},
      {2, "GET x"},
      {3, "QUIT"},
      {0, "SET x 4"},
      {2, "CLIENT TRACKINGINFO"},
      {2, "GET x"},
      {0, "SET x 5"},
      {2, "CLIENT GETREDIR"}}},
    {"silence", {{0, "CLIENT TRACKING ON"}, {0, "GET x"}, {0, "CLIENT REPLY OFF"}, {2, "SET x 1"}}},
};

class Told
{
  public:
    explicit Told(std::unique_ptr<Server> server) : server_(std::move(server))
    {
        for (int resp : {3, 3, 2, 2}) {
            connections_.push_back(server_->connect(resp));
            ids_.push_back(connections_.back().call({"CLIENT", "ID"}).text);
        }
    }

    std::string step(const Step &s)
    {
        std::string line = s.command;
        for (size_t i = 0; i < ids_.size(); i++)
            replace(&line, "%" + std::to_string(i), ids_[i]);
        Client &on = connections_[static_cast<size_t>(s.on)];
        const bool quit = line == "QUIT", silent = line == "CLIENT REPLY OFF";
        on.send(split_line(line));
        if (silent)
            silent_ = s.on;
        std::string all = quit ? on.read_to_end() : silent ? "" : answer(&on);
        if (quit)
            gone_ = s.on;
        if (line == "MULTI" || line == "EXEC")
            queues_ = line == "MULTI" ? s.on : -1;
        all.insert(0, "\r\n");
        for (size_t i = 0; i < connections_.size(); i++)
            if (static_cast<int>(i) != gone_ && static_cast<int>(i) != queues_)
                all += std::to_string(i) + ": " + told(i, silent);
        for (size_t i = 0; line.find("CLIENT") == 0 && i < ids_.size(); i++)
            replace(&all, "\r\n:" + ids_[i] + "\r\n", "\r\n#" + std::to_string(i) + "\r\n");
        for (size_t i = 0; i < ids_.size(); i++)
            replace(&all, "broken\r\n:" + ids_[i] + "\r\n", "broken #" + std::to_string(i));
        return all;
    }

  private:
    static void replace(std::string *text, const std::string &from, const std::string &to)
    {
        for (size_t at; (at = text->find(from)) != std::string::npos;)
            text->replace(at, from.size(), to);
    }

    /* Up to the command's own answer: others are told of it only when that is there. */
    static std::string answer(Client *on)
    {
        std::string all, one;
        do {
            one = on->read_raw();
            /* The servers' names differ. */
            all += one.find("$6\r\nserver") == std::string::npos ? one : "greeting\r\n";
        } while (one.find("invalidate\r\n") != std::string::npos &&
                 one.find("subscribe\r\n") == std::string::npos);
        return all;
    }

    /* All up to the answer of a PING. */
    std::string told(size_t i, bool silenced)
    {
        if (silent_ == static_cast<int>(i)) /* it hears nothing but what it is told */
            return silenced ? "" : connections_[i].read_raw();
        std::string all;
        connections_[i].send(Args{"PING", "behind"});
        while (all.find("behind") == std::string::npos)
            all += connections_[i].read_raw();
        return all;
    }

    std::unique_ptr<Server> server_;
    std::deque<Client> connections_;
    std::vector<std::string> ids_;
    int gone_ = -1, silent_ = -1, queues_ = -1;
};

class Tracking : public ::testing::TestWithParam<size_t>
{
};

TEST_P(Tracking, AsTheReferenceServer)
{
    const auto &[name, steps] = scripts[GetParam()];
    Told oracle(Server::oracle()), tested(Server::tested({{"io-threads", "3"}}));
    for (const Step &s : steps) {
        const std::string want = oracle.step(s), got = tested.step(s);
        EXPECT_EQ(printable(got, 4000), printable(want, 4000))
            << name << ": " << s.on << "> " << s.command;
    }
}

INSTANTIATE_TEST_SUITE_P(Scripts, Tracking, ::testing::Range(size_t{0}, scripts.size()),
                         [](const auto &p) { return std::string(scripts[p.param].first); });

TEST(TrackingFigures, InfoAndClientList)
{
    const auto server = Server::tested({{"io-threads", "2"}});
    Client a = server->connect(3), b = server->connect(3), control = server->connect();
    a.call({"CLIENT", "TRACKING", "ON"});
    a.call({"MGET", "x", "y"});
    b.call({"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "p", "PREFIX", "q"});
    const std::string info = control.call({"INFO", "everything"}).text;
    for (const char *line : {"tracking_clients:2", "tracking_total_keys:2",
                             "tracking_total_items:2", "tracking_total_prefixes:2"})
        EXPECT_NE(info.find(line), std::string::npos) << line;
    const std::string list = control.call({"CLIENT", "LIST"}).text;
    EXPECT_NE(list.find("flags=t "), std::string::npos) << list;
    EXPECT_NE(list.find("flags=tB "), std::string::npos) << list;
    EXPECT_NE(list.find("redir=0 "), std::string::npos) << list;
    EXPECT_NE(list.find("redir=-1 "), std::string::npos) << list;
}

/* DEBUG RELOAD empties the table of what was read, and says so. */
TEST(TrackingFigures, Reload)
{
    const auto server = Server::tested({{"enable-debug-command", "yes"}});
    Client a = server->connect(3), control = server->connect();
    control.call({"SET", "k", "1"});
    a.call({"CLIENT", "TRACKING", "ON"});
    a.call({"GET", "k"});
    EXPECT_EQ(control.call_raw({"DEBUG", "RELOAD"}), "+OK\r\n");
    EXPECT_EQ(a.read_raw(), ">2\r\n$10\r\ninvalidate\r\n_\r\n");
    EXPECT_NE(control.call({"INFO", "stats"}).text.find("tracking_total_keys:0"),
              std::string::npos);
}

} // namespace
