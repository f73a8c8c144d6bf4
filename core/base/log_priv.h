/*
 * log_priv.h — the system's log, kept apart.
 *
 * <syslog.h> and log.h both name a LOG_DEBUG, with different values, so only one file sees the
 * former.
 */
#ifndef LK_BASE_LOG_PRIV_H
#define LK_BASE_LOG_PRIV_H

#include "core/base/attr.h"

LK_BEGIN

void log_syslog_open(const char *ident, int facility);
void log_syslog_write(int level, const char *message); /* level as in log.h */

LK_END

#endif
