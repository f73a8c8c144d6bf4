/*
 * loose.h — a value that is changed before it is anywhere: what files hold becomes one.
 *
 * The type's own calls work on the edit, and leave a compact encoding where the limits say so.
 *
 * Memory   the payload of an inline encoding lies in the caller's buffer; nodes belong to the value
 */
#ifndef LK_TYPES_LOOSE_H
#define LK_TYPES_LOOSE_H

#include "core/types/value.h"

LK_BEGIN

struct loose {
    struct value_edit edit; /* no view can see it */
    struct buf *payload;    /* all of it */
};

/* An empty value of the type, which has one. */
void loose_begin(struct loose *l, unsigned type, const struct type_limits *limits,
                 struct buf *payload);

/* Takes the bytes for its payload as they are, wherever they lie, in that encoding. */
void loose_adopt(struct loose *l, unsigned encoding, struct bytes b);

/* Frees what there is. */
static inline void loose_drop(struct loose *l)
{
    value_release(&l->edit.value);
}

LK_END

#endif
