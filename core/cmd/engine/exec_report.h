/*
 * exec_report.h — what the databases hold, for INFO, MEMORY and DEBUG.
 *
 * Threads  the worker that runs the command; shard by shard, each under its lock, asleep for none
 */
#ifndef LK_CMD_EXEC_REPORT_H
#define LK_CMD_EXEC_REPORT_H

#include "core/cmd/engine/exec.h"
#include "core/ds/table.h"

LK_BEGIN

struct db_report {
    uint32_t db;
    uint64_t keys, deadlines;     /* entries, and those with a deadline of their own */
    uint64_t inner;               /* entries whose elements have deadlines */
    uint64_t ttl_ms, ttl_samples; /* sum over some entries with a deadline, and how many */
    uint64_t due;                 /* tables with entries past their deadline */
    uint64_t table_bytes;
    uint64_t tables, moving; /* with entries; of those, being moved to another size */
    uint64_t pages, buckets, overflow_pages, guests;
};

struct db_reports {
    struct db_report *v; /* in the order of db; only databases with keys */
    uint32_t n, capacity;
};

/*
 * RUN_DONE, or what the handler is to return, to call it again when it is run again.  *out is the
 * session's and lives until the command ends.  shape: fills the figures of pages too, which costs a
 * look at each.
 */
enum outcome exec_report_dbs(struct exec *x, bool shape, const struct db_reports **out);

LK_END

#endif
