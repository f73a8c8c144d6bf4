/*
 * cmd_stream_ack.c — XACK, XACKDEL: entries that a group is done with.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/stream/stream_groups.h"
#include "core/cmd/stream/stream_words.h"

static struct stream_id stream_ack_id_at(const struct args *a, uint32_t i)
{
    struct stream_id id;
    LK_ASSERT(stream_parse_strict_id(a->v[i], &id) == LK_OK);
    return id;
}

/* The group that argument 2 names of the stream at argument 1; NULL without one. */
static int stream_ack_find_group(struct exec *x, const struct args *a,
                                 const struct stream_group **out)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_STREAM, &v);
    *out = rc == LK_OK && value_exists(&v) ? stream_group_find(&v, a->v[2]) : NULL;
    return rc;
}

/* IDs are looked at only where they could be something. */
static enum outcome stream_ack_xack(struct exec *x, const struct args *a)
{
    const struct stream_group *found;
    struct value_edit *e;
    int64_t n = 0;
    int rc = stream_ack_find_group(x, a, &found);
    if (rc == LK_OK && found)
        rc = stream_check_ids(a, 3, a->n - 3);
    if (rc == LK_OK && found && stream_pending_count(found, NULL) > 0) {
        rc = exec_edit(x, a->v[1], &e);
        if (rc == LK_OK) {
            struct stream_group *g = stream_group_edit(e, a->v[2]);
            for (uint32_t i = 3; i < a->n; i++)
                n += stream_pending_remove(e, g, stream_ack_id_at(a, i));
            stream_close_groups(x, e, (uint64_t)n);
        }
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, n);
    return RUN_DONE;
}

/* --- XACKDEL --------------------------------------------------------------------------------- */

/* One entry; it is deleted only if it was pending for the group.  *deleted: it was there. */
static enum stream_delete_result ack_and_delete(struct value_edit *e, struct bytes group,
                                                struct stream_id id, enum stream_refs refs,
                                                bool *deleted)
{
    *deleted = false;
    if (!stream_pending_remove(e, stream_group_edit(e, group), id))
        return STREAM_NO_ENTRY;
    const enum stream_delete_result result = stream_delete_with(e, id, refs);
    *deleted = result == STREAM_DELETED;
    /* It was acknowledged, and is not there, which is what was asked for. */
    return result == STREAM_NO_ENTRY ? STREAM_DELETED : result;
}

static int ack_and_delete_all(struct exec *x, const struct args *a,
                              const struct stream_delete_words *w)
{
    struct value_edit *e;
    uint64_t acknowledged = 0, deleted = 0;
    const int rc = exec_edit(x, a->v[1], &e);
    if (rc != LK_OK)
        return rc;
    reply_array(x->reply, w->count);
    for (uint32_t i = 0; i < w->count; i++) {
        bool gone;
        const enum stream_delete_result result =
            ack_and_delete(e, a->v[2], stream_ack_id_at(a, w->first + i), w->refs, &gone);
        acknowledged += result != STREAM_NO_ENTRY;
        deleted += gone;
        reply_int(x->reply, result);
    }
    exec_edit_close(x, e, deleted > 0);
    x->changes += acknowledged - (deleted > 0);
    if (deleted > 0)
        exec_event(x, EVENT_STREAM, "xdel", a->v[1]);
    return LK_OK;
}

static enum outcome stream_ack_xackdel(struct exec *x, const struct args *a)
{
    struct stream_delete_words w;
    const struct stream_group *found;
    if (!stream_parse_delete(x, a, 3, &w))
        return RUN_DONE;
    int rc = stream_ack_find_group(x, a, &found);
    if (rc == LK_OK && found)
        rc = ack_and_delete_all(x, a, &w);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!found) {
        reply_array(x->reply, w.count);
        for (uint32_t i = 0; i < w.count; i++)
            reply_int(x->reply, STREAM_NO_ENTRY);
    }
    return RUN_DONE;
}

const struct command xack_commands[] = {
    {"xack", .arity = -4, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_STREAM,
     .run = stream_ack_xack, .keys = KEY_AT(1, KEY_RW | KEY_UPDATE)},
    {"xackdel", .arity = -6, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_STREAM,
     .run = stream_ack_xackdel, .keys = KEY_AT(1, KEY_RW | KEY_DELETE)},
    {0},
};
