#include "core/cmd/key/sort_options.h"

#include "core/base/hash_slot.h"
#include "core/cmd/key/sort_pattern.h"

/* Options from argument i on take so many arguments; 0: there is no such option. */
static uint32_t option_size(const struct args *a, uint32_t i)
{
    if (args_is(a, i, "asc") || args_is(a, i, "desc") || args_is(a, i, "alpha"))
        return 1;
    if (args_is(a, i, "by") || args_is(a, i, "get") || args_is(a, i, "store"))
        return 2;
    return args_is(a, i, "limit") ? 3 : 0;
}

/*
 * Do all keys that follow from the pattern lie in the slot of key?  What stands for other text must
 * stand behind the hash tag, and what has no tag must be the whole key.
 */
static bool stays_in_slot(struct bytes pattern, struct bytes key)
{
    const struct bytes tag = hash_slot_tag(pattern);
    const char *end = tag.data + tag.size;
    for (const char *at = pattern.data; at < end; at++)
        if (memchr("*?[\\", *at, 4))
            return false;
    return hash_slot(pattern) == hash_slot(key);
}

static int parse_by(struct bytes pattern, struct bytes key, struct sort_options *out)
{
    struct sort_pattern p;
    sort_pattern_parse(pattern, &p);
    if (p.star && out->one_slot && !stays_in_slot(pattern, key)) {
        out->astray = "BY";
        return LK_ESYNTAX;
    }
    if (p.star && out->confined) {
        out->denied = "BY";
        return LK_ESYNTAX;
    }
    out->by = pattern;
    out->by_given = true;
    out->unsorted = out->unsorted || !p.star;
    return LK_OK;
}

static int parse_get(struct bytes pattern, struct bytes key, struct sort_options *out)
{
    if (out->one_slot && !bytes_equal(pattern, bytes_cstr("#")) && !stays_in_slot(pattern, key)) {
        out->astray = "GET";
        return LK_ESYNTAX;
    }
    out->gets++;
    if (!out->confined)
        return LK_OK;
    out->denied = "GET";
    return LK_ESYNTAX;
}

int sort_parse(const struct args *a, bool with_store, struct sort_options *out)
{
    *out = (struct sort_options){.count = -1, .confined = out->confined, .one_slot = out->one_slot};
    for (uint32_t i = 2, size; i < a->n; i += size) {
        int rc = LK_OK;
        size = option_size(a, i);
        if (size == 0 || size > a->n - i || (args_is(a, i, "store") && !with_store))
            return LK_ESYNTAX;
        if (size == 1 && args_is(a, i, "alpha"))
            out->alpha = true;
        else if (size == 1)
            out->descending = args_is(a, i, "desc");
        else if (args_is(a, i, "by"))
            rc = parse_by(a->v[i + 1], a->v[1], out);
        else if (args_is(a, i, "get"))
            rc = parse_get(a->v[i + 1], a->v[1], out);
        else if (args_is(a, i, "store"))
            out->store = i + 1;
        else if ((rc = args_int64(a, i + 1, &out->offset)) == LK_OK)
            rc = args_int64(a, i + 2, &out->count);
        if (rc != LK_OK)
            return rc;
    }
    return LK_OK;
}

struct bytes sort_next_get(const struct args *a, uint32_t *i)
{
    while (!args_is(a, *i, "get"))
        *i += option_size(a, *i);
    *i += 2;
    return a->v[*i - 1];
}

bool sort_looks_up(const struct args *a)
{
    struct sort_options o = {.confined = false};
    struct sort_pattern p;
    uint32_t at = 2;
    /* SORT_RO with STORE is refused before any key is read, so it may be taken for SORT here. */
    if (a->n < 2 || sort_parse(a, true, &o) != LK_OK)
        return false;
    if (o.by_given && !o.unsorted)
        return true;
    for (uint32_t n = 0; n < o.gets; n++) {
        sort_pattern_parse(sort_next_get(a, &at), &p);
        if (p.star)
            return true;
    }
    return false;
}

/* Also of calls that will be refused, as COMMAND GETKEYS is asked for them, too. */
int sort_keys(const struct args *a, struct key_ref *refs, uint32_t max)
{
    uint32_t store = 0;
    if (a->n < 2)
        return LK_ESYNTAX;
    for (uint32_t i = 2; i < a->n; i += option_size(a, i) ? option_size(a, i) : 1)
        if (args_is(a, i, "store") && i + 1 < a->n)
            store = i + 1;
    if (max > 0)
        refs[0] = (struct key_ref){1, KEY_RO | KEY_ACCESS};
    if (store > 0 && max > 1)
        refs[1] = (struct key_ref){store, KEY_OW | KEY_UPDATE};
    return store > 0 ? 2 : 1;
}
