/*
 * bus_outcome.c — what a turn has decided is gathered under the lock, and done without it.
 */
#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/client/registry.h"
#include "core/store/keyspace.h"
#include "io/cluster/bus_priv.h"
#include "io/cluster/helper.h"

#include <stdlib.h>

enum { FILE_BEHIND_MS = 1000 };

/* Until when a majority is known to have been in touch, if the last word of each is counted. */
static int64_t bus_good_until_ms(const struct cluster *c)
{
    int64_t heard[1024];
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->node_count && n < 1024; i++) {
        const struct cluster_node *node = c->nodes[i];
        if (!cluster_is_master(node) || node->slot_count == 0)
            continue;
        int64_t at = node == c->self ? c->now_ms : node->data_received_ms;
        uint32_t j = n++;
        for (; j > 0 && heard[j - 1] < at; j--) /* newest first */
            heard[j] = heard[j - 1];
        heard[j] = at;
    }
    return n == 0 ? INT64_MAX / 2000000 : heard[n / 2] + c->options.node_timeout_ms;
}

/*
 * Epochs, votes, whose replica this is: on the disk before they are spoken.  What slots do follows
 * from epochs, and others tell it to a node that has forgotten it; so that file waits for the disk
 * once a while, and not each of a thousand SETSLOTs.
 */
static struct bus_promises bus_promises(const struct cluster *c)
{
    struct bus_promises now = {.current_epoch = c->current_epoch,
                               .vote_epoch = c->last_vote_epoch,
                               .config_epoch = c->self->config_epoch};
    memcpy(now.id, c->self->id, NODE_ID_CHARS);
    if (c->self->master)
        memcpy(now.master, c->self->master->id, NODE_ID_CHARS);
    return now;
}

bool bus_must_sync(const struct cluster_bus *b)
{
    const struct bus_promises now = bus_promises(b->cluster);
    return memcmp(&now, &b->promises, sizeof now) != 0;
}

void bus_gather_file(struct cluster_bus *b, struct bus_outcome *out)
{
    const int64_t now_ms = b->cluster->now_ms;
    if (b->file_behind && now_ms - b->file_ms >= FILE_BEHIND_MS) {
        helper_sync(b->parts.helper, b->path); /* the bus waits for no disk without need */
        b->file_behind = false;
    }
    if (!(out->todo & CLUSTER_SAVE))
        return;
    out->sync = bus_must_sync(b);
    b->promises = bus_promises(b->cluster);
    if (out->sync || !b->file_behind)
        b->file_ms = now_ms;
    b->file_behind = !out->sync;
    cluster_save_text(b->cluster, &out->text);
}

void bus_gather_left(struct cluster_bus *b, struct bus_outcome *out)
{
    if (!(out->todo & CLUSTER_LEFT))
        return;
    memcpy(out->left, b->cluster->left, SLOT_BITMAP);
    memset(b->cluster->left, 0, SLOT_BITMAP);
}

void bus_gather(struct cluster_bus *b, struct bus_outcome *out, uint8_t *words)
{
    struct cluster *c = b->cluster;
    const struct cluster_node *master = c->self->master;
    out->todo = c->todo;
    c->todo = 0;
    out->pause_ms = b->pause_ms;
    b->pause_ms = -1;
    bus_gather_file(b, out);
    if (out->todo & CLUSTER_MAP) {
        out->map = cluster_map(c);
        bus_words(b, words);
    }
    bus_gather_left(b, out);
    out->master = cluster_is_master(c->self);
    if (out->todo & CLUSTER_ROLE && master) {
        memcpy(out->ip, master->ip, sizeof out->ip);
        out->port = c->options.tls ? master->tls_port : master->port;
    }
    const int64_t until_ms = bus_good_until_ms(c);
    store_relaxed(&b->parts.engine->cluster.good_until_ns, until_ms * 1000000);
}

static void bus_pause(struct cluster_bus *b, int64_t until_ms)
{
    struct engine *e = b->parts.engine;
    gate_close(&e->fixed.keyspace->gate);
    if (until_ms) {
        engine_pause(e, PAUSE_BY_SLOTS, PAUSE_WRITES, until_ms);
        b->mark = b->parts.mark ? b->parts.mark(b->parts.ctx) : 0;
    } else {
        engine_pause_end(e, PAUSE_BY_SLOTS);
    }
    gate_open(&e->fixed.keyspace->gate);
    store_release(&b->paused, until_ms != 0);
    if (e->fixed.registry && !until_ms)
        registry_wake_all(e->fixed.registry);
}

void bus_write_file(const struct cluster_bus *b, const struct bus_outcome *out)
{
    if (out->todo & CLUSTER_SAVE && !nodes_file_write(b->path, buf_bytes(&out->text), out->sync)) {
        trace_line(TRACE_WARNING, "Fatal: can't update cluster config file.");
        exit(1); /* what it has promised would be forgotten */
    }
}

void bus_carry_out(struct cluster_bus *b, struct bus_outcome *out, const uint8_t *words)
{
    bus_write_file(b, out);
    if (out->pause_ms > 0)
        bus_pause(b, out->pause_ms);
    if (out->map)
        bus_apply(b, out->map, words);
    if (out->todo & CLUSTER_ROLE && b->parts.role)
        b->parts.role(b->parts.ctx, out->master ? NULL : out->ip, out->port);
    if (out->map || out->todo & CLUSTER_LEFT)
        bus_tell_left(b, out->left);
    if (out->pause_ms == 0)
        bus_pause(b, 0); /* who was held back meets the words of now */
    buf_release(&out->text);
}
