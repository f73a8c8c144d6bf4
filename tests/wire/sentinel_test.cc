/*
 * sentinel_test.cc — Sentinels of ours, alone and beside the reference's, over reference servers.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace
{

using namespace lk;

class SentinelWire : public testing::Test
{
  protected:
    struct Watcher {
        int port;
        std::string file;
        std::unique_ptr<Process> process;
    };

    SentinelWire()
    {
        const Args at_once = {"repl-diskless-sync-delay", "0"};
        master_ = Server::oracle({at_once});
        const Args of = {"replicaof", "127.0.0.1", std::to_string(master_->port())};
        for (int i = 0; i < 2; i++)
            replicas_.push_back(Server::oracle({at_once, of}));
    }

    static std::string lines(int master_port, int down_after_ms)
    {
        return "bind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 " +
               std::to_string(master_port) + " 2\nsentinel down-after-milliseconds mymaster " +
               std::to_string(down_after_ms) + "\nsentinel failover-timeout mymaster 10000\n";
    }

    Watcher &watch(bool ours, const std::string &more = "", int down_after_ms = 700)
    {
        watchers_.push_back(std::make_unique<Watcher>());
        Watcher &w = *watchers_.back();
        w.port = free_port();
        w.file = dir_.path() + "/s" + std::to_string(watchers_.size()) + ".conf";
        std::ofstream(w.file) << "port " << w.port << "\n"
                              << lines(master_->port(), down_after_ms) << more;
        run(w, ours);
        return w;
    }

    static void run(Watcher &w, bool ours)
    {
        Args args = ours ? tested_program() : oracle_program();
        args.insert(args.begin() + 1, w.file);
        args.push_back("--sentinel");
        w.process = std::make_unique<Process>(args);
        ASSERT_TRUE(w.process->wait_output("+monitor")) << w.process->output();
    }

    template <class F> static bool until(F &&condition)
    {
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end)
                return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return true;
    }

    template <class F> static bool until_soon(F &&condition)
    {
        for (int i = 0; i < 50; i++, std::this_thread::sleep_for(std::chrono::milliseconds(10)))
            if (condition())
                return true;
        return false;
    }

    /* Whoever is connected while a server's role changes is sent away by the Sentinel. */
    static std::string ask(int port, const Args &words)
    {
        try {
            return Client::tcp(port).call(words).text;
        } catch (const std::exception &) {
            return "";
        }
    }

    static std::string info(Client &c)
    {
        return c.call({"info", "sentinel"}).text;
    }
    static int master_port(Client &c)
    {
        const Reply r = c.call({"sentinel", "get-master-addr-by-name", "mymaster"});
        return r.items.size() == 2 ? std::stoi(r.items[1].text) : 0;
    }

    /* All know one another, and both replicas. */
    void settle()
    {
        const std::string want = "slaves=2,sentinels=" + std::to_string(watchers_.size());
        for (auto &w : watchers_) {
            Client c = Client::tcp(w->port);
            EXPECT_TRUE(until([&] { return info(c).find(want) != std::string::npos; }))
                << w->process->output();
        }
    }

    /* A machine that stands still for seconds is no reason to wait for half a minute. */
    void without_tilt()
    {
        for (auto &w : watchers_) {
            Client c = Client::tcp(w->port);
            EXPECT_EQ(c.call({"sentinel", "debug", "tilt-trigger", "100000"}).text, "OK");
        }
    }

    /* The master is killed, and another one is found by all; the other replica follows it. */
    void fail_over()
    {
        const int before = master_->port();
        master_->kill();
        Client c = Client::tcp(watchers_[0]->port);
        EXPECT_TRUE(until([&] { return master_port(c) != before; })) << words_of_all();
        for (auto &w : watchers_) {
            Client other = Client::tcp(w->port);
            EXPECT_TRUE(until([&] { return master_port(other) == master_port(c); }))
                << words_of_all();
        }
        /*
         * A replica that was down for a moment as it was to be told is told by us as soon as it is
         * back; where the reference leads, after failover-timeout and an INFO or two.  On a machine
         * that stands still, the new master may be replaced, too, and what it had is gone.
         */
        const auto follows = [&] {
            const std::string now = std::to_string(std::rand());
            const int after = master_port(c);
            return ask(after, {"set", "k", now}) == "OK" && until_soon([&] {
                       for (auto &r : replicas_)
                           if (ask(r->port(), {"get", "k"}) != now)
                               return false;
                       return true;
                   });
        };
        EXPECT_TRUE(until(follows) || until(follows) || until(follows)) << words_of_all();
    }

    std::string words_of_all()
    {
        std::string all;
        for (auto &w : watchers_)
            all += "--- " + w->process->output() + "\n";
        return all;
    }

    TempDir dir_;
    std::unique_ptr<Server> master_;
    std::vector<std::unique_ptr<Server>> replicas_;
    std::vector<std::unique_ptr<Watcher>> watchers_;
};

