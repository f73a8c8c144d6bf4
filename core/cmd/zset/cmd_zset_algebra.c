/*
 * cmd_zset_algebra.c — ZUNION, ZINTER, ZDIFF, their STORE forms, ZINTERCARD.
 *
 * All are one command: the sources are combined into items, these are sorted, and then shown,
 * counted or stored.
 */
#include "core/base/mem.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/zset/zset_combine.h"

#include <stdlib.h>

enum { UNION, INTERSECTION, DIFFERENCE, OP_MASK = 3, STORE = 4, COUNT = 8 }; /* imm */

struct call {
    struct zset_source *sources;
    uint32_t n;  /* sources */
    uint32_t at; /* the argument that says how many */
    enum zset_aggregate how;
    bool scores;
    int64_t limit; /* 0: none */
};

static unsigned op_of(const struct exec *x)
{
    return x->cmd->imm & OP_MASK;
}

/* Reads the number of keys; false: the error is written. */
static bool zset_algebra_parse_count(struct exec *x, const struct args *a, struct call *c)
{
    int64_t n;
    const int rc = args_int64(a, c->at, &n);
    if (rc != LK_OK) {
        reply_status(x, rc);
        return false;
    }
    if (n < 1) {
        reply_error(x->reply, "ERR at least 1 input key is needed for '%s' command", x->cmd->name);
        return false;
    }
    if (n > a->n - c->at - 1) {
        reply_syntax(x);
        return false;
    }
    c->n = (uint32_t)n;
    return true;
}

static int open_sources(struct exec *x, const struct args *a, struct call *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        const int rc = zset_source_open(x, a->v[c->at + 1 + i], &c->sources[i]);
        c->sources[i].at = i;
        if (rc != LK_OK)
            return rc;
    }
    return LK_OK;
}

static bool parse_aggregate(const struct args *a, uint32_t i, enum zset_aggregate *how)
{
    static const char *const words[] = {"sum", "min", "max"}; /* in order of the enum */
    for (unsigned w = 0; w < 3; w++) {
        if (args_is(a, i, words[w])) {
            *how = (enum zset_aggregate)w;
            return true;
        }
    }
    return false;
}

/* Reads the words behind the keys; false: the error is written. */
static bool zset_algebra_parse_options(struct exec *x, const struct args *a, struct call *c)
{
    const bool count = x->cmd->imm & COUNT, weighs = !count && op_of(x) != DIFFERENCE;
    for (uint32_t i = c->at + 1 + c->n; i < a->n; i++) {
        const uint32_t left = a->n - i - 1;
        if (weighs && left >= c->n && args_is(a, i, "weights")) {
            for (uint32_t k = 0; k < c->n; k++) {
                if (args_double(a, ++i, &c->sources[k].weight) != LK_OK) {
                    reply_error(x->reply, "ERR weight value is not a float");
                    return false;
                }
            }
        } else if (weighs && left >= 1 && args_is(a, i, "aggregate") &&
                   parse_aggregate(a, i + 1, &c->how)) {
            i++;
        } else if (!count && !(x->cmd->imm & STORE) && args_is(a, i, "withscores")) {
            c->scores = true;
        } else if (count && left >= 1 && args_is(a, i, "limit")) {
            if (args_int64(a, ++i, &c->limit) != LK_OK || c->limit < 0) {
                reply_error(x->reply, "ERR LIMIT can't be negative");
                return false;
            }
        } else {
            reply_syntax(x);
            return false;
        }
    }
    return true;
}

