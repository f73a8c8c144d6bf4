/*
 * resp_read.h — replies as their receiver sees them.
 *
 * For tests, tools and links to other servers: any RESP2 or RESP3 reply becomes a small tree, the
 * streamed forms of RESP3 included.  A reply that comes in pieces is read on from where the bytes
 * ended, so the cost is O(new bytes) a call.
 *
 * Shapes   at most RESP_READ_DEPTH aggregates inside one another, lines of RESP_READ_LINE_MAX;
 *          announced counts and sizes buy no memory before their bytes have come
 * Errors   LK_EAGAIN more bytes are needed, LK_EFORMAT these bytes are no reply
 * Threads  one owner at a time
 * Memory   texts are borrowed from the bytes that the last call was given; the tree is the
 *          caller's, to be given back with resp_value_release
 */
#ifndef LK_PROTO_RESP_READ_H
#define LK_PROTO_RESP_READ_H

#include "core/base/buf.h"
#include "core/base/bytes.h"
#include "core/base/status.h"

LK_BEGIN

enum { RESP_READ_DEPTH = 64, RESP_READ_LINE_MAX = 1024 * 1024 };

/* Named by the byte that announces them in RESP3. */
enum resp_kind {
    RESP_KIND_SIMPLE = '+',
    RESP_KIND_ERROR = '-',
    RESP_KIND_INTEGER = ':',
    RESP_KIND_BULK = '$',
    RESP_KIND_NULL = '_', /* RESP2's two nulls as well: sign tells them apart */
    RESP_KIND_DOUBLE = ',',
    RESP_KIND_BOOL = '#',
    RESP_KIND_BIG_NUMBER = '(',
    RESP_KIND_BULK_ERROR = '!',
    RESP_KIND_VERBATIM = '=',
    RESP_KIND_ARRAY = '*',
    RESP_KIND_MAP = '%',
    RESP_KIND_SET = '~',
    RESP_KIND_PUSH = '>',
    RESP_KIND_ATTRIBUTE = '|'
};

struct resp_value {
    enum resp_kind kind;
    char sign;         /* the byte it was announced with: '$', '*' or '_' of a null */
    char format[3];    /* of a verbatim string: "txt" */
    int64_t integer;   /* of an integer; 0 or 1 of a boolean */
    double number;     /* of a double */
    struct bytes text; /* what a line or bulk holds, of a verbatim string without its format */
    struct resp_value *items;      /* of an aggregate; keys and values of a map by turns */
    size_t n;                      /* of items */
    struct resp_value *attributes; /* what was said about this value before it, or NULL */
    struct {
        size_t capacity;   /* of items */
        size_t text_at;    /* where the text lies in the reply */
        struct buf joined; /* the text, when it was streamed in pieces */
    } own;
};

void resp_value_release(struct resp_value *v);

/* The value that follows key in a map, or in an array of keys and values; NULL without it. */
const struct resp_value *resp_value_find(const struct resp_value *v, const char *key);

/*
 * One line for people and for comparisons:  OK  (error) ERR x  "bulk\r\n"  12  nil  1.5  true
 * ["a", 1]  {"k": 1}  ~["m"]  >["message"]  |{"k": 1} "described"
 */
void resp_value_print(const struct resp_value *v, struct buf *out);

/* Of one link; all zero at the start. */
struct resp_reader {
    struct resp_value root;
    struct resp_value *slot; /* where the next value goes, if its place is settled already */
    size_t pos;              /* bytes of this reply understood so far */
    size_t line_seen;        /* bytes at pos without a line end */
    uint32_t depth;
    struct {
        struct resp_value *v;
        uint64_t left;            /* values to come; RESP_READ_STREAM: until the end mark */
        struct resp_value *after; /* the value that an attribute describes */
    } level[RESP_READ_DEPTH];
};
#define RESP_READ_STREAM UINT64_MAX

/*
 * Reads the reply that starts at data.  As long as the answer is LK_EAGAIN, the next call brings
 * the same bytes (which may have moved) and more.  LK_OK: *out is the tree, *consumed its bytes.
 */
LK_MUST_USE int resp_read(struct resp_reader *r, const char *data, size_t size,
                          struct resp_value *out, size_t *consumed);

void resp_reader_release(struct resp_reader *r);

LK_END

#endif