TEST_F(SentinelWire, OursFailOver)
{
    for (int i = 0; i < 3; i++)
        watch(true);
    without_tilt();
    settle();
    Client heard = Client::tcp(watchers_[0]->port);
    heard.call({"subscribe", "+switch-master"});
    fail_over();
    const Reply message = heard.read();
    ASSERT_EQ(message.items.size(), 3u);
    EXPECT_EQ(message.items[2].text.find("mymaster 127.0.0.1 " + std::to_string(master_->port()) +
                                         " 127.0.0.1 "),
              0u);
    /* What it was told is in its file: started anew, it knows the same. */
    Watcher &w = *watchers_[1];
    Client c = Client::tcp(w.port);
    const int port = master_port(c);
    const std::string id = c.call({"sentinel", "myid"}).text;
    c.send(Args{"shutdown"});
    EXPECT_EQ(w.process->wait_exit(), 0);
    run(w, true);
    Client again = Client::tcp(w.port);
    EXPECT_EQ(master_port(again), port);
    EXPECT_EQ(again.call({"sentinel", "myid"}).text, id);
    settle();
}

TEST_F(SentinelWire, OursAndTheReferences)
{
    watch(true, "", 2000); // the reference takes a master of 700 ms for dead that it has just met
    watch(false, "", 2000);
    watch(true, "", 2000);
    without_tilt();
    settle();
    fail_over();
}

/* Two masters, and one link to each other Sentinel. */
TEST_F(SentinelWire, SentinelsShareALink)
{
    const std::unique_ptr<Server> second = Server::oracle({});
    const std::string more =
        "sentinel monitor second 127.0.0.1 " + std::to_string(second->port()) + " 2\n";
    for (int i = 0; i < 3; i++)
        watch(true, more);
    without_tilt();
    settle();
    Client c = Client::tcp(watchers_[0]->port);
    const auto users = [&](const char *name) {
        std::vector<std::string> counts;
        for (const Reply &peer : c.call({"sentinel", "sentinels", name}).items)
            for (size_t i = 0; i + 1 < peer.items.size(); i += 2)
                if (peer.items[i].text == "link-refcount")
                    counts.push_back(peer.items[i + 1].text);
        return counts;
    };
    using Counts = std::vector<std::string>;
    EXPECT_TRUE(until([&] { return users("second") == Counts{"2", "2"}; })) << words_of_all();
    EXPECT_EQ(users("mymaster"), (Counts{"2", "2"}));
    EXPECT_EQ(c.call({"sentinel", "remove", "second"}).text, "OK");
    EXPECT_EQ(users("mymaster"), (Counts{"1", "1"}));
    EXPECT_TRUE(until([&] {
        return c.call({"sentinel", "ckquorum", "mymaster"}).text.find("OK 3 usable") == 0;
    }));
    fail_over();
}

