// Places: replies, what is logged and told; searches against a search of every member.
#include "core/ds/geo_area.h"
#include "tests/core/cmd/cmd_fixture.h"
#include "tests/support/seed.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>

namespace
{

const char syntax[] = "-ERR syntax error";
const char wrong_type[] = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const char sicily[] = "geoadd Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";

class CmdGeo : public Commands
{
  protected:
    CmdGeo()
    {
        config_.limits.types.zset_max_listpack_entries = 128;
        config_.limits.types.zset_max_listpack_value = 64;
    }
};

TEST_F(CmdGeo, Adding)
{
    listen();
    play(
        {{sicily, ":2", sicily},
         {"geoadd Sicily 13.361389 38.115556 Palermo", ":0", ""},
         {"geoadd Sicily ch 13.5 38 Palermo 1 2 x", ":2", "geoadd Sicily ch 13.5 38 Palermo 1 2 x"},
         {"geoadd Sicily xx ch 13.6 38 Palermo 1 2 y", ":1"},
         {"geoadd Sicily nx ch 13.7 38 Palermo 1 2 y", ":1"},
         {"geoadd Sicily xx 1 2 z", ":0", ""},
         {"geoadd none xx 1 2 z", ":0", ""},
         {"exists none", ":0"},
         {"geoadd Sicily nx xx 1 2 z", syntax},
         {"geoadd Sicily nx 1 2", syntax},
         {"geoadd Sicily 1 2 z 3", syntax},
         {"geoadd Sicily a 2 z", "-ERR value is not a valid float"},
         {"geoadd Sicily 1 2 z 3 a q", "-ERR value is not a valid float", ""},
         {"geoadd Sicily 181 0 z", "-ERR invalid longitude,latitude pair 181.000000,0.000000"},
         {"geoadd Sicily inf 0 z", "-ERR invalid longitude,latitude pair inf,0.000000"},
         {"geoadd Sicily 0 85.0512 z", "-ERR invalid longitude,latitude pair 0.000000,85.051200"},
         {"set s x", "+OK"},
         {"geoadd s 1 2 z", wrong_type},
         {"geoadd s 1 99 z", "-ERR invalid longitude,latitude pair 1.000000,99.000000"}});
    EXPECT_EQ(events, (std::vector<std::string>{"0:zadd Sicily", "0:zadd Sicily", "0:zadd Sicily",
                                                "0:zadd Sicily", "0:set s"}));
}

TEST_F(CmdGeo, Reading)
{
    play({{sicily, ":2"},
          {"geopos Sicily Palermo none",
           "*2 *2 $20 13.36138933897018433 $20 38.11555639549629859 *-1", ""},
          {"geopos none a", "*1 *-1"},
          {"geopos Sicily", "*0"},
          {"geohash Sicily Palermo Catania none", "*3 $11 sqc8b49rny0 $11 sqdtr74hyu0 $-1", ""},
          {"geohash none a", "*1 $-1"},
          {"geodist Sicily Palermo Catania", "$11 166274.1516", ""},
          {"geodist Sicily Palermo Catania km", "$8 166.2742"},
          {"geodist Sicily Palermo Catania MI", "$8 103.3182"},
          {"geodist Sicily Palermo Catania ft", "$11 545518.8700"},
          {"geodist Sicily Palermo none", "$-1"},
          {"geodist none a b", "$-1"},
          {"geodist none a b mm", "-ERR unsupported unit provided. please use M, KM, FT, MI"},
          {"geodist none a b m x", syntax},
          {"set s x", "+OK"},
          {"geopos s a", wrong_type},
          {"geohash s a", wrong_type},
          {"geodist s a b", wrong_type}});
    session.reply.version = 3;
    play({{"geopos Sicily Palermo none", "*2 *2 ,13.36138933897018433 ,38.11555639549629859 _"},
          {"geohash Sicily none", "*1 _"},
          {"geodist Sicily Palermo Catania km", "$8 166.2742"}});
}

TEST_F(CmdGeo, Searching)
{
    play({{sicily, ":2"},
          {"geoadd Sicily 12.758489 38.788135 edge1 17.241510 38.788135 edge2", ":2"},
          {"geosearch Sicily fromlonlat 15 37 byradius 200 km asc", "*2 $7 Catania $7 Palermo", ""},
          {"geosearch Sicily fromlonlat 15 37 bybox 400 400 km asc withdist",
           "*4 *2 $7 Catania $7 56.4413 *2 $7 Palermo $8 190.4424 *2 $5 edge2 $8 279.7403 *2 "
           "$5 edge1 $8 279.7405"},
          {"geosearch Sicily frommember Palermo byradius 100 mi desc count 2 withhash",
           "*2 *2 $5 edge1 :3479273021651468 *2 $7 Palermo :3479099956230698"},
          {"geosearch Sicily fromlonlat 15 37 byradius 200 km count 1 any", "*1 $7 Palermo"},
          {"geosearch Sicily fromlonlat 15 37 byradius 1 km", "*0"},
          {"geosearch none fromlonlat 15 37 byradius 1 km", "*0"},
          {"georadius Sicily 15 37 200 km asc", "*2 $7 Catania $7 Palermo", ""},
          {"georadius_ro Sicily 15 37 100 km withcoord",
           "*1 *2 $7 Catania *2 $20 15.08726745843887329 $20 37.50266842333162032"},
          {"georadiusbymember Sicily Palermo 10 km", "*1 $7 Palermo", ""},
          {"georadiusbymember_ro Sicily Palermo 10 km store x", syntax},
          {"georadius_ro Sicily 15 37 100 km storedist x", syntax}});
}

TEST_F(CmdGeo, Storing)
{
    play({{sicily, ":2"}});
    listen();
    play({{"geosearchstore d Sicily fromlonlat 15 37 byradius 200 km", ":2",
           "geosearchstore d Sicily fromlonlat 15 37 byradius 200 km"},
          {"geohash d Palermo Catania", "*2 $11 sqc8b49rny0 $11 sqdtr74hyu0"},
          {"georadius Sicily 15 37 100 km store d", ":1", "georadius Sicily 15 37 100 km store d"},
          {"geohash d Palermo Catania", "*2 $-1 $11 sqdtr74hyu0"},
          {"georadiusbymember Sicily Palermo 1 km storedist e store d", ":1"},
          {"exists e", ":0"},
          {"geohash d Palermo Catania", "*2 $11 sqc8b49rny0 $-1"},
          {"geosearchstore d d fromlonlat 0 0 bybox 1 1 ft", ":0",
           "geosearchstore d d fromlonlat 0 0 bybox 1 1 ft"},
          {"exists d", ":0"},
          {"geosearchstore d d fromlonlat 0 0 bybox 1 1 ft", ":0", ""},
          {"set d x", "+OK"},
          {"geosearchstore d none fromlonlat 0 0 bybox 1 1 ft", ":0"},
          {"exists d", ":0"},
          {"set d x", "+OK"},
          {"geosearchstore d d fromlonlat 0 0 bybox 1 1 ft", wrong_type},
          {"geosearchstore Sicily Sicily fromlonlat 15 37 byradius 100 km storedist", ":1"},
          {"geopos Sicily Palermo", "*1 *-1"}});
    EXPECT_EQ(events, (std::vector<std::string>{"0:geosearchstore d", "0:georadiusstore d",
                                                "0:georadiusstore d", "0:del d", "0:set d",
                                                "0:del d", "0:set d", "0:geosearchstore Sicily"}));
}

TEST_F(CmdGeo, MembersThatAreNumbers)
{
    play({{"geoadd k 1 1 1 1 1.1 22 1 1.2 -333 1 1.3 9223372036854775807", ":4"},
          {"object encoding k", "$8 listpack"},
          {"geosearch k fromlonlat 1 1 byradius 100 km asc",
           "*4 $1 1 $2 22 $4 -333 $19 9223372036854775807"},
          {"geosearch k fromlonlat 1 1 byradius 100 km desc count 2",
           "*2 $19 9223372036854775807 $4 -333"},
          {"geosearchstore d k fromlonlat 1 1 byradius 100 km asc count 2", ":2"},
          {"geosearch d frommember 22 byradius 100 km desc", "*2 $1 1 $2 22"}});
}

TEST_F(CmdGeo, EqualDistancesStayInTheirOrder)
{
    play({{"geoadd k 1 1 c 1 1 a 1 1 b 1 1.1 d", ":4"},
          {"geosearch k fromlonlat 1 1 byradius 100 km asc", "*4 $1 a $1 b $1 c $1 d"},
          {"geosearch k fromlonlat 1 1 byradius 100 km desc", "*4 $1 d $1 a $1 b $1 c"},
          {"geosearch k fromlonlat 1 1 byradius 100 km count 2", "*2 $1 a $1 b"},
          {"geosearch k fromlonlat 1 1 byradius 100 km desc count 3", "*3 $1 d $1 a $1 b"}});
}

// The first word that is wrong is told, and then what does not fit together.
TEST_F(CmdGeo, WrongWords)
{
    const char decode[] = "-ERR could not decode requested zset member";
    const char from[] =
        "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GeoSearch";
    const char by[] = "-ERR exactly one of BYRADIUS and BYBOX can be specified for GeoSearch";
    play({{sicily, ":2"},
          {"geosearch Sicily frommember x byradius y km", decode},
          {"geosearch none frommember x byradius 1 km", "*0"},
          {"geosearch Sicily frommember Palermo fromlonlat 1 1 byradius 1 km", syntax},
          {"geosearch Sicily fromlonlat 1 1 frommember Palermo byradius 1 km", syntax},
          {"geosearch Sicily fromlonlat 1 1 byradius 1 km bybox 1 1 km", syntax},
          {"geosearch Sicily fromlonlat 1 1 bybox 1 1 km byradius 1 km", syntax},
          {"geosearch Sicily fromlonlat 1 x byradius y mm", "-ERR value is not a valid float"},
          {"geosearch Sicily fromlonlat 1 1 byradius x mm", "-ERR need numeric radius"},
          {"geosearch Sicily fromlonlat 1 1 byradius -1 mm", "-ERR radius cannot be negative"},
          {"geosearch Sicily fromlonlat 1 1 bybox x y mm", "-ERR need numeric width"},
          {"geosearch Sicily fromlonlat 1 1 bybox 1 y mm", "-ERR need numeric height"},
          {"geosearch Sicily fromlonlat 1 1 bybox 1 -1 m",
           "-ERR height or width cannot be negative"},
          {"geosearch Sicily fromlonlat 1 1 byradius 1 km count x asc",
           "-ERR value is not an integer or out of range"},
          {"geosearch Sicily fromlonlat 1 1 byradius 1 km count 0", "-ERR COUNT must be > 0"},
          {"geosearch Sicily fromlonlat 1 1 byradius 1 km count", syntax},
          {"geosearch Sicily fromlonlat 1 1 byradius 1 km any",
           "-ERR the ANY argument requires COUNT argument"},
          {"GeoSearch Sicily byradius 1 km count 1 any", from},
          {"GeoSearch Sicily fromlonlat 1 1 asc any", by},
          {"geosearch Sicily fromlonlat 1 1 byradius 1 km storedist", syntax},
          {"geosearchstore d Sicily fromlonlat 1 1 byradius 1 km withdist",
           "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"},
          {"georadius Sicily 1 1 1 km store d withcoord",
           "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD "
           "options"},
          {"georadius Sicily 1 1 1 km byradius 1 km", syntax},
          {"georadiusbymember Sicily x 1 km", decode},
          {"georadiusbymember none x y mm", "*0"},
          {"georadius none 1 1 y mm", "-ERR need numeric radius"}});
}

TEST_F(CmdGeo, Polygons)
{
    play({{"geoadd S 13.361389 38.115556 Palermo 14.733333 36.933333 Ragusa 15.087269 37.502669 "
           "Catania 15.287602 37.070104 Siracusa 13.588412 37.311348 Agrigento",
           ":5"},
          // As the release notes of the option show it.
          {"geosearch S bypolygon 6 13.268550 38.354626 15.379554 37.143270 14.7 36.6 14.193438 "
           "37.334376 12.972021 38.138380 13.3 38.2",
           "*3 $7 Palermo $6 Ragusa $8 Siracusa"},
          {"geosearch S bypolygon 4 15 37 15.2 37 15.2 38 15 38 withdist",
           "*1 *2 $7 Catania $9 1162.0631"},
          {"geosearchstore d S bypolygon 3 13 38 14 38 13.3 39 storedist", ":1",
           "geosearchstore d S bypolygon 3 13 38 14 38 13.3 39 storedist"},
          {"geosearch S bypolygon 3 13 38 14 38 13.3 39 frommember Palermo", syntax},
          {"geosearch S frommember Palermo bypolygon 3 13 38 14 38 13.3 39", syntax},
          {"geosearch S bypolygon 3 13 38 14 38 13.3 39 byradius 1 km", syntax},
          {"geosearch S byradius 1 km bypolygon 3 13 38 14 38 13.3 39", syntax},
          {"geosearch S bypolygon 3 13 38 14 38 13.3", syntax},
          {"geosearch S bypolygon 4 13 38 14 38 13.3 39", syntax},
          {"geosearch S bypolygon 9223372036854775807 13 38 14 38", syntax},
          {"geosearch S bypolygon x 13 38 14 38", "-ERR value is not an integer or out of range"},
          {"geosearch S bypolygon 2 13 38 14 38",
           "-ERR GEOSEARCH BYPOLYGON must have at least 3 vertices"},
          {"geosearch S bypolygon 3 13 38 14 x 13 39", "-ERR value is not a valid float"},
          {"geosearch S bypolygon 3 13 38 14 99 13 39",
           "-ERR invalid longitude,latitude pair 14.000000,99.000000"},
          {"geosearch none bypolygon 3 13 38 14 38 13.3 39", "*0"}});
}

// --- against a search of every member
// -----------------------------------------------------------------------------

class CmdGeoMany : public CmdGeo, public ::testing::WithParamInterface<int>
{
  protected:
    using Place = std::pair<std::string, geo_point>;

