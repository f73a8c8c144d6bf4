/*
 * bus_options.c — from directives to the state machine's settings.
 */
#include "io/cluster/bus_priv.h"

enum { BUS_PORT_AHEAD = 10000 };

static void bus_copy(char *to, size_t size, const char *text)
{
    const size_t n = text ? strnlen(text, size - 1) : 0;
    if (n > 0)
        memcpy(to, text, n);
    to[n] = '\0';
}

static uint16_t bus_either(int64_t announced, int64_t real)
{
    return (uint16_t)(announced ? announced : real);
}

int64_t bus_port(const struct config *c)
{
    return c->cluster_port ? c->cluster_port
                           : (c->tls_cluster ? c->tls_port : c->port) + BUS_PORT_AHEAD;
}

void bus_settings(const struct config *c, struct bus_settings *settings)
{
    struct cluster_options *out = &settings->options;
    memset(settings, 0, sizeof *settings); /* it is compared as bytes */
    settings->sendbuf_limit = c->cluster_link_sendbuf_limit;
    *out = (struct cluster_options){
        .node_timeout_ms = c->cluster_node_timeout_ms,
        .full_coverage = c->cluster_require_full_coverage,
        .reads_when_down = c->cluster_allow_reads_when_down,
        .channels_when_down = c->cluster_allow_pubsubshard_when_down,
        .no_failover = c->cluster_replica_no_failover,
        .replica_migration = c->cluster_allow_replica_migration,
        .validity_factor = c->cluster_replica_validity_factor,
        .migration_barrier = c->cluster_migration_barrier,
        .repl_ping_period_ms = c->repl_ping_replica_period_s * 1000,
        .blacklist_ttl_s = c->cluster_blacklist_ttl_s,
        .manual_failover_ms = c->cluster_manual_failover_timeout_ms,
        .port = bus_either(c->cluster_announce_port, c->port),
        .tls_port = bus_either(c->cluster_announce_tls_port, c->tls_port),
        .bus_port = bus_either(c->cluster_announce_bus_port, bus_port(c)),
        .tls = c->tls_cluster,
        .endpoint = c->cluster_preferred_endpoint_type,
    };
    bus_copy(out->ip, sizeof out->ip, c->cluster_announce_ip);
    bus_copy(out->hostname, sizeof out->hostname, c->cluster_announce_hostname);
    bus_copy(out->name, sizeof out->name, c->cluster_announce_human_nodename);
    bus_copy(out->client_ip[CLIENT_IPV4], NODE_IP_CHARS, c->cluster_announce_client_ipv4);
    bus_copy(out->client_ip[CLIENT_IPV6], NODE_IP_CHARS, c->cluster_announce_client_ipv6);
}
