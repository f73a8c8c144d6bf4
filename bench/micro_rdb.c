/*
 * micro_rdb.c — what writing and reading an RDB costs, without disk and without a server.
 *
 *   crc    the checksum by both of its ways
 *   keys   a view of the whole keyspace written to a sink that only counts, and what was written
 *          read again by a receiver that lets go of every value
 *   long   one string of 64 MiB, the same
 */
#include "bench/micro.h"
#include "core/base/crc64_priv.h"
#include "core/base/rng.h"
#include "core/store/shard_write.h"
#include "core/types/str.h"
#include "persist/rdb/rdb_load.h"
#include "persist/rdb/rdb_save_view.h"
#include "persist/rdb/rdb_type.h"

static uint64_t keys_count = 200000, runs = 5;

enum { CRC_BYTES = 64 * 1024, LONG_BYTES = 64 * 1024 * 1024 };

/* --- crc ------------------------------------------------------------------------------------- */

static double crc_gbs(uint64_t (*crc)(uint64_t crc, const void *data, size_t size))
{
    enum { LOOPS = 2000 };
    static unsigned char data[CRC_BYTES];
    struct micro_runs ns = {.n = 0};
    volatile uint64_t sink = 0;
    for (uint64_t r = 0; r < runs; r++) {
        const int64_t start = micro_cpu_ns();
        for (int i = 0; i < LOOPS; i++)
            sink = crc(sink, data, sizeof data);
        micro_add(&ns, (double)(micro_cpu_ns() - start));
    }
    return (double)CRC_BYTES * LOOPS / micro_least(&ns);
}

static void part_crc(void)
{
    micro_head("Checksum of 64 KiB", "way | GB/s");
    printf("| tables, 8 bytes at once | %.1f |\n", crc_gbs(crc64_by_tables));
    if (crc64_folding_init())
        printf("| folding, 64 bytes at once | %.1f |\n", crc_gbs(crc64_by_folding));
}

/* --- keys ------------------------------------------------------------------------------------ */

static int count_only(void *ctx, const void *data, size_t size)
{
    (void)data;
    *(uint64_t *)ctx += size;
    return LK_OK;
}

static int keep(void *ctx, const void *data, size_t size)
{
    buf_append(ctx, data, size);
    return LK_OK;
}

static int let_go(void *ctx, const struct rdb_record *r)
{
    (void)ctx;
    value_release(r->value);
    return LK_OK;
}

struct kind {
    const char *name;
    size_t (*make)(struct rng *rng, char *out); /* returns the size */
};

static size_t make_number(struct rng *rng, char *out)
{
    return int64_to_chars((int64_t)rng_below(rng, 1000000), out);
}

static size_t make_hex(struct rng *rng, char *out)
{
    for (int i = 0; i < 32; i++)
        out[i] = "0123456789abcdef"[rng_below(rng, 16)];
    return 32;
}

static size_t make_record(struct rng *rng, char *out)
{
    return (size_t)snprintf(out, 2048,
                            "{\"id\":%u,\"name\":\"user %u\",\"active\":true,\"score\":%u.%u,"
                            "\"created\":\"2024-01-%02uT12:%02u:00Z\"}",
                            (unsigned)rng_below(rng, 1000000), (unsigned)rng_below(rng, 1000000),
                            (unsigned)rng_below(rng, 100), (unsigned)rng_below(rng, 10),
                            (unsigned)rng_below(rng, 28) + 1, (unsigned)rng_below(rng, 60));
}

static size_t make_page(struct rng *rng, char *out)
{
    size_t n = 0;
    while (n < 1024)
        n += make_record(rng, out + n);
    return 1024;
}

static const struct kind kinds[] = {
    {"numbers", make_number},
    {"32 hex digits", make_hex},
    {"records of 100 bytes", make_record},
    {"pages of 1 KiB", make_page},
};

static struct keyspace *make_keys(const struct kind *kind)
{
    struct keyspace *ks = keyspace_new(1024, 16);
    struct rng rng;
    char key[32], text[4096];
    rng_seed(&rng, 1);
    for (uint64_t i = 0; i < keys_count; i++) {
        struct value v;
        const struct bytes k =
            bytes_of(key, (size_t)snprintf(key, sizeof key, "key:%012u", (unsigned)i));
        str_from_bytes(bytes_of(text, kind->make(&rng, text)), &v);
        struct place at;
        struct shard *s = keyspace_shard(ks, keyspace_hash(ks, k));
        shard_lock(s);
        shard_find(ks, 0, k, keyspace_hash(ks, k), &at);
        if (shard_put(&at, &v, ENTRY_NO_DEADLINE, 0) != LK_OK)
            abort();
        shard_unlock(s);
    }
    return ks;
}

