/*
 * geo_area_cover.c — in which runs of hashes an area lies.
 *
 * Which cells are searched is decided with the rough measures that others use, so that results come
 * in the order, and near the poles with the gaps, that clients know.  Of each cell only the
 * window is searched: the steps that the area can reach, by exact measures with some to spare.
 */
#include "core/ds/geo_area.h"

#include "core/ds/geo_area_priv.h"

#include <math.h>

static const double steps = 1 << GEO_BITS;

/* --- the window: steps that the area can reach ----------------------------------------------- */

/* Steps to spare on each side: of rounding, where distances are near half the earth's girth. */
enum { SPARE = 8 };

struct window {
    uint32_t x_low, x_high; /* if x_low is the higher: up to x_high and from x_low on */
    uint32_t y_low, y_high;
};

static const struct window everything = {0, UINT32_MAX, 0, UINT32_MAX};

static double steps_of(double degrees, double limit)
{
    return (degrees + limit) / (2 * limit) * steps;
}

static uint32_t low_step(double at)
{
    at -= SPARE;
    return at > 0 ? (uint32_t)fmin(at, steps) : 0;
}

/* What lies on the upper edge, or beyond, is decoded as what lies on it. */
static uint32_t high_step(double at)
{
    at += SPARE;
    return at < steps - 1 ? (uint32_t)fmax(at, 0) : UINT32_MAX;
}

static void window_latitudes(struct window *w, double south, double north)
{
    w->y_low = low_step(steps_of(south, GEO_LATITUDE_MAX));
    w->y_high = high_step(steps_of(north, GEO_LATITUDE_MAX));
}

/* All within `delta` degrees of the longitude, across the 180th meridian if need be. */
static void window_longitudes(struct window *w, double longitude, double delta)
{
    const double low = steps_of(longitude - delta, GEO_LONGITUDE_MAX) - SPARE;
    const double high = steps_of(longitude + delta, GEO_LONGITUDE_MAX) + SPARE;
    w->x_low = 0;
    w->x_high = UINT32_MAX;
    if (!(high - low < steps - 1))
        return;
    w->x_low = (uint32_t)(low < 0 ? low + steps : low);
    w->x_high = (uint32_t)(high < steps - 1 ? high : fmax(high - steps, 0));
}

/*
 * How far the longitudes of a circle of that angle reach, in radians: to where a meridian touches
 * it, unless it holds a pole.
 */
static double circle_reach(double latitude, double angle)
{
    const double sine = sin(angle) / cos(latitude);
    const bool holds_pole = !(fabs(latitude) + angle < GEO_RADIANS(90) - 1e-9);
    return holds_pole || !(sine < 1 - 1e-12) ? INFINITY : asin(sine);
}

/* The same of a box: it is widest, in degrees, where it is nearest to a pole. */
static double box_reach(double latitude, double half_height, double half_width)
{
    const double nearest = fmin(fabs(latitude) + half_height, GEO_RADIANS(GEO_LATITUDE_MAX)) + 1e-9;
    const double sine = sin(half_width / 2) / cos(nearest);
    return !(half_width < GEO_RADIANS(180)) || !(sine < 1 - 1e-12) ? INFINITY : 2 * asin(sine);
}

static struct window window_of(const struct geo_area *a)
{
    const double height = a->half_height_m / GEO_EARTH_RADIUS_M;
    const double width = a->half_width_m / GEO_EARTH_RADIUS_M;
    const double reach = a->shape == GEO_BOX ? box_reach(a->latitude, height, width)
                                             : circle_reach(a->latitude, width);
    struct window w = everything;
    if (height < GEO_RADIANS(180))
        window_latitudes(&w, a->center.latitude - GEO_DEGREES(height),
                         a->center.latitude + GEO_DEGREES(height));
    if (reach < GEO_RADIANS(180))
        window_longitudes(&w, a->center.longitude, GEO_DEGREES(reach));
    return w;
}

/* --- cells ----------------------------------------------------------------------------------- */

/* One of 2^level by 2^level.  On an upper edge of the world a number is 2^level itself. */
struct cell {
    uint32_t x, y;
    unsigned level;
};

static struct cell cell_at(struct geo_point p, unsigned level)
{
    uint32_t x, y;
    geo_steps(p, &x, &y);
    return (struct cell){x >> (GEO_BITS - level), y >> (GEO_BITS - level), level};
}

