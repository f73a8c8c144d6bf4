/*
 * info.h — the sections of INFO.
 *
 * A section is a row: its name, how it is headed, when it is shown, and what writes its fields.
 * All fields are "name:value" lines; the numbers behind them are gathered once a call.
 *
 * Threads  the worker that runs INFO
 */
#ifndef LK_IO_ADMIN_INFO_H
#define LK_IO_ADMIN_INFO_H

#include "core/cmd/engine/exec_report.h"
#include "io/admin/admin_priv.h"

LK_BEGIN

struct info {
    struct exec *x;
    struct admin *admin;
    struct engine *engine;
    const struct config *config;
    const struct stats *totals;
    struct admin_worker workers;  /* sums; backend of the first */
    const struct db_reports *dbs; /* NULL unless a section asked for them */
    struct admin_persistence persistence;
    size_t used_bytes;
    struct buf *out;
};

struct info_section {
    const char *name, *heading;
    bool by_default, in_all;
    bool of_sentinel; /* a Sentinel has it, too */
    bool needs_dbs;
    bool of_tls; /* without TLS it is shown by its name alone */
    void (*write)(struct info *i);
};

extern const struct info_section info_sections[]; /* in the order of output; ends with {0} */

/* Appends the sections whose bit is set, by their index. */
enum outcome info_write(struct exec *x, uint64_t sections, struct buf *out);

/* info_fields.c: one field. */
void info_text(struct info *i, const char *name, const char *value);
void info_number(struct info *i, const char *name, int64_t value);
void info_count(struct info *i, const char *name, uint64_t value);
void info_ratio(struct info *i, const char *name, double value); /* two decimals */
void info_human(struct info *i, const char *name, uint64_t bytes);
void info_format(struct info *i, const char *format, ...) LK_PRINTF(2, 3); /* the whole line */

/* info_*.c */
void info_server(struct info *i);
void info_clients(struct info *i);
void info_memory(struct info *i);
void info_persistence(struct info *i);
void info_stats(struct info *i);
void info_replication(struct info *i);
void info_cpu(struct info *i);
void info_modules(struct info *i);
void info_commandstats(struct info *i);
void info_errorstats(struct info *i);
void info_latencystats(struct info *i);
void info_cluster(struct info *i);
void info_keyspace(struct info *i);
void info_debug(struct info *i);
void info_tls(struct info *i);
bool info_has_tls(const struct admin *a);
void info_of_sentinel(struct info *i);

LK_END

#endif
