/*
 * worker_pass.c — a script is long: its worker sees to its other connections amid it.
 *
 *   batch: run, run, SCRIPT, …   first pass: those before it are settled, those behind it go back
 *   pass:  events --> frame, run (nearly all is refused) --> send --> the script goes on
 *   end:   the script's own connection goes on behind its command
 *
 * The script's connection is pinned meanwhile: nothing of it is read, run or sent, and if it is to
 * be closed that waits for the script's end.  So do expiry, timers, and the ends of waits.  What
 * has been received is copied, since it lies in the net's buffers for one wait only (rule N1): the
 * running command's words too, which its handler has.
 */
#include "core/base/atomic.h"
#include "io/worker/worker_priv.h"

/* --- the first one --------------------------------------------------------------------------- */

static void pass_copy_words(struct worker_pass *p, struct resp_args *a)
{
    for (uint32_t i = 0; i < a->n; i++)
        p->words_size += a->v[i].size;
    p->words = mem_alloc(p->words_size + 1);
    char *to = p->words;
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->v[i].size)
            memcpy(to, a->v[i].data, a->v[i].size);
        a->v[i].data = to;
        to += a->v[i].size;
    }
}

/* Received bytes do not outlive the next wait. */
static void pass_keep_input(struct worker *w)
{
    for (struct conn *c = w->conns; c; c = c->next)
        if (c->cur.size > 0)
            conn_keep_rest(w, c);
}

static void pass_begin(struct worker *w, const struct pending *running)
{
    struct framing *f = &w->framing;
    struct worker_pass *p = mem_new(struct worker_pass);
    p->at = (uint32_t)(running - f->pending);
    LK_ASSERT(p->at < w->batch);
    p->conn = f->framed[p->at].conn;
    pass_copy_words(p, &f->args[p->at]);
    for (uint32_t i = 0; i < p->at; i++) {
        worker_run_settle(w, &f->framed[i], f->pending[i].state);
        conn_dirty(w, f->framed[i].conn);
    }
    p->command = f->framed[p->at].end - p->conn->cur_pos;
    pass_keep_input(w);
    for (uint32_t i = p->at + 1; i < w->batch; i++)
        if (f->framed[i].conn->in.size > 0)
            conn_ready(w, f->framed[i].conn); /* framed anew */
    conn_unready(w, p->conn);
    conn_pause(w, p->conn, PAUSED_BY_SCRIPT);
    w->pass = p;
}

/* --- each ------------------------------------------------------------------------------------ */

static void pass_look(struct worker *w)
{
    worker_take_sockets(w);
    if (exchange_acq_rel(&w->look, 0)) {
        w->pass->look = true;
        worker_close_killed(w);
    }
    if (exchange_acq_rel(&w->retry, 0)) {
        conn_retry_parked(w);
        conn_release_held(w);
        if (LK_UNLIKELY(w->feeds != NULL))
            conn_feed_look(w);
    }
}

/* As a turn of the loop; false: there was nothing to do. */
static bool pass_turn(struct worker *w)
{
    const int n = net_wait(w->net, w->events, WORKER_EVENTS, 0);
    for (int i = 0; i < n; i++)
        worker_handle(w, &w->events[i]);
    pass_look(w);
    const bool busy = n > 0 || w->ready_head;
    worker_run_ready(w);
    conn_undirty(w, w->pass->conn);
    conn_flush_all(w);
    return busy;
}

void worker_group_pass(void *group, uint32_t worker, void *running)
{
    struct worker *w = ((struct worker_group *)group)->workers[worker];
    if (!w->pass)
        pass_begin(w, running);
    struct worker_pass *p = w->pass;
    const uint32_t batch = w->batch;
    p->inside = true;
    p->kept = w->framing;
    worker_frame_init(w);
    if (pass_turn(w))
        pass_turn(w); /* its wait sends what the first one has answered, where sends are queued */
    worker_frame_release(w);
    w->framing = p->kept;
    w->batch = batch;
    p->inside = false;
}
