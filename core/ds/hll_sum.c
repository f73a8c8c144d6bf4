/*
 * hll_sum.c — what several HyperLogLogs have seen together.
 *
 * Small ones touch few registers, so that neither clearing nor counting all of them would pay: a
 * bit a block of 64 says which ranks mean anything, and the histogram follows each change.  With
 * the first large one all blocks are touched, nothing is asked any more, and the histogram is made
 * at the end.
 */
#include "core/ds/hll_priv.h"

enum { BLOCK = 64, BLOCKS = HLL_REGISTERS / BLOCK };
/* Such a sparse one has some 60 registers: to clear and count all costs no more than to ask. */
enum { LARGE_BYTES = 192 };

void hll_sum_init(struct hll_sum *s)
{
    memset(s->touched, 0, sizeof s->touched);
    memset(s->histogram, 0, sizeof s->histogram);
    s->histogram[0] = HLL_REGISTERS;
    s->counted = true;
}

static bool is_touched(const struct hll_sum *s, uint32_t block)
{
    return s->touched[block / 64] >> block % 64 & 1;
}

static void hll_sum_touch(struct hll_sum *s, uint32_t block)
{
    if (is_touched(s, block))
        return;
    s->touched[block / 64] |= UINT64_C(1) << block % 64;
    memset(s->ranks + (size_t)block * BLOCK, 0, BLOCK);
}

static void touch_all(struct hll_sum *s)
{
    for (uint32_t block = 0; block < BLOCKS; block++)
        hll_sum_touch(s, block);
}

/* --- small ones ------------------------------------------------------------------------------- */

void hll_sum_raise(struct hll_sum *s, struct hll_mark mark)
{
    hll_sum_touch(s, mark.index / BLOCK);
    const uint8_t old = s->ranks[mark.index];
    if (mark.rank <= old)
        return;
    s->ranks[mark.index] = mark.rank;
    s->histogram[old]--;
    s->histogram[mark.rank]++;
}

static int add_small(struct hll_sum *s, struct bytes hll)
{
    uint32_t index = 0;
    for (size_t i = HLL_HEADER_BYTES; i < hll.size;) {
        const struct hll_run run = hll_run_at(hll, i);
        if (run.length > HLL_REGISTERS - index)
            return LK_EHLL;
        for (uint32_t j = 0; run.rank && j < run.length; j++)
            hll_sum_raise(s, (struct hll_mark){(uint16_t)(index + j), run.rank});
        index += run.length;
        i += run.size;
    }
    return index == HLL_REGISTERS ? LK_OK : LK_EHLL;
}

/* --- large ones ------------------------------------------------------------------------------- */

static inline void hll_sum_lift(unsigned char *rank, uint8_t to)
{
    *rank = *rank > to ? *rank : to;
}

/* A run of zeros lifts its first register to 0: zeros and ranks alternate, so a test would cost. */
static int add_large(struct hll_sum *s, struct bytes hll)
{
    unsigned char *ranks = s->ranks;
    uint32_t index = 0;
    for (size_t i = HLL_HEADER_BYTES; i < hll.size;) {
        const struct hll_run run = hll_run_at(hll, i);
        if (LK_UNLIKELY(run.length > HLL_REGISTERS - index))
            return LK_EHLL;
        hll_sum_lift(&ranks[index], run.rank);
        if (LK_UNLIKELY(run.rank && run.length > 1))
            for (uint32_t j = 1; j < run.length; j++)
                hll_sum_lift(&ranks[index + j], run.rank);
        index += run.length;
        i += run.size;
    }
    return index == HLL_REGISTERS ? LK_OK : LK_EHLL;
}

static int add_dense(struct hll_sum *s, struct bytes hll)
{
    const unsigned char *packed = (const unsigned char *)hll.data + HLL_HEADER_BYTES;
    if (s->counted && s->histogram[0] == HLL_REGISTERS) {
        memset(s->touched, 0xff, sizeof s->touched);
        hll_kernels_best()->unpack(packed, s->ranks);
    } else {
        touch_all(s);
        hll_kernels_best()->raise(packed, s->ranks);
    }
    s->counted = false;
    return LK_OK;
}

int hll_sum_add(struct hll_sum *s, struct bytes hll)
{
    if (hll_is_dense(hll))
        return add_dense(s, hll);
    if (s->counted && hll.size < LARGE_BYTES)
        return add_small(s, hll);
    touch_all(s);
    s->counted = false;
    return add_large(s, hll);
}

/* --- all together ----------------------------------------------------------------------------- */

uint64_t hll_sum_count(struct hll_sum *s)
{
    if (!s->counted) {
        hll_kernels_best()->count(s->ranks, s->histogram);
        s->counted = true;
    }
    return hll_estimate(s->histogram);
}

const unsigned char *hll_sum_ranks(struct hll_sum *s)
{
    touch_all(s);
    return s->ranks;
}

enum hll_step hll_sum_raise_sparse(const struct hll_sum *s, size_t sparse_max_bytes, struct buf *b)
{
    struct hll_cursor cursor = {0, 0};
    struct hll_patch patch;
    for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
        if (!is_touched(s, i / BLOCK)) {
            i |= BLOCK - 1; /* its last register */
            continue;
        }
        const struct hll_mark mark = {(uint16_t)i, s->ranks[i]};
        if (mark.rank == 0)
            continue;
        const enum hll_step step =
            hll_sparse_plan(buf_bytes(b), mark, sparse_max_bytes, &cursor, &patch);
        if (step == HLL_DENSIFY || step == HLL_BROKEN)
            return step;
        if (step == HLL_KEEP)
            continue;
        buf_reserve(b, HLL_PATCH_MAX);
        hll_patch_apply((unsigned char *)b->data, b->size, &patch);
        b->size = hll_patched_size(b->size, &patch);
    }
    return HLL_KEEP;
}

void hll_sum_write(struct hll_sum *s, unsigned char *hll)
{
    hll_kernels_best()->pack(hll_sum_ranks(s), hll + HLL_HEADER_BYTES);
    hll[HLL_FORM_AT] = HLL_FORM_DENSE;
}
