/*
 * command_docs_scripting.c — what the commands of scripts are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define BY_SCRIPT     "That of the script"
#define CALL_OF(what) .arguments = what " numkeys:i key:k0?* arg:s?*"

static const struct command_doc rows[] = {
    DOC("eval", "2.6.0", BY_SCRIPT, "Runs a Lua script.", CALL_OF("script:s")),
    DOC("eval_ro", "7.0.0", BY_SCRIPT, "Runs a Lua script that only reads.", CALL_OF("script:s")),
    DOC("evalsha", "2.6.0", BY_SCRIPT, "Runs a cached script by its SHA-1.", CALL_OF("sha1:s")),
    DOC("evalsha_ro", "7.0.0", BY_SCRIPT, "Runs a cached script, by its SHA-1, that only reads.",
        CALL_OF("sha1:s")),
    DOC("fcall", "7.0.0", "That of the function", "Calls a function.", CALL_OF("function:s")),
    DOC("fcall_ro", "7.0.0", "That of the function", "Calls a function that only reads.",
        CALL_OF("function:s")),
    DOC("function", "7.0.0", "That of the subcommand", "Holds the commands about functions."),
    DOC("function|delete", "7.0.0", "O(1)", "Takes a library and its functions away.",
        .arguments = "library-name:s",
        .tips = "request_policy:all_shards response_policy:all_succeeded"),
    DOC("function|dump", "7.0.0", "O(N) for N functions", "Gives all libraries as bytes."),
    DOC("function|flush", "7.0.0", "O(N) for N functions", "Takes all libraries away.",
        .arguments = "flush-type<async@ASYNC sync@SYNC>?",
        .tips = "request_policy:all_shards response_policy:all_succeeded"),
    DOC("function|help", "7.0.0", "O(1)", "Tells what FUNCTION can do."),
    DOC("function|kill", "7.0.0", "O(1)", "Ends a function that takes too long.",
        .tips = "request_policy:all_shards response_policy:one_succeeded"),
    DOC("function|list", "7.0.0", "O(N) for N functions", "Shows the libraries.",
        .arguments = "library-name-pattern:s@LIBRARYNAME? withcode@WITHCODE?",
        .tips = "nondeterministic_output_order"),
    DOC("function|load", "7.0.0", "O(1), but for the code", "Makes a library.",
        .arguments = "replace@REPLACE? function-code:s",
        .tips = "request_policy:all_shards response_policy:all_succeeded"),
    DOC("function|restore", "7.0.0", "O(N) for N functions", "Makes libraries of bytes.",
        .arguments = "serialized-value:s policy<flush@FLUSH append@APPEND replace@REPLACE>?",
        .tips = "request_policy:all_shards response_policy:all_succeeded"),
    DOC("function|stats", "7.0.0", "O(1)", "Shows the function that runs, and what there is.",
        .tips = "nondeterministic_output request_policy:all_shards response_policy:special"),
    DOC("script", "2.6.0", "That of the subcommand", "Holds the commands about the script cache."),
    DOC("script|debug", "3.2.0", "O(1)", "Turns the debugger on or off; there is none.",
        .arguments = "mode<yes@YES sync@SYNC no@NO>"),
    DOC("script|exists", "2.6.0", "O(N) for N names", "Tells which scripts are cached.",
        .arguments = "sha1:s*",
        .tips = "request_policy:all_shards response_policy:agg_logical_and"),
    DOC("script|flush", "2.6.0", "O(N) for N cached scripts", "Forgets all scripts.",
        .arguments = "flush-type<async@ASYNC sync@SYNC>?^6.2.0",
        .tips = "request_policy:all_nodes response_policy:all_succeeded"),
    DOC("script|help", "5.0.0", "O(1)", "Tells what SCRIPT can do."),
    DOC("script|kill", "2.6.0", "O(1)", "Ends a script that takes too long.",
        .tips = "request_policy:all_shards response_policy:one_succeeded"),
    DOC("script|load", "2.6.0", "O(N) for N bytes of the script", "Puts a script into the cache.",
        .arguments = "script:s", .tips = "request_policy:all_nodes response_policy:all_succeeded"),
    DOC("script|show", "8.0.0", "O(1)", "Shows the text of a cached script.",
        .arguments = "sha1:s"),
};

const struct command_docs command_docs_scripting = {"scripting", rows,
                                                    sizeof rows / sizeof rows[0]};
