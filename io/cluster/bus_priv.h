/*
 * bus_priv.h — the bus' inside.
 */
#ifndef LK_IO_CLUSTER_BUS_PRIV_H
#define LK_IO_CLUSTER_BUS_PRIV_H

#include "core/base/clock.h"
#include "core/cmd/command/args.h"
#include "io/cluster/bus.h"
#include "io/net/listen.h"
#include "io/net/tls_channel.h"

#include <pthread.h>

LK_BEGIN

/* The socket of a link; link->bus. */
struct bus_socket {
    struct cluster_bus *bus;
    struct cluster_link *link;
    int fd;
    bool connecting, writes; /* epoll is asked for room to write */
    struct tls_channel *tls; /* NULL: plain bytes */
    struct buf sealed;       /* with tls: what link->out has become */
    struct buf in;
};

struct bus_request {
    struct bus_request *next;
    bus_change *change;
    struct args args;
    size_t bytes;
    uint32_t worker;
    uint64_t session_id;
    struct buf reply;
    struct cluster_bus *bus;
    bool held, refused; /* it waits for others, in bus.held; and they did not come in time */
    bool made;          /* by a worker, in its turn; the bus has the rest done, and answers */
};

struct bus_settings {
    struct cluster_options options;
    uint64_t sendbuf_limit; /* bytes that may wait for a peer; 0: any number */
};

/* What a node may not forget, whatever happens to the machine: it has been told to others. */
struct bus_promises {
    uint64_t current_epoch, vote_epoch, config_epoch;
    char id[NODE_ID_CHARS], master[NODE_ID_CHARS];
};

struct cluster_bus {
    struct bus_parts parts;
    pthread_t thread;
    bool running;
    uint32_t stop;        /* __atomic */
    pthread_mutex_t turn; /* of who makes changes and has them done; before lock */
    pthread_mutex_t lock; /* of cluster and its links */
    struct cluster *cluster;
    struct listen_set listeners;
    int epoll, wake; /* wake: an eventfd */
    int file_lock;   /* nodes.conf is this process's */
    char *path;
    struct bus_promises promises; /* that are on the disk */
    bool file_behind;             /* the disk may still have an older file … */
    int64_t file_ms;              /* … of this time */
    uint64_t links_cut;
    struct buf error, say; /* of the request that is being made */
    pthread_mutex_t requests_lock;
    struct bus_request *requests, **requests_end; /* requests_lock */
    struct bus_request *held;                     /* requests_lock: that wait for bus_go_on */
    uint8_t moving[SLOT_BITMAP];                  /* lock: of whose slots; one at a time */
    struct bus_request *done, **done_end;         /* the thread's: to be answered */
    struct buf published; /* requests_lock: messages of clients: {shard, sizes, bytes} … */
    uint64_t sendbuf_limit;
    int64_t pause_ms; /* what the state machine wants of the clients; 0: nothing, -1: no change */
    uint8_t *words;   /* enum slot_state of each slot, as the shards have it */
    uint32_t drained; /* __atomic: slots have no more keys that were to go */
    struct message
        *pulse;       /* that workers drop when they have been round; NULL: none is under way */
    int64_t pulse_ms; /* when the last one was sent */
    bool paused;      /* writes are held back for a manual failover … */
    uint64_t mark;    /* … and this is behind the last of them */
    bool drops_all;   /* a replica was reset: the data go when it is one no more */
    bool hung;        /* most workers hang, and the bus is silent */
};

/* What has been decided and is to be done. */
struct bus_outcome {
    uint32_t todo;
    bool sync; /* the file must be on the disk before anything is said */
    struct buf text;
    struct slot_map *map;
    char ip[NODE_IP_CHARS];
    uint16_t port;
    bool master;
    int64_t pause_ms; /* of clients; -1: no change */
    uint8_t left[SLOT_BITMAP];
};

/* --- bus_outcome.c: in the turn --------------------------------------------------------------- */

/* Under the lock; words: HASH_SLOTS, filled if the map is to change. */
void bus_gather(struct cluster_bus *b, struct bus_outcome *out, uint8_t *words);
/* Without it: file, words, map, role, who waits; releases what out has. */
void bus_carry_out(struct cluster_bus *b, struct bus_outcome *out, const uint8_t *words);

