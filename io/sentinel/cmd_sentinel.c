/*
 * cmd_sentinel.c — SENTINEL, and what INFO, ROLE and PUBLISH are to a Sentinel.
 */
#include "core/base/log.h"
#include "core/cmd/command/command_index.h"
#include "core/cmd/command/version.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec.h"
#include "io/sentinel/service_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static struct sentinel_service *service_of(const struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.sentinel;
}

/* The service, locked. */
static struct sentinel_service *service_lock(const struct exec *x)
{
    struct sentinel_service *v = service_of(x);
    LK_ASSERT(v);
    pthread_mutex_lock(&v->lock);
    return v;
}

static enum outcome service_unlock(struct sentinel_service *v)
{
    pthread_mutex_unlock(&v->lock);
    return RUN_DONE;
}

static struct sentinel_master *master_named(const struct sentinel_service *v, struct bytes name)
{
    struct sentinel_master *m = v->machine.masters;
    while (m && !bytes_equal(name, bytes_cstr(m->name)))
        m = m->next;
    return m;
}

/* The master that a->v[2] names; NULL: the client is told. */
static struct sentinel_master *master_wanted(struct exec *x, const struct sentinel_service *v,
                                             const struct args *a)
{
    struct sentinel_master *m = master_named(v, a->v[2]);
    if (!m)
        reply_error(x->reply, "ERR No such master with that name");
    return m;
}

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

static void node_fields_replica(struct fields *f, const struct sentinel_node *n)
{
    field_number(f, "master-link-down-time", n->info.link_down_ms);
    field_text(f, "master-link-status", n->info.link_up ? "ok" : "err");
    field_text(f, "master-host", n->info.master.host[0] ? n->info.master.host : "?");
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
    (void)snprintf(name, sizeof name, "%s:%u", n->addr.host, n->addr.port);
    field_text(&f, "name",
               n->kind == SENTINEL_MASTER ? n->master->name
               : n->kind == SENTINEL_PEER ? n->run_id
                                          : name);
    field_text(&f, "ip", n->addr.host);
    field_number(&f, "port", n->addr.port);
    field_text(&f, "runid", n->run_id);
    field_text(&f, "flags", flags.data);
    field_number(&f, "link-pending-commands", w ? w->expect_count : 0);
    field_number(&f, "link-refcount", 1);
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
        node_fields_replica(&f, n);
    else {
        field_number(&f, "last-hello-message", now_ms - n->peer.heard_ms);
        field_text(&f, "voted-leader", n->peer.leader[0] ? n->peer.leader : "?");
        field_number(&f, "voted-leader-epoch", n->peer.leader_epoch);
    }
    reply_end_deferred(r, head, REPLY_MAP, f.count);
    buf_release(&flags);
}

/* --- SENTINEL: what is asked ----------------------------------------------------------------- */

static enum outcome sentinel_masters(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    uint64_t n = 0;
    (void)a;
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        n++;
    reply_array(x->reply, n);
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        reply_node(x->reply, &v->machine, &m->node);
    return service_unlock(v);
}

static enum outcome sentinel_master_one(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    const struct sentinel_master *m = master_wanted(x, v, a);
    if (m)
        reply_node(x->reply, &v->machine, &m->node);
    return service_unlock(v);
}

/* imm: the kind. */
static enum outcome sentinel_nodes(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    const struct sentinel_master *m = master_wanted(x, v, a);
    if (!m)
        return service_unlock(v);
    const bool peers = x->cmd->imm == SENTINEL_PEER;
    reply_array(x->reply, peers ? m->peer_count : m->replica_count);
    for (const struct sentinel_node *n = peers ? m->peers : m->replicas; n; n = n->next)
        reply_node(x->reply, &v->machine, n);
    return service_unlock(v);
}

static enum outcome sentinel_get_addr(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    const struct sentinel_master *m = master_named(v, a->v[2]);
    if (!m) {
        reply_null_array(x->reply);
        return service_unlock(v);
    }
    const struct sentinel_addr *at = sentinel_master_addr(m);
    reply_array(x->reply, 2);
    reply_bulk_cstr(x->reply, at->host);
    reply_bulk_int(x->reply, at->port);
    return service_unlock(v);
}

static enum outcome sentinel_is_down(struct exec *x, const struct args *a)
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
    addr.port = (uint16_t)port;
    memcpy(who, a->v[5].data, a->v[5].size);
    who[a->v[5].size] = '\0';
    struct sentinel_service *v = service_lock(x);
    sentinel_is_master_down(&v->machine, &addr, epoch, who, &down, leader, &leader_epoch);
    (void)service_unlock(v);
    reply_array(x->reply, 3);
    reply_int(x->reply, down);
    reply_bulk_cstr(x->reply, leader);
    reply_int(x->reply, leader_epoch);
    return RUN_DONE;
}

