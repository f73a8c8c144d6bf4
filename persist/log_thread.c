#include "persist/log_thread.h"

#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/store/shard.h"

#include <pthread.h>

enum { SINKS_MAX = 4, BATCH_BYTES = 1 << 20, GATHER_NS = 1000000 };
enum { HASTE_ROUNDS = 64 };
enum { TAKE_MAX = 8192 }; /* slots a round: those who wait for room or a ticket hear of it then */
enum { STREAMS = 2 };

static const enum log_to stream_to[STREAMS] = {LOG_TO_AOF, LOG_TO_REPL};

struct log_stream {
    uint64_t offset; /* __atomic: stored by the thread */
    uint32_t db;     /* of the stream at offset; LOG_NO_DB: the next effects begin with a SELECT */
    struct buf batch;
};

struct log_thread {
    pthread_t thread;
    struct log_ring *ring;
    struct log_sink sinks[SINKS_MAX];
    uint32_t sink_count;
    uint32_t stop;                      /* __atomic */
    uint64_t ticket;                    /* __atomic: stored by the thread */
    struct log_stream streams[STREAMS]; /* as stream_to */
    uint32_t has_sinks;                 /* enum log_to: streams that anybody reads */
    uint64_t given;                     /* the last ticket that sinks were told of */
    uint64_t round_slots;               /* of the last round */
    int64_t round_ns;                   /* which its sinks took */
    uint32_t rounds_in_haste;           /* for so many it does not linger */
    size_t held;                        /* bytes that its batches take, as the ring was told */
};

static void tell_held(struct log_thread *t)
{
    const size_t held = t->streams[0].batch.capacity + t->streams[1].batch.capacity;
    if (LK_LIKELY(held == t->held))
        return;
    t->held = held;
    log_ring_set_held(t->ring, held);
}

static void give_stream(struct log_thread *t, int i, uint64_t ticket)
{
    struct log_stream *s = &t->streams[i];
    const uint64_t offset = s->offset + s->batch.size;
    for (uint32_t k = 0; k < t->sink_count; k++) {
        const struct log_sink *sink = &t->sinks[k];
        if (sink->to != stream_to[i])
            continue;
        if (s->batch.size > 0)
            sink->write(sink->ctx, buf_bytes(&s->batch), offset, ticket);
        else if (sink->passed)
            sink->passed(sink->ctx, ticket);
    }
    store_release(&s->offset, offset);
    s->batch.size = 0;
    if (s->batch.capacity > 4 * BATCH_BYTES)
        buf_release(&s->batch); /* one large value does not keep its room for ever */
    tell_held(t);
}

/* Also with no byte for any stream: sinks are told how far the log is. */
static void give_batch(struct log_thread *t, uint64_t ticket)
{
    if (ticket == t->given)
        return;
    t->given = ticket;
    const int64_t start_ns = clock_mono_ns();
    const int first = log_ring_is_awaited(t->ring) ? 0 : 1;
    give_stream(t, first, ticket);
    give_stream(t, 1 - first, ticket);
    t->round_ns += clock_mono_ns() - start_ns;
}

static void log_thread_add_select(struct log_stream *s, uint32_t db)
{
    char digits[INT64_CHARS];
    const size_t n = int64_to_chars(db, digits);
    buf_printf(&s->batch, "*2\r\n$6\r\nSELECT\r\n$%zu\r\n%.*s\r\n", n, (int)n, digits);
}

/* A SELECT that a transaction needs stands in it, as readers of the stream know it. */
static void add_effects(struct log_stream *s, const struct log_record *r, bool as_they_are)
{
    static const char multi[] = "*1\r\n$5\r\nMULTI\r\n";
    size_t head = 0;
    if (r->first_db != LOG_NO_DB && r->first_db != s->db && !as_they_are) {
        if (r->size > sizeof multi && memcmp(r->data, multi, sizeof multi - 1) == 0)
            head = sizeof multi - 1;
        buf_append(&s->batch, r->data, head);
        log_thread_add_select(s, r->first_db);
    }
    buf_append(&s->batch, (const char *)r->data + head, r->size - head);
    if (r->last_db != LOG_NO_DB)
        s->db = r->last_db;
}

static void take_effects(struct log_thread *t, const struct log_record *r)
{
    const uint32_t to = r->to & t->has_sinks;
    if (r->size > 0 && to & LOG_TO_AOF)
        add_effects(&t->streams[0], r, false);
    if (r->size > 0 && to & LOG_TO_REPL)
        add_effects(&t->streams[1], r, r->kind == LOG_RAW);
    tell_held(t);
    log_record_done(r);
}

static struct log_stream *log_thread_stream(struct log_thread *t, enum log_to to)
{
    return &t->streams[to == LOG_TO_REPL];
}

