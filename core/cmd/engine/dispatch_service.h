/*
 * dispatch_service.h — commands that the server gives itself, on a thread that is no worker.
 *
 * Threads  the service whose dispatcher it is; its number is one of core/store/shard.h
 */
#ifndef LK_CMD_DISPATCH_SERVICE_H
#define LK_CMD_DISPATCH_SERVICE_H

#include "core/cmd/engine/dispatch.h"

LK_BEGIN

/*
 * Runs one command to its end, with the checks and effects of a client's; the answer is behind what
 * the session's reply has.  Waits for shards and for the log outside the gate, holding nothing.
 * The command blocks for no keys.
 */
void dispatch_run_service(struct dispatcher *d, struct session *s, const struct args *a);

LK_END

#endif
