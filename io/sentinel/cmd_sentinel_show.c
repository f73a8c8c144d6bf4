/*
 * cmd_sentinel_show.c — SENTINEL: what is asked, of masters, replicas and other Sentinels.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec.h"
#include "io/sentinel/cmd_sentinel.h"

#include <stdio.h>

/* --- nodes as maps --------------------------------------------------------------------------- */

struct fields {
    struct reply *reply;
    uint64_t count;
};

static void field_text(struct fields *f, const char *name, const char *value)
{
    reply_bulk_cstr(f->reply, name);
    reply_bulk_cstr(f->reply, value);
    f->count++;
}

static void field_number(struct fields *f, const char *name, int64_t value)
{
    reply_bulk_cstr(f->reply, name);
    reply_bulk_int(f->reply, value);
    f->count++;
}

static void node_flags(const struct sentinel_node *n, struct buf *out)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {{SENTINEL_S_DOWN, "s_down"},
                 {SENTINEL_O_DOWN, "o_down"},
                 {SENTINEL_MASTER_DOWN, "master_down"},
                 {SENTINEL_FAILING_OVER, "failover_in_progress"},
                 {SENTINEL_PROMOTED, "promoted"},
                 {SENTINEL_RECONF_SENT, "reconf_sent"},
                 {SENTINEL_RECONF_INPROG, "reconf_inprog"},
                 {SENTINEL_RECONF_DONE, "reconf_done"},
                 {SENTINEL_FORCED, "force_failover"}};
    static const char *const kinds[] = {"master", "slave", "sentinel"};
    for (size_t i = 0; i < 2; i++)
        if (n->flags & names[i].flag)
            buf_printf(out, "%s,", names[i].name);
    buf_append_cstr(out, kinds[n->kind]);
    if (!(n->flags & SENTINEL_CONNECTED))
        buf_append_cstr(out, ",disconnected");
    for (size_t i = 2; i < sizeof names / sizeof *names; i++)
        if (n->flags & names[i].flag)
            buf_printf(out, ",%s", names[i].name);
    buf_append_char(out, '\0');
}

static void node_fields_master(struct fields *f, const struct sentinel_node *n)
{
    const struct sentinel_master *m = n->master;
    field_number(f, "config-epoch", m->config_epoch);
    field_number(f, "num-slaves", m->replica_count);
    field_number(f, "num-other-sentinels", m->peer_count);
    field_number(f, "quorum", m->quorum);
    field_number(f, "failover-timeout", m->failover_timeout_ms);
    field_number(f, "parallel-syncs", m->parallel_syncs);
}

static void node_fields_replica(struct fields *f, const struct sentinel *s,
                                const struct sentinel_node *n)
{
    field_number(f, "master-link-down-time", n->info.link_down_ms);
    field_text(f, "master-link-status", n->info.link_up ? "ok" : "err");
    field_text(f, "master-host",
               n->info.master.host[0] ? sentinel_shown_host(s, &n->info.master) : "?");
    field_number(f, "master-port", n->info.master.port);
    field_number(f, "slave-priority", n->info.at_ms ? n->info.priority : 100);
    field_number(f, "slave-repl-offset", n->info.offset);
    field_number(f, "replica-announced", !n->info.unannounced);
}