    double between(double low, double high)
    {
        return std::uniform_real_distribution<double>(low, high)(rng_);
    }

    // Half of them in a crowd, so that runs are long and leave their rectangles often.
    void add_places(int n)
    {
        for (int i = 0; i < n; i++) {
            geo_point p = {between(-180, 180), between(-80, 80)};
            if (i % 2)
                p = {between(9, 11), between(49, 51)};
            const std::string name = i % 3 ? "m" + std::to_string(i) : std::to_string(i);
            EXPECT_EQ(call({"geoadd", "k", std::to_string(p.longitude), std::to_string(p.latitude),
                            name}),
                      ":1\r\n");
            effects();
            p = {std::stod(std::to_string(p.longitude)), std::stod(std::to_string(p.latitude))};
            places_[name] = geohash_decode(geohash_encode(p));
        }
    }

    std::vector<std::string> found(const std::vector<std::string> &words)
    {
        std::istringstream in(call(words));
        std::vector<std::string> names;
        std::string line;
        std::getline(in, line);
        while (std::getline(in, line) && std::getline(in, line))
            names.push_back(line.substr(0, line.size() - 1));
        return names;
    }

    std::vector<std::string> names_within(geo_point center, double radius_m)
    {
        std::vector<std::pair<double, std::string>> rows;
        for (const auto &[name, p] : places_)
            if (const double d = geo_distance(center, p); d <= radius_m)
                rows.emplace_back(d, name);
        std::sort(rows.begin(), rows.end());
        std::vector<std::string> names;
        for (const auto &row : rows)
            names.push_back(row.second);
        return names;
    }

