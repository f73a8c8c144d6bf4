/*
 * shard_write.c — the chain of a write: cow, change, dispose, settle, note.
 */
#include "core/store/shard_write.h"

#include "core/base/atomic.h"
#include "core/base/rank.h"
#include "core/store/lazy_free.h"
#include "core/store/view_priv.h"

/* Of one value whose owner asks that it be freed in the background. */
enum { LAZY_BLOCKS = 16 };

/* A place that a call may use: found, and nothing has moved since. */
static inline void check_place(const struct place *at)
{
    LK_ASSERT(at->shard);
    LK_DEBUG_ASSERT(load_relaxed(&at->shard->lock) != 0 || load_relaxed(&at->ks->gate.closed) != 0);
    LK_DEBUG_ASSERT(!at->entry || bytes_equal(entry_key(at->entry), at->key));
}

static inline void make_void(struct place *at)
{
    at->shard = NULL;
    at->entry = NULL;
    at->key.data = NULL;
}

/* --- what a view must keep ------------------------------------------------------------------- */

static inline uint32_t shard_write_open_epoch(const struct keyspace *ks)
{
    return load_relaxed(&ks->view_epoch);
}

static inline struct cow *place_cow(struct place *at)
{
    return shard_cow(at->ks, at->shard, at->db, at->table);
}

static bool is_pinned(const struct keyspace *ks, const struct entry *e)
{
    return entry_meta(e) & ENTRY_PINNED && shard_write_open_epoch(ks) != 0;
}

/* Is the position of the place still to be read by the view? */
static bool is_ahead(const struct place *at)
{
    const struct table *t = at->table;
    return t->frozen && table_ahead(t, &t->frozen->cow, at->hash);
}

/* What edits of the entry's nodes must respect. */
static struct cow *node_cow(struct place *at)
{
    if (LK_LIKELY(shard_write_open_epoch(at->ks) == 0))
        return NULL;
    if (is_pinned(at->ks, at->entry))
        return &at->ks->view->pinned;
    place_cow(at);
    return is_ahead(at) ? &at->table->frozen->nodes : NULL;
}

/* --- what has left --------------------------------------------------------------------------- */

static void shard_write_defer_pinned(struct view *v, struct entry *e)
{
    leaf_lock(&v->pinned_lock);
    garbage_add_entry(&v->pinned_garbage, e);
    leaf_unlock(&v->pinned_lock);
}

/* Who may still read an entry that has left its table. */
enum reader { NOBODY, THE_VIEW };

/* Frees an entry that has left the place, with its value. */
static void shard_write_dispose(struct place *at, struct entry *e, enum reader reader,
                                enum dispose how)
{
    const bool nodes = value_kind_has_root(e->kind);
    if (LK_UNLIKELY(nodes && is_pinned(at->ks, e)))
        shard_write_defer_pinned(at->ks->view, e);
    else if (LK_UNLIKELY(reader == THE_VIEW || (nodes && is_ahead(at))))
        /* Nodes that were not cloned yet are the view's even when the entry is not. */
        garbage_add_entry(&at->table->frozen->garbage, e);
    else if (!nodes)
        entry_free(e);
    else if (entry_takes_long(e, how == DISPOSE_LAZY ? LAZY_BLOCKS : FREE_NOW_BLOCKS))
        lazy_free_entry(at->ks->lazy, e);
    else
        entry_release_deep(e);
}

/* The same when the value lives on elsewhere: only the entry's own block goes. */
static void dispose_shell(struct place *at, struct entry *e, enum reader reader)
{
    if (reader == THE_VIEW)
        garbage_add_block(&at->table->frozen->garbage, e, entry_size(e));
    else
        entry_free(e);
}

/* --- the table's part ------------------------------------------------------------------------ */

static struct entry *take_out(struct place *at, struct cow *cow, enum reader *reader)
{
    bool seen = false;
    struct entry *e = table_remove(at->table, cow, &at->loc, &seen);
    LK_DEBUG_ASSERT(e == at->entry);
    at->entry = NULL;
    *reader = seen ? THE_VIEW : NOBODY;
    return e;
}

