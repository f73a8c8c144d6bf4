/*
 * config_priv.h — the rows behind the configuration, for config*.c and its tests.
 *
 * One row says all there is to know of a directive: names, kind, bounds, first value, flags and
 * where its value lives in struct config.  Loading, CONFIG GET, SET and REWRITE are loops over
 * rows; no directive is named outside the tables and the few functions that a row points to.
 *
 *   words --(split)--> value words --(row's kind)--> member of a draft
 *
 * Memory   what a member points to is a blob: a counted block that snapshots share.  Counts change
 *          only under the holder's mutex.
 */
#ifndef LK_IO_CONFIG_PRIV_H
#define LK_IO_CONFIG_PRIV_H

#include "core/base/buf.h"
#include "io/config/config_holder.h"

LK_BEGIN

enum config_kind {
    CONFIG_KIND_BOOL,    /* bool */
    CONFIG_KIND_INT,     /* int64_t */
    CONFIG_KIND_OCTAL,   /* int64_t */
    CONFIG_KIND_MEMORY,  /* uint64_t */
    CONFIG_KIND_PERCENT, /* int64_t: bytes, or minus the percent */
    CONFIG_KIND_ENUM,    /* int */
    CONFIG_KIND_FLAGS,   /* int: a sum of choices */
    CONFIG_KIND_STRING,  /* const char *, a blob without NUL, or NULL */
    CONFIG_KIND_BYTES,   /* struct bytes, its data a blob or NULL */
    CONFIG_KIND_SPECIAL  /* what row->special says */
};

enum {
    CONFIG_IMMUTABLE = 1 << 0, /* only at start */
    CONFIG_HIDDEN = 1 << 1,    /* CONFIG GET shows it only by its exact name */
    CONFIG_PROTECTED = 1 << 2, /* enable-protected-configs decides */
    CONFIG_MULTI = 1 << 3,     /* takes several words; a single one is split at spaces */
    CONFIG_STORED = 1 << 4,    /* accepted, shown and saved, but nothing reads it */
    CONFIG_NULLABLE = 1 << 5,  /* an empty string unsets it */
    CONFIG_SECRET = 1 << 6,    /* never in a log; its kind is BYTES, which no NUL ends */
    CONFIG_BLOB = 1 << 7,      /* a special whose member begins with a pointer to a blob */
    CONFIG_ALWAYS = 1 << 8,    /* REWRITE writes it even at its default */
    CONFIG_DEMANDS = 1 << 9,   /* asks for safety or a role: refused where what it needs is not */
    CONFIG_VOLATILE = 1 << 10  /* names a file: acts anew when it is set to the same name */
};

struct config_choice {
    const char *name; /* NULL ends the list */
    int value;
};

struct config_row;

/* A draft being changed, and why the last change was refused. */
struct config_edit {
    struct config *draft;
    bool loading;   /* from file or command line: save lines add up */
    bool save_seen; /* loading: the defaults are gone */
    char error[320];
};

struct config_special {
    /* As config_edit_set, the words split already. */
    bool (*set)(struct config_edit *e, const struct config_row *row, const struct bytes *v,
                size_t n);
    /* The value as CONFIG GET shows it. */
    void (*show)(const struct config *c, const struct config_row *row, struct buf *out);
    /* Appends the lines for REWRITE, each ended by '\n'.  NULL: the name, a space and show. */
    void (*lines)(const struct config *c, const struct config_row *row, struct buf *out);
};

struct config_row {
    const char *name, *alias; /* alias: NULL, or the old name */
    const char *initial;      /* first value, as the words of a line */
    const struct config_choice *choices;
    const struct config_special *special;
    /* After a change: clamps the draft's member, or says why the value will not do. */
    const char *(*check)(struct config *draft);
    int64_t min;
    uint64_t max;
    uint16_t kind, flags, offset;
    uint16_t shown; /* INT: the member that CONFIG GET shows instead; 0: its own */
    uint16_t hook;  /* enum config_hook_id: who acts when it changes */
    uint16_t needs; /* enum config_feature: without it the directive does nothing */
};

struct config_table {
    const struct config_row *rows;
    size_t count;
};

extern const struct config_table config_table_net, config_table_process, config_table_data,
    config_table_persist, config_table_replica, config_table_cluster;

/* All rows in one numbering, 0 .. config_row_count()-1. */
size_t config_row_count(void);
const struct config_row *config_row_at(size_t index);
/* By name or alias, any case; NULL if there is none.  *aliased says which it was. */
const struct config_row *config_row_find(struct bytes name, bool *aliased);
size_t config_row_index(const struct config_row *row);

/* config_value.c: members by kind. */
LK_MUST_USE bool config_edit_set(struct config_edit *e, const struct config_row *row,
                                 const struct bytes *v, size_t n);
bool config_refuse(struct config_edit *e, const char *format, ...) LK_PRINTF(2, 3);
void config_show(const struct config *c, const struct config_row *row, struct buf *out);
bool config_same(const struct config *a, const struct config *b, const struct config_row *row);
void config_show_memory(uint64_t bytes, struct buf *out); /* with the largest whole unit */
void config_rewrite_lines(const struct config *c, const struct config_row *row, struct buf *out);
bool config_parse_long(struct bytes word, int64_t *out); /* as strtoll(3), the whole word */

