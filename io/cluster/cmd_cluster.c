/*
 * cmd_cluster.c — the rows of CLUSTER, and its questions.
 *
 * What only asks looks at the state machine under the bus' lock.  What changes something is handed
 * to the bus, and answered when the change is on the disk and in force.
 */
#include "io/cluster/cmd_cluster.h"
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/exec_slot.h"
#include "io/cluster/cmd_cluster_priv.h"

#include <inttypes.h>

static bool cluster_is_off(struct exec *x)
{
    if (cluster_bus_of(x))
        return false;
    reply_error(x->reply, "ERR This instance has cluster support disabled");
    return true;
}

static enum outcome reply_unknown_node(struct exec *x, struct bytes id)
{
    struct buf line = {0};
    buf_append_cstr(&line, "ERR Unknown node ");
    buf_append_bytes(&line, id);
    reply_error_bytes(x->reply, buf_bytes(&line));
    buf_release(&line);
    return RUN_DONE;
}

/* --- about this node ------------------------------------------------------------------------- */

static enum outcome cluster_myid(struct exec *x, const struct args *a)
{
    (void)a;
    if (cluster_is_off(x))
        return RUN_DONE;
    reply_bulk_cstr(x->reply, bus_look(cluster_bus_of(x))->self->id);
    bus_done(cluster_bus_of(x));
    return RUN_DONE;
}

static enum outcome cluster_myshardid(struct exec *x, const struct args *a)
{
    (void)a;
    if (cluster_is_off(x))
        return RUN_DONE;
    reply_bulk_cstr(x->reply, bus_look(cluster_bus_of(x))->self->shard_id);
    bus_done(cluster_bus_of(x));
    return RUN_DONE;
}

static enum outcome cluster_nodes(struct exec *x, const struct args *a)
{
    (void)a;
    struct buf text = {0};
    if (cluster_is_off(x))
        return RUN_DONE;
    cluster_describe_all(bus_look(cluster_bus_of(x)), cluster_reader_of(x), &text);
    bus_done(cluster_bus_of(x));
    reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
    return RUN_DONE;
}

static enum outcome cluster_replicas_run(struct exec *x, const struct args *a)
{
    if (cluster_is_off(x))
        return RUN_DONE;
    const struct cluster *c = bus_look(cluster_bus_of(x));
    const struct cluster_node *n = cluster_find(c, a->v[2]);
    struct buf line = {0};
    uint32_t count = 0;
    if (!n) {
        reply_unknown_node(x, a->v[2]);
    } else if (!cluster_is_master(n)) {
        reply_error(x->reply, "ERR The specified node is not a master");
    } else {
        const size_t at = reply_begin_deferred(x->reply);
        for (uint32_t i = 0; i < c->node_count; i++) {
            if (c->nodes[i]->master != n)
                continue;
            line.size = 0;
            cluster_describe(c, c->nodes[i], cluster_reader_of(x), &line);
            reply_bulk(x->reply, buf_bytes(&line));
            count++;
        }
        reply_end_deferred(x->reply, at, REPLY_ARRAY, count);
    }
    bus_done(cluster_bus_of(x));
    buf_release(&line);
    return RUN_DONE;
}

static enum outcome cluster_count_reports(struct exec *x, const struct args *a)
{
    if (cluster_is_off(x))
        return RUN_DONE;
    struct cluster *c = (struct cluster *)(uintptr_t)bus_look(cluster_bus_of(x));
    struct cluster_node *n = cluster_find(c, a->v[2]);
    if (n)
        reply_int(x->reply, cluster_failure_reports(c, n));
    else
        reply_unknown_node(x, a->v[2]);
    bus_done(cluster_bus_of(x));
    return RUN_DONE;
}

/* --- INFO ------------------------------------------------------------------------------------ */

static const char *const frame_names[FRAME_TYPES] = {"ping",    "pong",     "meet",        "fail",
                                                     "publish", "auth-req", "auth-ack",    "update",
                                                     "mfstart", "module",   "publishshard"};

static void cluster_info_stats(const char *direction, const uint64_t *counts, struct buf *out)
{
    uint64_t total = 0;
    for (int i = 0; i < FRAME_TYPES; i++) {
        total += counts[i];
        if (counts[i] > 0)
            buf_printf(out, "cluster_stats_messages_%s_%s:%" PRIu64 "\r\n", frame_names[i],
                       direction, counts[i]);
    }
    buf_printf(out, "cluster_stats_messages_%s:%" PRIu64 "\r\n", direction, total);
}

