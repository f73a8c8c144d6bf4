/*
 * micro_lock.c — what a shard's lock costs, and what a hot one does to several threads.
 *
 *   hot     every thread sends the same key in batches of 32: commands a second and CPU a command,
 *           for locks kept 1, 4, 16, 32 commands and spinning 0, 1, 2 us
 *   alone   lock and unlock that nobody disputes; sets of 10, 100, 1,000 keys
 *   wide    MGET of 10, 100, 1,000 keys beside a thread that writes single keys
 *   held    PING and other keys while somebody holds a shard for long
 */
#include "bench/load/hist.h"
#include "bench/micro_bed.h"
#include "core/base/atomic.h"

#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/session_end.h"

static uint64_t slice_ms = 100, rounds = 5, part = 0;

/* --- hot ------------------------------------------------------------------------------------- */

struct crowd {
    struct bed bed;
    const char *command;
    uint32_t words;
    bool sleep;
    uint32_t stop;  /* __atomic */
    uint32_t ready; /* __atomic */
    uint32_t begun; /* __atomic */
};

struct member {
    struct crowd *crowd;
    struct seat *seat;
    uint64_t commands;
    int64_t cpu_ns;
};

static void *hammer(void *arg)
{
    struct member *m = arg;
    struct crowd *c = m->crowd;
    fetch_add_seq_cst(&c->ready, 1);
    while (!load_acquire(&c->begun))
        sched_yield();
    const int64_t cpu = micro_cpu_ns();
    while (!load_relaxed(&c->stop)) {
        for (uint32_t i = 0; i < DISPATCH_BATCH; i++)
            seat_command(m->seat, i, c->words, c->command, bytes_cstr("counter"), bytes_cstr(""));
        dispatch_enter(m->seat->d);
        seat_run(m->seat, DISPATCH_BATCH, c->sleep);
        dispatch_leave(m->seat->d);
        m->commands += DISPATCH_BATCH;
    }
    m->cpu_ns = micro_cpu_ns() - cpu;
    /* A last unlock of ours may be what another one sleeps for. */
    bed_retry(&c->bed, UINT64_MAX);
    return NULL;
}

struct outcome_of_round {
    double rate, cpu_ns, parks, park_us, least_share;
};

static struct outcome_of_round run_round(struct crowd *c, uint32_t threads)
{
    pthread_t thread[SEATS_MAX];
    struct member m[SEATS_MAX];
    c->stop = c->ready = c->begun = 0;
    for (uint32_t i = 0; i < threads; i++) {
        m[i] = (struct member){c, &c->bed.seats[i], 0, 0};
        m[i].seat->parks = 0;
        m[i].seat->parked_ns = 0;
        LK_ASSERT(pthread_create(&thread[i], NULL, hammer, &m[i]) == 0);
    }
    while (load_acquire(&c->ready) < threads)
        sched_yield();
    const int64_t start = clock_mono_ns();
    store_release(&c->begun, 1);
    micro_sleep_us((int64_t)slice_ms * 1000);
    store_relaxed(&c->stop, 1);
    const int64_t took = clock_mono_ns() - start;
    uint64_t commands = 0, parks = 0, least = UINT64_MAX;
    int64_t cpu = 0, parked_ns = 0;
    for (uint32_t i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
        commands += m[i].commands;
        least = m[i].commands < least ? m[i].commands : least;
        cpu += m[i].cpu_ns;
        parks += m[i].seat->parks;
        parked_ns += m[i].seat->parked_ns;
    }
    return (struct outcome_of_round){
        (double)commands * 1e3 / (double)took, (double)cpu / (double)commands,
        (double)parks * 1e6 / (double)commands, parks ? (double)parked_ns / 1e3 / (double)parks : 0,
        (double)least * threads / (double)commands};
}

struct hot {
    uint32_t threads, spin_ns;
    struct micro_runs rate, cpu, parks, park_us, share;
};

