/*
 * shard.h — one lock's worth of the keyspace.
 *
 * Commands on unrelated keys must not wait for one another, so the keyspace is cut into shards,
 * and each shard has exactly one lock.
 *
 *   key --seeded hash--> 64 bits = | shard | position in the table | … | tag |
 *
 * The lock word, the first database's directories and the mask of workers that wait for a retry
 * share the first line.  Workers only ever try the lock (rule L1); who may wait is said below.
 *
 *   try fails --> set own bit in `interested` --> try once more --> park the connection
 *   unlock    --> exchange the word --> load `interested` --> post "retry" to every worker in it
 *
 * Both sides are sequentially consistent, so that one of them sees the other.
 *
 * Threads  hold the lock to touch anything but the lock and the mask
 */
#ifndef LK_STORE_SHARD_H
#define LK_STORE_SHARD_H

#include "core/base/atomic.h"
#include "core/base/rank.h"
#include "core/ds/name_map.h"
#include "core/ds/table.h"

LK_BEGIN

struct keyspace;
struct table_frozen;
struct wait_key;
struct watch_node;

struct shard_db {
    uint32_t db;
    struct table *table;
};

/* In a cluster: what this node may do with the keys of a slot.  Changes under the shard's lock. */
enum slot_state {
    SLOT_SERVED,    /* all */
    SLOT_FOREIGN,   /* nothing: it is another node's, or nobody's */
    SLOT_COPY,      /* a replica of its node: reads, for who asked to (READONLY) */
    SLOT_MIGRATING, /* served while its keys are here; those that are not are asked for elsewhere */
    SLOT_IMPORTING, /* another node's, for all who did not say ASKING */
    SLOT_STATES = 0xff,
    SLOT_HELD = 0x100, /* beside each of them: a key is on its way, and who comes waits */
};

struct shard {
    uint32_t lock;           /* __atomic, futex: 0 free, 1 held, 2 held and somebody sleeps on it */
    uint16_t index;          /* fixed */
    uint16_t slot;           /* __atomic: enum slot_state; 0 outside a cluster */
    uint64_t interested;     /* __atomic: workers to tell at the next unlock */
    struct table first;      /* database 0 */
    struct shard_db *others; /* the other databases in use, sorted by db */
    uint32_t others_count;
    uint32_t watched;             /* nodes in watchers */
    struct watch_node *watchers;  /* keys of this shard that transactions watch */
    uint32_t waiting;             /* nodes in waits */
    uint32_t wait_targets;        /* those of them that need another shard to be served */
    uint32_t waited, waited_gone; /* __atomic, relaxed: keys in waits; those whose end matters */
    struct wait_key *waits;       /* keys of this shard that blocked commands wait for */
    struct name_map tracked;      /* keys of this shard that clients want to hear of: tracking.h */
    struct table_frozen *frozen;  /* what the open view has still to read of this shard */
    uint64_t ticket;              /* of the last change that was logged */
    uint32_t holder;              /* __atomic, in debug builds: the thread that has the lock */
} __attribute__((aligned(LK_CACHE_LINE)));

/* All of it, as a command will read it: in a cluster the shards are more than a cache holds. */
static inline void shard_prefetch(const struct shard *s)
{
    for (size_t at = 0; at < sizeof *s; at += LK_CACHE_LINE)
        LK_PREFETCH((const char *)s + at);
}

/* Does the calling thread hold the lock?  In debug builds; true in others, which do not know. */
#ifdef LK_DEBUG
bool shard_is_mine(const struct shard *s);
void shard_note_taken(struct shard *s);
void shard_note_let_go(struct shard *s);
#else
static inline bool shard_is_mine(const struct shard *s)
{
    (void)s;
    return true;
}
static inline void shard_note_taken(struct shard *s)
{
    (void)s;
}
static inline void shard_note_let_go(struct shard *s)
{
    (void)s;
}
#endif

static inline bool shard_try_lock(struct shard *s)
{
    uint32_t free = 0;
    const bool locked =
        __atomic_compare_exchange_n(&s->lock, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    if (locked)
        shard_note_taken(s);
    return locked;
}

/*
 * Both sleep; for services and snapshots, which hold no other shard, and for the holder of the
 * token (L5).  False: the time is over.
 */
void shard_lock(struct shard *s);
bool shard_lock_within(struct shard *s, int64_t timeout_ns);

/*
 * For a worker or a service: tries for at most spin_ns, then leaves its bit and tries once more.
 * False: it will be told when to try again.
 */
bool shard_lock_or_ask_slow(struct shard *s, uint32_t worker, uint64_t spin_ns);
static inline bool shard_lock_or_ask(struct shard *s, uint32_t worker, uint64_t spin_ns)
{
    return LK_LIKELY(shard_try_lock(s)) || shard_lock_or_ask_slow(s, worker, spin_ns);
}

void shard_unlock_slow(struct shard *s, uint32_t word);
static inline void shard_unlock(struct shard *s)
{
    shard_note_let_go(s);
    const uint32_t word = exchange_seq_cst(&s->lock, 0);
    if (LK_UNLIKELY(word != 1 || load_seq_cst(&s->interested) != 0))
        shard_unlock_slow(s, word);
}

/* As shard_unlock, but the workers to tell are returned: for who still holds other shards. */
uint64_t shard_unlock_quietly_slow(struct shard *s, uint32_t word);
static inline uint64_t shard_unlock_quietly(struct shard *s)
{
    shard_note_let_go(s);
    const uint32_t word = exchange_seq_cst(&s->lock, 0);
    if (LK_LIKELY(word == 1 && load_seq_cst(&s->interested) == 0))
        return 0;
    return shard_unlock_quietly_slow(s, word);
}

/*
 * Whom to tell.  Every thread that asks for shards has a bit of the masks (O1): those below
 * SHARD_WORKERS are the workers', who hear it through the hook, called with a mask of them, from
 * any thread, holding nothing.  The others are services', threads that wait asleep.
 */
enum {
    SHARD_WORKERS = 60,
    SHARD_LOADER = 60,
    SHARD_LINK = 61,
    SHARD_MIGRATOR = 62,
    SHARD_HELPER = 63, /* of a cluster's bus */
    SHARD_ASKERS = 64,
};

void shard_set_retry_hook(void (*retry)(void *ctx, uint64_t workers), void *ctx);
void shard_tell_retry(uint64_t askers);

/*
 * A service reads its word, asks, and if it is refused sleeps until the word has changed or the
 * time is over.  It holds nothing then, and is outside the gate.
 */
uint32_t shard_service_word(uint32_t service);
void shard_service_wait(uint32_t service, uint32_t seen, int64_t timeout_ns);

/* --- databases ------------------------------------------------------------------------------- */

/* NULL if the database has no table yet. */
static inline struct table *shard_table(struct shard *s, uint32_t db)
{
    if (LK_LIKELY(db == 0))
        return &s->first;
    for (uint32_t i = 0; i < s->others_count; i++)
        if (s->others[i].db == db)
            return s->others[i].table;
    return NULL;
}

/* Every database that has a table here, in ascending order: i from 0 to shard_db_count() - 1. */
static inline uint32_t shard_db_count(const struct shard *s)
{
    return 1 + s->others_count;
}

static inline struct shard_db shard_db_at(struct shard *s, uint32_t i)
{
    if (i > 0)
        return s->others[i - 1];
    const struct shard_db zero = {0, &s->first};
    return zero;
}

/* Made if need be. */
struct table *shard_own_table(struct keyspace *ks, struct shard *s, uint32_t db);

LK_END

#endif
