/*
 * config_value.c — members by kind: from words, to words, within bounds.
 *
 * The error texts are what operators' tools match on, so they stand here once, by kind.
 */
#include "core/base/mem.h"
#include "io/config/config_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMBER(type, c, row)    (*(type *)(void *)((char *)(c) + (row)->offset))
#define MEMBER_OF(type, c, row) (*(const type *)(const void *)((const char *)(c) + (row)->offset))

bool config_refuse(struct config_edit *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(e->error, sizeof e->error, format, args);
    va_end(args);
    return false;
}

bool config_parse_long(struct bytes word, int64_t *out)
{
    char text[32], *end = NULL;

    if (word.size == 0 || word.size >= sizeof text || memchr(word.data, '\0', word.size))
        return false;
    memcpy(text, word.data, word.size);
    text[word.size] = '\0';
    errno = 0;
    *out = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0;
}

/* Decimal digits with k, m, g (powers of 1000) or kb, mb, gb (of 1024); what is too big saturates.
 */
bool config_parse_memory(struct bytes word, uint64_t *out)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } unit[] = {
        {"", 1},        {"b", 1},        {"k", 1000},       {"kb", 1024},
        {"m", 1000000}, {"mb", 1 << 20}, {"g", 1000000000}, {"gb", 1 << 30},
    };
    uint64_t number = 0;
    size_t digits = 0;

    for (; digits < word.size && word.data[digits] >= '0' && word.data[digits] <= '9'; digits++) {
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(word.data[digits] - '0'), &number))
            number = UINT64_MAX;
    }
    const struct bytes suffix = bytes_of(word.data + digits, word.size - digits);
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        if (!bytes_is_word(suffix, unit[i].name))
            continue;
        if (__builtin_mul_overflow(number, unit[i].bytes, out))
            *out = UINT64_MAX;
        return true;
    }
    return false;
}

static bool config_value_set_int(struct config_edit *e, const struct config_row *row,
                                 struct bytes word)
{
    int64_t v = 0;

    if (!bytes_to_int64(word, &v))
        return config_refuse(e, "argument couldn't be parsed into an integer");
    if (v < row->min || (v > 0 && (uint64_t)v > row->max))
        return config_refuse(e, "argument must be between %" PRId64 " and %" PRIu64 " inclusive",
                             row->min, row->max);
    MEMBER(int64_t, e->draft, row) = v;
    return true;
}

static bool set_octal(struct config_edit *e, const struct config_row *row, struct bytes word)
{
    const bool negative = word.size > 1 && word.data[0] == '-';
    int64_t v = 0;

    for (size_t i = negative; i < word.size; i++) {
        if (word.data[i] < '0' || word.data[i] > '7' || v > INT32_MAX)
            return config_refuse(e, "argument couldn't be parsed as an octal number");
        v = v * 8 + (word.data[i] - '0');
    }
    if (negative || (uint64_t)v > row->max)
        return config_refuse(e, "argument must be between %" PRIo64 " and %" PRIo64 " inclusive",
                             (uint64_t)row->min, row->max);
    MEMBER(int64_t, e->draft, row) = v;
    return true;
}

static bool set_memory(struct config_edit *e, const struct config_row *row, struct bytes word)
{
    uint64_t v = 0;

    if (!config_parse_memory(word, &v))
        return config_refuse(e, "argument must be a memory value");
    if (v < (uint64_t)row->min || v > row->max)
        return config_refuse(e, "argument must be between %" PRId64 " and %" PRIu64 " inclusive",
                             row->min, row->max);
    MEMBER(uint64_t, e->draft, row) = v;
    return true;
}

static bool set_percent(struct config_edit *e, const struct config_row *row, struct bytes word)
{
    int64_t percent = 0;
    uint64_t v = 0;

    if (word.size > 0 && word.data[word.size - 1] == '%') {
        if (!bytes_to_int64(bytes_of(word.data, word.size - 1), &percent) || percent < 0)
            return config_refuse(e, "argument must be a memory or percent value");
        if (percent > 100)
            return config_refuse(e, "percentage argument must be less or equal to 100");
        MEMBER(int64_t, e->draft, row) = -percent;
        return true;
    }
    if (!config_parse_memory(word, &v))
        return config_refuse(e, "argument must be a memory or percent value");
    if (v > row->max)
        return config_refuse(e, "argument must be between %" PRId64 " and %" PRIu64 " inclusive",
                             row->min, row->max);
    MEMBER(int64_t, e->draft, row) = (int64_t)v;
    return true;
}

