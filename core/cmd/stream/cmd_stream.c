/*
 * cmd_stream.c — XADD, XLEN, XRANGE, XREVRANGE, XSETID.
 */
#include "core/base/mem.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/stream/stream_reply.h"
#include "core/cmd/stream/stream_trimming.h"

/* --- XADD ------------------------------------------------------------------------------------ */

/* key [NOMKSTREAM] [trimming] *|id field value [field value ...] */
struct add_words {
    bool existing_only;
    struct stream_trim_words trim;
    uint32_t id_at; /* the pairs begin behind it */
    bool any_id, any_seq;
    struct stream_id id; /* unless any_id; without the number when any_seq */
};

/* False: the error line is written. */
static bool parse_add(struct exec *x, const struct args *a, struct add_words *w)
{
    uint32_t i = 2;
    for (; i < a->n; i++) {
        if (args_is(a, i, "*"))
            break;
        const enum stream_word word = stream_trim_word(x, a, &i, &w->trim);
        if (word == STREAM_WORD_WRONG)
            return false;
        if (word == STREAM_WORD_TAKEN)
            continue;
        if (!args_is(a, i, "nomkstream"))
            break;
        w->existing_only = true;
    }
    if (i < a->n) {
        w->any_id = args_is(a, i, "*");
        const int rc = w->any_id ? LK_OK : stream_parse_new_id(a->v[i], &w->id, &w->any_seq);
        if (rc != LK_OK) {
            reply_status(x, rc);
            return false;
        }
    }
    if (!stream_trim_complete(x, &w->trim))
        return false;
    w->id_at = i;
    if (i + 3 <= a->n && (a->n - i) % 2 == 1)
        return true;
    reply_arity(x);
    return false;
}

/* The ID of a new entry behind the last one; false: there is none as the client wants it. */
static bool make_id(const struct exec *x, const struct add_words *w, struct stream_id last,
                    struct stream_id *id)
{
    const struct stream_id now = stream_id_of((uint64_t)x->now_ms, 0);
    *id = w->id;
    if (w->any_id) {
        *id = now;
        if (stream_id_compare(now, last) > 0)
            return true;
        *id = last;
        return stream_id_increment(id);
    }
    if (w->any_seq && id->ms == last.ms) {
        *id = last;
        return stream_id_increment(id) && id->ms == last.ms;
    }
    return true;
}

static enum outcome stream_refuse(struct exec *x, const char *line)
{
    reply_error(x->reply, "%s", line);
    return RUN_DONE;
}

/* The command as it is to be repeated: with the ID that was made, and trimmed to what is left. */
static void log_add(struct exec *x, const struct args *a, const struct add_words *w,
                    struct stream_id id, const struct stream_trim_spec *left)
{
    enum { ON_STACK = 64 };
    struct bytes few[ON_STACK], *v = few;
    char text[STREAM_ID_CHARS];
    struct stream_trim_text trim_text;
    if (!w->any_id && !w->any_seq && !w->trim.spec.approximate)
        return; /* just as it came */
    if (!exec_is_logged(x)) {
        exec_effect_none(x);
        return;
    }
    const uint32_t pairs = w->id_at + 1, most = a->n - pairs + STREAM_TRIM_WORDS_MAX + 3;
    if (most > ON_STACK)
        v = mem_alloc(most * sizeof *v);
    uint32_t n = 0;
    v[n++] = bytes_cstr("XADD");
    v[n++] = a->v[1];
    if (w->trim.given)
        n += stream_trim_effect(left, v + n, &trim_text);
    v[n++] = bytes_of(text, stream_id_to_chars(id, '-', text));
    memcpy(v + n, a->v + pairs, (a->n - pairs) * sizeof *v);
    exec_effect(x, v, n + a->n - pairs);
    if (v != few)
        mem_free(v, most * sizeof *v);
}

static const char *const no_more_ids =
    "ERR The stream has exhausted the last possible ID, unable to add more items";
static const char *const not_above =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";

