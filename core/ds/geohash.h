/*
 * geohash.h — places on the earth as 52-bit numbers.
 *
 * Longitude and latitude are each cut into 2^26 steps, and the bits of both step numbers are
 * interleaved, longitude first.  So the numbers of all places in one cell of a grid of 2^level by
 * 2^level share their first 2 * level bits: a cell is one run of numbers.
 *
 *   longitude  -180 … 180                  x   x25 .. x1  x0
 *   latitude   -85.05112878 … 85.05112878  y     y25 .. y1  y0      hash = x25 y25 .. x0 y0
 *
 * At either upper edge a step number is 2^26 itself, one bit more than the others have; a hash from
 * elsewhere may have any 64 bits.  Both decode to the nearest place there is.
 *
 * Units    degrees, metres on a sphere
 * Source   Morton: "A Computer Oriented Geodetic Data Base"; EPSG:3857 for the limits
 */
#ifndef LK_DS_GEOHASH_H
#define LK_DS_GEOHASH_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

struct geo_point {
    double longitude, latitude;
};

enum { GEO_BITS = 26, GEOHASH_CHARS = 11 };

#define GEO_LONGITUDE_MAX   180.0
#define GEO_LATITUDE_MAX    85.05112878
#define GEO_EARTH_RADIUS_M  6372797.560856
#define GEO_RADIANS(degree) ((degree) * (3.14159265358979323846 / 180.0))
#define GEO_DEGREES(radian) ((radian) / (3.14159265358979323846 / 180.0))

static inline struct geo_point geo_point_of(double longitude, double latitude)
{
    struct geo_point p;
    p.longitude = longitude;
    p.latitude = latitude;
    return p;
}

/* Within the limits, edges included. */
bool geo_point_valid(struct geo_point p);

/* By the haversine formula; on one meridian by the difference of the latitudes. */
double geo_distance(struct geo_point a, struct geo_point b);

/* The point is valid. */
uint64_t geohash_encode(struct geo_point p);
/* The middle of the step, or the nearest valid point. */
struct geo_point geohash_decode(uint64_t hash);

/*
 * What the score of any sorted set means as a hash, also where no hash is: fractions are cut off,
 * and below zero the bits are those of the integer.
 */
uint64_t geohash_from_score(double score);

/*
 * The text by which the world knows the place: latitudes from -90 to 90, five bits a letter.  52
 * bits fill ten letters; the last is always 0.
 */
void geohash_text(struct geo_point p, char out[GEOHASH_CHARS]);

/* The bits of n, each followed by a zero: a latitude; shifted by one, a longitude. */
static inline uint64_t geohash_spread(uint32_t n)
{
    uint64_t v = n;
    v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
    v = (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
    v = (v | v << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    v = (v | v << 2) & UINT64_C(0x3333333333333333);
    return (v | v << 1) & UINT64_C(0x5555555555555555);
}

static inline uint32_t geohash_gather(uint64_t v)
{
    v &= UINT64_C(0x5555555555555555);
    v = (v | v >> 1) & UINT64_C(0x3333333333333333);
    v = (v | v >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    v = (v | v >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    v = (v | v >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(v | v >> 16);
}

static inline uint64_t geohash_from_steps(uint32_t x, uint32_t y)
{
    return geohash_spread(x) << 1 | geohash_spread(y);
}

/* The step numbers of a valid point. */
void geo_steps(struct geo_point p, uint32_t *x, uint32_t *y);

LK_END

#endif
