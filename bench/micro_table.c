/*
 * micro_table.c — how full a table may be, and by how much it should grow.
 *
 *   fill     new key, hit and miss at a fixed fill; lines read, which no neighbour can disturb
 *   growth   loading n keys into 1,024 tables: time, and bytes of pages a key
 *   stall    the longest insert, when a page of the old directory has to be moved
 *
 * table_move.c is compiled into this program, so that its figures can vary.
 */
#include "bench/micro.h"
#include "core/ds/table_priv.h"

static struct {
    uint32_t grow_permille, grown_permille, tail_buckets;
} tuned = {800, 1250, TABLE_PAGE_BUCKETS};

#define TABLE_GROW_PERMILLE  tuned.grow_permille
#define TABLE_GROWN_PERMILLE tuned.grown_permille
#define TABLE_TAIL_BUCKETS   tuned.tail_buckets
#include "core/ds/table_move.c"

enum { SHARD_BITS = 10, SHARDS = 1 << SHARD_BITS, KEY_CHARS = 16, VALUE_CHARS = 8, BATCH = 32 };

static uint64_t keys = 1000000, growth_keys = 0, runs = 3, part = 0;

static struct entry *entry_number(uint64_t i)
{
    char key[KEY_CHARS + 1];
    snprintf(key, sizeof key, "key:%012llu", (unsigned long long)i);
    struct entry *e = entry_try_new(bytes_of(key, KEY_CHARS), 0, VALUE_CHARS, ENTRY_NO_DEADLINE);
    memset(entry_payload(e), 'v', VALUE_CHARS);
    return e;
}

static struct entry **entries_new(uint64_t from, uint64_t n)
{
    struct entry **e = mem_alloc(n * sizeof *e);
    for (uint64_t i = 0; i < n; i++)
        e[i] = entry_number(from + i);
    return e;
}

static void entries_free(struct entry **e, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        entry_free(e[i]);
    mem_free(e, n * sizeof *e);
}

/* --- fill ------------------------------------------------------------------------------------ */

struct probe {
    struct entry *e;
    uint64_t hash;
};

/* One table of whole pages that never grows: 64 of them make a shard's share of many keys. */
static void fixed_init(struct table *t, uint64_t slots)
{
    table_init(t, 0, 0);
    const uint64_t pages = slots / (TABLE_PAGE_BUCKETS * TABLE_BUCKET_SLOTS);
    t->live = dir_new((uint32_t)(pages * TABLE_PAGE_BUCKETS));
    t->grow_at = UINT32_MAX;
    t->shrink_at = 0;
}

/* Buckets that a search for the hash reads before it may stop; a full page counts its overflow. */
static uint32_t lines_of_miss(const struct table *t, uint64_t hash)
{
    const uint32_t global = dir_bucket(t->live, table_position(t, hash));
    const struct table_page *p = t->live->page[global / TABLE_PAGE_BUCKETS];
    const uint32_t home = global % TABLE_PAGE_BUCKETS;
    uint32_t i = home, lines = 1;
    while (p && p->bucket[i].away > 0) {
        i = i + 1 == p->buckets ? 0 : i + 1;
        lines++;
        if (i == home)
            return lines + OVERFLOW_BUCKETS;
    }
    return lines;
}

static uint32_t lines_of_hit(const struct table *t, uint64_t hash, struct bytes key)
{
    struct table_loc loc;
    const struct entry *e = table_find(t, hash, key, &loc);
    LK_ASSERT(e != NULL);
    return 1 + (uint32_t)(loc.bucket + TABLE_PAGE_BUCKETS - loc.home) % TABLE_PAGE_BUCKETS;
}

/* As dispatch does it: a batch is prefetched in stages, then looked up. */
static void prefetch(const struct table *t, const struct probe *p, uint32_t n)
{
    const void *bucket[BATCH];
    for (uint32_t i = 0; i < n; i++)
        bucket[i] = table_prefetch_bucket(t, p[i].hash);
    for (uint32_t i = 0; i < n; i++)
        if (bucket[i])
            table_prefetch_entry(bucket[i], p[i].hash);
}

