#include "persist/aof/aof_chain.h"

#include "core/base/crc64.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "persist/aof/aof_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the line -------------------------------------------------------------------------------- */

static const char AFTER_WORD[] = "#AFTER:";

size_t aof_chain_print(char out[AOF_AFTER_CHARS], int64_t seq, uint64_t bytes)
{
    const int n = snprintf(out, AOF_AFTER_CHARS, "%s%lld %llu", AFTER_WORD, (long long)seq,
                           (unsigned long long)bytes);
    const int m = snprintf(out + n, (size_t)(AOF_AFTER_CHARS - n), " %016llx\r\n",
                           (unsigned long long)crc64(0, out, (size_t)n));
    LK_ASSERT(n + m < AOF_AFTER_CHARS);
    return (size_t)(n + m);
}

bool aof_chain_parse(struct bytes line, int64_t *seq, uint64_t *bytes)
{
    char again[AOF_AFTER_CHARS], *end;
    const size_t word = strlen(AFTER_WORD);
    if (line.size <= word || memcmp(line.data, AFTER_WORD, word) != 0)
        return false;
    *seq = strtoll(line.data + word, &end, 10);
    *bytes = strtoull(end, NULL, 10);
    const size_t n = aof_chain_print(again, *seq, *bytes);
    return n == line.size && memcmp(again, line.data, n) == 0;
}

/* --- the files ------------------------------------------------------------------------------- */

static void look_at_start(struct aof_chain_file *f, const struct file_ops *ops, int fd)
{
    char text[AOF_AFTER_CHARS + 1];
    size_t n = 0, got = 1;
    while (n < AOF_AFTER_CHARS && got > 0) {
        if (file_read_some(ops, fd, text + n, AOF_AFTER_CHARS - n, &got) != LK_OK)
            return; /* whoever loads it meets the error */
        n += got;
    }
    text[n] = '\0';
    const char *end = memchr(text, '\n', n);
    const size_t line = end ? (size_t)(end - text) + 1 : 0;
    if (n == 0)
        f->start = AOF_START_EMPTY;
    else if (aof_chain_parse(bytes_of(text, line), &f->after_seq, &f->after_bytes))
        f->start = AOF_START_AFTER;
    else if (!(text[0] == '*' || (text[0] == '#' && line > 0) || text[0] == 'R'))
        f->start = AOF_START_ROTTEN;
}

static void aof_chain_look(struct aof_chain_file *f, const struct file_ops *ops)
{
    const int fd = ops->open(ops->ctx, f->path, O_RDONLY, 0);
    f->start = AOF_START_OTHER;
    f->error = fd < 0 ? errno : 0;
    if (fd < 0)
        return;
    const int64_t size = ops->size(ops->ctx, fd);
    f->size = size > 0 ? (uint64_t)size : 0;
    look_at_start(f, ops, fd);
    ops->close(ops->ctx, fd);
}

static char *aof_chain_path(const char *directory, const char *name)
{
    struct buf b = {0};
    buf_printf(&b, "%s/%s", directory, name);
    buf_append_char(&b, '\0');
    char *path = mem_strdup(b.data);
    buf_release(&b);
    return path;
}

void aof_chain_init(struct aof_chain *c, const struct aof_manifest *m, const struct file_ops *ops,
                    const char *directory)
{
    *c = (struct aof_chain){m, ops, mem_calloc(m->count * sizeof *c->files)};
    for (size_t i = 0; i < m->count; i++) {
        c->files[i].path = aof_chain_path(directory, m->files[i].name);
        if (m->files[i].kind != AOF_HISTORY)
            aof_chain_look(&c->files[i], ops);
    }
}

void aof_chain_release(struct aof_chain *c)
{
    for (size_t i = 0; i < c->manifest->count; i++)
        mem_strfree(c->files[i].path);
    mem_free(c->files, c->manifest->count * sizeof *c->files);
}

/* --- what follows from it -------------------------------------------------------------------- */

static bool is_incr(const struct aof_chain *c, size_t i)
{
    return c->manifest->files[i].kind == AOF_INCR;
}

uint64_t aof_chain_bytes_of(const struct aof_chain *c, size_t i)
{
    const int64_t seq = c->manifest->files[i].seq;
    for (size_t j = i + 1; is_incr(c, i) && j < c->manifest->count; j++)
        if (is_incr(c, j) && c->files[j].start == AOF_START_AFTER && c->files[j].after_seq == seq)
            return c->files[j].after_bytes;
    return UINT64_MAX;
}

bool aof_chain_is_last(const struct aof_chain *c, size_t i)
{
    while (++i < c->manifest->count)
        if (c->files[i].start != AOF_START_EMPTY)
            return false;
    return true;
}

/* Some of it was synced, as it says itself; also if it cannot be read. */
static bool was_synced(const struct aof_chain *c, size_t i)
{
    struct aof_tail tail = {0};
    const int fd = c->ops->open(c->ops->ctx, c->files[i].path, O_RDONLY, 0);
    const int rc = fd < 0 ? LK_EIO : aof_tail_look(c->ops, fd, 0, &tail);
    if (fd >= 0)
        c->ops->close(c->ops->ctx, fd);
    return rc != LK_OK || (tail.tells_synced && tail.synced > 0);
}

bool aof_chain_may_end(const struct aof_chain *c, size_t i)
{
    while (++i < c->manifest->count) {
        const enum aof_chain_start start = c->files[i].start;
        if (start == AOF_START_OTHER || (start != AOF_START_EMPTY && was_synced(c, i)))
            return false;
    }
    return true;
}

static int aof_chain_empty(const struct aof_chain *c, size_t i)
{
    const int fd = c->ops->open(c->ops->ctx, c->files[i].path, O_WRONLY, 0);
    if (fd < 0)
        return LK_EIO;
    const bool well =
        c->ops->truncate(c->ops->ctx, fd, 0) == 0 && c->ops->sync(c->ops->ctx, fd) == 0;
    const int why = errno;
    c->ops->close(c->ops->ctx, fd);
    errno = why;
    return well ? LK_OK : LK_EIO;
}

int aof_chain_end_behind(const struct aof_chain *c, size_t i, const char **at)
{
    for (size_t j = c->manifest->count; j-- > i + 1;) {
        if (c->files[j].start == AOF_START_EMPTY)
            continue;
        *at = c->files[j].path;
        trace_line(TRACE_WARNING,
                   "AOF %s is left out: its %llu bytes were written behind what %s has lost, and "
                   "never synced",
                   c->files[j].path, (unsigned long long)c->files[j].size, c->files[i].path);
        if (aof_chain_empty(c, j) != LK_OK)
            return LK_EIO;
    }
    return LK_OK;
}
