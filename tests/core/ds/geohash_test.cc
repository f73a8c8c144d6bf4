// Places to hashes and back, areas, and the runs of hashes in which areas are looked for.
#include "core/ds/geo_area.h"
#include "tests/support/seed.h"

#include "tests/core/ds/view_model.h"

#include <cfloat>
#include <cmath>
#include <string>

namespace
{

const geo_point palermo = {13.361389, 38.115556}, catania = {15.087269, 37.502669};

double between(std::mt19937_64 &rng, double low, double high)
{
    return std::uniform_real_distribution<double>(low, high)(rng);
}

geo_point somewhere(std::mt19937_64 &rng)
{
    return {between(rng, -180, 180), between(rng, -GEO_LATITUDE_MAX, GEO_LATITUDE_MAX)};
}

std::string text(geo_point p)
{
    char out[GEOHASH_CHARS];
    geohash_text(p, out);
    return std::string(out, sizeof out);
}

// The figures that the published documentation of the commands shows.
TEST(Geohash, IsWhatTheDocumentationShows)
{
    EXPECT_EQ(geohash_encode(palermo), 3479099956230698u);
    EXPECT_EQ(geohash_encode(catania), 3479447370796909u);
    EXPECT_EQ(text(geohash_decode(3479099956230698u)), "sqc8b49rny0");
    EXPECT_EQ(text(geohash_decode(3479447370796909u)), "sqdtr74hyu0");
    const geo_point p = geohash_decode(3479099956230698u), c = geohash_decode(3479447370796909u);
    EXPECT_DOUBLE_EQ(p.longitude, 13.36138933897018433);
    EXPECT_DOUBLE_EQ(p.latitude, 38.11555639549629859);
    EXPECT_NEAR(geo_distance(p, c), 166274.1516, 0.00005);
}

TEST(Geohash, HasLimits)
{
    EXPECT_TRUE(geo_point_valid({180, GEO_LATITUDE_MAX}));
    EXPECT_TRUE(geo_point_valid({-180, -GEO_LATITUDE_MAX}));
    for (const geo_point p :
         {geo_point{180.0000001, 0}, geo_point{-180.0000001, 0}, geo_point{0, 85.0511288},
          geo_point{0, -85.0511288}, geo_point{NAN, 0}, geo_point{0, NAN}, geo_point{INFINITY, 0}})
        EXPECT_FALSE(geo_point_valid(p));
    EXPECT_EQ(geohash_encode({-180, -GEO_LATITUDE_MAX}), 0u);
    EXPECT_EQ(geohash_encode({180, GEO_LATITUDE_MAX}), uint64_t{3} << 52);
    const geo_point corner = geohash_decode(uint64_t{3} << 52);
    EXPECT_EQ(corner.longitude, 180);
    EXPECT_EQ(corner.latitude, GEO_LATITUDE_MAX);
    EXPECT_TRUE(geo_point_valid(geohash_decode(UINT64_MAX)));
}

TEST(Geohash, TakesAnyScore)
{
    EXPECT_EQ(geohash_from_score(0), 0u);
    EXPECT_EQ(geohash_from_score(3.9), 3u);
    EXPECT_EQ(geohash_from_score(-0.9), 0u);
    EXPECT_EQ(geohash_from_score(-1), UINT64_MAX);
    EXPECT_EQ(geohash_from_score(std::ldexp(1, 63)), uint64_t{1} << 63);
    for (const double out : {INFINITY * 1.0, std::ldexp(1, 64), DBL_MAX})
        EXPECT_EQ(geohash_from_score(out), 0u);
    for (const double out : {-INFINITY * 1.0, -std::ldexp(1, 63), -DBL_MAX})
        EXPECT_EQ(geohash_from_score(out), uint64_t{1} << 63);
}

TEST(Geohash, GoesBackAndForth)
{
    std::mt19937_64 rng(test_seed());
    for (int i = 0; i < 20000; i++) {
        const uint64_t hash = rng() >> (12 + rng() % 50);
        EXPECT_EQ(geohash_encode(geohash_decode(hash)), hash);
        const geo_point p = somewhere(rng), back = geohash_decode(geohash_encode(p));
        EXPECT_NEAR(back.longitude, p.longitude, 180 / std::ldexp(1, 26) * 1.0001);
        EXPECT_NEAR(back.latitude, p.latitude, GEO_LATITUDE_MAX / std::ldexp(1, 26) * 1.0001);
        // A text of fewer letters is a larger cell: letters are shared by places that are near.
        const geo_point near = {std::fmin(p.longitude + 1e-9, 180), p.latitude};
        EXPECT_TRUE(text(near).substr(0, 6) == text(p).substr(0, 6) ||
                    std::fabs(std::remainder(p.longitude, 360 / std::ldexp(1, 15))) < 1e-5);
    }
}

TEST(Geohash, DistancesAreSymmetricAndOnTheSphere)
{
    std::mt19937_64 rng(test_seed());
    const double girth = 2 * M_PI * GEO_EARTH_RADIUS_M;
    EXPECT_EQ(geo_distance(palermo, palermo), 0);
    EXPECT_NEAR(geo_distance({0, 0}, {90, 0}), girth / 4, 1e-6);
    EXPECT_NEAR(geo_distance({-180, 10}, {180, 10}), 0, 1e-6);
    EXPECT_NEAR(geo_distance({0, 80}, {180, 80}), girth / 18, 1e-6) << "over the pole";
    for (int i = 0; i < 1000; i++) {
        const geo_point a = somewhere(rng), b = somewhere(rng);
        const double d = geo_distance(a, b);
        EXPECT_EQ(geo_distance(b, a), d);
        EXPECT_LE(d, girth / 2 + 1e-6);
    }
}

// --- areas
// -------------------------------------------------------------------------------------------------

struct Shape {
    geo_shape kind;
    geo_point center;
    double a, b; // radius, or width and height
    std::vector<geo_point> vertices;

