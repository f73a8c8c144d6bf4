#include "io/cluster/cluster_service.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/store/keyspace.h"
#include "io/cluster/bus.h"
#include "io/cluster/helper.h"
#include "io/cluster/migrate.h"

struct cluster_service {
    struct cluster_service_parts parts;
    struct migrator *migrator;
    struct cluster_helper *helper; /* NULL: cluster-enabled no */
    struct cluster_bus *bus;       /* likewise */
    bool new_master; /* __atomic: it was told whom to follow, and has not been linked since */
};

/* --- what the bus asks of others ------------------------------------------------------------- */

static void service_applied(void *ctx, const struct config *before, const struct config *after)
{
    const struct cluster_service *s = ctx;
    (void)before;
    if (s->bus)
        bus_configure(s->bus, after);
}

enum { NEVER_MS = INT32_MAX };

static void service_follow(void *ctx, const char *ip, uint16_t port)
{
    struct cluster_service *s = ctx;
    struct gate *gate = &s->parts.engine->fixed.keyspace->gate;
    store_relaxed(&s->new_master, ip != NULL);
    gate_close(gate);
    if (ip)
        role_follow(s->parts.role, bytes_cstr(ip), port);
    else
        role_lead(s->parts.role);
    gate_open(gate);
}

static uint64_t service_data_offset(void *ctx)
{
    struct cluster_service *s = ctx;
    struct role_report r;
    role_report(s->parts.role, &r);
    if (r.state == LINK_CONNECTED)
        store_relaxed(&s->new_master, false);
    /* Until they are his, the data may be those of another shard, and their offset says nothing. */
    if (r.replica && load_relaxed(&s->new_master))
        return 0;
    if (r.replica) /* amid a full sync it has no data that anybody should count on */
        return r.has_history && r.state != LINK_SYNC && r.offset > 0 ? (uint64_t)r.offset : 0;
    struct repl_report own;
    repl_report_get(s->parts.repl, &own);
    return own.backlog.end > 0 ? (uint64_t)own.backlog.end : 0;
}

static int64_t service_data_age_ms(void *ctx)
{
    const struct cluster_service *s = ctx;
    struct role_report r;
    role_report(s->parts.role, &r);
    if (r.last_io_s < 0 && r.down_s < 0)
        return NEVER_MS; /* what it holds came with its files, and is of any age */
    return 1000 * (r.last_io_s >= 0 ? r.last_io_s : r.down_s);
}

static uint64_t service_mark(void *ctx)
{
    return repl_mark(((struct cluster_service *)ctx)->parts.repl);
}

static bool service_has_mark(void *ctx, uint64_t mark)
{
    return repl_has_mark(((struct cluster_service *)ctx)->parts.repl, mark);
}

static void service_answer(void *ctx, uint32_t worker, uint64_t session_id, struct bytes reply)
{
    const struct cluster_service *s = ctx;
    s->parts.answer(s->parts.ctx, worker, session_id, reply);
}

static void service_hear(void *ctx, bool shard, struct bytes channel, struct bytes message)
{
    helper_hear(((struct cluster_service *)ctx)->helper, shard, channel, message);
}

static void service_published(void *ctx, bool shard, struct bytes channel, struct bytes message)
{
    bus_publish(((struct cluster_service *)ctx)->bus, shard, channel, message);
}

static void service_drained(void *ctx)
{
    bus_drained(((struct cluster_service *)ctx)->bus);
}

/* --- begin and end --------------------------------------------------------------------------- */

static bool service_make_bus(struct cluster_service *s)
{
    struct engine *engine = s->parts.engine;
    engine_set_clustered(engine);
    s->helper = helper_new(engine, service_drained, s);
    s->bus = bus_new(&(struct bus_parts){.config = s->parts.config,
                                         .engine = engine,
                                         .ctx = s,
                                         .answer = service_answer,
                                         .role = service_follow,
                                         .offset = service_data_offset,
                                         .data_age_ms = service_data_age_ms,
                                         .mark = service_mark,
                                         .has_mark = service_has_mark,
                                         .helper = s->helper,
                                         .tls = s->parts.tls,
                                         .publish = service_hear});
    engine->cluster.bus = s->bus;
    engine->hooks.published = service_published;
    engine->hooks.published_ctx = s;
    engine->hooks.slot_states = bus_slot_states;
    engine->hooks.take_slot_states = bus_take_slot_states;
    engine->hooks.slot_states_ctx = s->bus;
    return s->bus != NULL;
}

struct cluster_service *cluster_service_new(const struct cluster_service_parts *parts)
{
    struct cluster_service *s = mem_new(struct cluster_service);
    s->parts = *parts;
    s->migrator = migrator_new(&(struct migrator_parts){.config = parts->config,
                                                        .engine = parts->engine,
                                                        .tls = parts->tls,
                                                        .ctx = s,
                                                        .answer = service_answer});
    parts->engine->cluster.migrator = s->migrator;
    config_register(parts->config, CONFIG_HOOK_CLUSTER,
                    &(struct config_hook){NULL, service_applied, s});
    if (!config_current(parts->config)->cluster_enabled || service_make_bus(s))
        return s;
    return NULL; /* the process ends, and its threads with it */
}

void cluster_service_start(struct cluster_service *s)
{
    if (s->bus)
        bus_start(s->bus);
}

void cluster_service_stop(struct cluster_service *s)
{
    if (s->bus)
        bus_stop(s->bus);
    if (s->helper)
        helper_stop(s->helper);
    migrator_free(s->migrator);
}

void cluster_service_free(struct cluster_service *s)
{
    if (s->bus)
        bus_free(s->bus);
    if (s->helper)
        helper_free(s->helper);
    mem_delete(s);
}
