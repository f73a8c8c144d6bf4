/*
 * cmd_migrate.c — MIGRATE: reads its words, and hands them to the migrator.
 */
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec.h"
#include "io/cluster/migrate.h"

enum { TIMEOUT_MS = 1000 }; /* if none is given */

static enum outcome migrate_refuse(struct exec *x, const char *line)
{
    reply_error(x->reply, "%s", line);
    return RUN_DONE;
}

/* The options behind the timeout.  False: the error line is written. */
static bool migrate_options(struct exec *x, const struct args *a, struct migrate_spec *s)
{
    for (uint32_t i = 6; i < a->n; i++) {
        const uint32_t left = a->n - 1 - i;
        if (args_is(a, i, "copy")) {
            s->copy = true;
        } else if (args_is(a, i, "replace")) {
            s->replace = true;
        } else if (args_is(a, i, "auth") && left >= 1) {
            s->password = a->v[++i];
        } else if (args_is(a, i, "auth2") && left >= 2) {
            s->user = a->v[++i];
            s->password = a->v[++i];
        } else if (args_is(a, i, "keys")) {
            if (a->v[3].size != 0) {
                migrate_refuse(x, "ERR When using MIGRATE KEYS option, the key argument must be "
                                  "set to the empty string");
                return false;
            }
            s->keys = &a->v[i + 1];
            s->key_count = left;
            return true;
        } else {
            reply_syntax(x);
            return false;
        }
    }
    return true;
}

static enum outcome migrate_run(struct exec *x, const struct args *a)
{
    const struct wait_spec until_answered = {.count = 0};
    struct engine *e = dispatcher_engine(x->dispatcher);
    struct migrate_spec s = {.host = a->v[1],
                             .port = a->v[2],
                             .db = a->v[4],
                             .keys = &a->v[3],
                             .key_count = 1,
                             .session_db = x->db,
                             .worker = x->session->worker,
                             .session_id = x->session->id};
    int64_t db;
    if (!migrate_options(x, a, &s))
        return RUN_DONE;
    if (args_int64(a, 5, &s.timeout_ms) != LK_OK || args_int64(a, 4, &db) != LK_OK)
        return reply_status(x, LK_ENOTINT);
    if (s.timeout_ms <= 0)
        s.timeout_ms = TIMEOUT_MS;
    if (s.key_count == 0)
        return reply_syntax(x);
    if (e->cluster.migrator)
        s.tls = migrate_security(e->cluster.migrator);
    if (session_has(x->session, SESSION_IN_EXEC))
        return migrate_now(x, &s);
    if (!e->cluster.migrator)
        return migrate_refuse(x, "ERR MIGRATE is not available here");
    migrate_request(e->cluster.migrator, &s);
    return exec_wait(x, a, &until_answered);
}

/* The third word, or what stands behind KEYS if that is empty, beyond the words of AUTH. */
static int migrate_keys(const struct args *a, struct key_ref *refs, uint32_t max)
{
    uint32_t first = 3, n = 1;
    for (uint32_t i = 6; a->v[3].size == 0 && i < a->n; i++) {
        if (args_is(a, i, "auth")) {
            i++;
        } else if (args_is(a, i, "auth2")) {
            i += 2;
        } else if (args_is(a, i, "keys")) {
            first = i + 1;
            n = a->n - first;
            break;
        }
    }
    n = n < max ? n : max;
    for (uint32_t i = 0; i < n; i++)
        refs[i] = (struct key_ref){first + i, KEY_RW | KEY_ACCESS | KEY_DELETE};
    return (int)n;
}

const struct command migrate_commands[] = {
    {"migrate", .arity = -6, .flags = CMD_WRITE | CMD_MOVABLE_KEYS | CMD_NOSCRIPT | CMD_SENDS_KEYS,
     .categories = CAT_KEYSPACE | CAT_DANGEROUS,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE,
               .begin = KEY_BEGIN_INDEX,
               .index = 3,
               .step = 1},
              {.flags = KEY_RW | KEY_ACCESS | KEY_DELETE | KEY_INCOMPLETE,
               .begin = KEY_BEGIN_KEYWORD,
               .keyword = "KEYS",
               .start_from = -2,
               .last = -1,
               .step = 1}},
     .find_keys = migrate_keys, .run = migrate_run},
    {0},
};
