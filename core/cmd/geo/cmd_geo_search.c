/*
 * cmd_geo_search.c — GEOSEARCH, GEOSEARCHSTORE, and GEORADIUS, GEORADIUSBYMEMBER with their
 * read-only forms: which members lie in an area.
 *
 * All are one command: words that say where, a walk over the runs of hashes in which the area lies,
 * and what becomes of the hits.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/geo/geo_hits.h"
#include "core/cmd/geo/geo_query.h"
#include "core/cmd/geo/geo_words.h"
#include "core/types/zset.h"

#include <math.h>

/* After so many elements beside the run's rectangle the next one in it is looked for. */
enum { MISSES = 24 };

/* --- searching ------------------------------------------------------------------------------- */

struct search {
    const struct value *v;
    const struct geo_query *q;
    struct geo_hits hits;
    bool measures; /* somebody asks for distances */
    /* Where the walk along each run ended: no score lies between the run's end and this one. */
    double stop[GEO_RUNS_MAX];
};

/* False if no more are wanted. */
static bool geo_search_visit(struct search *s, const struct zset_iter *it, uint64_t hash)
{
    double distance = 0;
    if (!geo_area_holds(&s->q->area, hash, s->measures ? &distance : NULL))
        return true;
    return geo_hits_add(&s->hits, it->member, zset_iter_brief(it), it->score,
                        distance / s->q->unit_m);
}

/* Goes along run i. */
static bool search_run(struct search *s, uint32_t i)
{
    const struct geo_run *run = &s->q->area.runs[i];
    const double end = (double)(run->last + 1);
    struct zset_iter it;
    unsigned misses = 0;
    bool on = zset_iter_seek(&it, s->v, (double)run->first);
    while (on && it.score < end) {
        const uint64_t hash = geohash_from_score(it.score);
        if (geo_run_holds(run, hash)) {
            misses = 0;
            if (!geo_search_visit(s, &it, hash))
                return false;
        } else if (++misses == MISSES) {
            misses = 0;
            const uint64_t next = geo_run_next(run, hash);
            on = zset_iter_seek(&it, s->v, (double)(next <= run->last ? next : run->last + 1));
            continue;
        }
        on = zset_iter_next(&it);
    }
    s->stop[i] = on ? it.score : INFINITY;
    return true;
}

/* Did an earlier run end in a gap that holds all of run i? */
static bool is_empty(const struct search *s, uint32_t i)
{
    const struct geo_run *runs = s->q->area.runs;
    for (uint32_t k = 0; k < i; k++)
        if (runs[k].last < runs[i].first && (double)(runs[i].last + 1) <= s->stop[k])
            return true;
    return false;
}

static void geo_search_one(struct search *s)
{
    const struct geo_area *area = &s->q->area;
    for (uint32_t i = 0; i < area->run_count; i++) {
        s->stop[i] = (double)area->runs[i].last;
        if (!is_empty(s, i) && !search_run(s, i))
            break;
    }
    geo_hits_sort(&s->hits);
}

/* --- what becomes of the hits ---------------------------------------------------------------- */

static void reply_hits(struct reply *r, const struct geo_hits *hits, const struct geo_query *q)
{
    const uint64_t fields = 1 + q->with_distance + q->with_hash + q->with_point;
    const struct geo_hit *const end = geo_hits_rows(hits) + hits->n;
    reply_array(r, hits->n);
    for (const struct geo_hit *h = geo_hits_rows(hits); h < end; h++) {
        if (fields > 1)
            reply_array(r, fields);
        reply_bulk(r, geo_hit_member(h));
        if (q->with_distance)
            reply_geo_distance(r, h->distance);
        if (q->with_hash)
            reply_int(r, (int64_t)h->score);
        if (q->with_point)
            reply_geo_point(r, geohash_decode(geohash_from_score(h->score)));
    }
}

static int store_hits(struct exec *x, struct bytes to, const struct geo_hits *hits,
                      const struct geo_query *q)
{
    const size_t size = hits->n * sizeof(struct zset_item);
    struct zset_item *items = mem_try_alloc(size);
    struct value v;
    if (!items)
        return LK_ENOMEM;
    for (uint64_t i = 0; i < hits->n; i++) {
        const struct geo_hit *h = &geo_hits_rows(hits)[i];
        items[i] = zset_item_of(geo_hit_member(h), q->store_distance ? h->distance : h->score);
    }
    int rc = zset_from_items(items, hits->n, &exec_limits(x)->types, x->scratch, &v);
    mem_free(items, size);
    if (rc == LK_OK)
        rc = exec_put(x, to, &v, 0);
    return rc;
}

