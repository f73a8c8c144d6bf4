/*
 * publication.h — the messages of a running unit: a command, a transaction, a script.
 *
 * They gather while it runs, and leave together in its last lock hold, in the order of the calls:
 *
 *   stripes of all channels, ascending --> ticket --> one push a worker --> stripes let go
 *
 * So a channel has one order, which is that of the log as well, and a message never overtakes what
 * it tells of (rules M1, M5, M6).
 *
 * Threads  the worker that runs the unit
 * Memory   one reference to each message until it is published
 */
#ifndef LK_CMD_PUBLICATION_H
#define LK_CMD_PUBLICATION_H

#include "core/cmd/engine/push.h"

LK_BEGIN

struct unit_message {
    struct message *message;
    struct pattern_match match; /* of the moment of the call */
};

struct publication {
    struct unit_message *v;
    uint32_t count, capacity;
    struct stripe_set stripes;
    bool locked; /* the stripes are */
};

void publication_release(struct publication *p);

/* Does anybody hear messages of this kind?  Two relaxed loads (rule M2). */
static inline bool publication_heard(const struct push_hub *h, enum message_kind kind)
{
    return channels_any(h->channels, kind) ||
           (kind == MESSAGE_PLAIN && patterns_distinct(h->patterns) != 0);
}

/*
 * Adds a message to the unit, unless nobody subscribes to its channel.  Returns how many clients
 * it is for at this moment; until the unit ends some may come or go (rule M5).  A line for monitors
 * is added whoever hears it, and is not counted: 0.  Inside the gate.
 */
uint64_t publication_add(struct publication *p, struct push_hub *h, enum message_kind kind,
                         struct bytes channel, struct bytes payload);

/*
 * The same for a unit of this message alone, which ends at once: its stripe stays locked until
 * then, so the number is that of the clients whom it reaches.
 */
uint64_t publication_add_last(struct publication *p, struct push_hub *h, enum message_kind kind,
                              struct bytes channel, struct bytes payload);

/* Locks the stripes of the unit's messages; what these say of patterns is then certain. */
void publication_lock(struct publication *p, struct push_hub *h);

/*
 * Sends them all from a worker, under the stripes' locks, and lets those go.  ticket: what they
 * rest on.
 */
void publication_send(struct publication *p, struct push_hub *h, uint32_t from, uint64_t ticket);

LK_END

#endif
