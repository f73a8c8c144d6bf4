/*
 * admin_users.c — users where the configuration tells of them: requirepass, user lines, aclfile.
 *
 * At the start `user` lines or the ACL file make the users; both at once are refused, as nobody
 * could say which of them counts.  ACL LOAD reads the file again: it counts whole, or not at all.
 */
#include "io/admin/admin_priv.h"

#include "core/base/trace.h"
#include "core/cmd/client/acl_log.h"
#include "core/cmd/engine/user_change.h"
#include "io/config/acl_file.h"

#include <errno.h>
#include <stdio.h>

static void users_applied(void *ctx, const struct config *before, const struct config *after)
{
    const struct admin *a = ctx;
    struct acl *acl = a->parts.engine->fixed.acl;

    if (!bytes_equal(before->dispatch.requirepass, after->dispatch.requirepass))
        acl_set_default_password(acl, after->dispatch.requirepass);
    acl_set_channels_default(acl, after->acl_pubsub_default == CONFIG_ALLCHANNELS);
    acl_log_set_max(acl->log, (uint64_t)after->acllog_max_len);
}

/* --- the file -------------------------------------------------------------------------------- */

static const char *users_file(const struct admin *a)
{
    const char *path = config_current(a->parts.config)->aclfile;
    return path && path[0] != '\0' ? path : NULL;
}

/* The draft's users are all there are; the default one is as at first if it has none. */
static void users_replace(struct acl *acl, struct acl_draft *d, struct user_change *c)
{
    const struct bytes name = acl->first->name;

    for (uint32_t i = acl->count; i-- > 0;)
        if (acl->v[i] != acl->first && !acl_draft_find(d, acl->v[i]->name))
            user_change_remove(c, acl->v[i]);
    if (!acl_draft_find(d, name))
        user_change_put(c, name, acl_first_rules(&acl->basis));
    for (uint32_t i = 0; i < d->count; i++) {
        user_change_put(c, d->v[i].name, d->v[i].rules);
        d->v[i].rules = NULL;
    }
}

static bool users_read(const struct admin *a, const char *path, struct user_change *c,
                       struct buf *error)
{
    struct acl *acl = a->parts.engine->fixed.acl;
    struct acl_draft d = {0};
    struct buf text = {0};
    const bool ok = acl_file_read(path, &acl->basis, &d, &text, error);

    if (ok)
        users_replace(acl, &d, c);
    acl_draft_release(&d);
    buf_release(&text);
    return ok;
}

static bool users_load(void *ctx, struct user_change *c, struct buf *error)
{
    const struct admin *a = ctx;
    const char *path = users_file(a);

    return path && users_read(a, path, c, error);
}

static bool users_save(void *ctx, bool *written)
{
    const struct admin *a = ctx;
    const char *path = users_file(a);

    if (!path)
        return false;
    *written = acl_file_write(path, a->parts.engine->fixed.acl);
    if (!*written)
        trace_line(TRACE_WARNING, "Saving the ACL file '%s': %s", path, strerror(errno));
    return true;
}

/* --- the configuration ----------------------------------------------------------------------- */

/* "user NAME RULE …"; false: error is what the start ends with. */
static bool users_add_line(struct acl *acl, const struct config_directive *d, struct buf *error)
{
    struct acl_rules *rules = acl_rules_new(&acl->basis);
    struct buf bad = {0}, why = {0};
    const struct bytes *open;
    const enum acl_fault fault =
        acl_rules_set_all(rules, &acl->basis, d->argv + 2, d->argc - 2, &bad, &open);

    if (fault == ACL_FINE) {
        acl_put(acl, d->argv[1], rules);
        buf_release(&bad);
        return true;
    }
    acl_rules_free(rules);
    if (open)
        buf_printf(&why, "Unmatched parenthesis in selector definition starting at '%.*s'",
                   (int)open->size, open->data);
    else
        buf_printf(&why, "Error in user declaration '%.*s': %s", (int)bad.size, bad.data,
                   acl_fault_text(fault));
    buf_append_char(&why, '\0');
    config_directive_fatal(d, why.data, error);
    buf_release(&bad);
    buf_release(&why);
    return false;
}

/* Has a line before this one the same name? */
static bool users_twice(const struct config_directive *first, const struct config_directive *d)
{
    for (; first != d; first = first->next)
        if (bytes_equal(first->argv[1], d->argv[1]))
            return true;
    return false;
}

static bool users_add_lines(struct acl *acl, const struct config_directive *first,
                            struct buf *error)
{
    for (const struct config_directive *d = first; d; d = d->next) {
        struct buf why = {0};
        if (users_twice(first, d))
            buf_printf(&why, "Error in user declaration '%.*s': %s", (int)d->argv[1].size,
                       d->argv[1].data, acl_fault_text(ACL_FAULT_TWICE));
        else if (!acl_name_is_good(d->argv[1]))
            buf_append_cstr(&why, "Spaces not allowed in ACL usernames");
        if (why.size > 0) {
            buf_append_char(&why, '\0');
            config_directive_fatal(d, why.data, error);
        }
        buf_release(&why);
        if (error->size > 0 || !users_add_line(acl, d, error))
            return false;
    }
    return true;
}

bool admin_load_users(struct admin *a)
{
    const struct config *c = config_current(a->parts.config);
    struct acl *acl = a->parts.engine->fixed.acl;
    const char *path = users_file(a);
    struct user_change change = {.engine = a->parts.engine};
    struct buf error = {0};
    bool ok = true;

    LK_ASSERT(acl);
    if (path && c->users) {
        trace_line(
            TRACE_WARNING,
            "Users are declared in the configuration file, and an ACL file is named as well: "
            "nobody could say which of them counts. Please use one of the two, not both.");
        return false;
    }
    if (path) {
        ok = users_read(a, path, &change, &error);
        if (!ok)
            trace_line(TRACE_WARNING, "Aborting Redis startup because of ACL errors: %.*s",
                       (int)error.size, error.data);
    } else {
        ok = users_add_lines(acl, c->users, &error);
        if (!ok)
            fprintf(stderr, "%.*s", (int)error.size, error.data);
    }
    buf_release(&error);
    return ok;
}

void admin_append_user_lines(struct admin *a, struct buf *text, struct buf *lines)
{
    const struct acl *acl = a->parts.engine->fixed.acl;
    size_t at = 0;

    if (!acl || users_file(a))
        return;
    for (uint32_t i = 0; i < acl->count; i++) {
        acl_append_user(text, acl->v[i]);
        buf_append_char(text, '\n');
    }
    for (size_t end; at < text->size; at = end + 1) {
        const char *newline = memchr(text->data + at, '\n', text->size - at);
        end = (size_t)(newline - text->data);
        const struct bytes line = bytes_of(text->data + at, end - at);
        buf_append(lines, &line, sizeof line);
    }
}

void admin_begin_users(struct admin *a)
{
    struct engine *engine = a->parts.engine;
    const struct config *c = config_current(a->parts.config);

    if (!engine->fixed.acl)
        return;
    config_register(a->parts.config, CONFIG_HOOK_USERS,
                    &(struct config_hook){NULL, users_applied, a});
    if (c->dispatch.requirepass.size > 0)
        acl_set_default_password(engine->fixed.acl, c->dispatch.requirepass);
    users_applied(a, c, c);
    engine->hooks.users_load = users_load;
    engine->hooks.users_save = users_save;
    engine->hooks.users_ctx = a;
}
