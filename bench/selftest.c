/*
 * selftest.c — bench-selftest, checks of the parts that the load generator's figures rest on.
 *
 * It opens no socket and reads no clock: percentiles against sorted values, drawn keys against
 * their distribution, rendered requests against bytes written out by hand, and every way to cut a
 * stream of replies in two.
 */
#include "bench/load/hist.h"
#include "bench/load/mix.h"
#include "bench/load/reply.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t seed = 20240229;

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Percentiles lie within half a percent of the exact ones, over eleven powers of ten. */
static void check_hist(void)
{
    enum { N = 100000 };
    static struct hist h;
    static uint64_t v[N];
    struct rng rng;
    rng_seed(&rng, seed);
    for (int i = 0; i < N; i++) {
        v[i] = (uint64_t)exp(rng_unit(&rng) * 25);
        hist_add(&h, v[i], 1);
    }
    qsort(v, N, sizeof *v, by_value);
    const double quantiles[] = {0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999};
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        const double exact = (double)v[(size_t)(quantiles[i] * N) - 1];
        const double got = (double)hist_percentile(&h, quantiles[i]);
        LK_ASSERT(fabs(got - exact) <= 0.005 * exact + 1);
    }
    LK_ASSERT(hist_percentile(&h, 0) == v[0]);
    LK_ASSERT(hist_percentile(&h, 1) == v[N - 1]);
    for (uint32_t i = 0; i < HIST_BUCKETS; i++)
        LK_ASSERT(hist_index(hist_value(i)) == i);
    LK_ASSERT(hist_index(UINT64_MAX) == HIST_BUCKETS - 1);
}

/* The share of draws that fall below a bound. */
static double share_below(const struct key_shape *shape, uint64_t bound)
{
    enum { N = KEY_SAMPLES };
    struct keys keys;
    uint64_t below = 0;
    keys_init(&keys, shape, seed, 0, 1);
    for (int i = 0; i < N; i++) {
        const uint64_t key = keys_next(&keys);
        LK_ASSERT(key < shape->count);
        below += key < bound;
    }
    keys_release(&keys);
    return (double)below / N;
}

static void check_zipf(double theta)
{
    enum { N = 1000 };
    const struct key_shape shape = {.dist = KEYS_ZIPF, .count = N, .theta = theta};
    double all = 0, first = 0, ten = 0;
    for (int i = 1; i <= N; i++) {
        all += pow(i, -theta);
        first = i == 1 ? all : first;
        ten = i == 10 ? all : ten;
    }
    /* Four standard deviations of a share over 2^20 draws are below 0.002. */
    LK_ASSERT(fabs(share_below(&shape, 1) - first / all) < 0.002);
    LK_ASSERT(fabs(share_below(&shape, 10) - ten / all) < 0.002);
}

static void check_keys(void)
{
    const struct key_shape uniform = {.dist = KEYS_UNIFORM, .count = 1000};
    LK_ASSERT(fabs(share_below(&uniform, 250) - 0.25) < 0.002);
    const struct key_shape gaussian = {.dist = KEYS_GAUSSIAN, .count = 1000, .deviation = 0.1};
    LK_ASSERT(fabs(share_below(&gaussian, 400) - 0.1587) < 0.002);
    check_zipf(0.5);
    check_zipf(0.99);
    check_zipf(1);
    check_zipf(1.5);
    /* Two threads walk every key once between them. */
    const struct key_shape sequential = {.dist = KEYS_SEQUENTIAL, .count = 7};
    int seen[7] = {0};
    for (uint32_t part = 0; part < 2; part++) {
        struct keys keys;
        keys_init(&keys, &sequential, seed, part, 2);
        for (uint64_t n = keys.end - keys.begin; n > 0; n--)
            seen[keys_next(&keys)]++;
    }
    for (int i = 0; i < 7; i++)
        LK_ASSERT(seen[i] == 1);
}