static bool refuse_choice(struct config_edit *e, const struct config_row *row)
{
    struct buf list = {0};

    for (const struct config_choice *c = row->choices; c->name; c++)
        buf_printf(&list, "%s%s", c == row->choices ? "" : ", ", c->name);
    config_refuse(e, "argument(s) must be one of the following: %.*s", (int)list.size, list.data);
    buf_release(&list);
    return false;
}

static bool set_choices(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                        size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++) {
        int one = 0;
        if (!config_choice_find(row->choices, v[i], &one))
            return refuse_choice(e, row);
        sum |= one;
    }
    if (n == 0)
        return refuse_choice(e, row);
    MEMBER(int, e->draft, row) = sum;
    return true;
}

/* A name that the system would read only up to its NUL is another name than the one that was set.
 */
static bool refuse_nul(struct config_edit *e, const struct bytes *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].size > 0 && memchr(v[i].data, '\0', v[i].size))
            return config_refuse(e, "argument must not contain a null byte");
    }
    return true;
}

static const char *blob_of(struct bytes word)
{
    char *copy = config_blob_new(word.size + 1);

    if (word.size > 0)
        memcpy(copy, word.data, word.size);
    return copy;
}

static bool set_string(struct config_edit *e, const struct config_row *row, struct bytes word)
{
    const bool unset = word.size == 0 && (row->flags & CONFIG_NULLABLE);

    if (row->kind == CONFIG_KIND_BYTES) {
        struct bytes *b = &MEMBER(struct bytes, e->draft, row);
        config_blob_drop(b->data);
        *b = unset ? bytes_of(NULL, 0) : bytes_of(blob_of(word), word.size);
        return true;
    }
    if (!refuse_nul(e, &word, 1))
        return false;
    const char **s = &MEMBER(const char *, e->draft, row);
    config_blob_drop(*s);
    *s = unset ? NULL : blob_of(word);
    return true;
}

static bool set_one(struct config_edit *e, const struct config_row *row, struct bytes word)
{
    switch ((enum config_kind)row->kind) {
    case CONFIG_KIND_BOOL:
        if (!bytes_is_word(word, "yes") && !bytes_is_word(word, "no"))
            return config_refuse(e, "argument must be 'yes' or 'no'");
        MEMBER(bool, e->draft, row) = bytes_is_word(word, "yes");
        return true;
    case CONFIG_KIND_INT:
        return config_value_set_int(e, row, word);
    case CONFIG_KIND_OCTAL:
        return set_octal(e, row, word);
    case CONFIG_KIND_MEMORY:
        return set_memory(e, row, word);
    case CONFIG_KIND_PERCENT:
        return set_percent(e, row, word);
    case CONFIG_KIND_ENUM:
        return set_choices(e, row, &word, 1);
    case CONFIG_KIND_STRING:
    case CONFIG_KIND_BYTES:
        return set_string(e, row, word);
    case CONFIG_KIND_FLAGS:
    case CONFIG_KIND_SPECIAL:
        break;
    }
    LK_ASSERT(!"a row of this kind takes several words");
    return false;
}

bool config_edit_set(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                     size_t n)
{
    struct config_words split = {0};
    bool ok = false;

    if ((row->flags & CONFIG_MULTI) && n == 1) {
        config_words_split_value(&split, v[0]);
        v = split.v;
        n = split.n;
    }
    if (!(row->flags & CONFIG_MULTI) && n != 1)
        config_refuse(e, "wrong number of arguments");
    else if (row->kind == CONFIG_KIND_SPECIAL)
        ok = refuse_nul(e, v, n) && row->special->set(e, row, v, n);
    else if (row->kind == CONFIG_KIND_FLAGS)
        ok = set_choices(e, row, v, n);
    else
        ok = set_one(e, row, v[0]);
    const char *why = ok && row->check ? row->check(e->draft) : NULL;
    if (why)
        ok = config_refuse(e, "%s", why);
    config_words_release(&split);
    return ok;
}

