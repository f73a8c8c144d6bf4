/*
 * admin.h — what the commands that steer the server know of it.
 *
 * INFO, CONFIG, MEMORY, DEBUG and SHUTDOWN look at all parts of the server and belong to none.  The
 * composition root fills struct admin_parts with what they may look at and with a few functions
 * that they may call; handlers find the rest behind exec.admin.
 *
 *   main.c --admin_parts--> admin <--exec.admin-- handlers
 *                             ^-- admin_cron, ten times a second: rates and peaks
 *
 * Threads  admin_new and admin_free: while no worker runs; admin_cron: one worker; the others any
 */
#ifndef LK_IO_ADMIN_H
#define LK_IO_ADMIN_H

#include "core/cmd/engine/dispatch.h"
#include "io/config/config_holder.h"

LK_BEGIN

struct admin;
struct role;
struct sentinel_service;

/* What a worker says of itself; zero where it has nothing to say. */
struct admin_worker {
    const char *backend; /* "uring" or "epoll"; NULL before it runs */
    uint64_t connections, blocked, subscribed;
    uint64_t buffer_bytes;          /* of its connections, with input and output */
    uint64_t input_max, output_max; /* the largest single buffers */
    uint64_t reads, writes;         /* receives and sends */
    /* Turns of its loop, and microseconds in them: in all, in commands, without a client. */
    uint64_t cycles, cycles_us, commands_us, cron_us;
    uint64_t cycle_us_max, cycle_commands_max;
};

/* The log and the files, as INFO tells them. */
struct admin_persistence {
    bool loading, async_loading, saving, rewriting, aof_enabled;
    bool save_failed, rewrite_failed, aof_write_failed;    /* the last one */
    int64_t last_save_s;                                   /* Unix time; 0: the server's start */
    int64_t last_save_duration_s, current_save_duration_s; /* -1: none */
    int64_t last_rewrite_duration_s, current_rewrite_duration_s; /* -1: none */
    uint64_t saves, rewrites, rewrite_failures;
    uint64_t changes_at_last_save; /* of stats.changes */
    uint64_t keys_saved, keys_total, load_keys_loaded, load_keys_expired;
    uint64_t load_began_ms, load_bytes, load_bytes_total; /* while loading */
    bool save_scheduled, rewrite_scheduled;
    uint64_t aof_current_size, aof_base_size, aof_buffer_size, aof_delayed_fsync;
    uint64_t last_save_held_bytes, last_rewrite_held_bytes;
};

/* Flags of SHUTDOWN, as enum config_shutdown; admin_parts.shutdown gets them. */
enum admin_shutdown {
    ADMIN_SHUTDOWN_SAVE = CONFIG_SHUTDOWN_SAVE,
    ADMIN_SHUTDOWN_NOSAVE = CONFIG_SHUTDOWN_NOSAVE,
    ADMIN_SHUTDOWN_NOW = CONFIG_SHUTDOWN_NOW,
    ADMIN_SHUTDOWN_FORCE = CONFIG_SHUTDOWN_FORCE,
};

/*
 * DEBUG RELOAD saves (if it is to) and loads the RDB, DEBUG LOADAOF loads the AOF.  The session, if
 * it is not 0, waits for the answer.
 */
struct admin_reload {
    bool aof;               /* else the RDB */
    bool no_save, no_flush; /* of the RDB */
    bool merge;             /* keys of the file replace those that are there */
    uint32_t worker;
    uint64_t session;
};

/* What becomes of a wish to save. */
enum save_answer { SAVE_STARTED, SAVE_SCHEDULED, SAVE_BUSY_SAVING, SAVE_BUSY_REWRITING };

/* All but config and engine may be left out: NULL or 0. */
struct admin_parts {
    struct config_holder *config;
    struct engine *engine;  /* its config pointer and its events become admin's to set */
    int64_t started_ms;     /* Unix time; 0: now */
    const char *executable; /* absolute; must live as long as admin */
    const char *supervised; /* "no", "systemd", "upstart" */

    void *ctx; /* of all the calls below */
    /*
     * Begins to end the server; the session, which waits for that, is answered if it turns out that
     * it cannot end.  Any thread.
     */
    void (*shutdown)(void *ctx, unsigned flags, uint32_t worker, uint64_t session_id);
    bool (*shutdown_abort)(void *ctx); /* false: none is under way */
    struct role *role;                 /* NULL: a master for ever */
    struct tls_holder *tls;            /* NULL: there is no TLS */
    /* The lines of a Sentinel's section of INFO; NULL: this is a server. */
    void (*sentinel_info)(struct sentinel_service *v, struct buf *out);
    void (*worker)(void *ctx, uint32_t worker, struct admin_worker *out);
    void (*persistence)(void *ctx, struct admin_persistence *out);
    /* BGSAVE, BGREWRITEAOF; SAVE, whose session then waits for its answer. */
    enum save_answer (*bgsave)(void *ctx, bool schedule);
    enum save_answer (*bgrewrite)(void *ctx);
    enum save_answer (*save)(void *ctx, uint32_t worker, uint64_t session_id);
    /* False: another one waits for its turn. */
    bool (*reload)(void *ctx, const struct admin_reload *spec);
    /* DEBUG AOF-FLUSH-SLEEP: the log waits so long before each write. */
    void (*log_delay)(void *ctx, int64_t delay_us);
    /*
     * CONFIG SET has replaced what admin_reclaim may free.  Called by the client's worker inside
     * the gate, so it must not close it.
     */
    void (*config_replaced)(void *ctx);
};

/*
 * Registers its hooks with the configuration; sets engine->config, engine->hooks.events,
 * engine->fixed.admin, the log's level. Give it engine->fixed.keyspace, ->commands, ->all_stats and
 * ->worker_count before the first command.
 */
struct admin *admin_new(const struct admin_parts *parts);
/* The users of the configuration or its ACL file.  False: the log says why not. */
bool admin_load_users(struct admin *a);
/* Before data is loaded: what is used now is no data.  Any thread. */
void admin_has_started(struct admin *a);
void admin_free(struct admin *a);

const char *admin_run_id(const struct admin *a);

/* Adds INFO, CONFIG, MEMORY, DEBUG, TIME, LOLWUT, LASTSAVE and SHUTDOWN. */
void admin_add_commands(struct command_index *ix);

/* About ten times a second, by one worker. */
void admin_cron(struct admin *a, int64_t now_ms);
/* DEBUG PAUSE-CRON: all periodic work that can stop should. */
bool admin_cron_paused(const struct admin *a);

/*
 * Frees what CONFIG SET has replaced, if that is worth it by now: alone in the gate, so from a
 * thread that is outside of it, as when config_replaced has told it to.  Nobody
 * may keep what config_current gave beyond dispatch_leave, except the caller, who asks anew.
 */
void admin_reclaim(struct admin *a);

LK_END

#endif
