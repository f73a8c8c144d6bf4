/*
 * sentinel_vote.c — epochs, one vote in each, and who has won.
 *
 * Two majorities share a Sentinel, and a Sentinel votes once an epoch, also after a crash: the vote
 * is on the disk before it is spoken.  So an epoch has one leader at most.
 */
#include "core/peer/sentinel/sentinel_priv.h"

#include <inttypes.h>
#include <stdio.h>

bool sentinel_take_epoch(struct sentinel *s, const struct sentinel_master *m, int64_t epoch)
{
    const int64_t before = s->current_epoch;
    LK_ASSERT(epoch > before);
    s->current_epoch = epoch;
    if (!sentinel_save(s)) {
        s->current_epoch = before;
        return false;
    }
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, epoch);
    sentinel_tell_plain(s, m, "+new-epoch", text);
    return true;
}

/* Somebody else goes by our id: a vote of ours would be his, too (Q6). */
static bool has_twin(const struct sentinel *s, const struct sentinel_master *m)
{
    return m->twin_ms != 0 && s->now_ms - m->twin_ms < SENTINEL_TWIN_MS;
}

void sentinel_vote(struct sentinel *s, struct sentinel_master *m, int64_t epoch, const char *run_id)
{
    if (has_twin(s, m) || strlen(run_id) != SENTINEL_ID_CHARS)
        return;
    if (epoch > s->current_epoch && !sentinel_take_epoch(s, m, epoch))
        return;
    if (m->leader_epoch >= epoch || s->current_epoch > epoch)
        return;
    const int64_t epoch_before = m->leader_epoch;
    char before[SENTINEL_ID_CHARS + 1];
    memcpy(before, m->leader, sizeof before);
    memcpy(m->leader, run_id, sizeof m->leader);
    m->leader_epoch = epoch;
    if (!sentinel_save(s)) {
        memcpy(m->leader, before, sizeof before);
        m->leader_epoch = epoch_before;
        return;
    }
    char text[SENTINEL_ID_CHARS + 32];
    (void)snprintf(text, sizeof text, "%s %" PRId64, run_id, epoch);
    sentinel_tell_plain(s, m, "+vote-for-leader", text);
    /* Who has voted for another gives him the time to do it. */
    if (strcmp(run_id, s->id) != 0)
        m->failover_start_ms = s->now_ms + (int64_t)sentinel_random(s, SENTINEL_DESYNC_MS);
}

/* Who wins has a majority, and no less than the quorum. */
static uint32_t votes_needed(const struct sentinel_master *m)
{
    const uint32_t majority = (m->peer_count + 1) / 2 + 1;
    return majority > m->quorum ? majority : m->quorum;
}

/* Of that epoch, and for that Sentinel; NULL: for anybody. */
static uint32_t votes_heard(const struct sentinel_master *m, int64_t epoch, const char *whom)
{
    uint32_t votes = m->leader_epoch == epoch && (!whom || strcmp(m->leader, whom) == 0);
    for (const struct sentinel_node *p = m->peers; p; p = p->next)
        votes += p->peer.leader_epoch == epoch && p->peer.leader[0] &&
                 (!whom || strcmp(p->peer.leader, whom) == 0);
    return votes;
}

bool sentinel_votes_are_split(const struct sentinel_master *m, int64_t epoch)
{
    const uint32_t unknown = m->peer_count + 1 - votes_heard(m, epoch, NULL);
    const uint32_t needed = votes_needed(m);
    if (unknown >= needed || votes_heard(m, epoch, m->leader) + unknown >= needed)
        return false;
    for (const struct sentinel_node *p = m->peers; p; p = p->next)
        if (p->peer.leader_epoch == epoch && p->peer.leader[0] &&
            votes_heard(m, epoch, p->peer.leader) + unknown >= needed)
            return false;
    return true;
}

bool sentinel_is_leader(struct sentinel *s, struct sentinel_master *m, int64_t epoch)
{
    sentinel_vote(s, m, epoch, s->id);
    return votes_heard(m, epoch, s->id) >= votes_needed(m);
}

void sentinel_is_master_down(struct sentinel *s, const struct sentinel_addr *addr, int64_t epoch,
                             const char *run_id, bool *down, char leader[SENTINEL_ID_CHARS + 1],
                             int64_t *leader_epoch)
{
    struct sentinel_master *m = s->masters;
    while (m && !sentinel_same_addr(&m->node.addr, addr))
        m = m->next;
    *down = m && s->tilt_since_ms == 0 && m->node.flags & SENTINEL_S_DOWN;
    (void)snprintf(leader, SENTINEL_ID_CHARS + 1, "*");
    *leader_epoch = 0;
    if (!m || strcmp(run_id, "*") == 0)
        return;
    sentinel_vote(s, m, epoch, run_id);
    if (m->leader[0] == '\0')
        return;
    memcpy(leader, m->leader, sizeof m->leader);
    *leader_epoch = m->leader_epoch;
}
