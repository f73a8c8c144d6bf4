/*
 * sentinel.h — what a Sentinel thinks: who is down, who leads, who is master; a pure machine.
 *
 * Ticks, replies and hellos go in; requests, events and demands to save come out by a table of
 * calls.  No socket, file or clock is known here, so that thousands of histories can be played in a
 * second (tests/core/peer/sentinel/sentinel_test.cc).
 *
 *   watch   no valid reply for down_after --> SDOWN --quorum of Sentinels agree--> ODOWN
 *   vote    ODOWN --> new epoch --> votes, one a Sentinel and epoch --> max(majority, quorum) leads
 *   failover  WAIT_START --> SELECT --> PROMOTE --> WAIT_PROMOTION --> RECONF --> the new master's
 *   sight   what INFO and hellos say of others: discovered, corrected, believed if its epoch is new
 *
 * Q1  An epoch, a vote, a promotion and a new configuration are saved before they are spoken; what
 *     cannot be saved is not spoken.
 *
 * Units    *_ms is Unix time or a span in ms
 * Threads  one owner at a time
 * Source   the Sentinel specification of Redis' documentation: periods, messages, rules of votes
 */
#ifndef LK_PEER_SENTINEL_H
#define LK_PEER_SENTINEL_H

#include "core/base/buf.h"

LK_BEGIN

enum {
    SENTINEL_ID_CHARS = 40,
    SENTINEL_HOST_MAX = 256,
    SENTINEL_NAME_MAX = 128,
    SENTINEL_PEERS_MAX = 1024, /* of a kind, a master: what others claim costs bounded memory */
};

/* Periods and spans, unless SENTINEL DEBUG says another (struct sentinel_periods). */
enum {
    SENTINEL_PING_MS = 1000,
    SENTINEL_INFO_MS = 10000,
    SENTINEL_HELLO_MS = 2000,
    SENTINEL_ASK_MS = 1000,
    SENTINEL_DESYNC_MS = 1000,
    SENTINEL_ELECTION_MS = 10000,
    SENTINEL_RECONF_MS = 10000,
    SENTINEL_DOWN_AFTER_MS = 30000,
    SENTINEL_FAILOVER_MS = 180000,
    SENTINEL_RECONNECT_MS = 15000,
    SENTINEL_SCRIPT_MAX_MS = 60000,
    SENTINEL_SCRIPT_RETRY_MS = 30000,
    SENTINEL_SELECT_MS = 1000, /* the longest that a choice waits for offsets to stand still */
    SENTINEL_PAUSE_MS = 3000,  /* of writes, while a failover that somebody asked for goes on */
    SENTINEL_TILT_GAP_MS = 2000,
    SENTINEL_TILT_MS = 30000,
    SENTINEL_TWIN_MS = 5 * SENTINEL_HELLO_MS,
};

struct sentinel_addr {
    char host[SENTINEL_HOST_MAX]; /* digits, where names are resolved */
    char name[SENTINEL_HOST_MAX]; /* whose address it is; "": it was told as digits */
    uint16_t port;
};

struct sentinel_periods {
    int64_t info_ms, ping_ms, ask_ms, publish_ms;
    int64_t down_after_ms, failover_timeout_ms; /* of masters that say nothing else */
    int64_t tilt_gap_ms, tilt_ms;
    int64_t reconf_ms, reconnect_ms, election_ms;
    int64_t script_max_ms, script_retry_ms;
};

enum sentinel_kind { SENTINEL_MASTER, SENTINEL_REPLICA, SENTINEL_PEER };

enum sentinel_flags {
    SENTINEL_S_DOWN = 1 << 0,
    SENTINEL_O_DOWN = 1 << 1,       /* masters */
    SENTINEL_MASTER_DOWN = 1 << 2,  /* peers: it says that the master is down */
    SENTINEL_FAILING_OVER = 1 << 3, /* masters */
    SENTINEL_PROMOTED = 1 << 4,     /* replicas, with those below */
    SENTINEL_RECONF_SENT = 1 << 5,
    SENTINEL_RECONF_INPROG = 1 << 6,
    SENTINEL_RECONF_DONE = 1 << 7,
    SENTINEL_FORCED = 1 << 8, /* masters: SENTINEL FAILOVER asked for it */
    SENTINEL_CONNECTED = 1 << 9,
    SENTINEL_OWED = 1 << 10, /* replicas: our failover ended, and it has not been told of it */
};

