/*
 * bus.h — this node's part in its cluster: the thread that talks to the other nodes.
 *
 * The state machine (core/peer/cluster.h) decides; the bus gives it frames and time, and does what
 * it wants done, in this order, each time around:
 *
 *   frames, requests, time --> state machine
 *   nodes.conf is written, and on the disk
 *   the words of the shards are set, the map is published
 *   frames leave, requests are answered
 *
 * So nothing is claimed that is not on the disk, and nothing that a worker would refuse (K5).
 *
 * Threads  bus_new, bus_start, bus_stop, bus_free: main; the others any
 */
#ifndef LK_IO_CLUSTER_BUS_H
#define LK_IO_CLUSTER_BUS_H

#include "core/cmd/engine/engine.h"
#include "core/peer/cluster.h"
#include "io/config/config_holder.h"

LK_BEGIN

struct cluster_bus;
struct cluster_helper;
struct tls_holder;

struct bus_parts {
    struct config_holder *config;
    struct engine *engine;
    void *ctx;
    /* Ends the wait of a session; it may have gone. */
    void (*answer)(void *ctx, uint32_t worker, uint64_t session_id, struct bytes reply);
    /* This node is to be the replica of that address, or a master (ip NULL).  May be NULL. */
    void (*role)(void *ctx, const char *ip, uint16_t port);
    uint64_t (*offset)(void *ctx);     /* of the data; may be NULL */
    int64_t (*data_age_ms)(void *ctx); /* may be NULL */
    /* In the closed gate: a mark behind all that was written; does the offset have it by now? */
    uint64_t (*mark)(void *ctx);
    bool (*has_mark)(void *ctx, uint64_t mark);
    struct tls_holder *tls;        /* of links, with tls-cluster */
    struct cluster_helper *helper; /* deletes keys of slots that are another node's */
    /* A message that another node publishes.  May be NULL. */
    void (*publish)(void *ctx, bool shard, struct bytes channel, struct bytes message);
};

/*
 * Reads nodes.conf, or begins one.  NULL: it is broken, somebody else uses it, or the port cannot
 * be listened on; the log says which.
 */
struct cluster_bus *bus_new(const struct bus_parts *parts);
void bus_start(struct cluster_bus *b); /* the data are loaded */
void bus_stop(struct cluster_bus *b);  /* joins the thread */
void bus_free(struct cluster_bus *b);

/* The configuration has changed, which questions show at once: any thread. */
void bus_configure(struct cluster_bus *b, const struct config *c);

/* What the state machine knows, between bus_look and bus_done: nobody else looks meanwhile. */
const struct cluster *bus_look(struct cluster_bus *b);
void bus_done(struct cluster_bus *b);

/*
 * A change that a client asks for: the bus makes it, and answers behind it.  Runs on the bus'
 * thread, with the state machine to itself; returns NULL for OK, or the error line; the text lives
 * until the next call.
 */
typedef const char *bus_change(struct cluster_bus *b, struct cluster *c, const struct args *a);
void bus_request(struct cluster_bus *b, bus_change *change, const struct args *a, uint32_t worker,
                 uint64_t session_id);

/*
 * The same for SETSLOT of that slot: by the worker, if the bus has nothing else to do and nothing
 * must be on the disk first; it is in force then, and the reply is appended.  If it needed the bus
 * after all, that answers the session later.  Inside the gate; costs a write of nodes.conf.
 */
enum bus_at_once { BUS_DONE, BUS_ANSWERS, BUS_BUSY /* nothing has been done */ };
enum bus_at_once bus_slot_at_once(struct cluster_bus *b, bus_change *change, const struct args *a,
                                  uint32_t slot, uint32_t worker, uint64_t session_id,
                                  struct buf *reply);

/*
 * The same in two steps, for a change that others are to know first: it is made, or refused, when
 * bus_go_on is called with what this returns, once, by any thread; and answered behind that.  If it
 * never is, bus_free frees it.  The slot is no other such change's meanwhile (bus_claim_slot).
 */
void *bus_request_later(struct cluster_bus *b, bus_change *change, const struct args *a,
                        uint32_t worker, uint64_t session_id);
void bus_go_on(void *request, bool well);
/* For bus_change: false if another change of the slot waits. */
bool bus_claim_slot(struct cluster_bus *b, uint32_t slot);

/* Slots on the move, as a full sync tells them: "609>id,610<id,"; any thread that may wait. */
void bus_slot_states(void *bus, struct buf *out);
void bus_take_slot_states(void *bus, struct bytes states); /* of this replica's master */

/*
 * The same for a command of a transaction or a script, which cannot wait: made at once, by the
 * worker, inside the gate; in force and on the disk a moment later, and told to nobody before that.
 * The reply is appended.
 */
void bus_request_now(struct cluster_bus *b, bus_change *change, const struct args *a,
                     struct buf *reply);

/* Room for an error line with words of the request in it; for bus_change. */
const char *bus_error(struct cluster_bus *b, const char *format, ...) LK_PRINTF(2, 3);

/* For bus_change: the request's answer is this simple line and not OK. */
void bus_say(struct cluster_bus *b, const char *format, ...) LK_PRINTF(2, 3);

/* No key of slots that are another node's is left: their words may change.  Any thread. */
void bus_drained(void *bus);

/* The keys of a slot, by the count of its table: any thread. */
uint64_t bus_keys_in_slot(const struct cluster_bus *b, uint32_t slot);

/* A client's message, for the other nodes. */
void bus_publish(struct cluster_bus *b, bool shard, struct bytes channel, struct bytes message);

/* --- for tests: any thread --- */

/* Closes the links to and from a node.  False: it is not known. */
bool bus_debug_kill(struct cluster_bus *b, struct bytes id, bool to, bool from);
void bus_debug_drop(struct cluster_bus *b, int type); /* frames of this type are not heard */
void bus_debug_drop_closes(struct cluster_bus *b, bool closes); /* and end their link */

/* What all links take, with their buffers. */
size_t bus_link_bytes(struct cluster_bus *b);
uint64_t bus_links_cut(struct cluster_bus *b); /* because of cluster-link-sendbuf-limit */

LK_END

#endif
