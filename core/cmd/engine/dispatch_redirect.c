/*
 * dispatch_redirect.c — in a cluster: does a command's slot belong here, and where else?
 *
 * The words of the shards decide, read under the locks of the command's keys: between a look before
 * and the lock the slot may have gone.  The map says where a client is sent to.  What is asked
 * without locks (commands that are queued, and those that another row would refuse) is a hint, and
 * leaves out which keys are there.
 *
 * The order of the questions is that of the cluster specification: slot without a node, two slots,
 * state of the cluster, slot on the move, replica, other node.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/transaction.h"

struct redirect {
    struct dispatcher *d;
    struct session *s;
    const struct slot_map *map;
    bool locked;             /* the shards of all keys are */
    bool many, writes, asks; /* more than one key; changes data; is meant for an importing slot */
    bool sends;              /* MIGRATE: keys that are not here have gone already */
    bool channels;           /* the names are channels of shards, not keys */
    bool crossed, moves;     /* two slots; its keys may be elsewhere */
    uint32_t slot;           /* HASH_SLOTS: none yet */
    uint32_t there, missing; /* keys */
};

static uint32_t redirect_state(const struct shard *s)
{
    return load_relaxed(&s->slot) & SLOT_STATES;
}

/* A copy of a slot on the move, for a client that reads copies: it shares the master's marks. */
static bool redirect_copy_moves(const struct redirect *r, uint32_t slot)
{
    return r->map->master && r->map->other[slot] && !r->writes &&
           session_has(r->s, SESSION_READONLY);
}

static void redirect_key(struct redirect *r, struct bytes key)
{
    struct dispatcher *d = r->d;
    const uint64_t hash = keyspace_hash(d->ks, key);
    struct shard *shard = keyspace_shard(d->ks, hash);
    r->many = r->many || r->slot != HASH_SLOTS;
    if (r->slot == HASH_SLOTS)
        r->slot = shard->index;
    if (r->slot != shard->index) {
        r->crossed = true;
        return;
    }
    const uint32_t state = redirect_state(shard);
    if (!r->locked || r->channels)
        return;
    if (state != SLOT_MIGRATING && state != SLOT_IMPORTING && !redirect_copy_moves(r, r->slot))
        return;
    r->moves = true;
    struct place at;
    const bool there =
        shard_find(d->ks, r->s->db, key, hash, &at) &&
        !(entry_has_deadline(at.entry) && clock_passed(entry_deadline(at.entry), d->batch.now_ms));
    *(there ? &r->there : &r->missing) += 1;
}

static void redirect_channels(struct redirect *r, const struct args *a)
{
    r->channels = true;
    for (uint32_t i = 1; i < a->n; i++)
        redirect_key(r, a->v[i]);
}

static void redirect_command(struct redirect *r, const struct command_info *c, const struct args *a)
{
    r->writes = r->writes || c->flags & (CMD_WRITE | CMD_MAY_REPLICATE);
    r->asks = r->asks || c->flags & CMD_ASKING;
    r->sends = c->flags & CMD_SENDS_KEYS;
    if (c->checks & CHECK_CHANNELS) {
        const struct args first = {a->v, a->n < 2 || c->row->keys[0].last < 0 ? a->n : 2};
        redirect_channels(r, &first);
        return;
    }
    dispatch_reserve_refs(r->d, a->n);
    const int n = command_keys(c, a, r->d->refs.v, r->d->refs.capacity);
    for (int i = 0; i < n; i++) /* wrong words are the handler's to name */
        redirect_key(r, a->v[r->d->refs.v[i].index]);
}

static void redirect_queued(void *ctx, const struct command_info *c, const struct args *a)
{
    redirect_command(ctx, c, a);
}

static struct slot_map_reader redirect_reader(const struct session *s)
{
    return (struct slot_map_reader){.tls = session_has(s, SESSION_TLS), .ipv6 = s->ipv6};
}

static bool redirect_to(struct redirect *r, const char *word, uint16_t node)
{
    struct buf line = {0};
    LK_ASSERT(r->slot < HASH_SLOTS && node != 0);
    slot_map_redirect(r->map, word, r->slot, node, redirect_reader(r->s), &line);
    reply_error_bytes(&r->s->reply, buf_bytes(&line));
    buf_release(&line);
    return true;
}

static bool redirect_refuse(struct redirect *r, const char *line)
{
    reply_error(&r->s->reply, "%s", line);
    return true;
}

static bool redirect_when_down(struct redirect *r)
{
    const uint32_t flags = r->map->flags;
    if (r->channels && flags & SLOT_MAP_CHANNELS_WHEN_DOWN)
        return false;
    if (!r->channels && flags & SLOT_MAP_READS_WHEN_DOWN)
        return r->writes ? redirect_refuse(r, "CLUSTERDOWN The cluster is down and only accepts "
                                              "read commands")
                         : false;
    return redirect_refuse(r, "CLUSTERDOWN The cluster is down");
}

static bool redirect_is_copy(const struct redirect *r, uint16_t owner)
{
    if (owner == 0 || owner != r->map->master)
        return false;
    /* A replica hears all that is published in its shard. */
    return r->channels || (!r->writes && session_has(r->s, SESSION_READONLY));
}

