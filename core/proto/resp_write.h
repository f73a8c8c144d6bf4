/*
 * resp_write.h — replies, in the protocol version of their reader.
 *
 * A handler says what it means (a map of n pairs, a double, nothing) and the reply picks the form:
 *
 *                 RESP2                    RESP3
 *   null          $-1 or *-1               _
 *   boolean       :1 :0                    #t #f
 *   double        bulk                     ,1.5
 *   big number    bulk                     (123
 *   verbatim      bulk                     =7 txt:abc
 *   map of n      array of 2n              %n
 *   set, push     array                    ~n  >n
 *   attribute     (not to be written)      |n
 *
 * Large bulks need not be copied, and large replies not be moved: resp_segment.h.
 *
 * Shapes   bulks are any bytes; an error or simple line has its line ends turned into spaces
 * Threads  one owner at a time
 * Memory   a struct reply may be moved by plain assignment; it owns its bytes and its references
 */
#ifndef LK_PROTO_RESP_WRITE_H
#define LK_PROTO_RESP_WRITE_H

#include "core/base/buf.h"
#include "core/base/bytes.h"

LK_BEGIN

struct reply_ref; /* resp_segment.h */

struct reply {
    struct buf out;
    int version;     /* 2 or 3; may change between two replies */
    uint32_t errors; /* error lines written so far; reply_rewind takes back, reply_clear not */
    size_t error_at; /* where in out the latest of them starts, at its '-' */
    struct {
        struct reply_ref *v; /* in the order of their place */
        uint32_t n, capacity;
        uint32_t sent;   /* of v: sent and released */
        size_t sent_in;  /* bytes sent of v[sent] */
        size_t sent_out; /* bytes of out behind which nothing was sent */
        size_t bytes;    /* referred to, less those skipped in out */
        size_t sent_bytes;
    } ref;
};

void reply_init(struct reply *r, int version);
void reply_release(struct reply *r);

/* Forgets all that was written, releases the references, keeps the memory of out. */
void reply_clear(struct reply *r);

/* ---- headers and small numbers, also for who writes requests into a struct buf ---- */

enum { REPLY_HEADER_MAX = 24, REPLY_SMALL = 100 }; /* sign, 20 digits, CR LF, one to spare */

/* "0\r\n" to "99\r\n"; eight bytes a row, so that one copy takes it whole. */
struct reply_small_row {
    char text[7];
    uint8_t size;
};
extern const struct reply_small_row reply_small[REPLY_SMALL];

char *reply_put_number_slow(char *to, char sign, int64_t v);

/* Writes sign, v and a line end at to, which has REPLY_HEADER_MAX bytes; returns the end. */
static inline char *reply_put_number(char *to, char sign, int64_t v)
{
    if (LK_UNLIKELY((uint64_t)v >= REPLY_SMALL))
        return reply_put_number_slow(to, sign, v);
    const struct reply_small_row *row = &reply_small[v];
    *to++ = sign;
    memcpy(to, row, sizeof(*row));
    return to + row->size;
}

static inline void reply_buf_header(struct buf *b, char sign, uint64_t n)
{
    char *to = buf_reserve(b, REPLY_HEADER_MAX);
    b->size += (size_t)(reply_put_number(to, sign, (int64_t)n) - to);
}

/* "$size\r\n", room for size bytes, "\r\n": the caller fills the room that is returned. */
static inline char *reply_buf_bulk_space(struct buf *b, size_t size)
{
    char *const start = buf_reserve(b, REPLY_HEADER_MAX + size + 2);
    char *const to = reply_put_number(start, '$', (int64_t)size);
    to[size] = '\r';
    to[size + 1] = '\n';
    b->size += (size_t)(to - start) + size + 2;
    return to;
}

LK_HOT_INLINE void reply_buf_bulk(struct buf *b, struct bytes s)
{
    bytes_copy(reply_buf_bulk_space(b, s.size), s.data, s.size);
}

/* ---- lines ---- */

static inline void reply_ok(struct reply *r)
{
    buf_append(&r->out, "+OK\r\n", 5);
}

void reply_simple(struct reply *r, const char *text);
void reply_simple_bytes(struct reply *r, struct bytes text);

/*
 * The message starts with its code: "ERR syntax error", "WRONGTYPE Operation ...".  A message
 * that starts with '-' is taken to bring its own; no second one is added.  Line ends are cut off
 * at both ends and become spaces inside.
 */
