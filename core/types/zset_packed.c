/*
 * zset_packed.c — small sorted sets: one listpack of members and their scores, in order.
 *
 * The bytes are those of the published format: an integral score is a number, others are their
 * shortest text.  Everything is found by walking.
 */
#include "core/types/packed.h"
#include "core/types/zset_priv.h"

static const unsigned char *zset_packed_lp_of(const struct value *v)
{
    return packed_of(v, 0);
}

double zset_packed_score(const unsigned char *p)
{
    const struct listpack_value v = listpack_get(p);
    double score = 0;
    if (v.is_number)
        return (double)v.number;
    LK_ASSERT(bytes_to_double(v.s, &score));
    return score;
}

struct listpack_value zset_packed_value(double score, char text[DOUBLE_CHARS])
{
    const double most = 4611686018427387904.0; /* 2^62: beyond, others write integers as text */
    if (score >= -most && score <= most && score == (double)(int64_t)score)
        return listpack_from_number((int64_t)score); /* -0 becomes 0 */
    return listpack_from_bytes(bytes_of(text, double_to_chars(score, text)));
}

const unsigned char *zset_packed_find(const unsigned char *lp, struct bytes member, double *score,
                                      uint64_t *rank)
{
    const struct listpack_value wanted = listpack_from_bytes(member);
    const unsigned char *p = listpack_first(lp);
    for (uint64_t i = 0; p; i++) {
        const unsigned char *at = listpack_next(lp, p);
        if (listpack_equal(p, &wanted)) {
            *score = zset_packed_score(at);
            *rank = i;
            return p;
        }
        p = listpack_next(lp, at);
    }
    return NULL;
}

void zset_packed_read(struct zset_iter *it)
{
    it->member = listpack_text(it->p, it->digits);
    it->score = zset_packed_score(listpack_next(it->lp, it->p));
}

bool zset_packed_at(struct zset_iter *it, const struct value *v, uint64_t rank)
{
    it->lp = zset_packed_lp_of(v);
    it->p = rank < listpack_count(it->lp) / 2 ? listpack_seek(it->lp, (int64_t)rank * 2) : NULL;
    if (it->p)
        zset_packed_read(it);
    return it->p != NULL;
}

bool zset_packed_next(struct zset_iter *it)
{
    const unsigned char *p = it->p;
    if (it->reverse) {
        p = listpack_prev(it->lp, p);
        it->p = p ? listpack_prev(it->lp, p) : NULL;
    } else {
        it->p = listpack_next(it->lp, listpack_next(it->lp, p));
    }
    if (it->p)
        zset_packed_read(it);
    return it->p != NULL;
}

/* Does the element at p come before the range (or, with `behind`, not yet behind its end)? */
static bool comes_before(const unsigned char *lp, const unsigned char *p,
                         const struct zset_range *r, bool behind)
{
    const struct zset_bound *b = behind ? &r->max : &r->min;
    int c;
    if (b->edge >= ZSET_LOWEST)
        return b->edge == ZSET_HIGHEST;
    if (r->by_member) {
        c = listpack_compare(p, b->member);
    } else {
        const double score = zset_packed_score(listpack_next(lp, p));
        c = (score > b->score) - (score < b->score);
    }
    return c < 0 || (c == 0 && behind == (b->edge == ZSET_CLOSED));
}

void zset_packed_ranks(const struct value *v, const struct zset_range *r, uint64_t *first,
                       uint64_t *n)
{
    const unsigned char *lp = zset_packed_lp_of(v);
    const unsigned char *p = listpack_first(lp);
    *first = *n = 0;
    for (; p && comes_before(lp, p, r, false); ++*first)
        p = listpack_next(lp, listpack_next(lp, p));
    for (; p && comes_before(lp, p, r, true); ++*n)
        p = listpack_next(lp, listpack_next(lp, p));
}

/* --- changing -------------------------------------------------------------------------------- */

/* The element before which one with this score and member goes; NULL is the end. */
static const unsigned char *zset_packed_place_of(const unsigned char *lp, struct bytes member,
                                                 double score)
{
    const unsigned char *p = listpack_first(lp);
    while (p) {
        const unsigned char *at = listpack_next(lp, p);
        const double other = zset_packed_score(at);
        if (other > score || (other == score && listpack_compare(p, member) > 0))
            return p;
        p = listpack_next(lp, at);
    }
    return NULL;
}

