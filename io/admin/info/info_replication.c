/*
 * info_replication.c — section replication.
 */
#include "io/admin/info/info.h"
#include "io/repl/role.h"

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
    struct role_report r = {0};
    const char *id = parts->replication_id ? parts->replication_id : i->admin->replication_id;
    uint64_t offset = parts->log_offset ? parts->log_offset(parts->ctx) : 0;

    if (parts->role)
        role_report(parts->role, &r);
    info_text(i, "role", r.replica ? "slave" : "master");
    if (r.replica)
        replication_replica_lines(i, &r);
    if (r.replica && r.has_history) {
        id = r.id;
        offset = (uint64_t)r.offset;
    }
    info_number(i, "connected_slaves", 0);
    info_text(i, "master_failover_state", "no-failover");
    info_text(i, "master_replid", id);
    info_text(i, "master_replid2", "0000000000000000000000000000000000000000");
    info_count(i, "master_repl_offset", offset);
    info_number(i, "second_repl_offset", -1);
    info_number(i, "repl_backlog_active", 0);
    info_count(i, "repl_backlog_size", i->config->repl_backlog_size);
    info_number(i, "repl_backlog_first_byte_offset", 0);
    info_number(i, "repl_backlog_histlen", 0);
}
