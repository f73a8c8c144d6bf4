/*
 * cmd_publish.c — PUBLISH and SPUBLISH.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec_push.h"

static enum outcome publish_run(struct exec *x, const struct args *a)
{
    const uint64_t clients = exec_publish(x, (enum message_kind)x->cmd->imm, a->v[1], a->v[2]);
    reply_int(x->reply, (int64_t)clients);
    return RUN_DONE;
}

#define PUBLISHER .flags = CMD_PUBSUB | CMD_LOADING | CMD_STALE | CMD_FAST | CMD_MAY_REPLICATE

const struct command publish_commands[] = {
    {"publish", .arity = 3, .imm = MESSAGE_PLAIN, .channels = CHANNELS_PUBLISH, .run = publish_run,
     PUBLISHER},
    {"spublish", .arity = 3, .imm = MESSAGE_SHARD, .channels = CHANNELS_PUBLISH, .run = publish_run,
     PUBLISHER, .keys = KEY_AT(1, KEY_NOT_KEY)},
    {0},
};
