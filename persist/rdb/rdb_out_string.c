/*
 * rdb_out_string.c — strings: as integers, packed by LZF, or as they are.
 *
 * LZF output may be laid end to end: what it refers back to is always near and always in the part
 * that it packed itself.  So a string in pieces is packed piece by piece and is whole nowhere; only
 * the output is kept, as its length stands before it.
 *
 * Source   LZF: liblzf.  From 21 bytes on, and only if it saves four: as Redis does
 */
#include "core/ds/le.h"
#include "persist/rdb/rdb_out.h"

#include <lzf.h>

enum {
    PACK_ABOVE_BYTES = 20,
    PACK_GAIN_BYTES = 4,
    PACK_PIECE_MAX = 1024 * 1024,         /* longer pieces are cut */
    PACK_KEEP_BYTES = 4 * PACK_PIECE_MAX, /* room for output that waits for the next string */
    PACK_PIECE_MIN = 4,                   /* the library reads three bytes at least */
    PACK_SLACK_BYTES = 16,                /* it gives up four bytes before the end of the room */
    PACKED_INTEGER_CHARS = 11,            /* "-2147483648" */
};

/* False if the number takes more than 32 bits. */
static bool put_integer(struct rdb_out *o, int64_t n)
{
    unsigned char b[5];
    size_t size;
    if (n >= INT8_MIN && n <= INT8_MAX) {
        b[0] = 0xC0 | RDB_STR_INT8;
        b[1] = (unsigned char)n;
        size = 2;
    } else if (n >= INT16_MIN && n <= INT16_MAX) {
        b[0] = 0xC0 | RDB_STR_INT16;
        le16_put(b + 1, (uint16_t)n);
        size = 3;
    } else if (n >= INT32_MIN && n <= INT32_MAX) {
        b[0] = 0xC0 | RDB_STR_INT32;
        le32_put(b + 1, (uint32_t)n);
        size = 5;
    } else {
        return false;
    }
    rdb_out_raw(o, b, size);
    return true;
}

static void put_plain(struct rdb_out *o, struct bytes s)
{
    rdb_out_length(o, s.size);
    rdb_out_raw(o, s.data, s.size);
}

void rdb_out_integer(struct rdb_out *o, int64_t n)
{
    char digits[INT64_CHARS];
    if (!put_integer(o, n))
        put_plain(o, bytes_of(digits, int64_to_chars(n, digits)));
}

static void put_packed_head(struct rdb_out *o, uint64_t packed, uint64_t size)
{
    rdb_out_byte(o, 0xC0 | RDB_STR_LZF);
    rdb_out_length(o, packed);
    rdb_out_length(o, size);
}

/* False if that would save too little. */
static bool put_packed(struct rdb_out *o, struct bytes s)
{
    const size_t room = s.size - PACK_GAIN_BYTES;
    o->packed.size = 0;
    char *at = buf_reserve(&o->packed, room);
    const size_t packed = lzf_compress(s.data, (unsigned)s.size, at, (unsigned)room);
    if (packed == 0)
        return false;
    put_packed_head(o, packed, s.size);
    rdb_out_raw(o, at, packed);
    return true;
}

static void one_piece(const void *owner, void (*piece)(void *ctx, struct bytes b), void *ctx)
{
    piece(ctx, *(const struct bytes *)owner);
}

void rdb_out_string(struct rdb_out *o, struct bytes s)
{
    int64_t n;
    if (s.size <= PACKED_INTEGER_CHARS && bytes_to_int64(s, &n) && put_integer(o, n))
        return;
    if (!o->compress || s.size <= PACK_ABOVE_BYTES)
        put_plain(o, s);
    else if (s.size > PACK_PIECE_MAX)
        rdb_out_pieces(o, &(struct rdb_pieces){s.size, one_piece, &s});
    else if (!put_packed(o, s))
        put_plain(o, s);
}

struct packing {
    struct rdb_out *o;
    uint64_t size; /* of the whole string */
    uint64_t in;   /* bytes packed so far; the output is in o->packed */
    bool in_vain;
};

static size_t pack_to(struct bytes s, char *at, size_t room)
{
    if (s.size < PACK_PIECE_MIN) { /* a run of literals, by hand */
        at[0] = (char)(s.size - 1);
        memcpy(at + 1, s.data, s.size);
        return s.size + 1;
    }
    const size_t packed = lzf_compress(s.data, (unsigned)s.size, at, (unsigned)room);
    LK_ASSERT(packed != 0);
    return packed;
}

static void pack_one(struct packing *p, struct bytes s)
{
    struct buf *out = &p->o->packed;
    const size_t room = s.size + s.size / 32 + PACK_SLACK_BYTES; /* a byte for 32 literals */
    out->size += pack_to(s, buf_reserve(out, room), room);
    p->in += s.size;
    /* What has not shrunk in its first megabyte is a picture or a cipher, and will not. */
    p->in_vain = out->size + PACK_GAIN_BYTES > p->size || out->size > RDB_OUT_PACKED_MAX ||
                 (p->in >= PACK_PIECE_MAX && out->size >= p->in);
}

static void pack_piece(void *ctx, struct bytes s)
{
    struct packing *p = ctx;
    while (s.size > 0 && !p->in_vain) {
        const size_t n = s.size < PACK_PIECE_MAX ? s.size : PACK_PIECE_MAX;
        pack_one(p, bytes_of(s.data, n));
        s = bytes_of(s.data + n, s.size - n);
    }
}

static bool put_packed_pieces(struct rdb_out *o, const struct rdb_pieces *pieces)
{
    struct packing p = {.o = o, .size = pieces->size};
    o->packed.size = 0;
    pieces->each(pieces->owner, pack_piece, &p);
    if (!p.in_vain) {
        LK_ASSERT(p.in == p.size);
        put_packed_head(o, o->packed.size, p.size);
        rdb_out_raw(o, o->packed.data, o->packed.size);
    }
    if (o->packed.capacity > PACK_KEEP_BYTES)
        buf_release(&o->packed);
    return !p.in_vain;
}

static void put_piece(void *ctx, struct bytes s)
{
    rdb_out_raw(ctx, s.data, s.size);
}

void rdb_out_pieces(struct rdb_out *o, const struct rdb_pieces *pieces)
{
    if (o->compress && pieces->size > PACK_ABOVE_BYTES && put_packed_pieces(o, pieces))
        return;
    rdb_out_length(o, pieces->size);
    pieces->each(pieces->owner, put_piece, o);
}
