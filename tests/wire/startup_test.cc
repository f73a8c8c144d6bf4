/*
 * startup_test.cc — how the server comes up and goes down, as scripts and supervisors see it.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>
#include <regex.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace
{

using namespace lk;

Args program(const Args &more)
{
    Args args = tested_program();
    args.insert(args.end(), more.begin(), more.end());
    return args;
}

std::string contents(const std::string &path)
{
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

/* POSIX, extended. */
bool matches(const std::string &text, const std::string &pattern)
{
    regex_t compiled;
    if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
        throw std::runtime_error("bad pattern " + pattern);
    const bool found = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
    regfree(&compiled);
    return found;
}

TEST(Startup, LogSaysWhatToolsLookFor)
{
    const auto server = Server::tested();
    const std::string pid = std::to_string(server->process().pid());
    const std::string line =
        pid + ":[MSCX] [0-9]{2} [A-Za-z]{3} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} [.*#-] ";
    EXPECT_TRUE(matches(server->log(), line)) << server->log();
    EXPECT_NE(server->log().find("Server initialized"), std::string::npos) << server->log();
    EXPECT_NE(server->log().find("Ready to accept connections"), std::string::npos);
}

TEST(Startup, TermAndIntStopItCleanly)
{
    for (const int number : {SIGTERM, SIGINT}) {
        const auto server = Server::tested();
        Client client = server->connect();
        ASSERT_TRUE(client.ping());
        server->process().signal(number);
        EXPECT_EQ(server->process().wait_exit(), 0);
        EXPECT_EQ(client.read_to_end(), "");
        EXPECT_NE(server->log().find("bye bye"), std::string::npos) << server->log();
        EXPECT_EQ(server->stop(), 0);
    }
}

TEST(Startup, ShutdownStopsItCleanly)
{
    const auto server = Server::tested();
    Client client = server->connect();
    client.send(Args{"SHUTDOWN", "NOSAVE"});
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_EQ(server->process().wait_exit(), 0);
    EXPECT_EQ(server->stop(), 0);
}

TEST(Startup, BadDirectivesAreRefused)
{
    const TempDir dir;
    const std::pair<Args, const char *> rows[] = {
        {{"--nosuchdirective", "yes"}, "Bad directive or wrong number of arguments"},
        {{"--port", "abc"}, "argument couldn't be parsed into an integer"},
        {{"--port", "70000"}, "argument must be between 0 and 65535 inclusive"},
        {{"--appendonly", "perhaps"}, "argument must be 'yes' or 'no'"},
        {{"--maxmemory-policy", "bogus"}, "argument(s) must be one of the following"},
    };
    for (const auto &[args, words] : rows) {
        const Outcome outcome = run_program(program(args), {dir.path(), ""});
        EXPECT_EQ(outcome.exit_code, 1) << printable(args);
        EXPECT_NE(outcome.output.find("FATAL CONFIG FILE ERROR"), std::string::npos)
            << outcome.output;
        EXPECT_NE(outcome.output.find(words), std::string::npos) << outcome.output;
    }
}

TEST(Startup, MissingConfigurationFileIsFatal)
{
    const TempDir dir;
    Args args = tested_program();
    args.insert(args.begin() + 1, dir.path() + "/none.conf");
    const Outcome outcome = run_program(args, {dir.path(), ""});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_NE(outcome.output.find("can't open config file"), std::string::npos) << outcome.output;
}

/* A file relative to where the caller stands, then the command line, which wins. */
TEST(Startup, ConfigurationFileIsRead)
{
    const TempDir dir;
    const int port = free_port();
    std::ofstream(dir.path() + "/my.conf") << "# a comment\n\nport 1\nbind 127.0.0.1\n"
                                           << "save \"\"\nDatabases 3\n"
                                           << "requirepass \"pass \\x41\"\n";
    Args args = tested_program();
    args.insert(args.begin() + 1, "my.conf");
    args.insert(args.end(), {"--port", std::to_string(port)});
    Process process(args, {dir.path(), ""});
    ASSERT_TRUE(process.wait_output("eady to accept connections")) << process.output();
    Client client = Client::tcp(port);
    EXPECT_EQ(client.call_raw({"PING"}), "-NOAUTH Authentication required.\r\n");
    EXPECT_EQ(client.call_raw({"AUTH", "pass A"}), "+OK\r\n");
    EXPECT_EQ(client.call_raw({"SELECT", "2"}), "+OK\r\n");
    EXPECT_EQ(client.call_raw({"SELECT", "3"}), "-ERR DB index is out of range\r\n");
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait_exit(), 0);
}

