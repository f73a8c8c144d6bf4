/*
 * admin.c — the part that knows the others: its life, its configuration, its periodic look.
 *
 * Dispatch reads a snapshot of its own, derived from the configuration, so that a batch costs one
 * pointer.  CONFIG SET swaps that pointer; what it replaces stays readable until admin_reclaim.
 */
#include "io/admin/admin_priv.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/store/view.h"
#include "io/admin/info/process.h"
#include "io/admin/info/totals.h"

/* --- the configuration that dispatch reads --------------------------------------------------- */

struct dispatch_kept {
    struct dispatch_config config; /* first */
    struct dispatch_kept *next;
};

static bool is_lfu(int policy)
{
    return policy == CONFIG_VOLATILE_LFU || policy == CONFIG_ALLKEYS_LFU;
}

static struct type_limits type_limits_from(const struct config *c)
{
    return (struct type_limits){
        .hash_max_listpack_entries = (uint64_t)c->hash_max_listpack_entries,
        .hash_max_listpack_value = c->hash_max_listpack_value,
        .set_max_intset_entries = (uint64_t)c->set_max_intset_entries,
        .set_max_listpack_entries = (uint64_t)c->set_max_listpack_entries,
        .set_max_listpack_value = c->set_max_listpack_value,
        .zset_max_listpack_entries = (uint64_t)c->zset_max_listpack_entries,
        .zset_max_listpack_value = c->zset_max_listpack_value,
        .list_max_listpack_size = c->list_max_listpack_size,
        .stream_node_max_bytes = c->stream_node_max_bytes,
        .stream_node_max_entries = (uint64_t)c->stream_node_max_entries,
    };
}

struct dispatch_config *dispatch_config_from(const struct config *c)
{
    struct dispatch_kept *k = mem_new(struct dispatch_kept);
    char *password = NULL;

    if (c->requirepass.size > 0) {
        struct buf b = {0};
        buf_append_bytes(&b, c->requirepass);
        buf_append_char(&b, '\0');
        password = mem_strdup(b.data);
        buf_release(&b);
    }
    k->config = (struct dispatch_config){
        .limits = {.bulk_max = c->proto_max_bulk_len,
                   .databases = (uint32_t)c->databases,
                   .lazy_user_del = c->lazyfree_lazy_user_del,
                   .lazy_user_flush = c->lazyfree_lazy_user_flush,
                   .lfu = is_lfu(c->maxmemory_policy),
                   .lfu_log_factor = (uint32_t)c->lfu_log_factor,
                   .lfu_decay_minutes = (uint32_t)c->lfu_decay_time,
                   .hll_sparse_max_bytes = c->hll_sparse_max_bytes,
                   .types = type_limits_from(c)},
        .maxmemory = c->maxmemory,
        .requirepass = password,
        .slowlog_us = c->slowlog_log_slower_than_us,
        .latency_tracking = c->latency_tracking,
    };
    return &k->config;
}

void dispatch_config_free(struct dispatch_config *d)
{
    mem_strfree((char *)(uintptr_t)d->requirepass);
    mem_delete((struct dispatch_kept *)d);
}

/* Letters to classes: the first ten stand in the same order, n and m are the other way round. */
static uint32_t wanted_events(int notify)
{
    if (!(notify & (CONFIG_NOTIFY_KEYSPACE | CONFIG_NOTIFY_KEYEVENT)))
        return 0;
    uint32_t events = (uint32_t)notify & CONFIG_NOTIFY_ALL;
    if (notify & CONFIG_NOTIFY_NEW)
        events |= EVENT_NEW;
    if (notify & CONFIG_NOTIFY_MISS)
        events |= EVENT_MISS;
    return events;
}

_Static_assert((int)CONFIG_NOTIFY_GENERIC == (int)EVENT_GENERIC &&
                   (int)CONFIG_NOTIFY_MODULE == (int)EVENT_MODULE,
               "the classes stand in the order of the letters");

void admin_publish_config(struct admin *a)
{
    struct dispatch_shared *shared = a->parts.shared;
    const struct config *c = config_current(a->parts.config);
    struct dispatch_kept *old = (struct dispatch_kept *)(uintptr_t)shared->config;

    __atomic_store_n(&shared->config, dispatch_config_from(c), __ATOMIC_RELEASE);
    __atomic_store_n(&shared->events, wanted_events(c->notify_keyspace_events), __ATOMIC_RELAXED);
    log_set_level((enum log_level)c->loglevel);
    if (old) {
        old->next = a->kept;
        a->kept = old;
        __atomic_store_n(&a->kept_count, a->kept_count + 1, __ATOMIC_RELAXED);
    }
}

static void free_kept(struct admin *a)
{
    while (a->kept) {
        struct dispatch_kept *next = a->kept->next;
        dispatch_config_free(&a->kept->config);
        a->kept = next;
    }
    __atomic_store_n(&a->kept_count, 0, __ATOMIC_RELAXED);
}

