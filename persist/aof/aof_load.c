/*
 * aof_load.c — reads the files of a manifest, one behind the other.
 */
#include "persist/aof/aof_load.h"

#include "core/base/crc64.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/proto/resp_parse.h"
#include "persist/aof/aof_tail.h"
#include "persist/rdb/rdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 1 << 20, ANNOTATION_MAX = 128, PROGRESS_EVERY = 1 << 21 };

/* One file while it is read. */
struct reading {
    const struct aof_load_options *options;
    const struct aof_receiver *receiver;
    struct aof_load_result *result;
    struct buf *error;
    const char *path;
    int fd;
    struct buf in; /* bytes read and not used up: from at on */
    size_t at;
    uint64_t offset; /* of in.data[at] in the file */
    bool ended;      /* the file has no more */
    uint64_t sound;  /* offset up to which whole units have been applied */
    bool in_multi;
    uint64_t crc, crc_bytes; /* of commands since the last #CRC */
    uint64_t crc_sound;      /* offset of the last unit that a checksum has confirmed */
    uint64_t synced;         /* that much was synced when it was written, as it says itself */
    bool tells_synced;
    bool malformed, crc_wrong; /* which is why the load ended */
    bool stopped;              /* at a timestamp */
    uint64_t read, total, told;
    /* Commands that were framed and not yet given away: their bytes are in `in`. */
    struct resp_args queued[AOF_LOAD_BATCH];
    uint64_t queued_at[AOF_LOAD_BATCH]; /* where each begins in the file */
    uint32_t queued_count;
};

static int give_queued(struct reading *r);

/* What was framed before it has the first word: it may be refused itself. */
static int aof_load_fault(struct reading *r, const char *what)
{
    const int rc = give_queued(r);
    if (rc != LK_OK)
        return rc;
    buf_printf(r->error, "Bad file format reading the append only file %s: at byte %llu: %s",
               r->path, (unsigned long long)r->offset, what);
    r->result->offset = r->offset;
    r->malformed = true;
    return LK_EFORMAT;
}

static int io_fault(struct reading *r, const char *what)
{
    buf_printf(r->error, "%s the append only file %s (%s)", what, r->path, strerror(errno));
    return LK_EIO;
}

static void tell_progress(struct reading *r)
{
    if (!r->receiver->progress || r->read - r->told < PROGRESS_EVERY)
        return;
    r->told = r->read;
    r->receiver->progress(r->receiver->ctx, r->read, r->total);
}

/* More bytes behind those that are there. */
static int aof_load_fill(struct reading *r)
{
    size_t got = 0;
    if (r->at > 0) {
        buf_consume(&r->in, r->at);
        r->at = 0;
    }
    char *to = buf_reserve(&r->in, READ_BYTES);
    if (file_read_some(r->options->ops, r->fd, to, READ_BYTES, &got) != LK_OK)
        return io_fault(r, "Unrecoverable error reading");
    r->in.size += got;
    r->ended = got == 0;
    r->read += got;
    tell_progress(r);
    return LK_OK;
}

static struct bytes aof_load_rest(const struct reading *r)
{
    return bytes_of(r->in.data + r->at, r->in.size - r->at);
}

static void aof_load_use(struct reading *r, size_t n)
{
    r->at += n;
    r->offset += n;
}

/* --- lines with '#' -------------------------------------------------------------------------- */

static int check_crc(struct reading *r, struct bytes line)
{
    char text[ANNOTATION_MAX], *end;
    memcpy(text, line.data, line.size);
    text[line.size] = '\0';
    const uint64_t crc = strtoull(text + strlen("#CRC:"), &end, 16);
    const uint64_t bytes = strtoull(end, NULL, 10);
    /* Of no bytes: whoever wrote it goes on behind an earlier life, of which it knows no checksum.
     */
    const bool same = bytes == 0 || (crc == r->crc && bytes == r->crc_bytes);
    r->crc = r->crc_bytes = 0;
    r->tells_synced |= aof_tail_synced_of(text, &r->synced);
    r->crc_wrong = !same;
    return same ? LK_OK
                : aof_load_fault(r,
                                 "the bytes before this checksum are not those that were written");
}

