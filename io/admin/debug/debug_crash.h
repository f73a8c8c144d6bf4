/*
 * debug_crash.h — ends the process in the ways in which it might end by itself.
 */
#ifndef LK_IO_ADMIN_DEBUG_CRASH_H
#define LK_IO_ADMIN_DEBUG_CRASH_H

#include "core/base/attr.h"

LK_BEGIN

void crash_by_segfault(void);
LK_NORETURN void crash_by_panic(void);
LK_NORETURN void crash_by_assertion(void);
void crash_by_allocation(void);

LK_END

#endif
