/*
 * hll_sparse.c — HyperLogLogs as runs of registers.
 *
 * A mark is set in three steps: find the run that covers the register; put up to three runs in its
 * place; join what has become alike.
 *
 *   Z:16384                     mark 12711, rank 2
 *   Z:12711 v:2,1 Z:3672        mark 12712, rank 2
 *   Z:12711 v:2,1 v:2,1 Z:3671
 *   Z:12711 v:2,2 Z:3671        joined
 *
 * Joining looks at JOIN_STEPS runs only, beginning with the one before, and goes on from a joined
 * run to its next neighbour.  That a few alike ones may stay apart is part of what others compare.
 * So is that the size is judged before joining.
 *
 * All of it happens within a few bytes, which are worked out apart and make the patch.
 */
#include "core/ds/hll_priv.h"

enum {
    ZERO_MAX = 64, /* registers in one byte */
    VALUE_MAX = 4,
    JOIN_STEPS = 5,
    /* The steps take at most two bytes each and look at one more. */
    JOIN_BYTES = 2 * JOIN_STEPS + 1,
    SPLIT_BYTES = 5, /* two long runs and a register between them */
};
_Static_assert(2 + SPLIT_BYTES + JOIN_BYTES <= HLL_PATCH_MAX,
               "a patch holds the run before, the split one, and enough behind it to join");

/* --- finding the run -------------------------------------------------------------------------- */

struct place {
    size_t before; /* the run before, if it is known; else at */
    size_t at;
    uint32_t first; /* register of the run */
    struct hll_run run;
};

static bool hll_sparse_find(struct bytes hll, uint32_t index, struct hll_cursor from,
                            struct place *out)
{
    struct hll_cursor c = from;
    size_t before = c.at;
    hll_kernels_best()->pass(hll, index, &c, &before);
    while (c.at < hll.size) {
        const struct hll_run run = hll_run_at(hll, c.at);
        if (index < c.first + run.length) {
            *out = (struct place){before, c.at, c.first, run};
            return true;
        }
        before = c.at;
        c.at += run.size;
        c.first += run.length;
    }
    return false;
}

/* --- working out the patch -------------------------------------------------------------------- */

static size_t put_zeros(unsigned char *to, uint32_t length)
{
    if (length == 0)
        return 0;
    if (length <= ZERO_MAX) {
        to[0] = (unsigned char)(length - 1);
        return 1;
    }
    to[0] = (unsigned char)(0x40 | (length - 1) >> 8);
    to[1] = (unsigned char)(length - 1);
    return 2;
}

static size_t put_values(unsigned char *to, uint32_t length, uint8_t rank)
{
    if (length == 0)
        return 0;
    to[0] = (unsigned char)(0x80 | (rank - 1u) << 2 | (length - 1));
    return 1;
}

static size_t put_run(unsigned char *to, uint32_t length, uint8_t rank)
{
    return rank ? put_values(to, length, rank) : put_zeros(to, length);
}

/* The run without the marked register, and that between its halves. */
static size_t put_split(unsigned char *to, const struct place *p, struct hll_mark mark)
{
    const uint32_t left = mark.index - p->first;
    size_t n = put_run(to, left, p->run.rank);
    n += put_values(to + n, 1, mark.rank);
    return n + put_run(to + n, p->run.length - left - 1, p->run.rank);
}

/* Joins neighbours of one rank as far as one run can hold them; returns the bytes left. */
static size_t hll_sparse_join(unsigned char *w, size_t n)
{
    size_t at = 0;
    for (int step = 0; step < JOIN_STEPS && at < n; step++) {
        const struct bytes runs = bytes_of(w, n);
        const struct hll_run run = hll_run_at(runs, at);
        const struct hll_run next =
            run.rank && at + 1 < n ? hll_run_at(runs, at + 1) : (struct hll_run){0, 0, 0};
        if (run.rank == 0 || next.rank != run.rank || run.length + next.length > VALUE_MAX) {
            at += run.size;
            continue;
        }
        put_values(w + at, run.length + next.length, run.rank);
        memmove(w + at + 1, w + at + 2, n - at - 2);
        n--;
    }
    return n;
}

/*
 * A run that is cut off by the end is replaced as if it were whole, and what replaces it is cut off
 * as well: the registers before it are right, and nothing says what those behind it were.
 */
static void make_patch(struct bytes hll, const struct place *p, const unsigned char *split,
                       size_t split_size, struct hll_patch *out)
{
    unsigned char *w = out->ops;
    const size_t next = p->at + p->run.size;
    size_t n = p->at - p->before, behind = 0;
    memcpy(w, hll.data + p->before, n);
    memcpy(w + n, split, split_size);
    n += split_size;
    if (next > hll.size) {
        n--;
    } else {
        behind = hll.size - next < JOIN_BYTES ? hll.size - next : JOIN_BYTES;
        memcpy(w + n, hll.data + next, behind);
    }
    out->at = p->before;
    out->old_size = (uint8_t)((next < hll.size ? next : hll.size) + behind - p->before);
    out->new_size = (uint8_t)hll_sparse_join(w, n + behind);
}

enum hll_step hll_sparse_plan(struct bytes hll, struct hll_mark mark, size_t sparse_max_bytes,
                              struct hll_cursor *cursor, struct hll_patch *out)
{
    const struct hll_cursor start = {HLL_HEADER_BYTES, 0};
    unsigned char split[SPLIT_BYTES];
    struct place p;
    if (mark.rank > HLL_SPARSE_RANK_MAX)
        return HLL_DENSIFY;
    if (cursor->at < start.at)
        *cursor = start;
    /* The run before is needed, and the cursor's own has it only in front of the cursor. */
    if (!hll_sparse_find(hll, mark.index, *cursor, &p) ||
        (p.before == p.at && p.at > start.at && !hll_sparse_find(hll, mark.index, start, &p)))
        return HLL_BROKEN;
    if (p.before < p.at)
        *cursor = (struct hll_cursor){p.before, p.first - hll_run_at(hll, p.before).length};
    if (p.run.rank >= mark.rank)
        return HLL_KEEP;
    const size_t n = put_split(split, &p, mark);
    if (n > p.run.size && hll.size + n - p.run.size > sparse_max_bytes)
        return HLL_DENSIFY;
    make_patch(hll, &p, split, n, out);
    return HLL_PATCH;
}

void hll_describe(struct bytes sparse, struct buf *out)
{
    for (size_t at = HLL_HEADER_BYTES; at < sparse.size;) {
        const struct hll_run run = hll_run_at(sparse, at);
        const char *gap = at > HLL_HEADER_BYTES ? " " : "";
        if (run.rank)
            buf_printf(out, "%sv:%u,%u", gap, run.rank, run.length);
        else
            buf_printf(out, "%s%c:%u", gap, run.size == 1 ? 'z' : 'Z', run.length);
        at += run.size;
    }
}
