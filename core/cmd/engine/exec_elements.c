/*
 * exec_elements.c — elements of values whose own deadline has passed.
 *
 * An entry counts in its table with the earliest deadline of its elements, so expiry comes to it as
 * it comes to keys.  The value is then opened for change as a command does it, under the same lock
 * and by the same write rule, and loses what is due, so many elements at a time.  Log, watchers and
 * listeners are told as of any HDEL.
 */
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/unit.h"
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

static void exec_elements_note_gone(void *ctx, struct bytes name)
{
    struct gone *g = ctx;
    buf_append_bytes(g->text, name);
    g->size[g->n++] = name.size;
}

static void exec_elements_log_gone(struct dispatcher *d, uint32_t db, struct bytes key,
                                   const struct gone *g)
{
    struct bytes argv[DEL_WORDS + ELEMENTS_MAX] = {bytes_cstr("HDEL"), key};
    const char *name = key.data + key.size;
    for (uint32_t i = 0; i < g->n; i++) {
        argv[DEL_WORDS + i] = bytes_of(name, g->size[i]);
        name += g->size[i];
    }
    if (d->batch.logging)
        effects_add(&d->unit, db, argv, DEL_WORDS + g->n);
}

bool exec_expire_elements(struct exec *x, struct place *at)
{
    struct dispatcher *d = x->dispatcher;
    struct gone gone = {.text = &d->scratch};
    struct place_edit e = {.edit.limits = &d->batch.config->limits.types};
    struct shard *s = at->shard;
    const uint32_t db = at->db;

    d->scratch.size = 0;
    buf_append_bytes(&d->scratch, at->key);
    if (shard_edit(at, &e) != LK_OK)
        return false;
    hash_drop_due(&e.edit, x->now_ms, ELEMENTS_MAX, exec_elements_note_gone, &gone);
    /* The names behind it may have moved it. */
    const struct bytes key = bytes_of(d->scratch.data, at->key.size);

    const bool empty = hash_length(&e.edit.value) == 0;
    shard_edit_end(&e, gone.n > 0 && !empty);
    if (gone.n > 0) {
        exec_changed(x, s, key);
        exec_elements_log_gone(d, db, key, &gone);
        exec_elements_expired(x, key, gone.n);
    }
    if (empty) {
        shard_remove(at, DISPOSE_LAZY);
        exec_event(x, EVENT_GENERIC, "del", key);
    }
    return gone.n == ELEMENTS_MAX;
}
