/*
 * config_table_cluster.c — the rows of the cluster.
 *
 * Columns as in config_row.h.
 */
#include "io/config/config_row.h"

#define CLUS NEEDS(CLUSTER), HOOK(CLUSTER)

/* clang-format off */
static const struct config_row rows[] = {
    BOOL("cluster-enabled",                 cluster_enabled,                 "no", IMM | DEM, CLUS),
    STRING("cluster-config-file",           cluster_config_file,             "nodes.conf", IMM,
        CLUS),
    INT("cluster-port",                     cluster_port,                    "0", 0, PORT_MAX, IMM,
        CLUS),
    INT("cluster-node-timeout",             cluster_node_timeout_ms,         "15000", 0, INT_64, 0,
        CLUS),
    INT("cluster-migration-barrier",        cluster_migration_barrier,       "1", 0, INT_32, 0,
        CLUS),
    BOOL("cluster-allow-replica-migration", cluster_allow_replica_migration, "yes",        0, CLUS),

    INT("cluster-replica-validity-factor", cluster_replica_validity_factor, "10", 0, INT_32, 0,
        .alias = "cluster-slave-validity-factor", CLUS),
    BOOL("cluster-replica-no-failover",    cluster_replica_no_failover,     "no", 0,
         .alias = "cluster-slave-no-failover", CLUS),

    BOOL("cluster-require-full-coverage",       cluster_require_full_coverage,       "yes", 0,
        CLUS),
    BOOL("cluster-allow-reads-when-down",       cluster_allow_reads_when_down,       "no",  0,
        CLUS),
    BOOL("cluster-allow-pubsubshard-when-down", cluster_allow_pubsubshard_when_down, "yes", 0,
        CLUS),
    MEMORY("cluster-link-sendbuf-limit",        cluster_link_sendbuf_limit, "0", 0, UINT_64, 0,
        CLUS),

    STRING("cluster-announce-ip",    cluster_announce_ip,       "",  NUL, CLUS),
    INT("cluster-announce-port",     cluster_announce_port,     "0", 0, PORT_MAX, 0, CLUS),
    INT("cluster-announce-tls-port", cluster_announce_tls_port, "0", 0, PORT_MAX, 0, CLUS),
    INT("cluster-announce-bus-port", cluster_announce_bus_port, "0", 0, PORT_MAX, 0, CLUS),

    STRING("cluster-announce-hostname",       cluster_announce_hostname,       "", NUL,
           .check = config_check_hostname, CLUS),
    STRING("cluster-announce-client-ipv4",    cluster_announce_client_ipv4,    "", NUL,
           .check = config_check_ipv4, CLUS),
    STRING("cluster-announce-client-ipv6",    cluster_announce_client_ipv6,    "", NUL,
           .check = config_check_ipv6, CLUS),
    STRING("cluster-announce-human-nodename", cluster_announce_human_nodename, "", NUL,
           .check = config_check_nodename, CLUS),

    INT("cluster-blacklist-ttl",       cluster_blacklist_ttl_s, "60", 0, INT_32, 0, CLUS),
    INT("cluster-ping-interval",       cluster_ping_interval_ms, "0", 0, INT_32, HID, CLUS),
    BOOL("cluster-slot-stats-enabled", cluster_slot_stats_enabled, "no", 0, CLUS),
    INT("cluster-manual-failover-timeout", cluster_manual_failover_timeout_ms, "5000", 1, INT_32, 0,
        CLUS),

    ENUM("cluster-preferred-endpoint-type", cluster_preferred_endpoint_type, "ip", endpoint, 0,
        CLUS),
};
/* clang-format on */

const struct config_table config_table_cluster = TABLE(rows);
