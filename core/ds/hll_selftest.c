/*
 * hll_selftest.c — HyperLogLogs checked where they run: PFSELFTEST.
 *
 * Which kernels run depends on the machine, so a build that passed its tests elsewhere can still be
 * asked here.
 */
#include "core/base/rng.h"
#include "core/ds/hll_priv.h"

#include <math.h>

static void hll_selftest_fill(struct rng *rng, unsigned char *ranks)
{
    for (size_t i = 0; i < HLL_REGISTERS; i++)
        ranks[i] = (unsigned char)rng_below(rng, HLL_RANKS);
}

/* What this machine's kernels do, against what is to come out. */
static const char *check_kernels(void)
{
    const struct hll_kernels *k = hll_kernels_best();
    unsigned char a[HLL_REGISTERS], b[HLL_REGISTERS], both[HLL_REGISTERS];
    unsigned char packed[HLL_PACKED_BYTES];
    uint32_t counted[HLL_RANKS], expected[HLL_RANKS] = {0};
    struct rng rng;

    rng_seed(&rng, HLL_REGISTERS);
    hll_selftest_fill(&rng, a);
    hll_selftest_fill(&rng, b);
    k->pack(a, packed);
    memcpy(both, b, sizeof both);
    k->raise(packed, both);
    for (size_t i = 0; i < HLL_REGISTERS; i++) {
        if (both[i] != (a[i] > b[i] ? a[i] : b[i]))
            return "a register is not the higher of two";
        expected[a[i]]++;
    }
    k->unpack(packed, b);
    if (memcmp(a, b, sizeof a) != 0)
        return "registers do not come back as they were packed";
    k->count(a, counted);
    if (memcmp(counted, expected, sizeof counted) != 0)
        return "the registers of a rank are counted wrongly";
    return NULL;
}

/* The same elements in every form. */
struct forms {
    struct hll_sum sum;
    unsigned char dense[HLL_DENSE_BYTES];
    struct buf sparse;
    bool fits; /* sparse is still small enough to be one */
};

enum { SPARSE_BYTES = 3000, ELEMENTS = 100000 };

static const char *hll_selftest_note(struct forms *f, struct hll_mark mark)
{
    struct hll_patch patch;
    hll_sum_raise(&f->sum, mark);
    if (!f->fits)
        return NULL;
    switch (hll_plan(buf_bytes(&f->sparse), mark, SPARSE_BYTES, &patch)) {
    case HLL_BROKEN:
        return "a sparse one broke";
    case HLL_DENSIFY:
        f->fits = false;
        break;
    case HLL_PATCH:
        buf_reserve(&f->sparse, HLL_PATCH_MAX);
        hll_patch_apply((unsigned char *)f->sparse.data, f->sparse.size, &patch);
        f->sparse.size = hll_patched_size(f->sparse.size, &patch);
        break;
    case HLL_KEEP:
        break;
    }
    return NULL;
}

/* No estimate may be off by more than eight times the standard error. */
static bool far_off(uint64_t count, uint64_t elements)
{
    const double error = 1.04 / sqrt((double)HLL_REGISTERS);
    return fabs((double)count - (double)elements) > 8 * error * (double)elements + 1;
}

static const char *hll_selftest_compare(struct forms *f, uint64_t elements)
{
    uint64_t dense = 0, sparse = 0;
    hll_sum_write(&f->sum, f->dense);
    if (hll_count(bytes_of(f->dense, sizeof f->dense), &dense) != LK_OK)
        return "a dense one broke";
    if (f->fits && hll_count(buf_bytes(&f->sparse), &sparse) != LK_OK)
        return "a sparse one does not add up";
    if (f->fits && sparse != dense)
        return "dense and sparse ones count differently";
    if (hll_sum_count(&f->sum) != dense)
        return "a sum counts differently";
    return far_off(dense, elements) ? "an estimate is too far off" : NULL;
}

static const char *check_counts(struct forms *f)
{
    const char *fault = NULL;
    hll_sum_init(&f->sum);
    hll_write_empty((unsigned char *)buf_reserve(&f->sparse, HLL_EMPTY_BYTES));
    f->sparse.size = HLL_EMPTY_BYTES;
    memcpy(f->dense, f->sparse.data, HLL_HEADER_BYTES);
    for (uint64_t i = 1, next = 1; !fault && i <= ELEMENTS; i++) {
        fault = hll_selftest_note(f, hll_mark_of(bytes_of(&i, sizeof i)));
        if (fault || i < next)
            continue;
        next += 1 + next / 2;
        fault = hll_selftest_compare(f, i);
    }
    return fault;
}

const char *hll_selftest(void)
{
    struct forms f = {.fits = true};
    const char *fault = check_kernels();
    if (!fault)
        fault = check_counts(&f);
    buf_release(&f.sparse);
    return fault;
}