/* As commands find it: what was decided is in force a moment later, when the map is published. */
static bool cluster_serves(const struct exec *x, const struct cluster *c)
{
    const struct engine *e = dispatcher_engine(x->dispatcher);
    const struct slot_map *map = load_acquire(&e->cluster.slots);
    return !c->down && map && !(map->flags & SLOT_MAP_DOWN);
}

static enum outcome cluster_info(struct exec *x, const struct args *a)
{
    (void)a;
    if (cluster_is_off(x))
        return RUN_DONE;
    struct cluster_bus *b = cluster_bus_of(x);
    const uint64_t cut = bus_links_cut(b);
    const struct cluster *c = bus_look(b);
    struct buf out = {0};
    uint32_t assigned = 0, pfail = 0, fail = 0;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        const struct cluster_node *n = c->owner[slot];
        assigned += n != NULL;
        pfail += n && n->flags & NODE_PFAIL;
        fail += n && n->flags & NODE_FAIL;
    }
    buf_printf(&out,
               "cluster_state:%s\r\ncluster_slots_assigned:%u\r\ncluster_slots_ok:%u\r\n"
               "cluster_slots_pfail:%u\r\ncluster_slots_fail:%u\r\ncluster_known_nodes:%u\r\n"
               "cluster_size:%u\r\ncluster_current_epoch:%" PRIu64 "\r\ncluster_my_epoch:%" PRIu64
               "\r\n",
               cluster_serves(x, c) ? "ok" : "fail", assigned, assigned - pfail - fail, pfail, fail,
               c->node_count, c->size, c->current_epoch, cluster_primary(c)->config_epoch);
    cluster_info_stats("sent", c->stats.sent, &out);
    cluster_info_stats("received", c->stats.received, &out);
    buf_printf(&out, "total_cluster_links_buffer_limit_exceeded:%" PRIu64 "\r\n", cut);
    bus_done(b);
    reply_verbatim(x->reply, "txt", buf_bytes(&out));
    buf_release(&out);
    return RUN_DONE;
}

/* --- keys ------------------------------------------------------------------------------------ */

static enum outcome cluster_keyslot(struct exec *x, const struct args *a)
{
    if (!cluster_is_off(x))
        reply_int(x->reply, hash_slot(a->v[2]));
    return RUN_DONE;
}

static enum outcome cluster_countkeys(struct exec *x, const struct args *a)
{
    uint32_t slot;
    if (cluster_is_off(x))
        return RUN_DONE;
    if (cluster_slot_of(a->v[2], &slot))
        reply_int(x->reply, (int64_t)bus_keys_in_slot(cluster_bus_of(x), slot));
    else
        reply_error(x->reply, "ERR Invalid slot");
    return RUN_DONE;
}

struct keys_of_slot {
    struct reply *reply;
    int64_t left;
    uint32_t count;
};

static bool cluster_take_key(void *ctx, struct bytes key, const struct value *v)
{
    struct keys_of_slot *k = ctx;
    (void)v;
    if (k->left-- <= 0)
        return false;
    reply_bulk(k->reply, key);
    k->count++;
    return true;
}

static enum outcome cluster_getkeys(struct exec *x, const struct args *a)
{
    uint32_t slot;
    struct keys_of_slot k = {x->reply, 0, 0};
    if (cluster_is_off(x))
        return RUN_DONE;
    if (!cluster_slot_of(a->v[2], &slot) || !bytes_to_int64(a->v[3], &k.left) || k.left < 0) {
        reply_error(x->reply, "ERR Invalid slot or number of keys");
        return RUN_DONE;
    }
    const struct reply_place before = reply_mark(x->reply);
    const size_t at = reply_begin_deferred(x->reply);
    const bool free_now = exec_slot_keys(x, slot, cluster_take_key, &k);
    reply_end_deferred(x->reply, at, REPLY_ARRAY, k.count);
    if (!free_now)
        reply_rewind(x->reply, before);
    return free_now ? RUN_DONE : RUN_AGAIN;
}

