#include "core/store/evict.h"

#include "core/base/atomic.h"
#include "core/store/lru.h"
#include "core/store/view_priv.h"

enum { SHARD_TRIES = 8, POOL_TRIES = 32, SMALL_SHARE = 16 };

void evict_begin(struct evict *e, struct evict_rule rule)
{
    if (!evict_rule_equal(e->rule, rule))
        e->count = 0;
    e->rule = rule;
}

size_t evict_bytes(const struct place *at)
{
    return entry_deep_bytes(at->entry);
}

/* --- how good a victim it is ----------------------------------------------------------------- */

static bool evict_may_go(const struct evict *e, const struct entry *entry)
{
    return !e->rule.timed_only || entry_has_deadline(entry);
}

static int64_t entry_sign(const struct evict *e, const struct entry *entry)
{
    return e->rule.by == EVICT_BY_DEADLINE ? entry_deadline(entry) : entry_lru(entry);
}

static int64_t order_of(const struct evict *e, int64_t sign)
{
    switch ((enum evict_by)e->rule.by) {
    case EVICT_BY_USE:
        return lru_ticks(e->now_ms) - lru_idle_ticks((uint32_t)sign, e->now_ms);
    case EVICT_BY_COUNT:
        return lfu_counter((uint32_t)sign, e->now_ms, e->lfu_decay_minutes);
    case EVICT_BY_DEADLINE:
        return sign;
    case EVICT_BY_CHANCE:
    case EVICT_NOTHING:
        break;
    }
    return 0;
}

/* --- the pool -------------------------------------------------------------------------------- */

static bool pool_has(const struct evict *e, const struct entry *entry, uint32_t db)
{
    for (uint32_t i = 0; i < e->count; i++)
        if (e->pool[i].entry == entry && e->pool[i].db == db)
            return true;
    return false;
}

/* Full, and the worst one in it is no worse. */
static bool pool_closed(const struct evict *e, int64_t order)
{
    return e->count == EVICT_POOL && e->pool[0].order <= order;
}

/* Of equal ones the first to come goes first: it has stayed unused for longer. */
static void pool_offer(struct evict *e, struct entry *entry, uint32_t db)
{
    const int64_t sign = entry_sign(e, entry), order = order_of(e, sign);
    if (LK_LIKELY(pool_closed(e, order)) || pool_has(e, entry, db))
        return;
    struct evict_candidate *v = e->pool;
    if (e->count == EVICT_POOL)
        memmove(v, v + 1, --e->count * sizeof *v);
    uint32_t i = e->count++;
    for (; i > 0 && v[i - 1].order <= order; i--)
        v[i] = v[i - 1];
    v[i] = (struct evict_candidate){entry, keyspace_hash(e->ks, entry_key(entry)), order, sign, db};
}

/* --- shards ---------------------------------------------------------------------------------- */

static uint32_t table_victims(const struct evict *e, const struct table *t)
{
    return load_relaxed(e->rule.timed_only ? &t->own : &t->count);
}

/* Without the lock: may there be victims in the shard? */
static bool shard_may_have(const struct evict *e, const struct shard *s)
{
    return table_victims(e, &s->first) > 0 || load_relaxed(&s->others_count) > 0;
}

/* A database of the locked shard, each with the probability of its victims; false: it has none. */
static bool pick_db(struct evict *e, struct shard *s, struct shard_db *out)
{
    uint64_t sum = table_victims(e, &s->first);
    if (LK_LIKELY(s->others_count == 0)) {
        *out = shard_db_at(s, 0);
        return sum > 0;
    }
    for (uint32_t i = 0; i < s->others_count; i++)
        sum += table_victims(e, s->others[i].table);
    if (sum == 0)
        return false;
    uint64_t left = rng_below(e->rng, sum);
    for (uint32_t i = 0;; i++) {
        *out = shard_db_at(s, i);
        const uint32_t n = table_victims(e, out->table);
        if (left < n)
            return true;
        left -= n;
    }
}

/* Locks a shard that has victims, and picks one of its databases. */
static bool try_shard(struct evict *e, struct shard *s, struct shard_db *db, bool *busy)
{
    if (!shard_may_have(e, s))
        return false;
    if (!shard_try_lock(s)) {
        *busy = true;
        return false;
    }
    if (pick_db(e, s, db))
        return true;
    shard_unlock(s);
    return false;
}