/* A whole line in front; its size in *used, 0 if it has not come whole. */
static int take_annotation(struct reading *r, size_t *used)
{
    const struct bytes b = aof_load_rest(r);
    const char *end = memchr(b.data, '\n', b.size);
    *used = 0;
    if (!end && b.size < ANNOTATION_MAX)
        return LK_OK;
    if (!end || (size_t)(end - b.data) >= ANNOTATION_MAX)
        return aof_load_fault(r, "an annotation without an end");
    const struct bytes line = bytes_of(b.data, (size_t)(end - b.data));
    *used = line.size + 1;
    if (line.size > 5 && memcmp(line.data, "#CRC:", 5) == 0)
        return check_crc(r, line);
    if (line.size > 4 && memcmp(line.data, "#TS:", 4) == 0 && r->options->until_unix_s > 0)
        r->stopped = strtoll(line.data + 4, NULL, 10) > r->options->until_unix_s;
    return LK_OK;
}

/* --- commands -------------------------------------------------------------------------------- */

static int aof_load_refused(struct reading *r, int rc, struct buf *why)
{
    buf_append_char(why, '\0');
    (void)aof_load_fault(r, why->data);
    r->malformed = false;
    buf_release(why);
    return rc;
}

static int give_queued(struct reading *r)
{
    struct aof_command v[AOF_LOAD_BATCH];
    const uint32_t n = r->queued_count;
    struct buf why = {0};
    uint32_t done = 0;
    if (n == 0)
        return LK_OK;
    for (uint32_t i = 0; i < n; i++)
        v[i] = (struct aof_command){r->queued[i].v, r->queued[i].n};
    r->queued_count = 0;
    const int rc = r->receiver->commands(r->receiver->ctx, v, n, &done, &why);
    r->result->commands += done;
    if (rc == LK_OK)
        return rc;
    r->offset = r->queued_at[done];
    return aof_load_refused(r, rc, &why);
}

static int aof_load_queue(struct reading *r, const struct resp_args *args, size_t used)
{
    if (bytes_is_word(args->v[0], "multi"))
        r->in_multi = true;
    else if (bytes_is_word(args->v[0], "exec") || bytes_is_word(args->v[0], "discard"))
        r->in_multi = false;
    r->queued_at[r->queued_count++] = r->offset;
    r->crc = crc64(r->crc, r->in.data + r->at, used);
    r->crc_bytes += used;
    aof_load_use(r, used);
    if (!r->in_multi)
        r->sound = r->offset;
    return r->queued_count < AOF_LOAD_BATCH ? LK_OK : give_queued(r);
}

/* One command or annotation; *more: its end has not come. */
static int take_unit(struct reading *r, struct resp_progress *progress, bool *more)
{
    static const struct resp_limits limits = {.bulk_max = SIZE_MAX, .authenticated = true};
    const struct bytes b = aof_load_rest(r);
    const char *error = NULL;
    struct resp_args *args = &r->queued[r->queued_count];
    size_t used = 0;
    *more = false;
    if (b.data[0] == '#') {
        const int rc = take_annotation(r, &used);
        *more = rc == LK_OK && used == 0;
        if (rc != LK_OK || r->stopped)
            return rc;
        aof_load_use(r, used);
        if (!r->in_multi)
            r->sound = r->offset;
        if (r->crc_bytes == 0)
            r->crc_sound = r->sound;
        return LK_OK;
    }
    if (b.data[0] != '*')
        return aof_load_fault(r, "neither a command nor an annotation begins here");
    switch (resp_parse(progress, b.data, b.size, &limits, args, &used, &error)) {
    case RESP_COMMAND:
        return aof_load_queue(r, args, used);
    case RESP_PARTIAL:
        *more = true;
        return LK_OK;
    case RESP_EMPTY:
        return aof_load_fault(r, "a command without words");
    default:
        return aof_load_fault(r, error);
    }
}

/* What was framed is given away before its bytes move. */
static int read_units(struct reading *r)
{
    struct resp_progress progress = {0};
    int rc = LK_OK;
    bool more = r->in.size == r->at;
    while (rc == LK_OK && !r->stopped) {
        if (more || aof_load_rest(r).size == 0) {
            rc = give_queued(r);
            if (rc == LK_OK)
                rc = aof_load_fill(r);
            if (rc != LK_OK || r->ended)
                break;
        }
        rc = take_unit(r, &progress, &more);
    }
    return rc == LK_OK ? give_queued(r) : rc;
}

