/*
 * backlog.h — the last bytes of the replication stream, and who still needs them.
 *
 *   log thread --append--> | block | block | block | block ... end
 *                              ^ pin            ^ pin
 *                              replica          replica
 *
 * Bytes lie in blocks with a count of references.  A replica reads them where they lie: its pin
 * says which it has not got yet, and what is being sent holds its blocks.  Blocks in front of the
 * lowest pin go when there is more than the backlog's size.
 *
 * While it is off there is no stream: nothing is counted, and the history that stands here is worth
 * nothing to a replica.
 *
 * Units    offsets as in repl_state.h
 * Threads  the sink's calls, backlog_append and what is called from options.round: the log thread;
 *          backlog_begin: before it runs; the others any, under a lock of the backlog, which is a
 *          leaf held for moments.  A pin has one owner at a time.
 * Memory   blocks are the backlog's until nobody holds or needs them
 */
#ifndef LK_PERSIST_BACKLOG_H
#define LK_PERSIST_BACKLOG_H

#include "persist/log_thread.h"
#include "persist/repl/repl_state.h"

LK_BEGIN

struct backlog;
struct backlog_block;

struct backlog_options {
    uint64_t size; /* bytes that are kept */
    /*
     * After each round of the log thread; it may append.  Returns when to call again, as a sink's
     * tick.  NULL: nobody wants to know.
     */
    int64_t (*round)(void *ctx);
    bool (*eager)(void *ctx); /* as a sink's; may be NULL */
    /* A HISTORY marker has been applied.  May be NULL. */
    void (*changed)(void *ctx);
    void *ctx;
    /*
     * __atomic: what pins hold beyond size, bytes; kept up to date by whoever changes it.  NULL:
     * nobody wants to know.
     */
    uint64_t *beyond;
};

struct backlog *backlog_new(const struct backlog_options *options);
void backlog_free(struct backlog *b); /* no pin and no hold is left */

struct log_sink backlog_sink(struct backlog *b);

/* It is on from the start, with this history and end; no byte is kept. */
void backlog_begin(struct backlog *b, const struct history *h, int64_t end);

void backlog_set_size(struct backlog *b, uint64_t size);

struct backlog_state {
    struct history history;
    bool on;
    int64_t first, end;  /* of the bytes that are kept; first is end + 1 if there are none */
    uint64_t size, held; /* asked for; bytes of its blocks */
    uint32_t pins;
};
void backlog_state_get(struct backlog *b, struct backlog_state *out);
int64_t backlog_end(const struct backlog *b);     /* a load */
uint64_t backlog_ticket(const struct backlog *b); /* the stream up to the end has all up to it */

/* --- markers --------------------------------------------------------------------------------- */

enum backlog_step {
    BACKLOG_START,    /* on, under a new id */
    BACKLOG_PROMOTE,  /* on; the id becomes the second, and a new one begins */
    BACKLOG_CONTINUE, /* the same with the id that is given */
    BACKLOG_ADOPT,    /* on, empty, with the id and end that are given */
    BACKLOG_FOLLOW,   /* on; nothing changes but whose bytes come */
    BACKLOG_FORGET,   /* off, empty, a new id */
};

/* The data of a LOG_HISTORY marker: a block of mem_new, which the log thread frees. */
struct backlog_change {
    enum backlog_step step;
    char id[REPL_ID_CHARS + 1]; /* of PROMOTE it may be empty: a new one */
    int64_t end;
};
/*
 * What a step leaves of the pins.  Behind PROMOTE, CONTINUE and FOLLOW they end: what stood before
 * the marker is still read from them, and nothing behind it.  ADOPT and FORGET, whose bytes are
 * others, break them.
 */
enum backlog_pins_after { PINS_GO_ON, PINS_END, PINS_BREAK };
enum backlog_pins_after backlog_step_pins(enum backlog_step step);

/* Waits until that ticket's marker has been applied. */
void backlog_wait(struct backlog *b, uint64_t ticket);

struct backlog_pin {
    struct backlog_pin *next, *prev; /* the backlog's lock */
    struct backlog_block *block;     /* of the first byte that is wanted; NULL: none is there yet */
    int64_t wanted;                  /* the first byte */
    int64_t last;                    /* of one that has ended: the last byte it may be given */
    bool on, ended, broken;
};

/*
 * The data of a LOG_ATTACH or LOG_CUT marker, if it is not NULL: what the stream was there.  It
 * lives until backlog_mark_wait has returned.
 */
struct backlog_mark {
    uint32_t done; /* __atomic, futex */
    bool wants_pin;
    struct backlog_pin pin; /* on the first byte behind the marker, if it wants one */
    struct history history;
    int64_t end;
    uint32_t db; /* where the stream stands; LOG_NO_DB: the next bytes say it */
};
void backlog_mark_wait(struct backlog_mark *m);

/* --- pins ------------------------------------------------------------------------------------ */

/*
 * One step: the replica's id and the first byte it wants are known, that byte is kept (or the next
 * to come), and it is pinned.  False: it needs a full sync.
 */
bool backlog_pin_from(struct backlog *b, struct backlog_pin *p, struct bytes id, int64_t wanted);
/* Another pin at the same place; p is not in use.  False: that one has ended, or is broken. */
bool backlog_pin_like(struct backlog *b, struct backlog_pin *p, const struct backlog_pin *other);
void backlog_unpin(struct backlog *b, struct backlog_pin *p); /* may not be on */
bool backlog_pin_is_broken(struct backlog *b, const struct backlog_pin *p);
/* Will there never be another byte for it?  It has ended and was given all, or it is broken. */
bool backlog_pin_is_spent(struct backlog *b, const struct backlog_pin *p);
/* Bytes that are there and that it has not been given. */
uint64_t backlog_pin_lag(struct backlog *b, const struct backlog_pin *p);

/* --- reading --------------------------------------------------------------------------------- */

enum { BACKLOG_RUNS = 32 };

/* Runs that are being sent, with their blocks. */
struct backlog_hold {
    struct backlog_block *block[BACKLOG_RUNS];
    uint32_t count;
};

/*
 * The runs from the pin's place on, at most max of them, held; the pin moves behind them.  0: there
 * is nothing, and the worker will be told (shard_tell_retry) when there is, or at the marker that
 * ends or breaks the pin; or it is spent.
 */
uint32_t backlog_read(struct backlog *b, struct backlog_pin *p, struct backlog_hold *hold,
                      struct bytes *runs, uint32_t max, uint32_t worker);
void backlog_drop(struct backlog_hold *hold); /* they are sent, or never will be */

/* The log thread's: bytes that no slot has brought. */
void backlog_append(struct backlog *b, struct bytes bytes);

LK_END

#endif
