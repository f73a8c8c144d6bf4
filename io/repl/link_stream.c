/*
 * link_stream.c — the stream of a master: framed, applied in order, acknowledged.
 *
 *   bytes --> commands, up to 32 --> inside the gate: dispatch_follow --> offset of the last unit
 *
 * The offset is that behind the last unit whose locks were released (H8); MULTI … EXEC are one
 * unit, queued until EXEC comes, and dropped whole if the link ends before.  What the role forbids
 * meanwhile does not run: the generation is asked inside the gate.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "core/cmd/engine/session_end.h"
#include "io/repl/role_priv.h"

#include <stdlib.h>

enum { RECEIVE = 256 * 1024 };

static const struct resp_limits no_limits = {.bulk_max = SIZE_MAX, .authenticated = true};

void link_stream_init(struct master_link *l)
{
    session_init(&l->session, 0);
    session_set(&l->session, SESSION_MASTER | SESSION_AUTHENTICATED, true);
    for (uint32_t i = 0; i < DISPATCH_BATCH; i++)
        resp_args_init(&l->args[i], l->arg_storage[i], LINK_ARGS_INLINE);
}

void link_stream_reset(struct master_link *l)
{
    dispatch_forget(l->dispatcher, &l->session);
    session_set(&l->session, SESSION_CLOSE_AFTER | SESSION_DIRTY_EXEC, false);
    reply_clear(&l->session.reply);
    l->session.db = l->role->upstream.db;
    l->session.parked = false;
    memset(&l->progress, 0, sizeof l->progress);
    l->in_multi = false;
    l->uncounted = 0;
    buf_release(&l->unit);
}

void link_stream_release(struct master_link *l)
{
    dispatch_enter(l->dispatcher);
    dispatch_forget(l->dispatcher, &l->session);
    dispatch_leave(l->dispatcher);
    session_release(&l->session);
    for (uint32_t i = 0; i < DISPATCH_BATCH; i++)
        resp_args_release(&l->args[i]);
    buf_release(&l->unit);
}

/* --- a batch --------------------------------------------------------------------------------- */

struct stream_batch {
    struct args args[DISPATCH_BATCH];
    struct bytes raw[DISPATCH_BATCH];
    size_t end[DISPATCH_BATCH];    /* of the input: behind the command */
    bool unit_end[DISPATCH_BATCH]; /* no transaction is under way behind it */
    uint32_t n;
    size_t used;  /* bytes that were framed, with blank lines */
    bool special; /* the last one is the link's own: REPLCONF */
    const char *error;
};

static bool stream_is(struct bytes word, const char *name, size_t size)
{
    return word.size == size && bytes_is_word(word, name);
}

/* What goes on with this command: nothing inside a transaction, all of it with its end. */
static void stream_note_unit(struct master_link *l, struct stream_batch *b, struct bytes raw)
{
    const struct bytes name = b->args[b->n].v[0];
    const bool was_in = l->in_multi;
    if (!was_in && stream_is(name, "multi", 5))
        l->in_multi = true;
    else if (was_in && (stream_is(name, "exec", 4) || stream_is(name, "discard", 7)))
        l->in_multi = false;
    b->unit_end[b->n] = !l->in_multi;
    b->raw[b->n] = raw;
    if (!was_in && !l->in_multi)
        return;
    if (!was_in)
        l->unit.size = 0;
    buf_append_bytes(&l->unit, raw);
    b->raw[b->n] = l->in_multi ? bytes_of(NULL, 0) : buf_bytes(&l->unit);
}

/* Blank lines inside a transaction go on with it. */
static void stream_keep_blank(struct master_link *l, struct stream_batch *b, size_t from)
{
    if (l->in_multi && b->used > from)
        buf_append(&l->unit, link_socket_bytes(&l->socket).data + from, b->used - from);
}

