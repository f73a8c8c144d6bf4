/*
 * cmd_function.c — FUNCTION: its rows, and DUMP and RESTORE: all libraries as bytes.
 *
 *   { code 245 | source, a string as in an RDB } … | version, 2 bytes | crc of all before it, 8
 */
#include "core/base/crc64.h"
#include "core/cmd/script/function_commands.h"
#include "core/cmd/script/library_batch.h"
#include "core/ds/le.h"
#include "io/admin/admin_priv.h"
#include "persist/rdb/rdb_codes.h"
#include "persist/rdb/rdb_in.h"
#include "persist/rdb/rdb_out.h"

enum { FUNCTION_VERSION = 10, FUNCTION_FOOTER = 2 + 8, FUNCTION_BUFFER = 4096 };

static struct script_hub *function_hub(const struct exec *x)
{
    return x->admin->parts.engine->fixed.scripts;
}

/* --- DUMP ------------------------------------------------------------------------------------ */

static int function_dump_write(void *ctx, const void *data, size_t size)
{
    buf_append(ctx, data, size);
    return LK_OK;
}

static void function_dump_one(void *ctx, struct bytes source)
{
    struct rdb_out *o = ctx;
    rdb_out_byte(o, RDB_OP_FUNCTION);
    rdb_out_string(o, source);
}

static enum outcome function_dump(struct exec *x, const struct args *a)
{
    const struct rdb_sink sink = {.write = function_dump_write, .ctx = x->scratch};
    struct rdb_out o;
    unsigned char footer[FUNCTION_FOOTER];
    (void)a;
    rdb_out_init(&o, &sink, FUNCTION_BUFFER);
    o.checksum = false;
    o.compress = config_current(x->admin->parts.config)->rdbcompression;
    struct library_batch *all = library_batch_of_all(function_hub(x));
    library_batch_each(all, function_dump_one, &o);
    library_batch_free(all);
    LK_ASSERT(rdb_out_flush(&o) == LK_OK);
    rdb_out_release(&o);
    le16_put(footer, FUNCTION_VERSION);
    buf_append(x->scratch, footer, 2);
    le64_put(footer + 2, crc64(0, x->scratch->data, x->scratch->size));
    buf_append(x->scratch, footer + 2, 8);
    reply_bulk(x->reply, buf_bytes(x->scratch));
    return RUN_DONE;
}

/* --- RESTORE --------------------------------------------------------------------------------- */

static bool function_payload_is_whole(struct bytes payload)
{
    if (payload.size < FUNCTION_FOOTER)
        return false;
    const unsigned char *end = (const unsigned char *)payload.data + payload.size;
    const unsigned version = le16_get(end - FUNCTION_FOOTER);
    return (version <= RDB_VERSION_REDIS_MAX || version == RDB_VERSION_VALKEY) &&
           le64_get(end - 8) == crc64(0, payload.data, payload.size - 8);
}

/* Reads the sources into the batch; false: the error is in error. */
static bool function_read_payload(struct bytes payload, struct library_batch *batch,
                                  struct buf *error)
{
    struct rdb_in in;
    struct buf text = {0};
    rdb_in_init_bytes(&in, bytes_of(payload.data, payload.size - FUNCTION_FOOTER));
    in.checksum = false;
    bool ok = true;
    while (ok && rdb_in_offset(&in) < payload.size - FUNCTION_FOOTER) {
        unsigned code = 0;
        struct bytes source;
        text.size = 0;
        if (rdb_in_byte(&in, &code) != LK_OK || code != RDB_OP_FUNCTION) {
            buf_append_cstr(error, "ERR given type is not a function");
            ok = false;
        } else if (rdb_in_string(&in, &text, &source) != LK_OK) {
            buf_append_cstr(error, "ERR Failed loading library code");
            ok = false;
        } else {
            ok = library_batch_add(batch, source, error);
        }
    }
    rdb_in_release(&in);
    buf_release(&text);
    return ok;
}

static enum outcome function_restore(struct exec *x, const struct args *a)
{
    enum library_policy policy = LIBRARY_APPEND;
    struct buf error = {0};
    if (a->n > 4)
        return reply_subcommand(x, a);
    if (args_is(a, 3, "flush"))
        policy = LIBRARY_FLUSH;
    else if (args_is(a, 3, "replace"))
        policy = LIBRARY_REPLACE;
    else if (a->n == 4 && !args_is(a, 3, "append")) {
        reply_error(x->reply, "ERR Wrong restore policy given, value should be either FLUSH, "
                              "APPEND or REPLACE.");
        return RUN_DONE;
    }
    if (!function_payload_is_whole(a->v[2])) {
        reply_error(x->reply, "ERR DUMP payload version or checksum are wrong");
        return RUN_DONE;
    }
    struct library_batch *batch = library_batch_new(function_hub(x));
    if (function_read_payload(a->v[2], batch, &error) &&
        library_batch_publish(batch, policy, &error)) {
        x->changes++;
        reply_ok(x->reply);
    } else {
        reply_error_bytes(x->reply, buf_bytes(&error));
    }
    library_batch_free(batch);
    buf_release(&error);
    return RUN_DONE;
}

#define FUNCTION_ROW(more) .flags = CMD_NOSCRIPT | (more), .categories = CAT_SCRIPTING
#define FUNCTION_CHANGES   (CMD_WRITE | CMD_EXCLUSIVE)

static const struct command function_subcommands[] = {
    {"delete", .arity = 3, FUNCTION_ROW(FUNCTION_CHANGES), .run = function_delete},
    {"dump", .arity = 2, FUNCTION_ROW(0), .run = function_dump},
    {"flush", .arity = -2, FUNCTION_ROW(FUNCTION_CHANGES), .run = function_flush},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .categories = CAT_SCRIPTING,
     .run = function_help},
    {"kill", .arity = 2, FUNCTION_ROW(CMD_ALLOW_BUSY), .run = function_kill},
    {"list", .arity = -2, FUNCTION_ROW(0), .run = function_list},
    {"load", .arity = -3, FUNCTION_ROW(FUNCTION_CHANGES | CMD_DENYOOM), .run = function_load},
    {"restore", .arity = -3, FUNCTION_ROW(FUNCTION_CHANGES | CMD_DENYOOM), .run = function_restore},
    {"stats", .arity = 2, FUNCTION_ROW(CMD_ALLOW_BUSY), .run = function_stats},
    {0},
};

const struct command admin_function_commands[] = {
    {"function", .arity = -2, .subcommands = function_subcommands},
    {0},
};
