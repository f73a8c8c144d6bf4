/* process.cc — fork, exec and a thread that reads. */
#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace lk
{

namespace
{

[[noreturn]] void fail(const std::string &what)
{
    throw std::runtime_error(what + ": " + strerror(errno));
}

int input_of(const std::string &text)
{
    if (text.empty())
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0)
        fail("memfd_create");
    for (size_t done = 0; done < text.size();) {
        const ssize_t n = write(fd, text.data() + done, text.size() - done);
        if (n < 0)
            fail("write to memfd");
        done += static_cast<size_t>(n);
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

} // namespace

Process::Process(const Args &argv, const Options &options)
{
    std::vector<char *> words;
    for (const std::string &word : argv)
        words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    const int input = input_of(options.input);
    int ends[2];
    if (input < 0 || pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe");
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0)
        fail("fork");
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(126);
        if (!options.directory.empty() && chdir(options.directory.c_str()) != 0)
            _exit(126);
        dup2(input, 0);
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execvp(words[0], words.data());
        _exit(127);
    }
    close(input);
    close(ends[1]);
    output_fd_ = ends[0];
    fcntl(output_fd_, F_SETFL, O_NONBLOCK);
    stop_fd_ = eventfd(0, EFD_CLOEXEC);
    if (stop_fd_ < 0)
        fail("eventfd");
    collector_ = std::thread([this] { collect(); });
}

Process::~Process()
{
    if (!exit_) {
        kill(pid_, SIGKILL);
        wait_exit();
    }
    /* A grandchild may still hold the pipe. */
    const uint64_t one = 1;
    if (write(stop_fd_, &one, sizeof(one)) < 0)
        perror("stop");
    collector_.join();
    close(output_fd_);
    close(stop_fd_);
}

void Process::take() const
{
    char chunk[16384];
    ssize_t n;
    do {
        n = read(output_fd_, chunk, sizeof(chunk));
        if (n > 0)
            output_.append(chunk, static_cast<size_t>(n));
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (n == 0 || errno != EAGAIN)
        ended_ = true;
}

void Process::collect()
{
    for (;;) {
        pollfd fds[2] = {{output_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno == EINTR)
            continue;
        const std::lock_guard<std::mutex> hold(mutex_);
        take();
        if (fds[1].revents)
            ended_ = true;
        changed_.notify_all();
        if (ended_)
            return;
    }
}

void Process::signal(int number) const
{
    if (!exit_)
        kill(pid_, number);
}

std::string Process::output() const
{
    const std::lock_guard<std::mutex> hold(mutex_);
    if (!ended_)
        take();
    return output_;
}

bool Process::wait_output(const std::string &needle, Milliseconds patience)
{
    std::unique_lock<std::mutex> hold(mutex_);
    const auto said = [&] { return output_.find(needle) != std::string::npos; };
    changed_.wait_for(hold, patience, [&] { return said() || ended_; });
    return said();
}

std::optional<int> Process::wait_exit(Milliseconds patience)
{
    if (exit_)
        return exit_;
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    if (fd < 0)
        fail("pidfd_open");
    pollfd ended = {fd, POLLIN, 0};
    int n;
    do
        n = poll(&ended, 1, static_cast<int>(patience.count()));
    while (n < 0 && errno == EINTR);
    close(fd);
    if (n <= 0)
        return std::nullopt;
    int status = 0;
    if (waitpid(pid_, &status, 0) != pid_)
        fail("waitpid");
    exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    /* The last words may still be in the pipe; a grandchild may hold it, so this is bounded too. */
    std::unique_lock<std::mutex> hold(mutex_);
    changed_.wait_for(hold, Milliseconds(5'000), [&] { return ended_; });
    return exit_;
}

Outcome run_program(const Args &argv, const Process::Options &options)
{
    Process process(argv, options);
    const std::optional<int> code = process.wait_exit(2 * kPatience);
    return {code.value_or(-1), process.output()};
}

} // namespace lk
