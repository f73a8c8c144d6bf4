/*
 * shard_write.h — the one write call: how a key comes into its table, changes there, and leaves.
 *
 * Every change of a table's entries is the same chain, and it stands here alone (rule S4):
 *
 *   shard_find --> place --> what an open view must keep  (the table is frozen on its first write)
 *                        --> in place where nobody else sees the entry, else a new entry
 *                        --> the old one: freed, handed to lazy free, or kept for the view
 *                        --> the table goes on growing or shrinking; deadlines are noted
 *
 * A place is good until anything moves in its table.  A call that moves something makes its own
 * place void, and a void place may only be found anew; other places of that table are the caller's
 * to forget.
 *
 * What is a command's is not here: expiry on access, statistics, LRU, WATCH, events, effects.
 *
 * Units    deadline_ms is Unix time in ms, or ENTRY_NO_DEADLINE
 * Errors   LK_ENOMEM: nothing has changed
 * Threads  the lock of the place's shard, inside the gate
 */
#ifndef LK_STORE_SHARD_WRITE_H
#define LK_STORE_SHARD_WRITE_H

#include "core/store/keyspace.h"

LK_BEGIN

/* What becomes of the table's size when a key has come or gone. */
enum settle {
    SETTLE,       /* it grows or shrinks, a bounded step */
    SETTLE_GROW,  /* it may only grow: it was made for keys that are still to come */
    SETTLE_LATER, /* it stays: shard_expire is walking over it */
};

/* How what has left is freed: a large value in the background either way. */
enum dispose {
    DISPOSE_NOW,  /* a small one at once */
    DISPOSE_LAZY, /* whatever has nodes in the background */
};

/* Where a key is, or would be. */
struct place {
    struct keyspace *ks;
    struct shard *shard; /* NULL: void */
    struct table *table; /* NULL: the database has none in this shard yet */
    struct entry *entry; /* NULL: there is no such key */
    struct bytes key;    /* borrowed from the caller */
    uint64_t hash;
    uint32_t db;
    uint8_t settle;       /* enum settle: SETTLE from shard_find, and the caller's to change */
    struct table_loc loc; /* with entry */
};

/* False if there is no such key; the place is good either way.  hash is keyspace_hash(ks, key). */
static inline bool shard_find(struct keyspace *ks, uint32_t db, struct bytes key, uint64_t hash,
                              struct place *at)
{
    struct shard *s = keyspace_shard(ks, hash);
    LK_DEBUG_ASSERT(hash == keyspace_hash(ks, key));
    LK_DEBUG_ASSERT(db < ks->databases);
    struct table *t = shard_table(s, db);
    struct entry *e = t ? table_find(t, hash, key, &at->loc) : NULL;
    at->ks = ks;
    at->shard = s;
    at->table = t;
    at->entry = e;
    at->key = key;
    at->hash = hash;
    at->db = db;
    at->settle = SETTLE;
    return e != NULL;
}

/*
 * Binds the key to v, with this deadline and these bits of use (core/store/lru.h), and frees what
 * was there: in place where that can be.  Takes v's nodes in every case: on error they are freed.
 * Of a new key the place becomes void; else it stays good.
 */
LK_MUST_USE int shard_put(struct place *at, struct value *v, int64_t deadline_ms, uint32_t lru);

/* The two halves of shard_put, for who makes entries ahead.  NULL: LK_ENOMEM, v is as it was. */
LK_MUST_USE struct entry *shard_new_entry(struct bytes key, const struct value *v,
                                          int64_t deadline_ms, uint32_t lru);
/* The entry has the place's key. */
void shard_put_entry(struct place *at, struct entry *e, enum dispose how);

/* The key must exist.  The place becomes void, and the key's bytes in the entry are gone. */
void shard_remove(struct place *at, enum dispose how);

/* ENTRY_NO_DEADLINE takes it away.  The key must exist.  LK_ENOMEM */
LK_MUST_USE int shard_set_deadline(struct place *at, int64_t deadline_ms);

/*
 * The entry with value, deadline and use becomes that of another key, place or database; what was
 * there is freed.  Both places must be good, from different, and of one keyspace; both become void.
 * Nodes that leave their position while a view is open are pinned (S6): the view may still read
 * them through the old position, whatever its cursor says about the new one.
 */
LK_MUST_USE int shard_move(struct place *from, struct place *to);

/* A value of the keyspace that is open for change. */
struct place_edit {
    struct value_edit edit; /* first: its calls find the rest through it */
    struct place *at;
};

/*
 * Opens the value of a key, which must exist, for change where it lies; the caller has set
 * edit.limits.  The place stays good and in use until shard_edit_end.  LK_ENOMEM
 */
LK_MUST_USE int shard_edit(struct place *at, struct place_edit *e);
/* Cannot fail: what the value needs in its entry was asked for with edit.resize. */
void shard_edit_end(struct place_edit *e, bool changed);

/* Makes the database's table, if it is empty, as large as count entries want it. */
void shard_reserve(struct keyspace *ks, struct shard *s, uint32_t db, uint32_t count);

/*
 * Calls expire for entries of the database whose deadline, or that of an element, has passed
 * (clock_passed), at most max of them.  expire removes the key, edits it, or leaves it; at->key
 * lies in the entry.  Returns how many it was called for.
 */
uint32_t shard_expire(struct keyspace *ks, struct shard *s, struct shard_db db, int64_t now_ms,
                      uint32_t max, void (*expire)(void *ctx, struct place *at), void *ctx);

LK_END

#endif
