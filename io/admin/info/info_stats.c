/*
 * info_stats.c — sections stats and keyspace.
 *
 * Fields of parts that this server does without stand in tables of zeros, so that tools find them.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/client/acl_user.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/push.h"
#include "core/cmd/script/script.h"
#include "io/admin/info/info.h"
#include "io/repl/repl.h"

#include "io/admin/info/rate.h"

#include <inttypes.h>

static void info_stats_zeros(struct info *i, const char *const *names)
{
    for (; *names; names++)
        info_number(i, *names, 0);
}

static void traffic_lines(struct info *i)
{
    const struct stats *t = i->totals;
    struct admin *a = i->admin;

    info_count(i, "total_connections_received", t->connections);
    info_count(i, "total_commands_processed", t->total_commands);
    info_count(i, "instantaneous_ops_per_sec", rate_read(&a->sampled.commands));
    info_count(i, "total_net_input_bytes", t->net_in);
    info_count(i, "total_net_output_bytes", t->net_out);
    info_number(i, "total_net_repl_input_bytes", 0);
    info_number(i, "total_net_repl_output_bytes", 0);
    info_ratio(i, "instantaneous_input_kbps", (double)rate_read(&a->sampled.input) / 1024);
    info_ratio(i, "instantaneous_output_kbps", (double)rate_read(&a->sampled.output) / 1024);
    info_ratio(i, "instantaneous_input_repl_kbps", 0);
    info_ratio(i, "instantaneous_output_repl_kbps", 0);
    info_count(i, "rejected_connections", t->rejected_connections);
}

static void expiry_lines(struct info *i)
{
    uint64_t due = 0;

    for (uint32_t d = 0; d < i->dbs->n; d++)
        due += i->dbs->v[d].due;
    info_count(i, "expired_keys", i->totals->expired_keys);
    info_count(i, "expired_on_access", i->totals->expired_on_access);
    info_count(i, "expire_due_tables", due);
    info_ratio(i, "expired_stale_perc", 0);
}

static void exceeded_lines(struct info *i)
{
    uint64_t current_ms, total_ms;

    dispatch_exceeded_ms(i->engine, clock_unix_ms(), &current_ms, &total_ms);
    info_count(i, "total_eviction_exceeded_time", total_ms);
    info_count(i, "current_eviction_exceeded_time", current_ms);
}

static void message_lines(struct info *i)
{
    const struct push_hub *h = i->engine->fixed.push;

    info_count(i, "pubsub_channels", h ? channels_distinct(h->channels, MESSAGE_PLAIN) : 0);
    info_count(i, "pubsub_patterns", h ? patterns_distinct(h->patterns) : 0);
    info_count(i, "pubsubshard_channels", h ? channels_distinct(h->channels, MESSAGE_SHARD) : 0);
}

static void sync_lines(struct info *i)
{
    struct repl_report r = {0};
    if (i->engine->fixed.repl)
        repl_report_get(i->engine->fixed.repl, &r);
    info_count(i, "sync_full", r.sync_full);
    info_count(i, "sync_partial_ok", r.sync_partial_ok);
    info_count(i, "sync_partial_err", r.sync_partial_err);
}

static void tracking_lines(struct info *i)
{
    const struct push_hub *h = i->engine->fixed.push;
    const struct tracking *t = h ? h->tracking : NULL;

    info_count(i, "tracking_total_keys", t ? tracking_count_keys(t) : 0);
    info_count(i, "tracking_total_items", t ? load_relaxed(&t->items) : 0);
    info_count(i, "tracking_total_prefixes", t ? prefixes_count(t->prefixes) : 0);
}

static void denial_lines(struct info *i)
{
    static const struct {
        const char *name;
        enum acl_denial denial;
    } lines[] = {{"acl_access_denied_auth", ACL_DENIED_AUTH},
                 {"acl_access_denied_cmd", ACL_DENIED_COMMAND},
                 {"acl_access_denied_key", ACL_DENIED_KEY},
                 {"acl_access_denied_channel", ACL_DENIED_CHANNEL},
                 {"acl_access_denied_tls_cert", ACL_DENIED_CERTIFICATE}};
    const struct acl *acl = i->engine->fixed.acl;

    for (size_t l = 0; l < sizeof lines / sizeof *lines; l++)
        info_count(i, lines[l].name, acl ? load_relaxed(&acl->denied[lines[l].denial]) : 0);
}

static void script_evicted_line(struct info *i)
{
    struct script_report r = {0};
    if (i->engine->fixed.scripts)
        script_hub_report(i->engine->fixed.scripts, &r);
    info_count(i, "evicted_scripts", r.evicted);
}

/* All workers' turns; a second's are those of one worker, as there is one loop elsewhere. */
static void cycle_lines(struct info *i)
{
    const uint64_t workers = i->engine->fixed.worker_count;
    const uint64_t cycles = rate_read(&i->admin->sampled.cycles);
    info_count(i, "eventloop_cycles", i->workers.cycles);
    info_count(i, "eventloop_duration_sum", i->workers.cycles_us);
    info_count(i, "eventloop_duration_cmd_sum", i->workers.commands_us);
    info_count(i, "instantaneous_eventloop_cycles_per_sec", workers ? cycles / workers : 0);
    info_count(i, "instantaneous_eventloop_duration_usec",
               cycles ? rate_read(&i->admin->sampled.cycles_us) / cycles : 0);
}

