#include "core/base/clock.h"
#include "core/base/trace.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <limits.h>
#include <map>
#include <regex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

class Log : public testing::Test
{
  protected:
    std::string dir, path;

    void SetUp() override
    {
        char name[] = "/tmp/log_test.XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        dir = name;
        path = dir + "/log";
        trace_set_file(path.c_str());
    }

    void TearDown() override
    {
        trace_set_file("");
        trace_set_level(TRACE_NOTICE);
        trace_set_role('M');
        clock_fake_unix_ms(-1);
        unlink(path.c_str());
        unlink((path + ".1").c_str());
        rmdir(dir.c_str());
    }

    std::vector<std::string> lines(const std::string &suffix = "") const
    {
        std::ifstream in(path + suffix);
        std::vector<std::string> all;
        for (std::string line; std::getline(in, line);)
            all.push_back(line);
        return all;
    }
};

TEST_F(Log, TheFormToolsMatchOn)
{
    const char *zone = getenv("TZ");
    const std::string saved = zone ? zone : "";
    setenv("TZ", "UTC", 1);
    tzset();
    clock_fake_unix_ms(1795252143007); // 21 Nov 2026, 09:09:03.007
    trace_line(TRACE_NOTICE, "Ready to accept %s", "connections");
    trace_set_role('S');
    trace_line(TRACE_WARNING, "%d", 1);
    const std::string pid = std::to_string(getpid());
    EXPECT_EQ(lines(), (std::vector<std::string>{
                           pid + ":M 21 Nov 2026 09:09:03.007 * Ready to accept connections",
                           pid + ":S 21 Nov 2026 09:09:03.007 # 1"}));
    zone ? setenv("TZ", saved.c_str(), 1) : unsetenv("TZ");
    tzset();
}

TEST_F(Log, LevelsAndTheirMarks)
{
    const enum trace_level levels[] = {TRACE_DEBUG, TRACE_VERBOSE, TRACE_NOTICE, TRACE_WARNING};
    for (int least = TRACE_DEBUG; least <= TRACE_NOTHING; least++) {
        unlink(path.c_str());
        trace_set_level((enum trace_level)least);
        for (const enum trace_level level : levels)
            trace_line(level, "x");
        std::string marks;
        for (const std::string &line : lines())
            marks += line[line.size() - 3];
        EXPECT_EQ(marks, std::string(".-*#").substr((size_t)least));
    }
}

TEST_F(Log, AMovedFileIsOpenedAnew)
{
    trace_line(TRACE_WARNING, "one");
    ASSERT_EQ(rename(path.c_str(), (path + ".1").c_str()), 0);
    trace_line(TRACE_WARNING, "two");
    ASSERT_EQ(lines().size(), 1u);
    EXPECT_NE(lines()[0].find("two"), std::string::npos);
    EXPECT_EQ(lines(".1").size(), 1u);
}

TEST_F(Log, LongLinesAreCutAndStillLines)
{
    for (const size_t size : {4000, 4060, 4070, 4080, 4096, 5000, 100000})
        trace_line(TRACE_WARNING, "%s", std::string(size, 'x').c_str());
    trace_line(TRACE_WARNING, "end");
    const auto all = lines();
    ASSERT_EQ(all.size(), 8u);
    for (const std::string &line : all)
        EXPECT_LE(line.size() + 1, (size_t)PIPE_BUF);
    EXPECT_NE(all[0].find(std::string(4000, 'x')), std::string::npos);
}

TEST_F(Log, ErrnoIsKeptAndCanBePrinted)
{
    errno = ENOSPC;
    trace_line(TRACE_WARNING, "write: %m");
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_NE(lines()[0].find("write: No space left on device"), std::string::npos);
    trace_set_file("/nonexistent/log");
    errno = 0;
    trace_line(TRACE_WARNING, "lost");
    EXPECT_EQ(errno, 0);
}

TEST_F(Log, ThreadsDoNotMixTheirLines)
{
    enum { THREADS = 4, LINES = 500 };
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([t] {
            for (int i = 0; i < LINES; i++)
                trace_line(TRACE_WARNING, "[%d %d %s]", t, i,
                           std::string(i, (char)('a' + t)).c_str());
        });
    for (std::thread &t : threads)
        t.join();
    std::map<int, int> next;
    for (const std::string &line : lines()) {
        int t, i;
        const size_t at = line.find('[');
        ASSERT_NE(at, std::string::npos) << line;
        ASSERT_EQ(sscanf(line.c_str() + at, "[%d %d", &t, &i), 2) << line;
        EXPECT_EQ(next[t]++, i);
        EXPECT_NE(line.find(" " + std::string(i, (char)('a' + t)) + "]"), std::string::npos);
    }
    for (int t = 0; t < THREADS; t++)
        EXPECT_EQ(next[t], LINES);
}

TEST_F(Log, TheStackIsALineAFrame)
{
    trace_stack();
    const std::regex frame(R"(^\d+:M .* #   .*\(.*\+0x[0-9a-f]+\)$|^\d+:M .* #   0x[0-9a-f]+$)");
    const auto all = lines();
    EXPECT_GE(all.size(), 1u);
    for (const std::string &line : all)
        EXPECT_TRUE(std::regex_match(line, frame)) << line;
}

TEST_F(Log, FacilitiesHaveNames)
{
    EXPECT_EQ(trace_syslog_facility("user"), 1 << 3); // RFC 5424: numbers 1 and 16 to 23
    EXPECT_EQ(trace_syslog_facility("local0"), 16 << 3);
    EXPECT_EQ(trace_syslog_facility("LOCAL7"), 23 << 3);
    EXPECT_EQ(trace_syslog_facility("local8"), -1);
    EXPECT_EQ(trace_syslog_facility(""), -1);
}

} // namespace
