/*
 * geo_query.h — the words of GEOSEARCH and its relatives: where to search, and what becomes of what
 * is found.
 */
#ifndef LK_CMD_GEO_QUERY_H
#define LK_CMD_GEO_QUERY_H

#include "core/cmd/engine/exec.h"
#include "core/ds/geo_area.h"

LK_BEGIN

/* What a row says of its words, in imm. */
enum geo_form {
    GEO_FORM_RADIUS,        /* key longitude latitude radius unit … */
    GEO_FORM_MEMBER,        /* key member radius unit … */
    GEO_FORM_SEARCH,        /* key …: centre and shape are options */
    GEO_FORM_SEARCH_STORED, /* destination key … */
    GEO_FORM_MASK = 3,
    GEO_FORM_READS_ONLY = 4, /* no STORE */
};

enum geo_order { GEO_UNSORTED, GEO_NEAREST_FIRST, GEO_FARTHEST_FIRST };

struct geo_query {
    struct geo_area area;
    struct buf vertices; /* of a polygon */
    double unit_m;       /* distances are told in it */
    enum geo_order order;
    int64_t count; /* at most so many; 0: all */
    bool any;      /* the first that are found will do */
    bool with_distance, with_hash, with_point;
    uint32_t store; /* the argument that names the destination; 0: there is none */
    bool store_distance;
};

/* The argument that names the key to be searched. */
uint32_t geo_query_source(const struct exec *x);

/*
 * Reads all arguments; v is the value of the source, which may not exist: then the area is not
 * filled in.  False if the error line is written.  Release it in both cases.
 */
bool geo_query_parse(struct exec *x, const struct args *a, const struct value *v,
                     struct geo_query *q);
void geo_query_release(struct geo_query *q);

/* Where the keys of GEORADIUS and GEORADIUSBYMEMBER are; as command.find_keys. */
int geo_radius_keys(const struct args *a, struct key_ref *refs, uint32_t max);
int geo_member_keys(const struct args *a, struct key_ref *refs, uint32_t max);

LK_END

#endif
