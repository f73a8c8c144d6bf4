/*
 * cmd_hash_read.c — HGET, HMGET, HGETALL, HKEYS, HVALS, HLEN, HSTRLEN, HEXISTS, HSCAN.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/scan_options.h"
#include "core/types/hash.h"

/* Finds the field; out counts if it exists. */
static int find_field(struct exec *x, const struct args *a, struct hash_value *out, bool *exists)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    *exists = rc == LK_OK && value_exists(&v) && hash_get(&v, a->v[2], exec_passed_ms(x), out);
    return rc;
}

static enum outcome hash_read_get(struct exec *x, const struct args *a)
{
    struct hash_value value;
    bool exists;
    const int rc = find_field(x, a, &value, &exists);
    if (LK_UNLIKELY(rc != LK_OK))
        return reply_status(x, rc);
    if (exists)
        reply_bulk(x->reply, value.bytes);
    else
        reply_null(x->reply);
    return RUN_DONE;
}

static enum outcome exists_field(struct exec *x, const struct args *a)
{
    struct hash_value value;
    bool exists;
    const int rc = find_field(x, a, &value, &exists);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, exists);
    return RUN_DONE;
}

static enum outcome hash_read_string_length(struct exec *x, const struct args *a)
{
    struct hash_value value;
    bool exists;
    const int rc = find_field(x, a, &value, &exists);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, exists ? (int64_t)value.bytes.size : 0);
    return RUN_DONE;
}

static void hash_read_got_value(void *ctx, const struct hash_value *value)
{
    struct reply *r = ctx;
    if (value)
        reply_bulk(r, value->bytes);
    else
        reply_null(r);
}

static enum outcome hash_read_get_many(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_array(x->reply, a->n - 2);
    if (value_exists(&v))
        hash_get_many(&v, a->v + 2, a->n - 2, exec_passed_ms(x), hash_read_got_value, x->reply);
    else
        for (uint32_t i = 2; i < a->n; i++)
            reply_null(x->reply);
    return RUN_DONE;
}

/* Fields that are kept; those that are due count until they are dropped. */
static enum outcome hash_read_length(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, value_exists(&v) ? (int64_t)hash_length(&v) : 0);
    return RUN_DONE;
}

/* --- all of them ------------------------------------------------------------------------------ */

static void hash_read_reply_name(void *ctx, const struct hash_field *f)
{
    reply_bulk(ctx, f->name);
}

static void reply_value_of(void *ctx, const struct hash_field *f)
{
    reply_bulk(ctx, f->value);
}

static void reply_both(void *ctx, const struct hash_field *f)
{
    reply_bulk(ctx, f->name);
    reply_bulk(ctx, f->value);
}

enum { OF_NAMES, OF_VALUES, OF_BOTH };

static enum outcome get_all(struct exec *x, const struct args *a)
{
    static hash_visit *const visits[] = {hash_read_reply_name, reply_value_of, reply_both};
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const int64_t now_ms = exec_passed_ms(x);
    const uint64_t count = value_exists(&v) ? hash_count(&v, now_ms) : 0;
    if (x->cmd->imm == OF_BOTH)
        reply_map(x->reply, count);
    else
        reply_array(x->reply, count);
    if (count > 0)
        hash_each(&v, now_ms, visits[x->cmd->imm], x->reply);
    return RUN_DONE;
}

struct filter {
    struct scan_options options;
    struct buf *out; /* bulks */
    uint64_t n;
};

static void scan_visit(void *ctx, const struct hash_field *f)
{
    struct filter *s = ctx;
    if (!scan_matches(&s->options, f->name))
        return;
    reply_buf_bulk(s->out, f->name);
    s->n++;
    if (s->options.bare)
        return;
    reply_buf_bulk(s->out, f->value);
    s->n++;
}

/* A hash that is not there ends the scan before the options are looked at. */
static enum outcome hash_read_scan(struct exec *x, const struct args *a)
{
    struct filter f = {.out = x->scratch};
    struct value v = {.type = TYPE_NONE};
    uint64_t cursor;

