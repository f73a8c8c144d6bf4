/*
 * cmd_zset_pop.c — ZPOPMIN, ZPOPMAX, ZMPOP, BZPOPMIN, BZPOPMAX, BZMPOP.
 *
 * The elements are replied first and then taken away.  Forms with several keys are logged as
 * ZPOPMIN or ZPOPMAX of the one that they found.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/zset/zset_ranges.h"

enum { FROM_TOP = 1, MAY_WAIT = 2 }; /* imm */

enum form {
    FORM_FLAT,      /* member, score, member, score …                       ZPOPMIN key */
    FORM_ELEMENTS,  /* the same, but pairs in RESP3                         ZPOPMIN key n */
    FORM_WITH_KEY,  /* key, member, score                                   BZPOPMIN */
    FORM_KEY_PAIRS, /* key, array of pairs                                  ZMPOP */
};

static void reply_elements(struct reply *r, enum form form, struct bytes key, struct zset_iter *it,
                           uint64_t n)
{
    switch (form) {
    case FORM_ELEMENTS:
        reply_zset(r, it, n, true);
        return;
    case FORM_KEY_PAIRS:
        reply_array(r, 2);
        reply_bulk(r, key);
        reply_zset_pairs(r, it, n);
        return;
    case FORM_WITH_KEY:
    case FORM_FLAT:
        reply_array(r, form == FORM_WITH_KEY ? 3 : 2);
        if (form == FORM_WITH_KEY)
            reply_bulk(r, key);
        reply_bulk(r, it->member);
        reply_double(r, it->score);
        return;
    }
}

/* Takes up to count elements from v, the value of key, which exists. */
static int zset_pop_one(struct exec *x, struct bytes key, const struct value *v, bool top,
                        uint64_t count, enum form form)
{
    const struct reply_place mark = reply_mark(x->reply);
    const uint64_t length = zset_length(v), n = count < length ? count : length;
    struct zset_iter it;
    struct value_edit *e;
    (void)zset_iter_at(&it, v, top ? length - 1 : 0, top);
    reply_elements(x->reply, form, key, &it, n);
    const int rc = exec_open(x, key, TYPE_ZSET, &e);
    if (rc != LK_OK) {
        reply_rewind(x->reply, mark);
        return rc;
    }
    zset_remove_ranks(e, top ? length - n : 0, n);
    exec_event(x, EVENT_ZSET, top ? "zpopmax" : "zpopmin", key);
    if (form == FORM_WITH_KEY)
        exec_effect_format(x, "sb", top ? "ZPOPMAX" : "ZPOPMIN", key);
    else if (form == FORM_KEY_PAIRS)
        exec_effect_format(x, "sbi", top ? "ZPOPMAX" : "ZPOPMIN", key, (int64_t)n);
    const int closed = exec_close(x, e, true);
    exec_counts_as(x, n);
    return closed;
}

static enum outcome zset_pop_zpop(struct exec *x, const struct args *a)
{
    const bool counted = a->n > 2;
    int64_t count = 1;
    struct value v;
    if (a->n > 3)
        return reply_syntax(x);
    int rc = counted ? args_int64(a, 2, &count) : LK_OK;
    if (rc != LK_OK || count < 0)
        return reply_status(x, LK_ENOTPOS);
    rc = exec_find_silently(x, a->v[1], TYPE_ZSET, &v);
    if (rc == LK_OK && value_exists(&v) && count > 0)
        rc = zset_pop_one(x, a->v[1], &v, x->cmd->imm & FROM_TOP, (uint64_t)count,
                          counted ? FORM_ELEMENTS : FORM_FLAT);
    else if (rc == LK_OK)
        reply_array(x->reply, 0);
    return rc == LK_OK ? RUN_DONE : reply_status(x, rc);
}

/*
 * Pops from the first of the keys that has something.  *found says whether there was one; if not,
 * nothing is replied.
 */
static int pop_first(struct exec *x, const struct bytes *keys, uint32_t n, bool top, uint64_t count,
                     enum form form, bool *found)
{
    *found = false;
    for (uint32_t i = 0; i < n; i++) {
        struct value v;
        if (!exec_may_take(x, keys[i]))
            continue;
        const int rc = exec_find_silently(x, keys[i], TYPE_ZSET, &v);
        if (rc != LK_OK)
            return rc;
        if (value_exists(&v)) {
            *found = true;
            return zset_pop_one(x, keys[i], &v, top, count, form);
        }
    }
    return LK_OK;
}

