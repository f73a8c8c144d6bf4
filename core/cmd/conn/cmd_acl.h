/*
 * cmd_acl.h — what the files of ACL share.
 */
#ifndef LK_CMD_CMD_ACL_H
#define LK_CMD_CMD_ACL_H

#include "core/cmd/client/acl_user.h"
#include "core/cmd/engine/dispatch.h"

LK_BEGIN

/* The server's users; NULL: it has none. */
static inline struct acl *acl_of(struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.acl;
}

/* cmd_acl_show.c */
command_run acl_cat, acl_getuser, acl_list, acl_users, acl_log_command;
/* cmd_acl_change.c */
command_run acl_setuser, acl_deluser, acl_load, acl_save;

LK_END

#endif
