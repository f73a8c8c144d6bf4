/*
 * reclaim.c — epochs, one word a thread on a line of its own.
 *
 * Entering is an exchange, so that the word is visible before any pointer is loaded; that costs
 * ~6 ns a batch, and spares membarrier on the other side.
 */
#include "core/store/reclaim.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/rank.h"

#include <pthread.h>
#include <stdbool.h>

struct slot {
    uint64_t epoch; /* at which its thread entered; 0 outside */
    uint32_t taken;
} __attribute__((aligned(LK_CACHE_LINE)));

struct retired {
    void *p;
    size_t size;
    uint64_t epoch;
};

struct list {
    struct retired *items;
    size_t count, capacity, bytes;
};

static struct slot slots[RECLAIM_SLOTS];
static uint64_t global_epoch = 1;
static __thread struct list mine;
static pthread_mutex_t orphans_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list orphans;  /* of threads that have flushed */
static size_t orphans_bytes; /* __atomic, relaxed: of orphans, as their lock left them */
static size_t pending_bytes; /* __atomic, relaxed: of all lists */

enum { COLLECT_EVERY = 128 };

int reclaim_slot_take(void)
{
    for (int i = 0; i < RECLAIM_SLOTS; i++) {
        uint32_t free = 0;
        if (__atomic_compare_exchange_n(&slots[i].taken, &free, 1, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return i;
    }
    LK_ASSERT(!"more threads than reclaim slots");
    return -1;
}

void reclaim_slot_give(int slot)
{
    LK_ASSERT(!reclaim_inside(slot));
    store_release(&slots[slot].taken, 0);
}

void reclaim_enter(int slot)
{
    LK_DEBUG_ASSERT(!reclaim_inside(slot));
    const uint64_t now = load_acquire(&global_epoch);
    exchange_seq_cst(&slots[slot].epoch, now);
}

void reclaim_leave(int slot)
{
    LK_DEBUG_ASSERT(reclaim_inside(slot));
    store_release(&slots[slot].epoch, 0);
}

int reclaim_inside(int slot)
{
    return load_seq_cst(&slots[slot].epoch) != 0;
}

/* Everything retired before this epoch is out of everybody's sight. */
static uint64_t safe_epoch(void)
{
    uint64_t least = add_fetch_seq_cst(&global_epoch, 1);
    for (int i = 0; i < RECLAIM_SLOTS; i++) {
        const uint64_t e = load_seq_cst(&slots[i].epoch);
        if (e != 0 && e < least)
            least = e;
    }
    return least;
}

static void list_push(struct list *l, struct retired r)
{
    if (l->count == l->capacity) {
        const size_t capacity = l->capacity ? l->capacity * 2 : COLLECT_EVERY;
        l->items =
            mem_realloc(l->items, l->capacity * sizeof *l->items, capacity * sizeof *l->items);
        l->capacity = capacity;
    }
    l->items[l->count++] = r;
    l->bytes += r.size;
}

static void list_collect(struct list *l)
{
    const uint64_t safe = safe_epoch();
    size_t kept = 0, freed = 0;
    for (size_t i = 0; i < l->count; i++) {
        const struct retired r = l->items[i];
        if (r.epoch < safe) {
            mem_free(r.p, r.size);
            freed += r.size;
        } else {
            l->items[kept++] = r;
        }
    }
    l->count = kept;
    l->bytes -= freed;
    fetch_sub_relaxed(&pending_bytes, freed);
}

static void reclaim_list_release(struct list *l)
{
    mem_free(l->items, l->capacity * sizeof *l->items);
    *l = (struct list){0};
}

void reclaim_retire(void *p, size_t size)
{
    /*
     * Adding nothing, but after the block was unlinked and before anybody enters a later epoch: a
     * load could pass the unlinking store, and a thread of the next epoch still find the block.
     */
    const uint64_t now = fetch_add_seq_cst(&global_epoch, 0);
    list_push(&mine, (struct retired){p, size, now});
    fetch_add_relaxed(&pending_bytes, size);
    if (mine.count % COLLECT_EVERY == 0)
        list_collect(&mine);
}

size_t reclaim_pending_bytes(void)
{
    return load_relaxed(&pending_bytes);
}

/* In orphans_lock. */
static void reclaim_orphans_collect(void)
{
    list_collect(&orphans);
    if (orphans.count == 0)
        reclaim_list_release(&orphans);
    store_relaxed(&orphans_bytes, orphans.bytes);
}

/* One thread is enough. */
static LK_COLD void collect_orphans(void)
{
    if (!leaf_try_lock(&orphans_lock))
        return;
    reclaim_orphans_collect();
    leaf_unlock(&orphans_lock);
}

void reclaim_collect(size_t more_than)
{
    if (LK_UNLIKELY(mine.bytes > more_than))
        list_collect(&mine);
    if (LK_UNLIKELY(load_relaxed(&orphans_bytes) > more_than))
        collect_orphans();
}

void reclaim_flush(void)
{
    list_collect(&mine);
    leaf_lock(&orphans_lock);
    for (size_t i = 0; i < mine.count; i++)
        list_push(&orphans, mine.items[i]);
    reclaim_orphans_collect();
    leaf_unlock(&orphans_lock);
    reclaim_list_release(&mine);
}
