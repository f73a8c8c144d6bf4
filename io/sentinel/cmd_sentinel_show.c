/*
 * cmd_sentinel_show.c — SENTINEL: what is asked, of masters, replicas and other Sentinels.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/exec.h"
#include "io/sentinel/cmd_sentinel.h"

#include <stdio.h>

/* --- SENTINEL: what is asked ----------------------------------------------------------------- */

enum outcome sentinel_cmd_masters(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    uint64_t n = 0;
    (void)a;
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        n++;
    reply_array(x->reply, n);
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        sentinel_reply_node(x->reply, &v->machine, &m->node);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_master(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    if (m)
        sentinel_reply_node(x->reply, &v->machine, &m->node);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_nodes(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    if (!m)
        return sentinel_unlock(v);
    const bool peers = x->cmd->imm == SENTINEL_PEER;
    uint64_t count = 0;
    const size_t head = reply_begin_deferred(x->reply);
    for (const struct sentinel_node *n = peers ? m->peers : m->replicas; n; n = n->next) {
        if (!peers && n->info.unannounced)
            continue;
        sentinel_reply_node(x->reply, &v->machine, n);
        count++;
    }
    reply_end_deferred(x->reply, head, REPLY_ARRAY, count);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_get_addr(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const struct sentinel_master *m = sentinel_master_named(v, a->v[2]);
    if (!m) {
        reply_null_array(x->reply);
        return sentinel_unlock(v);
    }
    const struct sentinel_addr *at = sentinel_master_addr(m);
    reply_array(x->reply, 2);
    reply_bulk_cstr(x->reply, sentinel_shown_host(&v->machine, at));
    reply_bulk_int(x->reply, at->port);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_is_down(struct exec *x, const struct args *a)
{
    struct sentinel_addr addr = {.port = 0};
    char who[SENTINEL_ID_CHARS + 1], leader[SENTINEL_ID_CHARS + 1];
    int64_t port = 0, epoch = 0, leader_epoch = 0;
    bool down = false;
    if (!bytes_to_int64(a->v[3], &port) || !bytes_to_int64(a->v[4], &epoch))
        return reply_status(x, LK_ENOTINT);
    if (port < 1 || port > UINT16_MAX || a->v[2].size >= sizeof addr.host ||
        a->v[5].size > SENTINEL_ID_CHARS) {
        reply_error(x->reply, "ERR Invalid address or runid");
        return RUN_DONE;
    }
    memcpy(addr.host, a->v[2].data, a->v[2].size);
    addr.host[a->v[2].size] = '\0';
    addr.port = (uint16_t)port;
    memcpy(who, a->v[5].data, a->v[5].size);
    who[a->v[5].size] = '\0';
    struct sentinel_service *v = sentinel_lock(x);
    (void)(addr.host[0] && names_known(v, &addr)); /* of a name that is not known: none is */
    sentinel_is_master_down(&v->machine, &addr, epoch, who, &down, leader, &leader_epoch);
    (void)sentinel_unlock(v);
    reply_array(x->reply, 3);
    reply_int(x->reply, down);
    reply_bulk_cstr(x->reply, leader);
    reply_int(x->reply, leader_epoch);
    return RUN_DONE;
}

enum outcome sentinel_cmd_ckquorum(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const struct sentinel_master *m = sentinel_master_wanted(x, v, a);
    uint32_t usable = 0;
    if (!m)
        return sentinel_unlock(v);
    const bool well = sentinel_has_quorum(m, &usable);
    const bool quorum = usable >= m->quorum, majority = usable >= (m->peer_count + 1) / 2 + 1;
    char text[96];
    (void)snprintf(text, sizeof text,
                   "OK %u usable Sentinels. Quorum and failover authorization can be reached",
                   usable);
    if (well)
        reply_simple(x->reply, text);
    else
        reply_error(x->reply, "NOQUORUM %u usable Sentinels. %s%s%s", usable,
                    quorum ? ""
                           : "Not enough available Sentinels to reach the specified quorum "
                             "for this master",
                    quorum || majority ? "" : ". ",
                    majority ? ""
                             : "Not enough available Sentinels to reach the majority and "
                               "authorize a failover");
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_myid(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    (void)a;
    reply_bulk_cstr(x->reply, v->machine.id);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_info_cache(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t found = 0;
    for (uint32_t i = 2; i < a->n; i++) {
        const struct sentinel_master *m = sentinel_master_named(v, a->v[i]);
        if (!m)
            continue;
        found++;
        reply_bulk_cstr(x->reply, m->name);
        reply_array(x->reply, m->replica_count + 1);
        for (const struct sentinel_node *n = &m->node; n;
             n = n == &m->node ? m->replicas : n->next) {
            const struct link *l = n->owner;
            reply_array(x->reply, 2);
            reply_int(x->reply, l && l->info_ms ? link_age_ms(l->info_ms) : 0);
            if (l && l->info.size > 0)
                reply_bulk(x->reply, buf_bytes(&l->info));
            else
                reply_null(x->reply);
        }
    }
    reply_end_deferred(x->reply, head, REPLY_ARRAY, 2 * found);
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_pending(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    const int64_t now_ms = clock_unix_ms();
    (void)a;
    reply_array(x->reply, v->script_count);
    for (const struct script *s = v->scripts; s; s = s->next) {
        struct sentinel_fields f = {x->reply, 0};
        const size_t head = reply_begin_deferred(x->reply);
        uint64_t words = 0;
        while (s->argv[words])
            words++;
        reply_bulk_cstr(x->reply, "argv");
        reply_array(x->reply, words);
        for (uint64_t i = 0; i < words; i++)
            reply_bulk_cstr(x->reply, s->argv[i]);
        f.count++;
        sentinel_field_text(&f, "flags", s->pid ? "running" : "scheduled");
        sentinel_field_number(&f, "pid", s->pid);
        const int64_t left_ms = s->begin_ms > now_ms ? s->begin_ms - now_ms : 0;
        sentinel_field_number(&f, s->pid ? "run-time" : "run-delay",
                              s->pid ? now_ms - s->begin_ms : left_ms);
        sentinel_field_number(&f, "retry-num", s->tries);
        reply_end_deferred(x->reply, head, REPLY_MAP, f.count);
    }
    return sentinel_unlock(v);
}

enum outcome sentinel_cmd_role(struct exec *x, const struct args *a)
{
    struct sentinel_service *v = sentinel_lock(x);
    uint64_t n = 0;
    (void)a;
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        n++;
    reply_array(x->reply, 2);
    reply_bulk_cstr(x->reply, "sentinel");
    reply_array(x->reply, n);
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        reply_bulk_cstr(x->reply, m->name);
    return sentinel_unlock(v);
}
