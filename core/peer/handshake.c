#include "core/peer/handshake.h"

#include <string.h>

/* --- what is said ---------------------------------------------------------------------------- */

static void handshake_say(struct handshake *h, bool warning, const char *format, ...)
    LK_PRINTF(3, 4);
static void handshake_say(struct handshake *h, bool warning, const char *format, ...)
{
    LK_ASSERT(h->said_count < HANDSHAKE_SAID_MAX);
    struct handshake_word *w = &h->said[h->said_count++];
    va_list args;
    w->warning = warning;
    w->text.size = 0;
    va_start(args, format);
    buf_vprintf(&w->text, format, args);
    va_end(args);
}

static void handshake_send(struct handshake *h, const struct bytes *words, uint32_t n)
{
    buf_printf(&h->out, "*%u\r\n", n);
    for (uint32_t i = 0; i < n; i++) {
        buf_printf(&h->out, "$%zu\r\n", words[i].size);
        buf_append_bytes(&h->out, words[i]);
        buf_append_cstr(&h->out, "\r\n");
    }
}

static struct bytes handshake_keep(struct buf *b, struct bytes text)
{
    buf_append_bytes(b, text);
    return buf_bytes(b);
}

void handshake_begin(struct handshake *h, const struct handshake_wish *wish)
{
    static const struct bytes ping = {"PING", 4};
    memset(h, 0, sizeof *h);
    h->offset = -1;
    h->wanted = *wish;
    h->wanted.user = handshake_keep(&h->wish[0], wish->user);
    h->wanted.password = handshake_keep(&h->wish[1], wish->password);
    h->wanted.announce_ip = handshake_keep(&h->wish[2], wish->announce_ip);
    if (wish->replid) {
        LK_ASSERT(strlen(wish->replid) == REPLID_CHARS);
        memcpy(h->replid, wish->replid, REPLID_CHARS + 1);
        h->wanted.replid = h->replid;
    }
    handshake_send(h, &ping, 1);
}

void handshake_end(struct handshake *h)
{
    buf_release(&h->out);
    for (int i = 0; i < 3; i++)
        buf_release(&h->wish[i]);
    for (int i = 0; i < HANDSHAKE_SAID_MAX; i++)
        buf_release(&h->said[i].text);
}

/* --- the steps ------------------------------------------------------------------------------- */

static void handshake_send_auth(struct handshake *h)
{
    struct bytes words[3] = {bytes_cstr("AUTH"), h->wanted.user, h->wanted.password};
    if (h->wanted.password.size == 0)
        return;
    if (h->wanted.user.size == 0)
        words[1] = h->wanted.password;
    handshake_send(h, words, h->wanted.user.size > 0 ? 3 : 2);
    h->asked |= 1u << HANDSHAKE_STEP_AUTH;
}

static void handshake_send_replconf(struct handshake *h, enum handshake_step step, const char *what,
                                    struct bytes value)
{
    const struct bytes words[] = {bytes_cstr("REPLCONF"), bytes_cstr(what), value};
    handshake_send(h, words, 3);
    h->asked |= 1u << step;
}

/* All of it at once: a master answers in order, and the round trips are saved. */
static void handshake_introduce(struct handshake *h)
{
    char digits[INT64_CHARS];
    const struct bytes port = bytes_of(digits, int64_to_chars(h->wanted.port, digits));
    const struct bytes capa[] = {bytes_cstr("REPLCONF"), bytes_cstr("capa"), bytes_cstr("eof"),
                                 bytes_cstr("capa"), bytes_cstr("psync2")};
    handshake_send_auth(h);
    handshake_send_replconf(h, HANDSHAKE_STEP_PORT, "listening-port", port);
    if (h->wanted.announce_ip.size > 0)
        handshake_send_replconf(h, HANDSHAKE_STEP_IP, "ip-address", h->wanted.announce_ip);
    handshake_send(h, capa, sizeof capa / sizeof *capa);
    h->asked |= 1u << HANDSHAKE_STEP_CAPA;
    if (h->wanted.version.size > 0)
        handshake_send_replconf(h, HANDSHAKE_STEP_VERSION, "version", h->wanted.version);
}

