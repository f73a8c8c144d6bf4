/*
 * config_need.c — directives of features that the server does not have.
 *
 * A server that was told `tls-port` or `replicaof` and runs without is one that its operator
 * believes to be closed.  So what asks for safety or for a role is refused while the feature is
 * missing, unless it asks for the first value, which is to have none of it.  What only tunes does
 * no harm: it is kept, shown and written back, and the log says once that it does nothing.
 */
#include "core/base/trace.h"
#include "io/config/config_priv.h"

static const struct {
    const char *refusal; /* why, as a client and the fatal block see it */
} features[CONFIG_FEATURES] = {
#define FEATURE(id, name) [CONFIG_NEEDS_##id] = {"this server does not support " name}
    FEATURE(TLS, "TLS"),
    FEATURE(REPLICATION, "replication"),
    FEATURE(REPLICA, "being a replica"),
    FEATURE(CLUSTER, "cluster mode"),
    FEATURE(SENTINEL, "Sentinel mode"),
    FEATURE(MODULES, "modules"),
    FEATURE(EVICTION, "eviction"),
    FEATURE(CLIENT_EVICTION, "eviction of clients"),
    FEATURE(PUBSUB, "keyspace notifications"),
    FEATURE(TRACKING, "client-side caching"),
    FEATURE(SCRIPTS, "scripts"),
#undef FEATURE
};

const char *config_need_unmet(const struct config_holder *h, const struct config *draft,
                              const struct config_row *row)
{
    if (!(row->flags & CONFIG_DEMANDS) || config_has(h, row->needs) ||
        config_same(draft, config_holder_defaults(h), row))
        return NULL;
    return features[row->needs].refusal;
}

const char *config_need_unmet_order(const struct config_holder *h, enum config_feature needs)
{
    return config_has(h, needs) ? NULL : features[needs].refusal;
}

/* Appends the names of rows that are set and do nothing, for want of a feature or of a reader. */
static void append_idle(const struct config_holder *h, enum config_feature feature, struct buf *out)
{
    const struct config *c = config_current(h), *defaults = config_holder_defaults(h);

    for (size_t i = 0; i < config_row_count(); i++) {
        const struct config_row *row = config_row_at(i);
        const bool idle = feature ? row->needs == feature : row->flags & CONFIG_STORED;
        if (idle && !config_same(c, defaults, row))
            buf_printf(out, "%s%s", out->size > 0 ? ", " : "", row->name);
    }
}

void config_log_unmet(const struct config_holder *h)
{
    struct buf names = {0};

    for (uint32_t f = 0; f < CONFIG_FEATURES; f++) {
        names.size = 0;
        if (f == CONFIG_NEEDS_NOTHING || !config_has(h, f))
            append_idle(h, f, &names);
        if (names.size == 0)
            continue;
        trace_line(TRACE_NOTICE, "Kept without effect, since %s: %.*s",
                   f ? features[f].refusal : "nothing here depends on it", (int)names.size,
                   names.data);
    }
    buf_release(&names);
}
