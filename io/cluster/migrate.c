#include "io/cluster/migrate.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/engine/dispatch_service.h"
#include "core/cmd/engine/session_end.h"
#include "core/proto/resp_segment.h"
#include "core/store/reclaim.h"
#include "io/cluster/migrate_talk.h"
#include "io/config/config_holder.h"

#include <pthread.h>

enum {
    TRIES = 4,        /* the last one holds the slot */
    PEERS = 16,       /* connections that are kept … */
    PEER_IDLE_S = 10, /* … for so long */
};

struct migrate_job {
    struct migrate_job *next;
    struct migrate_spec spec;
    size_t bytes; /* of the block that spec.keys begins */
};

struct migrator {
    struct migrator_parts parts;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct migrate_job *jobs, **jobs_end; /* lock */
    bool stop;                            /* lock */
    struct dispatcher *d;
    struct session session;
    struct migrate_peer peers[PEERS];
    struct buf out, reply; /* to the peer; to the client */
};

/* --- requests -------------------------------------------------------------------------------- */

static struct bytes migrate_copy(char **to, struct bytes from)
{
    if (!from.data)
        return from;
    if (from.size > 0)
        memcpy(*to, from.data, from.size);
    const struct bytes copy = bytes_of(*to, from.size);
    *to += from.size;
    return copy;
}

