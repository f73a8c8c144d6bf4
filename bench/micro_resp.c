/*
 * micro_resp.c — what framing a request and writing a reply cost.
 *
 * A buffer of pipelined commands is framed over and over, as a worker does it: up to 32 commands
 * a batch, each into its own arguments.  Times are the best of several rounds, in ns a command.
 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/proto/resp_parse.h"
#include "core/proto/resp_write.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 32, STORAGE = 8, ROUNDS = 9, COMMANDS = 4096, LOOPS = 50 };

struct request {
    const char *name;
    int argc;
    const char *argv[4];
    size_t pad; /* bytes of a last argument of its own; 0 is none */
};

static const struct request requests[] = {
    {"PING", 1, {"PING"}, 0},
    {"GET key", 2, {"GET", "key"}, 0},
    {"GET key:000012345678", 2, {"GET", "key:000012345678"}, 0},
    {"SET key:000012345678 <32>", 2, {"SET", "key:000012345678"}, 32},
    {"SET key:000012345678 <1024>", 2, {"SET", "key:000012345678"}, 1024},
    {"EXPIRE key 100 NX", 4, {"EXPIRE", "key", "100", "NX"}, 0},
};

static void request_write(struct buf *b, const struct request *r)
{
    reply_buf_header(b, '*', (uint64_t)r->argc + (r->pad > 0));
    for (int i = 0; i < r->argc; i++)
        reply_buf_bulk(b, bytes_cstr(r->argv[i]));
    if (r->pad > 0) {
        char *fill = mem_calloc(r->pad);
        memset(fill, 'x', r->pad);
        reply_buf_bulk(b, bytes_of(fill, r->pad));
        mem_free(fill, r->pad);
    }
}

/* Frames the whole buffer once; returns the argument bytes seen, so that nothing is left out. */
static size_t frame_all(const struct buf *b, struct resp_args args[BATCH])
{
    const struct resp_limits limits = {.bulk_max = 512u << 20, .authenticated = true};
    struct resp_progress p = {0};
    size_t at = 0, used = 0, sum = 0;
    const char *error = NULL;
    for (unsigned i = 0; at < b->size; at += used, i = (i + 1) % BATCH) {
        struct resp_args *a = &args[i];
        if (resp_parse(&p, b->data + at, b->size - at, &limits, a, &used, &error) != RESP_COMMAND)
            abort();
        sum += a->v[a->n - 1].size;
    }
    return sum;
}

/* Commands of different lengths, so that the CPU cannot learn them by heart. */
static void mix_write(struct buf *b, int count)
{
    enum { SHORTEST = 4, LONGEST = 40 };
    static const char fill[LONGEST + 1] = "0123456789012345678901234567890123456789";
    struct rng rng;
    rng_seed(&rng, 1);
    for (int i = 0; i < count; i++) {
        const bool set = rng_below(&rng, 10) == 0;
        reply_buf_header(b, '*', set ? 3 : 2);
        reply_buf_bulk(b, bytes_cstr(set ? "SET" : "GET"));
        for (int k = set ? 2 : 1; k > 0; k--)
            reply_buf_bulk(b, bytes_of(fill, SHORTEST + rng_below(&rng, LONGEST - SHORTEST)));
    }
}

/* r == NULL: the mix */
static void bench_request(const struct request *r)
{
    struct bytes storage[BATCH][STORAGE];
    struct resp_args args[BATCH];
    struct buf b = {0};
    for (int i = 0; i < BATCH; i++)
        resp_args_init(&args[i], storage[i], STORAGE);
    if (r)
        for (int i = 0; i < COMMANDS; i++)
            request_write(&b, r);
    else
        mix_write(&b, COMMANDS);
    int64_t best = INT64_MAX;
    volatile size_t sink = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t start = clock_mono_ns();
        for (int i = 0; i < LOOPS; i++)
            sink = sink + frame_all(&b, args);
        const int64_t took = clock_mono_ns() - start;
        best = took < best ? took : best;
    }
    printf("parse  %-30s %6.1f ns\n", r ? r->name : "9 GET : 1 SET of 4..39 bytes",
           (double)best / ((double)COMMANDS * LOOPS));
    buf_release(&b);
}

static void write_ok(struct reply *r)
{
    reply_ok(r);
}

static void write_int(struct reply *r)
{
    reply_int(r, (int64_t)(r->out.size & 63));
}

static void write_big_int(struct reply *r)
{
    reply_int(r, (int64_t)(1700000000123 + r->out.size));
}

static void write_bulk(struct reply *r)
{
    reply_bulk(r, bytes_of("0123456789abcdef0123456789abcdef", 32));
}

static void write_pairs(struct reply *r)
{
    reply_map(r, 4);
    for (int i = 0; i < 4; i++) {
        reply_bulk(r, bytes_of("field", 5));
        reply_bulk(r, bytes_of("value", 5));
    }
}

static const struct {
    const char *name;
    void (*run)(struct reply *r);
} replies[] = {
    {"+OK", write_ok},   {":0 to :63", write_int},        {":1700000000123", write_big_int},
    {"$32", write_bulk}, {"map of 4 pairs", write_pairs},
};

static void bench_reply(size_t which)
{
    struct reply r;
    reply_init(&r, 3);
    int64_t best = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t start = clock_mono_ns();
        for (int i = 0; i < LOOPS; i++) {
            for (int k = 0; k < COMMANDS; k++)
                replies[which].run(&r);
            reply_clear(&r);
        }
        const int64_t took = clock_mono_ns() - start;
        best = took < best ? took : best;
    }
    printf("write  %-30s %6.1f ns\n", replies[which].name,
           (double)best / ((double)COMMANDS * LOOPS));
    reply_release(&r);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        bench_request(&requests[i]);
    bench_request(NULL);
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
        bench_reply(i);
    return 0;
}
