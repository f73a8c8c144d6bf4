/*
 * scan_options.h — cursor, MATCH, COUNT and what else SCAN, HSCAN, SSCAN and ZSCAN take.
 */
#ifndef LK_CMD_SCAN_OPTIONS_H
#define LK_CMD_SCAN_OPTIONS_H

#include "core/cmd/command/args.h"

LK_BEGIN

/* Which of the commands asks: each has a word of its own. */
enum scan_of {
    SCAN_OF_KEYS,    /* TYPE name */
    SCAN_OF_FIELDS,  /* NOVALUES */
    SCAN_OF_MEMBERS, /* none */
    SCAN_OF_SCORES,  /* NOSCORES */
};

struct scan_options {
    uint64_t count; /* about how many to visit; at least 1 */
    struct bytes pattern;
    bool all;          /* no pattern, or a lone star */
    bool bare;         /* NOVALUES, NOSCORES */
    struct bytes type; /* a type's name as the client wrote it; empty without TYPE */
};

void scan_set_pattern(struct scan_options *o, struct bytes pattern);

/* Is a key or an element of that name wanted? */
bool scan_matches(const struct scan_options *o, struct bytes name);

/* LK_ECURSOR */
int scan_cursor(struct bytes word, uint64_t *out);

/* The options from argument at on.  LK_ENOTINT, LK_ESYNTAX */
int scan_parse(const struct args *a, uint32_t at, enum scan_of of, struct scan_options *out);

LK_END

#endif
