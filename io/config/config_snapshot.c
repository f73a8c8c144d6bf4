/*
 * config_snapshot.c — rows by name, and drafts.
 *
 * A snapshot is a plain copy of its predecessor; what its members point to is counted, so a change
 * of one directive costs one struct and one blob.  The struct keeps the pointer of every such
 * member first, so that one loop over the rows finds them all.
 */
#include "core/base/mem.h"
#include "io/config/config_priv.h"

static const struct config_table *const tables[] = {
    &config_table_net,     &config_table_process, &config_table_data,
    &config_table_persist, &config_table_replica, &config_table_cluster,
};
enum { TABLES = sizeof tables / sizeof *tables };

size_t config_row_count(void)
{
    size_t n = 0;

    for (size_t t = 0; t < TABLES; t++)
        n += tables[t]->count;
    return n;
}

const struct config_row *config_row_at(size_t index)
{
    size_t t = 0;

    for (; t < TABLES && index >= tables[t]->count; t++)
        index -= tables[t]->count;
    LK_ASSERT(t < TABLES);
    return &tables[t]->rows[index];
}

size_t config_row_index(const struct config_row *row)
{
    size_t before = 0, t = 0;

    for (; t < TABLES; t++) {
        if (row >= tables[t]->rows && row < tables[t]->rows + tables[t]->count)
            break;
        before += tables[t]->count;
    }
    LK_ASSERT(t < TABLES);
    return before + (size_t)(row - tables[t]->rows);
}

const struct config_row *config_row_find(struct bytes name, bool *aliased)
{
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct config_row *row = &tables[t]->rows[i];
            *aliased = row->alias && bytes_is_word(name, row->alias);
            if (*aliased || bytes_is_word(name, row->name))
                return row;
        }
    }
    return NULL;
}

bool config_is_secret(struct bytes name)
{
    bool aliased = false;
    const struct config_row *row = config_row_find(name, &aliased);

    return row && (row->flags & CONFIG_SECRET);
}

static const void *shared_blob(const struct config *c, const struct config_row *row)
{
    const char *member = (const char *)c + row->offset;
    const void *data = NULL;

    if (row->kind == CONFIG_KIND_BYTES)
        data = ((const struct bytes *)(const void *)member)->data;
    else if (row->kind == CONFIG_KIND_STRING || (row->flags & CONFIG_BLOB))
        memcpy(&data, member, sizeof data);
    return data;
}

struct config *config_draft_new(int cpus)
{
    struct config_edit e = {.draft = mem_new(struct config)};
    bool ok = true;

    for (size_t i = 0; i < config_row_count() && ok; i++) {
        const struct config_row *row = config_row_at(i);
        struct bytes initial = bytes_cstr(row->initial);
        ok = config_edit_set(&e, row, &initial, 1);
        if (!ok && row->special == &config_special_dir) {
            /* Started in a directory that is gone: the root is always there. */
            initial = bytes_cstr("/");
            ok = config_edit_set(&e, row, &initial, 1);
        }
    }
    LK_ASSERT(ok); /* a first value that its own row refuses */
    e.draft->dispatch.is_secret = config_is_secret;
    config_settle(e.draft, cpus);
    return e.draft;
}

struct config *config_draft_copy(const struct config *c)
{
    struct config *copy = mem_alloc(sizeof *copy);

    memcpy(copy, c, sizeof *copy);
    for (size_t i = 0; i < config_row_count(); i++)
        config_blob_share(shared_blob(c, config_row_at(i)));
    return copy;
}

void config_draft_free(struct config *c)
{
    for (size_t i = 0; i < config_row_count(); i++)
        config_blob_drop(shared_blob(c, config_row_at(i)));
    mem_delete(c);
}
