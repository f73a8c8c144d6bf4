/*
 * dispatch_lock_waiters.c — the locks of a write, with those that serving its waiters needs.
 */
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/transaction.h"

enum { CLOSING_ROUNDS = 4 };

/*
 * A write may serve waiters whose commands write other keys, and so on: their shards are locked as
 * well.  After a few rounds in which ever more of them came, all shards are.
 */
bool dispatch_lock_for_waiters(struct dispatcher *d, struct pending *p)
{
    const bool writes = dispatch_flags(p->session, p->cmd) & (CMD_WRITE | CMD_SCRIPT);
    for (int round = 0; dispatch_lock_set(d, p->session); round++) {
        if (!writes || dispatch_closed_for_waiters(d))
            return true;
        if (round >= CLOSING_ROUNDS)
            lock_set_add_all(d->held.set, d->ks);
    }
    return false;
}
