/*
 * cmd_cluster_priv.h — what the files of CLUSTER share.
 */
#ifndef LK_IO_CMD_CLUSTER_PRIV_H
#define LK_IO_CMD_CLUSTER_PRIV_H

#include "core/cmd/engine/dispatch.h"
#include "io/cluster/bus.h"

LK_BEGIN

static inline struct cluster_bus *cluster_bus_of(struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->cluster.bus;
}

/* How the client that asks has come: that says which addresses and ports it can use. */
static inline struct cluster_reader cluster_reader_of(const struct exec *x)
{
    return (struct cluster_reader){.tls = session_has(x->session, SESSION_TLS),
                                   .family = x->session->ipv6 ? CLIENT_IPV6 : CLIENT_IPV4};
}

static inline bool cluster_slot_of(struct bytes word, uint32_t *slot)
{
    uint64_t n;
    if (!bytes_to_uint64(word, &n) || n >= HASH_SLOTS)
        return false;
    *slot = (uint32_t)n;
    return true;
}

/* cmd_cluster_change.c: handlers of rows that change something, by the bus. */
command_run cluster_change_run;
bus_change change_addslots, change_addslots_range, change_delslots, change_delslots_range,
    change_flushslots, change_setslot, change_meet, change_forget, change_replicate, change_reset,
    change_set_config_epoch, change_bumpepoch, change_failover, change_saveconfig;

/* cluster_shape.c: who serves what, as clients ask for it. */
command_run cluster_slots, cluster_shards, cluster_links;

/* cmd_slot_stats.c */
command_run cluster_slot_stats;

LK_END

#endif