static void log_thread_take_marker(struct log_thread *t, const struct log_record *r)
{
    give_batch(t, r->ticket - 1);
    for (uint32_t i = 0; i < t->sink_count; i++) {
        const struct log_sink *sink = &t->sinks[i];
        const struct log_stream *s = log_thread_stream(t, sink->to);
        struct log_record told = *r;
        told.last_db = s->db;
        if (sink->marker)
            sink->marker(sink->ctx, &told, s->offset);
    }
    if (r->kind == LOG_ROTATE)
        t->streams[0].db = LOG_NO_DB; /* a new reader knows of no SELECT */
    else if (r->kind == LOG_ATTACH && r->first_db == LOG_NO_DB)
        t->streams[1].db = LOG_NO_DB;
    else if (r->kind == LOG_HISTORY)
        t->streams[1].db = r->first_db;
}

static bool take_all(struct log_thread *t)
{
    struct log_record r;
    uint64_t last = 0;
    t->round_slots = 0;
    t->round_ns = 0;
    for (uint32_t n = 0; n < TAKE_MAX && log_ring_take(t->ring, &r); n++) {
        if (log_record_has_bytes(&r))
            take_effects(t, &r);
        else
            log_thread_take_marker(t, &r);
        last = r.ticket;
        t->round_slots++;
    }
    if (last == 0)
        return false;
    give_batch(t, last);
    store_release(&t->ticket, last);
    return true;
}

static bool log_thread_is_eager(const struct log_thread *t)
{
    for (uint32_t i = 0; i < t->sink_count; i++)
        if (t->sinks[i].eager && t->sinks[i].eager(t->sinks[i].ctx))
            return true;
    return false;
}

/* The soonest that a sink wants to be called again; -1: none does. */
static int64_t log_thread_tick(const struct log_thread *t)
{
    int64_t soonest = -1;
    for (uint32_t i = 0; i < t->sink_count; i++) {
        const int64_t ns = t->sinks[i].tick ? t->sinks[i].tick(t->sinks[i].ctx) : -1;
        if (ns >= 0 && (soonest < 0 || ns < soonest))
            soonest = ns;
    }
    return soonest;
}

/*
 * Behind a round that took long, as a sync does.  Those who were told of it come back at once with
 * their next commands; a round begun before they do takes only those who came meanwhile, and from
 * then on each round takes half of all.  So it waits until as many have come back as were told, for
 * half a round at most.  Where that is not long enough, rounds are short beside the work between
 * them, or clients do not wait for answers: then it is tried again only after some rounds.
 */
static void log_thread_linger(struct log_thread *t)
{
    const uint64_t ticket = log_ring_ticket_at_publication(t->ring) + t->round_slots;
    if (t->rounds_in_haste > 0) {
        t->rounds_in_haste--;
        return;
    }
    if (log_ring_last_ticket(t->ring) < ticket)
        log_ring_gather(t->ring, ticket, t->round_ns / 2);
    if (log_ring_last_ticket(t->ring) < ticket)
        t->rounds_in_haste = HASTE_ROUNDS;
}

static void *log_thread_run(void *arg)
{
    struct log_thread *t = arg;
    for (;;) {
        const bool stop = load_acquire(&t->stop);
        const bool took = take_all(t);
        const int64_t next_ns = log_thread_tick(t);
        shard_tell_retry(log_ring_take_waiting(t->ring));
        if (took && !stop && log_thread_is_eager(t))
            log_thread_linger(t);
        else if (took && !stop)
            log_ring_gather(t->ring, UINT64_MAX, GATHER_NS); /* more is likely */
        else if (!took && stop)
            return NULL;
        else if (!took)
            log_ring_rest(t->ring, next_ns);
    }
}

struct log_thread *log_thread_new(struct log_ring *ring, const struct log_sink *sinks,
                                  uint32_t count)
{
    LK_ASSERT(count <= SINKS_MAX);
    struct log_thread *t = mem_new(struct log_thread);
    t->ring = ring;
    t->sink_count = count;
    for (int i = 0; i < STREAMS; i++)
        t->streams[i].db = LOG_NO_DB;
    for (uint32_t i = 0; i < count; i++) {
        LK_ASSERT(sinks[i].to == LOG_TO_AOF || sinks[i].to == LOG_TO_REPL);
        t->sinks[i] = sinks[i];
        t->has_sinks |= sinks[i].to;
    }
    LK_ASSERT(pthread_create(&t->thread, NULL, log_thread_run, t) == 0);
    return t;
}

void log_thread_end(struct log_thread *t)
{
    store_release(&t->stop, 1);
    log_ring_wake(t->ring);
    pthread_join(t->thread, NULL);
    for (int i = 0; i < STREAMS; i++)
        buf_release(&t->streams[i].batch);
    mem_delete(t);
}

uint64_t log_thread_offset(const struct log_thread *t, enum log_to stream)
{
    return load_acquire(&t->streams[stream == LOG_TO_REPL].offset);
}

uint64_t log_thread_ticket(const struct log_thread *t)
{
    return load_acquire(&t->ticket);
}
