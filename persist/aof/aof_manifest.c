#include "persist/aof/aof_manifest.h"

#include "core/base/mem.h"

#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

void aof_manifest_release(struct aof_manifest *m)
{
    for (size_t i = 0; i < m->count; i++)
        mem_strfree(m->files[i].name);
    mem_free(m->files, m->capacity * sizeof *m->files);
    memset(m, 0, sizeof *m);
}

static void aof_manifest_insert(struct aof_manifest *m, size_t at, const struct aof_file *f)
{
    if (m->count == m->capacity) {
        const size_t more = m->capacity ? m->capacity * 2 : 8;
        m->files = mem_realloc(m->files, m->capacity * sizeof *m->files, more * sizeof *m->files);
        m->capacity = more;
    }
    memmove(&m->files[at + 1], &m->files[at], (m->count - at) * sizeof *m->files);
    m->files[at] = *f;
    m->count++;
    if (f->kind == AOF_INCR && f->seq > m->incr_seq)
        m->incr_seq = f->seq;
    if (f->kind == AOF_BASE && f->seq > m->base_seq)
        m->base_seq = f->seq;
}

static size_t first_of(const struct aof_manifest *m, enum aof_file_kind kind)
{
    size_t i = 0;
    while (i < m->count && m->files[i].kind != kind)
        i++;
    return i;
}

/* Where the first file stands that is no history. */
static size_t live_begin(const struct aof_manifest *m)
{
    size_t i = 0;
    while (i < m->count && m->files[i].kind == AOF_HISTORY)
        i++;
    return i;
}

void aof_manifest_copy(const struct aof_manifest *from, struct aof_manifest *to)
{
    *to = *from;
    to->files = mem_alloc(from->capacity * sizeof *to->files);
    for (size_t i = 0; i < from->count; i++) {
        to->files[i] = from->files[i];
        to->files[i].name = mem_strdup(from->files[i].name);
    }
}

const struct aof_file *aof_manifest_base(const struct aof_manifest *m)
{
    const size_t i = first_of(m, AOF_BASE);
    return i < m->count ? &m->files[i] : NULL;
}

const struct aof_file *aof_manifest_last_incr(const struct aof_manifest *m)
{
    const bool any = m->count > 0 && m->files[m->count - 1].kind == AOF_INCR;
    return any ? &m->files[m->count - 1] : NULL;
}

/* --- text ------------------------------------------------------------------------------------ */

static bool aof_manifest_is_plain(const char *name)
{
    for (const unsigned char *p = (const unsigned char *)name; *p; p++)
        if (*p <= ' ' || *p == '"' || *p == '\'' || *p == '\\' || *p >= 0x7f)
            return false;
    return *name != '\0';
}

static void print_name(struct buf *out, const char *name)
{
    if (aof_manifest_is_plain(name)) {
        buf_append_cstr(out, name);
        return;
    }
    buf_append_char(out, '"');
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        static const char plain[] = "\n\r\t\a\b\\\"", letters[] = "nrtab\\\"";
        const char *at = strchr(plain, *p);
        if (at)
            buf_printf(out, "\\%c", letters[at - plain]);
        else if (*p < ' ' || *p >= 0x7f)
            buf_printf(out, "\\x%02x", *p);
        else
            buf_append_char(out, (char)*p);
    }
    buf_append_char(out, '"');
}

void aof_manifest_print(const struct aof_manifest *m, struct buf *out)
{
    static const char order[] = {AOF_BASE, AOF_HISTORY, AOF_INCR};
    for (size_t k = 0; k < sizeof order; k++)
        for (size_t i = 0; i < m->count; i++) {
            const struct aof_file *f = &m->files[i];
            if ((char)f->kind != order[k])
                continue;
            buf_append_cstr(out, "file ");
            print_name(out, f->name);
            buf_printf(out, " seq %lld type %c\n", (long long)f->seq, (char)f->kind);
        }
}

static int aof_manifest_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape behind its backslash; how many bytes it took, 0 if it is none. */
static size_t aof_manifest_unescape(struct bytes s, char *out)
{
    static const char letters[] = "nrtab", plain[] = "\n\r\t\a\b";
    if (s.size == 0)
        return 0;
    if (s.data[0] == 'x' && s.size > 2 && aof_manifest_hex_digit(s.data[1]) >= 0 &&
        aof_manifest_hex_digit(s.data[2]) >= 0) {
        *out = (char)(aof_manifest_hex_digit(s.data[1]) * 16 + aof_manifest_hex_digit(s.data[2]));
        return 3;
    }
    const char *at = s.data[0] ? strchr(letters, s.data[0]) : NULL;
    *out = at ? plain[at - letters] : s.data[0];
    return 1;
}

/* Takes the next word off the line into word; false at its end, or if a quote does not close. */
static bool next_word(struct bytes *line, struct buf *word)
{
    size_t i = 0;
    word->size = 0;
    while (i < line->size && line->data[i] == ' ')
        i++;
    if (i == line->size)
        return false;
    const bool quoted = line->data[i] == '"';
    i += quoted;
    for (; i < line->size && line->data[i] != (quoted ? '"' : ' '); i++) {
        char c = line->data[i];
        if (quoted && c == '\\')
            i += aof_manifest_unescape(bytes_of(line->data + i + 1, line->size - i - 1), &c);
        buf_append_char(word, c);
    }
    if (quoted && i == line->size)
        return false;
    i += quoted;
    *line = bytes_of(line->data + i, line->size - i);
    return true;
}

