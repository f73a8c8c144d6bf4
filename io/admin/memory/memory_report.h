/*
 * memory_report.h — where the memory went: the figures of INFO memory, MEMORY STATS and DOCTOR.
 *
 * Units    bytes; *_ratio and *_percent as named
 * Threads  any
 */
#ifndef LK_IO_ADMIN_MEMORY_REPORT_H
#define LK_IO_ADMIN_MEMORY_REPORT_H

#include "core/base/mem.h"
#include "core/cmd/engine/exec_report.h"
#include "io/admin/admin_priv.h"

LK_BEGIN

struct memory_report {
    uint64_t used, peak, startup, rss, machine;
    struct mem_stats allocator;
    uint64_t clients;  /* connections with their buffers */
    uint64_t tables;   /* pages and directories of all databases */
    uint64_t log_ring; /* its slots, and effects on their way to files and replicas */
    uint64_t backlog;  /* of the replication stream, and what replicas need of it */
    uint64_t replicas; /* of backlog: what they need beyond its size */
    uint64_t links;    /* of the cluster's bus */
    uint64_t aof;      /* what its file has not been given yet */
    uint64_t scripts;  /* interpreters, sources and libraries */
    uint64_t freeing;  /* of keys that are gone, and freed beside the commands */
    uint64_t view;     /* held only for an open view */
    uint64_t overhead; /* all that is not keys and values */
    uint64_t dataset, keys;
    double dataset_percent, peak_percent;
    double allocator_frag_ratio, allocator_rss_ratio, rss_overhead_ratio, fragmentation_ratio;
    int64_t allocator_frag, allocator_rss, rss_overhead, fragmentation;
};

void memory_report_get(struct admin *a, size_t used, const struct db_reports *dbs,
                       uint64_t client_bytes, struct memory_report *out);

LK_END

#endif