static void check_digits(void)
{
    static const uint64_t v[] = {0, 7, 10, 99999999, 100000000, 123456789, 9999999999999999u};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        char got[21] = "00000000000000000000", want[32];
        mix_put_digits(got + 20, 20, v[i]);
        snprintf(want, sizeof want, "%020llu", (unsigned long long)v[i]);
        LK_ASSERT(strcmp(got, want) == 0);
    }
    for (uint32_t n = 0; n < 100000000; n += 9973) {
        char got[9] = "", want[16];
        const uint64_t eight = mix_eight_digits(n);
        memcpy(got, &eight, 8);
        snprintf(want, sizeof want, "%08u", n);
        LK_ASSERT(strcmp(got, want) == 0);
    }
}

static void check_render(void)
{
    const struct mix_shape shape = {.key_prefix = "k:",
                                    .key_size = 6,
                                    .value_min = 11,
                                    .value_max = 11,
                                    .rand_max = 1,
                                    .verify = true,
                                    .seed = seed};
    const struct key_shape keys_shape = {.dist = KEYS_SEQUENTIAL, .count = 20};
    struct mix mix = {0};
    struct keys keys;
    const char *bad = NULL;
    char out[256];
    LK_ASSERT(mix_add(&mix, "HSET  {__key__}:h 'a b' \"\" __key__ x__rand__ __value__", 3));
    LK_ASSERT(mix_add(&mix, "GET __key__", 1));
    LK_ASSERT(mix_build(&mix, &shape, &bad));
    keys_init(&keys, &keys_shape, seed, 0, 1);
    const struct image *image = &mix.commands[0].images[0];
    LK_ASSERT(mix_render(image, out, &keys) == 1);
    static const char want[] = "*7\r\n$4\r\nHSET\r\n$10\r\n{k:0000}:h\r\n$3\r\na b\r\n$0\r\n\r\n"
                               "$6\r\nk:0001\r\n$13\r\nx000000000000\r\n$11\r\n";
    LK_ASSERT(image->size == sizeof want - 1 + 11 + 2);
    LK_ASSERT(memcmp(out, want, sizeof want - 1) == 0);
    LK_ASSERT(mix_value_matches(bytes_of(out + sizeof want - 1, 11), 1));
    LK_ASSERT(!mix_value_matches(bytes_of(out + sizeof want - 1, 11), 2));
    LK_ASSERT(mix.commands[1].verify && !mix.commands[0].verify);
    uint32_t first = 0;
    for (int i = 0; i < MIX_SEQUENCE; i++)
        first += mix.sequence[i]->command == 0;
    LK_ASSERT(first == MIX_SEQUENCE / 4 * 3);
    mix_release(&mix);
    LK_ASSERT(mix_add(&mix, "SET 'open", 1));
    LK_ASSERT(!mix_build(&mix, &shape, &bad));
    mix_release(&mix);
}

/* A range is drawn from end to end and keeps its width; what is no range is refused. */
static void check_ranges(void)
{
    const struct mix_shape shape = {
        .key_prefix = "k:", .key_size = 6, .rand_max = 1000, .seed = seed};
    const struct key_shape keys_shape = {.dist = KEYS_SEQUENTIAL, .count = 20};
    struct mix mix = {0};
    struct keys keys;
    const char *bad = NULL;
    LK_ASSERT(mix_add(&mix, "ZADD z __rand:998:1001__.__rand:7:7__ __key__ __rand__ __key__", 1));
    LK_ASSERT(mix_build(&mix, &shape, &bad));
    LK_ASSERT(mix_keys_of(&mix.commands[0]) == 2);
    keys_init(&keys, &keys_shape, seed, 0, 1);
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        char out[256] = "";
        int score = 0, end = 0;
        mix_render(&mix.commands[0].images[0], out, &keys);
        LK_ASSERT(sscanf(out, "*6 $4 ZADD $1 z $6 %d.7 $6 k:%*4d $12 000000000%*3d %n", &score,
                         &end) == 1);
        LK_ASSERT(strncmp(out + end, "$6\r\nk:", 6) == 0);
        LK_ASSERT(score >= 998 && score <= 1001);
        seen |= 1u << (score - 998);
    }
    LK_ASSERT(seen == 15);
    mix_release(&mix);
    static const char *const wrong[] = {"GET __rand:2:1__", "GET __rand:1__", "GET __rand:-1:5__",
                                        "GET __rand:1:2_", "GET __rand: 1:2__"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        LK_ASSERT(mix_add(&mix, wrong[i], 1));
        LK_ASSERT(!mix_build(&mix, &shape, &bad));
        mix_release(&mix);
    }
}