static enum outcome sentinel_ckquorum(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    const struct sentinel_master *m = master_wanted(x, v, a);
    uint32_t usable = 0;
    if (!m)
        return service_unlock(v);
    const bool well = sentinel_has_quorum(m, &usable);
    const bool quorum = usable >= m->quorum;
    if (well)
        reply_bulk_printf(x->reply,
                          "OK %u usable Sentinels. Quorum and failover authorization can be "
                          "reached",
                          usable);
    else
        reply_error(x->reply, "NOQUORUM %u usable Sentinels. %s%s", usable,
                    quorum ? ""
                           : "Not enough available Sentinels to reach the specified quorum "
                             "for this master. ",
                    usable >= (m->peer_count + 1) / 2 + 1
                        ? ""
                        : "Not enough available Sentinels to reach the majority and authorize a "
                          "failover");
    return service_unlock(v);
}

static enum outcome sentinel_myid(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    (void)a;
    reply_bulk_cstr(x->reply, v->machine.id);
    return service_unlock(v);
}

static enum outcome sentinel_info_cache(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t found = 0;
    for (uint32_t i = 2; i < a->n; i++) {
        const struct sentinel_master *m = master_named(v, a->v[i]);
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
    return service_unlock(v);
}

/* --- SENTINEL: what is changed --------------------------------------------------------------- */

static void reply_saved(struct exec *x, struct sentinel_service *v)
{
    if (file_save(v))
        reply_ok(x->reply);
    else
        reply_error(x->reply, "ERR Failed to save config file. Check server logs.");
}

static enum outcome sentinel_monitor(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    const char *why = file_monitor(v, a->v[2], a->v[3], a->v[4], a->v[5]);
    if (why) {
        reply_error(x->reply, "ERR %s", why);
        return service_unlock(v);
    }
    const struct sentinel_master *m = master_named(v, a->v[2]);
    struct buf text = {0};
    buf_printf(&text, "master %s %s %u quorum %u", m->name, m->node.addr.host, m->node.addr.port,
               m->quorum);
    buf_append_char(&text, '\0');
    service_tell(v, "+monitor", text.data);
    buf_release(&text);
    reply_saved(x, v);
    return service_unlock(v);
}

static enum outcome sentinel_remove(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    struct sentinel_master *m = master_wanted(x, v, a);
    if (!m)
        return service_unlock(v);
    struct buf text = {0};
    buf_printf(&text, "master %s %s %u", m->name, m->node.addr.host, m->node.addr.port);
    buf_append_char(&text, '\0');
    service_tell(v, "-monitor", text.data);
    buf_release(&text);
    conf_remove(v, m->name);
    sentinel_remove_master(&v->machine, m);
    reply_saved(x, v);
    return service_unlock(v);
}

static enum outcome sentinel_set(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    struct sentinel_master *m = master_wanted(x, v, a);
    if (!m)
        return service_unlock(v);
    for (uint32_t i = 3; i < a->n; i += 2) {
        const char *why = i + 1 < a->n ? file_set_option(v, m, a->v[i], a->v[i + 1])
                                       : "Unknown option or number of arguments for SENTINEL SET";
        if (!why)
            continue;
        if (i + 1 < a->n && why[0] != 'U')
            reply_error(x->reply, "ERR Invalid argument '%.*s' for SENTINEL SET '%.*s'",
                        (int)a->v[i + 1].size, a->v[i + 1].data, (int)a->v[i].size, a->v[i].data);
        else
            reply_error(x->reply, "ERR %s '%.*s'", why, (int)a->v[i].size, a->v[i].data);
        return service_unlock(v);
    }
    reply_saved(x, v);
    return service_unlock(v);
}

static enum outcome sentinel_failover(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    struct sentinel_master *m = master_wanted(x, v, a);
    if (!m)
        return service_unlock(v);
    bool good = false;
    for (const struct sentinel_node *n = m->replicas; n; n = n->next)
        good |= n->flags & SENTINEL_CONNECTED && !(n->flags & SENTINEL_S_DOWN) &&
                n->info.at_ms != 0 && n->info.priority != 0;
    if (m->state != SENTINEL_NONE)
        reply_error(x->reply, "INPROG Failover already in progress");
    else if (!good || !sentinel_force_failover(&v->machine, m))
        reply_error(x->reply, "NOGOODSLAVE No suitable replica to promote");
    else
        reply_ok(x->reply);
    return service_unlock(v);
}

static enum outcome sentinel_reset(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    int64_t n = 0;
    for (struct sentinel_master *m = v->machine.masters; m; m = m->next) {
        if (!bytes_match_glob(a->v[2], bytes_cstr(m->name), true))
            continue;
        sentinel_reset_master(&v->machine, m);
        n++;
    }
    if (n > 0)
        (void)file_save(v);
    reply_int(x->reply, n);
    return service_unlock(v);
}

static enum outcome sentinel_flushconfig(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    (void)a;
    reply_saved(x, v);
    return service_unlock(v);
}

static enum outcome sentinel_pending(struct exec *x, const struct args *a)
{
    (void)a;
    reply_array(x->reply, 0); /* scripts are not run */
    return RUN_DONE;
}

static enum outcome sentinel_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "CKQUORUM <master>",
        "    Can the quorum be had, and a majority for a failover?",
        "FAILOVER <master>",
        "    Fails over without asking others.",
        "FLUSHCONFIG",
        "    Writes the configuration file.",
        "GET-MASTER-ADDR-BY-NAME <master>",
        "    Where the master is.",
        "INFO-CACHE <master> [<master> ...]",
        "    The last INFO of masters and replicas.",
        "IS-MASTER-DOWN-BY-ADDR <ip> <port> <current-epoch> <runid>",
        "    Of other Sentinels: is it down, and for whom is the vote?",
        "MASTER <master>",
        "    One master's state.",
        "MASTERS",
        "    All of them.",
        "MONITOR <name> <ip> <port> <quorum>",
        "    Watches a master from now on.",
        "MYID",
        "    The id of this Sentinel.",
        "PENDING-SCRIPTS",
        "    Scripts that wait: none are run.",
        "REMOVE <master>",
        "    Watches it no longer.",
        "REPLICAS <master>",
        "    Its replicas.",
        "RESET <pattern>",
        "    Forgets what was found out about the masters that match.",
        "SENTINELS <master>",
        "    The other Sentinels that watch it.",
        "SET <master> <option> <value> [<option> <value> ...]",
        "    Changes how it is watched.",
        NULL};
    (void)a;
    return reply_help(x, lines);
}

