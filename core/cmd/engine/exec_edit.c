/*
 * exec_edit.c — values changed where they are, and entries that move.
 */
#include "core/cmd/engine/exec_priv.h"

enum { FRESH_KEEP = 64 * 1024 };

static inline int edit_found(struct exec *x, struct found *f, struct value_edit **out)
{
    struct dispatcher *d = x->dispatcher;
    struct edit *e = &d->call.edit;
    LK_ASSERT(f->at.entry && !e->open);
    e->kept.edit.limits = &d->batch.config->limits.types;
    const int rc = shard_edit(&f->at, &e->kept);
    if (rc != LK_OK)
        return rc;
    e->x = x;
    e->open = true;
    *out = &e->kept.edit;
    return LK_OK;
}

int exec_edit(struct exec *x, struct bytes key, struct value_edit **out)
{
    return edit_found(x, exec_locate(x, key), out);
}

void exec_edit_close(struct exec *x, struct value_edit *edit, bool changed)
{
    struct dispatcher *d = x->dispatcher;
    const struct place *at = &d->call.found.at;
    LK_ASSERT(d->call.edit.open && edit == &d->call.edit.kept.edit && d->call.edit.kept.at == at);
    d->call.edit.open = false;
    shard_edit_end(&d->call.edit.kept, changed);
    if (changed)
        exec_changed(x, at->shard, at->key);
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
    e->kept.edit.limits = &d->batch.config->limits.types;
    e->kept.edit.cow = NULL;
    e->kept.edit.resize = fresh_resize;
    e->kept.edit.discard = NULL;
    struct value *v = &e->kept.edit.value;
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
    struct found *f = exec_locate(x, key);
    if (!f->at.entry) {
        LK_ASSERT(!d->call.edit.open);
        open_fresh(x, key, type);
        *out = &d->call.edit.kept.edit;
        return LK_OK;
    }
    if (value_kind_type(f->at.entry->kind) != type)
        return LK_ETYPE;
    d->call.edit.fresh = false;
    return edit_found(x, f, out);
}

static int close_fresh(struct exec *x, struct edit *e, bool keep)
{
    struct value *v = &e->kept.edit.value;
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

static inline bool edit_keeps(const struct value_edit *edit)
{
    const struct type_ops *ops = type_ops_get(edit->value.type);
    return ops->stays_when_empty || ops->length(&edit->value) > 0;
}

int exec_close_filled(struct exec *x, struct value_edit *edit, bool changed)
{
    struct edit *e = &x->dispatcher->call.edit;
    LK_ASSERT(e->open && edit == &e->kept.edit);
    LK_DEBUG_ASSERT((e->fresh && !changed) || edit_keeps(edit));
    if (e->fresh)
        return close_fresh(x, e, changed);
    exec_edit_close(x, edit, changed);
    return LK_OK;
}

int exec_close(struct exec *x, struct value_edit *edit, bool changed)
{
    struct dispatcher *d = x->dispatcher;
    const bool keep = edit_keeps(edit);
    if (LK_LIKELY(keep || d->call.edit.fresh))
        return exec_close_filled(x, edit, changed && keep);
    const struct bytes key = d->call.found.at.key;
    exec_edit_close(x, edit, false);
    exec_delete(x, key, false);
    exec_event(x, EVENT_GENERIC, "del", key);
    return LK_OK;
}

/* A look-up in another database than the one in use. */
static struct place *locate_in(struct exec *x, uint32_t db, struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
    const uint32_t in_use = d->call.db_in_use;
    d->call.db_in_use = db;
    struct found *f = exec_locate(x, key);
    LK_ASSERT(!f->expired);
    d->call.db_in_use = in_use;
    return &f->at;
}

static void changed_in(struct exec *x, uint32_t db, struct shard *s, struct bytes key, bool is_new)
{
    struct dispatcher *d = x->dispatcher;
    const uint32_t in_use = d->call.db_in_use;
    d->call.db_in_use = db;
    if (is_new)
        exec_event(x, EVENT_NEW, "new", key);
    exec_changed(x, s, key);
    d->call.db_in_use = in_use;
}

static int exec_edit_transfer(struct exec *x, uint32_t from_db, struct bytes from, uint32_t to_db,
                              struct bytes to)
{
    if (!locate_in(x, from_db, from)->entry)
        return LK_ENOKEY;
    struct place target = *locate_in(x, to_db, to);
    /* Again: what has expired there may have left, and moved what is in its table. */
    struct place *source = locate_in(x, from_db, from);
    struct shard *const shards[2] = {source->shard, target.shard};
    const int rc = shard_move(source, &target);
    if (rc != LK_OK)
        return rc;
    changed_in(x, from_db, shards[0], from, false);
    changed_in(x, to_db, shards[1], to, true); /* also where another one was */
    return LK_OK;
}

int exec_rename(struct exec *x, struct bytes from, struct bytes to)
{
    struct dispatcher *d = x->dispatcher;
    if (bytes_equal(from, to))
        return exec_locate(x, from)->at.entry ? LK_OK : LK_ENOKEY;
    return exec_edit_transfer(x, d->call.db_in_use, from, d->call.db_in_use, to);
}

int exec_move(struct exec *x, struct bytes key, uint32_t to_db)
{
    return exec_edit_transfer(x, x->dispatcher->call.db_in_use, key, to_db, key);
}