static struct entry *swap_entry(struct place *at, struct cow *cow, struct entry *e,
                                enum reader *reader)
{
    bool seen = false;
    struct entry *old = table_replace(at->table, cow, &at->loc, e, &seen);
    LK_DEBUG_ASSERT(old == at->entry);
    at->entry = e;
    *reader = seen ? THE_VIEW : NOBODY;
    return old;
}

/* Puts copy where the entry was; what the entry owned lives on in the copy. */
static void swap_shell(struct place *at, struct entry *copy)
{
    enum reader reader;
    if (at->key.data == entry_key(at->entry).data)
        at->key = entry_key(copy);
    struct entry *old = swap_entry(at, place_cow(at), copy, &reader);
    dispose_shell(at, old, reader);
}

static void shard_write_settle(struct place *at, struct cow *cow)
{
    struct table *t = at->table;
    if (LK_LIKELY(at->settle == SETTLE) ||
        (at->settle == SETTLE_GROW && (t->old || t->count >= t->grow_at)))
        table_settle(t, cow);
}

/* A deadline is about to be set under the shard's lock: the shard's worker has to look there. */
static inline void note_deadline(struct keyspace *ks, int64_t deadline_ms)
{
    if (deadline_ms >= 0 && load_relaxed(&ks->timed) != UINT64_MAX)
        store_relaxed(&ks->timed, UINT64_MAX);
}

void shard_reserve(struct keyspace *ks, struct shard *s, uint32_t db, uint32_t count)
{
    struct table *t = shard_own_table(ks, s, db);
    shard_cow(ks, s, db, t);
    if (!t->live)
        table_reserve(t, count);
}

/* --- put ------------------------------------------------------------------------------------- */

static inline void payload_fill(struct entry *e, const struct value *v)
{
    e->kind = value_kind(v);
    value_payload_write(v, entry_payload(e));
}

struct entry *shard_new_entry(struct bytes key, const struct value *v, int64_t deadline_ms,
                              uint32_t lru)
{
    struct entry *e = entry_try_new(key, value_kind(v), value_payload_size(v), deadline_ms);
    if (!e)
        return NULL;
    value_payload_write(v, entry_payload(e));
    if (LK_UNLIKELY(value_next_deadline(v) >= 0))
        entry_set_flag(e, ENTRY_INNER, true);
    entry_touch(e, lru);
    return e;
}

/* Overwrites a value where it lies: same form, same size class, and nobody else can see it. */
static bool shard_write_put_in_place(struct place *at, struct cow *cow, const struct value *v,
                                     int64_t deadline_ms, uint32_t lru)
{
    struct entry *e = at->entry;
    const size_t size = value_payload_size(v);
    if (value_kind_has_root(e->kind) || entry_has_deadline(e) != (deadline_ms >= 0) ||
        entry_meta(e) & ENTRY_INNER || value_next_deadline(v) >= 0 || !entry_fits(e, size) ||
        table_seen(at->table, cow, &at->loc))
        return false;
    entry_set_payload_size(e, size);
    payload_fill(e, v);
    if (deadline_ms >= 0 && deadline_ms != entry_deadline(e)) {
        note_deadline(at->ks, deadline_ms);
        entry_write_deadline(e, deadline_ms);
        table_note_deadline(at->table, &at->loc, deadline_ms);
    }
    entry_touch(e, lru);
    return true;
}

/* The table of the place, made if need be, and its cow. */
static inline struct cow *place_open(struct place *at)
{
    if (LK_UNLIKELY(!at->table))
        at->table = shard_own_table(at->ks, at->shard, at->db);
    return place_cow(at);
}

static void put_entry(struct place *at, struct cow *cow, struct entry *e, enum dispose how)
{
    const uint32_t meta = entry_meta(e);
    if (LK_UNLIKELY(meta & ENTRY_DEADLINE))
        note_deadline(at->ks, entry_deadline(e));
    if (LK_UNLIKELY(meta & ENTRY_INNER))
        note_deadline(at->ks, shard_inner_deadline(e));
    if (at->entry) {
        enum reader reader;
        struct entry *old = swap_entry(at, cow, e, &reader);
        shard_write_dispose(at, old, reader, how);
        return;
    }
    table_insert(at->table, cow, at->hash, e);
    shard_write_settle(at, cow);
    make_void(at);
}