static int read_commands(struct reading *r)
{
    struct bytes storage[AOF_LOAD_BATCH][8];
    for (uint32_t i = 0; i < AOF_LOAD_BATCH; i++)
        resp_args_init(&r->queued[i], storage[i], 8);
    const int rc = read_units(r);
    for (uint32_t i = 0; i < AOF_LOAD_BATCH; i++)
        resp_args_release(&r->queued[i]);
    return rc;
}

/* --- a file ---------------------------------------------------------------------------------- */

static uint64_t size_of(const struct aof_load_options *options, const char *path)
{
    const int fd = options->ops->open(options->ops->ctx, path, O_RDONLY, 0);
    if (fd < 0)
        return 0;
    const int64_t size = options->ops->size(options->ops->ctx, fd);
    options->ops->close(options->ops->ctx, fd);
    return size > 0 ? (uint64_t)size : 0;
}

static int aof_load_cut(struct reading *r)
{
    const struct file_ops *ops = r->options->ops;
    if (r->options->only_look)
        return LK_OK;
    log_line(LOG_WARNING,
             "AOF %s loaded anyway because aof-load-truncated is enabled: its last %llu bytes are "
             "not whole, truncating it at byte %llu",
             r->path, (unsigned long long)(size_of(r->options, r->path) - r->sound),
             (unsigned long long)r->sound);
    const int fd = ops->open(ops->ctx, r->path, O_WRONLY, 0);
    if (fd < 0)
        return io_fault(r, "Cannot open for truncation");
    int rc = ops->truncate(ops->ctx, fd, r->sound) == 0 && ops->sync(ops->ctx, fd) == 0
                 ? LK_OK
                 : io_fault(r, "Cannot truncate");
    ops->close(ops->ctx, fd);
    return rc;
}

static int at_end(struct reading *r, const struct aof_file *f, bool last)
{
    if (aof_load_rest(r).size == 0 && !r->in_multi && !r->stopped)
        return LK_OK;
    r->result->truncated = true;
    r->result->file = f;
    r->result->offset = r->sound;
    if (r->stopped)
        return LK_OK;
    if (last && r->options->truncated_ok)
        return aof_load_cut(r);
    buf_printf(r->error,
               "Unexpected end of file reading the append only file %s. You can: 1) Make a backup "
               "of your AOF file, then use latchkey-check-aof --fix <filename.manifest>. 2) "
               "Alternatively you can set the 'aof-load-truncated' configuration option to yes and "
               "restart the server. The last whole command ends at byte %llu.",
               r->path, (unsigned long long)r->sound);
    return LK_EFORMAT;
}

/* Is what follows the sound units only how the machine stopped? */
static bool is_crash(const struct reading *r, const struct aof_tail *t)
{
    if (r->tells_synced || t->tells_synced)
        return r->sound >= (r->synced > t->synced ? r->synced : t->synced);
    return t->zeros || !t->has_command || t->size <= r->options->corrupt_tail_max;
}

/* Units are given away before their checksum comes: with a wrong one they must be taken back. */
static int at_fault(struct reading *r, const struct aof_file *f, bool last)
{
    const uint64_t sound = r->sound;
    struct aof_tail tail;
    if (!last || !r->options->truncated_ok || !r->malformed || r->options->only_look)
        return LK_EFORMAT;
    if (r->crc_wrong)
        r->sound = r->crc_sound;
    if (aof_tail_look(r->options->ops, r->fd, r->offset, &tail) != LK_OK)
        return io_fault(r, "Unrecoverable error reading");
    tail.size += r->offset - r->sound;
    if (!is_crash(r, &tail)) {
        r->sound = sound;
        return LK_EFORMAT;
    }
    r->error->size = 0;
    r->result->truncated = true;
    r->result->again = r->crc_wrong;
    r->result->file = f;
    r->result->offset = r->sound;
    return aof_load_cut(r);
}

static char *aof_load_path_of(const struct aof_load_options *options, const struct aof_file *f)
{
    struct buf b = {0};
    buf_printf(&b, "%s/%s", options->directory, f->name);
    buf_append_char(&b, '\0');
    char *path = mem_strdup(b.data);
    buf_release(&b);
    return path;
}

