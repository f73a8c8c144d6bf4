/*
 * doctor.h — what looks wrong with the use of memory, in sentences.
 *
 * Threads  any
 */
#ifndef LK_IO_ADMIN_DOCTOR_H
#define LK_IO_ADMIN_DOCTOR_H

#include "io/admin/memory/memory_report.h"

LK_BEGIN

void doctor_write(const struct memory_report *m, struct buf *out);

LK_END

#endif
