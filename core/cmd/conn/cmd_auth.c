/*
 * cmd_auth.c — AUTH, and HELLO, which may do the same before it greets.
 *
 * Who gives no name is the user "default", whose password requirepass sets.
 */
#include "core/cmd/client/acl_user.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/command/version.h"
#include "core/cmd/conn/cmd_client.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec_tracking.h"
#include "core/cmd/engine/session_user.h"

/* May clients work without AUTH?  So may all where there are no users. */
static bool auth_is_open(const struct exec *x)
{
    const struct acl *acl = dispatcher_engine(x->dispatcher)->fixed.acl;
    return !acl || acl_is_open(acl);
}

/* Writes WRONGPASS and returns false if this is not the user's password. */
static bool auth_authenticate(struct exec *x, const struct args *a, struct bytes name,
                              struct bytes password)
{
    const struct engine *engine = dispatcher_engine(x->dispatcher);
    struct acl_user *u =
        engine->fixed.acl ? acl_authenticate(engine->fixed.acl, name, password) : NULL;
    if (!u && (engine->fixed.acl || !bytes_equal(name, bytes_cstr("default")))) {
        if (engine->fixed.acl)
            session_note_denied(x->dispatcher, x->session, ACL_DENIED_AUTH,
                                session_has(x->session, SESSION_MULTI) ? ACL_IN_MULTI
                                                                       : ACL_TOPLEVEL,
                                a->v[0], name);
        reply_error(x->reply, "WRONGPASS invalid username-password pair or user is disabled.");
        return false;
    }
    registry_set_user(engine->fixed.registry, x->session, u);
    session_set(x->session, SESSION_AUTHENTICATED, true);
    return true;
}

/* The old form, of a password alone, is a mistake where none is asked for. */
static bool auth_needs_no_password(const struct exec *x)
{
    const struct acl *acl = dispatcher_engine(x->dispatcher)->fixed.acl;
    return !acl || acl_user_is(acl->first, ACL_STATE_NOPASS);
}

static enum outcome auth_command(struct exec *x, const struct args *a)
{
    if (a->n > 3)
        return reply_syntax(x);
    if (a->n == 2 && auth_needs_no_password(x)) {
        reply_error(x->reply, "ERR AUTH <password> called without any password configured for the "
                              "default user. Are you sure your configuration is correct?");
        return RUN_DONE;
    }
    const struct bytes user = a->n == 3 ? a->v[1] : bytes_cstr("default");
    if (auth_authenticate(x, a, user, a->v[a->n - 1]))
        reply_ok(x->reply);
    return RUN_DONE;
}

struct greeting {
    int64_t version;
    bool has_user, has_name;
    struct bytes user, password, name;
};

/* Writes the error line and returns false if the words do not fit together. */
static bool parse_hello(struct exec *x, const struct args *a, struct greeting *g)
{
    if (a->n > 1 && args_int64(a, 1, &g->version) != LK_OK) {
        reply_error(x->reply, "ERR Protocol version is not an integer or out of range");
        return false;
    }
    if (g->version < 2 || g->version > 3) {
        reply_error(x->reply, "NOPROTO unsupported protocol version");
        return false;
    }
    for (uint32_t i = 2; i < a->n; i++) {
        if (args_is(a, i, "auth") && i + 2 < a->n) {
            g->has_user = true;
            g->user = a->v[++i];
            g->password = a->v[++i];
        } else if (args_is(a, i, "setname") && i + 1 < a->n) {
            g->has_name = true;
            g->name = a->v[++i];
            if (!client_check_word(x, g->name, "Client names"))
                return false;
        } else {
            reply_error(x->reply, "ERR Syntax error in HELLO option '%.*s'", (int)a->v[i].size,
                        a->v[i].data);
            return false;
        }
    }
    return true;
}

static void reply_greeting(struct exec *x)
{
    struct reply *r = x->reply;
    reply_map(r, 7);
    reply_bulk_cstr(r, "server");
    reply_bulk_cstr(r, "redis");
    reply_bulk_cstr(r, "version");
    reply_bulk_cstr(r, REDIS_VERSION);
    reply_bulk_cstr(r, "proto");
    reply_int(r, r->version);
    reply_bulk_cstr(r, "id");
    reply_int(r, (int64_t)x->session->id);
    reply_bulk_cstr(r, "mode");
    reply_bulk_cstr(r, "standalone");
    reply_bulk_cstr(r, "role");
    reply_bulk_cstr(r, "master");
    reply_bulk_cstr(r, "modules");
    reply_array(r, 0);
}

static enum outcome auth_hello(struct exec *x, const struct args *a)
{
    struct greeting g = {.version = x->reply->version};
    if (!parse_hello(x, a, &g) || (g.has_user && !auth_authenticate(x, a, g.user, g.password)))
        return RUN_DONE;
    if (!session_has(x->session, SESSION_AUTHENTICATED) && !auth_is_open(x)) {
        reply_error(x->reply,
                    "NOAUTH HELLO must be called with the client already authenticated, otherwise "
                    "the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the "
                    "client and select the RESP protocol version at the same time");
        return RUN_DONE;
    }
    if (g.has_name)
        client_set_text(x, &x->session->registry.name, g.name);
    session_set_version(x->session, (uint32_t)g.version);
    exec_tracking_note_version(x);
    reply_greeting(x);
    return RUN_DONE;
}

#define GREETING                                                                                   \
    .flags = CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_FAST | CMD_NO_AUTH | CMD_ALLOW_BUSY,     \
    .categories = CAT_CONNECTION

const struct command auth_commands[] = {
    {"auth", .arity = -2, .run = auth_command, GREETING},
    {"hello", .arity = -1, .run = auth_hello, GREETING},
    {0},
};
