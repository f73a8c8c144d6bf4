/*
 * bus.c — the bus' thread, once around.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/trace.h"
#include "core/cmd/client/registry.h"
#include "core/store/keyspace.h"
#include "core/store/reclaim.h"
#include "io/cluster/bus_priv.h"
#include "io/cluster/helper.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64, HUNG_MS = 20 };

/* --- settings --------------------------------------------------------------------------------- */

void bus_configure(struct cluster_bus *b, const struct config *c)
{
    struct bus_settings settings;
    bus_settings(c, &settings);
    pthread_mutex_lock(&b->lock);
    b->sendbuf_limit = settings.sendbuf_limit;
    if (memcmp(&settings.options, &b->cluster->options, sizeof settings.options) != 0) {
        cluster_set_options(b->cluster, &settings.options);
        bus_publish_map(b, cluster_map(b->cluster)); /* who is told next goes by it */
        b->cluster->todo |= CLUSTER_MAP; /* a turn may be about to publish one that is older */
    }
    pthread_mutex_unlock(&b->lock);
    bus_wake(b);
}

/* --- the way around -------------------------------------------------------------------------- */

static void bus_event(struct cluster_bus *b, const struct epoll_event *ev, int64_t now_ms)
{
    uint64_t count;
    if (ev->data.ptr == &b->wake) {
        (void)!read(b->wake, &count, sizeof count);
        return;
    }
    for (uint32_t i = 0; i < b->listeners.count; i++)
        if (ev->data.ptr == &b->listeners.fd[i]) {
            bus_accept(b, b->listeners.fd[i]);
            return;
        }
    bus_socket_event(b, ev->data.ptr, ev->events, now_ms);
}

/* One way around; returns how long to wait, in ms. */
static int bus_turn(struct cluster_bus *b, const struct epoll_event *events, int n,
                    int64_t *next_tick_ms, uint8_t *words)
{
    struct bus_outcome out = {0};
    pthread_mutex_lock(&b->turn);
    pthread_mutex_lock(&b->lock);
    const int64_t now_ms = bus_now_ms();
    b->cluster->now_ms = now_ms;
    for (int i = 0; i < n; i++)
        bus_event(b, &events[i], now_ms);
    bus_take_requests(b);
    if (exchange_acq_rel(&b->drained, 0))
        b->cluster->todo |= CLUSTER_MAP;
    if (now_ms >= *next_tick_ms) {
        cluster_tick(b->cluster, now_ms);
        *next_tick_ms = now_ms + CLUSTER_TICK_MS;
    }
    bus_gather(b, &out, words);
    pthread_mutex_unlock(&b->lock);
    bus_carry_out(b, &out, words);
    pthread_mutex_lock(&b->lock);
    bus_drain(b);
    const bool behind = b->cluster->todo & (CLUSTER_SAVE | CLUSTER_MAP | CLUSTER_ROLE);
    if (!behind) /* else somebody has made a change meanwhile, and it comes first */
        bus_send_all(b);
    pthread_mutex_unlock(&b->lock);
    bus_answer_requests(b);
    pthread_mutex_unlock(&b->turn);
    const int64_t wait_ms = *next_tick_ms - bus_now_ms();
    return wait_ms < 0 || behind ? 0 : (int)wait_ms;
}

static void *bus_main(void *arg)
{
    struct cluster_bus *b = arg;
    struct epoll_event events[EVENTS_AT_ONCE];
    uint8_t *words = mem_alloc(HASH_SLOTS);
    int64_t next_tick_ms = 0;
    int n = 0;
    while (!load_acquire(&b->stop)) {
        if (bus_hangs(b, bus_now_ms())) {
            poll(NULL, 0, HUNG_MS);
            n = 0; /* what has come is still there */
            continue;
        }
        const int wait_ms = bus_turn(b, events, n, &next_tick_ms, words);
        n = epoll_wait(b->epoll, events, EVENTS_AT_ONCE, wait_ms);
        n = n < 0 ? 0 : n;
    }
    mem_free(words, HASH_SLOTS);
    reclaim_flush();
    return NULL;
}

