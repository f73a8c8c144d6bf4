/*
 * command_docs_list.c — what the list commands are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1           "O(1)"
#define ADDED        "O(N) for N elements that are added"
#define TAKEN        "O(N) for N elements that are returned"
#define SEVERAL      "O(N+M) for N keys and M elements that are returned"
#define TO_INDEX     "O(N), N being the elements between the index and the nearer end"
#define ENDS         "wherefrom<left@LEFT right@RIGHT> whereto<left@LEFT right@RIGHT>"
#define FROM_SEVERAL "numkeys:i key:k0* where<left@LEFT right@RIGHT> count:i@COUNT?"

static const struct command_doc rows[] = {
    DOC("blmove", "6.2.0", O1,
        "Moves an element from an end of one list to an end of another, and waits for one if need "
        "be.",
        .arguments = "source:k0 destination:k1 " ENDS " timeout:d"),
    DOC("blmpop", "7.0.0", SEVERAL,
        "Pops elements from the first of several lists that has some, and waits for them if need "
        "be.",
        .arguments = "timeout:d " FROM_SEVERAL),
    DOC("blpop", "2.0.0", "O(N) for N keys",
        "Pops the first element of the first list that has one, and waits for it if need be.",
        .arguments = "key:k0* timeout:d"),
    DOC("brpop", "2.0.0", "O(N) for N keys",
        "Pops the last element of the first list that has one, and waits for it if need be.",
        .arguments = "key:k0* timeout:d"),
    DOC("brpoplpush", "2.2.0", O1,
        "Moves the last element of a list to the head of another, and waits for one if need be.",
        .arguments = "source:k0 destination:k1 timeout:d", .deprecated = "6.2.0",
        .instead = "`BLMOVE` with the `RIGHT` and `LEFT` arguments"),
    DOC("lindex", "1.0.0", TO_INDEX, "The element at an index of a list.",
        .arguments = "key:k0 index:i"),
    DOC("linsert", "2.2.0", "O(N) for N elements before the pivot",
        "Puts an element before or behind another one of a list.",
        .arguments = "key:k0 where<before@BEFORE after@AFTER> pivot:s element:s"),
    DOC("llen", "1.0.0", O1, "The number of elements of a list.", .arguments = "key:k0"),
    DOC("lmove", "6.2.0", O1, "Moves an element from an end of one list to an end of another.",
        .arguments = "source:k0 destination:k1 " ENDS),
    DOC("lmpop", "7.0.0", SEVERAL, "Pops elements from the first of several lists that has some.",
        .arguments = FROM_SEVERAL),
    DOC("lpop", "1.0.0", TAKEN, "Pops elements from the head of a list.",
        .arguments = "key:k0 count:i?^6.2.0"),
    DOC("lpos", "6.0.6", "O(N) for N elements that are looked at",
        "Where elements of a list are equal to a given one.",
        .arguments = "key:k0 element:s rank:i@RANK? num-matches:i@COUNT? len:i@MAXLEN?"),
    DOC("lpush", "1.0.0", ADDED,
        "Pushes elements to the head of a list, which it makes if need be.",
        .arguments = "key:k0 element:s*"),
    DOC("lpushx", "2.2.0", ADDED, "Pushes elements to the head of a list if there is one.",
        .arguments = "key:k0 element:s*"),
    DOC("lrange", "1.0.0", "O(S+N), S elements from the nearer end to the first of N",
        "A range of the elements of a list.", .arguments = "key:k0 start:i stop:i"),
    DOC("lrem", "1.0.0", "O(N) for N elements",
        "Takes elements that are equal to a given one out of a list.",
        .arguments = "key:k0 count:i element:s"),
    DOC("lset", "1.0.0", TO_INDEX, "Replaces the element at an index of a list.",
        .arguments = "key:k0 index:i element:s"),
    DOC("ltrim", "1.0.0", "O(N) for N elements that go",
        "Takes away from both ends of a list all but a range.",
        .arguments = "key:k0 start:i stop:i"),
    DOC("rpop", "1.0.0", TAKEN, "Pops elements from the tail of a list.",
        .arguments = "key:k0 count:i?^6.2.0"),
    DOC("rpoplpush", "1.2.0", O1, "Moves the last element of a list to the head of another.",
        .arguments = "source:k0 destination:k1", .deprecated = "6.2.0",
        .instead = "`LMOVE` with the `RIGHT` and `LEFT` arguments"),
    DOC("rpush", "1.0.0", ADDED,
        "Pushes elements to the tail of a list, which it makes if need be.",
        .arguments = "key:k0 element:s*"),
    DOC("rpushx", "2.2.0", ADDED, "Pushes elements to the tail of a list if there is one.",
        .arguments = "key:k0 element:s*"),
};

const struct command_docs command_docs_list = {"list", rows, sizeof rows / sizeof rows[0]};
