/*
 * zset_rule.c — what becomes of a score, whichever encoding the set has.
 */
#include "core/types/zset_priv.h"

int zset_decide(const double *old, double score, unsigned flags, struct zset_added *out)
{
    *out = (struct zset_added){.change = ZSET_REFUSED};
    if (flags & (old ? ZSET_NX : ZSET_XX))
        return LK_OK;
    if (!old) {
        *out = (struct zset_added){.change = ZSET_ADDED, .score = score};
        return LK_OK;
    }
    if (flags & ZSET_INCR)
        score += *old;
    if (isnan(score))
        return LK_ENAN;
    if ((flags & ZSET_GT && score <= *old) || (flags & ZSET_LT && score >= *old))
        return LK_OK;
    *out = (struct zset_added){.change = score == *old ? ZSET_KEPT : ZSET_MOVED, .score = score};
    return LK_OK;
}
