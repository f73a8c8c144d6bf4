/*
 * exec.c — the keys of a command: find, put, delete, deadlines.
 *
 * A look-up is remembered until something moves in its table, so that a handler which first looks
 * and then puts pays for one search.
 */
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/exec_use.h"
#include "core/cmd/engine/unit.h"
#include "core/store/watch.h"

const struct command_limits *exec_limits(const struct exec *x)
{
    return &x->dispatcher->batch.config->limits;
}

struct rng *exec_rng(struct exec *x)
{
    return &x->dispatcher->rng;
}

void exec_forget(struct exec *x)
{
    x->dispatcher->call.found.at.key.data = NULL;
}

static LK_COLD uint64_t search_hash(struct dispatcher *d, struct bytes key)
{
    for (uint32_t tries = 0; tries < 2; tries++) {
        if (d->call.key_next >= d->call.key_count)
            d->call.key_next = 0;
        if (d->call.key_next < d->call.key_count) {
            const struct key_hash *k = &d->keys.v[d->call.key_next];
            if (k->data == key.data && k->size == key.size)
                return k->hash;
            d->call.key_next++;
        }
    }
    return keyspace_hash(d->ks, key);
}

/* Handlers take their keys in order, so the next one is nearly always the one asked for. */
static inline uint64_t hash_of_key(struct dispatcher *d, struct bytes key)
{
    if (LK_LIKELY(d->call.key_next < d->call.key_count)) {
        const struct key_hash *k = &d->keys.v[d->call.key_next];
        if (LK_LIKELY(k->data == key.data && k->size == key.size))
            return k->hash;
        if (d->call.key_next + 1 < d->call.key_count && k[1].data == key.data &&
            k[1].size == key.size) {
            d->call.key_next++;
            return k[1].hash;
        }
    }
    return search_hash(d, key);
}

uint64_t exec_hash(struct exec *x, struct bytes key)
{
    return hash_of_key(x->dispatcher, key);
}

/* Who has read the key, or wants to hear of all that begin like it. */
static void exec_tell_trackers(struct exec *x, struct shard *s, uint64_t hash, struct bytes key,
                               uint64_t by)
{
    struct dispatcher *d = x->dispatcher;
    if (s->tracked.count != 0)
        unit_invalidate(d, s, hash, key, by);
    if (x->events & EVENT_BROADCAST)
        broadcast_note(d, hash, key, by);
}

static LK_COLD void exec_tell_changed(struct exec *x, struct shard *s, struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
    const uint64_t hash = exec_hash(x, key);
    watch_mark(s, d->call.db_in_use, key);
    dispatch_note_ready(d, s, d->call.db_in_use, hash, key);
    exec_tell_trackers(x, s, hash, key, x->session->tracker);
}

void exec_changed(struct exec *x, struct shard *s, struct bytes key)
{
    x->changes++;
    if (LK_UNLIKELY((s->watched | s->waiting | s->tracked.count | (x->events & EVENT_BROADCAST)) !=
                    0))
        exec_tell_changed(x, s, key);
}

void exec_signal(struct exec *x, struct bytes key)
{
    exec_changed(x, keyspace_shard(x->dispatcher->ks, exec_hash(x, key)), key);
}

void exec_flushed_all(struct exec *x)
{
    struct engine *engine = x->dispatcher->engine;
    if (own_keys_count(&engine->own_keys) > 0)
        own_keys_clear(&engine->own_keys);
    if (engine->hooks.flushed && !session_has(x->session, SESSION_LOADING))
        engine->hooks.flushed(engine->hooks.flushed_ctx);
}

void exec_expire_entry(struct exec *x, struct place *at)
{
    struct dispatcher *d = x->dispatcher;
    const struct bytes key = at->key;
    watch_mark_expired(at->shard, at->db, key);
    dispatch_note_ready(d, at->shard, at->db, at->hash, key);
    exec_tell_trackers(x, at->shard, at->hash, key, 0);
    if (d->batch.logging) {
        const struct bytes del[2] = {bytes_cstr("DEL"), key};
        effects_add(&d->unit, at->db, del, 2);
    }
    exec_event(x, EVENT_EXPIRED, "expired", key);
    stats_add(&d->stats.expired_keys, 1);
    const uint64_t watched = dispatch_watch_begin(d);
    shard_remove(at, DISPOSE_LAZY);
    dispatch_watch_end(d, LATENCY_EXPIRE_DEL, watched);
}

