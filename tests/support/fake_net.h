/*
 * fake_net.h — a back end of net.h without a kernel: sockets are numbers, bytes are strings.
 *
 * What is under test calls net.h as ever; the test is the peer of every connection.  With a seed,
 * each wait reports some of what could be reported, in any order, and cuts the bytes anywhere, so
 * that one run is one schedule of completions; the same seed gives the same one.
 *
 *   test: dial, send, end, cut --> [ FakeNet ] --> net_wait: ACCEPT DATA EOF SENT CLOSED
 *   test: received, closed    <--  [         ] <-- net_send, net_detach
 *
 * Received bytes lie in a heap block of their own until the next wait; bytes to send are looked at
 * when their SENT is reported.  So a sanitizer sees who reads or writes too far, too early or late.
 *
 * Threads  the test's calls from any thread; each net from its owner's
 */
#ifndef LK_TEST_FAKE_NET_H
#define LK_TEST_FAKE_NET_H

#include "io/net/net_priv.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace lk
{

class FakeNet
{
  public:
    /* Without a seed everything is reported at once and whole. */
    explicit FakeNet(std::optional<uint64_t> seed = {});
    ~FakeNet();

    net *make();
    /* For worker_setup.net_new, with the FakeNet as its context. */
    static net *hook(void *fake, net_backend backend, uint32_t conns_hint);

    int socket(); /* for net_attach; it is nobody's yet */
    int dial();   /* a client of whoever listens, as an ACCEPT says; it need not listen yet */
    void send(int fd, std::string_view bytes);
    void end(int fd);            /* the peer sends no more */
    void cut(int fd, int error); /* reads and sends fail with a negative errno */
    void hold_sends(bool hold);  /* sends are taken and do not end */
    void in_pieces(size_t size); /* what came is reported at once, but in events of so many bytes */

    std::string received(int fd) const;
    std::string take(int fd);       /* what was received, once */
    size_t in_flight(int fd) const; /* bytes of the send that has not ended */
    bool closed(int fd) const;
    /* Until the server has sent so much since the last take, or has closed; false: too long. */
    bool wait_received(int fd, size_t size);
    bool wait_closed(int fd);

  private:
    struct Net;
    struct Socket {
        net_conn *conn = nullptr;
        Net *owner = nullptr;
        std::string in, out;
        bool end = false, told_end = false, paused = false, sending = false;
        bool detached = false, closed = false;
        int error = 0;
    };
    struct Net {
        struct net base {
        };
        FakeNet *world = nullptr;
        std::vector<std::unique_ptr<std::vector<char>>> batch; /* bytes of DATA events */
    };
    struct Listener {
        Net *net;
        int fd;
        uint32_t tag;
    };

    static void op_free(net *n);
    static int op_listen(net *n, int fd, uint32_t tag);
    static void op_unlisten(net *n, int fd);
    static void op_attach(net *n, net_conn *c);
    static void op_pause(net *n, net_conn *c);
    static void op_resume(net *n, net_conn *c);
    static void op_send(net *n, net_conn *c);
    static void op_detach(net *n, net_conn *c);
    static int op_wait(net *n, net_event *events, int max, int64_t timeout_ns);
    static const net_ops ops;

    static Net *of(net *n)
    {
        return reinterpret_cast<Net *>(n);
    }
    Socket &at(int fd);
    void tell_nets();
    bool chance(int percent); /* true without a seed */
    int gather(Net *n, net_event *events, int max);
    bool report(Net *n, Socket &s, net_event *event);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool seeded_;
    std::mt19937_64 random_;
    int next_fd_ = 1 << 24; /* no descriptor that a process has */
    std::map<int, Socket> sockets_;
    std::map<const net_conn *, int> by_conn_;
    std::vector<Net *> nets_;
    std::vector<Listener> listeners_;
    std::deque<int> dialled_;
    bool hold_ = false;
    size_t piece_ = SIZE_MAX;
};

} // namespace lk

#endif
