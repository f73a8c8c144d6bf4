#include "core/cmd/client/acl_check.h"

#include "core/base/mem.h"

enum { FEW_KEYS = 32 };

/* A call, and what is known of it. */
struct acl_call {
    const struct command_info *c;
    const struct args *a;
    struct key_ref *refs; /* NULL: nobody has asked yet */
    uint32_t key_count;
    struct key_ref few[FEW_KEYS];
};

/* --- the keys of a call ---------------------------------------------------------------------- */

static void acl_call_find_keys(struct acl_call *k)
{
    if (k->refs)
        return;
    k->refs = k->a->n <= FEW_KEYS ? k->few : mem_alloc(k->a->n * sizeof *k->refs);
    const int n = command_keys(k->c, k->a, k->refs, k->a->n);
    LK_ASSERT(n < 0 || (uint32_t)n <= k->a->n);
    k->key_count = n > 0 ? (uint32_t)n : 0; /* where none can be found none is touched */
    for (uint32_t i = 0; i < k->key_count; i++)
        k->refs[i].flags = command_key_use(k->c, k->a, k->refs[i].flags);
}

static void acl_call_release(struct acl_call *k)
{
    if (k->refs && k->refs != k->few)
        mem_free(k->refs, k->a->n * sizeof *k->refs);
}

static uint8_t acl_use_of_key(uint16_t flags)
{
    return (uint8_t)((flags & KEY_ACCESS ? ACL_READ : 0) |
                     (flags & (KEY_INSERT | KEY_UPDATE | KEY_DELETE) ? ACL_WRITE : 0));
}

static bool acl_allows_keys(const struct acl_selector *s, struct acl_call *k, uint32_t *at)
{
    if (s->flags & ACL_ALL_KEYS)
        return true;
    if (k->c->row->keys[0].begin == KEY_NONE && !k->c->row->find_keys)
        return true;
    acl_call_find_keys(k);
    for (uint32_t i = 0; i < k->key_count; i++) {
        *at = k->refs[i].index;
        if (!acl_patterns_match(&s->keys, k->a->v[*at], acl_use_of_key(k->refs[i].flags)))
            return false;
    }
    return true;
}

/* --- the two other parts --------------------------------------------------------------------- */

static bool acl_allows_command(const struct acl_selector *s, const struct acl_call *k)
{
    if (s->flags & ACL_ALL_COMMANDS || k->c->flags & CMD_NO_AUTH || acl_selector_has(s, k->c))
        return true;
    const uint32_t first = k->c->parent ? 2 : 1;
    for (uint32_t i = 0; i < s->first_count; i++)
        if (s->first[i].command == k->c && args_is(k->a, first, s->first[i].word))
            return true;
    return false;
}

static bool acl_allows_channel(const struct acl_selector *s, struct bytes channel, bool is_pattern)
{
    if (s->flags & ACL_ALL_CHANNELS)
        return true;
    return is_pattern ? acl_patterns_have(&s->channels, channel, 0)
                      : acl_patterns_match(&s->channels, channel, 0);
}

static bool acl_allows_channels(const struct acl_selector *s, const struct acl_call *k,
                                uint32_t *at)
{
    const uint8_t use = k->c->row->channels;
    if (LK_LIKELY(use == CHANNELS_NONE) || s->flags & ACL_ALL_CHANNELS)
        return true;
    const uint32_t end = use == CHANNELS_PUBLISH ? 2 : k->a->n;
    for (*at = 1; *at < end; ++*at)
        if (!acl_allows_channel(s, k->a->v[*at], use == CHANNELS_PATTERNS))
            return false;
    return true;
}

static enum acl_denial acl_ask_selector(const struct acl_selector *s, struct acl_call *k,
                                        uint32_t *at)
{
    *at = 0;
    if (!acl_allows_command(s, k))
        return ACL_DENIED_COMMAND;
    if (!acl_allows_keys(s, k, at))
        return ACL_DENIED_KEY;
    return acl_allows_channels(s, k, at) ? ACL_ALLOWED : ACL_DENIED_CHANNEL;
}

