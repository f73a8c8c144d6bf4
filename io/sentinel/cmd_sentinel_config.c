/*
 * cmd_sentinel_config.c — SENTINEL CONFIG, DEBUG and SIMULATE-FAILURE: the Sentinel itself.
 */
#include "core/base/trace.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec.h"
#include "io/sentinel/cmd_sentinel.h"

#include <stddef.h>

/* --- CONFIG ---------------------------------------------------------------------------------- */

static void settings_show(struct exec *x, const struct sentinel_service *v, const struct args *a)
{
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t told = 0, count = 0;
    for (uint32_t i = 3; i < a->n; i++)
        for (size_t s = 0; setting_name(s); s++) {
            struct buf value = {0};
            if (!setting_is_told(s) || told >> s & 1 ||
                !bytes_match_glob(a->v[i], bytes_cstr(setting_name(s)), true))
                continue;
            told |= UINT64_C(1) << s;
            count++;
            setting_value(v, s, &value);
            reply_bulk_cstr(x->reply, setting_name(s));
            reply_bulk(x->reply, buf_bytes(&value));
            buf_release(&value);
        }
    reply_end_deferred(x->reply, head, REPLY_MAP, count);
}

static bool setting_is_repeated(const struct args *a, uint32_t at)
{
    for (uint32_t i = 3; i < at; i += 2)
        if (a->v[i].size == a->v[at].size &&
            bytes_match_glob(a->v[i], a->v[at], true)) /* no name of ours has a pattern's signs */
            return true;
    return false;
}

/* All are looked at before any is set.  False: the client is told. */
static bool settings_check(struct exec *x, const struct args *a)
{
    for (uint32_t i = 3; i < a->n; i += 2) {
        const struct bytes name = a->v[i];
        if (i + 1 == a->n) {
            reply_error(x->reply, "ERR Missing argument '%.*s' value", (int)name.size, name.data);
            return false;
        }
        const struct bytes value = a->v[i + 1];
        const enum setting_rc rc = setting_check(name, value, true);
        if (rc == SETTING_UNKNOWN)
            reply_error(x->reply, "ERR Invalid argument '%.*s' to SENTINEL CONFIG SET",
                        (int)name.size, name.data);
        else if (setting_is_repeated(a, i))
            reply_error(x->reply, "ERR Duplicate argument '%.*s' to SENTINEL CONFIG SET",
                        (int)name.size, name.data);
        else if (rc == SETTING_BAD)
            reply_error(x->reply, "ERR Invalid value '%.*s' to SENTINEL CONFIG SET '%.*s'",
                        (int)value.size, value.data, (int)name.size, name.data);
        else
            continue;
        return false;
    }
    return true;
}

enum outcome sentinel_cmd_config(struct exec *x, const struct args *a)
{
    const bool gets = args_is(a, 2, "get"), sets = args_is(a, 2, "set");
    if (!gets && (!sets || a->n < 5)) {
        reply_error(x->reply, "ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET "
                              "<param> <value> [<param> <value> ...] are supported.");
        return RUN_DONE;
    }
    struct sentinel_service *v = sentinel_lock(x);
    if (gets) {
        settings_show(x, v, a);
        return sentinel_unlock(v);
    }
    if (!settings_check(x, a))
        return sentinel_unlock(v);
    for (uint32_t i = 3; i < a->n; i += 2)
        LK_ASSERT(setting_set(v, a->v[i], a->v[i + 1], true) == SETTING_OK);
    sentinel_reply_saved(x, v);
    return sentinel_unlock(v);
}

/* --- DEBUG ----------------------------------------------------------------------------------- */

