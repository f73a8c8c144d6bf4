/*
 * rdb_save.h — a whole RDB: header, databases, keys, end.
 *
 *   magic | aux … | functions … | { SELECTDB RESIZEDB } … all databases whose size is known
 *   | { SELECTDB { [expiry] [idle|freq] type key value } } … | EOF | crc of all before it
 *
 * The header states a version, and stands first; which one is needed is known last.  So the header
 * begins with a promise, RDB_VERSION_FLOOR if the caller has no better idea, and every element
 * says what it needs.  At the end the promise is corrected in place: the crc of the rest was kept
 * apart from the header's, and two crcs are joined in a microsecond.  Where nothing can be written
 * twice (a socket) a promise that was too low is an error, and out->version says what to promise
 * next time.
 *
 * Errors   kept by rdb_out: ask rdb_save_end
 * Threads  one owner at a time
 */
#ifndef LK_PERSIST_RDB_SAVE_H
#define LK_PERSIST_RDB_SAVE_H

#include "core/ds/entry.h"
#include "persist/rdb/rdb_out.h"

LK_BEGIN

/* What Redis 5 and later read. */
enum { RDB_VERSION_FLOOR = 9 };

/* What a key carries about its use, by the policy of maxmemory. */
enum rdb_use { RDB_USE_NONE, RDB_USE_LRU, RDB_USE_LFU };

/* How many keys a database has: a reader makes room for them. */
struct rdb_db_size {
    uint32_t db;
    uint64_t keys, deadlines;
};

struct rdb_save_options {
    const char *redis_version; /* as INFO reports it: some readers look at it */
    int64_t now_ms;
    uint64_t used_bytes;
    bool aof_base;
    const char *replication_id; /* NULL: no replication state; else these three */
    int64_t replication_offset;
    int64_t replication_db;
    struct bytes slot_states; /* of a cluster's slots on the move; empty: none */
    enum rdb_use use;
    uint32_t lfu_decay_minutes;
    unsigned promise;                /* version in the header; 0: RDB_VERSION_FLOOR */
    bool no_keys;                    /* only what stands around them */
    unsigned newest;                 /* rdb_out.newest; 0: any */
    const struct rdb_db_size *sizes; /* hints: may lack some, or be off */
    size_t sizes_count;
};

struct rdb_save {
    struct rdb_out *out;
    const struct rdb_save_options *options;
    uint64_t begin; /* offset of the magic in out */
    unsigned promise;
    bool in_db;
    uint32_t db;   /* of the last SELECTDB */
    uint64_t keys; /* written so far */
};

/* The options are borrowed until the end. */
void rdb_save_begin(struct rdb_save *s, struct rdb_out *out,
                    const struct rdb_save_options *options);
/* Before any entry. */
void rdb_save_function(struct rdb_save *s, struct bytes code);
/* Databases may come in any order and again. */
void rdb_save_entry(struct rdb_save *s, uint32_t db, const struct entry *e);
/* The last bytes, all given to the sink.  LK_EFORMAT: the promise was too low, see above. */
LK_MUST_USE int rdb_save_end(struct rdb_save *s);

LK_END

#endif
