/*
 * exec.h — all that a command's handler may touch.
 *
 * Before run() dispatch has checked arity, permissions and memory, and holds the lock of every key
 * that the row names.  A handler reads and changes keys through the calls below, writes its reply
 * into x->reply, and returns.  What it changed is logged by itself: the command as it came, unless
 * the handler names deterministic effects.
 *
 * Units    *_ms is Unix time in ms
 * Errors   negative enum status; reply_status() turns them into the words that clients know
 * Threads  the worker that runs the command
 */
#ifndef LK_CMD_EXEC_H
#define LK_CMD_EXEC_H

#include "core/base/clock.h"
#include "core/cmd/client/session.h"
#include "core/cmd/command/command.h"
#include "core/cmd/engine/dispatch_config.h"
#include "core/proto/resp_write.h"
#include "core/types/value.h"

LK_BEGIN

struct dispatcher;
struct admin;

struct exec {
    const struct command *cmd;
    const struct command *container; /* the row that has cmd among its subcommands, or NULL */
    struct session *session;         /* never NULL; loading has one of its own */
    struct reply *reply;
    uint32_t db;                   /* the selected database when the command began */
    int64_t now_ms;                /* one moment for the whole command, transaction or script */
    uint32_t events;               /* enum event_class: the keyspace events that somebody wants */
    uint64_t changes;              /* so far by this command: rdb_changes_since_last_save */
    struct dispatcher *dispatcher; /* of the worker; only core/cmd's own plumbing looks inside */
    struct admin *admin; /* of the server; only io/admin looks inside; NULL in unit tests */
    struct buf *scratch; /* for str_bytes and the like; empty at the handler's start */
};

/* Limits and switches that handlers read; an immutable snapshot of the configuration. */
const struct command_limits *exec_limits(const struct exec *x);

/* Is this server a node of a cluster?  Then there is one database. */
bool exec_in_cluster(const struct exec *x);

/* Is it a command of a script? */
bool exec_in_script(const struct exec *x);

/* May the session's user read all keys by this call, also those that no argument names? */
bool exec_reads_all_keys(const struct exec *x, const struct args *a);

struct rng *exec_rng(struct exec *x); /* the worker's; what it gives is never logged */

/* --- reading ------------------------------------------------------------------------------- */

/*
 * Finds key in the selected database.  A key that does not exist, or whose deadline has passed,
 * gives LK_OK and a value of TYPE_NONE.  Counts a hit or miss and touches the LRU bits.
 * LK_ETYPE  it exists and type is neither TYPE_ANY nor its type
 */
int exec_find(struct exec *x, struct bytes key, unsigned type, struct value *out);

/*
 * As exec_find for each of n keys in their order, with take called behind each: with TYPE_NONE for
 * a key that is not there or not of the type.  take writes the reply, and makes no exec call.
 * Cost  the cache misses of keys are waited for together; first of all keys of a command in the
 *       order in which its row names them
 */
typedef void exec_take(struct exec *x, const struct value *v);
void exec_find_each(struct exec *x, const struct bytes *keys, uint32_t n, unsigned type,
                    exec_take *take);

/* As exec_find, but leaves the LRU bits alone: for questions about a key, not its value. */
int exec_find_untouched(struct exec *x, struct bytes key, unsigned type, struct value *out);

/* As exec_find_untouched, and a miss is no event: for questions about how a value is kept. */
int exec_find_unheard(struct exec *x, struct bytes key, unsigned type, struct value *out);

/* As exec_find_silently, and a key whose deadline has passed is found, too: for DEBUG. */
int exec_find_stored(struct exec *x, struct bytes key, unsigned type, struct value *out);

/* As exec_find, but for writers and for curious commands: no statistics, no LRU. */
int exec_find_silently(struct exec *x, struct bytes key, unsigned type, struct value *out);

/*
 * As exec_find for a key that is no argument: its bytes may be overwritten by the next one's.  Only
 * under the locks of all shards.
 */
int exec_find_made(struct exec *x, struct bytes key, unsigned type, struct value *out);

/* Both count a hit or miss; the second is a use of the key, also of a client with NO-TOUCH. */
bool exec_exists(struct exec *x, struct bytes key);
bool exec_touch(struct exec *x, struct bytes key);

/* The deadline, ENTRY_NO_DEADLINE (-1) without one, -2 if there is no such key. */
int64_t exec_deadline(struct exec *x, struct bytes key);

