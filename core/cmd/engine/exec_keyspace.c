/*
 * exec_keyspace.c — commands that look at a database as a whole.
 *
 * They go shard by shard, each under its own lock, so that nobody waits for the whole walk; inside
 * EXEC all shards are locked already and the walk is one moment.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/proto/resp_segment.h"
#include "core/store/watch.h"

static struct table *visit_begin(struct exec *x, struct shard *s, uint32_t db)
{
    dispatch_visit_lock(x->dispatcher, s);
    return shard_table(s, db);
}

static void visit_end(struct exec *x, struct shard *s)
{
    struct session *reader = x->session;
    if (x->dispatcher->batch.logging && s->ticket > reader->ticket)
        reader->ticket = s->ticket; /* what it has seen here must be durable first (P4) */
    dispatch_visit_unlock(x->dispatcher, s);
}

static uint32_t first_db_count(const struct shard *s)
{
    return __atomic_load_n(&s->first.count, __ATOMIC_RELAXED);
}

/*
 * May what the count of a shard shows be told without its lock?  Not if a change has to be durable
 * first: its ticket stands behind the lock, also that of the one which left the shard empty (P4).
 */
static bool count_shows_all(const struct exec *x, uint32_t db)
{
    const struct dispatcher *d = x->dispatcher;
    return db == 0 && !(d->batch.logging && log_ring_is_awaited(d->engine->fixed.log));
}

static uint64_t shard_count(struct exec *x, struct shard *s, uint32_t db)
{
    if (count_shows_all(x, db))
        return first_db_count(s);
    const struct table *t = visit_begin(x, s, db);
    const uint64_t n = t ? t->count : 0;
    visit_end(x, s);
    return n;
}

uint64_t exec_dbsize(struct exec *x, uint32_t db)
{
    struct keyspace *ks = x->dispatcher->ks;
    uint64_t n = 0;
    for (uint32_t i = 0; i < ks->count; i++)
        n += shard_count(x, &ks->shards[i], db);
    return n;
}

struct visit {
    bool (*visit)(void *ctx, struct bytes key, const struct value *v);
    void *ctx;
    int64_t now_ms;
    uint64_t seen;
    bool stopped;
};

static void visit_entry(struct visit *w, const struct entry *e)
{
    w->seen++;
    const int64_t deadline = entry_deadline(e);
    if (w->stopped || (deadline != ENTRY_NO_DEADLINE && clock_passed(deadline, w->now_ms)))
        return;
    struct value v;
    value_of_entry(e, &v);
    if (!w->visit(w->ctx, entry_key(e), &v))
        w->stopped = true;
}

static void visit_shard(struct exec *x, struct shard *s, struct visit *w)
{
    const uint32_t db = x->dispatcher->call.db_in_use;
    if (count_shows_all(x, db) && first_db_count(s) == 0)
        return;
    const struct table *t = visit_begin(x, s, db);
    struct table_iter it;
    struct entry *e = t ? table_iter_first(&it, t) : NULL;
    for (; e && !w->stopped; e = table_iter_next(&it))
        visit_entry(w, e);
    visit_end(x, s);
}

void exec_each_key(struct exec *x,
                   bool (*visit)(void *ctx, struct bytes key, const struct value *v), void *ctx)
{
    struct keyspace *ks = x->dispatcher->ks;
    struct visit w = {visit, ctx, x->now_ms, 0, false};
    for (uint32_t i = 0; i < ks->count && !w.stopped; i++)
        visit_shard(x, &ks->shards[i], &w);
}

/* --- walks in slices -------------------------------------------------------------------------- */

enum {
    WALK_BLOCK = 64 * 1024,
    COPIED = 16 * 1024, /* less than this is copied into the reply */
};

static void block_free(void *block)
{
    struct walk_block *b = block;
    buf_release(&b->bytes);
    mem_delete(b);
}

static void walk_end(void *walk)
{
    struct walk *w = walk;
    for (struct walk_block *b = w->first, *next; b; b = next) {
        next = b->next;
        block_free(b);
    }
    mem_delete(w);
}

struct walk *exec_walk(struct exec *x)
{
    if (!exec_slice_state(x))
        exec_slice_keep(x, mem_new(struct walk), walk_end);
    return exec_slice_state(x);
}

