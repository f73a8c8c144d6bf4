/*
 * crc64_priv.h — the two ways of computing a crc, for crc64*.c and their test.
 *
 * A word holds a polynomial with its highest power in bit 0, as the bits of a message arrive.
 */
#ifndef LK_BASE_CRC64_PRIV_H
#define LK_BASE_CRC64_PRIV_H

#include "core/base/crc64.h"

#include <stdbool.h>

LK_BEGIN

/* Less is not worth folding. */
enum { CRC64_FOLD_MIN = 128 };

/* --- crc64_tables.c -------------------------------------------------------------------------- */

void crc64_tables_prepare(void); /* before the calls below */
uint64_t crc64_multiply(uint64_t a, uint64_t b);
/* x to the power n, modulo the polynomial. */
uint64_t crc64_power(uint64_t n);

uint64_t crc64_by_tables(uint64_t crc, const void *data, size_t size);

/* --- crc64_fold.c ---------------------------------------------------------------------------- */

/* Called once, before the first crc64_by_folding; says whether that may be called at all. */
bool crc64_folding_init(void);
/* size >= CRC64_FOLD_MIN */
uint64_t crc64_by_folding(uint64_t crc, const void *data, size_t size);

LK_END

#endif
