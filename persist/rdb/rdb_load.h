/*
 * rdb_load.h — reads a whole RDB and gives away what is in it.
 *
 * The receiver decides what becomes of a key: whether it has expired, whether it may be there
 * already, where it is put.  What it was given before an error stays its own.  Keys of collections
 * without elements, which old servers could write, are left out.
 *
 * With a crew, keys are read and given away by several threads at once, in no order; when rdb_load
 * returns, all have been.  Whatever does not fit into the window is read here.
 *
 * Errors   as rdb_in, whose message also says which key was being read; an error of a receiver's
 *          function ends the load and is returned
 * Threads  one owner at a time
 */
#ifndef LK_PERSIST_RDB_LOAD_H
#define LK_PERSIST_RDB_LOAD_H

#include "core/ds/entry.h"
#include "persist/rdb/rdb_in.h"

LK_BEGIN

struct rdb_record {
    uint32_t db;
    struct bytes key;    /* both are borrowed for the time of the call … */
    struct value *value; /* … but its nodes are the receiver's, also if it fails */
    int64_t deadline_ms; /* as the file has it, or ENTRY_NO_DEADLINE */
    int64_t idle_s;      /* -1: not said */
    int freq;            /* -1: not said */
};

struct rdb_crew;

/* Records of keys as they stand in a file, all whole. */
struct rdb_run {
    struct bytes data;
    uint64_t offset; /* of data in the file */
    unsigned version;
    uint32_t db;
};

/* All but entry may be NULL: what they would be given is then passed over, or as they say. */
struct rdb_receiver {
    int (*entry)(void *ctx, const struct rdb_record *r);
    void (*empty)(void *ctx, struct bytes key); /* a collection without elements was left out */
    int (*run_end)(void *ctx); /* a run of entries is over: what was held back is due */
    int (*aux)(void *ctx, struct bytes name, struct bytes value);
    int (*sizes)(void *ctx, uint32_t db, uint64_t keys, uint64_t deadlines); /* hints */
    int (*function)(void *ctx, struct bytes code); /* NULL: a function is an error */
    /* Data of a module that belongs to no key was passed over. */
    int (*module_skipped)(void *ctx, const char *name, unsigned version);
    void (*progress)(void *ctx, uint64_t offset); /* so far the file was read, now and then */
    const struct type_limits *limits;             /* of the values; NULL: what they usually are */
    struct rdb_crew *crew;                        /* who reads keys as well; NULL: nobody */
    void *ctx;
};

/*
 * Ends behind the crc; rdb_in_rest and rdb_in_offset say what follows.  Afterwards in->version is
 * that of the file.
 */
LK_MUST_USE int rdb_load(struct rdb_in *in, const struct rdb_receiver *receiver);

/* Reads one run into entries.  Sets up *in, which says what was wrong; the caller releases it. */
LK_MUST_USE int rdb_load_run(struct rdb_in *in, const struct rdb_run *run,
                             const struct rdb_receiver *receiver);

LK_END

#endif
