/*
 * admin.h — what the commands that steer the server know of it.
 *
 * INFO, CONFIG, MEMORY, DEBUG and SHUTDOWN look at all parts of the server and belong to none.  The
 * composition root fills struct admin_parts with the parts below, which handlers call, and with the
 * three requests that only it can grant; handlers find all of it behind exec.admin.
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
#include "io/saving/persistence.h"
#include "io/worker/worker.h"

LK_BEGIN

struct admin;

/* Flags of SHUTDOWN, as enum config_shutdown; admin_parts.shutdown gets them. */
enum admin_shutdown {
    ADMIN_SHUTDOWN_SAVE = CONFIG_SHUTDOWN_SAVE,
    ADMIN_SHUTDOWN_NOSAVE = CONFIG_SHUTDOWN_NOSAVE,
    ADMIN_SHUTDOWN_NOW = CONFIG_SHUTDOWN_NOW,
    ADMIN_SHUTDOWN_FORCE = CONFIG_SHUTDOWN_FORCE,
};

/* All but config and engine may be left out: NULL or 0. */
struct admin_parts {
    struct config_holder *config;
    struct worker_group *workers; /* NULL: INFO shows none */
    struct persistence *saving;   /* NULL: nothing is saved, SAVE and its kin answer an error */
    struct engine *engine;        /* its config pointer and its events become admin's to set */
    int64_t started_ms;           /* Unix time; 0: now */
    const char *executable;       /* absolute; must live as long as admin */
    const char *supervised;       /* "no", "systemd", "upstart" */
    const char *replication_id;   /* 40 hex digits; NULL: one of admin's own */

    void *ctx; /* of all the calls below */
    /*
     * Begins to end the server; the session, which waits for that, is answered if it turns out that
     * it cannot end.  Any thread.
     */
    void (*shutdown)(void *ctx, unsigned flags, uint32_t worker, uint64_t session_id);
    /* False: another one waits for its turn. */
    bool (*reload)(void *ctx, const struct saving_reload *spec);
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
