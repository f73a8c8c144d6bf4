/*
 * debug_cluster.h — DEBUG words that break this node's links with its cluster, for tests.
 *
 * Threads  inside an exclusive command
 */
#ifndef LK_IO_ADMIN_DEBUG_CLUSTER_H
#define LK_IO_ADMIN_DEBUG_CLUSTER_H

#include "core/cmd/engine/exec.h"

LK_BEGIN

/* DEBUG CLUSTERLINK KILL to|from|all <node id> */
void debug_clusterlink(struct exec *x, const struct args *a);
/* DEBUG DROP-CLUSTER-PACKET-FILTER <type of frame>: -1 drops none. */
void debug_drop_frames(struct exec *x, const struct args *a);
/* DEBUG CLOSE-CLUSTER-LINK-ON-PACKET-DROP 0|1 */
void debug_drop_closes(struct exec *x, const struct args *a);

LK_END

#endif
