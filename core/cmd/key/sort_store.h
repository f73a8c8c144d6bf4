/*
 * sort_store.h — the list that SORT … STORE makes.
 */
#ifndef LK_CMD_SORT_STORE_H
#define LK_CMD_SORT_STORE_H

#include "core/cmd/engine/exec.h"
#include "core/cmd/key/sort_source.h"
#include "core/types/list.h"

LK_BEGIN

struct sort_store {
    struct list_builder list;
    uint64_t count;
};

void sort_store_begin(struct sort_store *s, const struct type_limits *limits);
/* An element, or with NULL an empty text where there is no value. */
void sort_store_add(struct sort_store *s, const struct sort_element *e);
/* Binds key to what was added, or deletes it where nothing was.  LK_ENOMEM */
int sort_store_put(struct sort_store *s, struct exec *x, struct bytes key);

LK_END

#endif