static void handshake_send_psync(struct handshake *h)
{
    char digits[INT64_CHARS];
    struct bytes words[] = {bytes_cstr("PSYNC"), bytes_cstr("?"), bytes_cstr("-1"),
                            bytes_cstr("FAILOVER")};
    if (h->wanted.replid) {
        words[1] = bytes_cstr(h->wanted.replid);
        words[2] = bytes_of(digits, int64_to_chars(h->wanted.next_offset, digits));
        handshake_say(h, false, "Trying a partial resynchronization (request %s:%lld).",
                      h->wanted.replid, (long long)h->wanted.next_offset);
    } else {
        handshake_say(h, false, "Partial resynchronization not possible (no cached master)");
    }
    handshake_send(h, words, h->wanted.failover ? 4 : 3);
    h->asked |= 1u << HANDSHAKE_STEP_PSYNC;
}

static enum handshake_outcome handshake_fail(struct handshake *h, const char *why,
                                             struct bytes line)
{
    handshake_say(h, true, "%s%.*s", why, (int)line.size, line.data);
    h->step = HANDSHAKE_STEP_END;
    return HANDSHAKE_FAILED;
}

static bool handshake_begins(struct bytes line, const char *word)
{
    const size_t n = strlen(word);
    return line.size >= n && memcmp(line.data, word, n) == 0;
}

/* A master with a password answers with an error, and yet is there. */
static enum handshake_outcome handshake_take_ping(struct handshake *h, struct bytes line)
{
    if (line.data[0] != '+' && !handshake_begins(line, "-NOAUTH") &&
        !handshake_begins(line, "-NOPERM") &&
        !handshake_begins(line, "-ERR operation not permitted"))
        return handshake_fail(h, "Error reply to PING from master: ", line);
    handshake_say(h, false, "Master replied to PING, replication can continue...");
    handshake_introduce(h);
    return HANDSHAKE_MORE;
}

/* "<id> <offset>" */
static bool handshake_read_full(struct handshake *h, struct bytes rest)
{
    int64_t offset;
    if (rest.size < REPLID_CHARS + 2 || rest.data[REPLID_CHARS] != ' ' ||
        !bytes_to_int64(bytes_of(rest.data + REPLID_CHARS + 1, rest.size - REPLID_CHARS - 1),
                        &offset) ||
        offset < 0)
        return false;
    memcpy(h->replid, rest.data, REPLID_CHARS);
    h->replid[REPLID_CHARS] = '\0';
    h->offset = offset;
    return true;
}

static enum handshake_outcome handshake_ask_old(struct handshake *h)
{
    static const struct bytes sync = {"SYNC", 4};
    handshake_say(h, false, "Retrying with SYNC...");
    handshake_send(h, &sync, 1);
    h->step = HANDSHAKE_STEP_END;
    h->replid[0] = '\0';
    h->offset = -1;
    return HANDSHAKE_FULL;
}

static enum handshake_outcome handshake_take_continue(struct handshake *h, struct bytes rest)
{
    if (!h->wanted.replid)
        return handshake_fail(h, "Unexpected reply to PSYNC from master: +CONTINUE", rest);
    handshake_say(h, false, "Successful partial resynchronization with master.");
    if (rest.size == REPLID_CHARS + 1 && memcmp(rest.data + 1, h->replid, REPLID_CHARS) != 0) {
        memcpy(h->replid, rest.data + 1, REPLID_CHARS);
        handshake_say(h, false, "Master replication ID changed to %s", h->replid);
    }
    h->step = HANDSHAKE_STEP_END;
    return HANDSHAKE_CONTINUE;
}

