/*
 * dispatch_tidy.c — waits and watches that are over, with nodes in shards that were busy.
 */
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/transaction.h"

void dispatch_tidy(struct dispatcher *d)
{
    waiter_tidy(d);
    watches_tidy(d);
}
