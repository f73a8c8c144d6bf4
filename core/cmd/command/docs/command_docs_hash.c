/*
 * command_docs_hash.c — what the hash commands are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1        "O(1)"
#define NAMED     "O(N) for N fields that are named"
#define WHOLE     "O(N) for N fields in the hash"
#define FIELD     "key:k0 field:s"
#define PAIRS     "key:k0 data{field:s value:s}*"
#define FIELDS    " fields{numfields:i field:s*}@FIELDS"
#define WHEN      " condition<nx@NX xx@XX gt@GT lt@LT>?"
#define UNORDERED "nondeterministic_output_order"
#define VARIES    "nondeterministic_output"
#define LIFETIMES                                                                                  \
    "seconds:i@EX milliseconds:i@PX unix-time-seconds:u@EXAT unix-time-milliseconds:u@PXAT "

static const struct command_doc rows[] = {
    DOC("hdel", "2.0.0", NAMED, "Deletes fields of a hash, and the hash with its last field.",
        .arguments = "key:k0 field:s*"),
    DOC("hexists", "2.0.0", O1, "Says whether a hash has a field.", .arguments = FIELD),
    DOC("hexpire", "7.4.0", NAMED, "Lets fields of a hash expire after some seconds.",
        .arguments = "key:k0 seconds:i" WHEN FIELDS),
    DOC("hexpireat", "7.4.0", NAMED, "Lets fields of a hash expire at a Unix time in seconds.",
        .arguments = "key:k0 unix-time-seconds:u" WHEN FIELDS),
    DOC("hexpiretime", "7.4.0", NAMED, "When fields of a hash expire, as a Unix time in seconds.",
        .arguments = "key:k0" FIELDS),
    DOC("hget", "2.0.0", O1, "Reads a field of a hash.", .arguments = FIELD),
    DOC("hgetall", "2.0.0", WHOLE, "Reads all fields of a hash with their values.",
        .arguments = "key:k0", .tips = UNORDERED),
    DOC("hgetdel", "8.0.0", NAMED, "Reads fields of a hash and deletes them.",
        .arguments = "key:k0" FIELDS),
    DOC("hgetex", "8.0.0", NAMED, "Reads fields of a hash and changes when they expire.",
        .arguments = "key:k0 expiration<" LIFETIMES "persist@PERSIST>?" FIELDS),
    DOC("hincrby", "2.0.0", O1,
        "Adds an amount to a number in a hash; a missing field counts as 0.",
        .arguments = FIELD " increment:i"),
    DOC("hincrbyfloat", "2.6.0", O1,
        "Adds a fraction to a number in a hash; a missing field counts as 0.",
        .arguments = FIELD " increment:d"),
    DOC("hkeys", "2.0.0", WHOLE, "The names of all fields of a hash.", .arguments = "key:k0",
        .tips = UNORDERED),
    DOC("hlen", "2.0.0", O1, "How many fields a hash has.", .arguments = "key:k0"),
    DOC("hmget", "2.0.0", NAMED, "Reads several fields of a hash.", .arguments = "key:k0 field:s*"),
    DOC("hmset", "2.0.0", NAMED, "Sets several fields of a hash.", .arguments = PAIRS,
        .deprecated = "4.0.0", .instead = "`HSET` with several fields"),
    DOC("hpersist", "7.4.0", NAMED, "Lets fields of a hash stay for good.",
        .arguments = "key:k0" FIELDS),
    DOC("hpexpire", "7.4.0", NAMED, "Lets fields of a hash expire after some milliseconds.",
        .arguments = "key:k0 milliseconds:i" WHEN FIELDS),
    DOC("hpexpireat", "7.4.0", NAMED,
        "Lets fields of a hash expire at a Unix time in milliseconds.",
        .arguments = "key:k0 unix-time-milliseconds:u" WHEN FIELDS),
    DOC("hpexpiretime", "7.4.0", NAMED,
        "When fields of a hash expire, as a Unix time in milliseconds.",
        .arguments = "key:k0" FIELDS),
    DOC("hpttl", "7.4.0", NAMED, "Milliseconds until fields of a hash expire.",
        .arguments = "key:k0" FIELDS),
    DOC("hrandfield", "6.2.0", "O(N) for N fields in the answer",
        "Fields of a hash, chosen at random.",
        .arguments = "key:k0 options{count:i withvalues@WITHVALUES?}?", .tips = VARIES),
    DOC("hscan", "2.8.0", "O(1) for a call, O(N) for a whole walk over N fields",
        "Goes through the fields of a hash step by step.",
        .arguments = "key:k0 cursor:i pattern:p@MATCH? count:i@COUNT? novalues@NOVALUES?^7.4.0",
        .tips = VARIES),
    DOC("hset", "2.0.0", NAMED, "Sets fields of a hash, which it makes if there is none.",
        .arguments = PAIRS),
    DOC("hsetex", "8.0.0", NAMED, "Sets fields of a hash, and when they expire.",
        .arguments = "key:k0 condition<fnx@FNX fxx@FXX>? expiration<" LIFETIMES
                     "keepttl@KEEPTTL>? fields{numfields:i data{field:s value:s}*}@FIELDS"),
    DOC("hsetnx", "2.0.0", O1, "Sets a field of a hash unless it exists.",
        .arguments = FIELD " value:s"),
    DOC("hstrlen", "3.2.0", O1, "The length of a field's value in bytes.", .arguments = FIELD),
    DOC("httl", "7.4.0", NAMED, "Seconds until fields of a hash expire.",
        .arguments = "key:k0" FIELDS),
    DOC("hvals", "2.0.0", WHOLE, "The values of all fields of a hash.", .arguments = "key:k0",
        .tips = UNORDERED),
};

const struct command_docs command_docs_hash = {"hash", rows, sizeof rows / sizeof rows[0]};
