/*
 * dispatch_service.h — commands that the server gives itself, on a thread that is no worker.
 *
 * Threads  the service whose dispatcher it is; its number is one of core/store/shard.h
 */
#ifndef LK_CMD_DISPATCH_SERVICE_H
#define LK_CMD_DISPATCH_SERVICE_H

#include "core/cmd/engine/dispatch.h"
#include "core/store/message.h"

LK_BEGIN

/*
 * Runs one command to its end, with the checks and effects of a client's; the answer is behind what
 * the session's reply has.  Waits for shards and for the log outside the gate, holding nothing.
 * The command blocks for no keys.
 */
void dispatch_run_service(struct dispatcher *d, struct session *s, const struct args *a);

/*
 * Publishes to this server's clients, and to nobody else; waits, outside the gate, while a worker
 * has too many messages that it has not taken.
 */
void dispatch_publish_service(struct dispatcher *d, enum message_kind kind, struct bytes channel,
                              struct bytes payload);

LK_END

#endif
