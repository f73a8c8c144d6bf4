/*
 * command_docs_connection.c — what the commands about connections are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1        "O(1)"
#define O_CLIENTS "O(N) for N connections"
#define TYPES     "normal@NORMAL master@MASTER^3.2.0 replica@REPLICA^5.0.0 pubsub@PUBSUB"
#define ON_OFF    "enabled<on@ON off@OFF>"

static const struct command_doc rows[] = {
    DOC("auth", "1.0.0", "O(N) for N passwords of the user", "Says who this connection is.",
        .arguments = "username:s?^6.0.0 password:s"),
    DOC("client", "2.4.0", "That of the subcommand", "Looks at connections and steers them."),
    DOC("client|caching", "6.0.0", O1, "Whether the next command's keys are tracked.",
        .arguments = "mode<yes@YES no@NO>"),
    DOC("client|getname", "2.6.9", O1, "The name of this connection."),
    DOC("client|getredir", "6.0.0", O1, "Which client gets this one's invalidation messages."),
    DOC("client|help", "5.0.0", O1, "Lists the subcommands."),
    DOC("client|id", "5.0.0", O1, "The number of this connection."),
    DOC("client|info", "6.2.0", O1, "What is known about this connection.",
        .tips = "nondeterministic_output"),
    DOC("client|kill", "2.4.0", O_CLIENTS, "Closes connections.",
        .arguments =
            "filter<old-format:s~2.8.12 new-format<client-id:i@ID?^2.8.12 client-type<" TYPES
            " slave@SLAVE>@TYPE?^2.8.12 username:s@USER? addr:s@ADDR? laddr:s@LADDR?^6.2.0 "
            "skipme<yes@YES no@NO>@SKIPME? maxage:i@MAXAGE?^7.4.0>*>"),
    DOC("client|list", "2.4.0", O_CLIENTS, "What is known about each connection.",
        .arguments = "client-type<" TYPES ">@TYPE?^5.0.0 client-id:i@ID?*^6.2.0",
        .tips = "nondeterministic_output"),
    DOC("client|no-evict", "7.0.0", O1, "Keeps this connection when others are closed for memory.",
        .arguments = ON_OFF),
    DOC("client|no-touch", "7.2.0", O1, "Lets this connection's commands leave no trace of use.",
        .arguments = ON_OFF),
    DOC("client|pause", "2.9.50", O1, "Holds back commands for a while.",
        .arguments = "timeout:i mode<write@WRITE all@ALL>?^6.2.0"),
    DOC("client|reply", "3.2.0", O1, "Whether this connection's commands are answered.",
        .arguments = "action<on@ON off@OFF skip@SKIP>"),
    DOC("client|setinfo", "7.2.0", O1, "Tells which client library is in use.",
        .arguments = "attr<libname:s@LIB-NAME libver:s@LIB-VER>",
        .tips = "request_policy:all_nodes response_policy:all_succeeded"),
    DOC("client|setname", "2.6.9", O1, "Names this connection.", .arguments = "connection-name:s",
        .tips = "request_policy:all_nodes response_policy:all_succeeded"),
    DOC("client|tracking", "6.0.0", O1,
        "Whether the server says when a key changes that this connection has read.",
        .arguments = "status<on@ON off@OFF> client-id:i@REDIRECT? prefix:s@PREFIX?+ bcast@BCAST? "
                     "optin@OPTIN? "
                     "optout@OPTOUT? noloop@NOLOOP?"),
    DOC("client|trackinginfo", "6.2.0", O1, "How this connection tracks keys."),
    DOC("client|unblock", "5.0.0", O1, "Ends the wait of a blocked connection.",
        .arguments = "client-id:i unblock-type<timeout@TIMEOUT error@ERROR>?"),
    DOC("client|unpause", "6.2.0", O_CLIENTS, "Ends a pause."),
    DOC("echo", "1.0.0", O1, "Answers with what it was sent.", .arguments = "message:s"),
    DOC("hello", "6.0.0", O1, "Greets, and chooses the version of the protocol.",
        .arguments =
            "arguments{protover:i auth{username:s password:s}@AUTH? clientname:s@SETNAME?}?"),
    DOC("ping", "1.0.0", O1, "Answers, to show that the server is there.",
        .arguments = "message:s?",
        .tips = "request_policy:all_shards response_policy:all_succeeded"),
    DOC("quit", "1.0.0", O1, "Closes this connection.", .deprecated = "7.2.0",
        .instead = "just closing the connection"),
    DOC("reset", "6.2.0", O1, "Makes this connection as good as new."),
    DOC("select", "1.0.0", O1, "Chooses the database.", .arguments = "index:i"),
};

const struct command_docs command_docs_connection = {"connection", rows,
                                                     sizeof rows / sizeof rows[0]};