static bool is_name(struct bytes name)
{
    return name.size > 0 && !memchr(name.data, '/', name.size) &&
           !memchr(name.data, '\0', name.size) && !bytes_equal(name, bytes_cstr(".")) &&
           !bytes_equal(name, bytes_cstr(".."));
}

static const char bad_format[] = "Invalid AOF manifest file format";

/* 0: its quotes do not match. */
static size_t count_words(struct bytes line)
{
    struct buf word = {0};
    size_t n = 0;
    while (next_word(&line, &word))
        n++;
    while (line.size > 0 && line.data[0] == ' ')
        line = bytes_of(line.data + 1, line.size - 1);
    buf_release(&word);
    return line.size == 0 ? n : 0;
}

/* NULL, or what is wrong with the line. */
static const char *parse_line(struct bytes line, struct aof_file *f)
{
    struct buf word = {0};
    const char *fault = count_words(line) < 6 || count_words(line) % 2 ? bad_format : NULL;
    bool has_seq = false;
    while (!fault && next_word(&line, &word)) {
        struct buf value = {0};
        const struct bytes v = next_word(&line, &value) ? buf_bytes(&value) : bytes_of("", 0);
        if (bytes_is_word(buf_bytes(&word), "file") && !f->name) {
            if (is_name(v)) {
                buf_append_char(&value, '\0');
                f->name = mem_strdup(value.data);
            } else {
                fault = "File can't be a path, just a filename";
            }
        } else if (bytes_is_word(buf_bytes(&word), "seq")) {
            has_seq = bytes_to_int64(v, &f->seq) && f->seq >= 0;
            fault = has_seq ? NULL : "Invalid AOF manifest file format: the seq is no number";
        } else if (bytes_is_word(buf_bytes(&word), "type") && v.size == 1) {
            f->kind = (enum aof_file_kind)v.data[0];
        }
        buf_release(&value);
    }
    buf_release(&word);
    if (!fault && (!f->name || !has_seq))
        fault = bad_format;
    if (!fault && f->kind != AOF_BASE && f->kind != AOF_INCR && f->kind != AOF_HISTORY)
        fault = "Unknown AOF file type";
    return fault;
}

static const char *aof_manifest_add_line(struct aof_manifest *m, struct bytes line)
{
    struct aof_file f = {0};
    if (line.size > LINE_MAX_BYTES)
        return "The AOF manifest file contains too long line";
    const char *fault = parse_line(line, &f);
    if (!fault && f.kind == AOF_BASE && aof_manifest_base(m))
        fault = "Found duplicate base file information";
    const struct aof_file *last = aof_manifest_last_incr(m);
    if (!fault && f.kind == AOF_INCR && last && f.seq <= last->seq)
        fault = "Found a non-monotonic sequence number";
    if (fault) {
        mem_strfree(f.name);
        return fault;
    }
    const size_t live = live_begin(m);
    aof_manifest_insert(m, f.kind == AOF_INCR ? m->count : live, &f);
    return NULL;
}

int aof_manifest_parse(struct bytes text, struct aof_manifest *out, struct buf *error)
{
    unsigned number = 0;
    memset(out, 0, sizeof *out);
    const char *fault = text.size == 0 ? "Found an empty AOF manifest" : NULL;
    while (!fault && text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        number++;
        if (!end) {
            fault = "The AOF manifest file contains an unfinished line";
            break;
        }
        struct bytes line = bytes_of(text.data, (size_t)(end - text.data));
        text = bytes_of(end + 1, text.size - line.size - 1);
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if (line.size == 0)
            fault = bad_format;
        else if (line.data[0] != '#')
            fault = aof_manifest_add_line(out, line);
    }
    if (!fault)
        return LK_OK;
    buf_printf(error, "%s (line %u)", fault, number);
    aof_manifest_release(out);
    return LK_EFORMAT;
}

/* --- changes --------------------------------------------------------------------------------- */

static char *file_name(const char *filename, int64_t seq, const char *suffix)
{
    struct buf b = {0};
    buf_printf(&b, "%s.%lld%s", filename, (long long)seq, suffix);
    buf_append_char(&b, '\0');
    char *name = mem_strdup(b.data);
    buf_release(&b);
    return name;
}

const struct aof_file *aof_manifest_add_incr(struct aof_manifest *m, const char *filename)
{
    const int64_t seq = m->incr_seq + 1;
    const struct aof_file f = {file_name(filename, seq, ".incr.aof"), seq, AOF_INCR};
    aof_manifest_insert(m, m->count, &f);
    return &m->files[m->count - 1];
}

const struct aof_file *aof_manifest_new_base(struct aof_manifest *m, const char *filename, bool rdb,
                                             size_t keep)
{
    const int64_t seq = m->base_seq + 1;
    const size_t kept = keep < m->count ? m->count - keep : 0;
    for (size_t i = 0; i < kept; i++)
        m->files[i].kind = AOF_HISTORY;
    const struct aof_file f = {file_name(filename, seq, rdb ? ".base.rdb" : ".base.aof"), seq,
                               AOF_BASE};
    aof_manifest_insert(m, kept, &f);
    return &m->files[kept];
}

void aof_manifest_adopt(struct aof_manifest *m, const char *filename)
{
    const struct aof_file f = {mem_strdup(filename), m->base_seq + 1, AOF_BASE};
    aof_manifest_insert(m, live_begin(m), &f);
}

void aof_manifest_drop_history(struct aof_manifest *m)
{
    const size_t live = live_begin(m);
    for (size_t i = 0; i < live; i++)
        mem_strfree(m->files[i].name);
    memmove(m->files, m->files + live, (m->count - live) * sizeof *m->files);
    m->count -= live;
}
