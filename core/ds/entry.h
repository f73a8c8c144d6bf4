/*
 * entry.h — one key with what hangs on it, in one allocation.
 *
 * A table's pages point to entries: keys of a database, fields of a hash, members of a set.  The
 * two forms differ in the width of their lengths only:
 *
 *   narrow  | meta 4 | kind 1 | klen 1 | vlen 1 |              [deadline 6] | key | payload |
 *   wide    | meta 4 | kind 1 | 0 0 0  | klen 4 | vlen 4 |     [deadline 6] | key | payload |
 *
 * meta is {use:28, flags:4} in one 32-bit word, because readers store the bits of use while a
 * snapshot thread reads the flags: relaxed atomics, stored only when different.  A 16-byte key
 * with an 8-byte value takes 31 bytes, a 20-byte key with 100 bytes 127: the classes below.
 *
 * Units    deadline is Unix time in ms, 48 bits
 * Threads  the table's lock, but entry_touch, which needs only the lock of a reader
 */
#ifndef LK_DS_ENTRY_H
#define LK_DS_ENTRY_H

#include "core/base/atomic.h"
#include "core/base/bytes.h"
#include "core/base/mem.h"

LK_BEGIN

enum {
    ENTRY_WIDE = 1,     /* 32-bit lengths */
    ENTRY_DEADLINE = 2, /* has a deadline */
    ENTRY_PINNED = 4,   /* its nodes are reachable from an open view under another position (S6) */
    ENTRY_INNER = 8,    /* elements of its value have deadlines of their own */
    ENTRY_FLAG_BITS = 4,

    ENTRY_NARROW_HEAD = 7,
    ENTRY_WIDE_HEAD = 16,
    ENTRY_DEADLINE_BYTES = 6,
};

#define ENTRY_NO_DEADLINE  (-1)
#define ENTRY_DEADLINE_MAX ((INT64_C(1) << 47) - 1)

struct entry {
    uint32_t meta; /* __atomic, relaxed */
    uint8_t kind;  /* the owner's: type and encoding of the payload */
    uint8_t narrow_key_size;
    uint8_t narrow_payload_size;
    uint8_t narrow_tail[];
};

static inline uint32_t entry_meta(const struct entry *e)
{
    return load_relaxed(&e->meta);
}

static inline bool entry_wide(const struct entry *e)
{
    return entry_meta(e) & ENTRY_WIDE;
}

static inline bool entry_has_deadline(const struct entry *e)
{
    return entry_meta(e) & ENTRY_DEADLINE;
}

static inline uint32_t entry_u32_at(const struct entry *e, size_t offset)
{
    uint32_t v;
    memcpy(&v, (const char *)e + offset, sizeof v);
    return v;
}

/* The same with meta in hand: a relaxed load is made as often as it is written. */
static inline size_t entry_head_of(uint32_t meta)
{
    return (meta & ENTRY_WIDE ? (size_t)ENTRY_WIDE_HEAD : (size_t)ENTRY_NARROW_HEAD) +
           (meta & ENTRY_DEADLINE ? (size_t)ENTRY_DEADLINE_BYTES : 0);
}

static inline size_t entry_key_size_of(const struct entry *e, uint32_t meta)
{
    return meta & ENTRY_WIDE ? entry_u32_at(e, 8) : e->narrow_key_size;
}

static inline size_t entry_payload_size_of(const struct entry *e, uint32_t meta)
{
    return meta & ENTRY_WIDE ? entry_u32_at(e, 12) : e->narrow_payload_size;
}

static inline size_t entry_key_size(const struct entry *e)
{
    return entry_key_size_of(e, entry_meta(e));
}

static inline size_t entry_payload_size(const struct entry *e)
{
    return entry_payload_size_of(e, entry_meta(e));
}

static inline size_t entry_key_offset(const struct entry *e)
{
    return entry_head_of(entry_meta(e));
}

/* Narrow and without a deadline, as most are: all offsets are known. */
static inline bool entry_is_plain(uint32_t meta)
{
    return !(meta & (ENTRY_WIDE | ENTRY_DEADLINE));
}

static inline struct bytes entry_key(const struct entry *e)
{
    const uint32_t meta = entry_meta(e);
    if (LK_LIKELY(entry_is_plain(meta)))
        return bytes_of(e->narrow_tail, e->narrow_key_size);
    return bytes_of((const char *)e + entry_head_of(meta), entry_key_size_of(e, meta));
}

static inline char *entry_payload(const struct entry *e)
{
    const uint32_t meta = entry_meta(e);
    if (LK_LIKELY(entry_is_plain(meta)))
        return (char *)(uintptr_t)e->narrow_tail + e->narrow_key_size;
    return (char *)(uintptr_t)e + entry_head_of(meta) + entry_key_size_of(e, meta);
}

