/*
 * chunks.c — writing, cloning and freeing by the chunk.
 *
 * Everything below the root is reached from exactly one live parent.  A clone of a parent takes
 * the pointers over as they are: the children then belong to the clone, and the old parent, which
 * only the view still reads, merely knows them.  So a child dropped by the live side is freed or
 * deferred once, by its own epoch, whatever happened to its parents.
 *
 * A chunk's count is 1 for its parent plus 1 a send.  Only the lock holder adds to it, so a count
 * of 1 seen under the lock stays 1, and the chunk may be written in place.  A chunk that is
 * dropped while a view and a send read it can go neither to the view (which frees without asking)
 * nor to the send alone (which ends at any time): it waits in `limbo` with the parent's count, and
 * the end of the view drops that count.
 *
 * Bytes of a chunk beyond the end of the string are zero up to its capacity, so extending a string
 * writes nothing.
 */
#include "core/ds/chunks.h"

#include "core/base/mem.h"
#include "core/ds/bits.h"
#include "core/ds/chunks_priv.h"

enum {
    ROOT_GROWTH = 8,    /* slots: 64 MiB of string at a time */
    COUNTED_WRITE = 16, /* bytes: longer writes leave the ones of their chunk unknown */
};

static const char zeros[CHUNK_BYTES];

/*
 * Process-wide, as chunk_unref knows no owner.  Pushed under any shard lock, taken whole by
 * chunk_view_closed; release and acquire carry `next`.
 */
static struct chunk *_Atomic limbo;

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t chunk_block(const struct chunk *c)
{
    return CHUNK_HEADER + (size_t)c->capacity;
}

static size_t root_block(uint32_t slots)
{
    return sizeof(struct chunks) + slots * sizeof(struct chunk_node *);
}

/* The capacity that makes `need` bytes a whole block of the allocator. */
static uint32_t chunk_capacity(size_t need)
{
    return (uint32_t)min_size(mem_class(CHUNK_HEADER + need) - CHUNK_HEADER, CHUNK_BYTES);
}

void chunk_ref(struct chunk *c)
{
    /* Relaxed: the lock that the caller holds orders this with every writer. */
    if (c)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
}

void chunk_unref(struct chunk *c)
{
    if (!c)
        return;
    /* Release pairs with the acquire below and in chunk_exclusive: our reads are over by then. */
    const uint32_t before = atomic_fetch_sub_explicit(&c->refs, 1, memory_order_release);
    LK_ASSERT(before != 0);
    if (before != 1)
        return;
    /* A load, not a fence: thread sanitizers follow it. */
    (void)atomic_load_explicit(&c->refs, memory_order_acquire);
    mem_free(c, chunk_block(c));
}

static bool chunk_exclusive(const struct chunk *c, const struct cow *cow)
{
    return !cow_shared(cow, c->epoch) && atomic_load_explicit(&c->refs, memory_order_acquire) == 1;
}

/* The parent lets go of c. */
static void chunk_drop(struct chunk *c, struct cow *cow)
{
    if (!c)
        return;
    if (!cow_shared(cow, c->epoch)) {
        chunk_unref(c);
    } else if (atomic_load_explicit(&c->refs, memory_order_acquire) == 1) {
        cow->defer(cow, c, chunk_block(c));
    } else {
        c->next = atomic_load_explicit(&limbo, memory_order_relaxed);
        while (!atomic_compare_exchange_weak_explicit(&limbo, &c->next, c, memory_order_release,
                                                      memory_order_relaxed)) {
        }
    }
}

void chunk_view_closed(void)
{
    struct chunk *c = atomic_exchange_explicit(&limbo, NULL, memory_order_acquire);
    while (c) {
        struct chunk *next = c->next;
        chunk_unref(c);
        c = next;
    }
}

static void chunks_block_drop(void *p, size_t size, uint32_t epoch, struct cow *cow)
{
    if (cow_shared(cow, epoch))
        cow->defer(cow, p, size);
    else
        mem_free(p, size);
}

/*
 * Gives c the content of old (may be NULL, may be c itself after a realloc) outside [from, to),
 * which the caller is about to write.
 */
