/*
 * log_thread.h — the one thread that reads the log ring.
 *
 * It takes slots in ticket order, puts a SELECT where the database changes, counts the offset, and
 * gives the bytes to its sinks: append-only file, replication backlog.  Markers reach their owner
 * with the offset at which they stand.
 *
 *   ring --> [SELECT] effects --> offset += bytes --> sink, sink, …
 *        --> marker ------------> its owner, at exactly that offset
 *
 * A batch goes out as one piece: everything that was filled when the thread looked.
 *
 * Units    offsets are bytes of RESP since the thread began; tickets as in log_ring.h
 * Threads  log_thread_offset and log_thread_ticket from any; sinks are called by the thread
 */
#ifndef LK_PERSIST_LOG_THREAD_H
#define LK_PERSIST_LOG_THREAD_H

#include "core/store/log_ring.h"

LK_BEGIN

struct log_thread;

struct log_sink {
    /* The bytes end at offset and hold the effects of all tickets up to ticket. */
    void (*write)(void *ctx, struct bytes bytes, uint64_t offset, uint64_t ticket);
    /* Not LOG_EFFECTS.  Everything before the marker has been written. */
    void (*marker)(void *ctx, const struct log_record *marker, uint64_t offset);
    /*
     * After each round, also of one that took nothing; returns in how many ns to call again at the
     * latest, -1: there is no need.  May be NULL.
     */
    int64_t (*tick)(void *ctx);
    /* Wants every slot at once, not batches of a millisecond; NULL: no. */
    bool (*eager)(void *ctx);
    void *ctx;
};

/* Starts it.  The sinks are copied and stay fixed. */
struct log_thread *log_thread_new(struct log_ring *ring, const struct log_sink *sinks,
                                  uint32_t count);
/* Takes all that is in the ring, then ends. */
void log_thread_end(struct log_thread *t);

uint64_t log_thread_offset(const struct log_thread *t);
uint64_t log_thread_ticket(const struct log_thread *t); /* the last one dealt with */

LK_END

#endif
