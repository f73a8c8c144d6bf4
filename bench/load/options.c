/* options.c — the command line, option by option. */
#include "bench/load/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char options_help[] =
    "bench-load: asks a Redis-protocol server for more than it can give, and times the answers.\n"
    "\n"
    "Where      -h --host H          127.0.0.1        -s --socket PATH      instead of host, port\n"
    "           -p --port P          6379             --password P, --db N, --resp 2|3\n"
    "Load       -t --threads N       1                -c --conns N          50, all threads\n"
    "           -P --pipeline N      1, in flight a connection\n"
    "           --rate N             requests a second on a fixed schedule; latency counts from\n"
    "                                the scheduled moment, also for requests that had to wait\n"
    "           --burst N            1, at most the pipeline: so many of a connection are due\n"
    "                                at one moment of that schedule\n"
    "           --cpus 1,2           where the threads run\n"
    "How long   -d --duration S      10               -n --requests N       instead\n"
    "           --warmup S           0, not measured; without a rate the last answers are\n"
    "                                waited for\n"
    "Keys       -k --keys N          1000000          --prefix S            key:\n"
    "           --key-size N         16, all of it    --seed N\n"
    "           --dist D             uniform, zipf[:THETA], gaussian[:DEVIATION/N], sequential\n"
    "Requests   --ratio SET:GET      0:1\n"
    "           --command 'TEXT'     instead; may be repeated; its fields are __key__ __value__\n"
    "                                __rand__ (below --rand-max) and __rand:LOW:HIGH__\n"
    "           --weight N           of the --command before it; 1\n"
    "           --value-size N[-M]   32               --rand-max N          1000000\n"
    "Preload    --preload            SET of every key, before anything else\n"
    "           --preload-only       and nothing after it\n"
    "           --preload-command T  'SET __key__ __value__'; may name many keys\n"
    "Checks     --verify             values are made from their keys, and looked at in replies\n"
    "Report     --json PATH|-        --interval-ms N  1000, of the progress line    -q --quiet\n";

void options_fail(const char *what, const char *value)
{
    fprintf(stderr, "bench-load: %s '%s' (try --help)\n", what, value);
    exit(2);
}

/* 10, 10k, 10m: a whole number with a decimal unit. */
static uint64_t options_number(const char *name, const char *text, uint64_t least, uint64_t most)
{
    char *end = NULL;
    errno = 0;
    uint64_t v = strtoull(text, &end, 10);
    uint64_t unit = 1;
    if (end != text && strcasecmp(end, "k") == 0)
        unit = 1000;
    else if (end != text && strcasecmp(end, "m") == 0)
        unit = 1000000;
    else if (end == text || *end != '\0' || *text == '-')
        options_fail(name, text);
    if (errno || __builtin_mul_overflow(v, unit, &v) || v < least || v > most)
        options_fail(name, text);
    return v;
}

static double options_real(const char *name, const char *text, double least)
{
    char *end = NULL;
    const double v = strtod(text, &end);
    if (end == text || *end != '\0' || !(v >= least))
        options_fail(name, text);
    return v;
}

static void options_dist(struct options *o, const char *text)
{
    const char *colon = strchr(text, ':');
    const size_t n = colon ? (size_t)(colon - text) : strlen(text);
    const struct bytes name = bytes_of(text, n);
    if (bytes_equal(name, bytes_cstr("uniform")) && !colon) {
        o->keys.dist = KEYS_UNIFORM;
    } else if (bytes_equal(name, bytes_cstr("sequential")) && !colon) {
        o->keys.dist = KEYS_SEQUENTIAL;
    } else if (bytes_equal(name, bytes_cstr("zipf"))) {
        o->keys.dist = KEYS_ZIPF;
        o->keys.theta = colon ? options_real("--dist", colon + 1, 1e-3) : 0.99;
    } else if (bytes_equal(name, bytes_cstr("gaussian"))) {
        o->keys.dist = KEYS_GAUSSIAN;
        o->keys.deviation = colon ? options_real("--dist", colon + 1, 1e-9) : 1.0 / 6;
    } else {
        options_fail("unknown distribution", text);
    }
}

