/*
 * sentinel.c — making a Sentinel's machine, its masters, and the tick.
 */
#include "core/peer/sentinel/sentinel_priv.h"

#include "core/base/mem.h"

#include <stdio.h>

void sentinel_init(struct sentinel *s, const struct sentinel_calls *calls, const char *id,
                   uint64_t seed, int64_t now_ms)
{
    LK_ASSERT(strlen(id) == SENTINEL_ID_CHARS);
    memset(s, 0, sizeof *s);
    s->calls = *calls;
    memcpy(s->id, id, sizeof s->id);
    s->random = seed | 1;
    s->now_ms = now_ms;
    s->periods = (struct sentinel_periods){
        .info_ms = SENTINEL_INFO_MS,
        .ping_ms = SENTINEL_PING_MS,
        .ask_ms = SENTINEL_ASK_MS,
        .publish_ms = SENTINEL_HELLO_MS,
        .down_after_ms = SENTINEL_DOWN_AFTER_MS,
        .failover_timeout_ms = SENTINEL_FAILOVER_MS,
        .tilt_gap_ms = SENTINEL_TILT_GAP_MS,
        .tilt_ms = SENTINEL_TILT_MS,
        .reconf_ms = SENTINEL_RECONF_MS,
        .reconnect_ms = SENTINEL_RECONNECT_MS,
        .election_ms = SENTINEL_ELECTION_MS,
        .script_max_ms = SENTINEL_SCRIPT_MAX_MS,
        .script_retry_ms = SENTINEL_SCRIPT_RETRY_MS,
    };
}

static void sentinel_free_list(struct sentinel *s, struct sentinel_node **list)
{
    while (*list) {
        struct sentinel_node *n = *list;
        *list = n->next;
        sentinel_node_free(s, n);
    }
}

void sentinel_remove_master(struct sentinel *s, struct sentinel_master *m)
{
    struct sentinel_master **at = &s->masters;
    while (*at != m) {
        LK_ASSERT(*at);
        at = &(*at)->next;
    }
    *at = m->next;
    sentinel_free_list(s, &m->replicas);
    sentinel_free_list(s, &m->peers);
    s->calls.gone(s->calls.ctx, &m->node);
    mem_delete(m);
}

void sentinel_release(struct sentinel *s)
{
    while (s->masters)
        sentinel_remove_master(s, s->masters);
}

struct sentinel_master *sentinel_find_master(const struct sentinel *s, const char *name)
{
    struct sentinel_master *m = s->masters;
    while (m && strcmp(m->name, name) != 0)
        m = m->next;
    return m;
}

struct sentinel_master *sentinel_add_master(struct sentinel *s, const char *name, const char *host,
                                            uint16_t port, uint32_t quorum)
{
    LK_ASSERT(quorum > 0 && strlen(name) < SENTINEL_NAME_MAX);
    LK_ASSERT(!sentinel_find_master(s, name));
    struct sentinel_master *m = mem_new(struct sentinel_master);
    (void)snprintf(m->name, sizeof m->name, "%s", name);
    LK_ASSERT(sentinel_addr_set(&m->node.addr, bytes_cstr(host), port));
    m->node.kind = SENTINEL_MASTER;
    m->node.master = m;
    m->node.last_ok_ms = s->now_ms;
    m->quorum = quorum;
    m->parallel_syncs = 1;
    m->down_after_ms = s->periods.down_after_ms;
    m->failover_timeout_ms = s->periods.failover_timeout_ms;
    struct sentinel_master **at = &s->masters; /* in the order of the file */
    while (*at)
        at = &(*at)->next;
    *at = m;
    return m;
}

void sentinel_reset_master(struct sentinel *s, struct sentinel_master *m)
{
    sentinel_free_list(s, &m->replicas);
    sentinel_free_list(s, &m->peers);
    m->replica_count = m->peer_count = 0;
    m->promoted = NULL;
    m->state = SENTINEL_NONE;
    m->leader[0] = '\0'; /* its epoch stays: no second vote in it */
    m->node.flags &= SENTINEL_CONNECTED;
    m->node.run_id[0] = '\0';
    m->node.last_ok_ms = s->now_ms;
    m->node.ping_sent_ms = m->node.reboot_ms = 0;
    memset(&m->node.info, 0, sizeof m->node.info);
    sentinel_tell(s, "+reset-master", &m->node, NULL);
}

