/*
 * sha256.h — SHA-256, by FIPS 180-4 (Secure Hash Standard, NIST, 2015).
 *
 * Passwords are kept as what it makes of them, and the files of Redis hold the same.
 *
 * Threads  any
 * Cost     some 300 ns for a short text, then 64 bytes in 200 ns
 */
#ifndef LK_BASE_SHA256_H
#define LK_BASE_SHA256_H

#include "core/base/bytes.h"

LK_BEGIN

enum { SHA256_BYTES = 32, SHA256_HEX = 2 * SHA256_BYTES };

void sha256_of(struct bytes text, uint8_t out[SHA256_BYTES]);

LK_END

#endif
