/*
 * micro_view.c — what an open snapshot view costs the writers.
 *
 *   clone   copying a page of 63 buckets, warm and cold
 *   freeze  copying the directory, at the first write to a table after a cut
 *   write   CPU time of each single SET while views are cut, read and closed back to back, and
 *           without; bytes held for the view; under uniform and zipf keys
 *
 * The reader of the view copies each entry and spends some time on it, as a writer of RDB does.
 */
#include "bench/load/hist.h"
#include "bench/load/keys.h"
#include "bench/micro_bed.h"
#include "core/base/atomic.h"
#include "core/ds/table_priv.h"
#include "core/store/view.h"

static uint64_t keys_count = 1000000, seconds = 2, entry_ns = 200, runs = 5, part = 0;

/* --- clone ----------------------------------------------------------------------------------- */

enum { CLONE_PAGES = 20000 };

struct kept {
    struct cow cow;
    void *p[CLONE_PAGES];
    size_t size[CLONE_PAGES], n;
};

static void keep(struct cow *cow, void *p, size_t size)
{
    struct kept *k = (struct kept *)cow;
    k->p[k->n] = p;
    k->size[k->n++] = size;
}

/* warm: each page was read just before. */
static double clone_ns(bool warm)
{
    enum { BATCH = 16 };
    static struct kept k;
    struct table t;
    table_init(&t, 0, 0);
    t.live = dir_new(CLONE_PAGES * TABLE_PAGE_BUCKETS);
    for (uint32_t i = 0; i < CLONE_PAGES; i++)
        dir_own_page(&t, t.live, i, NULL);
    k.n = 0;
    k.cow = (struct cow){.epoch = 1, .defer = keep};
    int64_t ticks = 0;
    volatile uint64_t sink = 0;
    struct micro_runs batches = {.n = 0};
    uint32_t in_run = 0;
    for (uint32_t i = 0; i < CLONE_PAGES; i += BATCH) {
        for (uint32_t j = 0; warm && j < BATCH; j++)
            for (uint32_t b = 0; b < TABLE_PAGE_BUCKETS; b++)
                sink = sink + t.live->page[(i + j) % CLONE_PAGES]->bucket[b].tags;
        const uint64_t start = clock_ticks();
        for (uint32_t j = 0; j < BATCH; j++)
            dir_own_page(&t, t.live, i + j, &k.cow);
        ticks += (int64_t)(clock_ticks() - start);
        if (++in_run == CLONE_PAGES / BATCH / MICRO_RUNS_MAX) {
            micro_add(&batches, (double)clock_ticks_to_ns((uint64_t)ticks) / (BATCH * in_run));
            ticks = 0;
            in_run = 0;
            if (batches.n == MICRO_RUNS_MAX)
                break;
        }
    }
    for (size_t i = 0; i < k.n; i++)
        mem_free(k.p[i], k.size[i]);
    table_release(&t, NULL, NULL);
    return micro_median(&batches);
}

static void part_clone(void)
{
    struct micro_runs warm = {.n = 0}, cold = {.n = 0};
    for (uint64_t r = 0; r < runs; r++) {
        micro_add(&warm, clone_ns(true));
        micro_add(&cold, clone_ns(false));
    }
    char title[120];
    snprintf(title, sizeof title, "Clone: a page of 4 KiB with its new block, ns; %llu runs",
             (unsigned long long)runs);
    micro_head(title, "page | ns, least | ns, median");
    printf("| read just before | %.0f | %.0f |\n", micro_least(&warm), micro_median(&warm));
    printf("| not in the cache | %.0f | %.0f |\n", micro_least(&cold), micro_median(&cold));
}

/* --- freeze ---------------------------------------------------------------------------------- */

