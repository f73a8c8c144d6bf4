/*
 * aof_load.c — reads the files of a manifest, one behind the other.
 */
#include "persist/aof/aof_load.h"

#include "core/base/crc64.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/proto/resp_parse.h"
#include "persist/aof/aof_chain.h"
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
    const struct aof_chain *chain;
    size_t index; /* of the file in the manifest */
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

static uint64_t aof_load_size(const struct reading *r)
{
    return r->chain->files[r->index].size;
}

static void say_cut(const struct reading *r)
{
    const uint64_t size = aof_load_size(r), was = aof_chain_bytes_of(r->chain, r->index);
    if (was != UINT64_MAX && was > size)
        trace_line(
            TRACE_WARNING,
            "AOF %s loaded anyway because aof-load-truncated is enabled: it has lost the last "
            "%llu of its %llu bytes",
            r->path, (unsigned long long)(was - size), (unsigned long long)was);
    if (size > r->sound)
        trace_line(
            TRACE_WARNING,
            "AOF %s loaded anyway because aof-load-truncated is enabled: its last %llu bytes "
            "are not whole, truncating it at byte %llu",
            r->path, (unsigned long long)(size - r->sound), (unsigned long long)r->sound);
}

/* What stands behind it goes first: a start that does not get far finds the same again. */
static int aof_load_cut(struct reading *r)
{
    const struct file_ops *ops = r->options->ops;
    const char *at = NULL;
    if (r->options->only_look)
        return LK_OK;
    say_cut(r);
    if (aof_chain_end_behind(r->chain, r->index, &at) != LK_OK) {
        buf_printf(r->error, "Cannot truncate the append only file %s (%s)", at, strerror(errno));
        return LK_EIO;
    }
    const int fd = ops->open(ops->ctx, r->path, O_WRONLY, 0);
    if (fd < 0)
        return io_fault(r, "Cannot open for truncation");
    int rc = ops->truncate(ops->ctx, fd, r->sound) == 0 && ops->sync(ops->ctx, fd) == 0
                 ? LK_OK
                 : io_fault(r, "Cannot truncate");
    ops->close(ops->ctx, fd);
    return rc;
}

/* LK_OK: it ends where the file behind it says, or that says nothing. */
static int check_end(struct reading *r, bool *short_of_it)
{
    const uint64_t was = aof_chain_bytes_of(r->chain, r->index), is = aof_load_size(r);
    *short_of_it = was != UINT64_MAX && is < was;
    if (was == UINT64_MAX || is <= was || r->stopped)
        return LK_OK;
    r->offset = was;
    return aof_load_fault(r, "bytes behind the end that the next file knows of");
}

static int at_end(struct reading *r, const struct aof_file *f)
{
    bool short_of_it = false;
    const int rc = check_end(r, &short_of_it);
    if (rc != LK_OK || (aof_load_rest(r).size == 0 && !r->in_multi && !r->stopped && !short_of_it))
        return rc;
    r->result->truncated = true;
    r->result->file = f;
    r->result->offset = r->sound;
    if (r->stopped)
        return LK_OK;
    r->result->ends = aof_chain_may_end(r->chain, r->index);
    if (r->result->ends && r->options->truncated_ok)
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
static int at_fault(struct reading *r, const struct aof_file *f)
{
    const uint64_t sound = r->sound;
    struct aof_tail tail;
    r->result->ends = aof_chain_may_end(r->chain, r->index);
    if (!r->result->ends || !r->options->truncated_ok || !r->malformed || r->options->only_look)
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

static int read_file(struct reading *r, const struct aof_file *f)
{
    bool rdb = false;
    r->fd = r->options->ops->open(r->options->ops->ctx, r->path, O_RDONLY, 0);
    if (r->fd < 0)
        return io_fault(r, "Cannot open");
    int rc = starts_with_rdb(r, &rdb);
    if (rc == LK_OK && rdb)
        rc = read_rdb(r);
    if (rc == LK_OK && rdb)
        rc = skip_to(r, r->offset);
    if (rc == LK_OK)
        rc = read_commands(r);
    if (rc == LK_OK)
        rc = at_end(r, f);
    else if (rc == LK_EFORMAT)
        rc = at_fault(r, f);
    if (rc != LK_OK)
        r->result->file = f;
    r->result->sound = r->sound;
    r->options->ops->close(r->options->ops->ctx, r->fd);
    return rc;
}

/* One that is missing is found before anything is loaded. */
static int check_files(const struct reading *all, const struct aof_chain *chain)
{
    const struct aof_manifest *m = chain->manifest;
    for (size_t i = 0; i < m->count; i++) {
        if (chain->files[i].error == 0)
            continue;
        buf_printf(all->error, "Unable to obtain the AOF file %s length. stat: %s",
                   m->files[i].name, strerror(chain->files[i].error));
        all->result->file = &m->files[i];
        return LK_EIO;
    }
    return LK_OK;
}

static int aof_load_files(struct reading *all, const struct aof_chain *chain)
{
    const struct aof_manifest *m = chain->manifest;
    struct aof_load_result *result = all->result;
    uint64_t read = 0;
    int rc = LK_OK;
    for (size_t i = 0; i < m->count && rc == LK_OK && !result->truncated; i++) {
        const struct aof_file *f = &m->files[i];
        if (f->kind == AOF_HISTORY)
            continue;
        struct reading r = *all;
        r.index = i;
        r.path = chain->files[i].path;
        r.read = r.told = read;
        rc = read_file(&r, f);
        const uint64_t size = result->truncated && rc == LK_OK ? r.sound : chain->files[i].size;
        *(f->kind == AOF_BASE ? &result->base_bytes : &result->incr_bytes) += size;
        read += size;
        buf_release(&r.in);
    }
    return rc;
}

int aof_load(const struct aof_manifest *m, const struct aof_load_options *options,
             const struct aof_receiver *receiver, struct aof_load_result *result, struct buf *error)
{
    struct aof_chain chain;
    struct reading all = {.options = options,
                          .receiver = receiver,
                          .result = result,
                          .error = error,
                          .chain = &chain};
    *result = (struct aof_load_result){0};
    aof_chain_init(&chain, m, options->ops, options->directory);
    for (size_t i = 0; i < m->count; i++)
        all.total += chain.files[i].size;
    if (receiver->progress)
        receiver->progress(receiver->ctx, 0, all.total);
    int rc = check_files(&all, &chain);
    if (rc == LK_OK)
        rc = aof_load_files(&all, &chain);
    aof_chain_release(&chain);
    return rc;
}
