#include "core/store/log_ring.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/futex.h"
#include "core/base/mem.h"
#include "core/base/rank.h"

#include <stddef.h>

/* 32 bytes: two on a line.  A benchmark includes this file with another figure. */
#ifndef LOG_SLOT_BYTES
#define LOG_SLOT_BYTES 32
#endif

struct slot {
    uint64_t ready; /* __atomic: the ticket that filled it */
    void *data;
    uint64_t size : 40;
    uint64_t kind : 4;
    uint64_t hold : 2;
    uint64_t to : 2;
    uint64_t hash_slot : 16; /* of a cluster; 0 */
    uint32_t first_db, last_db;
} __attribute__((aligned(LOG_SLOT_BYTES)));

enum { WAKE_BYTES = 256 * 1024 };
enum { TOUCH_SLOTS = 4096 }; /* slots are counted as touched so many at a time: 128 KiB */
/*
 * Idle: the first slot wakes.  Gathering: 256 KiB or a ticket do, or the sleeper's own timeout.
 * Woken: so that a consumer which is only about to sleep hears it too.
 */
enum { AWAKE, IDLE, GATHERING, WOKEN };

struct log_ring {
    uint64_t tail __attribute__((aligned(LK_CACHE_LINE)));  /* __atomic: last ticket given out */
    size_t bytes_in;                                        /* __atomic: effects put so far */
    uint64_t head __attribute__((aligned(LK_CACHE_LINE)));  /* __atomic store by the consumer */
    size_t bytes_out;                                       /* the same */
    uint32_t state __attribute__((aligned(LK_CACHE_LINE))); /* __atomic, futex: of the consumer */
    uint64_t wake_ticket; /* __atomic: of a consumer that gathers */
    uint64_t waiting;     /* __atomic: workers with commands that found no room */
    uint64_t durable __attribute__((aligned(LK_CACHE_LINE))); /* __atomic: ticket */
    uint64_t durable_waiting; /* __atomic: workers with replies that rest on later tickets */
    uint64_t at_publication;  /* __atomic: the last ticket before */
    uint32_t awaited;         /* __atomic */
    uint32_t failing;         /* __atomic */
    uint64_t written;         /* __atomic: ticket */
    int64_t since_ns;         /* __atomic: all that is not written was put after it */
    size_t held;              /* __atomic: bytes that the consumer has */
    int64_t kept;             /* __atomic: bytes of blocks and chunks */
    const char *refusal;      /* __atomic: what those are told whose replies cannot go out */
    uint64_t mark_ticket;     /* the consumer's: what came later was put after mark_ns */
    int64_t mark_ns;          /* the same */
    struct slot *slots;
    uint64_t mask;
    size_t touched; /* __atomic: bytes of slots that mem_used has in it */
    uint64_t limit; /* pending slots at which batches are refused */
    size_t bytes_max;
};

struct log_ring *log_ring_new(uint32_t slots, uint32_t slack, size_t bytes_max)
{
    LK_ASSERT((slots & (slots - 1)) == 0 && slack < slots);
    struct log_ring *r = mem_alloc_aligned(sizeof *r, LK_CACHE_LINE);
    memset(r, 0, sizeof *r);
    r->slots = mem_map(slots * sizeof *r->slots);
    r->mask = slots - 1;
    r->limit = slots - slack;
    r->bytes_max = bytes_max;
    r->since_ns = r->mark_ns = clock_mono_ns();
    return r;
}

void log_ring_free(struct log_ring *r)
{
    struct log_record left;
    while (log_ring_take(r, &left))
        if (log_record_has_bytes(&left))
            log_record_done(&left);
    mem_count(-(int64_t)r->touched);
    mem_unmap(r->slots, (r->mask + 1) * sizeof *r->slots);
    mem_free(r, sizeof *r);
}

uint64_t log_ring_last_ticket(const struct log_ring *r)
{
    return load_acquire(&r->tail);
}

uint64_t log_ring_pending(const struct log_ring *r)
{
    const uint64_t head = load_acquire(&r->head);
    return log_ring_last_ticket(r) - head;
}

size_t log_ring_pending_bytes(const struct log_ring *r)
{
    const size_t out = load_acquire(&r->bytes_out);
    return load_acquire(&r->bytes_in) - out;
}

bool log_ring_has_room(const struct log_ring *r)
{
    return log_ring_pending(r) < r->limit && log_ring_pending_bytes(r) < r->bytes_max;
}