static double save_ns(struct keyspace *ks, const struct rdb_sink *sink, bool compress)
{
    const struct rdb_save_options options = {.redis_version = "7.4.0", .now_ms = clock_unix_ms()};
    struct rdb_save s;
    struct rdb_out o;
    gate_close(&ks->gate);
    struct view *v = view_cut(ks);
    gate_open(&ks->gate);
    rdb_out_init(&o, sink, RDB_OUT_BUFFER_BYTES);
    o.compress = compress;
    const int64_t start = micro_cpu_ns();
    rdb_save_begin(&s, &o, &options);
    LK_ASSERT(rdb_save_view(&s, v, NULL) == LK_OK);
    const int64_t took = micro_cpu_ns() - start;
    view_close(v);
    rdb_out_release(&o);
    return (double)took / (double)keys_count;
}

static double load_ns(const struct buf *file)
{
    const struct rdb_receiver receiver = {.entry = let_go};
    struct rdb_in in;
    rdb_in_init_bytes(&in, buf_bytes(file));
    const int64_t start = micro_cpu_ns();
    LK_ASSERT(rdb_load(&in, &receiver) == LK_OK);
    const int64_t took = micro_cpu_ns() - start;
    rdb_in_release(&in);
    return (double)took / (double)keys_count;
}

static void measure_keys(const struct kind *kind, bool compress)
{
    struct keyspace *ks = make_keys(kind);
    struct micro_runs save = {.n = 0}, load = {.n = 0};
    struct buf file = {0};
    uint64_t size = 0;
    save_ns(ks, &(struct rdb_sink){.write = keep, .ctx = &file}, compress);
    for (uint64_t r = 0; r < runs; r++) {
        size = 0;
        micro_add(&save,
                  save_ns(ks, &(struct rdb_sink){.write = count_only, .ctx = &size}, compress));
        micro_add(&load, load_ns(&file));
    }
    printf("| %s | %s | %.1f | %.0f | %.0f |\n", kind->name, compress ? "yes" : "no",
           (double)size / (double)keys_count, micro_median(&save), micro_median(&load));
    buf_release(&file);
    keyspace_free(ks);
}

static void part_keys(void)
{
    char title[120];
    snprintf(title, sizeof title, "%s keys of 16 bytes: CPU time a key, median of %llu",
             micro_count(keys_count), (unsigned long long)runs);
    micro_head(title, "values | packed | bytes a key | write, ns | read, ns");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        measure_keys(&kinds[i], false);
        measure_keys(&kinds[i], true);
    }
}

/* --- long ------------------------------------------------------------------------------------ */

static void measure_long(const char *name, const struct value *v, bool compress)
{
    struct micro_runs write = {.n = 0}, read = {.n = 0};
    struct buf data = {0};
    for (uint64_t r = 0; r < runs; r++) {
        struct rdb_out o;
        struct rdb_in in;
        struct value back;
        data.size = 0;
        buf_reserve(&data, LONG_BYTES + 100);
        rdb_out_init(&o, &(struct rdb_sink){.write = keep, .ctx = &data}, RDB_OUT_BUFFER_BYTES);
        o.compress = compress;
        int64_t start = micro_cpu_ns();
        rdb_out_value(&o, v);
        LK_ASSERT(rdb_out_flush(&o) == LK_OK);
        micro_add(&write, (double)LONG_BYTES / (double)(micro_cpu_ns() - start) * 1000);
        rdb_out_release(&o);
        rdb_in_init_bytes(&in, buf_bytes(&data));
        start = micro_cpu_ns();
        LK_ASSERT(rdb_in_value(&in, RDB_STRING, &back) == LK_OK);
        micro_add(&read, (double)LONG_BYTES / (double)(micro_cpu_ns() - start) * 1000);
        value_release(&back);
        rdb_in_release(&in);
    }
    printf("| %s | %s | %.1f | %.0f | %.0f |\n", name, compress ? "yes" : "no",
           (double)data.size / (1024 * 1024), micro_median(&write), micro_median(&read));
    buf_release(&data);
}

static void part_long(void)
{
    char *text = mem_alloc(LONG_BYTES + 4096);
    struct rng rng;
    struct value v;
    rng_seed(&rng, 1);
    micro_head("One string of 64 MiB", "bytes | packed | MiB | write, MB/s | read, MB/s");
    for (size_t n = 0; n < LONG_BYTES;)
        n += make_record(&rng, text + n);
    str_from_bytes(bytes_of(text, LONG_BYTES), &v);
    measure_long("records", &v, false);
    measure_long("records", &v, true);
    value_release(&v);
    for (size_t n = 0; n < LONG_BYTES; n += sizeof(uint64_t)) {
        const uint64_t word = rng_next(&rng);
        memcpy(text + n, &word, sizeof word);
    }
    str_from_bytes(bytes_of(text, LONG_BYTES), &v);
    measure_long("noise", &v, false);
    measure_long("noise", &v, true);
    value_release(&v);
    mem_free(text, LONG_BYTES + 4096);
}

int main(int argc, char **argv)
{
    const struct micro_option options[] = {
        {"keys", &keys_count, "keys in the keyspace"},
        {"runs", &runs, "runs of each measurement, at most 32"},
    };
    micro_options(argc, argv, options, sizeof options / sizeof *options);
    table_due_base(clock_unix_ms());
    part_crc();
    part_keys();
    part_long();
    return 0;
}
