/*
 * geohash.c — points to hashes and back, and how far they are apart.
 *
 * Clients see seventeen decimals of what is computed here, so the order of the operations is part
 * of what is promised.
 */
#include "core/ds/geohash.h"

#include <math.h>

static const double steps = 1 << GEO_BITS;

bool geo_point_valid(struct geo_point p)
{
    return p.longitude >= -GEO_LONGITUDE_MAX && p.longitude <= GEO_LONGITUDE_MAX &&
           p.latitude >= -GEO_LATITUDE_MAX && p.latitude <= GEO_LATITUDE_MAX;
}

double geo_distance(struct geo_point a, struct geo_point b)
{
    const double from = GEO_RADIANS(a.latitude), to = GEO_RADIANS(b.latitude);
    const double u = sin((to - from) / 2);
    const double v = sin((GEO_RADIANS(b.longitude) - GEO_RADIANS(a.longitude)) / 2);
    if (v == 0)
        return GEO_EARTH_RADIUS_M * fabs(to - from);
    return 2.0 * GEO_EARTH_RADIUS_M * asin(sqrt(u * u + cos(from) * cos(to) * v * v));
}

/* Which of 2^26 steps between -limit and limit it is in. */
static uint32_t step_of(double degrees, double limit)
{
    return (uint32_t)((degrees + limit) / (2 * limit) * steps);
}

void geo_steps(struct geo_point p, uint32_t *x, uint32_t *y)
{
    *x = step_of(p.longitude, GEO_LONGITUDE_MAX);
    *y = step_of(p.latitude, GEO_LATITUDE_MAX);
}

uint64_t geohash_encode(struct geo_point p)
{
    uint32_t x, y;
    geo_steps(p, &x, &y);
    return geohash_from_steps(x, y);
}

/* The middle of a step; the step behind the last 32-bit one is the first. */
static double geohash_middle(uint32_t step, double limit)
{
    const uint32_t next = step + 1;
    const double low = -limit + step / steps * (2 * limit);
    const double high = -limit + next / steps * (2 * limit);
    return fmin(fmax((low + high) / 2, -limit), limit);
}

struct geo_point geohash_decode(uint64_t hash)
{
    return geo_point_of(geohash_middle(geohash_gather(hash >> 1), GEO_LONGITUDE_MAX),
                        geohash_middle(geohash_gather(hash), GEO_LATITUDE_MAX));
}

uint64_t geohash_from_score(double score)
{
    const double two_to_63 = 9223372036854775808.0;
    if (score >= two_to_63)
        return score < 2 * two_to_63 ? (uint64_t)score : 0;
    return score >= -two_to_63 ? (uint64_t)(int64_t)score : UINT64_C(1) << 63;
}

void geohash_text(struct geo_point p, char out[GEOHASH_CHARS])
{
    static const char letters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    const uint64_t hash = geohash_from_steps(step_of(p.longitude, 180), step_of(p.latitude, 90));
    for (int i = 0; i < GEOHASH_CHARS - 1; i++)
        out[i] = letters[hash >> (2 * GEO_BITS - 5 * (i + 1)) & 31];
    out[GEOHASH_CHARS - 1] = '0';
}
