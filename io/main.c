/*
 * main.c — the composition root: makes the parts, binds them to each other, waits for the end.
 */
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/cmd/registry.h"
#include "core/cmd/slowlog.h"
#include "core/cmd/tables.h"
#include "core/store/reclaim.h"
#include "io/config_holder.h"
#include "io/listen.h"
#include "io/worker.h"
#include "persist/log_thread.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void wake(void *ctx, uint32_t worker)
{
    struct worker_group **g = ctx;
    worker_group_look(*g, worker);
}

int main(int argc, char **argv)
{
    struct config_holder *holder = config_holder_new();
    struct buf error = {0};
    if (config_load_args(holder, argc, argv, 0, &error) != LK_OK) {
        fprintf(stderr, "%.*s", (int)error.size, error.data);
        return 1;
    }
    const struct config *config = config_current(holder);
    hash_seed_random();
    table_due_base(clock_unix_ms());
    struct keyspace *ks = keyspace_new((uint32_t)config->shards, (uint32_t)config->databases);
    ks->spin_ns = 2000;
    struct command_index *ix = command_index_new();
    const struct command *const tables[] = {
        string_commands, string_set_commands, string_range_commands, string_multi_commands,
        counter_commands, lcs_commands, key_commands, expire_commands, ttl_commands,
        rename_commands, copy_commands, scan_commands, object_commands, flush_commands,
        transaction_commands};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        command_index_add(ix, tables[i]);
    struct dispatch_config dc = {.limits = {.bulk_max = config->proto_max_bulk_len, .databases = 16},
                                 .slowlog_us = 10000,
                                 .latency_tracking = true};
    struct worker_group *g = NULL;
    struct dispatch_shared shared = {.keyspace = ks, .commands = ix, .config = &dc};
    token_init(&shared.token);
    shared.slowlog = slowlog_new(128);
    shared.registry = registry_new((uint32_t)config->io_threads, wake, &g);
    shared.log = log_ring_new(1 << 16, 8192, 256 << 20);
    struct log_thread *lt = log_thread_new(shared.log, NULL, 0);
    shared.log_active = getenv("LOGON") != NULL;
    struct worker_setup setup = {.shared = &shared, .config = holder, .backend = (enum net_backend)config->io_backend};
    g = worker_group_new(&setup, (uint32_t)config->io_threads);
    shard_set_retry_hook(worker_group_retry, g);
    struct listen_set set = {0};
    struct listen_tcp_config lc = {.addresses = config->bind.v, .address_count = config->bind.n,
        .port = (uint16_t)config->port, .backlog = 511, .kind = "tcp"};
    if (listen_tcp(&set, &lc) != 0)
        return 1;
    for (uint32_t i = 0; i < set.count; i++)
        worker_group_listen(g, set.fd[i], false);
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    worker_group_start(g);
    log_line(LOG_NOTICE, "Ready to accept connections tcp");
    int sig;
    sigwait(&stop, &sig);
    worker_group_stop(g);
    worker_group_join(g);
    worker_group_free(g);
    log_thread_end(lt);
    log_ring_free(shared.log);
    keyspace_free(ks);
    return 0;
}
