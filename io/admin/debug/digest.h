/*
 * digest.h — one number for all keys and values, whatever their order.
 *
 * The same data gives the same digest here and in Redis: found out by asking a server for digests
 * of known data, and kept true by tests with its answers.
 *
 *   mix(d, b)      d = sha1(d xor sha1(b))            order matters
 *   fold(d, b)     d = d xor sha1(b)                  order does not
 *
 *   value          mix 4 bytes of type; ordered: mix each part; unordered: fold each element, which
 *                  is its only part or the digest of its parts, mixed; then fold "!!expire!!" if
 *                  there is a deadline
 *   key            mix key, then as value
 *   all            for each database with keys: mix its number, fold each key's digest
 *
 * Threads  whoever holds the keys still
 */
#ifndef LK_IO_ADMIN_DIGEST_H
#define LK_IO_ADMIN_DIGEST_H

#include "core/base/sha1.h"
#include "core/types/value.h"

LK_BEGIN

struct digest {
    uint8_t v[SHA1_BYTES]; /* all zero at the start */
};

enum { DIGEST_CHARS = 2 * SHA1_BYTES };

void digest_value(struct digest *d, const struct value *v, bool has_deadline);
void digest_key(struct digest *d, struct bytes key, const struct value *v, bool has_deadline);

void digest_begin_database(struct digest *all, uint32_t db);
void digest_fold(struct digest *all, const struct digest *one);

void digest_print(const struct digest *d, char out[DIGEST_CHARS + 1]);

LK_END

#endif
