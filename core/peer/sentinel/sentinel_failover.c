/*
 * sentinel_failover.c — from a master that is down to another one.
 */
#include "core/peer/sentinel/sentinel_priv.h"

#include <stdio.h>

static int64_t in_state_ms(const struct sentinel *s, const struct sentinel_master *m)
{
    return s->now_ms - m->state_change_ms;
}

static void failover_enter(struct sentinel *s, struct sentinel_master *m, enum sentinel_state state)
{
    m->state = state;
    m->state_change_ms = s->now_ms;
}

void sentinel_failover_begin(struct sentinel *s, struct sentinel_master *m)
{
    LK_ASSERT(m->state == SENTINEL_NONE);
    if (!sentinel_take_epoch(s, m, s->current_epoch + 1))
        return;
    m->failover_epoch = s->current_epoch;
    m->node.flags |= SENTINEL_FAILING_OVER;
    failover_enter(s, m, SENTINEL_WAIT_START);
    m->failover_start_ms = s->now_ms + (int64_t)sentinel_random(s, SENTINEL_DESYNC_MS);
    sentinel_tell(s, "+try-failover", &m->node, NULL);
}

void sentinel_failover_stop(struct sentinel *s, struct sentinel_master *m)
{
    LK_ASSERT(m->state != SENTINEL_NONE && m->state < SENTINEL_RECONF);
    m->node.flags &= ~(uint32_t)(SENTINEL_FAILING_OVER | SENTINEL_FORCED);
    failover_enter(s, m, SENTINEL_NONE);
    if (m->promoted)
        m->promoted->flags &= ~(uint32_t)SENTINEL_PROMOTED;
    m->promoted = NULL;
}

/*
 * It answers again before anybody was told to take its place: nothing is gained by another one, and
 * what it has written a moment ago may be lost.  Should it go once more, we need not wait.
 */
static bool failover_is_idle(struct sentinel *s, struct sentinel_master *m)
{
    if (m->node.flags & (SENTINEL_FORCED | SENTINEL_S_DOWN))
        return false;
    sentinel_tell(s, "-failover-abort-master-is-back", &m->node, NULL);
    sentinel_failover_stop(s, m);
    m->failover_start_ms = 0;
    return true;
}

/*
 * A master that is well is replaced: what it would still take could not reach its successor.  Who
 * writes waits, and is sent to the new one.
 */
static void pause_master(struct sentinel *s, struct sentinel_master *m)
{
    const struct sentinel_call call = {.what = SENTINEL_ASK_PAUSE};
    if (m->node.flags & SENTINEL_CONNECTED && !(m->node.flags & SENTINEL_S_DOWN))
        s->calls.ask(s->calls.ctx, &m->node, &call);
}

static void wait_for_votes(struct sentinel *s, struct sentinel_master *m)
{
    const bool forced = m->node.flags & SENTINEL_FORCED;
    if (failover_is_idle(s, m))
        return;
    if (forced || sentinel_is_leader(s, m, m->failover_epoch)) {
        sentinel_tell(s, "+elected-leader", &m->node, NULL);
        failover_enter(s, m, SENTINEL_SELECT);
        if (forced)
            pause_master(s, m);
        sentinel_tell(s, "+failover-state-select-slave", &m->node, NULL);
        return;
    }
    const int64_t patience = m->failover_timeout_ms < s->periods.election_ms
                                 ? m->failover_timeout_ms
                                 : s->periods.election_ms;
    const bool split = sentinel_votes_are_split(m, m->failover_epoch);
    if (split || s->now_ms - m->failover_start_ms > patience) {
        sentinel_tell(s, "-failover-abort-not-elected", &m->node, NULL);
        sentinel_failover_stop(s, m);
    }
    if (split)
        m->failover_start_ms = 0; /* nobody leads whom another try could disturb */
}

/* --- the choice (Q3) ------------------------------------------------------------------------- */

/* Nobody looks during TILT: a master that dies in it is down since it was last heard. */
static int64_t master_down_ms(const struct sentinel *s, const struct sentinel_node *master)
{
    if (!(master->flags & SENTINEL_S_DOWN))
        return 0;
    const bool heard_before =
        master->last_ok_ms != 0 && master->last_ok_ms < master->s_down_since_ms;
    return s->now_ms - (heard_before ? master->last_ok_ms : master->s_down_since_ms);
}

static bool may_be_master(const struct sentinel *s, const struct sentinel_node *n)
{
    const struct sentinel_master *m = n->master;
    const bool down = m->node.flags & SENTINEL_S_DOWN;
    const int64_t down_ms = master_down_ms(s, &m->node);
    /* A master that answers and says it is none has taken no writes that a replica could lack. */
    const bool nobody_writes =
        m->node.info.at_ms != 0 && !m->node.info.is_master && m->node.ping_sent_ms == 0;
    const int64_t fresh_ms = down ? 5 * s->periods.ping_ms : 3 * s->periods.info_ms;
    return !(n->flags & (SENTINEL_S_DOWN | SENTINEL_O_DOWN)) && n->flags & SENTINEL_CONNECTED &&
           s->now_ms - n->last_ok_ms <= 5 * s->periods.ping_ms && n->info.priority != 0 &&
           !n->info.loading && n->info.at_ms != 0 && s->now_ms - n->info.at_ms <= fresh_ms &&
           (nobody_writes || n->info.link_down_ms <= down_ms + 10 * m->down_after_ms);
}

