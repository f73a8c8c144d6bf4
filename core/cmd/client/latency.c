#include "core/cmd/client/latency.h"

#include "core/base/mem.h"
#include "core/base/rank.h"

#include <pthread.h>

static const char *const event_names[LATENCY_EVENTS] = {
    [LATENCY_COMMAND] = "command",
    [LATENCY_FAST_COMMAND] = "fast-command",
    [LATENCY_EXPIRE_CYCLE] = "expire-cycle",
    [LATENCY_EXPIRE_DEL] = "expire-del",
    [LATENCY_EVICTION_CYCLE] = "eviction-cycle",
    [LATENCY_EVICTION_DEL] = "eviction-del",
    [LATENCY_AOF_WRITE] = "aof-write",
    [LATENCY_AOF_WRITE_PENDING_SYNC] = "aof-write-pending-fsync",
    [LATENCY_AOF_WRITE_ACTIVE_CHILD] = "aof-write-active-child",
    [LATENCY_AOF_WRITE_ALONE] = "aof-write-alone",
    [LATENCY_AOF_SYNC_ALWAYS] = "aof-fsync-always",
    [LATENCY_AOF_RENAME] = "aof-rename",
    [LATENCY_RDB_UNLINK_TEMP_FILE] = "rdb-unlink-temp-file",
};

/* A ring: the latest sample lies in front of next. */
struct event {
    struct latency_sample samples[LATENCY_SAMPLES];
    uint32_t next, count;
    uint64_t max_ms;
};

struct latency_monitor {
    pthread_mutex_t lock;
    struct event *events[LATENCY_EVENTS]; /* lock; NULL: no samples */
};

struct latency_monitor *latency_new(void)
{
    struct latency_monitor *m = mem_new(struct latency_monitor);
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void latency_free(struct latency_monitor *m)
{
    for (uint32_t i = 0; i < LATENCY_EVENTS; i++)
        if (m->events[i])
            mem_delete(m->events[i]);
    pthread_mutex_destroy(&m->lock);
    mem_delete(m);
}

void latency_add(struct latency_monitor *m, enum latency_event event, int64_t unix_s, uint64_t ms)
{
    LK_ASSERT(event < LATENCY_EVENTS);
    leaf_lock(&m->lock);
    if (!m->events[event])
        m->events[event] = mem_new(struct event);
    struct event *e = m->events[event];
    struct latency_sample *last = &e->samples[(e->next + LATENCY_SAMPLES - 1) % LATENCY_SAMPLES];
    if (ms > e->max_ms)
        e->max_ms = ms;
    if (e->count > 0 && last->unix_s == unix_s) {
        if (ms > last->ms)
            last->ms = ms;
    } else {
        e->samples[e->next] = (struct latency_sample){unix_s, ms};
        e->next = (e->next + 1) % LATENCY_SAMPLES;
        e->count += e->count < LATENCY_SAMPLES;
    }
    leaf_unlock(&m->lock);
}

bool latency_get(struct latency_monitor *m, enum latency_event event, struct latency_history *out)
{
    if (!m || event >= LATENCY_EVENTS)
        return false;
    leaf_lock(&m->lock);
    const struct event *e = m->events[event];
    const bool found = e != NULL;
    if (found) {
        *out = (struct latency_history){
            .name = event_names[event], .max_ms = e->max_ms, .count = e->count};
        const uint32_t first = (e->next + LATENCY_SAMPLES - e->count) % LATENCY_SAMPLES;
        for (uint32_t i = 0; i < e->count; i++)
            out->samples[i] = e->samples[(first + i) % LATENCY_SAMPLES];
    }
    leaf_unlock(&m->lock);
    return found;
}

enum latency_event latency_find(struct bytes name)
{
    uint32_t i = 0;
    while (i < LATENCY_EVENTS && !bytes_is_word(name, event_names[i]))
        i++;
    return (enum latency_event)i;
}

bool latency_reset(struct latency_monitor *m, enum latency_event event)
{
    if (!m || event >= LATENCY_EVENTS)
        return false;
    leaf_lock(&m->lock);
    struct event *e = m->events[event];
    m->events[event] = NULL;
    leaf_unlock(&m->lock);
    if (e)
        mem_delete(e);
    return e != NULL;
}
