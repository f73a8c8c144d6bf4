/*
 * geo_area.h — circles, boxes and polygons on the earth: what lies in them, and where to look.
 *
 * An area is looked for in a few runs of hashes, one after the other.  Each run is a rectangle of
 * steps, cut down to what the area can reach; the curve of hashes leaves the rectangle and comes
 * back, so hashes between the run's ends are tested against it first, which costs four comparisons
 * of integers, and those that are in it against the area itself.
 *
 *      +---------+---------+        first = hash of the lower left step
 *      |      +--|----+    |        last  = hash of the upper right step
 *      |      | o|    |    |
 *      +------+--+----+----+        a circle or box: the cell that its centre lies in and those of
 *      |      +--|----+    |        its eight neighbours that it reaches; a polygon: at most four
 *      +---------+---------+        cells
 *
 * For circles and boxes the cells, and their order, are those that clients know from results that
 * are not sorted.  Near the poles, and of areas as large as the earth, not every point is found.
 *
 * Units    degrees, metres
 * Memory   vertices are borrowed
 */
#ifndef LK_DS_GEO_AREA_H
#define LK_DS_GEO_AREA_H

#include "core/ds/geohash.h"

LK_BEGIN

enum geo_shape { GEO_CIRCLE, GEO_BOX, GEO_POLYGON };

struct geo_run {
    uint64_t first, last;
};

enum { GEO_RUNS_MAX = 9 };

struct geo_area {
    enum geo_shape shape;
    struct geo_point center;
    double half_width_m, half_height_m; /* both the radius of a circle */
    /* The haversine of half_width_m lies between them. */
    double surely_inside, surely_outside;
    double longitude, latitude, cos_latitude; /* of the centre, in radians */
    const struct geo_point *vertices;
    uint32_t vertex_count;
    uint32_t run_count;
    struct geo_run runs[GEO_RUNS_MAX]; /* in the order in which they are searched */
};

/* Centre and vertices are valid points; lengths are not negative, but may be infinite. */
void geo_area_circle(struct geo_area *a, struct geo_point center, double radius_m);
void geo_area_box(struct geo_area *a, struct geo_point center, double width_m, double height_m);
/*
 * n > 0 vertices; the last is joined to the first, by lines that are straight where longitude and
 * latitude are drawn as x and y.  The centre is the mean of the vertices.
 */
void geo_area_polygon(struct geo_area *a, const struct geo_point *vertices, uint32_t n);

/* Is what the hash decodes to inside?  distance: from the centre, if so; NULL: not wanted. */
bool geo_area_holds(const struct geo_area *a, uint64_t hash, double *distance);

/* Is the hash in the run's rectangle?  Bits of one axis compare as its step numbers do. */
static inline bool geo_run_holds(const struct geo_run *r, uint64_t hash)
{
    const uint64_t y = UINT64_C(0x5555555555555555), x = ~y;
    return (hash & x) >= (r->first & x) && (hash & x) <= (r->last & x) &&
           (hash & y) >= (r->first & y) && (hash & y) <= (r->last & y);
}

/* The least hash of the rectangle that is not below; UINT64_MAX if there is none. */
uint64_t geo_run_next(const struct geo_run *r, uint64_t hash);

LK_END

#endif
