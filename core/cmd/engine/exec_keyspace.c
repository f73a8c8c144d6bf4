/*
 * exec_keyspace.c — commands that look at a database as a whole.
 *
 * They go shard by shard, each under its own lock, so that nobody waits for the whole walk; inside
 * EXEC all shards are locked already and the walk is one moment.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/unit.h"
#include "core/proto/resp_segment.h"
#include "core/store/watch.h"

/* False: the shard is busy, and its unlock tells this worker.  *t: NULL without a table. */
static bool visit_begin(struct exec *x, struct shard *s, uint32_t db, struct table **t)
{
    if (!dispatch_visit_try(x->dispatcher, s))
        return false;
    *t = shard_table(s, db);
    return true;
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
    return load_relaxed(&s->first.count);
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

/* False: the shard is busy. */
static bool shard_count(struct exec *x, struct shard *s, uint32_t db, uint64_t *n)
{
    struct table *t;
    if (count_shows_all(x, db)) {
        *n = first_db_count(s);
        return true;
    }
    if (!visit_begin(x, s, db, &t))
        return false;
    *n = t ? t->count : 0;
    visit_end(x, s);
    return true;
}

static uint64_t sum_without_locks(const struct keyspace *ks)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < ks->count; i++)
        n += first_db_count(&ks->shards[i]);
    return n;
}

enum outcome exec_dbsize(struct exec *x, uint32_t db, uint64_t *out)
{
    struct keyspace *ks = x->dispatcher->ks;
    if (count_shows_all(x, db)) {
        *out = sum_without_locks(ks);
        return RUN_DONE;
    }
    struct walk *w = exec_walk(x);
    for (uint64_t n; w->shard < ks->count; w->count += n, w->shard++) {
        if (exec_slice_over(x))
            return RUN_AGAIN;
        if (!shard_count(x, &ks->shards[w->shard], db, &n))
            return RUN_LATER;
    }
    *out = w->count;
    return RUN_DONE;
}

