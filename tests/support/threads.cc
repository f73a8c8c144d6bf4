/* threads.cc — start together, end together. */
#include "tests/support/threads.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>
#include <vector>

namespace lk
{

void run_threads(int count, const std::function<void(int)> &body)
{
    std::latch start(count);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; i++) {
        threads.emplace_back([&, i] {
            start.arrive_and_wait();
            try {
                body(i);
            } catch (const std::exception &e) {
                ADD_FAILURE() << "client " << i << ": " << e.what();
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
}

} // namespace lk