static enum outcome zset_pop_bzpop(struct exec *x, const struct args *a)
{
    struct wait_spec spec = {.first = 1, .count = a->n - 2, .type = TYPE_ZSET, .null_array = true};
    bool found;
    if (!exec_timeout(x, a, a->n - 1, &spec.deadline_ms))
        return RUN_DONE;
    const int rc = pop_first(x, &a->v[spec.first], spec.count, x->cmd->imm & FROM_TOP, 1,
                             FORM_WITH_KEY, &found);
    if (rc != LK_OK)
        return reply_status(x, rc);
    return found ? RUN_DONE : exec_wait(x, a, &spec);
}

/* numkeys key … MIN|MAX [COUNT count] from argument `at` on; false: the error is written. */
static bool parse_mpop(struct exec *x, const struct args *a, uint32_t at, uint32_t *keys, bool *top,
                       int64_t *count)
{
    int64_t n;
    if (args_int64(a, at, &n) != LK_OK || n < 1) {
        reply_error(x->reply, "ERR numkeys should be greater than 0");
        return false;
    }
    const uint32_t where = n < a->n - at ? at + 1 + (uint32_t)n : a->n;
    bool counted = false;
    *keys = (uint32_t)n;
    *top = args_is(a, where, "max");
    if (!*top && !args_is(a, where, "min")) {
        reply_syntax(x);
        return false;
    }
    for (uint32_t i = where + 1; i < a->n; i += 2) {
        if (counted || i + 1 == a->n || !args_is(a, i, "count")) {
            reply_syntax(x);
            return false;
        }
        if (args_int64(a, i + 1, count) != LK_OK || *count < 1) {
            reply_error(x->reply, "ERR count should be greater than 0");
            return false;
        }
        counted = true;
    }
    return true;
}

static enum outcome zset_pop_zmpop(struct exec *x, const struct args *a)
{
    const bool may_wait = x->cmd->imm & MAY_WAIT;
    const uint32_t at = may_wait ? 2 : 1; /* the number of keys */
    struct wait_spec spec = {.first = at + 1, .type = TYPE_ZSET, .null_array = true};
    int64_t count = 1;
    bool top, found;
    if (may_wait && !exec_timeout(x, a, 1, &spec.deadline_ms))
        return RUN_DONE;
    if (!parse_mpop(x, a, at, &spec.count, &top, &count))
        return RUN_DONE;
    const int rc =
        pop_first(x, &a->v[spec.first], spec.count, top, (uint64_t)count, FORM_KEY_PAIRS, &found);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (found)
        return RUN_DONE;
    if (may_wait)
        return exec_wait(x, a, &spec);
    reply_null_array(x->reply);
    return RUN_DONE;
}

#define POP_KEY (KEY_RW | KEY_ACCESS | KEY_DELETE)
#define BLOCKING_POP                                                                               \
    .arity = -3, .flags = CMD_WRITE | CMD_FAST | CMD_BLOCKING,                                     \
    .categories = CAT_SORTEDSET | CAT_BLOCKING, .keys = KEY_RANGE(1, -2, 1, POP_KEY),              \
    .run = zset_pop_bzpop
#define POP                                                                                        \
    .arity = -2, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_SORTEDSET,                       \
    .keys = KEY_AT(1, POP_KEY), .run = zset_pop_zpop
#define COUNTED_KEYS(at)                                                                           \
    {                                                                                              \
        {                                                                                          \
            .flags = POP_KEY, .begin = KEY_BEGIN_INDEX, .index = (at), .find = KEY_FIND_KEYNUM,    \
            .keynum = 0, .first_key = 1, .keynum_step = 1                                          \
        }                                                                                          \
    }

const struct command zset_pop_commands[] = {
    {"bzmpop", .arity = -5, .flags = CMD_WRITE | CMD_BLOCKING | CMD_MOVABLE_KEYS,
     .categories = CAT_SORTEDSET | CAT_BLOCKING, .imm = MAY_WAIT, .keys = COUNTED_KEYS(2),
     .run = zset_pop_zmpop},
    {"bzpopmax", .imm = FROM_TOP, BLOCKING_POP},
    {"bzpopmin", BLOCKING_POP},
    {"zmpop", .arity = -4, .flags = CMD_WRITE | CMD_MOVABLE_KEYS, .categories = CAT_SORTEDSET,
     .keys = COUNTED_KEYS(1), .run = zset_pop_zmpop},
    {"zpopmax", .imm = FROM_TOP, POP},
    {"zpopmin", POP},
    {0},
};