/* Does a go before b? */
static bool is_better(const struct sentinel_node *a, const struct sentinel_node *b)
{
    if (a->info.priority != b->info.priority)
        return a->info.priority < b->info.priority;
    if (a->info.offset != b->info.offset)
        return a->info.offset > b->info.offset;
    if ((a->run_id[0] == '\0') != (b->run_id[0] == '\0'))
        return b->run_id[0] == '\0';
    return strcmp(a->run_id, b->run_id) < 0;
}

/*
 * Who was acknowledged a moment ago must not lose by news that are ten seconds old: each is asked
 * again, until what it has stands still.
 */
static bool offsets_stand_still(const struct sentinel *s, const struct sentinel_master *m)
{
    if (in_state_ms(s, m) >= SENTINEL_SELECT_MS)
        return true;
    for (const struct sentinel_node *n = m->replicas; n; n = n->next)
        if (n->flags & SENTINEL_CONNECTED && !(n->flags & SENTINEL_S_DOWN) &&
            (n->info.at_ms <= m->state_change_ms || n->info.still_since_ms == n->info.at_ms))
            return false;
    return true;
}

static void select_replica(struct sentinel *s, struct sentinel_master *m)
{
    if (failover_is_idle(s, m) || !offsets_stand_still(s, m))
        return;
    struct sentinel_node *best = NULL;
    for (struct sentinel_node *n = m->replicas; n; n = n->next)
        if (may_be_master(s, n) && (!best || is_better(n, best)))
            best = n;
    if (!best) {
        sentinel_tell(s, "-failover-abort-no-good-slave", &m->node, NULL);
        sentinel_failover_stop(s, m);
        return;
    }
    sentinel_tell(s, "+selected-slave", best, NULL);
    best->flags |= SENTINEL_PROMOTED;
    m->promoted = best;
    failover_enter(s, m, SENTINEL_PROMOTE);
    sentinel_tell(s, "+failover-state-send-slaveof-noone", best, NULL);
}

static bool promotion_is_late(struct sentinel *s, struct sentinel_master *m)
{
    if (in_state_ms(s, m) <= m->failover_timeout_ms)
        return false;
    sentinel_tell(s, "-failover-abort-slave-timeout", &m->node, NULL);
    sentinel_failover_stop(s, m);
    return true;
}

static void failover_promote(struct sentinel *s, struct sentinel_master *m)
{
    if (!(m->promoted->flags & SENTINEL_CONNECTED)) {
        (void)promotion_is_late(s, m);
        return;
    }
    const struct sentinel_call call = {.what = SENTINEL_ASK_PROMOTE};
    s->calls.ask(s->calls.ctx, m->promoted, &call);
    m->promoted->last_info_ms = 0; /* asked again at once */
    failover_enter(s, m, SENTINEL_WAIT_PROMOTION);
    sentinel_tell(s, "+failover-state-wait-promotion", m->promoted, NULL);
}

/* Two that take writes are one too many: where the old one still answers, it is told at once. */
static void demote_old_master(struct sentinel *s, struct sentinel_master *m)
{
    if (!(m->node.flags & SENTINEL_CONNECTED) || m->node.flags & SENTINEL_S_DOWN)
        return;
    const struct sentinel_call call = {.what = SENTINEL_ASK_FOLLOW, .addr = &m->promoted->addr};
    s->calls.ask(s->calls.ctx, &m->node, &call);
    sentinel_tell(s, "+convert-to-slave", &m->node, NULL);
}

void sentinel_failover_promoted(struct sentinel *s, struct sentinel_master *m)
{
    LK_ASSERT(m->state == SENTINEL_WAIT_PROMOTION && m->promoted);
    const int64_t before = m->config_epoch;
    m->config_epoch = m->failover_epoch;
    failover_enter(s, m, SENTINEL_RECONF);
    if (!sentinel_save(s)) {
        m->config_epoch = before;
        failover_enter(s, m, SENTINEL_WAIT_PROMOTION); /* its next INFO says so again */
        return;
    }
    sentinel_tell(s, "+promoted-slave", m->promoted, NULL);
    sentinel_tell(s, "+failover-state-reconf-slaves", &m->node, NULL);
    s->calls.moved(s->calls.ctx, m, true, &m->node.addr, &m->promoted->addr);
    demote_old_master(s, m);
    /* All are to know soon. */
    m->node.last_hello_ms = 0;
    for (struct sentinel_node *n = m->replicas; n; n = n->next)
        n->last_hello_ms = 0;
    for (struct sentinel_node *n = m->peers; n; n = n->next)
        n->last_hello_ms = 0;
}

