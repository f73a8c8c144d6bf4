/*
 * trackers.h — the clients that ask to be told when keys change (CLIENT TRACKING).
 *
 * A key that was read remembers its readers by 64 bits each, which any thread can turn into what
 * it needs to tell them, without a lock and without touching their sessions:
 *
 *   who = generation << 32 | index --> tracker {flags, whom to tell}
 *
 * An index is used again when its client has gone, under the next generation: what a key still
 * remembers of the one before is found dead when it is met.
 *
 * Threads  add, remove and each take a mutex; the others any, lock-free.  Only the worker of its
 *          client changes a tracker
 * Memory   chunks of trackers, kept until the end
 */
#ifndef LK_STORE_TRACKERS_H
#define LK_STORE_TRACKERS_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

struct trackers;

enum tracker_flag {
    TRACKER_ON = 1 << 0,     /* else its client has tracking off for now */
    TRACKER_NOLOOP = 1 << 1, /* is not told of what its own client changes */
    TRACKER_BCAST = 1 << 2,  /* by prefix: not told of what it has read before */
    TRACKER_RESP3 = 1 << 3,  /* what its client speaks: the null that it gets is of that */
};

/* Whom to tell: the worker and the id of a client. */
enum { AIM_WORKER_SHIFT = 56 };
static inline uint64_t aim_of(uint32_t worker, uint64_t client_id)
{
    return (uint64_t)worker << AIM_WORKER_SHIFT | client_id;
}
static inline uint32_t aim_worker(uint64_t aim)
{
    return (uint32_t)(aim >> AIM_WORKER_SHIFT);
}
static inline uint64_t aim_client(uint64_t aim)
{
    return aim & ((UINT64_C(1) << AIM_WORKER_SHIFT) - 1);
}

struct tracker_state {
    uint32_t flags; /* enum tracker_flag */
    uint64_t own;   /* the client itself, as an aim */
    uint64_t aim;   /* the one that is told in its place; own if that is the same */
};

struct trackers *trackers_new(void);
void trackers_free(struct trackers *t);

/* Returns who, never 0; its state is as given. */
uint64_t trackers_add(struct trackers *t, const struct tracker_state *state);
/* The client has gone.  Returns how many keys remember it still. */
uint32_t trackers_remove(struct trackers *t, uint64_t who);

/* By its client's worker.  own stays as it was. */
void trackers_set(struct trackers *t, uint64_t who, uint32_t flags, uint64_t aim);

/* False: it has gone. */
bool trackers_find(const struct trackers *t, uint64_t who, struct tracker_state *out);

/* One more key remembers it, or some fewer; nothing if it has gone (false). */
bool trackers_count_item(struct trackers *t, uint64_t who, int32_t change);

/* Every client that has tracking on, at some moment of the call. */
void trackers_each(struct trackers *t,
                   void (*visit)(void *ctx, uint64_t who, const struct tracker_state *state),
                   void *ctx);

LK_END

#endif
