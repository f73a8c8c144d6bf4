/*
 * key_loader.h — keys of an RDB on their way into the keyspace, by one thread or by all.
 *
 *   rdb_load --> key_loader ----------------------> shards
 *           \--> crew: a key_loader a member --/
 *
 * Threads  a key_loader by one thread, inside the gate; key_crew_begin and _end by the loading one
 */
#ifndef LK_IO_KEY_LOADER_H
#define LK_IO_KEY_LOADER_H

#include "core/store/bulk_load.h"
#include "io/saving/persistence_priv.h"
#include "persist/rdb/rdb_crew.h"

LK_BEGIN

struct key_loader {
    struct persistence *p;
    struct bulk_load bulk;
    struct type_limits limits;
    int64_t now_ms;
    int64_t delay_us; /* a key, for tests */
    bool keep_expired;
    uint64_t keys, expired; /* since p was told */
    uint64_t expected;      /* keys for which tables were made */
};

/* Into ks.  merge: the file has the last word about keys that are there. */
void key_loader_begin(struct key_loader *k, struct persistence *p, struct keyspace *ks, bool merge,
                      bool keep_expired);
void key_loader_end(struct key_loader *k);

/* Takes keys, and what an RDB says of itself.  Its ctx is k. */
struct rdb_receiver key_loader_receiver(struct key_loader *k);

/* What is held back, into its shard.  LK_EBUSY: the log names a key that is there already. */
LK_MUST_USE int key_loader_flush(struct key_loader *k);

/* As many loaders beside this one as there are CPUs; none with one. */
struct key_crew {
    uint32_t members;
    struct key_loader *loaders;
    struct rdb_receiver *receivers;
    struct rdb_crew *crew; /* NULL: nobody */
};
/* outside: as rdb_crew_parts. */
void key_crew_begin(struct key_crew *c, const struct key_loader *like,
                    void (*outside)(void *ctx, bool out), void *ctx);
void key_crew_end(struct key_crew *c);

LK_END

#endif
