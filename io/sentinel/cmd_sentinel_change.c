/*
 * cmd_sentinel_change.c — SENTINEL: what is changed of masters, and hellos that come by PUBLISH.
 */
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec.h"
#include "io/sentinel/cmd_sentinel.h"

#include <stdio.h>

/* What a client is told, and not who reads the file. */
static const char *monitor_refused(const struct args *a)
{
    int64_t n = 0;
    if (!bytes_to_int64(a->v[5], &n))
        return "Invalid quorum";
    if (n <= 0)
        return "Quorum must be 1 or greater.";
    if (!bytes_to_int64(a->v[4], &n))
        return "Invalid port";
    return NULL;
}

enum outcome sentinel_cmd_monitor(struct exec *x, const struct args *a)
{
    const char *why = monitor_refused(a);
    /* A name may take long: the machine goes on meanwhile. */
    if (!why && !names_resolve_now(dispatcher_engine(x->dispatcher)->fixed.sentinel, a->v[3]))
        why = "Invalid IP address or hostname specified";
    if (why) {
        reply_error(x->reply, "ERR %s", why);
        return RUN_DONE;
    }
    struct sentinel_service *v = sentinel_lock(x);
    why = file_monitor(v, a->v[2], a->v[3], a->v[4], a->v[5]);
    if (why) {
        reply_error(x->reply, "ERR %s", why);
        return sentinel_unlock(v);
    }
    const struct sentinel_master *m = sentinel_master_named(v, a->v[2]);
    char quorum[32];
    (void)snprintf(quorum, sizeof quorum, "quorum %u", m->quorum);
    service_tell_master(v, m, "+monitor", quorum);
    sentinel_reply_saved(x, v);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_remove(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    if (!m)
        return sentinel_unlock(v);
    char name[SENTINEL_NAME_MAX];
    service_tell_master(v, m, "-monitor", "");
    memcpy(name, m->name, sizeof name);
    sentinel_remove_master(&v->machine, m);
    conf_remove(v, name);
    sentinel_reply_saved(x, v);
    return sentinel_unlock(v);
}

/* --- SET ------------------------------------------------------------------------------------- */

static void set_tell(struct sentinel_service *v, const struct sentinel_master *m,
                     const struct bytes *words, size_t n)
{
    struct buf more = {0};
    buf_append_bytes(&more, words[0]);
    for (size_t i = 1; i < n; i++) {
        buf_append_char(&more, ' ');
        buf_append_bytes(&more, option_is_secret(words[0]) ? bytes_cstr("******") : words[i]);
    }
    buf_append_char(&more, '\0');
    service_tell_master(v, m, "+set", more.data);
    buf_release(&more);
}

static void set_refused(struct exec *x, const char *why, const struct bytes *words, size_t n)
{
    if (why && (why[0] == '\0' || strstr(why, "time parameter")) && n > 1)
        reply_error(x->reply, "ERR Invalid argument '%.*s' for SENTINEL SET '%.*s'",
                    (int)words[1].size, words[1].data, (int)words[0].size, words[0].data);
    else if (why)
        reply_error(x->reply, "ERR %s", why);
    else
        reply_error(x->reply, "ERR Unknown option or number of arguments for SENTINEL SET '%.*s'",
                    (int)words[0].size, words[0].data);
}

/* Options before one that is refused hold, and are saved. */
enum outcome sentinel_cmd_set(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    if (!m)
        return sentinel_unlock(v);
    for (uint32_t i = 3; i < a->n;) {
        const char *why = NULL;
        const size_t used = option_set(v, m, a->v + i, a->n - i, true, &why);
        if (used == 0) {
            set_refused(x, why, a->v + i, a->n - i);
            if (i > 3)
                (void)file_save(v);
            return sentinel_unlock(v);
        }
        set_tell(v, m, a->v + i, used);
        i += (uint32_t)used;
    }
    sentinel_reply_saved(x, v);
    return sentinel_unlock(v);
}

/* --- failovers, and what is known ------------------------------------------------------------- */

enum outcome sentinel_cmd_failover(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    if (!m)
        return sentinel_unlock(v);
    bool good = false;
    for (const struct sentinel_node *n = m->replicas; n; n = n->next)
        good |= n->flags & SENTINEL_CONNECTED && !(n->flags & SENTINEL_S_DOWN) &&
                n->info.at_ms != 0 && n->info.priority != 0;
    if (m->state != SENTINEL_NONE)
        reply_error(x->reply, "INPROG Failover already in progress");
    else if (!good || !sentinel_force_failover(&v->machine, m))
        reply_error(x->reply, "NOGOODSLAVE No suitable replica to promote");
    else
        reply_ok(x->reply);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_reset(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    int64_t n = 0;
    for (struct sentinel_master *m = v->machine.masters; m; m = m->next) {
        if (!bytes_match_glob(a->v[2], bytes_cstr(m->name), true))
            continue;
        sentinel_reset_master(&v->machine, m);
        n++;
    }
    if (n > 0)
        (void)file_save(v);
    reply_int(x->reply, n);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_flushconfig(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    (void)a;
    sentinel_reply_saved(x, v);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_publish(struct exec *x, const struct args *a)
{
    if (!bytes_equal(a->v[1], bytes_cstr("__sentinel__:hello"))) {
        reply_error(x->reply, "ERR Only HELLO messages are accepted by Sentinel instances.");
        return RUN_DONE;
    }
    struct sentinel_service *v = sentinel_lock(x);
    links_hello(v, a->v[2]);
    reply_int(x->reply, 1);
    return sentinel_unlock(v);
}
