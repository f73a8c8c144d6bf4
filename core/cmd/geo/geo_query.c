/*
 * geo_query.c — options in any order; the first word that is wrong is the one that is told.
 *
 * A word is taken only where it may stand: FROMMEMBER not behind FROMLONLAT, BYBOX not behind
 * BYRADIUS.  The same word again replaces what it said before.
 */
#include "core/cmd/geo/geo_query.h"

#include "core/cmd/geo/geo_words.h"
#include "core/types/zset.h"

#include <math.h>

/* Which of the words that exclude each other was there. */
enum center_word { NO_CENTER, FROM_MEMBER, FROM_POINT };
enum shape_word { NO_SHAPE, BY_RADIUS, BY_BOX, BY_POLYGON };

enum { VERTICES_LEAST = 3 };

struct parser {
    struct exec *x;
    const struct args *a;
    const struct value *v;
    struct geo_query *q;
    enum geo_form form;
    uint32_t i; /* the argument that is looked at */
    enum center_word from;
    enum shape_word by;
    struct geo_point center;
    double width_m, height_m; /* BY_RADIUS: the radius is width_m */
};

/* Ends the parsing. */
static bool geo_query_wrong(struct parser *p, const char *text)
{
    reply_error(p->x->reply, "%s", text);
    return false;
}

static bool geo_query_wrong_status(struct parser *p, int status)
{
    reply_status(p->x, status);
    return false;
}

/* --- where ----------------------------------------------------------------------------------- */

/* The centre is where that member lies. */
static bool geo_query_parse_member(struct parser *p, uint32_t i)
{
    double score;
    p->from = FROM_MEMBER;
    if (!value_exists(p->v))
        return true;
    if (!zset_score(p->v, p->a->v[i], &score))
        return geo_query_wrong(p, "ERR could not decode requested zset member");
    p->center = geohash_decode(geohash_from_score(score));
    return true;
}

static bool parse_point(struct parser *p, uint32_t i)
{
    p->from = FROM_POINT;
    return geo_parse_point(p->x, p->a, i, &p->center);
}

/* A radius and its unit. */
static bool parse_radius(struct parser *p, uint32_t i)
{
    double radius;
    p->by = BY_RADIUS;
    if (args_double(p->a, i, &radius) != LK_OK)
        return geo_query_wrong(p, "ERR need numeric radius");
    if (radius < 0)
        return geo_query_wrong(p, "ERR radius cannot be negative");
    if (!geo_parse_unit(p->x, p->a, i + 1, &p->q->unit_m))
        return false;
    p->width_m = radius * p->q->unit_m;
    return true;
}

static bool parse_box(struct parser *p, uint32_t i)
{
    double width, height;
    p->by = BY_BOX;
    if (args_double(p->a, i, &width) != LK_OK)
        return geo_query_wrong(p, "ERR need numeric width");
    if (args_double(p->a, i + 1, &height) != LK_OK)
        return geo_query_wrong(p, "ERR need numeric height");
    if (width < 0 || height < 0)
        return geo_query_wrong(p, "ERR height or width cannot be negative");
    if (!geo_parse_unit(p->x, p->a, i + 2, &p->q->unit_m))
        return false;
    p->width_m = width * p->q->unit_m;
    p->height_m = height * p->q->unit_m;
    return true;
}

/* How many vertices, and each of them; p->i moves to the last word. */
static bool parse_polygon(struct parser *p, uint32_t i)
{
    struct buf *vertices = &p->q->vertices;
    int64_t n;
    p->by = BY_POLYGON;
    if (args_int64(p->a, i, &n) != LK_OK)
        return geo_query_wrong_status(p, LK_ENOTINT);
    if (n < VERTICES_LEAST)
        return geo_query_wrong(p, "ERR GEOSEARCH BYPOLYGON must have at least 3 vertices");
    if (n > (p->a->n - i - 1) / 2)
        return geo_query_wrong_status(p, LK_ESYNTAX);
    vertices->size = 0;
    for (int64_t k = 0; k < n; k++) {
        struct geo_point vertex;
        if (!geo_parse_point(p->x, p->a, i + 1 + 2 * (uint32_t)k, &vertex))
            return false;
        buf_append(vertices, &vertex, sizeof vertex);
    }
    p->q->unit_m = 1;
    p->i = i + 2 * (uint32_t)n;
    return true;
}

