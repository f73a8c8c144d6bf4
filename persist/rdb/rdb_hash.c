/*
 * rdb_hash.c — hashes, and fields with deadlines.
 *
 *   hash          count | { name | value } …
 *   zipmap, ziplist, listpack      name | value …          one string
 *   metadata      earliest deadline, 8 bytes | count | { time | name | value } …
 *   listpack ex   earliest deadline, 8 bytes | name | value | deadline …   one string
 *   hash 2        count | { name | value | deadline in ms or -1, 8 bytes } …     Valkey's
 *
 * time = 0 for none, else 1 + deadline - the earliest one: short numbers for deadlines that are
 * near each other.  In the two forms of release candidates nothing stands in front, and time is the
 * deadline itself.  In listpacks it is always the deadline itself, and 0 none.
 *
 * Source   the published descriptions of the RDB format, as parsers of dumps document them
 */
#include "core/ds/entry.h"
#include "core/types/hash.h"
#include "persist/rdb/rdb_elements.h"
#include "persist/rdb/rdb_type.h"
#include "persist/rdb/rdb_ziplist.h"
#include "persist/rdb/rdb_zipmap.h"

/* Of a hash that has lost all its deadlines; those that there are, are earlier. */
#define NO_EARLIEST (INT64_C(1) << 48)

static const char broken[] = "Hash integrity check failed: listpack with dup elements or uneven "
                             "length (a field comes twice, "
                             "or is not whole), or a deadline is none";

static unsigned rdb_hash_code(const struct rdb_out *o, const struct value *v)
{
    (void)o;
    struct hash_pack pack;
    const bool timed = value_next_deadline(v) >= 0;
    if (hash_as_pack(v, &pack))
        return timed ? RDB_HASH_LISTPACK_EX : pack.timed ? RDB_HASH : RDB_HASH_LISTPACK;
    return timed ? RDB_HASH_METADATA : RDB_HASH;
}

/* --- writing --------------------------------------------------------------------------------- */

struct writing {
    struct rdb_out *o;
    int64_t earliest; /* ENTRY_NO_DEADLINE: times are not written */
};

static void find_earliest(void *ctx, const struct hash_field *f)
{
    struct writing *w = ctx;
    if (f->deadline_ms >= 0 && (w->earliest < 0 || f->deadline_ms < w->earliest))
        w->earliest = f->deadline_ms;
}

static void rdb_hash_write_field(void *ctx, const struct hash_field *f)
{
    const struct writing *w = ctx;
    if (w->earliest >= 0)
        rdb_out_length(w->o, f->deadline_ms < 0 ? 0 : (uint64_t)(f->deadline_ms - w->earliest) + 1);
    rdb_out_string(w->o, f->name);
    rdb_out_string(w->o, f->value);
}

static void rdb_hash_write(struct rdb_out *o, const struct value *v)
{
    const unsigned form = rdb_hash_code(o, v);
    struct writing w = {o, ENTRY_NO_DEADLINE};
    struct hash_pack pack;
    if (form == RDB_HASH_METADATA || form == RDB_HASH_LISTPACK_EX) {
        hash_each(v, -1, find_earliest, &w);
        rdb_out_ms(o, w.earliest);
    }
    if (form == RDB_HASH_LISTPACK || form == RDB_HASH_LISTPACK_EX) {
        LK_ASSERT(hash_as_pack(v, &pack));
        rdb_out_string(o, pack.list);
        return;
    }
    rdb_out_length(o, hash_length(v));
    hash_each(v, -1, rdb_hash_write_field, &w);
}

/* --- reading --------------------------------------------------------------------------------- */

/* What no entry can hold, and what a listpack keeps for none, become the nearest that there is. */
static int deadline_of(uint64_t ms, int64_t *out)
{
    if (ms > (uint64_t)ENTRY_DEADLINE_MAX)
        return LK_EFORMAT;
    *out = ms > 0 ? (int64_t)ms : 1;
    return LK_OK;
}

static int add_field(struct loose *to, struct bytes name, struct bytes value, int64_t deadline_ms)
{
    struct hash_was was;
    const int rc = hash_set(&to->edit, name, value, deadline_ms, &was);
    return rc == LK_OK && was.kept ? LK_EFORMAT : rc;
}

/* How the fields of a form are timed. */
struct timing {
    enum { TIMED_NOT, TIMED_BEFORE, TIMED_BEHIND } where;
    int64_t earliest; /* 0 where times are deadlines themselves */
    bool relative;
};

static int read_time_before(struct rdb_in *in, const struct timing *t, int64_t *deadline_ms)
{
    uint64_t time;
    int rc = rdb_in_length(in, &time);
    if (rc != LK_OK || time == 0)
        return rc;
    if (t->relative) {
        if (time > (uint64_t)ENTRY_DEADLINE_MAX + 1)
            return LK_EFORMAT;
        time = time - 1 + (uint64_t)t->earliest;
    }
    return deadline_of(time, deadline_ms);
}

static int read_time_behind(struct rdb_in *in, int64_t *deadline_ms)
{
    int64_t ms;
    const int rc = rdb_in_ms(in, &ms);
    return rc != LK_OK || ms < 0 ? rc : deadline_of((uint64_t)ms, deadline_ms);
}

