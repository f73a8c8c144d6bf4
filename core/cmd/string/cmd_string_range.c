/*
 * cmd_string_range.c — APPEND, SETRANGE, GETRANGE, SUBSTR: parts of a string.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/reply_value.h"

static bool string_range_fits(const struct exec *x, uint64_t offset, uint64_t size)
{
    const uint64_t max = exec_limits(x)->bulk_max;
    return size <= max && offset <= max - size;
}

/* Writes piece at offset into the string of key, which exists. */
static int write_range(struct exec *x, struct bytes key, size_t offset, struct bytes piece)
{
    struct value_edit *e;
    int rc = exec_edit(x, key, &e);
    if (rc != LK_OK)
        return rc;
    rc = str_set_range(e, offset, piece);
    exec_edit_close(x, e, rc == LK_OK);
    return rc;
}

static enum outcome string_range_append(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1], tail = a->v[2];
    struct value v;
    size_t old_size = 0;

    int rc = exec_find_silently(x, key, TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v)) {
        old_size = str_size(&v);
        rc = string_range_fits(x, old_size, tail.size) ? write_range(x, key, old_size, tail)
                                                       : LK_ETOOBIG;
    } else {
        str_from_bytes(tail, &v);
        rc = exec_put(x, key, &v, 0);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    exec_event(x, EVENT_STRING, "append", key);
    reply_int(x->reply, (int64_t)(old_size + tail.size));
    return RUN_DONE;
}

/* An empty piece changes nothing, so it may lie anywhere. */
static enum outcome set_range(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1], piece = a->v[3];
    struct value v = {.type = TYPE_NONE};
    int64_t at = 0;

    int rc = args_int64(a, 2, &at);
    if (rc == LK_OK && at < 0) {
        reply_error(x->reply, "ERR offset is out of range");
        return RUN_DONE;
    }
    if (rc == LK_OK)
        rc = exec_find_silently(x, key, TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const size_t offset = (size_t)at, old_size = value_exists(&v) ? str_size(&v) : 0;
    if (piece.size == 0) {
        reply_int(x->reply, (int64_t)old_size);
        return RUN_DONE;
    }
    if (!string_range_fits(x, offset, piece.size))
        return reply_status(x, LK_ETOOBIG);
    if (value_exists(&v)) {
        rc = write_range(x, key, offset, piece);
    } else {
        str_from_range(offset, piece, x->scratch, &v);
        rc = exec_put(x, key, &v, 0);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    exec_event(x, EVENT_STRING, "setrange", key);
    const size_t end = offset + piece.size;
    reply_int(x->reply, (int64_t)(end > old_size ? end : old_size));
    return RUN_DONE;
}

/* Negative positions count from the end. */
static enum outcome get_range(struct exec *x, const struct args *a)
{
    struct value v = {.type = TYPE_NONE};
    int64_t first = 0, last = 0;

    int rc = args_int64(a, 2, &first);
    if (rc == LK_OK)
        rc = args_int64(a, 3, &last);
    if (rc == LK_OK)
        rc = exec_find(x, a->v[1], TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);

    const int64_t size = value_exists(&v) ? (int64_t)str_size(&v) : 0;
    const bool backwards = first < 0 && last < 0 && first > last;
    if (first < 0)
        first = first + size > 0 ? first + size : 0;
    if (last < 0)
        last = last + size > 0 ? last + size : 0;
    if (last >= size)
        last = size - 1;
    if (backwards || first > last)
        reply_bulk(x->reply, bytes_cstr(""));
    else
        reply_string_range(x->reply, &v, (size_t)first, (size_t)(last - first + 1));
    return RUN_DONE;
}

const struct command string_range_commands[] = {
    {"append", .arity = 3, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RW | KEY_INSERT), .run = string_range_append},
    {"getrange", .arity = 4, .flags = CMD_READONLY, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = get_range},
    {"setrange", .arity = 4, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RW | KEY_UPDATE), .run = set_range},
    {"substr", .arity = 4, .flags = CMD_READONLY, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = get_range},
    {0},
};