/* --- options --------------------------------------------------------------------------------- */

/* Is it that word, may it stand here, and do that many more follow?  Then they are skipped. */
static bool geo_query_takes(struct parser *p, const char *word, uint32_t more, bool allowed)
{
    if (!allowed || !args_is(p->a, p->i, word) || p->a->n - p->i - 1 < more)
        return false;
    p->i += more;
    return true;
}

static bool geo_query_parse_count(struct parser *p)
{
    if (args_int64(p->a, p->i, &p->q->count) != LK_OK)
        return geo_query_wrong_status(p, LK_ENOTINT);
    return p->q->count > 0 || geo_query_wrong(p, "ERR COUNT must be > 0");
}

/* Words that stand alone. */
static bool parse_switch(struct parser *p)
{
    struct geo_query *q = p->q;
    const struct {
        const char *word;
        bool *on;
    } switches[] = {{"withdist", &q->with_distance},
                    {"withhash", &q->with_hash},
                    {"withcoord", &q->with_point},
                    {"any", &q->any}};
    for (size_t k = 0; k < sizeof switches / sizeof switches[0]; k++) {
        if (args_is(p->a, p->i, switches[k].word)) {
            *switches[k].on = true;
            return true;
        }
    }
    if (args_is(p->a, p->i, "asc"))
        q->order = GEO_NEAREST_FIRST;
    else if (args_is(p->a, p->i, "desc"))
        q->order = GEO_FARTHEST_FIRST;
    else
        return false;
    return true;
}

/* Centre and shape. */
static bool parse_where(struct parser *p)
{
    if (geo_query_takes(p, "frommember", 1, p->from != FROM_POINT && p->by != BY_POLYGON))
        return geo_query_parse_member(p, p->i);
    if (geo_query_takes(p, "fromlonlat", 2, p->from != FROM_MEMBER && p->by != BY_POLYGON))
        return parse_point(p, p->i - 1);
    if (geo_query_takes(p, "byradius", 2, p->by == NO_SHAPE || p->by == BY_RADIUS))
        return parse_radius(p, p->i - 1);
    if (geo_query_takes(p, "bybox", 3, p->by == NO_SHAPE || p->by == BY_BOX))
        return parse_box(p, p->i - 2);
    if (geo_query_takes(p, "bypolygon", 1, !p->from && (p->by == NO_SHAPE || p->by == BY_POLYGON)))
        return parse_polygon(p, p->i);
    return geo_query_wrong_status(p, LK_ESYNTAX);
}

static bool parse_option(struct parser *p)
{
    const bool searches = (p->form & GEO_FORM_MASK) >= GEO_FORM_SEARCH;
    const bool may_store = !searches && !(p->form & GEO_FORM_READS_ONLY);
    if (parse_switch(p))
        return true;
    if (geo_query_takes(p, "count", 1, true))
        return geo_query_parse_count(p);
    if (geo_query_takes(p, "store", 1, may_store)) {
        p->q->store = p->i;
        p->q->store_distance = false;
        return true;
    }
    if (geo_query_takes(p, "storedist", 1, may_store)) {
        p->q->store = p->i;
        p->q->store_distance = true;
        return true;
    }
    if (geo_query_takes(p, "storedist", 0, (p->form & GEO_FORM_MASK) == GEO_FORM_SEARCH_STORED)) {
        p->q->store_distance = true;
        return true;
    }
    return searches ? parse_where(p) : geo_query_wrong_status(p, LK_ESYNTAX);
}

/* --- the whole ------------------------------------------------------------------------------- */

