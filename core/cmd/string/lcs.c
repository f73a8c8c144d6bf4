/*
 * lcs.c — the textbook table, kept as one bit a cell.
 *
 * length(i, j) of the first i bytes of a and the first j of b is one more than length(i-1, j-1) if
 * the last bytes are equal, else the greater of length(i-1, j) and length(i, j-1).  Only two rows
 * of lengths are alive at a time; what the way back needs to know of a cell is which of the two
 * neighbours was greater, and that is a bit.  Equal neighbours lead the way down b: other choices
 * are as long, but clients would see another one.
 *
 * Source  Wagner, Fischer: "The string-to-string correction problem"
 */
#include "core/cmd/string/lcs.h"

#include "core/base/mem.h"

struct up_bits {
    uint64_t *words;
    size_t words_per_row;
    size_t bytes;
};

static bool lcs_up(const struct up_bits *u, size_t i, size_t j)
{
    return u->words[i * u->words_per_row + j / 64] >> (j % 64) & 1;
}

static uint32_t lcs_greater(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/*
 * One row: the bytes of b against one byte of a.  Without branches: on text they would be
 * mispredicted at every third cell.  Equal bytes need no choice, because then length(i-1, j-1) + 1
 * is at least as great as both neighbours.
 */
static void fill_row(uint64_t *bits, const uint32_t *above, uint32_t *row, char byte,
                     struct bytes b)
{
    uint32_t left = 0;
    for (size_t from = 0; from < b.size; from += 64) {
        const size_t end = b.size - from < 64 ? b.size : from + 64;
        uint64_t word = 0;
        for (size_t j = from; j < end; j++) {
            const uint32_t over = above[j + 1];
            word |= (uint64_t)(over > left) << (j - from);
            left = lcs_greater(lcs_greater(over, left), above[j] + (b.data[j] == byte));
            row[j + 1] = left;
        }
        bits[from / 64] = word;
    }
}

/* Fills the bits and returns the length; rows is room for two rows of lengths. */
static size_t lcs_fill(struct up_bits *u, uint32_t *rows, struct bytes a, struct bytes b)
{
    uint32_t *above = rows, *row = rows + b.size + 1;
    memset(rows, 0, 2 * (b.size + 1) * sizeof *rows);
    for (size_t i = 0; i < a.size; i++) {
        fill_row(u->words + i * u->words_per_row, above, row, a.data[i], b);
        uint32_t *const swap = above;
        above = row;
        row = swap;
    }
    return above[b.size];
}

/* Notes that both strings have the same byte at i and j; calls come from the end to the start. */
static void lcs_add_pair(struct lcs *l, size_t i, size_t j)
{
    struct lcs_match *m = l->match_count ? &l->matches[l->match_count - 1] : NULL;
    if (m && m->a_first == i + 1 && m->b_first == j + 1) {
        m->a_first = i;
        m->b_first = j;
        return;
    }
    if (l->match_count == l->match_capacity) {
        const size_t more = l->match_capacity ? 2 * l->match_capacity : 16;
        l->matches = mem_realloc(l->matches, l->match_capacity * sizeof *m, more * sizeof *m);
        l->match_capacity = more;
    }
    l->matches[l->match_count++] = (struct lcs_match){i, i, j, j};
}

static void walk_back(struct lcs *l, const struct up_bits *u, struct bytes a, struct bytes b)
{
    size_t i = a.size, j = b.size, left = l->length;
    while (i > 0 && j > 0 && left > 0) {
        if (a.data[i - 1] == b.data[j - 1]) {
            l->text[--left] = a.data[i - 1];
            lcs_add_pair(l, --i, --j);
        } else if (lcs_up(u, i - 1, j - 1)) {
            i--;
        } else {
            j--;
        }
    }
    LK_ASSERT(left == 0);
}

int lcs_init(struct lcs *l, struct bytes a, struct bytes b)
{
    const size_t row_bytes = 2 * (b.size + 1) * sizeof(uint32_t);
    struct up_bits u = {.words_per_row = (b.size + 63) / 64};
    uint32_t *rows = NULL;
    int rc = LK_ENOMEM;

    *l = (struct lcs){0};
    if (a.size == 0 || b.size == 0)
        return LK_OK;
    u.bytes = a.size * u.words_per_row * sizeof *u.words;
    u.words = mem_try_alloc(u.bytes);
    rows = mem_try_alloc(row_bytes);
    if (!u.words || !rows)
        goto out;
    l->length = lcs_fill(&u, rows, a, b);
    l->text = mem_try_alloc(l->length);
    if (!l->text)
        goto out;
    walk_back(l, &u, a, b);
    rc = LK_OK;
out:
    if (u.words)
        mem_free(u.words, u.bytes);
    if (rows)
        mem_free(rows, row_bytes);
    return rc;
}

void lcs_release(struct lcs *l)
{
    if (l->text)
        mem_free(l->text, l->length);
    if (l->matches)
        mem_free(l->matches, l->match_capacity * sizeof *l->matches);
    *l = (struct lcs){0};
}
