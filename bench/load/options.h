/*
 * options.h — what the command line asks for.
 *
 * Errors   a wrong option is named on stderr and ends the process with status 2
 * Memory   strings point into argv
 */
#ifndef LK_BENCH_LOAD_OPTIONS_H
#define LK_BENCH_LOAD_OPTIONS_H

#include "bench/load/mix.h"

enum { OPTION_PIPELINE_MAX = 1 << 16 };

struct options {
    const char *host, *port, *unix_path, *password;
    uint32_t database, resp;

    uint32_t threads, conns, pipeline;
    const char *cpus; /* "1,3": thread i runs on the i-th, round and round */

    double duration_s, warmup_s;
    uint64_t requests; /* instead of a duration; 0 without */
    uint32_t burst;    /* with a rate: so many become due at one moment */
    double rate;       /* requests a second, all threads together; 0 is as fast as answers come */

    struct key_shape keys;
    const char *key_prefix;
    uint32_t key_size;
    uint64_t value_min, value_max, rand_max, seed;

    const char *templates[MIX_COMMANDS];
    uint32_t weights[MIX_COMMANDS];
    uint32_t template_count;

    bool preload, preload_only, verify, quiet;
    const char *preload_template;
    const char *json_path; /* "-" is standard output */
    uint32_t interval_ms;
};

/* Says what is wrong with value, and ends the process. */
LK_NORETURN void options_fail(const char *what, const char *value);

/* Takes the whole command line; --help ends the process with status 0. */
void options_parse(struct options *o, int argc, char **argv);

#endif
