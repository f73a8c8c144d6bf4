/*
 * cmd_dump.c — DUMP, RESTORE, RESTORE-ASKING: one value as bytes (persist/rdb/rdb_dump.h).
 */
#include "core/base/atomic.h"
#include "core/base/crc64.h"
#include "core/base/trace.h"
#include "core/ds/le.h"
#include "core/store/lru.h"
#include "io/admin/admin_priv.h"
#include "persist/rdb/rdb_dump.h"
#include "persist/rdb/rdb_type.h"

enum { FOOTER_BYTES = RDB_DUMP_FOOTER };

/* --- DUMP ------------------------------------------------------------------------------------ */

static enum outcome dump_command(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_ANY, &v);

    if (rc != LK_OK)
        return reply_status(x, rc);
    if (!value_exists(&v)) {
        reply_null(x->reply);
        return RUN_DONE;
    }
    rdb_dump_value(&v, config_current(x->admin->parts.config)->rdbcompression, x->scratch);
    reply_bulk(x->reply, buf_bytes(x->scratch));
    return RUN_DONE;
}

/* --- RESTORE --------------------------------------------------------------------------------- */

struct options {
    bool replace, absolute;
    int64_t idle_s, freq; /* -1: not said */
};

static bool dump_fail(struct exec *x, const char *error)
{
    reply_error(x->reply, "%s", error);
    return false;
}

static bool fail_with(struct exec *x, int status)
{
    reply_status(x, status);
    return false;
}

/* False: the error is written. */
static bool read_options(struct exec *x, const struct args *a, struct options *o)
{
    *o = (struct options){.idle_s = -1, .freq = -1};
    for (uint32_t i = 4; i < a->n; i++) {
        const bool more = i + 1 < a->n;
        if (args_is(a, i, "replace")) {
            o->replace = true;
        } else if (args_is(a, i, "absttl")) {
            o->absolute = true;
        } else if (args_is(a, i, "idletime") && more && o->freq < 0) {
            if (args_int64(a, ++i, &o->idle_s) != LK_OK)
                return fail_with(x, LK_ENOTINT);
            if (o->idle_s < 0)
                return dump_fail(x, "ERR Invalid IDLETIME value, must be >= 0");
        } else if (args_is(a, i, "freq") && more && o->idle_s < 0) {
            if (args_int64(a, ++i, &o->freq) != LK_OK)
                return fail_with(x, LK_ENOTINT);
            if (o->freq < 0 || o->freq > UINT8_MAX)
                return dump_fail(x, "ERR Invalid FREQ value, must be >= 0 and <= 255");
        } else {
            return fail_with(x, LK_ESYNTAX);
        }
    }
    return true;
}

/* False if the bytes are not what somebody's DUMP gave. */
static bool read_footer(const struct exec *x, struct bytes payload, unsigned *version)
{
    const uint32_t *skip = &x->admin->parts.engine->skip_checksums;
    if (payload.size < FOOTER_BYTES)
        return false;
    const unsigned char *end = (const unsigned char *)payload.data + payload.size;
    *version = le16_get(end - FOOTER_BYTES);
    return (*version <= RDB_VERSION_REDIS_MAX || *version == RDB_VERSION_VALKEY) &&
           (load_relaxed(skip) || le64_get(end - 8) == crc64(0, payload.data, payload.size - 8));
}

/* Begins `in`, which the value borrows from; to be released in any case. */
static int dump_read_value(const struct exec *x, struct bytes payload, unsigned version,
                           struct rdb_in *in, struct value *out)
{
    unsigned code = 0;

    rdb_in_init_bytes(in, bytes_of(payload.data, payload.size - FOOTER_BYTES));
    in->checksum = false;
    in->version = version;
    in->limits = &exec_limits(x)->types;
    int rc = rdb_in_byte(in, &code);
    if (rc == LK_OK)
        rc = rdb_in_value(in, code, out);
    if (rc != LK_OK)
        return rc;
    return value_exists(out) ? LK_OK : LK_EFORMAT;
}

/* The deadline in Unix time; one that cannot be held is as late as can be, or has passed. */
static int64_t deadline_from(const struct exec *x, int64_t ttl, bool absolute)
{
    if (ttl == 0)
        return -1;
    if (!absolute && __builtin_add_overflow(ttl, x->now_ms, &ttl))
        return 0;
    return ttl < ENTRY_DEADLINE_MAX ? ttl : ENTRY_DEADLINE_MAX;
}

