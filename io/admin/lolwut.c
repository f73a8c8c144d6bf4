/*
 * lolwut.c — every cell is one of two diagonals, by chance; together they look planned.
 *
 * After the one-line mazes of the home computers of 1982.  A keyhole is cut into the middle: a disc
 * above a trapezoid.
 */
#include "io/admin/lolwut.h"

/* Distances in half columns, as a cell is about twice as high as wide. */
static bool in_keyhole(int64_t column, int64_t row, int64_t columns, int64_t rows)
{
    const int64_t size = rows < columns / 2 ? rows : columns / 2;
    const int64_t dx = 2 * column - columns + 1, dy = 4 * row - 2 * rows + 2;
    const int64_t above = dy + size / 2, radius = size * 2 / 5;

    if (dx * dx + above * above < radius * radius * 2)
        return true;
    return dy > 0 && dy < size && dx * 4 < size + dy && -dx * 4 < size + dy;
}

void lolwut_draw(struct rng *rng, int64_t columns, int64_t rows, struct buf *out)
{
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t column = 0; column < columns; column++) {
            if (in_keyhole(column, row, columns, rows))
                buf_append_char(out, ' ');
            else
                buf_append_cstr(out, rng_below(rng, 2) ? "╱" : "╲");
        }
        buf_append_char(out, '\n');
    }
}