static void reply_node(struct reply *r, const struct sentinel *s, const struct sentinel_node *n)
{
    struct fields f = {r, 0};
    struct buf flags = {0};
    const struct link *l = n->owner;
    const struct wire *w = l ? &l->wires[WIRE_COMMANDS] : NULL;
    const int64_t now_ms = s->now_ms;
    const size_t head = reply_begin_deferred(r);
    char name[SENTINEL_HOST_MAX + 16];
    node_flags(n, &flags);
    (void)snprintf(name, sizeof name, "%s:%u", sentinel_shown_host(s, &n->addr), n->addr.port);
    field_text(&f, "name",
               n->kind == SENTINEL_MASTER ? n->master->name
               : n->kind == SENTINEL_PEER ? n->run_id
                                          : name);
    field_text(&f, "ip", sentinel_shown_host(s, &n->addr));
    field_number(&f, "port", n->addr.port);
    field_text(&f, "runid", n->run_id);
    field_text(&f, "flags", flags.data);
    field_number(&f, "link-pending-commands", w ? w->expect_count : 0);
    field_number(&f, "link-refcount", l ? link_users(l) : 1);
    if (n->flags & SENTINEL_FAILING_OVER)
        field_number(&f, "failover-state", n->master->state);
    field_number(&f, "last-ping-sent", n->ping_sent_ms ? now_ms - n->ping_sent_ms : 0);
    field_number(&f, "last-ok-ping-reply", now_ms - n->last_ok_ms);
    field_number(&f, "last-ping-reply", w ? now_ms - w->heard_ms : now_ms - n->last_ok_ms);
    if (n->flags & SENTINEL_S_DOWN)
        field_number(&f, "s-down-time", now_ms - n->s_down_since_ms);
    if (n->flags & SENTINEL_O_DOWN)
        field_number(&f, "o-down-time", now_ms - n->o_down_since_ms);
    field_number(&f, "down-after-milliseconds", n->master->down_after_ms);
    if (n->kind != SENTINEL_PEER) {
        const bool master = n->info.at_ms ? n->info.is_master : n->kind == SENTINEL_MASTER;
        field_number(&f, "info-refresh", n->info.at_ms ? now_ms - n->info.at_ms : 0);
        field_text(&f, "role-reported", master ? "master" : "slave");
        field_number(&f, "role-reported-time",
                     n->info.role_since_ms ? now_ms - n->info.role_since_ms : 0);
    }
    if (n->kind == SENTINEL_MASTER)
        node_fields_master(&f, n);
    else if (n->kind == SENTINEL_REPLICA)
        node_fields_replica(&f, s, n);
    else {
        field_number(&f, "last-hello-message", now_ms - n->peer.heard_ms);
        field_text(&f, "voted-leader", n->peer.leader[0] ? n->peer.leader : "?");
        field_number(&f, "voted-leader-epoch", n->peer.leader_epoch);
    }
    reply_end_deferred(r, head, REPLY_MAP, f.count);
    buf_release(&flags);
}

/* --- SENTINEL: what is asked ----------------------------------------------------------------- */

