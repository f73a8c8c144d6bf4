/*
 * exec.c — the keys of a command: find, put, delete, deadlines.
 *
 * A look-up is remembered until something moves in its table, so that a handler which first looks
 * and then puts pays for one search.
 */
#include "core/cmd/engine/dispatch_priv.h"
#include "core/store/lru.h"
#include "core/store/watch.h"

const struct command_limits *exec_limits(const struct exec *x)
{
    return &x->dispatcher->batch.config->limits;
}

struct rng *exec_rng(struct exec *x)
{
    return &x->dispatcher->rng;
}

void exec_begin(struct dispatcher *d, struct session *s, const struct command_info *c)
{
    struct exec *x = &d->call.x;
    x->cmd = c->row;
    x->container = c->parent ? c->parent->row : NULL;
    x->session = s;
    x->reply = &s->reply;
    x->db = s->db;
    x->now_ms = d->batch.now_ms;
    x->events = __atomic_load_n(&d->engine->hooks.events, __ATOMIC_RELAXED);
    x->changes = 0;
    x->dispatcher = d;
    x->admin = d->engine->fixed.admin;
    x->scratch = &d->scratch;
    d->scratch.size = 0;
    d->call.db_in_use = s->db;
    d->unit.effects.mode = EFFECT_VERBATIM;
    d->call.found.data = NULL;
    d->call.key_next = 0;
}

void exec_forget(struct exec *x)
{
    x->dispatcher->call.found.data = NULL;
}

