/*
 * secret.h — arguments that no log may show.
 *
 * Passwords travel as plain arguments; the slow log and MONITOR write SECRET_TEXT in their place.
 */
#ifndef LK_CMD_SECRET_H
#define LK_CMD_SECRET_H

#include "core/cmd/command/args.h"

LK_BEGIN

#define SECRET_TEXT "(redacted)"

/* Is argument i of this command a password, or a name that goes with one? */
bool args_is_secret(const struct args *a, uint32_t i);

LK_END

#endif
