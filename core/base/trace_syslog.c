/*
 * trace_syslog.c — log lines for the system's log.
 */
#include "core/base/trace.h"
#include "core/base/trace_priv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

void trace_syslog_open(const char *ident, int facility)
{
    /* openlog keeps the pointer. */
    static char kept[64];

    closelog();
    snprintf(kept, sizeof kept, "%s", ident);
    openlog(kept, LOG_PID | LOG_NDELAY | LOG_NOWAIT, facility);
}

void trace_syslog_write(int level, const char *message)
{
    static const int priorities[] = {LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING};

    LK_ASSERT(level >= 0 && (size_t)level < sizeof priorities / sizeof *priorities);
    syslog(priorities[level], "%s", message);
}

int trace_syslog_facility(const char *name)
{
    static const struct {
        const char *name;
        int facility;
    } known[] = {
        {"user", LOG_USER},     {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
        {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
        {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(name, known[i].name) == 0)
            return known[i].facility;
    return -1;
}