static inline struct bytes entry_payload_bytes(const struct entry *e)
{
    const uint32_t meta = entry_meta(e);
    if (LK_LIKELY(entry_is_plain(meta)))
        return bytes_of(e->narrow_tail + e->narrow_key_size, e->narrow_payload_size);
    return bytes_of((const char *)e + entry_head_of(meta) + entry_key_size_of(e, meta),
                    entry_payload_size_of(e, meta));
}

/* The size to free it with. */
static inline size_t entry_size(const struct entry *e)
{
    const uint32_t meta = entry_meta(e);
    return entry_head_of(meta) + entry_key_size_of(e, meta) + entry_payload_size_of(e, meta);
}

static inline int64_t entry_deadline(const struct entry *e)
{
    if (!entry_has_deadline(e))
        return ENTRY_NO_DEADLINE;
    const size_t at = entry_wide(e) ? (size_t)ENTRY_WIDE_HEAD : (size_t)ENTRY_NARROW_HEAD;
    uint64_t v = 0;
    memcpy(&v, (const char *)e + at, ENTRY_DEADLINE_BYTES); /* little-endian, as the targets are */
    return (int64_t)v;
}

/* The entry must have a deadline already; 0 <= ms <= ENTRY_DEADLINE_MAX. */
static inline void entry_write_deadline(struct entry *e, int64_t ms)
{
    LK_ASSERT(entry_has_deadline(e));
    LK_ASSERT(ms >= 0 && ms <= ENTRY_DEADLINE_MAX);
    const size_t at = entry_wide(e) ? (size_t)ENTRY_WIDE_HEAD : (size_t)ENTRY_NARROW_HEAD;
    memcpy((char *)e + at, &ms, ENTRY_DEADLINE_BYTES);
}

/* Would the entry have lengths of the same width with a payload of this size? */
static inline bool entry_keeps_form(const struct entry *e, size_t payload_size)
{
    const uint32_t meta = entry_meta(e);
    return (entry_key_size_of(e, meta) > UINT8_MAX || payload_size > UINT8_MAX) ==
           (bool)(meta & ENTRY_WIDE);
}

/* The payload may change its size in place as long as form and size class stay the same. */
static inline bool entry_fits(const struct entry *e, size_t payload_size)
{
    const uint32_t meta = entry_meta(e);
    const size_t key = entry_key_size_of(e, meta), old = entry_payload_size_of(e, meta);
    const bool wide = key > UINT8_MAX || payload_size > UINT8_MAX;
    if (wide != (bool)(meta & ENTRY_WIDE))
        return false;
    const size_t rest = entry_head_of(meta) + key;
    return old == payload_size || mem_class(rest + old) == mem_class(rest + payload_size);
}

/* Of an entry that has the room, and this meta. */
static inline void entry_write_payload_size(struct entry *e, uint32_t meta, size_t payload_size)
{
    if (meta & ENTRY_WIDE) {
        const uint32_t size = (uint32_t)payload_size;
        memcpy((char *)e + 12, &size, sizeof size);
    } else {
        e->narrow_payload_size = (uint8_t)payload_size;
    }
}

/* entry_fits must hold. */
static inline void entry_set_payload_size(struct entry *e, size_t payload_size)
{
    LK_DEBUG_ASSERT(entry_fits(e, payload_size));
    entry_write_payload_size(e, entry_meta(e), payload_size);
}

/* What says when or how often it was used, 28 bits. */
static inline uint32_t entry_lru(const struct entry *e)
{
    return entry_meta(e) >> ENTRY_FLAG_BITS;
}

static inline void entry_touch(struct entry *e, uint32_t lru)
{
    const uint32_t old = entry_meta(e),
                   now = lru << ENTRY_FLAG_BITS | (old & ((1U << ENTRY_FLAG_BITS) - 1));
    if (old != now)
        store_relaxed(&e->meta, now);
}

static inline void entry_set_flag(struct entry *e, uint32_t flag, bool on)
{
    const uint32_t old = entry_meta(e);
    store_relaxed(&e->meta, on ? old | flag : old & ~flag);
}

/* How many bytes such an entry takes; key and payload up to 4 GiB - 1. */
size_t entry_size_for(size_t key_size, size_t payload_size, bool deadline);

/*
 * A new entry whose payload the caller fills.  deadline_ms may be ENTRY_NO_DEADLINE.
 * Returns NULL when there is no memory.
 */
struct entry *entry_try_new(struct bytes key, uint8_t kind, size_t payload_size,
                            int64_t deadline_ms);
void entry_free(struct entry *e);

/*
 * A copy of all there is with another payload size, for which entry_keeps_form must hold.  NULL
 * when there is no memory.
 */
struct entry *entry_try_resized(const struct entry *e, size_t payload_size);

/* Bytewise copy with another payload size and deadline; as much payload as both have. */
struct entry *entry_try_copy(const struct entry *e, size_t payload_size, int64_t deadline_ms);

LK_END

#endif
