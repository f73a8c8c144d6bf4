/*
 * sha1.h — SHA-1, for DEBUG DIGEST and the names of scripts: a fingerprint that others compute the
 * same way, not a secret.
 *
 * Source   FIPS 180-4, sections 5.1.1, 5.3.1 and 6.1
 * Threads  one owner at a time
 */
#ifndef LK_BASE_SHA1_H
#define LK_BASE_SHA1_H

#include "core/base/bytes.h"

LK_BEGIN

enum { SHA1_BYTES = 20, SHA1_BLOCK = 64 };

struct sha1 {
    uint32_t h[5];
    uint64_t size; /* of the message so far, in bytes */
    uint8_t block[SHA1_BLOCK];
};

void sha1_begin(struct sha1 *s);
void sha1_add(struct sha1 *s, struct bytes b);
void sha1_end(struct sha1 *s, uint8_t out[SHA1_BYTES]);

LK_END

#endif
