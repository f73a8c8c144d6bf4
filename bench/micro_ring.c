/*
 * micro_ring.c — what a ticket costs, and the thread that takes the slots.
 *
 *   put     ns of log_ring_put and log_ring_poke with 1, 2, 4 producers: nobody taking, the log
 *           thread awake, the log thread asleep between batches
 *   wake    producers at a steady rate: the log thread at once (an eager sink) or each millisecond
 *
 * micro_ring_wide.c is this program with slots of 64 bytes.
 */
#include "bench/micro.h"
#include "core/base/atomic.h"
#include "core/base/bytes.h"
#include "core/store/log_ring.h"
#include "persist/log_thread.h"

#include <sched.h>
#include <sys/resource.h>

#ifndef LOG_SLOT_BYTES
#define LOG_SLOT_BYTES 32
#endif

enum { SLOTS = 1 << 17, CHUNK = 8192, BLOCK_BYTES = 64, THREADS_MAX = 8 };

static uint64_t puts_each = 1 << 20, runs = 5, slice_ms = 400, part = 0;

/* --- a log thread that says what it used ----------------------------------------------------- */

struct reader {
    struct log_ring *ring;
    struct log_thread *thread;
    uint64_t bytes, batches;
    int64_t cpu_ns;       /* __atomic: of the log thread up to its latest batch */
    int64_t first_cpu_ns; /* at its first batch */
    uint64_t switches;    /* times it went to sleep, the same */
    uint64_t first_switches;
};

static void note_batch(void *ctx, struct bytes bytes, uint64_t offset, uint64_t ticket)
{
    struct reader *r = ctx;
    (void)offset, (void)ticket;
    struct rusage use;
    getrusage(RUSAGE_THREAD, &use);
    const int64_t cpu = micro_cpu_ns();
    if (r->batches == 0) {
        r->first_cpu_ns = cpu;
        r->first_switches = (uint64_t)use.ru_nvcsw;
    }
    r->batches++;
    r->bytes += bytes.size;
    r->switches = (uint64_t)use.ru_nvcsw;
    store_release(&r->cpu_ns, cpu);
}

static bool yes(void *ctx)
{
    (void)ctx;
    return true;
}

static void reader_begin(struct reader *r, struct log_ring *ring, bool eager)
{
    memset(r, 0, sizeof *r);
    r->ring = ring;
    const struct log_sink sink = {
        .to = LOG_TO_AOF, .write = note_batch, .eager = eager ? yes : NULL, .ctx = r};
    r->thread = log_thread_new(ring, &sink, 1);
}

static void wait_empty(struct log_ring *ring)
{
    while (log_ring_pending(ring) > 0) {
        log_ring_wake(ring);
        sched_yield();
    }
}

static void fill(void **blocks, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        blocks[i] = memset(mem_alloc(BLOCK_BYTES), 'x', BLOCK_BYTES);
}

/* --- put ------------------------------------------------------------------------------------- */

enum taker { TAKER_NONE, TAKER_AWAKE, TAKER_GATHERS };

/* Threads that come out of a futex one by one would not dispute anything: they spin. */
struct meeting {
    uint32_t size, here; /* here: __atomic */
    uint32_t round;      /* __atomic */
};

static bool meet(struct meeting *m)
{
    const uint32_t round = load_acquire(&m->round);
    if (add_fetch_acq_rel(&m->here, 1) == m->size) {
        store_relaxed(&m->here, 0);
        store_release(&m->round, round + 1);
        return true;
    }
    for (uint32_t spins = 1; load_acquire(&m->round) == round; spins++)
        if (spins % 4096 == 0)
            sched_yield();
    return false;
}

struct producer {
    struct log_ring *ring;
    struct meeting *meeting;
    enum taker taker;
    uint64_t puts;
    int64_t cpu_ns, wall_ns;
};

static void drain(struct log_ring *ring)
{
    struct log_record r;
    while (log_ring_take(ring, &r))
        log_record_done(&r);
}