static double find_ns(const struct table *t, const struct probe *p, uint64_t n, bool there)
{
    uint64_t found = 0;
    const int64_t start = micro_cpu_ns();
    for (uint64_t at = 0; at + BATCH <= n; at += BATCH) {
        prefetch(t, &p[at], BATCH);
        for (uint32_t i = 0; i < BATCH; i++) {
            struct table_loc loc;
            found += table_find(t, p[at + i].hash, entry_key(p[at + i].e), &loc) != NULL;
        }
    }
    const int64_t took = micro_cpu_ns() - start;
    LK_ASSERT(found == (there ? n / BATCH * BATCH : 0));
    return (double)took / (double)(n / BATCH * BATCH);
}

/* A new key is a miss, then an insert. */
static double insert_ns(struct table *t, const struct probe *p, uint64_t n)
{
    const int64_t start = micro_cpu_ns();
    for (uint64_t at = 0; at + BATCH <= n; at += BATCH) {
        prefetch(t, &p[at], BATCH);
        for (uint32_t i = 0; i < BATCH; i++) {
            struct table_loc loc;
            if (!table_find(t, p[at + i].hash, entry_key(p[at + i].e), &loc))
                table_insert(t, NULL, p[at + i].hash, p[at + i].e);
        }
    }
    return (double)(micro_cpu_ns() - start) / (double)(n / BATCH * BATCH);
}

static void remove_all(struct table *t, const struct probe *p, uint64_t n)
{
    for (uint64_t i = 0; i < n / BATCH * BATCH; i++) {
        struct table_loc loc;
        bool seen;
        LK_ASSERT(table_find(t, p[i].hash, entry_key(p[i].e), &loc) == p[i].e);
        LK_ASSERT(table_remove(t, NULL, &loc, &seen) == p[i].e);
    }
}

static struct probe *probes_new(struct entry **e, uint64_t n, struct rng *shuffle)
{
    struct probe *p = mem_alloc(n * sizeof *p);
    for (uint64_t i = 0; i < n; i++)
        p[i] = (struct probe){e[i], hash_bytes(entry_key(e[i]))};
    for (uint64_t i = n; shuffle && i > 1; i--) {
        const uint64_t j = rng_below(shuffle, i);
        const struct probe swap = p[i - 1];
        p[i - 1] = p[j];
        p[j] = swap;
    }
    return p;
}

/* Inserts are measured around the fill: from 1 % below it to 1 % above. */
static void measure_fill(uint32_t permille, struct entry **e, struct entry **strangers,
                         uint64_t stranger_count)
{
    struct table t;
    fixed_init(&t, keys);
    const uint64_t slots = (uint64_t)t.live->buckets * TABLE_BUCKET_SLOTS;
    const uint64_t base = slots * (permille - 10) / 1000, at_fill = slots * permille / 1000;
    const uint64_t late = slots * 20 / 1000;
    struct rng rng;
    rng_seed(&rng, permille);
    struct probe *in = probes_new(e, base, NULL), *tail = probes_new(e + base, late, NULL);
    struct probe *miss = probes_new(strangers, stranger_count, NULL);
    for (uint64_t i = 0; i < base; i++)
        table_insert(&t, NULL, in[i].hash, in[i].e);

    struct micro_runs insert = {.n = 0}, hit = {.n = 0}, missed = {.n = 0};
    for (uint64_t run = 0; run < runs; run++) {
        micro_add(&insert, insert_ns(&t, tail, late));
        remove_all(&t, tail, late);
    }
    for (uint64_t i = 0; i < at_fill - base; i++)
        table_insert(&t, NULL, tail[i].hash, tail[i].e);
    struct probe *mixed = probes_new(e, base, &rng);
    const uint64_t some = base < stranger_count ? base : stranger_count;
    for (uint64_t run = 0; run < runs; run++) {
        micro_add(&hit, find_ns(&t, mixed, some, true));
        micro_add(&missed, find_ns(&t, miss, stranger_count, false));
    }
    uint64_t miss_lines = 0, hit_lines = 0;
    for (uint64_t i = 0; i < stranger_count; i++)
        miss_lines += lines_of_miss(&t, miss[i].hash);
    for (uint64_t i = 0; i < some; i++)
        hit_lines += lines_of_hit(&t, mixed[i].hash, entry_key(mixed[i].e));
    struct table_shape shape;
    table_shape_get(&t, &shape);
    printf("| %u %% | %.1f | %.1f | %.1f | %.3f | %.3f | %.2f %% | %u of %u | %.2f |\n",
           permille / 10, micro_least(&insert), micro_least(&hit), micro_least(&missed),
           (double)hit_lines / (double)some, (double)miss_lines / (double)stranger_count,
           100.0 * shape.guests / t.count, shape.overflow_pages, shape.pages,
           (double)table_page_bytes(&t) / t.count);

    table_release(&t, NULL, NULL);
    mem_free(in, base * sizeof *in);
    mem_free(tail, late * sizeof *tail);
    mem_free(mixed, base * sizeof *mixed);
    mem_free(miss, stranger_count * sizeof *miss);
}

