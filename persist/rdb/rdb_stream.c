/*
 * rdb_stream.c — streams, and groups of their readers.
 *
 *   stream     blocks | { ID | listpack } … | length | last ID | groups | { group } …
 *   stream2    … last ID | first ID | highest deleted ID | entries ever added | groups …
 *   group      name | last ID | entries read (2 and 3)
 *              | pending | { ID | delivered, 8 bytes | deliveries } … | consumers | { consumer } …
 *   consumer   name | seen, 8 bytes | active, 8 bytes (3) | pending | { ID } …
 *
 * The ID of a block is a string of 16 bytes, and that of a pending entry just these bytes, highest
 * first; others are two lengths, ms and number.  Entries read may be -1, which becomes the largest
 * length that there is.
 *
 * Source   the published descriptions of the RDB format, as parsers of dumps document them
 */
#include "core/types/loose.h"
#include "core/types/stream_group.h"
#include "core/types/stream_lag.h"
#include "persist/rdb/rdb_elements.h"
#include "persist/rdb/rdb_type.h"

enum {
    ID_BYTES = 16,
    BLOCK_BYTES_MIN = 1 + ID_BYTES + 2,
    GROUP_BYTES_MIN = 1 + 2 + 2,
    PENDING_BYTES_MIN = ID_BYTES + 8 + 1,
    CONSUMER_BYTES_MIN = 1 + 8 + 1,
    NAME_BYTES_MAX = INT32_MAX,
};

/* Has every consumer got something when it last came? */
static bool all_active(const struct stream_group *g)
{
    const uint64_t n = stream_consumer_count(g);
    for (uint64_t i = 0; i < n; i++) {
        const struct stream_consumer *c = stream_consumer_at(g, i);
        if (c->active_ms != c->seen_ms)
            return false;
    }
    return true;
}

/*
 * The third form adds when consumers last got something.  Redis reads it since 7.2, so it is
 * written only where that is another moment than when they last came, and the reader knows it.
 */
static unsigned rdb_stream_code(const struct rdb_out *o, const struct value *v)
{
    enum { SINCE = 11 };
    struct stream_state s;
    stream_state_get(v, &s);
    if (o->newest > 0 && o->newest < SINCE)
        return RDB_STREAM_LISTPACKS_2;
    for (uint64_t i = 0; i < s.groups; i++)
        if (!all_active(stream_group_at(v, i)))
            return RDB_STREAM_LISTPACKS_3;
    return RDB_STREAM_LISTPACKS_2;
}

/* --- writing --------------------------------------------------------------------------------- */

static void rdb_stream_put_be(char *p, uint64_t n)
{
    for (int i = 7; i >= 0; i--, n >>= 8)
        p[i] = (char)n;
}

static struct bytes raw_id(struct stream_id id, char out[ID_BYTES])
{
    rdb_stream_put_be(out, id.ms);
    rdb_stream_put_be(out + 8, id.seq);
    return bytes_of(out, ID_BYTES);
}

static void write_raw_id(struct rdb_out *o, struct stream_id id)
{
    char raw[ID_BYTES];
    rdb_out_raw(o, raw_id(id, raw).data, ID_BYTES);
}

static void write_id(struct rdb_out *o, struct stream_id id)
{
    rdb_out_length(o, id.ms);
    rdb_out_length(o, id.seq);
}

static void write_blocks(struct rdb_out *o, const struct blocks *b)
{
    char raw[ID_BYTES];
    struct blocks_iter it;
    rdb_out_length(o, b->count);
    for (bool on = blocks_first(&it, b); on; on = blocks_next(&it)) {
        const struct block_key key = blocks_iter_key(&it);
        rdb_out_string(o, raw_id(stream_id_of(key.high, key.low), raw));
        rdb_out_string(o, bytes_of(it.lp, listpack_bytes(it.lp)));
    }
}

static void rdb_stream_write_consumer(struct rdb_out *o, unsigned form,
                                      const struct stream_group *g, const struct stream_consumer *c)
{
    struct stream_pending_iter it;
    struct stream_id id;
    rdb_out_string(o, stream_name(&c->head));
    rdb_out_ms(o, c->seen_ms);
    if (form == RDB_STREAM_LISTPACKS_3)
        rdb_out_ms(o, c->active_ms);
    rdb_out_length(o, stream_pending_count(g, c));
    stream_pending_begin(&it, g, c, stream_id_of(0, 0), stream_id_max());
    while (stream_pending_next_id(&it, &id))
        write_raw_id(o, id);
}

