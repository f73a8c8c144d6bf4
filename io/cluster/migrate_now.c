/*
 * migrate_now.c — MIGRATE of a transaction: made at once, while the worker waits for the other
 * server.
 *
 * The transaction has the locks of all its keys, so nobody writes one while it travels.  As with
 * any server that does it so, those who want these keys, and the other clients of the worker, wait
 * for as long as the timeout allows.
 */
#include "core/base/mem.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/exec_slot.h"
#include "io/cluster/migrate_talk.h"
#include "persist/rdb/rdb_dump.h"

struct migrating {
    struct exec *x;
    const struct migrate_spec *spec;
    struct migrate_peer peer;
    struct bytes *sent; /* keys that are there */
    bool *good;
    uint32_t count;
    struct buf out, payload, error;
};

static void now_add_key(struct migrating *m, struct bytes key)
{
    struct exec *x = m->x;
    struct value v;
    if (exec_find_silently(x, key, TYPE_ANY, &v) != LK_OK || !value_exists(&v))
        return;
    m->payload.size = 0;
    rdb_dump_value(&v, false, &m->payload);
    const int64_t deadline_ms = exec_deadline(x, key);
    const int64_t left_ms = deadline_ms - x->now_ms;
    migrate_write_key(&m->out, key,
                      deadline_ms < 0 ? -1
                      : left_ms > 0   ? left_ms
                                      : 0,
                      buf_bytes(&m->payload), m->spec->replace, exec_in_cluster(x));
    m->sent[m->count++] = key;
}

/* False: the error says why. */
static bool now_send(struct migrating *m)
{
    const struct migrate_spec *s = m->spec;
    struct buf request = {0};
    if (!migrate_peer_open(&m->peer, s->host, s->port, s->tls, s->timeout_ms)) {
        buf_append(&m->error, "IOERR error or timeout connecting to the client", 48);
        return false;
    }
    const uint32_t greetings = migrate_write_greeting(&request, s, &m->peer);
    buf_append_bytes(&request, buf_bytes(&m->out));
    const bool sent = migrate_peer_send(&m->peer, buf_bytes(&request), s->timeout_ms);
    buf_release(&request);
    if (!sent) {
        buf_append(&m->error, "IOERR error or timeout writing to target instance", 50);
        return false;
    }
    return migrate_read_answers(&m->peer, s, greetings, m->count, m->good, &m->error);
}

/* Also beside an error: what has arrived must not be here, too. */
static void now_delete(struct migrating *m)
{
    for (uint32_t i = 0; i < m->count; i++) {
        if (!m->good[i] || !exec_delete(m->x, m->sent[i], false))
            continue;
        exec_event(m->x, EVENT_GENERIC, "del", m->sent[i]);
        exec_effect_format(m->x, "sb", "DEL", m->sent[i]);
    }
}

enum outcome migrate_now(struct exec *x, const struct migrate_spec *spec)
{
    struct migrating m = {.x = x, .spec = spec, .peer = {.fd = -1}};
    m.sent = mem_alloc(spec->key_count * sizeof *m.sent);
    m.good = mem_calloc(spec->key_count * sizeof *m.good);
    for (uint32_t i = 0; i < spec->key_count; i++)
        now_add_key(&m, spec->keys[i]);
    if (m.count == 0) {
        reply_simple(x->reply, "NOKEY");
    } else {
        const bool arrived = now_send(&m);
        if (!spec->copy)
            now_delete(&m);
        if (arrived)
            reply_simple(x->reply, "OK");
        else
            reply_error(x->reply, "%s", m.error.data);
    }
    if (m.peer.fd >= 0)
        migrate_peer_close(&m.peer);
    mem_free(m.sent, spec->key_count * sizeof *m.sent);
    mem_free(m.good, spec->key_count * sizeof *m.good);
    buf_release(&m.out);
    buf_release(&m.payload);
    buf_release(&m.error);
    return RUN_DONE;
}
