/*
 * config_set.c — CONFIG SET: all of it or nothing.
 *
 *   1. names     every one known, changeable and named once
 *   2. values    every one parsed into a draft
 *   3. prepare   the parts that the changes concern, each once; if one refuses, those before it
 *                are undone
 *   4. publish   the draft becomes current, and the parts are told
 *
 * The working directory is the one thing that parsing changes outside the draft; a call that fails
 * goes back to the old one.
 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "io/config/config_priv.h"

#include <unistd.h>

enum caller { CALLER_REMOTE, CALLER_LOCAL, CALLER_SERVER };

/* One SET under way. */
struct set_call {
    struct config_holder *holder; /* its mutex is held */
    struct config_edit edit;
    const struct config *before;
    const struct config_pair *pairs;
    const struct config_row **rows; /* of each pair */
    size_t count;
    struct buf *error;
};

static int config_set_refuse(const struct set_call *s, struct bytes name, const char *why)
{
    buf_append_cstr(s->error, "CONFIG SET failed (possibly related to argument '");
    buf_append_bytes(s->error, name);
    buf_printf(s->error, "') - %s", why);
    return LK_ESYNTAX;
}

/* The name in the table's spelling: errors of values show that one, errors of names the client's.
 */
static struct bytes plain_name(const struct set_call *s, size_t i)
{
    bool aliased = false;
    const struct config_row *row = config_row_find(s->pairs[i].name, &aliased);

    return bytes_cstr(aliased ? row->alias : row->name);
}

static bool may_change(const struct config_row *row, const struct config *c, bool local)
{
    if (!(row->flags & CONFIG_PROTECTED))
        return true;
    return c->enable_protected_configs == CONFIG_ACCESS_YES ||
           (c->enable_protected_configs == CONFIG_ACCESS_LOCAL && local);
}

static int check_names(struct set_call *s, enum caller caller)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct bytes name = s->pairs[i].name;
        bool aliased = false;
        s->rows[i] = config_row_find(name, &aliased);
        if (!s->rows[i]) {
            buf_append_cstr(s->error, "Unknown option or number of arguments for CONFIG SET - '");
            buf_append(s->error, name.data, strnlen(name.data, name.size));
            buf_append_char(s->error, '\'');
            return LK_ESYNTAX;
        }
        if (caller == CALLER_SERVER)
            continue;
        if (s->rows[i]->flags & CONFIG_IMMUTABLE)
            return config_set_refuse(s, name, "can't set immutable config");
        if (!may_change(s->rows[i], s->before, caller == CALLER_LOCAL))
            return config_set_refuse(s, name, "can't set protected config");
        /* An old and a new name are two names: the later value stands. */
        for (size_t j = 0; j < i; j++) {
            if (s->rows[j] == s->rows[i] && bytes_equal(plain_name(s, j), plain_name(s, i)))
                return config_set_refuse(s, name, "duplicate parameter");
        }
    }
    return LK_OK;
}

static int parse_values(struct set_call *s, enum caller caller)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!config_edit_set(&s->edit, s->rows[i], &s->pairs[i].value, 1))
            return config_set_refuse(s, plain_name(s, i), s->edit.error);
        const char *why = caller == CALLER_SERVER
                              ? NULL
                              : config_need_unmet(s->holder, s->edit.draft, s->rows[i]);
        if (why)
            return config_set_refuse(s, plain_name(s, i), why);
    }
    return LK_OK;
}

/* A file may have changed under the same name. */
static bool row_acts(const struct set_call *s, const struct config_row *row)
{
    return row->flags & CONFIG_VOLATILE || !config_same(s->before, s->edit.draft, row);
}

/* The pair whose change concerns this part; count if there is none. */
static size_t first_changed(const struct set_call *s, enum config_hook_id id)
{
    size_t i = 0;

    while (i < s->count && (s->rows[i]->hook != id || !row_acts(s, s->rows[i])))
        i++;
    return i;
}

static const char *config_set_prepare(const struct set_call *s, enum config_hook_id id)
{
    const struct config_hook *hook = config_holder_hook(s->holder, id);

    if (!hook)
        return "this server cannot change it while it runs";
    return hook->prepare ? hook->prepare(hook->ctx, s->before, s->edit.draft) : NULL;
}

static void config_set_undo(const struct set_call *s, enum config_hook_id id)
{
    const struct config_hook *hook = config_holder_hook(s->holder, id);

    if (hook->prepare)
        (void)hook->prepare(hook->ctx, s->edit.draft, s->before);
}

/* Asks every part that a change concerns; *due gets a bit for each. */
static int prepare_all(const struct set_call *s, uint32_t *due)
{
    for (uint32_t id = CONFIG_HOOK_NONE + 1; id < CONFIG_HOOKS; id++) {
        const size_t i = first_changed(s, id);
        if (i == s->count)
            continue;
        const char *why = config_set_prepare(s, id);
        if (!why) {
            *due |= 1u << id;
            continue;
        }
        const int rc = config_set_refuse(s, bytes_cstr(s->rows[i]->name), why);
        while (id-- > CONFIG_HOOK_NONE + 1)
            if (*due & 1u << id)
                config_set_undo(s, id);
        return rc;
    }
    return LK_OK;
}

static void tell_applied(const struct set_call *s, uint32_t due)
{
    for (uint32_t id = CONFIG_HOOK_NONE + 1; id < CONFIG_HOOKS; id++) {
        const struct config_hook *hook = due & 1u << id ? config_holder_hook(s->holder, id) : NULL;
        if (hook && hook->applied)
            hook->applied(hook->ctx, s->before, s->edit.draft);
    }
}

static void go_back(const struct set_call *s)
{
    if (strcmp(s->edit.draft->dir, s->before->dir) != 0)
        LK_ASSERT(chdir(s->before->dir) == 0);
}

static int config_set_change(struct config_holder *h, const struct config_pair *pairs, size_t count,
                             enum caller caller, struct buf *error)
{
    struct set_call s = {.holder = h, .pairs = pairs, .count = count, .error = error};
    uint32_t due = 0;
    bool any = false;

    config_holder_lock(h);
    s.before = config_current(h);
    s.edit.draft = config_draft_copy(s.before);
    s.rows = mem_calloc((count + 1) * sizeof *s.rows);
    int rc = check_names(&s, caller);
    if (rc == LK_OK)
        rc = parse_values(&s, caller);
    if (rc == LK_OK && caller != CALLER_SERVER)
        rc = prepare_all(&s, &due);
    for (size_t i = 0; rc == LK_OK && i < count; i++)
        any |= row_acts(&s, s.rows[i]);
    if (rc != LK_OK)
        go_back(&s);
    if (rc == LK_OK && any) {
        config_holder_publish(h, s.edit.draft);
        tell_applied(&s, due);
    } else {
        config_draft_free(s.edit.draft);
    }
    mem_free(s.rows, (count + 1) * sizeof *s.rows);
    config_holder_unlock(h);
    return rc;
}

int config_set(struct config_holder *h, const struct config_pair *pairs, size_t count, bool local,
               struct buf *error)
{
    return config_set_change(h, pairs, count, local ? CALLER_LOCAL : CALLER_REMOTE, error);
}

int config_put(struct config_holder *h, struct bytes name, struct bytes value, struct buf *error)
{
    const struct config_pair pair = {name, value};

    return config_set_change(h, &pair, 1, CALLER_SERVER, error);
}
