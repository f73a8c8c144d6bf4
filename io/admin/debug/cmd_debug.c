/*
 * cmd_debug.c — DEBUG: for tests, and for finding out what is wrong.
 *
 * The whole command runs alone in the gate: SLEEP is meant to stop the world, DIGEST must see one
 * moment, and nobody minds for the others.  enable-debug-command says who may.
 */
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/engine/exec_report.h"
#include "io/admin/admin_priv.h"
#include "io/admin/debug/debug_cluster.h"
#include "io/admin/debug/debug_crash.h"
#include "io/admin/debug/debug_populate.h"
#include "io/admin/debug/debug_protocol.h"
#include "io/admin/debug/debug_switch.h"
#include "io/admin/debug/debug_value.h"
#include "io/admin/debug/digest.h"
#include "io/admin/memory/malloc_stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- keys ------------------------------------------------------------------------------------ */

static void reply_digest(struct exec *x, const struct digest *d)
{
    char text[DIGEST_CHARS + 1];

    digest_print(d, text);
    reply_simple(x->reply, text);
}

static void debug_digest_value(struct exec *x, const struct args *a)
{
    reply_array(x->reply, a->n - 2);
    for (uint32_t i = 2; i < a->n; i++) {
        struct digest d = {{0}};
        struct value v;
        exec_find_silently(x, a->v[i], TYPE_ANY, &v);
        if (value_exists(&v))
            digest_value(&d, &v, exec_deadline(x, a->v[i]) >= 0);
        reply_digest(x, &d);
    }
}

struct digest_walk {
    struct exec *x;
    struct digest all;
};

static bool digest_one(void *ctx, struct bytes key, const struct value *v)
{
    struct digest_walk *w = ctx;
    struct digest d = {{0}};

    digest_key(&d, key, v, exec_deadline(w->x, key) >= 0);
    digest_fold(&w->all, &d);
    return true;
}

static void debug_digest(struct exec *x, const struct args *a)
{
    struct digest_walk w = {x, {{0}}};
    const struct db_reports *dbs;

    (void)a;
    LK_ASSERT(exec_report_dbs(x, false, &dbs) == RUN_DONE); /* alone in the gate */
    for (uint32_t i = 0; i < dbs->n; i++) {
        digest_begin_database(&w.all, dbs->v[i].db);
        if (exec_use_db(x, dbs->v[i].db) == LK_OK)
            exec_each_key(x, digest_one, &w);
    }
    LK_ASSERT(exec_use_db(x, x->db) == LK_OK);
    reply_digest(x, &w.all);
}

/* --- the server ------------------------------------------------------------------------------ */

static void debug_sleep(struct exec *x, const struct args *a)
{
    double seconds = 0;

    if (args_double(a, 2, &seconds) == LK_OK && seconds > 0 && seconds < 1e9) {
        struct timespec left = {(time_t)seconds, 0};
        left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
        while (nanosleep(&left, &left) != 0)
            ;
    }
    reply_ok(x->reply);
}

static void debug_stringmatch_len(struct exec *x, const struct args *a)
{
    enum { TEXT_MAX = 512 * 1024 * 1024 };
    int64_t size;

    if (args_int64(a, 2, &size) != LK_OK || size < 0 || size > TEXT_MAX) {
        reply_status(x, LK_ENOTINT);
        return;
    }
    char *text = mem_try_alloc((size_t)size + 1);
    if (!text) {
        reply_status(x, LK_ENOMEM);
        return;
    }
    memset(text, 'x', (size_t)size);
    reply_int(x->reply, bytes_match_glob(a->v[3], bytes_of(text, (size_t)size), false));
    mem_free(text, (size_t)size + 1);
}

static void debug_mallctl(struct exec *x, const struct args *a)
{
    char name[64];
    int64_t value = 0;
    const bool fits = a->v[2].size < sizeof name;
    snprintf(name, sizeof name, "%.*s", (int)(fits ? a->v[2].size : 0), a->v[2].data);
    const int rc = malloc_number(name, &value);
    if (rc == 0)
        reply_int(x->reply, value);
    else
        reply_error(x->reply, "ERR %s", strerror(rc));
}

static void debug_protocol_command(struct exec *x, const struct args *a)
{
    debug_protocol(x->reply, a->v[2]);
}

static void debug_structsize(struct exec *x, const struct args *a)
{
    (void)a;
    struct buf line = {0};
    buf_printf(&line, "bits:%zu entry:%d entry_wide:%d bucket:%d table:%zu shard:%zu session:%zu",
               sizeof(void *) * 8, ENTRY_NARROW_HEAD, ENTRY_WIDE_HEAD, LK_CACHE_LINE,
               sizeof(struct table), sizeof(struct shard), sizeof(struct session));
    reply_simple_bytes(x->reply, buf_bytes(&line));
    buf_release(&line);
}