void admin_reclaim(struct admin *a)
{
    struct gate *gate = &a->parts.shared->keyspace->gate;

    if (__atomic_load_n(&a->kept_count, __ATOMIC_RELAXED) < ADMIN_KEPT_MAX)
        return;
    gate_close(gate);
    pthread_mutex_lock(&a->config_lock);
    free_kept(a);
    config_reclaim(a->parts.config);
    pthread_mutex_unlock(&a->config_lock);
    gate_open(gate);
}

/* --- life ------------------------------------------------------------------------------------ */

static void random_id(char out[RUN_ID_CHARS + 1])
{
    uint8_t raw[RUN_ID_CHARS / 2];

    rng_system(raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++) {
        out[2 * i] = "0123456789abcdef"[raw[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
    }
    out[RUN_ID_CHARS] = '\0';
}

struct admin *admin_new(const struct admin_parts *parts)
{
    struct admin *a = mem_new(struct admin);

    a->parts = *parts;
    if (a->parts.started_ms == 0)
        a->parts.started_ms = clock_unix_ms();
    random_id(a->run_id);
    random_id(a->replication_id);
    pthread_mutex_init(&a->config_lock, NULL);
    a->parts.shared->config = NULL;
    admin_publish_config(a);
    a->parts.shared->admin = a;
    a->startup_bytes = mem_used();
    a->sampled.peak_bytes = a->startup_bytes;
    return a;
}

void admin_free(struct admin *a)
{
    dispatch_config_free((struct dispatch_config *)(uintptr_t)a->parts.shared->config);
    a->parts.shared->config = NULL;
    a->parts.shared->admin = NULL;
    free_kept(a);
    pthread_mutex_destroy(&a->config_lock);
    mem_delete(a);
}

const char *admin_run_id(const struct admin *a)
{
    return a->run_id;
}

void admin_add_commands(struct command_index *ix)
{
    command_index_add(ix, admin_info_commands);
    command_index_add(ix, admin_config_commands);
    command_index_add(ix, admin_memory_commands);
    command_index_add(ix, admin_debug_commands);
    command_index_add(ix, admin_server_commands);
    command_index_add(ix, admin_persist_commands);
    command_index_add(ix, admin_dump_commands);
}

/* --- the periodic look ----------------------------------------------------------------------- */

static void raise_to(uint64_t *peak, uint64_t value)
{
    uint64_t old = __atomic_load_n(peak, __ATOMIC_RELAXED);
    while (old < value && !__atomic_compare_exchange_n(peak, &old, value, true, __ATOMIC_RELAXED,
                                                       __ATOMIC_RELAXED))
        ;
}

uint64_t admin_peak_bytes(struct admin *a)
{
    raise_to(&a->sampled.peak_bytes, mem_used());
    return __atomic_load_n(&a->sampled.peak_bytes, __ATOMIC_RELAXED);
}

static void look_at_view(struct admin *a, int64_t now_ms)
{
    const uint64_t held = view_held_bytes(a->parts.shared->keyspace);
    const bool open =
        __atomic_load_n(&a->parts.shared->keyspace->view_epoch, __ATOMIC_RELAXED) != 0;

    raise_to(&a->sampled.held_peak_bytes, held);
    if (!open)
        __atomic_store_n(&a->sampled.held_since_ms, 0, __ATOMIC_RELAXED);
    else if (a->sampled.held_since_ms == 0)
        __atomic_store_n(&a->sampled.held_since_ms, (uint64_t)now_ms, __ATOMIC_RELAXED);
}

void admin_cron(struct admin *a, int64_t now_ms)
{
    struct stats *totals = mem_new(struct stats);

    totals_add_counters(a->parts.shared, totals);
    rate_sample(&a->sampled.commands, totals->total_commands, now_ms);
    rate_sample(&a->sampled.input, totals->net_in, now_ms);
    rate_sample(&a->sampled.output, totals->net_out, now_ms);
    mem_delete(totals);
    admin_peak_bytes(a);
    __atomic_store_n(&a->sampled.rss_bytes, process_rss_bytes(), __ATOMIC_RELAXED);
    look_at_view(a, now_ms);
}

bool admin_cron_paused(const struct admin *a)
{
    return __atomic_load_n(&a->cron_paused, __ATOMIC_RELAXED);
}

bool admin_is_local(const struct session *s)
{
    const char *peer = s->registry.peer;

    if (session_has(s, SESSION_UNIX) || !peer)
        return true; /* no peer: the server's own session */
    return strncmp(peer, "127.0.0.1:", 10) == 0 || strncmp(peer, "::1:", 4) == 0 ||
           strncmp(peer, "[::1]:", 6) == 0;
}
