/*
 * link_hear.c — what servers and other Sentinels say: replies and hellos.
 */
#include "io/sentinel/service_priv.h"

#include <stdio.h>

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
        link_kill_script(l);
    sentinel_pong(&v->machine, l->node, pong || alive, pong);
}

/* node: NULL, it has gone meanwhile. */
static void reply_to_down(struct sentinel_service *v, struct sentinel_node *node,
                          const struct resp_value *r)
{
    char leader[SENTINEL_ID_CHARS + 1];
    if (!node || r->kind != RESP_KIND_ARRAY || r->n != 3 || r->items[0].kind != RESP_KIND_INTEGER ||
        r->items[1].kind != RESP_KIND_BULK || r->items[2].kind != RESP_KIND_INTEGER ||
        r->items[1].text.size > SENTINEL_ID_CHARS)
        return;
    memcpy(leader, r->items[1].text.data, r->items[1].text.size);
    leader[r->items[1].text.size] = '\0';
    sentinel_down_said(&v->machine, node, r->items[0].integer == 1, leader, r->items[2].integer);
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
    const struct expect e = wire_expected(w);
    switch (e.what) {
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
        reply_to_down(v, e.node, r);
        break;
    default:
        break;
    }
}

bool link_take_replies(struct sentinel_service *v, struct link *l, struct wire *w, int64_t now_ms)
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