/* Into the open stream; NULL, or what is wrong. */
static const char *add_entry(const struct exec *x, const struct args *a, const struct add_words *w,
                             struct value_edit *e, struct stream_id *id)
{
    const struct stream_id last = stream_last_id(&e->value);
    if (stream_id_compare(last, stream_id_max()) == 0)
        return no_more_ids;
    if (!make_id(x, w, last, id))
        return not_above;
    const uint32_t pairs = w->id_at + 1;
    switch (stream_append(e, *id, a->v + pairs, (a->n - pairs) / 2)) {
    case LK_OK:
        return NULL;
    case LK_ERANGE:
        return not_above;
    default:
        return "ERR Elements are too large to be stored";
    }
}

static enum outcome stream_xadd(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct add_words w = {0};
    struct value_edit *e;
    struct stream_id id;
    if (!parse_add(x, a, &w))
        return RUN_DONE;
    if (!w.any_id && !w.any_seq && w.id.ms == 0 && w.id.seq == 0)
        return stream_refuse(x, "ERR The ID specified in XADD must be greater than 0-0");
    int rc = LK_OK;
    if (w.existing_only) {
        struct value v;
        rc = exec_find_silently(x, key, TYPE_STREAM, &v);
        if (rc == LK_OK && !value_exists(&v)) {
            reply_null(x->reply);
            return RUN_DONE;
        }
    }
    if (rc == LK_OK)
        rc = exec_open(x, key, TYPE_STREAM, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const char *wrong = add_entry(x, a, &w, e, &id);
    if (wrong) {
        LK_ASSERT(exec_close(x, e, false) == LK_OK);
        return stream_refuse(x, wrong);
    }
    struct stream_trim_spec left = w.trim.spec;
    const uint64_t gone = w.trim.given ? stream_trim_told(e, &left) : 0;
    rc = exec_close(x, e, true);
    if (rc != LK_OK)
        return reply_status(x, rc);
    log_add(x, a, &w, id, &left);
    exec_event(x, EVENT_STREAM, "xadd", key);
    if (gone > 0)
        exec_event(x, EVENT_STREAM, "xtrim", key);
    reply_stream_id(x->reply, id);
    return RUN_DONE;
}

/* --- reading --------------------------------------------------------------------------------- */

static enum outcome stream_xlen(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_STREAM, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, value_exists(&v) ? (int64_t)stream_length(&v) : 0);
    return RUN_DONE;
}

/* Negative counts are as good as none; the last of several counts. */
static int stream_parse_count(const struct args *a, uint32_t at, int64_t *count)
{
    for (uint32_t i = at; i < a->n; i += 2) {
        if (!args_is(a, i, "count") || i + 1 == a->n)
            return LK_ESYNTAX;
        if (args_int64(a, i + 1, count) != LK_OK)
            return LK_ENOTINT;
        if (*count < 0)
            *count = 0;
    }
    return LK_OK;
}

/* XRANGE key first last, XREVRANGE key last first; imm: from the end. */
static enum outcome stream_range(struct exec *x, const struct args *a)
{
    const bool backward = x->cmd->imm;
    struct stream_id first, last;
    int64_t count = -1;
    struct value v;
    int rc = stream_parse_first(a->v[backward ? 3 : 2], &first);
    if (rc == LK_OK)
        rc = stream_parse_last(a->v[backward ? 2 : 3], &last);
    if (rc == LK_OK)
        rc = stream_parse_count(a, 4, &count);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_STREAM, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!value_exists(&v)) {
        reply_array(x->reply, 0);
    } else if (count == 0) {
        reply_null_array(x->reply);
    } else {
        struct stream_iter it;
        stream_iter_begin(&it, &v, first, last, backward);
        (void)reply_stream_entries(x->reply, &it, count < 0 ? UINT64_MAX : (uint64_t)count);
    }
    return RUN_DONE;
}

/* --- XSETID ---------------------------------------------------------------------------------- */

/* key last-id [ENTRIESADDED n] [MAXDELETEDID id] */
struct setid_words {
    struct stream_id last_id, max_deleted_id;
    int64_t entries_added; /* negative: as it is */
    bool max_deleted_given;
};

