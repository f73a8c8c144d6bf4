/*
 * cmd_set_random.c — SPOP, SRANDMEMBER: members that chance names.
 *
 * What SPOP took is logged as SREM of these members, or as DEL where all were taken, so that who
 * reads the log draws no lots.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/reply_set.h"

/* Members that went, in scratch: each one's size and its text. */
struct gone {
    struct reply *reply;
    struct buf *texts; /* NULL when nobody reads the log */
};

static void set_random_note_gone(void *ctx, const struct set_member *m)
{
    struct gone *g = ctx;
    char digits[INT64_CHARS];
    const struct bytes text = set_member_text(m, digits);
    reply_bulk(g->reply, text);
    if (!g->texts)
        return;
    const uint32_t size = (uint32_t)text.size;
    buf_append(g->texts, &size, sizeof size);
    buf_append_bytes(g->texts, text);
}

enum { WORDS_A_LINE = 2 + 1024 };

static void set_random_log_gone(struct exec *x, struct bytes key, const struct buf *texts)
{
    struct bytes argv[WORDS_A_LINE] = {bytes_cstr("SREM"), key};
    size_t at = 0;
    exec_effect_none(x);
    while (at < texts->size) {
        uint32_t n = 2;
        for (; n < WORDS_A_LINE && at < texts->size; n++) {
            uint32_t size;
            memcpy(&size, texts->data + at, sizeof size);
            argv[n] = bytes_of(texts->data + at + sizeof size, size);
            at += sizeof size + size;
        }
        exec_effect(x, argv, n);
    }
}

/* n members, at least one and fewer than all unless it is one. */
static int set_random_pop(struct exec *x, struct bytes key, uint64_t n)
{
    struct gone g = {x->reply, exec_is_logged(x) ? x->scratch : NULL};
    struct value_edit *e;
    int rc = exec_open(x, key, TYPE_SET, &e);
    if (rc != LK_OK)
        return rc;
    set_take(e, n, exec_rng(x), set_random_note_gone, &g);
    exec_event(x, EVENT_SET, "spop", key);
    rc = exec_close(x, e, true);
    x->changes += n - 1;
    set_random_log_gone(x, key, x->scratch);
    return rc;
}

static void pop_all(struct exec *x, struct bytes key, const struct value *v)
{
    const uint64_t n = set_count(v);
    reply_members(x->reply, v);
    exec_event(x, EVENT_SET, "spop", key);
    exec_delete(x, key, false);
    exec_event(x, EVENT_GENERIC, "del", key);
    x->changes += n - 1;
    exec_effect_format(x, "sb", "DEL", key);
}

static enum outcome pop_one(struct exec *x, const struct args *a)
{
    struct value v;
    int rc = exec_find_silently(x, a->v[1], TYPE_SET, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = set_random_pop(x, a->v[1], 1);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!value_exists(&v))
        reply_null(x->reply);
    return RUN_DONE;
}

static enum outcome pop_many(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v;
    int64_t wanted;

    int rc = args_int64(a, 2, &wanted);
    if (rc != LK_OK || wanted < 0)
        return reply_status(x, LK_ENOTPOS);
    rc = exec_find_silently(x, key, TYPE_SET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const uint64_t there = value_exists(&v) ? set_count(&v) : 0;
    const uint64_t n = (uint64_t)wanted < there ? (uint64_t)wanted : there;
    const struct reply_place mark = reply_mark(x->reply);
    reply_set(x->reply, n);
    if (n > 0 && n == there)
        pop_all(x, key, &v);
    else if (n > 0)
        rc = set_random_pop(x, key, n);
    if (rc == LK_OK)
        return RUN_DONE;
    reply_rewind(x->reply, mark);
    return reply_status(x, rc);
}

static enum outcome set_random_spop(struct exec *x, const struct args *a)
{
    if (a->n == 2)
        return pop_one(x, a);
    return a->n == 3 ? pop_many(x, a) : reply_syntax(x);
}

/* --- without taking -------------------------------------------------------------------------- */

static enum outcome show_one(struct exec *x, const struct args *a)
{
    struct value v;
    struct set_member m;
    const int rc = exec_find(x, a->v[1], TYPE_SET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!value_exists(&v)) {
        reply_null(x->reply);
        return RUN_DONE;
    }
    set_random(&v, exec_rng(x), &m);
    reply_member(x->reply, &m);
    return RUN_DONE;
}

/* More members that may repeat than any client can count would only end in want of memory. */
#define REPEATED_MAX ((int64_t)UINT32_MAX)

enum { DRAW_AT_ONCE = 4096 }; /* between two looks at the output limit */

static enum outcome show_many(struct exec *x, const struct args *a)
{
    struct value v;
    int64_t wanted;

    int rc = args_int64(a, 2, &wanted);
    if (rc == LK_OK && wanted < -REPEATED_MAX) {
        const int64_t least = wanted == INT64_MIN ? -INT64_MAX : -REPEATED_MAX;
        return reply_not_between(x, least, INT64_MAX);
    }
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_SET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const uint64_t there = value_exists(&v) ? set_count(&v) : 0;
    if (there == 0 || wanted == 0) {
        reply_array(x->reply, 0);
    } else if (wanted > 0) {
        const uint64_t n = (uint64_t)wanted < there ? (uint64_t)wanted : there;
        reply_array(x->reply, n);
        set_sample(&v, n, exec_rng(x), reply_visited, x->reply);
    } else {
        reply_array(x->reply, (uint64_t)-wanted);
        for (uint64_t left = (uint64_t)-wanted; left > 0 && !exec_reply_is_over(x);) {
            const uint64_t some = left < DRAW_AT_ONCE ? left : DRAW_AT_ONCE;
            set_draw(&v, some, exec_rng(x), reply_visited, x->reply);
            left -= some;
        }
    }
    return RUN_DONE;
}

static enum outcome set_random_srandmember(struct exec *x, const struct args *a)
{
    if (a->n == 2)
        return show_one(x, a);
    return a->n == 3 ? show_many(x, a) : reply_syntax(x);
}

const struct command set_random_commands[] = {
    {"spop", .arity = -2, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_DELETE), .run = set_random_spop},
    {"srandmember", .arity = -2, .flags = CMD_READONLY, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = set_random_srandmember},
    {0},
};