/* The directory is copied whole; the pages need not be there for that. */
static struct micro_runs freeze_ns(uint32_t pages)
{
    struct table t;
    struct micro_runs ns = {.n = 0};
    table_init(&t, 0, 0);
    t.live = dir_new(pages * TABLE_PAGE_BUCKETS);
    /* Untouched memory would be one page of zeros, and cheap to read. */
    memset(t.live->page, 0xff, pages * sizeof t.live->page[0]);
    const uint32_t loops = pages < 1000 ? 1000 : 1;
    for (uint64_t r = 0; r < runs; r++) {
        uint64_t ticks = 0;
        for (uint32_t i = 0; i < loops; i++) {
            struct table_image image;
            const uint64_t start = clock_ticks();
            table_freeze(&t, t.epoch + 1, &image);
            ticks += clock_ticks() - start;
            table_image_release(&image, NULL);
        }
        micro_add(&ns, (double)clock_ticks_to_ns(ticks) / loops);
    }
    memset(t.live->page, 0, pages * sizeof t.live->page[0]);
    table_release(&t, NULL, NULL);
    return ns;
}

static void part_freeze(void)
{
    static const uint32_t pages[] = {1, 3, 24, 512, 2340, 23400, 234000};
    char title[120];
    snprintf(title, sizeof title,
             "Freeze: the first write to a table after a cut copies its directory; %llu runs",
             (unsigned long long)runs);
    micro_head(title, "pages | entries at 85 % of 504 | us, least | us, most");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        const struct micro_runs ns = freeze_ns(pages[i]);
        printf("| %u | %.0f | %.2f | %.2f |\n", pages[i], pages[i] * 504 * 0.85,
               micro_least(&ns) / 1000, micro_most(&ns) / 1000);
    }
}

/* --- write ----------------------------------------------------------------------------------- */

struct cutter {
    struct keyspace *ks;
    uint32_t stop; /* __atomic */
    uint64_t views, entries, held_most, ns;
    char *copy;
};

static void read_entry(struct cutter *c, const struct entry *e)
{
    const size_t size = entry_size(e);
    memcpy(c->copy, e, size < 4096 ? size : 4096);
    if (++c->entries % 64 == 0) {
        const size_t held = view_held_bytes(c->ks);
        c->held_most = held > c->held_most ? held : c->held_most;
        const uint64_t start = clock_ticks(), wanted = entry_ns * 64;
        while (clock_ticks_to_ns(clock_ticks() - start) < wanted)
            ;
    }
}

static void *cut_back_to_back(void *arg)
{
    struct cutter *c = arg;
    c->copy = mem_alloc(4096);
    while (!load_relaxed(&c->stop)) {
        const int64_t start = clock_mono_ns();
        gate_close(&c->ks->gate);
        struct view *v = view_cut(c->ks);
        gate_open(&c->ks->gate);
        const struct entry *e;
        uint32_t db;
        while (!load_relaxed(&c->stop) && (e = view_next(v, &db)) != NULL)
            read_entry(c, e);
        const bool whole = view_is_whole(v);
        view_close(v);
        c->views += whole;
        c->ns += whole ? (uint64_t)(clock_mono_ns() - start) : 0;
    }
    mem_free(c->copy, 4096);
    return NULL;
}

struct cost {
    struct hist hist;
    uint64_t sets;
};

/* One SET at a time, so that percentiles are of commands; what reading the clock takes goes off. */
static void write_for(struct bed *b, struct keys *k, int64_t ns, struct cost *out)
{
    static const char value[] = "0123456789ABCDEF0123456789ABCDEF";
    struct seat *s = &b->seats[0];
    int64_t clock_cost = INT64_MAX;
    for (int i = 0; i < 1000; i++) {
        const int64_t start = micro_cpu_ns(), took = micro_cpu_ns() - start;
        clock_cost = took < clock_cost ? took : clock_cost;
    }
    memset(out, 0, sizeof *out);
    for (const int64_t end = clock_mono_ns() + ns; clock_mono_ns() < end;) {
        for (int batch = 0; batch < 16; batch++) {
            dispatch_enter(s->d);
            for (int i = 0; i < 16; i++) {
                /* Scattered over the table, as hot keys are. */
                const uint64_t key = keys_next(k) * 7919 % keys_count;
                seat_command(s, 0, 3, "SET", seat_key(s, 0, key), bytes_of(value, 32));
                const int64_t start = micro_cpu_ns();
                dispatch_run(s->d, s->pending, 1);
                int64_t took = micro_cpu_ns() - start - clock_cost;
                if (s->pending[0].state == PENDING_PARKED) {
                    s->session.parked = false;
                    seat_run(s, 1, true);
                }
                hist_add(&out->hist, took > 0 ? (uint64_t)took : 0, 1);
            }
            dispatch_leave(s->d);
            reply_clear(&s->session.reply);
            out->sets += 16;
        }
    }
}

