#include "core/store/gate.h"

#include "core/base/atomic.h"
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
    g->patience_ns = GATE_PATIENCE_NS;
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
        if (LK_LIKELY(load_seq_cst(&g->closed) == 0))
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

/* Nobody is in a hurry to see the last one leave: from here on the closer does not spin. */
enum { SPIN_NS = 200000, NAP_NS = 50000 };

static void gate_nap(int64_t ns)
{
    const struct timespec t = {ns / 1000000000, ns % 1000000000};
    nanosleep(&t, NULL);
}

/* False: the time is over (-1: no limit), or somebody inside is long. */
static bool empty_within(const struct gate *g, int64_t limit_ns)
{
    const int64_t start = clock_mono_ns();
    while (anyone_inside(g)) {
        const int64_t past = clock_mono_ns() - start;
        if (gate_is_busy(g) || (limit_ns >= 0 && past > limit_ns))
            return false;
        if (past < SPIN_NS)
            sched_yield();
        else
            gate_nap(NAP_NS);
    }
    return true;
}

static void gate_reopen(struct gate *g)
{
    store_seq_cst(&g->closed, 0);
    futex_wake(&g->closed, INT_MAX);
}

/* One round; on failure the gate is open again. */
static bool close_for(struct gate *g, int64_t limit_ns)
{
    store_seq_cst(&g->closed, 1);
    if (empty_within(g, limit_ns))
        return true;
    gate_reopen(g);
    return false;
}

int64_t gate_round_ns(uint32_t round)
{
    const uint32_t doubled = round < 8 ? round : 8;
    const int64_t ns = (int64_t)GATE_ROUND_NS << doubled;
    return ns < GATE_ROUND_MAX_NS ? ns : GATE_ROUND_MAX_NS;
}

static void wait_while_busy(struct gate *g)
{
    uint32_t busy;
    while ((busy = load_seq_cst(&g->busy)) != 0)
        futex_wait(&g->busy, busy, -1);
}

void gate_close(struct gate *g)
{
    rank_take(RANK_GATE_CLOSED, 0, RANK_SLEEPS);
    pthread_mutex_lock(&g->exclusive);
    int64_t since = clock_mono_ns();
    for (uint32_t round = 0;; round++) {
        if (gate_is_busy(g)) {
            wait_while_busy(g);
            since = clock_mono_ns();
            round = 0;
        }
        const bool patient = clock_mono_ns() - since < g->patience_ns;
        if (close_for(g, patient ? gate_round_ns(round) : -1))
            return;
        if (!gate_is_busy(g))
            gate_nap(GATE_OPEN_FACTOR * gate_round_ns(round));
    }
}

bool gate_try_close(struct gate *g, uint32_t round)
{
    rank_ask(RANK_GATE_CLOSED, 0, RANK_SLEEPS);
    if (gate_is_busy(g) || pthread_mutex_trylock(&g->exclusive) != 0)
        return false;
    if (close_for(g, gate_round_ns(round))) {
        rank_take(RANK_GATE_CLOSED, 0, RANK_SLEEPS);
        return true;
    }
    pthread_mutex_unlock(&g->exclusive);
    return false;
}

void gate_open(struct gate *g)
{
    gate_reopen(g);
    pthread_mutex_unlock(&g->exclusive);
    rank_let_go(RANK_GATE_CLOSED);
}

/* --- somebody inside is long ----------------------------------------------------------------- */

void gate_busy_begin(struct gate *g)
{
    fetch_add_seq_cst(&g->busy, 1);
}

void gate_busy_end(struct gate *g)
{
    LK_ASSERT(gate_is_busy(g));
    if (sub_fetch_seq_cst(&g->busy, 1) == 0)
        futex_wake(&g->busy, INT_MAX);
}
