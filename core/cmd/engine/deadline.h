/*
 * deadline.h — the time of expiry as commands spell it.
 *
 * EX, PX, EXAT, PXAT and their kin are one number and two questions: seconds or milliseconds, from
 * now or since 1970?
 *
 * Units    *_ms is Unix time in ms
 */
#ifndef LK_CMD_DEADLINE_H
#define LK_CMD_DEADLINE_H

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/ds/entry.h"

LK_BEGIN

enum deadline_form {
    DEADLINE_SECONDS = 1 << 0,  /* else milliseconds */
    DEADLINE_ABSOLUTE = 1 << 1, /* else from now */
};

/* When a deadline may be set, as EXPIRE and HEXPIRE take it. */
enum deadline_condition { ONLY_NX = 1 << 0, ONLY_XX = 1 << 1, ONLY_GT = 1 << 2, ONLY_LT = 1 << 3 };

/* What has no deadline lives for ever: no deadline is later, and every one is earlier. */
static inline bool deadline_may_be(int64_t deadline_ms, int64_t current_ms, unsigned only)
{
    const bool has = current_ms != ENTRY_NO_DEADLINE;
    if ((only & ONLY_NX) && has)
        return false;
    if ((only & ONLY_XX) && !has)
        return false;
    if ((only & ONLY_GT) && (!has || deadline_ms <= current_ms))
        return false;
    return !(only & ONLY_LT) || !has || deadline_ms < current_ms;
}

/*
 * The deadline that n means.  One beyond ENTRY_DEADLINE_MAX (the year 6429) is held as that; one
 * before 1970 as 0.
 * LK_EEXPIRE  it does not fit an int64 of milliseconds
 */
static inline int deadline_from_number(int64_t n, unsigned form, int64_t now_ms, int64_t *out_ms)
{
    if ((form & DEADLINE_SECONDS) && __builtin_mul_overflow(n, 1000, &n))
        return LK_EEXPIRE;
    if (!(form & DEADLINE_ABSOLUTE) && __builtin_add_overflow(n, now_ms, &n))
        return LK_EEXPIRE;
    *out_ms = n < 0 ? 0 : n > ENTRY_DEADLINE_MAX ? ENTRY_DEADLINE_MAX : n;
    return LK_OK;
}

/* The same of a client's word that must be above 0.  LK_ENOTINT, LK_EEXPIRE */
static inline int deadline_from_word(struct bytes word, unsigned form, int64_t now_ms,
                                     int64_t *out_ms)
{
    int64_t n;
    if (!bytes_to_int64(word, &n))
        return LK_ENOTINT;
    return n > 0 ? deadline_from_number(n, form, now_ms, out_ms) : LK_EEXPIRE;
}

LK_END

#endif
