/*
 * config_table_cluster.c — the rows of the cluster.
 *
 * Columns as in config_row.h.
 */
#include "io/config/config_row.h"

/* clang-format off */
static const struct config_row rows[] = {
    BOOL("cluster-enabled",                 cluster_enabled,                 "no",         IMM),
    STRING("cluster-config-file",           cluster_config_file,             "nodes.conf", IMM),
    INT("cluster-port",                     cluster_port,                    "0", 0, PORT_MAX, IMM),
    INT("cluster-node-timeout",             cluster_node_timeout_ms,         "15000", 0, INT_64, 0),
    INT("cluster-migration-barrier",        cluster_migration_barrier,       "1", 0, INT_32, 0),
    BOOL("cluster-allow-replica-migration", cluster_allow_replica_migration, "yes",        0),

    INT("cluster-replica-validity-factor", cluster_replica_validity_factor, "10", 0, INT_32, 0,
        .alias = "cluster-slave-validity-factor"),
    BOOL("cluster-replica-no-failover",    cluster_replica_no_failover,     "no", 0,
         .alias = "cluster-slave-no-failover"),

    BOOL("cluster-require-full-coverage",       cluster_require_full_coverage,       "yes", 0),
    BOOL("cluster-allow-reads-when-down",       cluster_allow_reads_when_down,       "no",  0),
    BOOL("cluster-allow-pubsubshard-when-down", cluster_allow_pubsubshard_when_down, "yes", 0),
    MEMORY("cluster-link-sendbuf-limit",        cluster_link_sendbuf_limit, "0", 0, UINT_64, 0),

    STRING("cluster-announce-ip",    cluster_announce_ip,       "",  NUL),
    INT("cluster-announce-port",     cluster_announce_port,     "0", 0, PORT_MAX, 0),
    INT("cluster-announce-tls-port", cluster_announce_tls_port, "0", 0, PORT_MAX, 0),
    INT("cluster-announce-bus-port", cluster_announce_bus_port, "0", 0, PORT_MAX, 0),

    STRING("cluster-announce-hostname",       cluster_announce_hostname,       "", NUL,
           .check = config_check_hostname),
    STRING("cluster-announce-human-nodename", cluster_announce_human_nodename, "", NUL,
           .check = config_check_nodename),

    ENUM("cluster-preferred-endpoint-type", cluster_preferred_endpoint_type, "ip", endpoint, 0),
};
/* clang-format on */

const struct config_table config_table_cluster = TABLE(rows);
