/*
 * invalidation.h — keys that have changed, on their way to those who had read them.
 *
 * A message names its receivers: who has read the key, and which client hears of it.  There is one
 * message a key and worker, which travels in that worker's box of pushes, so that it stands in one
 * order with all else that is published (push.h).
 *
 *   writer: shard's entry taken --> messages of the unit --> boxes, in the unit's last lock hold
 *   worker: box --> session of the reader, or of the client that hears for it --> its reply
 *
 *   RESP3   >2 invalidate *1 key        RESP2, for another client   *3 message __redis__:invalidate
 * …
 *
 * Everything is told by a null in the keys' place, when a database was emptied.
 *
 * Threads  the worker that runs the unit, or that delivers; invalidation_flush: nobody is inside
 *          the gate
 */
#ifndef LK_CMD_INVALIDATION_H
#define LK_CMD_INVALIDATION_H

#include "core/cmd/engine/push.h"

LK_BEGIN

struct keyspace;
struct session;

/* Messages of a running unit, each for one worker. */
struct invalidations {
    struct invalidation {
        struct message *message;
        uint32_t worker;
    } * v;
    uint32_t count, capacity;
    struct message_to *to; /* room for the receivers of a key */
    uint32_t to_capacity;
};

void invalidations_release(struct invalidations *all);

/* The readers of a key are to hear that it has changed, by whom (0: by the server). */
void invalidations_add_key(struct invalidations *all, struct tracking *t,
                           const struct tracked_key *k, uint64_t by);

/*
 * All of these clients that have tracking on are to hear of these keys, a whole reply of size
 * bytes; none of size 0: of all keys.
 */
void invalidations_add(struct invalidations *all, struct tracking *t, const uint64_t *who,
                       uint32_t count, struct bytes keys);

/* Everybody who tracks is to hear that all is gone. */
void invalidations_add_flush(struct invalidations *all, struct tracking *t);

/* Sends them from a worker. */
void invalidations_send(struct invalidations *all, struct push_hub *h, uint32_t from);

/*
 * All keys have been emptied by nobody's command: forgets what was read, and tells everybody.  In
 * the closed gate.  h may be NULL: nobody is told anything.
 */
void invalidation_flush(struct push_hub *h, struct keyspace *ks);

LK_END

#endif
