/*
 * hash_table.c — hashes that are a table: a field is an entry, with its value as payload.
 *
 * The table itself is the root, and follows the write rule with everything in it: a root that a
 * view may see is forked before anything below it changes, then the table clones page by page, and
 * an entry that the view may see is replaced rather than changed.
 *
 *   frozen root --> directory --> page --> entry        stays as it is
 *   live root ----> directory --> page'--> entry'       page' is a clone, entry' a new one
 *
 * Where a call has several names, their buckets and entries are fetched side by side: each is a
 * cache miss.
 */
#include "core/types/hash_priv.h"

#include "core/base/hash.h"

enum { SIDE_BY_SIDE = 16 };

static struct table *hash_table_root_of(const struct value *v)
{
    LK_DEBUG_ASSERT(v->encoding == ENC_TABLE);
    return v->as.root;
}

/* Empty, and as large as count entries want it. */
static struct table *root_new(const struct cow *cow, uint64_t count)
{
    struct table *t = mem_alloc(sizeof *t);
    table_init(t, 0, 0);
    t->epoch = cow_epoch(cow);
    table_reserve(t, (uint32_t)count);
    return t;
}

/* The root, ready to be changed. */
static struct table *hash_table_own_root(struct value_edit *e)
{
    struct table *t = hash_table_root_of(&e->value);
    if (LK_LIKELY(!cow_shared(e->cow, t->epoch)))
        return t;
    struct table *live = mem_alloc(sizeof *live);
    table_fork(t, live, e->cow);
    e->cow->defer(e->cow, t, sizeof *t);
    e->value.as.root = live;
    return live;
}

/* Frees an entry that has left the table. */
static void hash_table_dispose(struct cow *cow, struct entry *e, bool seen)
{
    if (LK_UNLIKELY(seen))
        cow->defer(cow, e, entry_size(e));
    else
        entry_free(e);
}

static struct entry *entry_with(struct bytes name, struct bytes value, int64_t deadline_ms)
{
    struct entry *e = entry_try_new(name, 0, value.size, deadline_ms);
    if (e && value.size > 0)
        memcpy(entry_payload(e), value.data, value.size);
    return e;
}

/* --- side by side ---------------------------------------------------------------------------- */

/* Hashes n names, `step` apart, and asks for what their look-ups will touch. */
static void hash_table_prefetch(const struct table *t, const struct bytes *names, uint32_t step,
                                uint32_t n, uint64_t *hashes)
{
    const void *buckets[SIDE_BY_SIDE];
    for (uint32_t i = 0; i < n; i++) {
        hashes[i] = hash_bytes(names[i * step]);
        buckets[i] = n > 1 ? table_prefetch_bucket(t, hashes[i]) : NULL;
    }
    for (uint32_t i = 0; i < n; i++)
        if (buckets[i])
            table_prefetch_entry(buckets[i], hashes[i]);
}

static uint32_t batch_of(uint32_t left)
{
    return left < SIDE_BY_SIDE ? left : (uint32_t)SIDE_BY_SIDE;
}

/* --- reading --------------------------------------------------------------------------------- */

static bool hash_table_read_entry(const struct entry *e, struct hash_value *out)
{
    if (!e)
        return false;
    out->bytes = hash_entry_value(e);
    out->deadline_ms = entry_deadline(e);
    return true;
}

bool hash_table_get(const struct value *v, struct bytes name, struct hash_value *out)
{
    struct table_loc loc;
    return hash_table_read_entry(table_find(hash_table_root_of(v), hash_bytes(name), name, &loc),
                                 out);
}

void hash_table_get_many(const struct value *v, const struct bytes *names, uint32_t n,
                         int64_t now_ms, hash_got *got, void *ctx)
{
    const struct table *t = hash_table_root_of(v);
    uint64_t hashes[SIDE_BY_SIDE];
    for (uint32_t i = 0, batch; i < n; i += batch) {
        batch = batch_of(n - i);
        hash_table_prefetch(t, names + i, 1, batch, hashes);
        for (uint32_t j = 0; j < batch; j++) {
            struct hash_value value;
            struct table_loc loc;
            const bool found =
                hash_table_read_entry(table_find(t, hashes[j], names[i + j], &loc), &value) &&
                !hash_due(value.deadline_ms, now_ms);
            got(ctx, found ? &value : NULL);
        }
    }
}

bool hash_table_may_be_due(const struct value *v, int64_t now_ms)
{
    const struct table *t = hash_table_root_of(v);
    return t->deadlines > 0 && now_ms >= 0 && t->next_due <= table_due_unit(now_ms);
}

int64_t hash_table_next_deadline(const struct value *v)
{
    const struct table *t = hash_table_root_of(v);
    return t->deadlines > 0 ? table_due_end(t->next_due) : ENTRY_NO_DEADLINE;
}

