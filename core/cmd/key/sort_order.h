/*
 * sort_order.h — elements in the order of their weights.
 *
 * A weight is a number or a text; an element without one of its own is its own weight.  Numbers
 * that are equal leave it to the elements' texts; texts that are equal leave the elements in the
 * order in which they came, or where they came in none, to their texts: so that whoever replays
 * the command gets the same.
 */
#ifndef LK_CMD_SORT_ORDER_H
#define LK_CMD_SORT_ORDER_H

#include "core/cmd/key/sort_source.h"
#include "core/ds/order.h"

LK_BEGIN

struct sort_work {
    const struct sort_element *element;
    size_t n;
    const struct bytes *weight; /* texts of their own, of each element; data NULL: none; or NULL */
    bool ordered;               /* the elements came in an order */
    bool descending;
    struct order_item *item; /* n of them: in the end their indices at [from, to) are the result */
};

/* A weight as clients write numbers; false if it is none. */
bool sort_number(struct bytes text, double *out);

/* The items' keys are those of numbers (order_key_of_double). */
void sort_by_numbers(struct sort_work *w, size_t from, size_t to);
void sort_by_texts(struct sort_work *w, size_t from, size_t to);

LK_END

#endif
