/*
 * table.h — a hash table in hash order, made of pages that a snapshot can share.
 *
 *   hash  | skip bits (shard) | position 32 | … | tag 8 |
 *
 *   directory --> page --> header | bucket 0 | … | bucket 62 |         4 KiB
 *                 page --> …             |
 *                                        8 tags, 8 pointers of 48 bits, bits a slot
 *
 * bucket = position * buckets >> 32, so that entries lie in the order of their hash whatever the
 * size of the table.  An entry that finds its bucket full goes on to the next one of its page,
 * and every bucket probed past counts it in `away`: a search ends at the first bucket with none.
 * A full page has overflow pages.
 *
 * Growth moves whole pages of the old directory in hash order, a few entries for every insert, and
 * the mark `moved` says how far it came: positions below it are looked up in the live directory,
 * the others in the old one.  Old pages go as the mark passes them.
 *
 * A cursor is a position.  A scan from a cursor visits each entry at or above it once, whatever
 * grows or shrinks meanwhile.
 *
 * Shapes   up to 2^32 - 1 entries
 * Units    deadlines in ms; due units of TABLE_DUE_MS
 * Threads  the owner's lock for everything; table_prefetch_* take none (rule R1)
 * Memory   entries are the caller's: whatever leaves the table is handed back
 */
#ifndef LK_DS_TABLE_H
#define LK_DS_TABLE_H

#include "core/base/rng.h"
#include "core/ds/cow.h"
#include "core/ds/entry.h"

LK_BEGIN

enum {
    TABLE_BUCKET_SLOTS = 8,
    TABLE_PAGE_BUCKETS = 63,
    TABLE_DUE_MS = 16,
};

#define TABLE_DUE_NONE  UINT32_MAX
#define TABLE_POSITIONS (UINT64_C(1) << 32) /* one past the last position */

struct table_dir;
struct table_page;
struct table_frozen;

struct table {
    struct table_dir *live; /* __atomic: prefetch reads it without the lock; NULL while empty */
    struct table_dir *old;  /* being moved out of; NULL when nothing moves */
    uint32_t moved;         /* pages of old that are moved already */
    uint32_t epoch;         /* of the last view that froze this table, or was open at its birth */
    uint32_t count;         /* __atomic, relaxed: DBSIZE and RANDOMKEY read it without the lock */
    uint32_t grow_at, shrink_at; /* counts at which the next move begins */
    uint32_t credit;             /* entries that may be moved */
    uint32_t deadlines;          /* entries with a deadline: their own, or of an element */
    uint32_t own, inner;         /* of them: with one of their own; with one of an element.
                                    __atomic, relaxed: eviction reads own without the lock */
    uint32_t next_due;           /* no deadline falls due before it */
    uint32_t expire_turn;        /* the page where expiry goes on */
    uint8_t skip_bits;           /* leading hash bits that the owner has used */
    uint8_t stagger;             /* 0..15: so that tables of one owner do not grow together */
    uint8_t hash_shift;          /* an entry's hash is that of its key, shifted down so far … */
    uint16_t hash_high;          /* … below these bits, which take the place of what is lost */
    struct table_frozen *frozen; /* the owner's: what a view sees of this table */
    /* Pages and directories that prefetchers may still read; NULL: free at once. */
    void (*retire)(void *p, size_t size);
    /* The earliest deadline inside an ENTRY_INNER entry's value; NULL: there are no such entries.
     */
    int64_t (*inner_deadline)(const struct entry *e);
};

/* Where an entry is, or would be.  Dies at the next change of the table. */
struct table_loc {
    struct table_dir *dir;
    struct table_page *node; /* the page or one of its overflow pages */
    uint32_t page;           /* index in dir */
    uint32_t position;
    uint16_t depth; /* 0: the page itself, n: its n-th overflow page */
    uint8_t bucket, slot;
    uint8_t home; /* the bucket that the hash names */
    uint8_t tag;
};

void table_init(struct table *t, uint8_t skip_bits, uint8_t stagger);

/*
 * Of a table whose owner hashes all keys of it to the same leading bits: the table has to know how,
 * as it moves entries.  It is empty, and skip_bits is as many as there are.
 */
void table_set_hash_high(struct table *t, uint16_t high);

