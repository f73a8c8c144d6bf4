/*
 * exec_find_each.c — many keys are read: each stage of the look-up for some of them at once.
 *
 *   buckets asked for --> first entries asked for --> keys compared --> values taken, in order
 *
 * One look-up behind the other would be as many cache misses in a row.  A key is met in its home
 * bucket, at the first entry of its tag, nearly always; exec_find sees to all others, and to
 * whatever has a deadline.  Keys are compared before anything is taken: a key that is gone because
 * it has expired takes its entry with it, and its neighbours of the same tag are read no more.
 */
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/exec_use.h"

enum { AT_ONCE = 32 };

/* The entry of the key, if it is the one that was asked for and lives for ever. */
static inline struct entry *entry_if_plain(struct entry *e, struct bytes key)
{
    return e && LK_LIKELY(entry_is_plain(entry_meta(e))) &&
                   LK_LIKELY(bytes_equal_here(bytes_of(e->narrow_tail, e->narrow_key_size), key))
               ? e
               : NULL;
}

/* Dispatch has hashed them, but for those of commands inside EXEC and of scripts. */
static inline const struct key_hash *hashes_of(struct exec *x, const struct bytes *keys,
                                               uint32_t first, uint32_t n, struct key_hash *room)
{
    struct dispatcher *d = x->dispatcher;
    if (LK_LIKELY(first + n <= d->call.key_count) && LK_LIKELY(d->keys.v[first].data == keys->data))
        return d->keys.v + first;
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t hash = exec_hash(x, keys[i]);
        room[i] = (struct key_hash){keys[i].data, keys[i].size, hash, keyspace_shard(d->ks, hash)};
    }
    return room;
}

/* Those of n keys, from the first'th of the command on, that are met at once; NULL: the others. */
static inline void find_some(struct exec *x, const struct bytes *keys, uint32_t first, uint32_t n,
                             struct entry **e)
{
    struct key_hash room[AT_ONCE];
    const void *home[AT_ONCE];
    const struct key_hash *k = hashes_of(x, keys, first, n, room);
    const uint32_t db = x->dispatcher->call.db_in_use;
    for (uint32_t i = 0; i < n; i++) {
        LK_DEBUG_ASSERT(k[i].data == keys[i].data && k[i].size == keys[i].size);
        LK_DEBUG_ASSERT(x->dispatcher->held.exclusive || shard_is_mine(k[i].shard));
        const struct table *t = shard_table(k[i].shard, db);
        home[i] = t ? table_home(t, k[i].hash) : NULL;
    }
    for (uint32_t i = 0; i < n; i++)
        e[i] = home[i] ? table_home_entry(home[i], k[i].hash) : NULL;
    for (uint32_t i = 0; i < n; i++)
        e[i] = entry_if_plain(e[i], keys[i]);
}

void exec_find_each(struct exec *x, const struct bytes *keys, uint32_t n, unsigned type,
                    exec_take *take)
{
    struct dispatcher *d = x->dispatcher;
    struct entry *e[AT_ONCE];
    struct value v;
    for (uint32_t first = 0, k; first < n; first += k) {
        k = n - first < AT_ONCE ? n - first : (uint32_t)AT_ONCE;
        uint32_t hits = 0;
        find_some(x, keys + first, first, k, e);
        for (uint32_t i = 0; i < k; i++) {
            if (LK_LIKELY(e[i] != NULL)) {
                hits++;
                exec_touch_here(x, e[i]);
                value_of_entry(e[i], &v);
            } else {
                (void)exec_find(x, keys[first + i], TYPE_ANY, &v);
            }
            if (type != TYPE_ANY && LK_UNLIKELY(v.type != type))
                v.type = TYPE_NONE;
            take(x, &v);
        }
        stats_add(&d->stats.keyspace_hits, hits);
    }
}