void reply_error(struct reply *r, const char *format, ...) LK_PRINTF(2, 3);
void reply_error_bytes(struct reply *r, struct bytes message);
/* The same for who appends the text, which has no line end, to what the first returns. */
struct buf *reply_error_begin(struct reply *r);
void reply_error_end(struct reply *r);

static inline void reply_int(struct reply *r, int64_t v)
{
    char *to = buf_reserve(&r->out, REPLY_HEADER_MAX);
    r->out.size += (size_t)(reply_put_number(to, ':', v) - to);
}

void reply_bool(struct reply *r, bool v);
void reply_double(struct reply *r, double v);
void reply_big_number(struct reply *r, struct bytes digits);
/* In fixed point with at most 17 decimals; a double to RESP3, as coordinates are. */
void reply_long_double(struct reply *r, long double v);

static inline void reply_null(struct reply *r)
{
    if (r->version == 2)
        buf_append(&r->out, "$-1\r\n", 5);
    else
        buf_append(&r->out, "_\r\n", 3);
}

/* The null of commands that answer with an array else. */
static inline void reply_null_array(struct reply *r)
{
    if (r->version == 2)
        buf_append(&r->out, "*-1\r\n", 5);
    else
        buf_append(&r->out, "_\r\n", 3);
}

/* ---- bulks ---- */

static inline void reply_bulk(struct reply *r, struct bytes s)
{
    reply_buf_bulk(&r->out, s);
}

/* A bulk of size bytes, to be filled through the pointer before anything else is written. */
static inline char *reply_bulk_space(struct reply *r, size_t size)
{
    return reply_buf_bulk_space(&r->out, size);
}

void reply_bulk_cstr(struct reply *r, const char *s);
void reply_bulk_printf(struct reply *r, const char *format, ...) LK_PRINTF(2, 3);
void reply_bulk_int(struct reply *r, int64_t v);
void reply_bulk_double(struct reply *r, double v);
void reply_bulk_long_double(struct reply *r, long double v);
/* Text for people; format is three letters, "txt" or "mkd". */
void reply_verbatim(struct reply *r, const char *format, struct bytes text);

/* Bytes that are replies already. */
static inline void reply_raw(struct reply *r, struct bytes replies)
{
    buf_append_bytes(&r->out, replies);
}

/* ---- aggregates: the header; what it announces must follow ---- */

enum reply_kind {
    REPLY_ARRAY,
    REPLY_MAP, /* n pairs */
    REPLY_SET,
    REPLY_PUSH,     /* out of band: only between two replies */
    REPLY_ATTRIBUTE /* n pairs, and then the reply that they describe; RESP3 only */
};

void reply_header(struct reply *r, enum reply_kind kind, uint64_t n);

static inline void reply_array(struct reply *r, uint64_t n)
{
    reply_buf_header(&r->out, '*', n);
}

static inline void reply_map(struct reply *r, uint64_t n)
{
    reply_header(r, REPLY_MAP, n);
}

static inline void reply_set(struct reply *r, uint64_t n)
{
    reply_header(r, REPLY_SET, n);
}

static inline void reply_push(struct reply *r, uint64_t n)
{
    reply_header(r, REPLY_PUSH, n);
}

static inline void reply_attribute(struct reply *r, uint64_t n)
{
    reply_header(r, REPLY_ATTRIBUTE, n);
}

/*
 * An aggregate whose n is known last: begin, write the elements, end with the position that begin
 * gave.  They nest, the inner ending first; until the outermost has ended nothing may be sent.
 *
 * Cost  the elements move when they are few bytes; many stay, and out gets a hole that
 *       reply_segments leaves out
 */
LK_MUST_USE size_t reply_begin_deferred(struct reply *r);
void reply_end_deferred(struct reply *r, size_t position, enum reply_kind kind, uint64_t n);

/* Takes back what was written since the mark; no deferred header may be open that is newer. */
struct reply_place {
    size_t size;
    uint32_t refs;
    uint32_t errors;
};
static inline struct reply_place reply_mark(const struct reply *r)
{
    struct reply_place m;
    m.size = r->out.size;
    m.refs = r->ref.n;
    m.errors = r->errors;
    return m;
}
void reply_rewind(struct reply *r, struct reply_place m);

LK_END

#endif
