/*
 * lru.h — what the 24 bits of an entry say about its use.
 *
 *   LRU   seconds of Unix time, modulo 2^24
 *   LFU   | minutes of the last decay, 16 | logarithmic counter, 8 |
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

enum { LFU_START = 5, LRU_BITS_MASK = 0xffffff };

static inline uint32_t lru_clock(int64_t now_ms)
{
    return (uint32_t)(now_ms / 1000) & LRU_BITS_MASK;
}

static inline uint32_t lru_idle_seconds(uint32_t bits, int64_t now_ms)
{
    return (lru_clock(now_ms) - bits) & LRU_BITS_MASK;
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
