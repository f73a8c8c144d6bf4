#include "io/admin/memory/memory_report.h"

#include "core/base/atomic.h"
#include "core/cmd/script/script.h"
#include "core/store/lazy_free.h"
#include "core/store/log_ring.h"
#include "core/store/view.h"
#include "io/admin/info/process.h"
#include "io/cluster/bus.h"
#include "io/repl/repl.h"

static double memory_report_ratio(uint64_t a, uint64_t b)
{
    return b ? (double)a / (double)b : 0;
}

static uint64_t memory_report_above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void set_ratios(struct memory_report *r)
{
    const struct mem_stats *m = &r->allocator;

    r->dataset_percent =
        100 * memory_report_ratio(r->dataset, memory_report_above(r->used, r->startup));
    r->peak_percent = 100 * memory_report_ratio(r->used, r->peak);
    r->allocator_frag_ratio = memory_report_ratio(m->active, m->allocated);
    r->allocator_rss_ratio = memory_report_ratio(m->resident, m->active);
    r->rss_overhead_ratio = memory_report_ratio(r->rss, m->resident);
    r->fragmentation_ratio = memory_report_ratio(r->rss, r->used);
    r->allocator_frag = (int64_t)(m->active - m->allocated);
    r->allocator_rss = (int64_t)(m->resident - m->active);
    r->rss_overhead = (int64_t)(r->rss - m->resident);
    r->fragmentation = (int64_t)(r->rss - r->used);
}

static uint64_t script_bytes(const struct engine *e)
{
    struct script_report r = {0};
    if (e->fixed.scripts)
        script_hub_report(e->fixed.scripts, &r);
    return r.cache_bytes + r.vm_bytes + r.vm_all_bytes + r.library_bytes;
}

static uint64_t aof_bytes(const struct admin *a)
{
    struct admin_persistence p = {0};
    if (a->parts.persistence)
        a->parts.persistence(a->parts.ctx, &p);
    return p.aof_buffer_size;
}

void memory_report_get(struct admin *a, size_t used, const struct db_reports *dbs,
                       uint64_t client_bytes, struct memory_report *out)
{
    const struct engine *engine = a->parts.engine;

    *out = (struct memory_report){.used = used,
                                  .peak = admin_peak_bytes(a),
                                  .startup = load_relaxed(&a->startup_bytes),
                                  .rss = process_rss_bytes(),
                                  .machine = process_machine_bytes(),
                                  .clients = client_bytes,
                                  .scripts = script_bytes(engine),
                                  .aof = aof_bytes(a),
                                  .freeing = lazy_free_pending_bytes(engine->fixed.keyspace->lazy),
                                  .replicas = load_relaxed(&engine->stream_bytes),
                                  .view = view_held_bytes(engine->fixed.keyspace)};
    mem_stats_get(&out->allocator);
    if (engine->fixed.log)
        out->log_ring = log_ring_memory_bytes(engine->fixed.log);
    for (uint32_t i = 0; i < dbs->n; i++) {
        out->tables += dbs->v[i].table_bytes;
        out->keys += dbs->v[i].keys;
    }
    if (engine->fixed.repl)
        out->backlog = repl_backlog_bytes(engine->fixed.repl);
    if (engine->cluster.bus)
        out->links = bus_link_bytes(engine->cluster.bus);
    out->overhead = out->startup + out->clients + out->tables + out->log_ring + out->view +
                    out->backlog + out->links + out->aof + out->scripts + out->freeing;
    if (out->overhead > out->used)
        out->overhead = out->used; /* the parts are read one after the other */
    out->dataset = out->used - out->overhead;
    set_ratios(out);
}
