/*
 * tls_channel.h — TLS for somebody who moves the bytes himself: a link with a thread of its own.
 *
 *   peer's bytes --receive--> plain            plain --send--> bytes for the peer
 *
 * What is sent before the handshake has ended is kept and goes with it.  A link does:
 *
 *   tls_channel_begin(c, &out);           after connect: out is what to write to the socket
 *   tls_channel_receive(c, read, &in, &out)   after each read: in grows by plain bytes, out by
 *                                         answers to the peer
 *   tls_channel_send(c, plain, &out)      for each write
 *
 * Errors   a negative errno: the connection is to be closed, after what is in out has been tried
 * Threads  one owner
 * Memory   bytes that are not whole yet, and what waits for the handshake
 */
#ifndef LK_IO_TLS_CHANNEL_H
#define LK_IO_TLS_CHANNEL_H

#include "core/base/buf.h"
#include "io/net/tls.h"

LK_BEGIN

struct tls_channel;

/* An end by the context of now.  NULL: there is none. */
struct tls_channel *tls_channel_new(struct tls_holder *h, enum tls_side side, enum tls_auth auth);
void tls_channel_free(struct tls_channel *c); /* NULL does nothing */

/* A client's first word; of a server nothing. */
LK_MUST_USE int tls_channel_begin(struct tls_channel *c, struct buf *out);

/* All of cipher is taken.  1: the peer has ended in order; 0; or a negative errno. */
LK_MUST_USE int tls_channel_receive(struct tls_channel *c, struct bytes cipher, struct buf *plain,
                                    struct buf *out);
/* All of plain is sealed, or kept until the handshake has ended. */
LK_MUST_USE int tls_channel_send(struct tls_channel *c, struct bytes plain, struct buf *out);
/* The notice of an orderly end. */
void tls_channel_end(struct tls_channel *c, struct buf *out);

bool tls_channel_is_up(const struct tls_channel *c);
/* Why the last call failed, for the log. */
void tls_channel_reason(const struct tls_channel *c, char *out, size_t size);

LK_END

#endif
