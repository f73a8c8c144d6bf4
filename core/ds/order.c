#include "core/ds/order.h"

#include "core/base/mem.h"

#include <stdbool.h>
#include <string.h>

enum {
    INSERTION_MAX = 24,
    RADIX_MIN = 256, /* below it, counting digits costs more than it saves */
    LEVELS_MAX = 48, /* of parting, after which the pivots were unlucky */
    DIGIT_BITS = 8,
    DIGITS = 1 << DIGIT_BITS,
    PASSES = 64 / DIGIT_BITS,
};

uint64_t order_key_of_double(double v)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    v += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &v, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

uint64_t order_key_of_bytes(const char *data, size_t size)
{
    uint64_t key = 0;
    if (size > 0)
        memcpy(&key, data, size < sizeof key ? size : sizeof key);
    return __builtin_bswap64(key); /* the targets are little-endian */
}

struct sorter {
    struct order_item *v, *spare; /* spare: room for as many, made when it is needed */
    size_t n, from, to;
    order_ties *ties;
    void *ctx;
};

static void order_insertion(struct order_item *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct order_item item = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1].key > item.key; j--)
            v[j] = v[j - 1];
        v[j] = item;
    }
}

static void order_swap(struct order_item *a, struct order_item *b)
{
    const struct order_item item = *a;
    *a = *b;
    *b = item;
}

/* --- by digits ------------------------------------------------------------------------------- */

/* The lowest digit first; a digit that all have in common needs no pass. */
static void order_radix(struct sorter *s, struct order_item *v, size_t n)
{
    uint32_t count[PASSES][DIGITS] = {{0}};
    if (!s->spare)
        s->spare = mem_alloc(s->n * sizeof *s->spare);
    for (size_t i = 0; i < n; i++)
        for (unsigned pass = 0; pass < PASSES; pass++)
            count[pass][v[i].key >> pass * DIGIT_BITS & (DIGITS - 1)]++;
    struct order_item *from = v, *to = s->spare;
    for (unsigned pass = 0; pass < PASSES; pass++) {
        uint32_t *at = count[pass];
        const unsigned shift = pass * DIGIT_BITS;
        if (at[from[0].key >> shift & (DIGITS - 1)] == n)
            continue;
        uint32_t sum = 0;
        for (unsigned d = 0; d < DIGITS; d++) {
            const uint32_t here = at[d];
            at[d] = sum;
            sum += here;
        }
        for (size_t i = 0; i < n; i++)
            to[at[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
        struct order_item *const done = to;
        to = from;
        from = done;
    }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
}

/* --- by parting ------------------------------------------------------------------------------ */

static uint64_t order_median(uint64_t a, uint64_t b, uint64_t c)
{
    if (a > b) {
        const uint64_t swapped = a;
        a = b;
        b = swapped;
    }
    return c < a ? a : c > b ? b : c;
}

struct parts {
    size_t equal, greater; /* where they begin */
};

/* Around the median of three: smaller keys, equal ones, greater ones. */
static struct parts order_part(struct order_item *v, size_t lo, size_t hi)
{
    const uint64_t pivot = order_median(v[lo].key, v[lo + (hi - lo) / 2].key, v[hi - 1].key);
    struct parts p = {lo, hi};
    for (size_t i = lo; i < p.greater;) {
        if (v[i].key < pivot)
            order_swap(&v[i++], &v[p.equal++]);
        else if (v[i].key > pivot)
            order_swap(&v[i], &v[--p.greater]);
        else
            i++;
    }
    return p;
}

static size_t order_wanted(const struct sorter *s, size_t lo, size_t hi)
{
    const size_t from = lo > s->from ? lo : s->from, to = hi < s->to ? hi : s->to;
    return from < to ? to - from : 0;
}

static void tell_ties(const struct sorter *s, size_t lo, size_t hi)
{
    if (!s->ties || hi - lo < 2 || order_wanted(s, lo, hi) == 0)
        return;
    const size_t from = lo > s->from ? lo : s->from, to = hi < s->to ? hi : s->to;
    s->ties(s->ctx, s->v + lo, hi - lo, from - lo, to - lo);
}

/* The part is sorted: its runs of equal keys are ties. */
static void tell_runs(const struct sorter *s, size_t lo, size_t hi)
{
    for (size_t end; s->ties && lo < hi; lo = end) {
        for (end = lo + 1; end < hi && s->v[end].key == s->v[lo].key;)
            end++;
        tell_ties(s, lo, end);
    }
}

static bool sort_whole(struct sorter *s, size_t lo, size_t hi, unsigned level)
{
    const size_t n = hi - lo;
    if (n <= INSERTION_MAX)
        order_insertion(s->v + lo, n);
    else if (n >= RADIX_MIN && (order_wanted(s, lo, hi) >= n / 4 || level > LEVELS_MAX))
        order_radix(s, s->v + lo, n);
    else
        return false;
    tell_runs(s, lo, hi);
    return true;
}

static void sort_part(struct sorter *s, size_t lo, size_t hi, unsigned level)
{
    for (; order_wanted(s, lo, hi) > 0; level++) {
        if (sort_whole(s, lo, hi, level))
            return;
        const struct parts p = order_part(s->v, lo, hi);
        tell_ties(s, p.equal, p.greater);
        sort_part(s, lo, p.equal, level + 1);
        lo = p.greater;
    }
}

void order_sort(struct order_item *v, size_t n, size_t from, size_t to, order_ties *ties, void *ctx)
{
    struct sorter s = {v, NULL, n, from, to, ties, ctx};
    LK_ASSERT(from <= to && to <= n && n <= UINT32_MAX);
    sort_part(&s, 0, n, 0);
    mem_free(s.spare, n * sizeof *s.spare);
}
