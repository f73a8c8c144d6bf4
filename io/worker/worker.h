/*
 * worker.h — one thread, one net, its own connections.
 *
 * A loop of a worker:
 *
 *   net_wait --> all events --> frame and run in rounds, 32 commands a round, connections taking
 *   turns --> one send a connection --> timers
 *
 * Threads  worker_run is the thread; the others as they say
 */
#ifndef LK_IO_WORKER_H
#define LK_IO_WORKER_H

#include "core/cmd/engine/dispatch.h"
#include "io/config/config_holder.h"
#include "io/net/net.h"
#include "io/worker/tls_config.h"

LK_BEGIN

struct worker;
struct worker_group;

/* What all workers have in common. */
struct worker_setup {
    struct engine *engine;
    const struct config_holder *config;
    enum net_backend backend;
    struct tls_config *tls; /* NULL: no connection speaks TLS */
    /* Makes a worker's net, in its thread; NULL: net_new. */
    struct net *(*net_new)(void *ctx, enum net_backend backend, uint32_t conns_hint);
    void *net_ctx;
    /* Called by worker 0 about ten times a second, inside the gate; may be NULL. */
    void (*cron)(void *ctx, int64_t now_ms);
    void *cron_ctx;
};

/*
 * Makes count workers; none runs yet.  NULL and errno if a net could not be had.
 */
struct worker_group *worker_group_new(const struct worker_setup *setup, uint32_t count);
void worker_group_start(struct worker_group *g); /* all threads */
/* Asks all workers to end, once their replies are sent or a second has passed; any thread. */
void worker_group_stop(struct worker_group *g);
/* For engine.hooks.pass. */
void worker_group_pass(void *group, uint32_t worker, void *running);
void worker_group_join(struct worker_group *g);
void worker_group_free(struct worker_group *g);

uint32_t worker_group_count(const struct worker_group *g);
struct stats *worker_group_stats(struct worker_group *g, uint32_t worker);

/* Turns of the loop, without what it waits for its net; times in ticks of clock_ticks. */
struct worker_cycles {
    uint64_t count, ticks;
    uint64_t command_ticks, cron_ticks; /* of these: commands, and what happens without a client */
    uint64_t ticks_max, commands_max;   /* of the longest turn, and of that with most commands */
};

/* What a worker says of itself; figures at most a second old. */
struct worker_report {
    const char *backend; /* NULL before it runs */
    uint64_t connections, blocked, subscribed;
    uint64_t buffer_bytes; /* of its connections, with input and output */
    uint64_t input_max, output_max;
    uint64_t reads, writes;
    struct worker_cycles cycles;
};
struct worker_report worker_group_report(const struct worker_group *g, uint32_t worker);
/*
 * For the watchdog, from any one thread: sends SIGALRM to each worker that has been in one turn of
 * its loop for more than most_ns, once a turn.
 */
void worker_group_alarm(struct worker_group *g, uint64_t most_ns);
uint32_t worker_group_connections(const struct worker_group *g); /* all workers' */

/* Hooks for other parts; any thread. */
void worker_group_retry(void *group, uint64_t workers); /* shard_set_retry_hook */
void worker_group_look(void *group, uint32_t worker);   /* registry's wake */
/* Ends the wait of a session that waits for no key; it may have gone. */
void worker_group_answer(void *group, uint32_t worker, uint64_t session_id, struct bytes reply);
void worker_group_pushed(void *group, uint32_t worker); /* push_hub.wake */
/* engine.hooks.served */
void worker_group_served(void *group, uint32_t worker, struct inbox_node *message);

LK_END

#endif