bool log_ring_room_or_ask(struct log_ring *r, uint32_t worker)
{
    if (LK_LIKELY(log_ring_has_room(r)))
        return true;
    fetch_or_seq_cst(&r->waiting, UINT64_C(1) << worker);
    return log_ring_has_room(r);
}

uint64_t log_ring_take_waiting(struct log_ring *r)
{
    if (!log_ring_has_room(r))
        return 0;
    /*
     * An exchange even if it is 0: a worker that asks after it sees what was taken before it, and
     * so finds the room itself.  A load could pass the store of head and miss one that does not.
     */
    return exchange_seq_cst(&r->waiting, 0);
}

void log_ring_set_awaited(struct log_ring *r, bool awaited)
{
    store_seq_cst(&r->awaited, awaited);
}

bool log_ring_is_awaited(const struct log_ring *r)
{
    return load_seq_cst(&r->awaited);
}

/* Partner of the stores in publish_written: a time that is too old makes one reply wait in vain. */
static bool is_late(const struct log_ring *r)
{
    return load_seq_cst(&r->failing) || clock_mono_ns() - load_acquire(&r->since_ns) > LOG_LATE_NS;
}

static bool may_be_told(const struct log_ring *r, uint64_t ticket)
{
    if (ticket <= load_seq_cst(&r->durable))
        return true;
    if (load_seq_cst(&r->awaited))
        return false;
    return ticket <= load_seq_cst(&r->written) || !is_late(r);
}

bool log_ring_is_durable_or_ask(struct log_ring *r, uint64_t ticket, uint32_t worker)
{
    if (LK_LIKELY(may_be_told(r, ticket)))
        return true;
    /* Partner of the exchanges in publish and set_refusal: one of the two sees the other. */
    fetch_or_seq_cst(&r->durable_waiting, UINT64_C(1) << worker);
    return may_be_told(r, ticket);
}

uint64_t log_ring_durable(const struct log_ring *r)
{
    return load_acquire(&r->durable);
}

uint64_t log_ring_publish_durable(struct log_ring *r, uint64_t ticket)
{
    store_relaxed(&r->at_publication, log_ring_last_ticket(r));
    if (ticket > load_relaxed(&r->durable))
        store_seq_cst(&r->durable, ticket);
    return exchange_seq_cst(&r->durable_waiting, 0);
}

/*
 * All that is not written came behind the last publication but one, so it was put after the mark
 * that was made then.
 */
uint64_t log_ring_publish_written(struct log_ring *r, uint64_t ticket)
{
    LK_ASSERT(ticket >= r->written);
    if (ticket >= r->mark_ticket) {
        store_release(&r->since_ns, r->mark_ns);
        r->mark_ns = clock_mono_ns();
        r->mark_ticket = log_ring_last_ticket(r);
    }
    store_seq_cst(&r->written, ticket);
    /* Who waits for durability is told of that; who turns it off tells all. */
    if (load_seq_cst(&r->awaited))
        return 0;
    return exchange_seq_cst(&r->durable_waiting, 0);
}

void log_ring_set_failing(struct log_ring *r, bool failing)
{
    store_seq_cst(&r->failing, failing);
}

uint64_t log_ring_set_refusal(struct log_ring *r, const char *line)
{
    if (load_relaxed(&r->refusal) == line)
        return 0;
    store_seq_cst(&r->refusal, line);
    return line ? exchange_seq_cst(&r->durable_waiting, 0) : 0;
}

const char *log_ring_refusal(const struct log_ring *r)
{
    return load_seq_cst(&r->refusal);
}

/* A ticket of the first round that is the first in its stretch of slots. */
static LK_COLD void note_touched(struct log_ring *r)
{
    const uint64_t slots = r->mask + 1 < TOUCH_SLOTS ? r->mask + 1 : TOUCH_SLOTS;
    const size_t bytes = slots * sizeof *r->slots;
    fetch_add_relaxed(&r->touched, bytes);
    mem_count((int64_t)bytes);
}

size_t log_ring_slot_bytes(const struct log_ring *r)
{
    return load_relaxed(&r->touched);
}

void log_ring_set_held(struct log_ring *r, size_t bytes)
{
    store_relaxed(&r->held, bytes);
}

size_t log_ring_memory_bytes(const struct log_ring *r)
{
    const int64_t kept = load_relaxed(&r->kept);
    return load_relaxed(&r->held) + log_ring_slot_bytes(r) + (kept > 0 ? (size_t)kept : 0);
}