static void set_use(struct exec *x, struct bytes key, const struct options *o)
{
    const bool lfu = exec_limits(x)->lfu;

    if (lfu && o->freq >= 0)
        exec_set_use(x, key, lfu_of(x->now_ms, (uint32_t)o->freq));
    else if (!lfu && o->idle_s >= 0)
        exec_set_use(x, key, lru_of_idle(x->now_ms, o->idle_s));
}

/* What has passed already is not made; what was there goes all the same. */
static enum outcome dump_drop(struct exec *x, struct bytes key)
{
    if (exec_delete(x, key, false)) {
        exec_event(x, EVENT_GENERIC, "del", key);
        exec_effect_format(x, "sb", "DEL", key);
    }
    reply_ok(x->reply);
    return RUN_DONE;
}

static void log_restore(struct exec *x, const struct args *a, int64_t deadline_ms)
{
    char digits[INT64_CHARS];
    const size_t n = int64_to_chars(deadline_ms < 0 ? 0 : deadline_ms, digits);
    const struct bytes argv[] = {bytes_cstr("RESTORE"), a->v[1],
                                 bytes_of(digits, n),   a->v[3],
                                 bytes_cstr("REPLACE"), bytes_cstr("ABSTTL")};

    exec_effect(x, argv, sizeof argv / sizeof *argv);
}

static enum outcome dump_put(struct exec *x, const struct args *a, const struct options *o,
                             struct value *v, int64_t deadline_ms)
{
    struct value old = {.type = TYPE_NONE};
    int rc = exec_find_silently(x, a->v[1], TYPE_ANY, &old);
    const bool taken = rc == LK_OK && value_exists(&old);

    rc = deadline_ms < 0 ? exec_put(x, a->v[1], v, 0) : exec_put_until(x, a->v[1], v, deadline_ms);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (taken) /* what replaces is told of as new, too */
        exec_event(x, EVENT_NEW, "new", a->v[1]);
    set_use(x, a->v[1], o);
    exec_event(x, EVENT_GENERIC, "restore", a->v[1]);
    log_restore(x, a, deadline_ms);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* The checks behind the options, in the order that clients see.  False: the error is written. */
static bool dump_check(struct exec *x, const struct args *a, const struct options *o, int64_t *ttl,
                       unsigned *version)
{
    struct value old = {.type = TYPE_NONE};

    if (!o->replace && exec_find_silently(x, a->v[1], TYPE_ANY, &old) == LK_OK &&
        value_exists(&old))
        return dump_fail(x, "BUSYKEY Target key name already exists.");
    if (args_int64(a, 2, ttl) != LK_OK)
        return fail_with(x, LK_ENOTINT);
    if (*ttl < 0)
        return dump_fail(x, "ERR Invalid TTL value, must be >= 0");
    if (!read_footer(x, a->v[3], version))
        return dump_fail(x, "ERR DUMP payload version or checksum are wrong");
    return true;
}

static enum outcome dump_restore(struct exec *x, const struct args *a)
{
    struct options o;
    struct rdb_in in;
    struct value v;
    int64_t ttl;
    unsigned version;
    enum outcome outcome;

    if (!read_options(x, a, &o) || !dump_check(x, a, &o, &ttl, &version))
        return RUN_DONE;
    const int rc = dump_read_value(x, a->v[3], version, &in, &v);
    const int64_t deadline_ms = deadline_from(x, ttl, o.absolute);
    if (rc != LK_OK) {
        trace_line(TRACE_VERBOSE, "Internal error in RDB reading: %s", in.error);
        outcome = reply_status(x, rc);
    } else if (ttl > 0 && exec_is_past(x, deadline_ms)) {
        value_release(&v);
        outcome = dump_drop(x, a->v[1]);
    } else {
        outcome = dump_put(x, a, &o, &v, deadline_ms);
    }
    rdb_in_release(&in);
    return outcome;
}

#define RESTORE                                                                                    \
    .arity = -4, .categories = CAT_KEYSPACE | CAT_DANGEROUS, .run = dump_restore,                  \
    .keys = KEY_AT(1, KEY_OW | KEY_UPDATE)

const struct command admin_dump_commands[] = {
    {"dump", .arity = 2, .flags = CMD_READONLY, .categories = CAT_KEYSPACE, .run = dump_command,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS)},
    {"restore", .flags = CMD_WRITE | CMD_DENYOOM, RESTORE},
    {"restore-asking", .flags = CMD_WRITE | CMD_DENYOOM | CMD_ASKING, RESTORE},
    {0},
};
