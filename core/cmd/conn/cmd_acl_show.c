/*
 * cmd_acl_show.c — ACL CAT, GETUSER, LIST, USERS, LOG.
 */
#include "core/cmd/client/acl_log.h"
#include "core/cmd/client/acl_text.h"
#include "core/cmd/conn/cmd_acl.h"
#include "core/cmd/engine/dispatch.h"

/* --- CAT ------------------------------------------------------------------------------------- */

static uint64_t acl_cat_commands(struct exec *x, uint32_t category)
{
    const struct command_index *ix = dispatcher_engine(x->dispatcher)->fixed.commands;
    uint64_t n = 0;
    for (uint32_t i = 0; i < command_index_count(ix); i++) {
        const struct command_info *c = command_index_at(ix, i);
        /* What has subcommands stands for them, unless it can be called itself. */
        if (!(c->categories & category) || (c->subcommand_count > 0 && !c->row->run))
            continue;
        reply_bulk_cstr(x->reply, c->full_name);
        n++;
    }
    return n;
}

enum outcome acl_cat(struct exec *x, const struct args *a)
{
    uint32_t i = 0;
    if (a->n > 3)
        return reply_subcommand(x, a);
    if (a->n == 2) {
        reply_array(x->reply, COMMAND_CATEGORIES);
        for (; i < COMMAND_CATEGORIES; i++)
            reply_bulk_cstr(x->reply, command_category_names[i]);
        return RUN_DONE;
    }
    while (i < COMMAND_CATEGORIES && !args_is(a, 2, command_category_names[i]))
        i++;
    if (i == COMMAND_CATEGORIES) {
        reply_error(x->reply, "ERR Unknown category '%.*s'", (int)a->v[2].size, a->v[2].data);
        return RUN_DONE;
    }
    const size_t head = reply_begin_deferred(x->reply);
    const uint64_t n = acl_cat_commands(x, UINT32_C(1) << i);
    reply_end_deferred(x->reply, head, REPLY_ARRAY, n);
    return RUN_DONE;
}

/* --- users ----------------------------------------------------------------------------------- */

static void acl_reply_part(struct exec *x, const char *name,
                           void (*append)(struct buf *out, const struct acl_selector *s),
                           const struct acl_selector *s)
{
    struct buf text = {0};
    append(&text, s);
    reply_bulk_cstr(x->reply, name);
    reply_bulk(x->reply, buf_bytes(&text));
    buf_release(&text);
}

static void acl_reply_selector(struct exec *x, const struct acl_selector *s)
{
    acl_reply_part(x, "commands", acl_selector_append_commands, s);
    acl_reply_part(x, "keys", acl_selector_append_keys, s);
    acl_reply_part(x, "channels", acl_selector_append_channels, s);
}

static void acl_reply_flags(struct exec *x, const struct acl_rules *r)
{
    const bool nopass = r->flags & ACL_USER_NOPASS;
    reply_bulk_cstr(x->reply, "flags");
    reply_set(x->reply, nopass ? 3 : 2);
    reply_bulk_cstr(x->reply, r->flags & ACL_USER_ON ? "on" : "off");
    if (nopass)
        reply_bulk_cstr(x->reply, "nopass");
    reply_bulk_cstr(x->reply, r->flags & ACL_USER_SKIP_SANITIZE ? "skip-sanitize-payload"
                                                                : "sanitize-payload");
}

static void acl_reply_passwords(struct exec *x, const struct acl_rules *r)
{
    reply_bulk_cstr(x->reply, "passwords");
    reply_array(x->reply, r->password_count);
    for (uint32_t i = 0; i < r->password_count; i++) {
        struct buf hex = {0};
        acl_rules_append_password(&hex, r->passwords[i]);
        reply_bulk(x->reply, buf_bytes(&hex));
        buf_release(&hex);
    }
}

enum outcome acl_getuser(struct exec *x, const struct args *a)
{
    const struct acl *acl = acl_of(x);
    const struct acl_user *u = acl ? acl_find(acl, a->v[2]) : NULL;
    if (!u) {
        reply_null(x->reply);
        return RUN_DONE;
    }
    const struct acl_rules *r = acl_user_rules(u);
    reply_map(x->reply, 6);
    acl_reply_flags(x, r);
    acl_reply_passwords(x, r);
    acl_reply_selector(x, &r->selectors[0]);
    reply_bulk_cstr(x->reply, "selectors");
    reply_array(x->reply, r->selector_count - 1);
    for (uint32_t i = 1; i < r->selector_count; i++) {
        reply_map(x->reply, 3);
        acl_reply_selector(x, &r->selectors[i]);
    }
    return RUN_DONE;
}