static bool may_stay_packed(const struct value_edit *e, struct bytes member)
{
    const unsigned char *lp = zset_packed_lp_of(&e->value);
    return listpack_count(lp) / 2 < e->limits->zset_max_listpack_entries &&
           member.size <= e->limits->zset_max_listpack_value &&
           listpack_bytes(lp) + member.size <= ZSET_PACKED_MAX;
}

static int zset_packed_insert(struct value_edit *e, struct bytes member, double score)
{
    char text[DOUBLE_CHARS];
    const struct listpack_value pair[2] = {listpack_from_bytes(member),
                                           zset_packed_value(score, text)};
    return packed_insert(e, 0, zset_packed_place_of(zset_packed_lp_of(&e->value), member, score),
                         pair, 2);
}

/* The element moves to where its new score belongs: first it is there twice, so nothing is lost. */
static int zset_packed_move(struct value_edit *e, const unsigned char *old, struct bytes member,
                            double score)
{
    char text[DOUBLE_CHARS];
    const unsigned char *lp = zset_packed_lp_of(&e->value);
    const unsigned char *score_at = listpack_next(lp, old), *next = listpack_next(lp, score_at);
    const unsigned char *to = zset_packed_place_of(lp, member, score);
    if (to == old || to == next) {
        const struct listpack_value v = zset_packed_value(score, text);
        return packed_splice(e, 0, score_at, 1, &v, 1);
    }
    const size_t size = listpack_bytes(lp), at = (size_t)(old - lp);
    const bool up = to == NULL || to > old;
    const int rc = zset_packed_insert(e, member, score);
    if (rc != LK_OK)
        return rc;
    const size_t added = listpack_bytes(zset_packed_lp_of(&e->value)) - size;
    packed_delete(e, 0, zset_packed_lp_of(&e->value) + at + (up ? 0 : added), 2);
    return LK_OK;
}

int zset_packed_add(struct value_edit *e, struct bytes member, double score, unsigned flags,
                    struct zset_added *out)
{
    uint64_t rank;
    double old;
    const unsigned char *p = zset_packed_find(zset_packed_lp_of(&e->value), member, &old, &rank);
    const int rc = zset_decide(p ? &old : NULL, score, flags, out);
    if (rc != LK_OK || out->change <= ZSET_KEPT)
        return rc;
    if (p)
        return zset_packed_move(e, p, member, out->score);
    return may_stay_packed(e, member) ? zset_packed_insert(e, member, out->score) : LK_EAGAIN;
}

bool zset_packed_remove(struct value_edit *e, struct bytes member)
{
    uint64_t rank;
    double score;
    const unsigned char *p = zset_packed_find(zset_packed_lp_of(&e->value), member, &score, &rank);
    if (p)
        packed_delete(e, 0, p, 2);
    return p != NULL;
}

void zset_packed_remove_ranks(struct value_edit *e, uint64_t first, uint64_t n)
{
    if (n > 0)
        packed_delete(e, 0, listpack_seek(zset_packed_lp_of(&e->value), (int64_t)first * 2), n * 2);
}

/* Does one of the entries from p on, every second, have this text? */
static bool comes_again(const unsigned char *lp, const unsigned char *p, struct bytes text)
{
    const struct listpack_value wanted = listpack_from_bytes(text);
    return listpack_find(lp, p, &wanted, 1) != NULL;
}

bool zset_packed_valid(const unsigned char *lp)
{
    struct zset_iter it = {.lp = lp, .p = listpack_first(lp)};
    char digits[INT64_CHARS];
    struct bytes last = {0};
    double last_score = 0;
    if (listpack_count(lp) % 2 != 0)
        return false;
    while (it.p) {
        const unsigned char *at = listpack_next(lp, it.p), *next = listpack_next(lp, at);
        const struct listpack_value score = listpack_get(at);
        double parsed;
        if (!score.is_number && !bytes_to_double(score.s, &parsed))
            return false;
        zset_packed_read(&it);
        if (last.data && zset_compare(last_score, last, it.score, it.member) >= 0)
            return false;
        if (comes_again(lp, next, it.member))
            return false;
        last_score = it.score;
        last = it.member;
        if (zset_iter_brief(&it)) {
            memcpy(digits, it.digits, sizeof digits);
            last.data = digits;
        }
        it.p = next;
    }
    return true;
}
