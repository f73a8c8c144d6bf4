/*
 * migrate_peer.h — a connection to the server that keys go to: requests out, answers in; with
 * tls-cluster through TLS.
 *
 * Errors   false: the connection is of no use any more
 * Threads  one owner
 */
#ifndef LK_IO_MIGRATE_PEER_H
#define LK_IO_MIGRATE_PEER_H

#include "core/base/buf.h"
#include "io/net/tls_channel.h"

LK_BEGIN

struct migrate_peer {
    int fd; /* -1: closed */
    char host[256], port[8], db[16];
    int64_t used_ms;         /* monotonic */
    struct tls_channel *tls; /* NULL: plain bytes */
    struct buf sealed;       /* for the socket */
    struct buf in;
    size_t read; /* of in: consumed */
};

/*
 * Connects, with tls and not NULL also shakes hands; each step within timeout_ms.  fd stays -1 if
 * that fails.
 */
bool migrate_peer_open(struct migrate_peer *p, struct bytes host, struct bytes port,
                       struct tls_holder *tls, int64_t timeout_ms);
void migrate_peer_close(struct migrate_peer *p);

bool migrate_peer_send(struct migrate_peer *p, struct bytes data, int64_t timeout_ms);
/* The next answer, one line without its end; borrowed until the next call. */
bool migrate_peer_read(struct migrate_peer *p, int64_t timeout_ms, struct bytes *line);

LK_END

#endif