/* The words in front of the options, whose places are fixed. */
static bool parse_head(struct parser *p)
{
    switch (p->form & GEO_FORM_MASK) {
    case GEO_FORM_RADIUS:
        p->i = 6;
        return parse_point(p, 2) && parse_radius(p, 4);
    case GEO_FORM_MEMBER:
        p->i = 5;
        /* Nobody looks at the rest where there can be no such member. */
        return geo_query_parse_member(p, 2) && (!value_exists(p->v) || parse_radius(p, 3));
    case GEO_FORM_SEARCH:
        p->i = 2;
        return true;
    default:
        p->i = 3;
        p->q->store = 1;
        return true;
    }
}

/* Words that are right by themselves, but not together. */
static bool geo_query_check(struct parser *p)
{
    const struct geo_query *q = p->q;
    const bool searches = (p->form & GEO_FORM_MASK) >= GEO_FORM_SEARCH;
    const struct bytes name = p->a->v[0];
    if (q->store && (q->with_distance || q->with_hash || q->with_point))
        return geo_query_wrong(
            p, searches ? "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH "
                          "and WITHCOORD options"
                        : "ERR STORE option in GEORADIUS is not compatible with WITHDIST, "
                          "WITHHASH and WITHCOORD options");
    if (searches && !p->from && p->by != BY_POLYGON) {
        reply_error(p->x->reply,
                    "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %.*s",
                    (int)name.size, name.data);
        return false;
    }
    if (searches && !p->by) {
        reply_error(p->x->reply, "ERR exactly one of BYRADIUS and BYBOX can be specified for %.*s",
                    (int)name.size, name.data);
        return false;
    }
    if (q->any && !q->count)
        return geo_query_wrong(p, "ERR the ANY argument requires COUNT argument");
    return true;
}

static void set_area(const struct parser *p)
{
    struct geo_area *area = &p->q->area;
    const struct buf *vertices = &p->q->vertices;
    if (p->by == BY_RADIUS)
        geo_area_circle(area, p->center, p->width_m);
    else if (p->by == BY_BOX)
        geo_area_box(area, p->center, p->width_m, p->height_m);
    else
        geo_area_polygon(area, (const struct geo_point *)vertices->data,
                         (uint32_t)(vertices->size / sizeof(struct geo_point)));
}

uint32_t geo_query_source(const struct exec *x)
{
    return (x->cmd->imm & GEO_FORM_MASK) == GEO_FORM_SEARCH_STORED ? 2 : 1;
}

bool geo_query_parse(struct exec *x, const struct args *a, const struct value *v,
                     struct geo_query *q)
{
    struct parser p = {.x = x, .a = a, .v = v, .q = q, .form = (enum geo_form)x->cmd->imm};
    *q = (struct geo_query){.unit_m = 1};
    if (!parse_head(&p))
        return false;
    for (; p.i < a->n; p.i++)
        if (!parse_option(&p))
            return false;
    if (!geo_query_check(&p))
        return false;
    /* Some must be found before it is known which are the nearest. */
    if (q->count && !q->any && q->order == GEO_UNSORTED)
        q->order = GEO_NEAREST_FIRST;
    if (value_exists(v))
        set_area(&p);
    return true;
}

void geo_query_release(struct geo_query *q)
{
    buf_release(&q->vertices);
}

/* --- keys ------------------------------------------------------------------------------------ */

/* Every word behind a STORE may turn out to name the destination: the last one does. */
static int geo_query_find_keys(const struct args *a, uint32_t options, struct key_ref *refs,
                               uint32_t max)
{
    static const char *const words[] = {"store", "storedist"};
    uint32_t n = 0;
    if (n++ < max)
        refs[0] = (struct key_ref){1, KEY_RO | KEY_ACCESS};
    for (size_t w = 0; w < 2; w++) {
        for (uint32_t i = options; i + 1 < a->n; i++) {
            if (!args_is(a, i, words[w]))
                continue;
            if (n < max)
                refs[n] = (struct key_ref){i + 1, KEY_OW | KEY_UPDATE};
            n++;
        }
    }
    return (int)n;
}

int geo_radius_keys(const struct args *a, struct key_ref *refs, uint32_t max)
{
    return geo_query_find_keys(a, 6, refs, max);
}

int geo_member_keys(const struct args *a, struct key_ref *refs, uint32_t max)
{
    return geo_query_find_keys(a, 5, refs, max);
}
