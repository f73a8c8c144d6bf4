/*
 * command_keys.c — which arguments of a call are keys, and what it does to them.
 *
 * The rows say it; locks, COMMAND GETKEYS and what users may do all come from here.
 */
#include "core/cmd/command/command_index.h"

struct refs {
    struct key_ref *v;
    uint32_t max, n;
};

static void add_ref(struct refs *r, int64_t index, uint16_t flags)
{
    if (r->n < r->max)
        r->v[r->n] = (struct key_ref){(uint32_t)index, flags};
    r->n++;
}

static int64_t spec_begin(const struct key_spec *k, const struct args *a)
{
    if (k->begin == KEY_BEGIN_INDEX)
        return k->index;
    const bool back = k->start_from < 0;
    int64_t i = back ? (int64_t)a->n + k->start_from : k->start_from;
    for (; i > 0 && i < (int64_t)a->n; i += back ? -1 : 1)
        if (args_is(a, (uint32_t)i, k->keyword))
            return i + 1;
    return -1;
}

static int spec_keys(const struct key_spec *k, const struct args *a, struct refs *r)
{
    const int64_t begin = spec_begin(k, a), n = a->n;
    if (begin < 0 || begin >= n)
        return LK_OK;
    int64_t first = begin, last = begin, step = k->step ? k->step : 1;
    if (k->find == KEY_FIND_KEYNUM) {
        int64_t count = 0;
        if (begin + k->keynum >= n ||
            args_int64(a, (uint32_t)(begin + k->keynum), &count) != LK_OK || count < 0)
            return LK_ESYNTAX;
        first = begin + k->first_key;
        step = k->keynum_step ? k->keynum_step : 1;
        if (count > (n - first + step - 1) / step)
            return LK_ESYNTAX;
        last = first + (count - 1) * step;
    } else if (k->last >= 0) {
        last = begin + k->last;
    } else {
        last = n + k->last;
        if (k->limit > 1)
            last = begin + (n - begin) / k->limit + k->last;
    }
    for (int64_t i = first; i <= last; i += step) {
        if (i >= n)
            return LK_ESYNTAX;
        add_ref(r, i, k->flags);
    }
    return LK_OK;
}

int command_keys(const struct command_info *c, const struct args *a, struct key_ref *refs,
                 uint32_t max)
{
    if (c->row->find_keys)
        return c->row->find_keys(a, refs, max);
    struct refs r = {refs, max, 0};
    for (int i = 0; i < KEY_SPECS_MAX && c->row->keys[i].begin != KEY_NONE; i++) {
        if (c->row->keys[i].flags & KEY_NOT_KEY)
            continue;
        const int rc = spec_keys(&c->row->keys[i], a, &r);
        if (rc != LK_OK)
            return rc;
    }
    return (int)r.n;
}

/* Is word among the arguments from first on? */
static bool command_keys_has_word(const struct args *a, uint32_t first, const char *word)
{
    for (uint32_t i = first; i < a->n; i++)
        if (args_is(a, i, word))
            return true;
    return false;
}

/* Has BITFIELD nothing but whole GETs, and what to do with overflows? */
static bool command_keys_only_read(const struct args *a)
{
    for (uint32_t i = 2, size; i < a->n; i += size) {
        size = args_is(a, i, "get") ? 3 : args_is(a, i, "overflow") ? 2 : 0;
        if (size == 0 || a->n - i < size)
            return false;
    }
    return true;
}

uint16_t command_key_use(const struct command_info *c, const struct args *a, uint16_t flags)
{
    if (LK_LIKELY(!(flags & KEY_VARIABLE)))
        return flags;
    LK_ASSERT(c && a->n > 0);
    flags &= (uint16_t)~KEY_VARIABLE;
    if (strcmp(c->full_name, "set") == 0 && !command_keys_has_word(a, 3, "get"))
        return KEY_OW | KEY_UPDATE;
    if (strcmp(c->full_name, "bitfield") == 0 && command_keys_only_read(a))
        return KEY_RO | KEY_ACCESS;
    return flags;
}
