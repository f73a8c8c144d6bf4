/*
 * info.c — INFO's frame: what is gathered, and in which order sections come.
 */
#include "io/admin/info/info.h"

#include "core/base/mem.h"
#include "io/admin/info/totals.h"

const struct info_section info_sections[] = {
    {"server", "Server", .by_default = true, .in_all = true, .of_sentinel = true,
     .write = info_server},
    {"clients", "Clients", .by_default = true, .in_all = true, .of_sentinel = true,
     .write = info_clients},
    {"memory", "Memory", .by_default = true, .in_all = true, .needs_dbs = true,
     .write = info_memory},
    {"persistence", "Persistence", .by_default = true, .in_all = true, .write = info_persistence},
    {"stats", "Stats", .by_default = true, .in_all = true, .needs_dbs = true, .of_sentinel = true,
     .write = info_stats},
    {"replication", "Replication", .by_default = true, .in_all = true, .write = info_replication},
    {"cpu", "CPU", .by_default = true, .in_all = true, .of_sentinel = true, .write = info_cpu},
    {"modules", "Modules", .by_default = true, .in_all = true, .write = info_modules},
    {"commandstats", "Commandstats", .in_all = true, .write = info_commandstats},
    {"errorstats", "Errorstats", .by_default = true, .in_all = true, .write = info_errorstats},
    {"latencystats", "Latencystats", .in_all = true, .write = info_latencystats},
    {"cluster", "Cluster", .by_default = true, .in_all = true, .write = info_cluster},
    {"tls", "TLS", .by_default = true, .in_all = true, .of_sentinel = true, .of_tls = true,
     .write = info_tls},
    {"keyspace", "Keyspace", .by_default = true, .in_all = true, .needs_dbs = true,
     .write = info_keyspace},
    {"debug", "Debug", .of_sentinel = true, .write = info_debug}, /* only by its name */
    {"sentinel", "Sentinel", .by_default = true, .in_all = true, .of_sentinel = true,
     .write = info_of_sentinel},
    {0},
};

/* --- gathering ------------------------------------------------------------------------------- */

static uint64_t info_larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void add_worker(struct admin_worker *sum, const struct admin_worker *one)
{
    if (!sum->backend)
        sum->backend = one->backend;
    sum->connections += one->connections;
    sum->blocked += one->blocked;
    sum->subscribed += one->subscribed;
    sum->buffer_bytes += one->buffer_bytes;
    sum->input_max = info_larger(sum->input_max, one->input_max);
    sum->output_max = info_larger(sum->output_max, one->output_max);
    sum->reads += one->reads;
    sum->writes += one->writes;
    sum->cycles += one->cycles;
    sum->cycles_us += one->cycles_us;
    sum->commands_us += one->commands_us;
    sum->cron_us += one->cron_us;
    sum->cycle_us_max = info_larger(sum->cycle_us_max, one->cycle_us_max);
    sum->cycle_commands_max = info_larger(sum->cycle_commands_max, one->cycle_commands_max);
}

static void info_gather(struct info *i)
{
    const struct admin_parts *parts = &i->admin->parts;

    i->persistence = (struct admin_persistence){.last_save_duration_s = -1,
                                                .current_save_duration_s = -1,
                                                .last_rewrite_duration_s = -1,
                                                .current_rewrite_duration_s = -1};
    if (parts->persistence)
        parts->persistence(parts->ctx, &i->persistence);
    if (i->persistence.last_save_s == 0)
        i->persistence.last_save_s = parts->started_ms / 1000;
    for (uint32_t w = 0; parts->worker && w < i->engine->fixed.worker_count; w++) {
        struct admin_worker one = {0};
        parts->worker(parts->ctx, w, &one);
        add_worker(&i->workers, &one);
    }
}

/* What the databases hold, if any of the sections says so. */
static enum outcome info_ask_dbs(struct exec *x, uint64_t sections, const struct db_reports **out)
{
    bool needed = false;
    for (uint32_t s = 0; info_sections[s].name; s++)
        needed |= (sections >> s & 1) && info_sections[s].needs_dbs;
    return needed ? exec_report_dbs(x, false, out) : RUN_DONE;
}

/* A Sentinel has few sections of a server's, and one of its own. */
static uint64_t info_had(const struct exec *x, uint64_t sections)
{
    const bool sentinel = x->admin->parts.sentinel_info != NULL;
    for (uint32_t s = 0; info_sections[s].name; s++)
        if (sentinel ? !info_sections[s].of_sentinel : info_sections[s].write == info_of_sentinel)
            sections &= ~(UINT64_C(1) << s);
    return sections;
}

void info_of_sentinel(struct info *i)
{
    i->admin->parts.sentinel_info(i->engine->fixed.sentinel, i->out);
}

enum outcome info_write(struct exec *x, uint64_t sections, struct buf *out)
{
    const struct db_reports *dbs = NULL;
    sections = info_had(x, sections);
    const enum outcome outcome = info_ask_dbs(x, sections, &dbs);
    if (outcome != RUN_DONE)
        return outcome;
    const size_t used = mem_used(); /* without the report's own buffers */
    struct stats *totals = mem_new(struct stats);
    struct info i = {.x = x,
                     .used_bytes = used,
                     .admin = x->admin,
                     .engine = x->admin->parts.engine,
                     .config = config_current(x->admin->parts.config),
                     .totals = totals,
                     .dbs = dbs,
                     .out = out};

    totals_add_counters(i.engine, totals);
    totals_add_errors(i.engine, totals);
    info_gather(&i);
    for (uint32_t s = 0; info_sections[s].name; s++) {
        if (!(sections >> s & 1))
            continue;
        if (out->size > 0)
            buf_append_cstr(out, "\r\n");
        buf_printf(out, "# %s\r\n", info_sections[s].heading);
        info_sections[s].write(&i);
    }
    mem_delete(totals);
    return RUN_DONE;
}
