/*
 * watches.c — WATCH, UNWATCH, and what EXEC asks of them.
 *
 *   session --> list {changed, nodes} <-- node on its shard <-- whoever changes the key
 *
 * The mark of a change lies in the list, not in the session: a node whose shard is busy when the
 * watch ends stays there, and marks a list that nobody asks any more.  The dispatcher keeps such a
 * list and takes its nodes off when it can (dispatch_tidy).
 */
#include "core/base/atomic.h"
#include "core/store/watch.h"

#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/session_end.h"
#include "core/cmd/engine/transaction.h"
#include "core/store/reclaim.h"

struct watch_list {
    uint32_t dirty; /* __atomic: a watched key has changed */
    uint32_t count, capacity;
    size_t bytes;                 /* of all nodes that there were */
    struct watch_node **nodes;    /* that are on their shards */
    struct watch_list *next_left; /* among those with nodes that could not be taken off */
};

static void show_watched(struct session *s, uint32_t count)
{
    store_relaxed(&s->shown.watched, count);
}

/* CLIENT LIST of another worker may just be looking at the mark. */
static void watch_list_free(struct watch_list *w)
{
    mem_free(w->nodes, w->capacity * sizeof *w->nodes);
    reclaim_retire(w, sizeof *w);
}

static struct watch_list *take_list(struct session *s)
{
    struct watch_list *w = s->watch;
    store_release(&s->watch, NULL);
    show_watched(s, 0);
    session_keep_names(s, -(int64_t)w->bytes);
    return w;
}

bool session_watch_is_dirty(const struct session *s)
{
    const struct watch_list *w = load_acquire(&s->watch);
    return w && load_relaxed(&w->dirty);
}

/* --- the end: holding no lock ---------------------------------------------------------------- */

/* Takes off the nodes whose shards are free; the others stay in the list. */
static void drop_free_ones(struct dispatcher *d, struct watch_list *w)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < w->count; i++) {
        struct shard *s = w->nodes[i]->shard;
        if (!dispatch_visit_try(d, s)) {
            w->nodes[left++] = w->nodes[i];
            continue;
        }
        watch_drop(w->nodes[i]);
        dispatch_visit_unlock(d, s);
    }
    w->count = left;
}

static void watches_let_go(struct dispatcher *d, struct watch_list *w)
{
    dispatch_unlock_one(d);
    LK_ASSERT(!d->held.set_locked);
    drop_free_ones(d, w);
    if (w->count == 0) {
        watch_list_free(w);
        return;
    }
    w->next_left = d->left.watches;
    d->left.watches = w;
}

void watches_tidy(struct dispatcher *d)
{
    struct watch_list *w = d->left.watches;
    d->left.watches = NULL;
    for (struct watch_list *next; w; w = next) {
        next = w->next_left;
        watches_let_go(d, w);
    }
}

void session_unwatch(struct dispatcher *d, struct session *s)
{
    if (s->watch)
        watches_let_go(d, take_list(s));
}

/* --- the commands ---------------------------------------------------------------------------- */

static bool watches_one(const struct watch_list *w, uint32_t db, struct bytes key)
{
    for (uint32_t i = 0; i < w->count; i++)
        if (w->nodes[i]->db == db &&
            bytes_equal(bytes_of(w->nodes[i]->key, w->nodes[i]->key_size), key))
            return true;
    return false;
}

static void watch_key(struct exec *x, struct watch_list *w, struct bytes key)
{
    if (w->count == w->capacity) {
        const uint32_t more = w->capacity ? w->capacity * 2 : 4;
        w->nodes = mem_realloc(w->nodes, w->capacity * sizeof *w->nodes, more * sizeof *w->nodes);
        w->capacity = more;
    }
    /* One that has expired goes now or later, and is not the change either way. */
    const struct found *f = exec_locate(x, key);
    struct watch_node *n = watch_new(f->at.shard, x->db, key, f->at.hash, &w->dirty);
    n->absent = f->expired;
    w->nodes[w->count++] = n;
    const size_t bytes = sizeof *n + key.size;
    w->bytes += bytes;
    session_keep_names(x->session, (int64_t)bytes);
}

enum outcome watch_run(struct exec *x, const struct args *a)
{
    struct session *s = x->session;
    if (session_has(s, SESSION_MULTI)) { /* in a log: who calls is refused before */
        reply_error(x->reply, "ERR Command not allowed inside a transaction");
        return RUN_DONE;
    }
    if (!s->watch)
        store_release(&s->watch, mem_new(struct watch_list));
    for (uint32_t i = 1; i < a->n; i++)
        if (!watches_one(s->watch, x->db, a->v[i]))
            watch_key(x, s->watch, a->v[i]);
    show_watched(s, s->watch->count);
    reply_ok(x->reply);
    return RUN_DONE;
}

enum outcome unwatch_run(struct exec *x, const struct args *a)
{
    (void)a;
    /* Queued, it comes when EXEC has dropped the watches already. */
    if (!session_has(x->session, SESSION_IN_EXEC))
        session_unwatch(x->dispatcher, x->session);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* --- for EXEC -------------------------------------------------------------------------------- */

void watches_lock_set(struct dispatcher *d, const struct session *s)
{
    for (uint32_t i = 0; s->watch && i < s->watch->count; i++)
        lock_set_add(d->held.set, s->watch->nodes[i]->shard->index);
}

/* An expired key that nobody has deleted yet counts as changed. */
static bool watched_expired(const struct exec *x, const struct watch_list *w)
{
    for (uint32_t i = 0; i < w->count; i++) {
        const struct watch_node *n = w->nodes[i];
        if (n->absent)
            continue;
        const struct table *t = shard_table(n->shard, n->db);
        struct table_loc loc;
        const struct entry *e =
            t ? table_find(t, n->hash, bytes_of(n->key, n->key_size), &loc) : NULL;
        if (e && entry_has_deadline(e) && clock_passed(entry_deadline(e), x->now_ms))
            return true;
    }
    return false;
}

bool watches_end(struct exec *x)
{
    LK_ASSERT(x->dispatcher->held.set_locked || x->dispatcher->held.exclusive);
    if (!x->session->watch)
        return false;
    struct watch_list *w = take_list(x->session);
    const bool changed = load_relaxed(&w->dirty) || watched_expired(x, w);
    for (uint32_t i = 0; i < w->count; i++)
        watch_drop(w->nodes[i]);
    watch_list_free(w);
    return changed;
}