TEST(Startup, ConfigurationComesFromStandardInput)
{
    const TempDir dir;
    const std::string path = dir.path() + "/s";
    Args args = tested_program();
    args.insert(args.begin() + 1, "-");
    Process process(args, {dir.path(), "port 0\nsave \"\"\nunixsocket " + path + "\n"});
    ASSERT_TRUE(process.wait_output("eady to accept connections")) << process.output();
    EXPECT_TRUE(Client::unix_path(path).ping());
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait_exit(), 0);
}

/* What the system sees of the process follows CONFIG SET. */
TEST(Startup, ProcessFollowsTheConfiguration)
{
    const auto server = Server::tested();
    const std::string proc = "/proc/" + std::to_string(server->process().pid());
    const auto score = [&] { return std::stoi(contents(proc + "/oom_score_adj")); };
    const int before = score();
    if (before > 900)
        GTEST_SKIP() << "the score is " << before;
    Client c = server->connect();
    const auto set = [&](const Args &words) {
        Args all = {"CONFIG", "SET"};
        all.insert(all.end(), words.begin(), words.end());
        return c.call_raw(all);
    };
    EXPECT_EQ(set({"oom-score-adj-values", "9 9 9"}), "+OK\r\n");
    EXPECT_EQ(score(), before);
    EXPECT_EQ(set({"oom-score-adj", "relative"}), "+OK\r\n");
    EXPECT_EQ(score(), before + 9);
    EXPECT_EQ(set({"oom-score-adj-values", "20 9 9"}), "+OK\r\n");
    EXPECT_EQ(score(), before + 20);
    EXPECT_EQ(set({"oom-score-adj", "absolute", "oom-score-adj-values", "950 9 9"}), "+OK\r\n");
    EXPECT_EQ(score(), 950);
    EXPECT_EQ(set({"oom-score-adj", "no"}), "+OK\r\n");
    EXPECT_EQ(score(), before);
    EXPECT_EQ(set({"proc-title-template", "TEST {port}"}), "+OK\r\n");
    const std::string title = contents(proc + "/cmdline");
    EXPECT_EQ(title.substr(0, title.find('\0')), "TEST " + std::to_string(server->port()));
}

/* A user's SIGALRM, and the watchdog's: a stack is shown, and nothing ends. */
TEST(Startup, AStackIsShownOnDemandAndByTheWatchdog)
{
    const auto server = Server::tested({{"enable-debug-command", "yes"}});
    Client c = server->connect();
    server->process().signal(SIGALRM);
    EXPECT_TRUE(server->process().wait_output("Received SIGALRM"));
    EXPECT_TRUE(c.ping());
    EXPECT_EQ(c.call_raw({"DEBUG", "SLEEP", "0.3"}), "+OK\r\n");
    EXPECT_EQ(server->log().find("WATCHDOG"), std::string::npos) << "it is off";
    EXPECT_EQ(c.call_raw({"CONFIG", "SET", "watchdog-period", "200"}), "+OK\r\n");
    const auto barked = [&] { return server->log().find("WATCHDOG TIMER") != std::string::npos; };
    /* The period holds from the next tick on. */
    for (int i = 0; i < 100 && !barked(); i++)
        EXPECT_EQ(c.call_raw({"DEBUG", "SLEEP", "0.4"}), "+OK\r\n");
    EXPECT_TRUE(barked());
    EXPECT_EQ(c.call_raw({"CONFIG", "SET", "watchdog-period", "0"}), "+OK\r\n");
    EXPECT_TRUE(c.ping());
}

/* As elsewhere, periodic work sees to signals: while DEBUG holds that, SHUTDOWN ABORT still can. */
TEST(Startup, AShutdownThatWaitsCanBeAborted)
{
    const auto server = Server::tested({{"enable-debug-command", "yes"}});
    Client c = server->connect();
    EXPECT_EQ(c.call_raw({"DEBUG", "PAUSE-CRON", "1"}), "+OK\r\n");
    server->process().signal(SIGTERM);
    const auto abort = [&] { return c.call_raw({"SHUTDOWN", "ABORT"}); };
    std::string answer = abort();
    for (int i = 0; i < 500 && answer != "+OK\r\n"; i++) { /* until the signal is there */
        std::this_thread::sleep_for(Milliseconds(10));
        answer = abort();
    }
    EXPECT_EQ(answer, "+OK\r\n");
    EXPECT_TRUE(server->process().wait_output("Shutdown manually aborted"));
    EXPECT_EQ(c.call_raw({"DEBUG", "PAUSE-CRON", "0"}), "+OK\r\n");
    EXPECT_TRUE(c.ping());
}

