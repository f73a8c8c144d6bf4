/*
 * links.c — the thread: links to servers and other Sentinels, and the tick.
 *
 * A link has a wire for requests and, to servers, one that hears hellos.  Sockets never block; a
 * wire that is silent for long, or whose peer says nonsense, is closed and tried again.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 100, EVENTS_A_ROUND = 256 };

/* --- one wire -------------------------------------------------------------------------------- */

static void wire_lost(struct sentinel_service *v, struct link *l, struct wire *w)
{
    wire_close(w);
    if (w == &l->wires[WIRE_COMMANDS] && l->node)
        sentinel_link(&v->machine, l->node, false);
}

/* The command has the name that the master's servers know it by. */
static void link_say(const struct link *l, struct wire *w, uint8_t what, const char *const *words,
                     size_t n)
{
    struct bytes list[8];
    LK_ASSERT(n > 0 && n <= sizeof list / sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = bytes_cstr(words[i]);
    if (l->hellos)
        list[0] = conf_renamed(l->conf, list[0]);
    wire_say(w, what, list, n);
}
#define SAY(l, w, what, ...)                                                                       \
    link_say(l, w, what, (const char *const[]){__VA_ARGS__},                                       \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void link_note_local(struct link *l, int fd)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &size) == 0)
        (void)getnameinfo((struct sockaddr *)&a, size, l->local, sizeof l->local, NULL, 0,
                          NI_NUMERICHOST);
}

/* The words that let us in: the master's, or those of Sentinels among themselves. */
static void wire_auth(const struct sentinel_service *v, const struct link *l, struct wire *w)
{
    const struct buf *user = l->hellos ? &l->conf->auth_user : &v->user;
    const struct buf *pass = l->hellos ? &l->conf->auth_pass : &v->pass;
    const struct bytes auth =
        l->hellos ? conf_renamed(l->conf, bytes_cstr("AUTH")) : bytes_cstr("AUTH");
    struct bytes words[3] = {auth, buf_bytes(user), buf_bytes(pass)};
    if (!l->hellos && pass->size == 0) /* Sentinels of one house have one password */
        words[2] = config_current(v->parts.config)->dispatch.requirepass;
    if (words[2].size == 0)
        return;
    if (user->size > 0) {
        wire_say(w, EXPECT_NOTHING, words, 3);
        return;
    }
    words[1] = words[2];
    wire_say(w, EXPECT_NOTHING, words, 2);
}

/* The first words on a wire that is connected. */
static void wire_greet(struct sentinel_service *v, struct link *l, struct wire *w)
{
    const bool commands = w == &l->wires[WIRE_COMMANDS];
    char name[64];
    wire_auth(v, l, w);
    (void)snprintf(name, sizeof name, "sentinel-%.8s-%s", v->machine.id,
                   commands ? "cmd" : "pubsub");
    SAY(l, w, EXPECT_NOTHING, "CLIENT", "SETNAME", name);
    if (commands)
        sentinel_link(&v->machine, l->node, true);
    else
        SAY(l, w, EXPECT_NOTHING, "SUBSCRIBE", "__sentinel__:hello");
}

static void wire_connected(struct sentinel_service *v, struct link *l, struct wire *w,
                           int64_t now_ms)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        wire_lost(v, l, w);
        return;
    }
    w->state = WIRE_UP;
    w->since_ms = w->heard_ms = now_ms;
    link_note_local(l, w->fd);
    if (config_current(v->parts.config)->tls_replication) {
        w->tls = tls_channel_new(v->parts.tls, TLS_CLIENT, TLS_AUTH_NO);
        if (!w->tls || tls_channel_begin(w->tls, &w->out) != 0) {
            wire_lost(v, l, w);
            return;
        }
    }
    wire_greet(v, l, w);
}

/* --- hellos ---------------------------------------------------------------------------------- */

