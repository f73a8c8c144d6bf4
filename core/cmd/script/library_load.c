/*
 * library_load.c — a source becomes a library: "#!lua name=mylib", and code that registers.
 */
#include "core/cmd/script/library.h"
#include "core/cmd/script/script_hub.h"

#include <ctype.h>

static int library_head_fail(struct buf *error, const char *text)
{
    buf_append_cstr(error, text);
    return LK_ESYNTAX;
}

/*
 * The next word of a line, with quotes as in a shell, into word.  LK_ENOKEY: there is none.
 * LK_EFORMAT: a quote is open.
 */
static int library_head_word(struct bytes *line, struct buf *word)
{
    const char *p = line->data, *end = p + line->size;
    word->size = 0;
    while (p < end && isspace((unsigned char)*p))
        p++;
    if (p == end)
        return LK_ENOKEY;
    for (char quote = 0; p < end && (quote || !isspace((unsigned char)*p)); p++) {
        if (!quote && (*p == '"' || *p == '\''))
            quote = *p;
        else if (quote && *p == quote)
            quote = 0;
        else
            buf_append_char(word, *p);
        if (quote && p + 1 == end)
            return LK_EFORMAT;
    }
    *line = bytes_of(p, (size_t)(end - p));
    return LK_OK;
}

static int library_head_name(struct bytes line, struct buf *name, struct buf *word,
                             struct buf *error)
{
    bool named = false;
    for (int rc; (rc = library_head_word(&line, word)) != LK_ENOKEY;) {
        if (rc != LK_OK)
            return library_head_fail(error, "ERR Invalid library metadata");
        if (word->size < 5 || memcmp(word->data, "name=", 5) != 0) {
            buf_append_cstr(error, "ERR Invalid metadata value given: ");
            buf_append_bytes(error, buf_bytes(word));
            return LK_ESYNTAX;
        }
        if (named)
            return library_head_fail(error, "ERR Invalid metadata value, name argument was given "
                                            "multiple times");
        named = true;
        buf_append(name, word->data + 5, word->size - 5);
    }
    if (!named)
        return library_head_fail(error, "ERR Library name was not given");
    if (!library_is_name(buf_bytes(name)))
        return library_head_fail(error, "ERR Library names can only contain letters, numbers, or "
                                        "underscores(_) and must be at least one character long");
    return LK_OK;
}

/* The library's name out of its first line; *body_at is where that ends. */
static int library_head(struct bytes source, struct buf *name, size_t *body_at, struct buf *error)
{
    if (source.size < 2 || memcmp(source.data, "#!", 2) != 0)
        return library_head_fail(error, "ERR Missing library metadata");
    const char *end = memchr(source.data, '\n', source.size);
    if (!end)
        return library_head_fail(error, "ERR Invalid library metadata");
    *body_at = (size_t)(end - source.data);
    struct bytes line = bytes_of(source.data + 2, *body_at - 2);
    struct buf word = {0};
    int rc = LK_OK;
    if (line.size == 0 || isspace((unsigned char)*line.data))
        buf_reserve(&word, 1);
    else
        rc = library_head_word(&line, &word);
    if (rc != LK_OK) {
        rc = library_head_fail(error, "ERR Invalid library metadata");
    } else if (!bytes_is_word(buf_bytes(&word), "lua")) {
        buf_append_cstr(error, "ERR Engine '");
        buf_append_bytes(error, buf_bytes(&word));
        buf_append_cstr(error, "' not found");
        rc = LK_ESYNTAX;
    } else {
        rc = library_head_name(line, name, &word, error);
    }
    buf_release(&word);
    return rc;
}

struct library *library_load(struct script_hub *h, struct bytes source, bool replace,
                             struct buf *error)
{
    struct buf name = {0};
    size_t body_at = 0;
    struct library *l = NULL;
    if (library_head(source, &name, &body_at, error) != LK_OK) {
        /* it says so */
    } else if (!replace && library_find(h, buf_bytes(&name))) {
        buf_printf(error, "ERR Library '%.*s' already exists", (int)name.size, name.data);
    } else {
        l = library_new(buf_bytes(&name), source, body_at);
        if (vm_load_library(vm_of_all(h), l, error) != LK_OK) {
            library_drop(l);
            l = NULL;
        }
    }
    buf_release(&name);
    return l;
}