/* False: the error line is written. */
static bool parse_setid(struct exec *x, const struct args *a, struct setid_words *w)
{
    const char *line = NULL;
    int rc = stream_parse_strict_id(a->v[2], &w->last_id);
    for (uint32_t i = 3; rc == LK_OK && !line && i < a->n; i += 2) {
        const bool more = i + 1 < a->n;
        if (more && args_is(a, i, "entriesadded")) {
            rc = args_int64(a, i + 1, &w->entries_added);
            if (rc == LK_OK && w->entries_added < 0)
                line = "ERR entries_added must be positive";
        } else if (more && args_is(a, i, "maxdeletedid")) {
            rc = stream_parse_strict_id(a->v[i + 1], &w->max_deleted_id);
            w->max_deleted_given = true;
            if (rc == LK_OK && stream_id_compare(w->last_id, w->max_deleted_id) < 0)
                line = "ERR The ID specified in XSETID is smaller than the provided "
                       "max_deleted_entry_id";
        } else {
            rc = LK_ESYNTAX;
        }
    }
    if (line)
        reply_error(x->reply, "%s", line);
    else if (rc != LK_OK)
        reply_status(x, rc);
    return rc == LK_OK && !line;
}

/* NULL, or why the stream's entries do not allow it. */
static const char *check_setid(const struct value *v, const struct setid_words *w)
{
    struct stream_state s;
    struct stream_iter it;
    stream_state_get(v, &s);
    if (stream_id_compare(w->last_id, s.max_deleted_id) < 0)
        return "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
    stream_iter_begin(&it, v, stream_id_of(0, 0), stream_id_max(), true);
    if (!stream_iter_next(&it))
        return NULL;
    if (stream_id_compare(w->last_id, it.id) < 0)
        return "ERR The ID specified in XSETID is smaller than the target stream top item";
    if (w->entries_added >= 0 && (uint64_t)w->entries_added < stream_length(v))
        return "ERR The entries_added specified in XSETID is smaller than the target stream length";
    return NULL;
}

static enum outcome stream_xsetid(struct exec *x, const struct args *a)
{
    struct setid_words w = {.entries_added = -1};
    struct stream_state state;
    struct value_edit *e;
    struct value v;
    if (!parse_setid(x, a, &w))
        return RUN_DONE;
    int rc = exec_find_silently(x, a->v[1], TYPE_STREAM, &v);
    if (rc == LK_OK && !value_exists(&v))
        rc = LK_ENOKEY;
    const char *line = rc == LK_OK ? check_setid(&v, &w) : NULL;
    if (line)
        return stream_refuse(x, line);
    if (rc == LK_OK)
        rc = exec_open(x, a->v[1], TYPE_STREAM, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    stream_state_get(&e->value, &state);
    stream_set_ids(e, w.last_id, w.max_deleted_given ? w.max_deleted_id : state.max_deleted_id,
                   w.entries_added >= 0 ? (uint64_t)w.entries_added : state.entries_added);
    LK_ASSERT(exec_close(x, e, true) == LK_OK);
    exec_event(x, EVENT_STREAM, "xsetid", a->v[1]);
    reply_ok(x->reply);
    return RUN_DONE;
}

#define RANGE                                                                                      \
    .arity = -4, .flags = CMD_READONLY, .categories = CAT_STREAM,                                  \
    .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = stream_range

const struct command stream_commands[] = {
    {"xadd", .arity = -5, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_STREAM,
     .keys = {{.flags = KEY_RW | KEY_UPDATE,
               .begin = KEY_BEGIN_INDEX,
               .index = 1,
               .step = 1,
               .notes = "UPDATE instead of INSERT because of the optional trimming feature"}},
     .run = stream_xadd},
    {"xlen", .arity = 2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_STREAM,
     .keys = KEY_AT(1, KEY_RO), .run = stream_xlen},
    {"xrange", .imm = false, RANGE},
    {"xrevrange", .imm = true, RANGE},
    {"xsetid", .arity = -3, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_STREAM,
     .keys = KEY_AT(1, KEY_RW | KEY_UPDATE), .run = stream_xsetid},
    {0},
};
