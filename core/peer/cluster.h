/*
 * cluster.h — a node's view of its cluster, as a state machine.
 *
 * It knows the other nodes, who serves which slot, who seems to be gone, and what to do then.  It
 * has no socket, file, clock or thread: frames and time go in, and frames, wishes and a map come
 * out.  So a cluster of thirty nodes runs in one process, with a network that loses and delays.
 *
 *   cluster_tick, cluster_receive, what an operator says
 *        |
 *        +--> bytes in the links' out          to be sent, but not before what is next
 *        +--> cluster.todo: SAVE, MAP, ROLE    the file is on the disk, the shards know, and only
 *                                              then may a frame leave (K5)
 *
 * Rules, all of the cluster specification:
 *
 *   failure   no sign of life for the timeout: PFAIL.  A majority of those who serve slots says so:
 *             FAIL, which is told to all.
 *   slots     whoever claims a slot with the greater config epoch has it.
 *   epochs    a new one is taken by an election, or by the smaller id of two masters with the same.
 *   election  a replica of a failed master asks the masters, each has one vote an epoch.
 *
 * Units    *_ms: monotonic, but where it says Unix; ports of hosts; node numbers 1 … node_count
 * Threads  one at a time: the bus's lock
 */
#ifndef LK_PEER_CLUSTER_H
#define LK_PEER_CLUSTER_H

#include "core/base/rng.h"
#include "core/peer/cluster_message.h"

LK_BEGIN

enum { CLUSTER_TICK_MS = 100, SHARD_ID_CHARS = 40, NODE_NAME_CHARS = 256 };

/* By which protocol a client has come. */
enum client_family { CLIENT_IPV4, CLIENT_IPV6, CLIENT_FAMILIES };

struct cluster_node;

/* A connection to a node or from one. */
struct cluster_link {
    struct cluster_node *node; /* whom it leads to; NULL: of somebody who came in */
    struct cluster_node *from; /* who came in, once he has said so */
    bool inbound, up;          /* outgoing ones are up when the connection is made */
    bool drop;                 /* to be closed by the bus */
    int64_t made_ms;
    struct buf out;
    char peer_ip[NODE_IP_CHARS], own_ip[NODE_IP_CHARS]; /* as the socket shows; "" unknown */
    struct cluster_link *next;
    void *bus; /* the bus's own */
};

struct cluster_report { /* a master who takes the node for failed */
    struct cluster_node *from;
    int64_t at_ms;
};

struct cluster_node {
    char id[NODE_ID_CHARS + 1], shard_id[SHARD_ID_CHARS + 1];
    char ip[NODE_IP_CHARS], hostname[NODE_HOST_CHARS], name[NODE_NAME_CHARS];
    char client_ip[CLIENT_FAMILIES][NODE_IP_CHARS]; /* for clients; "": ip */
    uint16_t port, tls_port, bus_port;              /* 0: none */
    uint16_t flags;                                 /* enum node_flag */
    uint64_t config_epoch, offset;
    int64_t offset_ms;           /* when that was heard */
    struct cluster_node *master; /* of a replica; NULL: not known */
    uint32_t slot_count;
    uint8_t slots[SLOT_BITMAP];
    int64_t made_ms, ping_sent_ms, pong_received_ms, data_received_ms, fail_ms, voted_ms;
    int64_t said_ms; /* when it last said which slots it serves */
    int64_t orphaned_ms;
    uint32_t ceded_count;       /* slots imported from it that it no longer claims … */
    int64_t ceded_ms;           /* … since when */
    uint8_t ceded[SLOT_BITMAP]; /* what it still claims */
    struct cluster_link *link, *inbound;
    struct cluster_report *reports;
    uint32_t report_count, report_capacity;
};

struct cluster_options {
    int64_t node_timeout_ms;
    bool full_coverage, reads_when_down, channels_when_down;
    bool no_failover, replica_migration;
    int64_t validity_factor, migration_barrier, repl_ping_period_ms;
    int64_t blacklist_ttl_s, manual_failover_ms;
    char ip[NODE_IP_CHARS]; /* announced; "": what the first who meets us calls */
    uint16_t port, tls_port, bus_port;
    bool tls; /* the bus and replication speak TLS */
    char hostname[NODE_HOST_CHARS], name[NODE_NAME_CHARS];
    char client_ip[CLIENT_FAMILIES][NODE_IP_CHARS];
    int endpoint; /* enum cluster_endpoint */
};

