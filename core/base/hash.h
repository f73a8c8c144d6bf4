/*
 * hash.h — the seeded hash of keys.
 *
 * Keyed with 128 secret bits, so that a client cannot aim at one bucket.
 *
 * Source   SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF")
 * Threads  any, after hash_seed
 */
#ifndef LK_BASE_HASH_H
#define LK_BASE_HASH_H

#include "core/base/bytes.h"

LK_BEGIN

struct hash_key {
    uint64_t k0, k1;
};

uint64_t siphash13(struct hash_key key, const void *data, size_t size);

/* The process' own key: random at start, or fixed by tests before any table exists. */
extern struct hash_key hash_process_key;
void hash_seed_random(void);

static inline uint64_t hash_bytes(struct bytes b)
{
    return siphash13(hash_process_key, b.data, b.size);
}

LK_END

#endif
