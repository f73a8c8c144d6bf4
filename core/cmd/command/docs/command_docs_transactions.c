/*
 * command_docs_transactions.c — what the commands of transactions are for.
 */
#include "core/cmd/command/docs/command_docs.h"

static const struct command_doc rows[] = {
    DOC("discard", "2.0.0", "O(N) for N queued commands", "Forgets the transaction."),
    DOC("exec", "1.2.0", "That of the queued commands",
        "Runs the queued commands with nothing in between."),
    DOC("multi", "1.2.0", "O(1)", "Begins a transaction: what follows is queued."),
    DOC("unwatch", "2.2.0", "O(1)", "Watches no key any more."),
    DOC("watch", "2.2.0", "O(1) for each key",
        "Lets the next transaction fail if one of the keys changes before it.",
        .arguments = "key:k0*"),
};

const struct command_docs command_docs_transactions = {"transactions", rows,
                                                       sizeof rows / sizeof rows[0]};