/* --- what the state machine asks ------------------------------------------------------------- */

static uint64_t bus_offset(void *bus)
{
    const struct cluster_bus *b = bus;
    return b->parts.offset ? b->parts.offset(b->parts.ctx) : 0;
}

static int64_t bus_data_age_ms(void *bus)
{
    const struct cluster_bus *b = bus;
    return b->parts.data_age_ms ? b->parts.data_age_ms(b->parts.ctx) : 0;
}

static uint64_t bus_count_keys(void *bus, uint32_t slot)
{
    return bus_keys_in_slot(bus, slot);
}

static bool bus_is_paused(void *bus)
{
    const struct cluster_bus *b = bus;
    return load_acquire(&b->paused) &&
           (!b->parts.has_mark || b->parts.has_mark(b->parts.ctx, b->mark));
}

/* Under the lock, which workers inside the gate may wait for: so the gate is closed later. */
static void bus_note_pause(void *bus, int64_t until_ms)
{
    struct cluster_bus *b = bus;
    b->pause_ms = until_ms ? cluster_unix_ms(b->cluster, until_ms) : 0;
}

static void bus_hear_message(void *bus, bool shard, struct bytes channel, struct bytes message)
{
    const struct cluster_bus *b = bus;
    if (b->parts.publish)
        b->parts.publish(b->parts.ctx, shard, channel, message);
}

/* --- begin and end --------------------------------------------------------------------------- */

static bool bus_load(struct cluster_bus *b)
{
    struct buf text = {0};
    uint32_t line;
    bool fine = true;
    if (nodes_file_read(b->path, &text)) {
        fine = cluster_load_text(b->cluster, buf_bytes(&text), &line);
        if (!fine)
            trace_line(TRACE_WARNING,
                       "Unrecoverable error: corrupted cluster config file %s, line %u.", b->path,
                       line);
        else
            trace_line(TRACE_NOTICE, "Node configuration loaded, I'm %.40s", b->cluster->self->id);
    } else {
        trace_line(TRACE_NOTICE, "No cluster configuration found, I'm %.40s", b->cluster->self->id);
    }
    buf_release(&text);
    return fine;
}

/* Before anybody is served: the file, the words and the map. */
static void bus_begin(struct cluster_bus *b)
{
    struct bus_outcome out = {0};
    uint8_t *words = mem_alloc(HASH_SLOTS);
    b->cluster->todo |= CLUSTER_SAVE | CLUSTER_MAP;
    bus_gather(b, &out, words);
    b->cluster->todo |= out.todo & CLUSTER_ROLE;
    out.todo &= ~(uint32_t)CLUSTER_ROLE;
    bus_carry_out(b, &out, words);
    mem_free(words, HASH_SLOTS);
}

struct cluster_bus *bus_new(const struct bus_parts *parts)
{
    const struct config *c = config_current(parts->config);
    struct cluster_bus *b = mem_new(struct cluster_bus);
    struct bus_settings settings;
    uint64_t seed;
    b->parts = *parts;
    b->pause_ms = -1;
    pthread_mutex_init(&b->turn, NULL);
    pthread_mutex_init(&b->lock, NULL);
    pthread_mutex_init(&b->requests_lock, NULL);
    b->requests_end = &b->requests;
    b->done_end = &b->done;
    b->words = mem_calloc(HASH_SLOTS);
    b->path = mem_strdup(c->cluster_config_file);
    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    b->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rng_system(&seed, sizeof seed);
    bus_settings(c, &settings);
    b->sendbuf_limit = settings.sendbuf_limit;
    const struct cluster_ops ops = {.ctx = b,
                                    .connect = bus_connect,
                                    .offset = bus_offset,
                                    .data_age_ms = bus_data_age_ms,
                                    .keys_in_slot = bus_count_keys,
                                    .pause = bus_note_pause,
                                    .paused = bus_is_paused,
                                    .publish = bus_hear_message};
    b->cluster = cluster_new(&settings.options, &ops, seed, bus_now_ms(), clock_unix_ms());
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &b->wake};
    const bool made =
        b->epoll >= 0 && b->wake >= 0 && epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->wake, &ev) == 0;
    b->file_lock = nodes_file_lock(b->path);
    if (!made || b->file_lock < 0 || !bus_load(b) || !bus_listen(b)) {
        bus_free(b);
        return NULL;
    }
    bus_begin(b);
    return b;
}

