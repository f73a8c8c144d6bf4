/*
 * table_check.c — the table's invariants, and its shape for reports.
 */
#include "core/ds/table_priv.h"

static void check_entry(const struct table *t, const struct table_dir *d, uint32_t page,
                        const struct table_page *node, uint32_t index, unsigned slot)
{
    const struct table_bucket *b = &node->bucket[index];
    const struct entry *e = bucket_entry(b, slot);
    LK_ASSERT(e != NULL);
    const uint64_t hash = table_hash_of(t, e);
    const uint32_t position = table_position(t, hash);
    const uint32_t global = dir_bucket(d, position);
    const bool at_home = node == d->page[page] && global % TABLE_PAGE_BUCKETS == index;
    LK_ASSERT(table_tag(hash) == bucket_tag(b, slot));
    LK_ASSERT(table_dir_of(t, position) == d);
    LK_ASSERT(global / TABLE_PAGE_BUCKETS == page);
    LK_ASSERT((bool)(b->guest >> slot & 1) == !at_home);
    const int64_t deadline = table_deadline(t, e);
    LK_ASSERT((bool)(b->timed >> slot & 1) == (deadline != ENTRY_NO_DEADLINE));
    if (deadline != ENTRY_NO_DEADLINE) {
        const uint32_t due = table_due_unit(deadline);
        LK_ASSERT(b->due <= due);
        LK_ASSERT(d->due[page] <= due);
        LK_ASSERT(t->next_due <= due);
    }
    struct table_loc loc;
    LK_ASSERT(table_find(t, hash, entry_key(e), &loc) == e);
}

struct totals {
    uint32_t count, deadlines, own, inner;
};

static void check_dir(const struct table *t, const struct table_dir *d, uint32_t from,
                      struct totals *sum)
{
    for (uint32_t page = from; d && page < d->pages; page++)
        for (const struct table_page *node = d->page[page]; node; node = node->overflow) {
            uint32_t used = 0;
            for (uint32_t i = 0; i < node->buckets; i++)
                for (unsigned slot = 0; slot < TABLE_BUCKET_SLOTS; slot++) {
                    const struct table_bucket *b = &node->bucket[i];
                    if (!bucket_tag(b, slot)) {
                        LK_ASSERT(bucket_entry(b, slot) == NULL);
                        LK_ASSERT(!((b->guest | b->timed) >> slot & 1));
                        continue;
                    }
                    check_entry(t, d, page, node, i, slot);
                    used++;
                    sum->deadlines += b->timed >> slot & 1;
                    sum->own += entry_has_deadline(bucket_entry(b, slot));
                    sum->inner += (entry_meta(bucket_entry(b, slot)) & ENTRY_INNER) != 0;
                }
            LK_ASSERT(used == node->used);
            sum->count += used;
        }
}

void table_check(const struct table *t)
{
    struct totals sum = {0};
    check_dir(t, t->live, 0, &sum);
    check_dir(t, t->old, t->moved, &sum);
    LK_ASSERT(sum.count == t->count);
    LK_ASSERT(sum.deadlines == t->deadlines);
    LK_ASSERT(sum.own == t->own && sum.inner == t->inner);
    for (uint32_t i = 0; t->old && i < t->moved; i++)
        LK_ASSERT(t->old->page[i] == NULL);
}

static void dir_shape(const struct table_dir *d, struct table_shape *out)
{
    for (uint32_t i = 0; d && i < d->pages; i++) {
        uint32_t depth = 0;
        for (const struct table_page *node = d->page[i]; node; node = node->overflow, depth++) {
            out->pages++;
            out->buckets += node->buckets;
            out->overflow_pages += depth > 0;
            for (uint32_t b = 0; b < node->buckets; b++) {
                out->guests += (uint32_t)__builtin_popcount(node->bucket[b].guest);
                out->away_buckets += node->bucket[b].away > 0;
            }
        }
    }
}

void table_shape_get(const struct table *t, struct table_shape *out)
{
    memset(out, 0, sizeof *out);
    out->moving = t->old != NULL;
    dir_shape(t->live, out);
    dir_shape(t->old, out);
}
