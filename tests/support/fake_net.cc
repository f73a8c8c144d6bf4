#include "tests/support/fake_net.h"

#include "core/base/attr.h"

#include <algorithm>
#include <chrono>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace lk
{

namespace
{
constexpr auto kPatience = std::chrono::seconds(30); // only a hang reaches it
}

const net_ops FakeNet::ops = {"fake",   op_free,   op_listen, op_unlisten, op_attach,
                              op_pause, op_resume, op_send,   op_detach,   op_wait};

FakeNet::FakeNet(std::optional<uint64_t> seed)
    : seeded_(seed.has_value()), random_(seed.value_or(0))
{
}

FakeNet::~FakeNet() = default;

net *FakeNet::make()
{
    const std::lock_guard<std::mutex> lock(mutex_);
    Net *n = new Net;
    n->base.ops = &ops;
    n->base.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    n->base.wake = WAKE_AWAKE;
    n->base.tls = nullptr;
    n->world = this;
    nets_.push_back(n);
    return &n->base;
}

net *FakeNet::hook(void *fake, net_backend backend, uint32_t conns_hint)
{
    (void)backend;
    (void)conns_hint;
    return static_cast<FakeNet *>(fake)->make();
}

/* Somebody who sleeps is to look again; mutex_ is held. */
void FakeNet::tell_nets()
{
    const uint64_t one = 1;
    for (Net *n : nets_)
        if (write(n->base.wake_fd, &one, sizeof one) < 0)
            LK_ASSERT(errno == EAGAIN);
    changed_.notify_all();
}

bool FakeNet::chance(int percent)
{
    return !seeded_ || random_() % 100 < static_cast<uint64_t>(percent);
}

FakeNet::Socket &FakeNet::at(int fd)
{
    const auto found = sockets_.find(fd);
    if (found == sockets_.end())
        throw std::runtime_error("no such socket");
    return found->second;
}

int FakeNet::socket()
{
    const std::lock_guard<std::mutex> lock(mutex_);
    sockets_[next_fd_];
    return next_fd_++;
}

int FakeNet::dial()
{
    const int fd = socket();
    const std::lock_guard<std::mutex> lock(mutex_);
    dialled_.push_back(fd);
    tell_nets();
    return fd;
}

void FakeNet::send(int fd, std::string_view bytes)
{
    const std::lock_guard<std::mutex> lock(mutex_);
    at(fd).in += bytes;
    tell_nets();
}

void FakeNet::end(int fd)
{
    const std::lock_guard<std::mutex> lock(mutex_);
    at(fd).end = true;
    tell_nets();
}

void FakeNet::cut(int fd, int error)
{
    const std::lock_guard<std::mutex> lock(mutex_);
    at(fd).end = true;
    at(fd).error = error;
    at(fd).in.clear();
    tell_nets();
}

void FakeNet::hold_sends(bool hold)
{
    const std::lock_guard<std::mutex> lock(mutex_);
    hold_ = hold;
    tell_nets();
}

void FakeNet::in_pieces(size_t size)
{
    const std::lock_guard<std::mutex> lock(mutex_);
    piece_ = size;
}

std::string FakeNet::received(int fd) const
{
    const std::lock_guard<std::mutex> lock(mutex_);
    return const_cast<FakeNet *>(this)->at(fd).out;
}

std::string FakeNet::take(int fd)
{
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(at(fd).out, {});
}

size_t FakeNet::in_flight(int fd) const
{
    const std::lock_guard<std::mutex> lock(mutex_);
    const Socket &s = const_cast<FakeNet *>(this)->at(fd);
    size_t size = 0;
    for (uint32_t i = 0; s.sending && i < s.conn->iov_count; i++)
        size += s.conn->iov[i].iov_len;
    return size;
}

bool FakeNet::closed(int fd) const
{
    const std::lock_guard<std::mutex> lock(mutex_);
    return const_cast<FakeNet *>(this)->at(fd).closed;
}

bool FakeNet::wait_received(int fd, size_t size)
{
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] {
        return at(fd).out.size() >= size || at(fd).closed;
    }) && at(fd).out.size() >= size;
}

bool FakeNet::wait_closed(int fd)
{
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return at(fd).closed; });
}

// --- the back end ---

void FakeNet::op_free(net *n)
{
    Net *mine = of(n);
    FakeNet &w = *mine->world;
    const std::lock_guard<std::mutex> lock(w.mutex_);
    for (auto &[fd, s] : w.sockets_)
        if (s.owner == mine)
            s.closed = true;
    std::erase(w.nets_, mine);
    std::erase_if(w.listeners_, [&](const Listener &l) { return l.net == mine; });
    ::close(n->wake_fd);
    delete mine;
    w.changed_.notify_all();
}

int FakeNet::op_listen(net *n, int fd, uint32_t tag)
{
    FakeNet &w = *of(n)->world;
    const std::lock_guard<std::mutex> lock(w.mutex_);
    w.listeners_.push_back({of(n), fd, tag});
    return 0;
}

void FakeNet::op_unlisten(net *n, int fd)
{
    FakeNet &w = *of(n)->world;
    const std::lock_guard<std::mutex> lock(w.mutex_);
    std::erase_if(w.listeners_, [&](const Listener &l) { return l.net == of(n) && l.fd == fd; });
}