/* What takes more than a part of a chunk has a block of its own. */
enum { CHUNK_BYTES = 64 * 1024, CHUNK_PART = 8 * 1024 };

struct log_chunk {
    struct log_chunk *before;
    char bytes[CHUNK_BYTES - sizeof(struct log_chunk *)];
};

/* The chunk of the effects that stand first in it. */
static struct log_chunk *chunk_of(void *data)
{
    return (struct log_chunk *)(void *)((char *)data - offsetof(struct log_chunk, bytes));
}

/* What is kept from a put on. */
static int64_t put_bytes(const struct log_bytes *b)
{
    if (b->hold == LOG_HOLD_FIRST)
        return CHUNK_BYTES;
    return b->hold == LOG_HOLD_BLOCK && b->size > 0 ? (int64_t)mem_class(b->size) : 0;
}

/* What goes when it has been taken. */
static int64_t taken_bytes(const struct log_record *r)
{
    if (r->hold == LOG_HOLD_FIRST)
        return chunk_of(r->data)->before ? CHUNK_BYTES : 0;
    if (r->hold == LOG_HOLD_LAST)
        return CHUNK_BYTES;
    return r->hold == LOG_HOLD_BLOCK && r->size > 0 ? (int64_t)mem_class(r->size) : 0;
}

static void log_ring_keep(struct log_ring *r, int64_t bytes)
{
    fetch_add_relaxed(&r->kept, bytes);
}

static uint64_t log_ring_put_here(struct log_ring *r, enum log_kind kind, const struct log_bytes *b,
                                  uint32_t first_db, uint32_t last_db)
{
    rank_take(RANK_RING, 0, RANK_TRIES);
    fetch_add_relaxed(&r->bytes_in, b->size);
    if (LK_UNLIKELY(b->hold != LOG_HOLD_CHUNK))
        log_ring_keep(r, put_bytes(b));
    const uint64_t ticket = add_fetch_acq_rel(&r->tail, 1);
    if (LK_UNLIKELY(ticket == 1 || (ticket <= r->mask && ticket % TOUCH_SLOTS == 0)))
        note_touched(r);
    struct slot *s = &r->slots[ticket & r->mask];
    LK_DEBUG_ASSERT(ticket - load_acquire(&r->head) <= r->mask + 1);
    s->data = b->data;
    s->size = b->size & ((UINT64_C(1) << 40) - 1);
    s->kind = (unsigned)kind & 15;
    s->hold = (unsigned)b->hold & 3;
    s->to = (unsigned)b->to & 3;
    s->hash_slot = 0;
    s->first_db = first_db;
    s->last_db = last_db;
    /* Sequentially consistent: the partner of the consumer's state in log_ring_sleep. */
    store_seq_cst(&s->ready, ticket);
    rank_let_go(RANK_RING);
    return ticket;
}

uint64_t log_ring_ticket_at_publication(const struct log_ring *r)
{
    return load_relaxed(&r->at_publication);
}

uint64_t log_ring_put(struct log_ring *r, enum log_kind kind, void *data, size_t size,
                      uint32_t first_db, uint32_t last_db)
{
    const struct log_bytes b = {data, size, LOG_HOLD_BLOCK, LOG_TO_ALL};
    return log_ring_put_here(r, kind, &b, first_db, last_db);
}

uint64_t log_ring_put_bytes(struct log_ring *r, const struct log_bytes *b, uint32_t first_db,
                            uint32_t last_db)
{
    return log_ring_put_here(r, LOG_EFFECTS, b, first_db, last_db);
}

uint64_t log_ring_put_raw(struct log_ring *r, const struct log_bytes *b, uint32_t first_db,
                          uint32_t last_db)
{
    return log_ring_put_here(r, LOG_RAW, b, first_db, last_db);
}

bool log_ring_take(struct log_ring *r, struct log_record *out)
{
    const uint64_t ticket = r->head + 1;
    const struct slot *s = &r->slots[ticket & r->mask];
    if (load_seq_cst(&s->ready) != ticket)
        return false;
    *out = (struct log_record){.ticket = ticket,
                               .kind = (enum log_kind)s->kind,
                               .data = s->data,
                               .size = (size_t)s->size,
                               .first_db = s->first_db,
                               .last_db = s->last_db,
                               .hold = (uint8_t)s->hold,
                               .to = (uint8_t)s->to};
    store_release(&r->bytes_out, r->bytes_out + s->size);
    if (LK_UNLIKELY(out->hold != LOG_HOLD_CHUNK))
        log_ring_keep(r, -taken_bytes(out));
    /* From here on a producer may fill the slot again. */
    store_release(&r->head, ticket);
    return true;
}

