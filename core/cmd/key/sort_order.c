/*
 * sort_order.c — numbers by radix, texts by what follows their common beginning, then ties.
 *
 * Descending is ascending read from the end, so places are counted from there.
 */
#include "core/cmd/key/sort_order.h"

#include "core/base/mem.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { AHEAD = 8 };

/*
 * All that strtod takes, up to a NUL: blanks in front, nothing at all (0), infinity; but no number
 * so large or so small that it had to be rounded to one that is not normal.
 */
bool sort_number(struct bytes text, double *out)
{
    char small[128];
    char *end;
    if (bytes_to_double(text, out) && (*out == 0 || fabs(*out) >= DBL_MIN))
        return true;
    char *copy = text.size < sizeof small ? small : mem_alloc(text.size + 1);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    errno = 0;
    *out = strtod(copy, &end);
    const bool good = *end == '\0' && errno != ERANGE && !isnan(*out);
    if (copy != small)
        mem_free(copy, text.size + 1);
    return good;
}

static void sort_order_reverse(struct order_item *v, size_t n)
{
    for (size_t i = 0, j = n; i + 1 < j; i++) {
        const struct order_item item = v[i];
        v[i] = v[--j];
        v[j] = item;
    }
}

static int compare_elements(const struct sort_work *w, uint32_t a, uint32_t b)
{
    char one[INT64_CHARS], other[INT64_CHARS];
    return bytes_compare(sort_element_text(&w->element[a], one),
                         sort_element_text(&w->element[b], other));
}

/* In the end what came first is to come first, descending or not. */
static int compare_places(const struct sort_work *w, uint32_t a, uint32_t b)
{
    const int order = (a > b) - (a < b);
    return w->descending ? -order : order;
}

/* --- numbers --------------------------------------------------------------------------------- */

static int by_element(const void *a, const void *b, void *work)
{
    const uint32_t i = ((const struct order_item *)a)->index;
    const uint32_t j = ((const struct order_item *)b)->index;
    return compare_elements(work, i, j);
}

/* The same integer many times, as lists have it, needs no further order. */
static bool all_same(const struct sort_work *w, const struct order_item *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct sort_element *e = &w->element[v[i].index];
        if (e->data || e->as.number != w->element[v[0].index].as.number)
            return false;
    }
    return true;
}

static void number_ties(void *work, struct order_item *v, size_t n, size_t from, size_t to)
{
    (void)from;
    (void)to;
    if (!all_same(work, v, n))
        qsort_r(v, n, sizeof *v, by_element, work);
}

void sort_by_numbers(struct sort_work *w, size_t from, size_t to)
{
    const size_t n = w->n;
    if (w->descending)
        order_sort(w->item, n, n - to, n - from, number_ties, w);
    else
        order_sort(w->item, n, from, to, number_ties, w);
    if (w->descending)
        sort_order_reverse(w->item, n);
}

/* --- texts ----------------------------------------------------------------------------------- */

static struct bytes text_of(const struct sort_work *w, uint32_t i, char digits[INT64_CHARS])
{
    return w->weight ? w->weight[i] : sort_element_text(&w->element[i], digits);
}

static void prefetch_text(const struct sort_work *w, const struct order_item *v, size_t i, size_t n)
{
    if (i + AHEAD < n)
        LK_PREFETCH(w->weight ? w->weight[v[i + AHEAD].index].data
                              : w->element[v[i + AHEAD].index].data);
}

static int compare_last(const struct sort_work *w, uint32_t a, uint32_t b)
{
    return w->ordered ? compare_places(w, a, b) : compare_elements(w, a, b);
}

static int by_text(const void *a, const void *b, void *work)
{
    char one[INT64_CHARS], other[INT64_CHARS];
    const uint32_t i = ((const struct order_item *)a)->index;
    const uint32_t j = ((const struct order_item *)b)->index;
    const int order = bytes_compare(text_of(work, i, one), text_of(work, j, other));
    return order ? order : compare_last(work, i, j);
}

static int by_last(const void *a, const void *b, void *work)
{
    return compare_last(work, ((const struct order_item *)a)->index,
                        ((const struct order_item *)b)->index);
}

static void text_ties(void *work, struct order_item *v, size_t n, size_t from, size_t to)
{
    (void)from;
    (void)to;
    qsort_r(v, n, sizeof *v, by_text, work);
}

/* How many first bytes all texts have in common. */
static size_t common_beginning(const struct sort_work *w, const struct order_item *v, size_t n)
{
    char one[INT64_CHARS], other[INT64_CHARS];
    const struct bytes first = text_of(w, v[0].index, one);
    size_t common = first.size;
    for (size_t i = 1; i < n && common > 0; i++) {
        prefetch_text(w, v, i, n);
        const struct bytes text = text_of(w, v[i].index, other);
        size_t same = 0;
        while (same < common && same < text.size && text.data[same] == first.data[same])
            same++;
        common = same;
    }
    return common;
}

/* Items without a weight go to the front; returns how many there are. */
static size_t part_missing(const struct sort_work *w)
{
    size_t n = 0;
    for (size_t i = 0; w->weight && i < w->n; i++) {
        if (w->weight[w->item[i].index].data)
            continue;
        const struct order_item item = w->item[n];
        w->item[n++] = w->item[i];
        w->item[i] = item;
    }
    return n;
}

static void sort_texts(struct sort_work *w, struct order_item *v, size_t n, size_t from, size_t to)
{
    char digits[INT64_CHARS];
    if (n == 0 || from >= to)
        return;
    const size_t skip = common_beginning(w, v, n);
    for (size_t i = 0; i < n; i++) {
        prefetch_text(w, v, i, n);
        const struct bytes text = text_of(w, v[i].index, digits);
        v[i].key = order_key_of_bytes(text.data + skip, text.size - skip);
    }
    order_sort(v, n, from, to, text_ties, w);
}

void sort_by_texts(struct sort_work *w, size_t from, size_t to)
{
    const size_t n = w->n;
    if (w->descending) {
        const size_t begin = n - to;
        to = n - from;
        from = begin;
    }
    const size_t missing = part_missing(w);
    qsort_r(w->item, missing, sizeof *w->item, by_last, w);
    sort_texts(w, w->item + missing, n - missing, from > missing ? from - missing : 0,
               to > missing ? to - missing : 0);
    if (w->descending)
        sort_order_reverse(w->item, n);
}
