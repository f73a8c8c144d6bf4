/*
 * tls_config.h — from tls-* directives to the context that new connections get.
 *
 * A change builds a whole new context before it is accepted, and replaces the old one once it is: a
 * certificate that is bad changes nothing (Y1).  While neither tls-port nor tls-replication nor
 * tls-cluster asks for TLS, the other directives may be anything.
 *
 *   before, after --prepare--> a context that waits --applied--> the holder's
 *                                               \----undo------> gone
 *
 * Errors   a sentence for the client; the log says what is wrong
 * Threads  the start, then under the configuration's mutex; the holder from any thread
 */
#ifndef LK_IO_TLS_CONFIG_H
#define LK_IO_TLS_CONFIG_H

#include "io/config/config_holder.h"
#include "io/net/tls_context.h"

LK_BEGIN

struct tls_config;

/* Registers itself for the tls-* directives; the holder must outlive it. */
struct tls_config *tls_config_new(struct config_holder *h);
void tls_config_free(struct tls_config *t);

/* Builds the context of the start, if TLS is asked for.  False: the log says why. */
bool tls_config_begin(struct tls_config *t, const struct config *c);

/* What sessions are made by; lives as long as t. */
struct tls_holder *tls_config_holder(struct tls_config *t);

/* For the part that listens: TLS may begin with its change.  The same change may come twice. */
const char *tls_config_prepare(struct tls_config *t, const struct config *before,
                               const struct config *after);
void tls_config_undo(struct tls_config *t);
void tls_config_applied(struct tls_config *t);

LK_END

#endif