/* Seconds since the last touch; under LFU the counter.  The key must exist. */
uint32_t exec_idle_seconds(struct exec *x, struct bytes key);
uint32_t exec_lfu_counter(struct exec *x, struct bytes key);
/* Makes the use of an existing key what these tell: bits of core/store/lru.h, by the policy. */
void exec_set_use(struct exec *x, struct bytes key, uint32_t bits);
/* Bytes of the entry itself, with its size class. */
size_t exec_entry_bytes(struct exec *x, struct bytes key);

/* --- changing ------------------------------------------------------------------------------ */

enum { PUT_KEEP_DEADLINE = 1 };

/*
 * Binds key to v and frees what was there.  Takes v's nodes in every case: on error they are freed.
 * The deadline goes unless PUT_KEEP_DEADLINE.
 * LK_ENOMEM
 */
int exec_put(struct exec *x, struct bytes key, struct value *v, unsigned flags);

/*
 * Is a key with this deadline gone?  Not while a log or a master's stream is applied: those who
 * wrote it still saw the key, and its end comes as a DEL of its own.
 */
static inline bool exec_passed(const struct exec *x, int64_t deadline_ms)
{
    return clock_passed(deadline_ms, x->now_ms) &&
           !session_has(x->session, SESSION_LOADING | SESSION_MASTER);
}

/*
 * Is a deadline that a command sets one that nothing outlives?  Of these the present is one as
 * well, while who has a deadline lives through its millisecond.
 */
static inline bool exec_is_past(const struct exec *x, int64_t deadline_ms)
{
    return deadline_ms <= x->now_ms && !session_has(x->session, SESSION_LOADING | SESSION_MASTER);
}

/* The time by which deadlines have passed (clock_passed): for elements that have their own. */
static inline int64_t exec_passed_ms(const struct exec *x)
{
    return session_has(x->session, SESSION_LOADING | SESSION_MASTER) ? INT64_MIN : x->now_ms;
}

/* As exec_put with a deadline in one step; the deadline has not passed. */
int exec_put_until(struct exec *x, struct bytes key, struct value *v, int64_t deadline_ms);

/*
 * The change that was just made counts as so many: one an element, mostly, as other servers count
 * for INFO and for save points.  0: it is part of another one.
 */
static inline void exec_counts_as(struct exec *x, uint64_t n)
{
    LK_ASSERT(x->changes > 0);
    x->changes += n - 1;
}

/* False if there was no such key.  lazy: nodes are freed in the background. */
bool exec_delete(struct exec *x, struct bytes key, bool lazy);

/* ENTRY_NO_DEADLINE takes it away.  The key must exist.  LK_ENOMEM */
int exec_set_deadline(struct exec *x, struct bytes key, int64_t deadline_ms);

/*
 * Opens the value of key for change in place.  The key must exist and be of the type that the
 * caller has checked.  Between open and close no other exec call.  LK_ENOMEM
 */
int exec_edit(struct exec *x, struct bytes key, struct value_edit **out);
void exec_edit_close(struct exec *x, struct value_edit *e, bool changed);

/*
 * Opens key's value for change, whether it exists or not: where it does not, an empty value of the
 * type is filled that is nowhere yet.  type is not TYPE_STRING.  Between open and close no other
 * exec call.  LK_ETYPE, LK_ENOMEM
 */
int exec_open(struct exec *x, struct bytes key, unsigned type, struct value_edit **out);
/*
 * A value that ends without elements takes its key with it, with a "del" event, unless its type
 * stays when empty; a fresh one is put if it changed.  LK_ENOMEM  only of a fresh one: it is freed
 */
int exec_close(struct exec *x, struct value_edit *e, bool changed);
/* The same of a value that has elements, unless it is a fresh one that did not change. */
int exec_close_filled(struct exec *x, struct value_edit *e, bool changed);

/*
 * n elements of key's value, due but still kept, have gone with this command: counted and told. The
 * command's own effects must say so.
 */
void exec_elements_expired(struct exec *x, struct bytes key, uint32_t n);

/* Moves the entry with value and deadline; what was at to is freed.  LK_ENOKEY, LK_ENOMEM */
int exec_rename(struct exec *x, struct bytes from, struct bytes to);

/*
 * Moves the entry with value and deadline to the same key of another database, where there is no
 * such key.  LK_ENOKEY, LK_ENOMEM
 */
int exec_move(struct exec *x, struct bytes key, uint32_t to_db);

/*
 * The same calls in another database of this command's keys: switches until the next call; the
 * handler puts x->db back.  LK_EDBINDEX
 */
int exec_use_db(struct exec *x, uint32_t db);

/* --- waiting for keys ---------------------------------------------------------------------- */

/*
 * A command that may block runs twice or more.  First as its client sends it: it looks at its keys
 * in order, and where it finds nothing it ends with exec_wait.  Later, whenever somebody has
 * written one of the keys, it runs again under the writer's locks, with exec_may_take true for that
 * key alone; it either answers, or ends with exec_wait once more.  What it does then is logged as
 * if it had come at that moment, so it names its effects in words that cannot block (LPOP for
 * BLPOP).
 */
