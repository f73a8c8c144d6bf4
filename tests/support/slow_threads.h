// What a slow command of another worker holds: a shard, or the gate from the inside.
#ifndef TESTS_SUPPORT_SLOW_THREADS_H
#define TESTS_SUPPORT_SLOW_THREADS_H

#include "core/store/gate.h"
#include "core/store/shard.h"

#include <latch>
#include <thread>

// A thread that has done `begin`, and does `end` when it is told to.
class SlowThread
{
  public:
    template <class Begin, class End>
    SlowThread(Begin begin, End end)
        : thread_([this, begin, end] {
              begin();
              there_.count_down();
              over_.wait();
              end();
          })
    {
        there_.wait();
    }
    SlowThread(const SlowThread &) = delete;
    ~SlowThread()
    {
        let_go();
    }

    // What it held is free when this returns, and whoever had asked has been told.
    void let_go()
    {
        if (!thread_.joinable())
            return;
        over_.count_down();
        thread_.join();
    }

  private:
    std::latch there_{1}, over_{1};
    std::thread thread_; // last: it uses the others
};

struct BusyShard : SlowThread {
    explicit BusyShard(shard *s) : SlowThread([s] { shard_lock(s); }, [s] { shard_unlock(s); })
    {
    }
};

struct SlowMember : SlowThread {
    explicit SlowMember(gate *g) : SlowMember(g, gate_join(g))
    {
    }

  private:
    SlowMember(gate *g, int slot)
        : SlowThread([=] { gate_enter(g, slot); },
                     [=] {
                         gate_leave(g, slot);
                         gate_part(g, slot);
                     })
    {
    }
};

#endif
