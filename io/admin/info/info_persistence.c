/*
 * info_persistence.c — section persistence.
 *
 * What Redis calls copy-on-write is what an open view holds here: bytes that are superseded and
 * kept until the view has passed.
 */
#include "core/base/atomic.h"
#include "io/admin/info/info.h"

#include "core/base/clock.h"
#include "core/store/view.h"

#include <inttypes.h>

static const char *info_persistence_status(bool failed)
{
    return failed ? "err" : "ok";
}

static void view_lines(struct info *i)
{
    const struct admin_persistence *p = &i->persistence;
    const uint64_t since = load_relaxed(&i->admin->sampled.held_since_ms);
    const int64_t age_ms = since ? clock_unix_ms() - (int64_t)since : 0;
    const double part = p->keys_total ? 100.0 * (double)p->keys_saved / (double)p->keys_total : 0;

    info_count(i, "current_cow_peak", load_relaxed(&i->admin->sampled.held_peak_bytes));
    info_count(i, "current_cow_size", view_held_bytes(i->engine->fixed.keyspace));
    info_number(i, "current_cow_size_age", age_ms > 0 ? age_ms / 1000 : 0);
    info_ratio(i, "current_fork_perc", part);
    info_count(i, "current_save_keys_processed", p->keys_saved);
    info_count(i, "current_save_keys_total", p->keys_total);
}

static void rdb_lines(struct info *i)
{
    const struct admin_persistence *p = &i->persistence;
    const uint64_t changes = i->totals->changes;

    info_count(i, "rdb_changes_since_last_save",
               changes > p->changes_at_last_save ? changes - p->changes_at_last_save : 0);
    info_number(i, "rdb_bgsave_in_progress", p->saving);
    info_number(i, "rdb_last_save_time", p->last_save_s);
    info_text(i, "rdb_last_bgsave_status", info_persistence_status(p->save_failed));
    info_number(i, "rdb_last_bgsave_time_sec", p->last_save_duration_s);
    info_number(i, "rdb_current_bgsave_time_sec", p->current_save_duration_s);
    info_count(i, "rdb_saves", p->saves);
    info_count(i, "rdb_last_cow_size", p->last_save_held_bytes);
    info_count(i, "rdb_last_load_keys_expired", p->load_keys_expired);
    info_count(i, "rdb_last_load_keys_loaded", p->load_keys_loaded);
}

static void aof_lines(struct info *i)
{
    const struct admin_persistence *p = &i->persistence;

    info_number(i, "aof_enabled", p->aof_enabled);
    info_number(i, "aof_rewrite_in_progress", p->rewriting);
    info_number(i, "aof_rewrite_scheduled", p->rewrite_scheduled);
    info_number(i, "aof_last_rewrite_time_sec", p->last_rewrite_duration_s);
    info_number(i, "aof_current_rewrite_time_sec", p->current_rewrite_duration_s);
    info_text(i, "aof_last_bgrewrite_status", info_persistence_status(p->rewrite_failed));
    info_count(i, "aof_rewrites", p->rewrites);
    info_count(i, "aof_rewrites_consecutive_failures", p->rewrite_failures);
    info_text(i, "aof_last_write_status", info_persistence_status(p->aof_write_failed));
    info_count(i, "aof_last_cow_size", p->last_rewrite_held_bytes);
    if (p->aof_enabled) {
        info_count(i, "aof_current_size", p->aof_current_size);
        info_count(i, "aof_base_size", p->aof_base_size);
        info_number(i, "aof_pending_rewrite", 0);
        info_count(i, "aof_buffer_length", p->aof_buffer_size);
        info_number(i, "aof_pending_bio_fsync", 0);
        info_count(i, "aof_delayed_fsync", p->aof_delayed_fsync);
    }
}

static void loading_lines(struct info *i)
{
    const struct admin_persistence *p = &i->persistence;
    const uint64_t total = p->load_bytes_total,
                   done = p->load_bytes < total ? p->load_bytes : total;
    const int64_t passed_s = (clock_unix_ms() - (int64_t)p->load_began_ms) / 1000;

    info_count(i, "loading_start_time", p->load_began_ms / 1000);
    info_count(i, "loading_total_bytes", total);
    info_count(i, "loading_loaded_bytes", done);
    info_ratio(i, "loading_loaded_perc", total ? 100.0 * (double)done / (double)total : 0);
    info_number(i, "loading_eta_seconds",
                done ? (int64_t)((double)passed_s * (double)(total - done) / (double)done) : 1);
}

void info_persistence(struct info *i)
{
    info_number(i, "loading", i->persistence.loading);
    info_number(i, "async_loading", i->persistence.async_loading);
    view_lines(i);
    rdb_lines(i);
    aof_lines(i);
    if (i->persistence.loading)
        loading_lines(i);
    info_number(i, "module_fork_in_progress", 0);
    info_number(i, "module_fork_last_cow_size", 0);
    info_count(i, "log_tickets",
               i->engine->fixed.log ? log_ring_last_ticket(i->engine->fixed.log) : 0);
    info_count(i, "log_pending", i->engine->fixed.log ? log_ring_pending(i->engine->fixed.log) : 0);
    info_count(i, "log_pending_bytes",
               i->engine->fixed.log ? log_ring_pending_bytes(i->engine->fixed.log) : 0);
}
