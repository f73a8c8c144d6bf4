/*
 * config_words.c — lines and quotes of the configuration file.
 *
 * A word is a run of bytes up to a blank.  A quote may open anywhere in a word, but must close at
 * its end:
 *
 *   "..."   \n \r \t \b \a \xHH are bytes; any other escaped byte is itself
 *   '...'   \' is a quote; every other byte is itself
 *
 * config_quote is the way back: what it writes splits into the same one word.
 */
#include "core/base/mem.h"
#include "io/config/config_priv.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\v' || c == '\f';
}

static int config_words_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

struct bytes config_trim(struct bytes line)
{
    while (line.size > 0 && is_blank(line.data[0]))
        line = bytes_of(line.data + 1, line.size - 1);
    while (line.size > 0 && is_blank(line.data[line.size - 1]))
        line.size--;
    return line;
}

/* Appends the byte that the escape at p stands for; returns where the escape ends. */
static const char *config_words_unescape(const char *p, const char *end, struct buf *out)
{
    static const char letter[] = "nrtba", byte[] = "\n\r\t\b\a";

    if (*p == 'x' && end - p > 2 && config_words_hex_digit(p[1]) >= 0 &&
        config_words_hex_digit(p[2]) >= 0) {
        buf_append_char(out,
                        (char)(config_words_hex_digit(p[1]) * 16 + config_words_hex_digit(p[2])));
        return p + 3;
    }
    const char *known = memchr(letter, *p, sizeof letter - 1);
    buf_append_char(out, known ? byte[known - letter] : *p);
    return p + 1;
}

/* Appends what stands between quotes that opened before p; NULL if they do not close a word. */
static const char *config_words_unquote(const char *p, const char *end, char quote, struct buf *out)
{
    while (p < end && *p != quote) {
        if (*p == '\\' && end - p > 1 && (quote == '"' || p[1] == quote))
            p = quote == '"' ? config_words_unescape(p + 1, end, out)
                             : (buf_append_char(out, quote), p + 2);
        else
            buf_append_char(out, *p++);
    }
    if (p == end || (end - p > 1 && !is_space(p[1])))
        return NULL;
    return p + 1;
}

/* The word's bytes move when storage grows, so v holds offsets until the line is whole. */
static void config_words_add_word(struct config_words *w, size_t start)
{
    if (w->n == w->capacity) {
        const size_t more = w->capacity ? w->capacity * 2 : 8;
        w->v = mem_realloc(w->v, w->capacity * sizeof *w->v, more * sizeof *w->v);
        w->capacity = more;
    }
    w->v[w->n++] = bytes_of((const char *)start, w->storage.size - start);
    buf_append_char(&w->storage, '\0');
}

static void settle_words(struct config_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        w->v[i].data = w->storage.data + (size_t)w->v[i].data;
}

bool config_words_split(struct config_words *w, struct bytes line)
{
    const char *p = line.data, *end = line.data + line.size;

    w->n = w->storage.size = 0;
    for (;;) {
        while (p < end && is_space(*p))
            p++;
        if (p == end)
            break;
        const size_t start = w->storage.size;
        while (p && p < end && !is_blank(*p)) {
            if (*p == '"' || *p == '\'') {
                const char quote = *p;
                p = config_words_unquote(p + 1, end, quote, &w->storage);
                if (!p) {
                    w->n = 0;
                    return false;
                }
                break;
            }
            buf_append_char(&w->storage, *p++);
        }
        config_words_add_word(w, start);
    }
    settle_words(w);
    return true;
}

void config_words_split_value(struct config_words *w, struct bytes value)
{
    w->n = w->storage.size = 0;
    if (value.size == 0)
        return;
    for (const char *p = value.data, *end = value.data + value.size;;) {
        const char *space = memchr(p, ' ', (size_t)(end - p));
        const char *stop = space ? space : end;
        const size_t start = w->storage.size;
        buf_append(&w->storage, p, (size_t)(stop - p));
        config_words_add_word(w, start);
        if (!space)
            break;
        p = space + 1;
    }
    settle_words(w);
}

void config_words_release(struct config_words *w)
{
    buf_release(&w->storage);
    mem_free(w->v, w->capacity * sizeof *w->v);
    *w = (struct config_words){0};
}

void config_quote(struct bytes word, struct buf *out)
{
    static const char byte[] = "\n\r\t\b\a\"\\", letter[] = "nrtba\"\\";

    buf_append_char(out, '"');
    for (size_t i = 0; i < word.size; i++) {
        const char c = word.data[i];
        const char *known = memchr(byte, c, sizeof byte - 1);
        if (known) {
            buf_append_char(out, '\\');
            buf_append_char(out, letter[known - byte]);
        } else if (c >= ' ' && c <= '~') {
            buf_append_char(out, c);
        } else {
            buf_printf(out, "\\x%02x", (unsigned char)c);
        }
    }
    buf_append_char(out, '"');
}
