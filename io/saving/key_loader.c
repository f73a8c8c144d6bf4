#include "io/saving/key_loader.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/sched.h"
#include "core/base/trace.h"
#include "core/cmd/script/library_batch.h"
#include "core/store/lru.h"

#include <unistd.h>

enum {
    PROGRESS_KEYS = 1024,
    LOADERS_MAX = 16, /* one thread finds out where keys end, and keeps about so many busy */
};

void key_loader_begin(struct key_loader *k, struct persistence *p, struct keyspace *ks, bool merge,
                      bool keep_expired)
{
    *k = (struct key_loader){.p = p,
                             .limits = p->parts.engine->config->limits.types,
                             .now_ms = clock_unix_ms(),
                             .delay_us = persistence_config(p)->key_load_delay_us,
                             .keep_expired = keep_expired};
    bulk_load_begin(&k->bulk, ks, merge);
}

static void key_loader_tell(struct key_loader *k)
{
    fetch_add_relaxed(&k->p->loaded_keys, k->keys);
    fetch_add_relaxed(&k->p->load_expired, k->expired);
    k->keys = k->expired = 0;
}

void key_loader_end(struct key_loader *k)
{
    key_loader_tell(k);
    bulk_load_end(&k->bulk);
}

static int bulk_done(struct key_loader *k, int rc)
{
    if (rc == LK_EBUSY) {
        const struct bytes key = entry_key(k->bulk.refused.e);
        trace_line(TRACE_WARNING, "RDB has duplicated key '%.*s' in DB %u", (int)key.size, key.data,
                   k->bulk.refused.db);
    }
    return rc;
}

int key_loader_flush(struct key_loader *k)
{
    return bulk_done(k, bulk_load_flush(&k->bulk));
}

/* --- what a file gives ----------------------------------------------------------------------- */

static uint32_t use_bits(const struct key_loader *k, const struct rdb_record *r)
{
    const struct command_limits *limits = &k->p->parts.engine->config->limits;
    if (limits->lfu)
        return r->freq >= 0 ? lfu_of(k->now_ms, (uint32_t)r->freq) : lfu_new(k->now_ms);
    const int64_t idle_s = r->idle_s > 0 ? r->idle_s : 0;
    return lru_of_idle(k->now_ms, idle_s);
}

static int key_loader_take_key(void *ctx, const struct rdb_record *r)
{
    struct key_loader *k = ctx;
    const uint32_t databases = k->bulk.ks->databases;
    if (r->db >= databases) {
        trace_line(TRACE_WARNING,
                   "FATAL: Data file was created with a server configured to handle more than %u "
                   "databases. Exiting",
                   databases);
        value_release(r->value);
        return LK_EDBINDEX;
    }
    if (r->deadline_ms >= 0 && clock_passed(r->deadline_ms, k->now_ms) && !k->keep_expired) {
        k->expired++;
        /* Replicas of an earlier life have it: it goes by a DEL in the stream, and soon. */
        if (!load_acquire(&k->p->place.found)) {
            value_release(r->value);
            return LK_OK;
        }
        k->keys--; /* unsigned: it is counted up below */
    }
    if (k->delay_us > 0)
        usleep((useconds_t)k->delay_us);
    const int rc = bulk_load_add(&k->bulk, r->db, r->key, r->value, r->deadline_ms, use_bits(k, r));
    if (rc == LK_OK && ++k->keys == PROGRESS_KEYS) {
        key_loader_tell(k);
        k->now_ms = clock_unix_ms();
    }
    return bulk_done(k, rc);
}

/* Old servers could leave one behind; the first of them are named. */
static void key_loader_pass_empty(void *ctx, struct bytes key)
{
    enum { NAMED = 10 };
    const struct key_loader *k = ctx;
    if (fetch_add_relaxed(&k->p->load_empty, 1) < NAMED)
        trace_line(TRACE_NOTICE, "rdbLoadObject skipping empty key: %.*s", (int)key.size, key.data);
}

static int key_loader_end_run(void *ctx)
{
    struct key_loader *k = ctx;
    key_loader_tell(k);
    return key_loader_flush(k);
}

/* The file may say anything, but a key takes some bytes of it. */
static int take_sizes(void *ctx, uint32_t db, uint64_t keys, uint64_t deadlines)
{
    struct key_loader *k = ctx;
    const uint64_t most = load_relaxed(&k->p->load_total) / 4;
    (void)deadlines;
    if (db >= k->bulk.ks->databases || keys > most - k->expected)
        return LK_OK;
    k->expected += keys;
    bulk_load_expect(&k->bulk, db, keys);
    return LK_OK;
}

