/*
 * helper.h — what the bus hands over because it may have to wait: a thread of its own.
 *
 *   message of another node --> queue --> this server's subscribers, when their workers have room
 *   slot that is another node's --> its keys are deleted, some at a time
 *
 * Threads  helper_new, helper_stop, helper_free: main; the others any
 * Memory   messages that wait take HELPER_HEARD_MAX bytes at most; what comes then is lost, as
 *          whoever subscribes may always lose messages, and the log says so once
 */
#ifndef LK_IO_CLUSTER_HELPER_H
#define LK_IO_CLUSTER_HELPER_H

#include "core/cmd/engine/engine.h"

LK_BEGIN

enum { HELPER_HEARD_MAX = 256 << 20 };

struct cluster_helper;

/* Its thread begins to run.  drained: slots have no keys any more that were to be deleted. */
struct cluster_helper *helper_new(struct engine *engine, void (*drained)(void *ctx), void *ctx);
void helper_stop(struct cluster_helper *h); /* ends its thread; what waits is dropped */
void helper_free(struct cluster_helper *h); /* behind that, when nobody can ask it any more */

/* The file is on the disk before long, as it is now or later; path lives as long as h. */
void helper_sync(struct cluster_helper *h, const char *path);

/* A message that another node publishes. */
void helper_hear(void *helper, bool shard, struct bytes channel, struct bytes message);

/*
 * The slot is another node's, and its shard's word says so until helper_drains is false: then all
 * its keys are gone.  Any thread; the latter costs a load.
 */
void helper_drain(struct cluster_helper *h, uint32_t slot);
bool helper_drains(const struct cluster_helper *h, uint32_t slot);

LK_END

#endif
