/*
 * command_docs_set.c — what the commands on sets are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1        "O(1)"
#define MEMBERS   "O(N) for N members"
#define SMALLEST  "O(N*M) at worst, N members of the smallest set and M sets"
#define ALL       "O(N), N being the members of all sets together"
#define UNORDERED "nondeterministic_output_order"
#define VARIES    "nondeterministic_output"

static const struct command_doc rows[] = {
    DOC("sadd", "1.0.0", "O(1) for each member",
        "Adds members to a set, which it makes if need be.", .arguments = "key:k0 member:s*"),
    DOC("scard", "1.0.0", O1, "How many members a set has.", .arguments = "key:k0"),
    DOC("sdiff", "1.0.0", ALL, "The members of the first set that no other one has.",
        .arguments = "key:k0*", .tips = UNORDERED),
    DOC("sdiffstore", "1.0.0", ALL,
        "Keeps the members of the first set that no other one has as a new set.",
        .arguments = "destination:k0 key:k1*"),
    DOC("sinter", "1.0.0", SMALLEST, "The members that all sets have.", .arguments = "key:k0*",
        .tips = UNORDERED),
    DOC("sintercard", "7.0.0", SMALLEST, "How many members all sets have in common.",
        .arguments = "numkeys:i key:k0* limit:i@LIMIT?"),
    DOC("sinterstore", "1.0.0", SMALLEST, "Keeps the members that all sets have as a new set.",
        .arguments = "destination:k0 key:k1*"),
    DOC("sismember", "1.0.0", O1, "Whether a set has a member.", .arguments = "key:k0 member:s"),
    DOC("smembers", "1.0.0", MEMBERS, "All members of a set.", .arguments = "key:k0",
        .tips = UNORDERED),
    DOC("smismember", "6.2.0", "O(N) for N members that are asked for",
        "Whether a set has each of several members.", .arguments = "key:k0 member:s*"),
    DOC("smove", "1.0.0", O1, "Moves a member from one set to another.",
        .arguments = "source:k0 destination:k1 member:s"),
    DOC("spop", "1.0.0", "O(1) for each member that is taken",
        "Takes members out of a set at random.", .arguments = "key:k0 count:i?^3.2.0",
        .tips = VARIES),
    DOC("srandmember", "1.0.0", "O(1) for each member that is asked for",
        "Members of a set at random.", .arguments = "key:k0 count:i?^2.6.0", .tips = VARIES),
    DOC("srem", "1.0.0", "O(1) for each member", "Takes members out of a set.",
        .arguments = "key:k0 member:s*"),
    DOC("sscan", "2.8.0", "O(1) a call, O(N) for all N members",
        "Walks over the members of a set, some at a call.",
        .arguments = "key:k0 cursor:i pattern:p@MATCH? count:i@COUNT?", .tips = VARIES),
    DOC("sunion", "1.0.0", ALL, "The members that any of the sets has.", .arguments = "key:k0*",
        .tips = UNORDERED),
    DOC("sunionstore", "1.0.0", ALL, "Keeps the members that any of the sets has as a new set.",
        .arguments = "destination:k0 key:k1*"),
};

const struct command_docs command_docs_set = {"set", rows, sizeof rows / sizeof rows[0]};