TEST_F(SentinelWire, Commands)
{
    watch(true, "", 30'000);
    Client c = Client::tcp(watchers_[0]->port);
    EXPECT_TRUE(until([&] { return info(c).find("slaves=2") != std::string::npos; }));
    const auto error = [&](const Args &a) { return c.call(a).text; };
    EXPECT_EQ(error({"get", "k"}), "ERR unknown command 'get', with args beginning with: 'k' ");
    EXPECT_EQ(error({"sentinel", "master", "x"}), "ERR No such master with that name");
    EXPECT_EQ(error({"publish", "a", "b"}),
              "ERR Only HELLO messages are accepted by Sentinel instances.");
    EXPECT_EQ(c.call({"role"}).items.at(1).items.at(0).text, "mymaster");
    EXPECT_EQ(c.call({"sentinel", "masters"}).items.size(), 1u);
    EXPECT_EQ(c.call({"sentinel", "replicas", "mymaster"}).items.size(), 2u);
    EXPECT_EQ(c.call({"sentinel", "sentinels", "mymaster"}).items.size(), 0u);
    EXPECT_EQ(error({"sentinel", "ckquorum", "mymaster"}).find("NOQUORUM 1 usable Sentinels."), 0u);
    EXPECT_EQ(error({"sentinel", "set", "mymaster", "quorum", "1"}), "OK");
    EXPECT_EQ(error({"sentinel", "set", "mymaster", "nope", "1"}),
              "ERR Unknown option or number of arguments for SENTINEL SET 'nope'");
    EXPECT_EQ(error({"sentinel", "set", "mymaster", "down-after-milliseconds", "0"}),
              "ERR Invalid argument '0' for SENTINEL SET 'down-after-milliseconds'");
    EXPECT_EQ(error({"sentinel", "monitor", "mymaster", "127.0.0.1", "1", "1"}),
              "ERR Duplicate master name.");
    EXPECT_EQ(error({"sentinel", "monitor", "two", "127.0.0.1", "1", "0"}),
              "ERR Quorum must be 1 or greater.");
    EXPECT_EQ(error({"sentinel", "monitor", "two", "127.0.0.1", "1", "1"}), "OK");
    EXPECT_EQ(error({"sentinel", "remove", "two"}), "OK");
    EXPECT_TRUE(until([&] { return error({"sentinel", "failover", "mymaster"}) == "OK"; }));
    EXPECT_TRUE(until([&] { return master_port(c) != master_->port(); }));
    EXPECT_EQ(c.call({"sentinel", "reset", "my*"}).text, "1");
    const Reply asked = c.call({"sentinel", "is-master-down-by-addr", "127.0.0.1",
                                std::to_string(master_port(c)), "0", "*"});
    EXPECT_EQ(asked.items.at(0).text, "0");
    EXPECT_EQ(asked.items.at(1).text, "*");
}

TEST_F(SentinelWire, SettingsAndPeriods)
{
    watch(true, "", 30'000);
    Client c = Client::tcp(watchers_[0]->port);
    const auto says = [&](const Args &a) {
        const Reply r = c.call(a);
        std::string all = std::isdigit(r.text[0]) ? "" : r.text; // the count of an array
        for (const Reply &i : r.items)
            all += (all.empty() ? "" : " ") + i.text;
        return all;
    };
    EXPECT_EQ(says({"sentinel", "config", "set", "announce-port", "1234", "resolve-hostnames",
                    "yes", "sentinel-user", "a b"}),
              "OK");
    EXPECT_EQ(says({"sentinel", "config", "get", "announce-p*", "sentinel-*", "announce-port"}),
              "announce-port 1234 sentinel-user a b sentinel-pass ");
    EXPECT_EQ(says({"sentinel", "config", "get", "deny-scripts-reconfig"}), "");
    EXPECT_EQ(says({"sentinel", "config", "set", "announce-port", "99999"}),
              "ERR Invalid value '99999' to SENTINEL CONFIG SET 'announce-port'");
    EXPECT_EQ(says({"sentinel", "config", "set", "announce-port", "1", "announce-port", "2"}),
              "ERR Duplicate argument 'announce-port' to SENTINEL CONFIG SET");
    EXPECT_EQ(says({"sentinel", "config", "set", "announce-port", "1", "announce-ip"}),
              "ERR Missing argument 'announce-ip' value");
    EXPECT_EQ(says({"sentinel", "config", "set", "deny-scripts-reconfig", "no"}),
              "ERR Invalid argument 'deny-scripts-reconfig' to SENTINEL CONFIG SET");
    EXPECT_EQ(says({"sentinel", "set", "mymaster", "notification-script", "/bin/true"}),
              "ERR Reconfiguration of scripts path is denied for security reasons. Check the "
              "deny-scripts-reconfig configuration directive in your Sentinel configuration");
    EXPECT_EQ(says({"sentinel", "debug", "info-period", "9000"}), "OK");
    EXPECT_EQ(says({"sentinel", "debug"}).find("INFO-PERIOD 9000 PING-PERIOD 1000 "), 0u);
    EXPECT_EQ(says({"sentinel", "debug", "info-period", "0"}),
              "ERR Invalid argument '0' for SENTINEL DEBUG 'info-period'");
    EXPECT_EQ(says({"sentinel", "monitor", std::string("a\0b", 3), "127.0.0.1", "1", "1"}),
              "ERR Invalid master name");
    EXPECT_EQ(says({"sentinel", "simulate-failure", "help"}),
              "crash-after-election crash-after-promotion");
    EXPECT_EQ(says({"sentinel", "simulate-failure", "x"}),
              "ERR Unknown failure simulation specified");
    EXPECT_EQ(says({"client", "no-touch", "on"}),
              "ERR unknown subcommand 'no-touch'. Try CLIENT HELP.");
    EXPECT_EQ(says({"info", "all"}).find("used_memory"), std::string::npos);
    EXPECT_NE(says({"info"}).find("\r\nredis_mode:sentinel\r\n"), std::string::npos);

    /* PING under a name that is none: the master is silent.  Its passwords are nobody's. */
    EXPECT_EQ(says({"sentinel", "set", "mymaster", "rename-command", "ping", "pong",
                    "down-after-milliseconds", "300", "auth-pass", "se cret"}),
              "OK");
    EXPECT_TRUE(until([&] { return info(c).find("status=sdown") != std::string::npos; }));
    EXPECT_EQ(says({"sentinel", "set", "mymaster", "rename-command", "ping", "PING"}), "OK");
    EXPECT_TRUE(until([&] { return info(c).find("status=ok") != std::string::npos; }));
    EXPECT_EQ(watchers_[0]->process->output().find("se cret"), std::string::npos);

    /* All of it is in the file, and the file does not grow. */
    const auto text = [&] {
        std::ifstream in(watchers_[0]->file);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    EXPECT_TRUE(until([&] { return info(c).find("slaves=2") != std::string::npos; }));
    EXPECT_EQ(says({"sentinel", "flushconfig"}), "OK");
    const std::string before = text();
    EXPECT_NE(before.find("\nsentinel auth-pass mymaster \"se cret\"\n"), std::string::npos)
        << before;
    EXPECT_NE(before.find("\nsentinel sentinel-user \"a b\"\n"), std::string::npos) << before;
    EXPECT_NE(before.find("\nsentinel resolve-hostnames yes\n"), std::string::npos) << before;
    EXPECT_EQ(says({"sentinel", "monitor", "b c", "localhost", "1", "1"}), "OK");
    EXPECT_EQ(says({"sentinel", "remove", "b c"}), "OK");
    EXPECT_EQ(text(), before);
    c.send(Args{"shutdown"});
    EXPECT_EQ(watchers_[0]->process->wait_exit(), 0);
    run(*watchers_[0], true);
    Client again = Client::tcp(watchers_[0]->port);
    EXPECT_EQ(again.call({"sentinel", "config", "get", "announce-port"}).items.at(1).text, "1234");
}

/* A script writes down what it is told; one that fails is tried again. */
TEST_F(SentinelWire, Scripts)
{
    const std::string told = dir_.path() + "/told", script = dir_.path() + "/script";
    std::ofstream(script) << "#!/bin/sh\necho \"$@\" >> " << told << "\nexit 1\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    watch(true,
          "sentinel notification-script mymaster " + script +
              "\nsentinel client-reconfig-script mymaster " + script + "\n",
          30'000);
    Client c = Client::tcp(watchers_[0]->port);
    EXPECT_EQ(c.call({"sentinel", "debug", "script-retry-delay", "1"}).text, "OK");
    EXPECT_TRUE(until([&] { return info(c).find("slaves=2") != std::string::npos; }));
    EXPECT_TRUE(until([&] {
        return ask(watchers_[0]->port, {"sentinel", "failover", "mymaster"}) == "OK";
    }));
    const auto lines = [&](const std::string &line) {
        std::ifstream in(told);
        int n = 0;
        for (std::string l; std::getline(in, l);)
            n += l.find(line) == 0;
        return n;
    };
    const std::string old = std::to_string(master_->port());
    EXPECT_TRUE(until([&] {
        return lines("mymaster leader start 127.0.0.1 " + old + " 127.0.0.1 ") == 10 &&
               lines("+switch-master mymaster 127.0.0.1 " + old + " 127.0.0.1 ") == 10;
    })) << watchers_[0]->process->output();
    EXPECT_EQ(lines("+slave "), 0) << "that is no cause for alarm";
    EXPECT_TRUE(until([&] { return c.call({"sentinel", "pending-scripts"}).items.empty(); }));
}

/* The same servers by a name, and Sentinels that want a password of each other. */
TEST_F(SentinelWire, NamesAndPasswords)
{
    const std::string more =
        "requirepass secret\nsentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n";
    for (int i = 0; i < 2; i++) {
        watchers_.push_back(std::make_unique<Watcher>());
        Watcher &w = *watchers_.back();
        w.port = free_port();
        w.file = dir_.path() + "/n" + std::to_string(i) + ".conf";
        std::ofstream(w.file) << "port " << w.port << "\nbind 127.0.0.1\n"
                              << more << "sentinel monitor mymaster localhost " << master_->port()
                              << " 2\n";
        run(w, true);
    }
    for (auto &w : watchers_) {
        Client c = Client::tcp(w->port);
        EXPECT_EQ(c.call({"ping"}).text, "NOAUTH Authentication required.");
        c.call({"auth", "secret"});
        const auto address = [&] {
            return c.call({"sentinel", "get-master-addr-by-name", "mymaster"}).items.at(0).text;
        };
        EXPECT_EQ(address(), "localhost");
        EXPECT_TRUE(until([&] {
            return c.call({"sentinel", "ckquorum", "mymaster"}).text.find("OK 2 usable") == 0;
        })) << w->process->output();
        EXPECT_EQ(c.call({"sentinel", "config", "set", "announce-hostnames", "no"}).text, "OK");
        EXPECT_NE(address(), "localhost");
    }
    /* One word is no longer the same, and then it is again. */
    Client a = Client::tcp(watchers_[0]->port);
    a.call({"auth", "secret"});
    a.call({"sentinel", "config", "set", "sentinel-pass", "wrong"});
    EXPECT_TRUE(until([&] {
        return a.call({"sentinel", "ckquorum", "mymaster"}).text.find("NOQUORUM") == 0;
    }));
    a.call({"sentinel", "config", "set", "sentinel-pass", "secret"});
    EXPECT_TRUE(until([&] {
        return a.call({"sentinel", "ckquorum", "mymaster"}).text.find("OK 2 usable") == 0;
    }));
}

TEST_F(SentinelWire, UsersAreInTheFile)
{
    Watcher &w = watch(true, "user old on nopass +ping\n", 30'000);
    Client c = Client::tcp(w.port);
    EXPECT_EQ(c.call({"acl", "setuser", "new", "on", ">p", "+ping", "+sentinel|myid"}).text, "OK");
    EXPECT_EQ(c.call({"acl", "deluser", "old"}).text, "1");
    const auto text = [&] {
        std::ifstream in(w.file);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    EXPECT_TRUE(until([&] {
        return text().find("\nuser new on ") != std::string::npos &&
               text().find("\nuser old ") == std::string::npos;
    })) << text();
    c.send(Args{"shutdown"});
    EXPECT_EQ(w.process->wait_exit(), 0);
    run(w, true);
    Client again = Client::tcp(w.port);
    EXPECT_EQ(again.call({"auth", "new", "p"}).text, "OK");
    EXPECT_EQ(again.call({"sentinel", "myid"}).text.size(), 40u);
    EXPECT_EQ(again.call({"sentinel", "masters"}).text,
              "NOPERM User new has no permissions to run the 'sentinel|masters' command");
}

TEST_F(SentinelWire, BadStarts)
{
    const auto start = [&](const std::string &text, bool file) {
        const std::string path = dir_.path() + "/bad.conf";
        std::ofstream(path) << text;
        Args args = tested_program();
        if (file)
            args.push_back(path);
        args.insert(args.end(), {"--sentinel", "--bind", "127.0.0.1"});
        if (!file)
            args.insert(args.end(), {"--port", std::to_string(free_port())});
        return run_program(args);
    };
    EXPECT_NE(start("", false).output.find("needs config file on disk"), std::string::npos);
    for (const std::string line :
         {"sentinel monitor m 127.0.0.1 1 0", "sentinel monitor m 127.0.0.1 99999 1",
          "sentinel down-after-milliseconds none 1", "sentinel nope", "sentinel myid short",
          "sentinel notification-script n /no/such/file", "sentinel resolve-hostnames maybe"}) {
        const Outcome o = start("sentinel monitor n 127.0.0.1 1 1\n" + line + "\n", true);
        EXPECT_EQ(o.exit_code, 1) << line;
        EXPECT_NE(o.output.find("FATAL CONFIG FILE ERROR"), std::string::npos) << line;
    }
}

} // namespace
