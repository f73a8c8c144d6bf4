// Both back ends give the same events, over TCP and over Unix sockets.
#include "io/net/net.h"
#include "tests/support/seed.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <map>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <random>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

constexpr int64_t kForever = -1;
constexpr int64_t kMs = 1000 * 1000;

struct Backend {
    const char *name;
    net_backend backend;
    int family;
};

// What one conn has seen so far.
struct Peer {
    net_conn conn{};
    int fd = -1; // the other end, the test's
    std::string got;
    int eof = 0, sent = 0, closed = 0;
    int eof_error = 0, sent_error = 0;
    bool detached = false;
};

class NetTest : public testing::TestWithParam<Backend>
{
  protected:
    void SetUp() override
    {
        if (GetParam().backend == NET_URING && !net_uring_usable(nullptr))
            GTEST_SKIP() << "no io_uring here";
        make(1);
    }

    void TearDown() override
    {
        net_free(net_);
        for (auto &p : peers)
            if (p->fd >= 0)
                close(p->fd);
        if (listen_fd >= 0)
            close(listen_fd);
    }

    void make(uint32_t hint)
    {
        net_free(net_);
        net_ = net_new(GetParam().backend, hint);
        ASSERT_NE(net_, nullptr) << strerror(errno);
    }

    // A listener of the family under test; Unix sockets in the abstract name space.
    void listen_here()
    {
        const int family = GetParam().family;
        listen_fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        ASSERT_GE(listen_fd, 0);
        sockaddr_storage a{};
        a.ss_family = static_cast<sa_family_t>(family);
        socklen_t size = sizeof(sa_family_t); // Unix: the kernel chooses a name
        if (family == AF_INET) {
            reinterpret_cast<sockaddr_in *>(&a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            size = sizeof(sockaddr_in);
        }
        ASSERT_EQ(bind(listen_fd, reinterpret_cast<sockaddr *>(&a), size), 0) << strerror(errno);
        ASSERT_EQ(listen(listen_fd, 1024), 0);
        address_size = sizeof address;
        ASSERT_EQ(getsockname(listen_fd, reinterpret_cast<sockaddr *>(&address), &address_size), 0);
    }

    int dial(int flags = 0)
    {
        const int fd = socket(GetParam().family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
        const int rc = connect(fd, reinterpret_cast<sockaddr *>(&address), address_size);
        EXPECT_TRUE(rc == 0 || errno == EINPROGRESS) << strerror(errno);
        return fd;
    }

    // A connected pair, one end attached to the net_, the other the test's.
    Peer &pair()
    {
        if (listen_fd < 0)
            listen_here();
        peers.push_back(std::make_unique<Peer>());
        Peer &p = *peers.back();
        p.fd = dial();
        const int fd = accept4(listen_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        EXPECT_GE(fd, 0) << strerror(errno);
        attach(p, fd);
        return p;
    }

    void attach(Peer &p, int fd)
    {
        net_attach(net_, &p.conn, fd);
        by_conn[&p.conn] = &p;
    }

    void detach(Peer &p)
    {
        EXPECT_FALSE(p.detached);
        p.detached = true;
        net_detach(net_, &p.conn);
    }

    // One wait; what it reports is written down and checked against the contract.
    int step(int64_t timeout_ns = kForever, int max = 64)
    {
        std::vector<net_event> events(static_cast<size_t>(max));
        // Who was detached before this wait hears nothing more but CLOSED.
        std::map<net_conn *, bool> detached;
        for (auto &[conn, p] : by_conn)
            if (p->detached)
                detached[conn] = true;
        const int n = net_wait(net_, events.data(), max, timeout_ns);
        EXPECT_GE(n, 0);
        EXPECT_LE(n, max);
        for (int i = 0; i < n; i++)
            note(events[static_cast<size_t>(i)], detached);
        return n;
    }

    void note(const net_event &e, const std::map<net_conn *, bool> &detached)
    {
        if (e.kind == NET_WAKE) {
            wakes++;
            return;
        }
        if (e.kind == NET_ACCEPT) {
            accepted.push_back(e);
            return;
        }
        auto it = by_conn.find(e.conn);
        ASSERT_NE(it, by_conn.end()) << "an event of a conn that is gone, kind " << e.kind;
        Peer &p = *it->second;
        EXPECT_EQ(detached.count(e.conn) == 1, e.kind == NET_CLOSED) << "kind " << e.kind;
        switch (e.kind) {
        case NET_DATA:
            EXPECT_EQ(p.eof, 0) << "DATA after EOF";
            EXPECT_GT(e.data.size, 0u);
            p.got.append(e.data.data, e.data.size);
            break;
        case NET_EOF:
            p.eof++;
            p.eof_error = e.error;
            EXPECT_EQ(p.eof, 1);
            break;
        case NET_SENT:
            p.sent++;
            p.sent_error = e.error;
            break;
        case NET_CLOSED:
            p.closed++;
            EXPECT_EQ(p.closed, 1);
            memset(&p.conn, 0xA5, sizeof p.conn); // freed: nobody may look at it
            by_conn.erase(it);
            break;
        default:
            FAIL();
        }
    }

    template <class Done> void until(Done done, int64_t timeout_ns = kForever, int max = 64)
    {
        while (!done())
            step(timeout_ns, max);
    }

    void say(Peer &p, const std::string &s)
    {
        ASSERT_EQ(send(p.fd, s.data(), s.size(), MSG_NOSIGNAL), static_cast<ssize_t>(s.size()))
            << strerror(errno);
    }

    std::string hear(Peer &p, size_t n)
    {
        std::string s(n, 0);
        const ssize_t got = recv(p.fd, s.data(), n, MSG_WAITALL);
        s.resize(got > 0 ? static_cast<size_t>(got) : 0);
        return s;
    }

    struct net *net_ = nullptr;
    int listen_fd = -1;
    sockaddr_storage address{};
    socklen_t address_size = 0;
    std::vector<std::unique_ptr<Peer>> peers;
    std::map<net_conn *, Peer *> by_conn;
    std::vector<net_event> accepted;
    int wakes = 0;
};

std::string pattern(size_t n, unsigned seed)
{
    std::minstd_rand rng(seed + 1);
    std::string s(n, 0);
    for (auto &c : s)
        c = static_cast<char>(rng() >> 8);
    return s;
}

TEST_P(NetTest, AcceptsReceivesAndSends)
{
    listen_here();
    ASSERT_EQ(net_listen(net_, listen_fd, 7), 0);
    Peer p;
    p.fd = dial();
    until([&] { return !accepted.empty(); });
    EXPECT_EQ(accepted[0].tag, 7u);
    EXPECT_EQ(accepted[0].error, 0);
    const int fd = accepted[0].fd;
    EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    attach(p, fd);

    say(p, "hello");
    until([&] { return p.got == "hello"; });
    const iovec iov[] = {
        {const_cast<char *>("wor"), 3}, {nullptr, 0}, {const_cast<char *>("ld"), 2}};
    net_send(net_, &p.conn, iov, 3);
    until([&] { return p.sent == 1; });
    EXPECT_EQ(p.sent_error, 0);
    EXPECT_EQ(hear(p, 5), "world");

    close(p.fd);
    until([&] { return p.eof == 1; });
    EXPECT_EQ(p.eof_error, 0);
    detach(p);
    until([&] { return p.closed == 1; });
    net_unlisten(net_, listen_fd);
}

TEST_P(NetTest, AcceptsManyAtOnce)
{
    listen_here();
    ASSERT_EQ(net_listen(net_, listen_fd, 1), 0);
    std::vector<int> fds;
    for (int i = 0; i < 100; i++)
        fds.push_back(dial());
    until([&] { return accepted.size() == fds.size(); }, kForever, 8);
    for (auto &e : accepted)
        close(e.fd);
    for (int fd : fds)
        close(fd);
}

TEST_P(NetTest, SharesAListenerBetweenNets)
{
    listen_here();
    struct net *other = net_new(GetParam().backend, 1);
    ASSERT_NE(other, nullptr);
    ASSERT_EQ(net_listen(net_, listen_fd, 1), 0);
    ASSERT_EQ(net_listen(other, listen_fd, 2), 0);
    std::vector<int> fds;
    size_t seen = 0;
    for (int i = 0; i < 20; i++)
        fds.push_back(dial());
    while (seen < fds.size()) {
        for (struct net *n : {net_, other}) {
            net_event e[32];
            const int count = net_wait(n, e, 32, kMs);
            for (int i = 0; i < count; i++) {
                ASSERT_EQ(e[i].kind, NET_ACCEPT);
                EXPECT_EQ(e[i].tag, n == net_ ? 1u : 2u);
                close(e[i].fd);
                seen++;
            }
        }
    }
    net_free(other);
    for (int fd : fds)
        close(fd);
}

TEST_P(NetTest, UnlistenFreesThePort)
{
    listen_here();
    ASSERT_EQ(net_listen(net_, listen_fd, 1), 0);
    step(0);
    net_unlisten(net_, listen_fd);
    close(listen_fd);
    listen_fd = -1;
    for (int i = 0; i < 3; i++)
        step(0);
    const int fd = socket(GetParam().family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_NE(connect(fd, reinterpret_cast<sockaddr *>(&address), address_size), 0);
    EXPECT_EQ(errno, ECONNREFUSED);
    close(fd);
    EXPECT_TRUE(accepted.empty());
    net_unlisten(net_, 12345); // unknown: no effect
}

// Out of descriptors: one event says so, the worker does not spin, and accepting starts again.
TEST_P(NetTest, RestsWhenDescriptorsRunOut)
{
    listen_here();
    const int client = dial(SOCK_NONBLOCK);
    rlimit old{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
    rlimit none = old;
    none.rlim_cur = 0;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    ASSERT_EQ(net_listen(net_, listen_fd, 1), 0); // the ring reads the limit when it is armed
    while (accepted.empty())
        step();
    const size_t before = accepted.size();
    int returns = 0;
    for (int i = 0; i < 3; i++)
        returns += step(5 * kMs);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
    EXPECT_EQ(accepted[0].fd, -1);
    EXPECT_EQ(accepted[0].error, -EMFILE);
    EXPECT_EQ(before, 1u);
    EXPECT_LE(returns, 1);
    until([&] { return accepted.back().fd >= 0; });
    close(accepted.back().fd);
    close(client);
}

TEST_P(NetTest, TellsOfAReset)
{
    if (GetParam().family != AF_INET)
        GTEST_SKIP() << "Unix sockets know no reset";
    Peer &p = pair();
    const linger now = {1, 0};
    ASSERT_EQ(setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(p.fd);
    p.fd = -1;
    until([&] { return p.eof == 1; });
    EXPECT_EQ(p.eof_error, -ECONNRESET);
    const iovec iov = {const_cast<char *>("x"), 1};
    net_send(net_, &p.conn, &iov, 1);
    until([&] { return p.sent == 1; });
    EXPECT_EQ(p.sent_error, -EPIPE);
    detach(p);
    until([&] { return p.closed == 1; });
}

// The last bytes come before EOF, and a conn may still be answered after it.
TEST_P(NetTest, HalfClosedPeerIsAnswered)
{
    Peer &p = pair();
    say(p, "bye");
    ASSERT_EQ(shutdown(p.fd, SHUT_WR), 0);
    until([&] { return p.eof == 1; });
    EXPECT_EQ(p.got, "bye");
    const iovec iov = {const_cast<char *>("later"), 5};
    net_send(net_, &p.conn, &iov, 1);
    until([&] { return p.sent == 1; });
    EXPECT_EQ(p.sent_error, 0);
    EXPECT_EQ(hear(p, 5), "later");
    net_pause(net_, &p.conn);
    net_resume(net_, &p.conn);
    detach(p);
    until([&] { return p.closed == 1; });
    EXPECT_EQ(hear(p, 1), "") << "the socket is closed";
}

TEST_P(NetTest, SendsNothing)
{
    Peer &p = pair();
    net_send(net_, &p.conn, nullptr, 0);
    until([&] { return p.sent == 1; });
    const iovec empty[2] = {{nullptr, 0}, {nullptr, 0}};
    net_send(net_, &p.conn, empty, 2);
    until([&] { return p.sent == 2; });
    EXPECT_EQ(p.sent_error, 0);
}

// More vectors than one call takes, more bytes than the socket holds, a peer that reads slowly.
TEST_P(NetTest, SendsMuchWholeAndInOrder)
{
    Peer &p = pair();
    const std::string text = pattern(24 << 20, 3);
    std::vector<iovec> iov;
    std::minstd_rand rng(test_seed() + 5);
    for (size_t at = 0; at < text.size();) {
        const size_t n = std::min<size_t>(rng() % 12000, text.size() - at);
        iov.push_back({const_cast<char *>(text.data()) + at, n});
        at += n;
    }
    ASSERT_GT(iov.size(), 2048u);
    net_send(net_, &p.conn, iov.data(), static_cast<uint32_t>(iov.size()));
    std::string heard;
    std::thread reader([&] { heard = hear(p, text.size()); });
    until([&] { return p.sent == 1; });
    reader.join();
    EXPECT_EQ(p.sent_error, 0);
    EXPECT_TRUE(heard == text);
    for (int i = 0; i < 3; i++)
        step(0);
    EXPECT_EQ(p.sent, 1);
}

TEST_P(NetTest, ReceivesMuchInOrder)
{
    Peer &p = pair();
    const std::string text = pattern(24 << 20, 9);
    std::thread writer([&] { say(p, text); });
    until([&] { return p.got.size() >= text.size(); });
    writer.join();
    EXPECT_TRUE(p.got == text);
}

// Bytes of one batch do not change until the next wait, whatever arrives meanwhile.
TEST_P(NetTest, DataLivesUntilTheNextWait)
{
    Peer &a = pair(), &b = pair();
    for (int round = 0; round < 200; round++) {
        const std::string text = pattern(1000, static_cast<unsigned>(round));
        say(a, text);
        net_event e[8];
        std::string got;
        while (got.size() < text.size()) {
            const int n = net_wait(net_, e, 8, kForever);
            say(b, std::string(100, 'z'));
            for (int i = 0; i < n; i++)
                if (e[i].kind == NET_DATA && e[i].conn == &a.conn)
                    got.append(e[i].data.data, e[i].data.size);
        }
        ASSERT_TRUE(got == text);
    }
}

TEST_P(NetTest, PausedConnIsSilentUntilResumed)
{
    Peer &a = pair(), &b = pair();
    say(a, "1");
    until([&] { return a.got == "1"; });
    net_pause(net_, &a.conn);
    net_pause(net_, &a.conn);
    for (int i = 0; i < 3; i++)
        step(0); // the cancel has taken effect
    say(a, "2");
    say(b, "b");
    until([&] { return b.got == "b"; });
    EXPECT_EQ(a.got, "1");
    net_resume(net_, &a.conn);
    net_resume(net_, &a.conn);
    until([&] { return a.got == "12"; });
    // Paused and resumed without a wait between: nothing is lost.
    net_pause(net_, &a.conn);
    net_resume(net_, &a.conn);
    say(a, "3");
    until([&] { return a.got == "123"; });
}

TEST_P(NetTest, PausesLoseNothingInAStream)
{
    Peer &p = pair();
    const std::string text = pattern(8 << 20, 11);
    const uint64_t seed = test_seed();
    std::minstd_rand rng(seed);
    std::thread writer([&] { say(p, text); });
    while (p.got.size() < text.size()) {
        if (rng() % 2 == 0)
            net_pause(net_, &p.conn);
        if (rng() % 3 == 0)
            step(0, 2);
        net_resume(net_, &p.conn);
        step(kMs, 3); // all may have come by now
    }
    writer.join();
    EXPECT_TRUE(p.got == text);
}

TEST_P(NetTest, DetachesWhileASendIsStuck)
{
    Peer &p = pair();
    const std::string text = pattern(64 << 20, 13);
    const iovec iov[2] = {{const_cast<char *>(text.data()), 1},
                          {const_cast<char *>(text.data()) + 1, text.size() - 1}};
    net_send(net_, &p.conn, iov, 2);
    for (int i = 0; i < 3; i++)
        step(kMs);
    EXPECT_EQ(p.sent, 0);
    say(p, "unread");
    detach(p);
    until([&] { return p.closed == 1; });
    for (int i = 0; i < 3; i++)
        step(0);
    EXPECT_EQ(p.sent, 0);
    EXPECT_LT(hear(p, text.size()).size(), text.size());
}

TEST_P(NetTest, DetachesInEveryState)
{
    Peer &fresh = pair();
    detach(fresh);
    Peer &armed = pair(), &paused = pair(), &ended = pair(), &full = pair(), &sending = pair(),
         &starting = pair();
    close(ended.fd);
    ended.fd = -1;
    until([&] { return ended.eof == 1; });
    net_pause(net_, &paused.conn);
    say(full, "unread");
    const iovec iov = {const_cast<char *>("x"), 1};
    net_send(net_, &sending.conn, &iov, 1);
    step(0);
    net_send(net_, &starting.conn, &iov, 1);
    for (Peer *p : {&armed, &paused, &ended, &full, &sending, &starting})
        detach(*p);
    until([&] { return by_conn.empty(); }, kForever, 1);
    for (auto &p : peers)
        EXPECT_EQ(p->closed, 1);
}

// More news than the completion ring holds, taken a few at a time.
TEST_P(NetTest, NothingIsLostWhenNewsOutnumberTheRing)
{
    constexpr int kConns = 800;
    std::vector<Peer *> all;
    for (int i = 0; i < kConns; i++)
        all.push_back(&pair());
    step(0); // every receive is armed
    for (int i = 0; i < kConns; i++) {
        say(*all[static_cast<size_t>(i)], std::to_string(i));
        close(all[static_cast<size_t>(i)]->fd);
        all[static_cast<size_t>(i)]->fd = -1;
    }
    int ended = 0;
    until(
        [&] {
            ended = 0;
            for (Peer *p : all)
                ended += p->eof;
            return ended == kConns;
        },
        kForever, 7);
    for (int i = 0; i < kConns; i++)
        EXPECT_EQ(all[static_cast<size_t>(i)]->got, std::to_string(i));
    for (Peer *p : all)
        detach(*p);
    until([&] { return by_conn.empty(); }, kForever, 7);
}

// Many full sockets and few buffers: all are heard, none is starved, nothing is lost.
class NetBuffersTest : public NetTest
{
  protected:
    void serve_many_full_sockets();
};

void NetBuffersTest::serve_many_full_sockets()
{
    constexpr size_t kConns = 120, kBytes = 400 * 1000;
    std::vector<Peer *> all;
    std::vector<std::string> texts;
    for (size_t i = 0; i < kConns; i++) {
        all.push_back(&pair());
        texts.push_back(pattern(kBytes, static_cast<unsigned>(i)));
    }
    std::vector<size_t> said(kConns, 0);
    const auto fill = [&] {
        for (size_t i = 0; i < kConns; i++) {
            const ssize_t n = send(all[i]->fd, texts[i].data() + said[i], kBytes - said[i],
                                   MSG_DONTWAIT | MSG_NOSIGNAL);
            said[i] += n > 0 ? static_cast<size_t>(n) : 0;
        }
    };
    fill();
    size_t done = 0;
    while (done < kConns) {
        step(kForever, 50);
        fill();
        done = 0;
        for (size_t i = 0; i < kConns; i++)
            done += all[i]->got.size() == kBytes;
    }
    for (size_t i = 0; i < kConns; i++)
        EXPECT_TRUE(all[i]->got == texts[i]);
}

TEST_P(NetBuffersTest, FewServeAll)
{
    serve_many_full_sockets();
}

TEST_P(NetBuffersTest, TheirNumberGrows)
{
    make(1000);
    serve_many_full_sockets();
}

// Sockets that come while every buffer is taken starve even if idle.  The last of them talks, and
// is heard although nobody else ever says a word again.
TEST_P(NetBuffersTest, NewcomersAreHeardWhenAllAreTaken)
{
    std::vector<Peer *> quiet;
    for (int i = 0; i < 64; i++)
        say(pair(), "x");
    for (int i = 0; i < 200; i++)
        quiet.push_back(&pair());
    say(*quiet.back(), "me too");
    until([&] { return quiet.back()->got == "me too"; });
    for (Peer *p : quiet) {
        say(*p, "!");
        until([&] { return p->got.find('!') != std::string::npos; });
    }
}

TEST_P(NetTest, StarvedConnsCanBeDetachedAndPaused)
{
    std::vector<Peer *> all;
    for (int i = 0; i < 100; i++)
        all.push_back(&pair());
    const std::string text(60 * 1000, 'x');
    for (Peer *p : all)
        (void)send(p->fd, text.data(), text.size(), MSG_DONTWAIT);
    step(kForever, 10);
    for (size_t i = 0; i < all.size(); i++) {
        if (i % 2)
            detach(*all[i]);
        else
            net_pause(net_, &all[i]->conn);
    }
    until([&] { return by_conn.size() == 50; });
    for (size_t i = 0; i < all.size(); i += 2)
        net_resume(net_, &all[i]->conn);
    until([&] {
        for (size_t i = 0; i < all.size(); i += 2)
            if (all[i]->got.empty())
                return false;
        return true;
    });
}

TEST_P(NetTest, TimesOut)
{
    EXPECT_EQ(step(0), 0);
    EXPECT_EQ(step(1), 0);
    EXPECT_EQ(step(2 * kMs), 0);
}

TEST_P(NetTest, WakesOnce)
{
    net_wake(net_);
    net_wake(net_);
    until([&] { return wakes > 0; });
    EXPECT_EQ(step(0), 0);
    EXPECT_EQ(wakes, 1);
    std::thread other([&] { net_wake(net_); });
    until([&] { return wakes == 2; });
    other.join();
    for (int i = 0; i < 3; i++)
        step(0);
    EXPECT_EQ(wakes, 2);
}

// Every item is put into the box before its wake; the owner, who sleeps whenever it can, sees all.
TEST_P(NetTest, NoWakeIsLost)
{
    constexpr int kThreads = 3, kItems = 20000;
    std::atomic<int> box{0};
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < kItems; i++) {
                box.fetch_add(1, std::memory_order_relaxed);
                net_wake(net_);
                // Now and then wait until all is taken, so that the owner really sleeps.
                while (t == 0 && i % 16 == 0 && taken.load() < i)
                    std::this_thread::yield();
            }
        });
    int sum = 0;
    while (sum < kThreads * kItems) {
        const int before = wakes;
        step(kForever);
        if (wakes > before)
            sum += box.exchange(0, std::memory_order_relaxed);
        taken.store(sum);
    }
    for (auto &t : threads)
        t.join();
    EXPECT_EQ(sum, kThreads * kItems);
}

TEST_P(NetTest, AttachesWhileConnecting)
{
    listen_here();
    Peer p;
    const int fd = dial(SOCK_NONBLOCK);
    attach(p, fd);
    const iovec iov = {const_cast<char *>("ping"), 4};
    net_send(net_, &p.conn, &iov, 1);
    p.fd = accept4(listen_fd, nullptr, nullptr, SOCK_CLOEXEC);
    until([&] { return p.sent == 1; });
    EXPECT_EQ(p.sent_error, 0);
    EXPECT_EQ(hear(p, 4), "ping");
    say(p, "pong");
    until([&] { return p.got == "pong"; });
    close(p.fd);
    detach(p);
    until([&] { return p.closed == 1; });
}

TEST_P(NetTest, TellsOfARefusedConnect)
{
    if (GetParam().family != AF_INET)
        GTEST_SKIP() << "Unix sockets connect at once";
    listen_here();
    close(listen_fd);
    listen_fd = -1;
    Peer p;
    attach(p, dial(SOCK_NONBLOCK));
    until([&] { return p.eof == 1; });
    EXPECT_EQ(p.eof_error, -ECONNREFUSED);
    detach(p);
    until([&] { return p.closed == 1; });
}

TEST_P(NetTest, FreeClosesWhatIsAttached)
{
    Peer &p = pair(), &stuck = pair();
    ASSERT_EQ(net_listen(net_, listen_fd, 1), 0);
    const std::string text(16 << 20, 'x');
    const iovec iov = {const_cast<char *>(text.data()), text.size()};
    net_send(net_, &stuck.conn, &iov, 1);
    step(0);
    const int late = dial();
    net_free(net_);
    net_ = nullptr;
    EXPECT_EQ(hear(p, 1), "");
    EXPECT_LT(hear(stuck, text.size()).size(), text.size());
    close(late);
}

// Random talk on several conns against what a model expects: an echo server under test.
TEST_P(NetTest, EchoesRandomTalk)
{
    const uint64_t seed = test_seed();
    std::mt19937 rng(seed);
    struct Echo {
        Peer *p;
        std::string in_flight, said;
        size_t heard = 0, echoed = 0;
        int sends = 0;
        iovec iov[3];
    };
    std::deque<Echo> all;
    for (int i = 0; i < 20; i++)
        all.push_back({&pair(), "", "", 0, 0, 0, {}});
    for (int round = 0; round < 3000; round++) {
        Echo &e = all[rng() % all.size()];
        const std::string text = pattern(1 + rng() % (rng() % 8 ? 200 : 40000), rng());
        const ssize_t n = send(e.p->fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            e.said.append(text, 0, static_cast<size_t>(n));
        step(rng() % 4 ? 0 : 100 * 1000, 1 + static_cast<int>(rng() % 30));
        for (Echo &x : all) {
            if (x.p->sent == x.sends && x.echoed < x.p->got.size()) {
                x.in_flight = x.p->got.substr(x.echoed);
                x.echoed = x.p->got.size();
                const size_t cut = rng() % (x.in_flight.size() + 1);
                x.iov[0] = {x.in_flight.data(), cut};
                x.iov[1] = {nullptr, 0};
                x.iov[2] = {x.in_flight.data() + cut, x.in_flight.size() - cut};
                x.sends++;
                net_send(net_, &x.p->conn, x.iov, 3);
            }
            char back[30000];
            const ssize_t got = recv(x.p->fd, back, 1 + rng() % sizeof back, MSG_DONTWAIT);
            if (got <= 0)
                continue;
            const size_t n_back = static_cast<size_t>(got);
            ASSERT_LE(x.heard + n_back, x.said.size());
            ASSERT_EQ(memcmp(x.said.data() + x.heard, back, n_back), 0);
            x.heard += n_back;
        }
    }
    for (Echo &e : all)
        detach(*e.p);
    until([&] { return by_conn.empty(); });
}

const Backend kBackends[] = {{"uring_tcp", NET_URING, AF_INET},
                             {"uring_unix", NET_URING, AF_UNIX},
                             {"epoll_tcp", NET_EPOLL, AF_INET},
                             {"epoll_unix", NET_EPOLL, AF_UNIX}};

void PrintTo(const Backend &b, std::ostream *os)
{
    *os << b.name;
}

INSTANTIATE_TEST_SUITE_P(Backends, NetTest, testing::ValuesIn(kBackends),
                         [](const auto &param) { return param.param.name; });
INSTANTIATE_TEST_SUITE_P(Backends, NetBuffersTest, testing::ValuesIn(kBackends),
                         [](const auto &param) { return param.param.name; });

TEST(NetBackend, HasNames)
{
    struct net *n = net_new(NET_EPOLL, 1);
    ASSERT_NE(n, nullptr);
    EXPECT_STREQ(net_backend_name(n), "epoll");
    net_free(n);
    n = net_new(NET_AUTO, 1);
    ASSERT_NE(n, nullptr);
    EXPECT_STREQ(net_backend_name(n), net_uring_usable(nullptr) ? "uring" : "epoll");
    net_free(n);
    net_free(nullptr);
}

// In a container that refuses io_uring the choice falls on epoll, with a reason.  The refusal is
// for the life of a process, so the test runs itself in another one.
TEST(NetBackend, FallsBackWhereRingsAreRefused)
{
    if (getenv("NET_TEST_REFUSED")) {
        const char *why = nullptr;
        ASSERT_FALSE(net_uring_usable(&why));
        EXPECT_STREQ(why, "io_uring: Operation not permitted");
        EXPECT_EQ(net_new(NET_URING, 1), nullptr);
        EXPECT_EQ(errno, EPERM);
        struct net *n = net_new(NET_AUTO, 1);
        ASSERT_NE(n, nullptr);
        EXPECT_STREQ(net_backend_name(n), "epoll");
        net_free(n);
        return;
    }
    const pid_t child = fork();
    if (child == 0) {
        sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const sock_fprog program = {4, code};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            _exit(77);
        setenv("NET_TEST_REFUSED", "1", 1);
        execl("/proc/self/exe", "io-tests",
              "--gtest_filter=NetBackend.FallsBackWhereRingsAreRefused", nullptr);
        _exit(78);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "no seccomp here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

} // namespace
