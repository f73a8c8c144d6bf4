/*
 * tls_context_priv.h — a context's inside, for tls*.c.
 */
#ifndef LK_IO_TLS_CONTEXT_PRIV_H
#define LK_IO_TLS_CONTEXT_PRIV_H

#include "io/net/tls_context.h"

#include <openssl/ssl.h>

struct tls_context {
    SSL_CTX *server, *client;
    uint32_t uses; /* __atomic */
};

#endif
