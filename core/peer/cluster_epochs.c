/*
 * cluster_epochs.c — the numbers that say which claim is younger.
 */
#include "core/peer/cluster_priv.h"

static uint64_t cluster_greatest_epoch(const struct cluster *c)
{
    uint64_t most = c->current_epoch;
    for (uint32_t i = 0; i < c->node_count; i++)
        most = c->nodes[i]->config_epoch > most ? c->nodes[i]->config_epoch : most;
    return most;
}

bool cluster_bump(struct cluster *c)
{
    const uint64_t most = cluster_greatest_epoch(c);
    if (c->self->config_epoch != 0 && c->self->config_epoch == most)
        return false;
    c->current_epoch = most + 1;
    c->self->config_epoch = c->current_epoch;
    cluster_todo(c, CLUSTER_SAVE);
    trace_line(TRACE_NOTICE, "New configEpoch set to %llu",
               (unsigned long long)c->self->config_epoch);
    return true;
}

const char *cluster_set_epoch(struct cluster *c, uint64_t epoch)
{
    if (c->node_count > 1)
        return "ERR The user can assign a config epoch only when the node does not know any other "
               "node.";
    if (c->self->config_epoch != 0)
        return "ERR Node config epoch is already non-zero";
    c->self->config_epoch = epoch;
    if (c->current_epoch < epoch)
        c->current_epoch = epoch;
    cluster_todo(c, CLUSTER_SAVE);
    return NULL;
}