/*
 * Where the replication stream stood.  Without its database an id is worth nothing: who goes on
 * with it would not know where the next command belongs.
 */
static void key_loader_note_place(struct persistence *p, struct bytes name, struct bytes value)
{
    int64_t n;
    if (bytes_equal(name, bytes_cstr("repl-stream-db")))
        p->place.has_db = bytes_to_int64(value, &p->place.db);
    else if (bytes_equal(name, bytes_cstr("repl-id")) && value.size == sizeof p->place.id - 1)
        memcpy(p->place.id, value.data, value.size);
    else if (bytes_equal(name, bytes_cstr("repl-offset")) && bytes_to_int64(value, &n) && n >= 0)
        p->place.offset = n;
    else
        return;
    if (p->place.has_db && p->place.id[0] && bytes_equal(name, bytes_cstr("repl-offset")))
        store_release(&p->place.found, 1);
}

static int key_loader_take_aux(void *ctx, struct bytes name, struct bytes value)
{
    const struct key_loader *k = ctx;
    int64_t n;
    key_loader_note_place(k->p, name, value);
    if (bytes_equal(name, bytes_cstr("redis-ver")))
        trace_line(TRACE_NOTICE, "Loading RDB produced by version %.*s", (int)value.size,
                   value.data);
    else if (bytes_equal(name, bytes_cstr("ctime")) && bytes_to_int64(value, &n))
        trace_line(TRACE_NOTICE, "RDB age %lld seconds",
                   (long long)(clock_unix_ms() / 1000 > n ? clock_unix_ms() / 1000 - n : 0));
    else if (bytes_equal(name, bytes_cstr("used-mem")) && bytes_to_int64(value, &n))
        trace_line(TRACE_NOTICE, "RDB memory usage when created %.2f Mb",
                   (double)n / (1024 * 1024));
    else if (bytes_equal(name, bytes_cstr("aof-base")) && bytes_equal(value, bytes_cstr("1")))
        trace_line(TRACE_NOTICE, "RDB is base AOF");
    return LK_OK;
}

/* By the one thread that reads the file itself. */
static int key_loader_take_function(void *ctx, struct bytes source)
{
    const struct key_loader *k = ctx;
    struct library_batch *one = library_batch_new(k->p->parts.engine->fixed.scripts);
    struct buf error = {0};
    const enum library_policy policy = k->bulk.replace ? LIBRARY_REPLACE : LIBRARY_APPEND;
    const bool well =
        library_batch_add(one, source, &error) && library_batch_publish(one, policy, &error);
    if (!well)
        trace_line(TRACE_WARNING, "Failed loading a library of functions: %.*s", (int)error.size,
                   error.data);
    library_batch_free(one);
    buf_release(&error);
    return well ? LK_OK : LK_EFORMAT;
}

struct rdb_receiver key_loader_receiver(struct key_loader *k)
{
    return (struct rdb_receiver){
        .entry = key_loader_take_key,
        .empty = key_loader_pass_empty,
        .run_end = key_loader_end_run,
        .aux = key_loader_take_aux,
        .sizes = take_sizes,
        .function = k->p->parts.engine->fixed.scripts ? key_loader_take_function : NULL,
        .limits = &k->limits,
        .ctx = k};
}

/* --- the crew -------------------------------------------------------------------------------- */

void key_crew_begin(struct key_crew *c, const struct key_loader *like,
                    void (*outside)(void *ctx, bool out), void *ctx)
{
    const uint32_t cpus = sched_cpus(), loaders = cpus < LOADERS_MAX ? cpus : LOADERS_MAX;
    *c = (struct key_crew){.members = loaders - 1};
    if (c->members == 0)
        return;
    c->loaders = mem_calloc(c->members * sizeof *c->loaders);
    c->receivers = mem_calloc(c->members * sizeof *c->receivers);
    for (uint32_t i = 0; i < c->members; i++) {
        key_loader_begin(&c->loaders[i], like->p, like->bulk.ks, like->bulk.replace,
                         like->keep_expired);
        c->receivers[i] = key_loader_receiver(&c->loaders[i]);
    }
    const struct rdb_crew_parts parts = {&like->p->parts.engine->fixed.keyspace->gate,
                                         c->members,
                                         rdb_load_run,
                                         c->receivers,
                                         outside,
                                         ctx};
    c->crew = rdb_crew_new(&parts);
}

void key_crew_end(struct key_crew *c)
{
    if (!c->crew)
        return;
    rdb_crew_free(c->crew);
    for (uint32_t i = 0; i < c->members; i++)
        key_loader_end(&c->loaders[i]);
    mem_free(c->loaders, c->members * sizeof *c->loaders);
    mem_free(c->receivers, c->members * sizeof *c->receivers);
}
