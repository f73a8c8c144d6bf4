/*
 * tls_certificates.c — what certificates a context shows and trusts, and until when.
 */
#include "io/net/tls_context_priv.h"

#include <inttypes.h>
#include <openssl/bn.h>
#include <openssl/x509.h>
#include <stdio.h>

static bool certificate_seconds_left(const X509 *cert, int64_t *left_s)
{
    int days = 0, seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) != 1)
        return false;
    *left_s = (int64_t)days * 86400 + seconds;
    return true;
}

static void certificate_serial(const X509 *cert, char *out, size_t size)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;
    (void)snprintf(out, size, "%s", hex ? hex : "none");
    OPENSSL_free(hex);
    BN_free(n);
}

static struct tls_certificate certificate_of(const X509 *cert)
{
    struct tls_certificate c = {.serial = "none"};
    if (!cert || !certificate_seconds_left(cert, &c.left_s))
        return c;
    if (c.left_s < 0)
        c.left_s = 0;
    certificate_serial(cert, c.serial, sizeof c.serial);
    return c;
}

/* Of all authorities the one that goes first. */
static struct tls_certificate certificate_of_authorities(SSL_CTX *ssl)
{
    STACK_OF(X509) *all = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(ssl));
    const X509 *first = NULL;
    int64_t first_s = 0, left_s;
    for (int i = 0; i < sk_X509_num(all); i++) {
        const X509 *cert = sk_X509_value(all, i);
        if (!certificate_seconds_left(cert, &left_s) || (first && left_s >= first_s))
            continue;
        first = cert;
        first_s = left_s;
    }
    const struct tls_certificate c = certificate_of(first);
    sk_X509_pop_free(all, X509_free);
    return c;
}

void tls_certificates_get(struct tls_holder *h, struct tls_certificates *out)
{
    struct tls_context *c = h ? tls_holder_take(h) : NULL;
    *out = (struct tls_certificates){
        .server = certificate_of(c ? SSL_CTX_get0_certificate(c->server) : NULL),
        .client = certificate_of(c ? SSL_CTX_get0_certificate(c->client) : NULL),
        .authority = c ? certificate_of_authorities(c->server) : certificate_of(NULL),
    };
    tls_context_free(c);
}