/* Rising lengths; equal ones in the order of their keys. */
static int compare_sources(const void *a, const void *b)
{
    const struct zset_source *x = a, *y = b;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

static void zset_algebra_combine(const struct exec *x, struct call *c, struct zset_items *out)
{
    if (op_of(x) != DIFFERENCE)
        qsort(c->sources, c->n, sizeof *c->sources, compare_sources);
    if (op_of(x) == UNION)
        zset_union(c->sources, c->n, c->how, out);
    else if (op_of(x) == INTERSECTION)
        zset_intersect(c->sources, c->n, c->how, c->limit ? (uint64_t)c->limit : UINT64_MAX, out);
    else
        zset_subtract(c->sources, c->n, out);
}

static void reply_items(struct reply *r, const struct zset_items *items, bool scores)
{
    const bool pairs = scores && r->version > 2;
    reply_array(r, scores && !pairs ? 2 * items->n : items->n);
    for (size_t i = 0; i < items->n; i++) {
        if (pairs)
            reply_array(r, 2);
        reply_bulk(r, items->v[i].member);
        if (scores)
            reply_double(r, items->v[i].score);
    }
}

/* Nothing to store leaves no set. */
static int zset_algebra_store(struct exec *x, struct bytes to, struct zset_items *items)
{
    static const char *const events[] = {
        [UNION] = "zunionstore", [INTERSECTION] = "zinterstore", [DIFFERENCE] = "zdiffstore"};
    struct value v;
    if (items->n == 0) {
        if (exec_delete(x, to, false))
            exec_event(x, EVENT_GENERIC, "del", to);
        return LK_OK;
    }
    int rc = zset_from_items(items->v, items->n, &exec_limits(x)->types, x->scratch, &v);
    if (rc == LK_OK)
        rc = exec_put(x, to, &v, 0);
    if (rc == LK_OK)
        exec_event(x, EVENT_ZSET, events[op_of(x)], to);
    return rc;
}

static enum outcome zset_algebra_run(struct exec *x, const struct args *a, struct call *c)
{
    struct zset_items items = {0};
    int rc = open_sources(x, a, c);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!zset_algebra_parse_options(x, a, c))
        return RUN_DONE;
    zset_algebra_combine(x, c, &items);
    if (x->cmd->imm & STORE)
        rc = zset_algebra_store(x, a->v[1], &items);
    else if (!(x->cmd->imm & COUNT))
        zset_sort(items.v, items.n);
    if (rc != LK_OK)
        reply_status(x, rc);
    else if (x->cmd->imm & (STORE | COUNT))
        reply_int(x->reply, (int64_t)items.n);
    else
        reply_items(x->reply, &items, c->scores);
    zset_items_release(&items);
    return RUN_DONE;
}

static enum outcome zset_algebra_command(struct exec *x, const struct args *a)
{
    struct call c = {.at = x->cmd->imm & STORE ? 2 : 1};
    if (!zset_algebra_parse_count(x, a, &c))
        return RUN_DONE;
    c.sources = mem_alloc(c.n * sizeof *c.sources);
    const enum outcome out = zset_algebra_run(x, a, &c);
    mem_free(c.sources, c.n * sizeof *c.sources);
    return out;
}

#define COUNTED_KEYS(at)                                                                           \
    {                                                                                              \
        .flags = KEY_RO | KEY_ACCESS, .begin = KEY_BEGIN_INDEX, .index = (at),                     \
        .find = KEY_FIND_KEYNUM, .keynum = 0, .first_key = 1, .keynum_step = 1                     \
    }
#define READ                                                                                       \
    .arity = -3, .flags = CMD_READONLY | CMD_MOVABLE_KEYS, .categories = CAT_SORTEDSET,            \
    .keys = {COUNTED_KEYS(1)}, .run = zset_algebra_command
#define WRITE                                                                                      \
    .arity = -4, .flags = CMD_WRITE | CMD_DENYOOM | CMD_MOVABLE_KEYS, .categories = CAT_SORTEDSET, \
    .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = KEY_BEGIN_INDEX, .index = 1, .step = 1},      \
             COUNTED_KEYS(2)},                                                                     \
    .run = zset_algebra_command

const struct command zset_algebra_commands[] = {
    {"zdiff", .imm = DIFFERENCE, READ},
    {"zdiffstore", .imm = DIFFERENCE | STORE, WRITE},
    {"zinter", .imm = INTERSECTION, READ},
    {"zintercard", .imm = INTERSECTION | COUNT, READ},
    {"zinterstore", .imm = INTERSECTION | STORE, WRITE},
    {"zunion", .imm = UNION, READ},
    {"zunionstore", .imm = UNION | STORE, WRITE},
    {0},
};
