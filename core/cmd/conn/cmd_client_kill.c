/*
 * cmd_client_kill.c — CLIENT KILL, by address or by filters.
 *
 * A victim runs no command after the reply: the flag is set under its stripe's lock, and its worker
 * tests it before each command.  A client that names itself is closed behind its reply.
 */
#include "core/base/atomic.h"
#include "core/cmd/client/acl_user.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/conn/cmd_client.h"
#include "core/cmd/engine/dispatch.h"

struct killing {
    struct registry *registry;
    const struct session *self;
    int64_t now_ms;
    uint64_t killed;
    bool killed_self;
    uint64_t newest; /* 0: any; who comes later, as a killed replica comes back, is not meant */
    /* what the victim must be */
    int64_t id;                  /* 0: any */
    int type;                    /* enum client_type, or -1 for any */
    struct bytes address, local; /* data NULL: any */
    int64_t max_age_s;           /* 0: any */
    const struct acl_user *user; /* NULL: any */
    bool skip_self;
};

static bool is_text(struct bytes want, const char *text)
{
    return !want.data || (text && bytes_equal(want, bytes_cstr(text)));
}

static bool is_victim(const struct killing *k, const struct session *s)
{
    if ((k->newest != 0 && s->id > k->newest) || (k->skip_self && s == k->self) ||
        load_relaxed(&s->kill))
        return false;
    if (k->id != 0 && (uint64_t)k->id != s->id)
        return false;
    if (k->user && k->user != s->user)
        return false;
    if (k->type >= 0 && (int)client_type_of(s) != k->type)
        return false;
    if (k->max_age_s != 0 && (k->now_ms - load_relaxed(&s->created_ms)) / 1000 < k->max_age_s)
        return false;
    return is_text(k->address, s->registry.peer) && is_text(k->local, s->registry.local);
}

static bool kill_visit(void *ctx, struct session *s)
{
    struct killing *k = ctx;
    if (!is_victim(k, s))
        return true;
    k->killed++;
    if (s == k->self)
        k->killed_self = true;
    else
        registry_kill(k->registry, s);
    return true;
}

static void kill_all(struct killing *k)
{
    if (k->id != 0)
        registry_find(k->registry, (uint64_t)k->id, kill_visit, k);
    else
        registry_each(k->registry, kill_visit, k);
}

static bool client_kill_parse_positive(struct exec *x, const struct args *a, uint32_t i,
                                       int64_t *out, const char *error)
{
    if (args_int64(a, i, out) == LK_OK && *out > 0)
        return true;
    reply_error_bytes(x->reply, bytes_cstr(error));
    return false;
}

static bool parse_user(struct exec *x, struct bytes name, struct killing *k)
{
    const struct acl *acl = dispatcher_engine(x->dispatcher)->fixed.acl;
    k->user = acl ? acl_find(acl, name) : NULL;
    if (k->user)
        return true;
    reply_error(x->reply, "ERR No such user '%.*s'", (int)name.size, name.data);
    return false;
}

/* One filter and its value; writes the error line and returns false if they are none. */
static bool parse_filter(struct exec *x, const struct args *a, uint32_t i, struct killing *k)
{
    enum client_type type;
    if (i + 1 >= a->n) {
        reply_syntax(x);
        return false;
    }
    if (args_is(a, i, "id"))
        return client_kill_parse_positive(x, a, i + 1, &k->id,
                                          "ERR client-id should be greater than 0");
    if (args_is(a, i, "maxage") && args_int64(a, i + 1, &k->max_age_s) != LK_OK) {
        reply_error(x->reply, "ERR maxage is not an integer or out of range");
        return false;
    }
    if (args_is(a, i, "maxage"))
        return client_kill_parse_positive(x, a, i + 1, &k->max_age_s,
                                          "ERR maxage should be greater than 0");
    if (args_is(a, i, "user"))
        return parse_user(x, a->v[i + 1], k);
    if (args_is(a, i, "type")) {
        if (!client_type_parse(x, a->v[i + 1], &type))
            return false;
        k->type = (int)type;
        return true;
    }
    if (args_is(a, i, "addr")) {
        k->address = a->v[i + 1];
        return true;
    }
    if (args_is(a, i, "laddr")) {
        k->local = a->v[i + 1];
        return true;
    }
    if (args_is(a, i, "skipme") && (args_is(a, i + 1, "yes") || args_is(a, i + 1, "no"))) {
        k->skip_self = args_is(a, i + 1, "yes");
        return true;
    }
    reply_syntax(x);
    return false;
}

enum outcome client_kill(struct exec *x, const struct args *a)
{
    struct killing k = {.registry = dispatcher_engine(x->dispatcher)->fixed.registry,
                        .self = x->session,
                        .newest = load_relaxed(&dispatcher_engine(x->dispatcher)->next_session_id),
                        .now_ms = x->now_ms,
                        .type = -1,
                        .skip_self = a->n > 3};
    if (a->n == 3)
        k.address = a->v[2];
    for (uint32_t i = 2; a->n > 3 && i < a->n; i += 2)
        if (!parse_filter(x, a, i, &k))
            return RUN_DONE;
    kill_all(&k);
    if (a->n > 3)
        reply_int(x->reply, (int64_t)k.killed);
    else if (k.killed > 0)
        reply_ok(x->reply);
    else
        reply_error(x->reply, "ERR No such client");
    return k.killed_self ? RUN_CLOSE : RUN_DONE;
}
