/* client.cc — connect, send while receiving, frame. */
#include "tests/support/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace lk
{

namespace
{

[[noreturn]] void fail(const std::string &what)
{
    throw std::runtime_error(what + ": " + strerror(errno));
}

short wait_for(int fd, short events)
{
    pollfd p = {fd, events, 0};
    for (;;) {
        const int n = poll(&p, 1, static_cast<int>(kPatience.count()));
        if (n > 0)
            return p.revents;
        if (n == 0)
            throw std::runtime_error("the server does not answer");
        if (errno != EINTR)
            fail("poll");
    }
}

void connect_to(int fd, const sockaddr *address, socklen_t size)
{
    if (fd < 0)
        fail("socket");
    if (connect(fd, address, size) != 0) {
        const int error = errno;
        ::close(fd);
        errno = error;
        fail("connect");
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

} // namespace

Client::Client(int fd) : fd_(fd)
{
}

Client Client::tcp(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address));
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return Client(fd);
}

Client Client::unix_path(const std::string &path)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        throw std::runtime_error("socket path too long: " + path);
    memcpy(address.sun_path, path.c_str(), path.size());
    connect_to(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address));
    return Client(fd);
}

Client::Client(Client &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)),
      used_(std::exchange(other.used_, 0))
{
}

Client &Client::operator=(Client &&other) noexcept
{
    std::swap(fd_, other.fd_);
    std::swap(in_, other.in_);
    std::swap(used_, other.used_);
    return *this;
}

Client::~Client()
{
    close();
}

void Client::close()
{
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

void Client::shut_write()
{
    shutdown(fd_, SHUT_WR);
}

bool Client::receive()
{
    char chunk[65536];
    for (;;) {
        const ssize_t n = recv(fd_, chunk, sizeof(chunk), 0);
        if (n > 0) {
            if (used_ > in_.size() / 2) {
                in_.erase(0, used_);
                used_ = 0;
            }
            in_.append(chunk, static_cast<size_t>(n));
            return true;
        }
        if (n == 0 || errno == ECONNRESET)
            return false;
        if (errno != EAGAIN && errno != EINTR)
            fail("recv");
        wait_for(fd_, POLLIN);
    }
}

void Client::send(std::string_view raw)
{
    while (!raw.empty()) {
        const ssize_t n = ::send(fd_, raw.data(), raw.size(), MSG_NOSIGNAL);
        if (n > 0) {
            raw.remove_prefix(static_cast<size_t>(n));
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            fail("send");
        if ((wait_for(fd_, POLLIN | POLLOUT) & POLLIN) && !receive())
            throw std::runtime_error("the server closed while it was being sent to");
    }
}

std::string Client::read_raw()
{
    for (;;) {
        if (used_ < in_.size()) {
            const std::optional<size_t> end = reply_end(in_, used_);
            if (end) {
                std::string reply = in_.substr(used_, *end - used_);
                used_ = *end;
                return reply;
            }
        }
        if (!receive())
            throw std::runtime_error("the server closed the connection");
    }
}

std::string Client::read_to_end()
{
    while (receive())
        ;
    std::string rest = in_.substr(used_);
    used_ = in_.size();
    return rest;
}

std::string Client::call_raw(const Args &args)
{
    send(args);
    return read_raw();
}

std::vector<Reply> Client::pipeline(const std::vector<Args> &commands)
{
    std::string raw;
    for (const Args &args : commands)
        raw += encode(args);
    send(raw);
    std::vector<Reply> replies;
    for (size_t i = 0; i < commands.size(); i++)
        replies.push_back(read());
    return replies;
}

bool Client::ping()
{
    try {
        return call_raw({"PING"}) == "+PONG\r\n";
    } catch (const std::exception &) {
        return false;
    }
}

} // namespace lk