void exec_evict_entry(struct exec *x, struct place *at)
{
    struct dispatcher *d = x->dispatcher;
    const bool lazy = d->batch.config->eviction.lazy;
    exec_changed(x, at->shard, at->key);
    if (d->batch.logging) {
        const struct bytes del[2] = {bytes_cstr(lazy ? "UNLINK" : "DEL"), at->key};
        effects_add(&d->unit, at->db, del, 2);
    }
    exec_event(x, EVENT_EVICTED, "evicted", at->key);
    stats_add(&d->stats.evicted_keys, 1);
    const uint64_t watched = dispatch_watch_begin(d);
    shard_remove(at, lazy ? DISPOSE_LAZY : DISPOSE_NOW);
    dispatch_watch_end(d, LATENCY_EVICTION_DEL, watched);
}

void exec_drain_entry(struct exec *x, struct place *at)
{
    struct dispatcher *d = x->dispatcher;
    x->changes++;
    watch_mark(at->shard, at->db, at->key);
    exec_tell_trackers(x, at->shard, at->hash, at->key, 0);
    if (d->batch.logging) {
        const struct bytes del[2] = {bytes_cstr("DEL"), at->key};
        effects_add(&d->unit, at->db, del, 2);
    }
    shard_remove(at, DISPOSE_LAZY); /* no event: the key is there, elsewhere */
}

/*
 * A read meets expired keys without having asked for room in the log, and however full that is:
 * then the key is left to be deleted by somebody else.  A pause holds deletions back as well, and
 * on a replica they are the master's to tell; who may write there has put himself above that.
 */
static bool may_delete_expired(const struct exec *x)
{
    struct dispatcher *d = x->dispatcher;
    if (engine_is_replica(d->engine))
        return x->cmd->flags & CMD_WRITE;
    if (x->cmd->flags & (CMD_WRITE | CMD_MAY_REPLICATE))
        return true; /* these have asked for room, and may put the key anew */
    return (!d->batch.logging || log_ring_has_room(d->engine->fixed.log)) &&
           dispatch_push_has_room(d) && dispatch_paused(d) == PAUSE_NOTHING;
}

/* A look-up has met an entry whose deadline has passed: it is not there, and gone if it may be. */
static LK_COLD void drop_expired(struct exec *x, struct found *f, struct bytes key)
{
    f->expired = !may_delete_expired(x);
    if (f->expired) {
        f->at.entry = NULL;
        return;
    }
    const uint64_t hash = f->at.hash;
    exec_expire_entry(x, &f->at);
    shard_find(x->dispatcher->ks, x->dispatcher->call.db_in_use, key, hash, &f->at);
}

LK_HOT_INLINE struct found *locate_here(struct exec *x, struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
    struct found *f = &d->call.found;
    if (f->at.key.data == key.data && f->at.key.size == key.size && f->at.db == d->call.db_in_use &&
        key.data)
        return f;
    f->expired = false;
    const bool there = shard_find(d->ks, d->call.db_in_use, key, hash_of_key(d, key), &f->at);
    LK_DEBUG_ASSERT(d->held.exclusive || shard_is_mine(f->at.shard));
    if (there && LK_UNLIKELY(entry_has_deadline(f->at.entry)) &&
        exec_passed(x, entry_deadline(f->at.entry)))
        drop_expired(x, f, key);
    return f;
}

struct found *exec_locate(struct exec *x, struct bytes key)
{
    return locate_here(x, key);
}

/* Bits of use of what is written now. */
static uint32_t new_use(const struct exec *x)
{
    return exec_limits(x)->lfu ? lfu_new(x->now_ms) : x->dispatcher->batch.lru_now;
}

LK_HOT_INLINE int exec_read_value(const struct found *f, unsigned type, struct value *out)
{
    out->type = TYPE_NONE;
    if (!f->at.entry)
        return LK_OK;
    value_of_entry(f->at.entry, out);
    return type == TYPE_ANY || out->type == type ? LK_OK : LK_ETYPE;
}

LK_HOT_INLINE struct found *count_unheard(struct exec *x, struct bytes key)
{
    struct found *f = locate_here(x, key);
    struct stats *s = &x->dispatcher->stats;
    stats_add(f->at.entry ? &s->keyspace_hits : &s->keyspace_misses, 1);
    return f;
}

LK_HOT_INLINE struct found *count_look_up(struct exec *x, struct bytes key)
{
    struct found *f = count_unheard(x, key);
    if (!f->at.entry)
        exec_event(x, EVENT_MISS, "keymiss", key);
    return f;
}

int exec_find(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    const struct found *f = count_look_up(x, key);
    if (f->at.entry)
        exec_touch_here(x, f->at.entry);
    return exec_read_value(f, type, out);
}

/* Look-ups are remembered by where the bytes of their key are. */
int exec_find_made(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    exec_forget(x);
    const int rc = exec_find(x, key, type, out);
    exec_forget(x);
    return rc;
}

int exec_find_untouched(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    return exec_read_value(count_look_up(x, key), type, out);
}

int exec_find_unheard(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    return exec_read_value(count_unheard(x, key), type, out);
}

