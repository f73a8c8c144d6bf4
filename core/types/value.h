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
#include "core/ds/entry.h"
#include "core/ds/tree.h"
#include "core/types/limits.h"

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

/* entry.kind: how a payload is told what it is. */
static inline uint8_t value_kind(const struct value *v)
{
    return (uint8_t)(v->type << 4 | v->encoding);
}

static inline unsigned value_kind_type(uint8_t kind)
{
    return kind >> 4;
}

static inline uint8_t value_kind_encoding(uint8_t kind)
{
    return kind & 15;
}

static inline bool value_exists(const struct value *v)
{
    return v->type != TYPE_NONE;
}

enum {
    VALUE_ROOTS = 1 << ENC_CHUNKS | 1 << ENC_TABLE | 1 << ENC_TREE | 1 << ENC_TREE_TABLE,
};

/* Types whose elements may have deadlines of their own: see next_deadline. */
enum { VALUE_INNER_TYPES = 1 << TYPE_HASH };

/* The payload is a pointer to nodes: as.root. */
static inline bool value_has_root(uint8_t encoding)
{
    return VALUE_ROOTS >> encoding & 1;
}

static inline bool value_kind_has_root(uint8_t kind)
{
    return value_has_root(value_kind_encoding(kind));
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

/* The value of an entry of the keyspace, borrowed. */
static inline void value_of_entry(const struct entry *e, struct value *out)
{
    const struct bytes payload = entry_payload_bytes(e);
    value_payload_read(e->kind, payload.data, payload.size, out);
}

/*
 * A value opened for change where it is kept.  The opener has made the entry private to the live
 * side; nodes below the root are the type's business and follow cow (core/ds/cow.h).
 */
struct value_edit {
    struct value value; /* change as.root, as.integer or encoding and close the edit */
    struct cow *cow;    /* may be NULL: no view */
    const struct type_limits *limits; /* when to leave a compact encoding */
    /*
     * Inline encodings: gives the payload new_size bytes (old bytes kept, new ones undefined) and
     * returns where they are, writable; value.as.bytes follows.  NULL when there is no memory:
     * nothing has changed then.  An edit that ends in another kind of payload leaves room for it
     * here first (8 bytes for an integer or a root), so that closing cannot fail.
     */
    char *(*resize)(struct value_edit *edit, size_t new_size);
    /*
     * Takes nodes that the value no longer has, as a value of their own: they are freed when no
     * view sees them, and in the background if they are many.  NULL: release it with the cow.
     */
    void (*discard)(struct value_edit *edit, struct value *nodes);
};

/* Frees the nodes of a value that nobody can reach any more, in turns. */
struct value_reaper {
    struct value value;
    size_t cursor; /* the type's: how far it has come; 0 at first */
    struct tree_reaper tree;
};

/*
 * A value is told in elements, an element in parts (field and value, member and score as text), a
 * part in pieces.  A string is one part, each element of a list another.
 */
enum describe_end { DESCRIBE_PIECE, DESCRIBE_PART, DESCRIBE_ELEMENT };
typedef void describe_sink(void *ctx, struct bytes piece, enum describe_end ends);

/* One row a type; generic commands, snapshots and reports go through it. */
struct type_ops {
    const char *name; /* as TYPE answers */
    /* An empty value, from which exec_open begins: borrowed bytes, or a new root. NULL: none. */
    void (*empty)(struct value *out);
    bool stays_when_empty; /* a key of this type may have no elements */
    const char *(*encoding_name)(const struct value *v);   /* as OBJECT ENCODING answers */
    int (*copy)(const struct value *v, struct value *out); /* deep; LK_ENOMEM */
    /*
     * Frees the nodes; those that an open view may still read go to cow->defer (cow may be NULL).
     * Cost: their number; whoever cannot pay that hands the value to lazy free.
     */
    void (*release)(struct value *v, struct cow *cow);
    size_t (*node_bytes)(const struct value *v, size_t samples); /* beyond the entry itself */
    /*
     * As release of a value that no view can see, about `budget` blocks a call; true when all is
     * freed.  NULL: release does it in one go.
     */
    bool (*reap)(struct value_reaper *r, size_t budget);
    /*
     * The earliest deadline among the value's elements, ENTRY_NO_DEADLINE if there is none; NULL
     * where elements have no deadlines.
     */
    int64_t (*next_deadline)(const struct value *v);
    /* How many blocks a release frees: decides between freeing now and in the background. */
    size_t (*free_effort)(const struct value *v);
    uint64_t (*length)(const struct value *v); /* elements, or bytes of a string */
    /* Tells the content to sink, whatever the encoding: for digests. */
    void (*describe)(const struct value *v, describe_sink *sink, void *ctx);
    bool unordered; /* the elements come in any order */
};

const struct type_ops *type_ops_get(unsigned type);

/* The earliest deadline among its elements, negative if there is none. */
int64_t value_next_deadline(const struct value *v);

static inline void value_release_cow(struct value *v, struct cow *cow)
{
    if (v->type < TYPE_COUNT && value_has_root(v->encoding))
        type_ops_get(v->type)->release(v, cow);
    v->type = TYPE_NONE;
}

/* Begins with value; true when all is freed. */
static inline bool value_reap(struct value_reaper *r, size_t budget)
{
    const struct type_ops *ops = type_ops_get(r->value.type);
    if (value_has_root(r->value.encoding) && ops->reap)
        return ops->reap(r, budget);
    value_release_cow(&r->value, NULL);
    return true;
}

/* Of a value that no view can see: one that was never put anywhere. */
static inline void value_release(struct value *v)
{
    value_release_cow(v, NULL);
}

LK_END

#endif
