/*
 * cmd_sentinel_node.c — a master, a replica or another Sentinel as a map: one row a field.
 */
#include "core/cmd/engine/exec.h"
#include "io/sentinel/cmd_sentinel.h"

#include <stdio.h>

void sentinel_field_text(struct sentinel_fields *f, const char *name, const char *value)
{
    reply_bulk_cstr(f->reply, name);
    reply_bulk_cstr(f->reply, value);
    f->count++;
}

void sentinel_field_number(struct sentinel_fields *f, const char *name, int64_t value)
{
    reply_bulk_cstr(f->reply, name);
    reply_bulk_int(f->reply, value);
    f->count++;
}

/* What a row looks at. */
struct shown {
    const struct sentinel *s;
    const struct sentinel_node *n;
    const struct sentinel_master *m;
    const struct link *link; /* NULL: none */
    char text[SENTINEL_HOST_MAX + 16];
};

/* --- words ----------------------------------------------------------------------------------- */

static const char *show_name(struct shown *w)
{
    if (w->n->kind != SENTINEL_REPLICA)
        return w->n->kind == SENTINEL_MASTER ? w->m->name : w->n->run_id;
    (void)snprintf(w->text, sizeof w->text, "%s:%u", sentinel_shown_host(w->s, &w->n->addr),
                   w->n->addr.port);
    return w->text;
}

static const char *show_host(struct shown *w)
{
    return sentinel_shown_host(w->s, &w->n->addr);
}

static const char *show_run_id(struct shown *w)
{
    return w->n->run_id;
}

static const char *show_flag_names(struct shown *w)
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
    const uint32_t flags = w->n->flags;
    struct buf out = {0};
    for (size_t i = 0; i < 2; i++)
        if (flags & names[i].flag)
            buf_printf(&out, "%s,", names[i].name);
    buf_append_cstr(&out, kinds[w->n->kind]);
    if (!(flags & SENTINEL_CONNECTED))
        buf_append_cstr(&out, ",disconnected");
    for (size_t i = 2; i < sizeof names / sizeof *names; i++)
        if (flags & names[i].flag)
            buf_printf(&out, ",%s", names[i].name);
    (void)snprintf(w->text, sizeof w->text, "%.*s", (int)out.size, out.data);
    buf_release(&out);
    return w->text;
}

static const char *show_role(struct shown *w)
{
    const struct sentinel_node *n = w->n;
    return (n->info.at_ms ? n->info.is_master : n->kind == SENTINEL_MASTER) ? "master" : "slave";
}

static const char *show_link_status(struct shown *w)
{
    return w->n->info.link_up ? "ok" : "err";
}

static const char *show_master_host(struct shown *w)
{
    const struct sentinel_addr *of = &w->n->info.master;
    return of->host[0] ? sentinel_shown_host(w->s, of) : "?";
}

static const char *show_voted(struct shown *w)
{
    return w->n->peer.leader[0] ? w->n->peer.leader : "?";
}

/* --- numbers --------------------------------------------------------------------------------- */

/* How long ago; 0 for what never was. */
static int64_t show_age(const struct shown *w, int64_t at_ms)
{
    return at_ms ? w->s->now_ms - at_ms : 0;
}

#define SHOW(name, value)                                                                          \
    static int64_t show_##name(const struct shown *w)                                              \
    {                                                                                              \
        return value;                                                                              \
    }

SHOW(port, w->n->addr.port)
SHOW(pending, w->link ? w->link->wires[WIRE_COMMANDS].expect_count : 0)
SHOW(users, w->link ? link_users(w->link) : 1)
SHOW(state, w->m->state)
SHOW(ping_sent, show_age(w, w->n->ping_sent_ms))
SHOW(last_ok, w->s->now_ms - w->n->last_ok_ms)
SHOW(last_reply, link_age_ms(w->link ? w->link->wires[WIRE_COMMANDS].heard_ms : w->n->last_ok_ms))
SHOW(s_down, w->s->now_ms - w->n->s_down_since_ms)
SHOW(o_down, w->s->now_ms - w->n->o_down_since_ms)
SHOW(down_after, w->m->down_after_ms)
SHOW(info_age, show_age(w, w->n->info.at_ms))
SHOW(role_age, show_age(w, w->n->info.role_since_ms))
SHOW(config_epoch, w->m->config_epoch)
SHOW(replicas, w->m->replica_count)
SHOW(peers, w->m->peer_count)
SHOW(quorum, w->m->quorum)
SHOW(failover_timeout, w->m->failover_timeout_ms)
SHOW(parallel_syncs, w->m->parallel_syncs)
SHOW(link_down, w->n->info.link_down_ms)
SHOW(master_port, w->n->info.master.port)
SHOW(priority, w->n->info.at_ms ? w->n->info.priority : 100)
SHOW(offset, w->n->info.offset)
SHOW(announced, !w->n->info.unannounced)
SHOW(hello_age, w->s->now_ms - w->n->peer.heard_ms)
SHOW(voted_epoch, w->n->peer.leader_epoch)

