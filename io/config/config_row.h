/*
 * config_row.h — how the tables write a row: one macro a kind, so that a row is a line.
 *
 * Each macro takes name, member and first value; then bounds or choices; then flags; then,
 * where it has them, `.check`, `.hook`, `.needs`, `.shown` and the old name as `.alias`.  A member
 * of another type than the kind's does not compile.  COUNT is INT for an unsigned member: lo is not
 * negative.
 */
#ifndef LK_IO_CONFIG_ROW_H
#define LK_IO_CONFIG_ROW_H

#include "io/config/config_priv.h"

#include <stdint.h>

#define IMM CONFIG_IMMUTABLE
#define HID CONFIG_HIDDEN
#define PRO CONFIG_PROTECTED
#define MUL CONFIG_MULTI
#define STO CONFIG_STORED
#define NUL CONFIG_NULLABLE
#define SEC CONFIG_SECRET
#define OWN CONFIG_BLOB
#define ALW CONFIG_ALWAYS
#define DEM CONFIG_DEMANDS
#define VOL CONFIG_VOLATILE

#define PORT_MAX 65535
#define UINT_32  UINT32_MAX
#define INT_32   INT32_MAX
#define INT_64   INT64_MAX
#define UINT_64  UINT64_MAX
#define MB       (1 << 20)

#define PLAIN(f)    offsetof(struct config, f)
#define AT(type, f) PLAIN(f) + _Generic(((struct config *)0)->f, type : 0)

/* Who acts when the directive changes. */
#define HOOK(id) .hook = CONFIG_HOOK_##id

/* The feature without which the directive does nothing. */
#define NEEDS(feature) .needs = CONFIG_NEEDS_##feature

/* What every row begins with: name, first value, kind, flags, member. */
#define ROW(n, init, k, fl, at)                                                                    \
    .name = n, .initial = init, .kind = CONFIG_KIND_##k, .flags = (fl), .offset = at

#define BOOL(n, f, init, fl, ...)                                                                  \
    {                                                                                              \
        ROW(n, init, BOOL, fl, AT(bool, f)), __VA_ARGS__                                           \
    }
#define INT(n, f, init, lo, hi, fl, ...)                                                           \
    {                                                                                              \
        ROW(n, init, INT, fl, AT(int64_t, f)), .min = lo, .max = hi, __VA_ARGS__                   \
    }
#define COUNT(n, f, init, lo, hi, fl, ...)                                                         \
    {                                                                                              \
        ROW(n, init, INT, fl, AT(uint64_t, f)), .min = lo, .max = hi, __VA_ARGS__                  \
    }
#define OCTAL(n, f, init, hi, fl, ...)                                                             \
    {                                                                                              \
        ROW(n, init, OCTAL, fl, AT(int64_t, f)), .max = hi, __VA_ARGS__                            \
    }
#define MEMORY(n, f, init, lo, hi, fl, ...)                                                        \
    {                                                                                              \
        ROW(n, init, MEMORY, fl, AT(uint64_t, f)), .min = lo, .max = hi, __VA_ARGS__               \
    }
#define PERCENT(n, f, init, fl, ...)                                                               \
    {                                                                                              \
        ROW(n, init, PERCENT, fl, AT(int64_t, f)), .max = INT64_MAX, __VA_ARGS__                   \
    }
#define ENUM(n, f, init, list, fl, ...)                                                            \
    {                                                                                              \
        ROW(n, init, ENUM, fl, AT(int, f)), .choices = config_choice_##list, __VA_ARGS__           \
    }
#define FLAGS(n, f, init, list, fl, ...)                                                           \
    {                                                                                              \
        ROW(n, init, FLAGS, fl, AT(int, f)), .choices = config_choice_##list, __VA_ARGS__          \
    }
#define STRING(n, f, init, fl, ...)                                                                \
    {                                                                                              \
        ROW(n, init, STRING, fl, AT(const char *, f)), __VA_ARGS__                                 \
    }
#define BYTES(n, f, init, fl, ...)                                                                 \
    {                                                                                              \
        ROW(n, init, BYTES, fl, AT(struct bytes, f)), __VA_ARGS__                                  \
    }
#define SPECIAL(n, f, init, what, fl, ...)                                                         \
    {                                                                                              \
        ROW(n, init, SPECIAL, fl, PLAIN(f)), .special = &config_special_##what, __VA_ARGS__        \
    }

#define TABLE(x)                                                                                   \
    {                                                                                              \
        x, sizeof x / sizeof *x                                                                    \
    }

#endif
