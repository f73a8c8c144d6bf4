/* generate_geo.cc — every command of places, near the edges of the map as well as far from them. */
#include "tests/support/generate.h"

#include <cmath>
#include <cstdio>

namespace lk
{

namespace
{

std::string geo_key(Random &random)
{
    static const std::vector<std::string> keys = {"geo1", "geo2", "geo3", "geo:many", "none"};
    return random.one_in(30) ? any_key(random) : random.pick(keys);
}

std::string member(Random &random)
{
    static const std::vector<std::string> odd = {"", "007", "STORE", std::string(65, 'x'),
                                                 "-9223372036854775808"};
    if (random.one_in(15))
        return random.pick(odd);
    return (random.one_in(3) ? "" : "m") +
           std::to_string(random.below(random.one_in(4) ? 400 : 25));
}

/* From -1 to 1, and mostly near 0. */
double offset(Random &random)
{
    const double unit = static_cast<double>(random.below(2'000'001)) / 1e6 - 1;
    return unit * std::pow(10, -static_cast<double>(random.below(8)));
}

std::string number(Random &random, double v)
{
    char text[64];
    snprintf(text, sizeof text, "%.*f", random.one_in(3) ? 6 : 15, v);
    return text;
}

double clamp(double v, double limit)
{
    return std::fmin(std::fmax(v, -limit), limit);
}

/* Near one of a few places, so that searches find something. */
void add_point(Random &random, Args &args)
{
    static const std::vector<std::pair<double, double>> places = {
        {0, 0},     {13.361389, 38.115556}, {180, 0},
        {-180, 40}, {179.9, -66.01},        {20, 85.05112878},
        {-160, 85}, {100, -85.05112878},    {90, 80.001},
        {-45, 45},  {-122.4, -37.774},      {0.0001, 66.001}};
    static const std::vector<std::string> odd = {"180.0001", "-181", "85.06", "abc", "",
                                                 "inf",      "nan",  "1e2",   "0x10"};
    const auto &[longitude, latitude] = random.pick(places);
    double x = longitude + 40 * offset(random), y = latitude + 40 * offset(random);
    if (random.one_in(8)) {
        x = static_cast<double>(random.below(360'000'000)) / 1e6 - 180;
        y = static_cast<double>(random.below(170'000'000)) / 1e6 - 85;
    }
    args.insert(args.end(), {number(random, clamp(x, 180)), number(random, clamp(y, 85.05112878))});
    if (random.one_in(60))
        args[args.size() - 1 - random.below(2)] = random.pick(odd);
    else if (random.one_in(40))
        args[args.size() - 2] = random.one_in(2) ? "180" : "-180";
    else if (random.one_in(40))
        args[args.size() - 1] = random.one_in(2) ? "85.05112878" : "-85.05112878";
}

std::string unit(Random &random)
{
    static const std::vector<std::string> units = {"m",  "km", "ft", "mi", "KM",
                                                   "Mi", "km", "m",  "km", "m"};
    return random.one_in(80) ? "mm" : random.pick(units);
}

std::string length(Random &random)
{
    static const std::vector<std::string> odd = {"0",     "-1",  "inf",  "nan", "abc",
                                                 "1e300", "1e9", "-inf", "",    "21000"};
    char text[64];
    if (random.one_in(30))
        return random.pick(odd);
    const double size = 1 + static_cast<double>(random.below(900)) / 100;
    snprintf(text, sizeof text, "%g", size * std::pow(10, random.below(8)));
    return text;
}

Args add(Random &random)
{
    static const std::vector<std::string> flags = {"NX", "XX", "CH", "nx", "ch"};
    Args args = {"GEOADD", geo_key(random)};
    for (size_t n = random.one_in(3) ? random.below(3) : 0; n > 0; n--)
        args.push_back(random.pick(flags));
    for (size_t n = random.one_in(12) ? random.below(160) : 1 + random.below(4); n > 0; n--) {
        add_point(random, args);
        args.push_back(member(random));
    }
    return args;
}

/* A set of places is a sorted set, and any other may be taken for one. */
Args set_score(Random &random)
{
    static const std::vector<std::string> scores = {"0",
                                                    "-1",
                                                    "0.5",
                                                    "3479099956230698.5",
                                                    "4503599627370496",
                                                    "13510798882111488",
                                                    "1e18",
                                                    "1e19",
                                                    "inf",
                                                    "-inf",
                                                    "-1e300",
                                                    "3479099956230698",
                                                    "1234567",
                                                    "-0.5",
                                                    "1e15",
                                                    "4503599627370495"};
    return {"ZADD", geo_key(random), random.pick(scores), member(random)};
}

Args members(Random &random, const char *name)
{
    Args args = {name, geo_key(random)};
    for (size_t n = random.below(random.one_in(5) ? 30 : 4); n > 0; n--)
        args.push_back(member(random));
    return args;
}

Args distance(Random &random)
{
    Args args = {"GEODIST", geo_key(random), member(random), member(random)};
    if (random.one_in(2))
        args.push_back(unit(random));
    return args;
}

void add_center(Random &random, Args &args)
{
    if (random.one_in(3)) {
        args.insert(args.end(), {"FROMMEMBER", member(random)});
        return;
    }
    args.push_back("FROMLONLAT");
    add_point(random, args);
}

void add_shape(Random &random, Args &args)
{
    if (random.one_in(2))
        args.insert(args.end(), {"BYRADIUS", length(random), unit(random)});
    else
        args.insert(args.end(), {"bybox", length(random), length(random), unit(random)});
}

/*
 * What may stand behind the head of any search.  Which of several members at the same distance come
 * in front of the limit is nobody's promise: so distances are told where that matters, and what is
 * stored does not depend on it.
 */
void add_options(Random &random, Args &args, bool stores)
{
    static const std::vector<std::string> withs = {"WITHDIST", "WITHCOORD", "WITHHASH", "withdist"};
    for (size_t n = stores ? random.one_in(40) : random.below(4); n > 0; n--)
        args.push_back(random.pick(withs));
    if (random.one_in(2))
        args.push_back(random.one_in(2) ? "ASC" : "desc");
    if (!random.one_in(3))
        return;
    const bool any = stores || random.one_in(3);
    args.push_back(any ? "ANY" : "WITHDIST");
    args.insert(args.end(), {"COUNT", random.one_in(12) ? any_integer(random)
                                                        : std::to_string(random.below(30))});
}

Args search(Random &random)
{
    Args args = {"GEOSEARCH", geo_key(random)};
    const bool shape_first = random.one_in(4);
    if (shape_first)
        add_shape(random, args);
    if (!random.one_in(60))
        add_center(random, args);
    if (!shape_first && !random.one_in(60))
        add_shape(random, args);
    if (random.one_in(60))
        random.one_in(2) ? add_center(random, args) : add_shape(random, args);
    add_options(random, args, false);
    return args;
}

Args search_and_store(Random &random)
{
    Args args = {"GEOSEARCHSTORE", geo_key(random), geo_key(random)};
    add_center(random, args);
    add_shape(random, args);
    if (random.one_in(3))
        args.push_back("STOREDIST");
    add_options(random, args, true);
    return args;
}

Args radius(Random &random)
{
    const bool by_member = random.one_in(3), reads = random.one_in(3);
    Args args = {by_member ? "GEORADIUSBYMEMBER" : "GEORADIUS", geo_key(random)};
    if (reads)
        args[0] += "_RO";
    if (by_member)
        args.push_back(member(random));
    else
        add_point(random, args);
    args.insert(args.end(), {length(random), unit(random)});
    const bool stores = random.one_in(reads ? 30 : 3);
    for (size_t n = stores ? 1 + random.one_in(6) : 0; n > 0; n--)
        args.insert(args.end(), {random.one_in(2) ? "STORE" : "storedist", geo_key(random)});
    add_options(random, args, stores);
    return args;
}

} // namespace

Args next_geo(Random &random)
{
    switch (random.below(28)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        return add(random);
    case 6:
        return members(random, "GEOPOS");
    case 7:
        return members(random, "GEOHASH");
    case 8:
    case 9:
        return distance(random);
    case 10:
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
        return search(random);
    case 16:
    case 17:
        return search_and_store(random);
    case 18:
    case 19:
    case 20:
        return radius(random);
    case 21:
        return {"DEBUG", "DIGEST-VALUE", geo_key(random), geo_key(random)};
    case 22:
        return {"OBJECT", "ENCODING", geo_key(random)};
    case 23:
        return {"ZRANGE", geo_key(random), "0", "-1", "WITHSCORES"};
    case 24:
        return members(random, "ZREM");
    case 25:
        return set_score(random);
    case 26:
        return random.one_in(6) ? Args{"SET", geo_key(random), "v"} : set_score(random);
    default:
        return random.one_in(2) ? Args{"DEL", geo_key(random)} : Args{"TYPE", geo_key(random)};
    }
}

} // namespace lk