/* Whole commands; the end of a transaction ends the batch, as its bytes lie apart. */
static void stream_frame(struct master_link *l, struct stream_batch *b)
{
    const struct bytes in = link_socket_bytes(&l->socket);
    size_t from = 0; /* what goes on with the next command begins here */
    b->n = 0;
    b->used = 0;
    b->special = false;
    b->error = NULL;
    while (b->n < DISPATCH_BATCH && b->used < in.size && !b->special) {
        size_t consumed = 0;
        const enum resp_outcome outcome =
            resp_parse(&l->progress, in.data + b->used, in.size - b->used, &no_limits,
                       &l->args[b->n], &consumed, &b->error);
        if (outcome == RESP_PARTIAL || outcome == RESP_ERROR)
            break;
        b->used += consumed;
        if (outcome == RESP_EMPTY)
            continue; /* it goes on with what follows */
        const struct bytes raw = bytes_of(in.data + from, b->used - from);
        from = b->used;
        const bool was_in = l->in_multi;
        b->args[b->n] = (struct args){l->args[b->n].v, l->args[b->n].n};
        b->end[b->n] = b->used;
        b->special = stream_is(b->args[b->n].v[0], "replconf", 8);
        stream_note_unit(l, b, raw);
        b->n++;
        if (was_in && !l->in_multi)
            return;
    }
    stream_keep_blank(l, b, from);
}

static bool stream_go_on(void *ctx)
{
    struct master_link *l = ctx;
    link_ack(l, false);
    return master_link_goes_on(l);
}

static void stream_note_error(struct master_link *l, const struct args *a)
{
    const struct reply *r = &l->session.reply;
    const char *at = r->out.data + r->error_at + 1;
    const char *end = memchr(at, '\r', r->out.size - r->error_at - 1);
    const int size = end ? (int)(end - at) : 0;
    fetch_add_relaxed(&l->figures.errors, 1);
    trace_line(TRACE_WARNING,
               "== CRITICAL == This replica is sending an error to its master: '%.*s' after "
               "processing the command '%.*s'",
               size, at, (int)a->v[0].size, a->v[0].data);
    const struct config *c = config_current(l->role->parts.config);
    /* A writable one differs by what its own clients wrote. */
    if (c->propagation_error_behavior == CONFIG_PROPAGATION_IGNORE ||
        !c->dispatch.replica.read_only)
        return;
    trace_line(TRACE_WARNING,
               "This replica panicked sending an error to its master after processing a command: "
               "'%.*s'",
               (int)a->v[0].size, a->v[0].data);
    abort();
}

/*
 * A SELECT that was refused: what follows belongs to a database that is not here, and no data are
 * applied before the next one (H17).
 */
static bool stream_is_lost(struct master_link *l, const struct args *a)
{
    return !l->role->upstream.has_db && !stream_is(a->v[0], "select", 6);
}

/* The offset is now that behind the i-th command of the batch, if a unit ends there. */
static void stream_advance(struct master_link *l, const struct stream_batch *b, uint32_t done,
                           size_t *advanced)
{
    struct upstream *u = &l->role->upstream;
    while (done > 0 && !b->unit_end[done - 1])
        done--;
    if (done == 0 || b->end[done - 1] <= *advanced)
        return;
    u->offset += l->uncounted + (int64_t)(b->end[done - 1] - *advanced);
    l->uncounted = 0;
    *advanced = b->end[done - 1];
    u->db = l->session.db;
    store_relaxed(&l->figures.offset, u->offset);
}

/* What is left of a batch belongs to a transaction that goes on, or is blank. */
static void stream_count_rest(struct master_link *l, struct bytes rest)
{
    struct upstream *u = &l->role->upstream;
    l->uncounted += (int64_t)rest.size;
    if (l->in_multi)
        return;
    dispatch_pass_on(l->dispatcher, rest);
    u->offset += l->uncounted;
    l->uncounted = 0;
    store_relaxed(&l->figures.offset, u->offset);
}