void shard_put_entry(struct place *at, struct entry *e, enum dispose how)
{
    check_place(at);
    LK_DEBUG_ASSERT(bytes_equal(entry_key(e), at->key));
    put_entry(at, place_open(at), e, how);
}

int shard_put(struct place *at, struct value *v, int64_t deadline_ms, uint32_t lru)
{
    check_place(at);
    struct cow *cow = place_open(at);
    if (at->entry && shard_write_put_in_place(at, cow, v, deadline_ms, lru))
        return LK_OK;
    struct entry *e = shard_new_entry(at->key, v, deadline_ms, lru);
    if (!e) {
        value_release(v);
        return LK_ENOMEM;
    }
    put_entry(at, cow, e, DISPOSE_NOW);
    return LK_OK;
}

/* --- remove, deadline, move ------------------------------------------------------------------ */

void shard_remove(struct place *at, enum dispose how)
{
    check_place(at);
    LK_ASSERT(at->entry);
    struct cow *cow = place_cow(at);
    enum reader reader;
    struct entry *e = take_out(at, cow, &reader);
    shard_write_dispose(at, e, reader, how);
    shard_write_settle(at, cow);
    make_void(at);
}

int shard_set_deadline(struct place *at, int64_t deadline_ms)
{
    check_place(at);
    LK_ASSERT(at->entry);
    struct entry *e = at->entry;
    struct cow *cow = place_cow(at);
    if (!entry_has_deadline(e) && deadline_ms < 0)
        return LK_OK;
    if (entry_has_deadline(e) && deadline_ms >= 0 && !table_seen(at->table, cow, &at->loc)) {
        entry_write_deadline(e, deadline_ms);
        table_note_deadline(at->table, &at->loc, deadline_ms);
    } else {
        struct entry *copy = entry_try_copy(e, entry_payload_size(e), deadline_ms);
        if (!copy)
            return LK_ENOMEM;
        swap_shell(at, copy);
    }
    note_deadline(at->ks, deadline_ms);
    return LK_OK;
}

/* The entry of from under the key of to, with what the entry owns: one of the two is a shell. */
static struct entry *entry_renamed(const struct entry *from, struct bytes to)
{
    struct entry *e = entry_try_new(to, from->kind, entry_payload_size(from), entry_deadline(from));
    if (!e)
        return NULL;
    memcpy(entry_payload(e), entry_payload(from), entry_payload_size(from));
    entry_touch(e, entry_lru(from));
    entry_set_flag(e, entry_meta(from) & ENTRY_INNER, true);
    return e;
}

int shard_move(struct place *from, struct place *to)
{
    check_place(from);
    check_place(to);
    LK_ASSERT(from->entry && from->ks == to->ks && from->entry != to->entry);
    struct entry *moved = entry_renamed(from->entry, to->key);
    if (!moved)
        return LK_ENOMEM;
    struct cow *cow = place_cow(from);
    if (value_kind_has_root(moved->kind) && shard_write_open_epoch(from->ks) != 0)
        entry_set_flag(moved, ENTRY_PINNED, true);
    enum reader reader;
    struct entry *shell = take_out(from, cow, &reader);
    dispose_shell(from, shell, reader);
    shard_write_settle(from, cow);
    if (from->table == to->table)
        shard_find(to->ks, to->db, to->key, to->hash, to);
    put_entry(to, place_open(to), moved, DISPOSE_NOW);
    make_void(from);
    make_void(to);
    return LK_OK;
}

/* --- edit ------------------------------------------------------------------------------------ */

/* Nobody but the live side sees the entry: another block takes its place, and that is all. */
static bool edit_resize_alone(struct place *at, size_t new_size)
{
    LK_ASSERT(at->entry && at->table);
    struct entry *old = at->entry, *copy = entry_try_resized(old, new_size);
    if (!copy)
        return false;
    table_move_entry(&at->loc, copy);
    if (LK_UNLIKELY(at->key.data == entry_key(old).data))
        at->key = entry_key(copy);
    at->entry = copy;
    entry_free(old);
    return true;
}

static bool edit_resize_copy(struct place *at, size_t new_size)
{
    struct entry *copy = entry_try_copy(at->entry, new_size, entry_deadline(at->entry));
    if (!copy)
        return false;
    swap_shell(at, copy);
    return true;
}