/* config_need.c: directives of features that the server does not have. */
/* NULL, or why the value that the draft has now must be refused. */
const char *config_need_unmet(const struct config_holder *h, const struct config *draft,
                              const struct config_row *row);
/* The same for a line of the file that is an order to another part. */
const char *config_need_unmet_order(const struct config_holder *h, enum config_feature needs);

/* config_choice.c: lists of choices. */
bool config_choice_find(const struct config_choice *list, struct bytes word, int *value);
const char *config_choice_name(const struct config_choice *list, int value);
extern const struct config_choice config_choice_io_backend[], config_choice_access[],
    config_choice_policy[], config_choice_fsync[], config_choice_supervised[],
    config_choice_sanitize[], config_choice_diskless_load[], config_choice_oom[],
    config_choice_channels[], config_choice_endpoint[], config_choice_tls_clients[],
    config_choice_tls_user[], config_choice_propagation[], config_choice_shutdown[],
    config_choice_loglevel[], config_choice_facility[];

/* config_special*.c: directives with a form of their own. */
extern const struct config_special config_special_bind, config_special_save,
    config_special_buffer_limit, config_special_oom_values, config_special_notify,
    config_special_percentiles, config_special_replicaof, config_special_dir;

/* config_check.c: values that depend on more than their bounds. */
const char *config_check_policy(struct config *c);
const char *config_check_hz(struct config *c);
const char *config_check_shards(struct config *c);
const char *config_check_watchdog(struct config *c);
const char *config_check_backlog(struct config *c);
const char *config_check_dbfilename(struct config *c);
const char *config_check_appendfilename(struct config *c);
const char *config_check_appenddirname(struct config *c);
const char *config_check_proc_title(struct config *c);
const char *config_check_hostname(struct config *c);
const char *config_check_nodename(struct config *c);
const char *config_check_ipv4(struct config *c);
const char *config_check_ipv6(struct config *c);
const char *config_check_sigint(struct config *c);
const char *config_check_sigterm(struct config *c);
/* Fills in what follows from other members: effective workers and shards. */
void config_settle(struct config *c, int cpus);

/* config_cpu.c: CPUs this process may use: its affinity and its cgroups' quotas, at least 1. */
int config_cpu_count(void);
/* The quota of cgroup path below root (both versions' files), rounded up; 0 if there is none. */
int config_cpu_quota(const char *root, const char *path);

/* config_words.c: lines and quotes. */
struct config_words {
    struct buf storage; /* the words' bytes, each followed by a NUL */
    struct bytes *v;
    size_t n, capacity;
};
/* The words of a line; false if a quote is not closed.  v dies at the next split or release. */
bool config_words_split(struct config_words *w, struct bytes line);
/* Split at every single space, as a value of CONFIG SET; "" has no words. */
void config_words_split_value(struct config_words *w, struct bytes value);
void config_words_release(struct config_words *w);
struct bytes config_trim(struct bytes line); /* without blanks, tabs, CR, LF at either end */

/* config_blob.c: what snapshots share.  A blob begins with one holder; all take NULL. */
void *config_blob_new(size_t size); /* zeroed */
void config_blob_share(const void *blob);
void config_blob_drop(const void *blob);

/* config_snapshot.c: drafts and snapshots. */
struct config *config_draft_new(int cpus); /* all defaults */
struct config *config_draft_copy(const struct config *c);
void config_draft_free(struct config *c);

/* config_holder.c, for loading and rewriting. */
struct config_directive *config_holder_keep(struct config_holder *h, struct bytes text, int line,
                                            const struct bytes *argv, size_t argc);
const char *config_holder_keep_string(struct config_holder *h, struct bytes s);
void config_holder_lock(struct config_holder *h);
void config_holder_unlock(struct config_holder *h);
int config_holder_cpus(const struct config_holder *h);
void config_holder_publish(struct config_holder *h, struct config *draft); /* takes it */
const struct config *config_holder_defaults(const struct config_holder *h);
const struct config_hook *config_holder_hook(const struct config_holder *h, enum config_hook_id id);

/* config_load.c */
struct config_loader {
    struct config_holder *holder;
    struct config_edit edit;
    struct buf *error;
    const struct config_directive **tail[4]; /* rename-command, user, loadmodule, sentinel */
};
/* Reads text into the loader's draft; depth counts the includes around it. */
LK_MUST_USE int config_load_lines(struct config_loader *l, struct bytes text, int depth);
LK_MUST_USE int config_load_whole(struct config_holder *h, struct config *draft, struct bytes text,
                                  struct buf *error);
/* Appends the file's bytes. */
LK_MUST_USE int config_read_file(const char *path, struct buf *out, struct buf *error);
LK_MUST_USE int config_read_fd(int fd, struct buf *out);

/* --- config_file.c --------------------------------------------------------------------------- */

/* Replaces the file whole or not at all, and keeps its mode; false: errno says what failed. */
bool config_replace_file(const char *path, struct bytes text);

LK_END

#endif
