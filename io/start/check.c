#include "io/start/check.h"

#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "persist/aof/aof_chain.h"
#include "persist/aof/aof_load.h"
#include "persist/rdb/rdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct counts {
    uint64_t keys, expires, expired;
    int64_t now_ms;
};

static int check_take_key(void *ctx, const struct rdb_record *r)
{
    struct counts *c = ctx;
    c->keys++;
    c->expires += r->deadline_ms >= 0;
    c->expired += r->deadline_ms >= 0 && clock_passed(r->deadline_ms, c->now_ms);
    value_release(r->value);
    return LK_OK;
}

static int check_take_aux(void *ctx, struct bytes name, struct bytes value)
{
    (void)ctx;
    printf("[info] AUX FIELD %.*s = '%.*s'\n", (int)name.size, name.data, (int)value.size,
           value.data);
    return LK_OK;
}

static int take_function(void *ctx, struct bytes code)
{
    (void)ctx, (void)code;
    return LK_OK;
}

static void print_counts(const struct counts *c)
{
    printf("[info] %llu keys read\n[info] %llu expires\n[info] %llu already expired\n",
           (unsigned long long)c->keys, (unsigned long long)c->expires,
           (unsigned long long)c->expired);
}

/* --- RDB ------------------------------------------------------------------------------------- */

static int check_rdb(const char *path)
{
    struct counts counts = {.now_ms = clock_unix_ms()};
    const struct rdb_receiver receiver = {
        .entry = check_take_key, .aux = check_take_aux, .function = take_function, .ctx = &counts};
    struct rdb_file_in f;
    if (rdb_file_open(&f, &file_ops_system, path) != LK_OK) {
        fprintf(stderr, "Cannot open file %s: %s\n", path, strerror(errno));
        return 1;
    }
    printf("[offset 0] Checking RDB file %s\n", path);
    const int rc = rdb_load(&f.in, &receiver);
    const unsigned long long offset = rdb_in_offset(&f.in);
    if (rc == LK_OK) {
        printf("[offset %llu] Checksum OK\n[offset %llu] \\o/ RDB looks OK! \\o/\n", offset,
               offset);
    } else {
        printf("--- RDB ERROR DETECTED ---\n[offset %llu] %s\n", offset, f.in.error);
        printf("[additional info] %llu keys were read before\n", (unsigned long long)counts.keys);
    }
    print_counts(&counts);
    rdb_file_close(&f);
    return rc == LK_OK ? 0 : 1;
}

/* --- AOF ------------------------------------------------------------------------------------- */

struct aof_check {
    const char *directory, *name;
    bool fix;
    int64_t until_unix_s;
};

static int check_take_commands(void *ctx, const struct aof_command *v, uint32_t n, uint32_t *done,
                               struct buf *error)
{
    (void)ctx, (void)v, (void)error;
    *done = n;
    return LK_OK;
}

static void show_progress(void *ctx, uint64_t read, uint64_t total)
{
    (void)ctx;
    if (isatty(STDOUT_FILENO))
        printf("\r%3llu %%", (unsigned long long)(total ? read * 100 / total : 0));
}

static int cut_file(const struct aof_check *c, const struct aof_load_result *result)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", c->directory, result->file->name);
    const unsigned long long offset = result->sound;
    if (truncate(path, (off_t)offset) != 0) {
        fprintf(stderr, "Failed to truncate AOF %s: %s\n", path, strerror(errno));
        return 1;
    }
    printf("Successfully truncated AOF %s to %llu bytes\n", path, offset);
    return 0;
}

/* What was never durable, behind a file that has lost its end. */
static int empty_behind(const struct aof_check *c, const struct aof_manifest *m,
                        const struct aof_load_result *result)
{
    struct aof_chain chain;
    const char *at = NULL;
    aof_chain_init(&chain, m, &file_ops_system, c->directory);
    const int rc = aof_chain_end_behind(&chain, (size_t)(result->file - m->files), &at);
    if (rc != LK_OK)
        fprintf(stderr, "Failed to truncate AOF %s: %s\n", at, strerror(errno));
    aof_chain_release(&chain);
    return rc == LK_OK ? 0 : 1;
}

