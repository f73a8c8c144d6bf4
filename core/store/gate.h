/*
 * gate.h — all may work, or one alone.
 *
 * Workers are inside the gate for a batch of commands, and so is whoever else takes a shard's lock
 * (rule G1).  An exclusive entrant closes the gate and waits until nobody is inside: then no
 * command is half done anywhere.  It holds nothing and is not inside itself when it asks (G2).
 *
 * Closing does not wait for a slow command at the price of everybody else: it stays closed for at
 * most GATE_TRY_NS, reopens, waits a little, and only after GATE_ROUNDS tries stays closed.
 *
 * Threads  gate_enter and gate_leave: the slot's own thread; gate_close and gate_open: any thread
 *          outside the gate
 * Cost     enter ~6 ns (an exchange on the thread's own line), leave a store
 */
#ifndef LK_STORE_GATE_H
#define LK_STORE_GATE_H

#include "core/base/attr.h"

#include <pthread.h>
#include <stdint.h>

LK_BEGIN

enum { GATE_TRY_NS = 200000, GATE_PAUSE_NS = 1000000, GATE_ROUNDS = 5, GATE_MEMBERS = 96 };

struct gate {
    uint32_t closed; /* __atomic and futex */
    uint32_t members;
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

LK_END

#endif
