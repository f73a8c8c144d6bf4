/* sessions_test.cc — what the reader of written sessions takes, and how it refuses the rest. */
#include "tests/support/server.h"
#include "tests/support/sessions.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace
{

using namespace lk;

std::vector<NamedSession> read(const std::string &text)
{
    std::istringstream in(text);
    return read_sessions(in, "f.txt");
}

TEST(Sessions, AreCommandsOnConnections)
{
    const auto all = read("# a note\n"
                          "\n"
                          "== First\n"
                          "SET k \"a b\\x41\\n\"\n"
                          "2> GET   k\n"
                          "# another\n"
                          "PING 'it''s' 1>2\n"
                          "== Second\n"
                          "0> PING \"\"");
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].name, "First");
    EXPECT_EQ(all[0].at, "f.txt:3");
    ASSERT_EQ(all[0].steps.size(), 3u);
    EXPECT_EQ(all[0].steps[0].conn, 0);
    EXPECT_EQ(all[0].steps[0].args, (Args{"SET", "k", "a bA\n"}));
    EXPECT_EQ(all[0].steps[1].conn, 2);
    EXPECT_EQ(all[0].steps[1].args, (Args{"GET", "k"}));
    EXPECT_EQ(all[0].steps[2].args, (Args{"PING", "its", "1>2"}));
    EXPECT_EQ(all[1].at, "f.txt:8");
    EXPECT_EQ(all[1].steps[0].args, (Args{"PING", ""}));
}

struct Mistake {
    const char *name;
    const char *text;
    const char *said;
};
void PrintTo(const Mistake &m, std::ostream *out)
{
    *out << m.name;
}

class SessionMistakes : public testing::TestWithParam<Mistake>
{
};

TEST_P(SessionMistakes, AreSaidWithTheirPlace)
{
    try {
        read(GetParam().text);
        FAIL() << "was taken";
    } catch (const SessionError &e) {
        EXPECT_STREQ(e.what(), GetParam().said);
    }
}

const Mistake kMistakes[] = {
    {"NoSession", "PING\n", "f.txt:1: a command before the first session: PING"},
    {"NoName", "\n==\nPING\n", "f.txt:2: no name of letters and digits: =="},
    {"NoSpace", "==Name\nPING\n", "f.txt:1: no name of letters and digits: ==Name"},
    {"OddName", "== A b\nPING\n", "f.txt:1: no name of letters and digits: == A b"},
    {"Twice", "== A\nPING\n== A\nPING\n", "f.txt:3: A is also at f.txt:1"},
    {"Empty", "== A\n# nothing\n== B\nPING\n", "f.txt:1: A has no commands"},
    {"EmptyLast", "== A\nPING\n== B\n", "f.txt:3: B has no commands"},
    {"OpenQuote", "== A\nSET k \"v\n", "f.txt:2: a quote that nothing closes: SET k \"v"},
    {"OpenQuoteEscaped", "== A\nSET 'k' \"v\\\"\n",
     "f.txt:2: a quote that nothing closes: SET 'k' \"v\\\""},
    {"NoSuchConnection", "== A\nPING\n3> PING\n", "f.txt:3: no such connection: 3"},
    {"NoCommand", "== A\n1>\n", "f.txt:2: no command on this line"},
    {"Spaces", "== A\n  \n", "f.txt:2: no command on this line"},
};
INSTANTIATE_TEST_SUITE_P(All, SessionMistakes, testing::ValuesIn(kMistakes),
                         [](const auto &row) { return row.param.name; });

std::string error_of(const std::string &folder)
{
    try {
        load_sessions(folder);
    } catch (const SessionError &e) {
        return e.what();
    }
    return "none";
}

TEST(Sessions, AFolderIsReadWhole)
{
    const TempDir directory;
    const std::string folder = directory.path();
    const auto write = [&](const std::string &name, const std::string &text) {
        std::ofstream(folder + "/" + name) << text;
    };
    EXPECT_EQ(error_of(folder + "/none"), folder + "/none: No such file or directory");
    EXPECT_EQ(error_of(folder), folder + ": no .txt file");
    write("b.txt", "== B\nPING\n");
    write("a.txt", "== A\nPING\n");
    write("notes.md", "not read");
    ASSERT_EQ(error_of(folder), "none");
    const auto all = load_sessions(folder);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].name, "A");
    EXPECT_EQ(all[1].at, folder + "/b.txt:1");
    write("c.txt", "\n== A\nPING\n");
    EXPECT_EQ(error_of(folder), folder + "/c.txt:2: A is also at " + folder + "/a.txt:1");
    write("c.txt", "# nothing yet\n");
    EXPECT_EQ(error_of(folder), folder + "/c.txt: no session");
}

} // namespace
