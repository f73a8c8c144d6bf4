/*
 * trace.h — the server's log lines.
 *
 * "PID:ROLE DAY MON YEAR HH:MM:SS.mmm LEVEL message", the form that tools match on.
 *
 * Threads  any; a line is written whole
 */
#ifndef LK_BASE_TRACE_H
#define LK_BASE_TRACE_H

#include "core/base/attr.h"

#include <stdbool.h>

LK_BEGIN

enum trace_level { TRACE_DEBUG, TRACE_VERBOSE, TRACE_NOTICE, TRACE_WARNING, TRACE_NOTHING };

void trace_line(enum trace_level level, const char *format, ...) LK_PRINTF(2, 3);
/* The caller's stack, a line a frame, as warnings. */
void trace_stack(void);

void trace_set_level(enum trace_level level);
/* An empty path is standard output; a file is opened anew for each line, so that it may be moved.
 */
void trace_set_file(const char *path);
void trace_set_syslog(bool on, const char *ident, int facility);
/* "user", "local0" .. "local7", in any case; -1 for other names. */
int trace_syslog_facility(const char *name);
void trace_set_role(char role); /* 'M' master, 'S' replica, 'X' sentinel, 'C' child */

LK_END

#endif