static void rdb_stream_write_group(struct rdb_out *o, unsigned form, const struct stream_group *g)
{
    struct stream_pending_iter it;
    struct stream_pending p;
    const uint64_t consumers = stream_consumer_count(g);
    rdb_out_string(o, stream_name(&g->head));
    write_id(o, g->last_id);
    rdb_out_length(o, (uint64_t)g->entries_read);
    rdb_out_length(o, stream_pending_count(g, NULL));
    stream_pending_begin(&it, g, NULL, stream_id_of(0, 0), stream_id_max());
    while (stream_pending_next(&it, &p)) {
        write_raw_id(o, p.id);
        rdb_out_ms(o, p.delivered_ms);
        rdb_out_length(o, p.deliveries);
    }
    rdb_out_length(o, consumers);
    for (uint64_t i = 0; i < consumers; i++)
        rdb_stream_write_consumer(o, form, g, stream_consumer_at(g, i));
}

static void rdb_stream_write(struct rdb_out *o, const struct value *v)
{
    const unsigned form = rdb_stream_code(o, v);
    struct stream_state s;
    stream_state_get(v, &s);
    write_blocks(o, stream_blocks(v));
    rdb_out_length(o, s.length);
    write_id(o, s.last_id);
    write_id(o, s.first_id);
    write_id(o, s.max_deleted_id);
    rdb_out_length(o, s.entries_added);
    rdb_out_length(o, s.groups);
    for (uint64_t i = 0; i < s.groups; i++)
        rdb_stream_write_group(o, form, stream_group_at(v, i));
}

/* --- reading --------------------------------------------------------------------------------- */

struct reading {
    struct rdb_in *in;
    unsigned code;
    struct value_edit *edit;
    struct stream_state state; /* of the entries, once they are all there */
};

static uint64_t rdb_stream_get_be(const char *p)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n = n << 8 | (unsigned char)p[i];
    return n;
}

static struct stream_id id_from(const char *raw)
{
    return stream_id_of(rdb_stream_get_be(raw), rdb_stream_get_be(raw + 8));
}

static int read_raw_id(struct rdb_in *in, struct stream_id *out)
{
    char raw[ID_BYTES];
    const int rc = rdb_in_raw(in, raw, sizeof raw);
    if (rc == LK_OK)
        *out = id_from(raw);
    return rc;
}

static int read_id(struct rdb_in *in, struct stream_id *out)
{
    const int rc = rdb_in_length(in, &out->ms);
    return rc == LK_OK ? rdb_in_length(in, &out->seq) : rc;
}

static int rdb_stream_read_block(struct reading *r)
{
    struct bytes b;
    int rc = rdb_in_element(r->in, &b);
    if (rc != LK_OK)
        return rc;
    if (b.size != ID_BYTES)
        return rdb_in_fail(r->in, "the ID of a part of a stream has %zu bytes", b.size);
    const struct stream_id id = id_from(b.data);
    rc = rdb_in_element(r->in, &b);
    if (rc != LK_OK)
        return rc;
    rc = stream_add_block(r->edit, id, (const unsigned char *)b.data, b.size);
    return rdb_in_made(
        r->in, rc,
        "Stream listpack integrity check failed: it is no part of a stream, or not in order");
}

static int read_blocks(struct reading *r)
{
    uint64_t n, length;
    int rc = rdb_in_count(r->in, BLOCK_BYTES_MIN, &n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++)
        rc = rdb_stream_read_block(r);
    if (rc == LK_OK)
        rc = rdb_in_length(r->in, &length);
    if (rc == LK_OK && length != stream_length(&r->edit->value))
        return rdb_in_fail(r->in, "a stream of %llu entries is said to have %llu",
                           (unsigned long long)stream_length(&r->edit->value),
                           (unsigned long long)length);
    return rc;
}

/* The first form does not tell what was deleted: then that was nothing. */
static int read_state(struct reading *r)
{
    struct stream_id last, first, deleted = stream_id_of(0, 0);
    uint64_t added = stream_length(&r->edit->value);
    int rc = read_id(r->in, &last);
    if (rc == LK_OK && r->code != RDB_STREAM_LISTPACKS) {
        rc = read_id(r->in, &first); /* which the blocks tell as well */
        if (rc == LK_OK)
            rc = read_id(r->in, &deleted);
        if (rc == LK_OK)
            rc = rdb_in_length(r->in, &added);
    }
    if (rc == LK_OK)
        rc = rdb_in_made(r->in, stream_set_ids_of_file(r->edit, last, deleted, added),
                         "the stream has entries above its last ID, or more than were ever added");
    if (rc == LK_OK)
        stream_state_get(&r->edit->value, &r->state);
    return rc;
}

