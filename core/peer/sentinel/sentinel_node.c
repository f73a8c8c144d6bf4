/*
 * sentinel_node.c — addresses, the lists of nodes, events.
 */
#include "core/peer/sentinel/sentinel_priv.h"

#include "core/base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

bool sentinel_same_addr(const struct sentinel_addr *a, const struct sentinel_addr *b)
{
    return a->port == b->port && (strcmp(a->host, b->host) == 0 ||
                                  (a->name[0] != '\0' && strcasecmp(a->name, b->name) == 0));
}

const char *sentinel_shown_host(const struct sentinel *s, const struct sentinel_addr *a)
{
    return s->announce_names && a->name[0] ? a->name : a->host;
}

bool sentinel_addr_set(struct sentinel_addr *a, struct bytes host, int64_t port)
{
    if (host.size == 0 || host.size >= SENTINEL_HOST_MAX || port < 1 || port > UINT16_MAX ||
        memchr(host.data, '\0', host.size))
        return false;
    memcpy(a->host, host.data, host.size);
    a->host[host.size] = '\0';
    a->name[0] = '\0';
    a->port = (uint16_t)port;
    return true;
}

bool sentinel_addr_told(struct sentinel *s, struct sentinel_addr *a, struct bytes host,
                        int64_t port)
{
    return sentinel_addr_set(a, host, port) &&
           (!s->calls.resolve || s->calls.resolve(s->calls.ctx, a));
}

/* Its links lead elsewhere now. */
static void renumber_node(struct sentinel *s, struct sentinel_node *n, const char *name,
                          const char *host)
{
    if (strcasecmp(n->addr.name, name) != 0 || strcmp(n->addr.host, host) == 0)
        return;
    (void)snprintf(n->addr.host, sizeof n->addr.host, "%s", host);
    s->calls.gone(s->calls.ctx, n);
    n->flags &= ~(uint32_t)SENTINEL_CONNECTED;
}

void sentinel_renumber(struct sentinel *s, const char *name, const char *host)
{
    LK_ASSERT(name[0] != '\0');
    LK_ASSERT(strlen(host) < SENTINEL_HOST_MAX);
    for (struct sentinel_master *m = s->masters; m; m = m->next) {
        renumber_node(s, &m->node, name, host);
        for (struct sentinel_node *n = m->replicas; n; n = n->next)
            renumber_node(s, n, name, host);
        for (struct sentinel_node *n = m->peers; n; n = n->next)
            renumber_node(s, n, name, host);
    }
}

void sentinel_look_again(struct sentinel *s)
{
    for (struct sentinel_master *m = s->masters; m; m = m->next)
        m->node.last_info_ms = 0;
}

const struct sentinel_addr *sentinel_master_addr(const struct sentinel_master *m)
{
    if (m->promoted && m->state >= SENTINEL_RECONF)
        return &m->promoted->addr;
    return &m->node.addr;
}

struct sentinel_node *sentinel_find_node(struct sentinel_node *list,
                                         const struct sentinel_addr *addr)
{
    while (list && !sentinel_same_addr(&list->addr, addr))
        list = list->next;
    return list;
}

static struct sentinel_node *sentinel_node_new(struct sentinel *s, struct sentinel_master *m,
                                               enum sentinel_kind kind,
                                               const struct sentinel_addr *addr)
{
    struct sentinel_node *n = mem_new(struct sentinel_node);
    n->kind = kind;
    n->master = m;
    n->addr = *addr;
    n->last_ok_ms = s->now_ms;
    return n;
}

struct sentinel_node *sentinel_add_replica(struct sentinel *s, struct sentinel_master *m,
                                           const struct sentinel_addr *addr)
{
    LK_ASSERT(!sentinel_find_node(m->replicas, addr));
    if (m->replica_count == SENTINEL_PEERS_MAX)
        return NULL;
    struct sentinel_node *n = sentinel_node_new(s, m, SENTINEL_REPLICA, addr);
    n->next = m->replicas;
    m->replicas = n;
    m->replica_count++;
    return n;
}

struct sentinel_node *sentinel_next_twin(const struct sentinel_node *n,
                                         const struct sentinel_node *first)
{
    return n->twin == first ? NULL : n->twin;
}

/* The same id at the same address: other masters know it already. */
static void twin_join(const struct sentinel *s, struct sentinel_node *n)
{
    n->twin = n;
    for (const struct sentinel_master *m = s->masters; m && n->run_id[0]; m = m->next)
        for (struct sentinel_node *p = m->peers; p; p = p->next)
            if (p != n && sentinel_same_addr(&p->addr, &n->addr) &&
                strcmp(p->run_id, n->run_id) == 0) {
                n->twin = p->twin;
                p->twin = n;
                return;
            }
}

