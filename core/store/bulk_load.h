/*
 * bulk_load.h — keys of a file on their way into the keyspace, some at a time.
 *
 * A key alone would wait for the memory of its bucket; thirty-two of them wait together.
 *
 *   add --> 32 entries --> prefetch their directories, their buckets --> put each under its lock
 *
 * Threads  one owner, inside the gate when it adds and flushes
 */
#ifndef LK_STORE_BULK_LOAD_H
#define LK_STORE_BULK_LOAD_H

#include "core/store/keyspace.h"

LK_BEGIN

enum { BULK_LOAD_BATCH = 32 };

struct bulk_load {
    struct keyspace *ks;
    bool replace; /* keys that are there already */
    uint32_t n;
    struct bulk_item {
        struct entry *e;
        uint64_t hash;
        uint32_t db;
    } items[BULK_LOAD_BATCH];
    struct bulk_item refused; /* of LK_EBUSY: its entry, until the end */
};

static inline void bulk_load_begin(struct bulk_load *b, struct keyspace *ks, bool replace)
{
    memset(b, 0, sizeof *b);
    b->ks = ks;
    b->replace = replace;
}

/* There will be about so many keys: empty tables are made as large as that.  Costs 8 bytes for some
 * 370 keys until they come. */
void bulk_load_expect(struct bulk_load *b, uint32_t db, uint64_t keys);

/*
 * Puts the key now or with the next flush; takes v's nodes in every case.  lru: the 24 bits of use.
 * LK_EBUSY   a key, this or one before, is there and is not to be replaced: refused
 * LK_ENOMEM
 */
LK_MUST_USE int bulk_load_add(struct bulk_load *b, uint32_t db, struct bytes key, struct value *v,
                              int64_t deadline_ms, uint32_t lru);
LK_MUST_USE int bulk_load_flush(struct bulk_load *b);

/* Frees what was not put. */
void bulk_load_end(struct bulk_load *b);

LK_END

#endif
