/*
 * threads.h — many clients at once, with their failures brought home.
 *
 * All begin together; an exception in one of them fails the running test.
 */
#ifndef LK_TEST_THREADS_H
#define LK_TEST_THREADS_H

#include <functional>

namespace lk
{

/* Runs body(0) .. body(count - 1), each in a thread of its own, to their end. */
void run_threads(int count, const std::function<void(int)> &body);

} // namespace lk

#endif