static bool check_ask(const char *question)
{
    char answer[8] = "";
    printf("%s [y/N]: ", question);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int check_repair(const struct aof_check *c, const struct aof_manifest *m,
                        const struct aof_load_result *result)
{
    if (!c->fix && c->until_unix_s == 0) {
        printf("AOF %s is not valid. Use the --fix option to try fixing it.\n", result->file->name);
        return 1;
    }
    if (!result->ends && result->file != &m->files[m->count - 1]) {
        printf("Failed to truncate AOF %s because it is not the last file\n", result->file->name);
        return 1;
    }
    if (result->in_rdb) {
        printf("Failed to truncate AOF %s because its RDB is broken\n", result->file->name);
        return 1;
    }
    printf("This will shrink the AOF %s to %llu bytes\n", result->file->name,
           (unsigned long long)result->sound);
    if (c->fix && !check_ask("Continue?")) {
        printf("Aborting...\n");
        return 1;
    }
    if (result->ends && empty_behind(c, m, result) != 0)
        return 1;
    return cut_file(c, result);
}

static int check_manifest(const struct aof_check *c, const struct aof_manifest *m)
{
    struct counts counts = {.now_ms = clock_unix_ms()};
    const struct rdb_receiver rdb = {
        .entry = check_take_key, .function = take_function, .ctx = &counts};
    const struct aof_receiver receiver = {
        .commands = check_take_commands, .rdb = &rdb, .progress = show_progress};
    const struct aof_load_options options = {.ops = &file_ops_system,
                                             .directory = c->directory,
                                             .truncated_ok = true,
                                             .until_unix_s = c->until_unix_s,
                                             .only_look = true};
    struct aof_load_result result;
    struct buf error = {0};
    const int rc = aof_load(m, &options, &receiver, &result, &error);
    if (isatty(STDOUT_FILENO))
        printf("\r");
    if (rc != LK_OK)
        printf("%.*s\n", (int)error.size, error.data);
    buf_release(&error);
    printf("AOF analyzed: %llu keys in the base, %llu commands\n", (unsigned long long)counts.keys,
           (unsigned long long)result.commands);
    if (rc == LK_EIO || (rc != LK_OK && !result.file))
        return 1;
    if (rc != LK_OK || result.truncated)
        return check_repair(c, m, &result);
    printf("All AOF files and manifest are valid\n");
    return 0;
}

static bool check_read_text(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    for (size_t n = 1; n > 0;) {
        n = fread(buf_reserve(out, 4096), 1, 4096, f);
        out->size += n;
    }
    const bool well = !ferror(f);
    fclose(f);
    return well;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* A manifest, or a single file as if one named it. */
static int check_aof(struct aof_check *c, char *path)
{
    struct aof_manifest m = {0};
    struct buf text = {0}, error = {0};
    char *slash = strrchr(path, '/');
    c->name = slash ? slash + 1 : path;
    int rc = LK_OK;
    if (!ends_with(path, ".manifest")) {
        printf("Start checking Old-Style AOF\n");
        aof_manifest_adopt(&m, c->name);
    } else if (!check_read_text(path, &text)) {
        fprintf(stderr, "Cannot open file %s: %s\n", path, strerror(errno));
        rc = LK_EIO;
    } else {
        printf("Start checking Multi Part AOF\n");
        rc = aof_manifest_parse(buf_bytes(&text), &m, &error);
        if (rc != LK_OK)
            printf("%.*s\n", (int)error.size, error.data);
    }
    if (slash)
        *slash = '\0';
    c->directory = slash ? path : ".";
    const int code = rc == LK_OK ? check_manifest(c, &m) : 1;
    aof_manifest_release(&m);
    buf_release(&text);
    buf_release(&error);
    return code;
}

/* --- the words ------------------------------------------------------------------------------- */

static int check_usage(const char *what)
{
    fprintf(stderr, "Usage: %s\n", what);
    return 1;
}

static int run_aof(int n, char **words)
{
    struct aof_check c = {0};
    int at = 0;
    if (n == 2 && strcmp(words[0], "--fix") == 0)
        c.fix = ++at;
    else if (n == 3 && strcmp(words[0], "--truncate-to-timestamp") == 0)
        c.until_unix_s = strtoll(words[1], NULL, 10), at = 2;
    if (n != at + 1 || (at == 2 && c.until_unix_s <= 0))
        return check_usage("latchkey-check-aof [--fix|--truncate-to-timestamp $timestamp] "
                           "<file.manifest|file.aof>");
    return check_aof(&c, words[at]);
}

int check_run(int argc, char **argv)
{
    const bool rdb_name = ends_with(argv[0], "check-rdb"),
               aof_name = ends_with(argv[0], "check-aof");
    const bool rdb = rdb_name || (argc > 1 && strcmp(argv[1], "--check-rdb") == 0);
    const bool aof = aof_name || (argc > 1 && strcmp(argv[1], "--check-aof") == 0);
    if (!rdb && !aof)
        return -1;
    const int first = rdb_name || aof_name ? 1 : 2;
    hash_seed_random(); /* values are made as they are read */
    if (aof)
        return run_aof(argc - first, argv + first);
    return argc - first == 1 ? check_rdb(argv[first])
                             : check_usage("latchkey-check-rdb <rdb-file-name>");
}
