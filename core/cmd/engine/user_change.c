#include "core/cmd/engine/user_change.h"

#include "core/base/atomic.h"
#include "core/cmd/client/acl_check.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/engine/subscriber.h"

void user_change_put(struct user_change *c, struct bytes name, struct acl_rules *rules)
{
    struct acl *acl = c->engine->fixed.acl;
    LK_ASSERT(acl && rules);
    struct acl_user *u = acl_find(acl, name);
    const bool was_free = u && acl_user_is(u, ACL_STATE_FREE);
    /* One reference is the table's own. */
    const bool in_use = u && (u == acl->first || load_acquire(&u->refs) > 1);
    u = acl_put(acl, name, rules);
    if (in_use && !(was_free && acl_user_is(u, ACL_STATE_FREE)))
        c->visit = true;
}

void user_change_remove(struct user_change *c, struct acl_user *u)
{
    LK_ASSERT(u && u != c->engine->fixed.acl->first);
    if (load_acquire(&u->refs) > 1)
        c->visit = true;
    acl_remove(c->engine->fixed.acl, u);
}

static bool user_change_lost(const struct session *s, enum subscription_kind kind)
{
    const struct name_map *names = subscriber_names(s, kind);
    struct name_cursor at;
    for (const struct name_node *n = name_map_first(names, &at); n; n = name_map_next(&at))
        if (!acl_hears(s->user, n->name, kind == SUBSCRIBED_PATTERN))
            return true;
    return false;
}

/* The owner is outside the gate, so what it subscribes to stands still. */
static bool user_change_visit(void *ctx, struct session *s)
{
    struct user_change *c = ctx;
    if (!s->user)
        return true;
    session_settle(s);
    if (!acl_user_is(s->user, ACL_STATE_GONE) && !user_change_lost(s, SUBSCRIBED_CHANNEL) &&
        !user_change_lost(s, SUBSCRIBED_PATTERN) && !user_change_lost(s, SUBSCRIBED_SHARD))
        return true;
    if (s == c->self)
        c->killed_self = true;
    else
        registry_kill(c->engine->fixed.registry, s);
    return true;
}

void user_change_end(struct user_change *c)
{
    if (c->visit)
        registry_each(c->engine->fixed.registry, user_change_visit, c);
    acl_reclaim(c->engine->fixed.acl);
    c->visit = false;
}
