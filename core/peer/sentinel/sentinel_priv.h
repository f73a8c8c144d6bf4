/*
 * sentinel_priv.h — what the parts of the machine share.
 */
#ifndef LK_PEER_SENTINEL_PRIV_H
#define LK_PEER_SENTINEL_PRIV_H

#include "core/peer/sentinel/sentinel.h"

/* --- sentinel_node.c --- */

bool sentinel_same_addr(const struct sentinel_addr *a, const struct sentinel_addr *b);
bool sentinel_addr_set(struct sentinel_addr *a, struct bytes host, int64_t port);
/* The same of what others say, where names may stand.  False: no address, or not known yet. */
bool sentinel_addr_told(struct sentinel *s, struct sentinel_addr *a, struct bytes host,
                        int64_t port);
struct sentinel_node *sentinel_find_node(struct sentinel_node *list,
                                         const struct sentinel_addr *addr);
/* The caller's link goes, the ring closes behind it; the list that had it does not know it. */
void sentinel_node_free(struct sentinel *s, struct sentinel_node *n);
/* The next of the ring that began with first, or NULL: also for what has no twins. */
struct sentinel_node *sentinel_next_twin(const struct sentinel_node *n,
                                         const struct sentinel_node *first);
void sentinel_remove_peer(struct sentinel *s, struct sentinel_master *m, struct sentinel_node *n);
/* The master has another address; replicas are kept, the old master becomes one of them. */
void sentinel_switch_master(struct sentinel *s, struct sentinel_master *m,
                            const struct sentinel_addr *to);
uint64_t sentinel_random(struct sentinel *s, uint64_t below);
bool sentinel_save(struct sentinel *s);

/* "master NAME HOST PORT" or "slave HOST:PORT HOST PORT @ NAME HOST PORT", and more behind it. */
void sentinel_tell(struct sentinel *s, const char *event, const struct sentinel_node *n,
                   const char *more);
void sentinel_tell_plain(struct sentinel *s, const struct sentinel_master *m, const char *event,
                         const char *text);

/* --- sentinel_watch.c --- */

void sentinel_watch_node(struct sentinel *s, struct sentinel_node *n);
void sentinel_judge_node(struct sentinel *s, struct sentinel_node *n);
void sentinel_judge_master(struct sentinel *s, struct sentinel_master *m);
/* Asks the others what they think, and for their votes. */
void sentinel_ask_peers(struct sentinel *s, struct sentinel_master *m, bool now);
void sentinel_say_hello(struct sentinel *s, struct sentinel_node *n);

/* --- sentinel_vote.c --- */

/* False: it could not be saved, and the epoch is as before. */
bool sentinel_take_epoch(struct sentinel *s, const struct sentinel_master *m, int64_t epoch);
/* Votes if it may, for run_id in that epoch. */
void sentinel_vote(struct sentinel *s, struct sentinel_master *m, int64_t epoch,
                   const char *run_id);
/* Whether we lead in that epoch: counts votes, and gives our own. */
bool sentinel_is_leader(struct sentinel *s, struct sentinel_master *m, int64_t epoch);
/* Votes are heard of so many that nobody can lead in that epoch, nor has led. */
bool sentinel_votes_are_split(const struct sentinel_master *m, int64_t epoch);

/* --- sentinel_failover.c --- */

void sentinel_failover_begin(struct sentinel *s, struct sentinel_master *m);
void sentinel_failover_step(struct sentinel *s, struct sentinel_master *m);
void sentinel_failover_stop(struct sentinel *s, struct sentinel_master *m);
/* The promoted replica says that it is a master. */
void sentinel_failover_promoted(struct sentinel *s, struct sentinel_master *m);

#endif
