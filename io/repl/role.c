#include "io/repl/role.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/client/registry.h"
#include "io/repl/role_priv.h"
#include "io/start/startup.h"

#include <stdio.h>

/* --- life ------------------------------------------------------------------------------------ */

struct role *role_new(const struct role_parts *parts)
{
    struct role *r = mem_new(struct role);
    r->parts = *parts;
    pthread_mutex_init(&r->lock, NULL);
    master_link_init(&r->link, r);
    parts->engine->fixed.role = r;
    return r;
}

struct stats *role_stats(struct role *r)
{
    return dispatcher_stats(r->link.dispatcher);
}

static void role_set(struct role *r, bool replica, const char *host, uint16_t port)
{
    struct engine *engine = r->parts.engine;
    pthread_mutex_lock(&r->lock);
    r->replica = replica;
    snprintf(r->host, sizeof r->host, "%s", host);
    r->port = port;
    pthread_mutex_unlock(&r->lock);
    store_relaxed(&r->link.figures.state, replica ? LINK_CONNECT : LINK_NONE);
    engine_set_replica(engine, replica);
    own_keys_clear(&engine->own_keys);
    engine_set_link_down(engine, replica);
    trace_set_role(replica ? 'S' : 'M');
    startup_oom_follow_role(config_current(r->parts.config), replica);
    fetch_add_acq_rel(&r->generation, 1);
    link_waker_wake(&r->link.waker);
}

void role_begin(struct role *r)
{
    const struct config *c = config_current(r->parts.config);
    if (c->replicaof_host)
        role_set(r, true, c->replicaof_host, (uint16_t)c->replicaof_port);
}

/* The file that was loaded says of which stream it is: that may go on. */
static void role_resume(struct role *r)
{
    struct gate *gate = &r->parts.engine->fixed.keyspace->gate;
    struct persistence_place place;
    pthread_mutex_lock(&r->lock); /* REPLICAOF may come already */
    const bool replica = r->replica;
    pthread_mutex_unlock(&r->lock);
    if (!replica || !persistence_place_get(r->parts.persistence, &place))
        return;
    gate_close(gate);
    pthread_mutex_lock(&r->lock);
    memcpy(r->upstream.id, place.id, sizeof r->upstream.id);
    r->upstream.offset = place.offset;
    r->upstream.has_db = true;
    r->upstream.db = place.db > 0 ? (uint32_t)place.db : 0;
    r->upstream.known = true;
    pthread_mutex_unlock(&r->lock);
    role_history_follow(r, true);
    gate_open(gate);
    store_relaxed(&r->link.figures.offset, place.offset);
}

void role_start(struct role *r)
{
    role_resume(r);
    store_release(&r->started, 1);
    master_link_start(&r->link);
}

void role_set_timeout(struct role *r, int64_t seconds)
{
    store_relaxed(&r->link.settings.timeout_ms, seconds * 1000);
}

void role_look(struct role *r)
{
    link_waker_wake(&r->link.waker);
}

void role_end(struct role *r)
{
    store_release(&r->stop, 1);
    link_waker_wake(&r->link.waker);
    master_link_end(&r->link);
}

void role_free(struct role *r)
{
    own_keys_clear(&r->parts.engine->own_keys);
    dispatcher_free(r->link.dispatcher); /* workers have read its statistics to their end */
    link_waker_release(&r->link.waker);
    pthread_mutex_destroy(&r->lock);
    mem_delete(r);
}

/* --- changes --------------------------------------------------------------------------------- */

/* What CONFIG GET shows and CONFIG REWRITE writes. */
static void role_write_config(struct role *r)
{
    struct buf text = {0}, error = {0};
    if (r->parts.engine->fixed.keyspace->slotted)
        return; /* nodes.conf says it */
    if (r->replica)
        buf_printf(&text, "%s %u", r->host, r->port);
    else
        buf_append_cstr(&text, "no one");
    if (config_put(r->parts.config, bytes_cstr("replicaof"), buf_bytes(&text), &error) != LK_OK)
        trace_line(TRACE_WARNING, "replicaof: %.*s", (int)error.size, error.data);
    buf_release(&text);
    buf_release(&error);
}

static bool role_unblock_visit(void *ctx, struct session *s)
{
    struct registry *registry = ctx;
    const struct command_info *c = load_relaxed(&s->last_command);
    if (session_has(s, SESSION_BLOCKED) && c && c->flags & CMD_BLOCKING)
        registry_unblock(registry, s, UNBLOCK_ROLE);
    return true;
}

bool role_follow(struct role *r, struct bytes host, uint16_t port)
{
    struct engine *engine = r->parts.engine;
    char text[ROLE_HOST_MAX + 1];
    snprintf(text, sizeof text, "%.*s", (int)host.size, host.data);
    if (r->replica && r->port == port && strcmp(r->host, text) == 0)
        return false;
    const bool was = r->replica;
    r->handing = false;
    if (!was) {
        role_forget_upstream(r);   /* the data have gone their own way, in a stream of their own */
        r->upstream.has_db = true; /* which begins with SELECT where it is another's */
        r->upstream.db = 0;
    }
    role_history_follow(r, was);
    role_set(r, true, text, port);
    role_write_config(r);
    /* What a master's clients wait for, a replica may not give them (H9). */
    if (engine->fixed.registry)
        registry_each(engine->fixed.registry, role_unblock_visit, engine->fixed.registry);
    return true;
}

void role_hand_over(struct role *r, struct bytes host, uint16_t port)
{
    LK_ASSERT(!r->replica);
    role_follow(r, host, port);
    r->handing = true;
}

void role_lead(struct role *r)
{
    r->handing = false;
    if (!r->replica)
        return;
    role_set(r, false, "", 0);
    role_history_promote(r);
    role_forget_upstream(r);
    persistence_accept(r->parts.persistence);
    role_write_config(r);
}

/* --- reports --------------------------------------------------------------------------------- */

static int64_t role_seconds_since(int64_t then_ns)
{
    return then_ns == 0 ? -1 : (clock_mono_ns() - then_ns) / 1000000000;
}

#define FIGURE(f) load_relaxed(&r->link.figures.f)

void role_report(struct role *r, struct role_report *out)
{
    *out = (struct role_report){.state = (enum link_state)FIGURE(state)};
    pthread_mutex_lock(&r->lock);
    out->replica = r->replica;
    memcpy(out->host, r->host, sizeof out->host);
    out->port = r->port;
    out->has_history = r->upstream.known;
    memcpy(out->id, r->upstream.id, sizeof out->id);
    pthread_mutex_unlock(&r->lock);
    out->offset = FIGURE(offset);
    out->read_offset = FIGURE(read_offset);
    out->last_io_s = out->state == LINK_CONNECTED ? role_seconds_since(FIGURE(heard_ns)) : -1;
    out->down_s = role_seconds_since(FIGURE(down_ns));
    out->sync_total = FIGURE(sync_total);
    out->sync_read = FIGURE(sync_read);
    out->sync_last_io_s = role_seconds_since(FIGURE(sync_heard_ns));
    out->errors = FIGURE(errors);
}

const char *role_state_name(enum link_state state)
{
    static const char *const names[] = {"none",      "connect", "connecting",
                                        "handshake", "sync",    "connected"};
    LK_ASSERT(state <= LINK_CONNECTED);
    return names[state];
}
