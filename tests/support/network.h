// A network of the test's own, for what loopback addresses cannot show.
#ifndef LK_TEST_NETWORK_H
#define LK_TEST_NETWORK_H

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <thread>

namespace lk
{

/* A descriptor of a new and empty one, to be closed; -1: that is not permitted here. */
inline int new_network()
{
    int ns = -1;
    std::thread([&ns] {
        if (unshare(CLONE_NEWNET) == 0)
            ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    }).join();
    return ns;
}

/* This thread's network is another one until the end of the object. */
class Inside
{
  public:
    explicit Inside(int ns) : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC))
    {
        EXPECT_EQ(setns(ns, CLONE_NEWNET), 0);
    }
    Inside(const Inside &) = delete;
    Inside &operator=(const Inside &) = delete;
    ~Inside()
    {
        EXPECT_EQ(setns(before_, CLONE_NEWNET), 0);
        close(before_);
    }

  private:
    int before_;
};

} // namespace lk

#endif
