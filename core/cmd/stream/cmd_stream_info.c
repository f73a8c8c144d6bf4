/*
 * cmd_stream_info.c — XINFO: what there is to know of a stream, its groups and their consumers.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/stream/stream_groups.h"
#include "core/cmd/stream/stream_reply.h"
#include "core/types/stream_lag.h"

/* XINFO x key … */
enum { KEY = 2, ITEMS = 10 };

static void put_count(struct reply *r, const char *name, uint64_t n)
{
    reply_bulk_cstr(r, name);
    reply_int(r, (int64_t)n);
}

static void put_id(struct reply *r, const char *name, struct stream_id id)
{
    reply_bulk_cstr(r, name);
    reply_stream_id(r, id);
}

static void put_name(struct reply *r, const struct stream_named *head)
{
    reply_bulk_cstr(r, "name");
    reply_bulk(r, stream_name(head));
}

/* The stream; false: the reply is written. */
static bool stream_info_find_stream(struct exec *x, const struct args *a, struct value *v)
{
    int rc = exec_find(x, a->v[KEY], TYPE_STREAM, v);
    if (rc == LK_OK && !value_exists(v))
        rc = LK_ENOKEY;
    if (rc != LK_OK)
        reply_status(x, rc);
    return rc == LK_OK;
}

/* How far the group has come, where that can be told. */
static void put_progress(struct reply *r, const struct stream_state *s,
                         const struct stream_group *g)
{
    const int64_t lag = stream_lag(s, g->last_id, g->entries_read);
    put_id(r, "last-delivered-id", g->last_id);
    reply_bulk_cstr(r, "entries-read");
    if (g->entries_read == -1)
        reply_null(r);
    else
        reply_int(r, g->entries_read);
    reply_bulk_cstr(r, "lag");
    if (lag == -1)
        reply_null(r);
    else
        reply_int(r, lag);
}

/* --- GROUPS, CONSUMERS ----------------------------------------------------------------------- */

static enum outcome info_groups(struct exec *x, const struct args *a)
{
    struct reply *r = x->reply;
    struct stream_state s;
    struct value v;
    if (!stream_info_find_stream(x, a, &v))
        return RUN_DONE;
    stream_state_get(&v, &s);
    reply_array(r, s.groups);
    for (uint64_t i = 0; i < s.groups; i++) {
        const struct stream_group *g = stream_group_at(&v, i);
        reply_map(r, 6);
        put_name(r, &g->head);
        put_count(r, "consumers", stream_consumer_count(g));
        put_count(r, "pending", stream_pending_count(g, NULL));
        put_progress(r, &s, g);
    }
    return RUN_DONE;
}

/* Since that moment; -1 if it never was. */
static int64_t stream_info_since(const struct exec *x, int64_t ms)
{
    int64_t ago;
    if (ms == -1)
        return -1;
    return __builtin_sub_overflow(x->now_ms, ms, &ago) || ago < 0 ? 0 : ago;
}

static enum outcome info_consumers(struct exec *x, const struct args *a)
{
    struct reply *r = x->reply;
    struct value v;
    if (!stream_info_find_stream(x, a, &v))
        return RUN_DONE;
    const struct stream_group *g = stream_group_find(&v, a->v[KEY + 1]);
    if (!g)
        return reply_no_group(x, a->v[KEY], a->v[KEY + 1]);
    const uint64_t n = stream_consumer_count(g);
    reply_array(r, n);
    for (uint64_t i = 0; i < n; i++) {
        const struct stream_consumer *c = stream_consumer_at(g, i);
        reply_map(r, 4);
        put_name(r, &c->head);
        put_count(r, "pending", stream_pending_count(g, c));
        reply_bulk_cstr(r, "idle");
        reply_int(r, stream_info_since(x, c->seen_ms));
        reply_bulk_cstr(r, "inactive");
        reply_int(r, stream_info_since(x, c->active_ms));
    }
    return RUN_DONE;
}

/* --- STREAM ---------------------------------------------------------------------------------- */

/* [FULL [COUNT n]]; false: the error line is written. */
static bool parse_full(struct exec *x, const struct args *a, bool *full, uint64_t *count)
{
    int64_t n = ITEMS;
    *full = a->n > KEY + 1;
    if (*full && ((a->n != KEY + 2 && a->n != KEY + 4) || !args_is(a, KEY + 1, "full") ||
                  (a->n == KEY + 4 && !args_is(a, KEY + 2, "count")))) {
        reply_subcommand(x, a);
        return false;
    }
    if (a->n == KEY + 4 && args_int64(a, KEY + 3, &n) != LK_OK) {
        reply_status(x, LK_ENOTINT);
        return false;
    }
    *count = n == 0 ? UINT64_MAX : n < 0 ? ITEMS : (uint64_t)n;
    return true;
}

