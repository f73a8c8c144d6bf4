/*
 * cmd_hash_ttl.c — HEXPIRE, HTTL and their kin: when a field goes.
 *
 * The row's imm is the form of the number, as for keys.  However a deadline was spelled, HPEXPIREAT
 * is logged with the fields that got it; a time that has passed deletes the fields.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/deadline.h"
#include "core/cmd/hash/hash_fields.h"
#include "core/types/hash.h"

/* What is answered for a field. */
enum { NO_FIELD = -2, NO_DEADLINE = -1, NOT_MET = 0, DONE = 1, DELETED = 2 };

static enum outcome reply_no_fields(struct exec *x, uint32_t n)
{
    reply_array(x->reply, n);
    while (n-- > 0)
        reply_int(x->reply, NO_FIELD);
    return RUN_DONE;
}

struct expiring {
    int64_t now_ms, deadline_ms;
    bool passed;
    unsigned only; /* enum deadline_condition */
    struct field_args fields;
    struct changed_fields changed;
};

static unsigned condition_at(const struct args *a, uint32_t i)
{
    static const char *const words[] = {"nx", "xx", "gt", "lt"};
    for (unsigned w = 0; w < 4; w++)
        if (args_is(a, i, words[w]))
            return 1U << w;
    return 0;
}

/* Returns false when the error is written. */
static bool hash_ttl_parse(struct exec *x, const struct args *a, struct expiring *h)
{
    int64_t n = 0;
    int rc = args_int64(a, 2, &n);
    if (rc == LK_OK && n < 0) {
        reply_error(x->reply, "ERR invalid expire time, must be >= 0");
        return false;
    }
    if (rc == LK_OK)
        rc = fields_deadline(x, n, (unsigned)x->cmd->imm, &h->deadline_ms);
    if (rc != LK_OK) {
        reply_status(x, rc);
        return false;
    }
    h->now_ms = exec_passed_ms(x);
    h->passed = exec_is_past(x, h->deadline_ms);
    h->only = condition_at(a, 3);
    return fields_parse(x, a, h->only ? 4 : 3, 1, &h->fields);
}

/* Answers for one field; a negative status if there is no memory for it. */
static int expire_field(struct exec *x, struct value_edit *e, struct expiring *h, struct bytes name)
{
    struct hash_value old;
    struct hash_was was;
    if (!hash_get(&e->value, name, h->now_ms, &old)) {
        reply_int(x->reply, NO_FIELD);
        return LK_OK;
    }
    if (!deadline_may_be(h->deadline_ms, old.deadline_ms, h->only)) {
        reply_int(x->reply, NOT_MET);
        return LK_OK;
    }
    if (h->passed) {
        hash_delete(e, name, &was);
    } else {
        const int rc = hash_set_deadline(e, name, h->deadline_ms);
        if (rc != LK_OK)
            return rc;
    }
    changed_add(&h->changed, name);
    reply_int(x->reply, h->passed ? DELETED : DONE);
    return LK_OK;
}

static int expire_open(struct exec *x, const struct args *a, struct value_edit *e,
                       struct expiring *h)
{
    const struct bytes key = a->v[1];
    const struct reply_place mark = reply_mark(x->reply);
    int rc = LK_OK;
    changed_begin(x, &h->changed, h->fields.count);
    reply_array(x->reply, h->fields.count);
    for (uint32_t i = 0; i < h->fields.count && rc == LK_OK; i++)
        rc = expire_field(x, e, h, a->v[h->fields.first + i]);
    if (h->changed.n > 0)
        exec_event(x, EVENT_HASH, h->passed ? "hdel" : "hexpire", key);
    exec_close(x, e, h->changed.n > 0);
    if (h->changed.n > 0)
        exec_counts_as(x, h->changed.n);
    if (h->passed)
        changed_log_delete(x, &h->changed, key);
    else
        changed_log_deadline(x, &h->changed, key, h->deadline_ms);
    if (rc != LK_OK)
        reply_rewind(x->reply, mark);
    return rc;
}

static enum outcome hash_ttl_expire(struct exec *x, const struct args *a)
{
    struct value v = {.type = TYPE_NONE};
    struct value_edit *e;
    struct expiring h;

    int rc = exec_find_silently(x, a->v[1], TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!hash_ttl_parse(x, a, &h))
        return RUN_DONE;
    if (!value_exists(&v))
        return reply_no_fields(x, h.fields.count);
    rc = exec_open(x, a->v[1], TYPE_HASH, &e);
    if (rc == LK_OK)
        rc = expire_open(x, a, e, &h);
    return rc == LK_OK ? RUN_DONE : reply_status(x, rc);
}

