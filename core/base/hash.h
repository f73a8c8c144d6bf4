/*
 * hash.h — the seeded hash of keys.
 *
 * Keyed with 128 secret bits, so that a client cannot aim at one bucket.  By AES rounds where the
 * CPU has them, which takes a third of the instructions; else SipHash-1-3.  No hash leaves the
 * process, so the two need not agree.
 *
 * Source   SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"); hash_aes.c
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

/* hash_aes.c.  Only where hash_has_aes, which is fixed before main(). */
extern bool hash_has_aes;
uint64_t hash_aes(struct hash_key key, const void *data, size_t size);
/* n of them, each `step` behind the one before. */
void hash_aes_each(struct hash_key key, const struct bytes *v, uint32_t n, size_t step,
                   uint64_t *out);

/* The process' own key: random at start, or fixed by tests before any table exists. */
extern struct hash_key hash_process_key;
void hash_seed_random(void);

static inline uint64_t hash_bytes(struct bytes b)
{
    return LK_LIKELY(hash_has_aes) ? hash_aes(hash_process_key, b.data, b.size)
                                   : siphash13(hash_process_key, b.data, b.size);
}

/* As hash_bytes of n of them, each `step` behind the one before: one call for the keys of a
 * command. */
void hash_bytes_each(const struct bytes *v, uint32_t n, size_t step, uint64_t *out);

LK_END

#endif
