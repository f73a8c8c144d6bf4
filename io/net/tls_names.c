/*
 * tls_names.c — what a peer's certificate calls him.
 */
#include "io/net/tls_priv.h"

#include <openssl/x509v3.h>

/* The certificate of a peer whom an authority vouches for, also where a session was taken up. */
static const X509 *peer_certificate(const struct net_conn *c)
{
    LK_ASSERT(net_tls_is_up(c));
    const X509 *cert = SSL_get0_peer_certificate(c->tls->ssl);
    return cert && SSL_get_verify_result(c->tls->ssl) == X509_V_OK ? cert : NULL;
}

static bool visit_common_name(const X509 *cert, tls_visit_name *visit, void *ctx)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return false;
    unsigned char *text = NULL;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    /* It may have a zero within: bytes, so that nobody is taken for who stands before it. */
    const bool done = size > 0 && visit(ctx, bytes_of((const char *)text, (size_t)size));
    OPENSSL_free(text);
    return done;
}

static bool visit_addresses(const X509 *cert, tls_visit_name *visit, void *ctx)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool done = false;
    for (int i = 0; !done && i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_URI)
            continue;
        const ASN1_IA5STRING *text = name->d.uniformResourceIdentifier;
        const int size = ASN1_STRING_length(text);
        if (size > 0)
            done = visit(ctx, bytes_of((const char *)ASN1_STRING_get0_data(text), (size_t)size));
    }
    GENERAL_NAMES_free(all);
    return done;
}

bool net_tls_each_name(const struct net_conn *c, enum tls_naming kind, tls_visit_name *visit,
                       void *ctx)
{
    const X509 *cert = peer_certificate(c);
    if (!cert)
        return false;
    return kind == TLS_NAMED_BY_CN ? visit_common_name(cert, visit, ctx)
                                   : visit_addresses(cert, visit, ctx);
}
