/*
 * config_holder.h — who owns the configuration: loading, reading, changing and saving it.
 *
 * The holder has one current snapshot and those that it replaced.  Readers take the current
 * pointer without a lock; writers queue on the holder's mutex, build a whole new snapshot, let the
 * hooks act on it and swap the pointer.
 *
 *   config_set --> draft = copy of current --> parse --> prepare --> current = draft --> applied
 *                                      \________\___ an error: undo what is prepared, drop the
 * draft
 *
 * Errors   a negative enum status and the text that the client or the operator sees, without the
 *          leading "ERR"; a call that fails has changed nothing
 * Threads  config_current and config_get from any thread, without waiting; config_set and
 *          config_rewrite from any thread, one at a time; the others before threads start or after
 *          they end
 * Memory   a replaced snapshot stays readable until config_reclaim or config_holder_free.  Strings
 *          are shared between snapshots, so each costs 1.3 KiB.  Without any config_reclaim that is
 *          a leak as long as CONFIG SET is called, so the owner calls it where it knows that no
 *          reader is inside a batch: with the gate held exclusively, or once every worker and
 *          thread has taken the pointer anew.
 */
#ifndef LK_IO_CONFIG_HOLDER_H
#define LK_IO_CONFIG_HOLDER_H

#include "core/base/buf.h"
#include "io/config/config.h"

LK_BEGIN

struct config_holder;

/* All defaults; the working directory and the CPUs are asked for now. */
struct config_holder *config_holder_new(void);
void config_holder_free(struct config_holder *h);

/* Never NULL.  Keep the pointer for a batch, not longer. */
const struct config *config_current(const struct config_holder *h);

/* Frees the replaced snapshots; no reader may still hold one.  Returns how many there were. */
size_t config_reclaim(struct config_holder *h);
/* How many wait for that; any thread. */
size_t config_replaced(const struct config_holder *h);

/*
 * Features that a server may lack, and that directives need.  A directive that asks for safety or
 * for a role is refused without its feature, in the file as in CONFIG SET; one that only tunes is
 * kept, and config_log_unmet names it.
 */
enum config_feature {
    CONFIG_NEEDS_NOTHING,
    CONFIG_NEEDS_TLS,
    CONFIG_NEEDS_REPLICATION,
    CONFIG_NEEDS_CLUSTER,
    CONFIG_NEEDS_SENTINEL,
    CONFIG_NEEDS_MODULES,
    CONFIG_NEEDS_EVICTION,
    CONFIG_NEEDS_CLIENT_EVICTION,
    CONFIG_NEEDS_PUBSUB,
    CONFIG_NEEDS_REPLICA,
    CONFIG_NEEDS_TRACKING,
    CONFIG_NEEDS_SCRIPTS,
    CONFIG_FEATURES
};

/* The server has it.  Before anything is loaded. */
void config_provide(struct config_holder *h, enum config_feature feature);
bool config_has(const struct config_holder *h, enum config_feature feature);

/* One line of the log for each feature that is missing and tuned, and one for what nothing reads.
 */
void config_log_unmet(const struct config_holder *h);

/* What the first argument asks for instead of, or besides, a server. */
enum config_request {
    CONFIG_REQUEST_RUN,
    CONFIG_REQUEST_VERSION,     /* -v, --version */
    CONFIG_REQUEST_HELP,        /* -h, --help */
    CONFIG_REQUEST_TEST_MEMORY, /* --test-memory <megabytes> */
    CONFIG_REQUEST_CHECK_SYSTEM /* --check-system */
};
enum config_request config_request_of(int argc, char *const *argv);

/*
 * argv: [file] [--directive value ...]... [-]; "-" first or last reads stdin_fd to its end.  The
 * lines count on from the file through standard input to the options, as one text.  `dir` changes
 * the working directory at once, so that what follows is found there.
 *
 * LK_EFORMAT  error holds the whole block for standard error, beginning with a new line
 * LK_EIO      a file that could not be read: error holds one line for the log
 */
LK_MUST_USE int config_load_args(struct config_holder *h, int argc, char *const *argv, int stdin_fd,
                                 struct buf *error);

/* The same for a text alone. */
LK_MUST_USE int config_load_text(struct config_holder *h, struct bytes text, struct buf *error);

/* The block for standard error when another part refuses a directive of the file. */
void config_directive_fatal(const struct config_directive *d, const char *why, struct buf *out);

/*
 * CONFIG GET: calls emit once for each directive (by its name, its alias or both) that a pattern
 * matches.  A pattern without * ? [ names one directive, hidden ones too, and comes back as given.
 * The bytes die when emit returns.
 */
