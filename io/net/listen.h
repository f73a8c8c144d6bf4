/*
 * listen.h — the sockets that clients come in by.
 *
 * One socket per bind address, IPv4 and IPv6 apart (IPV6_V6ONLY), so that "*" and "::*" stand side
 * by side.  Addresses are written as in the configuration file:
 *
 *   127.0.0.1  ::1  example.org   this address; one with a colon is IPv6
 *   *  ::*                        all of IPv4, all of IPv6
 *   -ADDRESS                      as well, if the machine has it
 *
 * A family that the kernel does not know is passed over, too; every other failure closes what was
 * opened, so that a server listens on all it was told to, or on nothing.
 *
 * Errors   logged here in the words that tools look for; 0 or a negative errno
 * Memory   the set holds open descriptors until listen_close
 */
#ifndef LK_IO_LISTEN_H
#define LK_IO_LISTEN_H

#include "core/base/attr.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

LK_BEGIN

enum { LISTEN_MAX = 16 };

/* Zeroed before its first use. */
struct listen_set {
    int fd[LISTEN_MAX]; /* listening, non-blocking, close-on-exec */
    uint32_t count;
};

struct listen_unix_config {
    const char *path;
    const char *group; /* by name, that the file is to belong to; NULL: the process's */
    mode_t mode;       /* 0: what the umask leaves */
    int backlog;
};

struct listen_tcp_config {
    const char *const *addresses;
    size_t address_count; /* at most LISTEN_MAX */
    uint16_t port;        /* 0: do not listen */
    int backlog;
    uint32_t mark;    /* of the packets; 0: none */
    const char *kind; /* for the log: "tcp" or "tls" */
    int patience_ms;  /* how long to try again while an address is in use */
};

/*
 * Adds a socket per address to an empty set.  What a process that was killed has listened on stays
 * taken for some milliseconds, until the kernel has closed its ring: hence the patience.
 *
 * -EADDRINUSE and the like  the log says which address; the set is empty
 */
LK_MUST_USE int listen_tcp(struct listen_set *set, const struct listen_tcp_config *config);

/*
 * Adds the Unix socket at path.  A socket that lies there already is replaced, any other file is
 * not.  Its rights are never wider than mode, even for a moment.
 */
LK_MUST_USE int listen_unix(struct listen_set *set, const struct listen_unix_config *config);

void listen_close(struct listen_set *set);

/* Logs a warning if the kernel's own bound makes a backlog vain. */
void listen_check_backlog(int backlog);

LK_END

#endif