/* Feeds a stream in two parts, as the client does, and notes kind, nil and text of each reply. */
static void frame(const char *stream, size_t size, size_t cut, bool whole_bulks, struct buf *notes)
{
    struct reply_parser parser = {.whole_bulks = whole_bulks};
    struct reply reply;
    size_t done = 0;
    for (int part = 0; part < 2; part++) {
        /* An exact block, so that the sanitizer sees a read past what has arrived. */
        const size_t end = part == 0 ? cut : size;
        char *block = malloc(end - done + 1);
        LK_ASSERT(block);
        memcpy(block + 1, stream + done, end - done);
        const char *at = block + 1, *block_end = block + 1 + (end - done);
        enum reply_result rc;
        while ((rc = reply_next(&parser, &at, block_end, &reply)) == REPLY_DONE) {
            buf_printf(notes, "%c%s", reply.kind, reply.nil ? "nil" : "");
            if (reply.kind == '+' || reply.kind == '-' || (whole_bulks && reply.kind == '$'))
                buf_append_bytes(notes, reply.text);
            buf_append_char(notes, ' ');
        }
        LK_ASSERT(rc == REPLY_MORE);
        done += (size_t)(at - (block + 1));
        free(block);
    }
    LK_ASSERT(done == size);
}

static void check_reply(void)
{
    static const char stream[] = "+OK\r\n$3\r\na\r\n\r\n-ERR no\r\n:12\r\n$-1\r\n*-1\r\n_\r\n"
                                 "*3\r\n$1\r\nx\r\n*2\r\n:1\r\n*0\r\n$-1\r\n%1\r\n+a\r\n#t\r\n"
                                 ">2\r\n+p\r\n$0\r\n\r\n,1.5\r\n~1\r\n(99\r\n*0\r\n$0\r\n\r\n";
    static const char plain[] = "+OK $ -ERR no : $nil *nil _nil * % > , ~ * $ ";
    static const char whole[] = "+OK $a\r\n -ERR no : $nil *nil _nil * % > , ~ * $ ";
    for (size_t cut = 0; cut < sizeof stream; cut++) {
        struct buf notes = {0};
        frame(stream, sizeof stream - 1, cut, false, &notes);
        LK_ASSERT(bytes_equal(buf_bytes(&notes), bytes_cstr(plain)));
        notes.size = 0;
        frame(stream, sizeof stream - 1, cut, true, &notes);
        LK_ASSERT(bytes_equal(buf_bytes(&notes), bytes_cstr(whole)));
        buf_release(&notes);
    }
    static const char *const bad[] = {"hello\r\n", "$x\r\n", "*\r\n", "\r\n", "+no return\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reply_parser parser = {0};
        struct reply reply;
        const char *at = bad[i];
        LK_ASSERT(reply_next(&parser, &at, at + strlen(at), &reply) == REPLY_BAD);
    }
}

int main(void)
{
    printf("seed %llu\n", (unsigned long long)seed);
    check_hist();
    check_keys();
    check_digits();
    check_render();
    check_ranges();
    check_reply();
    printf("histogram, keys, digits, rendering, framing: as they should be\n");
    return 0;
}