void migrate_request(struct migrator *m, const struct migrate_spec *spec)
{
    size_t bytes = spec->key_count * sizeof(struct bytes) + spec->host.size + spec->port.size +
                   spec->db.size + spec->user.size + spec->password.size;
    for (uint32_t i = 0; i < spec->key_count; i++)
        bytes += spec->keys[i].size;
    struct bytes *keys = mem_alloc(bytes);
    char *to = (char *)(keys + spec->key_count);
    struct migrate_job *job = mem_new(struct migrate_job);
    job->spec = *spec;
    job->bytes = bytes;
    job->spec.keys = keys;
    for (uint32_t i = 0; i < spec->key_count; i++)
        keys[i] = migrate_copy(&to, spec->keys[i]);
    job->spec.host = migrate_copy(&to, spec->host);
    job->spec.port = migrate_copy(&to, spec->port);
    job->spec.db = migrate_copy(&to, spec->db);
    job->spec.user = migrate_copy(&to, spec->user);
    job->spec.password = migrate_copy(&to, spec->password);
    pthread_mutex_lock(&m->lock);
    *m->jobs_end = job;
    m->jobs_end = &job->next;
    pthread_cond_signal(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

struct tls_holder *migrate_security(const struct migrator *m)
{
    return config_current(m->parts.config)->tls_cluster ? m->parts.tls : NULL;
}

static void migrate_free_job(struct migrate_job *job)
{
    mem_free((void *)(uintptr_t)job->spec.keys, job->bytes);
    mem_delete(job);
}

/* --- commands here --------------------------------------------------------------------------- */

/* Runs a command of ours; the answer is in m->reply. */
static void migrate_own(struct migrator *m, const struct bytes *words, uint32_t n)
{
    const struct args a = {words, n};
    dispatch_run_service(m->d, &m->session, &a);
    m->reply.size = 0;
    for (struct bytes run; reply_segments(&m->session.reply, &run, 1) == 1;) {
        buf_append_bytes(&m->reply, run);
        reply_sent(&m->session.reply, run.size);
    }
}

static bool migrate_own_ok(struct migrator *m, const char *word)
{
    const struct bytes words[] = {bytes_cstr(word)};
    migrate_own(m, words, 1);
    return m->reply.size > 0 && m->reply.data[0] != '-';
}

/* A command and keys: WATCH, DEL. */
static void migrate_own_keys(struct migrator *m, const char *word, const struct bytes *keys,
                             uint32_t n)
{
    struct bytes *words = mem_alloc((n + 1) * sizeof *words);
    words[0] = bytes_cstr(word);
    memcpy(words + 1, keys, n * sizeof *words);
    migrate_own(m, words, n + 1);
    mem_free(words, (n + 1) * sizeof *words);
}

static void migrate_use_db(struct migrator *m, uint32_t db)
{
    store_relaxed(&m->session.db, db);
}

/* --- to the other server --------------------------------------------------------------------- */

static struct migrate_peer *migrate_find_peer(struct migrator *m, const struct migrate_spec *s)
{
    const int64_t now_ms = clock_mono_ns() / 1000000;
    struct migrate_peer *oldest = &m->peers[0];
    for (int i = 0; i < PEERS; i++) {
        struct migrate_peer *p = &m->peers[i];
        if (p->fd >= 0 && now_ms - p->used_ms > PEER_IDLE_S * 1000)
            migrate_peer_close(p);
        if (p->fd >= 0 && !p->tls == !s->tls && bytes_equal(bytes_cstr(p->host), s->host) &&
            bytes_equal(bytes_cstr(p->port), s->port)) {
            p->used_ms = now_ms;
            return p;
        }
        if (p->fd < 0 || (oldest->fd >= 0 && p->used_ms < oldest->used_ms))
            oldest = p;
    }
    if (oldest->fd >= 0)
        migrate_peer_close(oldest);
    oldest->used_ms = now_ms;
    return migrate_peer_open(oldest, s->host, s->port, s->tls, s->timeout_ms) ? oldest : NULL;
}

/* The payload of "$size\r\n…\r\n"; data NULL: there is no such key. */
static struct bytes migrate_payload(const struct buf *reply)
{
    if (reply->size < 4 || reply->data[0] != '$' || reply->data[1] == '-')
        return bytes_of(NULL, 0);
    const char *end = memchr(reply->data, '\n', reply->size);
    return bytes_of(end + 1, reply->size - (size_t)(end + 1 - reply->data) - 2);
}

static int64_t migrate_integer(const struct buf *reply)
{
    int64_t n = -2;
    if (reply->size > 3 && reply->data[0] == ':')
        (void)bytes_to_int64(bytes_of(reply->data + 1, reply->size - 3), &n);
    return n;
}

/* RESTORE for a key, if it is there. */
static bool migrate_add_key(struct migrator *m, struct bytes key, bool replace)
{
    const bool asking = m->parts.engine->fixed.keyspace->slotted;
    const struct bytes ttl[] = {bytes_cstr("PTTL"), key}, dump[] = {bytes_cstr("DUMP"), key};
    migrate_own(m, ttl, 2);
    const int64_t ttl_ms = migrate_integer(&m->reply);
    migrate_own(m, dump, 2);
    const struct bytes payload = migrate_payload(&m->reply);
    if (!payload.data)
        return false;
    migrate_write_key(&m->out, key, ttl_ms, payload, replace, asking);
    return true;
}

/* --- a request ------------------------------------------------------------------------------- */

enum migrated { MIGRATED, MIGRATED_NOTHING, MIGRATED_FAILED, MIGRATED_AGAIN };

static enum migrated migrate_fail(struct migrator *m, const char *line)
{
    m->reply.size = 0;
    buf_printf(&m->reply, "-%s\r\n", line);
    return MIGRATED_FAILED;
}

/* Reads all answers; the first error is what the client is told.  good: keys that have arrived. */
static enum migrated migrate_answers(struct migrator *m, const struct migrate_spec *s,
                                     struct migrate_peer *p, uint32_t greetings, uint32_t keys,
                                     bool *good)
{
    struct buf error = {0};
    enum migrated result = MIGRATED;
    if (!migrate_read_answers(p, s, greetings, keys, good, &error))
        result = migrate_fail(m, error.data);
    buf_release(&error);
    return result;
}

/* Deletes what has arrived, unless somebody has written one of them: then all go once more. */
static enum migrated migrate_delete(struct migrator *m, const struct bytes *keys, uint32_t n)
{
    if (n == 0)
        return MIGRATED;
    if (!migrate_own_ok(m, "MULTI"))
        return MIGRATED_FAILED;
    migrate_own_keys(m, "DEL", keys, n);
    migrate_own_ok(m, "EXEC");
    if (m->reply.size > 1 && m->reply.data[0] == '-')
        return MIGRATED_FAILED;
    return m->reply.size > 3 && m->reply.data[1] == '-' ? MIGRATED_AGAIN : MIGRATED;
}

static enum migrated migrate_once(struct migrator *m, const struct migrate_spec *s, bool replace)
{
    migrate_use_db(m, s->session_db);
    migrate_own_keys(m, "EXISTS", s->keys, s->key_count);
    if (migrate_integer(&m->reply) == 0)
        return MIGRATED_NOTHING;
    struct migrate_peer *p = migrate_find_peer(m, s);
    if (!p)
        return migrate_fail(m, "IOERR error or timeout connecting to the client");
    struct bytes *sent = mem_alloc(s->key_count * sizeof *sent);
    bool *good = mem_calloc(s->key_count);
    uint32_t n = 0, arrived = 0;
    enum migrated result = MIGRATED_NOTHING;
    migrate_own_keys(m, "WATCH", s->keys, s->key_count);
    m->out.size = 0;
    const uint32_t greetings = migrate_write_greeting(&m->out, s, p);
    for (uint32_t i = 0; i < s->key_count; i++)
        if (migrate_add_key(m, s->keys[i], replace))
            sent[n++] = s->keys[i];
    if (n > 0 && !migrate_peer_send(p, buf_bytes(&m->out), s->timeout_ms)) {
        migrate_peer_close(p);
        result = migrate_fail(m, "IOERR error or timeout writing to target instance");
    } else if (n > 0) {
        result = migrate_answers(m, s, p, greetings, n, good);
    }
    for (uint32_t i = 0; i < n; i++) /* also beside an error: what is there must not be here too */
        if (good[i])
            sent[arrived++] = sent[i];
    struct buf told = m->reply;
    m->reply = (struct buf){0};
    if (!s->copy && arrived > 0) {
        const enum migrated deleted = migrate_delete(m, sent, arrived);
        if (deleted != MIGRATED) {
            result = deleted;
            buf_release(&told);
            told = m->reply;
            m->reply = (struct buf){0};
        }
    }
    buf_release(&m->reply);
    m->reply = told;
    const struct bytes unwatch = bytes_cstr("UNWATCH");
    struct buf answer = m->reply;
    m->reply = (struct buf){0};
    migrate_own(m, &unwatch, 1);
    buf_release(&m->reply);
    m->reply = answer;
    mem_free(sent, s->key_count * sizeof *sent);
    mem_free(good, s->key_count);
    return result;
}

/* Whoever wants a key of its slot waits, in a cluster; elsewhere nobody is held back. */
static void migrate_hold(struct migrator *m, const struct migrate_spec *s, bool on)
{
    struct keyspace *ks = m->parts.engine->fixed.keyspace;
    if (!ks->slotted)
        return;
    struct shard *shard = keyspace_shard(ks, keyspace_hash(ks, s->keys[0]));
    shard_lock(shard);
    const uint16_t word = shard->slot;
    store_relaxed(&shard->slot, (uint16_t)(on ? word | SLOT_HELD : word & ~SLOT_HELD));
    shard_unlock(shard);
}

static void migrate_run_job(struct migrator *m, const struct migrate_spec *s)
{
    static const char busy[] = "IOERR a key was written by others each time it was sent";
    enum migrated result = MIGRATED_AGAIN;
    for (int i = 0; i < TRIES && result == MIGRATED_AGAIN; i++) {
        const bool last = i == TRIES - 1;
        if (last)
            migrate_hold(m, s, true);
        result = migrate_once(m, s, s->replace || i > 0);
        if (last)
            migrate_hold(m, s, false);
    }
    if (result == MIGRATED_AGAIN)
        migrate_fail(m, busy);
    else if (result != MIGRATED_FAILED) {
        m->reply.size = 0;
        buf_append_cstr(&m->reply, result == MIGRATED ? "+OK\r\n" : "+NOKEY\r\n");
    }
    m->parts.answer(m->parts.ctx, s->worker, s->session_id, buf_bytes(&m->reply));
}

static struct migrate_job *migrate_take_job(struct migrator *m)
{
    pthread_mutex_lock(&m->lock);
    while (!m->jobs && !m->stop)
        pthread_cond_wait(&m->changed, &m->lock);
    struct migrate_job *job = m->stop ? NULL : m->jobs;
    if (job && !(m->jobs = job->next))
        m->jobs_end = &m->jobs;
    pthread_mutex_unlock(&m->lock);
    return job;
}

static void *migrate_main(void *arg)
{
    struct migrator *m = arg;
    for (struct migrate_job *job; (job = migrate_take_job(m));) {
        migrate_run_job(m, &job->spec);
        migrate_free_job(job);
    }
    reclaim_flush();
    return NULL;
}

/* --- begin and end --------------------------------------------------------------------------- */

struct migrator *migrator_new(const struct migrator_parts *parts)
{
    struct migrator *m = mem_new(struct migrator);
    m->parts = *parts;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->changed, NULL);
    m->jobs_end = &m->jobs;
    m->d = dispatcher_new(parts->engine, SHARD_MIGRATOR);
    session_init(&m->session, 0);
    session_set(&m->session, SESSION_SERVICE | SESSION_AUTHENTICATED, true);
    for (int i = 0; i < PEERS; i++)
        m->peers[i].fd = -1;
    const bool made = pthread_create(&m->thread, NULL, migrate_main, m) == 0;
    LK_ASSERT(made);
    return m;
}

void migrator_free(struct migrator *m)
{
    pthread_mutex_lock(&m->lock);
    m->stop = true;
    pthread_cond_signal(&m->changed);
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
    for (struct migrate_job *job = m->jobs, *next; job; job = next) {
        next = job->next;
        migrate_free_job(job);
    }
    for (int i = 0; i < PEERS; i++)
        migrate_peer_close(&m->peers[i]);
    dispatch_enter(m->d);
    dispatch_forget(m->d, &m->session);
    dispatch_leave(m->d);
    session_release(&m->session);
    dispatcher_free(m->d);
    buf_release(&m->out);
    buf_release(&m->reply);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    mem_delete(m);
}
