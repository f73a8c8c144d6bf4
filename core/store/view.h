/*
 * view.h — the keyspace as it was at one moment, read while everybody writes on.
 *
 *   view_cut      in the closed gate: the epoch goes up by one; nothing is copied
 *   a writer      freezes its table on its first write, and clones pages it is about to change
 *   view_run      goes shard by shard: freezes what nobody has frozen, reads without a lock,
 *                 publishes how far it has come, and detaches each shard behind itself
 *   view_close    sweeps every shard, frees what was kept
 *
 * Whatever the view has passed, or never has to see, is written in place.  No writer waits for the
 * view (rule S3).
 *
 * Threads  one view at a time; view_run and view_close by one thread, outside the gate
 */
#ifndef LK_STORE_VIEW_H
#define LK_STORE_VIEW_H

#include "core/store/keyspace.h"

LK_BEGIN

struct view;

struct view_visitor {
    /* An entry of database db; it stays as it is for the time of the call. False aborts the view.
     */
    bool (*entry)(void *ctx, uint32_t db, const struct entry *e);
    /* Before the entries of a table; may be NULL. */
    void (*table)(void *ctx, uint32_t db, uint32_t shard, uint32_t count);
    void *ctx;
};

/* The gate must be closed by the caller, and no other view be open. */
struct view *view_cut(struct keyspace *ks);

/*
 * Reads everything once.  The order is by shard, then database, then hash.  False if the visitor
 * aborted it or view_abort was called.
 */
bool view_run(struct view *v, const struct view_visitor *visitor);

void view_abort(struct view *v); /* any thread; view_run returns soon */
void view_close(struct view *v);

/* Bytes that are held only for the open view: pages, entries and nodes superseded since the cut. */
size_t view_held_bytes(const struct keyspace *ks);

LK_END

#endif
