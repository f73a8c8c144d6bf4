/*
 * log_ring.h — one order out of many threads.
 *
 *   worker, all shard locks held:   ticket = tail++;  slot[ticket] = effects;  slot.ready = ticket
 *   log thread:                     takes the slots in ticket order
 *
 * Conflicting commands share a shard lock, so ticket order is execution order (P1); a transaction
 * is one slot (P2).  A marker is a slot too, and so ties what it asks for to an exact point (P5).
 *
 * Space is checked before any lock is taken, in slots and in bytes.  The slack is at least what all
 * workers can still put in between the check and the end of their batches, so the check is a
 * reservation, and a worker that holds locks never waits (P3).
 *
 * A slot says for whom it is: the append-only file, the replicas, or both.  All have one order.
 *
 * Units    tickets count from 1; offsets are bytes of RESP
 * Threads  log_ring_put: any, holding the locks of what it describes; one consumer
 */
#ifndef LK_STORE_LOG_RING_H
#define LK_STORE_LOG_RING_H

#include "core/base/bytes.h"

LK_BEGIN

enum log_kind {
    LOG_EFFECTS, /* data: whole RESP commands */
    LOG_RAW,     /* the same, as they came from a primary: the replicas get these very bytes */
    LOG_CUT,     /* a snapshot view begins here; data: its owner's */
    LOG_ROTATE,  /* a new INCR file begins here */
    LOG_ATTACH,  /* a replica's stream begins here */
    LOG_HISTORY, /* the replicas' stream has another history; data: its owner's */
    LOG_WAIT,    /* tell data's owner when everything before it is dealt with */
};

/* Who reads a slot's bytes. */
enum log_to { LOG_TO_AOF = 1, LOG_TO_REPL = 2, LOG_TO_ALL = LOG_TO_AOF | LOG_TO_REPL };

/* As first_db: the bytes name no key, so they need no SELECT and leave the stream's database. */
enum { LOG_NO_DB = UINT32_MAX };

struct log_record {
    uint64_t ticket;
    enum log_kind kind;
    void *data; /* of bytes: size of them, good until log_record_done; else the owner's */
    size_t size;
    uint32_t first_db, last_db; /* where the effects begin and leave the stream (C2) */
    uint8_t hold;               /* enum log_hold */
    uint8_t to;                 /* enum log_to */
};

static inline bool log_record_has_bytes(const struct log_record *r)
{
    return r->kind == LOG_EFFECTS || r->kind == LOG_RAW;
}

struct log_ring;

/* slots: a power of two.  slack: slots that workers may fill without asking again. */
struct log_ring *log_ring_new(uint32_t slots, uint32_t slack, size_t bytes_max);
void log_ring_free(struct log_ring *r); /* frees what nobody took */

/* May a worker begin a batch of writes? */
bool log_ring_has_room(const struct log_ring *r);

/* As has_room; if not, the retry hook of shard.h will name the worker once there is. */
bool log_ring_room_or_ask(struct log_ring *r, uint32_t worker);
/* The consumer's, now and then: the workers to tell that there is room again. */
uint64_t log_ring_take_waiting(struct log_ring *r);

/* Returns the ticket.  The data of bytes are a block of that size, which goes over, to all. */
uint64_t log_ring_put(struct log_ring *r, enum log_kind kind, void *data, size_t size,
                      uint32_t first_db, uint32_t last_db);

/* The consumer's: false if the next slot is not filled yet. */
bool log_ring_take(struct log_ring *r, struct log_record *out);

/* The taker's, once for every record that has bytes, in order: they may go. */
void log_record_done(const struct log_record *record);

/*
 * Small effects lie one behind the other in chunks of their producer, so that neither side pays the
 * allocator for each.  A chunk is freed by the taker, when it comes to the first effects of the
 * next one: those of one producer come in order.
 *
 *   chunk: link to the one before | effects | effects | ...
 */
enum log_hold {
    LOG_HOLD_BLOCK, /* a block of its own */
    LOG_HOLD_CHUNK, /* inside a chunk */
    LOG_HOLD_FIRST, /* the same, in front: the chunk before it is done with */
    LOG_HOLD_LAST,  /* no bytes: the producer's last chunk is done with */
};

