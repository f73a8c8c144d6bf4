/*
 * zset_tree.c — large sorted sets: a tree for the order, a table for the members.
 *
 * Each element is in both.  The table says what score a member has; with that the tree finds it.
 * Entries and nodes that a view may see are copied before they are changed, the root first.
 */
#include "core/types/zset_priv.h"

/* --- entries: a member as key, its score as payload ------------------------------------------ */

/* Short scores in four bytes: many entries are a size class smaller for it. */
static size_t score_size(double score)
{
    int64_t n;
    return zset_score_is_integer(score, &n) && n == (int32_t)n ? sizeof(int32_t) : sizeof score;
}

static void write_score(struct entry *e, double score)
{
    const int32_t n = (int32_t)score;
    if (entry_payload_size(e) == sizeof n)
        memcpy(entry_payload(e), &n, sizeof n);
    else
        memcpy(entry_payload(e), &score, sizeof score);
}

double zset_entry_score(const struct entry *e)
{
    int32_t n;
    double score;
    if (entry_payload_size(e) == sizeof n) {
        memcpy(&n, entry_payload(e), sizeof n);
        return n;
    }
    memcpy(&score, entry_payload(e), sizeof score);
    return score;
}

struct entry *zset_entry_new(struct bytes member, double score)
{
    struct entry *e = entry_try_new(member, 0, score_size(score), ENTRY_NO_DEADLINE);
    if (e)
        write_score(e, score);
    return e;
}

static void drop_entry(struct cow *cow, struct entry *e, bool seen)
{
    if (seen)
        cow->defer(cow, e, entry_size(e));
    else
        entry_free(e);
}

/* --- reading --------------------------------------------------------------------------------- */

bool zset_tree_score(const struct zset *z, struct bytes member, uint64_t hash, double *score)
{
    struct table_loc loc;
    const struct entry *e = table_find(&z->members, hash, member, &loc);
    if (e)
        *score = zset_entry_score(e);
    return e != NULL;
}

uint64_t zset_tree_rank(const struct zset *z, struct bytes member, double score)
{
    const struct zset_key key = {score, member};
    const struct tree_probe probe = zset_probe(&key);
    struct tree_iter it;
    LK_ASSERT(tree_find(&it, z->order, &probe));
    return it.rank;
}

/* --- changing -------------------------------------------------------------------------------- */

struct zset *zset_tree_new(const struct cow *cow)
{
    struct zset *z = mem_new(struct zset);
    z->order = tree_new(&zset_tree_params, cow);
    table_init(&z->members, 0, 0);
    z->members.epoch = cow_epoch(cow);
    return z;
}

/* The root, ready to be changed.  True if it was copied: what was found in it is to be found anew.
 */
static bool zset_tree_own_root(struct value_edit *e, struct zset **out)
{
    struct zset *old = zset_root(&e->value);
    *out = old;
    if (LK_LIKELY(!cow_shared(e->cow, old->members.epoch)))
        return false;
    struct zset *z = mem_alloc(sizeof *z);
    z->order = old->order;
    table_fork(&old->members, &z->members, e->cow);
    e->cow->defer(e->cow, old, sizeof *old);
    e->value.as.root = z;
    *out = z;
    return true;
}

static void order_delete(struct zset *z, struct cow *cow, struct bytes member, double score)
{
    const struct zset_key key = {score, member};
    const struct tree_probe probe = zset_probe(&key);
    LK_ASSERT(tree_delete(&z->order, cow, &probe));
}

/* Where an element is to go: what finds the place, and how far it was found. */
struct target {
    struct zset_key key;
    struct tree_probe probe;
    struct tree_iter near;
};

static void zset_tree_aim(struct target *to, const struct zset *z, struct bytes member,
                          double score)
{
    to->key = (struct zset_key){score, member};
    to->probe = zset_probe(&to->key);
    tree_approach(&to->near, z->order, &to->probe);
}

static int zset_tree_insert(struct value_edit *e, struct zset *z, uint64_t hash, struct target *to)
{
    char raw[sizeof(double)];
    struct listpack_value values[2];
    struct entry *entry = zset_entry_new(to->key.member, to->key.score);
    if (!entry)
        return LK_ENOMEM;
    table_insert(&z->members, e->cow, hash, entry);
    zset_element_values(to->key.member, to->key.score, raw, values);
    tree_insert_near(&z->order, e->cow, &to->near, &to->probe, values);
    table_settle(&z->members, e->cow);
    return LK_OK;
}

