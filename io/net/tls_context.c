/*
 * tls_context.c — certificates, keys and rules, read and checked as a whole.
 *
 * One side of a connection has a context of the library each: who accepts shows the server's
 * certificate, who dials the client's.  Both trust the same authorities.
 */
#include "io/net/tls_context_priv.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>

struct tls_holder {
    pthread_mutex_t lock;
    struct tls_context *current; /* lock */
};

/* The oldest error that the library remembers; the rest is forgotten. */
static const char *context_error(char *out, size_t size)
{
    ERR_error_string_n(ERR_get_error(), out, size);
    ERR_clear_error();
    return out;
}

/* The words before the library's own. */
static bool context_fail(struct buf *why, const char *what, const char *which)
{
    char text[256];
    buf_printf(why, "%s%s%s%s", what, which ? which : "", which ? ": " : "",
               context_error(text, sizeof text));
    return false;
}

/* Which versions are not to be spoken; false: a word is none. */
static bool context_protocols(const char *words, uint64_t *off)
{
    static const struct {
        const char *word;
        uint64_t off;
    } versions[] = {{"tlsv1", SSL_OP_NO_TLSv1},
                    {"tlsv1.1", SSL_OP_NO_TLSv1_1},
                    {"tlsv1.2", SSL_OP_NO_TLSv1_2},
                    {"tlsv1.3", SSL_OP_NO_TLSv1_3}};
    enum { VERSIONS = sizeof versions / sizeof *versions };
    *off = SSL_OP_NO_SSLv3;
    for (size_t i = 0; i < VERSIONS; i++)
        *off |= versions[i].off;
    const char *p = words ? words : "TLSv1.2 TLSv1.3";
    for (;;) {
        p += strspn(p, " ");
        if (*p == '\0')
            return true;
        const struct bytes word = bytes_of(p, strcspn(p, " "));
        size_t i = 0;
        while (i < VERSIONS && !bytes_is_word(word, versions[i].word))
            i++;
        if (i == VERSIONS)
            return false;
        *off &= ~versions[i].off;
        p += word.size;
    }
}

/* A key without a password must not make the library ask the terminal for one. */
static int give_password(char *out, int size, int rwflag, void *user)
{
    (void)rwflag;
    const struct bytes *pass = user;
    if (pass->size == 0 || pass->size > (size_t)size)
        return -1;
    memcpy(out, pass->data, pass->size);
    return (int)pass->size;
}

static bool context_load_pair(SSL_CTX *c, const char *cert, const char *key, struct bytes pass,
                              struct buf *why)
{
    SSL_CTX_set_default_passwd_cb(c, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(c, &pass);
    bool well = true;
    if (SSL_CTX_use_certificate_chain_file(c, cert) <= 0)
        well = context_fail(why, "Failed to load certificate: ", cert);
    else if (SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) <= 0)
        well = context_fail(why, "Failed to load private key: ", key);
    else if (SSL_CTX_check_private_key(c) <= 0)
        well = context_fail(why, "Failed to load private key: ", key);
    SSL_CTX_set_default_passwd_cb_userdata(c, NULL);
    return well;
}

static bool context_load_dh(SSL_CTX *c, const char *path, struct buf *why)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        buf_printf(why, "Failed to load %s: %s", path, strerror(errno));
        return false;
    }
    EVP_PKEY *dh = NULL;
    BIO *in = BIO_new_fp(f, BIO_CLOSE);
    if (in)
        dh = PEM_read_bio_Parameters(in, NULL);
    if (in)
        BIO_free(in);
    else
        (void)fclose(f);
    if (!dh || !EVP_PKEY_is_a(dh, "DH")) {
        EVP_PKEY_free(dh);
        ERR_clear_error();
        buf_printf(why, "%s: failed to read DH params.", path);
        return false;
    }
    if (SSL_CTX_set0_tmp_dh_pkey(c, dh) > 0)
        return true;
    EVP_PKEY_free(dh);
    return context_fail(why, "Failed to load DH params file: ", path);
}