/* Is it our own, come back to us by a server? */
static bool is_own_hello(const struct sentinel_service *v, struct bytes text)
{
    const char *comma = memchr(text.data, ',', text.size);
    if (!comma || !memmem(text.data, text.size, v->machine.id, SENTINEL_ID_CHARS))
        return false;
    const struct bytes host = bytes_of(text.data, (size_t)(comma - text.data));
    char port[16];
    const int n = snprintf(port, sizeof port, ",%u,", v->machine.addr.port);
    const size_t left = text.size - host.size;
    if (left < (size_t)n || memcmp(comma, port, (size_t)n) != 0)
        return false;
    if (bytes_equal(host, bytes_cstr(v->announce_ip)))
        return true;
    for (const struct link *l = v->links; l; l = l->next)
        if (bytes_equal(host, bytes_cstr(l->local)))
            return true;
    return false;
}

void links_hello(struct sentinel_service *v, struct bytes text)
{
    if (!is_own_hello(v, text))
        sentinel_hello(&v->machine, text);
}

/* --- replies --------------------------------------------------------------------------------- */

static bool starts_with(struct bytes text, const char *word)
{
    const size_t n = strlen(word);
    return text.size >= n && memcmp(text.data, word, n) == 0;
}

static void reply_to_ping(struct sentinel_service *v, struct link *l, const struct resp_value *r)
{
    const bool pong = r->kind == RESP_KIND_SIMPLE && starts_with(r->text, "PONG");
    const bool alive = r->kind == RESP_KIND_ERROR &&
                       (starts_with(r->text, "LOADING") || starts_with(r->text, "MASTERDOWN"));
    if (r->kind == RESP_KIND_ERROR && starts_with(r->text, "BUSY"))
        SAY(l, &l->wires[WIRE_COMMANDS], EXPECT_NOTHING, "SCRIPT", "KILL");
    sentinel_pong(&v->machine, l->node, pong || alive, pong);
}

static void reply_to_down(struct sentinel_service *v, struct link *l, const struct resp_value *r)
{
    char leader[SENTINEL_ID_CHARS + 1];
    if (r->kind != RESP_KIND_ARRAY || r->n != 3 || r->items[0].kind != RESP_KIND_INTEGER ||
        r->items[1].kind != RESP_KIND_BULK || r->items[2].kind != RESP_KIND_INTEGER ||
        r->items[1].text.size > SENTINEL_ID_CHARS)
        return;
    memcpy(leader, r->items[1].text.data, r->items[1].text.size);
    leader[r->items[1].text.size] = '\0';
    sentinel_down_said(&v->machine, l->node, r->items[0].integer == 1, leader, r->items[2].integer);
}

/* The other side does not let us in: such a link is none. */
static bool is_refused(const struct resp_value *r)
{
    return r->kind == RESP_KIND_ERROR && starts_with(r->text, "NOAUTH");
}

static void link_reply(struct sentinel_service *v, struct link *l, struct wire *w,
                       const struct resp_value *r, int64_t now_ms)
{
    if (w == &l->wires[WIRE_HELLOS]) {
        if ((r->kind == RESP_KIND_ARRAY || r->kind == RESP_KIND_PUSH) && r->n == 3 &&
            bytes_equal(r->items[0].text, bytes_cstr("message")))
            links_hello(v, r->items[2].text);
        return;
    }
    if (w->expect_count == 0)
        return;
    const uint8_t what = w->expects[w->expect_first];
    w->expect_first = (w->expect_first + 1) % LINK_QUEUE;
    w->expect_count--;
    switch (what) {
    case SENTINEL_ASK_PING:
        reply_to_ping(v, l, r);
        break;
    case SENTINEL_ASK_INFO:
        if (r->kind != RESP_KIND_BULK && r->kind != RESP_KIND_VERBATIM)
            break;
        l->info.size = 0;
        buf_append_bytes(&l->info, r->text);
        l->info_ms = now_ms;
        sentinel_info(&v->machine, l->node, r->text);
        break;
    case SENTINEL_ASK_DOWN:
        reply_to_down(v, l, r);
        break;
    default:
        break;
    }
}

