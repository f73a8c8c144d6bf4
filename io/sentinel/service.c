/*
 * service.c — makes a Sentinel of the machine, and publishes what it says.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/rng.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- events ---------------------------------------------------------------------------------- */

static void event_free(struct event *e)
{
    buf_release(&e->name);
    buf_release(&e->text);
    mem_delete(e);
}

void service_tell(void *ctx, const char *event, const char *text)
{
    struct sentinel_service *v = ctx;
    log_line(event[0] == '-' || strstr(event, "down") ? LOG_WARNING : LOG_NOTICE, "%s %s", event,
             text);
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

void sentinel_service_cron(struct sentinel_service *v)
{
    struct push_hub *hub = v->parts.engine->fixed.push;
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
    const struct config *c = config_current(v->parts.config);
    for (const struct config_directive *d = c->sentinel_lines; d; d = d->next) {
        const char *why = file_read_line(v, d->argv, d->argc);
        if (!why)
            continue;
        config_directive_fatal(d, why, error);
        return false;
    }
    return true;
}

struct sentinel_service *sentinel_service_new(const struct sentinel_parts *parts, struct buf *error)
{
    const struct config *c = config_current(parts->config);
    struct sentinel_service *v = mem_new(struct sentinel_service);
    const struct sentinel_calls calls = {v, file_save, links_ask, service_tell, links_gone};
    unsigned char noise[SENTINEL_ID_CHARS / 2 + 8];
    char id[SENTINEL_ID_CHARS + 1];
    uint64_t seed;
    v->parts = *parts;
    v->events_end = &v->events;
    pthread_mutex_init(&v->lock, NULL);
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
    parts->engine->fixed.sentinel = v;
    if (service_load(v, error))
        return v;
    sentinel_service_free(v);
    return NULL;
}

bool sentinel_service_start(struct sentinel_service *v)
{
    if (!config_current(v->parts.config)->config_file) {
        log_line(LOG_WARNING, "Sentinel needs config file on disk, can't save state. Exiting...");
        return false;
    }
    pthread_mutex_lock(&v->lock);
    const bool saved = file_save(v);
    if (saved)
        log_line(LOG_WARNING, "Sentinel ID is %s", v->machine.id);
    for (struct sentinel_master *m = v->machine.masters; saved && m; m = m->next) {
        char text[SENTINEL_NAME_MAX + SENTINEL_HOST_MAX + 64];
        (void)snprintf(text, sizeof text, "master %s %s %u quorum %u", m->name, m->node.addr.host,
                       m->node.addr.port, m->quorum);
        service_tell(v, "+monitor", text);
    }
    pthread_mutex_unlock(&v->lock);
    if (saved)
        LK_ASSERT(pthread_create(&v->thread, NULL, links_main, v) == 0);
    return saved;
}

void sentinel_service_stop(struct sentinel_service *v)
{
    const uint64_t one = 1;
    __atomic_store_n(&v->stop, 1, __ATOMIC_RELEASE);
    const ssize_t n = write(v->wake_fd, &one, sizeof one);
    (void)n;
    pthread_join(v->thread, NULL);
}

void sentinel_service_free(struct sentinel_service *v)
{
    v->parts.engine->fixed.sentinel = NULL;
    sentinel_release(&v->machine);
    links_free_all(v);
    while (v->confs)
        conf_remove(v, v->confs->name);
    while (v->events) {
        struct event *e = v->events;
        v->events = e->next;
        event_free(e);
    }
    publication_release(&v->publication);
    close(v->wake_fd);
    pthread_mutex_destroy(&v->lock);
    mem_delete(v);
}