/* --- what is not a server's ------------------------------------------------------------------ */

static enum outcome sentinel_publish(struct exec *x, const struct args *a)
{
    if (!bytes_equal(a->v[1], bytes_cstr("__sentinel__:hello"))) {
        reply_error(x->reply, "ERR Only HELLO messages are accepted by Sentinel instances.");
        return RUN_DONE;
    }
    struct sentinel_service *v = service_lock(x);
    links_hello(v, a->v[2]);
    reply_int(x->reply, 1);
    return service_unlock(v);
}

static enum outcome sentinel_role(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = service_lock(x);
    uint64_t n = 0;
    (void)a;
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        n++;
    reply_array(x->reply, 2);
    reply_bulk_cstr(x->reply, "sentinel");
    reply_array(x->reply, n);
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        reply_bulk_cstr(x->reply, m->name);
    return service_unlock(v);
}

static const char *master_status(const struct sentinel_master *m)
{
    return m->node.flags & SENTINEL_O_DOWN   ? "odown"
           : m->node.flags & SENTINEL_S_DOWN ? "sdown"
                                             : "ok";
}

static enum outcome sentinel_info_command(struct exec *x, const struct args *a)
{
    const struct engine *e = dispatcher_engine(x->dispatcher);
    struct buf out = {0};
    bool server = a->n == 1, sentinel = a->n == 1;
    for (uint32_t i = 1; i < a->n; i++) {
        const bool all =
            args_is(a, i, "all") || args_is(a, i, "default") || args_is(a, i, "everything");
        server |= all || args_is(a, i, "server");
        sentinel |= all || args_is(a, i, "sentinel");
    }
    struct sentinel_service *v = service_lock(x);
    if (server)
        buf_printf(&out,
                   "# Server\r\nredis_version:%s\r\nredis_mode:sentinel\r\nserver_name:latchkey\r\n"
                   "latchkey_version:%s\r\narch_bits:%zu\r\nprocess_id:%d\r\nrun_id:%s\r\n"
                   "tcp_port:%u\r\nio_threads:%u\r\n",
                   REDIS_VERSION, LATCHKEY_VERSION, sizeof(void *) * 8, (int)getpid(),
                   v->machine.id, v->machine.addr.port, e->fixed.worker_count);
    uint32_t masters = 0, i = 0;
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        masters++;
    if (sentinel) {
        buf_printf(&out,
                   "%s# Sentinel\r\nsentinel_masters:%u\r\nsentinel_tilt:%d\r\n"
                   "sentinel_tilt_since_seconds:%" PRId64 "\r\nsentinel_running_scripts:0\r\n"
                   "sentinel_scripts_queue_length:0\r\nsentinel_simulate_failure_flags:0\r\n",
                   server ? "\r\n" : "", masters, v->machine.tilt_since_ms != 0,
                   v->machine.tilt_since_ms ? (v->machine.now_ms - v->machine.tilt_since_ms) / 1000
                                            : INT64_C(-1));
        for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
            buf_printf(&out, "master%u:name=%s,status=%s,address=%s:%u,slaves=%u,sentinels=%u\r\n",
                       i++, m->name, master_status(m), m->node.addr.host, m->node.addr.port,
                       m->replica_count, m->peer_count + 1);
    }
    (void)service_unlock(v);
    reply_verbatim(x->reply, "txt", buf_bytes(&out));
    buf_release(&out);
    return RUN_DONE;
}

