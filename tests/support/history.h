/*
 * history.h — could one register have answered so?
 *
 * Every write stores a value that no other write stores.  A value's cluster is its write and all
 * reads that returned it; `first_end` is when the first of them had ended, `last_begin` when the
 * last of them began.
 *
 *   first_end < last_begin   a forward zone [first_end, last_begin]: throughout, the register held
 *                            this value
 *   otherwise                a backward zone [last_begin, first_end]: somewhere within, one moment
 *                            with this value is enough
 *
 * The history is linearizable if and only if every read ends after its write began, no two forward
 * zones overlap, and no backward zone lies inside a forward zone of another value.
 *
 * Source  Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 26 (1997)
 */
#ifndef LK_TEST_HISTORY_H
#define LK_TEST_HISTORY_H

#include <cstdint>
#include <string>
#include <vector>

namespace lk
{

struct Operation {
    bool write = false;
    uint64_t value = 0; /* 0: what the register held at first */
    int64_t begin = 0;  /* before it was sent */
    int64_t end = 0;    /* after the reply had come */
};

/* Empty if one register explains all operations; else which two values contradict each other. */
std::string explain(const std::vector<Operation> &history);

} // namespace lk

#endif