/* The message is all there is, its code included. */
static void debug_error(struct exec *x, const struct args *a)
{
    struct buf line = {0};

    buf_append_char(&line, '-');
    buf_append_bytes(&line, a->v[2]);
    buf_append_cstr(&line, "\r\n");
    for (size_t i = 0; i + 2 < line.size; i++)
        if (line.data[i] == '\r' || line.data[i] == '\n')
            line.data[i] = ' ';
    reply_error_bytes(x->reply, bytes_of(line.data, line.size - 2));
    buf_release(&line);
}

static void debug_log(struct exec *x, const struct args *a)
{
    trace_line(TRACE_WARNING, "DEBUG LOG: %.*s", (int)a->v[2].size, a->v[2].data);
    reply_ok(x->reply);
}

static void debug_segfault(struct exec *x, const struct args *a)
{
    (void)x;
    (void)a;
    crash_by_segfault();
}

static void debug_panic(struct exec *x, const struct args *a)
{
    (void)x;
    (void)a;
    crash_by_panic();
}

static void debug_assert(struct exec *x, const struct args *a)
{
    (void)x;
    (void)a;
    crash_by_assertion();
}

static void debug_oom(struct exec *x, const struct args *a)
{
    (void)x;
    (void)a;
    crash_by_allocation();
}

static void debug_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "AOF-FLUSH-SLEEP <microseconds>",
        "    Waits so long before each write to the append-only file.",
        "ASSERT",
        "    Ends the server with a failed assertion.",
        "CLOSE-CLUSTER-LINK-ON-PACKET-DROP <0|1>",
        "    Frames that the filter below takes end their link.",
        "CLUSTERLINK KILL <to|from|all> <node-id>",
        "    Close the links to, from or with a node.",
        "CONFIG-REWRITE-FORCE-ALL",
        "    CONFIG REWRITE with a line for every directive.",
        "DICT-RESIZING <0|1>",
        "    Accepted: tables grow and shrink in bounded steps.",
        "DROP-CLUSTER-PACKET-FILTER <packet-type>",
        "    Frames of this type are not heard; -1: all are.",
        "DIGEST",
        "    One number for all keys, values and whether they have deadlines.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    The same for single values; zeros where there is no such key.",
        "ERROR <message>",
        "    Answers with this error line.",
        "HTSTATS <database> [full]",
        "    The shape of the tables of a database.",
        "HTSTATS-KEY <key> [full]",
        "    The same of a large collection.",
        "LISTPACK <key>",
        "    Writes the elements of a listpack to standard output.",
        "LOADAOF",
        "    Reads the append-only file again, in place of what is there.",
        "LOG <message>",
        "    Writes a line to the server's log.",
        "MALLCTL <name>",
        "    A number of the allocator's, by its name in the allocator's manual.",
        "OBJECT <key> [fast]",
        "    How a value is kept; serializedlength is what it takes in memory.",
        "OOM",
        "    Ends the server as if it had run out of memory.",
        "PANIC",
        "    Ends the server with a panic.",
        "PAUSE-AFTER-FORK <0|1>",
        "    Accepted: this server never forks.",
        "PAUSE-CRON <0|1>",
        "    Stops or restarts periodic work.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Makes keys <prefix>:<number>, \"key\" if no prefix is given.  They are not logged.",
        "PROTOCOL <type>",
        "    Answers with a reply of this type.",
        "QUICKLIST <key> [<0|1>]",
        "    Writes the elements of a quicklist to standard output.",
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "    Accepted: what stands alone in a node follows from list-max-listpack-size.",
        "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
        "    Saves the RDB and reads it again.  MERGE: its keys replace those that are there.",
        "    NOFLUSH: nothing is dropped before.  NOSAVE: nothing is saved before.",
        "REPLICATE <word> [<word> ...]",
        "    Tells the replicas these words as a command, and does not run it.",
        "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|milliseconds>",
        "REPLYBUFFER RESIZING <0|1>",
        "    Accepted: a connection keeps no buffer for replies.",
        "SDSLEN <key>",
        "    Sizes of a key and its string.",
        "SEGFAULT",
        "    Ends the server by a bad memory access.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    0: keys expire only when they are met.",
        "SET-DISABLE-DENY-SCRIPTS <0|1>",
        "    1: scripts may call DEBUG PROTOCOL and SLEEP, CLIENT LIST, INFO, ID and GETNAME.",
        "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
        "    1: checksums of RDB files and of RESTORE are not compared.",
        "SLEEP <seconds>",
        "    Stops the whole server for so long.",
        "STRINGMATCH-LEN <length> <pattern>",
        "    Matches a pattern against so many letters x.",
        "STRUCTSIZE",
        "    Sizes of the server's structures.",
        NULL,
    };

    (void)a;
    reply_help(x, lines);
}

/* --- files ----------------------------------------------------------------------------------- */

/* The client waits until the data are there again; false: an error is answered. */
static bool debug_ask_to_reload(struct exec *x, struct admin_reload *spec)
{
    const struct admin_parts *parts = &x->admin->parts;

    spec->worker = x->session->worker;
    spec->session = x->session->id;
    if (parts->reload && parts->reload(parts->ctx, spec))
        return true;
    reply_error(x->reply, "ERR the data cannot be loaded again now");
    return false;
}

