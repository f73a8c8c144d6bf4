/*
 * exec_edit.c — values changed where they are, and entries that move.
 */
#include "core/cmd/engine/dispatch_priv.h"

enum { FRESH_KEEP = 64 * 1024 };

/* Puts copy where the entry was; what the entry owned lives on in the copy. */
static void swap_shell(struct dispatcher *d, struct found *f, struct entry *copy)
{
    struct cow *cow = shard_cow(d->ks, f->shard, f->db, f->table);
    bool seen = false;
    struct entry *old = table_replace(f->table, cow, &f->loc, copy, &seen);
    shard_dispose_shell(d->ks, f->table, old, seen);
    f->entry = copy;
}

/* Elements' deadlines came, went or changed in an entry that nobody else sees. */
static void note_elements(struct dispatcher *d, struct found *f, int64_t deadline_ms)
{
    const bool timed = deadline_ms >= 0;
    if (!timed && !(entry_meta(f->entry) & ENTRY_INNER))
        return;
    exec_note_deadline(d, deadline_ms);
    table_note_inner(f->table, &f->loc, f->entry, timed);
}

static char *edit_resize(struct value_edit *edit, size_t new_size)
{
    struct dispatcher *d = ((struct edit *)edit)->x->dispatcher;
    struct found *f = &d->call.found;
    if (entry_fits(f->entry, new_size)) {
        entry_set_payload_size(f->entry, new_size);
    } else {
        struct entry *copy = entry_try_copy(f->entry, new_size, entry_deadline(f->entry));
        if (!copy)
            return NULL;
        swap_shell(d, f, copy);
    }
    edit->value.as.bytes = bytes_of(entry_payload(f->entry), new_size);
    return entry_payload(f->entry);
}

/* In an entry without a key, whose nodes are where the value's are: for a view they are the same.
 */
static void edit_discard(struct value_edit *edit, struct value *nodes)
{
    struct dispatcher *d = ((struct edit *)edit)->x->dispatcher;
    const struct found *f = &d->call.found;
    struct entry *e = entry_try_new(bytes_of("", 0), value_kind(nodes), value_payload_size(nodes),
                                    ENTRY_NO_DEADLINE);
    if (!e) {
        value_release_cow(nodes, edit->cow);
        return;
    }
    value_payload_write(nodes, entry_payload(e));
    entry_set_flag(e, entry_meta(f->entry) & ENTRY_PINNED, true);
    shard_dispose(d->ks, f->table, f->hash, e, false, false);
}

int exec_edit(struct exec *x, struct bytes key, struct value_edit **out)
{
    struct dispatcher *d = x->dispatcher;
    struct found *f = exec_locate(x, key);
    LK_ASSERT(f->entry && !d->call.edit.open);
    struct cow *cow = shard_cow(d->ks, f->shard, f->db, f->table);
    if (table_seen(f->table, cow, &f->loc)) {
        struct entry *copy =
            entry_try_copy(f->entry, entry_payload_size(f->entry), entry_deadline(f->entry));
        if (!copy)
            return LK_ENOMEM;
        swap_shell(d, f, copy);
    }
    struct edit *e = &d->call.edit;
    e->x = x;
    e->open = true;
    e->base.limits = &d->batch.config->limits.types;
    e->base.cow = shard_node_cow(d->ks, f->shard, f->db, f->table, f->hash, f->entry);
    e->base.resize = edit_resize;
    e->base.discard = edit_discard;
    value_of_entry(f->entry, &e->base.value);
    *out = &e->base;
    return LK_OK;
}

void exec_edit_close(struct exec *x, struct value_edit *edit, bool changed)
{
    struct dispatcher *d = x->dispatcher;
    struct found *f = &d->call.found;
    LK_ASSERT(d->call.edit.open && edit == &d->call.edit.base);
    d->call.edit.open = false;
    LK_ASSERT(value_payload_size(&edit->value) == entry_payload_size(f->entry));
    f->entry->kind = value_kind(&edit->value);
    if (!value_is_inline(edit->value.encoding))
        value_payload_write(&edit->value, entry_payload(f->entry));
    if (!changed)
        return;
    if (VALUE_INNER_TYPES >> edit->value.type & 1)
        note_elements(d, f, value_next_deadline(&edit->value));
    exec_changed(x, f->shard, bytes_of(f->data, f->size));
}

/* --- values that need not exist yet ---------------------------------------------------------- */

static char *fresh_resize(struct value_edit *edit, size_t new_size)
{
    struct buf *b = &((struct edit *)edit)->x->dispatcher->fresh;
    if (new_size > b->size)
        buf_reserve(b, new_size - b->size);
    b->size = new_size;
    edit->value.as.bytes = bytes_of(b->data, new_size);
    return b->data;
}

