/*
 * cmd_stream_trim.c — XDEL, XDELEX, XTRIM: entries that go.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/stream/stream_trimming.h"

/* --- XTRIM ----------------------------------------------------------------------------------- */

/* False: the error line is written. */
static bool parse_trim(struct exec *x, const struct args *a, struct stream_trim_words *w)
{
    enum stream_word word = STREAM_WORD_TAKEN;
    for (uint32_t i = 2; word == STREAM_WORD_TAKEN && i < a->n; i++)
        word = stream_trim_word(x, a, &i, w);
    if (word == STREAM_WORD_OTHER)
        reply_syntax(x);
    if (word != STREAM_WORD_TAKEN || !stream_trim_complete(x, w))
        return false;
    if (!w->given)
        reply_error(x->reply, "ERR syntax error, XTRIM must be called with a trimming strategy");
    return w->given;
}

static enum outcome stream_trim_xtrim(struct exec *x, const struct args *a)
{
    struct stream_trim_words w = {0};
    struct value_edit *e;
    struct value v;
    uint64_t gone = 0;
    if (!parse_trim(x, a, &w))
        return RUN_DONE;
    int rc = exec_find_silently(x, a->v[1], TYPE_STREAM, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = exec_open(x, a->v[1], TYPE_STREAM, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v)) {
        const bool approximate = w.spec.approximate;
        gone = stream_trim_told(e, &w.spec);
        LK_ASSERT(exec_close(x, e, gone > 0) == LK_OK);
        if (gone > 0 && approximate) {
            struct bytes words[2 + STREAM_TRIM_WORDS_MAX] = {bytes_cstr("XTRIM"), a->v[1]};
            struct stream_trim_text text;
            exec_effect(x, words, 2 + stream_trim_effect(&w.spec, words + 2, &text));
        }
    }
    if (gone > 0)
        exec_event(x, EVENT_STREAM, "xtrim", a->v[1]);
    reply_int(x->reply, (int64_t)gone);
    return RUN_DONE;
}

/* --- XDEL, XDELEX ---------------------------------------------------------------------------- */

static struct stream_id stream_trim_id_at(const struct args *a, uint32_t i)
{
    struct stream_id id;
    LK_ASSERT(stream_parse_strict_id(a->v[i], &id) == LK_OK);
    return id;
}

static void close_deleted(struct exec *x, struct value_edit *e, struct bytes key, bool changed,
                          uint64_t deleted)
{
    LK_ASSERT(exec_close(x, e, changed) == LK_OK);
    if (deleted > 0)
        exec_event(x, EVENT_STREAM, "xdel", key);
}

static enum outcome stream_trim_xdel(struct exec *x, const struct args *a)
{
    struct value_edit *e;
    struct value v;
    uint64_t deleted = 0;
    int rc = exec_find_silently(x, a->v[1], TYPE_STREAM, &v);
    if (rc == LK_OK && !value_exists(&v)) {
        reply_int(x->reply, 0);
        return RUN_DONE;
    }
    if (rc == LK_OK)
        rc = stream_check_ids(a, 2, a->n - 2);
    if (rc == LK_OK)
        rc = exec_open(x, a->v[1], TYPE_STREAM, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    for (uint32_t i = 2; i < a->n; i++)
        deleted += stream_delete(e, stream_trim_id_at(a, i));
    close_deleted(x, e, a->v[1], deleted > 0, deleted);
    reply_int(x->reply, (int64_t)deleted);
    return RUN_DONE;
}

/* DELREF may change what groups know of entries that are gone already. */
static enum outcome stream_trim_xdelex(struct exec *x, const struct args *a)
{
    struct stream_delete_words w;
    struct value_edit *e = NULL;
    struct value v;
    uint64_t deleted = 0;
    if (!stream_parse_delete(x, a, 2, &w))
        return RUN_DONE;
    int rc = exec_find_silently(x, a->v[1], TYPE_STREAM, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = exec_open(x, a->v[1], TYPE_STREAM, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_array(x->reply, w.count);
    for (uint32_t i = 0; i < w.count; i++) {
        const enum stream_delete_result result =
            e ? stream_delete_with(e, stream_trim_id_at(a, w.first + i), w.refs) : STREAM_NO_ENTRY;
        deleted += result == STREAM_DELETED;
        reply_int(x->reply, result);
    }
    if (e)
        close_deleted(x, e, a->v[1], deleted > 0 || w.refs == STREAM_DELREF, deleted);
    return RUN_DONE;
}

#define DELETES(more)                                                                              \
    .flags = CMD_WRITE | (more), .categories = CAT_STREAM, .keys = KEY_AT(1, KEY_RW | KEY_DELETE)

const struct command stream_trim_commands[] = {
    {"xdel", .arity = -3, .run = stream_trim_xdel, DELETES(CMD_FAST)},
    {"xdelex", .arity = -5, .run = stream_trim_xdelex, DELETES(CMD_FAST)},
    {"xtrim", .arity = -4, .run = stream_trim_xtrim, DELETES(0)},
    {0},
};