static void chunk_fill(struct chunk *c, const struct chunk *old, size_t keep, size_t from,
                       size_t to)
{
    const size_t head = min_size(from, keep);
    if (old && old != c) {
        memcpy(c->bytes, old->bytes, head);
        if (keep > to)
            memcpy(c->bytes + to, old->bytes + to, keep - to);
    }
    memset(c->bytes + head, 0, from - head);
    const size_t known = keep > to ? keep : to;
    memset(c->bytes + known, 0, c->capacity - known);
}

/* Makes *slot a chunk in which the live side may write [from, to). */
static struct chunk *chunk_writable(struct chunks *root, struct cow *cow, struct chunk **slot,
                                    size_t from, size_t to)
{
    struct chunk *old = *slot;
    const size_t keep = old ? old->capacity : 0;
    const bool exclusive = old && chunk_exclusive(old, cow);
    if (exclusive && to <= keep) {
        old->ones = ONES_UNKNOWN;
        return old;
    }

    /* By half more, so that a chunk filled by small appends is copied some ten times, not 60. */
    size_t need = keep > to ? keep : to;
    if (old && to > keep && need < keep + keep / 2)
        need = keep + keep / 2;
    const uint32_t capacity = chunk_capacity(need);
    struct chunk *c;
    if (exclusive) {
        c = (struct chunk *)mem_realloc(old, chunk_block(old), CHUNK_HEADER + (size_t)capacity);
        c->capacity = capacity;
        chunk_fill(c, c, keep, from, to);
    } else {
        c = (struct chunk *)mem_alloc(CHUNK_HEADER + (size_t)capacity);
        atomic_init(&c->refs, 1);
        c->epoch = cow_epoch(cow);
        c->capacity = capacity;
        c->next = NULL;
        chunk_fill(c, old, keep, from, to);
        chunk_drop(old, cow);
    }
    c->ones = ONES_UNKNOWN;
    root->used_bytes += capacity - keep + (old ? 0 : CHUNK_HEADER);
    *slot = c;
    return c;
}

/* The ones outside [from, to), if it is worth to keep count: a short write then adds its own. */
static int32_t ones_around(const struct chunk *c, size_t from, size_t to)
{
    if (to - from > COUNTED_WRITE)
        return ONES_UNKNOWN;
    if (!c)
        return 0;
    if (c->ones == ONES_UNKNOWN)
        return ONES_UNKNOWN;
    if (from >= c->capacity)
        return c->ones;
    return c->ones - (int32_t)bits_count(c->bytes + from, min_size(to, c->capacity) - from);
}

static void chunk_write(struct chunks *root, struct cow *cow, struct chunk **slot, size_t from,
                        struct bytes s)
{
    const int32_t ones = ones_around(*slot, from, from + s.size);
    struct chunk *c = chunk_writable(root, cow, slot, from, from + s.size);
    memcpy(c->bytes + from, s.data, s.size);
    if (ones != ONES_UNKNOWN)
        c->ones = ones + (int32_t)bits_count(s.data, s.size);
}

static struct chunk_node *node_writable(struct chunks *root, struct cow *cow, uint32_t index)
{
    struct chunk_node *old = root->node[index];
    if (old && !cow_shared(cow, old->epoch))
        return old;
    struct chunk_node *node = (struct chunk_node *)mem_alloc(sizeof *node);
    if (old) {
        *node = *old;
        chunks_block_drop(old, sizeof *old, old->epoch, cow);
    } else {
        memset(node, 0, sizeof *node);
        root->used_bytes += sizeof *node;
    }
    node->epoch = cow_epoch(cow);
    root->node[index] = node;
    return node;
}

static struct chunks *root_make(const struct cow *cow, uint32_t slots)
{
    struct chunks *root = (struct chunks *)mem_calloc(root_block(slots));
    root->epoch = cow_epoch(cow);
    root->slots = slots;
    root->used_bytes = root_block(slots);
    return root;
}

static uint32_t slots_for(size_t size)
{
    const size_t node_bytes = (size_t)NODE_CHUNKS * CHUNK_BYTES;
    return (uint32_t)(size / node_bytes + (size % node_bytes != 0));
}