static bool debug_reload(struct exec *x, const struct args *a)
{
    struct admin_reload spec = {0};

    for (uint32_t i = 2; i < a->n; i++) {
        if (args_is(a, i, "merge")) {
            spec.merge = true;
        } else if (args_is(a, i, "noflush")) {
            spec.no_flush = true;
        } else if (args_is(a, i, "nosave")) {
            spec.no_save = true;
        } else {
            reply_error(x->reply,
                        "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
            return false;
        }
    }
    return debug_ask_to_reload(x, &spec);
}

static bool debug_loadaof(struct exec *x, const struct args *a)
{
    struct admin_reload spec = {.aof = true};

    (void)a;
    return debug_ask_to_reload(x, &spec);
}

/* --- the command ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t least, most; /* arguments, with both words */
    void (*run)(struct exec *x, const struct args *a);
    bool (*ask)(struct exec *x, const struct args *a); /* instead: the answer comes later if true */
} subcommands[] = {
    {"aof-flush-sleep", 3, 3, .run = debug_aof_flush_sleep},
    {"assert", 2, 2, .run = debug_assert},
    {"close-cluster-link-on-packet-drop", 3, 3, .run = debug_drop_closes},
    {"clusterlink", 5, 5, .run = debug_clusterlink},
    {"config-rewrite-force-all", 2, 2, .run = debug_config_rewrite},
    {"dict-resizing", 3, 3, .run = debug_accept},
    {"digest", 2, 2, .run = debug_digest},
    {"digest-value", 2, UINT32_MAX, .run = debug_digest_value},
    {"drop-cluster-packet-filter", 3, 3, .run = debug_drop_frames},
    {"error", 3, 3, .run = debug_error},
    {"help", 2, 2, .run = debug_help},
    {"htstats", 3, 4, .run = debug_htstats},
    {"htstats-key", 3, 4, .run = debug_htstats_key},
    {"listpack", 3, 3, .run = debug_listpack},
    {"loadaof", 2, 2, .ask = debug_loadaof},
    {"log", 3, 3, .run = debug_log},
    {"mallctl", 3, 3, .run = debug_mallctl},
    {"object", 3, 4, .run = debug_object},
    {"oom", 2, 2, .run = debug_oom},
    {"panic", 2, 2, .run = debug_panic},
    {"pause-after-fork", 3, 3, .run = debug_accept},
    {"pause-cron", 3, 3, .run = debug_pause_cron},
    {"populate", 3, 5, .run = debug_populate},
    {"protocol", 3, 3, .run = debug_protocol_command},
    {"quicklist", 3, 4, .run = debug_quicklist},
    {"quicklist-packed-threshold", 3, 3, .run = debug_packed_threshold},
    {"reload", 2, UINT32_MAX, .ask = debug_reload},
    {"replicate", 3, UINT32_MAX, .run = debug_replicate},
    {"replybuffer", 4, 4, .run = debug_replybuffer},
    {"sdslen", 3, 3, .run = debug_sdslen},
    {"segfault", 2, 2, .run = debug_segfault},
    {"set-active-expire", 3, 3, .run = debug_set_active_expire},
    {"set-disable-deny-scripts", 3, 3, .run = debug_set_scripts_may},
    {"set-skip-checksum-validation", 3, 3, .run = debug_set_skip_checksum},
    {"sleep", 3, 3, .run = debug_sleep},
    {"stringmatch-len", 4, 4, .run = debug_stringmatch_len},
    {"structsize", 2, 2, .run = debug_structsize},
};

static bool debug_allowed(const struct exec *x)
{
    const int access = config_current(x->admin->parts.config)->enable_debug_command;

    return access == CONFIG_ACCESS_YES ||
           (access == CONFIG_ACCESS_LOCAL && admin_is_local(x->session));
}

static enum outcome debug_command(struct exec *x, const struct args *a)
{
    if (!debug_allowed(x)) {
        reply_error(x->reply,
                    "ERR DEBUG command not allowed. If the enable-debug-command option is set to "
                    "\"local\", you can run it from a local connection, otherwise you need to set "
                    "this option in the configuration file, and then restart the server.");
        return RUN_DONE;
    }
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
        if (!args_is(a, 1, subcommands[i].name) || a->n < subcommands[i].least ||
            a->n > subcommands[i].most)
            continue;
        const struct wait_spec until_answered = {.count = 0};
        if (subcommands[i].ask && subcommands[i].ask(x, a))
            return exec_wait(x, a, &until_answered);
        if (subcommands[i].run)
            subcommands[i].run(x, a);
        return RUN_DONE;
    }
    return reply_subcommand(x, a);
}

const struct command admin_debug_commands[] = {
    {"debug", .arity = -2,
     .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_EXCLUSIVE,
     .categories = CAT_ADMIN | CAT_DANGEROUS, .run = debug_command},
    {0},
};
