#include "core/ds/bits.h"

#include "core/base/atomic.h"
#include "core/ds/bits_priv.h"

/* --- which loops ----------------------------------------------------------------------------- */

static const struct bits_kernels *const rows[] = {
#if defined(__x86_64__)
    &bits_avx512,
    &bits_avx2,
#elif defined(__aarch64__)
    &bits_neon,
#endif
    &bits_portable,
};

const struct bits_kernels *const *bits_rows(uint32_t *count)
{
    *count = sizeof rows / sizeof rows[0];
    return rows;
}

/* Relaxed: all threads choose the same row, which is constant. */
static const struct bits_kernels *chosen;

static LK_COLD const struct bits_kernels *bits_choose(void)
{
    uint32_t i = 0;
    while (!rows[i]->supported())
        i++;
    store_relaxed(&chosen, rows[i]);
    return rows[i];
}

static inline const struct bits_kernels *bits_kernels_here(void)
{
    const struct bits_kernels *k = load_relaxed(&chosen);
    return LK_LIKELY(k != NULL) ? k : bits_choose();
}

/* --- count and find -------------------------------------------------------------------------- */

uint64_t bits_count(const void *p, size_t n)
{
    return bits_kernels_here()->count(p, n);
}

/* The bits of a byte from `first` on, and those before `end`, which is 1 to 8. */
static inline unsigned from_bit(unsigned first)
{
    return 0xffu >> first;
}

static inline unsigned to_bit(unsigned end)
{
    return 0xff00u >> end & 0xff;
}

uint64_t bits_count_range(const void *p, uint64_t first, uint64_t end)
{
    const unsigned char *b = p;
    if (first >= end)
        return 0;
    const uint64_t from = first / 8, to = (end - 1) / 8;
    const unsigned head = from_bit(first % 8), tail = to_bit((unsigned)((end - 1) % 8 + 1));
    if (from == to)
        return (uint64_t)__builtin_popcount(b[from] & head & tail);
    return (uint64_t)__builtin_popcount(b[from] & head) + bits_count(b + from + 1, to - from - 1) +
           (uint64_t)__builtin_popcount(b[to] & tail);
}

/* The first one among the eight bits. */
static inline unsigned bits_leading(unsigned byte)
{
    return (unsigned)__builtin_clz(byte) - 24;
}

/* Bytes are turned over if zeros are looked for, so that it is always ones. */
uint64_t bits_find(const void *p, bool bit, uint64_t first, uint64_t end)
{
    const unsigned char *b = p;
    const unsigned char none = bit ? 0x00 : 0xff;
    if (first >= end)
        return end;
    uint64_t at = first / 8;
    const uint64_t bytes = (end + 7) / 8;
    unsigned found = (b[at] ^ none) & from_bit(first % 8);
    if (found == 0 && ++at < bytes) {
        at += bits_kernels_here()->same(b + at, bytes - at, none);
        if (at < bytes)
            found = b[at] ^ none;
    }
    if (found == 0)
        return end;
    const uint64_t where = at * 8 + bits_leading(found);
    return where < end ? where : end;
}

/* --- combine --------------------------------------------------------------------------------- */

/* So much of the result stays in the first cache while one source after the other is folded in. */
enum { BLOCK = 4 * 1024 };

/* Of the sources, the block that is at hand. */
struct view {
    const struct bytes *sources;
    size_t offset, n;
};

static const unsigned char *source_at(const struct view *v, uint32_t i)
{
    return (const unsigned char *)v->sources[i].data + v->offset;
}

/* How far the source reaches into the block. */
static size_t source_size(const struct view *v, uint32_t i)
{
    const size_t size = v->sources[i].size;
    if (size <= v->offset)
        return 0;
    return size - v->offset < v->n ? size - v->offset : v->n;
}

/* The whole block of a source, copied to `to` only if it does not reach so far. */
static const unsigned char *whole_block(const struct view *v, uint32_t i, unsigned char *to)
{
    const size_t size = source_size(v, i);
    if (size == v->n)
        return source_at(v, i);
    if (size > 0)
        memcpy(to, source_at(v, i), size);
    memset(to + size, 0, v->n - size);
    return to;
}