/* --- chunks ---------------------------------------------------------------------------------- */

struct log_bytes log_arena_take(struct log_arena *a, size_t size)
{
    struct log_bytes out = {.size = size, .hold = LOG_HOLD_CHUNK, .to = LOG_TO_ALL};
    if (size > CHUNK_PART) {
        out.hold = LOG_HOLD_BLOCK;
        out.data = mem_alloc(size);
        return out;
    }
    if (!a->chunk || size > sizeof a->chunk->bytes - a->used) {
        struct log_chunk *next = mem_alloc(sizeof *next);
        next->before = a->chunk;
        a->chunk = next;
        a->used = 0;
        out.hold = LOG_HOLD_FIRST;
    }
    out.data = a->chunk->bytes + a->used;
    a->used += size;
    return out;
}

void log_arena_end(struct log_arena *a, struct log_ring *r)
{
    if (!a->chunk)
        return;
    log_ring_put_bytes(r, &(struct log_bytes){a->chunk, 0, LOG_HOLD_LAST, LOG_TO_ALL}, 0, 0);
    log_ring_poke(r);
    a->chunk = NULL;
}

static void chunk_free(struct log_chunk *c)
{
    if (c)
        mem_free(c, sizeof *c);
}

void log_record_done(const struct log_record *record)
{
    switch ((enum log_hold)record->hold) {
    case LOG_HOLD_BLOCK:
        mem_free(record->data, record->size);
        break;
    case LOG_HOLD_CHUNK:
        break;
    case LOG_HOLD_FIRST:
        chunk_free(chunk_of(record->data)->before);
        break;
    case LOG_HOLD_LAST:
        chunk_free(record->data);
        break;
    }
}

/* --- waking ---------------------------------------------------------------------------------- */

void log_ring_wake(struct log_ring *r)
{
    const uint32_t state = exchange_seq_cst(&r->state, WOKEN);
    if (state == IDLE || state == GATHERING)
        futex_wake(&r->state, 1);
}

static bool has_gathered(const struct log_ring *r)
{
    return log_ring_pending_bytes(r) >= WAKE_BYTES ||
           log_ring_last_ticket(r) >= load_relaxed(&r->wake_ticket);
}

void log_ring_poke(struct log_ring *r)
{
    const uint32_t state = load_seq_cst(&r->state);
    if (LK_LIKELY(state == AWAKE || state == WOKEN))
        return;
    if (state == IDLE) /* nothing older waits */
        store_release(&r->since_ns, clock_mono_ns());
    if (state == IDLE || has_gathered(r))
        log_ring_wake(r);
}

/*
 * The store of the state and the look at what there is are the partners of the producer's store of
 * `ready` and its look at the state: one of the two sees the other.
 */
static void sleep_in(struct log_ring *r, uint32_t state,
                     bool (*reason_not_to)(const struct log_ring *), int64_t timeout_ns)
{
    uint32_t awake = AWAKE;
    if (!__atomic_compare_exchange_n(&r->state, &awake, state, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        store_seq_cst(&r->state, AWAKE);
        return; /* woken since the last sleep */
    }
    if (!reason_not_to(r))
        futex_wait(&r->state, state, timeout_ns);
    store_seq_cst(&r->state, AWAKE);
}

static bool is_filled(const struct log_ring *r)
{
    const struct slot *next = &r->slots[(r->head + 1) & r->mask];
    return load_seq_cst(&next->ready) == r->head + 1;
}

void log_ring_rest(struct log_ring *r, int64_t timeout_ns)
{
    /* All that was put is taken.  If some of it could not be written, that is told otherwise. */
    store_release(&r->since_ns, clock_mono_ns());
    sleep_in(r, IDLE, is_filled, timeout_ns);
    r->mark_ns = load_acquire(&r->since_ns);
    r->mark_ticket = r->head;
}

void log_ring_gather(struct log_ring *r, uint64_t ticket, int64_t timeout_ns)
{
    store_relaxed(&r->wake_ticket, ticket);
    sleep_in(r, GATHERING, has_gathered, timeout_ns);
}
