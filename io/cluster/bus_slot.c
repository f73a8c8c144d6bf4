/*
 * bus_slot.c — SETSLOT by the worker that is asked.
 *
 * It takes the bus' turn if that is free, and the slot's shard before it decides; so it waits for
 * no thread, only for the file system, which takes nodes.conf without its disk.  What it cannot
 * have done itself, since a file must be on the disk first, a role changes or the shard is busy,
 * the bus does in its next turn, and answers.
 */
#include "core/base/atomic.h"
#include "core/store/keyspace.h"
#include "io/cluster/bus_priv.h"

enum { LIGHT = CLUSTER_SAVE | CLUSTER_MAP | CLUSTER_LEFT, SPIN_NS = 20000 };

/* Under the lock: has the bus nothing to do that would have to come first, and does it go on? */
static bool slot_turn_is_idle(struct cluster_bus *b)
{
    return b->cluster->todo == 0 && b->pause_ms < 0 && !load_acquire(&b->drained) &&
           !bus_has_requests(b) && !load_acquire(&b->stop);
}

/* NULL: somebody has it, and may be this worker. */
static struct shard *slot_lock_shard(struct cluster_bus *b, uint32_t slot, uint32_t worker)
{
    struct shard *s = &b->parts.engine->fixed.keyspace->shards[slot];
    return shard_lock_or_ask(s, worker, SPIN_NS) ? s : NULL;
}

/* Under the lock, which it lets go. */
static void slot_carry_out(struct cluster_bus *b, uint32_t slot, struct shard *s)
{
    struct bus_outcome out = {.todo = b->cluster->todo};
    const struct slot_map *now = load_acquire(&b->parts.engine->cluster.slots);
    const uint8_t word = bus_word(b, slot);
    bool speaks = false;
    b->cluster->todo = 0;
    bus_gather_file(b, &out);
    bus_gather_left(b, &out);
    if (out.todo & CLUSTER_MAP)
        out.map = cluster_map_again(b->cluster, now, slot);
    for (const struct cluster_link *l = b->cluster->links; l; l = l->next)
        speaks |= l->out.size > 0;
    pthread_mutex_unlock(&b->lock);
    bus_write_file(b, &out);
    bus_set_word(b, s, word);
    shard_unlock(s);
    if (out.map)
        bus_publish_map(b, out.map);
    if (out.todo & (CLUSTER_MAP | CLUSTER_LEFT))
        bus_tell_left(b, out.left);
    buf_release(&out.text);
    if (speaks)
        bus_wake(b);
}

/* In the turn. */
static enum bus_at_once slot_change(struct cluster_bus *b, bus_change *change, const struct args *a,
                                    uint32_t slot, uint32_t worker, struct buf *reply)
{
    pthread_mutex_lock(&b->lock);
    struct shard *s = slot_turn_is_idle(b) ? slot_lock_shard(b, slot, worker) : NULL;
    enum bus_at_once how = s ? BUS_DONE : BUS_BUSY;
    if (s) {
        b->cluster->now_ms = bus_now_ms();
        bus_make_change(b, change, a, reply);
        if (b->cluster->todo & ~(uint32_t)LIGHT || b->pause_ms >= 0 || bus_must_sync(b))
            how = BUS_ANSWERS;
    }
    if (how == BUS_DONE) {
        slot_carry_out(b, slot, s);
        return how;
    }
    pthread_mutex_unlock(&b->lock);
    if (s)
        shard_unlock(s);
    return how;
}

enum bus_at_once bus_slot_at_once(struct cluster_bus *b, bus_change *change, const struct args *a,
                                  uint32_t slot, uint32_t worker, uint64_t session_id,
                                  struct buf *reply)
{
    if (pthread_mutex_trylock(&b->turn) != 0)
        return BUS_BUSY;
    const enum bus_at_once how = slot_change(b, change, a, slot, worker, reply);
    if (how == BUS_ANSWERS)
        bus_hand_over(b, reply, worker, session_id);
    pthread_mutex_unlock(&b->turn);
    return how;
}
