/*
 * script_shebang.c — the first line of a script or library: "#!lua name=x flags=no-writes".
 */
#include "core/cmd/script/script_priv.h"

static const struct {
    const char *name;
    uint32_t flag;
} shebang_flags[] = {
    {"no-writes", SCRIPT_NO_WRITES},
    {"allow-oom", SCRIPT_ALLOW_OOM},
    {"allow-stale", SCRIPT_ALLOW_STALE},
    {"no-cluster", SCRIPT_NO_CLUSTER},
    {"allow-cross-slot-keys", SCRIPT_CROSS_SLOT},
};

uint32_t script_flag_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof shebang_flags / sizeof *shebang_flags; i++)
        if (bytes_equal(name, bytes_cstr(shebang_flags[i].name)))
            return shebang_flags[i].flag;
    return 0;
}

const char *script_flag_name(uint32_t flag)
{
    for (size_t i = 0; i < sizeof shebang_flags / sizeof *shebang_flags; i++)
        if (shebang_flags[i].flag == flag)
            return shebang_flags[i].name;
    return NULL;
}

static bool shebang_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cuts the next word off the front of text. */
static struct bytes shebang_word(struct bytes *text)
{
    while (text->size > 0 && shebang_is_space(*text->data))
        *text = bytes_of(text->data + 1, text->size - 1);
    size_t n = 0;
    while (n < text->size && !shebang_is_space(text->data[n]))
        n++;
    const struct bytes word = bytes_of(text->data, n);
    *text = bytes_of(text->data + n, text->size - n);
    return word;
}

static bool shebang_option(struct bytes *word, const char *name)
{
    const size_t n = strlen(name);
    if (word->size < n || memcmp(word->data, name, n) != 0)
        return false;
    *word = bytes_of(word->data + n, word->size - n);
    return true;
}

static int shebang_fail(struct buf *error, const char *text, struct bytes what)
{
    buf_append_cstr(error, text);
    buf_append_bytes(error, what);
    return LK_ESYNTAX;
}

static int shebang_parse_flags(struct bytes list, uint32_t *flags, struct buf *error)
{
    while (list.size > 0) {
        const char *comma = memchr(list.data, ',', list.size);
        const size_t n = comma ? (size_t)(comma - list.data) : list.size;
        const struct bytes name = bytes_of(list.data, n);
        const uint32_t flag = script_flag_find(name);
        if (flag == 0)
            return shebang_fail(error, "ERR Unexpected flag in script shebang: ", name);
        *flags |= flag;
        list = bytes_of(list.data + n + (comma != NULL), list.size - n - (comma != NULL));
    }
    return LK_OK;
}

static int shebang_parse_script(struct bytes line, struct shebang *out, struct buf *error)
{
    const struct bytes engine = shebang_word(&line);
    if (!bytes_equal(engine, bytes_cstr("#!lua")))
        return shebang_fail(error, "ERR Unexpected engine in script shebang: ", engine);
    for (struct bytes word; (word = shebang_word(&line)).size > 0;) {
        struct bytes value = word;
        if (!shebang_option(&value, "flags="))
            return shebang_fail(error, "ERR Unknown lua shebang option: ", word);
        const int rc = shebang_parse_flags(value, &out->flags, error);
        if (rc != LK_OK)
            return rc;
    }
    return LK_OK;
}

int shebang_parse(struct bytes source, struct shebang *out, struct buf *error)
{
    *out = (struct shebang){0};
    if (source.size < 2 || memcmp(source.data, "#!", 2) != 0)
        return LK_OK;
    const char *end = memchr(source.data, '\n', source.size);
    if (!end)
        return shebang_fail(error, "ERR Invalid script shebang", bytes_of(NULL, 0));
    out->flags = SCRIPT_SHEBANG;
    out->body_at = (size_t)(end - source.data);
    return shebang_parse_script(bytes_of(source.data, out->body_at), out, error);
}