static void measure(struct bed *b, enum key_dist dist, bool views)
{
    static struct cost cost;
    struct keys k;
    keys_init(&k, &(struct key_shape){.dist = dist, .count = keys_count, .theta = 0.99}, 1, 0, 1);
    struct cutter c = {.ks = b->ks};
    pthread_t thread;
    b->seats[0].parks = 0;
    if (views)
        LK_ASSERT(pthread_create(&thread, NULL, cut_back_to_back, &c) == 0);
    write_for(b, &k, (int64_t)seconds * 1000000000, &cost);
    if (views) {
        store_relaxed(&c.stop, 1);
        pthread_join(thread, NULL);
    }
    keys_release(&k);
    const struct hist *h = &cost.hist;
    printf("| %s | %s | %.0f | %llu | %llu | %.1f | %.1f | %.1f | %llu ",
           dist == KEYS_ZIPF ? "zipf 0.99" : "uniform", views ? "back to back" : "none",
           hist_mean(h), (unsigned long long)hist_percentile(h, 0.5),
           (unsigned long long)hist_percentile(h, 0.99), (double)hist_percentile(h, 0.999) / 1000,
           (double)hist_percentile(h, 0.9999) / 1000, (double)h->max / 1000,
           (unsigned long long)b->seats[0].parks);
    if (views && c.views)
        printf("| %.0f ", (double)c.ns / 1e6 / (double)c.views);
    else
        printf("| %s ", views ? "none whole" : "");
    printf("| %.2f ", (double)cost.sets / ((double)seconds * 1e6));
    if (views)
        printf("| %.1f | %.1f |\n", (double)c.held_most / 1e6,
               (double)c.held_most / (double)keys_count);
    else
        printf("| | |\n");
}

static void part_write(void)
{
    struct bed b;
    bed_init(&b, 1);
    bed_fill(&b, keys_count);
    char title[250];
    snprintf(title, sizeof title,
             "Write: one thread, single SETs of 32 bytes over %s keys for %llu s each; CPU time a "
             "SET; the view's reader spends %llu ns an entry",
             micro_count(keys_count), (unsigned long long)seconds, (unsigned long long)entry_ns);
    micro_head(title,
               "keys | views | mean, ns | p50, ns | p99, ns | p99.9, us | p99.99, us | longest, us "
               "| parked | ms a view | M SET/s | MB held at most | held bytes a key");
    for (int round = 0; round < 2; round++) {
        measure(&b, round ? KEYS_ZIPF : KEYS_UNIFORM, false);
        measure(&b, round ? KEYS_ZIPF : KEYS_UNIFORM, true);
    }
    bed_release(&b);
}

int main(int argc, char **argv)
{
    const struct micro_option options[] = {
        {"keys", &keys_count, "in the keyspace"},
        {"seconds", &seconds, "of each row of write"},
        {"entry-ns", &entry_ns, "the reader of a view spends on an entry"},
        {"runs", &runs, "of clone"},
        {"part", &part, "1 clone, 2 write, 3 freeze, 0 all"},
    };
    micro_options(argc, argv, options, sizeof options / sizeof *options);
    if (part == 0 || part == 1)
        part_clone();
    if (part == 0 || part == 3)
        part_freeze();
    if (part == 0 || part == 2)
        part_write();
    return 0;
}