#define ASKED   .flags = CMD_ADMIN | CMD_LOADING | CMD_STALE
#define CHANGED .flags = CMD_ADMIN | CMD_LOADING | CMD_STALE

static const struct command sentinel_subcommands[] = {
    {"ckquorum", .arity = 3, .run = sentinel_ckquorum, ASKED},
    {"failover", .arity = 3, .run = sentinel_failover, CHANGED},
    {"flushconfig", .arity = 2, .run = sentinel_flushconfig, CHANGED},
    {"get-master-addr-by-name", .arity = 3, .run = sentinel_get_addr, ASKED},
    {"help", .arity = 2, .run = sentinel_help, ASKED},
    {"info-cache", .arity = -3, .run = sentinel_info_cache, ASKED},
    {"is-master-down-by-addr", .arity = 6, .run = sentinel_is_down, CHANGED},
    {"master", .arity = 3, .run = sentinel_master_one, ASKED},
    {"masters", .arity = 2, .run = sentinel_masters, ASKED},
    {"monitor", .arity = 6, .run = sentinel_monitor, CHANGED},
    {"myid", .arity = 2, .run = sentinel_myid, ASKED},
    {"pending-scripts", .arity = 2, .run = sentinel_pending, ASKED},
    {"remove", .arity = 3, .run = sentinel_remove, CHANGED},
    {"replicas", .arity = 3, .imm = SENTINEL_REPLICA, .run = sentinel_nodes, ASKED},
    {"reset", .arity = 3, .run = sentinel_reset, CHANGED},
    {"sentinels", .arity = 3, .imm = SENTINEL_PEER, .run = sentinel_nodes, ASKED},
    {"set", .arity = -5, .run = sentinel_set, CHANGED},
    {"slaves", .arity = 3, .imm = SENTINEL_REPLICA, .run = sentinel_nodes, ASKED},
    {0},
};

static const struct command sentinel_commands[] = {
    {"sentinel", .arity = -2, .subcommands = sentinel_subcommands},
    {"publish", .arity = 3, .flags = CMD_PUBSUB | CMD_LOADING | CMD_STALE | CMD_FAST,
     .run = sentinel_publish},
    {"role", .arity = 1, .flags = CMD_LOADING | CMD_STALE | CMD_FAST,
     .categories = CAT_ADMIN | CAT_DANGEROUS, .run = sentinel_role},
    {"info", .arity = -1, .flags = CMD_LOADING | CMD_STALE, .categories = CAT_DANGEROUS,
     .run = sentinel_info_command},
    {0},
};

/* --- the table ------------------------------------------------------------------------------- */

/* What a Sentinel has of a server's commands. */
static bool is_of_sentinel(struct bytes name)
{
    static const char *const names[] = {
        "acl",          "auth", "client", "command",  "hello",     "ping",        "psubscribe",
        "punsubscribe", "quit", "reset",  "shutdown", "subscribe", "unsubscribe", NULL};
    size_t i = 0;
    while (names[i] && !bytes_equal(name, bytes_cstr(names[i])))
        i++;
    return names[i] != NULL;
}

void sentinel_limit_commands(struct command_index *ix)
{
    for (uint32_t i = 0; i < command_index_top_count(ix); i++) {
        const struct bytes name = bytes_cstr(command_index_top(ix, i)->name);
        if (name.size > 0 && !is_of_sentinel(name))
            LK_ASSERT(command_index_rename(ix, name, bytes_of("", 0)) == LK_OK);
    }
    command_index_add(ix, sentinel_commands);
}