    geo_area area() const
    {
        geo_area out;
        if (kind == GEO_CIRCLE)
            geo_area_circle(&out, center, a);
        else if (kind == GEO_BOX)
            geo_area_box(&out, center, a, b);
        else
            geo_area_polygon(&out, vertices.data(), static_cast<uint32_t>(vertices.size()));
        return out;
    }

    // As the words of the documentation have it.
    bool holds(geo_point p) const
    {
        if (kind == GEO_CIRCLE)
            return geo_distance(center, p) <= a;
        if (kind == GEO_BOX)
            return geo_distance({center.longitude, p.latitude}, p) <= a / 2 &&
                   geo_distance({p.longitude, center.latitude}, p) <= b / 2;
        int crossed = 0; // edges that a line to the north crosses
        for (size_t i = 0; i < vertices.size(); i++) {
            const geo_point &v = vertices[i], &w = vertices[(i + 1) % vertices.size()];
            if (std::fmin(v.longitude, w.longitude) <= p.longitude &&
                p.longitude < std::fmax(v.longitude, w.longitude)) {
                const double slope = (w.latitude - v.latitude) / (w.longitude - v.longitude);
                crossed += v.latitude + slope * (p.longitude - v.longitude) > p.latitude;
            }
        }
        return crossed % 2 == 1;
    }
};

// How many runs the hash is to be found in.
int runs_with(const geo_area &a, uint64_t hash)
{
    int n = 0;
    for (uint32_t i = 0; i < a.run_count; i++)
        n += hash >= a.runs[i].first && hash <= a.runs[i].last && geo_run_holds(&a.runs[i], hash);
    return n;
}

void expect_runs_in_order(const geo_area &a)
{
    ASSERT_LE(a.run_count, static_cast<uint32_t>(GEO_RUNS_MAX));
    for (uint32_t i = 0; i < a.run_count; i++) {
        EXPECT_LE(a.runs[i].first, a.runs[i].last);
        for (uint32_t k = 0; k < i; k++)
            EXPECT_TRUE(a.runs[i].last < a.runs[k].first || a.runs[k].last < a.runs[i].first);
    }
}

// A place in the area or not far from it.  Not on the map's edge: that is a cell of its own.
geo_point near(std::mt19937_64 &rng, const Shape &s)
{
    const double reach = (s.kind == GEO_CIRCLE ? s.a : std::fmax(s.a, s.b)) / 110'000;
    const double wide = reach / std::cos(GEO_RADIANS(s.center.latitude));
    const double x = s.center.longitude + between(rng, -1.5, 1.5) * wide;
    const double y = s.center.latitude + between(rng, -1.5, 1.5) * reach;
    return {std::remainder(x, 360) * (1 - 1e-9), std::fmin(std::fmax(y, -85.05), 85.05)};
}

void expect_found(const Shape &s, geo_point p, const geo_area &a)
{
    const uint64_t hash = geohash_encode(p);
    const geo_point q = geohash_decode(hash);
    double distance = -1;
    const bool holds = geo_area_holds(&a, hash, &distance);
    ASSERT_EQ(holds, s.holds(q)) << q.longitude << " " << q.latitude;
    ASSERT_EQ(geo_area_holds(&a, hash, nullptr), holds);
    if (!holds)
        return;
    ASSERT_EQ(distance, geo_distance(a.center, q));
    ASSERT_EQ(runs_with(a, hash), 1) << q.longitude << " " << q.latitude;
}

// Away from the poles, all that is inside is in one of the runs, and only in one.
TEST(GeoArea, CirclesAndBoxesAreCovered)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    for (int i = 0; i < 3000; i++) {
        const double size = std::pow(10, between(rng, -0.5, 5.7));
        Shape s = {rng() % 2 ? GEO_CIRCLE : GEO_BOX,
                   {between(rng, -180, 180), between(rng, -65, 65)},
                   size,
                   size * std::pow(10, between(rng, -1, 0.3)),
                   {}};
        if (rng() % 4 == 0)
            s.center.longitude = (rng() % 2 ? 180 : -180) * (1 - between(rng, 0, 1e-4));
        const geo_area a = s.area();
        expect_runs_in_order(a);
        for (int k = 0; k < 40; k++)
            expect_found(s, near(rng, s), a);
        expect_found(s, s.center, a);
    }
}

