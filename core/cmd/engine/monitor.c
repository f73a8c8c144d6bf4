#include "core/cmd/engine/monitor.h"

#include "core/base/clock.h"
#include "core/cmd/client/secret.h"
#include "core/cmd/engine/dispatch_priv.h"

/* In quotes; what is no plain character is written as in a C string. */
static void monitor_append_quoted(struct buf *out, struct bytes word)
{
    static const char named[] = "\n\r\t\a\b\"\\", letters[] = "nrtab\"\\";
    buf_append_char(out, '"');
    for (size_t i = 0; i < word.size; i++) {
        const unsigned char c = (unsigned char)word.data[i];
        const char *at = c ? memchr(named, c, sizeof named - 1) : NULL;
        if (at) {
            buf_append_char(out, '\\');
            buf_append_char(out, letters[at - named]);
        } else if (c < ' ' || c > '~') {
            buf_printf(out, "\\x%02x", c);
        } else {
            buf_append_char(out, (char)c);
        }
    }
    buf_append_char(out, '"');
}

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
    const int64_t us = clock_unix_us();
    struct buf line = {0};
    buf_printf(&line, "%lld.%06lld [%u %s]", (long long)(us / 1000000), (long long)(us % 1000000),
               s->db, s->registry.peer ? s->registry.peer : "?:0");
    for (uint32_t i = 0; i < a->n; i++) {
        buf_append_char(&line, ' ');
        const bool secret = args_is_secret(&rule, a, i);
        monitor_append_quoted(&line, secret ? bytes_cstr(SECRET_TEXT) : a->v[i]);
    }
    unit_add_message(d, MESSAGE_MONITOR, bytes_of("", 0), buf_bytes(&line), false);
    buf_release(&line);
}
