/*
 * persistence_load.c — what the server begins with.
 *
 * With appendonly, the AOF: if there is none, nothing, whatever RDB there may be, as clients know
 * it.  Without, the RDB.  Keys of an RDB go straight into their shards; commands of an AOF run
 * through a dispatcher of the loader's own.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/proto/resp_segment.h"
#include "core/store/bulk_load.h"
#include "core/store/lru.h"
#include "io/persistence_priv.h"
#include "persist/rdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOADER_WORKER = 63, PROGRESS_KEYS = 1024 };

struct loader {
    struct persistence *p;
    const struct aof_manifest *manifest; /* NULL: the RDB is loaded */
    struct dispatcher *d;
    struct session session;
    struct bulk_load bulk;
    int64_t now_ms;
    struct type_limits limits; /* of values in files */
    bool keep_expired;
    uint64_t keys, expired;
    uint64_t expected; /* keys for which tables were made */
};

/* Whoever wants to be alone in the gate gets his turn. */
static void give_way(struct loader *l)
{
    dispatch_leave(l->d);
    dispatch_enter(l->d);
}

/* --- keys ------------------------------------------------------------------------------------ */

static uint32_t use_bits(const struct loader *l, const struct rdb_record *r, int64_t now_ms)
{
    const struct command_limits *limits = &l->p->parts.shared->config->limits;
    if (limits->lfu)
        return r->freq >= 0 ? lfu_of(now_ms, (uint32_t)r->freq) : lfu_new(now_ms);
    const int64_t idle_s = r->idle_s > 0 ? r->idle_s : 0;
    return lru_clock(now_ms - idle_s * 1000);
}

static int bulk_done(struct loader *l, int rc)
{
    if (rc == LK_EBUSY) {
        const struct bytes key = entry_key(l->bulk.refused.e);
        log_line(LOG_WARNING, "RDB has duplicated key '%.*s' in DB %u", (int)key.size, key.data,
                 l->bulk.refused.db);
    }
    return rc;
}

static int take_key(void *ctx, const struct rdb_record *r)
{
    struct loader *l = ctx;
    const uint32_t databases = l->bulk.ks->databases;
    if (r->db >= databases) {
        log_line(LOG_WARNING,
                 "FATAL: Data file was created with a server configured to handle more than %u "
                 "databases. Exiting",
                 databases);
        value_release(r->value);
        return LK_EDBINDEX;
    }
    if (r->deadline_ms >= 0 && r->deadline_ms < l->now_ms && !l->keep_expired) {
        value_release(r->value);
        l->expired++;
        return LK_OK;
    }
    const int rc =
        bulk_load_add(&l->bulk, r->db, r->key, r->value, r->deadline_ms, use_bits(l, r, l->now_ms));
    if (rc == LK_OK && ++l->keys % PROGRESS_KEYS == 0) {
        __atomic_store_n(&l->p->loaded_keys, l->keys, __ATOMIC_RELAXED);
        give_way(l);
        l->now_ms = clock_unix_ms();
    }
    return bulk_done(l, rc);
}

/* The file may say anything, but a key takes some bytes of it. */
static int take_sizes(void *ctx, uint32_t db, uint64_t keys, uint64_t deadlines)
{
    struct loader *l = ctx;
    const uint64_t most = __atomic_load_n(&l->p->load_total, __ATOMIC_RELAXED) / 4;
    (void)deadlines;
    if (db >= l->bulk.ks->databases || keys > most - l->expected)
        return LK_OK;
    l->expected += keys;
    bulk_load_expect(&l->bulk, db, keys);
    return LK_OK;
}

static int take_aux(void *ctx, struct bytes name, struct bytes value)
{
    (void)ctx;
    if (bytes_equal(name, bytes_cstr("redis-ver")))
        log_line(LOG_NOTICE, "Loading RDB produced by version %.*s", (int)value.size, value.data);
    else if (bytes_equal(name, bytes_cstr("aof-base")) && bytes_equal(value, bytes_cstr("1")))
        log_line(LOG_NOTICE, "RDB is base AOF");
    return LK_OK;
}

