/*
 * human.h — sizes as people read them: "1.50M".
 *
 * Threads  pure functions
 */
#ifndef LK_IO_ADMIN_HUMAN_H
#define LK_IO_ADMIN_HUMAN_H

#include "core/base/attr.h"

#include <stdint.h>

LK_BEGIN

enum { HUMAN_CHARS = 32 };

/* Two decimals and a letter for each power of 1024; plain bytes below one K.  Returns out. */
const char *human_bytes(uint64_t bytes, char out[HUMAN_CHARS]);

LK_END

#endif
