/*
 * packed.h — a listpack that is a value's payload, changed where it lies in the entry.
 *
 * Small lists, hashes, sets and sorted sets are one listpack.  It may stand behind a head of the
 * type's own, `skip` bytes long.
 *
 * Memory   every change ends the life of pointers into the listpack; values handed in must not
 *          point into it
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_PACKED_H
#define LK_TYPES_PACKED_H

#include "core/ds/listpack.h"
#include "core/types/value.h"

LK_BEGIN

static inline const unsigned char *packed_of(const struct value *v, size_t skip)
{
    return (const unsigned char *)v->as.bytes.data + skip;
}

/* The payload of an empty one, without a head: for the `empty` of a type. */
struct bytes packed_empty(void);

/*
 * Puts n values before the entry p (NULL: at the end), after cutting cut entries from p on.
 * LK_ENOMEM  and nothing has changed
 * Cost       a move of what lies behind p; growth within a size class copies nothing else
 */
int packed_splice(struct value_edit *e, size_t skip, const unsigned char *p, size_t cut,
                  const struct listpack_value *v, size_t n);

/* One string of less than LISTPACK_SHORT bytes at p (NULL: at the end).  LK_ENOMEM */
int packed_insert_short(struct value_edit *e, size_t skip, const unsigned char *p, struct bytes s);

static inline int packed_insert(struct value_edit *e, size_t skip, const unsigned char *p,
                                const struct listpack_value *v, size_t n)
{
    return packed_splice(e, skip, p, 0, v, n);
}

/*
 * Does the first entry of each group of `parts` differ from that of every other?  The list holds
 * whole groups.  Cost O(n^2)
 */
bool packed_distinct(const unsigned char *lp, unsigned parts);

/* Taking away never fails. */
void packed_delete(struct value_edit *e, size_t skip, const unsigned char *p, size_t n);

LK_END

#endif