/* An RDB in front of the file: what follows it is commands. */
static int read_rdb(struct reading *r)
{
    struct rdb_file_in f;
    if (rdb_file_open(&f, r->options->ops, r->path) != LK_OK)
        return io_fault(r, "Cannot open");
    int rc = rdb_load(&f.in, r->receiver->rdb);
    if (rc != LK_OK) {
        buf_printf(r->error, "Bad RDB in the append only file %s: %s", r->path, f.in.error);
        r->result->offset = rdb_in_offset(&f.in);
        r->result->in_rdb = true;
    }
    r->sound = r->crc_sound = r->offset = rdb_in_offset(&f.in);
    r->read += r->offset;
    rdb_file_close(&f);
    return rc;
}

static int starts_with_rdb(struct reading *r, bool *is)
{
    char magic[5];
    size_t n = 0, got = 1;
    while (n < sizeof magic && got > 0) {
        if (file_read_some(r->options->ops, r->fd, magic + n, sizeof magic - n, &got) != LK_OK)
            return io_fault(r, "Unrecoverable error reading");
        n += got;
    }
    *is = n == sizeof magic && memcmp(magic, "REDIS", sizeof magic) == 0;
    if (!*is)
        buf_append(&r->in, magic, n);
    return LK_OK;
}

static int skip_to(struct reading *r, uint64_t offset)
{
    return r->options->ops->seek(r->options->ops->ctx, r->fd, offset) == 0
               ? LK_OK
               : io_fault(r, "Cannot seek in");
}

static int read_file(struct reading *r, const struct aof_file *f, bool last)
{
    bool rdb = false;
    r->fd = r->options->ops->open(r->options->ops->ctx, r->path, O_RDONLY, 0);
    if (r->fd < 0)
        return io_fault(r, errno == ENOENT ? "A file that the manifest names is missing:"
                                           : "Cannot open");
    int rc = starts_with_rdb(r, &rdb);
    if (rc == LK_OK && rdb)
        rc = read_rdb(r);
    if (rc == LK_OK && rdb)
        rc = skip_to(r, r->offset);
    if (rc == LK_OK)
        rc = read_commands(r);
    if (rc == LK_OK)
        rc = at_end(r, f, last);
    else if (rc == LK_EFORMAT)
        rc = at_fault(r, f, last);
    if (rc != LK_OK)
        r->result->file = f;
    r->result->sound = r->sound;
    r->options->ops->close(r->options->ops->ctx, r->fd);
    return rc;
}

static uint64_t sum_sizes(const struct aof_manifest *m, const struct aof_load_options *options)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (m->files[i].kind == AOF_HISTORY)
            continue;
        char *path = aof_load_path_of(options, &m->files[i]);
        sum += size_of(options, path);
        mem_strfree(path);
    }
    return sum;
}

/* Behind it there may be files that were made ready, and into which nothing was written. */
static bool is_last(const struct aof_manifest *m, size_t i, const struct aof_load_options *options)
{
    uint64_t behind = 0;
    while (++i < m->count) {
        char *path = aof_load_path_of(options, &m->files[i]);
        const int fd = options->ops->open(options->ops->ctx, path, O_RDONLY, 0);
        behind += fd < 0; /* one that is missing is an error of its own */
        if (fd >= 0)
            options->ops->close(options->ops->ctx, fd);
        behind += size_of(options, path);
        mem_strfree(path);
    }
    return behind == 0;
}

int aof_load(const struct aof_manifest *m, const struct aof_load_options *options,
             const struct aof_receiver *receiver, struct aof_load_result *result, struct buf *error)
{
    uint64_t read = 0;
    const uint64_t total = sum_sizes(m, options);
    int rc = LK_OK;
    *result = (struct aof_load_result){0};
    if (receiver->progress)
        receiver->progress(receiver->ctx, 0, total);
    for (size_t i = 0; i < m->count && rc == LK_OK && !result->truncated; i++) {
        const struct aof_file *f = &m->files[i];
        if (f->kind == AOF_HISTORY)
            continue;
        char *path = aof_load_path_of(options, f);
        struct reading r = {.options = options,
                            .receiver = receiver,
                            .result = result,
                            .error = error,
                            .path = path,
                            .read = read,
                            .total = total};
        rc = read_file(&r, f, is_last(m, i, options));
        const uint64_t size = size_of(options, path);
        *(f->kind == AOF_BASE ? &result->base_bytes : &result->incr_bytes) += size;
        read += size;
        buf_release(&r.in);
        mem_strfree(path);
    }
    return rc;
}
