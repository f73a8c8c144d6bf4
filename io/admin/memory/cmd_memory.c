/*
 * cmd_memory.c — MEMORY: where the memory went, and what to do about it.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/script/script.h"
#include "io/admin/memory/doctor.h"
#include "io/admin/memory/malloc_stats.h"
#include "io/admin/memory/memory_report.h"

static uint64_t client_bytes(const struct admin *a)
{
    uint64_t bytes = 0;

    for (uint32_t w = 0; a->parts.worker && w < a->parts.engine->fixed.worker_count; w++) {
        struct admin_worker one = {0};
        a->parts.worker(a->parts.ctx, w, &one);
        bytes += one.buffer_bytes;
    }
    return bytes;
}

static uint64_t memory_put_number(struct reply *r, const char *name, int64_t value)
{
    reply_bulk_cstr(r, name);
    reply_int(r, value);
    return 1;
}

static uint64_t put_double(struct reply *r, const char *name, double value)
{
    reply_bulk_cstr(r, name);
    reply_double(r, value);
    return 1;
}

static uint64_t put_databases(struct reply *r, const struct db_reports *dbs)
{
    for (uint32_t i = 0; i < dbs->n; i++) {
        reply_bulk_printf(r, "db.%u", dbs->v[i].db);
        reply_map(r, 2);
        memory_put_number(r, "overhead.hashtable.main", (int64_t)dbs->v[i].table_bytes);
        memory_put_number(r, "overhead.hashtable.expires", 0); /* deadlines lie in the entries */
    }
    return dbs->n;
}

static uint64_t put_overhead(struct exec *x, const struct memory_report *m)
{
    struct reply *r = x->reply;
    struct script_report scripts = {0};
    if (x->admin->parts.engine->fixed.scripts)
        script_hub_report(x->admin->parts.engine->fixed.scripts, &scripts);
    uint64_t n = memory_put_number(r, "peak.allocated", (int64_t)m->peak);

    n += memory_put_number(r, "total.allocated", (int64_t)m->used);
    n += memory_put_number(r, "startup.allocated", (int64_t)m->startup);
    n += memory_put_number(r, "replication.backlog", (int64_t)m->backlog);
    n += memory_put_number(r, "clients.slaves", (int64_t)m->replicas);
    n += memory_put_number(r, "clients.normal", (int64_t)m->clients);
    n += memory_put_number(r, "cluster.links", (int64_t)m->links);
    n += memory_put_number(r, "aof.buffer", (int64_t)m->aof);
    n += memory_put_number(r, "lua.caches", (int64_t)scripts.cache_bytes);
    n += memory_put_number(r, "functions.caches", (int64_t)scripts.library_bytes);
    n += memory_put_number(r, "log.ring", (int64_t)m->log_ring);
    n += memory_put_number(r, "view.held", (int64_t)m->view);
    return n;
}

static uint64_t put_dataset(struct reply *r, const struct memory_report *m)
{
    uint64_t n = memory_put_number(r, "overhead.db.hashtable.lut", (int64_t)m->tables);

    n += memory_put_number(r, "overhead.db.hashtable.rehashing", 0);
    n += memory_put_number(r, "db.dict.rehashing.count", 0);
    n += memory_put_number(r, "overhead.total", (int64_t)m->overhead);
    n += memory_put_number(r, "keys.count", (int64_t)m->keys);
    n += memory_put_number(
        r, "keys.bytes-per-key",
        m->keys && m->used > m->startup ? (int64_t)((m->used - m->startup) / m->keys) : 0);
    n += memory_put_number(r, "dataset.bytes", (int64_t)m->dataset);
    n += put_double(r, "dataset.percentage", m->dataset_percent);
    n += put_double(r, "peak.percentage", m->peak_percent);
    return n;
}

static uint64_t put_allocator(struct reply *r, const struct memory_report *m)
{
    uint64_t n = memory_put_number(r, "allocator.allocated", (int64_t)m->allocator.allocated);

    n += memory_put_number(r, "allocator.active", (int64_t)m->allocator.active);
    n += memory_put_number(r, "allocator.resident", (int64_t)m->allocator.resident);
    n += memory_put_number(r, "allocator.muzzy", 0);
    n += put_double(r, "allocator-fragmentation.ratio", m->allocator_frag_ratio);
    n += memory_put_number(r, "allocator-fragmentation.bytes", m->allocator_frag);
    n += put_double(r, "allocator-rss.ratio", m->allocator_rss_ratio);
    n += memory_put_number(r, "allocator-rss.bytes", m->allocator_rss);
    n += put_double(r, "rss-overhead.ratio", m->rss_overhead_ratio);
    n += memory_put_number(r, "rss-overhead.bytes", m->rss_overhead);
    n += put_double(r, "fragmentation", m->fragmentation_ratio);
    n += memory_put_number(r, "fragmentation.bytes", m->fragmentation);
    return n;
}

static enum outcome memory_stats(struct exec *x, const struct args *a)
{
    const struct db_reports *dbs;
    struct memory_report m;

    (void)a;
    const enum outcome outcome = exec_report_dbs(x, false, &dbs);
    if (outcome != RUN_DONE)
        return outcome;
    memory_report_get(x->admin, mem_used(), dbs, client_bytes(x->admin), &m);
    const size_t place = reply_begin_deferred(x->reply);
    uint64_t n = put_overhead(x, &m);
    n += put_databases(x->reply, dbs);
    n += put_dataset(x->reply, &m);
    n += put_allocator(x->reply, &m);
    reply_end_deferred(x->reply, place, REPLY_MAP, n);
    return RUN_DONE;
}

static enum outcome memory_doctor(struct exec *x, const struct args *a)
{
    const struct db_reports *dbs;
    struct memory_report m;
    struct buf text = {0};

    (void)a;
    const enum outcome outcome = exec_report_dbs(x, false, &dbs);
    if (outcome != RUN_DONE)
        return outcome;
    memory_report_get(x->admin, mem_used(), dbs, client_bytes(x->admin), &m);
    doctor_write(&m, &text);
    reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
    return RUN_DONE;
}

static enum outcome memory_malloc_stats(struct exec *x, const struct args *a)
{
    struct buf text = {0};

    (void)a;
    malloc_stats_write(&text);
    reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
    return RUN_DONE;
}

static enum outcome memory_purge(struct exec *x, const struct args *a)
{
    (void)a;
    mem_purge();
    reply_ok(x->reply);
    return RUN_DONE;
}

static enum outcome memory_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    What looks wrong with the use of memory.",
        "MALLOC-STATS",
        "    The allocator's own report.",
        "PURGE",
        "    Gives unused pages back to the system.",
        "STATS",
        "    Where the memory went.",
        "USAGE <key> [SAMPLES <count>]",
        "    What a key takes; of collections count elements are weighed, 0 for all.",
        NULL,
    };

    (void)a;
    return reply_help(x, lines);
}

static const struct command memory_subcommands[] = {
    {"doctor", .arity = 2, .flags = CMD_EACH_SHARD, .run = memory_doctor},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .run = memory_help},
    {"malloc-stats", .arity = 2, .run = memory_malloc_stats},
    {"purge", .arity = 2, .run = memory_purge},
    {"stats", .arity = 2, .flags = CMD_EACH_SHARD, .run = memory_stats},
    {"usage", .arity = -3, .flags = CMD_READONLY, .categories = CAT_READ, .run = memory_usage,
     .keys = KEY_AT(2, KEY_RO)},
    {0},
};

const struct command admin_memory_commands[] = {
    {"memory", .arity = -2, .subcommands = memory_subcommands},
    {0},
};