/* Some at random; then, as there are few victims, one after the other. */
static struct shard *lock_shard(struct evict *e, struct shard_db *db, bool *busy)
{
    const uint32_t mask = e->ks->count - 1;
    uint32_t at = 0;
    for (int i = 0; i < SHARD_TRIES; i++) {
        at = (uint32_t)rng_next(e->rng) & mask;
        if (try_shard(e, &e->ks->shards[at], db, busy))
            return &e->ks->shards[at];
    }
    for (uint32_t i = 1; i <= e->ks->count; i++)
        if (try_shard(e, &e->ks->shards[(at + i) & mask], db, busy))
            return &e->ks->shards[(at + i) & mask];
    return NULL;
}

/* --- victims --------------------------------------------------------------------------------- */

static void victim_place(struct evict *e, uint32_t db, struct entry *entry, uint64_t hash,
                         struct place *at)
{
    LK_ASSERT(shard_find(e->ks, db, entry_key(entry), hash, at));
    LK_ASSERT(at->entry == entry);
}

/* Is the candidate still where and as it was?  Its shard is locked. */
static bool evict_verify(struct evict *e, const struct evict_candidate *c, struct place *at)
{
    struct shard *s = keyspace_shard(e->ks, c->hash);
    const struct table *t = shard_table(s, c->db);
    if (!t || !table_holds(t, c->hash, c->entry))
        return false;
    /* Another key may have come to lie there: then it has been used as long ago, and goes, too. */
    if (!evict_may_go(e, c->entry) || entry_sign(e, c->entry) != c->sign)
        return false;
    const uint64_t hash = keyspace_hash(e->ks, entry_key(c->entry));
    if (hash != c->hash)
        return false;
    victim_place(e, c->db, c->entry, hash, at);
    return true;
}

/*
 * From one at random on: were it always the first, then of equal keys those in low slots would go,
 * a new one would take the place, and the others would never leave.
 */
static void evict_offer_all(struct evict *e, struct entry **v, uint32_t n, uint32_t db)
{
    uint32_t at = (uint32_t)rng_below(e->rng, n);
    for (uint32_t i = 0; i < n; i++) {
        pool_offer(e, v[at], db);
        at = at + 1 == n ? 0 : at + 1;
    }
}

/*
 * Looks at entries until so many were seen, but of a small table at few: they would be the same
 * ones again.  Returns how many were seen.
 */
static uint32_t evict_sample(struct evict *e, struct shard_db db, uint32_t seen)
{
    struct entry *v[TABLE_BUCKET_SLOTS];
    uint32_t left = table_victims(e, db.table) / SMALL_SHARE + 1;
    do {
        const uint32_t n = table_sample(db.table, rng_next(e->rng), e->rule.timed_only, v);
        LK_ASSERT(n > 0);
        evict_offer_all(e, v, n, db.db);
        seen += n;
        left -= n < left ? n : left;
    } while (seen < e->samples && left > 0);
    return seen;
}

static enum evict_found find_by_chance(struct evict *e, struct shard_db db, struct place *at)
{
    struct entry *v[TABLE_BUCKET_SLOTS];
    const uint32_t n = table_sample(db.table, rng_next(e->rng), e->rule.timed_only, v);
    LK_ASSERT(n > 0);
    struct entry *entry = v[rng_below(e->rng, n)];
    victim_place(e, db.db, entry, keyspace_hash(e->ks, entry_key(entry)), at);
    return EVICT_VICTIM;
}

/* The best of the pool that is still as it was.  held stays locked if it is the victim's shard. */
static bool take_best(struct evict *e, struct shard *held, struct place *at)
{
    while (e->count > 0) {
        const struct evict_candidate c = e->pool[--e->count];
        struct shard *s = keyspace_shard(e->ks, c.hash);
        if (s != held && !shard_try_lock(s))
            continue;
        const bool good = evict_verify(e, &c, at);
        if (good && s != held)
            shard_unlock(held);
        if (good)
            return true;
        if (s != held)
            shard_unlock(s);
    }
    return false;
}

enum evict_found evict_find(struct evict *e, struct place *at)
{
    LK_ASSERT(e->rule.by != EVICT_NOTHING);
    uint32_t seen = 0;
    for (int i = 0; i < POOL_TRIES; i++) {
        struct shard_db db;
        bool busy = false;
        struct shard *s = lock_shard(e, &db, &busy);
        if (!s)
            return busy ? EVICT_LATER : EVICT_NOBODY;
        if (e->rule.by == EVICT_BY_CHANCE)
            return find_by_chance(e, db, at);
        seen = evict_sample(e, db, seen);
        if ((seen >= e->samples || i + 1 == POOL_TRIES) && take_best(e, s, at))
            return EVICT_VICTIM;
        shard_unlock(s);
    }
    return EVICT_LATER;
}
