/*
 * rdb_out.h — writes the elements of the RDB format into a buffered sink.
 *
 *   length    00 6 bits | 01 14 bits | 0x80 u32 | 0x81 u64        big-endian
 *   string    length bytes | 11 form: int8, int16, int32, or LZF: packed length, length, packed
 *   all else  little-endian
 *
 * Errors are kept: after the first one everything is swallowed, so that a caller writes a whole
 * value without a question and asks once.
 *
 * A value may turn out to need a newer version than the header promised.  It says so by
 * rdb_out_needs; whoever ends the file then corrects the header, or gives up (rdb_save.h).
 *
 * Threads  one owner at a time; LZF keeps its table of 256 KiB on the owner's stack
 * Memory   the buffer, and LZF's output: at most RDB_OUT_PACKED_MAX and a piece
 */
#ifndef LK_PERSIST_RDB_OUT_H
#define LK_PERSIST_RDB_OUT_H

#include "core/base/buf.h"
#include "persist/rdb/rdb_codes.h"

LK_BEGIN

enum {
    RDB_OUT_BUFFER_BYTES = 256 * 1024,     /* for files: one write each */
    RDB_OUT_PACKED_MAX = 64 * 1024 * 1024, /* what would pack to more is written as it is */
};

struct rdb_sink {
    /* Takes all of the bytes: LK_OK, or what went wrong. */
    int (*write)(void *ctx, const void *data, size_t size);
    /* Writes over what was written before; NULL where nobody can. */
    int (*patch)(void *ctx, uint64_t offset, const void *data, size_t size);
    void *ctx;
};

struct rdb_out {
    struct rdb_sink sink;
    unsigned char *data; /* what the sink has not got yet */
    size_t used, capacity;
    size_t digested;  /* bytes of data that crc covers */
    uint64_t given;   /* bytes that the sink has got */
    uint64_t crc;     /* of all since the last rdb_out_crc_restart */
    uint64_t crc_at;  /* where that was */
    bool checksum;    /* else crc stays 0 */
    bool compress;    /* strings above 20 bytes, if that saves four */
    unsigned version; /* the oldest that knows all that was written */
    unsigned
        newest; /* forms of later versions are not written where an older one will do; 0: any */
    int status; /* the first error */
    struct buf packed;
};

void rdb_out_init(struct rdb_out *o, const struct rdb_sink *sink, size_t buffer_bytes);
void rdb_out_release(struct rdb_out *o);

/* Gives the sink what is buffered.  Returns the status. */
int rdb_out_flush(struct rdb_out *o);

static inline uint64_t rdb_out_offset(const struct rdb_out *o)
{
    return o->given + o->used;
}

static inline void rdb_out_fail(struct rdb_out *o, int status)
{
    if (o->status == LK_OK)
        o->status = status;
}

static inline void rdb_out_needs(struct rdb_out *o, unsigned version)
{
    if (version > o->version)
        o->version = version;
}

/* The crc of all bytes up to here since it was last restarted. */
uint64_t rdb_out_crc(struct rdb_out *o);
void rdb_out_crc_restart(struct rdb_out *o);

void rdb_out_raw_slow(struct rdb_out *o, const void *data, size_t size);
static inline void rdb_out_raw(struct rdb_out *o, const void *data, size_t size)
{
    if (LK_UNLIKELY(size > o->capacity - o->used)) {
        rdb_out_raw_slow(o, data, size);
    } else if (size > 0) {
        memcpy(o->data + o->used, data, size);
        o->used += size;
    }
}

static inline void rdb_out_byte(struct rdb_out *o, unsigned byte)
{
    const unsigned char b = (unsigned char)byte;
    rdb_out_raw(o, &b, 1);
}

void rdb_out_length(struct rdb_out *o, uint64_t length);
void rdb_out_ms(struct rdb_out *o, int64_t ms);
void rdb_out_double(struct rdb_out *o, double d);
/* The form of RDB_ZSET: digits, or a single byte for what has none. */
void rdb_out_double_text(struct rdb_out *o, double d);

/* A string in its shortest form: as an integer, packed, or as it is. */
void rdb_out_string(struct rdb_out *o, struct bytes s);
/* The string that is this number's text. */
void rdb_out_integer(struct rdb_out *o, int64_t n);

/* A string that lies in pieces.  each() may be called twice and gives the same bytes again. */
struct rdb_pieces {
    uint64_t size;
    void (*each)(const void *owner, void (*piece)(void *ctx, struct bytes b), void *ctx);
    const void *owner;
};
void rdb_out_pieces(struct rdb_out *o, const struct rdb_pieces *p);

void rdb_out_aux(struct rdb_out *o, const char *name, struct bytes value);
void rdb_out_aux_integer(struct rdb_out *o, const char *name, int64_t value);

LK_END

#endif