/* to = sources first .. last, folded from the left. */
static void fold_all(const struct bits_kernels *k, enum bits_fold f, unsigned char *to,
                     const struct view *v, uint32_t first, uint32_t last)
{
    const unsigned char *left = whole_block(v, first, to);
    for (uint32_t i = first + 1; i <= last; i++) {
        const size_t size = source_size(v, i);
        if (size > 0)
            k->fold[f](to, left, source_at(v, i), size);
        if (f == FOLD_AND)
            memset(to + size, 0, v->n - size);
        else if (left != to)
            memcpy(to + size, left + size, v->n - size);
        left = to;
    }
    if (left != to)
        memcpy(to, left, v->n);
}

static void in_exactly_one(const struct bits_kernels *k, unsigned char *to, const struct view *v,
                           uint32_t count)
{
    unsigned char many[BLOCK];
    memset(many, 0, v->n);
    memset(to, 0, v->n);
    for (uint32_t i = 0; i < count; i++) {
        const size_t size = source_size(v, i);
        if (size > 0)
            k->once(to, many, source_at(v, i), size);
    }
    k->fold[FOLD_ANDNOT](to, to, many, v->n);
}

static void combine_block(const struct bits_kernels *k, enum bits_op op, unsigned char *to,
                          const struct view *v, uint32_t count)
{
    unsigned char first[BLOCK];
    switch (op) {
    case BITS_AND:
        fold_all(k, FOLD_AND, to, v, 0, count - 1);
        break;
    case BITS_OR:
        fold_all(k, FOLD_OR, to, v, 0, count - 1);
        break;
    case BITS_XOR:
        fold_all(k, FOLD_XOR, to, v, 0, count - 1);
        break;
    case BITS_NOT:
        k->invert(to, whole_block(v, 0, to), v->n);
        break;
    case BITS_DIFF:
        fold_all(k, FOLD_ANDNOT, to, v, 0, count - 1);
        break;
    case BITS_DIFF1:
        fold_all(k, FOLD_OR, to, v, 1, count - 1);
        k->fold[FOLD_ANDNOT](to, to, whole_block(v, 0, first), v->n);
        break;
    case BITS_ANDOR:
        fold_all(k, FOLD_OR, to, v, 1, count - 1);
        k->fold[FOLD_AND](to, to, whole_block(v, 0, first), v->n);
        break;
    case BITS_ONE:
        in_exactly_one(k, to, v, count);
        break;
    }
}

void bits_combine_with(const struct bits_kernels *k, enum bits_op op, void *to, size_t n,
                       const struct bytes *sources, uint32_t count)
{
    const bool others = op == BITS_DIFF || op == BITS_DIFF1 || op == BITS_ANDOR;
    LK_ASSERT(op == BITS_NOT ? count == 1 : count >= 1u + others);
    struct view v = {.sources = sources};
    for (; v.offset < n; v.offset += v.n) {
        v.n = n - v.offset < BLOCK ? n - v.offset : BLOCK;
        combine_block(k, op, (unsigned char *)to + v.offset, &v, count);
    }
}

void bits_combine(enum bits_op op, void *to, size_t n, const struct bytes *sources, uint32_t count)
{
    bits_combine_with(bits_kernels_here(), op, to, n, sources, count);
}

/* --- fields ---------------------------------------------------------------------------------- */

static inline uint64_t big_endian(const unsigned char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return __builtin_bswap64(w);
}

/* 64 bits from shift on; the ninth byte has what the first one does without. */
static inline uint64_t window_word(const unsigned char *window, unsigned shift)
{
    return big_endian(window) << shift | window[8] >> (8 - shift);
}

uint64_t bits_field_get(const unsigned char window[BITS_WINDOW], unsigned shift, unsigned width)
{
    return window_word(window, shift) >> (64 - width);
}

void bits_field_put(unsigned char window[BITS_WINDOW], unsigned shift, unsigned width,
                    uint64_t value)
{
    const uint64_t mask = UINT64_MAX >> (64 - width) << (64 - width);
    const uint64_t word = (window_word(window, shift) & ~mask) | value << (64 - width);
    const uint64_t head = shift ? big_endian(window) >> (64 - shift) << (64 - shift) : 0;
    const uint64_t out = __builtin_bswap64(head | word >> shift);
    const unsigned char tail = (unsigned char)(0xffu >> shift);
    memcpy(window, &out, sizeof out);
    window[8] = (unsigned char)((window[8] & tail) | (unsigned char)(word << (8 - shift)));
}
