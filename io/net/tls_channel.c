/*
 * tls_channel.c — a session whose bytes go by the hands of its owner.
 */
#include "io/net/tls_channel.h"

#include "core/base/mem.h"
#include "io/net/tls_priv.h"

#include <errno.h>
#include <stdio.h>

struct tls_channel {
    struct tls_session *session;
    struct buf early; /* plain bytes that wait for the handshake */
    char reason[256];
};

struct tls_channel *tls_channel_new(struct tls_holder *h, enum tls_side side, enum tls_auth auth)
{
    struct tls_session *s = tls_session_new(h, side, auth);
    if (!s)
        return NULL;
    struct tls_channel *c = mem_new(struct tls_channel);
    c->session = s;
    return c;
}

void tls_channel_free(struct tls_channel *c)
{
    if (!c)
        return;
    tls_session_free(c->session);
    buf_release(&c->early);
    mem_delete(c);
}

/* What the library has written is the caller's. */
static void channel_give(struct tls_session *s, struct buf *out)
{
    buf_append(out, s->out.data, s->out.size);
    s->out.size = 0;
}

static int channel_fail(struct tls_channel *c, struct buf *out)
{
    tls_session_reason(c->reason, sizeof c->reason);
    channel_give(c->session, out); /* an alert */
    return -EPROTO;
}

static int channel_seal(struct tls_channel *c, struct bytes plain, struct buf *out)
{
    struct tls_session *s = c->session;
    const struct iovec piece = {(void *)(uintptr_t)plain.data, plain.size};
    s->iov = &piece;
    s->iov_count = 1;
    s->iov_sent = 0;
    while (s->iov_count > 0) {
        if (!tls_session_seal(s, NULL)) /* one piece is never gathered */
            return channel_fail(c, out);
        channel_give(s, out);
    }
    s->iov = NULL;
    return 0;
}

/* As far as the bytes at hand go. */
static int channel_shake(struct tls_channel *c, struct buf *out)
{
    struct tls_session *s = c->session;
    const enum tls_step step = tls_session_shake(s);
    if (step == TLS_STEP_FAILED)
        return channel_fail(c, out);
    channel_give(s, out);
    if (step == TLS_STEP_MORE)
        return 0;
    s->flags |= TLS_UP;
    const int rc = channel_seal(c, buf_bytes(&c->early), out);
    buf_release(&c->early);
    return rc;
}

int tls_channel_begin(struct tls_channel *c, struct buf *out)
{
    if (SSL_is_server(c->session->ssl))
        return 0;
    return channel_shake(c, out);
}

int tls_channel_receive(struct tls_channel *c, struct bytes cipher, struct buf *plain,
                        struct buf *out)
{
    struct tls_session *s = c->session;
    if (s->flags & TLS_FAILED)
        return -EPROTO;
    s->in = cipher;
    if (!(s->flags & TLS_UP)) {
        const int rc = channel_shake(c, out);
        if (rc != 0 || !(s->flags & TLS_UP) || s->in.size == 0)
            return rc;
    }
    size_t size = 0;
    const size_t room = s->in.size + TLS_RECORD;
    const int end = tls_session_open(s, buf_reserve(plain, room), room, &size);
    plain->size += size;
    if (end < 0)
        return channel_fail(c, out);
    channel_give(s, out);
    return end;
}

int tls_channel_send(struct tls_channel *c, struct bytes plain, struct buf *out)
{
    if (c->session->flags & TLS_FAILED)
        return -EPROTO;
    if (c->session->flags & TLS_UP)
        return channel_seal(c, plain, out);
    buf_append_bytes(&c->early, plain);
    return 0;
}

void tls_channel_end(struct tls_channel *c, struct buf *out)
{
    tls_session_say_bye(c->session);
    channel_give(c->session, out);
}

bool tls_channel_is_up(const struct tls_channel *c)
{
    return c->session->flags & TLS_UP;
}

void tls_channel_reason(const struct tls_channel *c, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", c->reason);
}