/* The world is a torus here: beyond the north pole lies the south. */
static struct cell geo_area_cover_neighbour(struct cell c, int dx, int dy)
{
    const uint32_t mask = (UINT32_C(1) << c.level) - 1;
    if (dx)
        c.x = (c.x + (uint32_t)dx) & mask;
    if (dy)
        c.y = (c.y + (uint32_t)dy) & mask;
    return c;
}

struct bounds {
    double west, east, south, north; /* degrees */
};

static struct bounds cell_bounds(struct cell c)
{
    const double cells = (double)(UINT32_C(1) << c.level);
    return (struct bounds){
        .west = -GEO_LONGITUDE_MAX + c.x / cells * (2 * GEO_LONGITUDE_MAX),
        .east = -GEO_LONGITUDE_MAX + (c.x + 1) / cells * (2 * GEO_LONGITUDE_MAX),
        .south = -GEO_LATITUDE_MAX + c.y / cells * (2 * GEO_LATITUDE_MAX),
        .north = -GEO_LATITUDE_MAX + (c.y + 1) / cells * (2 * GEO_LATITUDE_MAX),
    };
}

/* Cuts [*low, *high] down to the window's part of an axis; false if nothing is left. */
static bool geo_area_cover_clip(uint32_t *low, uint32_t *high, uint32_t window_low,
                                uint32_t window_high)
{
    if (window_low <= window_high) {
        *low = *low > window_low ? *low : window_low;
        *high = *high < window_high ? *high : window_high;
        return *low <= *high;
    }
    const bool in_lower = *low <= window_high, in_upper = *high >= window_low;
    if (in_lower && !in_upper)
        *high = *high < window_high ? *high : window_high;
    if (in_upper && !in_lower)
        *low = *low > window_low ? *low : window_low;
    return in_lower || in_upper;
}

static void add_run(struct geo_area *a, const struct window *w, struct cell c)
{
    const unsigned shift = GEO_BITS - c.level;
    const uint32_t last = (UINT32_C(1) << shift) - 1;
    uint32_t x_low = c.x << shift, y_low = c.y << shift;
    uint32_t x_high = x_low + last, y_high = y_low + last;
    if (!geo_area_cover_clip(&x_low, &x_high, w->x_low, w->x_high) ||
        !geo_area_cover_clip(&y_low, &y_high, w->y_low, w->y_high))
        return;
    a->runs[a->run_count++] =
        (struct geo_run){geohash_from_steps(x_low, y_low), geohash_from_steps(x_high, y_high)};
}

/* --- circles and boxes ----------------------------------------------------------------------- */

/* Cells of what size, so that a cell and its neighbours should hold a circle of that radius. */
static unsigned level_for(double radius_m, double latitude)
{
    const double half_girth_m = 20037726.37; /* as maps in Mercator's projection have it */
    int level = -1;
    if (radius_m == 0)
        return GEO_BITS;
    for (; radius_m < half_girth_m; radius_m *= 2)
        level++;
    /* There, degrees of longitude are short. */
    level -= (fabs(latitude) > 66) + (fabs(latitude) > 80);
    return level < 1 ? 1 : level > GEO_BITS ? GEO_BITS : (unsigned)level;
}

/* Rough, and without a thought of poles and the 180th meridian. */
static struct bounds rough_bounds(const struct geo_area *a)
{
    const struct geo_point c = a->center;
    const double height = GEO_DEGREES(a->half_height_m / GEO_EARTH_RADIUS_M);
    const double poleward = c.latitude < 0 ? c.latitude - height : c.latitude + height;
    const double width =
        GEO_DEGREES(a->half_width_m / GEO_EARTH_RADIUS_M / cos(GEO_RADIANS(poleward)));
    return (struct bounds){.west = c.longitude - width,
                           .east = c.longitude + width,
                           .south = c.latitude - height,
                           .north = c.latitude + height};
}

/* Does one of the four nearest neighbours end before the area does? */
static bool too_small(struct cell c, const struct bounds *b)
{
    return cell_bounds(geo_area_cover_neighbour(c, 0, 1)).north < b->north ||
           cell_bounds(geo_area_cover_neighbour(c, 0, -1)).south > b->south ||
           cell_bounds(geo_area_cover_neighbour(c, 1, 0)).east < b->east ||
           cell_bounds(geo_area_cover_neighbour(c, -1, 0)).west > b->west;
}

