/*
 * micro_mem.c — is the count of used bytes right, and what do mass frees cost?
 *
 *   error   mem_used() against the allocator's own figure after random work of several threads
 *           that free each other's blocks
 *   frees   FLUSHALL: the command, the thread that frees, and what a worker's SETs cost meanwhile
 */
#include "bench/micro_bed.h"
#include "core/base/atomic.h"
#include "core/store/lazy_free.h"

static uint64_t threads = 4, operations = 1000000, keys_count = 1000000, runs = 3, part = 0;

/* --- error ----------------------------------------------------------------------------------- */

enum { THREADS_MAX = 8, BOARD = 4096 };

/* Blocks that lie about for anybody to free, grow or replace. */
struct board {
    struct block {
        uint32_t lock; /* __atomic */
        void *p;
        size_t size;
    } block[BOARD];
};

struct kind {
    const char *name;
    size_t least, most;
    bool aligned;
};

static const struct kind kinds[] = {
    {"8 to 128 bytes", 1, 128, false},
    {"8 bytes to 4 KiB", 1, 4096, false},
    {"table pages and other aligned ones", 64, 4096, true},
    {"1 to 512 KiB", 1024, 512 * 1024, false},
    {"8 bytes to 64 KiB, even by size class", 1, 65536, false},
};

struct job {
    struct board *board;
    const struct kind *kind;
    uint64_t seed, operations;
};

/* Even by logarithm, so that each class is met as often. */
static size_t draw_size(struct rng *rng, const struct kind *k)
{
    size_t most = k->least;
    while (most < k->most && rng_below(rng, 6) != 0)
        most *= 2;
    if (most > k->most)
        most = k->most;
    const size_t size = k->least + rng_below(rng, most - k->least + 1);
    return k->aligned ? (size + LK_CACHE_LINE - 1) & ~(size_t)(LK_CACHE_LINE - 1) : size;
}

static void *block_new(const struct kind *k, size_t size)
{
    return k->aligned ? mem_alloc_aligned(size, LK_CACHE_LINE) : mem_alloc(size);
}

static void work_at(struct block *b, const struct kind *k, struct rng *rng)
{
    const size_t size = draw_size(rng, k);
    if (!b->p) {
        b->p = block_new(k, size);
        b->size = size;
    } else if (k->aligned || rng_below(rng, 3) > 0) {
        mem_free(b->p, b->size);
        b->p = NULL;
    } else {
        b->p = mem_realloc(b->p, b->size, size);
        b->size = size;
    }
}

static void *work(void *arg)
{
    const struct job *j = arg;
    struct rng rng;
    rng_seed(&rng, j->seed);
    for (uint64_t i = 0; i < j->operations; i++) {
        struct block *b = &j->board->block[rng_below(&rng, BOARD)];
        uint32_t open = 0;
        if (!__atomic_compare_exchange_n(&b->lock, &open, 1, false, __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED))
            continue;
        work_at(b, j->kind, &rng);
        store_release(&b->lock, 0);
    }
    return NULL;
}

static void run_workers(struct board *board, const struct kind *k)
{
    pthread_t thread[THREADS_MAX];
    struct job job[THREADS_MAX];
    for (uint64_t i = 0; i < threads; i++) {
        job[i] = (struct job){board, k, i + 1, operations / threads};
        LK_ASSERT(pthread_create(&thread[i], NULL, work, &job[i]) == 0);
    }
    for (uint64_t i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
}

static void report_error(const char *name, double used, double allocated)
{
    printf("| %s | %.3f | %.3f | %+.0f | %+.4f %% |\n", name, used / 1e6, allocated / 1e6,
           used - allocated, 100 * (used - allocated) / allocated);
}

/* What was allocated before, and what the allocator keeps for itself and libc, is taken off. */
static void measure_error(const struct kind *k)
{
    struct board *board = mem_new(struct board);
    run_workers(board, k); /* threads, arenas and their blocks come into being here */
    for (int i = 0; i < BOARD; i++) {
        if (board->block[i].p)
            mem_free(board->block[i].p, board->block[i].size);
        board->block[i].p = NULL;
    }
    struct mem_stats before, after;
    mem_stats_get(&before);
    const size_t used_before = mem_used();
    run_workers(board, k);
    mem_stats_get(&after);
    report_error(k->name, (double)(mem_used() - used_before),
                 (double)after.allocated - (double)before.allocated);
    for (int i = 0; i < BOARD; i++)
        if (board->block[i].p)
            mem_free(board->block[i].p, board->block[i].size);
    mem_delete(board);
}

static void *fill_keyspace(void *arg)
{
    struct bed *b = arg;
    bed_init(b, 1);
    bed_fill(b, keys_count);
    return NULL;
}

/*
 * The allocator counts what a thread's cache keeps as allocated.  A thread that has ended keeps
 * nothing; the whole process does, and shows what INFO would say on a server that is at work.
 */
static void measure_keyspace_error(void)
{
    struct mem_stats before, after;
    pthread_t thread;
    struct bed b;
    mem_stats_get(&before);
    const size_t used_before = mem_used();
    LK_ASSERT(pthread_create(&thread, NULL, fill_keyspace, &b) == 0);
    pthread_join(thread, NULL);
    mem_stats_get(&after);
    report_error("a keyspace of small strings", (double)(mem_used() - used_before),
                 (double)after.allocated - (double)before.allocated);
    for (int i = 0; i < 100; i++)
        bed_fill(&b, 1000);
    mem_stats_get(&after);
    report_error("the whole process with it, caches and all", (double)mem_used(),
                 (double)after.allocated);
    bed_release(&b);
}

static void part_error(void)
{
    char title[200];
    snprintf(title, sizeof title,
             "Error: mem_used() against %s's stats.allocated, growth of both after %s random "
             "allocs, frees and reallocs of %llu threads on each other's blocks",
             mem_allocator_name(), micro_count(operations), (unsigned long long)threads);
    micro_head(title, "blocks | used, MB | allocated, MB | difference, bytes | error");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        measure_error(&kinds[i]);
    measure_keyspace_error();
}

/* --- frees ----------------------------------------------------------------------------------- */

/* CPU time of all other threads of the process: of the one that frees, as nobody else works. */
static double others_cpu_ns(void)
{
    struct timespec all;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &all);
    return (double)all.tv_sec * 1e9 + (double)all.tv_nsec - (double)micro_cpu_ns();
}