    int rc = scan_cursor(a->v[2], &cursor);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = scan_parse(a, 3, SCAN_OF_FIELDS, &f.options);
    if (rc != LK_OK)
        return reply_status(x, rc);
    uint64_t next = 0;
    if (value_exists(&v))
        next = hash_scan(&v, cursor, f.options.count, exec_passed_ms(x), scan_visit, &f);
    reply_array(x->reply, 2);
    reply_bulk_int(x->reply, (int64_t)next);
    reply_array(x->reply, f.n);
    reply_raw(x->reply, buf_bytes(x->scratch));
    return RUN_DONE;
}

/* --- at random -------------------------------------------------------------------------------- */

#define COUNT_MAX INT64_MAX

enum { PICK_AT_ONCE = 4096 }; /* between two looks at the output limit */

/* Pairs are arrays of their own where the protocol can tell. */
static void hash_read_reply_pair(void *ctx, const struct hash_field *f)
{
    struct reply *r = ctx;
    if (r->version > 2)
        reply_array(r, 2);
    reply_both(r, f);
}

static enum outcome random_one(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const size_t before = x->reply->out.size;
    if (value_exists(&v))
        hash_pick(&v, 1, false, exec_passed_ms(x), exec_rng(x), hash_read_reply_name, x->reply);
    if (x->reply->out.size == before)
        reply_null(x->reply);
    return RUN_DONE;
}

/* Below 0 the same field may come again, and there are exactly so many. */
static enum outcome random_some(struct exec *x, const struct args *a, int64_t count, bool values)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_HASH, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const int64_t now_ms = exec_passed_ms(x);
    const uint64_t there = value_exists(&v) ? hash_count(&v, now_ms) : 0;
    uint64_t n = count < 0 ? (uint64_t)-count : (uint64_t)count;
    if (there == 0 || (count > 0 && n > there))
        n = there;
    reply_array(x->reply, values && x->reply->version == 2 ? 2 * n : n);
    hash_visit *put = values ? hash_read_reply_pair : hash_read_reply_name;
    if (n > 0 && count > 0)
        hash_pick(&v, n, true, now_ms, exec_rng(x), put, x->reply);
    for (uint64_t left = count < 0 ? n : 0; left > 0 && !exec_reply_is_over(x);) {
        const uint64_t some = left < PICK_AT_ONCE ? left : PICK_AT_ONCE;
        hash_pick(&v, some, false, now_ms, exec_rng(x), put, x->reply);
        left -= some;
    }
    return RUN_DONE;
}

static enum outcome random_fields(struct exec *x, const struct args *a)
{
    int64_t count = 0;
    if (a->n == 2)
        return random_one(x, a);
    const int rc = args_int64(a, 2, &count);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (count < -COUNT_MAX)
        return reply_not_between(x, -COUNT_MAX, COUNT_MAX);
    const bool values = a->n == 4 && args_is(a, 3, "withvalues");
    if (a->n > 3 && !values)
        return reply_syntax(x);
    if (values && (count > COUNT_MAX / 2 || count < -COUNT_MAX / 2)) {
        reply_error(x->reply, "ERR value is out of range");
        return RUN_DONE;
    }
    return random_some(x, a, count, values);
}

#define READS .flags = CMD_READONLY, .categories = CAT_HASH
#define FAST  .flags = CMD_READONLY | CMD_FAST, .categories = CAT_HASH
#define VALUE .keys = KEY_AT(1, KEY_RO | KEY_ACCESS)
#define SHAPE .keys = KEY_AT(1, KEY_RO)

const struct command hash_read_commands[] = {
    {"hexists", .arity = 3, .run = exists_field, FAST, SHAPE},
    {"hget", .arity = 3, .run = hash_read_get, FAST, VALUE},
    {"hgetall", .arity = 2, .imm = OF_BOTH, .run = get_all, READS, VALUE},
    {"hkeys", .arity = 2, .imm = OF_NAMES, .run = get_all, READS, VALUE},
    {"hlen", .arity = 2, .run = hash_read_length, FAST, SHAPE},
    {"hmget", .arity = -3, .run = hash_read_get_many, FAST, VALUE},
    {"hrandfield", .arity = -2, .run = random_fields, READS, VALUE},
    {"hscan", .arity = -3, .run = hash_read_scan, READS, VALUE},
    {"hstrlen", .arity = 3, .run = hash_read_string_length, FAST, SHAPE},
    {"hvals", .arity = 2, .imm = OF_VALUES, .run = get_all, READS, VALUE},
    {0},
};
