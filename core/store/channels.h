/*
 * channels.h — which workers have subscribers of a channel.
 *
 * Who subscribes is known in the subscriber's worker alone; what all have in common is only a count
 * and a mask a channel, so that a message to ten thousand subscribers is one push a worker.  The
 * channels lie in stripes, each with a lock of its own and a count of what was published in it.
 *
 *   hash --> stripe --> channel --> {subscribers, mask of workers}
 *                 \__ sequence: the messages so far
 *
 * A subscription begins at a sequence and an end of it is told when all up to the end is delivered:
 * what was published before it is not for it (rule M3).  Patterns have one list for all channels:
 * patterns.h.
 *
 * Publishing several messages as one unit locks all their stripes at once, in ascending order; a
 * channel therefore has one order, whoever publishes (rule M1).
 *
 * Threads  any; a stripe's lock is a leaf, under shard locks and above the log ring
 * Cost     a subscription O(1) under one stripe's lock; an empty channel is forgotten
 */
#ifndef LK_STORE_CHANNELS_H
#define LK_STORE_CHANNELS_H

#include "core/store/message.h"

LK_BEGIN

enum { CHANNEL_STRIPES = 256 };

struct channels;

struct channels *channels_new(void);
void channels_free(struct channels *c); /* nobody subscribes any more */

/* Does anybody subscribe to any channel of this kind?  One relaxed load (rule M2). */
bool channels_any(const struct channels *c, enum message_kind kind);

/*
 * One more subscriber in a worker; first: it is that worker's only one of this channel.  Returns
 * the sequence from which on messages are for it: those with a higher one.
 */
uint64_t channels_subscribe(struct channels *c, enum message_kind kind, struct bytes name,
                            uint32_t worker, bool first);
/*
 * One less; last: that worker has no other one of this channel.  Returns the sequence up to which
 * messages were for it; those that its worker was to have are pushed by now.
 */
uint64_t channels_unsubscribe(struct channels *c, enum message_kind kind, struct bytes name,
                              uint32_t worker, bool last);

/* Subscribers at this moment. */
uint64_t channels_count(struct channels *c, enum message_kind kind, struct bytes name);

/* Distinct channels that anybody subscribes to. */
uint64_t channels_distinct(const struct channels *c, enum message_kind kind);

/* Every channel of a kind, stripe by stripe, each under its stripe's lock. */
void channels_each(struct channels *c, enum message_kind kind,
                   void (*visit)(void *ctx, struct bytes name, uint64_t subscribers), void *ctx);

/* --- publishing ------------------------------------------------------------------------------ */

/* The stripes of a unit's messages: a set that is locked in ascending order. */
struct stripe_set {
    uint64_t bits[CHANNEL_STRIPES / 64];
};
static inline void stripe_set_clear(struct stripe_set *s)
{
    memset(s, 0, sizeof *s);
}
void stripe_set_add(struct stripe_set *s, const struct message *m);

void channels_lock(struct channels *c, const struct stripe_set *s);
void channels_unlock(struct channels *c, const struct stripe_set *s);

/* Under the lock of its stripe: gives m its sequence and returns the workers that are to have it.
 */
uint64_t channels_publish(struct channels *c, struct message *m);

/* Under the lock of its stripe: how many clients subscribe to m's channel. */
uint64_t channels_subscribers(struct channels *c, const struct message *m);

/* Takes and lets go of every stripe once: who published before has pushed by then. */
void channels_pass(struct channels *c);

LK_END

#endif
