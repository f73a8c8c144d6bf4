/*
 * view_priv.h — what hangs on a shard while a view is open.
 */
#ifndef LK_STORE_VIEW_PRIV_H
#define LK_STORE_VIEW_PRIV_H

#include "core/store/view.h"

LK_BEGIN

struct garbage_block {
    void *p;
    size_t size;
};

/* What the live side no longer reaches and the view may. */
struct garbage {
    struct garbage_block *blocks;
    size_t block_count, block_capacity;
    struct entry **entries; /* with their values */
    size_t entry_count, entry_capacity;
    struct table **tables; /* flushed, with all that is in them */
    size_t table_count, table_capacity;
    size_t bytes;
    size_t *held; /* __atomic, relaxed: the sum of all garbage; may be NULL */
};

/* One table as the view sees it.  Fields under the shard's lock but where they say otherwise. */
struct table_frozen {
    struct cow cow;   /* first: defer finds the rest through it */
    struct cow nodes; /* the same for what is inside values, where no position has been passed */
    struct table_image image;
    struct table *table; /* the live side; NULL once it was flushed away */
    uint64_t cursor;     /* __atomic: positions below it are read; the reader stores, release */
    uint32_t db;         /* at the cut */
    struct view *view;
    struct table_frozen *next;
    struct garbage garbage;
};

struct view {
    struct keyspace *ks;
    uint32_t epoch;
    uint32_t aborted; /* __atomic */
    struct {
        int slot;                   /* in the gate */
        uint32_t shard;             /* where it is, or goes on */
        bool joined;                /* it has begun: slot is taken */
        bool whole;                 /* it has come to the end */
        bool in_page;               /* step goes on */
        struct table_frozen *table; /* of this shard; NULL: between shards */
        struct table_image_step step;
    } reader; /* view_next's */
    /* Of values that moved away from their position (S6): kept to the end. */
    pthread_mutex_t pinned_lock;
    struct cow pinned; /* found back by defer */
    struct garbage pinned_garbage;
};

void garbage_add_block(struct garbage *g, void *p, size_t size);
void garbage_add_entry(struct garbage *g, struct entry *e);
void garbage_add_table(struct garbage *g, struct table *t);
/* Frees everything, pages through reclaim; the shard's lock is not held. */
void garbage_release(struct garbage *g);

/*
 * What a write to this table must respect, NULL if nothing: freezes the table first if a view is
 * open that has not seen it.  Under the shard's lock; dies at unlock.
 */
struct cow *shard_cow(struct keyspace *ks, struct shard *s, uint32_t db, struct table *t);

struct table_frozen *view_freeze(struct view *v, struct shard *s, uint32_t db, struct table *t);

enum { FREE_NOW_BLOCKS = 64 }; /* of one value, that a worker frees itself */

/* An entry with everything it owns. */
void entry_release_deep(struct entry *e);
/* Is that more than so many blocks to be freed? */
bool entry_takes_long(const struct entry *e, size_t blocks);
/* What it takes, told from a few of its nodes. */
size_t entry_deep_bytes(const struct entry *e);

LK_END

#endif
