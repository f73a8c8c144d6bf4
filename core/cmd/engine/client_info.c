/*
 * client_info.c — one client in one line.
 *
 * Tools split these lines at spaces and '=', so every field is there, in the order in which Redis
 * prints them; the totals at the end are those of Redis 8 and Valkey 8.  Redis keeps the first 16
 * KiB of replies in a fixed buffer (obl, rbs) and the others in a list of blocks (oll, omem).  Here
 * all lie in growing buffers; what a client has not read is shown as Redis would keep it, and omem
 * is what those buffers really take.
 */
#include "core/cmd/engine/client_info.h"

#include "core/base/atomic.h"
#include "core/cmd/client/acl_user.h"
#include "core/cmd/engine/session_end.h"

enum { OUTPUT_BLOCK = 16 * 1024, BLOCKED = SESSION_BLOCKED | SESSION_POSTPONED };

#define READ(field) load_relaxed(&(field))

enum client_type client_type_of(const struct session *s)
{
    if (session_has(s, SESSION_MASTER))
        return CLIENT_MASTER;
    if (session_has(s, SESSION_REPLICA))
        return CLIENT_REPLICA;
    const bool subscriber =
        READ(s->shown.channels) + READ(s->shown.patterns) + READ(s->shown.shard_channels) > 0;
    return subscriber ? CLIENT_PUBSUB : CLIENT_NORMAL;
}

static void append_tracking(struct buf *out, const struct session *s)
{
    if (session_has(s, SESSION_TRACKING))
        buf_append_char(out, 't');
    if (session_has(s, SESSION_TRACKING_BROKEN))
        buf_append_char(out, 'R');
    if (session_has(s, SESSION_TRACKING_BCAST))
        buf_append_char(out, 'B');
}

static void append_flags(struct buf *out, const struct session *s)
{
    static const struct {
        uint32_t flag;
        char letter;
    } letters[] = {{SESSION_MONITOR, 'O'}, {SESSION_REPLICA, 'S'},  {SESSION_MASTER, 'M'},
                   {SESSION_MULTI, 'x'},   {BLOCKED, 'b'},          {SESSION_CLOSE_AFTER, 'c'},
                   {SESSION_UNIX, 'U'},    {SESSION_NO_EVICT, 'e'}, {SESSION_NO_TOUCH, 'T'}};
    const size_t begin = out->size;
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (session_has(s, letters[i].flag))
            buf_append_char(out, letters[i].letter);
        if (letters[i].flag == SESSION_MASTER && client_type_of(s) == CLIENT_PUBSUB)
            buf_append_char(out, 'P');
        if (letters[i].flag == BLOCKED)
            append_tracking(out, s);
        if (letters[i].flag == BLOCKED && session_watch_is_dirty(s))
            buf_append_char(out, 'd');
        if (letters[i].flag == SESSION_CLOSE_AFTER && READ(s->kill))
            buf_append_char(out, 'A');
    }
    if (out->size == begin)
        buf_append_char(out, 'N');
}

static long long seconds_since(int64_t then_ms, int64_t now_ms)
{
    return now_ms > then_ms ? (long long)(now_ms - then_ms) / 1000 : 0;
}

static const char *client_info_text(const char *s)
{
    return s ? s : "";
}

static void append_sizes(struct buf *out, const struct session *s)
{
    const uint64_t query = READ(s->shown.query_size), spare = READ(s->shown.query_free);
    const uint64_t args = READ(s->shown.args_size) + READ(s->shown.query_args);
    const uint64_t multi = READ(s->shown.multi_size);
    const uint64_t output = READ(s->shown.output_size), room = READ(s->shown.output_capacity);
    const uint64_t behind = output > OUTPUT_BLOCK ? output - OUTPUT_BLOCK : 0;
    const uint64_t blocks = (behind + OUTPUT_BLOCK - 1) / OUTPUT_BLOCK;
    const uint64_t fixed = room < OUTPUT_BLOCK ? room : OUTPUT_BLOCK;
    buf_printf(out, " qbuf=%llu qbuf-free=%llu argv-mem=%llu multi-mem=%llu rbs=%llu rbp=%llu",
               (unsigned long long)query, (unsigned long long)spare, (unsigned long long)args,
               (unsigned long long)multi, (unsigned long long)fixed, (unsigned long long)fixed);
    buf_printf(out, " obl=%llu oll=%llu omem=%llu tot-mem=%llu events=%s",
               (unsigned long long)(output - behind), (unsigned long long)blocks,
               (unsigned long long)(blocks > 0 && room > fixed ? room - fixed : 0),
               (unsigned long long)session_bytes(s), output > 0 ? "rw" : "r");
}

void client_info_append(struct buf *out, const struct session *s, int64_t now_ms)
{
    buf_printf(out, "id=%llu addr=%s laddr=%s fd=%d name=%s", (unsigned long long)s->id,
               client_info_text(s->registry.peer), client_info_text(s->registry.local),
               READ(s->shown.fd), client_info_text(s->registry.name));
    buf_printf(out, " age=%lld idle=%lld flags=", seconds_since(READ(s->created_ms), now_ms),
               seconds_since(READ(s->last_used_ms), now_ms));
    append_flags(out, s);
    const int multi = session_has(s, SESSION_MULTI) ? (int)READ(s->shown.multi_commands) : -1;
    buf_printf(out, " db=%u sub=%u psub=%u ssub=%u multi=%d watch=%u", READ(s->db),
               READ(s->shown.channels), READ(s->shown.patterns), READ(s->shown.shard_channels),
               multi, READ(s->shown.watched));
    append_sizes(out, s);
    const struct command_info *last = load_acquire(&s->last_command);
    const struct bytes user = s->user                          ? s->user->name
                              : session_has(s, SESSION_MASTER) ? bytes_cstr("(superuser)")
                                                               : bytes_cstr("default");
    buf_printf(out, " cmd=%s user=", last ? last->full_name : "NULL");
    buf_append_bytes(out, user);
    buf_printf(out, " redir=%lld resp=%u lib-name=%s lib-ver=%s",
               (long long)READ(s->shown.redirect), READ(s->shown.version),
               client_info_text(s->registry.lib_name), client_info_text(s->registry.lib_version));
    buf_printf(out, " tot-net-in=%llu tot-net-out=%llu tot-cmds=%llu\n",
               (unsigned long long)READ(s->bytes_in), (unsigned long long)READ(s->bytes_out),
               (unsigned long long)READ(s->commands));
}
