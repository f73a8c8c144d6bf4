/*
 * aof_base_stream.c — streams as commands.
 *
 *   XADD key ID field value …          each entry; of a stream without any, one that goes at once
 *   XSETID key last-ID ENTRIESADDED n MAXDELETEDID ID
 *   each group   XGROUP CREATE key group last-ID ENTRIESREAD n
 *                each consumer   XCLAIM key group consumer 0 ID TIME ms RETRYCOUNT n JUSTID FORCE,
 *                                for each entry that is pending; if none is, XGROUP CREATECONSUMER
 *
 * The commands cannot say when a consumer was seen, and a pending entry that was deleted from the
 * stream is not claimed by who reads this.
 */
#include "core/types/stream_group.h"
#include "persist/aof/aof_base_priv.h"

static void word_id(struct rdb_out *o, struct stream_id id)
{
    char text[STREAM_ID_CHARS];
    aof_word(o, bytes_of(text, stream_id_to_chars(id, '-', text)));
}

/* --- entries --------------------------------------------------------------------------------- */

static void write_entry(struct rdb_out *o, struct bytes key, struct stream_iter *it)
{
    aof_command(o, 3 + 2 * it->fields, "XADD", key);
    word_id(o, it->id);
    for (uint64_t i = 0; i < it->fields; i++) {
        struct listpack_value field, value;
        stream_iter_pair(it, &field, &value);
        aof_word_value(o, &field);
        aof_word_value(o, &value);
    }
}

/* Makes the key. */
static void write_no_entry(struct rdb_out *o, struct bytes key)
{
    static const char *const words[] = {"MAXLEN", "0", "0-1", "x", "y"};
    aof_command(o, 7, "XADD", key);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        aof_word_text(o, words[i]);
}

static void write_ids(struct rdb_out *o, struct bytes key, const struct stream_state *s)
{
    aof_command(o, 7, "XSETID", key);
    word_id(o, s->last_id);
    aof_word_text(o, "ENTRIESADDED");
    aof_word_count(o, s->entries_added);
    aof_word_text(o, "MAXDELETEDID");
    word_id(o, s->max_deleted_id);
}

/* --- groups ---------------------------------------------------------------------------------- */

static void write_pending(struct rdb_out *o, struct bytes key, const struct stream_group *g,
                          const struct stream_pending *p)
{
    aof_command(o, 12, "XCLAIM", key);
    aof_word(o, stream_name(&g->head));
    aof_word(o, stream_name(&p->consumer->head));
    aof_word_integer(o, 0);
    word_id(o, p->id);
    aof_word_text(o, "TIME");
    aof_word_integer(o, p->delivered_ms);
    aof_word_text(o, "RETRYCOUNT");
    aof_word_count(o, p->deliveries);
    aof_word_text(o, "JUSTID");
    aof_word_text(o, "FORCE");
}

static void aof_base_stream_write_consumer(struct rdb_out *o, struct bytes key,
                                           const struct stream_group *g,
                                           const struct stream_consumer *c)
{
    struct stream_pending_iter it;
    struct stream_pending p;
    if (stream_pending_count(g, c) == 0) {
        aof_command(o, 5, "XGROUP", bytes_cstr("CREATECONSUMER"));
        aof_word(o, key);
        aof_word(o, stream_name(&g->head));
        aof_word(o, stream_name(&c->head));
        return;
    }
    stream_pending_begin(&it, g, c, stream_id_of(0, 0), stream_id_max());
    while (stream_pending_next(&it, &p))
        write_pending(o, key, g, &p);
}

static void aof_base_stream_write_group(struct rdb_out *o, struct bytes key,
                                        const struct stream_group *g)
{
    aof_command(o, 7, "XGROUP", bytes_cstr("CREATE"));
    aof_word(o, key);
    aof_word(o, stream_name(&g->head));
    word_id(o, g->last_id);
    aof_word_text(o, "ENTRIESREAD");
    aof_word_integer(o, g->entries_read);
    for (uint64_t i = 0, n = stream_consumer_count(g); i < n; i++)
        aof_base_stream_write_consumer(o, key, g, stream_consumer_at(g, i));
}

void aof_base_stream(struct rdb_out *o, struct bytes key, const struct value *v)
{
    struct stream_state state;
    struct stream_iter it;
    stream_state_get(v, &state);
    stream_iter_begin(&it, v, stream_id_of(0, 0), stream_id_max(), false);
    while (stream_iter_next(&it))
        write_entry(o, key, &it);
    if (state.length == 0)
        write_no_entry(o, key);
    write_ids(o, key, &state);
    for (uint64_t i = 0, n = stream_group_count(v); i < n; i++)
        aof_base_stream_write_group(o, key, stream_group_at(v, i));
}