/* Makes an empty table as large as `count` entries want it, so that inserting them moves nothing.
 */
void table_reserve(struct table *t, uint32_t count);

/* Frees all pages; calls entry for each one still inside (may be NULL). */
void table_release(struct table *t, void (*entry)(void *ctx, struct entry *e), void *ctx);

/*
 * The same in turns: about `budget` entries a call.  *cursor is 0 at first; true when all is freed.
 * Nobody may reach the table any more.
 */
bool table_release_some(struct table *t, size_t *cursor, size_t budget,
                        void (*entry)(void *ctx, struct entry *e), void *ctx);

/*
 * Frees a table that lies inside a value's root.  What the open view may still read, entries too,
 * goes to cow->defer, but *t itself, which stays as it is then; entry is called for the others.
 */
void table_release_cow(struct table *t, struct cow *cow, void (*entry)(void *ctx, struct entry *e),
                       void *ctx);

/*
 * Moves all that is in t to out, whose own fields are overwritten; t is empty then, and keeps its
 * epoch and frozen.  out->frozen is NULL.
 */
void table_take(struct table *t, struct table *out);

/* Each gets what the other had, frozen too, but for stagger. */
void table_swap(struct table *a, struct table *b);

/* NULL if there is none; loc is filled only if there is one. Cost: about two cache lines. */
struct entry *table_find(const struct table *t, uint64_t hash, struct bytes key,
                         struct table_loc *loc);

/* Key must not be in the table. */
void table_insert(struct table *t, struct cow *cow, uint64_t hash, struct entry *e);

/*
 * Puts a copy of the entry at loc in its place, while no view is open: it has the same key, the
 * same deadline and the same flags.  What was there is the caller's to free.
 */
void table_move_entry(struct table_loc *loc, struct entry *copy);

/*
 * Puts e (same key) where loc is and returns what was there.  *seen: the view may still read it,
 * so it must be deferred rather than freed.
 */
LK_MUST_USE struct entry *table_replace(struct table *t, struct cow *cow, struct table_loc *loc,
                                        struct entry *e, bool *seen);

LK_MUST_USE struct entry *table_remove(struct table *t, struct cow *cow, struct table_loc *loc,
                                       bool *seen);

/* Has the view of cow (NULL: none) still to read the position of this hash? */
bool table_ahead(const struct table *t, const struct cow *cow, uint64_t hash);

/* May the view still read the entry at loc? Then it is to be copied before it is changed. */
bool table_seen(const struct table *t, const struct cow *cow, const struct table_loc *loc);

/* The deadline of the entry at loc became earlier, in place. */
void table_note_deadline(struct table *t, const struct table_loc *loc, int64_t deadline_ms);

/* Elements of e, which is at loc, got deadlines, lost them all, or have others, in place. */
void table_note_inner(struct table *t, const struct table_loc *loc, struct entry *e, bool inner);

/* After inserts and removals: starts, goes on with, or ends a move.  Invalidates locs. */
void table_settle(struct table *t, struct cow *cow);

/*
 * Every entry once, in the order of pages.  A change of the table ends the walk.
 *
 *   for (struct entry *e = table_iter_first(&it, t); e; e = table_iter_next(&it))
 */
struct table_iter {
    const struct table *table;
    const struct table_dir *dir;   /* NULL: at the end */
    const struct table_page *node; /* of it, or an overflow page; NULL: the next page */
    uint64_t left;                 /* slots of the bucket that are still to come */
    uint32_t page, bucket;
};
struct entry *table_iter_first(struct table_iter *it, const struct table *t);
struct entry *table_iter_next(struct table_iter *it);

/*
 * A step of a scan: the entries of one bucket at or above position cursor.  The next step begins at
 * `next`, TABLE_POSITIONS at the end; between steps the table may change.
 *
 *   for (struct entry *e = table_step_first(&s, t, cursor); e; e = table_step_next(&s))
 *       …
 *   cursor = s.next;
 */
