/*
 * reply_status.c — the words that clients know for each way to fail.
 *
 * Libraries and applications match on these lines, so they stand here once and nowhere else.
 */
#include "core/cmd/engine/exec.h"

#include <ctype.h>

/* Error lines quote at most this much of what the client sent. */
enum { QUOTE_MAX = 128 };

static const char *const lines[] = {
    [-LK_ENOMEM] = "OOM command not allowed when used memory > 'maxmemory'.",
    [-LK_ETYPE] = "WRONGTYPE Operation against a key holding the wrong kind of value",
    [-LK_ENOTINT] = "ERR value is not an integer or out of range",
    [-LK_ENOTFLOAT] = "ERR value is not a valid float",
    [-LK_EOVERFLOW] = "ERR increment or decrement would overflow",
    [-LK_ENANINF] = "ERR increment would produce NaN or Infinity",
    [-LK_ESYNTAX] = "ERR syntax error",
    [-LK_ENOKEY] = "ERR no such key",
    [-LK_ERANGE] = "ERR index out of range",
    [-LK_ETOOBIG] = "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
    [-LK_EDBINDEX] = "ERR DB index is out of range",
    [-LK_ESAME] = "ERR source and destination objects are the same",
    [-LK_ENEGATE] = "ERR decrement would overflow",
    [-LK_EIO] = "ERR I/O error",
    [-LK_EFORMAT] = "ERR Bad data format",
    [-LK_EBUSY] = "ERR already in progress",
    [-LK_EAGAIN] = "ERR try again later",
    [-LK_ECURSOR] = "ERR invalid cursor",
    [-LK_ENOTPOS] = "ERR value is out of range, must be positive",
    [-LK_EHASHINT] = "ERR hash value is not an integer",
    [-LK_EHASHFLT] = "ERR hash value is not a float",
    [-LK_ENOTFIN] = "ERR value is NaN or Infinity",
    [-LK_ENAN] = "ERR resulting score is not a number (NaN)",
    [-LK_EMINMAX] = "ERR min or max is not a float",
    [-LK_ELEX] = "ERR min or max not valid string range item",
    [-LK_ENOTHLL] = "WRONGTYPE Key is not a valid HyperLogLog string value.",
    [-LK_EHLL] = "INVALIDOBJ Corrupted HLL object detected",
    [-LK_ENOTID] = "ERR Invalid stream ID specified as stream command argument",
    [-LK_ENOVALUES] = "ERR NOVALUES option can only be used in HSCAN",
    [-LK_EIDMIN] = "ERR invalid start ID for the interval",
    [-LK_EIDMAX] = "ERR invalid end ID for the interval",
};

/* "object|encoding", or the plain name. */
static void append_full_name(struct exec *x, struct buf *out)
{
    if (x->container) {
        buf_append_cstr(out, x->container->name);
        buf_append_char(out, '|');
    }
    buf_append_cstr(out, x->cmd->name);
}

/* Writes the line with the command's full name between head and tail. */
static enum outcome reply_named(struct exec *x, const char *head, const char *tail)
{
    struct buf line = {0};
    buf_append_cstr(&line, head);
    append_full_name(x, &line);
    buf_append_cstr(&line, tail);
    reply_error_bytes(x->reply, buf_bytes(&line));
    buf_release(&line);
    return RUN_DONE;
}

enum outcome reply_status(struct exec *x, int status)
{
    if (status == LK_EEXPIRE)
        return reply_named(x, "ERR invalid expire time in '", "' command");
    const size_t index = (size_t)-status;
    LK_ASSERT(status < 0 && index < sizeof lines / sizeof lines[0] && lines[index]);
    reply_error_bytes(x->reply, bytes_cstr(lines[index]));
    return RUN_DONE;
}

enum outcome reply_not_between(struct exec *x, int64_t least, int64_t most)
{
    reply_error(x->reply, "ERR value is out of range, value must between %lld and %lld",
                (long long)least, (long long)most);
    return RUN_DONE;
}

enum outcome reply_syntax(struct exec *x)
{
    return reply_status(x, LK_ESYNTAX);
}

enum outcome reply_arity(struct exec *x)
{
    return reply_named(x, "ERR wrong number of arguments for '", "' command");
}

static void append_upper(struct buf *out, struct bytes word)
{
    for (size_t i = 0; i < word.size && i < QUOTE_MAX; i++)
        buf_append_char(out, (char)toupper((unsigned char)word.data[i]));
}

static enum outcome reply_no_subcommand(struct exec *x, const struct args *a, const char *head)
{
    struct buf line = {0};
    const struct bytes word = a->v[1];
    buf_append_cstr(&line, head);
    buf_append_shown(&line, word, QUOTE_MAX);
    buf_append_cstr(&line, "'. Try ");
    append_upper(&line, a->v[0]);
    buf_append_cstr(&line, " HELP.");
    reply_error_bytes(x->reply, buf_bytes(&line));
    buf_release(&line);
    return RUN_DONE;
}

enum outcome reply_subcommand(struct exec *x, const struct args *a)
{
    return reply_no_subcommand(x, a, "ERR unknown subcommand or wrong number of arguments for '");
}

enum outcome reply_unknown_subcommand(struct exec *x, const struct args *a)
{
    return reply_no_subcommand(x, a, "ERR unknown subcommand '");
}

enum outcome reply_help(struct exec *x, const char *const *help)
{
    struct buf head = {0};
    uint64_t n = 0;
    while (help[n])
        n++;
    reply_array(x->reply, n + 3);
    append_upper(&head, bytes_cstr(x->container ? x->container->name : x->cmd->name));
    buf_append_cstr(&head, " <subcommand> [argument ...], where <subcommand> is one of:");
    reply_simple_bytes(x->reply, buf_bytes(&head));
    buf_release(&head);
    for (uint64_t i = 0; i < n; i++)
        reply_simple(x->reply, help[i]);
    reply_simple(x->reply, "HELP");
    reply_simple(x->reply, "    Shows this list.");
    return RUN_DONE;
}
