/*
 * geo_words.h — places, units and distances as clients write and read them.
 *
 * Each parser returns false when it has written the error line.
 */
#ifndef LK_CMD_GEO_WORDS_H
#define LK_CMD_GEO_WORDS_H

#include "core/cmd/engine/exec.h"
#include "core/ds/geohash.h"

LK_BEGIN

/* Arguments i and i + 1 as longitude and latitude. */
bool geo_parse_point(struct exec *x, const struct args *a, uint32_t i, struct geo_point *out);

/* Argument i as a unit of length in metres: m, km, ft, mi. */
bool geo_parse_unit(struct exec *x, const struct args *a, uint32_t i, double *meters);

void reply_geo_point(struct reply *r, struct geo_point p); /* a pair */
void reply_geo_distance(struct reply *r, double distance); /* four decimals */

LK_END

#endif