static void part_fill(void)
{
    static const uint32_t fills[] = {500, 680, 760, 800, 820, 850, 880, 900};
    char title[160];
    snprintf(title, sizeof title,
             "Fill: one table of %s slots, 16-byte keys, batches of 32 prefetched in stages; CPU "
             "ns, least of %llu",
             micro_count(keys), (unsigned long long)runs);
    micro_head(title, "fill | new key | hit | miss | lines a hit | lines a miss | guests | pages "
                      "with overflow | bytes a key");
    const uint64_t stranger_count = keys / 4;
    struct entry **e = entries_new(0, keys), **s = entries_new(keys, stranger_count);
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++)
        measure_fill(fills[i], e, s, stranger_count);
    entries_free(e, keys);
    entries_free(s, stranger_count);
}

/* --- growth ---------------------------------------------------------------------------------- */

struct tuning {
    const char *name;
    uint32_t grow_permille, grown_permille, tail_buckets;
};

static const struct tuning tunings[] = {
    {"1.25, from 80 %", 800, 1250, 63},
    {"1.25, from 82 %", 820, 1250, 63},
    {"1.25, from 85 %", 850, 1250, 63},
    {"1.25, short last page", 800, 1250, 15},
    {"1.5", 800, 1500, 63},
    {"1.5, short last page", 800, 1500, 15},
    {"2", 800, 2000, 63},
};

static struct table tables[SHARDS];

static void tables_init(const struct tuning *by)
{
    tuned.grow_permille = by->grow_permille;
    tuned.grown_permille = by->grown_permille;
    tuned.tail_buckets = by->tail_buckets;
    for (uint32_t i = 0; i < SHARDS; i++)
        table_init(&tables[i], SHARD_BITS, (uint8_t)(i * 7));
}

static void tables_release(void)
{
    for (uint32_t i = 0; i < SHARDS; i++)
        table_release(&tables[i], NULL, NULL);
}

static double tables_bytes_a_key(uint64_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < SHARDS; i++)
        sum += table_page_bytes(&tables[i]);
    return (double)sum / (double)n;
}

static struct table *put(struct entry *e)
{
    const uint64_t hash = hash_bytes(entry_key(e));
    struct table *t = &tables[hash >> (64 - SHARD_BITS)];
    struct table_loc loc;
    LK_ASSERT(!table_find(t, hash, entry_key(e), &loc));
    table_insert(t, NULL, hash, e);
    return t;
}

static double load_ns(const struct tuning *by, struct entry **e, uint64_t n)
{
    tables_init(by);
    const int64_t start = micro_cpu_ns();
    for (uint64_t i = 0; i < n; i++)
        table_settle(put(e[i]), NULL);
    const double ns = (double)(micro_cpu_ns() - start) / (double)n;
    return ns;
}

/* Sampled each 1 % of a growth by a factor of two that ends at n keys. */
static void load_sampled(const struct tuning *by, struct entry **e, uint64_t n, double *mean,
                         double *peak)
{
    enum { SAMPLES = 70 };
    double sum = 0;
    uint64_t samples = 0, next = n / 2;
    *peak = 0;
    tables_init(by);
    for (uint64_t i = 0; i < n; i++) {
        table_settle(put(e[i]), NULL);
        if (i + 1 < next)
            continue;
        const double now = tables_bytes_a_key(i + 1);
        sum += now;
        samples++;
        *peak = now > *peak ? now : *peak;
        next += next / SAMPLES + 1;
    }
    *mean = sum / (double)samples;
}

static uint32_t tables_overflow(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < SHARDS; i++) {
        struct table_shape shape;
        table_shape_get(&tables[i], &shape);
        n += shape.overflow_pages;
    }
    return n;
}

