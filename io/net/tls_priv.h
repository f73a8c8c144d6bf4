/*
 * tls_priv.h — what the parts of the TLS layer share.
 */
#ifndef LK_IO_TLS_PRIV_H
#define LK_IO_TLS_PRIV_H

#include "core/base/buf.h"
#include "io/net/net_priv.h"
#include "io/net/tls.h"
#include "io/net/tls_arena.h"

#include <openssl/ssl.h>

LK_BEGIN

enum {
    TLS_RECORD = 16 * 1024,      /* the most plain bytes of a record */
    TLS_FLIGHT = 64 * 1024,      /* sealed ahead of the peer (Y3) */
    TLS_EARLY = 32 * 1024,       /* ciphertext that waits for its handshake; then it is not read */
    TLS_ANSWERS = 64 * 1024,     /* of the library, to a peer that does not read them */
    TLS_SPARES = 32,             /* buffers that a net keeps */
    TLS_SPARE_BYTES = 32 * 1024, /* the largest that it keeps */
};

enum tls_flags {
    TLS_UP = 1 << 0,        /* the handshake has ended */
    TLS_SENDING = 1 << 1,   /* the owner waits for SENT */
    TLS_IN_FLIGHT = 1 << 2, /* the back end sends */
    TLS_ENDED = 1 << 3,     /* EOF was reported, or is about to be */
    TLS_FAILED = 1 << 4,    /* the library must not be asked any more */
    TLS_DETACHED = 1 << 5,
    TLS_TELL_SENT = 1 << 6, /* in the list told: for the next wait */
    TLS_TELL_EOF = 1 << 7,
    TLS_QUEUED = 1 << 8,    /* in the list turns: has bytes of a handshake */
    TLS_PEER_GONE = 1 << 9, /* the back end's EOF, behind bytes that wait for their turn */
    TLS_OWNER_PAUSED = 1 << 10,
    TLS_PAUSED = 1 << 11, /* by this layer, for too many early bytes */
};

/* A ring of places through a head; one that is in no list names itself. */
struct tls_place {
    struct tls_place *next, *prev;
};

struct tls_session {
    SSL *ssl;
    struct net_conn *conn;
    uint32_t flags;    /* enum tls_flags */
    int error;         /* what TELL_SENT or TELL_EOF will say */
    struct bytes in;   /* ciphertext that the library is to read: valid during a call only */
    struct buf early;  /* ciphertext that came before its handshake had its turn */
    struct buf out;    /* ciphertext for the peer, not yet given to the back end */
    struct buf flight; /* given to it */
    struct iovec flight_iov;
    const struct iovec *iov; /* what is left of the owner's send */
    uint32_t iov_count;
    size_t iov_sent; /* of iov[0] */
    struct tls_place all, told, turn;
};

/* Of a net, from its first TLS connection on. */
struct tls_net {
    struct tls_place all, told, turns; /* heads */
    uint32_t owed;                     /* sessions in told or turns, one in both counted twice */
    uint32_t turns_min;                /* handshakes a wait, whatever they cost */
    struct tls_arena arena;
    struct buf spare[TLS_SPARES];
    uint32_t spare_count;
    char gather[TLS_RECORD]; /* small pieces of a send become one record */
};

/* --- tls_session.c: the library's object and the bytes around it ----------------------------- */

enum tls_step { TLS_STEP_MORE, TLS_STEP_UP, TLS_STEP_FAILED };

/* Takes the handshake as far as s->in goes. */
enum tls_step tls_session_shake(struct tls_session *s);
/*
 * Opens all of s->in to out, which has room for as much and TLS_RECORD; *size is how much it was.
 * 0, or 1 at the peer's orderly end, or a negative errno.
 */
int tls_session_open(struct tls_session *s, char *out, size_t room, size_t *size);
/* Seals of the owner's send until all is sealed or TLS_FLIGHT is full.  False: it cannot. */
bool tls_session_seal(struct tls_session *s, char *gather);
/* Adds the notice of an orderly end to s->out. */
void tls_session_say_bye(struct tls_session *s);
/* Why the last call failed; forgets it. */
void tls_session_reason(char *out, size_t size);

/* --- tls.c: called by net.c, for a conn or a net that has TLS -------------------------------- */

int tls_wait(struct net *n, struct net_event *events, int max, int64_t timeout_ns);
void tls_send(struct net *n, struct net_conn *c, const struct iovec *iov, uint32_t count);
void tls_pause(struct net *n, struct net_conn *c);
void tls_resume(struct net *n, struct net_conn *c);
void tls_detach(struct net *n, struct net_conn *c);
/* After the back end has gone. */
void tls_net_free(struct tls_net *t);

LK_END

#endif
