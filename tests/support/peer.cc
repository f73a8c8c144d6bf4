#include "tests/support/peer.h"

#include "tests/support/resp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace lk
{

namespace
{

int listen_anywhere(int *port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&a), size) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr *>(&a), &size) != 0)
        throw std::runtime_error("cannot listen");
    *port = ntohs(a.sin_port);
    return fd;
}

int connect_here(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(static_cast<uint16_t>(port));
    if (fd >= 0 && connect(fd, reinterpret_cast<sockaddr *>(&a), sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

bool readable(int fd, int ms)
{
    pollfd p{fd, POLLIN, 0};
    return poll(&p, 1, ms) > 0;
}

bool send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        size -= static_cast<size_t>(n);
    }
    return true;
}

/* One way of a proxy; false: it is over. */
bool pass(int from, int to, size_t most)
{
    char data[16384];
    const ssize_t n = recv(from, data, std::min(most, sizeof data), MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    return n > 0 && send_all(to, data, static_cast<size_t>(n));
}

} // namespace

Proxy::Proxy(int to) : listen_(listen_anywhere(&port_)), to_(to), thread_([this] { run(); })
{
}

Proxy::~Proxy()
{
    stop_ = true;
    thread_.join();
    close(listen_);
}

void Proxy::cut()
{
    cut_ = true;
}

void Proxy::let_through(bool on)
{
    open_ = on;
    if (!on)
        cut_ = true;
}

void Proxy::cut_after(int64_t bytes)
{
    left_ = bytes;
}

void Proxy::run()
{
    int client = -1, server = -1;
    const auto hang_up = [&] {
        if (client >= 0)
            close(client);
        if (server >= 0)
            close(server);
        client = server = -1;
        left_ = -1;
    };
    while (!stop_) {
        if (cut_.exchange(false))
            hang_up();
        pollfd p[3] = {{listen_, POLLIN, 0}, {client, POLLIN, 0}, {server, POLLIN, 0}};
        if (poll(p, 3, 5) <= 0)
            continue;
        if (p[0].revents) {
            const int fd = accept4(listen_, nullptr, nullptr, SOCK_CLOEXEC);
            hang_up();
            client = fd;
            server = open_ ? connect_here(to_) : -1;
            if (server < 0)
                hang_up();
            continue;
        }
        bool well = true;
        if (client >= 0 && p[1].revents)
            well = pass(client, server, SIZE_MAX);
        if (well && server >= 0 && p[2].revents) {
            const int64_t left = left_;
            well = left != 0 && pass(server, client, left < 0 ? SIZE_MAX : size_t{1});
            if (left > 0)
                left_ = left - 1;
        }
        if (!well)
            hang_up();
    }
    hang_up();
}

ScriptedPrimary::ScriptedPrimary(std::function<Answer(int)> script, std::string auth_answer)
    : listen_(listen_anywhere(&port_)), script_(std::move(script)),
      auth_answer_(std::move(auth_answer)), thread_([this] { run(); })
{
}

ScriptedPrimary::~ScriptedPrimary()
{
    stop_ = true;
    thread_.join();
    close(listen_);
}

std::string ScriptedPrimary::heard() const
{
    std::lock_guard<std::mutex> hold(lock_);
    return heard_;
}

void ScriptedPrimary::serve(int fd, int n)
{
    std::string in;
    bool answered = false;
    while (!stop_) {
        if (!readable(fd, 5))
            continue;
        char data[4096];
        const ssize_t got = recv(fd, data, sizeof data, 0);
        if (got <= 0)
            return;
        {
            std::lock_guard<std::mutex> hold(lock_);
            heard_.append(data, static_cast<size_t>(got));
        }
        if (answered)
            continue;
        in.append(data, static_cast<size_t>(got));
        while (auto end = reply_end(in, 0)) {
            const Reply command = parse_reply(in.substr(0, *end));
            in.erase(0, *end);
            const std::string name = command.items.empty() ? "" : command.items[0].text;
            std::string answer = name == "PING" ? "+PONG" : name == "AUTH" ? auth_answer_ : "+OK";
            answer += "\r\n";
            if (name == "PSYNC" || name == "SYNC") {
                const Answer a = script_(n);
                answered = true;
                if (!send_all(fd, a.bytes.data(), a.bytes.size()) || !a.hold)
                    return;
                break;
            }
            if (!send_all(fd, answer.data(), answer.size()))
                return;
        }
    }
}

void ScriptedPrimary::run()
{
    while (!stop_) {
        if (!readable(listen_, 5))
            continue;
        const int fd = accept4(listen_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serve(fd, connections_++);
        close(fd);
    }
}

bool wait_until(const std::function<bool()> &condition, Milliseconds patience)
{
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(Milliseconds(5));
    }
    return true;
}

} // namespace lk