void hash_table_each(const struct value *v, int64_t now_ms, hash_visit *visit, void *ctx)
{
    struct table_iter it;
    for (struct entry *e = table_iter_first(&it, hash_table_root_of(v)); e;
         e = table_iter_next(&it)) {
        const struct hash_field f = hash_entry_field(e);
        if (!hash_due(f.deadline_ms, now_ms))
            visit(ctx, &f);
    }
}

void hash_table_entries(const struct value *v, int64_t now_ms, const struct entry **entries)
{
    struct table_iter it;
    for (struct entry *e = table_iter_first(&it, hash_table_root_of(v)); e;
         e = table_iter_next(&it))
        if (!hash_due(entry_deadline(e), now_ms))
            *entries++ = e;
}

uint64_t hash_table_scan(const struct value *v, uint64_t cursor, uint64_t count, int64_t now_ms,
                         hash_visit *visit, void *ctx)
{
    const struct table *t = hash_table_root_of(v);
    struct table_step s;
    uint64_t seen = 0;
    /* Buckets of a sparse table must not make a short call long. */
    uint64_t buckets = count < UINT64_MAX / 10 ? count * 10 : UINT64_MAX;
    for (; cursor < TABLE_POSITIONS && seen < count && buckets-- > 0; cursor = s.next)
        for (struct entry *e = table_step_first(&s, t, cursor); e; e = table_step_next(&s)) {
            const struct hash_field f = hash_entry_field(e);
            seen++;
            if (!hash_due(f.deadline_ms, now_ms))
                visit(ctx, &f);
        }
    return cursor < TABLE_POSITIONS ? cursor : 0;
}

/* --- changing -------------------------------------------------------------------------------- */

/* The value and deadline of an entry that stays: changed where it lies, if that can be. */
static int hash_table_update(struct table *t, struct cow *cow, struct table_loc *loc,
                             struct entry *old, struct bytes value, int64_t deadline_ms)
{
    const bool timed = deadline_ms != ENTRY_NO_DEADLINE;
    if (entry_has_deadline(old) == timed && entry_fits(old, value.size) &&
        !table_seen(t, cow, loc)) {
        entry_set_payload_size(old, value.size);
        if (value.size > 0)
            memmove(entry_payload(old), value.data, value.size);
        if (timed && deadline_ms != entry_deadline(old)) {
            entry_write_deadline(old, deadline_ms);
            table_note_deadline(t, loc, deadline_ms);
        }
        return LK_OK;
    }
    struct entry *e = entry_with(entry_key(old), value, deadline_ms);
    if (!e)
        return LK_ENOMEM;
    bool seen = false;
    old = table_replace(t, cow, loc, e, &seen);
    hash_table_dispose(cow, old, seen);
    return LK_OK;
}

static int set_hashed(struct table *t, struct cow *cow, uint64_t hash, struct bytes name,
                      struct bytes value, int64_t deadline_ms, struct hash_was *was)
{
    struct table_loc loc;
    struct entry *old = table_find(t, hash, name, &loc);
    was->kept = old != NULL;
    was->deadline_ms = old ? entry_deadline(old) : ENTRY_NO_DEADLINE;
    if (deadline_ms == HASH_KEEP_DEADLINE)
        deadline_ms = was->deadline_ms;
    if (old)
        return hash_table_update(t, cow, &loc, old, value, deadline_ms);
    struct entry *e = entry_with(name, value, deadline_ms);
    if (!e)
        return LK_ENOMEM;
    table_insert(t, cow, hash, e);
    table_settle(t, cow);
    return LK_OK;
}

int hash_table_set(struct value_edit *e, struct bytes name, struct bytes value, int64_t deadline_ms,
                   struct hash_was *was)
{
    return set_hashed(hash_table_own_root(e), e->cow, hash_bytes(name), name, value, deadline_ms,
                      was);
}

int hash_table_set_pairs(struct value_edit *e, const struct bytes *pairs, uint32_t n,
                         int64_t deadline_ms, int64_t now_ms, uint32_t *set, uint32_t *created)
{
    struct table *t = hash_table_own_root(e);
    uint64_t hashes[SIDE_BY_SIDE];
    for (uint32_t i = 0, batch; i < n; i += batch) {
        batch = batch_of(n - i);
        hash_table_prefetch(t, pairs + 2 * (size_t)i, 2, batch, hashes);
        for (uint32_t j = 0; j < batch; j++) {
            const struct bytes *pair = pairs + 2 * (size_t)(i + j);
            struct hash_was was;
            const int rc = set_hashed(t, e->cow, hashes[j], pair[0], pair[1], deadline_ms, &was);
            if (LK_UNLIKELY(rc != LK_OK))
                return rc;
            *set += 1;
            *created += !was.kept || hash_due(was.deadline_ms, now_ms);
        }
    }
    return LK_OK;
}