/* The rows take turns, so that what the neighbours do falls on all of them. */
static void measure_hot(struct crowd *c, uint32_t keep, struct hot *rows, size_t n)
{
    dispatch_keep_commands = keep;
    for (uint64_t r = 0; r < rounds; r++)
        for (size_t i = 0; i < n; i++) {
            c->bed.ks->spin_ns = rows[i].spin_ns;
            const struct outcome_of_round o = run_round(c, rows[i].threads);
            micro_add(&rows[i].rate, o.rate);
            micro_add(&rows[i].cpu, o.cpu_ns);
            micro_add(&rows[i].parks, o.parks);
            micro_add(&rows[i].park_us, o.park_us);
            micro_add(&rows[i].share, o.least_share);
        }
    for (size_t i = 0; i < n; i++) {
        const struct hot *h = &rows[i];
        printf(
            "| %s | %u | %u | %.0f us | %.2f | %.2f | %.0f %% | %.0f | %.0f | %.0f | %.0f %% |\n",
            c->command, keep, h->threads, h->spin_ns / 1000.0, micro_most(&h->rate),
            micro_median(&h->rate), 100 * micro_median(&h->rate) / micro_median(&rows[0].rate),
            micro_least(&h->cpu), micro_median(&h->parks), micro_median(&h->park_us),
            100 * micro_median(&h->share));
    }
}

static void part_hot(void)
{
    static const struct hot all[] = {
        {.threads = 1, .spin_ns = 2000}, {.threads = 2, .spin_ns = 0},
        {.threads = 2, .spin_ns = 1000}, {.threads = 2, .spin_ns = 2000},
        {.threads = 4, .spin_ns = 0},    {.threads = 4, .spin_ns = 1000},
        {.threads = 4, .spin_ns = 2000}, {.threads = 2, .spin_ns = 4000},
    };
    enum { ROWS = sizeof all / sizeof *all };
    static const uint32_t keeps[] = {1, 4, 16, 32};
    struct hot rows[ROWS];
    char title[250];
    snprintf(title, sizeof title,
             "Hot: all threads on one key, batches of 32; %llu rounds of %llu ms in turn; a parked "
             "thread sleeps.  Of one thread: medians.  Least share: of an even one",
             (unsigned long long)rounds, (unsigned long long)slice_ms);
    micro_head(title, "command | kept for | threads | spin | M/s, best | M/s, median | of one "
                      "thread | CPU ns, least | parks a million | us a park | least share");
    struct crowd c = {.command = "INCR", .words = 2, .sleep = true};
    bed_init(&c.bed, SEATS_MAX);
    for (size_t k = 0; k < sizeof keeps / sizeof *keeps; k++) {
        memcpy(rows, all, sizeof all);
        measure_hot(&c, keeps[k], rows, ROWS);
    }
    c.command = "GET";
    memcpy(rows, all, sizeof all);
    measure_hot(&c, 16, rows, ROWS);
    bed_release(&c.bed);
}

/* --- alone ----------------------------------------------------------------------------------- */

static double lock_pair_ns(struct keyspace *ks)
{
    enum { LOOPS = 1000 };
    const int64_t start = micro_cpu_ns();
    for (int loop = 0; loop < LOOPS; loop++)
        for (uint32_t i = 0; i < ks->count; i++) {
            LK_ASSERT(shard_lock_or_ask(&ks->shards[i], 0, 0));
            shard_unlock(&ks->shards[i]);
        }
    return (double)(micro_cpu_ns() - start) / LOOPS / ks->count;
}

static double lock_set_ns(struct keyspace *ks, uint32_t keys)
{
    enum { LOOPS = 2000 };
    struct lock_set *l = lock_set_new(ks);
    struct rng rng;
    rng_seed(&rng, keys);
    int64_t took = 0;
    for (int loop = 0; loop < LOOPS; loop++) {
        uint32_t shard[1000];
        for (uint32_t i = 0; i < keys; i++)
            shard[i] = (uint32_t)rng_below(&rng, ks->count);
        const int64_t start = (int64_t)clock_ticks();
        lock_set_clear(l);
        for (uint32_t i = 0; i < keys; i++)
            lock_set_add(l, shard[i]);
        LK_ASSERT(lock_set_try(l, ks, 0));
        lock_set_unlock(l, ks);
        took += (int64_t)clock_ticks() - start;
    }
    lock_set_free(l);
    return (double)clock_ticks_to_ns((uint64_t)took) / LOOPS;
}

