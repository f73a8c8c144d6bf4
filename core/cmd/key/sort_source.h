/*
 * sort_source.h — the elements that SORT sorts, of any type that has some.
 *
 * A new type is one walk and one row.
 *
 * Threads  hold the lock of the key
 * Memory   texts are borrowed from the value
 */
#ifndef LK_CMD_SORT_SOURCE_H
#define LK_CMD_SORT_SOURCE_H

#include "core/types/value.h"

LK_BEGIN

/* A text, or a number whose digits are the text. */
struct sort_element {
    const char *data; /* NULL: a number */
    union {
        size_t size;
        int64_t number;
    } as;
};

static inline struct bytes sort_element_text(const struct sort_element *e, char digits[INT64_CHARS])
{
    return e->data ? bytes_of(e->data, e->as.size)
                   : bytes_of(digits, int64_to_chars(e->as.number, digits));
}

bool sort_can(const struct value *v);        /* may a value of this type be sorted? */
bool sort_is_ordered(const struct value *v); /* have its elements an order of their own? */

/*
 * Writes the elements at [from, to) of the value's own order, from its end if backwards (which
 * means nothing to values without an order) to out.
 */
void sort_elements(const struct value *v, uint64_t from, uint64_t to, bool backwards,
                   struct sort_element *out);

LK_END

#endif
