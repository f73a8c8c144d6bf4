/*
 * zset_ranges.h — ranges of sorted sets as clients write them, and elements as replies.
 *
 *   scores    1  (1  -inf  +inf  (5.5
 *   members   [a  (a  -  +
 */
#ifndef LK_CMD_ZSET_RANGES_H
#define LK_CMD_ZSET_RANGES_H

#include "core/cmd/engine/exec.h"
#include "core/types/zset.h"

LK_BEGIN

int zset_parse_scores(struct bytes min, struct bytes max, struct zset_range *out);  /* LK_EMINMAX */
int zset_parse_members(struct bytes min, struct bytes max, struct zset_range *out); /* LK_ELEX */

/*
 * The ranks first … last, where negative ones count from the end, of a set of `length` as the
 * first of n ranks.
 */
void zset_clamp_ranks(int64_t first, int64_t last, uint64_t length, uint64_t *from, uint64_t *n);

/*
 * An array of n elements from where it stands on.  With scores RESP2 has members and scores in
 * turns, RESP3 a pair for each.
 */
void reply_zset(struct reply *r, struct zset_iter *it, uint64_t n, bool scores);
/* An array of n pairs in both versions. */
void reply_zset_pairs(struct reply *r, struct zset_iter *it, uint64_t n);

LK_END

#endif
