/*
 * cmd_hash_ex.c — HGETDEL, HGETEX, HSETEX: fields are read or set, and their lifetime changed.
 *
 * Logged by what came out, in words that servers without these commands know: HSET, HDEL, HPERSIST,
 * HPEXPIREAT.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/deadline.h"
#include "core/cmd/hash/hash_fields.h"
#include "core/types/hash.h"

enum {
    LIFE_DEADLINE = 1 << 0, /* EX, PX, EXAT, PXAT */
    LIFE_PERSIST = 1 << 1,
    LIFE_KEEP = 1 << 2,
    LIFE_ANY = LIFE_DEADLINE | LIFE_PERSIST | LIFE_KEEP,
    FIELDS_NEW = 1 << 3, /* FNX: only if none of the fields exists */
    FIELDS_OLD = 1 << 4, /* FXX: only if all of them do */

    OF_HGETEX = LIFE_DEADLINE | LIFE_PERSIST,
    OF_HSETEX = LIFE_DEADLINE | LIFE_KEEP | FIELDS_NEW | FIELDS_OLD,
};

static const struct option {
    const char *word;
    unsigned bit, form;
} options[] = {
    {"ex", LIFE_DEADLINE, DEADLINE_SECONDS},
    {"px", LIFE_DEADLINE, 0},
    {"exat", LIFE_DEADLINE, DEADLINE_SECONDS | DEADLINE_ABSOLUTE},
    {"pxat", LIFE_DEADLINE, DEADLINE_ABSOLUTE},
    {"persist", LIFE_PERSIST, 0},
    {"keepttl", LIFE_KEEP, 0},
    {"fnx", FIELDS_NEW, 0},
    {"fxx", FIELDS_OLD, 0},
};

struct call {
    unsigned given; /* of the words above */
    int64_t deadline_ms;
    bool passed; /* the deadline that is given */
    int64_t now_ms;
    struct field_args fields;
};

static const struct option *option_at(const struct args *a, uint32_t i, unsigned allowed)
{
    for (size_t o = 0; o < sizeof options / sizeof options[0]; o++)
        if ((options[o].bit & allowed) && args_is(a, i, options[o].word))
            return &options[o];
    return NULL;
}

/* Returns false when the error is written. */
static bool note_option(struct exec *x, struct call *c, const struct option *o, unsigned allowed)
{
    const unsigned together = o->bit & LIFE_ANY ? LIFE_ANY : FIELDS_NEW | FIELDS_OLD;
    if (c->given & together) {
        reply_error(x->reply, "ERR Only one of %s arguments can be specified",
                    together != LIFE_ANY     ? "FXX or FNX"
                    : allowed & LIFE_PERSIST ? "EX, PX, EXAT, PXAT or PERSIST"
                                             : "EX, PX, EXAT, PXAT or KEEPTTL");
        return false;
    }
    c->given |= o->bit;
    return true;
}

static int parse_deadline(struct exec *x, const struct args *a, uint32_t i, unsigned form,
                          struct call *c)
{
    int64_t n = 0;
    int rc = i < a->n ? args_int64(a, i, &n) : LK_ESYNTAX;
    if (rc == LK_OK && n <= 0)
        rc = LK_EEXPIRE;
    if (rc == LK_OK)
        rc = fields_deadline(x, n, form, &c->deadline_ms);
    c->passed = rc == LK_OK && exec_is_past(x, c->deadline_ms);
    return rc;
}

/* Options in any order, then FIELDS.  Returns false when the error is written. */
static bool hash_ex_parse(struct exec *x, const struct args *a, unsigned allowed, uint32_t each,
                          struct call *c)
{
    const struct option *o;
    uint32_t i = 2;
    *c = (struct call){.deadline_ms = ENTRY_NO_DEADLINE, .now_ms = exec_passed_ms(x)};
    for (; (o = option_at(a, i, allowed)) != NULL; i++) {
        if (!note_option(x, c, o, allowed))
            return false;
        const int rc = o->bit == LIFE_DEADLINE ? parse_deadline(x, a, ++i, o->form, c) : LK_OK;
        if (rc != LK_OK) {
            reply_status(x, rc);
            return false;
        }
    }
    return fields_parse(x, a, i, each, &c->fields);
}

static enum outcome reply_nulls(struct exec *x, uint32_t n)
{
    reply_array(x->reply, n);
    while (n-- > 0)
        reply_null(x->reply);
    return RUN_DONE;
}

