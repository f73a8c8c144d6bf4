/*
 * sentinel_sight.c — what INFO and hellos say: who is there, what he is, whom to believe.
 *
 * Nobody is reconfigured at first sight (Q5): a Sentinel that was cut off during a failover holds
 * the old configuration, and would turn the wheel back.  A configuration with a greater epoch is
 * believed, whoever tells it.
 */
#include "core/peer/sentinel/sentinel_priv.h"

#include <inttypes.h>
#include <stdio.h>

/* --- INFO ------------------------------------------------------------------------------------ */

/* What one INFO says, before anything is done about it. */
struct sight {
    struct bytes run_id, master_host;
    int64_t master_port, priority, offset, link_down_s;
    bool has_role, is_master, link_up, loading, unannounced;
};

/* "key:rest" of a line. */
static bool line_is(struct bytes line, const char *key, struct bytes *rest)
{
    const size_t n = strlen(key);
    if (line.size <= n || memcmp(line.data, key, n) != 0 || line.data[n] != ':')
        return false;
    *rest = bytes_of(line.data + n + 1, line.size - n - 1);
    return true;
}

static bool next_line(struct bytes *text, struct bytes *line)
{
    if (text->size == 0)
        return false;
    const char *end = memchr(text->data, '\n', text->size);
    const size_t whole = end ? (size_t)(end - text->data) + 1 : text->size;
    size_t size = end ? whole - 1 : whole;
    if (size > 0 && text->data[size - 1] == '\r')
        size--;
    *line = bytes_of(text->data, size);
    *text = bytes_of(text->data + whole, text->size - whole);
    return true;
}

static bool sight_is(struct bytes b, const char *text)
{
    return bytes_equal(b, bytes_cstr(text));
}

static void sight_number(struct bytes rest, int64_t *out)
{
    int64_t n = 0;
    if (bytes_to_int64(rest, &n))
        *out = n;
}

static void sight_line(struct sight *v, struct bytes line)
{
    struct bytes rest;
    if (line_is(line, "run_id", &rest) && rest.size == SENTINEL_ID_CHARS)
        v->run_id = rest;
    else if (line_is(line, "role", &rest)) {
        v->has_role = sight_is(rest, "master") || sight_is(rest, "slave");
        v->is_master = sight_is(rest, "master");
    } else if (line_is(line, "master_host", &rest))
        v->master_host = rest;
    else if (line_is(line, "master_port", &rest))
        sight_number(rest, &v->master_port);
    else if (line_is(line, "master_link_status", &rest))
        v->link_up = sight_is(rest, "up");
    else if (line_is(line, "master_link_down_since_seconds", &rest))
        sight_number(rest, &v->link_down_s);
    else if (line_is(line, "slave_priority", &rest))
        sight_number(rest, &v->priority);
    else if (line_is(line, "slave_repl_offset", &rest))
        sight_number(rest, &v->offset);
    else if (line_is(line, "replica_announced", &rest))
        v->unannounced = sight_is(rest, "0");
    else if (line_is(line, "loading", &rest))
        v->loading = sight_is(rest, "1");
}

/* The value of one of "ip=…,port=…,…". */
static bool pair_find(struct bytes pairs, const char *key, struct bytes *value)
{
    const size_t n = strlen(key);
    while (pairs.size > 0) {
        const char *end = memchr(pairs.data, ',', pairs.size);
        const size_t size = end ? (size_t)(end - pairs.data) : pairs.size;
        if (size > n && memcmp(pairs.data, key, n) == 0 && pairs.data[n] == '=') {
            *value = bytes_of(pairs.data + n + 1, size - n - 1);
            return true;
        }
        const size_t step = end ? size + 1 : size;
        pairs = bytes_of(pairs.data + step, pairs.size - step);
    }
    return false;
}