/* --- rows ------------------------------------------------------------------------------------ */

enum {
    OF_MASTER = 1 << SENTINEL_MASTER,
    OF_REPLICA = 1 << SENTINEL_REPLICA,
    OF_PEER = 1 << SENTINEL_PEER,
    OF_SERVER = OF_MASTER | OF_REPLICA,
    OF_ALL = OF_SERVER | OF_PEER,
};

static const struct node_row {
    const char *name;
    uint32_t kinds;
    uint32_t flags; /* only with one of these of the node; 0: always */
    const char *(*text)(struct shown *w);
    int64_t (*number)(const struct shown *w); /* if text is NULL */
} node_rows[] = {
    {"name", OF_ALL, 0, show_name, NULL},
    {"ip", OF_ALL, 0, show_host, NULL},
    {"port", OF_ALL, 0, NULL, show_port},
    {"runid", OF_ALL, 0, show_run_id, NULL},
    {"flags", OF_ALL, 0, show_flag_names, NULL},
    {"link-pending-commands", OF_ALL, 0, NULL, show_pending},
    {"link-refcount", OF_ALL, 0, NULL, show_users},
    {"failover-state", OF_ALL, SENTINEL_FAILING_OVER, NULL, show_state},
    {"last-ping-sent", OF_ALL, 0, NULL, show_ping_sent},
    {"last-ok-ping-reply", OF_ALL, 0, NULL, show_last_ok},
    {"last-ping-reply", OF_ALL, 0, NULL, show_last_reply},
    {"s-down-time", OF_ALL, SENTINEL_S_DOWN, NULL, show_s_down},
    {"o-down-time", OF_ALL, SENTINEL_O_DOWN, NULL, show_o_down},
    {"down-after-milliseconds", OF_ALL, 0, NULL, show_down_after},
    {"info-refresh", OF_SERVER, 0, NULL, show_info_age},
    {"role-reported", OF_SERVER, 0, show_role, NULL},
    {"role-reported-time", OF_SERVER, 0, NULL, show_role_age},
    {"config-epoch", OF_MASTER, 0, NULL, show_config_epoch},
    {"num-slaves", OF_MASTER, 0, NULL, show_replicas},
    {"num-other-sentinels", OF_MASTER, 0, NULL, show_peers},
    {"quorum", OF_MASTER, 0, NULL, show_quorum},
    {"failover-timeout", OF_MASTER, 0, NULL, show_failover_timeout},
    {"parallel-syncs", OF_MASTER, 0, NULL, show_parallel_syncs},
    {"master-link-down-time", OF_REPLICA, 0, NULL, show_link_down},
    {"master-link-status", OF_REPLICA, 0, show_link_status, NULL},
    {"master-host", OF_REPLICA, 0, show_master_host, NULL},
    {"master-port", OF_REPLICA, 0, NULL, show_master_port},
    {"slave-priority", OF_REPLICA, 0, NULL, show_priority},
    {"slave-repl-offset", OF_REPLICA, 0, NULL, show_offset},
    {"replica-announced", OF_REPLICA, 0, NULL, show_announced},
    {"last-hello-message", OF_PEER, 0, NULL, show_hello_age},
    {"voted-leader", OF_PEER, 0, show_voted, NULL},
    {"voted-leader-epoch", OF_PEER, 0, NULL, show_voted_epoch},
};

void sentinel_reply_node(struct reply *r, const struct sentinel *s, const struct sentinel_node *n)
{
    struct sentinel_fields f = {r, 0};
    struct shown w = {.s = s, .n = n, .m = n->master, .link = n->owner};
    const size_t head = reply_begin_deferred(r);
    for (size_t i = 0; i < sizeof node_rows / sizeof *node_rows; i++) {
        const struct node_row *row = &node_rows[i];
        if (!(row->kinds >> n->kind & 1) || (row->flags && !(row->flags & n->flags)))
            continue;
        if (row->text)
            sentinel_field_text(&f, row->name, row->text(&w));
        else
            sentinel_field_number(&f, row->name, row->number(&w));
    }
    reply_end_deferred(r, head, REPLY_MAP, f.count);
}