void FakeNet::op_attach(net *n, net_conn *c)
{
    FakeNet &w = *of(n)->world;
    const std::lock_guard<std::mutex> lock(w.mutex_);
    Socket &s = w.at(c->fd);
    LK_ASSERT(!s.conn);
    s.conn = c;
    s.owner = of(n);
    w.by_conn_[c] = c->fd;
}

void FakeNet::op_pause(net *n, net_conn *c)
{
    FakeNet &w = *of(n)->world;
    const std::lock_guard<std::mutex> lock(w.mutex_);
    w.at(w.by_conn_.at(c)).paused = true;
}

void FakeNet::op_resume(net *n, net_conn *c)
{
    FakeNet &w = *of(n)->world;
    const std::lock_guard<std::mutex> lock(w.mutex_);
    w.at(w.by_conn_.at(c)).paused = false;
}

void FakeNet::op_send(net *n, net_conn *c)
{
    FakeNet &w = *of(n)->world;
    const std::lock_guard<std::mutex> lock(w.mutex_);
    Socket &s = w.at(w.by_conn_.at(c));
    LK_ASSERT(!s.sending && !s.detached);
    s.sending = true;
}

void FakeNet::op_detach(net *n, net_conn *c)
{
    FakeNet &w = *of(n)->world;
    const std::lock_guard<std::mutex> lock(w.mutex_);
    Socket &s = w.at(w.by_conn_.at(c));
    LK_ASSERT(!s.detached);
    s.detached = true;
}

/* The next thing there is to say of a socket; false: nothing, or not now. */
bool FakeNet::report(Net *n, Socket &s, net_event *event)
{
    if (s.owner != n || s.closed || !chance(75))
        return false;
    *event = net_event{};
    event->conn = s.conn;
    if (s.detached) {
        event->kind = NET_CLOSED;
        s.closed = true;
        by_conn_.erase(s.conn);
        changed_.notify_all();
        return true;
    }
    if (s.sending && !hold_ && chance(60)) {
        event->kind = NET_SENT;
        event->error = s.error;
        for (uint32_t i = 0; s.error == 0 && i < s.conn->iov_count; i++)
            s.out.append(static_cast<const char *>(s.conn->iov[i].iov_base),
                         s.conn->iov[i].iov_len);
        s.sending = false;
        changed_.notify_all();
        return true;
    }
    if (s.paused || s.told_end)
        return false;
    if (!s.in.empty()) {
        size_t size = std::min(s.in.size(), piece_);
        if (seeded_ && chance(70))
            size = 1 + random_() % std::min<size_t>(size, chance(50) ? 8 : size);
        auto piece = std::make_unique<std::vector<char>>(s.in.begin(), s.in.begin() + long(size));
        s.in.erase(0, size);
        event->kind = NET_DATA;
        event->data = bytes_of(piece->data(), size);
        n->batch.push_back(std::move(piece));
        return true;
    }
    if (!s.end)
        return false;
    event->kind = NET_EOF;
    event->error = s.error;
    s.told_end = true;
    return true;
}

int FakeNet::gather(Net *n, net_event *events, int max)
{
    int count = 0;
    for (const Listener &l : listeners_) {
        while (l.net == n && count < max && !dialled_.empty() && chance(75)) {
            events[count] = net_event{};
            events[count].kind = NET_ACCEPT;
            events[count].fd = dialled_.front();
            events[count++].tag = l.tag;
            dialled_.pop_front();
        }
    }
    std::vector<Socket *> order;
    for (auto &[fd, s] : sockets_)
        order.push_back(&s);
    if (seeded_)
        std::shuffle(order.begin(), order.end(), random_);
    for (Socket *s : order) {
        while (count < max && report(n, *s, &events[count])) {
            count++;
            if (piece_ == SIZE_MAX)
                break;
        }
    }
    return count;
}

int FakeNet::op_wait(net *n, net_event *events, int max, int64_t timeout_ns)
{
    Net *mine = of(n);
    FakeNet &w = *mine->world;
    const int limit = max > 1 ? max - 1 : max;
    std::unique_lock<std::mutex> lock(w.mutex_);
    uint64_t ignored;
    mine->batch.clear();
    while (read(n->wake_fd, &ignored, sizeof ignored) > 0) {
    }
    int count = w.gather(mine, events, limit);
    if (count == 0 && timeout_ns != 0 && !w.seeded_ && net_fall_asleep(n)) {
        lock.unlock();
        pollfd p{n->wake_fd, POLLIN, 0};
        (void)poll(&p, 1, timeout_ns < 0 ? -1 : int((timeout_ns + 999'999) / 1'000'000));
        lock.lock();
        count = w.gather(mine, events, limit);
    } else if (count == 0 && timeout_ns != 0 && w.seeded_ && net_fall_asleep(n)) {
        /* What chance held back may come now, so it sleeps for a moment only. */
        lock.unlock();
        pollfd p{n->wake_fd, POLLIN, 0};
        (void)poll(&p, 1, 1);
        lock.lock();
        count = w.gather(mine, events, limit);
    }
    if (count < max && net_rise(n)) {
        events[count] = net_event{};
        events[count++].kind = NET_WAKE;
    }
    return count;
}

} // namespace lk
