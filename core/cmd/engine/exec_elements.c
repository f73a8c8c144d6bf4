/*
 * exec_elements.c — elements of values whose own deadline has passed.
 *
 * An entry counts in its table with the earliest deadline of its elements, so expiry comes to it as
 * it comes to keys.  The value is then opened for change as a command does it, under the same lock
 * and by the same write rule, and loses what is due, so many elements at a time.  Log, watchers and
 * listeners are told as of any HDEL.
 */
#include "core/cmd/engine/dispatch_priv.h"
#include "core/types/hash.h"

enum { ELEMENTS_MAX = 64, DEL_WORDS = 2 };

void exec_elements_expired(struct exec *x, struct bytes key, uint32_t n)
{
    stats_add(&x->dispatcher->stats.expired_elements, n);
    exec_event(x, EVENT_HASH, "hexpired", key);
}

/* What goes: the names die with the elements, so they are copied, behind the key. */
struct gone {
    struct buf *text;
    size_t size[ELEMENTS_MAX];
    uint32_t n;
};

static void note_gone(void *ctx, struct bytes name)
{
    struct gone *g = ctx;
    buf_append_bytes(g->text, name);
    g->size[g->n++] = name.size;
}

static void log_gone(struct dispatcher *d, uint32_t db, struct bytes key, const struct gone *g)
{
    struct bytes argv[DEL_WORDS + ELEMENTS_MAX] = {bytes_cstr("HDEL"), key};
    const char *name = key.data + key.size;
    for (uint32_t i = 0; i < g->n; i++) {
        argv[DEL_WORDS + i] = bytes_of(name, g->size[i]);
        name += g->size[i];
    }
    if (d->batch.logging)
        effects_add(&d->unit.effects, db, argv, DEL_WORDS + g->n);
}

static void remove_empty(struct dispatcher *d, struct bytes key)
{
    struct found *f = &d->call.found;
    struct cow *cow = shard_cow(d->ks, f->shard, f->db, f->table);
    bool seen = false;
    struct entry *e = table_remove(f->table, cow, &f->loc, &seen);
    exec_changed(&d->call.x, f->shard, key);
    shard_dispose(d->ks, f->table, f->hash, e, seen, true);
    exec_event(&d->call.x, EVENT_GENERIC, "del", key);
}

bool exec_expire_elements(struct exec *x, struct shard *s, uint32_t db, struct table *t,
                          uint64_t hash, struct entry *entry, const struct table_loc *loc)
{
    struct dispatcher *d = x->dispatcher;
    struct gone gone = {.text = &d->scratch};
    struct value_edit *e;

    d->scratch.size = 0;
    buf_append_bytes(&d->scratch, entry_key(entry));
    struct bytes key = buf_bytes(&d->scratch);
    d->call.found = (struct found){key.data, key.size, db, s, t, hash, entry, false, *loc};
    if (exec_edit(x, key, &e) != LK_OK)
        return false;
    hash_drop_due(e, x->now_ms, ELEMENTS_MAX, note_gone, &gone);
    key.data = d->call.found.data = d->scratch.data; /* the names may have moved it */

    const bool empty = hash_length(&e->value) == 0;
    exec_edit_close(x, e, gone.n > 0 && !empty);
    if (gone.n > 0) {
        log_gone(d, db, key, &gone);
        exec_elements_expired(x, key, gone.n);
    }
    if (empty)
        remove_empty(d, key);
    exec_forget(x);
    return gone.n == ELEMENTS_MAX;
}
