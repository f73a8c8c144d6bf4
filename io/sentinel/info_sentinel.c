/*
 * info_sentinel.c — INFO's section of a Sentinel.
 */
#include "io/sentinel/service_priv.h"

#include <inttypes.h>

static const char *master_status(const struct sentinel_master *m)
{
    return m->node.flags & SENTINEL_O_DOWN   ? "odown"
           : m->node.flags & SENTINEL_S_DOWN ? "sdown"
                                             : "ok";
}

void sentinel_service_info(struct sentinel_service *v, struct buf *out)
{
    uint32_t masters = 0, i = 0;
    pthread_mutex_lock(&v->lock);
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        masters++;
    buf_printf(out,
               "sentinel_masters:%u\r\nsentinel_tilt:%d\r\n"
               "sentinel_tilt_since_seconds:%" PRId64 "\r\nsentinel_running_scripts:%u\r\n"
               "sentinel_scripts_queue_length:%u\r\nsentinel_simulate_failure_flags:%u\r\n",
               masters, v->machine.tilt_since_ms != 0,
               v->machine.tilt_since_ms ? (v->machine.now_ms - v->machine.tilt_since_ms) / 1000
                                        : INT64_C(-1),
               v->scripts_running, v->script_count, v->crash);
    for (const struct sentinel_master *m = v->machine.masters; m; m = m->next)
        buf_printf(out, "master%u:name=%s,status=%s,address=%s:%u,slaves=%u,sentinels=%u\r\n", i++,
                   m->name, master_status(m), sentinel_shown_host(&v->machine, &m->node.addr),
                   m->node.addr.port, m->replica_count, m->peer_count + 1);
    pthread_mutex_unlock(&v->lock);
}
