/*
 * worker_listen.h — the sockets that clients come in by, from the start to the end, and between.
 *
 * Worker 0 accepts.  Whoever changes the sockets fills or condemns places of a table; worker 0 sees
 * to them in its next loop.  A socket that is condemned is shut at once, so that its port is free
 * for the next one before its worker has let go of it.
 *
 *   FREE --open--> NEW --worker 0--> OPEN --change--> CONDEMNED --worker 0--> FREE
 *
 * Threads  open and the hook: one at a time (the start; then the configuration's mutex)
 */
#ifndef LK_IO_WORKER_LISTEN_H
#define LK_IO_WORKER_LISTEN_H

#include "io/config/config_holder.h"
#include "io/worker/worker.h"

LK_BEGIN

/* Opens all that the configuration names, before the workers start.  False: the log says why. */
bool worker_listen_open(struct worker_group *g, const struct config *c);

/* CONFIG SET of port, bind and tls-port. */
struct config_hook worker_listen_hook(struct worker_group *g);

LK_END

#endif
