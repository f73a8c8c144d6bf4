#include "core/cmd/client/acl_pattern.h"

#include "core/base/mem.h"

enum { HEAD_BYTES = 16 };

/* Up to sixteen bytes as two words, with zeros behind them. */
static void acl_pattern_head(struct bytes text, uint64_t head[2])
{
    head[0] = head[1] = 0;
    if (text.size >= HEAD_BYTES)
        memcpy(head, text.data, HEAD_BYTES);
    else if (text.size > 0)
        memcpy(head, text.data, text.size);
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
    const size_t head = literal < HEAD_BYTES ? literal : HEAD_BYTES;
    char ones[HEAD_BYTES];
    LK_ASSERT(literal <= UINT32_MAX);
    struct acl_pattern p = {.text = {own, text.size},
                            .literal = (uint32_t)literal,
                            .kind = literal == text.size ? ACL_PATTERN_EXACT
                                    : literal + 1 == text.size && text.data[literal] == '*'
                                        ? ACL_PATTERN_PREFIX
                                        : ACL_PATTERN_GLOB,
                            .use = use};
    memset(ones, 0xff, sizeof ones);
    acl_pattern_head(bytes_of(text.data, head), p.head);
    acl_pattern_head(bytes_of(ones, head), p.mask);
    return p;
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

/* What is behind the first bytes, which are the same. */
static bool acl_pattern_match(const struct acl_pattern *p, struct bytes text)
{
    if (text.size < p->literal)
        return false;
    if (p->literal > HEAD_BYTES &&
        memcmp(text.data + HEAD_BYTES, p->text.data + HEAD_BYTES, p->literal - HEAD_BYTES) != 0)
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
    uint64_t head[2];
    acl_pattern_head(text, head);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct acl_pattern *p = &all->v[i];
        if (((head[0] ^ p->head[0]) & p->mask[0]) == 0 &&
            ((head[1] ^ p->head[1]) & p->mask[1]) == 0 && (p->use & use) == use &&
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
