/*
 * hll.h — HyperLogLogs: how many different elements were seen, told within a percent from 12 KiB.
 *
 * The hash of an element chooses a register and gives it a rank: the place of the lowest bit set
 * in what is left of the hash.  A register keeps the highest rank it met, and the ranks together
 * tell how many elements there were.  Clients see the whole of it as a string:
 *
 *   "HYLL" | form 1 | unused 3 | last count 8, its highest bit: stale | registers
 *
 *   form 0, dense    6 bits a register, the first in the lowest bits
 *   form 1, sparse   runs of registers:  00nnnnnn             n + 1 times rank 0
 *                                        01nnnnnn nnnnnnnn    n + 1 times rank 0
 *                                        1rrrrrnn             n + 1 times rank r + 1
 *
 * A sparse one is read and written run by run and becomes dense when a rank or its own size asks
 * for it.  Which runs there are after a change is part of the format in so far as others compare
 * the bytes; hll_sparse.c says how it is done.
 *
 * Clients write these strings as well, so that anything may stand behind a good header.  A run of
 * two bytes of which the end has taken the second reads as if that were 0.
 *
 * Source   the layout as published with RDB files and DUMP; P. Flajolet et al., HyperLogLog (2007);
 *          O. Ertl, New cardinality estimation algorithms for HyperLogLog sketches (2017)
 * Units    *_bytes is bytes; index 0..HLL_REGISTERS-1; rank 0..63, and 0 for "nothing met"
 * Errors   LK_EHLL: the runs are not those of HLL_REGISTERS registers
 * Threads  the owner's
 */
#ifndef LK_DS_HLL_H
#define LK_DS_HLL_H

#include "core/base/buf.h"
#include "core/base/status.h"

LK_BEGIN

enum {
    HLL_REGISTERS = 16384,
    HLL_RANKS = 64, /* what six bits can say */
    HLL_HEADER_BYTES = 16,
    HLL_PACKED_BYTES = HLL_REGISTERS * 6 / 8,
    HLL_DENSE_BYTES = HLL_HEADER_BYTES + HLL_PACKED_BYTES,
    HLL_EMPTY_BYTES = HLL_HEADER_BYTES + 2,
    /* No run takes more than two bytes: what is longer cannot be whole. */
    HLL_SPARSE_BYTES_MAX = HLL_HEADER_BYTES + 2 * HLL_REGISTERS,
};

/* --- the string as a whole ------------------------------------------------------------------- */

/* Has it the header of a HyperLogLog, and, if dense, the right size? */
bool hll_is(struct bytes b);
/* Everything below takes only what hll_is knows as one. */
bool hll_is_dense(struct bytes hll);

/* A sparse one without elements, stale, into HLL_EMPTY_BYTES. */
void hll_write_empty(unsigned char *to);

/* False: the last count is stale. */
bool hll_last_count(struct bytes hll, uint64_t *count);
void hll_set_last_count(unsigned char *hll, uint64_t count);
void hll_make_stale(unsigned char *hll);

/* How many elements it has seen, from its registers.  LK_EHLL */
LK_MUST_USE int hll_count(struct bytes hll, uint64_t *out);

/* The runs of a sparse one in words, "Z:12711 v:2,1 z:3", broken or not. */
void hll_describe(struct bytes sparse, struct buf *out);

/* --- one element ------------------------------------------------------------------------------ */

/* What an element asks for: that the register has at least this rank. */
struct hll_mark {
    uint16_t index;
    uint8_t rank; /* at least 1 */
};
struct hll_mark hll_mark_of(struct bytes element);

/* Where a dense one keeps that register: at this byte and the next. */
size_t hll_register_at(struct hll_mark mark);

/* Bytes [at, at + old_size) become ops[0..new_size). */
enum { HLL_PATCH_MAX = 24 };
struct hll_patch {
    size_t at;
    uint8_t old_size, new_size;
    unsigned char ops[HLL_PATCH_MAX];
};

enum hll_step {
    HLL_KEEP,    /* the register has that rank already */
    HLL_PATCH,   /* apply the patch */
    HLL_DENSIFY, /* it must become dense: hll_sum_add, hll_sum_raise, hll_sum_write */
    HLL_BROKEN,  /* no run covers the register */
};

/*
 * What a mark would change, without changing it: the bytes may be borrowed and shared.
 * sparse_max_bytes is the size that a sparse one may grow to.
 */
enum hll_step hll_plan(struct bytes hll, struct hll_mark mark, size_t sparse_max_bytes,
                       struct hll_patch *out);

static inline size_t hll_patched_size(size_t size, const struct hll_patch *p)
{
    return size - p->old_size + p->new_size;
}

/* Changes one of this size, where there is room for both sizes, and makes it stale. */
void hll_patch_apply(unsigned char *hll, size_t size, const struct hll_patch *p);

/* --- many of them ----------------------------------------------------------------------------- */

/* The union of HyperLogLogs: each register with the highest of its ranks. */
struct hll_sum {
    uint64_t touched[HLL_REGISTERS / 64 / 64]; /* one bit a block of 64 ranks; others mean 0 */
    uint32_t histogram[HLL_RANKS];             /* registers of each rank, while counted */
    bool counted;
    unsigned char ranks[HLL_REGISTERS];
};

void hll_sum_init(struct hll_sum *s); /* ranks are cleared as they are touched */
LK_MUST_USE int hll_sum_add(struct hll_sum *s, struct bytes hll); /* LK_EHLL: s is then no sum */
void hll_sum_raise(struct hll_sum *s, struct hll_mark mark);
uint64_t hll_sum_count(struct hll_sum *s);
const unsigned char *hll_sum_ranks(struct hll_sum *s); /* of all registers */
/* Writes it as the dense registers of hll, of HLL_DENSE_BYTES; the last count stays. */
void hll_sum_write(struct hll_sum *s, unsigned char *hll);
/*
 * Raises the registers of the sparse one in b to those of s, in ascending order, each as a mark
 * would.  HLL_KEEP, or HLL_DENSIFY or HLL_BROKEN with b half done.
 */
enum hll_step hll_sum_raise_sparse(const struct hll_sum *s, size_t sparse_max_bytes, struct buf *b);

/*
 * Checks the registers, both forms and the estimates against each other.  NULL: all is well; else
 * what is not.  Cost: some 2 ms.
 */
const char *hll_selftest(void);

LK_END

#endif
