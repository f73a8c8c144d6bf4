#include "core/store/message.h"

#include "core/base/atomic.h"
#include "core/base/hash.h"
#include "core/base/mem.h"

#include <assert.h>
#include <stddef.h>

enum { BULK_HEAD = 1 + INT64_CHARS + 2 };

/* "$size\r\n" at to; returns the end. */
static char *message_put_head(char *to, size_t size)
{
    *to++ = '$';
    to += int64_to_chars((int64_t)size, to);
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

static char *message_put_bytes(char *to, struct bytes b)
{
    if (b.size > 0)
        memcpy(to, b.data, b.size);
    to += b.size;
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

struct message *message_new(enum message_kind kind, struct bytes channel, struct bytes payload)
{
    char heads[2][BULK_HEAD];
    const size_t first = (size_t)(message_put_head(heads[0], channel.size) - heads[0]);
    const size_t second = (size_t)(message_put_head(heads[1], payload.size) - heads[1]);
    const size_t size = first + channel.size + 2 + second + payload.size + 2;
    struct message *m = mem_alloc(sizeof *m + size);
    *m = (struct message){.refs = 1,
                          .kind = (uint8_t)kind,
                          .hash = hash_bytes(channel),
                          .channel_at = (uint32_t)first,
                          .channel_size = (uint32_t)channel.size,
                          .payload_at = first + channel.size + 2 + second,
                          .body_size = size};
    memcpy(m->body, heads[0], first);
    char *to = message_put_bytes(m->body + first, channel);
    memcpy(to, heads[1], second);
    to = message_put_bytes(to + second, payload);
    LK_ASSERT(to == m->body + size);
    return m;
}

static_assert(offsetof(struct message, body) % sizeof(uint64_t) == 0, "receivers lie in body");

struct message *message_new_to(enum message_kind kind, uint32_t receivers, size_t size)
{
    LK_ASSERT(kind >= MESSAGE_KINDS && receivers > 0);
    const size_t head = receivers * sizeof(struct message_to);
    struct message *m = mem_alloc(sizeof *m + head + size);
    *m = (struct message){.refs = 1,
                          .kind = (uint8_t)kind,
                          .channel_size = (uint32_t)head,
                          .payload_at = head,
                          .body_size = head + size};
    return m;
}

void message_hold(struct message *m, uint32_t references)
{
    LK_DEBUG_ASSERT(load_relaxed(&m->refs) > 0);
    fetch_add_relaxed(&m->refs, references);
}

void message_drop(struct message *m)
{
    if (sub_fetch_acq_rel(&m->refs, 1) == 0)
        mem_free(m, message_size(m));
}