/* SETs of new values over keys of another database, until done says so; CPU ns a SET. */
static double set_ns(struct bed *b, bool (*done)(struct bed *b, uint64_t sets), uint64_t *sets)
{
    struct seat *s = &b->seats[0];
    struct rng rng;
    rng_seed(&rng, 9);
    static const char value[] = "0123456789abcdef0123456789abcdef0123456789abcdef";
    int64_t cpu = 0;
    *sets = 0;
    s->session.db = 1;
    while (!done(b, *sets)) {
        const int64_t start = micro_cpu_ns();
        for (uint32_t i = 0; i < DISPATCH_BATCH; i++)
            seat_command(s, i, 3, "SET", seat_key(s, i, rng_below(&rng, 100000)),
                         bytes_of(value, 20 + rng_below(&rng, 28)));
        dispatch_enter(s->d);
        seat_run(s, DISPATCH_BATCH, true);
        dispatch_leave(s->d);
        cpu += micro_cpu_ns() - start;
        *sets += DISPATCH_BATCH;
    }
    s->session.db = 0;
    return *sets ? (double)cpu / (double)*sets : 0;
}

static bool enough(struct bed *b, uint64_t sets)
{
    (void)b;
    return sets >= 500000;
}

static bool all_freed(struct bed *b, uint64_t sets)
{
    (void)sets;
    return lazy_free_pending(b->ks->lazy) == 0;
}

static int64_t flush_ns(struct bed *b)
{
    struct seat *s = &b->seats[0];
    seat_command(s, 0, 1, "FLUSHDB", bytes_cstr(""), bytes_cstr(""));
    const int64_t start = micro_cpu_ns();
    dispatch_enter(s->d);
    seat_run(s, 1, true);
    dispatch_leave(s->d);
    return micro_cpu_ns() - start;
}

static double delete_ns(struct bed *b)
{
    struct seat *s = &b->seats[0];
    const int64_t start = micro_cpu_ns();
    for (uint64_t at = 0; at < keys_count;) {
        uint32_t n = 0;
        for (; n < DISPATCH_BATCH && at < keys_count; n++, at++)
            seat_command(s, n, 2, "DEL", seat_key(s, n, at), bytes_cstr(""));
        dispatch_enter(s->d);
        seat_run(s, n, true);
        dispatch_leave(s->d);
    }
    return (double)(micro_cpu_ns() - start) / (double)keys_count;
}

static void part_frees(void)
{
    struct micro_runs flush = {.n = 0}, quiet = {.n = 0}, busy = {.n = 0}, lazy = {.n = 0},
                      during = {.n = 0}, del = {.n = 0};
    for (uint64_t r = 0; r < runs; r++) {
        struct bed b;
        uint64_t sets = 0;
        bed_init(&b, 1);
        bed_fill(&b, keys_count);
        set_ns(&b, enough, &sets); /* its keys come into being */
        micro_add(&quiet, set_ns(&b, enough, &sets));
        const double before = others_cpu_ns();
        micro_add(&flush, (double)flush_ns(&b) / 1000);
        micro_add(&busy, set_ns(&b, all_freed, &sets));
        micro_add(&during, (double)sets);
        micro_add(&lazy, (others_cpu_ns() - before) / (double)keys_count);
        bed_fill(&b, keys_count);
        micro_add(&del, delete_ns(&b));
        bed_release(&b);
    }
    char title[160];
    snprintf(title, sizeof title, "Frees: %s keys with 32-byte values; CPU time, median of %llu",
             micro_count(keys_count), (unsigned long long)runs);
    micro_head(title, "what | figure");
    printf("| FLUSHDB itself | %.0f us |\n", micro_median(&flush));
    printf("| the freeing thread | %.0f ns a key |\n", micro_median(&lazy));
    printf("| SET in another database, before | %.0f ns |\n", micro_median(&quiet));
    printf("| SET in another database, while the keys are freed (%.0f of them) | %.0f ns |\n",
           micro_median(&during), micro_median(&busy));
    printf("| DEL one by one | %.0f ns a key |\n", micro_median(&del));
}

int main(int argc, char **argv)
{
    const struct micro_option options[] = {
        {"threads", &threads, "of error, at most 8"},
        {"operations", &operations, "of each row of error"},
        {"keys", &keys_count, "in the keyspace"},
        {"runs", &runs, "of frees"},
        {"part", &part, "1 error, 2 frees, 0 both"},
    };
    micro_options(argc, argv, options, sizeof options / sizeof *options);
    LK_ASSERT(threads > 0 && threads <= THREADS_MAX);
    if (part == 0 || part == 1)
        part_error();
    if (part == 0 || part == 2)
        part_frees();
    return 0;
}