static struct rdb_receiver receiver_of(struct loader *l)
{
    return (struct rdb_receiver){
        .entry = take_key, .aux = take_aux, .sizes = take_sizes, .limits = &l->limits, .ctx = l};
}

/* --- commands -------------------------------------------------------------------------------- */

static int take_commands(void *ctx, const struct aof_command *v, uint32_t n, uint32_t *done,
                         struct buf *error)
{
    struct loader *l = ctx;
    struct args a[AOF_LOAD_BATCH];
    for (uint32_t i = 0; i < n; i++)
        a[i] = (struct args){v[i].argv, v[i].n};
    int rc = bulk_done(l, bulk_load_flush(&l->bulk)); /* an RDB may have stood before them */
    *done = 0;
    if (rc != LK_OK)
        buf_append_bytes(error, bytes_cstr("the keys before it cannot be put"));
    else
        rc = dispatch_apply(l->d, &l->session, a, n, done);
    const struct reply *r = &l->session.reply;
    if (rc == LK_EFORMAT)
        buf_printf(error, "the command '%.*s' was refused: %.*s", (int)a[*done].v[0].size,
                   a[*done].v[0].data, (int)(r->out.size - r->error_at), r->out.data + r->error_at);
    reply_clear(&l->session.reply);
    return rc;
}

static void take_progress(void *ctx, uint64_t read, uint64_t total)
{
    struct loader *l = ctx;
    __atomic_store_n(&l->p->loaded_bytes, read, __ATOMIC_RELAXED);
    __atomic_store_n(&l->p->load_total, total, __ATOMIC_RELAXED);
    give_way(l);
}

/* --- files ----------------------------------------------------------------------------------- */

static char *join(const char *directory, const char *name)
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
        log_line(LOG_WARNING, "Can't create the AOF directory %s: %s", p->aof_directory,
                 strerror(errno));
        return false;
    }
    aof_manifest_adopt(&p->found, c->appendfilename);
    if (aof_write_manifest(p->aof, &p->found) != LK_OK) {
        log_line(LOG_WARNING, "Can't write the AOF manifest: %s", strerror(errno));
        return false;
    }
    char *to = join(p->aof_directory, c->appendfilename);
    const bool moved = rename(c->appendfilename, to) == 0;
    if (moved)
        log_line(LOG_NOTICE, "Successfully migrated an old-style AOF");
    else
        log_line(LOG_WARNING, "Can't move %s into %s: %s", c->appendfilename, p->aof_directory,
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
    char *path = join(p->aof_directory, name.data);
    int rc = LK_OK;
    if (read_small(path, &text)) {
        rc = aof_manifest_parse(buf_bytes(&text), out, &error);
        if (rc != LK_OK)
            log_line(LOG_WARNING, "Bad AOF manifest %s: %.*s", path, (int)error.size, error.data);
    } else if (errno == ENOENT) {
        rc = LK_ENOKEY;
    } else {
        log_line(LOG_WARNING, "Fatal error: can't open the AOF manifest file %s: %s", path,
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
        log_line(LOG_WARNING, "Fatal error loading the DB: %s. Exiting.", strerror(errno));
        return false;
    }
    f.in.checksum = c->rdbchecksum;
    __atomic_store_n(&l->p->load_total, f.in.source.size, __ATOMIC_RELAXED);
    const bool read = rdb_load(&f.in, &receiver) == LK_OK;
    if (!read)
        log_line(LOG_WARNING, "Fatal error loading the DB, %s. Exiting.", f.in.error);
    const bool well = read && bulk_done(l, bulk_load_flush(&l->bulk)) == LK_OK;
    rdb_file_close(&f);
    return well;
}

static bool load_aof(struct loader *l, const struct config *c, struct aof_load_result *result)
{
    const struct rdb_receiver rdb = receiver_of(l);
    const struct aof_receiver receiver = {
        .commands = take_commands, .rdb = &rdb, .progress = take_progress, .ctx = l};
    const struct aof_load_options options = {.ops = &file_ops_system,
                                             .directory = l->p->aof_directory,
                                             .truncated_ok = c->aof_load_truncated};
    struct buf error = {0};
    l->keep_expired = true;
    int rc = aof_load(l->manifest, &options, &receiver, result, &error);
    if (rc == LK_OK)
        rc = bulk_done(l, bulk_load_flush(&l->bulk));
    else
        log_line(LOG_WARNING, "%.*s", (int)error.size, error.data);
    buf_release(&error);
    return rc == LK_OK;
}

static void say_loaded(const char *from, int64_t began_ms)
{
    log_line(LOG_NOTICE, "DB loaded from %s: %.3f seconds", from,
             (double)(clock_unix_ms() - began_ms) / 1000);
}

static bool load(struct loader *l, const struct config *c, struct aof_load_result *result)
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
    log_line(LOG_NOTICE, "Done loading RDB, keys loaded: %llu, keys expired: %llu.",
             (unsigned long long)l->keys, (unsigned long long)l->expired);
    say_loaded("disk", began_ms);
    return true;
}

