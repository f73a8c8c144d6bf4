/*
 * string_options.h — the words behind SET and GETEX.
 *
 * Some exclude each other; a word may come again, and the last one counts.
 */
#ifndef LK_CMD_STRING_OPTIONS_H
#define LK_CMD_STRING_OPTIONS_H

#include "core/cmd/command/args.h"

LK_BEGIN

enum string_option {
    OPTION_NX = 1 << 0,      /* only if there is no such key */
    OPTION_XX = 1 << 1,      /* only if there is */
    OPTION_IFEQ = 1 << 2,    /* only if its value is this */
    OPTION_GET = 1 << 3,     /* answer with the old value */
    OPTION_KEEPTTL = 1 << 4, /* the deadline stays */
    OPTION_PERSIST = 1 << 5, /* the deadline goes */
    OPTION_EX = 1 << 6,
    OPTION_PX = 1 << 7,
    OPTION_EXAT = 1 << 8,
    OPTION_PXAT = 1 << 9,

    OPTIONS_EXPIRE = OPTION_EX | OPTION_PX | OPTION_EXAT | OPTION_PXAT,
    OPTIONS_OF_SET =
        OPTION_NX | OPTION_XX | OPTION_IFEQ | OPTION_GET | OPTION_KEEPTTL | OPTIONS_EXPIRE,
    OPTIONS_OF_GETEX = OPTION_PERSIST | OPTIONS_EXPIRE,
};

struct string_options {
    unsigned given;      /* enum string_option */
    unsigned form;       /* enum deadline_form, with one of OPTIONS_EXPIRE */
    struct bytes when;   /* its number, not looked at yet */
    struct bytes expect; /* with OPTION_IFEQ */
};

/* Reads the words from index first on; allowed is what the command knows.  LK_ESYNTAX */
int string_options_parse(const struct args *a, uint32_t first, unsigned allowed,
                         struct string_options *out);

LK_END

#endif
