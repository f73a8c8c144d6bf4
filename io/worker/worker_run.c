/*
 * worker_run.c — from bytes to commands, in rounds.
 *
 * A round frames up to DISPATCH_BATCH commands of the connections that have bytes, taking turns,
 * and hands them to dispatch together.  A connection with a long pipeline goes to the end of the
 * queue after its turn, so that it cannot keep the others waiting (rule N2).
 */
#include "core/base/atomic.h"
#include "io/worker/worker_priv.h"

enum {
    TURN = 16,        /* commands of one connection a round while others wait */
    ROUNDS_MAX = 128, /* then replies go out, and the sockets are looked at again */
    ROUNDS_AMID = 8,  /* then a script of this worker goes on: it holds locks */
};

void worker_frame_init(struct worker *w)
{
    for (uint32_t i = 0; i < DISPATCH_BATCH; i++)
        resp_args_init(&w->framing.args[i], w->framing.arg_storage[i], ARGS_INLINE);
}

void worker_frame_release(struct worker *w)
{
    for (uint32_t i = 0; i < DISPATCH_BATCH; i++)
        resp_args_release(&w->framing.args[i]);
}

/*
 * Frames commands of c into the batch from *n on, at most turn.  Before AUTH only one, since it may
 * change the limits for the next (rule N3).  False: it has no whole command left.
 */
static bool worker_run_frame(struct worker *w, struct conn *c, uint32_t *n, uint32_t turn)
{
    const bool trusted = session_has(&c->session, SESSION_AUTHENTICATED);
    struct resp_limits limits = w->limits;
    limits.authenticated = trusted;
    uint32_t mine = 0;
    while (*n < w->batch_most && mine < turn) {
        size_t used = 0;
        const char *error = NULL;
        struct resp_args *args = &w->framing.args[*n];
        struct pending *pending;
        const size_t rest = c->cur.size - c->frame_pos;
        if (rest == 0)
            return false;
        switch (resp_parse(&c->progress, c->cur.data + c->frame_pos, rest, &limits, args, &used,
                           &error)) {
        case RESP_COMMAND:
            c->frame_pos += used;
            pending = &w->framing.pending[*n]; /* dispatch sets the rest */
            pending->session = &c->session;
            pending->args.v = args->v;
            pending->args.n = args->n;
            w->framing.framed[*n] = (struct framed){c, c->frame_pos};
            ++*n;
            mine++;
            if (!trusted)
                return true;
            break;
        case RESP_EMPTY:
            c->frame_pos += used;
            if (mine == 0)
                c->cur_pos = c->frame_pos;
            break;
        case RESP_PARTIAL:
            return false;
        case RESP_ERROR:
            if (mine > 0)
                return true; /* first the commands before it */
            conn_protocol_error(w, c, error);
            return false;
        }
    }
    return true;
}

void worker_run_settle(struct worker *w, const struct framed *f, enum pending_state state)
{
    struct conn *c = f->conn;
    if (LK_UNLIKELY(session_has(&c->session, SESSION_POSTPONED)))
        conn_postpone(w, c, state == PENDING_PARKED);
    switch (state) {
    case PENDING_NEW:
    case PENDING_DONE:
        c->cur_pos = f->end;
        break;
    case PENDING_BLOCKED:
        c->cur_pos = f->end;
        conn_wait(w, c);
        break;
    case PENDING_PARKED:
        /* What a blocked session has sent waits in its input. */
        if (!c->on_parked && !c->closing && !session_has(&c->session, SESSION_BLOCKED))
            conn_park(w, c);
        break;
    case PENDING_CLOSE:
        c->cur_pos = f->end;
        conn_close_behind_output(w, c);
        break;
    }
}

static void worker_run_release(struct resp_args *a)
{
    if (LK_UNLIKELY(a->v != a->storage || a->text))
        resp_args_release(a);
}

/* The batch has come back with a script that was long: its connection goes on behind it. */
static void worker_run_end_pass(struct worker *w)
{
    struct worker_pass *p = w->pass;
    struct framing *f = &w->framing;
    struct conn *c = p->conn;
    w->pass = NULL;
    conn_frame_in(c);
    c->frame_pos = p->command;
    worker_run_settle(w, &(struct framed){c, p->command}, f->pending[p->at].state);
    conn_keep_rest(w, c);
    conn_resume(w, c, PAUSED_BY_SCRIPT);
    if (p->close)
        conn_close(w, c);
    else if (c->in.size > 0 && !c->on_parked)
        conn_ready(w, c);
    conn_dirty(w, c);
    for (uint32_t i = 0; i < w->batch; i++)
        worker_run_release(&f->args[i]);
    if (p->look)
        store_release(&w->look, 1);
    store_release(&w->retry, 1); /* what is parked till the script's end */
    worker_wake(w);              /* what a pass has left for the loop */
    mem_free(p->words, p->words_size + 1);
    mem_delete(p);
}

static uint32_t fill_batch(struct worker *w)
{
    uint32_t n = 0;
    struct conn *c;
    struct conn *last = w->ready_tail;
    while (n < w->batch_most && (c = conn_take_ready(w)) != NULL) {
        const bool alone = !w->ready_head;
        if (conn_may_run(w, c)) {
            conn_take_spare(w, c);
            if (c->cur.size == 0 && c->in.size > 0)
                conn_frame_in(c);
            if (worker_run_frame(w, c, &n, alone ? (uint32_t)DISPATCH_BATCH : (uint32_t)TURN))
                conn_ready(w, c); /* its next turn */
        } else if (LK_UNLIKELY(!c->closing && conn_output_bytes(c) > w->output_most)) {
            conn_pause(w, c, PAUSED_BY_OUTPUT); /* it may be sent before flush sees it */
        }
        if (!c->ready)
            conn_dirty(w, c); /* sees to the rest of its bytes */
        if (c == last)
            break;
    }
    return n;
}

void worker_run_ready(struct worker *w)
{
    const int rounds = LK_UNLIKELY(w->pass != NULL) ? ROUNDS_AMID : ROUNDS_MAX;
    for (int round = 0; w->ready_head && round < rounds; round++) {
        const uint32_t n = fill_batch(w);
        if (n == 0)
            continue;
        w->batch = n;
        dispatch_run(w->dispatcher, w->framing.pending, n);
        if (LK_UNLIKELY(w->pass != NULL) && !w->pass->inside) {
            worker_run_end_pass(w);
            continue;
        }
        for (uint32_t i = 0; i < n; i++) {
            worker_run_settle(w, &w->framing.framed[i], w->framing.pending[i].state);
            conn_dirty(w, w->framing.framed[i].conn);
            worker_run_release(&w->framing.args[i]);
        }
        if (LK_UNLIKELY(w->client_limit != 0)) {
            for (uint32_t i = 0; i < n; i++)
                conn_show_unsent(w, w->framing.framed[i].conn);
            worker_count_round(w, n);
        }
    }
    /* The others go on in the next loop; received bytes do not live as long: flush keeps them. */
    for (struct conn *c = w->ready_head; c; c = c->ready_next)
        if (c->cur.size > 0)
            conn_dirty(w, c);
}
