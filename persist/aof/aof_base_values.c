/*
 * aof_base_values.c — strings and collections as commands.
 *
 * A long string is one word, written chunk by chunk.  A collection is told in runs of elements:
 *
 *   RPUSH key 64 elements | RPUSH key 64 elements | RPUSH key the rest
 */
#include "core/types/hash.h"
#include "core/types/list.h"
#include "core/types/set_walk.h"
#include "core/types/str.h"
#include "core/types/zset.h"
#include "persist/aof/aof_base_priv.h"

enum { RUN = 64 }; /* elements a command, as other servers write them */

/* --- strings --------------------------------------------------------------------------------- */

static void write_span(void *ctx, const struct str_span *span)
{
    rdb_out_raw(ctx, span->bytes.data, span->bytes.size);
}

void aof_base_string(struct rdb_out *o, struct bytes key, const struct value *v)
{
    const size_t size = str_size(v);
    struct bytes piece;
    int64_t n;
    aof_command(o, 3, "SET", key);
    if (str_piece(v, &piece)) {
        aof_word(o, piece);
    } else if (str_to_int64(v, &n) == LK_OK) {
        aof_word_integer(o, n);
    } else {
        aof_word_begin(o, size);
        str_spans(v, 0, size, write_span, o);
        aof_word_end(o);
    }
}

/* --- runs of elements ------------------------------------------------------------------------ */

struct runs {
    struct rdb_out *o;
    const char *name;
    struct bytes key;
    unsigned words; /* of an element */
    uint64_t left;  /* elements that are not written */
    unsigned open;  /* of these, elements that the last command still takes */
};

static struct runs runs_of(struct rdb_out *o, const char *name, struct bytes key, unsigned words,
                           uint64_t elements)
{
    return (struct runs){.o = o, .name = name, .key = key, .words = words, .left = elements};
}

/* Before the words of each element. */
static void next_element(struct runs *r)
{
    LK_ASSERT(r->left > 0);
    if (r->open == 0) {
        r->open = r->left < RUN ? (unsigned)r->left : RUN;
        aof_command(r->o, 2 + (uint64_t)r->open * r->words, r->name, r->key);
    }
    r->open--;
    r->left--;
}

void aof_base_list(struct rdb_out *o, struct bytes key, const struct value *v)
{
    struct runs r = runs_of(o, "RPUSH", key, 1, list_length(v));
    struct list_iter it;
    for (bool on = list_iter_at(&it, v, 0); on; on = list_iter_next(&it)) {
        const struct listpack_value element = list_iter_get(&it);
        next_element(&r);
        aof_word_value(o, &element);
    }
    LK_ASSERT(r.left == 0);
}

static void aof_base_values_write_member(void *ctx, const struct set_member *m)
{
    struct runs *r = ctx;
    char digits[INT64_CHARS];
    next_element(r);
    aof_word(r->o, set_member_text(m, digits));
}

void aof_base_set(struct rdb_out *o, struct bytes key, const struct value *v)
{
    struct runs r = runs_of(o, "SADD", key, 1, set_count(v));
    set_each(v, aof_base_values_write_member, &r);
    LK_ASSERT(r.left == 0);
}

void aof_base_zset(struct rdb_out *o, struct bytes key, const struct value *v)
{
    struct runs r = runs_of(o, "ZADD", key, 2, zset_length(v));
    struct zset_iter it;
    for (bool on = zset_iter_at(&it, v, 0, false); on; on = zset_iter_next(&it)) {
        next_element(&r);
        aof_word_double(o, it.score);
        aof_word(o, it.member);
    }
    LK_ASSERT(r.left == 0);
}

/* --- hashes ---------------------------------------------------------------------------------- */

static void aof_base_values_write_field(void *ctx, const struct hash_field *f)
{
    struct runs *r = ctx;
    next_element(r);
    aof_word(r->o, f->name);
    aof_word(r->o, f->value);
}

static void write_deadline(void *ctx, const struct hash_field *f)
{
    const struct runs *r = ctx;
    if (f->deadline_ms < 0)
        return;
    aof_command(r->o, 6, r->name, r->key);
    aof_word_integer(r->o, f->deadline_ms);
    aof_word_text(r->o, "FIELDS");
    aof_word_integer(r->o, 1);
    aof_word(r->o, f->name);
}

/* Fields that are due are told like all others: who reads this drops them when the log says so. */
void aof_base_hash(struct rdb_out *o, struct bytes key, const struct value *v)
{
    struct runs r = runs_of(o, "HMSET", key, 2, hash_length(v));
    hash_each(v, -1, aof_base_values_write_field, &r);
    LK_ASSERT(r.left == 0);
    if (value_next_deadline(v) < 0)
        return;
    r.name = "HPEXPIREAT";
    hash_each(v, -1, write_deadline, &r);
}
