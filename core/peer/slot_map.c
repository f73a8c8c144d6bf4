#include "core/peer/slot_map.h"

#include "core/base/mem.h"

static size_t slot_map_size(uint16_t nodes)
{
    return sizeof(struct slot_map) + nodes * sizeof(struct slot_map_node);
}

struct slot_map *slot_map_new(uint16_t nodes)
{
    struct slot_map *m = mem_alloc(slot_map_size(nodes));
    memset(m, 0, slot_map_size(nodes));
    m->node_count = nodes;
    return m;
}

struct slot_map *slot_map_copy(const struct slot_map *m)
{
    struct slot_map *copy = mem_alloc(slot_map_bytes(m));
    memcpy(copy, m, slot_map_bytes(m));
    return copy;
}

size_t slot_map_bytes(const struct slot_map *m)
{
    return slot_map_size(m->node_count);
}

void slot_map_free(struct slot_map *m)
{
    if (m)
        mem_free(m, slot_map_bytes(m));
}

static char *slot_map_put_number(char *to, uint32_t v)
{
    char digits[10];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n > 0)
        *to++ = digits[--n];
    return to;
}

static char *slot_map_put(char *to, const char *text)
{
    const size_t size = strlen(text);
    memcpy(to, text, size);
    return to + size;
}

/* No printf: a client with an old map asks for as many of these as for keys. */
void slot_map_redirect(const struct slot_map *m, const char *word, uint32_t slot, uint16_t node,
                       struct slot_map_reader reader, struct buf *out)
{
    enum { NUMBERS = 2 * 10 + 4 };
    LK_ASSERT(node > 0 && node <= m->node_count);
    const struct slot_map_node *n = slot_map_at(m, node);
    const bool secure = reader.tls || m->flags & SLOT_MAP_TLS;
    char *to = buf_reserve(out, strlen(word) + sizeof n->endpoint + NUMBERS);
    to = slot_map_put(to, word);
    *to++ = ' ';
    to = slot_map_put_number(to, slot);
    *to++ = ' ';
    to = slot_map_put(to, reader.ipv6 && n->endpoint6[0] ? n->endpoint6 : n->endpoint);
    *to++ = ':';
    to = slot_map_put_number(to, secure && n->tls_port ? n->tls_port : n->port);
    out->size = (size_t)(to - out->data);
}
