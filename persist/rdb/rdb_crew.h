/*
 * rdb_crew.h — threads that read keys out of a file together.
 *
 *   who reads the file --> runs of whole records --> member --> its receiver
 *                                               \-> member --> its receiver
 *                               all are busy? --> the thread that reads the file
 *
 * A run is read by one thread, from its first record to its last; runs end in any order.  So keys
 * that come twice are found, but which of the two was first is not known.
 *
 * Threads  give, wait and free by the thread that reads the file.  A receiver is its member's alone
 * Locks    the crew's mutex, held for moments and with nothing else
 */
#ifndef LK_PERSIST_RDB_CREW_H
#define LK_PERSIST_RDB_CREW_H

#include "core/store/gate.h"
#include "persist/rdb/rdb_load.h"

LK_BEGIN

struct rdb_crew_parts {
    struct gate *gate; /* members are inside it while they read a run */
    uint32_t members;
    /* rdb_load_run */
    int (*read)(struct rdb_in *in, const struct rdb_run *run, const struct rdb_receiver *receiver);
    const struct rdb_receiver *receivers; /* of the members; entry and run_end are called */
    /* The thread that reads the file leaves the gate before it waits, and enters it again. */
    void (*outside)(void *ctx, bool out);
    void *ctx;
};

struct rdb_crew *rdb_crew_new(const struct rdb_crew_parts *parts);
void rdb_crew_free(struct rdb_crew *c);

/*
 * Has the run read by a member, from a copy; if all have enough to do, at once with this receiver.
 * LK_OK, or why a run could not be read: rdb_crew_wait has its message.
 */
LK_MUST_USE int rdb_crew_give(struct rdb_crew *c, const struct rdb_run *run,
                              const struct rdb_receiver *own);

/* Until all runs have been read.  LK_OK, or what was wrong with the first one that was: *error. */
LK_MUST_USE int rdb_crew_wait(struct rdb_crew *c, char error[RDB_IN_ERROR_CHARS]);

LK_END

#endif
