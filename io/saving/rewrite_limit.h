/*
 * rewrite_limit.h — rewrites that fail again and again are tried more and more seldom.
 *
 *   3 failures in a row --> rest 1 minute --> a try --> fails: rest 2 --> ... 4, 8, ... 60 minutes
 *   a rewrite that goes well --> as if none had failed
 *
 * Threads  one owner at a time
 */
#ifndef LK_IO_REWRITE_LIMIT_H
#define LK_IO_REWRITE_LIMIT_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

struct rewrite_limit {
    uint32_t delay_minutes; /* of the last rest, 0: none was */
    int64_t until_ms;       /* the rest that is under way, 0: none */
};

/* No rewrite may begin by itself now.  failures: in a row.  The log says when a rest begins. */
bool rewrite_limit_rests(struct rewrite_limit *l, uint64_t failures, int64_t now_ms);

LK_END

#endif
