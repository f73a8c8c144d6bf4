/*
 * table_due.c — deadlines in the units in which pages keep them.
 */
#include "core/ds/table_priv.h"

static int64_t due_base_ms;

void table_due_base(int64_t unix_ms)
{
    due_base_ms = unix_ms;
}

uint32_t table_due_unit(int64_t deadline_ms)
{
    if (deadline_ms == ENTRY_NO_DEADLINE)
        return TABLE_DUE_NONE;
    const int64_t unit = (deadline_ms - due_base_ms) / TABLE_DUE_MS;
    if (unit < 0)
        return 0;
    return unit < TABLE_DUE_NONE ? (uint32_t)unit : TABLE_DUE_NONE - 1;
}

int64_t table_due_end(uint32_t unit)
{
    return due_base_ms + ((int64_t)unit + 1) * TABLE_DUE_MS - 1;
}
