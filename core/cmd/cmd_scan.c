/*
 * cmd_scan.c — KEYS, SCAN, RANDOMKEY, DBSIZE: the keyspace from outside.
 */
#include "core/cmd/exec.h"
#include "core/cmd/tables.h"

#include <errno.h>
#include <stdlib.h>

enum { SCAN_COUNT_DEFAULT = 10 };

struct filter {
    struct bytes pattern;
    bool all;          /* the pattern is a lone star */
    struct bytes type; /* a type's name as the client wrote it; empty without TYPE */
    struct buf *out;   /* bulks */
    struct walk *walk; /* or into its blocks */
    uint64_t n;
};

static void filter_set_pattern(struct filter *f, struct bytes pattern)
{
    f->pattern = pattern;
    f->all = bytes_equal(pattern, bytes_cstr("*"));
}

/* The empty key is met by the empty pattern and by a lone star, not by "**": so clients know it. */
static bool matches(struct bytes pattern, struct bytes key)
{
    return key.size == 0 ? pattern.size == 0 : bytes_match_glob(pattern, key, false);
}

static bool visit(void *ctx, struct bytes key, const struct value *v)
{
    struct filter *f = ctx;
    if (f->type.size > 0 && !bytes_is_word(f->type, type_ops_get(v->type)->name))
        return true;
    if (!f->all && !matches(f->pattern, key))
        return true;
    reply_buf_bulk(f->walk ? exec_walk_out(f->walk) : f->out, key);
    f->n++;
    return true;
}

static enum outcome keys(struct exec *x, const struct args *a)
{
    struct walk *w = exec_walk(x);
    struct filter f = {.walk = w, .n = w->count};
    filter_set_pattern(&f, a->v[1]);
    const bool done = exec_walk_keys(x, visit, &f);
    w->count = f.n;
    if (!done)
        return RUN_AGAIN;
    exec_walk_reply(x);
    return RUN_DONE;
}

/* A cursor is what strtoull reads, with nothing before or behind it; no digits at all are 0. */
static bool parse_cursor(struct bytes word, uint64_t *cursor)
{
    char text[32], *end;
    if (word.size >= sizeof text || (word.size > 0 && word.data[0] <= ' '))
        return false;
    if (word.size > 0)
        memcpy(text, word.data, word.size);
    text[word.size] = '\0';
    errno = 0;
    *cursor = strtoull(text, &end, 10);
    return errno == 0 && end == text + word.size;
}

static int parse_scan(const struct args *a, struct filter *f, uint64_t *count)
{
    for (uint32_t i = 2; i < a->n; i += 2) {
        int64_t n;
        if (i + 1 == a->n)
            return LK_ESYNTAX;
        if (args_is(a, i, "count")) {
            if (args_int64(a, i + 1, &n) != LK_OK)
                return LK_ENOTINT;
            if (n < 1)
                return LK_ESYNTAX;
            *count = (uint64_t)n;
        } else if (args_is(a, i, "match")) {
            filter_set_pattern(f, a->v[i + 1]);
        } else if (args_is(a, i, "type")) {
            f->type = a->v[i + 1];
        } else {
            return LK_ESYNTAX;
        }
    }
    return LK_OK;
}

/* The next cursor comes first, so the keys wait in scratch. */
static enum outcome scan(struct exec *x, const struct args *a)
{
    struct filter f = {.all = true, .out = x->scratch};
    uint64_t cursor, count = SCAN_COUNT_DEFAULT;
    char digits[INT64_CHARS];

    if (!parse_cursor(a->v[1], &cursor)) {
        reply_error(x->reply, "ERR invalid cursor");
        return RUN_DONE;
    }
    const int rc = parse_scan(a, &f, &count);
    if (rc != LK_OK)
        return reply_status(x, rc);
    cursor = exec_scan(x, cursor, count, visit, &f);
    reply_array(x->reply, 2);
    reply_bulk(x->reply, bytes_of(digits, int64_to_chars((int64_t)cursor, digits)));
    reply_array(x->reply, f.n);
    reply_raw(x->reply, buf_bytes(x->scratch));
    return RUN_DONE;
}

static enum outcome random_key(struct exec *x, const struct args *a)
{
    (void)a;
    if (exec_random_key(x, x->scratch))
        reply_bulk(x->reply, buf_bytes(x->scratch));
    else
        reply_null(x->reply);
    return RUN_DONE;
}

static enum outcome dbsize(struct exec *x, const struct args *a)
{
    (void)a;
    reply_int(x->reply, (int64_t)exec_dbsize(x, x->db));
    return RUN_DONE;
}

const struct command scan_commands[] = {
    {"dbsize", .arity = 1, .flags = CMD_READONLY | CMD_FAST | CMD_EACH_SHARD,
     .categories = CAT_KEYSPACE, .run = dbsize},
    {"keys", .arity = 2, .flags = CMD_READONLY | CMD_EACH_SHARD,
     .categories = CAT_KEYSPACE | CAT_DANGEROUS, .run = keys},
    {"randomkey", .arity = 1, .flags = CMD_READONLY | CMD_EACH_SHARD, .categories = CAT_KEYSPACE,
     .run = random_key},
    {"scan", .arity = -2, .flags = CMD_READONLY | CMD_EACH_SHARD, .categories = CAT_KEYSPACE,
     .run = scan},
    {0},
};
