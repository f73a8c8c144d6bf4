/*
 * cmd_set_algebra.c — SINTER, SUNION, SDIFF, their STORE forms, SINTERCARD.
 *
 *   SINTER   a walk over the smallest set, the others being sieves
 *   SDIFF    a walk over the first set, the others being sieves; or, where that asks more often
 *            than there are members, what the others have is struck out of what was gathered
 *   SUNION   members are gathered, each once
 *
 * Order  of members: none that anybody may rely on
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/reply_set.h"
#include "core/types/set_gather.h"

#include <stdlib.h>

enum operation { INTERSECT, UNITE, SUBTRACT };

enum { FEW_SOURCES = 16 };

/* The sets that a command reads, in the order of its keys; a missing one is of TYPE_NONE. */
struct sources {
    struct value *v;
    uint32_t count;
    uint32_t missing;
    struct value few[FEW_SOURCES];
};

/* Where the members of the result go: into the reply, into a number, or into a new set. */
struct result {
    struct reply *reply;       /* or NULL */
    struct set_gather *gather; /* or NULL */
    uint64_t count;
    uint64_t limit; /* of count; 0: none */
};

static void sources_release(struct sources *s)
{
    if (s->v != s->few)
        mem_free(s->v, s->count * sizeof *s->v);
}

/* Every key is looked at, since each may be of a wrong type. */
static int sources_find(struct exec *x, const struct args *a, uint32_t first, uint32_t count,
                        struct sources *s)
{
    s->count = count;
    s->missing = 0;
    s->v = count <= FEW_SOURCES ? s->few : mem_alloc(count * sizeof *s->v);
    for (uint32_t i = 0; i < count; i++) {
        const int rc = exec_find(x, a->v[first + i], TYPE_SET, &s->v[i]);
        if (rc != LK_OK) {
            sources_release(s);
            return rc;
        }
        s->missing += !value_exists(&s->v[i]);
    }
    return LK_OK;
}

static int by_count(const void *a, const void *b)
{
    const uint64_t x = set_count(a), y = set_count(b);
    return (x > y) - (x < y);
}

static int by_count_falling(const void *a, const void *b)
{
    return by_count(b, a);
}

static void sources_drop_missing(struct value *v, uint32_t *count)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < *count; i++)
        if (value_exists(&v[i]))
            v[n++] = v[i];
    *count = n;
}

/* Takes a run of members of the result; false when there are enough. */
static bool result_take(struct result *r, const struct set_run *run)
{
    r->count += run->count;
    if (r->limit && r->count >= r->limit) {
        r->count = r->limit;
        return false;
    }
    if (r->gather)
        set_gather_append(r->gather, run);
    else if (r->reply)
        reply_run(r->reply, run);
    return true;
}

/* Members of v that the sieves have, or have not. */
static void walk_sifted(const struct value *v, const struct value *sieves, uint32_t count,
                        bool present, struct result *r)
{
    struct set_walk w;
    struct set_run run;
    set_walk_begin(&w, v);
    while (set_walk_next(&w, &run)) {
        for (uint32_t i = 0; i < count && run.count > 0; i++)
            set_run_sift(&run, &sieves[i], present);
        if (!result_take(r, &run))
            return;
    }
}

/* The smallest set first, so that the first sieves leave little for the others. */
static void set_algebra_intersect(struct sources *s, struct result *r)
{
    if (s->missing > 0)
        return;
    qsort(s->v, s->count, sizeof *s->v, by_count);
    walk_sifted(&s->v[0], s->v + 1, s->count - 1, true, r);
}

static void gather_all(struct set_gather *g, const struct value *v,
                       void (*take)(struct set_gather *, const struct set_run *))
{
    struct set_walk w;
    struct set_run run;
    set_walk_begin(&w, v);
    while (set_walk_next(&w, &run))
        take(g, &run);
}

static void result_take_gathered(struct result *r, const struct set_gather *g)
{
    r->count = set_gather_count(g);
    if (r->reply)
        set_gather_each(g, reply_visited, r->reply);
}

static void set_algebra_unite(struct sources *s, struct result *r, struct set_gather *g)
{
    sources_drop_missing(s->v, &s->count);
    if (s->count == 1) {
        walk_sifted(&s->v[0], NULL, 0, true, r);
        return;
    }
    for (uint32_t i = 0; i < s->count; i++)
        gather_all(g, &s->v[i], set_gather_join);
    result_take_gathered(r, g);
}

/*
 * A sieve is asked once for each member of the first set that is left; striking out costs a search
 * for each member of each set, and the first set must be gathered.
 */
static bool sifting_pays(const struct value *first, const struct value *others, uint32_t count)
{
    uint64_t struck = set_count(first);
    for (uint32_t i = 0; i < count; i++)
        struck += set_count(&others[i]);
    return set_count(first) * count / 2 <= struck;
}

static void set_algebra_subtract(struct sources *s, struct result *r, struct set_gather *g)
{
    struct value *others = s->v + 1;
    uint32_t count = s->count - 1;
    if (!value_exists(&s->v[0]))
        return;
    sources_drop_missing(others, &count);
    if (sifting_pays(&s->v[0], others, count)) {
        /* The largest one is the likeliest to have what is asked for. */
        qsort(others, count, sizeof *others, by_count_falling);
        walk_sifted(&s->v[0], others, count, false, r);
        return;
    }
    gather_all(g, &s->v[0], set_gather_join);
    for (uint32_t i = 0; i < count; i++)
        gather_all(g, &others[i], set_gather_strike);
    result_take_gathered(r, g);
}

