/*
 * handshake.h — what a replica and its master say to each other before the data.
 *
 * The replica's half of the talk, as a machine without a socket: lines of the master go in, bytes
 * to send and words for the log come out.
 *
 *   PING --> [AUTH] REPLCONF listening-port … ip-address … capa … version … --> PSYNC id offset
 *       --> FULLRESYNC id offset        a payload follows (payload.h)
 *       --> CONTINUE [id]               the stream goes on at that offset
 *       --> NOMASTERLINK, LOADING       not now: ask again later
 *       --> another error               a master of old: SYNC, and a payload follows
 *
 * With failover PSYNC says FAILOVER, too, and each answer but the first two is a refusal.
 *
 * An empty line is a sign of life and no answer.  What the master does not know of REPLCONF is no
 * reason to stop.
 *
 * Shapes   an id is 40 characters; a line ends with LF, and is at most HANDSHAKE_LINE_MAX long
 * Errors   HANDSHAKE_FAILED: handshake_said() holds why, as a line for the log
 * Threads  one owner at a time
 */
#ifndef LK_PEER_HANDSHAKE_H
#define LK_PEER_HANDSHAKE_H

#include "core/base/buf.h"

LK_BEGIN

enum { REPLID_CHARS = 40, HANDSHAKE_LINE_MAX = 1024, HANDSHAKE_SAID_MAX = 8 };

/* All are copied. */
struct handshake_wish {
    struct bytes user, password; /* empty: none; without a password no AUTH is sent */
    uint16_t port;               /* where this server listens, or wants to be said to */
    struct bytes announce_ip;    /* empty: the master sees it */
    struct bytes version;        /* of this server; empty: not told */
    const char *replid;          /* NULL: nothing is held, a full sync is wanted */
    int64_t next_offset;         /* with replid: the first byte that is wanted */
    bool failover;               /* with replid: the other one is to become the master */
};

enum handshake_outcome {
    HANDSHAKE_MORE,     /* send handshake_output(), give it what comes */
    HANDSHAKE_FULL,     /* a payload follows; replid and offset are set */
    HANDSHAKE_CONTINUE, /* the stream follows; replid is that of the master now */
    HANDSHAKE_LATER,    /* it cannot just now: close, and try again */
    HANDSHAKE_REFUSED,  /* failover: it does not become the master, whatever it said */
    HANDSHAKE_FAILED,
};

enum handshake_step {
    HANDSHAKE_STEP_PING, /* its answer is waited for, and so on */
    HANDSHAKE_STEP_AUTH,
    HANDSHAKE_STEP_PORT,
    HANDSHAKE_STEP_IP,
    HANDSHAKE_STEP_CAPA,
    HANDSHAKE_STEP_VERSION,
    HANDSHAKE_STEP_PSYNC,
    HANDSHAKE_STEP_END,
};

/* A line for the log. */
struct handshake_word {
    bool warning;
    struct buf text;
};

struct handshake {
    enum handshake_step step;
    uint32_t asked; /* bits of enum handshake_step: what was sent and is to be answered */
    char replid[REPLID_CHARS + 1];
    int64_t offset; /* HANDSHAKE_FULL: of the payload; -1: the master has not said */
    struct buf out; /* to be sent; the caller takes it off */
    struct buf wish[3];
    struct handshake_wish wanted; /* its bytes lie in wish */
    struct handshake_word said[HANDSHAKE_SAID_MAX];
    uint32_t said_count;
};

/* The first words are in out. */
void handshake_begin(struct handshake *h, const struct handshake_wish *wish);
void handshake_end(struct handshake *h);

/*
 * Takes lines from in, and no byte beyond the one that decides; *used of them.  HANDSHAKE_MORE has
 * taken all whole lines.  Not to be called behind an outcome that ends the talk.
 */
enum handshake_outcome handshake_take(struct handshake *h, struct bytes in, size_t *used);

/* What is being asked, as INFO and the log may name it: "ping", "psync" … */
const char *handshake_step_name(enum handshake_step step);

LK_END

#endif
