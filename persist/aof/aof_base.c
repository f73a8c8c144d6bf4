/*
 * aof_base.c — the frame of a plain base, and the view's visitor.
 */
#include "persist/aof/aof_base.h"

#include "persist/aof/aof_base_priv.h"

#include <stdio.h>

static aof_base_writer *const writers[TYPE_COUNT] = {
    [TYPE_STRING] = aof_base_string, [TYPE_LIST] = aof_base_list, [TYPE_SET] = aof_base_set,
    [TYPE_ZSET] = aof_base_zset,     [TYPE_HASH] = aof_base_hash, [TYPE_STREAM] = aof_base_stream,
};

void aof_base_begin(struct aof_base *b, struct rdb_out *out, int64_t stamp_s)
{
    char line[64];
    *b = (struct aof_base){.out = out};
    if (stamp_s >= 0)
        rdb_out_raw(out, line,
                    (size_t)snprintf(line, sizeof line, "#TS:%lld\r\n", (long long)stamp_s));
}

void aof_base_function(struct aof_base *b, struct bytes code)
{
    LK_ASSERT(!b->in_db);
    aof_command(b->out, 3, "FUNCTION", bytes_cstr("LOAD"));
    aof_word(b->out, code);
}

static void aof_base_select_db(struct aof_base *b, uint32_t db)
{
    char digits[INT64_CHARS];
    aof_command(b->out, 2, "SELECT", bytes_of(digits, int64_to_chars(db, digits)));
    b->in_db = true;
    b->db = db;
}

void aof_base_entry(struct aof_base *b, uint32_t db, const struct entry *e)
{
    struct value v;
    if (!b->in_db || db != b->db)
        aof_base_select_db(b, db);
    value_of_entry(e, &v);
    LK_ASSERT(v.type < TYPE_COUNT);
    writers[v.type](b->out, entry_key(e), &v);
    if (entry_has_deadline(e)) {
        aof_command(b->out, 3, "PEXPIREAT", entry_key(e));
        aof_word_integer(b->out, entry_deadline(e));
    }
    b->keys++;
}

int aof_base_end(struct aof_base *b)
{
    return rdb_out_flush(b->out);
}

/* --- of a view ------------------------------------------------------------------------------- */

int aof_base_view(struct aof_base *b, struct view *view, const struct rdb_save_hook *hook)
{
    const struct entry *e;
    uint32_t db;
    while (b->out->status == LK_OK && (e = view_next(view, &db)) != NULL) {
        aof_base_entry(b, db, e);
        if (hook)
            rdb_out_fail(b->out, hook->saved(hook->ctx, b->keys));
    }
    if (b->out->status == LK_OK && !view_is_whole(view))
        rdb_out_fail(b->out, LK_EAGAIN);
    return aof_base_end(b);
}
