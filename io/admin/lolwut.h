/*
 * lolwut.h — a picture of letters: a maze of latches.
 *
 * Threads  pure functions of the generator's state
 */
#ifndef LK_IO_ADMIN_LOLWUT_H
#define LK_IO_ADMIN_LOLWUT_H

#include "core/base/buf.h"
#include "core/base/rng.h"

LK_BEGIN

enum { LOLWUT_COLUMNS = 60, LOLWUT_ROWS = 12, LOLWUT_COLUMNS_MAX = 500, LOLWUT_ROWS_MAX = 200 };

/* A wall of diagonals with a keyhole in it, lines of UTF-8. */
void lolwut_draw(struct rng *rng, int64_t columns, int64_t rows, struct buf *out);

LK_END

#endif
