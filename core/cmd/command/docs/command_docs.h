/*
 * command_docs.h — what COMMAND DOCS says that the rows do not.
 *
 * One array a group, in the order of strcmp of their names; command_docs.c lists the groups.  A
 * command without a row here works all the same, and is shown without a summary.
 */
#ifndef LK_CMD_COMMAND_DOCS_H
#define LK_CMD_COMMAND_DOCS_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LK_BEGIN

struct command_doc {
    const char *name; /* in full: "client|list" */
    const char *since;
    const char *complexity; /* NULL: not to be told in a line */
    const char *summary;
    const char *arguments;  /* command_syntax.h; NULL: none */
    const char *tips;       /* hints for proxies, separated by spaces; NULL: none */
    const char *deprecated; /* the version since which not to use it, or NULL */
    const char *instead;    /* and what to use */
    bool system;            /* servers call it, not people */
};

/* A row; what comes behind the summary is named: .arguments = "key:k0". */
#define DOC(name_, since_, complexity_, summary_, ...)                                             \
    {                                                                                              \
        .name = (name_), .since = (since_), .complexity = (complexity_), .summary = (summary_),    \
        __VA_ARGS__                                                                                \
    }

struct command_docs {
    const char *group;
    const struct command_doc *rows;
    uint32_t count;
};

extern const struct command_docs command_docs_string, command_docs_list, command_docs_hash,
    command_docs_set, command_docs_sorted_set, command_docs_bitmap, command_docs_hyperloglog,
    command_docs_geo, command_docs_stream, command_docs_generic, command_docs_transactions,
    command_docs_connection, command_docs_server, command_docs_pubsub, command_docs_scripting;

/* All groups; *count says how many. */
const struct command_docs *const *command_docs_groups(uint32_t *count);

/* The row of a command, and if group is not NULL its group; NULL if there is none. */
const struct command_doc *command_doc_find(const char *full_name, const char **group);

LK_END

#endif