struct table_step {
    uint64_t next;
    const struct table *table;
    const struct table_dir *dir;
    const struct table_page *node; /* NULL: at the end */
    uint64_t from;                 /* positions below it are not wanted */
    uint64_t left;                 /* slots of the bucket that are still to come */
    uint32_t page, bucket, home;   /* home: the bucket that the entries belong to */
};
struct entry *table_step_first(struct table_step *s, const struct table *t, uint64_t cursor);
struct entry *table_step_next(struct table_step *s);

/*
 * Entries of one bucket that random names, at most TABLE_BUCKET_SLOTS into out; timed: only those
 * with a deadline of their own.  A bucket without any stands for the next one that has some, so it
 * is 0 only if the table has none.  Each entry is read: they are fetched together.
 */
uint32_t table_sample(const struct table *t, uint64_t random, bool timed, struct entry **out);

/* Is e, which may be gone, in the table under this hash?  It is not read. */
bool table_holds(const struct table *t, uint64_t hash, const struct entry *e);

/* Uniform; NULL if the table is empty. */
struct entry *table_random(const struct table *t, struct rng *rng);

/*
 * Calls expire for entries whose deadline, or that of an element, has passed (clock_passed), at
 * most max of them; expire removes or changes the entry by the ordinary calls, without
 * table_settle, and returns false to stop.  Returns how many it was called for; next_due is exact
 * afterwards unless it stopped early.
 */
uint32_t table_expire(struct table *t, int64_t now_ms, uint32_t max,
                      bool (*expire)(void *ctx, struct entry *e, uint64_t hash), void *ctx);

/* Deadlines are kept in due units since this moment; set before any table exists. */
void table_due_base(int64_t unix_ms);
uint32_t table_due_unit(int64_t deadline_ms);
int64_t table_due_end(uint32_t unit); /* the last moment of a due unit */

size_t table_page_bytes(const struct table *t); /* directories and pages, as allocated */

struct table_shape {
    uint32_t pages, buckets, overflow_pages, guests, away_buckets;
    bool moving;
};
void table_shape_get(const struct table *t, struct table_shape *out);
void table_check(const struct table *t); /* asserts every invariant; O(n) */

/*
 * A look-up in two steps, so that those of many keys can be on their way at the same time: the
 * bucket where an entry of this hash lies unless it found no room there, and the first entry there
 * that may have it; NULL: there is none.  Both ask the memory for what they return.
 */
const void *table_home(const struct table *t, uint64_t hash);
struct entry *table_home_entry(const void *home, uint64_t hash);

/* --- prefetch, without the lock: relaxed loads only, no entry is read (R1) ------------------- */

void table_prefetch_dir(const struct table *t);
const void *table_prefetch_bucket(const struct table *t, uint64_t hash);
void table_prefetch_entry(const void *bucket, uint64_t hash);
/* A line further inside; offset counts from the entry's beginning and may be too large. */
void table_prefetch_entry_at(const void *bucket, uint64_t hash, size_t offset);

/* --- a view's side --------------------------------------------------------------------------- */

/* What a view sees: both directories as they were at the freeze, immutable from then on. */
struct table_image {
    struct table_dir *live, *old;
    uint32_t moved;
    uint32_t count;
};

/* Gives the image copies of the directories; t->epoch becomes epoch.  Locs stay good. */
void table_freeze(struct table *t, uint32_t epoch, struct table_image *out);

/*
 * The entries of the image's page that begins at position cursor; pages come in hash order.  The
 * next one begins at `next`, TABLE_POSITIONS at the end.  No lock: the caller publishes `next` as
 * cow.passed only when it is done with the entries.
 */
struct table_image_step {
    uint64_t next;
    const struct table_page *node; /* NULL: at the end */
    uint64_t left;                 /* slots of the bucket that are still to come */
    uint32_t bucket;
};
const struct entry *table_image_first(struct table_image_step *s, const struct table_image *image,
                                      uint64_t cursor);
const struct entry *table_image_next(struct table_image_step *s);

/*
 * For a table inside a value's root: to becomes the live side, and from, which lies in a root that
 * the open view goes on reading, stays as it is.  Directories of from are deferred; its root is the
 * caller's to defer.
 */
void table_fork(const struct table *from, struct table *to, struct cow *cow);

/* Frees the image's directories (pages belong to the table or to what cow.defer collected). */
void table_image_release(struct table_image *image, void (*retire)(void *p, size_t size));

LK_END

#endif
