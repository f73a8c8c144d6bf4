/*
 * rdb_in.h — reads the elements of the RDB format, and trusts none of them.
 *
 * A length in the input is a claim.  Where the source's size is known, no claim may pass what is
 * left of it; and in any case memory grows as bytes arrive, never at once to what was claimed.
 * What LZF unpacks to is bounded by what it is made of.
 *
 *   source --> window of capacity bytes --> elements
 *              | used up | to come |
 *                        ^ offset
 *
 * Errors   LK_EFORMAT, LK_EIO and LK_ENOMEM, with a message that begins "at byte N: "; the first
 * error stays, and every later call returns it Threads  one owner at a time Memory   bytes that are
 * handed out live until the next call, or in the buffer that was given for them
 */
#ifndef LK_PERSIST_RDB_IN_H
#define LK_PERSIST_RDB_IN_H

#include "core/base/buf.h"
#include "persist/rdb/rdb_codes.h"

LK_BEGIN

enum { RDB_IN_WINDOW_BYTES = 256 * 1024, RDB_IN_ERROR_CHARS = 256 };

#define RDB_SIZE_UNKNOWN UINT64_MAX

struct rdb_source {
    /* Gives at least one byte and at most size, sets *got; *got 0 is the end.  LK_OK or why not. */
    int (*read)(void *ctx, void *data, size_t size, size_t *got);
    void *ctx;
    uint64_t size; /* of all it will give, or RDB_SIZE_UNKNOWN */
};

struct rdb_in {
    struct rdb_source source;
    unsigned char *data; /* the window; owned if there is a source, else borrowed whole */
    size_t at, end;      /* of what is to come */
    size_t capacity;
    size_t digested; /* bytes of data that crc covers */
    uint64_t base;   /* offset of data in the source */
    uint64_t crc;    /* of all that was used up, and digested */
    bool checksum;   /* else no crc is computed or compared */
    bool ended;      /* the source has no more */
    unsigned version;
    int status;
    struct buf scratch; /* for whoever reads a value: what that borrows until the next one */
    struct buf packed;
    struct buf element;               /* … and what it needs only until the next element */
    const struct type_limits *limits; /* which encodings values are read into; NULL: the usual */
    char error[RDB_IN_ERROR_CHARS];
};

void rdb_in_init(struct rdb_in *in, const struct rdb_source *source, size_t window_bytes);
/* Reads the bytes where they are. */
void rdb_in_init_bytes(struct rdb_in *in, struct bytes b);
void rdb_in_release(struct rdb_in *in);

/* Keeps the first error; returns the status.  Without one it is LK_EFORMAT. */
int rdb_in_fail(struct rdb_in *in, const char *format, ...) LK_PRINTF(2, 3) LK_COLD;
int rdb_in_fail_with(struct rdb_in *in, int status, const char *format, ...)
    LK_PRINTF(3, 4) LK_COLD;
/* Adds to the message of an error that just happened: what was being read. */
void rdb_in_fail_while(struct rdb_in *in, const char *format, ...) LK_PRINTF(2, 3) LK_COLD;

static inline uint64_t rdb_in_offset(const struct rdb_in *in)
{
    return in->base + in->at;
}

/* Bytes to come, as far as anybody can know. */
uint64_t rdb_in_left(const struct rdb_in *in);

/* The crc of all that was used up. */
uint64_t rdb_in_crc(struct rdb_in *in);

/* What the window holds beyond what was used up: the beginning of whatever follows the file. */
static inline struct bytes rdb_in_rest(const struct rdb_in *in)
{
    return bytes_of(in->data + in->at, in->end - in->at);
}

/* Reads until the window is full or nothing follows. */
LK_MUST_USE int rdb_in_fill_window(struct rdb_in *in);

LK_MUST_USE int rdb_in_byte(struct rdb_in *in, unsigned *out);
LK_MUST_USE int rdb_in_raw(struct rdb_in *in, void *out, size_t size);
LK_MUST_USE int rdb_in_skip(struct rdb_in *in, uint64_t size);

LK_MUST_USE int rdb_in_length(struct rdb_in *in, uint64_t *out);
/*
 * A number of elements of at least element_bytes each; refused if so many cannot follow.  Where
 * nobody knows what can follow it is only a claim: make room as they come.
 */
LK_MUST_USE int rdb_in_count(struct rdb_in *in, uint64_t element_bytes, uint64_t *out);
LK_MUST_USE int rdb_in_ms(struct rdb_in *in, int64_t *out);
LK_MUST_USE int rdb_in_seconds(struct rdb_in *in, int32_t *out);
LK_MUST_USE int rdb_in_double(struct rdb_in *in, double *out);
LK_MUST_USE int rdb_in_double_text(struct rdb_in *in, double *out);

/*
 * A string in any form, at most 4 GiB - 1: borrowed from the window if it lies there whole, else
 * laid behind what buf holds (so bytes handed out before may move).
 */
LK_MUST_USE int rdb_in_string(struct rdb_in *in, struct buf *buf, struct bytes *out);
LK_MUST_USE int rdb_in_skip_string(struct rdb_in *in);

/* A string taken apart: first its head, then, by its form, what follows. */
struct rdb_string {
    enum { RDB_IS_PLAIN, RDB_IS_INTEGER, RDB_IS_PACKED } form;
    int64_t integer;
    uint64_t size;   /* of the string; not of an integer */
    uint64_t packed; /* bytes that follow, if packed */
};
LK_MUST_USE int rdb_in_string_head(struct rdb_in *in, struct rdb_string *out);
/* All of what follows a head that is no integer's; as rdb_in_string. */
LK_MUST_USE int rdb_in_string_body(struct rdb_in *in, const struct rdb_string *s, struct buf *buf,
                                   struct bytes *out);
/* Of a plain string: the next bytes, at least one and at most want. */
LK_MUST_USE int rdb_in_piece(struct rdb_in *in, uint64_t want, struct bytes *out);

LK_END

#endif
