#include "core/cmd/key/sort_store.h"

void sort_store_begin(struct sort_store *s, const struct type_limits *limits)
{
    list_build_begin(&s->list, limits);
    s->count = 0;
}

void sort_store_add(struct sort_store *s, const struct sort_element *e)
{
    const struct listpack_value v = !e        ? listpack_from_bytes(bytes_of("", 0))
                                    : e->data ? listpack_from_bytes(bytes_of(e->data, e->as.size))
                                              : listpack_from_number(e->as.number);
    list_build_add(&s->list, &v);
    s->count++;
}

int sort_store_put(struct sort_store *s, struct exec *x, struct bytes key)
{
    int rc = LK_OK;
    if (s->count > 0) {
        struct value v;
        list_build_finish(&s->list, &v);
        rc = exec_put(x, key, &v, 0);
    } else if (exec_delete(x, key, false)) {
        exec_event(x, EVENT_GENERIC, "del", key);
    }
    list_build_release(&s->list);
    return rc;
}