static void set_algebra_combine(enum operation operation, struct sources *s, struct result *r,
                                struct set_gather *g)
{
    if (operation == INTERSECT)
        set_algebra_intersect(s, r);
    else if (operation == UNITE)
        set_algebra_unite(s, r, g);
    else
        set_algebra_subtract(s, r, g);
}

/* --- the commands ---------------------------------------------------------------------------- */

/* imm is the operation. */
static enum outcome reply_combined(struct exec *x, const struct args *a)
{
    struct sources s;
    struct set_gather g;
    struct result r = {.reply = x->reply};
    const int rc = sources_find(x, a, 1, a->n - 1, &s);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const uint32_t count = s.count;
    set_gather_init(&g);
    const size_t header = reply_begin_deferred(x->reply);
    set_algebra_combine((enum operation)x->cmd->imm, &s, &r, &g);
    reply_end_deferred(x->reply, header, REPLY_SET, r.count);
    set_gather_release(&g);
    s.count = count;
    sources_release(&s);
    return RUN_DONE;
}

static int set_algebra_store(struct exec *x, struct bytes key, const struct set_gather *g)
{
    struct value v;
    if (set_gather_count(g) == 0) {
        if (exec_delete(x, key, false))
            exec_event(x, EVENT_GENERIC, "del", key);
        return LK_OK;
    }
    int rc = set_gather_value(g, &exec_limits(x)->types, x->scratch, &v);
    if (rc == LK_OK)
        rc = exec_put(x, key, &v, 0);
    if (rc == LK_OK)
        exec_event(x, EVENT_SET, x->cmd->name, key);
    return rc;
}

static enum outcome store_combined(struct exec *x, const struct args *a)
{
    struct sources s;
    struct set_gather g;
    struct result r = {.gather = &g};
    int rc = sources_find(x, a, 2, a->n - 2, &s);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const uint32_t count = s.count;
    set_gather_init(&g);
    set_algebra_combine((enum operation)x->cmd->imm, &s, &r, &g);
    s.count = count;
    sources_release(&s);
    rc = set_algebra_store(x, a->v[1], &g);
    set_gather_release(&g);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, (int64_t)r.count);
    return RUN_DONE;
}

/* Reads the number of keys; false when the error is written. */
static bool set_algebra_parse_count(struct exec *x, const struct args *a, uint32_t *count)
{
    int64_t n;
    if (args_int64(a, 1, &n) != LK_OK || n <= 0) {
        reply_error(x->reply, "ERR numkeys should be greater than 0");
        return false;
    }
    if (n > (int64_t)a->n - 2) {
        reply_error(x->reply, "ERR Number of keys can't be greater than number of args");
        return false;
    }
    *count = (uint32_t)n;
    return true;
}

static bool set_algebra_parse_limit(struct exec *x, const struct args *a, uint32_t i,
                                    uint64_t *limit)
{
    for (; i < a->n; i += 2) {
        int64_t n;
        if (!args_is(a, i, "limit") || i + 1 == a->n) {
            reply_syntax(x);
            return false;
        }
        if (args_int64(a, i + 1, &n) != LK_OK || n < 0) {
            reply_error(x->reply, "ERR LIMIT can't be negative");
            return false;
        }
        *limit = (uint64_t)n;
    }
    return true;
}

static enum outcome count_common(struct exec *x, const struct args *a)
{
    struct sources s;
    struct result r = {0};
    uint32_t count;
    if (!set_algebra_parse_count(x, a, &count) ||
        !set_algebra_parse_limit(x, a, 2 + count, &r.limit))
        return RUN_DONE;
    const int rc = sources_find(x, a, 2, count, &s);
    if (rc != LK_OK)
        return reply_status(x, rc);
    set_algebra_intersect(&s, &r);
    sources_release(&s);
    reply_int(x->reply, (int64_t)r.count);
    return RUN_DONE;
}

#define OF_SETS                                                                                    \
    .arity = -2, .flags = CMD_READONLY, .categories = CAT_SET,                                     \
    .keys = KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS), .run = reply_combined
#define SOURCES                                                                                    \
    {                                                                                              \
        .flags = KEY_RO | KEY_ACCESS, .begin = KEY_BEGIN_INDEX, .index = 2, .last = -1, .step = 1  \
    }
#define STORING                                                                                    \
    .arity = -3, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_SET, .run = store_combined
#define TARGET(how)                                                                                \
    {                                                                                              \
        .flags = (how), .begin = KEY_BEGIN_INDEX, .index = 1, .step = 1                            \
    }

const struct command set_algebra_commands[] = {
    {"sdiff", .imm = SUBTRACT, OF_SETS},
    {"sdiffstore", .imm = SUBTRACT, STORING, .keys = {TARGET(KEY_OW | KEY_UPDATE), SOURCES}},
    {"sinter", .imm = INTERSECT, OF_SETS},
    {"sintercard", .arity = -3, .flags = CMD_READONLY | CMD_MOVABLE_KEYS, .categories = CAT_SET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS,
               .begin = KEY_BEGIN_INDEX,
               .index = 1,
               .find = KEY_FIND_KEYNUM,
               .first_key = 1,
               .keynum_step = 1}},
     .run = count_common},
    {"sinterstore", .imm = INTERSECT, STORING, .keys = {TARGET(KEY_OW | KEY_UPDATE), SOURCES}},
    {"sunion", .imm = UNITE, OF_SETS},
    {"sunionstore", .imm = UNITE, STORING, .keys = {TARGET(KEY_OW | KEY_UPDATE), SOURCES}},
    {0},
};
