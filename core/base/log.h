/*
 * log.h — the server's log lines.
 *
 * "PID:ROLE DAY MON YEAR HH:MM:SS.mmm LEVEL message", the form that tools match on.
 *
 * Threads  any; a line is written whole
 */
#ifndef LK_BASE_LOG_H
#define LK_BASE_LOG_H

#include "core/base/attr.h"

#include <stdbool.h>

LK_BEGIN

enum log_level { LOG_DEBUG, LOG_VERBOSE, LOG_NOTICE, LOG_WARNING, LOG_NOTHING };

void log_line(enum log_level level, const char *format, ...) LK_PRINTF(2, 3);
/* The caller's stack, a line a frame, as warnings. */
void log_stack(void);

void log_set_level(enum log_level level);
/* An empty path is standard output; a file is opened anew for each line, so that it may be moved.
 */
void log_set_file(const char *path);
void log_set_syslog(bool on, const char *ident, int facility);
/* "user", "local0" .. "local7", in any case; -1 for other names.  (<syslog.h> does not go with
 * this header: both name a LOG_DEBUG.) */
int log_syslog_facility(const char *name);
void log_set_role(char role); /* 'M' master, 'S' replica, 'X' sentinel, 'C' child */

LK_END

#endif
