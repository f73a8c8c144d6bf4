/*
 * own_keys.h — of a writable replica: keys to which its own clients gave a deadline.
 *
 * What a primary's keys do at their deadline is the primary's to say, and it knows nothing of what
 * this server's clients write.  So their keys are remembered by name, and looked at now and then;
 * one that has gone, or has no deadline any more, is forgotten then.
 *
 * Threads  any; the lock is a leaf
 */
#ifndef LK_CMD_OWN_KEYS_H
#define LK_CMD_OWN_KEYS_H

#include "core/base/atomic.h"
#include "core/base/buf.h"

#include <pthread.h>

LK_BEGIN

struct own_key;

/* All zero is a good one. */
struct own_keys {
    pthread_mutex_t lock;
    struct own_key **buckets; /* NULL: none was ever noted */
    uint32_t capacity;        /* of buckets; a power of two */
    uint32_t count;           /* __atomic to read */
    uint32_t next;            /* the bucket that is looked at next */
};

static inline uint32_t own_keys_count(const struct own_keys *o)
{
    return load_relaxed(&o->count);
}

/* hash is keyspace_hash of the key.  One that is there already stays as it is. */
void own_keys_note(struct own_keys *o, uint32_t db, uint64_t hash, struct bytes key);
void own_keys_forget(struct own_keys *o, uint32_t db, uint64_t hash, struct bytes key);
void own_keys_clear(struct own_keys *o);

/* One of those that own_keys_take has copied. */
struct own_key_head {
    uint64_t hash;
    uint32_t db, size; /* size: of the key's text, which follows */
};

/* Copies some behind each other, other ones at each call; the buffer is emptied first. */
void own_keys_take(struct own_keys *o, struct buf *out);

LK_END

#endif
