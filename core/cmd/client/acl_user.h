/*
 * acl_user.h — the users, and their rules as they are now.
 *
 *   struct acl --name--> struct acl_user --> struct acl_rules      never change once published
 *                           ^    ^
 *                     session    waiter's stand-in                 each has a reference
 *
 * A user is a cell that stays where it is while anybody has it; its rules are replaced whole.  A
 * deleted user's cell has rules that allow nothing, and leaves with the last session that has it.
 * What a session must know before each command is one flag (SESSION_FREE: its user may do all),
 * which whoever changes rules stores in all sessions of that user.
 *
 * Threads  rules and the table of names are read inside the gate.  They change while it is closed,
 *          but for acl_set_default_password, which any one thread at a time may call: what it
 *          replaces is kept until acl_reclaim.  state and counters are __atomic.
 */
#ifndef LK_CMD_ACL_USER_H
#define LK_CMD_ACL_USER_H

#include "core/base/atomic.h"
#include "core/cmd/client/acl_rules.h"

LK_BEGIN

struct acl_log;
struct registry;
struct session;

struct acl_user {
    uint32_t refs;           /* __atomic */
    uint32_t state;          /* __atomic: enum acl_state */
    struct acl_rules *rules; /* __atomic; inside the gate */
    struct bytes name;       /* fixed; in this block */
};

/* What is asked without looking at the rules. */
enum acl_state {
    ACL_STATE_OPEN = 1 << 0,   /* on, and any password is good */
    ACL_STATE_NOPASS = 1 << 1, /* any password is good */
    ACL_STATE_FREE = 1 << 2,   /* may do everything */
    ACL_STATE_GONE = 1 << 3,   /* deleted */
};

/* Why a call is refused, as the log of refusals and INFO count it. */
enum acl_denial {
    ACL_ALLOWED,
    ACL_DENIED_COMMAND,
    ACL_DENIED_KEY,
    ACL_DENIED_AUTH,
    ACL_DENIED_CHANNEL,
    ACL_DENIED_CERTIFICATE, /* it names no user who is on */
    ACL_DENIALS,
};

struct acl {
    struct acl_basis basis; /* all_channels: __atomic */
    struct acl_user **v;    /* in the order of their names; in the gate */
    uint32_t count, capacity;
    struct acl_user *first;    /* "default": who has not said who he is; never freed */
    struct acl_rules *retired; /* by acl_set_default_password */
    struct acl_log *log;
    uint64_t denied[ACL_DENIALS]; /* __atomic, relaxed: for INFO */
};

/* The rules of a default user of whom nothing was said: everything, and no password. */
struct acl_rules *acl_first_rules(const struct acl_basis *basis);

/* Has the default user, by those rules. */
struct acl *acl_new(const struct command_index *commands);
void acl_free(struct acl *a); /* no session is left */

struct acl_user *acl_user_keep(struct acl_user *u); /* u may be NULL */
void acl_user_drop(struct acl_user *u);             /* likewise */

static inline bool acl_user_is(const struct acl_user *u, enum acl_state state)
{
    return load_seq_cst(&u->state) & state;
}
static inline const struct acl_rules *acl_user_rules(const struct acl_user *u)
{
    return load_acquire(&u->rules);
}

/* May clients work without AUTH? */
static inline bool acl_is_open(const struct acl *a)
{
    return acl_user_is(a->first, ACL_STATE_OPEN);
}

struct acl_user *acl_find(const struct acl *a, struct bytes name); /* NULL: there is none */
/* The same, if he is on: for whom somebody else vouches.  NULL otherwise. */
struct acl_user *acl_find_active(const struct acl *a, struct bytes name);
/* Whose password that is: NULL, if there is no such user, he is off, or it is none of his. */
struct acl_user *acl_authenticate(const struct acl *a, struct bytes name, struct bytes password);

/* --- with the gate closed -------------------------------------------------------------------- */

/* Gives a user new rules, which it takes; a new one, if there is none of that name. */
struct acl_user *acl_put(struct acl *a, struct bytes name, struct acl_rules *rules);
/* Not the default user. */
void acl_remove(struct acl *a, struct acl_user *u);
/* Frees what acl_set_default_password has replaced. */
void acl_reclaim(struct acl *a);

/* --- at any time ----------------------------------------------------------------------------- */

/* requirepass: the default user's only password; an empty one: any is good. */
void acl_set_default_password(struct acl *a, struct bytes password);
void acl_set_channels_default(struct acl *a, bool all_channels); /* acl-pubsub-default */

LK_END

#endif
