/*
 * rdb_save_view.h — the keyspace as a view sees it, written as an RDB.
 *
 * Threads  rdb_sizes_take by a thread that may sleep, outside the gate; rdb_save_view by the thread
 *          that runs the view
 */
#ifndef LK_PERSIST_RDB_SAVE_VIEW_H
#define LK_PERSIST_RDB_SAVE_VIEW_H

#include "core/store/view.h"
#include "persist/rdb/rdb_save.h"

LK_BEGIN

/*
 * Databases that have keys, ascending, each shard as it was when it was looked at.  slot: the
 * thread's in the gate.  Cost: a lock a shard, and a few loads a database in use.
 */
struct rdb_sizes {
    struct rdb_db_size *rows;
    size_t count, capacity;
    uint64_t inner; /* keys of which elements have deadlines */
};
void rdb_sizes_take(struct keyspace *ks, int slot, struct rdb_sizes *out);
void rdb_sizes_release(struct rdb_sizes *sizes);

struct rdb_save_hook {
    /* After each key, with the number written so far; anything but LK_OK ends the save. */
    int (*saved)(void *ctx, uint64_t keys);
    void *ctx;
};

/*
 * Runs the view (which must be open and unread) into out and ends the file.  The functions, if any,
 * have been written by the caller between rdb_save_begin and this call.  hook may be NULL.
 *
 * LK_EAGAIN  somebody aborted the view
 */
LK_MUST_USE int rdb_save_view(struct rdb_save *s, struct view *view,
                              const struct rdb_save_hook *hook);

LK_END

#endif