/* Makes *root one that the live side may change and that has nodes for `size` bytes. */
static struct chunks *root_writable(struct chunks **root, struct cow *cow, size_t size)
{
    struct chunks *old = *root;
    const uint32_t need = slots_for(size);
    const bool shared = cow_shared(cow, old->epoch);
    if (!shared && need <= old->slots)
        return old;
    uint32_t slots = old->slots;
    if (need > slots)
        slots = slots == 0 ? need : (need + ROOT_GROWTH - 1) / ROOT_GROWTH * ROOT_GROWTH;
    struct chunks *copy = (struct chunks *)mem_alloc(root_block(slots));
    memcpy(copy, old, root_block(old->slots));
    memset(copy->node + old->slots, 0, (slots - old->slots) * sizeof copy->node[0]);
    copy->epoch = cow_epoch(cow);
    copy->slots = slots;
    copy->used_bytes += root_block(slots) - root_block(old->slots);
    chunks_block_drop(old, root_block(old->slots), old->epoch, cow);
    *root = copy;
    return copy;
}

struct chunks *chunks_new(const struct cow *cow)
{
    return root_make(cow, 0);
}

struct chunks *chunks_from_bytes(const struct cow *cow, struct bytes s)
{
    struct chunks *root = root_make(cow, slots_for(s.size));
    /* A cow without a view, but with the right epoch: nothing in a new root is shared. */
    struct cow fresh = {.epoch = cow_epoch(cow), .defer = NULL};
    chunks_append(&root, &fresh, s);
    return root;
}

struct chunk *chunk_new(size_t size, char **bytes)
{
    const uint32_t capacity = chunk_capacity(size);
    struct chunk *c = (struct chunk *)mem_alloc(CHUNK_HEADER + (size_t)capacity);
    atomic_init(&c->refs, 1);
    c->epoch = 0;
    c->capacity = capacity;
    c->ones = ONES_UNKNOWN;
    c->next = NULL;
    memset(c->bytes + size, 0, capacity - size);
    *bytes = c->bytes;
    return c;
}

struct chunk *chunks_chunk(const struct chunks *root, size_t index)
{
    return chunk_at(root, index);
}

struct bytes chunk_bytes(const struct chunk *c)
{
    return c ? bytes_of(c->bytes, c->capacity) : bytes_of(NULL, 0);
}

struct chunks *chunks_from_chunks(struct chunk *const *chunk, size_t count, size_t size)
{
    struct chunks *root = root_make(NULL, slots_for(size));
    LK_ASSERT(count <= (size_t)root->slots * NODE_CHUNKS);
    for (size_t i = 0; i < count; i++) {
        if (!chunk[i])
            continue;
        struct chunk_node *node = node_writable(root, NULL, (uint32_t)(i / NODE_CHUNKS));
        node->chunk[i % NODE_CHUNKS] = chunk[i];
        root->used_bytes += chunk_block(chunk[i]);
    }
    root->size_bytes = size;
    return root;
}

struct chunks *chunks_clone(const struct chunks *root, const struct cow *cow)
{
    struct chunks *copy = root_make(cow, slots_for(root->size_bytes));
    struct cow fresh = {.epoch = cow_epoch(cow), .defer = NULL};
    struct chunks_iter it;
    struct chunk_span span;
    chunks_iter_init(&it, root, 0, root->size_bytes);
    while (it.offset < it.end) {
        const size_t offset = it.offset;
        (void)chunks_iter_next(&it, &span);
        if (span.owner)
            chunks_write(&copy, &fresh, offset, bytes_of(span.data, span.size));
    }
    copy->size_bytes = root->size_bytes;
    return copy;
}

bool chunks_free_some(struct chunks *root, struct cow *cow, size_t *cursor, size_t budget)
{
    if (!root)
        return true;
    const size_t end = (size_t)root->slots * NODE_CHUNKS;
    for (; *cursor < end; (*cursor)++) {
        struct chunk_node *node = root->node[*cursor / NODE_CHUNKS];
        if (!node) {
            *cursor += NODE_CHUNKS - 1;
            continue;
        }
        struct chunk *c = node->chunk[*cursor % NODE_CHUNKS];
        if (c && budget == 0)
            return false;
        budget -= c != NULL;
        chunk_drop(c, cow);
        if (*cursor % NODE_CHUNKS == NODE_CHUNKS - 1)
            chunks_block_drop(node, sizeof *node, node->epoch, cow);
    }
    chunks_block_drop(root, root_block(root->slots), root->epoch, cow);
    return true;
}

