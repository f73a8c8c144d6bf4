/*
 * cluster_priv.h — what the files of the cluster's state machine share.
 */
#ifndef LK_PEER_CLUSTER_PRIV_H
#define LK_PEER_CLUSTER_PRIV_H

#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/peer/cluster.h"

LK_BEGIN

static inline void cluster_todo(struct cluster *c, uint32_t what)
{
    c->todo |= what;
}

/* --- cluster_nodes.c ------------------------------------------------------------------------- */

void cluster_new_id(struct cluster *c, char id[NODE_ID_CHARS + 1]);
/* id: NULL for one of its own, which a handshake replaces. */
struct cluster_node *cluster_add_node(struct cluster *c, const char *id, uint16_t flags);
void cluster_remove_node(struct cluster *c, struct cluster_node *n);
void cluster_rename_node(struct cluster *c, struct cluster_node *n, const char *id);
struct cluster_node *cluster_find_id(const struct cluster *c, const char *id); /* 40 characters */

void cluster_give_slot(struct cluster *c, struct cluster_node *n, uint32_t slot); /* from nobody */
void cluster_take_slot(struct cluster *c, uint32_t slot);
void cluster_take_all_slots(struct cluster *c, struct cluster_node *n);
void cluster_set_master(struct cluster *c, struct cluster_node *n);  /* n becomes one */
void cluster_follow(struct cluster *c, struct cluster_node *master); /* this node, as its replica */
void cluster_set_replica(struct cluster *c, struct cluster_node *n, struct cluster_node *master);
void cluster_set_shard(struct cluster *c, struct cluster_node *n, struct bytes shard_id);
uint32_t cluster_replicas(const struct cluster *c, const struct cluster_node *master,
                          bool well_only);

struct cluster_link *cluster_link_to(struct cluster *c, struct cluster_node *node);

bool cluster_is_forgotten(struct cluster *c, const char *id);
void cluster_forget_id(struct cluster *c, const char *id, int64_t ttl_s);

static inline void cluster_copy_text(char *to, size_t size, struct bytes from)
{
    const size_t n = from.size < size - 1 ? from.size : size - 1;
    memcpy(to, from.data, n);
    to[n] = '\0';
}

/* --- cluster_send.c -------------------------------------------------------------------------- */

void cluster_send_ping(struct cluster *c, struct cluster_link *link, enum frame_type type);
void cluster_send_fail(struct cluster *c, const struct cluster_node *failed); /* to all */
void cluster_send_update(struct cluster *c, struct cluster_link *link,
                         const struct cluster_node *n);
void cluster_send_bare(struct cluster *c, struct cluster_link *link, enum frame_type type,
                       uint8_t flags0);
void cluster_ask_votes(struct cluster *c);
void cluster_pong_all(struct cluster *c);   /* to every node that is linked */
void cluster_pong_shard(struct cluster *c); /* to those of this node's shard */

/* --- cluster_gossip.c ------------------------------------------------------------------------ */

void cluster_hear_gossip(struct cluster *c, struct bytes frame, const struct frame_head *head,
                         struct cluster_link *link, struct cluster_node *sender);
void cluster_hear_extensions(struct cluster *c, struct bytes frame, const struct frame_head *head,
                             struct cluster_node *sender);

/* --- cluster_slots.c ------------------------------------------------------------------------- */

/* One has taken over from another: slots that move to or from that one go on with this one. */
void cluster_move_marks(struct cluster *c, const struct cluster_node *from,
                        struct cluster_node *to);
/* What a sender claims, by its epoch. */
/* What its owner himself does not claim is whoever's who does, whatever the epochs. */
void cluster_hear_unclaimed(struct cluster *c, const struct cluster_node *sender,
                            const uint8_t *slots);
void cluster_hear_slots(struct cluster *c, struct cluster_node *sender, uint64_t epoch,
                        const uint8_t *slots);
/* A master says what he claims; slots that this node imports from him may be missing. */
void cluster_hear_ceded(struct cluster *c, struct cluster_node *sender, const uint8_t *slots);
/* They are this node's, if nobody else claims them. */
void cluster_claim_ceded(struct cluster *c, struct cluster_node *from);
/* Somebody claims what another has with a greater epoch: he is told. */
void cluster_correct(struct cluster *c, struct cluster_link *link, const struct frame_head *head,
                     const struct cluster_node *sender);
void cluster_part_epochs(struct cluster *c, const struct cluster_node *sender, uint64_t epoch);

/* --- cluster_health.c ------------------------------------------------------------------------ */

void cluster_add_report(struct cluster *c, struct cluster_node *n, struct cluster_node *from);
bool cluster_drop_report(struct cluster *c, struct cluster_node *n,
                         const struct cluster_node *from);
void cluster_fail_if_agreed(struct cluster *c, struct cluster_node *n);
void cluster_clear_fail(struct cluster *c, struct cluster_node *n); /* it is reachable again */
void cluster_update_state(struct cluster *c);

/* --- cluster_election.c ---------------------------------------------------------------------- */

void cluster_hear_vote_request(struct cluster *c, struct cluster_link *link,
                               const struct frame_head *head, struct cluster_node *sender);
void cluster_hear_vote(struct cluster *c, const struct frame_head *head,
                       const struct cluster_node *sender);
void cluster_run_election(struct cluster *c);
uint32_t cluster_rank(const struct cluster *c); /* replicas of this shard with more data */

/* --- cluster_manual.c ------------------------------------------------------------------------ */

void cluster_hear_mfstart(struct cluster *c, struct cluster_node *sender);
void cluster_hear_paused(struct cluster *c, const struct frame_head *head,
                         const struct cluster_node *sender);
void cluster_run_manual(struct cluster *c);
void cluster_end_manual(struct cluster *c);

/* --- cluster_admin.c ------------------------------------------------------------------------- */

/* Is there a handshake with that address? */
bool cluster_is_meeting(const struct cluster *c, struct bytes ip, uint16_t port, uint16_t bus_port);

/* --- cluster_migrate.c ----------------------------------------------------------------------- */

void cluster_migrate_replica(struct cluster *c);

LK_END

#endif
