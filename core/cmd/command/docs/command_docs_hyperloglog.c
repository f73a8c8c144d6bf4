/*
 * command_docs_hyperloglog.c — what the commands of HyperLogLogs are for.
 */
#include "core/cmd/command/docs/command_docs.h"

static const struct command_doc rows[] = {
    DOC("pfadd", "2.8.9", "O(1) for each element",
        "Notes elements in a HyperLogLog, which it makes if there is none.",
        .arguments = "key:k0 element:s?*"),
    DOC("pfcount", "2.8.9",
        "O(1) for one key, and a look at its registers only if it has changed since the last time; "
        "O(N) for N keys, whose registers are all read",
        "Estimates how many different elements one HyperLogLog has noted, or several together.",
        .arguments = "key:k0*"),
    DOC("pfdebug", "2.8.9", "N/A", "Shows how a HyperLogLog is kept, or makes it dense.",
        .arguments = "subcommand:s key:k0", .system = true),
    DOC("pfmerge", "2.8.9", "O(N), N being the number of keys, whose registers are all read",
        "Makes one HyperLogLog of several.", .arguments = "destkey:k0 sourcekey:k1*"),
    DOC("pfselftest", "2.8.9", "N/A", "Checks this server's HyperLogLogs.", .system = true),
};

const struct command_docs command_docs_hyperloglog = {"hyperloglog", rows,
                                                      sizeof rows / sizeof rows[0]};
