/*
 * helper.h — what the bus hands over because it may have to wait: a thread of its own.
 *
 *   message of another node --> queue --> this server's subscribers, when their workers have room
 *
 * Threads  helper_new, helper_free: main; the others any
 * Memory   messages that wait take HELPER_HEARD_MAX bytes at most; what comes then is lost, as
 *          whoever subscribes may always lose messages, and the log says so once
 */
#ifndef LK_IO_CLUSTER_HELPER_H
#define LK_IO_CLUSTER_HELPER_H

#include "core/cmd/engine/engine.h"

LK_BEGIN

enum { HELPER_HEARD_MAX = 256 << 20 };

struct cluster_helper;

struct cluster_helper *helper_new(struct engine *engine); /* its thread begins to run */
void helper_free(struct cluster_helper *h);               /* ends it; what waits is dropped */

/* A message that another node publishes. */
void helper_hear(void *helper, bool shard, struct bytes channel, struct bytes message);

LK_END

#endif
