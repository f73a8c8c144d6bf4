#include "core/cmd/zset/zset_ranges.h"

#include <math.h>
#include <stdlib.h>

/* As strtod reads it, up to a NUL: blanks in front and the empty word are taken, too. */
static LK_COLD bool loose_double(struct bytes word, double *out)
{
    char text[512], *end;
    if (word.size >= sizeof text)
        return false;
    if (word.size > 0)
        memcpy(text, word.data, word.size);
    text[word.size] = '\0';
    *out = strtod(text, &end);
    return *end == '\0' && !isnan(*out);
}

static bool parse_score(struct bytes word, struct zset_bound *b)
{
    b->edge = ZSET_CLOSED;
    if (word.size > 0 && word.data[0] == '(') {
        b->edge = ZSET_OPEN;
        word = bytes_of(word.data + 1, word.size - 1);
    }
    return bytes_to_double(word, &b->score) || loose_double(word, &b->score);
}

int zset_parse_scores(struct bytes min, struct bytes max, struct zset_range *out)
{
    out->by_member = false;
    return parse_score(min, &out->min) && parse_score(max, &out->max) ? LK_OK : LK_EMINMAX;
}

static bool zset_ranges_parse_member(struct bytes word, struct zset_bound *b)
{
    if (word.size == 0)
        return false;
    switch (word.data[0]) {
    case '-':
        b->edge = ZSET_LOWEST;
        return word.size == 1 || word.data[1] == '\0';
    case '+':
        b->edge = ZSET_HIGHEST;
        return word.size == 1 || word.data[1] == '\0';
    case '[':
        b->edge = ZSET_CLOSED;
        break;
    case '(':
        b->edge = ZSET_OPEN;
        break;
    default:
        return false;
    }
    b->member = bytes_of(word.data + 1, word.size - 1);
    return true;
}

int zset_parse_members(struct bytes min, struct bytes max, struct zset_range *out)
{
    out->by_member = true;
    return zset_ranges_parse_member(min, &out->min) && zset_ranges_parse_member(max, &out->max)
               ? LK_OK
               : LK_ELEX;
}

void zset_clamp_ranks(int64_t first, int64_t last, uint64_t length, uint64_t *from, uint64_t *n)
{
    const int64_t count = (int64_t)length;
    if (first < 0)
        first = first + count > 0 ? first + count : 0;
    if (last < 0)
        last += count;
    if (last >= count)
        last = count - 1;
    *from = (uint64_t)first;
    *n = first <= last ? (uint64_t)(last - first + 1) : 0;
}

static void put_elements(struct reply *r, struct zset_iter *it, uint64_t n, bool scores, bool pairs)
{
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0)
            (void)zset_iter_next(it);
        if (pairs)
            reply_array(r, 2);
        reply_bulk(r, it->member);
        if (scores)
            reply_double(r, it->score);
    }
}

void reply_zset(struct reply *r, struct zset_iter *it, uint64_t n, bool scores)
{
    const bool pairs = scores && r->version > 2;
    reply_array(r, scores && !pairs ? 2 * n : n);
    put_elements(r, it, n, scores, pairs);
}

void reply_zset_pairs(struct reply *r, struct zset_iter *it, uint64_t n)
{
    reply_array(r, n);
    put_elements(r, it, n, true, true);
}
