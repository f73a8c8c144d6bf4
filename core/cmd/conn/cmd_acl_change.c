/*
 * cmd_acl_change.c — ACL SETUSER, DELUSER, LOAD, SAVE.
 *
 * A user's rules are built aside and swapped; a fault in one of them changes nothing.  The first
 * three run alone in the gate, so that whoever reads the answer knows that nobody works by the old
 * rules any more.
 */
#include "core/cmd/conn/cmd_acl.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/user_change.h"

static struct user_change acl_change_begin(struct exec *x)
{
    return (struct user_change){.engine = dispatcher_engine(x->dispatcher), .self = x->session};
}

static enum outcome acl_change_end(struct user_change *c)
{
    user_change_end(c);
    return c->killed_self ? RUN_CLOSE : RUN_DONE;
}

static enum outcome acl_reply_no_users(struct exec *x)
{
    reply_error(x->reply, "ERR this server has no users");
    return RUN_DONE;
}

static void acl_reply_fault(struct exec *x, enum acl_fault fault, const struct buf *bad,
                            const struct bytes *open)
{
    if (open)
        reply_error(x->reply, "ERR Unmatched parenthesis in acl selector starting at '%.*s'.",
                    (int)open->size, open->data);
    else
        reply_error(x->reply, "ERR Error in ACL SETUSER modifier '%.*s': %s", (int)bad->size,
                    bad->data, acl_fault_text(fault));
}

enum outcome acl_setuser(struct exec *x, const struct args *a)
{
    struct acl *acl = acl_of(x);
    if (!acl)
        return acl_reply_no_users(x);
    if (!acl_name_is_good(a->v[2])) {
        reply_error(x->reply, "ERR Usernames can't contain spaces or null characters");
        return RUN_DONE;
    }
    const struct acl_user *u = acl_find(acl, a->v[2]);
    struct acl_rules *rules = u ? acl_rules_copy(acl_user_rules(u)) : acl_rules_new(&acl->basis);
    struct buf bad = {0};
    const struct bytes *open;
    const enum acl_fault fault =
        acl_rules_set_all(rules, &acl->basis, a->v + 3, a->n - 3, &bad, &open);
    enum outcome outcome = RUN_DONE;
    if (fault != ACL_FINE) {
        acl_reply_fault(x, fault, &bad, open);
        acl_rules_free(rules);
    } else {
        struct user_change c = acl_change_begin(x);
        user_change_put(&c, a->v[2], rules);
        outcome = acl_change_end(&c);
        reply_ok(x->reply);
    }
    buf_release(&bad);
    return outcome;
}

enum outcome acl_deluser(struct exec *x, const struct args *a)
{
    struct acl *acl = acl_of(x);
    int64_t deleted = 0;
    if (!acl)
        return acl_reply_no_users(x);
    for (uint32_t i = 2; i < a->n; i++)
        if (acl_find(acl, a->v[i]) == acl->first) {
            reply_error(x->reply, "ERR The 'default' user cannot be removed");
            return RUN_DONE;
        }
    struct user_change c = acl_change_begin(x);
    for (uint32_t i = 2; i < a->n; i++) {
        struct acl_user *u = acl_find(acl, a->v[i]);
        if (!u)
            continue;
        user_change_remove(&c, u);
        deleted++;
    }
    const enum outcome outcome = acl_change_end(&c);
    reply_int(x->reply, deleted);
    return outcome;
}

/* --- the file -------------------------------------------------------------------------------- */

static const char acl_no_file[] =
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
    "via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    "configuration file set) in order to store users in the Redis configuration.";

enum outcome acl_load(struct exec *x, const struct args *a)
{
    const struct engine *engine = dispatcher_engine(x->dispatcher);
    struct user_change c = acl_change_begin(x);
    struct buf error = {0};
    (void)a;
    if (!acl_of(x) || !engine->hooks.users_load ||
        !engine->hooks.users_load(engine->hooks.users_ctx, &c, &error)) {
        if (error.size > 0) {
            struct buf line = {0};
            buf_append_cstr(&line, "ERR ");
            buf_append_bytes(&line, buf_bytes(&error));
            reply_error_bytes(x->reply, buf_bytes(&line));
            buf_release(&line);
        } else {
            reply_error_bytes(x->reply, bytes_cstr(acl_no_file));
        }
        buf_release(&error);
        return RUN_DONE;
    }
    reply_ok(x->reply);
    return acl_change_end(&c);
}

enum outcome acl_save(struct exec *x, const struct args *a)
{
    const struct engine *engine = dispatcher_engine(x->dispatcher);
    bool written = false;
    (void)a;
    if (!acl_of(x) || !engine->hooks.users_save ||
        !engine->hooks.users_save(engine->hooks.users_ctx, &written))
        reply_error_bytes(x->reply, bytes_cstr(acl_no_file));
    else if (written)
        reply_ok(x->reply);
    else
        reply_error(x->reply, "ERR There was an error trying to save the ACLs. Please check the "
                              "server logs for more information");
    return RUN_DONE;
}