enum sentinel_state {
    SENTINEL_NONE,
    SENTINEL_WAIT_START,
    SENTINEL_SELECT,
    SENTINEL_PROMOTE,
    SENTINEL_WAIT_PROMOTION,
    SENTINEL_RECONF,
    SENTINEL_UPDATE,
};

struct sentinel_master;

/* A server or another Sentinel, as it is seen from here. */
struct sentinel_node {
    enum sentinel_kind kind;
    uint32_t flags; /* enum sentinel_flags */
    struct sentinel_master *master;
    struct sentinel_node *next; /* of its kind */
    /*
     * Peers: the same Sentinel as it watches another master, in a ring; who is alone has himself.
     * They share a link: one PING is for all of them.
     */
    struct sentinel_node *twin;
    void *owner; /* the caller's: NULL at first, and after calls.gone */
    struct sentinel_addr addr;
    char run_id[SENTINEL_ID_CHARS + 1]; /* "": not known yet */
    int64_t last_ok_ms;                 /* a valid reply to PING */
    int64_t ping_sent_ms;               /* the oldest PING that waits for a reply; 0: none */
    int64_t last_ping_ms, last_info_ms, last_hello_ms, last_ask_ms; /* when they were sent */
    int64_t s_down_since_ms, o_down_since_ms;
    int64_t change_ms; /* of its reconfiguration's state */
    int64_t reboot_ms; /* masters: it has another run id since, and was not ready yet; 0: no */
    struct {           /* what INFO said last */
        int64_t at_ms; /* 0: nothing */
        bool is_master, link_up;
        int64_t role_since_ms;
        struct sentinel_addr master;
        int64_t master_since_ms; /* it has named that master since */
        int64_t link_down_ms;    /* how long its link has been down */
        int64_t priority, offset;
        int64_t still_since_ms; /* the INFO that said this offset first */
        bool loading, unannounced;
    } info;
    struct {                                /* peers */
        char leader[SENTINEL_ID_CHARS + 1]; /* whom it has voted for; "": nobody */
        int64_t leader_epoch;
        int64_t down_said_ms; /* its last word on the master */
        int64_t heard_ms;     /* its last hello */
    } peer;
};

struct sentinel_master {
    struct sentinel_master *next;
    char name[SENTINEL_NAME_MAX];
    struct sentinel_node node;
    struct sentinel_node *replicas, *peers;
    uint32_t replica_count, peer_count;
    uint32_t quorum, parallel_syncs;
    int64_t down_after_ms, failover_timeout_ms;
    int64_t reboot_down_after_ms; /* how long it may load after a start; 0: for ever */
    int64_t config_epoch;
    int64_t config_changed_ms; /* when another Sentinel or a failover changed the address */
    char leader[SENTINEL_ID_CHARS + 1]; /* our own vote … */
    int64_t leader_epoch;               /* … and of which epoch */
    enum sentinel_state state;
    int64_t failover_epoch, failover_start_ms, state_change_ms;
    int64_t begin_ms; /* when a failover may begin; 0: there is no cause */
    struct sentinel_node *promoted;
    int64_t twin_ms; /* when somebody else was last heard who goes by our id (Q6) */
};

enum sentinel_request {
    SENTINEL_ASK_PING,
    SENTINEL_ASK_INFO,
    SENTINEL_ASK_HELLO,   /* PUBLISH __sentinel__:hello text */
    SENTINEL_ASK_DOWN,    /* IS-MASTER-DOWN-BY-ADDR addr epoch text: our id, or "*" */
    SENTINEL_ASK_PROMOTE, /* REPLICAOF NO ONE, and what goes with it */
    SENTINEL_ASK_FOLLOW,  /* REPLICAOF addr */
    SENTINEL_ASK_PAUSE,   /* no writes for SENTINEL_PAUSE_MS */
};

struct sentinel_call {
    enum sentinel_request what;
    const struct sentinel_addr *addr; /* DOWN, FOLLOW */
    int64_t epoch;                    /* DOWN */
    const char *text;                 /* HELLO, DOWN */
};

