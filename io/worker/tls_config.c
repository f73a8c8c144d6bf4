/*
 * tls_config.c — builds the context that the configuration describes.
 */
#include "io/worker/tls_config.h"

#include "core/base/mem.h"
#include "core/base/trace.h"

struct tls_config {
    struct config_holder *config;
    struct tls_holder *holder;
    struct tls_context *waiting;     /* built, and not accepted yet */
    const struct config *waits_with; /* the state it was built from */
};

static bool wants_tls(const struct config *c)
{
    return c->tls_port > 0 || c->tls_replication || c->tls_cluster;
}

static struct tls_context *tls_config_build(const struct config *c)
{
    const struct tls_settings settings = {
        .cert_file = c->tls_cert_file,
        .key_file = c->tls_key_file,
        .client_cert_file = c->tls_client_cert_file,
        .client_key_file = c->tls_client_key_file,
        .key_pass = c->tls_key_file_pass,
        .client_key_pass = c->tls_client_key_file_pass,
        .ca_file = c->tls_ca_cert_file,
        .ca_dir = c->tls_ca_cert_dir,
        .dh_file = c->tls_dh_params_file,
        .protocols = c->tls_protocols,
        .ciphers = c->tls_ciphers,
        .ciphersuites = c->tls_ciphersuites,
        .prefer_server_ciphers = c->tls_prefer_server_ciphers,
        .session_caching = c->tls_session_caching,
        .needs_ca =
            c->tls_auth_clients != CONFIG_TLS_CLIENTS_NO || c->tls_replication || c->tls_cluster,
        .session_cache_size = c->tls_session_cache_size,
        .session_cache_timeout_s = c->tls_session_cache_timeout_s,
    };
    struct buf why = {0};
    struct tls_context *context = tls_context_new(&settings, &why);
    if (!context)
        trace_line(TRACE_WARNING, "%.*s", (int)why.size, why.data);
    buf_release(&why);
    return context;
}

void tls_config_undo(struct tls_config *t)
{
    tls_context_free(t->waiting);
    t->waiting = NULL;
    t->waits_with = NULL;
}

const char *tls_config_prepare(struct tls_config *t, const struct config *before,
                               const struct config *after)
{
    if (after == config_current(t->config)) { /* the two are exchanged: it is taken back */
        tls_config_undo(t);
        return NULL;
    }
    if (t->waits_with == after || !wants_tls(after) || wants_tls(before))
        return NULL;
    t->waiting = tls_config_build(after);
    t->waits_with = t->waiting ? after : NULL;
    return t->waiting ? NULL : "Unable to update TLS configuration. Check server logs.";
}

void tls_config_applied(struct tls_config *t)
{
    if (t->waiting)
        tls_holder_put(t->holder, t->waiting);
    t->waiting = NULL;
    t->waits_with = NULL;
}

/* The hook of the directives themselves: also files that have changed under the same names. */
static const char *tls_config_changed(void *ctx, const struct config *before,
                                      const struct config *after)
{
    struct tls_config *t = ctx;
    (void)before;
    tls_config_undo(t);
    if (after == config_current(t->config) || !wants_tls(after))
        return NULL;
    t->waiting = tls_config_build(after);
    t->waits_with = t->waiting ? after : NULL;
    return t->waiting ? NULL : "Unable to update TLS configuration. Check server logs.";
}

static void tls_config_accepted(void *ctx, const struct config *before, const struct config *after)
{
    (void)before;
    (void)after;
    tls_config_applied(ctx);
}

struct tls_config *tls_config_new(struct config_holder *h)
{
    struct tls_config *t = mem_new(struct tls_config);
    t->config = h;
    t->holder = tls_holder_new();
    config_register(h, CONFIG_HOOK_TLS,
                    &(struct config_hook){tls_config_changed, tls_config_accepted, t});
    return t;
}

void tls_config_free(struct tls_config *t)
{
    if (!t)
        return;
    tls_config_undo(t);
    tls_holder_free(t->holder);
    mem_delete(t);
}

bool tls_config_begin(struct tls_config *t, const struct config *c)
{
    if (!wants_tls(c))
        return true;
    struct tls_context *context = tls_config_build(c);
    if (!context) {
        trace_line(TRACE_WARNING, "Failed to configure TLS. Check logs for more info.");
        return false;
    }
    tls_holder_put(t->holder, context);
    return true;
}

struct tls_holder *tls_config_holder(struct tls_config *t)
{
    return t->holder;
}
