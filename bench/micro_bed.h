/*
 * micro_bed.h — a keyspace with dispatchers, without sockets.
 *
 *   bed --> keyspace, command index, engine
 *       --> seat of each thread: dispatcher, session, a batch of commands
 *
 * A seat does what a worker does: enters the gate, hands over batches, and when its session is
 * parked, leaves and sleeps until it is told to retry.
 *
 * Threads  a seat belongs to one thread; the bed is made before the threads start
 */
#ifndef LK_BENCH_MICRO_BED_H
#define LK_BENCH_MICRO_BED_H

#include "bench/micro.h"
#include "core/base/atomic.h"
#include "core/base/futex.h"
#include "core/base/hash.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/session_end.h"
#include "core/store/reclaim.h"

enum { SEATS_MAX = 8, SEAT_WORDS = 5, SEAT_WORD_CHARS = 24 };

struct seat {
    struct dispatcher *d;
    struct session session;
    struct bytes words[DISPATCH_BATCH][SEAT_WORDS];
    char text[DISPATCH_BATCH][SEAT_WORD_CHARS];
    struct pending pending[DISPATCH_BATCH];
    uint64_t parks;
    int64_t parked_ns;                                     /* wall time */
    uint32_t told __attribute__((aligned(LK_CACHE_LINE))); /* __atomic, futex: retry */
} __attribute__((aligned(LK_CACHE_LINE)));

struct bed {
    struct dispatch_config config;
    struct engine engine;
    struct keyspace *ks;
    struct seat *seats;
    uint32_t count;
};

static inline void bed_retry(void *ctx, uint64_t workers)
{
    struct bed *b = ctx;
    for (; workers; workers &= workers - 1) {
        const uint32_t i = (uint32_t)__builtin_ctzll(workers);
        if (i < b->count && exchange_seq_cst(&b->seats[i].told, 1) == 0)
            futex_wake(&b->seats[i].told, 1);
    }
}

static inline void bed_init(struct bed *b, uint32_t seats)
{
    memset(b, 0, sizeof *b);
    table_due_base(clock_unix_ms());
    b->config.limits.bulk_max = (size_t)512 << 20;
    b->config.limits.databases = 16;
    b->config.slowlog_us = -1;
    b->config.latency_tracking = true;
    b->ks = keyspace_new(1024, 16);
    b->ks->spin_ns = 2000;
    struct command_index *ix = command_index_new();
    command_index_add(ix, string_commands);
    command_index_add(ix, string_set_commands);
    command_index_add(ix, string_multi_commands);
    command_index_add(ix, counter_commands);
    command_index_add(ix, key_commands);
    command_index_add(ix, expire_commands);
    command_index_add(ix, flush_commands);
    b->engine = (struct engine){.fixed = {.keyspace = b->ks, .commands = ix}, .config = &b->config};
    token_init(&b->engine.token);
    b->count = seats;
    b->seats = mem_alloc_aligned(SEATS_MAX * sizeof *b->seats, LK_CACHE_LINE);
    memset(b->seats, 0, SEATS_MAX * sizeof *b->seats);
    for (uint32_t i = 0; i < seats; i++) {
        b->seats[i].d = dispatcher_new(&b->engine, i);
        session_init(&b->seats[i].session, i + 1);
    }
    shard_set_retry_hook(bed_retry, b);
}

static inline void bed_release(struct bed *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        session_release(&b->seats[i].session);
        dispatcher_free(b->seats[i].d);
    }
    shard_set_retry_hook(NULL, NULL);
    mem_free(b->seats, SEATS_MAX * sizeof *b->seats);
    keyspace_free(b->ks);
    command_index_free(b->engine.fixed.commands);
    token_release(&b->engine.token);
}

/* Command i of the batch: words are borrowed until it has run. */
static inline void seat_command(struct seat *s, uint32_t i, uint32_t n, const char *name,
                                struct bytes a, struct bytes b)
{
    s->words[i][0] = bytes_cstr(name);
    s->words[i][1] = a;
    s->words[i][2] = b;
    s->pending[i] = (struct pending){.session = &s->session, .args = {s->words[i], n}};
}

/* "key:000000000123" in the text of command i. */
static inline struct bytes seat_key(struct seat *s, uint32_t i, uint64_t number)
{
    char *to = s->text[i];
    memcpy(to, "key:", 4);
    for (int at = 15; at >= 4; at--, number /= 10)
        to[at] = (char)('0' + number % 10);
    return bytes_of(to, 16);
}

/*
 * Runs the batch to its end, between dispatch_enter and dispatch_leave.  A parked session waits
 * outside the gate for its retry: asleep if sleep, else by looking again and again.
 */
static inline void seat_run(struct seat *s, uint32_t n, bool sleep)
{
    uint32_t at = 0;
    dispatch_run(s->d, s->pending, n);
    for (;;) {
        while (at < n && s->pending[at].state != PENDING_PARKED)
            at++;
        if (at == n)
            break;
        const int64_t start = clock_mono_ns();
        s->parks++;
        dispatch_leave(s->d);
        while (load_seq_cst(&s->told) == 0 && sleep)
            futex_wait(&s->told, 0, -1);
        store_seq_cst(&s->told, 0);
        s->parked_ns += clock_mono_ns() - start;
        dispatch_enter(s->d);
        s->session.parked = false;
        dispatch_run(s->d, s->pending + at, n - at);
    }
    reply_clear(&s->session.reply);
}

/* Keys 0 .. keys-1 with 32-byte values, by the first seat; in the gate once a batch. */
static inline void bed_fill(struct bed *b, uint64_t keys)
{
    static const char value[] = "0123456789abcdef0123456789abcdef";
    struct seat *s = &b->seats[0];
    for (uint64_t at = 0; at < keys;) {
        uint32_t n = 0;
        for (; n < DISPATCH_BATCH && at < keys; n++, at++)
            seat_command(s, n, 3, "SET", seat_key(s, n, at), bytes_of(value, 32));
        dispatch_enter(s->d);
        seat_run(s, n, true);
        dispatch_leave(s->d);
    }
}

#endif
