#include "core/cmd/sort_store.h"

void sort_store_begin(struct sort_store *s, const struct type_limits *limits)
{
    (void)limits;
    s->count = 0;
}

void sort_store_add(struct sort_store *s, const struct sort_element *e)
{
    (void)e;
    s->count++;
}

int sort_store_put(struct sort_store *s, struct exec *x, struct bytes key)
{
    if (s->count > 0)
        return LK_ETYPE; /* there are no lists yet */
    if (exec_delete(x, key, false))
        exec_event(x, EVENT_GENERIC, "del", key);
    return LK_OK;
}
