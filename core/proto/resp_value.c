/*
 * resp_value.c — what can be done with a reply that was read.
 *
 * The depth of a tree is bounded by its reader, so recursion is.
 */
#include "core/base/mem.h"
#include "core/proto/resp_read.h"

void resp_value_release(struct resp_value *v)
{
    for (size_t i = 0; i < v->n; i++)
        resp_value_release(&v->items[i]);
    mem_free(v->items, v->own.capacity * sizeof(*v->items));
    if (v->attributes) {
        resp_value_release(v->attributes);
        mem_delete(v->attributes);
    }
    buf_release(&v->own.joined);
    memset(v, 0, sizeof(*v));
}

const struct resp_value *resp_value_find(const struct resp_value *v, const char *key)
{
    const struct bytes want = bytes_cstr(key);
    for (size_t i = 0; i + 1 < v->n; i += 2)
        if (bytes_equal(v->items[i].text, want))
            return &v->items[i + 1];
    return NULL;
}

static void print_quoted(struct bytes s, struct buf *out)
{
    buf_append_char(out, '"');
    for (size_t i = 0; i < s.size; i++) {
        const char c = s.data[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_append_cstr(out, "\\n");
        else if (c == '\r')
            buf_append_cstr(out, "\\r");
        else if (c < ' ' || c > '~')
            buf_printf(out, "\\x%02x", (unsigned char)c);
        else
            buf_append_char(out, c);
    }
    buf_append_char(out, '"');
}

static void print_items(const struct resp_value *v, const char *open, const char *close, bool pairs,
                        struct buf *out)
{
    buf_append_cstr(out, open);
    for (size_t i = 0; i < v->n; i++) {
        if (i > 0)
            buf_append_cstr(out, pairs && i % 2 == 1 ? ": " : ", ");
        resp_value_print(&v->items[i], out);
    }
    buf_append_cstr(out, close);
}

void resp_value_print(const struct resp_value *v, struct buf *out)
{
    if (v->attributes) {
        resp_value_print(v->attributes, out);
        buf_append_char(out, ' ');
    }
    switch (v->kind) {
    case RESP_KIND_ERROR:
    case RESP_KIND_BULK_ERROR:
        buf_append_cstr(out, "(error) ");
        buf_append_bytes(out, v->text);
        break;
    case RESP_KIND_SIMPLE:
    case RESP_KIND_DOUBLE:
    case RESP_KIND_BIG_NUMBER:
        buf_append_bytes(out, v->text);
        break;
    case RESP_KIND_INTEGER:
        buf_printf(out, "%lld", (long long)v->integer);
        break;
    case RESP_KIND_BULK:
    case RESP_KIND_VERBATIM:
        print_quoted(v->text, out);
        break;
    case RESP_KIND_NULL:
        buf_append_cstr(out, "nil");
        break;
    case RESP_KIND_BOOL:
        buf_append_cstr(out, v->integer ? "true" : "false");
        break;
    case RESP_KIND_ARRAY:
        print_items(v, "[", "]", false, out);
        break;
    case RESP_KIND_SET:
        print_items(v, "~[", "]", false, out);
        break;
    case RESP_KIND_PUSH:
        print_items(v, ">[", "]", false, out);
        break;
    case RESP_KIND_MAP:
        print_items(v, "{", "}", true, out);
        break;
    case RESP_KIND_ATTRIBUTE:
        print_items(v, "|{", "}", true, out);
        break;
    }
}
