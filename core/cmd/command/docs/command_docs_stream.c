/*
 * command_docs_stream.c — what the stream commands are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1         "O(1)"
#define SUBCOMMAND "As its subcommands"
#define HELP       "What subcommands there are, in words."
#define EACH_ID    "O(1) for each ID"
#define RANGE_COST "O(N) for N entries that are returned, at once where COUNT bounds them"
#define READ_COST  "O(N) for N entries that are returned of each stream"
#define TRIM_COST  "O(N) for N entries that go, which are freed by whole nodes"
#define UNSTABLE   "nondeterministic_output"

#define TRIM                                                                                       \
    "trim{strategy<maxlen@MAXLEN minid@MINID^6.2.0> operator<equal@= approximately@~>? "           \
    "threshold:s count:i@LIMIT?^6.2.0}"
#define CONDITION "condition<keepref@KEEPREF delref@DELREF acked@ACKED>?"
#define IDS       "ids{numids:i id:s*}@IDS"
#define GROUP     "key:k0 groupname:s "
#define LAST_ID   "id<id:s new_id@$> "
#define STREAMS   "streams{key:k0* id:s*}@STREAMS"

static const struct command_doc rows[] = {
    DOC("xack", "5.0.0", EACH_ID, "Takes entries out of what is pending in a group of readers.",
        .arguments = "key:k0 group:s id:s*"),
    DOC("xackdel", "8.2.0", EACH_ID,
        "Takes entries out of what is pending in a group of readers, and deletes them.",
        .arguments = "key:k0 group:s " CONDITION " " IDS),
    DOC("xadd", "5.0.0", "O(1); with trimming, O(N) for N entries that go",
        "Adds an entry to a stream, which it makes if need be.",
        .arguments = "key:k0 nomkstream@NOMKSTREAM?^6.2.0 " CONDITION "^8.2.0 " TRIM
                     "? id_or_auto<auto_id@* id:s> field_value{field:s value:s}*",
        .tips = UNSTABLE),
    DOC("xautoclaim", "6.2.0", "O(1) for a count that is small",
        "Hands entries that have long been pending to another reader, and goes on where it ended.",
        .arguments = "key:k0 group:s consumer:s min-idle-time:s start:s count:i@COUNT? "
                     "justid@JUSTID?",
        .tips = UNSTABLE),
    DOC("xclaim", "5.0.0", "O(log N) for each ID, N being the entries pending in the group",
        "Hands entries that are pending to another reader.",
        .arguments = "key:k0 group:s consumer:s min-idle-time:s id:s* ms:i@IDLE? "
                     "unix-time-milliseconds:u@TIME? count:i@RETRYCOUNT? force@FORCE? "
                     "justid@JUSTID? id:s@LASTID?",
        .tips = UNSTABLE),
    DOC("xdel", "5.0.0", EACH_ID, "Deletes entries of a stream.", .arguments = "key:k0 id:s*"),
    DOC("xdelex", "8.2.0", EACH_ID,
        "Deletes entries of a stream, with regard to groups that refer to them.",
        .arguments = "key:k0 " CONDITION " " IDS),
    DOC("xgroup", "5.0.0", SUBCOMMAND, "Makes groups of readers of a stream, and changes them."),
    DOC("xgroup|create", "5.0.0", O1, "Makes a group of readers.",
        .arguments = GROUP LAST_ID "mkstream@MKSTREAM? entries_read:i@ENTRIESREAD?"),
    DOC("xgroup|createconsumer", "6.2.0", O1, "Makes a reader of a group.",
        .arguments = GROUP "consumername:s"),
    DOC("xgroup|delconsumer", "5.0.0", "O(N) for N entries pending for it",
        "Takes a reader out of a group, with what is pending for it.",
        .arguments = GROUP "consumername:s"),
    DOC("xgroup|destroy", "5.0.0", "O(N) for N entries pending in it",
        "Deletes a group with its readers.", .arguments = "key:k0 groupname:s"),
    DOC("xgroup|help", "5.0.0", O1, HELP),
    DOC("xgroup|setid", "5.0.0", O1, "Says up to which entry a group has read.",
        .arguments = GROUP LAST_ID "entries_read:i@ENTRIESREAD?"),
    DOC("xinfo", "5.0.0", SUBCOMMAND, "Looks at streams, groups and readers."),
    DOC("xinfo|consumers", "5.0.0", O1, "The readers of a group.",
        .arguments = "key:k0 groupname:s", .tips = UNSTABLE),
    DOC("xinfo|groups", "5.0.0", O1, "The groups of readers of a stream.", .arguments = "key:k0"),
    DOC("xinfo|help", "5.0.0", O1, HELP),
    DOC("xinfo|stream", "5.0.0", O1, "What a stream has, and what has become of it.",
        .arguments = "key:k0 full{count:i@COUNT?}@FULL?"),
    DOC("xlen", "5.0.0", O1, "The number of entries of a stream.", .arguments = "key:k0"),
    DOC("xpending", "5.0.0", "O(N) for N entries that are returned; O(1) without a range",
        "What a group of readers has been handed and not yet acknowledged.",
        .arguments = "key:k0 group:s "
                     "filters{min-idle-time:i@IDLE?^6.2.0 start:s end:s count:i consumer:s?}?",
        .tips = UNSTABLE),
    DOC("xrange", "5.0.0", RANGE_COST, "A range of the entries of a stream.",
        .arguments = "key:k0 start:s end:s count:i@COUNT?"),
    DOC("xread", "5.0.0", READ_COST,
        "The entries of several streams above an ID, and waits for one if need be.",
        .arguments = "count:i@COUNT? milliseconds:i@BLOCK? " STREAMS),
    DOC("xreadgroup", "5.0.0", READ_COST,
        "Hands entries of several streams to a reader of a group, and waits for one if need be.",
        .arguments = "group_consumer{group:s consumer:s}@GROUP count:i@COUNT? "
                     "milliseconds:i@BLOCK? noack@NOACK? " STREAMS),
    DOC("xrevrange", "5.0.0", RANGE_COST, "A range of the entries of a stream, the last one first.",
        .arguments = "key:k0 end:s start:s count:i@COUNT?"),
    DOC("xsetid", "5.0.0", O1, "Says which ID was the last of a stream.",
        .arguments = "key:k0 last-id:s entries_added:i@ENTRIESADDED?^7.0.0 "
                     "max_deleted_entry_id:s@MAXDELETEDID?^7.0.0"),
    DOC("xtrim", "5.0.0", TRIM_COST, "Takes the oldest entries of a stream away.",
        .arguments = "key:k0 " TRIM " " CONDITION "^8.2.0", .tips = UNSTABLE),
};

const struct command_docs command_docs_stream = {"stream", rows, sizeof rows / sizeof rows[0]};
