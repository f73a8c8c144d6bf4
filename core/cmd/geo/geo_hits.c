/*
 * geo_hits.c — a list that grows, a heap once it is full, and a merge sort at the end.
 */
#include "core/cmd/geo/geo_hits.h"

#include "core/base/mem.h"

enum { RUN = 8 }; /* so many rows are sorted by insertion */

void geo_hits_init(struct geo_hits *h, struct buf *rows, const struct geo_query *q,
                   uint64_t brief_max)
{
    *h = (struct geo_hits){.rows = rows,
                           .order = q->order,
                           .stops = q->any,
                           .limit = q->count ? (uint64_t)q->count : UINT64_MAX,
                           .brief_max = brief_max};
}

void geo_hits_release(struct geo_hits *h)
{
    buf_release(&h->texts);
}

/* Does a come before b? */
static inline bool geo_hits_before(enum geo_order order, const struct geo_hit *a,
                                   const struct geo_hit *b)
{
    if (a->distance != b->distance)
        return (a->distance < b->distance) == (order == GEO_NEAREST_FIRST);
    return a->arrival < b->arrival;
}

/* --- the heap -------------------------------------------------------------------------------- */

/* Puts hit where `at` is or below, so that no row comes before one beneath it. */
static void geo_hits_sift(struct geo_hits *h, uint64_t at, struct geo_hit hit)
{
    struct geo_hit *rows = geo_hits_rows(h);
    for (;;) {
        uint64_t child = 2 * at + 1;
        if (child + 1 < h->n && geo_hits_before(h->order, &rows[child], &rows[child + 1]))
            child++;
        if (child >= h->n || !geo_hits_before(h->order, &hit, &rows[child]))
            break;
        rows[at] = rows[child];
        at = child;
    }
    rows[at] = hit;
}

static void make_heap(struct geo_hits *h)
{
    for (uint64_t i = h->n / 2; i-- > 0;)
        geo_hits_sift(h, i, geo_hits_rows(h)[i]);
}

/* --- growing --------------------------------------------------------------------------------- */

static const char *keep_text(struct geo_hits *h, struct bytes member)
{
    if (!h->texts.data)
        buf_reserve(&h->texts, h->brief_max * INT64_CHARS);
    LK_ASSERT(h->texts.capacity - h->texts.size >= member.size);
    const char *at = h->texts.data + h->texts.size;
    buf_append_bytes(&h->texts, member);
    return at;
}

bool geo_hits_add(struct geo_hits *h, struct bytes member, bool brief, double score,
                  double distance)
{
    struct geo_hit hit = {.member = member.data,
                          .member_size = (uint32_t)member.size,
                          .arrival = h->seen++,
                          .score = score,
                          .distance = distance};
    const bool full = h->n == h->limit;
    if (full && !geo_hits_before(h->order, &hit, geo_hits_rows(h)))
        return true;
    if (brief)
        hit.member = keep_text(h, member);
    if (full) {
        geo_hits_sift(h, 0, hit);
        return true;
    }
    buf_append(h->rows, &hit, sizeof hit);
    h->n++;
    if (h->n < h->limit)
        return true;
    if (!h->stops)
        make_heap(h);
    return !h->stops;
}

/* --- sorting --------------------------------------------------------------------------------- */

static void sort_run(enum geo_order order, struct geo_hit *rows, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        const struct geo_hit hit = rows[i];
        uint64_t at = i;
        for (; at > 0 && geo_hits_before(order, &hit, &rows[at - 1]); at--)
            rows[at] = rows[at - 1];
        rows[at] = hit;
    }
}

/* Two sorted runs, a and the one from a_n on, of n rows together. */
static void geo_hits_merge(enum geo_order order, const struct geo_hit *a, uint64_t a_n, uint64_t n,
                           struct geo_hit *to)
{
    const struct geo_hit *const middle = a + a_n, *const end = a + n, *b = middle;
    while (a < middle && b < end) {
        const bool take_b = geo_hits_before(order, b, a);
        *to++ = *(take_b ? b : a);
        b += take_b;
        a += !take_b;
    }
    for (; a < middle; a++)
        *to++ = *a;
    for (; b < end; b++)
        *to++ = *b;
}

static uint64_t geo_hits_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void geo_hits_sort(struct geo_hits *h)
{
    const uint64_t n = h->n;
    if (h->order == GEO_UNSORTED || n < 2)
        return;
    struct geo_hit *rows = geo_hits_rows(h);
    for (uint64_t i = 0; i < n; i += RUN)
        sort_run(h->order, rows + i, geo_hits_least(RUN, n - i));
    if (n <= RUN)
        return;
    struct geo_hit *other = mem_alloc(n * sizeof *other), *const spare = other;
    for (uint64_t width = RUN; width < n; width *= 2) {
        for (uint64_t i = 0; i < n; i += 2 * width)
            geo_hits_merge(h->order, rows + i, geo_hits_least(width, n - i),
                           geo_hits_least(2 * width, n - i), other + i);
        struct geo_hit *swap = rows;
        rows = other;
        other = swap;
    }
    if (rows == spare)
        memcpy(other, rows, n * sizeof *rows);
    mem_free(spare, n * sizeof *spare);
}
