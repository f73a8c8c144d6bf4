/*
 * cmd_set.c — SADD, SREM, SMOVE, SCARD, SISMEMBER, SMISMEMBER, SMEMBERS, SSCAN: one set and its
 * members.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/reply_set.h"
#include "core/cmd/engine/scan_options.h"
#include "core/types/set_walk.h"

/* Memory has run out behind the first members: these alone are logged. */
static LK_COLD enum outcome added_some(struct exec *x, const struct args *a, uint32_t end, int rc)
{
    exec_effect(x, a->v, end);
    return reply_status(x, rc);
}

static enum outcome set_add_command(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value_edit *e;
    uint32_t end = 2;
    int64_t n = 0;

    int rc = exec_open(x, key, TYPE_SET, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    rc = set_expect(e, a->v[2], a->n - 2);
    for (; rc == LK_OK && end < a->n; end++) {
        bool added;
        rc = set_add(e, a->v[end], &added);
        n += added;
    }
    const int closed = exec_close(x, e, n > 0);
    if (n > 0 && closed == LK_OK) {
        exec_counts_as(x, (uint64_t)n);
        exec_event(x, EVENT_SET, "sadd", key);
    }
    if (LK_UNLIKELY(rc != LK_OK && n > 0 && closed == LK_OK))
        return added_some(x, a, end - 1, rc);
    if (LK_UNLIKELY(rc != LK_OK || closed != LK_OK))
        return reply_status(x, rc != LK_OK ? rc : closed);
    reply_int(x->reply, n);
    return RUN_DONE;
}

static enum outcome remove_members(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v;
    struct value_edit *e;
    int64_t n = 0;

    int rc = exec_find_silently(x, key, TYPE_SET, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = exec_open(x, key, TYPE_SET, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v)) {
        for (uint32_t i = 2; i < a->n; i++)
            n += set_remove(e, a->v[i]);
        if (n > 0)
            exec_event(x, EVENT_SET, "srem", key);
        rc = exec_close(x, e, n > 0);
        if (rc != LK_OK)
            return reply_status(x, rc);
        if (n > 0)
            exec_counts_as(x, (uint64_t)n);
    }
    reply_int(x->reply, n);
    return RUN_DONE;
}

/* --- from one set to another ----------------------------------------------------------------- */

static int put_member(struct exec *x, struct bytes key, struct bytes member)
{
    struct value_edit *e;
    bool added = false;
    int rc = exec_open(x, key, TYPE_SET, &e);
    if (rc != LK_OK)
        return rc;
    rc = set_expect(e, member, 1);
    if (rc == LK_OK)
        rc = set_add(e, member, &added);
    const int closed = exec_close(x, e, added);
    if (rc == LK_OK)
        rc = closed;
    if (rc == LK_OK && added)
        exec_event(x, EVENT_SET, "sadd", key);
    return rc;
}

/* The member is in the set from, and to is another key. */
static int move_member(struct exec *x, struct bytes from, struct bytes to, struct bytes member)
{
    struct value_edit *e;
    int rc = exec_open(x, from, TYPE_SET, &e);
    if (rc != LK_OK)
        return rc;
    set_remove(e, member);
    exec_event(x, EVENT_SET, "srem", from);
    rc = exec_close(x, e, true);
    if (rc == LK_OK)
        rc = put_member(x, to, member);
    if (rc != LK_OK)
        exec_effect_format(x, "sbb", "SREM", from, member);
    return rc;
}

static enum outcome set_move(struct exec *x, const struct args *a)
{
    const struct bytes from = a->v[1], to = a->v[2], member = a->v[3];
    struct value source, target;

    int rc = exec_find_silently(x, from, TYPE_SET, &source);
    if (rc == LK_OK && value_exists(&source))
        rc = exec_find_silently(x, to, TYPE_SET, &target);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const bool there = value_exists(&source) && set_has(&source, member);
    if (there && !bytes_equal(from, to))
        rc = move_member(x, from, to, member);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, there);
    return RUN_DONE;
}

/* --- asking ---------------------------------------------------------------------------------- */

static enum outcome set_count_command(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_SET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, value_exists(&v) ? (int64_t)set_count(&v) : 0);
    return RUN_DONE;
}

static enum outcome is_member(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_SET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, value_exists(&v) && set_has(&v, a->v[2]));
    return RUN_DONE;
}

static enum outcome are_members(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_SET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_array(x->reply, a->n - 2);
    for (uint32_t i = 2; i < a->n; i += SET_RUN) {
        bool has[SET_RUN] = {false};
        const uint32_t left = a->n - i, n = left < SET_RUN ? left : (uint32_t)SET_RUN;
        if (value_exists(&v))
            set_has_many(&v, a->v + i, n, has);
        for (uint32_t j = 0; j < n; j++)
            reply_int(x->reply, has[j]);
    }
    return RUN_DONE;
}

static enum outcome set_members(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_SET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_set(x->reply, value_exists(&v) ? set_count(&v) : 0);
    if (value_exists(&v))
        reply_members(x->reply, &v);
    return RUN_DONE;
}

/* --- scanning -------------------------------------------------------------------------------- */

struct filter {
    struct scan_options options;
    struct buf *out;
    uint64_t n;
};

static void cmd_set_visit(void *ctx, const struct set_member *m)
{
    struct filter *f = ctx;
    char digits[INT64_CHARS];
    const struct bytes text = set_member_text(m, digits);
    if (!f->options.all && !bytes_match_glob(f->options.pattern, text, false))
        return;
    reply_buf_bulk(f->out, text);
    f->n++;
}

/* The next cursor comes first, so the members wait in scratch. */
static enum outcome set_scan_command(struct exec *x, const struct args *a)
{
    struct filter f = {.out = x->scratch};
    struct value v;
    uint64_t cursor, next = 0;

    int rc = scan_cursor(a->v[2], &cursor);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_SET, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = scan_parse(a, 3, SCAN_OF_MEMBERS, &f.options);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v))
        next = set_scan(&v, cursor, f.options.count, cmd_set_visit, &f);
    reply_array(x->reply, 2);
    reply_bulk_int(x->reply, (int64_t)next);
    reply_array(x->reply, f.n);
    reply_raw(x->reply, buf_bytes(x->scratch));
    return RUN_DONE;
}

const struct command set_commands[] = {
    {"sadd", .arity = -3, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RW | KEY_INSERT), .run = set_add_command},
    {"scard", .arity = 2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RO), .run = set_count_command},
    {"sismember", .arity = 3, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RO), .run = is_member},
    {"smembers", .arity = 2, .flags = CMD_READONLY, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = set_members},
    {"smismember", .arity = -3, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = are_members},
    {"smove", .arity = 4, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_SET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE,
               .begin = KEY_BEGIN_INDEX,
               .index = 1,
               .step = 1},
              {.flags = KEY_RW | KEY_INSERT, .begin = KEY_BEGIN_INDEX, .index = 2, .step = 1}},
     .run = set_move},
    {"srem", .arity = -3, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RW | KEY_DELETE), .run = remove_members},
    {"sscan", .arity = -3, .flags = CMD_READONLY, .categories = CAT_SET,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = set_scan_command},
    {0},
};
