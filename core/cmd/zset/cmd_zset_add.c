/*
 * cmd_zset_add.c — ZADD, ZINCRBY: members get scores.
 *
 * All scores are read before the first member is added, so that a call with a bad one does nothing.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/types/zset.h"

struct zadd {
    unsigned flags;     /* enum zset_flag */
    bool count_changes; /* CH */
    uint32_t first;     /* the argument where the pairs of score and member begin */
    uint32_t pairs;
};

static void zset_add_parse_options(const struct args *a, struct zadd *z)
{
    static const char *const words[] = {"nx", "xx", "gt", "lt", "incr"}; /* in order of the flags */
    uint32_t i = 2;
    for (; i < a->n; i++) {
        unsigned w = 0;
        while (w < 5 && !args_is(a, i, words[w]))
            w++;
        if (w < 5)
            z->flags |= 1u << w;
        else if (args_is(a, i, "ch"))
            z->count_changes = true;
        else
            break;
    }
    z->first = i;
}

/* What is wrong with the options, if they are read; NULL if nothing is. */
static const char *zset_add_check(const struct zadd *z)
{
    const unsigned f = z->flags;
    if ((f & ZSET_NX) && (f & ZSET_XX))
        return "ERR XX and NX options at the same time are not compatible";
    if (((f & ZSET_NX) && (f & (ZSET_GT | ZSET_LT))) || ((f & ZSET_GT) && (f & ZSET_LT)))
        return "ERR GT, LT, and/or NX options at the same time are not compatible";
    if ((f & ZSET_INCR) && z->pairs > 1)
        return "ERR INCR option supports a single increment-element pair";
    return NULL;
}

static int parse_scores(const struct args *a, const struct zadd *z, double *scores)
{
    for (uint32_t i = 0; i < z->pairs; i++) {
        const int rc = args_double(a, z->first + 2 * i, &scores[i]);
        if (rc != LK_OK)
            return rc;
    }
    return LK_OK;
}

struct tally {
    uint32_t added, changed, done;
    struct zset_added last;
};

static int add_pairs(struct value_edit *e, const struct args *a, const struct zadd *z,
                     const double *scores, struct tally *t)
{
    for (; t->done < z->pairs; t->done++) {
        const struct bytes member = a->v[z->first + 2 * t->done + 1];
        const int rc = zset_add(e, member, scores[t->done], z->flags, &t->last);
        if (rc != LK_OK)
            return rc;
        t->added += t->last.change == ZSET_ADDED;
        t->changed += t->last.change >= ZSET_ADDED;
    }
    return LK_OK;
}

static void reply_tally(struct exec *x, const struct zadd *z, const struct tally *t)
{
    if (!(z->flags & ZSET_INCR))
        reply_int(x->reply, z->count_changes ? t->changed : t->added);
    else if (t->last.change == ZSET_REFUSED)
        reply_null(x->reply);
    else
        reply_double(x->reply, t->last.score);
}

static enum outcome zset_add_command(struct exec *x, const struct args *a, const struct zadd *z)
{
    const struct bytes key = a->v[1];
    double *scores = (double *)buf_reserve(x->scratch, z->pairs * sizeof *scores);
    struct tally t = {0};
    struct value_edit *e;

    int rc = parse_scores(a, z, scores);
    if (rc == LK_OK)
        rc = exec_open(x, key, TYPE_ZSET, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    rc = add_pairs(e, a, z, scores, &t);
    const int closed = exec_close(x, e, t.changed > 0);
    if (closed == LK_OK && t.changed > 0) {
        exec_counts_as(x, (uint64_t)t.changed);
        exec_event(x, EVENT_ZSET, z->flags & ZSET_INCR ? "zincr" : "zadd", key);
        if (rc != LK_OK) /* memory has run out on the way */
            exec_effect(x, a->v, z->first + 2 * t.done);
    }
    if (rc != LK_OK || closed != LK_OK)
        return reply_status(x, rc != LK_OK ? rc : closed);
    reply_tally(x, z, &t);
    return RUN_DONE;
}

static enum outcome zset_add_zadd(struct exec *x, const struct args *a)
{
    struct zadd z = {0};
    zset_add_parse_options(a, &z);
    const uint32_t words = a->n - z.first;
    if (words == 0 || words % 2 != 0)
        return reply_syntax(x);
    z.pairs = words / 2;
    const char *wrong = zset_add_check(&z);
    if (wrong) {
        reply_error(x->reply, "%s", wrong);
        return RUN_DONE;
    }
    return zset_add_command(x, a, &z);
}

static enum outcome zset_add_zincrby(struct exec *x, const struct args *a)
{
    const struct zadd z = {.flags = ZSET_INCR, .first = 2, .pairs = 1};
    return zset_add_command(x, a, &z);
}

const struct command zset_add_commands[] = {
    {"zadd", .arity = -4, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_SORTEDSET,
     .keys = KEY_AT(1, KEY_RW | KEY_UPDATE), .run = zset_add_zadd},
    {"zincrby", .arity = 4, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST,
     .categories = CAT_SORTEDSET, .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE),
     .run = zset_add_zincrby},
    {0},
};
