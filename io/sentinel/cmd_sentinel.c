/*
 * cmd_sentinel.c — the rows of SENTINEL, and which of a server's commands a Sentinel has.
 */
#include "io/sentinel/cmd_sentinel.h"
#include "core/cmd/command/command_index.h"
#include "core/cmd/engine/exec.h"

static enum outcome sentinel_cmd_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "CKQUORUM <master>",
        "    Can the quorum be had, and a majority for a failover?",
        "CONFIG SET <param> <value> [<param> <value> ...]",
        "    Changes settings of this Sentinel.",
        "CONFIG GET <param> [<param> ...]",
        "    Settings whose names match.",
        "DEBUG [<param> <value> ...]",
        "    Shows or changes periods, in milliseconds.",
        "FAILOVER <master>",
        "    Fails over without asking others.",
        "FLUSHCONFIG",
        "    Writes the configuration file.",
        "GET-MASTER-ADDR-BY-NAME <master>",
        "    Where the master is.",
        "INFO-CACHE <master> [<master> ...]",
        "    The last INFO of masters and replicas.",
        "IS-MASTER-DOWN-BY-ADDR <ip> <port> <current-epoch> <runid>",
        "    Of other Sentinels: is it down, and for whom is the vote?",
        "MASTER <master>",
        "    One master's state.",
        "MASTERS",
        "    All of them.",
        "MONITOR <name> <ip> <port> <quorum>",
        "    Watches a master from now on.",
        "MYID",
        "    The id of this Sentinel.",
        "PENDING-SCRIPTS",
        "    Scripts that run or wait.",
        "REMOVE <master>",
        "    Watches it no longer.",
        "REPLICAS <master>",
        "    Its replicas.",
        "RESET <pattern>",
        "    Forgets what was found out about the masters that match.",
        "SENTINELS <master>",
        "    The other Sentinels that watch it.",
        "SET <master> <option> <value> [<option> <value> ...]",
        "    Changes how it is watched.",
        "SIMULATE-FAILURE [CRASH-AFTER-ELECTION] [CRASH-AFTER-PROMOTION] [HELP]",
        "    Dies at that point of a failover.",
        NULL};
    (void)a;
    return reply_help(x, lines);
}

#define OF_SENTINEL .flags = CMD_ADMIN | CMD_LOADING | CMD_STALE

static const struct command sentinel_subcommands[] = {
    {"ckquorum", .arity = 3, .run = sentinel_cmd_ckquorum, OF_SENTINEL},
    {"config", .arity = -4, .run = sentinel_cmd_config, OF_SENTINEL},
    {"debug", .arity = -2, .run = sentinel_cmd_debug, OF_SENTINEL},
    {"failover", .arity = 3, .run = sentinel_cmd_failover, OF_SENTINEL},
    {"flushconfig", .arity = 2, .run = sentinel_cmd_flushconfig, OF_SENTINEL},
    {"get-master-addr-by-name", .arity = 3, .run = sentinel_cmd_get_addr, OF_SENTINEL},
    {"get-primary-addr-by-name", .arity = 3, .run = sentinel_cmd_get_addr, OF_SENTINEL},
    {"help", .arity = 2, .run = sentinel_cmd_help, OF_SENTINEL},
    {"info-cache", .arity = -3, .run = sentinel_cmd_info_cache, OF_SENTINEL},
    {"is-master-down-by-addr", .arity = 6, .run = sentinel_cmd_is_down, OF_SENTINEL},
    {"is-primary-down-by-addr", .arity = 6, .run = sentinel_cmd_is_down, OF_SENTINEL},
    {"master", .arity = 3, .run = sentinel_cmd_master, OF_SENTINEL},
    {"masters", .arity = 2, .run = sentinel_cmd_masters, OF_SENTINEL},
    {"monitor", .arity = 6, .run = sentinel_cmd_monitor, OF_SENTINEL},
    {"myid", .arity = 2, .run = sentinel_cmd_myid, OF_SENTINEL},
    {"pending-scripts", .arity = 2, .run = sentinel_cmd_pending, OF_SENTINEL},
    {"primaries", .arity = 2, .run = sentinel_cmd_masters, OF_SENTINEL},
    {"primary", .arity = 3, .run = sentinel_cmd_master, OF_SENTINEL},
    {"remove", .arity = 3, .run = sentinel_cmd_remove, OF_SENTINEL},
    {"replicas", .arity = 3, .imm = SENTINEL_REPLICA, .run = sentinel_cmd_nodes, OF_SENTINEL},
    {"reset", .arity = 3, .run = sentinel_cmd_reset, OF_SENTINEL},
    {"sentinels", .arity = 3, .imm = SENTINEL_PEER, .run = sentinel_cmd_nodes, OF_SENTINEL},
    {"set", .arity = -5, .run = sentinel_cmd_set, OF_SENTINEL},
    {"simulate-failure", .arity = -3, .run = sentinel_cmd_simulate, OF_SENTINEL},
    {"slaves", .arity = 3, .imm = SENTINEL_REPLICA, .run = sentinel_cmd_nodes, OF_SENTINEL},
    {0},
};

static const struct command sentinel_commands[] = {
    {"sentinel", .arity = -2, .subcommands = sentinel_subcommands},
    {"publish", .arity = 3, .flags = CMD_PUBSUB | CMD_LOADING | CMD_STALE | CMD_FAST,
     .run = sentinel_cmd_publish},
    {"role", .arity = 1, .flags = CMD_LOADING | CMD_STALE | CMD_FAST,
     .categories = CAT_ADMIN | CAT_DANGEROUS, .run = sentinel_cmd_role},
    {0},
};

/* --- the table ------------------------------------------------------------------------------- */

/* What a Sentinel has of a server's commands. */
static bool is_of_sentinel(struct bytes name)
{
    static const char *const names[] = {"acl",   "auth",     "client",     "command",      "hello",
                                        "info",  "ping",     "psubscribe", "punsubscribe", "quit",
                                        "reset", "shutdown", "subscribe",  "unsubscribe",  NULL};
    size_t i = 0;
    while (names[i] && !bytes_equal(name, bytes_cstr(names[i])))
        i++;
    return names[i] != NULL;
}

void sentinel_begin_commands(struct command_index *ix)
{
    static const char *const without[] = {"client|no-touch", NULL};
    command_index_without(ix, without);
}

void sentinel_limit_commands(struct command_index *ix)
{
    for (uint32_t i = 0; i < command_index_top_count(ix); i++) {
        const struct bytes name = bytes_cstr(command_index_top(ix, i)->name);
        if (name.size > 0 && !is_of_sentinel(name))
            LK_ASSERT(command_index_rename(ix, name, bytes_of("", 0)) == LK_OK);
    }
    command_index_add(ix, sentinel_commands);
}
