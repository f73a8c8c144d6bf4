#include "persist/aof/aof_tail.h"

#include "core/base/buf.h"
#include "core/base/status.h"
#include "core/proto/resp_parse.h"

#include <stdlib.h>
#include <string.h>

/* What begins in the last WHOLE_BYTES of a window is looked at again in the next. */
enum { WINDOW_BYTES = 1 << 20, WHOLE_BYTES = 1 << 16 };

bool aof_tail_synced_of(const char *line, uint64_t *synced)
{
    char *end, *last;
    strtoull(line + strlen("#CRC:"), &end, 16);
    strtoull(end, &end, 10);
    const uint64_t value = strtoull(end, &last, 10);
    if (last == end)
        return false;
    *synced = value;
    return true;
}

static bool is_command(struct bytes b)
{
    static const struct resp_limits limits = {.bulk_max = SIZE_MAX, .authenticated = true};
    struct bytes storage[8];
    struct resp_args args;
    struct resp_progress progress = {0};
    const char *error = NULL;
    size_t used = 0;
    resp_args_init(&args, storage, 8);
    const bool whole =
        resp_parse(&progress, b.data, b.size, &limits, &args, &used, &error) == RESP_COMMAND;
    resp_args_release(&args);
    return whole;
}

/* b.data[b.size] is 0. */
static void look_at_line(struct bytes b, struct aof_tail *t)
{
    uint64_t synced;
    if (b.size > 5 && memcmp(b.data, "#CRC:", 5) == 0 && memchr(b.data, '\n', b.size) &&
        aof_tail_synced_of(b.data, &synced)) {
        t->tells_synced = true;
        if (synced > t->synced)
            t->synced = synced;
    }
}

/* Behind garbage a command need not begin a line; what lies in front is the torn unit itself. */
static void look_for_command(struct bytes b, size_t begins_before, struct aof_tail *t)
{
    const char *at = b.data + 1;
    const char *const end = b.data + begins_before;
    while (!t->has_command && at < end && (at = memchr(at, '*', (size_t)(end - at)))) {
        if (at[1] >= '1' && at[1] <= '9')
            t->has_command = is_command(bytes_of(at, (size_t)(b.data + b.size - at)));
        at++;
    }
}

static void look_at_window(struct bytes b, size_t begins_before, struct aof_tail *t)
{
    look_for_command(b, begins_before, t);
    for (size_t i = 0; i < b.size && t->zeros; i++)
        t->zeros = b.data[i] == '\0';
    const char *at = b.data;
    const char *const end = b.data + begins_before;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        look_at_line(bytes_of(at, (size_t)(b.data + b.size - at)), t);
    }
}

int aof_tail_look(const struct file_ops *ops, int fd, uint64_t offset, struct aof_tail *out)
{
    struct buf in = {0};
    size_t got = 1;
    *out = (struct aof_tail){.zeros = true};
    int rc = ops->seek(ops->ctx, fd, offset) == 0 ? LK_OK : LK_EIO;
    while (rc == LK_OK && got > 0) {
        rc = file_read_some(ops, fd, buf_reserve(&in, WINDOW_BYTES + 1), WINDOW_BYTES, &got);
        in.size += got;
        out->size += got;
        if (rc != LK_OK || (got > 0 && in.size < WINDOW_BYTES))
            continue;
        in.data[in.size] = '\0'; /* numbers end before it */
        const size_t done = got > 0 ? in.size - WHOLE_BYTES : in.size;
        look_at_window(buf_bytes(&in), done, out);
        buf_consume(&in, done);
    }
    buf_release(&in);
    return rc;
}
