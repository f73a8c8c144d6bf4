/*
 * resp_args.c — room for the arguments of a request, and where a line ends.
 */
#include "core/base/mem.h"
#include "core/proto/resp_parse_priv.h"

#include <string.h>

const char resp_error_no_memory[] = "ERR Protocol error: out of memory for the arguments";

void resp_args_release(struct resp_args *a)
{
    if (a->v != a->storage)
        mem_free(a->v, a->capacity * sizeof(*a->v));
    mem_free(a->text, a->text_capacity);
    resp_args_init(a, a->storage, a->storage_capacity);
}

bool resp_args_reserve(struct resp_args *a, uint32_t n)
{
    if (n <= a->capacity)
        return true;
    const size_t size = mem_class(n * sizeof(struct bytes));
    const uint32_t capacity = (uint32_t)(size / sizeof(struct bytes));
    struct bytes *v = mem_try_alloc(capacity * sizeof(*v));
    if (!v)
        return false;
    if (a->v != a->storage)
        mem_free(a->v, a->capacity * sizeof(*a->v));
    a->v = v;
    a->capacity = capacity;
    return true;
}

bool resp_args_reserve_text(struct resp_args *a, size_t n)
{
    if (n <= a->text_capacity)
        return true;
    char *text = mem_try_alloc(n);
    if (!text)
        return false;
    mem_free(a->text, a->text_capacity);
    a->text = text;
    a->text_capacity = (uint32_t)n;
    return true;
}

enum line_state resp_find_line(const char *s, size_t n, char end, size_t *seen, size_t *length)
{
    const size_t limit = n < RESP_LINE_MAX + 1 ? n : RESP_LINE_MAX + 1;
    const size_t from = *seen < limit ? *seen : limit;
    const enum line_state none = n > RESP_LINE_MAX ? LINE_TOO_BIG : LINE_MORE;
    if (from == limit || s[from] == '\0')
        return none;
    const char *hit = memchr(s + from, end, limit - from);
    const size_t span = (hit ? (size_t)(hit - s) : limit) - from;
    const char *nul = memchr(s + from, '\0', span);
    if (hit && !nul) {
        *length = (size_t)(hit - s);
        return LINE_FOUND;
    }
    *seen = nul ? (size_t)(nul - s) : limit;
    return none;
}