static int read_pending(struct reading *r, struct stream_group *g)
{
    uint64_t n, deliveries;
    struct stream_id id;
    int64_t delivered_ms;
    int rc = rdb_in_count(r->in, PENDING_BYTES_MIN, &n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++) {
        rc = read_raw_id(r->in, &id);
        if (rc == LK_OK)
            rc = rdb_in_ms(r->in, &delivered_ms);
        if (rc == LK_OK)
            rc = rdb_in_length(r->in, &deliveries);
        if (rc == LK_OK && !stream_pending_note(r->edit, g, id, delivered_ms, deliveries))
            return rdb_in_fail(r->in, "an entry is pending twice");
    }
    return rc;
}

static int read_consumer_pending(struct reading *r, struct stream_group *g,
                                 struct stream_consumer *c)
{
    uint64_t n;
    struct stream_id id;
    int rc = rdb_in_count(r->in, ID_BYTES, &n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++) {
        rc = read_raw_id(r->in, &id);
        if (rc == LK_OK && !stream_pending_assign(r->edit, g, c, id))
            return rdb_in_fail(r->in, "a consumer has an entry that the group has not, or two "
                                      "consumers have it");
    }
    return rc;
}

/* Groups and consumers have names of at most that. */
static int read_name(struct reading *r, struct bytes *out)
{
    const int rc = rdb_in_element(r->in, out);
    if (rc == LK_OK && out->size > NAME_BYTES_MAX)
        return rdb_in_fail(r->in, "a name has %zu bytes", out->size);
    return rc;
}

/* Adds to *assigned what is pending for the consumer. */
static int read_consumer(struct reading *r, struct stream_group *g, uint64_t *assigned)
{
    struct bytes name;
    int64_t seen_ms, active_ms;
    int rc = read_name(r, &name);
    if (rc != LK_OK)
        return rc;
    struct stream_consumer *c = stream_consumer_create(r->edit, g, name, 0);
    if (!c)
        return rdb_in_fail(r->in, "Duplicate stream consumer detected: a consumer comes twice");
    rc = rdb_in_ms(r->in, &seen_ms);
    active_ms = seen_ms;
    if (rc == LK_OK && r->code == RDB_STREAM_LISTPACKS_3)
        rc = rdb_in_ms(r->in, &active_ms);
    if (rc != LK_OK)
        return rc;
    c->seen_ms = seen_ms;
    c->active_ms = active_ms;
    rc = read_consumer_pending(r, g, c);
    *assigned += stream_pending_count(g, c);
    return rc;
}

static int read_consumers(struct reading *r, struct stream_group *g)
{
    uint64_t n, assigned = 0;
    int rc = rdb_in_count(r->in, CONSUMER_BYTES_MIN, &n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++)
        rc = read_consumer(r, g, &assigned);
    if (rc == LK_OK && assigned != stream_pending_count(g, NULL))
        return rdb_in_fail(r->in, "an entry is pending for no consumer");
    return rc;
}

static int read_entries_read(struct reading *r, struct stream_group *g)
{
    uint64_t n;
    if (r->code == RDB_STREAM_LISTPACKS) {
        g->entries_read = stream_added_up_to(&r->state, g->last_id);
        return LK_OK;
    }
    const int rc = rdb_in_length(r->in, &n);
    if (rc == LK_OK && n > INT64_MAX && n != UINT64_MAX)
        return rdb_in_fail(r->in, "no group has read %llu entries", (unsigned long long)n);
    if (rc == LK_OK)
        g->entries_read = (int64_t)n;
    return rc;
}

static int rdb_stream_read_group(struct reading *r)
{
    struct bytes name;
    int rc = read_name(r, &name);
    if (rc != LK_OK)
        return rc;
    struct stream_group *g = stream_group_create(r->edit, name, stream_id_of(0, 0), 0);
    if (!g)
        return rdb_in_fail(r->in, "Duplicated consumer group name: a group comes twice");
    rc = read_id(r->in, &g->last_id);
    if (rc == LK_OK)
        rc = read_entries_read(r, g);
    if (rc == LK_OK)
        rc = read_pending(r, g);
    return rc == LK_OK ? read_consumers(r, g) : rc;
}

static int read_groups(struct reading *r)
{
    uint64_t n;
    int rc = rdb_in_count(r->in, GROUP_BYTES_MIN, &n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++)
        rc = rdb_stream_read_group(r);
    return rc;
}

static int rdb_stream_read(struct rdb_in *in, const struct rdb_code *row, struct value *out)
{
    struct loose to;
    loose_begin(&to, TYPE_STREAM, in->limits, &in->scratch);
    struct reading r = {.in = in, .code = row->code, .edit = &to.edit};
    int rc = read_blocks(&r);
    if (rc == LK_OK)
        rc = read_state(&r);
    if (rc == LK_OK)
        rc = read_groups(&r);
    if (rc != LK_OK)
        loose_drop(&to);
    *out = to.edit.value;
    return rc;
}

const struct rdb_type rdb_stream = {rdb_stream_code, rdb_stream_write, rdb_stream_read};
