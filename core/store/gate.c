#include "core/store/gate.h"

#include "core/base/clock.h"
#include "core/base/futex.h"
#include "core/base/rank.h"
#include "core/store/reclaim.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

void gate_init(struct gate *g)
{
    memset(g, 0, sizeof *g);
    pthread_mutex_init(&g->exclusive, NULL);
}

void gate_release(struct gate *g)
{
    LK_ASSERT(g->members == 0);
    pthread_mutex_destroy(&g->exclusive);
}

int gate_join(struct gate *g)
{
    pthread_mutex_lock(&g->exclusive);
    LK_ASSERT(g->members < GATE_MEMBERS);
    const int slot = reclaim_slot_take();
    g->slots[g->members++] = slot;
    pthread_mutex_unlock(&g->exclusive);
    return slot;
}

void gate_part(struct gate *g, int slot)
{
    pthread_mutex_lock(&g->exclusive);
    for (uint32_t i = 0; i < g->members; i++)
        if (g->slots[i] == slot) {
            g->slots[i] = g->slots[--g->members];
            reclaim_slot_give(slot);
            break;
        }
    pthread_mutex_unlock(&g->exclusive);
}

/*
 * The exchange in reclaim_enter and the load of closed form a Dekker pair with the closer's store
 * and its loads of the slots, all sequentially consistent: one of the two sees the other.
 */
void gate_enter(struct gate *g, int slot)
{
    rank_take(RANK_GATE, 0, RANK_SLEEPS);
    for (;;) {
        reclaim_enter(slot);
        if (LK_LIKELY(__atomic_load_n(&g->closed, __ATOMIC_SEQ_CST) == 0))
            return;
        reclaim_leave(slot);
        futex_wait(&g->closed, 1, -1);
    }
}

void gate_leave(struct gate *g, int slot)
{
    (void)g;
    reclaim_leave(slot);
    rank_let_go(RANK_GATE);
}

static bool anyone_inside(const struct gate *g)
{
    for (uint32_t i = 0; i < g->members; i++)
        if (reclaim_inside(g->slots[i]))
            return true;
    return false;
}

static bool empty_within(const struct gate *g, int64_t limit_ns)
{
    const int64_t start = clock_mono_ns();
    while (anyone_inside(g)) {
        if (limit_ns >= 0 && clock_mono_ns() - start > limit_ns)
            return false;
        sched_yield();
    }
    return true;
}

static void gate_reopen(struct gate *g)
{
    __atomic_store_n(&g->closed, 0, __ATOMIC_SEQ_CST);
    futex_wake(&g->closed, INT_MAX);
}

void gate_close(struct gate *g)
{
    rank_take(RANK_GATE_CLOSED, 0, RANK_SLEEPS);
    pthread_mutex_lock(&g->exclusive);
    for (int round = 0;; round++) {
        __atomic_store_n(&g->closed, 1, __ATOMIC_SEQ_CST);
        if (empty_within(g, round < GATE_ROUNDS ? GATE_TRY_NS : -1))
            return;
        gate_reopen(g);
        const struct timespec pause = {0, GATE_PAUSE_NS};
        nanosleep(&pause, NULL);
    }
}

void gate_open(struct gate *g)
{
    gate_reopen(g);
    pthread_mutex_unlock(&g->exclusive);
    rank_let_go(RANK_GATE_CLOSED);
}
