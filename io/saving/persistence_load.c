/*
 * persistence_load.c — what the server begins with.
 *
 * With appendonly, the AOF: if there is none, nothing, whatever RDB there may be, as clients know
 * it.  Without, the RDB.  Keys of an RDB go straight into their shards; commands of an AOF run
 * through a dispatcher of the loader's own.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/engine/session_end.h"
#include "core/proto/resp_segment.h"
#include "io/saving/key_loader.h"
#include "persist/rdb/rdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct loader {
    struct key_loader keys;              /* first: progress finds the rest through it */
    const struct aof_manifest *manifest; /* NULL: the RDB is loaded */
    struct dispatcher *d;
    struct session session;
    struct key_crew crew;
    uint64_t passed_over;  /* commands that answered with an error */
    unsigned said_percent; /* in the log */
    int64_t said_ms;
};

/* Whoever wants to be alone in the gate gets his turn. */
static void persistence_load_give_way(struct loader *l)
{
    dispatch_leave(l->d);
    dispatch_enter(l->d);
}

/* --- keys ------------------------------------------------------------------------------------ */

static void persistence_load_outside(void *ctx, bool out)
{
    const struct loader *l = ctx;
    if (out)
        dispatch_leave(l->d);
    else
        dispatch_enter(l->d);
}

/* A line now and then for whoever watches the log: twenty at most, and none of a short load. */
static void persistence_load_say_progress(struct loader *l, uint64_t done, uint64_t total)
{
    enum { STEP_PERCENT = 5, PAUSE_MS = 1000 };
    const unsigned percent = total > 0 ? (unsigned)(done * 100 / total) : 0;
    const int64_t now_ms = clock_unix_ms();
    if (percent < l->said_percent + STEP_PERCENT || now_ms < l->said_ms + PAUSE_MS)
        return;
    trace_line(TRACE_NOTICE, "Loading: %u%% read, %llu keys loaded", percent,
               (unsigned long long)load_relaxed(&l->keys.p->loaded_keys));
    l->said_percent = percent;
    l->said_ms = now_ms;
}

static void rdb_progress(void *ctx, uint64_t offset)
{
    struct loader *l = ctx;
    struct persistence *p = l->keys.p;
    store_relaxed(&p->loaded_bytes, offset);
    persistence_load_say_progress(l, offset, load_relaxed(&p->load_total));
    persistence_load_give_way(l);
}

static struct rdb_receiver receiver_of(struct loader *l)
{
    struct rdb_receiver r = key_loader_receiver(&l->keys);
    r.progress = rdb_progress;
    r.crew = l->crew.crew;
    return r;
}

/* --- commands -------------------------------------------------------------------------------- */

/* The line of the last error, without its sign and end. */
static struct bytes last_error(const struct reply *r)
{
    const char *at = r->out.data + r->error_at + 1;
    const char *const end = memchr(at, '\r', r->out.size - r->error_at - 1);
    LK_ASSERT(end != NULL);
    return bytes_of(at, (size_t)(end - at));
}

static bool begins_with(struct bytes text, const char *word)
{
    const size_t n = strlen(word);
    return text.size >= n && memcmp(text.data, word, n) == 0;
}

/*
 * A command that ran and answers with an error has changed nothing where it was logged either, or
 * what it met is not there any more: it is passed over.  One that could not be run is another
 * server's, or damage.
 */
static bool is_passed_over(struct loader *l, const struct args *a, struct buf *error)
{
    const struct bytes why = last_error(&l->session.reply);
    if (begins_with(why, "ERR unknown ")) {
        buf_printf(error, "Unknown command '%.*s' reading the append only file", (int)a->v[0].size,
                   a->v[0].data);
        return false;
    }
    if (begins_with(why, "ERR wrong number of arguments")) {
        buf_printf(error, "the command '%.*s' was refused: %.*s", (int)a->v[0].size, a->v[0].data,
                   (int)why.size, why.data);
        return false;
    }
    enum { SAID_MAX = 20 };
    if (l->passed_over++ < SAID_MAX)
        trace_line(TRACE_WARNING,
                   "The command '%.*s' of the append only file answers with an error and is passed "
                   "over: %.*s",
                   (int)a->v[0].size, a->v[0].data, (int)why.size, why.data);
    return true;
}

/* Of those that say what a server is to do, not what the data are: none is obeyed. */
static bool is_order(struct bytes name)
{
    return bytes_is_word(name, "shutdown");
}

/* How many of the commands from the first on are to be run. */
static uint32_t count_data(const struct args *a, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && !is_order(a[i].v[0]))
        i++;
    return i;
}

