/*
 * dispatch_drain.h — in a cluster: the keys of a slot that is another node's go.
 *
 * They are deleted as by DEL, in the log and for replicas, but there is no event, and whoever waits
 * for one of them is not told: he has heard that the slot has left.
 *
 * Threads  a service, whose dispatcher it is, inside dispatch_enter and _leave
 */
#ifndef LK_CMD_DISPATCH_DRAIN_H
#define LK_CMD_DISPATCH_DRAIN_H

#include "core/cmd/engine/dispatch.h"

LK_BEGIN

enum drained {
    DRAINED,       /* no key is left, or the slot is not foreign, or this is a replica */
    DRAINED_SOME,  /* as many as one call takes */
    DRAINED_LATER, /* the shard, the log or a worker's box is full: the service will be told */
};

/* Deletes at most so many, under one hold of the shard's lock; *count: how many. */
enum drained dispatch_drain(struct dispatcher *d, uint32_t slot, uint32_t most, uint32_t *count);

LK_END

#endif
