/*
 * zset_source.h — what ZUNION, ZINTER and ZDIFF read: one interface over the types that have
 * members.
 *
 * Threads  hold the locks of the keys
 * Memory   a source borrows its value; members die with it, brief ones with the visit
 */
#ifndef LK_CMD_ZSET_SOURCE_H
#define LK_CMD_ZSET_SOURCE_H

#include "core/cmd/engine/exec.h"
#include "core/types/zset.h"

LK_BEGIN

struct zset_source {
    struct value v; /* TYPE_NONE: the key does not exist */
    uint64_t length;
    double weight;
    uint32_t at; /* its place among the keys */
};

/* Reads the value of key; its weight is 1.  LK_ETYPE */
int zset_source_open(struct exec *x, struct bytes key, struct zset_source *out);

/* brief: the bytes end with the visit.  False stops. */
typedef bool zset_source_visit(void *ctx, struct bytes member, double score, bool brief);
void zset_source_each(const struct zset_source *s, zset_source_visit *visit, void *ctx);

/* hash is that of the member.  False if there is no such member. */
bool zset_source_find(const struct zset_source *s, struct bytes member, uint64_t hash,
                      double *score);
void zset_source_prefetch(const struct zset_source *s, uint64_t hash);

LK_END

#endif