static int persistence_load_take_commands(void *ctx, const struct aof_command *v, uint32_t n,
                                          uint32_t *done, struct buf *error)
{
    struct loader *l = ctx;
    struct args a[AOF_LOAD_BATCH];
    for (uint32_t i = 0; i < n; i++)
        a[i] = (struct args){v[i].argv, v[i].n};
    uint32_t at = 0;
    int rc = LK_OK;
    while (at < n && rc == LK_OK) {
        const uint32_t run = count_data(a + at, n - at);
        uint32_t ran = 0;
        if (run == 0) {
            trace_line(TRACE_WARNING, "The append only file holds a '%.*s', which is not obeyed",
                       (int)a[at].v[0].size, a[at].v[0].data);
            at++;
            continue;
        }
        rc = dispatch_apply(l->d, &l->session, a + at, run, &ran);
        at += ran;
        if (rc == LK_EFORMAT && is_passed_over(l, &a[at], error)) {
            rc = LK_OK;
            at++;
        }
        reply_clear(&l->session.reply);
    }
    *done = at;
    return rc;
}

static void take_progress(void *ctx, uint64_t read, uint64_t total)
{
    struct loader *l = ctx;
    store_relaxed(&l->keys.p->loaded_bytes, read);
    store_relaxed(&l->keys.p->load_total, total);
    persistence_load_say_progress(l, read, total);
    persistence_load_give_way(l);
}

/* --- files ----------------------------------------------------------------------------------- */

static char *persistence_load_join(const char *directory, const char *name)
{
    struct buf b = {0};
    buf_printf(&b, "%s/%s", directory, name);
    buf_append_char(&b, '\0');
    char *path = mem_strdup(b.data);
    buf_release(&b);
    return path;
}

/* The whole file; false if it is not there or cannot be read: errno. */
static bool read_small(const char *path, struct buf *out)
{
    const struct file_ops *ops = &file_ops_system;
    const int fd = ops->open(ops->ctx, path, O_RDONLY, 0);
    if (fd < 0)
        return false;
    size_t got = 1;
    bool well = true;
    while (well && got > 0) {
        well = file_read_some(ops, fd, buf_reserve(out, 4096), 4096, &got) == LK_OK;
        out->size += got;
    }
    ops->close(ops->ctx, fd);
    return well;
}

