/*
 * cmd_stream_pending.c — XPENDING: what a group has handed out and nobody has acknowledged.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/stream/stream_groups.h"
#include "core/cmd/stream/stream_reply.h"
#include "core/cmd/stream/stream_words.h"

/* How many there are, the first ID and the last, and how many each consumer has. */
static void stream_pending_summarize(struct reply *r, const struct stream_group *g)
{
    const uint64_t count = stream_pending_count(g, NULL);
    struct stream_pending first, last;
    reply_array(r, 4);
    reply_int(r, (int64_t)count);
    if (count == 0) {
        reply_null(r);
        reply_null(r);
        reply_null_array(r);
        return;
    }
    stream_pending_ends(g, &first, &last);
    reply_stream_id(r, first.id);
    reply_stream_id(r, last.id);
    const size_t head = reply_begin_deferred(r);
    uint64_t some = 0;
    for (uint64_t i = 0; i < stream_consumer_count(g); i++) {
        const struct stream_consumer *c = stream_consumer_at(g, i);
        const uint64_t n = stream_pending_count(g, c);
        if (n == 0)
            continue;
        reply_array(r, 2);
        reply_bulk(r, stream_name(&c->head));
        reply_bulk_int(r, (int64_t)n);
        some++;
    }
    reply_end_deferred(r, head, REPLY_ARRAY, some);
}

/* [IDLE ms] first last count [consumer] */
struct wanted {
    int64_t idle_ms;
    struct stream_id first, last;
    int64_t count;
    const struct bytes *consumer; /* NULL: all */
};

static int parse_wanted(const struct args *a, struct wanted *w)
{
    const bool idle = args_is(a, 3, "idle");
    const uint32_t first = idle ? 5 : 3;
    *w = (struct wanted){.consumer = a->n > first + 3 ? &a->v[first + 3] : NULL};
    if (idle) {
        if (args_int64(a, 4, &w->idle_ms) != LK_OK)
            return LK_ENOTINT;
        if (a->n < first + 3)
            return LK_ESYNTAX;
    }
    if (args_int64(a, first + 2, &w->count) != LK_OK)
        return LK_ENOTINT;
    const int rc = stream_parse_first(a->v[first], &w->first);
    return rc == LK_OK ? stream_parse_last(a->v[first + 1], &w->last) : rc;
}

static int64_t idle_of(const struct exec *x, const struct stream_pending *p)
{
    int64_t idle;
    return __builtin_sub_overflow(x->now_ms, p->delivered_ms, &idle) || idle < 0 ? 0 : idle;
}

static void stream_pending_list(struct exec *x, const struct stream_group *g,
                                const struct wanted *w)
{
    struct reply *r = x->reply;
    const struct stream_consumer *c = w->consumer ? stream_consumer_find(g, *w->consumer) : NULL;
    struct stream_pending_iter it;
    struct stream_pending p;
    const size_t head = reply_begin_deferred(r);
    int64_t n = 0;
    if (c || !w->consumer) {
        stream_pending_begin(&it, g, c, w->first, w->last);
        while (n < w->count && stream_pending_next(&it, &p)) {
            const int64_t idle_ms = idle_of(x, &p);
            if (idle_ms < w->idle_ms)
                continue;
            reply_array(r, 4);
            reply_stream_id(r, p.id);
            reply_bulk(r, stream_name(&p.consumer->head));
            reply_int(r, idle_ms);
            reply_int(r, (int64_t)p.deliveries);
            n++;
        }
    }
    reply_end_deferred(r, head, REPLY_ARRAY, (uint64_t)n);
}

static enum outcome stream_pending_xpending(struct exec *x, const struct args *a)
{
    const bool extended = a->n > 3;
    struct wanted w;
    struct value v;
    int rc = extended && (a->n < 6 || a->n > 9) ? LK_ESYNTAX : LK_OK;
    if (rc == LK_OK && extended)
        rc = parse_wanted(a, &w);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_STREAM, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const struct stream_group *g = value_exists(&v) ? stream_group_find(&v, a->v[2]) : NULL;
    if (!g)
        return reply_no_key_or_group(x, a->v[1], a->v[2], "");
    if (extended)
        stream_pending_list(x, g, &w);
    else
        stream_pending_summarize(x->reply, g);
    return RUN_DONE;
}

const struct command xpending_commands[] = {
    {"xpending", .arity = -3, .flags = CMD_READONLY, .categories = CAT_STREAM,
     .run = stream_pending_xpending, .keys = KEY_AT(1, KEY_RO | KEY_ACCESS)},
    {0},
};
