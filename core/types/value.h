/*
 * value.h — what a key is bound to.
 *
 * Generic code moves values about without knowing them: each type is one row of operations.  Only
 * this folder names an encoding (ENC_).
 *
 * A value lives inside its entry as a payload: the bytes themselves while they are small, or one
 * pointer to the root of nodes.  struct value is the open form: borrowed from an entry while its
 * lock is held, or made by a command to be put into one.
 *
 * Memory   a borrowed value dies at the next change of its key or at unlock
 *          a value with nodes that was not put anywhere is freed by value_release
 */
#ifndef LK_TYPES_VALUE_H
#define LK_TYPES_VALUE_H

#include "core/base/buf.h"
#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/ds/cow.h"

LK_BEGIN

enum value_type {
    TYPE_STRING,
    TYPE_LIST,
    TYPE_SET,
    TYPE_ZSET,
    TYPE_HASH,
    TYPE_STREAM,
    TYPE_COUNT,
    TYPE_NONE = 15, /* no value: the key does not exist */
    TYPE_ANY = 16,  /* for look-ups that take any type */
};

/* How a payload is to be read.  One list for all types; 4 bits. */
enum encoding {
    ENC_INT,    /* string: 8 bytes, a canonical int64 */
    ENC_EMBSTR, /* string: the bytes, never changed in place, at most 44 */
    ENC_RAW,    /* string: the bytes, at most STR_INLINE_MAX */
    ENC_CHUNKS, /* string: pointer to struct chunks */
    ENC_LISTPACK,
    ENC_INTSET,
    ENC_TABLE,
    ENC_TREE,
    ENC_TREE_TABLE, /* sorted set: tree for order, table for members */
    ENC_LISTPACK_EX,
};

struct value {
    uint8_t type;     /* enum value_type */
    uint8_t encoding; /* enum encoding */
    union {
        int64_t integer;    /* ENC_INT */
        struct bytes bytes; /* inline encodings */
        void *root;         /* encodings with nodes */
    } as;
};

/* entry.kind */
static inline uint8_t value_kind(const struct value *v)
{
    return (uint8_t)(v->type << 4 | v->encoding);
}

static inline bool value_exists(const struct value *v)
{
    return v->type != TYPE_NONE;
}

enum {
    VALUE_ROOTS = 1 << ENC_CHUNKS | 1 << ENC_TABLE | 1 << ENC_TREE | 1 << ENC_TREE_TABLE,
};

/* The payload is a pointer to nodes: as.root. */
static inline bool value_has_root(uint8_t encoding)
{
    return VALUE_ROOTS >> encoding & 1;
}

/* The payload is the bytes themselves: as.bytes. */
static inline bool value_is_inline(uint8_t encoding)
{
    return !((VALUE_ROOTS | 1 << ENC_INT) >> encoding & 1);
}

/* Payload bytes that the value takes inside its entry. */
size_t value_payload_size(const struct value *v);
/* The value may borrow bytes from where the payload is to be. */
void value_payload_write(const struct value *v, char *payload);
void value_payload_read(uint8_t kind, const char *payload, size_t size, struct value *out);

/*
 * A value opened for change where it is kept.  The opener has made the entry private to the live
 * side; nodes below the root are the type's business and follow cow (core/ds/cow.h).
 */
struct value_edit {
    struct value value; /* change as.root, as.integer or encoding and close the edit */
    struct cow *cow;    /* may be NULL: no view */
    /*
     * Inline encodings: gives the payload new_size bytes (old bytes kept, new ones undefined) and
     * returns where they are, writable; value.as.bytes follows.  NULL when there is no memory:
     * nothing has changed then.  An edit that ends in another kind of payload leaves room for it
     * here first (8 bytes for an integer or a root), so that closing cannot fail.
     */
    char *(*resize)(struct value_edit *edit, size_t new_size);
};

/* One row a type; generic commands, snapshots and reports go through it. */
struct type_ops {
    const char *name;                                      /* as TYPE answers */
    const char *(*encoding_name)(const struct value *v);   /* as OBJECT ENCODING answers */
    int (*copy)(const struct value *v, struct value *out); /* deep; LK_ENOMEM */
    /*
     * Frees the nodes; those that an open view may still read go to cow->defer (cow may be NULL).
     * Cost: their number; whoever cannot pay that hands the value to lazy free.
     */
    void (*release)(struct value *v, struct cow *cow);
    size_t (*node_bytes)(const struct value *v, size_t samples); /* beyond the entry itself */
    /* How many blocks a release frees: decides between freeing now and in the background. */
    size_t (*free_effort)(const struct value *v);
    uint64_t (*length)(const struct value *v); /* elements, or bytes of a string */
    /* Feeds a stable description of the content to sink, for digests: same content, same bytes. */
    void (*describe)(const struct value *v, void (*sink)(void *ctx, struct bytes part), void *ctx);
};

const struct type_ops *type_ops_get(unsigned type);

static inline void value_release_cow(struct value *v, struct cow *cow)
{
    if (v->type < TYPE_COUNT && value_has_root(v->encoding))
        type_ops_get(v->type)->release(v, cow);
    v->type = TYPE_NONE;
}

/* Of a value that no view can see: one that was never put anywhere. */
static inline void value_release(struct value *v)
{
    value_release_cow(v, NULL);
}

LK_END

#endif