static void options_value_size(struct options *o, const char *text)
{
    char low[32];
    const char *dash = strchr(text, '-');
    if (!dash) {
        o->value_min = o->value_max = options_number("--value-size", text, 0, 512u << 20);
        return;
    }
    snprintf(low, sizeof low, "%.*s", (int)(dash - text), text);
    o->value_min = options_number("--value-size", low, 0, 512u << 20);
    o->value_max = options_number("--value-size", dash + 1, o->value_min, 512u << 20);
}

static void options_add_template(struct options *o, const char *text, uint64_t weight)
{
    if (o->template_count == MIX_COMMANDS)
        options_fail("too many commands at", text);
    o->templates[o->template_count] = text;
    o->weights[o->template_count++] = (uint32_t)weight;
}

static void options_ratio(struct options *o, const char *text)
{
    unsigned set = 0, get = 0;
    char rest = 0;
    if (sscanf(text, "%u:%u%c", &set, &get, &rest) != 2 || set + get == 0)
        options_fail("--ratio", text);
    if (set > 0)
        options_add_template(o, "SET __key__ __value__", set);
    if (get > 0)
        options_add_template(o, "GET __key__", get);
}

static void options_check(struct options *o)
{
    if (o->template_count == 0)
        options_add_template(o, "GET __key__", 1);
    if (o->conns < o->threads)
        o->threads = o->conns;
    if (o->burst > o->pipeline)
        options_fail("--burst is more than --pipeline", "");
    const size_t prefix = strlen(o->key_prefix);
    uint64_t room = 1;
    for (size_t i = prefix; i < o->key_size && room < o->keys.count; i++)
        room *= 10;
    if (room < o->keys.count)
        options_fail("--key-size leaves too few digits for the keys behind", o->key_prefix);
    if (o->preload_only)
        o->preload = true;
}

/* Options with no short form have numbers past the letters. */
enum {
    OPT_PASSWORD = 256,
    OPT_DB,
    OPT_RESP,
    OPT_RATE,
    OPT_BURST,
    OPT_CPUS,
    OPT_WARMUP,
    OPT_PREFIX,
    OPT_KEY_SIZE,
    OPT_SEED,
    OPT_DIST,
    OPT_RATIO,
    OPT_COMMAND,
    OPT_WEIGHT,
    OPT_VALUE_SIZE,
    OPT_RAND_MAX,
    OPT_PRELOAD,
    OPT_PRELOAD_ONLY,
    OPT_PRELOAD_COMMAND,
    OPT_VERIFY,
    OPT_JSON,
    OPT_INTERVAL,
    OPT_HELP
};

