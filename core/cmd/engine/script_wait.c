#include "core/cmd/engine/script_wait.h"

#include "core/base/rank.h"

static struct {
    pthread_mutex_t lock;
    struct script_wait *last; /* the others behind it */
} waits = {.lock = PTHREAD_MUTEX_INITIALIZER};

void script_wait_begin(struct script_wait *w)
{
    leaf_lock(&waits.lock);
    w->next = waits.last;
    waits.last = w;
    leaf_unlock(&waits.lock);
}

void script_wait_end(struct script_wait *w)
{
    leaf_lock(&waits.lock);
    struct script_wait **at = &waits.last;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    leaf_unlock(&waits.lock);
}

/* Who waits and has what w wants; NULL: whoever has it is not waiting. */
static const struct script_wait *wait_holder(const struct script_wait *w)
{
    const struct script_wait *h = waits.last;
    while (h && (h->ks != w->ks || !lock_set_has(h->held, w->shard)))
        h = h->next;
    return h;
}

/* The list has the latest first. */
static bool wait_came_before(const struct script_wait *w, const struct script_wait *other)
{
    const struct script_wait *at = w->next;
    while (at && at != other)
        at = at->next;
    return at != NULL;
}

bool script_wait_in_circle(struct script_wait *w, bool token)
{
    bool last = true;
    leaf_lock(&waits.lock);
    w->token = token;
    const struct script_wait *at = wait_holder(w);
    /* No more steps than there are: a circle further on need not come back to w. */
    for (const struct script_wait *step = waits.last; step && at && at != w; step = step->next) {
        last &= at->token || wait_came_before(w, at);
        at = wait_holder(at);
    }
    leaf_unlock(&waits.lock);
    return at == w && !token && last;
}
