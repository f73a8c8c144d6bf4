/*
 * dispatch_config.h — what dispatch and the commands read of the configuration.
 *
 * One state of the configuration (io/config/config.h) contains one struct dispatch_config, and the
 * rows of the directives point straight into it.  So a batch costs one pointer, and a directive is
 * a field here and a row there.
 *
 * Units    sizes are bytes; *_us microseconds, *_ms milliseconds
 * Threads  never changes once it is published: engine.config is swapped whole
 */
#ifndef LK_CMD_DISPATCH_CONFIG_H
#define LK_CMD_DISPATCH_CONFIG_H

#include "core/base/bytes.h"
#include "core/store/evict_rule.h"
#include "core/types/limits.h"

LK_BEGIN

/* What commands may ask for: exec_limits(). */
struct command_limits {
    uint64_t bulk_max; /* proto-max-bulk-len */
    int64_t databases;
    bool lazy_user_del; /* lazyfree-lazy-user-del: DEL frees like UNLINK */
    bool lazy_user_flush;
    bool lfu; /* maxmemory-policy keeps LFU bits instead of LRU */
    int64_t lfu_log_factor, lfu_decay_minutes;
    struct type_limits types;
    uint64_t hll_sparse_max_bytes;
};

/* What happens at maxmemory. */
struct eviction_limits {
    struct evict_rule rule; /* maxmemory-policy */
    int64_t samples;        /* maxmemory-samples */
    int64_t tenacity;       /* maxmemory-eviction-tenacity: 0 … 100 */
    bool lazy;              /* lazyfree-lazy-eviction */
};

/* What a replica does. */
struct replica_rules {
    bool read_only;        /* replica-read-only */
    bool serve_stale_data; /* replica-serve-stale-data */
    bool ignore_maxmemory; /* replica-ignore-maxmemory: it evicts nothing */
};

struct dispatch_config {
    struct command_limits limits;
    uint64_t maxmemory;   /* 0: no limit */
    uint64_t output_hard; /* client-output-buffer-limit of normal clients; 0: none */
    struct eviction_limits eviction;
    struct replica_rules replica;
    struct bytes requirepass; /* any bytes; empty: none */
    int64_t slowlog_us;       /* negative: off */
    int64_t latency_ms;       /* latency-monitor-threshold; 0: off */
    int64_t busy_ms;          /* busy-reply-threshold; 0: no script is ever too long */
    bool latency_tracking;
    int64_t tracking_table_max_keys; /* that clients are kept in mind of; 0: no limit */
    /* Must no log show the value of this directive?  NULL: none may be shown. */
    bool (*is_secret)(struct bytes directive);
};

LK_END

#endif
