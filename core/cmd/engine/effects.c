/*
 * effects.c — what a command changed, as commands that anybody can replay.
 *
 * Nothing is collected while nobody reads the log.  All effects of a command, or of a whole
 * transaction, go into one slot of the ring, so that they are one unit for whoever reads it.
 */
#include "core/cmd/engine/unit.h"

#include <stdarg.h>

/* Commands on their way into a slot. */
struct form {
    struct buf *bytes;
    uint32_t *commands, *first_db, *last_db;
};

static struct form form_of_all(struct effects *e)
{
    return (struct form){&e->bytes, &e->commands, &e->first_db, &e->last_db};
}

static struct form form_of_replicas(struct effects *e)
{
    return (struct form){&e->repl.bytes, &e->repl.commands, &e->repl.first_db, &e->repl.last_db};
}

static void add_command(struct buf *b, const struct bytes *argv, uint32_t n)
{
    reply_buf_header(b, '*', n);
    for (uint32_t i = 0; i < n; i++)
        reply_buf_bulk(b, argv[i]);
}

static LK_COLD void effects_add_select(struct buf *b, uint32_t db)
{
    char digits[INT64_CHARS];
    const struct bytes argv[2] = {bytes_cstr("SELECT"), {digits, int64_to_chars(db, digits)}};
    add_command(b, argv, 2);
}

static void form_add(const struct form *f, uint32_t db, const struct bytes *argv, uint32_t n)
{
    if (*f->commands == 0)
        *f->first_db = db;
    else if (*f->last_db != db)
        effects_add_select(f->bytes, db); /* it says where, not what: it is not counted */
    *f->last_db = db;
    add_command(f->bytes, argv, n);
    ++*f->commands;
}

/* From now on the replicas are told something else. */
static void effects_fork(struct effects *e)
{
    if (e->forms & FORMS_DIFFER)
        return;
    e->forms |= FORMS_DIFFER;
    e->repl.bytes.size = 0;
    buf_append_bytes(&e->repl.bytes, buf_bytes(&e->bytes));
    e->repl.commands = e->commands;
    e->repl.first_db = e->first_db;
    e->repl.last_db = e->last_db;
}

static LK_COLD void effects_add_apart(struct effects *e, uint32_t db, const struct bytes *argv,
                                      uint32_t n)
{
    const struct form all = form_of_all(e), repl = form_of_replicas(e);
    effects_fork(e);
    if (!(e->forms & FORMS_REPL))
        form_add(&all, db, argv, n);
    if (!(e->forms & FORMS_AOF))
        form_add(&repl, db, argv, n);
}

void effects_add(struct unit *u, uint32_t db, const struct bytes *argv, uint32_t n)
{
    LK_ASSERT(n > 0);
    u->work |= UNIT_EFFECTS;
    if (LK_UNLIKELY(u->effects.forms != 0)) {
        effects_add_apart(&u->effects, db, argv, n);
        return;
    }
    const struct form all = form_of_all(&u->effects);
    form_add(&all, db, argv, n);
}

void effects_add_to_replicas(struct unit *u, uint32_t db, const struct bytes *argv, uint32_t n)
{
    struct effects *e = &u->effects;
    LK_ASSERT(n > 0);
    u->work |= UNIT_EFFECTS;
    effects_fork(e);
    const struct form repl = form_of_replicas(e);
    form_add(&repl, db, argv, n);
}

enum { LARGE_EFFECTS = 64 * 1024 };

/* A unit of several commands is a transaction for replicas and for the loader. */
static struct log_bytes bytes_of_unit(struct effects *e, const struct form *f)
{
    static const char multi[] = "*1\r\n$5\r\nMULTI\r\n", exec[] = "*1\r\n$4\r\nEXEC\r\n";
    struct buf *b = f->bytes;
    const bool unit = *f->commands > 1 && !e->apart;
    if (!unit && b->size >= LARGE_EFFECTS) {
        /* The block itself goes, rather than a copy of a large value under the locks. */
        char *whole = mem_realloc(b->data, b->capacity, b->size);
        const struct log_bytes out = {whole, b->size, LOG_HOLD_BLOCK, LOG_TO_ALL};
        memset(b, 0, sizeof *b);
        return out;
    }
    const size_t head = unit ? sizeof multi - 1 : 0, foot = unit ? sizeof exec - 1 : 0;
    const struct log_bytes out = log_arena_take(&e->arena, head + b->size + foot);
    char *to = out.data;
    memcpy(to, multi, head);
    memcpy(to + head, b->data, b->size);
    memcpy(to + head + b->size, exec, foot);
    return out;
}

static uint64_t put_form(struct effects *e, const struct form *f, struct log_ring *log, uint32_t to)
{
    LK_ASSERT(*f->commands > 0 && f->bytes->size > 0);
    struct log_bytes bytes = bytes_of_unit(e, f);
    bytes.to = (enum log_to)to;
    const uint64_t ticket = log_ring_put_bytes(log, &bytes, *f->first_db, *f->last_db);
    log_ring_poke(log);
    *f->commands = 0;
    f->bytes->size = 0;
    if (LK_UNLIKELY(f->bytes->capacity > LARGE_EFFECTS))
        buf_release(f->bytes);
    return ticket;
}

static void form_drop(const struct form *f)
{
    *f->commands = 0;
    f->bytes->size = 0;
}

/* The replicas are told something else than the file: two slots, under the same locks. */
static LK_COLD uint64_t put_both_forms(struct effects *e, struct log_ring *log, uint32_t to)
{
    const struct form all = form_of_all(e), repl = form_of_replicas(e);
    uint64_t ticket = 0;
    if (e->commands > 0 && to & LOG_TO_AOF)
        ticket = put_form(e, &all, log, LOG_TO_AOF);
    if (e->repl.commands > 0 && to & LOG_TO_REPL)
        ticket = put_form(e, &repl, log, LOG_TO_REPL);
    form_drop(&all);
    form_drop(&repl);
    e->forms = 0;
    LK_ASSERT(ticket > 0);
    return ticket;
}

uint64_t effects_put(struct effects *e, struct log_ring *log, uint32_t to)
{
    if (LK_UNLIKELY(e->forms != 0))
        return put_both_forms(e, log, to);
    const struct form all = form_of_all(e);
    return put_form(e, &all, log, to);
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
