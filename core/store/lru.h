/*
 * lru.h — what the 28 bits of an entry say about its use.
 *
 *   LRU   ticks of 1/16 s of Unix time, modulo 2^28: 194 days
 *   LFU   | 0, 4 | minutes of the last decay, 16 | logarithmic counter, 8 |
 *
 * A cache that turns over within seconds would have keys of the same second only, and evict them by
 * chance: hence ticks, of the bits that flags leave.
 *
 * The counter grows with probability 1 / (counter * factor) and loses one a decay time.
 *
 * Threads  pure functions
 */
#ifndef LK_STORE_LRU_H
#define LK_STORE_LRU_H

#include "core/base/rng.h"

#include <stdbool.h>

LK_BEGIN

enum { LFU_START = 5, LRU_BITS_MASK = 0xfffffff, LRU_TICKS_A_SECOND = 16 };

static inline int64_t lru_ticks(int64_t now_ms)
{
    return now_ms * LRU_TICKS_A_SECOND / 1000;
}

static inline uint32_t lru_clock(int64_t now_ms)
{
    return (uint32_t)lru_ticks(now_ms) & LRU_BITS_MASK;
}

static inline uint32_t lru_idle_ticks(uint32_t bits, int64_t now_ms)
{
    return (lru_clock(now_ms) - bits) & LRU_BITS_MASK;
}

static inline uint32_t lru_idle_seconds(uint32_t bits, int64_t now_ms)
{
    return lru_idle_ticks(bits, now_ms) / LRU_TICKS_A_SECOND;
}

/* The bits of a key that was not used for so long. */
static inline uint32_t lru_of_idle(int64_t now_ms, int64_t idle_s)
{
    return (lru_clock(now_ms) - (uint32_t)idle_s * LRU_TICKS_A_SECOND) & LRU_BITS_MASK;
}

/* The counter as it is now, with the decay since the last touch. */
uint32_t lfu_counter(uint32_t bits, int64_t now_ms, uint32_t decay_minutes);
/* Bits after one more use. */
uint32_t lfu_touch(uint32_t bits, int64_t now_ms, uint32_t decay_minutes, uint32_t log_factor,
                   struct rng *rng);
uint32_t lfu_new(int64_t now_ms);
/* Bits of a counter that was counted elsewhere. */
uint32_t lfu_of(int64_t now_ms, uint32_t counter);

LK_END

#endif
