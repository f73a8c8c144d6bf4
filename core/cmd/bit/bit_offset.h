/*
 * bit_offset.h — positions of bits as clients write them.
 */
#ifndef LK_CMD_BIT_OFFSET_H
#define LK_CMD_BIT_OFFSET_H

#include "core/cmd/engine/exec.h"

LK_BEGIN

/*
 * A bit within proto-max-bulk-len.  With a width above 0, "#n" is the n-th field of that width.
 * False: the error is written.
 */
bool bit_offset_parse(struct exec *x, struct bytes word, unsigned width, uint64_t *out);

LK_END

#endif
