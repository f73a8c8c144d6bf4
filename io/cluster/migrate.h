/*
 * migrate.h — MIGRATE: keys go to another server, and are gone here when they are there.
 *
 * A thread of its own moves them, one request after the other, so no worker waits for a peer:
 *
 *   WATCH keys --> DUMP, PTTL --> RESTORE there --> MULTI, DEL, EXEC --> "+OK"
 *        ^                                            |
 *        +------ somebody has written one meanwhile --+
 *
 * A key that is written while it travels is sent again, over the copy that is there already; nobody
 * reads that before it is deleted here, since clients are sent on only for keys that are missing.
 * In a cluster the last try holds the slot: who wants a key of it waits.  A transaction has its
 * keys locked anyway, and cannot wait: its worker does all this itself.
 *
 * Threads  migrator_new, migrator_free: main; migrate_request: any
 */
#ifndef LK_IO_MIGRATE_H
#define LK_IO_MIGRATE_H

#include "core/cmd/command/command.h"
#include "core/cmd/engine/engine.h"

LK_BEGIN

struct config_holder;
struct migrator;
struct tls_holder;

struct migrator_parts {
    const struct config_holder *config;
    struct engine *engine;
    struct tls_holder *tls; /* with tls-cluster */
    void *ctx;
    /* Ends the wait of a session; it may have gone. */
    void (*answer)(void *ctx, uint32_t worker, uint64_t session_id, struct bytes reply);
};

struct migrator *migrator_new(const struct migrator_parts *parts); /* its thread begins to run */
void migrator_free(struct migrator *m); /* ends it; who waits is not answered */

struct migrate_spec {
    struct bytes host, port, db;
    struct tls_holder *tls; /* NULL: plain bytes */
    int64_t timeout_ms;
    bool copy, replace;
    struct bytes user, password; /* data NULL: none */
    const struct bytes *keys;
    uint32_t key_count;
    uint32_t session_db;
    uint32_t worker;
    uint64_t session_id;
};
/* What connections to others are made by now; NULL: they are plain.  In the gate. */
struct tls_holder *migrate_security(const struct migrator *m);

/* Takes a copy of all; the session is answered when it is done. */
void migrate_request(struct migrator *m, const struct migrate_spec *spec);

/* migrate_now.c: of a transaction; by the worker that runs it, which waits for the other server. */
enum outcome migrate_now(struct exec *x, const struct migrate_spec *spec);

extern const struct command migrate_commands[]; /* ends with a row without name */

LK_END

#endif
