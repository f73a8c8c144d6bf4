/*
 * process.h — a child process whose output is read as it comes.
 *
 * Tests wait for what a program says or for its end, never for a time to pass: a thread collects
 * standard output and error, and every wait is a bounded wait on that text or on the process.
 *
 * Threads  start it in a thread that lives as long as the child: the kernel kills the child when
 *          that thread ends, so an aborted test program leaves nothing behind
 */
#ifndef LK_TEST_PROCESS_H
#define LK_TEST_PROCESS_H

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace lk
{

using Args = std::vector<std::string>;
using Milliseconds = std::chrono::milliseconds;

/*
 * Long enough for a sanitized server on a busy machine, whose disk may take a minute for one sync;
 * only a hang ever reaches it.
 */
constexpr Milliseconds kPatience{100'000};

class Process
{
  public:
    struct Options {
        std::string directory; /* where it starts; empty: here */
        std::string input;     /* all of its standard input */
    };

    explicit Process(const Args &argv) : Process(argv, Options{})
    {
    }
    Process(const Args &argv, const Options &options);
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;
    ~Process(); /* kills it if it still runs */

    pid_t pid() const
    {
        return pid_;
    }
    void signal(int number) const;
    std::string output() const; /* all that it has said; whole once wait_exit() has answered */

    /* True once the output holds needle; false when the output ended or patience did. */
    bool wait_output(const std::string &needle, Milliseconds patience = kPatience);

    /* The exit code, or 128 + the signal that ended it; nothing if it still runs. */
    std::optional<int> wait_exit(Milliseconds patience = kPatience);

  private:
    void collect();
    void take() const; /* in mutex_: what is in the pipe */

    pid_t pid_ = -1;
    int output_fd_ = -1;
    int stop_fd_ = -1;
    std::optional<int> exit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    mutable std::string output_; /* under mutex_ */
    mutable bool ended_ = false; /* under mutex_: nothing more will be said */
    std::thread collector_;
};

/* Runs argv to its end; an exit code of -1 is a program that did not end. */
struct Outcome {
    int exit_code;
    std::string output;
};
Outcome run_program(const Args &argv, const Process::Options &options = {});

} // namespace lk

#endif
