/*
 * lcs.h — the longest common subsequence of two strings, and where it lies.
 *
 * Cost  time a.size * b.size; memory one bit a cell and two rows of numbers
 */
#ifndef LK_CMD_LCS_H
#define LK_CMD_LCS_H

#include "core/base/buf.h"
#include "core/base/status.h"

LK_BEGIN

/* A stretch that both have: the last positions are part of it. */
struct lcs_match {
    size_t a_first, a_last, b_first, b_last;
};

struct lcs {
    size_t length;             /* of the subsequence */
    char *text;                /* length bytes */
    struct lcs_match *matches; /* from the end of the strings to their start */
    size_t match_count;
    size_t match_capacity;
};

/* Of several longest ones it takes that which Redis takes.  LK_ENOMEM */
LK_MUST_USE int lcs_init(struct lcs *l, struct bytes a, struct bytes b);
void lcs_release(struct lcs *l);

LK_END

#endif
