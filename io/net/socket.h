/*
 * socket.h — what is set on, and asked of, one connected socket.
 *
 * Units    seconds where a name says so
 * Errors   0 or a negative errno
 * Threads  any; a call concerns its descriptor alone
 */
#ifndef LK_IO_SOCKET_H
#define LK_IO_SOCKET_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LK_BEGIN

int socket_set_nonblocking(int fd, bool on);
int socket_set_cloexec(int fd);

/* A reply leaves at once.  Unix sockets have no such delay: no effect and no error. */
int socket_set_nodelay(int fd, bool on);

/*
 * Asks a silent peer for a sign of life after interval_s, then three times at a third of that (at
 * least a second).  0 turns it off.  No effect on Unix sockets.
 */
int socket_set_keepalive(int fd, int interval_s);

/* Marks outgoing packets for routing and filters; 0 does nothing. */
int socket_set_mark(int fd, uint32_t mark);

/*
 * "10.0.0.1:6379", "[::1]:6379", for Unix sockets the path of the listener and ":0", and "?:0" when
 * the kernel does not say.  Truncated to size; returns the length.
 */
enum { SOCKET_NAME_CHARS = 128 };
size_t socket_peer_name(int fd, char *out, size_t size);
size_t socket_own_name(int fd, char *out, size_t size);

/* Does the peer sit on this machine, by a loopback address or a Unix socket? */
bool socket_is_local(int fd);

LK_END

#endif
