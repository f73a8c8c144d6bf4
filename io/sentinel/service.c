/*
 * service.c — makes a Sentinel of the machine, and publishes what it says.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/trace.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- events ---------------------------------------------------------------------------------- */

static void event_free(struct event *e)
{
    buf_release(&e->name);
    buf_release(&e->text);
    mem_delete(e);
}

/* Events that are no cause for alarm; of all others the notification script is told. */
static enum trace_level event_level(const char *event)
{
    static const char *const quiet[] = {
        "+slave",
        "+sentinel",
        "+reboot",
        "+fix-slave-config",
        "+convert-to-slave",
        "+slave-reconf-sent",
        "+slave-reconf-inprog",
        "+slave-reconf-done",
        "-slave-reconf-sent-timeout",
        "+sentinel-address-switch",
        "+sentinel-invalid-addr",
        "+failover-state-send-slaveof-noone",
        "+failover-state-wait-promotion",
        NULL,
    };
    if (strcmp(event + 1, "role-change") == 0)
        return TRACE_VERBOSE;
    size_t i = 0;
    while (quiet[i] && strcmp(event, quiet[i]) != 0)
        i++;
    return quiet[i] ? TRACE_NOTICE : TRACE_WARNING;
}

/* SENTINEL SIMULATE-FAILURE: dies where somebody wanted to see it die. */
static void crash_if_asked(const struct sentinel_service *v, const char *event)
{
    const bool now = (v->crash & CRASH_AFTER_ELECTION && strcmp(event, "+elected-leader") == 0) ||
                     (v->crash & CRASH_AFTER_PROMOTION && strcmp(event, "+promoted-slave") == 0);
    if (!now)
        return;
    trace_line(TRACE_WARNING, "Exiting because of Sentinel simulate-failure");
    _exit(99);
}

void service_tell(void *ctx, const struct sentinel_master *m, const char *event, const char *text)
{
    struct sentinel_service *v = ctx;
    const enum trace_level level = event_level(event);
    trace_line(level, "%s %s", event, text);
    v->changed = true;
    const struct buf *script = m ? &conf_of(v, m->name)->notify : NULL;
    if (level == TRACE_WARNING && script && script->size > 0) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%.*s", (int)script->size, script->data);
        scripts_add(v, (const char *const[]){path, event, text, NULL});
    }
    crash_if_asked(v, event);
    struct event *e = mem_new(struct event);
    buf_append_cstr(&e->name, event);
    buf_append_cstr(&e->text, text);
    *v->events_end = e;
    v->events_end = &e->next;
    if (++v->event_count <= EVENTS_MAX)
        return;
    struct event *oldest = v->events;
    v->events = oldest->next;
    v->event_count--;
    event_free(oldest);
}

void service_moved(void *ctx, const struct sentinel_master *m, bool leader,
                   const struct sentinel_addr *from, const struct sentinel_addr *to)
{
    struct sentinel_service *v = ctx;
    const struct buf *script = &conf_of(v, m->name)->reconfigure;
    char path[4096], from_port[8], to_port[8];
    if (script->size == 0)
        return;
    (void)snprintf(path, sizeof path, "%.*s", (int)script->size, script->data);
    (void)snprintf(from_port, sizeof from_port, "%u", from->port);
    (void)snprintf(to_port, sizeof to_port, "%u", to->port);
    scripts_add(v, (const char *const[]){path, m->name, leader ? "leader" : "observer", "start",
                                         sentinel_shown_host(&v->machine, from), from_port,
                                         sentinel_shown_host(&v->machine, to), to_port, NULL});
}

void service_tell_master(struct sentinel_service *v, const struct sentinel_master *m,
                         const char *event, const char *more)
{
    struct buf text = {0};
    buf_printf(&text, "master %s %s %u%s%s", m->name,
               sentinel_shown_host(&v->machine, &m->node.addr), m->node.addr.port,
               more[0] ? " " : "", more);
    buf_append_char(&text, '\0');
    service_tell(v, m, event, text.data);
    buf_release(&text);
}

void sentinel_service_cron(struct sentinel_service *v)
{
    struct push_hub *hub = v->parts.engine->fixed.push;
    if (v->cron_count++ % USERS_EVERY == 0)
        users_follow(v);
    pthread_mutex_lock(&v->lock);
    struct event *list = v->events;
    v->events = NULL;
    v->events_end = &v->events;
    v->event_count = 0;
    pthread_mutex_unlock(&v->lock);
    while (list) {
        struct event *e = list;
        list = e->next;
        if (publication_heard(hub, MESSAGE_PLAIN) &&
            publication_add(&v->publication, hub, MESSAGE_PLAIN, buf_bytes(&e->name),
                            buf_bytes(&e->text)) > 0) {
            publication_lock(&v->publication, hub);
            publication_send(&v->publication, hub, 0, 0);
        }
        event_free(e);
    }
}

