/*
 * hll_pass.c — passing over the runs of a sparse HyperLogLog, eight bytes at a time on any machine.
 *
 * A mark has to find its register among up to two thousand runs.  One by one, each would cost a
 * guess whether it is a long one; together they are a few sums.
 *
 * Of bytes in a row that look like the first of a long run every other one is its second.  Adding
 * the first bit of a row that begins at an odd place makes the row vanish, as the carry runs
 * through it; so it is known where the second ones of every row are.
 */
#include "core/ds/hll_priv.h"
#include "core/ds/le.h"

/* The lowest bit of each byte, and of every other. */
#define EACH        UINT64_C(0x0101010101010101)
#define EVERY_OTHER UINT64_C(0x0001000100010001)

enum { EIGHT = 8 };

/* Whole bytes where the lowest bit is set. */
static inline uint64_t hll_pass_whole(uint64_t bits)
{
    return (bits << 8) - bits;
}

static inline uint32_t hll_pass_sum_bytes(uint64_t v)
{
    const uint64_t pairs = (v & EVERY_OTHER * 0xff) + (v >> 8 & EVERY_OTHER * 0xff);
    return (uint32_t)(pairs * EVERY_OTHER >> 48);
}

/* The registers of a group of bytes. */
struct group {
    uint32_t registers;
    uint64_t seconds; /* which bytes are the second of a long run */
    bool carry;       /* the next byte is such */
};

static inline struct group eight_bytes(uint64_t v, bool carry)
{
    const uint64_t looks_long = v >> 6 & ~(v >> 7) & EACH & ~(uint64_t)carry;
    const uint64_t behind = looks_long << 8 | carry;
    const uint64_t odd_rows = looks_long & EVERY_OTHER << 8 & ~behind;
    uint64_t even_rows;
    const bool on = __builtin_add_overflow(hll_pass_whole(looks_long), odd_rows, &even_rows);
    const uint64_t seconds = (EVERY_OTHER ^ even_rows << 8) & behind;
    const uint64_t is_long = hll_pass_whole(looks_long & ~seconds);
    /* Two bits say the length of ranks, six that of short zeros; a second byte is all length. */
    const uint64_t short_bits = EACH * 0x3f ^ (v >> 7 & EACH) * 0x3c;
    const uint64_t low = v & ((short_bits & ~is_long) | hll_pass_whole(seconds));
    const uint64_t high = v & EACH * 0x3f & is_long;
    const uint32_t runs = EIGHT - (uint32_t)(seconds * EACH >> 56);
    return (struct group){runs + hll_pass_sum_bytes(low) + (hll_pass_sum_bytes(high) << 8), seconds,
                          on};
}

void hll_pass_portable(struct bytes hll, uint32_t index, struct hll_cursor *c, size_t *before)
{
    const unsigned char *p = (const unsigned char *)hll.data;
    const size_t from = c->at;
    struct group last = {0, 0, false};
    while (hll.size - c->at >= EIGHT) {
        const struct group g = eight_bytes(le64_get(p + c->at), last.carry);
        if (c->first + g.registers > index)
            break;
        c->at += EIGHT;
        c->first += g.registers;
        last = g;
    }
    if (c->at == from)
        return;
    const size_t group = c->at - EIGHT;
    if (last.carry)
        hll_step_back(hll, c);
    *before = c->at - 1 - (last.seconds >> (c->at - 1 - group) * 8 & 1);
}
