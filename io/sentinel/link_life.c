/*
 * link_life.c — links come and go.
 *
 * A link has a wire for requests and, to servers, one that hears hellos.  Another Sentinel has one
 * link, however many masters it watches with us: the nodes that it is for each of them share it.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/mem.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

void link_lost(struct sentinel_service *v, struct link *l, struct wire *w)
{
    wire_close(w);
    if (w == &l->wires[WIRE_COMMANDS] && l->node)
        sentinel_link(&v->machine, l->node, false);
}

void links_gone(void *ctx, struct sentinel_node *node)
{
    struct sentinel_service *v = ctx;
    struct link *l = node->owner;
    node->owner = NULL;
    if (!l)
        return;
    wire_forget(&l->wires[WIRE_COMMANDS], node);
    if (l->node != node)
        return;
    struct sentinel_node *t = node->twin;
    while (t && t != node && t->owner != l)
        t = t->twin;
    l->node = t == node ? NULL : t;
    v->gone |= !l->node;
}

uint32_t link_users(const struct link *l)
{
    uint32_t users = 1;
    for (const struct sentinel_node *t = l->node->twin; t && t != l->node; t = t->twin)
        users += t->owner == l;
    return users;
}

/* A twin has one, and it is as good for this node. */
static bool link_share(struct sentinel_service *v, struct sentinel_node *n)
{
    struct sentinel_node *t = n->twin;
    while (t && t != n && !t->owner)
        t = t->twin;
    if (!t || t == n)
        return false;
    const struct link *l = n->owner = t->owner;
    if (l->wires[WIRE_COMMANDS].state == WIRE_UP)
        sentinel_link(&v->machine, n, true);
    return true;
}

static void link_make(struct sentinel_service *v, struct sentinel_node *n)
{
    if (n->owner || n->addr.port == 0 || link_share(v, n))
        return;
    struct link *l = mem_new(struct link);
    l->node = n;
    l->addr = n->addr;
    l->hellos = n->kind != SENTINEL_PEER;
    l->conf = l->hellos ? conf_of(v, n->master->name) : NULL;
    for (int i = 0; i < WIRES; i++) {
        l->wires[i].fd = -1;
        l->wires[i].link = l;
    }
    l->next = v->links;
    v->links = l;
    n->owner = l;
}

void links_make_all(struct sentinel_service *v)
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

void links_sweep(struct sentinel_service *v)
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
        while (l->node && !l->hellos) /* each that shares it */
            link_drop(v, l->node);
}

static void link_note_local(struct link *l, int fd)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &size) == 0)
        (void)getnameinfo((struct sockaddr *)&a, size, l->local, sizeof l->local, NULL, 0,
                          NI_NUMERICHOST);
}

void link_connected(struct sentinel_service *v, struct link *l, struct wire *w, int64_t now_ms)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        link_lost(v, l, w);
        return;
    }
    w->state = WIRE_UP;
    w->since_ms = w->heard_ms = now_ms;
    link_note_local(l, w->fd);
    if (config_current(v->parts.config)->tls_replication) {
        w->tls = tls_channel_new(v->parts.tls, TLS_CLIENT, TLS_AUTH_NO);
        if (!w->tls || tls_channel_begin(w->tls, &w->out) != 0) {
            link_lost(v, l, w);
            return;
        }
    }
    link_greet(v, l, w);
}
