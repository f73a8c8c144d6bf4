/*
 * service.h — a Sentinel: the machine of core/peer/sentinel, with sockets, a clock and a file.
 *
 * One thread has the links and the ticks; commands come from the workers.  Both hold the service's
 * lock while they touch the machine, and nothing is waited for in it but the file's sync, which Q1
 * wants.  Events are published by worker 0's cron, which is inside the gate.
 *
 *   thread: poll links --> replies, hellos, tick --\
 *   worker: SENTINEL ... ---------------------------> machine --> requests, file, events
 *
 * Threads  as each call says
 */
#ifndef LK_IO_SENTINEL_SERVICE_H
#define LK_IO_SENTINEL_SERVICE_H

#include "core/cmd/command/command_index.h"
#include "core/cmd/engine/engine.h"
#include "io/config/config_holder.h"
#include "io/net/tls_context.h"

LK_BEGIN

struct sentinel_service;

struct sentinel_parts {
    struct config_holder *config;
    struct engine *engine; /* fixed.sentinel is set here */
    struct tls_holder *tls;
};

/* --- by main --------------------------------------------------------------------------------- */

/*
 * Reads the lines of the file, and makes an id if there is none.  NULL: error has the block for
 * standard error.
 */
struct sentinel_service *sentinel_service_new(const struct sentinel_parts *parts,
                                              struct buf *error);
void sentinel_service_free(struct sentinel_service *v);
/* Saves once, so that it is known to be possible.  False: the log says why it is not. */
bool sentinel_service_start(struct sentinel_service *v);
void sentinel_service_stop(struct sentinel_service *v);
/* Both in one with what a process does then: it ends, if that cannot be.  begin.c */
struct sentinel_service *sentinel_make(const struct sentinel_parts *parts);
void sentinel_begin(struct sentinel_service *v, struct engine *engine);
/* Publishes events: by worker 0, inside the gate. */
void sentinel_service_cron(struct sentinel_service *v);

/* The lines of INFO's section.  Any thread. */
void sentinel_service_info(struct sentinel_service *v, struct buf *out);

/* Before a server's commands are added: some have fewer subcommands in a Sentinel. */
void sentinel_begin_commands(struct command_index *ix);
/* Hides what a Sentinel does not have of a server's commands, and adds its own. */
void sentinel_limit_commands(struct command_index *ix);

LK_END

#endif
