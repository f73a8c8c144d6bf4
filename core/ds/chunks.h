/*
 * chunks.h — a long string cut into pieces.
 *
 * SETRANGE on half a gigabyte must touch 64 KiB, not half a gigabyte; a snapshot must clone as
 * little; and a reply must be able to send the bytes without copying them.  So a long string is a
 * root, nodes of pointers, and chunks:
 *
 *   root {epoch, size, node 0, node 1, ...}
 *           node {epoch, chunk 0 .. chunk 126}          ~8 MiB of string each
 *                   chunk {refs, epoch, capacity, bytes ...}
 *
 * A NULL node, a NULL chunk and whatever lies beyond a chunk's capacity read as zero bytes.  A
 * string that was made by one SETRANGE far out is thus almost free, and the last chunk takes only
 * the size class its bytes need.
 *
 * Views    roots, nodes and chunks follow core/ds/cow.h: mutators take the root's address, because
 *          the first write after a cut clones it
 * Sending  a chunk has a count of its own.  chunk_ref keeps its bytes, unchanged, beyond the
 *          value's overwrite or end; a write to a chunk with references goes to a clone
 * Shapes   any size; meant for strings above 256 KiB
 * Threads  the holder of the value's lock; a frozen root may be read by anyone; chunk_unref and
 *          chunk_view_closed from any thread
 * Memory   mem_alloc: aborts when there is none
 */
#ifndef LK_DS_CHUNKS_H
#define LK_DS_CHUNKS_H

#include "core/base/bytes.h"
#include "core/ds/cow.h"

LK_BEGIN

/* Payload of a chunk: with its header it is a 64 KiB block. */
enum { CHUNK_BYTES = 64 * 1024 - 32 };

struct chunks; /* a root */
struct chunk;

struct chunks *chunks_new(const struct cow *cow);
struct chunks *chunks_from_bytes(const struct cow *cow, struct bytes s);
/* A deep copy that shares nothing; holes stay holes. */
struct chunks *chunks_clone(const struct chunks *root, const struct cow *cow);

/*
 * A string put together from chunks that were made aside.  chunk_new gives one with room for `size`
 * bytes, 1 to CHUNK_BYTES, which the caller writes at *bytes; chunk_unref frees one that was not
 * used.  chunks_from_chunks takes `count` of them over, NULL where there are zeros; all but the
 * last one are full.
 */
struct chunk *chunk_new(size_t size, char **bytes);
struct chunks *chunks_from_chunks(struct chunk *const *chunk, size_t count, size_t size);

/* root may be NULL.  What the open view may still read is deferred, the rest is freed at once. */
void chunks_free(struct chunks *root, struct cow *cow);

/*
 * Frees at most `budget` chunks of a root that nothing live reaches any more, and remembers in
 * *cursor (zero at first) how far it came.  True when all is freed, the root too.  Each call may
 * have a cow of its own, that of the view open at the time.
 */
bool chunks_free_some(struct chunks *root, struct cow *cow, size_t *cursor, size_t budget);

size_t chunks_size(const struct chunks *root);
/* Bytes asked of the allocator for all of it.  Cost O(1). */
size_t chunks_used_bytes(const struct chunks *root);

/* Copies [offset, offset + size) to out, as far as the string reaches; returns the bytes copied. */
size_t chunks_read(const struct chunks *root, size_t offset, void *out, size_t size);

/*
 * Writes s at offset; what lies between the old end and offset becomes zero bytes.  An empty s
 * changes nothing.  s must not point into the same string.
 * Cost  O(s.size), at most two partly written chunks, plus the clones of what it touches
 */
void chunks_write(struct chunks **root, struct cow *cow, size_t offset, struct bytes s);
void chunks_append(struct chunks **root, struct cow *cow, struct bytes s);
/* Makes the string at least `size` long, with zero bytes. */
void chunks_extend(struct chunks **root, struct cow *cow, size_t size);

/*
 * For receiving straight into the value: returns where the next bytes go, and in *got how many of
 * the wanted ones fit there (at least one).  They belong to the string once committed.  The caller
 * writes no byte there that it does not commit, and makes no other call in between.
 */
char *chunks_tail_reserve(struct chunks **root, struct cow *cow, size_t want, size_t *got);
void chunks_tail_commit(struct chunks *root, size_t n);

/* Bytes in a row; owner is NULL where they are the shared zeros, which never die. */
struct chunk_span {
    const char *data;
    size_t size;
    struct chunk *owner;
};

struct chunks_iter {
    const struct chunks *root;
    size_t offset;
    size_t end;
};

/* Walks [offset, offset + size), as far as the string reaches.  A write ends the iteration. */
void chunks_iter_init(struct chunks_iter *it, const struct chunks *root, size_t offset,
                      size_t size);
bool chunks_iter_next(struct chunks_iter *it, struct chunk_span *out);

/* The index-th CHUNK_BYTES of the string; NULL where there are zeros. */
struct chunk *chunks_chunk(const struct chunks *root, size_t index);
/* Behind these there are zeros, up to CHUNK_BYTES; c may be NULL. */
struct bytes chunk_bytes(const struct chunk *c);

/*
 * Keeps the bytes of a span while they are being sent.  Take the reference under the value's lock
 * and from the live string; c may be NULL.
 */
void chunk_ref(struct chunk *c);
void chunk_unref(struct chunk *c);

/*
 * A chunk that both an open view and a send still read when the live string drops it outlives
 * both.  Whoever closes a view calls this when nothing reads it any more, and before the next cut.
 */
void chunk_view_closed(void);

LK_END

#endif