/* --- for others ------------------------------------------------------------------------------ */

/* The refusal that is told is that of the selector which got furthest. */
enum acl_denial acl_check_call(const struct acl_user *u, const struct command_info *c,
                               const struct args *a, uint32_t *at)
{
    *at = 0;
    if (!u || LK_LIKELY(acl_user_is(u, ACL_STATE_FREE)))
        return ACL_ALLOWED;
    const struct acl_rules *r = acl_user_rules(u);
    struct acl_call k = {.c = c, .a = a};
    enum acl_denial worst = ACL_DENIED_COMMAND;
    for (uint32_t i = 0; worst != ACL_ALLOWED && i < r->selector_count; i++) {
        uint32_t here;
        const enum acl_denial denial = acl_ask_selector(&r->selectors[i], &k, &here);
        if (denial == ACL_ALLOWED || denial > worst || (denial == worst && here > *at)) {
            worst = denial;
            *at = here;
        }
    }
    acl_call_release(&k);
    return worst;
}

bool acl_allows_plain(const struct acl_user *u, const struct command_info *c, struct bytes key)
{
    LK_DEBUG_ASSERT(c->plain && c->row->channels == CHANNELS_NONE);
    const struct acl_rules *r = acl_user_rules(u);
    const uint8_t use = acl_use_of_key(c->row->keys[0].flags);
    for (const struct acl_selector *s = r->selectors, *end = s + r->selector_count; s < end; s++)
        if (acl_selector_has(s, c) &&
            (s->flags & ACL_ALL_KEYS || acl_patterns_match(&s->keys, key, use)))
            return true;
    return false;
}

bool acl_reads_all_keys(const struct acl_user *u, const struct command_info *c,
                        const struct args *a)
{
    if (!u || acl_user_is(u, ACL_STATE_FREE))
        return true;
    const struct acl_rules *r = acl_user_rules(u);
    struct acl_call k = {.c = c, .a = a};
    bool all = false;
    for (uint32_t i = 0; !all && i < r->selector_count; i++) {
        uint32_t at;
        const struct acl_selector *s = &r->selectors[i];
        all = (s->flags & ACL_ALL_KEYS || acl_patterns_have(&s->keys, bytes_cstr("*"), ACL_READ)) &&
              acl_ask_selector(s, &k, &at) == ACL_ALLOWED;
    }
    acl_call_release(&k);
    return all;
}

bool acl_hears(const struct acl_user *u, struct bytes channel, bool is_pattern)
{
    if (!u || acl_user_is(u, ACL_STATE_FREE))
        return true;
    const struct acl_rules *r = acl_user_rules(u);
    for (uint32_t i = 0; i < r->selector_count; i++)
        if (acl_allows_channel(&r->selectors[i], channel, is_pattern))
            return true;
    return false;
}

static void acl_append_name(struct buf *out, const struct acl_user *u)
{
    if (u)
        buf_append_bytes(out, u->name);
}

void acl_append_denial(struct buf *out, enum acl_denial denial, const struct acl_user *u,
                       const struct command_info *c, struct bytes arg, bool named)
{
    const char *const thing = denial == ACL_DENIED_KEY ? "key" : "channel";
    LK_ASSERT(denial == ACL_DENIED_COMMAND || denial == ACL_DENIED_KEY ||
              denial == ACL_DENIED_CHANNEL);
    if (denial != ACL_DENIED_COMMAND && !named) {
        buf_printf(out, "No permissions to access a %s", thing);
        return;
    }
    buf_append_cstr(out, "User ");
    acl_append_name(out, u);
    if (denial == ACL_DENIED_COMMAND) {
        buf_printf(out, " has no permissions to run the '%s' command", c->full_name);
        return;
    }
    buf_append_cstr(out, " has no permissions to access the '");
    buf_append_bytes(out, arg);
    buf_printf(out, "' %s", thing);
}
