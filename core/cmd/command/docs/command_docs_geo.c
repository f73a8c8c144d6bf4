/*
 * command_docs_geo.c — what the commands of places are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define LOG    "O(log(N)), N being the size of the set"
#define EACH   "O(log(N)) a member, N being the size of the set"
#define AROUND "O(N+log(M)), N being the members near the area, M the size of the set"

#define POINT "longitude:d latitude:d"
#define UNIT  "unit<m@M km@KM ft@FT mi@MI>"
#define ORDER " order<asc@ASC desc@DESC>?"
#define WITH  " withcoord@WITHCOORD? withdist@WITHDIST? withhash@WITHHASH?"
#define COUNT " count{count:i@COUNT any@ANY?}?"
/* Of commands that are older than ANY. */
#define COUNT_320 " count{count:i@COUNT any@ANY?^6.2.0}?"
#define STORE     " store<key:k1@STORE key:k2@STOREDIST>?"
#define WHERE                                                                                      \
    " from<member:s@FROMMEMBER longitude_latitude{" POINT                                          \
    "}@FROMLONLAT>? by<circle{radius:d@BYRADIUS " UNIT "} box{width:d@BYBOX height:d " UNIT        \
    "} polygon{num-vertices:i@BYPOLYGON vertex{" POINT "}*}^9.0.0>"

#define RADIUS    "key:k0 " POINT " radius:d " UNIT WITH COUNT_320 ORDER
#define BY_MEMBER "key:k0 member:s radius:d " UNIT WITH COUNT ORDER
#define INSTEAD   "`GEOSEARCH` with the `BYRADIUS` argument"
#define OR_STORE  "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"

static const struct command_doc rows[] = {
    DOC("geoadd", "3.2.0", EACH, "Gives members a place; adds those that are not there.",
        .arguments = "key:k0 condition<nx@NX xx@XX>?^6.2.0 change@CH?^6.2.0 "
                     "longitude_latitude_member{" POINT " member:s}*"),
    DOC("geodist", "3.2.0", LOG, "How far two members are apart.",
        .arguments = "key:k0 member1:s member2:s " UNIT "?"),
    DOC("geohash", "3.2.0", EACH, "The places of members as geohash texts.",
        .arguments = "key:k0 member:s*"),
    DOC("geopos", "3.2.0", EACH, "The longitudes and latitudes of members.",
        .arguments = "key:k0 member:s*"),
    DOC("georadius", "3.2.0", AROUND,
        "Finds, and may store, the members within a distance from a place.",
        .arguments = RADIUS STORE, .deprecated = "6.2.0", .instead = OR_STORE),
    DOC("georadius_ro", "3.2.10", AROUND, "Finds the members within a distance from a place.",
        .arguments = RADIUS, .deprecated = "6.2.0", .instead = INSTEAD),
    DOC("georadiusbymember", "3.2.0", AROUND,
        "Finds, and may store, the members within a distance from one of them.",
        .arguments = BY_MEMBER STORE, .deprecated = "6.2.0",
        .instead =
            "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"),
    DOC("georadiusbymember_ro", "3.2.10", AROUND,
        "Finds the members within a distance from one of them.", .arguments = BY_MEMBER,
        .deprecated = "6.2.0",
        .instead = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"),
    DOC("geosearch", "6.2.0", AROUND, "Finds the members in a circle, a box or a polygon.",
        .arguments = "key:k0" WHERE ORDER COUNT WITH),
    DOC("geosearchstore", "6.2.0", AROUND, "Stores the members in a circle, a box or a polygon.",
        .arguments = "destination:k0 source:k1" WHERE ORDER COUNT " storedist@STOREDIST?"),
};

const struct command_docs command_docs_geo = {"geo", rows, sizeof rows / sizeof rows[0]};