bool exec_walk_keys(struct exec *x,
                    bool (*visit)(void *ctx, struct bytes key, const struct value *v), void *ctx)
{
    struct dispatcher *d = x->dispatcher;
    struct walk *walk = exec_walk(x);
    struct visit w = {visit, ctx, x->now_ms, 0, false};
    while (walk->shard < d->ks->count && !w.stopped) {
        visit_shard(x, &d->ks->shards[walk->shard++], &w);
        if (exec_slice_over(x))
            break;
    }
    return w.stopped || walk->shard >= d->ks->count;
}

struct buf *exec_walk_out(struct walk *w)
{
    if (w->last && w->last->bytes.size < WALK_BLOCK)
        return &w->last->bytes;
    struct walk_block *b = mem_new(struct walk_block);
    buf_reserve(&b->bytes, WALK_BLOCK);
    if (w->last)
        w->last->next = b;
    else
        w->first = b;
    w->last = b;
    return &b->bytes;
}

void exec_walk_reply(struct exec *x)
{
    struct walk *w = exec_walk(x);
    reply_array(x->reply, w->count);
    for (struct walk_block *b = w->first, *next; b; b = next) {
        next = b->next;
        if (b->bytes.size < COPIED) {
            reply_raw(x->reply, buf_bytes(&b->bytes));
            block_free(b);
        } else {
            reply_refer(x->reply, buf_bytes(&b->bytes), block_free, b);
        }
    }
    w->first = NULL; /* the reply's now */
}

/* The first shard from i on that has keys, or the end. */
static uint32_t skip_empty(struct exec *x, uint32_t i, uint32_t db)
{
    struct keyspace *ks = x->dispatcher->ks;
    while (i < ks->count && shard_count(x, &ks->shards[i], db) == 0)
        i++;
    return i;
}

/* --- SCAN ------------------------------------------------------------------------------------ */

struct scan {
    struct visit visit;
    exec_visit *wanted;
    struct buf expired; /* keys that were met: { size, key } … */
};

static void scan_entry(struct scan *s, const struct entry *e)
{
    const struct bytes key = entry_key(e);
    const int64_t deadline = entry_deadline(e);
    struct value v;
    value_of_entry(e, &v);
    if (!s->wanted(s->visit.ctx, key, &v)) {
        s->visit.seen++;
        return;
    }
    visit_entry(&s->visit, e);
    if (deadline != ENTRY_NO_DEADLINE && clock_passed(deadline, s->visit.now_ms)) {
        buf_append(&s->expired, &key.size, sizeof key.size);
        buf_append_bytes(&s->expired, key);
    }
}

/*
 * Drops the expired keys that a step has met, in a unit of its own unless the whole is one.  Where
 * somebody waits in the shard he would have to be served now: it is left to who expires by time.
 */
static void scan_drop_expired(struct exec *x, struct shard *s, struct scan *scan)
{
    struct dispatcher *d = x->dispatcher;
    const bool alone = !d->held.all_locked && !d->held.exclusive;
    const bool apart = d->unit.effects.apart;
    size_t size;
    if (alone)
        d->unit.effects.apart = true;
    for (size_t at = 0; at < scan->expired.size && s->waiting == 0; at += sizeof size + size) {
        memcpy(&size, scan->expired.data + at, sizeof size);
        (void)exec_locate(x, bytes_of(scan->expired.data + at + sizeof size, size));
        exec_forget(x);
    }
    scan->expired.size = 0;
    if (alone)
        unit_end(d, x->session, s);
    d->unit.effects.apart = apart;
}

uint64_t exec_scan(struct exec *x, uint64_t cursor, uint64_t count, exec_visit *wanted,
                   exec_visit *visit, void *ctx)
{
    struct keyspace *ks = x->dispatcher->ks;
    const uint32_t db = x->dispatcher->call.db_in_use;
    struct scan s = {{visit, ctx, x->now_ms, 0, false}, wanted, {0}};
    const struct visit *w = &s.visit;
    uint64_t index = cursor >> 32, position = cursor & UINT32_MAX;
    uint64_t buckets = 0;
    const uint64_t buckets_max = count < UINT64_MAX / 16 ? count * 16 : UINT64_MAX;

    while (index < ks->count && w->seen < count && buckets < buckets_max && !w->stopped) {
        const struct table *t = visit_begin(x, &ks->shards[index], db);
        while (t && position < TABLE_POSITIONS && w->seen < count && buckets < buckets_max) {
            struct table_step step;
            struct entry *e = table_step_first(&step, t, position);
            for (; e; e = table_step_next(&step))
                scan_entry(&s, e);
            position = step.next;
            buckets += t->count > 0; /* an empty shard costs nothing */
            if (LK_UNLIKELY(s.expired.size > 0)) {
                scan_drop_expired(x, &ks->shards[index], &s);
                t = shard_table(&ks->shards[index], db);
            }
        }
        visit_end(x, &ks->shards[index]);
        if (!t || position >= TABLE_POSITIONS) {
            index++;
            position = 0;
        }
    }
    buf_release(&s.expired);
    if (position == 0 && index < ks->count)
        index = skip_empty(x, (uint32_t)index, db);
    return index < ks->count ? index << 32 | position : 0;
}