/* From here on changes are logged: the file is there, and nobody has changed anything yet. */
static bool begin_aof(struct persistence *p, const struct aof_load_result *result)
{
    struct dispatch_shared *shared = p->parts.shared;
    if (!persistence_config(p)->appendonly) {
        aof_know(p->aof, &p->found);
        return true;
    }
    if (mkdir(p->aof_directory, 0755) != 0 && errno != EEXIST) {
        log_line(LOG_WARNING, "Can't create the AOF directory %s: %s", p->aof_directory,
                 strerror(errno));
        return false;
    }
    const bool fresh = p->found.count == 0;
    if (aof_open(p->aof, &p->found, result->incr_bytes, result->base_bytes) != LK_OK) {
        log_line(LOG_WARNING, "Can't open the append-only file: %s", strerror(errno));
        return false;
    }
    if (fresh)
        log_line(LOG_NOTICE, "Creating AOF incr file on server start");
    gate_close(&shared->keyspace->gate);
    __atomic_store_n(&shared->log_active, 1, __ATOMIC_RELEASE);
    gate_open(&shared->keyspace->gate);
    return true;
}

bool persistence_read(struct persistence *p, const struct aof_manifest *m, bool merge,
                      struct aof_load_result *result)
{
    struct loader l = {.p = p,
                       .manifest = m,
                       .now_ms = clock_unix_ms(),
                       .limits = p->parts.shared->config->limits.types};
    __atomic_store_n(&p->load_began_ms, (uint64_t)clock_unix_ms(), __ATOMIC_RELAXED);
    bulk_load_begin(&l.bulk, p->parts.shared->keyspace, merge);
    l.d = dispatcher_new(p->parts.shared, LOADER_WORKER);
    session_init(&l.session, 0);
    session_set(&l.session, SESSION_AUTHENTICATED, true);
    dispatch_enter(l.d);
    const bool well = load(&l, persistence_config(p), result);
    bulk_load_end(&l.bulk);
    dispatch_forget(l.d, &l.session);
    dispatch_leave(l.d);
    session_release(&l.session);
    dispatcher_free(l.d);
    __atomic_store_n(&p->loaded_keys, l.keys, __ATOMIC_RELAXED);
    __atomic_store_n(&p->load_expired, l.expired, __ATOMIC_RELAXED);
    return well;
}

void persistence_begin(struct persistence *p)
{
    __atomic_store_n(&p->parts.shared->loading, 1, __ATOMIC_RELEASE);
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
    const struct log_sink sink = aof_sink(p->aof);
    p->log = log_thread_new(p->parts.shared->log, &sink, 1);
    saver_note_saved(p->saver, 0);
    __atomic_store_n(&p->parts.shared->loading, 0, __ATOMIC_RELEASE);
    return true;
}
