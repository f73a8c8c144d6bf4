/*
 * cmd_server.c — TIME, LASTSAVE, LOLWUT, SHUTDOWN.
 */
#include "core/base/atomic.h"
#include "io/admin/admin_priv.h"

#include "core/cmd/command/version.h"
#include "core/cmd/engine/exec_script.h"
#include "io/admin/lolwut.h"

static enum outcome server_time(struct exec *x, const struct args *a)
{
    const int64_t now_us = exec_clock_us(x);

    (void)a;
    reply_array(x->reply, 2);
    reply_bulk_int(x->reply, now_us / 1000000);
    reply_bulk_int(x->reply, now_us % 1000000);
    return RUN_DONE;
}

static enum outcome last_save(struct exec *x, const struct args *a)
{
    const struct admin_parts *parts = &x->admin->parts;
    struct admin_persistence p = {0};

    (void)a;
    if (parts->persistence)
        parts->persistence(parts->ctx, &p);
    reply_int(x->reply, p.last_save_s ? p.last_save_s : parts->started_ms / 1000);
    return RUN_DONE;
}

/* LOLWUT [VERSION n] [columns [rows]]: there is one picture, so the version only names itself. */
static enum outcome server_lolwut(struct exec *x, const struct args *a)
{
    int64_t version, columns = LOLWUT_COLUMNS, rows = LOLWUT_ROWS;
    uint32_t next = 1;
    struct buf text = {0};
    struct rng rng;
    uint64_t seed;

    if (a->n > 2 && args_is(a, 1, "version")) {
        if (args_int64(a, 2, &version) != LK_OK)
            return reply_status(x, LK_ENOTINT);
        next = 3;
    }
    if (next < a->n && args_int64(a, next, &columns) != LK_OK)
        columns = LOLWUT_COLUMNS;
    if (next + 1 < a->n && args_int64(a, next + 1, &rows) != LK_OK)
        rows = LOLWUT_ROWS;
    columns = columns < 1 ? 1 : columns > LOLWUT_COLUMNS_MAX ? LOLWUT_COLUMNS_MAX : columns;
    rows = rows < 1 ? 1 : rows > LOLWUT_ROWS_MAX ? LOLWUT_ROWS_MAX : rows;
    rng_system(&seed, sizeof seed);
    rng_seed(&rng, seed);
    lolwut_draw(&rng, columns, rows, &text);
    buf_printf(&text, "\nA latch, a key. Latchkey %s, Redis ver. %s\n", LATCHKEY_VERSION,
               REDIS_VERSION);
    reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
    return RUN_DONE;
}

/* --- SHUTDOWN -------------------------------------------------------------------------------- */

enum { ABORT = 1 << 16 };

static bool shutdown_flags(const struct args *a, unsigned *flags)
{
    static const struct {
        const char *word;
        unsigned flag;
    } words[] = {{"save", ADMIN_SHUTDOWN_SAVE},
                 {"nosave", ADMIN_SHUTDOWN_NOSAVE},
                 {"now", ADMIN_SHUTDOWN_NOW},
                 {"force", ADMIN_SHUTDOWN_FORCE},
                 {"abort", ABORT}};
    enum { WORDS = sizeof words / sizeof *words };

    for (uint32_t i = 1; i < a->n; i++) {
        uint32_t w = 0;
        while (w < WORDS && !args_is(a, i, words[w].word))
            w++;
        if (w == WORDS)
            return false;
        *flags |= words[w].flag;
    }
    const unsigned both = ADMIN_SHUTDOWN_SAVE | ADMIN_SHUTDOWN_NOSAVE;
    return (*flags & both) != both && (!(*flags & ABORT) || *flags == ABORT);
}

static enum outcome shutdown_abort(struct exec *x)
{
    const struct admin_parts *parts = &x->admin->parts;

    if (parts->shutdown_abort && parts->shutdown_abort(parts->ctx))
        reply_ok(x->reply);
    else
        reply_error(x->reply, "ERR No shutdown in progress.");
    return RUN_DONE;
}

static enum outcome shutdown_server(struct exec *x, const struct args *a)
{
    const struct admin_parts *parts = &x->admin->parts;
    unsigned flags = 0;

    if (!shutdown_flags(a, &flags))
        return reply_syntax(x);
    if (flags & ABORT)
        return shutdown_abort(x);
    const char *busy = load_acquire(&parts->engine->busy.line);
    if (busy && !(flags & ADMIN_SHUTDOWN_NOSAVE)) {
        reply_error(x->reply, "%s", busy);
        return RUN_DONE;
    }
    if (!parts->shutdown) {
        reply_error(x->reply, "ERR Errors trying to SHUTDOWN. Check logs.");
        return RUN_DONE;
    }
    /* The end of the connection is the answer, unless the server cannot end. */
    const struct wait_spec until_the_end = {.count = 0};
    parts->shutdown(parts->ctx, flags, x->session->worker, x->session->id);
    return exec_wait(x, a, &until_the_end);
}

const struct command admin_server_commands[] = {
    {"lastsave", .arity = 1, .flags = CMD_LOADING | CMD_STALE | CMD_FAST,
     .categories = CAT_ADMIN | CAT_DANGEROUS, .run = last_save},
    {"lolwut", .arity = -1, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_READ,
     .run = server_lolwut},
    {"shutdown", .arity = -1,
     .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_NO_MULTI | CMD_ALLOW_BUSY,
     .categories = CAT_ADMIN | CAT_DANGEROUS, .run = shutdown_server},
    {"time", .arity = 1, .flags = CMD_LOADING | CMD_STALE | CMD_FAST, .run = server_time},
    {0},
};
