/*
 * cmd_pubsub.c — PUBSUB: who hears what.
 *
 * A row's imm is the kind of the channels that it tells of.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec_push.h"

struct channel_query {
    struct reply *reply;
    const struct bytes *pattern; /* NULL: all */
    uint64_t found;
};

static void pubsub_add_channel(void *ctx, struct bytes name, uint64_t subscribers)
{
    struct channel_query *q = ctx;
    (void)subscribers;
    if (q->pattern && !bytes_match_glob(*q->pattern, name, false))
        return;
    reply_bulk(q->reply, name);
    q->found++;
}

static enum outcome pubsub_channels(struct exec *x, const struct args *a)
{
    if (a->n > 3)
        return reply_subcommand(x, a);
    struct channel_query q = {x->reply, a->n == 3 ? &a->v[2] : NULL, 0};
    const size_t head = reply_begin_deferred(x->reply);
    channels_each(exec_channels(x), (enum message_kind)x->cmd->imm, pubsub_add_channel, &q);
    reply_end_deferred(x->reply, head, REPLY_ARRAY, q.found);
    return RUN_DONE;
}

static enum outcome pubsub_numsub(struct exec *x, const struct args *a)
{
    reply_array(x->reply, (a->n - 2) * 2);
    for (uint32_t i = 2; i < a->n; i++) {
        reply_bulk(x->reply, a->v[i]);
        reply_int(x->reply, (int64_t)channels_count(exec_channels(x),
                                                    (enum message_kind)x->cmd->imm, a->v[i]));
    }
    return RUN_DONE;
}

static enum outcome pubsub_numpat(struct exec *x, const struct args *a)
{
    (void)a;
    reply_int(x->reply, (int64_t)patterns_distinct(exec_patterns(x)));
    return RUN_DONE;
}

static enum outcome pubsub_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "CHANNELS [<pattern>]",
        "    Channels that somebody subscribes to; of those that match, if a pattern is given.",
        "NUMPAT",
        "    How many different patterns are subscribed to.",
        "NUMSUB [<channel> ...]",
        "    How many clients subscribe to each of the channels, patterns not counted.",
        "SHARDCHANNELS [<pattern>]",
        "    As CHANNELS, of the channels of shards.",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    As NUMSUB, of the channels of shards.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define QUERY .flags = CMD_PUBSUB | CMD_LOADING | CMD_STALE

static const struct command pubsub_subcommands[] = {
    {"channels", .arity = -2, .imm = MESSAGE_PLAIN, .run = pubsub_channels, QUERY},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .run = pubsub_help},
    {"numpat", .arity = 2, .run = pubsub_numpat, QUERY},
    {"numsub", .arity = -2, .imm = MESSAGE_PLAIN, .run = pubsub_numsub, QUERY},
    {"shardchannels", .arity = -2, .imm = MESSAGE_SHARD, .run = pubsub_channels, QUERY},
    {"shardnumsub", .arity = -2, .imm = MESSAGE_SHARD, .run = pubsub_numsub, QUERY},
    {0},
};

const struct command pubsub_commands[] = {
    {"pubsub", .arity = -2, .subcommands = pubsub_subcommands},
    {0},
};
