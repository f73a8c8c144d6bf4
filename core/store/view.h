/*
 * view.h — the keyspace as it was at one moment, read while everybody writes on.
 *
 *   view_cut      in the closed gate: the epoch goes up by one; nothing is copied
 *   a writer      freezes its table on its first write, and clones pages it is about to change
 *   view_next     goes shard by shard: freezes what nobody has frozen, reads without a lock,
 *                 publishes how far it has come, and detaches each shard behind itself
 *   view_close    sweeps every shard, frees what was kept
 *
 * Whatever the view has passed, or never has to see, is written in place.  No writer waits for the
 * view (rule S3).
 *
 * Threads  one view at a time; view_next by one thread, outside the gate; view_close when it has
 *          made its last call
 */
#ifndef LK_STORE_VIEW_H
#define LK_STORE_VIEW_H

#include "core/store/keyspace.h"

LK_BEGIN

struct view;

/* The gate must be closed by the caller, and no other view be open. */
struct view *view_cut(struct keyspace *ks);

/*
 * Each entry once, by shard, then database (*db), then hash; NULL behind the last one, or when
 * view_abort was called.  What it returns stays as it is until the next call.
 */
const struct entry *view_next(struct view *v, uint32_t *db);
bool view_is_whole(const struct view *v); /* view_next has come to the end */

void view_abort(struct view *v); /* any thread; view_next soon returns NULL */
void view_close(struct view *v);

/* Bytes that are held only for the open view: pages, entries and nodes superseded since the cut. */
size_t view_held_bytes(const struct keyspace *ks);

LK_END

#endif
