/*
 * load.c — bench-load, a load generator that does not run out before the server does.
 *
 * A benchmark measures the slower of two programs, so this one is built to be the faster: requests
 * are rendered beforehand (load/mix.h), replies are framed and not built (load/reply.h), a whole
 * pipeline costs one send and one receive (load/client.h).  It prints what a request cost it, so
 * that a figure near that cost can be told from a figure of the server's.
 *
 *   options --> mix of images --> phase: preload --> phase: measure --> report
 *
 * Exit status  0; 1 if connections failed or were lost; 2 for wrong options; 3 if --verify found a
 *              value that is not its key's, or --preload met an error
 * SIGINT       ends the measurement early, with a report; a second one the program
 */
#include "bench/load/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Many connections need many descriptors; the soft limit is only a default. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void on_interrupt(int number)
{
    (void)number;
    phase_interrupted = 1;
}

static void build_mix(struct mix *mix, const struct options *o, const char *const *templates,
                      const uint32_t *weights, uint32_t count)
{
    const struct mix_shape shape = {
        .key_prefix = o->key_prefix,
        .key_size = o->key_size,
        .value_min = o->value_min,
        .value_max = o->value_max,
        .rand_max = o->rand_max,
        .verify = o->verify,
        .seed = o->seed,
    };
    const char *bad = "";
    for (uint32_t i = 0; i < count; i++)
        if (!mix_add(mix, templates[i], weights[i]))
            options_fail("too many commands at", templates[i]);
    if (!mix_build(mix, &shape, &bad))
        options_fail("no command, no weight, an open quote or a wrong range in", bad);
}

/*
 * Every key once, in order, each thread its own part.  A command may name many keys: variadic
 * commands fill a big value many times as fast.  One thread sends those, as the parts of several
 * might not be whole commands.
 */
static int preload(const struct options *o)
{
    struct mix mix = {0};
    struct stats *stats = calloc(1, sizeof *stats);
    struct samples series = {0};
    LK_ASSERT(stats);
    build_mix(&mix, o, &o->preload_template, (const uint32_t[]){1}, 1);
    const uint64_t named = mix_keys_of(&mix.commands[0]), a_request = named ? named : 1;
    const uint32_t threads = a_request > 1 || o->keys.count < o->threads ? 1 : o->threads;
    struct phase phase = {
        .options = o,
        .mix = &mix,
        .keys = {.dist = KEYS_SEQUENTIAL, .count = o->keys.count},
        .threads = threads,
        .conns = o->conns < 2 * threads ? o->conns : 2 * threads,
        .pipeline = mix.largest > 16384 ? 4 : 128,
        .requests = (o->keys.count + a_request - 1) / a_request,
    };
    const bool connected = phase_run(&phase, 0, stats, &series);
    int rc = !connected || stats->lost_conns > 0 ? 1 : stats->errors > 0 ? 3 : 0;
    if (!o->quiet || rc != 0)
        fprintf(stderr, "preloaded %llu keys in %.2f s, %llu errors %s\n",
                (unsigned long long)(stats->replies * a_request), stats->seconds,
                (unsigned long long)stats->errors, stats->first_errors[0].text);
    mix_release(&mix);
    free(series.v);
    free(stats);
    return rc;
}

static int write_json(const struct options *o, const struct mix *mix, const struct stats *stats,
                      const struct hist *all, const struct samples *series)
{
    FILE *f = strcmp(o->json_path, "-") == 0 ? stdout : fopen(o->json_path, "w");
    if (!f) {
        fprintf(stderr, "bench-load: %s: %s\n", o->json_path, strerror(errno));
        return 1;
    }
    report_json(f, mix, stats, all, series);
    if (f != stdout && fclose(f) != 0)
        return 1;
    return 0;
}

static int measure(const struct options *o)
{
    struct mix mix = {0};
    struct stats *stats = calloc(1, sizeof *stats);
    struct hist *all = calloc(1, sizeof *all);
    struct samples series = {0};
    LK_ASSERT(stats && all);
    build_mix(&mix, o, o->templates, o->weights, o->template_count);
    struct phase phase = {
        .options = o,
        .mix = &mix,
        .keys = o->keys,
        .threads = o->threads,
        .conns = o->conns,
        .pipeline = o->pipeline,
        .rate = o->rate,
        .requests = o->requests,
    };
    int rc = 1;
    if (phase_run(&phase, o->warmup_s, stats, &series)) {
        for (uint32_t i = 0; i < mix.command_count; i++)
            hist_merge(all, &stats->latency[i]);
        rc = stats->lost_conns > 0 ? 1 : stats->wrong > 0 ? 3 : 0;
        if (!o->json_path || strcmp(o->json_path, "-") != 0)
            report_text(&mix, stats, all);
        if (o->json_path && write_json(o, &mix, stats, all, &series) != 0)
            rc = 1;
    }
    mix_release(&mix);
    free(series.v);
    free(all);
    free(stats);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o;
    options_parse(&o, argc, argv);
    raise_descriptor_limit();
    sigaction(SIGINT,
              &(struct sigaction){.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, NULL);
    prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul); /* schedules finer than the default 50 us */
    int rc = o.preload ? preload(&o) : 0;
    if (rc == 0 && !o.preload_only)
        rc = measure(&o);
    return rc;
}