/* --- life ------------------------------------------------------------------------------------ */

static bool service_load(struct sentinel_service *v, struct buf *error)
{
    const struct config_directive *bad = NULL;
    const char *why = file_read_lines(v, config_current(v->parts.config)->sentinel_lines, &bad);
    if (why)
        config_directive_fatal(bad, why, error);
    return !why;
}

struct sentinel_service *sentinel_service_new(const struct sentinel_parts *parts, struct buf *error)
{
    const struct config *c = config_current(parts->config);
    struct sentinel_service *v = mem_new(struct sentinel_service);
    const struct sentinel_calls calls = {.ctx = v,
                                         .save = file_save,
                                         .ask = links_ask,
                                         .tell = service_tell,
                                         .moved = service_moved,
                                         .resolve = names_resolve,
                                         .gone = links_gone};
    unsigned char noise[SENTINEL_ID_CHARS / 2 + 8];
    char id[SENTINEL_ID_CHARS + 1];
    uint64_t seed;
    v->parts = *parts;
    v->events_end = &v->events;
    v->deny_scripts = true;
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->names_wanted, NULL);
    rng_system(noise, sizeof noise);
    for (int i = 0; i < SENTINEL_ID_CHARS / 2; i++)
        (void)snprintf(id + 2 * i, 3, "%02x", noise[i]);
    memcpy(&seed, noise + SENTINEL_ID_CHARS / 2, sizeof seed);
    sentinel_init(&v->machine, &calls, id, seed, clock_unix_ms());
    (void)snprintf(v->machine.addr.host, sizeof v->machine.addr.host, "127.0.0.1");
    v->machine.addr.port = (uint16_t)(c->tls_replication && c->tls_port ? c->tls_port
                                      : c->port                         ? c->port
                                                                        : c->tls_port);
    v->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    LK_ASSERT(v->wake_fd >= 0);
    v->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    LK_ASSERT(v->epoll_fd >= 0);
    parts->engine->fixed.sentinel = v;
    if (service_load(v, error)) {
        users_follow(v); /* a change before the first cron is one, too */
        return v;
    }
    sentinel_service_free(v);
    return NULL;
}

bool sentinel_service_start(struct sentinel_service *v)
{
    if (!config_current(v->parts.config)->config_file) {
        trace_line(TRACE_WARNING,
                   "Sentinel needs config file on disk, can't save state. Exiting...");
        return false;
    }
    pthread_mutex_lock(&v->lock);
    const bool saved = file_save(v);
    if (saved)
        trace_line(TRACE_WARNING, "Sentinel ID is %s", v->machine.id);
    for (struct sentinel_master *m = v->machine.masters; saved && m; m = m->next) {
        char quorum[32];
        (void)snprintf(quorum, sizeof quorum, "quorum %u", m->quorum);
        service_tell_master(v, m, "+monitor", quorum);
    }
    pthread_mutex_unlock(&v->lock);
    if (saved)
        LK_ASSERT(pthread_create(&v->thread, NULL, links_main, v) == 0);
    return saved;
}

void sentinel_service_stop(struct sentinel_service *v)
{
    const uint64_t one = 1;
    store_release(&v->stop, 1);
    const ssize_t n = write(v->wake_fd, &one, sizeof one);
    (void)n;
    pthread_join(v->thread, NULL);
    names_stop(v);
}

void sentinel_service_free(struct sentinel_service *v)
{
    v->parts.engine->fixed.sentinel = NULL;
    if (v->resolver_is_lost)
        return;
    sentinel_release(&v->machine);
    links_free_all(v);
    names_free(v);
    scripts_free(v);
    buf_release(&v->user);
    buf_release(&v->pass);
    buf_release(&v->users);
    while (v->confs)
        conf_remove(v, v->confs->name);
    while (v->events) {
        struct event *e = v->events;
        v->events = e->next;
        event_free(e);
    }
    publication_release(&v->publication);
    close(v->wake_fd);
    close(v->epoll_fd);
    pthread_cond_destroy(&v->names_wanted);
    pthread_mutex_destroy(&v->lock);
    mem_delete(v);
}
