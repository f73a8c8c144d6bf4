/*
 * users.c — users of the Sentinel itself, in its file: whoever ACL SETUSER made is there after a
 * start.
 *
 * Rules are read inside the gate, and the file is written by the thread of the links, too: so
 * worker 0's cron keeps their text, and has the file written when it has changed.
 */
#include "core/cmd/client/acl_text.h"
#include "core/cmd/client/acl_user.h"
#include "io/sentinel/service_priv.h"

static bool users_are_elsewhere(const struct sentinel_service *v)
{
    const char *file = config_current(v->parts.config)->aclfile;
    return !v->parts.engine->fixed.acl || (file && file[0] != '\0');
}

void users_follow(struct sentinel_service *v)
{
    if (users_are_elsewhere(v))
        return;
    const struct acl *acl = v->parts.engine->fixed.acl;
    struct buf text = {0};
    for (uint32_t i = 0; i < acl->count; i++) {
        acl_append_user(&text, acl->v[i]);
        buf_append_char(&text, '\n');
    }
    LK_ASSERT(text.size > 0); /* there is a default user */
    pthread_mutex_lock(&v->lock);
    const bool known = v->users.size > 0;
    const bool changed = !bytes_equal(buf_bytes(&v->users), buf_bytes(&text));
    if (changed) {
        buf_release(&v->users);
        v->users = text;
    } else {
        buf_release(&text);
    }
    if (known && changed)
        (void)file_save(v);
    pthread_mutex_unlock(&v->lock);
}
