/*
 * cmd_slot_stats.c — CLUSTER SLOT-STATS: the slots of this node's shard, by how many keys they
 * have.
 */
#include "core/base/mem.h"
#include "io/cluster/cmd_cluster_priv.h"

#include <stdlib.h>

struct slot_stat {
    uint64_t keys;
    uint32_t slot;
};

struct slot_order {
    int64_t limit;
    bool descending, has_limit, has_order;
};

/* --- which slots ----------------------------------------------------------------------------- */

/* Those of first … last that this node, or its master, serves; out has room for all. */
static uint32_t slot_stats_gather(struct cluster_bus *b, uint32_t first, uint32_t last,
                                  struct slot_stat *out)
{
    uint32_t n = 0;
    const struct cluster *c = bus_look(b);
    for (uint32_t slot = first; slot <= last; slot++)
        if (c->owner[slot] && c->owner[slot] == cluster_primary(c))
            out[n++] = (struct slot_stat){bus_keys_in_slot(b, slot), slot};
    bus_done(b);
    return n;
}

static int slot_stats_compare(const void *left, const void *right)
{
    const struct slot_stat *a = left, *b = right;
    if (a->keys != b->keys)
        return a->keys < b->keys ? -1 : 1;
    return a->slot < b->slot ? -1 : 1;
}

static int slot_stats_compare_down(const void *left, const void *right)
{
    const struct slot_stat *a = left, *b = right;
    if (a->keys != b->keys)
        return a->keys > b->keys ? -1 : 1;
    return a->slot < b->slot ? -1 : 1;
}

static void slot_stats_reply(struct reply *r, const struct slot_stat *v, uint32_t n)
{
    reply_array(r, n);
    for (uint32_t i = 0; i < n; i++) {
        reply_array(r, 2);
        reply_int(r, v[i].slot);
        reply_map(r, 1);
        reply_bulk_cstr(r, "key-count");
        reply_int(r, (int64_t)v[i].keys);
    }
}

/* --- SLOTSRANGE first last ------------------------------------------------------------------- */

static void slot_stats_range(struct exec *x, const struct args *a, struct slot_stat *v)
{
    uint32_t first, last;
    if (!cluster_slot_of(a->v[3], &first) || !cluster_slot_of(a->v[4], &last))
        reply_error(x->reply, "ERR Invalid or out of range slot");
    else if (first > last)
        reply_error(x->reply, "ERR Start slot number %u is greater than end slot number %u", first,
                    last);
    else
        slot_stats_reply(x->reply, v, slot_stats_gather(cluster_bus_of(x), first, last, v));
}

/* --- ORDERBY key-count [LIMIT n] [ASC|DESC] -------------------------------------------------- */

/* NULL, or the error. */
static const char *slot_stats_option(const struct args *a, uint32_t *i, struct slot_order *o)
{
    static const char twice[] = "ERR Multiple filters of the same type are disallowed.";
    const bool ascending = bytes_is_word(a->v[*i], "asc");
    if (ascending || bytes_is_word(a->v[*i], "desc")) {
        if (o->has_order)
            return twice;
        o->has_order = true;
        o->descending = !ascending;
        return NULL;
    }
    if (!bytes_is_word(a->v[*i], "limit") || *i + 1 == a->n)
        return "ERR syntax error";
    if (o->has_limit)
        return twice;
    o->has_limit = true;
    if (!bytes_to_int64(a->v[++*i], &o->limit) || o->limit < 1 || o->limit > HASH_SLOTS)
        return "ERR Limit has to lie in between 1 and 16384 (maximum number of slots).";
    return NULL;
}

static void slot_stats_ordered(struct exec *x, const struct args *a, struct slot_stat *v)
{
    struct slot_order o = {.limit = HASH_SLOTS, .descending = true};
    const char *error = NULL;
    for (uint32_t i = 4; i < a->n && !error; i++)
        error = slot_stats_option(a, &i, &o);
    if (!error && !bytes_is_word(a->v[3], "key-count"))
        error = "ERR Unrecognized sort metric for ORDERBY.";
    if (error) {
        reply_error(x->reply, "%s", error);
        return;
    }
    const uint32_t n = slot_stats_gather(cluster_bus_of(x), 0, HASH_SLOTS - 1, v);
    qsort(v, n, sizeof *v, o.descending ? slot_stats_compare_down : slot_stats_compare);
    slot_stats_reply(x->reply, v, n < o.limit ? n : (uint32_t)o.limit);
}

enum outcome cluster_slot_stats(struct exec *x, const struct args *a)
{
    struct slot_stat *v;
    if (!cluster_bus_of(x)) {
        reply_error(x->reply, "ERR This instance has cluster support disabled");
        return RUN_DONE;
    }
    v = mem_alloc(HASH_SLOTS * sizeof *v);
    if (bytes_is_word(a->v[2], "slotsrange") && a->n == 5)
        slot_stats_range(x, a, v);
    else if (bytes_is_word(a->v[2], "orderby"))
        slot_stats_ordered(x, a, v);
    else
        reply_error(x->reply, "ERR unknown subcommand or wrong number of arguments for "
                              "'slot-stats'. Try CLUSTER HELP.");
    mem_free(v, HASH_SLOTS * sizeof *v);
    return RUN_DONE;
}
