/*
 * exec_push.h — what handlers of messages may do.
 *
 * Threads  the worker that runs the command
 */
#ifndef LK_CMD_EXEC_PUSH_H
#define LK_CMD_EXEC_PUSH_H

#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/subscriber.h"

LK_BEGIN

/*
 * Publishes when the command's locks are let go, with all else that the transaction publishes; the
 * replicas, or a cluster's other nodes, are told as well.
 * Returns how many clients it is for at this moment.
 */
uint64_t exec_publish(struct exec *x, enum message_kind kind, struct bytes channel,
                      struct bytes payload);

/* Those words, and nothing else, are in the replicas' stream for this command. */
void exec_tell_replicas(struct exec *x, const struct bytes *argv, uint32_t n);
/* At once, and not at its end: of a command without keys, alone; returns the ticket they have. */
uint64_t exec_tell_replicas_now(struct exec *x, const struct bytes *argv, uint32_t n);

/* The running session's subscriptions.  False: it had it already; or it had none. */
bool exec_subscribe(struct exec *x, enum subscription_kind kind, struct bytes name);
bool exec_unsubscribe(struct exec *x, enum subscription_kind kind, struct bytes name);

/* Ends all of them at once; nothing that is still on its way is delivered. */
void exec_unsubscribe_all(struct exec *x);

/* What all workers' sessions subscribe to. */
struct channels *exec_channels(struct exec *x);
struct patterns *exec_patterns(struct exec *x);

LK_END

#endif
