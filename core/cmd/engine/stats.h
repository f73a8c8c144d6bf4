/*
 * stats.h — what commands cost, counted by each worker for itself.
 *
 * Units    ticks of clock_ticks; histograms as in histogram.h
 * Threads  the owner worker writes, reports read: relaxed atomics
 */
#ifndef LK_CMD_STATS_H
#define LK_CMD_STATS_H

#include "core/base/atomic.h"
#include "core/base/bytes.h"
#include "core/cmd/engine/histogram.h"

LK_BEGIN

/* Codes that scripts make up could be any number: no more of them get a row of their own. */
enum { STATS_ERRORS_OF_SCRIPTS = 128, STATS_ERRORS_MAX = 192 };

struct command_stats {
    uint64_t calls, ticks, rejected, failed;
    uint64_t *histogram; /* HISTOGRAM_BUCKETS; NULL until the first call */
};

struct error_stat {
    char code[32];
    uint64_t count;
};

/*
 * Plain counters, each a field of struct stats and a place of its counters: whoever adds them up or
 * sets them back walks the array.
 */
#define STATS_COUNTERS(X)                                                                          \
    X(total_commands)                                                                              \
    X(keyspace_hits)                                                                               \
    X(keyspace_misses)                                                                             \
    X(expired_keys)                                                                                \
    X(expired_on_access)                                                                           \
    X(expired_elements) /* fields of hashes */                                                     \
    X(evicted_keys)                                                                                \
    X(changes) /* for rdb_changes_since_last_save; CONFIG RESETSTAT leaves it alone */             \
    X(error_replies)                                                                               \
    X(net_in)                                                                                      \
    X(net_out)                                                                                     \
    X(connections)                                                                                 \
    X(rejected_connections)                                                                        \
    X(protocol_errors)                                                                             \
    X(parked) /* commands that had to wait for a shard's lock */                                   \
    X(token_waits)                                                                                 \
    X(evicted_clients)                                                                             \
    X(output_limit_disconnections)                                                                 \
    X(query_limit_disconnections)

#define STATS_FIELD(name) uint64_t name;
#define STATS_PLACE(name) STATS_##name,
enum stats_counter { STATS_COUNTERS(STATS_PLACE) STATS_COUNTER_COUNT };

struct stats {
    struct command_stats *commands; /* by command_info.id */
    uint32_t command_count;
    uint32_t error_count;
    __extension__ union {
        __extension__ struct {
            STATS_COUNTERS(STATS_FIELD)
        };
        uint64_t counters[STATS_COUNTER_COUNT]; /* by enum stats_counter */
    };
    struct error_stat errors[STATS_ERRORS_MAX];
};
#undef STATS_FIELD
#undef STATS_PLACE

void stats_init(struct stats *s, uint32_t commands);
void stats_release(struct stats *s);
void stats_reset(struct stats *s); /* CONFIG RESETSTAT; by the owner */

/* An increment that reports may read at any time; there is one writer. */
static inline void stats_add(uint64_t *counter, uint64_t n)
{
    store_relaxed(counter, *counter + n);
}

static inline uint64_t stats_read(const uint64_t *counter)
{
    return load_relaxed(counter);
}

void stats_make_histogram(struct command_stats *c);

/* A call that took so long, which is ticks and, of them, ns. */
static inline void stats_call(struct stats *s, uint32_t command, uint64_t ticks, uint64_t ns,
                              bool histogram)
{
    struct command_stats *c = &s->commands[command];
    stats_add(&s->total_commands, 1);
    stats_add(&c->calls, 1);
    stats_add(&c->ticks, ticks);
    if (LK_UNLIKELY(!histogram))
        return;
    if (LK_UNLIKELY(!c->histogram))
        stats_make_histogram(c);
    stats_add(&c->histogram[histogram_bucket(ns)], 1);
}

/* line is an error reply without its '-': the first word is its code.  made_up: by a script. */
void stats_error(struct stats *s, struct bytes line, bool made_up);

LK_END

#endif
