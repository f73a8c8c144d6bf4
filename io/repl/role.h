/*
 * role.h — master or replica, and of whom.
 *
 * The role changes in the closed gate, and nothing is waited for there: REPLICAOF may come in a
 * transaction of Sentinel's.  What follows from it outside, the link to the master, sees at its
 * next entry into the gate that the generation is another one, and drops what it has.
 *
 *   REPLICAOF --closed gate--> role, generation --wake--> link --> connects, or ends
 *
 * Threads  as each call says
 */
#ifndef LK_IO_REPL_ROLE_H
#define LK_IO_REPL_ROLE_H

#include "core/cmd/engine/dispatch.h"
#include "core/peer/handshake.h"
#include "io/config/config_holder.h"
#include "io/net/tls_context.h"
#include "io/saving/persistence.h"

LK_BEGIN

struct role;

struct role_parts {
    struct config_holder *config;
    struct engine *engine; /* its role is set here, and fixed.role */
    struct persistence *persistence;
    struct tls_holder *tls; /* of links, with tls-replication */
    /* By the link, outside the gate: what the master of role_hand_over has said.  May be NULL. */
    void (*handed_over)(struct engine *engine, bool taken);
};

enum { ROLE_HOST_MAX = 255 };

/* --- life: by main -------------------------------------------------------------------------- */

struct role *role_new(const struct role_parts *parts);
void role_free(struct role *r);
/* Of the service that applies the stream: for engine.fixed.all_stats. */
struct stats *role_stats(struct role *r);
/* The role that the configuration names; before anything is loaded. */
void role_begin(struct role *r);
/* The data are there: a replica connects. */
void role_start(struct role *r);
/* No more is applied behind this.  The workers may run. */
void role_end(struct role *r);

/* repl-timeout has changed, also for an attempt that is under way.  Any thread. */
void role_set_timeout(struct role *r, int64_t seconds);

/* The link shall look at what it was told as a client.  Any thread. */
void role_look(struct role *r);

/* --- changes: in the closed gate ------------------------------------------------------------- */

/* False: it is a replica of that one already. */
bool role_follow(struct role *r, struct bytes host, uint16_t port);
/* The same of a master, which wants that one to become the master in its place. */
void role_hand_over(struct role *r, struct bytes host, uint16_t port);
void role_lead(struct role *r);

/* --- reports: any thread -------------------------------------------------------------------- */

enum link_state {
    LINK_NONE,       /* a master */
    LINK_CONNECT,    /* is to connect */
    LINK_CONNECTING, /* waits for the connection */
    LINK_HANDSHAKE,
    LINK_SYNC, /* receives the data, or loads them */
    LINK_CONNECTED,
};

struct role_report {
    bool replica;
    char host[ROLE_HOST_MAX + 1];
    uint16_t port;
    enum link_state state;
    bool has_history; /* the two below mean something */
    char id[REPLID_CHARS + 1];
    int64_t offset, read_offset;   /* applied, and received */
    int64_t last_io_s;             /* since the master was last heard; -1: not connected */
    int64_t down_s;                /* since when not connected; -1: never was */
    int64_t sync_total, sync_read; /* bytes of the RDB; total 0: not known */
    int64_t sync_last_io_s;
    uint64_t errors; /* answers to commands of the stream that were errors */
};
void role_report(struct role *r, struct role_report *out);
const char *role_state_name(enum link_state state); /* as ROLE names it */

/* Adds REPLICAOF, SLAVEOF and ROLE. */
void role_add_commands(struct command_index *ix);

LK_END

#endif
