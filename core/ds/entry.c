#include "core/ds/entry.h"

size_t entry_size_for(size_t key_size, size_t payload_size, bool deadline)
{
    const bool wide = key_size > UINT8_MAX || payload_size > UINT8_MAX;
    return (wide ? (size_t)ENTRY_WIDE_HEAD : (size_t)ENTRY_NARROW_HEAD) +
           (deadline ? (size_t)ENTRY_DEADLINE_BYTES : 0) + key_size + payload_size;
}

struct entry *entry_try_new(struct bytes key, uint8_t kind, size_t payload_size,
                            int64_t deadline_ms)
{
    LK_ASSERT(key.size <= UINT32_MAX && payload_size <= UINT32_MAX);
    const bool deadline = deadline_ms != ENTRY_NO_DEADLINE;
    /* The whole class: entry_fits lets a payload grow into it. */
    struct entry *e =
        mem_try_alloc_class(mem_class(entry_size_for(key.size, payload_size, deadline)));
    if (!e)
        return NULL;

    e->kind = kind;
    e->meta = deadline ? ENTRY_DEADLINE : 0;
    if (key.size > UINT8_MAX || payload_size > UINT8_MAX) {
        const uint32_t sizes[2] = {(uint32_t)key.size, (uint32_t)payload_size};
        e->meta |= ENTRY_WIDE;
        memset(&e->narrow_key_size, 0, 3);
        memcpy((char *)e + 8, sizes, sizeof sizes);
    } else {
        e->narrow_key_size = (uint8_t)key.size;
        e->narrow_payload_size = (uint8_t)payload_size;
    }
    if (deadline)
        entry_write_deadline(e, deadline_ms);
    if (key.size)
        memcpy((char *)e + entry_key_offset(e), key.data, key.size);
    return e;
}

struct entry *entry_try_resized(const struct entry *e, size_t payload_size)
{
    LK_DEBUG_ASSERT(entry_keeps_form(e, payload_size));
    const uint32_t meta = entry_meta(e);
    const size_t rest = entry_head_of(meta) + entry_key_size_of(e, meta);
    const size_t old = entry_payload_size_of(e, meta);
    struct entry *copy = mem_try_alloc_class(mem_class(rest + payload_size));
    if (!copy)
        return NULL;
    memcpy(copy, e, rest + (old < payload_size ? old : payload_size));
    entry_write_payload_size(copy, meta, payload_size);
    return copy;
}

void entry_free(struct entry *e)
{
    if (e)
        mem_free(e, entry_size(e));
}

struct entry *entry_try_copy(const struct entry *e, size_t payload_size, int64_t deadline_ms)
{
    struct entry *copy = entry_try_new(entry_key(e), e->kind, payload_size, deadline_ms);
    if (!copy)
        return NULL;
    const size_t old = entry_payload_size(e);
    memcpy(entry_payload(copy), entry_payload(e), old < payload_size ? old : payload_size);
    entry_touch(copy, entry_lru(e));
    entry_set_flag(copy, entry_meta(e) & (ENTRY_PINNED | ENTRY_INNER), true);
    return copy;
}