/* Of an older server: one file, which becomes the base of a manifest. */
static bool adopt_single_file(struct persistence *p, const struct config *c)
{
    struct stat st;
    if (stat(c->appendfilename, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    if (mkdir(p->aof_directory, 0755) != 0 && errno != EEXIST) {
        trace_line(TRACE_WARNING, "Can't create the AOF directory %s: %s", p->aof_directory,
                   strerror(errno));
        return false;
    }
    aof_manifest_adopt(&p->found, c->appendfilename);
    if (aof_write_manifest(p->aof, &p->found) != LK_OK) {
        trace_line(TRACE_WARNING, "Can't write the AOF manifest: %s", strerror(errno));
        return false;
    }
    char *to = persistence_load_join(p->aof_directory, c->appendfilename);
    const bool moved = rename(c->appendfilename, to) == 0;
    if (moved)
        trace_line(TRACE_NOTICE, "Successfully migrated an old-style AOF");
    else
        trace_line(TRACE_WARNING, "Can't move %s into %s: %s", c->appendfilename, p->aof_directory,
                   strerror(errno));
    mem_strfree(to);
    return moved;
}

static bool find_manifest(struct persistence *p, const struct config *c)
{
    const int rc = persistence_read_manifest(p, &p->found);
    if (rc == LK_ENOKEY)
        return !c->appendonly || adopt_single_file(p, c);
    return rc == LK_OK;
}

int persistence_read_manifest(struct persistence *p, struct aof_manifest *out)
{
    const struct config *c = persistence_config(p);
    struct buf name = {0}, text = {0}, error = {0};
    buf_printf(&name, "%s.manifest", c->appendfilename);
    buf_append_char(&name, '\0');
    char *path = persistence_load_join(p->aof_directory, name.data);
    int rc = LK_OK;
    if (read_small(path, &text)) {
        rc = aof_manifest_parse(buf_bytes(&text), out, &error);
        if (rc != LK_OK)
            trace_line(TRACE_WARNING, "Bad AOF manifest %s: %.*s", path, (int)error.size,
                       error.data);
    } else if (errno == ENOENT) {
        rc = LK_ENOKEY;
    } else {
        trace_line(TRACE_WARNING, "Fatal error: can't open the AOF manifest file %s: %s", path,
                   strerror(errno));
        rc = LK_EIO;
    }
    buf_release(&name);
    buf_release(&text);
    buf_release(&error);
    mem_strfree(path);
    return rc;
}

bool persistence_find(struct persistence *p)
{
    const struct config *c = persistence_config(p);
    if (!find_manifest(p, c))
        return false;
    p->load_aof = c->appendonly && p->found.count > 0;
    p->load_rdb = !c->appendonly && access(c->dbfilename, F_OK) == 0;
    return true;
}

/* --- the two loads --------------------------------------------------------------------------- */

static bool load_rdb(struct loader *l, const struct config *c)
{
    struct rdb_file_in f;
    const struct rdb_receiver receiver = receiver_of(l);
    if (rdb_file_open(&f, &file_ops_system, c->dbfilename) != LK_OK) {
        trace_line(TRACE_WARNING, "Fatal error loading the DB: %s. Exiting.", strerror(errno));
        return false;
    }
    f.in.checksum = c->rdbchecksum && !load_relaxed(&l->keys.p->parts.engine->skip_checksums);
    store_relaxed(&l->keys.p->load_total, f.in.source.size);
    const bool read = rdb_load(&f.in, &receiver) == LK_OK;
    if (!read)
        trace_line(TRACE_WARNING, "Fatal error loading the DB, %s. Exiting.", f.in.error);
    if (!read)
        trace_line(TRACE_WARNING, "Terminating server after rdb file reading failure.");
    rdb_file_close(&f);
    return read;
}

static bool load_aof(struct loader *l, const struct config *c, struct aof_load_result *result)
{
    const struct rdb_receiver rdb = receiver_of(l);
    const struct aof_receiver receiver = {.commands = persistence_load_take_commands,
                                          .rdb = &rdb,
                                          .progress = take_progress,
                                          .ctx = l};
    const struct aof_load_options options = {.ops = &file_ops_system,
                                             .directory = l->keys.p->aof_directory,
                                             .truncated_ok = c->aof_load_truncated,
                                             .corrupt_tail_max = c->aof_load_corrupt_tail_max_size};
    struct buf error = {0};
    const int rc = aof_load(l->manifest, &options, &receiver, result, &error);
    if (rc != LK_OK)
        trace_line(TRACE_WARNING, "%.*s", (int)error.size, error.data);
    if (l->passed_over > 0)
        trace_line(TRACE_WARNING, "%llu commands of the append only file answered with an error",
                   (unsigned long long)l->passed_over);
    buf_release(&error);
    return rc == LK_OK;
}

static void say_keys(const struct persistence *p)
{
    char empty[64] = "";
    const uint64_t n = load_relaxed(&p->load_empty);
    if (n > 0)
        snprintf(empty, sizeof empty, ", empty keys skipped: %llu", (unsigned long long)n);
    trace_line(TRACE_NOTICE, "Done loading RDB, keys loaded: %llu, keys expired: %llu%s.",
               (unsigned long long)load_relaxed(&p->loaded_keys),
               (unsigned long long)load_relaxed(&p->load_expired), empty);
}

static void say_loaded(const char *from, int64_t began_ms)
{
    trace_line(TRACE_NOTICE, "DB loaded from %s: %.3f seconds", from,
               (double)(clock_unix_ms() - began_ms) / 1000);
}

static bool persistence_load_one(struct loader *l, const struct config *c,
                                 struct aof_load_result *result)
{
    const int64_t began_ms = clock_unix_ms();
    if (l->manifest) {
        if (!load_aof(l, c, result))
            return false;
        say_loaded("append only file", began_ms);
        return true;
    }
    if (!load_rdb(l, c))
        return false;
    say_keys(l->keys.p);
    say_loaded("disk", began_ms);
    return true;
}

/* The base of nothing, in the form that is configured: whoever reads the files finds one. */
static void begin_base(struct persistence *p)
{
    trace_line(TRACE_NOTICE, "Creating AOF base file on server start");
    if (saver_begin(p->saver, SAVER_REWRITE, AOF_TURN_NONE, SAVER_AWAITED, SAVER_NOW) != LK_OK ||
        !saver_wait(p->saver, SAVER_REWRITE))
        return; /* the log says why; it can do without */
    saver_forget_rewrites(p->saver);
    if (persistence_read_manifest(p, &p->found) != LK_OK)
        trace_line(TRACE_WARNING, "The AOF manifest cannot be read");
}

/* From here on changes are logged: the file is there, and nobody has changed anything yet. */
static bool begin_aof(struct persistence *p, const struct aof_load_result *result)
{
    struct engine *engine = p->parts.engine;
    if (!persistence_config(p)->appendonly) {
        aof_know(p->aof, &p->found);
        return true;
    }
    if (mkdir(p->aof_directory, 0755) != 0 && errno != EEXIST) {
        trace_line(TRACE_WARNING, "Can't create the AOF directory %s: %s", p->aof_directory,
                   strerror(errno));
        return false;
    }
    const bool fresh = p->found.count == 0;
    if (fresh)
        begin_base(p);
    if (aof_open(p->aof, &p->found, result->incr_bytes, result->base_bytes) != LK_OK) {
        trace_line(TRACE_WARNING, "Can't open the append-only file: %s", strerror(errno));
        return false;
    }
    if (fresh)
        trace_line(TRACE_NOTICE, "Creating AOF incr file on server start");
    gate_close(&engine->fixed.keyspace->gate);
    fetch_or_release(&engine->saving.log_active, LOG_TO_AOF);
    gate_open(&engine->fixed.keyspace->gate);
    return true;
}

static bool read_once(struct persistence *p, const struct aof_manifest *m, bool merge,
                      struct aof_load_result *result)
{
    struct loader l = {.manifest = m, .said_ms = clock_unix_ms()};
    store_relaxed(&p->load_began_ms, (uint64_t)clock_unix_ms());
    store_relaxed(&p->loaded_bytes, 0);
    store_relaxed(&p->loaded_keys, 0);
    store_relaxed(&p->load_expired, 0);
    struct engine *engine = p->parts.engine;
    store_relaxed(&p->load_empty, 0);
    memset(&p->place, 0, sizeof p->place);
    key_loader_begin(&l.keys, p, engine->fixed.keyspace, merge,
                     m != NULL || engine_is_replica(engine));
    key_crew_begin(&l.crew, &l.keys, persistence_load_outside, &l);
    l.d = dispatcher_new(p->parts.engine, SHARD_LOADER);
    session_init(&l.session, 0);
    session_set(&l.session, SESSION_AUTHENTICATED, true);
    dispatch_enter(l.d);
    const bool well = persistence_load_one(&l, persistence_config(p), result);
    dispatch_forget(l.d, &l.session);
    dispatch_leave(l.d);
    key_crew_end(&l.crew);
    key_loader_end(&l.keys);
    session_release(&l.session);
    dispatcher_free(l.d);
    return well;
}

/* The file ends sooner by then, so this comes to an end. */
bool persistence_read(struct persistence *p, const struct aof_manifest *m, bool merge,
                      struct aof_load_result *result)
{
    bool well = read_once(p, m, merge, result);
    while (well && result->again) {
        struct gate *gate = &p->parts.engine->fixed.keyspace->gate;
        trace_line(TRACE_WARNING, "Loading the append only file again, without what was cut off");
        gate_close(gate);
        keyspace_clear(p->parts.engine->fixed.keyspace);
        gate_open(gate);
        well = read_once(p, m, merge, result);
    }
    return well;
}

void persistence_begin(struct persistence *p)
{
    engine_set_loading(p->parts.engine, true);
}

/* An append-only file may hold less than replicas were given, and says nothing of the stream. */
bool persistence_place_get(const struct persistence *p, struct persistence_place *out)
{
    if (p->load_aof || !load_acquire(&p->place.found))
        return false;
    out->offset = p->place.offset;
    out->db = p->place.db;
    memcpy(out->id, p->place.id, sizeof out->id);
    return true;
}

static void begin_stream(struct persistence *p)
{
    struct gate *gate = &p->parts.engine->fixed.keyspace->gate;
    struct persistence_place place;
    if (!p->stream || !persistence_place_get(p, &place))
        return;
    gate_close(gate);
    p->stream->loaded(p->stream->ctx, place.id, place.offset);
    gate_open(gate);
}

bool persistence_load(struct persistence *p)
{
    struct aof_load_result result = {0};
    if (!persistence_find(p))
        return false;
    const struct aof_manifest *m = p->load_aof ? &p->found : NULL;
    if ((p->load_aof || p->load_rdb) && !persistence_read(p, m, false, &result))
        return false;
    if (!begin_aof(p, &result))
        return false;
    begin_stream(p);
    struct log_sink sinks[2] = {aof_sink(p->aof)};
    if (p->stream_sink)
        sinks[1] = *p->stream_sink;
    p->log = log_thread_new(p->parts.engine->fixed.log, sinks, p->stream_sink ? 2 : 1);
    saver_note_saved(p->saver, 0);
    engine_set_loading(p->parts.engine, false);
    return true;
}