static enum outcome hash_ttl_persist(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v = {.type = TYPE_NONE};
    struct value_edit *e;
    struct field_args fields;
    struct changed_fields changed;

    int rc = exec_find_silently(x, key, TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!fields_parse(x, a, 2, 1, &fields))
        return RUN_DONE;
    if (!value_exists(&v))
        return reply_no_fields(x, fields.count);
    rc = exec_open(x, key, TYPE_HASH, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const struct reply_place mark = reply_mark(x->reply);
    changed_begin(x, &changed, fields.count);
    reply_array(x->reply, fields.count);
    for (uint32_t i = 0; i < fields.count && rc == LK_OK; i++) {
        const struct bytes name = a->v[fields.first + i];
        struct hash_value old;
        if (!hash_get(&e->value, name, exec_passed_ms(x), &old)) {
            reply_int(x->reply, NO_FIELD);
        } else if (old.deadline_ms == ENTRY_NO_DEADLINE) {
            reply_int(x->reply, NO_DEADLINE);
        } else if ((rc = hash_set_deadline(e, name, ENTRY_NO_DEADLINE)) == LK_OK) {
            changed_add(&changed, name);
            reply_int(x->reply, DONE);
        }
    }
    exec_close(x, e, changed.n > 0);
    changed_log_persist(x, &changed, key);
    if (changed.n > 0)
        exec_event(x, EVENT_HASH, "hpersist", key);
    if (rc == LK_OK)
        return RUN_DONE;
    reply_rewind(x->reply, mark);
    return reply_status(x, rc);
}

/* --- how long a field has to live ------------------------------------------------------------- */

struct telling {
    struct exec *x;
    unsigned form;
};

/* A part of a second counts as a whole one: what has time left does not answer 0. */
static void hash_ttl_tell(void *ctx, const struct hash_value *value)
{
    const struct telling *t = ctx;
    struct reply *r = t->x->reply;
    if (!value) {
        reply_int(r, NO_FIELD);
        return;
    }
    if (value->deadline_ms == ENTRY_NO_DEADLINE) {
        reply_int(r, NO_DEADLINE);
        return;
    }
    int64_t ms = value->deadline_ms;
    if (!(t->form & DEADLINE_ABSOLUTE))
        ms = ms > t->x->now_ms ? ms - t->x->now_ms : 0;
    reply_int(r, t->form & DEADLINE_SECONDS ? (ms + 999) / 1000 : ms);
}

static enum outcome hash_ttl_lifetime(struct exec *x, const struct args *a)
{
    struct value v;
    struct field_args fields;
    struct telling t = {x, (unsigned)x->cmd->imm};

    const int rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!fields_parse(x, a, 2, 1, &fields))
        return RUN_DONE;
    if (!value_exists(&v))
        return reply_no_fields(x, fields.count);
    reply_array(x->reply, fields.count);
    hash_get_many(&v, a->v + fields.first, fields.count, exec_passed_ms(x), hash_ttl_tell, &t);
    return RUN_DONE;
}

#define EXPIRE                                                                                     \
    .arity = -6, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_HASH,              \
    .keys = KEY_AT(1, KEY_RW | KEY_UPDATE), .run = hash_ttl_expire
#define LIFETIME                                                                                   \
    .arity = -5, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_HASH,                         \
    .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = hash_ttl_lifetime

const struct command hash_ttl_commands[] = {
    {"hexpire", .imm = DEADLINE_SECONDS, EXPIRE},
    {"hexpireat", .imm = DEADLINE_SECONDS | DEADLINE_ABSOLUTE, EXPIRE},
    {"hexpiretime", .imm = DEADLINE_SECONDS | DEADLINE_ABSOLUTE, LIFETIME},
    {"hpersist", .arity = -5, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_HASH,
     .keys = KEY_AT(1, KEY_RW | KEY_UPDATE), .run = hash_ttl_persist},
    {"hpexpire", .imm = 0, EXPIRE},
    {"hpexpireat", .imm = DEADLINE_ABSOLUTE, EXPIRE},
    {"hpexpiretime", .imm = DEADLINE_ABSOLUTE, LIFETIME},
    {"hpttl", .imm = 0, LIFETIME},
    {"httl", .imm = DEADLINE_SECONDS, LIFETIME},
    {0},
};