#define PERIOD(field) offsetof(struct sentinel_periods, field)
static const struct debug_row {
    const char *name, *lower;
    size_t at;
} debug_rows[] = {
    {"INFO-PERIOD", "info-period", PERIOD(info_ms)},
    {"PING-PERIOD", "ping-period", PERIOD(ping_ms)},
    {"ASK-PERIOD", "ask-period", PERIOD(ask_ms)},
    {"PUBLISH-PERIOD", "publish-period", PERIOD(publish_ms)},
    {"DEFAULT-DOWN-AFTER", "default-down-after", PERIOD(down_after_ms)},
    {"DEFAULT-FAILOVER-TIMEOUT", "default-failover-timeout", PERIOD(failover_timeout_ms)},
    {"TILT-TRIGGER", "tilt-trigger", PERIOD(tilt_gap_ms)},
    {"TILT-PERIOD", "tilt-period", PERIOD(tilt_ms)},
    {"SLAVE-RECONF-TIMEOUT", "slave-reconf-timeout", PERIOD(reconf_ms)},
    {"MIN-LINK-RECONNECT-PERIOD", "min-link-reconnect-period", PERIOD(reconnect_ms)},
    {"ELECTION-TIMEOUT", "election-timeout", PERIOD(election_ms)},
    {"SCRIPT-MAX-RUNTIME", "script-max-runtime", PERIOD(script_max_ms)},
    {"SCRIPT-RETRY-DELAY", "script-retry-delay", PERIOD(script_retry_ms)},
};
enum { DEBUG_ROWS = sizeof debug_rows / sizeof *debug_rows };

static void debug_show(struct exec *x, const struct sentinel_service *v)
{
    reply_map(x->reply, DEBUG_ROWS);
    for (size_t i = 0; i < DEBUG_ROWS; i++) {
        int64_t n;
        memcpy(&n, (const char *)&v->machine.periods + debug_rows[i].at, sizeof n);
        reply_bulk_cstr(x->reply, debug_rows[i].name);
        reply_bulk_int(x->reply, n);
    }
}

static const struct debug_row *debug_find(struct bytes name)
{
    for (size_t i = 0; i < DEBUG_ROWS; i++)
        if (bytes_is_word(name, debug_rows[i].lower))
            return &debug_rows[i];
    return NULL;
}

enum outcome sentinel_cmd_debug(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    if (a->n == 2) {
        debug_show(x, v);
        return sentinel_unlock(v);
    }
    for (uint32_t i = 2; i < a->n; i += 2) {
        const struct bytes name = a->v[i];
        const struct debug_row *row = debug_find(name);
        int64_t n = 0;
        if (!row || i + 1 == a->n) {
            reply_error(x->reply,
                        "ERR Unknown option or number of arguments for SENTINEL DEBUG '%.*s'",
                        (int)name.size, name.data);
            return sentinel_unlock(v);
        }
        const struct bytes value = a->v[i + 1];
        if (!bytes_to_int64(value, &n) || n <= 0 || n > INT64_MAX / 1000) {
            reply_error(x->reply, "ERR Invalid argument '%.*s' for SENTINEL DEBUG '%.*s'",
                        (int)value.size, value.data, (int)name.size, name.data);
            return sentinel_unlock(v);
        }
        memcpy((char *)&v->machine.periods + row->at, &n, sizeof n);
    }
    reply_ok(x->reply);
    return sentinel_unlock(v);
}

/* --- SIMULATE-FAILURE ------------------------------------------------------------------------ */

enum outcome sentinel_cmd_simulate(struct exec *x, const struct args *a)
{
    static const struct {
        const char *name, *told;
        uint32_t flag;
    } rows[] = {{"crash-after-election", "being successfully elected as failover leader",
                 CRASH_AFTER_ELECTION},
                {"crash-after-promotion", "promoting the selected replica to master",
                 CRASH_AFTER_PROMOTION}};
    enum { ROWS = sizeof rows / sizeof *rows };
    uint32_t flags = 0;
    for (uint32_t i = 2; i < a->n; i++) {
        uint32_t found = 0;
        for (size_t r = 0; r < ROWS; r++)
            if (args_is(a, i, rows[r].name))
                found = rows[r].flag;
        if (args_is(a, i, "help")) {
            reply_array(x->reply, ROWS);
            for (size_t r = 0; r < ROWS; r++)
                reply_bulk_cstr(x->reply, rows[r].name);
            return RUN_DONE;
        }
        if (found == 0) {
            reply_error(x->reply, "ERR Unknown failure simulation specified");
            return RUN_DONE;
        }
        flags |= found;
    }
    struct sentinel_service *v = sentinel_lock(x);
    v->crash = flags;
    for (size_t r = 0; r < ROWS; r++)
        if (flags & rows[r].flag)
            trace_line(TRACE_WARNING, "Failure simulation: this Sentinel will crash after %s",
                       rows[r].told);
    reply_ok(x->reply);
    return sentinel_unlock(v);
}
