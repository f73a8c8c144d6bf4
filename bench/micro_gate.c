/*
 * micro_gate.c — what the gate costs those who pass it, and how soon one can be alone in it.
 *
 *   pass       enter and leave
 *   exclusive  close while other threads run batches of commands without a pause: how long until
 *              closed, and how long everybody was kept out; then the same with somebody inside who
 *              stays for 100 ms
 */
#include "bench/load/hist.h"
#include "bench/micro_bed.h"
#include "core/base/atomic.h"

static uint64_t threads = 2, closes = 300, slow_ms = 100, runs = 5;

enum { KEYS = 100000 };

static double pass_ns(struct gate *g, int slot)
{
    enum { LOOPS = 1000000 };
    const int64_t start = micro_cpu_ns();
    for (int i = 0; i < LOOPS; i++) {
        gate_enter(g, slot);
        gate_leave(g, slot);
    }
    return (double)(micro_cpu_ns() - start) / LOOPS;
}

/* dispatch_enter also reads the clocks. */
static double batch_ns(struct dispatcher *d)
{
    enum { LOOPS = 1000000 };
    const int64_t start = micro_cpu_ns();
    for (int i = 0; i < LOOPS; i++) {
        dispatch_enter(d);
        dispatch_leave(d);
    }
    return (double)(micro_cpu_ns() - start) / LOOPS;
}

static void part_pass(struct bed *b)
{
    struct micro_runs pass = {.n = 0}, batch = {.n = 0};
    const int slot = gate_join(&b->ks->gate);
    for (uint64_t r = 0; r < runs; r++) {
        micro_add(&pass, pass_ns(&b->ks->gate, slot));
        micro_add(&batch, batch_ns(b->seats[0].d));
    }
    gate_part(&b->ks->gate, slot);
    micro_head("Pass: CPU ns, least of several runs of a million", "what | ns");
    printf("| gate_enter and gate_leave | %.1f |\n", micro_least(&pass));
    printf("| dispatch_enter and dispatch_leave, with the clocks | %.1f |\n", micro_least(&batch));
}

/* --- exclusive ------------------------------------------------------------------------------- */

struct runner {
    struct bed *bed;
    struct seat *seat;
    uint32_t *stop; /* __atomic */
    uint64_t commands;
    struct hist batch; /* wall time of a batch with its entry */
};

static void *run_batches(void *arg)
{
    struct runner *r = arg;
    struct rng rng;
    rng_seed(&rng, 1);
    while (!load_relaxed(r->stop)) {
        for (uint32_t i = 0; i < DISPATCH_BATCH; i++)
            seat_command(r->seat, i, 2, "GET", seat_key(r->seat, i, rng_below(&rng, KEYS)),
                         bytes_cstr(""));
        const uint64_t start = clock_ticks();
        dispatch_enter(r->seat->d);
        seat_run(r->seat, DISPATCH_BATCH, true);
        dispatch_leave(r->seat->d);
        hist_add(&r->batch, clock_ticks_to_ns(clock_ticks() - start), 1);
        r->commands += DISPATCH_BATCH;
    }
    bed_retry(r->bed, UINT64_MAX);
    return NULL;
}

struct sitter {
    struct gate *gate;
    int slot;
    uint32_t *stop;
};

/* A slow command: inside for long, outside for a moment. */
static void *sit(void *arg)
{
    const struct sitter *s = arg;
    while (!load_relaxed(s->stop)) {
        gate_enter(s->gate, s->slot);
        micro_sleep_us((int64_t)slow_ms * 1000);
        gate_leave(s->gate, s->slot);
        micro_sleep_us(2000);
    }
    return NULL;
}

