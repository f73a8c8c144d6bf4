/*
 * tls_session.c — one end of a TLS connection: the library's object, and the bytes around it.
 *
 * The library reads ciphertext where it arrived and writes it to a buffer of ours, through a BIO
 * that knows the session.  It is asked until it wants more than there is, so that nothing is left
 * in it that somebody would have to remember (Y2).
 */
#include "io/net/tls_context_priv.h"
#include "io/net/tls_priv.h"

#include "core/base/mem.h"

#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>

/* --- the BIO --------------------------------------------------------------------------------- */

static int bio_read_in(BIO *b, char *out, size_t size, size_t *got)
{
    struct tls_session *s = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (s->in.size == 0) {
        BIO_set_retry_read(b);
        return 0;
    }
    *got = size < s->in.size ? size : s->in.size;
    memcpy(out, s->in.data, *got);
    s->in = bytes_of(s->in.data + *got, s->in.size - *got);
    return 1;
}

static int bio_write_out(BIO *b, const char *data, size_t size, size_t *put)
{
    struct tls_session *s = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    buf_append(&s->out, data, size);
    *put = size;
    return 1;
}

static long bio_control(BIO *b, int what, long number, void *pointer)
{
    (void)b;
    (void)number;
    (void)pointer;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static pthread_once_t bio_once = PTHREAD_ONCE_INIT;
static BIO_METHOD *bio_method; /* for the life of the process */

static void bio_make_method(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "latchkey");
    LK_ASSERT(bio_method);
    BIO_meth_set_read_ex(bio_method, bio_read_in);
    BIO_meth_set_write_ex(bio_method, bio_write_out);
    BIO_meth_set_ctrl(bio_method, bio_control);
}

/* --- coming and going ------------------------------------------------------------------------ */

static int verify_mode(enum tls_auth auth)
{
    switch (auth) {
    case TLS_AUTH_NO:
        return SSL_VERIFY_NONE;
    case TLS_AUTH_OPTIONAL:
        return SSL_VERIFY_PEER;
    default:
        return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
}

struct tls_session *tls_session_new(struct tls_holder *h, enum tls_side side, enum tls_auth auth)
{
    struct tls_context *c = tls_holder_take(h);
    if (!c)
        return NULL;
    (void)pthread_once(&bio_once, bio_make_method);
    struct tls_session *s = mem_new(struct tls_session);
    s->ssl = SSL_new(side == TLS_SERVER ? c->server : c->client);
    BIO *bio = BIO_new(bio_method);
    LK_ASSERT(s->ssl && bio);
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    if (side == TLS_SERVER) {
        SSL_set_accept_state(s->ssl);
        SSL_set_verify(s->ssl, verify_mode(auth), NULL);
    } else {
        SSL_set_connect_state(s->ssl);
    }
    tls_context_free(c); /* the library counts its own uses of what it needs */
    return s;
}

void tls_session_free(struct tls_session *s)
{
    if (!s)
        return;
    SSL_free(s->ssl);
    buf_release(&s->early);
    buf_release(&s->out);
    buf_release(&s->flight);
    mem_delete(s);
}

/* --- steps ----------------------------------------------------------------------------------- */

enum tls_step tls_session_shake(struct tls_session *s)
{
    LK_DEBUG_ASSERT(!(s->flags & (TLS_UP | TLS_FAILED)));
    ERR_clear_error();
    const int rc = SSL_do_handshake(s->ssl);
    if (rc == 1)
        return TLS_STEP_UP;
    if (SSL_get_error(s->ssl, rc) == SSL_ERROR_WANT_READ)
        return TLS_STEP_MORE;
    s->flags |= TLS_FAILED;
    return TLS_STEP_FAILED;
}

int tls_session_open(struct tls_session *s, char *out, size_t room, size_t *size)
{
    LK_DEBUG_ASSERT(room >= s->in.size);
    *size = 0;
    ERR_clear_error();
    for (;;) {
        size_t got = 0;
        const int rc = SSL_read_ex(s->ssl, out + *size, room - *size, &got);
        if (rc != 1) {
            switch (SSL_get_error(s->ssl, rc)) {
            case SSL_ERROR_WANT_READ:
                LK_ASSERT(s->in.size == 0);
                return 0;
            case SSL_ERROR_ZERO_RETURN:
                return 1;
            default:
                s->flags |= TLS_FAILED;
                return -EPROTO;
            }
        }
        *size += got;
        /* The library reads record by record: nothing whole is left in it either. */
        if (s->in.size == 0 && SSL_pending(s->ssl) == 0)
            return 0;
    }
}

/* The next record's plain bytes: as they lie, or gathered from small pieces. */
static struct bytes next_record(struct tls_session *s, char *gather)
{
    const struct iovec *first = s->iov;
    const size_t left = first->iov_len - s->iov_sent;
    if (left >= TLS_RECORD || s->iov_count == 1) {
        const size_t size = left < TLS_RECORD ? left : TLS_RECORD;
        const struct bytes piece = bytes_of((const char *)first->iov_base + s->iov_sent, size);
        s->iov_sent += size;
        return piece;
    }
    size_t size = 0;
    while (s->iov_count > 0 && size < TLS_RECORD) {
        const size_t rest = s->iov->iov_len - s->iov_sent;
        const size_t more = rest < TLS_RECORD - size ? rest : TLS_RECORD - size;
        memcpy(gather + size, (const char *)s->iov->iov_base + s->iov_sent, more);
        size += more;
        s->iov_sent += more;
        if (s->iov_sent < s->iov->iov_len)
            break;
        s->iov++;
        s->iov_count--;
        s->iov_sent = 0;
    }
    return bytes_of(gather, size);
}

/* Steps over pieces that are sealed, and empty ones. */
static bool has_plain(struct tls_session *s)
{
    while (s->iov_count > 0 && s->iov_sent == s->iov->iov_len) {
        s->iov++;
        s->iov_count--;
        s->iov_sent = 0;
    }
    return s->iov_count > 0;
}

bool tls_session_seal(struct tls_session *s, char *gather)
{
    if (s->flags & TLS_FAILED)
        return false;
    while (has_plain(s) && s->out.size < TLS_FLIGHT) {
        const struct bytes plain = next_record(s, gather);
        size_t put = 0;
        ERR_clear_error();
        if (SSL_write_ex(s->ssl, plain.data, plain.size, &put) != 1) {
            s->flags |= TLS_FAILED;
            return false;
        }
        LK_ASSERT(put == plain.size); /* the BIO takes all */
    }
    return true;
}

void tls_session_say_bye(struct tls_session *s)
{
    if ((s->flags & (TLS_UP | TLS_FAILED)) != TLS_UP)
        return;
    ERR_clear_error();
    (void)SSL_shutdown(s->ssl);
}

void tls_session_reason(char *out, size_t size)
{
    const unsigned long error = ERR_get_error();
    if (error)
        ERR_error_string_n(error, out, size);
    else
        (void)snprintf(out, size, "Connection closed by peer");
    ERR_clear_error();
}
