// A shard that another thread holds, as a worker with a slow command would.
#ifndef TESTS_SUPPORT_BUSY_SHARD_H
#define TESTS_SUPPORT_BUSY_SHARD_H

#include "core/store/shard.h"

#include <latch>
#include <thread>

class BusyShard
{
  public:
    explicit BusyShard(shard *s)
        : thread_([this, s] {
              shard_lock(s);
              held_.count_down();
              over_.wait();
              shard_unlock(s);
          })
    {
        held_.wait();
    }
    BusyShard(const BusyShard &) = delete;
    ~BusyShard()
    {
        let_go();
    }

    // It is free when this returns, and whoever had asked has been told.
    void let_go()
    {
        if (!thread_.joinable())
            return;
        over_.count_down();
        thread_.join();
    }

  private:
    std::latch held_{1}, over_{1};
    std::thread thread_; // last: it uses the others
};

#endif