static void *produce(void *arg)
{
    struct producer *p = arg;
    void **blocks = mem_alloc(CHUNK * sizeof *blocks);
    for (uint64_t done = 0; done < p->puts; done += CHUNK) {
        fill(blocks, CHUNK);
        while (!log_ring_has_room(p->ring))
            sched_yield();
        meet(p->meeting);
        const int64_t wall = clock_mono_ns(), start = micro_cpu_ns();
        for (uint32_t i = 0; i < CHUNK; i++) {
            log_ring_put(p->ring, LOG_EFFECTS, blocks[i], BLOCK_BYTES, 0, 0);
            log_ring_poke(p->ring);
        }
        p->cpu_ns += micro_cpu_ns() - start;
        const bool last = meet(p->meeting);
        p->wall_ns += clock_mono_ns() - wall;
        if (last && p->taker == TAKER_NONE)
            drain(p->ring);
        else if (last && p->taker == TAKER_GATHERS)
            wait_empty(p->ring);
        meet(p->meeting);
    }
    mem_free(blocks, CHUNK * sizeof *blocks);
    return NULL;
}

/* *cpus: how many producers really ran side by side. */
static double put_ns(uint32_t threads, enum taker taker, double *cpus)
{
    pthread_t thread[THREADS_MAX];
    struct producer p[THREADS_MAX];
    struct meeting meeting = {.size = threads};
    struct log_ring *ring = log_ring_new(SLOTS, THREADS_MAX * CHUNK, (size_t)1 << 30);
    struct reader reader;
    if (taker != TAKER_NONE)
        reader_begin(&reader, ring, taker == TAKER_AWAKE);
    for (uint32_t i = 0; i < threads; i++) {
        p[i] = (struct producer){ring, &meeting, taker, puts_each / threads, 0, 0};
        LK_ASSERT(pthread_create(&thread[i], NULL, produce, &p[i]) == 0);
    }
    int64_t cpu = 0, wall = 0;
    for (uint32_t i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
        cpu += p[i].cpu_ns;
        wall += p[i].wall_ns;
    }
    if (taker != TAKER_NONE)
        log_thread_end(reader.thread);
    const uint64_t puts = log_ring_last_ticket(ring);
    log_ring_free(ring);
    *cpus = (double)cpu / (double)wall * threads;
    return (double)cpu / (double)puts;
}

static void part_put(void)
{
    static const char *const takers[] = {"nobody takes", "log thread awake",
                                         "log thread each ms or 64 KiB"};
    char title[160];
    snprintf(
        title, sizeof title,
        "Put: slots of %u bytes; CPU ns of a put and a poke, %llu runs; alloc of the block not "
        "counted",
        (unsigned)LOG_SLOT_BYTES, (unsigned long long)runs);
    micro_head(title,
               "consumer | producers | slot bytes | ns, least | ns, median | producers at once");
    for (int taker = TAKER_NONE; taker <= TAKER_GATHERS; taker++)
        for (uint32_t threads = 1; threads <= 4; threads *= 2) {
            struct micro_runs ns = {.n = 0}, at_once = {.n = 0};
            for (uint64_t r = 0; r < runs; r++) {
                double cpus = 0;
                micro_add(&ns, put_ns(threads, (enum taker)taker, &cpus));
                micro_add(&at_once, cpus);
            }
            printf("| %s | %u | %u | %.1f | %.1f | %.1f |\n", takers[taker], threads,
                   (unsigned)LOG_SLOT_BYTES, micro_least(&ns), micro_median(&ns),
                   micro_median(&at_once));
        }
}

/* The first put after a silence, which finds the consumer in its futex. */
static double waking_put_ns(void)
{
    enum { WAKES = 2000 };
    struct log_ring *ring = log_ring_new(SLOTS, CHUNK, (size_t)1 << 30);
    struct reader reader;
    reader_begin(&reader, ring, true);
    int64_t cpu = 0;
    for (int i = 0; i < WAKES; i++) {
        void *block;
        fill(&block, 1);
        micro_sleep_us(50); /* it goes to sleep meanwhile, most times */
        const int64_t start = micro_cpu_ns();
        log_ring_put(ring, LOG_EFFECTS, block, BLOCK_BYTES, 0, 0);
        log_ring_poke(ring);
        cpu += micro_cpu_ns() - start;
    }
    log_thread_end(reader.thread);
    log_ring_free(ring);
    return (double)cpu / WAKES;
}

/* --- wake ------------------------------------------------------------------------------------ */

struct pace {
    double producer_ns, share, switches, batches, lag_us;
};