/* All replies that are whole; false: this is no server. */
static bool link_take_replies(struct sentinel_service *v, struct link *l, struct wire *w,
                              int64_t now_ms)
{
    size_t used = 0;
    int rc = LK_OK;
    bool refused = false;
    while (rc == LK_OK && used < w->in.size && l->node && !refused) {
        struct resp_value r;
        size_t size = 0;
        rc = resp_read(&w->reader, w->in.data + used, w->in.size - used, &r, &size);
        if (rc != LK_OK)
            break;
        link_reply(v, l, w, &r, now_ms);
        refused = is_refused(&r);
        resp_value_release(&r);
        used += size;
    }
    buf_consume(&w->in, used);
    return !refused && (rc == LK_OK || rc == LK_EAGAIN) && w->in.size <= LINK_IN_MAX;
}

/* --- the machine's calls --------------------------------------------------------------------- */

void links_gone(void *ctx, struct sentinel_node *node)
{
    struct sentinel_service *v = ctx;
    struct link *l = node->owner;
    v->gone |= l != NULL;
    if (l)
        l->node = NULL;
    node->owner = NULL;
}

/* REPLICAOF, and what keeps clients from a server whose role has changed. */
static void ask_reconfigure(const struct link *l, struct wire *w, const char *host,
                            const char *port)
{
    SAY(l, w, EXPECT_NOTHING, "MULTI");
    SAY(l, w, EXPECT_NOTHING, "SLAVEOF", host, port);
    SAY(l, w, EXPECT_NOTHING, "CONFIG", "REWRITE");
    SAY(l, w, EXPECT_NOTHING, "CLIENT", "KILL", "TYPE", "normal");
    SAY(l, w, EXPECT_NOTHING, "CLIENT", "KILL", "TYPE", "pubsub");
    SAY(l, w, EXPECT_NOTHING, "EXEC");
}

static void ask_hello(struct sentinel_service *v, struct link *l, const char *text)
{
    struct buf own = {0};
    buf_append_cstr(&own, v->announce_ip[0] ? v->announce_ip : l->local);
    buf_append_cstr(&own, strchr(text, ','));
    buf_append_char(&own, '\0');
    SAY(l, &l->wires[WIRE_COMMANDS], SENTINEL_ASK_HELLO, "PUBLISH", "__sentinel__:hello", own.data);
    buf_release(&own);
}

void links_ask(void *ctx, struct sentinel_node *to, const struct sentinel_call *call)
{
    struct sentinel_service *v = ctx;
    struct link *l = to->owner;
    char port[16] = "", epoch[24] = "";
    if (!l)
        return;
    struct wire *w = &l->wires[WIRE_COMMANDS];
    v->said = true;
    if (call->addr)
        (void)snprintf(port, sizeof port, "%u", call->addr->port);
    (void)snprintf(epoch, sizeof epoch, "%lld", (long long)call->epoch);
    const char *host = call->addr ? sentinel_shown_host(&v->machine, call->addr) : "";
    switch (call->what) {
    case SENTINEL_ASK_PING:
        SAY(l, w, SENTINEL_ASK_PING, "PING");
        break;
    case SENTINEL_ASK_INFO:
        SAY(l, w, SENTINEL_ASK_INFO, "INFO");
        break;
    case SENTINEL_ASK_HELLO:
        ask_hello(v, l, call->text);
        break;
    case SENTINEL_ASK_DOWN:
        SAY(l, w, SENTINEL_ASK_DOWN, "SENTINEL", "is-master-down-by-addr", host, port, epoch,
            call->text);
        break;
    case SENTINEL_ASK_PROMOTE:
        ask_reconfigure(l, w, "NO", "ONE");
        break;
    case SENTINEL_ASK_FOLLOW:
        ask_reconfigure(l, w, host, port);
        break;
    case SENTINEL_ASK_PAUSE:
        (void)snprintf(epoch, sizeof epoch, "%d", SENTINEL_PAUSE_MS);
        SAY(l, w, EXPECT_NOTHING, "CLIENT", "PAUSE", epoch, "WRITE");
        break;
    }
}

