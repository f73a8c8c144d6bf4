/*
 * effects.c — what a command changed, as commands that anybody can replay.
 *
 * Nothing is collected while nobody reads the log.  All effects of a command, or of a whole
 * transaction, go into one slot of the ring, so that they are one unit for whoever reads it.
 */
#include "core/cmd/engine/dispatch_priv.h"

#include <stdarg.h>

static void add_command(struct effects *e, const struct bytes *argv, uint32_t n)
{
    reply_buf_header(&e->bytes, '*', n);
    for (uint32_t i = 0; i < n; i++)
        reply_buf_bulk(&e->bytes, argv[i]);
    e->commands++;
}

static void effects_add_select(struct effects *e, uint32_t db)
{
    char digits[INT64_CHARS];
    const struct bytes argv[2] = {bytes_cstr("SELECT"), {digits, int64_to_chars(db, digits)}};
    add_command(e, argv, 2);
    e->commands--; /* it says where, not what */
}

void effects_add(struct unit *u, uint32_t db, const struct bytes *argv, uint32_t n)
{
    struct effects *e = &u->effects;
    LK_ASSERT(n > 0);
    u->work |= UNIT_EFFECTS;
    if (e->commands == 0)
        e->first_db = db;
    else if (e->last_db != db)
        effects_add_select(e, db);
    e->last_db = db;
    add_command(e, argv, n);
}

enum { LARGE_EFFECTS = 64 * 1024 };

/* A unit of several commands is a transaction for replicas and for the loader. */
static struct log_bytes bytes_of_unit(struct effects *e)
{
    static const char multi[] = "*1\r\n$5\r\nMULTI\r\n", exec[] = "*1\r\n$4\r\nEXEC\r\n";
    const bool unit = e->commands > 1 && !e->apart;
    if (!unit && e->bytes.size >= LARGE_EFFECTS) {
        /* The block itself goes, rather than a copy of a large value under the locks. */
        char *whole = mem_realloc(e->bytes.data, e->bytes.capacity, e->bytes.size);
        const struct log_bytes out = {whole, e->bytes.size, LOG_HOLD_BLOCK};
        memset(&e->bytes, 0, sizeof e->bytes);
        return out;
    }
    const size_t head = unit ? sizeof multi - 1 : 0, foot = unit ? sizeof exec - 1 : 0;
    const struct log_bytes out = log_arena_take(&e->arena, head + e->bytes.size + foot);
    char *to = out.data;
    memcpy(to, multi, head);
    memcpy(to + head, e->bytes.data, e->bytes.size);
    memcpy(to + head + e->bytes.size, exec, foot);
    return out;
}

uint64_t effects_put(struct effects *e, struct log_ring *log)
{
    LK_ASSERT(e->commands > 0 && e->bytes.size > 0);
    const struct log_bytes bytes = bytes_of_unit(e);
    const uint64_t ticket = log_ring_put_bytes(log, &bytes, e->first_db, e->last_db);
    log_ring_poke(log);
    e->commands = 0;
    e->bytes.size = 0;
    if (LK_UNLIKELY(e->bytes.capacity > LARGE_EFFECTS))
        buf_release(&e->bytes);
    return ticket;
}

void exec_effect(struct exec *x, const struct bytes *argv, uint32_t n)
{
    struct dispatcher *d = x->dispatcher;
    d->call.mode = EFFECT_EXPLICIT;
    if (d->batch.logging)
        effects_add(&d->unit, d->call.db_in_use, argv, n);
}

void exec_effect_none(struct exec *x)
{
    x->dispatcher->call.mode = EFFECT_EXPLICIT;
}

bool exec_is_logged(const struct exec *x)
{
    return x->dispatcher->batch.logging;
}

enum { FORMAT_WORDS = 8 };

void exec_effect_format(struct exec *x, const char *format, ...)
{
    struct dispatcher *d = x->dispatcher;
    d->call.mode = EFFECT_EXPLICIT;
    if (!d->batch.logging)
        return;
    struct bytes argv[FORMAT_WORDS];
    char digits[FORMAT_WORDS][INT64_CHARS];
    uint32_t n = 0;
    va_list words;
    va_start(words, format);
    for (const char *f = format; *f; f++, n++) {
        LK_ASSERT(n < FORMAT_WORDS);
        if (*f == 's')
            argv[n] = bytes_cstr(va_arg(words, const char *));
        else if (*f == 'b')
            argv[n] = va_arg(words, struct bytes);
        else
            argv[n] = bytes_of(digits[n], int64_to_chars(va_arg(words, int64_t), digits[n]));
    }
    va_end(words);
    effects_add(&d->unit, d->call.db_in_use, argv, n);
}
