/*
 * evict_rule.h — a policy of maxmemory in two words: by what, and among whom.
 */
#ifndef LK_STORE_EVICT_RULE_H
#define LK_STORE_EVICT_RULE_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

enum evict_by { EVICT_NOTHING, EVICT_BY_CHANCE, EVICT_BY_USE, EVICT_BY_COUNT, EVICT_BY_DEADLINE };

struct evict_rule {
    uint8_t by;      /* enum evict_by */
    bool timed_only; /* only keys with a deadline of their own */
};

static inline bool evict_rule_equal(struct evict_rule a, struct evict_rule b)
{
    return a.by == b.by && a.timed_only == b.timed_only;
}

LK_END

#endif