static void part_alone(void)
{
    struct bed bed;
    bed_init(&bed, 1);
    char title[120];
    snprintf(title, sizeof title, "Alone: lock and unlock without rivals, least of %llu runs",
             (unsigned long long)rounds);
    micro_head(title, "what | ns | ns a key");
    struct micro_runs pair = {.n = 0};
    for (uint64_t r = 0; r < rounds; r++)
        micro_add(&pair, lock_pair_ns(bed.ks));
    printf("| one shard, each of 1,024 in turn | %.1f | %.1f |\n", micro_least(&pair),
           micro_least(&pair));
    for (uint32_t keys = 10; keys <= 1000; keys *= 10) {
        struct micro_runs set = {.n = 0};
        for (uint64_t r = 0; r < rounds; r++)
            micro_add(&set, lock_set_ns(bed.ks, keys));
        printf("| set of %u keys | %.0f | %.1f |\n", keys, micro_least(&set),
               micro_least(&set) / keys);
    }
    bed_release(&bed);
}

/* --- wide ------------------------------------------------------------------------------------ */

enum { WIDE_KEYS = 100000, WIDE_MAX = 1000 };

static void *write_singles(void *arg)
{
    struct member *m = arg;
    struct rng rng;
    rng_seed(&rng, 7);
    while (!load_relaxed(&m->crowd->stop)) {
        for (uint32_t i = 0; i < DISPATCH_BATCH; i++)
            seat_command(m->seat, i, 3, "SET", seat_key(m->seat, i, rng_below(&rng, WIDE_KEYS)),
                         bytes_cstr("0123456789abcdef"));
        dispatch_enter(m->seat->d);
        seat_run(m->seat, DISPATCH_BATCH, true);
        dispatch_leave(m->seat->d);
        m->commands += DISPATCH_BATCH;
    }
    bed_retry(&m->crowd->bed, UINT64_MAX);
    return NULL;
}

struct wide {
    uint64_t commands, parks, waits;
    struct hist hist;
};

static void run_wide(struct seat *s, uint32_t keys, struct wide *out)
{
    static struct bytes words[WIDE_MAX + 1];
    static char text[WIDE_MAX][SEAT_WORD_CHARS];
    struct rng rng;
    rng_seed(&rng, keys);
    memset(out, 0, sizeof *out);
    s->parks = 0;
    const uint64_t waits = stats_read(&dispatcher_stats(s->d)->token_waits);
    words[0] = bytes_cstr("MGET");
    const int64_t end = clock_mono_ns() + (int64_t)slice_ms * 3000000;
    while (clock_mono_ns() < end) {
        for (uint32_t i = 0; i < keys; i++) {
            const struct bytes key = seat_key(s, 0, rng_below(&rng, WIDE_KEYS));
            memcpy(text[i], key.data, key.size);
            words[i + 1] = bytes_of(text[i], key.size);
        }
        s->pending[0] = (struct pending){.session = &s->session, .args = {words, keys + 1}};
        const uint64_t start = clock_ticks();
        dispatch_enter(s->d);
        seat_run(s, 1, true);
        dispatch_leave(s->d);
        hist_add(&out->hist, clock_ticks_to_ns(clock_ticks() - start), 1);
        out->commands++;
    }
    out->parks = s->parks;
    out->waits = stats_read(&dispatcher_stats(s->d)->token_waits) - waits;
}

static void measure_wide(struct crowd *c, uint32_t keys, uint32_t rivals)
{
    static struct wide w;
    pthread_t thread[SEATS_MAX];
    struct member m[SEATS_MAX];
    c->stop = 0;
    for (uint32_t i = 1; i <= rivals; i++) {
        m[i] = (struct member){c, &c->bed.seats[i], 0, 0};
        LK_ASSERT(pthread_create(&thread[i], NULL, write_singles, &m[i]) == 0);
    }
    run_wide(&c->bed.seats[0], keys, &w);
    store_relaxed(&c->stop, 1);
    uint64_t singles = 0;
    for (uint32_t i = 1; i <= rivals; i++) {
        bed_retry(&c->bed, UINT64_MAX);
        pthread_join(thread[i], NULL);
        singles += m[i].commands;
    }
    printf(
        "| %u | %u | %.0f | %.1f | %.1f | %.2f %% | %.3f %% | %.2f |\n", keys, rivals,
        (double)w.commands * 1000 / (3.0 * (double)slice_ms),
        (double)hist_percentile(&w.hist, 0.5) / 1000, (double)hist_percentile(&w.hist, 0.99) / 1000,
        100.0 * (double)w.parks / (double)w.commands, 100.0 * (double)w.waits / (double)w.commands,
        (double)singles / (3e3 * (double)slice_ms));
}

