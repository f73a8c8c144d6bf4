/*
 * hll_priv.h — what hll*.c share: runs, registers in bulk, and the estimate.
 */
#ifndef LK_DS_HLL_PRIV_H
#define LK_DS_HLL_PRIV_H

#include "core/ds/hll.h"

LK_BEGIN

enum { HLL_FORM_AT = 4, HLL_FORM_DENSE = 0, HLL_FORM_SPARSE = 1 }; /* a byte of the header */

/* --- hll_estimate.c --------------------------------------------------------------------------- */

/* How many elements the registers have met; histogram[r] of them have rank r. */
uint64_t hll_estimate(const uint32_t histogram[HLL_RANKS]);

/* --- hll_sparse.c ----------------------------------------------------------------------------- */

enum { HLL_SPARSE_RANK_MAX = 32 };

/* A run of registers of one rank. */
struct hll_run {
    uint32_t length; /* registers, at least 1 */
    uint8_t rank;
    uint8_t size; /* bytes */
};

/* Runs by their first byte; the second, if there is one, adds to the length. */
struct hll_run_row {
    uint16_t length;
    uint8_t rank, is_long;
};
extern const struct hll_run_row hll_run_rows[256]; /* hll_runs.c */

/*
 * The size is a constant of each branch and no table's: else where the next run begins would wait
 * for two loads, and not only for a guess that is mostly right.
 */
static inline struct hll_run hll_run_at(struct bytes hll, size_t at)
{
    const struct hll_run_row *row = &hll_run_rows[(unsigned char)hll.data[at]];
    if (LK_LIKELY(!row->is_long))
        return (struct hll_run){row->length, row->rank, 1};
    const uint32_t more = at + 1 < hll.size ? (unsigned char)hll.data[at + 1] : 0;
    return (struct hll_run){row->length + more, 0, 2};
}

/* A run's beginning, and its first register: where a search may start.  Zeros: with the first. */
struct hll_cursor {
    size_t at;
    uint32_t first;
};

/* From the second byte of a long run, whose first was counted, to where it begins. */
static inline void hll_step_back(struct bytes hll, struct hll_cursor *c)
{
    c->at--;
    c->first -= hll_run_rows[(unsigned char)hll.data[c->at]].length;
}

/* hll_plan of a sparse one; moves the cursor close before the register. */
enum hll_step hll_sparse_plan(struct bytes hll, struct hll_mark mark, size_t sparse_max_bytes,
                              struct hll_cursor *cursor, struct hll_patch *out);

/* --- kernels ---------------------------------------------------------------------------------- */

struct hll_kernels {
    const char *name;
    /* All registers at once: packed as a dense one has them, and one byte each. */
    void (*unpack)(const unsigned char *packed, unsigned char *ranks);
    void (*raise)(const unsigned char *packed, unsigned char *ranks); /* to the higher of both */
    void (*pack)(const unsigned char *ranks, unsigned char *packed);
    void (*count)(const unsigned char *ranks, uint32_t histogram[HLL_RANKS]);
    /*
     * Moves the cursor over runs of a sparse one that end at or before the index; near to it, not
     * all of them.  *before becomes the run before, and stays as it is if the cursor does.
     */
    void (*pass)(struct bytes hll, uint32_t index, struct hll_cursor *c, size_t *before);
};

extern const struct hll_kernels hll_kernels_portable;
const struct hll_kernels *hll_kernels_avx2(void); /* NULL: this machine has it not */

static inline const struct hll_kernels *hll_kernels_best(void)
{
    const struct hll_kernels *k = hll_kernels_avx2();
    return k ? k : &hll_kernels_portable;
}

/* hll_pass.c: also for what other kernels leave over. */
void hll_pass_portable(struct bytes hll, uint32_t index, struct hll_cursor *c, size_t *before);

LK_END

#endif