/* Of a consumer, or of the whole group if it is NULL: then each entry says whose it is. */
static void stream_info_put_pending(struct reply *r, const struct stream_group *g,
                                    const struct stream_consumer *c, uint64_t most)
{
    struct stream_pending_iter it;
    struct stream_pending p;
    const uint64_t all = stream_pending_count(g, c), n = all < most ? all : most;
    put_count(r, "pel-count", all);
    reply_bulk_cstr(r, "pending");
    reply_array(r, n);
    stream_pending_begin(&it, g, c, stream_id_of(0, 0), stream_id_max());
    for (uint64_t i = 0; i < n; i++) {
        LK_ASSERT(stream_pending_next(&it, &p));
        reply_array(r, c ? 3 : 4);
        reply_stream_id(r, p.id);
        if (!c)
            reply_bulk(r, stream_name(&p.consumer->head));
        reply_int(r, p.delivered_ms);
        reply_int(r, (int64_t)p.deliveries);
    }
}

static void put_group(struct reply *r, const struct stream_state *s, const struct stream_group *g,
                      uint64_t most)
{
    const uint64_t consumers = stream_consumer_count(g);
    reply_map(r, 7);
    put_name(r, &g->head);
    put_progress(r, s, g);
    stream_info_put_pending(r, g, NULL, most);
    reply_bulk_cstr(r, "consumers");
    reply_array(r, consumers);
    for (uint64_t i = 0; i < consumers; i++) {
        const struct stream_consumer *c = stream_consumer_at(g, i);
        reply_map(r, 5);
        put_name(r, &c->head);
        put_count(r, "seen-time", (uint64_t)c->seen_ms);
        put_count(r, "active-time", (uint64_t)c->active_ms);
        stream_info_put_pending(r, g, c, most);
    }
}

static void stream_info_put_all(struct reply *r, const struct stream_state *s,
                                const struct value *v, uint64_t most)
{
    struct stream_iter it;
    reply_bulk_cstr(r, "entries");
    stream_iter_begin(&it, v, stream_id_of(0, 0), stream_id_max(), false);
    (void)reply_stream_entries(r, &it, most);
    reply_bulk_cstr(r, "groups");
    reply_array(r, s->groups);
    for (uint64_t i = 0; i < s->groups; i++)
        put_group(r, s, stream_group_at(v, i), most);
}

static void put_end(struct reply *r, const char *name, const struct value *v, bool last)
{
    struct stream_iter it;
    reply_bulk_cstr(r, name);
    stream_iter_begin(&it, v, stream_id_of(0, 0), stream_id_max(), last);
    if (stream_iter_next(&it))
        reply_stream_entry(r, &it);
    else
        reply_null(r);
}

/* Blocks are found by an index of another kind than the name says; its nodes are counted. */
static enum outcome info_stream(struct exec *x, const struct args *a)
{
    struct reply *r = x->reply;
    struct stream_state s;
    struct value v;
    bool full;
    uint64_t most;
    if (!stream_info_find_stream(x, a, &v) || !parse_full(x, a, &full, &most))
        return RUN_DONE;
    stream_state_get(&v, &s);
    reply_map(r, full ? 9 : 10);
    put_count(r, "length", s.length);
    put_count(r, "radix-tree-keys", s.blocks);
    put_count(r, "radix-tree-nodes", s.nodes + 1);
    put_id(r, "last-generated-id", s.last_id);
    put_id(r, "max-deleted-entry-id", s.max_deleted_id);
    put_count(r, "entries-added", s.entries_added);
    put_id(r, "recorded-first-entry-id", s.first_id);
    if (full) {
        stream_info_put_all(r, &s, &v, most);
    } else {
        put_count(r, "groups", s.groups);
        put_end(r, "first-entry", &v, false);
        put_end(r, "last-entry", &v, true);
    }
    return RUN_DONE;
}

static enum outcome stream_info_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "CONSUMERS <key> <group>",
        "    The consumers of a group, and what is pending for them.",
        "GROUPS <key>",
        "    The groups of a stream, and how far each has read.",
        "STREAM <key> [FULL [COUNT <count>]]",
        "    The stream itself; FULL also tells entries, groups and what is pending.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define OF_STREAM                                                                                  \
    .flags = CMD_READONLY, .categories = CAT_STREAM, .keys = KEY_AT(KEY, KEY_RO | KEY_ACCESS)

static const struct command info_subcommands[] = {
    {"consumers", .arity = 4, .run = info_consumers, OF_STREAM},
    {"groups", .arity = 3, .run = info_groups, OF_STREAM},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .categories = CAT_STREAM,
     .run = stream_info_help},
    {"stream", .arity = -3, .run = info_stream, OF_STREAM},
    {0},
};

const struct command xinfo_commands[] = {
    {"xinfo", .arity = -2, .subcommands = info_subcommands},
    {0},
};
