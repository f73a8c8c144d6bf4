/*
 * args.h — the arguments of one command.
 *
 * Shapes   v[0] is the command's name as the client wrote it; v[1..n-1] any bytes
 * Errors   negative enum status
 * Memory   borrowed: they die when the handler returns
 */
#ifndef LK_CMD_ARGS_H
#define LK_CMD_ARGS_H

#include "core/base/bytes.h"
#include "core/base/status.h"

LK_BEGIN

struct args {
    const struct bytes *v;
    uint32_t n;
};

/* Is argument i this word, in any case? */
static inline bool args_is(const struct args *a, uint32_t i, const char *lower)
{
    return i < a->n && bytes_is_word(a->v[i], lower);
}

static inline int args_int64(const struct args *a, uint32_t i, int64_t *out) /* LK_ENOTINT */
{
    return bytes_to_int64(a->v[i], out) ? LK_OK : LK_ENOTINT;
}

static inline int args_double(const struct args *a, uint32_t i, double *out) /* LK_ENOTFLOAT */
{
    return bytes_to_double(a->v[i], out) ? LK_OK : LK_ENOTFLOAT;
}

LK_END

#endif
