/*
 * push.h — what goes to clients of any worker without their having asked.
 *
 * Each worker has one box for it.  A publisher puts in one message a worker, however many of its
 * sessions are to hear it, and never waits; the worker takes the whole box at once and hands it
 * round (subscriber.h).
 *
 *   publisher --push_send--> box --push_take--> worker --> its sessions' replies
 *
 * What lies in a box is bounded by asking beforehand: while any box holds more than PUSH_BOX_FULL
 * bytes, commands that publish are parked before they lock anything (rule M7), and the worker that
 * empties it tells them to try again.
 *
 * Threads  push_send, push_room_or_ask: any; push_take: the worker
 * Memory   a box holds one reference to each of its messages
 */
#ifndef LK_CMD_PUSH_H
#define LK_CMD_PUSH_H

#include "core/base/inbox.h"
#include "core/store/channels.h"
#include "core/store/patterns.h"
#include "core/store/tracking.h"

LK_BEGIN

enum { PUSH_WORKERS = 64, PUSH_BOX_FULL = 16 << 20 };

struct push {
    struct inbox_node node; /* first */
    struct message *message;
};

struct push_box {
    struct inbox inbox;
    uint64_t bytes; /* __atomic: of the messages inside */
} __attribute__((aligned(LK_CACHE_LINE)));

struct push_hub {
    struct channels *channels;
    struct patterns *patterns;
    struct tracking *tracking;
    uint64_t full;    /* __atomic: workers whose box is */
    uint64_t waiting; /* __atomic: workers to tell when one no longer is */
    /* A worker that may be asleep has been sent something.  Any thread, under leaf locks. */
    void (*wake)(void *ctx, uint32_t worker);
    void *wake_ctx;
    struct push_box boxes[PUSH_WORKERS];
};

struct push_hub *push_hub_new(void);
void push_hub_free(struct push_hub *h); /* drops what nobody has taken */

/* Gives the worker a reference of its own; it is woken, unless it sends to itself. */
void push_send(struct push_hub *h, uint32_t from, uint32_t worker, struct message *m);

/* All that a worker has been sent, oldest first, linked by node.next; NULL if nothing. */
struct push *push_take(struct push_hub *h, uint32_t worker);
static inline bool push_any(const struct push_hub *h, uint32_t worker)
{
    return !inbox_is_empty(&h->boxes[worker].inbox);
}
void push_free(struct push *p); /* with its reference */

/* May more be published?  If not, the worker will be told to retry when it may. */
bool push_room_or_ask(struct push_hub *h, uint32_t worker);

LK_END

#endif
