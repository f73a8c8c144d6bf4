/*
 * cmd_scan.c — KEYS, SCAN, RANDOMKEY, DBSIZE: the keyspace from outside.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/scan_options.h"

struct filter {
    struct scan_options options;
    struct buf *out;   /* bulks */
    struct walk *walk; /* or into its blocks */
    uint64_t n;
};

static bool scan_wanted(void *ctx, struct bytes key, const struct value *v)
{
    const struct scan_options *o = &((struct filter *)ctx)->options;
    return (o->type.size == 0 || bytes_is_word(o->type, type_ops_get(v->type)->name)) &&
           scan_matches(o, key);
}

static bool scan_put(void *ctx, struct bytes key, const struct value *v)
{
    struct filter *f = ctx;
    (void)v;
    reply_buf_bulk(f->walk ? exec_walk_out(f->walk) : f->out, key);
    f->n++;
    return true;
}

static bool cmd_scan_visit(void *ctx, struct bytes key, const struct value *v)
{
    return !scan_wanted(ctx, key, v) || scan_put(ctx, key, v);
}

static enum outcome scan_keys(struct exec *x, const struct args *a)
{
    struct walk *w = exec_walk(x);
    struct filter f = {.walk = w, .n = w->count};
    scan_set_pattern(&f.options, a->v[1]);
    const enum outcome outcome = exec_walk_keys(x, cmd_scan_visit, &f);
    w->count = f.n;
    if (outcome != RUN_DONE)
        return outcome;
    exec_walk_reply(x);
    return RUN_DONE;
}

static enum outcome reply_unknown_type(struct exec *x, struct bytes name)
{
    enum { SHOWN = 128 };
    reply_error(x->reply, "ERR unknown type name '%.*s'",
                (int)(name.size < SHOWN ? name.size : SHOWN), name.data);
    return RUN_DONE;
}

/* What is kept of a step that does not come to its end in one slice. */
struct scan_kept {
    struct scan_place place;
    struct buf found; /* bulks */
    uint64_t n;
};

static void scan_kept_free(void *state)
{
    struct scan_kept *k = state;
    buf_release(&k->found);
    mem_delete(k);
}

/* The step so far, which is in f and p, goes on in the next slice. */
static void scan_keep(struct exec *x, struct filter *f, const struct scan_place *p)
{
    struct scan_kept *k = exec_slice_state(x);
    if (!k) {
        k = mem_new(struct scan_kept);
        k->found = *x->scratch;
        *x->scratch = (struct buf){0};
        exec_slice_keep(x, k, scan_kept_free);
    }
    k->place = *p;
    k->n = f->n;
}

/*
 * The next cursor comes first, so the keys wait in scratch, or with the session.  A busy shard ends
 * the step if it has found something.
 */
static enum outcome scan_command(struct exec *x, const struct args *a)
{
    struct scan_kept *kept = exec_slice_state(x);
    struct filter f = {.out = kept ? &kept->found : x->scratch, .n = kept ? kept->n : 0};
    struct scan_place place = {0};

    int rc = scan_cursor(a->v[1], &place.cursor);
    if (rc == LK_OK)
        rc = scan_parse(a, 2, SCAN_OF_KEYS, &f.options);
    if (rc == LK_ETYPE)
        return reply_unknown_type(x, f.options.type);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (kept)
        place = kept->place;
    const enum outcome outcome = exec_scan(x, &place, f.options.count, scan_wanted, scan_put, &f);
    if (outcome == RUN_AGAIN || (outcome == RUN_LATER && f.n == 0)) {
        scan_keep(x, &f, &place);
        return outcome;
    }
    reply_array(x->reply, 2);
    reply_bulk_int(x->reply, (int64_t)place.cursor);
    reply_array(x->reply, f.n);
    reply_raw(x->reply, buf_bytes(f.out));
    return RUN_DONE;
}

static enum outcome random_key(struct exec *x, const struct args *a)
{
    (void)a;
    bool found;
    const enum outcome outcome = exec_random_key(x, x->scratch, &found);
    if (outcome != RUN_DONE)
        return outcome;
    if (found)
        reply_bulk(x->reply, buf_bytes(x->scratch));
    else
        reply_null(x->reply);
    return RUN_DONE;
}

static enum outcome scan_dbsize(struct exec *x, const struct args *a)
{
    (void)a;
    uint64_t n;
    const enum outcome outcome = exec_dbsize(x, x->db, &n);
    if (outcome == RUN_DONE)
        reply_int(x->reply, (int64_t)n);
    return outcome;
}

const struct command scan_commands[] = {
    {"dbsize", .arity = 1, .flags = CMD_READONLY | CMD_FAST | CMD_EACH_SHARD,
     .categories = CAT_KEYSPACE, .run = scan_dbsize},
    {"keys", .arity = 2, .flags = CMD_READONLY | CMD_EACH_SHARD,
     .categories = CAT_KEYSPACE | CAT_DANGEROUS, .run = scan_keys},
    {"randomkey", .arity = 1, .flags = CMD_READONLY | CMD_EACH_SHARD, .categories = CAT_KEYSPACE,
     .run = random_key},
    {"scan", .arity = -2, .flags = CMD_READONLY | CMD_EACH_SHARD, .categories = CAT_KEYSPACE,
     .run = scan_command},
    {0},
};
