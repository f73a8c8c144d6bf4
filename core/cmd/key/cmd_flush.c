/*
 * cmd_flush.c — FLUSHDB, FLUSHALL, SWAPDB: whole databases, with every shard locked.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"

enum { FLUSH_SELECTED, FLUSH_ALL };

static enum outcome flush_command(struct exec *x, const struct args *a)
{
    bool async = exec_limits(x)->lazy_user_flush;
    if (a->n > 2 || (a->n == 2 && !args_is(a, 1, "sync") && !args_is(a, 1, "async")))
        return reply_syntax(x);
    if (a->n == 2)
        async = args_is(a, 1, "async");
    const bool all = x->cmd->imm == FLUSH_ALL;
    if (exec_flush(x, all ? -1 : (int)x->db, async) == 0)
        exec_effect(x, a->v, a->n); /* replicas and the log may have what is not here any more */
    if (all)
        exec_flushed_all(x);
    reply_ok(x->reply);
    return RUN_DONE;
}

static bool flush_parse_db(struct bytes word, int64_t *db)
{
    return bytes_to_int64(word, db) && *db >= INT32_MIN && *db <= INT32_MAX;
}

static enum outcome flush_swap(struct exec *x, const struct args *a)
{
    int64_t first, second;
    if (exec_in_cluster(x)) {
        reply_error(x->reply, "ERR SWAPDB is not allowed in cluster mode");
        return RUN_DONE;
    }
    if (!flush_parse_db(a->v[1], &first)) {
        reply_error(x->reply, "ERR invalid first DB index");
        return RUN_DONE;
    }
    if (!flush_parse_db(a->v[2], &second)) {
        reply_error(x->reply, "ERR invalid second DB index");
        return RUN_DONE;
    }
    if (first < 0 || second < 0)
        return reply_status(x, LK_EDBINDEX);
    const int rc = exec_swap_dbs(x, (uint32_t)first, (uint32_t)second);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_ok(x->reply);
    return RUN_DONE;
}

const struct command flush_commands[] = {
    {"flushall", .arity = -1, .flags = CMD_WRITE | CMD_ALL_SHARDS,
     .categories = CAT_KEYSPACE | CAT_DANGEROUS, .imm = FLUSH_ALL, .run = flush_command},
    {"flushdb", .arity = -1, .flags = CMD_WRITE | CMD_ALL_SHARDS,
     .categories = CAT_KEYSPACE | CAT_DANGEROUS, .imm = FLUSH_SELECTED, .run = flush_command},
    {"swapdb", .arity = 3, .flags = CMD_WRITE | CMD_FAST | CMD_ALL_SHARDS,
     .categories = CAT_KEYSPACE | CAT_DANGEROUS, .run = flush_swap},
    {0},
};
