/*
 * message.h — what is published: one block for all who hear it.
 *
 * A message to ten thousand subscribers is written once.  Behind its head stand the two bulks that
 * every form of it ends with; what stands before them depends on who reads.
 *
 *   body   $7\r\nchannel\r\n$5\r\nhello\r\n
 *
 *   RESP2  *3\r\n$7\r\nmessage\r\n  body            RESP3  >3\r\n$7\r\nmessage\r\n  body
 *          *4\r\n$8\r\npmessage\r\n $n\r\npattern\r\n  body …
 *
 * Threads  any; nothing but the count of references changes once it is published
 * Memory   freed with its last reference
 */
#ifndef LK_STORE_MESSAGE_H
#define LK_STORE_MESSAGE_H

#include "core/base/atomic.h"
#include "core/base/bytes.h"

LK_BEGIN

enum message_kind {
    MESSAGE_PLAIN,
    MESSAGE_SHARD,
    MESSAGE_MONITOR,
    MESSAGE_KINDS,                      /* those with channels; the others name whom they are for */
    MESSAGE_INVALIDATE = MESSAGE_KINDS, /* keys that have changed */
    MESSAGE_UNTOLD,                     /* it could not be told: the client to tell is gone */
    MESSAGE_SLOTS_LEFT,                 /* of a cluster: core/cmd/engine/slots_left.h */
    MESSAGE_PULSE, /* says nothing; whoever has sent it sees by its references who is alive */
};

/* Whom one of the latter is for: the reader of the keys, and the client that is told. */
struct message_to {
    uint64_t who; /* trackers.h, which has both */
    uint64_t aim;
};

struct message {
    uint32_t refs;     /* __atomic */
    uint8_t kind;      /* enum message_kind */
    uint64_t hash;     /* of the channel */
    uint64_t sequence; /* of its stripe; set when it is published */
    uint64_t epoch;    /* of the patterns; set when it is published */
    uint64_t ticket;   /* what it tells of is durable when this is; 0: it tells of nothing */
    uint32_t channel_at, channel_size; /* in body */
    size_t payload_at;
    size_t body_size;
    char body[];
};

/* With one reference. */
struct message *message_new(enum message_kind kind, struct bytes channel, struct bytes payload);

/*
 * Of a kind without channels, with one reference: room for so many receivers, and for size bytes of
 * a reply.  The caller fills both.
 */
struct message *message_new_to(enum message_kind kind, uint32_t receivers, size_t size);

static inline struct message_to *message_receivers(struct message *m, uint32_t *count)
{
    *count = (uint32_t)(m->channel_size / sizeof(struct message_to));
    return (struct message_to *)(void *)m->body;
}

static inline char *message_reply(struct message *m, size_t *size)
{
    *size = m->body_size - m->payload_at;
    return m->body + m->payload_at;
}

void message_hold(struct message *m, uint32_t references);
void message_drop(struct message *m);
static inline uint32_t message_references(const struct message *m)
{
    return load_acquire(&m->refs);
}

static inline struct bytes message_channel(const struct message *m)
{
    return bytes_of(m->body + m->channel_at, m->channel_size);
}

static inline struct bytes message_payload(const struct message *m)
{
    return bytes_of(m->body + m->payload_at, m->body_size - 2 - m->payload_at);
}

static inline struct bytes message_body(const struct message *m)
{
    return bytes_of(m->body, m->body_size);
}

/* Bytes that the block takes. */
static inline size_t message_size(const struct message *m)
{
    return sizeof *m + m->body_size;
}

LK_END

#endif
