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

size_t slot_map_bytes(const struct slot_map *m)
{
    return slot_map_size(m->node_count);
}

void slot_map_free(struct slot_map *m)
{
    if (m)
        mem_free(m, slot_map_bytes(m));
}

void slot_map_redirect(const struct slot_map *m, const char *word, uint32_t slot, uint16_t node,
                       bool tls, struct buf *out)
{
    LK_ASSERT(node > 0 && node <= m->node_count);
    const struct slot_map_node *to = slot_map_at(m, node);
    const bool secure = tls || m->flags & SLOT_MAP_TLS;
    buf_printf(out, "%s %u %s:%u", word, slot, to->endpoint,
               secure && to->tls_port ? to->tls_port : to->port);
}
