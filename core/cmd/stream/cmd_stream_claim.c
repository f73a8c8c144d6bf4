/*
 * cmd_stream_claim.c — XCLAIM, XAUTOCLAIM: pending entries that another consumer takes over.
 *
 * Both go over pending entries, the one over those that it is given, the other over those from an
 * ID on.  Of each: if there is no such entry any more, it is not pending either; if it was handed
 * out too recently, it stays where it is; else the consumer has it.
 *
 * The consumer is made even if it gets nothing.  Logged is what became of each entry.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/stream/stream_groups.h"
#include "core/cmd/stream/stream_reply.h"
#include "core/cmd/stream/stream_words.h"

/* x key group consumer min-idle … */
enum { KEY = 1, GROUP = 2, CONSUMER = 3, MIN_IDLE = 4 };

struct claim {
    struct exec *x;
    struct bytes key;
    int64_t min_idle_ms, delivered_ms;
    int64_t deliveries; /* negative: one more than there were */
    bool force;         /* entries that are not pending, too */
    bool ids_only;      /* replies have no fields, and the entries are not delivered with it */
    struct value_edit *e;
    struct stream_group *group;
    struct stream_consumer *consumer;
    bool fresh;     /* the consumer is new */
    uint64_t taken; /* entries that the consumer has now */
    uint64_t gone;  /* entries that were pending and are not there any more */
};

/* Argument 4; what is negative is none. */
static bool parse_min_idle(struct exec *x, const struct args *a, int64_t *out)
{
    if (args_int64(a, MIN_IDLE, out) != LK_OK) {
        reply_error(x->reply, "ERR Invalid min-idle-time argument for %s",
                    x->cmd->imm ? "XAUTOCLAIM" : "XCLAIM");
        return false;
    }
    if (*out < 0)
        *out = 0;
    return true;
}

/* Counts the look-up, before any word is read. */
static void stream_claim_count(struct exec *x, struct bytes key)
{
    struct value v;
    (void)exec_find(x, key, TYPE_ANY, &v);
}

/* Is there the group?  False: the error line is written. */
static bool stream_claim_find_group(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find_silently(x, a->v[KEY], TYPE_STREAM, &v);
    if (rc != LK_OK)
        reply_status(x, rc);
    else if (!value_exists(&v) || !stream_group_find(&v, a->v[GROUP]))
        reply_no_key_or_group(x, a->v[KEY], a->v[GROUP], "");
    else
        return true;
    return false;
}

static int stream_claim_begin(struct claim *c, const struct args *a)
{
    struct exec *x = c->x;
    const int rc = exec_edit(x, c->key, &c->e);
    if (rc != LK_OK)
        return rc;
    c->group = stream_group_edit(c->e, a->v[GROUP]);
    c->consumer = stream_consumer_edit(c->e, c->group, a->v[CONSUMER]);
    c->fresh = !c->consumer;
    if (c->fresh)
        c->consumer = stream_consumer_create(c->e, c->group, a->v[CONSUMER], x->now_ms);
    c->consumer->seen_ms = x->now_ms;
    return LK_OK;
}

/* Every line that was logged has the group's last ID; the consumer is in those of what it took. */
static void stream_claim_end(struct claim *c, bool moved)
{
    struct exec *x = c->x;
    exec_effect_none(x);
    if (c->fresh && c->taken == 0)
        stream_effect_consumer(x, c->key, c->group, c->consumer);
    if (moved && c->taken + c->gone == 0)
        stream_effect_group(x, c->key, c->group);
    const uint64_t entries = c->taken + c->gone;
    stream_close_groups(x, c->e, entries > 0 ? entries : c->fresh || moved);
    if (c->fresh)
        exec_event(x, EVENT_STREAM, "xgroup-createconsumer", c->key);
}

enum claimed { CLAIM_LEFT, CLAIM_TAKEN, CLAIM_GONE };

/* p: what is known of the entry, NULL if it is not pending.  it stands on an entry that is taken.
 */
static enum claimed stream_claim_one(struct claim *c, struct stream_id id,
                                     const struct stream_pending *p, struct stream_iter *it)
{
    struct exec *x = c->x;
    if (!stream_iter_seek(it, &c->e->value, id)) {
        if (!p)
            return CLAIM_LEFT;
        stream_effect_claim(x, c->key, c->group, p);
        (void)stream_pending_remove(c->e, c->group, id);
        c->gone++;
        return CLAIM_GONE;
    }
    if (!p && !c->force)
        return CLAIM_LEFT;
    if (p && c->min_idle_ms > 0 && x->now_ms - p->delivered_ms < c->min_idle_ms)
        return CLAIM_LEFT;
    struct stream_pending now = {id, c->consumer, c->delivered_ms, p ? p->deliveries : 1};
    if (c->deliveries >= 0)
        now.deliveries = (uint64_t)c->deliveries;
    else if (!c->ids_only)
        now.deliveries++;
    stream_pending_put(c->e, c->group, c->consumer, id, now.delivered_ms, now.deliveries);
    c->consumer->active_ms = x->now_ms;
    stream_effect_claim(x, c->key, c->group, &now);
    c->taken++;
    return CLAIM_TAKEN;
}