bool hash_table_delete(struct value_edit *e, struct bytes name, struct hash_was *was)
{
    struct table_loc loc;
    const struct table *before = hash_table_root_of(&e->value);
    const uint64_t hash = hash_bytes(name);
    struct entry *old = table_find(before, hash, name, &loc);
    was->kept = old != NULL;
    if (!old)
        return false;
    was->deadline_ms = entry_deadline(old);
    struct table *t = hash_table_own_root(e);
    if (LK_UNLIKELY(t != before))
        table_find(t, hash, name, &loc);
    bool seen = false;
    old = table_remove(t, e->cow, &loc, &seen);
    hash_table_dispose(e->cow, old, seen);
    table_settle(t, e->cow);
    return true;
}

int hash_table_set_deadline(struct value_edit *e, struct bytes name, int64_t deadline_ms)
{
    struct table *t = hash_table_own_root(e);
    struct table_loc loc;
    struct entry *old = table_find(t, hash_bytes(name), name, &loc);
    LK_ASSERT(old != NULL);
    return hash_table_update(t, e->cow, &loc, old, hash_entry_value(old), deadline_ms);
}

struct dropping {
    struct table *table;
    struct cow *cow;
    void (*gone)(void *ctx, struct bytes name);
    void *ctx;
};

static bool hash_table_drop(void *ctx, struct entry *e, uint64_t hash)
{
    struct dropping *d = ctx;
    struct table_loc loc;
    LK_ASSERT(table_find(d->table, hash, entry_key(e), &loc) == e);
    d->gone(d->ctx, entry_key(e));
    bool seen = false;
    e = table_remove(d->table, d->cow, &loc, &seen);
    hash_table_dispose(d->cow, e, seen);
    return true;
}

uint32_t hash_table_drop_due(struct value_edit *e, int64_t now_ms, uint32_t max,
                             void (*gone)(void *ctx, struct bytes name), void *ctx)
{
    if (!hash_table_may_be_due(&e->value, now_ms))
        return 0;
    /* Even a look in vain corrects what the table knows of its deadlines. */
    struct dropping d = {hash_table_own_root(e), e->cow, gone, ctx};
    const uint32_t n = table_expire(d.table, now_ms, max, hash_table_drop, &d);
    if (n > 0)
        table_settle(d.table, e->cow);
    return n;
}

/* --- as a whole ------------------------------------------------------------------------------ */

static void hash_table_free_entry(void *ctx, struct entry *e)
{
    (void)ctx;
    entry_free(e);
}

static void root_free(struct table *t)
{
    table_release(t, hash_table_free_entry, NULL);
    mem_delete(t);
}

struct filling {
    struct table *table;
    struct cow *cow;
    bool failed;
};

static void hash_table_fill(void *ctx, const struct hash_field *f)
{
    struct filling *to = ctx;
    struct entry *e = to->failed ? NULL : entry_with(f->name, f->value, f->deadline_ms);
    if (!e) {
        to->failed = true;
        return;
    }
    table_insert(to->table, to->cow, hash_bytes(f->name), e);
}

int hash_table_make(struct value_edit *e)
{
    struct filling to = {root_new(e->cow, hash_packed_length(&e->value)), e->cow, false};
    hash_packed_each(&e->value, -1, hash_table_fill, &to);
    if (to.failed || !e->resize(e, sizeof to.table)) {
        root_free(to.table);
        return LK_ENOMEM;
    }
    e->value.encoding = ENC_TABLE;
    e->value.as.root = to.table;
    return LK_OK;
}

int hash_table_copy(const struct value *v, struct value *out)
{
    struct filling to = {root_new(NULL, hash_table_root_of(v)->count), NULL, false};
    hash_table_each(v, -1, hash_table_fill, &to);
    if (to.failed) {
        root_free(to.table);
        return LK_ENOMEM;
    }
    *out = *v;
    out->as.root = to.table;
    return LK_OK;
}

void hash_table_release(struct value *v, struct cow *cow)
{
    struct table *t = hash_table_root_of(v);
    const bool seen = cow_shared(cow, t->epoch);
    v->as.root = NULL;
    table_release_cow(t, cow, hash_table_free_entry, NULL);
    if (seen)
        cow->defer(cow, t, sizeof *t);
    else
        mem_delete(t);
}

bool hash_table_reap(struct value_reaper *r, size_t budget)
{
    struct table *t = hash_table_root_of(&r->value);
    if (!table_release_some(t, &r->cursor, budget, hash_table_free_entry, NULL))
        return false;
    mem_delete(t);
    r->value.as.root = NULL;
    return true;
}

size_t hash_table_node_bytes(const struct value *v, size_t samples)
{
    const struct table *t = hash_table_root_of(v);
    struct table_step s;
    size_t bytes = 0, entries = 0;
    for (uint64_t cursor = 0; cursor < TABLE_POSITIONS && entries < samples; cursor = s.next)
        for (struct entry *e = table_step_first(&s, t, cursor); e; e = table_step_next(&s)) {
            bytes += mem_class(entry_size(e));
            entries++;
        }
    const size_t each = entries ? bytes / entries : 0;
    return mem_class(sizeof *t) + table_page_bytes(t) + each * t->count;
}
