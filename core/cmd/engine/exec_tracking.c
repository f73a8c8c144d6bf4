#include "core/cmd/engine/exec_tracking.h"

#include "core/base/atomic.h"
#include "core/cmd/engine/unit.h"

const struct tracking *exec_tracking(const struct exec *x)
{
    return x->dispatcher->push ? x->dispatcher->push->tracking : NULL;
}

/* --- prefixes -------------------------------------------------------------------------------- */

static void client_tracking_insert(struct client_tracking *c, struct bytes prefix)
{
    if (c->count == c->capacity) {
        const uint32_t more = c->capacity ? c->capacity * 2 : 4;
        c->prefixes = mem_realloc(c->prefixes, c->capacity * sizeof prefix, more * sizeof prefix);
        c->capacity = more;
    }
    uint32_t at = c->count;
    for (; at > 0 && bytes_compare(c->prefixes[at - 1], prefix) > 0; at--)
        c->prefixes[at] = c->prefixes[at - 1];
    char *copy = mem_alloc(prefix.size + 1);
    if (prefix.size > 0)
        memcpy(copy, prefix.data, prefix.size);
    c->prefixes[at] = bytes_of(copy, prefix.size);
    c->count++;
}

static void session_add_prefix(struct session *s, struct tracking *t, struct bytes prefix)
{
    if (!prefixes_add(t->prefixes, prefix, s->tracker))
        return;
    client_tracking_insert(s->tracking, prefix);
    session_keep_names(s, (int64_t)(sizeof prefix + prefix.size));
}

static void session_drop_prefixes(struct session *s, struct tracking *t)
{
    struct client_tracking *c = s->tracking;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct bytes prefix = c->prefixes[i];
        LK_ASSERT(prefixes_remove(t->prefixes, prefix, s->tracker));
        session_keep_names(s, -(int64_t)(sizeof prefix + prefix.size));
        mem_free((char *)(uintptr_t)prefix.data, prefix.size + 1);
    }
    mem_free(c->prefixes, c->capacity * sizeof *c->prefixes);
    c->prefixes = NULL;
    c->count = c->capacity = 0;
}

/* --- on and off ------------------------------------------------------------------------------ */

/*
 * What writers look at: does anybody track, has anybody prefixes.  It is on before the client's
 * command is answered, so whoever reads it under the lock of a shard that this client has read
 * since sees it on.
 */
static void tracking_show(struct engine *e, struct tracking *t, int change)
{
    pthread_mutex_lock(&t->mutex);
    const uint64_t clients = t->clients + (uint64_t)(int64_t)change;
    store_relaxed(&t->clients, clients);
    engine_show_events(e, EVENT_TRACKED | EVENT_BROADCAST,
                       (clients > 0 ? EVENT_TRACKED : 0u) |
                           (prefixes_count(t->prefixes) > 0 ? EVENT_BROADCAST : 0u));
    pthread_mutex_unlock(&t->mutex);
}

static uint32_t tracker_flags(const struct session *s)
{
    return TRACKER_ON | (session_has(s, SESSION_TRACKING_NOLOOP) ? TRACKER_NOLOOP : 0u) |
           (session_has(s, SESSION_TRACKING_BCAST) ? TRACKER_BCAST : 0u) |
           (s->reply.version == 3 ? TRACKER_RESP3 : 0u);
}

enum {
    TRACKING_MODE = SESSION_TRACKING_BCAST | SESSION_TRACKING_OPTIN | SESSION_TRACKING_OPTOUT |
                    SESSION_TRACKING_NOLOOP | SESSION_TRACKING_BROKEN,
};

static uint64_t tracking_aim(const struct session *s, const struct tracking_wish *wish)
{
    return wish->redirect ? aim_of(wish->redirect_to, wish->redirect) : aim_of(s->worker, s->id);
}

void exec_tracking_on(struct exec *x, const struct tracking_wish *wish)
{
    struct dispatcher *d = x->dispatcher;
    struct session *s = x->session;
    struct tracking *t = d->push->tracking;
    const uint64_t aim = tracking_aim(s, wish);
    const bool was_on = session_has(s, SESSION_TRACKING);
    if (!s->tracking)
        s->tracking = mem_new(struct client_tracking);
    s->tracking->redirect = wish->redirect;
    session_set(s, TRACKING_MODE, false);
    session_set(s, SESSION_TRACKING | wish->flags, true);
    if (s->tracker == 0)
        s->tracker = trackers_add(
            t->trackers, &(struct tracker_state){tracker_flags(s), aim_of(s->worker, s->id), aim});
    else
        trackers_set(t->trackers, s->tracker, tracker_flags(s), aim);
    for (uint32_t i = 0; i < wish->count; i++)
        session_add_prefix(s, t, wish->prefixes[i]);
    if (wish->flags & SESSION_TRACKING_BCAST && wish->count == 0)
        session_add_prefix(s, t, bytes_of("", 0));
    tracking_show(d->engine, t, was_on ? 0 : 1);
    store_relaxed(&s->shown.redirect, (int64_t)wish->redirect);
}

static void session_stop_tracking(struct dispatcher *d, struct session *s)
{
    struct tracking *t = d->push->tracking;
    if (!session_has(s, SESSION_TRACKING))
        return;
    trackers_set(t->trackers, s->tracker, 0, aim_of(s->worker, s->id));
    session_drop_prefixes(s, t);
    tracking_show(d->engine, t, -1);
    session_set(s, SESSION_TRACKING | SESSION_CACHING | TRACKING_MODE, false);
    store_relaxed(&s->shown.redirect, -1);
}

void exec_tracking_off(struct exec *x)
{
    if (x->session->tracking)
        session_stop_tracking(x->dispatcher, x->session);
}

void session_forget_tracking(struct dispatcher *d, struct session *s)
{
    if (!s->tracking)
        return;
    session_stop_tracking(d, s);
    tracking_forget_client(d->push->tracking, s->tracker);
    s->tracker = 0;
    mem_delete(s->tracking);
    s->tracking = NULL;
}

void exec_tracking_note_version(struct exec *x)
{
    struct session *s = x->session;
    struct tracker_state state;
    if (session_has(s, SESSION_TRACKING) &&
        trackers_find(x->dispatcher->push->tracking->trackers, s->tracker, &state))
        trackers_set(x->dispatcher->push->tracking->trackers, s->tracker, tracker_flags(s),
                     state.aim);
}