enum outcome sentinel_cmd_masters(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    uint64_t n = 0;
    (void)a;
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        n++;
    reply_array(x->reply, n);
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        reply_node(x->reply, &v->machine, &m->node);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_master(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    if (m)
        reply_node(x->reply, &v->machine, &m->node);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_nodes(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    if (!m)
        return sentinel_unlock(v);
    const bool peers = x->cmd->imm == SENTINEL_PEER;
    uint64_t count = 0;
    const size_t head = reply_begin_deferred(x->reply);
    for (const struct sentinel_node *n = peers ? m->peers : m->replicas; n; n = n->next) {
        if (!peers && n->info.unannounced)
            continue;
        reply_node(x->reply, &v->machine, n);
        count++;
    }
    reply_end_deferred(x->reply, head, REPLY_ARRAY, count);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_get_addr(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const struct sentinel_master *m = sentinel_master_named(v, a->v[2]);
    if (!m) {
        reply_null_array(x->reply);
        return sentinel_unlock(v);
    }
    const struct sentinel_addr *at = sentinel_master_addr(m);
    reply_array(x->reply, 2);
    reply_bulk_cstr(x->reply, sentinel_shown_host(&v->machine, at));
    reply_bulk_int(x->reply, at->port);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_is_down(struct exec *x, const struct args *a)
{
    struct sentinel_addr addr = {.port = 0};
    char who[SENTINEL_ID_CHARS + 1], leader[SENTINEL_ID_CHARS + 1];
    int64_t port = 0, epoch = 0, leader_epoch = 0;
    bool down = false;
    if (!bytes_to_int64(a->v[3], &port) || !bytes_to_int64(a->v[4], &epoch))
        return reply_status(x, LK_ENOTINT);
    if (port < 1 || port > UINT16_MAX || a->v[2].size >= sizeof addr.host ||
        a->v[5].size > SENTINEL_ID_CHARS) {
        reply_error(x->reply, "ERR Invalid address or runid");
        return RUN_DONE;
    }
    memcpy(addr.host, a->v[2].data, a->v[2].size);
    addr.host[a->v[2].size] = '\0';
    addr.port = (uint16_t)port;
    memcpy(who, a->v[5].data, a->v[5].size);
    who[a->v[5].size] = '\0';
    struct sentinel_service *v = sentinel_lock(x);
    (void)(addr.host[0] && names_known(v, &addr)); /* of a name that is not known: none is */
    sentinel_is_master_down(&v->machine, &addr, epoch, who, &down, leader, &leader_epoch);
    (void)sentinel_unlock(v);
    reply_array(x->reply, 3);
    reply_int(x->reply, down);
    reply_bulk_cstr(x->reply, leader);
    reply_int(x->reply, leader_epoch);
    return RUN_DONE;
}

enum outcome sentinel_cmd_ckquorum(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    uint32_t usable = 0;
    if (!m)
        return sentinel_unlock(v);
    const bool well = sentinel_has_quorum(m, &usable);
    const bool quorum = usable >= m->quorum, majority = usable >= (m->peer_count + 1) / 2 + 1;
    char text[96];
    (void)snprintf(text, sizeof text,
                   "OK %u usable Sentinels. Quorum and failover authorization can be reached",
                   usable);
    if (well)
        reply_simple(x->reply, text);
    else
        reply_error(x->reply, "NOQUORUM %u usable Sentinels. %s%s%s", usable,
                    quorum ? ""
                           : "Not enough available Sentinels to reach the specified quorum "
                             "for this master",
                    quorum || majority ? "" : ". ",
                    majority ? ""
                             : "Not enough available Sentinels to reach the majority and "
                               "authorize a failover");
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_myid(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    (void)a;
    reply_bulk_cstr(x->reply, v->machine.id);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_info_cache(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t found = 0;
    for (uint32_t i = 2; i < a->n; i++) {
        const struct sentinel_master *m = sentinel_master_named(v, a->v[i]);
        if (!m)
            continue;
        found++;
        reply_bulk_cstr(x->reply, m->name);
        reply_array(x->reply, m->replica_count + 1);
        for (const struct sentinel_node *n = &m->node; n;
             n = n == &m->node ? m->replicas : n->next) {
            const struct link *l = n->owner;
            reply_array(x->reply, 2);
            reply_int(x->reply, l && l->info_ms ? v->machine.now_ms - l->info_ms : 0);
            if (l && l->info.size > 0)
                reply_bulk(x->reply, buf_bytes(&l->info));
            else
                reply_null(x->reply);
        }
    }
    reply_end_deferred(x->reply, head, REPLY_ARRAY, 2 * found);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_pending(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const int64_t now_ms = clock_unix_ms();
    (void)a;
    reply_array(x->reply, v->script_count);
    for (const struct script *s = v->scripts; s; s = s->next) {
        struct fields f = {x->reply, 0};
        const size_t head = reply_begin_deferred(x->reply);
        uint64_t words = 0;
        while (s->argv[words])
            words++;
        reply_bulk_cstr(x->reply, "argv");
        reply_array(x->reply, words);
        for (uint64_t i = 0; i < words; i++)
            reply_bulk_cstr(x->reply, s->argv[i]);
        f.count++;
        field_text(&f, "flags", s->pid ? "running" : "scheduled");
        field_number(&f, "pid", s->pid);
        const int64_t left_ms = s->begin_ms > now_ms ? s->begin_ms - now_ms : 0;
        field_number(&f, s->pid ? "run-time" : "run-delay",
                     s->pid ? now_ms - s->begin_ms : left_ms);
        field_number(&f, "retry-num", s->tries);
        reply_end_deferred(x->reply, head, REPLY_MAP, f.count);
    }
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_role(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    uint64_t n = 0;
    (void)a;
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        n++;
    reply_array(x->reply, 2);
    reply_bulk_cstr(x->reply, "sentinel");
    reply_array(x->reply, n);
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        reply_bulk_cstr(x->reply, m->name);
    return sentinel_unlock(v);
}
