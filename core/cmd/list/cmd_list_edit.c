/*
 * cmd_list_edit.c — LSET, LINSERT, LREM, LTRIM: changes inside a list.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/types/list.h"

/* Ends the edit with what its change came to. */
static int close_edit(struct exec *x, struct value_edit *e, int rc, const char *event,
                      struct bytes key)
{
    if (rc == LK_OK)
        exec_event(x, EVENT_LIST, event, key);
    LK_ASSERT(exec_close(x, e, rc == LK_OK) == LK_OK); /* it was there */
    return rc;
}

static enum outcome set_at(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v;
    struct value_edit *e;
    int64_t index = 0;

    int rc = exec_find_silently(x, key, TYPE_LIST, &v);
    if (rc == LK_OK && !value_exists(&v))
        rc = LK_ENOKEY;
    if (rc == LK_OK)
        rc = args_int64(a, 2, &index);
    if (rc == LK_OK) {
        const int64_t length = (int64_t)list_length(&v);
        if (index < 0)
            index += length;
        if (index < 0 || index >= length)
            rc = LK_ERANGE;
    }
    if (rc == LK_OK)
        rc = exec_open(x, key, TYPE_LIST, &e);
    if (rc == LK_OK)
        rc = close_edit(x, e, list_replace(e, (uint64_t)index, a->v[3]), "lset", key);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* The index of the first element that is equal, or the length. */
static uint64_t list_edit_find(const struct value *v, struct bytes element)
{
    const struct listpack_value wanted = listpack_from_bytes(element);
    struct list_iter it;
    uint64_t index = 0;
    for (bool on = list_iter_at(&it, v, 0); on && !list_iter_equal(&it, &wanted);
         on = list_iter_next(&it))
        index++;
    return index;
}

static enum outcome list_edit_insert(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1], pivot = a->v[3];
    const bool after = args_is(a, 2, "after");
    struct value v;
    struct value_edit *e;
    int64_t answer = 0; /* without the list; -1 without the pivot */

    if (!after && !args_is(a, 2, "before"))
        return reply_syntax(x);
    int rc = exec_find_silently(x, key, TYPE_LIST, &v);
    if (rc == LK_OK && value_exists(&v)) {
        const uint64_t length = list_length(&v), index = list_edit_find(&v, pivot);
        answer = index < length ? (int64_t)length + 1 : -1;
        if (index < length)
            rc = exec_open(x, key, TYPE_LIST, &e);
        if (rc == LK_OK && index < length)
            rc = close_edit(x, e, list_insert(e, index + after, a->v[4]), "linsert", key);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, answer);
    return RUN_DONE;
}

static enum outcome remove_equal(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v = {.type = TYPE_NONE};
    struct value_edit *e;
    int64_t count = 0;
    uint64_t removed = 0;

    int rc = args_int64(a, 2, &count);
    if (rc == LK_OK && count == INT64_MIN) /* it has no opposite */
        return reply_not_between(x, -INT64_MAX, INT64_MAX);
    if (rc == LK_OK)
        rc = exec_find_silently(x, key, TYPE_LIST, &v);
    if (rc == LK_OK && value_exists(&v)) {
        rc = exec_open(x, key, TYPE_LIST, &e);
        if (rc == LK_OK) {
            removed = list_remove(e, a->v[3], count);
            if (removed > 0)
                exec_event(x, EVENT_LIST, "lrem", key);
            LK_ASSERT(exec_close(x, e, removed > 0) == LK_OK);
        }
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, (int64_t)removed);
    return RUN_DONE;
}

/* Keeps the elements from first to last and takes the others away; returns how many those were. */
static uint64_t list_edit_keep(struct value_edit *e, int64_t first, int64_t last)
{
    const int64_t n = (int64_t)list_length(&e->value);
    if (first < 0)
        first = first + n > 0 ? first + n : 0;
    if (last < 0)
        last += n;
    if (last >= n)
        last = n - 1;
    if (first > last) {
        list_delete(e, 0, (uint64_t)n);
        return (uint64_t)n;
    }
    const uint64_t behind = (uint64_t)(n - 1 - last), before = (uint64_t)first;
    if (behind > 0)
        list_delete(e, (uint64_t)last + 1, behind);
    if (before > 0)
        list_delete(e, 0, before);
    return behind + before;
}

/* Transactions that watch the key fail even if all of it is kept, though nothing is logged then. */
static enum outcome list_edit_trim(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v = {.type = TYPE_NONE};
    struct value_edit *e;
    int64_t first = 0, last = 0;

    int rc = args_int64(a, 2, &first);
    if (rc == LK_OK)
        rc = args_int64(a, 3, &last);
    if (rc == LK_OK)
        rc = exec_find_silently(x, key, TYPE_LIST, &v);
    if (rc == LK_OK && value_exists(&v)) {
        rc = exec_open(x, key, TYPE_LIST, &e);
        if (rc == LK_OK) {
            const uint64_t gone = list_edit_keep(e, first, last);
            exec_event(x, EVENT_LIST, "ltrim", key);
            LK_ASSERT(exec_close(x, e, gone > 0) == LK_OK);
            if (gone == 0) {
                exec_signal(x, key);
                exec_effect_none(x);
            }
            exec_counts_as(x, gone);
        }
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_ok(x->reply);
    return RUN_DONE;
}

const struct command list_edit_commands[] = {
    {"linsert", .arity = 5, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_LIST,
     .keys = KEY_AT(1, KEY_RW | KEY_INSERT), .run = list_edit_insert},
    {"lrem", .arity = 4, .flags = CMD_WRITE, .categories = CAT_LIST,
     .keys = KEY_AT(1, KEY_RW | KEY_DELETE), .run = remove_equal},
    {"lset", .arity = 4, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_LIST,
     .keys = KEY_AT(1, KEY_RW | KEY_UPDATE), .run = set_at},
    {"ltrim", .arity = 4, .flags = CMD_WRITE, .categories = CAT_LIST,
     .keys = KEY_AT(1, KEY_RW | KEY_DELETE), .run = list_edit_trim},
    {0},
};
