/*
 * stats.h — what commands cost, counted by each worker for itself.
 *
 * Units    ticks of clock_ticks; histogram bucket i counts calls of [2^(i-1), 2^i) microseconds
 * Threads  the owner worker writes, reports read: relaxed atomics
 */
#ifndef LK_CMD_STATS_H
#define LK_CMD_STATS_H

#include "core/base/bytes.h"

LK_BEGIN

enum { STATS_BUCKETS = 32, STATS_ERRORS_MAX = 128 };

struct command_stats {
    uint64_t calls, ticks, rejected, failed;
    uint64_t *histogram; /* STATS_BUCKETS; NULL until the first call */
};

struct error_stat {
    char code[32];
    uint64_t count;
};

struct stats {
    struct command_stats *commands; /* by command_info.id */
    uint32_t command_count;
    uint64_t total_commands, keyspace_hits, keyspace_misses, expired_keys, expired_on_access;
    uint64_t expired_elements; /* fields of hashes */
    uint64_t changes;          /* for rdb_changes_since_last_save */
    uint64_t error_replies, net_in, net_out, connections, rejected_connections, protocol_errors;
    uint64_t parked; /* commands that had to wait for a shard's lock */
    uint64_t token_waits;
    uint64_t output_limit_disconnections, query_limit_disconnections;
    uint32_t error_count;
    struct error_stat errors[STATS_ERRORS_MAX];
};

void stats_init(struct stats *s, uint32_t commands);
void stats_release(struct stats *s);
void stats_reset(struct stats *s); /* CONFIG RESETSTAT; by the owner */

/* An increment that reports may read at any time; there is one writer. */
static inline void stats_add(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline uint64_t stats_read(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void stats_call(struct stats *s, uint32_t command, uint64_t ticks, bool histogram);
/* line is an error reply without its '-': the first word is its code. */
void stats_error(struct stats *s, struct bytes line);

LK_END

#endif