/* "slave0:ip=10.0.0.2,port=6379,state=online,…": a replica that may be new. */
static bool note_replica(struct sentinel *s, struct sentinel_master *m, struct bytes line)
{
    struct bytes host, port_text;
    struct sentinel_addr addr;
    int64_t port = 0;
    const char *colon = memchr(line.data, ':', line.size);
    if (line.size < 7 || memcmp(line.data, "slave", 5) != 0 || line.data[5] < '0' ||
        line.data[5] > '9' || !colon)
        return false;
    const struct bytes pairs = bytes_of(colon + 1, line.size - (size_t)(colon + 1 - line.data));
    if (!pair_find(pairs, "ip", &host) || !pair_find(pairs, "port", &port_text) ||
        !bytes_to_int64(port_text, &port) || !sentinel_addr_told(s, &addr, host, port) ||
        sentinel_find_node(m->replicas, &addr) || sentinel_same_addr(&m->node.addr, &addr))
        return false;
    struct sentinel_node *n = sentinel_add_replica(s, m, &addr);
    if (n)
        sentinel_tell(s, "+slave", n, NULL);
    return n != NULL;
}

/* The master answers, says it is one, and that is no old news. */
static bool master_is_sane(const struct sentinel *s, const struct sentinel_master *m)
{
    return !(m->node.flags & (SENTINEL_S_DOWN | SENTINEL_O_DOWN)) && m->node.info.is_master &&
           s->now_ms - m->node.info.at_ms < 2 * s->periods.info_ms;
}

static void make_follow(struct sentinel *s, struct sentinel_node *n, const char *event)
{
    const struct sentinel_call call = {.what = SENTINEL_ASK_FOLLOW, .addr = &n->master->node.addr};
    n->change_ms = s->now_ms;
    s->calls.ask(s->calls.ctx, n, &call);
    sentinel_tell(s, event, n, NULL);
}

/* Has it been seen so for long, and has nobody changed anything meanwhile? */
static bool seen_for(const struct sentinel *s, const struct sentinel_node *n, int64_t since_ms,
                     int64_t span_ms)
{
    const struct sentinel_master *m = n->master;
    return m->state == SENTINEL_NONE && master_is_sane(s, m) && s->now_ms - since_ms > span_ms &&
           s->now_ms - m->config_changed_ms > span_ms;
}

/*
 * It was away when our failover ended: nobody else tells it, and nobody has said anything newer.
 * Once an INFO or two, as an order may be lost again.
 */
static bool is_owed_now(const struct sentinel *s, const struct sentinel_node *n)
{
    const struct sentinel_master *m = n->master;
    return n->flags & SENTINEL_OWED && m->state == SENTINEL_NONE && master_is_sane(s, m) &&
           s->now_ms - n->change_ms > s->periods.ask_ms;
}

static void correct_replica(struct sentinel *s, struct sentinel_node *n)
{
    struct sentinel_master *m = n->master;
    if (n->info.is_master) {
        if (n->flags & SENTINEL_PROMOTED && m->state == SENTINEL_WAIT_PROMOTION)
            sentinel_failover_promoted(s, m);
        else if (!(n->flags & SENTINEL_PROMOTED) &&
                 (seen_for(s, n, n->info.role_since_ms, 4 * s->periods.publish_ms) ||
                  is_owed_now(s, n)))
            make_follow(s, n, "+convert-to-slave");
        return;
    }
    if (sentinel_same_addr(&n->info.master, &m->node.addr))
        n->flags &= ~(uint32_t)SENTINEL_OWED;
    else if (seen_for(s, n, n->info.master_since_ms, m->failover_timeout_ms) || is_owed_now(s, n))
        make_follow(s, n, "+fix-slave-config");
}

static void note_run_id(struct sentinel *s, struct sentinel_node *n, struct bytes run_id)
{
    if (run_id.size == 0 || sight_is(run_id, n->run_id))
        return;
    const bool reboot = n->run_id[0] != '\0';
    memcpy(n->run_id, run_id.data, SENTINEL_ID_CHARS);
    n->run_id[SENTINEL_ID_CHARS] = '\0';
    if (!reboot)
        return;
    if (n->kind == SENTINEL_MASTER && n->master->reboot_down_after_ms > 0)
        n->reboot_ms = s->now_ms;
    sentinel_tell(s, "+reboot", n, NULL);
}

