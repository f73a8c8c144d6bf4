#include "core/cmd/list/list_take.h"

const char *const list_push_events[2] = {[LIST_HEAD] = "lpush", [LIST_TAIL] = "rpush"};
const char *const list_pop_events[2] = {[LIST_HEAD] = "lpop", [LIST_TAIL] = "rpop"};
const char *const list_pop_words[2] = {[LIST_HEAD] = "LPOP", [LIST_TAIL] = "RPOP"};

int list_end_parse(const struct args *a, uint32_t i, enum list_end *end)
{
    if (args_is(a, i, "left"))
        *end = LIST_HEAD;
    else if (args_is(a, i, "right"))
        *end = LIST_TAIL;
    else
        return LK_ESYNTAX;
    return LK_OK;
}

/* The n elements at an end, the outermost first. */
static void reply_end(struct reply *r, const struct value *v, enum list_end end, uint64_t n)
{
    struct list_iter it;
    bool on = list_iter_at(&it, v, end == LIST_HEAD ? 0 : list_length(v) - 1);
    for (; on && n > 0; n--) {
        const struct listpack_value element = list_iter_get(&it);
        reply_element(r, &element);
        if (n > 1)
            on = end == LIST_HEAD ? list_iter_next(&it) : list_iter_prev(&it);
    }
}

int64_t list_take(struct exec *x, struct bytes key, enum list_end end, uint64_t n, unsigned form)
{
    struct value_edit *e;
    LK_ASSERT(n > 0);
    const int rc = exec_open(x, key, TYPE_LIST, &e);
    if (rc != LK_OK)
        return rc;
    const uint64_t length = list_length(&e->value);
    if (n > length)
        n = length;
    if (form & TAKE_NAMED) {
        reply_array(x->reply, 2);
        reply_bulk(x->reply, key);
    }
    if (form & TAKE_ARRAY)
        reply_array(x->reply, n);
    reply_end(x->reply, &e->value, end, n);
    list_delete(e, end == LIST_HEAD ? 0 : length - n, n);
    exec_event(x, EVENT_LIST, list_pop_events[end], key);
    LK_ASSERT(exec_close(x, e, true) == LK_OK);
    exec_counts_as(x, n);
    return (int64_t)n;
}

int64_t list_take_first(struct exec *x, const struct bytes *keys, uint32_t count, enum list_end end,
                        uint64_t n, unsigned form)
{
    for (uint32_t i = 0; i < count; i++) {
        struct value v = {.type = TYPE_NONE};
        if (!exec_may_take(x, keys[i]))
            continue;
        const int rc = exec_find_silently(x, keys[i], TYPE_LIST, &v);
        if (rc != LK_OK)
            return rc;
        if (!value_exists(&v))
            continue;
        const int64_t taken = list_take(x, keys[i], end, n, form);
        if (taken > 0 && form & TAKE_ARRAY)
            exec_effect_format(x, "sbi", list_pop_words[end], keys[i], taken);
        else if (taken > 0)
            exec_effect_format(x, "sb", list_pop_words[end], keys[i]);
        return taken;
    }
    return 0;
}
