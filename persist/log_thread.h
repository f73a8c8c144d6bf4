/*
 * log_thread.h — the one thread that reads the log ring.
 *
 * It takes slots in ticket order and makes two streams of them, that of the append-only file and
 * that of the replicas, each with a database and an offset of its own: it puts a SELECT where the
 * stream's database changes, counts the bytes, and gives them to the stream's sinks.  Markers reach
 * all sinks, each with the offset at which they stand in its stream.
 *
 *   ring --> for the file?     --> [SELECT] effects --> offset += bytes --> its sinks
 *        \-> for the replicas? --> [SELECT] effects --> offset += bytes --> its sinks
 *         --> marker ------------> all sinks, at exactly that offset
 *
 * Under `always` the file comes first, so that no replica has what a crash may take back; else the
 * replicas do not wait for the disk.
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
    enum log_to to; /* one of the two: whose stream it is given */
    /* The bytes end at offset and hold the effects of all tickets up to ticket. */
    void (*write)(void *ctx, struct bytes bytes, uint64_t offset, uint64_t ticket);
    /* All up to ticket has gone by, and nothing of what came last was for it.  May be NULL. */
    void (*passed)(void *ctx, uint64_t ticket);
    /*
     * No bytes.  Everything before the marker has been written; its last_db is the database of the
     * sink's stream there, LOG_NO_DB if the next effects begin with a SELECT.  May be NULL.
     */
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

uint64_t log_thread_offset(const struct log_thread *t, enum log_to stream);
uint64_t log_thread_ticket(const struct log_thread *t); /* the last one dealt with */

LK_END

#endif
