/*
 * bus_pulse.c — the bus does not outlive the server.
 *
 * Any frame proves life, so a node whose workers hang must fall silent, or nobody takes over.  The
 * bus sends all workers a message that says nothing; each drops its reference when it has been
 * round.  If most have not for half the node timeout, or nobody could because the gate is closed,
 * nothing is read or sent until they have.  One long command of one worker among several is no
 * reason.
 */
#include "core/base/trace.h"
#include "core/cmd/engine/push.h"
#include "io/cluster/bus_priv.h"

static void bus_end_pulse(struct cluster_bus *b)
{
    message_drop(b->pulse);
    b->pulse = NULL;
}

static void bus_send_pulse(struct cluster_bus *b, int64_t now_ms)
{
    const struct engine *e = b->parts.engine;
    b->pulse = message_new(MESSAGE_PULSE, bytes_of("", 0), bytes_of("", 0));
    b->pulse_ms = now_ms;
    for (uint32_t i = 0; i < e->fixed.worker_count; i++)
        push_send(e->fixed.push, e->fixed.worker_count, i, b->pulse);
}

static bool bus_most_hang(struct cluster_bus *b, int64_t since_ms, int64_t timeout_ms)
{
    const uint32_t silent = message_references(b->pulse) - 1;
    if (silent == 0) {
        bus_end_pulse(b);
        return false;
    }
    if (since_ms <= timeout_ms / 2)
        return false;
    const bool most = 2 * silent > b->parts.engine->fixed.worker_count;
    if (!most)
        bus_end_pulse(b); /* those who hang are few: how are the others by now? */
    return most;
}

bool bus_hangs(struct cluster_bus *b, int64_t now_ms)
{
    const int64_t timeout_ms = b->cluster->options.node_timeout_ms;
    const int64_t since_ms = now_ms - b->pulse_ms;
    const bool hangs = b->pulse && bus_most_hang(b, since_ms, timeout_ms);
    if (hangs != b->hung)
        trace_line(TRACE_WARNING, hangs ? "Most workers hang: this node is silent to its cluster."
                                        : "The workers are back, and so is this node.");
    b->hung = hangs;
    if (!b->pulse && since_ms >= timeout_ms / 8)
        bus_send_pulse(b, now_ms);
    return hangs;
}

void bus_pulse_end(struct cluster_bus *b)
{
    if (b->pulse)
        bus_end_pulse(b);
}