enum outcome acl_list(struct exec *x, const struct args *a)
{
    const struct acl *acl = acl_of(x);
    struct buf line = {0};
    (void)a;
    reply_array(x->reply, acl ? acl->count : 0);
    for (uint32_t i = 0; acl && i < acl->count; i++) {
        line.size = 0;
        acl_append_user(&line, acl->v[i]);
        reply_bulk(x->reply, buf_bytes(&line));
    }
    buf_release(&line);
    return RUN_DONE;
}

enum outcome acl_users(struct exec *x, const struct args *a)
{
    const struct acl *acl = acl_of(x);
    (void)a;
    reply_array(x->reply, acl ? acl->count : 0);
    for (uint32_t i = 0; acl && i < acl->count; i++)
        reply_bulk(x->reply, acl->v[i]->name);
    return RUN_DONE;
}

/* --- LOG ------------------------------------------------------------------------------------- */

struct acl_log_reply {
    struct reply *reply;
    int64_t now_ms;
};

static void acl_reply_entry(void *ctx, const struct acl_log_entry *e)
{
    static const char *const reasons[ACL_DENIALS] = {[ACL_DENIED_COMMAND] = "command",
                                                     [ACL_DENIED_KEY] = "key",
                                                     [ACL_DENIED_AUTH] = "auth",
                                                     [ACL_DENIED_CHANNEL] = "channel",
                                                     [ACL_DENIED_CERTIFICATE] = "tls-cert"};
    static const char *const contexts[ACL_CONTEXTS] = {[ACL_TOPLEVEL] = "toplevel",
                                                       [ACL_IN_MULTI] = "multi",
                                                       [ACL_IN_SCRIPT] = "lua",
                                                       [ACL_IN_MODULE] = "module"};
    const struct acl_log_reply *l = ctx;
    struct reply *r = l->reply;
    reply_map(r, 10);
    reply_bulk_cstr(r, "count");
    reply_int(r, (int64_t)e->count);
    reply_bulk_cstr(r, "reason");
    reply_bulk_cstr(r, reasons[e->reason]);
    reply_bulk_cstr(r, "context");
    reply_bulk_cstr(r, contexts[e->context]);
    reply_bulk_cstr(r, "object");
    reply_bulk(r, e->object);
    reply_bulk_cstr(r, "username");
    reply_bulk(r, e->user);
    reply_bulk_cstr(r, "age-seconds");
    reply_double(r, (double)(l->now_ms - e->updated_ms) / 1000);
    reply_bulk_cstr(r, "client-info");
    reply_bulk(r, e->client);
    reply_bulk_cstr(r, "entry-id");
    reply_int(r, (int64_t)e->id);
    reply_bulk_cstr(r, "timestamp-created");
    reply_int(r, e->created_ms);
    reply_bulk_cstr(r, "timestamp-last-updated");
    reply_int(r, e->updated_ms);
}

enum outcome acl_log_command(struct exec *x, const struct args *a)
{
    enum { DEFAULT_COUNT = 10 };
    struct acl *acl = acl_of(x);
    int64_t count = DEFAULT_COUNT;
    if (a->n > 3)
        return reply_subcommand(x, a);
    if (args_is(a, 2, "reset")) {
        if (acl)
            acl_log_reset(acl->log);
        reply_ok(x->reply);
        return RUN_DONE;
    }
    if (a->n == 3) {
        const int rc = args_int64(a, 2, &count);
        if (rc != LK_OK)
            return reply_status(x, rc);
    }
    struct acl_log_reply l = {x->reply, x->now_ms};
    const size_t head = reply_begin_deferred(x->reply);
    const uint64_t n =
        acl ? acl_log_each(acl->log, count < 0 ? 0 : (uint64_t)count, acl_reply_entry, &l) : 0;
    reply_end_deferred(x->reply, head, REPLY_ARRAY, n);
    return RUN_DONE;
}