static bool pick_random(struct exec *x, struct shard *s, uint32_t db, struct buf *out)
{
    const struct table *t = visit_begin(x, s, db);
    const struct entry *e = t ? table_random(t, &x->dispatcher->rng) : NULL;
    const bool alive = e && (entry_deadline(e) == ENTRY_NO_DEADLINE ||
                             !clock_passed(entry_deadline(e), x->now_ms));
    if (alive)
        buf_append_bytes(out, entry_key(e));
    visit_end(x, s);
    return alive;
}

static bool take_first(void *ctx, struct bytes key, const struct value *v)
{
    (void)v;
    buf_append_bytes(ctx, key);
    return false;
}

bool exec_random_key(struct exec *x, struct buf *out)
{
    struct keyspace *ks = x->dispatcher->ks;
    const uint32_t db = x->dispatcher->call.db_in_use;
    for (int tries = 0; tries < 100; tries++) {
        const uint64_t total = exec_dbsize(x, db);
        if (total == 0)
            return false;
        uint64_t left = rng_below(&x->dispatcher->rng, total);
        for (uint32_t i = 0; i < ks->count; i++) {
            const uint64_t n = shard_count(x, &ks->shards[i], db);
            if (left < n) {
                if (pick_random(x, &ks->shards[i], db, out))
                    return true;
                break;
            }
            left -= n;
        }
    }
    /* Nearly all that is there has expired: take the first that has not. */
    const size_t before = out->size;
    exec_each_key(x, take_first, out);
    return out->size > before;
}

/* --- under the locks of all shards ----------------------------------------------------------- */

static uint64_t flush_one(struct dispatcher *d, struct shard *s, uint32_t db)
{
    watch_mark_flushed(s, db);
    dispatch_note_db_ready(d, s, db);
    return shard_flush(d->ks, s, db, true);
}

uint64_t exec_flush(struct exec *x, int db, bool async)
{
    (void)async; /* the keys are gone at once; their memory follows in the background either way */
    struct dispatcher *d = x->dispatcher;
    LK_ASSERT(d->held.all_locked || d->held.exclusive);
    exec_forget(x);
    if (x->events & EVENT_TRACKED)
        unit_invalidate_all(d);
    uint64_t gone = 0;
    for (uint32_t i = 0; i < d->ks->count; i++) {
        struct shard *s = &d->ks->shards[i];
        for (uint32_t j = 0; j < shard_db_count(s); j++) {
            const struct shard_db at = shard_db_at(s, j);
            if (db < 0 || at.db == (uint32_t)db)
                gone += flush_one(d, s, at.db);
        }
    }
    x->changes += gone;
    return gone;
}

int exec_swap_dbs(struct exec *x, uint32_t a, uint32_t b)
{
    struct dispatcher *d = x->dispatcher;
    LK_ASSERT(d->held.all_locked || d->held.exclusive);
    if (a >= exec_limits(x)->databases || b >= exec_limits(x)->databases)
        return LK_EDBINDEX;
    x->changes++;
    if (a == b)
        return LK_OK;
    exec_forget(x);
    for (uint32_t i = 0; i < d->ks->count; i++) {
        struct shard *s = &d->ks->shards[i];
        const struct table *ta = shard_table(s, a), *tb = shard_table(s, b);
        if ((!ta || ta->count == 0) && (!tb || tb->count == 0))
            continue;
        watch_mark_swapped(s, a, b, x->now_ms);
        shard_swap(d->ks, s, a, b);
        dispatch_note_db_ready(d, s, a);
        dispatch_note_db_ready(d, s, b);
    }
    return LK_OK;
}