bool sentinel_has_quorum(const struct sentinel_master *m, uint32_t *usable)
{
    *usable = 1;
    for (const struct sentinel_node *p = m->peers; p; p = p->next)
        *usable +=
            !(p->flags & (SENTINEL_S_DOWN | SENTINEL_O_DOWN)) && (p->flags & SENTINEL_CONNECTED);
    return *usable >= m->quorum && *usable >= (m->peer_count + 1) / 2 + 1;
}

/* --- the tick -------------------------------------------------------------------------------- */

/* A clock that jumps, or a process that stood still, has seen nothing meanwhile (Q4). */
static void sentinel_check_tilt(struct sentinel *s, int64_t now_ms, int64_t saved_ms)
{
    const bool back = now_ms < s->now_ms;
    const int64_t gap = now_ms - s->now_ms - saved_ms;
    s->now_ms = now_ms;
    if (back || gap > s->periods.tilt_gap_ms) {
        s->tilt_since_ms = now_ms;
        sentinel_tell_plain(s, NULL, "+tilt", "#tilt mode entered");
        return;
    }
    if (s->tilt_since_ms != 0 && now_ms - s->tilt_since_ms >= s->periods.tilt_ms) {
        s->tilt_since_ms = 0;
        sentinel_tell_plain(s, NULL, "-tilt", "#tilt mode exited");
    }
}

/* All see the master go at once: who waits least asks the others before they begin, too. */
static bool failover_is_due(struct sentinel *s, struct sentinel_master *m)
{
    if (!(m->node.flags & SENTINEL_O_DOWN) ||
        s->now_ms - m->failover_start_ms < 2 * m->failover_timeout_ms) {
        m->begin_ms = 0;
        return false;
    }
    const int64_t most =
        m->down_after_ms < SENTINEL_DESYNC_MS ? m->down_after_ms : SENTINEL_DESYNC_MS;
    if (m->begin_ms == 0)
        m->begin_ms = s->now_ms + (int64_t)sentinel_random(s, (uint64_t)most);
    return s->now_ms >= m->begin_ms;
}

static void sentinel_tick_master(struct sentinel *s, struct sentinel_master *m)
{
    sentinel_watch_node(s, &m->node);
    for (struct sentinel_node *n = m->replicas; n; n = n->next)
        sentinel_watch_node(s, n);
    for (struct sentinel_node *n = m->peers; n; n = n->next)
        sentinel_watch_node(s, n);
    if (s->tilt_since_ms != 0)
        return;
    for (struct sentinel_node *n = m->replicas; n; n = n->next)
        sentinel_judge_node(s, n);
    for (struct sentinel_node *n = m->peers; n; n = n->next)
        sentinel_judge_node(s, n);
    sentinel_judge_node(s, &m->node);
    sentinel_judge_master(s, m);
    const bool was_idle = m->state == SENTINEL_NONE;
    if (was_idle && failover_is_due(s, m))
        sentinel_failover_begin(s, m);
    const bool began = was_idle && m->state != SENTINEL_NONE;
    sentinel_failover_step(s, m);
    sentinel_ask_peers(s, m, began);
}

void sentinel_tick(struct sentinel *s, int64_t now_ms, int64_t saved_ms)
{
    sentinel_check_tilt(s, now_ms, saved_ms);
    for (struct sentinel_master *m = s->masters; m; m = m->next)
        sentinel_tick_master(s, m);
}

bool sentinel_force_failover(struct sentinel *s, struct sentinel_master *m)
{
    if (m->state != SENTINEL_NONE || !m->replicas)
        return false;
    sentinel_failover_begin(s, m);
    if (m->state == SENTINEL_NONE)
        return false;
    m->node.flags |= SENTINEL_FORCED;
    return true;
}