struct log_bytes {
    void *data;
    size_t size;
    enum log_hold hold;
    enum log_to to;
};

struct log_arena {
    struct log_chunk *chunk; /* NULL: none yet */
    size_t used;
};

/* Room for size bytes for all readers, to be written and then put, before the next call. */
struct log_bytes log_arena_take(struct log_arena *a, size_t size);
uint64_t log_ring_put_bytes(struct log_ring *r, const struct log_bytes *b, uint32_t first_db,
                            uint32_t last_db);
/* The same for LOG_RAW. */
uint64_t log_ring_put_raw(struct log_ring *r, const struct log_bytes *b, uint32_t first_db,
                          uint32_t last_db);
/* The producer puts nothing more. */
void log_arena_end(struct log_arena *a, struct log_ring *r);

/*
 * Bytes of slots that were touched so far: the ring is large, for a disk that hangs, and an empty
 * server has touched none of it.  maxmemory does not count them.
 */
size_t log_ring_slot_bytes(const struct log_ring *r);
/* The consumer's: what it has itself of effects on their way to files and replicas. */
void log_ring_set_held(struct log_ring *r, size_t bytes);
/* All that it takes: these slots, blocks and chunks that are not freed yet, what is held so. */
size_t log_ring_memory_bytes(const struct log_ring *r);

uint64_t log_ring_last_ticket(const struct log_ring *r); /* the last one given out */
uint64_t log_ring_pending(const struct log_ring *r);     /* given out and not taken */
size_t log_ring_pending_bytes(const struct log_ring *r);

/*
 * What may be told (P4).  A reply rests on a ticket.  While `awaited` it goes out when that is
 * durable.  Otherwise it goes out at once, unless the consumer is behind: the oldest change that is
 * put and not written is older than LOG_LATE_NS, or cannot be written at all; then it goes out when
 * its ticket is written.  So what a process that is killed takes with it has a bound at any load.
 *
 * log_ring_is_durable_or_ask says whether the reply may go out; if not, the retry hook will name
 * the worker once it may, or once log_ring_refusal says what to tell instead.
 *
 * Cost  is_durable_or_ask: a load or two; the time of day for what is not written yet
 */
enum { LOG_LATE_NS = 100000000 };

void log_ring_set_awaited(struct log_ring *r, bool awaited);
bool log_ring_is_awaited(const struct log_ring *r);
bool log_ring_is_durable_or_ask(struct log_ring *r, uint64_t ticket, uint32_t worker);
/* All up to ticket is durable.  Returns the workers to tell. */
LK_MUST_USE uint64_t log_ring_publish_durable(struct log_ring *r, uint64_t ticket);
uint64_t log_ring_durable(const struct log_ring *r); /* all up to it is */
/* The last ticket that was given out before the last publication: who came later may know of it. */
uint64_t log_ring_ticket_at_publication(const struct log_ring *r);

/* The consumer's: all up to ticket is where a killed process leaves it.  The workers to tell. */
LK_MUST_USE uint64_t log_ring_publish_written(struct log_ring *r, uint64_t ticket);
/* The consumer's: what comes cannot be written, so it is late at once. */
void log_ring_set_failing(struct log_ring *r, bool failing);
/*
 * An error line for those whose replies cannot go out, NULL: they wait.  The line lives for ever.
 * Returns the workers to tell.
 */
LK_MUST_USE uint64_t log_ring_set_refusal(struct log_ring *r, const char *line);
const char *log_ring_refusal(const struct log_ring *r);

/*
 * Waking the consumer.  Producers call log_ring_poke after a put; it costs a load unless the
 * consumer sleeps: an idle one is woken by the first slot, one that gathers a batch by 256 KiB or
 * the ticket that it waits for (P7).
 */
void log_ring_poke(struct log_ring *r);
/* The consumer's: sleep until they are woken, or for the timeout; not if there is reason not to. */
void log_ring_rest(struct log_ring *r, int64_t timeout_ns);
/* ticket may be UINT64_MAX: bytes alone end it. */
void log_ring_gather(struct log_ring *r, uint64_t ticket, int64_t timeout_ns);
void log_ring_wake(struct log_ring *r); /* this sleep or the next one ends, whatever it waits for */

LK_END

#endif
