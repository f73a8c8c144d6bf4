/*
 * aof_manifest.h — which files make up an append-only file.
 *
 *   file appendonly.aof.1.base.rdb seq 1 type b      the base: a snapshot, or commands
 *   file appendonly.aof.1.incr.aof seq 1 type i      what was written since, in this order
 *   file appendonly.aof.0.base.rdb seq 0 type h      history: to be deleted
 *
 * Names with odd bytes are quoted.  The text is that of Redis 7, which reads ours and the other way
 * round.
 *
 * Threads  one owner at a time
 * Source   the multi-part AOF of Redis 7, as its documentation and a server's files show it
 */
#ifndef LK_PERSIST_AOF_MANIFEST_H
#define LK_PERSIST_AOF_MANIFEST_H

#include "core/base/buf.h"
#include "core/base/status.h"

LK_BEGIN

enum aof_file_kind { AOF_BASE = 'b', AOF_INCR = 'i', AOF_HISTORY = 'h' };

struct aof_file {
    char *name; /* without the directory */
    int64_t seq;
    enum aof_file_kind kind;
};

struct aof_manifest {
    struct aof_file *files; /* history, then the base if there is one, then incrs in order */
    size_t count, capacity;
    int64_t base_seq, incr_seq; /* the highest so far */
};

void aof_manifest_release(struct aof_manifest *m);
void aof_manifest_copy(const struct aof_manifest *from, struct aof_manifest *to);

/* LK_EFORMAT, and in error what is wrong with which line. */
int aof_manifest_parse(struct bytes text, struct aof_manifest *out, struct buf *error);
void aof_manifest_print(const struct aof_manifest *m, struct buf *out);

/* NULL if there is none. */
const struct aof_file *aof_manifest_base(const struct aof_manifest *m);
const struct aof_file *aof_manifest_last_incr(const struct aof_manifest *m);

/* Each makes the name that comes next, of the configured file name, and returns the new file. */
const struct aof_file *aof_manifest_add_incr(struct aof_manifest *m, const char *filename);
/*
 * The new base stands for the old one and for all incrs but the last `keep`: they become history.
 */
const struct aof_file *aof_manifest_new_base(struct aof_manifest *m, const char *filename, bool rdb,
                                             size_t keep);
/* An old single file as the base of a new manifest. */
void aof_manifest_adopt(struct aof_manifest *m, const char *filename);
/* Forgets the history; the caller has deleted the files. */
void aof_manifest_drop_history(struct aof_manifest *m);

LK_END

#endif