int exec_find_silently(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    return exec_read_value(exec_locate(x, key), type, out);
}

int exec_find_stored(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    struct dispatcher *d = x->dispatcher;
    struct found *f = &d->call.found;
    f->expired = false;
    shard_find(d->ks, d->call.db_in_use, key, exec_hash(x, key), &f->at);
    return exec_read_value(f, type, out);
}

bool exec_exists(struct exec *x, struct bytes key)
{
    return count_look_up(x, key)->at.entry != NULL;
}

bool exec_touch(struct exec *x, struct bytes key)
{
    const struct found *f = count_look_up(x, key);
    if (f->at.entry)
        exec_note_use(x, f->at.entry);
    return f->at.entry != NULL;
}

int64_t exec_deadline(struct exec *x, struct bytes key)
{
    const struct found *f = exec_locate(x, key);
    return f->at.entry ? entry_deadline(f->at.entry) : -2;
}

uint32_t exec_idle_seconds(struct exec *x, struct bytes key)
{
    LK_ASSERT(exec_locate(x, key)->at.entry);
    return lru_idle_seconds(entry_lru(exec_locate(x, key)->at.entry), x->now_ms);
}

uint32_t exec_lfu_counter(struct exec *x, struct bytes key)
{
    LK_ASSERT(exec_locate(x, key)->at.entry);
    return lfu_counter(entry_lru(exec_locate(x, key)->at.entry), x->now_ms,
                       exec_limits(x)->lfu_decay_minutes);
}

void exec_set_use(struct exec *x, struct bytes key, uint32_t bits)
{
    LK_ASSERT(exec_locate(x, key)->at.entry);
    entry_touch(exec_locate(x, key)->at.entry, bits);
}

size_t exec_entry_bytes(struct exec *x, struct bytes key)
{
    LK_ASSERT(exec_locate(x, key)->at.entry);
    return mem_class(entry_size(exec_locate(x, key)->at.entry));
}

/* --- changing -------------------------------------------------------------------------------- */

/* On a replica its own clients' deadlines are nobody's but its own to keep. */
static void exec_note_own(struct exec *x, struct bytes key, int64_t deadline_ms)
{
    struct dispatcher *d = x->dispatcher;
    if (LK_LIKELY(deadline_ms == ENTRY_NO_DEADLINE) || LK_LIKELY(!engine_is_replica(d->engine)) ||
        session_has(x->session, SESSION_MASTER | SESSION_LOADING))
        return;
    own_keys_note(&d->engine->own_keys, d->call.db_in_use, exec_hash(x, key), key);
}

static int exec_put_here(struct exec *x, struct bytes key, struct value *v, int64_t deadline_ms)
{
    struct found *f = exec_locate(x, key);
    LK_ASSERT(!f->expired); /* who writes has asked for room in the log */
    struct shard *s = f->at.shard;
    const bool is_new = !f->at.entry;
    const int rc = shard_put(&f->at, v, deadline_ms, new_use(x));
    if (LK_UNLIKELY(rc != LK_OK))
        return rc;
    if (is_new)
        exec_event(x, EVENT_NEW, "new", key);
    exec_changed(x, s, key);
    exec_note_own(x, key, deadline_ms);
    return LK_OK;
}

int exec_put(struct exec *x, struct bytes key, struct value *v, unsigned flags)
{
    int64_t deadline_ms = ENTRY_NO_DEADLINE;
    if (flags & PUT_KEEP_DEADLINE) {
        const struct found *f = exec_locate(x, key);
        if (f->at.entry)
            deadline_ms = entry_deadline(f->at.entry);
    }
    return exec_put_here(x, key, v, deadline_ms);
}

int exec_put_until(struct exec *x, struct bytes key, struct value *v, int64_t deadline_ms)
{
    return exec_put_here(x, key, v, deadline_ms);
}

bool exec_delete(struct exec *x, struct bytes key, bool lazy)
{
    struct found *f = exec_locate(x, key);
    if (!f->at.entry)
        return false;
    struct shard *s = f->at.shard;
    shard_remove(&f->at, lazy ? DISPOSE_LAZY : DISPOSE_NOW);
    exec_changed(x, s, key);
    return true;
}

int exec_set_deadline(struct exec *x, struct bytes key, int64_t deadline_ms)
{
    struct found *f = exec_locate(x, key);
    const int rc = shard_set_deadline(&f->at, deadline_ms);
    if (rc != LK_OK)
        return rc;
    exec_changed(x, f->at.shard, key);
    exec_note_own(x, key, deadline_ms);
    return LK_OK;
}

int exec_use_db(struct exec *x, uint32_t db)
{
    if (db >= exec_limits(x)->databases)
        return LK_EDBINDEX;
    x->dispatcher->call.db_in_use = db;
    return LK_OK;
}
