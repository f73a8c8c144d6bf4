/*
 * garbage.c — blocks, entries and tables that a view keeps alive.
 */
#include "core/base/atomic.h"
#include "core/store/reclaim.h"
#include "core/store/view_priv.h"

/* Doubles an array that is full. */
static void *garbage_room(void *items, size_t count, size_t *capacity, size_t item)
{
    if (count < *capacity)
        return items;
    const size_t more = *capacity ? *capacity * 2 : 16;
    items = mem_realloc(items, *capacity * item, more * item);
    *capacity = more;
    return items;
}

static void garbage_hold(struct garbage *g, size_t bytes)
{
    g->bytes += bytes;
    if (g->held)
        fetch_add_relaxed(g->held, bytes);
}

void garbage_add_block(struct garbage *g, void *p, size_t size)
{
    g->blocks = garbage_room(g->blocks, g->block_count, &g->block_capacity, sizeof *g->blocks);
    g->blocks[g->block_count++] = (struct garbage_block){p, size};
    garbage_hold(g, mem_class(size));
}

void garbage_add_entry(struct garbage *g, struct entry *e)
{
    g->entries = garbage_room(g->entries, g->entry_count, &g->entry_capacity, sizeof *g->entries);
    g->entries[g->entry_count++] = e;
    garbage_hold(g, entry_deep_bytes(e));
}

void garbage_add_table(struct garbage *g, struct table *t)
{
    LK_ASSERT(t->frozen == NULL);
    g->tables = garbage_room(g->tables, g->table_count, &g->table_capacity, sizeof *g->tables);
    g->tables[g->table_count++] = t;
    garbage_hold(g, table_page_bytes(t));
}

size_t entry_deep_bytes(const struct entry *e)
{
    enum { NODES = 5 };
    struct value v;
    value_of_entry(e, &v);
    return mem_class(entry_size(e)) +
           (value_has_root(v.encoding) ? type_ops_get(v.type)->node_bytes(&v, NODES) : 0);
}

bool entry_takes_long(const struct entry *e, size_t blocks)
{
    struct value v;
    value_of_entry(e, &v);
    return value_has_root(v.encoding) && type_ops_get(v.type)->free_effort(&v) > blocks;
}

void entry_release_deep(struct entry *e)
{
    struct value v;
    value_of_entry(e, &v);
    value_release(&v);
    entry_free(e);
}

static void garbage_release_entry(void *ctx, struct entry *e)
{
    (void)ctx;
    entry_release_deep(e);
}

void garbage_release(struct garbage *g)
{
    /* Pages among the blocks may still be prefetched; retiring the others as well costs nothing. */
    for (size_t i = 0; i < g->block_count; i++)
        reclaim_retire(g->blocks[i].p, g->blocks[i].size);
    for (size_t i = 0; i < g->entry_count; i++)
        entry_release_deep(g->entries[i]);
    for (size_t i = 0; i < g->table_count; i++) {
        table_release(g->tables[i], garbage_release_entry, NULL);
        mem_delete(g->tables[i]);
    }
    mem_free(g->blocks, g->block_capacity * sizeof *g->blocks);
    mem_free(g->entries, g->entry_capacity * sizeof(struct entry *));
    mem_free(g->tables, g->table_capacity * sizeof(struct table *));
    if (g->held)
        fetch_sub_relaxed(g->held, g->bytes);
    memset(g, 0, sizeof *g);
}
