// How the process comes up, is stopped, and dies: each in a child of the test.
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/trace.h"
#include "io/config/config_holder.h"
#include "io/start/startup.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace
{

std::string contents(const std::string &path)
{
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

class Startup : public ::testing::Test
{
  protected:
    Startup()
    {
        char path[] = "/tmp/startup-test-XXXXXX";
        EXPECT_NE(mkdtemp(path), nullptr);
        dir = path;
        log = dir + "/log";
        holder = config_holder_new();
    }
    ~Startup() override
    {
        config_holder_free(holder);
        std::filesystem::remove_all(dir);
    }

    const config *configure(const std::string &text)
    {
        buf error{};
        EXPECT_EQ(config_load_text(holder, bytes_of(text.data(), text.size()), &error), LK_OK)
            << std::string(error.data, error.size);
        buf_release(&error);
        return config_current(holder);
    }

    // Runs body in a child whose log goes to the file; returns how it ended.
    int in_child(const std::function<void()> &body)
    {
        const pid_t child = fork();
        if (child == 0) {
            trace_set_file(log.c_str());
            body();
            _exit(0);
        }
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        return status;
    }

    std::string dir, log;
    config_holder *holder;
};

/* --- words ------------------------------------------------------------------------------------ */

TEST_F(Startup, VersionIsReadByTools)
{
    buf text{};
    startup_version_text(&text);
    const std::string line(text.data, text.size);
    EXPECT_EQ(line.rfind("Latchkey server v=" LATCHKEY_VERSION " sha=", 0), 0U) << line;
    EXPECT_NE(line.find(" malloc="), std::string::npos);
    EXPECT_NE(line.find(" bits=64 build="), std::string::npos);
    EXPECT_EQ(line.back(), '\n');
    text.size = 0;
    startup_help_text("latchkey-server", &text);
    EXPECT_EQ(std::string(text.data, text.size).rfind("Usage: latchkey-server", 0), 0U);
    buf_release(&text);
}

TEST_F(Startup, LogSaysWhatToolsLookFor)
{
    const config *c = configure("port 7000\nunixsocket /tmp/s\nalways-show-logo yes\n");
    in_child([&] {
        startup_log_begin(c, false, "./latchkey-server");
        startup_log_banner(c, 4, "uring");
        startup_log_initialized();
        startup_ready(c, CONFIG_SUPERVISED_NO);
        startup_log_shutdown();
        startup_goodbye(nullptr, CONFIG_SUPERVISED_NO);
    });
    const std::string all = contents(log);
    for (const char *words :
         {"Latchkey is starting", "just started", "no config file specified",
          "Running in standalone mode", "Port: 7000", " PID: ", "Server initialized",
          "Ready to accept connections tcp", "Ready to accept connections unix",
          "User requested shutdown...", "bye bye"})
        EXPECT_NE(all.find(words), std::string::npos) << words << "\n" << all;
}

/* --- the process ------------------------------------------------------------------------------ */

TEST_F(Startup, PidFileHoldsThePidAndGoes)
{
    const std::string path = dir + "/pid";
    const config *c = configure("pidfile " + path);
    ASSERT_EQ(startup_pidfile(c), path);
    in_child([&] {
        startup_pidfile_write(path.c_str());
        if (contents(path) != std::to_string(getpid()) + "\n")
            trace_line(TRACE_WARNING, "wrong pid");
        startup_goodbye(path.c_str(), CONFIG_SUPERVISED_NO);
        startup_pidfile_write("/nonexistent/pid");
    });
    const std::string all = contents(log);
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(all.find("wrong pid"), std::string::npos);
    EXPECT_NE(all.find("Removing the pid file."), std::string::npos);
    EXPECT_NE(all.find("Failed to write PID file /nonexistent/pid: No such file"),
              std::string::npos);
}

TEST_F(Startup, OnlyDaemonsHaveAPidFileUnasked)
{
    EXPECT_EQ(startup_pidfile(configure("")), nullptr);
    EXPECT_STREQ(startup_pidfile(configure("daemonize yes")), "/var/run/redis.pid");
}

TEST_F(Startup, DaemonLeavesItsParent)
{
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const int status = in_child([&] {
        if (startup_daemonize() != LK_OK)
            _exit(2);
        const char ok = getsid(0) == getpid() && !isatty(STDIN_FILENO) ? 'y' : 'n';
        _exit(write(ends[1], &ok, 1) == 1 ? 0 : 1);
    });
    char answer = 0;
    EXPECT_EQ(status, 0); // the parent has gone, quietly
    EXPECT_EQ(read(ends[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    close(ends[0]);
    close(ends[1]);
}

TEST_F(Startup, LimitOfFilesIsRaisedToTheHardLimit)
{
    int64_t *seen = static_cast<int64_t *>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    in_child([&] {
        const rlimit low = {200, 400};
        setrlimit(RLIMIT_NOFILE, &low);
        seen[0] = startup_limit_clients(300); // within the hard limit
        rlimit now;
        getrlimit(RLIMIT_NOFILE, &now);
        seen[1] = static_cast<int64_t>(now.rlim_cur);
        seen[2] = startup_limit_clients(100); // there is room already
    });
    EXPECT_EQ(seen[0], 300);
    EXPECT_EQ(seen[1], 332);
    EXPECT_EQ(seen[2], 100);
    EXPECT_NE(contents(log).find("Increased maximum number of open files to 332 (it was originally "
                                 "set to 200)."),
              std::string::npos)
        << contents(log);
    munmap(seen, 4096);
}

TEST_F(Startup, TooFewFilesMeanFewerClients)
{
    int64_t *seen = static_cast<int64_t *>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    in_child([&] {
        const int64_t impossible = INT64_C(4000000000); // above the kernel's own limit
        const rlimit low = {200, 400};
        setrlimit(RLIMIT_NOFILE, &low);
        seen[0] = startup_limit_clients(impossible);
        const rlimit least = {20, 20};
        setrlimit(RLIMIT_NOFILE, &least);
        seen[1] = startup_limit_clients(impossible);
        seen[2] = startup_allow_clients(impossible);
    });
    const std::string all = contents(log);
    EXPECT_EQ(seen[0], 400 - 32);
    EXPECT_LT(seen[1], 1);
    EXPECT_LT(seen[2], 1);
    EXPECT_NE(all.find("You requested maxclients of 4000000000 requiring at least 4000000032 max "
                       "file descriptors."),
              std::string::npos);
    EXPECT_NE(all.find("Server can't set maximum open files to 4000000032 because of OS error: "),
              std::string::npos);
    EXPECT_NE(all.find("Current maximum open files is 400. maxclients has been reduced to 368 to "
                       "compensate for low ulimit."),
              std::string::npos);
    EXPECT_NE(all.find("Your current 'ulimit -n' of 20 is not enough for the server to start."),
              std::string::npos);
    munmap(seen, 4096);
}

TEST_F(Startup, ExecutableIsAbsolute)
{
    char *path = startup_executable();
    ASSERT_NE(path, nullptr);
    EXPECT_EQ(path[0], '/');
    EXPECT_TRUE(std::filesystem::exists(path));
    mem_strfree(path);
}

/* --- what ps shows ---------------------------------------------------------------------------- */

TEST_F(Startup, TitleFollowsItsTemplate)
{
    const std::pair<const char *, const char *> rows[] = {
        {"port 7000\n", "srv *:7000"},
        {"port 7000\nbind 127.0.0.1 -::1\ncluster-enabled yes\n", "srv 127.0.0.1:7000 [cluster]"},
        {"port 0\nunixsocket /tmp/s\n", "srv /tmp/s"},
        {"port 7000\nproc-title-template \"{port} {unixsocket}|{config-file} {title}\"\n",
         "7000 | srv"},
    };
    for (const auto &[text, title] : rows) {
        config_holder *fresh = config_holder_new();
        config_provide(fresh, CONFIG_NEEDS_CLUSTER);
        buf out{}, error{};
        ASSERT_EQ(config_load_text(fresh, bytes_of(text, strlen(text)), &error), LK_OK)
            << std::string(error.data, error.size);
        startup_title_text(config_current(fresh), "srv", &out);
        EXPECT_EQ(std::string(out.data, out.size), title);
        buf_release(&out);
        config_holder_free(fresh);
    }
}

// The block is one as the kernel makes it; the test's own is left alone.
/* A replica has a score of its own, whichever of role and configuration came first. */
TEST_F(Startup, OomScoreFollowsTheRole)
{
    const config *c = configure("oom-score-adj absolute\noom-score-adj-values 600 900 1000\n");
    const int status = in_child([&] {
        const auto is = [](const char *score) {
            return contents("/proc/self/oom_score_adj") == std::string(score) + "\n";
        };
        if (startup_oom_follow(nullptr, nullptr, c) || !is("600"))
            _exit(1);
        startup_oom_follow_role(c, true);
        if (!is("900"))
            _exit(2);
        if (startup_oom_follow(nullptr, nullptr, c) || !is("900"))
            _exit(3);
        startup_oom_follow_role(c, false);
        if (!is("600"))
            _exit(4);
    });
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Startup, TitleStaysInItsRoom)
{
    const int status = in_child([&] {
        static char block[] = "prog\0first\0second\0HOME=x\0";
        static char *argv[] = {block, block + 5, block + 11, nullptr};
        static char *env[] = {block + 18, nullptr};
        environ = env;
        char **copy = startup_title_init(argv);
        startup_title_set("a title that is longer than there is room for");
        const bool cut = std::string(block) == "a title that is longer t";
        startup_title_set("t");
        const bool cleared =
            std::string(block, sizeof block - 2) == "t" + std::string(sizeof block - 3, '\0');
        _exit(cut && cleared && std::string(copy[2]) == "second" &&
                      std::string(getenv("HOME")) == "x"
                  ? 0
                  : 1);
    });
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

/* --- supervisors ------------------------------------------------------------------------------ */

// A socket as systemd has one, by path or abstract.
class Supervisor
{
  public:
    explicit Supervisor(const std::string &name) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0))
    {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        memcpy(at.sun_path, name.data(), name.size());
        if (name[0] == '@')
            at.sun_path[0] = '\0';
        const socklen_t size = offsetof(sockaddr_un, sun_path) + name.size();
        EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr *>(&at), size), 0);
    }
    ~Supervisor()
    {
        close(fd_);
    }
    std::string hear()
    {
        char text[256];
        const ssize_t n = recv(fd_, text, sizeof text, MSG_DONTWAIT);
        return n > 0 ? std::string(text, static_cast<size_t>(n)) : "";
    }

  private:
    int fd_;
};

TEST_F(Startup, SystemdHearsOfEachStep)
{
    for (const std::string &name : {dir + "/notify", "@startup-test-" + std::to_string(getpid())}) {
        Supervisor systemd(name);
        const config *c = configure("supervised auto\nport 7000\n");
        in_child([&] {
            setenv("NOTIFY_SOCKET", name.c_str(), 1);
            unsetenv("UPSTART_JOB");
            const int mode = startup_supervise(c);
            startup_ready(c, mode);
            startup_goodbye(nullptr, mode);
            _exit(strcmp(startup_supervised_name(mode), "systemd") == 0 ? 0 : 1);
        });
        EXPECT_EQ(systemd.hear(), "STATUS=Latchkey is loading...\n");
        EXPECT_EQ(systemd.hear(), "STATUS=Ready to accept connections\nREADY=1\n");
        EXPECT_EQ(systemd.hear(), "STOPPING=1\n");
        EXPECT_EQ(systemd.hear(), "");
    }
}

TEST_F(Startup, WithoutASupervisorThereIsNone)
{
    for (const char *asked : {"no", "auto", "systemd", "upstart"}) {
        const config *c = configure(std::string("supervised ") + asked);
        const int status = in_child([&] {
            unsetenv("NOTIFY_SOCKET");
            unsetenv("UPSTART_JOB");
            _exit(startup_supervise(c) == CONFIG_SUPERVISED_NO ? 0 : 1);
        });
        EXPECT_EQ(status, 0) << asked;
    }
    EXPECT_STREQ(startup_supervised_name(CONFIG_SUPERVISED_NO), "no");
}

TEST_F(Startup, UpstartIsToldByStopping)
{
    const config *c = configure("supervised upstart");
    const pid_t child = fork();
    if (child == 0) {
        trace_set_file(log.c_str());
        setenv("UPSTART_JOB", "latchkey", 1);
        _exit(startup_supervise(c) == CONFIG_SUPERVISED_UPSTART && !getenv("UPSTART_JOB") ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
    EXPECT_TRUE(WIFSTOPPED(status));
    kill(child, SIGCONT);
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

/* --- signals ---------------------------------------------------------------------------------- */

struct stops {
    int ends[2];
};

void note_stop(void *ctx, unsigned flags)
{
    const unsigned char c = static_cast<unsigned char>(flags);
    if (write(static_cast<stops *>(ctx)->ends[1], &c, 1) != 1)
        _exit(3);
}

int next_stop(const stops &s)
{
    unsigned char c = 0;
    return read(s.ends[0], &c, 1) == 1 ? c : -1;
}

TEST_F(Startup, SignalsAskToStop)
{
    const config *c = configure("shutdown-on-sigint nosave now\nshutdown-on-sigterm force\n");
    const int status = in_child([&] {
        stops s;
        if (pipe(s.ends) != 0)
            _exit(4);
        startup_signals_start(c, note_stop, &s);
        kill(getpid(), SIGHUP);
        kill(getpid(), SIGPIPE);
        kill(getpid(), SIGUSR2); // from a stranger: nothing
        kill(getpid(), SIGTERM);
        const int first = next_stop(s);
        kill(getpid(), SIGINT);
        const int second = next_stop(s);
        config changed = *c;
        changed.shutdown_on_sigterm = CONFIG_SHUTDOWN_SAVE;
        startup_signals_follow(&changed);
        kill(getpid(), SIGTERM);
        const int third = next_stop(s);
        startup_signals_end();
        const int term = CONFIG_SHUTDOWN_FORCE, both = CONFIG_SHUTDOWN_NOSAVE | CONFIG_SHUTDOWN_NOW;
        _exit(first == term && second == both && third == CONFIG_SHUTDOWN_SAVE ? 0 : 1);
    });
    EXPECT_EQ(status, 0);
    const std::string all = contents(log);
    EXPECT_NE(all.find("Received SIGTERM scheduling shutdown..."), std::string::npos);
    EXPECT_NE(all.find("Received SIGINT scheduling shutdown..."), std::string::npos);
}

TEST_F(Startup, TheSecondInterruptInsists)
{
    const config *c = configure("");
    const int status = in_child([&] {
        stops s;
        if (pipe(s.ends) != 0)
            _exit(4);
        startup_signals_start(c, note_stop, &s);
        kill(getpid(), SIGINT);
        next_stop(s);
        kill(getpid(), SIGINT);
        for (;;)
            pause();
    });
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1);
    EXPECT_NE(contents(log).find("You insist... exiting now."), std::string::npos);
}

/* --- crash report ----------------------------------------------------------------------------- */

// The sanitizers have handlers of their own; ours replace them in the child.
TEST_F(Startup, CrashIsReportedAndStaysACrash)
{
    const struct {
        const char *name;
        int signal;
        std::function<void()> crash;
    } rows[] = {
        {"abort", SIGABRT, [] { abort(); }},
        {"fault", SIGSEGV,
         [] {
             volatile char *page = static_cast<char *>(
                 mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
             *page = 1;
         }},
        {"sent", SIGFPE, [] { raise(SIGFPE); }},
        {"sent", SIGBUS, [] { raise(SIGBUS); }},
        {"sent", SIGILL, [] { raise(SIGILL); }},
    };
    for (const auto &row : rows) {
        std::filesystem::remove(log);
        const int status = in_child([&] {
            const rlimit no_core = {0, 0};
            setrlimit(RLIMIT_CORE, &no_core);
            startup_crash_install(log.c_str());
            row.crash();
        });
        EXPECT_TRUE(WIFSIGNALED(status)) << row.name;
        EXPECT_EQ(WTERMSIG(status), row.signal) << row.name;
        const std::string all = contents(log);
        EXPECT_NE(all.find("=== LATCHKEY BUG REPORT START"), std::string::npos) << all;
        EXPECT_NE(all.find("crashed by signal: " + std::to_string(row.signal) + ","),
                  std::string::npos)
            << all;
        EXPECT_NE(all.find("STACK TRACE"), std::string::npos);
        EXPECT_NE(all.find("Instruction: 0x"), std::string::npos);
        EXPECT_NE(all.find("=== LATCHKEY BUG REPORT END"), std::string::npos);
    }
}

void *fault_with_blocked_signals(void *)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    startup_crash_thread();
    volatile char *page =
        static_cast<char *>(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    *page = 1;
    return nullptr;
}

TEST_F(Startup, ThreadsThatBlockSignalsReportToo)
{
    const int status = in_child([&] {
        const rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        startup_crash_install(log.c_str());
        pthread_t thread;
        pthread_create(&thread, nullptr, fault_with_blocked_signals, nullptr);
        pthread_join(thread, nullptr);
    });
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_NE(contents(log).find("Accessing address: 0x"), std::string::npos) << contents(log);
}

} // namespace
