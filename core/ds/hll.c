/*
 * hll.c — the string as a whole, and what one element changes in it.
 */
#include "core/ds/hll_priv.h"
#include "core/ds/le.h"
#include "core/ds/murmur64a.h"

enum { COUNT_AT = 8, STALE_AT = 15, STALE = 0x80 };
enum { INDEX_BITS = 14, RANK_BITS = 6, RANK_MASK = HLL_RANKS - 1 };

static const char magic[4] = {'H', 'Y', 'L', 'L'};

static const unsigned char *hll_at(struct bytes b, size_t offset)
{
    return (const unsigned char *)b.data + offset;
}

/* --- the string as a whole ------------------------------------------------------------------- */

bool hll_is(struct bytes b)
{
    if (b.size < HLL_HEADER_BYTES || memcmp(b.data, magic, sizeof magic) != 0)
        return false;
    const unsigned form = *hll_at(b, HLL_FORM_AT);
    return form == HLL_FORM_SPARSE || (form == HLL_FORM_DENSE && b.size == HLL_DENSE_BYTES);
}

bool hll_is_dense(struct bytes hll)
{
    return *hll_at(hll, HLL_FORM_AT) == HLL_FORM_DENSE;
}

void hll_write_empty(unsigned char *to)
{
    memset(to, 0, HLL_HEADER_BYTES);
    memcpy(to, magic, sizeof magic);
    to[HLL_FORM_AT] = HLL_FORM_SPARSE;
    to[HLL_HEADER_BYTES] = 0x40 | (HLL_REGISTERS - 1) >> 8;
    to[HLL_HEADER_BYTES + 1] = (HLL_REGISTERS - 1) & 0xff;
    hll_make_stale(to);
}

bool hll_last_count(struct bytes hll, uint64_t *count)
{
    *count = le64_get(hll_at(hll, COUNT_AT));
    return !(*hll_at(hll, STALE_AT) & STALE);
}

void hll_set_last_count(unsigned char *hll, uint64_t count)
{
    le64_put(hll + COUNT_AT, count);
}

void hll_make_stale(unsigned char *hll)
{
    hll[STALE_AT] |= STALE;
}

static int count_sparse(struct bytes hll, uint32_t histogram[HLL_RANKS])
{
    uint32_t registers = 0;
    memset(histogram, 0, HLL_RANKS * sizeof *histogram);
    for (size_t i = HLL_HEADER_BYTES; i < hll.size && registers <= HLL_REGISTERS;) {
        const struct hll_run run = hll_run_at(hll, i);
        histogram[run.rank] += run.length;
        registers += run.length;
        i += run.size;
    }
    return registers == HLL_REGISTERS ? LK_OK : LK_EHLL;
}

int hll_count(struct bytes hll, uint64_t *out)
{
    uint32_t histogram[HLL_RANKS];
    if (hll_is_dense(hll)) {
        const struct hll_kernels *k = hll_kernels_best();
        unsigned char ranks[HLL_REGISTERS];
        k->unpack(hll_at(hll, HLL_HEADER_BYTES), ranks);
        k->count(ranks, histogram);
    } else if (count_sparse(hll, histogram) != LK_OK) {
        return LK_EHLL;
    }
    *out = hll_estimate(histogram);
    return LK_OK;
}

/* --- one element ------------------------------------------------------------------------------ */

struct hll_mark hll_mark_of(struct bytes element)
{
    const uint64_t hash = murmur64a(element, 0xadc83b19);
    /* A bit behind the last one ends the search, so that the rank is at most 51. */
    const uint64_t rest = hash >> INDEX_BITS | UINT64_C(1) << (64 - INDEX_BITS);
    return (struct hll_mark){(uint16_t)(hash & (HLL_REGISTERS - 1)),
                             (uint8_t)(__builtin_ctzll(rest) + 1)};
}

size_t hll_register_at(struct hll_mark mark)
{
    const size_t byte = (size_t)mark.index * RANK_BITS / 8;
    return HLL_HEADER_BYTES + (byte < HLL_PACKED_BYTES - 1 ? byte : byte - 1);
}

static enum hll_step plan_dense(struct bytes hll, struct hll_mark mark, struct hll_patch *out)
{
    const size_t byte = hll_register_at(mark);
    const size_t shift = mark.index * RANK_BITS - (byte - HLL_HEADER_BYTES) * 8;
    const uint32_t pair = le16_get(hll_at(hll, byte));
    if ((pair >> shift & RANK_MASK) >= mark.rank)
        return HLL_KEEP;
    out->at = byte;
    out->old_size = out->new_size = 2;
    le16_put(out->ops,
             (uint16_t)((pair & ~((uint32_t)RANK_MASK << shift)) | (uint32_t)mark.rank << shift));
    return HLL_PATCH;
}

enum hll_step hll_plan(struct bytes hll, struct hll_mark mark, size_t sparse_max_bytes,
                       struct hll_patch *out)
{
    struct hll_cursor cursor = {0, 0};
    if (hll_is_dense(hll))
        return plan_dense(hll, mark, out);
    return hll_sparse_plan(hll, mark, sparse_max_bytes, &cursor, out);
}

void hll_patch_apply(unsigned char *hll, size_t size, const struct hll_patch *p)
{
    const size_t end = p->at + p->old_size;
    LK_ASSERT(end <= size);
    if (p->new_size != p->old_size)
        memmove(hll + p->at + p->new_size, hll + end, size - end);
    memcpy(hll + p->at, p->ops, p->new_size);
    hll_make_stale(hll);
}