static void reply_taken(const struct claim *c, struct stream_iter *it)
{
    if (c->ids_only)
        reply_stream_id(c->x->reply, it->id);
    else
        reply_stream_entry(c->x->reply, it);
}

/* --- XCLAIM ---------------------------------------------------------------------------------- */

/* A time in the past, or now: clocks may differ, and go back. */
static int64_t stream_claim_past(const struct exec *x, int64_t ms)
{
    return ms < 0 || ms > x->now_ms ? x->now_ms : ms;
}

static enum stream_word refuse_option(struct exec *x, const char *name)
{
    reply_error(x->reply, "ERR Invalid %s option argument for XCLAIM", name);
    return STREAM_WORD_WRONG;
}

/* The option at argument i, with the value behind it. */
static enum stream_word stream_claim_take_pair(struct claim *c, const struct args *a, uint32_t i,
                                               struct stream_id *last_id)
{
    struct exec *x = c->x;
    int64_t ms = 0;
    if (args_is(a, i, "idle")) {
        if (args_int64(a, i + 1, &ms) != LK_OK)
            return refuse_option(x, "IDLE");
        c->delivered_ms = stream_claim_past(x, (int64_t)((uint64_t)x->now_ms - (uint64_t)ms));
    } else if (args_is(a, i, "time")) {
        if (args_int64(a, i + 1, &ms) != LK_OK)
            return refuse_option(x, "TIME");
        c->delivered_ms = stream_claim_past(x, ms);
    } else if (args_is(a, i, "retrycount")) {
        if (args_int64(a, i + 1, &c->deliveries) != LK_OK)
            return refuse_option(x, "RETRYCOUNT");
    } else if (args_is(a, i, "lastid")) {
        const int rc = stream_parse_strict_id(a->v[i + 1], last_id);
        if (rc != LK_OK) {
            reply_status(x, rc);
            return STREAM_WORD_WRONG;
        }
    } else {
        return STREAM_WORD_OTHER;
    }
    return STREAM_WORD_TAKEN;
}

/* The option at argument *i, which is moved to its last word; false: the error line is written. */
static bool stream_claim_take_option(struct claim *c, const struct args *a, uint32_t *i,
                                     struct stream_id *last_id)
{
    const struct bytes word = a->v[*i];
    if (args_is(a, *i, "force")) {
        c->force = true;
        return true;
    }
    if (args_is(a, *i, "justid")) {
        c->ids_only = true;
        return true;
    }
    const enum stream_word taken =
        *i + 1 < a->n ? stream_claim_take_pair(c, a, *i, last_id) : STREAM_WORD_OTHER;
    if (taken == STREAM_WORD_OTHER)
        reply_error(c->x->reply, "ERR Unrecognized XCLAIM option '%.*s'", (int)word.size,
                    word.data);
    ++*i;
    return taken == STREAM_WORD_TAKEN;
}

/* All IDs that come first are checked before anything is claimed. */
static uint32_t skip_ids(const struct args *a, uint32_t i)
{
    struct stream_id id;
    while (i < a->n && stream_parse_strict_id(a->v[i], &id) == LK_OK)
        i++;
    return i;
}

static void claim_all(struct claim *c, const struct args *a, uint32_t first, uint32_t end)
{
    const size_t head = reply_begin_deferred(c->x->reply);
    struct stream_iter it = {0};
    for (uint32_t i = first; i < end; i++) {
        struct stream_id id;
        struct stream_pending p;
        LK_ASSERT(stream_parse_strict_id(a->v[i], &id) == LK_OK);
        const bool pending = stream_pending_find(c->group, id, &p);
        if (stream_claim_one(c, id, pending ? &p : NULL, &it) == CLAIM_TAKEN)
            reply_taken(c, &it);
    }
    reply_end_deferred(c->x->reply, head, REPLY_ARRAY, c->taken);
}

static enum outcome stream_claim_xclaim(struct exec *x, const struct args *a)
{
    struct claim c = {.x = x, .key = a->v[KEY], .delivered_ms = x->now_ms, .deliveries = -1};
    struct stream_id last_id = {0, 0};
    stream_claim_count(x, c.key);
    if (!stream_claim_find_group(x, a) || !parse_min_idle(x, a, &c.min_idle_ms))
        return RUN_DONE;
    const uint32_t first = MIN_IDLE + 1, behind = skip_ids(a, first);
    for (uint32_t i = behind; i < a->n; i++)
        if (!stream_claim_take_option(&c, a, &i, &last_id))
            return RUN_DONE;
    const int rc = stream_claim_begin(&c, a);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const bool moved = stream_id_compare(last_id, c.group->last_id) > 0;
    if (moved)
        c.group->last_id = last_id;
    claim_all(&c, a, first, behind);
    stream_claim_end(&c, moved);
    return RUN_DONE;
}

