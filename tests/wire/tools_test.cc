/*
 * tools_test.cc — the tools that everybody has must find nothing strange.
 *
 * redis-cli and redis-benchmark are run as they come; what they print and how they end is all that
 * is looked at.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace
{

using namespace lk;

class Tools : public testing::Test
{
  protected:
    Outcome cli(Args args, const std::string &input = "")
    {
        args.insert(args.begin(), {"redis-cli", "-p", std::to_string(server_->port())});
        return run_program(args, {"", input});
    }
    Outcome benchmark(Args args)
    {
        args.insert(args.begin(), {"redis-benchmark", "-p", std::to_string(server_->port())});
        return run_program(args);
    }

    std::unique_ptr<Server> server_ = Server::tested();
};

void expect(const Outcome &outcome, const std::string &output)
{
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_EQ(outcome.output, output);
}

TEST_F(Tools, CliRunsCommands)
{
    expect(cli({"PING"}), "PONG\n");
    expect(cli({"SET", "k", "v"}), "OK\n");
    expect(cli({"GET", "k"}), "v\n");
    expect(cli({"-3", "GET", "none"}), "\n");
    expect(cli({"-n", "3", "DBSIZE"}), "0\n");
    expect(cli({"-r", "3", "INCR", "n"}), "1\n2\n3\n");
    expect(cli({"-x", "SET", "fromstdin"}, "some text"), "OK\n");
    expect(cli({"STRLEN", "fromstdin"}), "9\n");
    expect(cli({}, "SET a 1\nINCR a\nGET a\n"), "OK\n2\n2\n");
    expect(cli({"--no-raw", "MGET", "a", "none"}), "1) \"2\"\n2) (nil)\n");
}

TEST_F(Tools, CliShowsErrorsAndFails)
{
    const Outcome outcome = cli({"-e", "INCRBY", "n", "abc"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_NE(outcome.output.find("ERR value is not an integer or out of range"), std::string::npos)
        << outcome.output;
}

TEST_F(Tools, CliRunsTransactions)
{
    expect(cli({}, "MULTI\nSET t 1\nINCR t\nEXEC\n"), "OK\nQUEUED\nQUEUED\nOK\n2\n");
}

TEST_F(Tools, CliScansAllKeys)
{
    std::string pipe;
    for (int i = 0; i < 500; i++)
        pipe += encode({"SET", "scanned:" + std::to_string(i), "x"});
    const Outcome loaded = cli({"--pipe"}, pipe);
    EXPECT_EQ(loaded.exit_code, 0) << loaded.output;
    EXPECT_NE(loaded.output.find("errors: 0, replies: 500"), std::string::npos) << loaded.output;
    const Outcome scanned = cli({"--scan", "--pattern", "scanned:*"});
    EXPECT_EQ(scanned.exit_code, 0) << scanned.output;
    EXPECT_EQ(std::count(scanned.output.begin(), scanned.output.end(), '\n'), 500);
}

TEST_F(Tools, CliSummarisesBigKeys)
{
    cli({"MSET", "a", "1", "b", "longer value"});
    const Outcome outcome = cli({"--bigkeys"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("Sampled 2 keys in the keyspace!"), std::string::npos)
        << outcome.output;
    EXPECT_NE(outcome.output.find("Biggest string found '\"b\"' has 12 bytes"), std::string::npos)
        << outcome.output;
}

TEST_F(Tools, CliReadsInfo)
{
    const Outcome outcome = cli({"INFO"});
    EXPECT_EQ(outcome.exit_code, 0);
    for (const char *field : {"redis_version:", "process_id:", "tcp_port:", "used_memory:",
                              "connected_clients:", "total_commands_processed:", "role:master"})
        EXPECT_NE(outcome.output.find(field), std::string::npos) << field;
}

TEST_F(Tools, BenchmarkRunsItsTests)
{
    for (const Args &more : std::vector<Args>{{},
                                              {"-P", "16"},
                                              {"-c", "1"},
                                              {"-r", "1000", "-d", "300"},
                                              {"--threads", "2", "-P", "4"},
                                              {"-k", "0", "-c", "10"}}) {
        Args args = {"-t", "ping,set,get,incr,mset", "-n", "2000", "-q"};
        args.insert(args.end(), more.begin(), more.end());
        const Outcome outcome = benchmark(args);
        EXPECT_EQ(outcome.exit_code, 0) << printable(args) << "\n" << outcome.output;
        for (const char *name :
             {"PING_INLINE: ", "PING_MBULK: ", "SET: ", "GET: ", "INCR: ", "MSET (10 keys): "})
            EXPECT_NE(outcome.output.find(name), std::string::npos) << name << outcome.output;
        EXPECT_EQ(outcome.output.find("Error"), std::string::npos) << outcome.output;
        EXPECT_EQ(outcome.output.find("Could not fetch server CONFIG"), std::string::npos)
            << outcome.output;
    }
}

TEST_F(Tools, BenchmarkRunsAnyCommand)
{
    const Outcome outcome =
        benchmark({"-n", "1000", "-q", "-e", "-r", "100", "GETSET", "key:__rand_int__", "value"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("requests per second"), std::string::npos) << outcome.output;
}

} // namespace