/* Puts in bursts of 32, as a batch of commands makes them, when the clock says so. */
static struct pace run_paced(double rate, bool eager, bool poke_each)
{
    enum { BURST = 32 };
    struct log_ring *ring = log_ring_new(SLOTS, CHUNK, (size_t)1 << 30);
    struct reader reader;
    reader_begin(&reader, ring, eager);
    const int64_t start = clock_mono_ns(), end = start + (int64_t)slice_ms * 1000000;
    const double gap_ns = BURST * 1e9 / rate;
    int64_t cpu = 0;
    uint64_t bursts = 0;
    double lag = 0;
    uint64_t lags = 0, wanted = 0;
    int64_t wanted_at = 0;
    for (int64_t now = start; now < end; now = clock_mono_ns()) {
        if (wanted && log_thread_ticket(reader.thread) >= wanted) {
            lag += (double)(now - wanted_at);
            lags++;
            wanted = 0;
        }
        if ((double)(now - start) < gap_ns * (double)bursts) {
            if (gap_ns > 100000)
                micro_sleep_us(20);
            continue;
        }
        void *blocks[BURST];
        fill(blocks, BURST);
        while (!log_ring_has_room(ring))
            sched_yield();
        const int64_t from = micro_cpu_ns();
        for (int i = 0; i < BURST; i++) {
            log_ring_put(ring, LOG_EFFECTS, blocks[i], BLOCK_BYTES, 0, 0);
            if (poke_each || i == BURST - 1)
                log_ring_poke(ring);
        }
        cpu += micro_cpu_ns() - from;
        if (!wanted) {
            wanted = log_ring_last_ticket(ring);
            wanted_at = clock_mono_ns();
        }
        bursts++;
    }
    const double took = (double)(clock_mono_ns() - start);
    log_thread_end(reader.thread);
    log_ring_free(ring);
    return (struct pace){
        .producer_ns = (double)cpu / (double)(bursts * BURST),
        .share = 100 * (double)(reader.cpu_ns - reader.first_cpu_ns) / took,
        .switches = (double)(reader.switches - reader.first_switches) * 1e9 / took,
        .batches = (double)reader.batches * 1e9 / took,
        .lag_us = lags ? lag / (double)lags / 1000 : 0,
    };
}

static void part_wake(void)
{
    char title[200];
    snprintf(title, sizeof title,
             "Wake: one producer in bursts of 32 at a steady rate for %llu ms, slots of %u bytes; "
             "the put that finds the consumer asleep and wakes it costs %.0f CPU ns",
             (unsigned long long)slice_ms, (unsigned)LOG_SLOT_BYTES, waking_put_ns());
    micro_head(title,
               "puts/s | wake | CPU ns a put | log thread's CPU | its sleeps/s | batches/s | "
               "mean lag, us");
    static const char *const ways[] = {"at once, poke each put", "at once, poke each burst",
                                       "1 ms or 64 KiB, poke each put"};
    static const double rates[] = {10000, 100000, 1000000, 3000000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (int way = 0; way < 3; way++) {
            struct micro_runs ns = {.n = 0}, share = {.n = 0}, sw = {.n = 0}, b = {.n = 0},
                              lag = {.n = 0};
            for (uint64_t r = 0; r < (runs + 1) / 2; r++) {
                const struct pace p = run_paced(rates[i], way < 2, way != 1);
                micro_add(&ns, p.producer_ns);
                micro_add(&share, p.share);
                micro_add(&sw, p.switches);
                micro_add(&b, p.batches);
                micro_add(&lag, p.lag_us);
            }
            printf("| %s | %s | %.1f | %.1f %% | %.0f | %.0f | %.0f |\n",
                   micro_count((uint64_t)rates[i]), ways[way], micro_median(&ns),
                   micro_median(&share), micro_median(&sw), micro_median(&b), micro_median(&lag));
        }
}

int main(int argc, char **argv)
{
    const struct micro_option options[] = {
        {"puts", &puts_each, "of a run, over all producers"},
        {"runs", &runs, "of each row; half as many of wake"},
        {"slice", &slice_ms, "ms of each run of wake"},
        {"part", &part, "1 put, 2 wake, 0 both"},
    };
    micro_options(argc, argv, options, sizeof options / sizeof *options);
    if (part == 0 || part == 1)
        part_put();
    if (part == 0 || part == 2)
        part_wake();
    return 0;
}