enum cluster_endpoint { ENDPOINT_IP, ENDPOINT_HOSTNAME, ENDPOINT_UNKNOWN };

enum cluster_todo {
    CLUSTER_SAVE = 1 << 0, /* nodes.conf is behind */
    CLUSTER_MAP = 1 << 1,  /* the map is: owners, addresses, state */
    CLUSTER_ROLE = 1 << 2, /* whom this node replicates */
    CLUSTER_LEFT = 1 << 3, /* slots have left this shard: cluster.left */
};

/* What the rest of the server tells the state machine, and does for it.  ctx first. */
struct cluster_ops {
    void *ctx;
    /* Begins a connection to link->node; later cluster_link_up, or the bus drops it. */
    void (*connect)(void *ctx, struct cluster_link *link);
    uint64_t (*offset)(void *ctx);     /* of the data: applied, or written */
    int64_t (*data_age_ms)(void *ctx); /* since the master was last heard; of a replica */
    uint64_t (*keys_in_slot)(void *ctx, uint32_t slot); /* may be a moment old */
    void (*pause)(void *ctx, int64_t until_ms); /* manual failover: clients' writes; 0: ends */
    bool (*paused)(void *ctx); /* it is in force, and the offset has all that was written */
    void (*publish)(void *ctx, bool shard, struct bytes channel, struct bytes message);
};

struct cluster_forgotten {
    char id[NODE_ID_CHARS];
    int64_t until_ms;
};

struct cluster {
    struct cluster_options options;
    struct cluster_ops ops;
    struct rng rng;
    int64_t now_ms;
    int64_t unix_offset_ms; /* Unix time less monotonic */
    uint32_t todo;          /* enum cluster_todo */
    struct cluster_node *self;
    struct cluster_node **nodes; /* sorted by id; self is among them */
    uint32_t node_count, node_capacity;
    struct cluster_link *links;
    uint64_t current_epoch, last_vote_epoch;
    struct cluster_node *owner[HASH_SLOTS];
    struct cluster_node *migrating[HASH_SLOTS], *importing[HASH_SLOTS];
    uint8_t unclaimed[SLOT_BITMAP];  /* whose owner says that he does not serve them */
    uint8_t lost_slots[SLOT_BITMAP]; /* that this node had: their keys are to go; the bus' */
    uint8_t left[SLOT_BITMAP];       /* slots that a node of this shard had; the bus clears them */
    bool down;
    uint32_t size;                                /* masters that serve slots */
    int64_t began_ms, down_since_ms, minority_ms; /* 0: never */
    uint32_t ticks;
    bool changed; /* the state is to be looked at again */
    struct {      /* DEBUG: frames that are not heard, as if the wire had lost them */
        int type; /* enum frame_type; -1: none */
        bool closes;
    } lost;
    struct cluster_forgotten *forgotten;
    uint32_t forgotten_count;
    struct {           /* of this replica */
        int64_t at_ms; /* when it asks; 0: none is planned */
        uint32_t votes, rank;
        bool asked;
        uint64_t epoch;
    } election;
    struct {
        int64_t until_ms;             /* 0: none */
        struct cluster_node *replica; /* of this master: who takes over */
        uint64_t master_offset;
        bool offset_known, may_start;
    } manual;
    struct {
        uint64_t sent[FRAME_TYPES], received[FRAME_TYPES];
    } stats;
};

/* id: NULL for a new one. */
struct cluster *cluster_new(const struct cluster_options *options, const struct cluster_ops *ops,
                            uint64_t seed, int64_t now_ms, int64_t unix_ms);
void cluster_free(struct cluster *c); /* no link is left */

/* New settings: addresses and names are told to all. */
void cluster_set_options(struct cluster *c, const struct cluster_options *options);

/* --- time and frames ------------------------------------------------------------------------- */

void cluster_tick(struct cluster *c, int64_t now_ms); /* each CLUSTER_TICK_MS */

