/*
 * info_fields.c — the lines of INFO.
 */
#include "io/admin/info/human.h"
#include "io/admin/info/info.h"

#include <inttypes.h>

void info_text(struct info *i, const char *name, const char *value)
{
    buf_printf(i->out, "%s:%s\r\n", name, value);
}

void info_number(struct info *i, const char *name, int64_t value)
{
    buf_printf(i->out, "%s:%" PRId64 "\r\n", name, value);
}

void info_count(struct info *i, const char *name, uint64_t value)
{
    buf_printf(i->out, "%s:%" PRIu64 "\r\n", name, value);
}

void info_ratio(struct info *i, const char *name, double value)
{
    buf_printf(i->out, "%s:%.2f\r\n", name, value);
}

void info_human(struct info *i, const char *name, uint64_t bytes)
{
    char text[HUMAN_CHARS];
    info_text(i, name, human_bytes(bytes, text));
}

void info_format(struct info *i, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(i->out, format, args);
    va_end(args);
    buf_append_cstr(i->out, "\r\n");
}