bool exec_may_take(const struct exec *x, struct bytes key);
/* Is this such a later run? */
bool exec_has_waited(const struct exec *x);

struct wait_spec {
    uint32_t first, count; /* the keys: arguments first … first + count - 1; 0: for no key, but
                              for somebody's answer (waiter_answer in core/cmd/engine/waiter.h) */
    unsigned type;         /* which a key must have to be worth another run */
    int64_t deadline_ms;   /* Unix time; 0: for ever */
    bool null_array;       /* what a timeout answers: a null array, else a null */
    bool when_gone;        /* run again, too, when a key is deleted or gets another type */
    uint32_t target;       /* an argument: a key that a run writes beside them; 0: none */
};

/*
 * Waits, unless the session cannot: inside EXEC, and where a log is applied, it answers as a
 * timeout does.  Returns what the handler is to return; nothing else was written to the reply.
 */
enum outcome exec_wait(struct exec *x, const struct args *a, const struct wait_spec *spec);

/*
 * Argument i in seconds as a deadline for wait_spec; false: the error line is written ("ERR timeout
 * is not a float or out of range", "ERR timeout is negative", "ERR timeout is out of range").
 */
bool exec_timeout(struct exec *x, const struct args *a, uint32_t i, int64_t *deadline_ms);

/* Runs those again who wait for the key, though it was not written. */
void exec_wake(struct exec *x, struct bytes key);

/* --- effects ------------------------------------------------------------------------------- */

/*
 * Logs this command in place of the client's own words; several calls log several commands in
 * order.  Free when nobody reads the log.
 */
void exec_effect(struct exec *x, const struct bytes *argv, uint32_t n);
/* exec_effect with up to 8 words from C strings and numbers: "s" cstr, "b" struct bytes, "i" int64.
 */
void exec_effect_format(struct exec *x, const char *format, ...);
/* The change needs no log line (it is none, or other lines already say it). */
void exec_effect_none(struct exec *x);
/* Does anybody read the log?  Where effects are costly to put together. */
bool exec_is_logged(const struct exec *x);

/* Marks key as changed for WATCH although no call above changed it. */
void exec_signal(struct exec *x, struct bytes key);

/* --- keyspace events ------------------------------------------------------------------------ */

/* In the order of the letters g$lshzxetdmn of notify-keyspace-events. */
enum event_class {
    EVENT_GENERIC = 1 << 0,
    EVENT_STRING = 1 << 1,
    EVENT_LIST = 1 << 2,
    EVENT_SET = 1 << 3,
    EVENT_HASH = 1 << 4,
    EVENT_ZSET = 1 << 5,
    EVENT_EXPIRED = 1 << 6,
    EVENT_EVICTED = 1 << 7,
    EVENT_STREAM = 1 << 8,
    EVENT_MODULE = 1 << 9,
    EVENT_MISS = 1 << 10, /* exec_find and exec_find_untouched tell it themselves */
    EVENT_NEW = 1 << 11,  /* exec_put, exec_rename and exec_move tell it themselves */
    /* How the others are published: letters K and E. */
    EVENT_KEYSPACE = 1 << 12,
    EVENT_KEYEVENT = 1 << 13,
    EVENT_PUBLISHED = (1 << 14) - 1, /* all of these */
    /* Not events of keys, but who wants to hear of any change: CLIENT TRACKING. */
    EVENT_TRACKED = 1 << 14,   /* somebody tracks */
    EVENT_BROADCAST = 1 << 15, /* somebody does so by prefixes */
};

/* Sends it, of the database in use, when the command's locks are let go. */
void exec_event_send(struct exec *x, enum event_class event_class, const char *name,
                     struct bytes key);

/* Tells those who asked that key has met with this event.  One test when nobody did. */
static inline void exec_event(struct exec *x, enum event_class event_class, const char *name,
                              struct bytes key)
{
    if (LK_UNLIKELY(x->events & event_class))
        exec_event_send(x, event_class, name, key);
}

/* --- slices ---------------------------------------------------------------------------------- */

/*
 * A command that would keep others waiting stops when its slice is over and returns RUN_AGAIN. When
 * they had theirs it is run again with the same words, and in between nothing is locked.
 */
static inline uint32_t exec_slice(const struct exec *x) /* which one this is, from 0 on */
{
    return x->session->slice.count;
}

/* Inside EXEC, and alone in the gate, one slice is all.  x is void for who knows no struct exec. */
bool exec_slice_over(void *x);