static void part_wide(void)
{
    micro_head("Wide: MGET beside threads that SET random keys of 100,000; wall time",
               "keys | writers | MGET/s | p50, us | p99, us | parked | waited with token | M SET/s "
               "of the writers");
    struct crowd c = {.sleep = true};
    bed_init(&c.bed, SEATS_MAX);
    bed_fill(&c.bed, WIDE_KEYS);
    for (uint32_t keys = 10; keys <= WIDE_MAX; keys *= 10) {
        measure_wide(&c, keys, 0);
        measure_wide(&c, keys, 1);
        measure_wide(&c, keys, 3);
    }
    bed_release(&c.bed);
}

/* --- held ------------------------------------------------------------------------------------ */

static void run_held(struct seat *s, struct session *stuck, bool with_stuck, struct hist *h)
{
    struct rng rng;
    rng_seed(&rng, 3);
    memset(h, 0, sizeof *h);
    const int64_t end = clock_mono_ns() + (int64_t)slice_ms * 3000000;
    while (clock_mono_ns() < end) {
        /* A retry of the stuck session now and then, as cron and other unlocks cause it. */
        if (with_stuck) {
            stuck->parked = false;
            seat_command(s, 0, 2, "INCR", bytes_cstr("counter"), bytes_cstr(""));
            s->pending[0].session = stuck;
            dispatch_enter(s->d);
            dispatch_run(s->d, s->pending, 1);
            dispatch_leave(s->d);
            LK_ASSERT(s->pending[0].state == PENDING_PARKED);
        }
        for (int batch = 0; batch < 100; batch++) {
            for (uint32_t i = 0; i < 16; i++)
                seat_command(s, i, 2, "GET", seat_key(s, i, rng_below(&rng, WIDE_KEYS)),
                             bytes_cstr(""));
            const int64_t start = micro_cpu_ns();
            dispatch_enter(s->d);
            dispatch_run(s->d, s->pending, 16);
            dispatch_leave(s->d);
            hist_add(h, (uint64_t)(micro_cpu_ns() - start), 1);
            for (uint32_t i = 0; i < 16; i++)
                if (s->pending[i].state == PENDING_PARKED)
                    s->session.parked = false; /* a key of the held shard: not counted here */
            reply_clear(&s->session.reply);
        }
    }
}

static void part_held(void)
{
    static struct hist free_shard, held;
    struct session stuck;
    struct bed bed;
    bed_init(&bed, 1);
    bed_fill(&bed, WIDE_KEYS);
    session_init(&stuck, 99);
    run_held(&bed.seats[0], &stuck, false, &free_shard);
    struct shard *shard = keyspace_shard(bed.ks, keyspace_hash(bed.ks, bytes_cstr("counter")));
    shard_lock(shard);
    run_held(&bed.seats[0], &stuck, true, &held);
    shard_unlock(shard);
    session_release(&stuck);
    micro_head("Held: CPU us of a batch of 16 GET while another thread holds a shard and a session "
               "of this worker wants it",
               "shard | p50 | p99 | p99.9 | longest");
    const struct hist *both[] = {&free_shard, &held};
    for (int i = 0; i < 2; i++)
        printf("| %s | %.2f | %.2f | %.2f | %.1f |\n", i ? "held" : "free",
               (double)hist_percentile(both[i], 0.5) / 1000,
               (double)hist_percentile(both[i], 0.99) / 1000,
               (double)hist_percentile(both[i], 0.999) / 1000, (double)both[i]->max / 1000);
    bed_release(&bed);
}

int main(int argc, char **argv)
{
    const struct micro_option options[] = {
        {"slice", &slice_ms, "ms of a round"},
        {"rounds", &rounds, "of each row of hot and alone"},
        {"part", &part, "1 hot, 2 alone, 3 wide, 4 held, 0 all"},
    };
    micro_options(argc, argv, options, sizeof options / sizeof *options);
    hash_process_key = (struct hash_key){1, 2};
    if (part == 0 || part == 1)
        part_hot();
    if (part == 0 || part == 2)
        part_alone();
    if (part == 0 || part == 3)
        part_wide();
    if (part == 0 || part == 4)
        part_held();
    return 0;
}