static void measure_growth(const struct tuning *by, struct entry **e, uint64_t n)
{
    struct micro_runs ns = {.n = 0};
    for (uint64_t run = 0; run < runs; run++) {
        micro_add(&ns, load_ns(by, e, n));
        tables_release();
    }
    double mean = 0, peak = 0;
    load_sampled(by, e, n, &mean, &peak);
    printf("| %s | %s | %.0f | %.2f | %.2f | %.2f | %u |\n", micro_count(n), by->name,
           micro_least(&ns), mean, peak, tables_bytes_a_key(n), tables_overflow());
    tables_release();
}

static void part_growth(void)
{
    uint64_t counts[] = {100000, 1000000, 10000000};
    const uint64_t most = growth_keys ? growth_keys : 1000000;
    char title[200];
    snprintf(
        title, sizeof title,
        "Growth: loading into 1,024 tables; CPU ns a key (hash, miss, insert, move; not making "
        "the entry), least of %llu; bytes of pages and directories a key from n / 2 to n keys",
        (unsigned long long)runs);
    micro_head(title, "keys | growth by | ns | mean bytes | peak bytes | bytes at the end | "
                      "overflow pages");
    struct entry **e = entries_new(0, most);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t i = 0; counts[c] <= most && i < sizeof tunings / sizeof *tunings; i++)
            measure_growth(&tunings[i], e, counts[c]);
    entries_free(e, most);
}

/* --- stall ----------------------------------------------------------------------------------- */

/*
 * The same load several times; the least time of the i-th insert over all runs is what the insert
 * itself takes, since no interruption hits it each time.
 */
static void measure_stall(const struct tuning *by, struct entry **e, uint64_t n)
{
    uint32_t *least = mem_alloc(n * sizeof *least);
    memset(least, 0xff, n * sizeof *least);
    for (uint64_t run = 0; run < runs + 2; run++) {
        tables_init(by);
        for (uint64_t i = 0; i < n; i++) {
            struct table *t = put(e[i]);
            const uint64_t start = clock_ticks();
            table_settle(t, NULL);
            const uint64_t took = clock_ticks_to_ns(clock_ticks() - start);
            least[i] = took < least[i] ? (uint32_t)took : least[i];
        }
        tables_release();
    }
    uint64_t over[4] = {0}, longest = 0;
    static const uint32_t limits[4] = {1000, 10000, 30000, 100000};
    for (uint64_t i = 0; i < n; i++) {
        longest = least[i] > longest ? least[i] : longest;
        for (int k = 0; k < 4; k++)
            over[k] += least[i] > limits[k];
    }
    printf("| %s | %s | %.1f | %.3f %% | %.4f %% | %.4f %% | %.4f %% |\n", micro_count(n), by->name,
           (double)longest / 1000, 100.0 * (double)over[0] / (double)n,
           100.0 * (double)over[1] / (double)n, 100.0 * (double)over[2] / (double)n,
           100.0 * (double)over[3] / (double)n);
    mem_free(least, n * sizeof *least);
}

static void part_stall(void)
{
    char title[160];
    snprintf(title, sizeof title,
             "Stall: table_settle after an insert, 1,024 tables; the least of %llu equal runs for "
             "each insert, then the longest",
             (unsigned long long)(runs + 2));
    micro_head(title, "keys | growth by | longest, us | over 1 us | over 10 us | over 30 us | "
                      "over 100 us");
    struct entry **e = entries_new(0, keys);
    measure_stall(&tunings[0], e, keys);
    measure_stall(&tunings[3], e, keys);
    measure_stall(&tunings[6], e, keys);
    entries_free(e, keys);
}

int main(int argc, char **argv)
{
    const struct micro_option options[] = {
        {"keys", &keys, "keys of fill and stall"},
        {"growth", &growth_keys, "most keys of growth, e.g. 10m; 0 is 1m"},
        {"runs", &runs, "of which the least counts"},
        {"part", &part, "1 fill, 2 growth, 3 stall, 0 all"},
    };
    micro_options(argc, argv, options, sizeof options / sizeof *options);
    hash_process_key = (struct hash_key){1, 2};
    if (part == 0 || part == 1)
        part_fill();
    if (part == 0 || part == 2)
        part_growth();
    if (part == 0 || part == 3)
        part_stall();
    return 0;
}