/* --- reading, and what becomes of what was read ----------------------------------------------- */

/* What happens to each field; the names of those that changed are collected. */
static int change_read(struct value_edit *e, const struct call *c, struct bytes name,
                       int64_t old_ms, struct changed_fields *changed)
{
    struct hash_was was;
    int rc = LK_OK;
    if (c->passed)
        hash_delete(e, name, &was);
    else if (c->given & LIFE_DEADLINE)
        rc = hash_set_deadline(e, name, c->deadline_ms);
    else if ((c->given & LIFE_PERSIST) && old_ms != ENTRY_NO_DEADLINE)
        rc = hash_set_deadline(e, name, ENTRY_NO_DEADLINE);
    else
        return LK_OK;
    if (rc == LK_OK)
        changed_add(changed, name);
    return rc;
}

static void close_read(struct exec *x, struct bytes key, struct value_edit *e, const struct call *c,
                       const struct changed_fields *changed)
{
    if (changed->n > 0)
        exec_event(x, EVENT_HASH,
                   c->passed                  ? "hdel"
                   : c->given & LIFE_DEADLINE ? "hexpire"
                                              : "hpersist",
                   key);
    exec_close(x, e, changed->n > 0);
    if (c->passed)
        changed_log_delete(x, changed, key);
    else if (c->given & LIFE_DEADLINE)
        changed_log_deadline(x, changed, key, c->deadline_ms);
    else
        changed_log_persist(x, changed, key);
}

/* The answer comes first, because the change ends the life of what it is made of. */
static int read_and_change(struct exec *x, const struct args *a, const struct call *c)
{
    const struct bytes key = a->v[1];
    const struct reply_place mark = reply_mark(x->reply);
    struct changed_fields changed;
    struct value_edit *e;
    int rc = exec_open(x, key, TYPE_HASH, &e);
    if (rc != LK_OK)
        return rc;
    changed_begin(x, &changed, c->fields.count);
    reply_array(x->reply, c->fields.count);
    for (uint32_t i = 0; i < c->fields.count && rc == LK_OK; i++) {
        const struct bytes name = a->v[c->fields.first + i];
        struct hash_value old;
        if (!hash_get(&e->value, name, c->now_ms, &old)) {
            reply_null(x->reply);
            continue;
        }
        reply_bulk(x->reply, old.bytes);
        rc = change_read(e, c, name, old.deadline_ms, &changed);
    }
    close_read(x, key, e, c, &changed);
    if (rc != LK_OK)
        reply_rewind(x->reply, mark);
    return rc;
}

static void hash_ex_got_value(void *ctx, const struct hash_value *value)
{
    struct reply *r = ctx;
    if (value)
        reply_bulk(r, value->bytes);
    else
        reply_null(r);
}

/* imm: HGETDEL, which is as if the fields' time had passed. */
static enum outcome get_and_change(struct exec *x, const struct args *a)
{
    struct call c;
    struct value v;

    int rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!hash_ex_parse(x, a, x->cmd->imm ? 0 : OF_HGETEX, 1, &c))
        return RUN_DONE;
    c.passed |= x->cmd->imm;
    if (!value_exists(&v))
        return reply_nulls(x, c.fields.count);
    if (c.given || c.passed) {
        rc = read_and_change(x, a, &c);
        return rc == LK_OK ? RUN_DONE : reply_status(x, rc);
    }
    reply_array(x->reply, c.fields.count);
    hash_get_many(&v, a->v + c.fields.first, c.fields.count, c.now_ms, hash_ex_got_value, x->reply);
    return RUN_DONE;
}

/* --- setting ---------------------------------------------------------------------------------- */

static bool may_set(const struct args *a, const struct value *v, const struct call *c)
{
    if (!(c->given & (FIELDS_NEW | FIELDS_OLD)))
        return true;
    for (uint32_t i = 0; i < c->fields.count; i++) {
        struct hash_value old;
        const bool exists = hash_get(v, a->v[c->fields.first + 2 * i], c->now_ms, &old);
        if (exists != ((c->given & FIELDS_OLD) != 0))
            return false;
    }
    return true;
}

