/* phase.c — starts the clients, looks at them at each interval, adds up. */
#include "bench/load/phase.h"

#include "core/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

volatile sig_atomic_t phase_interrupted;

static void samples_add(struct samples *s, struct sample sample)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 64;
        s->v = realloc(s->v, s->capacity * sizeof *s->v);
        LK_ASSERT(s->v);
    }
    s->v[s->count++] = sample;
}

/* Waits until the clients have ended or the time has come; true if they have ended. */
static bool phase_wait(struct phase *p, int64_t until_ns)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int rc = 0;
    pthread_mutex_lock(&p->mutex);
    while (p->running > 0 && rc == 0)
        rc = pthread_cond_clockwait(&p->ended, &p->mutex, CLOCK_MONOTONIC, &until);
    const bool ended = p->running == 0;
    pthread_mutex_unlock(&p->mutex);
    return ended;
}

/* What the clients have done since the last look. */
static struct sample phase_look(struct phase *p, struct client *clients, double at_s,
                                struct sample *last)
{
    struct sample now = {.at_s = at_s}, step;
    for (uint32_t i = 0; i < p->threads; i++) {
        struct client *c = &clients[i];
        now.replies += atomic_load_explicit(&c->live_replies, memory_order_relaxed);
        now.errors += atomic_load_explicit(&c->live_errors, memory_order_relaxed);
        const uint64_t max = atomic_exchange_explicit(&c->live_max_ns, 0, memory_order_relaxed);
        now.max_ns = max > now.max_ns ? max : now.max_ns;
    }
    step =
        (struct sample){at_s, now.replies - last->replies, now.errors - last->errors, now.max_ns};
    *last = now;
    return step;
}

/* Watches the measurement, one sample an interval, until its time is over or all have ended. */
static void phase_watch(struct phase *p, struct client *clients, struct samples *series)
{
    const struct options *o = p->options;
    const int64_t start_ns = clock_mono_ns();
    const int64_t end_ns = p->requests ? INT64_MAX : start_ns + (int64_t)(o->duration_s * 1e9);
    const int64_t step_ns = (int64_t)o->interval_ms * 1000000;
    struct sample last = {0};
    double last_s = 0;
    bool ended = false;
    for (int64_t next_ns = start_ns; !ended && !phase_interrupted && next_ns < end_ns;) {
        next_ns = end_ns - next_ns > step_ns ? next_ns + step_ns : end_ns;
        ended = phase_wait(p, next_ns);
        const double at_s = (double)(clock_mono_ns() - start_ns) / 1e9;
        const struct sample s = phase_look(p, clients, at_s, &last);
        samples_add(series, s);
        if (!o->quiet)
            fprintf(stderr, "%8.1f s %12.0f requests/s %10.3f ms worst %8llu errors\n", at_s,
                    (double)s.replies / (at_s - last_s), (double)s.max_ns / 1e6,
                    (unsigned long long)s.errors);
        last_s = at_s;
    }
}

bool phase_run(struct phase *p, double warmup_s, struct stats *total, struct samples *series)
{
    struct client *clients = calloc(p->threads, sizeof *clients);
    LK_ASSERT(clients);
    bool ok = true;
    p->running = p->threads;
    atomic_store(&p->state, warmup_s > 0 ? PHASE_WARMUP : PHASE_MEASURE);
    pthread_barrier_init(&p->connected, NULL, p->threads + 1);
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->ended, NULL);
    for (uint32_t i = 0; i < p->threads; i++) {
        clients[i].phase = p;
        clients[i].index = i;
        LK_ASSERT(pthread_create(&clients[i].thread, NULL, client_main, &clients[i]) == 0);
    }
    pthread_barrier_wait(&p->connected);
    for (uint32_t i = 0; i < p->threads; i++)
        ok &= !clients[i].failed;
    if (!ok)
        atomic_store(&p->state, PHASE_STOP);
    pthread_barrier_wait(&p->connected);
    if (ok && warmup_s > 0 && !phase_wait(p, clock_mono_ns() + (int64_t)(warmup_s * 1e9)))
        atomic_store(&p->state, PHASE_MEASURE);
    if (ok)
        phase_watch(p, clients, series);
    atomic_store(&p->state, PHASE_STOP);
    for (uint32_t i = 0; i < p->threads; i++) {
        pthread_join(clients[i].thread, NULL);
        stats_merge(total, &clients[i].stats);
        client_release(&clients[i]);
    }
    free(clients);
    pthread_cond_destroy(&p->ended);
    pthread_mutex_destroy(&p->mutex);
    pthread_barrier_destroy(&p->connected);
    return ok;
}
