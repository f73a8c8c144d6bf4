#include "core/cmd/command/docs/command_docs.h"

#include <stdlib.h>
#include <string.h>

static const struct command_docs *const groups[] = {
    &command_docs_string,      &command_docs_list,         &command_docs_hash,
    &command_docs_set,         &command_docs_sorted_set,   &command_docs_bitmap,
    &command_docs_hyperloglog, &command_docs_geo,          &command_docs_stream,
    &command_docs_generic,     &command_docs_transactions, &command_docs_connection,
    &command_docs_server,      &command_docs_pubsub,       &command_docs_scripting,
};

enum { GROUPS = sizeof groups / sizeof groups[0] };

const struct command_docs *const *command_docs_groups(uint32_t *count)
{
    *count = GROUPS;
    return groups;
}

static int by_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct command_doc *)row)->name);
}

const struct command_doc *command_doc_find(const char *full_name, const char **group)
{
    for (int i = 0; i < GROUPS; i++) {
        const struct command_docs *g = groups[i];
        const struct command_doc *doc =
            bsearch(full_name, g->rows, g->count, sizeof g->rows[0], by_name);
        if (!doc)
            continue;
        if (group)
            *group = g->group;
        return doc;
    }
    return NULL;
}
