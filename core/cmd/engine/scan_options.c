#include "core/cmd/engine/scan_options.h"

#include "core/types/value.h"

#include <errno.h>
#include <stdlib.h>

enum { SCAN_COUNT_DEFAULT = 10 };

void scan_set_pattern(struct scan_options *o, struct bytes pattern)
{
    o->pattern = pattern;
    o->all = bytes_equal(pattern, bytes_cstr("*"));
}

/* The empty name is met by the empty pattern and by a lone star, not by "**": so clients know it.
 */
bool scan_matches(const struct scan_options *o, struct bytes name)
{
    if (o->all)
        return true;
    return name.size == 0 ? o->pattern.size == 0 : bytes_match_glob(o->pattern, name, false);
}

/*
 * A cursor is what strtoull reads, with nothing behind it, and no number below 0.
 */
int scan_cursor(struct bytes word, uint64_t *out)
{
    char text[32], *end;
    int64_t n;
    if (word.size == 0 || (bytes_to_int64(word, &n) && n < 0))
        return LK_ECURSOR;
    if (word.size >= sizeof text)
        return LK_ECURSOR;
    memcpy(text, word.data, word.size);
    text[word.size] = '\0';
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end == text + word.size ? LK_OK : LK_ECURSOR;
}

static int scan_options_parse_count(const struct args *a, uint32_t i, uint64_t *count)
{
    int64_t n;
    if (args_int64(a, i, &n) != LK_OK)
        return LK_ENOTINT;
    if (n < 1)
        return LK_ESYNTAX;
    *count = (uint64_t)n;
    return LK_OK;
}

static int scan_options_parse_type(struct bytes word, struct bytes *out)
{
    *out = word;
    for (unsigned type = 0; type < TYPE_COUNT; type++)
        if (bytes_is_word(word, type_ops_get(type)->name))
            return LK_OK;
    return LK_ETYPE;
}

int scan_parse(const struct args *a, uint32_t at, enum scan_of of, struct scan_options *out)
{
    static const char *const bare[] = {
        [SCAN_OF_FIELDS] = "novalues", [SCAN_OF_SCORES] = "noscores"};
    *out = (struct scan_options){.count = SCAN_COUNT_DEFAULT, .all = true};
    for (uint32_t i = at; i < a->n; i++) {
        const bool more = i + 1 < a->n;
        int rc = LK_OK;
        if (more && args_is(a, i, "count"))
            rc = scan_options_parse_count(a, ++i, &out->count);
        else if (more && args_is(a, i, "match"))
            scan_set_pattern(out, a->v[++i]);
        else if (more && of == SCAN_OF_KEYS && args_is(a, i, "type"))
            rc = scan_options_parse_type(a->v[++i], &out->type);
        else if ((of == SCAN_OF_FIELDS || of == SCAN_OF_SCORES) && args_is(a, i, bare[of]))
            out->bare = true;
        else if (args_is(a, i, bare[SCAN_OF_FIELDS]))
            rc = LK_ENOVALUES;
        else
            rc = LK_ESYNTAX;
        if (rc != LK_OK)
            return rc;
    }
    return LK_OK;
}