/* Nothing has the data yet: only force ends the server. */
TEST(Startup, AFirstRewriteIsNotInterrupted)
{
    const auto server = Server::tested();
    Client c = server->connect();
    for (const char *key : {"a", "b", "c"})
        c.call({"SET", key, "v"});
    c.call({"CONFIG", "SET", "rdb-key-save-delay", "10000000"});
    c.call({"CONFIG", "SET", "appendonly", "yes"});
    const auto writes = [&] {
        return c.call({"INFO", "persistence"}).text.find("current_save_keys_total:3") !=
               std::string::npos;
    };
    for (int i = 0; i < 500 && !writes(); i++)
        std::this_thread::sleep_for(Milliseconds(10));
    EXPECT_EQ(c.call_raw({"SHUTDOWN"}), "-ERR Errors trying to SHUTDOWN. Check logs.\r\n");
    EXPECT_TRUE(server->process().wait_output("Writing initial AOF, can't exit"));
    EXPECT_TRUE(c.ping());
    // What a signal means is what the configuration says now.
    EXPECT_EQ(c.call_raw({"CONFIG", "SET", "shutdown-on-sigterm", "nosave force"}), "+OK\r\n");
    server->process().signal(SIGTERM);
    EXPECT_EQ(server->process().wait_exit(), 0);
}

TEST(Startup, PidFileLivesAsLongAsTheServer)
{
    const TempDir dir;
    const std::string path = dir.path() + "/server.pid";
    const auto server = Server::tested({{"pidfile", path}});
    EXPECT_EQ(contents(path), std::to_string(server->process().pid()) + "\n");
    EXPECT_EQ(server->stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Startup, UnixSocketServesBesideTcp)
{
    const TempDir dir;
    const std::string path = dir.path() + "/s";
    const auto server = Server::tested({{"unixsocket", path}, {"unixsocketperm", "700"}});
    struct stat about;
    ASSERT_EQ(stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0700U);
    Client here = Client::unix_path(path);
    EXPECT_EQ(here.call_raw({"SET", "k", "v"}), "+OK\r\n");
    EXPECT_EQ(server->connect().call({"GET", "k"}).text, "v");
    EXPECT_EQ(server->stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Startup, UnixSocketAloneIsEnough)
{
    const TempDir dir;
    const std::string path = dir.path() + "/s";
    Process process(program({"--port", "0", "--save", "", "--unixsocket", path}), {dir.path(), ""});
    ASSERT_TRUE(process.wait_output("eady to accept connections")) << process.output();
    EXPECT_TRUE(Client::unix_path(path).ping());
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait_exit(), 0);
}

TEST(Startup, APortIsServedByOneServer)
{
    const TempDir dir;
    const auto first = Server::tested();
    const Outcome second = run_program(
        program({"--port", std::to_string(first->port()), "--bind", "127.0.0.1", "--save", ""}),
        {dir.path(), ""});
    EXPECT_EQ(second.exit_code, 1);
    EXPECT_NE(second.output.find("Failed listening on port " + std::to_string(first->port())),
              std::string::npos)
        << second.output;
    EXPECT_TRUE(first->connect().ping());
}

TEST(Startup, LogFileTakesTheLog)
{
    const TempDir dir;
    const std::string path = dir.path() + "/server.log";
    const int port = free_port();
    Process process(program({"--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "",
                             "--unixsocket", dir.path() + "/s", "--logfile", path}),
                    {dir.path(), ""});
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (contents(path).find("eady to accept connections") == std::string::npos)
        ASSERT_LT(std::chrono::steady_clock::now(), limit) << process.output();
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait_exit(), 0);
    EXPECT_EQ(process.output(), "");
    EXPECT_NE(contents(path).find("bye bye"), std::string::npos);
}

TEST(Startup, VersionAndHelpAreTold)
{
    const std::string server = tested_program()[0];
    for (const char *option : {"--version", "-v"}) {
        const Outcome version = run_program({server, option});
        EXPECT_EQ(version.exit_code, 0);
        EXPECT_TRUE(matches(version.output, "v=[0-9]+\\.[0-9]+\\.[0-9]+")) << version.output;
    }
    for (const char *option : {"--help", "-h"}) {
        const Outcome help = run_program({server, option});
        EXPECT_NE(help.output.find("Usage:"), std::string::npos) << help.output;
    }
}

} // namespace
