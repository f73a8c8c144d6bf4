/*
 * cmd_zset_random.c — ZRANDMEMBER.
 *
 * An element is drawn by its rank, so each is as likely as any other, whatever the encoding.  Where
 * all drawn must differ, the ranks are drawn until there are enough of them, or, if that would
 * draw most of them, the whole set is walked and each element taken with the chance that is right
 * for what is left (Knuth, "Seminumerical Algorithms", 3.4.2, algorithm S).
 */
#include "core/base/rng.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/zset/zset_ranges.h"

#include <stdlib.h>

enum {
    WALK_SHARE = 3,   /* more than a third of the set is found by walking */
    LOOK_EACH = 4096, /* members between two looks at the output limit */
};

static void zset_random_put(struct reply *r, const struct zset_iter *it, bool scores)
{
    if (scores && r->version > 2)
        reply_array(r, 2);
    reply_bulk(r, it->member);
    if (scores)
        reply_double(r, it->score);
}

static void zset_random_put_header(struct reply *r, uint64_t n, bool scores)
{
    reply_array(r, scores && r->version == 2 ? 2 * n : n);
}

static void with_repeats(struct exec *x, const struct value *v, uint64_t n, bool scores)
{
    const uint64_t length = zset_length(v);
    struct zset_iter it;
    zset_random_put_header(x->reply, n, scores);
    for (uint64_t i = 0; i < n; i++) {
        if (i % LOOK_EACH == 0 && exec_reply_is_over(x))
            return;
        (void)zset_iter_at(&it, v, rng_below(exec_rng(x), length), false);
        zset_random_put(x->reply, &it, scores);
    }
}

static void by_walking(struct exec *x, const struct value *v, uint64_t n, bool scores)
{
    uint64_t left = zset_length(v);
    struct zset_iter it;
    for (bool on = zset_iter_at(&it, v, 0, false); on && n > 0; on = zset_iter_next(&it), left--) {
        if (rng_below(exec_rng(x), left) >= n)
            continue;
        zset_random_put(x->reply, &it, scores);
        n--;
    }
}

static int compare_ranks(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts n ranks and drops those that are there twice; returns how many are left. */
static uint64_t zset_random_distinct(uint64_t *ranks, uint64_t n)
{
    uint64_t kept = 0;
    qsort(ranks, n, sizeof *ranks, compare_ranks);
    for (uint64_t i = 0; i < n; i++)
        if (kept == 0 || ranks[kept - 1] != ranks[i])
            ranks[kept++] = ranks[i];
    return kept;
}

static void by_drawing(struct exec *x, const struct value *v, uint64_t n, bool scores)
{
    const uint64_t length = zset_length(v);
    uint64_t *ranks = (uint64_t *)buf_reserve(x->scratch, n * sizeof *ranks);
    struct zset_iter it;
    for (uint64_t have = 0; have < n; have = zset_random_distinct(ranks, n))
        for (uint64_t i = have; i < n; i++)
            ranks[i] = rng_below(exec_rng(x), length);
    for (uint64_t i = 0; i < n; i++) {
        (void)zset_iter_at(&it, v, ranks[i], false);
        zset_random_put(x->reply, &it, scores);
    }
}

static void all_different(struct exec *x, const struct value *v, uint64_t n, bool scores)
{
    const uint64_t length = zset_length(v);
    if (n > length)
        n = length;
    zset_random_put_header(x->reply, n, scores);
    if (n > length / WALK_SHARE)
        by_walking(x, v, n, scores);
    else
        by_drawing(x, v, n, scores);
}

static enum outcome zset_random_one(struct exec *x, const struct args *a)
{
    struct value v;
    struct zset_iter it;
    const int rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!value_exists(&v)) {
        reply_null(x->reply);
        return RUN_DONE;
    }
    (void)zset_iter_at(&it, &v, rng_below(exec_rng(x), zset_length(&v)), false);
    reply_bulk(x->reply, it.member);
    return RUN_DONE;
}

/* Reads the count; false: the error is written. */
static bool zset_random_parse_count(struct exec *x, const struct args *a, int64_t *count)
{
    const int rc = args_int64(a, 2, count);
    if (rc != LK_OK) {
        reply_status(x, rc);
        return false;
    }
    if (*count == INT64_MIN) {
        reply_not_between(x, -INT64_MAX, INT64_MAX);
        return false;
    }
    if (a->n > 4 || (a->n == 4 && !args_is(a, 3, "withscores"))) {
        reply_syntax(x);
        return false;
    }
    if (a->n == 4 && (*count > INT64_MAX / 2 || *count < -(INT64_MAX / 2))) {
        reply_error(x->reply, "ERR value is out of range");
        return false;
    }
    return true;
}

static enum outcome zset_random_zrandmember(struct exec *x, const struct args *a)
{
    const bool scores = a->n > 3;
    struct value v;
    int64_t count;
    if (a->n == 2)
        return zset_random_one(x, a);
    if (!zset_random_parse_count(x, a, &count))
        return RUN_DONE;
    const int rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!value_exists(&v) || count == 0)
        reply_array(x->reply, 0);
    else if (count < 0)
        with_repeats(x, &v, (uint64_t)-count, scores);
    else
        all_different(x, &v, (uint64_t)count, scores);
    return RUN_DONE;
}

const struct command zset_random_commands[] = {
    {"zrandmember", .arity = -2, .flags = CMD_READONLY, .categories = CAT_SORTEDSET,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = zset_random_zrandmember},
    {0},
};
