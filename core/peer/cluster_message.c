#include "core/peer/cluster_message.h"

#include <assert.h>

enum {
    AT_LENGTH = 4,
    AT_VERSION = 8,
    AT_PORT = 10,
    AT_TYPE = 12,
    AT_ENTRIES = 14,
    AT_CURRENT_EPOCH = 16,
    AT_CONFIG_EPOCH = 24,
    AT_OFFSET = 32,
    AT_ID = 40,
    AT_SLOTS = 80,
    AT_MASTER = 2128,
    AT_IP = 2168,
    AT_EXTENSIONS = 2214,
    AT_OTHER_PORT = 2246,
    AT_BUS_PORT = 2248,
    AT_FLAGS = 2250,
    AT_STATE = 2252,
    AT_MESSAGE_FLAGS = 2253,
    VERSION = 1,
    EXTENSION_HEAD = 8,
};

static_assert(AT_SLOTS + SLOT_BITMAP == AT_MASTER, "the head");
static_assert(AT_MESSAGE_FLAGS + 3 == FRAME_HEAD, "the head");

/* --- numbers ------------------------------------------------------------------------------- */

static uint16_t frame_get16(const char *p)
{
    return (uint16_t)((uint8_t)p[0] << 8 | (uint8_t)p[1]);
}

