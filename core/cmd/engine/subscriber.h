/*
 * subscriber.h — who of a worker's sessions hears which channel.
 *
 * The store knows only which workers have readers of a channel (channels.h, patterns.h); here is
 * what the worker does with a message that has reached it.
 *
 *   message --> listener "news" --> subscription --> subscription      one a session
 *           \-> listener "n*"   --> subscription
 *
 * A subscription is for messages of (since, until]: sequences of the channel's stripe, or versions
 * of the patterns.  One that ends while a command runs is kept until what was published before its
 * end has been delivered, so that a message which its publisher has counted arrives, and arrives
 * before the confirmation (rule M3).
 *
 * Threads  the worker that owns the sessions, inside the gate
 * Cost     a subscription O(1) expected; a message one look-up, a match with each of the worker's
 *          patterns, and an append for each session that hears it
 */
#ifndef LK_CMD_SUBSCRIBER_H
#define LK_CMD_SUBSCRIBER_H

#include "core/cmd/client/session.h"
#include "core/ds/name_map.h"
#include "core/store/channels.h"
#include "core/store/patterns.h"

LK_BEGIN

/* A monitor's one subscription has no name, and is none of those that clients count. */
enum subscription_kind {
    SUBSCRIBED_CHANNEL,
    SUBSCRIBED_PATTERN,
    SUBSCRIBED_SHARD,
    SUBSCRIBED_MONITOR
};
enum { SUBSCRIPTION_KINDS = SUBSCRIBED_MONITOR + 1 };

struct subscription;

/* The sessions of one worker that subscribe to anything. */
struct subscribers {
    struct channels *channels;
    struct patterns *patterns;
    uint32_t worker;
    struct name_map listeners[SUBSCRIPTION_KINDS];
    uint64_t sessions;          /* __atomic, relaxed: those with any, for reports */
    struct subscription *ended; /* that still have to hear what was published before */
    /* A session's reply has grown.  Called once a session and message. */
    void (*output)(void *ctx, struct session *s);
    /* The worker's session of that id; NULL if there is none.  NULL: nobody is found. */
    struct session *(*find)(void *ctx, uint64_t id);
    /* In a cluster: slots have left, so sessions that wait for keys are to be looked at. */
    void (*look_at_waits)(void *ctx);
    void *output_ctx;
};

void subscribers_init(struct subscribers *all, struct channels *channels, struct patterns *patterns,
                      uint32_t worker);
void subscribers_release(struct subscribers *all); /* no session subscribes any more */

/* False if the session subscribes to it already. */
bool subscriber_add(struct subscribers *all, struct session *s, enum subscription_kind kind,
                    struct bytes name);
/*
 * Ends a subscription; false if there was none.  The caller delivers what the worker's inbox has by
 * then, and calls subscribers_drop_ended.
 */
bool subscriber_remove(struct subscribers *all, struct session *s, enum subscription_kind kind,
                       struct bytes name);
/* All of the session's, as it is about to go: nothing is delivered to it any more. */
void subscriber_forget(struct subscribers *all, struct session *s);

/* How many of a kind a session has; and its names, in no order that means anything. */
uint64_t subscriber_count(const struct session *s, enum subscription_kind kind);
const struct name_map *subscriber_names(const struct session *s, enum subscription_kind kind);

/* Appends the message to the reply of every session that is to hear it. */
void subscribers_deliver(struct subscribers *all, struct message *m);

/*
 * A message of slots_left.h: subscriptions to channels of shards that are in these slots end, which
 * their sessions are told.
 */
void subscribers_hear_left(struct subscribers *all, const struct message *m);

/* Frees the subscriptions that have ended: what was published before is delivered. */
void subscribers_drop_ended(struct subscribers *all);

LK_END

#endif
