/*
 * cmd_replication.c — PSYNC, SYNC, REPLCONF; a primary's ROLE; the rows of WAIT and WAITAOF.
 */
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/command/command_index.h"
#include "io/repl/failover.h"
#include "io/repl/repl_priv.h"

#include <stdio.h>
#include <string.h>

/* --- REPLCONF -------------------------------------------------------------------------------- */

/* Each sets what the peer says of itself.  False: the error line is written. */
typedef bool replconf_word(struct exec *x, struct replica *p, struct bytes value);

static bool replconf_port(struct exec *x, struct replica *p, struct bytes value)
{
    int64_t port;
    if (!bytes_to_int64(value, &port)) {
        reply_error(x->reply, "ERR value is not an integer or out of range");
        return false;
    }
    p->port = port;
    return true;
}

static bool replconf_address(struct exec *x, struct replica *p, struct bytes value)
{
    if (value.size > REPLICA_HOST_MAX) {
        reply_error(x->reply,
                    "ERR REPLCONF ip-address provided by replica instance is too long: "
                    "%zu bytes",
                    value.size);
        return false;
    }
    char text[REPLICA_HOST_MAX + 1] = "";
    memcpy(text, value.data, value.size);
    mem_strfree(p->ip);
    p->ip = mem_strdup(text);
    return true;
}

/* What is not known does not matter. */
static bool replconf_capa(struct exec *x, struct replica *p, struct bytes value)
{
    (void)x;
    if (bytes_is_word(value, "eof"))
        p->capa |= CAPA_EOF;
    else if (bytes_is_word(value, "psync2"))
        p->capa |= CAPA_PSYNC2;
    return true;
}

static bool replconf_rdb_only(struct exec *x, struct replica *p, struct bytes value)
{
    int64_t on;
    if (!bytes_to_int64(value, &on)) {
        reply_error(x->reply, "ERR value is not an integer or out of range");
        return false;
    }
    if (on < 0 || on > 1) {
        reply_error(x->reply, "ERR value is out of range, value must between 0 and 1");
        return false;
    }
    p->rdb_only = on;
    return true;
}

/* What it wants of the data: nothing, or functions, which are there in any case. */
static bool replconf_filter(struct exec *x, struct replica *p, struct bytes value)
{
    p->no_keys = value.size == 0 || bytes_is_word(value, "functions");
    if (p->no_keys)
        return true;
    reply_error(x->reply, "ERR Unsupported rdb-filter-only option: %.*s", (int)value.size,
                value.data);
    return false;
}

/* major.minor.patch of a Valkey; others do not say it. */
static bool replconf_version(struct exec *x, struct replica *p, struct bytes value)
{
    unsigned major = 0, minor = 0, patch = 0;
    char text[32] = "";
    memcpy(text, value.data, value.size < sizeof text ? value.size : sizeof text - 1);
    if (sscanf(text, "%u.%u.%u", &major, &minor, &patch) < 3 || major > 999) {
        reply_error(x->reply, "ERR Unrecognized version format: %.*s", (int)value.size, value.data);
        return false;
    }
    p->version = major * 10000 + minor % 100 * 100 + patch % 100;
    return true;
}

static const struct {
    const char *word;
    replconf_word *set;
} replconf_words[] = {{"listening-port", replconf_port},
                      {"ip-address", replconf_address},
                      {"capa", replconf_capa},
                      {"rdb-only", replconf_rdb_only},
                      {"rdb-filter-only", replconf_filter},
                      {"version", replconf_version}};

/* REPLCONF ACK offset [FACK offset]: from a replica, which waits for no answer. */
static enum outcome replconf_ack(struct exec *x, const struct args *a)
{
    int64_t ack, fack = -1;
    struct replica *p = (struct replica *)x->session->peer;
    if (!session_has(x->session, SESSION_REPLICA) || !p || args_int64(a, 2, &ack) != LK_OK)
        return RUN_DONE;
    if (a->n > 4 && args_is(a, 3, "fack") && args_int64(a, 4, &fack) != LK_OK)
        return RUN_DONE;
    replica_acknowledge(p, ack, fack);
    return RUN_DONE;
}

