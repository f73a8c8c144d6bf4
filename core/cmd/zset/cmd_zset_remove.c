/*
 * cmd_zset_remove.c — ZREM, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/zset/zset_ranges.h"

static enum outcome zset_remove_zrem(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value_edit *e;
    struct value v;
    int64_t gone = 0;
    int rc = exec_find_silently(x, key, TYPE_ZSET, &v);
    if (rc == LK_OK && value_exists(&v)) {
        rc = exec_open(x, key, TYPE_ZSET, &e);
        for (uint32_t i = 2; rc == LK_OK && i < a->n && zset_length(&e->value) > 0; i++)
            gone += zset_remove(e, a->v[i]);
        if (rc == LK_OK && gone > 0)
            exec_event(x, EVENT_ZSET, "zrem", key);
        if (rc == LK_OK)
            rc = exec_close(x, e, gone > 0);
        if (rc == LK_OK && gone > 0)
            exec_counts_as(x, (uint64_t)gone);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, gone);
    return RUN_DONE;
}

enum by { BY_RANK, BY_SCORE, BY_MEMBER };

struct spec {
    int64_t first, last;
    struct zset_range range;
};

static int zset_remove_parse(const struct args *a, enum by by, struct spec *s)
{
    if (by == BY_SCORE)
        return zset_parse_scores(a->v[2], a->v[3], &s->range);
    if (by == BY_MEMBER)
        return zset_parse_members(a->v[2], a->v[3], &s->range);
    const int rc = args_int64(a, 2, &s->first);
    return rc == LK_OK ? args_int64(a, 3, &s->last) : rc;
}

static int remove_range(struct exec *x, struct bytes key, uint64_t first, uint64_t n)
{
    static const char *const events[] = {
        [BY_RANK] = "zremrangebyrank",
        [BY_SCORE] = "zremrangebyscore",
        [BY_MEMBER] = "zremrangebylex",
    };
    struct value_edit *e;
    const int rc = exec_open(x, key, TYPE_ZSET, &e);
    if (rc != LK_OK)
        return rc;
    zset_remove_ranks(e, first, n);
    exec_event(x, EVENT_ZSET, events[x->cmd->imm], key);
    const int closed = exec_close(x, e, true);
    exec_counts_as(x, n);
    return closed;
}

static enum outcome zset_remove_zremrange(struct exec *x, const struct args *a)
{
    const enum by by = (enum by)x->cmd->imm;
    struct spec s;
    struct value v;
    uint64_t first = 0, n = 0;
    int rc = zset_remove_parse(a, by, &s);
    if (rc == LK_OK)
        rc = exec_find_silently(x, a->v[1], TYPE_ZSET, &v);
    if (rc == LK_OK && value_exists(&v)) {
        if (by == BY_RANK)
            zset_clamp_ranks(s.first, s.last, zset_length(&v), &first, &n);
        else
            zset_range_ranks(&v, &s.range, &first, &n);
        if (n > 0)
            rc = remove_range(x, a->v[1], first, n);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, (int64_t)n);
    return RUN_DONE;
}

#define REMOVE_RANGE                                                                               \
    .arity = 4, .flags = CMD_WRITE, .categories = CAT_SORTEDSET,                                   \
    .keys = KEY_AT(1, KEY_RW | KEY_DELETE), .run = zset_remove_zremrange

const struct command zset_remove_commands[] = {
    {"zrem", .arity = -3, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_SORTEDSET,
     .keys = KEY_AT(1, KEY_RW | KEY_DELETE), .run = zset_remove_zrem},
    {"zremrangebylex", .imm = BY_MEMBER, REMOVE_RANGE},
    {"zremrangebyrank", .imm = BY_RANK, REMOVE_RANGE},
    {"zremrangebyscore", .imm = BY_SCORE, REMOVE_RANGE},
    {0},
};
