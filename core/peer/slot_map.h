/*
 * slot_map.h — who serves which hash slot, as one moment saw it.
 *
 * The bus makes a map whenever owners, addresses or the cluster's state change, and publishes it by
 * one pointer; workers read it inside the gate to say where a client should go.  Whether a slot is
 * served here a map only hints at: the shard's own word decides (core/store/shard.h).
 *
 * Shapes   node numbers are 1 … node_count, 0 is nobody; slots 0 … 16383
 * Memory   one block, immutable once it is published
 */
#ifndef LK_PEER_SLOT_MAP_H
#define LK_PEER_SLOT_MAP_H

#include "core/base/buf.h"
#include "core/base/hash_slot.h"

LK_BEGIN

enum { NODE_ID_CHARS = 40, NODE_IP_CHARS = 46, NODE_HOST_CHARS = 256 };

struct slot_map_node {
    char id[NODE_ID_CHARS + 1];
    char endpoint[NODE_HOST_CHARS]; /* as clients are told: address, name, "?" or nothing */
    char endpoint6[NODE_IP_CHARS];  /* … who came by IPv6; "": the same */
    uint16_t port, tls_port;        /* tls_port 0: none */
};

enum slot_map_flag {
    SLOT_MAP_DOWN = 1 << 0,               /* keys are not served … */
    SLOT_MAP_READS_WHEN_DOWN = 1 << 1,    /* … but for reads … */
    SLOT_MAP_CHANNELS_WHEN_DOWN = 1 << 2, /* … and for channels of shards */
    SLOT_MAP_TLS = 1 << 3, /* this node's plain port is 0: say the TLS ports to everybody */
};

struct slot_map {
    uint32_t flags;        /* enum slot_map_flag */
    uint16_t self, master; /* this node; whose replica it is, or 0 */
    uint16_t node_count;
    uint16_t owner[HASH_SLOTS];
    uint16_t other[HASH_SLOTS];   /* where to or where from the slot moves; 0: it does not */
    struct slot_map_node nodes[]; /* number 1 is nodes[0] */
};

/* All zero, nobody owns anything. */
struct slot_map *slot_map_new(uint16_t nodes);
struct slot_map *slot_map_copy(const struct slot_map *m);
void slot_map_free(struct slot_map *m);
size_t slot_map_bytes(const struct slot_map *m);

static inline const struct slot_map_node *slot_map_at(const struct slot_map *m, uint16_t number)
{
    return number ? &m->nodes[number - 1] : NULL;
}

/* How the client that is told has come. */
struct slot_map_reader {
    bool tls, ipv6;
};

/* "MOVED 3999 10.0.0.1:6381", with "ASK" likewise; node is not 0. */
void slot_map_redirect(const struct slot_map *m, const char *word, uint32_t slot, uint16_t node,
                       struct slot_map_reader reader, struct buf *out);

LK_END

#endif