/* The last string lies in the window until more is read, so a deadline behind it needs a copy. */
static int read_field(struct rdb_in *in, const struct timing *t, struct loose *to)
{
    struct bytes pair[2];
    int64_t deadline_ms = ENTRY_NO_DEADLINE;
    int rc = t->where == TIMED_BEFORE ? read_time_before(in, t, &deadline_ms) : LK_OK;
    if (rc == LK_OK)
        rc = rdb_in_pair(in, pair);
    if (rc == LK_OK && t->where == TIMED_BEHIND) {
        const size_t first = pair[0].size, second = pair[1].size;
        if (in->element.size < first + second)
            buf_append_bytes(&in->element, pair[1]);
        if (first + second > 0) {
            pair[0] = bytes_of(in->element.data, first);
            pair[1] = bytes_of(in->element.data + in->element.size - second, second);
        }
        rc = read_time_behind(in, &deadline_ms);
    }
    return rc == LK_OK ? add_field(to, pair[0], pair[1], deadline_ms) : rc;
}

static int read_earliest(struct rdb_in *in, int64_t *out)
{
    const int rc = rdb_in_ms(in, out);
    if (rc == LK_OK && (*out < 0 || *out > NO_EARLIEST))
        return rdb_in_fail(in, "no field can expire at %lld", (long long)*out);
    return rc;
}

static int read_fields(struct rdb_in *in, const struct timing *t, struct loose *to)
{
    uint64_t n;
    int rc = rdb_in_count(in, 2, &n);
    if (rc == LK_OK)
        rc = hash_expect(&to->edit, n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++)
        rc = read_field(in, t, to);
    return rdb_in_made(in, rc, broken);
}

static int read_timed(struct rdb_in *in, struct loose *to)
{
    struct timing t = {.where = TIMED_BEFORE, .relative = true};
    const int rc = read_earliest(in, &t.earliest);
    return rc == LK_OK ? read_fields(in, &t, to) : rc;
}

static int rdb_hash_read_pack(struct rdb_in *in, bool timed, struct loose *to)
{
    struct hash_pack pack = {.timed = timed};
    size_t count;
    const int rc = rdb_in_listpack(in, "Hash", &pack.list, &count);
    return rc == LK_OK && count > 0 ? rdb_in_made(in, hash_from_pack(to, &pack), broken) : rc;
}

struct pairing {
    struct loose *to;
    struct bytes name; /* data is NULL between two pairs */
    char digits[INT64_CHARS];
    int rc;
};

static bool rdb_hash_add_value(void *ctx, const struct listpack_value *v)
{
    struct pairing *p = ctx;
    char digits[INT64_CHARS];
    if (!p->name.data) {
        p->name = rdb_text_of(v, p->digits);
        return true;
    }
    p->rc = add_field(p->to, p->name, rdb_text_of(v, digits), ENTRY_NO_DEADLINE);
    p->name.data = NULL;
    return p->rc == LK_OK;
}

static int rdb_hash_read_ziplist(struct rdb_in *in, struct loose *to)
{
    struct pairing p = {.to = to};
    struct bytes zl;
    size_t count;
    int rc = rdb_in_ziplist(in, "Hash", &zl, &count);
    if (rc != LK_OK)
        return rc;
    rc = count % 2 == 0 ? hash_expect(&to->edit, count / 2) : LK_EFORMAT;
    if (rc == LK_OK) {
        rdb_ziplist_each(zl, rdb_hash_add_value, &p);
        rc = p.rc;
    }
    return rdb_in_made(in, rc, broken);
}

static bool rdb_hash_add_pair(void *ctx, const struct listpack_value pair[2])
{
    struct pairing *p = ctx;
    p->rc = add_field(p->to, pair[0].s, pair[1].s, ENTRY_NO_DEADLINE);
    return p->rc == LK_OK;
}

static int read_zipmap(struct rdb_in *in, struct loose *to)
{
    struct pairing p = {.to = to};
    struct bytes zm;
    size_t count;
    int rc = rdb_in_zipmap(in, &zm, &count);
    if (rc != LK_OK)
        return rc;
    rc = hash_expect(&to->edit, count);
    if (rc == LK_OK) {
        rdb_zipmap_each(zm, rdb_hash_add_pair, &p);
        rc = p.rc;
    }
    return rdb_in_made(in, rc, broken);
}

static int read_form(struct rdb_in *in, const struct rdb_code *row, struct loose *to)
{
    static const struct timing none = {.where = TIMED_NOT}, absolute = {.where = TIMED_BEFORE},
                               behind = {.where = TIMED_BEHIND};
    int64_t ignored;
    int rc;
    switch (row->code) {
    case RDB_HASH:
        return read_fields(in, &none, to);
    case RDB_HASH_ZIPMAP:
        return read_zipmap(in, to);
    case RDB_HASH_ZIPLIST:
        return rdb_hash_read_ziplist(in, to);
    case RDB_HASH_LISTPACK:
        return rdb_hash_read_pack(in, false, to);
    case RDB_HASH_METADATA_PRE_GA: /* and RDB_HASH_2 */
        return read_fields(in, row->since >= RDB_VERSION_VALKEY ? &behind : &absolute, to);
    case RDB_HASH_LISTPACK_EX_PRE_GA:
        return rdb_hash_read_pack(in, true, to);
    case RDB_HASH_METADATA:
        return read_timed(in, to);
    default:
        rc = read_earliest(in, &ignored);
        return rc == LK_OK ? rdb_hash_read_pack(in, true, to) : rc;
    }
}

static int rdb_hash_read(struct rdb_in *in, const struct rdb_code *row, struct value *out)
{
    struct loose to;
    loose_begin(&to, TYPE_HASH, in->limits, &in->scratch);
    const int rc = read_form(in, row, &to);
    if (rc != LK_OK || hash_length(&to.edit.value) == 0)
        loose_drop(&to);
    *out = to.edit.value;
    return rc;
}

const struct rdb_type rdb_hash = {rdb_hash_code, rdb_hash_write, rdb_hash_read};