static void note_role(struct sentinel *s, struct sentinel_node *n, const struct sight *v)
{
    const bool first = n->info.at_ms == 0;
    if (first || v->is_master != n->info.is_master) {
        n->info.role_since_ms = s->now_ms;
        if (!first)
            sentinel_tell(
                s, v->is_master == (n->kind == SENTINEL_MASTER) ? "+role-change" : "-role-change",
                n, v->is_master ? "new reported role is master" : "new reported role is slave");
    }
    n->info.is_master = v->is_master;
    n->info.link_up = v->link_up;
    n->info.link_down_ms = v->link_down_s > 0 ? v->link_down_s * 1000 : 0;
    n->info.priority = v->priority;
    if (first || v->offset != n->info.offset)
        n->info.still_since_ms = s->now_ms;
    n->info.offset = v->offset;
    n->info.loading = v->loading;
    n->info.unannounced = v->unannounced;
    struct sentinel_addr of;
    if (!v->is_master && sentinel_addr_told(s, &of, v->master_host, v->master_port) &&
        !sentinel_same_addr(&of, &n->info.master)) {
        n->info.master = of;
        n->info.master_since_ms = s->now_ms;
    }
}

void sentinel_info(struct sentinel *s, struct sentinel_node *n, struct bytes text)
{
    LK_ASSERT(n->kind != SENTINEL_PEER);
    struct sight v = {.priority = 100};
    struct bytes rest = text, line;
    bool found = false;
    while (next_line(&rest, &line))
        sight_line(&v, line);
    if (!v.has_role)
        return;
    note_run_id(s, n, v.run_id);
    note_role(s, n, &v);
    n->info.at_ms = s->now_ms;
    rest = text;
    while (n->kind == SENTINEL_MASTER && v.is_master && next_line(&rest, &line))
        found |= note_replica(s, n->master, line);
    if (found)
        (void)sentinel_save(s);
    if (s->tilt_since_ms == 0 && n->kind == SENTINEL_REPLICA)
        correct_replica(s, n);
}

/* --- hello ----------------------------------------------------------------------------------- */

enum { H_HOST, H_PORT, H_ID, H_EPOCH, H_NAME, H_MASTER_HOST, H_MASTER_PORT, H_CONFIG_EPOCH, H_ALL };

struct hello {
    struct sentinel_addr addr, master;
    char id[SENTINEL_ID_CHARS + 1], name[SENTINEL_NAME_MAX];
    int64_t epoch, config_epoch;
};

static bool hello_parse(struct sentinel *s, struct bytes text, struct hello *h)
{
    struct bytes parts[H_ALL];
    int64_t port = 0, master_port = 0;
    for (size_t i = 0; i < H_ALL; i++) {
        const char *end = i + 1 < H_ALL ? memchr(text.data, ',', text.size) : NULL;
        if (i + 1 < H_ALL && !end)
            return false;
        const size_t size = end ? (size_t)(end - text.data) : text.size;
        parts[i] = bytes_of(text.data, size);
        text = bytes_of(text.data + size + (end != NULL), text.size - size - (end != NULL));
    }
    if (parts[H_ID].size != SENTINEL_ID_CHARS || parts[H_NAME].size >= sizeof h->name ||
        parts[H_NAME].size == 0)
        return false;
    memcpy(h->id, parts[H_ID].data, SENTINEL_ID_CHARS);
    h->id[SENTINEL_ID_CHARS] = '\0';
    memcpy(h->name, parts[H_NAME].data, parts[H_NAME].size);
    h->name[parts[H_NAME].size] = '\0';
    return bytes_to_int64(parts[H_PORT], &port) &&
           bytes_to_int64(parts[H_MASTER_PORT], &master_port) &&
           bytes_to_int64(parts[H_EPOCH], &h->epoch) &&
           bytes_to_int64(parts[H_CONFIG_EPOCH], &h->config_epoch) && h->epoch >= 0 &&
           h->config_epoch >= 0 && sentinel_addr_told(s, &h->addr, parts[H_HOST], port) &&
           sentinel_addr_told(s, &h->master, parts[H_MASTER_HOST], master_port);
}

