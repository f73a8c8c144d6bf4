/*
 * resp_number.c — numbers with their line's end: small ones from a table.
 */
#include "core/proto/resp_write.h"

#include <assert.h>

#define ROW1(d)                                                                                    \
    {                                                                                              \
#d "\r\n", 3                                                                               \
    }
#define ROW2(d)                                                                                    \
    {                                                                                              \
#d "\r\n", 4                                                                               \
    }
#define TEN(t)                                                                                     \
    ROW2(t##0), ROW2(t##1), ROW2(t##2), ROW2(t##3), ROW2(t##4), ROW2(t##5), ROW2(t##6),            \
        ROW2(t##7), ROW2(t##8), ROW2(t##9)

const struct reply_small_row reply_small[REPLY_SMALL] = {
    ROW1(0), ROW1(1), ROW1(2), ROW1(3), ROW1(4), ROW1(5), ROW1(6), ROW1(7), ROW1(8), ROW1(9),
    TEN(1),  TEN(2),  TEN(3),  TEN(4),  TEN(5),  TEN(6),  TEN(7),  TEN(8),  TEN(9),
};
static_assert(sizeof(struct reply_small_row) == 8, "one copy takes a row");

char *reply_put_number_slow(char *to, char sign, int64_t v)
{
    *to++ = sign;
    to += int64_to_chars(v, to);
    *to++ = '\r';
    *to++ = '\n';
    return to;
}