/* True: the reply says where the command belongs, or why it may not run. */
static bool redirect_decide(struct redirect *r)
{
    if (r->slot == HASH_SLOTS)
        return false;
    const uint32_t state = redirect_state(&r->d->ks->shards[r->slot]);
    const uint16_t owner = r->map->owner[r->slot], other = r->map->other[r->slot];
    const bool here = state == SLOT_SERVED || state == SLOT_MIGRATING;
    if (!here && owner == 0)
        return redirect_refuse(r, "CLUSTERDOWN Hash slot not served");
    if (r->crossed)
        return redirect_refuse(r, "CROSSSLOT Keys in request don't hash to the same slot");
    if (r->d->batch.cluster_down && redirect_when_down(r))
        return true;
    const bool copy = redirect_is_copy(r, owner), marked = redirect_copy_moves(r, r->slot);
    if ((state == SLOT_MIGRATING || (copy && marked)) && r->moves && r->missing > 0 && other != 0 &&
        !r->sends)
        return r->there > 0 ? redirect_refuse(r, "TRYAGAIN Multiple keys request during rehashing "
                                                 "of slot")
                            : redirect_to(r, "ASK", other);
    if (here)
        return false;
    if ((state == SLOT_IMPORTING || (state == SLOT_FOREIGN && marked)) &&
        (r->asks || session_has(r->s, SESSION_ASKING)))
        return r->many && r->missing > 0
                   ? redirect_refuse(r, "TRYAGAIN Multiple keys request during rehashing of slot")
                   : false;
    if (copy)
        return false;
    if (owner == r->map->self) /* the shard is behind the map: for a moment */
        return redirect_refuse(r, "TRYAGAIN The slot is being handed over");
    return redirect_to(r, "MOVED", owner);
}

/* The next unlock of the shard tells the worker; the key is on its way for a moment. */
static bool redirect_waits(struct redirect *r)
{
    if (r->slot == HASH_SLOTS || !r->locked)
        return false;
    struct shard *shard = &r->d->ks->shards[r->slot];
    if (LK_LIKELY(!(shard->slot & SLOT_HELD)))
        return false;
    fetch_or_seq_cst(&shard->interested, UINT64_C(1) << r->d->worker);
    r->s->parked = true;
    return true;
}

enum redirected dispatch_redirect(struct dispatcher *d, struct session *s,
                                  const struct command_info *c, const struct args *a, bool locked)
{
    struct redirect r = {
        .d = d, .s = s, .map = d->batch.slots, .locked = locked, .slot = HASH_SLOTS};
    LK_ASSERT(d->ks->slotted);
    if (!r.map || session_has(s, SESSION_LOADING | SESSION_MASTER | SESSION_SERVICE))
        return REDIRECT_NO;
    if (c->row->run == transaction_exec && session_has(s, SESSION_MULTI))
        multi_each(s, redirect_queued, &r);
    else
        redirect_command(&r, c, a);
    if (redirect_waits(&r))
        return REDIRECT_WAIT;
    return redirect_decide(&r) ? REDIRECT_DONE : REDIRECT_NO;
}

bool dispatch_moved(struct dispatcher *d, struct session *s, const struct command_info *c,
                    const struct shard *shard)
{
    const struct slot_map *map = d->batch.slots;
    LK_DEBUG_ASSERT(c->plain);
    if (redirect_state(shard) != SLOT_FOREIGN || !map || d->batch.cluster_down ||
        session_has(s, SESSION_LOADING | SESSION_MASTER | SESSION_SERVICE))
        return false;
    const uint16_t owner = map->owner[shard->index];
    if (owner == 0 || owner == map->self || owner == map->master)
        return false;
    if (map->other[shard->index] && map->master)
        return false;
    struct buf *out = reply_error_begin(&s->reply);
    slot_map_redirect(map, "MOVED", shard->index, owner, redirect_reader(s), out);
    reply_error_end(&s->reply);
    dispatch_note_refused(d, s, c);
    return true;
}

void dispatch_read_slots(struct dispatcher *d)
{
    const struct engine *e = d->engine;
    d->batch.slots = load_acquire(&e->cluster.slots);
    d->batch.cluster_down = !d->batch.slots || d->batch.slots->flags & SLOT_MAP_DOWN ||
                            clock_mono_ns() >= load_relaxed(&e->cluster.good_until_ns);
}

/* EXEC that is sent elsewhere ends the transaction. */
void dispatch_end_redirected(struct dispatcher *d, struct pending *p)
{
    if (p->cmd->row->run != transaction_exec)
        return;
    session_unwatch(d, p->session);
    multi_discard(p->session);
}

/* --- those who wait -------------------------------------------------------------------------- */

/* A waiter's keys are of one slot. */
bool dispatch_redirects_waiter(struct dispatcher *d, const struct session *s,
                               const struct command_info *c, const struct wait_node *nodes,
                               uint32_t count)
{
    const struct slot_map *map = d->batch.slots;
    if (count == 0 || !map)
        return false;
    if (d->batch.cluster_down)
        return true; /* what it waits for is written by nobody */
    const struct shard *shard = keyspace_shard(d->ks, nodes[0].hash);
    const uint16_t owner = map->owner[shard->index];
    switch ((enum slot_state)redirect_state(shard)) {
    case SLOT_FOREIGN:
        return owner != map->self; /* else the shard is behind the map */
    case SLOT_COPY:
        return !(session_has(s, SESSION_READONLY) && owner == map->master &&
                 !(c->flags & CMD_WRITE));
    default:
        return false;
    }
}

void dispatch_redirect_waiter(struct dispatcher *d, struct session *s,
                              const struct wait_node *nodes)
{
    struct redirect r = {.d = d, .s = s, .map = d->batch.slots};
    r.slot = keyspace_shard(d->ks, nodes[0].hash)->index;
    const uint16_t owner = r.map->owner[r.slot];
    if (d->batch.cluster_down)
        redirect_refuse(&r, "CLUSTERDOWN The cluster is down");
    else if (owner == 0)
        redirect_refuse(&r, "CLUSTERDOWN Hash slot not served");
    else
        redirect_to(&r, "MOVED", owner);
}
