/*
 * links.c — the thread: what it waits for, and the tick.
 *
 * Sockets never block; a wire that is silent for long, or whose peer says nonsense, is closed and
 * tried again.
 */
#include "core/base/atomic.h"
#include "io/sentinel/service_priv.h"

#include "core/base/clock.h"

#include <sys/epoll.h>

enum { TICK_MS = 100, EVENTS_A_ROUND = 256 };

/* The shortest of all whose link it is. */
static int64_t link_down_after(const struct link *l)
{
    int64_t ms = l->node->master->down_after_ms;
    for (const struct sentinel_node *t = l->node->twin; t && t != l->node; t = t->twin)
        if (t->owner == l && t->master->down_after_ms < ms)
            ms = t->master->down_after_ms;
    return ms;
}

/* Connects, and gives up what is silent: a half of a connection is none. */
static void link_drive(struct sentinel_service *v, struct link *l, int64_t now_ms)
{
    const int64_t down_after = link_down_after(l);
    const int64_t again = down_after < RECONNECT_MS ? down_after : RECONNECT_MS;
    const int64_t publish_ms = v->machine.periods.publish_ms;
    const int64_t hello_silence_ms =
        3 * (publish_ms < SENTINEL_HELLO_MS ? (int64_t)SENTINEL_HELLO_MS : publish_ms);
    for (int i = 0; i < (l->hellos ? WIRES : 1); i++) {
        struct wire *w = &l->wires[i];
        const int64_t silent = now_ms - w->heard_ms;
        if (w->state == WIRE_CLOSED) {
            if (now_ms - w->tried_ms < again && now_ms >= w->tried_ms)
                continue;
            if (l->addr.name[0])
                names_refresh(v, l->addr.name, now_ms);
            (void)wire_dial(w, v->epoll_fd, &l->addr, now_ms);
        } else if (w->state == WIRE_CONNECTING) {
            if (silent > CONNECT_TIMEOUT_MS)
                link_lost(v, l, w);
        } else if (i == WIRE_HELLOS ? silent > hello_silence_ms
                                    : w->expect_count > 0 && silent > down_after / 2 + again) {
            link_lost(v, l, w);
        }
    }
}

static void wire_event(struct sentinel_service *v, struct wire *w, uint32_t events, int64_t now_ms)
{
    struct link *l = w->link;
    if (!l->node || w->state == WIRE_CLOSED)
        return;
    if (w->state == WIRE_CONNECTING) {
        if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
            return;
        link_connected(v, l, w, now_ms);
        if (w->state == WIRE_UP && !wire_flush(w, v->epoll_fd))
            link_lost(v, l, w);
        return;
    }
    bool well = true;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        w->heard_ms = now_ms;
        well = wire_receive(w);
        well = link_take_replies(v, l, w, now_ms) && well;
    }
    if (w->state == WIRE_UP && (!well || !wire_flush(w, v->epoll_fd)))
        link_lost(v, l, w);
}

static int64_t tick_period(struct sentinel_service *v)
{
    int64_t period = TICK_MS;
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        if (m->down_after_ms / 10 < period)
            period = m->down_after_ms / 10 < 5 ? 5 : m->down_after_ms / 10;
    /* No two Sentinels in step: their votes would split again and again. */
    v->machine.random = v->machine.random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return period * 8 / 10 + (int64_t)((v->machine.random >> 33) % (uint64_t)(period * 4 / 10 + 1));
}

/* What was said to any of them goes out. */
static void links_flush(struct sentinel_service *v)
{
    v->said = false;
    for (struct link *l = v->links; l; l = l->next)
        for (int i = 0; l->node && i < WIRES; i++) {
            struct wire *w = &l->wires[i];
            if (w->state == WIRE_UP && w->out.size > 0 && !w->writes && !wire_flush(w, v->epoll_fd))
                link_lost(v, l, w);
        }
}

/* All links are looked at once a tick, or when something has happened; else the one that speaks. */
static void links_round(struct sentinel_service *v, int64_t *next_tick_ms)
{
    const int64_t now_ms = clock_unix_ms();
    const bool due = now_ms >= *next_tick_ms || now_ms < *next_tick_ms - 10000;
    if (v->gone)
        links_sweep(v);
    if (due || v->changed) {
        v->changed = false;
        links_make_all(v);
        for (struct link *l = v->links; l; l = l->next)
            if (l->node)
                link_drive(v, l, now_ms);
    }
    if (due) {
        const int64_t saved_ms = v->saved_ms;
        v->saved_ms = 0;
        sentinel_tick(&v->machine, now_ms, saved_ms);
        scripts_drive(v, now_ms);
        *next_tick_ms = now_ms + tick_period(v);
    }
    if (v->said)
        links_flush(v);
}

static int links_patience(const struct sentinel_service *v, int64_t next_tick_ms)
{
    const int64_t left = next_tick_ms - clock_unix_ms();
    if (v->changed || v->gone || left < 0)
        return 0;
    return left > TICK_MS ? TICK_MS : (int)left;
}

void *links_main(void *service)
{
    struct sentinel_service *v = service;
    struct epoll_event events[EVENTS_A_ROUND], wake = {.events = EPOLLIN, .data.ptr = NULL};
    int64_t next_tick_ms = 0;
    LK_ASSERT(epoll_ctl(v->epoll_fd, EPOLL_CTL_ADD, v->wake_fd, &wake) == 0);
    pthread_mutex_lock(&v->lock);
    v->machine.now_ms = clock_unix_ms();
    v->saved_ms = 0;
    while (!load_acquire(&v->stop)) {
        links_round(v, &next_tick_ms);
        const int patience = links_patience(v, next_tick_ms);
        pthread_mutex_unlock(&v->lock);
        const int n = epoll_wait(v->epoll_fd, events, EVENTS_A_ROUND, patience);
        pthread_mutex_lock(&v->lock);
        const int64_t now_ms = clock_unix_ms();
        /* Links are freed by links_round alone, so none of these wires has gone. */
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                wire_event(v, events[i].data.ptr, events[i].events, now_ms);
    }
    pthread_mutex_unlock(&v->lock);
    return NULL;
}