/* Their parts.  Under the lock: must the file be on the disk before this node says anything? */
bool bus_must_sync(const struct cluster_bus *b);
void bus_gather_file(struct cluster_bus *b, struct bus_outcome *out);
void bus_gather_left(struct cluster_bus *b, struct bus_outcome *out);
/* Without it; ends the process if the file cannot be written. */
void bus_write_file(const struct cluster_bus *b, const struct bus_outcome *out);

/* --- bus_requests.c -------------------------------------------------------------------------- */

void bus_wake(struct cluster_bus *b); /* any thread */
/* Under the lock: makes the changes that clients asked for. */
void bus_take_requests(struct cluster_bus *b);
void bus_answer_requests(struct cluster_bus *b); /* when they are in force */
void bus_drop_requests(struct cluster_bus *b);
/* Under the lock: makes one, and appends what the client is told. */
void bus_make_change(struct cluster_bus *b, bus_change *change, const struct args *a,
                     struct buf *reply);
/* Is one waiting for the bus? */
bool bus_has_requests(struct cluster_bus *b);
/* One that has been made is answered, with what reply says, when the bus has done the rest. */
void bus_hand_over(struct cluster_bus *b, const struct buf *reply, uint32_t worker,
                   uint64_t session_id);

/* --- bus_options.c ------------------------------------------------------------------------- */

void bus_settings(const struct config *c, struct bus_settings *out);
/* The port to listen on, which may be another than the announced one. */
int64_t bus_port(const struct config *c);

/* --- bus_net.c: under the lock --------------------------------------------------------------- */

bool bus_listen(struct cluster_bus *b);
void bus_connect(void *bus, struct cluster_link *link); /* cluster_ops.connect */
void bus_socket_event(struct cluster_bus *b, struct bus_socket *s, uint32_t events, int64_t now_ms);
void bus_accept(struct cluster_bus *b, int listen_fd);
void bus_send_all(struct cluster_bus *b); /* and closes what is to be closed */
void bus_close_all(struct cluster_bus *b);

/* --- bus_apply.c: the thread, without the lock ----------------------------------------------- */

/* Sets the words of the shards whose state has changed, and publishes the map, which it takes. */
void bus_apply(struct cluster_bus *b, struct slot_map *map, const uint8_t *words);
/* The shard is locked, or the gate is closed. */
void bus_set_word(struct cluster_bus *b, struct shard *s, uint8_t word);
/* The map alone, which it takes: any thread inside the gate, or the bus'. */
void bus_publish_map(struct cluster_bus *b, struct slot_map *map);
/* Tells clients that these slots have left this shard, or that those who wait may wait in vain. */
void bus_tell_left(struct cluster_bus *b, const uint8_t left[SLOT_BITMAP]);
/* Under the lock: what a shard's word should be; each shard's. */
uint8_t bus_word(const struct cluster_bus *b, uint32_t slot);
void bus_words(const struct cluster_bus *b, uint8_t words[HASH_SLOTS]);

/* --- bus_pulse.c: the thread ------------------------------------------------------------------ */

/* Do most workers hang?  Then nothing is to be read or sent. */
bool bus_hangs(struct cluster_bus *b, int64_t now_ms);
void bus_pulse_end(struct cluster_bus *b);

/* --- bus_drain.c: keys of slots that are another node's --------------------------------------- */

/* Before the thread runs, behind the load: takes slots of nobody that have keys. */
void bus_adopt(struct cluster_bus *b);
/* Under the lock, when the words are set: has keys of others' slots deleted, or all that a replica
 * had. */
void bus_drain(struct cluster_bus *b);

/* --- nodes_file.c ---------------------------------------------------------------------------- */

/* The lock file's descriptor, or -1: another process has it, and the log says so. */
int nodes_file_lock(const char *path);
/* Appends the file's text; false: there is none.  Exits the process on other errors. */
bool nodes_file_read(const char *path, struct buf *out);
/*
 * The whole text or nothing; false and a line in the log.  sync: it is on the disk; else it is what
 * is read when the process ends, and may be lost with the machine.
 */
bool nodes_file_write(const char *path, struct bytes text, bool sync);
/* What is there now is on the disk; a line in the log if that fails. */
void nodes_file_sync(const char *path);

static inline int64_t bus_now_ms(void)
{
    return clock_mono_ns() / 1000000;
}

LK_END

#endif