/* Handlers take their keys in order, so the next one is nearly always the one asked for. */
uint64_t exec_hash(struct exec *x, struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
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

void exec_changed(struct exec *x, struct shard *s, struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
    x->changes++;
    watch_mark(s, d->call.db_in_use, key);
    if (LK_UNLIKELY(s->waiting != 0))
        dispatch_note_ready(d, s, d->call.db_in_use, exec_hash(x, key), key);
}

void exec_signal(struct exec *x, struct bytes key)
{
    exec_changed(x, keyspace_shard(x->dispatcher->ks, exec_hash(x, key)), key);
}

void exec_event_send(struct exec *x, enum event_class event_class, const char *name,
                     struct bytes key)
{
    const struct engine *engine = x->dispatcher->engine;
    if (engine->hooks.event)
        engine->hooks.event(engine->hooks.event_ctx, x->dispatcher->call.db_in_use, event_class,
                            name, key);
}

void exec_expire_entry(struct exec *x, struct shard *s, uint32_t db, struct table *t, uint64_t hash,
                       struct table_loc *loc)
{
    struct dispatcher *d = x->dispatcher;
    struct cow *cow = shard_cow(d->ks, s, db, t);
    bool seen = false;
    struct entry *e = table_remove(t, cow, loc, &seen);
    const struct bytes key = entry_key(e);
    watch_mark_expired(s, db, key);
    dispatch_note_ready(d, s, db, hash, key);
    if (d->batch.logging) {
        const struct bytes del[2] = {bytes_cstr("DEL"), key};
        effects_add(&d->unit.effects, db, del, 2);
    }
    exec_event(x, EVENT_EXPIRED, "expired", key);
    stats_add(&d->stats.expired_keys, 1);
    shard_dispose(d->ks, t, hash, e, seen, true);
}

/*
 * A read meets expired keys without having asked for room in the log, and however full that is:
 * then the key is left to be deleted by somebody else.  A pause holds deletions back as well.
 */
static bool may_delete_expired(const struct exec *x)
{
    struct dispatcher *d = x->dispatcher;
    if (x->cmd->flags & (CMD_WRITE | CMD_MAY_REPLICATE))
        return true; /* these have asked for room, and may put the key anew */
    return (!d->batch.logging || log_ring_has_room(d->engine->fixed.log)) &&
           !dispatch_paused_until(d);
}

static struct table_loc no_loc;

struct found *exec_locate(struct exec *x, struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
    struct found *f = &d->call.found;
    if (f->data == key.data && f->size == key.size && f->db == d->call.db_in_use && key.data)
        return f;
    f->data = key.data;
    f->size = key.size;
    f->db = d->call.db_in_use;
    f->hash = exec_hash(x, key);
    f->shard = keyspace_shard(d->ks, f->hash);
    LK_DEBUG_ASSERT(d->held.exclusive || __atomic_load_n(&f->shard->lock, __ATOMIC_RELAXED) != 0);
    f->table = shard_table(f->shard, f->db);
    f->loc = no_loc;
    f->expired = false;
    f->entry = f->table ? table_find(f->table, f->hash, key, &f->loc) : NULL;
    if (f->entry && LK_UNLIKELY(entry_has_deadline(f->entry)) &&
        exec_passed(x, entry_deadline(f->entry))) {
        f->expired = !may_delete_expired(x);
        if (LK_LIKELY(!f->expired)) {
            exec_expire_entry(x, f->shard, f->db, f->table, f->hash, &f->loc);
            table_settle(f->table, shard_cow(d->ks, f->shard, f->db, f->table));
        }
        f->entry = NULL;
    }
    return f;
}

static void touch(struct exec *x, struct entry *e)
{
    const struct command_limits *l = exec_limits(x);
    if (session_has(x->session, SESSION_NO_TOUCH))
        return;
    if (LK_LIKELY(!l->lfu))
        entry_touch(e, x->dispatcher->batch.lru_now);
    else
        entry_touch(e, lfu_touch(entry_lru(e), x->now_ms, (uint32_t)l->lfu_decay_minutes,
                                 (uint32_t)l->lfu_log_factor, &x->dispatcher->rng));
}

static void touch_new(struct exec *x, struct entry *e)
{
    entry_touch(e, exec_limits(x)->lfu ? lfu_new(x->now_ms) : x->dispatcher->batch.lru_now);
}

static int read_value(const struct found *f, unsigned type, struct value *out)
{
    out->type = TYPE_NONE;
    if (!f->entry)
        return LK_OK;
    const struct entry *e = f->entry;
    value_of_entry(e, out);
    return type == TYPE_ANY || out->type == type ? LK_OK : LK_ETYPE;
}

static struct found *count_look_up(struct exec *x, struct bytes key)
{
    struct found *f = exec_locate(x, key);
    struct stats *s = &x->dispatcher->stats;
    stats_add(f->entry ? &s->keyspace_hits : &s->keyspace_misses, 1);
    if (!f->entry)
        exec_event(x, EVENT_MISS, "keymiss", key);
    return f;
}

int exec_find(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    const struct found *f = count_look_up(x, key);
    if (f->entry)
        touch(x, f->entry);
    return read_value(f, type, out);
}

/* Look-ups are remembered by where the bytes of their key are. */
int exec_find_made(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    exec_forget(x);
    const int rc = exec_find(x, key, type, out);
    exec_forget(x);
    return rc;
}

int exec_look(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    return read_value(count_look_up(x, key), type, out);
}

int exec_peek(struct exec *x, struct bytes key, unsigned type, struct value *out)
{
    return read_value(exec_locate(x, key), type, out);
}

bool exec_exists(struct exec *x, struct bytes key)
{
    const struct found *f = count_look_up(x, key);
    if (f->entry)
        touch(x, f->entry);
    return f->entry != NULL;
}

int64_t exec_deadline(struct exec *x, struct bytes key)
{
    const struct found *f = exec_locate(x, key);
    return f->entry ? entry_deadline(f->entry) : -2;
}

uint32_t exec_idle_seconds(struct exec *x, struct bytes key)
{
    return lru_idle_seconds(entry_lru(exec_locate(x, key)->entry), x->now_ms);
}

uint32_t exec_lfu_counter(struct exec *x, struct bytes key)
{
    return lfu_counter(entry_lru(exec_locate(x, key)->entry), x->now_ms,
                       (uint32_t)exec_limits(x)->lfu_decay_minutes);
}

void exec_set_use(struct exec *x, struct bytes key, uint32_t bits)
{
    entry_touch(exec_locate(x, key)->entry, bits);
}

size_t exec_entry_bytes(struct exec *x, struct bytes key)
{
    return mem_class(entry_size(exec_locate(x, key)->entry));
}

/* --- changing -------------------------------------------------------------------------------- */

static void payload_fill(struct entry *e, const struct value *v)
{
    e->kind = value_kind(v);
    value_payload_write(v, entry_payload(e));
}

/* Of a new entry: elements that come with deadlines are to be found by expiry. */
static void note_elements(struct dispatcher *d, struct entry *e, const struct value *v)
{
    const int64_t deadline_ms = value_next_deadline(v);
    if (LK_LIKELY(deadline_ms < 0))
        return;
    entry_set_flag(e, ENTRY_INNER, true);
    exec_note_deadline(d, deadline_ms);
}

/* Overwrites a value where it lies: same form, same size class, and nobody else can see it. */
static bool put_in_place(struct exec *x, struct found *f, struct cow *cow, const struct value *v,
                         size_t size, int64_t deadline_ms)
{
    struct entry *e = f->entry;
    if (value_kind_has_root(e->kind) || entry_has_deadline(e) != (deadline_ms >= 0) ||
        entry_meta(e) & ENTRY_INNER || value_next_deadline(v) >= 0 || !entry_fits(e, size) ||
        table_seen(f->table, cow, &f->loc))
        return false;
    entry_set_payload_size(e, size);
    payload_fill(e, v);
    if (deadline_ms >= 0 && deadline_ms != entry_deadline(e)) {
        entry_write_deadline(e, deadline_ms);
        table_note_deadline(f->table, &f->loc, deadline_ms);
    }
    touch_new(x, e);
    return true;
}

static void insert(struct exec *x, struct found *f, struct cow *cow, struct entry *e)
{
    struct dispatcher *d = x->dispatcher;
    if (f->entry) {
        bool seen = false;
        struct entry *old = table_replace(f->table, cow, &f->loc, e, &seen);
        shard_dispose(d->ks, f->table, f->hash, old, seen, false);
        f->entry = e;
        return;
    }
    table_insert(f->table, cow, f->hash, e);
    table_settle(f->table, cow);
    exec_forget(x);
    exec_event(x, EVENT_NEW, "new", entry_key(e));
}

void exec_note_deadline(struct dispatcher *d, int64_t deadline_ms)
{
    if (deadline_ms >= 0 && __atomic_load_n(&d->ks->timed, __ATOMIC_RELAXED) != UINT64_MAX)
        __atomic_store_n(&d->ks->timed, UINT64_MAX, __ATOMIC_RELAXED);
}

static int put(struct exec *x, struct bytes key, struct value *v, int64_t deadline_ms)
{
    struct dispatcher *d = x->dispatcher;
    struct found *f = exec_locate(x, key);
    if (!f->table)
        f->table = shard_own_table(d->ks, f->shard, f->db);
    struct cow *cow = shard_cow(d->ks, f->shard, f->db, f->table);
    const size_t size = value_payload_size(v);
    exec_note_deadline(d, deadline_ms);
    if (!f->entry || !put_in_place(x, f, cow, v, size, deadline_ms)) {
        struct entry *e = entry_try_new(key, value_kind(v), size, deadline_ms);
        if (!e) {
            value_release(v);
            return LK_ENOMEM;
        }
        payload_fill(e, v);
        note_elements(d, e, v);
        touch_new(x, e);
        insert(x, f, cow, e);
    }
    exec_changed(x, f->shard, key);
    return LK_OK;
}

int exec_put(struct exec *x, struct bytes key, struct value *v, unsigned flags)
{
    int64_t deadline_ms = ENTRY_NO_DEADLINE;
    if (flags & PUT_KEEP_DEADLINE) {
        const struct found *f = exec_locate(x, key);
        if (f->entry)
            deadline_ms = entry_deadline(f->entry);
    }
    return put(x, key, v, deadline_ms);
}

int exec_put_until(struct exec *x, struct bytes key, struct value *v, int64_t deadline_ms)
{
    return put(x, key, v, deadline_ms);
}

bool exec_delete(struct exec *x, struct bytes key, bool lazy)
{
    struct dispatcher *d = x->dispatcher;
    struct found *f = exec_locate(x, key);
    if (!f->entry)
        return false;
    struct cow *cow = shard_cow(d->ks, f->shard, f->db, f->table);
    bool seen = false;
    struct entry *e = table_remove(f->table, cow, &f->loc, &seen);
    shard_dispose(d->ks, f->table, f->hash, e, seen, lazy);
    table_settle(f->table, cow);
    exec_forget(x);
    exec_changed(x, f->shard, key);
    return true;
}

bool exec_has_passed(const struct exec *x, int64_t deadline_ms)
{
    return deadline_ms <= x->now_ms && !session_has(x->session, SESSION_LOADING);
}

int exec_set_deadline(struct exec *x, struct bytes key, int64_t deadline_ms)
{
    struct dispatcher *d = x->dispatcher;
    struct found *f = exec_locate(x, key);
    struct cow *cow = shard_cow(d->ks, f->shard, f->db, f->table);
    struct entry *e = f->entry;
    exec_note_deadline(d, deadline_ms);
    if (entry_has_deadline(e) && deadline_ms >= 0 && !table_seen(f->table, cow, &f->loc)) {
        entry_write_deadline(e, deadline_ms);
        table_note_deadline(f->table, &f->loc, deadline_ms);
    } else if (entry_has_deadline(e) || deadline_ms >= 0) {
        struct entry *copy = entry_try_copy(e, entry_payload_size(e), deadline_ms);
        if (!copy)
            return LK_ENOMEM;
        bool seen = false;
        struct entry *old = table_replace(f->table, cow, &f->loc, copy, &seen);
        shard_dispose_shell(d->ks, f->table, old, seen);
        f->entry = copy;
    }
    exec_changed(x, f->shard, key);
    return LK_OK;
}

int exec_use_db(struct exec *x, uint32_t db)
{
    if (db >= exec_limits(x)->databases)
        return LK_EDBINDEX;
    x->dispatcher->call.db_in_use = db;
    return LK_OK;
}