/* Set with a deadline that has passed, they are gone at once. */
static void set_and_lose(struct exec *x, const struct args *a, struct value_edit *e,
                         const struct call *c)
{
    const struct bytes key = a->v[1];
    struct changed_fields changed;
    changed_begin(x, &changed, c->fields.count);
    for (uint32_t i = 0; i < c->fields.count; i++) {
        const struct bytes name = a->v[c->fields.first + 2 * i];
        struct hash_was was;
        if (hash_delete(e, name, &was))
            changed_add(&changed, name);
    }
    if (changed.n > 0)
        exec_event(x, EVENT_HASH, "hdel", key);
    exec_close(x, e, changed.n > 0);
    changed_log_delete(x, &changed, key);
}

/* One by one, as a field that is due has no deadline to keep. */
static int set_keeping(const struct args *a, struct value_edit *e, const struct call *c,
                       uint32_t *set)
{
    for (; *set < c->fields.count; ++*set) {
        const struct bytes *pair = a->v + c->fields.first + 2 * *set;
        struct hash_value old;
        struct hash_was was;
        const bool exists = hash_get(&e->value, pair[0], c->now_ms, &old);
        const int rc =
            hash_set(e, pair[0], pair[1], exists ? HASH_KEEP_DEADLINE : ENTRY_NO_DEADLINE, &was);
        if (rc != LK_OK)
            return rc;
    }
    return LK_OK;
}

/* The first n fields were set: as HSET, and then when they go. */
static void log_set(struct exec *x, const struct args *a, const struct value *v,
                    const struct call *c, uint32_t n)
{
    const struct bytes key = a->v[1], *pairs = a->v + c->fields.first;
    struct changed_fields words;
    changed_begin(x, &words, 2 * n);
    for (uint32_t i = 0; i < 2 * n; i++)
        changed_add(&words, pairs[i]);
    changed_log_set(x, &words, key);
    if (c->given & LIFE_DEADLINE) {
        changed_begin(x, &words, n);
        for (uint32_t i = 0; i < n; i++)
            changed_add(&words, pairs[2 * i]);
        changed_log_deadline(x, &words, key, c->deadline_ms);
    }
    for (uint32_t i = 0; (c->given & LIFE_KEEP) && i < n; i++) {
        struct hash_value kept;
        if (hash_get(v, pairs[2 * i], c->now_ms, &kept) && kept.deadline_ms != ENTRY_NO_DEADLINE)
            exec_effect_format(x, "sbisib", "HPEXPIREAT", key, kept.deadline_ms, "FIELDS",
                               (int64_t)1, pairs[2 * i]);
    }
}

static int hash_ex_set_fields(struct exec *x, const struct args *a, struct value_edit *e,
                              const struct call *c)
{
    const struct bytes key = a->v[1];
    uint32_t set = 0, created = 0;
    struct value v;
    const int failed = c->given & LIFE_KEEP
                           ? set_keeping(a, e, c, &set)
                           : hash_set_pairs(e, a->v + c->fields.first, c->fields.count,
                                            c->deadline_ms, c->now_ms, &set, &created);
    int rc = exec_close(x, e, set > 0);
    if (rc == LK_OK && set > 0) {
        exec_counts_as(x, set);
        exec_event(x, EVENT_HASH, "hset", key);
        if (c->given & LIFE_DEADLINE)
            exec_event(x, EVENT_HASH, "hexpire", key);
        rc = exec_find_silently(x, key, TYPE_HASH, &v);
        log_set(x, a, &v, c, set);
    }
    return failed != LK_OK ? failed : rc;
}

static enum outcome set_with_lifetime(struct exec *x, const struct args *a)
{
    struct call c;
    struct value_edit *e;

    if (!hash_ex_parse(x, a, OF_HSETEX, 2, &c))
        return RUN_DONE;
    int rc = exec_open(x, a->v[1], TYPE_HASH, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const bool may = may_set(a, &e->value, &c);
    if (!may)
        rc = exec_close(x, e, false);
    else if (c.passed)
        set_and_lose(x, a, e, &c);
    else
        rc = hash_ex_set_fields(x, a, e, &c);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, may);
    return RUN_DONE;
}

const struct command hash_ex_commands[] = {
    {"hgetdel", .arity = -5, .imm = 1, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_HASH,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_DELETE), .run = get_and_change},
    {"hgetex", .arity = -5, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_HASH,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE), .run = get_and_change},
    {"hsetex", .arity = -6, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_HASH,
     .keys = KEY_AT(1, KEY_RW | KEY_UPDATE), .run = set_with_lifetime},
    {0},
};