static char *edit_resize(struct value_edit *edit, size_t new_size)
{
    struct place *at = ((struct place_edit *)edit)->at;
    if (entry_fits(at->entry, new_size))
        entry_set_payload_size(at->entry, new_size);
    else if (!(LK_LIKELY(entry_keeps_form(at->entry, new_size)) && LK_LIKELY(!place_cow(at))
                   ? edit_resize_alone(at, new_size)
                   : edit_resize_copy(at, new_size)))
        return NULL;
    char *payload = entry_payload(at->entry);
    edit->value.as.bytes = bytes_of(payload, new_size);
    return payload;
}

/* In an entry without a key, whose nodes are where the value's are: for a view they are the same.
 */
static void edit_discard(struct value_edit *edit, struct value *nodes)
{
    struct place *at = ((struct place_edit *)edit)->at;
    struct entry *e = entry_try_new(bytes_of("", 0), value_kind(nodes), value_payload_size(nodes),
                                    ENTRY_NO_DEADLINE);
    if (!e) {
        value_release_cow(nodes, edit->cow);
        return;
    }
    value_payload_write(nodes, entry_payload(e));
    entry_set_flag(e, entry_meta(at->entry) & ENTRY_PINNED, true);
    shard_write_dispose(at, e, NOBODY, DISPOSE_NOW);
}

int shard_edit(struct place *at, struct place_edit *e)
{
    check_place(at);
    LK_ASSERT(at->entry);
    struct cow *cow = place_cow(at);
    if (table_seen(at->table, cow, &at->loc)) {
        struct entry *copy =
            entry_try_copy(at->entry, entry_payload_size(at->entry), entry_deadline(at->entry));
        if (!copy)
            return LK_ENOMEM;
        swap_shell(at, copy);
    }
    e->at = at;
    e->edit.cow = node_cow(at);
    e->edit.resize = edit_resize;
    e->edit.discard = edit_discard;
    value_of_entry(at->entry, &e->edit.value);
    return LK_OK;
}

/* Elements' deadlines came, went or changed in an entry that nobody else sees. */
static void note_elements(struct place *at, int64_t deadline_ms)
{
    const bool timed = deadline_ms >= 0;
    if (!timed && !(entry_meta(at->entry) & ENTRY_INNER))
        return;
    note_deadline(at->ks, deadline_ms);
    table_note_inner(at->table, &at->loc, at->entry, timed);
}

void shard_edit_end(struct place_edit *e, bool changed)
{
    struct place *at = e->at;
    const struct value *v = &e->edit.value;
    check_place(at);
    LK_ASSERT(at->entry);
    LK_ASSERT(value_payload_size(v) == entry_payload_size(at->entry));
    at->entry->kind = value_kind(v);
    if (!value_is_inline(v->encoding))
        value_payload_write(v, entry_payload(at->entry));
    if (changed && VALUE_INNER_TYPES >> v->type & 1)
        note_elements(at, value_next_deadline(v));
    e->at = NULL;
}

/* --- expire ---------------------------------------------------------------------------------- */

struct expiring {
    struct keyspace *ks;
    struct shard_db db;
    void (*expire)(void *ctx, struct place *at);
    void *ctx;
};

static bool shard_write_expire_one(void *ctx, struct entry *e, uint64_t hash)
{
    const struct expiring *x = ctx;
    struct place at;
    LK_ASSERT(shard_find(x->ks, x->db.db, entry_key(e), hash, &at));
    LK_ASSERT(at.entry == e && at.table == x->db.table);
    at.settle = SETTLE_LATER;
    x->expire(x->ctx, &at);
    return true;
}

uint32_t shard_expire(struct keyspace *ks, struct shard *s, struct shard_db db, int64_t now_ms,
                      uint32_t max, void (*expire)(void *ctx, struct place *at), void *ctx)
{
    if (LK_LIKELY(db.table->next_due > table_due_unit(now_ms)))
        return 0;
    struct expiring x = {ks, db, expire, ctx};
    const uint32_t n = table_expire(db.table, now_ms, max, shard_write_expire_one, &x);
    if (n > 0)
        table_settle(db.table, shard_cow(ks, s, db.db, db.table));
    return n;
}
