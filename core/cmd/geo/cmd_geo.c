/*
 * cmd_geo.c — GEOADD, GEOPOS, GEODIST, GEOHASH: members of a sorted set whose scores are places.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/geo/geo_words.h"
#include "core/types/zset.h"

/* --- GEOADD ---------------------------------------------------------------------------------- */

struct geoadd {
    unsigned flags;     /* enum zset_flag */
    bool count_changes; /* CH */
    uint32_t first;     /* the argument where longitude, latitude and member begin */
    uint32_t places;
    uint32_t done; /* places that were added */
    uint32_t added, changed;
};

static int geo_parse_options(const struct args *a, struct geoadd *g)
{
    uint32_t i = 2;
    for (; i < a->n; i++) {
        if (args_is(a, i, "nx"))
            g->flags |= ZSET_NX;
        else if (args_is(a, i, "xx"))
            g->flags |= ZSET_XX;
        else if (args_is(a, i, "ch"))
            g->count_changes = true;
        else
            break;
    }
    g->first = i;
    g->places = (a->n - i) / 3;
    const bool both = g->flags == (ZSET_NX | ZSET_XX);
    return g->places == 0 || (a->n - i) % 3 != 0 || both ? LK_ESYNTAX : LK_OK;
}

static int add_places(struct value_edit *e, const struct args *a, const uint64_t *hashes,
                      struct geoadd *g)
{
    for (; g->done < g->places; g->done++) {
        struct zset_added out;
        const struct bytes member = a->v[g->first + 3 * g->done + 2];
        const int rc = zset_add(e, member, (double)hashes[g->done], g->flags, &out);
        if (rc != LK_OK)
            return rc;
        g->added += out.change == ZSET_ADDED;
        g->changed += out.change >= ZSET_ADDED;
    }
    return LK_OK;
}

static enum outcome geo_geoadd(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct geoadd g = {0};
    struct value_edit *e;
    int rc = geo_parse_options(a, &g);
    if (rc != LK_OK)
        return reply_status(x, rc);
    uint64_t *hashes = (uint64_t *)buf_reserve(x->scratch, g.places * sizeof *hashes);
    for (uint32_t i = 0; i < g.places; i++) {
        struct geo_point p;
        if (!geo_parse_point(x, a, g.first + 3 * i, &p))
            return RUN_DONE;
        hashes[i] = geohash_encode(p);
    }
    rc = exec_open(x, key, TYPE_ZSET, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    rc = add_places(e, a, hashes, &g);
    const int closed = exec_close(x, e, g.changed > 0);
    if (closed == LK_OK && g.changed > 0) {
        exec_counts_as(x, (uint64_t)g.changed);
        exec_event(x, EVENT_ZSET, "zadd", key);
        if (rc != LK_OK) /* memory has run out on the way */
            exec_effect(x, a->v, g.first + 3 * g.done);
    }
    if (rc != LK_OK || closed != LK_OK)
        return reply_status(x, rc != LK_OK ? rc : closed);
    reply_int(x->reply, g.count_changes ? g.changed : g.added);
    return RUN_DONE;
}

/* --- reading --------------------------------------------------------------------------------- */

enum { BATCH = 16 }; /* members that are looked for at the same time */

/* Tells where a member is; p is NULL if there is no such member. */
typedef void reply_place(struct reply *r, const struct geo_point *p);

static void reply_batch(struct reply *r, const struct value *v, const struct bytes *members,
                        uint32_t n, reply_place *tell)
{
    uint64_t hashes[BATCH];
    double score;
    for (uint32_t i = 0; i < n; i++) {
        hashes[i] = hash_bytes(members[i]);
        zset_prefetch(v, hashes[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (zset_score_hashed(v, members[i], hashes[i], &score)) {
            const struct geo_point p = geohash_decode(geohash_from_score(score));
            tell(r, &p);
        } else {
            tell(r, NULL);
        }
    }
}

static enum outcome reply_members(struct exec *x, const struct args *a, reply_place *tell)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_array(x->reply, a->n - 2);
    for (uint32_t i = 2; i < a->n; i += BATCH) {
        const uint32_t n = a->n - i < BATCH ? a->n - i : BATCH;
        if (value_exists(&v))
            reply_batch(x->reply, &v, &a->v[i], n, tell);
        else
            for (uint32_t k = 0; k < n; k++)
                tell(x->reply, NULL);
    }
    return RUN_DONE;
}

static void tell_position(struct reply *r, const struct geo_point *p)
{
    if (p)
        reply_geo_point(r, *p);
    else
        reply_null_array(r);
}

static enum outcome geo_geopos(struct exec *x, const struct args *a)
{
    return reply_members(x, a, tell_position);
}

static void tell_text(struct reply *r, const struct geo_point *p)
{
    if (p)
        geohash_text(*p, reply_bulk_space(r, GEOHASH_CHARS));
    else
        reply_null(r);
}

static enum outcome geo_geohash(struct exec *x, const struct args *a)
{
    return reply_members(x, a, tell_text);
}

/* The scores of two members; false if one of them is missing. */
static bool find_two(const struct value *v, const struct bytes members[2], double *a, double *b)
{
    const uint64_t hash_a = hash_bytes(members[0]), hash_b = hash_bytes(members[1]);
    zset_prefetch(v, hash_a);
    zset_prefetch(v, hash_b);
    return zset_score_hashed(v, members[0], hash_a, a) &&
           zset_score_hashed(v, members[1], hash_b, b);
}

static enum outcome geo_geodist(struct exec *x, const struct args *a)
{
    struct value v;
    double unit_m = 1, from, to;
    if (a->n == 5 && !geo_parse_unit(x, a, 4, &unit_m))
        return RUN_DONE;
    if (a->n > 5)
        return reply_syntax(x);
    const int rc = exec_find(x, a->v[1], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v) && find_two(&v, &a->v[2], &from, &to)) {
        const double distance_m = geo_distance(geohash_decode(geohash_from_score(from)),
                                               geohash_decode(geohash_from_score(to)));
        reply_geo_distance(x->reply, distance_m / unit_m);
    } else {
        reply_null(x->reply);
    }
    return RUN_DONE;
}

#define READ .flags = CMD_READONLY, .categories = CAT_GEO, .keys = KEY_AT(1, KEY_RO | KEY_ACCESS)

const struct command geo_commands[] = {
    {"geoadd", .arity = -5, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_GEO,
     .keys = KEY_AT(1, KEY_RW | KEY_UPDATE), .run = geo_geoadd},
    {"geodist", .arity = -4, .run = geo_geodist, READ},
    {"geohash", .arity = -2, .run = geo_geohash, READ},
    {"geopos", .arity = -2, .run = geo_geopos, READ},
    {0},
};
