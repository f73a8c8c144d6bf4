#include "core/cmd/client/acl_user.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/cmd/client/acl_log.h"

/* --- cells ----------------------------------------------------------------------------------- */

static uint32_t acl_user_state_of(const struct acl_rules *r)
{
    const uint32_t open = ACL_USER_ON | ACL_USER_NOPASS;
    return ((r->flags & open) == open ? (uint32_t)ACL_STATE_OPEN : 0) |
           (r->flags & ACL_USER_NOPASS ? (uint32_t)ACL_STATE_NOPASS : 0) |
           (acl_rules_allow_all(r) ? (uint32_t)ACL_STATE_FREE : 0);
}

/* Returns the rules before. */
static struct acl_rules *acl_user_publish(struct acl_user *u, struct acl_rules *rules)
{
    struct acl_rules *before = exchange_acq_rel(&u->rules, rules);
    store_seq_cst(&u->state, acl_user_state_of(rules));
    return before;
}

static struct acl_user *acl_user_new(struct bytes name, struct acl_rules *rules)
{
    struct acl_user *u = mem_alloc(sizeof *u + name.size);
    char *own = (char *)(u + 1);
    if (name.size > 0)
        memcpy(own, name.data, name.size);
    *u = (struct acl_user){.refs = 1, .name = {own, name.size}};
    acl_user_publish(u, rules);
    return u;
}

struct acl_user *acl_user_keep(struct acl_user *u)
{
    if (u)
        fetch_add_relaxed(&u->refs, 1);
    return u;
}

void acl_user_drop(struct acl_user *u)
{
    if (!u || fetch_sub_acq_rel(&u->refs, 1) != 1)
        return;
    acl_rules_free(u->rules);
    mem_free(u, sizeof *u + u->name.size);
}

/* --- the table ------------------------------------------------------------------------------- */

struct acl_rules *acl_first_rules(const struct acl_basis *basis)
{
    static const char *const words[] = {"on", "nopass", "allkeys", "allchannels", "allcommands"};
    struct acl_rules *r = acl_rules_new(basis);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const enum acl_fault fault = acl_rules_set(r, basis, bytes_cstr(words[i]));
        LK_ASSERT(fault == ACL_FINE);
    }
    return r;
}

struct acl *acl_new(const struct command_index *commands)
{
    struct acl *a = mem_new(struct acl);
    a->basis.commands = commands;
    a->log = acl_log_new();
    a->first = acl_put(a, bytes_cstr("default"), acl_first_rules(&a->basis));
    return a;
}

void acl_free(struct acl *a)
{
    for (uint32_t i = 0; i < a->count; i++)
        acl_user_drop(a->v[i]);
    mem_free(a->v, a->capacity * sizeof(struct acl_user *));
    acl_reclaim(a);
    acl_log_free(a->log);
    mem_delete(a);
}

/* The place of the first user whose name is not below. */
static uint32_t acl_place_of(const struct acl *a, struct bytes name)
{
    uint32_t low = 0, high = a->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (bytes_compare(a->v[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct acl_user *acl_find(const struct acl *a, struct bytes name)
{
    const uint32_t at = acl_place_of(a, name);
    return at < a->count && bytes_equal(a->v[at]->name, name) ? a->v[at] : NULL;
}

struct acl_user *acl_put(struct acl *a, struct bytes name, struct acl_rules *rules)
{
    const uint32_t at = acl_place_of(a, name);
    LK_ASSERT(rules && acl_name_is_good(name));
    if (at < a->count && bytes_equal(a->v[at]->name, name)) {
        acl_rules_free(acl_user_publish(a->v[at], rules));
        return a->v[at];
    }
    if (a->count == a->capacity) {
        const uint32_t more = a->capacity ? a->capacity * 2 : 8;
        a->v = mem_realloc(a->v, a->capacity * sizeof(struct acl_user *),
                           more * sizeof(struct acl_user *));
        a->capacity = more;
    }
    memmove(a->v + at + 1, a->v + at, (a->count - at) * sizeof(struct acl_user *));
    a->v[at] = acl_user_new(name, rules);
    a->count++;
    return a->v[at];
}

void acl_remove(struct acl *a, struct acl_user *u)
{
    const uint32_t at = acl_place_of(a, u->name);
    LK_ASSERT(u != a->first && at < a->count && a->v[at] == u);
    memmove(a->v + at, a->v + at + 1, (a->count - at - 1) * sizeof(struct acl_user *));
    a->count--;
    const struct acl_basis nothing = {.commands = a->basis.commands};
    acl_rules_free(acl_user_publish(u, acl_rules_new(&nothing)));
    store_seq_cst(&u->state, ACL_STATE_GONE);
    acl_user_drop(u);
}

void acl_reclaim(struct acl *a)
{
    struct acl_rules *r = exchange_acquire(&a->retired, NULL);
    while (r) {
        struct acl_rules *next = r->next_retired;
        acl_rules_free(r);
        r = next;
    }
}

struct acl_user *acl_find_active(const struct acl *a, struct bytes name)
{
    struct acl_user *u = acl_find(a, name);
    return u && acl_user_rules(u)->flags & ACL_USER_ON ? u : NULL;
}

/* --- passwords ------------------------------------------------------------------------------- */

struct acl_user *acl_authenticate(const struct acl *a, struct bytes name, struct bytes password)
{
    uint8_t hash[SHA256_BYTES];
    sha256_of(password, hash); /* also for nobody: how long it takes tells nothing */
    struct acl_user *u = acl_find_active(a, name);
    if (!u)
        return NULL;
    const struct acl_rules *r = acl_user_rules(u);
    return acl_rules_know_password(r, hash) || r->flags & ACL_USER_NOPASS ? u : NULL;
}

void acl_set_default_password(struct acl *a, struct bytes password)
{
    struct acl_rules *r = acl_rules_copy(acl_user_rules(a->first));
    struct buf word = {0};
    buf_append_char(&word, '>');
    buf_append_bytes(&word, password);
    enum acl_fault fault = acl_rules_set(r, &a->basis, bytes_cstr("resetpass"));
    LK_ASSERT(fault == ACL_FINE);
    fault =
        acl_rules_set(r, &a->basis, password.size > 0 ? buf_bytes(&word) : bytes_cstr("nopass"));
    LK_ASSERT(fault == ACL_FINE);
    buf_release(&word);
    struct acl_rules *before = acl_user_publish(a->first, r);
    before->next_retired = load_relaxed(&a->retired);
    store_release(&a->retired, before);
}

void acl_set_channels_default(struct acl *a, bool all_channels)
{
    store_relaxed(&a->basis.all_channels, all_channels);
}
