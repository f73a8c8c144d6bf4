/*
 * dispatch_ready.c — the keys that a command has written and somebody waits for.
 */
#include "core/cmd/engine/dispatch_wait.h"
#include "core/store/wait.h"

static void ready_note(struct dispatcher *d, struct wait_key *k)
{
    if (k->ready)
        return;
    k->ready = true;
    d->unit.work |= UNIT_READY;
    if (d->unit.ready_count == d->unit.ready_capacity) {
        const size_t more = d->unit.ready_capacity ? d->unit.ready_capacity * 2 : 16;
        d->unit.ready =
            mem_realloc(d->unit.ready, d->unit.ready_capacity * sizeof(struct wait_key *),
                        more * sizeof(struct wait_key *));
        d->unit.ready_capacity = more;
    }
    d->unit.ready[d->unit.ready_count++] = k;
}

void dispatch_note_ready_slow(struct dispatcher *d, struct shard *s, uint32_t db, uint64_t hash,
                              struct bytes key)
{
    struct wait_key *k = wait_find(s, db, hash, key);
    if (k)
        ready_note(d, k);
}

void dispatch_note_db_ready(struct dispatcher *d, struct shard *s, uint32_t db)
{
    for (struct wait_key *k = s->waits; k; k = k->next)
        if (k->db == db)
            ready_note(d, k);
}
