#include "io/admin/debug/debug_cluster.h"

#include "core/cmd/engine/dispatch.h"
#include "io/cluster/bus.h"

#include <stdlib.h>

static struct cluster_bus *debug_bus(struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->cluster.bus;
}

static int debug_cluster_number(struct bytes word)
{
    char digits[16];
    const size_t n = word.size < sizeof digits - 1 ? word.size : sizeof digits - 1;
    memcpy(digits, word.data, n);
    digits[n] = '\0';
    return atoi(digits);
}

void debug_clusterlink(struct exec *x, const struct args *a)
{
    const bool all = bytes_is_word(a->v[3], "all");
    const bool to = all || bytes_is_word(a->v[3], "to");
    const bool from = all || bytes_is_word(a->v[3], "from");
    if (!debug_bus(x))
        reply_error(x->reply, "ERR Debug option only available for cluster mode enabled setup!");
    else if (!bytes_is_word(a->v[2], "kill") || !(to || from))
        reply_subcommand(x, a);
    else if (!bus_debug_kill(debug_bus(x), a->v[4], to, from))
        reply_error(x->reply, "ERR Unknown node %.*s",
                    (int)(a->v[4].size < 128 ? a->v[4].size : 128), a->v[4].data);
    else
        reply_ok(x->reply);
}

void debug_drop_frames(struct exec *x, const struct args *a)
{
    if (debug_bus(x))
        bus_debug_drop(debug_bus(x), debug_cluster_number(a->v[2]));
    reply_ok(x->reply);
}

void debug_drop_closes(struct exec *x, const struct args *a)
{
    if (debug_bus(x))
        bus_debug_drop_closes(debug_bus(x), debug_cluster_number(a->v[2]) != 0);
    reply_ok(x->reply);
}