/* Nothing found leaves no set. */
static enum outcome geo_search_reply_stored(struct exec *x, struct bytes to,
                                            const struct geo_hits *hits, const struct geo_query *q)
{
    const bool searched = (x->cmd->imm & GEO_FORM_MASK) == GEO_FORM_SEARCH_STORED;
    if (hits->n == 0) {
        if (exec_delete(x, to, false))
            exec_event(x, EVENT_GENERIC, "del", to);
    } else {
        const int rc = store_hits(x, to, hits, q);
        if (rc != LK_OK)
            return reply_status(x, rc);
        exec_counts_as(x, hits->n);
        exec_event(x, EVENT_ZSET, searched ? "geosearchstore" : "georadiusstore", to);
    }
    reply_int(x->reply, (int64_t)hits->n);
    return RUN_DONE;
}

static enum outcome search_and_reply(struct exec *x, const struct args *a, const struct value *v,
                                     const struct geo_query *q)
{
    struct search s = {
        .v = v, .q = q, .measures = q->with_distance || q->store_distance || q->order};
    enum outcome out = RUN_DONE;
    geo_hits_init(&s.hits, x->scratch, q, value_exists(v) ? zset_length(v) : 0);
    if (value_exists(v))
        geo_search_one(&s);
    if (q->store)
        out = geo_search_reply_stored(x, a->v[q->store], &s.hits, q);
    else
        reply_hits(x->reply, &s.hits, q);
    geo_hits_release(&s.hits);
    return out;
}

static enum outcome geo_search_geosearch(struct exec *x, const struct args *a)
{
    struct geo_query q;
    struct value v;
    enum outcome out = RUN_DONE;
    const int rc = exec_find(x, a->v[geo_query_source(x)], TYPE_ZSET, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (geo_query_parse(x, a, &v, &q))
        out = search_and_reply(x, a, &v, &q);
    geo_query_release(&q);
    return out;
}

/* GEORADIUS and GEORADIUSBYMEMBER: the options, and with them the destinations, begin there. */
#define STORING(options)                                                                           \
    .flags = CMD_WRITE | CMD_DENYOOM | CMD_MOVABLE_KEYS, .categories = CAT_GEO,                    \
    .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = KEY_BEGIN_INDEX, .index = 1, .step = 1},      \
             {.flags = KEY_OW | KEY_UPDATE,                                                        \
              .begin = KEY_BEGIN_KEYWORD,                                                          \
              .keyword = "STORE",                                                                  \
              .start_from = (options),                                                             \
              .step = 1},                                                                          \
             {.flags = KEY_OW | KEY_UPDATE,                                                        \
              .begin = KEY_BEGIN_KEYWORD,                                                          \
              .keyword = "STOREDIST",                                                              \
              .start_from = (options),                                                             \
              .step = 1}}

#define READING .flags = CMD_READONLY, .categories = CAT_GEO, .keys = KEY_AT(1, KEY_RO | KEY_ACCESS)

const struct command geo_search_commands[] = {
    {"georadius", .arity = -6, .imm = GEO_FORM_RADIUS, .run = geo_search_geosearch,
     .find_keys = geo_radius_keys, STORING(6)},
    {"georadius_ro", .arity = -6, .imm = GEO_FORM_RADIUS | GEO_FORM_READS_ONLY,
     .run = geo_search_geosearch, READING},
    {"georadiusbymember", .arity = -5, .imm = GEO_FORM_MEMBER, .run = geo_search_geosearch,
     .find_keys = geo_member_keys, STORING(5)},
    {"georadiusbymember_ro", .arity = -5, .imm = GEO_FORM_MEMBER | GEO_FORM_READS_ONLY,
     .run = geo_search_geosearch, READING},
    {"geosearch", .arity = -7, .imm = GEO_FORM_SEARCH, .run = geo_search_geosearch, READING},
    {"geosearchstore", .arity = -8, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_GEO,
     .imm = GEO_FORM_SEARCH_STORED,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = KEY_BEGIN_INDEX, .index = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = KEY_BEGIN_INDEX, .index = 2, .step = 1}},
     .run = geo_search_geosearch},
    {0},
};
