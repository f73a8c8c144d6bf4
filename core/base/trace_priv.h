/*
 * trace_priv.h — the system's log, kept apart.
 *
 * <syslog.h> gives out names that begin with LOG_, so only one file sees it.
 */
#ifndef LK_BASE_TRACE_PRIV_H
#define LK_BASE_TRACE_PRIV_H

#include "core/base/attr.h"

LK_BEGIN

void trace_syslog_open(const char *ident, int facility);
void trace_syslog_write(int level, const char *message); /* level as in trace.h */

LK_END

#endif