/* What both sides have in common. */
static SSL_CTX *context_common(const struct tls_settings *s, struct buf *why)
{
    uint64_t off = 0;
    if (!context_protocols(s->protocols, &off)) {
        buf_append_cstr(why, "Invalid tls-protocols specified. Use a combination of 'TLSv1', "
                             "'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.");
        return NULL;
    }
    SSL_CTX *c = SSL_CTX_new(TLS_method());
    LK_ASSERT(c);
    SSL_CTX_set_options(c, off | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(c, 0); /* nothing whole may lie behind a record that is not (Y2) */
    if (s->ca_file && SSL_CTX_load_verify_file(c, s->ca_file) <= 0)
        goto no_ca;
    if (s->ca_dir && SSL_CTX_load_verify_dir(c, s->ca_dir) <= 0)
        goto no_ca;
    if (s->ciphers && SSL_CTX_set_cipher_list(c, s->ciphers) <= 0) {
        buf_printf(why, "Failed to configure ciphers: %s", s->ciphers);
        goto bad;
    }
    if (s->ciphersuites && SSL_CTX_set_ciphersuites(c, s->ciphersuites) <= 0) {
        buf_printf(why, "Failed to configure ciphersuites: %s", s->ciphersuites);
        goto bad;
    }
    return c;

no_ca:
    (void)context_fail(why, "Failed to configure CA certificate(s) file/directory: ", NULL);
bad:
    ERR_clear_error();
    SSL_CTX_free(c);
    return NULL;
}

static void context_set_sessions(SSL_CTX *c, const struct tls_settings *s)
{
    static const unsigned char id[] = "latchkey";
    /* A session of one server must not be taken up by another of the same process. */
    (void)SSL_CTX_set_session_id_context(c, id, sizeof id - 1);
    if (!s->session_caching) {
        (void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
        (void)SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
        (void)SSL_CTX_set_num_tickets(c, 0);
        return;
    }
    (void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_SERVER);
    (void)SSL_CTX_sess_set_cache_size(c, s->session_cache_size);
    (void)SSL_CTX_set_timeout(c, s->session_cache_timeout_s);
    (void)SSL_CTX_set_num_tickets(c, 1);
}

static SSL_CTX *context_server(const struct tls_settings *s, struct buf *why)
{
    SSL_CTX *c = context_common(s, why);
    if (!c)
        return NULL;
    if (s->prefer_server_ciphers)
        SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE);
    context_set_sessions(c, s);
    (void)SSL_CTX_set_dh_auto(c, s->dh_file ? 0 : 1);
    bool well = context_load_pair(c, s->cert_file, s->key_file, s->key_pass, why);
    if (well && s->dh_file)
        well = context_load_dh(c, s->dh_file, why);
    /* Names for clients to choose a certificate by. */
    if (well && s->ca_file)
        SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(s->ca_file));
    ERR_clear_error();
    if (well)
        return c;
    SSL_CTX_free(c);
    return NULL;
}

static SSL_CTX *context_client(const struct tls_settings *s, struct buf *why)
{
    const bool own = s->client_cert_file && s->client_key_file;
    SSL_CTX *c = context_common(s, why);
    if (!c)
        return NULL;
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    if (context_load_pair(c, own ? s->client_cert_file : s->cert_file,
                          own ? s->client_key_file : s->key_file,
                          own ? s->client_key_pass : s->key_pass, why))
        return c;
    SSL_CTX_free(c);
    return NULL;
}

struct tls_context *tls_context_new(const struct tls_settings *s, struct buf *why)
{
    const char *lacks = NULL;
    ERR_clear_error();
    if (!s->cert_file)
        lacks = "No tls-cert-file configured!";
    else if (!s->key_file)
        lacks = "No tls-key-file configured!";
    else if (s->needs_ca && !s->ca_file && !s->ca_dir)
        lacks = "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, "
                "tls-replication or tls-auth-clients are enabled!";
    if (lacks) {
        buf_append_cstr(why, lacks);
        return NULL;
    }
    SSL_CTX *server = context_server(s, why);
    SSL_CTX *client = server ? context_client(s, why) : NULL;
    if (!client) {
        SSL_CTX_free(server);
        return NULL;
    }
    struct tls_context *c = mem_new(struct tls_context);
    c->server = server;
    c->client = client;
    c->uses = 1;
    return c;
}

void tls_context_free(struct tls_context *c)
{
    if (!c)
        return;
    const uint32_t left = sub_fetch_acq_rel(&c->uses, 1);
    LK_ASSERT(left != UINT32_MAX);
    if (left > 0)
        return;
    SSL_CTX_free(c->server);
    SSL_CTX_free(c->client);
    mem_delete(c);
}

/* --- the holder ------------------------------------------------------------------------------ */

struct tls_holder *tls_holder_new(void)
{
    struct tls_holder *h = mem_new(struct tls_holder);
    pthread_mutex_init(&h->lock, NULL);
    return h;
}

void tls_holder_free(struct tls_holder *h)
{
    if (!h)
        return;
    tls_context_free(h->current);
    pthread_mutex_destroy(&h->lock);
    mem_delete(h);
}

void tls_holder_put(struct tls_holder *h, struct tls_context *c)
{
    pthread_mutex_lock(&h->lock);
    struct tls_context *old = h->current;
    h->current = c;
    pthread_mutex_unlock(&h->lock);
    tls_context_free(old);
}

struct tls_context *tls_holder_take(struct tls_holder *h)
{
    pthread_mutex_lock(&h->lock);
    struct tls_context *c = h->current;
    if (c)
        fetch_add_relaxed(&c->uses, 1);
    pthread_mutex_unlock(&h->lock);
    return c;
}