void chunks_free(struct chunks *root, struct cow *cow)
{
    size_t cursor = 0;
    (void)chunks_free_some(root, cow, &cursor, SIZE_MAX);
}

size_t chunks_size(const struct chunks *root)
{
    return root->size_bytes;
}

size_t chunks_used_bytes(const struct chunks *root)
{
    return root->used_bytes;
}

void chunks_extend(struct chunks **root, struct cow *cow, size_t size)
{
    if (size > (*root)->size_bytes)
        root_writable(root, cow, size)->size_bytes = size;
}

void chunks_write(struct chunks **root, struct cow *cow, size_t offset, struct bytes s)
{
    if (s.size == 0)
        return;
    size_t end = 0;
    LK_ASSERT(!__builtin_add_overflow(offset, s.size, &end));
    struct chunks *r = root_writable(root, cow, end > (*root)->size_bytes ? end : 0);
    while (offset < end) {
        const size_t index = offset / CHUNK_BYTES;
        const size_t from = offset % CHUNK_BYTES;
        const size_t n = min_size(end - offset, CHUNK_BYTES - from);
        struct chunk_node *node = node_writable(r, cow, (uint32_t)(index / NODE_CHUNKS));
        chunk_write(r, cow, &node->chunk[index % NODE_CHUNKS], from, bytes_of(s.data, n));
        s.data += n;
        offset += n;
    }
    if (end > r->size_bytes)
        r->size_bytes = end;
}

void chunks_append(struct chunks **root, struct cow *cow, struct bytes s)
{
    chunks_write(root, cow, (*root)->size_bytes, s);
}

char *chunks_tail_reserve(struct chunks **root, struct cow *cow, size_t want, size_t *got)
{
    LK_ASSERT(want != 0);
    const size_t offset = (*root)->size_bytes;
    const size_t index = offset / CHUNK_BYTES;
    const size_t from = offset % CHUNK_BYTES;
    *got = min_size(want, CHUNK_BYTES - from);
    struct chunks *r = root_writable(root, cow, offset + *got);
    struct chunk_node *node = node_writable(r, cow, (uint32_t)(index / NODE_CHUNKS));
    struct chunk **slot = &node->chunk[index % NODE_CHUNKS];
    /* An empty range is about to be written: what the caller does not commit must be zero. */
    const size_t to = from + *got;
    struct chunk *c = chunk_writable(r, cow, slot, to, to);
    return c->bytes + from;
}

void chunks_tail_commit(struct chunks *root, size_t n)
{
    root->size_bytes += n;
}

void chunks_iter_init(struct chunks_iter *it, const struct chunks *root, size_t offset, size_t size)
{
    it->root = root;
    it->offset = min_size(offset, root->size_bytes);
    it->end = it->offset + min_size(size, root->size_bytes - it->offset);
}

bool chunks_iter_next(struct chunks_iter *it, struct chunk_span *out)
{
    if (it->offset >= it->end)
        return false;
    const size_t index = it->offset / CHUNK_BYTES;
    const size_t from = it->offset % CHUNK_BYTES;
    const struct chunk_node *node = it->root->node[index / NODE_CHUNKS];
    struct chunk *c = node ? node->chunk[index % NODE_CHUNKS] : NULL;
    size_t n = min_size(it->end - it->offset, CHUNK_BYTES - from);
    if (c && from < c->capacity) {
        n = min_size(n, c->capacity - from);
        *out = (struct chunk_span){.data = c->bytes + from, .size = n, .owner = c};
    } else {
        *out = (struct chunk_span){.data = zeros, .size = n, .owner = NULL};
    }
    it->offset += n;
    return true;
}

size_t chunks_read(const struct chunks *root, size_t offset, void *out, size_t size)
{
    struct chunks_iter it;
    struct chunk_span span;
    char *to = (char *)out;
    chunks_iter_init(&it, root, offset, size);
    while (chunks_iter_next(&it, &span)) {
        memcpy(to, span.data, span.size);
        to += span.size;
    }
    return (size_t)(to - (char *)out);
}
