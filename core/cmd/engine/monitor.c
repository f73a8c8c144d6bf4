#include "core/cmd/engine/monitor.h"

#include "core/base/clock.h"
#include "core/cmd/client/secret.h"
#include "core/cmd/engine/unit.h"

enum { LINE_KEEP = 64 * 1024, HEAD_MAX = INT64_CHARS + 32, ESCAPED_MAX = 4 };

/* --- words ----------------------------------------------------------------------------------- */

#define EACH_BYTE(c) ((uint64_t)(c)*UINT64_C(0x0101010101010101))

/* The top bit of each byte that is 0; above the first such byte others may have theirs set. */
LK_HOT_INLINE uint64_t bytes_zero(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* Are these eight all characters that stand for themselves in quotes? */
LK_HOT_INLINE bool eight_are_plain(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return !((((word - EACH_BYTE(' ')) | word) & EACH_BYTE(0x80)) |
             bytes_zero(word ^ EACH_BYTE('"')) | bytes_zero(word ^ EACH_BYTE('\\')) |
             bytes_zero(word ^ EACH_BYTE(0x7f)));
}

static char *monitor_put_char(char *to, unsigned char c)
{
    static const char named[] = "\n\r\t\a\b\"\\", letters[] = "nrtab\"\\";
    static const char digits[] = "0123456789abcdef";
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
        *to++ = (char)c;
        return to;
    }
    const char *at = c ? memchr(named, c, sizeof named - 1) : NULL;
    *to++ = '\\';
    if (at) {
        *to++ = letters[at - named];
        return to;
    }
    *to++ = 'x';
    *to++ = digits[c >> 4];
    *to++ = digits[c & 15];
    return to;
}

/* A space and the word in quotes; what is no plain character is written as in a C string. */
static void monitor_append_word(struct buf *out, struct bytes word)
{
    char *to = buf_reserve(out, word.size * ESCAPED_MAX + 3);
    *to++ = ' ';
    *to++ = '"';
    size_t i = 0;
    for (; word.size - i >= 8 && eight_are_plain(word.data + i); i += 8, to += 8)
        memcpy(to, word.data + i, 8);
    for (; i < word.size; i++)
        to = monitor_put_char(to, (unsigned char)word.data[i]);
    *to++ = '"';
    out->size = (size_t)(to - out->data);
}

/* "+1700000000.123456 [0 127.0.0.1:50000]" */
static void monitor_append_head(struct buf *out, const struct session *s)
{
    const int64_t us = clock_unix_us();
    const struct bytes peer = bytes_cstr(s->registry.peer ? s->registry.peer : "?:0");
    char *to = buf_reserve(out, HEAD_MAX + INT64_CHARS + peer.size);
    *to++ = '+';
    to += int64_to_chars(us / 1000000, to);
    *to++ = '.';
    int64_t rest = us % 1000000;
    for (int i = 5; i >= 0; i--, rest /= 10)
        to[i] = (char)('0' + rest % 10);
    to += 6;
    *to++ = ' ';
    *to++ = '[';
    to += int64_to_chars(s->db, to);
    *to++ = ' ';
    memcpy(to, peer.data, peer.size);
    to += peer.size;
    *to++ = ']';
    out->size = (size_t)(to - out->data);
}

/* --- lines ----------------------------------------------------------------------------------- */

void monitor_note(struct dispatcher *d, const struct session *s, const struct command_info *c,
                  const struct args *a)
{
    if (c->flags & (CMD_SKIP_MONITOR | CMD_ADMIN) || d->unit.serving ||
        session_has(s, SESSION_SERVICE))
        return; /* whoever is served was shown when it began to wait, or whom the server serves */
    monitor_show(d, s, c, a);
}

void monitor_show(struct dispatcher *d, const struct session *s, const struct command_info *c,
                  const struct args *a)
{
    const struct secret_rule rule = {c, d->batch.config->is_secret};
    const bool secrets = command_has_secrets(c);
    struct buf *line = &d->monitor_line;
    line->size = 0;
    monitor_append_head(line, s);
    for (uint32_t i = 0; i < a->n; i++) {
        const bool secret = LK_UNLIKELY(secrets) && args_is_secret(&rule, a, i);
        monitor_append_word(line, secret ? bytes_cstr(SECRET_TEXT) : a->v[i]);
    }
    unit_add_message(d, MESSAGE_MONITOR, bytes_of("", 0), buf_bytes(line), false);
    if (LK_UNLIKELY(line->capacity > LINE_KEEP))
        buf_release(line);
}
