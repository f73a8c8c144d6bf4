// The file, what it includes, and the command line.
#include "tests/io/config/config_fixture.h"

namespace
{

class ConfigLoad : public ConfigTest
{
  protected:
    static std::string fatal(int line, const std::string &text, const std::string &why)
    {
        return "\n*** FATAL CONFIG FILE ERROR (Latchkey " LATCHKEY_VERSION
               ") ***\nReading the configuration file, at line " +
               std::to_string(line) + "\n>>> '" + text + "'\n" + why + "\n";
    }
};

const char bad[] = "Bad directive or wrong number of arguments";
const char count[] = "wrong number of arguments";
const char number[] = "argument couldn't be parsed into an integer";

struct Case {
    const char *text;
    const char *name, *value; // of a directive to look at; nullptr if the text is refused
    int line;
    const char *shown, *why; // in the refusal
};

const Case texts[] = {
    {"", "hz", "10", 0, nullptr, nullptr},
    {"hz 20", "hz", "20", 0, nullptr, nullptr},
    {"\r\n# c\r\n  # d\r\nhz 20\r\n", "hz", "20", 0, nullptr, nullptr},
    {"HZ 20\n", "hz", "20", 0, nullptr, nullptr},
    {"\"hz\" '20'\n", "hz", "20", 0, nullptr, nullptr},
    {"  \t hz\t20 \t \r\n", "hz", "20", 0, nullptr, nullptr},
    {"\fhz 20\n", "hz", "20", 0, nullptr, nullptr},
    {"timeout 1\ntimeout 2\n", "timeout", "2", 0, nullptr, nullptr},
    {"slave-priority 3\n", "replica-priority", "3", 0, nullptr, nullptr},
    {"masterauth \"a b\"\n", "masterauth", "a b", 0, nullptr, nullptr},
    {"masterauth a#b\n", "masterauth", "a#b", 0, nullptr, nullptr},
    {"save 900 1\nsave 300 10\n", "save", "900 1 300 10", 0, nullptr, nullptr},
    {"save 900 1 300 10\n", "save", "900 1 300 10", 0, nullptr, nullptr},
    {"save \"1 1 2 2\"\n", "save", "1 1 2 2", 0, nullptr, nullptr},
    {"save ''\nsave 1 1\n", "save", "1 1", 0, nullptr, nullptr},
    {"save 1 1\nsave ''\n", "save", "", 0, nullptr, nullptr},
    {"save\n", "save", "", 0, nullptr, nullptr},
    {"unixsocketperm 0777\n", "unixsocketperm", "777", 0, nullptr, nullptr},
    {"replicaof \"127.0.0.1 1\"\n", "replicaof", "127.0.0.1 1", 0, nullptr, nullptr},
    {"slaveof NO ONE\n", "replicaof", "", 0, nullptr, nullptr},
    {"hz 1000\n", "hz", "500", 0, nullptr, nullptr},
    {"watchdog-period 5\n", "watchdog-period", "200", 0, nullptr, nullptr},
    {"bind \"\"\n", "bind", "", 0, nullptr, nullptr},
    {"bind\n", "bind", "", 0, nullptr, nullptr},
    {"list-max-ziplist-entries 5\n", "hz", "10", 0, nullptr, nullptr},
    {"client-output-buffer-limit \"pubsub 1 2 3\"\n", "client-output-buffer-limit",
     "normal 0 0 0 slave 268435456 67108864 60 pubsub 1 2 3", 0, nullptr, nullptr},
    {"latency-tracking-info-percentiles\n", "latency-tracking-info-percentiles", "", 0, nullptr,
     nullptr},

    {"\n\n\nprot 7000\n", nullptr, nullptr, 4, "prot 7000", bad},
    {"   prot   7000  \n", nullptr, nullptr, 1, "prot   7000", bad},
    {"hz 20\nprot 1\nhz bad\n", nullptr, nullptr, 2, "prot 1", bad},
    {"hz 20 # comment\n", nullptr, nullptr, 1, "hz 20 # comment", count},
    {"hz\n", nullptr, nullptr, 1, "hz", count},
    {"hz 20\v\n", nullptr, nullptr, 1, "hz 20\v", number},
    {"timeout \"\"\n", nullptr, nullptr, 1, "timeout \"\"", number},
    {"masterauth \"a\"b\n", nullptr, nullptr, 1, "masterauth \"a\"b",
     "Unbalanced quotes in configuration line"},
    {"masterauth 'a\n", nullptr, nullptr, 1, "masterauth 'a",
     "Unbalanced quotes in configuration line"},
    {"\"\"\n", nullptr, nullptr, 1, "\"\"", bad},
    {"\xef\xbb\xbfhz 20\n", nullptr, nullptr, 1, "\xef\xbb\xbfhz 20", bad},
    {"save a\n", nullptr, nullptr, 1, "save a", "Invalid save parameters"},
    {"save \"1 1\" \"2 2\"\n", nullptr, nullptr, 1, "save \"1 1\" \"2 2\"",
     "Invalid save parameters"},
    {"oom-score-adj-values\n", nullptr, nullptr, 1, "oom-score-adj-values", count},
    {"unixsocketperm 888\n", nullptr, nullptr, 1, "unixsocketperm 888",
     "argument couldn't be parsed as an octal number"},
    {"unixsocketperm 1000\n", nullptr, nullptr, 1, "unixsocketperm 1000",
     "argument must be between 0 and 777 inclusive"},
    {"unixsocketperm -1\n", nullptr, nullptr, 1, "unixsocketperm -1",
     "argument must be between 0 and 777 inclusive"},
    {"appendfilename a/b\n", nullptr, nullptr, 1, "appendfilename a/b",
     "appendfilename can't be a path, just a filename"},
    {"appenddirname \"\"\n", nullptr, nullptr, 1, "appenddirname \"\"",
     "appenddirname can't be empty"},
    {"replicaof a\n", nullptr, nullptr, 1, "replicaof a", count},
    {"replicaof h 99999\n", nullptr, nullptr, 1, "replicaof h 99999", "Invalid master port"},
    {"dir /nonexistent/place\n", nullptr, nullptr, 1, "dir /nonexistent/place",
     "No such file or directory"},
    {"databases 0\n", nullptr, nullptr, 1, "databases 0",
     "argument must be between 1 and 2147483647 inclusive"},
    {"rename-command a\n", nullptr, nullptr, 1, "rename-command a", bad},
    {"user\n", nullptr, nullptr, 1, "user", bad},
    {"loadmodule\n", nullptr, nullptr, 1, "loadmodule", bad},
    {"include\n", nullptr, nullptr, 1, "include", bad},
    {"sentinel monitor a b\n", nullptr, nullptr, 1, "sentinel monitor a b",
     "sentinel directive while not in sentinel mode"},
    {"io-backend kqueue\n", nullptr, nullptr, 1, "io-backend kqueue",
     "argument(s) must be one of the following: auto, uring, epoll"},
};

TEST_F(ConfigLoad, ReadsAndRefusesLines)
{
    for (const Case &c : texts) {
        SCOPED_TRACE(c.text);
        renew();
        if (c.name) {
            EXPECT_EQ(load(c.text), "");
            EXPECT_EQ(get(c.name), c.value);
        } else {
            EXPECT_EQ(load(c.text), fatal(c.line, c.shown, c.why));
            EXPECT_EQ(get("hz"), "10") << "a refused text changes nothing";
        }
    }
}

struct Line {
    std::vector<std::string> args;
    const char *input; // on standard input
    const char *name, *value;
    int line;
    const char *shown, *why;
};

// a.conf holds "timeout 5", "hz 50" and "save 900 1"; b.conf holds "hz 20" without a newline.
const Line lines[] = {
    {{}, "", "hz", "10", 0, nullptr, nullptr},
    {{"a.conf"}, "", "hz", "50", 0, nullptr, nullptr},
    {{"b.conf", "--timeout", "7"}, "", "hz", "20", 0, nullptr, nullptr},
    {{"a.conf", "--timeout", "7"}, "", "timeout", "7", 0, nullptr, nullptr},
    {{"a.conf", "timeout", "3"}, "", "timeout", "3", 0, nullptr, nullptr},
    {{"a.conf", "--save", "60", "5"}, "", "save", "900 1 60 5", 0, nullptr, nullptr},
    {{"a.conf", "--save", ""}, "", "save", "", 0, nullptr, nullptr},
    {{"--save", "900 1"}, "", "save", "900 1", 0, nullptr, nullptr},
    {{"--save", "900", "1", "--save", "300", "10"},
     "",
     "save",
     "900 1 300 10",
     0,
     nullptr,
     nullptr},
    {{"--save"}, "", "save", "", 0, nullptr, nullptr},
    {{"--SAVE", "--hz", "20"}, "", "hz", "20", 0, nullptr, nullptr},
    {{"--save", "--hz", "20"}, "", "save", "", 0, nullptr, nullptr},
    {{"--save", "\"\""}, "", "save", "", 0, nullptr, nullptr},
    {{"--save 1 1"}, "", "save", "1 1", 0, nullptr, nullptr},
    {{"--appendonly yes"}, "", "appendonly", "yes", 0, nullptr, nullptr},
    {{"--hz\t20"}, "", "hz", "20", 0, nullptr, nullptr},
    {{"--hz ", "20"}, "", "hz", "20", 0, nullptr, nullptr},
    {{"--timeout 5", "--hz", "20"}, "", "hz", "20", 0, nullptr, nullptr},
    {{"--bind", "127.0.0.1", "::1"}, "", "bind", "127.0.0.1 ::1", 0, nullptr, nullptr},
    {{"--bind 127.0.0.1", "::1"}, "", "bind", "127.0.0.1 ::1", 0, nullptr, nullptr},
    {{"--dir", "/tmp", "--bind", "a", "b"}, "", "bind", "a b", 0, nullptr, nullptr},
    {{"--TIMEOUT", "5"}, "", "timeout", "5", 0, nullptr, nullptr},
    {{"--masterauth", "a b"}, "", "masterauth", "a b", 0, nullptr, nullptr},
    {{"--masterauth", "\"a b\""}, "", "masterauth", "\"a b\"", 0, nullptr, nullptr},
    {{"--masterauth", "--x"}, "", "masterauth", "--x", 0, nullptr, nullptr},
    {{"--masterauth", "it's \\x41\n\xff"},
     "",
     "masterauth",
     "it's \\x41\n\xff",
     0,
     nullptr,
     nullptr},
    {{"--oom-score-adj-values", "1", "2", "3"},
     "",
     "oom-score-adj-values",
     "1 2 3",
     0,
     nullptr,
     nullptr},
    {{"--include", "a.conf"}, "", "hz", "50", 0, nullptr, nullptr},
    {{"-"}, "timeout 5\nhz 50\n", "hz", "50", 0, nullptr, nullptr},
    {{"-", "--hz", "9"}, "timeout 5\nhz 50\n", "hz", "9", 0, nullptr, nullptr},
    {{"--hz", "20", "-"}, "timeout 5\n", "timeout", "5", 0, nullptr, nullptr},
    {{"b.conf", "--hz", "40", "-"}, "\nhz 50\n", "hz", "40", 0, nullptr, nullptr},

    {{"--save", "900 1", "300 10"},
     "",
     nullptr,
     nullptr,
     2,
     "save \"900 1\" \"300 10\"",
     "Invalid save parameters"},
    {{"--timeout", "--hz", "20"}, "", nullptr, nullptr, 2, "timeout \"--hz\" \"20\"", count},
    {{"--timeout"}, "", nullptr, nullptr, 2, "timeout", count},
    {{"--timeout=5", "--port", "1"}, "", nullptr, nullptr, 2, "timeout=5 \"--port\" \"1\"", bad},
    {{"--timeout 5 --hz 20"}, "", nullptr, nullptr, 2, "timeout 5 --hz 20", count},
    {{"--timeout 5", "6"}, "", nullptr, nullptr, 2, "timeout 5 \"6\"", count},
    {{"--port", "1", "--hz", "bad"}, "", nullptr, nullptr, 3, "hz \"bad\"", number},
    {{"b.conf", "--port", "1", "--hz", "bad"}, "", nullptr, nullptr, 3, "hz \"bad\"", number},
    {{"a.conf", "extra"}, "", nullptr, nullptr, 5, "\"extra\"", bad},
    {{"-x"}, "", nullptr, nullptr, 2, "\"-x\"", bad},
    {{"--hz", "20", "--", "5"}, "", nullptr, nullptr, 3, "\"5\"", bad},
    {{"--timeout", "-5"},
     "",
     nullptr,
     nullptr,
     2,
     "timeout \"-5\"",
     "argument must be between 0 and 2147483647 inclusive"},
    {{"b.conf", "--hz", "bad", "-"},
     "\ntimeout 5\nhz 50\n",
     nullptr,
     nullptr,
     5,
     "hz \"bad\"",
     number},
    {{"b.conf", "-", "--hz", "5"}, "", nullptr, nullptr, 2, "\"-\"", bad},
    {{"--timeout", "-"}, "hz 20", nullptr, nullptr, 2, "timeout", count},
    {{"--timeout", "5\nhz 20"}, "", nullptr, nullptr, 2, "timeout \"5\\nhz 20\"", number},
};

TEST_F(ConfigLoad, JoinsTheCommandLineToTheFile)
{
    for (const Line &l : lines) {
        std::string shown;
        for (const std::string &a : l.args)
            shown += "[" + a + "] ";
        SCOPED_TRACE(shown);
        renew();
        write("a.conf", "timeout 5\nhz 50\nsave 900 1\n");
        write("b.conf", "hz 20");
        const std::string error = load_args(l.args, l.input);
        if (l.name) {
            EXPECT_EQ(error, "");
            EXPECT_EQ(get(l.name), l.value);
        } else {
            EXPECT_EQ(error, fatal(l.line, l.shown, l.why));
        }
    }
}

TEST_F(ConfigLoad, FilesThatAreNotThere)
{
    EXPECT_EQ(load_args({"none.conf"}), "Fatal error, can't open config file '" + dir +
                                            "/none.conf': No such file or directory");
    EXPECT_EQ(load("hz 20\ninclude /nonexistent.conf\n"),
              "Fatal error, can't open config file '/nonexistent.conf': No such file or directory");
    EXPECT_EQ(get("hz"), "10");
}

TEST_F(ConfigLoad, Includes)
{
    std::filesystem::create_directory("inc");
    write("inc/a.conf", "hz 20\n");
    write("inc/b.conf", "hz 30\ntimeout 4\n");
    write("inc/bad.conf", "\n\nprot 1\n");
    write("inc/nest.conf", "# first\ninclude inc/bad.conf\n");
    write("loop.conf", "include loop.conf\n");
    EXPECT_EQ(load("hz 40\ninclude inc/a.conf\n"), "");
    EXPECT_EQ(get("hz"), "20");
    EXPECT_EQ(load("INCLUDE \"inc/a.conf\"\nhz 40\n"), "");
    EXPECT_EQ(get("hz"), "40");
    EXPECT_EQ(load("include inc/[ab].conf\n"), "");
    EXPECT_EQ(get("hz"), "30");
    EXPECT_EQ(get("timeout"), "4");
    EXPECT_EQ(load("include inc/*.none\n"), "");
    EXPECT_EQ(load("hz 1\ninclude inc/nest.conf\n"), fatal(3, "prot 1", bad));
    EXPECT_EQ(load("include inc/a.conf inc/b.conf\n"),
              fatal(1, "include inc/a.conf inc/b.conf", bad));
    EXPECT_EQ(load("include loop.conf\n"),
              fatal(1, "include loop.conf", "include nested too deeply"));
}

TEST_F(ConfigLoad, DirIsWhereTheRestIsFound)
{
    std::filesystem::create_directory("data");
    write("data/more.conf", "hz 20\n");
    write("a.conf", "dir data\ninclude more.conf\n");
    ASSERT_EQ(load_args({"a.conf"}), "");
    EXPECT_EQ(get("hz"), "20");
    EXPECT_EQ(get("dir"), dir + "/data");
    EXPECT_EQ(std::filesystem::current_path(), dir + "/data");
    EXPECT_EQ(now()->config_file, dir + "/a.conf");
}

TEST_F(ConfigLoad, StartsEvenInADirectoryThatIsGone)
{
    std::filesystem::create_directory("gone");
    std::filesystem::current_path("gone");
    std::filesystem::remove("../gone");
    struct config_holder *other = config_holder_new();
    EXPECT_STREQ(config_current(other)->dir, "/");
    config_holder_free(other);
}

TEST_F(ConfigLoad, KeepsOrdersForOtherParts)
{
    ASSERT_EQ(load("rename-command GET \"\"\n\n"
                   "user alice  on >\"p w\"\n"
                   "rename-command SET put\n"
                   "loadmodule /x.so a b\n"),
              "");
    const struct config_directive *d = now()->rename_commands;
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(d->line, 1);
    ASSERT_EQ(d->argc, 3u);
    EXPECT_EQ(text_of(d->argv[1]), "GET");
    EXPECT_EQ(text_of(d->argv[2]), "");
    Text block;
    config_directive_fatal(d->next, "No such command in rename-command", &block.buf);
    EXPECT_EQ(block.str(), fatal(4, "rename-command SET put", "No such command in rename-command"));
    EXPECT_EQ(d->next->next, nullptr);
    ASSERT_NE(now()->users, nullptr);
    ASSERT_EQ(now()->users->argc, 4u);
    EXPECT_EQ(text_of(now()->users->argv[3]), ">p w");
    ASSERT_NE(now()->modules, nullptr);
    EXPECT_EQ(now()->modules->argc, 4u);
    ASSERT_EQ(set({{"hz", "20"}}), "OK");
    EXPECT_EQ(now()->rename_commands, d) << "all snapshots share the list";
}

TEST_F(ConfigLoad, SentinelMode)
{
    write("s.conf", "sentinel monitor m 127.0.0.1 6379 2\n");
    ASSERT_EQ(load_args({"s.conf", "--sentinel", "--port", "5"}), "");
    EXPECT_TRUE(now()->sentinel_mode);
    EXPECT_EQ(now()->port, 5);
    ASSERT_NE(now()->sentinel_lines, nullptr);
    EXPECT_EQ(now()->sentinel_lines->argc, 6u);
}

TEST_F(ConfigLoad, RequestsInsteadOfAServer)
{
    const auto request = [](std::vector<std::string> args) {
        std::vector<char *> argv;
        args.insert(args.begin(), "latchkey-server");
        for (std::string &a : args)
            argv.push_back(a.data());
        return config_request_of((int)argv.size(), argv.data());
    };
    EXPECT_EQ(request({}), CONFIG_REQUEST_RUN);
    EXPECT_EQ(request({"a.conf"}), CONFIG_REQUEST_RUN);
    EXPECT_EQ(request({"--port", "-v"}), CONFIG_REQUEST_RUN);
    EXPECT_EQ(request({"-v"}), CONFIG_REQUEST_VERSION);
    EXPECT_EQ(request({"--version", "x"}), CONFIG_REQUEST_VERSION);
    EXPECT_EQ(request({"-h"}), CONFIG_REQUEST_HELP);
    EXPECT_EQ(request({"--help"}), CONFIG_REQUEST_HELP);
    EXPECT_EQ(request({"--test-memory", "5"}), CONFIG_REQUEST_TEST_MEMORY);
    EXPECT_EQ(request({"--check-system"}), CONFIG_REQUEST_CHECK_SYSTEM);
}

} // namespace
