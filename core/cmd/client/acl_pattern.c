#include "core/cmd/client/acl_pattern.h"

#include "core/base/mem.h"

/* Up to eight bytes as a word, with zeros behind them. */
static uint64_t acl_pattern_head(struct bytes text)
{
    uint64_t head = 0;
    if (text.size >= sizeof head)
        memcpy(&head, text.data, sizeof head);
    else if (text.size > 0)
        memcpy(&head, text.data, text.size);
    return head;
}

static size_t acl_pattern_literal(struct bytes text)
{
    size_t n = 0;
    while (n < text.size && memchr("*?[\\", text.data[n], 4) == NULL)
        n++;
    return n;
}

static struct acl_pattern acl_pattern_make(struct bytes text, uint8_t use)
{
    char *own = mem_alloc(text.size);
    if (text.size > 0)
        memcpy(own, text.data, text.size);
    const size_t literal = acl_pattern_literal(text);
    const size_t head = literal < 8 ? literal : 8;
    LK_ASSERT(literal <= UINT32_MAX);
    return (struct acl_pattern){.text = {own, text.size},
                                .head = acl_pattern_head(bytes_of(text.data, head)),
                                .mask = head == 0 ? 0 : UINT64_MAX >> (64 - 8 * head),
                                .literal = (uint32_t)literal,
                                .kind = literal == text.size ? ACL_PATTERN_EXACT
                                        : literal + 1 == text.size && text.data[literal] == '*'
                                            ? ACL_PATTERN_PREFIX
                                            : ACL_PATTERN_GLOB,
                                .use = use};
}

static struct acl_pattern *acl_patterns_find(const struct acl_patterns *all, struct bytes text)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (bytes_equal(all->v[i].text, text))
            return &all->v[i];
    return NULL;
}

void acl_patterns_add(struct acl_patterns *all, struct bytes text, uint8_t use)
{
    struct acl_pattern *p = acl_patterns_find(all, text);
    LK_ASSERT((use & ~ACL_READ_WRITE) == 0);
    if (p) {
        p->use |= use;
        return;
    }
    all->v = mem_realloc(all->v, all->count * sizeof *all->v, (all->count + 1) * sizeof *all->v);
    all->v[all->count++] = acl_pattern_make(text, use);
}

void acl_patterns_copy(struct acl_patterns *to, const struct acl_patterns *from)
{
    *to = (struct acl_patterns){.v = mem_alloc(from->count * sizeof *to->v), .count = from->count};
    for (uint32_t i = 0; i < from->count; i++)
        to->v[i] = acl_pattern_make(from->v[i].text, from->v[i].use);
}

void acl_patterns_clear(struct acl_patterns *all)
{
    for (uint32_t i = 0; i < all->count; i++)
        mem_free((void *)(uintptr_t)all->v[i].text.data, all->v[i].text.size);
    mem_free(all->v, all->count * sizeof *all->v);
    *all = (struct acl_patterns){0};
}

static bool acl_pattern_match(const struct acl_pattern *p, struct bytes text)
{
    if (text.size < p->literal || memcmp(text.data, p->text.data, p->literal) != 0)
        return false;
    switch ((enum acl_pattern_kind)p->kind) {
    case ACL_PATTERN_EXACT:
        return text.size == p->literal;
    case ACL_PATTERN_PREFIX:
        return true;
    case ACL_PATTERN_GLOB:
        break;
    }
    return bytes_match_glob(p->text, text, false);
}

bool acl_patterns_match(const struct acl_patterns *all, struct bytes text, uint8_t use)
{
    const uint64_t head = acl_pattern_head(text);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct acl_pattern *p = &all->v[i];
        if (((head ^ p->head) & p->mask) == 0 && (p->use & use) == use &&
            acl_pattern_match(p, text))
            return true;
    }
    return false;
}

bool acl_patterns_have(const struct acl_patterns *all, struct bytes text, uint8_t use)
{
    const struct acl_pattern *p = acl_patterns_find(all, text);
    return p && (p->use & use) == use;
}