static void close_often(struct gate *g, uint64_t n, int64_t pause_us, struct hist *wait,
                        struct hist *hold)
{
    memset(wait, 0, sizeof *wait);
    memset(hold, 0, sizeof *hold);
    for (uint64_t i = 0; i < n; i++) {
        micro_sleep_us(pause_us);
        const uint64_t start = clock_ticks();
        gate_close(g);
        const uint64_t closed = clock_ticks();
        gate_open(g);
        hist_add(wait, clock_ticks_to_ns(closed - start), 1);
        hist_add(hold, clock_ticks_to_ns(clock_ticks() - closed), 1);
    }
}

static void measure(struct bed *b, uint32_t busy, bool slow, uint64_t n)
{
    static struct hist wait, hold, batches;
    static struct runner r[SEATS_MAX];
    pthread_t thread[SEATS_MAX + 1];
    uint32_t stop = 0;
    for (uint32_t i = 0; i < busy; i++) {
        r[i] = (struct runner){.bed = b, .seat = &b->seats[i], .stop = &stop};
        LK_ASSERT(pthread_create(&thread[i], NULL, run_batches, &r[i]) == 0);
    }
    struct sitter s = {&b->ks->gate, gate_join(&b->ks->gate), &stop};
    if (slow)
        LK_ASSERT(pthread_create(&thread[busy], NULL, sit, &s) == 0);
    const int64_t start = clock_mono_ns();
    if (n > 0)
        close_often(&b->ks->gate, n, slow ? 20000 : 2000, &wait, &hold);
    else
        micro_sleep_us(500000);
    const double took = (double)(clock_mono_ns() - start);
    store_relaxed(&stop, 1);
    uint64_t commands = 0;
    memset(&batches, 0, sizeof batches);
    for (uint32_t i = 0; i < busy; i++) {
        pthread_join(thread[i], NULL);
        commands += r[i].commands;
        hist_merge(&batches, &r[i].batch);
    }
    if (slow)
        pthread_join(thread[busy], NULL);
    gate_part(&b->ks->gate, s.slot);
    printf("| %u busy%s%s ", busy, slow ? ", one inside for long" : "", n ? "" : ", never closed");
    if (n > 0)
        printf("| %llu | %.1f | %.1f | %.1f ", (unsigned long long)n,
               (double)hist_percentile(&wait, 0.5) / 1000,
               (double)hist_percentile(&wait, 0.99) / 1000, (double)wait.max / 1000);
    else
        printf("| 0 | | | ");
    printf("| %.2f | %.1f | %.1f | %.0f |\n", (double)commands * 1e3 / took,
           (double)hist_percentile(&batches, 0.5) / 1000,
           (double)hist_percentile(&batches, 0.999) / 1000, (double)batches.max / 1000);
}

static void part_exclusive(struct bed *b)
{
    char title[200];
    snprintf(
        title, sizeof title,
        "Exclusive: wall us from gate_close to being alone, beside threads that run batches of "
        "32 GET; the slow one stays %llu ms",
        (unsigned long long)slow_ms);
    micro_head(title, "who | closes | wait p50 | wait p99 | wait longest | M commands/s | batch "
                      "p50, us | batch p99.9 | batch longest");
    measure(b, (uint32_t)threads, false, 0);
    measure(b, 1, false, closes);
    measure(b, (uint32_t)threads, false, closes);
    measure(b, (uint32_t)threads, true, closes / 10 + 1);
}

int main(int argc, char **argv)
{
    const struct micro_option options[] = {
        {"threads", &threads, "busy ones, at most 8"},
        {"closes", &closes, "of the gate; a tenth with a slow command inside"},
        {"slow", &slow_ms, "ms that the slow command takes"},
        {"runs", &runs, "of pass"},
    };
    micro_options(argc, argv, options, sizeof options / sizeof *options);
    LK_ASSERT(threads <= SEATS_MAX && runs <= MICRO_RUNS_MAX);
    struct bed b;
    bed_init(&b, (uint32_t)threads);
    bed_fill(&b, KEYS);
    part_pass(&b);
    part_exclusive(&b);
    bed_release(&b);
    return 0;
}
