/*
 * dispatch_tidy.c — waits and watches that are over, with nodes in shards that were busy.
 */
#include "core/cmd/engine/dispatch_priv.h"

void dispatch_tidy(struct dispatcher *d)
{
    waiter_tidy(d);
    watches_tidy(d);
}
