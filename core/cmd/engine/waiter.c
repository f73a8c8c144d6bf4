/*
 * waiter.c — the beginning and the end of a wait.
 */
#include "core/cmd/engine/waiter.h"

#include "core/base/atomic.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/session_end.h"
#include "core/proto/resp_segment.h"

/* --- begin: under the locks of the command's keys -------------------------------------------- */

static void copy_args(struct waiter *w, const struct args *a)
{
    size_t bytes = a->n * sizeof(struct bytes);
    for (uint32_t i = 0; i < a->n; i++)
        bytes += a->v[i].size;
    struct bytes *v = mem_alloc(bytes);
    char *to = (char *)(v + a->n);
    for (uint32_t i = 0; i < a->n; i++) {
        v[i] = bytes_of(to, a->v[i].size);
        if (a->v[i].size > 0)
            memcpy(to, a->v[i].data, a->v[i].size);
        to += a->v[i].size;
    }
    w->args = (struct args){v, a->n};
    w->args_bytes = bytes;
}

static void free_waiter(struct waiter *w)
{
    client_cell_drop(w->wait.client);
    mem_free((void *)(uintptr_t)w->args.v, w->args_bytes);
    session_release(&w->stand_in);
    mem_free(w, sizeof *w + w->count * sizeof(struct wait_node));
}

/* What whoever serves it must know. */
enum {
    STAND_IN_FLAGS = SESSION_AUTHENTICATED | SESSION_NO_TOUCH | SESSION_TRACKING |
                     SESSION_TRACKING_BCAST | SESSION_TRACKING_OPTIN | SESSION_TRACKING_OPTOUT |
                     SESSION_CACHING,
};

static void waiter_begin(struct exec *x, const struct args *a, const struct wait_spec *spec)
{
    struct dispatcher *d = x->dispatcher;
    struct session *s = x->session;
    struct waiter *w = mem_calloc(sizeof *w + spec->count * sizeof(struct wait_node));
    w->session = s;
    w->wait.client = client_cell_keep(s->client);
    w->cmd = load_relaxed(&s->last_command);
    w->type = spec->type;
    w->deadline_ms = spec->deadline_ms;
    w->null_array = spec->null_array;
    w->hushed = session_has(s, SESSION_REPLY_OFF | SESSION_REPLY_SKIP);
    w->count = spec->count;
    copy_args(w, a);
    session_init(&w->stand_in, s->id);
    w->stand_in.db = s->db;
    session_set(&w->stand_in, s->flags & STAND_IN_FLAGS, true);
    w->stand_in.tracker = s->tracker;
    session_share_user(&w->stand_in, s);
    session_set_version(&w->stand_in, (uint32_t)s->reply.version);
    /* For the slow log: whoever serves may not look at the session, which may be going. */
    w->stand_in.registry.peer = s->registry.peer ? mem_strdup(s->registry.peer) : NULL;
    w->stand_in.registry.name = s->registry.name ? mem_strdup(s->registry.name) : NULL;
    s->waiter = w;
    /* Another word may stand there, that came too late for the wait before. */
    store_seq_cst(&s->client->unblock, spec->count > 0 ? UNBLOCK_NONE : UNBLOCK_BY_ANSWER);
    session_set(s, SESSION_BLOCKED, true); /* before anybody may find it waiting and look */

    struct shard *target = NULL;
    if (spec->target > 0)
        target = keyspace_shard(d->ks, exec_hash(x, w->args.v[spec->target]));
    for (uint32_t i = 0; i < spec->count; i++) {
        const struct bytes key = a->v[spec->first + i];
        const uint64_t hash = exec_hash(x, key);
        w->nodes[i].wait = &w->wait;
        w->nodes[i].target = target;
        w->nodes[i].when_gone = spec->when_gone;
        wait_add(keyspace_shard(d->ks, hash), x->db, key, hash, &w->nodes[i]);
    }
    store_relaxed(&s->shown.args_size, w->args_bytes);
}

static void reply_timeout(struct reply *r, bool null_array)
{
    if (null_array)
        reply_null_array(r);
    else
        reply_null(r);
}

enum outcome exec_wait(struct exec *x, const struct args *a, const struct wait_spec *spec)
{
    if (x->dispatcher->unit.serving)
        return RUN_BLOCK;
    if (session_has(x->session, SESSION_IN_EXEC | SESSION_LOADING | SESSION_MASTER)) {
        reply_timeout(x->reply, spec->null_array);
        return RUN_DONE;
    }
    waiter_begin(x, a, spec);
    return RUN_BLOCK;
}

/* --- end: by the owner, who holds no lock ---------------------------------------------------- */