/* Does the cell itself reach beyond the area on that side?  Not asked where cells are huge. */
static bool is_needless(struct cell c, const struct bounds *b, int dx, int dy)
{
    const struct bounds own = cell_bounds(c);
    if (c.level < 2)
        return false;
    return (dy < 0 && own.south < b->south) || (dy > 0 && own.north > b->north) ||
           (dx < 0 && own.west < b->west) || (dx > 0 && own.east > b->east);
}

static bool same_cell(struct cell a, struct cell b)
{
    return a.x == b.x && a.y == b.y;
}

void geo_cover_center(struct geo_area *a)
{
    static const struct {
        int dx, dy;
    } order[GEO_RUNS_MAX] = {{0, 0}, {0, 1},  {0, -1}, {1, 0},  {-1, 0},
                             {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
    const struct bounds b = rough_bounds(a);
    const struct window w = window_of(a);
    const double radius_m =
        a->shape == GEO_CIRCLE
            ? a->half_width_m
            : sqrt(a->half_width_m * a->half_width_m + a->half_height_m * a->half_height_m);
    struct cell center = cell_at(a->center, level_for(radius_m, a->center.latitude));
    struct cell seen[GEO_RUNS_MAX];
    unsigned n = 0;
    if (center.level > 1 && too_small(center, &b))
        center = cell_at(a->center, center.level - 1);
    for (unsigned i = 0; i < GEO_RUNS_MAX; i++) {
        const struct cell c = geo_area_cover_neighbour(center, order[i].dx, order[i].dy);
        bool again = is_needless(center, &b, order[i].dx, order[i].dy);
        for (unsigned k = 0; k < n; k++) /* of four cells in all, several are the same */
            again |= same_cell(seen[k], c);
        if (again)
            continue;
        seen[n++] = c;
        add_run(a, &w, c);
    }
}

/* --- polygons -------------------------------------------------------------------------------- */

void geo_cover_vertices(struct geo_area *a)
{
    struct bounds b = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (uint32_t i = 0; i < a->vertex_count; i++) {
        b.west = fmin(b.west, a->vertices[i].longitude);
        b.east = fmax(b.east, a->vertices[i].longitude);
        b.south = fmin(b.south, a->vertices[i].latitude);
        b.north = fmax(b.north, a->vertices[i].latitude);
    }
    struct window w = {.x_low = low_step(steps_of(b.west, GEO_LONGITUDE_MAX)),
                       .x_high = high_step(steps_of(b.east, GEO_LONGITUDE_MAX))};
    window_latitudes(&w, b.south, b.north);
    /* The smallest cells of which two in a row hold the window. */
    const uint32_t edge = UINT32_C(1) << GEO_BITS;
    const uint32_t x_high = w.x_high < edge ? w.x_high : edge;
    const uint32_t y_high = w.y_high < edge ? w.y_high : edge;
    unsigned shift = 0;
    while (shift < GEO_BITS && ((x_high >> shift) - (w.x_low >> shift) > 1 ||
                                (y_high >> shift) - (w.y_low >> shift) > 1))
        shift++;
    /* As one reads a map: row by row from the north west. */
    for (uint32_t y = (y_high >> shift) + 1; y-- > w.y_low >> shift;)
        for (uint32_t x = w.x_low >> shift; x <= x_high >> shift; x++)
            add_run(a, &w, (struct cell){x, y, GEO_BITS - shift});
}

/* --- rectangles ------------------------------------------------------------------------------ */

/* The bits of the axis that bit belongs to, below it. */
static uint64_t lower_bits(uint64_t bit)
{
    const uint64_t y = UINT64_C(0x5555555555555555);
    return (bit & y ? y : ~y) & (bit - 1);
}

/*
 * Source  Tropf, Herzog: "Multidimensional Range Search in Dynamically Balanced Trees": from the
 *         highest bit down, the rectangle is halved until the hash lies beside one half
 */
uint64_t geo_run_next(const struct geo_run *r, uint64_t hash)
{
    uint64_t low = r->first, high = r->last, best = UINT64_MAX;
    for (uint64_t bit = UINT64_C(1) << 63; bit; bit >>= 1) {
        const uint64_t below = lower_bits(bit);
        const bool split = (low ^ high) & bit;
        if (split && !(hash & bit)) {
            best = (low & ~below) | bit; /* where the upper half begins */
            high = (high & ~bit) | below;
        } else if (split) {
            low = (low & ~below) | bit;
        } else if ((low ^ hash) & bit) {
            return hash & bit ? best : low;
        }
    }
    return hash;
}