    std::map<std::string, geo_point> places_;
    std::mt19937_64 rng_{test_seed()};
};

TEST_P(CmdGeoMany, FindsWhatIsThere)
{
    config_.limits.types.zset_max_listpack_entries = GetParam() < 1000 ? 1000 : 0;
    add_places(GetParam());
    EXPECT_EQ(run("object encoding k"), GetParam() < 1000 ? "$8 listpack" : "$8 skiplist");
    size_t hits = 0;
    for (int i = 0; i < 300; i++) {
        geo_point c = {between(-180, 180), between(-60, 60)};
        if (i % 2)
            c = {between(9, 11), between(49, 51)};
        const std::string x = std::to_string(c.longitude), y = std::to_string(c.latitude);
        c = {std::stod(x), std::stod(y)};
        const double radius = std::round(std::pow(10, between(2, 6)));
        const std::vector<std::string> head = {
            "geosearch", "k", "fromlonlat", x, y, "byradius", std::to_string(radius), "m"};
        const auto with = [&head](std::initializer_list<const char *> more) {
            std::vector<std::string> words = head;
            words.insert(words.end(), more.begin(), more.end());
            return words;
        };
        const std::vector<std::string> want = names_within(c, radius);
        hits += want.size();
        ASSERT_EQ(found(with({"asc"})), want) << x << " " << y << " " << radius;
        ASSERT_EQ(found(with({"desc"})), std::vector<std::string>(want.rbegin(), want.rend()));
        std::vector<std::string> some = found(head), all = want;
        std::sort(some.begin(), some.end());
        std::sort(all.begin(), all.end());
        ASSERT_EQ(some, all);
        const size_t n = std::min<size_t>(want.size(), 7);
        ASSERT_EQ(found(with({"count", "7"})),
                  std::vector<std::string>(want.begin(), want.begin() + n));
        ASSERT_EQ(found(with({"count", "7", "desc"})),
                  std::vector<std::string>(want.rbegin(), want.rbegin() + n));
        const std::vector<std::string> first = found(head);
        ASSERT_EQ(found(with({"count", "7", "any"})),
                  std::vector<std::string>(first.begin(), first.begin() + n));
    }
    EXPECT_GT(hits, 3000u);
}

TEST_P(CmdGeoMany, FindsWhatIsInPolygons)
{
    add_places(GetParam());
    for (int i = 0; i < 100; i++) {
        // A triangle around a place in the crowd; sides tell what is inside.
        geo_point v[3];
        std::vector<std::string> words = {"geosearch", "k", "bypolygon", "3"};
        for (geo_point &p : v) {
            p = {std::round(between(8, 12) * 1000) / 1000,
                 std::round(between(48, 52) * 1000) / 1000};
            words.insert(words.end(), {std::to_string(p.longitude), std::to_string(p.latitude)});
        }
        const auto side = [](geo_point a, geo_point b, geo_point p) {
            return (b.longitude - a.longitude) * (p.latitude - a.latitude) >
                   (b.latitude - a.latitude) * (p.longitude - a.longitude);
        };
        std::vector<std::string> want;
        for (const auto &[name, p] : places_)
            if (side(v[0], v[1], p) == side(v[1], v[2], p) &&
                side(v[1], v[2], p) == side(v[2], v[0], p))
                want.push_back(name);
        std::vector<std::string> got = found(words);
        std::sort(got.begin(), got.end());
        ASSERT_EQ(got, want);
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, CmdGeoMany, ::testing::Values(300, 5000));

} // namespace
