/*
 * secret.h — arguments that no log may show.
 *
 * Passwords travel as plain arguments; the slow log and MONITOR write SECRET_TEXT in their place.
 * Here is where the commands carry them; which directives of CONFIG SET are secret the rows of the
 * configuration say (CONFIG_SECRET), through dispatch_config.is_secret.
 */
#ifndef LK_CMD_SECRET_H
#define LK_CMD_SECRET_H

#include "core/cmd/command/command_index.h"

LK_BEGIN

#define SECRET_TEXT "(redacted)"

struct secret_rule {
    /* What ran: rename-command changes the word that the client sent, not the row. */
    const struct command_info *command;
    bool (*is_secret)(struct bytes directive); /* NULL: no directive's value may be shown */
};

/* May calls of this command have any?  One or two loads for nearly all of them. */
bool command_has_secrets(const struct command_info *c);

/* Is argument i of this command a password, or a name that goes with one? */
bool args_is_secret(const struct secret_rule *rule, const struct args *a, uint32_t i);

LK_END

#endif
