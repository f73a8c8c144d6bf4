/*
 * info_memory.c — section memory.
 *
 * used_memory is what the allocator has given, in its size classes; the dataset is what remains of
 * it without tables, buffers, the log's ring and what only a view holds.
 */
#include "io/admin/info/info.h"

#include "core/cmd/script/script.h"
#include "core/store/lazy_free.h"
#include "io/admin/memory/memory_report.h"

#include <inttypes.h>

static const char *const policies[] = {"volatile-lru",   "volatile-lfu", "volatile-random",
                                       "volatile-ttl",   "allkeys-lru",  "allkeys-lfu",
                                       "allkeys-random", "noeviction"};

static void count_and_human(struct info *i, const char *name, const char *human_name,
                            uint64_t bytes)
{
    info_count(i, name, bytes);
    info_human(i, human_name, bytes);
}

static void used_lines(struct info *i, const struct memory_report *r)
{
    count_and_human(i, "used_memory", "used_memory_human", r->used);
    count_and_human(i, "used_memory_rss", "used_memory_rss_human", r->rss);
    count_and_human(i, "used_memory_peak", "used_memory_peak_human", r->peak);
    info_format(i, "used_memory_peak_perc:%.2f%%", r->peak_percent);
    info_count(i, "used_memory_overhead", r->overhead);
    info_count(i, "used_memory_startup", r->startup);
    info_count(i, "used_memory_dataset", r->dataset);
    info_format(i, "used_memory_dataset_perc:%.2f%%", r->dataset_percent);
    info_count(i, "allocator_allocated", r->allocator.allocated);
    info_count(i, "allocator_active", r->allocator.active);
    info_count(i, "allocator_resident", r->allocator.resident);
    info_number(i, "allocator_muzzy", 0);
    count_and_human(i, "total_system_memory", "total_system_memory_human", r->machine);
}

static void script_lines(struct info *i)
{
    struct script_report r = {0};
    if (i->engine->fixed.scripts)
        script_hub_report(i->engine->fixed.scripts, &r);
    count_and_human(i, "used_memory_lua", "used_memory_lua_human", r.vm_bytes);
    info_number(i, "used_memory_vm_eval", (int64_t)r.vm_bytes);
    info_number(i, "used_memory_scripts_eval", (int64_t)r.cache_bytes);
    info_number(i, "number_of_cached_scripts", (int64_t)r.scripts);
    info_number(i, "number_of_functions", (int64_t)r.functions);
    info_number(i, "number_of_libraries", (int64_t)r.libraries);
    info_number(i, "used_memory_vm_functions", (int64_t)r.vm_all_bytes);
    count_and_human(i, "used_memory_vm_total", "used_memory_vm_total_human",
                    r.vm_bytes + r.vm_all_bytes);
    info_number(i, "used_memory_functions", (int64_t)r.library_bytes);
    count_and_human(i, "used_memory_scripts", "used_memory_scripts_human",
                    r.cache_bytes + r.library_bytes);
}

static void info_memory_limit_lines(struct info *i)
{
    count_and_human(i, "maxmemory", "maxmemory_human", i->config->dispatch.maxmemory);
    info_text(i, "maxmemory_policy", policies[i->config->maxmemory_policy]);
}

static void ratio_lines(struct info *i, const struct memory_report *r)
{
    info_ratio(i, "allocator_frag_ratio", r->allocator_frag_ratio);
    info_number(i, "allocator_frag_bytes", r->allocator_frag);
    info_ratio(i, "allocator_rss_ratio", r->allocator_rss_ratio);
    info_number(i, "allocator_rss_bytes", r->allocator_rss);
    info_ratio(i, "rss_overhead_ratio", r->rss_overhead_ratio);
    info_number(i, "rss_overhead_bytes", r->rss_overhead);
    info_ratio(i, "mem_fragmentation_ratio", r->fragmentation_ratio);
    info_number(i, "mem_fragmentation_bytes", r->fragmentation);
}

void info_memory(struct info *i)
{
    const struct lazy_free *lazy = i->engine->fixed.keyspace->lazy;
    struct memory_report r;

    memory_report_get(i->admin, i->used_bytes, i->dbs, i->workers.buffer_bytes, &r);
    used_lines(i, &r);
    script_lines(i);
    info_memory_limit_lines(i);
    ratio_lines(i, &r);
    info_count(i, "mem_not_counted_for_evict", dispatch_uncounted_bytes(i->engine));
    info_count(i, "mem_replication_backlog", r.backlog);
    info_count(i, "mem_total_replication_buffers", r.backlog);
    info_count(i, "mem_clients_slaves", r.replicas);
    info_count(i, "mem_clients_normal", r.clients);
    info_count(i, "mem_cluster_links", r.links);
    info_count(i, "mem_aof_buffer", r.aof);
    info_text(i, "mem_allocator", mem_allocator_name());
    info_number(i, "mem_overhead_db_hashtable_rehashing", 0);
    info_count(i, "mem_tables", r.tables);
    info_count(i, "mem_log_ring", r.log_ring);
    info_number(i, "active_defrag_running", 0);
    info_count(i, "lazyfree_pending_objects", lazy_free_pending(lazy));
    info_count(i, "lazyfreed_objects", lazy_free_done(lazy));
}