static enum outcome cluster_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "COUNTKEYSINSLOT <slot>",
        "    Return the number of keys in <slot>.",
        "GETKEYSINSLOT <slot> <count>",
        "    Return key names stored by current node in a slot.",
        "INFO",
        "    Return information about the cluster.",
        "KEYSLOT <key>",
        "    Return the hash slot for <key>.",
        "MYID",
        "    Return the node id.",
        "MYSHARDID",
        "    Return the node's shard id.",
        "NODES",
        "    Return cluster configuration seen by node. Output format:",
        "    <id> <ip:port@bus-port[,hostname]> <flags> <master> <pings> <pongs> <epoch> <link> "
        "<slot> ...",
        "REPLICAS <node-id>",
        "    Return <node-id> replicas.",
        "SLOTS",
        "    Return information about slots range mappings. Each range is made of:",
        "    start, end, master and replicas IP addresses, ports and ids",
        "SHARDS",
        "    Return information about slot range mappings and the nodes associated with "
        "them.",
        "ADDSLOTS <slot> [<slot> ...]",
        "    Assign slots to current node.",
        "ADDSLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...]",
        "    Assign slots which are between <start-slot> and <end-slot> to current node.",
        "BUMPEPOCH",
        "    Advance the cluster config epoch.",
        "COUNT-FAILURE-REPORTS <node-id>",
        "    Return number of failure reports for <node-id>.",
        "DELSLOTS <slot> [<slot> ...]",
        "    Delete slots information from current node.",
        "DELSLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...]",
        "    Delete slots information which are between <start-slot> and <end-slot> from current "
        "node.",
        "FAILOVER [FORCE|TAKEOVER]",
        "    Promote current replica node to being a master.",
        "FORGET <node-id>",
        "    Remove a node from the cluster.",
        "FLUSHSLOTS",
        "    Delete current node own slots information.",
        "MEET <ip> <port> [<bus-port>]",
        "    Connect nodes into a working cluster.",
        "REPLICATE <node-id>",
        "    Configure current node as replica to <node-id>.",
        "RESET [HARD|SOFT]",
        "    Reset current node (default: soft).",
        "SET-CONFIG-EPOCH <epoch>",
        "    Set config epoch of current node.",
        "SETSLOT <slot> (IMPORTING <node-id>|MIGRATING <node-id>|STABLE|NODE <node-id>)",
        "    Set slot state.",
        "SAVECONFIG",
        "    Force saving cluster configuration on disk.",
        "LINKS",
        "    Return information about all network links between this node and its peers.",
        "    Output format is an array where each array element is a map containing attributes of "
        "a link",
        NULL};
    (void)a;
    return reply_help(x, lines);
}

#define ASKS    .flags = CMD_LOADING | CMD_STALE
#define CHANGES .run = cluster_change_run, .flags = CMD_ADMIN | CMD_STALE | CMD_NO_ASYNC_LOADING

static const struct command cluster_subcommands[] = {
    {"addslots", .arity = -3, CHANGES},
    {"addslotsrange", .arity = -4, CHANGES},
    {"bumpepoch", .arity = 2, CHANGES},
    {"count-failure-reports", .arity = 3, .flags = CMD_ADMIN | CMD_STALE,
     .run = cluster_count_reports},
    {"countkeysinslot", .arity = 3, .flags = CMD_STALE, .run = cluster_countkeys},
    {"delslots", .arity = -3, CHANGES},
    {"delslotsrange", .arity = -4, CHANGES},
    {"failover", .arity = -2, CHANGES},
    {"flushslots", .arity = 2, CHANGES},
    {"forget", .arity = 3, CHANGES},
    {"getkeysinslot", .arity = 4, .flags = CMD_STALE | CMD_EACH_SHARD, .run = cluster_getkeys},
    {"help", .arity = 2, ASKS, .run = cluster_help},
    {"info", .arity = 2, .flags = CMD_STALE, .run = cluster_info},
    {"keyslot", .arity = 3, .flags = CMD_STALE, .run = cluster_keyslot},
    {"links", .arity = 2, .flags = CMD_STALE, .run = cluster_links},
    {"meet", .arity = -4, CHANGES},
    {"myid", .arity = 2, .flags = CMD_STALE, .run = cluster_myid},
    {"myshardid", .arity = 2, ASKS, .run = cluster_myshardid},
    {"nodes", .arity = 2, .flags = CMD_STALE, .run = cluster_nodes},
    {"replicas", .arity = 3, .flags = CMD_ADMIN | CMD_STALE, .run = cluster_replicas_run},
    {"replicate", .arity = 3, CHANGES},
    {"reset", .arity = -2, CHANGES | CMD_NOSCRIPT},
    {"saveconfig", .arity = 2, CHANGES},
    {"set-config-epoch", .arity = 3, CHANGES},
    {"setslot", .arity = -4, .run = cluster_change_run,
     .flags = CMD_ADMIN | CMD_STALE | CMD_NO_ASYNC_LOADING | CMD_MAY_REPLICATE},
    {"shards", .arity = 2, ASKS, .run = cluster_shards},
    {"slaves", .arity = 3, .flags = CMD_ADMIN | CMD_STALE, .run = cluster_replicas_run},
    {"slot-stats", .arity = -4, ASKS, .run = cluster_slot_stats},
    {"slots", .arity = 2, ASKS, .run = cluster_slots},
    {0},
};

const struct command cluster_commands[] = {
    {"cluster", .arity = -2, .subcommands = cluster_subcommands},
    {0},
};