struct cluster_link *cluster_link_accept(struct cluster *c); /* somebody came in */
void cluster_link_up(struct cluster *c, struct cluster_link *link);
/* Nobody is at its other end any more: the bus closes it when it sees the mark. */
void cluster_drop(struct cluster *c, struct cluster_link *link);
void cluster_link_free(struct cluster *c, struct cluster_link *link); /* also one that is up */

/* One whole frame of a link.  False: it is broken; the link is to be closed. */
bool cluster_receive(struct cluster *c, struct cluster_link *link, struct bytes frame,
                     int64_t now_ms);

/* To all nodes: a message of a channel (shard: to the nodes of this shard alone). */
void cluster_publish(struct cluster *c, bool shard, struct bytes channel, struct bytes message);

/* This node, without slots and keys, becomes the replica of that master. */
void cluster_become_replica(struct cluster *c, struct cluster_node *master);
/* Says to all what has just changed here. */
void cluster_tell_all(struct cluster *c);

/* --- questions ------------------------------------------------------------------------------- */

struct cluster_node *cluster_find(const struct cluster *c, struct bytes id); /* NULL: unknown */

static inline bool cluster_is_master(const struct cluster_node *n)
{
    return n->flags & NODE_MASTER;
}
/* The address that clients of that family are told. */
static inline const char *cluster_client_ip(const struct cluster_node *n, enum client_family family)
{
    return n->client_ip[family][0] ? n->client_ip[family] : n->ip;
}
/* Whose slots this node serves, or copies. */
static inline struct cluster_node *cluster_primary(const struct cluster *c)
{
    return cluster_is_master(c->self) || !c->self->master ? c->self : c->self->master;
}
/* Whose slots are spoken of: this node's, or its master's, which may not be known. */
static inline struct cluster_node *cluster_subject(const struct cluster *c)
{
    return cluster_is_master(c->self) ? c->self : c->self->master;
}
static inline int64_t cluster_unix_ms(const struct cluster *c, int64_t ms)
{
    return ms ? ms + c->unix_offset_ms : 0;
}
/* Node number of a map: its place among the nodes. */
uint16_t cluster_number(const struct cluster *c, const struct cluster_node *n);
struct slot_map *cluster_map(const struct cluster *c);
/* The same, when nothing has changed since before but what is known of that slot. */
struct slot_map *cluster_map_again(const struct cluster *c, const struct slot_map *before,
                                   uint32_t slot);

/* --- text (cluster_text.c) ------------------------------------------------------------------ */

struct cluster_reader {
    bool aux; /* of nodes.conf; the others do not count then */
    bool tls;
    enum client_family family;
};
/* A line of CLUSTER NODES. */
void cluster_describe(const struct cluster *c, const struct cluster_node *n,
                      struct cluster_reader reader, struct buf *out);
void cluster_describe_all(const struct cluster *c, struct cluster_reader reader, struct buf *out);
void cluster_save_text(const struct cluster *c, struct buf *out); /* nodes.conf */
/* False: *line says which line is wrong, from 1 on. */
bool cluster_load_text(struct cluster *c, struct bytes text, uint32_t *line);

/* --- what operators ask: NULL, or an error line --------------------------------------------- */

const char *cluster_meet(struct cluster *c, struct bytes ip, uint16_t port, uint16_t bus_port);
const char *cluster_forget(struct cluster *c, struct bytes id);
const char *cluster_replicate(struct cluster *c, struct bytes id);
void cluster_reset(struct cluster *c, bool hard);
bool cluster_bump(struct cluster *c); /* false: it has the greatest epoch */
const char *cluster_set_epoch(struct cluster *c, uint64_t epoch);
void cluster_add_slot(struct cluster *c, struct cluster_node *n, uint32_t slot);
void cluster_drop_slot(struct cluster *c, uint32_t slot);
/*
 * SETSLOT NODE: the slot is that master's now.  If this one has imported it, it says so to all with
 * a greater epoch; if it was this one's last, this one becomes the other's replica.
 */
void cluster_move_slot(struct cluster *c, struct cluster_node *to, uint32_t slot);
enum failover_kind { FAILOVER_PLAIN, FAILOVER_FORCE, FAILOVER_TAKEOVER };
const char *cluster_failover(struct cluster *c, enum failover_kind how);
uint32_t cluster_failure_reports(struct cluster *c, struct cluster_node *n);

LK_END

#endif
