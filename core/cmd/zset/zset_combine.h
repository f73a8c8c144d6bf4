/*
 * zset_combine.h — union, intersection and difference of sources, as items in no order.
 *
 * Members are gone over in runs: while the hash of one is computed, the memory that the others will
 * be looked for in is on its way.
 */
#ifndef LK_CMD_ZSET_COMBINE_H
#define LK_CMD_ZSET_COMBINE_H

#include "core/cmd/zset/zset_source.h"
#include "core/types/zset_items.h"

LK_BEGIN

/* What the scores of one member in several sources make. */
enum zset_aggregate { ZSET_SUM, ZSET_MIN, ZSET_MAX };

/* Both expect the sources in rising order of their lengths: so floats are added in one order. */
void zset_union(const struct zset_source *s, uint32_t n, enum zset_aggregate how,
                struct zset_items *out);
/* Stops at limit members. */
void zset_intersect(const struct zset_source *s, uint32_t n, enum zset_aggregate how,
                    uint64_t limit, struct zset_items *out);
/* The members of the first that none of the others has, with their scores. */
void zset_subtract(const struct zset_source *s, uint32_t n, struct zset_items *out);

LK_END

#endif