static struct sentinel_node *find_peer(struct sentinel_master *m, const char *id)
{
    struct sentinel_node *p = m->peers;
    while (p && strcmp(p->run_id, id) != 0)
        p = p->next;
    return p;
}

/*
 * Who had that address before has lost his file, or has moved and says so soon.  The one who speaks
 * counts in his place: a majority does not shrink, nor grow by Sentinels that are no more.
 */
static void forget_peer(struct sentinel *s, const struct sentinel_addr *addr)
{
    for (struct sentinel_master *m = s->masters; m; m = m->next) {
        struct sentinel_node *old;
        while ((old = sentinel_find_node(m->peers, addr)) != NULL)
            sentinel_remove_peer(s, m, old);
    }
}

/* The one who speaks: known, moved, or new.  NULL: there are too many. */
static struct sentinel_node *note_peer(struct sentinel *s, struct sentinel_master *m,
                                       const struct hello *h)
{
    struct sentinel_node *p = find_peer(m, h->id);
    if (p && sentinel_same_addr(&p->addr, &h->addr))
        return p;
    if (p) {
        sentinel_tell(s, "+sentinel-address-switch", p, NULL);
        sentinel_remove_peer(s, m, p);
    }
    struct sentinel_node *old = sentinel_find_node(m->peers, &h->addr);
    if (old) {
        sentinel_tell(s, "+sentinel-invalid-addr", old, NULL);
        forget_peer(s, &h->addr);
    }
    const bool moved = p != NULL;
    p = sentinel_add_peer(s, m, &h->addr, h->id);
    if (p && !moved)
        sentinel_tell(s, "+sentinel", p, NULL);
    (void)sentinel_save(s);
    return p;
}

static void sight_believe(struct sentinel *s, struct sentinel_master *m,
                          const struct sentinel_node *who, const struct hello *h)
{
    if (h->config_epoch <= m->config_epoch)
        return;
    m->config_epoch = h->config_epoch;
    for (struct sentinel_node *n = m->replicas; n; n = n->next)
        n->flags &= ~(uint32_t)SENTINEL_OWED; /* the word is another's now */
    /* A failover of ours that still goes on is overtaken, also if it began from that master. */
    const struct sentinel_addr was = *sentinel_master_addr(m);
    if (m->state != SENTINEL_NONE || !sentinel_same_addr(&m->node.addr, &h->master)) {
        struct buf text = {0};
        buf_printf(&text, "%s %s %u %s %u", m->name, sentinel_shown_host(s, &was), was.port,
                   sentinel_shown_host(s, &h->master), h->master.port);
        buf_append_char(&text, '\0');
        sentinel_tell(s, "+config-update-from", who, NULL);
        sentinel_switch_master(s, m, &h->master);
        if (!sentinel_same_addr(&was, &h->master)) {
            sentinel_tell_plain(s, m, "+switch-master", text.data);
            s->calls.moved(s->calls.ctx, m, false, &was, &h->master);
        }
        buf_release(&text);
    }
    (void)sentinel_save(s);
}

void sentinel_hello(struct sentinel *s, struct bytes text)
{
    struct hello h;
    if (!hello_parse(s, text, &h))
        return;
    struct sentinel_master *m = sentinel_find_master(s, h.name);
    if (!m)
        return;
    if (strcmp(h.id, s->id) == 0) {
        if (sentinel_same_addr(&h.addr, &s->addr))
            return;
        if (m->twin_ms == 0 || s->now_ms - m->twin_ms > SENTINEL_TWIN_MS)
            sentinel_tell(s, "+duplicate-id", &m->node, h.addr.host);
        m->twin_ms = s->now_ms;
        return;
    }
    struct sentinel_node *p = note_peer(s, m, &h);
    if (!p)
        return;
    p->peer.heard_ms = s->now_ms;
    if (h.epoch > s->current_epoch && !sentinel_take_epoch(s, m, h.epoch))
        return;
    sight_believe(s, m, p, &h);
}
