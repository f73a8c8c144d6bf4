/*
 * cluster_message.h — the frames that nodes of a cluster send each other.
 *
 * Version 1 of the bus: every frame begins with the same head of 2256 bytes, in which the sender
 * says who and where he is, which slots he serves and how far he is; what follows depends on the
 * type.  Numbers are big-endian.
 *
 *   0 "RCmb" | 4 length | 8 version | 10 port | 12 type | 14 entries | 16 current epoch
 *   24 config epoch | 32 replication offset | 40 id | 80 slots | 2128 master's id | 2168 address
 *   2214 extensions | 2216 zeros | 2246 other port | 2248 bus port | 2250 flags | 2252 state
 *   2253 three bytes of message flags
 *
 * Received frames are checked against the least length of their type before a field is read, and
 * everything inside against the frame's end, in 64 bits.
 *
 * Sources  the offsets from published analyses of captures; meanings from the cluster specification
 */
#ifndef LK_PEER_CLUSTER_MESSAGE_H
#define LK_PEER_CLUSTER_MESSAGE_H

#include "core/peer/slot_map.h"

LK_BEGIN

enum {
    FRAME_HEAD = 2256,
    FRAME_PREFIX = 8, /* enough to know how long a frame is */
    FRAME_GOSSIP = 104,
    FRAME_LONGEST = 1 << 29, /* a message of 512 MB fits nowhere else either */
    SLOT_BITMAP = HASH_SLOTS / 8,
};

enum frame_type {
    FRAME_PING,
    FRAME_PONG,
    FRAME_MEET,
    FRAME_FAIL,
    FRAME_PUBLISH,
    FRAME_AUTH_REQUEST,
    FRAME_AUTH_ACK,
    FRAME_UPDATE,
    FRAME_MFSTART,
    FRAME_MODULE,
    FRAME_PUBLISHSHARD,
    FRAME_TYPES,
};

/* Of a node, on the wire and in nodes.conf's words. */
enum node_flag {
    NODE_MASTER = 1 << 0,
    NODE_REPLICA = 1 << 1,
    NODE_PFAIL = 1 << 2, /* we think so */
    NODE_FAIL = 1 << 3,  /* a majority does */
    NODE_MYSELF = 1 << 4,
    NODE_HANDSHAKE = 1 << 5, /* its id is not known yet */
    NODE_NOADDR = 1 << 6,
    NODE_MEET = 1 << 7,       /* to be greeted with MEET */
    NODE_MIGRATE_TO = 1 << 8, /* replicas may move to it */
    NODE_NOFAILOVER = 1 << 9,
    NODE_EXTENSIONS = 1 << 10, /* it reads extensions */
};

enum frame_flag {                           /* of the first byte of the message flags */
                  FRAME_PAUSED = 1 << 0,    /* of a master: clients wait, the offset stands still */
                  FRAME_FORCE_ACK = 1 << 1, /* a vote is asked for though the master is well */
                  FRAME_EXTENDED = 1 << 2,  /* the sender reads extensions */
};

struct frame_head {
    uint32_t length;
    uint16_t type, entries, extensions;
    uint64_t current_epoch, config_epoch, offset;
    const char *id, *master; /* 40 characters, no terminator; 40 zeros: none */
    const uint8_t *slots;    /* SLOT_BITMAP bytes */
    char ip[NODE_IP_CHARS];  /* "": as the connection shows */
    uint16_t port, other_port, bus_port;
    uint16_t flags; /* enum node_flag */
    uint8_t down;   /* the cluster, as the sender sees it */
    uint8_t flags0; /* enum frame_flag */
};

struct frame_gossip {
    const char *id;
    uint32_t ping_sent_s, pong_received_s; /* Unix time */
    char ip[NODE_IP_CHARS];
    uint16_t port, bus_port, flags, other_port;
};

enum frame_extension {
    EXTENSION_HOSTNAME,
    EXTENSION_NODENAME,
    EXTENSION_FORGOTTEN,
    EXTENSION_SHARD_ID,
    /* From here on numbers mean different things to different servers: what is no address is passed
       over, and these are sent only if somebody has set them. */
    EXTENSION_CLIENT_IPV4,
    EXTENSION_CLIENT_IPV6,
    EXTENSIONS_KNOWN,
};

/* --- reading ------------------------------------------------------------------------------- */

/* The length of the frame that begins with these FRAME_PREFIX bytes; 0: it is none of ours. */
uint32_t frame_length(const char *prefix);

/* False: the frame is too short for its type, or what it announces does not fit. */
bool frame_read(struct bytes frame, struct frame_head *head);

/* Of PING, PONG and MEET; i < head.entries. */
void frame_gossip_at(struct bytes frame, uint32_t i, struct frame_gossip *out);

/* The next of head.extensions extensions; at is 0 before the first. */
void frame_next_extension(struct bytes frame, const struct frame_head *head, size_t *at,
                          uint16_t *type, struct bytes *value);

/* FAIL: the id.  UPDATE: epoch, id, slots.  PUBLISH, PUBLISHSHARD: channel and message. */
const char *frame_fail_id(struct bytes frame);
void frame_update(struct bytes frame, uint64_t *epoch, const char **id, const uint8_t **slots);
void frame_publish(struct bytes frame, struct bytes *channel, struct bytes *message);

/* --- writing ------------------------------------------------------------------------------- */

/* Appends a head to out; its length and counts are set by frame_end. */
size_t frame_begin(struct buf *out, const struct frame_head *head);
void frame_add_gossip(struct buf *out, const struct frame_gossip *g);
/* Text is ended by a zero, and all is filled up to eight bytes. */
void frame_add_extension(struct buf *out, uint16_t type, struct bytes value, bool is_text);
/* start: what frame_begin returned. */
void frame_end(struct buf *out, size_t start, uint32_t entries, uint32_t extensions);

void frame_add_fail(struct buf *out, const char *id);
void frame_add_update(struct buf *out, uint64_t epoch, const char *id, const uint8_t *slots);
void frame_add_publish(struct buf *out, struct bytes channel, struct bytes message);

static inline bool slot_bit(const uint8_t *slots, uint32_t slot)
{
    return slots[slot / 8] & 1u << slot % 8;
}

LK_END

#endif