/* GETACK: the answer does not count its own bytes. */
static void stream_answer(struct master_link *l, const struct args *a)
{
    if (a->n >= 2 && stream_is(a->v[1], "getack", 6))
        link_ack(l, true);
}

/* Runs from *at on what can be run in one go; false: the role has changed. */
static bool stream_apply_some(struct master_link *l, struct stream_batch *b, uint32_t *at)
{
    struct follower f = {stream_go_on, l, b->raw + *at};
    const uint32_t last = b->special ? b->n - 1 : b->n;
    uint32_t done = 0;
    if (*at < last && LK_UNLIKELY(stream_is_lost(l, &b->args[*at]))) {
        dispatch_pass_on(l->dispatcher, b->raw[*at]);
        ++*at;
        return true;
    }
    const int rc =
        dispatch_follow(l->dispatcher, &l->session, b->args + *at, last - *at, &f, &done);
    *at += done;
    if (rc == LK_EFORMAT) {
        const struct args *a = &b->args[*at];
        stream_note_error(l, a);
        ++*at;
        if (stream_is(a->v[0], "select", 6))
            l->role->upstream.has_db = false;
        else if (done > 0)
            l->role->upstream.has_db = true; /* the first was a SELECT, if that was not known */
    } else if (done > 0) {
        l->role->upstream.has_db = true;
    }
    reply_clear(&l->session.reply);
    return rc != LK_EBUSY;
}

/* Inside the gate.  False: the role has changed. */
static bool stream_apply(struct master_link *l, struct stream_batch *b)
{
    const uint32_t last = b->special ? b->n - 1 : b->n;
    size_t advanced = 0;
    uint32_t at = 0;
    bool current = master_link_goes_on(l);
    while (current && at < last) {
        current = stream_apply_some(l, b, &at);
        stream_advance(l, b, at, &advanced);
    }
    if (current && b->special) {
        stream_answer(l, &b->args[last]);
        dispatch_pass_on(l->dispatcher, b->raw[last]);
        stream_advance(l, b, b->n, &advanced);
    }
    if (current && b->used > advanced)
        stream_count_rest(
            l, bytes_of(link_socket_bytes(&l->socket).data + advanced, b->used - advanced));
    return current;
}

/* --- the stream ------------------------------------------------------------------------------ */

/* What has come, in turns: the gate is left between two batches. False: it is over. */
static bool stream_run_all(struct master_link *l)
{
    struct stream_batch b;
    for (;;) {
        stream_frame(l, &b);
        if (b.used > 0) {
            dispatch_enter(l->dispatcher);
            const bool current = stream_apply(l, &b);
            dispatch_leave(l->dispatcher);
            if (!current)
                return false;
            l->socket.used += b.used;
            link_ack(l, false);
        }
        if (b.error) {
            trace_line(
                TRACE_WARNING,
                "Protocol error from master: %s. The link is closed, and all data are asked for.",
                b.error);
            return false;
        }
        if (b.used == 0)
            return true;
    }
}

/* What has come, run or not, as INFO and CLIENT LIST show it. */
static void stream_show(struct master_link *l)
{
    const int64_t at = l->role->upstream.offset + l->uncounted;
    store_relaxed(&l->figures.read_offset, at + (int64_t)link_socket_bytes(&l->socket).size);
    link_client_show(l);
}

void link_stream_run(struct master_link *l)
{
    bool well = true;
    store_relaxed(&l->session.db, l->role->upstream.db); /* it is listed */
    while (well) {
        stream_show(l);
        well = stream_run_all(l);
        if (!well && master_link_goes_on(l))
            link_distrust(l);
        stream_show(l);
        well = well && link_wait_readable(l, "MASTER timeout: no data nor PING received...") &&
               link_receive(l, RECEIVE);
    }
    link_client_end(l);
    if (!master_link_is_current(l))
        return;
    trace_line(TRACE_NOTICE, "Connection with master lost.");
    trace_line(TRACE_NOTICE, "Caching the disconnected master state.");
}