/*
 * Is the reply above the output limit, or the client to go?  Then he goes when the command is done:
 * a handler stops here whose reply is bounded by a number of the client's only.
 */
bool exec_reply_is_over(struct exec *x);

/* Has the session keep what is to be there in the next slice; end frees it behind the last one. */
void exec_slice_keep(struct exec *x, void *state, void (*end)(void *state));
static inline void *exec_slice_state(const struct exec *x) /* NULL: nothing is kept yet */
{
    return x->session->slice.state;
}

/* As exec_find; the slices of a command count as one look-up. */
static inline int exec_find_in_slices(struct exec *x, struct bytes key, unsigned type,
                                      struct value *out)
{
    return exec_slice(x) == 0 ? exec_find(x, key, type, out)
                              : exec_find_silently(x, key, type, out);
}

/* --- the keyspace as a whole --------------------------------------------------------------- */

/*
 * Who goes through all shards meets some that are busy, and sleeps for none: these return RUN_DONE,
 * or what the handler is to return (RUN_AGAIN, RUN_LATER), to call them again when it is run again;
 * where they go on the session keeps.  For rows with CMD_EACH_SHARD, once a command.
 */
enum outcome exec_dbsize(struct exec *x, uint32_t db, uint64_t *out);

/* False: stop. */
typedef bool exec_visit(void *ctx, struct bytes key, const struct value *v);

/*
 * Visits every key of the database; expired keys are left out.  All shards are locked, or the
 * command is alone in the gate.
 */
void exec_each_key(struct exec *x, exec_visit *visit, void *ctx);

/*
 * A walk over the whole database in slices.  The session keeps it from slice to slice.  What the
 * handler finds it writes into blocks, which become the reply without being copied: one of many
 * megabytes would be a stall of its own.
 */
struct walk_block {
    struct walk_block *next;
    struct buf bytes; /* whole replies */
};
struct walk {
    uint32_t shard; /* where it goes on */
    uint64_t count; /* of what was found */
    struct walk_block *first, *last;
};
struct walk *exec_walk(struct exec *x); /* begun with the first slice */
/* As exec_each_key, for one slice, shard by shard, each under its lock. */
enum outcome exec_walk_keys(struct exec *x, exec_visit *visit, void *ctx);
struct buf *exec_walk_out(struct walk *w); /* where the next reply goes */
void exec_walk_reply(struct exec *x);      /* an array of all that was found; ends the walk */

/* How far a step of SCAN has come. */
struct scan_place {
    uint64_t cursor;        /* where it goes on; behind RUN_DONE 0 is the end */
    uint64_t seen, buckets; /* so far; 0 when it begins */
};

/*
 * SCAN's step: visits about count keys from p->cursor on.  A key that is there throughout is
 * visited exactly once.  It keeps nothing: whoever is to go on keeps p, but he may as well answer
 * with the cursor that was reached.
 */
enum outcome exec_scan(struct exec *x, struct scan_place *p, uint64_t count, exec_visit *wanted,
                       exec_visit *visit, void *ctx);

/* A random key, uniformly; appended to out.  *found is false if there is none. */
enum outcome exec_random_key(struct exec *x, struct buf *out, bool *found);

/*
 * For rows with CMD_ALL_SHARDS.  db -1: all.  Returns how many keys went.  Not async: the memory of
 * a few thousand keys is given back before it returns.
 */
uint64_t exec_flush(struct exec *x, int db, bool async);
/* All is empty as a client wanted it: whoever saves what there was may stop. */
void exec_flushed_all(struct exec *x);
int exec_swap_dbs(struct exec *x, uint32_t a, uint32_t b); /* LK_EDBINDEX */

/* --- replies that every family needs ------------------------------------------------------- */

/* Writes the error line for a negative status. */
enum outcome reply_status(struct exec *x, int status);
enum outcome reply_syntax(struct exec *x);
/* "ERR wrong number of arguments for 'name' command", with the full name of a subcommand. */
enum outcome reply_arity(struct exec *x);
/* A number lies outside of what is taken. */
enum outcome reply_not_between(struct exec *x, int64_t least, int64_t most);
/* An array of lines for X HELP: "X <subcommand> …" heads and the common HELP foot are added. */
enum outcome reply_help(struct exec *x, const char *const *lines);
/* "ERR unknown subcommand or wrong number of arguments for 'x'. Try NAME HELP.": a handler's own.
 */
enum outcome reply_subcommand(struct exec *x, const struct args *a);
/* "ERR unknown subcommand 'x'. Try NAME HELP.": no row has that name. */
enum outcome reply_unknown_subcommand(struct exec *x, const struct args *a);

LK_END

#endif
