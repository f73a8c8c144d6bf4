/*
 * client_info.h — one client in one line: CLIENT LIST, ACL LOG.
 *
 * Threads  inside a registry visit, or the owner of the session
 */
#ifndef LK_CMD_CLIENT_INFO_H
#define LK_CMD_CLIENT_INFO_H

#include "core/cmd/client/session.h"

LK_BEGIN

/* Appends the line of CLIENT LIST, with its line end. */
void client_info_append(struct buf *out, const struct session *s, int64_t now_ms);

enum client_type { CLIENT_NORMAL, CLIENT_MASTER, CLIENT_REPLICA, CLIENT_PUBSUB, CLIENT_TYPES };
enum client_type client_type_of(const struct session *s);

LK_END

#endif