// Near the poles and with huge sizes not all is found, but what is in a cell is in its window.
TEST(GeoArea, WindowsLoseNothing)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    int found = 0, missed = 0;
    for (int i = 0; i < 3000; i++) {
        const double size = std::pow(10, between(rng, 2, 7.6));
        const Shape s = {rng() % 2 ? GEO_CIRCLE : GEO_BOX,
                         somewhere(rng),
                         size,
                         size * std::pow(10, between(rng, -2, 1)),
                         {}};
        const geo_area a = s.area();
        expect_runs_in_order(a);
        for (int k = 0; k < 40; k++) {
            const geo_point p = rng() % 2 ? near(rng, s) : somewhere(rng);
            const uint64_t hash = geohash_encode(p);
            ASSERT_EQ(geo_area_holds(&a, hash, nullptr), s.holds(geohash_decode(hash)));
            if (!s.holds(geohash_decode(hash)))
                continue;
            bool between_ends = false;
            for (uint32_t r = 0; r < a.run_count; r++)
                between_ends |= hash >= a.runs[r].first && hash <= a.runs[r].last;
            ASSERT_EQ(runs_with(a, hash), between_ends);
            (between_ends ? found : missed)++;
        }
    }
    EXPECT_GT(found, 50 * missed);
}

TEST(GeoArea, SizesWithoutEnd)
{
    for (const double size : {0.0, 1e300, INFINITY * 1.0}) {
        for (const geo_point c : {geo_point{0, 0}, geo_point{180, GEO_LATITUDE_MAX},
                                  geo_point{-180, -GEO_LATITUDE_MAX}, palermo}) {
            const uint64_t hash = geohash_encode(c);
            const Shape circle = {GEO_CIRCLE, geohash_decode(hash), size, size, {}};
            const Shape box = {GEO_BOX, geohash_decode(hash), size, size, {}};
            for (const Shape &s : {circle, box}) {
                const geo_area a = s.area();
                expect_runs_in_order(a);
                EXPECT_TRUE(geo_area_holds(&a, hash, nullptr));
                EXPECT_EQ(runs_with(a, hash), 1);
                EXPECT_EQ(geo_area_holds(&a, geohash_encode(catania), nullptr), size > 0);
            }
        }
    }
}

TEST(GeoArea, EdgesCount)
{
    const geo_point c = geohash_decode(geohash_encode(palermo));
    const uint64_t other = geohash_encode(catania);
    const double exact = geo_distance(c, geohash_decode(other));
    geo_area a;
    geo_area_circle(&a, c, exact);
    EXPECT_TRUE(geo_area_holds(&a, other, nullptr));
    EXPECT_EQ(runs_with(a, other), 1);
    geo_area_circle(&a, c, std::nextafter(exact, 0));
    EXPECT_FALSE(geo_area_holds(&a, other, nullptr));
}

