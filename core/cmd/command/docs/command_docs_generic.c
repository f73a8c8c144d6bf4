/*
 * command_docs_generic.c — what the commands on keys of any type are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1      "O(1)"
#define VARIES  "nondeterministic_output"
#define COUNTED "request_policy:multi_shard response_policy:agg_sum"
#define WHEN    " condition<nx@NX xx@XX gt@GT lt@LT>?^7.0.0"
#define SORTED  "O(N+M*log(M)), N elements of which M are returned; O(N) when they are not sorted"
#define SORT_BY                                                                                    \
    "key:k0 by-pattern:p1@BY? limit{offset:i count:i}@LIMIT? get-pattern:p1@GET?+ "                \
    "order<asc@ASC desc@DESC>? sorting@ALPHA?"

static const struct command_doc rows[] = {
    DOC("copy", "6.2.0", "O(N) for N nested elements; O(1) for strings",
        "Copies a key's value and deadline to another key.",
        .arguments = "source:k0 destination:k1 destination-db:i@DB? replace@REPLACE?"),
    DOC("del", "1.0.0", "O(N) for N keys, and the number of elements of each",
        "Deletes keys, and says how many there were.", .arguments = "key:k0*", .tips = COUNTED),
    DOC("dump", "2.6.0", "O(N*M) for N elements of M bytes",
        "A key's value in a form that RESTORE takes.", .arguments = "key:k0", .tips = VARIES),
    DOC("exists", "1.0.0", "O(N) for N keys", "Counts those of the keys that exist.",
        .arguments = "key:k0*", .tips = COUNTED),
    DOC("expire", "1.0.0", O1, "Lets a key expire after some seconds.",
        .arguments = "key:k0 seconds:i" WHEN),
    DOC("expireat", "1.2.0", O1, "Lets a key expire at a Unix time in seconds.",
        .arguments = "key:k0 unix-time-seconds:u" WHEN),
    DOC("expiretime", "7.0.0", O1, "When a key expires, as a Unix time in seconds.",
        .arguments = "key:k0"),
    DOC("keys", "1.0.0", "O(N) for N keys in the database", "The keys whose names match a pattern.",
        .arguments = "pattern:p",
        .tips = "request_policy:all_shards nondeterministic_output_order"),
    DOC("migrate", "2.6.0", "That of DUMP and DEL here and of RESTORE there, and of the transfer",
        "Moves keys to another server, so that they are always on one of the two.",
        .arguments =
            "host:s port:i key-selector<key:k0 empty-string@\"\"> destination-db:i timeout:i "
            "copy@COPY?^3.0.0 replace@REPLACE?^3.0.0 "
            "authentication<auth:s@AUTH^4.0.7 auth2{username:s password:s}@AUTH2^6.0.0>? "
            "keys:k1@KEYS?*^3.0.6",
        .tips = VARIES),
    DOC("move", "1.0.0", O1, "Moves a key to another database.", .arguments = "key:k0 db:i"),
    DOC("object", "2.2.3", "That of the subcommand", "Looks at how a value is kept."),
    DOC("object|encoding", "2.2.3", O1, "How a value is laid out in memory.", .arguments = "key:k0",
        .tips = VARIES),
    DOC("object|freq", "4.0.0", O1, "How often a key is used, on a logarithmic scale.",
        .arguments = "key:k0", .tips = VARIES),
    DOC("object|help", "6.2.0", O1, "Lists the subcommands."),
    DOC("object|idletime", "2.2.3", O1, "Seconds since a key was last used.", .arguments = "key:k0",
        .tips = VARIES),
    DOC("object|refcount", "2.2.3", O1, "How many owners a value has.", .arguments = "key:k0",
        .tips = VARIES),
    DOC("persist", "2.2.0", O1, "Lets a key stay for good.", .arguments = "key:k0"),
    DOC("pexpire", "2.6.0", O1, "Lets a key expire after some milliseconds.",
        .arguments = "key:k0 milliseconds:i" WHEN),
    DOC("pexpireat", "2.6.0", O1, "Lets a key expire at a Unix time in milliseconds.",
        .arguments = "key:k0 unix-time-milliseconds:u" WHEN),
    DOC("pexpiretime", "7.0.0", O1, "When a key expires, as a Unix time in milliseconds.",
        .arguments = "key:k0"),
    DOC("pttl", "2.6.0", O1, "Milliseconds until a key expires.", .arguments = "key:k0",
        .tips = VARIES),
    DOC("randomkey", "1.0.0", O1, "The name of some key.",
        .tips = "request_policy:all_shards response_policy:special nondeterministic_output"),
    DOC("rename", "1.0.0", O1, "Gives a key another name, whatever had that name before.",
        .arguments = "key:k0 newkey:k1"),
    DOC("renamenx", "1.0.0", O1, "Gives a key another name unless that is taken.",
        .arguments = "key:k0 newkey:k1"),
    DOC("restore", "2.6.0", "O(N*M) for N elements of M bytes; log(N) times that for sorted sets",
        "Makes a key of what DUMP gave.",
        .arguments = "key:k0 ttl:i serialized-value:s replace@REPLACE?^3.0.0 absttl@ABSTTL?^5.0.0 "
                     "seconds:i@IDLETIME?^5.0.0 frequency:i@FREQ?^5.0.0"),
    DOC("scan", "2.8.0", "O(1) a call, O(N) for all N keys of the database",
        "Walks over the keys of the database, some at a call.",
        .arguments = "cursor:i pattern:p@MATCH? count:i@COUNT? type:s@TYPE?^6.0.0",
        .tips = "nondeterministic_output request_policy:special response_policy:special"),
    DOC("sort", "1.0.0", SORTED,
        "Sorts a list, set or sorted set, and returns or stores the result.",
        .arguments = SORT_BY " destination:k2@STORE?"),
    DOC("sort_ro", "7.0.0", SORTED, "Sorts a list, set or sorted set, and returns the result.",
        .arguments = SORT_BY),
    DOC("touch", "3.2.1", "O(N) for N keys", "Notes that keys were used, and counts them.",
        .arguments = "key:k0*", .tips = COUNTED),
    DOC("ttl", "1.0.0", O1, "Seconds until a key expires.", .arguments = "key:k0", .tips = VARIES),
    DOC("type", "1.0.0", O1, "The type of a key's value.", .arguments = "key:k0"),
    DOC("unlink", "4.0.0", "O(1) for each key; their memory is given back in the background",
        "Deletes keys without waiting for their memory.", .arguments = "key:k0*", .tips = COUNTED),
    DOC("wait", "3.0.0", O1,
        "Waits until enough replicas have acknowledged what this connection wrote.",
        .arguments = "numreplicas:i timeout:i",
        .tips = "request_policy:all_shards response_policy:agg_min"),
    DOC("waitaof", "7.2.0", O1,
        "Waits until what this connection wrote is on the disks of this server and of replicas.",
        .arguments = "numlocal:i numreplicas:i timeout:i",
        .tips = "request_policy:all_shards response_policy:agg_min"),
};

const struct command_docs command_docs_generic = {"generic", rows, sizeof rows / sizeof rows[0]};