/* The largest unit that leaves no remainder. */
void config_show_memory(uint64_t bytes, struct buf *out)
{
    static const char *const name[] = {"", "kb", "mb", "gb"};
    size_t unit = 0;

    for (; unit < 3 && bytes > 0 && bytes % 1024 == 0; unit++)
        bytes /= 1024;
    buf_printf(out, "%" PRIu64 "%s", bytes, name[unit]);
}

static void show_flags(const struct config_row *row, int value, struct buf *out)
{
    const char *space = "";

    if (value == 0)
        buf_append_cstr(out, config_choice_name(row->choices, 0));
    for (const struct config_choice *c = row->choices; c->name; c++) {
        if (!(c->value & value))
            continue;
        buf_printf(out, "%s%s", space, c->name);
        space = " ";
    }
}

void config_show(const struct config *c, const struct config_row *row, struct buf *out)
{
    int64_t n = 0;

    switch ((enum config_kind)row->kind) {
    case CONFIG_KIND_BOOL:
        buf_append_cstr(out, MEMBER_OF(bool, c, row) ? "yes" : "no");
        break;
    case CONFIG_KIND_INT:
        memcpy(&n, (const char *)c + (row->shown ? row->shown : row->offset), sizeof n);
        buf_printf(out, "%" PRId64, n);
        break;
    case CONFIG_KIND_OCTAL:
        buf_printf(out, "%" PRIo64, (uint64_t)MEMBER_OF(int64_t, c, row));
        break;
    case CONFIG_KIND_MEMORY:
        buf_printf(out, "%" PRIu64, MEMBER_OF(uint64_t, c, row));
        break;
    case CONFIG_KIND_PERCENT:
        n = MEMBER_OF(int64_t, c, row);
        buf_printf(out, "%" PRId64 "%s", n < 0 ? -n : n, n < 0 ? "%" : "");
        break;
    case CONFIG_KIND_ENUM:
        buf_append_cstr(out, config_choice_name(row->choices, MEMBER_OF(int, c, row)));
        break;
    case CONFIG_KIND_FLAGS:
        show_flags(row, MEMBER_OF(int, c, row), out);
        break;
    case CONFIG_KIND_STRING:
        if (MEMBER_OF(char *, c, row))
            buf_append_cstr(out, MEMBER_OF(char *, c, row));
        break;
    case CONFIG_KIND_BYTES:
        buf_append_bytes(out, MEMBER_OF(struct bytes, c, row));
        break;
    case CONFIG_KIND_SPECIAL:
        row->special->show(c, row, out);
        break;
    }
}

bool config_same(const struct config *a, const struct config *b, const struct config_row *row)
{
    struct buf x = {0}, y = {0};

    config_show(a, row, &x);
    config_show(b, row, &y);
    const bool same = bytes_equal(buf_bytes(&x), buf_bytes(&y));
    buf_release(&x);
    buf_release(&y);
    return same;
}

void config_rewrite_lines(const struct config *c, const struct config_row *row, struct buf *out)
{
    int64_t n = 0;

    if (row->kind == CONFIG_KIND_SPECIAL && row->special->lines) {
        row->special->lines(c, row, out);
        return;
    }
    /* An unset string has no line. */
    if (row->kind == CONFIG_KIND_STRING && !MEMBER_OF(char *, c, row))
        return;
    if (row->kind == CONFIG_KIND_BYTES && !MEMBER_OF(struct bytes, c, row).data)
        return;
    buf_printf(out, "%s ", row->name);
    switch ((enum config_kind)row->kind) {
    case CONFIG_KIND_STRING:
        config_quote(bytes_cstr(MEMBER_OF(char *, c, row)), out);
        break;
    case CONFIG_KIND_BYTES:
        config_quote(MEMBER_OF(struct bytes, c, row), out);
        break;
    case CONFIG_KIND_MEMORY:
        config_show_memory(MEMBER_OF(uint64_t, c, row), out);
        break;
    case CONFIG_KIND_PERCENT:
        n = MEMBER_OF(int64_t, c, row);
        if (n < 0)
            buf_printf(out, "%" PRId64 "%%", -n);
        else
            config_show_memory((uint64_t)n, out);
        break;
    case CONFIG_KIND_INT:
        buf_printf(out, "%" PRId64, MEMBER_OF(int64_t, c, row));
        break;
    default:
        config_show(c, row, out);
    }
    buf_append_char(out, '\n');
}