/* What the owner does for the machine; all in its thread, and none calls the machine. */
struct sentinel_calls {
    void *ctx;
    /* Everything that the struct holds is on the disk when it returns true. */
    bool (*save)(void *ctx);
    void (*ask)(void *ctx, struct sentinel_node *to, const struct sentinel_call *call);
    /* An event of that name, and its text as subscribers see it; of a master, or NULL. */
    void (*tell)(void *ctx, const struct sentinel_master *m, const char *event, const char *text);
    /* Clients are to go elsewhere: by our own failover, or by what another Sentinel said. */
    void (*moved)(void *ctx, const struct sentinel_master *m, bool leader,
                  const struct sentinel_addr *from, const struct sentinel_addr *to);
    /*
     * addr->host may be a name: then it is put into addr->name, and host gets the digits.  False:
     * it is not known (yet).  NULL: hosts are taken as they are told.
     */
    bool (*resolve)(void *ctx, struct sentinel_addr *addr);
    /* The node goes: its links are closed, and what they still say is for nobody. */
    void (*gone)(void *ctx, struct sentinel_node *node);
};

struct sentinel {
    struct sentinel_calls calls;
    struct sentinel_master *masters;
    char id[SENTINEL_ID_CHARS + 1];
    struct sentinel_addr addr; /* as we announce ourselves */
    struct sentinel_periods periods;
    bool announce_names; /* others are told names, where there are any */
    int64_t current_epoch;
    int64_t now_ms, tilt_since_ms; /* 0: not in TILT */
    uint64_t random;
};

void sentinel_init(struct sentinel *s, const struct sentinel_calls *calls, const char *id,
                   uint64_t seed, int64_t now_ms);
void sentinel_release(struct sentinel *s);

/* --- masters --------------------------------------------------------------------------------- */

struct sentinel_master *sentinel_add_master(struct sentinel *s, const char *name, const char *host,
                                            uint16_t port, uint32_t quorum);
void sentinel_remove_master(struct sentinel *s, struct sentinel_master *m);
struct sentinel_master *sentinel_find_master(const struct sentinel *s, const char *name);
/* As the configuration file knew them; also for what INFO and hellos say.  NULL: too many. */
struct sentinel_node *sentinel_add_replica(struct sentinel *s, struct sentinel_master *m,
                                           const struct sentinel_addr *addr);
struct sentinel_node *sentinel_add_peer(struct sentinel *s, struct sentinel_master *m,
                                        const struct sentinel_addr *addr, const char *run_id);
/* SENTINEL RESET: forgets what was discovered, and a failover. */
void sentinel_reset_master(struct sentinel *s, struct sentinel_master *m);
/* SENTINEL FAILOVER: without an agreement.  False: one is under way, or there is no replica. */
bool sentinel_force_failover(struct sentinel *s, struct sentinel_master *m);
/* The address that clients are told: in a failover that has promoted, already the new one. */
const struct sentinel_addr *sentinel_master_addr(const struct sentinel_master *m);
/* How others are told where that is: a name or digits. */
const char *sentinel_shown_host(const struct sentinel *s, const struct sentinel_addr *a);
/* The name of one of our nodes has other digits now. */
void sentinel_renumber(struct sentinel *s, const char *name, const char *host);
/* INFO is asked again at once: of masters whose replicas could not be found before. */
void sentinel_look_again(struct sentinel *s);
/* The quorum can be had, and a majority to fail over, from those that are reachable. */
bool sentinel_has_quorum(const struct sentinel_master *m, uint32_t *usable);

/* --- what happens ---------------------------------------------------------------------------- */

/*
 * Time passes: about ten times a second, or as often as a tenth of the shortest down_after.
 * saved_ms is how long calls of save have taken since the last tick, which is no jump of the clock.
 */
void sentinel_tick(struct sentinel *s, int64_t now_ms, int64_t saved_ms);
/* There is a link to it, or none any more; also for its twins, as is a reply to PING. */
void sentinel_link(struct sentinel *s, struct sentinel_node *n, bool connected);
/* A reply to PING; valid: +PONG, -LOADING, -MASTERDOWN; ready: the first. */
void sentinel_pong(struct sentinel *s, struct sentinel_node *n, bool valid, bool ready);
void sentinel_info(struct sentinel *s, struct sentinel_node *n, struct bytes text);
void sentinel_hello(struct sentinel *s, struct bytes text);
/* A peer's answer to DOWN; leader "*": it was not asked for a vote. */
void sentinel_down_said(struct sentinel *s, struct sentinel_node *peer, bool down,
                        const char *leader, int64_t epoch);

/*
 * SENTINEL IS-MASTER-DOWN-BY-ADDR: what we answer to somebody; run_id is his, or "*".  leader gets
 * whom we have voted for, or "*".
 */
void sentinel_is_master_down(struct sentinel *s, const struct sentinel_addr *addr, int64_t epoch,
                             const char *run_id, bool *down, char leader[SENTINEL_ID_CHARS + 1],
                             int64_t *leader_epoch);

LK_END

#endif
