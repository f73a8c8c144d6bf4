/*
 * list.h — lists: one listpack while they are small, beyond that a counted tree of listpacks.
 *
 *   entry | key | listpack |                 "listpack"
 *   entry | key | pointer | -> tree          "quicklist", as clients know it
 *
 * Elements are named by their index from the head, 0 is the first; whoever has an index from the
 * tail adds the length.  They are read as listpack_value: a number, or borrowed bytes.
 *
 * Shapes   an element is at most LIST_ELEMENT_MAX bytes
 * Errors   negative enum status; a call that fails has changed nothing
 * Threads  hold the lock of the key
 * Memory   elements handed in must not lie in the list; a change ends iterators and borrowed bytes
 */
#ifndef LK_TYPES_LIST_H
#define LK_TYPES_LIST_H

#include "core/ds/listpack.h"
#include "core/types/value.h"

LK_BEGIN

enum list_end { LIST_HEAD, LIST_TAIL };

#define LIST_ELEMENT_MAX ((size_t)UINT32_MAX - 64)

uint64_t list_length(const struct value *v);

/* --- reading ------------------------------------------------------------------------------- */

/* A place in a list: fields are the list's own. */
struct list_iter {
    const unsigned char *p;  /* the element, NULL past either end */
    const unsigned char *lp; /* a small list's listpack, else NULL */
    struct tree_iter tree;   /* not set in a small list */
};

/* Each returns whether the iterator now stands on an element. */
bool list_iter_at(struct list_iter *it, const struct value *v, uint64_t index);
bool list_iter_next(struct list_iter *it);
bool list_iter_prev(struct list_iter *it);

static inline struct listpack_value list_iter_get(const struct list_iter *it)
{
    return listpack_get(it->p);
}

static inline bool list_iter_equal(const struct list_iter *it, const struct listpack_value *v)
{
    return listpack_equal(it->p, v);
}

/* Up to n elements from here on; the iterator moves behind them.  Returns how many there were. */
size_t list_iter_read(struct list_iter *it, struct listpack_value *out, size_t n);

/*
 * The listpack that holds the element, for files: a list is these blocks one after the other.  The
 * iterator stands on the block's first element, and then on that of the next.
 */
const unsigned char *list_iter_block(const struct list_iter *it);
bool list_iter_next_block(struct list_iter *it);

/* --- changing, on an open edit --------------------------------------------------------------- */

/* Pushes n >= 1 elements one after the other: at the head they end in reverse.  LK_ENOMEM,
 * LK_ETOOBIG */
int list_push(struct value_edit *e, enum list_end end, const struct bytes *v, size_t n);

/* Puts an element before the one at index, which may be the length.  LK_ENOMEM, LK_ETOOBIG */
int list_insert(struct value_edit *e, uint64_t index, struct bytes element);

/* LK_ENOMEM, LK_ETOOBIG */
int list_replace(struct value_edit *e, uint64_t index, struct bytes element);

/* Takes n elements out, which the list must have. */
void list_delete(struct value_edit *e, uint64_t index, uint64_t n);

/*
 * Takes out the first count elements that are equal to v, the last -count if it is negative, all of
 * them if it is 0.  Returns how many there were.
 */
uint64_t list_remove(struct value_edit *e, struct bytes element, int64_t count);

/* The element at the end `from` goes to the other end.  The list is not empty. */
void list_rotate(struct value_edit *e, enum list_end from);

/* --- making a list that is nowhere yet ------------------------------------------------------- */

/*
 * Elements are added at the tail; finish gives the value, in the encoding that the limits ask for.
 * A small one borrows its bytes from the builder, so that is released after the value was put.  A
 * builder that is released without having finished frees all of it.
 */
struct list_builder {
    const struct type_limits *limits;
    struct buf
        run; /* a listpack: all of a small list, of a large one what is not in the tree yet */
    struct tree *tree;
};

void list_build_begin(struct list_builder *b, const struct type_limits *limits);
void list_build_add(struct list_builder *b, const struct listpack_value *v);
/* All of a listpack that is known to be valid: a block of a file. */
void list_build_add_packed(struct list_builder *b, const unsigned char *lp);
void list_build_finish(struct list_builder *b, struct value *out);
void list_build_release(struct list_builder *b);

extern const struct type_ops list_type_ops;

LK_END

#endif