/* Takes its nodes out of the lists of all shards that are free; true: of all. */
static bool leave_lists(struct dispatcher *d, struct waiter *w)
{
    bool all = true;
    LK_ASSERT(!d->batch.kept && !d->held.set_locked);
    for (uint32_t i = 0; i < w->count; i++) {
        struct shard *s = keyspace_shard(d->ks, w->nodes[i].hash);
        if (!dispatch_visit_try(d, s)) {
            all = false;
            continue;
        }
        wait_drop(&w->nodes[i]);
        dispatch_visit_unlock(d, s);
    }
    return all;
}

/* The wait is over, and its client has gone on: nobody needs it but the lists that it is in. */
static void waiter_let_go(struct dispatcher *d, struct waiter *w)
{
    LK_ASSERT(w->count == 0 || wait_is_over(&w->wait));
    w->session = NULL;
    dispatch_unlock_one(d);
    if (leave_lists(d, w)) {
        free_waiter(w);
        return;
    }
    w->next_left = d->left.waiters;
    d->left.waiters = w;
}

void waiter_tidy(struct dispatcher *d)
{
    struct waiter *w = d->left.waiters;
    d->left.waiters = NULL;
    for (struct waiter *next; w; w = next) {
        next = w->next_left;
        waiter_let_go(d, w);
    }
}

static void waiter_go_on(struct session *s)
{
    s->waiter = NULL;
    store_relaxed(&s->shown.args_size, 0);
    session_set(s, SESSION_BLOCKED, false);
}

int64_t waiter_deadline(const struct session *s)
{
    LK_ASSERT(s->waiter);
    return s->waiter->deadline_ms;
}

static void take_reply(struct session *s, struct waiter *w)
{
    struct bytes run;
    while (reply_segments(&w->stand_in.reply, &run, 1) == 1) {
        if (!w->hushed)
            reply_raw(&s->reply, run);
        reply_sent(&w->stand_in.reply, run.size);
    }
    if (w->ticket > s->ticket)
        s->ticket = w->ticket;
    if (w->ticket > s->written)
        s->written = w->ticket;
}

void waiter_finish(struct dispatcher *d, struct inbox_node *message)
{
    struct waiter *w = (struct waiter *)message;
    struct session *s = w->session;
    if (s) {
        take_reply(s, w);
        session_count(&s->commands, 1);
        waiter_go_on(s);
    }
    waiter_let_go(d, w);
}

/* What a session's reply was before its command ended without being served. */
struct ending {
    struct reply_place place;
    uint32_t errors;
};

static struct ending end_begin(const struct session *s)
{
    return (struct ending){reply_mark(&s->reply), s->reply.errors};
}

/* The answer is written: the command is counted as any other, and the session goes on. */
static void end_count(struct dispatcher *d, struct session *s, const struct ending *e)
{
    struct waiter *w = s->waiter;
    dispatch_account_wait(d, s, w->cmd, &w->args, w->stand_in.slice.ticks, e->errors);
    session_count(&s->commands, 1);
    if (w->hushed)
        reply_rewind(&s->reply, e->place);
    waiter_go_on(s);
    waiter_let_go(d, w);
}

enum wait_end waiter_end(struct dispatcher *d, struct session *s, enum session_unblock how)
{
    struct waiter *w = s->waiter;
    LK_ASSERT(w->count > 0 || how == UNBLOCK_ROLE || how == UNBLOCK_SLOTS);
    if (how == UNBLOCK_SLOTS && !dispatch_redirects_waiter(d, s, w->cmd, w->nodes, w->count))
        return WAIT_END_STAYS;
    const enum wait_end end = wait_end(&w->wait);
    if (end != WAIT_END_DONE)
        return end;
    const struct ending e = end_begin(s);
    if (how == UNBLOCK_SLOTS)
        dispatch_redirect_waiter(d, s, w->nodes);
    else if (how == UNBLOCK_ERROR)
        reply_error(&s->reply, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
    else if (how == UNBLOCK_ROLE)
        reply_error(&s->reply, "UNBLOCKED force unblock from blocking operation, instance state "
                               "changed (master -> replica?)");
    else
        reply_timeout(&s->reply, w->null_array);
    end_count(d, s, &e);
    if (how == UNBLOCK_ROLE)
        session_set(s, SESSION_CLOSE_AFTER, true);
    return WAIT_END_DONE;
}

bool waiter_answer(struct dispatcher *d, struct session *s, struct bytes reply)
{
    struct waiter *w = s->waiter;
    if (!w || w->count > 0)
        return false;
    const struct ending e = end_begin(s);
    if (reply.data[0] == '-')
        reply_error_bytes(&s->reply, bytes_of(reply.data + 1, reply.size - 3));
    else
        reply_raw(&s->reply, reply);
    end_count(d, s, &e);
    return true;
}

void waiter_forget(struct dispatcher *d, struct session *s)
{
    struct waiter *w = s->waiter;
    if (!w)
        return;
    waiter_go_on(s);
    w->session = NULL;
    if (wait_leave(&w->wait))
        waiter_let_go(d, w); /* else it is freed when it comes back */
}
