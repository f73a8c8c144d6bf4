/*
 * engine.h — what the dispatchers of a server have in common, by who writes it.
 *
 *   part      written by                              when
 *   fixed     whoever builds the server (main)        before the first worker starts
 *   config    io/admin                                a whole new state at a time, in the gate
 *   saving    io/saving                               its fields say how
 *   pause     CLIENT PAUSE, io/saving                 in the gate
 *   hooks     main; the events by io/admin            before the first worker; in the gate
 *
 * Every other part of the server reads.  A field that dispatch must test before each command is
 * one that may change between two commands of a batch; what changes in the gate only is read once
 * a batch (struct batch).
 *
 * Threads  fields marked __atomic are stored and loaded so; the token has a lock of its own
 */
#ifndef LK_CMD_ENGINE_H
#define LK_CMD_ENGINE_H

#include "core/base/bytes.h"
#include "core/cmd/engine/dispatch_config.h"
#include "core/store/lock_set.h"

LK_BEGIN

struct admin;
struct command_index;
struct inbox_node;
struct keyspace;
struct log_ring;
struct registry;
struct latency_monitor;
struct slowlog;
struct stats;

/* CLIENT PAUSE, for all workers. */
struct dispatch_pause {
    int64_t until_ms; /* __atomic; set in the gate */
    uint32_t all;     /* __atomic: reads too */
};

struct engine {
    /* Pointers that stay for the server's life; what they lead to has locks of its own. */
    struct {
        struct keyspace *keyspace;
        struct command_index *commands;
        struct log_ring *log;            /* NULL, or nobody reads it: no tickets (P7) */
        struct slowlog *slowlog;         /* may be NULL */
        struct latency_monitor *latency; /* may be NULL */
        struct registry *registry;       /* may be NULL */
        struct admin *admin;      /* handed to handlers; io/admin sets it and takes it back */
        struct stats **all_stats; /* of every dispatcher */
        uint32_t worker_count;    /* length of all_stats */
    } fixed;

    const struct dispatch_config
        *config; /* __atomic; the old state lives until the gate was shut */

    /* By io/saving alone. */
    struct {
        uint32_t log_active; /* __atomic; changed in the gate */
        uint32_t loading;    /* __atomic: most commands are refused */
        /*
         * Why the data cannot be saved, and so writes are refused: a whole error line, or NULL.
         * __atomic pointer to a text that lives for ever.
         */
        const char *write_fault;
    } saving;

    struct dispatch_pause pause;

    struct {
        /* Brings a waiter (core/cmd/engine/waiter.h) back to its worker. */
        void (*served)(void *ctx, uint32_t worker, struct inbox_node *message);
        void *served_ctx;
        /* Who hears keyspace events, and which; nobody if NULL. */
        void (*event)(void *ctx, uint32_t db, uint32_t event_class, const char *name,
                      struct bytes key);
        void *event_ctx;
        uint32_t events; /* __atomic: enum event_class */
    } hooks;

    struct token token;        /* its own lock: who may wait for locks */
    uint64_t next_session_id;  /* __atomic; any worker counts it up */
    uint32_t no_active_expire; /* __atomic: DEBUG SET-ACTIVE-EXPIRE 0 */
};

LK_END

#endif
