/*
 * slowlog.h — the latest commands that took long.
 *
 * Shapes   newest first; of a command at most SLOWLOG_ARGS arguments of SLOWLOG_BYTES bytes are
 *          kept, what is left out is counted; passwords are not kept
 * Units    seconds of Unix time; microseconds of run time, without waiting
 * Threads  any; the lock is a leaf.  Dispatch comes here only for a slow command.
 */
#ifndef LK_CMD_SLOWLOG_H
#define LK_CMD_SLOWLOG_H

#include "core/cmd/command/args.h"

LK_BEGIN

enum { SLOWLOG_ARGS = 32, SLOWLOG_BYTES = 128 };

struct secret_rule; /* core/cmd/client/secret.h */
struct session;
struct slowlog;

struct slowlog_entry {
    uint64_t id; /* counts up, never starts again */
    int64_t unix_s;
    uint64_t us;
    const struct bytes *argv; /* as it is shown */
    uint32_t argc;
    struct bytes peer, name; /* of the client */
};

struct slowlog *slowlog_new(uint64_t max_count);
void slowlog_free(struct slowlog *l);
/* The oldest entries go at once. */
void slowlog_set_max_count(struct slowlog *l, uint64_t max_count);

/* A command that took us microseconds, without what rule calls secret. */
void slowlog_add(struct slowlog *l, const struct session *s, const struct secret_rule *rule,
                 const struct args *a, int64_t unix_s, uint64_t us);

uint64_t slowlog_count(const struct slowlog *l); /* one load */
void slowlog_reset(struct slowlog *l);
/* Calls visit for at most max entries, newest first, under the lock; returns how many. */
uint64_t slowlog_each(struct slowlog *l, uint64_t max,
                      void (*visit)(void *ctx, const struct slowlog_entry *e), void *ctx);

LK_END

#endif