static const struct option options_long[] = {
    {"host", required_argument, NULL, 'h'},
    {"port", required_argument, NULL, 'p'},
    {"socket", required_argument, NULL, 's'},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"db", required_argument, NULL, OPT_DB},
    {"resp", required_argument, NULL, OPT_RESP},
    {"threads", required_argument, NULL, 't'},
    {"conns", required_argument, NULL, 'c'},
    {"pipeline", required_argument, NULL, 'P'},
    {"rate", required_argument, NULL, OPT_RATE},
    {"burst", required_argument, NULL, OPT_BURST},
    {"cpus", required_argument, NULL, OPT_CPUS},
    {"duration", required_argument, NULL, 'd'},
    {"requests", required_argument, NULL, 'n'},
    {"warmup", required_argument, NULL, OPT_WARMUP},
    {"keys", required_argument, NULL, 'k'},
    {"prefix", required_argument, NULL, OPT_PREFIX},
    {"key-size", required_argument, NULL, OPT_KEY_SIZE},
    {"seed", required_argument, NULL, OPT_SEED},
    {"dist", required_argument, NULL, OPT_DIST},
    {"ratio", required_argument, NULL, OPT_RATIO},
    {"command", required_argument, NULL, OPT_COMMAND},
    {"weight", required_argument, NULL, OPT_WEIGHT},
    {"value-size", required_argument, NULL, OPT_VALUE_SIZE},
    {"rand-max", required_argument, NULL, OPT_RAND_MAX},
    {"preload", no_argument, NULL, OPT_PRELOAD},
    {"preload-only", no_argument, NULL, OPT_PRELOAD_ONLY},
    {"preload-command", required_argument, NULL, OPT_PRELOAD_COMMAND},
    {"verify", no_argument, NULL, OPT_VERIFY},
    {"json", required_argument, NULL, OPT_JSON},
    {"interval-ms", required_argument, NULL, OPT_INTERVAL},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static void options_apply(struct options *o, int opt, const char *v)
{
    switch (opt) {
    case 'h':
        o->host = v;
        break;
    case 'p':
        o->port = v;
        break;
    case 's':
        o->unix_path = v;
        break;
    case OPT_PASSWORD:
        o->password = v;
        break;
    case OPT_DB:
        o->database = (uint32_t)options_number("--db", v, 0, INT32_MAX);
        break;
    case OPT_RESP:
        o->resp = (uint32_t)options_number("--resp", v, 2, 3);
        break;
    case 't':
        o->threads = (uint32_t)options_number("--threads", v, 1, 1024);
        break;
    case 'c':
        o->conns = (uint32_t)options_number("--conns", v, 1, 1000000);
        break;
    case 'P':
        o->pipeline = (uint32_t)options_number("--pipeline", v, 1, OPTION_PIPELINE_MAX);
        break;
    case OPT_BURST:
        o->burst = (uint32_t)options_number("--burst", v, 1, OPTION_PIPELINE_MAX);
        break;
    case OPT_RATE:
        o->rate = options_real("--rate", v, 0);
        break;
    case OPT_CPUS:
        o->cpus = v;
        break;
    case 'd':
        o->duration_s = options_real("--duration", v, 0.001);
        break;
    case 'n':
        o->requests = options_number("--requests", v, 1, UINT64_MAX / 2);
        break;
    case OPT_WARMUP:
        o->warmup_s = options_real("--warmup", v, 0);
        break;
    case 'k':
        o->keys.count = options_number("--keys", v, 1, 1ull << 48);
        break;
    case OPT_PREFIX:
        o->key_prefix = v;
        break;
    case OPT_KEY_SIZE:
        o->key_size = (uint32_t)options_number("--key-size", v, 1, 65536);
        break;
    case OPT_SEED:
        o->seed = options_number("--seed", v, 0, UINT64_MAX);
        break;
    case OPT_DIST:
        options_dist(o, v);
        break;
    case OPT_RATIO:
        options_ratio(o, v);
        break;
    case OPT_COMMAND:
        options_add_template(o, v, 1);
        break;
    case OPT_WEIGHT:
        if (o->template_count == 0)
            options_fail("--weight without a --command before it", v);
        o->weights[o->template_count - 1] = (uint32_t)options_number("--weight", v, 0, 1000000);
        break;
    case OPT_VALUE_SIZE:
        options_value_size(o, v);
        break;
    case OPT_RAND_MAX:
        o->rand_max = options_number("--rand-max", v, 1, 1000000000000);
        break;
    case OPT_PRELOAD:
        o->preload = true;
        break;
    case OPT_PRELOAD_ONLY:
        o->preload_only = true;
        break;
    case OPT_PRELOAD_COMMAND:
        o->preload_template = v;
        break;
    case OPT_VERIFY:
        o->verify = true;
        break;
    case OPT_JSON:
        o->json_path = v;
        break;
    case OPT_INTERVAL:
        o->interval_ms = (uint32_t)options_number("--interval-ms", v, 1, 3600000);
        break;
    case 'q':
        o->quiet = true;
        break;
    case OPT_HELP:
        fputs(options_help, stdout);
        exit(0);
    default:
        exit(2); /* getopt has said why */
    }
}

void options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){
        .host = "127.0.0.1",
        .port = "6379",
        .resp = 2,
        .threads = 1,
        .conns = 50,
        .pipeline = 1,
        .burst = 1,
        .duration_s = 10,
        .keys = {.dist = KEYS_UNIFORM, .count = 1000000},
        .key_prefix = "key:",
        .key_size = 16,
        .value_min = 32,
        .value_max = 32,
        .rand_max = 1000000,
        .seed = 1,
        .preload_template = "SET __key__ __value__",
        .interval_ms = 1000,
    };
    int opt;
    while ((opt = getopt_long(argc, argv, "h:p:s:t:c:P:d:n:k:q", options_long, NULL)) != -1)
        options_apply(o, opt, optarg);
    if (optind < argc)
        options_fail("unexpected argument", argv[optind]);
    options_check(o);
}
