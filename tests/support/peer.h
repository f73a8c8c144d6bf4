/*
 * peer.h — what stands between a replica and its primary in tests: a proxy that can be cut, and a
 * primary that says what it is told to.
 *
 * Threads  each object has one of its own; its calls are for one other thread
 */
#ifndef LK_TEST_PEER_H
#define LK_TEST_PEER_H

#include "tests/support/process.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace lk
{

/* Passes bytes on to a port of this machine, one connection at a time. */
class Proxy
{
  public:
    explicit Proxy(int to);
    Proxy(const Proxy &) = delete;
    Proxy &operator=(const Proxy &) = delete;
    ~Proxy();

    int port() const
    {
        return port_;
    }
    /* Closes what is open; while not let through, new connections end at once. */
    void cut();
    void let_through(bool on);
    /* Of the server's bytes, from now on: the connection ends behind so many.  < 0: never. */
    void cut_after(int64_t bytes);

  private:
    void run();
    int port_ = 0, listen_ = -1, to_ = 0;
    std::atomic<bool> stop_{false}, open_{true}, cut_{false};
    std::atomic<int64_t> left_{-1};
    std::thread thread_;
};

/* Answers PING and REPLCONF as a primary does, and PSYNC as the test wants. */
class ScriptedPrimary
{
  public:
    /*
     * Of the n-th connection: all that follows PSYNC.  hold: the connection stays open behind it,
     * until the replica ends it or the object does.
     */
    struct Answer {
        std::string bytes;
        bool hold = true;
    };
    explicit ScriptedPrimary(std::function<Answer(int n)> script, std::string auth_answer = "+OK");
    ScriptedPrimary(const ScriptedPrimary &) = delete;
    ScriptedPrimary &operator=(const ScriptedPrimary &) = delete;
    ~ScriptedPrimary();

    int port() const
    {
        return port_;
    }
    int connections() const
    {
        return connections_;
    }
    /* All that replicas have sent. */
    std::string heard() const;

  private:
    void run();
    void serve(int fd, int n);
    int port_ = 0, listen_ = -1;
    std::function<Answer(int)> script_;
    std::string auth_answer_, heard_;
    mutable std::mutex lock_;
    std::atomic<bool> stop_{false};
    std::atomic<int> connections_{0};
    std::thread thread_;
};

/* Waits, within patience, until the condition holds. */
bool wait_until(const std::function<bool()> &condition, Milliseconds patience = kPatience);

} // namespace lk

#endif
