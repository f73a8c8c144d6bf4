/*
 * cmd_subscribe.c — SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites.
 *
 * One rule serves all six: a confirmation for each name, which tells how many subscriptions the
 * session has by then; channels and patterns count together, channels of shards apart.  A row's imm
 * is the kind.  The confirmations are pushes and the command's reply at once, so CLIENT REPLY
 * silences them no more than other pushes.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec_push.h"

static const char *const subscribe_words[] = {"subscribe", "psubscribe", "ssubscribe"};
static const char *const unsubscribe_words[] = {"unsubscribe", "punsubscribe", "sunsubscribe"};

static void subscribe_confirm(struct exec *x, const char *word, const struct bytes *name)
{
    const struct session *s = x->session;
    const uint64_t count =
        x->cmd->imm == SUBSCRIBED_SHARD
            ? subscriber_count(s, SUBSCRIBED_SHARD)
            : subscriber_count(s, SUBSCRIBED_CHANNEL) + subscriber_count(s, SUBSCRIBED_PATTERN);
    reply_push(x->reply, 3);
    reply_bulk_cstr(x->reply, word);
    if (name)
        reply_bulk(x->reply, *name);
    else
        reply_null(x->reply);
    reply_int(x->reply, (int64_t)count);
}

static enum outcome subscribe_run(struct exec *x, const struct args *a)
{
    const enum subscription_kind kind = (enum subscription_kind)x->cmd->imm;
    for (uint32_t i = 1; i < a->n; i++) {
        exec_subscribe(x, kind, a->v[i]);
        subscribe_confirm(x, subscribe_words[kind], &a->v[i]);
    }
    return RUN_DONE;
}

/* Of all that the session has; one confirmation of nothing if it has none. */
static void unsubscribe_all(struct exec *x, enum subscription_kind kind)
{
    const struct name_map *all = subscriber_names(x->session, kind);
    struct name_cursor at;
    struct name_node *n = name_map_first(all, &at);
    if (!n)
        subscribe_confirm(x, unsubscribe_words[kind], NULL);
    for (; n; n = name_map_next(&at)) {
        const struct bytes name = n->name; /* it outlives the subscription: see subscriber.h */
        exec_unsubscribe(x, kind, name);
        subscribe_confirm(x, unsubscribe_words[kind], &name);
    }
}

static enum outcome unsubscribe_run(struct exec *x, const struct args *a)
{
    const enum subscription_kind kind = (enum subscription_kind)x->cmd->imm;
    if (a->n == 1)
        unsubscribe_all(x, kind);
    for (uint32_t i = 1; i < a->n; i++) {
        exec_unsubscribe(x, kind, a->v[i]);
        subscribe_confirm(x, unsubscribe_words[kind], &a->v[i]);
    }
    return RUN_DONE;
}

#define SUBSCRIPTION                                                                               \
    .flags = CMD_PUBSUB | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_PUSHES | CMD_SUBSCRIBED
#define OF_SHARDS .keys = KEY_RANGE(1, -1, 1, KEY_NOT_KEY)

const struct command subscribe_commands[] = {
    {"subscribe", .arity = -2, .channels = CHANNELS_SUBSCRIBE, .imm = SUBSCRIBED_CHANNEL,
     .run = subscribe_run, SUBSCRIPTION},
    {"psubscribe", .arity = -2, .channels = CHANNELS_PATTERNS, .imm = SUBSCRIBED_PATTERN,
     .run = subscribe_run, SUBSCRIPTION},
    {"ssubscribe", .arity = -2, .channels = CHANNELS_SUBSCRIBE, .imm = SUBSCRIBED_SHARD,
     .run = subscribe_run, SUBSCRIPTION, OF_SHARDS},
    {"unsubscribe", .arity = -1, .imm = SUBSCRIBED_CHANNEL, .run = unsubscribe_run, SUBSCRIPTION},
    {"punsubscribe", .arity = -1, .imm = SUBSCRIBED_PATTERN, .run = unsubscribe_run, SUBSCRIPTION},
    {"sunsubscribe", .arity = -1, .imm = SUBSCRIBED_SHARD, .run = unsubscribe_run, SUBSCRIPTION,
     OF_SHARDS},
    {0},
};