static void open_fresh(struct exec *x, struct bytes key, unsigned type)
{
    struct dispatcher *d = x->dispatcher;
    struct edit *e = &d->call.edit;
    e->x = x;
    e->open = e->fresh = true;
    e->key = key;
    e->base.limits = &d->batch.config->limits.types;
    e->base.cow = NULL;
    e->base.resize = fresh_resize;
    e->base.discard = NULL;
    struct value *v = &e->base.value;
    type_ops_get(type)->empty(v);
    if (!value_is_inline(v->encoding))
        return;
    d->fresh.size = 0;
    buf_append_bytes(&d->fresh, v->as.bytes);
    v->as.bytes = buf_bytes(&d->fresh);
}

int exec_open(struct exec *x, struct bytes key, unsigned type, struct value_edit **out)
{
    struct dispatcher *d = x->dispatcher;
    const struct found *f = exec_locate(x, key);
    if (!f->entry) {
        LK_ASSERT(!d->call.edit.open);
        open_fresh(x, key, type);
        *out = &d->call.edit.base;
        return LK_OK;
    }
    if (value_kind_type(f->entry->kind) != type)
        return LK_ETYPE;
    d->call.edit.fresh = false;
    return exec_edit(x, key, out);
}

static int close_fresh(struct exec *x, struct edit *e, bool keep)
{
    struct value *v = &e->base.value;
    e->open = false;
    e->fresh = false;
    if (!keep) {
        value_release(v);
        return LK_OK;
    }
    const int rc = exec_put(x, e->key, v, 0);
    if (LK_UNLIKELY(x->dispatcher->fresh.capacity > FRESH_KEEP))
        buf_release(&x->dispatcher->fresh);
    return rc;
}

int exec_close(struct exec *x, struct value_edit *edit, bool changed)
{
    struct dispatcher *d = x->dispatcher;
    struct edit *e = &d->call.edit;
    LK_ASSERT(e->open && edit == &e->base);
    const struct type_ops *ops = type_ops_get(edit->value.type);
    const bool keep = ops->stays_when_empty || ops->length(&edit->value) > 0;
    if (e->fresh)
        return close_fresh(x, e, changed && keep);
    const struct bytes key = bytes_of(d->call.found.data, d->call.found.size);
    exec_edit_close(x, edit, changed && keep);
    if (keep)
        return LK_OK;
    exec_delete(x, key, false);
    exec_event(x, EVENT_GENERIC, "del", key);
    return LK_OK;
}

/*
 * Nodes that leave their position while a view is open are pinned (S6): the view may still read
 * them through the old position, whatever its cursor says about the new one.
 */
static int transfer(struct exec *x, uint32_t from_db, struct bytes from, uint32_t to_db,
                    struct bytes to)
{
    struct dispatcher *d = x->dispatcher;
    const uint32_t db = d->call.db_in_use;
    d->call.db_in_use = from_db;
    struct found source = *exec_locate(x, from);
    if (!source.entry) {
        d->call.db_in_use = db;
        return LK_ENOKEY;
    }
    const struct entry *e = source.entry;
    struct entry *moved = entry_try_new(to, e->kind, entry_payload_size(e), entry_deadline(e));
    if (!moved) {
        d->call.db_in_use = db;
        return LK_ENOMEM;
    }
    memcpy(entry_payload(moved), entry_payload(e), entry_payload_size(e));
    entry_touch(moved, entry_lru(e));
    entry_set_flag(moved, entry_meta(e) & ENTRY_INNER, true);

    struct cow *cow = shard_cow(d->ks, source.shard, from_db, source.table);
    bool seen = false;
    struct entry *shell = table_remove(source.table, cow, &source.loc, &seen);
    if (value_kind_has_root(moved->kind) &&
        __atomic_load_n(&d->ks->view_epoch, __ATOMIC_RELAXED) != 0)
        entry_set_flag(moved, ENTRY_PINNED, true);
    shard_dispose_shell(d->ks, source.table, shell, seen);
    table_settle(source.table, cow);
    exec_forget(x);
    exec_changed(x, source.shard, from);

    d->call.db_in_use = to_db;
    struct found *target = exec_locate(x, to);
    if (!target->table)
        target->table = shard_own_table(d->ks, target->shard, to_db);
    cow = shard_cow(d->ks, target->shard, to_db, target->table);
    exec_note_deadline(d, entry_deadline(moved));
    if (entry_meta(moved) & ENTRY_INNER)
        exec_note_deadline(d, shard_inner_deadline(moved));
    if (target->entry) {
        struct entry *old = table_replace(target->table, cow, &target->loc, moved, &seen);
        shard_dispose(d->ks, target->table, target->hash, old, seen, false);
    } else {
        table_insert(target->table, cow, target->hash, moved);
        table_settle(target->table, cow);
    }
    exec_forget(x);
    exec_changed(x, target->shard, to);
    d->call.db_in_use = db;
    return LK_OK;
}

int exec_rename(struct exec *x, struct bytes from, struct bytes to)
{
    struct dispatcher *d = x->dispatcher;
    if (bytes_equal(from, to))
        return exec_locate(x, from)->entry ? LK_OK : LK_ENOKEY;
    return transfer(x, d->call.db_in_use, from, d->call.db_in_use, to);
}

int exec_move(struct exec *x, struct bytes key, uint32_t to_db)
{
    return transfer(x, x->dispatcher->call.db_in_use, key, to_db, key);
}