/* The entry with another score; NULL without memory. */
static struct entry *zset_tree_rescore(struct value_edit *e, struct zset *z, struct table_loc *loc,
                                       struct entry *entry, double score)
{
    const size_t size = score_size(score);
    if (!table_seen(&z->members, e->cow, loc) && entry_fits(entry, size)) {
        entry_set_payload_size(entry, size);
        write_score(entry, score);
        return entry;
    }
    struct entry *copy = entry_try_copy(entry, size, ENTRY_NO_DEADLINE);
    if (!copy)
        return NULL;
    write_score(copy, score);
    bool seen = false;
    struct entry *replaced = table_replace(&z->members, e->cow, loc, copy, &seen);
    drop_entry(e->cow, replaced, seen);
    return copy;
}

static int zset_tree_move(struct value_edit *e, struct zset *z, struct table_loc *loc,
                          struct entry *entry, struct target *to)
{
    char raw[sizeof(double)];
    struct listpack_value values[2];
    const double old = zset_entry_score(entry);
    entry = zset_tree_rescore(e, z, loc, entry, to->key.score);
    if (!entry)
        return LK_ENOMEM;
    const struct zset_key key = {old, entry_key(entry)};
    const struct tree_probe from = zset_probe(&key);
    zset_element_values(to->key.member, to->key.score, raw, values);
    tree_move_near(&z->order, e->cow, &from, &to->near, &to->probe, values);
    return LK_OK;
}

/* The place is looked for before the member, if it is known: both wait for memory then, at once. */
int zset_tree_add(struct value_edit *e, struct bytes member, double score, unsigned flags,
                  struct zset_added *out)
{
    struct zset *z = zset_root(&e->value);
    struct table_loc loc;
    struct target to;
    const uint64_t hash = hash_bytes(member);
    (void)table_prefetch_bucket(&z->members, hash);
    if (!(flags & ZSET_INCR))
        zset_tree_aim(&to, z, member, score);
    struct entry *entry = table_find(&z->members, hash, member, &loc);
    const double old = entry ? zset_entry_score(entry) : 0;
    const int rc = zset_decide(entry ? &old : NULL, score, flags, out);
    if (rc != LK_OK || out->change <= ZSET_KEPT)
        return rc;
    if (zset_tree_own_root(e, &z) && entry)
        entry = table_find(&z->members, hash, member, &loc);
    if (flags & ZSET_INCR)
        zset_tree_aim(&to, z, member, out->score);
    return entry ? zset_tree_move(e, z, &loc, entry, &to) : zset_tree_insert(e, z, hash, &to);
}

bool zset_tree_remove(struct value_edit *e, struct bytes member)
{
    struct zset *z = zset_root(&e->value);
    struct table_loc loc;
    const uint64_t hash = hash_bytes(member);
    if (!table_find(&z->members, hash, member, &loc))
        return false;
    if (zset_tree_own_root(e, &z))
        (void)table_find(&z->members, hash, member, &loc);
    bool seen = false;
    struct entry *entry = table_remove(&z->members, e->cow, &loc, &seen);
    order_delete(z, e->cow, entry_key(entry), zset_entry_score(entry));
    drop_entry(e->cow, entry, seen);
    table_settle(&z->members, e->cow);
    return true;
}

/* Takes the members of the elements from the iterator on out of the table. */
static void forget_members(struct value_edit *e, struct zset *z, struct tree_iter *it, uint64_t n)
{
    for (bool on = true; on && n > 0; n--, on = tree_iter_next(it)) {
        double score;
        const struct bytes member = listpack_get(zset_element_score(it->p, &score)).s;
        struct table_loc loc;
        bool seen = false;
        LK_ASSERT(table_find(&z->members, hash_bytes(member), member, &loc));
        struct entry *entry = table_remove(&z->members, e->cow, &loc, &seen);
        drop_entry(e->cow, entry, seen);
        table_settle(&z->members, e->cow);
    }
}

void zset_tree_remove_ranks(struct value_edit *e, uint64_t first, uint64_t n)
{
    struct zset *z;
    struct tree_iter it;
    if (n == 0)
        return;
    (void)zset_tree_own_root(e, &z);
    LK_ASSERT(tree_iter_at(&it, z->order, first));
    forget_members(e, z, &it, n);
    tree_delete_range(&z->order, e->cow, first, n);
}
