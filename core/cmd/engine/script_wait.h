/*
 * script_wait.h — scripts that wait for a shard while they hold others.
 *
 * A script that has written cannot begin anew.  If it names a key that it has not declared, whose
 * shard another one holds, it waits with what it has; and two or more may wait for one another:
 *
 *   A holds 1, wants 2        B holds 2, wants 3        C holds 3, wants 1
 *
 * All who wait are in a list, with what they hold.  Whoever finds itself in a circle, and is the
 * last who came to it without the token, gives way.
 *
 * Threads  any; the list's lock is a leaf
 */
#ifndef LK_CMD_SCRIPT_WAIT_H
#define LK_CMD_SCRIPT_WAIT_H

#include "core/store/lock_set.h"

LK_BEGIN

struct script_wait {
    struct script_wait *next; /* who came before */
    const struct keyspace *ks;
    const struct lock_set *held; /* does not change while it waits */
    uint32_t shard;              /* that it wants */
    bool token;                  /* it holds the token, and gives way to nobody */
};

void script_wait_begin(struct script_wait *w);
void script_wait_end(struct script_wait *w);

/* Is it to give way?  token: it holds it by now. */
bool script_wait_in_circle(struct script_wait *w, bool token);

LK_END

#endif