static uint32_t frame_get32(const char *p)
{
    return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

static uint64_t frame_get64(const char *p)
{
    return (uint64_t)frame_get32(p) << 32 | frame_get32(p + 4);
}

static void frame_put16(char *p, uint16_t v)
{
    p[0] = (char)(v >> 8);
    p[1] = (char)v;
}

static void frame_put32(char *p, uint32_t v)
{
    frame_put16(p, (uint16_t)(v >> 16));
    frame_put16(p + 2, (uint16_t)v);
}

static void frame_put64(char *p, uint64_t v)
{
    frame_put32(p, (uint32_t)(v >> 32));
    frame_put32(p + 4, (uint32_t)v);
}

static void frame_get_ip(const char *p, char out[NODE_IP_CHARS])
{
    memcpy(out, p, NODE_IP_CHARS);
    out[NODE_IP_CHARS - 1] = '\0';
}

static void frame_put_ip(char *p, const char *ip)
{
    const size_t n = strnlen(ip, NODE_IP_CHARS - 1);
    memcpy(p, ip, n);
    memset(p + n, 0, NODE_IP_CHARS - n);
}

/* --- reading ------------------------------------------------------------------------------- */

uint32_t frame_length(const char *prefix)
{
    const uint32_t length = frame_get32(prefix + AT_LENGTH);
    return memcmp(prefix, "RCmb", 4) == 0 && length >= 16 && length <= FRAME_LONGEST ? length : 0;
}

/* What must be there behind the head; counts and lengths inside it have been read. */
static uint64_t frame_least(struct bytes frame, const struct frame_head *h)
{
    const char *body = frame.data + FRAME_HEAD;
    switch (h->type) {
    case FRAME_PING:
    case FRAME_PONG:
    case FRAME_MEET:
        return (uint64_t)h->entries * FRAME_GOSSIP;
    case FRAME_FAIL:
        return NODE_ID_CHARS;
    case FRAME_UPDATE:
        return 8 + NODE_ID_CHARS + SLOT_BITMAP;
    case FRAME_PUBLISH:
    case FRAME_PUBLISHSHARD:
        if (frame.size < FRAME_HEAD + 8)
            return 8;
        return 8 + (uint64_t)frame_get32(body) + frame_get32(body + 4);
    default:
        return 0;
    }
}

static bool frame_extensions_fit(struct bytes frame, const struct frame_head *h)
{
    uint64_t at = FRAME_HEAD + (uint64_t)h->entries * FRAME_GOSSIP;
    for (uint32_t i = 0; i < h->extensions; i++) {
        if (at + EXTENSION_HEAD > frame.size)
            return false;
        const uint32_t length = frame_get32(frame.data + at);
        if (length < EXTENSION_HEAD || length % 8 != 0 || at + length > frame.size)
            return false;
        at += length;
    }
    return true;
}

bool frame_read(struct bytes frame, struct frame_head *h)
{
    const char *p = frame.data;
    if (frame.size < FRAME_HEAD || frame_length(p) != frame.size ||
        frame_get16(p + AT_VERSION) != VERSION)
        return false;
    *h = (struct frame_head){
        .length = (uint32_t)frame.size,
        .type = frame_get16(p + AT_TYPE),
        .entries = frame_get16(p + AT_ENTRIES),
        .extensions = frame_get16(p + AT_EXTENSIONS),
        .current_epoch = frame_get64(p + AT_CURRENT_EPOCH),
        .config_epoch = frame_get64(p + AT_CONFIG_EPOCH),
        .offset = frame_get64(p + AT_OFFSET),
        .id = p + AT_ID,
        .master = p + AT_MASTER,
        .slots = (const uint8_t *)p + AT_SLOTS,
        .port = frame_get16(p + AT_PORT),
        .other_port = frame_get16(p + AT_OTHER_PORT),
        .bus_port = frame_get16(p + AT_BUS_PORT),
        .flags = frame_get16(p + AT_FLAGS),
        .down = (uint8_t)p[AT_STATE],
        .flags0 = (uint8_t)p[AT_MESSAGE_FLAGS],
    };
    frame_get_ip(p + AT_IP, h->ip);
    if (FRAME_HEAD + frame_least(frame, h) > frame.size)
        return false;
    return h->type > FRAME_MEET || frame_extensions_fit(frame, h);
}

void frame_gossip_at(struct bytes frame, uint32_t i, struct frame_gossip *out)
{
    const char *p = frame.data + FRAME_HEAD + (size_t)i * FRAME_GOSSIP;
    LK_ASSERT(p + FRAME_GOSSIP <= frame.data + frame.size);
    *out = (struct frame_gossip){
        .id = p,
        .ping_sent_s = frame_get32(p + 40),
        .pong_received_s = frame_get32(p + 44),
        .port = frame_get16(p + 94),
        .bus_port = frame_get16(p + 96),
        .flags = frame_get16(p + 98),
        .other_port = frame_get16(p + 100),
    };
    frame_get_ip(p + 48, out->ip);
}

void frame_next_extension(struct bytes frame, const struct frame_head *h, size_t *at,
                          uint16_t *type, struct bytes *value)
{
    if (*at == 0)
        *at = FRAME_HEAD + (size_t)h->entries * FRAME_GOSSIP;
    const char *p = frame.data + *at;
    const uint32_t length = frame_get32(p);
    LK_ASSERT(length >= EXTENSION_HEAD && *at + length <= frame.size); /* frame_read has looked */
    *type = frame_get16(p + 4);
    *value = bytes_of(p + EXTENSION_HEAD, length - EXTENSION_HEAD);
    *at += length;
}

const char *frame_fail_id(struct bytes frame)
{
    return frame.data + FRAME_HEAD;
}

void frame_update(struct bytes frame, uint64_t *epoch, const char **id, const uint8_t **slots)
{
    const char *p = frame.data + FRAME_HEAD;
    *epoch = frame_get64(p);
    *id = p + 8;
    *slots = (const uint8_t *)p + 8 + NODE_ID_CHARS;
}

void frame_publish(struct bytes frame, struct bytes *channel, struct bytes *message)
{
    const char *p = frame.data + FRAME_HEAD;
    const uint32_t n = frame_get32(p);
    *channel = bytes_of(p + 8, n);
    *message = bytes_of(p + 8 + n, frame_get32(p + 4));
}

/* --- writing ------------------------------------------------------------------------------- */

size_t frame_begin(struct buf *out, const struct frame_head *h)
{
    const size_t start = out->size;
    char *p = buf_reserve(out, FRAME_HEAD);
    memset(p, 0, FRAME_HEAD);
    memcpy(p, "RCmb", 4);
    frame_put16(p + AT_VERSION, VERSION);
    frame_put16(p + AT_PORT, h->port);
    frame_put16(p + AT_TYPE, h->type);
    frame_put64(p + AT_CURRENT_EPOCH, h->current_epoch);
    frame_put64(p + AT_CONFIG_EPOCH, h->config_epoch);
    frame_put64(p + AT_OFFSET, h->offset);
    memcpy(p + AT_ID, h->id, NODE_ID_CHARS);
    memcpy(p + AT_SLOTS, h->slots, SLOT_BITMAP);
    if (h->master)
        memcpy(p + AT_MASTER, h->master, NODE_ID_CHARS);
    frame_put_ip(p + AT_IP, h->ip);
    frame_put16(p + AT_OTHER_PORT, h->other_port);
    frame_put16(p + AT_BUS_PORT, h->bus_port);
    frame_put16(p + AT_FLAGS, h->flags);
    p[AT_STATE] = (char)h->down;
    p[AT_MESSAGE_FLAGS] = (char)h->flags0;
    out->size += FRAME_HEAD;
    return start;
}

void frame_add_gossip(struct buf *out, const struct frame_gossip *g)
{
    char *p = buf_reserve(out, FRAME_GOSSIP);
    memset(p, 0, FRAME_GOSSIP);
    memcpy(p, g->id, NODE_ID_CHARS);
    frame_put32(p + 40, g->ping_sent_s);
    frame_put32(p + 44, g->pong_received_s);
    frame_put_ip(p + 48, g->ip);
    frame_put16(p + 94, g->port);
    frame_put16(p + 96, g->bus_port);
    frame_put16(p + 98, g->flags);
    frame_put16(p + 100, g->other_port);
    out->size += FRAME_GOSSIP;
}

void frame_add_extension(struct buf *out, uint16_t type, struct bytes value, bool is_text)
{
    const size_t used = EXTENSION_HEAD + value.size + (is_text ? 1 : 0);
    const size_t length = (used + 7) & ~(size_t)7;
    char *p = buf_reserve(out, length);
    memset(p, 0, length);
    frame_put32(p, (uint32_t)length);
    frame_put16(p + 4, type);
    memcpy(p + EXTENSION_HEAD, value.data, value.size);
    out->size += length;
}

void frame_end(struct buf *out, size_t start, uint32_t entries, uint32_t extensions)
{
    char *p = out->data + start;
    frame_put32(p + AT_LENGTH, (uint32_t)(out->size - start));
    frame_put16(p + AT_ENTRIES, (uint16_t)entries);
    frame_put16(p + AT_EXTENSIONS, (uint16_t)extensions);
}

void frame_add_fail(struct buf *out, const char *id)
{
    buf_append(out, id, NODE_ID_CHARS);
}

void frame_add_update(struct buf *out, uint64_t epoch, const char *id, const uint8_t *slots)
{
    frame_put64(buf_reserve(out, 8), epoch);
    out->size += 8;
    buf_append(out, id, NODE_ID_CHARS);
    buf_append(out, slots, SLOT_BITMAP);
}

void frame_add_publish(struct buf *out, struct bytes channel, struct bytes message)
{
    char *p = buf_reserve(out, 8);
    frame_put32(p, (uint32_t)channel.size);
    frame_put32(p + 4, (uint32_t)message.size);
    out->size += 8;
    buf_append_bytes(out, channel);
    buf_append_bytes(out, message);
}