/* --- links come and go ----------------------------------------------------------------------- */

static void link_make(struct sentinel_service *v, struct sentinel_node *n)
{
    if (n->owner || n->addr.port == 0)
        return;
    struct link *l = mem_new(struct link);
    l->node = n;
    l->conf = conf_of(v, n->master->name);
    l->addr = n->addr;
    l->hellos = n->kind != SENTINEL_PEER;
    for (int i = 0; i < WIRES; i++) {
        l->wires[i].fd = -1;
        l->wires[i].link = l;
    }
    l->next = v->links;
    v->links = l;
    n->owner = l;
}

static void links_make_all(struct sentinel_service *v)
{
    for (struct sentinel_master *m = v->machine.masters; m; m = m->next) {
        link_make(v, &m->node);
        for (struct sentinel_node *n = m->replicas; n; n = n->next)
            link_make(v, n);
        for (struct sentinel_node *n = m->peers; n; n = n->next)
            link_make(v, n);
    }
}

static void link_free(struct link *l)
{
    for (int i = 0; i < WIRES; i++)
        wire_close(&l->wires[i]);
    buf_release(&l->info);
    mem_delete(l);
}

static void links_sweep(struct sentinel_service *v)
{
    v->gone = false;
    for (struct link **at = &v->links; *at;) {
        struct link *l = *at;
        if (l->node) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        link_free(l);
    }
}

void links_free_all(struct sentinel_service *v)
{
    while (v->links) {
        struct link *l = v->links;
        v->links = l->next;
        if (l->node)
            l->node->owner = NULL;
        link_free(l);
    }
}

/* What its words to a server were does no longer hold: another link says others. */
static void link_drop(struct sentinel_service *v, struct sentinel_node *n)
{
    links_gone(v, n);
    sentinel_link(&v->machine, n, false);
}

void links_drop(struct sentinel_service *v, const struct sentinel_master *m)
{
    for (struct link *l = v->links; l; l = l->next)
        if (l->node && l->hellos && l->node->master == m)
            link_drop(v, l->node);
}

void links_drop_peers(struct sentinel_service *v)
{
    for (struct link *l = v->links; l; l = l->next)
        if (l->node && !l->hellos)
            link_drop(v, l->node);
}

/* Connects, and gives up what is silent: a half of a connection is none. */
static void link_drive(struct sentinel_service *v, struct link *l, int64_t now_ms)
{
    const int64_t down_after = l->node->master->down_after_ms;
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
                wire_lost(v, l, w);
        } else if (i == WIRE_HELLOS ? silent > hello_silence_ms
                                    : w->expect_count > 0 && silent > down_after / 2 + again) {
            wire_lost(v, l, w);
        }
    }
}

/* --- the thread ------------------------------------------------------------------------------ */

static void wire_event(struct sentinel_service *v, struct wire *w, uint32_t events, int64_t now_ms)
{
    struct link *l = w->link;
    if (!l->node || w->state == WIRE_CLOSED)
        return;
    if (w->state == WIRE_CONNECTING) {
        if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
            return;
        wire_connected(v, l, w, now_ms);
        if (w->state == WIRE_UP && !wire_flush(w, v->epoll_fd))
            wire_lost(v, l, w);
        return;
    }
    bool well = true;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        w->heard_ms = now_ms;
        well = wire_receive(w);
        well = link_take_replies(v, l, w, now_ms) && well;
    }
    if (w->state == WIRE_UP && (!well || !wire_flush(w, v->epoll_fd)))
        wire_lost(v, l, w);
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
                wire_lost(v, l, w);
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
    while (!__atomic_load_n(&v->stop, __ATOMIC_ACQUIRE)) {
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
