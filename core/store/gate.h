/*
 * gate.h — all may work, or one alone.
 *
 * Workers are inside the gate for a batch of commands, and so is whoever else takes a shard's lock
 * (rule G1).  An exclusive entrant closes the gate and waits until nobody is inside: then no
 * command is half done anywhere.  It holds nothing and is not inside itself when it asks (G2).
 *
 * Closing does not wait for a slow command at the price of everybody else.  It goes in rounds: the
 * gate is closed for at most 0.2 ms, then twice as long, and at last 10 ms, and between two rounds
 * it is open ten times as long.  After five seconds of that it stays closed.  But for somebody
 * inside who is long and says so (gate_busy_begin: a script that may never end, and whose end
 * others must be able to ask for) the gate is never held closed: the closer reopens at once, and
 * begins anew when that is over.
 *
 * Threads  gate_enter and gate_leave: the slot's own thread; gate_close and gate_open: any thread
 *          outside the gate that may sleep (workers try: gate_try_close)
 * Cost     enter ~6 ns (an exchange on the thread's own line), leave a store
 */
#ifndef LK_STORE_GATE_H
#define LK_STORE_GATE_H

#include "core/base/atomic.h"
#include "core/base/attr.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

enum {
    GATE_ROUND_NS = 200000,       /* the first round */
    GATE_ROUND_MAX_NS = 10000000, /* and the longest */
    GATE_OPEN_FACTOR = 10,        /* so many times as long it is open between two */
    GATE_MEMBERS = 96
};
#define GATE_PATIENCE_NS INT64_C(5000000000) /* then it stays closed */

struct gate {
    uint32_t closed; /* __atomic and futex */
    uint32_t busy;   /* __atomic and futex: of those inside so many are long */
    uint32_t members;
    int64_t patience_ns;     /* GATE_PATIENCE_NS; another one before the first use only */
    int slots[GATE_MEMBERS]; /* reclaim slots of those who may enter */
    pthread_mutex_t exclusive;
};

void gate_init(struct gate *g);
void gate_release(struct gate *g);

/* Names a thread that will enter; returns its slot.  Waits for gate_open, so not under gate_close.
 */
int gate_join(struct gate *g);
void gate_part(struct gate *g, int slot);

void gate_enter(struct gate *g, int slot); /* waits while the gate is closed */
void gate_leave(struct gate *g, int slot);

void gate_close(struct gate *g);
void gate_open(struct gate *g);

/*
 * One round of closing, by who may not sleep for long: 10 ms at most.  round counts from 0 on; the
 * caller comes again after GATE_OPEN_FACTOR times its length.  False: somebody is inside, or closes
 * the gate himself, or is long; nothing has changed.
 */
bool gate_try_close(struct gate *g, uint32_t round);
int64_t gate_round_ns(uint32_t round);

/*
 * Whoever is inside and does not know when he will leave says so, and when it is over.  Meanwhile
 * nobody closes the gate, and the holder of the token lets go of what it holds rather than sleep.
 * Calls nest, also those of several threads.  Cost: an atomic addition.
 */
void gate_busy_begin(struct gate *g);
void gate_busy_end(struct gate *g);
static inline bool gate_is_busy(const struct gate *g)
{
    return load_seq_cst(&g->busy) != 0;
}

LK_END

#endif
