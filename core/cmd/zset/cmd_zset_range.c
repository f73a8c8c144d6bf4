/*
 * cmd_zset_range.c — ZRANGE and its older forms, ZRANGESTORE.
 *
 * All are one command: an order, a way to name the ends, and what becomes of the elements.  The row
 * says in imm what the words need not.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/zset/zset_ranges.h"
#include "core/types/zset_items.h"

enum by { BY_RANK, BY_SCORE, BY_MEMBER, BY_OPTION };
enum { BY_MASK = 3, REVERSE = 4, STORE = 8 };

struct spec {
    enum by by;
    bool reverse, scores;
    int64_t skip, limit;           /* negative limit: none */
    int64_t first_rank, last_rank; /* BY_RANK */
    struct zset_range range;       /* else */
};

static int zset_range_parse_options(const struct exec *x, const struct args *a, uint32_t at,
                                    struct spec *s)
{
    const bool options = s->by == BY_OPTION, store = x->cmd->imm & STORE;
    for (uint32_t i = at; i < a->n; i++) {
        if (!store && args_is(a, i, "withscores")) {
            s->scores = true;
        } else if (args_is(a, i, "limit") && i + 2 < a->n) {
            if (args_int64(a, i + 1, &s->skip) != LK_OK || args_int64(a, i + 2, &s->limit) != LK_OK)
                return LK_ENOTINT;
            i += 2;
        } else if (options && !s->reverse && args_is(a, i, "rev")) {
            s->reverse = true;
        } else if (s->by == BY_OPTION && args_is(a, i, "bylex")) {
            s->by = BY_MEMBER;
        } else if (s->by == BY_OPTION && args_is(a, i, "byscore")) {
            s->by = BY_SCORE;
        } else {
            return LK_ESYNTAX;
        }
    }
    if (s->by == BY_OPTION)
        s->by = BY_RANK;
    return LK_OK;
}

/* Options that are right by themselves, but not together; NULL if all is well. */
static const char *zset_range_check(const struct spec *s)
{
    if (s->limit != -1 && s->by == BY_RANK)
        return "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or "
               "BYLEX";
    if (s->scores && s->by == BY_MEMBER)
        return "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
    return NULL;
}

/* at: the argument with the first end; when going down that is the upper one. */
static int parse_ends(const struct args *a, uint32_t at, struct spec *s)
{
    if (s->by == BY_RANK) {
        const int rc = args_int64(a, at, &s->first_rank);
        return rc == LK_OK ? args_int64(a, at + 1, &s->last_rank) : rc;
    }
    const struct bytes min = a->v[at + s->reverse], max = a->v[at + !s->reverse];
    return s->by == BY_SCORE ? zset_parse_scores(min, max, &s->range)
                             : zset_parse_members(min, max, &s->range);
}

/* Puts it on the first element wanted and returns how many there are. */
static uint64_t zset_range_begin(struct zset_iter *it, const struct value *v, const struct spec *s)
{
    uint64_t first, n;
    if (!value_exists(v))
        return 0;
    if (s->by != BY_RANK) {
        const uint64_t limit = s->limit < 0 ? UINT64_MAX : (uint64_t)s->limit;
        if (s->skip < 0 || limit == 0)
            return 0;
        return zset_range_iter(it, v, &s->range, s->reverse, (uint64_t)s->skip, limit);
    }
    const uint64_t length = zset_length(v);
    zset_clamp_ranks(s->first_rank, s->last_rank, length, &first, &n);
    if (n > 0)
        (void)zset_iter_at(it, v, s->reverse ? length - 1 - first : first, s->reverse);
    return n;
}

static int zset_range_store(struct exec *x, struct bytes to, struct zset_iter *it, uint64_t n)
{
    struct zset_items items = {0};
    struct value v;
    zset_items_reserve(&items, n);
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0)
            (void)zset_iter_next(it);
        zset_items_append(&items, it->member, hash_bytes(it->member), it->score,
                          zset_iter_brief(it));
    }
    int rc = zset_from_items(items.v, items.n, &exec_limits(x)->types, x->scratch, &v);
    zset_items_release(&items);
    if (rc == LK_OK)
        rc = exec_put(x, to, &v, 0);
    if (rc == LK_OK)
        exec_event(x, EVENT_ZSET, "zrangestore", to);
    return rc;
}

/* An empty range leaves no set. */
static enum outcome zset_range_reply_stored(struct exec *x, struct bytes to, struct zset_iter *it,
                                            uint64_t n)
{
    if (n == 0) {
        if (exec_delete(x, to, false))
            exec_event(x, EVENT_GENERIC, "del", to);
    } else {
        const int rc = zset_range_store(x, to, it, n);
        if (rc != LK_OK)
            return reply_status(x, rc);
    }
    reply_int(x->reply, (int64_t)n);
    return RUN_DONE;
}

static enum outcome zset_range_zrange(struct exec *x, const struct args *a)
{
    const uint32_t key = x->cmd->imm & STORE ? 2 : 1;
    struct spec s = {.by = x->cmd->imm & BY_MASK, .reverse = x->cmd->imm & REVERSE, .limit = -1};
    struct zset_iter it;
    struct value v;

    int rc = zset_range_parse_options(x, a, key + 3, &s);
    const char *wrong = rc == LK_OK ? zset_range_check(&s) : NULL;
    if (wrong) {
        reply_error(x->reply, "%s", wrong);
        return RUN_DONE;
    }
    if (rc == LK_OK)
        rc = parse_ends(a, key + 1, &s);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[key], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const uint64_t n = zset_range_begin(&it, &v, &s);
    if (x->cmd->imm & STORE)
        return zset_range_reply_stored(x, a->v[1], &it, n);
    reply_zset(x->reply, &it, n, s.scores);
    return RUN_DONE;
}

#define RANGE                                                                                      \
    .arity = -4, .flags = CMD_READONLY, .categories = CAT_SORTEDSET,                               \
    .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = zset_range_zrange

const struct command zset_range_commands[] = {
    {"zrange", .imm = BY_OPTION, RANGE},
    {"zrangebylex", .imm = BY_MEMBER, RANGE},
    {"zrangebyscore", .imm = BY_SCORE, RANGE},
    {"zrangestore", .arity = -5, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_SORTEDSET,
     .imm = BY_OPTION | STORE,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = KEY_BEGIN_INDEX, .index = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = KEY_BEGIN_INDEX, .index = 2, .step = 1}},
     .run = zset_range_zrange},
    {"zrevrange", .imm = BY_RANK | REVERSE, RANGE},
    {"zrevrangebylex", .imm = BY_MEMBER | REVERSE, RANGE},
    {"zrevrangebyscore", .imm = BY_SCORE | REVERSE, RANGE},
    {0},
};
