#include "core/cmd/key/sort_pattern.h"

#include "core/types/hash.h"
#include "core/types/str.h"

/* Patterns end at a NUL, as clients know them. */
void sort_pattern_parse(struct bytes word, struct sort_pattern *out)
{
    const size_t size = word.size > 0 ? strnlen(word.data, word.size) : 0;
    const char *star = size > 0 ? memchr(word.data, '*', size) : NULL;
    *out = (struct sort_pattern){.element = bytes_equal(word, bytes_cstr("#")), .star = star};
    if (!star)
        return;
    const char *end = word.data + word.size, *rest = star + 1;
    const size_t left = size - (size_t)(rest - word.data);
    const char *arrow = left > 0 ? memmem(rest, left, "->", 2) : NULL;
    out->before = bytes_of(word.data, (size_t)(star - word.data));
    if (arrow && arrow + 2 < word.data + size) {
        out->behind = bytes_of(rest, (size_t)(arrow - rest));
        out->field = bytes_of(arrow + 2, (size_t)(end - arrow - 2));
    } else {
        out->behind = bytes_of(rest, (size_t)(end - rest));
    }
}

/* The field's bytes, borrowed from the hash or made in scratch; false if there is none. */
static bool field_of(struct exec *x, const struct value *v, struct bytes field, struct buf *scratch,
                     struct bytes *out)
{
    struct hash_value found;
    if (!hash_get(v, field, x->now_ms, &found))
        return false;
    *out = found.bytes;
    if (found.bytes.data != found.digits)
        return true;
    const size_t at = scratch->size;
    buf_append_bytes(scratch, found.bytes);
    *out = bytes_of(scratch->data + at, found.bytes.size);
    return true;
}

bool sort_pattern_find(struct exec *x, const struct sort_pattern *p, struct bytes element,
                       struct buf *scratch, struct bytes *out)
{
    struct value v;
    if (p->element) {
        *out = element;
        return true;
    }
    if (!p->star)
        return false;
    scratch->size = 0;
    buf_append_bytes(scratch, p->before);
    buf_append_bytes(scratch, element);
    buf_append_bytes(scratch, p->behind);
    const unsigned type = p->field.data ? TYPE_HASH : TYPE_STRING;
    if (exec_find_made(x, buf_bytes(scratch), type, &v) != LK_OK || !value_exists(&v))
        return false;
    if (p->field.data)
        return field_of(x, &v, p->field, scratch, out);
    *out = str_bytes(&v, scratch);
    return true;
}
