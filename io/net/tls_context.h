/*
 * tls_context.h — what all TLS connections of one state of the configuration share.
 *
 * A context is built whole from its settings or not at all, so that a certificate that is bad never
 * takes the place of one that is good (Y1).  Connections keep what they began with.
 *
 *   settings --tls_context_new--> context --tls_holder_put--> holder --tls_session_new--> conn
 *
 * Errors   tls_context_new answers NULL and says why, in the words that logs are searched for
 * Threads  a context does not change; the holder is locked for as long as an exchange takes
 * Memory   a context counts who uses it and goes with the last one
 */
#ifndef LK_IO_TLS_CONTEXT_H
#define LK_IO_TLS_CONTEXT_H

#include "core/base/buf.h"

LK_BEGIN

struct tls_context;
struct tls_holder;

enum tls_auth { TLS_AUTH_NO, TLS_AUTH_YES, TLS_AUTH_OPTIONAL };

/* Paths and words may be NULL where they are not set. */
struct tls_settings {
    const char *cert_file, *key_file;
    const char *client_cert_file, *client_key_file; /* NULL: those above */
    struct bytes key_pass, client_key_pass;
    const char *ca_file, *ca_dir;
    const char *dh_file;
    const char *protocols; /* NULL: "TLSv1.2 TLSv1.3" */
    const char *ciphers, *ciphersuites;
    bool prefer_server_ciphers;
    bool session_caching;
    bool needs_ca; /* somebody's certificate is to be checked */
    int64_t session_cache_size, session_cache_timeout_s;
};

/*
 * Reads all files now.
 *
 * NULL  why gets one line
 */
struct tls_context *tls_context_new(const struct tls_settings *s, struct buf *why);
void tls_context_free(struct tls_context *c); /* one use less; NULL does nothing */

/* Where the context of now is found. */
struct tls_holder *tls_holder_new(void);
void tls_holder_free(struct tls_holder *h);
/* The holder takes c; NULL: there is none any more. Any thread. */
void tls_holder_put(struct tls_holder *h, struct tls_context *c);
/* The context of now with one use more, or NULL. Any thread. */
struct tls_context *tls_holder_take(struct tls_holder *h);

/* --- certificates (tls_certificates.c) ------------------------------------------------------- */

struct tls_certificate {
    char serial[64]; /* digits of base 16; "none" */
    int64_t left_s;  /* how long it still holds; 0: it does not, or there is none */
};

/* What is shown to clients and to servers, and the trusted authority that ends first. */
struct tls_certificates {
    struct tls_certificate server, client, authority;
};

/*
 * Of the context of now; h may be NULL.  Without one all are "none".  Authorities of a directory
 * are known once they were asked for.  Cost: all authorities are walked.  Any thread.
 */
void tls_certificates_get(struct tls_holder *h, struct tls_certificates *out);

LK_END

#endif