static enum outcome replconf_run(struct exec *x, const struct args *a)
{
    if (a->n % 2 == 0)
        return reply_syntax(x);
    if (args_is(a, 1, "ack"))
        return replconf_ack(x, a);
    if (args_is(a, 1, "getack"))
        return RUN_DONE; /* a primary's word; from nobody else */
    if (session_has(x->session, SESSION_REPLICA))
        return RUN_DONE; /* an answer would stand amid the stream */
    struct replica *p = replica_of(repl_of(x), x->session);
    for (uint32_t i = 1; i < a->n; i += 2) {
        size_t w = 0;
        while (w < sizeof replconf_words / sizeof *replconf_words &&
               !args_is(a, i, replconf_words[w].word))
            w++;
        if (w == sizeof replconf_words / sizeof *replconf_words) {
            reply_error(x->reply, "ERR Unrecognized REPLCONF option: %.*s", (int)a->v[i].size,
                        a->v[i].data);
            return RUN_DONE;
        }
        if (!replconf_words[w].set(x, p, a->v[i + 1]))
            return RUN_DONE;
    }
    reply_ok(x->reply);
    return RUN_DONE;
}

/* --- PSYNC, SYNC ----------------------------------------------------------------------------- */

static void psync_count(struct repl *r, uint64_t *counter)
{
    pthread_mutex_lock(&r->lock);
    ++*counter;
    pthread_mutex_unlock(&r->lock);
}

static bool psync_partial(struct repl *r, struct replica *p, struct bytes id, int64_t wanted)
{
    struct backlog_state s;
    if (!backlog_pin_from(r->backlog, &p->pin, id, wanted)) {
        backlog_state_get(r->backlog, &s);
        if (bytes_equal(id, bytes_cstr("?")))
            trace_line(TRACE_NOTICE, "Full resync requested by replica %s", p->name);
        else if (!history_knows(&s.history, id, wanted))
            trace_line(TRACE_NOTICE,
                       "Partial resynchronization not accepted: Replication ID mismatch (Replica "
                       "asked for '%.*s', my replication IDs are '%s' and '%s')",
                       (int)id.size, id.data, s.history.id, s.history.id2);
        else
            trace_line(TRACE_NOTICE,
                       "Unable to partial resync with replica %s for lack of backlog (Replica "
                       "request was: %lld).",
                       p->name, (long long)wanted);
        return false;
    }
    backlog_state_get(r->backlog, &s);
    buf_printf(&p->head, "+CONTINUE%s%s\r\n", p->capa & CAPA_PSYNC2 ? " " : "",
               p->capa & CAPA_PSYNC2 ? s.history.id : "");
    p->ack = wanted - 1;
    trace_line(TRACE_NOTICE,
               "Partial resynchronization request from %s accepted. Sending %lld bytes of backlog "
               "starting from offset %lld.",
               p->name, (long long)(s.end + 1 - wanted), (long long)wanted);
    replica_list(p, REPLICA_ONLINE);
    psync_count(r, &r->sync_partial_ok);
    return true;
}

/* May it replicate from here at all?  Else the error line is written. */
static bool psync_allowed(struct exec *x, const struct repl *r)
{
    const bool may = repl_may_serve(r) && failover_state(r) == FAILOVER_NONE;
    if (failover_state(r) != FAILOVER_NONE)
        reply_error(x->reply, "NOMASTERLINK Can't SYNC while failing over");
    else if (!may)
        reply_error(x->reply, "NOMASTERLINK Can't SYNC while not connected with my master");
    return may;
}