// Vertices around a middle, so that edges do not cross; or any, so that they do.
std::vector<geo_point> vertices(std::mt19937_64 &rng)
{
    const geo_point middle = somewhere(rng);
    const double size = std::pow(10, between(rng, -4, 1.8));
    std::vector<double> angles;
    for (uint64_t n = 3 + rng() % 12; n > 0; n--)
        angles.push_back(between(rng, 0, 2 * M_PI));
    if (rng() % 4)
        std::sort(angles.begin(), angles.end());
    std::vector<geo_point> out;
    for (const double angle : angles) {
        const double r = size * between(rng, 0.1, 1);
        const double x = middle.longitude + r * std::cos(angle);
        const double y = middle.latitude + r * std::sin(angle);
        out.push_back({std::fmin(std::fmax(x, -180), 180),
                       std::fmin(std::fmax(y, -GEO_LATITUDE_MAX), GEO_LATITUDE_MAX)});
    }
    return out;
}

TEST(GeoArea, PolygonsAreCovered)
{
    const uint64_t seed = test_seed();
    std::mt19937_64 rng(seed);
    int inside = 0;
    for (int i = 0; i < 3000; i++) {
        const Shape s = {GEO_POLYGON, {}, 0, 0, vertices(rng)};
        const geo_area a = s.area();
        expect_runs_in_order(a);
        ASSERT_LE(a.run_count, 4u);
        for (int k = 0; k < 40; k++) {
            const geo_point &v = s.vertices[rng() % s.vertices.size()];
            const geo_point &w = s.vertices[rng() % s.vertices.size()];
            const double x = between(rng, -0.1, 1.1), y = between(rng, -0.1, 1.1);
            geo_point p = {v.longitude + x * (w.longitude - v.longitude),
                           v.latitude + y * (w.latitude - v.latitude)};
            if (!geo_point_valid(p))
                continue;
            expect_found(s, p, a);
            inside += s.holds(geohash_decode(geohash_encode(p)));
        }
    }
    EXPECT_GT(inside, 10000);
}

TEST(GeoArea, PolygonsHaveTheMeanOfTheirVerticesAsCentre)
{
    const std::vector<geo_point> square = {{1, 2}, {3, 2}, {3, 6}, {1, 6}};
    geo_area a;
    geo_area_polygon(&a, square.data(), 4);
    EXPECT_EQ(a.center.longitude, 2);
    EXPECT_EQ(a.center.latitude, 4);
    double distance = 0;
    EXPECT_TRUE(geo_area_holds(&a, geohash_encode({2, 4}), &distance));
    EXPECT_NEAR(distance, 0, 1);
    EXPECT_FALSE(geo_area_holds(&a, geohash_encode({0.99, 4}), &distance));
}

// --- rectangles
// --------------------------------------------------------------------------------------------------

TEST(GeoRun, NextIsTheLeastThatIsNotBelow)
{
    std::mt19937_64 rng(test_seed());
    for (int i = 0; i < 400; i++) {
        uint32_t x[2], y[2];
        for (int k = 0; k < 2; k++) {
            x[k] = static_cast<uint32_t>(rng() % 32);
            y[k] = static_cast<uint32_t>(rng() % 32);
        }
        // Any two bits above show that all of a hash is looked at.
        const uint64_t high = (rng() % 4) << 60;
        const geo_run r = {high | geohash_from_steps(std::min(x[0], x[1]), std::min(y[0], y[1])),
                           high | geohash_from_steps(std::max(x[0], x[1]), std::max(y[0], y[1]))};
        uint64_t want = UINT64_MAX;
        for (int at = 1023; at >= 0; at--) {
            const uint64_t hash = high | static_cast<uint64_t>(at);
            const uint32_t hx = geohash_gather(hash >> 1) & 31, hy = geohash_gather(hash) & 31;
            const bool holds = hx >= std::min(x[0], x[1]) && hx <= std::max(x[0], x[1]) &&
                               hy >= std::min(y[0], y[1]) && hy <= std::max(y[0], y[1]);
            ASSERT_EQ(geo_run_holds(&r, hash), holds);
            if (holds)
                want = hash;
            ASSERT_EQ(geo_run_next(&r, hash), want);
        }
        if (high) {
            EXPECT_EQ(geo_run_next(&r, 7), r.first);
        }
        EXPECT_EQ(geo_run_next(&r, high + 1024), UINT64_MAX);
    }
}

} // namespace