void bus_start(struct cluster_bus *b)
{
    LK_ASSERT(!b->running);
    bus_adopt(b);
    b->running = pthread_create(&b->thread, NULL, bus_main, b) == 0;
    LK_ASSERT(b->running);
}

void bus_drained(void *bus)
{
    struct cluster_bus *b = bus;
    store_release(&b->drained, 1);
    bus_wake(b);
}

void bus_stop(struct cluster_bus *b)
{
    store_release(&b->stop, 1);
    bus_wake(b);
    if (b->running)
        pthread_join(b->thread, NULL);
    b->running = false;
    /* A worker may be in the turn; the next one finds that it has stopped. */
    pthread_mutex_lock(&b->turn);
    pthread_mutex_unlock(&b->turn);
}

void bus_free(struct cluster_bus *b)
{
    LK_ASSERT(!b->running);
    bus_pulse_end(b);
    bus_close_all(b);
    listen_close(&b->listeners);
    cluster_free(b->cluster);
    bus_drop_requests(b);
    if (b->epoll >= 0)
        close(b->epoll);
    if (b->wake >= 0)
        close(b->wake);
    if (b->file_lock >= 0)
        close(b->file_lock);
    slot_map_free((struct slot_map *)(uintptr_t)b->parts.engine->cluster.slots);
    b->parts.engine->cluster.slots = NULL;
    mem_free(b->words, HASH_SLOTS);
    mem_strfree(b->path);
    buf_release(&b->error);
    buf_release(&b->say);
    buf_release(&b->published);
    pthread_mutex_destroy(&b->turn);
    pthread_mutex_destroy(&b->lock);
    pthread_mutex_destroy(&b->requests_lock);
    mem_delete(b);
}

/* --- questions ------------------------------------------------------------------------------- */

const struct cluster *bus_look(struct cluster_bus *b)
{
    pthread_mutex_lock(&b->lock);
    return b->cluster;
}

void bus_done(struct cluster_bus *b)
{
    pthread_mutex_unlock(&b->lock);
}

size_t bus_link_bytes(struct cluster_bus *b)
{
    size_t bytes = 0;
    for (const struct cluster_link *l = bus_look(b)->links; l; l = l->next) {
        const struct bus_socket *s = l->bus;
        bytes += sizeof *l + l->out.capacity;
        bytes += s ? sizeof *s + s->in.capacity + s->sealed.capacity : 0;
    }
    bus_done(b);
    return bytes;
}

uint64_t bus_links_cut(struct cluster_bus *b)
{
    bus_look(b);
    const uint64_t cut = b->links_cut;
    bus_done(b);
    return cut;
}

/* --- for tests ------------------------------------------------------------------------------- */

bool bus_debug_kill(struct cluster_bus *b, struct bytes id, bool to, bool from)
{
    pthread_mutex_lock(&b->lock);
    struct cluster_node *n = cluster_find(b->cluster, id);
    if (n && to && n->link)
        cluster_drop(b->cluster, n->link);
    if (n && from && n->inbound)
        cluster_drop(b->cluster, n->inbound);
    pthread_mutex_unlock(&b->lock);
    bus_wake(b);
    return n != NULL;
}

void bus_debug_drop(struct cluster_bus *b, int type)
{
    pthread_mutex_lock(&b->lock);
    b->cluster->lost.type = type;
    pthread_mutex_unlock(&b->lock);
}

void bus_debug_drop_closes(struct cluster_bus *b, bool closes)
{
    pthread_mutex_lock(&b->lock);
    b->cluster->lost.closes = closes;
    pthread_mutex_unlock(&b->lock);
}