static enum outcome psync_run(struct exec *x, const struct args *a)
{
    struct repl *r = repl_of(x);
    const bool old = x->cmd->imm;
    int64_t wanted = -1;
    if (session_has(x->session, SESSION_REPLICA))
        return RUN_DONE;
    if (!old && args_int64(a, 2, &wanted) != LK_OK) {
        reply_error(x->reply, "ERR value is not an integer or out of range");
        return RUN_DONE;
    }
    struct replica *p = replica_of(r, x->session);
    if (a->n > 3 && args_is(a, 3, "failover")) {
        const enum takeover taken = takeover_ask(x, p, a->v[1], wanted);
        if (taken != TAKEOVER_DONE)
            return taken == TAKEOVER_LATER ? RUN_LATER : RUN_DONE;
    }
    if (!psync_allowed(x, r))
        return RUN_DONE;
    /* What the backlog still has is seen from behind all that was written. */
    if (!history_is_told(r, &p->asks_behind, x->session->worker))
        return RUN_LATER;
    p->takeover = REPLICA_NO_TAKEOVER;
    p->asks_behind = 0;
    trace_line(TRACE_NOTICE, "Replica %s asks for synchronization", replica_name(p));
    p->old = old;
    if (!old && psync_partial(r, p, a->v[1], wanted))
        return RUN_DONE;
    if (!old && !bytes_equal(a->v[1], bytes_cstr("?")))
        psync_count(r, &r->sync_partial_err);
    psync_count(r, &r->sync_full);
    replica_list(p, REPLICA_WAITS);
    full_sync_look(r);
    return RUN_DONE;
}

/* --- ROLE ------------------------------------------------------------------------------------ */

struct role_list {
    struct buf text;
    uint32_t count;
};

static void role_put_text(struct buf *b, const char *text)
{
    buf_printf(b, "$%zu\r\n%s\r\n", strlen(text), text);
}

static void role_put_number(struct buf *b, int64_t n)
{
    char digits[INT64_CHARS + 1] = "";
    digits[int64_to_chars(n, digits)] = '\0';
    role_put_text(b, digits);
}

static void role_put_replica(void *ctx, const struct repl_replica *one)
{
    struct role_list *l = ctx;
    if (!one->online || !one->ip[0])
        return;
    buf_append_cstr(&l->text, "*3\r\n");
    role_put_text(&l->text, one->ip);
    role_put_number(&l->text, one->port);
    role_put_number(&l->text, one->offset);
    l->count++;
}

void repl_reply_role(struct exec *x)
{
    struct repl *r = repl_of(x);
    struct role_list l = {0};
    repl_catch_up(r);
    repl_each_replica(r, role_put_replica, &l);
    reply_array(x->reply, 3);
    reply_bulk(x->reply, bytes_cstr("master"));
    reply_int(x->reply, history_end(r));
    reply_array(x->reply, l.count);
    buf_append_bytes(&x->reply->out, buf_bytes(&l.text));
    buf_release(&l.text);
}

/* --- rows ------------------------------------------------------------------------------------ */

#define SYNCING                                                                                    \
    .categories = CAT_ADMIN | CAT_DANGEROUS,                                                       \
    .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_NO_ASYNC_LOADING | CMD_NO_MULTI

const struct command replication_commands[] = {
    {"psync", .arity = -3, SYNCING, .run = psync_run},
    {"replconf", .arity = -1, .categories = CAT_ADMIN | CAT_DANGEROUS,
     .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_ALLOW_BUSY,
     .run = replconf_run},
    {"failover", .arity = -1, .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_STALE | CMD_EXCLUSIVE,
     .run = failover_command},
    {"sync", .arity = 1, .imm = true, SYNCING, .run = psync_run},
    {"wait", .arity = 3, .categories = CAT_CONNECTION, .flags = CMD_BLOCKING, .run = acks_wait},
    {"waitaof", .arity = 4, .categories = CAT_CONNECTION, .flags = CMD_BLOCKING,
     .run = acks_waitaof},
    {0},
};

void repl_add_commands(struct command_index *ix)
{
    command_index_add(ix, replication_commands);
}