struct visit {
    exec_visit *visit;
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

/* False: the shard is busy. */
static bool visit_shard(struct exec *x, struct shard *s, struct visit *w)
{
    const uint32_t db = x->dispatcher->call.db_in_use;
    struct table *t;
    if (count_shows_all(x, db) && first_db_count(s) == 0)
        return true;
    if (!visit_begin(x, s, db, &t))
        return false;
    struct table_iter it;
    struct entry *e = t ? table_iter_first(&it, t) : NULL;
    for (; e && !w->stopped; e = table_iter_next(&it))
        visit_entry(w, e);
    visit_end(x, s);
    return true;
}

void exec_each_key(struct exec *x, exec_visit *visit, void *ctx)
{
    const struct dispatcher *d = x->dispatcher;
    struct visit w = {visit, ctx, x->now_ms, 0, false};
    LK_ASSERT(d->held.all_locked || d->held.exclusive);
    for (uint32_t i = 0; i < d->ks->count && !w.stopped; i++)
        LK_ASSERT(visit_shard(x, &d->ks->shards[i], &w));
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

enum outcome exec_walk_keys(struct exec *x, exec_visit *visit, void *ctx)
{
    struct dispatcher *d = x->dispatcher;
    struct walk *walk = exec_walk(x);
    struct visit w = {visit, ctx, x->now_ms, 0, false};
    while (walk->shard < d->ks->count && !w.stopped) {
        if (!visit_shard(x, &d->ks->shards[walk->shard], &w))
            return RUN_LATER;
        walk->shard++;
        if (exec_slice_over(x))
            break;
    }
    return w.stopped || walk->shard >= d->ks->count ? RUN_DONE : RUN_AGAIN;
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

/* The first shard from i on that has keys, or is busy, or the end. */
static uint32_t skip_empty(struct exec *x, uint32_t i, uint32_t db)
{
    struct keyspace *ks = x->dispatcher->ks;
    uint64_t n = 0;
    while (i < ks->count && shard_count(x, &ks->shards[i], db, &n) && n == 0)
        i++;
    return i;
}

/* --- expired keys that a step has met -------------------------------------------------------- */

/* Appends to those that are to be dropped: { size, key } … */
static void expired_note(struct buf *expired, struct bytes key)
{
    buf_append(expired, &key.size, sizeof key.size);
    buf_append_bytes(expired, key);
}

/*
 * Drops them, in a unit of its own unless the whole is one, and forgets them.  Where somebody waits
 * in the shard he would have to be served now: it is left to who expires by time.
 */
static void expired_drop(struct exec *x, struct shard *s, struct buf *expired)
{
    struct dispatcher *d = x->dispatcher;
    const bool alone = !d->held.all_locked && !d->held.exclusive;
    const bool apart = d->unit.effects.apart;
    size_t size;
    if (alone)
        d->unit.effects.apart = true;
    for (size_t at = 0; at < expired->size && s->waiting == 0; at += sizeof size + size) {
        memcpy(&size, expired->data + at, sizeof size);
        (void)exec_locate(x, bytes_of(expired->data + at + sizeof size, size));
        exec_forget(x);
    }
    expired->size = 0;
    if (alone)
        unit_end(d, x->session, s);
    d->unit.effects.apart = apart;
}

/* --- SCAN ------------------------------------------------------------------------------------ */

enum { BUCKETS_A_LOOK = 64 }; /* so many between two looks at the clock */

struct scan {
    struct visit visit;
    exec_visit *wanted;
    uint64_t count;
    struct buf expired; /* keys that were met */
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
    if (deadline != ENTRY_NO_DEADLINE && clock_passed(deadline, s->visit.now_ms))
        expired_note(&s->expired, key);
}

/* As many keys or buckets as were asked for. */
static bool scan_is_through(const struct scan *s, const struct scan_place *p)
{
    const uint64_t buckets_max = s->count < UINT64_MAX / 16 ? s->count * 16 : UINT64_MAX;
    return s->visit.seen >= s->count || p->buckets >= buckets_max || s->visit.stopped;
}

/* Steps through one shard that is locked, from position on; true: to its end. */
static bool scan_shard(struct exec *x, struct shard *shard, struct scan *s, struct scan_place *p)
{
    const uint32_t db = x->dispatcher->call.db_in_use;
    const struct table *t = shard_table(shard, db);
    uint64_t position = p->cursor & UINT32_MAX;
    while (t && position < TABLE_POSITIONS && !scan_is_through(s, p)) {
        struct table_step step;
        struct entry *e = table_step_first(&step, t, position);
        for (; e; e = table_step_next(&step))
            scan_entry(s, e);
        position = step.next;
        p->buckets += t->count > 0; /* an empty shard costs nothing */
        if (LK_UNLIKELY(s->expired.size > 0)) {
            expired_drop(x, shard, &s->expired);
            t = shard_table(shard, db);
        }
        if (p->buckets % BUCKETS_A_LOOK == 0 && exec_slice_over(x))
            break;
    }
    const bool whole = !t || position >= TABLE_POSITIONS;
    p->cursor = whole ? ((p->cursor >> 32) + 1) << 32 : (p->cursor >> 32) << 32 | position;
    return whole;
}

enum outcome exec_scan(struct exec *x, struct scan_place *p, uint64_t count, exec_visit *wanted,
                       exec_visit *visit, void *ctx)
{
    struct keyspace *ks = x->dispatcher->ks;
    const uint32_t db = x->dispatcher->call.db_in_use;
    struct scan s = {{visit, ctx, x->now_ms, p->seen, false}, wanted, count, {0}};
    enum outcome outcome = RUN_DONE;
    struct table *t;

    while (outcome == RUN_DONE && p->cursor >> 32 < ks->count && !scan_is_through(&s, p)) {
        struct shard *shard = &ks->shards[p->cursor >> 32];
        if (!visit_begin(x, shard, db, &t)) {
            outcome = RUN_LATER;
            break;
        }
        scan_shard(x, shard, &s, p);
        visit_end(x, shard);
        if (!scan_is_through(&s, p) && exec_slice_over(x))
            outcome = RUN_AGAIN;
    }
    p->seen = s.visit.seen;
    buf_release(&s.expired);
    if ((p->cursor & UINT32_MAX) == 0 && p->cursor >> 32 < ks->count)
        p->cursor = (uint64_t)skip_empty(x, (uint32_t)(p->cursor >> 32), db) << 32;
    if (p->cursor >> 32 >= ks->count) {
        p->cursor = 0;
        outcome = RUN_DONE;
    }
    return outcome;
}

/* --- a random key ---------------------------------------------------------------------------- */

enum { RANDOM_TRIES = 100 };

/* What is kept of the search from slice to slice. */
struct random_walk {
    uint32_t shard;  /* where it goes on */
    uint32_t chosen; /* the shard to pick from */
    uint32_t tries;
    uint64_t total; /* keys so far */
};

static void random_walk_end(void *state)
{
    mem_delete((struct random_walk *)state);
}

/* Chooses a shard, each with the probability of its share of the keys, in one pass. */
static enum outcome random_shard(struct exec *x, uint32_t db, struct random_walk *r)
{
    struct dispatcher *d = x->dispatcher;
    for (uint64_t n; r->shard < d->ks->count; r->shard++) {
        if (!shard_count(x, &d->ks->shards[r->shard], db, &n))
            return RUN_LATER;
        r->total += n;
        if (n > 0 && rng_below(&d->rng, r->total) < n)
            r->chosen = r->shard;
    }
    return RUN_DONE;
}

/* Appends a key of the chosen shard; *alive: it has one, and it has not expired, else it goes. */
static enum outcome random_pick(struct exec *x, uint32_t db, const struct random_walk *r,
                                struct buf *out, bool *alive)
{
    struct dispatcher *d = x->dispatcher;
    struct shard *s = &d->ks->shards[r->chosen];
    struct table *t;
    if (!visit_begin(x, s, db, &t))
        return RUN_LATER;
    const struct entry *e = t ? table_random(t, &d->rng) : NULL;
    *alive = e && (entry_deadline(e) == ENTRY_NO_DEADLINE ||
                   !clock_passed(entry_deadline(e), x->now_ms));
    if (*alive)
        buf_append_bytes(out, entry_key(e));
    if (LK_UNLIKELY(e && !*alive)) {
        struct buf expired = {0};
        expired_note(&expired, entry_key(e));
        expired_drop(x, s, &expired);
        buf_release(&expired);
    }
    visit_end(x, s);
    return RUN_DONE;
}

static bool take_first(void *ctx, struct bytes key, const struct value *v)
{
    (void)v;
    buf_append_bytes(ctx, key);
    return false;
}

/* Nearly all that is there has expired: takes the first that has not. */
static enum outcome random_first(struct exec *x, struct random_walk *r, struct buf *out,
                                 bool *found)
{
    struct keyspace *ks = x->dispatcher->ks;
    struct visit w = {take_first, out, x->now_ms, 0, false};
    for (; r->shard < ks->count && !w.stopped; r->shard++) {
        if (exec_slice_over(x))
            return RUN_AGAIN;
        if (!visit_shard(x, &ks->shards[r->shard], &w))
            return RUN_LATER;
    }
    *found = w.stopped;
    return RUN_DONE;
}

enum outcome exec_random_key(struct exec *x, struct buf *out, bool *found)
{
    const uint32_t db = x->dispatcher->call.db_in_use;
    if (!exec_slice_state(x))
        exec_slice_keep(x, mem_new(struct random_walk), random_walk_end);
    struct random_walk *r = exec_slice_state(x);
    *found = false;
    while (r->tries < RANDOM_TRIES) {
        enum outcome outcome = random_shard(x, db, r);
        if (outcome != RUN_DONE || r->total == 0)
            return outcome;
        outcome = random_pick(x, db, r, out, found);
        if (outcome != RUN_DONE || *found)
            return outcome;
        *r = (struct random_walk){.tries = r->tries + 1};
        if (exec_slice_over(x))
            return RUN_AGAIN;
    }
    return random_first(x, r, out, found);
}

/* --- under the locks of all shards ----------------------------------------------------------- */

enum { FLUSH_NOW_KEYS = 4096 }; /* well below a millisecond, in which everybody waits */

/* Which databases a flush is of: one, or with a db of -1 all. */
static bool flush_is_of(int db, struct shard_db at)
{
    return db < 0 || at.db == (uint32_t)db;
}

static bool flush_is_small(const struct keyspace *ks, int db)
{
    uint64_t keys = 0;
    for (uint32_t i = 0; i < ks->count && keys <= FLUSH_NOW_KEYS; i++)
        for (uint32_t j = 0; j < shard_db_count(&ks->shards[i]); j++) {
            const struct shard_db at = shard_db_at(&ks->shards[i], j);
            keys += flush_is_of(db, at) ? at.table->count : 0;
        }
    return keys <= FLUSH_NOW_KEYS;
}

static uint64_t flush_one(struct dispatcher *d, struct shard *s, uint32_t db, bool lazy)
{
    watch_mark_flushed(s, db);
    dispatch_note_db_ready(d, s, db);
    return shard_flush(d->ks, s, db, lazy);
}

uint64_t exec_flush(struct exec *x, int db, bool async)
{
    struct dispatcher *d = x->dispatcher;
    /* The keys are gone at once; the memory of many follows in the background either way. */
    const bool lazy = async || !flush_is_small(d->ks, db);
    LK_ASSERT(d->held.all_locked || d->held.exclusive);
    exec_forget(x);
    /* Keys stay remembered when the last client that tracks has gone. */
    if (x->events & EVENT_TRACKED || (d->push && tracking_count_keys(d->push->tracking) > 0))
        unit_invalidate_all(d);
    uint64_t gone = 0;
    for (uint32_t i = 0; i < d->ks->count; i++) {
        struct shard *s = &d->ks->shards[i];
        for (uint32_t j = 0; j < shard_db_count(s); j++) {
            const struct shard_db at = shard_db_at(s, j);
            if (flush_is_of(db, at))
                gone += flush_one(d, s, at.db, lazy);
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
