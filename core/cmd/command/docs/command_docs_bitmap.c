/*
 * command_docs_bitmap.c — what the bitmap commands are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1     "O(1)"
#define FIELDS "O(1) for each operation"
#define LENGTH "O(N) for N bytes"
#define UNIT   "unit<byte@BYTE bit@BIT>?^7.0.0"
#define GET    "get-block{encoding:s offset:i}@GET"

static const struct command_doc rows[] = {
    DOC("bitcount", "2.6.0", LENGTH, "Counts the bits of a string that are set.",
        .arguments = "key:k0 range{start:i end:i " UNIT "}?"),
    DOC("bitfield", "3.2.0", FIELDS, "Reads, sets and adds to integers of any width in a string.",
        .arguments =
            "key:k0 operation<" GET " write{overflow-block<wrap@WRAP sat@SAT fail@FAIL>@OVERFLOW? "
            "write-operation<set-block{encoding:s offset:i value:i}@SET "
            "incrby-block{encoding:s offset:i increment:i}@INCRBY>}>?*"),
    DOC("bitfield_ro", "6.0.0", FIELDS, "Reads integers of any width in a string.",
        .arguments = "key:k0 " GET "?+"),
    DOC("bitop", "2.6.0", "O(N) for N bytes in all sources",
        "Combines strings bit by bit and stores the result.",
        .arguments = "operation<and@AND or@OR xor@XOR not@NOT diff@DIFF^8.2.0 diff1@DIFF1^8.2.0 "
                     "andor@ANDOR^8.2.0 one@ONE^8.2.0> destkey:k0 key:k1*"),
    DOC("bitpos", "2.8.7", LENGTH, "Finds the first bit of a string that is set, or not set.",
        .arguments = "key:k0 bit:i range{start:i end-unit-block{end:i " UNIT "}?}?"),
    DOC("getbit", "2.2.0", O1, "Reads one bit of a string.", .arguments = "key:k0 offset:i"),
    DOC("setbit", "2.2.0", O1,
        "Sets or clears one bit of a string, which is lengthened if need be.",
        .arguments = "key:k0 offset:i value:i"),
};

const struct command_docs command_docs_bitmap = {"bitmap", rows, sizeof rows / sizeof rows[0]};
