/*
 * names.c — hosts that are names: what they mean, asked by a thread of its own.
 *
 * A look-up may take seconds, and the service's lock is held by who wants to know: so what was
 * found last is the answer, and the resolver's thread finds out meanwhile what it is now.  A server
 * that moves to other digits is found there as soon as its link is tried again.
 *
 *   names_resolve --known--> digits;  --not yet--> false, and wanted
 *   resolver: wanted --> getaddrinfo, unlocked --> digits; nodes of that name get other links
 */
#include "core/base/atomic.h"
#include "io/sentinel/service_priv.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

static bool is_digits(const char *host)
{
    unsigned char out[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, out) == 1 || inet_pton(AF_INET6, host, out) == 1;
}

static struct name *name_find(const struct sentinel_service *v, const char *text)
{
    struct name *n = v->names;
    while (n && strcasecmp(n->text, text) != 0)
        n = n->next;
    return n;
}

/* NULL: there are too many. */
static struct name *name_get(struct sentinel_service *v, const char *text)
{
    struct name *n = name_find(v, text);
    if (n || v->name_count == NAMES_MAX)
        return n;
    n = mem_new(struct name);
    (void)snprintf(n->text, sizeof n->text, "%s", text);
    n->next = v->names;
    v->names = n;
    v->name_count++;
    return n;
}

/* Waits for the answer, which may take long. */
static bool name_ask(const char *text, char host[SENTINEL_HOST_MAX])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(text, NULL, &hints, &found) != 0)
        return false;
    const bool well = getnameinfo(found->ai_addr, found->ai_addrlen, host, SENTINEL_HOST_MAX, NULL,
                                  0, NI_NUMERICHOST) == 0;
    freeaddrinfo(found);
    return well;
}

/* What was found; "" is nothing, and leaves what was known before. */
static void name_found(struct sentinel_service *v, struct name *n, const char *host)
{
    n->asked_ms = clock_unix_ms();
    n->wanted = false;
    if (host[0] == '\0') {
        trace_line(TRACE_WARNING, "Failed to resolve hostname '%s'", n->text);
        return;
    }
    if (strcmp(n->host, host) == 0)
        return;
    const bool first = n->host[0] == '\0';
    (void)snprintf(n->host, sizeof n->host, "%s", host);
    sentinel_renumber(&v->machine, n->text, n->host);
    if (first)
        sentinel_look_again(&v->machine);
}

static struct name *name_wanted(const struct sentinel_service *v)
{
    struct name *n = v->names;
    while (n && !n->wanted)
        n = n->next;
    return n;
}

static void *names_main(void *service)
{
    struct sentinel_service *v = service;
    pthread_mutex_lock(&v->lock);
    while (!load_acquire(&v->stop)) {
        struct name *n = name_wanted(v); /* names are never freed before this thread ends */
        char text[SENTINEL_HOST_MAX], host[SENTINEL_HOST_MAX] = "";
        if (!n) {
            pthread_cond_wait(&v->names_wanted, &v->lock);
            continue;
        }
        memcpy(text, n->text, sizeof text);
        pthread_mutex_unlock(&v->lock);
        const bool well = name_ask(text, host);
        pthread_mutex_lock(&v->lock);
        name_found(v, n, well ? host : "");
    }
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

static void name_want(struct sentinel_service *v, struct name *n)
{
    n->wanted = true;
    if (!v->has_resolver && !load_acquire(&v->stop)) {
        v->has_resolver = true;
        LK_ASSERT(pthread_create(&v->resolver, NULL, names_main, v) == 0);
    }
    pthread_cond_signal(&v->names_wanted);
}

bool names_resolve(void *service, struct sentinel_addr *addr)
{
    struct sentinel_service *v = service;
    LK_ASSERT(addr->host[0] != '\0');
    if (is_digits(addr->host))
        return true;
    struct name *n = v->resolve_names ? name_get(v, addr->host) : NULL;
    if (!n)
        return false;
    if (n->host[0] == '\0' || clock_unix_ms() - n->asked_ms > NAME_REFRESH_MS)
        name_want(v, n);
    memcpy(addr->name, n->text, sizeof addr->name);
    if (n->host[0] == '\0')
        return false;
    memcpy(addr->host, n->host, sizeof addr->host);
    return true;
}

bool names_known(struct sentinel_service *v, struct sentinel_addr *addr)
{
    return is_digits(addr->host) || (name_find(v, addr->host) && names_resolve(v, addr));
}

bool names_resolve_now(struct sentinel_service *v, struct bytes name)
{
    char text[SENTINEL_HOST_MAX], host[SENTINEL_HOST_MAX];
    if (name.size == 0 || name.size >= sizeof text || memchr(name.data, '\0', name.size))
        return false;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    if (is_digits(text))
        return true;
    pthread_mutex_lock(&v->lock);
    const bool may = v->resolve_names;
    pthread_mutex_unlock(&v->lock);
    if (!may || !name_ask(text, host))
        return false;
    pthread_mutex_lock(&v->lock);
    struct name *n = name_get(v, text);
    if (n)
        name_found(v, n, host);
    pthread_mutex_unlock(&v->lock);
    return n != NULL;
}

void names_refresh(struct sentinel_service *v, const char *name, int64_t now_ms)
{
    struct name *n = v->resolve_names ? name_get(v, name) : NULL;
    if (n && !n->wanted && (now_ms - n->asked_ms >= RECONNECT_MS || now_ms < n->asked_ms))
        name_want(v, n);
}

void names_stop(struct sentinel_service *v)
{
    LK_ASSERT(load_acquire(&v->stop));
    pthread_mutex_lock(&v->lock);
    pthread_cond_broadcast(&v->names_wanted);
    const bool runs = v->has_resolver;
    pthread_mutex_unlock(&v->lock);
    v->has_resolver = false;
    if (!runs)
        return;
    struct timespec until;
    LK_ASSERT(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec++; /* a name server that is away must not hold the end up */
    v->resolver_is_lost = pthread_timedjoin_np(v->resolver, NULL, &until) != 0;
}

void names_free(struct sentinel_service *v)
{
    LK_ASSERT(!v->has_resolver);
    while (v->names) {
        struct name *n = v->names;
        v->names = n->next;
        mem_delete(n);
    }
    v->name_count = 0;
}
