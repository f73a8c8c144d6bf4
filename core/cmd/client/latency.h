/*
 * latency.h — the latency monitor: what took longer than latency-monitor-threshold, by event.
 *
 * Each event keeps its last LATENCY_SAMPLES samples, one a second at most: of those of one second
 * the slowest stays.
 *
 *   event --> | 12:00:01 250 ms | 12:00:07 101 ms | ...      and the slowest of all times
 *
 * Units    unix_s seconds, ms milliseconds
 * Threads  any: one leaf lock, taken only for what was slow, and by who looks
 */
#ifndef LK_CMD_LATENCY_H
#define LK_CMD_LATENCY_H

#include "core/base/bytes.h"

LK_BEGIN

enum { LATENCY_SAMPLES = 160 };

enum latency_event {
    LATENCY_COMMAND,
    LATENCY_FAST_COMMAND,   /* a command that says of itself that it is fast */
    LATENCY_EXPIRE_CYCLE,   /* a worker's round over its shards for what has expired */
    LATENCY_EXPIRE_DEL,     /* one key whose time has come */
    LATENCY_EVICTION_CYCLE, /* what one command, or one turn of a worker, has evicted */
    LATENCY_EVICTION_DEL,   /* one key of these */
    LATENCY_AOF_WRITE,      /* each write to the append-only file; one of the next three as well */
    LATENCY_AOF_WRITE_PENDING_SYNC, /* while a sync was under way */
    LATENCY_AOF_WRITE_ACTIVE_CHILD, /* while a snapshot was written */
    LATENCY_AOF_WRITE_ALONE,
    LATENCY_AOF_SYNC_ALWAYS, /* a sync that replies wait for */
    LATENCY_AOF_RENAME,      /* a new base gets its name */
    LATENCY_RDB_UNLINK_TEMP_FILE,
    LATENCY_EVENTS
};

struct latency_sample {
    int64_t unix_s;
    uint64_t ms;
};

/* An event as it was when it was asked for: samples from the oldest to the latest, at least one. */
struct latency_history {
    const char *name; /* as clients call it; lives for ever */
    uint64_t max_ms;  /* since the last reset */
    uint32_t count;
    struct latency_sample samples[LATENCY_SAMPLES];
};

struct latency_monitor;

struct latency_monitor *latency_new(void);
void latency_free(struct latency_monitor *m);

void latency_add(struct latency_monitor *m, enum latency_event event, int64_t unix_s, uint64_t ms);

/* False: it has no samples.  m may be NULL: nothing is watched. */
bool latency_get(struct latency_monitor *m, enum latency_event event, struct latency_history *out);
/* By any case of its name; LATENCY_EVENTS if there is none. */
enum latency_event latency_find(struct bytes name);
/* Forgets the event's samples; false if it had none. */
bool latency_reset(struct latency_monitor *m, enum latency_event event);

LK_END

#endif