void info_debug(struct info *i)
{
    info_number(i, "eventloop_duration_aof_sum", 0); /* another thread writes it */
    info_count(i, "eventloop_duration_cron_sum", i->workers.cron_us);
    info_count(i, "eventloop_duration_max", i->workers.cycle_us_max);
    info_count(i, "eventloop_cmd_per_cycle_max", i->workers.cycle_commands_max);
}

void info_stats(struct info *i)
{
    static const char *const expiry[] = {"expired_time_cap_reached_count",
                                         "expire_cycle_cpu_milliseconds", NULL};
    static const char *const others[] = {"latest_fork_usec", "total_forks",
                                         "migrate_cached_sockets", NULL};
    static const char *const defrag[] = {"active_defrag_hits",
                                         "active_defrag_misses",
                                         "active_defrag_key_hits",
                                         "active_defrag_key_misses",
                                         "total_active_defrag_time",
                                         "current_active_defrag_time",
                                         NULL};
    static const char *const errors[] = {"unexpected_error_replies", NULL};
    static const char *const tail[] = {"dump_payload_sanitizations", NULL};
    static const char *const end[] = {"io_threaded_reads_processed",
                                      "io_threaded_writes_processed",
                                      "io_threaded_freed_objects",
                                      "io_threaded_poll_processed",
                                      "io_threaded_total_prefetch_batches",
                                      "io_threaded_total_prefetch_entries",
                                      "reply_buffer_shrinks",
                                      "reply_buffer_expands",
                                      NULL};
    const struct stats *t = i->totals;

    traffic_lines(i);
    sync_lines(i);
    info_count(i, "expired_subkeys", i->totals->expired_elements);
    expiry_lines(i);
    info_stats_zeros(i, expiry);
    info_count(i, "evicted_keys", t->evicted_keys);
    info_count(i, "evicted_clients", t->evicted_clients);
    script_evicted_line(i);
    exceeded_lines(i);
    info_count(i, "keyspace_hits", t->keyspace_hits);
    info_count(i, "keyspace_misses", t->keyspace_misses);
    message_lines(i);
    info_stats_zeros(i, others);
    info_count(i, "slave_expires_tracked_keys", own_keys_count(&i->engine->own_keys));
    info_stats_zeros(i, defrag);
    tracking_lines(i);
    info_stats_zeros(i, errors);
    info_count(i, "total_error_replies", t->error_replies);
    info_stats_zeros(i, tail);
    info_count(i, "total_reads_processed", i->workers.reads);
    info_count(i, "total_writes_processed", i->workers.writes);
    info_count(i, "client_query_buffer_limit_disconnections", t->query_limit_disconnections);
    info_count(i, "client_output_buffer_limit_disconnections", t->output_limit_disconnections);
    info_stats_zeros(i, end);
    cycle_lines(i);
    denial_lines(i);
    info_count(i, "protocol_errors", t->protocol_errors);
    info_count(i, "commands_parked", t->parked);
    info_count(i, "commands_with_token", t->token_waits);
}

void info_keyspace(struct info *i)
{
    for (uint32_t d = 0; d < i->dbs->n; d++) {
        const struct db_report *r = &i->dbs->v[d];
        info_format(i,
                    "db%" PRIu32 ":keys=%" PRIu64 ",expires=%" PRIu64 ",avg_ttl=%" PRIu64
                    ",subexpiry=%" PRIu64,
                    r->db, r->keys, r->deadlines, r->ttl_samples ? r->ttl_ms / r->ttl_samples : 0,
                    r->inner);
    }
}
