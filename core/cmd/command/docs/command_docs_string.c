/*
 * command_docs_string.c — what the string commands are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1        "O(1)"
#define SUBSTRING "O(N), N being the length of the answer"
/* Each key goes to its own node; what they answer is put together. */
#define SPLIT "request_policy:multi_shard"

static const struct command_doc rows[] = {
    DOC("append", "2.0.0", "O(1) amortised, for short additions",
        "Adds bytes to the end of a string, which it makes if there is none.",
        .arguments = "key:k0 value:s"),
    DOC("decr", "1.0.0", O1, "Takes one from a number; a missing key counts as 0.",
        .arguments = "key:k0"),
    DOC("decrby", "1.0.0", O1, "Takes an amount from a number; a missing key counts as 0.",
        .arguments = "key:k0 decrement:i"),
    DOC("get", "1.0.0", O1, "Reads a string.", .arguments = "key:k0"),
    DOC("getdel", "6.2.0", O1, "Reads a string and deletes its key.", .arguments = "key:k0"),
    DOC("getex", "6.2.0", O1, "Reads a string and changes when it expires.",
        .arguments = "key:k0 expiration<seconds:i@EX milliseconds:i@PX unix-time-seconds:u@EXAT "
                     "unix-time-milliseconds:u@PXAT persist@PERSIST>?"),
    DOC("getrange", "2.4.0", SUBSTRING, "Reads a part of a string.",
        .arguments = "key:k0 start:i end:i"),
    DOC("getset", "1.0.0", O1, "Sets a string and answers with the old one.",
        .arguments = "key:k0 value:s", .deprecated = "6.2.0",
        .instead = "`SET` with the `GET` option"),
    DOC("incr", "1.0.0", O1, "Adds one to a number; a missing key counts as 0.",
        .arguments = "key:k0"),
    DOC("incrby", "1.0.0", O1, "Adds an amount to a number; a missing key counts as 0.",
        .arguments = "key:k0 increment:i"),
    DOC("incrbyfloat", "2.6.0", O1, "Adds a fraction to a number; a missing key counts as 0.",
        .arguments = "key:k0 increment:d"),
    DOC("lcs", "7.0.0", "O(N*M), the lengths of the two strings",
        "Finds the longest subsequence that two strings have in common.",
        .arguments = "key1:k0 key2:k0 len@LEN? idx@IDX? min-match-len:i@MINMATCHLEN? "
                     "withmatchlen@WITHMATCHLEN?"),
    DOC("mget", "1.0.0", "O(N), N being the number of keys", "Reads several strings at once.",
        .arguments = "key:k0*", .tips = SPLIT),
    DOC("mset", "1.0.1", "O(N), N being the number of keys", "Sets several strings at once.",
        .arguments = "data{key:k0 value:s}*", .tips = SPLIT " response_policy:all_succeeded"),
    DOC("msetnx", "1.0.1", "O(N), N being the number of keys",
        "Sets several strings at once, unless one of the keys exists.",
        .arguments = "data{key:k0 value:s}*"),
    DOC("psetex", "2.6.0", O1, "Sets a string that expires after some milliseconds.",
        .arguments = "key:k0 milliseconds:i value:s", .deprecated = "2.6.12",
        .instead = "`SET` with the `PX` option"),
    DOC("set", "1.0.0", O1, "Sets a string, whatever the key held before.",
        .arguments = "key:k0 value:s condition<nx@NX xx@XX>?^2.6.12 get@GET?^6.2.0 "
                     "expiration<seconds:i@EX^2.6.12 milliseconds:i@PX^2.6.12 "
                     "unix-time-seconds:u@EXAT^6.2.0 "
                     "unix-time-milliseconds:u@PXAT^6.2.0 keepttl@KEEPTTL^6.0.0>?"),
    DOC("setex", "2.0.0", O1, "Sets a string that expires after some seconds.",
        .arguments = "key:k0 seconds:i value:s", .deprecated = "2.6.12",
        .instead = "`SET` with the `EX` option"),
    DOC("setnx", "1.0.0", O1, "Sets a string unless the key exists.", .arguments = "key:k0 value:s",
        .deprecated = "2.6.12", .instead = "`SET` with the `NX` option"),
    DOC("setrange", "2.2.0", "O(M), M being the length of the value",
        "Overwrites a part of a string, and lengthens it with zero bytes if need be.",
        .arguments = "key:k0 offset:i value:s"),
    DOC("strlen", "2.2.0", O1, "The length of a string in bytes.", .arguments = "key:k0"),
    DOC("substr", "1.0.0", SUBSTRING, "Reads a part of a string.",
        .arguments = "key:k0 start:i end:i", .deprecated = "2.0.0", .instead = "`GETRANGE`"),
};

const struct command_docs command_docs_string = {"string", rows, sizeof rows / sizeof rows[0]};