static enum handshake_outcome handshake_take_psync(struct handshake *h, struct bytes line)
{
    static const char full[] = "+FULLRESYNC ", on[] = "+CONTINUE";
    const int size = (int)line.size;
    if (handshake_begins(line, full)) {
        const size_t n = sizeof full - 1;
        h->step = HANDSHAKE_STEP_END;
        if (!handshake_read_full(h, bytes_of(line.data + n, line.size - n)))
            return handshake_fail(h, "Master replied with wrong +FULLRESYNC syntax: ", line);
        handshake_say(h, false, "Full resync from master: %s:%lld", h->replid,
                      (long long)h->offset);
        return HANDSHAKE_FULL;
    }
    if (handshake_begins(line, on))
        return handshake_take_continue(
            h, bytes_of(line.data + sizeof on - 1, line.size - (sizeof on - 1)));
    if (h->wanted.failover) {
        handshake_fail(h, "Unexpected reply to PSYNC from master: ", line);
        return HANDSHAKE_REFUSED;
    }
    if (handshake_begins(line, "-NOMASTERLINK") || handshake_begins(line, "-LOADING")) {
        handshake_say(h, false,
                      "Master is currently unable to PSYNC but should be in the future: %.*s", size,
                      line.data);
        h->step = HANDSHAKE_STEP_END;
        return HANDSHAKE_LATER;
    }
    if (handshake_begins(line, "-ERR"))
        handshake_say(h, false, "Master does not support PSYNC or is in error state (reply: %.*s)",
                      size, line.data);
    else
        handshake_say(h, true, "Unexpected reply to PSYNC from master: %.*s", size, line.data);
    return handshake_ask_old(h);
}

/* What the master does not know does no harm. */
static void handshake_note_refusal(struct handshake *h, struct bytes line)
{
    static const char *const names[] = {[HANDSHAKE_STEP_PORT] = "listening-port",
                                        [HANDSHAKE_STEP_IP] = "ip-address",
                                        [HANDSHAKE_STEP_CAPA] = "capa",
                                        [HANDSHAKE_STEP_VERSION] = NULL};
    if (line.data[0] == '-' && names[h->step])
        handshake_say(h, false, "(Non critical) Master does not understand REPLCONF %s: %.*s",
                      names[h->step], (int)line.size, line.data);
}

static enum handshake_outcome handshake_take_line(struct handshake *h, struct bytes line)
{
    enum handshake_outcome outcome = HANDSHAKE_MORE;
    switch (h->step) {
    case HANDSHAKE_STEP_PING:
        outcome = handshake_take_ping(h, line);
        break;
    case HANDSHAKE_STEP_AUTH:
        if (line.data[0] == '-')
            return handshake_fail(h, "Unable to AUTH to MASTER: ", line);
        break;
    case HANDSHAKE_STEP_PORT:
    case HANDSHAKE_STEP_IP:
    case HANDSHAKE_STEP_CAPA:
    case HANDSHAKE_STEP_VERSION:
        handshake_note_refusal(h, line);
        break;
    case HANDSHAKE_STEP_PSYNC:
        return handshake_take_psync(h, line);
    case HANDSHAKE_STEP_END:
        LK_ASSERT(h->step != HANDSHAKE_STEP_END);
    }
    if (outcome != HANDSHAKE_MORE)
        return outcome;
    do
        h->step++;
    while (h->step < HANDSHAKE_STEP_PSYNC && !(h->asked & 1u << h->step));
    if (h->step == HANDSHAKE_STEP_PSYNC)
        handshake_send_psync(h);
    return HANDSHAKE_MORE;
}

enum handshake_outcome handshake_take(struct handshake *h, struct bytes in, size_t *used)
{
    LK_ASSERT(h->step != HANDSHAKE_STEP_END);
    h->said_count = 0;
    *used = 0;
    while (h->said_count + 3 < HANDSHAKE_SAID_MAX) {
        const char *at = in.data + *used;
        const size_t left = in.size - *used;
        const char *end = left > 0 ? memchr(at, '\n', left) : NULL;
        if (!end && left < HANDSHAKE_LINE_MAX)
            return HANDSHAKE_MORE;
        if (!end)
            return handshake_fail(h, "Bad protocol from MASTER: an answer that does not end",
                                  bytes_of("", 0));
        struct bytes line = bytes_of(at, (size_t)(end - at));
        *used += line.size + 1;
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if (line.size == 0)
            continue; /* a sign of life */
        const enum handshake_outcome outcome = handshake_take_line(h, line);
        if (outcome != HANDSHAKE_MORE)
            return outcome;
    }
    return HANDSHAKE_MORE;
}

const char *handshake_step_name(enum handshake_step step)
{
    static const char *const names[] = {"ping", "auth",    "listening-port", "ip-address",
                                        "capa", "version", "psync",          "end"};
    LK_ASSERT(step <= HANDSHAKE_STEP_END);
    return names[step];
}
