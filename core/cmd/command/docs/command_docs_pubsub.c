/*
 * command_docs_pubsub.c — what the commands of messages are for.
 */
#include "core/cmd/command/docs/command_docs.h"

static const struct command_doc rows[] = {
    DOC("psubscribe", "2.0.0", "O(N) for N patterns", "Hears the channels that match patterns.",
        .arguments = "pattern:p*"),
    DOC("publish", "2.0.0", "O(N+M) for N subscribers of the channel and M patterns of all clients",
        "Sends a message to all who hear a channel.", .arguments = "channel:s message:s"),
    DOC("pubsub", "2.8.0", "That of the subcommand", "Holds the questions about channels."),
    DOC("pubsub|channels", "2.8.0", "O(N) for N channels that are subscribed to",
        "Lists the channels that somebody hears.", .arguments = "pattern:p?"),
    DOC("pubsub|help", "6.2.0", "O(1)", "Tells what PUBSUB can do."),
    DOC("pubsub|numpat", "2.8.0", "O(1)", "Counts the different patterns."),
    DOC("pubsub|numsub", "2.8.0", "O(N) for N channels", "Counts the subscribers of channels.",
        .arguments = "channel:s?*"),
    DOC("pubsub|shardchannels", "7.0.0", "O(N) for N channels that are subscribed to",
        "Lists the channels of shards that somebody hears.", .arguments = "pattern:p?"),
    DOC("pubsub|shardnumsub", "7.0.0", "O(N) for N channels",
        "Counts the subscribers of channels of shards.", .arguments = "shardchannel:s?*"),
    DOC("punsubscribe", "2.0.0", "O(N) for N patterns", "Hears patterns no more, or none at all.",
        .arguments = "pattern:p?*"),
    DOC("spublish", "7.0.0", "O(N) for N subscribers of the channel",
        "Sends a message to all who hear a channel of a shard.",
        .arguments = "shardchannel:s message:s"),
    DOC("ssubscribe", "7.0.0", "O(N) for N channels", "Hears channels of shards.",
        .arguments = "shardchannel:s*"),
    DOC("subscribe", "2.0.0", "O(N) for N channels", "Hears channels.", .arguments = "channel:s*"),
    DOC("sunsubscribe", "7.0.0", "O(N) for N channels",
        "Hears channels of shards no more, or none at all.", .arguments = "shardchannel:s?*"),
    DOC("unsubscribe", "2.0.0", "O(N) for N channels", "Hears channels no more, or none at all.",
        .arguments = "channel:s?*"),
};

const struct command_docs command_docs_pubsub = {"pubsub", rows, sizeof rows / sizeof rows[0]};
