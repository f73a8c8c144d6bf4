#include "core/cmd/stream/stream_groups.h"

/* Clients see a name up to its first NUL. */
static void append_name(struct buf *line, struct bytes name)
{
    buf_append(line, name.data, name.size > 0 ? strnlen(name.data, name.size) : 0);
}

static enum outcome stream_groups_reply_names(struct exec *x, const char *head, struct bytes first,
                                              const char *middle, struct bytes second,
                                              const char *tail)
{
    struct buf line = {0};
    buf_append_cstr(&line, head);
    append_name(&line, first);
    buf_append_cstr(&line, middle);
    append_name(&line, second);
    buf_append_char(&line, '\'');
    buf_append_cstr(&line, tail);
    reply_error_bytes(x->reply, buf_bytes(&line));
    buf_release(&line);
    return RUN_DONE;
}

enum outcome reply_no_group(struct exec *x, struct bytes key, struct bytes group)
{
    return stream_groups_reply_names(x, "NOGROUP No such consumer group '", group,
                                     "' for key name '", key, "");
}

enum outcome reply_no_key_or_group(struct exec *x, struct bytes key, struct bytes group,
                                   const char *tail)
{
    return stream_groups_reply_names(x, "NOGROUP No such key '", key, "' or consumer group '",
                                     group, tail);
}

static struct bytes id_text(struct stream_id id, char out[STREAM_ID_CHARS])
{
    return bytes_of(out, stream_id_to_chars(id, '-', out));
}

static struct bytes number_text(int64_t n, char out[INT64_CHARS])
{
    return bytes_of(out, int64_to_chars(n, out));
}

void stream_effect_claim(struct exec *x, struct bytes key, const struct stream_group *g,
                         const struct stream_pending *p)
{
    char id[STREAM_ID_CHARS], last[STREAM_ID_CHARS], ms[INT64_CHARS], n[INT64_CHARS];
    if (!exec_is_logged(x)) {
        exec_effect_none(x);
        return;
    }
    const struct bytes argv[] = {
        bytes_cstr("XCLAIM"),     key,
        stream_name(&g->head),    stream_name(&p->consumer->head),
        bytes_cstr("0"),          id_text(p->id, id),
        bytes_cstr("TIME"),       number_text(p->delivered_ms, ms),
        bytes_cstr("RETRYCOUNT"), number_text((int64_t)p->deliveries, n),
        bytes_cstr("FORCE"),      bytes_cstr("JUSTID"),
        bytes_cstr("LASTID"),     id_text(g->last_id, last),
    };
    exec_effect(x, argv, sizeof argv / sizeof *argv);
}

void stream_effect_group(struct exec *x, struct bytes key, const struct stream_group *g)
{
    char last[STREAM_ID_CHARS];
    exec_effect_format(x, "ssbbbsi", "XGROUP", "SETID", key, stream_name(&g->head),
                       id_text(g->last_id, last), "ENTRIESREAD", g->entries_read);
}

void stream_effect_consumer(struct exec *x, struct bytes key, const struct stream_group *g,
                            const struct stream_consumer *c)
{
    exec_effect_format(x, "ssbbb", "XGROUP", "CREATECONSUMER", key, stream_name(&g->head),
                       stream_name(&c->head));
}

void stream_close_groups(struct exec *x, struct value_edit *e, uint64_t changes)
{
    exec_edit_close(x, e, false);
    x->changes += changes;
}
