/*
 * tables_server.h — the rows of commands about connections and the server itself.
 *
 * Each array ends with a row without name.
 */
#ifndef LK_CMD_TABLES_SERVER_H
#define LK_CMD_TABLES_SERVER_H

#include "core/cmd/command/command.h"

LK_BEGIN

extern const struct command connection_commands[];     /* cmd_connection.c */
extern const struct command cluster_client_commands[]; /* cmd_cluster_client.c */
extern const struct command auth_commands[];           /* cmd_auth.c */
extern const struct command acl_commands[];            /* cmd_acl.c */
extern const struct command client_commands[];         /* cmd_client.c */
extern const struct command monitor_commands[];        /* cmd_monitor.c */
extern const struct command slowlog_commands[];        /* cmd_slowlog.c */
extern const struct command latency_commands[];        /* cmd_latency.c */
extern const struct command command_commands[];        /* cmd_command.c */

LK_END

#endif
