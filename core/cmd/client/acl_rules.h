/*
 * acl_rules.h — all that was said of one user: on or off, passwords, permissions.
 *
 * Rules are built aside, word by word, and never change once somebody else can see them: whoever
 * changes a user publishes new ones (acl.h).
 *
 *   on >secret +@read ~a:* (+set ~b:*)
 *   |  |       |           a selector of its own
 *   |  |       the first selector, which every user has
 *   |  kept as SHA-256
 *
 * Shapes   a rule is one word, as ACL SETUSER and the lines of files have it; a password is any
 *          bytes.  Words inside parentheses are separated by white space; they have no quotes.
 * Threads  rules that are being built have one owner; finished ones are read by all
 * Memory   rules own all that they have
 */
#ifndef LK_CMD_ACL_RULES_H
#define LK_CMD_ACL_RULES_H

#include "core/base/sha256.h"
#include "core/cmd/client/acl_selector.h"

LK_BEGIN

enum acl_user_flag {
    ACL_USER_ON = 1 << 0,
    ACL_USER_NOPASS = 1 << 1,        /* any password is good */
    ACL_USER_SKIP_SANITIZE = 1 << 2, /* what it RESTOREs may be trusted; else it is checked whole */
};

struct acl_rules {
    uint32_t flags; /* enum acl_user_flag */
    uint32_t password_count, selector_count;
    uint8_t (*passwords)[SHA256_BYTES]; /* in the order in which they were added */
    struct acl_selector *selectors;     /* at least one */
    struct acl_rules *next_retired;     /* of acl.c: replaced, and perhaps still read */
};

/* Of a new user: off, no password, and nothing allowed. */
struct acl_rules *acl_rules_new(const struct acl_basis *basis);
struct acl_rules *acl_rules_copy(const struct acl_rules *from);
void acl_rules_free(struct acl_rules *r); /* r may be NULL */

/* Adds a rule.  One that cannot be taken may leave a part of itself: throw the rules away. */
enum acl_fault acl_rules_set(struct acl_rules *r, const struct acl_basis *basis, struct bytes rule);

/*
 * The rule that begins with word *i: one word, or those from one that begins with "(" to one that
 * ends with ")", put together in rule.  *i becomes its last word.  False: it is not closed.
 */
bool acl_rules_gather(const struct bytes *words, size_t count, size_t *i, struct buf *rule);

/*
 * acl_rules_set for all rules in these words.  On a fault bad is the rule; if a parenthesis is not
 * closed, the fault is ACL_FAULT_SYNTAX and *open is the word that opened it, else *open is NULL.
 */
enum acl_fault acl_rules_set_all(struct acl_rules *r, const struct acl_basis *basis,
                                 const struct bytes *words, size_t count, struct buf *bad,
                                 const struct bytes **open);

/* May it do everything, whatever the command? */
bool acl_rules_allow_all(const struct acl_rules *r);

/* Takes as long, whichever of its passwords is the right one, or none is. */
bool acl_rules_know_password(const struct acl_rules *r, const uint8_t hash[SHA256_BYTES]);

/* The words from which the rules can be made again, as ACL LIST shows them behind the name. */
void acl_rules_append(struct buf *out, const struct acl_rules *r);
void acl_rules_append_password(struct buf *out, const uint8_t hash[SHA256_BYTES]);

/* A name that may stand in a line: no space, no NUL. */
bool acl_name_is_good(struct bytes name);

LK_END

#endif
