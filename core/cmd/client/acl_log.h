/*
 * acl_log.h — the latest calls and logins that were refused, for ACL LOG.
 *
 * Who is refused once is mostly refused again: an entry that is like one of the latest, for the
 * same reason and user, counts that one up and brings it to the front, unless it is older than a
 * minute.
 *
 * Shapes   newest first
 * Units    *_ms Unix time in milliseconds
 * Threads  any; the lock is a leaf
 * Cost     only refused calls come here
 */
#ifndef LK_CMD_ACL_LOG_H
#define LK_CMD_ACL_LOG_H

#include "core/base/bytes.h"
#include "core/cmd/client/acl_user.h"

LK_BEGIN

enum acl_context { ACL_TOPLEVEL, ACL_IN_MULTI, ACL_IN_SCRIPT, ACL_IN_MODULE, ACL_CONTEXTS };

struct acl_log_entry {
    uint64_t id, count;
    int64_t created_ms, updated_ms;
    enum acl_denial reason;
    enum acl_context context;
    struct bytes object;       /* the command, key or channel */
    struct bytes user, client; /* a name; a line of CLIENT LIST without its end */
};

struct acl_log *acl_log_new(void);
void acl_log_free(struct acl_log *l);

/* acllog-max-len; what is too much goes with the next entry. */
void acl_log_set_max(struct acl_log *l, uint64_t max);

/* id, count and times are not read; now_ms is when it happened. */
void acl_log_add(struct acl_log *l, const struct acl_log_entry *e, int64_t now_ms);
void acl_log_reset(struct acl_log *l);

/* Calls visit for at most max entries under the lock; returns how many. */
uint64_t acl_log_each(struct acl_log *l, uint64_t max,
                      void (*visit)(void *ctx, const struct acl_log_entry *e), void *ctx);

LK_END

#endif