typedef void config_emit(void *ctx, struct bytes name, struct bytes value);
void config_get(const struct config_holder *h, const struct bytes *patterns, size_t count,
                config_emit *emit, void *ctx);

/* Should the log and the slow log hide the value of this directive? */
bool config_is_secret(struct bytes name);

struct config_pair {
    struct bytes name, value;
};

/*
 * Parts of the server that act when certain directives change: a row names the part (config_row.h,
 * .hook), and the part registers one hook.  A change of a row whose part is not there is refused.
 */
enum config_hook_id {
    CONFIG_HOOK_NONE,    /* readers see the new state, and that is all there is to it */
    CONFIG_HOOK_ENGINE,  /* whatever has changed: dispatch reads the new state from now on */
    CONFIG_HOOK_TLS,     /* certificates and how they are used */
    CONFIG_HOOK_LISTEN,  /* sockets to listen on */
    CONFIG_HOOK_CLIENTS, /* how many clients there may be */
    CONFIG_HOOK_MEMORY,  /* maxmemory */
    CONFIG_HOOK_AOF,     /* whether and how the AOF is written */
    CONFIG_HOOK_SLOWLOG, /* its length */
    CONFIG_HOOK_LOG,     /* the log's level */
    CONFIG_HOOK_EVENTS,  /* keyspace events */
    CONFIG_HOOK_PROCESS, /* what the system sees and says: title, score, signals */
    CONFIG_HOOK_CLUSTER, /* what this node tells the others, and how patient it is */
    CONFIG_HOOK_REPL,    /* the backlog's size, and how many replicas writes need */
    CONFIG_HOOK_USERS,   /* requirepass, acl-pubsub-default, acllog-max-len */
    CONFIG_HOOKS
};

struct config_hook {
    /*
     * Before the new state is current: NULL, or why the part cannot follow, and then it must have
     * changed nothing.  To undo, it is called with the two exchanged.  May be left out.
     */
    const char *(*prepare)(void *ctx, const struct config *before, const struct config *after);
    /* The new state is current, and nothing can undo that.  May be left out. */
    void (*applied)(void *ctx, const struct config *before, const struct config *after);
    void *ctx;
};

/*
 * Once for each id, before the first change.  Hooks run one call at a time, in the order of their
 * ids, each once a call; a hook must not change the configuration itself.
 */
void config_register(struct config_holder *h, enum config_hook_id id,
                     const struct config_hook *hook);

/*
 * CONFIG SET, all or nothing.  local says that the client came over loopback or the Unix socket
 * (for enable-protected-configs local).  Values that change nothing make no snapshot and call no
 * hook.
 *
 * LK_ESYNTAX  error holds what the client is told
 */
LK_MUST_USE int config_set(struct config_holder *h, const struct config_pair *pairs, size_t count,
                           bool local, struct buf *error);

/*
 * The server's own change (REPLICAOF, CLUSTER, a chosen pid file): as CONFIG SET of one pair, but
 * whatever the directive's flags, and of the hooks only the engine's.
 */
LK_MUST_USE int config_put(struct config_holder *h, struct bytes name, struct bytes value,
                           struct buf *error);

/*
 * Lines that another part owns ("user", "loadmodule", "sentinel monitor"): whole lines, as in the
 * file.  A directive of two words owns the lines that begin with both.
 */
struct config_owned_lines {
    const char *directive; /* in lower case */
    const struct bytes *lines;
    size_t count;
};

/*
 * CONFIG REWRITE: the file keeps its comments, its order and what it includes; changed lines are
 * replaced, repeated ones become one, what differs from the defaults and is not there yet is added
 * at the end.  The new file replaces the old one whole or not at all, and keeps its mode.  Lines
 * of a directive that no owned entry names stay as they are.
 *
 * LK_EIO    error says what failed
 * LK_ENOKEY the server runs without a file
 */
LK_MUST_USE int config_rewrite(struct config_holder *h, const struct config_owned_lines *owned,
                               size_t owned_count, struct buf *error);
/* The same with a line for every directive, whatever its value. */
LK_MUST_USE int config_rewrite_all(struct config_holder *h, struct buf *error);

/* One word of the file, in quotes: whatever bytes it has. */
void config_quote(struct bytes word, struct buf *out);

/* A size as the file has them: digits and a unit, of any case. */
bool config_parse_memory(struct bytes word, uint64_t *out);

LK_END

#endif