static void twin_leave(struct sentinel_node *n)
{
    struct sentinel_node *before = n;
    while (before && before->twin != n)
        before = before->twin;
    if (before)
        before->twin = n->twin;
    n->twin = n->twin ? n : NULL;
}

void sentinel_node_free(struct sentinel *s, struct sentinel_node *n)
{
    s->calls.gone(s->calls.ctx, n);
    twin_leave(n);
    mem_delete(n);
}

struct sentinel_node *sentinel_add_peer(struct sentinel *s, struct sentinel_master *m,
                                        const struct sentinel_addr *addr, const char *run_id)
{
    if (m->peer_count == SENTINEL_PEERS_MAX)
        return NULL;
    struct sentinel_node *n = sentinel_node_new(s, m, SENTINEL_PEER, addr);
    (void)snprintf(n->run_id, sizeof n->run_id, "%s", run_id);
    twin_join(s, n);
    n->next = m->peers;
    m->peers = n;
    m->peer_count++;
    return n;
}

void sentinel_remove_peer(struct sentinel *s, struct sentinel_master *m, struct sentinel_node *n)
{
    struct sentinel_node **at = &m->peers;
    while (*at != n) {
        LK_ASSERT(*at);
        at = &(*at)->next;
    }
    *at = n->next;
    m->peer_count--;
    sentinel_node_free(s, n);
}

void sentinel_switch_master(struct sentinel *s, struct sentinel_master *m,
                            const struct sentinel_addr *to)
{
    const struct sentinel_addr from = m->node.addr, target = *to; /* it may lie in a replica */
    struct sentinel_node **at = &m->replicas;
    for (struct sentinel_node *n; (n = *at) != NULL;) {
        n->flags &= SENTINEL_CONNECTED | SENTINEL_S_DOWN | SENTINEL_OWED;
        if (!sentinel_same_addr(&n->addr, &target)) {
            at = &n->next;
            continue;
        }
        *at = n->next;
        m->replica_count--;
        sentinel_node_free(s, n);
    }
    s->calls.gone(s->calls.ctx, &m->node);
    m->promoted = NULL;
    m->state = SENTINEL_NONE;
    m->node = (struct sentinel_node){
        .kind = SENTINEL_MASTER, .master = m, .addr = target, .last_ok_ms = s->now_ms};
    m->leader[0] = '\0';
    m->failover_start_ms = 0;
    m->config_changed_ms = s->now_ms;
    for (struct sentinel_node *p = m->peers; p; p = p->next) {
        p->flags &= ~(uint32_t)SENTINEL_MASTER_DOWN;
        p->peer.leader[0] = '\0';
    }
    if (!sentinel_same_addr(&from, &target) && !sentinel_find_node(m->replicas, &from))
        (void)sentinel_add_replica(s, m, &from);
}

/* xorshift64*: enough to keep Sentinels apart. */
uint64_t sentinel_random(struct sentinel *s, uint64_t below)
{
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return (s->random * UINT64_C(2685821657736338717) >> 33) % below;
}

bool sentinel_save(struct sentinel *s)
{
    return s->calls.save(s->calls.ctx);
}

void sentinel_tell_plain(struct sentinel *s, const struct sentinel_master *m, const char *event,
                         const char *text)
{
    s->calls.tell(s->calls.ctx, m, event, text);
}

void sentinel_tell(struct sentinel *s, const char *event, const struct sentinel_node *n,
                   const char *more)
{
    static const char *const kinds[] = {"master", "slave", "sentinel"};
    const struct sentinel_master *m = n->master;
    struct buf text = {0};
    const char *host = sentinel_shown_host(s, &n->addr);
    const char *of = sentinel_shown_host(s, &m->node.addr);
    if (n->kind == SENTINEL_MASTER)
        buf_printf(&text, "master %s %s %u", m->name, of, m->node.addr.port);
    else if (n->kind == SENTINEL_REPLICA)
        buf_printf(&text, "slave %s:%u %s %u @ %s %s %u", host, n->addr.port, host, n->addr.port,
                   m->name, of, m->node.addr.port);
    else
        buf_printf(&text, "%s %s %s %u @ %s %s %u", kinds[n->kind], n->run_id, host, n->addr.port,
                   m->name, of, m->node.addr.port);
    if (more)
        buf_printf(&text, " %s", more);
    buf_append_char(&text, '\0');
    sentinel_tell_plain(s, m, event, text.data);
    buf_release(&text);
}
