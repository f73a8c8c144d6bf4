/*
 * acl_check.h — may this user make this call?
 *
 * One function answers for a client's command, a queued one, a waiter that is served, a call inside
 * a script, and ACL DRYRUN.  A selector allows a call if it has the command's bit (or its first
 * argument), a pattern for each key with all that the command does to that key, and one for each
 * channel; the user may do what any of his selectors allows.
 *
 * What a call does to a key is what its row says (enum key_flag): access is reading; insert, update
 * and delete are writing; a key of which the command only asks whether it is there needs any
 * pattern.  Keys that a handler finds as it runs are its own to ask about (acl_reads_all_keys).
 *
 * Threads  inside the gate: rules are read, and may be freed when it was left
 * Cost     a user who may do everything: two loads.  Else the keys of the call are found, and each
 *          is matched with the patterns; a call of one key is spared most of it (acl_allows_plain)
 */
#ifndef LK_CMD_ACL_CHECK_H
#define LK_CMD_ACL_CHECK_H

#include "core/cmd/client/acl_user.h"

LK_BEGIN

/*
 * c is the row of a (of the subcommand, where there are any), and a's arity is right.  u NULL: who
 * is asked nothing.  If it is refused, *at is the argument that the refusal is about: a key or a
 * channel, 0 for the command.
 */
enum acl_denial acl_check_call(const struct acl_user *u, const struct command_info *c,
                               const struct args *a, uint32_t *at);

/*
 * Certainly, for a call of one key and nothing special (command_info.plain)?  False says nothing:
 * acl_check_call is asked.  What a row may do to its key counts as done (SET with GET, say), for
 * the arguments are not looked at.
 *
 * Cost     tens of instructions, and what acl_patterns_match takes
 */
bool acl_allows_plain(const struct acl_user *u, const struct command_info *c, struct bytes key);

/* Does a selector that allows the call let it read all keys?  For SORT with BY or GET. */
bool acl_reads_all_keys(const struct acl_user *u, const struct command_info *c,
                        const struct args *a);

/*
 * What the client is told of a refusal, without "NOPERM ".  named: with the key or the channel, for
 * the user's own eyes (ACL DRYRUN, scripts).
 */
void acl_append_denial(struct buf *out, enum acl_denial denial, const struct acl_user *u,
                       const struct command_info *c, struct bytes arg, bool named);

/*
 * Does the user hear this channel?  Patterns that are subscribed to are compared with the user's as
 * texts, not matched.
 */
bool acl_hears(const struct acl_user *u, struct bytes channel, bool is_pattern);

LK_END

#endif
