/*
 * tls.h — connections that speak TLS, on any net.
 *
 * A layer between a net's owner and its back end: the owner attaches a connection with a session
 * and from then on sees the events of net.h, with plain bytes.  Ciphertext goes no further.
 *
 *   back end --DATA--> [ handshake | open ] --> arena --> DATA, plain
 *   net_send --plain iov--> seal <= 64 KiB --> back end's send --SENT--> seal more ... --> SENT
 *
 * A server accepts, a client dials: a client's handshake begins with net_attach_tls, and what is
 * sent before it has ended waits for that.  A handshake that fails is an EOF with -EPROTO, and the
 * log says why (verbose).
 *
 * Units    bytes
 * Threads  a session belongs to the owner of its net (Y1)
 * Memory   an idle connection has no buffers but what the library keeps of its keys
 */
#ifndef LK_IO_TLS_H
#define LK_IO_TLS_H

#include "io/net/net.h"
#include "io/net/tls_context.h"

LK_BEGIN

struct tls_session;

enum tls_side { TLS_SERVER, TLS_CLIENT };

/*
 * One end of a connection, by the context of now; auth is whether a server asks for a certificate
 * (a client always checks the server's).  NULL: there is no context.
 */
struct tls_session *tls_session_new(struct tls_holder *h, enum tls_side side, enum tls_auth auth);
/* Of a session that no net has got. */
void tls_session_free(struct tls_session *s);

/* As net_attach; the net takes the session and frees it at CLOSED. */
void net_attach_tls(struct net *n, struct net_conn *c, int fd, struct tls_session *s);

/* Has the handshake of a connection ended well? */
bool net_tls_is_up(const struct net_conn *c);

/* What of a certificate is a name: its common name, or the addresses (URI) of its other names. */
enum tls_naming { TLS_NAMED_BY_CN, TLS_NAMED_BY_ADDRESS };
/* Is it the one?  name stands during the call. */
typedef bool tls_visit_name(void *ctx, struct bytes name);
/*
 * Asks visit about each name in the certificate of a peer whom an authority vouches for, until it
 * says yes.  False: it never did; a peer who showed none has no names.  The handshake has ended.
 */
bool net_tls_each_name(const struct net_conn *c, enum tls_naming kind, tls_visit_name *visit,
                       void *ctx);

/*
 * How many handshakes a wait may take a step further whatever that costs; more of them only within
 * a millisecond (Y4).  At least 1, which it is to begin with.
 */
void net_set_tls_turns(struct net *n, uint32_t turns);

LK_END

#endif
