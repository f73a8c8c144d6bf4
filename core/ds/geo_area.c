/*
 * geo_area.c — is a place inside?
 *
 * Haversines grow with distances and are cheaper, so most places are decided by theirs.  Only those
 * so near the edge that rounding might matter are measured as clients measure them.
 */
#include "core/ds/geo_area.h"

#include "core/ds/geo_area_priv.h"

#include <math.h>

/* Far more than rounding can do, and far less than many places are near an edge. */
#define DOUBT 1e-9

static void set_shape(struct geo_area *a, enum geo_shape shape, struct geo_point center,
                      double half_width_m, double half_height_m)
{
    const double angle = half_width_m / GEO_EARTH_RADIUS_M / 2;
    const double s = angle < GEO_RADIANS(90) ? sin(angle) : INFINITY;
    *a = (struct geo_area){.shape = shape,
                           .center = center,
                           .half_width_m = half_width_m,
                           .half_height_m = half_height_m,
                           .surely_inside = s * s * (1 - DOUBT),
                           .surely_outside = s * s * (1 + DOUBT),
                           .longitude = GEO_RADIANS(center.longitude),
                           .latitude = GEO_RADIANS(center.latitude)};
    a->cos_latitude = cos(a->latitude);
}

void geo_area_circle(struct geo_area *a, struct geo_point center, double radius_m)
{
    set_shape(a, GEO_CIRCLE, center, radius_m, radius_m);
    geo_cover_center(a);
}

void geo_area_box(struct geo_area *a, struct geo_point center, double width_m, double height_m)
{
    set_shape(a, GEO_BOX, center, width_m / 2, height_m / 2);
    geo_cover_center(a);
}

void geo_area_polygon(struct geo_area *a, const struct geo_point *vertices, uint32_t n)
{
    struct geo_point sum = {0, 0};
    for (uint32_t i = 0; i < n; i++) {
        sum.longitude += vertices[i].longitude;
        sum.latitude += vertices[i].latitude;
    }
    set_shape(a, GEO_POLYGON, geo_point_of(sum.longitude / n, sum.latitude / n), 0, 0);
    a->vertices = vertices;
    a->vertex_count = n;
    geo_cover_vertices(a);
}

static double geo_area_meters(double haversine)
{
    return 2.0 * GEO_EARTH_RADIUS_M * asin(sqrt(haversine));
}

/* Is the haversine that of at most half the width?  To be measured: too near to say. */
enum answer { OUTSIDE, INSIDE, TO_BE_MEASURED };
static enum answer geo_area_compare(const struct geo_area *a, double haversine)
{
    if (haversine < a->surely_inside)
        return INSIDE;
    return haversine > a->surely_outside ? OUTSIDE : TO_BE_MEASURED;
}

/* Does a line from p to the east cross an odd number of edges? */
static bool polygon_holds(const struct geo_area *a, struct geo_point p)
{
    bool inside = false;
    const struct geo_point *from = &a->vertices[a->vertex_count - 1];
    for (uint32_t i = 0; i < a->vertex_count; i++) {
        const struct geo_point *to = &a->vertices[i];
        if ((from->latitude > p.latitude) != (to->latitude > p.latitude)) {
            const double part = (p.latitude - from->latitude) / (to->latitude - from->latitude);
            if (p.longitude < from->longitude + part * (to->longitude - from->longitude))
                inside = !inside;
        }
        from = to;
    }
    return inside;
}

/* The height is measured along a meridian, the width along the place's parallel. */
static bool box_holds(const struct geo_area *a, double latitude, double v)
{
    const double c = cos(latitude), haversine = c * c * v * v;
    if (GEO_EARTH_RADIUS_M * fabs(latitude - a->latitude) > a->half_height_m)
        return false;
    const enum answer answer = geo_area_compare(a, haversine);
    return answer == INSIDE || (answer && !(geo_area_meters(haversine) > a->half_width_m));
}

bool geo_area_holds(const struct geo_area *a, uint64_t hash, double *distance)
{
    const struct geo_point p = geohash_decode(hash);
    const double latitude = GEO_RADIANS(p.latitude);
    if (a->shape == GEO_POLYGON && !polygon_holds(a, p))
        return false;
    const double v = sin((GEO_RADIANS(p.longitude) - a->longitude) / 2);
    if (a->shape == GEO_BOX && !box_holds(a, latitude, v))
        return false;
    if (a->shape != GEO_CIRCLE && !distance)
        return true;
    const double u = sin((latitude - a->latitude) / 2);
    const double haversine = u * u + a->cos_latitude * cos(latitude) * v * v;
    const enum answer answer = a->shape == GEO_CIRCLE ? geo_area_compare(a, haversine) : INSIDE;
    if (answer == OUTSIDE)
        return false;
    if (answer == INSIDE && !distance)
        return true;
    /* As geo_distance has it. */
    const double exact =
        v == 0 ? GEO_EARTH_RADIUS_M * fabs(latitude - a->latitude) : geo_area_meters(haversine);
    if (answer == TO_BE_MEASURED && exact > a->half_width_m)
        return false;
    if (distance)
        *distance = exact;
    return true;
}
