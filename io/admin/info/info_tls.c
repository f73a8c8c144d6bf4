/*
 * info_tls.c — INFO's section tls: certificates, and how long they still hold.
 */
#include "io/admin/info/info.h"

#include "io/net/tls_context.h"

bool info_has_tls(const struct admin *a)
{
    struct tls_context *c = a->parts.tls ? tls_holder_take(a->parts.tls) : NULL;
    tls_context_free(c);
    return c != NULL;
}

void info_tls(struct info *i)
{
    struct tls_certificates c;
    tls_certificates_get(i->admin->parts.tls, &c);
    info_text(i, "tls_server_cert_serial", c.server.serial);
    info_number(i, "tls_server_cert_expires_in_seconds", c.server.left_s);
    info_text(i, "tls_client_cert_serial", c.client.serial);
    info_number(i, "tls_client_cert_expires_in_seconds", c.client.left_s);
    info_text(i, "tls_ca_cert_serial", c.authority.serial);
    info_number(i, "tls_ca_cert_expires_in_seconds", c.authority.left_s);
}
