/*
 * cmd_hash.c — HSET, HMSET, HSETNX, HDEL, HINCRBY, HINCRBYFLOAT: fields are written.
 *
 * A field whose deadline has passed does not exist here, but may still for whoever reads the log:
 * there it goes by a line of its own.  So a command that depends on whether the field exists is
 * then logged by its outcome: HSET for HSETNX and HINCRBY.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/types/hash.h"

#include <math.h>

/* Was the field there, but not for this command? */
static bool was_due(const struct exec *x, const struct hash_was *was)
{
    return was->kept && was->deadline_ms >= 0 && exec_passed(x, was->deadline_ms);
}

/* HMSET has imm and answers OK; HSET counts the fields that are new. */
static enum outcome hash_set_fields(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value_edit *e;
    uint32_t set = 0, created = 0;

    if (a->n % 2 != 0)
        return reply_arity(x);
    int rc = exec_open(x, key, TYPE_HASH, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const int failed = hash_set_pairs(e, a->v + 2, (a->n - 2) / 2, ENTRY_NO_DEADLINE,
                                      exec_passed_ms(x), &set, &created);
    rc = exec_close(x, e, set > 0);
    if (rc == LK_OK && set > 0) {
        exec_counts_as(x, set);
        exec_event(x, EVENT_HASH, "hset", key);
    }
    if (LK_UNLIKELY(rc == LK_OK && failed != LK_OK)) {
        if (set > 0)
            exec_effect(x, a->v, 2 + 2 * set); /* as far as memory went */
        rc = failed;
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (x->cmd->imm)
        reply_ok(x->reply);
    else
        reply_int(x->reply, created);
    return RUN_DONE;
}

static enum outcome delete_fields(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v = {.type = TYPE_NONE};
    struct value_edit *e;
    uint32_t gone = 0, due = 0;

    int rc = exec_find_silently(x, key, TYPE_HASH, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = exec_open(x, key, TYPE_HASH, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v)) {
        for (uint32_t i = 2; i < a->n; i++) {
            struct hash_was was;
            if (!hash_delete(e, a->v[i], &was))
                continue;
            if (was_due(x, &was))
                due++;
            else
                gone++;
        }
        if (due > 0)
            exec_elements_expired(x, key, due);
        if (gone > 0)
            exec_event(x, EVENT_HASH, "hdel", key);
        exec_close(x, e, gone + due > 0);
        if (gone > 0)
            exec_counts_as(x, gone);
    }
    reply_int(x->reply, gone);
    return RUN_DONE;
}

/* --- one field that depends on what it was ---------------------------------------------------- */

struct field {
    struct bytes key, name;
    struct value_edit *e;
    struct hash_value old; /* with exists */
    bool exists;           /* for this command */
    bool due;              /* after write_field: it was kept all the same */
};

static int open_field(struct exec *x, const struct args *a, struct field *f)
{
    f->key = a->v[1];
    f->name = a->v[2];
    const int rc = exec_open(x, f->key, TYPE_HASH, &f->e);
    if (rc == LK_OK)
        f->exists = hash_get(&f->e->value, f->name, exec_passed_ms(x), &f->old);
    return rc;
}

/* Keeps the deadline of a field that exists. */
static int hash_write_field(struct exec *x, struct field *f, struct bytes value)
{
    struct hash_was was = {false, ENTRY_NO_DEADLINE};
    const int64_t deadline_ms = f->exists ? HASH_KEEP_DEADLINE : ENTRY_NO_DEADLINE;
    const int rc = hash_set(f->e, f->name, value, deadline_ms, &was);
    const int closed = rc == LK_OK ? exec_close_filled(x, f->e, true) : exec_close(x, f->e, false);
    f->due = was_due(x, &was);
    if (rc != LK_OK || closed != LK_OK)
        return rc != LK_OK ? rc : closed;
    if (LK_UNLIKELY(f->due))
        exec_elements_expired(x, f->key, 1);
    return LK_OK;
}

static void log_as_set(struct exec *x, const struct field *f, struct bytes value)
{
    exec_effect_format(x, "sbbb", "HSET", f->key, f->name, value);
}

static enum outcome hash_set_if_missing(struct exec *x, const struct args *a)
{
    struct field f;
    int rc = open_field(x, a, &f);
    if (rc == LK_OK)
        rc = f.exists ? exec_close(x, f.e, false) : hash_write_field(x, &f, a->v[3]);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!f.exists) {
        if (LK_UNLIKELY(f.due))
            log_as_set(x, &f, a->v[3]);
        exec_event(x, EVENT_HASH, "hset", f.key);
    }
    reply_int(x->reply, !f.exists);
    return RUN_DONE;
}

static enum outcome hash_increment(struct exec *x, const struct args *a)
{
    struct field f;
    char digits[INT64_CHARS];
    int64_t step = 0, sum = 0;

    int rc = args_int64(a, 3, &step);
    if (rc == LK_OK)
        rc = open_field(x, a, &f);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (f.exists && !bytes_to_int64(f.old.bytes, &sum))
        rc = LK_EHASHINT;
    else if (__builtin_add_overflow(sum, step, &sum))
        rc = LK_EOVERFLOW;
    if (rc != LK_OK) {
        exec_close(x, f.e, false);
        return reply_status(x, rc);
    }
    const struct bytes value = bytes_of(digits, int64_to_chars(sum, digits));
    rc = hash_write_field(x, &f, value);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (LK_UNLIKELY(f.due))
        log_as_set(x, &f, value);
    exec_event(x, EVENT_HASH, "hincrby", f.key);
    reply_int(x->reply, sum);
    return RUN_DONE;
}

/* Logged as what came out, so that no replica adds differently; HSET alone would end a deadline. */
static enum outcome increment_float(struct exec *x, const struct args *a)
{
    struct field f;
    char digits[LONG_DOUBLE_CHARS];
    long double step = 0, sum = 0;

    int rc = bytes_to_long_double(a->v[3], &step) ? LK_OK : LK_ENOTFLOAT;
    if (rc == LK_OK && !isfinite(step))
        rc = LK_ENOTFIN;
    if (rc == LK_OK)
        rc = open_field(x, a, &f);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (f.exists && !bytes_to_long_double(f.old.bytes, &sum))
        rc = LK_EHASHFLT;
    else if (!isfinite(sum + step))
        rc = LK_ENANINF;
    if (rc != LK_OK) {
        exec_close(x, f.e, false);
        return reply_status(x, rc);
    }
    const struct bytes value = bytes_of(digits, long_double_to_chars(sum + step, digits));
    rc = hash_write_field(x, &f, value);
    if (rc != LK_OK)
        return reply_status(x, rc);
    log_as_set(x, &f, value);
    if (f.exists && f.old.deadline_ms != ENTRY_NO_DEADLINE)
        exec_effect_format(x, "sbisib", "HPEXPIREAT", f.key, f.old.deadline_ms, "FIELDS",
                           (int64_t)1, f.name);
    exec_event(x, EVENT_HASH, "hincrbyfloat", f.key);
    reply_bulk(x->reply, value);
    return RUN_DONE;
}

#define SETS    .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_HASH
#define UPDATES SETS, .keys = KEY_AT(1, KEY_RW | KEY_UPDATE)

const struct command hash_commands[] = {
    {"hdel", .arity = -3, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_HASH,
     .keys = KEY_AT(1, KEY_RW | KEY_DELETE), .run = delete_fields},
    {"hincrby", .arity = 4, .run = hash_increment, SETS,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    {"hincrbyfloat", .arity = 4, .run = increment_float, SETS,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    {"hmset", .arity = -4, .imm = 1, .run = hash_set_fields, UPDATES},
    {"hset", .arity = -4, .run = hash_set_fields, UPDATES},
    {"hsetnx", .arity = 4, .run = hash_set_if_missing, SETS,
     .keys = KEY_AT(1, KEY_RW | KEY_INSERT)},
    {0},
};
