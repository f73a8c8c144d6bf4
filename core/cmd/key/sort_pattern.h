/*
 * sort_pattern.h — values that BY and GET name with a pattern.
 *
 *   w_*        the string at w_ and the element
 *   h_*->f     the field f of the hash at h_ and the element
 *   #          the element itself (GET alone)
 *
 * A pattern without a star names nothing.  As the element decides which keys are read, they are
 * looked up under the locks of all shards.
 */
#ifndef LK_CMD_SORT_PATTERN_H
#define LK_CMD_SORT_PATTERN_H

#include "core/cmd/engine/exec.h"

LK_BEGIN

struct sort_pattern {
    bool element;                /* it is "#" */
    bool star;                   /* else nothing is named */
    struct bytes before, behind; /* of the key */
    struct bytes field;          /* of a hash; data is NULL where a string is meant */
};

void sort_pattern_parse(struct bytes word, struct sort_pattern *out);

/*
 * The value for that element, with its bytes in *out: borrowed from the value, or made in scratch,
 * where the key is put together, too.  False if there is none.
 */
bool sort_pattern_find(struct exec *x, const struct sort_pattern *p, struct bytes element,
                       struct buf *scratch, struct bytes *out);

LK_END

#endif
