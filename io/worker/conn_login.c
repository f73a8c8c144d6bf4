/*
 * conn_login.c — a client whose certificate names a user need not say who he is.
 */
#include "core/base/trace.h"
#include "core/cmd/engine/session_user.h"
#include "io/net/tls.h"
#include "io/worker/worker_priv.h"

struct login {
    struct worker *worker;
    struct conn *conn;
    struct buf refused; /* the first name that is nobody's */
};

static bool login_as(void *ctx, struct bytes name)
{
    struct login *l = ctx;
    if (session_take_user(l->worker->group->setup.engine, &l->conn->session, name)) {
        trace_line(TRACE_VERBOSE, "Client logged in by its certificate: id=%llu addr=%s",
                   (unsigned long long)l->conn->session.id, l->conn->session.registry.peer);
        return true;
    }
    if (l->refused.size == 0)
        buf_append_bytes(&l->refused, name);
    return false;
}

void conn_login(struct worker *w, struct conn *c)
{
    const int how = config_current(w->group->setup.config)->tls_auth_clients_user;
    struct login l = {.worker = w, .conn = c};
    c->unnamed = false;
    if (how == CONFIG_TLS_USER_OFF)
        return;
    const enum tls_naming kind = how == CONFIG_TLS_USER_CN ? TLS_NAMED_BY_CN : TLS_NAMED_BY_ADDRESS;
    if (!net_tls_each_name(&c->net, kind, login_as, &l) && l.refused.size > 0)
        session_note_denied(w->dispatcher, &c->session, ACL_DENIED_CERTIFICATE, ACL_TOPLEVEL,
                            bytes_of(NULL, 0), buf_bytes(&l.refused));
    buf_release(&l.refused);
}
