/*
 * info_replication.c — section replication: the role, the replicas, the history and its backlog.
 */
#include "io/admin/info/info.h"
#include "io/repl/failover.h"
#include "io/repl/repl.h"
#include "io/repl/role.h"

#include <inttypes.h>
#include <string.h>

struct replica_lines {
    struct info *info;
    uint32_t count;
};

static void info_replica(void *ctx, const struct repl_replica *one)
{
    struct replica_lines *l = ctx;
    if (!one->ip[0])
        return;
    info_format(l->info, "slave%u:ip=%s,port=%" PRId64 ",state=%s,offset=%" PRId64 ",lag=%" PRId64,
                l->count++, one->ip, one->port, one->state, one->offset, one->lag_s);
}

static void info_history(struct info *i, const struct backlog_state *s)
{
    const bool kept = s->on && s->end >= s->first;
    const struct repl *r = i->engine->fixed.repl;
    info_text(i, "master_failover_state", r ? failover_state_name(r) : "no-failover");
    info_text(i, "master_replid", s->history.id);
    info_text(i, "master_replid2", s->history.id2);
    info_number(i, "master_repl_offset", s->end);
    info_number(i, "second_repl_offset", s->history.second_offset);
    info_number(i, "repl_backlog_active", s->on);
    info_count(i, "repl_backlog_size", i->config->repl_backlog_size);
    info_number(i, "repl_backlog_first_byte_offset", s->on ? s->first : 0);
    info_number(i, "repl_backlog_histlen", kept ? s->end + 1 - s->first : 0);
}

static void replication_sync_lines(struct info *i, const struct role_report *r)
{
    const int64_t left = r->sync_total > r->sync_read ? r->sync_total - r->sync_read : 0;
    info_number(i, "master_sync_total_bytes", r->sync_total);
    info_number(i, "master_sync_read_bytes", r->sync_read);
    info_number(i, "master_sync_left_bytes", left);
    info_ratio(i, "master_sync_perc",
               r->sync_total > 0 ? (double)r->sync_read * 100 / (double)r->sync_total : 0);
    info_number(i, "master_sync_last_io_seconds_ago", r->sync_last_io_s);
}

static void replication_replica_lines(struct info *i, const struct role_report *r)
{
    const bool up = r->state == LINK_CONNECTED;
    info_text(i, "master_host", r->host);
    info_number(i, "master_port", r->port);
    info_text(i, "master_link_status", up ? "up" : "down");
    info_number(i, "master_last_io_seconds_ago", r->last_io_s);
    info_number(i, "master_sync_in_progress", r->state == LINK_SYNC);
    info_number(i, "slave_read_repl_offset", r->has_history ? r->read_offset : 1);
    info_number(i, "slave_repl_offset", r->has_history ? r->offset : 1);
    if (r->state == LINK_SYNC)
        replication_sync_lines(i, r);
    if (!up)
        info_number(i, "master_link_down_since_seconds", r->down_s);
    info_number(i, "slave_priority", i->config->replica_priority);
    info_number(i, "slave_read_only", i->config->dispatch.replica.read_only);
    info_number(i, "replica_announced", i->config->replica_announced);
}

void info_replication(struct info *i)
{
    const struct admin_parts *parts = &i->admin->parts;
    struct repl *r = i->engine->fixed.repl;
    struct repl_report report = {.backlog.history = {.second_offset = -1}};
    struct role_report role = {0};
    struct replica_lines lines = {i, 0};

    if (parts->role)
        role_report(parts->role, &role);
    if (r) {
        repl_catch_up(r);
        repl_report_get(r, &report);
    }
    info_text(i, "role", role.replica ? "slave" : "master");
    if (role.replica)
        replication_replica_lines(i, &role);
    info_number(i, "connected_slaves", report.replicas);
    info_number(i, "replicas_waiting_psync", 0); /* Valkey's, whose second channel is not here */
    if (i->config->min_replicas_to_write > 0 && i->config->min_replicas_max_lag_s > 0)
        info_number(i, "min_slaves_good_slaves", report.good_replicas);
    if (r)
        repl_each_replica(r, info_replica, &lines);
    if (role.replica && role.has_history && !report.backlog.on) {
        memcpy(report.backlog.history.id, role.id, sizeof report.backlog.history.id);
        report.backlog.end = role.offset;
    }
    info_history(i, &report.backlog);
}