/* --- XAUTOCLAIM ------------------------------------------------------------------------------ */

enum {
    LOOKS = 10, /* at so many entries for each that is wanted */
    COUNT = 100,
};

/* start [COUNT n] [JUSTID]; false: the error line is written. */
static bool parse_auto(struct claim *c, const struct args *a, struct stream_id *start,
                       int64_t *count)
{
    struct exec *x = c->x;
    if (!parse_min_idle(x, a, &c->min_idle_ms))
        return false;
    int rc = stream_parse_first(a->v[MIN_IDLE + 1], start);
    *count = COUNT;
    for (uint32_t i = MIN_IDLE + 2; rc == LK_OK && i < a->n; i++) {
        if (args_is(a, i, "count") && i + 1 < a->n) {
            const int number = args_int64(a, ++i, count);
            if (number != LK_OK || *count < 1 || *count > INT64_MAX / (int64_t)sizeof *start) {
                reply_error(x->reply, "ERR COUNT must be > 0");
                return false;
            }
        } else if (args_is(a, i, "justid")) {
            c->ids_only = true;
        } else {
            rc = LK_ESYNTAX;
        }
    }
    if (rc != LK_OK)
        reply_status(x, rc);
    return rc == LK_OK;
}

/* What became of an entry; the reply tells of all that were taken before all that were gone. */
struct result {
    struct stream_id id;
    enum claimed claimed;
};

/* Appends to results; returns where to go on, 0-0 at the end. */
static struct stream_id claim_from(struct claim *c, struct stream_id next, int64_t count,
                                   struct buf *results)
{
    struct stream_pending_iter pending;
    struct stream_pending p;
    struct stream_iter it = {0};
    int64_t looks = count * LOOKS;
    stream_pending_begin(&pending, c->group, NULL, next, stream_id_max());
    while (stream_pending_next(&pending, &p)) {
        if (looks-- == 0 || count == 0)
            return p.id;
        const struct result result = {p.id, stream_claim_one(c, p.id, &p, &it)};
        if (result.claimed == CLAIM_LEFT)
            continue;
        buf_append(results, (const char *)&result, sizeof result);
        count--;
        next = p.id;
        if (!stream_id_increment(&next))
            break;
        stream_pending_begin(&pending, c->group, NULL, next, stream_id_max());
    }
    return stream_id_of(0, 0);
}

static void reply_results(const struct claim *c, const struct buf *results, enum claimed which)
{
    const struct result *r = (const struct result *)(const void *)results->data;
    struct stream_iter it = {0};
    reply_array(c->x->reply, which == CLAIM_TAKEN ? c->taken : c->gone);
    for (size_t i = 0; i < results->size / sizeof *r; i++) {
        if (r[i].claimed != which)
            continue;
        if (c->ids_only || which == CLAIM_GONE) {
            reply_stream_id(c->x->reply, r[i].id);
            continue;
        }
        LK_ASSERT(stream_iter_seek(&it, &c->e->value, r[i].id));
        reply_stream_entry(c->x->reply, &it);
    }
}

static enum outcome stream_claim_xautoclaim(struct exec *x, const struct args *a)
{
    struct claim c = {.x = x, .key = a->v[KEY], .delivered_ms = x->now_ms, .deliveries = -1};
    struct stream_id start;
    int64_t count;
    stream_claim_count(x, c.key);
    if (!parse_auto(&c, a, &start, &count) || !stream_claim_find_group(x, a))
        return RUN_DONE;
    const int rc = stream_claim_begin(&c, a);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const struct stream_id next = claim_from(&c, start, count, x->scratch);
    reply_array(x->reply, 3);
    reply_stream_id(x->reply, next);
    reply_results(&c, x->scratch, CLAIM_TAKEN);
    reply_results(&c, x->scratch, CLAIM_GONE);
    stream_claim_end(&c, false);
    return RUN_DONE;
}

#define CLAIMS(how)                                                                                \
    .arity = -6, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_STREAM,                          \
    .keys = KEY_AT(KEY, KEY_RW | (how))

const struct command xclaim_commands[] = {
    {"xautoclaim", .imm = true, .run = stream_claim_xautoclaim, CLAIMS(KEY_DELETE)},
    {"xclaim", .imm = false, .run = stream_claim_xclaim, CLAIMS(KEY_UPDATE)},
    {0},
};