/* --- the other replicas ---------------------------------------------------------------------- */

static void reconf_watch(struct sentinel *s, struct sentinel_node *n)
{
    const struct sentinel_node *to = n->master->promoted;
    if (n->flags & SENTINEL_RECONF_SENT && n->info.at_ms != 0 && !n->info.is_master &&
        sentinel_same_addr(&n->info.master, &to->addr)) {
        n->flags ^= SENTINEL_RECONF_SENT | SENTINEL_RECONF_INPROG;
        n->change_ms = s->now_ms;
        sentinel_tell(s, "+slave-reconf-inprog", n, NULL);
    }
    if (n->flags & SENTINEL_RECONF_INPROG && n->info.link_up) {
        n->flags ^= SENTINEL_RECONF_INPROG | SENTINEL_RECONF_DONE;
        n->change_ms = s->now_ms;
        sentinel_tell(s, "+slave-reconf-done", n, NULL);
    }
    if (n->flags & SENTINEL_RECONF_SENT && s->now_ms - n->change_ms > s->periods.reconf_ms) {
        n->flags &= ~(uint32_t)SENTINEL_RECONF_SENT;
        sentinel_tell(s, "-slave-reconf-sent-timeout", n, NULL);
    }
}

static void follow_promoted(struct sentinel *s, struct sentinel_node *n)
{
    const struct sentinel_call call = {.what = SENTINEL_ASK_FOLLOW,
                                       .addr = &n->master->promoted->addr};
    s->calls.ask(s->calls.ctx, n, &call);
    n->flags |= SENTINEL_RECONF_SENT;
    n->change_ms = s->now_ms;
    sentinel_tell(s, "+slave-reconf-sent", n, NULL);
}

/* Is somebody still on his way who could come? */
static bool reconf_goes_on(const struct sentinel_master *m)
{
    for (const struct sentinel_node *n = m->replicas; n; n = n->next)
        if (!(n->flags & (SENTINEL_PROMOTED | SENTINEL_RECONF_DONE | SENTINEL_S_DOWN)))
            return true;
    return false;
}

static void failover_reconfigure(struct sentinel *s, struct sentinel_master *m)
{
    uint32_t under_way = 0;
    for (struct sentinel_node *n = m->replicas; n; n = n->next) {
        if (!(n->flags & SENTINEL_PROMOTED))
            reconf_watch(s, n);
        under_way += (n->flags & (SENTINEL_RECONF_SENT | SENTINEL_RECONF_INPROG)) != 0;
    }
    const bool late = in_state_ms(s, m) > m->failover_timeout_ms;
    for (struct sentinel_node *n = m->replicas; n; n = n->next) {
        if (n->flags & (SENTINEL_PROMOTED | SENTINEL_RECONF_SENT | SENTINEL_RECONF_INPROG |
                        SENTINEL_RECONF_DONE) ||
            !(n->flags & SENTINEL_CONNECTED))
            continue;
        if (!late && under_way >= m->parallel_syncs)
            break;
        follow_promoted(s, n);
        under_way++;
    }
    if (!late && reconf_goes_on(m))
        return;
    if (late)
        sentinel_tell(s, "+failover-end-for-timeout", &m->node, NULL);
    sentinel_tell(s, "+failover-end", &m->node, NULL);
    failover_enter(s, m, SENTINEL_UPDATE);
}

static void update_config(struct sentinel *s, struct sentinel_master *m)
{
    const struct sentinel_addr to = m->promoted->addr;
    struct buf text = {0};
    buf_printf(&text, "%s %s %u %s %u", m->name, sentinel_shown_host(s, &m->node.addr),
               m->node.addr.port, sentinel_shown_host(s, &to), to.port);
    buf_append_char(&text, '\0');
    for (struct sentinel_node *n = m->replicas; n; n = n->next)
        if (!(n->flags & (SENTINEL_PROMOTED | SENTINEL_RECONF_DONE)))
            n->flags |= SENTINEL_OWED;
    const struct sentinel_addr from = m->node.addr;
    sentinel_switch_master(s, m, &to);
    struct sentinel_node *old = sentinel_find_node(m->replicas, &from);
    if (old)
        old->flags |= SENTINEL_OWED;
    (void)sentinel_save(s); /* who starts from the old file hears of the epoch by a hello */
    sentinel_tell_plain(s, m, "+switch-master", text.data);
    buf_release(&text);
}

void sentinel_failover_step(struct sentinel *s, struct sentinel_master *m)
{
    switch (m->state) {
    case SENTINEL_NONE:
        break;
    case SENTINEL_WAIT_START:
        wait_for_votes(s, m);
        break;
    case SENTINEL_SELECT:
        select_replica(s, m);
        break;
    case SENTINEL_PROMOTE:
        failover_promote(s, m);
        break;
    case SENTINEL_WAIT_PROMOTION:
        (void)promotion_is_late(s, m);
        break;
    case SENTINEL_RECONF:
        failover_reconfigure(s, m);
        break;
    case SENTINEL_UPDATE:
        update_config(s, m);
        break;
    }
}
